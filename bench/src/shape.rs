//! The shape of an MRT stream: the distributions a generated one must share with real ones.
//!
//! Memory grows with what is distinct: prefixes, attribute sets, and pairs of vantage and origin.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::io::BufRead;

use headwater_route::{
    Asn, Attributes, Event, Family, Fault, Nlri, Observation, OriginCode, Prefix, Route, SegmentKind, Session,
    SessionId, Time,
};
use headwater_wire::mrt::{self, Interest, Options, Record, Sink};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// How often each value was met.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Spread(BTreeMap<u64, u64>);

impl Spread {
    fn add(&mut self, value: u64) {
        *self.0.entry(value).or_default() += 1;
    }

    /// Values met.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// Their mean; 0 of none.
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.0.iter().map(|(value, count)| *value as f64 * *count as f64).sum();
        share_of(sum, self.count())
    }

    /// The value that `share` of them (0 to 1) do not exceed; 0 of none.
    pub fn at(&self, share: f64) -> u64 {
        let (all, mut below) = (self.count() as f64, 0);
        let reached = |count: &u64| {
            below += count;
            below as f64 >= share * all
        };
        let counts: Vec<bool> = self.0.values().map(reached).collect();
        self.0.keys().zip(counts).find(|(_, reached)| *reached).map_or(0, |(value, _)| *value)
    }

    /// Share of values from `least` on.
    pub fn from(&self, least: u64) -> f64 {
        share_of(self.0.range(least..).map(|(_, count)| *count).sum::<u64>() as f64, self.count())
    }

    /// Share of the sum that the largest `share` of the values hold.
    pub fn held_by_largest(&self, share: f64) -> f64 {
        let sum: u64 = self.0.iter().map(|(value, count)| value * count).sum();
        let mut left = (self.count() as f64 * share).ceil() as u64;
        let mut held = 0;
        for (value, count) in self.0.iter().rev() {
            let taken = left.min(*count);
            held += taken * value;
            left -= taken;
        }
        share_of(held as f64, sum)
    }

    fn show(&self) -> String {
        let most = self.0.last_key_value().map_or(0, |(value, _)| *value);
        format!("{:.2} ({} {} {} {most})", self.mean(), self.at(0.5), self.at(0.9), self.at(0.99))
    }
}

fn share_of(part: f64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part / all as f64 }
}

/// The shape of one stream. Shares lie between 0 and 1.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Shape {
    /// Faults met.
    pub faults: u64,
    /// Peer sessions.
    pub vantages: u64,
    /// Distinct prefixes.
    pub prefixes: u64,
    /// Entries of table dumps.
    pub held: u64,
    /// Announcements.
    pub announced: u64,
    /// Withdrawals.
    pub withdrawn: u64,
    /// State changes.
    pub states: u64,
    /// Entries of a table record.
    pub entries_a_prefix: Spread,
    /// Share of table records with at least half as many entries as the fullest of their family.
    pub widely_held: f64,
    /// Prefix lengths, IPv4.
    pub lengths_v4: Spread,
    /// Prefix lengths, IPv6.
    pub lengths_v6: Spread,
    /// Prefixes of an origin.
    pub prefixes_an_origin: Spread,
    /// Share of prefixes with the origin of the one before them.
    pub origin_as_before: f64,
    /// Hops of a path with repeats.
    pub hops: Spread,
    /// Hops of a path without repeats.
    pub distinct_hops: Spread,
    /// Share of paths with a repeated hop.
    pub prepended: f64,
    /// Share of paths with a set.
    pub with_set: f64,
    /// Attribute bytes of an entry.
    pub attribute_bytes: f64,
    /// Communities of a route.
    pub communities: Spread,
    /// Distinct communities.
    pub distinct_communities: u64,
    /// Large communities of a route.
    pub large_communities: Spread,
    /// Extended communities of a route.
    pub extended_communities: Spread,
    /// Share of routes with MULTI_EXIT_DISC.
    pub with_med: f64,
    /// Share with LOCAL_PREF.
    pub with_local_pref: f64,
    /// Share with ATOMIC_AGGREGATE.
    pub with_atomic_aggregate: f64,
    /// Share with AGGREGATOR.
    pub with_aggregator: f64,
    /// Share with ORIGIN IGP.
    pub with_igp: f64,
    /// Distinct attribute sets, for a route.
    pub distinct_attributes: f64,
    /// Distinct paths, for a route.
    pub distinct_paths: f64,
    /// Distinct paths without the vantage's own hops, for a route.
    pub distinct_tails: f64,
    /// Share of a vantage's routes to origins of several prefixes that go the way most routes to their origin go.
    pub on_main_path: f64,
    /// Share of entries with the attributes of the vantage's entry before.
    pub attributes_as_before: f64,
    /// Share of entries with the time of origin of the vantage's entry before.
    pub originated_as_before: f64,
    /// Announcements and withdrawals of a message.
    pub routes_a_message: Spread,
    /// Share of messages whose attributes stood in the stream before.
    pub repeated_attributes: f64,
    /// Share of announcements that say again what the vantage had announced last for the prefix.
    pub repeated_routes: f64,
    /// Share of withdrawals of what the stream had withdrawn already.
    pub repeated_withdrawals: f64,
    /// Announcements and withdrawals of a prefix.
    pub events_a_prefix: Spread,
}

