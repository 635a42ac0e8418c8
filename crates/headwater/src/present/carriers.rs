//! Carriers as a timeline a person grasps at once: one row a network, months as columns, dates with both bounds.

use headwater_finding::account::{Carriers, EraCarriers, Names};
use headwater_finding::holders::{Began, Holders};
use headwater_finding::observed::{Observed, ObservedUpstream, SetAside};
use headwater_finding::period::Period;
use headwater_finding::published::{Cell, Published};
use headwater_finding::vantage::stuck::Stuck;
use headwater_finding::words::day;
use headwater_route::Asn;
use headwater_route::rows::Vantage;

use super::timeline::{Row, Unit, draw};
use super::{Style, first, label, last};
use crate::text::{Align, counted, table};

const NAME_WIDTH: usize = 24;
/// Observed days beyond this are drawn as months.
const DAY_COLUMNS: i64 = 62;

/// The whole answer; eras before the present one only with `earlier`.
pub fn show(carriers: &Carriers, names: &Names, earlier: bool, style: &Style) -> String {
    let mut out = String::new();
    let Some((present, before)) = carriers.eras.split_last() else { return out };
    out.push_str(&era(present, carriers, names, style));
    let shown: Vec<&EraCarriers> = before.iter().rev().filter(|e| !is_empty(e)).collect();
    if earlier {
        for found in shown {
            out.push('\n');
            out.push_str(&era(found, carriers, names, style));
        }
    } else if !shown.is_empty() {
        out.push('\n');
        out.push_str(&style.wrap(
            "The number has earlier carriers, under another or an unknown holder; they are not those of the present holder. \
             `--earlier` shows them.",
            "",
        ));
    }
    out
}

fn is_empty(era: &EraCarriers) -> bool {
    era.published.upstreams.is_empty() && era.observed.is_empty()
}

fn era(era: &EraCarriers, carriers: &Carriers, names: &Names, style: &Style) -> String {
    let name = carriers.holders.name_of(&era.era).unwrap_or("holder unknown");
    let mut out = style.heading(&format!("{}  {name}", carriers.subject));
    out.push_str(&style.wrap(&held(&carriers.holders, era), ""));
    out.push('\n');
    out.push_str(&published(carriers.subject, &era.published, names, style));
    for family in &era.observed {
        out.push('\n');
        out.push_str(&observed(carriers.subject, family, names, style));
    }
    out
}

/// Who held the number in an era, in one line.
fn held(holders: &Holders, era: &EraCarriers) -> String {
    let Some(holder) = era.era.holder.and_then(|i| holders.holders.get(i)) else {
        return match era.era.up_to {
            Some(up_to) => format!("holder unknown; up to {}", day(up_to)),
            None => "no name of the holder was read".to_owned(),
        };
    };
    let b = &holder.bounds;
    let since = match b.from_after {
        Some(after) => format!("this holder since some time after {} and by {}", day(after), day(b.from_by)),
        None => format!("this holder at or before {}", day(b.from_by)),
    };
    let until = match b.to_by {
        Some(by) => format!("last named {}, no longer by {}", day(b.to_after), day(by)),
        None => format!("last named {}", day(b.to_after)),
    };
    let began = match holder.began {
        Began::FirstSeen => "",
        Began::Reissued => "; re-issued number",
        Began::ProbablyReissued => "; probably a re-issued number",
        Began::RenamedOrTransferred => "; another name before (renamed or transferred)",
        Began::Conflicting => "; sources disagree on the name",
    };
    format!("{since}; {until}{began}")
}

