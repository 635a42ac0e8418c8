//! Dumps stored as changes give back the runs that the whole dumps hold.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{DumpRoutes, draft, feed_dump, ingest_dump, prefix, records, time, with_route};
use headwater_history::History;
use headwater_route::rows::RouteHistory;
use headwater_route::{Asn, Event, Fault, FaultKind, Kind, Nlri, Observation, Prefix, SessionId, Time, Window};
use proptest::prelude::*;

/// A run in a form that does not depend on numbers given at ingest: (peer ASN, prefix, path, first dump, last dump).
type Plain = BTreeSet<(u32, Prefix, String, Time, Time)>;

fn plain(history: &RouteHistory) -> Plain {
    history
        .runs
        .iter()
        .map(|r| {
            let peer = history.vantages[r.vantage].asn.0;
            (peer, r.prefix, r.path.to_string(), history.tables[r.first].at, history.tables[r.last].at)
        })
        .collect()
}

fn origin_of(path: &str) -> u32 {
    path.rsplit(' ').next().unwrap().parse().unwrap()
}

/// The runs of an origin from whole dumps, route by route and dump by dump.
fn naive(dumps: &[(Time, DumpRoutes)], origin: u32) -> Plain {
    let mut out = Plain::new();
    let keys: BTreeSet<(u8, Prefix)> = dumps.iter().flat_map(|(_, d)| d.keys().copied()).collect();
    for key in keys {
        let mut run: Option<(String, Time, Time)> = None;
        let mut end = |run: &mut Option<(String, Time, Time)>| {
            if let Some((path, first, last)) = run.take() {
                out.insert((64500 + u32::from(key.0), key.1, path, first, last));
            }
        };
        for (at, dump) in dumps {
            let path = dump.get(&key).filter(|path| origin_of(path) == origin);
            if let (Some(path), Some((held, _, last))) = (path, &mut run)
                && path == held
            {
                *last = *at;
                continue;
            }
            end(&mut run);
            run = path.map(|path| (path.clone(), *at, *at));
        }
        end(&mut run);
    }
    out
}

/// True if the record that each run names as its evidence states the route.
fn records_state_their_runs(history: &History, routes: &RouteHistory, dumps: &[(Time, DumpRoutes)]) -> bool {
    let sources = history.catalogue().sources().unwrap();
    routes.runs.iter().all(|run| {
        let peer = (routes.vantages[run.vantage].asn.0 - 64500) as u8;
        let source = sources.0.iter().find(|source| source.id == run.evidence.source).unwrap();
        let (_, dump) = dumps.iter().find(|(at, _)| Some(*at) == source.from).unwrap();
        let states = dump.get(&(peer, run.prefix)).is_some_and(|path| path.parse().is_ok_and(|path| run.path == path));
        states && records(dump)[&run.prefix] == run.evidence.offset
    })
}

fn some_prefix() -> impl Strategy<Value = Prefix> {
    prop_oneof![
        (0u8..6).prop_map(|i| prefix(&format!("198.51.100.{}/29", i * 8))),
        (0u8..3).prop_map(|i| prefix(&format!("2001:db8:{i}::/48"))),
    ]
}

/// Paths that begin with the network of a vantage or not, once or twice, and that have sets and confederations in them.
fn some_path() -> impl Strategy<Value = String> {
    (0u32..5, 64500u32..64504, 0u32..3, 0u32..3).prop_map(|(shape, first, via, origin)| match shape {
        0 | 1 => format!("{first} 6451{via} 6452{origin}"),
        2 => format!("{first} {first} 6451{via} 6452{origin} 6452{origin}"),
        3 => format!("{first} {{64511,6451{via}}} 6452{origin}"),
        _ => format!("({first} 6451{via}) 6452{origin}"),
    })
}

