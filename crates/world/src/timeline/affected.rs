//! Which classes a change of links can affect.
//!
//! A network passes routes of its customers up and sideways, so a link matters to the classes that begin in the cone below
//! it; routes go down to relevant networks only, so it matters to all classes only if the lower end is relevant. Nothing
//! else can change: a choice depends on what is offered, and only these offers change.

use headwater_route::Family;

use crate::announce::Announcement;
use crate::propagate::Graph;
use crate::topology::{AsIndex, Relation, Topology};

/// Classes of one family that must be computed again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Affected {
    /// All.
    All,
    /// Those with a seed at one of these networks (one flag a network; empty: none).
    From(Vec<bool>),
}

impl Affected {
    pub(super) const NONE: Affected = Affected::From(Vec::new());

    pub(super) fn includes(&self, announcement: &Announcement) -> bool {
        match self {
            Affected::All => true,
            Affected::From(flags) => announcement.seeds.iter().any(|seed| flags.get(seed.at.at()) == Some(&true)),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        matches!(self, Affected::From(flags) if flags.is_empty())
    }

    /// Adds what a link between `a` and `b` matters to, as the topology is now.
    pub(super) fn add_link(&mut self, topology: &Topology, graph: &Graph, family: Family, a: AsIndex, b: AsIndex) {
        let Some(relation) = topology.relation(a, b, family) else { return };
        match relation {
            Relation::Provider => self.add_below(topology, graph, family, b),
            Relation::Customer => self.add_below(topology, graph, family, a),
            Relation::Sibling => {
                self.add_below(topology, graph, family, a);
                self.add_below(topology, graph, family, b);
            }
            Relation::Peer => {
                if graph.is_relevant(a) {
                    self.add_cone(topology, family, b);
                }
                if graph.is_relevant(b) {
                    self.add_cone(topology, family, a);
                }
            }
        }
    }

    /// What the link above `lower` matters to.
    fn add_below(&mut self, topology: &Topology, graph: &Graph, family: Family, lower: AsIndex) {
        match graph.is_relevant(lower) {
            true => *self = Affected::All,
            false => self.add_cone(topology, family, lower),
        }
    }

    fn add_cone(&mut self, topology: &Topology, family: Family, of: AsIndex) {
        let Affected::From(flags) = self else { return };
        flags.resize(topology.networks().len(), false);
        // Flags of an earlier state of the topology do not tell what lies below now.
        let mut seen = vec![false; topology.networks().len()];
        let mut open = vec![of];
        while let Some(network) = open.pop() {
            if std::mem::replace(&mut seen[network.at()], true) {
                continue;
            }
            flags[network.at()] = true;
            let below = topology.neighbours(network, family);
            open.extend(
                below.filter(|(_, r, _)| matches!(r, Relation::Customer | Relation::Sibling)).map(|(who, ..)| who),
            );
        }
    }
}
