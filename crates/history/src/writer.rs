//! One source on its way into the history: visible whole or not at all.
//!
//! Segments are written into a directory of their own under `incoming/`. [`Writer::commit`] takes the catalogue's write lock,
//! moves the files to `segments/`, enters the source and everything known of it, and commits. Whatever stops the process
//! before that leaves debris that [`History::sweep`] removes and nobody ever sees.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use headwater_route::rows::{SnapshotRow, Vantage};
use headwater_route::{Asn, Event, Family, Fault, FaultKind, Kind, Observation, Session, SessionId, SourceId, Time};

use crate::catalogue::{AsnList, Selection};
use crate::commit::{Interruption, Step, pass};
use crate::dump_state::{self, StateReader, StateWriter};
use crate::routes::dump::{Dump, Holder};
use crate::routes::pairs::{self, PairRow};
use crate::routes::rows::{MAX_VANTAGE, RouteRows};
use crate::routes::updates::UpdateRows;
use crate::segment::{Finished, SegmentWriter};
use crate::snapshots::{Buffer, SnapshotFrame, table_rows};
use crate::table::Table;
use crate::workspace::Workspace;
use crate::{Error, History};

/// Faults of one kind stored one by one for a source; further ones are counted.
const STORED_FAULTS: u64 = 1000;
/// Bytes of a fault's detail that are stored.
const DETAIL_BYTES: usize = 1000;
/// Rows of a snapshot table a segment is sorted and written at.
const SNAPSHOT_ROWS: usize = 1 << 21;
/// Memory of the rows of all snapshot tables at which the largest is written.
const SNAPSHOT_BYTES: usize = 256 << 20;
/// Sessions read from one source; what further ones say is lost, with a fault.
const MAX_SESSIONS: usize = 1 << 16;
/// Session state changes kept from one source; further ones are lost, with a fault.
const MAX_STATES: usize = 1 << 20;

/// A session whose vantage has no number yet.
const UNNUMBERED: i32 = -1;

/// What is known of a source before it is read.
#[derive(Clone, Debug)]
pub struct Draft {
    /// File name, with the member after `!` for an archive member.
    pub name: String,
    /// Absolute path, or `-`.
    pub path: String,
    /// sha256 of the stored bytes, lower-case hex.
    pub sha256: String,
    /// sha256 of the archive, for a member.
    pub archive_sha256: Option<String>,
    /// Size of the stored bytes.
    pub bytes: u64,
    /// Kind.
    pub kind: Kind,
    /// Series; for MRT the collector.
    pub series: String,
    /// Times the content covers, where known beforehand; MRT finds its own.
    pub window: Option<(Time, Time)>,
}

/// Reads one source into the history. Dropped without [`Writer::commit`], it leaves nothing.
pub struct Writer<'h> {
    pub(crate) history: &'h mut History,
    pub(crate) draft: Draft,
    pub(crate) id: SourceId,
    pub(crate) workspace: Workspace,
    pub(crate) segments: Vec<Finished>,
    pub(crate) buffers: BTreeMap<Table, Buffer>,
    /// Number of the vantage of each session, by session.
    sessions: Vec<i32>,
    /// Network of each vantage of the source, by number of the vantage.
    networks: Vec<u32>,
    /// Sessions whose vantages have no number yet.
    new_sessions: BTreeMap<usize, Vantage>,
    pub(crate) routes: RouteRows,
    pub(crate) dump: Option<Dump>,
    pub(crate) dump_base: Option<SourceId>,
    pub(crate) updates: UpdateRows,
    pub(crate) update_vantages: BTreeMap<(i32, Family), u64>,
    pub(crate) states: Vec<(i32, Time, u16, u16, u64)>,
    pub(crate) span: Option<(Time, Time)>,
    pub(crate) asn_lists: BTreeMap<AsnList, BTreeSet<Asn>>,
    pub(crate) selection: Option<Selection>,
    pub(crate) rows: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) fault_counts: BTreeMap<FaultKind, u64>,
    pub(crate) complete: bool,
    /// The first error of a call that cannot return one; `commit` does.
    pub(crate) failed: Option<Error>,
    pub(crate) interruption: Option<Interruption>,
}

