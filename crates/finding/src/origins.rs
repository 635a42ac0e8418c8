//! Who announced a prefix when, by published snapshots and by observed routes, told apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use headwater_route::rows::{OriginHistory, OriginSighting, RouteHistory, Sources};
use headwater_route::{Asn, Bounds, Evidence, Family, Prefix, Time, Window};
use serde::Serialize;

use crate::finding::{Cited, Class, Draft, Finding, Unknown, Why, cite, cite_whole, ends};
use crate::period::{Look, Period, Sight, periods};
use crate::rules::Rules;
use crate::sanitise::{Registry, sanitise};
use crate::sweep::shown;
use crate::words;

const PUBLISHED: &str = "origins.published/2";
const OBSERVED: &str = "origins.observed/2";
const DAY_MICROS: i64 = 86_400_000_000;

/// A range of addresses as text: a prefix where it is one, else `first-last`.
pub fn range_text(family: Family, first: u128, last: u128) -> String {
    let len = (first ^ last).leading_zeros().min(u32::from(family.max_len())) as u8;
    match Prefix::from_bits(family, first, len).filter(|p| p.first_bits() == first && p.last_bits() == last) {
        Some(prefix) => prefix.to_string(),
        None => {
            let addr = |bits: u128| match family {
                Family::V4 => IpAddr::V4(Ipv4Addr::from_bits((bits >> 96) as u32)),
                Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(bits)),
            };
            format!("{}-{}", addr(first), addr(last))
        }
    }
}

/// What a snapshot says about a prefix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Said {
    /// It gives the whole prefix to this network.
    Origin {
        /// The network.
        asn: Asn,
    },
    /// It has the range, without a network.
    NoOrigin,
    /// It has no range that holds the prefix.
    NotThere,
    /// It was not read whole, and shows nothing.
    Unknown,
}

/// A snapshot and what it says.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SnapshotView {
    /// Date.
    pub at: Time,
    /// Series.
    pub series: String,
    /// What it says about the whole prefix.
    #[serde(flatten)]
    pub said: Said,
    /// The smallest range that holds the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Flags the source puts on it. Hostile text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub flags: String,
    /// Ranges that hold a part of the prefix and that it gives to other networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(String, Option<Asn>)>,
    /// It was read whole.
    #[serde(skip)]
    whole: bool,
    /// Index of the snapshot in the history.
    #[serde(skip)]
    number: usize,
    /// The line of the smallest range.
    #[serde(skip)]
    line: Option<Evidence>,
}

/// A network given as origin by the published snapshots of one series.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PublishedOrigin {
    /// The network.
    pub asn: Asn,
    /// The series. Two series are never joined: a difference between them need not be a change.
    pub series: String,
    /// Since when and until when, as snapshots go.
    pub periods: Vec<Period>,
    /// Id of the finding.
    pub finding: String,
}

/// A network seen as origin in routes.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ObservedOrigin {
    /// The network.
    pub asn: Asn,
    /// First and last time it was seen; routes between are not implied.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// Vantages that showed it.
    pub vantages: usize,
    /// Their collectors.
    pub collectors: usize,
    /// Id of the finding.
    pub finding: String,
    /// Times of the dumps and updates that show it.
    #[serde(skip)]
    times: BTreeSet<Time>,
}

/// Who announced a prefix when.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Origins {
    /// The prefix.
    pub prefix: Prefix,
    /// Snapshots in order of time.
    pub snapshots: Vec<SnapshotView>,
    /// Origins by published snapshots, each series for itself, the first seen first.
    pub published: Vec<PublishedOrigin>,
    /// Origins by observed routes of exactly this prefix, the first seen first.
    pub observed: Vec<ObservedOrigin>,
}

