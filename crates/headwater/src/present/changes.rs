//! Changes of carriers, in order of time, those by routes apart from those by publications.

use headwater_finding::account::Names;
use headwater_finding::changes::{Change, Changes, Kind, Size, State};
use headwater_finding::finding::Class;
use headwater_finding::words::{day, number};
use headwater_route::{Asn, Time};

use super::{Style, label};
use crate::text::{Align, table};

const NAME_WIDTH: usize = 24;

/// The whole answer.
pub fn show(found: &Changes, names: &Names, style: &Style) -> String {
    let subject = found.subject;
    let name = names.get(&subject).map_or(String::new(), |name| format!("  {name}"));
    let mut out = style.heading(&format!("{subject}{name}"));
    let classes = [
        (Class::Observed, "Changes by observed routes"),
        (Class::Inferred, "Changes by published relationships (inferred, by the month)"),
    ];
    for (class, head) in classes {
        let all: Vec<&Change> = found.changes.iter().filter(|c| c.class == class).collect();
        let gaps = all.iter().filter(|c| c.kind == Kind::ObservationGap).count();
        out.push('\n');
        out.push_str(&style.heading(&format!("{head}: {}", all.len() - gaps)));
        if all.is_empty() {
            let none = match class {
                Class::Observed if found.days == 0 => "no route of it was read for the time asked about",
                _ => "none in the time asked about",
            };
            out.push_str(&style.wrap(none, ""));
            continue;
        }
        let headings = [
            ("after", Align::Left),
            ("by", Align::Left),
            ("change", Align::Left),
            ("network", Align::Left),
            ("share", Align::Left),
            ("state", Align::Left),
            ("finding", Align::Left),
        ];
        let rows: Vec<Vec<String>> = all.iter().map(|change| row(change, names)).collect();
        out.push_str(&table(&headings, &rows));
    }
    if !found.candidates.is_empty() {
        let who: Vec<String> = found.candidates.iter().map(ToString::to_string).collect();
        out.push('\n');
        out.push_str(&style.wrap(
            &format!(
                "One cluster alone reported {} next to it: no change is told of {}.",
                who.join(", "),
                if who.len() == 1 { "it" } else { "them" }
            ),
            "",
        ));
    }
    if found.days > 0 {
        out.push_str(&style.wrap(
            &format!(
                "Looked at {}; the cohort was large enough for shares on {}.",
                number(found.days, "day with routes", "days with routes"),
                found.days - found.small_cohorts.min(found.days)
            ),
            "",
        ));
    }
    out
}

/// Columns of [`line()`].
pub const LINE_HEAD: &str =
    "network\tafter\tby\tclass\tfamily\tchange\tupstream\treplaced\tshare_before\tshare_after\tstate\tundone_by";

/// A change as fields parted by tabs, for a list of many networks.
pub fn line(subject: Asn, change: &Change) -> String {
    let asn = |asn: Option<Asn>| asn.map_or(String::new(), |asn| asn.to_string());
    let time = |time: Option<Time>| time.map_or(String::new(), day);
    let share = |of: fn(&Size) -> f64| change.size.as_ref().map_or(String::new(), |s| format!("{:.3}", of(s)));
    let state = match change.state {
        State::Preliminary => "preliminary",
        State::Confirmed => "confirmed",
        State::Resolved => "resolved",
    };
    let class = if change.class == Class::Observed { "observed" } else { "inferred" };
    [
        subject.to_string(),
        time(change.after),
        day(change.by),
        class.to_owned(),
        change.family.map_or(String::new(), |f| f.to_string()),
        change.kind.code().to_owned(),
        asn(change.upstream),
        asn(change.replaced),
        share(|s| s.before),
        share(|s| s.after),
        state.to_owned(),
        time(change.undone_by),
    ]
    .join("\t")
}

fn row(change: &Change, names: &Names) -> Vec<String> {
    let family = change.family.map_or(String::new(), |f| format!(" {f}"));
    let kind = match change.kind {
        Kind::UpstreamAdded => "added",
        Kind::UpstreamLost => "lost",
        Kind::UpstreamReplaced => "replaces",
        Kind::UpstreamFlap => "flap",
        Kind::ShareShift => "share shifts",
        Kind::SingleHomed => "only one left",
        Kind::VisibilityDrop => "seen less",
        Kind::ObservationGap => "no data",
    };
    let who = |asn| label(asn, names, NAME_WIDTH).trim_end().to_owned();
    let network = match (change.upstream, change.replaced) {
        (Some(asn), Some(other)) => format!("{} for {other}", who(asn)),
        (Some(asn), None) => who(asn),
        _ => String::new(),
    };
    let share = change.size.map_or(String::new(), |s| format!("{:.0} → {:.0} %", s.before * 100.0, s.after * 100.0));
    let state = match (change.state, change.undone_by) {
        (State::Preliminary, _) => "one look".to_owned(),
        (State::Confirmed, _) => "stands".to_owned(),
        (State::Resolved, Some(by)) => format!("undone by {}", day(by)),
        (State::Resolved, None) => "undone".to_owned(),
    };
    let state = if change.kind == Kind::ObservationGap { String::new() } else { state };
    vec![
        change.after.map_or_else(String::new, day),
        day(change.by),
        format!("{kind}{family}"),
        network,
        share,
        state,
        change.finding.clone(),
    ]
}
