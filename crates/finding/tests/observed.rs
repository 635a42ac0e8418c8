//! Upstreams by observed routes: positive, innocent twin, missing data, gap, order.

mod common;

use common::{SUBJECT, World, dumps, lint, nth, registry, rules, t, world, world_salted};
use expect_test::expect;
use headwater_finding::finding::{Finding, Why};
use headwater_finding::observed::{self, Grade, Observed, ObservedUpstream, Witnessed};
use headwater_finding::period::Edge;
use headwater_route::{Asn, Time, Window};
use proptest::prelude::*;

fn ask_in(world: &World, era: Window, window: Window) -> (Vec<Observed>, Vec<Finding>) {
    let (rules, registry) = (rules(), registry());
    let (standing, behind) = Default::default();
    let witnessed = Witnessed { routes: &world.routes, standing: &standing, behind: &behind };
    let (found, findings) = observed::observed(SUBJECT, witnessed, &registry, &era, &window, &world.sources, &rules);
    lint(&findings, &observed::unknowns(SUBJECT, &world.routes, &found, &rules, &registry));
    (found, findings)
}

fn ask(world: &World) -> (Vec<Observed>, Vec<Finding>) {
    ask_in(world, Window::default(), Window::default())
}

fn find(found: &[Observed], asn: u32) -> Option<&ObservedUpstream> {
    found.iter().flat_map(|f| &f.upstreams).find(|u| u.asn == Asn(asn))
}

fn upstream(found: &[Observed], asn: u32) -> &ObservedUpstream {
    find(found, asn).unwrap()
}

fn stated(findings: &[Finding], asn: u32) -> &Finding {
    findings.iter().find(|f| f.object == Some(Asn(asn))).unwrap()
}

fn date(time: Option<Time>) -> String {
    time.map_or("?".to_owned(), |t| t.date())
}

/// Seven collectors; on the third day all turn from AS64507 to AS64508, on the sixth back.
fn turn() -> String {
    dumps(7, 0..=9, |_, day| Some(if (3..6).contains(&day) { "64508" } else { "64507" }))
}

#[test]
fn a_new_upstream_has_both_bounds() {
    let (found, findings) = ask(&world(&turn()));
    let u = upstream(&found, 64508);
    let b = u.periods[0].bounds;
    assert_eq!((date(b.from_after), b.from_by.date()), (nth(2), nth(3)));
    assert_eq!((b.to_after.date(), date(b.to_by)), (nth(5), nth(6)));
    assert_eq!((u.grade, u.vantages, u.collectors, u.exclusive), (Grade::High, 7, 7, 0));
    let share = u.days[0].share.unwrap();
    assert_eq!((share.value, share.vantages, share.clusters), (1.0, 7, 7));
    expect!["AS64508 was directly upstream of AS64510 (IPv4) at 7 of 7 peers on 2024-01-04: first seen after 2024-01-03 and by 2024-01-04, last seen at or after 2024-01-06, not seen at 2024-01-07"].assert_eq(&stated(&findings, 64508).statement);
    // The routes that deny it before and after are evidence too.
    let says: Vec<&str> = stated(&findings, 64508).evidence.iter().map(|c| c.says.as_str()).collect();
    assert_eq!(says.iter().filter(|s| s.contains("through AS64507, held on 2024-01-03")).count(), 7);
    assert_eq!(says.iter().filter(|s| s.contains("through AS64507, held on 2024-01-07")).count(), 7);
    assert!(says.iter().any(|s| s.contains("unchanged in dumps from 2024-01-04T00:00:00Z to 2024-01-06T00:00:00Z")));
    // The other is seen on both sides: two periods, the first without a start.
    let other = upstream(&found, 64507);
    assert_eq!(other.periods.len(), 2);
    assert_eq!((other.periods[0].start, other.periods[1].end), (Edge::EndOfData, Edge::EndOfData));
}

