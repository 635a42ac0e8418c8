//! Damaged MRT: no panic, an end, a fault for what is lost, and everything else as it was. And what is written reads back.

mod mrt_common;

use std::io::{self, BufReader, Read};

use headwater_route::{AsPath, Asn, FaultKind, Nlri, OriginCode, PathSegment, Prefix, SegmentKind, Session, Time};
use headwater_wire::mrt::encode::{Attributes, Ends, Rib, RibEntry, Style, TableDumpRoute, Update, Writer};
use headwater_wire::mrt::{self, Options};
use mrt_common::{Happened, Heard, Said, TIME, attributes, ends, nlri, peer_table, prefix, read, session};
use proptest::prelude::*;

/// A stream of all sorts, and where its records start.
fn sample() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut starts = Vec::new();
    let route = attributes("64500 64501 {64502,64503}");
    let v6 = Attributes { next_hop: Some("2001:db8::1".parse().unwrap()), ..route.clone() };
    let entry = |peer, attributes| RibEntry { peer, originated: Some(TIME), path_id: None, attributes };
    let rib = |text: &str, entries: Vec<RibEntry<'static>>| Rib {
        sequence: 1,
        prefix: prefix(text),
        multicast: false,
        generic: false,
        entries,
    };
    let (route, v6): (&'static _, &'static _) = (Box::leak(Box::new(route)), Box::leak(Box::new(v6)));
    for n in 0..10 {
        starts.push(bytes.len());
        let mut writer = Writer::new(Vec::new());
        let style = Style { micros: n == 3, two_byte: n == 4, ..Style::default() };
        let announced = vec![nlri("203.0.113.0/24"), nlri("198.51.100.0/25")];
        let update = Update { announced, withdrawn: vec![nlri("2001:db8::/32")], attributes: route.clone() };
        let dump = TableDumpRoute {
            session: ends().peer,
            prefix: prefix("203.0.113.0/24"),
            originated: None,
            attributes: route,
        };
        match n {
            0 => writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1"), session(64501, "192.0.2.2")])),
            1 => writer.rib(TIME, &rib("203.0.113.0/24", vec![entry(0, route), entry(1, route)])),
            2 => writer.rib(TIME, &rib("2001:db8::/32", vec![entry(1, v6)])),
            3..=5 => writer.update(TIME, &ends(), style, &update),
            6 => writer.table_dump(TIME, 0, 0, &dump),
            7 => writer.old_update(TIME, &ends(), &Update { withdrawn: vec![], ..update }),
            _ => writer.state_change(TIME, &ends(), style, 6, n),
        }
        .unwrap();
        bytes.extend(writer.into_inner());
    }
    (bytes, starts)
}

#[test]
fn cut_at_every_byte_keeps_what_stands_before() {
    let (bytes, starts) = sample();
    let (whole, _) = read(&bytes);
    for at in 0..bytes.len() {
        let (heard, summary) = read(&bytes[..at]);
        assert_eq!(heard.said[..], whole.said[..heard.said.len()], "cut at {at}");
        let records_before = starts.iter().filter(|start| **start < at).count();
        let at_boundary = starts.contains(&at);
        assert_eq!(summary.whole, at_boundary, "cut at {at}");
        assert_eq!(heard.fault_kinds(), if at_boundary { vec![] } else { vec![FaultKind::CutStream] }, "cut at {at}");
        if at_boundary {
            let before = whole.said.iter().filter(|said| (said.offset as usize) < at).count();
            assert_eq!((heard.said.len(), heard.records.len()), (before, records_before));
        }
    }
}

#[test]
fn routes_before_a_cut_are_kept_within_a_record() {
    let mut writer = Writer::new(Vec::new());
    let announced: Vec<Nlri> = (0..100).map(|n| nlri(&format!("10.0.{n}.0/24"))).collect();
    let update = Update { announced, attributes: attributes("64500"), ..Update::default() };
    writer.update(TIME, &ends(), Style::default(), &update).unwrap();
    let bytes = writer.into_inner();
    let (heard, summary) = read(&bytes[..bytes.len() - 4 * 40 - 1]);
    assert_eq!((heard.said.len(), heard.fault_kinds(), summary.whole), (59, vec![FaultKind::CutStream], false));
}