impl Shape {
    /// Reads a decompressed stream to its end.
    pub fn of(stream: &mut dyn BufRead) -> Shape {
        let mut look = Look::default();
        mrt::read(stream, &Options::default(), &mut look);
        look.shape()
    }

    /// What it says, for a table: names and values. A spread is its mean, then median, 90 %, 99 % and greatest.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let number = |n: u64| n.to_string();
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        let lengths = |spread: &Spread| {
            let all = spread.count();
            let mut shares: Vec<(u64, f64)> =
                spread.0.iter().map(|(len, n)| (*len, 100.0 * share_of(*n as f64, all))).collect();
            shares.sort_by(|a, b| b.1.total_cmp(&a.1));
            let shown: Vec<String> = shares.iter().take(4).map(|(len, share)| format!("/{len} {share:.0}")).collect();
            shown.join(" ")
        };
        vec![
            ("faults", number(self.faults)),
            ("vantages", number(self.vantages)),
            ("prefixes", number(self.prefixes)),
            ("held", number(self.held)),
            ("announced", number(self.announced)),
            ("withdrawn", number(self.withdrawn)),
            ("states", number(self.states)),
            ("entries a prefix", self.entries_a_prefix.show()),
            ("  prefixes widely held", percent(self.widely_held)),
            ("IPv4 lengths, %", lengths(&self.lengths_v4)),
            ("IPv6 lengths, %", lengths(&self.lengths_v6)),
            ("prefixes an origin", self.prefixes_an_origin.show()),
            ("  held by 1 % of origins", percent(self.prefixes_an_origin.held_by_largest(0.01))),
            ("  origin as before", percent(self.origin_as_before)),
            ("hops", self.hops.show()),
            ("  distinct", self.distinct_hops.show()),
            ("  paths with repeats", percent(self.prepended)),
            ("  paths with a set", percent(self.with_set)),
            ("attribute bytes an entry", format!("{:.1}", self.attribute_bytes)),
            ("communities", self.communities.show()),
            ("  routes with any", percent(self.communities.from(1))),
            ("  distinct", number(self.distinct_communities)),
            ("large communities", self.large_communities.show()),
            ("extended communities", self.extended_communities.show()),
            ("with MED", percent(self.with_med)),
            ("with LOCAL_PREF", percent(self.with_local_pref)),
            ("with ATOMIC_AGGREGATE", percent(self.with_atomic_aggregate)),
            ("with AGGREGATOR", percent(self.with_aggregator)),
            ("with ORIGIN IGP", percent(self.with_igp)),
            ("distinct attribute sets", percent(self.distinct_attributes)),
            ("  paths", percent(self.distinct_paths)),
            ("  paths behind the vantage", percent(self.distinct_tails)),
            ("on the main path to the origin", percent(self.on_main_path)),
            ("attributes as before", percent(self.attributes_as_before)),
            ("time of origin as before", percent(self.originated_as_before)),
            ("routes a message", self.routes_a_message.show()),
            ("attributes met before", percent(self.repeated_attributes)),
            ("routes announced again", percent(self.repeated_routes)),
            ("withdrawn again", percent(self.repeated_withdrawals)),
            ("events a prefix", self.events_a_prefix.show()),
            ("  of the busiest 1 %", percent(self.events_a_prefix.held_by_largest(0.01))),
        ]
    }
}

