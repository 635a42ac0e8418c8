//! Rows of published snapshots on their way into segments: buffered by table, sorted, written.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::DataType;
use headwater_route::rows::{Delegated, LinkKind, SnapshotRow};
use headwater_route::{Asn, Family, SourceId, Time};
use rustc_hash::FxHashMap;

use crate::Error;
use crate::table::{Table, family_code, split_bits};

/// Rows handed to the Parquet writer at once, and bytes of their texts: the columns of a batch count bytes in 31 bits.
const BATCH_ROWS: usize = 32 * 1024;
const BATCH_TEXT_BYTES: usize = 64 << 20;

/// `day_from` and `day_until` of a row that is of the whole file's time, which may become known only at the file's end.
const OWN_TIME: i64 = i64::MIN;

/// One value of a row.
#[derive(Clone, Copy)]
pub(crate) enum Cell<'a> {
    Int(i64),
    Null,
    Text(&'a str),
}

enum Column {
    Ints { name: &'static str, kind: DataType, values: Vec<i64>, valid: Option<Vec<bool>> },
    Texts(Vec<u32>),
}

/// Rows of one table in memory, column by column; equal texts are kept once.
pub(crate) struct Buffer {
    table: Table,
    columns: Vec<Column>,
    texts: Vec<Box<str>>,
    text_ids: FxHashMap<Box<str>, u32>,
    text_bytes: usize,
    rows: usize,
}

impl Buffer {
    pub fn new(table: Table) -> Buffer {
        let columns = table
            .columns()
            .into_iter()
            .map(|(name, kind, _)| match kind {
                DataType::Utf8 => Column::Texts(Vec::new()),
                kind => {
                    let nullable = matches!(name, "date" | "expires");
                    Column::Ints { name, kind, values: Vec::new(), valid: nullable.then(Vec::new) }
                }
            })
            .collect();
        Buffer { table, columns, texts: Vec::new(), text_ids: FxHashMap::default(), text_bytes: 0, rows: 0 }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Memory the rows take, and will take while they are sorted and written.
    pub fn bytes(&self) -> usize {
        self.rows * (self.columns.len() * 8 + 4) + self.text_bytes * 2 + self.texts.len() * 64
    }

    /// Appends a row; `cells` follow [`Table::columns`].
    pub fn push(&mut self, cells: &[Cell<'_>]) {
        debug_assert_eq!(cells.len(), self.columns.len());
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, *cell) {
                (Column::Ints { values, valid, .. }, Cell::Int(value)) => {
                    values.push(value);
                    if let Some(valid) = valid {
                        valid.push(true);
                    }
                }
                (Column::Ints { values, valid, .. }, _) => {
                    values.push(0);
                    if let Some(valid) = valid {
                        valid.push(false);
                    }
                }
                (Column::Texts(values), cell) => {
                    let text = if let Cell::Text(text) = cell { text } else { "" };
                    let id = match self.text_ids.get(text) {
                        Some(id) => *id,
                        None => {
                            let id = self.texts.len() as u32;
                            self.texts.push(text.into());
                            self.text_bytes += text.len();
                            self.text_ids.insert(text.into(), id);
                            id
                        }
                    };
                    values.push(id);
                }
            }
        }
        self.rows += 1;
    }

