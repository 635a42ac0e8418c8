//! A scenario, planned: everything that will happen, before anything has.
//!
//! Place on the way: scenario and seed in, topology, announcements and ordered changes out. Events write into a [`Plan`] what
//! they change, and the truth about it. Must not know: routes, files.

use std::collections::BTreeMap;

use headwater_route::{Asn, Family, Prefix, Time};

use crate::announce::Announcement;
use crate::error::WorldError;
use crate::event;
use crate::observe::{CollectorId, VantageId, Watch};
use crate::random::Random;
use crate::register::Register;
use crate::scenario::{Scenario, Span};
use crate::timeline::{Change, What};
use crate::topology::{AsIndex, Conduct, Network, NetworkKind, REGIONS, Relation, Topology, generate, published};
use crate::truth::{EventTruth, Incident};

mod addresses;
mod noise;

/// All that a world starts from, and all that will change.
pub struct Plan {
    /// What chance is drawn from.
    pub seed: u64,
    /// The world begins.
    pub from: Time,
    /// It ends.
    pub until: Time,
    /// The topology at the start.
    pub topology: Topology,
    /// Prefixes and how they are announced at the start.
    pub announced: Vec<(Vec<Prefix>, Announcement)>,
    /// Collectors and vantages.
    pub watch: Watch,
    /// What is on record, over all times.
    pub register: Register,
    /// What changes; sorted by time when the plan is done, changes of one time in the order they were planned.
    pub changes: Vec<Change>,
    /// The truth about events.
    pub events: Vec<EventTruth>,
    /// The truth about incidents.
    pub incidents: Vec<Incident>,
    /// Networks whose carriage is kept in the truth: the cast.
    pub watched: Vec<AsIndex>,
}

impl Plan {
    /// Plans a scenario.
    pub fn of(scenario: &Scenario, seed: u64) -> Result<Plan, WorldError> {
        let mut topology = match &scenario.topology.file {
            Some(file) => published(file, seed)?,
            None => generate(&scenario.topology, seed),
        };
        let crowd = topology.networks().len();
        let mut announced = addresses::crowd(&topology, &scenario.table, seed);
        // Vantages are drawn from the crowd: whether the cast can be seen is no matter of chance.
        let watch = Watch::draw(&topology, &scenario.observers, seed);
        let watched = cast(scenario, seed, &mut topology, crowd, &mut announced)?;
        let authorised =
            |network: AsIndex| scenario.networks.get(network.at().checked_sub(crowd)?).map(|member| member.roas);
        let register = Register::of(&topology, &announced, scenario.calendar.from, seed, authorised);
        let mut plan = Plan {
            seed,
            from: scenario.calendar.from,
            until: scenario.calendar.until,
            topology,
            announced,
            watch,
            register,
            changes: Vec::new(),
            events: Vec::new(),
            incidents: Vec::new(),
            watched,
        };
        // In order of time: an event builds on those before it.
        let mut events: Vec<(usize, &event::Event)> = scenario.events.iter().enumerate().collect();
        events.sort_by_key(|(_, event)| event.at);
        for (id, event) in events {
            event::plan(&mut plan, id, event)
                .map_err(|error| WorldError::scenario(format!("event {id} ({}): {error}", event.what.name())))?;
        }
        let from = scenario.calendar.routes_from.unwrap_or(plan.from).max(plan.from);
        noise::plan(&mut plan, &scenario.noise, crowd, from);
        plan.changes.sort_by_key(|change| change.at);
        plan.events.sort_by_key(|event| (event.from, event.id));
        plan.incidents.sort_by_key(|incident| incident.from);
        Ok(plan)
    }

    /// The network that a scenario names: by number (`AS64500`, `64500`) or by the name of its cast.
    pub fn network(&self, name: &str) -> Result<AsIndex, WorldError> {
        let by_number = name.parse::<Asn>().ok().and_then(|asn| self.topology.find(asn));
        let by_name = || {
            let named = |network: &Network| network.name.as_deref() == Some(name);
            self.topology.networks().iter().position(named).map(|at| AsIndex(at as u32))
        };
        by_number.or_else(by_name).ok_or_else(|| WorldError::scenario(format!("there is no network {name:?}")))
    }

