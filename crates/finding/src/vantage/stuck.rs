//! Routes that a vantage is stuck with ("zombies", methods §2.6): one cluster still holds a route that all others have withdrawn.
//!
//! A peer misses the withdrawal of one IPv4 beacon in fifty (Fontugne et al., PAM 2019), so a route that nobody else has had
//! for an hour and a half is no sign that it is there. It is taken out of what the vantage held, and told apart. Where the
//! others did not withdraw it but turned to another way, nothing tells a stuck route from one that stayed: it is left alone.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{RouteHistory, Vantage};
use headwater_route::{Asn, Prefix, Time};
use serde::Serialize;

use crate::cohort::{Held, independent};
use crate::rules::Rules;
use crate::sanitise::Upstream;
use crate::sweep::{DAY_MICROS, Seen, Sweep};

/// A route that a vantage is stuck with.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Stuck {
    /// The vantage.
    #[serde(flatten)]
    pub vantage: Vantage,
    /// The prefix.
    pub prefix: Prefix,
    /// The network next to the origin, where the path tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Asn>,
    /// By when all others had withdrawn it.
    pub since: Time,
    /// Last time that the vantage is known to have held it.
    pub until: Time,
}

/// A vantage and the index of a prefix.
type Key = (usize, u32);

/// Takes routes that one cluster is stuck with out of what was held on later days.
pub(crate) fn set_apart(sweep: &mut Sweep, history: &RouteHistory, rules: &Rules) -> Vec<Stuck> {
    let mut open: BTreeMap<Key, (Time, Time)> = BTreeMap::new();
    let mut done: Vec<(Key, Time, Time)> = Vec::new();
    let mut apart: BTreeMap<(i64, usize), BTreeSet<u32>> = BTreeMap::new();
    let mut recent: BTreeMap<i64, BTreeMap<u32, usize>> = BTreeMap::new();
    let minutes = (rules.zombie_minutes * 60e6) as i64;
    for (day, seen) in &sweep.days {
        let held = holders(seen, &sweep.tables);
        recent.retain(|before, _| (day - before) as f64 <= rules.route_gap_days);
        let mut still: BTreeMap<Key, (Time, Time)> = BTreeMap::new();
        for (prefix, count) in &held {
            let most = recent.values().filter_map(|counts| counts.get(prefix)).max().copied().unwrap_or(0);
            let was_open = open.range((0, 0)..).any(|((_, of), _)| of == prefix);
            if !was_open && most < count + rules.adequate_clusters {
                continue;
            }
            let holding: Vec<&Seen> = seen.iter().filter(|s| holds(&sweep.tables[s.held], *prefix)).collect();
            let pairs = holding.iter().map(|s| pair(history, s.vantage));
            if independent(pairs) != 1 {
                continue;
            }
            let lacking = || seen.iter().filter(|s| !s.partial && !holds(&sweep.tables[s.held], *prefix));
            for s in &holding {
                let key = (s.vantage, *prefix);
                if let Some((since, _)) = open.get(&key) {
                    still.insert(key, (*since, s.to));
                    apart.entry((*day, s.vantage)).or_default().insert(*prefix);
                    continue;
                }
                let had: Vec<&Seen> = lacking().filter(|s| had_it(sweep, *day, s.vantage, *prefix, rules)).collect();
                if independent(had.iter().map(|s| pair(history, s.vantage))) < rules.adequate_clusters {
                    continue;
                }
                let since = had.iter().map(|s| withdrawn(history, sweep.prefixes[*prefix as usize], s)).max();
                if let Some(since) = since.filter(|since| since.0.saturating_add(minutes) <= s.to.0) {
                    still.insert(key, (since, s.to));
                }
            }
        }
        let ended = open.into_iter().filter(|(key, _)| !still.contains_key(key));
        done.extend(ended.map(|(key, (since, until))| (key, since, until)));
        open = still;
        recent.insert(*day, held);
    }
    done.extend(open.into_iter().map(|(key, (since, until))| (key, since, until)));
    let upstreams: Vec<Option<Asn>> = done.iter().map(|(key, ..)| upstream(sweep, *key)).collect();
    take_out(sweep, &apart);
    done.sort_by_key(|(key, since, _)| (*key, *since));
    let told = done.into_iter().zip(upstreams).map(|(((vantage, prefix), since, until), upstream)| Stuck {
        vantage: history.vantages[vantage].clone(),
        prefix: sweep.prefixes[prefix as usize],
        upstream,
        since,
        until,
    });
    told.collect()
}

