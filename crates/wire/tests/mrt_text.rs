//! Real files as text, against what bgpdump prints for them.

mod mrt_common;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use headwater_route::{Fault, Observation, Session, SessionId};
use headwater_wire::codec::{self, Limits};
use headwater_wire::mrt::{self, Interest, Options, Record, Sink, text::write_bgpdump_m};

use mrt_common::shared_mrt;

/// Writes every observation as a line.
#[derive(Default)]
struct Lines {
    out: Vec<u8>,
    record: Option<Record>,
    sessions: Vec<Session>,
}

impl Sink for Lines {
    fn record(&mut self, record: &Record) -> Interest {
        self.record = Some(*record);
        Interest::Decode
    }

    fn session(&mut self, _: SessionId, session: Session) {
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let session = &self.sessions[observation.session.0 as usize];
        write_bgpdump_m(&mut self.out, self.record.as_ref().unwrap(), observation, session);
        self.out.push(b'\n');
    }

    fn fault(&mut self, _: Fault) {}
}

fn lines_of(path: &Path) -> String {
    let mut stream = codec::open(File::open(path).unwrap(), Limits::default()).unwrap();
    let mut lines = Lines::default();
    mrt::read(&mut stream, &Options::default(), &mut lines);
    String::from_utf8(lines.out).unwrap()
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    codec::open(File::open(path).unwrap(), Limits::default()).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Every line, in order, of the golden files that came with bgpdump's own test data.
#[test]
fn golden_lines_of_bgpdump_are_met() {
    let Some(dir) = shared_mrt() else { return };
    let mut compared = 0;
    for golden in mrt_common::files(&dir.join("expect")) {
        let name = golden.file_name().unwrap().to_string_lossy().replace(".bgp.gz", "");
        let input = dir.join(format!("bgpdump.{name}"));
        if !input.is_file() {
            // Of one golden file the input is not there: its lines are only words about a table.
            assert_eq!(name, "bview.20100701.0759.gz");
            continue;
        }
        let (ours, theirs) = (lines_of(&input), unpacked(&golden));
        for (number, (our, their)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(our, their, "{name}, line {}", number + 1);
        }
        assert_eq!(ours.lines().count(), theirs.lines().count(), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 10);
}

/// The lines of `bgpdump -m`, where it is installed.
fn bgpdump(path: &Path) -> Option<String> {
    let output = Command::new("bgpdump").arg("-m").arg(path).stderr(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where we differ from bgpdump 1.6.2 on purpose: lines of ours, lines of theirs that the other does not have.
///
/// - `alt-1028`: its record lengths leave out the microseconds; bgpdump stops after the first record.
/// - `nlri_mask…`: bgpdump prints the stray bits (its own golden file does not).
/// - type BGP of 1999 and 2000: bgpdump prints the peer's address for the prefix of a withdrawal, and no bar before the
///   communities of an announcement.
/// - `2000.01.bview`: many routes in a record, of which bgpdump reads the first of the first.
/// - `bird_bgp`, `bird6_bgp`: path identifiers in plain records, which bgpdump reads as prefixes: 14 routes, not 24 and 32.
/// - `openbgpd_rib_table`: an AGGREGATOR of eight bytes beside a two-byte path, which bgpdump takes for six.
/// - `openbgpd_rib_table-mp`: BGP4MP_ENTRY, which bgpdump does not read.
/// - `rib.20140523`: of the record that the stream ends in, 18 whole entries are kept.
#[test]
fn real_files_differ_from_bgpdump_only_on_purpose() {
    let Some(dir) = shared_mrt() else { return };
    let mut report = String::new();
    for path in mrt_common::files(&dir) {
        let Some(theirs) = bgpdump(&path) else {
            println!("skipped: bgpdump is not installed");
            return;
        };
        let ours = lines_of(&path);
        let ordered = ours == theirs;
        let mut counts: HashMap<&str, i64> = HashMap::new();
        ours.lines().for_each(|line| *counts.entry(line).or_default() += 1);
        theirs.lines().for_each(|line| *counts.entry(line).or_default() -= 1);
        let only_ours: i64 = counts.values().filter(|count| **count > 0).sum();
        let only_theirs: i64 = counts.values().filter(|count| **count < 0).map(|count| -count).sum();
        assert_eq!(ordered, only_ours + only_theirs == 0, "{}: the order differs", path.display());
        if !ordered {
            let name = path.file_name().unwrap().to_string_lossy();
            writeln!(report, "{name}: {only_ours} only here, {only_theirs} only there").unwrap();
        }
    }
    expect_test::expect![[r#"
        bgpdump.alt-1028.updates.et-header.2015.gz: 80 only here, 0 only there
        bgpdump.updates.nlri_mask_trailing_bits.gz: 1 only here, 1 only there
        bgpkit.ripe.rrc00.1999.09.updates.19990903.1041.gz: 25 only here, 25 only there
        bgpkit.ripe.rrc00.1999.12.updates.19991214.1621.gz: 1366 only here, 1366 only there
        bgpkit.ripe.rrc00.2000.01.bview.20000111.0032.gz: 452017 only here, 0 only there
        bgpkit.ripe.rrc00.2000.01.updates.20000102.2014.gz: 675 only here, 675 only there
        mrtparse.bird6_bgp: 14 only here, 32 only there
        mrtparse.bird_bgp: 14 only here, 24 only there
        mrtparse.openbgpd_rib_table: 1 only here, 1 only there
        mrtparse.openbgpd_rib_table-mp: 31 only here, 0 only there
        pyasn.rib.20140523.0600_firstMB.bz2: 18 only here, 0 only there
    "#]]
    .assert_eq(&report);
}
