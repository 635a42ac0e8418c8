//! Networks and the links between them.
//!
//! Place on the way: first; routes are computed over it. Networks are numbered densely, so that tables about them are arrays.
//! A link has a relation for each family: they may differ (hybrid), and one may be missing. Must not know: prefixes, time.

mod generate;
mod published;
mod shape;

use headwater_route::{Asn, Family};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub use self::generate::generate;
pub use self::published::published;
pub use self::shape::{PARTS, Shape};

/// A network's place in [`Topology::networks`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AsIndex(pub u32);

impl AsIndex {
    /// As a position.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// A link's place in [`Topology::links`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub u32);

/// An exchange's place in [`Topology::exchanges`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExchangeId(pub u32);

/// What sort of network it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// Buys from nobody; a member of the clique.
    TierOne,
    /// Sells transit in several regions.
    Transit,
    /// Sells transit in its region.
    Regional,
    /// Few customers, many peers.
    Content,
    /// No customers.
    Stub,
}

/// A network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    /// Its number.
    pub asn: Asn,
    /// What sort of network it is.
    pub kind: NetworkKind,
    /// Where it is at home, `0..REGIONS`.
    pub region: u8,
    /// The organisation it belongs to; siblings share it. For a network alone in its organisation, its own index.
    pub organisation: u32,
    /// Its name, if the scenario gives one.
    pub name: Option<Box<str>>,
    /// It has IPv6.
    pub v6: bool,
    /// How it treats routes.
    pub conduct: Conduct,
}

/// Regions there are.
pub const REGIONS: u8 = 6;

/// How a network treats the routes it passes on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conduct {
    /// It leaves its own number out of the paths it passes on (a telecom that hides itself).
    pub hides_itself: bool,
    /// Neighbours to which it repeats its number, and how many times more, in ascending order. What it announces itself goes by
    /// its seed instead.
    pub repeats: Vec<(AsIndex, u8)>,
    /// Numbers it takes out of the paths it passes on (as `remove-private-as` does; or a customer it hides).
    pub strips: Vec<Asn>,
    /// It takes communities off the routes it passes on.
    pub strips_communities: bool,
    /// It sets ONLY_TO_CUSTOMER (RFC 9234).
    pub marks_only_to_customer: bool,
    /// Traits of announcements it does not accept: bits of [`crate::announce::traits`].
    pub refuses: u8,
}

/// What one network is to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It sells transit to the other.
    Provider,
    /// It buys transit from the other.
    Customer,
    /// They exchange routes of themselves and their customers.
    Peer,
    /// They belong together and give each other everything, as if each were the other's customer.
    Sibling,
}

impl Relation {
    /// What the other is to this one.
    pub fn reversed(self) -> Relation {
        match self {
            Relation::Provider => Relation::Customer,
            Relation::Customer => Relation::Provider,
            same => same,
        }
    }
}

/// A link between two networks. `a` and `b` differ; the pair has one link at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// One end.
    pub a: AsIndex,
    /// The other end.
    pub b: AsIndex,
    /// What `a` is to `b` in IPv4; `None`: no session.
    pub v4: Option<Relation>,
    /// What `a` is to `b` in IPv6; `None`: no session.
    pub v6: Option<Relation>,
    /// The exchange whose route server they meet at.
    pub exchange: Option<ExchangeId>,
}

impl Link {
    /// What `a` is to `b` in a family.
    pub fn relation(&self, family: Family) -> Option<Relation> {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }
}

/// An exchange with a route server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// Number of its route server.
    pub route_server: Asn,
    /// The route server puts its number into paths (against RFC 7947 §2.2.2.1).
    pub visible: bool,
    /// Where it is.
    pub region: u8,
}

/// Networks, links and exchanges.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    networks: Vec<Network>,
    links: Vec<Link>,
    exchanges: Vec<Exchange>,
    /// Links of each network.
    of: Vec<Vec<LinkId>>,
    by_asn: FxHashMap<Asn, AsIndex>,
    by_pair: FxHashMap<(AsIndex, AsIndex), LinkId>,
}

impl Topology {
    /// The networks; positions are [`AsIndex`].
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// The network at an index.
    pub fn network(&self, index: AsIndex) -> &Network {
        &self.networks[index.at()]
    }

    /// As [`Topology::network`], to change its conduct or kind.
    pub fn network_mut(&mut self, index: AsIndex) -> &mut Network {
        &mut self.networks[index.at()]
    }

    /// The links; positions are [`LinkId`]. A link that has gone keeps its place, without relations.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The exchanges; positions are [`ExchangeId`].
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// The network with a number.
    pub fn find(&self, asn: Asn) -> Option<AsIndex> {
        self.by_asn.get(&asn).copied()
    }

    /// Adds a network. Its number must be new; if it is not, the network that has it is given back.
    pub fn add_network(&mut self, network: Network) -> AsIndex {
        if let Some(index) = self.find(network.asn) {
            return index;
        }
        let index = AsIndex(self.networks.len() as u32);
        self.by_asn.insert(network.asn, index);
        self.networks.push(network);
        self.of.push(Vec::new());
        index
    }

