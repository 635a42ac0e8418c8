//! The world as it is at one moment.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_route::{Family, Prefix, Time};
use rustc_hash::FxHashMap;

use super::What;
use super::affected::Affected;
use super::messages::{Message, Shown, Spoken};
use crate::announce::Announcement;
use crate::observe::{CollectorId, VantageId, Watch};
use crate::propagate::{Graph, Held, Leak, routes};
use crate::random::mix;
use crate::topology::{AsIndex, Topology};

/// A class: prefixes of one family that are announced alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClassId(pub u32);

/// How a world is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Chance that is not drawn while planning: ties and delays.
    pub seed: u64,
    /// Threads to compute on. They change nothing of the result.
    pub threads: usize,
    /// Longest time from a change to a vantage's message of it.
    pub convergence_micros: i64,
    /// Withdrawn routes first give way to others, as paths are explored.
    pub exploration: bool,
}

pub(super) struct Class {
    pub(super) announcement: Announcement,
    pub(super) family: Family,
    /// In ascending order.
    pub(super) prefixes: Vec<Prefix>,
    pub(super) held: Arc<Held>,
    /// `held` is of the topology as it is.
    fresh: bool,
    /// When `held` last changed.
    since: Time,
}

pub(super) struct VantageState {
    pub(super) up: bool,
    pub(super) since: Time,
    /// Position among the watchers of its family's graph.
    slot: usize,
    /// Messages so far arrive until then: a later one does not overtake.
    pub(super) busy_until: Time,
    pub(super) invents_permille: u16,
    /// Routes it is stuck with.
    pub(super) stuck: BTreeMap<Prefix, Option<Arc<Spoken>>>,
}

/// The world as it is at one moment.
pub struct State {
    pub(super) topology: Topology,
    pub(super) watch: Watch,
    pub(super) settings: Settings,
    pub(super) graphs: [Graph; 2],
    pub(super) classes: Vec<Class>,
    by_key: FxHashMap<(Announcement, Family), ClassId>,
    pub(super) table: BTreeMap<Prefix, ClassId>,
    pub(super) leaks: Vec<Leak>,
    pub(super) vantages: Vec<VantageState>,
    /// Collectors that write.
    pub(super) alive: Vec<bool>,
    pub(super) skew_micros: Vec<i64>,
    /// Messages there have been.
    pub(super) numbered: u64,
    /// Batches of changes there have been.
    pub(super) batches: u64,
}

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

fn graph(topology: &Topology, watch: &Watch, leaks: &[Leak], family: Family, seed: u64) -> Graph {
    let of_family = watch.vantages.iter().filter(|vantage| vantage.family == family);
    let watchers = of_family.map(|vantage| (vantage.network, vantage.feed)).collect();
    let leakers: Vec<AsIndex> = leaks.iter().map(|leak| leak.by).collect();
    Graph::new(topology, family, watchers, &leakers, seed)
}

impl State {
    /// The world at its start.
    pub fn new(
        topology: Topology,
        watch: Watch,
        announced: Vec<(Vec<Prefix>, Announcement)>,
        settings: Settings,
        start: Time,
    ) -> State {
        let graphs = FAMILIES.map(|family| graph(&topology, &watch, &[], family, settings.seed));
        let mut slots = [0; 2];
        let vantages = watch.vantages.iter().map(|vantage| {
            let slot = &mut slots[vantage.family as usize];
            *slot += 1;
            VantageState {
                up: vantage.from_start,
                since: start,
                slot: *slot - 1,
                busy_until: start,
                invents_permille: 0,
                stuck: BTreeMap::new(),
            }
        });
        let mut state = State {
            vantages: vantages.collect(),
            alive: vec![true; watch.collectors.len()],
            skew_micros: vec![0; watch.collectors.len()],
            topology,
            watch,
            settings,
            graphs,
            classes: Vec::new(),
            by_key: FxHashMap::default(),
            table: BTreeMap::new(),
            leaks: Vec::new(),
            numbered: 0,
            batches: 0,
        };
        for (prefixes, announcement) in announced {
            state.announce(&prefixes, &announcement, start);
        }
        state.refresh(start);
        state
    }

    /// The topology as it is.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Collectors and vantages.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// True if a collector writes.
    pub fn is_alive(&self, collector: CollectorId) -> bool {
        self.alive[collector.0 as usize]
    }

    /// True if the collector writes and the session is up.
    pub fn is_up(&self, vantage: VantageId) -> bool {
        let collector = self.watch.vantages[vantage.0 as usize].collector;
        self.vantages[vantage.0 as usize].up && self.is_alive(collector)
    }

    /// A time by a collector's clock.
    pub fn stamp(&self, collector: CollectorId, at: Time) -> Time {
        Time(at.0 + self.skew_micros[collector.0 as usize])
    }

