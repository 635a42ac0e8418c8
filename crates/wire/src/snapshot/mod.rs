//! Published snapshots.
