//! Damage, odd places, limits, and the order of ingest.

mod common;

use std::collections::BTreeMap;

use common::{DumpRoutes, draft, ingest_dump, prefix, session, time, with_route};
use headwater_history::table::Table;
use headwater_history::{AsnList, Error, History};
use headwater_route::rows::{Delegated, LinkKind, SnapshotRow};
use headwater_route::{
    Asn, Event, Evidence, Family, Fault, FaultKind, Kind, Nlri, Observation, SessionId, SourceId, Time, Window,
};

fn routes() -> DumpRoutes {
    (0..6u8).map(|i| ((1, prefix(&format!("198.51.{i}.0/24"))), "64501 64510 64508".to_owned())).collect()
}

fn day(n: i64) -> Time {
    time("2024-01-01").plus_days(n)
}

fn fault(kind: FaultKind) -> Fault {
    Fault { offset: 0, kind, detail: String::new() }
}

/// Reads the routes of `routes()` at these places, with faults before some of them.
fn ingest_damaged(history: &mut History, at: Time, shown: &[u8], fault_before: &[u8]) {
    let mut writer = history.begin(draft("damaged", Kind::Mrt, "rrc99")).unwrap();
    writer.session(SessionId(0), session(1));
    for &i in shown {
        if fault_before.contains(&i) {
            writer.fault(fault(FaultKind::BadRecord));
        }
        with_route(prefix(&format!("198.51.{i}.0/24")), "64501 64510 64508", |route| {
            let event = Event::Held(route);
            writer.observation(&Observation { offset: u64::from(i), time: at, session: SessionId(0), event });
        });
    }
    writer.commit(Time(0)).unwrap();
}

#[test]
fn what_a_fault_may_have_hidden_is_not_gone() {
    // (shown, fault before): before the first route; within the record of a route shown; out of prefix order.
    let cases: [(&[u8], &[u8]); 4] =
        [(&[3, 4, 5], &[3]), (&[0, 1, 2, 4, 5], &[2]), (&[4, 5, 0], &[0]), (&[4, 5, 0], &[5])];
    for (shown, fault_before) in cases {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open_or_create(dir.path()).unwrap();
        ingest_dump(&mut history, "a", day(0), &routes()).unwrap();
        ingest_damaged(&mut history, day(1), shown, fault_before);
        ingest_dump(&mut history, "c", day(2), &routes()).unwrap();
        let answer = history.routes_of_origin(Asn(64508), Window::default()).unwrap();
        assert!(!answer.tables[1].complete);
        let whole = answer.runs.iter().filter(|r| (r.first, r.last) == (0, 2)).count();
        assert_eq!((whole, answer.runs.len()), (6, 6), "{shown:?} {fault_before:?}");
    }
}

#[test]
fn a_fault_that_loses_content_makes_an_update_span_incomplete() {
    for (kind, complete) in [(FaultKind::BadRecord, false), (FaultKind::HostBits, true)] {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open_or_create(dir.path()).unwrap();
        let mut writer = history.begin(draft("u", Kind::Mrt, "rrc99")).unwrap();
        writer.session(SessionId(0), session(1));
        let event = Event::Withdrawn(Nlri { prefix: prefix("198.51.100.0/24"), path_id: None, multicast: false });
        writer.observation(&Observation { offset: 0, time: day(0), session: SessionId(0), event });
        writer.fault(fault(kind));
        writer.commit(Time(0)).unwrap();
        let answer = history.routes_of_origin(Asn(64508), Window::default()).unwrap();
        assert_eq!((answer.spans.len(), answer.spans[0].complete), (1, complete), "{kind}");
    }
}

#[test]
fn an_observation_of_an_unknown_session_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let mut writer = history.begin(draft("u", Kind::Mrt, "rrc99")).unwrap();
    let event = Event::State { from: 6, to: 1 };
    writer.observation(&Observation { offset: 0, time: day(0), session: SessionId(3), event });
    assert!(writer.has_failed());
    assert!(matches!(writer.commit(Time(0)), Err(Error::Engine(_))));
    assert!(history.catalogue().vantages().unwrap().is_empty());
}

