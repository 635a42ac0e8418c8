//! What publications and routes show of a pair of networks: the ground every test stands on.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{LinkHistory, Neighbour};
use headwater_route::{Asn, Family, Prefix, Time, Window};
use serde::Serialize;

use super::Rows;
use super::passing::{Passing, Place, passing};
use crate::account::behind;
use crate::cohort::{Member, independent, weights};
use crate::finding::{Cited, Finding, cite, cite_whole};
use crate::holders::{Era, holders};
use crate::names::{alike, telling};
use crate::observed::{Observed, ObservedUpstream, Witnessed, observed, swept};
use crate::period::Period;
use crate::protection::Typed;
use crate::published::{Cell, Publication, Published, publications, published};
use crate::rules::Rules;
use crate::sanitise::{Registry, Upstream};
use crate::sweep::{DAY_MICROS, Seen, Sweep, shown};
use crate::words::day;

/// What one publication says of the pair.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Said {
    /// First instant of the routes it was built from.
    pub from: Time,
    /// Last instant of the routes it was built from.
    pub until: Time,
    /// Series that were read for it.
    pub series: Vec<String>,
    /// What it says of the carrier as provider of the network.
    pub cell: Cell,
    /// Listed providers of the network.
    pub providers: Vec<Asn>,
    /// Networks listed under the carrier; in JSON how many.
    #[serde(serialize_with = "count")]
    pub under: Vec<Asn>,
    /// Of these, the ones the publication before does not list there; `None` if there is none that could deny it.
    pub joined: Option<Vec<Asn>>,
    /// Networks listed under the carrier and as providers of the network: one could stand between.
    pub between: Vec<Asn>,
    /// Networks listed under the carrier that have networks listed under them, with those.
    pub resellers: Vec<(Asn, Vec<Asn>)>,
    /// A whole file that has the network from routes was read.
    #[serde(skip)]
    pub can_deny: bool,
    /// Files of the publication, for what it lacks.
    #[serde(skip)]
    pub files: Vec<Cited>,
    /// The line that lists the carrier as provider.
    #[serde(skip)]
    pub line: Option<Cited>,
}

fn count<S: serde::Serializer>(all: &[Asn], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(all.len() as u64)
}

/// One day of routes.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Day {
    /// Its start.
    pub day: Time,
    /// Vantages that had a route to the network.
    pub vantages: usize,
    /// Of these, vantages that had one through the carrier.
    pub through: usize,
    /// Independent clusters that had a route.
    pub clusters: usize,
    /// Independent clusters that had one through the carrier.
    pub clusters_through: usize,
    /// Of the prefixes that some full-feed vantage had through the carrier: the weighted share of their routes that went
    /// through other networks. `None` without such a vantage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<f64>,
}

/// A network behind the carrier, and what publications list it as.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Behind {
    /// The network.
    pub asn: Asn,
    /// What it is to the carrier, as published nearest to that time.
    pub label: Option<Neighbour>,
    /// Vantages.
    pub vantages: usize,
    /// Independent clusters.
    pub clusters: usize,
    /// First and last sighting.
    pub first: Time,
    /// Last sighting.
    pub last: Time,
}

/// A network between the carrier and the origin.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Between {
    /// The network.
    pub asn: Asn,
    /// Vantages.
    pub vantages: usize,
    /// Independent clusters.
    pub clusters: usize,
}

/// What routes of one family show.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Routes {
    /// Family.
    pub family: Family,
    /// Days with any look.
    pub days: Vec<Day>,
    /// The carrier next to the network, where it was seen so.
    pub upstream: Option<ObservedUpstream>,
    /// Other networks seen next to it.
    pub others: Vec<ObservedUpstream>,
    /// Networks behind the carrier, those of most vantages first.
    pub behind: Vec<Behind>,
    /// Networks between the two, those of most vantages first.
    pub between: Vec<Between>,
    /// Vantages with the carrier next to the network.
    pub adjacent_vantages: usize,
    /// Vantages with one network between.
    pub between_vantages: usize,
    /// Independent clusters of these.
    pub between_clusters: usize,
    /// Vantages with a route that the carrier stands in anywhere.
    pub any_vantages: usize,
    /// Prefixes through the carrier that lie inside a prefix seen before and after, which kept to other networks.
    pub specifics: Vec<Prefix>,
    /// A route server stood between the two.
    pub route_servers: Vec<Asn>,
    /// Records, by what they show.
    #[serde(skip)]
    pub records: Records,
}

