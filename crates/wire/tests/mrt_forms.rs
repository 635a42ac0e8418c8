//! What writers of MRT do, one oddity a test, from records that the encoder makes.

mod mrt_common;

use headwater_route::{Asn, Family, FaultKind, Nlri, OriginCode};
use headwater_wire::mrt::Interest;
use headwater_wire::mrt::encode::{
    Attributes, Ends, RawAttribute, Rib, RibEntry, Style, TableDumpRoute, Update, Writer, open_with_add_path,
};
use mrt_common::{Happened, Heard, TIME, attributes, ends, nlri, nlri_id, peer_table, prefix, read, session};

fn writer() -> Writer<Vec<u8>> {
    Writer::new(Vec::new())
}

fn update(update: &Update) -> Heard {
    update_as(Style::default(), update)
}

fn update_as(style: Style, update: &Update) -> Heard {
    let mut writer = writer();
    writer.update(TIME, &ends(), style, update).unwrap();
    let (heard, summary) = read(&writer.into_inner());
    assert!(summary.whole);
    heard
}

fn announce(prefixes: &[&str], attributes: Attributes) -> Update {
    Update { announced: prefixes.iter().map(|p| nlri(p)).collect(), attributes, ..Update::default() }
}

fn raw(flags: u8, code: u8, value: &[u8]) -> RawAttribute {
    RawAttribute { flags, code, value: value.to_vec() }
}

fn rib<'a>(prefix_text: &str, entries: &[(u16, &'a Attributes)]) -> Rib<'a> {
    let entries = entries.iter().map(|(peer, attributes)| RibEntry {
        peer: *peer,
        originated: Some(TIME),
        path_id: None,
        attributes,
    });
    Rib { sequence: 0, prefix: prefix(prefix_text), multicast: false, generic: false, entries: entries.collect() }
}

#[test]
fn a_later_peer_table_replaces_the_first_and_sessions_keep_their_ids() {
    let (a, b, c) = (session(64500, "192.0.2.1"), session(64501, "192.0.2.2"), session(4_200_000_000, "2001:db8::1"));
    let route = attributes("64500 64510");
    let mut writer = writer();
    writer.peer_table(TIME, &peer_table(&[a, b])).unwrap();
    writer.rib(TIME, &rib("203.0.113.0/24", &[(0, &route), (1, &route)])).unwrap();
    writer.geo_peer_table(TIME, &peer_table(&[c, b, a])).unwrap();
    writer.rib(TIME, &rib("203.0.113.0/24", &[(0, &route), (1, &route), (2, &route)])).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.sessions, [a, b, c]);
    assert_eq!(heard.said.iter().map(|said| said.session).collect::<Vec<_>>(), [a, b, c, b, a]);
    assert_eq!(heard.tables.len(), 2);
    assert_eq!((heard.tables[0].0, heard.tables[0].2.as_str()), (0, "view"));
    assert_eq!(heard.faults, []);
}

#[test]
fn a_table_without_its_peers_is_not_guessed() {
    let route = attributes("64500 64510");
    let mut writer = writer();
    writer.rib(TIME, &rib("203.0.113.0/24", &[(0, &route)])).unwrap();
    writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1")])).unwrap();
    writer.rib(TIME, &rib("203.0.113.0/24", &[(1, &route), (0, &route)])).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.fault_kinds(), [FaultKind::NoPeerTable, FaultKind::UnknownPeer]);
    assert_eq!(heard.events(), ["= 203.0.113.0/24 64500 64510"]);
}

