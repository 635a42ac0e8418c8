//! Step 4: with the clique known, poisoned paths are left out, and links and triplets are counted.
//!
//! What is kept grows with the links and with the triplets, three networks in a row, not with the routes.

use std::collections::BTreeSet;

use headwater_route::Asn;
use headwater_route::rows::OriginPaths;
use rustc_hash::FxHashMap;

use super::paths::{Sieve, Usable, is_counted};
use super::rank::{Origins, Rank, Ranking};
use super::survey::Witnesses;

/// What was seen of a link.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct LinkCount {
    pub seen: Witnesses,
    /// Prefixes whose routes ran over it.
    pub prefixes: u64,
    pub origins: Origins,
}

/// What was seen of three networks in a row, vantage's side first.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct TripletCount {
    pub seen: Witnesses,
    /// Of these, where the last of the three was the origin.
    pub ending: Witnesses,
    pub origins: Origins,
    /// The first of the three was a vantage that shows few origins, and so no routes of its providers.
    pub from_few: bool,
}

/// Three networks in a row.
pub(crate) type Three = (Rank, Rank, Rank);

/// Counts of links (smaller rank first) and triplets.
#[derive(Default)]
pub(crate) struct Counts {
    pub links: FxHashMap<(Rank, Rank), LinkCount>,
    pub triplets: FxHashMap<Three, TripletCount>,
    /// Links of members (first) to route servers that stood in paths (second).
    pub served: FxHashMap<(Asn, Asn), LinkCount>,
    groups: u32,
    hops: Vec<Rank>,
    /// Of the group at hand: prefixes seen over each link, as bits.
    spans: Spans,
}

/// Sets of prefixes by key, for one origin.
#[derive(Default)]
struct Spans {
    words: usize,
    place_of: FxHashMap<Over, usize>,
    bits: Vec<u64>,
}

/// What a prefix's route ran over.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Over {
    Link(Rank, Rank),
    RouteServer(Asn, Asn),
}

impl Spans {
    fn clear(&mut self, prefixes: usize) {
        self.words = prefixes.div_ceil(64);
        self.place_of.clear();
        self.bits.clear();
    }

    fn add(&mut self, over: Over, prefixes: &[u64]) {
        let next = self.place_of.len();
        let at = *self.place_of.entry(over).or_insert(next);
        if at == next {
            self.bits.resize((next + 1) * self.words, 0);
        }
        let here = &mut self.bits[at * self.words..(at + 1) * self.words];
        here.iter_mut().zip(prefixes).for_each(|(bits, more)| *bits |= more);
    }

    fn counts(&self) -> impl Iterator<Item = (Over, u64)> + '_ {
        let count = |at: usize| self.bits[at * self.words..(at + 1) * self.words].iter().map(|w| w.count_ones());
        self.place_of.iter().map(move |(over, at)| (*over, count(*at).map(u64::from).sum()))
    }
}

impl Counts {
    /// Looks at the paths to one origin. Each origin must come once. `few` are the peer ASNs that show few origins.
    pub fn see(&mut self, group: &OriginPaths, sieve: &Sieve<'_>, ranking: &Ranking, few: &BTreeSet<Asn>) {
        self.groups += 1;
        let counted: Vec<bool> = group.prefixes.iter().map(is_counted).collect();
        self.spans.clear(group.prefixes.len());
        let mut prefixes = vec![0u64; self.spans.words];
        for path in sieve.usable(group) {
            prefixes.fill(0);
            for prefix in path.seen.prefixes.iter().filter(|p| counted[**p as usize]) {
                prefixes[*prefix as usize / 64] |= 1 << (prefix % 64);
            }
            self.path(&path, &prefixes, sieve, ranking, few);
        }
        for (over, count) in self.spans.counts() {
            let link = match over {
                Over::Link(a, b) => self.links.get_mut(&(a, b)),
                Over::RouteServer(member, server) => self.served.get_mut(&(member, server)),
            };
            if let Some(link) = link {
                link.prefixes += count;
            }
        }
    }

