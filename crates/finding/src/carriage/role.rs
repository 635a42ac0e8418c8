//! What a network next to another may be to it (methods §5): weighed evidence for each role, the best and the next best with
//! the margin between them. Where routing does not separate two roles, none is claimed.

use std::collections::BTreeSet;

use headwater_route::rows::Neighbour;
use serde::Serialize;

use super::facts::Facts;
use super::ladder::Proof;
use super::test::{Outcome, State};
use crate::finding::Class;
use crate::period::Period;
use crate::protection::Type;
use crate::rules::Rules;

const DAY_MICROS: i64 = 86_400_000_000;

/// A role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Role {
    Transit,
    Peer,
    RouteServer,
    ProtectionAlwaysOn,
    ProtectionOnDemand,
    Sibling,
    Leak,
    Forged,
}

impl Role {
    const ALL: [Role; 8] = [
        Role::Transit,
        Role::Peer,
        Role::RouteServer,
        Role::ProtectionAlwaysOn,
        Role::ProtectionOnDemand,
        Role::Sibling,
        Role::Leak,
        Role::Forged,
    ];

    /// What it is called.
    pub fn noun(self) -> &'static str {
        match self {
            Role::Transit => "transit",
            Role::Peer => "peer",
            Role::RouteServer => "route server",
            Role::ProtectionAlwaysOn => "protection, always on",
            Role::ProtectionOnDemand => "protection, on demand",
            Role::Sibling => "same body",
            Role::Leak => "route leak",
            Role::Forged => "forged path",
        }
    }
}

/// What one row of evidence gives to each role, in the order of [`Role::ALL`].
type Points = [f64; 8];

/// A row of the table of evidence.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Evidence {
    /// `R1` to `R14`.
    pub id: &'static str,
    /// What it is.
    pub what: &'static str,
    /// It holds; `None`: nothing that was read could tell, and it counts nothing.
    pub holds: Option<bool>,
    /// What it gives to transit, peer, route server, protection always on and on demand, same body, leak and forged path.
    pub points: Points,
    /// Which group of evidence it is of: routing, registry, table.
    pub group: &'static str,
}

/// How sure a role is (methods §14).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is known but that the two stand next to each other, or less.
    Adjacent,
    /// The margin is too small.
    Open,
    /// Transit and protection that is always on: it carries, and which service that is, routing does not tell.
    ServiceOpen,
    /// The best role is likely; the next best is told with it.
    Likely,
    /// The evidence strongly supports it.
    Strong,
}

/// The roles, weighed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Roles {
    /// How sure.
    pub verdict: Verdict,
    /// The best role, where one is claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Every role with its points, best first.
    pub points: Vec<(Role, f64)>,
    /// Points between the best and the next.
    pub margin: f64,
    /// In one sentence.
    pub says: String,
    /// What publications list it as, by publisher, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The evidence.
    pub evidence: Vec<Evidence>,
}

