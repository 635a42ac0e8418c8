//! Writes files with damage of known kind: `cargo run --release -p headwater-wire --example damaged_files DIR` makes
//! `DIR/NAME.mrt` for each kind and `DIR/untouched.tsv` with how many observations of each nothing has touched.

#[path = "../tests/mrt_common/damaged.rs"]
mod damaged;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: damaged_files DIR")?);
    fs::create_dir_all(&dir)?;
    let mut list = String::new();
    for file in damaged::all() {
        fs::write(dir.join(format!("{}.mrt", file.name)), &file.bytes)?;
        writeln!(list, "{}\t{}\t{}\t{}", file.name, file.bytes.len(), file.untouched, file.what)?;
    }
    fs::write(dir.join("untouched.tsv"), &list)?;
    print!("{list}");
    Ok(())
}
