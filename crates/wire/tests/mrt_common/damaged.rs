//! Files with damage of known kind at known places, from the encoder, a fixed seed and documentation numbers.

#![allow(dead_code, reason = "each user uses its part")]
#![allow(clippy::single_range_in_vec_init, reason = "what is touched is often one range")]

use std::ops::Range;

use headwater_route::{AsPath, Asn, Family, Nlri, OriginCode, Prefix, Session, Time};
use headwater_wire::mrt::encode::{
    Attributes, EncodeError, Ends, PeerTable, RawAttribute, Rib, RibEntry, Style, Update, Writer,
};

const TIME: Time = Time(1_717_200_000_000_000);
const PEERS: usize = 6;
/// Prefixes of the table, and records of updates.
const PREFIXES: usize = 1_500;
const UPDATES: usize = 3_000;

/// A file, and what of it nothing has touched.
pub struct Damaged {
    /// Name of the file.
    pub name: &'static str,
    /// What was done to it.
    pub what: &'static str,
    pub bytes: Vec<u8>,
    /// Observations of which no byte was touched, nor one of their record's header, prefix or (in updates) attributes.
    pub untouched: u64,
    /// The undamaged file.
    pub whole: Vec<u8>,
}

/// Numbers without end, the same for the same seed.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// A file under construction: its bytes, its records, and for each observation the bytes it stands on.
#[derive(Clone, Default)]
struct File {
    bytes: Vec<u8>,
    records: Vec<Range<usize>>,
    observations: Vec<[Range<usize>; 2]>,
}

impl File {
    fn untouched(&self, touched: &[Range<usize>]) -> u64 {
        let meets = |a: &Range<usize>| touched.iter().any(|b| a.start < b.end && b.start < a.end);
        self.observations.iter().filter(|parts| !parts.iter().any(meets)).count() as u64
    }

    fn push(&mut self, record: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(record);
        let range = start..self.bytes.len();
        self.records.push(range.clone());
        range
    }
}

fn record(write: impl FnOnce(&mut Writer<Vec<u8>>) -> Result<(), EncodeError>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    write(&mut writer).expect("it can be written");
    writer.into_inner()
}

fn peers() -> Vec<Session> {
    let peer = |n: usize| Session { asn: Asn(64496 + n as u32), addr: [192, 0, 2, n as u8 + 1].into() };
    (0..PEERS).map(peer).collect()
}

fn attributes(numbers: &mut Numbers, peer: u32, next_hop: std::net::IpAddr) -> Attributes {
    let mut hops = vec![peer];
    hops.extend((0..numbers.below(5)).map(|_| 64496 + numbers.below(16) as u32));
    hops.push(65536 + numbers.below(16) as u32);
    Attributes {
        origin: Some(OriginCode::Igp),
        path: Some(AsPath::sequence(hops)),
        next_hop: Some(next_hop),
        med: (numbers.below(3) == 0).then(|| numbers.below(1000) as u32),
        communities: (0..numbers.below(6)).map(|n| (64500, n as u16)).collect(),
        ..Attributes::default()
    }
}

/// The `n`th prefix: /48s of 2001:db8::/32, and before them /31s of the three documentation nets.
fn prefix(n: usize) -> Prefix {
    let nets = [0xc000_0200u32, 0xc633_6400, 0xcb00_7100];
    let made = match nets.get(n / 128) {
        Some(net) => Prefix::from_bits(Family::V4, u128::from(net + (n as u32 % 128) * 2) << 96, 31),
        None => Prefix::from_bits(Family::V6, 0x2001_0db8 << 96 | (n as u128) << 80, 48),
    };
    made.expect("a length within bounds")
}

fn table() -> File {
    let mut file = File::default();
    let mut numbers = Numbers(1);
    let peer_table = PeerTable { collector: [192, 0, 2, 254].into(), view: String::new(), peers: peers() };
    file.push(&record(|writer| writer.peer_table(TIME, &peer_table)));
    for n in 0..PREFIXES {
        let prefix = prefix(n);
        let next_hop = |peer: usize| match prefix.family() {
            Family::V4 => [192, 0, 2, peer as u8 + 1].into(),
            Family::V6 => [0x2001, 0xdb8, 0, 0, 0, 0, 0, peer as u16 + 1].into(),
        };
        let routes: Vec<Attributes> =
            (0..PEERS).map(|peer| attributes(&mut numbers, 64496 + peer as u32, next_hop(peer))).collect();
        let of_first = |count: usize| {
            let entry = |peer: usize| RibEntry {
                peer: peer as u16,
                originated: Some(TIME),
                path_id: None,
                attributes: &routes[peer],
            };
            let entries = (0..count).map(entry).collect();
            let rib = Rib { sequence: n as u32, prefix, multicast: false, generic: false, entries };
            record(|writer| writer.rib(TIME, &rib))
        };
        let start = file.push(&of_first(PEERS)).start;
        let ends: Vec<usize> = (0..=PEERS).map(|count| start + of_first(count).len()).collect();
        file.observations.extend(ends.windows(2).map(|pair| [start..ends[0], pair[0]..pair[1]]));
    }
    file
}

