//! One source into the history.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use headwater_history::{AsnList, Draft, History, Selection, Writer};
use headwater_route::rows::SnapshotRow;
use headwater_route::{Fault, FaultKind, Kind, Observation, Session, SessionId, Time};
use headwater_wire::sniff::Form;
use headwater_wire::{codec, mrt, snapshot};
use indicatif::ProgressBar;

use super::{Known, Report, Request, plan};
use crate::commands::now;
use crate::error::Error;
use crate::source::{self, Feed, Identified, Item, Place, Unread, Watch};

/// What reading needs beside the source.
pub struct Reading<'a> {
    pub request: &'a Request<'a>,
    /// What is taken from MRT files, where it is not everything.
    pub chosen: Option<&'a (mrt::Filter, Selection)>,
    pub known: &'a Known,
    pub tmp: &'a Path,
    pub bar: &'a ProgressBar,
}

type FaultCounts = BTreeMap<FaultKind, u64>;

/// A stream into a [`Writer`], with its faults counted.
struct Intake<'w, 'h> {
    writer: &'w mut Writer<'h>,
    faults: FaultCounts,
    /// Times of the first and last message of a session, wanted or not.
    messages: Option<(Time, Time)>,
}

impl Intake<'_, '_> {
    fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault.kind).or_default() += 1;
        self.writer.fault(fault);
    }
}

impl mrt::Sink for Intake<'_, '_> {
    fn record(&mut self, record: &mrt::Record) -> mrt::Interest {
        if record.is_message() {
            let time = record.time;
            self.messages = Some(self.messages.map_or((time, time), |(a, b)| (a.min(time), b.max(time))));
        }
        mrt::Interest::Decode
    }

    fn session(&mut self, id: SessionId, session: Session) {
        self.writer.session(id, session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        self.writer.observation(observation);
    }

    fn fault(&mut self, fault: Fault) {
        Intake::fault(self, fault);
    }
}

impl Reading<'_> {
    /// Reads a file, or every member of an archive.
    pub fn read(&self, history: &mut History, item: Item, report: &mut Report) -> Result<(), Error> {
        // The bar counts the bytes of an archive, not those of its members again.
        let bar = if item.archive_sha256.is_some() { ProgressBar::hidden() } else { self.bar.clone() };
        let watch = Watch::new(bar.clone());
        let bytes = item.bytes;
        let outcome = self.read_watched(history, item, &watch, report);
        bar.inc(bytes.saturating_sub(watch.bytes()));
        outcome
    }

    fn read_watched(&self, history: &mut History, item: Item, watch: &Watch, report: &mut Report) -> Result<(), Error> {
        if item.sniffed.date.or(self.request.as_of).is_none() && needs_date(item.sniffed.form) {
            let reason = "it has no date, neither inside nor in its name; `--as-of DATE` gives it one";
            report.unread.push(unread(&item, Some(FaultKind::Undated), reason.to_owned()));
            return Ok(());
        }
        let opened = item
            .place
            .open()
            .and_then(|inner| codec::open(Feed { inner, watch: watch.clone() }, self.request.limits.codec()));
        let mut stream = match opened {
            Ok(decoded) => decoded,
            Err(e) => {
                report.unread.push(unread(&item, None, e.to_string()));
                return Ok(());
            }
        };
        let draft = Draft {
            name: item.name.clone(),
            path: item.path.clone(),
            sha256: item.sha256.clone(),
            archive_sha256: item.archive_sha256.clone(),
            bytes: item.bytes,
            kind: item.sniffed.kind,
            series: item.sniffed.series.clone(),
            window: match item.sniffed.kind {
                Kind::Mrt | Kind::Tar => None,
                _ => item.sniffed.date.or(self.request.as_of),
            },
        };
        if item.sniffed.kind == Kind::Tar {
            return self.read_archive(history, &item, &mut stream, draft, watch, report);
        }

        let mut writer = history.begin(draft)?;
        let mut intake = Intake { writer: &mut writer, faults: FaultCounts::new(), messages: None };
        let empty = match item.sniffed.kind {
            Kind::Mrt => {
                self.read_mrt(&mut stream, &mut intake);
                false
            }
            _ => read_snapshot(&mut stream, &item, &mut intake),
        };
        let faults = intake.faults;
        drop(stream);
        if let Some(refusal) = self.refusal(&item, watch, empty, &faults) {
            report.unread.push(refusal);
            return Ok(());
        }
        report.committed(writer.commit(now())?, faults);
        Ok(())
    }

    fn read_mrt(&self, stream: &mut codec::Decoded, intake: &mut Intake<'_, '_>) {
        let filter = self.chosen.map(|(filter, _)| filter.clone()).unwrap_or_default();
        let window = filter.window;
        let options = mrt::Options { max_record_bytes: self.request.limits.record_bytes, filter };
        intake.writer.select(self.chosen.map(|(_, selection)| selection.clone()));
        mrt::read(stream, &options, intake);
        // That nothing wanted was said is known as well.
        if let Some((from, until)) = intake.messages.filter(|(from, until)| window.touches(*from, *until)) {
            let end = window.to.map_or(until, |to| until.min(Time(to.0.saturating_sub(1))));
            intake.writer.speaks_of(window.from.map_or(from, |start| from.max(start)), end);
        }
    }

