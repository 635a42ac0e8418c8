//! `headwater carriers`: who carries a network, since when.

use headwater_finding::account;
use headwater_route::{Asn, Kind, Prefix, Window};
use serde::Serialize;

use super::Context;
use crate::envelope::{Envelope, Level, Message};
use crate::error::{Error, Exit};
use crate::present;
use crate::question::{Question, Subject, WindowArgs};

/// Kinds of sources that tell of carriers and holders.
pub const KINDS: &[Kind] = &[Kind::AsRel1, Kind::AsRel2, Kind::AsRelExtract, Kind::Mrt, Kind::AsNames, Kind::Delegated];

/// Arguments of `carriers`.
#[derive(clap::Args)]
#[command(after_help = "\
Each carrier is given per class of source: observed routes are never mixed with relationships that somebody inferred. First \
and last seen are bounds: \"after A, by B\" means that it began between the last look that lacks it and the first that has \
it. The timeline is that of the present holder of the number.")]
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

/// The question as understood.
#[derive(Serialize)]
pub struct Query {
    resource: String,
    asn: Asn,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<Prefix>,
    window: Window,
}

impl Query {
    /// The query of a subject.
    pub fn new(resource: &str, subject: &Subject, window: Window) -> Query {
        Query { resource: resource.to_owned(), asn: subject.asn, prefix: subject.prefix, window }
    }
}

/// What to say of how the subject was found.
pub fn subject_notes(subject: &Subject) -> Vec<Message> {
    let mut notes: Vec<Message> =
        subject.how.iter().map(|how| Message { level: Level::Note, text: how.clone() }).collect();
    if !subject.others.is_empty() {
        let others: Vec<String> = subject.others.iter().map(ToString::to_string).collect();
        let text = format!(
            "at other times, sources give other networks as origin of it or of a range that holds it: {}",
            others.join(", ")
        );
        notes.push(Message { level: Level::Note, text });
    }
    if subject.prefix.is_some() {
        let text = "published relationships are of networks, not prefixes: they are those of the origin".to_owned();
        notes.push(Message { level: Level::Note, text });
    }
    notes
}

/// Runs `carriers`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let window = args.window.window()?;
    let question = Question::open(context)?;
    let subject = question.subject(&args.resource, window.to)?;
    let rows = question.rows(&subject)?;
    let standing = question.standing(&rows.2)?;
    let rules = &context.config.methods;
    let (carriers, findings, unknowns) =
        account::carriers(subject.asn, &question.bound(&rows, &standing), &question.registry, &window, rules);
    let names = question.names(&carriers.networks(), window.to.or(carriers.last_look()))?;

    let query = Query::new(&args.resource, &subject, window);
    let mut envelope = Envelope::new("carriers", query, Data { carriers: &carriers, names: &names });
    envelope.messages = subject_notes(&subject);
    let exit = question.finish(&mut envelope, KINDS, findings, unknowns)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = present::carriers::show(&carriers, &names, args.earlier, &style);
        if !envelope.gaps.is_empty() {
            text.push('\n');
        }
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}

/// The answer.
#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    carriers: &'a account::Carriers,
    /// Names of the networks in it. Hostile text.
    names: &'a account::Names,
}
