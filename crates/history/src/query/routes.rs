//! Observed routes of an origin or a prefix: dumps folded into runs, updates, session states.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use headwater_route::rows::{RouteEvent, RouteHistory, RouteRun, StateChange, Table as Dump, UpdateSpan, Vantage};
use headwater_route::{AsPath, Asn, Evidence, Family, Prefix, SourceId, Time, Window};

use super::evidence;
use super::fold::{Folded, StoredRow, fold};
use crate::routes::via::restore;
use crate::scan::{Columns, Test};
use crate::table::{Table, family_code, join_prefix, split_bits};
use crate::view::View;
use crate::{Error, History};

/// The rows of one prefix or of a few thousand; of more, one range is fetched and filtered.
const POINT_PREFIXES: usize = 4096;

impl History {
    /// Every route observed from `asn`, in dumps and updates that touch `window`.
    pub fn routes_of_origin(&self, asn: Asn, window: Window) -> Result<RouteHistory, Error> {
        let view = self.view()?;
        let rows = self.route_rows(&view, &[i64::from(asn.0)], None, window)?;
        let mut prefixes: BTreeSet<Prefix> = rows.values().flatten().map(|r| r.prefix).collect();
        let number = i64::from(asn.0);
        let columns = ["family", "net", "net_lo", "len"];
        let tests = [Test::is("origin", number)];
        for batch in &self.scan(&view, Table::OriginPrefixes, Some((number, number)), |_| true, &tests, &columns)? {
            let columns = Columns(batch);
            let (family, net) = (columns.small("family")?, columns.int("net")?);
            let (net_lo, len) = (columns.int("net_lo")?, columns.small("len")?);
            for i in 0..batch.num_rows() {
                prefixes.extend(join_prefix(family.value(i), net.value(i), net_lo.value(i), len.value(i)));
            }
        }
        self.route_history(&view, rows, &prefixes, window)
    }

    /// Every route observed for exactly `prefix`, in dumps and updates that touch `window`.
    pub fn routes_of_prefix(&self, prefix: Prefix, window: Window) -> Result<RouteHistory, Error> {
        let view = self.view()?;
        let found = self.observed_origins(&view, &BTreeSet::from([prefix]))?;
        let origins: Vec<i64> =
            found.into_iter().map(|(_, origin)| origin).collect::<BTreeSet<_>>().into_iter().collect();
        let rows = self.route_rows(&view, &origins, Some(prefix), window)?;
        self.route_history(&view, rows, &BTreeSet::from([prefix]), window)
    }

    /// Prefixes observed in dumps or updates that cover `prefix` (itself included), longest first.
    pub fn observed_covers(&self, prefix: &Prefix) -> Result<Vec<Prefix>, Error> {
        let view = self.view()?;
        let candidates: BTreeSet<Prefix> =
            (0..=prefix.len()).filter_map(|len| Prefix::from_bits(prefix.family(), prefix.first_bits(), len)).collect();
        let mut found: BTreeSet<Prefix> =
            self.observed_origins(&view, &candidates)?.into_iter().map(|(prefix, _)| prefix).collect();
        let columns = ["family", "net", "net_lo", "len", "safi"];
        self.scan_prefixes(&view, Table::Updates, &candidates, &columns, |prefix, columns, i| {
            if columns.small("safi")?.value(i) == 1 {
                found.insert(prefix);
            }
            Ok(())
        })?;
        let mut found: Vec<Prefix> = found.into_iter().collect();
        found.sort_by_key(|p| std::cmp::Reverse(p.len()));
        Ok(found)
    }

    /// (prefix, origin) pairs that dumps show for any of `prefixes`; origin -1 where the path gives none.
    fn observed_origins(&self, view: &View, prefixes: &BTreeSet<Prefix>) -> Result<BTreeSet<(Prefix, i64)>, Error> {
        let mut found = BTreeSet::new();
        let columns = ["family", "net", "net_lo", "len", "origin"];
        self.scan_prefixes(view, Table::PrefixOrigins, prefixes, &columns, |prefix, columns, i| {
            found.insert((prefix, columns.int("origin")?.value(i)));
            Ok(())
        })?;
        Ok(found)
    }

