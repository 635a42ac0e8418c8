//! How long a route takes to decode, in CPU time of the thread, which other work on the machine hardly moves:
//! `cargo run --release -p headwater-bench --bin mrt_speed [PREFIXES]`. Reads generated tables and updates, and large real files
//! where they are there. `cargo bench` measures more, by the clock.

use std::fs::File;
use std::io::Read;

use headwater_bench::looks::{FullLook, HeaderWalk};
use headwater_bench::{Size, Traffic, World, sample, write_table, write_updates};
use headwater_route::Asn;
use headwater_wire::codec;
use headwater_wire::mrt::{self, Filter, Options, Sink};

const ROUNDS: usize = 5;
/// The kernel counts a running thread's time in steps of milliseconds.
const LEAST_NANOS: f64 = 50e6;
/// Smaller real files say little.
const LARGE_BYTES: usize = 8 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let prefixes = std::env::args().nth(1).map_or(Ok(60_000), |text| text.parse())?;
    let world = World::new(Size { seed: 1, prefixes, vantages: 40, changed_per_mille: 20 })?;
    let mut table = Vec::new();
    let start = cpu_nanos();
    let written = write_table(&world, 0, &mut table)?;
    println!("generated in {:.1} ns a route", (cpu_nanos() - start) / written.entries as f64);
    let mut updates = Vec::new();
    write_updates(&world, &Traffic { dump: 0, messages: prefixes * 5, secs: 900, micros: false }, &mut updates)?;

    time::<FullLook>("table", &table, Filter::default());
    time::<HeaderWalk>("table, headers of records", &table, Filter::default());
    time::<FullLook>(
        "table, one prefix",
        &table,
        Filter { prefixes: vec!["1.2.3.0/24".parse()?], ..Filter::default() },
    );
    // The large networks have the least numbers.
    let (origin, large) = (Asn(4_201_000_000), Asn(4_200_000_003));
    time::<FullLook>("table, one origin", &table, Filter { origins: vec![origin], ..Filter::default() });
    let pattern = format!("_{} .* {}$", large.0, origin.0).parse()?;
    time::<FullLook>("table, a path pattern", &table, Filter { paths: vec![pattern], ..Filter::default() });
    time::<FullLook>("updates", &updates, Filter::default());

    let entries = sample::shared_mrt().map(std::fs::read_dir).transpose()?.into_iter().flatten();
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    for path in paths {
        let mut bytes = Vec::new();
        // Of a damaged file, what comes before the damage.
        codec::open(File::open(&path)?, codec::Limits::default())?.read_to_end(&mut bytes).ok();
        if bytes.len() > LARGE_BYTES {
            time::<FullLook>(&path.file_name().unwrap_or_default().to_string_lossy(), &bytes, Filter::default());
        }
    }
    Ok(())
}

/// Nanoseconds this thread has run.
fn cpu_nanos() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(f64::NAN)
}

/// The best of some rounds, for each route of the whole stream, whatever a filter leaves of them.
fn time<S: Sink + Default>(what: &str, bytes: &[u8], filter: Filter) {
    let mut all = FullLook::default();
    mrt::read(&mut &*bytes, &Options::default(), &mut all);
    let options = Options { filter, ..Options::default() };
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let (start, mut reads, mut took) = (cpu_nanos(), 0.0, 0.0);
        while took < LEAST_NANOS {
            let mut sink = S::default();
            mrt::read(&mut &*bytes, &options, &mut sink);
            std::hint::black_box(sink);
            reads += 1.0;
            took = cpu_nanos() - start;
        }
        best = best.min(took / reads);
    }
    let mib = bytes.len() as f64 / f64::from(1 << 20);
    println!(
        "{}: {mib:.0} MiB, {} routes, {:.1} ns a route, {:.0} MiB/s",
        what.escape_debug(),
        all.rows,
        best / all.rows as f64,
        mib / (best / 1e9)
    );
}
