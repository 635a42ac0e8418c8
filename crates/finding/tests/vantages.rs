//! Vantages: quarantine, resets, stuck routes and the roster. Positive, innocent twin, missing data, gap, order.

mod common;

use std::collections::BTreeSet;

use common::{SUBJECT, World, dumps, lint, nth, registry, rules, t, world, world_salted};
use expect_test::expect;
use headwater_finding::observed::{self, Grade, Observed, ObservedUpstream, Witnessed};
use headwater_finding::period::Edge;
use headwater_finding::vantage::reset::{By, resets};
use headwater_finding::vantage::roster::{self, Ask, Entry, Rows, State};
use headwater_finding::vantage::standing::{Standing, days};
use headwater_route::rows::{EdgeSample, Reconciled, Vantage};
use headwater_route::{Asn, Family, Time, Window};
use proptest::prelude::*;

/// Links that everybody shows.
const SHARED: u32 = 400;
/// Links that each peer alone shows.
const USUAL: u32 = 10;

/// The links of every dump: `alone` says how many a peer alone shows on a day.
fn standing(world: &World, alone: impl Fn(Asn, Time) -> u32) -> Standing {
    let mut standing = Standing::default();
    for day in days(&world.routes.tables) {
        let samples: Vec<EdgeSample> = day
            .iter()
            .map(|index| {
                let table = &world.routes.tables[*index];
                let asns = table.vantages.iter().map(|(vantage, ..)| world.routes.vantages[*vantage].asn);
                let peers: Vec<Asn> = asns.collect::<BTreeSet<_>>().into_iter().collect();
                let mut edges: Vec<(u32, Option<u32>)> = (0..SHARED).map(|mark| (mark, None)).collect();
                for (peer, asn) in (0..).zip(&peers) {
                    // AS64509 stands at every collector.
                    let count = if *asn == Asn(64509) { 0 } else { alone(*asn, table.at) };
                    edges.extend((0..count).map(|n| (asn.0 * 10_000 + n, Some(peer))));
                }
                EdgeSample { source: table.source, family: Family::V4, below: 1 << 32, peers, edges }
            })
            .collect();
        standing.look(&world.routes, &day, &samples, &rules());
    }
    standing
}

fn ask_with(world: &World, standing: &Standing) -> (Vec<Observed>, Vec<String>) {
    let (rules, registry) = (rules(), registry());
    let behind = BTreeSet::new();
    let witnessed = Witnessed { routes: &world.routes, standing, behind: &behind };
    let all = Window::default();
    let (found, findings) = observed::observed(SUBJECT, witnessed, &registry, &all, &all, &world.sources, &rules);
    let unknowns = observed::unknowns(SUBJECT, &world.routes, &found, &rules, &registry);
    lint(&findings, &unknowns);
    (found, unknowns.into_iter().map(|unknown| unknown.what).collect())
}

fn ask(world: &World) -> Vec<Observed> {
    ask_with(world, &Standing::default()).0
}

fn find(found: &[Observed], asn: u32) -> Option<&ObservedUpstream> {
    found.iter().flat_map(|f| &f.upstreams).find(|u| u.asn == Asn(asn))
}

/// Seven collectors; on days 3 to 5 the vantage of the first shows AS64508, alone.
fn one_shows() -> String {
    dumps(7, 0..=9, |c, day| Some(if c == 0 && (3..6).contains(&day) { "64508" } else { "64507" }))
}

fn inventing(asn: Asn, at: Time) -> u32 {
    if asn == Asn(64500) && (t(&nth(3))..t(&nth(6))).contains(&at) { 300 } else { USUAL }
}

