//! One world, from its scenario to what was counted.
//!
//! Place on the way: all of it, once. The world is written to a directory of its own, read and asked about by the program, and
//! the answers are compared with the truth. Must not know: other worlds, how figures are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use headwater_route::{Asn, Family, Prefix, Time};
use headwater_world::World;
use headwater_world::topology::Relation;
use headwater_world::truth::{Incident, RelationTruth, Truth};

use super::Failed;
use super::ask::{
    Asked, Carriers, Change, Changes, Era, Grade, Holders, ObservedUpstream, Origins, Period, Quarantine, Rivals,
    Vantage, Vantages,
};
use super::compare::{DAY_MICROS, Edge, Periods, Scale, Stretch, Wrong};
use super::measures::Rate;
use super::proofs::{self, Plant, bond};
use super::tally::Tally;
use super::turns::So;
use super::witness::{Pair, Witness};
use super::worlds::Drawn;

/// What a network has seen of the events of its world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lot {
    /// Nothing happened to it.
    Nothing,
    /// Something that only looks like what a detector is after.
    Twin,
    /// Something else.
    Event,
}

/// What came of one world.
pub struct Judged {
    /// By what happened to the networks asked about.
    pub tallies: BTreeMap<Lot, Tally>,
    /// What was wrong, a line each.
    pub wrong: Vec<String>,
}

const HOUR_MICROS: i64 = 3_600_000_000;
const SECOND_MICROS: i64 = 1_000_000;

/// Plays, reads, asks and compares.
pub fn judge(drawn: &Drawn, program: &Path) -> Result<Judged, Failed> {
    let dir = tempfile::tempdir()?;
    let (files, history) = (dir.path().join("world"), dir.path().join("history"));
    let world = World::new(drawn.scenario.clone(), None)?;
    let subjects: BTreeSet<Asn> = Drawn::subjects().chain(drawn.bystanders.iter().copied()).collect();
    let calendar = &drawn.scenario.calendar;
    // Without updates only what is there at two tables in a row is sure to be in one.
    let visible = if calendar.updates_every.is_zero() { calendar.dumps_every.micros() } else { HOUR_MICROS };
    let has_routes = !calendar.dumps_every.is_zero();
    let witness = match has_routes {
        true => Witness::of(world.plan(), &drawn.scenario.observers, &subjects, visible),
        false => Witness::default(),
    };
    let truth = world.run(&files, 1)?.truth;
    let asked = Asked::reading(program, &files, &history)?;
    let planted = proofs::planted(&truth);
    let mut judge = Judge {
        drawn,
        truth: &truth,
        witness: &witness,
        planted: &planted,
        has_routes,
        judged: Judged { tallies: BTreeMap::new(), wrong: Vec::new() },
    };
    judge.tally(Lot::Nothing).worlds = 1;
    let mut pairs: BTreeSet<proofs::Pair> = planted.keys().copied().filter(|_| has_routes).collect();
    for (number, subject) in subjects.into_iter().enumerate() {
        let lot = judge.lot(subject);
        judge.tally(lot).networks += 1;
        let carriers = asked.carriers(subject)?;
        judge.carriers(subject, &carriers);
        judge.holders(subject, &asked.holders(subject)?);
        // Answers take their time: all are asked for where most is to be told.
        if number % drawn.sort.one_in == 0 {
            judge.changes(subject, &carriers, &asked.changes(subject)?);
        }
        if number % (2 * drawn.sort.one_in) == 0 {
            pairs.extend(judge.tellingest(subject, &carriers));
        }
    }
    for (subject, carrier) in pairs {
        judge.rivals((subject, carrier), &asked.rivals(subject, carrier)?);
    }
    if has_routes {
        judge.vantages(&asked.vantages()?);
    }
    for prefix in truth.origins.iter().map(|origin| origin.prefix).collect::<BTreeSet<Prefix>>() {
        judge.origins(&prefix, &asked.origins(&prefix)?);
    }
    Ok(judge.judged)
}

struct Judge<'a> {
    drawn: &'a Drawn,
    truth: &'a Truth,
    witness: &'a Witness,
    planted: &'a BTreeMap<proofs::Pair, Plant>,
    has_routes: bool,
    judged: Judged,
}

/// Where no more than one of so many days has a cohort that is too small, moves of shares ought to be told.
const SMALL_ONE_IN: usize = 10;
/// Networks next to one that are asked about beside those that were planted: those with the highest grade, and those that are
/// shown by one cluster alone.
const TELLINGEST: usize = 2;