#[test]
fn next_hops_of_tables_are_read_in_both_forms() {
    let hop = "2001:db8::1".parse().unwrap();
    let short = Attributes { next_hop: Some(hop), ..attributes("64500") };
    let mut whole_value = vec![0, 2, 1, 32];
    whole_value.extend("2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    whole_value.extend("fe80::1".parse::<std::net::Ipv6Addr>().unwrap().octets());
    whole_value.extend([0, 32, 0x20, 1, 0x0d, 0xb8]);
    let whole = Attributes { next_hop: None, raw: vec![raw(0x80, 14, &whole_value)], ..attributes("64500") };
    for route in [short, whole] {
        let mut writer = writer();
        writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1")])).unwrap();
        writer.rib(TIME, &rib("2001:db8::/32", &[(0, &route)])).unwrap();
        let (heard, _) = read(&writer.into_inner());
        assert_eq!(heard.attributes().next_hop, Some(hop));
    }
}

#[test]
fn every_table_type_says_what_it_is() {
    let route = attributes("64500");
    let mut writer = writer();
    writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1")])).unwrap();
    let mut expected = Vec::new();
    for generic in [false, true] {
        for text in ["203.0.113.0/24", "2001:db8::/32"] {
            for multicast in [false, true] {
                for path_id in [None, Some(7)] {
                    let mut rib = Rib { generic, multicast, ..rib(text, &[(0, &route)]) };
                    rib.entries[0].path_id = path_id;
                    writer.rib(TIME, &rib).unwrap();
                    expected.push(Nlri { prefix: prefix(text), path_id, multicast });
                }
            }
        }
    }
    let (heard, _) = read(&writer.into_inner());
    let subtypes: std::collections::BTreeSet<u16> = heard.records.iter().map(|record| record.subtype).collect();
    assert_eq!(subtypes.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]);
    let said = heard.said.iter().map(|said| match &said.event {
        Happened::Held(nlri, originated, _) => {
            assert_eq!(*originated, Some(TIME));
            *nlri
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(said.collect::<Vec<_>>(), expected);
}

#[test]
fn routes_of_the_dumping_router_have_no_attributes() {
    let (none, no_path) = (Attributes::default(), Attributes { path: None, ..attributes("1") });
    let mut writer = writer();
    writer.peer_table(TIME, &peer_table(&[session(0, "0.0.0.0")])).unwrap();
    writer.rib(TIME, &rib("203.0.113.0/24", &[(0, &none)])).unwrap();
    writer.rib(TIME, &rib("203.0.113.0/24", &[(0, &no_path)])).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.events(), ["= 203.0.113.0/24 "]);
    assert_eq!(heard.fault_kinds(), [FaultKind::BadAttribute]);
}

#[test]
fn paths_of_two_byte_speakers_are_merged() {
    let style = Style { two_byte: true, ..Style::default() };
    let long = Attributes {
        aggregator: Some((Asn(200_593), [192, 0, 2, 9].into())),
        ..attributes("64500 200593 3 {4,70000}")
    };
    let heard = update_as(style, &announce(&["203.0.113.0/24"], long.clone()));
    assert_eq!(heard.attributes(), &long);
    assert_eq!(heard.faults, []);

    // A two-byte speaker put itself before what a four-byte one had sent.
    let as4_path = |path: &str| {
        let bytes = path.parse::<headwater_route::AsPath>().unwrap().to_bytes();
        raw(0xc0, 17, &bytes)
    };
    let merged = |path: &str, four: &str, aggregator: Option<u32>| {
        let mut raws = vec![as4_path(four)];
        raws.extend(aggregator.map(|_| raw(0xc0, 18, &[0, 3, 0x0f, 0x91, 192, 0, 2, 9])));
        let aggregator = aggregator.map(|asn| (Asn(asn), [192, 0, 2, 8].into()));
        let route = Attributes { raw: raws, aggregator, ..attributes(path) };
        let heard = update_as(style, &announce(&["203.0.113.0/24"], route));
        let path = heard.attributes().path.as_ref().unwrap();
        (path.to_string(), path.segments.len(), heard.attributes().aggregator, heard.fault_kinds())
    };
    let by = |asn: u32, last: u8| Some((Asn(asn), [192, 0, 2, last].into()));
    assert_eq!(merged("1 2 23456 23456", "200593 70000", None), ("1 2 200593 70000".into(), 1, None, vec![]));
    assert_eq!(merged("(9) 1 23456", "200593", None), ("(9) 1 200593".into(), 2, None, vec![]));
    assert_eq!(merged("1 {2,3} 23456", "200593", None), ("1 {2,3} 200593".into(), 3, None, vec![]));
    assert_eq!(merged("1 23456 {3}", "200593 {70000}", None), ("1 200593 {70000}".into(), 2, None, vec![]));
    // Longer than the path it is to complete: ignored (RFC 6793 §4.2.3).
    let trans = vec![FaultKind::UnresolvedAsTrans];
    assert_eq!(merged("1 23456", "1 2 200593", None), ("1 23456".into(), 1, None, trans.clone()));
    // The aggregator tells that a two-byte speaker aggregated since: stale.
    assert_eq!(merged("1 23456", "1 200593", Some(64501)), ("1 23456".into(), 1, by(64501, 8), trans.clone()));
    assert_eq!(merged("1 23456", "1 200593", Some(23456)), ("1 200593".into(), 1, by(200_593, 9), vec![]));
    // An AS4_PATH that is malformed is dropped alone (RFC 6793 §6).
    let route = Attributes { raw: vec![raw(0xc0, 17, &[2, 9, 0])], ..attributes("1 23456") };
    let heard = update_as(style, &announce(&["203.0.113.0/24"], route));
    assert_eq!(heard.events(), ["+ 203.0.113.0/24 1 23456"]);
    assert_eq!(heard.fault_kinds(), [FaultKind::UnresolvedAsTrans, FaultKind::BadAttribute]);
    // A four-byte session has no use for AS4_PATH (RFC 6793 §4.1).
    let route = Attributes { raw: vec![as4_path("9")], ..attributes("1 2") };
    assert_eq!(update(&announce(&["203.0.113.0/24"], route)).events(), ["+ 203.0.113.0/24 1 2"]);
}

#[test]
fn as_trans_that_nothing_resolves_is_told_once_a_message() {
    let heard = update(&announce(&["203.0.113.0/24", "198.51.100.0/24"], attributes("64500 23456 23456")));
    assert_eq!(heard.events().len(), 2);
    assert_eq!(heard.fault_kinds(), [FaultKind::UnresolvedAsTrans]);
}

#[test]
fn withdrawals_come_before_announcements() {
    let v6 = Attributes { next_hop: Some("2001:db8::1".parse().unwrap()), ..attributes("64500") };
    let mut message = announce(&["2001:db8:1::/48"], v6);
    message.withdrawn = vec![nlri("203.0.113.0/24"), nlri("203.0.113.0/24")];
    assert_eq!(update(&message).events(), ["- 203.0.113.0/24", "- 203.0.113.0/24", "+ 2001:db8:1::/48 64500"]);
    let mut message = announce(&["203.0.113.0/24"], attributes("64500"));
    message.withdrawn = vec![nlri("2001:db8:1::/48")];
    assert_eq!(update(&message).events(), ["- 2001:db8:1::/48", "+ 203.0.113.0/24 64500"]);
}

#[test]
fn all_four_fields_of_one_message_are_read_withdrawn_first() {
    let reach = [&[0, 2, 1, 16][..], &[0x20; 16], &[0, 16, 0x20, 1]].concat();
    let route =
        Attributes { raw: vec![raw(0x80, 14, &reach), raw(0x80, 15, &[0, 2, 1, 16, 0x20, 2])], ..attributes("64500") };
    let mut message = announce(&["203.0.113.0/24"], route);
    message.withdrawn = vec![nlri("198.51.100.0/24")];
    let heard = update(&message);
    assert_eq!(heard.events(), ["- 198.51.100.0/24", "- 2002::/16", "+ 2001::/16 64500", "+ 203.0.113.0/24 64500"]);
    // Each of the two announcements has its own next hop.
    let hops = heard.said.iter().filter_map(|said| match &said.event {
        Happened::Announced(_, attributes) => Some(attributes.next_hop.unwrap().to_string()),
        _ => None,
    });
    assert_eq!(hops.collect::<Vec<_>>(), ["2020:2020:2020:2020:2020:2020:2020:2020", "192.0.2.1"]);
}

#[test]
fn end_of_rib_says_nothing() {
    assert_eq!(update(&Update::default()).events(), [""; 0]);
    let v6 = Update {
        attributes: Attributes { raw: vec![raw(0x80, 15, &[0, 2, 1])], ..Default::default() },
        ..Default::default()
    };
    let heard = update(&v6);
    assert!(heard.said.is_empty() && heard.faults.is_empty());
}

#[test]
fn malformed_attributes_withdraw_the_routes_of_their_message() {
    let bad = [
        raw(0x40, 1, &[3]),
        raw(0x40, 1, &[]),
        raw(0x40, 2, &[2, 2, 0, 0, 0, 1]),
        raw(0x40, 2, &[5, 1, 0, 0, 0, 1]),
        raw(0x40, 2, &[2, 0]),
        raw(0x40, 3, &[1, 2, 3]),
        raw(0x80, 4, &[1]),
        raw(0x40, 5, &[1; 5]),
        raw(0xc0, 8, &[1; 5]),
        raw(0xc0, 16, &[1; 7]),
        raw(0xc0, 32, &[1; 13]),
        raw(0xc0, 35, &[1; 3]),
    ];
    for bad in bad {
        let mut route = attributes("64500");
        match bad.code {
            1 => route.origin = None,
            2 => route.path = None,
            3 => route.next_hop = None,
            _ => {}
        }
        route.raw = vec![bad.clone()];
        let mut message = announce(&["203.0.113.0/24"], route.clone());
        message.withdrawn = vec![nlri("2001:db8::/32")];
        let heard = update(&message);
        assert_eq!(heard.fault_kinds(), [FaultKind::BadAttribute], "{bad:?}");
        assert_eq!(heard.events(), ["- 2001:db8::/32", "- 203.0.113.0/24"], "{bad:?}");
        // In a table the entry is not given.
        let mut writer = writer();
        writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1")])).unwrap();
        writer.rib(TIME, &rib("203.0.113.0/24", &[(0, &route), (0, &attributes("1"))])).unwrap();
        let (heard, _) = read(&writer.into_inner());
        assert_eq!(heard.events(), ["= 203.0.113.0/24 1"], "{bad:?}");
        assert_eq!(heard.fault_kinds(), [FaultKind::BadAttribute], "{bad:?}");
    }
}

#[test]
fn mandatory_attributes_must_be_there_where_routes_are_announced() {
    for code in [1, 2, 3] {
        let mut route = attributes("64500");
        match code {
            1 => route.origin = None,
            2 => route.path = None,
            _ => route.next_hop = None,
        }
        let heard = update(&announce(&["203.0.113.0/24"], route));
        assert_eq!(heard.events(), ["- 203.0.113.0/24"]);
        assert_eq!(heard.faults[0].detail, format!("attribute {code} is absent"));
    }
}

#[test]
fn lesser_malformed_attributes_are_dropped_alone() {
    for bad in [raw(0x40, 6, &[1]), raw(0xc0, 7, &[1; 7])] {
        let route = Attributes { raw: vec![bad], ..attributes("64500") };
        let heard = update(&announce(&["203.0.113.0/24"], route));
        assert_eq!(heard.events(), ["+ 203.0.113.0/24 64500"]);
        assert_eq!(heard.fault_kinds(), [FaultKind::BadAttribute]);
    }
}

#[test]
fn of_repeated_attributes_the_first_is_kept() {
    let again = [raw(0x40, 1, &[2]), raw(0x40, 2, &[2, 1, 0, 0, 0, 9])];
    let heard = update(&announce(&["203.0.113.0/24"], Attributes { raw: again.to_vec(), ..attributes("64500") }));
    assert_eq!(heard.attributes(), &attributes("64500"));
    assert_eq!(heard.attributes().origin, Some(OriginCode::Igp));
    assert_eq!(heard.fault_kinds(), [FaultKind::BadAttribute]);
    // But two MP_REACH_NLRI are an error of the message (RFC 7606 §3 (g)).
    let reach = [&[0, 2, 1, 16][..], &[0x20; 16], &[0, 16, 0x20, 1]].concat();
    let twice = vec![raw(0x80, 14, &reach), raw(0x80, 14, &reach)];
    let heard = update(&announce(&["203.0.113.0/24"], Attributes { raw: twice, ..attributes("64500") }));
    assert_eq!(heard.events(), ["- 2001::/16", "- 203.0.113.0/24"]);
    assert_eq!(heard.faults[0].detail, "attribute 14 stands twice");
}

#[test]
fn an_attribute_that_runs_over_the_end_withdraws() {
    // ORIGIN, then an attribute whose length is too long by one.
    let body = [0, 0, 0, 8, 0x40, 1, 1, 0, 0x40, 2, 2, 0, 24, 203, 0, 113];
    let mut writer = writer();
    writer.message(TIME, &ends(), Style::default(), 2, &body).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.events(), ["- 203.0.113.0/24"]);
    assert_eq!(heard.faults[0].detail, "an attribute runs over the end");
}

#[test]
fn long_attributes_and_messages_are_read() {
    let route = Attributes { communities: (0..10_000).map(|n| (64500, n)).collect(), ..attributes("64500") };
    // Two bytes of length where one would do.
    let short = Attributes { raw: vec![raw(0xd0, 99, &[1, 2, 3])], ..attributes("64500") };
    let message = announce(&["203.0.113.0/24"], route.clone());
    assert_eq!(update(&message).attributes(), &route);
    assert_eq!(update(&announce(&["203.0.113.0/24"], short)).attributes(), &attributes("64500"));
    // A record of more than 64 KiB.
    let mut writer = writer();
    writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1")])).unwrap();
    let many = Attributes { communities: (0..200).map(|n| (64500, n)).collect(), ..attributes("64500") };
    writer.rib(TIME, &rib("203.0.113.0/24", &vec![(0, &many); 3000])).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert!(heard.records[1].len > 2 << 20);
    assert_eq!(heard.said.len(), 3000);
}

#[test]
fn host_bits_are_dropped_and_counted() {
    let mut writer = writer();
    let attributes = [0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, 192, 0, 2, 1];
    let nlri = [12, 11, 0x1f, 24, 203, 0, 113];
    let body = [&[0, 0, 0, attributes.len() as u8][..], &attributes, &nlri].concat();
    writer.message(TIME, &ends(), Style::default(), 2, &body).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.events(), ["+ 11.16.0.0/12 ", "+ 203.0.113.0/24 "]);
    assert_eq!(heard.fault_kinds(), [FaultKind::HostBits]);
}

