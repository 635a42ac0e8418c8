//! Upstreams by published relationships (methods §3.3, class `inferred`): which files list whom as provider, since when.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{LinkHistory, LinkSighting, LinkSnapshot, Neighbour, Sources};
use headwater_route::{Asn, SourceId, Time, Window};
use serde::Serialize;

use crate::finding::{Cited, Class, Draft, Finding, Unknown, Why, cite, cite_whole};
use crate::period::{Edge, Look, Period, Sight, gaps, periods};
use crate::rules::Rules;
use crate::words;

const METHOD: &str = "upstreams.published/2";
/// Days from one publication of the series to the next.
const CADENCE_DAYS: f64 = 31.0;
const DAY_MICROS: f64 = 86_400e6;

/// One publication: the files of all series for one span of days.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Publication {
    /// First instant of the routes it was built from.
    pub from: Time,
    /// Last instant of the routes it was built from.
    pub until: Time,
    /// Series that were read for it.
    pub series: Vec<String>,
    /// A whole file was read, so that what it lacks is absent from it.
    pub complete: bool,
    /// The network has a link of any kind in it.
    pub subject_listed: bool,
    /// A whole file has a link of the network that was seen in routes: it can deny another one.
    #[serde(skip)]
    pub(crate) can_deny: bool,
    /// Indices of its snapshots.
    #[serde(skip)]
    snapshots: Vec<usize>,
}

/// What a publication says about a neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Listed as provider.
    Provider,
    /// Listed as provider in one series and not as such in another whole file for the same days.
    Disputed,
    /// Linked under another label (peer, customer).
    OtherLabel,
    /// Not linked, in a whole file that has the network.
    NotListed,
    /// The network itself has no link in the file that was seen in routes.
    SubjectAbsent,
    /// Only an extract was read, which cannot show absence.
    Unknown,
}

/// A network listed as a provider.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PublishedUpstream {
    /// The network.
    pub asn: Asn,
    /// Since when and until when, as lists go.
    pub periods: Vec<Period>,
    /// What each publication of the era says, in their order.
    pub cells: Vec<Cell>,
    /// Id of the finding.
    pub finding: String,
}

/// Upstreams by published relationships within one era of the number.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Published {
    /// Publications of the era, in order.
    pub publications: Vec<Publication>,
    /// Networks listed as provider, the first listed first.
    pub upstreams: Vec<PublishedUpstream>,
    /// How many of them touch the time asked about.
    pub in_window: usize,
    /// Spans longer than one and a half cadences without a whole publication.
    pub gaps: Vec<(Time, Time)>,
    /// The newest publication of the window that can tell who is listed: whole, or else any that has the network.
    #[serde(skip)]
    pub(crate) newest: Option<usize>,
}

/// The publications of a history, in order, and the publication of each snapshot. Files whose days overlap are of one
/// publication, unless they would reach over more than a cadence.
pub fn publications(history: &LinkHistory) -> (Vec<Publication>, Vec<usize>) {
    let mut order: Vec<usize> = (0..history.snapshots.len()).collect();
    order.sort_by_key(|&i| (history.snapshots[i].from, history.snapshots[i].until, i));
    let mut of_snapshot = vec![0; history.snapshots.len()];
    let mut out: Vec<Publication> = Vec::new();
    for i in order {
        let LinkSnapshot { from, until, complete, ref series, .. } = history.snapshots[i];
        let joins = |p: &&mut Publication| {
            from <= p.until && (until.max(p.until).0.saturating_sub(p.from.0) as f64) < CADENCE_DAYS * DAY_MICROS
        };
        match out.last_mut().filter(joins) {
            Some(publication) => publication.until = publication.until.max(until),
            None => out.push(Publication {
                from,
                until,
                series: Vec::new(),
                complete: false,
                subject_listed: false,
                can_deny: false,
                snapshots: Vec::new(),
            }),
        }
        let at = out.len() - 1;
        let publication = &mut out[at];
        publication.complete |= complete;
        publication.snapshots.push(i);
        if let Err(place) = publication.series.binary_search(series) {
            publication.series.insert(place, series.clone());
        }
        of_snapshot[i] = at;
    }
    for sighting in &history.sightings {
        let Some(&at) = of_snapshot.get(sighting.snapshot) else { continue };
        out[at].subject_listed = true;
        out[at].can_deny |= holds(history, sighting);
    }
    (out, of_snapshot)
}

