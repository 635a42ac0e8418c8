//! `relations` as a user meets it, on invented worlds.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{headwater, json, run, stderr, stdout};
use serde_json::Value;

/// A world of six days with relationship files, in which a network gets a second carrier.
fn world(dir: &Path, collectors: u32) -> PathBuf {
    let scenario = dir.join("watched.toml");
    let text = format!(
        r#"
name = "watched"
[calendar]
from = "2024-03-01"
until = "2024-03-07"
dumps_every = "1d"
updates_every = "0h"
[topology]
networks = 400
[table]
v4 = 600
v6 = 200
[observers]
collectors = {collectors}
vantages = 4
partial_permille = 100
[noise]
flaps_a_day_permille = 0
resets_a_day_permille = 0
[[network]]
asn = 64501
kind = "regional"
crowd_providers = 2
[[network]]
asn = 64505
kind = "regional"
crowd_providers = 3
[[network]]
asn = 64510
name = "Sample Hosting LLC"
providers = [64501]
prefixes = ["203.0.113.0/24", "198.51.100.0/24"]
[[event]]
at = "2024-03-04T10:15:00Z"
what.carrier_added = {{ network = "AS64510", carrier = "AS64505" }}
"#
    );
    fs::write(&scenario, text).unwrap();
    let files = dir.join("world");
    let shown = |path: &Path| path.to_str().unwrap().to_owned();
    run(&dir.join("unused"), &["simulate", &shown(&scenario), "-o", &shown(&files)], 0);
    let history = dir.join("history");
    // What beside the archives is written of a world is no input.
    run(&history, &["ingest", &shown(&files)], 2);
    history
}

fn neighbour(answer: &Value, asn: u64) -> Value {
    let all = answer["data"]["families"][0]["neighbours"].as_array().unwrap();
    all.iter().find(|n| n["asn"] == asn).cloned().unwrap_or_default()
}

#[test]
fn neighbours_are_told_with_evidence_and_published_labels_beside() {
    let dir = tempfile::tempdir().unwrap();
    let history = world(dir.path(), 8);
    let answer = json(&history, &["relations", "AS64510", "--at", "2024-03-02"], 0);
    assert_eq!((&answer["schema"], &answer["status"]), (&"headwater.relations/1".into(), &"ok".into()));
    let family = &answer["data"]["families"][0];
    assert_eq!(
        (&family["family"], &family["looked"]["dumps"][0]["at"]),
        (&"ipv4".into(), &"2024-03-02T00:00:00Z".into())
    );
    let carrier = neighbour(&answer, 64501);
    assert_eq!((&carrier["label"], &carrier["stub"]), (&"provider".into(), &true.into()), "{carrier}");
    assert!(carrier["support"]["proofs"].as_u64() > Some(0) && carrier["support"]["prefixes"] == 2, "{carrier}");
    assert_eq!(carrier["published"][0]["label"], "provider");
    // On whom it depends, and that it carries nobody.
    assert_eq!(family["hegemony"]["networks"][0], serde_json::json!([64501, 1.0]));
    assert_eq!(family["cone"], serde_json::json!({ "networks": 1, "prefixes": 2, "slash24s": 2 }));

    // The other end tells the same link, and who stands behind it.
    let above = json(&history, &["relations", "64501", "--at", "2024-03-02", "--label", "customer"], 0);
    assert_eq!(neighbour(&above, 64510)["label"], "customer");
    assert!(above["data"]["families"][0]["cone"]["networks"].as_u64() >= Some(2));

    // The finding leads to the bytes.
    let id = carrier["finding"].as_str().unwrap();
    let finding = answer["findings"].as_array().unwrap().iter().find(|f| f["id"] == id).unwrap().clone();
    assert_eq!((&finding["class"], &finding["object"]), (&"inferred".into(), &64501.into()));
    let text = stdout(&run(&history, &["explain", id], 0));
    assert!(text.contains("64501 64510"), "{text}");

    let text = stdout(&run(&history, &["relations", "AS64510", "--at", "2024-03-02"], 0));
    for words in [
        "IPv4",
        "8 independent clusters with a full feed",
        "provider",
        "caida-serial1 2024-03-01",
        "Customer cone: AS64510 alone",
        "Hegemony over its prefixes: AS64501 1.00",
        "most links of peers are of this kind",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_window_shows_what_began_in_it_and_pages_are_not_cut_silently() {
    let dir = tempfile::tempdir().unwrap();
    let history = world(dir.path(), 8);
    let answer = json(&history, &["relations", "AS64510", "--at", "2024-03-06", "--since", "2024-03-02"], 0);
    let (old, new) = (neighbour(&answer, 64501), neighbour(&answer, 64505));
    assert_eq!((&old["support"]["times"], &new["support"]["times"]), (&2.into(), &1.into()));
    // A new link of a small network: hard to be sure of.
    assert_eq!((&old["label"], &new["certainty"]), (&"provider".into(), &"low".into()), "{new}");
    assert_eq!(answer["data"]["families"][0]["earlier"]["dumps"][0]["at"], "2024-03-02T00:00:00Z");

    let page = run(&history, &["relations", "AS64510", "--at", "2024-03-06", "--limit", "1"], 0);
    assert!(stderr(&page).contains("1 to 1 of 2 neighbours in IPv4 are listed"), "{}", stderr(&page));
    let wrong = run(&history, &["relations", "AS64510", "--at", "2024-03-02", "--since", "2024-03-06"], 3);
    assert!(stderr(&wrong).contains("exchange the two"));
}

#[test]
fn too_few_clusters_give_no_relationships_and_no_dump_near_gives_none() {
    let dir = tempfile::tempdir().unwrap();
    let history = world(dir.path(), 2);
    let answer = json(&history, &["relations", "AS64510", "--at", "2024-03-02"], 2);
    let family = &answer["data"]["families"][0];
    assert_eq!((&family["neighbours"], &family["cone"]), (&serde_json::json!([]), &Value::Null));
    // What rests on no label is still told.
    assert_eq!(family["hegemony"]["networks"][0][0], 64501);
    let why: Vec<&str> = answer["gaps"].as_array().unwrap().iter().filter_map(|gap| gap["why"].as_str()).collect();
    assert!(why.contains(&"insufficient_cohort"), "{why:?}");
    // Each peer a cluster, as a setting.
    let config = dir.path().join("config.toml");
    fs::write(&config, "[methods]\nrelation_collector_clusters = false\nrelation_clusters = 4\n").unwrap();
    let mut command = headwater(&history);
    let found = command.args(["relations", "AS64510", "--at", "2024-03-02", "--config", config.to_str().unwrap()]);
    let found = found.output().unwrap();
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    assert!(stdout(&found).contains("provider"), "{}", stdout(&found));

    let answer = json(&history, &["relations", "AS64510", "--at", "2023-01-01"], 2);
    assert_eq!(answer["data"]["families"], serde_json::json!([]));
    assert!(answer["gaps"][0]["what"].as_str().unwrap().contains("no dump of about that time"));
}
