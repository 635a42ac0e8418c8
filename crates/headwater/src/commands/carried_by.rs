//! `headwater carried-by`: whom a network carries, who joined and left.

use headwater_finding::account::{self, Names};
use headwater_finding::behind::{self, Behind};
use headwater_finding::finding::Finding;
use headwater_finding::panel::{self, Described, Panel};
use headwater_finding::portfolio::{self, Ask, Change, Member, Portfolio, Rows, State};
use headwater_route::rows::RouteHistory;
use headwater_route::{Asn, Kind, Time, Window};
use serde::Serialize;

use super::Context;
use super::carriers::subject_notes;
use crate::envelope::{Envelope, Level, Message};
use crate::error::{Error, Exit};
use crate::page::Page;
use crate::present;
use crate::question::{Question, Subject, time};

const KINDS: &[Kind] = &[
    Kind::AsRel1,
    Kind::AsRel2,
    Kind::AsRelExtract,
    Kind::AsNames,
    Kind::AsTags,
    Kind::Delegated,
    Kind::Rpki,
    Kind::Mrt,
];

/// Arguments of `carried-by`.
#[derive(clap::Args)]
#[command(after_help = "\
The publication told is the newest, or the newest at or before --at. A network joined if everything that bounds its start lies \
after --since, or after the publication before the one told; what straddles that time is counted apart. Publications hold \
what their publisher inferred from routes, by network: no prefix, no family, no contract. What kind of network one is, is a \
guess from its published name and tags.")]
pub struct Args {
    /// AS number, prefix, address or part of a name
    #[arg(value_name = "RES")]
    resource: String,
    /// Whom it carried at this time (2024-06-01, "30 days ago")
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Who joined and left after this time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    #[command(flatten)]
    choice: Choice,
}

/// Which of the networks are listed, and in which order.
#[derive(clap::Args, Serialize)]
struct Choice {
    /// Only networks that joined, or may have
    #[arg(long)]
    joined: bool,
    /// Only networks that left, or may have
    #[arg(long)]
    left: bool,
    /// Also networks that left earlier
    #[arg(long)]
    all: bool,
    /// Only networks with this number, or this text in their name or kind
    #[arg(long = "match", value_name = "TEXT")]
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Order of the list
    #[arg(long, value_name = "BY", default_value = "since")]
    sort: Sort,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// List at most this many networks; 0: all (setting `limits.members`)
    #[arg(long, value_name = "N")]
    #[serde(skip)]
    limit: Option<usize>,
    /// Leave out the first networks of the list
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[serde(skip)]
    offset: usize,
}

/// Orders of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// Those listed before those that left, the last to start first.
    Since,
    /// The last to be listed first.
    Last,
    /// By number.
    Asn,
    /// By name.
    Name,
    /// By kind.
    Kind,
    /// Those with the fewest other providers first.
    Providers,
    /// Those with the most networks listed under them first.
    Under,
}

#[derive(Serialize)]
struct Query<'a> {
    resource: &'a str,
    asn: Asn,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
    #[serde(flatten)]
    choice: &'a Choice,
    limit: usize,
    offset: usize,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(flatten)]
    portfolio: &'a Portfolio,
    page: Page,
    members: &'a [Member],
    panel: &'a Panel,
    /// By observed routes: all that were found, of which `seen` lists a page.
    routes: &'a Behind,
    routes_page: Page,
    /// Names of the networks in it. Hostile text.
    names: &'a Names,
}

/// Runs `carried-by`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let moment = |option, text: &Option<String>| text.as_deref().map(|text| time(option, text)).transpose();
    let ask = Ask { at: moment("--at", &args.at)?, since: moment("--since", &args.since)? };
    if let (Some(since), Some(at)) = (ask.since, ask.at)
        && since > at
    {
        return Err(Error::usage(format!("--since {since} is after --at {at}")).hint("exchange the two"));
    }
    let table = context.config.protection()?;
    let question = Question::open(context)?;
    let subject = question.subject(&args.resource, ask.at)?;
    let own = question.rows(&subject)?;
    let rules = &context.config.methods;

    let presence = question.history.presence(&own.0)?;
    let asns: Vec<Asn> = presence.iter().map(|p| p.asn).collect();
    let (files, held) = question.history.holders_of(&asns)?;
    let rows = Rows {
        links: &own.0,
        presence: &presence,
        holders: &own.1,
        held: &held,
        routes: &own.2,
        sources: &question.sources,
    };
    let (found, mut members, mut findings, mut unknowns) = portfolio::portfolio(subject.asn, &rows, ask, rules);

    let shown: Vec<Asn> = members.iter().filter(|m| !m.earlier || args.choice.all).map(|m| m.asn).collect();
    let links = question.history.links_at(&shown, &found.snapshots(&own.0))?;
    let tags = question.history.tags(&shown)?;
    panel::describe(&found, &mut members, &Described { links: &links, held: &held, files: &files, tags: &tags });
    let aspas = question.history.aspas_listing(subject.asn)?;
    let signs = panel::panel(&found, &members, &table, &aspas);
    unknowns.extend(panel::unknowns(&found, &signs));

    let limit = args.choice.limit.unwrap_or(context.config.limits.members);
    let (page, mut members) = args.choice.page(members, limit);
    let mut cited: Vec<&mut Member> = members.iter_mut().collect();
    findings.extend(portfolio::member_findings(subject.asn, &found, &mut cited, &rows, rules));
    let named = members.iter().flat_map(|m| m.providers.iter().copied().chain([m.asn]));
    let named: Vec<Asn> = named.chain(found.upstreams.upstreams.iter().map(|u| u.asn)).chain([subject.asn]).collect();
    let names = question.names(&named, found.publication().map(|p| p.from))?;

    let (behind, routes_page) = by_routes(&question, subject.asn, &own.2, args, limit, context, &mut findings)?;
    unknowns.extend(behind::unknowns(subject.asn, &behind, ask.at));
    let mut names = names;
    names.extend(question.names(&behind.seen.iter().map(|s| s.asn).collect::<Vec<_>>(), behind.newest)?);

    let query = Query {
        resource: &args.resource,
        asn: subject.asn,
        at: ask.at,
        since: ask.since,
        choice: &args.choice,
        limit,
        offset: args.choice.offset,
    };
    let data =
        Data { portfolio: &found, page, members: &members, panel: &signs, routes: &behind, routes_page, names: &names };
    let mut envelope = Envelope::new("carried_by", query, data);
    envelope.messages = subject_notes(&subject);
    let cut = [page.more("networks"), routes_page.more("origins seen in routes")];
    envelope.messages.extend(cut.into_iter().flatten().map(|text| Message { level: Level::Note, text }));
    let exit = question.finish(&mut envelope, KINDS, findings, unknowns)?;
    question.print(&envelope, || {
        let style = context.output.style();
        let mut text = present::carried_by::show(&found, page, &members, &signs, &names, &style);
        text.push('\n');
        text.push_str(&present::carried_by::by_routes(subject.asn, &behind, routes_page, &names, &style));
        text.push('\n');
        text + &present::unknowns(&envelope.gaps, &style)
    })?;
    Ok(exit)
}

