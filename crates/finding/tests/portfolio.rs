//! Whom a network carries: joiners and leavers, holders of the members, and what cannot be told.

mod common;

use common::{SUBJECT, World, lint, rules, t, world, world_salted};
use expect_test::expect;
use headwater_finding::finding::{Finding, Unknown, Why};
use headwater_finding::kinds::Kind;
use headwater_finding::panel::{self, Described, Panel};
use headwater_finding::period::Edge;
use headwater_finding::portfolio::{self, Ask, Change, Member, Portfolio, Rows, State};
use headwater_finding::protection;
use headwater_finding::words::reserved_in;
use headwater_route::rows::{LinkAt, Neighbour};
use headwater_route::{Asn, SourceId};

struct Answer {
    found: Portfolio,
    members: Vec<Member>,
    panel: Panel,
    findings: Vec<Finding>,
    unknowns: Vec<Unknown>,
}

const TABLE: &str = "asn\tname\ttype\tvalid_from\tvalid_to\tsource\tas_of\n64510\tEXAMPLE\tdps_capable\t2024-04-17\t\ta manual\t2024-04-17\n";

fn ask_links(world: &World, ask: Ask, links: &[LinkAt]) -> Answer {
    let rows = Rows {
        links: &world.links,
        presence: &world.presence,
        holders: &world.holders,
        held: &world.held,
        routes: &world.routes,
        sources: &world.sources,
    };
    let (found, mut members, mut findings, mut unknowns) = portfolio::portfolio(SUBJECT, &rows, ask, &rules());
    let described = Described { links, held: &world.held, files: &world.holders.snapshots, tags: &world.tags };
    panel::describe(&found, &mut members, &described);
    let table = protection::parse(TABLE).unwrap();
    let panel = panel::panel(&found, &members, &table, &[]);
    unknowns.extend(panel::unknowns(&found, &panel));
    let mut all: Vec<&mut Member> = members.iter_mut().collect();
    findings.extend(portfolio::member_findings(SUBJECT, &found, &mut all, &rows, &rules()));
    lint(&findings, &unknowns);
    Answer { found, members, panel, findings, unknowns }
}

fn ask(world: &World, at: Option<&str>, since: Option<&str>) -> Answer {
    ask_links(world, Ask { at: at.map(t), since: since.map(t) }, &[])
}

impl Answer {
    fn member(&self, asn: u32) -> &Member {
        self.members.iter().find(|m| m.asn == Asn(asn)).unwrap_or_else(|| panic!("AS{asn} is no member"))
    }

    fn with(&self, change: Change) -> Vec<u32> {
        self.members.iter().filter(|m| m.change == Some(change)).map(|m| m.asn.0).collect()
    }

    fn listed(&self) -> Vec<u32> {
        self.members.iter().filter(|m| m.state == State::Listed).map(|m| m.asn.0).collect()
    }
}

/// The shape of the founding case: a steady network, one that joins in June, one that left in June; each is in every file.
const FOUNDING: &str = "
    link 2024-03 serial1 64510 > 64501
    link 2024-03 serial1 64510 > 64503
    has 2024-03 serial1 64502
    link 2024-04 serial1 64510 > 64501
    link 2024-04 serial1 64510 > 64503
    has 2024-04 serial1 64502
    link 2024-05 serial1 64510 > 64501
    link 2024-05 serial1 64510 > 64503
    has 2024-05 serial1 64502
    link 2024-06 serial1 64510 > 64501
    link 2024-06 serial1 64510 > 64502
    has 2024-06 serial1 64503
    link 2024-07 serial1 64510 > 64501
    link 2024-07 serial1 64510 > 64502
    has 2024-07 serial1 64503
";

