//! The embedded query engine (Apache DataFusion) over the visible segments: the user's own read-only SQL. Questions of ours
//! go through [`crate::scan`]. Engine types stay inside this crate.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::{SessionConfig, SessionContext};
use headwater_route::Prefix;
use object_store::local::LocalFileSystem;

use crate::catalogue::{Catalogue, SegmentFile};
use crate::table::{Table, family_of, join_bits};
use crate::view::View;
use crate::workspace::Workspace;
use crate::{Error, History};

/// Memory a query may take before it spills to disk or fails.
const MEMORY_BYTES: usize = 1 << 30;

/// Under this the engine knows the history directory.
const STORE: &str = "history://here/";

/// The table of the shifts of dumps.
const SHIFTS: &str = "shifts";

/// Answer to a user's SQL.
#[derive(Clone, PartialEq, Debug)]
pub struct SqlAnswer {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows of values in column order.
    pub rows: Vec<Vec<SqlValue>>,
    /// True if the answer was longer than the limit asked for.
    pub cut: bool,
}

/// A value of a SQL answer.
#[derive(Clone, PartialEq, Debug)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// Integer.
    Int(i64),
    /// Floating point.
    Float(f64),
    /// Boolean.
    Bool(bool),
    /// Text, and every other type as text. Hostile.
    Text(String),
}

/// Answers SQL.
pub(crate) struct Engine<'h> {
    dir: &'h Path,
    runtime: tokio::runtime::Runtime,
    /// Where large sorts spill; `None` where the history cannot be written, and the system's own directory serves.
    space: Option<Workspace>,
}

impl<'h> Engine<'h> {
    pub fn new(dir: &'h Path) -> Result<Engine<'h>, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().map_err(|e| Error::io(dir, e))?;
        let space = Workspace::create(dir, &format!("sql-{}", std::process::id())).ok();
        Ok(Engine { dir, runtime, space })
    }

    fn context(&self) -> Result<SessionContext, Error> {
        let mut config = SessionConfig::new()
            .with_collect_statistics(false)
            .with_information_schema(true)
            .with_parquet_pruning(true)
            .with_parquet_page_index_pruning(true)
            .with_parquet_bloom_filter_pruning(false);
        let parquet = &mut config.options_mut().execution.parquet;
        parquet.pushdown_filters = true;
        parquet.reorder_filters = true;
        parquet.schema_force_view_types = false;
        let mut runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(MEMORY_BYTES)));
        if let Some(space) = &self.space {
            runtime = runtime.with_temp_file_path(space.path());
        }
        let context = SessionContext::new_with_config_rt(config, runtime.build_arc()?);
        // Segments are addressed from the history on, so that no character in the directory's own name matters.
        let store = LocalFileSystem::new_with_prefix(self.dir)
            .map_err(|e| Error::Engine(format!("{}: {e}", self.dir.display())))?;
        context.register_object_store(ObjectStoreUrl::parse(STORE)?.as_ref(), Arc::new(store));
        register_functions(&context);
        Ok(context)
    }

    fn listing(&self, table: Table, files: &[SegmentFile]) -> Result<Arc<ListingTable>, Error> {
        let urls = files
            .iter()
            .map(|segment| ListingTableUrl::parse(format!("{STORE}{}", segment.file)))
            .collect::<Result<Vec<_>, _>>()?;
        let format = ParquetFormat::new().with_enable_pruning(true).with_force_view_types(false);
        let options = ListingOptions::new(Arc::new(format)).with_file_extension(".parquet");
        let config =
            ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(table.schema());
        Ok(Arc::new(ListingTable::try_new(config)?))
    }

    fn sql(&self, catalogue: &Catalogue, view: &View, query: &str, limit: usize) -> Result<SqlAnswer, Error> {
        let context = self.context()?;
        for table in Table::ALL {
            let files = view.segments(*table);
            if files.is_empty() {
                let empty = MemTable::try_new(table.schema(), vec![vec![]])?;
                context.register_table(table.name(), Arc::new(empty))?;
            } else {
                context.register_table(table.name(), self.listing(*table, files)?)?;
            }
        }
        for (name, batch) in catalogue_tables(catalogue, view)? {
            context.register_batch(name, batch)?;
        }
        // Long, and hardly ever asked for.
        if query.to_ascii_lowercase().contains(SHIFTS) {
            context.register_batch(SHIFTS, shift_table(catalogue, view)?)?;
        }
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let wrong = |e: datafusion::error::DataFusionError| Error::Sql(e.strip_backtrace());
        self.runtime.block_on(async {
            use futures::StreamExt;
            let frame = context.sql_with_options(query, options).await.map_err(wrong)?;
            let columns: Vec<String> = frame.schema().fields().iter().map(|f| f.name().clone()).collect();
            let mut stream = frame.execute_stream().await.map_err(wrong)?;
            let mut rows = Vec::new();
            let mut cut = false;
            while let Some(batch) = stream.next().await {
                let batch = batch.map_err(wrong)?;
                let formats = FormatOptions::default();
                let texts = batch
                    .columns()
                    .iter()
                    .map(|c| ArrayFormatter::try_new(c.as_ref(), &formats))
                    .collect::<Result<Vec<_>, _>>()?;
                for row in 0..batch.num_rows() {
                    if rows.len() == limit {
                        cut = true;
                        break;
                    }
                    let values = batch.columns().iter().zip(&texts).map(|(c, text)| value(c, text, row)).collect();
                    rows.push(values);
                }
                if cut {
                    break;
                }
            }
            Ok(SqlAnswer { columns, rows, cut })
        })
    }
}