#[test]
fn prefixes_before_a_bad_one_are_kept() {
    let attributes = [0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, 192, 0, 2, 1];
    for bad in [&[33, 1, 2, 3, 4, 5][..], &[24, 1]] {
        let body = [&[0, 0, 0, attributes.len() as u8][..], &attributes, &[24, 203, 0, 113], bad].concat();
        let mut writer = writer();
        writer.message(TIME, &ends(), Style::default(), 2, &body).unwrap();
        let (heard, _) = read(&writer.into_inner());
        assert_eq!(heard.events(), ["+ 203.0.113.0/24 "]);
        assert_eq!(heard.fault_kinds(), [FaultKind::BadPrefix]);
    }
}

#[test]
fn other_tables_are_counted_not_guessed() {
    // MP_REACH_NLRI of VPN-IPv4 with a next hop of 12 bytes, MP_UNREACH_NLRI of flowspec.
    let vpn = [&[0, 1, 128, 12][..], &[0; 12], &[0, 88, 1, 2, 3]].concat();
    let route =
        Attributes { raw: vec![raw(0x80, 14, &vpn), raw(0x80, 15, &[0, 1, 133, 3, 1, 24, 10])], ..attributes("1") };
    let heard = update(&announce(&["203.0.113.0/24"], route));
    assert_eq!(heard.events(), ["+ 203.0.113.0/24 1"]);
    assert_eq!(heard.fault_kinds(), [FaultKind::UnsupportedRecord; 2]);
}