    /// Why what was read of a source must not become visible, if so.
    fn refusal(&self, item: &Item, watch: &Watch, empty: bool, faults: &FaultCounts) -> Option<Unread> {
        if let Some(failure) = watch.failure() {
            return Some(unread(item, None, failure));
        }
        if !item.unchanged() {
            return Some(unread(item, None, "it was changed while it was read; ingest it again".to_owned()));
        }
        // A list that suddenly has no rows is a broken list, not a list of nothing.
        let kind = faults.keys().copied().find(|kind| kind.loses_content()).unwrap_or(FaultKind::Empty);
        empty.then(|| unread(item, Some(kind), "not one row could be read from it".to_owned()))
    }

    /// Reads the members, then enters the archive itself, unless a member was not read: then the archive is looked into again
    /// next time.
    fn read_archive(
        &self,
        history: &mut History,
        archive: &Item,
        stream: &mut dyn Read,
        draft: Draft,
        watch: &Watch,
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut failed = None;
        let mut faults = Vec::new();
        let mut members = Report::default();
        let mut seen: u64 = 0;
        codec::members(
            stream,
            self.request.limits.member_bytes,
            &mut |member, bytes| {
                if failed.is_some() || hidden(member.name) {
                    return;
                }
                seen += 1;
                let outcome = self.read_member(history, archive, &member, bytes, &mut members);
                failed = outcome.err();
            },
            &mut |fault| faults.push(fault),
        );
        let all_read = members.unread.is_empty();
        report.absorb(members);
        if let Some(error) = failed {
            return Err(error);
        }
        let mut counts = FaultCounts::new();
        for fault in &faults {
            *counts.entry(fault.kind).or_default() += 1;
        }
        if let Some(refusal) = self.refusal(archive, watch, seen == 0, &counts) {
            report.unread.push(refusal);
        } else if all_read {
            let mut writer = history.begin(draft)?;
            faults.into_iter().for_each(|fault| writer.fault(fault));
            report.committed(writer.commit(now())?, counts);
        } else if let Some(fault) = faults.into_iter().next() {
            report.unread.push(unread(archive, Some(fault.kind), fault.detail));
        }
        Ok(())
    }

    fn read_member(
        &self,
        history: &mut History,
        archive: &Item,
        member: &codec::Member<'_>,
        bytes: &mut dyn Read,
        report: &mut Report,
    ) -> Result<(), Error> {
        let name = format!("{}!{}", archive.name, member.name);
        let path = format!("{}!{}", archive.path, member.name);
        self.bar.set_message(crate::escape::terminal(&name).into_owned());
        let not_read = |kind, reason| Unread { name: name.clone(), path: path.clone(), bytes: None, kind, reason };
        let limit = self.request.limits.member_bytes;
        let place = match Place::keep(bytes, Some(member.size), limit, self.tmp) {
            Ok(Some((place, len))) if len == member.size => place,
            // A cut member is a fault of the archive, which is told once.
            Ok(_) => return Ok(()),
            Err(e) => {
                report.unread.push(not_read(None, e.to_string()));
                return Ok(());
            }
        };
        let known = |sha256: &str| self.known.all.contains(sha256);
        let archived = Some(archive.sha256.clone());
        match source::identify_place(place, name.clone(), path.clone(), archived, &known, self.request.limits.codec()) {
            Identified::Known(sha256) => report.known(&sha256, self.known),
            Identified::Unread(unread) => report.unread.push(unread),
            Identified::New(item) if item.sniffed.kind == Kind::Tar => report.unread.push(unread(
                &item,
                Some(FaultKind::UnsupportedKind),
                "an archive within an archive: not read by this version; unpack the outer one".to_owned(),
            )),
            Identified::New(mut item) => {
                if item.sniffed.kind == Kind::Mrt {
                    let named = self.request.collector.map(str::to_owned).or(item.collector.take());
                    item.sniffed.series = named.unwrap_or_else(|| plan::UNKNOWN_COLLECTOR.to_owned());
                }
                self.read(history, *item, report)?;
            }
        }
        Ok(())
    }
}

/// Reads a snapshot; true if it gave no rows.
fn read_snapshot(stream: &mut codec::Decoded, item: &Item, intake: &mut Intake<'_, '_>) -> bool {
    let shared = RefCell::new(intake);
    let summary = snapshot::read(
        stream,
        &item.sniffed,
        &mut |offset, row: SnapshotRow<'_>| shared.borrow_mut().writer.snapshot_row(offset, &row),
        &mut |fault| shared.borrow_mut().fault(fault),
    );
    if let (None, Some((from, until))) = (item.sniffed.date, summary.date) {
        shared.borrow_mut().writer.set_window(from, until);
    }
    let writer = &mut shared.borrow_mut().writer;
    writer.note_asn_list(AsnList::Clique, &summary.clique);
    writer.note_asn_list(AsnList::Ixps, &summary.ixps);
    if !summary.complete {
        writer.not_whole();
    }
    summary.rows == 0
}

/// True for forms whose rows do not carry dates of their own.
fn needs_date(form: Form) -> bool {
    !matches!(form, Form::Mrt | Form::Tar | Form::AsRelExtract)
}

/// True for a member that stands for metadata of the system that packed it.
fn hidden(member: &str) -> bool {
    member.split('/').any(|part| part.starts_with('.') && part != "." && part != "..")
}

fn unread(item: &Item, kind: Option<FaultKind>, reason: String) -> Unread {
    let bytes = Some((item.sha256.clone(), item.bytes));
    Unread { name: item.name.clone(), path: item.path.clone(), bytes, kind, reason }
}
