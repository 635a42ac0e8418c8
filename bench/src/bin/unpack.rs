//! `unpack FILE [OUT]`: undoes compression as `wire` does, and counts or writes the bytes. For `cargo xtask bench-peers`.

use std::fs::File;
use std::io::{self, Write};

use headwater_wire::codec;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().ok_or("usage: unpack FILE [OUT]")?;
    let mut stream = codec::open(File::open(path)?, codec::Limits::default())?;
    let mut out: Box<dyn Write> = match arguments.next() {
        Some(out) => Box::new(File::create(out)?),
        None => Box::new(io::sink()),
    };
    let bytes = io::copy(&mut stream, &mut out)?;
    println!("bytes={bytes}");
    Ok(())
}