#[test]
fn record_types_without_routes_are_passed_over() {
    let mut writer = writer();
    for (kind, subtype) in [(32, 0), (33, 0), (48, 0), (49, 0), (11, 0), (16, 3), (5, 2)] {
        writer.record(TIME, kind, subtype, &[1, 2, 3, 4]).unwrap();
    }
    // Keepalives and the like lose nothing and say nothing.
    for subtype in [0, 5, 6, 7] {
        writer.record(TIME, 5, subtype, &[1, 2, 3, 4]).unwrap();
    }
    for message_type in [3, 4, 5, 99] {
        writer.message(TIME, &ends(), Style::default(), message_type, &[1, 2]).unwrap();
    }
    // A type that is not assigned yet.
    writer.record(TIME, 77, 1, &[9; 40]).unwrap();
    writer.update(TIME, &ends(), Style::default(), &announce(&["203.0.113.0/24"], attributes("1"))).unwrap();
    let (heard, summary) = read(&writer.into_inner());
    assert_eq!(heard.fault_kinds(), [FaultKind::UnsupportedRecord; 8]);
    assert_eq!(heard.events().len(), 1);
    assert!(summary.whole);
}

#[test]
fn all_message_types_are_read() {
    let v6 = Ends { peer: session(64500, "2001:db8::1"), local: session(64999, "2001:db8::2") };
    let mut writer = writer();
    let mut expected = Vec::new();
    for micros in [false, true] {
        for two_byte in [false, true] {
            for local in [false, true] {
                for ends in [ends(), v6] {
                    let style = Style { micros, two_byte, local, plain_add_path: false };
                    let time = headwater_route::Time(TIME.0 + 123_456);
                    writer.update(time, &ends, style, &announce(&["203.0.113.0/24"], attributes("64500"))).unwrap();
                    let mut message = announce(&[], attributes("64500"));
                    message.announced = vec![nlri_id("203.0.113.0/24", 9)];
                    writer.update(time, &ends, style, &message).unwrap();
                    writer.state_change(time, &ends, style, 6, 1).unwrap();
                    let speaker = if local { ends.local } else { ends.peer };
                    let time = if micros { time } else { TIME };
                    expected.extend([(time, speaker), (time, speaker), (time, ends.peer)]);
                }
            }
        }
    }
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.faults, []);
    let said: Vec<_> = heard.said.iter().map(|said| (said.time, said.session)).collect();
    assert_eq!(said, expected);
    assert_eq!(&heard.events()[..3], ["+ 203.0.113.0/24 64500", "+ 203.0.113.0/24#9 64500", "6 → 1"]);
    let subtypes: std::collections::BTreeSet<u16> = heard.records.iter().map(|record| record.subtype).collect();
    assert_eq!(subtypes.into_iter().collect::<Vec<_>>(), [0, 1, 4, 5, 6, 7, 8, 9, 10, 11]);
}

