//! The founding case on the shared data: what is read, what is told, and what is not.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::{json, run, shared_data, stdout};
use serde_json::Value;

/// Month, providers of AS200593, providers of AS198953.
type Row = (&'static str, &'static [u32], &'static [u32]);

/// Months and the providers CAIDA lists in them: the table of the founding case.
const PROVIDERS: &[Row] = &[
    ("2023-01", &[31500, 35000], &[]),
    ("2023-02", &[31500, 35000], &[]),
    ("2023-03", &[31500, 35000], &[]),
    ("2023-04", &[9049, 31500, 35000], &[]),
    ("2023-05", &[9049, 31500, 35000], &[31500]),
    ("2023-06", &[9049, 31500, 35000], &[9049, 31500]),
    ("2023-07", &[9049, 31500, 35000], &[9049, 31500]),
    ("2023-08", &[9049, 31500, 35000], &[9049, 31500]),
    ("2023-09", &[9049, 31500, 35000], &[9049, 31500, 201706]),
    ("2023-10", &[9049, 31500, 35000], &[31500, 201706]),
    ("2023-11", &[31500, 35000, 50509], &[31500, 35000, 50509]),
    ("2023-12", &[20764, 35000, 50509], &[20764, 35000, 50509]),
    ("2024-01", &[20764, 35000], &[20764, 35000, 50509]),
    ("2024-02", &[20764, 35000, 201706], &[20764, 35000, 50509, 201706]),
    ("2024-03", &[9049, 35000, 50509], &[20764, 35000, 50509]),
    ("2024-04", &[35000], &[20764, 35000, 50509]),
    ("2024-05", &[3216, 35000], &[3216, 20764, 35000, 50509]),
    ("2024-06", &[3216, 35000, 209030], &[3216, 20764, 35000, 50509]),
    ("2024-07", &[3216, 9002, 35598, 209030], &[3216, 9002, 20764, 35598, 201706]),
    ("2024-08", &[3216, 9002, 31133, 35000, 209030], &[3216, 9002, 20764, 35000, 35598, 201706]),
    ("2025-09", &[3216, 35598, 51028, 62255], &[3216, 9049, 35598, 51028, 62255]),
];

/// A history of everything in the shared data, read once for all tests of this file; `None` without the data.
fn history() -> Option<&'static Path> {
    static HISTORY: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let made = HISTORY.get_or_init(|| {
        let data = shared_data()?;
        let dir = tempfile::tempdir().expect("a temporary directory");
        let history = dir.path().join("history");
        // Some of the files are damaged, of another kind or undated: they are told, and the exit code says so.
        run(&history, &["ingest", data.to_str().expect("a UTF-8 path"), "--quiet"], 2);
        Some((dir, history))
    });
    made.as_ref().map(|(_, history)| history.as_path())
}

/// Month → networks listed as provider in the present era.
fn table(answer: &Value) -> BTreeMap<String, BTreeSet<u32>> {
    let era = answer["data"]["eras"].as_array().and_then(|eras| eras.last()).expect("an era");
    let publications = era["published"]["publications"].as_array().expect("publications");
    let mut out: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for upstream in era["published"]["upstreams"].as_array().expect("upstreams") {
        let cells = upstream["cells"].as_array().expect("cells");
        assert_eq!(cells.len(), publications.len());
        for (cell, publication) in cells.iter().zip(publications) {
            if cell == "provider" {
                let month = publication["from"].as_str().expect("a time")[..7].to_owned();
                out.entry(month).or_default().insert(upstream["asn"].as_u64().expect("a number") as u32);
            }
        }
    }
    out
}

fn expected(column: fn(&Row) -> Vec<u32>) -> BTreeMap<String, BTreeSet<u32>> {
    PROVIDERS
        .iter()
        .map(|row| (row.0.to_owned(), column(row).into_iter().collect::<BTreeSet<u32>>()))
        .filter(|(_, providers)| !providers.is_empty())
        .collect()
}