/// Records that show where the carrier stands.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Records {
    /// Next to the network.
    pub adjacent: Vec<Cited>,
    /// Behind another.
    pub between: Vec<Cited>,
    /// By the network behind it.
    pub behind: BTreeMap<Asn, Vec<Cited>>,
    /// Other networks next to it.
    pub others: Vec<Cited>,
}

/// What is known of a pair.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Facts {
    /// The network that is carried.
    pub subject: Asn,
    /// The network next to it.
    pub carrier: Asn,
    /// The time told of: that asked about, and the whole of periods that touch it.
    pub window: Window,
    /// The era of the holder of `subject`.
    pub era: Era,
    /// Name of that holder. Hostile text.
    pub holder: Option<String>,
    /// Name of the holder of the carrier's number in that time. Hostile text.
    pub carrier_holder: Option<String>,
    /// The names may be of one body.
    pub same_body: bool,
    /// When publications list the carrier as provider.
    pub listed: Vec<Period>,
    /// Id of the finding on that.
    pub listed_finding: String,
    /// Publications of the time, in order.
    pub publications: Vec<Said>,
    /// Stretches of the time without a whole publication.
    pub gaps: Vec<(Time, Time)>,
    /// By routes, a family each; families without any look are left out.
    pub routes: Vec<Routes>,
    /// Rows of the table of protection networks about the carrier.
    pub typed: Vec<Typed>,
    /// Collector files that were looked through and show no route of the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked: Option<String>,
}

impl Facts {
    /// Gathers them.
    pub fn gather(
        subject: Asn,
        carrier: Asn,
        rows: &Rows<'_>,
        registry: &Registry,
        window: &Window,
        rules: &Rules,
    ) -> (Facts, Vec<Finding>) {
        let own = &rows.own;
        let (held, mut findings, _) = holders(subject, own.holders, own.links, own.routes, own.sources, rules);
        let (theirs, ..) =
            holders(carrier, rows.carrier_holders, rows.carrier_links, &Default::default(), own.sources, rules);
        let nobody = Era { after: None, up_to: None, holder: None };
        let era =
            held.eras.iter().rfind(|e| overlaps(&e.window(), window)).or(held.eras.last()).cloned().unwrap_or(nobody);
        let span = era.window();
        let under = behind(own.links);
        let witnessed = Witnessed { routes: own.routes, standing: own.standing, behind: &under };
        let ask = |window: &Window| {
            let by_files = published(subject, own.links, &span, window, own.sources, rules);
            (by_files, observed(subject, witnessed, registry, &span, window, own.sources, rules))
        };
        let asked = ask(window);
        // A period that touches the time is told whole, and with it all that was looked at in it: no test sees half of one.
        let wide = widened(window, carrier, &asked.0.0, &asked.1.0);
        let ((listing, listed), (families, mut seen)) = if wide == *window { asked } else { ask(&wide) };
        let window = &wide;
        let upstream = listing.upstreams.iter().find(|u| u.asn == carrier);
        findings.extend(listed.into_iter().filter(|f| upstream.is_some_and(|u| u.finding == f.id)));
        let cells = upstream.map(|u| u.cells.as_slice());
        let publications = said(subject, carrier, rows, &listing.publications, cells, window);
        let clip = |(from, until): &(Time, Time)| window.touches(*from, *until);
        let gaps = listing.gaps.iter().filter(|gap| clip(gap)).copied().collect();
        let moment = upstream.and_then(|u| u.periods.first()).map(|p| p.bounds.from_by).or(window.from);
        let holder = held.name_of(&era).map(str::to_owned);
        let era_then = theirs.eras.iter().rfind(|e| moment.is_none_or(|at| e.window().touches(at, at)));
        let carrier_holder = era_then.and_then(|e| theirs.name_of(e)).map(str::to_owned);
        let both = holder.as_deref().zip(carrier_holder.as_deref());
        let same_body = both.is_some_and(|(a, b)| alike(&telling(a), &telling(b)));

        let mut routes = Vec::new();
        for family in [Family::V4, Family::V6] {
            let found = families.iter().find(|o| o.family == family);
            let mut upstreams = found.map(|o| o.upstreams.clone()).unwrap_or_default();
            let at = upstreams.iter().position(|u| u.asn == carrier);
            let upstream = at.map(|at| upstreams.remove(at));
            let looker = Looker { subject, carrier, family, rows, registry, window, span, rules };
            routes.extend(looker.routes(upstream, upstreams, &seen));
        }
        seen.retain(|f| routes.iter().filter_map(|r| r.upstream.as_ref()).any(|u| u.finding == f.id));
        findings.append(&mut seen);
        findings.retain(|f| f.object.is_none_or(|object| object == carrier));
        let typed = rows.table.iter().filter(|row| row.asn == carrier).cloned().collect();
        let facts = Facts {
            subject,
            carrier,
            window: *window,
            era,
            holder,
            carrier_holder,
            same_body,
            listed: upstream.map(|u| u.periods.clone()).unwrap_or_default(),
            listed_finding: upstream.map(|u| u.finding.clone()).unwrap_or_default(),
            publications,
            gaps,
            looked: looked(rows, window).filter(|_| routes.is_empty()),
            routes,
            typed,
        };
        (facts, findings)
    }

