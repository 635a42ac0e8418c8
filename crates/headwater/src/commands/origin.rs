//! `headwater origin`: who announced a prefix when, or what a network is given as origin.

use std::collections::BTreeMap;

use headwater_finding::account::Names;
use headwater_finding::origins::{self, AtTime, Origins, RangesAt};
use headwater_route::{Asn, Kind, Prefix, Time, Window};
use serde::Serialize;

use super::Context;
use crate::envelope::{Envelope, Level, Message};
use crate::error::{Error, Exit};
use crate::present;
use crate::question::{Question, WindowArgs, time};
use crate::resource::{self, Resource};

const KINDS: &[Kind] = &[Kind::PrefixOrigin, Kind::Mrt];

/// Arguments of `origin`.
#[derive(clap::Args)]
#[command(after_help = "\
Snapshots of different publishers are looked at side by side; a difference between two of them need not be a change. What \
happened between two snapshots is not known.")]
pub struct Args {
    /// Prefix, address, AS number or part of a name
    #[arg(value_name = "RES")]
    resource: String,
    /// What held at this time
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    window: WindowArgs,
}

#[derive(Serialize)]
struct Query {
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<Prefix>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<Asn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    window: Window,
}

#[derive(Serialize)]
struct PrefixData<'a> {
    #[serde(flatten)]
    origins: &'a Origins,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a BTreeMap<String, AtTime>>,
    names: &'a Names,
}

#[derive(Serialize)]
struct NetworkData<'a> {
    asn: Asn,
    snapshots: &'a [RangesAt],
}

/// Runs `origin`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let window = args.window.window()?;
    let at = args.at.as_deref().map(|text| time("--at", text)).transpose()?;
    let question = Question::open(context)?;
    match resource::parse(&args.resource)? {
        Resource::Prefix(prefix) => of_prefix(args, prefix, at, window, &question, context),
        Resource::Addr(addr) => {
            let host = Prefix::host(addr);
            let prefix = question.cover(host, at)?.unwrap_or(host);
            of_prefix(args, prefix, at, window, &question, context)
        }
        Resource::Asn(_) | Resource::Name(_) => {
            let asn = question.subject(&args.resource, at)?.asn;
            of_network(args, asn, window, &question, context)
        }
    }
}

fn of_prefix(
    args: &Args,
    prefix: Prefix,
    at: Option<Time>,
    window: Window,
    question: &Question<'_>,
    context: &Context<'_>,
) -> Result<Exit, Error> {
    let (found, findings, unknowns, _) = question.origins(prefix, &window)?;
    let at_time = at.map(|at| (at, origins::at(&found, at)));
    let asns: Vec<Asn> = found.published.iter().map(|o| o.asn).chain(found.observed.iter().map(|o| o.asn)).collect();
    let names = question.names(&asns, at.or(window.to))?;
    let query = Query { resource: args.resource.clone(), prefix: Some(prefix), asn: None, at, window };
    let data = PrefixData { origins: &found, at: at_time.as_ref().map(|(_, series)| series), names: &names };
    let mut envelope = Envelope::new("origin", query, data);
    if args.resource.trim().parse::<Prefix>().is_err() {
        let text = format!("the smallest range that holds {} is {prefix}", args.resource.trim());
        envelope.messages.push(Message { level: Level::Note, text });
    }
    let exit = question.finish(&mut envelope, KINDS, findings, unknowns)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let at = at_time.as_ref().map(|(time, series)| (*time, series));
        let mut text = present::origin::prefix(&found, at, &names, &style);
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}

fn of_network(
    args: &Args,
    asn: Asn,
    window: Window,
    question: &Question<'_>,
    context: &Context<'_>,
) -> Result<Exit, Error> {
    let history = question.history.origins_by(asn, window)?;
    let (ranges, findings) = origins::ranges(asn, &history, &question.sources, &context.config.methods);
    let query = Query { resource: args.resource.clone(), prefix: None, asn: Some(asn), at: None, window };
    let mut envelope = Envelope::new("origin_network", query, NetworkData { asn, snapshots: &ranges });
    if args.at.is_some() {
        let text = "`--at` is for prefixes; the snapshots below have their dates".to_owned();
        envelope.messages.push(Message { level: Level::Note, text });
    }
    let exit = question.finish(&mut envelope, KINDS, findings, Vec::new())?;
    question.print(&envelope, || present::origin::ranges(asn, &ranges, &context.output.style()))?;
    Ok(exit)
}
