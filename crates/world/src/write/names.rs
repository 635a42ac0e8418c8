//! Names of AS numbers, in the form of asn2org.

use std::io::Write;

use headwater_route::Time;

use super::Shelf;
use crate::error::WorldError;
use crate::register::{REGISTRIES, Register};

/// Writes who holds which number at a moment.
pub fn names(shelf: &Shelf, register: &Register, at: Time) -> Result<(), WorldError> {
    shelf.pack(&format!("names/asns.{}.csv.gz", at.date()), |out, path| {
        let written = (|| {
            // The date as well: files of equal bytes would count as one.
            writeln!(out, "# invented data: no line is about a real network; as of {at}")?;
            writeln!(out, "\"asn\",\"name\",\"source\"")?;
            let mut held: Vec<_> = register.holders.iter().filter(|holder| holder.term.holds(at)).collect();
            held.sort_by_key(|holder| holder.asn);
            for holder in held {
                let source = REGISTRIES[holder.registry].to_uppercase();
                writeln!(out, "\"{}\",\"{}\",\"{source}\"", holder.asn.0, holder.name.replace('"', "\"\""))?;
            }
            Ok(())
        })();
        written.map_err(WorldError::file(path))
    })
}