impl Publication {
    /// Its snapshots, as indices into those of its history.
    pub(crate) fn snapshots(&self) -> &[usize] {
        &self.snapshots
    }

    /// The last instant of that whole file which ends first: what a file lacks had not begun by then.
    pub(crate) fn earliest_end(&self, history: &LinkHistory) -> Time {
        let files = self.snapshots.iter().map(|i| &history.snapshots[*i]);
        files.filter(|s| s.complete).map(|s| s.until).min().unwrap_or(self.until)
    }

    /// Its files that were read whole.
    pub(crate) fn whole_files(&self, history: &LinkHistory) -> Vec<SourceId> {
        let files = self.snapshots.iter().map(|i| &history.snapshots[*i]);
        files.filter(|s| s.complete).map(|s| s.source).collect()
    }
}

/// True if a line shows that its file, a whole one, has the network from routes. A link seen in route-server communities only
/// (`mlp`) does not: the routes that the file was built from may lack the network.
fn holds(history: &LinkHistory, sighting: &LinkSighting) -> bool {
    sighting.in_routes() && history.snapshots[sighting.snapshot].complete
}

/// The publications of one era, and what they say.
struct Question<'a> {
    subject: Asn,
    history: &'a LinkHistory,
    sources: &'a Sources,
    rules: &'a Rules,
    publications: Vec<Publication>,
    /// Whole files that hold the network, by publication: each of them can deny a link.
    holding: Vec<BTreeSet<usize>>,
    by_neighbour: BTreeMap<Asn, Lines<'a>>,
    /// The first publication of the era, among all.
    first: usize,
    /// Why nothing is known before the era, where there are publications before it.
    before: Option<Edge>,
    /// As above for what comes after it.
    after: Option<Edge>,
}

/// Lines about one neighbour: (publication, line).
type Lines<'a> = Vec<(usize, &'a LinkSighting)>;

/// Upstreams of `subject` in the publications with `from` inside `era`; periods that `window` does not touch are left out.
pub fn published(
    subject: Asn,
    history: &LinkHistory,
    era: &Window,
    window: &Window,
    sources: &Sources,
    rules: &Rules,
) -> (Published, Vec<Finding>) {
    let question = Question::new(subject, history, era, sources, rules);
    let mut found: Vec<(PublishedUpstream, Finding)> =
        question.by_neighbour.keys().filter_map(|neighbour| question.upstream(*neighbour, window)).collect();
    found.sort_by_key(|(u, _)| (u.periods.first().map(|p| p.bounds.from_by), u.asn));
    let (upstreams, findings) = found.into_iter().unzip();
    let publications = question.publications;
    let whole = publications.iter().filter(|p| p.complete).map(|p| (p.from, p.until));
    let gaps = gaps(whole, max_gap_days(rules));
    let newest = |tells: fn(&Publication) -> bool| {
        publications.iter().rposition(|p| tells(p) && window.touches(p.from, p.until))
    };
    let newest = newest(|p| p.can_deny).or_else(|| newest(|p| p.subject_listed));
    let in_window = publications.iter().filter(|p| window.touches(p.from, p.until)).count();
    (Published { publications, upstreams, gaps, in_window, newest }, findings)
}

/// What the publications of an era say of one network as provider of `subject`: those of the era among all of `history`, and
/// the periods that touch the window. `None` if there are none. As [`published`] tells it, without a finding.
pub(crate) fn listing(
    subject: Asn,
    provider: Asn,
    history: &LinkHistory,
    era: &Window,
    window: &Window,
    sources: &Sources,
    rules: &Rules,
) -> Option<Listing> {
    let question = Question::new(subject, history, era, sources, rules);
    let Sighted { cells, periods, .. } = question.sighted(provider, window)?;
    Some(Listing { first: question.first, cells, periods })
}

