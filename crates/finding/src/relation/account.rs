//! What a network's neighbours are, told with evidence, and beside that what publishers say of the same links.

use std::collections::BTreeMap;

use headwater_route::rows::{LinkHistory, LinkSnapshot, Neighbour as Listed, OriginPaths, PathDumps, Sources};
use headwater_route::{Asn, Family, Time};
use serde::Serialize;

use super::cone::{Cone, Growing};
use super::found::{Label, Neighbour, Organisations, Relations};
use super::halves::over_window;
use super::hegemony::{Hegemony, hegemony};
use super::paths::Usable;
use super::survey::Survey;
use super::{Replay, infer};
use crate::finding::{Cited, Class, Draft, Finding, Unknown, Why, cite};
use crate::rules::Rules;
use crate::sanitise::Registry;
use crate::sweep::shown;
use crate::words::number;

const METHOD: &str = "relations.inferred/1";
/// Paths kept to show each link.
const EXHIBITS: usize = 4;
const DAY_MICROS: f64 = 86_400_000_000.0;

/// A dump that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Dump {
    /// Collector.
    pub collector: String,
    /// Time of its first record.
    pub at: Time,
    /// It was read without losing routes.
    pub complete: bool,
}

/// What was looked at, and whether it is enough.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Looked {
    /// One dump a collector, sorted by (at, collector).
    pub dumps: Vec<Dump>,
    /// Vantages that held routes of the family.
    pub vantages: usize,
    /// Independent clusters that give a full feed.
    pub full_feed_clusters: usize,
    /// Networks in usable paths.
    pub networks: usize,
    /// Links in usable paths.
    pub links: usize,
    /// The clique, sorted.
    pub clique: Vec<Asn>,
}

/// What one publisher says of a link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Published {
    /// Series of the file.
    pub series: String,
    /// First instant it covers.
    pub at: Time,
    /// What the neighbour is; `None` if the file does not list the link.
    pub label: Option<Label>,
}

/// A neighbour, as our routes and as publishers have it. The two are never merged.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Told {
    /// By our routes.
    #[serde(flatten)]
    pub inferred: Neighbour,
    /// By each publisher that has a file of the time, by series.
    pub published: Vec<Published>,
    /// Id of the finding; empty where the neighbour is not on the page.
    pub finding: String,
    #[serde(skip)]
    exhibits: Vec<Exhibit>,
}

/// A path that shows a link.
#[derive(Clone, PartialEq, Debug)]
struct Exhibit {
    /// It does not prove the label; the vantage; the origin: those shown are the least.
    key: (bool, usize, Asn),
    cited: Cited,
}

/// A network's relationships in one family.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InFamily {
    /// The family.
    pub family: Family,
    /// What was looked at.
    pub looked: Looked,
    /// What was looked at for the start of the window, where one was asked for and it is other than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Looked>,
    /// Distinct neighbours around the network when it is in the middle of a path.
    pub transit_degree: u32,
    /// Its neighbours by label (providers first), then number. Empty where there are too few clusters.
    #[serde(skip)]
    pub neighbours: Vec<Told>,
    /// Its customer cone; `None` where there are no relationships or it is in no usable path.
    pub cone: Option<Cone>,
    /// On whom it depends as origin; `None` if it originates nothing there.
    pub hegemony: Option<Hegemony>,
}

/// What is known beside the paths.
pub struct Beside<'a> {
    /// Published links of the network.
    pub links: &'a LinkHistory,
    /// What is known of numbers.
    pub registry: &'a Registry,
    /// Every source.
    pub sources: &'a Sources,
    /// The numbers of the methods.
    pub rules: &'a Rules,
}

