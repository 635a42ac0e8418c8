//! Who held the number: re-used numbers, renames, silences; positive, innocent twin, missing data, gap, order.

mod common;

use common::{SUBJECT, World, lint, rules, t, world, world_salted};
use expect_test::expect;
use headwater_finding::finding::{Finding, Unknown, Why};
use headwater_finding::holders::{Began, Holders, holders};

fn ask(world: &World) -> (Holders, Vec<Finding>, Vec<Unknown>) {
    let World { holders: names, links, routes, sources, .. } = world;
    let found = holders(SUBJECT, names, links, routes, sources, &rules());
    lint(&found.1, &found.2);
    found
}

/// Quarterly files from 2022-01 to 2026-07; `name` by `2023-04`, or none.
fn quarterly(name: impl Fn(&str) -> Option<&'static str>) -> String {
    let mut out = String::new();
    for year in 2022..=2026 {
        for month in ["01", "04", "07", "10"].iter().filter(|m| year < 2026 || **m <= "07") {
            let date = format!("{year}-{month}");
            match name(&date) {
                Some(name) => out.push_str(&format!("name {date}-01 asn2org {name}\n")),
                None => out.push_str(&format!("names {date}-01 asn2org\n")),
            }
        }
    }
    out
}

/// Monthly relationship files; the number is linked where `linked` says so.
fn monthly(from: &str, to: &str, linked: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for year in 2019..=2026 {
        for month in 1..=12 {
            let at = format!("{year}-{month:02}");
            if at.as_str() >= from && at.as_str() <= to {
                match linked(&at) {
                    true => out.push_str(&format!("link {at} serial1 64501 > 64510\n")),
                    false => out.push_str(&format!("links {at} serial1\n")),
                }
            }
        }
    }
    out
}

fn within(at: &str, from: &str, to: &str) -> bool {
    at >= from && at <= to
}

/// (began, after, by, last, gone) of each holder.
fn told(found: &Holders) -> Vec<String> {
    let date = |t: Option<headwater_route::Time>| t.map_or("?".to_owned(), |t| t.date());
    found
        .holders
        .iter()
        .map(|h| {
            let b = &h.bounds;
            let (name, by, last) = (&h.names[0].name, b.from_by.date(), b.to_after.date());
            format!("{name}: {:?} ({}, {by}] [{last}, {})", h.began, date(b.from_after), date(b.to_by))
        })
        .collect()
}

/// As AS200593 was: one name in 2021, absent from three files, links until 2019-09 and again from 2023-01.
fn first_case() -> String {
    format!(
        "name 2021-08-30 pyasn EARLIER DEVELOPMENT\n{}{}",
        quarterly(|at| match at {
            _ if at < "2022-04" => None,
            _ if at <= "2022-10" => None,
            "2023-01" => Some("LATER"),
            _ => Some("LATER OOO"),
        }),
        monthly("2019-01", "2023-06", |at| at <= "2019-09" || at >= "2023-01"),
    )
}

