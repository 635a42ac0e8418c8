//! `headwater changes`: which carriers a network gained, lost or exchanged, and whose share shifted.

use headwater_finding::account::Names;
use headwater_finding::changes::{self, Changes, Kind as What};
use headwater_route::{Asn, Kind, Prefix, Window};
use serde::Serialize;

use super::Context;
use super::carriers::subject_notes;
use crate::envelope::Envelope;
use crate::error::{Error, Exit};
use crate::present;
use crate::question::{Question, WindowArgs};

const KINDS: &[Kind] = &[Kind::AsRel1, Kind::AsRel2, Kind::AsRelExtract, Kind::Mrt, Kind::AsNames, Kind::Delegated];

/// Arguments of `changes`.
#[derive(clap::Args)]
#[command(after_help = "\
A change is told only between looks that could have shown it on both sides, so it has two bounds. That a vantage joins, leaves or \
resets is no change. Shares are compared within the same vantages before and after. Published relationships give changes by the \
month, and by network.")]
pub struct Args {
    /// AS number, prefix, address or part of a name
    #[arg(value_name = "RES", required_unless_present = "all", conflicts_with = "all")]
    resource: Option<String>,
    /// Of every network that published relationships show, a change a line; with --json an object a line
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    window: WindowArgs,
    /// Only changes of this kind (upstream_added, upstream_lost, upstream_replaced, upstream_flap, share_shift, single_homed,
    /// visibility_drop, observation_gap); again for more
    #[arg(long = "kind", value_name = "KIND", value_parser = kind)]
    pub kinds: Vec<What>,
}

fn kind(text: &str) -> Result<What, String> {
    What::ALL.iter().find(|kind| kind.code() == text).copied().ok_or_else(|| {
        let all: Vec<&str> = What::ALL.iter().map(|kind| kind.code()).collect();
        format!("none of {}", all.join(", "))
    })
}

#[derive(Serialize)]
struct Query<'a> {
    resource: &'a str,
    asn: Asn,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<Prefix>,
    window: Window,
    kinds: &'a [What],
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    changes: &'a Changes,
    /// Names of the networks in it. Hostile text.
    names: &'a Names,
}

/// Runs `changes`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let window = args.window.window()?;
    let Some(resource) = &args.resource else { return super::changes_all::run(args, &window, context) };
    let question = Question::open(context)?;
    let subject = question.subject(resource, window.to)?;
    let rows = question.rows(&subject)?;
    let standing = question.standing(&rows.2)?;
    let rules = &context.config.methods;
    let (mut found, mut findings, unknowns) =
        changes::changes(subject.asn, &question.bound(&rows, &standing), &question.registry, &window, rules);
    if !args.kinds.is_empty() {
        found.changes.retain(|c| args.kinds.contains(&c.kind));
        findings.retain(|f| found.changes.iter().any(|c| c.finding == f.id));
    }
    let named = found.changes.iter().flat_map(|c| [c.upstream, c.replaced]).flatten();
    let mut asns: Vec<Asn> = named.chain([subject.asn]).collect();
    asns.sort();
    asns.dedup();
    let names = question.names(&asns, window.to.or(found.changes.last().map(|c| c.by)))?;

    let query = Query { resource, asn: subject.asn, prefix: subject.prefix, window, kinds: &args.kinds };
    let mut envelope = Envelope::new("changes", query, Data { changes: &found, names: &names });
    envelope.messages = subject_notes(&subject);
    let exit = question.finish(&mut envelope, KINDS, findings, unknowns)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = present::changes::show(&found, &names, &style);
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}
