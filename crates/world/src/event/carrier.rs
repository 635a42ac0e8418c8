//! Carriers come and go.

use headwater_route::{Family, Prefix};
use serde::Deserialize;

use super::{Event, prefixes_or_all, told};
use crate::announce::{Announcement, Export, Seed};
use crate::error::WorldError;
use crate::plan::Plan;
use crate::timeline::What;
use crate::topology::Relation;
use crate::truth::EventTruth;

/// A network buys from one more carrier.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// The network.
    pub network: String,
    /// The carrier.
    pub carrier: String,
    /// In this family only (default: both).
    #[serde(default)]
    pub family: Option<Family>,
}

impl Added {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, carrier) = (plan.network(&self.network)?, plan.network(&self.carrier)?);
        match self.family {
            None => plan.relate(event.at, carrier, network, Some(Relation::Provider)),
            Some(family) => {
                let relation = Some(Relation::Provider);
                plan.change(event.at, What::Relate { a: carrier, b: network, family, relation });
            }
        }
        let families = self.family.into_iter().collect();
        let told = told(plan, id, event, &[("network", network), ("carrier", carrier)]);
        plan.events.push(EventTruth { families, ..told });
        Ok(())
    }
}

/// A network no longer buys from a carrier.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// The network.
    pub network: String,
    /// The carrier.
    pub carrier: String,
    /// In this family only (default: both).
    #[serde(default)]
    pub family: Option<Family>,
}

impl Lost {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, carrier) = (plan.network(&self.network)?, plan.network(&self.carrier)?);
        match self.family {
            None => plan.relate(event.at, carrier, network, None),
            Some(family) => plan.change(event.at, What::Relate { a: carrier, b: network, family, relation: None }),
        }
        let families = self.family.into_iter().collect();
        let told = told(plan, id, event, &[("network", network), ("carrier", carrier)]);
        plan.events.push(EventTruth { families, ..told });
        Ok(())
    }
}

/// One carrier takes the place of another at one moment.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// The network.
    pub network: String,
    /// The carrier until then.
    pub old: String,
    /// The carrier from then on.
    pub new: String,
}

impl Replaced {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, old, new) = (plan.network(&self.network)?, plan.network(&self.old)?, plan.network(&self.new)?);
        plan.relate(event.at, old, network, None);
        plan.relate(event.at, new, network, Some(Relation::Provider));
        plan.events.push(told(plan, id, event, &[("network", network), ("old", old), ("new", new)]));
        Ok(())
    }
}

/// A carrier, new or not, gets a part of what a network announces. Its twin is the same between carriers that the network had
/// before: traffic engineering.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shifted {
    /// The network.
    pub network: String,
    /// The carrier that gains.
    pub carrier: String,
    /// These prefixes are announced to it alone (default: all prefixes are announced to everyone, but longer to others, so that
    /// some vantages go over).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// How many times more the number stands in what the others get (default 2).
    #[serde(default = "two")]
    pub prepend: u8,
}

fn two() -> u8 {
    2
}

impl Shifted {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, carrier) = (plan.network(&self.network)?, plan.network(&self.carrier)?);
        let prefixes = prefixes_or_all(plan, &self.prefixes, network, event.at)?;
        plan.relate(event.at, carrier, network, Some(Relation::Provider));
        let others = if self.prefixes.is_empty() { Export::Prepended(self.prepend) } else { Export::Nothing };
        let seed = Seed { others, ..Seed::plain(network).with(carrier, Export::PLAIN) };
        plan.announce(event.at, &prefixes, |announced: Announcement| announced.and(seed.clone()));
        let variant = if self.prefixes.is_empty() { "vantages" } else { "prefixes" }.to_owned();
        let told = told(plan, id, event, &[("network", network), ("carrier", carrier)]);
        plan.events.push(EventTruth { variant, prefixes, ..told });
        Ok(())
    }
}

/// Two networks become something else to each other: a peer becomes a customer, strangers peer. It is the twin of leaks and of
/// forged paths, whose links are new as well.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// One network.
    pub a: String,
    /// The other.
    pub b: String,
    /// What `a` is to `b` from now on: `provider`, `peer`, `customer`, `sibling`.
    pub a_is: Relation,
}

impl Related {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (a, b) = (plan.network(&self.a)?, plan.network(&self.b)?);
        plan.relate(event.at, a, b, Some(self.a_is));
        plan.events.push(told(plan, id, event, &[("a", a), ("b", b)]));
        Ok(())
    }
}
