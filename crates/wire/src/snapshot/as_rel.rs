//! CAIDA AS relationships (formats §1.6), and extracts of them.

use std::io::BufRead;

use headwater_route::rows::{LinkKind, SnapshotRow};
use headwater_route::{Asn, Time};

use super::lines::{Lines, is_comment, is_header, take};
use super::{Bad, Sink, fields};
use crate::sniff::{bgp_source_day, days_one_to_five};

/// Which form.
#[derive(Clone, Copy)]
pub(super) enum Serial {
    /// `a|b|rel`.
    One,
    /// `a|b|rel|source`.
    Two,
}

/// Reads a relationship file. Its `# source:topology|BGP|day|…` lines, wherever they stand, give the days it covers.
pub(super) fn read(reader: &mut dyn BufRead, serial: Serial, sink: &mut Sink<'_>) {
    let mut lines = Lines::new(reader);
    let mut days: Option<(Time, Time)> = None;
    while let Some(line) = lines.next(sink) {
        let text = lines.text(line, sink);
        if let Some((first, last)) = bgp_source_day(&text) {
            days = Some(days.map_or((first, last), |(from, until)| (from.min(first), until.max(last))));
        } else if let Some(asns) = text.strip_prefix("# input clique:") {
            sink.summary.clique = asn_list(asns);
        } else if let Some(asns) = text.strip_prefix("# IXP ASes:") {
            sink.summary.ixps = asn_list(asns);
        } else if !is_comment(&text) {
            take(line, &text, sink, |text, offset, sink| {
                let row = link(text, serial)?;
                sink.row(offset, row);
                Ok(())
            });
        }
    }
    sink.summary.date = days.or(sink.summary.date);
}

fn asn_list(text: &str) -> Vec<Asn> {
    text.split_whitespace().filter_map(|asn| asn.parse().ok()).collect()
}

fn link(line: &str, serial: Serial) -> Result<SnapshotRow<'_>, Bad> {
    let mut parts = line.split('|');
    let mut part = || parts.next().ok_or_else(|| Bad::line("too few fields", line));
    let (a, b, kind) = (fields::asn(part()?, line)?, fields::asn(part()?, line)?, label(part()?, line)?);
    let seen_by = match serial {
        Serial::One => "",
        Serial::Two => part()?,
    };
    match parts.next() {
        Some(_) => Err(Bad::line("too many fields", line)),
        None => Ok(SnapshotRow::Link { a, b, kind, seen_by, snapshot: None }),
    }
}

fn label(text: &str, line: &str) -> Result<LinkKind, Bad> {
    match text {
        "-1" => Ok(LinkKind::Provider),
        "0" => Ok(LinkKind::Peer),
        _ => Err(Bad::line("no relationship -1 or 0", line)),
    }
}

/// Reads an extract: CSV, each line naming its own snapshot, which covers days 1 to 5 of its month.
pub(super) fn read_extract(reader: &mut dyn BufRead, sink: &mut Sink<'_>) {
    let mut lines = Lines::new(reader);
    let mut days: Option<(Time, Time)> = None;
    while let Some(line) = lines.next(sink) {
        let text = lines.text(line, sink);
        if is_comment(&text) || is_header(&text, "snapshot,series,a,b,rel,source") {
            continue;
        }
        take(line, &text, sink, |text, offset, sink| {
            let mut parts = text.splitn(6, ',');
            let mut part = || parts.next().ok_or_else(|| Bad::line("too few fields", text));
            // The source comes last and, unquoted, may be a comma list of its own.
            let (day, series, a, b, rel, seen_by) = (part()?, part()?, part()?, part()?, part()?, part()?);
            let (from, until) = days_one_to_five(day.as_bytes()).ok_or_else(|| Bad::line("no date", text))?;
            let series = match series {
                "serial-1" => "caida-serial1",
                "serial-2" => "caida-serial2",
                _ => return Err(Bad::line("no series serial-1 or serial-2", text)),
            };
            let (a, b, kind) = (fields::asn(a, text)?, fields::asn(b, text)?, label(rel, text)?);
            days = Some(days.map_or((from, until), |(first, last)| (first.min(from), last.max(until))));
            let (seen_by, snapshot) = (seen_by.trim_matches('"'), Some((from, until, series)));
            sink.row(offset, SnapshotRow::Link { a, b, kind, seen_by, snapshot });
            Ok(())
        });
    }
    sink.summary.date = days.or(sink.summary.date);
}
