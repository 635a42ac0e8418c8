//! One network next to another: what that proves, what it does not, and what else would look the same (methods §5, §8, §10).
//!
//! [`facts`] gathers what publications and routes show of the pair. [`mod@test`] puts the seventeen questions of the matrix to
//! them; [`matrix`] holds the answers against the explanations H1 to H7 and counts what contradicts each; [`ladder`] says how
//! far the evidence carries; [`role`] weighs what the one may be to the other; [`claim`] tests what somebody says of them.
//!
//! Must not know: what is true. Nothing here separates transit from protection that is always on: routing does not.

pub mod claim;
pub mod facts;
pub mod ladder;
pub mod matrix;
mod passing;
pub mod role;
mod signed;
pub mod test;

use headwater_route::rows::{Authorisations, HolderHistory, LinkAt, LinkHistory};
use headwater_route::{Asn, Window};
use serde::Serialize;

use crate::account;
use crate::finding::{Finding, Unknown, Why};
use crate::protection::Typed;
use crate::rules::Rules;
use crate::sanitise::Registry;
use crate::words;

use claim::{Claim, Tested};
use facts::Facts;
use ladder::{Ladder, ladder};
use matrix::{Matrix, matrix};
use role::{Roles, roles};
use test::Outcome;

/// Rows that the question needs.
pub struct Rows<'a> {
    /// Of the network that is carried.
    pub own: account::Rows<'a>,
    /// Published links of the carrier, in the same files.
    pub carrier_links: &'a LinkHistory,
    /// Names and delegations of the carrier.
    pub carrier_holders: &'a HolderHistory,
    /// Links of the networks listed under the carrier, in the files that list it as a provider of the other.
    pub beneath: &'a [LinkAt],
    /// ROA payloads of both, ASPAs of the network that is carried.
    pub authorisations: &'a Authorisations,
    /// The table of protection networks.
    pub table: &'a [Typed],
}

/// What is known of one network next to another.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Carriage {
    /// What publications and routes show.
    #[serde(flatten)]
    pub facts: Facts,
    /// The tests and the explanations.
    pub matrix: Matrix,
    /// How far the evidence carries.
    pub ladder: Ladder,
    /// What the one may be to the other.
    pub roles: Roles,
    /// What was claimed, and what came of testing it.
    pub claims: Vec<Tested>,
}

/// Weighs the explanations for `carrier` standing next to `subject` in `window`, in the time of the present holder of
/// `subject`, and tests the claims.
pub fn carriage(
    subject: Asn,
    carrier: Asn,
    rows: &Rows<'_>,
    registry: &Registry,
    window: &Window,
    claims: &[Claim],
    rules: &Rules,
) -> (Carriage, Vec<Finding>, Vec<Unknown>) {
    let (facts, mut findings) = Facts::gather(subject, carrier, rows, registry, window, rules);
    let mut outcomes = test::outcomes(&facts, rows, rules);
    findings.extend(outcomes.iter_mut().filter_map(|o| o.seal(&facts, rules)));
    let ladder = ladder(&facts, &outcomes, rules);
    let roles = roles(&facts, &outcomes, ladder.proof.as_ref(), rules);
    let mut claims: Vec<Tested> = claims.iter().map(|claim| claim::tested(claim, &facts, &outcomes)).collect();
    let matrix = matrix(outcomes, rules);
    findings.extend(claims.iter_mut().flat_map(|claim| claim.seal(&facts, rules)));
    let unknowns = unknowns(&facts, &matrix.outcomes, rules);
    (Carriage { facts, matrix, ladder, roles, claims }, findings, unknowns)
}

/// What was not known, and what would settle it: the tests that stay open are told in the matrix, each with what it needs.
fn unknowns(facts: &Facts, outcomes: &[Outcome], rules: &Rules) -> Vec<Unknown> {
    let (subject, carrier) = (facts.subject, facts.carrier);
    let mut out = Vec::new();
    for (from, until) in &facts.gaps {
        out.push(Unknown {
            what: format!(
                "whether {carrier} is listed as a provider of {subject} between {} and {}",
                words::day(*from),
                words::day(*until)
            ),
            why: Why::Gap,
            from: Some(*from),
            until: Some(*until),
            settled_by: "whole relationship files of these months".to_owned(),
        });
    }
    if facts.routes.iter().all(|r| r.days.is_empty()) {
        out.push(Unknown {
            what: format!(
                "paths between {carrier} and {subject}, their prefixes and shares: {}",
                facts.looked.as_deref().unwrap_or("no table or update file of a collector was read")
            ),
            why: Why::NoData,
            from: facts.window.from,
            until: facts.window.to,
            settled_by: "tables and updates of route collectors (RIPE RIS, RouteViews) of the time".to_owned(),
        });
    }
    let adequate = |d: &facts::Day| d.clusters >= rules.adequate_clusters;
    if !facts.routes.is_empty() && !facts.routes.iter().flat_map(|r| &r.days).any(adequate) {
        out.push(Unknown {
            what: format!("whether routes lack {carrier} next to {subject}: too few clusters had a route on any day"),
            why: Why::InsufficientCohort,
            from: facts.window.from,
            until: facts.window.to,
            settled_by: "tables and updates of more route collectors of the time".to_owned(),
        });
    }
    let open = outcomes.iter().filter(|o| matches!(o.state, test::State::CannotTell | test::State::NotTested)).count();
    if open > 0 {
        out.push(Unknown {
            what: format!("the outcome of {open} of {} tests; each says what it needs", outcomes.len()),
            why: Why::Undetermined,
            from: None,
            until: None,
            settled_by: "what the tests name".to_owned(),
        });
    }
    out.push(Unknown {
        what: format!("contract, knowledge and intent between {carrier} and {subject}"),
        why: Why::NotObservable,
        from: None,
        until: None,
        settled_by: "a source outside routing, quoted as what it says".to_owned(),
    });
    out
}