#[test]
fn garbage_between_records_is_one_fault_and_nothing_else_is_lost() {
    let (bytes, starts) = sample();
    let (whole, _) = read(&bytes);
    for start in &starts {
        for garbage in [vec![0u8; 5], vec![0xff; 1000], (0..300_000u32).map(|n| (n * 7 % 251) as u8).collect()] {
            let damaged = [&bytes[..*start], &garbage, &bytes[*start..]].concat();
            let (heard, summary) = read(&damaged);
            assert_eq!(heard.fault_kinds(), [FaultKind::BadFraming], "at {start}");
            assert_eq!(heard.faults[0].offset, *start as u64);
            let events: Vec<_> = heard.said.iter().map(|said| &said.event).collect();
            assert_eq!(events, whole.said.iter().map(|said| &said.event).collect::<Vec<_>>(), "at {start}");
            assert!(!summary.whole);
        }
    }
}

#[test]
fn a_wrong_length_costs_one_record() {
    let (bytes, starts) = sample();
    let (whole, _) = read(&bytes);
    for (number, start) in starts.iter().enumerate().skip(1) {
        let len = u32::from_be_bytes(bytes[start + 8..start + 12].try_into().unwrap());
        for wrong in [0, 1, len - 1, len + 1, len + 100, 1 << 20, 1 << 24, u32::MAX] {
            let mut damaged = bytes.clone();
            damaged[start + 8..start + 12].copy_from_slice(&wrong.to_be_bytes());
            let (heard, summary) = read(&damaged);
            assert!(!summary.whole, "record {number} of length {wrong}");
            assert!((1..=3).contains(&heard.faults.len()), "record {number} of length {wrong}: {:?}", heard.faults);
            let others = |said: &[Said]| -> Vec<Said> {
                said.iter().filter(|said| said.offset != *start as u64).cloned().collect()
            };
            assert_eq!(others(&heard.said), others(&whole.said), "record {number} of length {wrong}");
        }
    }
}

/// Whatever it is: the length of the record, of the message, of all attributes, of one, of a prefix, of a path's segment.
#[test]
fn any_one_byte_costs_one_record() {
    let (bytes, starts) = sample();
    let (whole, _) = read(&bytes);
    for (number, start) in starts.iter().enumerate().skip(1) {
        let end = starts.get(number + 1).copied().unwrap_or(bytes.len());
        for at in *start..end {
            for wrong in [0, 1, 0x7f, 0xff, bytes[at] ^ 1, bytes[at].wrapping_add(1), bytes[at].wrapping_sub(1)] {
                let mut damaged = bytes.clone();
                damaged[at] = wrong;
                if damaged[start + 4..start + 8] == [0, 13, 0, 1] {
                    // What says it is a new table of peers ends the one before, be it damaged.
                    continue;
                }
                let (heard, _) = read(&damaged);
                let others = |said: &[Said]| -> Vec<Said> {
                    let inside = *start as u64..end as u64;
                    said.iter().filter(|said| !inside.contains(&said.offset)).cloned().collect()
                };
                let place = format!("byte {} of record {number} is {wrong}", at - start);
                assert!(others(&heard.said) == others(&whole.said), "{place}: {:?}", heard.faults);
            }
        }
    }
}

#[test]
fn oversized_records_are_told_and_passed_over() {
    let (bytes, starts) = sample();
    let longest = starts.windows(2).map(|pair| pair[1] - pair[0] - 12).max().unwrap() as u32;
    let options = Options { max_record_bytes: longest - 1, ..Options::default() };
    let (heard, summary) = mrt_common::read_with(&bytes, &options);
    assert!(heard.fault_kinds().contains(&FaultKind::OversizedRecord));
    assert!(!summary.whole && heard.said.len() >= 10);
}

/// Gives a few bytes at a time, and at one place an error in place of some bytes.
struct Holed<'a> {
    bytes: &'a [u8],
    at: usize,
    hole: std::ops::Range<usize>,
    kind: io::ErrorKind,
    told: bool,
}