/// Weighs the roles.
pub(super) fn roles(facts: &Facts, outcomes: &[Outcome], proof: Option<&Proof>, rules: &Rules) -> Roles {
    let evidence = evidence(facts, outcomes, proof, rules);
    let mut points: Vec<(Role, f64)> = Role::ALL
        .iter()
        .enumerate()
        .map(|(i, role)| (*role, evidence.iter().filter(|e| e.holds == Some(true)).map(|e| e.points[i]).sum()))
        .collect();
    points.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let margin = points[0].1 - points[1].1;
    let held = |id: &str| evidence.iter().any(|e| e.id == id && e.holds == Some(true));
    let known = |id: &str| evidence.iter().any(|e| e.id == id && e.holds.is_some());
    let mut groups: BTreeSet<&str> = evidence
        .iter()
        .filter(|e| e.holds == Some(true) && e.points.iter().any(|p| *p != 0.0))
        .map(|e| e.group)
        .collect();
    // That somebody looked and typed it as none is evidence of the table as well.
    if known("R6") {
        groups.insert("table");
    }
    let best = points[0].0;
    let adjacent = outcomes.iter().any(|o| o.id == "T1" && o.state == State::Yes);
    // Only that somebody looked and found no protection there could tell the two services apart.
    let no_protection = known("R6") && !held("R6") && !held("R7");
    let service = |role: Role| matches!(role, Role::Transit | Role::ProtectionAlwaysOn);
    // Without relationships nothing tells more than that the two stand side by side; other roles have evidence of their own.
    let related = known("R1") || held("R3") || held("R5") || held("R9") || held("R11") || held("R14");
    // Leaks, forged paths and carriers that are bought for a while come and go as well: an episode alone names no service.
    let only_episodes = best == Role::ProtectionOnDemand && !(held("R9") && (held("R10") || held("R6")));
    // Names that look alike are one sign, and none that two networks are of one body.
    let only_names = best == Role::Sibling;
    let margin_needed = rules.carriage.role_margin;
    let verdict = if !adjacent || points[0].1 <= 0.0 || !related {
        Verdict::Adjacent
    } else if service(best) && service(points[1].0) && !no_protection {
        Verdict::ServiceOpen
    } else if margin < margin_needed || only_episodes || only_names || groups.len() < 2 {
        Verdict::Open
    } else if margin >= rules.carriage.role_strong_margin && held("R1") {
        Verdict::Strong
    } else {
        Verdict::Likely
    };
    let role = matches!(verdict, Verdict::Likely | Verdict::Strong).then_some(best);
    let (subject, carrier) = (facts.subject, facts.carrier);
    let (first, second) = (best.noun(), points[1].0.noun());
    let says = match verdict {
        Verdict::Adjacent if adjacent => {
            format!("{carrier} stands next to {subject}; nothing that was read tells in which role")
        }
        Verdict::Adjacent => {
            format!("no role: routes that were read do not show {carrier} next to {subject} well enough")
        }
        Verdict::Open if only_names => {
            "the names look alike, which is one sign and none that both are of one body".to_owned()
        }
        Verdict::Open => format!("the data do not separate {first} from {second}"),
        Verdict::ServiceOpen => format!(
            "{carrier} passes on the routes of {subject}; the type of service (transit or protection) is not separable by routing data"
        ),
        Verdict::Likely => format!("likely {first}; next best: {second} (margin {margin:.1})"),
        Verdict::Strong => format!("the evidence strongly supports {first}; next best: {second} (margin {margin:.1})"),
    };
    let mut series: Vec<&str> = facts.listing().flat_map(|p| p.series.iter().map(String::as_str)).collect();
    series.sort_unstable();
    series.dedup();
    let published = (!facts.listed.is_empty()).then(|| format!("provider, as inferred by {}", series.join(" and ")));
    Roles { verdict, role, points, margin, says, published, evidence }
}