fn published(subject: Asn, published: &Published, names: &Names, style: &Style) -> String {
    let mut out =
        style.heading("Published relationships (inferred by the publisher, no paths): who is listed as provider");
    let (Some(first_file), Some(last_file)) = (published.publications.first(), published.publications.last()) else {
        out.push_str(
            "no relationship file was read for this time; `headwater ingest` reads CAIDA serial-1 and serial-2\n",
        );
        return out;
    };
    if published.upstreams.is_empty() {
        let held = published.publications.iter().filter(|p| p.subject_listed).count();
        if published.in_window == 0 {
            let (first, last) = (day(first_file.from), day(last_file.until));
            let text = format!(
                "not known: no publication covers the time asked about; those read are of {first} to {last}, with gaps. Ask \
                 without `--from` and `--to` to see what they say before and after it."
            );
            out.push_str(&style.wrap(&text, ""));
            return out;
        }
        out.push_str(&style.wrap(
            &format!(
                "none in {} monthly publications from {} to {}; {subject} itself is in {held} of them",
                published.publications.len(),
                day(first_file.from),
                day(last_file.until)
            ),
            "",
        ));
        return out;
    }
    let rows: Vec<Row> = published
        .upstreams
        .iter()
        .map(|upstream| {
            let cells = published.publications.iter().zip(&upstream.cells).map(|(publication, cell)| {
                let (rank, c) = cell_mark(*cell);
                (Unit::Month.column(publication.from), rank, c)
            });
            Row { label: label(upstream.asn, names, NAME_WIDTH), cells: cells.collect() }
        })
        .collect();
    // Files before the network first appears add nothing to see.
    let shown = published.publications.iter().find(|p| p.subject_listed).unwrap_or(first_file);
    let until = published.publications.iter().rev().find(|p| p.subject_listed).unwrap_or(last_file);
    let (from, to) = (Unit::Month.column(shown.from), Unit::Month.column(until.from));
    out.push_str(&draw(Unit::Month, from, to, &rows, style));
    let legend = legend(published.upstreams.iter().flat_map(|u| u.cells.iter().copied()));
    let series: std::collections::BTreeSet<&str> =
        published.publications.iter().flat_map(|p| p.series.iter().map(String::as_str)).collect();
    out.push_str(&style.wrap(&format!("{legend}; {}", series.into_iter().collect::<Vec<_>>().join(" and ")), ""));
    out.push('\n');
    let periods = published.upstreams.iter().map(|u| (u.asn, u.periods.as_slice(), u.finding.as_str()));
    out.push_str(&bounds(periods, "listed"));
    out
}

/// Rank and mark of what a publication says.
pub fn cell_mark(cell: Cell) -> (u8, char) {
    match cell {
        Cell::Provider => (5, '█'),
        Cell::Disputed => (4, '?'),
        Cell::OtherLabel => (3, '░'),
        Cell::NotListed => (2, '·'),
        Cell::SubjectAbsent => (1, '-'),
        Cell::Unknown => (0, ' '),
    }
}

/// What the marks of these cells mean.
pub fn legend(cells: impl Iterator<Item = Cell>) -> String {
    let cells: std::collections::BTreeSet<u8> = cells.map(|cell| cell_mark(cell).0).collect();
    let mut legend = vec!["█ listed", "· not listed", "blank: no file"];
    for (cell, text) in [
        (Cell::OtherLabel, "░ linked under another label"),
        (Cell::Disputed, "? series disagree"),
        (Cell::SubjectAbsent, "- network not in the file"),
    ] {
        if cells.contains(&cell_mark(cell).0) {
            legend.push(text);
        }
    }
    legend.join(", ")
}

/// One line a period: first and last with both bounds, how often it was seen, and the id of the finding.
pub fn bounds<'a>(rows: impl Iterator<Item = (Asn, &'a [Period], &'a str)>, verb: &str) -> String {
    let (first_heading, last_heading) = (format!("first {verb}"), format!("last {verb}"));
    let headings = [
        ("network", Align::Left),
        (first_heading.as_str(), Align::Left),
        (last_heading.as_str(), Align::Left),
        ("seen", Align::Right),
        ("finding", Align::Left),
    ];
    let lines: Vec<Vec<String>> = rows
        .flat_map(|(asn, periods, finding)| {
            periods.iter().enumerate().map(move |(i, period)| {
                let (shown, id) = if i == 0 { (asn.to_string(), finding) } else { (String::new(), "") };
                vec![shown, first(period), last(period), format!("{}/{}", period.seen, period.of), id.to_owned()]
            })
        })
        .collect();
    table(&headings, &lines)
}