/// The finding on one network as provider of `subject`: the one that [`published`] gives.
pub(crate) fn listed(
    subject: Asn,
    provider: Asn,
    history: &LinkHistory,
    era: &Window,
    window: &Window,
    sources: &Sources,
    rules: &Rules,
) -> Option<Finding> {
    let question = Question::new(subject, history, era, sources, rules);
    question.upstream(provider, window).map(|(_, finding)| finding)
}

/// One network as provider of another, by publication.
pub(crate) struct Listing {
    /// The first publication of the era, among all.
    pub first: usize,
    /// What each publication of the era says, in their order.
    pub cells: Vec<Cell>,
    /// Since when and until when.
    pub periods: Vec<Period>,
}

/// Days between two whole publications beyond which what happened between them is not known.
pub(crate) fn max_gap_days(rules: &Rules) -> f64 {
    CADENCE_DAYS * rules.snapshot_gap_cadences
}

/// What the publications show of one neighbour.
struct Sighted<'a> {
    lines: &'a Lines<'a>,
    cells: Vec<Cell>,
    looks: Vec<Look>,
    periods: Vec<Period>,
}

impl<'a> Question<'a> {
    fn new(
        subject: Asn,
        history: &'a LinkHistory,
        era: &Window,
        sources: &'a Sources,
        rules: &'a Rules,
    ) -> Question<'a> {
        let (mut publications, of_snapshot) = publications(history);
        let inside = |p: &Publication| era.touches(p.from, p.from);
        let first = publications.iter().position(inside).unwrap_or(publications.len());
        let behind = publications.iter().rposition(inside).map_or(first, |last| last + 1);
        let edge = |p: &Publication| if p.subject_listed { Edge::Unsettled } else { Edge::SubjectAbsent };
        let (before, after) =
            (first.checked_sub(1).map(|at| edge(&publications[at])), publications.get(behind).map(edge));
        publications.truncate(behind);
        publications.drain(..first.min(behind));

