//! Whom routes show behind a network (methods §3.5, class `observed`): every origin that has it as upstream, at how many
//! collectors, from which dump to which. Each one's bounds are those of its own question.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{OriginsBehind, Reading};
use headwater_route::{Asn, Family, Time};
use serde::Serialize;

use crate::account::Carriers;
use crate::finding::{Unknown, Why};
use crate::observed::Grade;
use crate::period::Period;
use crate::words::{self, day};

/// The network next to one origin in one family, as the origin's own question tells it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Told {
    /// Family.
    pub family: Family,
    /// How well that is supported.
    pub grade: Grade,
    /// Since when and until when.
    pub periods: Vec<Period>,
    /// Other networks seen next to it within the same time.
    pub others: usize,
    /// Prefixes seen through the network.
    pub prefixes: usize,
    /// Of these, prefixes seen through no other.
    pub exclusive: usize,
    /// Id of the finding.
    pub finding: String,
}

/// An origin that routes show behind the network.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Seen {
    /// The origin.
    pub asn: Asn,
    /// Families it was seen in.
    pub families: Vec<Family>,
    /// Collectors whose newest dump shows it.
    pub collectors: usize,
    /// The first dump or update file that shows it.
    pub first: Time,
    /// The last.
    pub last: Time,
    /// As its own question tells it, the time of its present holder; empty unless it was asked.
    pub told: Vec<Told>,
}

/// All of them.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Behind {
    /// Collectors with a dump at or before the time asked about, and the time of the newest dump of them all.
    pub collectors: usize,
    /// Time of the newest of their dumps.
    pub newest: Option<Time>,
    /// Origins, those of most collectors first.
    pub seen: Vec<Seen>,
}

/// Whom `rows` show behind a network at a time, or at the newest.
pub fn behind(rows: &OriginsBehind, at: Option<Time>) -> Behind {
    let until = |reading: &Reading| at.is_none_or(|at| reading.from <= at);
    // The newest dump of each collector says who is there now.
    let mut newest: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, dump) in rows.dumps.iter().enumerate().filter(|(_, dump)| until(dump)) {
        newest.insert(&dump.collector, i);
    }
    #[derive(Default)]
    struct Found {
        families: BTreeSet<Family>,
        collectors: BTreeSet<String>,
        span: Option<(Time, Time)>,
    }
    let mut found: BTreeMap<Asn, Found> = BTreeMap::new();
    let mut note = |origin: Asn, family: Family, first: Time, last: Time| {
        let entry = found.entry(origin).or_default();
        entry.families.insert(family);
        let (a, b) = entry.span.unwrap_or((first, last));
        entry.span = Some((a.min(first), b.max(last)));
    };
    for run in rows.runs.iter().filter(|run| until(&rows.dumps[run.first])) {
        let last = (run.first..=run.last).rev().map(|i| &rows.dumps[i]).find(|dump| until(dump));
        note(run.origin, run.family, rows.dumps[run.first].from, last.map_or(rows.dumps[run.first].from, |d| d.from));
    }
    for announced in rows.announced.iter().filter(|a| until(&rows.spans[a.span])) {
        let span = &rows.spans[announced.span];
        note(announced.origin, announced.family, span.from, span.from);
    }
    for run in &rows.runs {
        let collector = &rows.dumps[run.first].collector;
        if newest.get(collector.as_str()).is_some_and(|at| run.first <= *at && *at <= run.last) {
            found.entry(run.origin).or_default().collectors.insert(collector.clone());
        }
    }
    let mut seen: Vec<Seen> = found
        .into_iter()
        .filter_map(|(asn, found)| {
            let (first, last) = found.span?;
            Some(Seen {
                asn,
                families: found.families.into_iter().collect(),
                collectors: found.collectors.len(),
                first,
                last,
                told: Vec::new(),
            })
        })
        .collect();
    seen.sort_by_key(|s| (std::cmp::Reverse(s.collectors), std::cmp::Reverse(s.last), s.asn));
    let at = newest.values().map(|i| rows.dumps[*i].from).max();
    Behind { collectors: newest.len(), newest: at, seen }
}

impl Seen {
    /// Takes over what the origin's own question tells of the network next to it.
    pub fn tell(&mut self, network: Asn, carriers: &Carriers) {
        let Some(era) = carriers.present() else { return };
        for family in &era.observed {
            let Some(upstream) = family.upstreams.iter().find(|u| u.asn == network) else { continue };
            self.told.push(Told {
                family: family.family,
                grade: upstream.grade,
                periods: upstream.periods.clone(),
                others: family.upstreams.len() - 1,
                prefixes: upstream.prefixes.len(),
                exclusive: upstream.exclusive,
                finding: upstream.finding.clone(),
            });
        }
    }
}

/// What routes cannot tell of whom a network carries.
pub fn unknowns(network: Asn, found: &Behind, at: Option<Time>) -> Vec<Unknown> {
    let archives = "tables of route collectors (RIPE RIS, RouteViews) of the time";
    let unknown = |what: String, why: Why, settled_by: &str| Unknown {
        what,
        why,
        from: None,
        until: at,
        settled_by: settled_by.to_owned(),
    };
    let when = at.map_or(String::new(), |at| format!(" at or before {}", day(at)));
    let mut out = Vec::new();
    if found.collectors == 0 && found.seen.is_empty() {
        out.push(unknown(
            format!("whom routes show behind {network}: no dump or update file of a collector{when} was read"),
            Why::NoData,
            archives,
        ));
        return out;
    }
    if found.seen.is_empty() {
        let collectors = words::number(found.collectors, "collector", "collectors");
        out.push(unknown(
            format!("whom routes show behind {network}: none of the {collectors} read{when} shows an origin behind it"),
            Why::Undetermined,
            archives,
        ));
    }
    out.push(unknown(
        format!(
            "networks that {network} carries out of sight of the collectors: behind a private number, redirected by name, or told to \
             peers and networks under it only"
        ),
        Why::NotObservable,
        "the networks themselves, or collectors inside their region",
    ));
    out
}

#[cfg(test)]
mod tests {
    use headwater_route::SourceId;
    use headwater_route::rows::{BehindAnnounced, BehindRun};

    use super::*;

    fn reading(collector: &str, day: i64) -> Reading {
        let at = Time(day * 86_400_000_000);
        Reading { source: SourceId(day), collector: collector.to_owned(), from: at, until: at, complete: true }
    }

    #[test]
    fn the_newest_dump_of_each_collector_says_who_is_there() {
        let run = |origin, first, last| BehindRun { origin: Asn(origin), family: Family::V4, first, last };
        let rows = OriginsBehind {
            dumps: vec![reading("a", 1), reading("b", 1), reading("a", 2), reading("b", 2), reading("a", 9)],
            spans: vec![reading("a", 3)],
            runs: vec![run(64510, 0, 2), run(64510, 1, 3), run(64511, 0, 0), run(64512, 4, 4)],
            announced: vec![BehindAnnounced { origin: Asn(64509), family: Family::V6, span: 0 }],
        };
        let shown = |at: Option<i64>| {
            let found = behind(&rows, at.map(|day| Time(day * 86_400_000_000)));
            found.seen.iter().map(|s| (s.asn.0, s.collectors)).collect::<Vec<_>>()
        };
        assert_eq!(shown(Some(2)), [(64510, 2), (64511, 0)]);
        // Of b the dump of the second day is the newest; of a that of the ninth, which lacks 64510.
        assert_eq!(shown(None), [(64512, 1), (64510, 1), (64509, 0), (64511, 0)]);
        assert_eq!(behind(&rows, Some(Time(0))).seen, []);
    }
}