#[test]
fn a_vantage_that_invents_links_makes_no_statement() {
    let world = world(&one_shows());
    let (found, unknowns) = ask_with(&world, &standing(&world, inventing));
    assert!(find(&found, 64508).is_none());
    let aside = &found[0].set_aside;
    assert_eq!((aside.len(), aside[0].vantage.asn, &aside[0].alone), (1, Asn(64500), &vec![Asn(64508)]));
    // From the last dump in which it was sound to the first in which it is again.
    assert_eq!((aside[0].after, aside[0].before), (Some(t(&nth(2))), Some(t(&nth(6)))));
    expect!["300 links between other networks are shown by AS64500 alone (2024-01-04); the median of 14 peers with a full feed is 5"].assert_eq(&aside[0].why);
    assert!(unknowns.iter().any(|what| what.contains("its routes are set aside, as 300 links")), "{unknowns:?}");
    // On those days it counts in no share; the others go on.
    let other = find(&found, 64507).unwrap();
    let vantages: Vec<usize> = other.days.iter().filter_map(|d| d.share.map(|s| s.vantages)).collect();
    assert_eq!(vantages, [7, 7, 7, 6, 6, 6, 7, 7, 7, 7]);
    assert_eq!((other.periods.len(), other.exclusive), (1, 1));
}

/// Innocent: a vantage that shows a little more than others, one of many that do, and links as before.
#[test]
fn a_vantage_that_shows_somewhat_more_is_believed() {
    let world = world(&one_shows());
    let stated = |alone: &dyn Fn(Asn, Time) -> u32| {
        let (found, _) = ask_with(&world, &standing(&world, alone));
        (find(&found, 64508).map(|u| u.grade), found[0].set_aside.len())
    };
    let believed = (Some(Grade::Low), 0);
    assert_eq!(stated(&|_, _| USUAL), believed);
    // The median over all is half of what is usual, as AS64509 shows none: ten times that is 50.
    assert_eq!(stated(&|asn, _| if asn == Asn(64500) { 50 } else { USUAL }), believed);
    assert_eq!(stated(&|asn, _| if asn == Asn(64500) { 51 } else { USUAL }).1, 1);
    assert_eq!(stated(&|_, _| 300), believed);
    // Regional networks show some hundredths of all links alone: 20 of 420 are less than a twentieth, 22 of 422 are not.
    let lone = |count: u32| stated(&move |asn, _| if asn == Asn(64500) { count } else { 0 });
    assert_eq!((lone(20), lone(22).1), (believed, 1));
    // Few links are few, whatever is usual.
    assert_eq!(stated(&|asn, _| if asn == Asn(64500) { 19 } else { 0 }), believed);
}

/// M: with too few peers nobody is judged, and it is said.
#[test]
fn with_few_peers_nobody_is_judged() {
    let text = dumps(4, 0..=9, |c, _| Some(if c == 0 { "64508" } else { "64507" }));
    let world = world(&text);
    let standing = standing(&world, inventing);
    assert_eq!(standing.quarantines().count(), 0);
    assert_eq!(standing.unjudged(Family::V4), Some((t(&nth(0)), t(&nth(9)), 10)));
    let (found, _) = ask_with(&world, &standing);
    assert!(find(&found, 64508).is_some());
    let (_, unknowns) = told(&world, &standing, &[], None);
    assert!(unknowns.iter().any(|what| what.starts_with("who invents IPv4 links on 10 days")), "{unknowns:?}");
}

/// G: days without dumps neither end a quarantine nor begin one.
#[test]
fn a_gap_widens_a_quarantine() {
    let at = |from, to| dumps(7, from..=to, |c, day| Some(if c == 0 && day >= 3 { "64508" } else { "64507" }));
    let world = world(&format!("{}{}{}", at(0, 1), at(4, 4), at(8, 9)));
    let standing = standing(&world, |asn, at| if at < t(&nth(8)) { inventing(asn, at) } else { USUAL });
    let found: Vec<_> = standing.quarantines().map(|q| (q.after, q.before)).collect();
    assert_eq!(found, [(Some(t(&nth(1))), Some(t(&nth(8))))]);
}

/// O: numbers of sources do not matter.
#[test]
fn the_order_of_ingest_does_not_matter() {
    let shown = |salt| {
        let world = world_salted(&one_shows(), salt);
        let standing = standing(&world, inventing);
        let (roster, unknowns) = told(&world, &standing, &[], None);
        serde_json::to_string(&(ask_with(&world, &standing).0, roster, unknowns)).unwrap()
    };
    (1..4).for_each(|salt| assert_eq!(shown(0), shown(salt)));
}

