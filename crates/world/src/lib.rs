//! Simulated worlds in which it is known what really happened, written in the formats that `wire` reads.
//!
//! Place on the way: before everything. A [`scenario::Scenario`] and a seed give a [`World`]: networks and links
//! ([`topology`]), what is announced by whom and to whom ([`announce`]), who watches ([`observe`]), what is on record
//! ([`register`]), and a list of changes in order ([`timeline`]), planned from the scenario's events ([`event`]). [`World::run`] plays it: routes are computed
//! ([`propagate`]), and what collectors and publishers would have written of them is written ([`mod@write`]), with the
//! [`truth`] beside it.
//!
//! Must not know: the history, findings, the terminal, the clock, the network. Nothing reaches a detector but through the
//! files. The same scenario and seed give the same bytes on every machine, whatever the number of threads: no float
//! function that a library rounds its own way, no order of a hash map.
//!
//! Everything in a world is invented. Networks that a scenario names have documentation numbers and prefixes (RFC 5398,
//! RFC 5737, RFC 3849); the crowd has AS numbers of private use (RFC 6996) and addresses that nobody holds: 240.0.0.0/4 and
//! 4000::/4.

#![forbid(unsafe_code)]

pub mod announce;
mod error;
pub mod event;
pub mod marker;
pub mod observe;
pub mod plan;
pub mod propagate;
pub mod random;
pub mod register;
pub mod scenario;
pub mod timeline;
pub mod topology;
pub mod truth;
mod world;
pub mod write;

pub use error::WorldError;
pub use world::{Progress, Ran, World};
