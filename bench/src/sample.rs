//! What the benches read: generated MRT of one size.

use std::path::PathBuf;

use crate::{Size, Traffic, World, write_table, write_updates};

/// Prefixes of the table, unless the variable says otherwise.
const PREFIXES: u32 = 6000;
const VANTAGES: u16 = 40;

/// The environment variable that sets the number of prefixes.
pub const PREFIXES_VARIABLE: &str = "HEADWATER_BENCH_PREFIXES";

/// The size of all that the benches read. Smallest when they are only tested, which is when cargo does not say `--bench`.
pub fn size() -> Size {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let wanted = std::env::var(PREFIXES_VARIABLE).ok().and_then(|text| text.parse().ok());
    let prefixes = if measured { wanted.unwrap_or(PREFIXES) } else { 60 };
    Size { seed: 1, prefixes, vantages: VANTAGES, changed_per_mille: 20 }
}

/// The invented collector of that size.
///
/// # Panics
/// If the variable asks for a size that cannot be made.
pub fn world() -> World {
    World::new(size()).unwrap_or_else(|error| panic!("{PREFIXES_VARIABLE}: {error}"))
}

/// The table dump with a number.
pub fn table(dump: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_table(&world(), dump, &mut bytes).expect("memory takes all");
    bytes
}

/// Updates after the first dump, two for each prefix.
pub fn updates() -> Vec<u8> {
    let mut bytes = Vec::new();
    let traffic = Traffic { dump: 0, messages: size().prefixes * 2, secs: 900, micros: false };
    write_updates(&world(), &traffic, &mut bytes).expect("memory takes all");
    bytes
}

/// The folder of real MRT files, where it is there: `$HEADWATER_SHARED_DATA/mrt`, else `../shared/data/mrt` beside the
/// checkout.
pub fn shared_mrt() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let dir = std::env::var_os("HEADWATER_SHARED_DATA").map_or_else(beside, PathBuf::from).join("mrt");
    dir.is_dir().then_some(dir)
}
