//! The members of a portfolio: each network that is listed under another, in the time of one of its own holders, told as its own
//! question tells it.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{
    HolderHistory, LinkHistory, LinkSighting, NameSighting, NameSnapshot, Neighbour, RouteHistory,
};
use headwater_route::{Asn, Evidence, Window};
use serde::Serialize;

use crate::finding::Finding;
use crate::holders::{Era, Holders, holders};
use crate::kinds::Guess;
use crate::period::{Edge, Period};
use crate::portfolio::{Portfolio, Rows, Since};
use crate::published::{self, Cell, Publication};
use crate::rules::Rules;

/// What the publication told says of a network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Listed under the network asked about.
    Listed,
    /// Linked to it under another label.
    OtherLabel,
    /// Not linked to it.
    NotListed,
    /// Not in the publication, or its number had another holder then.
    Absent,
    /// The publication cannot tell.
    Untold,
}

/// What changed between the time asked for and the publication told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It began wholly after.
    Joined,
    /// It may have begun before or after.
    StartStraddles,
    /// It is first listed after, and nothing bounds when it began.
    StartOpen,
    /// It ended wholly after.
    Left,
    /// It may have ended before or after.
    EndStraddles,
    /// It is last listed after, and nothing bounds when it ended.
    EndOpen,
}

/// A network that is or was listed under the one asked about, in the time of one of its holders.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Member {
    /// The network.
    pub asn: Asn,
    /// Name of its holder in that time, as published. Hostile text.
    pub holder: Option<String>,
    /// The time of that holder.
    pub era: Era,
    /// What the publication told says.
    pub state: State,
    /// What changed.
    pub change: Option<Change>,
    /// It is listed before and after a gap in the publications: whether it was listed in between is not known.
    pub over_gap: bool,
    /// It was listed before, and not for a time.
    pub returned: bool,
    /// It was listed before the time asked for only.
    pub earlier: bool,
    /// Since when and until when it is listed.
    pub periods: Vec<Period>,
    /// The first publication of its era, among those of the network asked about.
    pub from_publication: usize,
    /// What each publication from there on says.
    pub cells: Vec<Cell>,
    /// Networks that the publication told lists as its providers; see [`crate::panel::describe`].
    pub providers: Vec<Asn>,
    /// Networks that the publication told lists under it.
    pub listed_under: usize,
    /// What kind of network it may be.
    pub guesses: Vec<Guess>,
    /// Id of the finding; empty unless it was asked for.
    pub finding: String,
}

impl Member {
    /// The period told of: the one that the publication told lies in, else the last before it.
    pub fn period(&self) -> Option<&Period> {
        self.periods.last()
    }
}

fn both(a: &Window, b: &Window) -> Window {
    Window { from: a.from.max(b.from), to: a.to.into_iter().chain(b.to).min() }
}

/// The time that a member is looked at in: that of its own holder. What denies the link may lie before the holder of `subject`,
/// as the link was not there then; only where the two are linked in the time of another holder of `subject` is it cut off.
fn looked_at(era: &Window, span: &Window, subject: Asn, links: &LinkHistory) -> Window {
    let inside = |s: &LinkSighting| {
        let file = &links.snapshots[s.snapshot];
        span.touches(file.from, file.from)
    };
    let mut linked = links.sightings.iter().filter(|s| s.neighbour == subject);
    if linked.all(inside) { *era } else { both(era, span) }
}

/// What the members are found by.
pub(crate) struct Found<'a> {
    pub subject: Asn,
    pub rows: &'a Rows<'a>,
    pub rules: &'a Rules,
    /// The era of the network asked about.
    pub span: Window,
    /// Its first publication, among all.
    pub first: usize,
    /// The publication told, among those of the era.
    pub told: Option<usize>,
    pub since: Option<Since>,
}

