//! Changes of carriers (methods §4): who was added, lost or replaced, whose share shifted, and when the network was seen less.
//! Each change is bounded by looks: coarse sources give an interval, never an instant.
//!
//! Changes come from the periods of [`crate::observed`] and [`crate::published`], which a vantage that joins, leaves or resets
//! cannot start or end, and from shares held against a cohort (`shift`).

use std::collections::BTreeSet;

use headwater_route::{Asn, Family, Prefix, Time, Window};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::account::{Rows, behind};
use crate::finding::{Cited, Class, Draft, Finding, Unknown, Why};
use crate::holders::holders;
use crate::observed::{Grade, Judge, Observed, ObservedUpstream, Witnessed, observed, swept};
use crate::period::{Edge, Period, gaps};
use crate::published::published;
use crate::rules::Rules;
use crate::sanitise::Registry;
pub use crate::shift::Size;
use crate::shift::{Shift, What, shifts};
use crate::words::{self, day};

const METHOD: &str = "changes/1";
const DAY_MICROS: i64 = 86_400_000_000;
/// While routes converge, the one that goes may be seen beside the one that comes (methods §7: five minutes; an hour leaves room
/// for clocks of collectors).
const CONVERGENCE_MICROS: i64 = 3_600_000_000;

/// What changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A network appears next to the one asked about.
    UpstreamAdded,
    /// One is no longer there.
    UpstreamLost,
    /// One appears as another goes.
    UpstreamReplaced,
    /// One appeared and went again at once.
    UpstreamFlap,
    /// Routes went over from one network to another, both of which stay.
    ShareShift,
    /// One network is left.
    SingleHomed,
    /// Fewer vantages have a route.
    VisibilityDrop,
    /// Nothing is known of a time: no absence may be told from it.
    ObservationGap,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::UpstreamAdded,
        Kind::UpstreamLost,
        Kind::UpstreamReplaced,
        Kind::UpstreamFlap,
        Kind::ShareShift,
        Kind::SingleHomed,
        Kind::VisibilityDrop,
        Kind::ObservationGap,
    ];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Kind::UpstreamAdded => "upstream_added",
            Kind::UpstreamLost => "upstream_lost",
            Kind::UpstreamReplaced => "upstream_replaced",
            Kind::UpstreamFlap => "upstream_flap",
            Kind::ShareShift => "share_shift",
            Kind::SingleHomed => "single_homed",
            Kind::VisibilityDrop => "visibility_drop",
            Kind::ObservationGap => "observation_gap",
        }
    }
}

/// How a change stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was seen at one look and the looks end there.
    Preliminary,
    /// It held from one look to another a day or more later.
    Confirmed,
    /// It was undone: what was added went again, what was lost came back.
    Resolved,
}

/// A change.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// The same change has the same key: network, family, kind, upstream and prefixes.
    pub key: String,
    /// What changed.
    pub kind: Kind,
    /// By routes, or by what a publisher concluded from routes.
    pub class: Class,
    /// The family, where the source tells families apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// The network that was added, lost, or whose share shifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Asn>,
    /// The network that it replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Asn>,
    /// It happened after this.
    pub after: Option<Time>,
    /// And by this.
    pub by: Time,
    /// How it stands.
    pub state: State,
    /// When it was undone, at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<Time>,
    /// How large it is, where the cohort tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Prefixes concerned, where the source tells them.
    pub prefixes: Vec<Prefix>,
    /// In one sentence.
    pub says: String,
    /// Id of the finding; empty for a gap.
    pub finding: String,
}

/// Changes of one network.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Changes {
    /// The network.
    pub subject: Asn,
    /// Changes in order of time.
    pub changes: Vec<Change>,
    /// Networks that were first seen there without a bound on their start: recorded, and no change.
    pub newly_visible: Vec<Asn>,
    /// Networks that one cluster alone reported: no change.
    pub candidates: Vec<Asn>,
    /// Days with routes whose cohort was too small for shares.
    pub small_cohorts: usize,
    /// Days with routes.
    pub days: usize,
}

