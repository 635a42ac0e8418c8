//! The history: immutable, sorted Parquet segments, a catalogue of what was read, and the questions asked of both.
//!
//! Place on the way: after `wire`, before `finding`. A [`Writer`] takes what one source says and makes it visible whole or
//! not at all ([`History::begin`] … [`Writer::commit`]); the query functions of [`History`] hand back the typed rows of
//! [`headwater_route::rows`]. `docs/format.md` describes the files.
//!
//! | module | holds |
//! |---|---|
//! | [`catalogue`] | sources, faults, vantages, segments, in SQLite: the one place that says what is visible |
//! | [`table`] | the tables: columns, sort order |
//! | `segment` | one sorted Parquet file |
//! | `writer`, `snapshots`, `routes`, `dump_state` | one source on its way in |
//! | `commit`, `workspace`, `sweep` | whole or not at all |
//! | `view`, `scan`, `footer` | what is visible, and its rows |
//! | `query` | rows out, typed |
//! | `fuzz` | doors to the readers of stored bytes, for fuzzing only |
//! | `engine` | the user's SQL, by the embedded query engine; feature `sql`, on by default |
//!
//! Must not know: formats of input, findings, the terminal, the network. The only crate that knows files on disk and the
//! query engine; no engine type leaves it.

pub mod catalogue;
mod commit;
mod dump_state;
#[cfg(feature = "sql")]
mod engine;
mod error;
mod footer;
#[doc(hidden)]
pub mod fuzz;
mod query;
mod routes;
mod scan;
mod segment;
mod snapshots;
mod sweep;
pub mod table;
mod view;
mod workspace;
mod writer;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

pub use catalogue::{AsnList, FaultCount, SegmentFile, Selection, StoredFault};
pub use commit::{Committed, Step};
#[cfg(feature = "sql")]
pub use engine::{SqlAnswer, SqlValue};
pub use error::Error;
pub use query::Paths;
pub use scan::ScanStats;
pub use writer::{Draft, Writer};

/// Version of the directory layout and of every table in it.
pub const FORMAT_VERSION: u32 = 3;

/// An open history directory.
pub struct History {
    dir: PathBuf,
    catalogue: catalogue::Catalogue,
    scanner: scan::Scanner,
    /// What was visible when last asked, and the catalogue's version then.
    view: RefCell<Option<view::Seen>>,
}

impl History {
    /// Opens an existing history. [`Error::Absent`] if there is none, [`Error::Newer`] or [`Error::Older`] if
    /// another version wrote it.
    pub fn open(dir: &Path) -> Result<History, Error> {
        if !dir.join(catalogue::FILE).is_file() {
            return Err(Error::Absent(dir.to_owned()));
        }
        History::open_or_create(dir)
    }

    /// Opens a history, making the directory first if it is not there.
    pub fn open_or_create(dir: &Path) -> Result<History, Error> {
        std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, e))?;
        let dir = dir.canonicalize().map_err(|e| Error::io(dir, e))?;
        let catalogue = catalogue::Catalogue::open(&dir.join(catalogue::FILE))?;
        let scanner = scan::Scanner::new(&dir);
        Ok(History { dir, catalogue, scanner, view: RefCell::default() })
    }

    /// The directory, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &catalogue::Catalogue {
        &self.catalogue
    }

    /// What the questions asked so far have read.
    pub fn scan_stats(&self) -> ScanStats {
        self.scanner.stats()
    }
}