impl History {
    /// Answers read-only SQL over every table of [`Table`] and the catalogue (`sources`, `vantages`, `faults`,
    /// `asn_lists`, `shifts`), with at most `limit` rows. [`Error::Sql`] if the query is wrong or not read-only.
    pub fn sql(&self, query: &str, limit: usize) -> Result<SqlAnswer, Error> {
        let view = self.view()?;
        view.check_files(&self.dir)?;
        Engine::new(&self.dir)?.sql(&self.catalogue, &view, query, limit)
    }
}

fn value(column: &ArrayRef, text: &ArrayFormatter<'_>, row: usize) -> SqlValue {
    if column.is_null(row) {
        return SqlValue::Null;
    }
    match column.data_type() {
        DataType::Int64 => SqlValue::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::Int32 => SqlValue::Int(i64::from(column.as_primitive::<Int32Type>().value(row))),
        DataType::Float64 => {
            let floats: &Float64Array = column.as_primitive();
            SqlValue::Float(floats.value(row))
        }
        DataType::Boolean => {
            let booleans: &BooleanArray = column.as_boolean();
            SqlValue::Bool(booleans.value(row))
        }
        _ => SqlValue::Text(text.value(row).to_string()),
    }
}

/// `prefix(family, net, net_lo, len)` and `address(family, net, net_lo)` as text.
fn register_functions(context: &SessionContext) {
    let (small, int, text) = (DataType::Int32, DataType::Int64, DataType::Utf8);
    let shown = |args: &[ColumnarValue], show: fn(Prefix) -> String| {
        let arrays = ColumnarValue::values_to_arrays(args)?;
        let ints = |i: usize| arrays[i].as_primitive::<Int64Type>();
        let smalls = |i: usize| arrays[i].as_primitive::<Int32Type>();
        let out: StringArray = (0..arrays[0].len())
            .map(|row| {
                let family = family_of(smalls(0).value(row));
                let len = match arrays.get(3) {
                    Some(_) => u8::try_from(smalls(3).value(row)).ok()?,
                    None => family.max_len(),
                };
                Prefix::from_bits(family, join_bits(family, ints(1).value(row), ints(2).value(row)), len).map(show)
            })
            .collect();
        Ok(ColumnarValue::Array(Arc::new(out)))
    };
    let arguments = vec![small.clone(), int.clone(), int.clone(), small.clone()];
    let prefix = move |args: &[ColumnarValue]| shown(args, |p| p.to_string());
    context.register_udf(create_udf("prefix", arguments, text.clone(), Volatility::Immutable, Arc::new(prefix)));
    let address = move |args: &[ColumnarValue]| shown(args, |p| p.addr().to_string());
    let arguments = vec![small, int.clone(), int];
    context.register_udf(create_udf("address", arguments, text, Volatility::Immutable, Arc::new(address)));
}

