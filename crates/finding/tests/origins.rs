//! Who announced a prefix: positive, innocent twin, missing data, gap, order.

mod common;

use common::{SUBJECT, World, dumps, lint, registry, rules, t, world, world_salted};
use expect_test::expect;
use headwater_finding::finding::{Finding, Unknown, Why};
use headwater_finding::origins::{self, AtTime, Origins, Said};
use headwater_route::{Asn, Prefix, Window};

fn ask(world: &World, prefix: &str) -> (Origins, Vec<Finding>, Vec<Unknown>) {
    let prefix: Prefix = prefix.parse().unwrap();
    let all = Window::default();
    let found = origins::origins(prefix, &world.origins, &world.routes, &registry(), &all, &world.sources, &rules());
    lint(&found.1, &found.2);
    found
}

/// The columns of the prefixes of the founding case: one series on three dates, another on two.
const COLUMNS: &str = "
    origins 2022-10-29 alpha
    origins 2025-03-26 alpha
    origins 2025-04-02 beta
    origins 2026-06-17 beta
    origins 2026-08-22 alpha
    origin 2022-10-29 alpha 192.0.2.0/24 -
    origin 2025-03-26 alpha 192.0.2.0/24 64510
    origin 2025-04-02 beta  192.0.2.0/24 64510
    origin 2026-06-17 beta  192.0.2.0/24 64510
    origin 2026-08-22 alpha 192.0.2.0/24 64510
    origin 2022-10-29 alpha 198.51.100.0/23 64509
    origin 2025-03-26 alpha 198.51.100.0/24 64510
    origin 2026-08-22 alpha 198.51.100.0/24 64510
    origin 2025-03-26 alpha 203.0.113.0/25 -
    origin 2025-04-02 beta  203.0.113.0/25 64510
    origin 2026-06-17 beta  203.0.113.0/25 64511
    origin 2026-08-22 alpha 203.0.113.0/25 64511
";

#[test]
fn each_series_tells_its_own_dates() {
    let world = world(COLUMNS);
    let (found, findings, _) = ask(&world, "192.0.2.0/24");
    let told: Vec<(&str, u32, Option<String>)> = found
        .published
        .iter()
        .map(|o| (o.series.as_str(), o.asn.0, o.periods[0].bounds.from_after.map(|t| t.date())))
        .collect();
    // A range without a network denies nothing.
    assert_eq!(told, [("alpha", 64510, None), ("beta", 64510, None)]);
    expect!["alpha gives AS64510 as origin of 192.0.2.0/24 in 2 of 3 snapshots: given by 2025-03-26; sources before that do not settle it, still given at 2026-08-22, where the sources end; what happened between snapshots is not known"]
        .assert_eq(&findings[0].statement);

    // A covering range of another network is what the series gives; it bounds within the series.
    let (found, findings, _) = ask(&world, "198.51.100.0/24");
    assert_eq!(found.snapshots[0].range.as_deref(), Some("198.51.100.0/23"));
    let of = |asn| found.published.iter().find(|o| o.asn == Asn(asn)).unwrap();
    assert_eq!(of(64510).periods[0].bounds.from_after, Some(t("2022-10-29")));
    assert_eq!(of(64509).periods[0].bounds.to_by, Some(t("2025-03-26")));
    let evidence = &findings.iter().find(|f| f.subject == Asn(64510)).unwrap().evidence;
    assert_eq!(evidence[0].says, "198.51.100.0/23 to AS64509");
    // The other series lacks it altogether.
    assert!(found.snapshots.iter().filter(|s| s.series == "beta").all(|s| s.said == Said::NotThere));
}

