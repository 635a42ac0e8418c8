//! Published names: which may be of one holder, and which files lack the number.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::Time;
use headwater_route::rows::{HolderHistory, NameSighting, NameSnapshot};

use crate::silence::LACKING_FILES;

/// Words that say what kind of body a name is of, or that every handle has; they tell nobody apart.
const COMMON: &[&str] = &[
    "ab",
    "ag",
    "as",
    "asn",
    "autonomous",
    "bv",
    "co",
    "communications",
    "company",
    "corp",
    "corporation",
    "data",
    "doo",
    "eood",
    "fzco",
    "fze",
    "gbr",
    "global",
    "gmbh",
    "group",
    "holding",
    "hosting",
    "inc",
    "incorporated",
    "international",
    "internet",
    "isp",
    "it",
    "jsc",
    "kft",
    "kg",
    "kk",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "me",
    "net",
    "network",
    "networks",
    "nv",
    "oao",
    "ojsc",
    "oo",
    "ooo",
    "oy",
    "oyj",
    "pao",
    "pjsc",
    "plc",
    "private",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sas",
    "sarl",
    "services",
    "sia",
    "sl",
    "solutions",
    "sp",
    "spa",
    "spzoo",
    "sro",
    "srl",
    "system",
    "systems",
    "tech",
    "technologies",
    "technology",
    "telecom",
    "the",
    "tov",
    "uab",
    "zao",
    "zoo",
];

/// The words of a name that tell it apart.
pub type Telling = BTreeSet<String>;

/// The words of a name that tell it apart: lower case, without punctuation and legal form. If there are none, all words.
pub fn telling(name: &str) -> Telling {
    let lower = name.to_lowercase();
    let mut all: Telling = BTreeSet::new();
    for chunk in lower.split(|c: char| !c.is_alphanumeric() && c != '.') {
        let parts: Vec<&str> = chunk.split('.').filter(|part| !part.is_empty()).collect();
        // `s.r.o.` and `K.K.` are one word each; other dots separate.
        if parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1) {
            all.insert(parts.concat());
        } else {
            all.extend(parts.into_iter().map(str::to_owned));
        }
    }
    let telling = all.iter().filter(|word| !COMMON.contains(&word.as_str())).cloned().collect::<BTreeSet<_>>();
    if telling.is_empty() { all } else { telling }
}

/// True if the names may be of one holder: more than half of the telling words of the shorter name stand in the other.
pub fn alike(a: &Telling, b: &Telling) -> bool {
    if a.is_empty() || b.is_empty() {
        return a == b;
    }
    let shared = a.intersection(b).count();
    shared * 2 > a.len().min(b.len())
}

/// Sightings of names that may be of one holder.
pub(crate) struct Group<'a> {
    pub sightings: Vec<&'a NameSighting>,
    pub first: Time,
    pub last: Time,
    words: Vec<Telling>,
}

/// Groups names by likeness, in order of time. Where a series has shown another name since, the same name again makes a new
/// group: it tells of a return, not of a stay.
pub(crate) fn groups(history: &HolderHistory) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    // By series: its newest file that names the number, the groups in that file, and those in the one before.
    let mut shown: BTreeMap<&str, (usize, BTreeSet<usize>, BTreeSet<usize>)> = BTreeMap::new();
    for sighting in &history.names {
        let Some(snapshot) = history.snapshots.get(sighting.snapshot) else { continue };
        let words = telling(&sighting.name);
        let (file, here, before) = shown.entry(&snapshot.series).or_default();
        if *file != sighting.snapshot {
            (*file, *before) = (sighting.snapshot, std::mem::take(here));
        }
        let left = |at: &usize| {
            let same = |s: &&NameSighting| history.snapshots[s.snapshot].series == snapshot.series;
            !here.contains(at) && !before.contains(at) && groups[*at].sightings.iter().any(same)
        };
        let found = groups.iter().rposition(|g| g.words.iter().any(|w| alike(w, &words)));
        let at = match found.filter(|at| !left(at)) {
            Some(at) => at,
            None => {
                let (first, last) = (snapshot.at, snapshot.at);
                groups.push(Group { sightings: Vec::new(), first, last, words: Vec::new() });
                groups.len() - 1
            }
        };
        here.insert(at);
        let group = &mut groups[at];
        group.sightings.push(sighting);
        group.last = group.last.max(snapshot.at);
        if !group.words.contains(&words) {
            group.words.push(words);
        }
    }
    groups
}

/// Files of one series, in order of time, each with whether it names the number.
fn files<'a>(history: &'a HolderHistory, series_of: Option<&&NameSighting>) -> Vec<(usize, bool)> {
    let Some(series) = series_of.and_then(|s| history.snapshots.get(s.snapshot)).map(|s| s.series.as_str()) else {
        return Vec::new();
    };
    let named: BTreeSet<usize> = history.names.iter().map(|n| n.snapshot).collect();
    let here = |(_, s): &(usize, &'a NameSnapshot)| s.series == series;
    history.snapshots.iter().enumerate().filter(here).map(|(i, _)| (i, named.contains(&i))).collect()
}

/// The files in a row, of the series that first shows the group, that lack the number before that and after `since`; none if
/// they are too few to count.
pub(crate) fn lacking_before(history: &HolderHistory, group: &Group<'_>, since: Option<Time>) -> Vec<usize> {
    let Some(first) = group.sightings.first() else { return Vec::new() };
    let before = files(history, Some(first)).into_iter().rev().filter(|(i, _)| *i < first.snapshot);
    let after = |i: &usize| since.is_none_or(|since| history.snapshots[*i].at > since);
    let mut lacking: Vec<usize> = before.take_while(|(_, named)| !named).map(|(i, _)| i).filter(after).collect();
    lacking.reverse();
    if lacking.len() < LACKING_FILES { Vec::new() } else { lacking }
}

/// The files in a row, of the series that last shows the group, that lack the number after that.
pub(crate) fn lacking_after(history: &HolderHistory, group: &Group<'_>) -> Vec<usize> {
    let Some(last) = group.sightings.last() else { return Vec::new() };
    let after = files(history, Some(last)).into_iter().filter(|(i, _)| *i > last.snapshot);
    after.take_while(|(_, named)| !named).map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(a: &str, b: &str) -> bool {
        super::alike(&telling(a), &telling(b))
    }

    #[test]
    fn spellings_of_one_name_are_alike() {
        for (a, b) in [
            ("EXAMPLE", "EXAMPLE OOO"),
            ("Example Services, s.r.o", "Example Services, s.r.o."),
            ("EXA-AS-CZ Example Services", "Example Services, s.r.o."),
            ("Example GmbH & Co. KG", "EXAMPLE GMBH"),
            ("Пример Плюс", "ООО ПРИМЕР ПЛЮС"),
            ("LLC", "llc"),
        ] {
            assert!(alike(a, b) && alike(b, a), "{a} / {b}");
        }
    }

    #[test]
    fn different_names_are_not() {
        for (a, b) in [
            ("Example Networks LLC", "Sample Networks LLC"),
            ("EXAMPLEDEV-AS Example Development LLP", "SAMPLE OOO"),
            ("A Corp", "B Corp"),
            ("Aster Networks K.K.", "Marina K.K."),
            ("Aster Sp. z o.o.", "Marina Sp. z o.o."),
            ("Invented Group", "Model Group"),
            ("North Water", "Water Works"),
            ("", "Example"),
            ("Alpha Beta Gamma", "Gamma Delta Epsilon Zeta"),
        ] {
            assert!(!alike(a, b), "{a} / {b}");
        }
    }
}
