//! `headwater sql`: asks the history anything, read-only.

use headwater_history::table::Table;
use headwater_history::{SqlAnswer, SqlValue};
use serde::Serialize;

use super::Context;
use crate::envelope::{Envelope, Level, Message, Status};
use crate::error::{Error, Exit};
use crate::escape;
use crate::question::label;
use crate::text::{Align, count, table};

/// Arguments of `sql`.
#[derive(clap::Args)]
#[command(after_help = "\
Prefixes and addresses are stored as integers; `prefix(family, net, net_lo, len)` and `address(family, net, net_lo)` show \
them as text. Times are microseconds since 1970 UTC; `to_timestamp_micros(at)` shows them.

Example: headwater sql \"SELECT neighbour, count(DISTINCT day_from) AS months FROM links WHERE asn = 64500 AND kind = 0 GROUP BY neighbour\"")]
pub struct Args {
    /// The query
    #[arg(required_unless_present = "tables")]
    query: Option<String>,
    /// List tables and columns
    #[arg(long, conflicts_with = "query")]
    tables: bool,
    /// Answer in CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Most rows of the answer (default: `limits.sql_rows` of the configuration)
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Query<'a> {
    sql: &'a str,
    limit: usize,
}

#[derive(Serialize)]
struct Data<'a> {
    columns: &'a [String],
    rows: Vec<Vec<Value<'a>>>,
    cut: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Null,
    Int(i64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
}

impl<'a> From<&'a SqlValue> for Value<'a> {
    fn from(value: &'a SqlValue) -> Value<'a> {
        match value {
            SqlValue::Null => Value::Null,
            SqlValue::Int(n) => Value::Int(*n),
            SqlValue::Float(x) => Value::Float(*x),
            SqlValue::Bool(b) => Value::Bool(*b),
            SqlValue::Text(text) => Value::Text(text),
        }
    }
}

/// Runs `sql`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let Some(query) = args.query.as_deref() else {
        return list_tables(context);
    };
    let history = context.open_history()?;
    let limit = args.limit.unwrap_or(context.config.limits.sql_rows);
    let answer = history.sql(query, limit)?;
    let selection = history.catalogue().selection()?;
    let kept = selection.map(|selection| super::sources::kept(&super::filter::shown(&selection.text)));
    let label = label(&history)?;
    let told = format!("cut after {} rows; `--limit` sets the limit", count(limit as u64));
    if context.output.json {
        let rows = answer.rows.iter().map(|row| row.iter().map(Value::from).collect()).collect();
        let data = Data { columns: &answer.columns, rows, cut: answer.cut };
        let mut envelope = Envelope::new("sql", Query { sql: query, limit }, data);
        if answer.cut {
            envelope.status = Status::Partial;
            envelope.messages.push(Message { level: Level::Warning, text: told });
        }
        envelope.messages.extend(label.map(|text| Message { level: Level::Warning, text }));
        envelope.messages.extend(kept.map(|text| Message { level: Level::Note, text }));
        envelope.stats = context.output.cost(Some(history.scan_stats()));
        context.output.answer(&envelope)?;
        return Ok(Exit::Done);
    }
    // Not above the rows, which other programs read.
    if let Some(label) = label {
        context.output.note(&label);
    }
    context.output.print(&if args.csv { as_csv(&answer) } else { as_table(&answer) })?;
    if answer.cut {
        context.output.note(&told);
    }
    if let Some(kept) = kept {
        context.output.note(&kept);
    }
    context.output.tell_cost(Some(history.scan_stats()));
    Ok(Exit::Done)
}

fn text(value: &SqlValue) -> String {
    match value {
        SqlValue::Null => String::new(),
        SqlValue::Int(n) => n.to_string(),
        SqlValue::Float(x) => x.to_string(),
        SqlValue::Bool(b) => b.to_string(),
        SqlValue::Text(text) => text.clone(),
    }
}