/// Innocent twin: two series that differ a week apart show no change.
#[test]
fn a_difference_between_series_is_no_change() {
    let (found, _, unknowns) = ask(&world(COLUMNS), "203.0.113.0/25");
    for origin in &found.published {
        let bounds = &origin.periods[0].bounds;
        assert_ne!(bounds.from_after, Some(t("2025-03-26")), "{origin:?}");
        assert_ne!(bounds.to_by, Some(t("2026-08-22")), "{origin:?}");
    }
    // The change within a series is one, at a time that is not known.
    let gap = unknowns.iter().find(|u| u.why == Why::Gap && u.what.contains("beta")).unwrap();
    assert_eq!((gap.from, gap.until), (Some(t("2025-04-02")), Some(t("2026-06-17"))));
    let text = "
        origin 2024-01-01 alpha 192.0.2.0/24 64510
        origin 2024-01-05 beta 192.0.2.0/24 64511
        origin 2024-01-09 alpha 192.0.2.0/24 64510
    ";
    let (found, _, unknowns) = ask(&world(text), "192.0.2.0/24");
    assert!(found.published.iter().all(|o| o.periods.len() == 1 && o.periods[0].bounds.to_by.is_none()));
    assert!(unknowns.iter().any(|u| u.why == Why::Conflicting));
    assert!(unknowns.iter().all(|u| u.why != Why::Gap));
}

#[test]
fn parts_neither_give_nor_deny_the_whole() {
    let text = "
        origin 2024-01-01 alpha 192.0.2.0/24 64510
        origin 2024-02-01 alpha 192.0.2.0/25 64510
        origin 2024-02-01 alpha 192.0.2.128/25 64510
        origin 2024-03-01 alpha 192.0.2.0/24 64510
    ";
    let (found, ..) = ask(&world(text), "192.0.2.0/24");
    let p = &found.published[0].periods;
    assert_eq!((p.len(), p[0].seen, p[0].of), (1, 2, 3));
    assert_eq!(found.snapshots[1].parts.len(), 2);
}

#[test]
fn a_faulty_snapshot_denies_nothing() {
    let text = "
        origin 2024-01-01 alpha 192.0.2.0/24 64510
        origins 2024-02-01 alpha faulty
        origins 2024-03-01 alpha faulty
        origin 2024-03-01 alpha 192.0.0.0/16 64509
    ";
    let (found, ..) = ask(&world(text), "192.0.2.0/24");
    let subject = found.published.iter().find(|o| o.asn == SUBJECT).unwrap();
    assert_eq!(subject.periods[0].bounds.to_by, None);
    assert_eq!(found.snapshots[1].said, Said::Unknown);
}

#[test]
fn ranges_of_the_other_family_are_not_of_the_prefix() {
    let mut world = world("origin 2024-01-01 alpha 192.0.2.0/24 64510");
    // ::c000:200 left-aligned looks like 192.0.2.0.
    world.origins.sightings[0].family = headwater_route::Family::V6;
    let (found, ..) = ask(&world, "192.0.2.0/24");
    assert_eq!(found.snapshots[0].said, Said::NotThere);
}

#[test]
fn what_held_at_a_time_has_its_match() {
    let text = "
        origin 2024-01-01 alpha 192.0.2.0/24 64510
        origin 2024-01-11 alpha 192.0.2.0/24 64510
        origin 2024-01-21 alpha 192.0.2.0/24 64511
        origin 2024-01-16 beta 192.0.2.0/24 64510
        origins 2024-01-15 gamma faulty
    ";
    let (found, ..) = ask(&world(text), "192.0.2.0/24");
    let at = |when: &str, series: &str| origins::at(&found, t(when)).get(series).cloned();
    let said = |asn| Said::Origin { asn: Asn(asn) };
    assert_eq!(at("2024-01-11T23:59", "alpha"), Some(AtTime::Exact { said: said(64510) }));
    let (before, after) = (t("2024-01-01"), t("2024-01-11"));
    assert_eq!(at("2024-01-05", "alpha"), Some(AtTime::Bracketed { said: said(64510), before, after }));
    let changed = AtTime::ChangedBetween {
        before: t("2024-01-11"),
        before_said: said(64510),
        after: t("2024-01-21"),
        after_said: said(64511),
    };
    assert_eq!(at("2024-01-16", "alpha"), Some(changed));
    // Whole days on either side, whatever the hour.
    for (when, days) in
        [("2024-01-15T00:00", 1), ("2024-01-15T23:00", 1), ("2024-01-17T23:00", 1), ("2024-01-18T01:00", 2)]
    {
        let nearest = AtTime::Nearest { date: t("2024-01-16"), said: said(64510), days };
        assert_eq!(at(when, "beta"), Some(nearest), "{when}");
    }
    // A file that shows nothing is no match.
    assert_eq!(at("2024-01-15", "gamma"), None);
}

