//! `headwater investigate`: all that is known of a network as one account.

use headwater_finding::account::{self, Account, Names};
use headwater_finding::finding::Finding;
use headwater_finding::origins;
use headwater_route::{Kind, Window};
use serde::Serialize;

use super::Context;
use super::carriers::{Query, subject_notes};
use crate::envelope::Envelope;
use crate::error::{Error, Exit};
use crate::present;
use crate::question::{Question, WindowArgs};

const KINDS: &[Kind] =
    &[Kind::AsRel1, Kind::AsRel2, Kind::AsRelExtract, Kind::Mrt, Kind::AsNames, Kind::Delegated, Kind::PrefixOrigin];

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
    /// Names of the networks in it. Hostile text.
    names: &'a Names,
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
    let rules = &context.config.methods;
    let bound = question.bound(&rows);
    let (carriers, mut findings, unknowns) = account::carriers(subject.asn, &bound, &question.registry, &window, rules);
    let names = question.names(&carriers.networks(), window.to.or(carriers.last_look()))?;
    let published = question.history.origins_by(subject.asn, Window::default())?;
    let (ranges, mut given) = origins::ranges(subject.asn, &published, &question.sources, rules);
    findings.append(&mut given);
    let account = Account::new(carriers, ranges, &names, &unknowns);

    let query = Query::new(&args.resource, &subject, window);
    let mut envelope = Envelope::new("investigate", query, Data { account: &account, names: &names });
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
        text.push_str(&present::origin::ranges(subject.asn, &account.ranges, &style));
        text.push('\n');
        text.push_str(&present::holders::show(subject.asn, &account.carriers.holders, &style));
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok((exit, envelope.findings))
}
