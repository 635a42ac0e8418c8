//! A small route language for tests: lines of text to the rows that a question gets. Documentation numbers and prefixes only.
//!
//! ```text
//! dump rrc00 2024-01-01            a dump of a collector (`faulty`: content was lost); the lines under it are its vantages:
//!   AS64500 192.0.2.0/24 64500 64501 64510
//!   AS64502 -                      there, without a route of the network
//! updates rrc00 2024-01-01 2024-01-02T06:00
//! 2024-01-01T12:05 rrc00 AS64500 + 192.0.2.0/24 64500 64502 64510
//! 2024-01-01T12:06 rrc00 AS64500 - 192.0.2.0/24
//! 2024-01-01T12:07 rrc00 AS64500 down
//! links 2024-06 serial1            a relationship file (`extract`: not whole)
//! link 2024-06 serial1 64501 > 64510 [mlp]
//! names 2023-01-01 asn2org         a file of names
//! name 2023-01-01 asn2org EXAMPLE
//! has 2024-06 serial1 64501 [mlp]  another network has links of its own in a relationship file
//! named 2023-01-01 asn2org 64501 EXAMPLE          the name of another network
//! tag 2024-01-01 64501 vpsh        a tag of another network
//! delegated 2023-01-01 allocated 2022-12-01 key-1
//! origins 2024-01-01 alpha         a file of origins (`faulty`)
//! origin 2024-01-01 alpha 192.0.2.0/24 64510
//! ```
#![allow(dead_code, clippy::type_complexity)]

use std::collections::{BTreeMap, BTreeSet};

use headwater_finding::finding::{Finding, Unknown};
use headwater_finding::rules::Rules;
use headwater_finding::sanitise::Registry;
use headwater_finding::words::reserved_in;
use headwater_route::rows::*;
use headwater_route::{AsPath, Asn, Evidence, Family, Kind, Prefix, Source, SourceId, Time};

/// The network all worlds are about.
pub const SUBJECT: Asn = Asn(64510);

/// Rows of an invented world.
#[derive(Default)]
pub struct World {
    pub links: LinkHistory,
    pub holders: HolderHistory,
    pub origins: OriginHistory,
    pub routes: RouteHistory,
    pub sources: Sources,
    /// Where neighbours have links; names and tags of other networks.
    pub presence: Vec<LinkPresence>,
    pub held: BTreeMap<Asn, HolderRows>,
    pub tags: Vec<TagSighting>,
}

pub fn registry() -> Registry {
    Registry { invented: true, ..Registry::default() }
}

pub fn rules() -> Rules {
    Rules { bootstrap_rounds: 50, ..Rules::default() }
}

/// `2024-01-01` or `2024-01-01T12:05`.
pub fn t(text: &str) -> Time {
    let full = if text.len() == 16 { format!("{text}:00Z") } else { text.to_owned() };
    Time::parse(&full, None).unwrap_or_else(|e| panic!("{e}"))
}

/// Midnight of the n-th day of the world.
pub fn nth(day: i64) -> String {
    t("2024-01-01").plus_days(day).date()
}

fn month(text: &str) -> (Time, Time) {
    let from = t(&format!("{text}-01"));
    (from, Time(from.plus_days(5).0 - 1_000_000))
}

fn asn(text: &str) -> Asn {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

struct Dump<'a> {
    name: String,
    collector: &'a str,
    at: Time,
    complete: bool,
    /// (line number, vantage, prefix and path)
    held: Vec<(u64, &'a str, Option<(Prefix, AsPath)>)>,
}

/// Reads a world. `salt` permutes the numbers of the sources, as another order of ingest would.
pub fn world_salted(text: &str, salt: u64) -> World {
    let mut builder = Builder { salt, ..Builder::default() };
    let mut dumps: Vec<Dump<'_>> = Vec::new();
    let lines: Vec<&str> = text.lines().map(|l| l.split('#').next().unwrap_or("")).collect();
    for (number, line) in (0..).zip(&lines) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["dump", collector, at, rest @ ..] => dumps.push(Dump {
                name: format!("{collector}.{at}.rib"),
                collector,
                at: t(at),
                complete: rest != ["faulty"],
                held: Vec::new(),
            }),
            [vantage, "-"] if vantage.starts_with("AS") => dumps.last_mut().unwrap().held.push((number, vantage, None)),
            [vantage, prefix, path @ ..] if vantage.starts_with("AS") => {
                let route = (prefix.parse().unwrap(), path.join(" ").parse().unwrap());
                dumps.last_mut().unwrap().held.push((number, vantage, Some(route)));
            }
            _ => builder.line(number, &words),
        }
    }
    builder.dumps(&dumps);
    builder.finish()
}