/// Seven collectors with tables and updates, in which the vantage of the first is told to have been down for five minutes, or
/// not, and on the way back takes AS64508 for some seconds.
fn way_back(told: &str) -> World {
    let updates: String = (0..7).map(|c| format!("updates rrc{c} 2024-01-01 2024-01-02\n")).collect();
    world(&format!(
        "{}{updates}{told}
        2024-01-01T06:05:10 rrc0 AS64500 + 192.0.2.0/24 64500 64508 64510
        2024-01-01T06:06:00 rrc0 AS64500 + 192.0.2.0/24 64500 64507 64510",
        dumps(7, 0..=0, |_, _| Some("64507")),
    ))
}

const DOWN_AND_UP: &str = "2024-01-01T06:00 rrc0 AS64500 down\n2024-01-01T06:05 rrc0 AS64500 up";

#[test]
fn what_is_said_while_a_table_is_sent_is_no_sighting() {
    // Without a reset it is one, and lasts for fifty seconds.
    let found = ask(&way_back(""));
    assert_eq!(find(&found, 64508).map(|u| u.grade), Some(Grade::Low));
    let world = way_back(DOWN_AND_UP);
    assert!(find(&ask(&world), 64508).is_none());
    let resets = resets(&world.routes, &rules());
    assert_eq!(
        (resets.len(), resets[0].from, resets[0].until),
        (1, t("2024-01-01T06:00"), Some(t("2024-01-01T06:10")))
    );
    assert!(matches!(resets[0].by, By::Told(_)));
    // A large table takes longer: bursts of announcements follow each other.
    let bursts = "2024-01-01T06:05 rrc0 AS64500 burst 500\n2024-01-01T06:10 rrc0 AS64500 burst 300\n\
                  2024-01-01T06:20 rrc0 AS64500 burst 200";
    let world = way_back(&format!("{DOWN_AND_UP}\n{bursts}"));
    let until: Vec<_> =
        headwater_finding::vantage::reset::resets(&world.routes, &rules()).iter().map(|r| r.until).collect();
    assert_eq!(until, [Some(t("2024-01-01T06:15"))]);
    // What it settles on is told once, with its own record.
    let other = find(&ask(&world), 64507).cloned().unwrap();
    assert_eq!((other.vantages, other.periods.len()), (7, 1));
}

/// M: a collector that tells of no states. A burst of 900 prefixes of a table of 1000 is a reset.
#[test]
fn resets_that_nobody_told_of_are_inferred() {
    let world = way_back("2024-01-01T06:05 rrc0 AS64500 burst 900");
    let found = resets(&world.routes, &rules());
    assert_eq!((found.len(), found[0].from, found[0].until), (1, t("2024-01-01T06:05"), Some(t("2024-01-01T06:10"))));
    assert_eq!(found[0].by, By::Inferred { prefixes: 900, table: 1000 });
    assert!(find(&ask(&world), 64508).is_none());
    let (_, unknowns) = ask_with(&world, &Standing::default());
    assert!(unknowns.iter().any(|what| what.contains("resets are inferred from bursts")), "{unknowns:?}");
    // Where states are told, silence about one says that the session stood.
    let world = way_back("2024-01-01T06:05 rrc0 AS64500 burst 900\n2024-01-01T01:00 rrc0 AS64509 up");
    assert!(resets(&world.routes, &rules()).iter().all(|r| matches!(r.by, By::Told(_))));
}

/// Innocent: a network takes its space apart, and all vantages announce much at once. Or it is a fifth of the table.
#[test]
fn a_large_announcement_is_no_reset() {
    let burst = |c: usize, prefixes: u64| format!("2024-01-01T06:05 rrc{c} AS{} burst {prefixes}\n", 64500 + c);
    let all: String = (0..7).map(|c| burst(c, 400)).collect();
    assert_eq!(resets(&way_back(&all).routes, &rules()), []);
    assert!(find(&ask(&way_back(&all)), 64508).is_some());
    assert_eq!(resets(&way_back(&burst(0, 200)).routes, &rules()), []);
    // The vantages of one collector alone: it began anew, since others saw nothing.
    let two = format!("{}2024-01-01T06:05 rrc0 AS64509 burst 900\n", burst(0, 900));
    assert_eq!(resets(&way_back(&two).routes, &rules()).len(), 2);
}

