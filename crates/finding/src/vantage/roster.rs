//! Every vantage: what it held, when it was heard, how its sessions fared, and its state with the reason in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use headwater_route::rows::{Reconciled, RouteHistory, Sources, Vantage};
use headwater_route::{Asn, Family, Time};
use serde::Serialize;

use super::reset::{By, Reset, resets};
use super::standing::{Alone, Quarantine, Standing};
use crate::cohort::weights_of;
use crate::finding::{Class, Draft, Finding, Unknown, Why, cite, cite_whole};
use crate::rules::Rules;
use crate::sweep::{coverage, covered, shown};
use crate::words::number;

const METHOD: &str = "vantages/1";
const DAY_MICROS: i64 = 86_400_000_000;
const MINUTE_MICROS: f64 = 60e6;

/// What a vantage is good for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It sends its whole table: it counts in shares.
    Full,
    /// It sends a part, or it is not known how much: evidence, counted in no share.
    Partial,
    /// Its table differs too much from what updates led to, or the dump lost routes.
    Degraded,
    /// It shows too many links that nobody else does: its routes are set aside.
    Quarantined,
    /// It was not there when its collector was looked at.
    Silent,
}

impl State {
    /// The state in a word.
    pub fn word(self) -> &'static str {
        match self {
            State::Full => "full",
            State::Partial => "partial",
            State::Degraded => "degraded",
            State::Quarantined => "quarantined",
            State::Silent => "silent",
        }
    }
}

/// A session that began anew.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Began {
    /// It went down, or began to send its table.
    pub from: Time,
    /// Its table had been sent, or null.
    pub until: Option<Time>,
    /// True if the collector told of it; false if it is inferred.
    pub told: bool,
    /// Of an inferred one: prefixes announced in the fullest five minutes,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefixes: Option<u64>,
    /// and the size of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<u64>,
}

/// How a table differs from what updates had led to.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Mismatch {
    /// The dump.
    pub at: Time,
    /// The dump before, from which updates were followed.
    pub since: Time,
    /// Routes in the dump.
    pub held: u64,
    /// Routes that differ, at least.
    pub differs: u64,
    /// Routes of which it is not told.
    pub untold: u64,
    /// `differs` as a part of `held`.
    pub rate: f64,
    /// One in so many slices of the address space was looked at.
    pub one_in: u64,
}

/// A vantage in one family.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Entry {
    /// The vantage.
    #[serde(flatten)]
    pub vantage: Vantage,
    /// Family.
    pub family: Family,
    /// What it is good for.
    pub state: State,
    /// Why, in words.
    pub why: String,
    /// The dump that was looked at, or null.
    pub dump: Option<Time>,
    /// Routes it held there.
    pub routes: u64,
    /// The largest table of the family in the dumps of that day.
    pub largest: u64,
    /// First time that it was heard within the window.
    pub first: Time,
    /// Last time.
    pub last: Time,
    /// Days on which it was heard.
    pub days_seen: usize,
    /// Days on which its collector was looked at.
    pub days_looked: usize,
    /// Sessions of the same peer ASN in the dumps of that day, itself included.
    pub sessions: usize,
    /// Its weight in shares, or null: it counts in none.
    pub weight: Option<f64>,
    /// The newest look at links that it alone shows, or null.
    pub alone: Option<Alone>,
    /// When its routes are set aside.
    pub quarantines: Vec<Quarantine>,
    /// Resets of its session, in order of time.
    pub resets: Vec<Began>,
    /// How its table differs from what updates had led to, or null.
    pub mismatch: Option<Mismatch>,
    /// Id of the finding, if its state is one to tell of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
}

/// A collector.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Collector {
    /// Its name.
    pub collector: String,
    /// The dump that was looked at, or null.
    pub dump: Option<Time>,
    /// Dumps in the window.
    pub dumps: usize,
    /// Update files in the window.
    pub update_files: usize,
    /// Stretches that its update files cover without a gap.
    pub covered: Vec<(Time, Time)>,
    /// Changes of session state that it told of.
    pub states_told: usize,
}

