//! The routes of each vantage, swept through time (methods §2): a dump sets its state, updates change it, and between two
//! marks the state is known only while update files cover the time without a gap. What was held is noted day by day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use headwater_route::rows::{RouteEvent, RouteHistory, RouteRun, Vantage};
use headwater_route::{AsPath, Asn, Evidence, Family, Prefix, Time, Window};

use crate::cohort::Held;
use crate::rules::Rules;
use crate::sanitise::{Registry, Upstream, sanitise};
use crate::vantage::reset::{By, Reset};

pub(crate) const DAY_MICROS: i64 = 86_400_000_000;
const SECOND_MICROS: i64 = 1_000_000;
const MINUTE_MICROS: f64 = 60e6;

/// An upstream at one vantage on one day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Via {
    pub upstream: Upstream,
    /// An instant by which it stood there.
    pub by: Time,
    /// The last instant at which it is known to have stood there.
    pub to: Time,
}

/// A vantage on a day on which something is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Index into the vantages of the history.
    pub vantage: usize,
    /// An instant by which its state is known.
    pub by: Time,
    /// The last instant at which it is.
    pub to: Time,
    /// At some time of the day only the prefixes that updates told of are known.
    pub partial: bool,
    /// Size of the table the state rests on; 0 if it rests on none that was read whole.
    pub table: u64,
    /// Upstreams at any time of the day.
    pub any: Vec<Via>,
    /// Index of the table it held last on that day.
    pub held: usize,
    /// A route it held.
    pub sample: Option<(u32, Upstream, Evidence)>,
}

impl Seen {
    /// Where an upstream stood that day, if it did.
    pub fn via(&self, asn: Asn) -> Option<&Via> {
        self.any.iter().find(|via| via.upstream == Upstream::Seen(asn))
    }
}

/// How a sighting was stated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Stated {
    Dump,
    Update,
}

/// A sighting of an upstream: who, when, which bytes.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    /// First time: of the dump, or of the update.
    pub first: Time,
    /// Last dump that holds it unchanged; the same as `first` for an update.
    pub last: Time,
    pub vantage: usize,
    pub prefix: Prefix,
    pub evidence: Evidence,
    pub stated: Stated,
    /// The network behind the upstream.
    pub next: Option<Asn>,
    /// The origin stands before a number that no network can have.
    pub private_origin: bool,
}

/// What a path says of the subject.
#[derive(Clone, Copy)]
struct Read {
    upstream: Upstream,
    next: Option<Asn>,
    private_origin: bool,
}

/// What was seen in one family within one era.
#[derive(Default)]
pub(crate) struct Sweep {
    /// By day since the epoch: vantages of which something is known, in their order.
    pub days: BTreeMap<i64, Vec<Seen>>,
    /// By upstream.
    pub sightings: BTreeMap<Asn, Vec<Sighting>>,
    /// Vantages with a hidden upstream, by the next public number.
    pub hidden: BTreeMap<Option<Asn>, BTreeSet<usize>>,
    /// Prefixes that were held by way of a hidden or unknown upstream.
    pub unclear: BTreeSet<Prefix>,
    /// Routes that tell no origin or no upstream.
    pub unusable: usize,
    /// Vantages that have the same prefixes from other origins.
    pub others: BTreeMap<Asn, BTreeSet<usize>>,
    /// Every prefix of the family, sorted.
    pub prefixes: Vec<Prefix>,
    /// Distinct tables that vantages held; the first is the empty one.
    pub tables: Vec<Held>,
}

/// The rows of one vantage.
#[derive(Default)]
struct Own<'a> {
    runs: Vec<&'a RouteRun>,
    events: Vec<&'a RouteEvent>,
    /// (time, source and offset) of every state change.
    states: Vec<(Time, Evidence)>,
    /// When its session was down or sent its table.
    resets: Vec<&'a Reset>,
}

