//! Names and tags of ASNs (formats §1.8).

use std::borrow::Cow;
use std::io::BufRead;

use headwater_route::FaultKind;
use headwater_route::rows::SnapshotRow;

use super::{Bad, Sink, fields, json, quote};

/// `asn,name,source`, quoted or not.
pub(super) fn asn2org(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let [asn, name, note] = fields::csv::<3>(line)?;
    let asn = fields::asn(&asn, line)?;
    sink.row(offset, SnapshotRow::Name { asn, name: &name, country: "", note: &note });
    Ok(())
}

/// `asn,name,class,cc`.
pub(super) fn bgptools(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let [asn, name, note, country] = fields::csv::<4>(line)?;
    let asn = fields::asn(&asn, line)?;
    sink.row(offset, SnapshotRow::Name { asn, name: &name, country: &country, note: &note });
    Ok(())
}

/// `AS1|name`.
pub(super) fn ipfire(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let (asn, name) = line.split_once('|').ok_or_else(|| Bad::line("no AS|name", line))?;
    let asn = fields::asn(asn, line)?;
    sink.row(offset, SnapshotRow::Name { asn, name, country: "", note: "" });
    Ok(())
}

/// `tag,asn,name`.
pub(super) fn tags(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let mut parts = line.splitn(3, ',');
    let mut part = || parts.next().ok_or_else(|| Bad::line("not 3 fields", line));
    let (tag, asn, name) = (part()?, fields::asn(part()?, line)?, part()?);
    let name: Cow<'_, str> = match fields::csv::<1>(name) {
        Ok([name]) => name,
        Err(_) => quoted_twice(name).ok_or_else(|| Bad::line("not 3 fields", line))?.into(),
    };
    sink.row(offset, SnapshotRow::Tag { tag, asn, name: &name });
    Ok(())
}

/// The published file splits a quoted name at its comma and quotes the first part again: `"""Example", Inc."` stands for
/// `Example, Inc.`.
fn quoted_twice(text: &str) -> Option<String> {
    let (first, rest) = text.strip_prefix("\"\"\"")?.split_once("\",")?;
    let rest = rest.strip_suffix('"')?;
    (!first.contains('"')).then(|| format!("{first},{}", rest.replace("\"\"", "\"")))
}

/// One JSON object `{"64500": "NAME, CC", …}`; the offset of a row is that of its name's string.
pub(super) fn read_pyasn(reader: &mut dyn BufRead, sink: &mut Sink<'_>) {
    json::walk(reader, sink, |_| json::Want::Value, &mut |sink, item| {
        let text = item.text(sink);
        let name: String = match serde_json::from_str(&text) {
            Ok(name) => name,
            Err(_) => return sink.lose(item.offset, FaultKind::BadRecord, format!("no name: {}", quote(&text))),
        };
        let Ok(asn) = item.key.parse() else {
            return sink.lose(item.offset, FaultKind::BadRecord, format!("no AS number: {}", quote(item.key)));
        };
        let (name, country) = match name.rsplit_once(", ") {
            Some((name, cc)) if cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()) => (name, cc),
            _ => (name.as_str(), ""),
        };
        sink.row(item.offset, SnapshotRow::Name { asn, name, country, note: "" });
    });
}
