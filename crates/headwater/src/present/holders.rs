//! Who held a number, as a list in order of time.

use headwater_finding::holders::{Began, Holders};
use headwater_finding::words::day;
use headwater_route::Asn;

use super::Style;
use crate::text::{Align, counted, table};

/// Holders, times without routes, registry lines.
pub fn show(subject: Asn, holders: &Holders, style: &Style) -> String {
    let mut out = style.heading(&format!("{subject}: who held the number"));
    if holders.holders.is_empty() {
        let files = counted(holders.name_files as u64, "name file", "name files");
        out.push_str(&format!("no name in {files}\n"));
    }
    let rows: Vec<Vec<String>> = holders
        .holders
        .iter()
        .map(|holder| {
            let b = &holder.bounds;
            let from = match b.from_after {
                Some(after) => format!("after {}, by {}", day(after), day(b.from_by)),
                None => format!("by {} (sources start)", day(b.from_by)),
            };
            let to = match b.to_by {
                Some(by) => format!("from {}, before {}", day(b.to_after), day(by)),
                None => format!("{} (sources end)", day(b.to_after)),
            };
            let began = match holder.began {
                Began::FirstSeen => "first name seen",
                Began::Reissued => "re-issued",
                Began::ProbablyReissued => "probably re-issued",
                Began::RenamedOrTransferred => "renamed or transferred",
                Began::Conflicting => "sources disagree",
            };
            let name = holder.names.first().map(|n| n.name.clone()).unwrap_or_default();
            vec![name, from, to, began.to_owned(), holder.finding.clone()]
        })
        .collect();
    if !rows.is_empty() {
        let headings = [
            ("name", Align::Left),
            ("began", Align::Left),
            ("last named", Align::Left),
            ("how", Align::Left),
            ("finding", Align::Left),
        ];
        out.push_str(&table(&headings, &rows));
    }
    let spellings: Vec<Vec<String>> = holders
        .holders
        .iter()
        .flat_map(|h| &h.names)
        .map(|n| {
            let files = counted(n.files as u64, "file", "files");
            vec![n.name.clone(), n.first.date(), n.last.date(), files, n.series.join(", ")]
        })
        .collect();
    if !spellings.is_empty() {
        out.push('\n');
        out.push_str(&style.heading("Names as published"));
        let headings = [
            ("name", Align::Left),
            ("first file", Align::Left),
            ("last file", Align::Left),
            ("in", Align::Right),
            ("series", Align::Left),
        ];
        out.push_str(&table(&headings, &spellings));
    }
    if !holders.silences.is_empty() {
        out.push('\n');
        out.push_str(&style.heading("Times without routes or links"));
        for silence in &holders.silences {
            let heard = match silence.heard_again {
                Some(at) => format!("heard again by {}", day(at)),
                None => "not heard again".to_owned(),
            };
            let sources = counted(silence.sources as u64, "whole source", "whole sources");
            let text = format!("{} to {}: in none of {sources}; {heard}", day(silence.from), day(silence.until));
            out.push_str(&style.item(&text));
        }
    }
    if !holders.registry.is_empty() {
        out.push('\n');
        out.push_str(&style.heading("Registry statistics"));
        let rows: Vec<Vec<String>> = holders
            .registry
            .iter()
            .map(|line| {
                vec![
                    line.at.date(),
                    line.registry.clone(),
                    line.status.clone(),
                    line.country.clone(),
                    line.delegated.map_or("unknown".to_owned(), |t| t.date()),
                    line.opaque_id.clone(),
                ]
            })
            .collect();
        let headings = [
            ("file of", Align::Left),
            ("registry", Align::Left),
            ("status", Align::Left),
            ("country", Align::Left),
            ("delegated", Align::Left),
            ("holder key", Align::Left),
        ];
        out.push_str(&table(&headings, &rows));
    }
    out
}