#[test]
fn who_joined_and_left_between_two_publications() {
    let answer = ask(&world(FOUNDING), Some("2024-06-15"), None);
    assert_eq!(answer.listed(), [64501, 64502]);
    assert_eq!((answer.with(Change::Joined), answer.with(Change::Left)), (vec![64502], vec![64503]));
    let joined = &answer.member(64502).periods[0];
    assert_eq!(
        (joined.bounds.from_after, joined.bounds.from_by),
        (Some(t("2024-05-05T23:59:59Z")), t("2024-06-05T23:59:59Z"))
    );
    // Listed once and gone is no return.
    assert!(!answer.member(64503).returned);
    let base = answer.found.counts.before.unwrap();
    assert_eq!((base.publications, base.joined, base.left), (3, 0, 0));
    let told = answer.findings.iter().find(|f| f.id == answer.found.finding).unwrap();
    expect!["AS64510 is listed as a provider of 2 networks in the publication of 2024-06-01 to 2024-06-05 (caida-serial1); after the publication of 2024-05-01: 1 joined, 1 left; in 2 months before (3 publications from 2024-03-01 to 2024-05-01), 0 joined (0.0 a month) and 0 left (0.0 a month)"].assert_eq(&told.statement);
    assert_eq!(told.evidence.len(), 2);
}

#[test]
fn who_joined_with_the_publication_before_is_no_joiner_of_this_one() {
    let text = format!(
        "{FOUNDING}
        has 2024-04 serial1 64504
        link 2024-05 serial1 64510 > 64504
        link 2024-06 serial1 64510 > 64504
        link 2024-07 serial1 64510 > 64504"
    );
    let answer = ask(&world(&text), Some("2024-06-15"), None);
    assert_eq!((answer.member(64504).change, answer.with(Change::StartStraddles)), (None, vec![]));
    assert_eq!(answer.found.counts.before.unwrap().joined, 1);
}

#[test]
fn after_a_date_what_straddles_it_is_apart() {
    let world = world(FOUNDING);
    // Every start in (05-05, 06-05] and every end in [05-01, 06-01).
    for (since, joined, straddled) in [("2024-05-05", 1, 0), ("2024-05-20", 0, 1), ("2024-06-06", 0, 0)] {
        let counts = ask(&world, None, Some(since)).found.counts;
        assert_eq!((counts.joined, counts.start_straddles), (joined, straddled), "{since}");
    }
    for (since, left, straddled) in [("2024-05-01", 1, 0), ("2024-05-20", 0, 1), ("2024-06-01", 0, 0)] {
        let counts = ask(&world, None, Some(since)).found.counts;
        assert_eq!((counts.left, counts.end_straddles), (left, straddled), "{since}");
    }
    let late = ask(&world, None, Some("2025-01-01"));
    assert!(late.unknowns.iter().any(|u| u.why == Why::Stale), "{:?}", late.unknowns);
}

#[test]
fn the_usual_number_of_joiners_stands_beside_the_count() {
    let mut text = String::new();
    for month in 1..=12 {
        text.push_str(&format!("link 2023-{month:02} serial1 64510 > 64500\n"));
        for member in 0..8 {
            let asn = 64496 + member;
            let line = if month >= member + 3 {
                format!("link 2023-{month:02} serial1 64510 > {asn}\n")
            } else {
                format!("has 2023-{month:02} serial1 {asn}\n")
            };
            text.push_str(&line);
        }
    }
    let counts = ask(&world(&text), None, None).found.counts;
    let base = counts.before.unwrap();
    // AS64500 is one of the eight and there from the start.
    assert_eq!((base.publications, base.joined, base.left, counts.joined), (11, 7, 0, 0));
    assert!((base.months - 10.0).abs() < 0.1, "{}", base.months);
    // One publication before the change is no base.
    let answer = ask(&world("link 2024-05 serial1 64510 > 64501\nlink 2024-06 serial1 64510 > 64501"), None, None);
    assert_eq!(answer.found.counts.before, None);
    assert!(answer.unknowns.iter().any(|u| u.what.contains("usual month") && u.why == Why::NoData));
}