#[test]
fn grades_have_their_words() {
    let one = dumps(1, 0..=0, |_, _| Some("64508"));
    let (found, findings) = ask(&world(&one));
    assert_eq!(upstream(&found, 64508).grade, Grade::Low);
    expect!["one vantage reported AS64508 next to AS64510 (IPv4) on 2024-01-01: seen at or before 2024-01-01, where the sources start, still seen at 2024-01-01, where the sources end"].assert_eq(&findings[0].statement);
    let two = dumps(3, 0..=1, |c, _| Some(if c < 2 { "64508" } else { "64507" }));
    let (_, findings) = ask(&world(&two));
    expect!["AS64508 was observed next to AS64510 (IPv4) at 2 of 3 peers on 2024-01-01: seen at or before 2024-01-01, where the sources start, still seen at 2024-01-02, where the sources end"].assert_eq(&stated(&findings, 64508).statement);
}

/// (a) One collector is one witness: its sightings are shown, and it ends nothing.
#[test]
fn one_collector_bounds_nothing() {
    let text: String = (0..=9)
        .map(|day| {
            let path = if (3..6).contains(&day) { "64508" } else { "64507" };
            let peers: String = (64500..64507).map(|p| format!("  AS{p} 192.0.2.0/24 {p} {path} 64510\n")).collect();
            format!("dump rrc0 {}\n{peers}", nth(day))
        })
        .collect();
    let world = world(&text);
    let (found, findings) = ask(&world);
    let u = upstream(&found, 64508);
    assert_eq!(u.grade, Grade::Low);
    assert_eq!((u.periods[0].bounds.from_after, u.periods[0].bounds.to_by), (None, None));
    // Neither do the sources start with it, nor is it there still.
    assert_eq!((u.periods[0].start, u.periods[0].end), (Edge::Unsettled, Edge::Unsettled));
    expect!["7 peers reported AS64508 next to AS64510 (IPv4) on 2024-01-04: seen by 2024-01-04; sources before that do not settle it, last seen at or after 2024-01-06; later sources do not settle its end"].assert_eq(&stated(&findings, 64508).statement);
    let unknowns = observed::unknowns(SUBJECT, &world.routes, &found, &rules(), &registry());
    assert!(unknowns.iter().any(|u| u.why == Why::InsufficientCohort));
}

/// (b) Dumps more than a week apart do not make a stretch.
#[test]
fn dumps_weeks_apart_split() {
    let text: String = [0, 7, 15, 40].into_iter().map(|day| dumps(7, day..=day, |_, _| Some("64508"))).collect();
    let (found, _) = ask(&world(&text));
    let u = upstream(&found, 64508);
    let spans: Vec<(String, String)> =
        u.periods.iter().map(|p| (p.bounds.from_by.date(), p.bounds.to_after.date())).collect();
    assert_eq!(spans, [(nth(0), nth(7)), (nth(15), nth(15)), (nth(40), nth(40))]);
    assert_eq!((u.periods[1].start, u.periods[1].end), (Edge::Gap, Edge::Gap));
}

/// G: a hole across the start widens it.
#[test]
fn a_hole_across_the_start_widens_it() {
    let at = |from, to| dumps(7, from..=to, |_, day| Some(if day >= 5 { "64508" } else { "64507" }));
    let (found, _) = ask(&world(&format!("{}{}", at(0, 2), at(8, 9))));
    let b = upstream(&found, 64508).periods[0].bounds;
    assert_eq!((date(b.from_after), b.from_by.date()), (nth(2), nth(8)));
}

/// (c) A vantage that its collector dumps without, or whose session is down, neither ends nor begins anything.
#[test]
fn an_absent_vantage_is_no_withdrawal() {
    // The two that show it are away on days 4 to 6, all others go another way all the time.
    let text = dumps(9, 0..=9, |c, day| match (c, day) {
        (0 | 1, 4..=6) => None,
        (0 | 1, _) => Some("64508"),
        _ => Some("64507"),
    });
    let (found, _) = ask(&world(&text));
    let u = upstream(&found, 64508);
    assert_eq!((u.periods.len(), u.periods[0].seen), (1, 7));
    assert_eq!(u.periods[0].bounds.to_by, None);

    // A session that goes down leaves the state unknown; the routes are not held on to.
    let text = format!(
        "{}{}\n2024-01-01T06:00 rrc0 AS64500 down\n2024-01-01T06:00 rrc1 AS64501 down",
        dumps(7, 0..=0, |c, _| Some(if c < 2 { "64508" } else { "64507" })),
        (0..7).map(|c| format!("updates rrc{c} 2024-01-01 2024-01-04\n")).collect::<String>(),
    );
    let (found, _) = ask(&world(&text));
    let u = upstream(&found, 64508);
    assert_eq!((u.periods[0].bounds.to_after, u.periods[0].bounds.to_by), (t("2024-01-01T05:59:59Z"), None));
    assert_eq!(u.days.len(), 1);
    assert_eq!(u.periods[0].end, Edge::Unsettled);
}