    /// Hands the rows, sorted, to `write` in batches; the buffer is empty afterwards. `window` is the time of the file.
    pub fn take_sorted(
        &mut self,
        window: (Time, Time),
        mut write: impl FnMut(&RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut full = std::mem::replace(self, Buffer::new(self.table));
        for column in &mut full.columns {
            if let Column::Ints { name: name @ ("day_from" | "day_until"), values, .. } = column {
                let own = if *name == "day_from" { window.0.0 } else { window.1.0 };
                values.iter_mut().filter(|v| **v == OWN_TIME).for_each(|v| *v = own);
            }
        }
        let ints = |wanted: &str| {
            full.columns.iter().find_map(|c| match c {
                Column::Ints { name, values, .. } if *name == wanted => Some(values.as_slice()),
                _ => None,
            })
        };
        let keys: Vec<&[i64]> = full.table.sorted_by().iter().filter_map(|name| ints(name)).collect();
        let mut order: Vec<u32> = (0..full.rows as u32).collect();
        order.sort_by(|&a, &b| {
            keys.iter()
                .map(|k| k[a as usize].cmp(&k[b as usize]))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let (here, after) = rest.split_at(full.fit(rest));
            write(&full.batch(here)?)?;
            rest = after;
        }
        Ok(())
    }

    /// How many of these rows fit a batch: at least one.
    fn fit(&self, rows: &[u32]) -> usize {
        let length = |row: u32| {
            let of = |column: &Column| match column {
                Column::Texts(values) => self.texts[values[row as usize] as usize].len(),
                Column::Ints { .. } => 0,
            };
            self.columns.iter().map(of).sum::<usize>()
        };
        let mut bytes = 0;
        let fits = |row: &&u32| {
            bytes += length(**row);
            bytes <= BATCH_TEXT_BYTES
        };
        rows.iter().take(BATCH_ROWS).take_while(fits).count().max(1)
    }

    fn batch(&self, rows: &[u32]) -> Result<RecordBatch, Error> {
        let arrays = self.columns.iter().map(|column| -> ArrayRef {
            match column {
                Column::Ints { kind: DataType::Int32, values, .. } => {
                    Arc::new(rows.iter().map(|&i| values[i as usize] as i32).collect::<Int32Array>())
                }
                Column::Ints { values, valid: None, .. } => {
                    Arc::new(rows.iter().map(|&i| values[i as usize]).collect::<Int64Array>())
                }
                Column::Ints { values, valid: Some(valid), .. } => {
                    let value = |&i: &u32| valid[i as usize].then(|| values[i as usize]);
                    Arc::new(rows.iter().map(value).collect::<Int64Array>())
                }
                Column::Texts(values) => {
                    let text = |&i: &u32| Some(&*self.texts[values[i as usize] as usize]);
                    Arc::new(rows.iter().map(text).collect::<StringArray>())
                }
            }
        });
        Ok(RecordBatch::try_new(self.table.schema(), arrays.collect())?)
    }
}

fn asn(n: Asn) -> Cell<'static> {
    Cell::Int(i64::from(n.0))
}

fn time(t: Option<Time>) -> Cell<'static> {
    t.map_or(Cell::Null, |t| Cell::Int(t.0))
}

fn address(family: Family, bits: u128) -> (Cell<'static>, Cell<'static>) {
    let (net, low) = split_bits(family, bits);
    (Cell::Int(net), Cell::Int(low))
}

/// What a snapshot says about itself, needed by the rows of some tables.
pub(crate) struct SnapshotFrame<'a> {
    pub source: SourceId,
    pub series: &'a str,
}