/// What a vantage said last of a prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Announced(u64),
    Withdrawn,
}

/// Takes a stream's measure.
#[derive(Default)]
struct Look {
    shape: Shape,
    own_asn: Vec<Asn>,
    record: Option<Record>,
    /// Entries or routes of the record so far.
    in_record: u64,
    held_by: Vec<(Family, u64)>,
    record_bytes: u64,
    fixed_bytes: u64,
    routes: u64,
    last_origin: Option<Asn>,
    /// Prefixes, with their origin as the first route told it and their events.
    prefixes: FxHashMap<Nlri, (Option<Asn>, u64)>,
    communities: FxHashSet<[u8; 4]>,
    attributes: FxHashSet<u64>,
    paths: FxHashSet<u64>,
    tails: FxHashSet<u64>,
    /// Routes by vantage, origin and path.
    ways: FxHashMap<(SessionId, Asn), FxHashMap<u64, u32>>,
    before: FxHashMap<SessionId, (u64, Option<Time>)>,
    said: FxHashMap<(SessionId, Nlri), Said>,
    sums: Sums,
}

/// Counts that become shares.
#[derive(Default)]
struct Sums {
    origin_as_before: u64,
    prepended: u64,
    with_set: u64,
    med: u64,
    local_pref: u64,
    atomic_aggregate: u64,
    aggregator: u64,
    igp: u64,
    attributes_as_before: u64,
    originated_as_before: u64,
    /// Messages with announcements.
    attribute_lists: u64,
    repeated_attributes: u64,
    repeated_routes: u64,
    repeated_withdrawals: u64,
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

fn hash_of(attributes: &Attributes<'_>) -> u64 {
    let plain = (attributes.path, attributes.origin, attributes.next_hop, attributes.med, attributes.local_pref);
    let rest = (attributes.atomic_aggregate, attributes.aggregator, attributes.only_to_customer);
    let lists = (attributes.communities, attributes.extended_communities, attributes.large_communities);
    hash((plain, rest, lists))
}

impl Look {
    fn route(&mut self, session: SessionId, route: &Route<'_>) -> u64 {
        let attributes = route.attributes;
        self.routes += 1;
        let hops: Vec<Asn> = attributes.path.segments().flat_map(|segment| segment.asns()).collect();
        let mut distinct = hops.clone();
        distinct.dedup();
        self.shape.hops.add(hops.len() as u64);
        self.shape.distinct_hops.add(distinct.len() as u64);
        let sums = &mut self.sums;
        sums.prepended += u64::from(distinct.len() < hops.len());
        sums.with_set += u64::from(attributes.path.segments().any(|segment| segment.kind == SegmentKind::Set));
        sums.med += u64::from(attributes.med.is_some());
        sums.local_pref += u64::from(attributes.local_pref.is_some());
        sums.atomic_aggregate += u64::from(attributes.atomic_aggregate);
        sums.aggregator += u64::from(attributes.aggregator.is_some());
        sums.igp += u64::from(attributes.origin == Some(OriginCode::Igp));
        self.shape.communities.add(attributes.communities.len() as u64 / 4);
        self.shape.extended_communities.add(attributes.extended_communities.len() as u64 / 8);
        self.shape.large_communities.add(attributes.large_communities.len() as u64 / 12);
        self.communities.extend(attributes.communities.as_chunks::<4>().0);

        let set = hash_of(attributes);
        self.paths.insert(hash(attributes.path));
        let own = self.own_asn.get(session.0 as usize).copied();
        let tail: Vec<Asn> = hops.iter().copied().skip_while(|asn| Some(*asn) == own).collect();
        let tail = hash(tail);
        self.tails.insert(tail);
        if let Some(origin) = attributes.path.origin() {
            *self.ways.entry((session, origin)).or_default().entry(tail).or_default() += 1;
        }
        let first = self.attributes.insert(set);
        // The routes of one message share their attributes: only its first tells of others.
        if self.in_record == 0 {
            self.sums.attribute_lists += 1;
            self.sums.repeated_attributes += u64::from(!first);
        }
        set
    }

