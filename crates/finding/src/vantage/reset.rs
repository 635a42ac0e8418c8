//! Resets of sessions (methods §2.4): told by the collector, or inferred from a vantage that announces much of its table within
//! minutes.
//!
//! While a session is down or its table is being sent, the routes of its vantage are in motion: what it held is not known, and
//! what it says on the way is path exploration. [`crate::observed`] therefore looks at it again only when the table has been
//! sent. A reset is inferred only where the collector tells of no states: where it does, silence about one says that the
//! session stood. And it is not inferred where others announce as much at the same time: that is routing.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{BURST_MICROS, Burst, RouteHistory};
use headwater_route::{Evidence, Family, Time};

use crate::rules::Rules;

/// RFC 4271: the session is up.
const ESTABLISHED: u16 = 6;
/// Part of the other vantages that, if they announce as much at the same time, makes it routing and no reset.
const COMMON: f64 = 0.5;

/// A session that began anew.
#[derive(Clone, PartialEq, Debug)]
pub struct Reset {
    /// Index into the vantages of the history.
    pub vantage: usize,
    /// In one family only, where it is inferred.
    pub family: Option<Family>,
    /// It went down, or began to send its table.
    pub from: Time,
    /// Its table had been sent; `None`: it did not come back.
    pub until: Option<Time>,
    /// How it is known.
    pub by: By,
}

/// How a reset is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum By {
    /// The collector told of a change of state.
    Told(Evidence),
    /// So many prefixes were announced within minutes, of a table of that size.
    Inferred {
        /// Distinct prefixes in the fullest five minutes.
        prefixes: u64,
        /// Size of the table.
        table: u64,
    },
}

/// Every reset, sorted by vantage and time.
pub fn resets(history: &RouteHistory, rules: &Rules) -> Vec<Reset> {
    let mut out = told(history, rules);
    out.extend(inferred(history, rules));
    out.sort_by_key(|r| (r.vantage, r.from, r.family));
    out
}

fn told(history: &RouteHistory, rules: &Rules) -> Vec<Reset> {
    let mut bursts: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for burst in &history.bursts {
        bursts.entry(burst.vantage).or_default().insert(burst.at.0);
    }
    let settling = (rules.transfer_minutes * 60e6) as i64;
    let mut out: Vec<Reset> = Vec::new();
    let mut open: BTreeMap<usize, Reset> = BTreeMap::new();
    for state in &history.states {
        let up = state.to == ESTABLISHED;
        if !up {
            let by = By::Told(state.evidence);
            let reset = Reset { vantage: state.vantage, family: None, from: state.at, until: None, by };
            open.entry(state.vantage).or_insert(reset);
            continue;
        }
        // That it was down may not have been told.
        let reset = open.remove(&state.vantage).unwrap_or(Reset {
            vantage: state.vantage,
            family: None,
            from: state.at,
            until: None,
            by: By::Told(state.evidence),
        });
        let mut sent = Time(state.at.0.saturating_add(settling));
        // A large table takes longer.
        let mut bin = state.at.0.div_euclid(BURST_MICROS) * BURST_MICROS;
        let of = bursts.get(&state.vantage);
        while of.is_some_and(|of| of.contains(&bin)) {
            bin += BURST_MICROS;
            sent = sent.max(Time(bin));
        }
        out.push(Reset { until: Some(sent), ..reset });
    }
    out.extend(open.into_values());
    out
}

/// What a burst is of a table.
struct Weighed {
    burst: Burst,
    table: u64,
}

