//! The rows of one table that a question of ours needs, read straight from the segments.
//!
//! A question names ranges for some columns ([`Test`]). The catalogue leaves out segments by the leading sort column, the
//! footer leaves out row groups, and what is left is tested row by row before the other columns are decoded. Groups are
//! small, so the page index is left unread: it would cost more bytes than it saves. The user's own SQL goes through [`crate::engine`] instead.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use rustc_hash::FxHashMap;

use crate::Error;
use crate::catalogue::SegmentFile;
use crate::footer;

/// Rows decoded at once.
const BATCH_ROWS: usize = 8 * 1024;
/// Decoded footers kept for the next question.
const FOOTER_BYTES: usize = 64 << 20;
/// Threads that read segments.
const MAX_THREADS: usize = 8;

/// What questions have read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScanStats {
    /// Segment files that may hold rows asked for, by the catalogue.
    pub segments: u64,
    /// Bytes of those files.
    pub segment_bytes: u64,
    /// Bytes read from them.
    pub bytes_read: u64,
    /// Rows they gave.
    pub rows: u64,
}

/// A condition: the column's value lies in one of the ranges, ends included. Null never does.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    column: &'static str,
    ranges: Vec<(i64, i64)>,
}

impl Test {
    /// The column has this value.
    pub fn is(column: &'static str, value: i64) -> Test {
        Test { column, ranges: vec![(value, value)] }
    }

    /// The column has one of these values.
    pub fn one_of(column: &'static str, values: impl IntoIterator<Item = i64>) -> Test {
        Test::within(column, values.into_iter().map(|v| (v, v)).collect())
    }

    /// The column lies in one of these ranges, which do not overlap.
    pub fn within(column: &'static str, mut ranges: Vec<(i64, i64)>) -> Test {
        ranges.sort_unstable();
        ranges.dedup();
        Test { column, ranges }
    }

    fn holds(&self, value: i64) -> bool {
        // Ranges do not overlap, so the last that starts at or before the value decides.
        let after = self.ranges.partition_point(|(low, _)| *low <= value);
        after > 0 && value <= self.ranges[after - 1].1
    }

    /// True if a value between `low` and `high` may hold.
    fn may_hold(&self, low: i64, high: i64) -> bool {
        let after = self.ranges.partition_point(|(start, _)| *start <= high);
        after > 0 && self.ranges[after - 1].1 >= low
    }
}

/// Reads segments; keeps footers and counts.
pub(crate) struct Scanner {
    dir: PathBuf,
    stats: Cell<ScanStats>,
    footers: RefCell<Footers>,
}

#[derive(Default)]
struct Footers {
    known: FxHashMap<String, ArrowReaderMetadata>,
    bytes: usize,
}

impl Scanner {
    pub fn new(dir: &Path) -> Scanner {
        Scanner { dir: dir.to_owned(), stats: Cell::default(), footers: RefCell::default() }
    }

    pub fn stats(&self) -> ScanStats {
        self.stats.get()
    }

