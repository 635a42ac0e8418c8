//! Invented worlds, heard by their vantages: paths as a question about all routes gets them, and the truth beside them.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt;

use headwater_finding::relation::{self, Certainty, Label, Neighbour, Organisations, Relations, Survey};
use headwater_finding::rules::Rules;
use headwater_finding::sanitise::Registry;
use headwater_route::rows::{OriginPaths, PathDump, PathDumps, PathSeen, Vantage};
use headwater_route::{AsPath, Asn, Evidence, Family, Prefix, SourceId, Time};
use headwater_world::World;
use headwater_world::announce::Announcement;
use headwater_world::observe::Feed;
use headwater_world::propagate::{Graph, Leak, routes};
use headwater_world::scenario::Scenario;
use headwater_world::topology::{AsIndex, Relation, Topology};

/// A world before anything happens in it.
pub struct Made {
    pub topology: Topology,
    announced: Vec<(Vec<Prefix>, Announcement)>,
    watch: headwater_world::observe::Watch,
    seed: u64,
}

/// What the vantages of one family hold.
pub struct Heard {
    pub dumps: PathDumps,
    pub groups: Vec<OriginPaths>,
    pub registry: Registry,
}

impl Made {
    pub fn new(seed: u64, networks: u32) -> Made {
        let mut scenario = Scenario::preset("only-noise").expect("the preset is sound");
        scenario.topology.networks = networks;
        (scenario.table.v4, scenario.table.v6) = (networks * 2, networks);
        (scenario.observers.collectors, scenario.observers.vantages) = (10, 6);
        scenario.events.clear();
        let world = World::new(scenario, Some(seed)).expect("the world is sound");
        let plan = world.plan();
        let (topology, announced) = (plan.topology.clone(), plan.announced.clone());
        Made { topology, announced, watch: plan.watch.clone(), seed }
    }

    /// Takes away the vantages in one region.
    pub fn without_region(mut self, region: u8) -> Made {
        self.watch.vantages.retain(|v| self.topology.network(v.network).region != region);
        self
    }

    /// What everyone's tables hold.
    pub fn hear(&self, family: Family, leaks: &[Leak]) -> Heard {
        let of_family: Vec<_> = self.watch.vantages.iter().filter(|v| v.family == family).collect();
        let watchers: Vec<(AsIndex, Feed)> = of_family.iter().map(|v| (v.network, v.feed)).collect();
        let leakers: Vec<AsIndex> = leaks.iter().map(|leak| leak.by).collect();
        let graph = Graph::new(&self.topology, family, watchers, &leakers, self.seed);
        let classes: Vec<(Vec<Prefix>, &Announcement)> = self
            .announced
            .iter()
            .map(|(prefixes, announcement)| {
                (prefixes.iter().filter(|p| p.family() == family).copied().collect(), announcement)
            })
            .filter(|(prefixes, _): &(Vec<Prefix>, _)| !prefixes.is_empty())
            .collect();
        let plain: Vec<&Announcement> = classes.iter().map(|(_, announcement)| *announcement).collect();
        let held = routes(&graph, &plain, leaks, 1);

        let named = |v: &&headwater_world::observe::Vantage| Vantage {
            collector: self.watch.collectors[v.collector.0 as usize].name.clone(),
            asn: v.session.asn,
            addr: v.session.addr,
        };
        let mut vantages: Vec<(Vantage, usize)> =
            of_family.iter().enumerate().map(|(slot, v)| (named(v), slot)).collect();
        vantages.sort();
        let mut counts = vec![0u64; vantages.len()];
        let mut origins: BTreeMap<Asn, BTreeMap<Prefix, Vec<(usize, AsPath)>>> = BTreeMap::new();
        for ((prefixes, _), held) in classes.iter().zip(&held) {
            for (at, (_, slot)) in vantages.iter().enumerate() {
                let Some(route) = held.route(*slot) else { continue };
                let path = AsPath::sequence(route.hops.iter().copied());
                let origin = Asn(*route.hops.last().expect("a route has an origin"));
                for prefix in prefixes {
                    counts[at] += 1;
                    origins.entry(origin).or_default().entry(*prefix).or_default().push((at, path.clone()));
                }
            }
        }
        let groups = origins.into_iter().map(|(origin, prefixes)| grouped(origin, &prefixes)).collect();
        let collectors: BTreeSet<&String> = vantages.iter().map(|(v, _)| &v.collector).collect();
        let dump = |collector: &&String| PathDump {
            source: SourceId(1),
            collector: (*collector).clone(),
            at: Time(0),
            until: Time(0),
            complete: true,
        };
        let dumps = collectors.iter().map(dump).collect();
        let vantages = vantages.into_iter().zip(counts).map(|((v, _), count)| (v, count)).collect();
        let route_servers = self.topology.exchanges().iter().map(|e| e.route_server).collect();
        Heard {
            dumps: PathDumps { family, dumps, vantages },
            groups,
            registry: Registry { invented: true, route_servers, ..Registry::default() },
        }
    }

    /// What `a` is to `b`.
    pub fn truth(&self, a: Asn, b: Asn, family: Family) -> Option<Relation> {
        self.topology.relation(self.topology.find(a)?, self.topology.find(b)?, family)
    }

