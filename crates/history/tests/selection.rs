//! A history that keeps only some observations says so, and what it left out is unknown there.

mod common;

use common::{DumpRoutes, draft, feed_dump, ingest_dump, prefix, time, with_route};
use headwater_history::{Error, History, Selection};
use headwater_route::{Asn, Event, Kind, Observation, SessionId, Window};

fn choice(text: &str, severs: bool) -> Selection {
    Selection { text: text.to_owned(), severs }
}

fn routes() -> DumpRoutes {
    DumpRoutes::from([((1, prefix("192.0.2.0/24")), "64501 64510".to_owned())])
}

/// Writes a dump and an update file through a choice.
fn fill(history: &mut History, selection: Option<&Selection>) -> Result<(), Error> {
    let mut writer = history.begin(draft("dump", Kind::Mrt, "rrc99"))?;
    writer.select(selection.cloned());
    feed_dump(&mut writer, time("2024-01-01"), &routes());
    writer.commit(time("2024-02-01"))?;
    let mut writer = history.begin(draft("updates", Kind::Mrt, "rrc99"))?;
    writer.select(selection.cloned());
    writer.session(SessionId(0), common::session(1));
    with_route(prefix("192.0.2.0/24"), "64501 64502 64510", |route| {
        let (time, session) = (time("2024-01-01T01:00:00Z"), SessionId(0));
        writer.observation(&Observation { offset: 9, time, session, event: Event::Announced(route) });
    });
    writer.speaks_of(time("2024-01-01T00:00:00Z"), time("2024-01-01T08:00:00Z"));
    writer.commit(time("2024-02-01")).map(drop)
}

#[test]
fn tables_of_a_choice_are_not_whole_and_updates_only_if_nothing_is_severed() {
    for (selection, tables_whole, updates_whole) in [
        (None, true, true),
        (Some(choice("[\"--prefix\",\"192.0.2.0/24\"]", false)), false, true),
        (Some(choice("[\"--origin\",\"AS64510\"]", true)), false, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open_or_create(dir.path()).unwrap();
        if let Some(selection) = &selection {
            history.catalogue().select(selection).unwrap();
            // The same choice again is no other one.
            history.catalogue().select(selection).unwrap();
        }
        fill(&mut history, selection.as_ref()).unwrap();
        assert_eq!(history.catalogue().selection().unwrap(), selection);
        let found = history.routes_of_origin(Asn(64510), Window::default()).unwrap();
        assert_eq!((found.runs.len(), found.events.len()), (1, 1));
        assert_eq!(found.tables.iter().map(|t| t.complete).collect::<Vec<_>>(), [tables_whole], "{selection:?}");
        assert_eq!(found.spans.iter().map(|s| s.complete).collect::<Vec<_>>(), [updates_whole], "{selection:?}");
        // The file speaks of the hours without a wanted message as well.
        assert_eq!((found.spans[0].from, found.spans[0].until), (time("2024-01-01"), time("2024-01-01T08:00:00Z")));
    }
}

#[test]
fn a_history_has_one_choice() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    let (one, other) = (choice("one", false), choice("other", false));
    history.catalogue().select(&one).unwrap();
    assert!(matches!(history.catalogue().select(&other), Err(Error::Selection(Some(text))) if text == "one"));
    // Nor does a source enter that was read through another, or through none.
    for wrong in [Some(&other), None] {
        assert!(matches!(fill(&mut history, wrong), Err(Error::Selection(Some(_)))));
        assert!(history.catalogue().sources().unwrap().0.is_empty());
    }
    fill(&mut history, Some(&one)).unwrap();

    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    ingest_dump(&mut history, "whole", time("2024-01-01"), &routes()).unwrap();
    assert!(matches!(history.catalogue().select(&one), Err(Error::Selection(None))));
}
