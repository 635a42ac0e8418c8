//! How long an entry takes: `cargo run --release -p headwater-wire --example mrt_speed`. Measure on a quiet machine.

#[path = "../tests/mrt_common/mod.rs"]
mod mrt_common;

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};

use headwater_route::{AsPath, Asn, Event, Family, Fault, Observation, OriginCode, Prefix, Session, SessionId, Time};
use headwater_wire::codec::{self, Limits};
use headwater_wire::mrt::encode::{Attributes, PeerTable, Rib, RibEntry, Writer};
use headwater_wire::mrt::{self, Options, Sink};

/// Looks at every hop and community, as a reader that keeps them must.
#[derive(Default)]
struct Look {
    entries: u64,
    sum: u64,
}

impl Sink for Look {
    fn session(&mut self, _: SessionId, _: Session) {}

    fn observation(&mut self, observation: &Observation<'_>) {
        let (Event::Held(route) | Event::Announced(route)) = observation.event else { return };
        self.entries += 1;
        let attributes = route.attributes;
        let hops = attributes.path.segments().flat_map(|s| s.asns()).fold(0u64, |sum, asn| sum + u64::from(asn.0));
        let communities = attributes.community_pairs().fold(0, |sum, (high, low)| sum + u64::from(high ^ low));
        self.sum = self.sum.wrapping_add(hops ^ communities ^ u64::from(route.nlri.prefix.len()));
    }

    fn fault(&mut self, _: Fault) {}
}

/// Nanoseconds this thread has run: other work on the machine does not count.
fn cpu_nanos() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("needs Linux");
    stat.split(' ').next().unwrap().parse().unwrap()
}

fn time_reading(what: &str, bytes: &[u8], options: &Options) {
    let mut best = f64::MAX;
    let mut entries = 0;
    for _ in 0..5 {
        let mut look = Look::default();
        let start = cpu_nanos();
        mrt::read(&mut &*bytes, options, &mut look);
        best = best.min((cpu_nanos() - start) / 1e9);
        entries = look.entries.max(1);
        assert!(look.sum > 0 || look.entries == 0);
    }
    let mib = bytes.len() as f64 / f64::from(1 << 20);
    println!(
        "{what}: {mib:.0} MiB, {entries} entries, {:.1} ns an entry, {:.0} MiB/s",
        best * 1e9 / entries as f64,
        mib / best
    );
}

/// A table of `prefixes` × `peers`, 59 bytes of attributes an entry.
fn synthetic(prefixes: u32, peers: u16) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    let time = Time::from_unix(1_700_000_000);
    let session = |n: u32| Session { asn: Asn(64500 + n), addr: IpAddr::V4(Ipv4Addr::from(0x0a000000 + n)) };
    let table = PeerTable {
        collector: Ipv4Addr::new(192, 0, 2, 1),
        view: String::new(),
        peers: (0..u32::from(peers)).map(session).collect(),
    };
    writer.peer_table(time, &table).unwrap();
    let routes: Vec<Attributes> = (0..u32::from(peers) * 7)
        .map(|n| Attributes {
            origin: Some(OriginCode::Igp),
            path: Some(AsPath::sequence([64500 + n % 42, 64600 + n, 3000 + n, 200_000 + n, 400_000 + n])),
            next_hop: Some(IpAddr::V4(Ipv4Addr::from(0x0a000000 + n))),
            med: Some(n),
            communities: vec![(64500, 1), (64500, n as u16)],
            ..Attributes::default()
        })
        .collect();
    for n in 0..prefixes {
        let entry = |peer: u16| RibEntry {
            peer,
            originated: Some(time),
            path_id: None,
            attributes: &routes[(n as usize * 13 + usize::from(peer)) % routes.len()],
        };
        let rib = Rib {
            sequence: n,
            prefix: Prefix::from_bits(Family::V4, u128::from(0x0100_0000 + (n << 8)) << 96, 24).unwrap(),
            multicast: false,
            generic: false,
            entries: (0..peers).map(entry).collect(),
        };
        writer.rib(time, &rib).unwrap();
    }
    writer.into_inner()
}

fn main() {
    let start = cpu_nanos();
    let bytes = synthetic(60_000, 42);
    println!("written in {:.1} ns an entry", (cpu_nanos() - start) / (60_000.0 * 42.0));
    time_reading("synthetic", &bytes, &Options::default());
    let mut exact = Options::default();
    exact.filter.prefixes = vec!["1.2.3.0/24".parse().unwrap()];
    time_reading("synthetic, one prefix", &bytes, &exact);
    let mut origin = Options::default();
    origin.filter.origins = vec![Asn(400_001)];
    time_reading("synthetic, one origin", &bytes, &origin);
    let mut pattern = Options::default();
    pattern.filter.paths = vec!["_3001_200001_".parse().unwrap()];
    time_reading("synthetic, a path pattern", &bytes, &pattern);
    let Some(dir) = mrt_common::shared_mrt() else { return };
    for path in mrt_common::files(&dir) {
        let mut bytes = Vec::new();
        codec::open(File::open(&path).unwrap(), Limits::default()).unwrap().read_to_end(&mut bytes).ok();
        if bytes.len() > 8 << 20 {
            time_reading(&path.file_name().unwrap().to_string_lossy(), &bytes, &Options::default());
        }
    }
}
