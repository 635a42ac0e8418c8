//! All routes of one family at one time, origin by origin: the dumps nearest to a time, one a collector.
//!
//! What a dump held is put together from its rows and those of the dumps it builds on. That needs the rows of one origin only,
//! and `routes` is sorted by origin: origins are read in stretches of about as many rows each, so that memory does not grow
//! with the table.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use headwater_route::rows::{OriginPaths, PathDump, PathDumps, PathSeen, Vantage};
use headwater_route::{AsPath, Asn, Evidence, Family, Prefix, SourceId, Time, Window};
use rustc_hash::FxHashMap;

use super::evidence;
use super::routes::parse_path;
use crate::routes::via::{STARTS_AT_VANTAGE, restore};
use crate::scan::{Columns, Test};
use crate::table::{Table, family_code, join_prefix};
use crate::view::View;
use crate::{Error, History, SegmentFile};

/// Rows read at once, unless one origin has more.
const STRETCH_ROWS: u64 = 1 << 20;

/// The routes of one family in the dumps nearest to a time.
pub struct Paths<'h> {
    history: &'h History,
    view: Rc<View>,
    /// The dumps and who held routes in them.
    pub dumps: PathDumps,
    /// Every dump needed: place in its chain, 0 for the one without a base; and the number of its collector's chain.
    places: BTreeMap<SourceId, u32>,
    /// Vantages that are there, by the number the catalogue gives them.
    number: FxHashMap<i32, u32>,
    /// Stretches of origins, ends included.
    stretches: Vec<(i64, i64)>,
}

/// A stored row.
#[derive(Clone, Copy)]
struct Row {
    origin: u32,
    vantage: u32,
    prefix: Prefix,
    place: u32,
    held: bool,
    /// Index into the paths of the stretch.
    path: u32,
    at: Evidence,
    /// The offset of `at` is a distance still: see [`super::records`].
    near: bool,
}

impl History {
    /// The routes of a family in the dumps nearest to `at`, or to the newest one; of each collector one that is at most `within`
    /// microseconds away, if it has one.
    pub fn paths_near(&self, at: Option<Time>, within: i64, family: Family) -> Result<Paths<'_>, Error> {
        let view = self.view()?;
        let chosen = nearest(&view, at, within);
        let mut places = BTreeMap::new();
        for (source, _) in &chosen {
            let mut chain = vec![*source];
            while let Some(base) = chain.last().and_then(|id| view.detail(*id)?.base) {
                chain.push(base);
            }
            places.extend(chain.into_iter().rev().zip(0u32..));
        }
        let from = chosen.iter().map(|(_, dump)| dump.at).min();
        let to = chosen.iter().map(|(_, dump)| Time(dump.until.0.saturating_add(1))).max();
        let counts = self.catalogue().source_vantages(Window { from, to })?;
        let mut present: BTreeMap<Vantage, (i32, u64)> = BTreeMap::new();
        for (source, _) in &chosen {
            for (id, of, held, _) in counts.get(source).into_iter().flatten() {
                if let (true, Some(vantage)) = (*of == family && *held > 0, view.vantages.get(id)) {
                    present.insert(vantage.clone(), (*id, *held));
                }
            }
        }
        let whole = self.catalogue().selection()?.is_none();
        let number = present.values().zip(0u32..).map(|((id, _), at)| (*id, at)).collect();
        let dumps = PathDumps {
            family,
            dumps: chosen.into_iter().map(|(_, d)| PathDump { complete: d.complete && whole, ..d }).collect(),
            vantages: present.into_iter().map(|(vantage, (_, held))| (vantage, held)).collect(),
        };
        let files: Vec<&SegmentFile> =
            view.segments(Table::Routes).iter().filter(|file| places.contains_key(&file.source)).collect();
        let stretches = stretches(self.scanner.groups(&files, "origin")?);
        Ok(Paths { history: self, view, dumps, places, number, stretches })
    }
}

/// Of each collector the dump nearest to a time, sorted by (at, collector).
fn nearest(view: &View, at: Option<Time>, within: i64) -> Vec<(SourceId, PathDump)> {
    let sources = || {
        view.sources.0.iter().filter_map(|source| {
            let detail = view.detail(source.id)?;
            Some((source, detail.dump?, detail.complete))
        })
    };
    let Some(at) = at.or_else(|| sources().map(|(_, (at, _), _)| at).max()) else { return Vec::new() };
    let mut of_collector: BTreeMap<&str, (i64, Time, usize, SourceId, PathDump)> = BTreeMap::new();
    for (source, (first, until), complete) in sources() {
        let away = at.0.saturating_sub(first.0).saturating_abs();
        let key = (away, first, view.rank(source.id));
        let better = of_collector.get(source.series.as_str()).is_none_or(|(a, b, c, ..)| key < (*a, *b, *c));
        if away <= within && better {
            let collector = source.series.clone();
            let dump = PathDump { source: source.id, collector, at: first, until, complete };
            of_collector.insert(&source.series, (key.0, key.1, key.2, source.id, dump));
        }
    }
    let mut chosen: Vec<(SourceId, PathDump)> = of_collector.into_values().map(|(.., id, dump)| (id, dump)).collect();
    chosen.sort_by(|(_, a), (_, b)| (a.at, &a.collector).cmp(&(b.at, &b.collector)));
    chosen
}

