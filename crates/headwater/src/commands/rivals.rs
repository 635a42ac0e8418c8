//! `headwater rivals`: what one network next to another proves, and which explanations it leaves.

use std::path::Path;

use headwater_finding::account::{self, Names};
use headwater_finding::carriage::claim::{Claim, Predicts};
use headwater_finding::carriage::{Carriage, Rows, carriage};
use headwater_finding::finding::{Finding, Unknown};
use headwater_finding::published::publications;
use headwater_route::rows::{LinkAt, LinkHistory, LinkSighting, Neighbour};
use headwater_route::{Asn, Kind, Prefix, Window};
use serde::Serialize;

use super::Context;
use super::carriers::subject_notes;
use crate::envelope::Envelope;
use crate::error::{Error, Exit};
use crate::present;
use crate::question::{Question, WindowArgs};

const KINDS: &[Kind] =
    &[Kind::AsRel1, Kind::AsRel2, Kind::AsRelExtract, Kind::Mrt, Kind::AsNames, Kind::Delegated, Kind::Rpki];

/// Networks that a sentence of an answer names at most, for their names.
const NAMED: usize = 200;

/// Arguments of `rivals`.
#[derive(clap::Args)]
#[command(after_help = "\
Seven explanations are held against seventeen tests. A test holds, does not hold, cannot be told from the data, or was not tested; \
only tests that hold count, and only what contradicts an explanation. Transit and protection that is always on are never \
separated: routing does not.

A claim is tested as the predictions that follow from it: third-party-between, adjacent, not-adjacent, only-carrier, \
began=2024-12-01, ended=2025-03-01, or a TOML file with speaker, date, source, words, verified and [[predicts]] (kind, at).")]
pub struct Args {
    /// The network that is carried: AS number, prefix, address or part of a name
    #[arg(value_name = "RES")]
    resource: String,
    /// The network next to it: AS number or part of a name
    #[arg(value_name = "CARRIER")]
    carrier: String,
    #[command(flatten)]
    window: WindowArgs,
    /// Test what somebody says: a file, or a prediction; again for more
    #[arg(long = "claim", value_name = "FILE|PREDICTION")]
    claims: Vec<String>,
}

#[derive(Serialize)]
struct Query<'a> {
    resource: &'a str,
    carrier: Asn,
    asn: Asn,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<Prefix>,
    window: Window,
    claims: Vec<String>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    carriage: &'a Carriage,
    /// Names of the networks in it. Hostile text.
    names: &'a Names,
}

/// Reads a claim: a file, or a prediction in its short form.
fn claim(text: &str) -> Result<Claim, Error> {
    if let Some(predicts) = Predicts::parse(text) {
        return Ok(Claim {
            speaker: "whoever asks".to_owned(),
            date: String::new(),
            source: String::new(),
            words: String::new(),
            verified: false,
            predicts: vec![predicts],
        });
    }
    let path = Path::new(text);
    let usage = |what: String| {
        Error::usage(format!("--claim {text}: {what}"))
            .hint("a prediction is third-party-between, adjacent, not-adjacent, only-carrier, began=TIME or ended=TIME")
            .hint("a file names speaker, date, source and words, and has [[predicts]] tables with kind (third_party_between …) and at")
    };
    if !path.is_file() {
        return Err(usage("neither a prediction nor a file".to_owned()));
    }
    let body = std::fs::read_to_string(path).map_err(|e| usage(e.to_string()))?;
    let claim: Claim = toml::from_str(&body).map_err(|e| usage(e.to_string().trim_end().to_owned()))?;
    match claim.predicts.is_empty() {
        true => Err(usage("it predicts nothing".to_owned())),
        false => Ok(claim),
    }
}

