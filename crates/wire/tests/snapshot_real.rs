//! Sniffs and reads every real file of the shared data, members of archives too, and compares with a table. The numbers
//! agree with the data's MANIFEST.md where that counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use headwater_route::{Fault, FaultKind, Time};
use headwater_wire::codec::{self, Hashing, Limits};
use headwater_wire::snapshot;
use headwater_wire::sniff::{Form, HEAD_BYTES, sniff};

fn shared_data() -> Option<PathBuf> {
    let dir = std::env::var_os("HEADWATER_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: shared data not found at {}", dir.display());
    None
}

fn files_below(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

type Counts = BTreeMap<FaultKind, u64>;

/// One line about one stream: what it is, its date, rows, faults by kind.
fn describe(name: &str, reader: &mut dyn Read, report: &mut String) {
    let mut head = Vec::new();
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head).ok();
    let sniffed = match sniff(&head, name) {
        Ok(sniffed) => sniffed,
        Err(fault) => {
            writeln!(report, "{name}: {} ({})", fault.kind, fault.detail).unwrap();
            return;
        }
    };
    let mut whole = BufReader::with_capacity(1 << 18, head.as_slice().chain(reader));
    match sniffed.form {
        Form::Tar => {
            let mut faults = Counts::new();
            let mut members = 0;
            // Members that are not read are counted, not listed: there are a thousand.
            let mut refused: BTreeMap<String, u64> = BTreeMap::new();
            let mut visit = |member: codec::Member<'_>, reader: &mut dyn Read| {
                members += 1;
                let mut said = String::new();
                let member = format!("{name}!{}", member.name);
                describe(&member, reader, &mut said);
                match said.ends_with(")\n") {
                    true => *refused.entry(said[member.len() + 2..].to_owned()).or_default() += 1,
                    false => report.push_str(&said),
                }
            };
            codec::members(&mut whole, 1 << 30, &mut visit, &mut |f: Fault| *faults.entry(f.kind).or_default() += 1);
            for (said, count) in refused {
                write!(report, "{name}!: {count} members {said}").unwrap();
            }
            writeln!(report, "{name}: tar, {members} members, {faults:?}").unwrap();
        }
        Form::Mrt => writeln!(report, "{name}: mrt").unwrap(),
        _ => {
            let (mut faults, mut rows, mut offset, mut offset_ok) = (Counts::new(), 0u64, 0, true);
            let summary = snapshot::read(
                &mut whole,
                &sniffed,
                &mut |at, _| {
                    rows += 1;
                    offset_ok &= at >= offset;
                    offset = at;
                },
                &mut |f| {
                    if std::env::var_os("HEADWATER_SHOW_FAULTS").is_some() {
                        println!("{name}: {f:?}");
                    }
                    *faults.entry(f.kind).or_default() += 1
                },
            );
            assert!(offset_ok, "{name}: offsets go back");
            assert_eq!(summary.rows, rows);
            assert_eq!(summary.faults, faults.values().sum::<u64>());
            assert_eq!(whole.fill_buf().map(<[u8]>::len).unwrap_or(0), 0, "{name}: not read to the end");
            let date = summary.date.map_or("undated".into(), |(from, until): (Time, Time)| format!("{from}/{until}"));
            let state = if summary.complete { "complete" } else { "incomplete" };
            write!(report, "{name}: {} {} {date} {rows} rows {state}", sniffed.kind.code(), sniffed.series).unwrap();
            if !summary.clique.is_empty() || !summary.ixps.is_empty() {
                write!(report, ", clique {}, ixps {}", summary.clique.len(), summary.ixps.len()).unwrap();
            }
            for (kind, count) in faults {
                write!(report, ", {kind} {count}").unwrap();
            }
            report.push('\n');
        }
    }
}

fn report_on(dir: &Path) -> String {
    let mut files = Vec::new();
    files_below(dir, &mut files);
    files.sort();
    let mut report = String::new();
    for path in files {
        let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
        let (hashing, digest) = Hashing::new(File::open(&path).unwrap());
        let mut decoded = codec::open(hashing, Limits::default()).unwrap();
        describe(&name, &mut decoded, &mut report);
        drop(decoded);
        let hashed = digest.wait();
        assert!(!hashed.whole || hashed.bytes == path.metadata().unwrap().len(), "{name}");
    }
    report
}

#[test]
fn every_real_file_reads_as_the_table_says() {
    let Some(dir) = shared_data() else { return };
    let report = report_on(&dir);
    expect_test::expect_file!["data/real_snapshots.txt"].assert_eq(&report);
}