fn shift_table(catalogue: &Catalogue, view: &View) -> Result<RecordBatch, Error> {
    let mut columns: [Vec<i64>; 5] = Default::default();
    for source in view.sources.0.iter().map(|source| source.id) {
        for (from, until, shift) in catalogue.shifts(source)?.ranges() {
            let row = [source.0, view.root(source).0, from as i64, until as i64, shift];
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
    }
    let names = ["source", "root", "from_position", "until_position", "shift"];
    let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Int64, false)).collect();
    let arrays = columns.into_iter().map(|values| Arc::new(Int64Array::from(values)) as ArrayRef).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn catalogue_tables(catalogue: &Catalogue, view: &View) -> Result<Vec<(&'static str, RecordBatch)>, Error> {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let int = |name| Field::new(name, DataType::Int64, true);
    let batch = |fields: Vec<Field>, columns: Vec<ArrayRef>| {
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        RecordBatch::try_new(schema, columns)
    };
    fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
        Arc::new(values.map(Some).collect::<StringArray>())
    }

    let sources = &view.sources.0;
    let kinds = sources.iter().map(|s| s.kind.code());
    let source_table = batch(
        vec![
            int("id"),
            text("name"),
            text("sha256"),
            text("kind"),
            text("series"),
            int("from_us"),
            int("until_us"),
            int("bytes"),
            int("rows"),
            int("faults"),
        ],
        vec![
            Arc::new(sources.iter().map(|s| s.id.0).collect::<Int64Array>()),
            texts(sources.iter().map(|s| s.name.as_str())),
            texts(sources.iter().map(|s| s.sha256.as_str())),
            texts(kinds),
            texts(sources.iter().map(|s| s.series.as_str())),
            Arc::new(sources.iter().map(|s| s.from.map(|t| t.0)).collect::<Int64Array>()),
            Arc::new(sources.iter().map(|s| s.until.map(|t| t.0)).collect::<Int64Array>()),
            Arc::new(sources.iter().map(|s| s.bytes as i64).collect::<Int64Array>()),
            Arc::new(sources.iter().map(|s| s.rows as i64).collect::<Int64Array>()),
            Arc::new(sources.iter().map(|s| s.faults as i64).collect::<Int64Array>()),
        ],
    )?;

    let vantages = &view.vantages;
    let addresses: Vec<String> = vantages.values().map(|v| v.addr.to_string()).collect();
    let vantage_table = batch(
        vec![Field::new("id", DataType::Int32, false), text("collector"), int("asn"), text("addr")],
        vec![
            Arc::new(vantages.keys().copied().collect::<Int32Array>()),
            texts(vantages.values().map(|v| v.collector.as_str())),
            Arc::new(vantages.values().map(|v| i64::from(v.asn.0)).collect::<Int64Array>()),
            texts(addresses.iter().map(String::as_str)),
        ],
    )?;

    let faults = catalogue.faults(usize::MAX)?;
    let fault_table = batch(
        vec![text("name"), text("sha256"), int("position"), text("kind"), text("detail")],
        vec![
            texts(faults.iter().map(|f| f.name.as_str())),
            texts(faults.iter().map(|f| f.sha256.as_str())),
            Arc::new(faults.iter().map(|f| f.fault.offset as i64).collect::<Int64Array>()),
            texts(faults.iter().map(|f| f.fault.kind.code())),
            texts(faults.iter().map(|f| f.fault.detail.as_str())),
        ],
    )?;

    let lists = catalogue.asn_list_rows()?;
    let list_table = batch(
        vec![int("source"), text("kind"), int("asn")],
        vec![
            Arc::new(lists.iter().map(|(source, ..)| source.0).collect::<Int64Array>()),
            texts(lists.iter().map(|(_, kind, _)| kind.code())),
            Arc::new(lists.iter().map(|(.., asn)| i64::from(asn.0)).collect::<Int64Array>()),
        ],
    )?;
    let tables =
        [("sources", source_table), ("vantages", vantage_table), ("faults", fault_table), ("asn_lists", list_table)];
    Ok(tables.into())
}