/// (d) Updates without any dump show what they announce, and deny only what they replace.
#[test]
fn updates_alone_are_enough_for_what_they_tell() {
    let mut text = String::new();
    for c in 0..7 {
        text.push_str(&format!("updates rrc{c} 2024-01-01 2024-01-03T23:59\n"));
        let say = |at: &str, via: u32| format!("{at} rrc{c} AS6450{c} + 192.0.2.0/24 6450{c} {via} 64510\n");
        text.push_str(&say("2024-01-01T12:00", 64507));
        text.push_str(&say("2024-01-02T12:05", 64508));
    }
    let (found, _) = ask(&world(&text));
    let b = upstream(&found, 64508).periods[0].bounds;
    // The day before ends without it at vantages whose route for the prefix is known.
    assert_eq!((date(b.from_after), b.from_by), (nth(0), t("2024-01-02T12:05")));
    let b = upstream(&found, 64507).periods[0].bounds;
    assert_eq!((b.to_after, date(b.to_by)), (t("2024-01-02T12:04:59Z"), nth(2)));

    // What was announced of one prefix says nothing of another that was never told of.
    let mut text = String::new();
    for c in 0..7 {
        text.push_str(&format!("updates rrc{c} 2024-01-01 2024-01-03T23:59\n"));
        text.push_str(&format!("2024-01-01T12:00 rrc{c} AS6450{c} + 192.0.2.0/24 6450{c} 64507 64510\n"));
        text.push_str(&format!("2024-01-02T12:05 rrc{c} AS6450{c} + 198.51.100.0/24 6450{c} 64508 64510\n"));
    }
    let (found, _) = ask(&world(&text));
    assert_eq!(upstream(&found, 64508).periods[0].bounds.from_after, None);
}

#[test]
fn a_faulty_update_file_breaks_what_is_known() {
    let mut text = dumps(7, 0..=0, |_, _| Some("64508"));
    for c in 0..7 {
        text.push_str(&format!("updates rrc{c} 2024-01-01 2024-01-01T23:50\n"));
        text.push_str(&format!("updates rrc{c} 2024-01-01T23:50 2024-01-01T23:55 faulty\n"));
        text.push_str(&format!("updates rrc{c} 2024-01-01T23:55 2024-01-03\n"));
    }
    let (found, _) = ask(&world(&text));
    assert_eq!(upstream(&found, 64508).periods[0].bounds.to_after, t("2024-01-01T23:50"));
}

/// (e) Innocent: vantages that join late, and alone show it, do not make a start.
#[test]
fn a_late_vantage_makes_no_start() {
    let text = dumps(9, 0..=9, |c, day| match c {
        7 | 8 if day < 4 => None,
        7 | 8 => Some("64508"),
        _ => Some("64507"),
    });
    let (found, findings) = ask(&world(&text));
    let p = &upstream(&found, 64508).periods[0];
    assert_eq!((p.bounds.from_after, p.start), (None, Edge::Unsettled));
    assert!(stated(&findings, 64508).statement.contains("sources before that do not settle it"));
    // Twin: they were awake before, with another route.
    let text = dumps(9, 0..=9, |c, day| Some(if c >= 7 && day >= 4 { "64508" } else { "64507" }));
    let (found, _) = ask(&world(&text));
    assert_eq!(date(upstream(&found, 64508).periods[0].bounds.from_after), nth(3));
    // Others that follow days later do not lend them a start.
    let text = dumps(9, 0..=9, |c, day| match (c, day) {
        (7 | 8, ..4) => None,
        (7 | 8, _) | (_, 6..) => Some("64508"),
        _ => Some("64507"),
    });
    let (found, _) = ask(&world(&text));
    assert_eq!(upstream(&found, 64508).periods[0].bounds.from_after, None);
    // Nor do two that turned to it when most of those that show it were away.
    let text = dumps(12, 0..=9, |c, day| match (c, day) {
        (0..=4, ..5) => None,
        (0..=4, _) => Some("64508"),
        (5 | 6, 4..) => Some("64508"),
        _ => Some("64507"),
    });
    let (found, _) = ask(&world(&text));
    assert_eq!(upstream(&found, 64508).periods[0].bounds.from_after, None);
}