/// Reads one snapshot from the ranges it has.
fn view(prefix: &Prefix, history: &OriginHistory, number: usize, here: &[&OriginSighting]) -> SnapshotView {
    let holds = |s: &&&OriginSighting| s.first <= prefix.first_bits() && s.last >= prefix.last_bits();
    // Of two ranges of one size the one with an origin tells more.
    let size = |s: &OriginSighting| (s.last.saturating_sub(s.first), s.asn.is_none(), s.asn);
    let smallest = here.iter().filter(holds).min_by_key(|s| size(s)).copied();
    let inside = |s: &&&OriginSighting| s.first <= prefix.last_bits() && s.last >= prefix.first_bits();
    let parts = here
        .iter()
        .filter(|s| inside(s) && !holds(s) && s.asn != smallest.and_then(|found| found.asn))
        .map(|s| (range_text(s.family, s.first, s.last), s.asn))
        .collect();
    let snapshot = &history.snapshots[number];
    let said = match smallest {
        Some(OriginSighting { asn: Some(asn), .. }) => Said::Origin { asn: *asn },
        Some(_) => Said::NoOrigin,
        None if snapshot.complete => Said::NotThere,
        None => Said::Unknown,
    };
    SnapshotView {
        at: snapshot.at,
        series: snapshot.series.clone(),
        said,
        range: smallest.map(|s| range_text(s.family, s.first, s.last)),
        flags: smallest.map(|s| s.flags.clone()).unwrap_or_default(),
        parts,
        whole: snapshot.complete,
        number,
        line: smallest.map(|s| s.evidence),
    }
}

/// Sightings by snapshot, those that `wanted` holds for.
fn by_snapshot(history: &OriginHistory, wanted: impl Fn(&OriginSighting) -> bool) -> Vec<Vec<&OriginSighting>> {
    let mut out = vec![Vec::new(); history.snapshots.len()];
    for sighting in history.sightings.iter().filter(|s| wanted(s)) {
        out.get_mut(sighting.snapshot).into_iter().for_each(|here| here.push(sighting));
    }
    out
}

/// Who announced `prefix`; periods that `window` does not touch are left out.
pub fn origins(
    prefix: Prefix,
    history: &OriginHistory,
    routes: &RouteHistory,
    registry: &Registry,
    window: &Window,
    sources: &Sources,
    rules: &Rules,
) -> (Origins, Vec<Finding>, Vec<Unknown>) {
    let family = prefix.family();
    let here = by_snapshot(history, |s| s.family == family);
    let snapshots: Vec<SnapshotView> = (0..history.snapshots.len())
        .filter(|&at| history.snapshots[at].families.contains(&family))
        .map(|at| view(&prefix, history, at, &here[at]))
        .collect();
    let published = Published { prefix, history, snapshots: &snapshots, window, sources, rules };
    let mut given = published.origins();
    given.sort_by_key(|(o, _)| (o.periods.first().map(|p| p.bounds.from_by), o.asn, o.series.clone()));
    let mut unknowns = published.conflicts(&given);
    let (published, mut findings): (Vec<PublishedOrigin>, Vec<Finding>) = given.into_iter().unzip();

    let mut seen = observed_origins(&prefix, routes, registry, window, sources, rules);
    seen.sort_by_key(|(o, _)| (o.bounds.from_by, o.asn));
    let (observed, mut stated): (Vec<ObservedOrigin>, Vec<Finding>) = seen.into_iter().unzip();
    findings.append(&mut stated);
    unknowns.extend(missing(&prefix, &snapshots, window, routes, &observed));
    (Origins { prefix, snapshots, published, observed }, findings, unknowns)
}

fn origin_of(said: &Said) -> Option<Asn> {
    match said {
        Said::Origin { asn } => Some(*asn),
        _ => None,
    }
}

/// What one snapshot says about one candidate, which its series gives on some date.
fn sight(asn: Asn, here: &SnapshotView) -> Sight {
    let part = here.parts.iter().any(|(_, found)| *found == Some(asn));
    match here.said {
        Said::Origin { asn: found } if found == asn => Sight::Yes,
        _ if part => Sight::Other,
        // A file that was not read whole may lack a smaller range that says otherwise.
        _ if !here.whole => Sight::Nothing,
        // The series shows the network on another date, so it could have shown it here.
        Said::Origin { .. } | Said::NotThere => Sight::No,
        Said::NoOrigin | Said::Unknown => Sight::Nothing,
    }
}

