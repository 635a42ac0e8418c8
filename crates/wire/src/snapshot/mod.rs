//! Published snapshots, line by line (formats §1.6, §1.8–§1.10): AS relationships, prefix origins, names, tags, delegations
//! and validated RPKI payloads.
//!
//! Place on the way: after [`crate::codec`] and [`crate::sniff`]; hands [`SnapshotRow`]s and [`Fault`]s on as they come and
//! holds one line at a time. Must not know: what the rows are for, and earlier snapshots.

mod as_rel;
mod delegated;
mod fields;
mod json;
mod lines;
mod names;
mod origin;
mod rpki;

use std::io::BufRead;

use headwater_route::rows::SnapshotRow;
use headwater_route::{Asn, Fault, FaultKind, Time};

use crate::sniff::{Form, Sniffed};

/// Longest line, and longest JSON item, that is read; a longer one is an `oversized_record` and is passed over.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// What a snapshot turned out to be, once read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Rows handed on.
    pub rows: u64,
    /// Faults handed on.
    pub faults: u64,
    /// Lines or records that gave no row because of a fault.
    pub lost: u64,
    /// First and last instant the content speaks about: from the content where it says so, else as sniffed. `None`: undated.
    pub date: Option<(Time, Time)>,
    /// True if the stream came to its own end: not cut, damaged, or stopped by a limit.
    pub whole: bool,
    /// True if what the rows lack the publication lacks: a whole publication, read whole, no line lost, no count of its own
    /// missed. Never true of an extract.
    pub complete: bool,
    /// The clique at the top that AS relationships were inferred from, where the file says so.
    pub clique: Vec<Asn>,
    /// The ASNs of exchange route servers that AS relationships leave out, where the file says so.
    pub ixps: Vec<Asn>,
}

/// Reads a snapshot to its end.
///
/// `rows` gets each row with the byte offset of its line (for JSON: of its object or string) in the decompressed stream;
/// several rows may share one (providers of one ASPA). `faults` gets each piece of bad data; the rest is read on.
pub fn read(
    reader: &mut dyn BufRead,
    sniffed: &Sniffed,
    rows: &mut dyn FnMut(u64, SnapshotRow<'_>),
    faults: &mut dyn FnMut(Fault),
) -> Summary {
    let summary = Summary { date: sniffed.date, whole: true, ..Summary::default() };
    let mut sink = Sink { rows, faults, summary, miscounted: false };
    match sniffed.form {
        Form::AsRel1 => as_rel::read(reader, as_rel::Serial::One, &mut sink),
        Form::AsRel2 => as_rel::read(reader, as_rel::Serial::Two, &mut sink),
        Form::AsRelExtract => as_rel::read_extract(reader, &mut sink),
        Form::IpfireLocation => lines::read(reader, &mut sink, Some("prefix,asn,country,flags"), origin::ipfire),
        Form::Iplocdb => lines::read(reader, &mut sink, None, origin::iplocdb),
        Form::DfzPrefixAsn => lines::read(reader, &mut sink, Some("net,len,asn"), origin::dfz),
        Form::PyasnIpasn => lines::read(reader, &mut sink, None, origin::pyasn),
        Form::Asn2org => lines::read(reader, &mut sink, Some("asn,name,source"), names::asn2org),
        Form::BgptoolsAsns => lines::read(reader, &mut sink, Some("asn,name,class,cc"), names::bgptools),
        Form::IpfireAsnames => lines::read(reader, &mut sink, None, names::ipfire),
        Form::PyasnAsnames => names::read_pyasn(reader, &mut sink),
        Form::BgptoolsTags => lines::read(reader, &mut sink, Some("tag,asn,name"), names::tags),
        Form::Delegated => delegated::read(reader, &mut sink),
        Form::RpkiJson => rpki::read(reader, &mut sink),
        Form::Mrt | Form::Tar => {
            sink.summary.whole = false;
            sink.fault(0, FaultKind::UnsupportedKind, format!("{:?} is not read as a snapshot", sniffed.form));
        }
    }
    let mut summary = sink.summary;
    summary.complete =
        summary.whole && summary.lost == 0 && !sink.miscounted && !matches!(sniffed.form, Form::AsRelExtract);
    summary
}

/// Where rows and faults go, and their count.
struct Sink<'a> {
    rows: &'a mut dyn FnMut(u64, SnapshotRow<'_>),
    faults: &'a mut dyn FnMut(Fault),
    summary: Summary,
    miscounted: bool,
}

impl Sink<'_> {
    fn row(&mut self, offset: u64, row: SnapshotRow<'_>) {
        self.summary.rows += 1;
        (self.rows)(offset, row);
    }

    /// A fault that loses nothing by itself.
    fn fault(&mut self, offset: u64, kind: FaultKind, detail: String) {
        self.summary.faults += 1;
        self.miscounted |= kind == FaultKind::CountMismatch;
        (self.faults)(Fault { offset, kind, detail });
    }

    /// A fault for which a line or record gives no row.
    fn lose(&mut self, offset: u64, kind: FaultKind, detail: String) {
        self.summary.lost += 1;
        self.fault(offset, kind, detail);
    }
}

/// Why a line gives no row.
struct Bad(FaultKind, String);

impl Bad {
    fn line(what: &str, text: &str) -> Bad {
        Bad(FaultKind::BadLine, format!("{what}: {}", quote(text)))
    }
}

/// The start of a hostile text, for a fault's detail.
fn quote(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
