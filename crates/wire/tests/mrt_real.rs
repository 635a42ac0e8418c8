//! Reads every real MRT file of the shared data and compares with a table of what is in it.

mod mrt_common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;

use headwater_route::{Event, Family, Fault, FaultKind, Observation, Prefix, Session, SessionId};
use headwater_wire::codec::{self, Limits};
use headwater_wire::mrt::{self, Interest, Options, Record, Sink};

use mrt_common::shared_mrt;

/// Counts what a file holds.
#[derive(Default)]
struct Counts {
    records: BTreeMap<(u16, u16), u64>,
    sessions: u64,
    peer_tables: u64,
    held: u64,
    announced: u64,
    withdrawn: u64,
    states: u64,
    path_ids: u64,
    multicast: u64,
    prefixes: BTreeSet<Prefix>,
    faults: BTreeMap<FaultKind, u64>,
    last_offset: u64,
}

impl Sink for Counts {
    fn record(&mut self, record: &Record) -> Interest {
        *self.records.entry((record.kind, record.subtype)).or_default() += 1;
        Interest::Decode
    }

    fn session(&mut self, id: SessionId, _: Session) {
        assert_eq!(u64::from(id.0), self.sessions, "ids count from 0");
        self.sessions += 1;
    }

    fn peer_table(&mut self, _: u64, _: std::net::Ipv4Addr, _: &str) {
        self.peer_tables += 1;
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        assert!(u64::from(observation.session.0) < self.sessions, "a session comes before its observations");
        assert!(observation.offset >= self.last_offset, "offsets never go back");
        self.last_offset = observation.offset;
        let nlri = match &observation.event {
            Event::Held(route) => {
                self.held += 1;
                route.nlri
            }
            Event::Announced(route) => {
                self.announced += 1;
                route.nlri
            }
            Event::Withdrawn(nlri) => {
                self.withdrawn += 1;
                *nlri
            }
            Event::State { .. } => {
                self.states += 1;
                return;
            }
        };
        self.path_ids += u64::from(nlri.path_id.is_some());
        self.multicast += u64::from(nlri.multicast);
        self.prefixes.insert(nlri.prefix);
    }

    fn fault(&mut self, fault: Fault) {
        if std::env::var_os("HEADWATER_SHOW_FAULTS").is_some() {
            println!("{fault:?}");
        }
        *self.faults.entry(fault.kind).or_default() += 1;
    }
}

/// What a file holds, in a line; what is not there is left out.
fn describe(name: &str, counts: &Counts, summary: &mrt::Summary) -> String {
    let mut line = format!("{name}:");
    for ((kind, subtype), count) in &counts.records {
        write!(line, " {kind}/{subtype}×{count}").unwrap();
    }
    write!(line, " | {} observations", summary.observations).unwrap();
    let v6 = counts.prefixes.iter().filter(|prefix| prefix.family() == Family::V6).count();
    let rows = [
        ("held", counts.held),
        ("announced", counts.announced),
        ("withdrawn", counts.withdrawn),
        ("states", counts.states),
        ("with path id", counts.path_ids),
        ("multicast", counts.multicast),
        ("prefixes", counts.prefixes.len() as u64),
        ("of them v6", v6 as u64),
        ("sessions", counts.sessions),
        ("peer tables", counts.peer_tables),
    ];
    for (what, count) in rows.iter().filter(|(_, count)| *count > 0) {
        write!(line, ", {count} {what}").unwrap();
    }
    let end = if summary.whole { "whole" } else { "not whole" };
    write!(line, " | {}/{} {end}", summary.first.unwrap(), summary.last.unwrap()).unwrap();
    for (kind, count) in &counts.faults {
        write!(line, ", {kind} {count}").unwrap();
    }
    line
}

/// Where the table differs from MANIFEST.md, which counts the lines of `bgpdump -m` and raw headers (see `mrt_text.rs` for
/// bgpdump line by line):
///
/// - `2000.01.bview`: there 1 route and broken framing. Its records hold many routes each, and a length that leaves out view
///   and sequence number; read so it comes out even to its last byte, with 452,018 routes.
/// - `alt-1028`: there cut inside its first record. Its lengths leave out the microseconds; read so it is whole.
/// - `1999.09`, `1999.12` and `2000.01.updates`: other numbers of prefixes, for bgpdump prints a peer's address for the prefix
///   of a withdrawal.
/// - `bird_bgp`, `bird6_bgp`: path identifiers in the plain type, which the OPEN announces: 14 routes to 4 prefixes each.
/// - `openbgpd_rib_table-mp`: BGP4MP_ENTRY, 31 routes that are not read there.
/// - `rib.20080501` and `rib.20140523`: one record more, the one that the stream ends in; of the latter 18 routes are whole.
#[test]
fn every_real_file_reads_as_the_table_says() {
    let Some(dir) = shared_mrt() else { return };
    let mut report = String::new();
    for path in mrt_common::files(&dir) {
        let mut stream = codec::open(File::open(&path).unwrap(), Limits::default()).unwrap();
        let mut counts = Counts::default();
        let summary = mrt::read(&mut stream, &Options::default(), &mut counts);
        let observations = counts.held + counts.announced + counts.withdrawn + counts.states;
        assert_eq!(summary.observations, observations);
        assert_eq!(summary.faults, counts.faults.values().sum::<u64>());
        let name = path.file_name().unwrap().to_string_lossy();
        writeln!(report, "{}", describe(&name, &counts, &summary)).unwrap();
    }
    expect_test::expect_file!["data/real_mrt.txt"].assert_eq(&report);
}
