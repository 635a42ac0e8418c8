//! Quarantine (methods §2.7): a peer that alone shows more than ten times as many links as is usual invents them, or its
//! router garbles them. One vantage fed thousands of false links into public data for nine months (CAIDA, 2014).
//!
//! A look is a day: the last whole dump of each collector. Its samples of links ([`EdgeSample`]) are held against each other
//! below the lowest of their limits, so that all say the same of a link: shown by several peers, or by one. A peer's own
//! links, which it may well be the only one to show, count for nobody. Links seen beside the origin or anywhere else in a path
//! are the same here.
//!
//! The median alone convicts the innocent: among 35 peers of a real collector in 2014 two regional networks showed forty times
//! as many as was usual, 3 % of all links. So it takes a part of all links as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use headwater_route::rows::{EdgeSample, RouteHistory, Table, Vantage};
use headwater_route::{Asn, Family, SourceId, Time};
use serde::Serialize;

use crate::rules::Rules;

const DAY_MICROS: i64 = 86_400_000_000;
/// Marks there are.
const MARKS: f64 = (1u64 << 32) as f64;

/// A peer of a collector in one family: its sessions there are looked at as one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Peer {
    /// Its collector.
    pub collector: String,
    /// Its ASN.
    pub asn: Asn,
    /// Family.
    pub family: Family,
}

/// How many links a peer alone showed on one day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Alone {
    /// Time of the first record of its dump.
    pub at: Time,
    /// Links that no other peer of any collector showed; estimated where tables were sampled.
    pub links: u64,
    /// Links of the sample that were counted.
    pub counted: u64,
    /// Median over peers with a full feed.
    pub median: f64,
    /// These peers.
    pub peers: usize,
    /// Collectors whose dumps were compared.
    pub collectors: usize,
    /// It is too many.
    pub excess: bool,
    /// The dump.
    #[serde(skip)]
    pub source: SourceId,
    /// Time of its last record.
    #[serde(skip)]
    pub until: Time,
}

/// A time in which the routes of a peer are set aside.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Quarantine {
    /// The peer.
    #[serde(flatten)]
    pub peer: Peer,
    /// Last dump before in which it was sound, by its last record; `None`: there is none.
    pub after: Option<Time>,
    /// First dump afterwards in which it was sound again; `None`: there is none.
    pub before: Option<Time>,
    /// First dump with too many.
    pub first: Time,
    /// Last such dump that was looked at.
    pub last: Time,
    /// The look with the most links that it alone showed.
    pub most: Alone,
}

impl Quarantine {
    /// True if it touches a time.
    pub fn touches(&self, from: Time, until: Time) -> bool {
        self.after.is_none_or(|after| after < until) && self.before.is_none_or(|before| from < before)
    }

    /// True if it holds at all of a time.
    pub fn covers(&self, from: Time, until: Time) -> bool {
        self.after.is_none_or(|after| after < from) && self.before.is_none_or(|before| until < before)
    }

    /// Why, in words.
    pub fn why(&self) -> String {
        let Alone { links, median, peers, .. } = self.most;
        let (about, asn, at) = (about(&self.most), self.peer.asn, self.most.at.date());
        format!(
            "{about}{links} links between other networks are shown by {asn} alone ({at}); the median of {peers} peers with a \
             full feed is {median:.0}"
        )
    }
}

/// `about `, if the count is an estimate.
fn about(alone: &Alone) -> &'static str {
    if alone.links == alone.counted { "" } else { "about " }
}

/// Which peers are to be believed when.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Standing {
    looks: BTreeMap<Peer, Looks>,
    /// Days and families that could not be judged, as too few peers had a full feed: (first, last, days).
    unjudged: BTreeMap<Family, (Time, Time, usize)>,
}

/// What was found of one peer.
#[derive(Clone, PartialEq, Debug, Default)]
struct Looks {
    newest: Option<Alone>,
    /// Last record of the newest dump in which it was sound.
    sound: Option<Time>,
    quarantines: Vec<Quarantine>,
}

