//! Keeps the truth while a world is played.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Asn, Family, Prefix, Time};

use crate::announce::Announcement;
use crate::observe::VantageId;
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::timeline::{State, What};
use crate::topology::{AsIndex, LinkId, Relation, Topology};
use crate::truth::{Carriage, NetworkTruth, OriginTruth, RelationTruth, SCHEMA, Truth, VantageTruth};

/// The truth so far.
pub(super) struct Record {
    truth: Truth,
    watched: Vec<AsIndex>,
    /// Relations that last: (network, network, family) to what, and since when.
    relations: BTreeMap<(LinkId, Family), (Relation, Time)>,
    /// Origins that last: prefix to (origin, by whom, since when).
    origins: BTreeMap<(Prefix, Asn), (Option<Asn>, Time)>,
    /// What was last told of carriage.
    carriage: BTreeMap<(AsIndex, Family), Carriage>,
    /// Prefixes that watched networks announced at some time, or that were announced in their name.
    prefixes: BTreeSet<Prefix>,
}

impl Record {
    pub(super) fn new(scenario: &Scenario, plan: &Plan) -> Record {
        let network = |network: &crate::topology::Network| NetworkTruth {
            asn: network.asn,
            kind: network.kind,
            organisation: network.organisation,
            name: network.name.as_deref().map(str::to_owned),
        };
        let vantage = |vantage: &crate::observe::Vantage| VantageTruth {
            collector: plan.watch.collectors[vantage.collector.0 as usize].name.clone(),
            asn: vantage.session.asn,
            addr: vantage.session.addr,
            family: vantage.family,
            feed: vantage.feed,
        };
        let of_cast =
            |asn: Asn| plan.topology.find(asn).is_some_and(|network| plan.watched.binary_search(&network).is_ok());
        let truth = Truth {
            schema: SCHEMA.to_owned(),
            note: "an invented world: nothing in it is about a real network".to_owned(),
            scenario: scenario.name.clone(),
            seed: plan.seed,
            from: plan.from,
            until: plan.until,
            networks: plan.topology.networks().iter().map(network).collect(),
            vantages: plan.watch.vantages.iter().map(vantage).collect(),
            events: plan.events.clone(),
            incidents: plan.incidents.clone(),
            origins: Vec::new(),
            carriage: Vec::new(),
            relations: Vec::new(),
            holders: plan.register.holders.iter().filter(|holder| of_cast(holder.asn)).cloned().collect(),
            roas: plan.register.roas.iter().filter(|roa| of_cast(roa.asn)).cloned().collect(),
            aspas: plan.register.aspas.iter().filter(|aspa| of_cast(aspa.customer)).cloned().collect(),
            hosts: plan.register.hosts.clone(),
            drops: plan.register.drops.clone(),
        };
        Record {
            truth,
            watched: plan.watched.clone(),
            relations: BTreeMap::new(),
            origins: BTreeMap::new(),
            carriage: BTreeMap::new(),
            prefixes: BTreeSet::new(),
        }
    }

    /// Takes in the world as it is at its start.
    pub(super) fn look(&mut self, state: &State, at: Time) {
        for number in 0..state.topology().links().len() {
            self.look_at_link(state.topology(), LinkId(number as u32), at);
        }
        let of_watched = state.table().filter(|(_, announcement)| self.concerns(state.topology(), announcement));
        self.prefixes = of_watched.map(|(prefix, _)| *prefix).collect();
        self.look_at_watched(state, at);
    }

    /// Takes in what changes have made of it.
    pub(super) fn changed(&mut self, state: &State, at: Time, changes: &[What]) {
        let mut matters = false;
        for change in changes {
            match change {
                What::Relate { a, b, .. } => {
                    if let Some(link) = state.topology().link_between(*a, *b) {
                        self.look_at_link(state.topology(), link, at);
                    }
                    matters = true;
                }
                What::Announce { prefixes, announcement } => {
                    if self.concerns(state.topology(), announcement) {
                        self.prefixes.extend(prefixes);
                    }
                    matters |= prefixes.iter().any(|prefix| self.prefixes.contains(prefix));
                }
                What::Conduct { .. } | What::LeakBegins(_) | What::LeakEnds { .. } => matters = true,
                // A vantage's incident is no news of a network.
                What::Vantage(..) | What::Collector(..) => {}
            }
        }
        if matters {
            self.look_at_watched(state, at);
        }
    }

    /// True if a watched network announces, or something is announced in its name.
    fn concerns(&self, topology: &Topology, announcement: &Announcement) -> bool {
        let is_watched = |network: &AsIndex| self.watched.binary_search(network).is_ok();
        announcement.seeds.iter().any(|seed| {
            let named = seed.tail.last().and_then(|asn| topology.find(*asn));
            is_watched(&seed.at) || named.is_some_and(|network| is_watched(&network))
        })
    }

