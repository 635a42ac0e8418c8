//! Steps 5 to 11: every link gets a label.
//!
//! After Luckie et al., *AS Relationships, Customer Cones, and Validation* (IMC 2013). The order of steps is the paper's; the
//! numbers are settings. A label once given stays, and no provider is given that would close a cycle.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::count::{Counts, Three, TripletCount};
use super::rank::{Rank, Ranking};
use super::survey::Survey;
use crate::rules::Rules;

/// What a network is to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Is {
    Provider,
    Peer,
    Customer,
}

/// A link's label: who sells, or `None` for peers; and the step that gave it.
pub(crate) type Given = (Option<Rank>, u8);

/// Links with the labels given so far.
pub(crate) struct Steps<'a> {
    ranking: &'a Ranking,
    clique: &'a BTreeSet<Rank>,
    counts: &'a Counts,
    survey: &'a Survey<'a>,
    rules: &'a Rules,
    /// Triplets by (last, middle, first), and by (middle, last, first).
    by_last: Vec<Three>,
    by_middle: Vec<Three>,
    pub given: FxHashMap<(Rank, Rank), Given>,
    providers: Vec<Vec<Rank>>,
    neighbours: Vec<Vec<Rank>>,
}

impl<'a> Steps<'a> {
    pub fn new(
        ranking: &'a Ranking,
        clique: &'a BTreeSet<Rank>,
        counts: &'a Counts,
        survey: &'a Survey<'a>,
        rules: &'a Rules,
    ) -> Steps<'a> {
        let mut by_last: Vec<Three> = counts.triplets.keys().copied().collect();
        let mut by_middle = by_last.clone();
        by_last.sort_unstable_by_key(|(x, y, z)| (*z, *y, *x));
        by_middle.sort_unstable_by_key(|(x, y, z)| (*y, *z, *x));
        let mut neighbours = vec![Vec::new(); ranking.asns.len()];
        for (a, b) in counts.links.keys() {
            neighbours[*a as usize].push(*b);
            neighbours[*b as usize].push(*a);
        }
        let (given, providers) = (FxHashMap::default(), vec![Vec::new(); ranking.asns.len()]);
        Steps { ranking, clique, counts, survey, rules, by_last, by_middle, given, providers, neighbours }
    }

    /// All steps in order. Afterwards every link has a label.
    pub fn run(&mut self) {
        self.clique_peers();
        self.top_down();
        self.vantages_without_providers();
        self.smaller_providers();
        self.without_providers();
        self.stubs_of_the_clique();
        self.open_neighbours();
        self.rest();
    }

    /// The labels, and everyone's neighbours.
    #[allow(clippy::type_complexity)]
    pub fn finish(self) -> (FxHashMap<(Rank, Rank), Given>, Vec<Vec<Rank>>) {
        (self.given, self.neighbours)
    }

    fn transit(&self, rank: Rank) -> u32 {
        self.ranking.transit_degree[rank as usize]
    }

    fn triplet(&self, three: &Three) -> Option<&'a TripletCount> {
        self.counts.triplets.get(three)
    }

    /// What `a` is to `b`; `None` while the link is open, or where there is none.
    pub fn what(&self, a: Rank, b: Rank) -> Option<Is> {
        let (provider, _) = self.given.get(&(a.min(b), a.max(b)))?;
        Some(match provider {
            None => Is::Peer,
            Some(provider) if *provider == a => Is::Provider,
            Some(_) => Is::Customer,
        })
    }

    fn is_open(&self, a: Rank, b: Rank) -> bool {
        let link = (a.min(b), a.max(b));
        !self.given.contains_key(&link) && self.counts.links.contains_key(&link)
    }

    /// True if what `x` has from `y` it has as its customer or peer, so that `y` showed it only routes of its customers.
    pub fn above(&self, x: Rank, y: Rank) -> bool {
        matches!(self.what(x, y), Some(Is::Provider | Is::Peer))
    }

    /// Makes `y` a provider of `z`, if the link is open and no cycle arises. Members of the clique buy from nobody.
    fn sell(&mut self, y: Rank, z: Rank, step: u8) -> bool {
        if self.clique.contains(&z) || !self.is_open(y, z) || self.is_over(z, y) {
            return false;
        }
        self.given.insert((y.min(z), y.max(z)), (Some(y), step));
        self.providers[z as usize].push(y);
        true
    }

    fn peer(&mut self, a: Rank, b: Rank, step: u8) {
        if self.is_open(a, b) {
            self.given.insert((a.min(b), a.max(b)), (None, step));
        }
    }

    /// True if `z` is `y`, its provider, a provider of one of these, and so on.
    fn is_over(&self, z: Rank, y: Rank) -> bool {
        let mut known = BTreeSet::from([y]);
        let mut open = vec![y];
        while let Some(at) = open.pop() {
            if at == z {
                return true;
            }
            open.extend(self.providers[at as usize].iter().filter(|p| known.insert(**p)));
        }
        false
    }

    /// Triplets with this middle.
    fn around(&self, y: Rank) -> &[Three] {
        let from = self.by_middle.partition_point(|three| three.1 < y);
        let to = self.by_middle.partition_point(|three| three.1 <= y);
        &self.by_middle[from..to]
    }

    /// Step 4, its second half: clique links are peer links.
    fn clique_peers(&mut self) {
        let clique: Vec<Rank> = self.clique.iter().copied().collect();
        for (at, a) in clique.iter().enumerate() {
            clique[at + 1..].iter().for_each(|b| self.peer(*a, *b, 4));
        }
    }

    /// Step 5, down the order: what `y` shows its provider or peer `x` is of its customers.
    fn top_down(&mut self) {
        let by_last = std::mem::take(&mut self.by_last);
        for (x, y, z) in &by_last {
            if self.above(*x, *y) && self.transit(*y) >= self.transit(*z) {
                self.sell(*y, *z, 5);
            }
        }
        self.by_last = by_last;
    }

    /// After `y` was found to buy: what it shows its providers and peers is of its customers, and theirs.
    fn descend(&mut self, y: Rank, step: u8) {
        let mut open = vec![y];
        while let Some(y) = open.pop() {
            for (x, y, z) in self.around(y).to_vec() {
                if self.transit(y) >= self.transit(z) && self.above(x, y) && self.sell(y, z, step) {
                    open.push(z);
                }
            }
        }
    }

    /// Step 6: a vantage that shows few origins shows no routes of its providers, so what it shows next is a customer or a
    /// peer, and a stub behind that buys from it.
    fn vantages_without_providers(&mut self) {
        for (x, y, z) in self.by_last.clone() {
            let from_few = self.triplet(&(x, y, z)).is_some_and(|t| t.from_few);
            if from_few && self.transit(z) == 0 {
                self.sell(y, z, 6);
            }
        }
    }

    /// Step 7: providers smaller than their customer. `x` sells to `y`, and `y` shows it routes that `z` announces itself.
    fn smaller_providers(&mut self) {
        loop {
            let mut found: Vec<(std::cmp::Reverse<usize>, Three)> = Vec::new();
            for three in &self.by_last {
                let (x, y, z) = *three;
                if self.is_open(y, z) && self.what(x, y) == Some(Is::Provider) {
                    let Some(triplet) = self.triplet(three) else { continue };
                    if self.survey.has_clusters(&triplet.ending, self.rules.relation_occurrences) {
                        found.push((std::cmp::Reverse(triplet.ending.count()), (y, z, x)));
                    }
                }
            }
            found.sort_unstable();
            let mut changed = false;
            for (_, (y, z, _)) in found {
                if self.sell(y, z, 7) {
                    self.descend(z, 7);
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// Step 8: a network with customers, without a provider and outside the clique has peers above it, and shows them its
    /// customers.
    fn without_providers(&mut self) {
        for x in 0..self.ranking.asns.len() as Rank {
            let able = self.transit(x) >= self.rules.relation_provider_free_degree;
            if !able || self.clique.contains(&x) || !self.providers[x as usize].is_empty() {
                continue;
            }
            for higher in self.neighbours[x as usize].clone().into_iter().filter(|n| *n < x) {
                self.peer(x, higher, 8);
            }
            for (y, _, z) in self.around(x).to_vec() {
                if y < x && self.what(y, x) == Some(Is::Peer) && self.sell(x, z, 8) {
                    self.descend(z, 8);
                }
            }
        }
    }

    fn open_links(&self) -> Vec<(Rank, Rank)> {
        let mut open: Vec<(Rank, Rank)> =
            self.counts.links.keys().filter(|link| !self.given.contains_key(link)).copied().collect();
        open.sort_unstable();
        open
    }

    /// Step 9: a stub beside a member of the clique buys from it.
    fn stubs_of_the_clique(&mut self) {
        for (high, low) in self.open_links() {
            if self.clique.contains(&high) && self.transit(low) == 0 && self.providers[low as usize].is_empty() {
                self.sell(high, low, 9);
            }
        }
    }

    /// Step 10: two peer links cannot follow each other, so in `x|y|z` with both open `y` sells to one of the two: to the one
    /// that it exceeds more.
    fn open_neighbours(&mut self) {
        let over =
            |this: &Self, y: Rank, other: Rank| f64::from(this.transit(y) + 1) / f64::from(this.transit(other) + 1);
        for (x, y, z) in self.by_middle.clone() {
            if self.is_open(x, y) && self.is_open(y, z) {
                let customer = if over(self, y, z) >= over(self, y, x) { z } else { x };
                self.sell(y, customer, 10);
            }
        }
    }

    /// Step 11.
    fn rest(&mut self) {
        for (a, b) in self.open_links() {
            self.peer(a, b, 11);
        }
    }
}

#[cfg(test)]
mod tests {
    use headwater_route::Asn;
    use headwater_route::rows::PathDumps;

    use super::super::testing::{dumps, rules};
    use super::*;

    /// Six collectors with a peer each: the witnesses of the tests.
    fn six() -> PathDumps {
        let names = ["a", "b", "c", "d", "e", "f"];
        dumps(&std::array::from_fn::<(&str, u32, u64), 6, _>(|i| (names[i], 65536 + i as u32, 1)))
    }

    /// Paths of ranks, each shown by a witness; a path told with `true` is of a vantage that shows few origins.
    fn counts(paths: &[(u32, &[Rank], bool)]) -> Counts {
        let mut counts = Counts::default();
        for (at, (witness, hops, from_few)) in (1..).zip(paths) {
            let origin = hops[hops.len() - 1];
            for pair in hops.windows(2) {
                let link = counts.links.entry((pair[0].min(pair[1]), pair[0].max(pair[1]))).or_default();
                link.seen.add(*witness);
                link.origins.add(at, origin);
            }
            for (i, three) in hops.windows(3).enumerate() {
                let triplet = counts.triplets.entry((three[0], three[1], three[2])).or_default();
                triplet.seen.add(*witness);
                triplet.origins.add(at, origin);
                triplet.from_few |= *from_few && i == 0;
                if i + 3 == hops.len() {
                    triplet.ending.add(*witness);
                }
            }
        }
        counts
    }

    fn ranking(transit: &[u32]) -> Ranking {
        let asns: Vec<Asn> = (0..transit.len() as u32).map(|n| Asn(64496 + n)).collect();
        Ranking {
            rank_of: (0..).zip(&asns).map(|(rank, asn)| (*asn, rank)).collect(),
            asns,
            transit_degree: transit.to_vec(),
            beyond: FxHashMap::default(),
            behind: FxHashMap::default(),
            shown: FxHashMap::default(),
            origins: 0,
        }
    }

    /// Labels after some steps: (smaller rank, greater rank) to who sells and the step.
    fn after(
        transit: &[u32],
        clique: &[Rank],
        paths: &[(u32, &[Rank], bool)],
        run: impl Fn(&mut Steps<'_>),
    ) -> Vec<((Rank, Rank), Given)> {
        let (dumps, rules) = (six(), rules());
        let survey = Survey::new(&dumps, &rules);
        let (ranking, clique, counts) = (ranking(transit), clique.iter().copied().collect(), counts(paths));
        let mut steps = Steps::new(&ranking, &clique, &counts, &survey, &rules);
        run(&mut steps);
        let mut given: Vec<_> = steps.given.into_iter().collect();
        given.sort_unstable();
        given
    }

    fn top_down(steps: &mut Steps<'_>) {
        steps.clique_peers();
        steps.top_down();
    }

    #[test]
    fn members_of_the_clique_are_peers() {
        let found = after(&[9, 8, 1], &[0, 1], &[(0, &[0, 1, 2], false)], |steps| steps.clique_peers());
        assert_eq!(found, [((0, 1), (None, 4))]);
    }

    #[test]
    fn what_is_shown_to_a_peer_or_provider_is_of_customers_and_theirs() {
        // 0 and 1 are at the top; 1 shows 0 the routes of 2, which shows 1 those of 3.
        let found = after(&[9, 8, 3, 0], &[0, 1], &[(0, &[0, 1, 2, 3], false)], top_down);
        assert_eq!(found, [((0, 1), (None, 4)), ((1, 2), (Some(1), 5)), ((2, 3), (Some(2), 5))]);
        // What 2 shows 1 of a larger network is not settled here.
        let found = after(&[9, 8, 5, 3], &[0, 1], &[(0, &[0, 1, 3, 2], false)], top_down);
        assert_eq!(found, [((0, 1), (None, 4)), ((1, 3), (Some(1), 5))]);
        // What a customer shows a customer says nothing: 2 hears 3 through its provider 1.
        let found = after(&[9, 8, 3, 0], &[0, 1], &[(0, &[0, 1, 2], false), (1, &[2, 1, 3], false)], top_down);
        assert_eq!(found, [((0, 1), (None, 4)), ((1, 2), (Some(1), 5))]);
    }

    #[test]
    fn nobody_sells_to_the_clique_or_to_a_provider_of_its_own() {
        let found = after(&[9, 8, 7, 7, 7], &[0], &[(0, &[1, 2, 3, 4, 1, 0], false)], |steps| {
            assert!(steps.sell(1, 2, 5) && steps.sell(2, 3, 5) && steps.sell(3, 4, 5));
            assert!(!steps.sell(4, 1, 5), "a cycle");
            assert!(!steps.sell(1, 0, 5), "to the clique");
            assert!(!steps.sell(2, 1, 5), "the link has its label");
            assert!(!steps.sell(0, 4, 5), "no path shows such a link");
        });
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_vantage_of_few_origins_shows_customers_of_its_neighbours() {
        let run = |steps: &mut Steps<'_>| steps.vantages_without_providers();
        let found = after(&[9, 5, 2, 0], &[], &[(0, &[2, 1, 3], true)], run);
        assert_eq!(found, [((1, 3), (Some(1), 6))]);
        assert_eq!(after(&[9, 5, 2, 0], &[], &[(0, &[2, 1, 3], false)], run), []);
        // Who is in the middle of a path himself may be a peer.
        assert_eq!(after(&[9, 5, 2, 1], &[], &[(0, &[2, 1, 3], true)], run), []);
    }

    #[test]
    fn a_provider_may_be_smaller_if_enough_independent_vantages_show_it() {
        let run = |steps: &mut Steps<'_>| {
            top_down(steps);
            steps.smaller_providers();
        };
        // 0 | 1 at the top sells to 3, which shows it 2, larger; 2 has a customer 4.
        let path: &[Rank] = &[0, 1, 3, 2];
        let three = [(0, path, false), (1, path, false), (2, path, false), (0, &[1, 3, 2, 4][..], false)];
        let found = after(&[9, 8, 5, 3, 0], &[0, 1], &three, run);
        let expected = [((0, 1), (None, 4)), ((1, 3), (Some(1), 5)), ((2, 3), (Some(3), 7)), ((2, 4), (Some(2), 7))];
        assert_eq!(found, expected);
        // Two are too few.
        assert_eq!(after(&[9, 8, 5, 3, 0], &[0, 1], &three[1..], run).len(), 2);
        // Nor does it count where 2 is not the origin.
        let through: &[Rank] = &[0, 1, 3, 2, 4];
        let paths = [(0, through, false), (1, through, false), (2, through, false)];
        assert_eq!(after(&[9, 8, 5, 3, 0], &[0, 1], &paths, run).len(), 2);
    }

    #[test]
    fn a_network_without_providers_has_peers_above_and_customers_behind() {
        let run = |steps: &mut Steps<'_>| steps.without_providers();
        let found = after(&[30, 10, 0, 0], &[], &[(0, &[0, 1, 2], false), (1, &[3, 1, 2], false)], run);
        assert_eq!(found, [((0, 1), (None, 8)), ((1, 2), (Some(1), 8))]);
        assert_eq!(after(&[30, 9, 0, 0], &[], &[(0, &[0, 1, 2], false)], run), []);
        let bought = |steps: &mut Steps<'_>| {
            steps.sell(0, 1, 5);
            steps.without_providers();
        };
        // Rank 0 has no provider itself, and nobody above.
        assert_eq!(after(&[30, 10, 0, 0], &[], &[(0, &[0, 1, 2], false)], bought), [((0, 1), (Some(0), 5))]);
    }

    #[test]
    fn a_stub_beside_the_clique_buys_there_if_nowhere_else() {
        let run = |steps: &mut Steps<'_>| steps.stubs_of_the_clique();
        let paths: &[(u32, &[Rank], bool)] = &[(0, &[0, 2], false), (0, &[1, 2], false)];
        assert_eq!(after(&[9, 5, 0], &[0], paths, run), [((0, 2), (Some(0), 9))]);
        assert_eq!(after(&[9, 5, 1], &[0], paths, run), []);
        let bought = |steps: &mut Steps<'_>| {
            steps.sell(1, 2, 5);
            steps.stubs_of_the_clique();
        };
        assert_eq!(after(&[9, 5, 0], &[0], paths, bought), [((1, 2), (Some(1), 5))]);
    }

    #[test]
    fn of_two_open_links_in_a_row_the_more_unequal_is_sold() {
        let run = |steps: &mut Steps<'_>| {
            steps.open_neighbours();
            steps.rest();
        };
        let found = after(&[9, 8, 1], &[], &[(0, &[0, 1, 2], false)], run);
        assert_eq!(found, [((0, 1), (None, 11)), ((1, 2), (Some(1), 10))]);
        // Whichever way the path runs.
        assert_eq!(after(&[9, 8, 1], &[], &[(0, &[2, 1, 0], false)], run), found);
    }

    #[test]
    fn every_link_has_a_label_in_the_end() {
        let found =
            after(&[9, 8, 3, 0, 0], &[0, 1], &[(0, &[0, 1, 2, 3], false), (1, &[4, 3], false)], |steps| steps.run());
        assert_eq!(found.len(), 4);
        assert_eq!(found[3], ((3, 4), (None, 11)));
    }
}