/// Changes of the carriers of `subject` in `window`, in the time of its present holder.
pub fn changes(
    subject: Asn,
    rows: &Rows<'_>,
    registry: &Registry,
    window: &Window,
    rules: &Rules,
) -> (Changes, Vec<Finding>, Vec<Unknown>) {
    let (held, ..) = holders(subject, rows.holders, rows.links, rows.routes, rows.sources, rules);
    let span = held.present();
    let mut out = Changes {
        subject,
        changes: Vec::new(),
        newly_visible: Vec::new(),
        candidates: Vec::new(),
        small_cohorts: 0,
        days: 0,
    };
    let mut sealed = Sealer { subject, rules, findings: Vec::new() };
    // What became of a change is told of all that was read, whatever time is asked about; the choice comes last.
    let all = Window::default();

    let (listing, listed) = published(subject, rows.links, &span, &all, rows.sources, rules);
    let mut found: Vec<Found<'_>> = Vec::new();
    for upstream in &listing.upstreams {
        let evidence = listed.iter().find(|f| f.id == upstream.finding).map_or(&[][..], |f| &f.evidence);
        found.push(Found { asn: upstream.asn, periods: &upstream.periods, prefixes: &[], evidence });
    }
    let publications: Vec<(Time, Time)> = listing.publications.iter().map(|p| (p.from, p.until)).collect();
    let whole = found_changes(subject, &found, Class::Inferred, None, &publications);
    for (change, evidence) in whole {
        sealed.keep(&mut out, change, evidence);
    }
    for (from, until) in &listing.gaps {
        out.changes.push(gap(subject, Class::Inferred, None, *from, *until));
    }

    let behind = behind(rows.links);
    let witnessed = Witnessed { routes: rows.routes, standing: rows.standing, behind: &behind };
    let (families, seen) = observed(subject, witnessed, registry, &span, &all, rows.sources, rules);
    for family in &families {
        let (swept, _) = swept(subject, family.family, rows.routes, registry, &span, rules);
        let judge = Judge::new(subject, family.family, witnessed, &all, rows.sources, rules, &swept);
        let (shifts, small) = shifts(&judge, family.family, rules);
        out.small_cohorts += small.into_iter().filter(|day| window.touches(*day, *day)).count();
        out.days += family.days.iter().filter(|d| d.with_route > 0 && window.touches(d.day, d.day)).count();
        by_routes(subject, family, &seen, &shifts, window, &mut out, &mut sealed);
        let looks = family.days.iter().map(|d| (d.day, Time(d.day.0 + DAY_MICROS - 1)));
        for (from, until) in gaps(looks, rules.route_gap_days) {
            out.changes.push(gap(subject, Class::Observed, Some(family.family), from, until));
        }
    }
    out.changes.retain(|c| window.touches(c.after.unwrap_or(c.by), c.by));
    sealed.findings.retain(|f| out.changes.iter().any(|c| c.finding == f.id));
    out.changes.sort_by(|a, b| (a.by, a.after, a.kind, &a.key).cmp(&(b.by, b.after, b.kind, &b.key)));
    out.newly_visible.sort();
    out.newly_visible.dedup();
    out.candidates.sort();
    out.candidates.dedup();
    let unknowns = unknowns(&out, rows, window, rules);
    (out, sealed.findings, unknowns)
}

/// Who stood there, when, and by which bytes.
struct Found<'a> {
    asn: Asn,
    periods: &'a [Period],
    prefixes: &'a [Prefix],
    evidence: &'a [Cited],
}

struct Sealer<'a> {
    subject: Asn,
    rules: &'a Rules,
    findings: Vec<Finding>,
}