    /// Adds an exchange.
    pub fn add_exchange(&mut self, exchange: Exchange) -> ExchangeId {
        self.exchanges.push(exchange);
        ExchangeId(self.exchanges.len() as u32 - 1)
    }

    /// The link between two networks, whichever way round.
    pub fn link_between(&self, a: AsIndex, b: AsIndex) -> Option<LinkId> {
        self.by_pair.get(&(a.min(b), a.max(b))).copied()
    }

    /// What `a` is to `b` in a family.
    pub fn relation(&self, a: AsIndex, b: AsIndex, family: Family) -> Option<Relation> {
        let link = self.links[self.link_between(a, b)?.0 as usize];
        let relation = link.relation(family)?;
        Some(if link.a == a { relation } else { relation.reversed() })
    }

    /// Sets what `a` is to `b` in a family, making the link if there is none. `None` ends it in that family. Nothing is done
    /// if `a` is `b`.
    pub fn relate(&mut self, a: AsIndex, b: AsIndex, family: Family, relation: Option<Relation>) {
        if a == b {
            return;
        }
        let id = self.link_between(a, b).unwrap_or_else(|| {
            let id = LinkId(self.links.len() as u32);
            self.links.push(Link { a, b, v4: None, v6: None, exchange: None });
            self.by_pair.insert((a.min(b), a.max(b)), id);
            self.of[a.at()].push(id);
            self.of[b.at()].push(id);
            id
        });
        let link = &mut self.links[id.0 as usize];
        let relation = if link.a == a { relation } else { relation.map(Relation::reversed) };
        match family {
            Family::V4 => link.v4 = relation,
            Family::V6 => link.v6 = relation,
        }
    }

    /// As [`Topology::relate`], in both families where both networks have IPv6.
    pub fn relate_both(&mut self, a: AsIndex, b: AsIndex, relation: Option<Relation>) {
        self.relate(a, b, Family::V4, relation);
        if relation.is_none() || (self.networks[a.at()].v6 && self.networks[b.at()].v6) {
            self.relate(a, b, Family::V6, relation);
        }
    }

    /// Says that two networks meet at the route server of an exchange.
    pub fn meet_at(&mut self, a: AsIndex, b: AsIndex, exchange: ExchangeId) {
        if let Some(id) = self.link_between(a, b) {
            self.links[id.0 as usize].exchange = Some(exchange);
        }
    }

    /// Neighbours of a network in a family: who, what the neighbour is to it, and the link. In order of the links' making.
    pub fn neighbours(&self, of: AsIndex, family: Family) -> impl Iterator<Item = (AsIndex, Relation, LinkId)> + '_ {
        self.of[of.at()].iter().filter_map(move |id| {
            let link = &self.links[id.0 as usize];
            let relation = link.relation(family)?;
            Some(if link.a == of { (link.b, relation.reversed(), *id) } else { (link.a, relation, *id) })
        })
    }

    /// Providers of a network in a family.
    pub fn providers(&self, of: AsIndex, family: Family) -> impl Iterator<Item = AsIndex> + '_ {
        self.neighbours(of, family).filter(|(_, relation, _)| *relation == Relation::Provider).map(|(who, ..)| who)
    }

    /// Number of customers of a network in a family.
    pub fn customers(&self, of: AsIndex, family: Family) -> usize {
        self.neighbours(of, family).filter(|(_, relation, _)| *relation == Relation::Customer).count()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn network(asn: u32) -> Network {
        Network {
            asn: Asn(asn),
            kind: NetworkKind::Stub,
            region: 0,
            organisation: asn,
            name: None,
            v6: true,
            conduct: Conduct::default(),
        }
    }

    #[test]
    fn relations_read_the_same_from_both_ends() {
        let mut topology = Topology::default();
        let (a, b) = (topology.add_network(network(64500)), topology.add_network(network(64501)));
        topology.relate(b, a, Family::V4, Some(Relation::Provider));
        topology.relate(a, b, Family::V6, Some(Relation::Peer));
        assert_eq!(topology.links().len(), 1);
        assert_eq!(topology.relation(b, a, Family::V4), Some(Relation::Provider));
        assert_eq!(topology.relation(a, b, Family::V4), Some(Relation::Customer));
        assert_eq!(topology.providers(a, Family::V4).collect::<Vec<_>>(), [b]);
        assert_eq!(topology.customers(b, Family::V4), 1);
        assert_eq!(topology.providers(a, Family::V6).count(), 0);
        topology.relate(a, b, Family::V4, None);
        assert_eq!(topology.relation(a, b, Family::V4), None);
        assert_eq!(topology.relation(a, b, Family::V6), Some(Relation::Peer));
    }

    #[test]
    fn a_number_is_one_network() {
        let mut topology = Topology::default();
        let a = topology.add_network(network(64500));
        assert_eq!(topology.add_network(network(64500)), a);
        topology.relate(a, a, Family::V4, Some(Relation::Peer));
        assert!(topology.links().is_empty());
    }
}
