//! The topology of one family, arranged for computing routes.

use headwater_route::{Asn, Family};

use crate::observe::Feed;
use crate::topology::{AsIndex, Relation, Topology};

/// One direction of a link: to whom a route goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Arc {
    /// Who gets it.
    pub(super) to: u32,
    /// The route server that puts its number into the path; 0: none.
    pub(super) via: u32,
}

/// Arcs of each network in a row.
#[derive(Clone, Debug, Default)]
struct Rows {
    starts: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Rows {
    fn push(&mut self, arcs: impl Iterator<Item = Arc>) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.arcs.extend(arcs);
        self.starts.push(self.arcs.len() as u32);
    }

    fn of(&self, network: u32) -> &[Arc] {
        let at = network as usize;
        &self.arcs[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// What a network does with paths beside passing them on.
#[derive(Clone, Debug, Default)]
pub(super) struct Habits {
    pub(super) asn: u32,
    pub(super) hides_itself: bool,
    pub(super) repeats: Vec<(AsIndex, u8)>,
    pub(super) strips: Vec<Asn>,
    pub(super) strips_communities: bool,
    pub(super) marks: bool,
    pub(super) refuses: u8,
}

/// The topology of one family as of one moment, arranged for computing routes to some watchers.
#[derive(Clone, Debug)]
pub struct Graph {
    /// To providers and siblings.
    up: Rows,
    /// To peers that are relevant.
    across: Rows,
    /// From relevant networks to relevant customers and siblings.
    down: Rows,
    relevant: Vec<bool>,
    pub(super) habits: Vec<Habits>,
    /// Whose routes are kept, in this order.
    pub(super) watchers: Vec<(AsIndex, Feed)>,
    /// Ties between neighbours are broken by a draw from this.
    pub(super) tie_seed: u64,
}

impl Graph {
    /// Arranges a topology. `watchers` are those whose routes are kept; of the `others`, such as networks that leak, routes
    /// are computed as well.
    pub fn new(
        topology: &Topology,
        family: Family,
        watchers: Vec<(AsIndex, Feed)>,
        others: &[AsIndex],
        tie_seed: u64,
    ) -> Graph {
        let relevant = relevant(topology, family, watchers.iter().map(|(who, _)| *who).chain(others.iter().copied()));
        let (mut up, mut across, mut down) = (Rows::default(), Rows::default(), Rows::default());
        let visible = |link: &crate::topology::Link| {
            let exchange = link.exchange.map(|id| &topology.exchanges()[id.0 as usize]);
            exchange.filter(|exchange| exchange.visible).map_or(0, |exchange| exchange.route_server.0)
        };
        for (at, _) in topology.networks().iter().enumerate() {
            let me = AsIndex(at as u32);
            let arcs = |wanted: fn(Relation) -> bool, all: bool| {
                topology.neighbours(me, family).filter_map(move |(who, relation, link)| {
                    let via = if relation == Relation::Peer { visible(&topology.links()[link.0 as usize]) } else { 0 };
                    (wanted(relation) && all).then_some(Arc { to: who.0, via })
                })
            };
            up.push(arcs(|relation| matches!(relation, Relation::Provider | Relation::Sibling), true));
            across.push(arcs(|relation| relation == Relation::Peer, true).filter(|arc| relevant[arc.to as usize]));
            let below = arcs(|relation| matches!(relation, Relation::Customer | Relation::Sibling), relevant[at]);
            down.push(below.filter(|arc| relevant[arc.to as usize]));
        }
        let habits = topology.networks().iter().map(|network| Habits {
            asn: network.asn.0,
            hides_itself: network.conduct.hides_itself,
            repeats: network.conduct.repeats.clone(),
            strips: network.conduct.strips.clone(),
            strips_communities: network.conduct.strips_communities,
            marks: network.conduct.marks_only_to_customer,
            refuses: network.conduct.refuses,
        });
        Graph { up, across, down, relevant, habits: habits.collect(), watchers, tie_seed }
    }

    /// True if a watcher's routes can depend on this network's choice among its peers and providers.
    pub fn is_relevant(&self, network: AsIndex) -> bool {
        self.relevant[network.at()]
    }

    /// Number of relevant networks.
    pub fn relevant_networks(&self) -> usize {
        self.relevant.iter().filter(|relevant| **relevant).count()
    }

    pub(super) fn networks(&self) -> usize {
        self.relevant.len()
    }

    pub(super) fn up(&self, of: u32) -> &[Arc] {
        self.up.of(of)
    }

    pub(super) fn across(&self, of: u32) -> &[Arc] {
        self.across.of(of)
    }

    pub(super) fn down(&self, of: u32) -> &[Arc] {
        self.down.of(of)
    }
}

/// The watchers and everyone above them.
fn relevant(topology: &Topology, family: Family, watchers: impl Iterator<Item = AsIndex>) -> Vec<bool> {
    let mut relevant = vec![false; topology.networks().len()];
    let mut open: Vec<AsIndex> = watchers.collect();
    while let Some(network) = open.pop() {
        if std::mem::replace(&mut relevant[network.at()], true) {
            continue;
        }
        let above = topology.neighbours(network, family);
        let above = above.filter(|(_, relation, _)| matches!(relation, Relation::Provider | Relation::Sibling));
        open.extend(above.map(|(who, ..)| who).filter(|who| !relevant[who.at()]));
    }
    relevant
}