impl Read for Holed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.hole.start && !self.told {
            (self.told, self.at) = (true, self.hole.end);
            return Err(io::Error::new(self.kind, "a hole"));
        }
        let end = if self.told { self.bytes.len() } else { self.hole.start };
        let len = (end - self.at).min(out.len()).min(7);
        out[..len].copy_from_slice(&self.bytes[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

#[test]
fn reading_goes_on_behind_a_hole() {
    let (bytes, starts) = sample();
    let (whole, _) = read(&bytes);
    let hole = starts[4] + 20..starts[6] - 3;
    let lost = |said: &&Said| !(starts[4] as u64..starts[6] as u64).contains(&said.offset);
    let mut heard = Heard::default();
    let reader = Holed { bytes: &bytes, at: 0, hole: hole.clone(), kind: io::ErrorKind::InvalidData, told: false };
    let summary = mrt::read(&mut BufReader::new(reader), &Options::default(), &mut heard);
    assert_eq!(heard.fault_kinds(), [FaultKind::BadCompression]);
    assert_eq!(heard.faults[0].offset, hole.start as u64);
    let events: Vec<_> = heard.said.iter().map(|said| &said.event).collect();
    assert_eq!(events, whole.said.iter().filter(lost).map(|said| &said.event).collect::<Vec<_>>());
    assert!(!summary.whole);
    // An error that ends the stream ends it.
    let mut heard = Heard::default();
    let reader = Holed { bytes: &bytes, at: 0, hole, kind: io::ErrorKind::UnexpectedEof, told: false };
    mrt::read(&mut BufReader::new(reader), &Options::default(), &mut heard);
    assert_eq!(heard.fault_kinds(), [FaultKind::CutStream]);
    assert!(heard.said.iter().all(|said| said.offset < starts[4] as u64));
}

struct OnlyErrors(u64);

impl Read for OnlyErrors {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0 += 1;
        assert!(self.0 < 10, "it never ends");
        Err(io::ErrorKind::InvalidData.into())
    }
}

#[test]
fn a_reader_that_only_fails_comes_to_an_end() {
    let mut heard = Heard::default();
    let summary = mrt::read(&mut BufReader::new(OnlyErrors(0)), &Options::default(), &mut heard);
    assert!(!summary.whole);
    assert_eq!(heard.fault_kinds(), [FaultKind::BadCompression; 2]);
}

/// However much garbage, faults stay few. What takes time with the square of its length would not come to an end here.
#[test]
fn much_garbage_gives_few_faults() {
    let (bytes, starts) = sample();
    // Headers that make sense, with bodies that do not, and lengths that point anywhere.
    let mut random = 12345u64;
    let mut next = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as u32
    };
    let mut headers = Vec::new();
    for _ in 0..100_000 {
        headers.extend(1_700_000_000u32.to_be_bytes());
        headers.extend([0, 13, 0, (next() % 12) as u8 + 1]);
        headers.extend((next() % (16 << 20)).to_be_bytes());
        headers.extend((0..next() % 20).map(|n| n as u8));
    }
    let noise: Vec<u8> = (0..20 << 20).map(|_| next() as u8).collect();
    let zeros = vec![0; 20 << 20];
    // The same record start again and again.
    let claims: Vec<u8> = bytes[starts[1]..starts[1] + 12].iter().copied().cycle().take(20 << 20).collect();
    for (what, garbage) in [("headers", headers), ("noise", noise), ("zeros", zeros), ("claims", claims)] {
        let (heard, _) = read(&garbage);
        assert!(heard.faults.len() < garbage.len() / 10, "{what}: {} faults", heard.faults.len());
    }
}

fn any_asn() -> impl Strategy<Value = u32> {
    prop_oneof![
        1u32..23_456,
        23_457u32..65_536,
        65_536u32..400_000,
        any::<u32>().prop_filter("AS_TRANS", |n| *n != 23_456)
    ]
}