    /// Publications that list the carrier as provider.
    pub fn listing(&self) -> impl Iterator<Item = &Said> {
        self.publications.iter().filter(|p| matches!(p.cell, Cell::Provider | Cell::Disputed))
    }

    /// The publication before the first that lists the carrier, if it can deny it.
    pub fn before_listing(&self) -> Option<(&Said, &Said)> {
        let at = self.publications.iter().position(|p| matches!(p.cell, Cell::Provider | Cell::Disputed))?;
        let before = self.publications.get(at.checked_sub(1)?)?;
        (before.cell == Cell::NotListed).then_some((before, &self.publications[at]))
    }

    /// True if routes show the pair, or publications list it.
    pub fn any(&self) -> bool {
        !self.listed.is_empty() || self.routes.iter().any(|r| r.any_vantages > 0)
    }

    /// When the carrier is first known to stand there, by any source.
    pub fn first(&self) -> Option<Time> {
        let observed = self.routes.iter().filter_map(|r| r.upstream.as_ref()).flat_map(|u| &u.periods);
        observed.chain(&self.listed).map(|p| p.bounds.from_by).min()
    }

    /// When it is last known to, by any source.
    pub fn last(&self) -> Option<Time> {
        let observed = self.routes.iter().filter_map(|r| r.upstream.as_ref()).flat_map(|u| &u.periods);
        observed.chain(&self.listed).map(|p| p.bounds.to_after).max()
    }
}

/// A window that holds every period of the carrier that touches it.
fn widened(window: &Window, carrier: Asn, listing: &Published, families: &[Observed]) -> Window {
    let listed = listing.upstreams.iter().filter(|u| u.asn == carrier).flat_map(|u| &u.periods);
    let seen = families.iter().flat_map(|f| &f.upstreams).filter(|u| u.asn == carrier).flat_map(|u| &u.periods);
    let mut wide = *window;
    for bounds in listed.chain(seen).map(|p| p.bounds) {
        let first = bounds.from_after.unwrap_or(bounds.from_by).min(bounds.to_after);
        let last = bounds.to_by.unwrap_or(bounds.to_after).max(bounds.from_by);
        wide.from = wide.from.map(|from| from.min(first));
        wide.to = wide.to.map(|to| to.max(Time(last.0.saturating_add(1))));
    }
    wide
}

fn overlaps(a: &Window, b: &Window) -> bool {
    let before = |x: &Window, y: &Window| x.to.zip(y.from).is_some_and(|(to, from)| to <= from);
    !before(a, b) && !before(b, a)
}

/// What was looked through, where there are collector files.
fn looked(rows: &Rows<'_>, window: &Window) -> Option<String> {
    let history = rows.own.routes;
    let tables = history.tables.iter().map(|t| (t.at, t.until.max(t.at)));
    let spans = history.spans.iter().map(|s| (s.from, s.until));
    let inside: Vec<(Time, Time)> = tables.chain(spans).filter(|(from, until)| window.touches(*from, *until)).collect();
    let first = inside.iter().map(|(from, _)| *from).min()?;
    let last = inside.iter().map(|(_, until)| *until).max()?;
    Some(format!(
        "none of the {} collector files read, which lie between {} and {}, shows a route of it",
        inside.len(),
        first.date(),
        last.date()
    ))
}