pub fn world(text: &str) -> World {
    world_salted(text, 0)
}

/// The rows of a world before they are sorted and numbered.
#[derive(Default)]
struct Builder {
    salt: u64,
    sources: BTreeMap<String, (Kind, String)>,
    vantages: BTreeSet<Vantage>,
    tables: Vec<(String, String, Time, bool, BTreeMap<Vantage, (u64, u64)>)>,
    spans: Vec<(String, String, Time, Time, bool)>,
    runs: Vec<(Vantage, Prefix, AsPath, String, String, u64)>,
    events: Vec<(Time, Vantage, Prefix, Option<AsPath>, u64)>,
    states: Vec<(Time, Vantage, u16, u64)>,
    bursts: Vec<(Time, Vantage, u64)>,
    link_files: BTreeMap<(Time, String), bool>,
    links: Vec<(Time, String, Neighbour, Asn, String, u64)>,
    name_files: BTreeSet<(Time, String)>,
    names: Vec<(Time, String, String, u64)>,
    present: Vec<(Time, String, Asn, String)>,
    named: Vec<(Time, String, Asn, String, u64)>,
    tags: Vec<(Time, Asn, String, u64)>,
    delegations: Vec<(Time, String, Option<Time>, String, u64)>,
    origin_files: BTreeMap<(Time, String), bool>,
    origins: Vec<(Time, String, Prefix, Option<Asn>, u64)>,
}

/// A vantage of a collector, with an address of the documentation ranges.
fn vantage(collector: &str, text: &str) -> Vantage {
    let asn = asn(text);
    Vantage { collector: collector.to_owned(), asn, addr: [198, 51, 100, (asn.0 % 256) as u8].into() }
}

impl Builder {
    fn line(&mut self, number: u64, words: &[&str]) {
        match words {
            ["updates", collector, from, until, rest @ ..] => {
                let name = format!("{collector}.{from}.updates");
                self.spans.push((name, (*collector).to_owned(), t(from), t(until), *rest != ["faulty"]));
            }
            ["links", at, series, rest @ ..] => {
                self.link_files.insert((month(at).0, format!("caida-{series}")), rest.is_empty());
            }
            ["link", at, series, a, kind, b, rest @ ..] => {
                let subject_first = asn(a) == SUBJECT;
                let kind = match (*kind, subject_first) {
                    (">", true) => Neighbour::Customer,
                    (">", false) => Neighbour::Provider,
                    _ => Neighbour::Peer,
                };
                let other = if subject_first { asn(b) } else { asn(a) };
                let series = format!("caida-{series}");
                self.link_files.entry((month(at).0, series.clone())).or_insert(true);
                self.links.push((month(at).0, series, kind, other, rest.join(","), number));
            }
            ["names", at, series] => drop(self.name_files.insert((t(at), (*series).to_owned()))),
            ["name", at, series, rest @ ..] => {
                self.name_files.insert((t(at), (*series).to_owned()));
                self.names.push((t(at), (*series).to_owned(), rest.join(" "), number));
            }
            ["has", at, series, asn, rest @ ..] => {
                let series = format!("caida-{series}");
                self.link_files.entry((month(at).0, series.clone())).or_insert(true);
                self.present.push((month(at).0, series, asn.parse().unwrap(), rest.join(",")));
            }
            ["named", at, series, asn, rest @ ..] => {
                self.name_files.insert((t(at), (*series).to_owned()));
                self.named.push((t(at), (*series).to_owned(), asn.parse().unwrap(), rest.join(" "), number));
            }
            ["tag", at, asn, tag] => self.tags.push((t(at), asn.parse().unwrap(), (*tag).to_owned(), number)),
            ["delegated", at, status, date, key @ ..] => {
                let date = (*date != "-").then(|| t(date));
                self.delegations.push((t(at), (*status).to_owned(), date, key.join(" "), number));
            }
            ["origins", at, series, rest @ ..] => {
                self.origin_files.insert((t(at), (*series).to_owned()), rest.is_empty());
            }
            ["origin", at, series, prefix, asn] => {
                self.origin_files.entry((t(at), (*series).to_owned())).or_insert(true);
                let asn = (*asn != "-").then(|| asn.parse().unwrap());
                self.origins.push((t(at), (*series).to_owned(), prefix.parse().unwrap(), asn, number));
            }
            [at, collector, peer, "+", prefix, path @ ..] => {
                let route = Some(path.join(" ").parse().unwrap());
                self.event(t(at), vantage(collector, peer), prefix, route, number);
            }
            [at, collector, peer, "-", prefix] => self.event(t(at), vantage(collector, peer), prefix, None, number),
            [at, collector, peer, state @ ("down" | "up")] => {
                let to = if *state == "up" { 6 } else { 1 };
                self.states.push((t(at), vantage(collector, peer), to, number));
            }
            [at, collector, peer, "burst", prefixes] => {
                let vantage = vantage(collector, peer);
                self.vantages.insert(vantage.clone());
                self.bursts.push((t(at), vantage, prefixes.parse().unwrap()));
            }
            _ => panic!("line {number}: {words:?} is not of the route language"),
        }
    }