/// All vantages.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Roster {
    /// Sorted by name.
    pub collectors: Vec<Collector>,
    /// Sorted by collector, ASN, address and family.
    pub vantages: Vec<Entry>,
}

/// What a question is about.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// This collector only.
    pub collector: Option<&'a str>,
    /// The dump of each collector at or before this time is looked at, else the first one after; without it, the last one.
    pub at: Option<Time>,
}

/// The rows of the question.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// Vantages, dumps, update files, states and bursts of the window.
    pub sessions: &'a RouteHistory,
    /// Who shows links alone.
    pub standing: &'a Standing,
    /// Tables held against updates, with the two dumps (indexes into the tables).
    pub reconciled: &'a [(usize, usize, Vec<Reconciled>)],
    /// The sources the rows refer to.
    pub sources: &'a Sources,
}

/// The dump to look at, by collector: an index into the tables.
pub fn looks<'s>(sessions: &'s RouteHistory, ask: Ask<'_>) -> BTreeMap<&'s str, usize> {
    let mut out: BTreeMap<&str, usize> = BTreeMap::new();
    let tables = || sessions.tables.iter().enumerate();
    for (index, table) in tables().filter(|(_, t)| ask.collector.is_none_or(|c| c == t.collector)) {
        let later = |at: Time| table.at > at;
        match out.get(table.collector.as_str()) {
            // Nothing at or before the time: the first one after.
            Some(_) if ask.at.is_some_and(later) => {}
            // A dump that lost routes does not take the place of a whole one of the same day.
            Some(old) if !table.complete && whole_that_day(&sessions.tables[*old], table.at) => {}
            _ => {
                out.insert(&table.collector, index);
            }
        }
    }
    out
}

fn whole_that_day(table: &headwater_route::rows::Table, at: Time) -> bool {
    table.complete && table.at.0.div_euclid(DAY_MICROS) == at.0.div_euclid(DAY_MICROS)
}

/// Pairs of dumps that can be held against updates: of each collector the last two whole ones in a row, at or before the one
/// looked at, between which update files leave no gap.
pub fn pairs(sessions: &RouteHistory, ask: Ask<'_>, rules: &Rules) -> Vec<(usize, usize)> {
    let coverage = coverage(sessions, rules);
    let slack = (rules.update_gap_minutes * MINUTE_MICROS) as i64;
    let pair = |(collector, look): (&str, usize)| {
        let covered_by = coverage.get(collector)?;
        let own = (0..=look).filter(|i| sessions.tables[*i].collector == collector);
        let own: Vec<usize> = own.collect();
        own.windows(2).rev().map(|w| (w[0], w[1])).find(|(before, after)| {
            let (before, after) = (&sessions.tables[*before], &sessions.tables[*after]);
            // The last file may end some minutes before the dump.
            let until = Time(after.at.0.saturating_sub(slack)).max(before.at);
            before.complete && after.complete && covered(covered_by, before.at).is_some_and(|end| end >= until)
        })
    };
    looks(sessions, ask).into_iter().filter_map(pair).collect()
}

/// Every vantage of the window, and what could not be told of them.
pub fn roster(rows: Rows<'_>, ask: Ask<'_>, rules: &Rules) -> (Roster, Vec<Finding>, Vec<Unknown>) {
    let looks = looks(rows.sessions, ask);
    let teller = Teller { rows, ask, rules, looks, resets: resets(rows.sessions, rules), heard: heard(rows.sessions) };
    let mut findings = Vec::new();
    let mut vantages = teller.entries();
    for entry in &mut vantages {
        if let Some(finding) = teller.finding(entry) {
            entry.finding = Some(finding.id.clone());
            findings.push(finding);
        }
    }
    let roster = Roster { collectors: teller.collectors(), vantages };
    let unknowns = teller.unknowns(&roster);
    (roster, findings, unknowns)
}

/// When a vantage was heard in one family, and on which days.
#[derive(Default)]
struct Heard {
    first: Option<Time>,
    last: Option<Time>,
    days: BTreeSet<i64>,
}

