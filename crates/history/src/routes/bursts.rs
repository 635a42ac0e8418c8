//! Bursts: five minutes in which a vantage announces much of what its collector hears, as it does when its session begins
//! anew. Counted where the rows of an update file stand sorted; what a burst is of the vantage's table is for a question.

use std::collections::{BTreeMap, HashMap};

use headwater_route::rows::BURST_MICROS;
use headwater_route::{Family, Prefix, Time};

/// Prefixes that make a burst worth keeping: fewer are announced all the time.
const LEAST: u64 = 100;

/// Vantage and family in which five minutes, counted since 1970.
type Key = (i32, Family, i64);

/// The bursts of an update file.
#[derive(Default)]
pub(crate) struct Bursts(BTreeMap<Key, u64>);

/// A burst, as it is stored.
pub(crate) struct Burst {
    pub vantage: i32,
    pub family: Family,
    pub at: Time,
    pub prefixes: u64,
}

impl Bursts {
    /// Takes announcements sorted by prefix, vantage and time. Called once a segment: five minutes that two segments share are
    /// counted in both, and a prefix that both have twice.
    pub fn add(&mut self, announced: impl Iterator<Item = (Prefix, i32, Time)>) {
        let mut own: HashMap<Key, u64> = HashMap::new();
        let mut all: HashMap<(Family, i64), u64> = HashMap::new();
        let mut last: Option<(Prefix, i32, i64)> = None;
        // Five minutes in which the prefix at hand was announced by anybody.
        let mut heard: Vec<i64> = Vec::new();
        let mut count_heard = |family: Family, heard: &mut Vec<i64>| {
            heard.sort_unstable();
            heard.dedup();
            heard.drain(..).for_each(|bin| *all.entry((family, bin)).or_default() += 1);
        };
        for (prefix, vantage, at) in announced {
            let bin = at.0.div_euclid(BURST_MICROS);
            if last == Some((prefix, vantage, bin)) {
                continue;
            }
            if let Some((before, ..)) = last.filter(|(before, ..)| *before != prefix) {
                count_heard(before.family(), &mut heard);
            }
            last = Some((prefix, vantage, bin));
            heard.push(bin);
            *own.entry((vantage, prefix.family(), bin)).or_default() += 1;
        }
        if let Some((before, ..)) = last {
            count_heard(before.family(), &mut heard);
        }
        for (key, prefixes) in own {
            let (_, family, bin) = key;
            if prefixes >= LEAST && prefixes * 2 >= all.get(&(family, bin)).copied().unwrap_or(0) {
                *self.0.entry(key).or_default() += prefixes;
            }
        }
    }

    /// The bursts, sorted by vantage, family and time.
    pub fn finish(self) -> Vec<Burst> {
        let burst =
            |((vantage, family, bin), prefixes)| Burst { vantage, family, at: Time(bin * BURST_MICROS), prefixes };
        self.0.into_iter().map(burst).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Announcements of (vantage, minute, prefixes).
    fn bursts(said: &[(i32, i64, std::ops::Range<u32>)]) -> Vec<(i32, i64, u64)> {
        let prefix = |n: u32| format!("198.51.{}.{}/32", 100 + n / 256, n % 256).parse::<Prefix>().unwrap();
        let each = said.iter().flat_map(|(vantage, minute, prefixes)| {
            prefixes.clone().map(move |n| (prefix(n), *vantage, Time(minute * 60_000_000)))
        });
        let mut rows: Vec<(Prefix, i32, Time)> = each.collect();
        rows.sort();
        let mut found = Bursts::default();
        found.add(rows.into_iter());
        found.finish().into_iter().map(|b| (b.vantage, b.at.0 / 60_000_000, b.prefixes)).collect()
    }

    #[test]
    fn a_burst_is_half_of_what_is_heard_in_five_minutes() {
        assert_eq!(bursts(&[(1, 3, 0..300), (2, 4, 0..140), (3, 4, 500..510)]), [(1, 0, 300)]);
        // As many, with other prefixes beside them, or few.
        assert_eq!(bursts(&[(1, 3, 0..149), (2, 3, 0..310)]), [(2, 0, 310)]);
        assert_eq!(bursts(&[(1, 3, 0..99)]), []);
        // A prefix counts once, whoever says it again and however often.
        assert_eq!(bursts(&[(1, 3, 0..100), (1, 4, 0..100), (1, 4, 50..150)]), [(1, 0, 150)]);
        // What goes on for longer is two.
        assert_eq!(bursts(&[(1, 4, 0..120), (1, 5, 120..240)]), [(1, 0, 120), (1, 5, 120)]);
    }

    #[test]
    fn five_minutes_before_1970_are_five_minutes() {
        assert_eq!(bursts(&[(1, -1, 0..100), (1, 1, 0..120)]), [(1, -5, 100), (1, 0, 120)]);
    }
}
