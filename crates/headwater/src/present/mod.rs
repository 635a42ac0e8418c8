//! Answers for people: timelines, bounds, tables. Everything that comes from a source is escaped here.

pub mod carried_by;
pub mod carriers;
pub mod changes;
pub mod holders;
pub mod origin;
pub mod relations;
pub mod rivals;
mod timeline;
pub mod vantages;

use headwater_finding::account::Names;
use headwater_finding::finding::Unknown;
use headwater_finding::period::{Edge, Period};
use headwater_finding::words::day;
use headwater_route::Asn;

use crate::escape;

/// A heading: bold on a terminal that has colours.
pub struct Style {
    /// Colours are on.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Style {
    /// A heading line.
    pub fn heading(&self, text: &str) -> String {
        let text = escape::terminal(text);
        if self.color { format!("\u{1b}[1m{text}\u{1b}[0m\n") } else { format!("{text}\n") }
    }

    /// Text broken into lines at spaces, each indented.
    pub fn wrap(&self, text: &str, indent: &str) -> String {
        let text = escape::terminal(text);
        let width = self.width.clamp(40, 120).saturating_sub(indent.chars().count());
        let mut out = String::new();
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                out.push_str(&format!("{indent}{line}\n"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        out.push_str(&format!("{indent}{line}\n"));
        out
    }

    /// A list item: the first line starts with a dash.
    pub fn item(&self, text: &str) -> String {
        let wrapped = self.wrap(text, "  ");
        format!("- {}", wrapped.strip_prefix("  ").unwrap_or(&wrapped))
    }
}

/// `AS64500  EXAMPLE-NET`, the name cut to `width` characters.
pub fn label(asn: Asn, names: &Names, width: usize) -> String {
    let name = names.get(&asn).map(|name| escape::terminal(name).into_owned()).unwrap_or_default();
    let shown: String = if name.chars().count() > width {
        name.chars().take(width.saturating_sub(1)).chain(['…']).collect()
    } else {
        name
    };
    format!("{:<10} {shown:<width$}", asn.to_string())
}

/// Both bounds of a start.
pub fn first(period: &Period) -> String {
    let by = day(period.bounds.from_by);
    match (period.bounds.from_after, period.start) {
        (Some(after), _) => format!("after {}, by {by}", day(after)),
        (None, Edge::Gap) => format!("again by {by} (gap before)"),
        (None, Edge::SubjectAbsent) => format!("by {by} (network not there before)"),
        (None, Edge::Unsettled) => format!("by {by} (not settled before)"),
        (None, Edge::EndOfData | Edge::Bounded) => format!("by {by} (sources start)"),
    }
}

/// Both bounds of an end.
pub fn last(period: &Period) -> String {
    let last = day(period.bounds.to_after);
    match (period.bounds.to_by, period.end) {
        (Some(by), _) => format!("from {last}, before {}", day(by)),
        (None, Edge::Gap) => format!("from {last} (gap after)"),
        (None, Edge::SubjectAbsent) => format!("from {last} (network not there after)"),
        (None, Edge::Unsettled) => format!("from {last} (not settled after)"),
        (None, Edge::EndOfData | Edge::Bounded) => format!("{last} (sources end)"),
    }
}

/// What could not be known, and what would settle it.
pub fn unknowns(unknowns: &[Unknown], style: &Style) -> String {
    if unknowns.is_empty() {
        return String::new();
    }
    let mut out = style.heading("What could not be known");
    for unknown in unknowns {
        out.push_str(&style.item(&format!(
            "{}: {}. It would be settled by {}.",
            unknown.what,
            unknown.why.sentence(),
            unknown.settled_by
        )));
    }
    out
}