/// Whom routes show behind the network. Those of the page are asked for themselves, so that their bounds and findings are the
/// ones of their own question.
fn by_routes(
    question: &Question<'_>,
    network: Asn,
    routes: &RouteHistory,
    args: &Args,
    limit: usize,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(Behind, Page), Error> {
    let at = args.at.as_deref().map(|text| time("--at", text)).transpose()?;
    let mut found = behind::behind(&question.history.origins_behind(network, Window::default())?, at);
    let of = found.seen.len();
    let wanted = args.choice.text.as_deref().and_then(|text| text.trim().parse::<Asn>().ok());
    found.seen.retain(|s| wanted.is_none_or(|wanted| s.asn == wanted));
    let page = Page::cut(&mut found.seen, of, args.choice.offset, limit);
    let standing = question.standing(routes)?;
    for seen in &mut found.seen {
        let subject = Subject { asn: seen.asn, prefix: None, how: None, others: Vec::new() };
        let rows = question.rows(&subject)?;
        let window = Window { from: None, to: at.map(|at| Time(at.0.saturating_add(1))) };
        let bound = question.bound(&rows, &standing);
        let (carriers, stated, _) =
            account::carriers(seen.asn, &bound, &question.registry, &window, &context.config.methods);
        seen.tell(network, &carriers);
        findings.extend(stated.into_iter().filter(|f| seen.told.iter().any(|t| t.finding == f.id)));
    }
    Ok((found, page))
}

impl Choice {
    /// The networks to list, in order.
    fn page(&self, mut members: Vec<Member>, limit: usize) -> (Page, Vec<Member>) {
        members.retain(|m| self.all || !m.earlier);
        let of = members.len();
        members.retain(|m| self.takes(m));
        let start = |m: &Member| m.period().map(|p| (p.bounds.from_by, p.bounds.from_after));
        let end = |m: &Member| m.period().map(|p| (p.bounds.to_after, p.bounds.to_by));
        let gone = |m: &Member| m.state != State::Listed;
        let name = |m: &Member| m.holder.as_deref().map(str::to_lowercase);
        let kind = |m: &Member| m.guesses.first().map(|g| g.kind);
        // The members come sorted by number, which decides among equals.
        match self.sort {
            Sort::Since => members.sort_by(|a, b| (gone(a), start(b)).cmp(&(gone(b), start(a)))),
            Sort::Last => members.sort_by_key(|m| std::cmp::Reverse((end(m), start(m)))),
            Sort::Asn => {}
            Sort::Name => members.sort_by_key(|m| (m.holder.is_none(), name(m))),
            Sort::Kind => members.sort_by_key(|m| (m.guesses.is_empty(), kind(m))),
            Sort::Providers => members.sort_by_key(|m| (gone(m), m.providers.len())),
            Sort::Under => members.sort_by_key(|m| std::cmp::Reverse(m.listed_under)),
        }
        if self.reverse {
            members.reverse();
        }
        (Page::cut(&mut members, of, self.offset, limit), members)
    }

    fn takes(&self, member: &Member) -> bool {
        let joined = matches!(member.change, Some(Change::Joined | Change::StartStraddles | Change::StartOpen));
        let left = matches!(member.change, Some(Change::Left | Change::EndStraddles | Change::EndOpen));
        let changed = !(self.joined || self.left) || self.joined && joined || self.left && left;
        changed && self.text.as_deref().is_none_or(|text| matches(member, text.trim()))
    }
}

/// True if the text is the number of a network, or stands in its name or kind, whatever its case.
fn matches(member: &Member, text: &str) -> bool {
    if let Ok(asn) = text.parse::<Asn>() {
        return member.asn == asn;
    }
    let wanted = text.to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&wanted);
    member.holder.as_deref().is_some_and(holds) || member.guesses.iter().any(|g| holds(g.kind.short()))
}