/// Eight collectors; on the fourth day at noon all but those of `stuck` withdraw the prefix, and are dumped without it.
fn withdrawn(stuck: &[usize], at: &str) -> World {
    let gone = |c: usize| !stuck.contains(&c);
    let tables = dumps(8, 0..=9, |c, day| Some(if day > 3 && gone(c) { "-" } else { "64507" }));
    let updates: String = (0..8).map(|c| format!("updates rrc{c} 2024-01-01 2024-01-10T12:00\n")).collect();
    let said: String = (0..8)
        .filter(|c| gone(*c))
        .map(|c| format!("2024-01-04T{at} rrc{c} AS{} - 192.0.2.0/24\n", 64500 + c))
        .collect();
    world(&format!("{tables}{updates}{said}"))
}

#[test]
fn a_route_that_one_vantage_is_stuck_with_is_not_there() {
    let found = ask(&withdrawn(&[0], "12:00"));
    let stuck = &found[0].stuck;
    assert_eq!((stuck.len(), stuck[0].vantage.asn, stuck[0].upstream), (1, Asn(64500), Some(Asn(64507))));
    assert_eq!((stuck[0].since, stuck[0].until), (t("2024-01-04T12:00"), t("2024-01-10T12:00")));
    let p = &find(&found, 64507).unwrap().periods[0];
    // It ends with the others, and the network is not there any more.
    assert_eq!((p.bounds.to_after, p.end), (t("2024-01-04T11:59:59"), Edge::SubjectAbsent));
    assert_eq!(found[0].days.iter().map(|d| d.with_route).collect::<Vec<_>>(), [8, 8, 8, 8, 0, 0, 0, 0, 0, 0]);
    // An hour before midnight the day's look is too early to tell; the next one tells.
    let found = ask(&withdrawn(&[0], "23:00"));
    assert_eq!(found[0].stuck[0].since, t("2024-01-05"));
}

/// Innocent: two clusters hold on to it, or the others turned to another way.
#[test]
fn a_route_that_two_hold_or_others_replaced_stays() {
    let found = ask(&withdrawn(&[0, 1], "12:00"));
    assert!(found[0].stuck.is_empty());
    assert_eq!(found[0].days.last().map(|d| d.with_route), Some(2));
    let found = ask(&world(&dumps(8, 0..=9, |c, day| Some(if day > 3 && c > 0 { "64508" } else { "64507" }))));
    assert!(found[0].stuck.is_empty());
    assert_eq!(find(&found, 64507).unwrap().vantages, 8);
    // Those who left say nothing.
    let found = ask(&world(&dumps(8, 0..=9, |c, day| if day > 3 && c > 0 { None } else { Some("64507") })));
    assert!(found[0].stuck.is_empty());
}

/// G: collectors that are out begin and end nothing.
#[test]
fn an_outage_of_collectors_is_no_event() {
    let at = |n: usize, from, to| dumps(n, from..=to, |c, _| Some(if c > 5 { "64508" } else { "64507" }));
    let world = world(&format!("{}{}{}", at(8, 0, 3), at(6, 4, 6), at(8, 7, 9)));
    let found = ask(&world);
    let p = &find(&found, 64508).unwrap().periods;
    assert_eq!((p.len(), p[0].bounds.from_after, p[0].bounds.to_by), (1, None, None));
    let (entries, _) = told(&world, &Standing::default(), &[], None);
    let out = entries.iter().find(|e| e.vantage.collector == "rrc7" && e.vantage.asn == Asn(64507)).unwrap();
    assert_eq!((out.days_seen, out.days_looked), (7, 7));
}

