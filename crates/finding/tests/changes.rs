//! Changes of carriers (methods §4): planted ones are found with their bounds and sizes, and what only looks like one is none.

mod common;

use common::*;
use headwater_finding::account::Rows;
use headwater_finding::changes::{Change, Changes, Kind, State, changes};
use headwater_finding::finding::Class;
use headwater_finding::vantage::standing::Standing;
use headwater_route::{Asn, Window};
use proptest::prelude::*;

const A: &str = "65540 65536";
const B: &str = "65541 65537";

fn ask(text: &str) -> Changes {
    ask_in(text, Window::default())
}

fn ask_in(text: &str, window: Window) -> Changes {
    let world = world(text);
    let rows = Rows {
        links: &world.links,
        holders: &world.holders,
        routes: &world.routes,
        standing: &Standing::default(),
        sources: &world.sources,
    };
    let (found, findings, unknowns) = changes(SUBJECT, &rows, &registry(), &window, &rules());
    lint(&findings, &unknowns);
    for change in found.changes.iter().filter(|c| c.kind != Kind::ObservationGap) {
        assert!(findings.iter().any(|f| f.id == change.finding), "{}", change.says);
    }
    found
}

/// Kind, upstream, days of both bounds.
fn told(found: &Changes) -> Vec<(Kind, Option<u32>, String, String)> {
    let date = |c: &Change| (c.after.map_or(String::new(), |t| t.date()), c.by.date());
    let of = |c: &Change| (c.kind, c.upstream.map(|u| u.0), date(c).0, date(c).1);
    found.changes.iter().map(of).collect()
}

fn only(found: &Changes) -> &Change {
    match found.changes.as_slice() {
        [one] => one,
        many => panic!("{:#?}", many.iter().map(|c| &c.says).collect::<Vec<_>>()),
    }
}

/// Twenty-four collectors, whose vantages go through A until the tenth day, and then do what is asked.
fn from_day_ten(then: impl Fn(usize) -> &'static str) -> String {
    dumps(24, 0..=20, |vantage, day| Some(if day < 10 { A } else { then(vantage) }))
}

#[test]
fn a_switch_is_one_replacement_with_bounds_and_size() {
    let found = ask(&from_day_ten(|vantage| if vantage % 10 == 9 { A } else { B }));
    // A tenth stays with the old one: it is added, and not replaced.
    let change = only(&found);
    assert_eq!((change.kind, change.upstream, change.state), (Kind::UpstreamAdded, Some(Asn(65537)), State::Confirmed));
    assert_eq!((change.after.unwrap().date(), change.by.date()), (nth(9), nth(10)));
    let size = change.size.expect("a size");
    assert!(size.gain > 0.85 && size.before == 0.0 && size.p < 0.001 && size.vantages >= 20, "{size:?}");

    let whole = ask(&from_day_ten(|_| B));
    let change = only(&whole);
    assert_eq!((change.kind, change.replaced), (Kind::UpstreamReplaced, Some(Asn(65536))));
}

#[test]
fn an_addition_without_loss_and_a_partial_shift_are_told_apart() {
    let added = ask(&from_day_ten(|vantage| if vantage % 4 == 0 { B } else { A }));
    assert_eq!((only(&added).kind, only(&added).upstream), (Kind::UpstreamAdded, Some(Asn(65537))));
    // Both were there before: a quarter goes over.
    let text = dumps(24, 0..=20, |vantage, day| {
        Some(if vantage < 6 || (day >= 10 && (12..18).contains(&vantage)) { B } else { A })
    });
    let shifted = ask(&text);
    let change = only(&shifted);
    assert_eq!((change.kind, change.upstream), (Kind::ShareShift, Some(Asn(65537))));
    assert_eq!((change.after.unwrap().date(), change.by.date()), (nth(9), nth(10)));
    assert!((change.size.unwrap().gain - 0.27).abs() < 0.03, "{change:?}");
}

#[test]
fn a_loss_that_leaves_one_says_so() {
    let text = dumps(24, 0..=20, |vantage, day| Some(if day < 10 && vantage % 2 == 0 { B } else { A }));
    let found = ask(&text);
    let kinds: Vec<Kind> = found.changes.iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [Kind::UpstreamLost, Kind::SingleHomed], "{:#?}", told(&found));
    assert_eq!(found.changes[1].upstream, Some(Asn(65536)));
    assert!(found.changes[0].size.is_none() || found.changes[0].size.unwrap().gain >= 0.0);
}

