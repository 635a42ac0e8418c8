//! What happens to vantages, and to no network.

use headwater_route::{Family, Time};
use serde::Deserialize;

use super::Event;
use crate::error::WorldError;
use crate::observe::{Feed, VantageId};
use crate::plan::Plan;
use crate::scenario::Span;
use crate::timeline::{VantageChange, What};
use crate::truth::Incident;

/// A network becomes a vantage of a collector.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joins {
    /// The collector.
    pub collector: String,
    /// The network.
    pub network: String,
    /// What it sends (default: its whole table).
    #[serde(default = "full")]
    pub feed: Feed,
}

fn full() -> Feed {
    Feed::Full
}

impl Joins {
    pub(super) fn plan(&self, plan: &mut Plan, event: &Event) -> Result<(), WorldError> {
        let (collector, network) = (plan.collector(&self.collector)?, plan.network(&self.network)?);
        let v6 = plan.topology.network(network).v6;
        for family in [Family::V4, Family::V6].into_iter().filter(|family| v6 || *family == Family::V4) {
            let vantage = plan.watch.add_vantage(&plan.topology, collector, network, family, self.feed);
            plan.watch.vantages[vantage.0 as usize].from_start = false;
            plan.change(event.at, What::Vantage(vantage, VantageChange::Joins));
            let told = incident(plan, "joins", vantage, event.at, None);
            plan.incidents.push(told);
        }
        Ok(())
    }
}

/// The session of a vantage is reset.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resets {
    /// The collector.
    pub collector: String,
    /// The network.
    pub network: String,
    /// How long it stays down (default `60s`).
    #[serde(default = "a_minute")]
    pub down: Span,
}

fn a_minute() -> Span {
    Span::secs(60)
}

impl Resets {
    pub(super) fn plan(&self, plan: &mut Plan, event: &Event) -> Result<(), WorldError> {
        let (collector, network) = (plan.collector(&self.collector)?, plan.network(&self.network)?);
        let vantages = plan.vantages(collector, network);
        if vantages.is_empty() {
            return Err(WorldError::scenario(format!("{} is no vantage of {}", self.network, self.collector)));
        }
        let back = Time(event.at.0 + self.down.micros());
        for vantage in vantages {
            plan.change(event.at, What::Vantage(vantage, VantageChange::Leaves));
            plan.change(back, What::Vantage(vantage, VantageChange::Joins));
            let told = incident(plan, "reset", vantage, event.at, Some(back));
            plan.incidents.push(told);
        }
        Ok(())
    }
}

/// The truth about something that happens to a vantage.
pub(crate) fn incident(plan: &Plan, kind: &str, vantage: VantageId, from: Time, until: Option<Time>) -> Incident {
    let vantage = &plan.watch.vantages[vantage.0 as usize];
    Incident {
        kind: kind.to_owned(),
        collector: plan.watch.collectors[vantage.collector.0 as usize].name.clone(),
        asn: Some(vantage.session.asn),
        addr: Some(vantage.session.addr),
        from,
        until,
    }
}
