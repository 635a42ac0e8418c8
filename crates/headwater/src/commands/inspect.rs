//! `headwater inspect`: tells what files hold, without a history.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use headwater_route::{Event, Fault, FaultKind, Kind, Nlri, Observation, Session, SessionId, Time};
use headwater_wire::{codec, mrt, snapshot, sniff};
use serde::Serialize;

use super::Context;
use crate::envelope::{Envelope, Level, Message, Status};
use crate::error::{Error, Exit};
use crate::prefixes::Prefixes;
use crate::source::{Input, inputs};
use crate::text::{count, counted, size};

/// Faults by kind.
pub type Counts = BTreeMap<FaultKind, u64>;

/// Bytes of a member that are held at once.
const MEMBER_BYTES: usize = 64 << 10;

/// Arguments of `inspect`.
#[derive(clap::Args)]
#[command(after_help = "Faults are told by kind; exit code 2 says that content was lost or a file was not read.")]
pub struct Args {
    /// Files, directories, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// What a file holds.
#[derive(Serialize, Default)]
struct Inspection {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_read: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mrt: Option<MrtCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<SnapshotCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<u64>,
    faults: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    loses_content: bool,
}

#[derive(Serialize, Default)]
struct MrtCounts {
    /// Records by MRT type and subtype.
    records: BTreeMap<String, u64>,
    observations: u64,
    held: u64,
    announced: u64,
    withdrawn: u64,
    states: u64,
    multicast: u64,
    prefixes: Distinct,
    prefixes_ipv6: u64,
    vantages: usize,
    peer_asns: usize,
}

#[derive(Serialize)]
struct SnapshotCounts {
    series: String,
    rows: u64,
    complete: bool,
}

/// A count of distinct things, which may be a lower bound.
#[derive(Serialize, Default)]
struct Distinct {
    count: u64,
    at_least: bool,
}

/// Runs `inspect`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let limits = &context.config.limits;
    let mut found = Vec::new();
    for input in inputs(&args.paths, limits)? {
        match input {
            Input::Unread { name, reason } => {
                found.push(Inspection { name, not_read: Some(reason), loses_content: true, ..Inspection::default() });
            }
            Input::Stream { name, sniffed, mut stream, digest, .. } => {
                let first = found.len();
                look(name, &sniffed, &mut stream, context, &mut found);
                drop(stream);
                let hashed = digest.wait();
                let file = &mut found[first];
                file.bytes = Some(hashed.bytes);
                file.sha256 = hashed.whole.then_some(hashed.sha256);
            }
        }
    }
    let lossy = found.iter().filter(|f| f.loses_content).count();
    if context.output.json {
        let paths: Vec<String> = args.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let mut envelope = Envelope::new("inspect", paths, &found);
        if lossy > 0 {
            envelope.status = Status::Partial;
            let text = format!("{} not whole", counted(lossy as u64, "file is", "files are"));
            envelope.messages.push(Message { level: Level::Warning, text });
        }
        envelope.stats = context.output.cost(None);
        context.output.answer(&envelope)?;
    } else {
        let text: Vec<String> = found.iter().map(show).collect();
        context.output.print(&text.join("\n"))?;
        context.output.tell_cost(None);
    }
    Ok(if lossy > 0 { Exit::Incomplete } else { Exit::Done })
}

/// Looks through one stream; members of an archive follow it in `found`.
fn look(
    name: String,
    sniffed: &sniff::Sniffed,
    stream: &mut dyn BufRead,
    context: &Context<'_>,
    found: &mut Vec<Inspection>,
) {
    let limits = &context.config.limits;
    let mut faults = Counts::new();
    let mut here = Inspection { name: name.clone(), kind: Some(sniffed.kind), ..Inspection::default() };
    let mut members = Vec::new();
    match sniffed.kind {
        Kind::Mrt => {
            let mut sink = Counter::new(limits.inspect_distinct);
            let options = mrt::Options { max_record_bytes: limits.record_bytes, ..Default::default() };
            let summary = mrt::read(stream, &options, &mut sink);
            (here.from, here.until) = (summary.first, summary.last);
            here.mrt = Some(sink.counts());
            faults = sink.faults;
        }
        Kind::Tar => {
            let mut seen = 0;
            codec::members(
                stream,
                limits.member_bytes,
                &mut |member, bytes| {
                    seen += 1;
                    look_at_member(format!("{name}!{}", member.name), bytes, context, &mut members);
                },
                &mut |fault| *faults.entry(fault.kind).or_default() += 1,
            );
            here.members = Some(seen);
        }
        _ => {
            let summary = snapshot::read(stream, sniffed, &mut |_, _| {}, &mut |fault| {
                *faults.entry(fault.kind).or_default() += 1;
            });
            (here.from, here.until) = (summary.date.map(|d| d.0), summary.date.map(|d| d.1));
            here.snapshot =
                Some(SnapshotCounts { series: sniffed.series.clone(), rows: summary.rows, complete: summary.complete });
        }
    }
    here.loses_content = faults.keys().any(|kind| kind.loses_content()) || members.iter().any(|m| m.loses_content);
    here.faults = faults.into_iter().map(|(kind, count)| (kind.code(), count)).collect();
    found.push(here);
    found.append(&mut members);
}