fn upstream(answer: &Value, asn: u64) -> &Value {
    let era = answer["data"]["eras"].as_array().and_then(|eras| eras.last()).expect("an era");
    let all = era["published"]["upstreams"].as_array().expect("upstreams");
    all.iter().find(|u| u["asn"] == asn).unwrap_or_else(|| panic!("AS{asn} is not listed"))
}

#[test]
fn carriers_of_the_founding_case_are_those_of_the_files() {
    let Some(history) = history() else { return };
    let answer = json(history, &["carriers", "AS200593"], 2);
    assert_eq!(table(&answer), expected(|row| row.1.to_vec()));
    let periods = upstream(&answer, 209030)["periods"].as_array().expect("periods").clone();
    assert_eq!(periods.len(), 1);
    let bound = |key: &str| periods[0][key].as_str().expect("a bound").to_owned();
    assert_eq!((bound("from_after"), bound("from_by")), ("2024-05-05T23:59:59Z".into(), "2024-06-05T23:59:59Z".into()));
    assert_eq!((bound("to_after"), bound("to_by")), ("2024-08-01T00:00:00Z".into(), "2025-09-01T00:00:00Z".into()));
    assert_eq!((periods[0]["seen"].as_u64(), periods[0]["of"].as_u64()), (Some(3), Some(3)));

    // Nothing of the earlier holder of the number under the present one.
    let text = stdout(&run(history, &["carriers", "AS200593"], 2));
    assert!(!text.contains("AS43370"), "{text}");
    assert!(text.contains("PROSPERO"), "{text}");
    let earlier = stdout(&run(history, &["carriers", "AS200593", "--earlier"], 2));
    assert!(earlier.contains("AS43370"), "{earlier}");
    let eras = answer["data"]["eras"].as_array().expect("eras");
    let listed = |era: &Value| era["published"]["upstreams"].to_string();
    assert!(!listed(eras.last().expect("an era")).contains("43370"));
    assert!(eras[..eras.len() - 1].iter().any(|era| listed(era).contains("43370")));

    // The year without files is a gap, not an end of those listed on both sides of it.
    let vimpelcom = upstream(&answer, 3216)["periods"].as_array().expect("periods").clone();
    assert_eq!((vimpelcom.len(), &vimpelcom[0]["end"], &vimpelcom[1]["start"]), (2, &"gap".into(), &"gap".into()));
    assert!(answer["gaps"].to_string().contains("2024-08-05"), "{}", answer["gaps"]);
}

#[test]
fn the_other_network_does_not_inherit_the_years_before() {
    let Some(history) = history() else { return };
    let answer = json(history, &["carriers", "198953"], 2);
    assert_eq!(table(&answer), expected(|row| row.2.to_vec()));
    let era = answer["data"]["eras"].as_array().and_then(|eras| eras.last()).expect("an era");
    assert!(era["era"]["after"].as_str().expect("a start") > "2022-07", "{}", era["era"]);
    let first =
        era["published"]["upstreams"].as_array().into_iter().flatten().map(|u| u["periods"][0]["from_by"].clone());
    assert!(first.map(|t| t.as_str().expect("a time").to_owned()).min().expect("a carrier").as_str() >= "2023");
    for asn in [15935, 2819, 5588] {
        assert!(!era["published"].to_string().contains(&format!("\"asn\":{asn},")), "AS{asn}");
    }
}

#[test]
fn holders_of_a_reused_number_are_told_apart() {
    let Some(history) = history() else { return };
    let answer = json(history, &["holders", "AS200593"], 2);
    let holders = answer["data"]["holders"].as_array().expect("holders");
    assert_eq!(holders.len(), 2, "{holders:#?}");
    assert!(holders[0]["names"].to_string().contains("Mega Development"));
    assert_eq!(holders[1]["began"], "probably_reissued");
    assert_eq!(holders[1]["from_after"], "2022-10-01T00:00:00Z");
    assert!(holders[1]["from_by"].as_str().expect("a time") <= "2023-01-05T23:59:59Z");

    let answer = json(history, &["holders", "AS198953"], 2);
    let holders = answer["data"]["holders"].as_array().expect("holders");
    assert_eq!(holders.len(), 2, "{holders:#?}");
    assert!(holders[0]["names"].to_string().contains("PricewaterhouseCoopers"));
    let start = (holders[1]["from_after"].as_str().expect("a time"), holders[1]["from_by"].as_str().expect("a time"));
    assert!(start.0 >= "2022-07" && start.1 <= "2023-05-06", "{start:?}");
}

