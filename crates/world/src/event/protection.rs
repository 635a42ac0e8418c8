//! A network comes behind another that protects it from floods (methods §8). Routing shows who carries whom and not why, so
//! each has its twin in the same with an ordinary carrier, marked `innocent`.

use headwater_route::{Prefix, Time};
use serde::Deserialize;

use super::{Event, prefixes_or_all, told};
use crate::announce::{Announcement, Export, Seed};
use crate::error::WorldError;
use crate::plan::Plan;
use crate::register::{RouteObject, Term};
use crate::scenario::Span;
use crate::timeline::What;
use crate::topology::{AsIndex, Conduct, Relation};
use crate::truth::EventTruth;

/// The other carriers of a network go, but for those kept.
fn drop_others(plan: &mut Plan, at: Time, network: AsIndex, kept: &[AsIndex]) -> Vec<AsIndex> {
    let mut others = plan.neighbours_as(network, Relation::Provider, at);
    others.retain(|other| !kept.contains(other));
    for other in &others {
        plan.relate(at, *other, network, None);
    }
    others
}

fn networks(plan: &Plan, names: &[String]) -> Result<Vec<AsIndex>, WorldError> {
    names.iter().map(|name| plan.network(name)).collect()
}

/// A protector carries a network from now on, and the other carriers go.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlwaysOn {
    /// The network.
    pub network: String,
    /// The protector.
    pub protector: String,
    /// Carriers that stay.
    #[serde(default)]
    pub keeps: Vec<String>,
    /// The protector announces the prefixes as its own; else the network stays their origin.
    #[serde(default)]
    pub origin: bool,
}

impl AlwaysOn {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, protector) = (plan.network(&self.network)?, plan.network(&self.protector)?);
        let mut kept = networks(plan, &self.keeps)?;
        kept.push(protector);
        let prefixes = prefixes_or_all(plan, &[], network, event.at)?;
        plan.relate(event.at, protector, network, Some(Relation::Provider));
        drop_others(plan, event.at, network, &kept);
        if self.origin {
            authorise(plan, protector, &prefixes, None, before(plan, event.at, 2), None);
            plan.announce(event.at, &prefixes, |_| Announcement::plain(protector));
        }
        let variant = if self.origin { "origin" } else { "upstream" }.to_owned();
        let told = told(plan, id, event, &[("network", network), ("protector", protector)]);
        plan.events.push(EventTruth { variant, prefixes, ..told });
        Ok(())
    }
}

/// So many days before, or the start of the world.
fn before(plan: &Plan, at: Time, days: i64) -> Time {
    at.plus_days(-days).max(plan.from)
}

/// ROA payloads and route objects for another than the network.
fn authorise(plan: &mut Plan, who: AsIndex, prefixes: &[Prefix], max_len: Option<u8>, from: Time, until: Option<Time>) {
    let origin = plan.asn(who);
    let maintainer = plan.register.holder(origin, from).map_or_else(String::new, |holder| holder.maintainer.clone());
    for prefix in prefixes {
        let term = Term { from, until };
        plan.register.authorise(origin, *prefix, max_len.unwrap_or(prefix.len()), term);
        plan.register.route_objects.push(RouteObject { prefix: *prefix, origin, maintainer: maintainer.clone(), term });
    }
}

/// A protector carries a network for a while, then the earlier routes return.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDemand {
    /// The network.
    pub network: String,
    /// The protector.
    pub protector: String,
    /// How long.
    pub lasts: Span,
    /// More specific prefixes that only the protector gets (default: it gets what the network announces, and the others do
    /// not).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// The protector announces them as its own.
    #[serde(default)]
    pub origin: bool,
    /// It has ROAs for that (default true).
    #[serde(default = "yes")]
    pub roas: bool,
}

fn yes() -> bool {
    true
}