/// Innocent twin: the network is new to the files. It did not come from anywhere, and nothing bounds when it began here.
#[test]
fn a_network_that_is_new_to_the_files_is_no_joiner() {
    let text = FOUNDING
        .replace("has 2024-05 serial1 64502", "")
        .replace("has 2024-04 serial1 64502", "")
        .replace("has 2024-03 serial1 64502", "");
    let answer = ask(&world(&text), Some("2024-06-15"), None);
    assert_eq!((answer.with(Change::Joined), answer.with(Change::StartOpen)), (vec![], vec![64502]));
    let period = &answer.member(64502).periods[0];
    assert_eq!((period.bounds.from_after, period.start), (None, Edge::SubjectAbsent));
    let finding = answer.findings.iter().find(|f| f.subject == Asn(64502)).unwrap();
    assert!(finding.statement.contains("sources before that lack the network itself"), "{}", finding.statement);
    // And one that is gone from the files did not leave for another carrier.
    let text = FOUNDING.replace("has 2024-06 serial1 64503", "").replace("has 2024-07 serial1 64503", "");
    let answer = ask(&world(&text), Some("2024-06-15"), None);
    assert_eq!((answer.with(Change::Left), answer.with(Change::EndOpen)), (vec![], vec![64503]));
    assert_eq!(answer.member(64503).state, State::Absent);
}

#[test]
fn another_label_neither_joins_nor_leaves() {
    let text = FOUNDING.replace("link 2024-06 serial1 64510 > 64501", "link 2024-06 serial1 64510 = 64501");
    let answer = ask(&world(&text), Some("2024-06-15"), None);
    let member = answer.member(64501);
    assert_eq!((member.state, member.change, member.earlier), (State::OtherLabel, None, false));
    assert_eq!(ask(&world(&text), None, None).member(64501).change, None);
}

#[test]
fn nothing_crosses_from_one_holder_of_a_member_to_the_next() {
    let mut text = String::new();
    for year in 2020..=2023 {
        for month in 1..=12 {
            let at = format!("{year}-{month:02}");
            text.push_str(&format!("link {at} serial1 64510 > 64500\n"));
            if year == 2020 || (year == 2023 && month > 6) {
                text.push_str(&format!("link {at} serial1 64510 > 64501\n"));
            } else if year == 2023 {
                text.push_str(&format!("has {at} serial1 64501\n"));
            }
        }
    }
    text.push_str("named 2020-06-01 asn2org 64501 EARLIER\nnamed 2023-06-01 asn2org 64501 PRESENT BANK\n");
    let answer = ask(&world(&text), None, None);
    let of: Vec<&Member> = answer.members.iter().filter(|m| m.asn == Asn(64501)).collect();
    let told: Vec<(Option<&str>, State, bool, usize)> =
        of.iter().map(|m| (m.holder.as_deref(), m.state, m.earlier, m.periods.len())).collect();
    assert_eq!(told, [(Some("EARLIER"), State::Absent, true, 1), (Some("PRESENT BANK"), State::Listed, false, 1)]);
    assert!(!of[1].returned);
    assert_eq!(of[1].periods[0].bounds.from_after, Some(t("2023-06-05T23:59:59Z")));
    // The earlier one is not still listed where the sources end: its time ended.
    assert_ne!(of[0].periods[0].end, Edge::EndOfData);
    assert!((of[0].guesses.is_empty(), of[1].guesses[0].kind) == (true, Kind::Bank));
    // One holder throughout: a return.
    let one = text.replace("PRESENT BANK", "EARLIER");
    let answer = ask(&world(&one), None, None);
    assert_eq!(answer.members.iter().filter(|m| m.asn == Asn(64501)).count(), 1);
    assert_eq!(answer.member(64501).periods.len(), 2);
}

