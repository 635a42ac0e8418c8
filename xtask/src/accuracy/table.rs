//! Figures as tables of Markdown.
//!
//! Place on the way: last. Must not know: how anything was counted.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::judge::Lot;
use super::measures::{Rate, Share};
use super::proofs::Proofs;
use super::tally::{Figure, Tally, Unit};
use super::worlds::{SORTS, Sort};

/// Headings of the kinds of figures, by the first word of their keys.
const KINDS: [(&str, &str); 16] = [
    ("observed", "Observed carriers, grades `medium` and `high`"),
    ("share", "Shares of observed carriers"),
    ("grade", "Grades"),
    ("vantages", "Vantages, a family each"),
    ("weak", "Observed carriers, grade `low`"),
    ("published", "Carriers by relationship files"),
    (
        "flawed",
        "Carriers by relationship files with errors: in a thousand links 20 left out, 20 labelled wrongly, in each file",
    ),
    ("origins.observed", "Origins by routes"),
    ("origins.published", "Origins by snapshots"),
    ("holders", "Re-issue of a number"),
    ("rung", "What `rivals` proves"),
    ("role", "Roles"),
    ("explanation", "Explanations that were planted: whether the answer ranks at all, and where"),
    ("changes", "Changes by routes"),
    ("changes.published", "Changes by relationship files"),
    ("changes.flawed", "Changes by relationship files with errors"),
];

/// A value as its unit is written.
fn written(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share => format!("{:.2} %", value * 100.0),
        Unit::Rate => format!("{value:.2}"),
        Unit::Hours => format!("{value:.2} h"),
        Unit::Points => format!("{value:.2} points"),
    }
}

fn row(figure: &Figure) -> Option<String> {
    let value = written(figure.unit, figure.value?);
    let bounds = figure
        .bounds
        .map_or(String::new(), |(low, high)| format!("{} – {}", written(figure.unit, low), written(figure.unit, high)));
    Some(format!("| {} | `{}` | {value} | {bounds} | {} |\n", figure.what, figure.key, figure.cases))
}

/// All figures, a table for each kind. What nothing was counted for is left out.
pub fn figures(figures: &[Figure]) -> String {
    let mut out = String::new();
    for (kind, heading) in KINDS {
        let of = figures.iter().filter(|figure| figure.key.rsplit_once('.').is_some_and(|(of, _)| of == kind));
        let rows: String = of.filter_map(row).collect();
        if !rows.is_empty() {
            _ = write!(
                out,
                "\n### {heading}\n\n| what | key | value | 95 % bounds | cases |\n|---|---|---|---|---|\n{rows}"
            );
        }
    }
    out
}

/// What came of each event that was planted, innocent twins apart.
pub fn planted(proofs: &Proofs) -> String {
    if proofs.planted.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    for (innocent, heading) in [(false, "Explanations by event"), (true, "Innocent twins: explanations by event")] {
        _ = write!(
            out,
            "\n### {heading}\n\n| event | was so | pairs | ranked | first | last | no rung, L0 to L4 | roles claimed |\n\
             |---|---|---|---|---|---|---|---|\n"
        );
        for ((explanation, _, event), of) in proofs.planted.iter().filter(|((_, twin, _), _)| *twin == innocent) {
            let part = |share: Share| format!("{} of {}", share.hits, share.of);
            let rungs: Vec<String> = of.rungs[..6].iter().map(u64::to_string).collect();
            let roles: Vec<String> = of.roles.iter().map(|(role, many)| format!("{role} {many}")).collect();
            _ = writeln!(
                out,
                "| {event} | {explanation} | {} | {} | {} | {} | {} | {} |",
                of.ranked.of,
                of.ranked.hits,
                part(of.first),
                part(of.last),
                rungs.join(", "),
                if roles.is_empty() { "–".to_owned() } else { roles.join(", ") }
            );
        }
    }
    out
}

/// What was counted, by sort of world and lot of the network.
pub type Tallies = BTreeMap<(&'static str, Lot), Tally>;

/// False alarms and bounds by sort of world: innocent ones, in which nothing happens to any network, apart from the others,
/// and in these the networks that had an innocent twin of an event.
pub fn sorts(tallies: &Tallies) -> String {
    let head = "\n| worlds | networks | bounds told | false alarms, weak ones | a network-year | 95 % bounds | within bounds | `changes` that were none |\n\
                |---|---|---|---|---|---|---|---|\n";
    let mut out = String::from("\n### Innocent twins: worlds and networks in which no carrier changed hands\n");
    out.push_str(head);
    for sort in SORTS {
        for (lot, name) in
            [(Lot::Nothing, sort.name.to_owned()), (Lot::Twin, format!("{}: twins of events", sort.name))]
        {
            if sort.innocent || lot == Lot::Twin {
                out.push_str(&sort_row(tallies, sort, &name, &[lot]));
            }
        }
    }
    out.push_str("\n### Worlds in which carriers change\n");
    out.push_str(head);
    for sort in SORTS.iter().filter(|sort| !sort.innocent) {
        out.push_str(&sort_row(tallies, sort, &format!("{}: networks with an event", sort.name), &[Lot::Event]));
        out.push_str(&sort_row(tallies, sort, &format!("{}: networks without", sort.name), &[Lot::Nothing]));
    }
    out
}

fn sort_row(tallies: &Tallies, sort: &Sort, name: &str, lots: &[Lot]) -> String {
    let mut all = Tally::default();
    for lot in lots {
        tallies.get(&(sort.name, *lot)).into_iter().for_each(|tally| all.add(tally));
    }
    if all.networks == 0 {
        return String::new();
    }
    let of = [&all.observed, &all.published].into_iter().find(|of| of.alarms.years > 0.0).unwrap_or(&all.flawed);
    let edges = of.starts.with(&of.ends);
    let rate: Rate = of.alarms;
    let (low, high) = rate.bounds();
    let told = edges.held.of + rate.cases;
    let held = edges.held.value().map_or("–".to_owned(), |value| written(Unit::Share, value));
    format!(
        "| {name} | {} | {told} | {}, {} | {} | {} – {} | {held} | {} |\n",
        all.networks,
        rate.cases,
        all.weak.alarms.cases,
        rate.value().map_or("–".to_owned(), |value| written(Unit::Rate, value)),
        written(Unit::Rate, low),
        written(Unit::Rate, high),
        [&all.turns, &all.published_turns, &all.flawed_turns].map(|turns| turns.alarms.cases).iter().sum::<u64>(),
    )
}
