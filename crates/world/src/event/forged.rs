//! Announcements that say what is not so, and those that only look it.

use std::net::IpAddr;

use headwater_route::{Asn, Family, Prefix, Time};
use serde::Deserialize;

use super::{Event, prefixes_or_all, told};
use crate::announce::{Announcement, Export, Seed, traits};
use crate::error::WorldError;
use crate::plan::Plan;
use crate::register::Term;
use crate::scenario::Span;
use crate::timeline::What;
use crate::topology::AsIndex;
use crate::truth::EventTruth;

fn two_hours() -> Span {
    Span::hours(2)
}

/// Prefixes are announced otherwise for a while, each as `change` makes of it; then as before. Gives the end.
fn for_a_while(
    plan: &mut Plan,
    at: Time,
    lasts: Span,
    prefixes: &[Prefix],
    change: impl Fn(&Plan, &Prefix, Announcement) -> Announcement,
) -> Option<Time> {
    let until = plan.end(at, lasts);
    for prefix in prefixes {
        let was = plan.announcement(prefix, at);
        let announcement = change(plan, prefix, was.clone());
        plan.change(at, What::Announce { prefixes: vec![*prefix], announcement });
        if let Some(until) = until {
            plan.change(until, What::Announce { prefixes: vec![*prefix], announcement: was });
        }
    }
    until
}

/// Whoever announced a prefix, or the shortest that covers it, at a moment.
fn victims(plan: &Plan, prefixes: &[Prefix], at: Time) -> Vec<AsIndex> {
    let mut victims: Vec<AsIndex> = Vec::new();
    for prefix in prefixes {
        let covering = plan.announced.iter().flat_map(|(of, _)| of).filter(|of| of.covers(prefix));
        let seeds = covering.flat_map(|of| plan.announcement(of, at).seeds).map(|seed| seed.at);
        victims.extend(seeds);
    }
    victims.sort();
    victims.dedup();
    victims
}

/// A network announces prefixes of another as its own: the same, so that there are two origins, or more specific ones.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Who announces.
    pub by: String,
    /// What.
    pub prefixes: Vec<Prefix>,
    /// How long (default `2h`).
    #[serde(default = "two_hours")]
    pub lasts: Span,
}

impl Origin {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let by = plan.network(&self.by)?;
        let asn = plan.asn(by);
        let victims: Vec<AsIndex> =
            victims(plan, &self.prefixes, event.at).into_iter().filter(|victim| *victim != by).collect();
        if victims.is_empty() {
            return Err(WorldError::scenario("nobody else announces the prefixes, or what covers them"));
        }
        let exact = self.prefixes.iter().any(|prefix| !plan.announcement(prefix, event.at).seeds.is_empty());
        let until = for_a_while(plan, event.at, self.lasts, &self.prefixes, |plan, prefix, was| {
            // A rightful route beside it must not be refused with it.
            let alone = was.seeds.is_empty();
            let invalid = alone && plan.register.is_invalid(prefix, asn, event.at);
            Announcement { traits: if invalid { traits::INVALID } else { 0 }, ..was.and(Seed::plain(by)) }
        });
        let mut parties = vec![("by", by)];
        parties.extend(victims.into_iter().map(|victim| ("victim", victim)));
        let told = told(plan, id, event, &parties);
        let variant = if exact { "same_prefix" } else { "more_specific" }.to_owned();
        plan.events.push(EventTruth { variant, until, prefixes: self.prefixes.clone(), ..told });
        Ok(())
    }
}

/// A network announces prefixes beside their holder and with its leave: it has ROAs for them. The twin of a forged origin.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondOrigin {
    /// Who announces too.
    pub by: String,
    /// What.
    pub prefixes: Vec<Prefix>,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

impl SecondOrigin {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let by = plan.network(&self.by)?;
        let victims = victims(plan, &self.prefixes, event.at);
        let from = event.at.plus_days(-7).max(plan.from);
        for prefix in &self.prefixes {
            plan.register.authorise(plan.asn(by), *prefix, prefix.len(), Term::since(from));
        }
        let lasts = self.lasts.unwrap_or(Span::days(100 * 365));
        let until = for_a_while(plan, event.at, lasts, &self.prefixes, |_, _, was| was.and(Seed::plain(by)));
        let mut parties = vec![("by", by)];
        parties.extend(victims.into_iter().filter(|holder| *holder != by).map(|holder| ("holder", holder)));
        let told = told(plan, id, event, &parties);
        plan.events.push(EventTruth { until, prefixes: self.prefixes.clone(), ..told });
        Ok(())
    }
}

/// A network announces a path that does not exist, with the true origin at its end. Its twin is
/// [`super::carrier::Related`]: a link that is new and real.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// Who announces.
    pub by: String,
    /// What.
    pub prefixes: Vec<Prefix>,
    /// What stands behind its number; the last is the origin it names.
    pub path: Vec<Asn>,
    /// How long (default `2h`).
    #[serde(default = "two_hours")]
    pub lasts: Span,
}