impl Own<'_> {
    /// Until when the table of the session is in motion at a time.
    fn in_motion(&self, at: Time) -> Option<Time> {
        let covers = |r: &&&Reset| r.from <= at && r.until.is_none_or(|until| at < until);
        self.resets.iter().find(covers).map(|r| r.until.unwrap_or(Time(i64::MAX)))
    }
}

/// A dump of a collector as its vantages see it.
struct Dump {
    at: Time,
    until: Time,
    complete: bool,
    /// Routes of the family, by vantage.
    counts: BTreeMap<usize, u64>,
    index: usize,
}

/// What holds for all vantages of a collector.
#[derive(Default)]
struct Collector {
    dumps: Vec<Dump>,
    /// Spans of time without a gap in the update files.
    coverage: Vec<(Time, Time)>,
}

enum Mark<'a> {
    /// The position of a dump of the collector that holds the vantage.
    Dump(usize),
    /// The collector dumped without it, or the session changed its state.
    Lost,
    Event(&'a RouteEvent),
}

/// What a vantage holds at one moment.
#[derive(Default)]
struct State {
    /// By index of the prefix; empty for one that was withdrawn.
    routes: BTreeMap<u32, Vec<(Upstream, Evidence)>>,
    /// How many routes go through each upstream.
    counts: BTreeMap<Upstream, usize>,
    /// Something is known of the vantage now.
    known: bool,
    /// Only prefixes that updates told of are known, or routes were lost.
    partial: bool,
    table: u64,
    /// Index of the table it is, once that was looked up.
    held: Option<usize>,
}

impl State {
    fn set(&mut self, prefix: u32, routes: Vec<(Upstream, Evidence)>) {
        self.held = None;
        for (upstream, _) in &routes {
            *self.counts.entry(*upstream).or_default() += 1;
        }
        for (upstream, _) in self.routes.insert(prefix, routes).unwrap_or_default() {
            if let Some(count) = self.counts.get_mut(&upstream) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&upstream);
                }
            }
        }
    }

    fn routes_held(&self) -> Held {
        let mut held: Held =
            self.routes.iter().flat_map(|(prefix, routes)| routes.iter().map(|(up, _)| (*prefix, *up))).collect();
        held.sort();
        held.dedup();
        held
    }

    fn sample(&self) -> Option<(u32, Upstream, Evidence)> {
        self.routes.iter().find_map(|(prefix, routes)| routes.first().map(|(up, at)| (*prefix, *up, *at)))
    }
}

/// Sweeps the routes of `subject` in one family, as far as they lie in `era`.
pub(crate) fn sweep(
    subject: Asn,
    family: Family,
    history: &RouteHistory,
    registry: &Registry,
    resets: &[Reset],
    era: &Window,
    rules: &Rules,
) -> Sweep {
    let runs = history.runs.iter().filter(|r| r.prefix.family() == family);
    let events = history.events.iter().filter(|e| e.prefix.family() == family);
    let prefixes: BTreeSet<Prefix> = runs.clone().map(|r| r.prefix).chain(events.clone().map(|e| e.prefix)).collect();
    let mut own: Vec<Own<'_>> = history.vantages.iter().map(|_| Own::default()).collect();
    // Rows that point at nothing are left out.
    for run in runs.filter(|r| r.first <= r.last && r.last < history.tables.len()) {
        own.get_mut(run.vantage).into_iter().for_each(|own| own.runs.push(run));
    }
    for event in events {
        own.get_mut(event.vantage).into_iter().for_each(|own| own.events.push(event));
    }
    for state in &history.states {
        own.get_mut(state.vantage).into_iter().for_each(|own| own.states.push((state.at, state.evidence)));
    }
    for reset in resets.iter().filter(|r| r.family.is_none_or(|of| of == family)) {
        own.get_mut(reset.vantage).into_iter().for_each(|own| own.resets.push(reset));
    }
    let collectors = collectors(history, family, rules);
    let mut sweeper = Sweeper {
        subject,
        registry,
        era,
        rules,
        out: Sweep { prefixes: prefixes.into_iter().collect(), tables: vec![Held::new()], ..Sweep::default() },
        interned: HashMap::from([(Held::new(), 0)]),
    };
    let none = Collector::default();
    for (vantage, own) in own.iter().enumerate() {
        let collector = collectors.get(history.vantages[vantage].collector.as_str()).unwrap_or(&none);
        sweeper.vantage(vantage, collector, own);
    }
    sweeper.out
}

