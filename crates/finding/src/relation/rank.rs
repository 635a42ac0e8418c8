//! Step 2, and what step 3 asks for: who stands how often in the middle of paths.
//!
//! The transit degree of a network is the number of distinct neighbours that stand around it when it is in the middle of a
//! path. A rank is a place in the order of (transit degree, degree, number), 0 for the highest: it names a network in every
//! later step, so that nothing depends on the order of paths.

use headwater_route::Asn;
use headwater_route::rows::OriginPaths;
use rustc_hash::FxHashMap;

use super::paths::Sieve;

/// A network's place in the order.
pub(crate) type Rank = u32;

/// How many distinct origins there were, where the groups of origins come one after another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Origins {
    pub count: u32,
    /// Group that was counted last, from 1.
    last: u32,
    /// The only one, while `count` is 1.
    first: u32,
}

impl Origins {
    /// Counts the group `number` (from 1), whose origin is `origin`.
    pub fn add(&mut self, number: u32, origin: u32) {
        if self.last != number {
            if self.count == 0 {
                self.first = origin;
            }
            self.last = number;
            self.count += 1;
        }
    }

    /// The only one; `None` if there were none or several.
    pub fn only(&self) -> Option<u32> {
        (self.count == 1).then_some(self.first)
    }

    /// True if an origin other than this one was counted.
    pub fn beside(&self, origin: Option<u32>) -> bool {
        self.count > 1 || self.count == 1 && Some(self.first) != origin
    }
}

/// The order of networks, and what else the first look at all paths gives.
pub(crate) struct Ranking {
    /// By rank.
    pub asns: Vec<Asn>,
    pub rank_of: FxHashMap<Asn, Rank>,
    pub transit_degree: Vec<u32>,
    /// Origins behind each two networks in a row, the nearer to the vantage first.
    pub beyond: FxHashMap<(Rank, Rank), u32>,
    /// Origins behind each three networks in a row, the last of them not counted.
    pub behind: FxHashMap<(Rank, Rank, Rank), u32>,
    /// Origins that each peer ASN showed.
    pub shown: FxHashMap<Asn, u32>,
    /// Origins in all.
    pub origins: u32,
}

/// What is counted of two networks in a row.
#[derive(Default)]
struct Beyond {
    origins: Origins,
    /// The first stands in the middle of such a path; the second does.
    inside: (bool, bool),
}

/// The first look at all paths. Networks have numbers in the order in which they appear.
#[derive(Default)]
pub(crate) struct FirstLook {
    asns: Vec<Asn>,
    number_of: FxHashMap<Asn, u32>,
    pairs: FxHashMap<(u32, u32), Beyond>,
    triples: FxHashMap<(u32, u32, u32), Origins>,
    shown: FxHashMap<Asn, Origins>,
    groups: u32,
    numbers: Vec<u32>,
}

impl FirstLook {
    fn number(&mut self, asn: Asn) -> u32 {
        let next = self.asns.len() as u32;
        *self.number_of.entry(asn).or_insert_with(|| {
            self.asns.push(asn);
            next
        })
    }

    /// Looks at the paths to one origin. Each origin must come once.
    pub fn see(&mut self, group: &OriginPaths, sieve: &Sieve<'_>) {
        self.groups += 1;
        let at = self.groups;
        for path in sieve.usable(group) {
            let mut hops = std::mem::take(&mut self.numbers);
            hops.clear();
            hops.extend(path.hops.iter().map(|asn| self.number(*asn)));
            let last = hops.len() - 1;
            self.shown.entry(sieve.survey.asn(path.seen.vantage)).or_default().add(at, 0);
            for (i, pair) in hops.windows(2).enumerate() {
                let beyond = self.pairs.entry((pair[0], pair[1])).or_default();
                beyond.origins.add(at, 0);
                beyond.inside.0 |= i > 0;
                beyond.inside.1 |= i + 1 < last;
            }
            for (i, three) in hops.windows(3).enumerate() {
                if i + 2 < last {
                    self.triples.entry((three[0], three[1], three[2])).or_default().add(at, 0);
                }
            }
            self.numbers = hops;
        }
    }

