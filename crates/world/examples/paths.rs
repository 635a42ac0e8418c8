//! The lengths of paths in table dumps: `paths FILE…`. Prints a Markdown table. Vantages with a small part of the largest
//! table are left out.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use headwater_route::{Event, Family, Fault, Observation, Session, SessionId};
use headwater_wire::{codec, mrt};

/// Longest path that has a row of its own.
const LAST: usize = 9;

#[derive(Default, Clone)]
struct Counts {
    /// Paths by number of distinct hops.
    lengths: [u64; LAST + 1],
    hops: u64,
    prepended: u64,
    at_origin: u64,
    /// The hop next to the origin, of routes that have one.
    routes: u64,
}

#[derive(Default)]
struct Lengths {
    sessions: BTreeMap<SessionId, Counts>,
}

impl mrt::Sink for Lengths {
    fn session(&mut self, _: SessionId, _: Session) {}

    fn observation(&mut self, observation: &Observation<'_>) {
        let (Event::Held(route) | Event::Announced(route)) = observation.event else { return };
        if route.nlri.prefix.family() != Family::V4 {
            return;
        }
        let hops: Vec<u32> = route.attributes.path.segments().flat_map(|s| s.asns()).map(|asn| asn.0).collect();
        let mut distinct = hops.clone();
        distinct.dedup();
        let counts = self.sessions.entry(observation.session).or_default();
        counts.routes += 1;
        counts.lengths[distinct.len().min(LAST)] += 1;
        counts.hops += distinct.len() as u64;
        counts.prepended += u64::from(hops.len() > distinct.len());
        counts.at_origin += u64::from(hops.len() > 1 && hops[hops.len() - 1] == hops[hops.len() - 2]);
    }

    fn fault(&mut self, _: Fault) {}
}

fn main() -> ExitCode {
    let mut columns = Vec::new();
    for file in std::env::args().skip(1) {
        let opened = File::open(&file).and_then(|open| codec::open(open, codec::Limits::default()));
        let mut lengths = Lengths::default();
        match opened {
            Ok(mut stream) => mrt::read(&mut stream, &mrt::Options::default(), &mut lengths),
            Err(error) => {
                eprintln!("error: {file}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let most = lengths.sessions.values().map(|counts| counts.routes).max().unwrap_or(0);
        let mut all = Counts::default();
        let mut vantages = 0;
        for counts in lengths.sessions.values().filter(|counts| counts.routes * 10 >= most * 8) {
            vantages += 1;
            all.routes += counts.routes;
            all.hops += counts.hops;
            all.prepended += counts.prepended;
            all.at_origin += counts.at_origin;
            all.lengths.iter_mut().zip(counts.lengths).for_each(|(sum, count)| *sum += count);
        }
        columns.push((Path::new(&file).file_name().unwrap_or_default().to_string_lossy().into_owned(), vantages, all));
    }
    let row = |what: &str, value: &dyn Fn(&(String, i32, Counts)) -> String| {
        let values: String = columns.iter().map(|column| format!(" {} |", value(column))).collect();
        println!("| {what} |{values}");
    };
    let percent = |part: u64, of: u64| format!("{:.1} %", part as f64 * 100.0 / of.max(1) as f64);
    row("", &|(name, ..)| name.clone());
    println!("|---|{}", "--:|".repeat(columns.len()));
    row("vantages", &|(_, vantages, _)| vantages.to_string());
    row("routes", &|(.., all)| all.routes.to_string());
    row("mean length", &|(.., all)| format!("{:.2}", all.hops as f64 / all.routes.max(1) as f64));
    for length in 1..=LAST {
        row(&format!("{length} networks"), &|(.., all)| percent(all.lengths[length], all.routes));
    }
    row("with repeats", &|(.., all)| percent(all.prepended, all.routes));
    row("with repeats of the origin", &|(.., all)| percent(all.at_origin, all.routes));
    ExitCode::SUCCESS
}