fn collectors<'a>(history: &'a RouteHistory, family: Family, rules: &Rules) -> BTreeMap<&'a str, Collector> {
    let mut out: BTreeMap<&str, Collector> = BTreeMap::new();
    for (index, table) in history.tables.iter().enumerate() {
        let count = |v4: u64, v6: u64| if family == Family::V4 { v4 } else { v6 };
        let counts: BTreeMap<usize, u64> =
            table.vantages.iter().map(|(v, v4, v6)| (*v, count(*v4, *v6))).filter(|(_, n)| *n > 0).collect();
        // A dump of the other family says nothing about this one.
        if !counts.is_empty() {
            let (at, until, complete) = (table.at, table.until.max(table.at), table.complete);
            let dump = Dump { at, until, complete, counts, index };
            out.entry(&table.collector).or_default().dumps.push(dump);
        }
    }
    for (collector, coverage) in coverage(history, rules) {
        out.entry(collector).or_default().coverage = coverage;
    }
    out
}

/// Spans of time that the update files of each collector cover without a gap.
pub(crate) fn coverage<'a>(history: &'a RouteHistory, rules: &Rules) -> BTreeMap<&'a str, Vec<(Time, Time)>> {
    let mut out: BTreeMap<&str, Vec<(Time, Time)>> = BTreeMap::new();
    let slack = (rules.update_gap_minutes * MINUTE_MICROS) as i64;
    let mut cut: BTreeSet<&str> = BTreeSet::new();
    for span in &history.spans {
        // Beyond a file that lost records the state is not known, however near the next one is.
        if !span.complete {
            cut.insert(&span.collector);
            continue;
        }
        let joined = out.entry(&span.collector).or_default();
        // A file may begin some minutes after the dump whose state it carries on.
        let whole = !cut.remove(span.collector.as_str());
        let from = if whole { Time(span.from.0.saturating_sub(slack)) } else { span.from };
        match joined.last_mut().filter(|_| whole) {
            Some((_, until)) if from <= *until => *until = (*until).max(span.until),
            _ => joined.push((from, span.until)),
        }
    }
    out
}

/// The end of the span of update files that covers an instant.
pub(crate) fn covered(coverage: &[(Time, Time)], at: Time) -> Option<Time> {
    let next = coverage.partition_point(|(from, _)| *from <= at);
    coverage[..next].last().map(|(_, to)| *to).filter(|to| *to >= at)
}

