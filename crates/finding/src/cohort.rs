//! Vantages as a cohort (methods §2 and §3.2): weights, independence, shares with their interval.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use headwater_route::{Asn, Family, Prefix};
use serde::Serialize;

use crate::rules::Rules;
use crate::sanitise::Upstream;

/// What a vantage holds of a network: (index of the prefix, upstream), sorted. A prefix comes once for each distinct upstream.
pub type Held = Vec<(u32, Upstream)>;

/// A full-feed vantage at one time. Others are evidence, and never counted in shares.
pub struct Member<'a> {
    /// Its collector: the cluster it belongs to.
    pub collector: &'a str,
    /// Its peer ASN.
    pub asn: Asn,
    /// Which table it holds: an index into all tables.
    pub held: usize,
}

/// A share and how sure it is.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Share {
    /// Weighted share of routes.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Full-feed vantages it rests on.
    pub vantages: usize,
    /// Their collectors.
    pub clusters: usize,
}

/// How many sightings are independent: the largest set of (collector, peer ASN) pairs in which no collector and no ASN comes
/// twice.
pub fn independent<'a>(pairs: impl IntoIterator<Item = (&'a str, Asn)>) -> usize {
    let mut asns_of: BTreeMap<&str, BTreeSet<Asn>> = BTreeMap::new();
    for (collector, asn) in pairs {
        asns_of.entry(collector).or_default().insert(asn);
    }
    // Maximum bipartite matching by augmenting paths; collectors are few.
    fn place<'a>(
        collector: &'a str,
        asns_of: &BTreeMap<&'a str, BTreeSet<Asn>>,
        taken: &mut BTreeMap<Asn, &'a str>,
        tried: &mut BTreeSet<Asn>,
    ) -> bool {
        for &asn in &asns_of[collector] {
            if tried.insert(asn) {
                let free = match taken.get(&asn).copied() {
                    None => true,
                    Some(other) => place(other, asns_of, taken, tried),
                };
                if free {
                    taken.insert(asn, collector);
                    return true;
                }
            }
        }
        false
    }
    let mut taken = BTreeMap::new();
    asns_of.keys().filter(|collector| place(collector, &asns_of, &mut taken, &mut BTreeSet::new())).count()
}

/// Weight of each (collector, peer ASN): sessions of one peer ASN share one vote, and a cluster counts with the root of its
/// size.
pub fn weights_of(pairs: &[(&str, Asn)]) -> Vec<f64> {
    let mut sessions: BTreeMap<Asn, f64> = BTreeMap::new();
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for (collector, asn) in pairs {
        *sessions.entry(*asn).or_default() += 1.0;
        *sizes.entry(*collector).or_default() += 1.0;
    }
    pairs.iter().map(|(collector, asn)| 1.0 / sessions[asn] / sizes[collector].sqrt()).collect()
}

