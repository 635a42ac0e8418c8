//! The seventeen tests of methods §10, each put to the facts: it holds, it does not, the data cannot tell, or it was not
//! tested for want of data. What an outcome needs is named.

use std::collections::BTreeSet;

use headwater_route::rows::Neighbour;
use headwater_route::{Asn, Time};
use serde::Serialize;

use super::Rows;
use super::facts::{Facts, Routes};
use crate::finding::{Cited, Class, Draft, Finding};
use crate::observed::ObservedUpstream;
use crate::period::{Edge, Period};
use crate::protection::Type;
use crate::rules::Rules;
use crate::words::{self, day, number};

const METHOD: &str = "rivals.tests/1";
const DAY_MICROS: f64 = 86_400e6;
const ARCHIVES: &str = "tables and updates of route collectors of the time";
pub(super) const OBJECTS: &str =
    "registry objects (aut-num, as-set, route) of the time, which this version does not read";

/// What came of a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It holds.
    Yes,
    /// It was tested, and does not hold. The matrix says nothing of that case.
    No,
    /// There is data on it, which does not decide it.
    CannotTell,
    /// Nothing that was read could tell.
    NotTested,
}

/// A test and what came of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Outcome {
    /// `T1` to `T17`.
    pub id: &'static str,
    /// What is tested.
    pub asks: &'static str,
    /// What came of it.
    pub state: State,
    /// What was found.
    pub says: String,
    /// What would settle it, where it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// The class of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// Whom the outcome rests on: collectors, publishers. What one of them says in many files, it says once.
    pub roots: BTreeSet<String>,
    /// Id of the finding; empty where no file is cited.
    pub finding: String,
    #[serde(skip)]
    evidence: Vec<Cited>,
}

/// The tests, in their order.
pub const ASKS: [(&str, &str); 17] = [
    ("T1", "next to the network at two independent clusters or more"),
    ("T2", "an unrelated network stands between the two in most paths"),
    ("T3", "lasts 30 days or more at three clusters or more"),
    ("T4", "providers and peers of the carrier pass its routes on"),
    ("T5", "lasts hours or days, then the earlier carriers return"),
    ("T6", "more-specific prefixes inside a stable one"),
    ("T7", "the other carriers end when it starts"),
    ("T8", "the other carriers keep a fifth or more of the same prefixes"),
    ("T9", "a standing authorisation names the carrier"),
    ("T10", "a registry entry of the network names the carrier"),
    ("T11", "a registry entry of the carrier names the network"),
    ("T12", "many unrelated origins appear behind the carrier within minutes"),
    ("T13", "other networks of one carrier of the network appear behind it within hours"),
    ("T14", "the route breaks Only-to-Customer (RFC 9234)"),
    ("T15", "seen at one cluster only"),
    ("T16", "a traceroute crosses the carrier"),
    ("T17", "the carrier is described as offering protection"),
];

impl Outcome {
    pub(super) fn new(at: usize, state: State, says: impl Into<String>) -> Outcome {
        let (id, asks) = ASKS[at - 1];
        let (says, roots) = (says.into(), BTreeSet::new());
        Outcome { id, asks, state, says, needs: None, class: None, roots, finding: String::new(), evidence: Vec::new() }
    }

    pub(super) fn needs(self, needs: impl Into<String>) -> Outcome {
        Outcome { needs: Some(needs.into()), ..self }
    }

    pub(super) fn by(self, class: Class, roots: impl IntoIterator<Item = String>, evidence: Vec<Cited>) -> Outcome {
        Outcome { class: Some(class), roots: roots.into_iter().collect(), evidence, ..self }
    }

    /// The outcome as a finding, where it cites files.
    pub(super) fn seal(&mut self, facts: &Facts, rules: &Rules) -> Option<Finding> {
        let verdict = match self.state {
            State::Yes => "holds",
            State::No => "does not hold",
            State::CannotTell => "is not decided by the data",
            State::NotTested => return None,
        };
        let mut evidence = std::mem::take(&mut self.evidence);
        evidence.dedup();
        let finding = Draft {
            method: METHOD,
            subject: facts.subject,
            object: Some(facts.carrier),
            family: None,
            class: self.class?,
            bounds: None,
            statement: format!(
                "\"{} {}\" {verdict} for {} and {}: {}",
                self.id, self.asks, facts.carrier, facts.subject, self.says
            ),
            evidence,
            evidence_unlisted: 0,
        }
        .seal(rules.evidence_items)?;
        self.finding = finding.id.clone();
        Some(finding)
    }
}