    fn path(&mut self, path: &Usable<'_>, prefixes: &[u64], sieve: &Sieve<'_>, ranking: &Ranking, few: &BTreeSet<Asn>) {
        let (at, witness) = (self.groups, path.witness);
        let mut hops = std::mem::take(&mut self.hops);
        hops.clear();
        // The first look saw every path that this one sees.
        hops.extend(path.hops.iter().filter_map(|asn| ranking.rank_of.get(asn)));
        let last = hops.len().saturating_sub(1);
        let origin = hops[last];
        for pair in hops.windows(2) {
            let key = (pair[0].min(pair[1]), pair[0].max(pair[1]));
            let link = self.links.entry(key).or_default();
            link.seen.add(witness);
            link.origins.add(at, origin);
            self.spans.add(Over::Link(key.0, key.1), prefixes);
        }
        let from_few = path.whole && few.contains(&sieve.survey.asn(path.seen.vantage));
        for (i, three) in hops.windows(3).enumerate() {
            let triplet = self.triplets.entry((three[0], three[1], three[2])).or_default();
            triplet.seen.add(witness);
            triplet.origins.add(at, origin);
            triplet.from_few |= from_few && i == 0;
            if i + 2 == last {
                triplet.ending.add(witness);
            }
        }
        for (index, server) in &path.route_servers {
            let members = [index.checked_sub(1), Some(*index)].into_iter().flatten();
            for member in members.filter_map(|at| path.hops.get(at)) {
                let link = self.served.entry((*member, *server)).or_default();
                link.seen.add(witness);
                link.origins.add(at, origin);
                self.spans.add(Over::RouteServer(*member, *server), prefixes);
            }
        }
        self.hops = hops;
    }
}

#[cfg(test)]
mod tests {
    use super::super::rank::FirstLook;
    use super::super::survey::Survey;
    use super::super::testing::{dumps, rules};
    use super::*;
    use crate::sanitise::Registry;
    use headwater_route::rows::PathSeen;
    use headwater_route::{Evidence, SourceId};

    #[test]
    fn links_and_triplets_are_counted_once_a_witness_and_prefixes_once_in_all() {
        let dumps = dumps(&[("a", 64500, 2), ("b", 64501, 2)]);
        let rules = rules();
        let survey = Survey::new(&dumps, &rules);
        let registry = Registry { invented: true, route_servers: BTreeSet::from([Asn(64509)]), ..Registry::default() };
        let sieve = Sieve { survey: &survey, registry, path_hops: 64 };
        let seen = |vantage, path: &str, prefixes: &[u32]| PathSeen {
            vantage,
            path: path.parse().unwrap(),
            prefixes: prefixes.to_vec(),
            evidence: Evidence { source: SourceId(1), offset: 0 },
        };
        let group = OriginPaths {
            origin: Asn(64510),
            prefixes: ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/25"].map(|p| p.parse().unwrap()).to_vec(),
            paths: vec![
                seen(0, "64500 64502 64510", &[0]),
                seen(0, "64500 64502 64502 64510", &[1, 2]),
                seen(1, "64501 64509 64502 64510", &[0, 1]),
            ],
        };
        let mut look = FirstLook::default();
        look.see(&group, &sieve);
        let ranking = look.rank();
        let mut counts = Counts::default();
        counts.see(&group, &sieve, &ranking, &BTreeSet::from([Asn(64501)]));
        let rank = |asn: u32| ranking.rank_of[&Asn(asn)];
        let link = &counts.links[&(rank(64502).min(rank(64510)), rank(64502).max(rank(64510)))];
        assert_eq!((link.seen.count(), link.prefixes, link.origins.count), (2, 2, 1));
        let triplet = |first: u32| &counts.triplets[&(rank(first), rank(64502), rank(64510))];
        assert_eq!((triplet(64500).ending.count(), triplet(64500).from_few), (1, false));
        assert!(triplet(64501).from_few);
        let members: BTreeSet<(Asn, Asn)> = counts.served.keys().copied().collect();
        assert_eq!(members, BTreeSet::from([(Asn(64501), Asn(64509)), (Asn(64502), Asn(64509))]));
        assert_eq!(counts.served[&(Asn(64502), Asn(64509))].prefixes, 2);
    }
}