/// The dumps to compare on each day, as indexes into the tables: of each collector and family the last whole one.
pub fn days(tables: &[Table]) -> Vec<Vec<usize>> {
    let mut last: BTreeMap<(i64, &str, Family), usize> = BTreeMap::new();
    for (index, table) in tables.iter().enumerate().filter(|(_, table)| table.complete) {
        for family in [Family::V4, Family::V6] {
            if table.vantages.iter().any(|held| count(held, family) > 0) {
                last.insert((table.at.0.div_euclid(DAY_MICROS), &table.collector, family), index);
            }
        }
    }
    let mut days: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
    for ((day, ..), index) in last {
        days.entry(day).or_default().insert(index);
    }
    days.into_values().map(|dumps| dumps.into_iter().collect()).collect()
}

fn count(held: &(usize, u64, u64), family: Family) -> u64 {
    match family {
        Family::V4 => held.1,
        Family::V6 => held.2,
    }
}

impl Standing {
    /// Takes the samples of one of the [`days`]. Days come in order of time.
    pub fn look(&mut self, history: &RouteHistory, day: &[usize], samples: &[EdgeSample], rules: &Rules) {
        for family in [Family::V4, Family::V6] {
            // Of a collector with several dumps that day, the last that holds the family.
            let mut dumps: BTreeMap<&str, (&Table, &EdgeSample)> = BTreeMap::new();
            for table in day.iter().filter_map(|index| history.tables.get(*index)) {
                let sample = samples.iter().find(|s| s.source == table.source && s.family == family);
                if let Some(sample) = sample {
                    dumps.insert(&table.collector, (table, sample));
                }
            }
            self.compare(family, &dumps.into_values().collect::<Vec<_>>(), &history.vantages, rules);
        }
    }

    fn compare(&mut self, family: Family, dumps: &[(&Table, &EdgeSample)], vantages: &[Vantage], rules: &Rules) {
        let Some(below) = dumps.iter().map(|(_, sample)| sample.below).min() else { return };
        let full = full_feeds(family, dumps, vantages, rules);
        let asns: BTreeSet<Asn> = full.iter().map(|(_, asn)| *asn).collect();
        if asns.len() < rules.quarantine_peers {
            let at = dumps.iter().map(|(table, _)| table.at).min().unwrap_or(Time(0));
            let (_, last, days) = self.unjudged.entry(family).or_insert((at, at, 0));
            (*last, *days) = (at.max(*last), *days + 1);
            return;
        }
        let (alone, links) = alone(dumps, below);
        let least = (rules.quarantine_share * links as f64).max(rules.quarantine_links as f64);
        let mut usual: Vec<u64> = full.iter().map(|peer| alone.get(peer).copied().unwrap_or(0)).collect();
        usual.sort_unstable();
        let scale = MARKS / below as f64;
        let median = median(&usual) * scale;
        for (at, (table, sample)) in dumps.iter().enumerate() {
            for asn in &sample.peers {
                let counted = alone.get(&(at, *asn)).copied().unwrap_or(0);
                let estimate = counted as f64 * scale;
                let look = Alone {
                    at: table.at,
                    links: estimate.round() as u64,
                    counted,
                    median,
                    peers: full.len(),
                    collectors: dumps.len(),
                    excess: counted as f64 >= least && estimate > rules.quarantine_ratio * median,
                    source: table.source,
                    until: table.until.max(table.at),
                };
                let peer = Peer { collector: table.collector.clone(), asn: *asn, family };
                self.looks.entry(peer.clone()).or_default().take(peer, look);
            }
        }
    }

    /// The quarantine of a vantage that touches a time.
    pub fn quarantined(&self, vantage: &Vantage, family: Family, from: Time, until: Time) -> Option<&Quarantine> {
        let looks = self.looks.get(&peer(vantage, family))?;
        looks.quarantines.iter().find(|q| q.touches(from, until))
    }

    /// Every quarantine, by peer and time.
    pub fn quarantines(&self) -> impl Iterator<Item = &Quarantine> {
        self.looks.values().flat_map(|looks| &looks.quarantines)
    }

    /// The newest look at a vantage.
    pub fn newest(&self, vantage: &Vantage, family: Family) -> Option<&Alone> {
        self.looks.get(&peer(vantage, family))?.newest.as_ref()
    }