#[test]
fn the_old_types_are_read() {
    let mut writer = writer();
    let mut message = announce(&["203.0.113.0/24"], attributes("64500 200593"));
    message.withdrawn = vec![nlri("198.51.100.0/24")];
    writer.old_update(TIME, &ends(), &message).unwrap();
    writer.old_state_change(TIME, ends().peer, 3, 2).unwrap();
    writer.entry(TIME, &ends(), &nlri("203.0.113.0/24"), Some(TIME), &attributes("64500 64501")).unwrap();
    let route = attributes("64500 64502");
    let dump = |text: &str, addr: &str| TableDumpRoute {
        session: session(64500, addr),
        prefix: prefix(text),
        originated: Some(TIME),
        attributes: &route,
    };
    writer.table_dump(TIME, 0, 1, &dump("203.0.113.0/24", "192.0.2.1")).unwrap();
    writer.table_dump(TIME, 0, 2, &dump("2001:db8::/32", "2001:db8::1")).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.faults, []);
    assert_eq!(
        heard.events(),
        [
            "- 198.51.100.0/24",
            "+ 203.0.113.0/24 64500 200593",
            "3 → 2",
            "= 203.0.113.0/24 64500 64501",
            "= 203.0.113.0/24 64500 64502",
            "= 2001:db8::/32 64500 64502",
        ]
    );
    assert_eq!(heard.sessions.len(), 2);
}

