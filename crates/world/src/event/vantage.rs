//! What happens to vantages and collectors, and to no network: the truth has it among the incidents, not the events.

use headwater_route::{Family, Prefix, Time};
use serde::Deserialize;

use super::Event;
use crate::error::WorldError;
use crate::observe::{Feed, VantageId};
use crate::plan::Plan;
use crate::scenario::Span;
use crate::timeline::{CollectorChange, VantageChange, What};
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
    pub(super) fn plan(&self, plan: &mut Plan, _id: usize, event: &Event) -> Result<(), WorldError> {
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
    /// The network (default: one drawn among its full feeds).
    #[serde(default)]
    pub network: Option<String>,
    /// How long it stays down (default `60s`).
    #[serde(default = "a_minute")]
    pub down: Span,
}

fn a_minute() -> Span {
    Span::secs(60)
}

impl Resets {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let back = Time(event.at.0 + self.down.micros());
        for vantage in vantages(plan, id, &self.collector, self.network.as_deref())? {
            plan.change(event.at, What::Vantage(vantage, VantageChange::Leaves));
            plan.change(back, What::Vantage(vantage, VantageChange::Joins));
            let told = incident(plan, "reset", vantage, event.at, Some(back));
            plan.incidents.push(told);
        }
        Ok(())
    }
}

/// The vantages of a network at a collector; none is a mistake. Without a network, those of one that is drawn among the full
/// feeds there are from the start.
fn vantages(plan: &Plan, id: usize, collector: &str, network: Option<&str>) -> Result<Vec<VantageId>, WorldError> {
    let of = plan.collector(collector)?;
    let network = match network {
        Some(name) => plan.network(name)?,
        None => {
            let vantages = plan.watch.of_collector(of).map(|vantage| &plan.watch.vantages[vantage.0 as usize]);
            let full = vantages.filter(|vantage| vantage.feed == Feed::Full && vantage.from_start);
            let mut networks: Vec<_> = full.map(|vantage| vantage.network).collect();
            networks.dedup();
            let drawn = plan.random("vantage", id).pick(&networks).copied();
            drawn.ok_or_else(|| WorldError::scenario(format!("{collector} has no full feed from the start")))?
        }
    };
    let vantages = plan.vantages(of, network);
    if vantages.is_empty() {
        return Err(WorldError::scenario(format!("{} is no vantage of {collector}", plan.asn(network))));
    }
    Ok(vantages)
}

/// A vantage goes, and does not come back.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaves {
    /// The collector.
    pub collector: String,
    /// The network (default: one drawn among its full feeds).
    #[serde(default)]
    pub network: Option<String>,
}

impl Leaves {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        for vantage in vantages(plan, id, &self.collector, self.network.as_deref())? {
            plan.change(event.at, What::Vantage(vantage, VantageChange::Leaves));
            let told = incident(plan, "leaves", vantage, event.at, None);
            plan.incidents.push(told);
        }
        Ok(())
    }
}

/// A vantage is stuck with its routes to some prefixes: whatever becomes of them, it goes on telling of them as they were.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sticks {
    /// The collector.
    pub collector: String,
    /// The network (default: one drawn among its full feeds).
    #[serde(default)]
    pub network: Option<String>,
    /// The prefixes.
    pub prefixes: Vec<Prefix>,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

impl Sticks {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let until = self.lasts.and_then(|lasts| plan.end(event.at, lasts));
        for vantage in vantages(plan, id, &self.collector, self.network.as_deref())? {
            let prefixes = self.prefixes.clone();
            plan.change(event.at, What::Vantage(vantage, VantageChange::Sticks { prefixes }));
            if let Some(until) = until {
                plan.change(until, What::Vantage(vantage, VantageChange::Unsticks));
            }
            let told = incident(plan, "zombie", vantage, event.at, until);
            plan.incidents.push(told);
        }
        Ok(())
    }
}

/// A vantage puts a network behind itself into some of its paths that is not there.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invents {
    /// The collector.
    pub collector: String,
    /// The network (default: one drawn among its full feeds).
    #[serde(default)]
    pub network: Option<String>,
    /// In a thousand origins: those whose paths it changes (default 200).
    #[serde(default = "a_fifth")]
    pub permille: u16,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

fn a_fifth() -> u16 {
    200
}

impl Invents {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let until = self.lasts.and_then(|lasts| plan.end(event.at, lasts));
        for vantage in vantages(plan, id, &self.collector, self.network.as_deref())? {
            let permille = self.permille.min(1000);
            plan.change(event.at, What::Vantage(vantage, VantageChange::Invents { permille }));
            if let Some(until) = until {
                plan.change(until, What::Vantage(vantage, VantageChange::Honest));
            }
            let told = incident(plan, "invents", vantage, event.at, until);
            plan.incidents.push(told);
        }
        Ok(())
    }
}

/// A collector writes nothing, without a word.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dies {
    /// The collector.
    pub collector: String,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

impl Dies {
    pub(super) fn plan(&self, plan: &mut Plan, _id: usize, event: &Event) -> Result<(), WorldError> {
        let collector = plan.collector(&self.collector)?;
        let until = self.lasts.and_then(|lasts| plan.end(event.at, lasts));
        plan.change(event.at, What::Collector(collector, CollectorChange::Dies));
        if let Some(until) = until {
            plan.change(until, What::Collector(collector, CollectorChange::Revives));
        }
        plan.incidents.push(of_collector("dead", &self.collector, event.at, until));
        Ok(())
    }
}

/// A collector's clock is wrong.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skews {
    /// The collector.
    pub collector: String,
    /// By so many seconds; positive: it is fast.
    pub secs: i64,
    /// How long (default: for good).
    #[serde(default)]
    pub lasts: Option<Span>,
}

impl Skews {
    pub(super) fn plan(&self, plan: &mut Plan, _id: usize, event: &Event) -> Result<(), WorldError> {
        const A_DAY: i64 = 86_400;
        if self.secs.abs() > A_DAY {
            return Err(WorldError::scenario("a clock that is wrong by more than a day"));
        }
        let collector = plan.collector(&self.collector)?;
        let until = self.lasts.and_then(|lasts| plan.end(event.at, lasts));
        plan.change(event.at, What::Collector(collector, CollectorChange::Skew { secs: self.secs }));
        if let Some(until) = until {
            plan.change(until, What::Collector(collector, CollectorChange::Skew { secs: 0 }));
        }
        plan.incidents.push(of_collector("skew", &self.collector, event.at, until));
        Ok(())
    }
}

/// The truth about something that happens to a collector.
fn of_collector(kind: &str, collector: &str, from: Time, until: Option<Time>) -> Incident {
    Incident { kind: kind.to_owned(), collector: collector.to_owned(), asn: None, addr: None, from, until }
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