/// What the neighbours of `subject` are by the paths of `replay`, which are those of `dumps`.
pub fn in_family<E>(
    subject: Asn,
    dumps: &PathDumps,
    beside: &Beside<'_>,
    replay: &mut Replay<'_, E>,
) -> Result<InFamily, E> {
    let rules = beside.rules;
    let survey = Survey::new(dumps, rules);
    let relations = infer(&survey, beside.registry, Organisations::new(), rules, replay)?;
    let mut own: Option<OriginPaths> = None;
    let mut cones = Growing::new(&[subject]);
    let mut exhibits: BTreeMap<Asn, Vec<Exhibit>> = BTreeMap::new();
    replay(&mut |group| {
        if group.origin == subject {
            own = Some(group.clone());
        }
        let Some(relations) = &relations else { return };
        cones.prefixes(group);
        for path in relations.sieve.usable(group) {
            cones.path(&path, relations);
            exhibit(subject, &path, group, relations, beside.sources, &mut exhibits);
        }
    })?;
    let told = |inferred: Neighbour| Told {
        published: Vec::new(),
        finding: String::new(),
        exhibits: exhibits.remove(&inferred.asn).unwrap_or_default(),
        inferred,
    };
    let seen = relations.as_ref().filter(|relations| relations.rank(subject).is_some());
    let neighbours = relations.iter().flat_map(|relations| relations.neighbours(subject)).map(told).collect();
    let mut found = InFamily {
        family: dumps.family,
        looked: looked(&survey, relations.as_ref()),
        earlier: None,
        transit_degree: relations.as_ref().map_or(0, |relations| relations.transit_degree(subject)),
        neighbours,
        cone: seen.and_then(|relations| cones.cones(relations.family()).remove(&subject)),
        hegemony: own.map(|group| hegemony(&group, &survey, beside.registry, rules)),
    };
    found.compare(dumps.dumps.iter().map(|dump| dump.at).max(), beside);
    found.sort();
    Ok(found)
}

fn looked(survey: &Survey<'_>, relations: Option<&Relations<'_>>) -> Looked {
    let dumps = survey.dumps();
    let dump =
        |d: &headwater_route::rows::PathDump| Dump { collector: d.collector.clone(), at: d.at, complete: d.complete };
    Looked {
        dumps: dumps.dumps.iter().map(dump).collect(),
        vantages: dumps.vantages.len(),
        full_feed_clusters: survey.full_feed_clusters(),
        networks: relations.map_or(0, |relations| relations.networks().len()),
        links: relations.map_or(0, Relations::len),
        clique: relations.map_or_else(Vec::new, Relations::clique),
    }
}

/// Keeps a path if it is among those that show a link of the subject best.
fn exhibit(
    subject: Asn,
    path: &Usable<'_>,
    group: &OriginPaths,
    relations: &Relations<'_>,
    sources: &Sources,
    exhibits: &mut BTreeMap<Asn, Vec<Exhibit>>,
) {
    for (at, pair) in path.hops.windows(2).enumerate() {
        let neighbour = match (pair[0] == subject, pair[1] == subject) {
            (true, _) => pair[1],
            (_, true) => pair[0],
            _ => continue,
        };
        // The one nearer to the vantage shows the routes of the other to its own provider or peer.
        let above = at.checked_sub(1).and_then(|at| relations.what(path.hops[at], pair[0]));
        let proves = matches!(above, Some(Label::Provider | Label::Peer));
        let key = (!proves, path.seen.vantage, group.origin);
        let kept = exhibits.entry(neighbour).or_default();
        let place = kept.partition_point(|other| other.key < key);
        if place == EXHIBITS || kept.get(place).is_some_and(|other| other.key == key) {
            continue;
        }
        let vantage = &relations.survey().dumps().vantages[path.seen.vantage].0;
        let prefix = group.prefixes[path.seen.prefixes[0] as usize];
        let says = format!("{}: {prefix} by {}", shown(vantage), path.seen.path);
        kept.insert(place, Exhibit { key, cited: cite(sources, path.seen.evidence, says) });
        kept.truncate(EXHIBITS);
    }
}

impl InFamily {
    /// The same over a window that began with `earlier`, the same family looked at at another time.
    pub fn since(mut self, earlier: InFamily) -> InFamily {
        if self.looked.dumps == earlier.looked.dumps {
            return self;
        }
        let list = |told: &[Told]| told.iter().map(|t| t.inferred.clone()).collect::<Vec<_>>();
        let joined = over_window(&list(&earlier.neighbours), &list(&self.neighbours));
        let mut before: BTreeMap<Asn, Told> = earlier.neighbours.into_iter().map(|t| (t.inferred.asn, t)).collect();
        let mut now: BTreeMap<Asn, Told> = self.neighbours.into_iter().map(|t| (t.inferred.asn, t)).collect();
        let told = |inferred: Neighbour| {
            let (before, now) = (before.remove(&inferred.asn), now.remove(&inferred.asn));
            let published = now.as_ref().or(before.as_ref()).map(|t| t.published.clone()).unwrap_or_default();
            let exhibits = before.into_iter().chain(now).flat_map(|t| t.exhibits).collect();
            Told { inferred, published, finding: String::new(), exhibits }
        };
        self.neighbours = joined.into_iter().map(told).collect();
        self.earlier = Some(earlier.looked);
        self.sort();
        self
    }

