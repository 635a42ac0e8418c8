//! Who really stood next to whom: the routes of a world, followed from change to change.
//!
//! Place on the way: beside the files. It plays the same plan as the files were written from and notes, for every network that
//! will be asked about, through whom it was reached. `truth.json` says as much in numbers of vantages; here it is kept which
//! vantages, so that it can be told what was to be seen at two independent ones. Must not know: answers of the program.
//!
//! *Carried* is a fact of routing: some vantage that is read at any time of the world reaches the network through the upstream,
//! whether or not its session is up. A vantage that joins, leaves or fails changes nothing of it. *Visible* is what two
//! independent sessions showed that were up, long enough.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Asn, Family, Prefix, Time};
use headwater_world::observe::{CollectorId, Feed, VantageId, Watch};
use headwater_world::plan::Plan;
use headwater_world::random::mix;
use headwater_world::scenario::Observers;
use headwater_world::timeline::{Message, Settings, State, What};

use super::compare::{Edge, Stretch};

/// A network and the one next to it, in a family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pair {
    /// Who is reached.
    pub origin: Asn,
    /// In which family.
    pub family: Family,
    /// Through whom.
    pub upstream: Asn,
}

/// Shares of upstreams from a time on, among those that peer with collectors.
type Shares = BTreeMap<Asn, f64>;

/// What was so.
#[derive(Default)]
pub struct Witness {
    /// When a pair was carried, in order of time.
    pub carried: BTreeMap<Pair, Vec<Stretch>>,
    /// When routing, and no vantage, took a pair from all sessions that were up, or gave it to the first.
    pub shifts: BTreeMap<Pair, Vec<(Edge, Time)>>,
    shares: BTreeMap<(Asn, Family), Vec<(Time, Shares)>>,
    /// Of those that peer with collectors, the part that had a route.
    reach: BTreeMap<(Asn, Family), Vec<(Time, f64)>>,
}

/// Collectors that nobody reads: with those that are read, they stand for all that might be. A share that is stated with an
/// interval is a sample's; the truth it is measured by is that of the population.
const POPULATION: u32 = 30;
/// A share is not compared so shortly after a change.
const SETTLING_MICROS: i64 = 5 * 60 * 1_000_000;

/// What vantages show at one moment.
#[derive(Default)]
struct Moment {
    /// Sessions that are up (collector, peer), and whether any session, up or not, has such a path.
    seen: BTreeMap<Pair, BTreeSet<(CollectorId, Asn)>>,
    shares: BTreeMap<(Asn, Family), (Shares, f64)>,
    reached: BTreeMap<(Asn, Family), BTreeSet<usize>>,
}

/// A stretch under way.
struct Open {
    from: Option<Time>,
    /// Two independent sessions show it since then.
    shown_since: Option<Time>,
    longest_micros: i64,
}

struct Follower<'a> {
    subjects: &'a BTreeSet<Asn>,
    route_servers: BTreeSet<Asn>,
    /// Vantages that are read stand before those that are not.
    read: usize,
    /// How many of each family are not.
    unread: BTreeMap<Family, usize>,
    visible_micros: i64,
    open: BTreeMap<Pair, Open>,
    /// Pairs that some session shows that is up.
    shown: BTreeSet<Pair>,
    out: Witness,
}

impl Witness {
    /// Follows a world. What two independent sessions show for `visible_micros` is visible.
    pub fn of(plan: &Plan, observers: &Observers, subjects: &BTreeSet<Asn>, visible_micros: i64) -> Witness {
        let (watch, read) = (with_population(plan, observers), plan.watch.vantages.len());
        let settings = Settings { seed: plan.seed, threads: 1, convergence_micros: 1, exploration: false };
        let exchanges = plan.topology.exchanges().iter();
        let mut unread: BTreeMap<Family, usize> = BTreeMap::new();
        watch.vantages[read..].iter().for_each(|vantage| *unread.entry(vantage.family).or_default() += 1);
        let mut follower = Follower {
            subjects,
            route_servers: exchanges.map(|exchange| exchange.route_server).collect(),
            read,
            unread,
            visible_micros,
            open: BTreeMap::new(),
            shown: BTreeSet::new(),
            out: Witness::default(),
        };
        let mut state = State::new(plan.topology.clone(), watch, plan.announced.clone(), settings, plan.from);
        follower.look(&state, None, plan.from);
        let mut messages: Vec<Message> = Vec::new();
        for changes in plan.changes.chunk_by(|a, b| a.at == b.at) {
            let at = changes[0].at;
            let batch: Vec<What> = changes.iter().map(|change| change.what.clone()).collect();
            state.apply(at, &batch, Time(i64::MAX), &mut messages);
            messages.clear();
            follower.look(&state, Some(at), at);
            let of_vantages = |what: &What| matches!(what, What::Vantage(..) | What::Collector(..));
            if batch.iter().any(of_vantages) {
                // What changed at this moment may be a vantage's doing.
                follower.out.shifts.values_mut().for_each(|shifts| shifts.retain(|(_, of)| *of != at));
            }
        }
        follower.finish(plan.until)
    }