fn some_dump() -> impl Strategy<Value = DumpRoutes> {
    prop::collection::btree_map((1u8..4, some_prefix()), some_path(), 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn runs_equal_the_naive_reading_in_any_order_of_ingest(
        routes in prop::collection::vec(some_dump(), 1..6),
        order in prop::collection::vec(any::<u16>(), 6),
    ) {
        let dumps: Vec<(Time, DumpRoutes)> =
            routes.into_iter().enumerate().map(|(i, d)| (time("2024-01-01").plus_days(i as i64), d)).collect();
        let mut answers: Vec<BTreeMap<u32, Plain>> = Vec::new();
        let mut shuffled: Vec<usize> = (0..dumps.len()).collect();
        shuffled.sort_by_key(|i| order[*i]);
        for order in [(0..dumps.len()).collect::<Vec<_>>(), shuffled] {
            let dir = tempfile::tempdir().unwrap();
            let mut history = History::open_or_create(dir.path()).unwrap();
            for i in order {
                ingest_dump(&mut history, &format!("dump{i}"), dumps[i].0, &dumps[i].1).unwrap();
            }
            let mut answer = BTreeMap::new();
            for origin in 64520..64523 {
                let routes = history.routes_of_origin(Asn(origin), Window::default()).unwrap();
                prop_assert!(records_state_their_runs(&history, &routes, &dumps));
                answer.insert(origin, plain(&routes));
            }
            answers.push(answer);
        }
        // A dump without a single route is no dump to the history: nothing in the file says that there was one.
        let told: Vec<(Time, DumpRoutes)> = dumps.iter().filter(|(_, d)| !d.is_empty()).cloned().collect();
        for origin in 64520..64523 {
            prop_assert_eq!(&answers[0][&origin], &naive(&told, origin));
        }
        prop_assert_eq!(&answers[0], &answers[1]);
    }
}

#[test]
fn what_did_not_change_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let mut routes: DumpRoutes = (0..200u8)
        .flat_map(|i| {
            (1..5).map(move |peer| ((peer, prefix(&format!("198.51.{i}.0/24"))), "64500 64510 64520".to_owned()))
        })
        .collect();
    let first = ingest_dump(&mut history, "a", time("2024-01-01"), &routes).unwrap();
    assert!(!first.as_changes && first.segment_rows > 800);
    let second = ingest_dump(&mut history, "b", time("2024-01-02"), &routes).unwrap();
    assert!(second.as_changes);
    assert_eq!((second.segment_rows, second.segment_bytes), (0, 0));
    routes.insert((1, prefix("198.51.7.0/24")), "64500 64511 64520".to_owned());
    let third = ingest_dump(&mut history, "c", time("2024-01-03"), &routes).unwrap();
    // One changed route and its upstream; the prefix index has this origin of the prefix already.
    assert_eq!(third.segment_rows, 2);
}

#[test]
fn a_vantage_that_is_away_for_a_dump_ends_its_runs_and_costs_nothing_when_it_returns() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let p = prefix("198.51.100.0/24");
    let both: DumpRoutes =
        BTreeMap::from([((1, p), "64501 64510 64520".to_owned()), ((2, p), "64502 64510 64520".to_owned())]);
    let one: DumpRoutes = BTreeMap::from([((1, p), "64501 64510 64520".to_owned())]);
    for (day, routes) in [(1, &both), (2, &one), (3, &both)] {
        let added = ingest_dump(&mut history, &format!("d{day}"), time("2024-01-01").plus_days(day), routes).unwrap();
        assert_eq!(added.segment_rows > 0, day == 1, "day {day}");
    }
    let answer = plain(&history.routes_of_origin(Asn(64520), Window::default()).unwrap());
    let day = |n| time("2024-01-01").plus_days(n);
    let path = |peer: u32| format!("{peer} 64510 64520");
    let expected = BTreeSet::from([
        (64501, p, path(64501), day(1), day(3)),
        (64502, p, path(64502), day(1), day(1)),
        (64502, p, path(64502), day(3), day(3)),
    ]);
    assert_eq!(answer, expected);
}

#[test]
fn a_hole_in_a_dump_is_neither_presence_nor_absence() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let routes: DumpRoutes =
        (0..9u8).map(|i| ((1, prefix(&format!("198.51.{i}.0/24"))), "64501 64510 64520".to_owned())).collect();
    let day = |n| time("2024-01-01").plus_days(n);
    ingest_dump(&mut history, "a", day(0), &routes).unwrap();
    // The second dump is damaged between .2 and .6.
    let mut writer = history.begin(draft("b", Kind::Mrt, "rrc99")).unwrap();
    writer.session(SessionId(0), common::session(1));
    for (n, ((_, p), path)) in routes.iter().enumerate() {
        if n == 3 {
            writer.fault(Fault { offset: 3, kind: FaultKind::BadCompression, detail: String::new() });
        }
        if !(3..6).contains(&n) {
            with_route(*p, path, |route| {
                let event = Event::Held(route);
                writer.observation(&Observation { offset: n as u64, time: day(1), session: SessionId(0), event });
            });
        }
    }
    writer.commit(Time(0)).unwrap();
    ingest_dump(&mut history, "c", day(2), &routes).unwrap();
    let answer = plain(&history.routes_of_origin(Asn(64520), Window::default()).unwrap());
    assert_eq!(answer.len(), 9, "no route was interrupted: {answer:?}");
    assert!(answer.iter().all(|(_, _, _, first, last)| (*first, *last) == (day(0), day(2))));

    // Up to the damaged dump, the routes in the hole were last seen before it.
    let until = Window { from: None, to: Some(day(2)) };
    let answer = plain(&history.routes_of_origin(Asn(64520), until).unwrap());
    let last = |i: u8| answer.iter().find(|r| r.1 == prefix(&format!("198.51.{i}.0/24"))).map(|r| r.4);
    assert_eq!((last(0), last(4), last(8)), (Some(day(1)), Some(day(0)), Some(day(1))));
}