    /// Organisations of networks that share one with another.
    pub fn organisations(&self) -> Organisations {
        let of = |n: &headwater_world::topology::Network| (n.asn, n.organisation.to_string());
        self.topology.networks().iter().map(of).collect()
    }
}

fn grouped(origin: Asn, prefixes: &BTreeMap<Prefix, Vec<(usize, AsPath)>>) -> OriginPaths {
    let mut paths: BTreeMap<(usize, &AsPath), Vec<u32>> = BTreeMap::new();
    for (at, routes) in (0..).zip(prefixes.values()) {
        for (vantage, path) in routes {
            paths.entry((*vantage, path)).or_default().push(at);
        }
    }
    let seen = |((vantage, path), prefixes): ((usize, &AsPath), Vec<u32>)| PathSeen {
        vantage,
        path: path.clone(),
        prefixes,
        evidence: Evidence { source: SourceId(1), offset: 0 },
    };
    OriginPaths { origin, prefixes: prefixes.keys().copied().collect(), paths: paths.into_iter().map(seen).collect() }
}

impl Heard {
    pub fn survey<'a>(&'a self, rules: &Rules) -> Survey<'a> {
        Survey::new(&self.dumps, rules)
    }

    /// Goes through all groups.
    pub fn replay(&self, see: &mut dyn FnMut(&OriginPaths)) -> Result<(), Infallible> {
        self.groups.iter().for_each(see);
        Ok(())
    }
}

pub fn infer<'a>(
    heard: &'a Heard,
    survey: &'a Survey<'a>,
    organisations: Organisations,
    rules: &'a Rules,
) -> Option<Relations<'a>> {
    relation::infer(survey, &heard.registry, organisations, rules, &mut |see| heard.replay(see)).unwrap()
}

/// Labels against the truth.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// By (stub, label, certainty, step): right and all.
    pub by: BTreeMap<Key, (usize, usize)>,
}

pub type Key = (bool, Label, Certainty, Option<u8>);

fn told(label: Label) -> bool {
    !matches!(label, Label::Undetermined | Label::Conflicting)
}

impl Score {
    /// Right ones and all among the chosen.
    pub fn sum(&self, wanted: impl Fn(&Key) -> bool) -> (usize, usize) {
        let chosen = self.by.iter().filter(|(key, _)| wanted(key));
        chosen.fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1))
    }

    /// The part of labels that are right, of those chosen that say anything.
    pub fn accuracy(&self, wanted: impl Fn(&Key) -> bool) -> f64 {
        let (right, all) = self.sum(|key| told(key.1) && wanted(key));
        right as f64 / all.max(1) as f64
    }

    /// The part of links that get a label that says anything.
    pub fn coverage(&self) -> f64 {
        self.sum(|key| told(key.1)).1 as f64 / self.sum(|_| true).1.max(1) as f64
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: f64| format!("{:.1} %", part * 100.0);
        let sure = |key: &Key| key.2 > Certainty::Low;
        write!(
            f,
            "{} links, labelled {}, right {}, of stubs {}; of medium and high certainty ({}) right {}, of stubs {}, \
             transit {}",
            self.sum(|_| true).1,
            percent(self.coverage()),
            percent(self.accuracy(|_| true)),
            percent(self.accuracy(|key| key.0)),
            percent(self.sum(|key| told(key.1) && sure(key)).1 as f64 / self.sum(|_| true).1.max(1) as f64),
            percent(self.accuracy(sure)),
            percent(self.accuracy(|key| sure(key) && key.0)),
            percent(self.accuracy(|key| sure(key) && key.1 == Label::Provider)),
        )?;
        for ((stub, label, certainty, step), (right, all)) in &self.by {
            let part = *right as f64 / *all as f64;
            let place = if *stub { "stub" } else { "inside" };
            write!(f, "\n    {place:6} {label:?} {certainty:?} {step:?}: {right} of {all}, {}", percent(part))?;
        }
        Ok(())
    }
}

/// True if the label is what the truth says; a sibling that is not known as one sells or buys.
pub fn is_right(label: Label, truth: Option<Relation>) -> bool {
    match truth {
        Some(Relation::Provider) => label == Label::Provider,
        Some(Relation::Customer) => label == Label::Customer,
        Some(Relation::Peer) => label == Label::Peer,
        Some(Relation::Sibling) => matches!(label, Label::Sibling | Label::Provider | Label::Customer),
        None => false,
    }
}

/// Every neighbour of every network.
pub fn all(relations: &Relations<'_>) -> Vec<(Asn, Neighbour)> {
    let of = |asn: Asn| relations.neighbours(asn).into_iter().map(move |n| (asn, n));
    relations.networks().into_iter().flat_map(of).collect()
}

/// Scores every link once, from its lower number.
pub fn score(heard: &Heard, made: &Made, rules: &Rules, organisations: Organisations) -> Score {
    let survey = heard.survey(rules);
    let relations = infer(heard, &survey, organisations, rules).expect("there are enough clusters");
    let mut score = Score::default();
    for (asn, n) in all(&relations) {
        if n.label == Label::RouteServer || asn > n.asn {
            continue;
        }
        let right = is_right(n.label, made.truth(n.asn, asn, heard.dumps.family));
        let flat = if n.label == Label::Customer { Label::Provider } else { n.label };
        let count = score.by.entry((n.stub, flat, n.certainty, n.support.step)).or_default();
        *count = (count.0 + usize::from(right), count.1 + 1);
    }
    score
}