/// Published snapshots of one prefix.
struct Published<'a> {
    prefix: Prefix,
    history: &'a OriginHistory,
    snapshots: &'a [SnapshotView],
    window: &'a Window,
    sources: &'a Sources,
    rules: &'a Rules,
}

impl Published<'_> {
    fn origins(&self) -> Vec<(PublishedOrigin, Finding)> {
        let mut by_series: BTreeMap<&str, Vec<&SnapshotView>> = BTreeMap::new();
        for snapshot in self.snapshots {
            by_series.entry(&snapshot.series).or_default().push(snapshot);
        }
        let mut out = Vec::new();
        for (series, snapshots) in by_series {
            let asns: BTreeSet<Asn> = snapshots.iter().filter_map(|s| origin_of(&s.said)).collect();
            for asn in asns {
                let look = |s: &&SnapshotView| Look::whole(s.at, s.at, sight(asn, s));
                let looks: Vec<Look> = snapshots.iter().map(look).collect();
                // Snapshots have no common cadence: that nothing is known between two of them is told with the answer.
                let all = periods(&looks, f64::INFINITY);
                let periods: Vec<Period> = all.into_iter().filter(|p| p.touches(self.window)).collect();
                if !periods.is_empty()
                    && let Some(finding) = self.state(asn, series, &periods, &snapshots)
                {
                    let finding_id = finding.id.clone();
                    out.push((
                        PublishedOrigin { asn, series: series.to_owned(), periods, finding: finding_id },
                        finding,
                    ));
                }
            }
        }
        out
    }

    fn state(&self, asn: Asn, series: &str, periods: &[Period], snapshots: &[&SnapshotView]) -> Option<Finding> {
        let prefix = self.prefix;
        let seen: usize = periods.iter().map(|p| p.seen).sum();
        let statement = format!(
            "{series} gives {asn} as origin of {prefix} in {seen} of {}: {}; what happened between snapshots is not known",
            words::number(snapshots.len(), "snapshot", "snapshots"),
            words::periods(periods, "given"),
        );
        let edges: BTreeSet<Time> =
            periods.iter().flat_map(|p| [p.bounds.from_after, p.bounds.to_by]).flatten().collect();
        let within = |at: Time| periods.iter().any(|p| at >= p.bounds.from_by && at <= p.bounds.to_after);
        let mut cited: Vec<(Time, Cited)> = Vec::new();
        for snapshot in snapshots {
            let range = snapshot.range.as_deref().unwrap_or("");
            let yes = origin_of(&snapshot.said) == Some(asn) && within(snapshot.at);
            match snapshot.line {
                Some(line) if yes || edges.contains(&snapshot.at) => {
                    let to = origin_of(&snapshot.said).map_or("no network".to_owned(), |asn| asn.to_string());
                    cited.push((snapshot.at, cite(self.sources, line, format!("{range} to {to}"))));
                }
                None if edges.contains(&snapshot.at) => {
                    let source = self.history.snapshots[snapshot.number].source;
                    let says = format!("no range that holds {prefix}");
                    cited.push((snapshot.at, cite_whole(self.sources, source, says)));
                }
                _ => {}
            }
        }
        cited.sort();
        Draft {
            method: PUBLISHED,
            subject: asn,
            object: None,
            family: Some(prefix.family()),
            class: Class::Inferred,
            bounds: match periods {
                [one] => Some(one.bounds),
                _ => None,
            },
            statement,
            evidence: cited.into_iter().map(|(_, cited)| cited).collect(),
            evidence_unlisted: 0,
        }
        .seal(self.rules.evidence_items)
    }

    /// Where one series gives another origin on a day at which, by another series, a network was it before and after.
    fn conflicts(&self, given: &[(PublishedOrigin, Finding)]) -> Vec<Unknown> {
        let mut out = Vec::new();
        for (origin, _) in given {
            let denies = |s: &&SnapshotView| {
                let other = s.series != origin.series && sight(origin.asn, s) == Sight::No;
                other
                    && origin_of(&s.said).is_some()
                    && origin.periods.iter().any(|p| s.at >= p.bounds.from_by && s.at <= p.bounds.to_after)
            };
            if let Some(found) = self.snapshots.iter().find(denies) {
                out.push(Unknown {
                    what: format!(
                        "whether {} announced {} on {}: {} gives it before and after, {} gives another network",
                        origin.asn,
                        self.prefix,
                        words::day(found.at),
                        origin.series,
                        found.series
                    ),
                    why: Why::Conflicting,
                    from: Some(found.at),
                    until: Some(found.at),
                    settled_by: "tables and updates of route collectors of the time".to_owned(),
                });
            }
        }
        out
    }
}

