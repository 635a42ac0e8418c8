//! Files as collectors and publishers write them.
//!
//! Place on the way: last; what is written here the ordinary `ingest` reads. Directories and names follow the real archives,
//! so that collector, kind and time are told by them:
//!
//! ```text
//! routes/rrc00/bview.20240301.0000.gz     routes/rrc00/updates.20240301.0000.gz
//! snapshots/20240301.as-rel.txt.gz        snapshots/20240301.as-rel2.txt.gz
//! snapshots/location.20240301.csv.gz      truth.json
//! names/asns.2024-03-01.csv.gz            registry/delegated-ripencc-extended-20240301.gz
//! rpki/rpki-client.20240301.json.gz       objects/invented.db.20240301.gz
//! feeds/drop.20240301.txt.gz and others   WORLD.toml
//! ```
//!
//! Must not know: how anything came about.

mod delegated;
mod feeds;
mod mrt;
mod names;
mod objects;
mod origins;
mod relations;
mod rpki;
mod truth;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use headwater_route::Time;

pub use self::delegated::delegated;
pub use self::feeds::feeds;
pub use self::mrt::{dump, updates};
pub use self::names::names;
pub use self::objects::objects;
pub use self::origins::origins;
pub use self::relations::{Published, Publisher, relations};
pub use self::rpki::rpki;
pub use self::truth::truth;
use crate::error::WorldError;

/// Where the files of a world go.
#[derive(Clone, Debug)]
pub struct Shelf {
    dir: PathBuf,
}

/// A file that is compressed as it is written. The compression has no time and no name in it: same content, same bytes.
pub type Packed = GzEncoder<BufWriter<File>>;

impl Shelf {
    /// Below a directory, which is made if it is not there.
    pub fn new(dir: &Path) -> Result<Shelf, WorldError> {
        fs::create_dir_all(dir).map_err(WorldError::file(dir))?;
        Ok(Shelf { dir: dir.to_owned() })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes one compressed file, making its directory.
    pub fn pack(
        &self,
        name: &str,
        fill: impl FnOnce(&mut Packed, &Path) -> Result<(), WorldError>,
    ) -> Result<(), WorldError> {
        let path = self.dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(WorldError::file(parent))?;
        }
        let file = File::create(&path).map_err(WorldError::file(&path))?;
        // The quickest level: worlds are large, and read once.
        let mut packed = GzEncoder::new(BufWriter::with_capacity(1 << 18, file), Compression::fast());
        fill(&mut packed, &path)?;
        let mut out = packed.finish().map_err(WorldError::file(&path))?;
        out.flush().map_err(WorldError::file(&path))
    }

    /// Writes one plain file.
    pub fn put(
        &self,
        name: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), WorldError> {
        let path = self.dir.join(name);
        let file = File::create(&path).map_err(WorldError::file(&path))?;
        let mut out = BufWriter::new(file);
        fill(&mut out).and_then(|()| out.flush()).map_err(WorldError::file(&path))
    }
}

/// `20240301`.
pub fn day_stamp(at: Time) -> String {
    at.date().replace('-', "")
}

/// `20240301.0800`.
pub fn minute_stamp(at: Time) -> String {
    let minutes = at.secs().rem_euclid(86_400) / 60;
    format!("{}.{:02}{:02}", day_stamp(at), minutes / 60, minutes % 60)
}
