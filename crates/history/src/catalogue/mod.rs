//! The catalogue: which sources the history holds, the segments and faults of each, and the vantages. SQLite, one file.
//!
//! What is not in the catalogue does not exist: a segment file without a row is debris of a stopped ingest and is swept by
//! the next one. A source enters with all its rows in one transaction.

mod read;
mod selection;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use headwater_route::{Asn, Family, Fault, FaultKind, Prefix, Source, SourceId, Time};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};

pub use self::selection::Selection;
use crate::routes::bursts::Burst;
use crate::routes::edges::Edges;
use crate::routes::shifts::Shifts;
use crate::table::Table;
use crate::{Error, FORMAT_VERSION};

/// Name of the catalogue file within the history directory.
pub const FILE: &str = "catalogue.sqlite";

/// How long one process waits for another's transaction before it gives up.
const BUSY: Duration = Duration::from_secs(60);

const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, archive_sha256 TEXT,
    bytes INTEGER NOT NULL, kind TEXT NOT NULL, series TEXT NOT NULL, from_us INTEGER, until_us INTEGER,
    complete INTEGER NOT NULL, base INTEGER REFERENCES sources(id), dump_from_us INTEGER, dump_until_us INTEGER,
    rows INTEGER NOT NULL, faults INTEGER NOT NULL, ingested_us INTEGER NOT NULL);
CREATE TABLE segments (
    source INTEGER NOT NULL REFERENCES sources(id), tbl TEXT NOT NULL, file TEXT NOT NULL UNIQUE, rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL, key_min INTEGER NOT NULL, key_max INTEGER NOT NULL);
CREATE INDEX segments_by_table ON segments (tbl, key_min);
CREATE TABLE faults (source INTEGER NOT NULL REFERENCES sources(id), position INTEGER NOT NULL, kind TEXT NOT NULL,
    detail TEXT NOT NULL);
CREATE INDEX faults_by_source ON faults (source, position);
CREATE TABLE fault_counts (source INTEGER NOT NULL REFERENCES sources(id), kind TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (source, kind)) WITHOUT ROWID;
CREATE TABLE unread (sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL,
    kind TEXT NOT NULL, detail TEXT NOT NULL, seen_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE vantages (id INTEGER PRIMARY KEY, collector TEXT NOT NULL, asn INTEGER NOT NULL, addr TEXT NOT NULL,
    UNIQUE (collector, asn, addr));
CREATE TABLE source_vantages (source INTEGER NOT NULL REFERENCES sources(id), vantage INTEGER NOT NULL,
    family INTEGER NOT NULL, held INTEGER NOT NULL, events INTEGER NOT NULL,
    PRIMARY KEY (source, vantage, family)) WITHOUT ROWID;
CREATE TABLE states (source INTEGER NOT NULL REFERENCES sources(id), vantage INTEGER NOT NULL, at_us INTEGER NOT NULL,
    from_state INTEGER NOT NULL, to_state INTEGER NOT NULL, position INTEGER NOT NULL);
CREATE INDEX states_by_time ON states (at_us);
CREATE TABLE edge_samples (source INTEGER NOT NULL REFERENCES sources(id), family INTEGER NOT NULL,
    below INTEGER NOT NULL, links BLOB NOT NULL, PRIMARY KEY (source, family));
CREATE TABLE bursts (source INTEGER NOT NULL REFERENCES sources(id), vantage INTEGER NOT NULL, family INTEGER NOT NULL,
    at_us INTEGER NOT NULL, prefixes INTEGER NOT NULL);
CREATE INDEX bursts_by_time ON bursts (at_us);
CREATE TABLE holes (source INTEGER NOT NULL REFERENCES sources(id), after_prefix TEXT, before_prefix TEXT);
CREATE TABLE shifts (source INTEGER PRIMARY KEY REFERENCES sources(id), body BLOB NOT NULL);
CREATE TABLE asn_lists (source INTEGER NOT NULL REFERENCES sources(id), kind TEXT NOT NULL, asn INTEGER NOT NULL,
    PRIMARY KEY (kind, source, asn)) WITHOUT ROWID;
CREATE TABLE findings (id TEXT PRIMARY KEY, made_us INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
";

/// A stored fault with the source it was found in.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredFault {
    /// Name of the source.
    pub name: String,
    /// sha256 of the source.
    pub sha256: String,
    /// The fault.
    pub fault: Fault,
}

/// How often a kind of fault was found in a source.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultCount {
    /// Name of the source.
    pub name: String,
    /// sha256 of the source.
    pub sha256: String,
    /// Kind.
    pub kind: FaultKind,
    /// How many, stored one by one or not.
    pub count: u64,
    /// True if nothing at all was read from the source.
    pub unread: bool,
}

/// A visible segment file.
#[derive(Clone, PartialEq, Debug)]
pub struct SegmentFile {
    /// The source whose rows it holds.
    pub source: SourceId,
    /// Table.
    pub table: Table,
    /// Path below the history directory.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// Least and greatest value of its leading sort column.
    pub key: (i64, i64),
}

/// A list of ASNs that a relationship file states beside its links.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AsnList {
    /// The clique at the top that the relationships were inferred from.
    Clique,
    /// Exchange route servers that the relationships leave out.
    Ixps,
}

impl AsnList {
    /// Every list.
    pub const ALL: &[AsnList] = &[AsnList::Clique, AsnList::Ixps];

