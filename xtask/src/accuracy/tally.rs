//! What was counted, world by world, and the figures that come of it.
//!
//! Place on the way: between comparisons and tables. Must not know: worlds, answers, how a figure is shown.

use super::ask::Kind;
use super::compare::{Edges, Periods};
use super::measures::{Rate, Share, quantile};
use super::proofs::Proofs;
use super::turns::Turns;

/// Everything that was counted.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tally {
    /// Worlds.
    pub worlds: u64,
    /// Networks asked about.
    pub networks: u64,
    /// Observed carriers, of grade `medium` or `high`.
    pub observed: Periods,
    /// Those of grade `low`.
    pub weak: Periods,
    /// Carriers by relationship files.
    pub published: Periods,
    /// Carriers by relationship files with errors.
    pub flawed: Periods,
    /// Origins by routes.
    pub seen_origins: Periods,
    /// Origins by snapshots.
    pub published_origins: Periods,
    /// Changes of holder.
    pub holders: Periods,
    /// Statements that were so, by grade: `low`, `medium`, `high`.
    pub grades: [Share; 3],
    /// Stated share less true share.
    pub share_errors: Vec<f64>,
    /// Stated intervals that hold the true share.
    pub share_held: Share,
    /// Rungs, roles and explanations of pairs.
    pub proofs: Proofs,
    /// Changes by routes.
    pub turns: Turns,
    /// Changes by relationship files.
    pub published_turns: Turns,
    /// Changes by relationship files with errors.
    pub flawed_turns: Turns,
    /// Vantages that invent links and are in quarantine while they do.
    pub inventors_found: Share,
    /// Vantages that invent none and are never in quarantine.
    pub sound_spared: Share,
    /// Resets that are told.
    pub resets_found: Share,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: &Tally) {
        self.worlds += other.worlds;
        self.networks += other.networks;
        self.observed.add(&other.observed);
        self.weak.add(&other.weak);
        self.published.add(&other.published);
        self.flawed.add(&other.flawed);
        self.seen_origins.add(&other.seen_origins);
        self.published_origins.add(&other.published_origins);
        self.holders.add(&other.holders);
        self.grades.iter_mut().zip(other.grades).for_each(|(mine, theirs)| mine.add(theirs));
        self.share_errors.extend(&other.share_errors);
        self.share_held.add(other.share_held);
        self.proofs.add(&other.proofs);
        self.turns.add(&other.turns);
        self.published_turns.add(&other.published_turns);
        self.flawed_turns.add(&other.flawed_turns);
        self.inventors_found.add(other.inventors_found);
        self.sound_spared.add(other.sound_spared);
        self.resets_found.add(other.resets_found);
    }
}

/// One number with what it rests on.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// Its key: what a baseline names.
    pub key: String,
    /// What it is.
    pub what: &'static str,
    /// The value; `None` where there was no case.
    pub value: Option<f64>,
    /// Bounds at 95 %, where it is a share or a rate.
    pub bounds: Option<(f64, f64)>,
    /// Of how many.
    pub cases: String,
    /// How to write it.
    pub unit: Unit,
}

/// How a figure is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// In percent.
    Share,
    /// Cases a year of one network.
    Rate,
    /// Hours.
    Hours,
    /// Points of a hundred.
    Points,
}

