//! Counts with their confidence bounds.
//!
//! Place on the way: under everything that is counted. Pure functions. Must not know: worlds, answers, how a figure is shown.

/// Confidence of every stated bound.
pub const CONFIDENCE: f64 = 0.95;

/// So many of so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Share {
    /// Of these.
    pub of: u64,
    /// So many.
    pub hits: u64,
}

impl Share {
    /// Counts one case.
    pub fn count(&mut self, hit: bool) {
        self.of += 1;
        self.hits += u64::from(hit);
    }

    /// Adds the cases of another.
    pub fn add(&mut self, other: Share) {
        self.of += other.of;
        self.hits += other.hits;
    }

    /// The share; `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// Exact bounds (Clopper and Pearson, Biometrika 26, 1934): the values that the count does not refute at half the error on
    /// either side. They are never too narrow, which suits a figure that a release depends on.
    pub fn bounds(self) -> (f64, f64) {
        let half = (1.0 - CONFIDENCE) / 2.0;
        let low = match self.hits {
            0 => 0.0,
            hits => where_it_falls(0.0, 1.0, |p| 1.0 - binomial_up_to(hits - 1, self.of, p) < half),
        };
        let high = if self.hits >= self.of {
            1.0
        } else {
            where_it_falls(0.0, 1.0, |p| binomial_up_to(self.hits, self.of, p) > half)
        };
        (low, high)
    }
}

/// So many in so long.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rate {
    /// Cases.
    pub cases: u64,
    /// Time in which they could have been, in years of one network.
    pub years: f64,
}

impl Rate {
    /// Adds cases and time of another.
    pub fn add(&mut self, other: Rate) {
        self.cases += other.cases;
        self.years += other.years;
    }

    /// Cases a year; `None` of no time.
    pub fn value(self) -> Option<f64> {
        (self.years > 0.0).then(|| self.cases as f64 / self.years)
    }

    /// Exact bounds of a Poisson rate (Garwood, Biometrika 28, 1936). Without a case the upper one is −ln 0.025 ≈ 3.69 in the
    /// whole time.
    pub fn bounds(self) -> (f64, f64) {
        let half = (1.0 - CONFIDENCE) / 2.0;
        if self.years <= 0.0 {
            return (0.0, f64::INFINITY);
        }
        let most = 20.0 + 2.0 * self.cases as f64 + 10.0 * (self.cases as f64).sqrt();
        let low = match self.cases {
            0 => 0.0,
            cases => where_it_falls(0.0, most, |mean| 1.0 - poisson_up_to(cases - 1, mean) < half),
        };
        let high = where_it_falls(0.0, most, |mean| poisson_up_to(self.cases, mean) > half);
        (low / self.years, high / self.years)
    }
}

/// The place between `low` and `high` up to which something holds.
fn where_it_falls(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if holds(middle) { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Probability of at most `hits` of `of`.
fn binomial_up_to(hits: u64, of: u64, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return f64::from(u8::from(hits >= of));
    }
    let odds = (p / (1.0 - p)).ln();
    let mut log = of as f64 * (1.0 - p).ln();
    let mut sum = log.exp();
    for i in 0..hits.min(of) {
        log += ((of - i) as f64 / (i + 1) as f64).ln() + odds;
        sum += log.exp();
    }
    sum.min(1.0)
}

/// Probability of at most `cases` where `mean` are expected.
fn poisson_up_to(cases: u64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 1.0;
    }
    let mut log = -mean;
    let mut sum = log.exp();
    for i in 1..=cases {
        log += (mean / i as f64).ln();
        sum += log.exp();
    }
    sum.min(1.0)
}

/// The quantile of some values, by the nearest rank; `None` of none.
pub fn quantile(values: &[f64], at: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (at * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: (f64, f64), expected: (f64, f64)) {
        let close = |a: f64, b: f64| (a - b).abs() < 5e-5;
        assert!(close(found.0, expected.0) && close(found.1, expected.1), "{found:?} is not {expected:?}");
    }

    /// Values of R's `binom.test`.
    #[test]
    fn shares_have_the_bounds_of_clopper_and_pearson() {
        for (hits, of, low, high) in [
            (0, 10, 0.0, 0.30850),
            (1, 10, 0.00253, 0.44502),
            (5, 10, 0.18709, 0.81291),
            (10, 10, 0.69150, 1.0),
            (95, 100, 0.88717, 0.98357),
            (0, 0, 0.0, 1.0),
        ] {
            near(Share { of, hits }.bounds(), (low, high));
        }
        // Ten thousand cases neither overflow nor lose the tail.
        let (low, high) = Share { of: 10_000, hits: 9_990 }.bounds();
        assert!(low > 0.9980 && high < 0.9996, "{low} {high}");
    }

    /// Values of R's `poisson.test`.
    #[test]
    fn rates_have_the_bounds_of_garwood() {
        for (cases, low, high) in [(0, 0.0, 3.68888), (1, 0.02532, 5.57164), (10, 4.79539, 18.39036)] {
            near(Rate { cases, years: 1.0 }.bounds(), (low, high));
        }
        near(Rate { cases: 1, years: 2.0 }.bounds(), (0.01266, 2.78582));
        assert_eq!(Rate::default().bounds(), (0.0, f64::INFINITY));
        assert_eq!(Rate::default().value(), None);
    }

    #[test]
    fn quantiles_are_values_that_were_there() {
        let values = [4.0, 1.0, 3.0, 2.0];
        let of = |at| quantile(&values, at);
        assert_eq!([of(0.0), of(0.5), of(0.51), of(1.0)], [Some(1.0), Some(2.0), Some(3.0), Some(4.0)]);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn shares_add_up() {
        let mut share = Share::default();
        [true, false, true].into_iter().for_each(|hit| share.count(hit));
        share.add(Share { of: 1, hits: 1 });
        assert_eq!((share, share.value()), (Share { of: 4, hits: 3 }, Some(0.75)));
        assert_eq!(Share::default().value(), None);
    }
}