impl Path {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let by = plan.network(&self.by)?;
        if self.path.is_empty() {
            return Err(WorldError::scenario("a path of nobody is an origin: origin_forged says so"));
        }
        let seed = Seed { tail: self.path.clone(), ..Seed::plain(by) };
        let until = for_a_while(plan, event.at, self.lasts, &self.prefixes, |_, _, was| was.and(seed.clone()));
        let mut parties = vec![("by", by)];
        parties.extend(self.path.iter().filter_map(|asn| plan.topology.find(*asn)).map(|named| ("named", named)));
        let told = told(plan, id, event, &parties);
        plan.events.push(EventTruth { until, prefixes: self.prefixes.clone(), ..told });
        Ok(())
    }
}

/// A network puts others into its paths, its own number on either side, so that they do not take them.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poisoned {
    /// The network.
    pub network: String,
    /// Who must not take its routes.
    pub against: Vec<Asn>,
    /// Which prefixes (default: all).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// How long (default `2h`).
    #[serde(default = "two_hours")]
    pub lasts: Span,
}

impl Poisoned {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let network = plan.network(&self.network)?;
        let prefixes = prefixes_or_all(plan, &self.prefixes, network, event.at)?;
        let mut tail = self.against.clone();
        tail.push(plan.asn(network));
        let seed = Seed { tail, ..Seed::plain(network) };
        let until = for_a_while(plan, event.at, self.lasts, &prefixes, |_, _, was| was.and(seed.clone()));
        let mut parties = vec![("network", network)];
        parties.extend(self.against.iter().filter_map(|asn| plan.topology.find(*asn)).map(|named| ("against", named)));
        let told = told(plan, id, event, &parties);
        plan.events.push(EventTruth { until, prefixes, ..told });
        Ok(())
    }
}

/// A network repeats its number, to everyone or to one neighbour. The twin of a poisoned path.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepended {
    /// The network.
    pub network: String,
    /// How many times more.
    pub times: u8,
    /// To whom (default: everyone).
    #[serde(default)]
    pub to: Option<String>,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

impl Prepended {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let network = plan.network(&self.network)?;
        let prefixes = prefixes_or_all(plan, &[], network, event.at)?;
        let more = Export::Prepended(self.times);
        let to = self.to.as_deref().map(|name| plan.network(name)).transpose()?;
        let seed = match to {
            Some(to) => Seed::plain(network).with(to, more),
            None => Seed { others: more, ..Seed::plain(network) },
        };
        let lasts = self.lasts.unwrap_or(Span::days(100 * 365));
        let until = for_a_while(plan, event.at, lasts, &prefixes, |_, _, was| was.and(seed.clone()));
        let mut parties = vec![("network", network)];
        parties.extend(to.map(|to| ("to", to)));
        let told = told(plan, id, event, &parties);
        plan.events.push(EventTruth { until, prefixes, ..told });
        Ok(())
    }
}

/// A network means to repeat its number twice and puts AS2 into its paths.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typo {
    /// The network.
    pub network: String,
    /// The number it puts there (default 2).
    #[serde(default = "two")]
    pub number: u32,
    /// How long (default `2h`).
    #[serde(default = "two_hours")]
    pub lasts: Span,
}

fn two() -> u32 {
    2
}

impl Typo {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let network = plan.network(&self.network)?;
        let prefixes = prefixes_or_all(plan, &[], network, event.at)?;
        let seed = Seed { tail: vec![Asn(self.number)], ..Seed::plain(network) };
        let until = for_a_while(plan, event.at, self.lasts, &prefixes, |_, _, was| was.and(seed.clone()));
        let told = told(plan, id, event, &[("network", network)]);
        plan.events.push(EventTruth { until, prefixes, ..told });
        Ok(())
    }
}

/// One address of a network is announced to a carrier with the blackhole community, which drops what goes there.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blackholed {
    /// The network.
    pub network: String,
    /// The address.
    pub addr: IpAddr,
    /// The carrier that is told (default: everyone).
    #[serde(default)]
    pub carrier: Option<String>,
    /// How many networks behind the network take it (default 3).
    #[serde(default = "three")]
    pub reach: u8,
    /// How long (default `2h`).
    #[serde(default = "two_hours")]
    pub lasts: Span,
}

fn three() -> u8 {
    3
}

/// RFC 7999.
const BLACKHOLE: (u16, u16) = (65535, 666);

impl Blackholed {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let network = plan.network(&self.network)?;
        let prefix = Prefix::host(self.addr);
        let seed = match self.carrier.as_deref().map(|name| plan.network(name)).transpose()? {
            Some(carrier) => Seed { others: Export::Nothing, ..Seed::plain(network).with(carrier, Export::PLAIN) },
            None => Seed::plain(network),
        };
        let announcement = Announcement {
            traits: traits::TOO_LONG | traits::BLACKHOLE,
            reach: Some(self.reach),
            communities: vec![BLACKHOLE],
            ..Announcement::of([seed])
        };
        let until = for_a_while(plan, event.at, self.lasts, &[prefix], |_, _, _| announcement.clone());
        let told = told(plan, id, event, &[("network", network)]);
        let family: Family = prefix.family();
        plan.events.push(EventTruth { until, prefixes: vec![prefix], families: vec![family], ..told });
        Ok(())
    }
}