/// Innocent: vantages that leave end nothing.
#[test]
fn a_vantage_that_leaves_makes_no_end() {
    let text = dumps(9, 0..=9, |c, day| match c {
        7 | 8 if day >= 4 => None,
        7 | 8 => Some("64508"),
        _ => Some("64507"),
    });
    let (found, _) = ask(&world(&text));
    let p = &upstream(&found, 64508).periods[0];
    assert_eq!((p.bounds.to_by, p.end), (None, Edge::Unsettled));
}

/// Collectors look at different hours of a day: what none of them showed is denied only as of the earliest look.
#[test]
fn a_day_denies_as_of_its_earliest_look() {
    let at = |day: i64, via: &str| -> String {
        let hour = |c: i64| if c == 6 { "T18:00" } else { "T02:00" };
        let dump = |c: i64| {
            let peer = 64500 + c;
            format!("dump rrc{c} {}{}\n  AS{peer} 192.0.2.0/24 {peer} {via} 64510\n", nth(day), hour(c))
        };
        (0..7).map(dump).collect()
    };
    let text = format!("{}{}{}", at(0, "64507"), at(1, "64508"), at(2, "64507"));
    let b = upstream(&ask(&world(&text)).0, 64508).periods[0].bounds;
    assert_eq!((b.from_after, b.from_by), (Some(t("2024-01-01T02:00")), t("2024-01-02T02:00")));
    assert_eq!((b.to_after, b.to_by), (t("2024-01-02T02:00"), Some(t("2024-01-03T18:00"))));
}

/// A dump without the vantage ends what is known of it, whatever update files cover the time; the next dump that has it
/// starts anew from what it says.
#[test]
fn a_dump_without_the_vantage_ends_what_is_known() {
    let text = format!(
        "{}{}{}
        updates rrc0 2024-01-01 2024-01-03T12:00
        updates rrc1 2024-01-01 2024-01-03T12:00
        2024-01-01T12:00 rrc0 AS64500 + 192.0.2.0/24 64500 64508 64510
        2024-01-01T12:00 rrc1 AS64501 + 192.0.2.0/24 64501 64508 64510",
        dumps(2, 0..=0, |_, _| Some("64507")),
        dumps(2, 1..=1, |_, _| None),
        dumps(2, 2..=2, |_, _| Some("64507")),
    );
    let (found, _) = ask(&world(&text));
    let of = |asn| &upstream(&found, asn).periods;
    assert_eq!(of(64508)[0].bounds.to_after, t("2024-01-01T23:59:59Z"));
    // Only the other vantages of the two dumps are awake on the second day.
    assert_eq!((found[0].days[0].awake, found[0].days[1].awake), (4, 2));
    let days: Vec<String> = upstream(&found, 64507).days.iter().map(|d| d.day.date()).collect();
    assert_eq!(days, [nth(0), nth(2)]);
    assert_eq!(of(64507).last().map(|p| p.bounds.to_after), Some(t("2024-01-03T12:00")));
}

/// What a dump holds outweighs what updates told before, also where it is the same as in the dump before them.
#[test]
fn a_dump_outweighs_updates_before_it() {
    let text = format!(
        "{}
        updates rrc0 2024-01-01 2024-01-02T12:00
        updates rrc1 2024-01-01 2024-01-02T12:00
        2024-01-01T12:00 rrc0 AS64500 + 192.0.2.0/24 64500 64508 64510
        2024-01-01T12:00 rrc1 AS64501 + 192.0.2.0/24 64501 64508 64510",
        dumps(2, 0..=1, |_, _| Some("64507")),
    );
    let (found, _) = ask(&world(&text));
    assert_eq!(upstream(&found, 64508).days.len(), 1);
    assert_eq!(upstream(&found, 64507).periods[0].bounds.to_after, t("2024-01-02T12:00"));
}

