//! What a world is to be: size, calendar, who watches, what happens.
//!
//! A scenario is a TOML file; a key it does not know is refused. Presets are embedded. Must not know: how any of it is done.

mod span;

use std::path::PathBuf;

use headwater_route::{Asn, Prefix, Time};
use serde::Deserialize;

pub use self::span::Span;
use crate::error::WorldError;
use crate::event::Event;
use crate::topology::NetworkKind;

/// A scenario.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called; it stands in `truth.json`.
    pub name: String,
    /// Chance is drawn from this, unless another seed is given.
    #[serde(default = "one")]
    pub seed: u64,
    /// From when to when, and what is published when.
    pub calendar: Calendar,
    /// Networks and links of the crowd.
    #[serde(default)]
    pub topology: TopologyPlan,
    /// Prefixes of the crowd.
    #[serde(default)]
    pub table: TablePlan,
    /// Collectors and vantages.
    #[serde(default)]
    pub observers: Observers,
    /// What goes on all the time, and what publishers get wrong.
    #[serde(default)]
    pub noise: Noise,
    /// The cast: networks with a number and a name of their own.
    #[serde(default, rename = "network")]
    pub networks: Vec<CastNetwork>,
    /// What happens.
    #[serde(default, rename = "event")]
    pub events: Vec<Event>,
}

/// When things are published. A span of 0 switches a publication off.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The world begins.
    pub from: Time,
    /// It ends.
    pub until: Time,
    /// Collectors begin (default: with the world).
    #[serde(default)]
    pub routes_from: Option<Time>,
    /// A table of every collector, each so often (default `8h`).
    #[serde(default = "eight_hours")]
    pub dumps_every: Span,
    /// A file of updates covers this (default `1d`; 0: none are written).
    #[serde(default = "one_day")]
    pub updates_every: Span,
    /// Relationship files of the first of each month (default true).
    #[serde(default = "yes")]
    pub relations: bool,
    /// Months, named by their first day, whose relationship files are not published.
    #[serde(default)]
    pub relations_except: Vec<Time>,
    /// A prefix→origin snapshot each so often (default `30d`).
    #[serde(default = "thirty_days")]
    pub origins_every: Span,
    /// Names of numbers, the registries' statistics and their objects (default `90d`).
    #[serde(default = "ninety_days")]
    pub registry_every: Span,
    /// ROA payloads and ASPAs (default `7d`).
    #[serde(default = "seven_days")]
    pub rpki_every: Span,
    /// Feeds of abuse (default `7d`).
    #[serde(default = "seven_days")]
    pub feeds_every: Span,
}

/// The crowd's networks.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopologyPlan {
    /// How many (default 1000).
    pub networks: u32,
    /// An AS relationship file to take instead of a topology of chance.
    pub file: Option<PathBuf>,
}

/// The crowd's prefixes.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TablePlan {
    /// IPv4 prefixes (default 3000).
    pub v4: u32,
    /// IPv6 prefixes (default 800).
    pub v6: u32,
    /// In a thousand networks: announce to some neighbours only, or prepended to some (default 300).
    pub engineered_permille: u32,
}

/// Collectors and vantages that are drawn.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Observers {
    /// How many collectors (default 8).
    pub collectors: u32,
    /// Peers of each (default 5).
    pub vantages: u32,
    /// In a thousand: peers that send a part of their table (default 250).
    pub partial_permille: u32,
    /// In a thousand peers with IPv6: those that have an IPv6 session too (default 700).
    pub v6_permille: u32,
    /// Longest time from a change to a vantage's message of it (default `90s`).
    pub convergence: Span,
    /// Withdrawn routes first give way to longer ones, as paths are explored (default true).
    pub exploration: bool,
}

/// Noise.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Noise {
    /// Changes of announcements a day in the crowd, per thousand networks: neighbours dropped and taken back, prepending
    /// changed (default 40).
    pub flaps_a_day_permille: u32,
    /// Session resets a day, per thousand vantages (default 20).
    pub resets_a_day_permille: u32,
    /// In a thousand links: those that the publisher of relationships leaves out of a file (default 0).
    pub relations_missing_permille: u32,
    /// In a thousand links: those it labels wrongly (default 0).
    pub relations_wrong_permille: u32,
}