impl Found<'_> {
    /// The members, and how many networks are first listed after the publication told.
    pub fn members(&self, publications: &[Publication]) -> (Vec<Member>, usize) {
        let mut lines: BTreeMap<Asn, Vec<&LinkSighting>> = BTreeMap::new();
        for sighting in &self.rows.links.sightings {
            lines.entry(sighting.neighbour).or_default().push(sighting);
        }
        lines.retain(|_, lines| lines.iter().any(|s| s.kind == Neighbour::Customer));
        let mut of = OneMember::new(self.rows);
        let mut out = Vec::new();
        let mut later = 0;
        for (asn, lines) in &lines {
            of.take(self.subject, *asn, lines, self.rows);
            let (holders, ..) =
                holders(*asn, &of.holders, &of.links, &RouteHistory::default(), self.rows.sources, self.rules);
            for era in &holders.eras {
                match self.member(*asn, era, &holders, &of.links, publications) {
                    Some(Some(member)) => out.push(member),
                    Some(None) => later += 1,
                    None => {}
                }
            }
        }
        (out, later)
    }

    /// One network in one era: `None` if it is not listed in it, `Some(None)` if only after the publication told.
    fn member(
        &self,
        asn: Asn,
        era: &Era,
        holders: &Holders,
        links: &LinkHistory,
        publications: &[Publication],
    ) -> Option<Option<Member>> {
        let looked = looked_at(&era.window(), &self.span, self.subject, links);
        let mut listing =
            published::listing(asn, self.subject, links, &looked, &self.span, self.rows.sources, self.rules)?;
        listing.cells.drain(..self.first.saturating_sub(listing.first).min(listing.cells.len()));
        let from_publication = listing.first.saturating_sub(self.first);
        let Some((told, publication)) = self.told.and_then(|at| Some((at, publications.get(at)?))) else {
            return Some(None);
        };
        let mut periods = listing.periods;
        let started = |p: &Period| p.bounds.from_by.min(p.bounds.to_after) <= publication.until;
        periods.truncate(periods.iter().filter(|p| started(p)).count());
        let Some(last) = periods.last() else { return Some(None) };
        let state = match told.checked_sub(from_publication).and_then(|at| listing.cells.get(at)) {
            Some(Cell::Provider | Cell::Disputed) => State::Listed,
            Some(Cell::OtherLabel) => State::OtherLabel,
            Some(Cell::NotListed) => State::NotListed,
            Some(Cell::Unknown) => State::Untold,
            Some(Cell::SubjectAbsent) | None => State::Absent,
        };
        let before = periods.len().checked_sub(2).and_then(|at| periods.get(at));
        let over_gap = self.since.is_some_and(|since| last.start == Edge::Gap && spans_gap(before, since));
        let change = self.since.and_then(|since| change(last, state, publication, since)).filter(|_| !over_gap);
        Some(Some(Member {
            asn,
            holder: holders.name_of(era).map(str::to_owned),
            era: era.clone(),
            state,
            change,
            over_gap: over_gap && state == State::Listed,
            returned: periods.iter().rev().skip(1).any(|p| p.end == Edge::Bounded),
            earlier: state != State::Listed && change.is_none() && last.bounds.to_after < publication.from,
            periods,
            from_publication,
            cells: listing.cells,
            providers: Vec::new(),
            listed_under: 0,
            guesses: Vec::new(),
            finding: String::new(),
        }))
    }
}

/// True if the period before a gap reaches to the time that changes are told from: the publications on both sides list it.
fn spans_gap(before: Option<&Period>, since: Since) -> bool {
    before.is_some_and(|p| p.end == Edge::Gap && p.bounds.to_after >= since.end)
}

fn change(last: &Period, state: State, told: &Publication, since: Since) -> Option<Change> {
    let b = &last.bounds;
    if state == State::Listed || b.to_after >= told.from {
        return match b.from_after {
            Some(after) if after >= since.start => Some(Change::Joined),
            Some(_) if b.from_by > since.start => Some(Change::StartStraddles),
            None if b.from_by > since.start => Some(Change::StartOpen),
            _ => None,
        };
    }
    match b.to_by {
        Some(_) if b.to_after >= since.end => Some(Change::Left),
        Some(by) if by > since.end => Some(Change::EndStraddles),
        None if b.to_after >= since.end => Some(Change::EndOpen),
        _ => None,
    }
}