/// Marks of a vantage in order of time. Within one instant a dump comes first; a state change stands among the updates where
/// its file has it.
fn marks<'a>(vantage: usize, collector: &Collector, own: &Own<'a>) -> Vec<(Time, Mark<'a>)> {
    let mut marks: Vec<(Time, usize, Mark<'a>)> = Vec::new();
    for (i, dump) in collector.dumps.iter().enumerate() {
        let mark = if dump.counts.contains_key(&vantage) { Mark::Dump(i) } else { Mark::Lost };
        marks.push((dump.at, 0, mark));
    }
    for (i, event) in own.events.iter().enumerate() {
        marks.push((event.at, 2 * i + 2, Mark::Event(event)));
    }
    // What was held before a reset that nobody told of is no longer known.
    for reset in own.resets.iter().filter(|r| matches!(r.by, By::Inferred { .. })) {
        marks.push((reset.from, 1, Mark::Lost));
    }
    for (at, evidence) in &own.states {
        let first = own.events.partition_point(|e| e.at < *at);
        let here = own.events[first..].iter().take_while(|e| e.at == *at).enumerate();
        let earlier = |e: &RouteEvent| e.evidence.source == evidence.source && e.evidence.offset < evidence.offset;
        let before = here.filter(|(_, e)| earlier(e)).last().map_or(0, |(i, _)| i + 1);
        marks.push((*at, 2 * (first + before) + 1, Mark::Lost));
    }
    marks.sort_by_key(|(at, order, _)| (*at, *order));
    marks.into_iter().map(|(at, _, mark)| (at, mark)).collect()
}

/// Events of a table in motion that another one of the same prefix follows before it rests: of each prefix one change is told
/// (methods §2.5).
fn passing(marks: &[(Time, Mark<'_>)], own: &Own<'_>) -> Vec<bool> {
    let mut followed: BTreeSet<(Time, Prefix)> = BTreeSet::new();
    let passes = |(at, mark): &(Time, Mark<'_>)| match (mark, own.in_motion(*at)) {
        (Mark::Event(event), Some(end)) => !followed.insert((end, event.prefix)),
        _ => false,
    };
    let mut passing: Vec<bool> = marks.iter().rev().map(passes).collect();
    passing.reverse();
    passing
}

struct Sweeper<'a> {
    subject: Asn,
    registry: &'a Registry,
    era: &'a Window,
    rules: &'a Rules,
    out: Sweep,
    interned: HashMap<Held, usize>,
}

impl Sweeper<'_> {
    fn index(&self, prefix: &Prefix) -> u32 {
        self.out.prefixes.binary_search(prefix).unwrap_or_default() as u32
    }

    /// Reads a path, and notes what is worth telling of it if `told`.
    fn read(&mut self, vantage: usize, prefix: Prefix, path: &AsPath, told: bool) -> Option<Read> {
        let clean = sanitise(path, self.registry, self.rules.path_hops);
        let origin = clean.origin();
        if let Some(other) = origin.filter(|origin| *origin != self.subject) {
            if told {
                self.out.others.entry(other).or_default().insert(vantage);
            }
            return None;
        }
        let upstream = clean.upstream();
        if told {
            self.out.unusable += usize::from(upstream == Upstream::Unknown);
            if let Upstream::Hidden(next) = upstream {
                self.out.hidden.entry(next).or_default().insert(vantage);
            }
            if matches!(upstream, Upstream::Hidden(_) | Upstream::Unknown) {
                self.out.unclear.insert(prefix);
            }
        }
        origin?;
        let next = clean.hops.len().checked_sub(3).map(|i| clean.hops[i].0);
        Some(Read { upstream, next, private_origin: clean.flags.private_origin })
    }

    fn sight(&mut self, read: &Read, sighting: Sighting) {
        if let Upstream::Seen(asn) = read.upstream {
            let sighting = Sighting { next: read.next, private_origin: read.private_origin, ..sighting };
            self.out.sightings.entry(asn).or_default().push(sighting);
        }
    }

    /// Reads the runs of a vantage once each: (first dump, last dump, prefix, route), by position in the collector.
    fn runs(
        &mut self,
        vantage: usize,
        collector: &Collector,
        own: &Own<'_>,
    ) -> Vec<(usize, usize, u32, (Upstream, Evidence))> {
        let mut out = Vec::new();
        for run in &own.runs {
            let first = collector.dumps.partition_point(|d| d.index < run.first);
            let end = collector.dumps.partition_point(|d| d.index <= run.last);
            let inside = |d: &&Dump| self.era.touches(d.at, d.at);
            let here = || collector.dumps[first..end].iter().filter(inside).map(|d| d.at);
            let span = here().next().zip(here().next_back());
            let Some(read) = self.read(vantage, run.prefix, &run.path, span.is_some()) else { continue };
            if let Some((first, last)) = span {
                let (prefix, evidence) = (run.prefix, run.evidence);
                let stated = Stated::Dump;
                let s = Sighting { first, last, vantage, prefix, evidence, stated, next: None, private_origin: false };
                self.sight(&read, s);
            }
            if first < end {
                out.push((first, end - 1, self.index(&run.prefix), (read.upstream, run.evidence)));
            }
        }
        out
    }

    fn vantage(&mut self, vantage: usize, collector: &Collector, own: &Own<'_>) {
        let marks = marks(vantage, collector, own);
        let passing = passing(&marks, own);
        let runs = self.runs(vantage, collector, own);
        let mut base = Base::new(&runs);
        let mut state = State::default();
        for (i, (at, mark)) in marks.iter().enumerate() {
            let mut by = *at;
            match mark {
                Mark::Lost => {
                    state.known = false;
                    continue;
                }
                Mark::Dump(position) => {
                    let dump = &collector.dumps[*position];
                    base.restore(*position, &mut state);
                    state.known = true;
                    state.partial = !dump.complete;
                    let size = dump.counts.get(&vantage).copied().unwrap_or(0);
                    state.table = if dump.complete { size } else { 0 };
                    by = dump.until;
                }
                Mark::Event(event) => {
                    let prefix = self.index(&event.prefix);
                    base.touched.insert(prefix);
                    if !state.known {
                        state = State { known: true, partial: true, ..State::default() };
                        base.fresh = true;
                    }
                    let route = self.event(vantage, event, !passing[i]);
                    state.set(prefix, route.into_iter().collect());
                }
            }
            // The state holds on while update files cover the time.
            let next = marks.get(i + 1);
            let until = covered(&collector.coverage, *at);
            // Until the last second before the next mark: what holds at the mark is for the mark to say.
            let last = next.map(|(next, _)| Time(next.0.saturating_sub(SECOND_MICROS)));
            let to = until.map_or(*at, |until| last.map_or(until, |last| until.min(last)).max(*at));
            let broken =
                next.is_none_or(|(next, mark)| until.is_none_or(|until| *next > until) || matches!(mark, Mark::Lost));
            let last = to.0.div_euclid(DAY_MICROS);
            // A table that is being sent is looked at when that is done.
            let still = own.in_motion(*at);
            if still
                .is_some_and(|end| next.is_some_and(|(next, _)| *next < end) || until.is_none_or(|until| until < end))
            {
                state.known &= !broken;
                continue;
            }
            let at = still.unwrap_or(*at);
            let settled = broken || next.is_some_and(|(next, _)| next.0.div_euclid(DAY_MICROS) != last);
            self.note(vantage, &mut state, (at, by.max(at), to), settled);
            // What it was is kept for the next dump to build on, and told of no more.
            state.known &= !broken;
        }
    }

    /// What an update says; it is told of only if `lasting`.
    fn event(&mut self, vantage: usize, event: &RouteEvent, lasting: bool) -> Option<(Upstream, Evidence)> {
        let told = lasting && self.era.touches(event.at, event.at);
        let read = self.read(vantage, event.prefix, event.path.as_ref()?, told)?;
        if told {
            let (at, prefix, evidence) = (event.at, event.prefix, event.evidence);
            let stated = Stated::Update;
            let s =
                Sighting { first: at, last: at, vantage, prefix, evidence, stated, next: None, private_origin: false };
            self.sight(&read, s);
        }
        Some((read.upstream, event.evidence))
    }

    /// Notes a state that holds from `at` to `to`, and is known by `by`. Unless `settled`, a later note of the last day
    /// follows that says what was held then.
    fn note(&mut self, vantage: usize, state: &mut State, (at, by, to): (Time, Time, Time), settled: bool) {
        let start = at.max(self.era.from.unwrap_or(at));
        let end = to.min(self.era.to.map_or(to, |end| Time(end.0.saturating_sub(1))));
        if start > end {
            return;
        }
        let by = by.max(start);
        let (first, last) = (start.0.div_euclid(DAY_MICROS), end.0.div_euclid(DAY_MICROS));
        let held = (settled || first != last).then(|| self.intern(state));
        for day in first..=last {
            let by = if day == first { by } else { Time(day * DAY_MICROS).max(by) };
            let to = if day == last { end } else { Time((day + 1) * DAY_MICROS - SECOND_MICROS).max(by) };
            let seen = self.seen(day, vantage, by, to);
            seen.by = seen.by.min(by);
            seen.to = seen.to.max(to);
            seen.partial |= state.partial;
            seen.table = state.table;
            seen.sample = state.sample();
            seen.held = held.unwrap_or(seen.held);
            for upstream in state.counts.keys() {
                match seen.any.iter_mut().find(|via| via.upstream == *upstream) {
                    Some(via) => (via.by, via.to) = (via.by.min(by), via.to.max(to)),
                    None => seen.any.push(Via { upstream: *upstream, by, to }),
                }
            }
        }
    }

    fn seen(&mut self, day: i64, vantage: usize, by: Time, to: Time) -> &mut Seen {
        let seen = self.out.days.entry(day).or_default();
        // Vantages are swept one after the other.
        if seen.last().is_none_or(|last| last.vantage != vantage) {
            seen.push(Seen { vantage, by, to, partial: false, table: 0, any: Vec::new(), held: 0, sample: None });
        }
        let last = seen.len() - 1;
        &mut seen[last]
    }

    /// The index of the table that a state is.
    fn intern(&mut self, state: &mut State) -> usize {
        if let Some(known) = state.held {
            return known;
        }
        let held = state.routes_held();
        let at = match self.interned.get(&held) {
            Some(found) => *found,
            None => {
                self.out.tables.push(held.clone());
                self.interned.insert(held, self.out.tables.len() - 1);
                self.out.tables.len() - 1
            }
        };
        state.held = Some(at);
        at
    }
}

type Placed = (usize, usize, u32, (Upstream, Evidence));

/// What the dumps say a vantage holds, kept up from dump to dump.
struct Base<'a> {
    runs: &'a [Placed],
    starts: Vec<usize>,
    ends: Vec<usize>,
    started: usize,
    ended: usize,
    active: BTreeMap<u32, Vec<usize>>,
    /// Prefixes for which the state no longer is what the dumps say.
    touched: BTreeSet<u32>,
    /// The state is empty, and rests on no dump.
    fresh: bool,
}

