//! A source is visible whole or not at all.

mod common;

use std::collections::BTreeMap;

use common::{DumpRoutes, draft, ingest_dump, ingest_dump_until, prefix, time};
use headwater_history::table::Table;
use headwater_history::{Error, History, Step};
use headwater_route::rows::{LinkKind, Neighbour, SnapshotRow};
use headwater_route::{Asn, Fault, FaultKind, Kind, Time, Window};

fn routes() -> DumpRoutes {
    BTreeMap::from([((1, prefix("198.51.100.0/24")), "64501 64510 64520".to_owned())])
}

#[test]
fn a_crash_at_any_step_leaves_a_readable_history_and_no_trace_of_the_source() {
    for &step in Step::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open_or_create(dir.path()).unwrap();
        ingest_dump(&mut history, "before", time("2024-01-01"), &routes()).unwrap();
        let mut other = routes();
        other.insert((2, prefix("198.51.100.0/24")), "64502 64511 64520".to_owned());
        let crashed = ingest_dump_until(&mut history, "crashed", time("2024-01-02"), &other, Some(step));
        assert!(matches!(crashed, Err(Error::Interrupted)), "{step:?}");
        drop(history);

        let mut history = History::open(dir.path()).unwrap();
        let visible = history.catalogue().sources().unwrap().0.len();
        let committed = matches!(step, Step::Committed | Step::StatePlaced);
        assert_eq!(visible, if committed { 2 } else { 1 }, "{step:?}");
        let answer = history.routes_of_origin(Asn(64520), Window::default()).unwrap();
        assert_eq!(answer.runs.len(), visible, "{step:?}");

        history.sweep().unwrap();
        let files: u64 = Table::ALL.iter().map(|t| history.catalogue().segments(*t, None).unwrap().len() as u64).sum();
        let on_disk: u64 = Table::ALL
            .iter()
            .filter_map(|t| std::fs::read_dir(dir.path().join("segments").join(t.name())).ok())
            .map(|d| d.count() as u64)
            .sum();
        assert_eq!(files, on_disk, "{step:?}: debris is swept, nothing else");
        assert_eq!(std::fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0, "{step:?}");

        // The same file read again brings what the crash kept back.
        if !committed {
            assert!(ingest_dump(&mut history, "crashed", time("2024-01-02"), &other).unwrap().new);
        }
        let third = ingest_dump(&mut history, "after", time("2024-01-03"), &other).unwrap();
        assert!(third.new);
        let answer = history.routes_of_origin(Asn(64520), Window::default()).unwrap();
        let spans: Vec<_> =
            answer.runs.iter().map(|r| (answer.tables[r.first].at.date(), answer.tables[r.last].at.date())).collect();
        assert_eq!(
            spans,
            [("2024-01-01".to_owned(), "2024-01-03".to_owned()), ("2024-01-02".to_owned(), "2024-01-03".to_owned())],
            "{step:?}"
        );
    }
}

#[test]
fn the_same_bytes_enter_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut one = History::open_or_create(dir.path()).unwrap();
    let mut two = History::open(dir.path()).unwrap();
    assert!(ingest_dump(&mut one, "same", time("2024-01-01"), &routes()).unwrap().new);
    assert!(!ingest_dump(&mut two, "same", time("2024-01-01"), &routes()).unwrap().new);
    assert_eq!(two.catalogue().sources().unwrap().0.len(), 1);
    two.sweep().unwrap();
    assert_eq!(one.routes_of_origin(Asn(64520), Window::default()).unwrap().runs.len(), 1);
}

#[test]
fn a_sweep_spares_a_living_writer() {
    let dir = tempfile::tempdir().unwrap();
    let mut one = History::open_or_create(dir.path()).unwrap();
    let mut two = History::open(dir.path()).unwrap();
    let mut writer = one.begin(draft("busy", Kind::Mrt, "rrc99")).unwrap();
    common::feed_dump(&mut writer, time("2024-01-01"), &routes());
    two.sweep().unwrap();
    assert!(writer.commit(Time(0)).unwrap().new);
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let writer = history.begin(draft("dropped", Kind::Mrt, "rrc99")).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(dir.path().join("incoming")).unwrap().count(), 0);
    assert!(history.catalogue().sources().unwrap().0.is_empty());
}