    /// What is announced, in order of prefixes.
    pub fn table(&self) -> impl Iterator<Item = (&Prefix, &Announcement)> {
        self.table.iter().map(|(prefix, class)| (prefix, &self.classes[class.0 as usize].announcement))
    }

    /// How prefix is announced; `None` if it is not.
    pub fn announcement(&self, prefix: &Prefix) -> Option<&Announcement> {
        let class = self.table.get(prefix)?;
        Some(&self.classes[class.0 as usize].announcement)
    }

    /// The routes that vantages of a collector hold, in order of prefixes; prefixes without a route are left out. With each
    /// route comes the time since when the vantage has it.
    pub fn routes_of(
        &self,
        vantages: &[VantageId],
        mut each: impl FnMut(&Prefix, &[(VantageId, Time, Shown<'_>)]) -> Result<(), crate::WorldError>,
    ) -> Result<(), crate::WorldError> {
        // Prefixes that some vantage is stuck with may be announced no more.
        let mut stuck: Vec<&Prefix> = vantages.iter().flat_map(|v| self.vantages[v.0 as usize].stuck.keys()).collect();
        stuck.retain(|prefix| !self.table.contains_key(prefix));
        stuck.sort();
        stuck.dedup();
        let mut stuck = stuck.into_iter().peekable();
        let mut held = Vec::new();
        let mut one = |prefix: &Prefix, class| {
            held.clear();
            for &vantage in vantages {
                if let Some((since, shown)) = self.shown(vantage, prefix, class) {
                    held.push((vantage, since, shown));
                }
            }
            if held.is_empty() { Ok(()) } else { each(prefix, &held) }
        };
        for (prefix, class) in &self.table {
            while let Some(earlier) = stuck.next_if(|stuck| *stuck < prefix) {
                one(earlier, None)?;
            }
            one(prefix, Some(*class))?;
        }
        stuck.try_for_each(|prefix| one(prefix, None))
    }

    /// The path that a vantage's network has to a prefix, whether or not the session is up; `None` if it sends none.
    pub fn path(&self, vantage: VantageId, prefix: &Prefix) -> Option<Vec<u32>> {
        let class = &self.classes[self.table.get(prefix)?.0 as usize];
        Some(class.held.route(self.vantages[vantage.0 as usize].slot)?.hops.to_vec())
    }

    /// What a vantage says of a prefix of a class.
    pub(super) fn shown(
        &self,
        vantage: VantageId,
        prefix: &Prefix,
        class: Option<ClassId>,
    ) -> Option<(Time, Shown<'_>)> {
        let state = &self.vantages[vantage.0 as usize];
        if self.watch.vantages[vantage.0 as usize].family != prefix.family() {
            return None;
        }
        if let Some(stuck) = state.stuck.get(prefix) {
            return stuck.as_ref().map(|route| (state.since, route.shown()));
        }
        let class = class?;
        let since = self.classes[class.0 as usize].since;
        Some((since.max(state.since), self.shown_of_class(vantage, class, &self.classes[class.0 as usize].held)?))
    }

    pub(super) fn shown_of_class<'a>(
        &'a self,
        vantage: VantageId,
        class: ClassId,
        held: &'a Held,
    ) -> Option<Shown<'a>> {
        let state = &self.vantages[vantage.0 as usize];
        let announcement = &self.classes[class.0 as usize].announcement;
        let mut shown = Shown::of(held.route(state.slot)?, &announcement.communities);
        if state.invents_permille > 0 {
            self.invent(vantage, state.invents_permille, &mut shown);
        }
        Some(shown)
    }

    /// Puts a network behind the vantage that is not there, for some origins.
    fn invent(&self, vantage: VantageId, permille: u16, shown: &mut Shown<'_>) {
        let Some(&origin) = shown.hops.last() else { return };
        let drawn = mix(self.settings.seed ^ u64::from(vantage.0), u64::from(origin));
        if drawn % 1000 >= u64::from(permille) || shown.hops.len() < 2 {
            return;
        }
        let networks = self.topology.networks();
        let between = networks[(mix(drawn, 1) % networks.len() as u64) as usize].asn.0;
        if !shown.hops.contains(&between) {
            let mut hops = shown.hops.to_vec();
            hops.insert(1, between);
            shown.hops = Cow::Owned(hops);
        }
    }

    /// Applies changes of one moment. The messages they cause go to `out`; they arrive before `limit`, at which a table is
    /// dumped: a dump never falls into a change under way.
    pub fn apply(&mut self, at: Time, changes: &[What], limit: Time, out: &mut Vec<Message>) {
        self.batches += 1;
        let mut affected = [Affected::NONE, Affected::NONE];
        let mut moved: BTreeMap<Prefix, Option<ClassId>> = BTreeMap::new();
        let links = |what: &What| match what {
            What::Relate { a, b, family, .. } => Some((*a, *b, *family)),
            _ => None,
        };
        for (a, b, family) in changes.iter().filter_map(links) {
            let (at, graph) = (family as usize, &self.graphs[family as usize]);
            affected[at].add_link(&self.topology, graph, family, a, b);
        }
        let mut rearranged = [false; 2];
        for what in changes {
            match what {
                What::Relate { a, b, family, relation } => {
                    self.topology.relate(*a, *b, *family, *relation);
                    rearranged[*family as usize] = true;
                }
                What::Conduct { network, conduct } => {
                    self.topology.network_mut(*network).conduct = conduct.clone();
                    (rearranged, affected) = ([true; 2], [Affected::All, Affected::All]);
                }
                What::LeakBegins(leak) => {
                    self.leaks.push(leak.clone());
                    (rearranged, affected) = ([true; 2], [Affected::All, Affected::All]);
                }
                What::LeakEnds { by } => {
                    self.leaks.retain(|leak| leak.by != *by);
                    (rearranged, affected) = ([true; 2], [Affected::All, Affected::All]);
                }
                What::Announce { prefixes, announcement } => {
                    for (prefix, old) in self.announce(prefixes, announcement, at) {
                        moved.entry(prefix).or_insert(old);
                    }
                }
                What::Vantage(..) | What::Collector(..) => {}
            }
        }
        for family in FAMILIES.into_iter().filter(|family| rearranged[*family as usize]) {
            self.graphs[family as usize] = graph(&self.topology, &self.watch, &self.leaks, family, self.settings.seed);
        }
        for (a, b, family) in changes.iter().filter_map(links) {
            let (at, graph) = (family as usize, &self.graphs[family as usize]);
            affected[at].add_link(&self.topology, graph, family, a, b);
            // What leaks comes from anywhere.
            if !self.leaks.is_empty() {
                affected[at] = Affected::All;
            }
        }
        if affected.iter().any(|affected| !affected.is_none()) {
            for class in &mut self.classes {
                class.fresh &= !affected[class.family as usize].includes(&class.announcement);
            }
        }
        let before = self.refresh(at);
        self.tell_changes(at, limit, &before, moved, out);
        for what in changes {
            match what {
                What::Vantage(vantage, change) => self.change_vantage(at, limit, *vantage, change, out),
                What::Collector(collector, change) => self.change_collector(at, limit, *collector, change, out),
                _ => {}
            }
        }
    }

    /// Enters an announcement into the table; gives the prefixes with the classes they leave.
    fn announce(
        &mut self,
        prefixes: &[Prefix],
        announcement: &Announcement,
        at: Time,
    ) -> Vec<(Prefix, Option<ClassId>)> {
        let mut moved = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            let old = self.table.get(prefix).copied();
            let new = (!announcement.seeds.is_empty()).then(|| self.class(announcement, prefix.family(), at));
            if old == new {
                continue;
            }
            if let Some(class) = old {
                let prefixes = &mut self.classes[class.0 as usize].prefixes;
                if let Ok(position) = prefixes.binary_search(prefix) {
                    prefixes.remove(position);
                }
            }
            match new {
                None => drop(self.table.remove(prefix)),
                Some(class) => {
                    self.table.insert(*prefix, class);
                    let prefixes = &mut self.classes[class.0 as usize].prefixes;
                    if let Err(position) = prefixes.binary_search(prefix) {
                        prefixes.insert(position, *prefix);
                    }
                }
            }
            moved.push((*prefix, old));
        }
        moved
    }

