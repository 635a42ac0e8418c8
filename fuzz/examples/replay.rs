//! Runs targets over kept inputs without libFuzzer: `replay DIR` reads `DIR/TARGET/*`, as `corpus DIR` writes it.

use std::error::Error;
use std::path::Path;

use headwater_fuzz::TARGETS;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args_os().nth(1).ok_or("usage: replay DIR")?;
    for (name, target) in TARGETS {
        let mut inputs = 0;
        for entry in std::fs::read_dir(Path::new(&dir).join(name))? {
            let bytes = std::fs::read(entry?.path())?;
            target(&bytes);
            // And with a byte changed and the end missing, at a few places.
            for at in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
                let mut changed = bytes.clone();
                changed[at] ^= 0x55;
                target(&changed);
                target(&bytes[..at]);
            }
            inputs += 1;
        }
        println!("{name}: {inputs} inputs");
        if inputs == 0 {
            return Err(format!("no input for {name}").into());
        }
    }
    Ok(())
}