    /// The rows of `files` that meet every test, in no stated order.
    pub fn scan(&self, files: &[&SegmentFile], tests: &[Test], columns: &[&str]) -> Result<Vec<RecordBatch>, Error> {
        let known: Vec<Option<ArrowReaderMetadata>> = {
            let footers = self.footers.borrow();
            files.iter().map(|f| footers.known.get(&f.file).cloned()).collect()
        };
        let read = AtomicU64::new(0);
        let next = AtomicUsize::new(0);
        let dir = &self.dir;
        let work = || -> Result<Vec<(usize, Scanned)>, Error> {
            let mut found = Vec::new();
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(file) = files.get(i) else { return Ok(found) };
                let path = dir.join(&file.file);
                found.push((i, scan_segment(&path, file.bytes, known[i].clone(), tests, columns, &read)?));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(MAX_THREADS).min(files.len());
        let mut found = if threads < 2 {
            work()?
        } else {
            std::thread::scope(|scope| {
                let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                let mut all = Vec::new();
                for thread in started {
                    match thread.join() {
                        Ok(found) => all.extend(found?),
                        Err(panic) => std::panic::resume_unwind(panic),
                    }
                }
                Ok::<_, Error>(all)
            })?
        };
        found.sort_by_key(|(i, _)| *i);

        let mut footers = self.footers.borrow_mut();
        let mut out = Vec::new();
        for (i, scanned) in found {
            out.extend(scanned.batches);
            if known[i].is_none() {
                footers.bytes += scanned.footer.metadata().memory_size();
                if footers.bytes > FOOTER_BYTES {
                    *footers = Footers { bytes: scanned.footer.metadata().memory_size(), ..Footers::default() };
                }
                footers.known.insert(files[i].file.clone(), scanned.footer);
            }
        }
        let mut stats = self.stats.get();
        stats.segments += files.len() as u64;
        stats.segment_bytes += files.iter().map(|f| f.bytes).sum::<u64>();
        stats.bytes_read += read.into_inner();
        stats.rows += out.iter().map(|b| b.num_rows() as u64).sum::<u64>();
        self.stats.set(stats);
        Ok(out)
    }
}

impl Scanner {
    /// Least and greatest value of an integer column in each row group of `files`, and its rows; only footers are read.
    pub fn groups(&self, files: &[&SegmentFile], column: &str) -> Result<Vec<(i64, i64, u64)>, Error> {
        let mut out = Vec::new();
        let mut read = 0;
        for file in files {
            let path = self.dir.join(&file.file);
            let known = self.footers.borrow().known.get(&file.file).cloned();
            let counted = open_segment(&path, file.bytes)?;
            let groups = AssertUnwindSafe(|| groups_of(&counted, known, column));
            let found = catch_unwind(groups).unwrap_or_else(|_| Err(ParquetError::General("it is damaged".to_owned())));
            out.extend(found.map_err(|e| Error::parquet(&path, e))?);
            read += counted.0.read.load(Ordering::Relaxed);
        }
        let stats = self.stats.get();
        self.stats.set(ScanStats { bytes_read: stats.bytes_read + read, ..stats });
        Ok(out)
    }
}

fn groups_of(
    file: &Counted,
    footer: Option<ArrowReaderMetadata>,
    column: &str,
) -> Result<Vec<(i64, i64, u64)>, ParquetError> {
    let footer = match footer {
        Some(footer) => footer,
        None => footer::load(file)?,
    };
    let at = footer.schema().index_of(column).map_err(|e| ParquetError::General(e.to_string()))?;
    let group = |group: &RowGroupMetaData| {
        let (low, high) = match group.columns().get(at).and_then(|column| column.statistics()) {
            Some(Statistics::Int64(s)) => (s.min_opt().copied(), s.max_opt().copied()),
            _ => (None, None),
        };
        // Without statistics the group may hold anything.
        (low.unwrap_or(i64::MIN), high.unwrap_or(i64::from(u32::MAX)), group.num_rows().max(0) as u64)
    };
    Ok(footer.metadata().row_groups().iter().map(group).collect())
}

struct Scanned {
    batches: Vec<RecordBatch>,
    footer: ArrowReaderMetadata,
}

/// Opens a segment that has as many bytes as the catalogue states.
fn open_segment(path: &Path, bytes: u64) -> Result<Counted, Error> {
    let file = File::open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::Segment(path.to_owned(), "it is not there".to_owned()),
        _ => Error::io(path, e),
    })?;
    let len = file.metadata().map_err(|e| Error::io(path, e))?.len();
    if len != bytes {
        let text = format!("it has {len} bytes instead of the {bytes} that the catalogue states");
        return Err(Error::Segment(path.to_owned(), text));
    }
    Ok(Counted(Arc::new(CountedFile { file, len, read: AtomicU64::new(0) })))
}

fn scan_segment(
    path: &Path,
    bytes: u64,
    footer: Option<ArrowReaderMetadata>,
    tests: &[Test],
    columns: &[&str],
    read: &AtomicU64,
) -> Result<Scanned, Error> {
    let file = open_segment(path, bytes)?;
    let outcome = scan_guarded(&file, footer, tests, columns).map_err(|e| Error::parquet(path, e));
    read.fetch_add(file.0.read.load(Ordering::Relaxed), Ordering::Relaxed);
    outcome
}

/// The rows of a segment in memory: see [`Scanner::scan`].
pub(crate) fn scan_bytes(bytes: &Bytes, tests: &[Test], columns: &[&str]) -> Result<Vec<RecordBatch>, ParquetError> {
    scan_guarded(bytes, None, tests, columns).map(|scanned| scanned.batches)
}

/// As [`scan_open`]. The reader of Parquet panics on some damaged files, which are refused here as others are.
fn scan_guarded<F: ChunkReader + Clone + 'static>(
    file: &F,
    footer: Option<ArrowReaderMetadata>,
    tests: &[Test],
    columns: &[&str],
) -> Result<Scanned, ParquetError> {
    // Nothing outlives a panic but the file and its count of bytes.
    let scan = AssertUnwindSafe(|| scan_open(file, footer, tests, columns));
    catch_unwind(scan).unwrap_or_else(|_| Err(ParquetError::General("it is damaged".to_owned())))
}

