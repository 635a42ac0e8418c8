//! RIR delegated and delegated-extended statistics (formats §1.10).

use std::io::BufRead;
use std::net::IpAddr;

use headwater_route::rows::{Delegated, SnapshotRow};
use headwater_route::{Family, FaultKind, Prefix, Time};

use super::lines::{Lines, is_comment, take};
use super::{Bad, Sink, fields, quote};
use crate::sniff::delegated_period;

/// The three resource types, each with the count its summary line states and the offset of that line.
#[derive(Default)]
struct Counts {
    rows: [u64; 3],
    stated: [Option<(u64, u64)>; 3],
    /// Records that the version line states, and its offset.
    total: Option<(u64, u64)>,
}

const TYPES: [&str; 3] = ["asn", "ipv4", "ipv6"];

/// Reads a statistics file and compares its rows with the counts it states.
pub(super) fn read(reader: &mut dyn BufRead, sink: &mut Sink<'_>) {
    let mut lines = Lines::new(reader);
    let mut counts = Counts::default();
    while let Some(line) = lines.next(sink) {
        let text = lines.text(line, sink);
        if !is_comment(&text) {
            take(line, &text, sink, |text, offset, sink| take_line(text, offset, &mut counts, sink));
        }
    }
    for (i, stated) in counts.stated.iter().enumerate() {
        compare(*stated, counts.rows[i], TYPES[i], sink);
    }
    compare(counts.total, counts.rows.iter().sum(), "records", sink);
}

fn compare(stated: Option<(u64, u64)>, rows: u64, what: &str, sink: &mut Sink<'_>) {
    match stated {
        Some((count, offset)) if count != rows => {
            sink.fault(offset, FaultKind::CountMismatch, format!("the file states {count} {what}, {rows} were read"));
        }
        _ => {}
    }
}

fn take_line(line: &str, offset: u64, counts: &mut Counts, sink: &mut Sink<'_>) -> Result<(), Bad> {
    let parts: Vec<&str> = line.splitn(10, '|').collect();
    match parts.as_slice() {
        [version, _, _, records, _, _, _] if version.starts_with(|c: char| c.is_ascii_digit()) => {
            counts.total = Some((fields::number(records, "no number of records", line)?, offset));
            sink.summary.date = delegated_period(line).or(sink.summary.date);
            Ok(())
        }
        [_, _, kind, _, count, "summary"] => {
            let count = fields::number(count, "no count", line)?;
            counts.stated[index(kind, line)?] = Some((count, offset));
            Ok(())
        }
        [registry, country, kind, start, value, date, status, more @ ..] if more.len() <= 2 => {
            let i = index(kind, line)?;
            let resource = resource(i, start, value, line, offset, sink)?;
            let date = date_of(date, offset, sink);
            let country = if *country == "*" { "" } else { country };
            let opaque_id = more.first().copied().unwrap_or("");
            counts.rows[i] += 1;
            sink.row(offset, SnapshotRow::Delegation { registry, country, resource, date, status, opaque_id });
            Ok(())
        }
        _ => Err(Bad::line("no statistics line", line)),
    }
}

fn index(kind: &str, line: &str) -> Result<usize, Bad> {
    TYPES.iter().position(|t| *t == kind).ok_or_else(|| Bad::line("no type asn, ipv4 or ipv6", line))
}

/// None where there is none; a date that is no date is stated and the row kept.
fn date_of(text: &str, offset: u64, sink: &mut Sink<'_>) -> Option<Time> {
    if text.is_empty() || text == "00000000" {
        return None;
    }
    let date = fields::day(text);
    if date.is_none() {
        sink.fault(offset, FaultKind::BadLine, format!("no date, the row is kept without one: {}", quote(text)));
    }
    date
}

fn resource(
    kind: usize,
    start: &str,
    value: &str,
    line: &str,
    offset: u64,
    sink: &mut Sink<'_>,
) -> Result<Delegated, Bad> {
    match TYPES[kind] {
        "asn" => {
            let (first, count) = (fields::asn(start, line)?, fields::number(value, "no count", line)?);
            let fits = count >= 1 && u64::from(first.0) + u64::from(count) <= 1 << 32;
            fits.then_some(Delegated::Asns { first, count }).ok_or_else(|| Bad::line("no range of ASNs", line))
        }
        "ipv4" => {
            let IpAddr::V4(addr) = fields::address(start, line)? else {
                return Err(Bad::line("no IPv4 address", line));
            };
            // The value is a number of addresses and not always a power of two.
            let count: u64 = fields::number(value, "no count", line)?;
            let last = u64::from(addr.to_bits()) + count;
            if count == 0 || last > 1 << 32 {
                return Err(Bad::line("no range of addresses", line));
            }
            let (first, last) = (u128::from(addr.to_bits()) << 96, (u128::from(last) << 96).wrapping_sub(1));
            Ok(Delegated::Addresses { family: Family::V4, first, last })
        }
        _ => {
            let addr = fields::address(start, line)?;
            if addr.is_ipv4() {
                return Err(Bad::line("no IPv6 address", line));
            }
            let len = fields::number(value, "no prefix length", line)?;
            let prefix: Prefix = fields::prefix(addr, len, offset, sink)?;
            Ok(Delegated::Addresses { family: Family::V6, first: prefix.first_bits(), last: prefix.last_bits() })
        }
    }
}
