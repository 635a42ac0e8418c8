//! Measures the history on an invented collector: ingest speed and memory, bytes per route, what a second dump adds, and what
//! a question reads.
//!
//! `cargo run --release -p headwater-history --example scale -- [prefixes] [vantages] [dumps] [changed per mille] [directory]
//! [per cent of the changes that move an origin as a whole]`
//!
//! `… --example scale -- questions [millions of routes …]` asks the same questions of histories of 20, 60 and 200 million routes
//! (or of those given), made in the temporary directory unless they are there: first with nothing of the files in memory, which
//! needs the right to drop the system's caches, then again.
//!
//! The shape is that of a real table: origins with few prefixes each and a long tail, one path from a vantage to most
//! prefixes of an origin, and changes half of which move an origin as a whole. The same arguments give the same bytes.
//! CPU seconds are those of the whole process less those of making the routes, measured beforehand.

use std::path::{Path, PathBuf};
use std::time::Instant;

use headwater_history::table::Table;
use headwater_history::{Draft, History};
use headwater_route::{
    Asn, Attributes, Event, Family, Kind, Nlri, Observation, OriginCode, PathRef, Prefix, Route, Session, SessionId,
    Time, Window,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == "questions") {
        let sizes: Vec<u32> = arguments[1..].iter().map(|a| a.parse().expect("millions of routes")).collect();
        return questions(if sizes.is_empty() { &[20, 60, 200] } else { &sizes });
    }
    let number = |i: usize, default: u32| arguments.get(i).map_or(default, |a| a.parse().expect("a number"));
    let world = World {
        prefixes: number(0, 1_000_000),
        vantages: number(1, 40),
        changed_per_mille: number(3, 20),
        moves_per_cent: number(5, 50),
    };
    let dir = arguments.get(4).map_or_else(|| std::env::temp_dir().join("headwater-scale"), PathBuf::from);
    if dir.exists() {
        println!("{} exists: only asking", dir.display());
    } else {
        ingest(&world, number(2, 2), &dir);
    }
    ask(&world, &dir);
}

/// The same questions of larger and larger histories: one dump stored whole, and one stored as changes.
fn questions(millions: &[u32]) {
    for millions in millions {
        let world = World { prefixes: millions * 25_000, vantages: 40, changed_per_mille: 20, moves_per_cent: 50 };
        let dir = std::env::temp_dir().join(format!("headwater-scale-{millions}m"));
        if !dir.exists() {
            ingest(&world, 2, &dir);
        }
        println!("{millions} million routes");
        ask(&world, &dir);
    }
}

fn ingest(world: &World, dumps: u32, dir: &Path) {
    let entries = f64::from(world.prefixes) * f64::from(world.vantages);
    let before = cpu_secs();
    let mut variants = world.variants();
    let mut sum = 0;
    world.dump(&mut variants, 0, |_, _, _, (path, _)| sum += path.len());
    let making = cpu_secs() - before;
    println!("{entries:.0} entries a dump, {} path bytes; making them takes {making:.2} CPU s", sum);

    let mut history = History::open_or_create(dir).expect("a history");
    let mut variants = world.variants();
    let mut first_bytes = 0;
    for n in 0..dumps {
        let (before, wall) = (cpu_secs(), Instant::now());
        let draft = Draft {
            name: format!("bview-{n}"),
            path: "-".to_owned(),
            sha256: format!("{n:064x}"),
            archive_sha256: None,
            bytes: 1,
            kind: Kind::Mrt,
            series: "rrc99".to_owned(),
            window: None,
        };
        let mut writer = history.begin(draft).expect("a writer");
        for v in 0..world.vantages {
            let addr = std::net::Ipv4Addr::from(0xc000_0200 + v).into();
            writer.session(SessionId(v), Session { asn: Asn(64500 + v), addr });
        }
        let at = Time::from_unix(1_700_000_000 + n * 28_800);
        let mut changed = 0u64;
        world.dump(&mut variants, n, |prefix, vantage, offset, (path, is_change)| {
            changed += u64::from(is_change);
            let attributes = Attributes {
                path: PathRef::new(path).expect("a path"),
                origin: Some(OriginCode::Igp),
                next_hop: None,
                med: None,
                local_pref: None,
                atomic_aggregate: false,
                aggregator: None,
                communities: &[],
                extended_communities: &[],
                large_communities: &[],
                only_to_customer: None,
            };
            let nlri = Nlri { prefix, path_id: None, multicast: false };
            let event = Event::Held(Route { nlri, originated: Some(at), attributes: &attributes });
            writer.observation(&Observation { offset, time: at, session: SessionId(vantage), event });
        });
        let committed = writer.commit(at).expect("a commit");
        let cpu = cpu_secs() - before - making;
        if n == 0 {
            first_bytes = committed.segment_bytes;
        }
        println!(
            "dump {n}: {:.2} M entries/CPU s ({cpu:.2} CPU s, {:.2} s by the clock), {} rows, {:.2} MB, {:.2} bytes a route, \
             {:.2} % changed, {:.2} % of the first dump's bytes, peak {:.0} MiB",
            entries / cpu / 1e6,
            wall.elapsed().as_secs_f64(),
            committed.segment_rows,
            committed.segment_bytes as f64 / 1e6,
            committed.segment_bytes as f64 / entries,
            100.0 * changed as f64 / entries,
            100.0 * committed.segment_bytes as f64 / first_bytes as f64,
            peak_mib(),
        );
    }
    columns(&history);
    for entry in std::fs::read_dir(dir.join("state")).expect("a state").flatten() {
        println!("dump state: {:.2} MB", entry.metadata().map_or(0, |m| m.len()) as f64 / 1e6);
    }
}

