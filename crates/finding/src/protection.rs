//! The table of networks that are described as offering protection against DDoS (methods §8): data, each row with its source
//! and the time for which it is known. It types a network; it never tells what a network does for another.

use std::fmt;

use headwater_route::{Asn, Time};
use serde::Serialize;

/// What a network is described as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Protection is its business.
    Pure,
    /// It can offer protection beside another business.
    DpsCapable,
    /// A carrier that also offers protection: nothing follows from its number.
    Mixed,
    /// Found in lists of such networks, and none.
    NotDps,
}

impl Type {
    /// As the table writes it.
    pub fn code(self) -> &'static str {
        match self {
            Type::Pure => "pure",
            Type::DpsCapable => "dps_capable",
            Type::Mixed => "mixed",
            Type::NotDps => "not_dps",
        }
    }

    fn parse(text: &str) -> Option<Type> {
        [Type::Pure, Type::DpsCapable, Type::Mixed, Type::NotDps].into_iter().find(|t| t.code() == text)
    }
}

/// A row of the table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Typed {
    /// The network.
    pub asn: Asn,
    /// Its name as the table's keeper writes it.
    pub name: String,
    /// What it is described as.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Known to hold from here; `None`: not known since when.
    pub valid_from: Option<Time>,
    /// Known to hold until before this; `None`: not known to have ended.
    pub valid_to: Option<Time>,
    /// Who says so.
    pub source: String,
    /// When the source said it.
    pub as_of: Time,
}

impl Typed {
    /// True if the row is known to hold at `at`: from `valid_from`, else from the day of its source.
    pub fn holds_at(&self, at: Time) -> bool {
        self.valid_from.unwrap_or(self.as_of) <= at && self.valid_to.is_none_or(|to| at < to)
    }
}

/// The columns, as the first line names them.
pub const COLUMNS: [&str; 7] = ["asn", "name", "type", "valid_from", "valid_to", "source", "as_of"];

/// A line of the table that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Reads a table: a line of column names, a line a row, fields parted by tabs, `#` before a comment. Rows come sorted by number
/// and date.
pub fn parse(text: &str) -> Result<Vec<Typed>, Wrong> {
    let mut rows = Vec::new();
    let mut named = false;
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let wrong = |what| Wrong { line, what };
        let fields: Vec<&str> = text.split('\t').map(str::trim).collect();
        let fields: [&str; 7] = fields.try_into().map_err(|_| wrong("not seven fields parted by tabs"))?;
        if !named {
            if fields != COLUMNS {
                return Err(wrong("the first line does not name the columns"));
            }
            named = true;
            continue;
        }
        let [asn, name, kind, from, to, source, as_of] = fields;
        let time = |text: &str| Time::parse(text, None).map_err(|_| wrong("a date is none"));
        let optional = |text: &str| if text.is_empty() { Ok(None) } else { time(text).map(Some) };
        if source.is_empty() {
            return Err(wrong("a row without a source"));
        }
        rows.push(Typed {
            asn: asn.parse().map_err(|_| wrong("no AS number"))?,
            name: name.to_owned(),
            kind: Type::parse(kind).ok_or_else(|| wrong("no type: pure, dps_capable, mixed or not_dps"))?,
            valid_from: optional(from)?,
            valid_to: optional(to)?,
            source: source.to_owned(),
            as_of: time(as_of)?,
        });
    }
    if !named {
        return Err(Wrong { line: 1, what: "the table is empty" });
    }
    rows.sort_by(|a, b| (a.asn, a.as_of, &a.source).cmp(&(b.asn, b.as_of, &b.source)));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "asn\tname\ttype\tvalid_from\tvalid_to\tsource\tas_of\n";

    fn t(text: &str) -> Time {
        Time::parse(text, None).unwrap()
    }

    #[test]
    fn a_row_holds_from_the_day_of_its_source_unless_it_says_since_when() {
        let text = format!(
            "# a comment\n{HEAD}64501\tEXAMPLE\tpure\t\t\ta list\t2024-03-01\n\
             64502\tSAMPLE\tmixed\t2023-01-01\t2024-01-01\ta page\t2023-06-01\n"
        );
        let rows = parse(&text).unwrap();
        assert_eq!(rows.len(), 2);
        let holds = |i: usize, at| rows[i].holds_at(t(at));
        assert_eq!((holds(0, "2024-02-28"), holds(0, "2024-03-01")), (false, true));
        assert_eq!((holds(1, "2023-01-01"), holds(1, "2023-12-31"), holds(1, "2024-01-01")), (true, true, false));
    }

    #[test]
    fn rows_that_cannot_be_read_are_named() {
        let wrong = |row: &str| parse(&format!("{HEAD}{row}")).unwrap_err();
        assert_eq!(wrong("64501\tX\tpure\t\t\t\t2024-03-01").what, "a row without a source");
        assert_eq!(wrong("64501\tX\tgood\t\t\ts\t2024-03-01").line, 2);
        assert_eq!(wrong("64501\tX\tpure\t\t\ts\tsoon").what, "a date is none");
        assert_eq!(wrong("x\tX\tpure\t\t\ts\t2024-03-01").what, "no AS number");
        assert_eq!(wrong("64501\tX").what, "not seven fields parted by tabs");
        assert_eq!(parse("64501\tX\tpure\t\t\ts\t2024-03-01").unwrap_err().line, 1);
        assert_eq!(parse("# nothing\n").unwrap_err().what, "the table is empty");
    }
}