/// What each publication of the window says of the pair.
fn said(
    subject: Asn,
    carrier: Asn,
    rows: &Rows<'_>,
    told: &[Publication],
    cells: Option<&[Cell]>,
    window: &Window,
) -> Vec<Said> {
    let sources = rows.own.sources;
    let under = by_publication(rows.carrier_links, Neighbour::Customer);
    let above = by_publication(rows.own.links, Neighbour::Provider);
    let (theirs, _) = publications(rows.carrier_links);
    let mut out: Vec<Said> = Vec::new();
    for (i, publication) in told.iter().enumerate() {
        let cell = cells.and_then(|cells| cells.get(i)).copied();
        let otherwise = match (publication.complete, publication.subject_listed, publication.can_deny) {
            (true, false, _) => Cell::SubjectAbsent,
            (_, true, true) => Cell::NotListed,
            _ => Cell::Unknown,
        };
        let providers: Vec<Asn> = above.get(&publication.from).into_iter().flatten().copied().collect();
        let listed: BTreeSet<Asn> = under.get(&publication.from).cloned().unwrap_or_default();
        let between = listed.iter().filter(|asn| providers.contains(asn)).copied().collect();
        let snapshots = publication.snapshots();
        let files: Vec<_> = snapshots.iter().map(|s| rows.own.links.snapshots[*s].source).collect();
        let mut resellers: BTreeMap<Asn, BTreeSet<Asn>> = BTreeMap::new();
        for link in rows.beneath.iter().filter(|l| l.kind == Neighbour::Customer && files.contains(&l.source)) {
            if listed.contains(&link.asn) {
                resellers.entry(link.asn).or_default().insert(link.neighbour);
            }
        }
        // What joined, beside the publication before that could have shown it.
        let before = theirs.iter().rfind(|p| p.from < publication.from && p.can_deny);
        let joined = before.map(|before| {
            let earlier = under.get(&before.from).cloned().unwrap_or_default();
            listed.difference(&earlier).copied().collect()
        });
        let line = rows
            .own
            .links
            .sightings
            .iter()
            .find(|s| s.neighbour == carrier && s.kind == Neighbour::Provider && snapshots.contains(&s.snapshot));
        let says = format!("{carrier} is listed as a provider of {subject}");
        let lacks =
            format!("lists {} of {subject}", if providers.is_empty() { "no provider" } else { "the providers" });
        out.push(Said {
            from: publication.from,
            until: publication.until,
            series: publication.series.clone(),
            cell: cell.unwrap_or(otherwise),
            providers,
            under: listed.into_iter().collect(),
            joined,
            between,
            resellers: resellers.into_iter().map(|(asn, own)| (asn, own.into_iter().collect())).collect(),
            can_deny: publication.can_deny,
            files: files.iter().map(|file| cite_whole(sources, *file, lacks.clone())).collect(),
            line: line.map(|s| cite(sources, s.evidence, says)),
        });
    }
    out.retain(|p| window.touches(p.from, p.until));
    out
}

/// The neighbours of one kind that each publication lists, by its first instant.
fn by_publication(links: &LinkHistory, kind: Neighbour) -> BTreeMap<Time, BTreeSet<Asn>> {
    let (all, of_snapshot) = publications(links);
    let mut out: BTreeMap<Time, BTreeSet<Asn>> = BTreeMap::new();
    for sighting in links.sightings.iter().filter(|s| s.kind == kind) {
        out.entry(all[of_snapshot[sighting.snapshot]].from).or_default().insert(sighting.neighbour);
    }
    out
}

/// The network behind the carrier, as published nearest to a time and not farther than publications may lie apart.
fn label(links: &LinkHistory, behind: Asn, at: Time, max_days: f64) -> Option<Neighbour> {
    let span = |snapshot: usize| (links.snapshots[snapshot].from, links.snapshots[snapshot].until);
    let distance = |snapshot: usize| {
        let (from, until) = span(snapshot);
        if at < from { from.0 - at.0 } else { at.0.saturating_sub(until.0).max(0) }
    };
    let near = links
        .sightings
        .iter()
        .filter(|s| s.neighbour == behind && (distance(s.snapshot) as f64) <= max_days * DAY_MICROS as f64);
    near.min_by_key(|s| (distance(s.snapshot), s.snapshot, s.kind)).map(|s| s.kind)
}

/// Looks at routes of one family.
struct Looker<'a> {
    subject: Asn,
    carrier: Asn,
    family: Family,
    rows: &'a Rows<'a>,
    registry: &'a Registry,
    window: &'a Window,
    span: Window,
    rules: &'a Rules,
}