/// Paths that two-byte records can hold too: confederations have no place in AS4_PATH.
fn any_path(confederations: bool) -> impl Strategy<Value = AsPath> {
    let most = if confederations { 4u8 } else { 2 };
    let segment = (1..=most, prop::collection::vec(any_asn().prop_map(Asn), 1..6))
        .prop_map(|(code, asns)| PathSegment { kind: SegmentKind::from_code(code).unwrap(), asns });
    prop::collection::vec(segment, 0..4).prop_map(|segments| AsPath { segments })
}

fn any_attributes(v4: bool, confederations: bool) -> impl Strategy<Value = Attributes> {
    let next_hop = if v4 {
        any::<[u8; 4]>().prop_map(|octets| Some(octets.into())).boxed()
    } else {
        any::<[u8; 16]>().prop_map(|octets| Some(octets.into())).boxed()
    };
    let origin = prop_oneof![Just(OriginCode::Igp), Just(OriginCode::Egp), Just(OriginCode::Incomplete)];
    let few = 0..4usize;
    (
        (origin, any_path(confederations), next_hop, any::<Option<u32>>(), any::<Option<u32>>(), any::<bool>()),
        prop::option::of((any_asn().prop_map(Asn), any::<[u8; 4]>().prop_map(Into::into))),
        prop::collection::vec(any::<(u16, u16)>(), 0..80),
        prop::collection::vec(any::<[u8; 8]>(), few.clone()),
        prop::collection::vec(any::<[u32; 3]>(), few),
        prop::option::of(any_asn().prop_map(Asn)),
    )
        .prop_map(
            |(
                (origin, path, next_hop, med, local_pref, atomic_aggregate),
                aggregator,
                communities,
                extended,
                large,
                otc,
            )| {
                Attributes {
                    origin: Some(origin),
                    path: Some(path),
                    next_hop,
                    med,
                    local_pref,
                    atomic_aggregate,
                    aggregator,
                    communities,
                    extended_communities: extended,
                    large_communities: large,
                    only_to_customer: otc,
                    raw: Vec::new(),
                }
            },
        )
}

fn any_prefix(v4: bool) -> impl Strategy<Value = Prefix> {
    let family = if v4 { headwater_route::Family::V4 } else { headwater_route::Family::V6 };
    // Default routes in numbers look like path identifiers.
    (any::<u128>(), 1..=family.max_len()).prop_map(move |(bits, len)| Prefix::from_bits(family, bits, len).unwrap())
}

fn any_session(v4: bool, two_byte: bool) -> impl Strategy<Value = Session> {
    let asn = if two_byte { (0u32..65_536).boxed() } else { any::<u32>().boxed() };
    (asn, any::<[u8; 16]>()).prop_map(move |(asn, octets)| Session {
        asn: Asn(asn),
        addr: if v4 { [octets[0], octets[1], octets[2], octets[3]].into() } else { octets.into() },
    })
}

/// A record to write and what should be heard of it, time and offset aside.
#[derive(Clone, Debug)]
enum Wanted {
    Update(Ends, Style, Update),
    State(Ends, Style, u16, u16),
    Old(Ends, Update),
    Entry(Ends, Nlri, Attributes),
    Rib(Vec<Session>, Prefix, bool, bool, Option<u32>, Vec<Attributes>),
    Dump(Session, Prefix, Attributes),
    Packed(Session, Vec<Prefix>, Attributes),
}

fn any_update(v4: bool, confederations: bool, path_ids: bool) -> impl Strategy<Value = Update> {
    // A path identifier below 2^16 cannot be plain prefixes, should its record have the plain type.
    let id = move || any::<u16>().prop_map(move |id| path_ids.then_some(u32::from(id)));
    let routes = move |multicast| {
        prop::collection::vec((any_prefix(v4), id()), 0..5).prop_map(move |routes| {
            routes.into_iter().map(|(prefix, path_id)| Nlri { prefix, path_id, multicast }).collect::<Vec<_>>()
        })
    };
    any::<bool>().prop_flat_map(move |multicast| {
        (routes(multicast), routes(multicast), any_attributes(v4, confederations))
            .prop_map(|(withdrawn, announced, attributes)| Update { withdrawn, announced, attributes })
    })
}