impl Sealer<'_> {
    fn keep(&mut self, out: &mut Changes, mut change: Change, evidence: Vec<Cited>) {
        let sealed = Draft {
            method: METHOD,
            subject: self.subject,
            object: change.upstream,
            family: change.family,
            class: change.class,
            bounds: None,
            statement: change.says.clone(),
            evidence,
            evidence_unlisted: 0,
        }
        .seal(self.rules.evidence_items);
        // Without bytes there is no change to tell (methods §0).
        if let Some(finding) = sealed {
            change.finding = finding.id.clone();
            self.findings.push(finding);
            out.changes.push(change);
        }
    }
}

fn key(subject: Asn, family: Option<Family>, kind: Kind, upstream: Option<Asn>, prefixes: &[Prefix]) -> String {
    let family = family.map_or("any".to_owned(), |f| f.to_string());
    let upstream = upstream.map_or("-".to_owned(), |u| u.to_string());
    let mut hash = Sha256::new();
    for prefix in prefixes {
        hash.update(prefix.to_string());
        hash.update(",");
    }
    let set: String = hash.finalize().iter().take(4).map(|b| format!("{b:02x}")).collect();
    format!("{subject}/{family}/{}/{upstream}/{set}", kind.code())
}

fn gap(subject: Asn, class: Class, family: Option<Family>, from: Time, until: Time) -> Change {
    let what = if class == Class::Observed { "routes" } else { "publications" };
    Change {
        key: key(subject, family, Kind::ObservationGap, None, &[]) + &format!("@{}", day(from)),
        kind: Kind::ObservationGap,
        class,
        family,
        upstream: None,
        replaced: None,
        after: Some(from),
        by: until,
        state: State::Confirmed,
        undone_by: None,
        size: None,
        prefixes: Vec::new(),
        says: format!("no {what} from {} to {}: nothing may be told absent there", day(from), day(until)),
        finding: String::new(),
    }
}

/// `after A and by B`.
fn when(after: Option<Time>, by: Time) -> String {
    match after {
        Some(after) => format!("after {} and by {}", day(after), day(by)),
        None => format!("by {}", day(by)),
    }
}

