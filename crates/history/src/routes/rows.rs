//! Rows of `routes` in memory, and their way into a sorted segment.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use headwater_route::{Prefix, SourceId};

use super::paths::{PathColumns, Paths};
use super::shifts::Shifts;
use crate::Error;
use crate::dump_state::{Held, NO_ROOT};
use crate::segment::{Finished, SegmentWriter};
use crate::table::{Table, family_code, split_bits};

/// Rows a segment is sorted and written at. A question reads something of every segment of a dump, so they should be few. With
/// the two limits below it bounds the memory of an ingest.
const SEGMENT_ROWS: usize = 8 << 20;
/// Records a segment is written at.
const SEGMENT_PLACES: usize = 4 << 20;
/// Bytes of distinct paths a segment is written at.
const PATH_BYTES: usize = 256 << 20;
/// Rows handed to the Parquet writer at once.
const BATCH_ROWS: usize = 32 * 1024;

/// How many origins of a prefix are looked through before one is noted again; what is noted twice is dropped on writing.
const INDEX_REACH: usize = 16;

/// `path` of a row that says a route is gone.
const GONE: u32 = u32::MAX;

/// One row: 16 bytes, so that a segment's worth stays small.
#[derive(Clone, Copy)]
struct Row {
    /// From the top: origin plus one, vantage, whether [`NEAR`], whether multicast, marks. The first two are the sort key.
    key: u64,
    /// Index into `places`.
    place: u32,
    path: u32,
}

const VANTAGE_BITS: u32 = 24;
/// Bits of `key` below the vantage: [`NEAR`], [`MULTICAST`], and the marks below them.
const LOW_BITS: u32 = 6;
/// The record is told by the root's.
const NEAR: u64 = 1 << (LOW_BITS - 1);
const MULTICAST: u64 = 1 << (LOW_BITS - 2);
/// Vantage numbers must fit their bits of the sort key.
pub(crate) const MAX_VANTAGE: i32 = (1 << VANTAGE_BITS) - 1;

impl Row {
    /// `low` are [`NEAR`] and [`MULTICAST`], where they hold.
    fn new(origin: i64, vantage: i32, low: u64, marks: i32, place: u32, path: u32) -> Row {
        let by = ((origin + 1) as u64) << VANTAGE_BITS | vantage as u64;
        Row { key: by << LOW_BITS | low | marks as u64 & (MULTICAST - 1), place, path }
    }

    fn origin(&self) -> i64 {
        (self.key >> (VANTAGE_BITS + LOW_BITS)) as i64 - 1
    }

    /// Origin and vantage.
    fn sort_key(&self) -> u64 {
        self.key >> LOW_BITS
    }

    fn vantage(&self) -> i32 {
        (self.sort_key() & MAX_VANTAGE as u64) as i32
    }

    fn safi(&self) -> i32 {
        if self.key & MULTICAST == 0 { 1 } else { 2 }
    }

    fn is_near(&self) -> bool {
        self.key & NEAR != 0
    }

    fn marks(&self) -> i32 {
        (self.key & (MULTICAST - 1)) as i32
    }
}

/// What the entries of a record share.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Place {
    pub prefix: Prefix,
    /// Of the record.
    pub offset: u64,
    /// Of the record of the prefix in the root that the dump comes back to, or [`NO_ROOT`].
    pub root: u64,
}

/// Rows waiting for their segment.
#[derive(Default)]
pub(crate) struct RouteRows {
    rows: Vec<Row>,
    places: Vec<Place>,
    /// (index into `places`, origin) for the prefix index, once a place.
    pairs: Vec<(u32, i64)>,
    pub paths: Paths,
    /// The rows are changes against an earlier dump. A whole dump has the same prefixes from every vantage: vantage by vantage
    /// they repeat, and so compress best. Changes are few and concern a prefix from several vantages: prefix by prefix they do.
    pub are_changes: bool,
    /// Of the segments written so far.
    pub shifts: Shifts,
}

impl RouteRows {
    /// Notes where the rows that follow stand.
    pub fn place(&mut self, mut place: Place) {
        // What the segments before have settled stays as it is.
        if self.shifts.last().is_some_and(|settled| place.root <= settled) {
            place.root = NO_ROOT;
        }
        if self.places.last() != Some(&place) {
            self.places.push(place);
        }
    }

    /// A route held as of the dump, at the last [`RouteRows::place`].
    pub fn held(&mut self, held: Held, path: u32, marks: i32, multicast: bool) {
        let low = self.near(held.rooted) | if multicast { MULTICAST } else { 0 };
        self.push(held.origin, held.vantage, low, marks, path);
    }

