//! Which origins stand behind an upstream: the derived table gives what the routes themselves give.

mod common;

use std::collections::BTreeSet;

use common::{DumpRoutes, draft, ingest_dump, prefix, session, time, with_route};
use headwater_history::History;
use headwater_route::rows::OriginsBehind;
use headwater_route::{Asn, Event, Family, Kind, Nlri, Observation, Prefix, Route, SessionId, Time, Window};
use proptest::prelude::*;

/// Origin, family, and the times of the first and last dump or of the update file.
type Plain = BTreeSet<(u32, Family, Time, Time)>;

fn plain(behind: &OriginsBehind) -> Plain {
    behind.runs.iter().map(|r| (r.origin.0, r.family, behind.dumps[r.first].from, behind.dumps[r.last].from)).collect()
}

/// The two networks at the end of a path's text, if it tells them.
fn pair(path: &str) -> Option<(u32, u32)> {
    let mut hops: Vec<&str> = path.split(' ').collect();
    hops.dedup();
    let [.., upstream, origin] = hops[..] else { return None };
    Some((upstream.parse().ok()?, origin.parse().ok()?))
}

fn naive(dumps: &[(Time, DumpRoutes)], upstream: u32) -> Plain {
    let behind = |dump: &DumpRoutes| -> BTreeSet<(u32, Family)> {
        let pairs = dump.iter().filter_map(|((_, prefix), path)| Some((pair(path)?, prefix.family())));
        pairs.filter(|((u, _), _)| *u == upstream).map(|((_, o), family)| (o, family)).collect()
    };
    let mut out = Plain::new();
    let keys: BTreeSet<(u32, Family)> = dumps.iter().flat_map(|(_, dump)| behind(dump)).collect();
    for (origin, family) in keys {
        for run in
            dumps.chunk_by(|a, b| behind(&a.1).contains(&(origin, family)) == behind(&b.1).contains(&(origin, family)))
        {
            if behind(&run[0].1).contains(&(origin, family)) {
                out.insert((origin, family, run[0].0, run[run.len() - 1].0));
            }
        }
    }
    out
}

fn some_prefix() -> impl Strategy<Value = Prefix> {
    prop_oneof![
        (0u8..6).prop_map(|i| prefix(&format!("198.51.100.{}/29", i * 8))),
        (0u8..3).prop_map(|i| prefix(&format!("2001:db8:{i}::/48"))),
    ]
}

fn some_path() -> impl Strategy<Value = String> {
    (0u32..6, 0u32..3, 0u32..3).prop_map(|(shape, via, origin)| match shape {
        0 | 1 => format!("64501 6451{via} 6452{origin}"),
        2 => format!("64501 6451{via} 6451{via} 6452{origin} 6452{origin}"),
        3 => format!("64501 6451{via} {{64520,6452{origin}}}"),
        4 => format!("6452{origin} 6452{origin}"),
        _ => format!("6451{via} 6452{origin}"),
    })
}

fn some_dump() -> impl Strategy<Value = DumpRoutes> {
    prop::collection::btree_map((1u8..4, some_prefix()), some_path(), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_pairs_equal_those_of_the_routes_in_any_order_of_ingest(
        routes in prop::collection::vec(some_dump(), 1..6),
        order in prop::collection::vec(any::<u16>(), 6),
    ) {
        let dumps: Vec<(Time, DumpRoutes)> =
            routes.into_iter().enumerate().map(|(i, d)| (time("2024-01-01").plus_days(i as i64), d)).collect();
        let mut shuffled: Vec<usize> = (0..dumps.len()).collect();
        shuffled.sort_by_key(|i| order[*i]);
        for order in [(0..dumps.len()).collect::<Vec<_>>(), shuffled] {
            let dir = tempfile::tempdir().unwrap();
            let mut history = History::open_or_create(dir.path()).unwrap();
            for i in order {
                ingest_dump(&mut history, &format!("dump{i}"), dumps[i].0, &dumps[i].1).unwrap();
            }
            for upstream in 64510..64513 {
                let behind = history.origins_behind(Asn(upstream), Window::default()).unwrap();
                prop_assert_eq!(plain(&behind), naive(&dumps, upstream));
                prop_assert!(behind.runs.is_sorted() && behind.dumps.len() == dumps.len());
            }
        }
    }
}

#[test]
fn a_pair_that_the_base_has_costs_nothing_and_one_that_ends_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let dump = |path: &str| DumpRoutes::from([((1, prefix("192.0.2.0/24")), path.to_owned())]);
    for (day, path) in ["64501 64510 64520", "64502 64501 64510 64520", "64501 64511 64520"].into_iter().enumerate() {
        let at = time("2024-01-01").plus_days(day as i64);
        ingest_dump(&mut history, &format!("d{day}"), at, &dump(path)).unwrap();
    }
    let rows =
        history.sql("SELECT upstream, shown, source FROM upstream_origins ORDER BY source, upstream", 99).unwrap();
    let rows: Vec<String> = rows.rows.iter().map(|row| format!("{row:?}")).collect();
    assert_eq!(rows, ["[Int(64510), Int(1), Int(1)]", "[Int(64510), Int(0), Int(3)]", "[Int(64511), Int(1), Int(3)]"]);
    // A window that begins later counts what it builds on, and tells of no dump outside.
    let late = Window { from: Some(time("2024-01-02")), ..Window::default() };
    let behind = history.origins_behind(Asn(64510), late).unwrap();
    assert_eq!(behind.dumps.len(), 2);
    assert_eq!(plain(&behind), Plain::from([(64520, Family::V4, time("2024-01-02"), time("2024-01-02"))]));
}

#[test]
fn announcements_and_both_routes_of_add_path_count_and_multicast_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let at = time("2024-01-01");
    let mut writer = history.begin(draft("both", Kind::Mrt, "rrc99")).unwrap();
    writer.session(SessionId(0), session(1));
    let mut tell = |path: &str, path_id: Option<u32>, multicast: bool, held: bool| {
        with_route(prefix("192.0.2.0/24"), path, |route| {
            let route = Route { nlri: Nlri { path_id, multicast, ..route.nlri }, ..route };
            let event = if held { Event::Held(route) } else { Event::Announced(route) };
            writer.observation(&Observation { offset: 9, time: at, session: SessionId(0), event });
        });
    };
    tell("64501 64510 64520", Some(1), false, true);
    tell("64501 64510 64521 64521", Some(2), false, true);
    tell("64501 64510 64522", None, true, true);
    tell("64501 64510 64523", None, false, false);
    tell("64501 64510 {64524,64525}", None, false, false);
    tell("64501 64510 64526", None, true, false);
    writer.commit(Time(0)).unwrap();
    let behind = history.origins_behind(Asn(64510), Window::default()).unwrap();
    assert_eq!(plain(&behind).into_iter().map(|(origin, ..)| origin).collect::<Vec<_>>(), [64520, 64521]);
    let announced: Vec<_> = behind.announced.iter().map(|a| (a.origin.0, a.family, a.span)).collect();
    assert_eq!(announced, [(64523, Family::V4, 0)]);
    assert_eq!((behind.spans.len(), behind.spans[0].from), (1, at));
}
