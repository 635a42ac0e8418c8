//! Text for people: numbers, sizes, tables.

use crate::escape;

/// A count with a comma at every third digit: `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and its noun: `1 file`, `2 files`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// A size: `512 B`, `1.5 MB` (powers of ten).
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// How a column stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings, padded so that columns line up; every cell escaped for a terminal. A row shorter than the headings
/// has empty cells.
pub fn table(headings: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| escape::terminal(cell).into_owned()).collect()).collect();
    let width = |text: &str| text.chars().count();
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(i, (name, _))| {
            rows.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).fold(width(name), usize::max)
        })
        .collect();
    let line = |cell_of: &dyn Fn(usize) -> String| {
        let mut line = String::new();
        for (i, (_, align)) in headings.iter().enumerate() {
            let cell = cell_of(i);
            let pad = " ".repeat(widths[i].saturating_sub(width(&cell)));
            if i > 0 {
                line.push_str("  ");
            }
            match align {
                Align::Left => line.extend([cell.as_str(), &pad]),
                Align::Right => line.extend([pad.as_str(), &cell]),
            }
        }
        format!("{}\n", line.trim_end())
    };
    let mut out = line(&|i| escape::terminal(headings[i].0).into_owned());
    for row in &rows {
        out.push_str(&line(&|i| row.get(i).cloned().unwrap_or_default()));
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn numbers_and_sizes() {
        let counts = [0, 999, 1000, 1_234_567].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "1,234,567"]);
        let sizes = [0, 999, 1000, 999_949, 999_950, 1_500_000, u64::MAX].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "1.5 MB", "18446.7 PB"]);
    }

    #[test]
    fn columns_line_up_and_stay_on_one_line() {
        let rows = vec![vec!["AS64500".into(), "7".into()], vec!["\u{1b}[2J\n".into(), "1,000".into()], vec![]];
        expect![[r#"
            network      routes
            AS64500           7
            \u{1b}[2J\n   1,000

        "#]]
        .assert_eq(&table(&[("network", Align::Left), ("routes", Align::Right)], &rows));
    }
}