#[test]
fn no_character_in_the_name_of_the_directory_matters() {
    for name in ["a b", "100%25 %", "Ünïcode ☃", "x*[1]?{y}", "#hash~&", "50%"] {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join(name);
        let mut history = History::open_or_create(&dir).unwrap();
        ingest_dump(&mut history, "a", day(0), &routes()).unwrap();
        assert_eq!(history.routes_of_origin(Asn(64508), Window::default()).unwrap().runs.len(), 6, "{name}");
        let answer = history.sql("SELECT count(*) FROM routes", 1).unwrap();
        assert_eq!(format!("{:?}", answer.rows), "[[Int(6)]]", "{name}");
    }
}

#[test]
fn a_missing_or_damaged_segment_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    ingest_dump(&mut history, "a", day(0), &routes()).unwrap();
    let file = history.catalogue().segments(Table::Routes, None).unwrap()[0].file.clone();
    let path = history.dir().join(&file);
    let good = std::fs::read(&path).unwrap();
    let ask = |history: &History| history.routes_of_origin(Asn(64508), Window::default()).unwrap_err().to_string();

    std::fs::write(&path, &good[..good.len() / 2]).unwrap();
    assert!(ask(&History::open(dir.path()).unwrap()).contains(&file));
    std::fs::write(&path, vec![7; good.len()]).unwrap();
    assert!(ask(&History::open(dir.path()).unwrap()).contains(&file));
    std::fs::remove_file(&path).unwrap();
    assert!(ask(&History::open(dir.path()).unwrap()).contains(&file));
    let told = history.sql("SELECT count(*) FROM routes", 1).unwrap_err();
    assert!(matches!(told, Error::Segment(..)) && told.to_string().contains(&file), "{told}");
    // Other questions are answered.
    assert!(history.links(Asn(64508), Window::default()).unwrap().snapshots.is_empty());
}

#[test]
fn an_emptied_or_foreign_catalogue_is_refused_and_segments_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    ingest_dump(&mut history, "a", day(0), &routes()).unwrap();
    let segment = dir.path().join(&history.catalogue().segments(Table::Routes, None).unwrap()[0].file);
    drop(history);
    let catalogue = dir.path().join("catalogue.sqlite");
    std::fs::write(&catalogue, b"").unwrap();
    assert!(matches!(History::open_or_create(dir.path()), Err(Error::Catalogue(..))));
    assert!(segment.is_file());
    std::fs::remove_file(&catalogue).unwrap();
    rusqlite::Connection::open(&catalogue).unwrap().execute_batch("CREATE TABLE songs (name TEXT)").unwrap();
    assert!(matches!(History::open(dir.path()), Err(Error::Catalogue(..))));
}

#[test]
fn a_damaged_dump_state_costs_room_and_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    ingest_dump(&mut history, "a", day(0), &routes()).unwrap();
    let state = std::fs::read_dir(dir.path().join("state")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&state).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&state, bytes).unwrap();
    assert!(!ingest_dump(&mut history, "b", day(1), &routes()).unwrap().as_changes);
    assert!(ingest_dump(&mut history, "c", day(2), &routes()).unwrap().as_changes);
    assert_eq!(history.routes_of_origin(Asn(64508), Window::default()).unwrap().runs.len(), 6);
}

#[test]
fn links_have_the_time_that_their_file_states_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let mut writer = history.begin(draft("links", Kind::AsRel1, "caida-serial1")).unwrap();
    let link =
        SnapshotRow::Link { a: Asn(64501), b: Asn(64510), kind: LinkKind::Provider, seen_by: "", snapshot: None };
    writer.snapshot_row(10, &link);
    writer.set_window(day(0), day(4));
    writer.note_asn_list(AsnList::Ixps, &[Asn(64509), Asn(64507)]);
    writer.note_asn_list(AsnList::Ixps, &[Asn(64507)]);
    let source = writer.commit(Time(0)).unwrap().source;
    let links = history.links(Asn(64510), Window::default()).unwrap();
    assert_eq!((links.snapshots.len(), links.sightings.len(), links.snapshots[0].from), (1, 1, day(0)));
    let told = history.sql("SELECT min(day_from), max(day_until) FROM links", 1).unwrap();
    assert_eq!(format!("{:?}", told.rows), format!("[[Int({}), Int({})]]", day(0).0, day(4).0));

    let lists = history.asn_lists(AsnList::Ixps).unwrap();
    assert_eq!(lists, [(source.id, day(0), vec![Asn(64507), Asn(64509)])]);
    assert!(history.asn_lists(AsnList::Clique).unwrap().is_empty());
    let found = history.catalogue().source_by_prefix(&source.sha256[..40]).unwrap();
    assert_eq!(found.len(), 1);
    assert!(history.catalogue().source_by_prefix("%").unwrap().is_empty());
}

