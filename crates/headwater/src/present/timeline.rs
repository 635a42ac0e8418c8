//! One row a network, one column a month or a day.

use headwater_route::Time;

use super::Style;

const DAY_MICROS: i64 = 86_400_000_000;

/// The columns of a timeline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Calendar months.
    Month,
    /// Days.
    Day,
}

impl Unit {
    /// The column a time falls into, counted from an origin of its own.
    pub fn column(self, time: Time) -> i64 {
        match self {
            Unit::Day => time.0.div_euclid(DAY_MICROS),
            Unit::Month => {
                let (year, month) = time.year_month();
                i64::from(year) * 12 + i64::from(month) - 1
            }
        }
    }

    /// First text line of the heading gets a label where a year (or month) starts.
    fn major(self, column: i64) -> Option<String> {
        match self {
            Unit::Month => (column.rem_euclid(12) == 0).then(|| column.div_euclid(12).to_string()),
            Unit::Day => {
                let date = Time(column * DAY_MICROS).date();
                date.ends_with("-01").then(|| date[..date.len() - 3].to_owned())
            }
        }
    }

    fn first_label(self, column: i64) -> String {
        match self {
            Unit::Month => column.div_euclid(12).to_string(),
            Unit::Day => Time(column * DAY_MICROS).date(),
        }
    }

    fn minor(self, column: i64) -> char {
        match self {
            Unit::Month => "JFMAMJJASOND".as_bytes()[column.rem_euclid(12) as usize] as char,
            Unit::Day => {
                let date = Time(column * DAY_MICROS).date();
                date.chars().last().unwrap_or(' ')
            }
        }
    }
}

/// A row: its label and what stands in which column. Of several cells of one column the greatest rank is shown.
pub struct Row {
    /// Label, escaped and padded.
    pub label: String,
    /// Column, rank, character.
    pub cells: Vec<(i64, u8, char)>,
}

/// Draws rows over the columns from `first` to `last`. Where the columns do not fit, several share one.
pub fn draw(unit: Unit, first: i64, last: i64, rows: &[Row], style: &Style) -> String {
    let margin = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0) + 2;
    let room = style.width.saturating_sub(margin).max(12) as i64;
    let columns = (last - first + 1).max(1);
    let per = (columns + room - 1) / room;
    let width = ((columns + per - 1) / per) as usize;
    let at = |column: i64| ((column - first) / per) as usize;

    let mut majors = vec![' '; width + 12];
    let put = |text: &str, at: usize, line: &mut Vec<char>| {
        // A label that would run into the one before it is left out.
        if at > 0 && line[at.saturating_sub(1)] != ' ' {
            return;
        }
        for (i, c) in text.chars().enumerate() {
            if at + i < line.len() {
                line[at + i] = c;
            }
        }
    };
    put(&unit.first_label(first), 0, &mut majors);
    for column in first + 1..=last {
        if let Some(text) = unit.major(column) {
            put(&text, at(column), &mut majors);
        }
    }
    let mut out = String::new();
    let mut line = |label: &str, cells: String| {
        let pad = " ".repeat(margin.saturating_sub(label.chars().count()));
        out.push_str(format!("{label}{pad}{cells}").trim_end());
        out.push('\n');
    };
    line("", majors.iter().collect());
    if per == 1 {
        line("", (first..=last).map(|column| unit.minor(column)).collect());
    }
    for row in rows {
        let mut cells: Vec<(u8, char)> = vec![(0, ' '); width];
        for &(column, rank, c) in row.cells.iter().filter(|(column, ..)| (first..=last).contains(column)) {
            let cell = &mut cells[at(column)];
            if rank >= cell.0 {
                *cell = (rank, c);
            }
        }
        line(&row.label, cells.into_iter().map(|(_, c)| c).collect());
    }
    if per > 1 {
        let noun = if unit == Unit::Month { "months" } else { "days" };
        line("", format!("one column is {per} {noun}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn rows() -> Vec<Row> {
        let t = |text: &str| Unit::Month.column(Time::parse(text, None).unwrap());
        vec![
            Row { label: "AS64501".into(), cells: vec![(t("2023-11-01"), 2, '█'), (t("2024-02-01"), 1, '·')] },
            Row { label: "AS64502".into(), cells: vec![(t("2024-02-01"), 2, '█')] },
        ]
    }

    fn months(from: &str, to: &str) -> (i64, i64) {
        let column = |text: &str| Unit::Month.column(Time::parse(text, None).unwrap());
        (column(from), column(to))
    }

    #[test]
    fn months_stand_under_their_years() {
        let (first, last) = months("2023-11-01", "2024-02-01");
        expect![[r#"
                     2023
                     NDJF
            AS64501  █  ·
            AS64502     █
        "#]]
        .assert_eq(&draw(Unit::Month, first, last, &rows(), &Style { color: false, width: 80 }));
    }

    #[test]
    fn a_long_time_is_folded_and_says_so() {
        let (first, last) = months("2015-01-01", "2025-12-01");
        let drawn = draw(Unit::Month, first, last, &rows(), &Style { color: false, width: 60 });
        assert!(drawn.contains("one column is 3 months"), "{drawn}");
        assert!(drawn.lines().all(|line| line.chars().count() <= 60), "{drawn}");
    }
}