#[test]
fn routes_are_told_apart_and_at_the_times_they_were_seen() {
    let text = format!(
        "{}{}\n2024-02-01T10:00 rrc0 AS64500 + 192.0.2.0/24 64500 64511",
        dumps(2, 0..=2, |_, _| Some("64508")),
        "origin 2023-06-01 alpha 192.0.2.0/24 64509"
    );
    let (found, findings, _) = ask(&world(&text), "192.0.2.0/24");
    assert_eq!(found.observed.len(), 2);
    expect!["AS64510 was seen as origin of 192.0.2.0/24 by 2 vantages of 2 collectors: first at 2024-01-01T00:00:00Z, last at 2024-01-03T00:00:00Z; that it was between is not implied"]
        .assert_eq(&findings[1].statement);
    // The newest look at or before a time, and when that was: never the time asked about.
    let at = |when: Option<&str>| origins::origin_at(&found, when.map(t));
    assert_eq!(at(None), Some((Asn(64511), t("2024-02-01T10:00"))));
    assert_eq!(at(Some("2024-01-20")), Some((SUBJECT, t("2024-01-03"))));
    assert_eq!(at(Some("2024-01-02T12:00")), Some((SUBJECT, t("2024-01-02"))));
    assert_eq!(at(Some("2023-12-01")), Some((Asn(64509), t("2023-06-01"))));
    assert_eq!(at(Some("2023-01-01")), None);
}

#[test]
fn nothing_read_is_unknown() {
    let (found, findings, unknowns) = ask(&World::default(), "192.0.2.0/24");
    assert!(found.published.is_empty() && findings.is_empty());
    assert!(unknowns.len() == 2 && unknowns.iter().all(|u| u.why == Why::NoData));
    assert_eq!(origins::at(&found, t("2024-01-01")), Default::default());
}

#[test]
fn rows_that_point_nowhere_are_left_out() {
    let mut world = world(&format!("{COLUMNS}{}", dumps(1, 0..=0, |_, _| Some("64508"))));
    world.origins.sightings[0].snapshot = 99;
    world.origins.sightings[1].last = 0;
    let mut run = world.routes.runs[0].clone();
    (run.vantage, run.last) = (9, 9);
    world.routes.runs.push(run);
    ask(&world, "192.0.2.0/24");
    origins::ranges(SUBJECT, &world.origins, &world.sources, &rules());
}

#[test]
fn ranges_of_a_network_are_counted_with_their_evidence() {
    let text = format!("{COLUMNS}\norigins 2026-09-01 alpha faulty\norigin 2026-09-01 alpha 192.0.2.0/24 64510");
    let world = world(&text);
    let (ranges, findings) = origins::ranges(SUBJECT, &world.origins, &world.sources, &rules());
    lint(&findings, &[]);
    let counts: Vec<usize> = ranges.iter().map(|r| r.ranges.len()).collect();
    assert_eq!(counts, [0, 2, 2, 1, 2, 1]);
    assert!(ranges[0].finding.is_none());
    expect!["alpha gives AS64510 2 ranges on 2025-03-26"].assert_eq(&findings[0].statement);
    expect!["alpha gives AS64510 at least one range on 2026-09-01"].assert_eq(&findings[4].statement);
}

#[test]
fn the_order_of_ingest_does_not_matter() {
    let text = format!("{COLUMNS}{}", dumps(3, 0..=2, |_, _| Some("64508")));
    let shown = |salt| serde_json::to_string(&ask(&world_salted(&text, salt), "192.0.2.0/24")).unwrap();
    for salt in 1..8 {
        assert_eq!(shown(0), shown(salt));
    }
}
