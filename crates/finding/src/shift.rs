//! Shares held against a cohort (methods §4, slow path): what the same vantages showed before and show now, so that one that
//! comes, goes or is silent moves nothing. A day is a bin.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Asn, Family, Time};
use serde::Serialize;

use crate::cohort::{Member, Poll};
use crate::observed::Judge;
use crate::rules::Rules;
use crate::sweep::Seen;

/// What a vantage holds on a day: part of its routes by upstream; `None`: no route at all.
type Held = Option<BTreeMap<Asn, f64>>;

/// What moves: a network's part, or having a route at all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum What {
    /// The part of an upstream.
    Through(Asn),
    /// Vantages without a route.
    Without,
}

/// A shift that was found.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Shift {
    pub what: What,
    pub size: Size,
    /// The last look before it, and an instant by which it was there.
    pub after: Time,
    pub by: Time,
    /// The last day on which it stands, and an instant by which it was gone again.
    pub until: Time,
    pub gone: Option<Time>,
    /// It stood on one look only.
    pub flap: bool,
}

/// How large a shift is, and in which cohort.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Size {
    /// Weighted part of the cohort that went over to it.
    pub gain: f64,
    /// Share in the cohort before.
    pub before: f64,
    /// Share in the cohort after.
    pub after: f64,
    /// One-sided exact sign test over clusters.
    pub p: f64,
    /// Vantages of the cohort.
    pub vantages: usize,
    /// Their clusters.
    pub clusters: usize,
}

/// A vantage's baseline and what it shows now.
struct Pair<'a> {
    cluster: &'a str,
    weight: f64,
    before: f64,
    now: f64,
}

/// The shifts in the days of a judge, and the days that had too small a cohort to tell.
pub(crate) fn shifts(judge: &Judge<'_>, family: Family, rules: &Rules) -> (Vec<Shift>, Vec<Time>) {
    let mut poll = Poll::new(&judge.sweep.prefixes, &judge.sweep.tables, family);
    let mut days: Vec<BTreeMap<usize, (f64, Held)>> = Vec::new();
    for day in &judge.days {
        let largest = day.seen.iter().map(|s| s.table).max().unwrap_or(0);
        let full = |s: &&&Seen| s.table > 0 && s.table as f64 >= rules.full_feed_ratio * largest as f64;
        let seen: Vec<&Seen> = day.seen.iter().filter(full).copied().collect();
        let members: Vec<Member<'_>> =
            seen.iter().map(|s| Member { collector: judge.pair(s).0, asn: judge.pair(s).1, held: s.held }).collect();
        let parts = poll.parts(&members);
        days.push(seen.iter().map(|s| s.vantage).zip(parts).collect());
    }
    let collector = |vantage: usize| judge.collector(vantage);
    let mut out: Vec<Shift> = Vec::new();
    let mut open: BTreeMap<What, (usize, usize)> = BTreeMap::new();
    let mut small = Vec::new();
    let mut at = 1;
    // What is tested on one day against the baseline of another.
    let tested = |base: usize, now: usize, what: What| -> Option<Size> {
        let pairs = pairs(&days, base, now, what, &collector, rules)?;
        Some(size(&pairs))
    };
    while at < days.len() {
        let mut adequate = false;
        for what in present(&days, at) {
            let Some(found) = tested(at, at, what) else { continue };
            adequate = true;
            if open.contains_key(&what) || found.gain < rules.changes.open_gain || found.p > rules.changes.sign_p {
                continue;
            }
            let held = (at + 1 < days.len()).then(|| tested(at, at + 1, what)).flatten();
            let flap = held.is_some_and(|held| held.gain < rules.changes.open_gain);
            open.insert(what, (at, out.len()));
            out.push(Shift {
                what,
                size: found,
                after: judge.days[at - 1].start,
                by: judge.days[at].end(),
                until: judge.days[at].start,
                gone: None,
                flap,
            });
        }
        // Those that are open stand, or are gone.
        let mut closed = Vec::new();
        for (what, (since, index)) in &open {
            match tested(*since, at, *what) {
                Some(now) if now.gain < rules.changes.close_gain && at > *since => {
                    out[*index].gone = Some(judge.days[at].end());
                    closed.push(*what);
                }
                // The baseline has grown old: what stands is the new state.
                None if at > *since => closed.push(*what),
                _ => out[*index].until = judge.days[at].start,
            }
        }
        for what in closed {
            open.remove(&what);
        }
        if !adequate && days[at].values().any(|(_, held)| held.is_some()) {
            small.push(judge.days[at].start);
        }
        at += 1;
    }
    (out, small)
}