/// A dump that lost routes shows what it has, and denies only what it has another route for.
#[test]
fn a_faulty_dump_denies_nothing_it_lost() {
    let before = |prefix: &str, note: &str| {
        let faulty = |l: &str| if l.starts_with("dump") { format!("{l} {note}\n") } else { format!("{l}\n") };
        let text: String = dumps(7, 0..=2, |_, _| Some("64507")).lines().map(faulty).collect();
        let after = dumps(7, 3..=5, |_, _| Some("64508"));
        let world = world(&format!("{}{after}", text.replace("192.0.2.0/24", prefix)));
        date(upstream(&ask(&world).0, 64508).periods[0].bounds.from_after)
    };
    assert_eq!(before("198.51.100.0/24", "faulty"), "?");
    assert_eq!(before("198.51.100.0/24", ""), nth(2));
    assert_eq!(before("192.0.2.0/24", "faulty"), nth(2));
}

/// (f) The subject's own session is no witness of who stands next to it.
#[test]
fn a_vantage_inside_the_subject_is_no_witness() {
    let inside = "dump rrc8 2024-01-01\n  AS64510 192.0.2.0/24 64510\n";
    let text = format!("{}{inside}", dumps(2, 0..=0, |_, _| Some("64508")));
    let (found, _) = ask(&world(&text));
    let day = &found[0].days[0];
    assert_eq!((day.with_route, day.collectors), (2, 2));
    assert_eq!(find(&found, 64510), None);
}

/// (g) A private number next to the origin hides who stands there, and denies nobody.
#[test]
fn a_hidden_upstream_is_told_and_denies_nobody() {
    let text = dumps(8, 0..=9, |_, day| Some(if day < 4 { "64507 65534" } else { "64508" }));
    let (found, _) = ask(&world(&text));
    assert_eq!(found[0].hidden, [(Some(Asn(64507)), 8)]);
    assert_eq!(find(&found, 64507), None);
    assert_eq!(upstream(&found, 64508).periods[0].bounds.from_after, None);
    // Its prefix was not seen through this one alone.
    assert_eq!(upstream(&found, 64508).exclusive, 0);
}

/// (h) Nothing of one era is told in another, to the instant.
#[test]
fn eras_divide_routes_to_the_instant() {
    let world = world(&turn());
    let cut = t("2024-01-05");
    let (early, _) = ask_in(&world, Window { from: None, to: Some(cut) }, Window::default());
    let (late, _) = ask_in(&world, Window { from: Some(cut), to: None }, Window::default());
    let days = |found: &[Observed]| (found[0].days.len(), upstream(found, 64508).days.len());
    assert_eq!((days(&early), days(&late)), ((4, 1), (6, 2)));
    assert_eq!(upstream(&early, 64508).periods[0].bounds.to_after, t("2024-01-04"));
    assert_eq!(upstream(&late, 64508).periods[0].bounds.from_after, None);
    // A state that updates carry over the boundary is told on either side only as far as it goes.
    let mut text = dumps(7, 0..=0, |_, _| Some("64508"));
    text.extend((0..7).map(|c| format!("updates rrc{c} 2024-01-01 2024-01-04\n")));
    let carried = common::world(&text);
    let (early, _) = ask_in(&carried, Window { from: None, to: Some(t("2024-01-02T12:00")) }, Window::default());
    assert_eq!(upstream(&early, 64508).periods[0].bounds.to_after, Time(t("2024-01-02T12:00").0 - 1));
}

#[test]
fn a_window_hides_days_and_keeps_bounds() {
    let window = Window { from: Some(t("2024-01-05")), to: Some(t("2024-01-06")) };
    let (found, _) = ask_in(&world(&turn()), Window::default(), window);
    assert_eq!((found[0].days.len(), upstream(&found, 64508).days.len()), (1, 1));
    assert_eq!(date(upstream(&found, 64508).periods[0].bounds.from_after), nth(2));
}

#[test]
fn nothing_read_is_unknown() {
    let (found, findings) = ask(&World::default());
    assert!(found.is_empty() && findings.is_empty());
    let unknowns = observed::unknowns(SUBJECT, &World::default().routes, &found, &rules(), &registry());
    assert_eq!(unknowns[0].why, Why::NoData);
}

#[test]
fn the_other_family_is_not_there() {
    // A dump of IPv6 alone, at the same time, ends nothing in IPv4.
    let mut world = world(&turn());
    for i in 0..7 {
        let mut six = world.routes.tables[i].clone();
        six.vantages.iter_mut().for_each(|v| v.1 = 0);
        world.routes.tables.push(six);
    }
    assert_eq!(ask(&world).1, ask(&common::world(&turn())).1);
}

