//! `docs/format.md` describes every table as it is.

mod common;

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
