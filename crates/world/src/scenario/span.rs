//! Spans of time as a scenario writes them.

use serde::{Deserialize, Deserializer};

/// A span: whole seconds. Written `90s`, `15m`, `8h`, `1d`, or `0`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    secs: i64,
}

/// The longest span: a century.
const MAX_SECS: i64 = 100 * 366 * 86_400;

impl Span {
    /// So many seconds.
    pub const fn secs(secs: i64) -> Span {
        Span { secs }
    }

    /// So many hours.
    pub const fn hours(hours: i64) -> Span {
        Span { secs: hours * 3600 }
    }

    /// So many days.
    pub const fn days(days: i64) -> Span {
        Span { secs: days * 86_400 }
    }

    /// In microseconds, as [`headwater_route::Time`] counts.
    pub fn micros(self) -> i64 {
        self.secs * 1_000_000
    }

    /// True for a span of nothing.
    pub fn is_zero(self) -> bool {
        self.secs == 0
    }

    fn read(text: &str) -> Option<Span> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let unit = match &text[digits.len()..] {
            "" if digits == "0" => 1,
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        let secs = digits.parse::<i64>().ok()?.checked_mul(unit)?;
        (secs <= MAX_SECS).then_some(Span { secs })
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        let text = String::deserialize(deserializer)?;
        Span::read(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no span (write 90s, 15m, 8h, 1d)")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        for (text, secs) in [("90s", 90), ("15m", 900), ("8h", 28_800), ("30d", 2_592_000), ("0", 0)] {
            assert_eq!(Span::read(text), Some(Span::secs(secs)), "{text}");
        }
        for text in ["", "15", "m", "1w", "-1d", "1.5h", "99999999999d"] {
            assert_eq!(Span::read(text), None, "{text}");
        }
    }
}