    fn look_at_link(&mut self, topology: &Topology, id: LinkId, at: Time) {
        let link = topology.links()[id.0 as usize];
        for family in [Family::V4, Family::V6] {
            let now = link.relation(family);
            let was = self.relations.get(&(id, family)).copied();
            if was.map(|(relation, _)| relation) == now {
                continue;
            }
            if let Some((relation, since)) = was {
                self.truth.relations.push(told(topology, id, relation, family, since, Some(at)));
            }
            match now {
                Some(relation) => self.relations.insert((id, family), (relation, at)),
                None => self.relations.remove(&(id, family)),
            };
        }
    }

    /// Who announces the prefixes of watched networks, and through whom the vantages reach them.
    fn look_at_watched(&mut self, state: &State, at: Time) {
        let mut origins = BTreeMap::new();
        let mut prefixes: BTreeMap<(AsIndex, Family), BTreeSet<Prefix>> = BTreeMap::new();
        for prefix in &self.prefixes {
            let Some(announcement) = state.announcement(prefix) else { continue };
            for seed in &announcement.seeds {
                let asn = state.topology().network(seed.at).asn;
                let origin = seed.tail.last().copied().unwrap_or(asn);
                origins.insert((*prefix, origin), (origin != asn).then_some(asn));
                if let Some(index) = state.topology().find(origin) {
                    prefixes.entry((index, prefix.family())).or_default().insert(*prefix);
                }
            }
        }
        self.origins.retain(|key, (by, since)| {
            let lasts = origins.get(key) == Some(by);
            if !lasts {
                self.truth.origins.push(OriginTruth {
                    prefix: key.0,
                    origin: key.1,
                    by: *by,
                    from: *since,
                    until: Some(at),
                });
            }
            lasts
        });
        for (key, by) in origins {
            self.origins.entry(key).or_insert((by, at));
        }
        for network in self.watched.clone() {
            for family in [Family::V4, Family::V6] {
                let prefixes = prefixes.remove(&(network, family)).unwrap_or_default();
                self.look_at_carriage(state, at, network, family, &prefixes);
            }
        }
    }

    fn look_at_carriage(
        &mut self,
        state: &State,
        at: Time,
        network: AsIndex,
        family: Family,
        prefixes: &BTreeSet<Prefix>,
    ) {
        let origin = state.topology().network(network).asn;
        let vantages = (0..state.watch().vantages.len() as u32).map(VantageId);
        let vantages: Vec<VantageId> =
            vantages.filter(|vantage| state.watch().vantages[vantage.0 as usize].family == family).collect();
        let mut upstreams: BTreeMap<Asn, u32> = BTreeMap::new();
        let mut unseen = 0;
        for prefix in prefixes {
            for vantage in &vantages {
                // A path to another origin of the prefix does not reach this one.
                match state.path(*vantage, prefix).filter(|hops| hops.last() == Some(&origin.0)) {
                    None => unseen += 1,
                    Some(hops) => {
                        let before = hops.iter().rev().find(|hop| **hop != origin.0);
                        if let Some(upstream) = before {
                            *upstreams.entry(Asn(*upstream)).or_default() += 1;
                        }
                    }
                }
            }
        }
        let upstreams: Vec<(Asn, u32)> = upstreams.into_iter().collect();
        let same = |was: &Carriage| was.upstreams == upstreams && was.unseen == unseen;
        if self.carriage.get(&(network, family)).map_or(upstreams.is_empty(), same) {
            return;
        }
        let told = Carriage { origin, family, at, upstreams, unseen };
        self.carriage.insert((network, family), told.clone());
        self.truth.carriage.push(told);
    }

    /// The whole truth.
    pub(super) fn finish(mut self, topology: &Topology) -> Truth {
        for ((id, family), (relation, since)) in std::mem::take(&mut self.relations) {
            self.truth.relations.push(told(topology, id, relation, family, since, None));
        }
        for ((prefix, origin), (by, since)) in std::mem::take(&mut self.origins) {
            self.truth.origins.push(OriginTruth { prefix, origin, by, from: since, until: None });
        }
        self.truth.relations.sort_by_key(|told| (told.a, told.b, told.family, told.from));
        self.truth.origins.sort_by_key(|told| (told.prefix, told.from, told.origin));
        self.truth
    }
}

fn told(
    topology: &Topology,
    id: LinkId,
    relation: Relation,
    family: Family,
    from: Time,
    until: Option<Time>,
) -> RelationTruth {
    let link = topology.links()[id.0 as usize];
    let (a, b) = (topology.network(link.a).asn, topology.network(link.b).asn);
    let (a, b, relation) = if relation == Relation::Customer { (b, a, relation.reversed()) } else { (a, b, relation) };
    let exchange = link.exchange.map(|id| topology.exchanges()[id.0 as usize].route_server);
    RelationTruth { a, b, relation, family, route_server: exchange, from, until }
}