fn update(numbers: &mut Numbers, n: usize) -> (Vec<u8>, usize) {
    let session = peers()[n % PEERS];
    let ends = Ends { peer: session, local: Session { asn: Asn(64511), addr: [192, 0, 2, 254].into() } };
    let nlri = |n: usize| Nlri { prefix: prefix(n % 384), path_id: None, multicast: false };
    let announced: Vec<Nlri> = (0..1 + numbers.below(4)).map(|more| nlri(n * 7 + more)).collect();
    let withdrawn: Vec<Nlri> = (0..numbers.below(2)).map(|more| nlri(n * 11 + 200 + more)).collect();
    let count = announced.len() + withdrawn.len();
    let update = Update { announced, withdrawn, attributes: attributes(numbers, session.asn.0, session.addr) };
    let time = Time(TIME.0 + n as i64 * 100_000);
    (record(|writer| writer.update(time, &ends, Style::default(), &update)), count)
}

fn updates() -> File {
    let mut file = File::default();
    let mut numbers = Numbers(2);
    for n in 0..UPDATES {
        let (record, count) = update(&mut numbers, n);
        let range = file.push(&record);
        file.observations.extend((0..count).map(|_| [range.clone(), range.clone()]));
    }
    file
}

/// Damages a file, and gives what it touched of the bytes as they were.
type Act<'a> = &'a mut dyn FnMut(&File, &mut Vec<u8>) -> Vec<Range<usize>>;

/// A name, what is wrong, in which file, and the wrong length for a right one.
type WrongLength<'a> = (&'static str, &'static str, &'a File, fn(u32) -> u32);

/// Bytes of the MRT and BGP headers before the BGP body of an update with four-byte ASNs and IPv4 addresses.
const BGP_BODY: usize = 12 + 20 + 19;

/// Where the path attributes of an update start, and where its announced prefixes do.
fn fields(bytes: &[u8], record: &Range<usize>) -> (usize, usize) {
    let word = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    let attributes = record.start + BGP_BODY + 2 + word(record.start + BGP_BODY);
    (attributes + 2, attributes + 2 + word(attributes))
}