#[test]
fn names_are_found_by_any_part_of_them_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    for (n, names) in
        [[(1, "Éclair Networks"), (2, "Old Name")], [(1, "ECLAIR-NET"), (3, "old name, renamed")]].iter().enumerate()
    {
        let mut draft = draft(&format!("names{n}"), Kind::AsNames, "asn2org");
        draft.window = Some((day(n as i64), day(n as i64)));
        let mut writer = history.begin(draft).unwrap();
        for (asn, name) in names {
            writer.snapshot_row(*asn, &SnapshotRow::Name { asn: Asn(*asn as u32), name, country: "", note: "" });
        }
        writer.commit(Time(0)).unwrap();
    }
    let named = |text: &str, limit| -> Vec<(u32, String, Time)> {
        history.asns_named(text, limit).unwrap().into_iter().map(|(asn, name, at)| (asn.0, name, at)).collect()
    };
    let old = (2, "Old Name".to_owned(), day(0));
    let renamed = (3, "old name, renamed".to_owned(), day(1));
    assert_eq!(named("OLD n", 9), [renamed.clone(), old]);
    assert_eq!(named("old n", 1), [renamed]);
    assert_eq!(named("éCLAIR", 9), [(1, "Éclair Networks".to_owned(), day(0))]);
    assert!(named("nobody", 9).is_empty());
}

#[test]
fn ranges_across_the_sign_of_the_stored_halves_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let mut draft = draft("o", Kind::PrefixOrigin, "ipfire-location");
    draft.window = Some((day(0), day(0)));
    let mut writer = history.begin(draft).unwrap();
    for (n, text) in ["::/0", "2001:db8::/32", "fc00::/7"].into_iter().enumerate() {
        let p = prefix(text);
        let (first, last) = (p.first_bits(), p.last_bits());
        let asn = Some(Asn(64500 + n as u32));
        writer.snapshot_row(0, &SnapshotRow::Origin { family: Family::V6, first, last, asn, country: "", flags: "" });
    }
    writer.commit(Time(0)).unwrap();
    for (text, expected) in
        [("2001:db8:1::/48", &[64500, 64501][..]), ("fd00::/8", &[64500, 64502]), ("::/0", &[64500, 64501, 64502])]
    {
        let found = history.origins_of(&prefix(text), Window::default()).unwrap().sightings;
        assert_eq!(found.iter().filter_map(|s| s.asn).map(|a| a.0).collect::<Vec<_>>(), expected, "{text}");
    }
}

/// A source for the test of order: name, and what it says.
fn ingest_any(history: &mut History, n: usize) {
    let at = day((n / 2) as i64);
    let window = Some((at, at));
    match n {
        0..4 => {
            let mut some = routes();
            some.insert((2, prefix("2001:db8::/48")), format!("64502 6451{n} 64508"));
            some.insert((1, prefix("198.51.1.0/24")), format!("64501 6451{n} 64508"));
            ingest_dump(history, &format!("dump{n}"), day(n as i64), &some).unwrap();
        }
        4..6 => {
            let mut writer = history.begin(draft(&format!("updates{n}"), Kind::Mrt, "rrc99")).unwrap();
            writer.session(SessionId(0), session(n as u8));
            for second in 0..3 {
                // Equal instants in both files.
                let time = Time(day(0).0 + second / 2);
                with_route(prefix("198.51.2.0/24"), "64501 64510 64508", |route| {
                    let (offset, event) = (second as u64, Event::Announced(route));
                    writer.observation(&Observation { offset, time, session: SessionId(0), event });
                });
                let event = Event::State { from: 6, to: 1 };
                writer.observation(&Observation { offset: 9, time, session: SessionId(0), event });
            }
            writer.commit(Time(0)).unwrap();
        }
        _ => {
            let kinds = [Kind::AsRel1, Kind::AsNames, Kind::PrefixOrigin, Kind::Delegated];
            let mut draft = draft(&format!("snapshot{n}"), kinds[n % 4], "series");
            // Pairs of snapshots of one kind have the same time and series.
            draft.window = if n >= 10 { Some((day(1), day(1))) } else { window.map(|_| (day(1), day(1))) };
            let mut writer = history.begin(draft).unwrap();
            let p = prefix("198.51.1.0/24");
            let (first, last) = (p.first_bits(), p.last_bits());
            let (family, asn) = (Family::V4, Asn(64508));
            for offset in [5, 6] {
                let text = format!("name {n} {offset}");
                let resource = Delegated::Asns { first: Asn(64500), count: 100 };
                let row = match kinds[n % 4] {
                    Kind::AsRel1 => {
                        let kind = if offset == 5 { LinkKind::Peer } else { LinkKind::Provider };
                        SnapshotRow::Link { a: asn, b: Asn(64500 + n as u32), kind, seen_by: "", snapshot: None }
                    }
                    Kind::AsNames => SnapshotRow::Name { asn, name: &text, country: "", note: "" },
                    Kind::PrefixOrigin => {
                        SnapshotRow::Origin { family, first, last, asn: Some(asn), country: "", flags: &text }
                    }
                    _ => SnapshotRow::Delegation {
                        registry: "ripencc",
                        country: "",
                        resource,
                        date: None,
                        status: "assigned",
                        opaque_id: &text,
                    },
                };
                writer.snapshot_row(offset, &row);
            }
            writer.note_asn_list(AsnList::Clique, &[asn]);
            writer.commit(Time(0)).unwrap();
        }
    }
}

