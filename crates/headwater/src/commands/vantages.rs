//! `headwater vantages`: who sees what, how well, and whose routes are set aside.

use headwater_finding::vantage::roster::{self, Ask, Roster, Rows, State};
use headwater_finding::vantage::standing::Standing;
use headwater_route::{Kind, Time, Window};
use serde::Serialize;

use super::Context;
use crate::envelope::Envelope;
use crate::error::{Error, Exit};
use crate::present;
use crate::question::{Question, WindowArgs, time};

const KINDS: &[Kind] = &[Kind::Mrt];

/// Arguments of `vantages`.
#[derive(clap::Args)]
#[command(after_help = "\
Each collector is looked at in its last dump, or with --at in the one at or before that time. A vantage that alone shows more \
than ten times as many links between other networks as is usual is in quarantine: its routes are set aside. Links are compared \
among the dumps of one day, so a history of one collector with few peers tells little. Reading updates against dumps takes a \
while in large archives; --collector asks about one.")]
pub struct Args {
    /// Only this collector
    #[arg(long, value_name = "NAME")]
    collector: Option<String>,
    /// As of this time (2024-06-01, "30 days ago")
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to"])]
    at: Option<String>,
    /// Only vantages in this state (may be given several times)
    #[arg(long, value_name = "STATE")]
    state: Vec<StateName>,
    #[command(flatten)]
    window: WindowArgs,
}

/// States by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum StateName {
    /// It sends its whole table.
    Full,
    /// It sends a part.
    Partial,
    /// Its table is not to be relied on.
    Degraded,
    /// Its routes are set aside.
    Quarantined,
    /// It was not there.
    Silent,
}

impl StateName {
    fn is(self, state: State) -> bool {
        match self {
            StateName::Full => state == State::Full,
            StateName::Partial => state == State::Partial,
            StateName::Degraded => state == State::Degraded,
            StateName::Quarantined => state == State::Quarantined,
            StateName::Silent => state == State::Silent,
        }
    }
}

#[derive(Serialize)]
struct Query<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    collector: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    state: &'a [StateName],
    window: Window,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    roster: &'a Roster,
    /// Vantages that were found, chosen by state or not.
    of: usize,
}

/// Days to either side of `--at` that are looked at.
const DAYS_ABOUT: i64 = 31;

/// Runs `vantages`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let at = args.at.as_deref().map(|text| time("--at", text)).transpose()?;
    let window = match at {
        Some(at) => Window { from: Some(at.plus_days(-DAYS_ABOUT)), to: Some(at.plus_days(DAYS_ABOUT)) },
        None => args.window.window()?,
    };
    let question = Question::open(context)?;
    let rules = &context.config.methods;
    if let Some(name) = &args.collector {
        question.collector(name)?;
    }
    let ask = Ask { collector: args.collector.as_deref(), at };
    let sessions = question.history.sessions(window)?;
    let mut standing = Standing::default();
    question.look(&sessions, &mut standing)?;
    let mut reconciled = Vec::new();
    for (before, after) in roster::pairs(&sessions, ask, rules) {
        let [old, new] = [before, after].map(|index| sessions.tables[index].source);
        if let Some(rows) = question.history.reconcile(old, new)? {
            reconciled.push((before, after, rows));
        }
    }
    let rows = Rows { sessions: &sessions, standing: &standing, reconciled: &reconciled, sources: &question.sources };
    let (mut roster, mut findings, unknowns) = roster::roster(rows, ask, rules);
    let of = roster.vantages.len();
    if !args.state.is_empty() {
        roster.vantages.retain(|entry| args.state.iter().any(|name| name.is(entry.state)));
        let kept: std::collections::BTreeSet<&str> =
            roster.vantages.iter().filter_map(|entry| entry.finding.as_deref()).collect();
        findings.retain(|finding| kept.contains(finding.id.as_str()));
    }

    let query = Query { collector: args.collector.as_deref(), at, state: &args.state, window };
    let mut envelope = Envelope::new("vantages", query, Data { roster: &roster, of });
    let exit = question.finish_as(&mut envelope, KINDS, findings, unknowns, of > 0)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = present::vantages::show(&roster, of, &style);
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}
