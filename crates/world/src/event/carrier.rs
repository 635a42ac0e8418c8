//! Carriers come and go.

use serde::Deserialize;

use super::{Event, told};
use crate::error::WorldError;
use crate::plan::Plan;
use crate::topology::Relation;

/// A network buys from one more carrier.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// The network.
    pub network: String,
    /// The carrier.
    pub carrier: String,
}

impl Added {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, carrier) = (plan.network(&self.network)?, plan.network(&self.carrier)?);
        plan.relate(event.at, carrier, network, Some(Relation::Provider));
        plan.events.push(told(plan, id, event, &[("network", network), ("carrier", carrier)]));
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
}

impl Lost {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (network, carrier) = (plan.network(&self.network)?, plan.network(&self.carrier)?);
        plan.relate(event.at, carrier, network, None);
        plan.events.push(told(plan, id, event, &[("network", network), ("carrier", carrier)]));
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