    fn class(&mut self, announcement: &Announcement, family: Family, at: Time) -> ClassId {
        // A clone of the key only where the class is new.
        let key = (announcement.clone(), family);
        if let Some(class) = self.by_key.get(&key) {
            return *class;
        }
        let class = ClassId(self.classes.len() as u32);
        self.by_key.insert(key, class);
        self.classes.push(Class {
            announcement: announcement.clone(),
            family,
            prefixes: Vec::new(),
            held: Arc::default(),
            fresh: false,
            since: at,
        });
        class
    }

    /// Computes what is not fresh and has prefixes; gives what was held before, where that differs.
    fn refresh(&mut self, at: Time) -> BTreeMap<ClassId, Arc<Held>> {
        let mut before = BTreeMap::new();
        for family in FAMILIES {
            let due: Vec<usize> = (0..self.classes.len())
                .filter(|at| {
                    let class = &self.classes[*at];
                    class.family == family && !class.fresh && !class.prefixes.is_empty()
                })
                .collect();
            let announcements: Vec<&Announcement> = due.iter().map(|at| &self.classes[*at].announcement).collect();
            let computed = routes(&self.graphs[family as usize], &announcements, &self.leaks, self.settings.threads);
            for (number, held) in due.into_iter().zip(computed) {
                let class = &mut self.classes[number];
                class.fresh = true;
                if *class.held != held {
                    before.insert(ClassId(number as u32), std::mem::replace(&mut class.held, Arc::new(held)));
                    class.since = at;
                }
            }
        }
        before
    }
}
