//! The explanations H1 to H7 against the tests (methods §10). Most facts fit several stories, so only what contradicts an
//! explanation counts; what all have in common counts nothing. Never a probability.

use std::collections::BTreeSet;

use serde::Serialize;

use super::test::{Outcome, State};
use crate::finding::Class;
use crate::rules::Rules;

/// An explanation for one network standing next to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[allow(missing_docs)]
pub enum Hypothesis {
    H1,
    H2,
    H3,
    H4,
    H5,
    H6,
    H7,
}

impl Hypothesis {
    /// All of them, in order.
    pub const ALL: [Hypothesis; 7] = [
        Hypothesis::H1,
        Hypothesis::H2,
        Hypothesis::H3,
        Hypothesis::H4,
        Hypothesis::H5,
        Hypothesis::H6,
        Hypothesis::H7,
    ];

    /// `H1`.
    pub fn code(self) -> &'static str {
        ["H1", "H2", "H3", "H4", "H5", "H6", "H7"][self as usize]
    }

    /// What it says.
    pub fn says(self) -> &'static str {
        match self {
            Hypothesis::H1 => "plain transit",
            Hypothesis::H2 => "DDoS protection, always on",
            Hypothesis::H3 => "DDoS protection, on demand",
            Hypothesis::H4 => "indirect: a third network deals with both",
            Hypothesis::H5 => "route leak",
            Hypothesis::H6 => "forged, poisoned or mistyped path",
            Hypothesis::H7 => "artefact of a collector",
        }
    }
}

/// How an outcome bears on an explanation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub enum Cell {
    /// Strongly consistent.
    CC,
    /// Consistent.
    C,
    /// Neutral.
    N,
    /// Inconsistent.
    I,
    /// Strongly inconsistent.
    II,
}

impl Cell {
    /// What an inconsistent cell counts.
    fn against(self) -> f64 {
        match self {
            Cell::I => 1.0,
            Cell::II => 2.0,
            Cell::CC | Cell::C | Cell::N => 0.0,
        }
    }
}

/// What each test, if it holds, says of H1 to H7: the default matrix of methods §10. The cells follow from the definitions and
/// are printed to be challenged.
#[rustfmt::skip]
pub const MATRIX: [[Cell; 7]; 17] = {
    use Cell::{C, CC, I, II, N};
    [
        [C,  C,  C,  I,  C,  N,  II],
        [II, I,  I,  CC, N,  N,  N],
        [C,  C,  II, C,  II, I,  II],
        [C,  C,  C,  C,  C,  N,  I],
        [I,  II, CC, N,  C,  C,  C],
        [N,  N,  CC, N,  N,  C,  N],
        [N,  C,  N,  N,  I,  I,  I],
        [C,  I,  N,  N,  C,  C,  C],
        [N,  C,  CC, N,  I,  I,  N],
        [C,  C,  C,  I,  II, I,  I],
        [C,  C,  C,  I,  II, II, II],
        [I,  I,  I,  N,  CC, N,  C],
        [N,  N,  N,  CC, N,  I,  N],
        [I,  I,  I,  N,  CC, N,  N],
        [I,  I,  I,  I,  N,  C,  CC],
        [C,  C,  C,  C,  C,  II, II],
        [N,  C,  C,  C,  N,  N,  N],
    ]
};

/// The cells of a test that holds, by its place among the outcomes.
fn cells(at: usize) -> &'static [Cell; 7] {
    &MATRIX[at]
}

/// An explanation and what contradicts it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Ranked {
    /// The explanation.
    pub id: Hypothesis,
    /// What it says.
    pub says: &'static str,
    /// Weighted sum of what contradicts it. Not a probability.
    pub against: f64,
    /// 1: the least contradicted; equal ones share a rank.
    pub rank: usize,
    /// Tests that hold and contradict it.
    pub contradicted_by: Vec<&'static str>,
    /// Tests that hold and are consistent with it.
    pub consistent_with: Vec<&'static str>,
}

/// What the order rests on.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Sensitivity {
    /// The test, or whoever is the root of tests, that is left out.
    pub without: String,
    /// Who is least contradicted then.
    pub first: Vec<Hypothesis>,
    /// The order of the explanations changes.
    pub changes: bool,
}

/// A row of the matrix.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// The test.
    pub id: &'static str,
    /// What it counts.
    pub weight: f64,
    /// The cells H1 to H7.
    pub cells: Vec<Cell>,
    /// Explanations differ in it. Rows in which they do not count nothing.
    pub tells_apart: bool,
}

/// Tests and explanations.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Matrix {
    /// All tests.
    pub outcomes: Vec<Outcome>,
    /// The rows of those that hold.
    pub rows: Vec<Row>,
    /// The explanations, least contradicted first; `None` with fewer tests that hold and tell explanations apart than
    /// `ranked_tests`.
    pub ranking: Option<Vec<Ranked>>,
    /// Tests that hold and tell explanations apart.
    pub counted: usize,
    /// How many are needed.
    pub needed: usize,
    /// What changes if a test or a root is left out.
    pub sensitivity: Vec<Sensitivity>,
}