#[test]
fn an_origin_has_honest_bounds() {
    let Some(history) = history() else { return };
    let answer = json(history, &["origin", "45.134.26.0/24"], 2);
    let published = answer["data"]["published"].as_array().expect("origins");
    let day = |value: &Value| value.as_str().map_or("-".to_owned(), |time| time[..10].to_owned());
    let mut told: Vec<String> = published
        .iter()
        .map(|o| {
            let p = &o["periods"][0];
            let bounds = [&p["from_after"], &p["from_by"], &p["to_after"], &p["to_by"]].map(day);
            format!("{} {} {}", o["series"].as_str().expect("a series"), o["asn"], bounds.join(" "))
        })
        .collect();
    told.sort();
    // The country row of 2022-10-29 has no network: it does not say that nobody announced the prefix.
    assert_eq!(
        told,
        [
            "ipfire-location 198953 - 2025-03-26 2025-03-26 2026-08-22",
            "ipfire-location 48207 2025-03-26 2026-08-22 2026-08-22 -",
            "iplocdb-asn 198953 - 2025-04-02 2025-04-02 2026-06-17",
            "iplocdb-asn 48207 2025-04-02 2026-06-17 2026-06-17 -",
            "pyasn-ipasn 290 - 2008-05-01 2008-05-01 2014-05-13",
        ]
    );
    let between = json(history, &["origin", "45.134.26.0/24", "--at", "2025-12-24"], 2);
    assert_eq!(between["data"]["at"]["iplocdb-asn"]["match"], "changed_between");
    let text = stdout(&run(history, &["origin", "45.134.26.77"], 2));
    assert!(text.contains("AS198953") && text.contains("AS48207"), "{text}");
}

fn members(answer: &Value) -> &Vec<Value> {
    answer["data"]["members"].as_array().expect("members")
}

fn asns<'v>(members: impl IntoIterator<Item = &'v Value>) -> BTreeSet<u64> {
    members.into_iter().map(|m| m["asn"].as_u64().expect("a number")).collect()
}

#[test]
fn the_carrier_of_the_founding_case_shows_whom_it_carries() {
    let Some(history) = history() else { return };
    let answer = json(history, &["carried-by", "AS209030", "--at", "2024-06-01"], 2);
    let listed: Vec<&Value> = members(&answer).iter().filter(|m| m["state"] == "listed").collect();
    let expected = [8484, 15632, 34802, 34887, 44915, 50586, 59434, 60343, 60388, 60865, 196699, 200107, 200593];
    assert_eq!(asns(listed.iter().copied()), BTreeSet::from(expected));
    assert_eq!(answer["data"]["counts"]["listed"], 13);
    let kind = |wanted: &str| {
        let is = |m: &&&Value| m["guesses"].as_array().expect("guesses").iter().any(|g| g["kind"] == wanted);
        asns(listed.iter().filter(is).copied())
    };
    assert_eq!(kind("bank"), BTreeSet::from([15632, 34802, 44915, 50586, 60343, 60865]));
    assert_eq!(kind("own_body"), BTreeSet::from([200107]));
    // The only one that joined in that month, with the bounds that its own question gives.
    let joined: Vec<&Value> = listed.iter().filter(|m| m["change"] == "joined").copied().collect();
    assert_eq!(asns(joined.iter().copied()), BTreeSet::from([200593]));
    assert_eq!(answer["data"]["counts"]["joined"], 1);
    let own = json(history, &["carriers", "AS200593"], 2);
    assert_eq!(joined[0]["finding"], upstream(&own, 209030)["finding"]);
    assert_eq!(joined[0]["providers"], serde_json::json!([3216, 35000, 209030]));
    assert!(joined[0]["holder"].as_str().expect("a name").contains("PROSPERO"));
    // These have no other listed provider.
    let sole = listed.iter().filter(|m| m["providers"] == serde_json::json!([209030])).copied();
    assert!(asns(sole).is_superset(&BTreeSet::from([44915, 50586, 59434, 60865])));

    let upstreams = answer["data"]["upstreams"]["upstreams"].as_array().expect("upstreams");
    assert_eq!(asns(upstreams), BTreeSet::from([3216, 3327, 9002, 9049, 12695, 20764]));
    assert_eq!(answer["data"]["panel"]["typed"][0]["type"], "dps_capable");
    let text = stdout(&run(history, &["carried-by", "AS209030", "--at", "2024-06-01"], 2)).to_lowercase();
    for word in headwater_words().into_iter().chain(["customer", "protects", "hosts "]) {
        assert!(!text.contains(word), "{word}: {text}");
    }

    let july = json(history, &["carried-by", "AS209030", "--at", "2024-07-01", "--joined"], 2);
    assert_eq!(asns(members(&july)), BTreeSet::from([41706]));
}

