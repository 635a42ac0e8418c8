//! Instants, windows, and intervals whose ends are known only within bounds.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: microseconds since 1970-01-01T00:00:00Z. Shown and serialised as RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// Why a text is not a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeError(pub String);

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a time (write 2024-06-01, 2024-06-01T12:00:00Z or \"2 days ago\")", self.0)
    }
}

impl std::error::Error for TimeError {}

const DAY_MICROS: i64 = 86_400_000_000;

impl Time {
    /// From whole seconds since the epoch; `None` outside what [`Time`] can show (years -9999 to 9999).
    pub fn from_secs(secs: i64) -> Option<Time> {
        Timestamp::from_second(secs).ok()?;
        secs.checked_mul(1_000_000).map(Time)
    }

    /// From seconds as MRT and most feeds write them; every `u32` is in range.
    #[inline]
    pub fn from_unix(secs: u32) -> Time {
        Time(i64::from(secs) * 1_000_000)
    }

    /// Midnight UTC at the start of a civil day; `None` if there is no such day.
    pub fn from_date(year: i16, month: i8, day: i8) -> Option<Time> {
        let date = Date::new(year, month, day).ok()?;
        let stamp = TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?;
        Some(Time(stamp.as_microsecond()))
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by whole days.
    pub fn plus_days(self, days: i64) -> Time {
        Time(self.0.saturating_add(days.saturating_mul(DAY_MICROS)))
    }

    /// Days from `earlier` to here, rounded down.
    pub fn days_since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(DAY_MICROS)
    }

    /// The civil date in UTC, as `2024-06-01`.
    pub fn date(self) -> String {
        self.civil().date().to_string()
    }

    /// Year and month in UTC.
    pub fn year_month(self) -> (i16, i8) {
        let date = self.civil().date();
        (date.year(), date.month())
    }

    /// True at midnight UTC exactly.
    pub fn is_midnight(self) -> bool {
        self.0.rem_euclid(DAY_MICROS) == 0
    }

    fn civil(self) -> jiff::civil::DateTime {
        let stamp =
            Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX });
        TimeZone::UTC.to_datetime(stamp)
    }

    /// Reads RFC 3339 (any offset, converted to UTC), `YYYY-MM-DD[ T]HH:MM:SS` (taken as UTC), a date (its midnight), or,
    /// where `now` is given, `N seconds|minutes|hours|days|weeks ago`, `now`, `today`, `yesterday`.
    pub fn parse(text: &str, now: Option<Time>) -> Result<Time, TimeError> {
        let err = || TimeError(text.to_owned());
        let text = text.trim();
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return Ok(Time(stamp.as_microsecond()));
        }
        if let Ok(date) = text.parse::<Date>()
            && text.len() <= 10
        {
            return Time::from_date(date.year(), date.month(), date.day()).ok_or_else(err);
        }
        if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
            let stamp = TimeZone::UTC.to_timestamp(civil).map_err(|_| err())?;
            return Ok(Time(stamp.as_microsecond()));
        }
        let now = now.ok_or_else(err)?;
        match text.to_ascii_lowercase().as_str() {
            "now" => return Ok(now),
            "today" => return Ok(Time(now.0 - now.0.rem_euclid(DAY_MICROS))),
            "yesterday" => return Ok(Time(now.0 - now.0.rem_euclid(DAY_MICROS)).plus_days(-1)),
            _ => {}
        }
        let mut words = text.split_whitespace();
        let (count, unit, ago) = (words.next(), words.next(), words.next());
        if ago != Some("ago") || words.next().is_some() {
            return Err(err());
        }
        let count: i64 = count.and_then(|w| w.parse().ok()).ok_or_else(err)?;
        let secs = match unit.unwrap_or("").trim_end_matches('s') {
            "second" => 1,
            "minute" => 60,
            "hour" => 3600,
            "day" => 86_400,
            "week" => 7 * 86_400,
            _ => return Err(err()),
        };
        let back = SignedDuration::from_secs(count.checked_mul(secs).ok_or_else(err)?);
        let stamp = Timestamp::from_microsecond(now.0).map_err(|_| err())?;
        let stamp = stamp.checked_sub(back).map_err(|_| err())?;
        Ok(Time(stamp.as_microsecond()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil();
        let micros = self.0.rem_euclid(1_000_000);
        let text = if micros == 0 { format!("{civil:.0}Z") } else { format!("{civil:.6}Z") };
        f.pad(&text)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Time::parse(&text, None).map_err(serde::de::Error::custom)
    }
}

/// A half-open span `[from, to)` that a question asks about; a missing end is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Window {
    /// First instant inside.
    pub from: Option<Time>,
    /// First instant no longer inside.
    pub to: Option<Time>,
}

impl Window {
    /// True if some instant of the closed span `[first, last]` lies inside.
    pub fn touches(&self, first: Time, last: Time) -> bool {
        self.from.is_none_or(|from| last >= from) && self.to.is_none_or(|to| first < to)
    }
}

/// An interval whose start and end are known only within bounds (methods §3.3): it started in `(from_after, from_by]` and
/// ended in `[to_after, to_by)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Bounds {
    /// Last adequate negative before the start; `None`: left-censored, it may have begun at any time before `from_by`.
    pub from_after: Option<Time>,
    /// First positive observation.
    pub from_by: Time,
    /// Last positive observation.
    pub to_after: Time,
    /// First adequate negative after the end; `None`: right-censored, still present at `to_after`.
    pub to_by: Option<Time>,
}

impl Bounds {
    /// The interval of a single sighting about which nothing else is known.
    pub fn at(time: Time) -> Bounds {
        Bounds { from_after: None, from_by: time, to_after: time, to_by: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Time {
        Time::parse(text, None).unwrap()
    }

    #[test]
    fn reads_and_shows_utc() {
        assert_eq!(t("2024-06-01").to_string(), "2024-06-01T00:00:00Z");
        assert_eq!(t("2022-11-23T23:59:52-08:00").to_string(), "2022-11-24T07:59:52Z");
        assert_eq!(t("2021-08-09 00:00:58").to_string(), "2021-08-09T00:00:58Z");
        assert_eq!(Time(1_500_000).to_string(), "1970-01-01T00:00:01.500000Z");
        assert_eq!(Time(-1).to_string(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(t("2024-06-01").date(), "2024-06-01");
    }

    #[test]
    fn relative_times_need_a_clock() {
        let now = t("2025-01-10T12:00:00Z");
        assert_eq!(Time::parse("2 days ago", Some(now)), Ok(t("2025-01-08T12:00:00Z")));
        assert_eq!(Time::parse("1 hour ago", Some(now)), Ok(t("2025-01-10T11:00:00Z")));
        assert_eq!(Time::parse("today", Some(now)), Ok(t("2025-01-10")));
        assert!(Time::parse("2 days ago", None).is_err());
        assert!(Time::parse("2 moons ago", Some(now)).is_err());
        assert!(Time::parse("2024-13-01", Some(now)).is_err());
        assert!(Time::parse("9223372036854775807 weeks ago", Some(now)).is_err());
    }

    #[test]
    fn every_time_can_be_shown() {
        for micros in [i64::MIN, i64::MAX, 0] {
            assert!(!Time(micros).to_string().is_empty());
        }
    }
}