fn evidence(facts: &Facts, outcomes: &[Outcome], proof: Option<&Proof>, rules: &Rules) -> Vec<Evidence> {
    let outcome = |id: &str| outcomes.iter().find(|o| o.id == id);
    let state = |id: &str| match outcome(id).map(|o| o.state) {
        Some(State::Yes) => Some(true),
        Some(State::No) => Some(false),
        _ => None,
    };
    let seen = || facts.routes.iter().filter(|r| r.upstream.is_some());
    let periods = || seen().filter_map(|r| r.upstream.as_ref()).flat_map(|u| &u.periods);
    let passed = outcome("T4").filter(|o| o.class == Some(Class::Observed)).and_then(|_| state("T4"));
    let r1 = passed.map(|passed| passed && proof.is_some());

    let opportunity = seen().flat_map(|r| &r.days).filter(|d| d.through > 0).map(|d| d.clusters).max().unwrap_or(0);
    let behind: Vec<_> = seen().flat_map(|r| &r.behind).collect();
    let all_under = !behind.is_empty() && behind.iter().all(|b| b.label == Some(Neighbour::Customer));
    let labelled = behind.iter().all(|b| b.label.is_some()) && seen().next().is_some();
    let r2 = labelled.then_some((all_under || behind.is_empty()) && opportunity >= rules.carriage.opportunity_clusters);

    let servers = seen().any(|r| !r.route_servers.is_empty());
    let moment = facts.first();
    let typed = moment.and_then(|at| facts.typed.iter().rfind(|row| row.holds_at(at))).map(|row| row.kind);
    let exclusive = seen().filter_map(|r| r.upstream.as_ref()).any(|u| {
        let days: Vec<_> = u.days.iter().filter(|d| d.share.is_some()).collect();
        let kept = days.iter().all(|d| d.share.is_some_and(|s| s.value >= rules.carriage.exclusive_share));
        let span = days.first().zip(days.last()).map_or(0.0, |(a, b)| (b.day.0 - a.day.0) as f64 / 86_400e6);
        kept && span >= rules.carriage.exclusive_days
    });
    let shares = seen().filter_map(|r| r.upstream.as_ref()).flat_map(|u| &u.days).any(|d| d.share.is_some());
    let r8 = shares.then_some(exclusive).and_then(|exclusive| Some(exclusive && state("T7")?));
    // An adjacency that began and ended within a day, both with a bound.
    let ended = |p: &Period| p.bounds.from_after.zip(p.bounds.to_by).is_some_and(|(a, b)| b.0 - a.0 < DAY_MICROS);
    let young = periods().next().is_some() && periods().all(ended);
    let r14 = state("T15").map(|one| one && young && state("T10") == Some(false));
    let named = facts.holder.is_some() && facts.carrier_holder.is_some();
    let row = |id, what, group, holds: Option<bool>, points: Points| Evidence { id, what, holds, points, group };
    vec![
        row(
            "R1",
            "providers or peers of the carrier pass it on for 7 days or more",
            "routing",
            r1,
            [3., -3., 0., 2., 1., 0., -1., -2.],
        ),
        row(
            "R2",
            "seen only at the carrier and networks under it, though others could have",
            "routing",
            r2,
            [-1., 2., 1., -2., -1., 0., 0., 0.],
        ),
        row(
            "R3",
            "an ASPA of the network lists the carrier",
            "registry",
            state("T10"),
            [3., -3., 0., 2., 2., 0., -3., -3.],
        ),
        row("R4", "registry policies of both sides agree", "registry", None, [2., 0., 0., 1., 1., 0., -2., -2.]),
        row(
            "R5",
            "a route server stands between the two",
            "routing",
            seen().next().map(|_| servers),
            [-2., 1., 4., -2., -2., 0., 0., 0.],
        ),
        row(
            "R6",
            "the carrier is typed pure in the table of protection networks",
            "table",
            typed.map(|t| t == Type::Pure),
            [-1., -2., 0., 2., 2., 0., -1., 0.],
        ),
        row(
            "R7",
            "the carrier is typed mixed or capable there",
            "table",
            typed.map(|t| matches!(t, Type::Mixed | Type::DpsCapable)),
            [0., -1., 0., 0.5, 0.5, 0., 0., 0.],
        ),
        row(
            "R8",
            "nearly the only carrier for 14 days, the others ended with its start",
            "routing",
            r8,
            [0., -2., 0., 1., -3., 0., -3., -3.],
        ),
        row(
            "R9",
            "episodes of at most 7 days after which the earlier carriers are back",
            "routing",
            state("T5"),
            [-1., -1., 0., -2., 3., 0., 1., 1.],
        ),
        row(
            "R10",
            "a standing authorisation names the carrier before",
            "registry",
            state("T9"),
            [0., 0., 0., 1., 3., 0., -2., -2.],
        ),
        row(
            "R11",
            "the names may be of one body",
            "registry",
            named.then_some(facts.same_body),
            [-1., 0., 0., -1., -1., 4., -1., -1.],
        ),
        row(
            "R12",
            "20 or more unrelated origins newly behind it within 10 minutes",
            "routing",
            None,
            [-2., 0., 0., -2., -1., 0., 3., 0.],
        ),
        row("R13", "the route breaks Only-to-Customer", "routing", None, [-3., 0., 0., -3., -3., 0., 5., 0.]),
        row(
            "R14",
            "one cluster, less than a day, no registry trace",
            "routing",
            r14,
            [-1., 0., 0., -1., 0., -1., 0., 2.],
        ),
    ]
}
