//! Chance that is the same everywhere.
//!
//! SplitMix64 (Steele, Lea and Flood 2014): ten lines, a stream that never changes under us. Every use draws from a stream of
//! its own, named by a label, so that drawing more in one place changes nothing elsewhere. No logarithm or power is taken:
//! libraries round them differently.

/// One step of the finaliser: equal inputs give equal outputs, and near inputs have nothing in common.
pub fn mix(a: u64, b: u64) -> u64 {
    let mut z = a ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of this label in the world of this seed.
    pub fn of(seed: u64, label: &str) -> Random {
        Random(label.bytes().fold(mix(seed, 0x6865_6164), |state, byte| mix(state, u64::from(byte))))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0, 0)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(end)) >> 64) as u64
    }

    /// As [`Random::below`], for positions.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A number of `first..=last`.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        first + self.below((last - first).unsigned_abs() + 1) as i64
    }

    /// True this often in a thousand times.
    pub fn permille(&mut self, permille: u32) -> bool {
        self.below(1000) < u64::from(permille)
    }

    /// A number of `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of the items; `None` if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.index(items.len()))
    }

    /// Puts the items into an order of chance (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.index(at + 1));
        }
    }

    /// A position by weight; the weights are given as their running sums.
    pub fn weighted(&mut self, running: &[u64]) -> usize {
        let total = running.last().copied().unwrap_or(0);
        let drawn = self.below(total);
        running.partition_point(|sum| *sum <= drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_pinned() {
        // Worlds of a seed must stay the same worlds: kept scorecards refer to them.
        let mut random = Random::of(1, "test");
        let drawn: Vec<u64> = (0..3).map(|_| random.draw()).collect();
        assert_eq!(drawn, PINNED);
        assert_ne!(Random::of(1, "other").draw(), drawn[0]);
        assert_ne!(Random::of(2, "test").draw(), drawn[0]);
    }

    const PINNED: [u64; 3] = [2184725195642224390, 2342779780931076766, 5184970568123215359];

    #[test]
    fn draws_stay_in_range_and_spread() {
        let mut random = Random::of(7, "range");
        let mut seen = [0u32; 10];
        (0..10_000).for_each(|_| seen[random.index(10)] += 1);
        assert!(seen.iter().all(|count| (800..1200).contains(count)), "{seen:?}");
        assert_eq!(random.below(0), 0);
        let mut counts = [0u32; 3];
        (0..6000).for_each(|_| counts[random.weighted(&[1, 3, 6])] += 1);
        assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
    }
}
