//! The sentences of findings (methods §14). Nothing else words a finding.

use headwater_route::{Bounds, Time};

use crate::period::{Edge, Period};

/// Words that may stand in a finding only inside a quotation with a source.
pub const RESERVED: &[&str] = &[
    "bulletproof",
    "criminal",
    "complicit",
    "knowingly",
    "rogue",
    "harbours",
    "moved",
    "hosts",
    "protects",
    "customer of",
];

/// The reserved words in a text, quotations left out.
pub fn reserved_in(text: &str) -> Vec<&'static str> {
    let lower: String = text.split('"').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    RESERVED
        .iter()
        .filter(|reserved| {
            let wanted: Vec<&str> = reserved.split(' ').collect();
            words.windows(wanted.len()).any(|some| some == wanted)
        })
        .copied()
        .collect()
}

/// A time as a day, or with its clock where the source has one.
pub fn day(time: Time) -> String {
    let end_of_day = Time(time.0 + 1_000_000).is_midnight();
    if time.is_midnight() || end_of_day { time.date() } else { time.to_string() }
}

/// A name or label from a source, as a quotation that it cannot end by itself.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "'"))
}

/// `one thing`, or `3 things`.
pub fn number(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("one {one}") } else { format!("{count} {many}") }
}

/// `3 of 3 monthly publications`; of several periods only how often it was seen, since between them it was not.
pub fn files(periods: &[Period]) -> String {
    let seen: usize = periods.iter().map(|p| p.seen).sum();
    match periods {
        [one] => format!("{seen} of {} monthly publications", one.of),
        many => format!("{seen} monthly publications, in {} periods", many.len()),
    }
}

/// The start of a period: `first listed after 2024-05-05 and by 2024-06-05`.
pub fn start(bounds: &Bounds, edge: Edge, verb: &str) -> String {
    let by = day(bounds.from_by);
    match (edge, bounds.from_after) {
        (_, Some(after)) => format!("first {verb} after {} and by {by}", day(after)),
        (Edge::Gap, None) => format!("{verb} again by {by}, after a gap in the sources"),
        (Edge::SubjectAbsent, None) => format!("{verb} by {by}; sources before that lack the network itself"),
        (Edge::Unsettled, None) => format!("{verb} by {by}; sources before that do not settle it"),
        (_, None) => format!("{verb} at or before {by}, where the sources start"),
    }
}

/// The end of a period: `last listed at or after 2024-08-01, not listed at 2025-09-01`.
pub fn end(bounds: &Bounds, edge: Edge, verb: &str) -> String {
    let last = day(bounds.to_after);
    match (edge, bounds.to_by) {
        (_, Some(by)) => format!("last {verb} at or after {last}, not {verb} at {}", day(by)),
        (Edge::Gap, None) => format!("last {verb} at or after {last}, before a gap in the sources"),
        (Edge::SubjectAbsent, None) => format!("last {verb} at or after {last}; later sources lack the network itself"),
        (Edge::Unsettled, None) => format!("last {verb} at or after {last}; later sources do not settle its end"),
        (_, None) => format!("still {verb} at {last}, where the sources end"),
    }
}

/// A period in words.
pub fn period(period: &Period, verb: &str) -> String {
    format!("{}, {}", start(&period.bounds, period.start, verb), end(&period.bounds, period.end, verb))
}

/// Periods that a statement tells one by one; of more, the first and the last ones.
const TOLD: usize = 8;

/// All periods in words.
pub fn periods(periods: &[Period], verb: &str) -> String {
    let told = |some: &[Period]| some.iter().map(|p| period(p, verb)).collect::<Vec<_>>().join("; ");
    if periods.len() <= TOLD {
        return told(periods);
    }
    let (head, tail) = (&periods[..TOLD / 2], &periods[periods.len() - TOLD / 2..]);
    format!("{}; {} further periods; {}", told(head), periods.len() - TOLD, told(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_found_outside_quotations_only() {
        assert_eq!(reserved_in("AS64500 protects a rogue network"), ["rogue", "protects"]);
        assert_eq!(reserved_in("a source calls it \"a rogue network\""), [""; 0]);
        assert_eq!(reserved_in("removed hosting customers of"), [""; 0]);
        assert_eq!(reserved_in("a Customer of it"), ["customer of"]);
        // A name cannot close the quotation it stands in.
        assert_eq!(reserved_in(&format!("named {} here", quoted("EVIL\" protects \"X"))), [""; 0]);
    }

    #[test]
    fn both_bounds_are_printed() {
        let t = |text| Time::parse(text, None).unwrap();
        let bounds = Bounds {
            from_after: Some(t("2024-05-05T23:59:59Z")),
            from_by: t("2024-06-05T23:59:59Z"),
            to_after: t("2024-08-01"),
            to_by: Some(t("2025-09-01")),
        };
        let known = Period { bounds, start: Edge::Bounded, end: Edge::Bounded, seen: 3, of: 3 };
        assert_eq!(
            period(&known, "listed"),
            "first listed after 2024-05-05 and by 2024-06-05, last listed at or after 2024-08-01, not listed at 2025-09-01"
        );
        let open = Bounds { from_after: None, to_by: None, ..bounds };
        for (edge, words) in [
            (Edge::EndOfData, "at or before 2024-06-05"),
            (Edge::Gap, "after a gap"),
            (Edge::SubjectAbsent, "lack the network"),
            (Edge::Unsettled, "do not settle"),
        ] {
            assert!(start(&open, edge, "listed").contains(words));
        }
        assert_eq!(end(&open, Edge::Gap, "listed"), "last listed at or after 2024-08-01, before a gap in the sources");
        assert_eq!(end(&open, Edge::EndOfData, "listed"), "still listed at 2024-08-01, where the sources end");
    }
}