#[test]
fn rows_that_point_nowhere_are_left_out() {
    let mut world = world(&turn());
    let last = world.routes.tables.len();
    for (vantage, first, to) in [(99, 0, 0), (0, last, last), (0, 5, 2)] {
        let mut run = world.routes.runs[0].clone();
        (run.vantage, run.first, run.last) = (vantage, first, to);
        world.routes.runs.push(run);
    }
    assert_eq!(ask(&world).1, ask(&common::world(&turn())).1);
}

#[test]
fn the_order_of_lines_and_of_ingest_does_not_matter() {
    let shown = |world: &World| serde_json::to_string(&ask(world)).unwrap();
    assert_eq!(shown(&world_salted(&turn(), 0)), shown(&world_salted(&turn(), 5)));
    // Collectors in another order: offsets of the lines differ, nothing else does.
    let blocks: Vec<&str> = turn().leak().split("dump ").filter(|b| !b.is_empty()).collect();
    let backwards: String = blocks.iter().rev().map(|b| format!("dump {b}")).collect();
    let statements = |w: &World| ask(w).1.iter().map(|f| f.statement.clone()).collect::<Vec<_>>();
    assert_eq!(statements(&world(&turn())), statements(&world(&backwards)));
}

/// When each of some vantages is there, and whether it shows the upstream once that has begun.
fn cohort() -> impl Strategy<Value = (i64, Vec<(bool, Vec<bool>)>)> {
    let vantage = (any::<bool>(), prop::collection::vec(prop::bool::weighted(0.7), 12));
    (0i64..12, prop::collection::vec(vantage, 6..11))
}

fn churn(start: i64, vantages: &[(bool, Vec<bool>)]) -> String {
    dumps(vantages.len().min(9), 0..=11, |c, day| {
        let (shows, there) = &vantages[c];
        there[day as usize].then_some(if *shows && day >= start { "64508" } else { "64507" })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever vantages come and go: a start that is bounded holds the true one, and what is seen always is seen to have no
    /// end.
    #[test]
    fn churn_of_vantages_moves_no_start((start, vantages) in cohort()) {
        let (found, _) = ask(&world(&churn(start, &vantages)));
        for p in find(&found, 64508).into_iter().flat_map(|u| &u.periods) {
            prop_assert!(p.bounds.from_by >= t(&nth(start)));
            prop_assert!(p.bounds.from_after.is_none_or(|after| after < t(&nth(start))), "{p:?}");
            prop_assert_eq!(p.bounds.to_by, None);
        }
        // The other one begins nowhere, and ends at no vantage that does not turn.
        for p in find(&found, 64507).into_iter().flat_map(|u| &u.periods) {
            prop_assert_eq!(p.bounds.from_after, None);
        }
    }

    /// Dropping the dumps of a collector never shifts a bound inward of what the full data allow.
    #[test]
    fn fewer_collectors_never_contradict((start, vantages) in cohort(), drop in 0usize..6) {
        let mut fewer = vantages.clone();
        fewer[drop].1.fill(false);
        let (less, _) = ask(&world(&churn(start, &fewer)));
        for p in find(&less, 64508).into_iter().flat_map(|u| &u.periods) {
            prop_assert!(p.bounds.from_after.is_none_or(|after| after < t(&nth(start))));
        }
    }
}

/// Tables of which only some routes are known do not tell that the network had none; whole ones do.
#[test]
fn only_whole_tables_tell_that_a_network_was_gone() {
    let gone = dumps(7, 0..=29, |_, day| Some(if (5..25).contains(&day) { "-" } else { "64507" }));
    let ends = |text: &str| {
        let (found, _) = ask(&world(text));
        upstream(&found, 64507).periods.iter().map(|p| (p.start, p.end)).collect::<Vec<_>>()
    };
    assert_eq!(ends(&gone), [(Edge::EndOfData, Edge::SubjectAbsent), (Edge::SubjectAbsent, Edge::EndOfData)]);
    let partly: String =
        gone.lines().map(|line| format!("{line}{}\n", if line.starts_with("dump") { " faulty" } else { "" })).collect();
    assert_eq!(ends(&partly), [(Edge::EndOfData, Edge::Unsettled), (Edge::Unsettled, Edge::EndOfData)]);
}
