//! The shape of a topology in numbers, to hold one against another.

use headwater_route::Family;

use super::{AsIndex, Relation, Topology};

/// Parts of the networks, largest first, at which a spread is read off: the largest, then the one below which all but this
/// part lie.
pub const PARTS: [(f64, &str); 6] =
    [(0.0, "largest"), (0.001, "0.1 %"), (0.01, "1 %"), (0.05, "5 %"), (0.1, "10 %"), (0.25, "25 %")];

/// Numbers about a topology in one family.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    /// Networks with a link.
    pub networks: usize,
    /// Links between provider and customer (siblings count as such), for each network.
    pub transit_links: f64,
    /// Links between peers, for each network.
    pub peer_links: f64,
    /// Part of the networks without customers.
    pub stubs: f64,
    /// Part of the stubs with 1, 2, 3, and more providers.
    pub stub_providers: [f64; 4],
    /// Mean number of providers of networks with customers.
    pub seller_providers: f64,
    /// Part of the networks that have peers.
    pub peering: f64,
    /// Degrees at [`PARTS`].
    pub degrees: [usize; 6],
    /// Customers at [`PARTS`].
    pub customers: [usize; 6],
    /// Peers at [`PARTS`].
    pub peers: [usize; 6],
    /// Networks in the customer cone, at [`PARTS`].
    pub cones: [usize; 6],
}

impl Shape {
    /// Measures a topology. `cones` is the costly part: the cone of every network with customers is walked.
    pub fn of(topology: &Topology, family: Family) -> Shape {
        let all = (0..topology.networks().len() as u32).map(AsIndex);
        let mut counts: Vec<(AsIndex, [usize; 3])> = Vec::new();
        for network in all {
            // Providers, customers, peers.
            let mut count = [0; 3];
            for (other, relation, _) in topology.neighbours(network, family) {
                match relation {
                    Relation::Provider => count[0] += 1,
                    Relation::Customer => count[1] += 1,
                    Relation::Peer => count[2] += 1,
                    // As it is published: the one that was there first sells.
                    Relation::Sibling => count[usize::from(network < other)] += 1,
                }
            }
            if count != [0; 3] {
                counts.push((network, count));
            }
        }
        let networks = counts.len();
        let part = |of: usize, all: usize| if all == 0 { 0.0 } else { of as f64 / all as f64 };
        let sum = |what: fn(&[usize; 3]) -> usize| counts.iter().map(|(_, count)| what(count)).sum::<usize>();
        let stubs: Vec<&[usize; 3]> = counts.iter().map(|(_, c)| c).filter(|count| count[1] == 0).collect();
        let with = |wanted: fn(usize) -> bool| stubs.iter().filter(|count| wanted(count[0])).count();
        let sellers = networks - stubs.len();
        let seller_providers = counts.iter().filter(|(_, c)| c[1] > 0).map(|(_, c)| c[0]).sum();
        let mut cones = Cones { topology, family, seen: vec![0; topology.networks().len()], round: 0 };
        Shape {
            networks,
            transit_links: part(sum(|count| count[1]), networks),
            peer_links: part(sum(|count| count[2]) / 2, networks),
            stubs: part(stubs.len(), networks),
            stub_providers: [with(|n| n == 1), with(|n| n == 2), with(|n| n == 3), with(|n| n > 3)]
                .map(|of| part(of, stubs.len())),
            seller_providers: part(seller_providers, sellers),
            peering: part(counts.iter().filter(|(_, count)| count[2] > 0).count(), networks),
            degrees: at_parts(counts.iter().map(|(_, count)| count.iter().sum()).collect()),
            customers: at_parts(counts.iter().map(|(_, count)| count[1]).collect()),
            peers: at_parts(counts.iter().map(|(_, count)| count[2]).collect()),
            cones: at_parts(
                counts.iter().map(|(network, count)| if count[1] == 0 { 1 } else { cones.size(*network) }).collect(),
            ),
        }
    }

    /// Rows of a table: what, and the number as text.
    pub fn rows(&self) -> Vec<(String, String)> {
        let percent = |part: f64| format!("{:.1} %", part * 100.0);
        let mut rows = vec![
            ("networks".to_owned(), self.networks.to_string()),
            ("provider–customer links per network".to_owned(), format!("{:.2}", self.transit_links)),
            ("peer links per network".to_owned(), format!("{:.2}", self.peer_links)),
            ("networks without customers".to_owned(), percent(self.stubs)),
            ("networks with peers".to_owned(), percent(self.peering)),
            ("providers of those with customers, mean".to_owned(), format!("{:.2}", self.seller_providers)),
        ];
        for (part, name) in self.stub_providers.iter().zip(["1", "2", "3", "4 and more"]) {
            rows.push((format!("stubs with {name} providers"), percent(*part)));
        }
        let spreads =
            [("degree", self.degrees), ("customers", self.customers), ("peers", self.peers), ("cone", self.cones)];
        for (what, values) in spreads {
            for ((_, name), value) in PARTS.iter().zip(values) {
                rows.push((format!("{what}, {name}"), value.to_string()));
            }
        }
        rows
    }
}

fn at_parts(mut values: Vec<usize>) -> [usize; 6] {
    values.sort_unstable_by(|a, b| b.cmp(a));
    PARTS.map(|(part, _)| values.get((values.len() as f64 * part) as usize).copied().unwrap_or(0))
}

struct Cones<'a> {
    topology: &'a Topology,
    family: Family,
    seen: Vec<u32>,
    round: u32,
}

impl Cones<'_> {
    /// Networks that are reached by going down only, and the network itself.
    fn size(&mut self, of: AsIndex) -> usize {
        self.round += 1;
        let (mut open, mut size) = (vec![of], 0);
        while let Some(network) = open.pop() {
            if std::mem::replace(&mut self.seen[network.at()], self.round) == self.round {
                continue;
            }
            size += 1;
            for (below, relation, _) in self.topology.neighbours(network, self.family) {
                let sells = relation == Relation::Customer || (relation == Relation::Sibling && network < below);
                if sells && self.seen[below.at()] != self.round {
                    open.push(below);
                }
            }
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::tests::network;

    #[test]
    fn a_small_topology_is_measured() {
        let mut topology = Topology::default();
        let [a, b, c, d] = [64500, 64501, 64502, 64503].map(|asn| topology.add_network(network(asn)));
        for (x, y) in [(a, b), (b, c), (a, c)] {
            topology.relate(x, y, Family::V4, Some(Relation::Provider));
        }
        topology.relate(c, d, Family::V4, Some(Relation::Peer));
        let shape = Shape::of(&topology, Family::V4);
        assert_eq!((shape.networks, shape.transit_links, shape.peer_links), (4, 0.75, 0.25));
        assert_eq!((shape.stubs, shape.stub_providers), (0.5, [0.0, 0.5, 0.0, 0.0]));
        assert_eq!((shape.cones[0], shape.customers[0], shape.degrees[0]), (3, 2, 3));
        assert_eq!(Shape::of(&topology, Family::V6).networks, 0);
    }
}
