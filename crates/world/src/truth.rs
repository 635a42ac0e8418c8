//! What was really so: the answer sheet of a world, written as `truth.json`.
//!
//! The schema is stable; a change that a reader could stumble over raises [`SCHEMA`]. Times are RFC 3339, numbers plain
//! integers, intervals half open. An `until` that is absent lies behind the end of the world.
//!
//! Must not know: detectors, files. What can be seen of the truth is in `carriage`; what is so whether or not anyone sees it
//! is in `relations`.

use headwater_route::{Asn, Family, Prefix, Time};
use serde::{Deserialize, Serialize};

use crate::register::{Aspa, DropEntry, Holder, Host, Roa};
use crate::topology::{NetworkKind, Relation};

/// Name and version of the schema.
pub const SCHEMA: &str = "headwater.truth/1";

/// The whole truth.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Truth {
    /// [`SCHEMA`].
    pub schema: String,
    /// Says that nothing in it is about a real network.
    pub note: String,
    /// The scenario's name.
    pub scenario: String,
    /// What chance was drawn from.
    pub seed: u64,
    /// The world begins.
    pub from: Time,
    /// It ends.
    pub until: Time,
    /// Every network.
    pub networks: Vec<NetworkTruth>,
    /// Every vantage.
    pub vantages: Vec<VantageTruth>,
    /// Every event, in order of time.
    pub events: Vec<EventTruth>,
    /// What happened to vantages and collectors, drawn or planned, in order of time.
    pub incidents: Vec<Incident>,
    /// Who announced the prefixes of watched networks.
    pub origins: Vec<OriginTruth>,
    /// Through whom the vantages really reached watched networks: at each time of a change, all upstreams with the number
    /// of vantages. Holds until the next entry of the same origin and family.
    pub carriage: Vec<Carriage>,
    /// Every relation between two networks, with times.
    pub relations: Vec<RelationTruth>,
    /// Who held the numbers of the cast, with times.
    pub holders: Vec<Holder>,
    /// ROA payloads of the cast, and for its prefixes.
    pub roas: Vec<Roa>,
    /// ASPAs of the cast.
    pub aspas: Vec<Aspa>,
    /// Addresses that feeds may list, and whether rightly.
    pub hosts: Vec<Host>,
    /// Networks and blocks on the lists of bad ones.
    pub drops: Vec<DropEntry>,
}

/// A network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NetworkTruth {
    /// Its number.
    pub asn: Asn,
    /// What sort it is.
    pub kind: NetworkKind,
    /// Its organisation; siblings have the same.
    pub organisation: u32,
    /// Its name, if it is of the cast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A vantage.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VantageTruth {
    /// Its collector.
    pub collector: String,
    /// The peer's number.
    pub asn: Asn,
    /// The peer's address.
    pub addr: std::net::IpAddr,
    /// Its family.
    pub family: Family,
    /// What it sends.
    pub feed: crate::observe::Feed,
}

/// An event of the scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EventTruth {
    /// Position in the scenario, from 0.
    pub id: usize,
    /// What sort: the name of the variant in the scenario, such as `carrier_replaced`.
    pub kind: String,
    /// Which variant of it; empty where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// It only looks like what a detector is after.
    pub innocent: bool,
    /// It begins.
    pub from: Time,
    /// It ends, or its effect; absent for a lasting change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Who takes part, and as what.
    pub parties: Vec<Party>,
    /// Prefixes it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<Prefix>,
    /// Families it is in; empty: both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<Family>,
}

/// A network's part in an event.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Party {
    /// As what: `network`, `old`, `new`, `leaker`, …; the keys of the event in the scenario.
    pub part: String,
    /// Who.
    pub asn: Asn,
}

/// Something that happened to a vantage or a collector, not to a network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Incident {
    /// What: `reset`, `joins`, `leaves`, `dead`, `skew`, `invents`, `zombie`.
    pub kind: String,
    /// At which collector.
    pub collector: String,
    /// Which peer; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asn: Option<Asn>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addr: Option<std::net::IpAddr>,
    /// From when.
    pub from: Time,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// Who announced a prefix, and with which right.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OriginTruth {
    /// The prefix.
    pub prefix: Prefix,
    /// The last number of the path.
    pub origin: Asn,
    /// Who put it there, if that is another network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Asn>,
    /// From when.
    pub from: Time,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// Through whom vantages reach a network.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Carriage {
    /// The network.
    pub origin: Asn,
    /// In which family.
    pub family: Family,
    /// From when.
    pub at: Time,
    /// Upstreams, each with the number of (vantage, prefix) pairs whose path runs through it; route servers, hidden and
    /// stripped numbers as they stand in the paths.
    pub upstreams: Vec<(Asn, u32)>,
    /// Pairs of vantage and prefix without a route to this origin.
    pub unseen: u32,
}

/// A relation between two networks, in the families in which it was so at the same time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RelationTruth {
    /// One network.
    pub a: Asn,
    /// The other.
    pub b: Asn,
    /// What `a` is to `b`: `provider`, `peer` or `sibling`; never `customer`, whose ends are written the other way round.
    pub relation: Relation,
    /// In which family.
    pub family: Family,
    /// Number of the route server they meet at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_server: Option<Asn>,
    /// From when.
    pub from: Time,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}