impl Heard {
    fn note(&mut self, from: Time, until: Time) {
        self.first = Some(self.first.map_or(from, |first| first.min(from)));
        self.last = Some(self.last.map_or(until, |last| last.max(until)));
        self.days.extend(from.0.div_euclid(DAY_MICROS)..=until.0.div_euclid(DAY_MICROS));
    }
}

/// By vantage and family. Update files do not say which family a vantage spoke of: it counts for those its dumps hold, else
/// for that of its address.
fn heard(sessions: &RouteHistory) -> BTreeMap<(usize, Family), Heard> {
    let mut out: BTreeMap<(usize, Family), Heard> = BTreeMap::new();
    for table in &sessions.tables {
        for (vantage, v4, v6) in &table.vantages {
            for (family, held) in [(Family::V4, *v4), (Family::V6, *v6)] {
                if held > 0 {
                    out.entry((*vantage, family)).or_default().note(table.at, table.until.max(table.at));
                }
            }
        }
    }
    let families = |vantage: usize, out: &BTreeMap<(usize, Family), Heard>| -> Vec<Family> {
        let of: Vec<Family> =
            [Family::V4, Family::V6].into_iter().filter(|family| out.contains_key(&(vantage, *family))).collect();
        let own = if sessions.vantages[vantage].addr.is_ipv4() { Family::V4 } else { Family::V6 };
        if of.is_empty() { vec![own] } else { of }
    };
    let spoke: Vec<(usize, Time, Time)> =
        sessions.spans.iter().flat_map(|s| s.vantages.iter().map(|v| (*v, s.from, s.until))).collect();
    let told = sessions.states.iter().map(|s| (s.vantage, s.at, s.at));
    for (vantage, from, until) in spoke.into_iter().chain(told) {
        for family in families(vantage, &out) {
            out.entry((vantage, family)).or_default().note(from, until);
        }
    }
    out
}

struct Teller<'a> {
    rows: Rows<'a>,
    ask: Ask<'a>,
    rules: &'a Rules,
    /// The dump looked at, by collector.
    looks: BTreeMap<&'a str, usize>,
    resets: Vec<Reset>,
    heard: BTreeMap<(usize, Family), Heard>,
}

/// What the dumps of one day hold in one family.
#[derive(Default)]
struct Held {
    largest: u64,
    /// Vantage and routes, by vantage.
    routes: BTreeMap<usize, u64>,
}