    fn sort(&mut self) {
        self.neighbours.sort_by_key(|told| (told.inferred.label, told.inferred.asn));
    }

    /// Puts beside each neighbour what the publishers' files nearest to the dumps say of it.
    fn compare(&mut self, at: Option<Time>, beside: &Beside<'_>) {
        let chosen = at.map(|at| nearest(beside.links, at, beside.rules)).unwrap_or_default();
        for told in &mut self.neighbours {
            told.published = chosen.iter().map(|at| published(beside.links, *at, told.inferred.asn)).collect();
        }
    }

    /// Seals a finding for each neighbour that is told.
    pub fn findings(&self, subject: Asn, told: &mut [&mut Told]) -> Vec<Finding> {
        let dates = self.dates();
        let finding = |told: &mut &mut Told| {
            let finding = Draft {
                method: METHOD,
                subject,
                object: Some(told.inferred.asn),
                family: Some(self.family),
                class: Class::Inferred,
                bounds: None,
                statement: statement(subject, self.family, &told.inferred, &dates),
                evidence: told.exhibits.iter().map(|exhibit| exhibit.cited.clone()).collect(),
                evidence_unlisted: 0,
            }
            .seal(usize::MAX)?;
            told.finding = finding.id.clone();
            Some(finding)
        };
        told.iter_mut().filter_map(finding).collect()
    }

    /// `dumps of 2024-03-01 to 2024-03-02`.
    fn dates(&self) -> String {
        let all = || self.earlier.iter().flat_map(|looked| &looked.dumps).chain(&self.looked.dumps).map(|dump| dump.at);
        match (all().min(), all().max()) {
            (Some(first), Some(last)) if first.date() == last.date() => format!("dumps of {}", first.date()),
            (Some(first), Some(last)) => format!("dumps of {} to {}", first.date(), last.date()),
            _ => "no dumps".to_owned(),
        }
    }

    /// What could not be known.
    pub fn unknowns(&self, subject: Asn, beside: &Beside<'_>) -> Vec<Unknown> {
        let (family, rules) = (self.family, beside.rules);
        let mut unknowns = Vec::new();
        let mut unknown = |what: String, why, settled_by: &str| {
            unknowns.push(Unknown { what, why, from: None, until: None, settled_by: settled_by.to_owned() });
        };
        for looked in self.earlier.iter().chain([&self.looked]) {
            if looked.full_feed_clusters < rules.relation_clusters {
                unknown(
                    format!(
                        "relationships by routes ({family}): {} with a full feed where {} are asked for",
                        number(looked.full_feed_clusters, "independent cluster", "independent clusters"),
                        rules.relation_clusters
                    ),
                    Why::InsufficientCohort,
                    "dumps of more collectors of about the same time; the setting `methods.relation_collector_clusters` \
                     counts the peers of one collector as clusters",
                );
            }
            let faulty = looked.dumps.iter().filter(|dump| !dump.complete).count();
            if faulty > 0 {
                unknown(
                    format!("links in the parts that {} lack ({family})", number(faulty, "dump", "dumps")),
                    Why::Gap,
                    "the same dumps, read whole",
                );
            }
        }
        if self.looked.full_feed_clusters >= rules.relation_clusters && self.neighbours.is_empty() {
            unknown(
                format!("the neighbours of {subject} ({family}): no usable path has it"),
                Why::NoData,
                "dumps of vantages that reach it",
            );
        }
        if let Some(hegemony) = self.hegemony.as_ref().filter(|hegemony| !hegemony.enough) {
            unknown(
                format!(
                    "on whom {subject} depends ({family}): {} of {} peers had a route where {} are asked for",
                    hegemony.peers, hegemony.of_peers, rules.adequate_clusters
                ),
                Why::InsufficientCohort,
                "dumps of more vantages of about the same time",
            );
        }
        for (label, why, what) in [
            (Label::Undetermined, Why::Undetermined, "what they are to it: too little is seen of their links"),
            (Label::Conflicting, Why::Conflicting, "what they are to it: paths say both, or changed within the window"),
        ] {
            let count = self.neighbours.iter().filter(|told| told.inferred.label == label).count();
            if count > 0 {
                unknown(
                    format!("of {} of {subject} ({family}) {what}", number(count, "neighbour", "neighbours")),
                    why,
                    "ASPAs, routing policy in registries, or dumps of more vantages and of other days",
                );
            }
        }
        unknowns
    }
}