fn look_at_member(name: String, bytes: &mut dyn Read, context: &Context<'_>, found: &mut Vec<Inspection>) {
    let mut head = Vec::new();
    let unread =
        |name, reason| Inspection { name, not_read: Some(reason), loses_content: true, ..Inspection::default() };
    if let Err(e) = bytes.take(sniff::HEAD_BYTES as u64).read_to_end(&mut head) {
        return found.push(unread(name, e.to_string()));
    }
    match sniff::sniff(&head, &name) {
        Ok(sniffed) if sniffed.kind == Kind::Tar => found.push(unread(name, "an archive within an archive".to_owned())),
        Ok(sniffed) => {
            let bytes = BufReader::with_capacity(MEMBER_BYTES, bytes);
            look(name, &sniffed, &mut head.as_slice().chain(bytes), context, found);
        }
        Err(fault) => found.push(unread(name, format!("{}: {}", fault.kind, fault.detail))),
    }
}

/// Counts what an MRT stream holds.
struct Counter {
    records: BTreeMap<(u16, u16), u64>,
    faults: Counts,
    counts: MrtCounts,
    prefixes: Prefixes,
    sessions: Vec<Session>,
}

impl Counter {
    fn new(limit: usize) -> Counter {
        Counter {
            records: BTreeMap::new(),
            faults: Counts::new(),
            counts: MrtCounts::default(),
            prefixes: Prefixes::new(limit),
            sessions: Vec::new(),
        }
    }

    fn nlri(&mut self, nlri: &Nlri) {
        self.counts.multicast += u64::from(nlri.multicast);
        self.prefixes.add(&nlri.prefix);
    }

    fn counts(&mut self) -> MrtCounts {
        let mut counts = std::mem::take(&mut self.counts);
        counts.records = self.records.iter().map(|((kind, sub), n)| (format!("{kind}/{sub}"), *n)).collect();
        counts.prefixes = Distinct { count: self.prefixes.len() as u64, at_least: self.prefixes.at_least };
        counts.prefixes_ipv6 = self.prefixes.len_v6() as u64;
        counts.vantages = self.sessions.len();
        counts.peer_asns = self.sessions.iter().map(|s| s.asn).collect::<BTreeSet<_>>().len();
        counts
    }
}

impl mrt::Sink for Counter {
    fn record(&mut self, record: &mrt::Record) -> mrt::Interest {
        *self.records.entry((record.kind, record.subtype)).or_default() += 1;
        mrt::Interest::Decode
    }

    fn session(&mut self, _: SessionId, session: Session) {
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        self.counts.observations += 1;
        match &observation.event {
            Event::Held(route) => {
                self.counts.held += 1;
                self.nlri(&route.nlri);
            }
            Event::Announced(route) => {
                self.counts.announced += 1;
                self.nlri(&route.nlri);
            }
            Event::Withdrawn(nlri) => {
                self.counts.withdrawn += 1;
                self.nlri(nlri);
            }
            Event::State { .. } => self.counts.states += 1,
        }
    }

    fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault.kind).or_default() += 1;
    }
}

/// Tells faults of a file on stderr; true if content was lost.
pub fn tell_faults(name: &str, faults: &Counts, context: &Context<'_>) -> bool {
    if !faults.is_empty() {
        let shown: Vec<String> = faults.iter().map(|(kind, n)| format!("{} {kind}", count(*n))).collect();
        context.output.note(&format!("{name}: faults: {}", shown.join(", ")));
    }
    faults.keys().any(|kind| kind.loses_content())
}

fn show(found: &Inspection) -> String {
    let mut out = format!("{}\n", crate::escape::terminal(&found.name));
    let mut line = |label: &str, text: String| {
        out.push_str(&format!("  {label:<14} {}\n", crate::escape::terminal(&text)));
    };
    if let Some(kind) = found.kind {
        let series = found.snapshot.as_ref().map(|s| format!(", {}", s.series)).unwrap_or_default();
        line("kind", format!("{}{series}", kind.code()));
    }
    if let (Some(sha256), Some(bytes)) = (&found.sha256, found.bytes) {
        line("sha256", sha256.clone());
        line("size", size(bytes));
    }
    if let Some(reason) = &found.not_read {
        line("not read", reason.clone());
    }
    if let (Some(from), Some(until)) = (found.from, found.until) {
        line("time", if from == until { from.to_string() } else { format!("{from} to {until}") });
    }
    if let Some(mrt) = &found.mrt {
        let records: Vec<String> = mrt.records.iter().map(|(kind, n)| format!("{kind} × {}", count(*n))).collect();
        line("records", records.join(", "));
        line("observations", count(mrt.observations));
        for (label, n) in
            [("held", mrt.held), ("announced", mrt.announced), ("withdrawn", mrt.withdrawn), ("states", mrt.states)]
        {
            if n > 0 {
                line(&format!("  {label}"), count(n));
            }
        }
        if mrt.multicast > 0 {
            line("  multicast", count(mrt.multicast));
        }
        let least = if mrt.prefixes.at_least { "at least " } else { "" };
        line("prefixes", format!("{least}{}, {} of them IPv6", count(mrt.prefixes.count), count(mrt.prefixes_ipv6)));
        line(
            "vantages",
            format!("{} of {}", count(mrt.vantages as u64), counted(mrt.peer_asns as u64, "peer AS", "peer ASes")),
        );
    }
    if let Some(snapshot) = &found.snapshot {
        let whole =
            if snapshot.complete { "a whole publication" } else { "not a whole publication: it cannot show absence" };
        line("rows", format!("{}, {whole}", count(snapshot.rows)));
        if found.from.is_none() {
            line("time", "undated".to_owned());
        }
    }
    if let Some(members) = found.members {
        line("members", count(members));
    }
    if found.faults.is_empty() {
        if found.not_read.is_none() {
            line("faults", "none".to_owned());
        }
    } else {
        let faults: Vec<String> = found.faults.iter().map(|(kind, n)| format!("{} {kind}", count(*n))).collect();
        line("faults", faults.join(", "));
    }
    out
}
