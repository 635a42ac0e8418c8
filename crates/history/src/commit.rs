//! The end of an ingest: files moved and catalogue changed in one step.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use headwater_route::{Family, Fault, FaultKind, Source, Time};

use crate::catalogue::{Entry, SegmentFile};
use crate::routes::pairs;
use crate::sweep::relative;
use crate::table::Table;
use crate::writer::{Draft, Writer};
use crate::{Error, dump_state};

/// A committed source.
#[derive(Clone, PartialEq, Debug)]
pub struct Committed {
    /// The source as the catalogue holds it.
    pub source: Source,
    /// False if another process read the same bytes meanwhile; nothing was added then.
    pub new: bool,
    /// Bytes of segments added.
    pub segment_bytes: u64,
    /// Rows added to segments, all tables.
    pub segment_rows: u64,
    /// For a dump: true if it was stored as changes against the collector's previous dump.
    pub as_changes: bool,
}

/// Steps of a commit, for fault injection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A segment was written under `incoming/`.
    SegmentWritten,
    /// The write lock is held, nothing is moved.
    Locked,
    /// A segment was moved to `segments/`.
    SegmentMoved,
    /// Everything is entered, nothing committed.
    Entered,
    /// Committed; the dump state is not yet in place.
    Committed,
    /// The dump state is in place; the working directory is still there.
    StatePlaced,
}

impl Step {
    /// Every step, in order.
    pub const ALL: &[Step] =
        &[Step::SegmentWritten, Step::Locked, Step::SegmentMoved, Step::Entered, Step::Committed, Step::StatePlaced];
}

/// What a test does to a writer, and where.
#[derive(Clone, Copy)]
pub(crate) enum Interruption {
    /// Fail with [`Error::Interrupted`], leaving the debris that a crash would.
    Stop(Step),
    /// Kill the process.
    Abort(Step),
}

/// Carries out an interruption at its step.
pub(crate) fn pass(interruption: Option<Interruption>, at: Step) -> Result<(), Error> {
    match interruption {
        Some(Interruption::Stop(step)) if step == at => Err(Error::Interrupted),
        Some(Interruption::Abort(step)) if step == at => std::process::abort(),
        _ => Ok(()),
    }
}

