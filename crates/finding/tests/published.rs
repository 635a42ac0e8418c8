//! Upstreams by published relationships: positive, innocent twin, missing data, gap, order.

mod common;

use common::{SUBJECT, World, lint, rules, t, world, world_salted};
use expect_test::expect;
use headwater_finding::finding::{Finding, Why};
use headwater_finding::period::Edge;
use headwater_finding::published::{self, Cell, Published, PublishedUpstream};
use headwater_route::{Asn, Window};

fn ask(world: &World) -> (Published, Vec<Finding>) {
    let all = Window::default();
    let (found, findings) = published::published(SUBJECT, &world.links, &all, &all, &world.sources, &rules());
    lint(&findings, &published::unknowns(SUBJECT, &found, &Window::default()));
    (found, findings)
}

fn upstream(found: &Published, asn: u32) -> &PublishedUpstream {
    found.upstreams.iter().find(|u| u.asn == Asn(asn)).unwrap()
}

/// The founding case: months before without it, three with it, no file for a year, one without it.
const FOUNDING: &str = "
    link 2024-04 serial1 64502 > 64510
    link 2024-05 serial1 64502 > 64510
    link 2024-06 serial1 64502 > 64510
    link 2024-06 serial1 64501 > 64510
    link 2024-06 serial2 64502 > 64510 bgp
    link 2024-06 serial2 64501 > 64510 bgp
    link 2024-07 serial1 64502 > 64510
    link 2024-07 serial1 64501 > 64510
    link 2024-08 serial1 64502 > 64510
    link 2024-08 serial1 64501 > 64510
    link 2025-09 serial1 64502 > 64510
";

#[test]
fn both_bounds_come_from_whole_files() {
    let (found, findings) = ask(&world(FOUNDING));
    let finding = findings.iter().find(|f| f.object == Some(Asn(64501))).unwrap();
    expect!["AS64501 is listed as a provider of AS64510 in 3 of 3 monthly publications (caida-serial1, caida-serial2): first listed after 2024-05-05 and by 2024-06-05, last listed at or after 2024-08-01, not listed at 2025-09-01"].assert_eq(&finding.statement);
    let period = &upstream(&found, 64501).periods[0];
    assert_eq!(period.bounds.from_after.map(|t| t.date()), Some("2024-05-05".to_owned()));
    assert_eq!((period.start, period.end), (Edge::Bounded, Edge::Bounded));
    // The files that bound it are evidence, as whole files.
    let whole: Vec<&str> = finding.evidence.iter().filter(|c| c.offset.is_none()).map(|c| c.name.as_str()).collect();
    assert_eq!(whole, ["2024-05-01.caida-serial1", "2025-09-01.caida-serial1"]);
    assert_eq!(found.gaps.len(), 1);
    assert!(published::unknowns(SUBJECT, &found, &Window::default()).iter().any(|u| u.why == Why::Gap));
    // The one listed on both sides of the hole is two periods: nobody saw it in between.
    assert_eq!(upstream(&found, 64502).periods.len(), 2);
}

#[test]
fn two_series_of_one_month_are_one_publication() {
    let (found, _) = ask(&world(FOUNDING));
    assert_eq!(found.publications.len(), 6);
    assert_eq!((upstream(&found, 64501).periods[0].seen, upstream(&found, 64501).periods[0].of), (3, 3));
    // Also where one of them tells of fewer days; each bounds by its own.
    let mut world = world(FOUNDING);
    for snapshot in world.links.snapshots.iter_mut().filter(|s| s.series == "caida-serial2") {
        snapshot.until = snapshot.from.plus_days(1);
    }
    let (found, _) = ask(&world);
    assert_eq!(found.publications.len(), 6);
    assert_eq!(upstream(&found, 64501).periods[0].bounds.from_by, t("2024-06-02"));
}