pub(crate) fn weights(members: &[&Member<'_>]) -> Vec<f64> {
    weights_of(&members.iter().map(|m| (m.collector, m.asn)).collect::<Vec<_>>())
}

fn clusters(members: &[&Member<'_>]) -> usize {
    members.iter().map(|m| m.collector).collect::<BTreeSet<_>>().len()
}

/// What one table gives to each upstream, and in all.
#[derive(Default)]
struct Tally {
    through: BTreeMap<Asn, f64>,
    all: f64,
}

/// Counts shares time after time; keeps what does not change between.
pub struct Poll<'a> {
    /// Every prefix, sorted; tables refer to them by index.
    prefixes: &'a [Prefix],
    tables: &'a [Held],
    family: Family,
    /// Prefixes that any member holds, and the weight of each.
    present: Vec<bool>,
    sizes: Vec<f64>,
    tallies: HashMap<usize, Tally>,
}

impl<'a> Poll<'a> {
    /// A poll over these prefixes and tables.
    pub fn new(prefixes: &'a [Prefix], tables: &'a [Held], family: Family) -> Poll<'a> {
        let (present, sizes) = (vec![false; prefixes.len()], vec![0.0; prefixes.len()]);
        Poll { prefixes, tables, family, present, sizes, tallies: HashMap::new() }
    }

    /// Weighted share of members with any route; `None` with fewer clusters than `adequate`.
    pub fn visibility(&self, members: &[Member<'_>], adequate: usize) -> Option<f64> {
        let all: Vec<&Member<'_>> = members.iter().collect();
        if all.is_empty() || clusters(&all) < adequate {
            return None;
        }
        let weights = weights(&all);
        let has = |m: &Member<'_>| !self.tables[m.held].is_empty();
        let with: f64 = all.iter().zip(&weights).filter(|(m, _)| has(m)).map(|(_, w)| w).sum();
        Some(with / weights.iter().sum::<f64>())
    }

    /// Share of every upstream over the routes of the members; none with fewer clusters than the rules ask for.
    pub fn shares(&mut self, members: &[Member<'_>], rules: &Rules) -> BTreeMap<Asn, Share> {
        let with: Vec<&Member<'_>> = members.iter().filter(|m| !self.tables[m.held].is_empty()).collect();
        let count = clusters(&with);
        if with.is_empty() || count < rules.adequate_clusters {
            return BTreeMap::new();
        }
        self.weigh(&with);
        let all_weights = weights(&with);
        let unseen = unseen(&all_weights);
        // By cluster: weight of routes through each upstream, and of all.
        let mut sums: BTreeMap<&str, Tally> = BTreeMap::new();
        for (member, weight) in with.iter().zip(all_weights) {
            let sizes = &self.sizes;
            let tally = self.tallies.entry(member.held).or_insert_with(|| tally(&self.tables[member.held], sizes));
            let sum = sums.entry(member.collector).or_default();
            sum.all += weight * tally.all;
            for (asn, through) in &tally.through {
                *sum.through.entry(*asn).or_default() += weight * through;
            }
        }
        let upstreams: BTreeSet<Asn> = sums.values().flat_map(|s| s.through.keys().copied()).collect();
        upstreams
            .into_iter()
            .map(|asn| {
                let pairs: Vec<(f64, f64)> =
                    sums.values().map(|s| (s.through.get(&asn).copied().unwrap_or(0.0), s.all)).collect();
                let (value, low, high) = interval(&pairs, unseen, asn, rules.bootstrap_rounds);
                (asn, Share { value, low, high, vantages: with.len(), clusters: count })
            })
            .collect()
    }

    /// What part of its own routes each member has through each upstream; none for one without a route. In their order, with
    /// the weight of each.
    pub(crate) fn parts(&mut self, members: &[Member<'_>]) -> Vec<(f64, Option<BTreeMap<Asn, f64>>)> {
        let all: Vec<&Member<'_>> = members.iter().collect();
        self.weigh(&all);
        let weights = weights(&all);
        let part = |m: &&Member<'_>| {
            let tally = tally(&self.tables[m.held], &self.sizes);
            (tally.all > 0.0).then(|| tally.through.into_iter().map(|(asn, part)| (asn, part / tally.all)).collect())
        };
        weights.into_iter().zip(all.iter().map(part)).collect()
    }

    /// Weighs the prefixes that members hold.
    fn weigh(&mut self, members: &[&Member<'_>]) {
        let mut present = vec![false; self.prefixes.len()];
        for held in members.iter().map(|m| m.held).collect::<BTreeSet<_>>() {
            for (prefix, _) in &self.tables[held] {
                present[*prefix as usize] = true;
            }
        }
        if present == self.present {
            return;
        }
        self.tallies.clear();
        self.present = present;
        self.sizes = sizes(self.prefixes, &self.present, self.family);
    }
}

/// Weight of each prefix among those present (methods §3.2): IPv4 addresses that no more-specific covers, 1 for IPv6; 0 for
/// those not present. The prefixes come sorted.
pub fn sizes(prefixes: &[Prefix], present: &[bool], family: Family) -> Vec<f64> {
    let mut sizes = vec![0.0; prefixes.len()];
    // A covering prefix precedes what lies inside it.
    let mut above: Vec<usize> = Vec::new();
    for at in (0..prefixes.len()).filter(|&at| present[at]) {
        let size = match family {
            Family::V4 => prefixes[at].v4_addresses().unwrap_or(0) as f64,
            Family::V6 => 1.0,
        };
        sizes[at] = size;
        while above.pop_if(|top| !prefixes[*top].covers(&prefixes[at])).is_some() {}
        if let Some(&parent) = above.last().filter(|_| family == Family::V4) {
            sizes[parent] -= size;
        }
        above.push(at);
    }
    sizes
}

/// What a table gives to each upstream; a prefix held through several is shared out evenly.
fn tally(held: &Held, sizes: &[f64]) -> Tally {
    let mut tally = Tally::default();
    for routes in held.chunk_by(|a, b| a.0 == b.0) {
        let size = sizes[routes[0].0 as usize];
        tally.all += size;
        for (_, upstream) in routes {
            if let Upstream::Seen(asn) = upstream {
                *tally.through.entry(*asn).or_default() += size / routes.len() as f64;
            }
        }
    }
    tally
}

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_964;

/// The part of all vantages that may do something that none of these does, at 2.5 %: 0.975 = 1 − (1 − part)^n (Clopper and
/// Pearson 1934, no case of n). `n` is the number of equal votes that the weights are worth (Kish 1965).
fn unseen(weights: &[f64]) -> f64 {
    let votes = weights.iter().sum::<f64>().powi(2) / weights.iter().map(|w| w * w).sum::<f64>();
    1.0 - 0.025f64.powf(1.0 / votes)
}

/// How much wider than the spread of resampled clusters an interval has to be, as there are few of them: the quantile of
/// Student's distribution in place of the normal one (Abramowitz and Stegun, 26.7.5), and n − 1 in place of n.
fn few_clusters(clusters: usize) -> f64 {
    let free = clusters.saturating_sub(1).max(1) as f64;
    let student = Z
        + (Z.powi(3) + Z) / (4.0 * free)
        + (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / (96.0 * free.powi(2))
        + (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / (384.0 * free.powi(3));
    student / Z * ((free + 1.0) / free).sqrt()
}

/// A ratio of sums with its 95 % interval: by the spread over resampled pairs, and at least wide enough for what a part
/// `unseen` of the vantages may do. A fixed seed: the same data give the same interval (xorshift64*, Vigna 2016).
fn interval(pairs: &[(f64, f64)], unseen: f64, asn: Asn, rounds: u32) -> (f64, f64, f64) {
    let ratio = |(a, b): (f64, f64)| if b > 0.0 { a / b } else { 0.0 };
    let add = |x: (f64, f64), y: &(f64, f64)| (x.0 + y.0, x.1 + y.1);
    let value = ratio(pairs.iter().fold((0.0, 0.0), add));
    let mut seed = 0x9e37_79b9_7f4a_7c15u64 ^ u64::from(asn.0);
    let mut next = || {
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        seed.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    };
    let mut draws: Vec<f64> = (0..rounds)
        .map(|_| ratio((0..pairs.len()).map(|_| &pairs[next() as usize % pairs.len()]).fold((0.0, 0.0), add)))
        .collect();
    draws.sort_by(f64::total_cmp);
    let wider = few_clusters(pairs.len());
    let quantile = |q: f64| {
        let at = (q * draws.len().saturating_sub(1) as f64).round() as usize;
        value + wider * (draws.get(at).copied().unwrap_or(value) - value)
    };
    let low = quantile(0.025).min(value * (1.0 - unseen));
    let high = quantile(0.975).max(value + (1.0 - value) * unseen);
    (value, low.max(0.0), high.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_collector_or_one_peer_is_one_witness() {
        let n = |pairs: &[(&'static str, u32)]| independent(pairs.iter().map(|(c, a)| (*c, Asn(*a))));
        assert_eq!(n(&[]), 0);
        assert_eq!(n(&[("a", 1), ("a", 2), ("a", 3)]), 1);
        assert_eq!(n(&[("a", 1), ("b", 1), ("c", 1)]), 1);
        assert_eq!(n(&[("a", 1), ("a", 2), ("b", 1)]), 2);
        assert_eq!(n(&[("a", 1), ("b", 2), ("c", 1), ("c", 2)]), 2);
        assert_eq!(n(&[("a", 1), ("b", 2), ("c", 3)]), 3);
    }

    fn prefixes() -> Vec<Prefix> {
        ["192.0.2.0/24", "192.0.2.0/26", "192.0.2.0/28", "198.51.100.0/24"].map(|p| p.parse().unwrap()).to_vec()
    }

    fn seen(entries: &[(u32, u32)]) -> Held {
        entries.iter().map(|(p, u)| (*p, Upstream::Seen(Asn(*u)))).collect()
    }

    #[test]
    fn shares_count_addresses_and_need_six_clusters() {
        let rules = Rules::default();
        let (prefixes, tables) = (prefixes(), [seen(&[(0, 64501), (1, 64502)])]);
        let mut poll = Poll::new(&prefixes, &tables, Family::V4);
        let names = ["a", "b", "c", "d", "e", "f"];
        let members =
            |n: u32| (0..n).map(|i| Member { collector: names[i as usize], asn: Asn(i), held: 0 }).collect::<Vec<_>>();
        // A /26 of the /24 takes a quarter of it.
        let found = poll.shares(&members(6), &rules)[&Asn(64502)];
        assert!((found.value - 0.25).abs() < 1e-9, "{found:?}");
        assert_eq!((found.vantages, found.clusters), (6, 6));
        assert_eq!(poll.visibility(&members(6), 6), Some(1.0));
        assert_eq!(poll.shares(&members(5), &rules), BTreeMap::new());
        assert_eq!(poll.visibility(&members(5), 6), None);
    }

    /// Six that agree do not speak for all: 46 % of the others may differ (0.54^6 = 0.025).
    #[test]
    fn what_all_show_is_not_certain() {
        let rules = Rules::default();
        let (prefixes, tables) = (prefixes(), [seen(&[(3, 64501)])]);
        let names = ["a", "b", "c", "d", "e", "f"];
        let members: Vec<Member<'_>> =
            (0..6).map(|i| Member { collector: names[i as usize], asn: Asn(i), held: 0 }).collect();
        let found = Poll::new(&prefixes, &tables, Family::V4).shares(&members, &rules)[&Asn(64501)];
        assert!((found.low - 0.5407).abs() < 1e-4 && found.high == 1.0, "{found:?}");
    }

    /// Values of Student's distribution: 2.571 with five degrees of freedom, 2.262 with nine.
    #[test]
    fn few_clusters_widen_the_interval() {
        for (clusters, student) in [(6, 2.571), (10, 2.262)] {
            let n = clusters as f64;
            assert!((few_clusters(clusters) - student / Z * (n / (n - 1.0)).sqrt()).abs() < 2e-3, "{clusters}");
        }
    }

    /// Samples of eight clusters of four vantages, of a share that is known: the interval holds it as often as it says.
    #[test]
    fn intervals_hold_the_truth() {
        let mut state = 7u64;
        let mut unit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        for truth in [0.1, 0.5, 0.9, 0.98] {
            let (mut held, mut samples) = (0, 0);
            while samples < 400 {
                let pairs: Vec<(f64, f64)> =
                    (0..8).map(|_| ((0..4).filter(|_| unit() < truth).count() as f64 / 2.0, 2.0)).collect();
                // An upstream that nobody shows has no share.
                if pairs.iter().any(|(through, _)| *through > 0.0) {
                    let (_, low, high) = interval(&pairs, unseen(&[0.5; 32]), Asn(1), 200);
                    held += u32::from((low..=high).contains(&truth));
                    samples += 1;
                }
            }
            assert!(held >= 372, "{truth}: {held} of {samples}");
        }
    }

    #[test]
    fn nested_prefixes_are_counted_once_and_weights_follow_the_day() {
        let rules = Rules { adequate_clusters: 1, ..Rules::default() };
        let nested = seen(&[(0, 64501), (1, 64502), (2, 64503)]);
        let (prefixes, tables) = (prefixes(), [nested, seen(&[(0, 64501), (3, 64502)])]);
        let mut poll = Poll::new(&prefixes, &tables, Family::V4);
        let mut value = |held: usize, asn: u32| {
            poll.shares(&[Member { collector: "a", asn: Asn(1), held }], &rules)[&Asn(asn)].value
        };
        for (held, asn, addresses) in [(0, 64501, 192.0 / 256.0), (0, 64502, 48.0 / 256.0), (0, 64503, 16.0 / 256.0)] {
            assert!((value(held, asn) - addresses).abs() < 1e-9);
        }
        assert!((value(1, 64501) - 0.5).abs() < 1e-9);
        assert!((value(0, 64501) - 0.75).abs() < 1e-9);
    }

    #[test]
    fn many_sessions_of_one_peer_are_one_vote() {
        let rules = Rules { adequate_clusters: 2, ..Rules::default() };
        let (prefixes, tables) = (prefixes(), [seen(&[(0, 64501)]), seen(&[(0, 64502)])]);
        let mut members = vec![Member { collector: "a", asn: Asn(1), held: 0 }];
        members.extend((0..4).map(|_| Member { collector: "b", asn: Asn(2), held: 1 }));
        // Four sessions of AS2: each a quarter of a vote, in a cluster of four: 4 × 1/4 × 1/2.
        let found = Poll::new(&prefixes, &tables, Family::V4).shares(&members, &rules)[&Asn(64502)];
        assert!((found.value - 1.0 / 3.0).abs() < 1e-9, "{found:?}");
    }
}
