//! Rows of `updates` in memory, and their way into a sorted segment.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use headwater_route::{Attributes, Nlri, Prefix, SourceId, Time};

use super::bursts::Bursts;
use super::pairs::Pairs;
use super::paths::{self, PathColumns, Paths};
use super::rows::{network_of, prefix_columns};
use crate::Error;
use crate::segment::{Finished, SegmentWriter};
use crate::table::Table;

const SEGMENT_ROWS: usize = 2 << 20;
const PATH_BYTES: usize = 128 << 20;
const BATCH_ROWS: usize = 32 * 1024;
const WITHDRAWN: u32 = u32::MAX;

struct Row {
    prefix: Prefix,
    vantage: i32,
    at: Time,
    safi: u8,
    marks: u8,
    path: u32,
    origin: i64,
    offset: u64,
}

/// Update events waiting for their segment.
#[derive(Default)]
pub(crate) struct UpdateRows {
    rows: Vec<Row>,
    paths: Paths,
    /// Of what was written so far.
    pub bursts: Bursts,
    /// Of all announcements of the source.
    pub pairs: Pairs,
}

impl UpdateRows {
    /// Adds an announcement.
    pub fn announced(&mut self, vantage: i32, at: Time, offset: u64, nlri: Nlri, attributes: &Attributes<'_>) {
        let hash = paths::hash(attributes.path);
        let path = self.paths.intern(vantage, hash, attributes.path);
        if !nlri.multicast {
            self.pairs.add(nlri.prefix.family(), hash, attributes.path);
        }
        let origin = attributes.path.origin().map_or(-1, |asn| i64::from(asn.0));
        let marks = super::marks(attributes) as u8;
        self.push(vantage, at, offset, nlri, path, origin, marks);
    }

    /// Adds a withdrawal.
    pub fn withdrawn(&mut self, vantage: i32, at: Time, offset: u64, nlri: Nlri) {
        self.push(vantage, at, offset, nlri, WITHDRAWN, -1, 0);
    }

    #[allow(clippy::too_many_arguments)]
    fn push(&mut self, vantage: i32, at: Time, offset: u64, nlri: Nlri, path: u32, origin: i64, marks: u8) {
        let safi = if nlri.multicast { 2 } else { 1 };
        self.rows.push(Row { prefix: nlri.prefix, vantage, at, safi, marks, path, origin, offset });
    }

    /// True if the rows should be written before more are added.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= SEGMENT_ROWS || self.paths.size() >= PATH_BYTES
    }

    /// True if there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the rows as an `updates` segment and its `origin_prefixes` index, and empties the buffer. `networks` are those
    /// of the vantages, by number.
    pub fn write(
        &mut self,
        source: SourceId,
        networks: &[u32],
        updates: &Path,
        index: &Path,
    ) -> Result<Vec<Finished>, Error> {
        let UpdateRows { rows, paths, bursts, .. } = self;
        // Stable: events of one key and instant stay in the order of the file.
        rows.sort_by_key(|r| (r.prefix, r.vantage, r.at));
        let announced = rows.iter().filter(|r| r.path != WITHDRAWN && r.safi == 1);
        bursts.add(announced.map(|r| (r.prefix, r.vantage, r.at)));

        let mut writer = SegmentWriter::create(Table::Updates, updates, rows.len())?;
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(paths.fit(rest.iter().map(|r| r.path).take(BATCH_ROWS)));
            rest = after;
            let mut path_columns = PathColumns::new(paths, chunk.len());
            for row in chunk {
                if row.path == WITHDRAWN {
                    path_columns.push_none();
                } else {
                    path_columns.push(row.path, network_of(networks, row.vantage), row.origin);
                }
            }
            let [via, ends] = path_columns.finish();
            let mut columns = prefix_columns(chunk.iter().map(|r| r.prefix));
            let more: [ArrayRef; 10] = [
                Arc::new(chunk.iter().map(|r| r.vantage).collect::<Int32Array>()),
                Arc::new(chunk.iter().map(|r| r.at.0).collect::<Int64Array>()),
                Arc::new(chunk.iter().map(|r| i32::from(r.safi)).collect::<Int32Array>()),
                Arc::new(chunk.iter().map(|r| i32::from(r.path != WITHDRAWN)).collect::<Int32Array>()),
                Arc::new(chunk.iter().map(|r| r.origin).collect::<Int64Array>()),
                via,
                ends,
                Arc::new(chunk.iter().map(|r| i32::from(r.marks)).collect::<Int32Array>()),
                Arc::new(Int64Array::from_value(source.0, chunk.len())),
                Arc::new(chunk.iter().map(|r| r.offset as i64).collect::<Int64Array>()),
            ];
            columns.extend(more);
            writer.write(&RecordBatch::try_new(Table::Updates.schema(), columns)?)?;
        }
        let mut written = vec![writer.finish()?];

        let mut pairs: Vec<(i64, Prefix)> =
            rows.iter().filter(|r| r.path != WITHDRAWN).map(|r| (r.origin, r.prefix)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        if !pairs.is_empty() {
            let mut writer = SegmentWriter::create(Table::OriginPrefixes, index, pairs.len())?;
            for chunk in pairs.chunks(BATCH_ROWS) {
                let mut columns: Vec<ArrayRef> =
                    vec![Arc::new(chunk.iter().map(|(origin, _)| *origin).collect::<Int64Array>())];
                columns.extend(prefix_columns(chunk.iter().map(|(_, prefix)| *prefix)));
                columns.push(Arc::new(Int64Array::from_value(source.0, chunk.len())));
                writer.write(&RecordBatch::try_new(Table::OriginPrefixes.schema(), columns)?)?;
            }
            written.push(writer.finish()?);
        }

        rows.clear();
        paths.clear();
        Ok(written)
    }
}