    /// Notes in the prefix index that the prefix of the last [`RouteRows::place`] has routes from the origin.
    pub fn index(&mut self, origin: i64) {
        let place = (self.places.len() - 1) as u32;
        let here = self.pairs.iter().rev().take_while(|(at, _)| *at == place);
        if here.take(INDEX_REACH).all(|(_, known)| *known != origin) {
            self.pairs.push((place, origin));
        }
    }

    /// A route no longer held, at the last [`RouteRows::place`]. `rooted` as in [`Held`].
    pub fn gone(&mut self, origin: i64, vantage: i32, rooted: bool) {
        self.push(origin, vantage, self.near(rooted), 0, GONE);
    }

    fn near(&self, rooted: bool) -> u64 {
        if rooted && self.places.last().is_some_and(|place| place.root != NO_ROOT) { NEAR } else { 0 }
    }

    fn push(&mut self, origin: i64, vantage: i32, low: u64, marks: i32, path: u32) {
        let place = (self.places.len() - 1) as u32;
        self.rows.push(Row::new(origin, vantage, low, marks, place, path));
    }

    /// True if the rows should be written before more are added.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= SEGMENT_ROWS || self.paths.size() >= PATH_BYTES || self.places.len() >= SEGMENT_PLACES
    }

    /// True if there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the rows as a `routes` segment and its `prefix_origins` index, and empties the buffer. `networks` are those of
    /// the vantages, by number.
    pub fn write(
        &mut self,
        source: SourceId,
        networks: &[u32],
        routes: &Path,
        index: &Path,
    ) -> Result<Vec<Finished>, Error> {
        let RouteRows { rows, places, pairs, paths, are_changes, shifts } = self;
        // Rows came in prefix order but for late ones; put right the runs that hold such.
        let prefix = |row: &Row| places[row.place as usize].prefix;
        if *are_changes {
            sort_rows(rows, |row| row.sort_key() >> VANTAGE_BITS);
            for run in rows.chunk_by_mut(|a, b| a.origin() == b.origin()) {
                if !run.is_sorted_by_key(|row| (prefix(row), row.sort_key())) {
                    run.sort_by_key(|row| (prefix(row), row.sort_key()));
                }
            }
        } else {
            sort_rows(rows, Row::sort_key);
            for run in rows.chunk_by_mut(|a, b| a.sort_key() == b.sort_key()) {
                if !run.is_sorted_by_key(prefix) {
                    run.sort_by_key(prefix);
                }
            }
        }

        let mut records: Vec<(u64, u64)> =
            places.iter().filter(|place| place.root != NO_ROOT).map(|place| (place.root, place.offset)).collect();
        records.sort_unstable();
        shifts.extend(&records);

        let mut writer = if *are_changes {
            SegmentWriter::of_changes(routes, rows.len())?
        } else {
            SegmentWriter::create(Table::Routes, routes, rows.len())?
        };
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(paths.fit(rest.iter().map(|r| r.path).take(BATCH_ROWS)));
            writer.write(&batch(chunk, places, shifts, paths, networks, source)?)?;
            rest = after;
        }
        let mut written = vec![writer.finish()?];

        let mut pairs: Vec<(Prefix, i64)> =
            pairs.drain(..).map(|(place, origin)| (places[place as usize].prefix, origin)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        if !pairs.is_empty() {
            let mut writer = SegmentWriter::create(Table::PrefixOrigins, index, pairs.len())?;
            for chunk in pairs.chunks(BATCH_ROWS) {
                let mut columns = prefix_columns(chunk.iter().map(|(prefix, _)| *prefix));
                columns.push(Arc::new(chunk.iter().map(|(_, origin)| *origin).collect::<Int64Array>()));
                columns.push(Arc::new(Int64Array::from_value(source.0, chunk.len())));
                writer.write(&RecordBatch::try_new(Table::PrefixOrigins.schema(), columns)?)?;
            }
            written.push(writer.finish()?);
        }

        rows.clear();
        places.clear();
        pairs.clear();
        paths.clear();
        Ok(written)
    }
}

/// The columns `family`, `net`, `net_lo`, `len`.
pub(crate) fn prefix_columns(prefixes: impl Iterator<Item = Prefix> + Clone) -> Vec<ArrayRef> {
    let nets = prefixes.clone().map(|p| split_bits(p.family(), p.first_bits()));
    vec![
        Arc::new(prefixes.clone().map(|p| family_code(p.family())).collect::<Int32Array>()),
        Arc::new(nets.clone().map(|(net, _)| net).collect::<Int64Array>()),
        Arc::new(nets.map(|(_, low)| low).collect::<Int64Array>()),
        Arc::new(prefixes.map(|p| i32::from(p.len())).collect::<Int32Array>()),
    ]
}