/// The roster of all vantages, and what could not be told.
fn told(
    world: &World,
    standing: &Standing,
    reconciled: &[(usize, usize, Vec<Reconciled>)],
    at: Option<Time>,
) -> (Vec<Entry>, Vec<String>) {
    let rows = Rows { sessions: &world.routes, standing, reconciled, sources: &world.sources };
    let (roster, findings, unknowns) = roster::roster(rows, Ask { collector: None, at }, &rules());
    lint(&findings, &unknowns);
    let with_finding = roster.vantages.iter().filter(|e| e.finding.is_some()).count();
    assert_eq!(findings.len(), with_finding);
    (roster.vantages, unknowns.into_iter().map(|unknown| unknown.what).collect())
}

fn of(entries: &[Entry], collector: &str, asn: u32) -> Entry {
    let is = |e: &&Entry| e.vantage.collector == collector && e.vantage.asn == Asn(asn) && e.family == Family::V4;
    entries.iter().find(is).cloned().unwrap()
}

#[test]
fn every_state_has_its_reason() {
    let mut world = world(&dumps(7, 0..=4, |c, day| if c == 1 && day > 2 { None } else { Some("64507") }));
    for table in &mut world.routes.tables {
        // AS64502 sends a part.
        let vantages = &world.routes.vantages;
        table.vantages.iter_mut().filter(|(v, ..)| vantages[*v].asn == Asn(64502)).for_each(|held| held.1 = 849);
        table.complete &= !(table.collector == "rrc5" && table.at > t(&nth(3)));
    }
    let table = |collector: &str, day| {
        let is = |table: &headwater_route::rows::Table| table.collector == collector && table.at == t(&nth(day));
        world.routes.tables.iter().position(is).unwrap()
    };
    let vantage = |c: usize| -> Vantage {
        world.routes.vantages.iter().find(|v| v.asn == Asn(64500 + c as u32)).cloned().unwrap()
    };
    let row = |c: usize, differs| Reconciled {
        vantage: vantage(c),
        family: Family::V4,
        held: 1000,
        differs,
        untold: 7,
        every: 1,
    };
    let reconciled =
        [(table("rrc3", 3), table("rrc3", 4), vec![row(3, 10)]), (table("rrc4", 3), table("rrc4", 4), vec![row(4, 9)])];
    let standing = standing(&world, |asn, _| if asn == Asn(64500) { 300 } else { USUAL });
    let (entries, unknowns) = told(&world, &standing, &reconciled, None);
    let (_, unseen) = told(&world, &Standing::default(), &[], None);
    assert!(unseen.contains(&"who invents IPv4 links: no dump that holds any was read whole".to_owned()), "{unseen:?}");
    let said = |collector: &str, asn| {
        let entry = of(&entries, collector, asn);
        (entry.state, entry.why)
    };
    let is = |found: (State, String), state, why: &str| assert_eq!((found.0, found.1.as_str()), (state, why));
    is(said("rrc6", 64506), State::Full, "1000 of the 1000 routes of the largest table");
    is(said("rrc2", 64502), State::Partial, "849 of the 1000 routes of the largest table");
    is(said("rrc4", 64504), State::Full, "1000 of the 1000 routes of the largest table");
    let why =
        "1.0 % of its table of 2024-01-05T00:00:00Z differ from what updates since 2024-01-04T00:00:00Z had led to";
    is(said("rrc3", 64503), State::Degraded, why);
    let why = "the dump of 2024-01-05T00:00:00Z lost routes; it holds 1000 of the 1000 routes of the largest table";
    is(said("rrc5", 64505), State::Degraded, why);
    let why = "not in the dump of 2024-01-05T00:00:00Z; last heard 2024-01-03T00:00:00Z";
    is(said("rrc1", 64501), State::Silent, why);
    let why = "300 links between other networks are shown by AS64500 alone (2024-01-01); the median of 14 peers with a full \
               feed is 10";
    let quarantined = said("rrc0", 64500);
    assert_eq!((quarantined.0, quarantined.1.split(';').next()), (State::Quarantined, why.split(';').next()));
    let mismatch = of(&entries, "rrc4", 64504).mismatch.unwrap();
    assert_eq!((mismatch.differs, mismatch.untold, mismatch.rate), (9, 7, 0.009));
    assert!(unknowns.iter().any(|what| what.starts_with("resets and mismatches at rrc0, rrc1")), "{unknowns:?}");

    // AS64509 has a session at each of seven collectors, of which six tell its size: a sixth of a vote each, among two or one
    // of its collector.
    let many = of(&entries, "rrc6", 64509);
    assert_eq!((many.sessions, many.days_seen, many.days_looked), (7, 5, 5));
    assert!((many.weight.unwrap() - 1.0 / 6.0 / 2f64.sqrt()).abs() < 1e-9, "{:?}", many.weight);
    assert!((of(&entries, "rrc0", 64509).weight.unwrap() - 1.0 / 6.0).abs() < 1e-9);
    for (collector, asn) in [("rrc0", 64500), ("rrc1", 64501), ("rrc2", 64502), ("rrc5", 64505)] {
        assert_eq!(of(&entries, collector, asn).weight, None, "{collector}");
    }
}