/// Cuts the origins of row groups, told as (least, greatest, rows), into stretches.
fn stretches(mut groups: Vec<(i64, i64, u64)>) -> Vec<(i64, i64)> {
    groups.sort_unstable_by_key(|(_, greatest, _)| *greatest);
    let mut cut = Vec::new();
    // Paths without an origin, stored under -1, are of no use here.
    let (mut from, mut rows) = (0, 0);
    let last = groups.last().map_or(-1, |(_, greatest, _)| *greatest);
    for (_, greatest, more) in groups {
        rows += more;
        if greatest >= from && (rows >= STRETCH_ROWS || greatest == last) {
            cut.push((from, greatest));
            (from, rows) = (greatest + 1, 0);
        }
    }
    cut
}

impl Paths<'_> {
    /// Goes through the paths to all origins, in the order of their numbers.
    pub fn each(&self, see: &mut dyn FnMut(&OriginPaths)) -> Result<(), Error> {
        self.stretches.iter().try_for_each(|stretch| self.stretch(*stretch, see))
    }

    /// The paths to one origin; `None` if there are none.
    pub fn of(&self, origin: Asn) -> Result<Option<OriginPaths>, Error> {
        let mut found = None;
        self.stretch((i64::from(origin.0), i64::from(origin.0)), &mut |group| found = Some(group.clone()))?;
        Ok(found)
    }

    fn stretch(&self, (low, high): (i64, i64), see: &mut dyn FnMut(&OriginPaths)) -> Result<(), Error> {
        let tests = [
            Test::within("origin", vec![(low, high)]),
            Test::is("safi", 1),
            Test::is("family", i64::from(family_code(self.dumps.family))),
        ];
        let wanted = |source| self.places.contains_key(&source);
        let columns = [
            "origin", "vantage", "family", "net", "net_lo", "len", "held", "via", "ends", "source", "near", "position",
        ];
        let batches = self.history.scan(&self.view, Table::Routes, Some((low, high)), wanted, &tests, &columns)?;
        let mut texts = Texts::default();
        let mut rows: Vec<Row> = Vec::new();
        let mut absent: Vec<(Record, u64)> = Vec::new();
        for batch in &batches {
            let columns = Columns(batch);
            let (origin, vantage) = (columns.int("origin")?, columns.small("vantage")?);
            let (family, net, net_lo) = (columns.small("family")?, columns.int("net")?, columns.int("net_lo")?);
            let (len, held, via) = (columns.small("len")?, columns.small("held")?, columns.text("via")?);
            let (ends, source) = (columns.small("ends")?, columns.int("source")?);
            let (near, position) = (columns.small("near")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                let prefix = join_prefix(family.value(i), net.value(i), net_lo.value(i), len.value(i));
                let at = evidence(source.value(i), position.value(i));
                let (Some(prefix), Ok(of)) = (prefix, u32::try_from(origin.value(i))) else { continue };
                // Who is absent from the dump holds nothing, whatever earlier rows say; their records may tell where others lie.
                let Some(&number) = self.number.get(&vantage.value(i)) else {
                    if near.value(i) == 0 {
                        absent.push(((at.source, of, prefix), at.offset));
                    }
                    continue;
                };
                let own = self.dumps.vantages[number as usize].0.asn.0;
                let held = held.value(i) == 1;
                rows.push(Row {
                    origin: of,
                    vantage: number,
                    prefix,
                    place: self.places.get(&at.source).copied().unwrap_or(0),
                    held,
                    path: if held { texts.place(via.value(i), ends.value(i), own, of) } else { 0 },
                    at,
                    near: near.value(i) == 1,
                });
            }
        }
        let paths: Vec<AsPath> = texts.paths();
        drop(batches);
        self.settle(&mut rows, &absent)?;
        // Of one vantage and prefix the last dump of the chain that speaks of it counts.
        rows.sort_unstable_by_key(|r| {
            (
                r.origin,
                r.vantage,
                r.prefix,
                std::cmp::Reverse(r.place),
                r.path,
                self.view.rank(r.at.source),
                r.at.offset,
            )
        });
        for group in rows.chunk_by(|a, b| a.origin == b.origin) {
            let group = origin_paths(group, &paths);
            if !group.paths.is_empty() {
                see(&group);
            }
        }
        Ok(())
    }
}

/// Source, origin and prefix of a record.
type Record = (SourceId, u32, Prefix);