        let mut by_neighbour: BTreeMap<Asn, Lines<'_>> = BTreeMap::new();
        let mut holding = vec![BTreeSet::new(); publications.len()];
        for sighting in &history.sightings {
            let at = of_snapshot.get(sighting.snapshot).and_then(|at| at.checked_sub(first));
            let Some(at) = at.filter(|at| *at < publications.len()) else { continue };
            by_neighbour.entry(sighting.neighbour).or_default().push((at, sighting));
            if holds(history, sighting) {
                holding[at].insert(sighting.snapshot);
            }
        }
        Question { subject, history, sources, rules, publications, holding, by_neighbour, first, before, after }
    }

    fn sighted(&'a self, neighbour: Asn, window: &Window) -> Option<Sighted<'a>> {
        let lines = self.by_neighbour.get(&neighbour)?;
        if lines.iter().all(|(_, s)| s.kind != Neighbour::Provider) {
            return None;
        }
        let mut said: Vec<Vec<&LinkSighting>> = vec![Vec::new(); self.publications.len()];
        for (at, sighting) in lines {
            said[*at].push(sighting);
        }
        let cells: Vec<Cell> = said.iter().enumerate().map(|(at, said)| self.cell(at, said)).collect();
        let looks: Vec<Look> =
            said.iter().zip(&cells).enumerate().map(|(at, (said, cell))| self.look(at, said, *cell)).collect();
        let mut periods = periods(&looks, max_gap_days(self.rules));
        // Where the era ends and the publications do not, it is not the sources that end.
        if let (Some(period), Some(edge)) = (periods.first_mut().filter(|p| p.start == Edge::EndOfData), self.before) {
            period.start = edge;
        }
        if let (Some(period), Some(edge)) = (periods.last_mut().filter(|p| p.end == Edge::EndOfData), self.after) {
            period.end = edge;
        }
        periods.retain(|p| p.touches(window));
        (!periods.is_empty()).then_some(Sighted { lines, cells, looks, periods })
    }

    fn upstream(&self, neighbour: Asn, window: &Window) -> Option<(PublishedUpstream, Finding)> {
        let Sighted { lines, cells, looks, periods } = self.sighted(neighbour, window)?;
        let finding = self.state(neighbour, lines, &cells, &looks, &periods)?;
        Some((PublishedUpstream { asn: neighbour, periods, cells, finding: finding.id.clone() }, finding))
    }

    fn cell(&self, at: usize, said: &[&LinkSighting]) -> Cell {
        let provider = |s: &&&LinkSighting| s.kind == Neighbour::Provider;
        let listing: BTreeSet<usize> = said.iter().filter(provider).map(|s| s.snapshot).collect();
        let holding = &self.holding[at];
        match (said.is_empty(), listing.is_empty()) {
            (_, false) if holding.is_subset(&listing) => Cell::Provider,
            (_, false) => Cell::Disputed,
            (false, true) => Cell::OtherLabel,
            (true, true) if !holding.is_empty() => Cell::NotListed,
            (true, true) if self.publications[at].complete => Cell::SubjectAbsent,
            (true, true) => Cell::Unknown,
        }
    }

    fn look(&self, at: usize, said: &[&LinkSighting], cell: Cell) -> Look {
        let publication = &self.publications[at];
        let sight = match cell {
            Cell::Provider | Cell::Disputed => Sight::Yes,
            Cell::OtherLabel => Sight::Other,
            Cell::NotListed => Sight::No,
            Cell::SubjectAbsent => Sight::SubjectAbsent,
            Cell::Unknown => Sight::Nothing,
        };
        // The files that say so: each of them says it of its own days.
        let files: BTreeSet<usize> = match sight {
            Sight::Yes => said.iter().filter(|s| s.kind == Neighbour::Provider).map(|s| s.snapshot).collect(),
            _ => self.holding[at].clone(),
        };
        let span = |i: &usize| &self.history.snapshots[*i];
        Look {
            start: files.iter().map(|i| span(i).until).min(),
            end: files.iter().map(|i| span(i).from).max(),
            ..Look::whole(publication.from, publication.until, sight)
        }
    }

    fn state(
        &self,
        neighbour: Asn,
        lines: &Lines<'_>,
        cells: &[Cell],
        looks: &[Look],
        periods: &[Period],
    ) -> Option<Finding> {
        let within = |at: usize| {
            let look = &looks[at];
            periods.iter().any(|p| look.from <= p.bounds.to_after && look.until >= p.bounds.from_by)
        };
        let told: Vec<(usize, &LinkSighting)> =
            lines.iter().filter(|(at, s)| s.kind != Neighbour::Provider || within(*at)).copied().collect();
        let provider = told.iter().filter(|(_, s)| s.kind == Neighbour::Provider);
        let series: BTreeSet<&str> =
            provider.map(|(_, s)| self.history.snapshots[s.snapshot].series.as_str()).collect();
        let subject = self.subject;
        let mut statement = format!(
            "{neighbour} is listed as a provider of {subject} in {} ({}): {}",
            words::files(periods),
            series.into_iter().collect::<Vec<_>>().join(", "),
            words::periods(periods, "listed"),
        );
        let disputed = (0..cells.len()).filter(|&at| cells[at] == Cell::Disputed && within(at)).count();
        if disputed > 0 {
            statement.push_str(&format!("; in {disputed} of these, another whole file does not list it so"));
        }
        let other = cells.iter().filter(|c| **c == Cell::OtherLabel).count();
        if other > 0 {
            statement.push_str(&format!("; in {other} further, the link has another label"));
        }
        Draft {
            method: METHOD,
            subject,
            object: Some(neighbour),
            family: None,
            class: Class::Inferred,
            bounds: match periods {
                [one] => Some(one.bounds),
                _ => None,
            },
            statement,
            evidence: self.evidence(neighbour, &told, looks, periods),
            evidence_unlisted: 0,
        }
        .seal(self.rules.evidence_items)
    }

    /// In order of time: the last files that lack it before each start, the lines, the first that lack it after each end.
    fn evidence(
        &self,
        neighbour: Asn,
        told: &[(usize, &LinkSighting)],
        looks: &[Look],
        periods: &[Period],
    ) -> Vec<Cited> {
        let subject = self.subject;
        let mut evidence: Vec<(Time, Cited)> = Vec::new();
        for (at, sighting) in told {
            let label = match sighting.kind {
                Neighbour::Provider => "provider",
                Neighbour::Peer => "peer",
                Neighbour::Customer => "customer",
            };
            let says = format!("{neighbour} next to {subject}, labelled \"{label}\"");
            evidence.push((self.publications[*at].from, cite(self.sources, sighting.evidence, says)));
        }
        for period in periods {
            let denies = |bound: fn(&Look) -> Option<Time>, at: Option<Time>| {
                looks.iter().position(|l| l.sight == Sight::No && at.is_some() && bound(l) == at)
            };
            let before = denies(|l| l.start, period.bounds.from_after);
            let after = denies(|l| l.end, period.bounds.to_by);
            for at in [before, after].into_iter().flatten() {
                let says = format!("no link between {neighbour} and {subject}");
                let files = self.holding[at].iter().map(|i| self.history.snapshots[*i].source);
                let from = self.publications[at].from;
                evidence.extend(files.map(|source| (from, cite_whole(self.sources, source, says.clone()))));
            }
        }
        evidence.sort();
        evidence.dedup();
        evidence.into_iter().map(|(_, cited)| cited).collect()
    }
}