/// All of them.
pub(super) fn outcomes(facts: &Facts, rows: &Rows<'_>, rules: &Rules) -> Vec<Outcome> {
    let asker = Asker { facts, rows, rules };
    vec![
        asker.adjacent(),
        asker.between(),
        asker.lasting(),
        asker.passed_on(),
        asker.episodes(),
        asker.specifics(),
        asker.replaced(),
        asker.kept_elsewhere(),
        asker.standby(),
        asker.own_registry(),
        Outcome::new(11, State::NotTested, "nothing that was read holds entries of the carrier about its neighbours")
            .needs(OBJECTS),
        Outcome::new(
            12,
            State::NotTested,
            "this version does not look at the other networks behind the carrier by the minute",
        )
        .needs("updates of route collectors around the start"),
        asker.cohort(),
        Outcome::new(14, State::NotTested, "the attribute is not kept with routes")
            .needs("updates with the attribute Only-to-Customer"),
        asker.one_cluster(),
        Outcome::new(16, State::NotTested, "no traceroute was read")
            .needs("traceroutes of the time (RIPE Atlas, CAIDA Ark)"),
        asker.described(),
    ]
}

pub(super) struct Asker<'a> {
    pub(super) facts: &'a Facts,
    pub(super) rows: &'a Rows<'a>,
    pub(super) rules: &'a Rules,
}

/// Days a period is known to have lasted.
pub(super) fn at_least(p: &Period) -> f64 {
    p.bounds.to_after.0.saturating_sub(p.bounds.from_by.0).max(0) as f64 / DAY_MICROS
}

/// Days it lasted at most, where both ends are bounded.
fn at_most(p: &Period) -> Option<f64> {
    let (after, by) = (p.bounds.from_after?, p.bounds.to_by?);
    (p.start == Edge::Bounded && p.end == Edge::Bounded).then(|| by.0.saturating_sub(after.0) as f64 / DAY_MICROS)
}