/// The tables of RIS of 1999 and 2000.
#[test]
fn packed_tables_whose_length_leaves_out_their_head_are_read_to_the_byte() {
    let route = attributes("64500 64502");
    let dump = |text: &str| TableDumpRoute {
        session: session(64500, "192.0.2.1"),
        prefix: prefix(text),
        originated: Some(TIME),
        attributes: &route,
    };
    let mut writer = writer();
    for _ in 0..3 {
        writer.packed_table_dump(TIME, 0, 1, &[dump("203.0.113.0/24"), dump("198.51.100.0/24")]).unwrap();
    }
    writer.packed_table_dump(TIME, 0, 1, &[dump("203.0.113.0/24")]).unwrap();
    writer.table_dump(TIME, 0, 1, &dump("192.0.2.0/24")).unwrap();
    let bytes = writer.into_inner();
    let (heard, summary) = read(&bytes);
    assert_eq!((heard.said.len(), heard.faults.len(), summary.whole), (8, 0, true));
    // Passed over, they are as long.
    let mut skipped = Heard { interests: vec![Interest::Skip; 4], ..Heard::default() };
    headwater_wire::mrt::read(&mut &bytes[..], &Default::default(), &mut skipped);
    assert_eq!((skipped.events().len(), skipped.faults.len(), skipped.records.len()), (1, 0, 5));
}