#[test]
fn a_number_that_was_silent_between_two_names_is_probably_reissued() {
    let (found, findings, _) = ask(&world(&first_case()));
    assert_eq!(
        told(&found),
        [
            "EARLIER DEVELOPMENT: FirstSeen (?, 2021-08-30] [2021-08-30, 2023-01-01)",
            "LATER OOO: ProbablyReissued (2022-10-01, 2023-01-01] [2026-07-01, ?)",
        ]
    );
    expect![[r#"AS64510 was published under the name "LATER OOO" since a day after 2022-10-01 and by 2023-01-01, last in the file of 2026-07-01; another name stood before: probably re-issued; 39 whole publications from 2019-10-01 to 2022-12-05 have no route or link of the number"#]]
    .assert_eq(&findings[1].statement);
    // What decides is evidence: files without the name, and the publications at the ends of the silence.
    let names: Vec<&str> = findings[1].evidence.iter().map(|c| c.name.as_str()).collect();
    for name in ["2022-10-01.asn2org", "2019-10-01.caida-serial1", "2022-12-01.caida-serial1"] {
        assert!(names.contains(&name), "{name} {names:?}");
    }
    // The earlier links are of the earlier holder.
    assert_eq!(found.eras.len(), 2);
    let (early, late) = (found.eras[0].window(), found.eras[1].window());
    assert!(early.touches(t("2019-09-01"), t("2019-09-05")) && !late.touches(t("2019-09-01"), t("2019-09-05")));
    assert!(late.touches(t("2023-01-01"), t("2023-01-01")) && !early.touches(t("2023-01-01"), t("2023-01-01")));
    assert_eq!((found.eras[0].holder, found.eras[1].holder), (Some(0), Some(1)));
}

/// As AS198953 was: links come back before the name does.
#[test]
fn a_holder_may_be_heard_before_it_is_named() {
    let text = format!(
        "{}{}",
        quarterly(|at| match at {
            _ if at <= "2022-07" => Some("EARLIER CONSULTING CZ"),
            _ if at <= "2023-04" => None,
            _ => Some("LATER OOO"),
        }),
        monthly("2019-01", "2023-08", |at| at >= "2023-05"),
    );
    let (found, findings, _) = ask(&world(&text));
    assert_eq!(
        told(&found),
        [
            "EARLIER CONSULTING CZ: FirstSeen (?, 2022-01-01] [2022-07-01, 2022-10-01)",
            "LATER OOO: ProbablyReissued (2023-04-01, 2023-05-05] [2026-07-01, ?)",
        ]
    );
    // The name was not published by then, and the statement does not say so.
    expect![[r#"AS64510 was published under the name "LATER OOO" since a day after 2023-04-01 and by 2023-07-01, last in the file of 2026-07-01; another name stood before: probably re-issued; 52 whole publications from 2019-01-01 to 2023-04-05 have no route or link of the number; it is heard of again by 2023-05-05, which is counted to this holder"#]]
    .assert_eq(&findings[1].statement);
    assert!(!found.eras[0].window().touches(t("2023-05-01"), t("2023-05-01")));
}

/// The seven re-used numbers, by the dates of their quarterly files; the links tell of the silence in between.
#[test]
fn re_used_numbers_are_divided() {
    // (names, silent from and to, what is told of each holder)
    type Case<'a> = (fn(&str) -> Option<&'static str>, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 7] = [
        (
            |at| match at {
                _ if within(at, "2023-10", "2024-07") => Some("TNALPHA"),
                _ if at >= "2025-04" => Some("Invented Group S.r.l."),
                _ => None,
            },
            &[("2024-08", "2025-03")],
            &["TNALPHA (2023-07-01, 2023-10-01]", "Invented Group S.r.l. (2025-01-01, 2025-04-01]"],
        ),
        (
            |at| match at {
                _ if within(at, "2024-04", "2025-04") => Some("Whale 1234"),
                _ if at >= "2026-07" => Some("SECUNDA"),
                _ => None,
            },
            &[("2025-05", "2026-06")],
            &["Whale 1234 (2024-01-01, 2024-04-01]", "SECUNDA (2026-04-01, 2026-07-01]"],
        ),
        (
            |at| match at {
                _ if within(at, "2024-04", "2025-04") => Some("Jane Example"),
                _ if at >= "2026-01" => Some("Model Payments SA"),
                _ => None,
            },
            &[("2025-05", "2025-12")],
            &["Jane Example (2024-01-01, 2024-04-01]", "Model Payments SA (2025-10-01, 2026-01-01]"],
        ),
        (
            |at| match at {
                _ if within(at, "2022-04", "2024-07") => Some("Delphi LLC"),
                _ if within(at, "2025-04", "2026-04") => Some("Aster Networks K.K."),
                "2026-07" => Some("Marina K.K."),
                _ => None,
            },
            &[("2024-08", "2025-03")],
            &[
                "Delphi LLC (?, 2022-04-01]",
                "Aster Networks K.K. (2025-01-01, 2025-04-01]",
                "Marina K.K. (2026-04-01, 2026-07-01]",
            ],
        ),
        (
            |at| match at {
                _ if at <= "2023-01" => Some("Forward GbR"),
                "2025-07" | "2025-10" => Some("metaweaver net"),
                "2026-07" => Some("ZETAGG"),
                _ => None,
            },
            &[("2023-02", "2025-06"), ("2025-11", "2026-06")],
            &[
                "Forward GbR (?, 2022-01-01]",
                "metaweaver net (2025-04-01, 2025-07-01]",
                "ZETAGG (2026-04-01, 2026-07-01]",
            ],
        ),
        (
            |at| match at {
                _ if at <= "2022-10" => Some("Clear Water"),
                _ if within(at, "2024-01", "2024-10") => Some("Limestone"),
                _ if at >= "2026-04" => Some("CornGrid, LLC"),
                _ => None,
            },
            &[("2022-11", "2023-12"), ("2024-11", "2026-03")],
            &[
                "Clear Water (?, 2022-01-01]",
                "Limestone (2023-10-01, 2024-01-01]",
                "CornGrid, LLC (2026-01-01, 2026-04-01]",
            ],
        ),
        (
            |at| match at {
                _ if at <= "2022-10" => Some("PalHost"),
                _ if within(at, "2023-07", "2026-04") => Some("Blue Byte"),
                _ => None,
            },
            &[("2022-11", "2023-06")],
            &["PalHost (?, 2022-01-01]", "Blue Byte (2023-04-01, 2023-07-01]"],
        ),
    ];
    for (names, silent, expected) in cases {
        let heard = |at: &str| !silent.iter().any(|(from, to)| within(at, from, to));
        let text = format!("{}{}", quarterly(names), monthly("2022-01", "2026-07", heard));
        let (found, findings, _) = ask(&world(&text));
        let date = |t: Option<headwater_route::Time>| t.map_or("?".to_owned(), |t| t.date());
        let got: Vec<String> = found
            .holders
            .iter()
            .map(|h| {
                let b = &h.bounds;
                format!("{} ({}, {}]", h.names[0].name, date(b.from_after), b.from_by.date())
            })
            .collect();
        assert_eq!(got, expected);
        // Every silence divides, and the last holder's era is its own.
        assert_eq!(found.eras.len(), silent.len() + 1, "{expected:?}");
        let reissued = found.holders.iter().filter(|h| h.began == Began::ProbablyReissued).count();
        assert_eq!(reissued, silent.len(), "{expected:?}");
        for (holder, (from, to)) in found.holders.iter().skip(1).zip(silent) {
            let era =
                found.eras.iter().find(|e| e.window().touches(holder.bounds.from_by, holder.bounds.from_by)).unwrap();
            assert!(era.after.is_some_and(|cut| cut >= t(&format!("{from}-01")) && cut <= t(&format!("{to}-28"))));
        }
        // One file without the number at the very end is no deletion.
        if expected[0].starts_with("PalHost") {
            assert_eq!(found.holders[1].bounds.to_by, None);
            assert!(findings[1].statement.contains("that of 2026-07-01 lacks the number, which alone is no deletion"));
        }
    }
}

/// The same numbers known by names alone: the label stays open, and the carriers are divided all the same.
#[test]
fn names_alone_divide_where_the_number_was_absent() {
    let text = quarterly(|at| match at {
        _ if within(at, "2024-04", "2025-04") => Some("Whale 1234"),
        _ if at >= "2026-01" => Some("SECUNDA"),
        _ => None,
    });
    let (found, _, unknowns) = ask(&world(&text));
    assert_eq!(found.holders[1].began, Began::RenamedOrTransferred);
    assert_eq!(found.eras.len(), 2);
    assert!(unknowns.iter().any(|u| u.why == Why::Undetermined));
    // Not where the number was linked all along: the files are at fault, not the number.
    let (found, ..) = ask(&world(&format!("{text}{}", monthly("2024-01", "2026-07", |_| true))));
    assert_eq!((found.holders[1].began, found.eras.len()), (Began::RenamedOrTransferred, 1));
}

/// Innocent twin: the same holder under a new name.
#[test]
fn a_rename_without_silence_divides_nothing() {
    let names = quarterly(|at| Some(if at < "2024-01" { "EARLIER" } else { "LATER" }));
    let (found, findings, unknowns) = ask(&world(&format!("{names}{}", monthly("2022-01", "2025-12", |_| true))));
    assert_eq!(found.holders[1].began, Began::RenamedOrTransferred);
    assert_eq!(found.eras.len(), 1);
    assert!(findings[1].statement.contains("renamed or transferred, the sources do not tell which"));
    assert!(unknowns.iter().any(|u| u.why == Why::Undetermined));
    // A silence of years ago, under the old name on both sides, has nothing to do with it.
    let text = format!("{names}{}", monthly("2022-01", "2025-12", |at| !within(at, "2022-06", "2022-12")));
    let (found, ..) = ask(&world(&text));
    assert_eq!((found.holders[1].began, found.eras.len()), (Began::RenamedOrTransferred, 1));
    // One that begins shortly before the new name makes no re-issue; no name tells that the holder stayed, so it divides.
    let text = format!("{names}{}", monthly("2022-01", "2025-12", |at| !within(at, "2023-12", "2024-09")));
    let (found, ..) = ask(&world(&text));
    assert_eq!((found.holders[1].began, found.eras.len()), (Began::RenamedOrTransferred, 2));
}

#[test]
fn one_missing_file_is_no_deletion() {
    let text = quarterly(|at| (at != "2023-07").then_some("EXAMPLE"));
    let (found, ..) = ask(&world(&text));
    assert_eq!(told(&found), ["EXAMPLE: FirstSeen (?, 2022-01-01] [2026-07-01, ?)"]);
    assert_eq!(found.eras.len(), 1);
}

#[test]
fn names_that_alternate() {
    // Two series with names of their own for the same time: a conflict of sources, not a change.
    let second: String = (2022..2026).map(|y| format!("name {y}-02-01 handles HANDLE-AS\n")).collect();
    let (found, _, unknowns) = ask(&world(&format!("{}{second}", quarterly(|_| Some("EXAMPLE SERVICES")))));
    assert_eq!(found.holders[1].began, Began::Conflicting);
    assert_eq!(found.eras.len(), 1);
    assert!(unknowns.iter().any(|u| u.why == Why::Conflicting));
    // One series that goes to another name and back: a return is not a stay.
    let there_and_back = quarterly(|at| Some(if within(at, "2023-07", "2024-07") { "OTHER" } else { "EXAMPLE" }));
    let (found, ..) = ask(&world(&there_and_back));
    let names: Vec<&str> = found.holders.iter().map(|h| h.names[0].name.as_str()).collect();
    assert_eq!(names, ["EXAMPLE", "OTHER", "EXAMPLE"]);
    assert!(found.holders[1..].iter().all(|h| h.began == Began::RenamedOrTransferred));
    // A file that always has two names for it is no alternation.
    let two: String = (2022..2026).map(|y| format!("name {y}-01-01 s AAA\nname {y}-01-01 s BBB\n")).collect();
    assert_eq!(ask(&world(&two)).0.holders.len(), 2);
}

#[test]
fn a_long_silence_without_names_divides_undetermined() {
    let text = monthly("2019-01", "2024-12", |at| !within(at, "2020-01", "2022-12"));
    let (found, findings, unknowns) = ask(&world(&text));
    assert!(findings.is_empty());
    assert_eq!(found.eras.len(), 2);
    assert!(found.eras.iter().all(|e| e.holder.is_none()));
    assert!(unknowns.iter().any(|u| u.why == Why::Undetermined && u.what.contains("changed hands")));
    // M: without a file of names, who holds it is not known, and why is told.
    assert!(unknowns.iter().any(|u| u.why == Why::NoData));
    // A route in between is no silence, even one that a single run of dumps holds.
    let held: String = ["2020-02-01", "2021-06-01", "2023-01-01"]
        .map(|at| format!("dump rrc0 {at}\n  AS64500 192.0.2.0/24 64500 64501 64510\n"))
        .concat();
    let (found, ..) = ask(&world(&format!("{text}{held}")));
    assert!(found.silences.iter().all(|s| s.from >= t("2020-02-01")));
    assert_eq!(found.silences.iter().filter(|s| s.from < t("2021-06-01") && s.until > t("2021-06-01")).count(), 0);
}

#[test]
fn files_that_are_not_whole_make_no_silence() {
    let whole = monthly("2019-01", "2024-12", |at| !within(at, "2020-01", "2022-12"));
    let extracts: String = whole
        .lines()
        .map(|l| if l.starts_with("links") { format!("{l} extract\n") } else { format!("{l}\n") })
        .collect();
    assert_eq!(ask(&world(&whole)).0.silences.len(), 1);
    assert_eq!(ask(&world(&extracts)).0.silences.len(), 0);
}

#[test]
fn routes_of_others_to_the_same_prefix_are_not_of_the_number() {
    let text = monthly("2019-01", "2024-12", |at| !within(at, "2020-01", "2022-12"));
    let other = "dump rrc0 2021-06-01\n  AS64500 192.0.2.0/24 64500 64501 64511\n";
    assert_eq!(ask(&world(&format!("{text}{other}"))).0.silences, ask(&world(&text)).0.silences);
}

#[test]
fn the_registry_decides_between_rename_and_reissue() {
    let names = quarterly(|at| Some(if at < "2024-01" { "EARLIER" } else { "LATER" }));
    let began = |lines: &str| {
        let (found, findings, _) = ask(&world(&format!("{names}{lines}")));
        (found.holders[1].began, found.eras.len(), findings[1].statement.clone())
    };
    let (freed, eras, says) = began(
        "delegated 2023-06-01 allocated 2015-01-01 key-1
         delegated 2023-11-15 available -
         delegated 2024-02-01 allocated 2023-12-20 key-2",
    );
    assert_eq!((freed, eras), (Began::Reissued, 2));
    assert!(says.ends_with("registry gives the number as available on 2023-11-15: re-issued"), "{says}");
    let (anew, _, says) = began("delegated 2024-02-01 allocated 2023-12-20 key-2");
    assert!(anew == Began::Reissued && says.ends_with("delegated the number anew on 2023-12-20: re-issued"), "{says}");
    let (same, eras, says) = began(
        "delegated 2023-06-01 allocated 2015-01-01 key-1
         delegated 2024-02-01 allocated 2015-01-01 key-1",
    );
    assert_eq!((same, eras), (Began::RenamedOrTransferred, 1));
    assert!(says.ends_with("under the same registry key: renamed"), "{says}");
}

#[test]
fn a_name_is_a_quotation_it_cannot_leave() {
    let (_, findings, _) = ask(&world("name 2024-01-01 s EVIL\" protects \"criminal"));
    assert!(findings[0].statement.contains("\"EVIL' protects 'criminal\""));
}

#[test]
fn nothing_read_is_unknown() {
    let (found, findings, unknowns) = ask(&World::default());
    assert!(found.holders.is_empty() && findings.is_empty());
    assert_eq!(unknowns[0].why, Why::NoData);
    // Read, and not there, is something else.
    let (.., unknowns) = ask(&world("names 2024-01-01 asn2org"));
    assert_eq!(unknowns[0].why, Why::Undetermined);
}

#[test]
fn the_order_of_lines_and_of_ingest_does_not_matter() {
    let shown = |world: &World| serde_json::to_string(&ask(world)).unwrap();
    assert_eq!(shown(&world_salted(&first_case(), 0)), shown(&world_salted(&first_case(), 11)));
    let text = first_case();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    let statements = |w: &World| ask(w).1.iter().map(|f| f.statement.clone()).collect::<Vec<_>>();
    assert_eq!(statements(&world(&text)), statements(&world(&lines.join("\n"))));
}

#[test]
fn dropping_name_files_never_tightens() {
    let full = world(&first_case());
    let (all, ..) = ask(&full);
    for at in 0..full.holders.snapshots.len() {
        let series = &full.holders.snapshots[at];
        let date = series.at.date();
        let less: String = first_case().lines().filter(|l| !l.contains(&date)).map(|l| format!("{l}\n")).collect();
        for h in &ask(&world(&less)).0.holders {
            let known =
                all.holders.iter().find(|a| a.names.iter().any(|n| h.names.iter().any(|m| m.name == n.name))).unwrap();
            assert!(h.bounds.from_by >= known.bounds.from_by, "{date}");
            let after = known.bounds.from_after;
            assert!(
                h.bounds
                    .from_after
                    .is_none_or(|a| after.is_some_and(|b| a <= b) || h.bounds.from_by > known.bounds.from_by),
                "{date}"
            );
        }
    }
}