#[test]
fn a_dump_out_of_prefix_order_is_read_right() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let p = |i: u8| prefix(&format!("198.51.{i}.0/24"));
    let path = "64501 64510 64520";
    let routes: DumpRoutes = (0..6).map(|i| ((1, p(i)), path.to_owned())).collect();
    let day = |n| time("2024-01-01").plus_days(n);
    ingest_dump(&mut history, "a", day(0), &routes).unwrap();
    let mut writer = history.begin(draft("b", Kind::Mrt, "rrc99")).unwrap();
    writer.session(SessionId(0), common::session(1));
    // 3, 4 come before 0; 1, 2 and 5 are not there any more.
    for (n, i) in [3, 4, 0].into_iter().enumerate() {
        with_route(p(i), path, |route| {
            let event = Event::Held(route);
            writer.observation(&Observation { offset: n as u64, time: day(1), session: SessionId(0), event });
        });
    }
    writer.commit(Time(0)).unwrap();
    let third = ingest_dump(&mut history, "c", day(2), &routes).unwrap();
    assert!(!third.as_changes, "a dump out of order leaves no state to build on");
    let answer = plain(&history.routes_of_origin(Asn(64520), Window::default()).unwrap());
    let kept: BTreeSet<Prefix> = answer.iter().filter(|r| (r.3, r.4) == (day(0), day(2))).map(|r| r.1).collect();
    assert_eq!(kept, BTreeSet::from([p(0), p(3), p(4)]));
    assert_eq!(answer.len(), 3 + 2 * 3);
}

#[test]
fn updates_come_back_for_every_prefix_of_the_origin() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let p = prefix("198.51.100.0/24");
    let mut writer = history.begin(draft("u", Kind::Mrt, "rrc99")).unwrap();
    writer.session(SessionId(0), common::session(1));
    let at = |s: i64| Time(time("2024-01-01").0 + s * 1_000_000);
    fn observe(offset: u64, event: Event<'_>) -> Observation<'_> {
        let start = time("2024-01-01").0;
        Observation { offset, time: Time(start + offset as i64 * 1_000_000), session: SessionId(0), event }
    }
    with_route(p, "64501 64510 64520", |r| writer.observation(&observe(0, Event::Announced(r))));
    with_route(p, "64501 64510 64521", |r| writer.observation(&observe(1, Event::Announced(r))));
    let nlri = Nlri { prefix: p, path_id: None, multicast: false };
    writer.observation(&observe(2, Event::Withdrawn(nlri)));
    writer.observation(&observe(3, Event::State { from: 6, to: 1 }));
    let committed = writer.commit(Time(0)).unwrap();
    assert_eq!((committed.source.from, committed.source.until), (Some(at(0)), Some(at(3))));

    let answer = history.routes_of_origin(Asn(64520), Window::default()).unwrap();
    let events: Vec<_> = answer.events.iter().map(|e| (e.at, e.path.as_ref().map(ToString::to_string))).collect();
    let path = |text: &str| Some(text.to_owned());
    assert_eq!(events, [(at(0), path("64501 64510 64520")), (at(1), path("64501 64510 64521")), (at(2), None)]);
    assert_eq!((answer.states.len(), answer.states[0].to), (1, 1));
    assert_eq!((answer.spans.len(), answer.tables.len()), (1, 0));
    assert_eq!(history.observed_covers(&prefix("198.51.100.7/32")).unwrap(), [p]);
    assert_eq!(history.routes_of_prefix(p, Window::default()).unwrap().events.len(), 3);
}

#[test]
fn a_stale_dump_state_is_not_built_on() {
    let dir = tempfile::tempdir().unwrap();
    let routes: DumpRoutes = BTreeMap::from([((1, prefix("198.51.100.0/24")), "64501 64510 64520".to_owned())]);
    let mut history = History::open_or_create(dir.path()).unwrap();
    ingest_dump(&mut history, "a", time("2024-01-01"), &routes).unwrap();
    let state = std::fs::read_dir(dir.path().join("state")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&state, b"debris").unwrap();
    let second = ingest_dump(&mut history, "b", time("2024-01-02"), &routes).unwrap();
    assert!(!second.as_changes);
    let answer = plain(&history.routes_of_origin(Asn(64520), Window::default()).unwrap());
    assert_eq!(answer.len(), 1);
    let mut writer = history.begin(draft("c", Kind::Mrt, "rrc98")).unwrap();
    feed_dump(&mut writer, time("2024-01-02"), &routes);
    assert!(!writer.commit(Time(0)).unwrap().as_changes, "another collector has a state of its own");
}