fn inferred(history: &RouteHistory, rules: &Rules) -> Vec<Reset> {
    let telling: BTreeSet<&str> = history.states.iter().map(|s| collector(history, s.vantage)).collect();
    let sizes = Sizes::new(history);
    let weighed = history.bursts.iter().filter_map(|burst| {
        let table = sizes.at(burst.vantage, burst.family, burst.at)?;
        Some(Weighed { burst: *burst, table })
    });
    let many: Vec<Weighed> =
        weighed.filter(|w| w.burst.prefixes as f64 > rules.transfer_ratio * w.table as f64).collect();
    let mut out: Vec<Reset> = Vec::new();
    for w in &many {
        let Burst { at, vantage, family, prefixes, .. } = w.burst;
        if telling.contains(collector(history, vantage)) || is_common(history, &sizes, &many, &w.burst) {
            continue;
        }
        let until = Time(at.0 + BURST_MICROS);
        let by = By::Inferred { prefixes, table: w.table };
        let last = out.iter_mut().rev().find(|r| r.vantage == vantage && r.family == Some(family));
        match last.filter(|r| r.until == Some(at)) {
            // It went on for longer than five minutes.
            Some(reset) => {
                reset.until = Some(until);
                if matches!(reset.by, By::Inferred { prefixes: before, .. } if before < prefixes) {
                    reset.by = by;
                }
            }
            None => out.push(Reset { vantage, family: Some(family), from: at, until: Some(until), by }),
        }
    }
    out
}

fn collector(history: &RouteHistory, vantage: usize) -> &str {
    history.vantages.get(vantage).map_or("", |v| v.collector.as_str())
}

/// True if others announce as much within the same quarter of an hour: vantages of other collectors, or where there are none,
/// those of the same.
fn is_common(history: &RouteHistory, sizes: &Sizes, many: &[Weighed], burst: &Burst) -> bool {
    let own = collector(history, burst.vantage);
    let near = |at: Time| (at.0 - burst.at.0).abs() <= BURST_MICROS;
    let known = |v: &usize| sizes.at(*v, burst.family, burst.at).is_some();
    let listening: BTreeSet<&str> = history
        .spans
        .iter()
        .filter(|span| span.from.0 < burst.at.0 + BURST_MICROS && burst.at <= span.until)
        .map(|span| span.collector.as_str())
        .collect();
    let all = || (0..history.vantages.len()).filter(|v| *v != burst.vantage).filter(known);
    let heard = |v: &usize| listening.contains(collector(history, *v));
    let elsewhere: BTreeSet<usize> = all().filter(|v| heard(v) && collector(history, *v) != own).collect();
    let others =
        if elsewhere.is_empty() { all().filter(|v| collector(history, *v) == own).collect() } else { elsewhere };
    let here = many.partition_point(|w| w.burst.at.0 < burst.at.0 - BURST_MICROS);
    let as_much: BTreeSet<usize> = many[here..]
        .iter()
        .take_while(|w| w.burst.at.0 <= burst.at.0 + BURST_MICROS)
        .filter(|w| near(w.burst.at) && w.burst.family == burst.family && others.contains(&w.burst.vantage))
        .map(|w| w.burst.vantage)
        .collect();
    !others.is_empty() && as_much.len() as f64 >= COMMON * others.len() as f64
}

/// Sizes of tables, by vantage and family in order of time.
struct Sizes(BTreeMap<(usize, Family), Vec<(Time, u64)>>);

impl Sizes {
    fn new(history: &RouteHistory) -> Sizes {
        let mut sizes: BTreeMap<(usize, Family), Vec<(Time, u64)>> = BTreeMap::new();
        for table in history.tables.iter().filter(|table| table.complete) {
            for (vantage, v4, v6) in &table.vantages {
                for (family, count) in [(Family::V4, *v4), (Family::V6, *v6)] {
                    if count > 0 {
                        sizes.entry((*vantage, family)).or_default().push((table.at, count));
                    }
                }
            }
        }
        Sizes(sizes)
    }

    /// The size in the last dump before, else in the first one after.
    fn at(&self, vantage: usize, family: Family, at: Time) -> Option<u64> {
        let of = self.0.get(&(vantage, family))?;
        let next = of.partition_point(|(time, _)| *time <= at);
        of.get(next.saturating_sub(1)).map(|(_, size)| *size)
    }
}