#[test]
fn of_the_carriers_own_eras_only_that_of_the_time_is_told() {
    let mut text = String::new();
    for year in 2020..=2023 {
        for month in 1..=12 {
            let at = format!("{year}-{month:02}");
            match year {
                2020 => text.push_str(&format!("link {at} serial1 64510 > 64501\nhas {at} serial1 64502\n")),
                2023 => text.push_str(&format!("link {at} serial1 64510 > 64502\nhas {at} serial1 64501\n")),
                _ => text.push_str(&format!("links {at} serial1\n")),
            }
        }
    }
    // Linked to both of them, to the earlier one under another label.
    text.push_str("link 2020-03 serial1 64510 = 64503\n");
    for month in 1..=12 {
        text.push_str(&format!("link 2023-{month:02} serial1 64510 > 64503\n"));
        for year in 2020..2023 {
            text.push_str(&format!("has {year}-{month:02} serial1 64503\n"));
        }
    }
    text.push_str("name 2020-06-01 asn2org EARLIER\nname 2023-06-01 asn2org PRESENT\n");
    let world = world(&text);
    let asns = |answer: &Answer| answer.members.iter().map(|m| m.asn.0).collect::<Vec<_>>();
    let present = ask(&world, None, None);
    assert_eq!(asns(&present), [64502, 64503]);
    let finding = present.findings.iter().find(|f| f.subject == Asn(64503)).unwrap();
    assert!(!finding.statement.contains("another label"), "{}", finding.statement);
    assert!(finding.evidence.iter().all(|e| !e.name.starts_with("2020")), "{:?}", finding.evidence);
    let before = ask(&world, Some("2020-08-01"), None);
    assert_eq!((asns(&before), before.found.holders.name_of(&before.found.era)), (vec![64501], Some("EARLIER")));
}

#[test]
fn a_gap_is_said_and_bounds_reach_over_it() {
    let text = "
        link 2024-07 serial1 64510 > 64501
        has 2024-07 serial1 64502
        link 2024-08 serial1 64510 > 64501
        has 2024-08 serial1 64502
        link 2025-09 serial1 64510 > 64501
        link 2025-09 serial1 64510 > 64502
    ";
    let world = world(text);
    let answer = ask(&world, None, None);
    assert_eq!(answer.with(Change::Joined), [64502]);
    // The one on both sides did not join; what it did in between is not known.
    let counts = &answer.found.counts;
    assert_eq!((answer.member(64501).over_gap, counts.over_gap, counts.start_open), (true, 1, 0));
    assert!(answer.found.counts.months.unwrap() > 12.0);
    let gap = answer.unknowns.iter().find(|u| u.why == Why::Gap).unwrap();
    assert_eq!(gap.from.map(|t| t.date()), Some("2024-08-05".to_owned()));
    // On a day in the gap the publication before it is told, and said to be that.
    let within = ask(&world, Some("2025-01-15"), None);
    assert_eq!(within.listed(), [64501]);
    assert!(within.unknowns.iter().any(|u| u.why == Why::Gap && u.what.contains("2025-01-15")));
    assert!(!ask(&world, Some("2024-08-20"), None).unknowns.iter().any(|u| u.why == Why::Gap));
}

#[test]
fn missing_data_names_what_cannot_be_said() {
    let nothing = ask(&World::default(), None, None);
    assert!(nothing.members.is_empty() && nothing.findings.is_empty());
    assert!(nothing.unknowns.iter().any(|u| u.why == Why::NoData && u.what.contains("no publication")));
    let early = ask(&world(FOUNDING), Some("2020-01-01"), None);
    assert!(early.members.is_empty());
    assert!(early.unknowns.iter().any(|u| u.what.contains("at or before 2020-01-01")));
    // An extract lists and never denies: who left is not known.
    let text = format!("{FOUNDING}\nlinks 2024-08 serial1 extract\nlink 2024-08 serial1 64510 > 64501\n");
    let answer = ask(&world(&text), None, None);
    assert_eq!(answer.found.publication().unwrap().from, t("2024-07-01"));
    // What this version does not look at is said beside every answer.
    assert!(answer.unknowns.iter().any(|u| u.what.contains("standby authorisations")));
}

