//! Who announced a prefix, and what a network was given as origin.

use std::collections::BTreeMap;

use headwater_finding::account::Names;
use headwater_finding::origins::{AtTime, Origins, RangesAt, Said, SnapshotView};
use headwater_finding::words::day;
use headwater_route::{Asn, Time};

use super::{Style, first, label, last};
use crate::text::{Align, count, table};

/// Ranges of one snapshot that are shown one by one.
const SHOWN_RANGES: usize = 12;

fn said(said: &Said) -> String {
    match said {
        Said::Origin { asn } => asn.to_string(),
        Said::NoOrigin => "no origin in source".to_owned(),
        Said::NotThere => "not in source".to_owned(),
        Said::Unknown => "file not whole".to_owned(),
    }
}

/// Origins of a prefix; with `at`, what held then comes first.
pub fn prefix(
    origins: &Origins,
    at: Option<(Time, &BTreeMap<String, AtTime>)>,
    names: &Names,
    style: &Style,
) -> String {
    let mut out = style.heading(&format!("{}: whom sources give as its origin", origins.prefix));
    if let Some((time, series)) = at {
        out.push_str(&at_time(time, series, style));
        out.push('\n');
    }
    out.push_str(&style.heading("By published snapshots (no routes; each source tells only its own dates)"));
    if origins.published.is_empty() {
        out.push_str(&format!("no origin in {} snapshots\n", count(origins.snapshots.len() as u64)));
    } else {
        let rows: Vec<Vec<String>> = origins
            .published
            .iter()
            .flat_map(|origin| {
                origin.periods.iter().enumerate().map(move |(i, period)| {
                    let (who, id) = match i {
                        0 => (label(origin.asn, names, 24).trim_end().to_owned(), origin.finding.clone()),
                        _ => (String::new(), String::new()),
                    };
                    let series = if i == 0 { origin.series.clone() } else { String::new() };
                    vec![who, series, first(period), last(period), format!("{}/{}", period.seen, period.of), id]
                })
            })
            .collect();
        let headings = [
            ("origin", Align::Left),
            ("by", Align::Left),
            ("first given", Align::Left),
            ("last given", Align::Left),
            ("seen", Align::Right),
            ("finding", Align::Left),
        ];
        out.push_str(&table(&headings, &rows));
    }
    if !origins.snapshots.is_empty() {
        out.push('\n');
        let rows: Vec<Vec<String>> = origins.snapshots.iter().map(snapshot).collect();
        let headings = [
            ("snapshot", Align::Left),
            ("series", Align::Left),
            ("origin", Align::Left),
            ("range", Align::Left),
            ("flags", Align::Left),
            ("smaller ranges", Align::Left),
        ];
        out.push_str(&table(&headings, &rows));
    }
    out.push('\n');
    out.push_str(&style.heading("By observed routes"));
    if origins.observed.is_empty() {
        out.push_str("no route of exactly this prefix was read\n");
    } else {
        let rows: Vec<Vec<String>> = origins
            .observed
            .iter()
            .map(|o| {
                vec![
                    label(o.asn, names, 24).trim_end().to_owned(),
                    o.bounds.from_by.to_string(),
                    o.bounds.to_after.to_string(),
                    o.vantages.to_string(),
                    o.collectors.to_string(),
                    o.finding.clone(),
                ]
            })
            .collect();
        let headings = [
            ("origin", Align::Left),
            ("first seen", Align::Left),
            ("last seen", Align::Left),
            ("vantages", Align::Right),
            ("collectors", Align::Right),
            ("finding", Align::Left),
        ];
        out.push_str(&table(&headings, &rows));
    }
    out
}

fn snapshot(view: &SnapshotView) -> Vec<String> {
    let parts = match view.parts.len() {
        0 => String::new(),
        1..=3 => view
            .parts
            .iter()
            .map(|(range, asn)| format!("{range} {}", asn.map_or("no origin".to_owned(), |asn| asn.to_string())))
            .collect::<Vec<_>>()
            .join(", "),
        many => format!("{many} ranges of others"),
    };
    vec![
        view.at.date(),
        view.series.clone(),
        said(&view.said),
        view.range.clone().unwrap_or_default(),
        view.flags.clone(),
        parts,
    ]
}

fn at_time(time: Time, series: &BTreeMap<String, AtTime>, style: &Style) -> String {
    let mut out = style.heading(&format!("At {}", day(time)));
    if series.is_empty() {
        out.push_str("no snapshot was read\n");
    }
    for (series, found) in series {
        let text = match found {
            AtTime::Exact { said: s } => format!("{} on that day", said(s)),
            AtTime::Bracketed { said: s, before, after } => {
                format!("{}, as snapshots of {} and {} agree", said(s), before.date(), after.date())
            }
            AtTime::ChangedBetween { before, before_said, after, after_said } => format!(
                "not known: {} on {}, {} on {}",
                said(before_said),
                before.date(),
                said(after_said),
                after.date()
            ),
            AtTime::Nearest { date, said: s, days } => {
                format!("not known: the nearest snapshot is {days} days away ({}) and gives {}", date.date(), said(s))
            }
            AtTime::NoData => "no snapshot".to_owned(),
        };
        out.push_str(&style.item(&format!("{series}: {text}")));
    }
    out
}

/// What published snapshots give a network.
pub fn ranges(subject: Asn, ranges: &[RangesAt], style: &Style) -> String {
    let mut out = style.heading(&format!("{subject}: ranges that published snapshots give it"));
    if ranges.is_empty() {
        out.push_str("no snapshot was read; `headwater ingest` reads dated prefix-to-origin snapshots\n");
        return out;
    }
    for snapshot in ranges {
        let whole = if snapshot.complete { "" } else { " (file not whole)" };
        let finding = snapshot.finding.as_ref().map_or(String::new(), |id| format!("  {id}"));
        let n = snapshot.ranges.len();
        out.push_str(&format!(
            "{}  {:<16} {} ranges{whole}{finding}\n",
            snapshot.at.date(),
            snapshot.series,
            count(n as u64)
        ));
        let shown: Vec<&str> = snapshot.ranges.iter().take(SHOWN_RANGES).map(String::as_str).collect();
        if !shown.is_empty() {
            out.push_str(&style.wrap(&shown.join("  "), "    "));
        }
        if n > SHOWN_RANGES {
            out.push_str(&format!("    and {} more; `--json` lists all\n", count((n - SHOWN_RANGES) as u64)));
        }
    }
    out
}
