//! `docs/format.md` describes every table as it is.

use std::path::Path;

use headwater_history::FORMAT_VERSION;
use headwater_history::table::Table;

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