fn observed(subject: Asn, observed: &Observed, names: &Names, style: &Style) -> String {
    let mut out = style.heading(&format!("Observed routes, {}: who stands next to {subject}", observed.family));
    let (Some(first_day), Some(last_day)) = (observed.days.first(), observed.days.last()) else { return out };
    let days = Unit::Day.column(last_day.day) - Unit::Day.column(first_day.day) + 1;
    let unit = if days <= DAY_COLUMNS { Unit::Day } else { Unit::Month };
    let rows: Vec<Row> = observed
        .upstreams
        .iter()
        .map(|upstream| {
            let mut cells: Vec<(i64, u8, char)> =
                observed.days.iter().filter(|d| d.with_route > 0).map(|d| (unit.column(d.day), 1, '·')).collect();
            cells.extend(upstream.days.iter().map(|d| {
                let level = (d.vantages_with * 8).div_ceil(d.vantages.max(1)).clamp(1, 8);
                (unit.column(d.day), 1 + level as u8, ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][level - 1])
            }));
            Row { label: label(upstream.asn, names, NAME_WIDTH), cells }
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&draw(unit, unit.column(first_day.day), unit.column(last_day.day), &rows, style));
        out.push_str(&style.wrap(
            "▁…█ share of the vantages with a route that have it through this network (plain count), · through others, \
             blank: not looked at",
            "",
        ));
        out.push('\n');
        let periods = observed.upstreams.iter().map(|u| (u.asn, u.periods.as_slice(), u.finding.as_str()));
        out.push_str(&bounds(periods, "seen"));
        out.push('\n');
        out.push_str(&support(observed));
    }
    let best = observed.days.iter().max_by_key(|d| (d.with_route, d.day));
    if let Some(best) = best {
        let visibility = best.visibility.map_or("visibility: too few full tables to tell".to_owned(), |v| {
            format!("visibility {:.0} % of full tables", v * 100.0)
        });
        out.push_str(&style.wrap(
            &format!(
                "{} looked at; most vantages with a route: {} of {} on {} ({}); {visibility}",
                counted(observed.days.len() as u64, "day", "days"),
                best.with_route,
                best.awake,
                day(best.day),
                counted(best.collectors as u64, "collector", "collectors")
            ),
            "",
        ));
    }
    for aside in &observed.set_aside {
        out.push_str(&style.wrap(&set_aside(aside), ""));
    }
    for Stuck { vantage: Vantage { collector, asn, addr }, prefix, since, until, .. } in &observed.stuck {
        let text = format!(
            "not counted: {prefix} at {collector} ({asn}, {addr}) until {until}: all others had withdrawn it by {since}, so \
             it is taken to be stuck"
        );
        out.push_str(&style.wrap(&text, ""));
    }
    for (next, vantages) in &observed.hidden {
        let behind = next.map_or("no public number".to_owned(), |asn| asn.to_string());
        out.push_str(&style.wrap(
            &format!(
                "at {vantages} vantages the network next to {subject} has no public number; behind it stands {behind}"
            ),
            "",
        ));
    }
    for (asn, vantages) in &observed.other_origins {
        let named = label(*asn, names, NAME_WIDTH);
        out.push_str(
            &style.wrap(&format!("the same prefixes came from {} at {vantages} vantages", named.trim_end()), ""),
        );
    }
    if observed.unusable_routes > 0 {
        out.push_str(&style.wrap(
            &format!(
                "{} routes were set aside: their path does not tell the origin or its neighbour",
                observed.unusable_routes
            ),
            "",
        ));
    }
    out
}

/// Whose routes are not counted, and why.
fn set_aside(aside: &SetAside) -> String {
    let Vantage { collector, asn, addr } = &aside.vantage;
    let between = match (aside.after, aside.before) {
        (None, None) => String::new(),
        (Some(after), None) => format!(" after {}", day(after)),
        (None, Some(before)) => format!(" before {}", day(before)),
        (Some(after), Some(before)) => format!(" between {} and {}", day(after), day(before)),
    };
    let alone = match aside.alone.as_slice() {
        [] => String::new(),
        alone => {
            let named: Vec<String> = alone.iter().map(ToString::to_string).collect();
            format!("; it alone shows {} here", named.join(", "))
        }
    };
    format!("not counted{between}: {collector} ({asn}, {addr}), as {}{alone}", aside.why)
}

/// At how many vantages each upstream was seen, with which share, and what carries it in turn.
fn support(observed: &Observed) -> String {
    let headings = [
        ("network", Align::Left),
        ("grade", Align::Left),
        ("vantages", Align::Right),
        ("peer ASNs", Align::Right),
        ("collectors", Align::Right),
        ("share", Align::Left),
        ("prefixes", Align::Right),
        ("only here", Align::Right),
        ("behind it", Align::Left),
    ];
    let rows: Vec<Vec<String>> = observed
        .upstreams
        .iter()
        .map(|u: &ObservedUpstream| {
            let share = u.days.iter().rev().find_map(|d| d.share);
            let share = share.map_or("too few collectors".to_owned(), |s| {
                format!("{:.0} % ({:.0}–{:.0})", s.value * 100.0, s.low * 100.0, s.high * 100.0)
            });
            let grade = match u.grade {
                headwater_finding::observed::Grade::Low => "low",
                headwater_finding::observed::Grade::Medium => "medium",
                headwater_finding::observed::Grade::High => "high",
            };
            const MOST: usize = 3;
            let mut behind: Vec<String> = u.next.iter().take(MOST).map(|(asn, n)| format!("{asn} ({n})")).collect();
            if u.next.len() > MOST {
                behind.push(format!("and {} more", u.next.len() - MOST));
            }
            vec![
                u.asn.to_string(),
                grade.to_owned(),
                u.vantages.to_string(),
                u.peer_asns.to_string(),
                u.collectors.to_string(),
                share,
                u.prefixes.len().to_string(),
                u.exclusive.to_string(),
                behind.join(", "),
            ]
        })
        .collect();
    table(&headings, &rows)
}