    /// Notes the prefix; `origin` as its first route tells it.
    fn prefix(&mut self, nlri: Nlri, origin: Option<Asn>) {
        let mut is_new = false;
        let known = self.prefixes.entry(nlri).or_insert_with(|| {
            is_new = true;
            (origin, 0)
        });
        known.1 += 1;
        if is_new {
            let prefix = nlri.prefix;
            let lengths = match prefix.family() {
                Family::V4 => &mut self.shape.lengths_v4,
                Family::V6 => &mut self.shape.lengths_v6,
            };
            lengths.add(u64::from(prefix.len()));
            self.sums.origin_as_before += u64::from(origin.is_some() && origin == self.last_origin);
            self.last_origin = origin;
        }
    }

    /// Closes the record that is being read.
    fn close(&mut self) {
        if self.in_record > 0 {
            match self.record.map(|record| record.kind) {
                Some(16 | 17) => self.shape.routes_a_message.add(self.in_record),
                _ => self.shape.entries_a_prefix.add(self.in_record),
            }
        }
        self.in_record = 0;
    }

    fn held(&mut self, observation: &Observation<'_>, route: &Route<'_>) {
        self.shape.held += 1;
        let prefix = route.nlri.prefix;
        if self.in_record == 0 {
            if let Some(record) = self.record {
                self.record_bytes += u64::from(record.len);
                self.fixed_bytes += fixed_bytes(&record, &prefix);
            }
            self.held_by.push((prefix.family(), 0));
        }
        self.held_by.last_mut().expect("pushed above").1 += 1;
        if self.record.is_some_and(|record| record.kind == 13) {
            self.fixed_bytes += 8 + if route.nlri.path_id.is_some() { 4 } else { 0 };
        }
        let set = self.route(observation.session, route);
        let before = self.before.insert(observation.session, (set, route.originated));
        self.sums.attributes_as_before += u64::from(before.is_some_and(|(last, _)| last == set));
        self.sums.originated_as_before += u64::from(before.is_some_and(|(_, last)| last == route.originated));
        self.prefix(route.nlri, route.attributes.path.origin());
    }