/// What may have moved on a day: upstreams that anybody has, and being without a route.
fn present(days: &[BTreeMap<usize, (f64, Held)>], at: usize) -> BTreeSet<What> {
    let through = days[at].values().filter_map(|(_, held)| held.as_ref());
    let mut out: BTreeSet<What> = through.flat_map(|held| held.keys().map(|asn| What::Through(*asn))).collect();
    out.insert(What::Without);
    out
}

/// The cohort of a day: vantages with a baseline from the days before `base` that are present on `now`; `None` if it is too
/// small.
fn pairs<'a>(
    days: &[BTreeMap<usize, (f64, Held)>],
    base: usize,
    now: usize,
    what: What,
    collector: &dyn Fn(usize) -> &'a str,
    rules: &Rules,
) -> Option<Vec<Pair<'a>>> {
    let bins = rules.changes.baseline_days.max(1);
    let from = base.saturating_sub(bins);
    let part = |held: &Held| match (what, held) {
        (What::Through(asn), Some(held)) => Some(held.get(&asn).copied().unwrap_or(0.0)),
        (What::Through(_), None) => None,
        (What::Without, held) => Some(if held.is_some() { 0.0 } else { 1.0 }),
    };
    let mut out = Vec::new();
    for (vantage, (weight, held)) in &days[now] {
        let Some(shown) = part(held) else { continue };
        let mut earlier: Vec<f64> = days[from..base].iter().filter_map(|day| part(&day.get(vantage)?.1)).collect();
        // Present in half of the bins, and of one mind in most of them.
        if earlier.len() * 2 < base - from || earlier.is_empty() {
            continue;
        }
        earlier.sort_by(f64::total_cmp);
        let before = earlier[earlier.len() / 2];
        let near = earlier.iter().filter(|part| (**part - before).abs() < rules.changes.open_gain).count();
        if (near as f64) < rules.changes.baseline_mode * earlier.len() as f64 {
            continue;
        }
        out.push(Pair { cluster: collector(*vantage), weight: *weight, before, now: shown });
    }
    let clusters: BTreeSet<&str> = out.iter().map(|p| p.cluster).collect();
    (out.len() >= rules.changes.cohort_vantages && clusters.len() >= rules.adequate_clusters).then_some(out)
}

fn size(pairs: &[Pair<'_>]) -> Size {
    let all: f64 = pairs.iter().map(|p| p.weight).sum();
    let weighted = |of: fn(&Pair<'_>) -> f64| pairs.iter().map(|p| p.weight * of(p)).sum::<f64>() / all;
    let mut by_cluster: BTreeMap<&str, f64> = BTreeMap::new();
    for p in pairs {
        *by_cluster.entry(p.cluster).or_default() += p.weight * (p.now - p.before);
    }
    const NOTHING: f64 = 1e-9;
    let gains = by_cluster.values().filter(|d| **d > NOTHING).count();
    let losses = by_cluster.values().filter(|d| **d < -NOTHING).count();
    Size {
        gain: weighted(|p| (p.now - p.before).max(0.0)),
        before: weighted(|p| p.before),
        after: weighted(|p| p.now),
        p: sign_test(gains, losses),
        vantages: pairs.len(),
        clusters: by_cluster.len(),
    }
}

/// The chance of as many gains or more among all that moved, were gains and losses as likely (one-sided, exact).
fn sign_test(gains: usize, losses: usize) -> f64 {
    let n = gains + losses;
    let mut choose = 1.0;
    let mut tail = 0.0;
    for k in 0..=n {
        if k >= gains {
            tail += choose;
        }
        choose *= (n - k) as f64 / (k + 1) as f64;
    }
    tail / 2f64.powi(n as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_that_of_the_tables() {
        for (gains, losses, p) in [(5, 0, 0.031_25), (9, 1, 0.010_742_187_5), (0, 0, 1.0), (3, 3, 0.656_25)] {
            assert!((sign_test(gains, losses) - p).abs() < 1e-12, "{gains}:{losses} {}", sign_test(gains, losses));
        }
    }
}