impl Writer<'_> {
    /// Writes what is left, and makes the source visible. On an error nothing of it is, but for one: if only the dump state
    /// could not be put in place, the source is visible and the error is returned all the same.
    pub fn commit(mut self, now: Time) -> Result<Committed, Error> {
        let outcome = self.try_commit(now);
        if matches!(outcome, Err(Error::Interrupted)) {
            self.workspace.abandon();
        }
        outcome
    }

    fn try_commit(&mut self, now: Time) -> Result<Committed, Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut vantages: BTreeMap<(i32, Family), (u64, u64)> =
            std::mem::take(&mut self.update_vantages).into_iter().map(|(key, events)| (key, (0, events))).collect();
        let (mut holes, mut edges) = (Vec::new(), Vec::new());
        let mut new_state = false;
        let mut dump_times = None;
        let mut pairs = Vec::new();
        let mut pairs_cut = self.updates.pairs.cut;
        if let Some(dump) = self.dump.take() {
            let outcome = dump.finish(&mut self.routes)?;
            if let Some((from, until)) = outcome.at {
                self.span = Some(self.span.map_or((from, until), |(a, b)| (a.min(from), b.max(until))));
            }
            (holes, edges) = (outcome.holes, outcome.edges);
            new_state = outcome.state_written;
            dump_times = outcome.at;
            pairs = outcome.pairs;
            pairs_cut |= outcome.pairs_cut;
            for (key, held) in outcome.present {
                vantages.entry(key).or_default().0 = held;
            }
        }
        self.write_routes()?;
        self.write_updates()?;
        let bursts = std::mem::take(&mut self.updates.bursts).finish();
        pairs::announced(&self.updates.pairs, &mut pairs);
        self.write_pairs(pairs)?;
        if pairs_cut {
            let detail = format!("more than {} pairs of upstream and origin in a file", pairs::MAX_PAIRS);
            self.fault(Fault { offset: 0, kind: FaultKind::Limit, detail });
        }
        let tables: Vec<Table> = self.buffers.keys().copied().collect();
        for table in tables {
            self.write_buffer(table)?;
        }

        let window = self.draft.window.or(self.span);
        let Draft { name, path, sha256, archive_sha256, bytes, kind, series, .. } = self.draft.clone();
        let source = Source {
            id: self.id,
            name,
            path,
            sha256,
            archive_sha256,
            bytes,
            kind,
            series,
            from: window.map(|(from, _)| from),
            until: window.map(|(_, until)| until),
            rows: self.rows,
            faults: self.fault_counts.values().sum(),
        };
        let Moves { files, homes, segments } = self.moves(&source.sha256);
        let entry = Entry {
            source: &source,
            complete: self.complete,
            base: self.dump_base,
            ingested: now,
            segments: &segments,
            faults: &self.faults,
            fault_counts: &self.fault_counts,
            dump: dump_times,
            vantages: &vantages,
            states: &self.states,
            edges: &edges,
            bursts: &bursts,
            holes: &holes,
            asn_lists: &self.asn_lists,
            shifts: &self.routes.shifts,
            selection: self.selection.as_ref(),
        };
        let dir = &self.history.dir;
        let interruption = self.interruption;
        let new = self.history.catalogue.enter(
            &entry,
            || {
                pass(interruption, Step::Locked)?;
                for home in &homes {
                    fs::create_dir_all(home).map_err(|e| Error::io(home, e))?;
                }
                for (from, to) in &files {
                    fs::rename(from, to).map_err(|e| Error::io(to, e))?;
                    pass(interruption, Step::SegmentMoved)?;
                }
                // The names must be on disk before the catalogue says that they are.
                let segments = dir.join("segments");
                for home in homes.iter().chain((!homes.is_empty()).then_some(&segments)) {
                    sync_dir(home)?;
                }
                sync_dir(dir)
            },
            || pass(interruption, Step::Entered),
        )?;
        if !new {
            let there = self.history.catalogue.source(&source.sha256)?.unwrap_or(source);
            return Ok(Committed { source: there, new, segment_bytes: 0, segment_rows: 0, as_changes: false });
        }
        pass(interruption, Step::Committed)?;
        if dump_times.is_some() {
            place_state(&self.state_path(), new_state.then(|| self.workspace.path().join("dump.state")))?;
        }
        pass(interruption, Step::StatePlaced)?;
        Ok(Committed {
            new,
            segment_bytes: segments.iter().map(|s| s.bytes).sum(),
            segment_rows: segments.iter().map(|s| s.rows).sum(),
            as_changes: self.dump_base.is_some(),
            source,
        })
    }

    /// Where the written segments go.
    fn moves(&self, sha256: &str) -> Moves {
        let dir = &self.history.dir;
        let stem: String = sha256.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        let mut moves = Moves { files: Vec::new(), homes: BTreeSet::new(), segments: Vec::new() };
        for (n, segment) in self.segments.iter().enumerate() {
            let home = dir.join("segments").join(segment.table.name());
            let to = home.join(format!("{stem}-{}-{n:04}.parquet", self.id.0));
            moves.segments.push(SegmentFile {
                source: self.id,
                table: segment.table,
                file: relative(dir, &to),
                rows: segment.rows,
                bytes: segment.bytes,
                key: segment.key,
            });
            moves.files.push((segment.path.clone(), to));
            moves.homes.insert(home);
        }
        moves
    }

    pub(crate) fn state_path(&self) -> PathBuf {
        dump_state::path_for(&self.history.dir, &self.draft.series)
    }
}

struct Moves {
    files: Vec<(PathBuf, PathBuf)>,
    homes: BTreeSet<PathBuf>,
    segments: Vec<SegmentFile>,
}

/// Puts the new dump state in place, or takes the old one away where the dump leaves none.
fn place_state(to: &Path, new: Option<PathBuf>) -> Result<(), Error> {
    match new {
        Some(new) => fs::rename(new, to).map_err(|e| Error::io(to, e)),
        None => match fs::remove_file(to) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(to, e)),
            _ => Ok(()),
        },
    }
}

/// Brings the names in a directory to disk, where the system can.
fn sync_dir(path: &Path) -> Result<(), Error> {
    if cfg!(unix) { fs::File::open(path).and_then(|d| d.sync_all()).map_err(|e| Error::io(path, e)) } else { Ok(()) }
}