impl Judge<'_> {
    fn tally(&mut self, lot: Lot) -> &mut Tally {
        self.judged.tallies.entry(lot).or_default()
    }

    /// What relationship files tell; files with errors stand apart.
    fn by_files(&mut self, lot: Lot) -> &mut Periods {
        let has_errors = self.drawn.sort.has_errors();
        let tally = self.tally(lot);
        if has_errors { &mut tally.flawed } else { &mut tally.published }
    }

    fn lot(&self, network: Asn) -> Lot {
        let of = self.truth.events.iter().filter(|event| event.parties.iter().any(|party| party.asn == network));
        of.map(|event| if event.innocent { Lot::Twin } else { Lot::Event }).max().unwrap_or(Lot::Nothing)
    }

    fn scale(&self, slack_micros: i64, margin_micros: i64) -> Scale {
        Scale { from: self.truth.from, until: self.truth.until, slack_micros, margin_micros }
    }

    fn years(&self) -> f64 {
        (self.truth.until.0 - self.truth.from.0) as f64 / (365.25 * DAY_MICROS as f64)
    }

    fn carriers(&mut self, subject: Asn, answer: &Carriers) {
        self.published(subject, &answer.eras);
        if !self.has_routes {
            return;
        }
        let years = self.years();
        let lot = self.lot(subject);
        self.tally(lot).observed.alarms.add(Rate { cases: 0, years });
        self.tally(lot).weak.alarms.add(Rate { cases: 0, years });
        for family in [Family::V4, Family::V6] {
            let mut told: BTreeMap<Asn, Vec<&ObservedUpstream>> = BTreeMap::new();
            let observed = answer.eras.iter().flat_map(|era| &era.observed).filter(|of| of.family == family);
            for upstream in observed.flat_map(|observed| &observed.upstreams) {
                told.entry(upstream.asn).or_default().push(upstream);
            }
            let first = Pair { origin: subject, family, upstream: Asn(0) };
            let carried = self.witness.carried.range(first..).map(|(pair, _)| *pair);
            let carried = carried.take_while(|pair| pair.origin == subject && pair.family == family);
            let upstreams: BTreeSet<Asn> = carried.map(|pair| pair.upstream).chain(told.keys().copied()).collect();
            for upstream in upstreams {
                let told = told.get(&upstream).map(Vec::as_slice).unwrap_or_default();
                self.observed(lot, Pair { origin: subject, family, upstream }, told);
            }
        }
    }

    /// What is told of one pair, by routes.
    fn observed(&mut self, lot: Lot, pair: Pair, told: &[&ObservedUpstream]) {
        let truth = self.witness.carried.get(&pair).map(Vec::as_slice).unwrap_or_default();
        let shifts = self.witness.shifts.get(&pair).map(Vec::as_slice).unwrap_or_default();
        // A change takes its time to a vantage, and records have whole seconds.
        let slack = self.drawn.scenario.observers.convergence.micros() + 2 * SECOND_MICROS;
        // Looks are days: a change is bounded by another day.
        let scale = self.scale(slack, 2 * DAY_MICROS);
        let of = |grades: &[Grade]| -> Vec<Period> {
            let upstreams = told.iter().filter(|upstream| grades.contains(&upstream.grade));
            upstreams.flat_map(|upstream| upstream.periods.clone()).collect()
        };
        let wrong = self.tally(lot).observed.compare(&of(&[Grade::Medium, Grade::High]), truth, shifts, &scale);
        self.note("observed", pair.origin, Some(pair.family), pair.upstream, &wrong);
        let unseen: Vec<Stretch> = truth.iter().map(|stretch| Stretch { visible: false, ..*stretch }).collect();
        let wrong = self.tally(lot).weak.compare(&of(&[Grade::Low]), &unseen, shifts, &scale);
        self.note("weak", pair.origin, Some(pair.family), pair.upstream, &wrong);
        for upstream in told {
            let mut alone = Periods::default();
            alone.compare(&upstream.periods, truth, shifts, &scale);
            let so = alone.precision.hits == alone.precision.of;
            self.tally(lot).grades[upstream.grade as usize].count(so);
            self.shares(lot, pair, upstream);
        }
    }

    fn shares(&mut self, lot: Lot, pair: Pair, upstream: &ObservedUpstream) {
        for day in &upstream.days {
            let end = Time((day.day.0 + DAY_MICROS).min(self.truth.until.0) - SECOND_MICROS);
            let (Some(share), Some(so)) = (day.share, self.witness.share(pair, end)) else { continue };
            let held = share.low <= so && so <= share.high;
            let tally = self.tally(lot);
            tally.share_errors.push(share.value - so);
            tally.share_held.count(held);
            if !held {
                let (sort, seed, Pair { origin, family, upstream }) = (self.drawn.sort.name, self.drawn.seed, pair);
                self.judged.wrong.push(format!(
                    "{sort} (seed {seed}): share: {upstream} of {origin} {family} on {}: {:.3} [{:.3}, {:.3}], it was {so:.3}",
                    day.day.date(),
                    share.value,
                    share.low,
                    share.high
                ));
            }
        }
    }

    /// Whether those who invent links are put in quarantine, and nobody else; whether resets are told.
    fn vantages(&mut self, answer: &Vantages) {
        let truth = self.truth;
        let of = |kind: &'static str, vantage: &Vantage| -> Vec<&Incident> {
            let is = |i: &&Incident| i.kind == kind && i.collector == vantage.collector && i.addr == Some(vantage.addr);
            truth.incidents.iter().filter(is).collect()
        };
        // A session that goes down as its file begins or ends is told in the next one, to the second.
        let slack = self.drawn.scenario.observers.convergence.micros() + 2 * SECOND_MICROS;
        for vantage in &answer.vantages {
            let during = |i: &Incident| {
                let touches =
                    |q: &Quarantine| q.first.0 <= i.until.map_or(i64::MAX, |until| until.0) && i.from.0 <= q.last.0;
                vantage.quarantines.iter().any(touches)
            };
            let invents = of("invents", vantage);
            for incident in &invents {
                let found = during(incident);
                self.tally(Lot::Nothing).inventors_found.count(found);
                if !found {
                    self.missed("invents, not in quarantine", vantage, incident);
                }
            }
            if invents.is_empty() {
                let spared = vantage.quarantines.is_empty();
                self.tally(Lot::Nothing).sound_spared.count(spared);
                if !spared {
                    let (sort, seed) = (self.drawn.sort.name, self.drawn.seed);
                    let line = format!("{sort} (seed {seed}): {} {}: in quarantine", vantage.collector, vantage.addr);
                    self.judged.wrong.push(line);
                }
            }
            for incident in of("reset", vantage) {
                let near = |at: Time| (at.0 - incident.from.0).abs() <= slack;
                let found = vantage.resets.iter().any(|reset| near(reset.from));
                self.tally(Lot::Nothing).resets_found.count(found);
                if !found {
                    self.missed("a reset that is not told", vantage, incident);
                }
            }
        }
    }

    fn missed(&mut self, what: &str, vantage: &Vantage, incident: &Incident) {
        let (sort, seed) = (self.drawn.sort.name, self.drawn.seed);
        let line = format!("{sort} (seed {seed}): {} {}: {what}, {}", vantage.collector, vantage.addr, incident.from);
        self.judged.wrong.push(line);
    }

    /// What is told of a network by relationship files.
    fn published(&mut self, subject: Asn, eras: &[Era]) {
        let days: Vec<(Time, Time)> =
            eras.iter().flat_map(|era| &era.published.publications).map(|of| (of.from, of.until)).collect();
        if days.is_empty() {
            return;
        }
        let mut told: BTreeMap<Asn, Vec<Period>> = BTreeMap::new();
        for upstream in eras.iter().flat_map(|era| &era.published.upstreams) {
            told.entry(upstream.asn).or_default().extend(upstream.periods.clone());
        }
        let mut so = self.sold_to(subject, &days);
        let (lot, years) = (self.lot(subject), self.years());
        self.by_files(lot).alarms.add(Rate { cases: 0, years });
        // The files of two months bound a change, and a third tells it from a pause.
        let scale = self.scale(0, 62 * DAY_MICROS);
        for upstream in told.keys().chain(so.keys()).copied().collect::<BTreeSet<Asn>>() {
            let truth = so.remove(&upstream).unwrap_or_default();
            let periods = told.remove(&upstream).unwrap_or_default();
            let wrong = self.by_files(lot).compare(&periods, &truth, &[], &scale);
            self.note("published", subject, None, upstream, &wrong);
        }
    }

    /// Who sold transit to a network, as files with looks at such days have it.
    fn sold_to(&self, subject: Asn, days: &[(Time, Time)]) -> BTreeMap<Asn, Vec<Stretch>> {
        let mut so: BTreeMap<Asn, Vec<(Time, Option<Time>)>> = BTreeMap::new();
        let of_subject = || self.truth.relations.iter().filter(|told| told.a == subject || told.b == subject);
        // A file has no word for siblings: one is listed as provider of the other.
        let sells = |relation: Relation| matches!(relation, Relation::Provider | Relation::Sibling);
        for told in of_subject().filter(|told| sells(told.relation) && told.b == subject) {
            // The files tell families not apart; where they differ, IPv4 decides, as most paths are of it.
            let decides =
                |other: &&RelationTruth| other.family == Family::V4 && (other.a == told.a || other.b == told.a);
            if told.family == Family::V4 || !of_subject().any(|other| decides(&other)) {
                so.entry(told.a).or_default().push((told.from, told.until));
            }
        }
        so.into_iter().map(|(asn, stretches)| (asn, joined(stretches, self.truth.from, days))).collect()
    }

    /// What is told to have changed.
    fn changes(&mut self, subject: Asn, carriers: &Carriers, answer: &Changes) {
        let (lot, years) = (self.lot(subject), self.years());
        // Of a number with several holders the changes of the last one's time are told.
        let whole = carriers.eras.len() == 1;
        let of = |family: Option<Family>| -> Vec<&Change> {
            let class = if family.is_some() { "observed" } else { "inferred" };
            answer.changes.iter().filter(|change| change.family == family && change.class == class).collect()
        };
        let publications = carriers.eras.iter().flat_map(|era| &era.published.publications);
        let days: Vec<(Time, Time)> = publications.map(|of| (of.from, of.until)).collect();
        if !days.is_empty() {
            let so = So { stood: self.sold_to(subject, &days), ..So::default() };
            let scale = self.scale(0, 62 * DAY_MICROS);
            let has_errors = self.drawn.sort.has_errors();
            let tally = self.tally(lot);
            let turns = if has_errors { &mut tally.flawed_turns } else { &mut tally.published_turns };
            turns.alarms.add(Rate { cases: 0, years });
            let wrong = turns.compare(&of(None), &so, whole, &scale);
            self.note_turns(subject, "files", wrong);
        }
        if !self.has_routes {
            return;
        }
        self.tally(lot).turns.alarms.add(Rate { cases: 0, years });
        let slack = self.drawn.scenario.observers.convergence.micros() + 2 * SECOND_MICROS;
        let scale = self.scale(slack, 2 * DAY_MICROS);
        for family in [Family::V4, Family::V6] {
            let so = self.so(subject, family, answer.small_cohorts * SMALL_ONE_IN <= answer.days);
            let wrong = self.tally(lot).turns.compare(&of(Some(family)), &so, whole, &scale);
            self.note_turns(subject, &family.to_string(), wrong);
        }
    }

    /// What routes of one network really did in a family.
    fn so(&self, subject: Asn, family: Family, large_cohorts: bool) -> So {
        let first = Pair { origin: subject, family, upstream: Asn(0) };
        let mine = |pair: &Pair| pair.origin == subject && pair.family == family;
        let stood = self.witness.carried.range(first..).take_while(|(pair, _)| mine(pair));
        let shifts = self.witness.shifts.range(first..).take_while(|(pair, _)| mine(pair));
        let stood: BTreeMap<Asn, Vec<Stretch>> = stood.map(|(pair, all)| (pair.upstream, all.clone())).collect();
        let shares = |upstream: &Asn| (*upstream, self.witness.shares_of(Pair { upstream: *upstream, ..first }));
        So {
            shifts: shifts.map(|(pair, all)| (pair.upstream, all.clone())).collect(),
            shares: stood.keys().map(shares).collect(),
            reach: self.witness.reach(subject, family).to_vec(),
            stood,
            large_cohorts,
        }
    }

    fn note_turns(&mut self, subject: Asn, source: &str, wrong: Vec<String>) {
        let (sort, seed) = (self.drawn.sort.name, self.drawn.seed);
        let told =
            wrong.into_iter().map(|line| format!("{sort} (seed {seed}): changes of {subject} ({source}): {line}"));
        self.judged.wrong.extend(told);
    }

    /// Which of the networks next to one are asked about.
    fn tellingest(&self, subject: Asn, answer: &Carriers) -> BTreeSet<proofs::Pair> {
        let upstreams = || answer.eras.iter().flat_map(|era| &era.observed).flat_map(|observed| &observed.upstreams);
        let of = |low: bool| upstreams().filter(move |upstream| (upstream.grade == Grade::Low) == low);
        let pair = |upstream: &ObservedUpstream| (subject, upstream.asn);
        of(false).take(TELLINGEST).chain(of(true).take(TELLINGEST)).map(pair).collect()
    }

    /// What is proved of a pair.
    fn rivals(&mut self, (subject, carrier): proofs::Pair, answer: &Rivals) {
        let lot = self.lot(subject);
        let families = [Family::V4, Family::V6].map(|family| Pair { origin: subject, family, upstream: carrier });
        let witness = self.witness;
        let stretches = || families.iter().filter_map(|pair| witness.carried.get(pair)).flatten();
        let begins = self.truth.from.plus_days(2);
        let provable = stretches().any(|s| {
            let from = s.from.filter(|from| *from >= begins);
            s.visible && from.is_some_and(|from| s.until.unwrap_or(self.truth.until).0 - from.0 >= 9 * DAY_MICROS)
        });
        let visible = stretches().any(|stretch| stretch.visible);
        // Somebody invents here, and no route of any world ran that way.
        let invents = self.truth.incidents.iter().any(|incident| incident.kind == "invents");
        let invented = Plant { explanation: "H7", event: "vantage_invents".to_owned(), innocent: false };
        let plant = self.planted.get(&(subject, carrier)).cloned();
        let plant = plant.or((invents && stretches().next().is_none()).then_some(invented));
        let bond = bond(self.truth, (subject, carrier), plant.as_ref(), visible, provable);
        let wrong = self.tally(lot).proofs.compare(answer, &bond, plant.as_ref());
        let (sort, seed) = (self.drawn.sort.name, self.drawn.seed);
        let told = wrong.into_iter().map(|line| format!("{sort} (seed {seed}): rivals {subject} {carrier}: {line}"));
        self.judged.wrong.extend(told);
    }

    fn origins(&mut self, prefix: &Prefix, answer: &Origins) {
        let mut so: BTreeMap<Asn, Vec<(Time, Option<Time>)>> = BTreeMap::new();
        for told in self.truth.origins.iter().filter(|told| told.prefix == *prefix) {
            so.entry(told.origin).or_default().push((told.from, told.until));
        }
        let whole = [(self.truth.from, self.truth.until)];
        let mut told: BTreeMap<Asn, (Vec<Period>, Vec<Period>)> = BTreeMap::new();
        for origin in &answer.published {
            told.entry(origin.asn).or_default().0.extend(origin.periods.clone());
        }
        for origin in &answer.observed {
            told.entry(origin.asn).or_default().1.push(origin.period.clone());
        }
        let years = self.years();
        for origin in told.keys().chain(so.keys()).copied().collect::<BTreeSet<Asn>>() {
            let truth = joined(so.remove(&origin).unwrap_or_default(), self.truth.from, &whole);
            let (published, observed) = told.remove(&origin).unwrap_or_default();
            let lot = self.lot(origin);
            // Snapshots lie days apart: what came and went between is in none.
            let cadence = self.drawn.scenario.calendar.origins_every.micros();
            let scale = self.scale(0, 2 * cadence);
            let long = |stretch: &Stretch| {
                let until = stretch.until.unwrap_or(self.truth.until).0;
                Stretch { visible: until - stretch.from.unwrap_or(self.truth.from).0 > cadence, ..*stretch }
            };
            let lasting: Vec<Stretch> = truth.iter().map(long).collect();
            self.tally(lot).published_origins.alarms.add(Rate { cases: 0, years });
            let wrong = self.tally(lot).published_origins.compare(&published, &lasting, &[], &scale);
            self.note("origins.published", origin, Some(prefix.family()), origin, &wrong);
            if self.has_routes {
                let scale = self.scale(self.drawn.scenario.observers.convergence.micros() + 2 * SECOND_MICROS, 0);
                self.tally(lot).seen_origins.alarms.add(Rate { cases: 0, years });
                let wrong = self.tally(lot).seen_origins.compare(&observed, &truth, &[], &scale);
                self.note("origins.observed", origin, Some(prefix.family()), origin, &wrong);
            }
        }
    }

    /// Where a number passed to another holder. Only the beginning of a holder's time is a statement of that.
    fn holders(&mut self, subject: Asn, answer: &Holders) {
        if answer.holders.is_empty() {
            return;
        }
        let mut held: Vec<_> = self.truth.holders.iter().filter(|holder| holder.asn == subject).collect();
        held.sort_by_key(|holder| holder.term.from);
        let passed = held.windows(2).filter(|pair| pair[0].organisation != pair[1].organisation);
        let truth: Vec<Stretch> = passed
            .map(|pair| Stretch { from: Some(pair[1].term.from), until: pair[1].term.until, visible: true })
            .collect();
        let reissued =
            answer.holders.iter().filter(|holder| matches!(&*holder.began, "reissued" | "probably_reissued"));
        let periods: Vec<Period> = reissued.map(|holder| Period { to_by: None, ..holder.period.clone() }).collect();
        let (lot, years) = (self.lot(subject), self.years());
        self.tally(lot).holders.alarms.add(Rate { cases: 0, years });
        let scale = self.scale(0, 62 * DAY_MICROS);
        let wrong = self.tally(lot).holders.compare(&periods, &truth, &[], &scale);
        self.note("holders", subject, None, subject, &wrong);
    }

    /// Keeps what was wrong for a reader, with what happened to vantages about that time.
    fn note(&mut self, kind: &str, subject: Asn, family: Option<Family>, object: Asn, wrong: &[Wrong]) {
        for wrong in wrong {
            let span = match wrong {
                Wrong::Period((from, until)) | Wrong::Alarm(_, from, until) | Wrong::Missed(_, from, until) => {
                    (*from, *until)
                }
                Wrong::Open(_, at) => (*at, *at),
                Wrong::Untold(from, until) => (from.unwrap_or(self.truth.from), until.unwrap_or(self.truth.until)),
            };
            let edge = |edge: &Edge| if *edge == Edge::Start { "start" } else { "end" };
            let what = match wrong {
                Wrong::Period(_) => "a period that was not".to_owned(),
                Wrong::Alarm(of, ..) => format!("a false alarm: {}", edge(of)),
                Wrong::Missed(of, ..) => format!("bounds that miss the {}", edge(of)),
                Wrong::Open(of, _) => format!("an open {} that does not hold", edge(of)),
                Wrong::Untold(..) => "not told".to_owned(),
            };
            let near = |at: Time| span.0.0 - DAY_MICROS <= at.0 && at.0 <= span.1.0 + DAY_MICROS;
            let about: BTreeSet<&str> =
                self.truth.incidents.iter().filter(|i| near(i.from)).map(|i| i.kind.as_str()).collect();
            let family = family.map_or(String::new(), |family| format!(" {family}"));
            self.judged.wrong.push(format!(
                "{} (seed {}): {kind}: {object} of {subject}{family}: {what}, {} to {}; incidents about: {about:?}",
                self.drawn.sort.name, self.drawn.seed, span.0, span.1
            ));
        }
    }
}