impl OnDemand {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, protector) = (plan.network(&self.network)?, plan.network(&self.protector)?);
        let prefixes = prefixes_or_all(plan, &self.prefixes, network, event.at)?;
        let until = plan.end(event.at, self.lasts);
        let was: Vec<Announcement> = prefixes.iter().map(|prefix| plan.announcement(prefix, event.at)).collect();
        let related = plan.neighbours_as(network, Relation::Provider, event.at).contains(&protector);
        plan.relate(event.at, protector, network, Some(Relation::Provider));
        let asn = plan.asn(if self.origin { protector } else { network });
        if self.roas {
            let from = before(plan, event.at, 30);
            if self.origin {
                authorise(plan, protector, &prefixes, None, from, None);
            } else {
                for prefix in &prefixes {
                    plan.register.authorise(asn, *prefix, prefix.len(), Term::since(from));
                }
            }
        }
        let seed = match self.origin {
            true => Seed::plain(protector),
            false => Seed { others: Export::Nothing, ..Seed::plain(network).with(protector, Export::PLAIN) },
        };
        for prefix in &prefixes {
            let invalid = plan.register.is_invalid(prefix, asn, event.at);
            let traits = if invalid { crate::announce::traits::INVALID } else { 0 };
            let announcement = Announcement { traits, ..Announcement::of([seed.clone()]) };
            plan.change(event.at, What::Announce { prefixes: vec![*prefix], announcement });
        }
        if let Some(until) = until {
            for (prefix, announcement) in prefixes.iter().zip(was) {
                plan.change(until, What::Announce { prefixes: vec![*prefix], announcement });
            }
            if !related {
                plan.relate(until, protector, network, None);
            }
        }
        let variant = match (self.origin, self.prefixes.is_empty()) {
            (false, true) => "upstream",
            (false, false) => "upstream_more_specific",
            (true, true) => "origin",
            (true, false) => "origin_more_specific",
        };
        let told = told(plan, id, event, &[("network", network), ("protector", protector)]);
        plan.events.push(EventTruth { variant: variant.to_owned(), until, prefixes, ..told });
        Ok(())
    }
}

/// ROAs and route objects name a protector, which announces nothing. Marked `innocent` it is a leftover of something that ended.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standby {
    /// The network.
    pub network: String,
    /// The protector.
    pub protector: String,
    /// Longest prefix that it may announce (default: what the network announces).
    #[serde(default)]
    pub max_len: Option<u8>,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

impl Standby {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, protector) = (plan.network(&self.network)?, plan.network(&self.protector)?);
        let prefixes = prefixes_or_all(plan, &[], network, event.at)?;
        let until = self.lasts.and_then(|lasts| plan.end(event.at, lasts));
        for prefix in &prefixes {
            let max_len = self.max_len.filter(|max| *max <= prefix.family().max_len());
            authorise(plan, protector, &[*prefix], max_len, event.at, until);
        }
        let told = told(plan, id, event, &[("network", network), ("protector", protector)]);
        plan.events.push(EventTruth { until, prefixes, ..told });
        Ok(())
    }
}

/// A telecom moves behind a protector. Its customers appear behind the protector with it, at the same moment, though none of
/// them deals with the protector.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indirect {
    /// The telecom.
    pub telecom: String,
    /// The protector.
    pub protector: String,
    /// Whether the telecom's number stands in paths (default: it does).
    #[serde(default)]
    pub hides: Hides,
    /// Carriers of the telecom that stay.
    #[serde(default)]
    pub keeps: Vec<String>,
}

/// How a telecom's number comes to be missing from paths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hides {
    /// It is not.
    #[default]
    Nothing,
    /// The telecom leaves it out of what it passes on.
    Itself,
    /// The protector takes it out.
    Stripped,
}

impl Indirect {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (telecom, protector) = (plan.network(&self.telecom)?, plan.network(&self.protector)?);
        let mut kept = networks(plan, &self.keeps)?;
        kept.push(protector);
        plan.relate(event.at, protector, telecom, Some(Relation::Provider));
        drop_others(plan, event.at, telecom, &kept);
        let (variant, treats) = match self.hides {
            Hides::Nothing => ("visible", None),
            Hides::Itself => {
                let was = plan.conduct(telecom, event.at);
                ("hides_itself", Some((telecom, Conduct { hides_itself: true, ..was })))
            }
            Hides::Stripped => {
                let mut conduct = plan.conduct(protector, event.at);
                conduct.strips.push(plan.asn(telecom));
                ("stripped", Some((protector, conduct)))
            }
        };
        if let Some((network, conduct)) = treats {
            plan.change(event.at, What::Conduct { network, conduct });
        }
        let mut parties = vec![("telecom", telecom), ("protector", protector)];
        let customers = plan.neighbours_as(telecom, Relation::Customer, event.at);
        parties.extend(customers.into_iter().map(|customer| ("customer", customer)));
        let told = told(plan, id, event, &parties);
        plan.events.push(EventTruth { variant: variant.to_owned(), ..told });
        Ok(())
    }
}
