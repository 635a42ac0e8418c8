//! `docs/format.md` describes every table as it is.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use headwater_history::table::Table;
use headwater_history::{FORMAT_VERSION, History, SqlValue};

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/format.md");
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The part of the document under the heading of a table.
fn section(document: &str, table: Table) -> &str {
    let heading = format!("\n### `{}`\n", table.name());
    let (_, rest) = document.split_once(&heading).unwrap_or_else(|| panic!("no section for {}", table.name()));
    rest.find("\n##").map_or(rest, |end| &rest[..end])
}

#[test]
fn every_column_of_every_table_is_described_in_order() {
    let document = document();
    for table in Table::ALL {
        let described: Vec<&str> = section(&document, *table)
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .map(|(name, _)| name)
            .collect();
        let columns: Vec<&str> = table.columns().into_iter().map(|(name, ..)| name).collect();
        assert_eq!(described, columns, "{}", table.name());
    }
}

#[test]
fn every_sort_order_is_described() {
    let document = document();
    for table in Table::ALL {
        let columns: Vec<String> = table.sorted_by().iter().map(|name| format!("`{name}`")).collect();
        let sentence = format!("\nSorted by {}.", columns.join(", "));
        assert!(section(&document, *table).contains(&sentence), "{}: {sentence}", table.name());
    }
}

#[test]
fn the_version_is_stated() {
    assert!(document().contains(&format!("\nFormat version {FORMAT_VERSION}.")));
}

#[test]
fn the_sql_for_whole_paths_gives_whole_paths() {
    let document = document();
    let expressions: Vec<&str> =
        document.split("```").filter_map(|block| block.strip_prefix("sql\nconcat_ws")).collect();
    let [expression] = expressions[..] else { panic!("{expressions:?}") };
    let expression = expression.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");

    let paths = ["64501 64510 64520", "64501 64501 64520 64520", "64500 64520", "64501 {64521,64522}", "64501 64520"];
    let routes = (0u8..).zip(paths).map(|(i, path)| {
        let prefix = common::prefix(&format!("198.51.100.{}/29", i * 8));
        ((1, prefix), path.to_owned())
    });
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    common::ingest_dump(&mut history, "a", common::time("2024-01-01"), &routes.collect()).unwrap();
    let query =
        format!("SELECT concat_ws{expression} FROM routes AS r JOIN vantages AS v ON v.id = r.vantage ORDER BY r.net");
    let answer = history.sql(&query, 99).unwrap();
    let told: Vec<SqlValue> = answer.rows.into_iter().flatten().collect();
    assert_eq!(told, paths.map(|path| SqlValue::Text(path.to_owned())));
}

#[test]
fn the_sql_for_records_gives_the_record_of_every_row() {
    let document = document();
    let queries: Vec<&str> = document.split("```").filter(|block| block.starts_with("sql\nWITH first")).collect();
    let [query] = queries[..] else { panic!("{queries:?}") };
    let query =
        format!("SELECT source, near, net, record FROM ({}) ORDER BY source, net", query.trim_start_matches("sql"));

    let prefix = |i: u8| common::prefix(&format!("198.51.100.{}/30", i * 4));
    let path = |i: u8, day: u8| format!("64501 {} 64520", "64510 ".repeat(usize::from(i % (day + 2)) + 1).trim_end());
    // The second day has a prefix that the first has not, and every other path changes.
    let first: common::DumpRoutes = (0..40).map(|i| ((1, prefix(i)), path(i, 0))).collect();
    let second: common::DumpRoutes = (0..41).map(|i| ((1, prefix(i)), path(i, i % 2 * 3))).collect();
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let mut expected: BTreeMap<i64, BTreeMap<i64, (i64, i64)>> = BTreeMap::new();
    for (name, day, dump) in [("a", "2024-01-01", &first), ("b", "2024-01-02", &second)] {
        let committed = common::ingest_dump(&mut history, name, common::time(day), dump).unwrap();
        let records = common::records(dump)
            .into_iter()
            .filter(|(prefix, _)| name == "a" || first.get(&(1, *prefix)) != second.get(&(1, *prefix)));
        let net = |prefix: headwater_route::Prefix| (prefix.first_bits() >> 96) as i64;
        let near = |prefix: &headwater_route::Prefix| i64::from(name == "b" && first.contains_key(&(1, *prefix)));
        let rows = records.map(|(prefix, offset)| (net(prefix), (near(&prefix), offset as i64))).collect();
        expected.insert(committed.source.id.0, rows);
    }
    let mut told: BTreeMap<i64, BTreeMap<i64, (i64, i64)>> = BTreeMap::new();
    for row in history.sql(&query, 999).unwrap().rows {
        let [SqlValue::Int(source), SqlValue::Int(near), SqlValue::Int(net), SqlValue::Int(record)] = row[..] else {
            panic!("{row:?}")
        };
        assert_eq!(told.entry(source).or_default().insert(net, (near, record)), None);
    }
    assert_eq!(told, expected);
    assert!(expected.values().flat_map(BTreeMap::values).any(|(near, _)| *near == 1));
}
