//! What feeds list, and what is behind it.

use std::net::Ipv4Addr;

use headwater_route::{Asn, Family, Prefix, Time};
use serde::Deserialize;

use super::{Event, prefixes_or_all, told};
use crate::error::WorldError;
use crate::plan::Plan;
use crate::random::Random;
use crate::register::{Bulk, DropEntry, Feed, Host, Sort, Term, Why};
use crate::scenario::Span;
use crate::topology::AsIndex;
use crate::truth::EventTruth;

/// Most hosts of one event.
const MOST_HOSTS: u32 = 100_000;

/// The IPv4 prefixes among those named, or of a network.
fn v4_prefixes(plan: &Plan, named: &[Prefix], network: AsIndex, at: Time) -> Result<Vec<Prefix>, WorldError> {
    let mut prefixes = prefixes_or_all(plan, named, network, at)?;
    prefixes.retain(|prefix| prefix.family() == Family::V4);
    match prefixes.is_empty() {
        true => Err(WorldError::scenario("feeds hold IPv4 addresses, and there is no IPv4 prefix")),
        false => Ok(prefixes),
    }
}

/// An address of prefixes, neither the first nor the last of its prefix.
fn address(random: &mut Random, prefixes: &[Prefix]) -> Ipv4Addr {
    let Some(prefix) = random.pick(prefixes) else { return Ipv4Addr::UNSPECIFIED };
    let size = prefix.v4_addresses().unwrap_or(1);
    let within = if size > 2 { 1 + random.below(size - 2) } else { random.below(size) };
    Ipv4Addr::from_bits((prefix.first_bits() >> 96) as u32 + within as u32)
}

/// Hosts of a network do what feeds list. They follow their operator to another network, or stay where they are whoever
/// announces the address.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosted {
    /// The network.
    pub network: String,
    /// Where (default: in all its prefixes).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// What they do: `control`, `loader`, `spam`.
    pub sort: Sort,
    /// How many.
    pub hosts: u32,
    /// What feeds call them (default `Invented Family`).
    #[serde(default = "invented_family")]
    pub label: String,
    /// They appear one by one within this (default `30d`).
    #[serde(default = "a_month")]
    pub over: Span,
    /// How long each is there (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
    /// Where they go to.
    #[serde(default)]
    pub follow_to: Option<String>,
    /// To which prefixes there (default: those it announces then).
    #[serde(default)]
    pub follow_prefixes: Vec<Prefix>,
    /// After how long (default `60d`).
    #[serde(default = "two_months")]
    pub follow_after: Span,
}

fn invented_family() -> String {
    "Invented Family".to_owned()
}

fn a_month() -> Span {
    Span::days(30)
}

fn two_months() -> Span {
    Span::days(60)
}

impl Hosted {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        if self.hosts > MOST_HOSTS {
            return Err(WorldError::scenario(format!("more than {MOST_HOSTS} hosts")));
        }
        let network = plan.network(&self.network)?;
        let prefixes = v4_prefixes(plan, &self.prefixes, network, event.at)?;
        let moves = Time(event.at.0 + self.follow_after.micros());
        let there = match &self.follow_to {
            Some(name) => {
                let there = plan.network(name)?;
                Some((there, v4_prefixes(plan, &self.follow_prefixes, there, moves)?))
            }
            None => None,
        };
        let mut random = plan.random("hosts", id);
        for _ in 0..self.hosts {
            let from = Time(event.at.0 + random.between(0, self.over.micros().max(1)));
            let gone = self.lasts.map(|lasts| Time(from.0 + lasts.micros()));
            let host = Host {
                addr: address(&mut random, &prefixes),
                sort: self.sort,
                why: Why::Abuse,
                label: self.label.clone(),
                operator: Some(plan.asn(network)),
                names: 1,
                term: Term { from, until: gone },
            };
            let Some((_, to)) = &there else {
                plan.register.hosts.push(host);
                continue;
            };
            // Within two days of the move it is at its new address.
            let again = Time(moves.0.max(from.0) + random.between(0, 2 * 86_400_000_000));
            let after =
                Host { addr: address(&mut random, to), term: Term { from: again, until: gone }, ..host.clone() };
            let stays_until = gone.map_or(again, |gone| gone.min(again));
            plan.register.hosts.push(Host { term: Term { from, until: Some(stays_until) }, ..host });
            if gone.is_none_or(|gone| gone > again) {
                plan.register.hosts.push(after);
            }
        }
        let mut parties = vec![("network", network)];
        parties.extend(there.as_ref().map(|(there, _)| ("follow_to", *there)));
        let variant = if there.is_some() { "follows" } else { "stays" }.to_owned();
        let until = there.as_ref().map(|_| moves);
        let told = told(plan, id, event, &parties);
        plan.events.push(EventTruth { variant, until, prefixes, ..told });
        Ok(())
    }
}

