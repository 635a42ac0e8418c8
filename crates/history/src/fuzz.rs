//! Doors for fuzzing: the two readers of stored bytes, on bytes in memory. No part of the crate's interface.

use std::io::Cursor;

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use bytes::Bytes;

use crate::dump_state::StateReader;
use crate::scan::{Columns, Test, scan_bytes};
use crate::table::Table;

/// Rows of a segment of `table`, every column looked at; with `leading` those whose leading column lies in it, both ends
/// included. `None` if the bytes are refused.
pub fn segment_rows(table: Table, bytes: Bytes, leading: Option<(i64, i64)>) -> Option<u64> {
    let columns = table.columns();
    let names: Vec<&str> = columns.iter().map(|(name, ..)| *name).collect();
    let tests: Vec<Test> = leading.iter().map(|range| Test::within(table.sorted_by()[0], vec![*range])).collect();
    let mut rows = 0;
    for batch in scan_bytes(&bytes, &tests, &names).ok()? {
        rows += look_at(table, &batch)?;
    }
    Some(rows)
}

fn look_at(table: Table, batch: &RecordBatch) -> Option<u64> {
    let columns = Columns(batch);
    for (name, kind, _) in table.columns() {
        let seen = match kind {
            DataType::Int64 => columns.int(name).ok()?.iter().flatten().count(),
            DataType::Int32 => columns.small(name).ok()?.iter().flatten().count(),
            _ => {
                let texts = columns.text(name).ok()?;
                texts.iter().flatten().filter(|text| text.chars().count() <= text.len()).count()
            }
        };
        assert!(seen <= batch.num_rows());
    }
    Some(batch.num_rows() as u64)
}

/// Routes in a dump state. `None` if the bytes are refused, at once or on the way.
pub fn state_routes(bytes: &[u8]) -> Option<u64> {
    let mut reader = StateReader::read(Cursor::new(bytes), bytes.len() as u64).ok()??;
    let mut routes = 0;
    while let Some(group) = reader.peek() {
        assert!(!group.routes.is_empty());
        routes += group.routes.len() as u64;
        reader.advance().ok()?;
    }
    reader.pairs().ok()?;
    Some(routes)
}
