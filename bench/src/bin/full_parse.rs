//! `full_parse FILE`: our full parse of an uncompressed MRT file, for `cargo xtask bench-peers`. It looks at every hop and
//! community and prints what it counted, as the peers of `bench/peers` do.

use std::fs::File;
use std::io::BufReader;

use headwater_bench::looks::FullLook;
use headwater_wire::mrt::{self, Options};

/// Bytes held of the file: records are decoded there, so few enough to stay near the processor.
const HELD_BYTES: usize = 64 << 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: full_parse FILE")?;
    let mut look = FullLook::default();
    let mut file = BufReader::with_capacity(HELD_BYTES, File::open(path)?);
    mrt::read(&mut file, &Options::default(), &mut look);
    let FullLook { rows, hops, communities, sum, .. } = look;
    println!("rows={rows} hops={hops} communities={communities} sum={sum}");
    Ok(())
}
