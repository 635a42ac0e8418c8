//! Whom a network carries, by published relationships (methods §3.5, class `inferred`): who is listed under it, who joined and
//! left, beside the usual number of joiners. A member is a number and the holder it had then.

use std::collections::BTreeMap;

use headwater_route::rows::{
    HolderHistory, HolderRows, LinkHistory, LinkPresence, LinkSighting, LinkSnapshot, Neighbour, RouteHistory, Sources,
};
use headwater_route::{Asn, Time, Window};
use serde::Serialize;

use crate::finding::{Class, Draft, Finding, Unknown, Why, cite, cite_whole};
use crate::holders::{Era, Holders, holders};
use crate::members::Found;
pub use crate::members::{Change, Member, State, member_findings};
use crate::published::{Publication, Published, max_gap_days, publications, published};
use crate::rules::Rules;
use crate::words::{self, day};

const METHOD: &str = "portfolio.published/1";
const DAY_MICROS: f64 = 86_400e6;
/// Days of a mean month of the Gregorian calendar.
const MONTH_DAYS: f64 = 30.436875;
/// Days before a change that the usual number of changes is taken from.
const BASE_DAYS: i64 = 366;

/// Rows that the question needs.
pub struct Rows<'a> {
    /// Published links of the network.
    pub links: &'a LinkHistory,
    /// Where each of its neighbours has links, sorted by ASN.
    pub presence: &'a [LinkPresence],
    /// Names and delegations of the network.
    pub holders: &'a HolderHistory,
    /// Names and delegations of its neighbours.
    pub held: &'a BTreeMap<Asn, HolderRows>,
    /// Routes of the network.
    pub routes: &'a RouteHistory,
    /// The sources the rows refer to.
    pub sources: &'a Sources,
}

/// The times asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ask {
    /// When: the newest publication at or before it is told; `None`: the newest of all.
    pub at: Option<Time>,
    /// Changes after this; `None`: after the publication before the one told.
    pub since: Option<Time>,
}

/// From when on changes are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Since {
    /// A network joined if it began after this: the last instant of the publication before, or the time asked for.
    pub start: Time,
    /// A network left if it ended at or after this: the first instant of the publication before, or the time asked for.
    pub end: Time,
    /// It was asked for.
    pub asked: bool,
}

/// The usual number of changes.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Base {
    /// First publication counted from.
    pub from: Time,
    /// Last publication counted to.
    pub until: Time,
    /// Publications in between, both counted.
    pub publications: usize,
    /// Months between them.
    pub months: f64,
    /// Networks that began wholly in that time.
    pub joined: usize,
    /// Networks that ended wholly in that time.
    pub left: usize,
}

/// How many networks are listed, joined and left.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Counts {
    /// Listed in the publication told.
    pub listed: usize,
    /// Began wholly after the time asked for.
    pub joined: usize,
    /// May have begun before or after it.
    pub start_straddles: usize,
    /// First listed after it, without a bound.
    pub start_open: usize,
    /// Listed before and after a gap since then; whether in between is not known.
    pub over_gap: usize,
    /// Ended wholly after it.
    pub left: usize,
    /// May have ended before or after it.
    pub end_straddles: usize,
    /// Last listed after it, without a bound.
    pub end_open: usize,
    /// Listed before it only.
    pub earlier: usize,
    /// First listed after the publication told; not among the members.
    pub later: usize,
    /// Months from the time asked for to the publication told.
    pub months: Option<f64>,
    /// What was usual in the year before.
    pub before: Option<Base>,
}

/// Whom a network carries.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Portfolio {
    /// The network.
    pub subject: Asn,
    /// Who held its number.
    pub holders: Holders,
    /// The era told of.
    pub era: Era,
    /// The publication told, among those of `upstreams`; `None` if there is none.
    pub told: Option<usize>,
    /// From when on changes are told.
    pub since: Option<Since>,
    /// Numbers.
    pub counts: Counts,
    /// The network's own providers at the same times, and the publications of its era.
    pub upstreams: Published,
    /// Id of the finding on the publication told; empty if there is none.
    pub finding: String,
}

