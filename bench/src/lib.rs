//! Invented MRT of realistic shape, at any size: table dumps, series of them, and updates.
//!
//! Place on the way: before everything, like a collector. Benches and trials read what it writes. The same size and seed
//! give the same bytes on every machine. [`shape::Shape`] measures any stream, so that what is invented can be held against
//! what is real.
//!
//! Numbers: documentation ranges are too small for it. Networks get ASNs for private use (RFC 6996), 4200000000 and up, and
//! communities those of two bytes; peers get addresses for benchmarks (RFC 2544, RFC 5180). Prefixes lie in global unicast
//! space, since a table has a million of them; they say nothing of who holds that space. ASNs of ten digits make text a third
//! longer than real ones would; on the wire they are as long.
//!
//! Must not know: the history, findings, the terminal.

#![forbid(unsafe_code)]

mod chance;
pub mod looks;
pub mod output;
pub mod sample;
pub mod shape;
mod space;
mod table;
mod updates;
mod ways;
mod world;

pub use table::{TableWritten, write_table};
pub use updates::{Traffic, UpdatesWritten, write_updates};
pub use world::{Size, SizeError, World};
