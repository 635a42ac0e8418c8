//! Whom a network carries: the publication told, what changed, the networks as a timeline and with their bounds, what they
//! look like together, and what carries the network itself.

use headwater_finding::account::Names;
use headwater_finding::behind::Behind;
use headwater_finding::observed::Grade;
use headwater_finding::panel::Panel;
use headwater_finding::portfolio::{Change, Member, Portfolio, State, base_words, change_words};
use headwater_finding::published::{Cell, Publication};
use headwater_finding::words::{day, number};
use headwater_route::Asn;

use super::carriers::{bounds, cell_mark, legend};
use super::timeline::{Row, Unit, draw};
use super::{Style, first, label, last};
use crate::page::Page;
use crate::text::{Align, table};

const NAME_WIDTH: usize = 26;
/// Providers named in a cell; of more, how many.
const PROVIDERS: usize = 3;

/// The whole answer.
pub fn show(
    portfolio: &Portfolio,
    page: Page,
    members: &[Member],
    panel: &Panel,
    names: &Names,
    style: &Style,
) -> String {
    let subject = portfolio.subject;
    let name = portfolio.holders.name_of(&portfolio.era).unwrap_or("holder unknown");
    let mut out = style.heading(&format!("{subject}  {name}"));
    let Some(told) = portfolio.publication() else {
        out.push_str(&style.wrap(&format!("no publication of relationships that was read has {subject}"), ""));
        return out;
    };
    out.push_str(&head(portfolio, told, style));
    out.push('\n');
    out.push_str(&listed(portfolio, page, members, style));
    out.push('\n');
    out.push_str(&signs(portfolio, told, panel, style));
    out.push('\n');
    out.push_str(&upstreams(portfolio, told, names, style));
    out
}

fn head(portfolio: &Portfolio, told: &Publication, style: &Style) -> String {
    let counts = &portfolio.counts;
    let mut out = style.wrap(
        &format!(
            "Published relationships of {} to {} (inferred by the publisher, no paths; {}): {} listed under {}  {}",
            day(told.from),
            day(told.until),
            told.series.join(" and "),
            number(counts.listed, "network", "networks"),
            portfolio.subject,
            portfolio.finding
        ),
        "",
    );
    if let Some(since) = portfolio.since {
        let after = match since.asked {
            true => format!("After {}", day(since.start)),
            false => format!("Since the publication before, of {}", day(since.end)),
        };
        let span = counts.months.filter(|m| *m >= 1.5).map_or(String::new(), |m| format!(" ({m:.0} months)"));
        out.push_str(&style.wrap(&format!("{after}{span}: {}", change_words(counts)), ""));
        let base = counts.before.as_ref().map_or("What is usual is not known".to_owned(), |base| {
            let mut words = base_words(base);
            words.replace_range(..1, "I");
            words
        });
        out.push_str(&style.wrap(&base, ""));
    }
    out
}

fn listed(portfolio: &Portfolio, page: Page, members: &[Member], style: &Style) -> String {
    let subject = portfolio.subject;
    let mut out = String::new();
    let hidden = portfolio.counts.earlier;
    let mut of = match (page.chosen == page.of, page.chosen) {
        (_, 0) => "No network fits".to_owned(),
        (true, _) => format!("Networks listed under {subject}: {}", range(page)),
        (false, chosen) => {
            format!("Networks listed under {subject}: {} (chosen: {chosen} of {})", range(page), page.of)
        }
    };
    if page.of < hidden + page.of && !members.iter().any(|m| m.earlier) && hidden > 0 {
        of.push_str(&format!("; {hidden} more left earlier (`--all`)"));
    }
    out.push_str(&style.heading(&of));
    if members.is_empty() {
        return out;
    }
    let publications = &portfolio.upstreams.publications;
    let column = |at: usize| publications.get(at).map(|p| Unit::Month.column(p.from));
    let rows: Vec<Row> = members
        .iter()
        .map(|member| {
            let cells = member.cells.iter().enumerate().filter_map(|(i, cell)| {
                let (rank, mark) = cell_mark(*cell);
                Some((column(member.from_publication + i)?, rank, mark))
            });
            Row { label: format!("{} {}", mark(member), named(member)), cells: cells.collect() }
        })
        .collect();
    let first = members.iter().filter_map(|m| {
        let listed = m.cells.iter().position(|c| matches!(c, Cell::Provider | Cell::Disputed))?;
        column(m.from_publication + listed)
    });
    let (told, end) = (portfolio.told.and_then(column), column(publications.len().saturating_sub(1)));
    if let (Some(first), Some(told), Some(end)) = (first.min(), told, end) {
        // A month a column, as many as fit: what came after the publication told, and what the bounds do not show before it.
        let room = (style.width as i64 - NAME_WIDTH as i64 - 16).max(24);
        let end = end.min(told + room / 4);
        let start = (first - 6).max(column(0).unwrap_or(first)).max(end - room + 1);
        out.push_str(&draw(Unit::Month, start, end, &rows, style));
        let mut text = legend(members.iter().flat_map(|m| m.cells.iter().copied()));
        text.push_str("; + joined, - left, ~ may have, before or after");
        if first < start {
            text.push_str("; earlier months are not drawn");
        }
        out.push_str(&style.wrap(&text, ""));
    }
    out.push('\n');
    out.push_str(&described(portfolio, members));
    out.push('\n');
    out.push_str(&bounds(members.iter().map(|m| (m.asn, m.periods.as_slice(), m.finding.as_str())), "listed"));
    out
}

