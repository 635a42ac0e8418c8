//! Step 3: the clique, networks at the top that buy from nobody and exchange with each other.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::rank::{Rank, Ranking};
use crate::rules::Rules;

/// Most networks among which the first members are sought: all their subsets are tried.
const MOST_SEEDS: usize = 16;

/// The clique, highest rank first.
///
/// Of the networks of highest transit degree the set with the largest sum of transit degrees in which each two can be beside
/// each other. Then, down the order, whoever can be beside all members.
pub(crate) fn clique(ranking: &Ranking, rules: &Rules) -> BTreeSet<Rank> {
    let detours = Detours::new(ranking, rules);
    let beside = |a: Rank, b: Rank| detours.beside(a, b);
    let transit = |rank: Rank| ranking.transit_degree[rank as usize];
    // Only a network with customers enough to matter can have no provider.
    let able = |rank: &Rank| transit(*rank) >= rules.relation_provider_free_degree;
    let order = || (0..ranking.asns.len() as Rank).take_while(able);
    let seeds: Vec<Rank> = order().take(rules.relation_clique_seeds.min(MOST_SEEDS)).collect();
    // In ascending order of the mask, so that of equal sums the one with the higher ranks stands.
    let mut best: (u64, Vec<Rank>) = (0, Vec::new());
    for mask in 1u32..1 << seeds.len() {
        let chosen: Vec<Rank> = (0..seeds.len()).filter(|at| mask >> at & 1 == 1).map(|at| seeds[at]).collect();
        let sum = chosen.iter().map(|rank| u64::from(transit(*rank))).sum();
        let mut pairs = chosen.iter().enumerate().flat_map(|(at, a)| chosen[at + 1..].iter().map(move |b| (*a, *b)));
        if sum > best.0 && pairs.all(|(a, b)| beside(a, b)) {
            best = (sum, chosen);
        }
    }
    let mut clique: BTreeSet<Rank> = best.1.into_iter().collect();
    for next in order() {
        if !clique.contains(&next) && clique.iter().all(|member| beside(*member, next)) {
            clique.insert(next);
        }
    }
    clique
}

/// Whom who hears through a third.
struct Detours<'a> {
    ranking: &'a Ranking,
    rules: &'a Rules,
    /// By (who, whom): most origins through one third network.
    through: FxHashMap<(Rank, Rank), u32>,
}

impl Detours<'_> {
    fn new<'a>(ranking: &'a Ranking, rules: &'a Rules) -> Detours<'a> {
        let mut through: FxHashMap<(Rank, Rank), u32> = FxHashMap::default();
        // So many origins that poisoned paths cannot be the cause.
        for ((a, _, c), origins) in ranking.behind.iter().filter(|(_, n)| **n >= rules.relation_clique_behind) {
            let most = through.entry((*a, *c)).or_default();
            *most = (*most).max(*origins);
        }
        Detours { ranking, rules, through }
    }

    /// Origins that `a` hears from `b` itself.
    fn from(&self, a: Rank, b: Rank) -> u32 {
        self.ranking.beyond.get(&(a, b)).copied().unwrap_or(0)
    }

    /// True if `a` and `b` may both be of the clique. They are linked, and neither hears the other through a third for more
    /// than a few of the origins that it hears from it: in `a|p|b`, with `a` at the top, `p` sells to `b`.
    fn beside(&self, a: Rank, b: Rank) -> bool {
        let few = |a: Rank, b: Rank| {
            let detour = self.through.get(&(a, b)).copied().unwrap_or(0);
            f64::from(detour) <= self.rules.relation_conflict_ratio * f64::from(self.from(a, b))
        };
        self.from(a, b) + self.from(b, a) > 0 && few(a, b) && few(b, a)
    }
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashMap;

    use super::super::testing::rules;
    use super::*;

    fn ranking(degrees: &[u32], links: &[(u32, u32)], behind: &[((u32, u32, u32), u32)]) -> Ranking {
        Ranking {
            asns: (0..degrees.len() as u32).map(|n| headwater_route::Asn(64496 + n)).collect(),
            rank_of: FxHashMap::default(),
            transit_degree: degrees.to_vec(),
            beyond: links.iter().map(|link| (*link, 50)).collect(),
            behind: behind.iter().copied().collect(),
            shown: FxHashMap::default(),
            origins: 0,
        }
    }

    const ALL: &[(u32, u32)] = &[(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];

    #[test]
    fn those_who_are_all_linked_are_one() {
        let found = |links: &[(u32, u32)], behind: &[_]| -> Vec<u32> {
            let rules = rules();
            clique(&ranking(&[40, 30, 20, 11], links, behind), &rules).into_iter().collect()
        };
        assert_eq!(found(ALL, &[]), [0, 1, 2, 3]);
        assert_eq!(found(&[(0, 1), (0, 2), (1, 2), (2, 3)], &[]), [0, 1, 2]);
        // Rank 0 hears rank 3 through rank 1: that one sells to it. A few origins may be poisoned paths or a leak.
        assert_eq!(found(ALL, &[((0, 1, 3), 6)]), [0, 1, 2]);
        assert_eq!(found(ALL, &[((0, 1, 3), 5)]), [0, 1, 2, 3]);
        // The same seen from the other side: what rank 2 has of rank 0 it buys, wherever.
        assert_eq!(found(ALL, &[((2, 7, 0), 6)]), [0, 1, 3]);
    }

    #[test]
    fn members_below_the_seeds_need_customers_and_must_not_buy() {
        let rules = Rules { relation_clique_seeds: 2, ..rules() };
        let found = |last: u32, behind: &[_]| -> Vec<u32> {
            clique(&ranking(&[40, 30, 20, last], ALL, behind), &rules).into_iter().collect()
        };
        assert_eq!(found(11, &[]), [0, 1, 2, 3]);
        // A stub with links to all of them is a good customer.
        assert_eq!(found(2, &[]), [0, 1, 2]);
        assert_eq!(found(11, &[((0, 1, 2), 9)]), [0, 1, 3]);
        assert_eq!(found(11, &[((2, 1, 0), 9)]), [0, 1, 3]);
    }

    #[test]
    fn without_paths_there_is_none() {
        assert!(clique(&ranking(&[], &[], &[]), &rules()).is_empty());
        assert!(clique(&ranking(&[0, 0], &[(0, 1)], &[]), &rules()).is_empty());
    }
}