fn pair(history: &RouteHistory, vantage: usize) -> (&str, Asn) {
    let vantage = &history.vantages[vantage];
    (vantage.collector.as_str(), vantage.asn)
}

/// How many vantages hold each prefix at the end of a day.
fn holders(seen: &[Seen], tables: &[Held]) -> BTreeMap<u32, usize> {
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    seen.iter().for_each(|s| *times.entry(s.held).or_default() += 1);
    let mut out: BTreeMap<u32, usize> = BTreeMap::new();
    for (table, times) in times {
        for routes in tables[table].chunk_by(|a, b| a.0 == b.0) {
            *out.entry(routes[0].0).or_default() += times;
        }
    }
    out
}

fn holds(table: &Held, prefix: u32) -> bool {
    table.binary_search_by_key(&prefix, |(of, _)| *of).is_ok()
}

/// True if the vantage held the prefix at the end of one of the days before.
fn had_it(sweep: &Sweep, day: i64, vantage: usize, prefix: u32, rules: &Rules) -> bool {
    let first = day.saturating_sub(rules.route_gap_days as i64);
    sweep.days.range(first..day).any(|(_, seen)| {
        let found = seen.binary_search_by_key(&vantage, |s| s.vantage);
        found.is_ok_and(|at| holds(&sweep.tables[seen[at].held], prefix))
    })
}

/// By when a vantage had withdrawn a prefix that it no longer holds on a day.
fn withdrawn(history: &RouteHistory, prefix: Prefix, seen: &Seen) -> Time {
    let end = history.events.partition_point(|e| e.at <= seen.to);
    let events = history.events[..end].iter().rev();
    let today = events.take_while(|e| e.at.0.div_euclid(DAY_MICROS) == seen.to.0.div_euclid(DAY_MICROS));
    let last = today.into_iter().find(|e| e.vantage == seen.vantage && e.prefix == prefix && e.path.is_none());
    last.map_or(seen.by, |e| e.at)
}

fn upstream(sweep: &Sweep, (vantage, prefix): Key) -> Option<Asn> {
    let held = sweep.days.values().rev().find_map(|seen| {
        let at = seen.binary_search_by_key(&vantage, |s| s.vantage).ok()?;
        let table = &sweep.tables[seen[at].held];
        let at = table.binary_search_by_key(&prefix, |(of, _)| *of).ok()?;
        Some(table[at].1)
    });
    match held {
        Some(Upstream::Seen(asn)) => Some(asn),
        _ => None,
    }
}

/// Takes prefixes out of what vantages held on days, and the upstreams that they alone went through.
fn take_out(sweep: &mut Sweep, apart: &BTreeMap<(i64, usize), BTreeSet<u32>>) {
    let Sweep { days, tables, .. } = sweep;
    let mut known: BTreeMap<Held, usize> = BTreeMap::new();
    for ((day, vantage), prefixes) in apart {
        let Some(seen) = days.get_mut(day) else { continue };
        let Ok(at) = seen.binary_search_by_key(vantage, |s| s.vantage) else { continue };
        let seen = &mut seen[at];
        let (out, kept): (Held, Held) = tables[seen.held].iter().partition(|(prefix, _)| prefixes.contains(prefix));
        let gone = |upstream: Upstream| {
            out.iter().any(|(_, of)| *of == upstream) && kept.iter().all(|(_, of)| *of != upstream)
        };
        seen.any.retain(|via| !gone(via.upstream));
        if seen.sample.is_some_and(|(prefix, ..)| prefixes.contains(&prefix)) {
            seen.sample = None;
        }
        seen.held = match (kept.is_empty(), known.get(&kept)) {
            // The first table is the empty one.
            (true, _) => 0,
            (false, Some(at)) => *at,
            (false, None) => {
                tables.push(kept.clone());
                known.insert(kept, tables.len() - 1);
                tables.len() - 1
            }
        };
    }
}