fn scan_open<F: ChunkReader + Clone + 'static>(
    file: &F,
    footer: Option<ArrowReaderMetadata>,
    tests: &[Test],
    columns: &[&str],
) -> Result<Scanned, ParquetError> {
    let footer = match footer {
        Some(footer) => footer,
        None => footer::load(file)?,
    };
    // A column is found by its place among the fields, which is that of its values only where nothing is nested.
    if footer.parquet_schema().num_columns() != footer.schema().fields().len() {
        return Err(ParquetError::General("it has nested columns".to_owned()));
    }
    let at = |name: &str| footer.schema().index_of(name).map_err(|e| ParquetError::General(e.to_string()));
    let tested = tests.iter().map(|t| at(t.column)).collect::<Result<Vec<usize>, _>>()?;
    let wanted = columns.iter().map(|name| at(name)).collect::<Result<Vec<usize>, _>>()?;
    let groups = row_groups(footer.metadata(), tests, &tested);
    if groups.is_empty() {
        return Ok(Scanned { batches: Vec::new(), footer });
    }
    let mut batches = Vec::new();
    for group in groups {
        let schema = footer.parquet_schema();
        let mask = ProjectionMask::leaves(schema, tested.iter().copied());
        let conditions = tests.to_vec();
        let predicate = ArrowPredicateFn::new(mask, move |batch| Ok(meets(&batch, &conditions)));
        let filter = RowFilter::new(vec![Box::new(predicate)]);
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), footer.clone())
            .with_row_groups(vec![group])
            .with_batch_size(BATCH_ROWS)
            .with_projection(ProjectionMask::leaves(schema, wanted.iter().copied()));
        if !tests.is_empty() {
            builder = builder.with_row_filter(filter);
        }
        for batch in builder.build()? {
            let batch = batch?;
            if batch.num_rows() > 0 {
                batches.push(batch);
            }
        }
    }
    Ok(Scanned { batches, footer })
}

/// Row groups whose statistics do not rule them out.
fn row_groups(footer: &ParquetMetaData, tests: &[Test], tested: &[usize]) -> Vec<usize> {
    let may_hold = |group: usize, test: &Test, column: usize| match footer.row_group(group).column(column).statistics()
    {
        Some(Statistics::Int64(s)) => bounds(s.min_opt().copied(), s.max_opt().copied(), test),
        Some(Statistics::Int32(s)) => {
            bounds(s.min_opt().map(|v| i64::from(*v)), s.max_opt().map(|v| i64::from(*v)), test)
        }
        _ => true,
    };
    (0..footer.num_row_groups())
        .filter(|group| tests.iter().zip(tested).all(|(test, column)| may_hold(*group, test, *column)))
        .collect()
}

fn bounds(low: Option<i64>, high: Option<i64>, test: &Test) -> bool {
    low.zip(high).is_none_or(|(low, high)| test.may_hold(low, high))
}

fn meets(batch: &RecordBatch, tests: &[Test]) -> BooleanArray {
    let mut keep = vec![true; batch.num_rows()];
    for test in tests {
        let Some(column) = batch.column_by_name(test.column) else { continue };
        // A sorted column repeats its values: what was found for the last one serves.
        let mut last: Option<(i64, bool)> = None;
        let mut each = |at: usize, value: i64| {
            let (_, holds) = *last.insert(match last {
                Some((of, holds)) if of == value => (of, holds),
                _ => (value, test.holds(value)),
            });
            keep[at] = keep[at] && holds && column.is_valid(at);
        };
        if let Some(wide) = column.as_primitive_opt::<Int64Type>() {
            wide.values().iter().enumerate().for_each(|(at, v)| each(at, *v));
        } else if let Some(narrow) = column.as_primitive_opt::<Int32Type>() {
            narrow.values().iter().enumerate().for_each(|(at, v)| each(at, i64::from(*v)));
        }
    }
    BooleanArray::from(keep)
}

/// A file that counts what is read from it. Clones share position and count; one thread uses them in turn.
#[derive(Clone)]
struct Counted(Arc<CountedFile>);

struct CountedFile {
    file: File,
    len: u64,
    read: AtomicU64,
}

impl Counted {
    fn at(&self, start: u64) -> Result<File, ParquetError> {
        let mut file = self.0.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file)
    }
}

impl Length for Counted {
    fn len(&self) -> u64 {
        self.0.len
    }
}

impl ChunkReader for Counted {
    type T = CountedRead;

    fn get_read(&self, start: u64) -> Result<CountedRead, ParquetError> {
        Ok(CountedRead { input: BufReader::new(self.at(start)?), counted: Arc::clone(&self.0) })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // A damaged footer may claim any length; memory is not taken on its word.
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.len) {
            let text = format!("{length} bytes at {start} of a file of {}", self.0.len);
            return Err(ParquetError::EOF(text));
        }
        let mut bytes = vec![0; length];
        self.at(start)?.read_exact(&mut bytes)?;
        self.0.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(bytes.into())
    }
}