/// The rows of one member at a time, as its own question would get them; the lists of files are those of all members.
struct OneMember {
    links: LinkHistory,
    holders: HolderHistory,
}

impl OneMember {
    fn new(rows: &Rows<'_>) -> OneMember {
        OneMember {
            links: LinkHistory { snapshots: rows.links.snapshots.clone(), sightings: Vec::new() },
            holders: HolderHistory { snapshots: rows.holders.snapshots.clone(), ..HolderHistory::default() },
        }
    }

    /// Its links with `subject`, from its side, and a stand-in for other links where it is in a file: with whom does not
    /// matter, and no finding cites it.
    fn take(&mut self, subject: Asn, asn: Asn, lines: &[&LinkSighting], rows: &Rows<'_>) {
        self.links.sightings.clear();
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        for line in lines {
            let kind = match line.kind {
                Neighbour::Customer => Neighbour::Provider,
                Neighbour::Peer => Neighbour::Peer,
                Neighbour::Provider => Neighbour::Customer,
            };
            if line.in_routes() {
                seen.insert(line.snapshot);
            }
            self.links.sightings.push(LinkSighting { neighbour: subject, kind, ..(*line).clone() });
        }
        let presence = rows.presence.binary_search_by_key(&asn, |p| p.asn).ok().map(|at| &rows.presence[at]);
        for (snapshot, in_routes) in presence.into_iter().flat_map(|p| &p.snapshots) {
            if !seen.contains(snapshot) {
                self.links.sightings.push(LinkSighting {
                    snapshot: *snapshot,
                    neighbour: asn,
                    kind: Neighbour::Peer,
                    seen_by: if *in_routes { String::new() } else { "other".to_owned() },
                    evidence: Evidence { source: rows.links.snapshots[*snapshot].source, offset: 0 },
                });
            }
        }
        self.links.sightings.sort_by_key(|s| (s.snapshot, s.kind, s.neighbour));
        let held = rows.held.get(&asn);
        self.holders.names.clear();
        self.holders.delegations.clear();
        if let Some(held) = held {
            self.holders.names.extend_from_slice(&held.names);
            self.holders.delegations.extend_from_slice(&held.delegations);
        }
    }
}

/// The findings on these members, in their order: each is the one that the question for its providers gives. Their ids are
/// entered.
pub fn member_findings(
    subject: Asn,
    portfolio: &Portfolio,
    members: &mut [&mut Member],
    rows: &Rows<'_>,
    rules: &Rules,
) -> Vec<Finding> {
    let mut of = OneMember::new(rows);
    let span = portfolio.era.window();
    let mut out = Vec::new();
    for member in members {
        let lines: Vec<&LinkSighting> = rows.links.sightings.iter().filter(|s| s.neighbour == member.asn).collect();
        of.take(subject, member.asn, &lines, rows);
        let looked = looked_at(&member.era.window(), &span, subject, &of.links);
        if let Some(finding) = published::listed(member.asn, subject, &of.links, &looked, &span, rows.sources, rules) {
            member.finding = finding.id.clone();
            out.push(finding);
        }
        out.extend(member.guesses.iter().filter_map(|g| g.finding(member.asn, subject, rows.sources, rules)));
    }
    out
}

/// Names of a member's holder, for guesses.
pub fn names_in<'n>(era: &Era, names: &'n [NameSighting], files: &[NameSnapshot]) -> Vec<&'n NameSighting> {
    let window = era.window();
    names.iter().filter(|n| files.get(n.snapshot).is_some_and(|f| window.touches(f.at, f.at))).collect()
}
