//! `inflate_only FILE.gz`: undoes gzip with the back end that `wire` uses, and does nothing else: the yardstick of
//! `cargo xtask bench-peers` for `inspect`. One thread; reads on behind each member.

use std::fs::File;
use std::io::{self, Read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: inflate_only FILE.gz")?;
    let mut decoder = flate2::read::MultiGzDecoder::new(io::BufReader::with_capacity(256 << 10, File::open(path)?));
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match decoder.read(&mut buffer)? {
            0 => break,
            len => bytes += len as u64,
        }
    }
    println!("bytes={bytes}");
    Ok(())
}
