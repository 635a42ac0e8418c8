//! What an ingest did.

use std::collections::{BTreeMap, BTreeSet};

use headwater_history::{Committed, History};
use headwater_route::{Fault, FaultKind, Kind, Time};

use super::Known;
use crate::commands::now;
use crate::error::Error;
use crate::source::Unread;

/// A file that was read.
pub struct FileRead {
    /// Name, with the member after `!`. Hostile text.
    pub name: String,
    /// sha256.
    pub sha256: String,
    /// Kind.
    pub kind: Kind,
    /// Series, or collector.
    pub series: String,
    /// First instant its content speaks about.
    pub from: Option<Time>,
    /// Last instant.
    pub until: Option<Time>,
    /// Rows read from it.
    pub rows: u64,
    /// Faults found in it, by kind.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Bytes it added to the history.
    pub segment_bytes: u64,
    /// For a dump: stored as changes against the one before.
    pub as_changes: bool,
}

/// What an ingest did.
#[derive(Default)]
pub struct Report {
    /// Files read, by path and member.
    pub read: Vec<FileRead>,
    /// Files whose content the history had already.
    pub known: u64,
    /// Of those, the ones of which content is missing.
    pub known_lossy: u64,
    /// Files of which nothing was read.
    pub unread: Vec<Unread>,
    /// Hidden files and directories left out.
    pub hidden: u64,
    /// Pipes, sockets and devices left out.
    pub special: u64,
    /// Files left out that describe an invented world.
    pub aside: u64,
    /// The invented world that the files are of. Hostile text.
    pub world: Option<String>,
    /// The filter through which the history takes MRT files, as it keeps it.
    pub filter: Option<String>,
}

impl Report {
    pub(super) fn known(&mut self, sha256: &str, known: &Known) {
        self.known += 1;
        self.known_lossy += u64::from(known.lossy.contains(sha256));
    }

    pub(super) fn committed(&mut self, committed: Committed, faults: BTreeMap<FaultKind, u64>) {
        if !committed.new {
            // Another process was faster.
            self.known += 1;
            return;
        }
        let source = committed.source;
        self.read.push(FileRead {
            name: source.name,
            sha256: source.sha256,
            kind: source.kind,
            series: source.series,
            from: source.from,
            until: source.until,
            rows: source.rows,
            faults,
            segment_bytes: committed.segment_bytes,
            as_changes: committed.as_changes,
        });
    }

    pub(super) fn absorb(&mut self, other: Report) {
        self.read.extend(other.read);
        self.known += other.known;
        self.known_lossy += other.known_lossy;
        self.unread.extend(other.unread);
    }

    pub(super) fn sort(&mut self) {
        self.read.sort_by(|a, b| (&a.name, &a.sha256).cmp(&(&b.name, &b.sha256)));
        self.unread.sort();
    }

    /// Enters unread content into the catalogue, so that `faults` shows it later.
    pub(super) fn note_unread(&self, history: &History) -> Result<(), Error> {
        for unread in &self.unread {
            if let (Some((sha256, bytes)), Some(kind)) = (&unread.bytes, unread.kind) {
                let fault = Fault { offset: 0, kind, detail: unread.reason.clone() };
                history.catalogue().note_unread(&unread.name, &unread.path, sha256, *bytes, &fault, now())?;
            }
        }
        Ok(())
    }

    /// Faults by kind: how many, and in how many files.
    pub fn faults(&self) -> BTreeMap<FaultKind, (u64, u64)> {
        let mut faults: BTreeMap<FaultKind, (u64, u64)> = BTreeMap::new();
        for (kind, count) in self.read.iter().flat_map(|file| &file.faults) {
            let entry = faults.entry(*kind).or_default();
            entry.0 += count;
            entry.1 += 1;
        }
        faults
    }

    /// Rows read.
    pub fn rows(&self) -> u64 {
        self.read.iter().map(|file| file.rows).sum()
    }

    /// Bytes added to the history.
    pub fn segment_bytes(&self) -> u64 {
        self.read.iter().map(|file| file.segment_bytes).sum()
    }

    /// Series of which files were read.
    pub fn series(&self) -> BTreeSet<&str> {
        self.read.iter().map(|file| file.series.as_str()).collect()
    }

    /// True if everything given is in the history, with nothing of it missing.
    pub fn is_whole(&self) -> bool {
        let lossless = self.read.iter().all(|file| !file.faults.keys().any(|kind| kind.loses_content()));
        lossless && self.unread.is_empty() && self.known_lossy == 0
    }
}