impl Paths<'_> {
    /// Turns distances into offsets, as `settle_records` does for the rows of one origin.
    fn settle(&self, rows: &mut [Row], absent: &[(Record, u64)]) -> Result<(), Error> {
        let told: BTreeSet<SourceId> = rows.iter().filter(|row| row.near).map(|row| row.at.source).collect();
        let roots: BTreeMap<SourceId, SourceId> =
            told.iter().map(|source| (*source, self.view.root(*source))).collect();
        let key = |root: SourceId, row: &Row| (root, row.origin, row.prefix);
        let mut records: FxHashMap<Record, u64> = FxHashMap::default();
        for row in rows.iter().filter(|row| row.near) {
            records.insert(key(roots[&row.at.source], row), u64::MAX);
        }
        let held = rows.iter().filter(|row| !row.near).map(|row| (key(row.at.source, row), row.at.offset));
        for (of, offset) in held.chain(absent.iter().copied()) {
            if let Some(record) = records.get_mut(&of) {
                *record = offset.min(*record);
            }
        }
        for (source, root) in roots {
            let shifts = self.history.catalogue().shifts(source)?;
            for row in rows.iter_mut().filter(|row| row.near && row.at.source == source) {
                let record = records.get(&key(root, row)).filter(|record| **record != u64::MAX).ok_or_else(|| {
                    Error::Engine(format!("a change to {}, which the dump at the root does not hold", row.prefix))
                })?;
                row.at.offset = shifts.expected(*record).wrapping_add(row.at.offset);
            }
        }
        Ok(())
    }
}

/// Puts together what is held from one origin; the rows come sorted.
fn origin_paths(rows: &[Row], paths: &[AsPath]) -> OriginPaths {
    let of_key = rows.chunk_by(|a, b| (a.vantage, a.prefix) == (b.vantage, b.prefix));
    let held: Vec<&Row> =
        of_key.flat_map(|key| key.iter().take_while(|row| row.place == key[0].place).filter(|row| row.held)).collect();
    let prefixes: Vec<Prefix> = held.iter().map(|row| row.prefix).collect::<BTreeSet<_>>().into_iter().collect();
    let mut place_of: FxHashMap<(u32, u32), usize> = FxHashMap::default();
    let mut seen: Vec<PathSeen> = Vec::new();
    for row in &held {
        let at = prefixes.binary_search(&row.prefix).unwrap_or_default() as u32;
        let place = *place_of.entry((row.vantage, row.path)).or_insert_with(|| {
            let path = paths[row.path as usize].clone();
            seen.push(PathSeen { vantage: row.vantage as usize, path, prefixes: Vec::new(), evidence: row.at });
            seen.len() - 1
        });
        // Rows come by prefix: the same once more is a second row of the same route.
        let known = &mut seen[place].prefixes;
        if known.last() != Some(&at) {
            known.push(at);
        }
    }
    seen.sort_by(|a, b| (a.vantage, &a.path).cmp(&(b.vantage, &b.path)));
    OriginPaths { origin: Asn(rows[0].origin), prefixes, paths: seen }
}

/// Distinct paths of a stretch.
#[derive(Default)]
struct Texts<'a> {
    place_of: FxHashMap<(&'a str, i32, u32, u32), u32>,
    texts: FxHashMap<String, u32>,
    scratch: String,
}

impl<'a> Texts<'a> {
    /// The place of a stored path. `own` matters only where the path begins with it.
    fn place(&mut self, via: &'a str, ends: i32, own: u32, origin: u32) -> u32 {
        let own = if ends & STARTS_AT_VANTAGE == 0 { 0 } else { own };
        if let Some(place) = self.place_of.get(&(via, ends, own, origin)) {
            return *place;
        }
        self.scratch.clear();
        restore(via, ends, own, i64::from(origin), &mut self.scratch);
        let next = self.texts.len() as u32;
        let place = match self.texts.get(&self.scratch) {
            Some(place) => *place,
            None => {
                self.texts.insert(self.scratch.clone(), next);
                next
            }
        };
        self.place_of.insert((via, ends, own, origin), place);
        place
    }

    /// The paths, by place.
    fn paths(self) -> Vec<AsPath> {
        let mut texts: Vec<(u32, String)> = self.texts.into_iter().map(|(text, place)| (place, text)).collect();
        texts.sort_unstable();
        texts.iter().map(|(_, text)| parse_path(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_cut_where_enough_rows_lie_below() {
        assert_eq!(stretches(Vec::new()), []);
        assert_eq!(stretches(vec![(-1, -1, 9)]), []);
        let half = STRETCH_ROWS / 2;
        // Groups of two segments that overlap; one origin fills groups alone.
        let groups = vec![(-1, 10, half), (3, 12, half), (11, 30, half), (12, 12, half), (12, 12, half), (31, 40, 1)];
        assert_eq!(stretches(groups), [(0, 12), (13, 30), (31, 40)]);
    }
}