/// PCH in 2015.
#[test]
fn lengths_that_leave_out_the_microseconds_are_understood() {
    let style = Style { micros: true, ..Style::default() };
    let mut bytes = Vec::new();
    for n in 0..4 {
        let mut writer = writer();
        match n {
            3 => writer.state_change(TIME, &ends(), style, 1, 2).unwrap(),
            _ => writer.update(TIME, &ends(), style, &announce(&["203.0.113.0/24"], attributes("64500"))).unwrap(),
        }
        let mut record = writer.into_inner();
        let len = u32::from_be_bytes(record[8..12].try_into().unwrap()) - 4;
        record[8..12].copy_from_slice(&len.to_be_bytes());
        bytes.extend(record);
    }
    let (heard, summary) = read(&bytes);
    assert_eq!((heard.said.len(), heard.faults.len(), summary.whole), (4, 0, true));
    let mut skipped = Heard { interests: vec![Interest::Skip; 3], ..Heard::default() };
    headwater_wire::mrt::read(&mut &bytes[..], &Default::default(), &mut skipped);
    assert_eq!((skipped.events(), skipped.faults.len()), (vec!["1 → 2".to_owned()], 0));
}

/// RIS in 2000, before a session had a name.
#[test]
fn sessions_without_a_name_are_as0() {
    let mut writer = writer();
    writer.record(TIME, 16, 0, &[0, 0, 0, 0, 0, 3, 0, 4]).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!((heard.events(), heard.faults.len()), (vec!["3 → 4".to_owned()], 0));
    assert_eq!(heard.sessions, [session(0, "0.0.0.0")]);
}

fn add_path_stream(opens: &[(bool, u8)], ids: &[u32]) -> Heard {
    let mut writer = writer();
    let ends = ends();
    for (by_peer, mode) in opens {
        let speaker = if *by_peer { ends.peer } else { ends.local };
        let body = open_with_add_path(speaker, &[(Family::V4, false, *mode)]).unwrap();
        writer.open(TIME, &ends, Style::default(), &body).unwrap();
    }
    let style = Style { plain_add_path: true, ..Style::default() };
    for id in ids {
        let message = Update {
            announced: vec![nlri_id("203.0.113.0/24", *id)],
            attributes: attributes("64500"),
            ..Update::default()
        };
        writer.update(TIME, &ends, style, &message).unwrap();
    }
    read(&writer.into_inner()).0
}

#[test]
fn path_identifiers_in_plain_records_follow_the_opens() {
    const BIG: u32 = 0x18cb_0071;
    // Both OPENs: what they agree on holds, whatever the bytes look like.
    assert_eq!(add_path_stream(&[(true, 2), (false, 1)], &[BIG]).events(), [format!("+ 203.0.113.0/24#{BIG} 64500")]);
    // The peer sends and the collector does not receive: no identifiers, so these bytes are two prefixes, the second bad.
    let refused = add_path_stream(&[(true, 3), (false, 2)], &[BIG]);
    assert_eq!(refused.events(), ["+ 203.0.113.0/24 64500", "+ 203.0.113.0/24 64500"]);
    // One OPEN or none: the bytes decide where they can be nothing else; twice, and later ones follow.
    for opens in [&[(true, 3)][..], &[]] {
        let heard = add_path_stream(opens, &[BIG, 2, BIG, 3, BIG]);
        let plain = ["+ 203.0.113.0/24 64500"; 2];
        let last = format!("+ 203.0.113.0/24#{BIG} 64500");
        let events = [&plain[..], &["+ 203.0.113.0/24#2 64500"], &plain, &["+ 203.0.113.0/24#3 64500", &last]].concat();
        assert_eq!(heard.events(), events);
        assert_eq!(heard.faults, []);
    }
    // A peer that says it sends none sends none.
    let plain = add_path_stream(&[(true, 1)], &[2]);
    assert_eq!(plain.fault_kinds().first(), Some(&FaultKind::HostBits));
}