#[test]
fn guesses_name_their_word_and_their_line() {
    let text = format!(
        "{FOUNDING}
        name 2024-01-01 asn2org EXAMPLE LAB AO
        named 2024-01-01 asn2org 64501 EXAMPLE LAB SWITZERLAND
        named 2024-01-01 asn2org 64502 Bank \"hosts\" of X
        named 2024-01-01 asn2org 64503 Sample
        tag 2024-05-01 64503 vpsh
        tag 2024-05-01 64503 a10k
        "
    );
    let answer = ask(&world(&text), Some("2024-06-15"), None);
    let kinds = |asn| answer.member(asn).guesses.iter().map(|g| g.kind).collect::<Vec<_>>();
    assert_eq!(kinds(64501), [Kind::OwnBody]);
    assert_eq!(kinds(64502), [Kind::Bank]);
    assert_eq!(kinds(64503), [Kind::Hosting]);
    let told: Vec<&str> =
        answer.findings.iter().filter(|f| f.method == "kinds/1").map(|f| f.statement.as_str()).collect();
    expect![[r#"
        AS64501 may be a network of the same body, a guess: its published name "EXAMPLE LAB SWITZERLAND" shares "example lab" with that of AS64510 (asn2org, file of 2024-01-01)
        AS64502 may be a bank or lender, a guess: its published name "Bank 'hosts' of X" has the word "bank" (asn2org, file of 2024-01-01)
        AS64503 may be a hosting network, a guess: it is published under the tag "vpsh" (bgptools-tags, file of 2024-05-01)"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn the_panel_counts_and_gives_no_verdict() {
    let link = |asn, kind, neighbour| LinkAt { asn: Asn(asn), kind, neighbour: Asn(neighbour), source: SourceId(1) };
    let links = [
        link(64501, Neighbour::Provider, 64510),
        link(64501, Neighbour::Peer, 64505),
        link(64502, Neighbour::Provider, 64508),
        link(64502, Neighbour::Provider, 64510),
        link(64502, Neighbour::Customer, 64506),
    ];
    let answer = ask_links(&world(FOUNDING), Ask { at: Some(t("2024-06-15")), since: None }, &links);
    let panel = &answer.panel;
    assert_eq!((panel.listed, panel.stubs, panel.sole, panel.returned), (2, 1, 1, 0));
    assert_eq!((panel.typed.len(), panel.typed[0].holds), (1, true));
    assert!(!answer.unknowns.iter().any(|u| u.what.contains("no row of the table")));
    // Before the date of its source the row says nothing.
    let before = ask(&world(FOUNDING), Some("2024-04-01"), None);
    assert!(!before.panel.typed[0].holds);
    assert!(before.unknowns.iter().any(|u| u.what.contains("no row of the table")));
    for text in
        answer.findings.iter().map(|f| f.statement.as_str()).chain(answer.unknowns.iter().map(|u| u.what.as_str()))
    {
        assert_eq!(reserved_in(text), [""; 0], "{text}");
        assert!(!text.contains("customer"), "{text}");
    }
}

#[test]
fn the_order_of_ingest_does_not_matter() {
    let text = format!("{FOUNDING}\nnamed 2024-01-01 asn2org 64502 EXAMPLE BANK\ntag 2024-05-01 64503 vpsh\n");
    let shown = |salt| {
        let answer = ask(&world_salted(&text, salt), None, None);
        serde_json::to_string(&(&answer.found, &answer.members, &answer.findings, &answer.unknowns)).unwrap()
    };
    for salt in 1..5 {
        assert_eq!(shown(0), shown(salt));
    }
}

#[test]
fn a_member_is_told_as_its_own_question_tells_it() {
    use headwater_finding::published::published;
    let answer = ask(&world(FOUNDING), None, None);
    let finding = answer.findings.iter().find(|f| f.subject == Asn(64502)).unwrap();
    // The same files from the side of the member, under its number.
    let mut own = world(FOUNDING);
    let mut sightings = Vec::new();
    for line in own.links.sightings.iter().filter(|s| s.neighbour == Asn(64502)) {
        sightings.push(headwater_route::rows::LinkSighting {
            neighbour: SUBJECT,
            kind: Neighbour::Provider,
            ..line.clone()
        });
    }
    for at in 0..3 {
        let evidence = headwater_route::Evidence { source: own.links.snapshots[at].source, offset: 77 };
        sightings.push(headwater_route::rows::LinkSighting {
            snapshot: at,
            neighbour: Asn(64507),
            kind: Neighbour::Provider,
            seen_by: String::new(),
            evidence,
        });
    }
    sightings.sort_by_key(|s| (s.snapshot, s.kind, s.neighbour));
    own.links.sightings = sightings;
    let all = headwater_route::Window::default();
    let (_, findings) = published(Asn(64502), &own.links, &all, &all, &own.sources, &rules());
    assert_eq!(findings.iter().find(|f| f.object == Some(SUBJECT)), Some(finding));
}