impl<'a> Teller<'a> {
    fn vantage(&self, index: usize) -> &'a Vantage {
        &self.rows.sessions.vantages[index]
    }

    fn concerns(&self, collector: &str) -> bool {
        self.ask.collector.is_none_or(|of| of == collector)
    }

    /// The tables looked at, by day and family.
    fn held(&self) -> BTreeMap<(i64, Family), Held> {
        let mut out: BTreeMap<(i64, Family), Held> = BTreeMap::new();
        // A vantage is measured by all collectors, whichever is asked about.
        for index in looks(self.rows.sessions, Ask { collector: None, ..self.ask }).into_values() {
            let table = &self.rows.sessions.tables[index];
            for (vantage, v4, v6) in &table.vantages {
                for (family, count) in [(Family::V4, *v4), (Family::V6, *v6)].into_iter().filter(|(_, n)| *n > 0) {
                    let held = out.entry((table.at.0.div_euclid(DAY_MICROS), family)).or_default();
                    held.largest = held.largest.max(count);
                    held.routes.insert(*vantage, count);
                }
            }
        }
        out
    }

    fn entries(&self) -> Vec<Entry> {
        let held = self.held();
        let weights: BTreeMap<(i64, Family), BTreeMap<usize, f64>> =
            held.iter().map(|((day, family), held)| ((*day, *family), self.weights(*family, held))).collect();
        let looked = self.days_looked();
        let mut mismatches: BTreeMap<(&Vantage, Family), Mismatch> = BTreeMap::new();
        for (before, after, rows) in self.rows.reconciled {
            let [since, at] = [before, after].map(|index| self.rows.sessions.tables[*index].at);
            for row in rows {
                mismatches.insert((&row.vantage, row.family), mismatch(row, since, at));
            }
        }
        let concerned = self.heard.iter().filter(|((vantage, _), _)| self.concerns(&self.vantage(*vantage).collector));
        let entry = |((index, family), heard): (&(usize, Family), &Heard)| {
            let vantage = self.vantage(*index);
            let dump = self.looks.get(vantage.collector.as_str()).map(|look| self.rows.sessions.tables[*look].at);
            let day = dump.map_or(i64::MIN, |at| at.0.div_euclid(DAY_MICROS));
            let none = Held::default();
            let here = held.get(&(day, *family)).unwrap_or(&none);
            let same_peer = |v: &&usize| self.vantage(**v).asn == vantage.asn;
            let mut entry = Entry {
                vantage: vantage.clone(),
                family: *family,
                state: State::Partial,
                why: String::new(),
                dump,
                routes: here.routes.get(index).copied().unwrap_or(0),
                largest: here.largest,
                first: heard.first.unwrap_or(Time(0)),
                last: heard.last.unwrap_or(Time(0)),
                days_seen: heard.days.len(),
                days_looked: looked.get(vantage.collector.as_str()).map_or(0, BTreeSet::len),
                sessions: here.routes.keys().filter(same_peer).count(),
                weight: weights.get(&(day, *family)).and_then(|of| of.get(index)).copied(),
                alone: self.rows.standing.newest(vantage, *family).cloned(),
                quarantines: self.quarantines(vantage, *family),
                resets: self.resets_of(*index, *family),
                mismatch: mismatches.get(&(vantage, *family)).cloned(),
                finding: None,
            };
            (entry.state, entry.why) = self.state(&entry);
            entry
        };
        let mut entries: Vec<Entry> = concerned.map(entry).collect();
        entries.sort_by(|a, b| (&a.vantage, a.family).cmp(&(&b.vantage, b.family)));
        entries
    }

    fn quarantines(&self, vantage: &Vantage, family: Family) -> Vec<Quarantine> {
        let of = |q: &&Quarantine| {
            q.peer.collector == vantage.collector && q.peer.asn == vantage.asn && q.peer.family == family
        };
        self.rows.standing.quarantines().filter(of).cloned().collect()
    }

    /// True if the routes of a vantage are set aside at a time.
    fn set_aside(&self, vantage: &Vantage, family: Family, at: Time) -> bool {
        self.rows.standing.quarantined(vantage, family, at, at).is_some()
    }

    /// Weights of the vantages that count in shares.
    fn weights(&self, family: Family, held: &Held) -> BTreeMap<usize, f64> {
        let all = looks(self.rows.sessions, Ask { collector: None, ..self.ask });
        let counts = |(vantage, count): (&usize, &u64)| {
            let of = self.vantage(*vantage);
            // A dump that lost routes tells no size.
            let table = all.get(of.collector.as_str()).map(|look| &self.rows.sessions.tables[*look])?;
            let full = table.complete && *count as f64 >= self.rules.full_feed_ratio * held.largest as f64;
            (full && !self.set_aside(of, family, table.at)).then_some(*vantage)
        };
        let full: Vec<usize> = held.routes.iter().filter_map(counts).collect();
        let pairs: Vec<(&str, Asn)> =
            full.iter().map(|v| (self.vantage(*v).collector.as_str(), self.vantage(*v).asn)).collect();
        full.into_iter().zip(weights_of(&pairs)).collect()
    }

    /// Days on which each collector has a dump or an update file.
    fn days_looked(&self) -> BTreeMap<&'a str, BTreeSet<i64>> {
        let sessions = self.rows.sessions;
        let dumps = sessions.tables.iter().map(|t| (t.collector.as_str(), t.at, t.until.max(t.at)));
        let spans = sessions.spans.iter().map(|s| (s.collector.as_str(), s.from, s.until));
        let mut out: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for (collector, from, until) in dumps.chain(spans) {
            let days = from.0.div_euclid(DAY_MICROS)..=until.0.div_euclid(DAY_MICROS);
            out.entry(collector).or_default().extend(days);
        }
        out
    }

    fn resets_of(&self, vantage: usize, family: Family) -> Vec<Began> {
        let of = |r: &&Reset| r.vantage == vantage && r.family.is_none_or(|of| of == family);
        let told = |r: &Reset| {
            let (prefixes, table) = match r.by {
                By::Told(_) => (None, None),
                By::Inferred { prefixes, table } => (Some(prefixes), Some(table)),
            };
            Began { from: r.from, until: r.until, told: prefixes.is_none(), prefixes, table }
        };
        self.resets.iter().filter(of).map(told).collect()
    }

    fn state(&self, entry: &Entry) -> (State, String) {
        let Some(dump) = entry.dump else {
            let why = "no dump of its collector was read: how much it sends is not known";
            return (State::Partial, why.to_owned());
        };
        if let Some(asked) = self.ask.at
            && (dump.0 - asked.0).abs() as f64 > self.rules.route_gap_days * DAY_MICROS as f64
        {
            let why = format!("the nearest dump of its collector is that of {}", dump.date());
            return (State::Silent, why);
        }
        if entry.routes == 0 {
            let why = format!("not in the dump of {dump}; last heard {}", entry.last);
            return (State::Silent, why);
        }
        if let Some(q) = self.rows.standing.quarantined(&entry.vantage, entry.family, dump, dump) {
            return (State::Quarantined, q.why());
        }
        let look = self.looks.get(entry.vantage.collector.as_str()).map(|look| &self.rows.sessions.tables[*look]);
        let part = entry.routes as f64 / entry.largest.max(1) as f64;
        let size = format!("{} of the {} routes of the largest table", entry.routes, entry.largest);
        if look.is_some_and(|table| !table.complete) {
            return (State::Degraded, format!("the dump of {dump} lost routes; it holds {size}"));
        }
        if let Some(mismatch) = entry.mismatch.as_ref().filter(|m| m.rate >= self.rules.mismatch_ratio) {
            let why = format!(
                "{:.1} % of its table of {} differ from what updates since {} had led to",
                mismatch.rate * 100.0,
                mismatch.at,
                mismatch.since
            );
            return (State::Degraded, why);
        }
        if part >= self.rules.full_feed_ratio { (State::Full, size) } else { (State::Partial, size) }
    }

    /// A finding for a vantage whose state is one to tell of.
    fn finding(&self, entry: &Entry) -> Option<Finding> {
        let look = self.looks.get(entry.vantage.collector.as_str())?;
        let dump = &self.rows.sessions.tables[*look];
        let (who, family) = (shown(&entry.vantage), entry.family);
        let mut evidence = Vec::new();
        match entry.state {
            State::Full | State::Partial => return None,
            State::Quarantined => {
                for q in entry.quarantines.iter().filter(|q| q.touches(dump.at, dump.at)) {
                    let says = format!("{} links that {} alone shows in the dump", q.most.links, entry.vantage.asn);
                    evidence.push(cite_whole(self.rows.sources, q.most.source, says));
                }
            }
            State::Degraded => evidence.push(cite_whole(self.rows.sources, dump.source, format!("the table of {who}"))),
            State::Silent => {
                evidence.push(cite_whole(self.rows.sources, dump.source, format!("no {family} route of {who}")));
                let down = self
                    .rows
                    .sessions
                    .states
                    .iter()
                    .rev()
                    .find(|s| self.vantage(s.vantage) == &entry.vantage && s.to != 6);
                evidence
                    .extend(down.map(|s| cite(self.rows.sources, s.evidence, format!("{who} went down at {}", s.at))));
            }
        }
        Draft {
            method: METHOD,
            subject: entry.vantage.asn,
            object: None,
            family: Some(family),
            class: Class::Observed,
            bounds: None,
            statement: format!("{who} is {} ({family}): {}", entry.state.word(), entry.why),
            evidence,
            evidence_unlisted: 0,
        }
        .seal(self.rules.evidence_items)
    }

    fn collectors(&self) -> Vec<Collector> {
        let sessions = self.rows.sessions;
        let coverage = coverage(sessions, self.rules);
        let named = sessions.tables.iter().map(|t| t.collector.as_str());
        let named: BTreeSet<&str> = named.chain(sessions.spans.iter().map(|s| s.collector.as_str())).collect();
        let collector = |name: &str| Collector {
            collector: name.to_owned(),
            dump: self.looks.get(name).map(|look| sessions.tables[*look].at),
            dumps: sessions.tables.iter().filter(|t| t.collector == name).count(),
            update_files: sessions.spans.iter().filter(|s| s.collector == name).count(),
            covered: coverage.get(name).cloned().unwrap_or_default(),
            states_told: sessions.states.iter().filter(|s| self.vantage(s.vantage).collector == name).count(),
        };
        named.into_iter().filter(|name| self.concerns(name)).map(collector).collect()
    }

    fn unknowns(&self, roster: &Roster) -> Vec<Unknown> {
        let mut out = Vec::new();
        let archives = "tables and updates of route collectors (RIPE RIS, RouteViews) of the time".to_owned();
        let mut say = |what: String, why: Why, settled_by: String| {
            out.push(Unknown { what, why, from: None, until: None, settled_by });
        };
        if roster.vantages.is_empty() {
            let what = "vantages: no table or update file of a collector was read for this time".to_owned();
            say(what, Why::NoData, archives);
            return out;
        }
        for family in [Family::V4, Family::V6] {
            if let Some((first, last, days)) = self.rows.standing.unjudged(family) {
                let what = format!(
                    "who invents {family} links on {} between {} and {}: fewer than {} peers of different networks had a \
                     full feed in dumps read whole",
                    number(days, "day", "days"),
                    first.date(),
                    last.date(),
                    self.rules.quarantine_peers
                );
                say(what, Why::InsufficientCohort, archives.clone());
            } else if roster.vantages.iter().any(|e| e.family == family && e.routes > 0)
                && roster.vantages.iter().all(|e| e.family != family || e.alone.is_none())
            {
                let what = format!("who invents {family} links: no dump that holds any was read whole");
                say(what, Why::NoData, archives.clone());
            }
        }
        let list = |keep: &dyn Fn(&&Collector) -> bool| {
            let names = roster.collectors.iter().filter(keep);
            names.fold(String::new(), |mut out, c| {
                let between = if out.is_empty() { "" } else { ", " };
                // Writing to a string does not fail.
                let _ = write!(out, "{between}{}", c.collector);
                out
            })
        };
        let without = list(&|c| c.dumps == 0);
        if !without.is_empty() {
            say(format!("sizes of tables at {without}: no dump was read"), Why::NoData, archives.clone());
        }
        let mute = list(&|c| c.update_files > 0 && c.states_told == 0);
        if !mute.is_empty() {
            let what = format!(
                "resets at {mute}: no state message was read, so they are inferred from bursts of announcements, and short \
                 or partial ones are missed"
            );
            let settled = "updates of collectors that write state messages (RIPE RIS)".to_owned();
            say(what, Why::NotObservable, settled);
        }
        let silent = list(&|c| c.update_files == 0 && c.dumps > 0);
        if !silent.is_empty() {
            let what = format!("resets and mismatches at {silent}: no update file was read");
            say(what, Why::NoData, archives.clone());
        }
        let compared: BTreeSet<&str> = self
            .rows
            .reconciled
            .iter()
            .map(|(_, after, _)| self.rows.sessions.tables[*after].collector.as_str())
            .collect();
        let unmatched = list(&|c| c.update_files > 0 && c.dumps > 0 && !compared.contains(c.collector.as_str()));
        if !unmatched.is_empty() {
            let what = format!(
                "mismatches at {unmatched}: no two whole dumps in a row, read in order of time, with update files for all the \
                 time between them"
            );
            say(what, Why::Gap, archives.clone());
        }
        let what = "how long each vantage holds on to routes that were withdrawn: no schedule of beacons is known (canary: none)";
        say(what.to_owned(), Why::NoData, "the beacons of RIPE RIS and their schedule".to_owned());
        out
    }
}

fn mismatch(row: &Reconciled, since: Time, at: Time) -> Mismatch {
    let Reconciled { held, differs, untold, every, .. } = *row;
    Mismatch { at, since, held, differs, untold, rate: differs as f64 / held.max(1) as f64, one_in: every }
}