/// A network of the cast.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CastNetwork {
    /// Its number.
    pub asn: Asn,
    /// Its name; events may say it instead of the number.
    #[serde(default)]
    pub name: Option<String>,
    /// What sort of network it is (default stub).
    #[serde(default = "stub")]
    pub kind: NetworkKind,
    /// Where it is at home (default 0).
    #[serde(default)]
    pub region: u8,
    /// Networks of the cast it buys from at the start; they stand before it in the list.
    #[serde(default)]
    pub providers: Vec<Asn>,
    /// It buys from this many networks of the crowd as well (default 0).
    #[serde(default)]
    pub crowd_providers: u32,
    /// Networks of the cast it peers with.
    #[serde(default)]
    pub peers: Vec<Asn>,
    /// It belongs to the organisation of this network of the cast.
    #[serde(default)]
    pub sibling_of: Option<Asn>,
    /// What it announces at the start.
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// It has ROAs for that (default true).
    #[serde(default = "yes")]
    pub roas: bool,
}

fn one() -> u64 {
    1
}
fn yes() -> bool {
    true
}
fn eight_hours() -> Span {
    Span::hours(8)
}
fn one_day() -> Span {
    Span::days(1)
}
fn seven_days() -> Span {
    Span::days(7)
}
fn thirty_days() -> Span {
    Span::days(30)
}
fn ninety_days() -> Span {
    Span::days(90)
}
fn stub() -> NetworkKind {
    NetworkKind::Stub
}

impl Default for TopologyPlan {
    fn default() -> TopologyPlan {
        TopologyPlan { networks: 1000, file: None }
    }
}

impl Default for TablePlan {
    fn default() -> TablePlan {
        TablePlan { v4: 3000, v6: 800, engineered_permille: 300 }
    }
}

impl Default for Observers {
    fn default() -> Observers {
        Observers {
            collectors: 8,
            vantages: 5,
            partial_permille: 250,
            v6_permille: 700,
            convergence: Span::secs(90),
            exploration: true,
        }
    }
}

impl Default for Noise {
    fn default() -> Noise {
        Noise {
            flaps_a_day_permille: 40,
            resets_a_day_permille: 20,
            relations_missing_permille: 0,
            relations_wrong_permille: 0,
        }
    }
}

/// Scenarios that come with the program: name and text.
pub const PRESETS: [(&str, &str); 3] = [
    ("founding-case", include_str!("founding-case.toml")),
    ("only-noise", include_str!("only-noise.toml")),
    ("small", include_str!("small.toml")),
];

impl Scenario {
    /// Reads a scenario, and checks what can be checked before a world is made of it.
    pub fn parse(text: &str) -> Result<Scenario, WorldError> {
        let scenario: Scenario = toml::from_str(text).map_err(|error| WorldError::scenario(error.to_string()))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// An embedded scenario.
    pub fn preset(name: &str) -> Option<Scenario> {
        let (_, text) = PRESETS.iter().find(|(known, _)| *known == name)?;
        Scenario::parse(text).ok()
    }

    fn check(&self) -> Result<(), WorldError> {
        let refuse = |what: &str| Err(WorldError::scenario(what));
        if self.calendar.until <= self.calendar.from {
            return refuse("calendar.until is not after calendar.from");
        }
        if self.topology.file.is_none() && !(MIN_NETWORKS..=MAX_NETWORKS).contains(&self.topology.networks) {
            return Err(WorldError::scenario(format!("topology.networks is not of {MIN_NETWORKS} to {MAX_NETWORKS}")));
        }
        if self.table.v4 > MAX_PREFIXES || self.table.v6 > MAX_PREFIXES {
            return Err(WorldError::scenario(format!("more than {MAX_PREFIXES} prefixes in table")));
        }
        if self.observers.collectors > 100 || self.observers.vantages > 200 {
            return refuse("more than 100 collectors, or 200 vantages of one");
        }
        Ok(())
    }
}

/// Smallest crowd.
pub const MIN_NETWORKS: u32 = 100;
/// Largest crowd.
pub const MAX_NETWORKS: u32 = 100_000;
/// Most prefixes of one family.
pub const MAX_PREFIXES: u32 = 1_200_000;