/// Bytes by column of the first and of the last dump.
fn columns(history: &History) {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let sources: Vec<_> = history.catalogue().sources().expect("sources").0.iter().map(|s| s.id).collect();
    for source in [sources.first(), sources.last()].into_iter().flatten() {
        for table in [Table::Routes, Table::PrefixOrigins] {
            let mut sums = std::collections::BTreeMap::new();
            let (mut files, mut rows) = (0, 0);
            for segment in history.catalogue().segments(table, None).expect("segments") {
                if segment.source == *source {
                    let file = std::fs::File::open(history.dir().join(&segment.file)).expect("a segment");
                    let reader = SerializedFileReader::new(file).expect("a segment");
                    let mut columns_sum = 0;
                    for group in reader.metadata().row_groups() {
                        for column in group.columns() {
                            *sums.entry(column.column_path().string()).or_insert(0) += column.compressed_size();
                            columns_sum += column.compressed_size();
                        }
                    }
                    *sums.entry("(footer and indexes)".to_owned()).or_insert(0) += segment.bytes as i64 - columns_sum;
                    (files, rows) = (files + 1, rows + segment.rows);
                }
            }
            let share = |(name, bytes): (String, i64)| format!("{name} {:.2}", bytes as f64 / rows as f64);
            let shares: Vec<String> = sums.into_iter().map(share).collect();
            println!("{} of source {}: {files} files, bytes a row: {}", table.name(), source.0, shares.join(", "));
        }
    }
}

/// Asks for a small and for a large origin.
fn ask(world: &World, dir: &Path) {
    for (what, origin) in [("small", world.origin(world.prefixes / 2 + 7)), ("large", LARGE)] {
        let cold = drop_caches().then(|| ask_once(dir, origin).0);
        let rounds: Vec<_> = (0..5).map(|_| ask_once(dir, origin)).collect();
        let (_, cpu, answer) = &rounds[0];
        let warm = rounds.iter().map(|(ms, ..)| *ms).fold(f64::INFINITY, f64::min);
        let cpu = rounds.iter().map(|(_, cpu, _)| *cpu).fold(*cpu, f64::min);
        println!(
            "  {what} origin: {} cold, {warm:.1} ms warm ({cpu:.0} ms CPU); {answer}",
            cold.map_or("(no right to drop caches)".to_owned(), |ms| format!("{ms:.1} ms")),
        );
    }
    println!("  peak {:.0} MiB", peak_mib());
}

/// Milliseconds by the clock and of CPU, and what was read. A process that asks one question opens the history first; so does
/// each round.
fn ask_once(dir: &Path, origin: u32) -> (f64, f64, String) {
    let (wall, before) = (Instant::now(), cpu_secs());
    let history = History::open(dir).expect("a history");
    let answer = history.routes_of_origin(Asn(origin), Window::default()).expect("an answer");
    let (wall, cpu) = (wall.elapsed().as_secs_f64() * 1e3, (cpu_secs() - before) * 1e3);
    let stats = history.scan_stats();
    let read = format!(
        "{} runs from {} rows, {:.2} of {:.1} MB in {} segments read",
        answer.runs.len(),
        stats.rows,
        stats.bytes_read as f64 / 1e6,
        stats.segment_bytes as f64 / 1e6,
        stats.segments,
    );
    (wall, cpu, read)
}