    /// Days of a family that could not be judged: the first, the last, how many.
    pub fn unjudged(&self, family: Family) -> Option<(Time, Time, usize)> {
        self.unjudged.get(&family).copied()
    }
}

fn peer(vantage: &Vantage, family: Family) -> Peer {
    Peer { collector: vantage.collector.clone(), asn: vantage.asn, family }
}

impl Looks {
    fn take(&mut self, peer: Peer, look: Alone) {
        let open = self.quarantines.last_mut().filter(|q| q.before.is_none());
        match (open, look.excess) {
            (Some(open), true) => {
                open.last = look.at;
                if look.links > open.most.links {
                    open.most = look.clone();
                }
            }
            (Some(open), false) => open.before = Some(look.at),
            (None, true) => self.quarantines.push(Quarantine {
                peer,
                after: self.sound,
                before: None,
                first: look.at,
                last: look.at,
                most: look.clone(),
            }),
            (None, false) => {}
        }
        if !look.excess {
            self.sound = Some(look.until);
        }
        self.newest = Some(look);
    }
}

/// Peers with a full feed: the number of the dump and the ASN.
fn full_feeds(
    family: Family,
    dumps: &[(&Table, &EdgeSample)],
    vantages: &[Vantage],
    rules: &Rules,
) -> BTreeSet<(usize, Asn)> {
    let held = |(at, (table, _)): (usize, &(&Table, &EdgeSample))| -> Vec<(usize, Asn, u64)> {
        let each = |held: &(usize, u64, u64)| Some((at, vantages.get(held.0)?.asn, count(held, family)));
        table.vantages.iter().filter_map(each).collect()
    };
    let all: Vec<(usize, Asn, u64)> = dumps.iter().enumerate().flat_map(held).collect();
    let largest = all.iter().map(|(.., count)| *count).max().unwrap_or(0);
    let full = |count: u64| count > 0 && count as f64 >= rules.full_feed_ratio * largest as f64;
    all.into_iter().filter(|(.., count)| full(*count)).map(|(at, asn, _)| (at, asn)).collect()
}

/// Links of a sample below a mark, with who shows them.
fn shown(sample: &EdgeSample, below: u64) -> impl Iterator<Item = (u32, Option<Asn>)> {
    let end = sample.edges.partition_point(|(mark, _)| u64::from(*mark) < below);
    let owner = |peer: u32| sample.peers.get(peer as usize).copied();
    sample.edges[..end].iter().map(move |(mark, peer)| (*mark, peer.and_then(owner)))
}

/// Links below a mark that one peer alone shows, by number of the dump and ASN of the peer. A peer of several collectors is
/// one peer, and what it alone shows counts for each collector that has it. And how many links there are in all.
fn alone(dumps: &[(&Table, &EdgeSample)], below: u64) -> (BTreeMap<(usize, Asn), u64>, usize) {
    let mut owners: HashMap<u32, Option<Asn>> = HashMap::new();
    for (mark, peer) in dumps.iter().flat_map(|(_, sample)| shown(sample, below)) {
        let owner = owners.entry(mark).or_insert(peer);
        if *owner != peer {
            *owner = None;
        }
    }
    let mut alone: BTreeMap<(usize, Asn), u64> = BTreeMap::new();
    for (at, (_, sample)) in dumps.iter().enumerate() {
        for (mark, peer) in shown(sample, below) {
            if let Some(asn) = peer.filter(|asn| owners.get(&mark) == Some(&Some(*asn))) {
                *alone.entry((at, asn)).or_default() += 1;
            }
        }
    }
    (alone, owners.len())
}

/// The median of sorted values; 0 of none.
fn median(sorted: &[u64]) -> f64 {
    let at = |index: usize| sorted.get(index).copied().unwrap_or(0) as f64;
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => at(len / 2),
        len => (at(len / 2 - 1) + at(len / 2)) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!((median(&[]), median(&[3]), median(&[1, 4]), median(&[1, 2, 9])), (0.0, 3.0, 2.5, 2.0));
    }
}