#[test]
fn what_comes_and_goes_is_undone() {
    let text = dumps(24, 0..=20, |_, day| Some(if (10..=12).contains(&day) { B } else { A }));
    let found = ask(&text);
    let [there, back] = found.changes.as_slice() else { panic!("{:#?}", told(&found)) };
    assert_eq!((there.upstream, there.state), (Some(Asn(65537)), State::Resolved));
    assert_eq!(there.undone_by.unwrap().date(), nth(13));
    assert_eq!((back.upstream, back.replaced, back.state), (Some(Asn(65536)), Some(Asn(65537)), State::Confirmed));
}

/// I: vantages that come late, leave, or fall silent change nothing; nor does a faulty table.
#[test]
fn the_churn_of_vantages_is_no_change() {
    let late = dumps(24, 0..=20, |vantage, day| match vantage {
        // Those that see it through B join on the tenth day, and some leave later.
        0..6 if day < 10 => None,
        0..3 if day > 15 => None,
        0..6 => Some(B),
        _ => Some(A),
    });
    let found = ask(&late);
    assert_eq!(told(&found), [], "{:#?}", told(&found));
    assert_eq!(found.newly_visible, [Asn(65537)]);
    // A collector that is away for five days.
    let away = dumps(24, 0..=20, |vantage, day| if vantage == 3 && (8..13).contains(&day) { None } else { Some(A) });
    assert_eq!(told(&ask(&away)), []);
    // One faulty peer alone.
    let one = dumps(24, 0..=20, |vantage, day| Some(if vantage == 3 && day >= 10 { B } else { A }));
    let one = ask(&one);
    assert_eq!((told(&one), one.candidates.clone()), (vec![], vec![Asn(65537)]));
}

/// A network that fewer see is not one whose carriers changed.
#[test]
fn less_visibility_is_no_change_of_carriers() {
    let text = dumps(24, 0..=20, |vantage, day| Some(if day >= 10 && vantage % 2 == 0 { "-" } else { A }));
    let found = ask(&text);
    assert_eq!(only(&found).kind, Kind::VisibilityDrop);
}

/// M: ten vantages bound a start, and tell no size; what cannot be told is said.
#[test]
fn small_cohorts_tell_no_shares() {
    let text = dumps(10, 0..=20, |vantage, day| Some(if day >= 10 && vantage < 5 { B } else { A }));
    let found = ask(&text);
    let change = only(&found);
    assert_eq!((change.kind, change.size), (Kind::UpstreamAdded, None));
    assert!(found.small_cohorts > 0);
    let shifted = dumps(10, 0..=20, |vantage, day| Some(if vantage < 2 || (day >= 10 && vantage < 6) { B } else { A }));
    assert_eq!(told(&ask(&shifted)), []);
}

/// G: a hole gives one gap, and changes at its edges keep both bounds.
#[test]
fn a_hole_is_a_gap_and_widens_what_lies_in_it() {
    let text = format!("{}{}", dumps(24, 0..=5, |_, _| Some(A)), dumps(24, 25..=30, |_, _| Some(A)));
    let found = ask(&text);
    assert_eq!(only(&found).kind, Kind::ObservationGap);
    let text = format!("{}{}", dumps(24, 0..=5, |_, _| Some(A)), dumps(24, 25..=30, |_, _| Some(B)));
    let across = ask(&text);
    for change in across.changes.iter().filter(|c| c.kind != Kind::ObservationGap) {
        assert_eq!((change.after.unwrap().date(), change.by.date()), (nth(5), nth(25)), "{}", change.says);
    }
    assert!(across.changes.iter().any(|c| c.kind == Kind::UpstreamReplaced), "{:#?}", told(&across));
}

/// Twenty-four collectors with dumps and updates: in the evening of the sixth day vantages go over, one after the other, as routes
/// converge.
fn one_evening(before: impl Fn(usize) -> &'static str, after: impl Fn(usize) -> &'static str) -> Changes {
    let mut text = dumps(24, 0..=10, |vantage, day| Some(if day < 6 { before(vantage) } else { after(vantage) }));
    for vantage in 0..24 {
        let peer = 64500 + vantage;
        text += &format!("updates rrc{vantage} {} {}\n", nth(0), nth(11));
        if before(vantage) != after(vantage) {
            let path = after(vantage);
            text += &format!(
                "{}T20:00:{:02} rrc{vantage} AS{peer} + 192.0.2.0/24 {peer} {path} 64510\n",
                nth(5),
                vantage * 2
            );
        }
    }
    ask(&text)
}

#[test]
fn while_routes_converge_both_stand_there_and_one_took_the_place_of_the_other() {
    let found = one_evening(|_| A, |_| B);
    let change = only(&found);
    assert_eq!((change.kind, change.replaced), (Kind::UpstreamReplaced, Some(Asn(65536))), "{:#?}", told(&found));
}