fn batch(
    rows: &[Row],
    places: &[Place],
    shifts: &Shifts,
    paths: &Paths,
    networks: &[u32],
    source: SourceId,
) -> Result<RecordBatch, Error> {
    // Places lie scattered in memory: each is fetched once, not once a column.
    let here: Vec<Place> = rows.iter().map(|row| places[row.place as usize]).collect();
    let mut path_columns = PathColumns::new(paths, rows.len());
    for row in rows {
        if row.path == GONE {
            path_columns.push_none();
        } else {
            path_columns.push(row.path, network_of(networks, row.vantage()), row.origin());
        }
    }
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(Row::origin).collect::<Int64Array>()),
        Arc::new(rows.iter().map(Row::vantage).collect::<Int32Array>()),
    ];
    columns.extend(prefix_columns(here.iter().map(|place| place.prefix)));
    columns.push(Arc::new(rows.iter().map(Row::safi).collect::<Int32Array>()));
    columns.push(Arc::new(rows.iter().map(|r| i32::from(r.path != GONE)).collect::<Int32Array>()));
    columns.extend(path_columns.finish());
    columns.push(Arc::new(rows.iter().map(Row::marks).collect::<Int32Array>()));
    columns.push(Arc::new(Int64Array::from_value(source.0, rows.len())));
    columns.push(Arc::new(rows.iter().map(|r| i32::from(r.is_near())).collect::<Int32Array>()));
    let position = |(row, place): (&Row, &Place)| match row.is_near() {
        true => place.offset.wrapping_sub(shifts.expected(place.root)) as i64,
        false => place.offset as i64,
    };
    columns.push(Arc::new(rows.iter().zip(&here).map(position).collect::<Int64Array>()));
    Ok(RecordBatch::try_new(Table::Routes.schema(), columns)?)
}

/// The network of a vantage, from the list by number; 0, which is nobody's, where it is not listed.
pub(crate) fn network_of(networks: &[u32], vantage: i32) -> u32 {
    networks.get(vantage as usize).copied().unwrap_or(0)
}

/// Stable sort by key, least significant digit first; digits that are equal in all rows are skipped.
fn sort_rows(rows: &mut Vec<Row>, key: impl Fn(&Row) -> u64) {
    const BITS: u32 = 11;
    const RADIX: usize = 1 << BITS;
    const DIGITS: usize = u64::BITS.div_ceil(BITS) as usize;
    if rows.len() < 4096 {
        rows.sort_by_key(key);
        return;
    }
    let digit = |key: u64, n: usize| (key >> (n as u32 * BITS)) as usize & (RADIX - 1);
    let mut counts = vec![[0usize; RADIX]; DIGITS];
    for row in rows.iter() {
        let key = key(row);
        for (n, counts) in counts.iter_mut().enumerate() {
            counts[digit(key, n)] += 1;
        }
    }
    let mut other = Vec::new();
    for (n, starts) in counts.iter_mut().enumerate() {
        if starts.contains(&rows.len()) {
            continue;
        }
        let mut sum = 0;
        for start in starts.iter_mut() {
            sum += std::mem::replace(start, sum);
        }
        other.resize(rows.len(), rows[0]);
        for row in rows.iter() {
            let at = &mut starts[digit(key(row), n)];
            other[*at] = *row;
            *at += 1;
        }
        std::mem::swap(rows, &mut other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_what_it_is_made_of() {
        for (origin, vantage, low, marks) in [
            (-1, 0, NEAR, 0),
            (4_294_967_295, MAX_VANTAGE, NEAR | MULTICAST, 15),
            (64500, 3, 0, 9),
            (0, 1, MULTICAST, 0),
        ] {
            let row = Row::new(origin, vantage, low, marks, 7, 8);
            assert_eq!((row.origin(), row.vantage(), row.marks()), (origin, vantage, marks));
            assert_eq!((row.safi(), row.is_near()), (if low & MULTICAST == 0 { 1 } else { 2 }, low & NEAR != 0));
            assert_eq!((row.place, row.path), (7, 8));
        }
    }

    #[test]
    fn radix_sort_is_a_stable_sort() {
        let mut seed = 7u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 33
        };
        let mut rows: Vec<Row> = (0..10_000)
            .map(|i| {
                let key = ((next() % 50) << 24) | (next() % 3) | ((next() % 2) << 50);
                Row { key: key << LOW_BITS, place: i, path: 0 }
            })
            .collect();
        let mut expected = rows.clone();
        expected.sort_by_key(Row::sort_key);
        sort_rows(&mut rows, Row::sort_key);
        let shape = |rows: &[Row]| rows.iter().map(|r| (r.key, r.place)).collect::<Vec<_>>();
        assert_eq!(shape(&rows), shape(&expected));
    }
}
