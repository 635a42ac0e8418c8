//! How far the evidence carries (methods §10): rungs L0 to L5. The highest one reached is told, never the next.

use std::cmp::Ordering;

use headwater_route::rows::Neighbour;
use headwater_route::{Asn, Family};
use serde::Serialize;

use super::facts::{Behind, Facts, Routes};
use super::test::{Outcome, State, at_least};
use crate::cohort::Share;
use crate::period::Edge;
use crate::rules::Rules;
use crate::words::{day, number};

const DAY_MICROS: f64 = 86_400e6;

/// A rung.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[allow(missing_docs)]
pub enum Rung {
    L0,
    L1,
    L2,
    L3,
    L4,
    L5,
}

impl Rung {
    /// `L0`.
    pub fn code(self) -> &'static str {
        ["L0", "L1", "L2", "L3", "L4", "L5"][self as usize]
    }
}

/// A rung and whether the evidence reaches it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Step {
    /// The rung.
    pub rung: Rung,
    /// What it says.
    pub statement: String,
    /// Reached; `None`: nothing that was read could tell.
    pub reached: Option<bool>,
    /// Why, or why not.
    pub says: String,
}

/// The ladder.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Ladder {
    /// The highest rung reached by routes.
    pub reached: Option<Rung>,
    /// What publications conclude, beside the ladder: an adjacency that somebody inferred is none that was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred: Option<String>,
    /// All rungs.
    pub steps: Vec<Step>,
    /// The proof of transit, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// The last-mile proof (methods §5): providers or peers of the carrier passed the route on, which networks do for those they
/// carry, under the usual export rules.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Proof {
    /// The family it was seen in.
    pub family: Family,
    /// Networks each of which proves it, as published for the carrier.
    pub by: Vec<Asn>,
    /// Independent clusters of the best of them.
    pub clusters: usize,
    /// Days between its first and last record, within a period of the adjacency.
    pub days: f64,
}

/// The proof of the family that has the longest, if it is one. Clusters and days are those of one network: what one shows long
/// and another widely proves nothing.
fn proof(facts: &Facts, rules: &Rules) -> Option<Proof> {
    let of_family = |r: &Routes| -> Option<Proof> {
        // Days on both sides of a gap do not add up: the adjacency itself must hold that long in one piece.
        let unsplit = r.upstream.as_ref()?.periods.iter().map(at_least).fold(0.0, f64::max);
        let days = |b: &Behind| ((b.last.0 - b.first.0) as f64 / DAY_MICROS).min(unsplit);
        let proves = |b: &&Behind| {
            matches!(b.label, Some(Neighbour::Provider | Neighbour::Peer))
                && b.clusters >= rules.positive_clusters
                && days(b) >= rules.carriage.proof_days
        };
        let proving: Vec<&Behind> = r.behind.iter().filter(proves).collect();
        let best = proving
            .iter()
            .max_by(|a, b| (a.clusters, days(a)).partial_cmp(&(b.clusters, days(b))).unwrap_or(Ordering::Equal))?;
        let mut by: Vec<Asn> = proving.iter().map(|b| b.asn).collect();
        by.sort();
        Some(Proof { family: r.family, by, clusters: best.clusters, days: days(best) })
    };
    facts.routes.iter().filter_map(of_family).max_by(|a, b| a.days.total_cmp(&b.days))
}

/// The share of the carrier on the newest day that has one.
fn newest_share(facts: &Facts) -> Option<(headwater_route::Time, Share)> {
    let upstreams = facts.routes.iter().filter_map(|r| r.upstream.as_ref());
    upstreams.flat_map(|u| u.days.iter().filter_map(|d| Some((d.day, d.share?)))).max_by_key(|(day, _)| *day)
}

