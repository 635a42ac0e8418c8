//! Vantages: how many in which state, a line each, then the reasons of those that are not sound.

use std::collections::BTreeMap;

use headwater_finding::vantage::roster::{Began, Collector, Entry, Roster, State};
use headwater_finding::words::day;
use headwater_route::{Family, Time};

use super::Style;
use crate::text::{Align, counted, table};

/// The whole answer.
pub fn show(roster: &Roster, of: usize, style: &Style) -> String {
    let mut out = style.heading(&head(roster, of));
    if !roster.collectors.is_empty() {
        out.push_str(&collectors(&roster.collectors));
    }
    for family in [Family::V4, Family::V6] {
        let entries: Vec<&Entry> = roster.vantages.iter().filter(|entry| entry.family == family).collect();
        if !entries.is_empty() {
            out.push('\n');
            out.push_str(&style.heading(&format!("Vantages, {family}")));
            out.push_str(&lines(&entries));
        }
    }
    let told: Vec<&Entry> =
        roster.vantages.iter().filter(|e| !matches!(e.state, State::Full | State::Partial)).collect();
    if !told.is_empty() {
        out.push('\n');
        out.push_str(&style.heading("Why"));
        for entry in told {
            out.push_str(&style.item(&why(entry)));
        }
    }
    let reset: Vec<&Entry> = roster.vantages.iter().filter(|e| !e.resets.is_empty()).collect();
    if !reset.is_empty() {
        out.push('\n');
        out.push_str(&style.heading("Resets"));
        for entry in reset {
            out.push_str(&style.item(&format!("{}: {}", named(entry), resets(&entry.resets))));
        }
    }
    out
}

fn head(roster: &Roster, of: usize) -> String {
    let listed = roster.vantages.len();
    let mut states: BTreeMap<State, usize> = BTreeMap::new();
    for entry in &roster.vantages {
        *states.entry(entry.state).or_default() += 1;
    }
    let states: Vec<String> = states.into_iter().map(|(state, n)| format!("{n} {}", state.word())).collect();
    let chosen = if listed == of { String::new() } else { format!(" (chosen: {listed} of {of})") };
    let split = if states.is_empty() { String::new() } else { format!(": {}", states.join(", ")) };
    format!("{}{chosen}{split}", counted(listed as u64, "vantage by family", "vantages by family"))
}

fn collectors(collectors: &[Collector]) -> String {
    let headings = [
        ("collector", Align::Left),
        ("dump looked at", Align::Left),
        ("dumps", Align::Right),
        ("update files", Align::Right),
        ("covered without a gap", Align::Left),
        ("states told", Align::Right),
    ];
    let rows: Vec<Vec<String>> = collectors
        .iter()
        .map(|c| {
            let longest = c.covered.iter().max_by_key(|(from, until)| until.0 - from.0);
            let covered = match (longest, c.covered.len()) {
                (None, _) => "–".to_owned(),
                (Some((from, until)), 1) => span(*from, *until),
                (Some((from, until)), n) => format!("{}, longest of {n}", span(*from, *until)),
            };
            vec![
                c.collector.clone(),
                c.dump.map_or("–".to_owned(), |at| at.to_string()),
                c.dumps.to_string(),
                c.update_files.to_string(),
                covered,
                c.states_told.to_string(),
            ]
        })
        .collect();
    table(&headings, &rows)
}

fn span(from: Time, until: Time) -> String {
    if from.date() == until.date() { day(from) } else { format!("{} – {}", day(from), day(until)) }
}

fn lines(entries: &[&Entry]) -> String {
    let headings = [
        ("collector", Align::Left),
        ("peer", Align::Left),
        ("address", Align::Left),
        ("state", Align::Left),
        ("routes", Align::Right),
        ("of largest", Align::Right),
        ("seen", Align::Left),
        ("days", Align::Right),
        ("sessions", Align::Right),
        ("weight", Align::Right),
        ("alone", Align::Right),
        ("usual", Align::Right),
        ("resets", Align::Right),
        ("differs", Align::Right),
    ];
    let none = || "–".to_owned();
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|e| {
            let part = e.routes as f64 / e.largest.max(1) as f64;
            let about = |a: &headwater_finding::vantage::standing::Alone| if a.links == a.counted { "" } else { "~" };
            vec![
                e.vantage.collector.clone(),
                e.vantage.asn.to_string(),
                e.vantage.addr.to_string(),
                e.state.word().to_owned(),
                e.routes.to_string(),
                if e.routes == 0 { none() } else { format!("{:.0} %", part * 100.0) },
                span(e.first, e.last),
                format!("{}/{}", e.days_seen, e.days_looked),
                if e.sessions == 0 { none() } else { e.sessions.to_string() },
                e.weight.map_or_else(none, |w| format!("{w:.2}")),
                e.alone.as_ref().map_or_else(none, |a| format!("{}{}", about(a), a.links)),
                e.alone.as_ref().map_or_else(none, |a| format!("{:.0}", a.median)),
                e.resets.len().to_string(),
                e.mismatch.as_ref().map_or_else(none, |m| format!("{:.2} %", m.rate * 100.0)),
            ]
        })
        .collect();
    table(&headings, &rows)
}

fn named(entry: &Entry) -> String {
    format!("{} ({}, {}), {}", entry.vantage.collector, entry.vantage.asn, entry.vantage.addr, entry.family)
}

fn why(entry: &Entry) -> String {
    let id = entry.finding.as_ref().map_or(String::new(), |id| format!("  {id}"));
    format!("{}, {}: {}{id}", named(entry), entry.state.word(), entry.why)
}

/// Every reset with its times, or with how it was inferred.
fn resets(resets: &[Began]) -> String {
    let each = |began: &Began| {
        let until = began.until.map_or("not back".to_owned(), |until| format!("settled by {until}"));
        match (began.prefixes, began.table) {
            (Some(prefixes), Some(table)) => {
                format!("{} inferred ({prefixes} of {table} prefixes in five minutes), {until}", began.from)
            }
            _ => format!("{} told, {until}", began.from),
        }
    };
    resets.iter().map(each).collect::<Vec<_>>().join("; ")
}