    /// The number of a network.
    pub fn asn(&self, network: AsIndex) -> Asn {
        self.topology.network(network).asn
    }

    /// A collector by name.
    pub fn collector(&self, name: &str) -> Result<CollectorId, WorldError> {
        let at = self.watch.collectors.iter().position(|collector| collector.name == name);
        let at = at.ok_or_else(|| WorldError::scenario(format!("there is no collector {name:?}")))?;
        Ok(CollectorId(at as u32))
    }

    /// Vantages of a network at a collector.
    pub fn vantages(&self, collector: CollectorId, network: AsIndex) -> Vec<VantageId> {
        let of = self.watch.of_collector(collector);
        of.filter(|id| self.watch.vantages[id.0 as usize].network == network).collect()
    }

    /// How a prefix is announced at a moment, as far as is planned.
    pub fn announcement(&self, prefix: &Prefix, at: Time) -> Announcement {
        let planned = self.changes.iter().filter(|change| change.at <= at).filter_map(|change| match &change.what {
            What::Announce { prefixes, announcement } if prefixes.contains(prefix) => Some((change.at, announcement)),
            _ => None,
        });
        // Of changes of one moment the last one planned holds.
        let planned = planned.reduce(|held, next| if next.0 >= held.0 { next } else { held });
        let at_start = || self.announced.iter().find(|(prefixes, _)| prefixes.contains(prefix)).map(|(_, of)| of);
        planned.map(|(_, announcement)| announcement).or_else(at_start).cloned().unwrap_or_default()
    }

    /// The prefixes that a network announces as its own at a moment, as far as is planned, in their order.
    pub fn prefixes_of(&self, network: AsIndex, at: Time) -> Vec<Prefix> {
        let by = |announcement: &Announcement| {
            announcement.seeds.iter().any(|seed| seed.at == network && seed.tail.is_empty())
        };
        let at_start = self.announced.iter().filter(|(_, announcement)| by(announcement)).flat_map(|(of, _)| of);
        let planned = self.changes.iter().filter_map(|change| match &change.what {
            What::Announce { prefixes, announcement } if by(announcement) => Some(prefixes),
            _ => None,
        });
        let mut of: Vec<Prefix> = at_start.chain(planned.flatten()).copied().collect();
        of.sort();
        of.dedup();
        of.retain(|prefix| by(&self.announcement(prefix, at)));
        of
    }

    /// What a network's neighbours are to it at a moment in IPv4, as far as is planned, in order of their numbers.
    pub fn neighbours(&self, network: AsIndex, at: Time) -> Vec<(AsIndex, Relation)> {
        let at_start = self.topology.neighbours(network, Family::V4).map(|(who, relation, _)| (who, relation));
        let mut neighbours: BTreeMap<AsIndex, Relation> = at_start.collect();
        let mut planned: Vec<&Change> = self.changes.iter().filter(|change| change.at <= at).collect();
        planned.sort_by_key(|change| change.at);
        for change in planned {
            let What::Relate { a, b, family: Family::V4, relation } = &change.what else { continue };
            let (who, relation) = match () {
                () if *b == network => (*a, *relation),
                () if *a == network => (*b, relation.map(Relation::reversed)),
                () => continue,
            };
            match relation {
                Some(relation) => neighbours.insert(who, relation),
                None => neighbours.remove(&who),
            };
        }
        neighbours.into_iter().collect()
    }

    /// As [`Plan::neighbours`], of one relation.
    pub fn neighbours_as(&self, network: AsIndex, relation: Relation, at: Time) -> Vec<AsIndex> {
        let all = self.neighbours(network, at).into_iter();
        all.filter(|(_, found)| *found == relation).map(|(who, _)| who).collect()
    }

    /// Plans that prefixes are announced otherwise from a moment on: as `change` makes of how each is announced then.
    pub fn announce(&mut self, at: Time, prefixes: &[Prefix], change: impl Fn(Announcement) -> Announcement) {
        let mut alike: Vec<(Announcement, Vec<Prefix>)> = Vec::new();
        for prefix in prefixes {
            let announcement = change(self.announcement(prefix, at));
            match alike.iter_mut().find(|(known, _)| *known == announcement) {
                Some((_, prefixes)) => prefixes.push(*prefix),
                None => alike.push((announcement, vec![*prefix])),
            }
        }
        for (announcement, prefixes) in alike {
            self.change(at, What::Announce { prefixes, announcement });
        }
    }

