//! Dumps stored as changes, folded into runs: what each vantage held from which dump to which.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use headwater_route::rows::RouteRun;
use headwater_route::{Evidence, Family, Prefix, SourceId};
use rustc_hash::FxHashMap;

use super::routes::parse_path;
use crate::catalogue::Hole;

/// A stored `routes` row.
pub(super) struct StoredRow {
    pub vantage: i32,
    pub prefix: Prefix,
    pub held: bool,
    pub path: Rc<str>,
    pub at: Evidence,
    /// The offset of `at` is a distance still: see [`super::records`].
    pub near: bool,
}

/// One dump of a collector.
pub(super) struct Folded<'a> {
    pub source: SourceId,
    /// The dump that the rows are changes against.
    pub base: Option<SourceId>,
    pub rows: &'a [StoredRow],
    /// Its index among the tables of the answer; `None` outside the window.
    pub table: Option<usize>,
    /// Vantages that held routes, per family.
    pub present: BTreeSet<(usize, Family)>,
    pub holes: &'a [Hole],
}

/// Vantage and prefix.
type Key = (i32, Prefix);
/// Routes of one vantage for one prefix: paths with the record that states each, sorted.
type Paths = Vec<(Rc<str>, Evidence)>;

/// A key and the routes it had before a dump's rows replaced them.
type Replaced = (Key, Option<Paths>);

/// The state of one dump, restricted to the question, and the way to that of another.
///
/// Dumps build on each other as a tree: in a line if they were read in order, with branches if not. The walk goes from dump to
/// dump by taking back what only the one holds and applying what only the other does.
#[derive(Default)]
struct Walk<'a> {
    by_source: BTreeMap<SourceId, &'a Folded<'a>>,
    state: FxHashMap<Key, Paths>,
    /// The dumps from the first whole one to the one at hand, each with what its rows replaced.
    applied: Vec<(SourceId, Vec<Replaced>)>,
    depth: BTreeMap<SourceId, usize>,
}

impl Walk<'_> {
    /// Goes to the state of a dump; returns the keys that may differ from the state before, some of them twice.
    fn go_to(&mut self, dump: SourceId) -> Vec<Key> {
        let mut touched = Vec::new();
        let mut way = Vec::new();
        let mut at = Some(dump);
        let mut shared = 0;
        while let Some(id) = at {
            if let Some(depth) = self.depth.get(&id) {
                shared = *depth;
                break;
            }
            let Some(found) = self.by_source.get(&id) else { break };
            way.push(*found);
            at = found.base;
        }
        while self.applied.len() > shared {
            let Some((source, replaced)) = self.applied.pop() else { break };
            self.depth.remove(&source);
            for (key, before) in replaced {
                touched.push(key);
                match before {
                    Some(paths) => self.state.insert(key, paths),
                    None => self.state.remove(&key),
                };
            }
        }
        for dump in way.into_iter().rev() {
            let replaced = self.apply(dump.rows);
            touched.extend(replaced.iter().map(|(key, _)| *key));
            self.applied.push((dump.source, replaced));
            self.depth.insert(dump.source, self.applied.len());
        }
        touched
    }

    /// Applies a dump's rows to the state of the dump it builds on; returns what they replace.
    fn apply(&mut self, rows: &[StoredRow]) -> Vec<(Key, Option<Paths>)> {
        let mut rows: Vec<&StoredRow> = rows.iter().collect();
        rows.sort_by(|a, b| (a.vantage, a.prefix, &a.path, a.at).cmp(&(b.vantage, b.prefix, &b.path, b.at)));
        let mut replaced = Vec::new();
        for group in rows.chunk_by(|a, b| (a.vantage, a.prefix) == (b.vantage, b.prefix)) {
            let key = (group[0].vantage, group[0].prefix);
            // A route stated in the same dump outweighs a row that says it is gone.
            let mut paths: Paths = group.iter().filter(|r| r.held).map(|r| (Rc::clone(&r.path), r.at)).collect();
            paths.dedup_by(|b, a| a.0 == b.0);
            let before = if paths.is_empty() { self.state.remove(&key) } else { self.state.insert(key, paths) };
            replaced.push((key, before));
        }
        replaced
    }
}

/// A run that may still grow.
struct Open {
    path: Rc<str>,
    first: usize,
    at: Evidence,
}

/// Folds the dumps of one collector, in time order, into runs.
pub(super) fn fold(chain: &[Folded<'_>], number: &BTreeMap<i32, usize>, runs: &mut Vec<RouteRun>) {
    let mut walk = Walk { by_source: chain.iter().map(|d| (d.source, d)).collect(), ..Walk::default() };
    let mut open: FxHashMap<Key, Vec<Open>> = FxHashMap::default();
    // Dumps of the window worked off so far, for finding the last one that shows a route.
    let mut seen: Vec<&Folded<'_>> = Vec::new();
    let close = |seen: &[&Folded<'_>], key: &Key, run: Open, runs: &mut Vec<RouteRun>| {
        let Some(&vantage) = number.get(&key.0) else { return };
        let shows = |d: &&&Folded<'_>| {
            d.present.contains(&(vantage, key.1.family())) && !d.holes.iter().any(|h| h.contains(&key.1))
        };
        let last = seen.iter().rev().find(shows).and_then(|d| d.table).unwrap_or(run.first).max(run.first);
        let path = parse_path(&run.path);
        runs.push(RouteRun { vantage, prefix: key.1, path, first: run.first, last, evidence: run.at });
    };

    for dump in chain {
        let Some(table) = dump.table else { continue };
        let mut touched = walk.go_to(dump.source);
        let state = &walk.state;
        // Vantages that came or went concern all of their routes.
        let before = seen.last().map(|d| &d.present);
        if before != Some(&dump.present) {
            let empty = BTreeSet::new();
            let changed: BTreeSet<(usize, Family)> =
                before.unwrap_or(&empty).symmetric_difference(&dump.present).copied().collect();
            let concerns = |k: &&Key| number.get(&k.0).is_some_and(|v| changed.contains(&(*v, k.1.family())));
            touched.extend(state.keys().filter(concerns));
            touched.extend(open.keys().filter(concerns));
        }
        // A key that comes twice is found as the first time left it.
        for key in touched {
            let present = number.get(&key.0).is_some_and(|v| dump.present.contains(&(*v, key.1.family())));
            let held: &[(Rc<str>, Evidence)] = match state.get(&key) {
                Some(paths) if present => paths,
                _ => &[],
            };
            let unknown = held.is_empty() && present && dump.holes.iter().any(|h| h.contains(&key.1));
            if unknown {
                continue;
            }
            let mut runs_here = open.remove(&key).unwrap_or_default();
            for run in runs_here.extract_if(.., |run| !held.iter().any(|(path, _)| *path == run.path)) {
                close(&seen, &key, run, runs);
            }
            for (path, at) in held {
                if !runs_here.iter().any(|run| run.path == *path) {
                    runs_here.push(Open { path: Rc::clone(path), first: table, at: *at });
                }
            }
            if !runs_here.is_empty() {
                open.insert(key, runs_here);
            }
        }
        seen.push(dump);
    }
    for (key, runs_here) in open {
        for run in runs_here {
            close(&seen, &key, run, runs);
        }
    }
}