/// Whom routes show behind the network, at how many collectors, with the bounds of each one's own question.
pub fn by_routes(network: Asn, found: &Behind, page: Page, names: &Names, style: &Style) -> String {
    let mut out = style.heading(&match (page.of, found.newest) {
        (0, _) => format!("Observed routes: no origin was seen with {network} next to it"),
        (_, Some(at)) => format!(
            "Observed routes: origins with {network} next to them: {} of {}; newest dumps of {}, the last of {}",
            range(page),
            page.of,
            number(found.collectors, "collector", "collectors"),
            day(at)
        ),
        (_, None) => format!("Observed routes: origins with {network} next to them: {} of {}", range(page), page.of),
    });
    if found.seen.is_empty() {
        return out;
    }
    let headings = [
        ("network", Align::Left),
        ("now at", Align::Right),
        ("family", Align::Left),
        ("first seen", Align::Left),
        ("last seen", Align::Left),
        ("grade", Align::Left),
        ("only here", Align::Right),
        ("finding", Align::Left),
    ];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for seen in &found.seen {
        let head = [label(seen.asn, names, NAME_WIDTH).trim_end().to_owned(), seen.collectors.to_string()];
        let mut head = Some(head);
        let mut push = |rest: [String; 6]| {
            let head = head.take().unwrap_or_default();
            rows.push(head.into_iter().chain(rest).collect());
        };
        for told in &seen.told {
            let grade = match told.grade {
                Grade::Low => "low",
                Grade::Medium => "medium",
                Grade::High => "high",
            };
            let only = format!("{}/{}", told.exclusive, told.prefixes);
            let (Some(start), Some(end)) = (told.periods.first(), told.periods.last()) else { continue };
            push([told.family.to_string(), first(start), last(end), grade.to_owned(), only, told.finding.clone()]);
        }
        if seen.told.is_empty() {
            // Raw paths show it; cleaned ones, or those of its present holder, do not.
            let families: Vec<String> = seen.families.iter().map(ToString::to_string).collect();
            let (from, to) = (format!("in a file of {}", day(seen.first)), format!("in a file of {}", day(seen.last)));
            push([families.join(" "), from, to, "none".to_owned(), String::new(), String::new()]);
        }
    }
    out.push_str(&table(&headings, &rows));
    out.push_str(&style.wrap(
        "now at: collectors whose newest dump shows it; only here: of its prefixes seen through this network, those seen through no \
         other; grade none: raw paths show it, cleaned ones of its present holder do not",
        "",
    ));
    out
}

fn range(page: Page) -> String {
    match page.listed {
        n if n == page.chosen => format!("{n}"),
        0 => format!("none after {} of {}", page.offset, page.chosen),
        n => format!("{} to {} of {}", page.offset + 1, page.offset + n, page.chosen),
    }
}

fn mark(member: &Member) -> char {
    match member.change {
        Some(Change::Joined) => '+',
        Some(Change::Left) => '-',
        Some(_) => '~',
        None => ' ',
    }
}

/// Number and holder: the name is that of the holder of the time, not of the number today.
fn named(member: &Member) -> String {
    let names = member.holder.iter().map(|name| (member.asn, name.clone())).collect();
    label(member.asn, &names, NAME_WIDTH)
}

