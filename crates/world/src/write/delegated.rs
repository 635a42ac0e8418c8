//! Statistics of the registries: which resources are delegated, in the extended form.

use std::collections::BTreeMap;
use std::io::Write;

use headwater_route::{Asn, Family, Time};

use super::{Shelf, day_stamp};
use crate::error::WorldError;
use crate::random::mix;
use crate::register::{REGISTRIES, Register};

/// Writes a file of each registry that has anything, as of a moment. A number that had a holder, or will have one, and has none
/// is available.
pub fn delegated(shelf: &Shelf, register: &Register, at: Time) -> Result<(), WorldError> {
    // Of a number: its registry, and its line from the date on.
    let mut numbers: BTreeMap<Asn, (usize, String)> = BTreeMap::new();
    for holder in &register.holders {
        let held = holder.term.holds(at);
        let line = match held {
            true => format!("{}|assigned|{}", day_stamp(holder.created), opaque_id(register, &holder.organisation)),
            false => "|available|".to_owned(),
        };
        if held || !numbers.contains_key(&holder.asn) {
            numbers.insert(holder.asn, (holder.registry, line));
        }
    }
    for (number, registry) in REGISTRIES.into_iter().enumerate() {
        let mut rows: [Vec<String>; 3] = Default::default();
        for (asn, (_, line)) in numbers.iter().filter(|(_, (of, _))| *of == number) {
            let country = if line.starts_with('|') { "" } else { "ZZ" };
            rows[0].push(format!("{registry}|{country}|asn|{}|1|{line}", asn.0));
        }
        for block in register.blocks.iter().filter(|block| block.registry == number && block.term.holds(at)) {
            let (kind, value) = match block.prefix.family() {
                Family::V4 => ("ipv4", 1u64 << (32 - block.prefix.len())),
                Family::V6 => ("ipv6", u64::from(block.prefix.len())),
            };
            let (addr, date) = (block.prefix.addr(), day_stamp(block.created));
            let key = opaque_id(register, &block.organisation);
            let rows = &mut rows[1 + usize::from(kind == "ipv6")];
            rows.push(format!("{registry}|ZZ|{kind}|{addr}|{value}|{date}|allocated|{key}"));
        }
        let total: usize = rows.iter().map(Vec::len).sum();
        if total == 0 {
            continue;
        }
        let day = day_stamp(at);
        shelf.pack(&format!("registry/delegated-{registry}-extended-{day}.gz"), |out, path| {
            let written = (|| {
                writeln!(out, "# invented data: no line is about a real network or registry")?;
                writeln!(out, "2|{registry}|{day}|{total}|19830101|{day}|+0000")?;
                for (kind, rows) in ["asn", "ipv4", "ipv6"].into_iter().zip(&rows) {
                    writeln!(out, "{registry}|*|{kind}|*|{}|summary", rows.len())?;
                }
                rows.iter().flatten().try_for_each(|row| writeln!(out, "{row}"))
            })();
            written.map_err(WorldError::file(path))
        })?;
    }
    Ok(())
}

/// The registry's key of an organisation.
fn opaque_id(register: &Register, organisation: &str) -> String {
    let drawn = organisation.bytes().fold(register.seed, |state, byte| mix(state, u64::from(byte)));
    format!("{:016x}", drawn)
}