impl Asker<'_> {
    /// Families in which the carrier is seen next to the network.
    fn seen(&self) -> impl Iterator<Item = (&Routes, &ObservedUpstream)> {
        self.facts.routes.iter().filter_map(|r| Some((r, r.upstream.as_ref()?)))
    }

    /// Whom the routes come from: the collectors of the records.
    fn collectors(&self, evidence: &[Cited]) -> Vec<String> {
        let of = |cited: &Cited| self.rows.own.sources.0.iter().find(|s| s.sha256 == cited.sha256);
        evidence.iter().filter_map(of).map(|s| s.series.clone()).collect()
    }

    fn observed(&self, outcome: Outcome, evidence: Vec<Cited>) -> Outcome {
        let evidence: Vec<Cited> = evidence.into_iter().take(self.rules.evidence_items / 2).collect();
        let roots = self.collectors(&evidence);
        outcome.by(Class::Observed, roots, evidence)
    }

    fn published(&self, outcome: Outcome, evidence: Vec<Cited>) -> Outcome {
        let of = |cited: &Cited| self.rows.own.sources.0.iter().find(|s| s.sha256 == cited.sha256);
        // All series of one publisher are one root: `caida-serial1` and `caida-serial2` rest on the same routes.
        let publisher = |series: &str| series.split('-').next().unwrap_or(series).to_owned();
        let roots: Vec<String> = evidence.iter().filter_map(of).map(|s| publisher(&s.series)).collect();
        outcome.by(Class::Inferred, roots, evidence)
    }

    /// What publications say, where there are no routes to test.
    fn listed_only(&self, at: usize, lacks: &str) -> Outcome {
        let facts = self.facts;
        if facts.listed.is_empty() && self.looked_at() {
            return Outcome::new(at, State::NotTested, "it was not seen next to it in the routes read").needs(ARCHIVES);
        }
        if facts.listed.is_empty() {
            return Outcome::new(
                at,
                State::NotTested,
                format!("no route of {} was read that could tell", facts.subject),
            )
            .needs(ARCHIVES);
        }
        Outcome::new(at, State::CannotTell, format!("only relationship files list it, and they hold no {lacks}"))
            .needs(ARCHIVES)
    }

    fn looked_at(&self) -> bool {
        self.facts.routes.iter().any(|r| r.days.iter().any(|d| d.vantages > 0))
    }

    /// The day with most independent clusters through the carrier.
    fn best(&self) -> Option<(&Routes, &super::facts::Day)> {
        let days = self.facts.routes.iter().flat_map(|r| r.days.iter().map(move |d| (r, d)));
        days.rev().max_by_key(|(_, d)| (d.clusters_through, d.through))
    }

    fn adjacent(&self) -> Outcome {
        let Some((routes, best)) = self.best().filter(|_| self.looked_at()) else {
            return self.listed_only(1, "vantages");
        };
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let seen = format!(
            "{carrier} was observed next to {subject} ({}) at {} of {} on {}, {}",
            routes.family,
            best.through,
            number(best.vantages, "peer", "peers"),
            best.day.date(),
            number(best.clusters_through, "independent cluster", "independent clusters")
        );
        match best.clusters_through {
            n if n >= self.rules.positive_clusters => {
                self.observed(Outcome::new(1, State::Yes, seen), routes.records.adjacent.clone())
            }
            0 => {
                let Some((routes, widest)) = self.widest() else {
                    return Outcome::new(
                        1,
                        State::CannotTell,
                        "no route that was read is of the time in which it is listed",
                    )
                    .needs(ARCHIVES);
                };
                let says = format!(
                    "not observed at {} with a route on {} ({})",
                    number(widest.vantages, "peer", "peers"),
                    widest.day.date(),
                    number(widest.clusters, "independent cluster", "independent clusters")
                );
                let adequate = widest.clusters >= self.rules.adequate_clusters;
                let state = if adequate { State::No } else { State::CannotTell };
                let outcome = Outcome::new(1, state, says);
                let outcome = if adequate { outcome } else { outcome.needs(ARCHIVES) };
                self.observed(outcome, routes.records.others.clone())
            }
            _ => self.observed(
                Outcome::new(1, State::CannotTell, seen).needs("more collectors of the time"),
                routes.records.adjacent.clone(),
            ),
        }
    }

    /// The day with most clusters that had a route, of the time in which publications list the carrier, if they do.
    fn widest(&self) -> Option<(&Routes, &super::facts::Day)> {
        let listed = &self.facts.listed;
        let of_the_time = |at: Time| {
            listed.is_empty()
                || listed.iter().any(|p| {
                    p.bounds.from_by.min(p.bounds.to_after) <= at && at <= p.bounds.to_after.max(p.bounds.from_by)
                })
        };
        let days = self.facts.routes.iter().flat_map(|r| r.days.iter().map(move |d| (r, d)));
        days.rev().filter(|(_, d)| of_the_time(d.day)).max_by_key(|(_, d)| d.clusters)
    }

    fn one_cluster(&self) -> Outcome {
        let Some((routes, best)) = self.best().filter(|(_, d)| d.clusters_through > 0) else {
            return match self.looked_at() {
                true => {
                    Outcome::new(15, State::NotTested, "it was not seen next to it in the routes read").needs(ARCHIVES)
                }
                false => self.listed_only(15, "vantages"),
            };
        };
        let could = routes.days.iter().filter(|d| d.clusters_through > 0).map(|d| d.clusters).max().unwrap_or(0);
        let says = format!(
            "at most {} showed it on one day, of {could} with a route",
            number(best.clusters_through, "independent cluster", "independent clusters")
        );
        let evidence = routes.records.adjacent.clone();
        match (best.clusters_through, could) {
            (1, could) if could >= self.rules.adequate_clusters => {
                self.observed(Outcome::new(15, State::Yes, says), evidence)
            }
            (1, _) => {
                self.observed(Outcome::new(15, State::CannotTell, says).needs("more collectors of the time"), evidence)
            }
            _ => self.observed(Outcome::new(15, State::No, says), evidence),
        }
    }

    fn between(&self) -> Outcome {
        let with: Vec<&Routes> =
            self.facts.routes.iter().filter(|r| r.adjacent_vantages + r.between_vantages > 0).collect();
        let Some(most) = with.iter().max_by_key(|r| r.between_vantages) else {
            return match self.looked_at() {
                true => Outcome::new(2, State::CannotTell, "no route that was read has both").needs(ARCHIVES),
                false => self.listed_only(2, "paths"),
            };
        };
        let names: Vec<String> = most
            .between
            .iter()
            .take(3)
            .map(|b| format!("{} ({})", b.asn, number(b.vantages, "vantage", "vantages")))
            .collect();
        let between = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let says = format!(
            "{} next to it, {} with one network between{between} ({})",
            number(most.adjacent_vantages, "vantage has it", "vantages have it"),
            number(most.between_vantages, "has it", "have it"),
            most.family
        );
        let yes =
            most.between_vantages > most.adjacent_vantages && most.between_clusters >= self.rules.positive_clusters;
        let evidence = if yes { &most.records.between } else { &most.records.adjacent };
        let clear = yes || most.adjacent_vantages >= most.between_vantages;
        let state = if yes {
            State::Yes
        } else if clear {
            State::No
        } else {
            State::CannotTell
        };
        let outcome = Outcome::new(2, state, says);
        let outcome = if clear { outcome } else { outcome.needs("more collectors of the time") };
        self.observed(outcome, evidence.clone())
    }

    fn lasting(&self) -> Outcome {
        let rules = &self.rules.carriage;
        let mut longest: Option<(f64, &Routes, Period)> = None;
        let mut short = true;
        let mut any = false;
        for (routes, upstream) in self.seen() {
            for period in &upstream.periods {
                any = true;
                // The longest stretch of days that were looked at, all of which show it so.
                let (mut since, mut span) = (None, 0.0f64);
                let inside = |d: &&super::facts::Day| {
                    d.vantages > 0
                        && d.day.0 + DAY_MICROS as i64 > period.bounds.from_by.0
                        && d.day <= period.bounds.to_after
                };
                for d in routes.days.iter().filter(inside) {
                    if d.clusters_through < rules.lasting_clusters {
                        since = None;
                        continue;
                    }
                    let first: Time = *since.get_or_insert(d.day);
                    span = span.max((d.day.0 - first.0) as f64 / DAY_MICROS);
                }
                if longest.as_ref().is_none_or(|(most, ..)| span > *most) {
                    longest = Some((span, routes, period.clone()));
                }
                short &= at_most(period).is_some_and(|days| days < rules.lasting_days);
            }
        }
        let Some((span, routes, period)) = longest.filter(|_| any) else { return self.listed_only(3, "vantages") };
        let says = format!(
            "at {} clusters or more for {span:.0} days without a gap; {}",
            rules.lasting_clusters,
            words::period(&period, "seen")
        );
        let evidence = routes.records.adjacent.clone();
        match (span >= rules.lasting_days, short) {
            (true, _) => self.observed(Outcome::new(3, State::Yes, says), evidence),
            (false, true) => self.observed(Outcome::new(3, State::No, says), evidence),
            (false, false) => self.observed(Outcome::new(3, State::CannotTell, says).needs(ARCHIVES), evidence),
        }
    }

    fn passed_on(&self) -> Outcome {
        let carrier = self.facts.carrier;
        let mut unlabelled = 0;
        let mut under = 0;
        let mut up: Vec<(&Routes, &super::facts::Behind)> = Vec::new();
        for (routes, _) in self.seen() {
            for behind in &routes.behind {
                match behind.label {
                    Some(Neighbour::Provider | Neighbour::Peer) => up.push((routes, behind)),
                    Some(Neighbour::Customer) => under += 1,
                    None => unlabelled += 1,
                }
            }
        }
        if self.seen().next().is_none() {
            return match self.looked_at() {
                true => Outcome::new(4, State::NotTested, "it was not seen next to it").needs(ARCHIVES),
                false => self.listed_only(4, "paths"),
            };
        }
        let Some((routes, first)) = up.iter().max_by_key(|(_, b)| (b.clusters, b.vantages, std::cmp::Reverse(b.asn)))
        else {
            let says = format!(
                "behind {carrier} stand {} listed under it and {} of unknown relation",
                number(under, "network", "networks"),
                number(unlabelled, "network", "networks")
            );
            return match unlabelled == 0 && under > 0 {
                true => {
                    let evidence = self.seen().next().map(|(r, _)| r.records.adjacent.clone()).unwrap_or_default();
                    self.observed(Outcome::new(4, State::No, says), evidence)
                }
                false => Outcome::new(4, State::CannotTell, says).needs(format!(
                    "relationships of {carrier} of the time (whole relationship files, or tables of collectors)"
                )),
            };
        };
        let label = match first.label {
            Some(Neighbour::Provider) => "a provider",
            _ => "a peer",
        };
        let says = format!(
            "{} passed it on, listed as {label} of {carrier}, at {} from {} to {} ({}){}",
            first.asn,
            number(first.vantages, "vantage", "vantages"),
            day(first.first),
            day(first.last),
            routes.family,
            if up.len() > 1 { format!("; {} more such networks", up.len() - 1) } else { String::new() }
        );
        let evidence: Vec<Cited> =
            up.iter().filter_map(|(r, b)| r.records.behind.get(&b.asn)).flatten().cloned().collect();
        self.observed(Outcome::new(4, State::Yes, says), evidence)
    }

    fn episodes(&self) -> Outcome {
        let most = self.rules.carriage.episode_days;
        let mut episodes = Vec::new();
        let (mut long, mut open) = (false, false);
        for (routes, upstream) in self.seen() {
            for period in &upstream.periods {
                match at_most(period) {
                    _ if at_least(period) > most => long = true,
                    Some(days) if days <= most && self.returned(routes, period) => {
                        episodes.push((routes, period.clone()));
                    }
                    Some(days) if days <= most => {}
                    // A hole at an end leaves open how long it lasted.
                    _ => open = true,
                }
            }
        }
        if self.seen().next().is_none() {
            return self.listed_only(5, "hours or days");
        }
        let evidence = |routes: &Routes| routes.records.adjacent.clone();
        if let Some((routes, first)) = episodes.first().filter(|_| !long && !open) {
            let says = format!(
                "{} of at most {most:.0} days ({}), after which earlier carriers were back: {}",
                number(episodes.iter().filter(|(r, _)| r.family == routes.family).count(), "episode", "episodes"),
                routes.family,
                words::period(first, "seen")
            );
            return self.observed(Outcome::new(5, State::Yes, says), evidence(routes));
        }
        let (routes, upstream) = self.seen().next().expect("it was seen");
        let says = words::periods(&upstream.periods, "seen");
        match (long, open) {
            (true, _) => {
                self.observed(Outcome::new(5, State::No, format!("it lasted longer: {says}")), evidence(routes))
            }
            // An episode cut by a gap tells neither its length nor what came after.
            (false, true) => self.observed(
                Outcome::new(5, State::CannotTell, format!("its length is not bounded: {says}")).needs(ARCHIVES),
                evidence(routes),
            ),
            (false, false) => self.observed(
                Outcome::new(5, State::No, format!("the earlier carriers did not return: {says}")),
                evidence(routes),
            ),
        }
    }

    /// True if a carrier that stood there before a period stands there after it.
    fn returned(&self, routes: &Routes, period: &Period) -> bool {
        let (Some(after), Some(by)) = (period.bounds.from_after, period.bounds.to_by) else { return false };
        let reaches = |p: &Period, at: Time| {
            p.bounds.from_by.0 <= at.0 + DAY_MICROS as i64 && p.bounds.to_after.0 + DAY_MICROS as i64 >= at.0
        };
        routes.others.iter().any(|other| {
            let at = |at: Time| other.periods.iter().any(|p| reaches(p, at));
            at(after) && at(by)
        })
    }

    fn specifics(&self) -> Outcome {
        let with: Vec<&Routes> = self.seen().map(|(r, _)| r).collect();
        let Some(routes) = with.iter().find(|r| !r.specifics.is_empty()).or(with.first()) else {
            return self.listed_only(6, "prefixes");
        };
        let specifics = &routes.specifics;
        let shown: Vec<String> = specifics.iter().take(4).map(ToString::to_string).collect();
        match specifics.is_empty() {
            false => {
                let says = format!(
                    "{} through it inside a prefix that other networks show before and after: {}",
                    number(specifics.len(), "prefix", "prefixes"),
                    shown.join(", ")
                );
                self.observed(Outcome::new(6, State::Yes, says), routes.records.adjacent.clone())
            }
            true => {
                let says = "no prefix through it lies inside one that other networks show before and after";
                self.observed(Outcome::new(6, State::No, says), routes.records.adjacent.clone())
            }
        }
    }

    /// The carriers before, and those of them that ended with the start: by routes where they tell, else by publications.
    fn replaced(&self) -> Outcome {
        let slack = (self.rules.carriage.switch_days * DAY_MICROS) as i64;
        for (routes, upstream) in self.seen() {
            let Some(start) = upstream.periods.first().filter(|p| p.start == Edge::Bounded) else { continue };
            let (Some(after), by) = (start.bounds.from_after, start.bounds.from_by) else { continue };
            let stood = |p: &&Period| p.bounds.from_by <= after && p.bounds.to_after.0 + DAY_MICROS as i64 >= after.0;
            let before: Vec<(Asn, &Period)> =
                routes.others.iter().filter_map(|u| Some((u.asn, u.periods.iter().find(stood)?))).collect();
            if before.is_empty() {
                continue;
            }
            let ended = |p: &Period| p.bounds.to_by.is_some_and(|end| end.0 <= by.0 + slack);
            let gone: Vec<String> = before.iter().filter(|(_, p)| ended(p)).map(|(asn, _)| asn.to_string()).collect();
            let kept: Vec<String> = before.iter().filter(|(_, p)| !ended(p)).map(|(asn, _)| asn.to_string()).collect();
            let says = format!(
                "it starts after {} and by {} ({}); of the carriers before it {} by {}, {}",
                day(after),
                day(by),
                routes.family,
                if gone.is_empty() { "none ended".to_owned() } else { format!("{} ended", gone.join(", ")) },
                day(Time(by.0 + slack)),
                if kept.is_empty() { "none stayed".to_owned() } else { format!("{} stayed", kept.join(", ")) }
            );
            let state = if kept.is_empty() { State::Yes } else { State::No };
            let evidence = routes.records.others.iter().chain(&routes.records.adjacent).cloned().collect();
            return self.observed(Outcome::new(7, state, says), evidence);
        }
        if let Some((before, at)) = self.facts.before_listing() {
            let gone: Vec<String> =
                before.providers.iter().filter(|asn| !at.providers.contains(asn)).map(ToString::to_string).collect();
            let kept: Vec<String> =
                before.providers.iter().filter(|asn| at.providers.contains(asn)).map(ToString::to_string).collect();
            if !before.providers.is_empty() {
                let says = format!(
                    "publications of {} and {}: of the listed providers before it {}, {}",
                    day(before.from),
                    day(at.from),
                    if gone.is_empty() { "none left".to_owned() } else { format!("{} left", gone.join(", ")) },
                    if kept.is_empty() { "none stayed".to_owned() } else { format!("{} stayed", kept.join(", ")) }
                );
                let state = if kept.is_empty() { State::Yes } else { State::No };
                let evidence = at.line.iter().chain(&before.files).chain(&at.files).cloned().collect();
                return self.published(Outcome::new(7, state, says), evidence);
            }
        }
        Outcome::new(7, State::NotTested, "its start is not bounded, or no other carrier is known before it")
            .needs(ARCHIVES)
    }

    fn kept_elsewhere(&self) -> Outcome {
        let wanted = self.rules.carriage.same_prefix_share;
        let mut best: Option<(f64, usize, &Routes)> = None;
        for (routes, _) in self.seen() {
            let mut shares: Vec<f64> = routes.days.iter().filter_map(|d| d.elsewhere).collect();
            shares.sort_by(f64::total_cmp);
            if let Some(median) = shares.get(shares.len() / 2).copied()
                && best.is_none_or(|(most, ..)| median > most)
            {
                best = Some((median, shares.len(), routes));
            }
        }
        let Some((median, days, routes)) = best else {
            return match self.seen().next() {
                Some(_) => Outcome::new(8, State::CannotTell, "no vantage with a whole table shows the prefixes")
                    .needs(ARCHIVES),
                None => {
                    let beside: BTreeSet<Asn> =
                        self.facts.listing().flat_map(|p| p.providers.iter().copied()).collect();
                    let beside = beside.into_iter().filter(|asn| *asn != self.facts.carrier).count();
                    let listed = self.listed_only(8, "prefixes");
                    let says = format!(
                        "{}; {} beside it, for which prefixes is not known",
                        listed.says,
                        number(beside, "other provider is listed", "other providers are listed")
                    );
                    if beside > 0 { Outcome { says, ..listed } } else { listed }
                }
            };
        };
        let says = format!(
            "of the prefixes through it, other networks carried {:.0} % of the routes (median of {}, {})",
            median * 100.0,
            number(days, "day", "days"),
            routes.family
        );
        let state = if median >= wanted { State::Yes } else { State::No };
        let evidence = routes.records.adjacent.iter().take(10).chain(&routes.records.others).cloned().collect();
        self.observed(Outcome::new(8, state, says), evidence)
    }

    /// Whether others came with it: publications tell by the month only.
    fn cohort(&self) -> Outcome {
        let facts = self.facts;
        let Some((_, at)) = facts.before_listing() else {
            return Outcome::new(
                13,
                State::NotTested,
                "nothing that was read bounds who else came behind the carrier at the start",
            )
            .needs(ARCHIVES);
        };
        let joined: Vec<String> =
            at.joined.iter().flatten().filter(|asn| **asn != facts.subject).map(ToString::to_string).collect();
        let came = match joined.len() {
            0 => "no other network appears".to_owned(),
            n if n > 6 => format!("{n} other networks appear"),
            _ => format!("also {} appear", joined.join(", ")),
        };
        let says = format!(
            "in the publication of {}, {came} under {} with it; files a month apart cannot show hours",
            day(at.from),
            facts.carrier
        );
        let evidence = at.line.iter().chain(&at.files).cloned().collect();
        self.published(Outcome::new(13, State::CannotTell, says).needs(ARCHIVES), evidence)
    }

    fn described(&self) -> Outcome {
        let facts = self.facts;
        let Some(moment) = facts.first().filter(|_| facts.any()) else {
            return Outcome::new(17, State::NotTested, "the two were not seen together").needs(ARCHIVES);
        };
        let row = facts.typed.iter().rfind(|row| row.holds_at(moment));
        let Some(row) = row else {
            let says = match facts.typed.first() {
                Some(row) => format!(
                    "the table of protection networks has it from {} on only",
                    day(row.valid_from.unwrap_or(row.as_of))
                ),
                None => "the table of protection networks has no row of it".to_owned(),
            };
            return Outcome::new(17, State::NotTested, says)
                .needs("a dated description by the network itself or by others, entered in the table");
        };
        let says = format!("typed {} by {} (as of {})", row.kind.code(), row.source, day(row.as_of));
        let state = match row.kind {
            Type::Pure | Type::DpsCapable => State::Yes,
            Type::Mixed => State::CannotTell,
            Type::NotDps => State::No,
        };
        let outcome = Outcome::new(17, state, says).by(Class::External, [row.source.clone()], Vec::new());
        match state {
            State::CannotTell => outcome.needs("evidence beside the number: a mixed carrier sells transit as well"),
            _ => outcome,
        }
    }
}
