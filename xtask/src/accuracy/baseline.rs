//! Figures that must not become worse.
//!
//! Place on the way: after the tally. Must not know: worlds, answers.

use serde::Deserialize;

use super::Failed;
use super::tally::Figure;

/// The kept figures, and why each stands where it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// One a figure.
    #[serde(rename = "figure")]
    figures: Vec<Kept>,
}

/// A kept figure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Key of the figure.
    key: String,
    /// It is no less.
    at_least: Option<f64>,
    /// It is no more.
    at_most: Option<f64>,
    /// Why there.
    why: String,
}

impl Baseline {
    /// Reads a baseline.
    pub fn parse(text: &str) -> Result<Baseline, Failed> {
        let baseline: Baseline =
            toml::from_str(text).map_err(|error| Failed::from(format!("the baseline: {error}")))?;
        match baseline.figures.iter().find(|kept| kept.at_least.is_none() == kept.at_most.is_none()) {
            Some(kept) => Err(Failed::from(format!("the baseline: {} has not one bound", kept.key))),
            None => Ok(baseline),
        }
    }

    /// What is worse than it was. A figure that nothing was counted for is: whoever measures nothing finds nothing.
    pub fn broken_by(&self, figures: &[Figure]) -> Vec<String> {
        let broken = |kept: &Kept| {
            let found = figures.iter().find(|figure| figure.key == kept.key);
            let Some(value) = found.and_then(|figure| figure.value) else {
                return Some(format!("{}: nothing was counted ({})", kept.key, kept.why));
            };
            let (low, high) = (kept.at_least.unwrap_or(f64::NEG_INFINITY), kept.at_most.unwrap_or(f64::INFINITY));
            let bound = if value < low { low } else { high };
            (!(low..=high).contains(&value))
                .then(|| format!("{}: {value:.4}, and {bound} is kept ({})", kept.key, kept.why))
        };
        self.figures.iter().filter_map(broken).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::measures::{Rate, Share};

    const KEPT: &str = "[[figure]]\nkey = \"a\"\nat_least = 0.9\nwhy = \"first\"\n\n\
                        [[figure]]\nkey = \"b\"\nat_most = 1.0\nwhy = \"second\"\n";

    fn broken(hits: u64, cases: u64) -> Vec<String> {
        let figures =
            [Figure::of_share("a", "", Share { of: 10, hits }), Figure::of_rate("b", "", Rate { cases, years: 2.0 })];
        Baseline::parse(KEPT).unwrap().broken_by(&figures)
    }

    #[test]
    fn a_worse_figure_breaks_it_and_an_equal_one_does_not() {
        assert_eq!(broken(9, 2), [""; 0]);
        assert_eq!(broken(8, 2), ["a: 0.8000, and 0.9 is kept (first)"]);
        assert_eq!(broken(10, 3), ["b: 1.5000, and 1 is kept (second)"]);
        assert_eq!(broken(8, 3).len(), 2);
    }

    #[test]
    fn nothing_counted_breaks_it() {
        let baseline = Baseline::parse(KEPT).unwrap();
        assert_eq!(baseline.broken_by(&[]).len(), 2);
        let none = Figure::of_share("a", "", Share::default());
        assert_eq!(baseline.broken_by(&[none])[0], "a: nothing was counted (first)");
    }

    #[test]
    fn a_bound_is_one_and_keys_are_known() {
        for text in [
            "[[figure]]\nkey = \"a\"\nwhy = \"\"\n",
            "[[figure]]\nkey = \"a\"\nat_least = 0.0\nat_most = 1.0\nwhy = \"\"\n",
            "[[figure]]\nkey = \"a\"\nat_leasd = 0.0\nwhy = \"\"\n",
        ] {
            assert!(Baseline::parse(text).is_err(), "{text}");
        }
    }
}