/// Climbs it.
pub(super) fn ladder(facts: &Facts, outcomes: &[Outcome], rules: &Rules) -> Ladder {
    let (subject, carrier) = (facts.subject, facts.carrier);
    let outcome = |id: &str| outcomes.iter().find(|o| o.id == id);
    let holds = |id: &str| outcome(id).is_some_and(|o| o.state == State::Yes);
    let looked = facts.routes.iter().any(|r| r.days.iter().any(|d| d.vantages > 0));
    let any: usize = facts.routes.iter().map(|r| r.any_vantages).sum();
    let step = |rung, statement: String, reached, says: String| Step { rung, statement, reached, says };
    let no_routes = || format!("no route of {subject} was read that could tell");
    let mut steps = Vec::new();

    // Not reached is said only where enough clusters had a route on some day; else it is open.
    let adequate = facts.routes.iter().flat_map(|r| &r.days).any(|d| d.clusters >= rules.adequate_clusters)
        && outcome("T1").is_some_and(|o| o.state != State::CannotTell);
    let told = |reached: bool| (reached || adequate).then_some(reached);
    let l0 = told(any > 0);
    steps.push(step(
        Rung::L0,
        format!("{carrier} and {subject} stand in one path"),
        l0,
        match looked {
            true => format!("{} with such a path", number(any, "vantage", "vantages")),
            false => no_routes(),
        },
    ));
    let l1 = told(holds("T1"));
    steps.push(step(
        Rung::L1,
        format!("{carrier} is adjacent to {subject}"),
        l1,
        if looked { outcome("T1").map(|o| o.says.clone()).unwrap_or_default() } else { no_routes() },
    ));

    let proof = proof(facts, rules).filter(|_| l1 == Some(true));
    let periods = || facts.routes.iter().filter_map(|r| r.upstream.as_ref()).flat_map(|u| &u.periods);
    let bounded = periods().any(|p| p.start == Edge::Bounded);
    let lasts = periods().map(at_least).fold(0.0, f64::max);
    let leak = ["T12", "T14"].into_iter().filter(|id| holds(id)).collect::<Vec<_>>();
    let stated = holds("T10");
    let mut lacks = Vec::new();
    if l1 != Some(true) {
        lacks.push("L1 is not reached".to_owned());
    }
    if lasts < rules.carriage.proof_days {
        lacks.push(format!("it is seen for {lasts:.0} days in one piece, of {:.0} needed", rules.carriage.proof_days));
    }
    if !bounded {
        lacks.push("its start is not bounded".to_owned());
    }
    if proof.is_none() && !stated {
        lacks.push("no provider or peer of the carrier is known to have passed it on, and no ASPA lists it".to_owned());
    }
    if !leak.is_empty() {
        lacks.push(format!("a leak is not excluded ({})", leak.join(", ")));
    }
    let l2 = match l1 {
        Some(true) => Some(lacks.is_empty()),
        Some(false) => Some(false),
        None => None,
    };
    steps.push(step(
        Rung::L2,
        format!("{carrier} carries {subject}"),
        l2,
        match (looked, lacks.is_empty(), &proof) {
            (false, ..) => no_routes(),
            (true, false, _) => lacks.join("; "),
            (true, true, Some(proof)) => {
                let by: Vec<String> = proof.by.iter().map(ToString::to_string).collect();
                format!(
                    "{}: passed on by {}, listed as provider or peer of it, at {} over {:.0} days; that it lasted speaks against a leak, \
                     for which nothing else was tested (T12, T14)",
                    proof.family,
                    by.join(", "),
                    number(proof.clusters, "independent cluster", "independent clusters"),
                    proof.days
                )
            }
            (true, true, None) => outcome("T10").map(|o| o.says.clone()).unwrap_or_default(),
        },
    ));

    let sides: Vec<&str> = [("T10", "the side of the network"), ("T11", "the side of the carrier")]
        .into_iter()
        .filter(|(id, _)| holds(id))
        .map(|(_, side)| side)
        .collect();
    let open = |id: &str| outcome(id).is_none_or(|o| matches!(o.state, State::CannotTell | State::NotTested));
    let l3 = match (sides.is_empty(), open("T10") || open("T11")) {
        (false, _) => l1,
        (true, true) => None,
        (true, false) => Some(false),
    };
    steps.push(step(
        Rung::L3,
        "a registry agrees, by side".to_owned(),
        l3,
        match sides.as_slice() {
            [] => outcome("T10").map(|o| o.says.clone()).unwrap_or_default(),
            [one] => format!("{one} only: {}", outcome("T10").map(|o| o.says.clone()).unwrap_or_default()),
            _ => "both sides: mutual".to_owned(),
        },
    ));

    let share = newest_share(facts);
    let l4 = share.map(|(_, share)| l2 == Some(true) && share.low >= rules.carriage.dependence_share);
    steps.push(step(
        Rung::L4,
        format!("{subject} depends on {carrier}"),
        l4,
        match share {
            Some((at, s)) => format!(
                "share {:.0} % ({:.0} to {:.0} %) of routes on {}; from {:.0} % at its lower end on, of a network it carries",
                s.value * 100.0,
                s.low * 100.0,
                s.high * 100.0,
                day(at),
                rules.carriage.dependence_share * 100.0
            ),
            None => "no share: too few clusters with whole tables".to_owned(),
        },
    ));
    steps.push(step(
        Rung::L5,
        "commercial service, knowledge, intent".to_owned(),
        None,
        "not reachable from routing data".to_owned(),
    ));

    let inferred = (!facts.listed.is_empty()).then(|| {
        format!(
            "{carrier} is inferred as a provider of {subject} by the publisher of relationship files: {}. They hold no \
             vantage, path or prefix, and stand beside the ladder",
            crate::words::periods(&facts.listed, "listed")
        )
    });
    let reached = steps.iter().filter(|s| s.reached == Some(true)).map(|s| s.rung).max();
    Ladder { reached, inferred, steps, proof }
}