impl Looker<'_> {
    fn routes(
        &self,
        upstream: Option<ObservedUpstream>,
        others: Vec<ObservedUpstream>,
        findings: &[Finding],
    ) -> Option<Routes> {
        let history = self.rows.own.routes;
        let both = Window {
            from: self.span.from.max(self.window.from),
            to: self.span.to.into_iter().chain(self.window.to).min(),
        };
        let (swept, _) = swept(self.subject, self.family, history, self.registry, &both, self.rules);
        let mut passing = passing(self.subject, self.carrier, self.family, history, self.registry, &both, self.rules);
        // What a vantage in quarantine shows is evidence of nothing by itself.
        passing.retain(|p| !self.set_aside(p.vantage, p.first, p.last));
        let days: Vec<Day> = swept.days.iter().map(|(at, seen)| self.day(*at, seen, &swept)).collect();
        if days.iter().all(|d| d.vantages == 0) {
            return None;
        }
        let has = |asn: Asn| others.iter().filter(|u| u.asn == asn).map(|u| u.finding.as_str()).collect::<Vec<_>>();
        let cited = |finding: &&Finding| finding.object.is_some_and(|asn| has(asn).contains(&finding.id.as_str()));
        let mut records = Records {
            others: findings.iter().filter(cited).flat_map(|f| f.evidence.iter().take(2).cloned()).collect(),
            ..Records::default()
        };
        let mine = findings.iter().find(|f| upstream.as_ref().is_some_and(|u| u.finding == f.id));
        records.adjacent = mine.map(|f| f.evidence.clone()).unwrap_or_default();
        let at = |place: fn(&Place) -> bool| passing.iter().filter(move |p| place(&p.place));
        let adjacent: Vec<&Passing> = at(|p| matches!(p, Place::Next(_))).collect();
        let beyond: Vec<&Passing> = at(|p| matches!(p, Place::Beyond(_))).collect();
        let behind = self.behind(&adjacent, &mut records);
        let between = self.between(&beyond, &mut records);
        let route_servers: BTreeSet<Asn> = adjacent.iter().filter_map(|p| p.route_server).collect();
        Some(Routes {
            family: self.family,
            days,
            specifics: self.specifics(&swept),
            upstream,
            others,
            behind,
            between,
            adjacent_vantages: self.vantages(&adjacent),
            between_vantages: self.vantages(&beyond),
            between_clusters: self.clusters(&beyond),
            any_vantages: self.vantages(&passing.iter().collect::<Vec<_>>()),
            route_servers: route_servers.into_iter().collect(),
            records,
        })
    }

    fn pair(&self, vantage: usize) -> (&str, Asn) {
        let vantage = &self.rows.own.routes.vantages[vantage];
        (&vantage.collector, vantage.asn)
    }

    fn set_aside(&self, vantage: usize, first: Time, last: Time) -> bool {
        let own = &self.rows.own;
        own.standing.quarantined(&own.routes.vantages[vantage], self.family, first, last).is_some()
    }

    fn vantages(&self, of: &[&Passing]) -> usize {
        of.iter().map(|p| p.vantage).collect::<BTreeSet<_>>().len()
    }

    fn clusters(&self, of: &[&Passing]) -> usize {
        independent(of.iter().map(|p| self.pair(p.vantage)))
    }

    fn day(&self, at: i64, seen: &[Seen], swept: &Sweep) -> Day {
        let foreign: Vec<&Seen> = seen
            .iter()
            .filter(|s| self.pair(s.vantage).1 != self.subject)
            .filter(|s| !self.set_aside(s.vantage, s.by.min(s.to), s.to.max(s.by)))
            .collect();
        let with: Vec<&&Seen> = foreign.iter().filter(|s| !s.any.is_empty()).collect();
        let through: Vec<&&&Seen> = with.iter().filter(|s| s.via(self.carrier).is_some()).collect();
        Day {
            day: Time(at * DAY_MICROS),
            vantages: with.len(),
            through: through.len(),
            clusters: independent(with.iter().map(|s| self.pair(s.vantage))),
            clusters_through: independent(through.iter().map(|s| self.pair(s.vantage))),
            elsewhere: self.elsewhere(&foreign, swept),
        }
    }

    /// Of prefixes that full-feed vantages hold through the carrier: what share of their routes goes through others.
    fn elsewhere(&self, seen: &[&Seen], swept: &Sweep) -> Option<f64> {
        let largest = seen.iter().map(|s| s.table).max().unwrap_or(0);
        let full = |s: &&&Seen| s.table > 0 && s.table as f64 >= self.rules.full_feed_ratio * largest as f64;
        let members: Vec<Member<'_>> = seen
            .iter()
            .filter(full)
            .map(|s| Member { collector: self.pair(s.vantage).0, asn: self.pair(s.vantage).1, held: s.held })
            .collect();
        let tables = || members.iter().map(|m| &swept.tables[m.held]);
        let mine = Upstream::Seen(self.carrier);
        let prefixes: BTreeSet<u32> = tables().flatten().filter(|(_, up)| *up == mine).map(|(p, _)| *p).collect();
        if prefixes.is_empty() {
            return None;
        }
        let (mut other, mut all) = (0.0, 0.0);
        for (table, weight) in tables().zip(weights(&members.iter().collect::<Vec<_>>())) {
            for (prefix, upstream) in table.iter().filter(|(prefix, _)| prefixes.contains(prefix)) {
                // A prefix held through several is shared out evenly.
                let through = table.iter().filter(|(p, _)| p == prefix).count() as f64;
                all += weight / through;
                let elsewhere = matches!(upstream, Upstream::Seen(asn) if *asn != self.carrier);
                other += if elsewhere { weight / through } else { 0.0 };
            }
        }
        Some(other / all)
    }

    fn cite(&self, p: &Passing, says: String) -> Cited {
        let vantage = shown(&self.rows.own.routes.vantages[p.vantage]);
        cite(self.rows.own.sources, p.evidence, format!("{} at {vantage}: {says}, on {}", p.prefix, day(p.first)))
    }

    fn behind(&self, adjacent: &[&Passing], records: &mut Records) -> Vec<Behind> {
        let mut by: BTreeMap<Asn, Vec<&Passing>> = BTreeMap::new();
        for p in adjacent {
            if let Place::Next(Some(behind)) = p.place {
                by.entry(behind).or_default().push(p);
            }
        }
        let max_days = crate::published::max_gap_days(self.rules);
        let mut out = Vec::new();
        for (asn, all) in by {
            let first = all.iter().map(|p| p.first).min().unwrap_or(Time(0));
            let last = all.iter().map(|p| p.last).max().unwrap_or(first);
            let clique = &self.registry.clique;
            let peers = clique.contains(&asn) && clique.contains(&self.carrier);
            let published = label(self.rows.carrier_links, asn, first, max_days);
            let label = published.or(peers.then_some(Neighbour::Peer));
            let says = |p: &&&Passing| self.cite(p, format!("{asn}, {}, {}", self.carrier, self.subject));
            records.behind.insert(asn, all.iter().take(4).map(|p| says(&p)).collect());
            out.push(Behind { asn, label, vantages: self.vantages(&all), clusters: self.clusters(&all), first, last });
        }
        out.sort_by_key(|b| (std::cmp::Reverse(b.vantages), b.asn));
        out
    }

    fn between(&self, beyond: &[&Passing], records: &mut Records) -> Vec<Between> {
        let mut by: BTreeMap<Asn, Vec<&Passing>> = BTreeMap::new();
        for p in beyond {
            if let Place::Beyond(asn) = p.place {
                by.entry(asn).or_default().push(p);
                if records.between.len() < self.rules.evidence_items {
                    records.between.push(self.cite(p, format!("{}, {asn}, {}", self.carrier, self.subject)));
                }
            }
        }
        let mut out: Vec<Between> = by
            .into_iter()
            .map(|(asn, all)| Between { asn, vantages: self.vantages(&all), clusters: self.clusters(&all) })
            .collect();
        out.sort_by_key(|b| (std::cmp::Reverse(b.vantages), b.asn));
        out
    }

    /// Prefixes through the carrier inside one that other networks show a day before the first and a day after the last.
    fn specifics(&self, swept: &Sweep) -> Vec<Prefix> {
        let mut spans: BTreeMap<Prefix, (Time, Time)> = BTreeMap::new();
        for s in swept.sightings.get(&self.carrier).into_iter().flatten() {
            let span = spans.entry(s.prefix).or_insert((s.first, s.last));
            *span = (span.0.min(s.first), span.1.max(s.last));
        }
        let others = || swept.sightings.iter().filter(|(asn, _)| **asn != self.carrier).flat_map(|(_, all)| all);
        let stable = |inner: &Prefix, (first, last): (Time, Time)| {
            let outer = others().filter(|s| s.prefix != *inner && s.prefix.covers(inner));
            let (mut before, mut after) = (false, false);
            for s in outer {
                before |= s.first.0 < first.0 - DAY_MICROS;
                after |= s.last.0 > last.0 + DAY_MICROS;
            }
            before && after
        };
        spans.into_iter().filter(|(prefix, span)| stable(prefix, *span)).map(|(prefix, _)| prefix).collect()
    }
}
