//! Filters: what passes, and that nothing that passes differs from what is read without.

mod mrt_common;

use headwater_route::{Asn, Family, Window};
use headwater_wire::mrt::encode::{Attributes, Rib, RibEntry, Style, TableDumpRoute, Update, Writer};
use headwater_wire::mrt::{EventKind, Filter, FilterError, Options, PathPattern, PrefixMatch, PrefixTest};
use mrt_common::{Heard, TIME, attributes, ends, nlri, peer_table, prefix, read, read_with, session};

/// A table, messages of two times, a state change, and a table of the old kind.
fn sample() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    let v6 = Attributes { next_hop: Some("2001:db8::1".parse().unwrap()), ..attributes("64501 64510") };
    let (a, b) = (attributes("64500 64501 64510"), attributes("64501 {64510,64511}"));
    let entry = |peer, attributes| RibEntry { peer, originated: None, path_id: None, attributes };
    let rib =
        |text: &str, entries| Rib { sequence: 0, prefix: prefix(text), multicast: false, generic: false, entries };
    writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1"), session(64501, "192.0.2.2")])).unwrap();
    writer.rib(TIME, &rib("203.0.113.0/24", vec![entry(0, &a), entry(1, &b)])).unwrap();
    writer.rib(TIME, &rib("203.0.112.0/20", vec![entry(0, &b)])).unwrap();
    writer.rib(TIME, &rib("2001:db8::/32", vec![entry(1, &v6)])).unwrap();
    let later = TIME.plus_days(1);
    let update = Update {
        withdrawn: vec![nlri("198.51.100.0/24")],
        announced: vec![nlri("203.0.113.128/25")],
        attributes: a.clone(),
    };
    writer.update(later, &ends(), Style::default(), &update).unwrap();
    writer.update(later, &ends(), Style { two_byte: true, ..Style::default() }, &update).unwrap();
    writer.state_change(later, &ends(), Style::default(), 6, 1).unwrap();
    let dump = TableDumpRoute {
        session: session(64500, "192.0.2.1"),
        prefix: prefix("203.0.113.0/24"),
        originated: None,
        attributes: &a,
    };
    writer.table_dump(later, 0, 0, &dump).unwrap();
    writer.entry(later, &ends(), &nlri("192.0.2.0/24"), None, &a).unwrap();
    writer.into_inner()
}

/// What passes, in short; all of it stands in the whole.
fn passing(filter: Filter) -> Vec<String> {
    let bytes = sample();
    let (whole, _) = read(&bytes);
    let (heard, _): (Heard, _) = read_with(&bytes, &Options { filter, ..Options::default() });
    let mut rest = whole.said.iter();
    assert!(heard.said.iter().all(|said| rest.any(|other| other == said)), "in order, and as without the filter");
    heard.events()
}

fn by_prefix(text: &str) -> Filter {
    Filter { prefixes: vec![text.parse().unwrap()], ..Filter::default() }
}

#[test]
fn nothing_asked_for_is_everything() {
    assert_eq!(passing(Filter::default()).len(), 4 + 2 + 2 + 1 + 2);
    assert!(Filter::default().is_empty());
}