impl Portfolio {
    /// The publication told.
    pub fn publication(&self) -> Option<&Publication> {
        self.upstreams.publications.get(self.told?)
    }

    /// The snapshots of the publication told.
    pub fn snapshots<'l>(&self, links: &'l LinkHistory) -> Vec<&'l LinkSnapshot> {
        let snapshots = self.publication().map(Publication::snapshots).unwrap_or_default();
        snapshots.iter().map(|i| &links.snapshots[*i]).collect()
    }
}

fn months(from: Time, until: Time) -> f64 {
    until.0.saturating_sub(from.0) as f64 / DAY_MICROS / MONTH_DAYS
}

/// Whom `subject` carries, the members sorted by number and era.
pub fn portfolio(
    subject: Asn,
    rows: &Rows<'_>,
    ask: Ask,
    rules: &Rules,
) -> (Portfolio, Vec<Member>, Vec<Finding>, Vec<Unknown>) {
    let (holders, mut findings, mut unknowns) =
        holders(subject, rows.holders, rows.links, rows.routes, rows.sources, rules);
    let (all, _) = publications(rows.links);
    let until = |p: &&Publication| ask.at.is_none_or(|at| p.from <= at);
    let told =
        all.iter().rfind(|p| until(p) && p.can_deny).or_else(|| all.iter().rfind(|p| until(p) && p.subject_listed));
    let moment = told.map(|p| p.from).or(ask.at);
    let era = holders.eras.iter().find(|e| moment.is_some_and(|at| e.window().touches(at, at)));
    let era = era.or(holders.eras.last()).cloned().unwrap_or(Era { after: None, up_to: None, holder: None });
    let span = era.window();
    let first = all.iter().position(|p| span.touches(p.from, p.from)).unwrap_or(all.len());

    let before = told.and_then(|told| {
        all[first..].iter().rfind(|p| p.from < told.from && p.can_deny && span.touches(p.from, p.from))
    });
    let since = match ask.since {
        Some(since) => Some(Since { start: since, end: since, asked: true }),
        None => before.map(|p| Since { start: p.earliest_end(rows.links), end: p.from, asked: false }),
    };
    let window = match (told, since) {
        (Some(told), since) => Window {
            from: Some(since.map_or(told.from, |s| s.end.min(told.from))),
            to: Some(Time(told.until.0.saturating_add(1))),
        },
        (None, _) => Window::default(),
    };
    let (upstreams, mut listed) = published(subject, rows.links, &span, &window, rows.sources, rules);
    findings.append(&mut listed);
    let told_at = told.and_then(|told| upstreams.publications.iter().position(|p| p.from == told.from));

    let found = Found { subject, rows, rules, span, first, told: told_at, since };
    let (members, later) = found.members(&upstreams.publications);
    let before = since.and_then(|since| base(&members, since, &upstreams.publications, rows.links));
    let counts = counts(&members, later, told, since, before);
    let mut portfolio =
        Portfolio { subject, holders, era, told: told_at, since, counts, upstreams, finding: String::new() };
    if let Some(finding) = state(&portfolio, rows, rules) {
        portfolio.finding = finding.id.clone();
        findings.push(finding);
    }
    unknowns.extend(unknown(&portfolio, &members, ask, rules));
    (portfolio, members, findings, unknowns)
}