impl<'a> Base<'a> {
    fn new(runs: &'a [Placed]) -> Base<'a> {
        let by = |key: fn(&Placed) -> usize| {
            let mut order: Vec<usize> = (0..runs.len()).collect();
            order.sort_by_key(|&i| (key(&runs[i]), i));
            order
        };
        let (starts, ends) = (by(|r| r.0), by(|r| r.1));
        let (active, touched) = (BTreeMap::new(), BTreeSet::new());
        Base { runs, starts, ends, started: 0, ended: 0, active, touched, fresh: true }
    }

    /// Makes the state what the dump at `position` says.
    fn restore(&mut self, position: usize, state: &mut State) {
        while let Some(&run) = self.starts.get(self.started).filter(|run| self.runs[**run].0 <= position) {
            self.active.entry(self.runs[run].2).or_default().push(run);
            self.touched.insert(self.runs[run].2);
            self.started += 1;
        }
        while let Some(&run) = self.ends.get(self.ended).filter(|run| self.runs[**run].1 < position) {
            self.active.entry(self.runs[run].2).or_default().retain(|other| *other != run);
            self.touched.insert(self.runs[run].2);
            self.ended += 1;
        }
        if self.fresh {
            *state = State::default();
            self.touched = self.active.keys().copied().collect();
            self.fresh = false;
        }
        for prefix in std::mem::take(&mut self.touched) {
            let runs = self.active.get(&prefix).map_or(&[][..], Vec::as_slice);
            state.set(prefix, runs.iter().map(|run| self.runs[*run].3).collect());
        }
    }
}

/// A vantage in words: `rrc00 (AS64500, 192.0.2.1)`.
pub(crate) fn shown(vantage: &Vantage) -> String {
    format!("{} ({}, {})", vantage.collector, vantage.asn, vantage.addr)
}