#[test]
fn prefixes_match_in_four_ways() {
    let table = ["= 203.0.113.0/24 64500 64501 64510", "= 203.0.113.0/24 64501 {64510,64511}"];
    let dump = "= 203.0.113.0/24 64500 64501 64510";
    let covering = "= 203.0.112.0/20 64501 {64510,64511}";
    let inside = "+ 203.0.113.128/25 64500 64501 64510";
    assert_eq!(passing(by_prefix("203.0.113.0/24")), [table[0], table[1], dump]);
    assert_eq!(passing(by_prefix("more:203.0.113.0/24")), [table[0], table[1], inside, inside, dump]);
    assert_eq!(passing(by_prefix("less:203.0.113.0/24")), [table[0], table[1], covering, dump]);
    assert_eq!(passing(by_prefix("overlap:203.0.113.0/24")), [table[0], table[1], covering, inside, inside, dump]);
    let both = Filter {
        prefixes: vec!["198.51.100.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        ..Filter::default()
    };
    assert_eq!(passing(both), ["= 2001:db8::/32 64501 64510", "- 198.51.100.0/24", "- 198.51.100.0/24"]);
}

#[test]
fn other_tests_narrow_further() {
    let count = |filter: Filter| passing(filter).len();
    assert_eq!(count(Filter { family: Some(Family::V6), ..Filter::default() }), 1);
    assert_eq!(count(Filter { family: Some(Family::V4), ..Filter::default() }), 9);
    assert_eq!(count(Filter { origins: vec![Asn(64510)], ..Filter::default() }), 6);
    assert_eq!(count(Filter { origins: vec![Asn(64511), Asn(64599)], ..Filter::default() }), 0);
    assert_eq!(count(Filter { through: vec![Asn(64511)], ..Filter::default() }), 2);
    assert_eq!(count(Filter { peer_asns: vec![Asn(64501)], ..Filter::default() }), 2);
    assert_eq!(count(Filter { peer_addrs: vec!["192.0.2.1".parse().unwrap()], ..Filter::default() }), 9);
    assert_eq!(count(Filter { paths: vec!["^64500_".parse().unwrap()], ..Filter::default() }), 5);
    assert_eq!(count(Filter { paths: vec!["_64511_".parse().unwrap()], ..Filter::default() }), 2);
    let window = Window { from: Some(TIME.plus_days(1)), to: None };
    assert_eq!(count(Filter { window, ..Filter::default() }), 7);
    let window = Window { from: None, to: Some(TIME.plus_days(1)) };
    assert_eq!(count(Filter { window, ..Filter::default() }), 4);
    let all = Filter { origins: vec![Asn(64510)], peer_asns: vec![Asn(64500)], window, ..by_prefix("203.0.113.0/24") };
    assert_eq!(passing(all), ["= 203.0.113.0/24 64500 64501 64510"]);
}

#[test]
fn events_are_chosen_and_named_ones_pass_tests_they_have_no_answer_to() {
    let only = |events: &[EventKind]| Filter { events: events.to_vec(), ..Filter::default() };
    assert_eq!(passing(only(&[EventKind::Held])).len(), 6);
    assert_eq!(passing(only(&[EventKind::Announced])).len(), 2);
    assert_eq!(passing(only(&[EventKind::Withdrawn, EventKind::State])).len(), 3);
    let origin = Filter { origins: vec![Asn(64510)], ..Filter::default() };
    assert!(passing(origin.clone()).iter().all(|event| event.starts_with(['=', '+'])));
    let named = Filter { events: vec![EventKind::Announced, EventKind::Withdrawn, EventKind::State], ..origin };
    let events = passing(named);
    assert_eq!(events.iter().filter(|event| event.starts_with('-')).count(), 2);
    assert_eq!(events.iter().filter(|event| event.contains('→')).count(), 1);
}

#[test]
fn what_is_skipped_is_not_checked() {
    let bad = Attributes { path: None, ..attributes("1") };
    let mut writer = Writer::new(Vec::new());
    writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1")])).unwrap();
    let entries = vec![RibEntry { peer: 0, originated: None, path_id: None, attributes: &bad }];
    writer
        .rib(TIME, &Rib { sequence: 0, prefix: prefix("10.0.0.0/8"), multicast: false, generic: false, entries })
        .unwrap();
    let bytes = writer.into_inner();
    assert_eq!(read(&bytes).0.faults.len(), 1);
    let options = Options { filter: by_prefix("192.0.2.0/24"), ..Options::default() };
    assert_eq!(read_with(&bytes, &options).0.faults.len(), 0);
}

#[test]
fn parts_of_filters_are_read_from_text() {
    let test = |text: &str| text.parse::<PrefixTest>();
    assert_eq!(test("192.0.2.0/24"), Ok(PrefixTest { prefix: prefix("192.0.2.0/24"), by: PrefixMatch::Exact }));
    assert_eq!(
        test("more:2001:db8::/32"),
        Ok(PrefixTest { prefix: prefix("2001:db8::/32"), by: PrefixMatch::MoreSpecific })
    );
    assert_eq!(test("fe:2001::/32").map(|t| t.by), Ok(PrefixMatch::Exact));
    assert_eq!(test("2001:db8::/32").map(|t| t.by), Ok(PrefixMatch::Exact));
    assert_eq!(test("under:192.0.2.0/24"), Err(FilterError::Match("under".to_owned())));
    assert!(matches!(test("more:192.0.2.0"), Err(FilterError::Prefix(_))));
    assert_eq!("Held".parse(), Ok(EventKind::Held));
    assert_eq!(
        "gone".parse::<EventKind>().unwrap_err().to_string(),
        "\"gone\" is not a kind of event (write held, announced, withdrawn or state)"
    );
    let error = "AS64500".parse::<PathPattern>().unwrap_err().to_string();
    assert_eq!(
        error,
        "\"AS64500\" is not a path pattern: no path contains 'A' (write ^64500 .* 64510$ or _64500_64501_)"
    );
}

/// As BIRD writes what it originates: no attributes, an empty path.
#[test]
fn a_route_without_attributes_has_no_origin_to_pass_by() {
    let mut writer = Writer::new(Vec::new());
    writer.peer_table(TIME, &peer_table(&[session(64500, "192.0.2.1")])).unwrap();
    let none = Attributes::default();
    let entries = vec![RibEntry { peer: 0, originated: None, path_id: None, attributes: &none }];
    let rib = Rib { sequence: 0, prefix: prefix("203.0.113.0/24"), multicast: false, generic: false, entries };
    writer.rib(TIME, &rib).unwrap();
    let bytes = writer.into_inner();
    let events = |filter| read_with(&bytes, &Options { filter, ..Options::default() }).0.events();
    assert_eq!(events(by_prefix("203.0.113.0/24")).len(), 1);
    assert_eq!(events(Filter { paths: vec!["^$".parse().unwrap()], ..Filter::default() }).len(), 1);
    assert!(events(Filter { origins: vec![Asn(64510)], ..Filter::default() }).is_empty());
    assert!(events(Filter { through: vec![Asn(64510)], ..Filter::default() }).is_empty());
    assert!(events(Filter { paths: vec!["_64510_".parse().unwrap()], ..Filter::default() }).is_empty());
}