#[test]
fn absent_newer_and_foreign_histories_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(History::open(dir.path()), Err(Error::Absent(_))));
    drop(History::open_or_create(dir.path()).unwrap());
    let catalogue = dir.path().join("catalogue.sqlite");
    let db = rusqlite::Connection::open(&catalogue).unwrap();
    db.execute("UPDATE meta SET value = '999' WHERE key = 'format_version'", []).unwrap();
    assert!(matches!(History::open(dir.path()), Err(Error::Newer(_, 999))));
    db.execute("UPDATE meta SET value = '1' WHERE key = 'format_version'", []).unwrap();
    drop(db);
    let told = History::open(dir.path()).err().unwrap();
    assert!(matches!(told, Error::Older(_, 1)));
    assert!(told.to_string().contains("has format version 1; this program reads 3 only"), "{told}");
    std::fs::write(&catalogue, b"this is not a database, and long enough to be read as one").unwrap();
    assert!(matches!(History::open(dir.path()), Err(Error::Catalogue(..))));
}

#[test]
fn snapshot_rows_come_back_with_their_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let mut draft = draft("links", Kind::AsRel1, "caida-serial1");
    draft.window = Some((time("2024-06-01"), time("2024-06-05T23:59:59Z")));
    let mut writer = history.begin(draft).unwrap();
    let link = |a: u32, b: u32, kind| SnapshotRow::Link { a: Asn(a), b: Asn(b), kind, seen_by: "", snapshot: None };
    writer.snapshot_row(10, &link(64501, 64510, LinkKind::Provider));
    writer.snapshot_row(20, &link(64510, 64511, LinkKind::Provider));
    writer.snapshot_row(30, &link(64502, 64510, LinkKind::Peer));
    writer.snapshot_row(40, &link(64502, 64503, LinkKind::Peer));
    writer.fault(Fault { offset: 50, kind: FaultKind::HostBits, detail: "x".to_owned() });
    writer.commit(Time(0)).unwrap();

    let links = history.links(Asn(64510), Window::default()).unwrap();
    assert_eq!(links.snapshots.len(), 1);
    assert!(links.snapshots[0].complete, "host bits lose nothing");
    let told: Vec<_> = links.sightings.iter().map(|s| (s.kind, s.neighbour.0, s.evidence.offset)).collect();
    assert_eq!(
        told,
        [(Neighbour::Provider, 64501, 10), (Neighbour::Peer, 64502, 30), (Neighbour::Customer, 64511, 20)]
    );
    assert!(history.links(Asn(64599), Window::default()).unwrap().sightings.is_empty());
    let counts = history.catalogue().fault_counts().unwrap();
    assert_eq!((counts.len(), counts[0].kind, counts[0].count), (1, FaultKind::HostBits, 1));

    let answer = history.sql("SELECT count(*) AS n FROM links WHERE asn = 64510", 10).unwrap();
    assert_eq!(format!("{answer:?}"), r#"SqlAnswer { columns: ["n"], rows: [[Int(3)]], cut: false }"#);
    for refused in ["DROP TABLE links", "INSERT INTO links SELECT * FROM links", "COPY links TO 'x.csv'", "SELEC 1"] {
        assert!(matches!(history.sql(refused, 10), Err(Error::Sql(_))), "{refused}");
    }
    assert!(history.sql("SELECT * FROM links", 2).unwrap().cut);
}

#[test]
fn faults_are_counted_without_end_and_stored_up_to_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let mut writer = history.begin(draft("bad", Kind::Mrt, "rrc99")).unwrap();
    for offset in 0..5000 {
        writer.fault(Fault { offset, kind: FaultKind::BadRecord, detail: String::new() });
    }
    assert_eq!(writer.commit(Time(0)).unwrap().source.faults, 5000);
    assert_eq!(history.catalogue().faults(usize::MAX).unwrap().len(), 1000);
    assert_eq!(history.catalogue().fault_counts().unwrap()[0].count, 5000);
}