    fn event(&mut self, at: Time, vantage: Vantage, prefix: &str, path: Option<AsPath>, number: u64) {
        self.vantages.insert(vantage.clone());
        self.events.push((at, vantage, prefix.parse().unwrap(), path, number));
    }

    fn dumps(&mut self, dumps: &[Dump<'_>]) {
        for dump in dumps {
            let mut sizes: BTreeMap<Vantage, (u64, u64)> = BTreeMap::new();
            for (number, peer, route) in &dump.held {
                let vantage = vantage(dump.collector, peer);
                // A table holds much beside the routes of one network.
                sizes.insert(vantage.clone(), (1000, 1000));
                self.vantages.insert(vantage.clone());
                if let Some((prefix, path)) = route {
                    let (collector, name) = (dump.collector.to_owned(), dump.name.clone());
                    self.runs.push((vantage, *prefix, path.clone(), collector, name, *number));
                }
            }
            self.tables.push((dump.name.clone(), dump.collector.to_owned(), dump.at, dump.complete, sizes));
        }
    }

    fn source(&mut self, name: &str, kind: Kind, series: &str) {
        self.sources.insert(name.to_owned(), (kind, series.to_owned()));
    }

    fn finish(mut self) -> World {
        self.tables.sort_by(|a, b| (a.2, &a.1).cmp(&(b.2, &b.1)));
        self.spans.sort_by(|a, b| (a.2, &a.1).cmp(&(b.2, &b.1)));
        for (name, collector, ..) in self.tables.clone() {
            self.source(&name, Kind::Mrt, &collector);
        }
        for (name, collector, ..) in self.spans.clone() {
            self.source(&name, Kind::Mrt, &collector);
        }
        self.source("events", Kind::Mrt, "events");
        for (at, series) in self.link_files.clone().into_keys() {
            self.source(&format!("{}.{series}", at.date()), Kind::AsRel1, &series);
        }
        for (at, series) in self.name_files.clone() {
            self.source(&format!("{}.{series}", at.date()), Kind::AsNames, &series);
        }
        for (at, ..) in self.tags.clone() {
            self.source(&format!("{}.tags", at.date()), Kind::AsTags, "bgptools-tags");
        }
        for (at, ..) in self.delegations.clone() {
            self.source(&format!("{}.delegated", at.date()), Kind::Delegated, "invented");
        }
        for (at, series) in self.origin_files.clone().into_keys() {
            self.source(&format!("{}.{series}", at.date()), Kind::PrefixOrigin, &series);
        }
        let count = self.sources.len() as i64;
        let id = |i: i64| SourceId((i + self.salt as i64) % count + 1);
        let ids: BTreeMap<String, SourceId> = (0..).zip(self.sources.keys()).map(|(i, n)| (n.clone(), id(i))).collect();
        let sources = self.sources.iter().map(|(name, (kind, series))| Source {
            id: ids[name],
            name: name.clone(),
            path: String::new(),
            sha256: format!("sha256 of {name}"),
            archive_sha256: None,
            bytes: 1,
            kind: *kind,
            series: series.clone(),
            from: None,
            until: None,
            rows: 1,
            faults: 0,
        });
        let sources = Sources(sources.collect());
        World {
            links: self.link_history(&ids),
            holders: self.holder_history(&ids),
            origins: self.origin_history(&ids),
            routes: self.route_history(&ids),
            sources,
            presence: self.presence(&ids),
            held: self.held(&ids),
            tags: self.tag_sightings(&ids),
        }
    }

    /// As the history gives it: of neighbours only.
    fn presence(&self, ids: &BTreeMap<String, SourceId>) -> Vec<LinkPresence> {
        let links = self.link_history(ids);
        let mut found: BTreeMap<Asn, BTreeMap<usize, bool>> = BTreeMap::new();
        for s in &links.sightings {
            *found.entry(s.neighbour).or_default().entry(s.snapshot).or_default() |= s.in_routes();
        }
        for (at, series, asn, seen_by) in &self.present {
            let snapshot = links.snapshots.iter().position(|s| s.from == *at && s.series == *series).unwrap();
            if let Some(snapshots) = found.get_mut(asn) {
                *snapshots.entry(snapshot).or_default() |= in_routes(seen_by);
            }
        }
        let rows =
            found.into_iter().map(|(asn, snapshots)| LinkPresence { asn, snapshots: snapshots.into_iter().collect() });
        rows.collect()
    }

    fn held(&self, ids: &BTreeMap<String, SourceId>) -> BTreeMap<Asn, HolderRows> {
        let snapshots = self.holder_history(ids).snapshots;
        let mut held: BTreeMap<Asn, HolderRows> = BTreeMap::new();
        for (at, series, asn, name, offset) in &self.named {
            let snapshot = snapshots.iter().position(|s| s.at == *at && s.series == *series).unwrap();
            held.entry(*asn).or_default().names.push(NameSighting {
                snapshot,
                name: name.clone(),
                country: String::new(),
                note: String::new(),
                evidence: Evidence { source: snapshots[snapshot].source, offset: *offset },
            });
        }
        for rows in held.values_mut() {
            rows.names.sort_by(|a, b| (a.snapshot, &a.name).cmp(&(b.snapshot, &b.name)));
        }
        held
    }

    fn tag_sightings(&self, ids: &BTreeMap<String, SourceId>) -> Vec<TagSighting> {
        let mut tags: Vec<TagSighting> = self
            .tags
            .iter()
            .map(|(at, asn, tag, offset)| TagSighting {
                asn: *asn,
                series: "bgptools-tags".to_owned(),
                at: *at,
                tag: tag.clone(),
                evidence: Evidence { source: ids[&format!("{}.tags", at.date())], offset: *offset },
            })
            .collect();
        tags.sort_by(|a, b| (a.asn, a.at, &a.tag).cmp(&(b.asn, b.at, &b.tag)));
        tags
    }

    fn link_history(&self, ids: &BTreeMap<String, SourceId>) -> LinkHistory {
        let snapshots: Vec<LinkSnapshot> = self
            .link_files
            .iter()
            .map(|((from, series), complete)| LinkSnapshot {
                source: ids[&format!("{}.{series}", from.date())],
                series: series.clone(),
                from: *from,
                until: Time(from.plus_days(5).0 - 1_000_000),
                complete: *complete,
            })
            .collect();
        let mut sightings: Vec<LinkSighting> = self
            .links
            .iter()
            .map(|(at, series, kind, neighbour, seen_by, offset)| {
                let snapshot = snapshots.iter().position(|s| s.from == *at && s.series == *series).unwrap();
                let evidence = Evidence { source: snapshots[snapshot].source, offset: *offset };
                LinkSighting { snapshot, neighbour: *neighbour, kind: *kind, seen_by: seen_by.clone(), evidence }
            })
            .collect();
        sightings.sort_by_key(|s| (s.snapshot, s.kind, s.neighbour));
        LinkHistory { snapshots, sightings }
    }

    fn holder_history(&self, ids: &BTreeMap<String, SourceId>) -> HolderHistory {
        let file = |at: &Time, series: &str| ids[&format!("{}.{series}", at.date())];
        let snapshots: Vec<NameSnapshot> = self
            .name_files
            .iter()
            .map(|(at, series)| NameSnapshot { source: file(at, series), series: series.clone(), at: *at })
            .collect();
        let mut names: Vec<NameSighting> = self
            .names
            .iter()
            .map(|(at, series, name, offset)| NameSighting {
                snapshot: snapshots.iter().position(|s| s.at == *at && s.series == *series).unwrap(),
                name: name.clone(),
                country: String::new(),
                note: String::new(),
                evidence: Evidence { source: file(at, series), offset: *offset },
            })
            .collect();
        names.sort_by(|a, b| (a.snapshot, &a.name).cmp(&(b.snapshot, &b.name)));
        let mut delegations: Vec<DelegationSighting> = self
            .delegations
            .iter()
            .map(|(at, status, date, key, offset)| DelegationSighting {
                source: file(at, "delegated"),
                at: *at,
                registry: "registry".to_owned(),
                country: String::new(),
                date: *date,
                status: status.clone(),
                opaque_id: key.clone(),
                evidence: Evidence { source: file(at, "delegated"), offset: *offset },
            })
            .collect();
        delegations.sort_by_key(|d| d.at);
        HolderHistory { snapshots, names, delegations }
    }

    fn origin_history(&self, ids: &BTreeMap<String, SourceId>) -> OriginHistory {
        let snapshots: Vec<OriginSnapshot> = self
            .origin_files
            .iter()
            .map(|((at, series), complete)| OriginSnapshot {
                source: ids[&format!("{}.{series}", at.date())],
                series: series.clone(),
                at: *at,
                complete: *complete,
                families: vec![Family::V4],
            })
            .collect();
        let mut sightings: Vec<OriginSighting> = self
            .origins
            .iter()
            .map(|(at, series, prefix, asn, offset)| {
                let snapshot = snapshots.iter().position(|s| s.at == *at && s.series == *series).unwrap();
                OriginSighting {
                    snapshot,
                    family: prefix.family(),
                    first: prefix.first_bits(),
                    last: prefix.last_bits(),
                    asn: *asn,
                    flags: String::new(),
                    evidence: Evidence { source: snapshots[snapshot].source, offset: *offset },
                }
            })
            .collect();
        sightings.sort_by_key(|s| (s.snapshot, s.family, s.first, s.last, s.asn));
        OriginHistory { snapshots, sightings }
    }

    fn route_history(&self, ids: &BTreeMap<String, SourceId>) -> RouteHistory {
        let vantages: Vec<Vantage> = self.vantages.iter().cloned().collect();
        let index = |v: &Vantage| vantages.binary_search(v).unwrap();
        let tables: Vec<Table> = self
            .tables
            .iter()
            .map(|(name, collector, at, complete, sizes)| Table {
                source: ids[name],
                collector: collector.clone(),
                at: *at,
                until: *at,
                complete: *complete,
                vantages: sizes.iter().map(|(v, (v4, v6))| (index(v), *v4, *v6)).collect(),
            })
            .collect();
        let spans = self.spans.iter().map(|(name, collector, from, until, complete)| UpdateSpan {
            source: ids[name],
            collector: collector.clone(),
            from: *from,
            until: *until,
            complete: *complete,
            vantages: Vec::new(),
        });
        let events = ids["events"];
        let mut events: Vec<RouteEvent> = self
            .events
            .iter()
            .map(|(at, v, prefix, path, offset)| RouteEvent {
                at: *at,
                vantage: index(v),
                prefix: *prefix,
                path: path.clone(),
                evidence: Evidence { source: events, offset: *offset },
            })
            .collect();
        events.sort_by_key(|e| (e.at, e.vantage, e.prefix, e.evidence.offset));
        let source = ids["events"];
        let mut states: Vec<StateChange> = self
            .states
            .iter()
            .filter(|(_, v, ..)| self.vantages.contains(v))
            .map(|(at, v, to, offset)| StateChange {
                at: *at,
                vantage: index(v),
                from: 7 - to,
                to: *to,
                evidence: Evidence { source, offset: *offset },
            })
            .collect();
        states.sort_by_key(|s| (s.at, s.vantage, s.evidence.offset));
        let runs = self.fold(&tables, &index, ids);
        let mut bursts: Vec<Burst> = self
            .bursts
            .iter()
            .map(|(at, v, prefixes)| Burst {
                at: *at,
                vantage: index(v),
                family: Family::V4,
                prefixes: *prefixes,
                source,
            })
            .collect();
        bursts.sort();
        RouteHistory { vantages, tables, spans: spans.collect(), runs, events, states, bursts }
    }

    /// Joins routes that dumps of one collector in a row hold unchanged.
    fn fold(
        &self,
        tables: &[Table],
        index: &dyn Fn(&Vantage) -> usize,
        ids: &BTreeMap<String, SourceId>,
    ) -> Vec<RouteRun> {
        let mut held: BTreeMap<(usize, Prefix, AsPath), BTreeMap<usize, Evidence>> = BTreeMap::new();
        for (v, prefix, path, _, name, offset) in &self.runs {
            let source = ids[name];
            let table = tables.iter().position(|t| t.source == source).unwrap();
            let at = Evidence { source, offset: *offset };
            held.entry((index(v), *prefix, path.clone())).or_default().insert(table, at);
        }
        let mut runs = Vec::new();
        for ((vantage, prefix, path), at) in held {
            let collector = &tables[*at.keys().next().unwrap()].collector;
            let mut open: Option<RouteRun> = None;
            for table in (0..tables.len()).filter(|i| tables[*i].collector == *collector) {
                match (at.get(&table), &mut open) {
                    (Some(_), Some(run)) => run.last = table,
                    (Some(evidence), None) => {
                        let (path, evidence) = (path.clone(), *evidence);
                        open = Some(RouteRun { vantage, prefix, path, first: table, last: table, evidence });
                    }
                    (None, _) => runs.extend(open.take()),
                }
            }
            runs.extend(open);
        }
        runs.sort_by(|a, b| (a.first, a.vantage, a.prefix, &a.path).cmp(&(b.first, b.vantage, b.prefix, &b.path)));
        runs
    }
}

/// Every statement is checked as it is made: evidence, no word that is reserved, an end.
pub fn lint(findings: &[Finding], unknowns: &[Unknown]) {
    for finding in findings {
        assert_eq!(reserved_in(&finding.statement), [""; 0], "{}", finding.statement);
        assert!(!finding.evidence.is_empty(), "{}", finding.statement);
        for cited in &finding.evidence {
            assert_eq!(reserved_in(&cited.says), [""; 0], "{}", cited.says);
        }
    }
    for unknown in unknowns {
        assert_eq!(reserved_in(&unknown.what), [""; 0], "{}", unknown.what);
        assert!(!unknown.settled_by.is_empty());
    }
}

/// Collectors `rrc0` to `rrc{n-1}`, a vantage each (AS64500 on), dumped every day from `from` to `to` with the routes that
/// `route` gives: the path to the left of the subject, or `-`.
pub fn dumps(
    n: usize,
    days: std::ops::RangeInclusive<i64>,
    route: impl Fn(usize, i64) -> Option<&'static str>,
) -> String {
    let mut out = String::new();
    for day in days {
        for collector in 0..n {
            out.push_str(&format!("dump rrc{collector} {}\n", nth(day)));
            // A vantage of another network, so that every dump has routes.
            out.push_str("  AS64509 -\n");
            if let Some(path) = route(collector, day) {
                let peer = 64500 + collector;
                match path {
                    "-" => out.push_str(&format!("  AS{peer} -\n")),
                    path => out.push_str(&format!("  AS{peer} 192.0.2.0/24 {peer} {path} 64510\n")),
                }
            }
        }
    }
    out
}
