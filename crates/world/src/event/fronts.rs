//! Who stands behind several networks.

use serde::Deserialize;

use super::{Event, told};
use crate::error::WorldError;
use crate::plan::Plan;
use crate::register::{Holder, Term};
use crate::topology::AsIndex;
use crate::truth::EventTruth;

/// Several networks under other names are one operator's: they share what few share. From this moment on their blocks, made in
/// one second, have one maintainer and mailboxes of one domain.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOperator {
    /// The networks.
    pub networks: Vec<String>,
    /// The maintainer they share (default: each keeps its own).
    #[serde(default)]
    pub maintainer: Option<String>,
    /// The domain of the mailboxes they share (default: each keeps its own).
    #[serde(default)]
    pub mailbox_domain: Option<String>,
}

impl OneOperator {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let networks = share(plan, event, &self.networks, self.maintainer.as_deref(), self.mailbox_domain.as_deref())?;
        let mut prefixes = Vec::new();
        for network in &networks {
            for prefix in plan.prefixes_of(*network, event.at) {
                plan.register.assign(prefix, plan.asn(*network), event.at);
                prefixes.push(prefix);
            }
        }
        let parties: Vec<(&str, AsIndex)> = networks.into_iter().map(|network| ("front", network)).collect();
        let told = told(plan, id, event, &parties);
        plan.events.push(EventTruth { prefixes, ..told });
        Ok(())
    }
}

/// Several networks keep their objects under the maintainer of one broker, and have nothing else in common.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedBroker {
    /// The networks.
    pub networks: Vec<String>,
    /// The broker's maintainer, which networks of the crowd may have too (default `BROKER0-MNT`).
    #[serde(default = "first_broker")]
    pub maintainer: String,
}

fn first_broker() -> String {
    "BROKER0-MNT".to_owned()
}

impl SharedBroker {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let networks = share(plan, event, &self.networks, Some(&self.maintainer), None)?;
        for network in &networks {
            let asn = plan.asn(*network);
            for prefix in plan.prefixes_of(*network, event.at) {
                let blocks = plan.register.blocks.iter_mut();
                let blocks = blocks.filter(|block| block.prefix == prefix && block.term.holds(event.at));
                blocks.for_each(|block| block.maintainer.clone_from(&self.maintainer));
                let objects = plan.register.route_objects.iter_mut();
                let objects = objects.filter(|object| object.prefix == prefix && object.origin == asn);
                objects.for_each(|object| object.maintainer.clone_from(&self.maintainer));
            }
        }
        let parties: Vec<(&str, AsIndex)> = networks.into_iter().map(|network| ("customer", network)).collect();
        plan.events.push(told(plan, id, event, &parties));
        Ok(())
    }
}

/// Gives the records of networks what they share from a moment on.
fn share(
    plan: &mut Plan,
    event: &Event,
    names: &[String],
    maintainer: Option<&str>,
    mailbox_domain: Option<&str>,
) -> Result<Vec<AsIndex>, WorldError> {
    if names.len() < 2 {
        return Err(WorldError::scenario("fewer than two networks share nothing"));
    }
    let networks: Vec<AsIndex> = names.iter().map(|name| plan.network(name)).collect::<Result<_, _>>()?;
    for network in &networks {
        let Some(holder) = plan.register.holder(plan.asn(*network), event.at).cloned() else { continue };
        let maintainer = maintainer.map_or(holder.maintainer.clone(), str::to_owned);
        let mailbox_domain = mailbox_domain.map_or(holder.mailbox_domain.clone(), str::to_owned);
        plan.register.hand_over(Holder { maintainer, mailbox_domain, term: Term::since(event.at), ..holder });
    }
    Ok(networks)
}