/// Takes the files out of memory, where the system lets us.
fn drop_caches() -> bool {
    let brought_to_disk = std::process::Command::new("sync").status().is_ok_and(|status| status.success());
    brought_to_disk && std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}

/// The first origin, one of the large ones.
const LARGE: u32 = 100_000;

/// An invented collector.
struct World {
    prefixes: u32,
    vantages: u32,
    changed_per_mille: u32,
    /// How many of the changes move all that an origin has at a vantage; the others are of one route each.
    moves_per_cent: u32,
}

/// A path in wire form, and whether it differs from the dump before.
type Way<'a> = (&'a [u8], bool);

fn mix(a: u32, b: u32, c: u32) -> u32 {
    let mut x = u64::from(a) << 32 | u64::from(b);
    x = (x ^ u64::from(c).wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 29;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ x >> 32) as u32
}

impl World {
    /// The origin of a prefix: about 13 prefixes each, but for a tail of large ones, scattered over the address space.
    fn origin(&self, prefix: u32) -> u32 {
        let block = prefix / 4;
        let origins = self.prefixes / 13 + 1;
        let r = mix(block, 1, 0) % 1000;
        // A tenth of the blocks belongs to 40 large origins.
        let n = if r < 100 { mix(block, 2, 0) % 40 } else { mix(block, 3, 0) % origins };
        LARGE + n
    }

    /// How often each route has changed, for `dump` to keep.
    fn variants(&self) -> Vec<u8> {
        vec![0; (self.prefixes * self.vantages) as usize]
    }

    /// Hands out the routes of dump `n` in prefix order: (prefix, vantage, record offset, path).
    fn dump(&self, variants: &mut [u8], n: u32, mut each: impl FnMut(Prefix, u32, u64, Way<'_>)) {
        let mut offset = 0u64;
        let mut bytes = Vec::with_capacity(64);
        // In parts of a hundred thousand.
        let moves = self.changed_per_mille * self.moves_per_cent;
        let single = self.changed_per_mille * 100 - moves;
        for p in 0..self.prefixes {
            // Four in five are IPv4 /24s, the rest IPv6 /48s.
            let four = self.prefixes / 5 * 4;
            let prefix = if p < four {
                Prefix::from_bits(Family::V4, u128::from(0x0100_0000 + p * 512) << 96, 24)
            } else {
                Prefix::from_bits(Family::V6, 0x2001_0000 << 96 | u128::from(p - four) << 80, 48)
            };
            let prefix = prefix.expect("a prefix");
            let origin = self.origin(p);
            for v in 0..self.vantages {
                let slot = &mut variants[(p * self.vantages + v) as usize];
                let change =
                    n > 0 && (mix(origin, v, n * 2) % 100_000 < moves || mix(p, v, n * 2 + 1) % 100_000 < single);
                if change {
                    *slot = slot.wrapping_add(1);
                }
                // Most prefixes of an origin go the same way; one in ten is engineered apart. A change goes to another of
                // the few upstreams that an AS has.
                let own = if mix(p, 4, 0).is_multiple_of(10) { p % 8 } else { 0 };
                let way = mix(origin, own, u32::from(*slot) + v / 4 * 1000);
                let tail_hops = 1 + way % 3;
                bytes.clear();
                bytes.extend([2, (3 + tail_hops) as u8]);
                bytes.extend((64500 + v).to_be_bytes());
                let mut hops = [0; 3];
                let mut below = origin;
                for (i, hop) in hops.iter_mut().enumerate() {
                    below = 2_000 + mix(below, way >> (2 + 2 * i) & 3, 6) % (5_000 >> (2 * i));
                    *hop = below;
                }
                bytes.extend((1_000 + mix(v, hops[tail_hops as usize - 1], 5) % 15).to_be_bytes());
                for hop in hops[..tail_hops as usize].iter().rev() {
                    bytes.extend(hop.to_be_bytes());
                }
                bytes.extend(origin.to_be_bytes());
                each(prefix, v, offset, (&bytes, change));
            }
            offset += 30 + u64::from(self.vantages) * 60 + u64::from(mix(p, 7, n) % 40);
        }
    }
}

/// CPU seconds of this process so far.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

/// Greatest resident memory of this process so far.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("");
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}
