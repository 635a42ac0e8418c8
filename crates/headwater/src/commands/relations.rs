//! `headwater relations`: what a network's neighbours are to it by our own routes at one time, beside what publishers say.

use headwater_finding::account::Names;
use headwater_finding::finding::Finding;
use headwater_finding::relation::Label;
use headwater_finding::relation::account::{Beside, InFamily, Told, in_family, unknowns};
use headwater_route::{Asn, Family, Kind, Time, Window};
use serde::Serialize;

use super::Context;
use super::carriers::subject_notes;
use crate::envelope::{Envelope, Level, Message};
use crate::error::{Error, Exit};
use crate::page::Page;
use crate::present;
use crate::question::{Question, time};

const KINDS: &[Kind] = &[Kind::Mrt, Kind::AsRel1, Kind::AsRel2, Kind::AsRelExtract];
const DAY_MICROS: f64 = 86_400_000_000.0;

/// Arguments of `relations`.
#[derive(clap::Args)]
#[command(after_help = "\
Inferred from the dumps nearest to the time asked about, one of each collector, all routes of a family together; each family by its \
own routes. With --since, the dumps nearest to that time are looked at as well, and a link that was something else then is \
conflicting. A label is a conclusion from paths, not a contract. What publishers inferred stands beside it and is never mixed in.")]
pub struct Args {
    /// AS number, prefix, address or part of a name
    #[arg(value_name = "RES")]
    resource: String,
    /// At this time (2024-06-01, "30 days ago"); else that of the newest dump
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Over a window that begins at this time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only neighbours that are this
    #[arg(long, value_name = "LABEL")]
    label: Option<Wanted>,
    /// List at most this many neighbours of each family; 0: all (setting `limits.members`)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Leave out the first neighbours of each family
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: usize,
}

/// What may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    /// Networks that sell to it.
    Provider,
    /// Networks it exchanges routes with.
    Peer,
    /// Networks it sells to.
    Customer,
    /// Route servers.
    RouteServer,
    /// Networks of which the paths do not tell.
    Undetermined,
    /// Networks of which they tell different things.
    Conflicting,
}

impl Wanted {
    fn label(self) -> Label {
        match self {
            Wanted::Provider => Label::Provider,
            Wanted::Peer => Label::Peer,
            Wanted::Customer => Label::Customer,
            Wanted::RouteServer => Label::RouteServer,
            Wanted::Undetermined => Label::Undetermined,
            Wanted::Conflicting => Label::Conflicting,
        }
    }
}

#[derive(Serialize)]
struct Query<'a> {
    resource: &'a str,
    asn: Asn,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Wanted>,
    limit: usize,
    offset: usize,
}

/// One family of the answer.
#[derive(Serialize)]
pub struct Shown {
    /// What was found.
    #[serde(flatten)]
    pub found: InFamily,
    /// How many neighbours there are by label.
    pub counts: Vec<(Label, usize)>,
    /// The part that is listed.
    pub page: Page,
    /// The neighbours of the page.
    pub neighbours: Vec<Told>,
}

#[derive(Serialize)]
struct Data<'a> {
    subject: Asn,
    families: &'a [Shown],
    /// Names of the networks in it. Hostile text.
    names: &'a Names,
}

/// Runs `relations`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let moment = |option, text: &Option<String>| text.as_deref().map(|text| time(option, text)).transpose();
    let (at, since) = (moment("--at", &args.at)?, moment("--since", &args.since)?);
    if let (Some(since), Some(at)) = (since, at)
        && since >= at
    {
        return Err(Error::usage(format!("--since {since} is not before --at {at}")).hint("exchange the two"));
    }
    let question = Question::open(context)?;
    let subject = question.subject(&args.resource, at)?;
    let links = question.history.links(subject.asn, Window::default())?;
    let rules = &context.config.methods;
    let beside = Beside { links: &links, registry: &question.registry, sources: &question.sources, rules };
    let mut families = Vec::new();
    for family in [Family::V4, Family::V6] {
        let found = at_time(subject.asn, at, family, &beside, &question)?;
        let found = match (found, since) {
            (Some(found), Some(since)) => match at_time(subject.asn, Some(since), family, &beside, &question)? {
                Some(earlier) => Some(found.since(earlier)),
                None => Some(found),
            },
            (found, _) => found,
        };
        families.extend(found);
    }
    let mut gaps: Vec<_> = families.iter().flat_map(|family| family.unknowns(subject.asn, &beside)).collect();
    gaps.extend(unknowns(&beside, &families));

    let limit = args.limit.unwrap_or(context.config.limits.members);
    let mut findings = Vec::new();
    let shown = |found| page(found, subject.asn, args, limit, &mut findings);
    let families: Vec<Shown> = families.into_iter().map(shown).collect();
    let named = families.iter().flat_map(|family| {
        let upstreams = family.found.hegemony.iter().flat_map(|h| h.networks.iter().map(|(asn, _)| *asn));
        family.neighbours.iter().map(|told| told.inferred.asn).chain(upstreams)
    });
    let named: Vec<Asn> = named.chain([subject.asn]).collect();
    let names = question.names(&named, at)?;

    let offset = args.offset;
    let query = Query { resource: &args.resource, asn: subject.asn, at, since, label: args.label, limit, offset };
    let data = Data { subject: subject.asn, families: &families, names: &names };
    let mut envelope = Envelope::new("relations", query, data);
    envelope.messages = subject_notes(&subject);
    let cut = families.iter().filter_map(|shown| shown.page.more(&format!("neighbours in {}", shown.found.family)));
    envelope.messages.extend(cut.map(|text| Message { level: Level::Note, text }));
    let exit = question.finish(&mut envelope, KINDS, findings, gaps)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = present::relations::show(subject.asn, &families, &names, &style);
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}

/// What the dumps nearest to a time say in one family; `None` if none of them has a route of it.
fn at_time(
    subject: Asn,
    at: Option<Time>,
    family: Family,
    beside: &Beside<'_>,
    question: &Question<'_>,
) -> Result<Option<InFamily>, Error> {
    let within = (beside.rules.relation_dump_days * DAY_MICROS) as i64;
    let paths = question.history.paths_near(at, within, family)?;
    if paths.dumps.vantages.is_empty() {
        return Ok(None);
    }
    Ok(Some(in_family(subject, &paths.dumps, beside, &mut |see| paths.each(see))?))
}

/// Takes the neighbours to list out of what was found, with a finding each.
fn page(mut found: InFamily, subject: Asn, args: &Args, limit: usize, findings: &mut Vec<Finding>) -> Shown {
    let mut counts: Vec<(Label, usize)> = Vec::new();
    for told in &found.neighbours {
        match counts.last_mut() {
            Some((label, count)) if *label == told.inferred.label => *count += 1,
            _ => counts.push((told.inferred.label, 1)),
        }
    }
    let of = found.neighbours.len();
    let mut neighbours = std::mem::take(&mut found.neighbours);
    neighbours.retain(|told| args.label.is_none_or(|wanted| told.inferred.label == wanted.label()));
    let page = Page::cut(&mut neighbours, of, args.offset, limit);
    let mut listed: Vec<&mut Told> = neighbours.iter_mut().collect();
    findings.extend(found.findings(subject, &mut listed));
    Shown { found, counts, page, neighbours }
}
