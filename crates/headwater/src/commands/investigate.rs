//! `headwater investigate`: all that is known of a network as one account.

use std::collections::BTreeMap;

use headwater_finding::account::{self, Account, Carriers, Names};
use headwater_finding::carriage::ladder::Rung;
use headwater_finding::carriage::matrix::Hypothesis;
use headwater_finding::carriage::test::{Outcome, State};
use headwater_finding::finding::Finding;
use headwater_finding::origins;
use headwater_finding::protection::Type;
use headwater_route::{Asn, Kind, Time, Window};
use serde::Serialize;

use super::carriers::{Query, subject_notes};
use super::{Context, rivals};
use crate::envelope::Envelope;
use crate::error::{Error, Exit};
use crate::present;
use crate::question::{Question, WindowArgs};

const KINDS: &[Kind] = &[
    Kind::AsRel1,
    Kind::AsRel2,
    Kind::AsRelExtract,
    Kind::Mrt,
    Kind::AsNames,
    Kind::Delegated,
    Kind::PrefixOrigin,
    Kind::Rpki,
];

/// Arguments of `investigate`.
#[derive(clap::Args)]
#[command(after_help = "\
The summary starts with what matters most. Every sentence of it follows from the findings below it; \
`headwater explain ID` prints the bytes behind a finding.")]
pub struct Args {
    /// AS number, prefix, address or part of a name
    #[arg(value_name = "RES")]
    resource: String,
    #[command(flatten)]
    window: WindowArgs,
    /// Also carriers of earlier holders of the number
    #[arg(long)]
    earlier: bool,
}

impl Args {
    /// The question about one resource, without further options.
    pub fn of(resource: &str) -> Args {
        Args { resource: resource.to_owned(), window: WindowArgs::default(), earlier: false }
    }
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    account: &'a Account,
    /// What the tellingest of its carriers prove.
    proves: &'a [Proves],
    /// Names of the networks in it. Hostile text.
    names: &'a Names,
}

/// What one carrier next to the network proves, in short; `headwater rivals` tells the whole.
#[derive(Serialize)]
pub struct Proves {
    /// The carrier.
    pub carrier: Asn,
    /// The highest rung that routes reach.
    pub rung: Option<Rung>,
    /// Its role, in one sentence.
    pub role: String,
    /// Tests that hold and tell explanations apart.
    pub counted: usize,
    /// The least contradicted explanations; empty if there are too few tests to rank them.
    pub first: Vec<Hypothesis>,
    /// Tests that are open.
    pub open: usize,
}

/// Carriers that are told of: those described as protection networks, then those seen or listed last.
fn telling(carriers: &Carriers, context: &Context<'_>) -> Result<Vec<Asn>, Error> {
    let table = context.config.protection()?;
    let described =
        |asn: Asn| table.iter().any(|row| row.asn == asn && matches!(row.kind, Type::Pure | Type::DpsCapable));
    let Some(era) = carriers.present() else { return Ok(Vec::new()) };
    let listed = era.published.upstreams.iter().map(|u| (u.asn, &u.periods));
    let seen = era.observed.iter().flat_map(|o| &o.upstreams).map(|u| (u.asn, &u.periods));
    let mut last: BTreeMap<Asn, Time> = BTreeMap::new();
    for (asn, periods) in listed.chain(seen) {
        if let Some(at) = periods.last().map(|p| p.bounds.to_after) {
            let known = last.entry(asn).or_insert(at);
            *known = at.max(*known);
        }
    }
    let mut order: Vec<(Asn, Time)> = last.into_iter().collect();
    order.sort_by_key(|(asn, at)| (!described(*asn), std::cmp::Reverse(*at), *asn));
    Ok(order.into_iter().take(context.config.limits.proves).map(|(asn, _)| asn).collect())
}

/// Runs `investigate`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    answer(args, context).map(|(exit, _)| exit)
}

/// Answers the question, and gives the findings it told.
pub fn answer(args: &Args, context: &Context<'_>) -> Result<(Exit, Vec<Finding>), Error> {
    let window = args.window.window()?;
    let question = Question::open(context)?;
    let subject = question.subject(&args.resource, window.to)?;
    let rows = question.rows(&subject)?;
    let standing = question.standing(&rows.2)?;
    let rules = &context.config.methods;
    let bound = question.bound(&rows, &standing);
    let (carriers, mut findings, unknowns) = account::carriers(subject.asn, &bound, &question.registry, &window, rules);
    let names = question.names(&carriers.networks(), window.to.or(carriers.last_look()))?;
    let published = question.history.origins_by(subject.asn, Window::default())?;
    let (ranges, mut given) = origins::ranges(subject.asn, &published, &question.sources, rules);
    findings.append(&mut given);
    let mut proves = Vec::new();
    for carrier in telling(&carriers, context)? {
        let (found, stated, _) =
            rivals::weigh(&question, subject.asn, carrier, question.bound(&rows, &standing), &window, &[], context)?;
        let known = |id: &str| findings.iter().any(|f| f.id == id);
        let stated: Vec<Finding> = stated.into_iter().filter(|f| !known(&f.id)).collect();
        findings.extend(stated);
        let ranking = found.matrix.ranking.iter().flatten();
        let open = |o: &&Outcome| matches!(o.state, State::CannotTell | State::NotTested);
        proves.push(Proves {
            carrier,
            rung: found.ladder.reached,
            role: found.roles.says,
            counted: found.matrix.counted,
            first: ranking.filter(|r| r.rank == 1).map(|r| r.id).collect(),
            open: found.matrix.outcomes.iter().filter(open).count(),
        });
    }
    let account = Account::new(carriers, ranges, &names, &unknowns);

    let query = Query::new(&args.resource, &subject, window);
    let mut envelope = Envelope::new("investigate", query, Data { account: &account, proves: &proves, names: &names });
    envelope.messages = subject_notes(&subject);
    let exit = question.finish(&mut envelope, KINDS, findings, unknowns)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = style.heading("Summary");
        for sentence in &account.summary {
            text.push_str(&style.item(sentence));
        }
        text.push('\n');
        text.push_str(&present::carriers::show(&account.carriers, &names, args.earlier, &style));
        text.push('\n');
        text.push_str(&present::rivals::summary(subject.asn, &proves, &names, &style));
        text.push('\n');
        text.push_str(&present::origin::ranges(subject.asn, &account.ranges, &style));
        text.push('\n');
        text.push_str(&present::holders::show(subject.asn, &account.carriers.holders, &style));
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok((exit, envelope.findings))
}