/// Feeds list hosts of a network that did nothing: by mistake, or because many share an address.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misreported {
    /// The network.
    pub network: String,
    /// Why: `mistake`, `shared_front` (a CDN), `parking`.
    pub why: Why,
    /// How many hosts (default 20; parking has many names on few).
    #[serde(default = "twenty")]
    pub hosts: u32,
    /// Names that point to each (default: 1 by mistake, 40 of a shared front, 150 of parking).
    #[serde(default)]
    pub names: Option<u32>,
    /// How long each is listed (default `30d`).
    #[serde(default = "a_month")]
    pub lasts: Span,
}

fn twenty() -> u32 {
    20
}

impl Misreported {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (names, variant) = match self.why {
            Why::Abuse => return Err(WorldError::scenario("what is listed rightly is abuse_hosted")),
            Why::Mistake => (1, "mistake"),
            Why::SharedFront => (40, "shared_front"),
            Why::Parking => (150, "parking"),
        };
        if self.hosts > MOST_HOSTS {
            return Err(WorldError::scenario(format!("more than {MOST_HOSTS} hosts")));
        }
        let network = plan.network(&self.network)?;
        let prefixes = v4_prefixes(plan, &[], network, event.at)?;
        let mut random = plan.random("mistakes", id);
        for _ in 0..self.hosts {
            let from = Time(event.at.0 + random.between(0, self.lasts.micros().max(1)));
            plan.register.hosts.push(Host {
                addr: address(&mut random, &prefixes),
                sort: if self.why == Why::Mistake { Sort::Control } else { Sort::Loader },
                why: self.why,
                label: "Invented Family".to_owned(),
                operator: None,
                names: self.names.unwrap_or(names),
                term: Term { from, until: Some(Time(from.0 + self.lasts.micros())) },
            });
        }
        let told = told(plan, id, event, &[("network", network)]);
        plan.events.push(EventTruth { variant: variant.to_owned(), prefixes, ..told });
        Ok(())
    }
}

/// A network, its blocks or both are put on a list of bad ones. Marked `innocent` it did nothing: a carrier or cloud that somebody
/// has an opinion of.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The network.
    pub network: String,
    /// Which of it (default both).
    #[serde(default)]
    pub lists: Lists,
    /// Which blocks (default: all it announces).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

/// What is listed of a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lists {
    /// Its number and its blocks.
    #[default]
    Both,
    /// Its number.
    Number,
    /// Its blocks.
    Blocks,
}

impl Listed {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let network = plan.network(&self.network)?;
        let asn: Asn = plan.asn(network);
        let until = self.lasts.and_then(|lasts| plan.end(event.at, lasts));
        let term = Term { from: event.at, until };
        let mut prefixes = Vec::new();
        if self.lists != Lists::Number {
            prefixes = prefixes_or_all(plan, &self.prefixes, network, event.at)?;
        }
        let number = |plan: &Plan| 900_000 + plan.register.drops.len() as u32;
        if self.lists != Lists::Blocks {
            let number = number(plan);
            plan.register.drops.push(DropEntry { prefix: None, asn, number, term });
        }
        for prefix in &prefixes {
            let number = number(plan);
            plan.register.drops.push(DropEntry { prefix: Some(*prefix), asn, number, term });
        }
        let variant = match self.lists {
            Lists::Both => "both",
            Lists::Number => "number",
            Lists::Blocks => "blocks",
        };
        let told = told(plan, id, event, &[("network", network)]);
        plan.events.push(EventTruth { variant: variant.to_owned(), until, prefixes, ..told });
        Ok(())
    }
}

/// A feed removes much at once, which is no clean-up.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purged {
    /// Which: `submitted`, `scanned`, `posted`.
    pub feed: Feed,
    /// In a thousand entries (default 550).
    #[serde(default = "more_than_half")]
    pub permille: u16,
}

fn more_than_half() -> u16 {
    550
}

impl Purged {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        plan.register.bulks.push(Bulk { feed: self.feed, at: event.at, permille: self.permille.min(1000) });
        let told = told(plan, id, event, &[]);
        plan.events.push(told);
        Ok(())
    }
}