impl History {
    /// Starts to read a source. Ask [`crate::catalogue::Catalogue::source`] first whether it is there already.
    pub fn begin(&mut self, draft: Draft) -> Result<Writer<'_>, Error> {
        let dir = &self.dir;
        let space = |id: SourceId| Workspace::create(dir, &format!("{}-{}", id.0, std::process::id()));
        let (id, workspace) = self.catalogue.reserve_source(space)?;
        Ok(Writer {
            history: self,
            draft,
            id,
            workspace,
            segments: Vec::new(),
            buffers: BTreeMap::new(),
            sessions: Vec::new(),
            networks: Vec::new(),
            new_sessions: BTreeMap::new(),
            routes: RouteRows::default(),
            dump: None,
            dump_base: None,
            updates: UpdateRows::default(),
            update_vantages: BTreeMap::new(),
            states: Vec::new(),
            span: None,
            asn_lists: BTreeMap::new(),
            selection: None,
            rows: 0,
            faults: Vec::new(),
            fault_counts: BTreeMap::new(),
            complete: true,
            failed: None,
            interruption: None,
        })
    }
}

impl Writer<'_> {
    /// Stops the writer at a step with [`Error::Interrupted`] and leaves its debris. For tests of what a crash leaves.
    pub fn interrupt_at(&mut self, step: Step) {
        self.interruption = Some(Interruption::Stop(step));
    }

    /// Kills the process at a step. For tests of what a crash leaves.
    pub fn abort_at(&mut self, step: Step) {
        self.interruption = Some(Interruption::Abort(step));
    }

    /// True if something failed that [`Writer::commit`] will return: reading on is of no use.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// The times the content covers, if they became known while reading.
    pub fn set_window(&mut self, from: Time, until: Time) {
        self.draft.window = Some((from, until));
    }

    /// Takes a list of ASNs that the source states beside its rows. Several calls add up.
    pub fn note_asn_list(&mut self, kind: AsnList, asns: &[Asn]) {
        if !asns.is_empty() {
            self.asn_lists.entry(kind).or_default().extend(asns);
        }
    }

    /// Only some observations of an MRT source will be handed in. The history must have been told of that choice
    /// ([`crate::catalogue::Catalogue::select`]); [`Writer::commit`] fails if it has another.
    pub fn select(&mut self, selection: Option<Selection>) {
        self.selection = selection;
    }

    /// An MRT source speaks of these times, whether or not an observation of them is handed in. Several calls add up.
    pub fn speaks_of(&mut self, from: Time, until: Time) {
        self.span = Some(self.span.map_or((from, until), |(a, b)| (a.min(from), b.max(until))));
    }

    /// The source is not what it says it is, as when a count of its own is missed: what it lacks is not absent.
    pub fn not_whole(&mut self) {
        self.complete = false;
    }

    /// Takes a row of a published snapshot.
    pub fn snapshot_row(&mut self, offset: u64, row: &SnapshotRow<'_>) {
        if self.failed.is_some() {
            return;
        }
        let frame = SnapshotFrame { source: self.id, series: &self.draft.series };
        let buffers = &mut self.buffers;
        let mut full = None;
        table_rows(&frame, offset, row, |table, cells| {
            let buffer = buffers.entry(table).or_insert_with(|| Buffer::new(table));
            buffer.push(cells);
            if buffer.rows() >= SNAPSHOT_ROWS {
                full = Some(table);
            }
        });
        self.rows += 1;
        if full.is_none() && self.buffers.values().map(Buffer::bytes).sum::<usize>() >= SNAPSHOT_BYTES {
            full = self.buffers.iter().max_by_key(|(_, buffer)| buffer.bytes()).map(|(table, _)| *table);
        }
        if let Some(table) = full {
            let written = self.write_buffer(table);
            self.keep_error(written);
        }
    }

    /// Learns a session of an MRT source.
    pub fn session(&mut self, id: SessionId, session: Session) {
        let vantage = Vantage { collector: self.draft.series.clone(), asn: session.asn, addr: session.addr };
        let slot = id.0 as usize;
        if slot >= MAX_SESSIONS {
            return;
        }
        if self.sessions.len() <= slot {
            self.sessions.resize(slot + 1, UNNUMBERED);
        }
        self.sessions[slot] = UNNUMBERED;
        self.new_sessions.insert(slot, vantage);
    }

    /// The vantage of a session; `None` for a session beyond the limit.
    fn vantage(&mut self, session: SessionId, offset: u64) -> Result<Option<i32>, Error> {
        let slot = session.0 as usize;
        if slot >= MAX_SESSIONS {
            let detail = format!("more than {MAX_SESSIONS} sessions in a file");
            self.fault(Fault { offset, kind: FaultKind::Limit, detail });
            return Ok(None);
        }
        if self.sessions.get(slot).is_none_or(|vantage| *vantage == UNNUMBERED) {
            // Numbers are given when somebody speaks, all at once: a peer table has many that never do.
            let (slots, vantages): (Vec<usize>, Vec<Vantage>) =
                std::mem::take(&mut self.new_sessions).into_iter().unzip();
            let ids = self.history.catalogue.vantage_ids(&vantages)?;
            for ((slot, id), vantage) in slots.into_iter().zip(ids).zip(&vantages) {
                let Some(number) = usize::try_from(id).ok().filter(|_| id <= MAX_VANTAGE) else {
                    return Err(Error::Engine("more than 16 million vantages".to_owned()));
                };
                self.sessions[slot] = id;
                if self.networks.len() <= number {
                    self.networks.resize(number + 1, 0);
                }
                self.networks[number] = vantage.asn.0;
            }
        }
        match self.sessions.get(slot) {
            Some(&vantage) if vantage != UNNUMBERED => Ok(Some(vantage)),
            _ => Err(Error::Engine(format!("an observation of session {slot}, which was never introduced"))),
        }
    }

    /// Takes an observation of an MRT source. Sessions come first ([`Writer::session`]).
    pub fn observation(&mut self, observation: &Observation<'_>) {
        if self.failed.is_some() {
            return;
        }
        let taken = self.take_observation(observation);
        self.keep_error(taken);
    }

    fn take_observation(&mut self, observation: &Observation<'_>) -> Result<(), Error> {
        let Observation { offset, time, session, event } = *observation;
        let Some(vantage) = self.vantage(session, offset)? else { return Ok(()) };
        self.rows += 1;
        match event {
            Event::Held(route) => {
                if self.dump.is_none() {
                    self.open_dump()?;
                }
                if let Some(dump) = &mut self.dump {
                    let network = self.networks.get(vantage as usize).copied().unwrap_or(0);
                    let holder = Holder { vantage, network };
                    dump.held(&mut self.routes, holder, time, offset, route.nlri, route.attributes)?;
                }
                if self.routes.is_full() {
                    self.write_routes()?;
                }
                return Ok(());
            }
            Event::Announced(route) => {
                self.updates.announced(vantage, time, offset, route.nlri, route.attributes);
                *self.update_vantages.entry((vantage, route.nlri.prefix.family())).or_default() += 1;
            }
            Event::Withdrawn(nlri) => {
                self.updates.withdrawn(vantage, time, offset, nlri);
                *self.update_vantages.entry((vantage, nlri.prefix.family())).or_default() += 1;
            }
            Event::State { from, to } if self.states.len() < MAX_STATES => {
                self.states.push((vantage, time, from, to, offset));
            }
            Event::State { .. } => {
                let detail = format!("more than {MAX_STATES} session state changes in a file");
                self.fault(Fault { offset, kind: FaultKind::Limit, detail });
            }
        }
        self.speaks_of(time, time);
        if self.updates.is_full() {
            self.write_updates()?;
        }
        Ok(())
    }

    /// Takes a fault. Every fault is counted; of each kind the first 1,000 are stored with their place.
    pub fn fault(&mut self, mut fault: Fault) {
        if fault.kind.loses_content() {
            self.complete = false;
            if let Some(dump) = &mut self.dump {
                dump.lost();
            }
        }
        let count = self.fault_counts.entry(fault.kind).or_default();
        *count += 1;
        if *count <= STORED_FAULTS {
            fault.detail.truncate(fault.detail.floor_char_boundary(DETAIL_BYTES));
            self.faults.push(fault);
        }
    }

    fn keep_error(&mut self, result: Result<(), Error>) {
        if let Err(e) = result {
            self.failed.get_or_insert(e);
        }
    }

    fn segment_path(&self, table: Table) -> PathBuf {
        let n = self.segments.iter().filter(|s| s.table == table).count();
        self.workspace.path().join(format!("{}-{}-{n:04}.parquet", table.name(), self.id.0))
    }

    pub(crate) fn write_buffer(&mut self, table: Table) -> Result<(), Error> {
        let Some(buffer) = self.buffers.get(&table) else { return Ok(()) };
        if buffer.rows() == 0 {
            return Ok(());
        }
        let window = self.draft.window.unwrap_or((Time(0), Time(0)));
        let rows = buffer.rows();
        let path = self.segment_path(table);
        let mut writer = SegmentWriter::create(table, &path, rows)?;
        if let Some(buffer) = self.buffers.get_mut(&table) {
            buffer.take_sorted(window, |batch| writer.write(batch))?;
        }
        self.segments.push(writer.finish()?);
        pass(self.interruption, Step::SegmentWritten)
    }

    fn open_dump(&mut self) -> Result<(), Error> {
        let path = self.state_path();
        let home = self.history.dir.join(dump_state::HOME);
        fs::create_dir_all(&home).map_err(|e| Error::io(&home, e))?;
        // A state is built on only if its dump is visible and is the one it says.
        let base = match StateReader::open(&path).map_err(|e| Error::io(&path, e))? {
            Some(reader) => {
                let sha256 = self.history.catalogue.sha256(reader.source)?;
                sha256.is_some_and(|sha256| dump_state::sha_mark(&sha256) == reader.sha_mark).then_some(reader)
            }
            None => None,
        };
        self.dump_base = base.as_ref().map(|b| b.source);
        self.routes.are_changes = base.is_some();
        let state = StateWriter::create(&self.workspace.path().join("dump.state"), self.id, &self.draft.sha256)?;
        let mut dump = Dump::new(base, Some(state));
        if !self.complete {
            // Whatever was lost before the first route may have been routes.
            dump.lost();
        }
        self.dump = Some(dump);
        Ok(())
    }

    pub(crate) fn write_routes(&mut self) -> Result<(), Error> {
        if !self.routes.is_empty() {
            let (routes, index) = (self.segment_path(Table::Routes), self.segment_path(Table::PrefixOrigins));
            let written = self.routes.write(self.id, &self.networks, &routes, &index)?;
            self.segments.extend(written);
            pass(self.interruption, Step::SegmentWritten)?;
        }
        Ok(())
    }

    pub(crate) fn write_pairs(&mut self, rows: Vec<PairRow>) -> Result<(), Error> {
        if !rows.is_empty() {
            let written = pairs::write(self.id, rows, &self.segment_path(Table::UpstreamOrigins))?;
            self.segments.push(written);
            pass(self.interruption, Step::SegmentWritten)?;
        }
        Ok(())
    }

    pub(crate) fn write_updates(&mut self) -> Result<(), Error> {
        if !self.updates.is_empty() {
            let (updates, index) = (self.segment_path(Table::Updates), self.segment_path(Table::OriginPrefixes));
            let written = self.updates.write(self.id, &self.networks, &updates, &index)?;
            self.segments.extend(written);
            pass(self.interruption, Step::SegmentWritten)?;
        }
        Ok(())
    }
}
