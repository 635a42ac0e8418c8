//! `unpack FILE [OUT]`: undoes compression as `wire` does, and counts or writes the bytes. For `cargo xtask bench-peers`.
//! Goes on behind damage, which exit code 2 tells.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use headwater_wire::codec;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().ok_or("usage: unpack FILE [OUT]")?;
    let mut stream = codec::open(File::open(path)?, codec::Limits::default())?;
    let mut out: Box<dyn Write> = match arguments.next() {
        Some(out) => Box::new(File::create(out)?),
        None => Box::new(io::sink()),
    };
    let (mut bytes, mut whole) = (0, true);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => {
                out.write_all(&buffer[..len])?;
                bytes += len as u64;
            }
            // After an error that ends the stream, the next read gives nothing.
            Err(error) => {
                eprintln!("{error}");
                whole = false;
            }
        }
    }
    println!("bytes={bytes}");
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