#[test]
fn an_extract_shows_presence_and_never_absence() {
    let text = "
        links 2024-04 serial1 extract
        link 2024-04 serial1 64502 > 64510
        links 2024-05 serial1 extract
        link 2024-05 serial1 64501 > 64510
        links 2024-06 serial1 extract
        link 2024-06 serial1 64502 > 64510
    ";
    let (found, findings) = ask(&world(text));
    let period = &upstream(&found, 64501).periods[0];
    assert_eq!((period.bounds.from_after, period.bounds.to_by), (None, None));
    assert_eq!((period.start, period.end), (Edge::Unsettled, Edge::Unsettled));
    // The sources neither start nor end there.
    expect!["AS64501 is listed as a provider of AS64510 in 1 of 1 monthly publications (caida-serial1): listed by 2024-05-05; sources before that do not settle it, last listed at or after 2024-05-01; later sources do not settle its end"].assert_eq(&findings[1].statement);
    assert!(published::unknowns(SUBJECT, &found, &Window::default()).iter().any(|u| u.why == Why::NotObservable));
}

#[test]
fn a_month_as_peer_neither_ends_nor_extends() {
    let text = "
        link 2024-03 serial1 64502 > 64510
        link 2024-04 serial1 64501 > 64510
        link 2024-05 serial1 64501 = 64510
        link 2024-06 serial1 64501 > 64510
        link 2024-07 serial1 64501 = 64510
        link 2024-08 serial1 64502 > 64510
    ";
    let (found, findings) = ask(&world(text));
    let u = upstream(&found, 64501);
    assert_eq!((u.periods.len(), u.periods[0].seen, u.periods[0].of), (1, 2, 3));
    assert_eq!(u.periods[0].bounds.to_after, t("2024-06-01"));
    assert_eq!(u.periods[0].bounds.to_by, Some(t("2024-08-01")));
    assert!(findings.iter().any(|f| f.statement.ends_with("in 2 further, the link has another label")));
}

/// Innocent twin: the network itself is gone from the routes of a month; that ends no link.
#[test]
fn a_file_without_the_network_denies_nothing() {
    let gone = "
        link 2024-04 serial1 64501 > 64510
        links 2024-05 serial1
        link 2024-06 serial1 64501 > 64510
    ";
    let only_mlp = "
        link 2024-04 serial2 64501 > 64510 bgp
        link 2024-05 serial2 64503 = 64510 mlp
        link 2024-06 serial2 64501 > 64510 bgp
    ";
    for text in [gone, only_mlp] {
        let (found, _) = ask(&world(text));
        let u = upstream(&found, 64501);
        assert_eq!(u.cells[1], Cell::SubjectAbsent);
        assert!(u.periods.iter().all(|p| p.bounds.from_after.is_none() && p.bounds.to_by.is_none()), "{text}");
        assert!(u.periods.iter().all(|p| p.start != Edge::Gap && p.end != Edge::Gap), "{text}");
    }
}

#[test]
fn a_faulty_file_denies_nothing() {
    let text = "
        links 2024-04 serial1 faulty
        link 2024-04 serial1 64502 > 64510
        link 2024-05 serial1 64502 > 64510
        link 2024-05 serial1 64501 > 64510
        links 2024-06 serial1 faulty
        link 2024-06 serial1 64502 > 64510
    ";
    let (found, _) = ask(&world(text));
    let bounds = upstream(&found, 64501).periods[0].bounds;
    assert_eq!((bounds.from_after, bounds.to_by), (None, None));
}

#[test]
fn series_that_disagree_are_told() {
    let text = "
        link 2024-05 serial1 64502 > 64510
        link 2024-06 serial1 64501 > 64510
        link 2024-06 serial2 64502 > 64510 bgp
    ";
    let (found, findings) = ask(&world(text));
    assert_eq!(upstream(&found, 64501).cells[1], Cell::Disputed);
    let finding = findings.iter().find(|f| f.object == Some(Asn(64501))).unwrap();
    // Only the series that lists it is named for it.
    assert!(finding.statement.contains("(caida-serial1)"), "{}", finding.statement);
    assert!(finding.statement.ends_with("in 1 of these, another whole file does not list it so"));
    assert!(published::unknowns(SUBJECT, &found, &Window::default()).iter().any(|u| u.why == Why::Conflicting));
}