/// What published relationships cannot tell here.
pub fn unknowns(subject: Asn, published: &Published, window: &Window) -> Vec<Unknown> {
    let mut out = Vec::new();
    if published.publications.is_empty() {
        out.push(Unknown {
            what: format!("which networks published relationship files list as providers of {subject}"),
            why: Why::NoData,
            from: None,
            until: None,
            settled_by: "relationship files (CAIDA serial-1 or serial-2) of the time".to_owned(),
        });
        return out;
    }
    let extracts = published.publications.iter().filter(|p| !p.complete).count();
    if extracts > 0 {
        out.push(Unknown {
            what: format!(
                "what {} lack: only an extract of it, or a file with faults, was read",
                words::number(extracts, "publication", "publications")
            ),
            why: Why::NotObservable,
            from: None,
            until: None,
            settled_by: "the whole files".to_owned(),
        });
    }
    let listed = published.publications.iter().any(|p| p.subject_listed);
    if !listed {
        return out;
    }
    for (from, until) in published.gaps.iter().filter(|(from, until)| window.touches(*from, *until)) {
        out.push(Unknown {
            what: format!("listed providers of {subject} between {} and {}", from.date(), until.date()),
            why: Why::Gap,
            from: Some(*from),
            until: Some(*until),
            settled_by: "whole relationship files of these months, or tables and updates of route collectors"
                .to_owned(),
        });
    }
    if published.in_window == 0 {
        out.push(Unknown {
            what: format!("whether any network is listed as provider of {subject} in the time asked about: no publication covers it"),
            why: Why::Gap,
            from: window.from,
            until: window.to,
            settled_by: "relationship files of the time, or tables and updates of route collectors".to_owned(),
        });
    }
    if !published.upstreams.is_empty() {
        out.push(Unknown {
            what: "paths, prefixes, families and shares behind the listed links".to_owned(),
            why: Why::NotObservable,
            from: None,
            until: None,
            settled_by: "tables and updates of route collectors".to_owned(),
        });
    }
    let disputed = published.upstreams.iter().filter(|u| u.cells.contains(&Cell::Disputed)).count();
    if disputed > 0 {
        out.push(Unknown {
            what: format!("links that series disagree on ({disputed})"),
            why: Why::Conflicting,
            from: None,
            until: None,
            settled_by: "the paths the files were built from".to_owned(),
        });
    }
    out
}

/// True if the network is listed in the newest publication that can tell, or in one after it.
pub fn is_listed_last(published: &Published, upstream: &PublishedUpstream) -> bool {
    let Some(newest) = published.newest else { return false };
    let Some(last) = upstream.periods.last() else { return false };
    let listed = |(cell, p): (&Cell, &Publication)| {
        matches!(cell, Cell::Provider | Cell::Disputed)
            && p.from <= last.bounds.to_after
            && p.until >= last.bounds.from_by
    };
    upstream.cells.iter().zip(&published.publications).skip(newest).any(listed)
}