fn any_ends(v4: bool, two_byte: bool) -> impl Strategy<Value = Ends> {
    (any_session(v4, two_byte), any_session(v4, two_byte)).prop_map(|(peer, local)| Ends { peer, local })
}

fn any_wanted() -> impl Strategy<Value = Wanted> {
    let flags = any::<[bool; 5]>();
    let update = flags.prop_flat_map(|[micros, two_byte, local, v4, path_ids]| {
        let style = Style { micros, two_byte, local, plain_add_path: false };
        (any_ends(v4, two_byte), any_update(v4, !two_byte, path_ids))
            .prop_map(move |(ends, u)| Wanted::Update(ends, style, u))
    });
    let state = any::<[bool; 3]>().prop_flat_map(|[micros, two_byte, v4]| {
        let style = Style { micros, two_byte, ..Style::default() };
        (any_ends(v4, two_byte), any::<u16>(), any::<u16>())
            .prop_map(move |(e, from, to)| Wanted::State(e, style, from, to))
    });
    let old =
        (any_ends(true, true), any_update(true, false, false)).prop_map(|(ends, update)| Wanted::Old(ends, update));
    let entry = any::<bool>().prop_flat_map(|v4| {
        (any_ends(v4, true), any_prefix(v4), any_attributes(v4, false))
            .prop_map(|(ends, prefix, a)| Wanted::Entry(ends, Nlri { prefix, path_id: None, multicast: false }, a))
    });
    let rib = any::<[bool; 3]>().prop_flat_map(|[v4, multicast, generic]| {
        (
            prop::collection::vec((any_session(v4, false), any_attributes(v4, true)), 1..4),
            any_prefix(v4),
            any::<Option<u32>>(),
        )
            .prop_map(move |(entries, prefix, id)| {
                let (sessions, attributes) = entries.into_iter().unzip();
                Wanted::Rib(sessions, prefix, multicast, generic, id, attributes)
            })
    });
    let dump = any::<bool>().prop_flat_map(|v4| {
        (any_session(v4, true), any_prefix(v4), any_attributes(v4, false)).prop_map(|(s, p, a)| Wanted::Dump(s, p, a))
    });
    let packed = (any_session(true, true), prop::collection::vec(any_prefix(true), 1..4), any_attributes(true, false))
        .prop_map(|(s, p, a)| Wanted::Packed(s, p, a));
    prop_oneof![update, state, old, entry, rib, dump, packed]
}

/// Neighbouring sequences merge where AS4_PATH is merged in: compare as text.
fn comparable(mut said: (Session, Happened)) -> (Session, String) {
    let attributes = match &mut said.1 {
        Happened::Held(_, _, attributes) | Happened::Announced(_, attributes) => Some(attributes),
        _ => None,
    };
    let path = attributes.and_then(|attributes| attributes.path.take()).map(|path| path.to_string());
    (said.0, format!("{:?} {path:?}", said.1))
}