    /// When something ends that lasts for a span; `None` behind the end of the world.
    pub fn end(&self, at: Time, lasts: Span) -> Option<Time> {
        Some(Time(at.0.saturating_add(lasts.micros()))).filter(|end| *end < self.until)
    }

    /// How a network treats routes at a moment, as far as is planned.
    pub fn conduct(&self, network: AsIndex, at: Time) -> Conduct {
        let planned = self.changes.iter().filter(|change| change.at <= at).filter_map(|change| match &change.what {
            What::Conduct { network: of, conduct } if *of == network => Some((change.at, conduct)),
            _ => None,
        });
        let planned = planned.reduce(|held, next| if next.0 >= held.0 { next } else { held });
        planned.map_or_else(|| self.topology.network(network).conduct.clone(), |(_, conduct)| conduct.clone())
    }

    /// Plans a change.
    pub fn change(&mut self, at: Time, what: What) {
        self.changes.push(Change { at, what });
    }

    /// Plans a relation in both families, as far as both networks have them; `None` ends it.
    pub fn relate(&mut self, at: Time, a: AsIndex, b: AsIndex, relation: Option<Relation>) {
        let both_v6 = self.topology.network(a).v6 && self.topology.network(b).v6;
        for family in [Family::V4, Family::V6] {
            if family == Family::V4 || both_v6 || relation.is_none() {
                self.change(at, What::Relate { a, b, family, relation });
            }
        }
    }

    /// A stream of chance of an event.
    pub fn random(&self, label: &str, id: usize) -> Random {
        Random::of(self.seed, &format!("{label} {id}"))
    }
}

/// Adds the cast to the topology; gives its networks.
fn cast(
    scenario: &Scenario,
    seed: u64,
    topology: &mut Topology,
    crowd: usize,
    announced: &mut Vec<(Vec<Prefix>, Announcement)>,
) -> Result<Vec<AsIndex>, WorldError> {
    let mut random = Random::of(seed, "cast");
    let sellers: Vec<AsIndex> = (0..crowd as u32)
        .map(AsIndex)
        .filter(|index| {
            let network = topology.network(*index);
            network.v6 && matches!(network.kind, NetworkKind::TierOne | NetworkKind::Transit)
        })
        .collect();
    let mut cast = Vec::new();
    for member in &scenario.networks {
        if topology.find(member.asn).is_some() {
            return Err(WorldError::scenario(format!("{} stands twice among the networks", member.asn)));
        }
        let me = topology.add_network(Network {
            asn: member.asn,
            kind: member.kind,
            region: member.region % REGIONS,
            organisation: topology.networks().len() as u32,
            name: member.name.as_deref().map(Box::from),
            v6: true,
            conduct: Conduct::default(),
        });
        let known = |topology: &Topology, asn: Asn| {
            let missing = || WorldError::scenario(format!("{}: {asn} does not stand before it", member.asn));
            topology.find(asn).ok_or_else(missing)
        };
        for provider in &member.providers {
            let provider = known(topology, *provider)?;
            topology.relate_both(provider, me, Some(Relation::Provider));
        }
        for peer in &member.peers {
            let peer = known(topology, *peer)?;
            topology.relate_both(peer, me, Some(Relation::Peer));
        }
        if let Some(sibling) = member.sibling_of {
            let sibling = known(topology, sibling)?;
            topology.network_mut(me).organisation = topology.network(sibling).organisation;
        }
        let mut bought = 0;
        for _ in 0..member.crowd_providers.saturating_mul(8) {
            let Some(&provider) = random.pick(&sellers) else { break };
            if bought < member.crowd_providers && topology.link_between(provider, me).is_none() {
                topology.relate_both(provider, me, Some(Relation::Provider));
                bought += 1;
            }
        }
        if !member.prefixes.is_empty() {
            announced.push((member.prefixes.clone(), Announcement::plain(me)));
        }
        cast.push(me);
    }
    Ok(cast)
}