    fn shape(mut self) -> Shape {
        self.close();
        let routes = self.routes;
        let (sums, shape) = (self.sums, &mut self.shape);
        let of_routes = |count: u64| share_of(count as f64, routes);
        shape.vantages = self.own_asn.len() as u64;
        shape.prefixes = self.prefixes.len() as u64;
        let most = |family| self.held_by.iter().filter(|(f, _)| *f == family).map(|(_, n)| *n).max().unwrap_or(0);
        let (most_v4, most_v6) = (most(Family::V4), most(Family::V6));
        let is_wide = |(family, n): &&(Family, u64)| 2 * n >= if *family == Family::V4 { most_v4 } else { most_v6 };
        let wide = self.held_by.iter().filter(is_wide).count();
        shape.widely_held = share_of(wide as f64, self.held_by.len() as u64);
        let mut by_origin: FxHashMap<Asn, u64> = FxHashMap::default();
        for (origin, events) in self.prefixes.values() {
            if let Some(origin) = origin {
                *by_origin.entry(*origin).or_default() += 1;
            }
            if shape.held == 0 {
                shape.events_a_prefix.add(*events);
            }
        }
        by_origin.values().for_each(|prefixes| shape.prefixes_an_origin.add(*prefixes));
        shape.origin_as_before = share_of(sums.origin_as_before as f64, shape.prefixes);
        shape.prepended = of_routes(sums.prepended);
        shape.with_set = of_routes(sums.with_set);
        shape.attribute_bytes = share_of(self.record_bytes as f64 - self.fixed_bytes as f64, shape.held);
        shape.distinct_communities = self.communities.len() as u64;
        shape.with_med = of_routes(sums.med);
        shape.with_local_pref = of_routes(sums.local_pref);
        shape.with_atomic_aggregate = of_routes(sums.atomic_aggregate);
        shape.with_aggregator = of_routes(sums.aggregator);
        shape.with_igp = of_routes(sums.igp);
        shape.distinct_attributes = of_routes(self.attributes.len() as u64);
        shape.distinct_paths = of_routes(self.paths.len() as u64);
        shape.distinct_tails = of_routes(self.tails.len() as u64);
        let (mut main, mut several) = (0u64, 0u64);
        for ways in self.ways.values() {
            let all: u32 = ways.values().sum();
            if all > 1 {
                main += u64::from(ways.values().copied().max().unwrap_or(0));
                several += u64::from(all);
            }
        }
        shape.on_main_path = share_of(main as f64, several);
        shape.attributes_as_before = share_of(sums.attributes_as_before as f64, shape.held);
        shape.originated_as_before = share_of(sums.originated_as_before as f64, shape.held);
        shape.repeated_attributes = share_of(sums.repeated_attributes as f64, sums.attribute_lists);
        shape.repeated_routes = share_of(sums.repeated_routes as f64, shape.announced);
        shape.repeated_withdrawals = share_of(sums.repeated_withdrawals as f64, shape.withdrawn);
        self.shape
    }
}

/// Bytes of a table record that are neither attributes nor the heads of entries (RFC 6396 §4.2, §4.3).
fn fixed_bytes(record: &Record, prefix: &Prefix) -> u64 {
    match (record.kind, record.subtype) {
        (12, 1) => 22,
        (12, 2) => 46,
        (13, subtype) => {
            let table = if matches!(subtype, 6 | 12) { 3 } else { 0 };
            4 + table + 1 + u64::from(prefix.len()).div_ceil(8) + 2
        }
        _ => 0,
    }
}

impl Sink for Look {
    fn record(&mut self, record: &Record) -> Interest {
        self.close();
        self.record = Some(*record);
        Interest::Decode
    }

    fn session(&mut self, _: SessionId, session: Session) {
        self.own_asn.push(session.asn);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let session = observation.session;
        match &observation.event {
            Event::Held(route) => self.held(observation, route),
            Event::Announced(route) => {
                self.shape.announced += 1;
                let set = self.route(session, route);
                self.prefix(route.nlri, route.attributes.path.origin());
                let before = self.said.insert((session, route.nlri), Said::Announced(set));
                self.sums.repeated_routes += u64::from(before == Some(Said::Announced(set)));
            }
            Event::Withdrawn(nlri) => {
                self.shape.withdrawn += 1;
                self.prefix(*nlri, None);
                let before = self.said.insert((session, *nlri), Said::Withdrawn);
                self.sums.repeated_withdrawals += u64::from(before == Some(Said::Withdrawn));
            }
            Event::State { .. } => {
                self.shape.states += 1;
                return;
            }
        }
        self.in_record += 1;
    }

    fn fault(&mut self, _: Fault) {
        self.shape.faults += 1;
    }
}
