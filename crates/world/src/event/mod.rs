//! What happens in a scenario: each event says what changes and when, and the truth about it.
//!
//! A variant of [`What`] has a file of its own or stands with its like, and owes: the changes, an [`EventTruth`], and an
//! innocent twin (another variant, or the same with other parameters). Must not know: routes, detectors.

mod carrier;
mod vantage;

pub(crate) use self::vantage::incident;

use headwater_route::Time;
use serde::Deserialize;

use crate::error::WorldError;
use crate::plan::Plan;
use crate::topology::AsIndex;
use crate::truth::{EventTruth, Party};

/// An entry `[[event]]` of a scenario: `at = "…"` and `what.carrier_added = { … }`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When it begins.
    pub at: Time,
    /// It only looks like what a detector is after. For events that are always one or the other, it changes nothing.
    #[serde(default)]
    pub innocent: bool,
    /// What happens.
    pub what: What,
}

/// What happens. Networks are named by number or by the name of their cast.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A network buys from one more carrier.
    CarrierAdded(carrier::Added),
    /// A network no longer buys from a carrier.
    CarrierLost(carrier::Lost),
    /// One carrier takes the place of another.
    CarrierReplaced(carrier::Replaced),
    /// A vantage appears after the collectors have begun (always innocent).
    VantageJoins(vantage::Joins),
    /// A vantage's session is reset, and its table transferred again (always innocent).
    VantageResets(vantage::Resets),
}

impl What {
    /// The name in a scenario.
    pub fn name(&self) -> &'static str {
        match self {
            What::CarrierAdded(_) => "carrier_added",
            What::CarrierLost(_) => "carrier_lost",
            What::CarrierReplaced(_) => "carrier_replaced",
            What::VantageJoins(_) => "vantage_joins",
            What::VantageResets(_) => "vantage_resets",
        }
    }
}

/// Plans one event.
pub(crate) fn plan(plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
    if event.at < plan.from || event.at >= plan.until {
        return Err(WorldError::scenario(format!("{} is outside the calendar", event.at)));
    }
    match &event.what {
        What::CarrierAdded(added) => added.plan(plan, id, event),
        What::CarrierLost(lost) => lost.plan(plan, id, event),
        What::CarrierReplaced(replaced) => replaced.plan(plan, id, event),
        What::VantageJoins(joins) => joins.plan(plan, event),
        What::VantageResets(resets) => resets.plan(plan, event),
    }
}

/// The truth about an event, with its parties as (part, network).
fn told(plan: &Plan, id: usize, event: &Event, parties: &[(&str, AsIndex)]) -> EventTruth {
    let party = |(part, network): &(&str, AsIndex)| Party { part: (*part).to_owned(), asn: plan.asn(*network) };
    EventTruth {
        id,
        kind: event.what.name().to_owned(),
        variant: String::new(),
        innocent: event.innocent,
        from: event.at,
        until: None,
        parties: parties.iter().map(party).collect(),
        prefixes: Vec::new(),
        families: Vec::new(),
    }
}
