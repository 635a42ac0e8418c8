//! Bytes to observations, snapshot rows and faults.
//!
//! Place on the way: after the source, before the history. It is handed readers and gives back
//! [`headwater_route::Observation`]s (MRT), [`headwater_route::rows::SnapshotRow`]s (published snapshots) and
//! [`headwater_route::Fault`]s. [`codec`] undoes compression, [`sniff`] tells by content what a stream is, [`mrt`] and
//! [`snapshot`] decode; the encoder in [`mrt::encode`] writes what the decoder reads.
//!
//! Must not know: paths, the file system, sockets, the clock, the history. Opens nothing; never panics on bytes.

#![forbid(unsafe_code)]

pub mod codec;
pub mod mrt;
pub mod snapshot;
pub mod sniff;
