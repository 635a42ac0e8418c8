//! Times in which whole sources lack a number.

use std::collections::BTreeMap;

use headwater_route::rows::{LinkHistory, RouteHistory};
use headwater_route::{AsPath, Asn, SourceId, Time};
use serde::Serialize;

use crate::published::publications;
use crate::rules::Rules;

/// Files in a row that must lack a number before its absence counts: absence in one file is not a deletion.
pub(crate) const LACKING_FILES: usize = 2;

/// A time in which whole sources had no route and no link of the number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Silence {
    /// First instant of the first source that lacks it.
    pub from: Time,
    /// Last instant of the last source that lacks it.
    pub until: Time,
    /// How many lack it.
    pub sources: usize,
    /// First source that has it again: the last instant it covers.
    pub heard_again: Option<Time>,
}

/// A silence and the whole sources at its ends.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Quiet {
    pub silence: Silence,
    pub first: Vec<SourceId>,
    pub last: Vec<SourceId>,
}

/// A look at whether the number is heard of.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heard {
    pub from: Time,
    pub until: Time,
    /// It is; or a whole source lacks it.
    pub present: bool,
    sources: Vec<SourceId>,
}

/// Every look that can tell whether the number is heard of, in order of time.
pub(crate) fn heard(subject: Asn, links: &LinkHistory, routes: &RouteHistory) -> Vec<Heard> {
    let mut out: Vec<Heard> = publications(links)
        .0
        .iter()
        .filter(|p| p.subject_listed || p.complete)
        .map(|p| {
            let sources = if p.subject_listed { Vec::new() } else { p.whole_files(links) };
            Heard { from: p.from, until: p.until, present: p.subject_listed, sources }
        })
        .collect();
    // A dump of one collector that lacks a network says little; one that has it says that it was routed.
    let mut at = |from: Time, until: Time| out.push(Heard { from, until, present: true, sources: Vec::new() });
    let mut steps: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for run in routes.runs.iter().filter(|r| ends_at(&r.path, subject) && r.first <= r.last) {
        let Some(table) = routes.tables.get(run.first).filter(|_| run.last < routes.tables.len()) else { continue };
        let steps = steps.entry(&table.collector).or_insert_with(|| vec![0; routes.tables.len() + 1]);
        steps[run.first] += 1;
        steps[run.last + 1] -= 1;
    }
    for (collector, steps) in steps {
        let mut held = 0;
        for (table, step) in routes.tables.iter().zip(steps) {
            held += step;
            if held > 0 && table.collector == collector {
                at(table.at, table.until);
            }
        }
    }
    for event in routes.events.iter().filter(|e| e.path.as_ref().is_some_and(|path| ends_at(path, subject))) {
        at(event.at, event.at);
    }
    out.sort();
    out
}

fn ends_at(path: &AsPath, asn: Asn) -> bool {
    let last = path.segments.iter().rev().find(|s| !s.asns.is_empty());
    last.and_then(|s| s.asns.last()) == Some(&asn)
}

/// Times without routes or links of the number, at least `silence_days` long.
pub(crate) fn silences(looks: &[Heard], rules: &Rules) -> Vec<Quiet> {
    let mut out = Vec::new();
    let mut open: Option<Quiet> = None;
    for look in looks {
        if look.present {
            let again =
                |quiet: Quiet| Quiet { silence: Silence { heard_again: Some(look.until), ..quiet.silence }, ..quiet };
            out.extend(open.take().map(again));
            continue;
        }
        let quiet = open.get_or_insert_with(|| Quiet {
            silence: Silence { from: look.from, until: look.until, sources: 0, heard_again: None },
            first: look.sources.clone(),
            last: Vec::new(),
        });
        quiet.silence.until = quiet.silence.until.max(look.until);
        quiet.silence.sources += 1;
        quiet.last = look.sources.clone();
    }
    out.extend(open);
    out.retain(|q| q.silence.sources >= LACKING_FILES && days(q.silence.from, q.silence.until) >= rules.silence_days);
    out
}

/// Days from one instant to another; negative if that is earlier.
pub(crate) fn days(from: Time, until: Time) -> f64 {
    until.0.saturating_sub(from.0) as f64 / 86_400e6
}
