//! The sentences an account starts with, the most important first. Each says no more than the findings beneath it.

use headwater_route::{Asn, Time};

use crate::account::{Carriers, Names};
use crate::finding::Unknown;
use crate::holders::{Began, Holder};
use crate::observed::Observed;
use crate::origins::RangesAt;
use crate::published::{Published, PublishedUpstream, is_listed_last};
use crate::words::{self, day};

/// Ranges that the summary lists one by one.
const SHOWN_RANGES: usize = 6;

/// The sentences of an account. `unknowns` are told by count; they are listed with the answer.
pub fn summary(carriers: &Carriers, ranges: &[RangesAt], names: &Names, unknowns: &[Unknown]) -> Vec<String> {
    let subject = carriers.subject;
    let mut out = Vec::new();
    if let Some(era) = carriers.present() {
        out.extend(era.observed.iter().filter_map(|family| observed(subject, family, names)));
        out.extend(published(subject, &era.published, names));
    }
    if out.is_empty() {
        out.push(format!("No source that was read shows a network next to {subject} in the time asked about."));
    }
    out.extend(given(subject, ranges));
    out.extend(carriers.holders.holders.last().map(|holder| held(subject, holder)));
    if !unknowns.is_empty() {
        let things = words::number(unknowns.len(), "thing", "things");
        out.push(format!("{things} could not be known from what was read."));
    }
    out
}

fn named(asn: Asn, names: &Names) -> String {
    names.get(&asn).map_or_else(|| asn.to_string(), |name| format!("{asn} ({})", words::quoted(name)))
}

/// What the newest day with a look shows.
fn observed(subject: Asn, family: &Observed, names: &Names) -> Option<String> {
    let last = family.days.last()?;
    let head = format!("Observed routes ({}), {}", family.family, day(last.day));
    if last.with_route == 0 {
        let looked = words::number(last.awake, "vantage", "vantages");
        return Some(format!("{head}: no route of {subject} at {looked} looked at."));
    }
    let mut seen: Vec<(usize, Asn)> = family
        .upstreams
        .iter()
        .filter_map(|u| u.days.last().filter(|d| d.day == last.day).map(|d| (d.vantages_with, u.asn)))
        .collect();
    seen.sort_by_key(|(count, asn)| (std::cmp::Reverse(*count), *asn));
    let vantages = words::number(last.with_route, "vantage with a route", "vantages with a route");
    if seen.is_empty() {
        return Some(format!("{head}: none of {vantages} shows which network stands next to {subject}."));
    }
    let seen: Vec<String> = seen.iter().map(|(count, asn)| format!("{} at {count}", named(*asn, names))).collect();
    Some(format!("{head}: next to {subject}, of {vantages}: {}.", seen.join(", ")))
}

/// Who is listed in the newest publication, what later ones lack, and who was listed before.
fn published(subject: Asn, published: &Published, names: &Names) -> Vec<String> {
    let Some(newest) = published.newest.filter(|_| !published.upstreams.is_empty()) else { return Vec::new() };
    let mut out = Vec::new();
    let (now, mut earlier): (Vec<&PublishedUpstream>, Vec<&PublishedUpstream>) =
        published.upstreams.iter().partition(|u| is_listed_last(published, u));
    let publication = &published.publications[newest];
    let head = format!(
        "Published relationships (inferred), newest of {} to {}",
        day(publication.from),
        day(publication.until)
    );
    if now.is_empty() && publication.can_deny {
        out.push(format!("{head}: no provider of {subject} is listed."));
    } else if !now.is_empty() {
        let listed: Vec<String> = now.iter().map(|u| named(u.asn, names)).collect();
        let noun = if now.len() == 1 { "provider" } else { "providers" };
        out.push(format!("{head}: {} listed as {noun} of {subject}.", listed.join(", ")));
    }
    let later = &published.publications[newest + 1..];
    if let Some(last) = later.iter().rev().find(|p| p.complete && !p.subject_listed) {
        out.push(format!("That of {} to {} lacks {subject} itself.", day(last.from), day(last.until)));
    }
    // Those that were listed last before the newest are what changed last.
    earlier.sort_by_key(|u| (std::cmp::Reverse(u.periods.last().map(|p| p.bounds.to_after)), u.asn));
    out.extend(earlier.iter().map(|u| {
        let seen = words::files(&u.periods);
        format!("Listed earlier: {}, {} (in {seen}).", named(u.asn, names), words::periods(&u.periods, "listed"))
    }));
    out
}

fn given(subject: Asn, ranges: &[RangesAt]) -> Option<String> {
    let latest = ranges.iter().rev().find(|r| !r.ranges.is_empty())?;
    let count = words::number(latest.ranges.len(), "range", "ranges");
    let least = if latest.complete { "" } else { "at least " };
    let listed = latest.ranges.len() <= SHOWN_RANGES;
    let shown = if listed { format!(": {}", latest.ranges.join(", ")) } else { String::new() };
    Some(format!("{} gives {subject} {least}{count} on {}{shown}.", latest.series, day(latest.at)))
}

fn held(subject: Asn, holder: &Holder) -> String {
    let name = words::quoted(holder.names.first().map_or("", |n| n.name.as_str()));
    // The time of the name itself; that of the holder may be longer.
    let named = holder.names.iter().map(|n| n.first).min().unwrap_or(holder.bounds.from_by);
    let after = holder.bounds.from_after.filter(|after| *after < named);
    let since = match after {
        Some(after) => format!("after {} and by {}", day(after), day(named)),
        None => format!("at or before {}", day(named)),
    };
    let last = last_named(holder.bounds.to_after, holder.bounds.to_by);
    let before = match holder.began {
        Began::Reissued => "; the number had another holder before, of whom nothing is told here",
        Began::ProbablyReissued => "; the number probably had another holder before, of whom nothing is told here",
        Began::RenamedOrTransferred => {
            "; another name stood before, and the sources do not tell whether the holder changed"
        }
        Began::Conflicting => "; the sources disagree on the name",
        Began::FirstSeen => "",
    };
    format!("{subject} was published under the name {name}, first {since}, last {last}{before}.")
}

fn last_named(last: Time, gone: Option<Time>) -> String {
    match gone {
        Some(by) => format!("at or after {} and no longer by {}", day(last), day(by)),
        None => format!("in the file of {}", day(last)),
    }
}