    /// Rows of a table sorted by prefix that are for one of `prefixes`.
    fn scan_prefixes(
        &self,
        view: &View,
        table: Table,
        prefixes: &BTreeSet<Prefix>,
        columns: &[&str],
        mut each: impl FnMut(Prefix, &Columns<'_>, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for family in [Family::V4, Family::V6] {
            let here: Vec<&Prefix> = prefixes.iter().filter(|p| p.family() == family).collect();
            let code = i64::from(family_code(family));
            let nets: BTreeSet<i64> = here.iter().map(|p| split_bits(family, p.first_bits()).0).collect();
            let (Some(first), Some(last)) = (nets.first(), nets.last()) else { continue };
            let net = if nets.len() > POINT_PREFIXES {
                Test::within("net", vec![(*first, *last)])
            } else {
                Test::one_of("net", nets.iter().copied())
            };
            let lengths: BTreeSet<i64> = here.iter().map(|p| i64::from(p.len())).collect();
            let tests = [Test::is("family", code), net, Test::one_of("len", lengths)];
            for batch in &self.scan(view, table, Some((code, code)), |_| true, &tests, columns)? {
                let columns = Columns(batch);
                let (net, net_lo, len) = (columns.int("net")?, columns.int("net_lo")?, columns.small("len")?);
                for i in 0..batch.num_rows() {
                    if let Some(prefix) = join_prefix(family_code(family), net.value(i), net_lo.value(i), len.value(i))
                        && prefixes.contains(&prefix)
                    {
                        each(prefix, &columns, i)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Stored unicast `routes` rows of some origins, by source: of dumps in the window and of those they build on.
    fn route_rows(
        &self,
        view: &View,
        origins: &[i64],
        prefix: Option<Prefix>,
        window: Window,
    ) -> Result<BTreeMap<SourceId, Vec<StoredRow>>, Error> {
        let needed = needed_dumps(view, window);
        let mut out: BTreeMap<SourceId, Vec<StoredRow>> = BTreeMap::new();
        let columns =
            ["vantage", "family", "net", "net_lo", "len", "held", "via", "ends", "source", "near", "position"];
        for &origin in origins {
            let mut of_origin: BTreeMap<SourceId, Vec<StoredRow>> = BTreeMap::new();
            let mut tests = vec![Test::is("origin", origin), Test::is("safi", 1)];
            if let Some(prefix) = prefix {
                let (net, net_lo) = split_bits(prefix.family(), prefix.first_bits());
                tests.extend([
                    Test::is("family", i64::from(family_code(prefix.family()))),
                    Test::is("net", net),
                    Test::is("net_lo", net_lo),
                    Test::is("len", i64::from(prefix.len())),
                ]);
            }
            let wanted = |source| needed.contains(&source);
            for batch in &self.scan(view, Table::Routes, Some((origin, origin)), wanted, &tests, &columns)? {
                let columns = Columns(batch);
                let (vantage, family, net) = (columns.small("vantage")?, columns.small("family")?, columns.int("net")?);
                let (net_lo, len, held) = (columns.int("net_lo")?, columns.small("len")?, columns.small("held")?);
                let (source, position) = (columns.int("source")?, columns.int("position")?);
                let near = columns.small("near")?;
                let (via, ends) = (columns.text("via")?, columns.small("ends")?);
                // Rows that follow each other often share vantage and path; then they share the text as well.
                let mut shared: Option<(StoredPath<'_>, Rc<str>)> = None;
                for i in 0..batch.num_rows() {
                    let Some(prefix) = join_prefix(family.value(i), net.value(i), net_lo.value(i), len.value(i)) else {
                        continue;
                    };
                    let stored = (vantage.value(i), ends.value(i), via.value(i));
                    let path = match &shared {
                        Some((of, path)) if *of == stored => Rc::clone(path),
                        _ => Rc::from(stored_path(view, stored, origin)?),
                    };
                    shared = Some((stored, Rc::clone(&path)));
                    of_origin.entry(SourceId(source.value(i))).or_default().push(StoredRow {
                        vantage: vantage.value(i),
                        prefix,
                        held: held.value(i) == 1,
                        path,
                        at: evidence(source.value(i), position.value(i)),
                        near: near.value(i) == 1,
                    });
                }
            }
            self.settle_records(view, &mut of_origin)?;
            for (source, rows) in of_origin {
                out.entry(source).or_default().extend(rows);
            }
        }
        Ok(out)
    }

    pub(super) fn route_history(
        &self,
        view: &View,
        rows: BTreeMap<SourceId, Vec<StoredRow>>,
        prefixes: &BTreeSet<Prefix>,
        window: Window,
    ) -> Result<RouteHistory, Error> {
        let counts = self.catalogue().source_vantages(window)?;
        let states = self.catalogue().states(window)?;
        // What a choice of observations left out is unknown, not absent.
        let selection = self.catalogue().selection()?;
        let severs = selection.as_ref().is_some_and(|selection| selection.severs);
        let rank = |id: SourceId| view.rank(id);

        // Vantages in an order of their own, so that numbers given at ingest do not matter: those that appear in the window.
        let spoke = counts.iter().filter(|(source, _)| view.source(**source).is_some());
        let seen: BTreeSet<i32> = spoke
            .flat_map(|(_, held)| held.iter().map(|(id, ..)| *id))
            .chain(states.iter().filter(|(source, ..)| view.source(*source).is_some()).map(|(_, id, ..)| *id))
            .collect();
        let mut vantages: Vec<Vantage> = seen.iter().filter_map(|id| view.vantages.get(id).cloned()).collect();
        vantages.sort();
        let number: BTreeMap<i32, usize> =
            seen.iter().filter_map(|id| Some((*id, vantages.binary_search(view.vantages.get(id)?).ok()?))).collect();

        let mut dumps: Vec<(SourceId, Dump)> = Vec::new();
        let mut spans: Vec<UpdateSpan> = Vec::new();
        for source in &view.sources.0 {
            let Some(detail) = view.detail(source.id) else { continue };
            let held = counts.get(&source.id).map_or(&[][..], Vec::as_slice);
            if let Some((at, until)) = detail.dump {
                let mut per_vantage: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
                for (id, family, held, _) in held.iter().filter(|(_, _, held, _)| *held > 0) {
                    let Some(index) = number.get(id) else { continue };
                    let slot = per_vantage.entry(*index).or_default();
                    match family {
                        Family::V4 => slot.0 += held,
                        Family::V6 => slot.1 += held,
                    }
                }
                dumps.push((
                    source.id,
                    Dump {
                        source: source.id,
                        collector: source.series.clone(),
                        at,
                        until,
                        complete: detail.complete && selection.is_none(),
                        vantages: per_vantage.into_iter().map(|(v, (v4, v6))| (v, v4, v6)).collect(),
                    },
                ));
            }
            let speakers: BTreeSet<usize> = held
                .iter()
                .filter(|(_, _, _, events)| *events > 0)
                .filter_map(|(id, ..)| number.get(id).copied())
                .collect();
            if let (Some(from), Some(until)) = (source.from, source.until)
                && source.kind == headwater_route::Kind::Mrt
                && (!speakers.is_empty() || detail.dump.is_none())
                && window.touches(from, until)
            {
                spans.push(UpdateSpan {
                    source: source.id,
                    collector: source.series.clone(),
                    from,
                    until,
                    complete: detail.complete && !severs,
                    vantages: speakers.into_iter().collect(),
                });
            }
        }
        dumps.sort_by_key(|(id, d)| (d.at, d.collector.clone(), rank(*id)));
        spans.sort_by_key(|s| (s.from, s.collector.clone(), rank(s.source)));

        let tables: Vec<Dump> =
            dumps.iter().filter(|(_, d)| window.touches(d.at, d.until)).map(|(_, d)| d.clone()).collect();
        let table_index: BTreeMap<SourceId, usize> = tables.iter().enumerate().map(|(i, d)| (d.source, i)).collect();
        let holes = self.catalogue().holes()?;
        let mut runs = Vec::new();
        let collectors: BTreeSet<&str> = dumps.iter().map(|(_, d)| d.collector.as_str()).collect();
        for collector in collectors {
            let chain: Vec<Folded<'_>> = dumps
                .iter()
                .filter(|(_, d)| d.collector == collector)
                .map(|(id, dump)| Folded {
                    source: *id,
                    base: view.detail(*id).and_then(|d| d.base),
                    rows: rows.get(id).map_or(&[][..], Vec::as_slice),
                    table: table_index.get(id).copied(),
                    present: dump
                        .vantages
                        .iter()
                        .flat_map(|(v, v4, v6)| {
                            let has = |n: &u64, family| (*n > 0).then_some((*v, family));
                            [has(v4, Family::V4), has(v6, Family::V6)].into_iter().flatten()
                        })
                        .collect(),
                    holes: holes.get(id).map_or(&[][..], Vec::as_slice),
                })
                .collect();
            fold(&chain, &number, &mut runs);
        }
        let mut runs: Vec<RouteRun> = runs;
        runs.sort_by(|a, b| (a.first, a.vantage, a.prefix, &a.path).cmp(&(b.first, b.vantage, b.prefix, &b.path)));

        let mut events = Vec::new();
        let columns = [
            "family",
            "net",
            "net_lo",
            "len",
            "vantage",
            "at",
            "safi",
            "announced",
            "origin",
            "via",
            "ends",
            "source",
            "position",
        ];
        self.scan_prefixes(view, Table::Updates, prefixes, &columns, |prefix, columns, i| {
            let at = Time(columns.int("at")?.value(i));
            let id = columns.small("vantage")?.value(i);
            if let Some(&vantage) = number.get(&id)
                && columns.small("safi")?.value(i) == 1
                && window.touches(at, at)
            {
                let announced = columns.small("announced")?.value(i) == 1;
                let stored = (id, columns.small("ends")?.value(i), columns.text("via")?.value(i));
                let path = stored_path(view, stored, columns.int("origin")?.value(i))?;
                events.push(RouteEvent {
                    at,
                    vantage,
                    prefix,
                    path: announced.then(|| parse_path(&path)),
                    evidence: evidence(columns.int("source")?.value(i), columns.int("position")?.value(i)),
                });
            }
            Ok(())
        })?;
        events.sort_by_key(|e| (e.at, e.vantage, e.prefix, rank(e.evidence.source), e.evidence.offset));

        let mut states: Vec<StateChange> = states
            .into_iter()
            .filter(|(source, ..)| view.source(*source).is_some())
            .filter_map(|(source, id, at, from, to, offset)| {
                Some(StateChange { at, vantage: *number.get(&id)?, from, to, evidence: Evidence { source, offset } })
            })
            .collect();
        states.sort_by_key(|s| (s.at, s.vantage, rank(s.evidence.source), s.evidence.offset));
        let bursts = self.bursts(view, &number, window)?;
        Ok(RouteHistory { vantages, tables, spans, runs, events, states, bursts })
    }
}

/// Dumps that touch the window, and every dump that one of them builds on.
pub(super) fn needed_dumps(view: &View, window: Window) -> BTreeSet<SourceId> {
    let mut needed = BTreeSet::new();
    for source in &view.sources.0 {
        let Some((at, until)) = view.detail(source.id).and_then(|d| d.dump) else { continue };
        let mut next = window.touches(at, until).then_some(source.id);
        while let Some(id) = next
            && needed.insert(id)
        {
            next = view.detail(id).and_then(|d| d.base);
        }
    }
    needed
}

/// What a row has of its path beside the origin: vantage, `ends`, `via`.
type StoredPath<'a> = (i32, i32, &'a str);

/// The raw text of a stored path.
fn stored_path(view: &View, (vantage, ends, via): StoredPath<'_>, origin: i64) -> Result<String, Error> {
    let known = view.vantages.get(&vantage);
    let own =
        known.ok_or_else(|| Error::Engine(format!("a route of vantage {vantage}, which is not in the catalogue")))?;
    let mut path = String::with_capacity(via.len() + 22);
    restore(via, ends, own.asn.0, origin, &mut path);
    Ok(path)
}

pub(super) fn parse_path(text: &str) -> AsPath {
    // Only the writer fills the column, from checked paths.
    text.parse().unwrap_or_default()
}
