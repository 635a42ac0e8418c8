//! Chance that is the same on every machine: integers mixed from a seed and from what is asked, never a state that is
//! carried along. So any route of any dump can be made by itself.

/// A sequence of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

/// Finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Chance {
    /// The sequence that belongs to `what` and to the things it is asked about.
    pub fn of(seed: u64, what: What, about: [u32; 4]) -> Chance {
        let [a, b, c, d] = about.map(u64::from);
        let first = mixed(seed ^ ((what as u64) << 56) ^ (a << 32) ^ b);
        Chance(mixed(first ^ (c << 32) ^ d))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below `count`, all alike; 0 below 0.
    pub fn below(&mut self, count: u32) -> u32 {
        (((self.next() >> 32) * u64::from(count)) >> 32) as u32
    }

    /// True in `count` of a thousand cases.
    pub fn per_mille(&mut self, count: u32) -> bool {
        self.below(1000) < count
    }

    /// A number below `count`, small ones more often: the share of numbers below x·count is x^(1/power).
    pub fn skewed(&mut self, count: u32, power: u32) -> u32 {
        let u = self.next() >> 32;
        let raised = (1..power).fold(u, |raised, _| (raised * u) >> 32);
        ((raised * u64::from(count)) >> 32) as u32
    }

    /// The place of one of `weights`, as often as it says.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        let is_it = |weight: &u32| {
            let here = left < *weight;
            left = left.wrapping_sub(*weight);
            here
        };
        weights.iter().position(is_it).unwrap_or(0)
    }
}

/// What chance decides. Each has its own numbers, so that a new one does not change the others.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum What {
    /// Prefixes of a stretch of address space, and their origins.
    Space = 1,
    /// Upstreams of an origin.
    Upstreams,
    /// What a transit network does.
    Transit,
    /// What a vantage does.
    Vantage,
    /// Whether a vantage holds a route.
    Held,
    /// The way from a vantage to an origin.
    Way,
    /// Whether prefixes of an origin change their way between dumps.
    GroupChange,
    /// Whether a prefix does.
    PrefixChange,
    /// When a route was learnt.
    Age,
    /// Communities a network adds.
    Communities,
    /// Other attributes of an origin's routes.
    Origin,
    /// Events of an update file.
    Updates,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_as_told() {
        let mut chance = Chance::of(1, What::Way, [0; 4]);
        let mut low = [0; 3];
        for _ in 0..10_000 {
            low[0] += u32::from(chance.below(10) == 0);
            low[1] += u32::from(chance.skewed(1000, 2) < 250);
            low[2] += u32::from(chance.weighted(&[3, 0, 1]) == 0);
        }
        assert!(low[0].abs_diff(1000) < 100, "{low:?}");
        assert!(low[1].abs_diff(5000) < 200, "{low:?}");
        assert!(low[2].abs_diff(7500) < 200, "{low:?}");
        assert_eq!(chance.below(0), 0);
    }

    #[test]
    fn what_is_asked_decides() {
        let first = |seed, what, about| Chance::of(seed, what, about).next();
        let one = first(1, What::Way, [1, 2, 3, 4]);
        assert_eq!(one, first(1, What::Way, [1, 2, 3, 4]));
        assert_ne!(one, first(2, What::Way, [1, 2, 3, 4]));
        assert_ne!(one, first(1, What::Age, [1, 2, 3, 4]));
        for changed in [[2, 2, 3, 4], [1, 3, 3, 4], [1, 2, 4, 4], [1, 2, 3, 5]] {
            assert_ne!(one, first(1, What::Way, changed));
        }
    }
}
