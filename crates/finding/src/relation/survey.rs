//! Who looks: vantages, what counts as one witness, and who gives a full feed (methods §2).

use std::collections::BTreeSet;

use headwater_route::Asn;
use headwater_route::rows::PathDumps;

use crate::cohort::independent;
use crate::rules::Rules;

/// The vantages of some dumps as witnesses.
pub struct Survey<'a> {
    dumps: &'a PathDumps,
    /// Distinct (collector, peer ASN), sorted: sessions of one peer at one collector see the same.
    pairs: Vec<(&'a str, Asn)>,
    /// The pair of each vantage.
    pair_of: Vec<u32>,
    /// The vantage gives a full feed.
    full: Vec<bool>,
    by_collector: bool,
}

impl<'a> Survey<'a> {
    /// The vantages of these dumps.
    pub fn new(dumps: &'a PathDumps, rules: &Rules) -> Survey<'a> {
        let all: BTreeSet<(&str, Asn)> = dumps.vantages.iter().map(|(v, _)| (v.collector.as_str(), v.asn)).collect();
        let pairs: Vec<(&str, Asn)> = all.into_iter().collect();
        let place = |pair: (&str, Asn)| pairs.binary_search(&pair).unwrap_or_default() as u32;
        let pair_of = dumps.vantages.iter().map(|(v, _)| place((v.collector.as_str(), v.asn))).collect();
        let largest = dumps.vantages.iter().map(|(_, routes)| *routes).max().unwrap_or(0);
        let is_full = |routes: u64| routes > 0 && routes as f64 >= rules.full_feed_ratio * largest as f64;
        let full = dumps.vantages.iter().map(|(_, routes)| is_full(*routes)).collect();
        Survey { dumps, pairs, pair_of, full, by_collector: rules.relation_collector_clusters }
    }

    /// The dumps.
    pub fn dumps(&self) -> &'a PathDumps {
        self.dumps
    }

    /// The peer ASN of a vantage.
    pub fn asn(&self, vantage: usize) -> Asn {
        self.dumps.vantages[vantage].0.asn
    }

    /// True if the vantage gives a full feed.
    pub fn is_full(&self, vantage: usize) -> bool {
        self.full[vantage]
    }

    /// Independent clusters among vantages that give a full feed.
    pub fn full_feed_clusters(&self) -> usize {
        let mut full = Witnesses::default();
        (0..self.full.len()).filter(|v| self.full[*v]).for_each(|v| full.add(self.witness(v)));
        self.clusters(&full)
    }

    pub(crate) fn witness(&self, vantage: usize) -> u32 {
        self.pair_of[vantage]
    }

    fn named<'s>(&'s self, witnesses: &'s Witnesses) -> impl Iterator<Item = (&'a str, Asn)> + 's {
        witnesses.iter().map(|pair| self.pairs[pair as usize])
    }

    /// Distinct peer ASNs.
    pub(crate) fn peers(&self, witnesses: &Witnesses) -> BTreeSet<Asn> {
        self.named(witnesses).map(|(_, asn)| asn).collect()
    }

    /// How many of them are independent.
    pub(crate) fn clusters(&self, witnesses: &Witnesses) -> usize {
        match self.by_collector {
            true => independent(self.named(witnesses)),
            false => self.peers(witnesses).len(),
        }
    }

    /// True if at least `least` of them are independent; dearer counting is done only where it can matter.
    pub(crate) fn has_clusters(&self, witnesses: &Witnesses, least: usize) -> bool {
        witnesses.count() >= least && self.clusters(witnesses) >= least
    }
}

/// A set of (collector, peer ASN) pairs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Witnesses(Vec<u64>);

impl Witnesses {
    pub fn add(&mut self, pair: u32) {
        let word = pair as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (pair % 64);
    }

    pub fn join(&mut self, other: &Witnesses) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let bits = |(at, word): (usize, &u64)| {
            let word = *word;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at as u32 * 64 + bit)
        };
        self.0.iter().enumerate().flat_map(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{dumps, rules};
    use super::*;

    #[test]
    fn sessions_of_a_peer_at_a_collector_are_one_witness_and_a_collector_one_cluster() {
        let dumps = dumps(&[("a", 64500, 100), ("a", 64500, 100), ("a", 64501, 90), ("b", 64501, 80), ("b", 64502, 0)]);
        let survey = Survey::new(&dumps, &rules());
        let mut all = Witnesses::default();
        (0..dumps.vantages.len()).for_each(|v| all.add(survey.witness(v)));
        assert_eq!((all.count(), survey.peers(&all).len(), survey.clusters(&all)), (4, 3, 2));
        // 80 of 100 routes are no full feed, and two peers of one collector one cluster.
        assert_eq!(survey.full_feed_clusters(), 1);
        let apart = Rules { relation_collector_clusters: false, ..rules() };
        assert_eq!(Survey::new(&dumps, &apart).full_feed_clusters(), 2);
    }

    #[test]
    fn witnesses_are_a_set() {
        let mut some = Witnesses::default();
        [3, 200, 3, 64].into_iter().for_each(|pair| some.add(pair));
        let mut other = Witnesses::default();
        other.add(1);
        other.join(&some);
        assert_eq!(other.iter().collect::<Vec<_>>(), [1, 3, 64, 200]);
        assert_eq!((some.count(), other.count()), (3, 4));
    }
}
