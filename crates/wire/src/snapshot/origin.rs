//! Prefix → origin snapshots (formats §1.8).

use headwater_route::rows::SnapshotRow;
use headwater_route::{Asn, Prefix};

use super::{Bad, Sink, fields};

fn row<'a>(prefix: Prefix, asn: Option<Asn>, country: &'a str, flags: &'a str) -> SnapshotRow<'a> {
    SnapshotRow::Origin {
        family: prefix.family(),
        first: prefix.first_bits(),
        last: prefix.last_bits(),
        asn,
        country,
        flags,
    }
}

/// `prefix,asn,country,flags`; a line without an ASN places the prefix in a country only.
pub(super) fn ipfire(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let [prefix, asn, country, flags] = fields::csv::<4>(line)?;
    let asn = match asn.is_empty() {
        true => None,
        false => Some(fields::asn(&asn, line)?),
    };
    let prefix = fields::prefix_text(&prefix, line, offset, sink)?;
    sink.row(offset, row(prefix, asn, &country, &flags));
    Ok(())
}

/// `start,end,asn,name`: ranges merged over announcements, so a range is no announcement.
pub(super) fn iplocdb(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let [first, last, asn, _name] = fields::csv::<4>(line)?;
    let asn = fields::asn(&asn, line)?;
    let ((family, first), (last_family, last)) = {
        let last = Prefix::host(fields::address(&last, line)?);
        (fields::bits(fields::address(&first, line)?), (last.family(), last.last_bits()))
    };
    if family != last_family || first > last {
        return Err(Bad::line("no range of addresses", line));
    }
    sink.row(offset, SnapshotRow::Origin { family, first, last, asn: Some(asn), country: "", flags: "" });
    Ok(())
}

/// `net,len,asn`.
pub(super) fn dfz(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let [net, len, asn] = fields::csv::<3>(line)?;
    let asn = fields::asn(&asn, line)?;
    let (net, len) = (fields::address(&net, line)?, fields::number(&len, "no prefix length", line)?);
    let prefix = fields::prefix(net, len, offset, sink)?;
    sink.row(offset, row(prefix, Some(asn), "", ""));
    Ok(())
}

/// `prefix TAB asn`.
pub(super) fn pyasn(line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let (prefix, asn) = line.split_once('\t').ok_or_else(|| Bad::line("no tab", line))?;
    let asn = fields::asn(asn, line)?;
    let prefix = fields::prefix_text(prefix, line, offset, sink)?;
    sink.row(offset, row(prefix, Some(asn), "", ""));
    Ok(())
}