/// One sighting of an origin: first and last time, vantage, bytes.
type Shown = (Time, Time, usize, Evidence);

/// Sightings of each origin of a prefix, and the times of the dumps and updates that show it.
fn shown_origins(
    prefix: &Prefix,
    routes: &RouteHistory,
    registry: &Registry,
    rules: &Rules,
) -> BTreeMap<Asn, (Vec<Shown>, BTreeSet<Time>)> {
    let mut out: BTreeMap<Asn, (Vec<Shown>, BTreeSet<Time>)> = BTreeMap::new();
    let known = |vantage: usize| vantage < routes.vantages.len();
    for run in routes.runs.iter().filter(|r| r.prefix == *prefix && known(r.vantage)) {
        let Some(tables) = routes.tables.get(run.first..=run.last).filter(|t| !t.is_empty()) else { continue };
        let Some(asn) = sanitise(&run.path, registry, rules.path_hops).origin() else { continue };
        let (shown, times) = out.entry(asn).or_default();
        shown.push((tables[0].at, tables[tables.len() - 1].at, run.vantage, run.evidence));
        let collector = &tables[0].collector;
        times.extend(tables.iter().filter(|t| t.collector == *collector).map(|t| t.at));
    }
    for event in routes.events.iter().filter(|e| e.prefix == *prefix && known(e.vantage)) {
        let origin = event.path.as_ref().and_then(|path| sanitise(path, registry, rules.path_hops).origin());
        if let Some(asn) = origin {
            let (shown, times) = out.entry(asn).or_default();
            shown.push((event.at, event.at, event.vantage, event.evidence));
            times.insert(event.at);
        }
    }
    out
}

fn observed_origins(
    prefix: &Prefix,
    routes: &RouteHistory,
    registry: &Registry,
    window: &Window,
    sources: &Sources,
    rules: &Rules,
) -> Vec<(ObservedOrigin, Finding)> {
    let mut out = Vec::new();
    for (asn, (mut shown_at, times)) in shown_origins(prefix, routes, registry, rules) {
        let Some((&first, &last)) = times.first().zip(times.last()).filter(|(f, l)| window.touches(**f, **l)) else {
            continue;
        };
        shown_at.sort_by_key(|(first, last, vantage, at)| (*first, *last, *vantage, at.offset));
        let vantages: BTreeSet<usize> = shown_at.iter().map(|s| s.2).collect();
        let collectors: BTreeSet<&str> = vantages.iter().map(|v| routes.vantages[*v].collector.as_str()).collect();
        let bounds = Bounds { from_after: None, from_by: first, to_after: last, to_by: None };
        let statement = format!(
            "{asn} was seen as origin of {prefix} by {} of {}: first at {first}, last at {last}; that it was between is not \
             implied",
            words::number(vantages.len(), "vantage", "vantages"),
            words::number(collectors.len(), "collector", "collectors"),
        );
        let says = |&(first, last, vantage, at): &Shown| {
            let when = if first == last { format!("at {first}") } else { format!("in dumps from {first} to {last}") };
            cite(sources, at, format!("{prefix} from {asn} at {}, {when}", shown(&routes.vantages[vantage])))
        };
        let (listed, evidence_unlisted) = ends(shown_at, rules.evidence_items);
        let sealed = Draft {
            method: OBSERVED,
            subject: asn,
            object: None,
            family: Some(prefix.family()),
            class: Class::Observed,
            bounds: Some(bounds),
            statement,
            evidence: listed.iter().map(says).collect(),
            evidence_unlisted,
        }
        .seal(rules.evidence_items);
        let Some(finding) = sealed else { continue };
        let (vantages, collectors) = (vantages.len(), collectors.len());
        out.push((ObservedOrigin { asn, bounds, vantages, collectors, finding: finding.id.clone(), times }, finding));
    }
    out
}