#[test]
fn several_that_go_at_once_leave_one_once() {
    const C: &str = "65542 65538";
    let found = one_evening(|vantage| [A, B, C][vantage % 3], |_| "65543 65539");
    let many = |kind: Kind| found.changes.iter().filter(|c| c.kind == kind).count();
    let counts = [Kind::UpstreamAdded, Kind::UpstreamLost, Kind::SingleHomed].map(many);
    assert_eq!(counts, [1, 3, 1], "{:#?}", told(&found));
}

#[test]
fn the_bounds_of_a_shift_hold_an_evening() {
    let found = one_evening(|vantage| if vantage < 6 { B } else { A }, |vantage| if vantage < 18 { B } else { A });
    let change = only(&found);
    assert_eq!((change.kind, change.upstream), (Kind::ShareShift, Some(Asn(65537))));
    let evening = t(&format!("{}T20:00:46", nth(5)));
    assert!(change.after.unwrap() < evening && evening <= change.by, "{:?} {:?}", change.after, change.by);
    assert_eq!(change.by.date(), nth(5));
}

/// Published files: bounded changes by the month; two that stand in one file did not replace each other.
#[test]
fn publications_give_bounded_changes() {
    let link = |month: &str, asn: u32| format!("link {month} serial1 {asn} > 64510\n");
    let text: String =
        [("2024-01", 65536), ("2024-02", 65536), ("2024-02", 65537), ("2024-03", 65537), ("2024-04", 65537)]
            .map(|(month, asn)| link(month, asn))
            .concat();
    let found = ask(&text);
    let d = |text: &str| text.to_owned();
    assert_eq!(
        told(&found),
        [
            (Kind::UpstreamAdded, Some(65537), d("2024-01-05"), d("2024-02-05")),
            (Kind::UpstreamLost, Some(65536), d("2024-02-01"), d("2024-03-01")),
            (Kind::SingleHomed, Some(65537), d("2024-02-01"), d("2024-03-01")),
        ]
    );
    assert!(found.changes.iter().all(|c| c.class == Class::Inferred));
    let text: String = [("2024-01", 65536), ("2024-02", 65537), ("2024-03", 65537)].map(|(m, a)| link(m, a)).concat();
    let found = ask(&text);
    assert!(found.changes.iter().any(|c| c.kind == Kind::UpstreamReplaced && c.replaced == Some(Asn(65536))));
}

/// O: the order of ingest does not matter, and the same change has the same key.
#[test]
fn the_order_of_ingest_does_not_matter() {
    let text = from_day_ten(|vantage| if vantage % 3 == 0 { A } else { B });
    let json = |salt| {
        let world = world_salted(&text, salt);
        let rows = Rows {
            links: &world.links,
            holders: &world.holders,
            routes: &world.routes,
            standing: &Standing::default(),
            sources: &world.sources,
        };
        serde_json::to_string(&changes(SUBJECT, &rows, &registry(), &Window::default(), &rules()).0).unwrap()
    };
    assert_eq!(json(0), json(7));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Vantages that are there or not, day by day, make no change of what stays the same.
    #[test]
    fn presence_alone_never_makes_a_change(there in prop::collection::vec(prop::collection::vec(any::<bool>(), 12), 24)) {
        let text = dumps(24, 0..=11, |vantage, day| {
            there[vantage][day as usize].then_some(if vantage % 3 == 0 { B } else { A })
        });
        let found = ask(&text);
        let changed: Vec<&Change> = found.changes.iter().filter(|c| c.kind != Kind::ObservationGap).collect();
        prop_assert!(changed.is_empty(), "{:?}", changed.iter().map(|c| &c.says).collect::<Vec<_>>());
    }
}

/// The time asked about chooses changes; what became of them is told of all that was read.
#[test]
fn a_window_chooses_changes_and_not_what_became_of_them() {
    let text = dumps(24, 0..=20, |_, day| Some(if (10..=12).contains(&day) { B } else { A }));
    let cut = ask_in(&text, Window { from: None, to: Some(t(&nth(12))) });
    let change = only(&cut);
    assert_eq!(
        (change.upstream, change.state, change.undone_by.unwrap().date()),
        (Some(Asn(65537)), State::Resolved, nth(13))
    );
    assert!(cut.days < ask(&text).days);
}

/// A network that was left alone is so until the next one comes.
#[test]
fn one_left_alone_is_undone_by_the_next() {
    let text = dumps(24, 0..=20, |vantage, day| Some(if !(6..14).contains(&day) && vantage % 2 == 0 { B } else { A }));
    let found = ask(&text);
    let alone = found.changes.iter().find(|c| c.kind == Kind::SingleHomed).expect("one is left alone");
    assert_eq!((alone.state, alone.undone_by.unwrap().date()), (State::Resolved, nth(14)));
}