/// What no family can tell.
pub fn unknowns(beside: &Beside<'_>, families: &[InFamily]) -> Vec<Unknown> {
    let mut unknowns = Vec::new();
    let mut unknown = |what: &str, why, settled_by: &str| {
        let (what, settled_by) = (what.to_owned(), settled_by.to_owned());
        unknowns.push(Unknown { what, why, from: None, until: None, settled_by });
    };
    if families.is_empty() {
        unknown(
            "any relationship by routes: no dump of about that time was read",
            Why::NoData,
            "dumps read with `headwater ingest`",
        );
        return unknowns;
    }
    unknown(
        "links of peers that no path of a vantage runs over: most links of peers are of this kind",
        Why::NotObservable,
        "vantages in the cones of both ends",
    );
    unknown(
        "which neighbours are of the same organisation: siblings stand as provider, customer or peer",
        Why::NoData,
        "a dated list of organisations; this version reads none",
    );
    if beside.registry.route_servers.is_empty() {
        unknown(
            "which numbers are of route servers: one that shows itself in paths may stand as neighbour",
            Why::NoData,
            "relationship files that name exchanges in their head",
        );
    }
    let mut told = families.iter().flat_map(|family| &family.neighbours).peekable();
    if told.peek().is_some() && told.all(|told| told.published.is_empty()) {
        unknown(
            "what publishers say of these links: no relationship file is of about the time of the dumps",
            Why::NoData,
            "relationship files of that month",
        );
    }
    unknowns
}

/// Of each series the publication nearest to a time, if it is near enough.
fn nearest(links: &LinkHistory, at: Time, rules: &Rules) -> Vec<usize> {
    let away = |s: &LinkSnapshot| {
        let before = s.from.0.saturating_sub(at.0);
        let after = at.0.saturating_sub(s.until.0);
        before.max(after).max(0)
    };
    let within = (rules.relation_published_days * DAY_MICROS) as i64;
    let mut of_series: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, snapshot) in links.snapshots.iter().enumerate().filter(|(_, s)| s.complete && away(s) <= within) {
        let best = of_series.entry(&snapshot.series).or_insert(i);
        if away(snapshot) < away(&links.snapshots[*best]) {
            *best = i;
        }
    }
    of_series.into_values().collect()
}

fn published(links: &LinkHistory, snapshot: usize, neighbour: Asn) -> Published {
    let listed = links.sightings.iter().filter(|s| s.snapshot == snapshot && s.neighbour == neighbour);
    let label = listed
        .map(|s| match s.kind {
            Listed::Provider => Label::Provider,
            Listed::Peer => Label::Peer,
            Listed::Customer => Label::Customer,
        })
        .reduce(|a, b| if a == b { a } else { Label::Conflicting });
    Published { series: links.snapshots[snapshot].series.clone(), at: links.snapshots[snapshot].from, label }
}

fn statement(subject: Asn, family: Family, neighbour: &Neighbour, dates: &str) -> String {
    let (other, support) = (neighbour.asn, &neighbour.support);
    let what = match neighbour.label {
        Label::Provider => format!("{other} is inferred as provider of {subject}"),
        Label::Customer => format!("{subject} is inferred as provider of {other}"),
        Label::Peer => format!("{subject} and {other} are inferred as peers"),
        Label::Sibling => format!("{subject} and {other} are linked and of one organisation"),
        Label::RouteServer => {
            format!("{other} and {subject} stand beside each other in paths, one of them a route server")
        }
        Label::Undetermined => {
            format!("what {subject} and {other}, linked in paths, are to each other is undetermined")
        }
        Label::Conflicting => format!("paths disagree on what {subject} and {other} are to each other"),
    };
    let proofs = match neighbour.label {
        Label::Provider | Label::Customer => {
            format!(", {} of three networks", number(support.proofs, "proving row", "proving rows"))
        }
        _ => String::new(),
    };
    let against = match support.against {
        0 => String::new(),
        n => format!(", {n} to the contrary"),
    };
    let step = support.step.map_or(String::new(), |step| format!(", step {step}"));
    format!(
        "{what} ({family}, {dates}): {} and {}{proofs}{against}{step}",
        number(support.vantage_asns, "peer shows the link", "peers show the link"),
        number(support.prefixes as usize, "prefix runs over it", "prefixes run over it"),
    )
}