#[test]
fn a_time_chooses_the_dump_before_it() {
    let world = world(&dumps(7, 0..=4, |c, day| if c == 1 && day > 2 { None } else { Some("64507") }));
    let none = Standing::default();
    let at = |at: &str| of(&told(&world, &none, &[], Some(t(at))).0, "rrc1", 64501);
    assert_eq!((at("2024-01-03T12:00").state, at("2024-01-04").state), (State::Full, State::Silent));
    // Before the first dump it is the first one; a month on there is none.
    assert_eq!(at("2023-12-31").dump, Some(t(&nth(0))));
    let late = at("2024-02-05");
    assert_eq!(
        (late.state, late.why.as_str()),
        (State::Silent, "the nearest dump of its collector is that of 2024-01-05")
    );
}

/// Dumps are held against updates only where update files cover all the time between two whole ones.
#[test]
fn only_what_updates_cover_is_compared() {
    let pairs = |spans: &str, faulty: Option<i64>| {
        let tables = dumps(1, 0..=3, |_, _| Some("64507"));
        let mut world = world(&format!("{tables}{spans}"));
        world.routes.tables.iter_mut().filter(|t| Some(t.at.0) == faulty).for_each(|t| t.complete = false);
        let days = |index: usize| world.routes.tables[index].at.date();
        let found = roster::pairs(&world.routes, Ask { collector: None, at: None }, &rules());
        found.into_iter().map(|(before, after)| (days(before), days(after))).collect::<Vec<_>>()
    };
    let all = "updates rrc0 2024-01-01 2024-01-03T23:50\n";
    assert_eq!(pairs(all, None), [(nth(2), nth(3))]);
    assert_eq!(pairs("updates rrc0 2024-01-01 2024-01-02T12:00\n", None), [(nth(0), nth(1))]);
    assert_eq!(pairs("updates rrc0 2024-01-01T12:00 2024-01-02T12:00\n", None), []);
    assert_eq!(pairs(all, Some(t(&nth(3)).0)), [(nth(1), nth(2))]);
    assert_eq!(pairs("", None), []);
}

/// Whether each vantage is there, day by day.
fn presence() -> impl Strategy<Value = Vec<(bool, Vec<bool>)>> {
    prop::collection::vec((any::<bool>(), prop::collection::vec(prop::bool::weighted(0.7), 10)), 8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// O: where no route ever changes, vantages that come, go and are put in quarantine make no start and no end.
    #[test]
    fn churn_of_vantages_is_no_event(vantages in presence(), inventor in 0usize..8, from in 0i64..10) {
        let text = dumps(8, 0..=9, |c, day| {
            let (other, there) = &vantages[c];
            there[day as usize].then_some(if *other { "64508" } else { "64507" })
        });
        let world = world(&text);
        let asn = Asn(64500 + inventor as u32);
        let standing = standing(&world, |of, at| if of == asn && at >= t(&nth(from)) { 300 } else { USUAL });
        let (found, _) = ask_with(&world, &standing);
        for p in found.iter().flat_map(|f| &f.upstreams).flat_map(|u| &u.periods) {
            prop_assert_eq!((p.bounds.from_after, p.bounds.to_by), (None, None), "{:?}", p);
        }
        prop_assert!(found.iter().all(|f| f.stuck.is_empty()));
    }
}