/// What stands beside every ranking.
pub const TIE: &str = "Plain transit (H1) and protection that is always on (H2) are not separable by BGP: what contradicts one more than \
     the other here is circumstance, and only a source outside routing could tell them apart.";

/// Holds outcomes against the explanations.
pub(super) fn matrix(outcomes: Vec<Outcome>, rules: &Rules) -> Matrix {
    let weight = |o: &Outcome| match o.class {
        Some(Class::Observed) => rules.carriage.weight_observed,
        Some(Class::Inferred) => rules.carriage.weight_inferred,
        Some(Class::External) | None => rules.carriage.weight_external,
    };
    let all: Vec<usize> = (0..outcomes.len()).filter(|i| outcomes[*i].state == State::Yes).collect();
    let rows: Vec<Row> = all
        .iter()
        .map(|&at| Row {
            id: outcomes[at].id,
            weight: weight(&outcomes[at]),
            cells: cells(at).to_vec(),
            tells_apart: tells_apart(at),
        })
        .collect();
    let counting: Vec<usize> = all.into_iter().filter(|at| tells_apart(*at)).collect();
    let score = |of: &[usize]| -> [f64; 7] {
        let mut sums = [0.0; 7];
        for &at in of {
            for (sum, cell) in sums.iter_mut().zip(cells(at)) {
                *sum += weight(&outcomes[at]) * cell.against();
            }
        }
        sums
    };
    let needed = rules.carriage.ranked_tests;
    let counted = counting.len();
    let (ranking, sensitivity) = match counted >= needed {
        false => (None, Vec::new()),
        true => {
            let scores = score(&counting);
            (Some(ranked(&scores, &counting, &outcomes)), sensitivity(&counting, &outcomes, &score))
        }
    };
    Matrix { outcomes, rows, ranking, counted, needed, sensitivity }
}

fn tells_apart(at: usize) -> bool {
    cells(at).iter().any(|cell| *cell != cells(at)[0])
}

/// The rank of each explanation; sums that differ by rounding are equal.
fn ranks(scores: &[f64; 7]) -> [usize; 7] {
    scores.map(|score| 1 + scores.iter().filter(|other| **other < score - 1e-9).count())
}

fn ranked(scores: &[f64; 7], counting: &[usize], outcomes: &[Outcome]) -> Vec<Ranked> {
    let ranks = ranks(scores);
    let mut out: Vec<Ranked> = Hypothesis::ALL
        .iter()
        .enumerate()
        .map(|(h, id)| {
            let with = |is: fn(Cell) -> bool| {
                counting.iter().filter(|at| is(cells(**at)[h])).map(|at| outcomes[*at].id).collect()
            };
            Ranked {
                id: *id,
                says: id.says(),
                against: scores[h],
                rank: ranks[h],
                contradicted_by: with(|cell| matches!(cell, Cell::I | Cell::II)),
                consistent_with: with(|cell| matches!(cell, Cell::C | Cell::CC)),
            }
        })
        .collect();
    out.sort_by_key(|r| (r.rank, r.id));
    out
}

fn sensitivity(counting: &[usize], outcomes: &[Outcome], score: &dyn Fn(&[usize]) -> [f64; 7]) -> Vec<Sensitivity> {
    let whole = ranks(&score(counting));
    let roots: BTreeSet<&str> = counting.iter().flat_map(|at| outcomes[*at].roots.iter().map(String::as_str)).collect();
    let without = |name: String, kept: Vec<usize>| {
        let ranks = ranks(&score(&kept));
        let first = Hypothesis::ALL.iter().zip(ranks).filter(|(_, rank)| *rank == 1).map(|(h, _)| *h).collect();
        Sensitivity { without: name, first, changes: ranks != whole }
    };
    let mut out: Vec<Sensitivity> = counting
        .iter()
        .map(|drop| without(outcomes[*drop].id.to_owned(), counting.iter().filter(|at| *at != drop).copied().collect()))
        .collect();
    for root in roots {
        // A test that rests on others as well stays.
        let only = |at: &&usize| outcomes[**at].roots.len() == 1 && outcomes[**at].roots.contains(root);
        if counting.iter().any(|at| only(&at)) {
            out.push(without(root.to_owned(), counting.iter().filter(|at| !only(at)).copied().collect()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_explanation_has_a_row_that_speaks_against_it_and_one_that_speaks_for_it() {
        for h in 0..7 {
            assert!(MATRIX.iter().any(|row| row[h].against() > 0.0), "{h}");
            assert!(MATRIX.iter().any(|row| matches!(row[h], Cell::C | Cell::CC)), "{h}");
        }
    }

    #[test]
    fn equal_sums_share_a_rank() {
        assert_eq!(ranks(&[0.5, 0.5, 2.0, 0.0, 2.0, 9.0, 9.0]), [2, 2, 4, 1, 4, 6, 6]);
    }
}
