//! One network in one account: summary sentences, eras, and the words of all of it.

mod common;

use common::{SUBJECT, World, dumps, lint, registry, rules, t, world, world_salted};
use expect_test::expect;
use headwater_finding::account::{Account, Names, Rows, carriers};
use headwater_finding::finding::{Finding, Unknown};
use headwater_finding::origins::ranges;
use headwater_finding::vantage::standing::Standing;
use headwater_finding::words::reserved_in;
use headwater_route::{Asn, Window};

fn ask_in(world: &World, window: Window) -> (Account, Vec<Finding>, Vec<Unknown>) {
    let World { links, holders, routes, sources, origins, .. } = world;
    let standing = Standing::default();
    let rows = Rows { links, holders, routes, standing: &standing, sources };
    let names = Names::from([(Asn(64501), "BULLETPROOF \"hosts\" Ltd".to_owned()), (Asn(64508), "TRANSIT".to_owned())]);
    let (carried, mut findings, unknowns) = carriers(SUBJECT, &rows, &registry(), &window, &rules());
    let (given, mut stated) = ranges(SUBJECT, origins, sources, &rules());
    findings.append(&mut stated);
    let found = (Account::new(carried, given, &names, &unknowns), findings, unknowns);
    lint(&found.1, &found.2);
    for sentence in &found.0.summary {
        assert_eq!(reserved_in(sentence), [""; 0], "{sentence}");
    }
    found
}

fn ask(world: &World) -> (Account, Vec<Finding>, Vec<Unknown>) {
    ask_in(world, Window::default())
}

fn full() -> String {
    format!(
        "{}
        link 2023-11 serial1 64502 > 64510
        link 2023-12 serial1 64501 > 64510
        link 2023-12 serial1 64502 > 64510
        link 2024-01 serial1 64502 > 64510
        name 2023-01-01 asn2org EXAMPLE OOO
        name 2024-01-01 asn2org EXAMPLE OOO
        origin 2024-01-01 alpha 192.0.2.0/24 64510
        ",
        dumps(7, 0..=3, |c, _| Some(if c < 2 { "64508" } else { "64507" }))
    )
}

#[test]
fn what_matters_most_comes_first() {
    let (account, ..) = ask(&world(&full()));
    expect![[r#"
        Observed routes (IPv4), 2024-01-04: next to AS64510, of 7 vantages with a route: AS64507 at 5, AS64508 ("TRANSIT") at 2.
        Published relationships (inferred), newest of 2024-01-01 to 2024-01-05: AS64502 listed as provider of AS64510.
        Listed earlier: AS64501 ("BULLETPROOF 'hosts' Ltd"), first listed after 2023-11-05 and by 2023-12-05, last listed at or after 2023-12-01, not listed at 2024-01-01 (in 1 of 1 monthly publications).
        alpha gives AS64510 one range on 2024-01-01: 192.0.2.0/24.
        AS64510 was published under the name "EXAMPLE OOO", first at or before 2023-01-01, last in the file of 2024-01-01.
        3 things could not be known from what was read."#]]
    .assert_eq(&account.summary.join("\n"));
}

#[test]
fn nothing_read_says_so() {
    let (account, findings, unknowns) = ask(&World::default());
    assert!(findings.is_empty() && !unknowns.is_empty());
    assert_eq!(account.summary[0], "No source that was read shows a network next to AS64510 in the time asked about.");
}

#[test]
fn an_extract_never_says_that_nobody_is_listed() {
    let text = "
        link 2024-01 serial1 64501 > 64510
        link 2024-01 serial1 64502 > 64510
        links 2024-02 serial1 extract
        link 2024-02 serial1 64502 > 64510
    ";
    let (account, ..) = ask(&world(text));
    // The newest whole file tells; the extract after it takes nobody away.
    let told = &account.summary[0];
    assert!(told.contains("newest of 2024-01-01") && told.contains("AS64501") && told.contains("AS64502"), "{told}");
}

#[test]
fn later_files_without_the_network_are_told() {
    let (account, ..) = ask(&world("link 2024-01 serial1 64501 > 64510\nlinks 2024-02 serial1\nlinks 2024-03 serial1"));
    assert_eq!(account.summary[1], "That of 2024-03-01 to 2024-03-05 lacks AS64510 itself.");
}

#[test]
fn the_window_decides_what_is_newest() {
    let window = Window { from: None, to: Some(t("2023-12-31")) };
    let (account, ..) = ask_in(&world(&full()), window);
    let told = &account.summary[0];
    assert!(told.contains("newest of 2023-12-01") && told.contains("AS64501"), "{told}");
    assert!(account.summary.iter().all(|s| !s.starts_with("Listed earlier")));
}

#[test]
fn nothing_of_an_earlier_holder_is_told_of_the_present_one() {
    let mut text = "name 2019-01-01 asn2org EARLIER\nname 2023-01-01 asn2org PRESENT\n".to_owned();
    for year in 2019..=2023 {
        for month in 1..=12 {
            let at = format!("{year}-{month:02}");
            text.push_str(&match year {
                2019 => format!("link {at} serial1 64501 > 64510\n"),
                2023 => format!("link {at} serial1 64502 > 64510\n"),
                _ => format!("links {at} serial1\n"),
            });
        }
    }
    let world = world(&text);
    let (account, ..) = ask(&world);
    assert!(account.summary.iter().all(|s| !s.contains("AS64501")), "{:?}", account.summary);
    assert!(account.summary.iter().any(|s| s.contains("probably had another holder before")));
    let World { links, holders, routes, sources, .. } = &world;
    let standing = Standing::default();
    let rows = Rows { links, holders, routes, standing: &standing, sources };
    let (found, ..) = carriers(SUBJECT, &rows, &registry(), &Window::default(), &rules());
    let listed = |era: usize| found.eras[era].published.upstreams.iter().map(|u| u.asn.0).collect::<Vec<_>>();
    assert_eq!((listed(0), listed(1)), (vec![64501], vec![64502]));
}

#[test]
fn the_order_of_ingest_does_not_matter() {
    let shown = |salt| serde_json::to_string(&ask(&world_salted(&full(), salt))).unwrap();
    for salt in 1..6 {
        assert_eq!(shown(0), shown(salt));
    }
}

/// No literal of the methods themselves holds a reserved word, save the list of them.
#[test]
fn no_sentence_in_the_source_has_a_reserved_word() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    for path in sources(&dir) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let mut list = false;
        for (number, line) in code.lines().enumerate() {
            list |= line.starts_with("pub const RESERVED");
            if !list && !line.trim_start().starts_with("//") {
                let literals: String = literals(line).join(" ");
                read += literals.len();
                assert_eq!(reserved_in(&literals), [""; 0], "{}:{}", path.display(), number + 1);
            }
            list &= line != "];";
        }
    }
    assert!(read > 5000, "{read} characters of literals");
}

/// Every source file below a directory.
fn sources(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The text of the string literals of a line; of one that runs on from the line before, the line.
fn literals(line: &str) -> Vec<String> {
    let plain = line.replace("\\\"", "'").replace("'\"'", "");
    if !plain.contains('"') {
        return if plain.trim_start().starts_with(|c: char| c.is_lowercase()) { vec![plain] } else { Vec::new() };
    }
    plain.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
