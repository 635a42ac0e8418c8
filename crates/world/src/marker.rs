//! The mark of a directory that holds an invented world: `WORLD.toml`, written before anything else.
//!
//! Whoever reads files looks for the mark above them, so that nothing invented is taken for real. Must not know: what is in the
//! files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

/// Name of the file.
pub const FILE: &str = "WORLD.toml";
/// Files beside it that describe the world, and are no data: the mark itself and the truth.
pub const ASIDE: [&str; 2] = [FILE, "truth.json"];
/// Name and version of its schema.
const SCHEMA: &str = "headwater.world/1";
/// A longer file is no mark.
const MAX_BYTES: u64 = 64 << 10;

/// What the mark says.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Marker {
    schema: String,
    /// The scenario's name. Hostile text, when read.
    pub name: String,
    /// What chance was drawn from.
    pub seed: u64,
}

impl Marker {
    /// The mark of a world.
    pub fn new(name: &str, seed: u64) -> Marker {
        Marker { schema: SCHEMA.to_owned(), name: name.to_owned(), seed }
    }

    /// The mark of a directory, if it has one.
    pub fn of_dir(dir: &Path) -> Option<Marker> {
        let mut text = String::new();
        File::open(dir.join(FILE)).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
        let marker: Marker = toml::from_str(&text).ok()?;
        (marker.schema == SCHEMA).then_some(marker)
    }

    /// The mark of the directory that holds a path, or of one above it. The path must be without links, as
    /// [`Path::canonicalize`] gives it.
    pub fn above(path: &Path) -> Option<Marker> {
        path.ancestors().find_map(Marker::of_dir)
    }

    /// What the world is called wherever its data are told. Hostile text, when read.
    pub fn label(&self) -> String {
        format!("{}, seed {}", self.name, self.seed)
    }

    /// As it is written.
    pub fn text(&self) -> String {
        let name: String = self.name.chars().map(quoted).collect();
        format!(
            "# Everything below this directory is invented: no file is about a real network.\n\
             schema = \"{SCHEMA}\"\nname = \"{name}\"\nseed = {}\n",
            self.seed
        )
    }
}

/// A character within a basic string of TOML.
fn quoted(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_mark_holds_for_all_below_it() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("routes/rrc00");
        fs::create_dir_all(&below).unwrap();
        let below = below.canonicalize().unwrap();
        assert_eq!(Marker::above(&below), None);
        let marker = Marker::new("a \"quoted\"\u{7f}\\name", 7);
        fs::write(root.path().join(FILE), marker.text()).unwrap();
        assert_eq!(Marker::above(&below), Some(marker.clone()));
        assert_eq!(marker.label(), "a \"quoted\"\u{7f}\\name, seed 7");
        fs::write(below.join(FILE), "schema = \"something else\"\nname = \"x\"\nseed = 1\n").unwrap();
        assert_eq!(Marker::above(&below), Some(marker), "a file of that name that is no mark");
    }
}
