//! One segment: a sorted Parquet file of one table and one source.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::Error;
use crate::table::Table;

/// Rows in a row group: what a point question reads at least.
const ROW_GROUP_ROWS: usize = 32 * 1024;
/// Rows in a page: what a point question decodes at least.
const PAGE_ROWS: usize = 8 * 1024;
/// zstd level, and that of small segments: there are many of them, and each costs little time.
const LEVEL: i32 = 3;
const LEVEL_SMALL: i32 = 9;
const SMALL_SEGMENT_ROWS: usize = 1 << 20;
/// zstd level of a small segment of changes. A dump of 20 million routes has 400,000.
const LEVEL_CHANGES: i32 = 12;

/// A finished segment, not yet visible.
#[derive(Debug)]
pub(crate) struct Finished {
    pub table: Table,
    pub path: PathBuf,
    pub rows: u64,
    pub bytes: u64,
    pub key: (i64, i64),
}

/// Writes one segment. Batches must come in the table's sort order.
pub(crate) struct SegmentWriter {
    table: Table,
    path: PathBuf,
    writer: ArrowWriter<File>,
    rows: u64,
    key: Option<(i64, i64)>,
}

impl SegmentWriter {
    /// Starts a segment that will hold about `rows` rows.
    pub fn create(table: Table, path: &Path, rows: usize) -> Result<SegmentWriter, Error> {
        let level = if rows <= SMALL_SEGMENT_ROWS { LEVEL_SMALL } else { LEVEL };
        SegmentWriter::open(table, path, properties(table, level))
    }

    /// Starts a segment of `routes` that will hold about `rows` changes against an earlier dump.
    pub fn of_changes(path: &Path, rows: usize) -> Result<SegmentWriter, Error> {
        let level = if rows <= SMALL_SEGMENT_ROWS { LEVEL_CHANGES } else { LEVEL };
        let mut builder = properties(Table::Routes, level)
            // What is asked of changes is a row group at a time, and longer pages hold more that repeats.
            .set_data_page_row_count_limit(ROW_GROUP_ROWS)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            // Distances are small and hardly repeat: byte by byte, most bytes are 0 throughout.
            .set_column_encoding(ColumnPath::from("position"), Encoding::BYTE_STREAM_SPLIT);
        for name in ["held", "ends", "marks"] {
            builder = builder.set_column_dictionary_enabled(ColumnPath::from(name), true);
        }
        SegmentWriter::open(Table::Routes, path, builder)
    }

    fn open(table: Table, path: &Path, properties: WriterPropertiesBuilder) -> Result<SegmentWriter, Error> {
        let file = File::create_new(path).map_err(|e| Error::io(path, e))?;
        let writer = ArrowWriter::try_new(file, table.schema(), Some(properties.build()))
            .map_err(|e| Error::parquet(path, e))?;
        Ok(SegmentWriter { table, path: path.to_owned(), writer, rows: 0, key: None })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let leading = batch
            .column_by_name(self.table.sorted_by()[0])
            .ok_or_else(|| Error::Engine(format!("a {} batch lacks its sort column", self.table.name())))?;
        let (first, last) = (integer(leading, 0)?, integer(leading, leading.len() - 1)?);
        self.key = Some((self.key.map_or(first, |(low, _)| low), last));
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|e| Error::parquet(&self.path, e))
    }

    /// Writes the footer and brings the file to disk.
    pub fn finish(self) -> Result<Finished, Error> {
        let SegmentWriter { table, path, writer, rows, key } = self;
        let file = writer.into_inner().map_err(|e| Error::parquet(&path, e))?;
        file.sync_all().map_err(|e| Error::io(&path, e))?;
        let bytes = file.metadata().map_err(|e| Error::io(&path, e))?.len();
        Ok(Finished { table, path, rows, bytes, key: key.unwrap_or((0, -1)) })
    }
}

fn integer(array: &dyn Array, row: usize) -> Result<i64, Error> {
    if let Some(wide) = array.as_primitive_opt::<Int64Type>() {
        return Ok(wide.value(row));
    }
    if let Some(narrow) = array.as_primitive_opt::<Int32Type>() {
        return Ok(i64::from(narrow.value(row)));
    }
    Err(Error::Engine("a sort column is not an integer".to_owned()))
}

fn properties(table: Table, level: i32) -> WriterPropertiesBuilder {
    let zstd = ZstdLevel::try_new(level).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(zstd))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("headwater {}", env!("CARGO_PKG_VERSION")));
    for (name, ..) in table.columns() {
        if let Some(encoding) = encoding(table, name) {
            let column = ColumnPath::from(name);
            builder =
                builder.set_column_dictionary_enabled(column.clone(), false).set_column_encoding(column, encoding);
        }
    }
    // Nobody asks for the smallest path; statistics on it would repeat long texts in every page header.
    builder.set_column_statistics_enabled(ColumnPath::from("via"), EnabledStatistics::None)
}

/// How a column is encoded; `None` for a dictionary. zstd finds what repeats in plain values, and it cannot look into the packed
/// indexes of a dictionary: those serve columns of few values only.
fn encoding(table: Table, column: &str) -> Option<Encoding> {
    match (table, column) {
        // Steps are small where rows are sorted by the column, or nearly.
        (Table::Routes | Table::OriginPrefixes, "origin")
        | (Table::UpstreamOrigins, "upstream" | "origin")
        | (Table::PrefixOrigins | Table::Updates | Table::Vrps, "net")
        | (Table::Origins | Table::Delegations, "first" | "last")
        | (Table::Links | Table::Names | Table::Tags, "asn") => Some(Encoding::DELTA_BINARY_PACKED),
        // An origin's prefixes and their records come again for every vantage, bytes for bytes.
        (Table::Routes | Table::Updates, "position") => Some(Encoding::PLAIN),
        (_, "position") => Some(Encoding::DELTA_BINARY_PACKED),
        (Table::Links, "neighbour") | (Table::Origins | Table::Vrps, "asn") | (Table::Updates, "at") => {
            Some(Encoding::PLAIN)
        }
        (_, "via" | "origin" | "net" | "net_lo") => Some(Encoding::PLAIN),
        // The same in all rows or nearly.
        (_, "source" | "safi" | "held" | "ends" | "marks" | "near" | "shown") => Some(Encoding::PLAIN),
        _ => None,
    }
}
