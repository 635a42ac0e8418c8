//! Files with damage of known kind: everything that nothing has touched comes out, little else does, what is lost is told,
//! and the work grows with the size. `docs/robustness.md` shows the same files read by others.

#[path = "mrt_common/damaged.rs"]
mod damaged;
mod mrt_common;

use std::collections::HashMap;
use std::io::{self, BufReader, Read};

use headwater_wire::mrt::{self, Options};
use mrt_common::{Heard, Said, read};

/// Observations without the place they stand at, and how often they come.
fn counted(said: &[Said]) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    for Said { time, session, event, .. } in said {
        *counts.entry(format!("{time:?} {session:?} {event:?}")).or_default() += 1;
    }
    counts
}

#[test]
fn what_nothing_has_touched_comes_out() {
    for file in damaged::all() {
        let (whole, _) = read(&file.whole);
        let (heard, summary) = read(&file.bytes);
        let (expected, got) = (counted(&whole.said), counted(&heard.said));
        let right: u64 = expected.iter().map(|(said, count)| *count.min(got.get(said).unwrap_or(&0))).sum();
        let others = heard.said.len() as u64 - right;
        println!(
            "{}: {} untouched, {right} right, {others} others, {} faults",
            file.name,
            file.untouched,
            heard.faults.len()
        );
        assert!(right >= file.untouched, "{}: {right} of {} untouched", file.name, file.untouched);
        let lost = right < whole.said.len() as u64 || others > 0;
        assert!(!lost || !heard.faults.is_empty(), "{}: nothing is told", file.name);
        // Whole is what came to its end with its records one behind the other; faults inside them are told and counted.
        assert!(summary.whole || !heard.faults.is_empty(), "{}", file.name);
    }
}

/// Counts how often it is asked.
struct Metered<'a> {
    bytes: &'a [u8],
    reads: usize,
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        self.bytes.read(out)
    }
}

#[test]
fn every_byte_is_asked_for_once_and_faults_are_bounded_by_records() {
    for file in damaged::all() {
        let mut reader = BufReader::with_capacity(64 << 10, Metered { bytes: &file.bytes, reads: 0 });
        let mut heard = Heard::default();
        let summary = mrt::read(&mut reader, &Options::default(), &mut heard);
        let reader = reader.into_inner();
        assert_eq!((reader.bytes.len(), summary.bytes), (0, file.bytes.len() as u64), "{}", file.name);
        let most = 3 + file.bytes.len() / (16 << 10);
        assert!(reader.reads <= most, "{}: {} reads, not {most}", file.name, reader.reads);
        // A route whose peer the table lacks is a fault of its own.
        let most = 2 * heard.records.len() + file.whole.len() / 60;
        assert!(heard.faults.len() <= most, "{}: {} faults, not {most}", file.name, heard.faults.len());
    }
}