fn as_table(answer: &SqlAnswer) -> String {
    let number = |i: usize| {
        let mut values = answer.rows.iter().filter_map(|row| row.get(i)).filter(|v| **v != SqlValue::Null).peekable();
        values.peek().is_some() && values.all(|v| matches!(v, SqlValue::Int(_) | SqlValue::Float(_)))
    };
    let headings: Vec<(&str, Align)> = answer
        .columns
        .iter()
        .enumerate()
        .map(|(i, name)| (name.as_str(), if number(i) { Align::Right } else { Align::Left }))
        .collect();
    let rows: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(text).collect()).collect();
    table(&headings, &rows)
}

fn as_csv(answer: &SqlAnswer) -> String {
    let line = |cells: Vec<String>| cells.join(",") + "\r\n";
    let mut out = line(answer.columns.iter().map(|name| escape::csv(name)).collect());
    for row in &answer.rows {
        out.push_str(&line(
            row.iter()
                .map(|value| match value {
                    SqlValue::Text(text) => escape::csv(text),
                    // A negative number is no formula.
                    value => text(value),
                })
                .collect(),
        ));
    }
    out
}

/// Tables of the catalogue that a query sees beside the segments.
const CATALOGUE: [(&str, &[(&str, &str)]); 4] = [
    (
        "sources",
        &[
            ("id", "number in this history"),
            ("name", "file name, with the member after ! for an archive member"),
            ("sha256", "of the stored bytes"),
            ("kind", "what it is"),
            ("series", "publisher's series, or collector"),
            ("from_us", "first instant its content speaks about, microseconds"),
            ("until_us", "last instant its content speaks about, microseconds"),
            ("bytes", "size of the stored bytes"),
            ("rows", "rows read from it"),
            ("faults", "faults found in it"),
        ],
    ),
    (
        "vantages",
        &[
            ("id", "number in this history"),
            ("collector", "such as rrc00"),
            ("asn", "the peer"),
            ("addr", "its address"),
        ],
    ),
    (
        "faults",
        &[
            ("name", "of the source"),
            ("sha256", "of the source"),
            ("position", "byte offset in the decompressed stream"),
            ("kind", "such as cut_stream"),
            ("detail", "what was found"),
        ],
    ),
    (
        "shifts",
        &[
            ("source", "a dump stored as changes; docs/format.md tells the offsets of its records by these"),
            ("root", "the dump stored whole that it comes back to"),
            ("from_position", "first offset in the root that the shift holds for"),
            ("until_position", "last such offset"),
            ("shift", "bytes that records lie behind those of the root, at least"),
        ],
    ),
];

#[derive(Serialize)]
struct Column {
    table: &'static str,
    column: &'static str,
    holds: &'static str,
    sorted: bool,
}

fn list_tables(context: &Context<'_>) -> Result<Exit, Error> {
    let segments = Table::ALL.iter().flat_map(|table| {
        table.columns().into_iter().map(|(column, _, holds)| Column {
            table: table.name(),
            column,
            holds,
            sorted: table.sorted_by().contains(&column),
        })
    });
    let catalogue = CATALOGUE.iter().flat_map(|(table, columns)| {
        columns.iter().map(|(column, holds)| Column { table, column, holds, sorted: false })
    });
    let columns: Vec<Column> = segments.chain(catalogue).collect();
    if context.output.json {
        context.output.answer(&Envelope::new("sql_tables", (), columns))?;
        return Ok(Exit::Done);
    }
    let mut last = "";
    let rows: Vec<Vec<String>> = columns
        .iter()
        .map(|c| {
            let name = if c.table == last { String::new() } else { c.table.to_owned() };
            last = c.table;
            let sorted = if c.sorted { "yes" } else { "" };
            vec![name, c.column.to_owned(), sorted.to_owned(), c.holds.to_owned()]
        })
        .collect();
    let headings =
        [("table", Align::Left), ("column", Align::Left), ("sorted by", Align::Left), ("holds", Align::Left)];
    context.output.print(&table(&headings, &rows))?;
    Ok(Exit::Done)
}