struct CountedRead {
    input: BufReader<File>,
    counted: Arc<CountedFile>,
}

impl Read for CountedRead {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(into)?;
        self.counted.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Typed access to the columns of a batch, by the names they were selected with.
pub(crate) struct Columns<'a>(pub &'a RecordBatch);

impl<'a> Columns<'a> {
    fn column(&self, name: &str) -> Result<&'a ArrayRef, Error> {
        self.0.column_by_name(name).ok_or_else(|| Error::Engine(format!("no column {name}")))
    }

    pub fn int(&self, name: &str) -> Result<&'a Int64Array, Error> {
        self.column(name)?
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(|| Error::Engine(format!("column {name} is not a 64-bit integer")))
    }

    pub fn small(&self, name: &str) -> Result<&'a Int32Array, Error> {
        self.column(name)?
            .as_primitive_opt::<Int32Type>()
            .ok_or_else(|| Error::Engine(format!("column {name} is not a 32-bit integer")))
    }

    pub fn text(&self, name: &str) -> Result<&'a StringArray, Error> {
        self.column(name)?.as_string_opt::<i32>().ok_or_else(|| Error::Engine(format!("column {name} is not text")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::SegmentWriter;
    use crate::table::Table;

    #[test]
    fn what_a_footer_claims_beyond_the_file_is_refused_before_memory_is_taken() {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), b"0123456789").unwrap();
        let file = File::open(path.path()).unwrap();
        let counted = Counted(Arc::new(CountedFile { file, len: 10, read: AtomicU64::new(0) }));
        assert_eq!(counted.get_bytes(3, 7).unwrap(), &b"3456789"[..]);
        for (start, length) in [(4, 7), (0, usize::MAX), (u64::MAX, 1), (11, 0)] {
            assert!(counted.get_bytes(start, length).is_err(), "{length} bytes at {start}");
        }
        assert_eq!(counted.0.read.load(Ordering::Relaxed), 7);
    }

    /// What a disk, a copy or a hand may do to a segment: refused or read, and the program goes on.
    #[test]
    fn a_damaged_segment_is_refused_or_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.parquet");
        let ints = |values: [i64; 3]| Arc::new(Int64Array::from_iter_values(values)) as ArrayRef;
        let expires = Arc::new(Int64Array::from(vec![None, Some(1), None])) as ArrayRef;
        let columns =
            vec![ints([64500, 64500, 64501]), ints([64501, 64502, 64510]), expires, ints([1; 3]), ints([0; 3])];
        let batch = RecordBatch::try_new(Table::Aspas.schema(), columns).unwrap();
        let mut writer = SegmentWriter::create(Table::Aspas, &path, 3).unwrap();
        writer.write(&batch).unwrap();
        let whole = writer.finish().unwrap();
        let good = std::fs::read(&path).unwrap();
        let tests = [Test::is("customer", 64500)];
        let rows = |columns: &[&str]| {
            let read = AtomicU64::new(0);
            let scanned = scan_segment(&path, whole.bytes, None, &tests, columns, &read);
            scanned.map(|scanned| scanned.batches.iter().map(RecordBatch::num_rows).sum::<usize>())
        };
        assert_eq!(rows(&["provider", "expires"]).unwrap(), 2);
        let mut refused = 0;
        for at in 0..good.len() {
            for wrong in [0, 0xff, good[at] ^ 0x40] {
                let mut bad = good.clone();
                bad[at] = wrong;
                std::fs::write(&path, &bad).unwrap();
                match rows(&["provider", "expires"]) {
                    Ok(rows) => assert!(rows <= 3, "byte {at} is {wrong}"),
                    Err(error) => refused += usize::from(matches!(error, Error::Segment(..))),
                }
            }
        }
        assert!(refused > good.len() / 10, "{refused} refused");
    }

    #[test]
    fn a_test_holds_within_its_ranges_and_prunes_outside() {
        let test = Test::one_of("x", [30, 10, 20, 20]);
        assert_eq!([9, 10, 15, 20, 30, 31].map(|v| test.holds(v)), [false, true, false, true, true, false]);
        assert_eq!(
            [(0, 9), (0, 10), (11, 19), (15, 25), (31, 99)].map(|(a, b)| test.may_hold(a, b)),
            [false, true, false, true, false]
        );
        let test = Test::within("x", vec![(0, i64::MAX), (i64::MIN, -5)]);
        assert_eq!([-6, -5, -4, 0, 7].map(|v| test.holds(v)), [true, true, false, true, true]);
        assert_eq!([(-4, -1), (-4, 0), (-9, -5)].map(|(a, b)| test.may_hold(a, b)), [false, true, true]);
    }
}