fn described(portfolio: &Portfolio, members: &[Member]) -> String {
    let headings = [
        ("network", Align::Left),
        ("change", Align::Left),
        ("its listed providers then", Align::Left),
        ("under it", Align::Right),
        ("perhaps (a guess)", Align::Left),
    ];
    let rows: Vec<Vec<String>> = members
        .iter()
        .map(|member| {
            let state = match member.state {
                State::Listed => "",
                State::OtherLabel => "other label",
                State::NotListed => "not listed",
                State::Absent => "not in the file",
                State::Untold => "not told",
            };
            let change = match member.change {
                Some(Change::Joined) if member.returned => "joined again",
                Some(Change::Joined) => "joined",
                Some(Change::StartStraddles | Change::StartOpen) => "may have joined",
                Some(Change::Left) => "left",
                Some(Change::EndStraddles | Change::EndOpen) => "may have left",
                None if member.over_gap => "gap before",
                None => state,
            };
            let guesses: Vec<String> =
                member.guesses.iter().map(|g| format!("{} (\"{}\")", g.kind.short(), g.word)).collect();
            vec![
                member.asn.to_string(),
                change.to_owned(),
                providers(portfolio.subject, member),
                member.listed_under.to_string(),
                guesses.join(", "),
            ]
        })
        .collect();
    table(&headings, &rows)
}

/// `only this one`, or how many, and the first of the others.
fn providers(subject: Asn, member: &Member) -> String {
    let others: Vec<Asn> = member.providers.iter().copied().filter(|asn| *asn != subject).collect();
    let here = member.providers.len() > others.len();
    let mut shown: Vec<String> = others.iter().take(PROVIDERS).map(ToString::to_string).collect();
    if others.len() > PROVIDERS {
        shown.push(format!("{} more", others.len() - PROVIDERS));
    }
    match (here, others.len()) {
        (true, 0) => "only this one".to_owned(),
        (true, n) => format!("one of {}: also {}", n + 1, shown.join(", ")),
        (false, 0) => "none".to_owned(),
        (false, _) => shown.join(", "),
    }
}

fn signs(portfolio: &Portfolio, told: &Publication, panel: &Panel, style: &Style) -> String {
    let subject = portfolio.subject;
    let mut out = style.heading(&format!(
        "What the {} look like together (signs, no verdict)",
        number(panel.listed, "network", "networks")
    ));
    out.push_str(&style.item(&format!(
        "{} of {} have no network listed under them; {} have no other listed provider; {} left and came back between months",
        panel.stubs, panel.listed, panel.sole, panel.returned
    )));
    out.push_str(&style.item(&format!(
        "{} have a published name, of {}",
        panel.named,
        number(panel.bodies, "body by these names", "different bodies by these names")
    )));
    if !panel.kinds.is_empty() {
        let mut kinds: Vec<_> = panel.kinds.iter().collect();
        kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(**count), **kind));
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} {count}", kind.short())).collect();
        let told: usize = panel.kinds.values().sum();
        out.push_str(&style.item(&format!(
            "by guesses from names and tags: {}; nothing to guess by: {}",
            kinds.join(", "),
            panel.listed.saturating_sub(told)
        )));
    }
    for typed in &panel.typed {
        let row = &typed.row;
        let holds = match typed.holds {
            true => String::new(),
            false => format!("; not known to hold on {}", day(told.from)),
        };
        out.push_str(&style.item(&format!(
            "table of protection networks: {subject} is typed {} by {} (as of {}{holds})",
            row.kind.code(),
            row.source,
            day(row.as_of)
        )));
    }
    if panel.typed.is_empty() {
        out.push_str(&style.item(&format!("table of protection networks: no row of {subject}")));
    }
    for aspas in &panel.aspas {
        let listing: Vec<String> = aspas.listing.iter().map(ToString::to_string).collect();
        let listing = if listing.is_empty() { "none".to_owned() } else { listing.join(", ") };
        out.push_str(&style.item(&format!("ASPAs of {} that list {subject} as provider: {listing}", aspas.at.date())));
    }
    out
}

fn upstreams(portfolio: &Portfolio, told: &Publication, names: &Names, style: &Style) -> String {
    let subject = portfolio.subject;
    let mut out = style.heading(&format!("Who is listed as provider of {subject} at the same times"));
    let upstreams = &portfolio.upstreams.upstreams;
    if upstreams.is_empty() {
        out.push_str(&style.wrap(&format!("none around {}", day(told.from)), ""));
        return out;
    }
    let rows: Vec<Row> = upstreams
        .iter()
        .map(|u| {
            let cells = portfolio.upstreams.publications.iter().zip(&u.cells).map(|(publication, cell)| {
                let (rank, mark) = cell_mark(*cell);
                (Unit::Month.column(publication.from), rank, mark)
            });
            Row { label: label(u.asn, names, NAME_WIDTH), cells: cells.collect() }
        })
        .collect();
    let from = portfolio.since.map_or(told.from, |s| s.end.min(told.from));
    let (first, last) = (Unit::Month.column(from), Unit::Month.column(told.from));
    out.push_str(&draw(Unit::Month, first - 6, last, &rows, style));
    out.push('\n');
    out.push_str(&bounds(upstreams.iter().map(|u| (u.asn, u.periods.as_slice(), u.finding.as_str())), "listed"));
    out
}