/// The members by what changed.
fn counts(
    members: &[Member],
    later: usize,
    told: Option<&Publication>,
    since: Option<Since>,
    before: Option<Base>,
) -> Counts {
    let count = |wanted: Change| members.iter().filter(|m| m.change == Some(wanted)).count();
    Counts {
        listed: members.iter().filter(|m| m.state == State::Listed).count(),
        joined: count(Change::Joined),
        start_straddles: count(Change::StartStraddles),
        start_open: count(Change::StartOpen),
        over_gap: members.iter().filter(|m| m.over_gap).count(),
        left: count(Change::Left),
        end_straddles: count(Change::EndStraddles),
        end_open: count(Change::EndOpen),
        earlier: members.iter().filter(|m| m.earlier).count(),
        later,
        months: told.zip(since).map(|(told, since)| months(since.end, told.from).max(0.0)),
        before,
    }
}

/// What was usual in the year before: changes wholly between the first and the last publication of that time.
fn base(members: &[Member], since: Since, publications: &[Publication], links: &LinkHistory) -> Option<Base> {
    let earliest = since.end.plus_days(-BASE_DAYS);
    let usable: Vec<&Publication> =
        publications.iter().filter(|p| p.can_deny && p.from >= earliest && p.from <= since.end).collect();
    let (first, last) = (*usable.first()?, *usable.last()?);
    if usable.len() < 2 {
        return None;
    }
    let start = first.earliest_end(links);
    let periods = || members.iter().flat_map(|m| &m.periods).map(|p| p.bounds);
    let joined = periods().filter(|b| b.from_after.is_some_and(|after| after >= start) && b.from_by <= last.until);
    let left = periods().filter(|b| b.to_after >= first.from && b.to_by.is_some_and(|by| by <= last.from));
    Some(Base {
        from: first.from,
        until: last.from,
        publications: usable.len(),
        months: months(first.from, last.from),
        joined: joined.count(),
        left: left.count(),
    })
}

/// `0.3 a month`.
fn rate(count: usize, months: f64) -> String {
    format!("{:.1} a month", count as f64 / months.max(f64::MIN_POSITIVE))
}

/// What was usual, in words.
pub fn base_words(base: &Base) -> String {
    format!(
        "in {:.0} months before ({} publications from {} to {}), {} joined ({}) and {} left ({})",
        base.months,
        base.publications,
        day(base.from),
        day(base.until),
        base.joined,
        rate(base.joined, base.months),
        base.left,
        rate(base.left, base.months)
    )
}

/// The changes, in words.
pub fn change_words(counts: &Counts) -> String {
    let mut parts = vec![format!("{} joined", counts.joined), format!("{} left", counts.left)];
    let mut more = |count: usize, text: &str| {
        if count > 0 {
            parts.push(format!("{count} {text}"));
        }
    };
    more(counts.start_straddles, "may have joined before or after");
    more(counts.start_open, "first listed after, without a bound on when they began");
    more(counts.over_gap, "listed before and after a gap in the publications");
    more(counts.end_straddles, "may have left before or after");
    more(counts.end_open, "last listed after, without a bound on when they ended");
    parts.join(", ")
}

fn state(portfolio: &Portfolio, rows: &Rows<'_>, rules: &Rules) -> Option<Finding> {
    let publication = portfolio.publication()?;
    let (subject, counts) = (portfolio.subject, &portfolio.counts);
    let networks = words::number(counts.listed, "network", "networks");
    let mut statement = format!(
        "{subject} is listed as a provider of {networks} in the publication of {} to {} ({})",
        day(publication.from),
        day(publication.until),
        publication.series.join(", ")
    );
    if let Some(since) = portfolio.since {
        let after = if since.asked { day(since.start) } else { format!("the publication of {}", day(since.end)) };
        statement.push_str(&format!("; after {after}: {}", change_words(counts)));
    }
    if let Some(base) = &counts.before {
        statement.push_str(&format!("; {}", base_words(base)));
    }
    let snapshots = publication.snapshots();
    let line = |s: &&LinkSighting| s.kind == Neighbour::Customer && snapshots.contains(&s.snapshot);
    let mut evidence: Vec<_> = rows
        .links
        .sightings
        .iter()
        .filter(line)
        .map(|s| cite(rows.sources, s.evidence, format!("{subject} is listed as a provider of {}", s.neighbour)))
        .collect();
    if evidence.is_empty() {
        let says = format!("no network is listed under {subject}");
        let files = portfolio.snapshots(rows.links);
        evidence = files.iter().map(|file| cite_whole(rows.sources, file.source, says.clone())).collect();
        evidence.sort();
    }
    Draft {
        method: METHOD,
        subject,
        object: None,
        family: None,
        class: Class::Inferred,
        bounds: None,
        statement,
        evidence,
        evidence_unlisted: 0,
    }
    .seal(rules.evidence_items)
}

