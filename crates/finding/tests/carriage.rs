//! One network next to another: a planted world for each explanation, its innocent twin, and what happens when a piece of the
//! evidence is taken away (methods §5, §8 and §10).

mod common;

use common::*;
use headwater_finding::account;
use headwater_finding::carriage::claim::{Claim, Predicts, Verdict};
use headwater_finding::carriage::ladder::Rung;
use headwater_finding::carriage::matrix::Hypothesis;
use headwater_finding::carriage::role::{self, Role};
use headwater_finding::carriage::test::State;
use headwater_finding::carriage::{Carriage, Rows, carriage};
use headwater_finding::protection::{self, Typed};
use headwater_finding::vantage::standing::Standing;
use headwater_route::rows::{
    AspaLine, Authorisations, HolderHistory, LinkAt, LinkHistory, LinkSighting, Neighbour, RpkiFile, VrpSighting,
};
use headwater_route::{Asn, Evidence, Window};

/// The network next to the subject.
const CARRIER: Asn = Asn(65536);

/// What stands beside the rows of the subject.
#[derive(Default)]
struct Beside {
    /// Published links of the carrier: (month, what the other is to it, the other).
    links: Vec<(&'static str, Neighbour, u32)>,
    table: Vec<Typed>,
    authorisations: Authorisations,
    beneath: Vec<(u32, u32)>,
    claims: Vec<Predicts>,
}

fn ask(text: &str, beside: &Beside) -> Carriage {
    ask_in(text, beside, Window::default())
}

fn ask_in(text: &str, beside: &Beside, window: Window) -> Carriage {
    let world = world(text);
    // The links of the carrier stand in the same files as those of the subject.
    let snapshots = world.links.snapshots.clone();
    let mut sightings = Vec::new();
    for (month, kind, other) in &beside.links {
        for (snapshot, file) in snapshots.iter().enumerate().filter(|(_, s)| s.from.date().starts_with(month)) {
            let evidence = Evidence { source: file.source, offset: 1 };
            sightings.push(LinkSighting {
                snapshot,
                neighbour: Asn(*other),
                kind: *kind,
                seen_by: String::new(),
                evidence,
            });
        }
    }
    sightings.sort_by_key(|s| (s.snapshot, s.kind, s.neighbour));
    let carrier_links = LinkHistory { snapshots, sightings };
    let beneath: Vec<LinkAt> = beside
        .beneath
        .iter()
        .flat_map(|(asn, under)| {
            carrier_links.snapshots.iter().map(|file| LinkAt {
                asn: Asn(*asn),
                kind: Neighbour::Customer,
                neighbour: Asn(*under),
                source: file.source,
            })
        })
        .collect();
    let claims: Vec<Claim> = beside
        .claims
        .iter()
        .map(|predicts| Claim {
            speaker: "Example Telecom".to_owned(),
            date: "2024-07-01".to_owned(),
            source: String::new(),
            words: String::new(),
            verified: false,
            predicts: vec![*predicts],
        })
        .collect();
    let holders = HolderHistory::default();
    let rows = Rows {
        own: account::Rows {
            links: &world.links,
            holders: &world.holders,
            routes: &world.routes,
            standing: &Standing::default(),
            sources: &world.sources,
        },
        carrier_links: &carrier_links,
        carrier_holders: &holders,
        beneath: &beneath,
        authorisations: &beside.authorisations,
        table: &beside.table,
    };
    let (found, findings, unknowns) = carriage(SUBJECT, CARRIER, &rows, &registry(), &window, &claims, &rules());
    lint(&findings, &unknowns);
    // Every id that is told leads to a finding.
    for id in found.matrix.outcomes.iter().map(|o| &o.finding).filter(|id| !id.is_empty()) {
        assert!(findings.iter().any(|f| f.id == *id), "{id}");
    }
    found
}

fn state(found: &Carriage, id: &str) -> State {
    found.matrix.outcomes.iter().find(|o| o.id == id).unwrap().state
}

fn rank(found: &Carriage, h: Hypothesis) -> usize {
    found.matrix.ranking.as_ref().expect("a ranking").iter().find(|r| r.id == h).unwrap().rank
}

fn last(found: &Carriage) -> usize {
    found.matrix.ranking.as_ref().unwrap().iter().map(|r| r.rank).max().unwrap()
}

fn typed(kind: &str) -> Vec<Typed> {
    protection::parse(&format!(
        "{}\n65536\tEXAMPLE\t{kind}\t2023-01-01\t\ta page\t2023-01-01\n",
        protection::COLUMNS.join("\t")
    ))
    .unwrap()
}

/// The carrier of the first ten days, and what the carrier asked about does then.
fn switched(days: std::ops::RangeInclusive<i64>, from: i64, through: &'static str, until: i64) -> String {
    dumps(8, days, move |_, day| Some(if (from..=until).contains(&day) { through } else { "65538 65537" }))
}

/// A transit network: provider 65538 of the carrier passes it on.
fn up() -> Vec<(&'static str, Neighbour, u32)> {
    vec![("2024-01", Neighbour::Provider, 65538), ("2024-02", Neighbour::Provider, 65538)]
}

const MONTHS: &str = "links 2024-01 serial1\nlinks 2024-02 serial1\n";

/// H1: half of the vantages go through the carrier for two months, half stay.
fn transit() -> String {
    format!(
        "{MONTHS}{}",
        dumps(8, 0..=60, |vantage, day| Some(if day >= 10 && vantage % 2 == 0 {
            "65538 65536"
        } else {
            "65538 65537"
        }))
    )
}

#[test]
fn transit_is_carriage_and_not_more() {
    let found = ask(&transit(), &Beside { links: up(), ..Beside::default() });
    assert_eq!(found.ladder.reached, Some(Rung::L2), "{:#?}", found.ladder);
    assert_eq!(found.ladder.proof.as_ref().unwrap().by, [Asn(65538)]);
    for id in ["T1", "T3", "T4", "T8"] {
        assert_eq!(state(&found, id), State::Yes, "{id}");
    }
    for id in ["T2", "T5", "T6", "T7", "T15"] {
        assert_eq!(state(&found, id), State::No, "{id}");
    }
    assert_eq!(rank(&found, Hypothesis::H1), 1);
    // What is transit is never told apart from protection by routes.
    assert_eq!((found.roles.verdict, found.roles.role), (role::Verdict::ServiceOpen, None));
}

/// The twins of transit and protection that is always on differ in nothing that routes show: with or without a row of the
/// table, no service is claimed.
#[test]
fn transit_and_protection_always_on_are_not_separated() {
    let alone = format!("{MONTHS}{}", switched(0..=60, 10, "65538 65536", 60));
    for table in [Vec::new(), typed("pure"), typed("mixed"), typed("dps_capable")] {
        let found = ask(&alone, &Beside { links: up(), table, ..Beside::default() });
        assert_eq!(found.roles.role, None, "{}", found.roles.says);
        assert!(!matches!(found.roles.verdict, role::Verdict::Likely | role::Verdict::Strong));
        assert_eq!((state(&found, "T7"), state(&found, "T8")), (State::Yes, State::No));
        let (h1, h2) = (rank(&found, Hypothesis::H1), rank(&found, Hypothesis::H2));
        assert_eq!((h1, h2), (1, 1));
    }
    // That somebody looked and found none is a source outside routing.
    let found = ask(&transit(), &Beside { links: up(), table: typed("not_dps"), ..Beside::default() });
    assert_eq!(found.roles.role, Some(Role::Transit), "{}", found.roles.says);
}

/// H3: five days, then the earlier carrier is back; a standing authorisation names the carrier before.
#[test]
fn on_demand_comes_and_goes() {
    let text = format!("{MONTHS}{}", switched(0..=40, 10, "65538 65536", 14));
    let plain = ask(&text, &Beside { links: up(), ..Beside::default() });
    assert_eq!((state(&plain, "T5"), state(&plain, "T3")), (State::Yes, State::No));
    assert_eq!(rank(&plain, Hypothesis::H3), 1);
    assert!(rank(&plain, Hypothesis::H2) > 1);
    assert_eq!(plain.ladder.reached, Some(Rung::L1), "five days are no proof of carriage");
    // Leaks and carriers bought for a while look the same.
    assert_eq!((plain.roles.verdict, plain.roles.role), (role::Verdict::Open, None), "{}", plain.roles.says);

    let source = world(&text).links.snapshots[0].source;
    let authorisations = Authorisations {
        files: vec![RpkiFile { source, at: t("2024-01-03"), complete: true }],
        vrps: vec![VrpSighting {
            file: 0,
            prefix: "192.0.2.0/24".parse().unwrap(),
            asn: CARRIER,
            max_len: 24,
            evidence: Evidence { source, offset: 7 },
        }],
        aspas: Vec::new(),
    };
    let standby = ask(&text, &Beside { links: up(), authorisations: authorisations.clone(), ..Beside::default() });
    assert_eq!(state(&standby, "T9"), State::Yes);
    assert_eq!(standby.roles.role, Some(Role::ProtectionOnDemand), "{}", standby.roles.says);
    // Of a network that announces the space only since then nothing says that it is its own: a number may be mistyped.
    let typo = dumps(8, 0..=40, |_, day| Some(if (10..=14).contains(&day) { "65538 65536" } else { "-" }));
    let own = ask(&typo, &Beside { authorisations: authorisations.clone(), ..Beside::default() });
    assert_eq!(state(&own, "T9"), State::CannotTell);
    assert_eq!(own.roles.role, None, "{}", own.roles.says);
    // A file that is whole and lacks it says so; without a file nothing is said.
    let none =
        Authorisations { files: vec![RpkiFile { source, at: t("2024-01-03"), complete: true }], ..Default::default() };
    assert_eq!(state(&ask(&text, &Beside { authorisations: none, ..Beside::default() }), "T9"), State::No);
    assert_eq!(state(&plain, "T9"), State::NotTested);
}

/// I: a switch that lasts is a move, not an episode. G: an episode that a hole cuts tells neither.
#[test]
fn a_lasting_switch_and_a_cut_episode_are_no_episodes() {
    let lasting = ask(&switched(0..=60, 10, "65538 65536", 60), &Beside::default());
    assert_eq!(state(&lasting, "T5"), State::No);
    let cut = format!("{}{}", switched(0..=14, 10, "65538 65536", 14), dumps(8, 40..=60, |_, _| Some("65538 65537")));
    let cut = ask(&cut, &Beside::default());
    assert_eq!(state(&cut, "T5"), State::CannotTell);
}

/// H4: the carrier serves a third network, and the subject is that one's.
#[test]
fn indirect_is_never_adjacent() {
    let text = format!("{MONTHS}{}", switched(0..=60, 10, "65538 65536 65539", 60));
    let found = ask(&text, &Beside { links: up(), claims: vec![Predicts::ThirdPartyBetween], ..Beside::default() });
    assert_eq!(state(&found, "T2"), State::Yes);
    assert_ne!(state(&found, "T1"), State::Yes);
    assert_eq!(found.ladder.reached, Some(Rung::L0), "{:#?}", found.ladder);
    assert_eq!((found.roles.verdict, found.roles.role), (role::Verdict::Adjacent, None));
    assert_eq!(found.claims[0].predictions[0].verdict, Verdict::Fits);
}

/// H7 and H6: one cluster alone shows it, though others could.
#[test]
fn one_witness_is_no_adjacency() {
    let text =
        dumps(8, 0..=20, |vantage, day| Some(if vantage == 0 && day >= 10 { "65538 65536" } else { "65538 65537" }));
    let found = ask(&text, &Beside { links: up(), ..Beside::default() });
    assert_eq!((state(&found, "T15"), state(&found, "T1")), (State::Yes, State::CannotTell));
    assert!(found.ladder.reached <= Some(Rung::L0));
    assert_eq!(found.roles.role, None);
    if found.matrix.ranking.is_some() {
        assert!(rank(&found, Hypothesis::H7) < last(&found));
    }
}

/// M: each piece of evidence taken away makes its statement impossible, and no other one bolder.
#[test]
fn what_is_missing_is_not_said() {
    let whole = ask(&transit(), &Beside { links: up(), ..Beside::default() });
    // No relationships: no proof, and no more than adjacency.
    let bare = ask(&transit(), &Beside::default());
    assert_eq!(state(&bare, "T4"), State::CannotTell);
    assert_eq!((bare.ladder.reached, bare.roles.verdict), (Some(Rung::L1), role::Verdict::Adjacent));
    assert!(whole.ladder.reached > bare.ladder.reached);
    // Only published relationships: an inference beside the ladder, and nothing ranked.
    let listed = "link 2024-01 serial1 65537 > 64510\nlink 2024-02 serial1 65537 > 64510\nlink 2024-02 serial1 65536 > 64510\n\
                  link 2024-03 serial1 65537 > 64510\n";
    let found = ask(listed, &Beside { links: vec![("2024-02", Neighbour::Customer, 64510)], ..Beside::default() });
    assert_eq!((found.ladder.reached, found.matrix.ranking.is_none()), (None, true));
    assert!(found.ladder.inferred.is_some() && found.roles.published.is_some());
    assert_eq!(state(&found, "T7"), State::No);
    // Nothing at all.
    let nothing = ask("", &Beside::default());
    assert!(nothing.matrix.outcomes.iter().all(|o| matches!(o.state, State::NotTested | State::CannotTell)));
    assert_eq!((nothing.ladder.reached, nothing.matrix.counted), (None, 0));
}

/// G: days of proof on both sides of a hole do not add up.
#[test]
fn days_of_proof_do_not_add_up_over_a_gap() {
    let days = |from, to| {
        dumps(8, from..=to, |_, day| Some(if day == 0 || day == 60 { "65538 65537" } else { "65538 65536" }))
    };
    let text = format!("{MONTHS}{}{}", days(0, 5), days(40, 44));
    let found = ask(&text, &Beside { links: up(), ..Beside::default() });
    assert_eq!(state(&found, "T4"), State::Yes);
    assert!(found.ladder.proof.is_none() && found.ladder.reached == Some(Rung::L1), "{:#?}", found.ladder);
}

/// A registry entry of one side is told as one side.
#[test]
fn one_side_of_a_registry_is_one_side() {
    let text = transit();
    let source = world(&text).links.snapshots[0].source;
    let files = vec![RpkiFile { source, at: t("2024-01-12"), complete: true }];
    let line = |provider| AspaLine { file: 0, provider: Asn(provider), evidence: Evidence { source, offset: 3 } };
    let named = Authorisations { files: files.clone(), aspas: vec![line(65536)], vrps: Vec::new() };
    let found = ask(&text, &Beside { links: up(), authorisations: named, ..Beside::default() });
    assert_eq!((state(&found, "T10"), found.ladder.reached), (State::Yes, Some(Rung::L3)));
    assert!(found.ladder.steps[3].says.contains("the side of the network only"));
    let other = Authorisations { files, aspas: vec![line(65537)], vrps: Vec::new() };
    let found = ask(&text, &Beside { links: up(), authorisations: other, ..Beside::default() });
    assert_eq!((state(&found, "T10"), found.ladder.reached), (State::No, Some(Rung::L2)));
}

/// The third party of a denial, on published relationships: named where it is there, "not seen" where it is not.
#[test]
fn a_denial_is_tested_on_what_publications_hold() {
    let months = "link 2024-01 serial1 65537 > 64510\nlink 2024-02 serial1 65537 > 64510\n\
                  link 2024-02 serial1 65536 > 64510\nlink 2024-03 serial1 65537 > 64510\n";
    let claims = vec![Predicts::ThirdPartyBetween, Predicts::Began { at: t("2024-01-20") }, Predicts::OnlyCarrier];
    let own = [
        ("2024-01", Neighbour::Customer, 65540),
        ("2024-02", Neighbour::Customer, 65540),
        ("2024-02", Neighbour::Customer, 64510),
    ];
    let verdicts = |found: &Carriage| {
        found.claims.iter().flat_map(|c| c.predictions.iter().map(|p| p.verdict)).collect::<Vec<_>>()
    };

    let without = ask(
        months,
        &Beside { links: own.to_vec(), beneath: vec![(65540, 65541)], claims: claims.clone(), ..Beside::default() },
    );
    use Verdict::{DoesNotFit, Fits, NotSeen, NotTested};
    assert_eq!(verdicts(&without), [DoesNotFit, NotSeen, NotSeen, NotSeen, NotTested, Fits, DoesNotFit]);

    // 65537 is under the carrier and a provider of the subject; 65540 has the subject under it.
    let mut links = own.to_vec();
    links.extend([("2024-01", Neighbour::Customer, 65537), ("2024-02", Neighbour::Customer, 65537)]);
    let with = ask(months, &Beside { links, beneath: vec![(65540, 64510)], claims, ..Beside::default() });
    assert_eq!(verdicts(&with)[1..3], [Fits, Fits]);
}

/// A date after the first sighting and inside a hole is neither confirmed nor refuted.
#[test]
fn a_date_inside_a_gap_is_open() {
    let months = "link 2024-01 serial1 65537 > 64510\nlink 2024-02 serial1 65537 > 64510\n\
                  link 2024-02 serial1 65536 > 64510\nlink 2024-09 serial1 65537 > 64510\n";
    let began = |at| Predicts::Began { at: t(at) };
    let verdict =
        |at| ask(months, &Beside { claims: vec![began(at)], ..Beside::default() }).claims[0].predictions[0].verdict;
    assert_eq!(verdict("2024-05-01"), Verdict::CannotTell);
    assert_eq!(verdict("2024-01-20"), Verdict::Fits);
    assert_eq!(verdict("2023-06-01"), Verdict::DoesNotFit);
    let ended = |at| {
        ask(months, &Beside { claims: vec![Predicts::Ended { at: t(at) }], ..Beside::default() }).claims[0].predictions
            [0]
        .verdict
    };
    assert_eq!(
        (ended("2024-01-20"), ended("2024-05-01"), ended("2024-10-01")),
        (Verdict::DoesNotFit, Verdict::CannotTell, Verdict::Fits)
    );
}

/// O: another order of ingest gives the same account.
#[test]
fn the_order_of_ingest_does_not_matter() {
    let text = transit();
    let json = |salt| {
        let world = world_salted(&text, salt);
        let empty = (LinkHistory::default(), HolderHistory::default(), Authorisations::default());
        let rows = Rows {
            own: account::Rows {
                links: &world.links,
                holders: &world.holders,
                routes: &world.routes,
                standing: &Standing::default(),
                sources: &world.sources,
            },
            carrier_links: &empty.0,
            carrier_holders: &empty.1,
            beneath: &[],
            authorisations: &empty.2,
            table: &[],
        };
        let (found, findings, _) = carriage(SUBJECT, CARRIER, &rows, &registry(), &Window::default(), &[], &rules());
        (serde_json::to_string(&found).unwrap(), findings.iter().map(|f| f.id.clone()).collect::<Vec<_>>())
    };
    assert_eq!(json(0), json(5));
}

/// I: one peer at one look. No role is claimed of it, and what nobody else looked at is open, not absent.
#[test]
fn one_look_of_one_peer_claims_nothing() {
    let text = dumps(8, 0..=0, |vantage, _| (vantage == 0).then_some("65538 65536").or(Some("65538 65537")));
    let found = ask(&text, &Beside { links: up(), ..Beside::default() });
    assert_eq!((found.roles.role, found.roles.verdict), (None, role::Verdict::Adjacent), "{}", found.roles.says);
    assert_eq!((found.ladder.reached, found.ladder.steps[1].reached), (Some(Rung::L0), None), "{:#?}", found.ladder);
    // A single peer that shows another network is no look at the pair at all.
    let alone = ask(&dumps(1, 0..=0, |_, _| Some("65538 65537")), &Beside::default());
    assert!(alone.ladder.steps[..3].iter().all(|step| step.reached.is_none()), "{:#?}", alone.ladder);
    assert_ne!(state(&alone, "T15"), State::No);
}

/// A denial that is so: the pair is in no publication, and the third party stands in those there are.
#[test]
fn a_true_denial_fits() {
    let months =
        "link 2024-01 serial1 65537 > 64510\nlink 2024-02 serial1 65539 > 64510\nlink 2024-03 serial1 65539 > 64510\n";
    let links = vec![("2024-02", Neighbour::Customer, 65539), ("2024-03", Neighbour::Customer, 65539)];
    let found = ask(
        months,
        &Beside {
            links,
            beneath: vec![(65539, 64510)],
            claims: vec![Predicts::ThirdPartyBetween, Predicts::Adjacent, Predicts::NotAdjacent],
            ..Beside::default()
        },
    );
    let verdict = |claim: usize, at: usize| found.claims[claim].predictions[at].verdict;
    assert_eq!((verdict(0, 1), verdict(0, 2)), (Verdict::Fits, Verdict::Fits));
    // Files without paths deny neither the one claim nor the other.
    assert_eq!((verdict(1, 0), verdict(2, 0)), (Verdict::NotSeen, Verdict::NotSeen));
}

/// A permission that was taken back before the start stands no longer.
#[test]
fn a_withdrawn_authorisation_is_none() {
    let text = format!("{MONTHS}{}", switched(0..=40, 10, "65538 65536", 14));
    let source = world(&text).links.snapshots[0].source;
    let file = |day: i64| RpkiFile { source, at: t(&nth(day)), complete: true };
    let prefix = "192.0.2.0/24".parse().unwrap();
    let evidence = Evidence { source, offset: 7 };
    let vrps = vec![VrpSighting { file: 0, prefix, asn: CARRIER, max_len: 24, evidence }];
    let stands = |files| Authorisations { files, vrps: vrps.clone(), aspas: Vec::new() };
    let t9 = |given| state(&ask(&text, &Beside { authorisations: given, ..Beside::default() }), "T9");
    assert_eq!(t9(stands(vec![file(2)])), State::Yes);
    assert_eq!(t9(stands(vec![file(2), file(8)])), State::No);
}

/// A date is held against every start, also against a later one.
#[test]
fn a_date_may_be_that_of_a_later_start() {
    let there = |day| (3..=6).contains(&day) || day >= 20;
    let text = dumps(8, 0..=30, |_, day| Some(if there(day) { "65538 65536" } else { "65538 65537" }));
    let began = |day: i64| Predicts::Began { at: t(&nth(day)) };
    let verdict =
        |day| ask(&text, &Beside { claims: vec![began(day)], ..Beside::default() }).claims[0].predictions[0].verdict;
    assert_eq!(
        (verdict(3), verdict(20), verdict(12), verdict(1)),
        (Verdict::Fits, Verdict::Fits, Verdict::DoesNotFit, Verdict::DoesNotFit)
    );
}

#[test]
fn the_only_carrier_has_no_other_beside_it() {
    let verdict = |text: &str| {
        ask(text, &Beside { claims: vec![Predicts::OnlyCarrier], ..Beside::default() }).claims[0].predictions[0].verdict
    };
    assert_eq!(verdict(&dumps(8, 0..=20, |_, _| Some("65538 65536"))), Verdict::Fits);
    assert_eq!(verdict(&transit()), Verdict::DoesNotFit);
    assert_eq!(verdict(&dumps(1, 0..=20, |_, _| Some("65538 65536"))), Verdict::CannotTell);
}

/// What one network shows widely for a day and another alone for long proves no transit together.
#[test]
fn a_proof_is_that_of_one_network() {
    let text = |wide_until: i64| {
        dumps(8, 0..=40, move |vantage, day| match (day >= 10, vantage) {
            (false, _) => Some("65540 65537"),
            (true, 0) => Some("65538 65536"),
            (true, _) if day <= wide_until => Some("65539 65536"),
            (true, _) => Some("65540 65536"),
        })
    };
    // 65538 at one cluster all the time, 65539 at seven for three days or for all; 65540 is of unknown relation.
    let links = vec![("2024-01", Neighbour::Provider, 65538), ("2024-01", Neighbour::Provider, 65539)];
    let proof = |until| {
        ask(&format!("{MONTHS}{}", text(until)), &Beside { links: links.clone(), ..Beside::default() }).ladder.proof
    };
    assert_eq!(proof(13), None);
    assert_eq!(proof(40).expect("a proof").by, [Asn(65539)]);
}

/// T3 asks for days in a row: two far apart are not all between.
#[test]
fn days_apart_do_not_last() {
    let text = dumps(8, 0..=60, |vantage, day| {
        let wide = day == 10 || day == 55;
        Some(if day >= 10 && (wide || vantage < 2) { "65538 65536" } else { "65538 65537" })
    });
    assert_ne!(state(&ask(&text, &Beside::default()), "T3"), State::Yes);
    assert_eq!(state(&ask(&transit(), &Beside::default()), "T3"), State::Yes);
}

/// A time that cuts a period shows the whole of it: no test sees half.
#[test]
fn a_window_does_not_cut_a_period() {
    let beside = Beside { links: up(), ..Beside::default() };
    let whole = ask(&transit(), &beside);
    let window = Window { from: None, to: Some(t(&nth(12))) };
    let cut = ask_in(&transit(), &beside, window);
    let states = |found: &Carriage| found.matrix.outcomes.iter().map(|o| (o.id, o.state)).collect::<Vec<_>>();
    assert_eq!((states(&cut), cut.ladder.reached), (states(&whole), whole.ladder.reached));
    // One that it does not touch is left out.
    let before = ask_in(&transit(), &beside, Window { from: None, to: Some(t(&nth(5))) });
    assert_eq!(before.ladder.proof, None);
}
