//! Prefix→origin snapshots, in the form of the IPFire location database.

use std::io::Write;

use headwater_route::Time;

use super::{Shelf, day_stamp};
use crate::error::WorldError;
use crate::timeline::State;

/// Writes who announces what at a moment: the first seed's last number, whoever put it there.
pub fn origins(shelf: &Shelf, state: &State, at: Time) -> Result<(), WorldError> {
    shelf.pack(&format!("snapshots/location.{}.csv.gz", day_stamp(at)), |out, path| {
        let written = (|| {
            writeln!(out, "prefix,asn,country,flags")?;
            writeln!(out, "# invented data: no line is about a real network; as of {at}")?;
            for (prefix, announcement) in state.table() {
                let Some(seed) = announcement.seeds.first() else { continue };
                let origin = seed.tail.last().copied().unwrap_or(state.topology().network(seed.at).asn);
                writeln!(out, "{prefix},{},ZZ,", origin.0)?;
            }
            Ok(())
        })();
        written.map_err(WorldError::file(path))
    })
}