/// Hands the table rows that a snapshot row stands for to `push`.
pub(crate) fn table_rows(
    frame: &SnapshotFrame<'_>,
    offset: u64,
    row: &SnapshotRow<'_>,
    mut push: impl FnMut(Table, &[Cell<'_>]),
) {
    let source = Cell::Int(frame.source.0);
    let position = Cell::Int(offset as i64);
    match *row {
        SnapshotRow::Link { a, b, kind, seen_by, snapshot } => {
            let (from, until, series) = snapshot.unwrap_or((Time(OWN_TIME), Time(OWN_TIME), frame.series));
            // From each side: what the neighbour is to it.
            let (to_a, to_b) = match kind {
                LinkKind::Provider => (2, 0),
                LinkKind::Peer => (1, 1),
            };
            for (this, code, other) in [(a, to_a, b), (b, to_b, a)] {
                push(
                    Table::Links,
                    &[
                        asn(this),
                        Cell::Int(code),
                        asn(other),
                        Cell::Text(if seen_by.is_empty() { "bgp" } else { seen_by }),
                        Cell::Int(from.0),
                        Cell::Int(until.0),
                        Cell::Text(series),
                        source,
                        position,
                    ],
                );
            }
        }
        SnapshotRow::Origin { family, first, last, asn: origin, country, flags } => {
            let (net, low) = address(family, first);
            let (last_net, last_low) = address(family, last);
            let origin = origin.map_or(Cell::Int(-1), asn);
            push(
                Table::Origins,
                &[
                    Cell::Int(i64::from(family_code(family))),
                    net,
                    low,
                    last_net,
                    last_low,
                    origin,
                    Cell::Text(country),
                    Cell::Text(flags),
                    source,
                    position,
                ],
            );
        }
        SnapshotRow::Name { asn: number, name, country, note } => push(
            Table::Names,
            &[asn(number), Cell::Text(name), Cell::Text(country), Cell::Text(note), source, position],
        ),
        SnapshotRow::Tag { tag, asn: number, name } => {
            push(Table::Tags, &[asn(number), Cell::Text(tag), Cell::Text(name), source, position]);
        }
        SnapshotRow::Delegation { registry, country, resource, date, status, opaque_id } => {
            let (code, (first, first_low), (last, last_low)) = match resource {
                Delegated::Asns { first, count } => {
                    let last = i64::from(first.0) + i64::from(count) - 1;
                    (0, (asn(first), Cell::Int(0)), (Cell::Int(last), Cell::Int(0)))
                }
                Delegated::Addresses { family, first, last } => {
                    (i64::from(family_code(family)), address(family, first), address(family, last))
                }
            };
            push(
                Table::Delegations,
                &[
                    Cell::Int(code),
                    first,
                    first_low,
                    last,
                    last_low,
                    Cell::Text(registry),
                    Cell::Text(country),
                    time(date),
                    Cell::Text(status),
                    Cell::Text(opaque_id),
                    source,
                    position,
                ],
            );
        }
        SnapshotRow::Vrp { asn: origin, prefix, max_len, ta, expires } => {
            let (net, low) = address(prefix.family(), prefix.first_bits());
            push(
                Table::Vrps,
                &[
                    Cell::Int(i64::from(family_code(prefix.family()))),
                    net,
                    low,
                    Cell::Int(i64::from(prefix.len())),
                    Cell::Int(i64::from(max_len)),
                    asn(origin),
                    Cell::Text(ta),
                    time(expires),
                    source,
                    position,
                ],
            );
        }
        SnapshotRow::Aspa { customer, provider, expires } => {
            push(Table::Aspas, &[asn(customer), asn(provider), time(expires), source, position]);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;

    use super::*;

    #[test]
    fn rows_fit_their_tables() {
        let frame = SnapshotFrame { source: SourceId(1), series: "s" };
        let prefix = "2001:db8::/32".parse().unwrap();
        let rows = [
            SnapshotRow::Link { a: Asn(64500), b: Asn(64501), kind: LinkKind::Peer, seen_by: "", snapshot: None },
            SnapshotRow::Origin { family: Family::V4, first: 0, last: 1, asn: None, country: "", flags: "" },
            SnapshotRow::Name { asn: Asn(64500), name: "n", country: "", note: "" },
            SnapshotRow::Tag { tag: "t", asn: Asn(64500), name: "n" },
            SnapshotRow::Delegation {
                registry: "r",
                country: "",
                resource: Delegated::Asns { first: Asn(1), count: 2 },
                date: None,
                status: "",
                opaque_id: "",
            },
            SnapshotRow::Vrp { asn: Asn(64500), prefix, max_len: 48, ta: "", expires: None },
            SnapshotRow::Aspa { customer: Asn(64500), provider: Asn(64501), expires: Some(Time(7)) },
        ];
        for row in &rows {
            table_rows(&frame, 9, row, |table, cells| {
                assert_eq!(cells.len(), table.columns().len(), "{}", table.name());
                let mut buffer = Buffer::new(table);
                for ((column, cell), (name, ..)) in buffer.columns.iter().zip(cells).zip(table.columns()) {
                    let fits = matches!(
                        (column, cell),
                        (Column::Ints { .. }, Cell::Int(_))
                            | (Column::Ints { valid: Some(_), .. }, Cell::Null)
                            | (Column::Texts(_), Cell::Text(_))
                    );
                    assert!(fits, "{}.{name}", table.name());
                }
                buffer.push(cells);
                let mut rows = 0;
                let count = |batch: &RecordBatch| {
                    rows += batch.num_rows();
                    Ok(())
                };
                buffer.take_sorted((Time(0), Time(1)), count).unwrap();
                assert_eq!(rows, 1);
            });
        }
    }

    #[test]
    fn a_batch_is_sorted_by_the_tables_keys() {
        let mut buffer = Buffer::new(Table::Aspas);
        for (customer, provider) in [(3, 1), (1, 2), (1, 1)] {
            buffer.push(&[Cell::Int(customer), Cell::Int(provider), Cell::Null, Cell::Int(1), Cell::Int(0)]);
        }
        let mut batches = Vec::new();
        let keep = |batch: &RecordBatch| {
            batches.push(batch.clone());
            Ok(())
        };
        buffer.take_sorted((Time(0), Time(0)), keep).unwrap();
        let column = |i: usize| batches[0].column(i).as_primitive::<Int64Type>().values().to_vec();
        assert_eq!((batches.len(), column(0), column(1)), (1, vec![1, 1, 3], vec![1, 2, 1]));
        assert_eq!(buffer.rows(), 0);
    }

    #[test]
    fn long_texts_are_cut_into_several_batches() {
        let mut buffer = Buffer::new(Table::Names);
        let name = "n".repeat(40 << 20);
        for asn in 0..4 {
            let (number, zero) = (Cell::Int(asn), Cell::Int(0));
            buffer.push(&[number, Cell::Text(&name), Cell::Text(""), Cell::Text(""), zero, zero]);
        }
        let mut rows = Vec::new();
        let count = |batch: &RecordBatch| {
            rows.push(batch.num_rows());
            Ok(())
        };
        buffer.take_sorted((Time(0), Time(0)), count).unwrap();
        assert_eq!(rows, [1, 1, 1, 1]);
    }
}