fn missing(
    prefix: &Prefix,
    snapshots: &[SnapshotView],
    window: &Window,
    routes: &RouteHistory,
    observed: &[ObservedOrigin],
) -> Vec<Unknown> {
    let mut out = Vec::new();
    let archives = "tables and updates of route collectors of the time".to_owned();
    if snapshots.is_empty() {
        out.push(Unknown {
            what: format!("whom published snapshots give as origin of {prefix}"),
            why: Why::NoData,
            from: None,
            until: None,
            settled_by: "dated prefix-to-origin snapshots".to_owned(),
        });
    }
    let mut before: BTreeMap<&str, &SnapshotView> = BTreeMap::new();
    for after in snapshots.iter().filter(|s| s.said != Said::Unknown) {
        let Some(before) = before.insert(&after.series, after) else { continue };
        let (old, new) = (origin_of(&before.said), origin_of(&after.said));
        if old != new && window.touches(before.at, after.at) {
            let shown = |asn: Option<Asn>| asn.map_or("no network".to_owned(), |asn| asn.to_string());
            out.push(Unknown {
                what: format!(
                    "when, between {} and {}, {} came to give {} instead of {} for {prefix}",
                    words::day(before.at),
                    words::day(after.at),
                    after.series,
                    shown(new),
                    shown(old)
                ),
                why: Why::Gap,
                from: Some(before.at),
                until: Some(after.at),
                settled_by: archives.clone(),
            });
        }
    }
    if observed.is_empty() {
        let read = routes.tables.len() + routes.spans.len();
        let files = words::number(read, "collector file", "collector files");
        out.push(Unknown {
            what: format!("observed routes of {prefix}: none in the {files} read"),
            why: if read == 0 { Why::NoData } else { Why::Undetermined },
            from: None,
            until: None,
            settled_by: archives,
        });
    }
    out
}

/// How well snapshots tell what held at one time (methods §13).
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "match")]
pub enum AtTime {
    /// A snapshot of that day.
    Exact {
        /// What it says.
        said: Said,
    },
    /// The snapshots before and after agree.
    Bracketed {
        /// What both say.
        said: Said,
        /// Date of the one before.
        before: Time,
        /// Date of the one after.
        after: Time,
    },
    /// They differ.
    ChangedBetween {
        /// Date of the one before.
        before: Time,
        /// What it says.
        before_said: Said,
        /// Date of the one after.
        after: Time,
        /// What it says.
        after_said: Said,
    },
    /// There is one on one side only.
    Nearest {
        /// Its date.
        date: Time,
        /// What it says.
        said: Said,
        /// Days between it and the time asked about.
        days: i64,
    },
    /// There is none.
    NoData,
}