/// Stretches joined where they meet; visible if they touch one of the spans that somebody looked at.
fn joined(mut stretches: Vec<(Time, Option<Time>)>, start: Time, looks: &[(Time, Time)]) -> Vec<Stretch> {
    stretches.sort();
    let mut out: Vec<(Time, Option<Time>)> = Vec::new();
    for (from, until) in stretches {
        match out.last_mut().filter(|(_, end)| end.is_none_or(|end| from <= end)) {
            Some((_, end)) => *end = end.zip(until).map(|(a, b)| a.max(b)),
            None => out.push((from, until)),
        }
    }
    let seen = |from: Time, until: Option<Time>| {
        looks.iter().any(|look| from <= look.1 && until.is_none_or(|until| look.0 < until))
    };
    let stretch = |(from, until): (Time, Option<Time>)| Stretch {
        from: (from > start).then_some(from),
        until,
        visible: seen(from, until),
    };
    out.into_iter().map(stretch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_two_families_are_one() {
        let t = Time;
        let found = joined(
            vec![(t(5), Some(t(9))), (t(0), Some(t(5))), (t(20), None), (t(12), Some(t(13)))],
            t(0),
            &[(t(2), t(3))],
        );
        let stretch = |from, until, visible| Stretch { from, until, visible };
        assert_eq!(
            found,
            [
                stretch(None, Some(t(9)), true),
                stretch(Some(t(12)), Some(t(13)), false),
                stretch(Some(t(20)), None, false)
            ]
        );
    }
}