#[test]
fn a_carriers_list_does_not_cross_the_holders_of_its_members() {
    let Some(history) = history() else { return };
    // The number was carried by AS43370 under another holder, years before the present one.
    let answer = json(history, &["carried-by", "AS43370", "--all", "--match", "AS200593"], 2);
    let found = members(&answer);
    assert!(!found.is_empty());
    for member in found {
        assert!(!member["holder"].to_string().contains("PROSPERO"), "{member}");
        assert!(member["era"]["up_to"].as_str().expect("an end") < "2023-02", "{member}");
    }
}

#[test]
fn every_finding_can_be_explained_from_the_bytes() {
    let Some(history) = history() else { return };
    let answer = json(history, &["carriers", "AS200593"], 2);
    let finding = upstream(&answer, 209030)["finding"].as_str().expect("an id").to_owned();
    let explained = json(history, &["explain", &finding, "--all"], 0);
    let evidence = explained["data"]["evidence"].as_array().expect("evidence");
    let lines: Vec<&str> = evidence.iter().filter_map(|e| e["line"].as_str()).collect();
    assert!(lines.contains(&"209030|200593|-1"), "{lines:?}");
    assert!(lines.contains(&"209030|200593|-1|bgp"), "{lines:?}");
    // The files that lack the link are evidence as a whole.
    assert!(evidence.iter().any(|e| e["found"] == "whole"));
    assert!(evidence.iter().all(|e| e["found"] != "missing"), "{evidence:#?}");

    // Names come from a member of an archive.
    let holders = json(history, &["holders", "AS200593"], 2);
    let finding = holders["data"]["holders"][1]["finding"].as_str().expect("an id").to_owned();
    let text = stdout(&run(history, &["explain", &finding, "--all"], 0));
    assert!(text.contains("200593,\"PROSPERO\""), "{text}");
}

#[test]
fn an_account_starts_with_what_matters_and_ends_with_what_is_not_known() {
    let Some(history) = history() else { return };
    let text = stdout(&run(history, &["investigate", "AS200593"], 2));
    let (summary, rest) = text.split_once("\n\n").expect("a summary");
    assert!(summary.contains("AS3216") && summary.contains("AS209030"), "{summary}");
    assert!(rest.contains("What could not be known"), "{rest}");
    let lower = text.to_lowercase();
    for word in headwater_words() {
        assert!(!lower.contains(word), "{word}: {text}");
    }
}

/// Words a report never has of its own.
fn headwater_words() -> [&'static str; 6] {
    ["bulletproof", "criminal", "complicit", "knowingly", "rogue", "harbour"]
}

#[test]
fn reading_everything_again_changes_nothing() {
    let (Some(history), Some(data)) = (history(), shared_data()) else { return };
    let names = data.join("as-names");
    let before = stdout(&run(history, &["sources", "--json"], 0));
    let again = json(history, &["ingest", names.to_str().expect("a UTF-8 path")], 2);
    assert_eq!(again["data"]["read"].as_array().map(Vec::len), Some(0), "{again:#}");
    assert_eq!(stdout(&run(history, &["sources", "--json"], 0)), before);
}