/// Every answer of a history as text, sources named by sha256. The record behind a run is not compared: `docs/format.md`
/// says why it depends on the order.
fn answers(history: &History) -> String {
    let sources = history.catalogue().sources().unwrap();
    let sha = |id: SourceId| sources.get(id).unwrap().sha256.clone();
    let w = Window { from: None, to: None };
    let mut text = String::new();
    for mut answer in [
        history.routes_of_origin(Asn(64508), w).unwrap(),
        history.routes_of_prefix(prefix("198.51.2.0/24"), w).unwrap(),
        history.routes_of_origin(Asn(64508), Window { from: Some(day(1)), to: Some(day(3)) }).unwrap(),
    ] {
        for run in &mut answer.runs {
            run.evidence = Evidence { source: SourceId(0), offset: 0 };
        }
        text += &format!("{answer:?}\n");
    }
    text += &format!("{:?}\n", history.links(Asn(64508), w).unwrap());
    text += &format!("{:?}\n", history.holders(Asn(64508)).unwrap());
    let links = history.links(Asn(64508), w).unwrap();
    let (presence, all) = (history.presence(&links).unwrap(), links.snapshots.iter().collect::<Vec<_>>());
    let members: Vec<Asn> = presence.iter().map(|p| p.asn).collect();
    text += &format!("{presence:?}\n{:?}\n", history.links_at(&members, &all).unwrap());
    text += &format!("{:?}\n", history.holders_of(&members).unwrap());
    text += &format!("{:?}\n", history.origins_of(&prefix("198.51.0.0/16"), w).unwrap());
    text += &format!("{:?}\n", history.origins_by(Asn(64508), w).unwrap());
    text += &format!("{:?}\n", history.display_names(&[Asn(64508)], None).unwrap());
    text += &format!("{:?}\n", history.display_names(&[Asn(64508)], Some(day(0))).unwrap());
    text += &format!("{:?}\n", history.asns_named("NAME", 9).unwrap());
    text += &format!("{:?}\n", history.asn_lists(AsnList::Clique).unwrap());
    text += &format!("{:?}\n", history.observed_covers(&prefix("198.51.2.7/32")).unwrap());
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("SourceId(") {
        let (before, after) = rest.split_at(at);
        let end = after.find(')').unwrap();
        let id: i64 = after["SourceId(".len()..end].parse().unwrap();
        out += before;
        out += &if id == 0 { "-".to_owned() } else { sha(SourceId(id)) };
        rest = &after[end + 1..];
    }
    out + rest
}

#[test]
fn no_answer_depends_on_the_order_of_ingest() {
    let orders: [Vec<usize>; 4] = [
        (0..14).collect(),
        (0..14).rev().collect(),
        vec![2, 7, 5, 0, 11, 3, 13, 9, 1, 4, 6, 12, 8, 10],
        vec![13, 5, 1, 3, 9, 0, 8, 2, 12, 4, 7, 6, 10, 11],
    ];
    let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for order in orders {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open_or_create(dir.path()).unwrap();
        order.iter().for_each(|n| ingest_any(&mut history, *n));
        let first = answers(&history);
        assert_eq!(first, answers(&History::open(dir.path()).unwrap()));
        seen.insert(first, order);
    }
    let all: Vec<&String> = seen.keys().collect();
    assert!(all.len() == 1, "{}\n\n{}", all[0], all[1]);
}