/// Runs `rivals`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let window = args.window.window()?;
    let claims = args.claims.iter().map(|text| claim(text)).collect::<Result<Vec<Claim>, Error>>()?;
    let question = Question::open(context)?;
    let subject = question.subject(&args.resource, window.to)?;
    let carrier = question.subject(&args.carrier, window.to)?;
    if subject.asn == carrier.asn {
        return Err(
            Error::usage(format!("{} is both the network and its carrier", subject.asn)).hint("name two networks")
        );
    }
    let own = question.rows(&subject)?;
    let standing = question.standing(&own.2)?;
    let (found, findings, unknowns) =
        weigh(&question, subject.asn, carrier.asn, question.bound(&own, &standing), &window, &claims, context)?;
    let named = found.facts.publications.iter().flat_map(|p| p.providers.iter().chain(&p.between).copied());
    let routes = found.facts.routes.iter();
    let seen = routes.flat_map(|r| r.behind.iter().map(|b| b.asn).chain(r.between.iter().map(|b| b.asn)));
    let mut asns: Vec<Asn> = named.chain(seen).collect();
    asns.sort();
    asns.dedup();
    asns.truncate(NAMED);
    asns.extend([subject.asn, carrier.asn]);
    let names = question.names(&asns, found.facts.last().or(window.to))?;

    let query = Query {
        resource: &args.resource,
        carrier: carrier.asn,
        asn: subject.asn,
        prefix: subject.prefix,
        window,
        claims: args.claims.clone(),
    };
    let mut envelope = Envelope::new("rivals", query, Data { carriage: &found, names: &names });
    envelope.messages = subject_notes(&subject);
    let exit = question.finish(&mut envelope, KINDS, findings, unknowns)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = present::rivals::show(&found, &names, &style);
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}

/// Weighs the explanations for one pair; `own` are the rows of `subject`.
pub fn weigh(
    question: &Question<'_>,
    subject: Asn,
    carrier: Asn,
    own: account::Rows<'_>,
    window: &Window,
    claims: &[Claim],
    context: &Context<'_>,
) -> Result<(Carriage, Vec<Finding>, Vec<Unknown>), Error> {
    let history = &question.history;
    let table = context.config.protection()?;
    let carrier_links = history.links(carrier, Window::default())?;
    let carrier_holders = history.holders(carrier)?;
    let authorisations = history.authorisations(subject, &[subject, carrier])?;
    let third = claims.iter().any(|c| c.predicts.contains(&Predicts::ThirdPartyBetween));
    let beneath = match third {
        true => beneath(question, own.links, &carrier_links, carrier)?,
        false => Vec::new(),
    };
    let rows = Rows {
        own,
        carrier_links: &carrier_links,
        carrier_holders: &carrier_holders,
        beneath: &beneath,
        authorisations: &authorisations,
        table: &table,
    };
    Ok(carriage(subject, carrier, &rows, &question.registry, window, claims, &context.config.methods))
}

/// Links of the networks listed under the carrier, in the files of publications that list it as a provider of the network.
fn beneath(
    question: &Question<'_>,
    own: &LinkHistory,
    carrier_links: &LinkHistory,
    carrier: Asn,
) -> Result<Vec<LinkAt>, Error> {
    let (_, of_snapshot) = publications(own);
    let lists = |s: &&LinkSighting| s.neighbour == carrier && s.kind == Neighbour::Provider;
    let mut listing: Vec<usize> = own.sightings.iter().filter(lists).map(|s| of_snapshot[s.snapshot]).collect();
    // A denial that is so has no such file: then those of all times that have the network.
    if listing.is_empty() {
        listing = own.sightings.iter().map(|s| of_snapshot[s.snapshot]).collect();
    }
    let files: Vec<_> =
        (0..own.snapshots.len()).filter(|i| listing.contains(&of_snapshot[*i])).map(|i| &own.snapshots[i]).collect();
    let sources: Vec<_> = files.iter().map(|f| f.source).collect();
    let mut under: Vec<Asn> = carrier_links
        .sightings
        .iter()
        .filter(|s| s.kind == Neighbour::Customer && sources.contains(&carrier_links.snapshots[s.snapshot].source))
        .map(|s| s.neighbour)
        .collect();
    under.sort();
    under.dedup();
    Ok(question.history.links_at(&under, &files)?)
}