/// The denial of the founding case, tested: what fits, what does not, what was not seen, and what these files cannot test. No
/// rung of the ladder is reached without routes, and no explanation is put before another.
#[test]
fn the_denial_is_tested_and_not_judged() {
    let Some(history) = history() else { return };
    let args = ["rivals", "AS200593", "AS209030", "--claim", "third-party-between", "--claim", "began=2024-12-01"];
    let answer = json(history, &args, 2);
    let data = &answer["data"];
    let predictions = data["claims"][0]["predictions"].as_array().expect("predictions");
    let verdicts: Vec<&str> = predictions.iter().map(|p| p["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts, ["does_not_fit", "not_seen", "not_seen", "not_seen", "not_tested"]);
    let says = |at: usize| predictions[at]["says"].as_str().expect("a sentence").to_owned();
    assert!(says(0).contains("unless the third network hides its number"), "{}", says(0));
    assert!(says(2).contains("AS60388 has 3 (AS50477, AS205062, AS209248)"), "{}", says(2));
    assert!(says(3).contains("2024-06-01: none; 2024-07-01: AS41706"), "{}", says(3));
    // The published date lies after the first sighting, in a time without files.
    let date = &data["claims"][1]["predictions"][0];
    assert_eq!(date["verdict"], "cannot_tell");
    assert!(date["says"].as_str().expect("a sentence").contains("a second start then is possible"));

    assert_eq!((&data["ladder"]["reached"], &data["matrix"]["ranking"]), (&Value::Null, &Value::Null));
    assert_eq!(data["roles"]["verdict"], "adjacent");
    assert_eq!(data["roles"]["published"], "provider, as inferred by caida-serial1 and caida-serial2");
    let outcome = |id: &str| {
        let all = data["matrix"]["outcomes"].as_array().expect("outcomes");
        all.iter().find(|o| o["id"] == id).unwrap_or_else(|| panic!("{id}")).clone()
    };
    assert_eq!((&outcome("T7")["state"], &outcome("T17")["state"]), (&"no".into(), &"yes".into()));
    for id in ["T1", "T2", "T3", "T5", "T8"] {
        assert_eq!(outcome(id)["state"], "cannot_tell", "{id}");
        assert!(outcome(id)["needs"].as_str().is_some_and(|needs| needs.contains("route collectors")), "{id}");
    }
    let text = stdout(&run(history, &args, 2));
    for word in ["protects", "customer of", "bulletproof", "knowingly"] {
        assert!(!text.to_lowercase().contains(word), "{word}: {text}");
    }
    // A carrier for two single months, with a month between, is told as such.
    let control = json(history, &["rivals", "AS206728", "AS57724"], 2);
    assert_eq!(control["data"]["listed"].as_array().map(Vec::len), Some(2));
}

/// What came and went, by the month: both bounds, and no replacement where one publication lists both.
#[test]
fn changes_of_the_founding_case_have_both_bounds() {
    let Some(history) = history() else { return };
    let answer = json(history, &["changes", "AS200593", "--from", "2024-05-01"], 2);
    let changes = answer["data"]["changes"].as_array().expect("changes");
    let of = |kind: &str, upstream: u64| {
        let mine = changes.iter().filter(|c| c["kind"] == kind && c["upstream"] == upstream);
        mine.map(|c| {
            (c["after"].as_str().expect("a time")[..10].to_owned(), c["by"].as_str().expect("a time")[..10].to_owned())
        })
        .collect::<Vec<_>>()
    };
    let bounds = |after: &str, by: &str| vec![(after.to_owned(), by.to_owned())];
    assert_eq!(of("upstream_added", 209030), bounds("2024-05-05", "2024-06-05"));
    assert_eq!(of("upstream_lost", 209030), bounds("2024-08-01", "2025-09-01"));
    // AS35000 is listed beside it in the same publication.
    assert!(changes.iter().all(|c| c["kind"] != "upstream_replaced"), "{changes:?}");
    assert!(changes.iter().any(|c| c["kind"] == "observation_gap" && c["after"] == "2024-08-05T23:59:59Z"));
    // Nothing of another holder's time.
    assert!(changes.iter().all(|c| c["upstream"] != 43370 && c["replaced"] != 43370));
}