/// Where the era ends and the files do not, they neither start nor end there.
#[test]
fn the_edge_of_an_era_is_not_that_of_the_sources() {
    let text = "
        link 2024-03 serial1 64501 > 64510
        link 2024-04 serial1 64501 > 64510
        link 2024-05 serial1 64501 > 64510
    ";
    let gone = "
        links 2024-03 serial1
        link 2024-04 serial1 64501 > 64510
        links 2024-05 serial1
    ";
    let era = Window { from: Some(t("2024-03-15")), to: Some(t("2024-04-15")) };
    for (text, edge) in [(text, Edge::Unsettled), (gone, Edge::SubjectAbsent)] {
        let world = world(text);
        let (found, findings) =
            published::published(SUBJECT, &world.links, &era, &Window::default(), &world.sources, &rules());
        let period = &upstream(&found, 64501).periods[0];
        assert_eq!((period.start, period.end), (edge, edge), "{text}");
        assert!(!findings[0].statement.contains("where the sources"), "{}", findings[0].statement);
    }
}

#[test]
fn no_file_is_unknown() {
    let (found, findings) = ask(&World::default());
    assert!(findings.is_empty());
    assert_eq!(published::unknowns(SUBJECT, &found, &Window::default())[0].why, Why::NoData);
}

#[test]
fn rows_that_point_nowhere_are_left_out() {
    let mut world = world(FOUNDING);
    let mut lost = world.links.sightings[0].clone();
    lost.snapshot = 99;
    lost.neighbour = Asn(64509);
    world.links.sightings.push(lost);
    let (found, _) = ask(&world);
    assert!(found.upstreams.iter().all(|u| u.asn != Asn(64509)));
}

#[test]
fn the_order_of_lines_and_of_ingest_does_not_matter() {
    let shown = |world: &World| serde_json::to_string(&ask(world)).unwrap();
    let mut backwards: Vec<&str> = FOUNDING.lines().collect();
    backwards.reverse();
    let one = world_salted(FOUNDING, 0);
    let two = world_salted(FOUNDING, 3);
    assert_eq!(shown(&one), shown(&two));
    // Offsets are those of the lines, so a reversed file keeps everything else.
    let strip = |world: &World| ask(world).1.iter().map(|f| f.statement.clone()).collect::<Vec<_>>();
    assert_eq!(strip(&one), strip(&world(&backwards.join("\n"))));
}

#[test]
fn dropping_a_source_never_tightens() {
    let full = world(FOUNDING);
    let (all, _) = ask(&full);
    for drop in 0..full.links.snapshots.len() {
        let mut less = world(FOUNDING);
        // The file was never read: its lines are not there, and it denies nothing.
        less.links.snapshots[drop].complete = false;
        less.links.sightings.retain(|s| s.snapshot != drop);
        for u in &ask(&less).0.upstreams {
            let before = upstream(&all, u.asn.0);
            for p in &u.periods {
                let holds = |q: &headwater_finding::period::Period| {
                    q.bounds.from_by <= p.bounds.from_by
                        && p.bounds.from_after.is_none_or(|a| q.bounds.from_after.is_some_and(|b| a <= b))
                };
                assert!(before.periods.iter().any(holds), "{drop} {p:?}");
            }
        }
    }
}

#[test]
fn a_window_without_a_publication_is_not_a_time_without_providers() {
    let text = "
        link 2024-01 serial1 64501 > 64510
        link 2024-02 serial1 64501 > 64510
        link 2025-01 serial1 64501 > 64510
    ";
    let world = world(text);
    let window = Window { from: Some(t("2024-06-01")), to: Some(t("2024-09-01")) };
    let (found, _) = published::published(SUBJECT, &world.links, &Window::default(), &window, &world.sources, &rules());
    assert_eq!((found.in_window, found.upstreams.len()), (0, 0));
    let told = published::unknowns(SUBJECT, &found, &window);
    assert!(told.iter().any(|u| u.why == Why::Gap && u.what.contains("no publication covers it")), "{told:?}");
    let all = published::unknowns(SUBJECT, &found, &Window { from: Some(t("2025-01-02")), to: None });
    assert!(!all.iter().any(|u| u.what.contains("between 2024-02-05")), "{all:?}");
}
