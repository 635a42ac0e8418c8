//! What vantages tell of changes: each after a delay of its own, never out of order.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_route::{Prefix, Time};

use super::messages::{Body, Message, Spoken};
use super::state::{ClassId, State};
use super::{CollectorChange, VantageChange};
use crate::announce::{Announcement, Export, Seed};
use crate::observe::{CollectorId, VantageId};
use crate::propagate::{Held, routes};
use crate::random::mix;

const SECOND: i64 = 1_000_000;

/// BGP states (RFC 4271 §8.2.2).
const IDLE: u16 = 1;
const OPEN_CONFIRM: u16 = 5;
const ESTABLISHED: u16 = 6;

/// What a vantage has to tell of some prefixes.
struct Told {
    vantage: VantageId,
    /// In ascending order.
    prefixes: Vec<Prefix>,
    /// A route that it takes for a moment on the way.
    meanwhile: Option<Arc<Spoken>>,
    /// The route it settles on; `None`: it has none any more.
    route: Option<Arc<Spoken>>,
}

impl Told {
    fn of(vantage: VantageId, prefixes: Vec<Prefix>, route: Option<Spoken>) -> Told {
        Told { vantage, prefixes, meanwhile: None, route: route.map(Arc::new) }
    }
}

impl State {
    /// Tells vantages' differences after a refresh.
    pub(super) fn tell_changes(
        &mut self,
        at: Time,
        limit: Time,
        before: &BTreeMap<ClassId, Arc<Held>>,
        moved: BTreeMap<Prefix, Option<ClassId>>,
        out: &mut Vec<Message>,
    ) {
        // Prefixes by the classes they were and are of; those that stay stand under their class twice.
        let mut groups: BTreeMap<(Option<ClassId>, Option<ClassId>), Vec<Prefix>> = BTreeMap::new();
        for class in before.keys() {
            let prefixes = &self.classes[class.0 as usize].prefixes;
            let stay: Vec<Prefix> = prefixes.iter().filter(|prefix| !moved.contains_key(prefix)).copied().collect();
            if !stay.is_empty() {
                groups.insert((Some(*class), Some(*class)), stay);
            }
        }
        for (prefix, old) in moved {
            let new = self.table.get(&prefix).copied();
            // There and back within one moment, with nothing computed anew, is no move.
            if old != new || old.is_some_and(|class| before.contains_key(&class)) {
                groups.entry((old, new)).or_default().push(prefix);
            }
        }
        let mut told = Vec::new();
        for ((old, new), prefixes) in &groups {
            let family = prefixes.first().map(Prefix::family);
            let explored = match (old, new) {
                (Some(old), None) => self.explored(*old),
                _ => None,
            };
            for number in 0..self.vantages.len() {
                let vantage = VantageId(number as u32);
                if Some(self.watch.vantages[number].family) != family || !self.is_up(vantage) {
                    continue;
                }
                let of = |class: Option<ClassId>, held: Option<&'_ Arc<Held>>| {
                    let class = class?;
                    let held = held.unwrap_or(&self.classes[class.0 as usize].held);
                    self.shown_of_class(vantage, class, held).map(|shown| shown.spoken())
                };
                let was = of(*old, old.and_then(|class| before.get(&class)));
                let is = of(*new, None);
                if was == is {
                    continue;
                }
                let stuck = &self.vantages[number].stuck;
                let free: Vec<Prefix> = prefixes.iter().filter(|prefix| !stuck.contains_key(prefix)).copied().collect();
                if free.is_empty() {
                    continue;
                }
                let meanwhile = of(old.filter(|_| explored.is_some()), explored.as_ref());
                let meanwhile = meanwhile.filter(|route| Some(route) != was.as_ref()).map(Arc::new);
                told.push(Told { vantage, prefixes: free, meanwhile, route: is.map(Arc::new) });
            }
        }
        self.tell(at, limit, told, out);
    }

    /// What vantages hold of a withdrawn class for a while: the news is last to arrive through one of the neighbours, and
    /// routes through that one stay longest.
    fn explored(&self, class: ClassId) -> Option<Arc<Held>> {
        let class = &self.classes[class.0 as usize];
        let [seed] = class.announcement.seeds.as_slice() else { return None };
        if !self.settings.exploration {
            return None;
        }
        let neighbours = self.topology.neighbours(seed.at, class.family).map(|(who, ..)| who);
        let last = neighbours
            .filter(|who| seed.export(*who) != Export::Nothing)
            .max_by_key(|who| mix(self.settings.seed ^ self.batches, u64::from(who.0)))?;
        let only = Seed { others: Export::Nothing, to: vec![(last, seed.export(last))], ..seed.clone() };
        let announcement = Announcement { seeds: vec![only], ..class.announcement.clone() };
        routes(&self.graphs[class.family as usize], &[&announcement], &self.leaks, 1).pop().map(Arc::new)
    }

    /// Sends routes, or withdrawals where there is none, each vantage after a delay of its own.
    fn tell(&mut self, at: Time, limit: Time, told: Vec<Told>, out: &mut Vec<Message>) {
        let floors: Vec<Time> = self.vantages.iter().map(|vantage| vantage.busy_until).collect();
        let span = self.settings.convergence_micros.max(1) as u64;
        for (number, Told { vantage, prefixes, meanwhile, route }) in told.into_iter().enumerate() {
            // Most of the delay is the vantage's, the rest the route's.
            let base = mix(self.settings.seed ^ self.batches, u64::from(vantage.0)) % (span * 3 / 5 + 1);
            let rest = mix(self.settings.seed ^ self.batches, 1 << 32 | number as u64) % (span * 2 / 5 + 1);
            let floor = floors[vantage.0 as usize];
            if let Some(route) = meanwhile {
                let when = Time(at.0 + (base / 2 + rest / 4) as i64).max(floor);
                let body = Body::Announce { prefixes: prefixes.clone(), route };
                self.send(when, at, limit, vantage, body, out);
            }
            let when = Time(at.0 + (base + rest) as i64).max(floor);
            let body = match route {
                Some(route) => Body::Announce { prefixes, route },
                None => Body::Withdraw { prefixes },
            };
            self.send(when, at, limit, vantage, body, out);
        }
    }

    /// Sends one message, before `limit` and not before `at`.
    fn send(&mut self, when: Time, at: Time, limit: Time, vantage: VantageId, body: Body, out: &mut Vec<Message>) {
        let when = when.min(Time(limit.0.saturating_sub(SECOND))).max(at);
        let state = &mut self.vantages[vantage.0 as usize];
        state.busy_until = state.busy_until.max(when);
        self.numbered += 1;
        let stamp = self.stamp(self.watch.vantages[vantage.0 as usize].collector, when);
        out.push(Message { at: when, stamp, number: self.numbered, vantage, body });
    }

    pub(super) fn change_vantage(
        &mut self,
        at: Time,
        limit: Time,
        vantage: VantageId,
        change: &VantageChange,
        out: &mut Vec<Message>,
    ) {
        let number = vantage.0 as usize;
        match change {
            VantageChange::Joins if !self.vantages[number].up => {
                self.vantages[number].up = true;
                self.come_up(at, limit, vantage, out);
            }
            VantageChange::Leaves if self.vantages[number].up => {
                let when = self.vantages[number].busy_until.max(at);
                if self.is_up(vantage) {
                    let body = Body::State { from: ESTABLISHED, to: IDLE };
                    self.send(when, at, limit, vantage, body, out);
                }
                let state = &mut self.vantages[number];
                state.up = false;
                state.stuck.clear();
            }
            VantageChange::Joins | VantageChange::Leaves => {}
            VantageChange::Invents { permille } => self.say_otherwise(at, limit, vantage, *permille, out),
            VantageChange::Honest => self.say_otherwise(at, limit, vantage, 0, out),
            // Without a session there is nothing to be stuck with.
            VantageChange::Sticks { prefixes } => {
                let prefixes: &[Prefix] = if self.is_up(vantage) { prefixes } else { &[] };
                for prefix in prefixes {
                    let class = self.table.get(prefix).copied();
                    let route = self.shown(vantage, prefix, class).map(|(_, shown)| Arc::new(shown.spoken()));
                    self.vantages[number].stuck.insert(*prefix, route);
                }
            }
            VantageChange::Unsticks => {
                let stuck = std::mem::take(&mut self.vantages[number].stuck);
                if !self.is_up(vantage) {
                    return;
                }
                let mut told = Vec::new();
                for (prefix, was) in stuck {
                    let class = self.table.get(&prefix).copied();
                    let is = self.shown(vantage, &prefix, class).map(|(_, shown)| shown.spoken());
                    if was.as_deref() != is.as_ref() {
                        told.push(Told::of(vantage, vec![prefix], is));
                    }
                }
                self.tell(at, limit, told, out);
            }
        }
    }

    /// A vantage begins or ceases to invent links.
    fn say_otherwise(&mut self, at: Time, limit: Time, vantage: VantageId, permille: u16, out: &mut Vec<Message>) {
        let before = self.whole_table(vantage);
        self.vantages[vantage.0 as usize].invents_permille = permille;
        if !self.is_up(vantage) {
            return;
        }
        let after = self.whole_table(vantage).into_iter();
        let told = before.into_iter().zip(after).filter(|(was, is)| was.1 != is.1);
        let told = told.map(|(_, (prefixes, route))| Told::of(vantage, prefixes, Some(route))).collect();
        self.tell(at, limit, told, out);
    }

    /// All a vantage says, class by class, without what it is stuck with.
    fn whole_table(&self, vantage: VantageId) -> Vec<(Vec<Prefix>, Spoken)> {
        let (state, family) = (&self.vantages[vantage.0 as usize], self.watch.vantages[vantage.0 as usize].family);
        let mut whole = Vec::new();
        for (number, class) in self.classes.iter().enumerate() {
            if class.family != family {
                continue;
            }
            let Some(shown) = self.shown_of_class(vantage, ClassId(number as u32), &class.held) else { continue };
            let free = class.prefixes.iter().filter(|prefix| !state.stuck.contains_key(prefix));
            let prefixes: Vec<Prefix> = free.copied().collect();
            if !prefixes.is_empty() {
                whole.push((prefixes, shown.spoken()));
            }
        }
        whole
    }

    /// A session comes up: a change of state, and the table.
    fn come_up(&mut self, at: Time, limit: Time, vantage: VantageId, out: &mut Vec<Message>) {
        /// Prefixes a second.
        const RATE: i64 = 4000;
        let state = &mut self.vantages[vantage.0 as usize];
        state.since = at;
        // A new session brings the table as it is.
        state.stuck.clear();
        if !self.is_up(vantage) {
            return;
        }
        let start = self.vantages[vantage.0 as usize].busy_until.max(at);
        self.send(start, at, limit, vantage, Body::State { from: OPEN_CONFIRM, to: ESTABLISHED }, out);
        let mut sent = 0;
        for (prefixes, route) in self.whole_table(vantage) {
            sent += prefixes.len() as i64;
            let when = Time(start.0 + SECOND + sent * SECOND / RATE);
            self.send(when, at, limit, vantage, Body::Announce { prefixes, route: Arc::new(route) }, out);
        }
    }

    pub(super) fn change_collector(
        &mut self,
        at: Time,
        limit: Time,
        collector: CollectorId,
        change: &CollectorChange,
        out: &mut Vec<Message>,
    ) {
        let number = collector.0 as usize;
        match change {
            CollectorChange::Dies => {
                self.alive[number] = false;
                // What was under way to it is lost.
                let of = |message: &Message| self.watch.vantages[message.vantage.0 as usize].collector;
                out.retain(|message| message.at < at || of(message) != collector);
            }
            CollectorChange::Revives if !self.alive[number] => {
                self.alive[number] = true;
                let vantages = self.watch.of_collector(collector).filter(|vantage| self.is_up(*vantage));
                for vantage in vantages.collect::<Vec<VantageId>>() {
                    self.come_up(at, limit, vantage, out);
                }
            }
            CollectorChange::Revives => {}
            CollectorChange::Skew { secs } => self.skew_micros[number] = secs.saturating_mul(SECOND),
        }
    }
}