fn write_wanted(wanted: &Wanted, bytes: &mut Vec<u8>, expected: &mut Vec<(Session, Happened)>) {
    let mut writer = Writer::new(Vec::new());
    let said = |update: &Update, who: Session| {
        let withdrawn = update.withdrawn.iter().map(|nlri| Happened::Withdrawn(*nlri));
        let announced = update.announced.iter().map(|nlri| Happened::Announced(*nlri, update.attributes.clone()));
        withdrawn.chain(announced).map(|event| (who, event)).collect::<Vec<_>>()
    };
    match wanted {
        Wanted::Update(ends, style, update) => {
            writer.update(TIME, ends, *style, update).unwrap();
            expected.extend(said(update, if style.local { ends.local } else { ends.peer }));
        }
        Wanted::State(ends, style, from, to) => {
            writer.state_change(TIME, ends, *style, *from, *to).unwrap();
            expected.push((ends.peer, Happened::State(*from, *to)));
        }
        Wanted::Old(ends, update) => {
            writer.old_update(TIME, ends, update).unwrap();
            expected.extend(said(update, ends.peer));
        }
        Wanted::Entry(ends, nlri, attributes) => {
            writer.entry(TIME, ends, nlri, Some(TIME), attributes).unwrap();
            expected.push((ends.peer, Happened::Held(*nlri, Some(TIME), attributes.clone())));
        }
        Wanted::Rib(sessions, prefix, multicast, generic, path_id, attributes) => {
            writer.peer_table(TIME, &peer_table(sessions)).unwrap();
            let entry = |(peer, attributes)| RibEntry {
                peer: peer as u16,
                originated: Some(TIME),
                path_id: *path_id,
                attributes,
            };
            let entries = attributes.iter().enumerate().map(entry).collect();
            let rib = Rib { sequence: 1, prefix: *prefix, multicast: *multicast, generic: *generic, entries };
            writer.rib(TIME, &rib).unwrap();
            let nlri = Nlri { prefix: *prefix, path_id: *path_id, multicast: *multicast };
            let held = |(session, attributes): (&Session, &Attributes)| {
                (*session, Happened::Held(nlri, Some(TIME), attributes.clone()))
            };
            expected.extend(sessions.iter().zip(attributes).map(held));
        }
        Wanted::Dump(session, prefix, attributes) => {
            let route = TableDumpRoute { session: *session, prefix: *prefix, originated: None, attributes };
            writer.table_dump(TIME, 0, 0, &route).unwrap();
            let nlri = Nlri { prefix: *prefix, path_id: None, multicast: false };
            expected.push((*session, Happened::Held(nlri, None, attributes.clone())));
        }
        Wanted::Packed(session, prefixes, attributes) => {
            let route =
                |prefix: &Prefix| TableDumpRoute { session: *session, prefix: *prefix, originated: None, attributes };
            writer.packed_table_dump(TIME, 0, 0, &prefixes.iter().map(route).collect::<Vec<_>>()).unwrap();
            expected.extend(prefixes.iter().map(|prefix| {
                let nlri = Nlri { prefix: *prefix, path_id: None, multicast: false };
                (*session, Happened::Held(nlri, None, attributes.clone()))
            }));
        }
    }
    bytes.extend(writer.into_inner());
}

/// What is heard of a stream, however its reads fall.
fn heard_slowly(bytes: &[u8]) -> (Vec<Said>, Vec<headwater_route::Fault>) {
    let end = bytes.len();
    let mut heard = Heard::default();
    let reader = Holed { bytes, at: 0, hole: end + 1..end + 1, kind: io::ErrorKind::Other, told: true };
    mrt::read(&mut BufReader::new(reader), &Options::default(), &mut heard);
    (heard.said, heard.faults)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_written_reads_back(records in prop::collection::vec(any_wanted(), 1..6)) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for record in &records {
            write_wanted(record, &mut bytes, &mut expected);
        }
        let (heard, summary) = read(&bytes);
        prop_assert_eq!(&heard.faults, &[]);
        prop_assert!(summary.whole);
        prop_assert!(heard.said.iter().all(|said| said.time == TIME || said.time == Time(TIME.0)));
        let heard: Vec<_> = heard.said.into_iter().map(|said| comparable((said.session, said.event))).collect();
        let expected: Vec<_> = expected.into_iter().map(comparable).collect();
        prop_assert_eq!(heard, expected);
    }

    #[test]
    fn any_bytes_come_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0u8..20, subtype in 0u8..13) {
        read(&bytes);
        // As the body of each type.
        let mut writer = Writer::new(Vec::new());
        writer.peer_table(TIME, &peer_table(&[ends().peer])).unwrap();
        writer.record(TIME, u16::from(kind), u16::from(subtype), &bytes).unwrap();
        read(&writer.into_inner());
    }

    #[test]
    fn damaged_records_come_to_an_end(
        records in prop::collection::vec(any_wanted(), 1..4),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for record in &records {
            write_wanted(record, &mut bytes, &mut expected);
        }
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= value;
        }
        let (heard, _) = read(&bytes);
        let offsets: Vec<u64> = heard.said.iter().map(|said| said.offset).collect();
        prop_assert!(offsets.is_sorted());
        prop_assert!(heard.faults.iter().all(|fault| fault.offset <= bytes.len() as u64));
        prop_assert_eq!((heard.said, heard.faults), heard_slowly(&bytes));
    }
}