fn unknown(portfolio: &Portfolio, members: &[Member], ask: Ask, rules: &Rules) -> Vec<Unknown> {
    let subject = portfolio.subject;
    let monthly = "whole relationship files of the time (CAIDA serial-1 or serial-2)";
    let unknown = |what: String, why: Why, settled_by: &str| Unknown {
        what,
        why,
        from: None,
        until: None,
        settled_by: settled_by.to_owned(),
    };
    let mut out = Vec::new();
    let Some(told) = portfolio.publication() else {
        let when = ask.at.map_or(String::new(), |at| format!(" at or before {}", day(at)));
        out.push(unknown(
            format!("which networks are listed under {subject}: no publication{when} has {subject}"),
            Why::NoData,
            monthly,
        ));
        return out;
    };
    let publications = &portfolio.upstreams.publications;
    let later = |p: &&Publication| p.from > told.from && ask.at.is_none_or(|at| p.from <= at);
    if let Some(absent) = publications.iter().rev().filter(later).find(|p| p.complete && !p.subject_listed) {
        out.push(unknown(
            format!(
                "which networks are listed under {subject} on {}: that publication lacks {subject} itself",
                day(absent.from)
            ),
            Why::Undetermined,
            "tables and updates of route collectors",
        ));
    }
    let days = |from: Time, to: Time| to.0.saturating_sub(from.0) as f64 / DAY_MICROS;
    if let Some(at) = ask.at.filter(|at| days(told.until, *at) > max_gap_days(rules)) {
        out.push(Unknown {
            from: Some(told.until),
            until: Some(at),
            ..unknown(
                format!("who is listed under {subject} on {}: the publication told is of {}", day(at), day(told.from)),
                Why::Gap,
                monthly,
            )
        });
    }
    if let Some(since) = portfolio.since.filter(|s| s.asked && s.start >= told.until) {
        out.push(unknown(
            format!("what changed after {}: the publication told is of {}", day(since.start), day(told.from)),
            Why::Stale,
            monthly,
        ));
    }
    let from = portfolio.since.map_or(told.from, |s| s.end);
    let gaps = portfolio.upstreams.gaps.iter().filter(|(start, end)| *end > from && *start < told.until);
    for (start, end) in gaps {
        out.push(Unknown {
            from: Some(*start),
            until: Some(*end),
            ..unknown(
                format!("who joined and left between {} and {}, and when", start.date(), end.date()),
                Why::Gap,
                monthly,
            )
        });
    }
    if portfolio.counts.before.is_none() && portfolio.since.is_some() {
        out.push(unknown(
            "how many networks join and leave in a usual month: the year before has fewer than two publications"
                .to_owned(),
            Why::NoData,
            monthly,
        ));
    }
    let nameless = members.iter().filter(|m| !m.earlier && m.holder.is_none()).count();
    if nameless > 0 {
        out.push(unknown(
            format!("who holds {nameless} of these numbers"),
            Why::NoData,
            "dated name files of the time",
        ));
    }
    out.push(unknown(
        "prefixes, families, roles and shares behind the listed links; stays of less than a month".to_owned(),
        Why::NotObservable,
        "tables and updates of route collectors",
    ));
    out.push(unknown(
        format!("networks that use {subject} through name service, a private number or its own addresses"),
        Why::NotObservable,
        "what the networks themselves or dated name-service records state",
    ));
    out
}