/// What each series says about a time.
pub fn at(origins: &Origins, time: Time) -> BTreeMap<String, AtTime> {
    let mut by_series: BTreeMap<&str, Vec<&SnapshotView>> = BTreeMap::new();
    for snapshot in origins.snapshots.iter().filter(|s| s.said != Said::Unknown) {
        by_series.entry(&snapshot.series).or_default().push(snapshot);
    }
    let day = |t: Time| t.0.div_euclid(DAY_MICROS);
    by_series
        .into_iter()
        .map(|(series, snapshots)| {
            let on: Vec<&&SnapshotView> = snapshots.iter().filter(|s| day(s.at) == day(time)).collect();
            let before = snapshots.iter().rev().find(|s| day(s.at) < day(time));
            let after = snapshots.iter().find(|s| day(s.at) > day(time));
            let both = |before: &SnapshotView, after: &SnapshotView| AtTime::ChangedBetween {
                before: before.at,
                before_said: before.said.clone(),
                after: after.at,
                after_said: after.said.clone(),
            };
            let found = match (on.as_slice(), before, after) {
                ([first, .., last], ..) if first.said != last.said => both(first, last),
                ([on, ..], ..) => AtTime::Exact { said: on.said.clone() },
                ([], Some(before), Some(after)) if before.said == after.said => {
                    AtTime::Bracketed { said: before.said.clone(), before: before.at, after: after.at }
                }
                ([], Some(before), Some(after)) => both(before, after),
                ([], Some(one), None) | ([], None, Some(one)) => {
                    let days = (day(one.at) - day(time)).abs();
                    AtTime::Nearest { date: one.at, said: one.said.clone(), days }
                }
                ([], None, None) => AtTime::NoData,
            };
            (series.to_owned(), found)
        })
        .collect()
}

/// The origin that the newest look at or before `time` (or of all) gives, and when: how a prefix or address becomes a network.
/// Looks of the same day count.
pub fn origin_at(origins: &Origins, time: Option<Time>) -> Option<(Asn, Time)> {
    let upto = |t: &Time| time.is_none_or(|time| t.0.div_euclid(DAY_MICROS) <= time.0.div_euclid(DAY_MICROS));
    let published = origins.snapshots.iter().filter(|s| upto(&s.at)).filter_map(|s| Some((origin_of(&s.said)?, s.at)));
    let observed = origins.observed.iter().filter_map(|o| Some((o.asn, *o.times.iter().rev().find(|t| upto(t))?)));
    published.chain(observed).max_by_key(|(asn, at)| (*at, std::cmp::Reverse(*asn)))
}

/// The ranges that one snapshot gives a network.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RangesAt {
    /// Date.
    pub at: Time,
    /// Series.
    pub series: String,
    /// The file was read whole.
    pub complete: bool,
    /// Ranges.
    pub ranges: Vec<String>,
    /// Id of the finding, where there are ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
}

/// What published snapshots give a network, in order of time.
pub fn ranges(asn: Asn, history: &OriginHistory, sources: &Sources, rules: &Rules) -> (Vec<RangesAt>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut out = Vec::new();
    let here = by_snapshot(history, |s| s.asn == Some(asn));
    for (snapshot, here) in history.snapshots.iter().zip(here) {
        let text = |s: &&OriginSighting| range_text(s.family, s.first, s.last);
        let ranges: Vec<String> = here.iter().map(text).collect();
        let count = words::number(here.len(), "range", "ranges");
        let least = if snapshot.complete { "" } else { "at least " };
        let (listed, evidence_unlisted) = ends(here, rules.evidence_items);
        let sealed = Draft {
            method: PUBLISHED,
            subject: asn,
            object: None,
            family: None,
            class: Class::Inferred,
            bounds: Some(Bounds::at(snapshot.at)),
            statement: format!("{} gives {asn} {least}{count} on {}", snapshot.series, words::day(snapshot.at)),
            evidence: listed.iter().map(|s| cite(sources, s.evidence, format!("{} to {asn}", text(s)))).collect(),
            evidence_unlisted,
        }
        .seal(rules.evidence_items);
        let (at, series, complete) = (snapshot.at, snapshot.series.clone(), snapshot.complete);
        out.push(RangesAt { at, series, complete, ranges, finding: sealed.as_ref().map(|f| f.id.clone()) });
        findings.extend(sealed);
    }
    (out, findings)
}
