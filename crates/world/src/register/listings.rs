//! Addresses that feeds list: each feed finds some, late, and lets go of them late.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use headwater_route::{Asn, Time};
use serde::{Deserialize, Serialize};

use super::{Register, Term};
use crate::random::mix;

/// A feed of addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Indicators that people submit (the form of ThreatFox's listing history).
    Submitted,
    /// Control servers that a scanner finds (the form of C2-Tracker's listing history).
    Scanned,
    /// Indicators that people post (the form of TweetFeed).
    Posted,
}

impl Feed {
    /// All of them.
    pub const ALL: [Feed; 3] = [Feed::Submitted, Feed::Scanned, Feed::Posted];

    /// In a thousand hosts of a sort: those it finds.
    fn finds_permille(self, sort: Sort) -> u64 {
        match (self, sort) {
            (Feed::Submitted, Sort::Control) => 700,
            (Feed::Submitted, Sort::Loader) => 500,
            (Feed::Submitted, Sort::Spam) => 50,
            (Feed::Scanned, Sort::Control) => 550,
            (Feed::Scanned, _) => 0,
            (Feed::Posted, Sort::Control | Sort::Loader) => 300,
            (Feed::Posted, Sort::Spam) => 400,
        }
    }

    /// Longest time, in seconds, until it lists a host.
    fn lag_secs(self) -> u64 {
        match self {
            Feed::Submitted => 5 * 86_400,
            Feed::Scanned => 2 * 86_400,
            Feed::Posted => 12 * 86_400,
        }
    }
}

/// What a host is listed for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// It controls other machines.
    Control,
    /// It hands out programs.
    Loader,
    /// It sends unwanted mail.
    Spam,
}

/// Why a host is listed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Rightly.
    Abuse,
    /// By mistake.
    Mistake,
    /// Many share the address, and somebody did something.
    SharedFront,
    /// Unused names are parked on it, and some were used.
    Parking,
}

/// An address that feeds may list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Host {
    /// The address.
    pub addr: Ipv4Addr,
    /// What it is listed for.
    pub sort: Sort,
    /// Why.
    pub why: Why,
    /// What the feeds call it.
    pub label: String,
    /// Who runs it, if that is a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Asn>,
    /// Names that point there, for feeds that count names.
    pub names: u32,
    /// When it is there.
    pub term: Term,
}

/// A feed removes much at once, whatever became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bulk {
    /// Which.
    pub feed: Feed,
    /// When.
    pub at: Time,
    /// In a thousand entries.
    pub permille: u16,
}

/// An entry of a feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// The address.
    pub addr: Ipv4Addr,
    /// What it is listed for.
    pub sort: Sort,
    /// What it is called.
    pub label: String,
    /// First listed.
    pub first: Time,
    /// Last listed; absent: still.
    pub last: Option<Time>,
    /// How often it was put on.
    pub times: u32,
    /// Names that point there.
    pub names: u32,
}

impl Register {
    /// What a feed has listed up to a moment, in order of first listing. What is no longer listed has its end.
    pub fn listings(&self, feed: Feed, at: Time) -> Vec<Listing> {
        let key = mix(self.seed, 0x6665_6564 + feed as u64);
        let mut listings: Vec<Listing> = Vec::new();
        for host in &self.hosts {
            let drawn = mix(key, u64::from(host.addr.to_bits()) << 20 ^ host.term.from.secs() as u64);
            if drawn % 1000 >= feed.finds_permille(host.sort) {
                continue;
            }
            let first = Time(host.term.from.0 + (mix(drawn, 1) % feed.lag_secs()) as i64 * 1_000_000);
            // A host that is gone before the feed looks is never found; one that goes stays listed for up to a month.
            if first > at || host.term.until.is_some_and(|until| first >= until) {
                continue;
            }
            let kept = (mix(drawn, 2) % (30 * 86_400)) as i64 * 1_000_000;
            let gone = host.term.until.map(|until| Time(until.0 + kept));
            let removed = self.bulks.iter().filter(|bulk| bulk.feed == feed && bulk.at > first && bulk.at <= at);
            let removed = removed.filter(|bulk| mix(drawn, bulk.at.secs() as u64) % 1000 < u64::from(bulk.permille));
            let last = removed.map(|bulk| bulk.at).chain(gone).min().filter(|last| *last <= at);
            listings.push(Listing {
                addr: host.addr,
                sort: host.sort,
                label: host.label.clone(),
                first,
                last,
                times: 1 + (mix(drawn, 3) % 4) as u32,
                names: host.names,
            });
        }
        listings.sort_by(|a, b| (a.first, a.addr, &a.label).cmp(&(b.first, b.addr, &b.label)));
        listings
    }

    /// How many feeds list each address at a moment, in order of addresses: an aggregate, as IPsum is one.
    pub fn listed_by(&self, at: Time) -> Vec<(Ipv4Addr, usize)> {
        let mut by: std::collections::BTreeMap<Ipv4Addr, BTreeSet<Feed>> = std::collections::BTreeMap::new();
        for feed in Feed::ALL {
            for listing in self.listings(feed, at).into_iter().filter(|listing| listing.last.is_none()) {
                by.entry(listing.addr).or_default().insert(feed);
            }
        }
        by.into_iter().map(|(addr, feeds)| (addr, feeds.len())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i8) -> Time {
        Time::from_date(2024, 3, day).unwrap()
    }

    fn host(last_octet: u8, until: Option<Time>) -> Host {
        Host {
            addr: Ipv4Addr::new(203, 0, 113, last_octet),
            sort: Sort::Control,
            why: Why::Abuse,
            label: "Invented Control".to_owned(),
            operator: None,
            names: 1,
            term: Term { from: day(1), until },
        }
    }

    #[test]
    fn feeds_overlap_lag_and_let_go_late() {
        let mut register = Register { seed: 1, ..Register::default() };
        register.hosts = (0..200).map(|octet| host(octet, Some(day(20)))).collect();
        let april = Time::from_date(2024, 5, 1).unwrap();
        let [submitted, scanned, posted] = Feed::ALL.map(|feed| register.listings(feed, april));
        assert!(submitted.len() > scanned.len() && scanned.len() > posted.len() && posted.len() > 30);
        assert!(submitted.iter().all(|listing| listing.first >= day(1) && listing.last.unwrap() >= day(20)));
        assert!(submitted.iter().any(|listing| listing.first > day(3)), "none lags");
        let both = submitted.iter().filter(|a| scanned.iter().any(|b| a.addr == b.addr)).count();
        assert!(both > 30 && both < scanned.len(), "{both} of {}", scanned.len());
        assert!(register.listings(Feed::Submitted, day(1)).len() < 60, "found before anyone looked");
    }

    #[test]
    fn a_mass_removal_ends_listings_of_hosts_that_are_still_there() {
        let mut register = Register { seed: 1, ..Register::default() };
        register.hosts = (0..200).map(|octet| host(octet, None)).collect();
        register.bulks.push(Bulk { feed: Feed::Submitted, at: day(15), permille: 550 });
        let ended = |at: Time| {
            let listings = register.listings(Feed::Submitted, at);
            (listings.iter().filter(|listing| listing.last == Some(day(15))).count(), listings.len())
        };
        assert_eq!(ended(day(14)).0, 0);
        let (gone, all) = ended(day(16));
        assert!(gone * 3 > all && gone < all, "{gone} of {all}");
        let present = register.listed_by(day(16));
        assert!(present.iter().any(|(_, feeds)| *feeds == 3) && present.iter().any(|(_, feeds)| *feeds == 1));
    }
}