impl Tally {
    /// Every figure.
    pub fn figures(&self) -> Vec<Figure> {
        let mut out = Vec::new();
        of_periods("observed", &self.observed, &mut out);
        let errors: Vec<f64> = self.share_errors.iter().map(|error| error.abs() * 100.0).collect();
        for (key, what, at) in [
            ("share.error_median", "share of an upstream on a day: error, median", 0.5),
            ("share.error_90", "the same, 90 % of errors are below", 0.9),
            ("share.error_99", "the same, 99 % of errors are below", 0.99),
        ] {
            out.push(Figure::of_values(key.to_owned(), what, &errors, at, Unit::Points));
        }
        let bias = (!errors.is_empty()).then(|| self.share_errors.iter().sum::<f64>() / errors.len() as f64 * 100.0);
        out.push(Figure {
            key: "share.bias".to_owned(),
            what: "the same, mean of stated less true",
            value: bias,
            bounds: None,
            cases: errors.len().to_string(),
            unit: Unit::Points,
        });
        out.push(Figure::of_share("share.held", "its interval (nominal 95 %) holds the truth", self.share_held));
        let grades = ["statements of grade low that were so", "of grade medium", "of grade high"];
        for ((share, what), key) in self.grades.iter().zip(grades).zip(["grade.low", "grade.medium", "grade.high"]) {
            out.push(Figure::of_share(key, what, *share));
        }
        for (key, what, share) in [
            ("vantages.inventors", "vantages that invent links, in quarantine while they do", self.inventors_found),
            ("vantages.spared", "vantages that invent none, never in quarantine", self.sound_spared),
            ("vantages.resets", "resets of sessions that are told", self.resets_found),
        ] {
            out.push(Figure::of_share(key, what, share));
        }
        of_periods("weak", &self.weak, &mut out);
        of_periods("published", &self.published, &mut out);
        of_periods("flawed", &self.flawed, &mut out);
        of_periods("origins.observed", &self.seen_origins, &mut out);
        of_periods("origins.published", &self.published_origins, &mut out);
        of_periods("holders", &self.holders, &mut out);
        of_proofs(&self.proofs, &mut out);
        of_turns("changes", &self.turns, &mut out);
        of_turns("changes.published", &self.published_turns, &mut out);
        of_turns("changes.flawed", &self.flawed_turns, &mut out);
        out
    }
}

/// Roles that may be claimed.
const ROLES: [(&str, &str); 8] = [
    ("transit", "transit claimed, and was so"),
    ("peer", "peer claimed, and was so"),
    ("route_server", "route server claimed, and was so"),
    ("protection_always_on", "protection, always on, claimed, and was so"),
    ("protection_on_demand", "protection, on demand, claimed, and was so"),
    ("sibling", "same body claimed, and was so"),
    ("leak", "route leak claimed, and was so"),
    ("forged", "forged path claimed, and was so"),
];

/// Explanations, with what is told of those that are not twins.
const EXPLANATIONS: [(&str, &str); 7] = [
    ("H1", "plain transit"),
    ("H2", "protection, always on"),
    ("H3", "protection, on demand"),
    ("H4", "indirect"),
    ("H5", "route leak"),
    ("H6", "forged, poisoned or mistyped path"),
    ("H7", "artefact of a collector"),
];

fn of_proofs(proofs: &Proofs, out: &mut Vec<Figure>) {
    for (key, what, share) in [
        ("rung.adjacent_precision", "L1 told, and a link was there", proofs.adjacent),
        ("rung.adjacent_recall", "visible links that reach L1", proofs.adjacent_told),
        ("rung.carries_precision", "L2 told, and a provider or sibling it was", proofs.carries),
        (
            "rung.carries_recall",
            "those who carried visibly for nine days from a start within the world on: L2",
            proofs.carries_told,
        ),
        ("rung.indirect", "behind a telecom in sight, and told as adjacent (P4 as P1)", proofs.indirect),
        (
            "rung.hidden",
            "behind a telecom that hides, and told as adjacent (P4h: the paths are the same)",
            proofs.hidden,
        ),
        ("role.precision", "roles claimed that were so", proofs.right()),
        ("role.claimed", "pairs for which a role is claimed", proofs.claimed),
        (
            "role.services_apart",
            "pairs for which transit is told from protection that is always on",
            proofs.services_apart,
        ),
    ] {
        out.push(Figure::of_share(key, what, share));
    }
    for (role, what) in ROLES {
        out.push(Figure::of_share(&format!("role.{role}"), what, proofs.roles.get(role).copied().unwrap_or_default()));
    }
    for (explanation, what) in EXPLANATIONS {
        let of = proofs.of(explanation, false);
        out.push(Figure::of_share(&format!("explanation.{explanation}_ranked"), what, of.ranked));
        out.push(Figure::of_share(
            &format!("explanation.{explanation}_first"),
            "of these: it is ranked first",
            of.first,
        ));
        out.push(Figure::of_share(&format!("explanation.{explanation}_last"), "it is ranked last", of.last));
    }
    let twins = EXPLANATIONS.iter().map(|(explanation, _)| proofs.of(explanation, true).last);
    let last = twins.fold(Share::default(), |mut all, share| {
        all.add(share);
        all
    });
    out.push(Figure::of_share("explanation.twins_last", "innocent twins: what was so is ranked last", last));
}