    /// The stable code, stored and shown.
    pub fn code(self) -> &'static str {
        match self {
            AsnList::Clique => "clique",
            AsnList::Ixps => "ixps",
        }
    }

    /// From the stable code.
    pub fn from_code(code: &str) -> Option<AsnList> {
        AsnList::ALL.iter().copied().find(|list| list.code() == code)
    }
}

/// Part of a dump that could not be read: routes of prefixes strictly between the two are unknown there; `None` is an open end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    /// Last prefix read before.
    pub after: Option<Prefix>,
    /// First prefix read afterwards.
    pub before: Option<Prefix>,
}

impl Hole {
    /// True if the prefix lies in the hole.
    pub fn contains(&self, prefix: &Prefix) -> bool {
        self.after.is_none_or(|after| *prefix > after) && self.before.is_none_or(|before| *prefix < before)
    }
}

/// What the catalogue knows of a source beyond [`Source`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Detail {
    /// Read without losing content.
    pub complete: bool,
    /// The dump that its `routes` rows are changes against.
    pub base: Option<SourceId>,
    /// Times of the first and last record of the table dump in it, if there is one.
    pub dump: Option<(Time, Time)>,
}

/// Everything the catalogue learns from one finished source.
pub(crate) struct Entry<'a> {
    pub source: &'a Source,
    pub complete: bool,
    pub base: Option<SourceId>,
    pub ingested: Time,
    pub segments: &'a [SegmentFile],
    pub faults: &'a [Fault],
    pub fault_counts: &'a BTreeMap<FaultKind, u64>,
    /// Times of the first and last record of the table dump in it, if there is one.
    pub dump: Option<(Time, Time)>,
    /// Routes held and update events, per vantage and family.
    pub vantages: &'a BTreeMap<(i32, Family), (u64, u64)>,
    pub states: &'a [(i32, Time, u16, u16, u64)],
    /// Samples of the links that its dump shows.
    pub edges: &'a [(Family, Edges)],
    pub bursts: &'a [Burst],
    pub holes: &'a [Hole],
    pub asn_lists: &'a BTreeMap<AsnList, BTreeSet<Asn>>,
    pub shifts: &'a Shifts,
    /// What of an MRT source was kept; `None`: everything.
    pub selection: Option<&'a Selection>,
}

/// The open catalogue.
pub struct Catalogue {
    path: PathBuf,
    db: Connection,
}

impl Catalogue {
    pub(crate) fn open(path: &Path) -> Result<Catalogue, Error> {
        let fail = |e: rusqlite::Error| Error::Catalogue(path.to_owned(), e.to_string());
        let mut db = Connection::open(path).map_err(fail)?;
        db.busy_timeout(BUSY).map_err(fail)?;
        // Numbers of sources must not come back after a power failure: the dump state and segment names hold them.
        db.pragma_update(None, "synchronous", "EXTRA").map_err(fail)?;
        db.pragma_update(None, "foreign_keys", true).map_err(fail)?;
        if !is_made(&db).map_err(fail)? {
            let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
            // Another process may have made the tables while this one waited for the lock.
            if !is_made(&tx).map_err(fail)? {
                make(&tx, path)?;
            }
            tx.commit().map_err(fail)?;
        }
        let version: Option<String> = db
            .query_row("SELECT value FROM meta WHERE key = 'format_version'", [], |r| r.get(0))
            .optional()
            .map_err(fail)?;
        match version.as_deref().map(str::parse::<u32>) {
            Some(Ok(v)) if v == FORMAT_VERSION => {}
            Some(Ok(v)) if v > FORMAT_VERSION => return Err(Error::Newer(path.to_owned(), v)),
            Some(Ok(v)) if v > 0 => return Err(Error::Older(path.to_owned(), v)),
            _ => return Err(Error::Catalogue(path.to_owned(), "it does not state a format version".to_owned())),
        }
        Ok(Catalogue { path: path.to_owned(), db })
    }

    fn fail(&self, e: rusqlite::Error) -> Error {
        Error::Catalogue(self.path.clone(), e.to_string())
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.db.prepare_cached(sql).map_err(|e| self.fail(e))?;
        let rows = statement.query_map(params, row).map_err(|e| self.fail(e))?;
        rows.collect::<rusqlite::Result<Vec<T>>>().map_err(|e| self.fail(e))
    }
}

fn is_made(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT count(*) > 0 FROM sqlite_master WHERE name = 'meta'", [], |r| r.get(0))
}

/// Makes the tables in an empty database, unless it is one that should not be empty.
fn make(tx: &Transaction<'_>, path: &Path) -> Result<(), Error> {
    let fail = |e: rusqlite::Error| Error::Catalogue(path.to_owned(), e.to_string());
    let foreign: bool = tx.query_row("SELECT count(*) > 0 FROM sqlite_master", [], |r| r.get(0)).map_err(fail)?;
    if foreign {
        return Err(Error::Catalogue(path.to_owned(), "it is the database of another program".to_owned()));
    }
    // A sweep would take every segment for debris.
    if path.parent().is_some_and(|dir| dir.join("segments").exists()) {
        return Err(Error::Catalogue(path.to_owned(), "it is empty, but there are segments beside it".to_owned()));
    }
    tx.execute_batch(SCHEMA).map_err(fail)?;
    tx.execute("INSERT INTO meta VALUES ('format_version', ?1)", [FORMAT_VERSION.to_string()]).map_err(fail)?;
    tx.execute("INSERT INTO meta VALUES ('next_source', '1')", []).map_err(fail)?;
    Ok(())
}