/// A damaged field that looks as if it had identifiers, and no fault: the session goes on as before.
#[test]
fn one_field_that_looks_like_path_identifiers_does_not_speak_for_the_session() {
    let mut writer = writer();
    let style = Style { plain_add_path: true, ..Style::default() };
    let odd =
        Update { announced: vec![nlri_id("203.0.113.0/24", 2)], attributes: attributes("64500"), ..Update::default() };
    writer.update(TIME, &ends(), style, &odd).unwrap();
    let plain = announce(&["203.0.113.0/24", "198.51.100.0/25"], attributes("64500"));
    writer.update(TIME, &ends(), Style::default(), &plain).unwrap();
    // This one cannot have identifiers: nothing is left of the first.
    writer.update(TIME, &ends(), Style::default(), &announce(&["192.0.2.0/24"], attributes("64500"))).unwrap();
    writer.update(TIME, &ends(), style, &odd).unwrap();
    writer.update(TIME, &ends(), Style::default(), &plain).unwrap();
    let (heard, _) = read(&writer.into_inner());
    let pair = ["+ 203.0.113.0/24 64500", "+ 198.51.100.0/25 64500"];
    let odd = ["+ 203.0.113.0/24#2 64500"];
    assert_eq!(heard.events(), [&odd[..], &pair, &["+ 192.0.2.0/24 64500"], &odd, &pair].concat());
    assert_eq!(heard.faults, []);
}

#[test]
fn two_plain_prefixes_are_not_taken_for_one_with_an_identifier() {
    let mut writer = writer();
    let ends = ends();
    let body = open_with_add_path(ends.peer, &[(Family::V4, false, 3)]).unwrap();
    writer.open(TIME, &ends, Style::default(), &body).unwrap();
    let message = announce(&["10.0.0.0/24", "10.0.1.0/24"], attributes("64500"));
    writer.update(TIME, &ends, Style::default(), &message).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.events(), ["+ 10.0.0.0/24 64500", "+ 10.0.1.0/24 64500"]);
}

#[test]
fn a_session_that_goes_down_forgets_its_opens() {
    let mut writer = writer();
    let ends = ends();
    for speaker in [ends.peer, ends.local] {
        let body = open_with_add_path(speaker, &[(Family::V4, false, 3)]).unwrap();
        writer.open(TIME, &ends, Style::default(), &body).unwrap();
    }
    writer.state_change(TIME, &ends, Style::default(), 6, 1).unwrap();
    writer.update(TIME, &ends, Style::default(), &announce(&["10.0.0.0/24"], attributes("1"))).unwrap();
    let (heard, _) = read(&writer.into_inner());
    assert_eq!(heard.events(), ["6 → 1", "+ 10.0.0.0/24 1"]);
    assert_eq!(heard.faults, []);
}

#[test]
fn what_no_record_can_hold_is_an_error_and_writes_nothing() {
    let route = Attributes { communities: vec![(1, 1); 20_000], ..attributes("64500") };
    let many =
        Update { announced: vec![nlri("203.0.113.0/24"); 17_000], attributes: attributes("1"), ..Update::default() };
    let mixed = Update { announced: vec![nlri("203.0.113.0/24"), nlri("::/0")], ..many.clone() };
    let no_hop = announce(&["::/0"], Attributes { next_hop: None, ..attributes("1") });
    let style = Style::default();
    let two_byte = Style { two_byte: true, ..style };
    let big = Ends { peer: session(200_593, "192.0.2.1"), ..ends() };
    let mut writer = writer();
    let errors = [
        writer.update(TIME, &ends(), style, &announce(&["203.0.113.0/24"], route)).unwrap_err(),
        writer.update(TIME, &ends(), style, &many).unwrap_err(),
        writer.update(TIME, &ends(), style, &mixed).unwrap_err(),
        writer.update(TIME, &ends(), style, &no_hop).unwrap_err(),
        writer.state_change(TIME, &big, two_byte, 1, 2).unwrap_err(),
        writer.state_change(headwater_route::Time(-1), &ends(), style, 1, 2).unwrap_err(),
        writer.rib(TIME, &rib("::/0", &vec![(0, &attributes("1")); 70_000])).unwrap_err(),
    ];
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    expect_test::expect![[r#"
        attribute: too long for its field
        BGP message: too long for its field
        routes of several tables in one message
        routes of this table need a next hop
        a four-byte peer: the record type has no room for it
        a time outside 1970 to 2106: the record type has no room for it
        entries: too long for its field"#]]
    .assert_eq(&said.join("\n"));
    assert!(writer.into_inner().is_empty());
}