/// Kinds of changes, with their names in keys, what is told of those that were so, and of those that are told.
const KINDS: [(Kind, &str, &str, &str); 7] = [
    (Kind::UpstreamAdded, "added", "networks that came: told", "told to have come, and came"),
    (Kind::UpstreamLost, "lost", "networks that went: told", "told to have gone, and went"),
    (Kind::UpstreamReplaced, "replaced", "one in the other's place: told as that", "told as that, and was so"),
    (Kind::UpstreamFlap, "flap", "", "shares told to have moved for a moment, and did"),
    (Kind::ShareShift, "shift", "", "shares told to have moved, and moved by half as much or more"),
    (Kind::SingleHomed, "single", "", "told as the only one left, and was"),
    (Kind::VisibilityDrop, "drop", "", "told to be seen less, and was by half as much or more"),
];

fn of_turns(kind: &str, turns: &Turns, out: &mut Vec<Figure>) {
    let key = |name: &str, of: &str| format!("{kind}.{name}_{of}");
    for (of, name, told, justified) in KINDS {
        if !told.is_empty() {
            let share = turns.told.get(&of).copied().unwrap_or_default();
            out.push(Figure::of_share(&key(name, "recall"), told, share));
        }
        let share = turns.justified.get(&of).copied().unwrap_or_default();
        out.push(Figure::of_share(&key(name, "precision"), justified, share));
    }
    out.push(Figure::of_share(
        &key("moves", "recall"),
        "shares that went up by 30 points and stayed: told",
        turns.moves_told,
    ));
    let of = turns.moves_told.of + turns.moves_untold;
    let untold = Share { of, hits: turns.moves_untold };
    out.push(Figure::of_share(&key("moves", "small"), "of all such, in cohorts too small to tell", untold));
    out.push(Figure::of_share(
        &format!("{kind}.states"),
        "states `resolved` and `confirmed` that were right",
        turns.states,
    ));
    out.push(Figure::of_rate(
        &format!("{kind}.false_alarms"),
        "changes told that were none, a network-year",
        turns.alarms,
    ));
}

fn of_periods(kind: &str, periods: &Periods, out: &mut Vec<Figure>) {
    let key = |name: &str| format!("{kind}.{name}");
    let both: Edges = periods.starts.with(&periods.ends);
    out.push(Figure::of_share(&key("precision"), "periods that were so", periods.precision));
    out.push(Figure::of_share(&key("recall"), "visible stretches that are told", periods.recall));
    out.push(Figure::of_share(&key("start_held"), "starts within their bounds", periods.starts.held));
    out.push(Figure::of_share(&key("end_held"), "ends within their bounds", periods.ends.held));
    out.push(Figure::of_share(&key("exact"), "both, to the second", both.exact));
    out.push(Figure::of_share(&key("open_held"), "open sides that hold", both.open));
    out.push(Figure::of_share(&key("start_told"), "starts that are told with bounds", periods.starts.told));
    out.push(Figure::of_share(&key("end_told"), "ends that are told with bounds", periods.ends.told));
    for (name, what, at) in
        [("width_median", "width of bounds, median", 0.5), ("width_90", "the same, 90 % are narrower", 0.9)]
    {
        out.push(Figure::of_values(key(name), what, &both.width_hours, at, Unit::Hours));
    }
    for (name, what, at) in [
        ("delay_median", "from a start to the time by which it is stated, median", 0.5),
        ("delay_90", "the same, 90 % are shorter", 0.9),
    ] {
        out.push(Figure::of_values(key(name), what, &periods.starts.delay_hours, at, Unit::Hours));
    }
    out.push(Figure::of_rate(&key("false_alarms"), "changes told that were none, a network-year", periods.alarms));
}

impl Figure {
    /// A share with its bounds.
    pub fn of_share(key: &str, what: &'static str, share: Share) -> Figure {
        Figure {
            key: key.to_owned(),
            what,
            value: share.value(),
            bounds: share.value().map(|_| share.bounds()),
            cases: format!("{} of {}", share.hits, share.of),
            unit: Unit::Share,
        }
    }

    /// A rate with its bounds.
    pub fn of_rate(key: &str, what: &'static str, rate: Rate) -> Figure {
        Figure {
            key: key.to_owned(),
            what,
            value: rate.value(),
            bounds: rate.value().map(|_| rate.bounds()),
            cases: format!("{} in {:.1} years", rate.cases, rate.years),
            unit: Unit::Rate,
        }
    }

    fn of_values(key: String, what: &'static str, values: &[f64], at: f64, unit: Unit) -> Figure {
        Figure { key, what, value: quantile(values, at), bounds: None, cases: values.len().to_string(), unit }
    }
}