/// Changes at the bounded ends of periods. `looks`: when the source was looked at, to tell what held on.
fn found_changes(
    subject: Asn,
    found: &[Found<'_>],
    class: Class,
    family: Option<Family>,
    looks: &[(Time, Time)],
) -> Vec<(Change, Vec<Cited>)> {
    let verb = if class == Class::Observed { "seen" } else { "listed" };
    let place = if class == Class::Observed { "next to" } else { "as a provider of" };
    let in_family = family.map_or(String::new(), |f| format!(" ({f})"));
    let last_look = looks.last().map(|(from, _)| *from);
    let mut out: Vec<(Change, Vec<Cited>)> = Vec::new();
    for f in found {
        for (i, p) in f.periods.iter().enumerate() {
            let bounds = p.bounds;
            if p.start == Edge::Bounded {
                // It held on if a later look shows it.
                let held = bounds.to_after.0.saturating_sub(bounds.from_by.0) >= DAY_MICROS / 2 || p.seen > 1;
                let state = match (bounds.to_by, held) {
                    (Some(_), _) => State::Resolved,
                    (None, true) => State::Confirmed,
                    (None, false) => State::Preliminary,
                };
                let again = f.periods[..i].last().map_or(String::new(), |before| {
                    format!(", again: last {verb} before at or after {}", day(before.bounds.to_after))
                });
                let says = format!(
                    "{} appears {place} {subject}{in_family} {}{again}",
                    f.asn,
                    when(bounds.from_after, bounds.from_by)
                );
                out.push((
                    Change {
                        key: key(subject, family, Kind::UpstreamAdded, Some(f.asn), f.prefixes),
                        kind: Kind::UpstreamAdded,
                        class,
                        family,
                        upstream: Some(f.asn),
                        replaced: None,
                        after: bounds.from_after,
                        by: bounds.from_by,
                        state,
                        undone_by: bounds.to_by,
                        size: None,
                        prefixes: f.prefixes.to_vec(),
                        says,
                        finding: String::new(),
                    },
                    f.evidence.to_vec(),
                ));
            }
            if let Some(by) = bounds.to_by.filter(|_| p.end == Edge::Bounded) {
                let back = f.periods.get(i + 1);
                let state = match back {
                    Some(_) => State::Resolved,
                    None if last_look.is_some_and(|last| last.0 - by.0 >= DAY_MICROS) => State::Confirmed,
                    None => State::Preliminary,
                };
                let says = format!(
                    "{} is no longer {verb} {place} {subject}{in_family}: last {verb} at or after {}, not {verb} at {}",
                    f.asn,
                    day(bounds.to_after),
                    day(by)
                );
                out.push((
                    Change {
                        key: key(subject, family, Kind::UpstreamLost, Some(f.asn), f.prefixes),
                        kind: Kind::UpstreamLost,
                        class,
                        family,
                        upstream: Some(f.asn),
                        replaced: None,
                        after: Some(bounds.to_after),
                        by,
                        state,
                        undone_by: back.map(|b| b.bounds.from_by),
                        size: None,
                        prefixes: f.prefixes.to_vec(),
                        says,
                        finding: String::new(),
                    },
                    f.evidence.to_vec(),
                ));
            }
        }
    }
    let singles = single_homed(subject, found, class, family, &out, looks);
    replaced(subject, family, &mut out, looks);
    out.extend(singles);
    out
}

/// One added and one lost within the same bounds, never at one look, and no other of either kind there: the one replaced the
/// other.
fn replaced(subject: Asn, family: Option<Family>, out: &mut Vec<(Change, Vec<Cited>)>, looks: &[(Time, Time)]) {
    // While routes converge the one that goes is seen for a moment after the one that comes: their bounds then do not touch.
    let slack = if family.is_some() { CONVERGENCE_MICROS } else { 0 };
    let before = |after: Option<Time>, by: Time| after.is_none_or(|after| after.0 - slack < by.0);
    let overlap = |a: &Change, b: &Change| before(a.after, b.by) && before(b.after, a.by);
    // A publication is one look; of routes the time itself tells whether they stood there together.
    let look = |at: Time| looks.iter().position(|(from, until)| *from <= at && at <= *until);
    let together = |added: &Change, lost: &Change| {
        lost.after.is_some_and(|last| match family {
            Some(_) => last.0 > added.by.0 + CONVERGENCE_MICROS,
            None => look(last).is_some() && look(last) >= look(added.by),
        })
    };
    let mut pairs = Vec::new();
    for (i, (added, _)) in out.iter().enumerate().filter(|(_, (c, _))| c.kind == Kind::UpstreamAdded) {
        let of = |kind: Kind| {
            let here = move |(_, (c, _)): &(usize, &(Change, Vec<Cited>))| c.kind == kind && overlap(added, c);
            out.iter().enumerate().filter(here).map(|(j, _)| j).collect::<Vec<_>>()
        };
        if let ([only], 1) = (of(Kind::UpstreamLost).as_slice(), of(Kind::UpstreamAdded).len()) {
            pairs.push((i, *only));
        }
    }
    let mut gone = BTreeSet::new();
    for (i, j) in pairs {
        let (lost, more) = out[j].clone();
        if lost.upstream == out[i].0.upstream || together(&out[i].0, &lost) || !gone.insert(j) {
            continue;
        }
        let (added, evidence) = &mut out[i];
        added.kind = Kind::UpstreamReplaced;
        added.replaced = lost.upstream;
        added.key = key(subject, family, Kind::UpstreamReplaced, added.upstream, &added.prefixes);
        added.says = format!("{}; {}", added.says, lost.says);
        evidence.extend(more);
        evidence.dedup();
    }
    let mut at = 0;
    out.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

/// After a loss that leaves one network, where there were several before: who comes as another goes stands beside it for as long
/// as routes converge, and where the one took the place of the only other there is one as before.
fn single_homed(
    subject: Asn,
    found: &[Found<'_>],
    class: Class,
    family: Option<Family>,
    changes: &[(Change, Vec<Cited>)],
    looks: &[(Time, Time)],
) -> Vec<(Change, Vec<Cited>)> {
    let stands = |f: &Found<'_>, at: Time| {
        f.periods
            .iter()
            .any(|p| p.bounds.from_by <= at && (p.bounds.to_after >= at || p.bounds.to_by.is_none_or(|by| by > at)))
    };
    let end_of = |at: Time| looks.iter().find(|(from, until)| *from <= at && at <= *until).map_or(at, |look| look.1);
    let mut out: Vec<(Change, Vec<Cited>)> = Vec::new();
    for (lost, evidence) in changes.iter().filter(|(c, _)| c.kind == Kind::UpstreamLost) {
        // At the end of the look that shows the loss; and several were there before.
        let left: Vec<&Found<'_>> = found.iter().filter(|f| stands(f, end_of(lost.by))).collect();
        let ([only], Some(last)) = (left.as_slice(), lost.after) else { continue };
        let earlier = if family.is_some() { Time(last.0 - CONVERGENCE_MICROS) } else { end_of(last) };
        let several = found.iter().filter(|f| stands(f, earlier)).count() > 1;
        // Several that go at once leave one once.
        let told = |c: &Change| c.upstream == Some(only.asn) && c.by == lost.by;
        if !several || out.iter().any(|(c, _)| told(c)) {
            continue;
        }
        let says = format!("{} is the only network left next to {subject}, {}", only.asn, when(lost.after, lost.by));
        // It is undone by whoever comes next.
        let later = found.iter().flat_map(|f| f.periods).map(|p| p.bounds.from_by);
        let next = later.filter(|by| *by > end_of(lost.by)).min();
        let change = Change {
            key: key(subject, family, Kind::SingleHomed, Some(only.asn), &[]),
            kind: Kind::SingleHomed,
            class,
            family,
            upstream: Some(only.asn),
            replaced: None,
            state: if next.is_some() { State::Resolved } else { lost.state },
            undone_by: next,
            size: None,
            prefixes: Vec::new(),
            says,
            finding: String::new(),
            ..lost.clone()
        };
        out.push((change, evidence.iter().chain(only.evidence).cloned().collect()));
    }
    out
}

/// Changes of one family that routes show.
fn by_routes(
    subject: Asn,
    family: &Observed,
    findings: &[Finding],
    shifts: &[Shift],
    window: &Window,
    out: &mut Changes,
    sealed: &mut Sealer<'_>,
) {
    let evidence = |u: &ObservedUpstream| findings.iter().find(|f| f.id == u.finding).map_or(&[][..], |f| &f.evidence);
    let mut found: Vec<Found<'_>> = Vec::new();
    for upstream in &family.upstreams {
        let there = upstream.periods.iter().any(|p| p.touches(window));
        if upstream.grade == Grade::Low {
            if !there {
                continue;
            }
            out.candidates.push(upstream.asn);
            continue;
        }
        let open = upstream
            .periods
            .first()
            .is_some_and(|p| p.start == Edge::Unsettled && window.touches(p.bounds.from_by, p.bounds.from_by));
        if open {
            out.newly_visible.push(upstream.asn);
        }
        found.push(Found {
            asn: upstream.asn,
            periods: &upstream.periods,
            prefixes: &upstream.prefixes,
            evidence: evidence(upstream),
        });
    }
    let with = family.days.iter().filter(|d| d.with_route > 0);
    let looks: Vec<(Time, Time)> = with.map(|d| (d.day, Time(d.day.0 + DAY_MICROS - 1))).collect();
    let mut all = found_changes(subject, &found, Class::Observed, Some(family.family), &looks);
    for shift in shifts {
        let overlaps = |c: &Change| {
            c.after.is_none_or(|after| after.0 - DAY_MICROS <= shift.by.0) && shift.after.0 - DAY_MICROS <= c.by.0
        };
        let of = |asn: Asn| family.upstreams.iter().find(|u| u.asn == asn);
        let percent = |part: f64| format!("{:.0} %", part * 100.0);
        let cohort = format!(
            "{} and {} clusters that are the same before and after",
            words::number(shift.size.vantages, "vantage", "vantages"),
            shift.size.clusters
        );
        let (kind, upstream, says, bytes) = match shift.what {
            What::Through(asn) => {
                // One that was added or replaced another has its size told there.
                let told = all
                    .iter_mut()
                    .find(|(c, _)| c.upstream == Some(asn) && c.kind != Kind::UpstreamLost && overlaps(c));
                if let Some((change, _)) = told {
                    change.size.get_or_insert(shift.size);
                    continue;
                }
                let kind = if shift.flap { Kind::UpstreamFlap } else { Kind::ShareShift };
                let says = format!(
                    "the share of {asn} among routes of {subject} ({}) goes from {} to {} {}, at {cohort}",
                    family.family,
                    percent(shift.size.before),
                    percent(shift.size.after),
                    when(Some(shift.after), shift.by)
                );
                (kind, Some(asn), says, of(asn).map(|u| evidence(u).to_vec()).unwrap_or_default())
            }
            What::Without => {
                let says = format!(
                    "the share of vantages without a route to {subject} ({}) goes from {} to {} {}, at {cohort}",
                    family.family,
                    percent(shift.size.before),
                    percent(shift.size.after),
                    when(Some(shift.after), shift.by)
                );
                let bytes = family.upstreams.first().map(|u| evidence(u).to_vec()).unwrap_or_default();
                (Kind::VisibilityDrop, None, says, bytes)
            }
        };
        let state = match (shift.gone, shift.until > shift.after) {
            (Some(_), _) => State::Resolved,
            (None, _) if shift.until.0 - shift.after.0 > DAY_MICROS => State::Confirmed,
            (None, _) => State::Preliminary,
        };
        all.push((
            Change {
                key: key(subject, Some(family.family), kind, upstream, &[]),
                kind,
                class: Class::Observed,
                family: Some(family.family),
                upstream,
                replaced: None,
                after: Some(shift.after),
                by: shift.by,
                state,
                undone_by: shift.gone,
                size: Some(shift.size),
                prefixes: upstream.and_then(of).map(|u| u.prefixes.clone()).unwrap_or_default(),
                says,
                finding: String::new(),
            },
            bytes,
        ));
    }
    for (change, evidence) in all {
        sealed.keep(out, change, evidence);
    }
}

fn unknowns(found: &Changes, rows: &Rows<'_>, window: &Window, rules: &Rules) -> Vec<Unknown> {
    let subject = found.subject;
    let unknown = |what: String, why: Why, settled_by: &str| Unknown {
        what,
        why,
        from: window.from,
        until: window.to,
        settled_by: settled_by.to_owned(),
    };
    let mut out = Vec::new();
    let archives = "tables and updates of route collectors (RIPE RIS, RouteViews) of the time";
    if found.days == 0 {
        out.push(unknown(
            format!("changes of {subject} by routes: no route of it was read for the time"),
            Why::NoData,
            archives,
        ));
    } else if found.small_cohorts > 0 {
        out.push(unknown(
            format!(
                "shifts of shares on {} of {} days: fewer than {} full-feed vantages or {} clusters stayed the same",
                found.small_cohorts, found.days, rules.changes.cohort_vantages, rules.adequate_clusters
            ),
            Why::InsufficientCohort,
            archives,
        ));
    }
    if rows.links.snapshots.is_empty() {
        out.push(unknown(
            format!("changes of {subject} by published relationships"),
            Why::NoData,
            "whole relationship files (CAIDA serial-1 or serial-2)",
        ));
    }
    if !found.newly_visible.is_empty() {
        let who: Vec<String> = found.newly_visible.iter().map(ToString::to_string).collect();
        out.push(unknown(
            format!(
                "when {} came next to {subject}: seen first where too few vantages could have shown it before, so no change is told",
                who.join(", ")
            ),
            Why::InsufficientCohort,
            archives,
        ));
    }
    out
}