/// Every kind of damage.
pub fn all() -> Vec<Damaged> {
    let (table, updates) = (table(), updates());
    let mut made = Vec::new();
    // One record in ten of the file, none at its start.
    let tenth = |file: &File| file.records.iter().skip(5).step_by(10).cloned().collect::<Vec<_>>();
    let mut damage = |name, what, file: &File, act: Act<'_>| {
        let mut bytes = file.bytes.clone();
        let touched = act(file, &mut bytes);
        made.push(Damaged { name, what, bytes, untouched: file.untouched(&touched), whole: file.bytes.clone() });
    };

    damage("table", "nothing", &table, &mut |_, _| vec![]);
    damage("updates", "nothing", &updates, &mut |_, _| vec![]);
    for (name, file) in [("table-cut", &table), ("updates-cut", &updates)] {
        damage(name, "the last third is missing, from inside a record", file, &mut |file, bytes| {
            let end = bytes.len();
            let cut = file.records[file.records.len() * 2 / 3].start + 41;
            bytes.truncate(cut);
            vec![cut..end]
        });
    }
    damage("updates-cut-header", "cut inside a record header", &updates, &mut |file, bytes| {
        let (end, cut) = (bytes.len(), file.records[UPDATES / 2].start + 7);
        bytes.truncate(cut);
        vec![cut..end]
    });
    for (name, file) in [("table-garbage", &table), ("updates-garbage", &updates)] {
        damage(name, "4 KiB of noise between two records", file, &mut |file, bytes| {
            let at = file.records[file.records.len() / 2].start;
            let mut numbers = Numbers(3);
            bytes.splice(at..at, (0..4096).map(|_| numbers.below(256) as u8));
            vec![]
        });
    }
    damage("updates-zeros", "64 KiB of zeros in place of what was there", &updates, &mut |file, bytes| {
        let at = file.records[UPDATES / 3].start + 100;
        bytes[at..at + (64 << 10)].fill(0);
        vec![at..at + (64 << 10)]
    });
    let lengths: [WrongLength<'_>; 6] = [
        ("table-length-0", "the length of one record in ten is 0", &table, |_| 0),
        ("table-length-max", "the length of one record in ten is 2³²−1", &table, |_| u32::MAX),
        ("table-length-longer", "the length of one record in ten is 100 more", &table, |len| len + 100),
        ("updates-length-0", "the length of one record in ten is 0", &updates, |_| 0),
        ("updates-length-max", "the length of one record in ten is 2³²−1", &updates, |_| u32::MAX),
        ("updates-length-shorter", "the length of one record in ten is 9 less", &updates, |len| len - 9),
    ];
    for (name, what, file, wrong) in lengths {
        damage(name, what, file, &mut |file, bytes| {
            let fields = tenth(file).iter().map(|record| record.start + 8..record.start + 12).collect::<Vec<_>>();
            for field in &fields {
                let len = u32::from_be_bytes(bytes[field.clone()].try_into().expect("four bytes"));
                bytes[field.clone()].copy_from_slice(&wrong(len).to_be_bytes());
            }
            fields
        });
    }
    damage(
        "table-entry-length",
        "the attribute length of one entry in sixty is 2¹⁶−1",
        &table,
        &mut |file, bytes| {
            let entries =
                file.observations.iter().skip(33).step_by(60).map(|[_, entry]| entry.start + 6..entry.start + 8);
            let fields: Vec<Range<usize>> = entries.collect();
            fields.iter().for_each(|field| bytes[field.clone()].fill(0xff));
            // Where the entries behind it in its record start, nothing tells any more.
            let end =
                |at: usize| file.records.iter().find(|record| record.contains(&at)).map_or(at, |record| record.end);
            fields.iter().map(|field| field.start..end(field.start)).collect()
        },
    );
    damage(
        "updates-attributes-length",
        "the length of all attributes of one update in ten is 2¹⁶−1",
        &updates,
        &mut |file, bytes| {
            let fields: Vec<Range<usize>> =
                tenth(file).iter().map(|record| fields(bytes, record).0 - 2..fields(bytes, record).0).collect();
            fields.iter().for_each(|field| bytes[field.clone()].fill(0xff));
            fields
        },
    );
    damage(
        "updates-attribute-length",
        "the length of the first attribute of one update in ten is 255",
        &updates,
        &mut |file, bytes| {
            let at: Vec<usize> = tenth(file).iter().map(|record| fields(bytes, record).0 + 2).collect();
            at.iter().for_each(|at| bytes[*at] = 255);
            at.iter().map(|at| *at..at + 1).collect()
        },
    );
    damage(
        "updates-nlri-length",
        "the length of the first announced prefix of one update in ten is 255",
        &updates,
        &mut |file, bytes| {
            let at: Vec<usize> = tenth(file).iter().map(|record| fields(bytes, record).1).collect();
            at.iter().for_each(|at| bytes[*at] = 255);
            at.iter().map(|at| *at..at + 1).collect()
        },
    );
    damage("updates-marker", "the BGP marker of one update in ten is not all ones", &updates, &mut |file, bytes| {
        let at: Vec<usize> = tenth(file).iter().map(|record| record.start + 12 + 20 + 3).collect();
        at.iter().for_each(|at| bytes[*at] = 0);
        // No field of the message hangs on it.
        vec![]
    });
    damage(
        "updates-unknown-type",
        "a record of a type that nobody assigned before one in ten",
        &updates,
        &mut |file, bytes| {
            for record in tenth(file).iter().rev() {
                let strange = [&bytes[record.start..record.start + 4], &[0, 99, 0, 1, 0, 0, 0, 5], b"what?"].concat();
                bytes.splice(record.start..record.start, strange);
            }
            vec![]
        },
    );
    for (name, file) in [("table-flips", &table), ("updates-flips", &updates)] {
        damage(name, "one bit of one record in ten, anywhere in the record", file, &mut |file, bytes| {
            let mut numbers = Numbers(4);
            let flip = |record: &Range<usize>| {
                let at = record.start + numbers.below(record.len());
                bytes[at] ^= 1 << numbers.below(8);
                at..at + 1
            };
            tenth(file).iter().map(flip).collect()
        });
    }
    damage(
        "updates-segments",
        "an update whose path has 10,000 segments of one AS before one in a hundred",
        &updates,
        &mut |file, bytes| {
            let path = AsPath {
                segments: (0..10_000)
                    .map(|n| headwater_route::PathSegment {
                        kind: headwater_route::SegmentKind::ConfedSequence,
                        asns: vec![Asn(64496 + n % 16)],
                    })
                    .collect(),
            };
            let long = raw_update(&[RawAttribute { flags: 0x50, code: 2, value: path.to_bytes() }]);
            file.records
                .iter()
                .skip(50)
                .step_by(100)
                .rev()
                .for_each(|record| drop(bytes.splice(record.start..record.start, long.clone())));
            vec![]
        },
    );
    damage(
        "updates-nested",
        "an update with MP_REACH_NLRI in MP_REACH_NLRI, 500 deep, before one in a hundred",
        &updates,
        &mut |file, bytes| {
            let mut value = vec![0, 1, 1, 4, 192, 0, 2, 1, 0];
            for _ in 0..500 {
                // AFI, SAFI, a next hop of four bytes, reserved, then the attribute before as if it were prefixes.
                let inner = [&[0x90, 14], &(value.len() as u16).to_be_bytes()[..], &value].concat();
                value = [&[0, 1, 1, 4, 192, 0, 2, 1, 0][..], &inner].concat();
            }
            let nested = raw_update(&[RawAttribute { flags: 0x90, code: 14, value }]);
            file.records
                .iter()
                .skip(50)
                .step_by(100)
                .rev()
                .for_each(|record| drop(bytes.splice(record.start..record.start, nested.clone())));
            vec![]
        },
    );
    damage(
        "updates-100k-garbage",
        "100,000 records with headers that make sense and noise for bodies in front",
        &updates,
        &mut |_, bytes| {
            let mut numbers = Numbers(5);
            let mut garbage = Vec::new();
            for _ in 0..100_000 {
                let kind =
                    [[0, 13, 0, 2], [0, 16, 0, 4], [0, 16, 0, 1], [0, 12, 0, 1], [0, 17, 0, 4]][numbers.below(5)];
                let body: Vec<u8> = (0..numbers.below(60)).map(|_| numbers.below(256) as u8).collect();
                garbage.extend(1_717_200_000u32.to_be_bytes());
                garbage.extend(kind);
                garbage.extend((body.len() as u32).to_be_bytes());
                garbage.extend(body);
            }
            bytes.splice(0..0, garbage);
            vec![]
        },
    );
    damage("updates-noise", "1 MiB of noise in front", &updates, &mut |_, bytes| {
        let mut numbers = Numbers(6);
        bytes.splice(0..0, (0..1 << 20).map(|_| numbers.below(256) as u8));
        vec![]
    });
    damage("table-peers", "one bit in the count of the peer table", &table, &mut |file, bytes| {
        // Type, collector, an empty name of the view, then the count: six peers become two.
        let at = file.records[0].start + 12 + 4 + 2 + 1;
        bytes[at] ^= 4;
        vec![0..bytes.len()]
    });
    made
}

/// An update without prefixes, whatever its attributes say.
fn raw_update(raw: &[RawAttribute]) -> Vec<u8> {
    let attributes = Attributes { raw: raw.to_vec(), ..Attributes::default() };
    let mut numbers = Numbers(7);
    let (mut plain, _) = update(&mut numbers, 0);
    // The headers of a usual update, around a body of its own.
    let mut body = vec![0, 0];
    let mut value = Vec::new();
    for RawAttribute { flags, code, value: inner } in &attributes.raw {
        value.extend([*flags, *code]);
        value.extend((inner.len() as u16).to_be_bytes());
        value.extend(inner);
    }
    body.extend((value.len() as u16).to_be_bytes());
    body.extend(value);
    plain.truncate(BGP_BODY);
    plain.extend(&body);
    let (whole, message) = (plain.len() - 12, plain.len() - 12 - 20);
    plain[8..12].copy_from_slice(&(whole as u32).to_be_bytes());
    plain[12 + 20 + 16..12 + 20 + 18].copy_from_slice(&(message as u16).to_be_bytes());
    plain
}