    /// The share of an upstream, change by change.
    pub fn shares_of(&self, pair: Pair) -> Vec<(Time, f64)> {
        let moments = self.shares.get(&(pair.origin, pair.family)).map(Vec::as_slice).unwrap_or_default();
        moments.iter().map(|(at, shares)| (*at, shares.get(&pair.upstream).copied().unwrap_or(0.0))).collect()
    }

    /// The part of those that peer with collectors that had a route, change by change.
    pub fn reach(&self, origin: Asn, family: Family) -> &[(Time, f64)] {
        self.reach.get(&(origin, family)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The share of an upstream at a time; `None` if nothing is known or it changed a moment before.
    pub fn share(&self, pair: Pair, at: Time) -> Option<f64> {
        let moments = self.shares.get(&(pair.origin, pair.family))?;
        let (since, shares) = moments[..moments.partition_point(|(since, _)| *since <= at)].last()?;
        let settled = moments.len() == 1 || at.0 - since.0 > SETTLING_MICROS;
        (settled && !shares.is_empty()).then(|| shares.get(&pair.upstream).copied().unwrap_or(0.0))
    }
}

/// The vantages of a plan, and behind them those of the population, which are drawn alike and of full tables only.
fn with_population(plan: &Plan, observers: &Observers) -> Watch {
    let mut watch = plan.watch.clone();
    let plenty = Observers { collectors: POPULATION, partial_permille: 0, ..observers.clone() };
    let drawn = Watch::draw(&plan.topology, &plenty, mix(plan.seed, 0x706f_7075));
    let first = watch.collectors.len() as u32;
    for number in 0..drawn.collectors.len() {
        watch.add_collector(&format!("unread{number:02}"));
    }
    // As in the plan, networks of the cast watch only if the scenario says so.
    for vantage in drawn.vantages.iter().filter(|vantage| plan.watched.binary_search(&vantage.network).is_err()) {
        let collector = CollectorId(first + vantage.collector.0);
        watch.add_vantage(&plan.topology, collector, vantage.network, vantage.family, Feed::Full);
    }
    watch
}

impl Follower<'_> {
    /// The network next to the origin of a path, both as a careful reader has them: route servers are no networks on the way,
    /// and a path that its origin comes back in tells of no one.
    fn upstream(&self, hops: &[u32]) -> Option<(Asn, Asn)> {
        let origin = Asn(*hops.last()?);
        let before = hops.iter().rev().map(|hop| Asn(*hop)).skip_while(|hop| *hop == origin);
        let before: Vec<Asn> = before.filter(|hop| !self.route_servers.contains(hop)).collect();
        let upstream = before.first().filter(|_| !before.contains(&origin))?;
        Some((origin, *upstream))
    }

    fn look(&mut self, state: &State, since: Option<Time>, at: Time) {
        let mut prefixes: BTreeMap<(Asn, Family), Vec<Prefix>> = BTreeMap::new();
        for (prefix, announcement) in state.table() {
            for seed in &announcement.seeds {
                let origin = seed.tail.last().copied().unwrap_or(state.topology().network(seed.at).asn);
                if self.subjects.contains(&origin) {
                    prefixes.entry((origin, prefix.family())).or_default().push(*prefix);
                }
            }
        }
        let mut moment = Moment::default();
        for ((subject, family), prefixes) in &prefixes {
            for (prefix, weight) in prefixes.iter().zip(weights(prefixes)) {
                self.look_at_prefix(state, *subject, *family, prefix, weight, &mut moment);
            }
        }
        self.take(moment, since, at);
    }

    fn look_at_prefix(
        &self,
        state: &State,
        subject: Asn,
        family: Family,
        prefix: &Prefix,
        weight: f64,
        moment: &mut Moment,
    ) {
        for (number, vantage) in state.watch().vantages.iter().enumerate().filter(|(_, v)| v.family == family) {
            let id = VantageId(number as u32);
            let Some(path) = state.path(id, prefix) else { continue };
            let Some((origin, upstream)) = self.upstream(&path) else { continue };
            if origin != subject {
                continue;
            }
            if number < self.read {
                let sessions = moment.seen.entry(Pair { origin, family, upstream }).or_default();
                if state.is_up(id) {
                    sessions.insert((vantage.collector, vantage.session.asn));
                }
            } else {
                moment.reached.entry((subject, family)).or_default().insert(number);
                let (shares, all) = moment.shares.entry((subject, family)).or_default();
                *shares.entry(upstream).or_default() += weight;
                *all += weight;
            }
        }
    }

    fn take(&mut self, moment: Moment, since: Option<Time>, at: Time) {
        self.take_reach(&moment.reached, at);
        let gone: Vec<Pair> = self.open.keys().filter(|pair| !moment.seen.contains_key(pair)).copied().collect();
        for pair in gone {
            self.close(pair, at, Some(at));
        }
        let shown = moment.seen.iter().filter(|(_, sessions)| !sessions.is_empty()).map(|(pair, _)| *pair).collect();
        if since.is_some() {
            let gone = self.shown.difference(&shown).map(|pair| (*pair, Edge::End));
            let come = shown.difference(&self.shown).map(|pair| (*pair, Edge::Start));
            for (pair, edge) in gone.chain(come) {
                self.out.shifts.entry(pair).or_default().push((edge, at));
            }
        }
        self.shown = shown;
        for (pair, sessions) in moment.seen {
            let collectors: BTreeSet<CollectorId> = sessions.iter().map(|(collector, _)| *collector).collect();
            let peers: BTreeSet<Asn> = sessions.iter().map(|(_, peer)| *peer).collect();
            let shown = collectors.len() >= 2 && peers.len() >= 2;
            let open = self.open.entry(pair).or_insert(Open { from: since, shown_since: None, longest_micros: 0 });
            match (open.shown_since, shown) {
                (None, true) => open.shown_since = Some(at),
                (Some(first), false) => {
                    open.longest_micros = open.longest_micros.max(at.0 - first.0);
                    open.shown_since = None;
                }
                _ => {}
            }
        }
        for (key, (mut shares, all)) in moment.shares {
            shares.values_mut().for_each(|share| *share /= all);
            let told = self.out.shares.entry(key).or_default();
            if told.last().is_none_or(|(_, last)| *last != shares) {
                told.push((at, shares));
            }
        }
    }

    /// Whom nobody reaches any more is not in the moment.
    fn take_reach(&mut self, reached: &BTreeMap<(Asn, Family), BTreeSet<usize>>, at: Time) {
        for key in self.out.reach.keys().chain(reached.keys()).copied().collect::<BTreeSet<(Asn, Family)>>() {
            let many = reached.get(&key).map_or(0, BTreeSet::len) as f64;
            let part = many / self.unread.get(&key.1).copied().unwrap_or(0).max(1) as f64;
            let told = self.out.reach.entry(key).or_default();
            if told.last().is_none_or(|(_, last)| *last != part) {
                told.push((at, part));
            }
        }
    }

    fn close(&mut self, pair: Pair, at: Time, until: Option<Time>) {
        let Some(open) = self.open.remove(&pair) else { return };
        let longest = open.longest_micros.max(open.shown_since.map_or(0, |first| at.0 - first.0));
        let stretch = Stretch { from: open.from, until, visible: longest >= self.visible_micros };
        self.out.carried.entry(pair).or_default().push(stretch);
    }

    fn finish(mut self, until: Time) -> Witness {
        for pair in self.open.keys().copied().collect::<Vec<Pair>>() {
            self.close(pair, until, None);
        }
        self.out
    }
}

/// Addresses of each prefix less those of more-specific ones (IPv4), or 1 (IPv6). The prefixes are in order.
fn weights(prefixes: &[Prefix]) -> Vec<f64> {
    let size = |prefix: &Prefix| prefix.v4_addresses().unwrap_or(0) as f64;
    let weight = |at: usize| {
        let prefix = &prefixes[at];
        if prefix.family() == Family::V6 {
            return 1.0;
        }
        let inside = prefixes[at + 1..].iter().take_while(|other| prefix.covers(other));
        let mut taken = 0.0;
        let mut last: Option<&Prefix> = None;
        for other in inside.filter(|other| *other != prefix) {
            if !last.is_some_and(|last| last.covers(other)) {
                taken += size(other);
                last = Some(other);
            }
        }
        size(prefix) - taken
    };
    (0..prefixes.len()).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_count_once() {
        let prefixes = ["192.0.2.0/24", "192.0.2.0/26", "192.0.2.0/28", "192.0.2.128/26", "198.51.100.0/24"];
        let prefixes = prefixes.map(|prefix| prefix.parse().unwrap());
        assert_eq!(weights(&prefixes), [128.0, 48.0, 16.0, 64.0, 256.0]);
        assert_eq!(weights(&["2001:db8::/32".parse().unwrap(), "2001:db8::/48".parse().unwrap()]), [1.0, 1.0]);
    }
}
