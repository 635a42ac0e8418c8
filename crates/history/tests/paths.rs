//! All routes at one time, from dumps stored as changes: what the dumps nearest to it hold, whatever the order of ingest.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{DumpRoutes, draft, feed_dump, ingest_dump, prefix, session, time};
use headwater_history::{History, Paths};
use headwater_route::rows::OriginPaths;
use headwater_route::{Asn, Family, Kind, Prefix, Time};
use proptest::prelude::*;

const DAY_MICROS: i64 = 86_400_000_000;

/// What the paths say, in a form that does not depend on numbers given at ingest: (peer, origin, prefix, path).
type Plain = BTreeSet<(u32, u32, Prefix, String)>;

fn groups(paths: &Paths<'_>) -> Vec<OriginPaths> {
    let mut groups = Vec::new();
    paths.each(&mut |group| groups.push(group.clone())).unwrap();
    groups
}

fn plain(paths: &Paths<'_>) -> Plain {
    let mut out = Plain::new();
    for group in groups(paths) {
        for path in &group.paths {
            assert!(path.prefixes.is_sorted() && !path.prefixes.is_empty());
            let peer = paths.dumps.vantages[path.vantage].0.asn.0;
            let of = |at: &u32| (peer, group.origin.0, group.prefixes[*at as usize], path.path.to_string());
            assert!(path.prefixes.iter().all(|at| out.insert(of(at))), "a route came twice");
        }
    }
    out
}

fn naive(dump: &DumpRoutes, family: Family) -> Plain {
    let origin = |path: &str| path.rsplit(' ').next().unwrap().parse().unwrap();
    let routes = dump.iter().filter(|((_, prefix), _)| prefix.family() == family);
    routes.map(|((peer, p), path)| (64500 + u32::from(*peer), origin(path), *p, path.clone())).collect()
}

fn some_dump() -> impl Strategy<Value = DumpRoutes> {
    let prefixes = prop_oneof![
        (0u8..6).prop_map(|i| prefix(&format!("198.51.100.{}/29", i * 8))),
        (0u8..3).prop_map(|i| prefix(&format!("2001:db8:{i}::/48"))),
    ];
    let paths = (64500u32..64504, 0u32..3, 0u32..3).prop_map(|(first, via, origin)| match via {
        0 => format!("{first} 6452{origin}"),
        _ => format!("{first} 6451{via} 6452{origin} 6452{origin}"),
    });
    prop::collection::btree_map((1u8..4, prefixes), paths, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn each_dump_gives_back_what_it_held(
        routes in prop::collection::vec(some_dump(), 1..5),
        order in prop::collection::vec(any::<u16>(), 5),
    ) {
        let at = |i: usize| time("2024-01-01").plus_days(i as i64);
        let mut shuffled: Vec<usize> = (0..routes.len()).collect();
        shuffled.sort_by_key(|i| order[*i]);
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open_or_create(dir.path()).unwrap();
        for i in shuffled {
            ingest_dump(&mut history, &format!("dump{i}"), at(i), &routes[i]).unwrap();
        }
        for (i, dump) in routes.iter().enumerate() {
            for family in [Family::V4, Family::V6] {
                // A little off, to either side.
                let asked = Time(at(i).0 + if i % 2 == 0 { 1_000_000 } else { -1_000_000 });
                let paths = history.paths_near(Some(asked), DAY_MICROS, family).unwrap();
                prop_assert_eq!(plain(&paths), naive(dump, family));
                prop_assert_eq!(paths.dumps.dumps[0].at, at(i));
                for group in groups(&paths) {
                    prop_assert_eq!(paths.of(group.origin).unwrap(), Some(group));
                }
                prop_assert_eq!(paths.of(Asn(64511)).unwrap(), None);
            }
        }
    }
}

#[test]
fn each_collector_gives_its_nearest_dump_and_none_that_is_far() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let day = |n| time("2024-01-01").plus_days(n);
    let p = prefix("198.51.100.0/24");
    for (collector, peer, days) in [("rrc01", 1u8, [0, 10]), ("rrc00", 2, [2, 30]), ("rrc02", 3, [60, 61])] {
        for at in days {
            let mut writer = history.begin(draft(&format!("{collector}-{at}"), Kind::Mrt, collector)).unwrap();
            let routes: DumpRoutes = BTreeMap::from([((peer, p), format!("6450{peer} 6451{} 65550", at % 7))]);
            feed_dump(&mut writer, day(at), &routes);
            writer.commit(Time(0)).unwrap();
        }
    }
    let chosen = |at: Option<i64>| -> Vec<(String, Time)> {
        let paths = history.paths_near(at.map(day), 7 * DAY_MICROS, Family::V4).unwrap();
        let seen: BTreeSet<u32> = plain(&paths).iter().map(|(peer, ..)| *peer).collect();
        assert_eq!(seen.len(), paths.dumps.dumps.len());
        paths.dumps.dumps.iter().map(|dump| (dump.collector.clone(), dump.at)).collect()
    };
    let of = |list: &[(&str, i64)]| list.iter().map(|(c, at)| ((*c).to_owned(), day(*at))).collect::<Vec<_>>();
    assert_eq!(chosen(Some(3)), of(&[("rrc01", 0), ("rrc00", 2)]));
    // Of two as near, the earlier.
    assert_eq!(chosen(Some(5)), of(&[("rrc01", 0), ("rrc00", 2)]));
    assert_eq!(chosen(Some(9)), of(&[("rrc00", 2), ("rrc01", 10)]));
    // Without a time, the newest.
    assert_eq!(chosen(None), of(&[("rrc02", 61)]));
    assert_eq!(chosen(Some(1000)), []);
}

#[test]
fn a_vantage_that_is_absent_holds_nothing_and_the_record_that_states_a_route_is_cited() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let (p, q) = (prefix("198.51.100.0/24"), prefix("203.0.113.0/24"));
    let route = |peer: u32| format!("{peer} 64510 65550");
    let both: DumpRoutes = BTreeMap::from([((1, p), route(64501)), ((1, q), route(64501)), ((2, p), route(64502))]);
    let one: DumpRoutes = BTreeMap::from([((1, p), route(64501)), ((1, q), route(64501))]);
    ingest_dump(&mut history, "a", time("2024-01-01"), &both).unwrap();
    ingest_dump(&mut history, "b", time("2024-01-02"), &one).unwrap();
    let paths = history.paths_near(Some(time("2024-01-02")), DAY_MICROS, Family::V4).unwrap();
    assert_eq!(plain(&paths), naive(&one, Family::V4));
    let group = paths.of(Asn(65550)).unwrap().unwrap();
    assert_eq!((group.paths.len(), &group.paths[0].prefixes), (1, &vec![0, 1]));
    // It did not change since the first dump, which is where it stands, in the first record.
    let evidence = group.paths[0].evidence;
    let sources = history.catalogue().sources().unwrap();
    assert_eq!((sources.get(evidence.source).map(|s| s.name.as_str()), evidence.offset), (Some("a"), 99));
    assert_eq!(paths.dumps.vantages, [(paths.dumps.vantages[0].0.clone(), 2)]);
    assert_eq!(paths.dumps.vantages[0].0.addr, session(1).addr);
}
