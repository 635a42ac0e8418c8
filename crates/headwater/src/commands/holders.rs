//! `headwater holders`: who held an AS number when.

use headwater_finding::holders::holders;
use headwater_route::Window;

use super::Context;
use super::carriers::{KINDS, Query, subject_notes};
use crate::envelope::Envelope;
use crate::error::{Error, Exit};
use crate::present;
use crate::question::Question;

/// Arguments of `holders`.
#[derive(clap::Args)]
#[command(after_help = "\
A number that changed hands is several networks. From names alone a new holder cannot be told from a new name; a time without \
routes in between makes a re-issue probable.")]
pub struct Args {
    /// AS number, prefix, address or part of a name
    #[arg(value_name = "RES")]
    resource: String,
}

/// Runs `holders`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let question = Question::open(context)?;
    let subject = question.subject(&args.resource, None)?;
    let rows = question.rows(&subject)?;
    let rules = &context.config.methods;
    let (found, findings, unknowns) = holders(subject.asn, &rows.1, &rows.0, &rows.2, &question.sources, rules);
    let mut envelope = Envelope::new("holders", Query::new(&args.resource, &subject, Window::default()), &found);
    envelope.messages = subject_notes(&subject);
    let exit = question.finish(&mut envelope, KINDS, findings, unknowns)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = present::holders::show(subject.asn, &found, &style);
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}