    /// The order.
    pub fn rank(self) -> Ranking {
        let FirstLook { asns, pairs, triples, shown, groups, .. } = self;
        let mut degrees = vec![(0u32, 0u32); asns.len()];
        for ((a, b), beyond) in &pairs {
            let back = pairs.get(&(*b, *a));
            let inside = |at: fn(&(bool, bool)) -> bool| back.is_some_and(|back| at(&back.inside));
            // A link seen both ways is counted once.
            if back.is_none() || a < b {
                for (end, is_inside) in
                    [(a, beyond.inside.0 || inside(|i| i.1)), (b, beyond.inside.1 || inside(|i| i.0))]
                {
                    let degree = &mut degrees[*end as usize];
                    degree.0 += u32::from(is_inside);
                    degree.1 += 1;
                }
            }
        }
        let mut order: Vec<u32> = (0..asns.len() as u32).collect();
        order.sort_by_key(|n| {
            let (transit, degree) = degrees[*n as usize];
            (std::cmp::Reverse((transit, degree)), asns[*n as usize])
        });
        let mut rank = vec![0; order.len()];
        for (place, number) in (0..).zip(&order) {
            rank[*number as usize] = place;
        }
        let at = |number: u32| rank[number as usize];
        let by_rank: Vec<Asn> = order.iter().map(|n| asns[*n as usize]).collect();
        Ranking {
            rank_of: (0..).zip(&by_rank).map(|(rank, asn)| (*asn, rank)).collect(),
            asns: by_rank,
            transit_degree: order.iter().map(|n| degrees[*n as usize].0).collect(),
            beyond: pairs.iter().map(|((a, b), beyond)| ((at(*a), at(*b)), beyond.origins.count)).collect(),
            behind: triples.iter().map(|((a, b, c), o)| ((at(*a), at(*b), at(*c)), o.count)).collect(),
            shown: shown.into_iter().map(|(asn, origins)| (asn, origins.count)).collect(),
            origins: groups,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::survey::Survey;
    use super::super::testing::{dumps, group, rules};
    use super::*;
    use crate::sanitise::Registry;

    fn ranking(groups: &[(u32, &[&str])]) -> Ranking {
        let dumps = dumps(&[("a", 64500, 1)]);
        let rules = rules();
        let survey = Survey::new(&dumps, &rules);
        let registry = Registry { invented: true, ..Registry::default() };
        let sieve = Sieve { survey: &survey, registry, path_hops: 64 };
        let mut look = FirstLook::default();
        for (origin, paths) in groups {
            let paths: Vec<(usize, &str)> = paths.iter().map(|p| (0, *p)).collect();
            look.see(&group(*origin, "192.0.2.0/24", &paths), &sieve);
        }
        look.rank()
    }

    #[test]
    fn transit_is_counted_in_the_middle_of_paths_only() {
        let found = ranking(&[
            (64502, &["64500 64501 64502"]),
            (64503, &["64500 64501 64503", "64500 64504 64503"]),
            (64505, &["64500 64501 64503 64505"]),
        ]);
        // AS64501 has three around it, AS64503 two; AS64504 two; ends have none, whatever their degree.
        let of = |asn: u32| found.transit_degree[found.rank_of[&Asn(asn)] as usize];
        assert_eq!([64500, 64501, 64502, 64503, 64504, 64505].map(of), [0, 3, 0, 2, 2, 0]);
        // Equal transit degrees go by degree, then by number.
        assert_eq!(found.asns.iter().map(|a| a.0).collect::<Vec<_>>(), [64501, 64503, 64504, 64500, 64502, 64505]);
        assert_eq!((found.origins, found.shown[&Asn(64500)]), (3, 3));
    }

    #[test]
    fn origins_behind_three_in_a_row_do_not_include_the_last_of_them() {
        let found = ranking(&[
            (64503, &["64500 64501 64503"]),
            (64505, &["64500 64501 64503 64505"]),
            (64506, &["64500 64501 64503 64506", "64500 64501 64503 64505 64506"]),
        ]);
        let rank = |asn: u32| found.rank_of[&Asn(asn)];
        assert_eq!(found.behind[&(rank(64500), rank(64501), rank(64503))], 2);
    }

    #[test]
    fn an_only_origin_is_remembered() {
        let mut origins = Origins::default();
        assert!(!origins.beside(None));
        origins.add(1, 7);
        origins.add(1, 7);
        assert!(origins.count == 1 && !origins.beside(Some(7)) && origins.beside(Some(8)) && origins.beside(None));
        origins.add(2, 8);
        assert!(origins.count == 2 && origins.beside(Some(7)));
    }
}
