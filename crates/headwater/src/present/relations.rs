//! What a network's neighbours are: what was looked at, the neighbours with what speaks for each label, cone and dependencies.

use headwater_finding::account::Names;
use headwater_finding::relation::account::{Looked, Published, Told};
use headwater_finding::relation::{Certainty, Label};
use headwater_finding::words::{day, number};
use headwater_route::Asn;

use super::{Style, label};
use crate::commands::relations::Shown;
use crate::text::{Align, count, table};

const NAME_WIDTH: usize = 24;
/// Dependencies listed.
const DEPENDENCIES: usize = 10;

/// The whole answer.
pub fn show(subject: Asn, families: &[Shown], names: &Names, style: &Style) -> String {
    let mut out = style.heading(label(subject, names, NAME_WIDTH).trim_end());
    if families.is_empty() {
        out.push_str(&style.wrap("no dump of about that time was read", ""));
    }
    for family in families {
        out.push('\n');
        out.push_str(&in_family(subject, family, names, style));
    }
    out
}

fn in_family(subject: Asn, shown: &Shown, names: &Names, style: &Style) -> String {
    let found = &shown.found;
    let mut out = style.heading(&format!("Relationships inferred from routes, {}", found.family));
    if let Some(earlier) = &found.earlier {
        out.push_str(&style.wrap(&format!("Start of the window: {}", looked(earlier)), ""));
    }
    out.push_str(&style.wrap(&looked(&found.looked), ""));
    if shown.page.of > 0 {
        out.push_str(&neighbours(subject, shown, names, style));
    }
    if let Some(cone) = &found.cone {
        let addresses = cone.slash24s.map_or(String::new(), |n| format!(", {} /24 of addresses", count(n)));
        let size = match cone.size {
            1 => format!("Customer cone: {subject} alone"),
            n => format!("Customer cone: {} networks", count(n as u64)),
        };
        out.push_str(&style.wrap(
            &format!(
                "{size}, {} prefixes{addresses}; it stands between {} in paths",
                count(cone.prefixes as u64),
                number(found.transit_degree as usize, "network", "networks")
            ),
            "",
        ));
    }
    if let Some(hegemony) = &found.hegemony {
        let listed = hegemony.networks.iter().take(DEPENDENCIES);
        let listed: Vec<String> = listed.map(|(asn, value)| format!("{asn} {value:.2}")).collect();
        let more = match hegemony.networks.len().saturating_sub(DEPENDENCIES) {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        let of = format!("{} of {} peers had a route", hegemony.peers, hegemony.of_peers);
        let text = match listed.is_empty() {
            true if !hegemony.enough => format!("Hegemony over its prefixes: not told by so few ({of})"),
            true => format!("Hegemony over its prefixes: none above 0 ({of})"),
            false => format!("Hegemony over its prefixes: {}{more} ({of})", listed.join(", ")),
        };
        out.push_str(&style.wrap(&text, ""));
    }
    out
}

/// Collectors and how many of them there are to speak of.
fn looked(looked: &Looked) -> String {
    let dates: Vec<String> = looked.dumps.iter().map(|dump| day(dump.at)).collect();
    let span = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) if first == last => format!(" of {first}"),
        (Some(first), Some(last)) => format!(" of {first} to {last}"),
        _ => String::new(),
    };
    let of = format!(
        "{}{span}, {}, {} with a full feed",
        number(looked.dumps.len(), "dump", "dumps"),
        number(looked.vantages, "vantage", "vantages"),
        number(looked.full_feed_clusters, "independent cluster", "independent clusters")
    );
    match looked.links {
        0 => format!("{of}: no relationships"),
        links => format!(
            "{of}: {} links of {} networks, a clique of {}",
            count(links as u64),
            count(looked.networks as u64),
            looked.clique.len()
        ),
    }
}

fn neighbours(subject: Asn, shown: &Shown, names: &Names, style: &Style) -> String {
    let counts: Vec<String> =
        shown.counts.iter().map(|(label, n)| format!("{} {}", count(*n as u64), word(*label))).collect();
    let mut out = style.wrap(&format!("To {subject} its neighbours are: {}", counts.join(", ")), "");
    let publishers: Vec<&Published> =
        shown.neighbours.first().map_or(Vec::new(), |told| told.published.iter().collect());
    let mut headings = vec![
        ("neighbour", Align::Left),
        ("is", Align::Left),
        ("sure", Align::Left),
        ("peers", Align::Right),
        ("prefixes", Align::Right),
        ("proofs", Align::Right),
        ("against", Align::Right),
        ("step", Align::Right),
    ];
    let named: Vec<String> = publishers.iter().map(|p| format!("{} {}", p.series, day(p.at))).collect();
    headings.extend(named.iter().map(|name| (name.as_str(), Align::Left)));
    headings.push(("finding", Align::Left));
    let rows: Vec<Vec<String>> = shown.neighbours.iter().map(|told| row(told, names)).collect();
    out.push_str(&table(&headings, &rows));
    out
}

fn row(told: &Told, names: &Names) -> Vec<String> {
    let (inferred, support) = (&told.inferred, &told.inferred.support);
    let is = match inferred.leaning {
        Some(leaning) => format!("{} ({}?)", word(inferred.label), word(leaning)),
        None => word(inferred.label).to_owned(),
    };
    let sure = match inferred.certainty {
        Certainty::Low => "low",
        Certainty::Medium => "medium",
        Certainty::High => "high",
    };
    let step = support.step.map_or_else(|| "-".to_owned(), |step| step.to_string());
    let mut row = vec![
        label(inferred.asn, names, NAME_WIDTH).trim_end().to_owned(),
        is,
        sure.to_owned(),
        support.vantage_asns.to_string(),
        count(support.prefixes),
        count(support.proofs as u64),
        count(support.against as u64),
        step,
    ];
    row.extend(told.published.iter().map(|p| p.label.map_or("not listed", word).to_owned()));
    row.push(told.finding.clone());
    row
}

fn word(label: Label) -> &'static str {
    match label {
        Label::Provider => "provider",
        Label::Peer => "peer",
        Label::Customer => "customer",
        Label::Sibling => "sibling",
        Label::RouteServer => "route server",
        Label::Undetermined => "undetermined",
        Label::Conflicting => "conflicting",
    }
}
