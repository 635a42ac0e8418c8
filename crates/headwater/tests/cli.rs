//! The program as a user meets it: good input, bad input, and what it says then.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use common::tables::write_table;
use common::{headwater, json, run, stderr, stdout};
use serde_json::Value;

/// Relationship files and names of documentation numbers; the names of one network are hostile.
fn write_inputs(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    for (month, carriers) in [("202401", &[64501u32][..]), ("202402", &[64501, 64502]), ("202403", &[64502])] {
        let mut text = String::from("# input clique: 64496\n# IXP ASes: 64509\n");
        for day in 1..=5 {
            text += &format!("# source:topology|BGP|{month}{day:02}|example|example-1\n");
        }
        text += "64496|64501|-1\n64496|64502|-1\n";
        for carrier in carriers {
            text += &format!("{carrier}|64510|-1\n");
        }
        fs::write(dir.join(format!("{month}01.as-rel.txt")), text).unwrap();
    }
    let names = "\"asn\",\"name\",\"source\"\n\
                 64501,\"=HYPERLINK(\"\"http://192.0.2.1\"\"),<b>Carrier</b>\",\"EXAMPLE\"\n\
                 64502,\"evil\u{1b}]0;title\u{7}\u{202e}net\",\"EXAMPLE\"\n\
                 64510,\"Example, Hosting LLC\",\"EXAMPLE\"\n";
    fs::write(dir.join("asns.2024-02-01.csv"), names).unwrap();
}

struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let world = World { dir: tempfile::tempdir().unwrap() };
        write_inputs(&world.path("data"));
        world
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn data(&self) -> String {
        self.path("data").to_str().unwrap().to_owned()
    }
}

#[test]
fn reading_again_and_in_another_order_changes_nothing() {
    let world = World::new();
    let (one, two) = (world.path("one"), world.path("two"));
    run(&one, &["ingest", &world.data()], 0);
    let again = json(&one, &["ingest", &world.data()], 0);
    assert_eq!(
        (again["data"]["read"].as_array().unwrap().len(), &again["data"]["already_known"]),
        (0, &Value::from(4))
    );

    let mut files: Vec<_> = fs::read_dir(world.path("data")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for file in files.iter().rev() {
        run(&two, &["ingest", file.to_str().unwrap()], 0);
    }
    for question in [&["carriers", "64510"][..], &["holders", "64510"], &["investigate", "AS64510"], &["sources"]] {
        assert_eq!(json(&one, question, code_of(question)), json(&two, question, code_of(question)), "{question:?}");
    }
}

fn code_of(question: &[&str]) -> i32 {
    // Documentation numbers are no networks outside an invented world, but published links and names of them are still told.
    if question[0] == "origin" { 2 } else { 0 }
}

#[test]
fn carriers_are_told_with_both_bounds_and_explained_from_the_bytes() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let text = stdout(&run(&history, &["carriers", "AS64510"], 0));
    assert!(text.contains("after 2024-01-05, by 2024-02-05"), "{text}");
    assert!(text.contains("from 2024-02-01, before 2024-03-01"), "{text}");
    let answer = json(&history, &["carriers", "AS64510"], 0);
    assert_eq!(answer["schema"], "headwater.carriers/1");
    let finding = answer["findings"].as_array().unwrap().iter().find(|f| f["object"] == 64502).unwrap();
    assert!(finding["evidence"][0]["sha256"].as_str().unwrap().len() == 64);
    let text = stdout(&run(&history, &["explain", finding["id"].as_str().unwrap()], 0));
    assert!(text.contains("64502|64510|-1") && text.contains("sha256"), "{text}");

    // A source that was changed since is not passed off as evidence.
    fs::write(world.path("data/20240201.as-rel.txt"), "64502|64510|-1\n").unwrap();
    let text = stdout(&run(&history, &["explain", finding["id"].as_str().unwrap()], 2));
    assert!(text.contains("it is not the source that was read"), "{text}");
}

#[test]
fn a_window_leaves_out_what_lies_outside_and_keeps_bounds() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let carriers = |args: &[&str], code| {
        let answer = json(&history, args, code);
        let era = answer["data"]["eras"].as_array().unwrap().last().unwrap().clone();
        let asns: Vec<u64> =
            era["published"]["upstreams"].as_array().unwrap().iter().map(|u| u["asn"].as_u64().unwrap()).collect();
        asns
    };
    assert_eq!(carriers(&["carriers", "64510"], 0), [64501, 64502]);
    assert_eq!(carriers(&["carriers", "64510", "--from", "2024-03-01"], 0), [64502]);
    assert_eq!(carriers(&["carriers", "64510", "--to", "2024-01-31"], 0), [64501]);
    let none = run(&history, &["carriers", "64510", "--from", "2031-01-01"], 0);
    assert!(stdout(&none).contains("no publication covers the time asked about"), "{}", stdout(&none));
    let wrong = run(&history, &["carriers", "64510", "--from", "2024-03-01", "--to", "2024-01-01"], 3);
    assert!(stderr(&wrong).contains("exchange the two"));
}

#[test]
fn whom_a_network_carries_is_told_with_joiners_and_leavers() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let text = stdout(&run(&history, &["carried-by", "AS64502", "--at", "2024-02-10"], 0));
    for words in [
        "2024-02-01 to 2024-02-05",
        "one network listed under AS64502",
        "1 joined, 0 left",
        "+ AS64510    Example, Hosting LLC",
        "one of 2: also AS64501",
        "hosting (\"hosting\")",
        "after 2024-01-05, by 2024-02-05",
        "whom routes show behind AS64502",
        "no row of AS64502",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    let answer = json(&history, &["carried-by", "AS64502", "--at", "2024-02-10"], 0);
    assert_eq!(answer["schema"], "headwater.carried_by/1");
    let member = &answer["data"]["members"][0];
    assert_eq!((&member["asn"], &member["change"]), (&64510.into(), &"joined".into()));

    // The finding is the one of the member's own question, and leads to the bytes.
    let own = json(&history, &["carriers", "64510"], 0);
    let carrier = own["findings"].as_array().unwrap().iter().find(|f| f["object"] == 64502).unwrap();
    assert_eq!(carrier["id"], member["finding"]);
    let text = stdout(&run(&history, &["explain", member["finding"].as_str().unwrap()], 0));
    assert!(text.contains("64502|64510|-1"), "{text}");
    let guess = answer["findings"].as_array().unwrap().iter().find(|f| f["method"] == "kinds/1").unwrap();
    let text = stdout(&run(&history, &["explain", guess["id"].as_str().unwrap()], 0));
    assert!(text.contains("Example, Hosting LLC"), "{text}");

    // Who left, and who carries it now.
    let answer = json(&history, &["carried-by", "64501", "--left"], 0);
    let member = &answer["data"]["members"][0];
    assert_eq!((&member["change"], &member["providers"]), (&"left".into(), &serde_json::json!([64502])));
    assert_eq!(answer["data"]["counts"]["listed"], 0);
}

#[test]
fn explanations_and_claims_are_asked_for_and_wrong_claims_are_named() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let claim = world.path("claim.toml");
    fs::write(
        &claim,
        "speaker = \"Example\\u001b Telecom\"\nwords = \"it is no \\\"customer of\\\" ours\"\n[[predicts]]\nkind = \"not_adjacent\"\n\
         [[predicts]]\nkind = \"began\"\nat = \"2024-01-20\"\n",
    )
    .unwrap();
    let claim = claim.to_str().unwrap();
    let answer = json(&history, &["rivals", "AS64510", "AS64502", "--claim", claim, "--claim", "only-carrier"], 0);
    assert_eq!(answer["schema"], "headwater.rivals/1");
    let verdict = |c: usize, p: usize| answer["data"]["claims"][c]["predictions"][p]["verdict"].clone();
    assert_eq!(
        (verdict(0, 0), verdict(0, 1), verdict(1, 0)),
        ("does_not_fit".into(), "fits".into(), "does_not_fit".into())
    );
    let text = stdout(&run(&history, &["rivals", "AS64510", "AS64502", "--claim", claim], 0));
    for words in ["Not ranked", "not separable by BGP", "wording unverified", "Claim of", "What stays open"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    // A tested prediction leads to its bytes.
    let id = answer["data"]["claims"][0]["predictions"][0]["finding"].as_str().unwrap().to_owned();
    assert!(stdout(&run(&history, &["explain", &id], 0)).contains("64502|64510|-1"));

    assert!(
        stderr(&run(&history, &["rivals", "64510", "64502", "--claim", "never"], 3))
            .contains("neither a prediction nor a file")
    );
    fs::write(claim, "speaker = \"X\"\npredicts = []\n").unwrap();
    assert!(stderr(&run(&history, &["rivals", "64510", "64502", "--claim", claim], 3)).contains("predicts nothing"));
    fs::write(claim, "speaker = \"X\"\n[[predicts]]\nkind = \"guilty\"\n").unwrap();
    assert!(stderr(&run(&history, &["rivals", "64510", "64502", "--claim", claim], 3)).contains("unknown variant"));
    assert!(stderr(&run(&history, &["rivals", "64510", "64510"], 3)).contains("name two networks"));
}

#[test]
fn changes_of_one_network_are_those_of_the_list_of_all() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let one = json(&history, &["changes", "AS64510"], 0);
    assert_eq!(one["schema"], "headwater.changes/1");
    let own: Vec<String> = one["data"]["changes"].as_array().unwrap().iter().map(|c| c["key"].to_string()).collect();
    assert!(!own.is_empty());
    let lines = stdout(&run(&history, &["changes", "--all", "--json"], 0));
    let all: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mine: Vec<String> = all.iter().filter(|c| c["subject"] == 64510).map(|c| c["key"].to_string()).collect();
    assert_eq!(mine, own);
    // An addition leads to its bytes.
    let added = one["data"]["changes"].as_array().unwrap().iter().find(|c| c["kind"] == "upstream_added").unwrap();
    assert!(stdout(&run(&history, &["explain", added["finding"].as_str().unwrap()], 0)).contains("64502|64510|-1"));
    let text = stdout(&run(&history, &["changes", "--all", "--kind", "upstream_lost"], 0));
    assert!(text.lines().skip(1).all(|line| line.split('\t').nth(5) == Some("upstream_lost")), "{text}");
    assert!(stderr(&run(&history, &["changes", "64510", "--kind", "moved"], 3)).contains("none of"));
    run(&history, &["changes"], 3);
}

#[test]
fn lists_of_networks_are_sorted_chosen_and_paged_and_nothing_is_cut_silently() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let asns = |args: &[&str]| {
        let args: Vec<&str> = ["carried-by", "64496"].into_iter().chain(args.iter().copied()).collect();
        let answer = json(&history, &args, 0);
        let members = answer["data"]["members"].as_array().unwrap();
        let found: Vec<u64> = members.iter().map(|m| m["asn"].as_u64().unwrap()).collect();
        (found, answer["data"]["page"].clone())
    };
    let page = |of: usize, chosen: usize, offset: usize, listed: usize| serde_json::json!({ "of": of, "chosen": chosen, "offset": offset, "listed": listed });
    assert_eq!(asns(&[]), (vec![64501, 64502], page(2, 2, 0, 2)));
    assert_eq!(asns(&["--sort", "asn", "--reverse"]).0, [64502, 64501]);
    assert_eq!(asns(&["--sort", "name"]).0, [64501, 64502]);
    assert_eq!(asns(&["--sort", "under"]).0, [64502, 64501]);
    assert_eq!(asns(&["--match", "AS64502"]), (vec![64502], page(2, 1, 0, 1)));
    assert_eq!(asns(&["--match", "hyperlink"]).0, [64501]);
    assert_eq!(asns(&["--joined"]), (vec![], page(2, 0, 0, 0)));
    assert_eq!(asns(&["--limit", "1", "--offset", "1"]), (vec![64502], page(2, 2, 1, 1)));
    assert_eq!(asns(&["--offset", "9"]), (vec![], page(2, 2, 2, 0)));
    fs::write(world.path("few.toml"), "[limits]\nmembers = 1\n").unwrap();
    let few = world.path("few.toml");
    let config = ["--config", few.to_str().unwrap()];
    assert_eq!(asns(&config), (vec![64501], page(2, 2, 0, 1)));
    assert_eq!(asns(&[&config[..], &["--limit", "0"]].concat()).0.len(), 2);
    let cut = run(&history, &[&["carried-by", "64496"], &config[..]].concat(), 0);
    assert!(stderr(&cut).contains("1 to 1 of 2 networks are listed; `--offset 1`"), "{}", stderr(&cut));
    assert!(stdout(&cut).contains("1 to 1 of 2"), "{}", stdout(&cut));
    let wrong = run(&history, &["carried-by", "64496", "--since", "2024-03-01", "--at", "2024-01-01"], 3);
    assert!(stderr(&wrong).contains("exchange the two"));
    run(&history, &["carried-by", "64499"], 2);
}

#[test]
fn the_table_of_protection_networks_is_the_operators_to_replace() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let table = world.path("table.tsv");
    let config = world.path("config.toml");
    fs::write(&config, format!("protection_table = {:?}\n", table.to_str().unwrap())).unwrap();
    let args = ["carried-by", "64502", "--config", config.to_str().unwrap()];
    let head = "asn\tname\ttype\tvalid_from\tvalid_to\tsource\tas_of\n";
    fs::write(&table, format!("{head}64502\tEXAMPLE\tpure\t2024-02-01\t\ta page of its own\t2024-03-01\n")).unwrap();
    let text = stdout(&run(&history, &args, 0));
    assert!(text.contains("AS64502 is typed pure by a page of its own (as of 2024-03-01)"), "{text}");
    let early = stdout(&run(&history, &[&args[..], &["--at", "2024-01-10"]].concat(), 0));
    let unwrapped = early.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains("not known to hold on 2024-01-01"), "{early}");
    fs::write(&table, format!("{head}64502\tEXAMPLE\tpure\t\t\t\t2024-03-01\n")).unwrap();
    assert!(stderr(&run(&history, &args, 3)).contains("line 2: a row without a source"));
}

#[test]
fn hostile_names_disturb_neither_terminal_nor_json_nor_csv() {
    let world = World::new();
    let history = world.path("h");
    run(&history, &["ingest", &world.data()], 0);
    let query = "SELECT asn, name FROM names ORDER BY asn";
    let outputs = [
        run(&history, &["investigate", "64510"], 0),
        run(&history, &["investigate", "64510", "--json"], 0),
        run(&history, &["holders", "64502"], 0),
        run(&history, &["sql", query], 0),
        run(&history, &["sql", query, "--csv"], 0),
        run(&history, &["sql", query, "--json"], 0),
    ];
    for output in &outputs {
        let text = stdout(output) + &stderr(output);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
    }
    let csv = stdout(&outputs[4]);
    assert!(csv.contains("64510,\"Example, Hosting LLC\"\r\n"), "{csv}");
    assert!(csv.contains("64501,\"'=HYPERLINK(\"\"http"), "{csv}");
    let json: Value = serde_json::from_str(&stdout(&outputs[5])).unwrap();
    assert_eq!(json["data"]["rows"][1][1], "evil\u{1b}]0;title\u{7}\u{202e}net");
}

#[test]
fn one_bad_file_costs_itself_only() {
    let world = World::new();
    let history = world.path("h");
    fs::write(world.path("data/notes.txt"), "nothing that is read\n").unwrap();
    fs::write(world.path("data/empty"), "").unwrap();
    fs::write(world.path("data/cut.gz"), [0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
    let report = json(&history, &["ingest", &world.data()], 2);
    assert_eq!(report["data"]["read"].as_array().unwrap().len(), 4);
    let mut kinds: Vec<&str> =
        report["data"]["not_read"].as_array().unwrap().iter().map(|u| u["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["cut_stream", "empty", "unknown_kind"]);
    let faults = stdout(&run(&history, &["faults"], 0));
    assert!(faults.contains("unknown_kind") && faults.contains("empty") && faults.contains("the file"), "{faults}");
    run(&history, &["carriers", "64510"], 0);
}

#[test]
fn what_cannot_be_answered_says_so_and_what_to_do() {
    let world = World::new();
    let history = world.path("h");
    let said = |args: &[&str], code: i32, words: &str| {
        let output = run(&history, args, code);
        let told = stderr(&output);
        assert!(told.contains(words), "{args:?}: {told}");
        assert!(told.contains("hint:") || told.contains("(write ") || code == 2, "{args:?}: {told}");
    };
    said(&["carriers", "64510"], 1, "there is no history");
    said(&["ingest", "/nowhere/at/all"], 3, "No such file");
    assert!(!history.exists(), "a wrong path must not make a history");
    run(&history, &["ingest", &world.data()], 0);
    said(&["carriers", "AS4294967296"], 3, "is no network");
    said(&["carriers", "192.0.2.0/33"], 3, "is no network");
    said(&["carriers", "nobody of that name"], 1, "no network is named");
    said(&["carriers", "192.0.2.1"], 1, "gives an origin");
    said(&["carriers", "AS64499"], 2, "nothing that was read answers this question");
    said(&["explain", "f-0000"], 1, "no finding");
    said(&["sql", "DELETE FROM names"], 3, "");
    said(&["carriers", "64510", "--from", "2 moons ago"], 3, "is not a time");
    run(&history, &["carriers"], 3);
    run(&history, &["no-such-command"], 3);
    let refused = headwater(&history).args(["carriers", "64510", "--config", "/nowhere.toml"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(3));
    fs::write(world.path("bad.toml"), "[limits]\nfile = 3\n").unwrap();
    let config = world.path("bad.toml");
    said(&["sources", "--config", config.to_str().unwrap()], 3, "limits.file");
}

#[test]
fn histories_that_are_none_or_newer_are_left_alone() {
    let world = World::new();
    let newer = world.path("newer");
    run(&newer, &["ingest", &world.data()], 0);
    let catalogue = newer.join("catalogue.sqlite");
    let db = rusqlite::Connection::open(&catalogue).unwrap();
    db.execute("UPDATE meta SET value = '99' WHERE key = 'format_version'", []).unwrap();
    drop(db);
    for args in [&["carriers", "64510"][..], &["ingest", &world.data()]] {
        let told = stderr(&run(&newer, args, 1));
        assert!(told.contains("format version 99") && told.contains("update headwater"), "{told}");
    }
    let foreign = world.path("foreign");
    fs::create_dir_all(&foreign).unwrap();
    let text = "this is no catalogue at all, but a text of some length";
    fs::write(foreign.join("catalogue.sqlite"), text).unwrap();
    let told = stderr(&run(&foreign, &["sources"], 1));
    assert!(told.contains("hint:"), "{told}");
    assert_eq!(fs::read_to_string(foreign.join("catalogue.sqlite")).unwrap(), text);
    let file = world.path("data/20240101.as-rel.txt");
    let told = stderr(&run(&file, &["sources"], 3));
    assert!(told.contains("is a file; a history is a directory"), "{told}");
}

#[test]
fn a_killed_ingest_leaves_a_readable_history_and_is_finished_by_the_next() {
    let world = World::new();
    let history = world.path("h");
    // A larger file, so that the kill falls into the work.
    let mut text = String::from("# source:topology|BGP|20240401|example|example-1\n");
    for n in 0..400_000u32 {
        text += &format!("{}|{}|-1\n", 100_000 + n % 70_000, 200_000 + n);
    }
    fs::write(world.path("data/20240401.as-rel.txt"), text).unwrap();
    for millis in [0, 5, 20, 60, 150, 300] {
        let mut child = headwater(&history).args(["ingest", &world.data()]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        if history.join("catalogue.sqlite").exists() {
            // Whatever is listed is whole: a file has all of its rows or is not there.
            let sources = headwater(&history).args(["sources", "--json"]).output().unwrap();
            if sources.status.success() {
                let answer: Value = serde_json::from_slice(&sources.stdout).unwrap();
                for source in answer["data"].as_array().unwrap() {
                    let rows = source["rows"].as_u64().unwrap();
                    let name = source["name"].as_str().unwrap();
                    assert!(!name.starts_with("202404") || rows == 400_000, "{name} has {rows} rows");
                }
            }
        }
    }
    run(&history, &["ingest", &world.data()], 0);
    let sources = json(&history, &["sources"], 0);
    assert_eq!(sources["data"].as_array().unwrap().len(), 5);
    let left = fs::read_dir(history.join("incoming")).map(|d| d.count()).unwrap_or(0);
    assert_eq!(left, 0, "debris of the killed ones is swept");
}

#[test]
fn two_ingests_at_once_read_everything_once() {
    let world = World::new();
    let history = world.path("h");
    let start =
        || headwater(&history).args(["ingest", &world.data(), "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let (one, two) = (start(), start());
    let (one, two) = (one.wait_with_output().unwrap(), two.wait_with_output().unwrap());
    assert!(one.status.success() && two.status.success());
    assert_eq!(json(&history, &["sources"], 0)["data"].as_array().unwrap().len(), 4);
    let links = json(&history, &["sql", "SELECT count(*) FROM links WHERE asn = 64510"], 0);
    assert_eq!(links["data"]["rows"][0][0], 4);
}

#[test]
fn standard_input_and_closed_pipes_are_no_trouble() {
    let world = World::new();
    let history = world.path("h");
    let mut child = headwater(&history)
        .args(["ingest", "-", "--as-of", "2024-02-01"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"\"asn\",\"name\",\"source\"\n64510,\"From a pipe\",\"EXAMPLE\"\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(stdout(&run(&history, &["holders", "64510"], 0)).contains("From a pipe"));

    // The reader goes away before the first line.
    let mut child = headwater(&history).args(["config"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn dump_and_inspect_read_without_a_history() {
    let dir = tempfile::tempdir().unwrap();
    write_table(dir.path());
    let file = dir.path().join("bview.20240310.0000");
    let file = file.to_str().unwrap();
    let nowhere = dir.path().join("none");
    let all = stdout(&run(&nowhere, &["dump", file], 0));
    assert_eq!(all.lines().count(), 16);
    assert!(
        all.contains("TABLE_DUMP2|1710028800|B|192.0.2.100|65536|203.0.113.0/24|65536 64496 64505 64510|IGP|"),
        "{all}"
    );
    let some = |args: &[&str]| {
        let args: Vec<&str> = ["dump", file].into_iter().chain(args.iter().copied()).collect();
        stdout(&run(&nowhere, &args, 0)).lines().count()
    };
    assert_eq!(some(&["--origin", "64510"]), 4);
    assert_eq!(some(&["--origin", "64510", "--family", "6"]), 2);
    assert_eq!(some(&["--prefix", "192.0.2.0/24"]), 0);
    assert_eq!(some(&["--prefix", "192.0.2.0/24", "--more-specific"]), 8);
    assert_eq!(some(&["--prefix", "less:203.0.113.7/32"]), 2);
    assert_eq!(some(&["--path", "^65536 .* 64510$"]), 2);
    assert_eq!(some(&["--through", "64505"]), 4);
    assert_eq!(some(&["--peer", "AS65537"]), 8);
    assert_eq!(some(&["--peer", "192.0.2.100", "--origin", "64511"]), 2);
    assert_eq!(some(&["--type", "announced"]), 0);
    assert_eq!(some(&["--from", "2024-03-11"]), 0);
    let line = stdout(&run(&nowhere, &["dump", file, "--format", "json", "--origin", "64510", "--family", "4"], 0));
    let line: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&line["type"], &line["prefix"], &line["origin_asn"]),
        (&"held".into(), &"203.0.113.0/24".into(), &64510.into())
    );

    let found = json(&nowhere, &["inspect", file], 0);
    let mrt = &found["data"][0]["mrt"];
    assert_eq!((&mrt["observations"], &mrt["held"], &mrt["vantages"]), (&16.into(), &16.into(), &2.into()));
    assert_eq!((&mrt["prefixes"]["count"], &mrt["prefixes_ipv6"]), (&8.into(), &2.into()));
    assert!(!nowhere.exists());
}

#[test]
fn a_filter_belongs_to_the_history_and_every_answer_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write_table(&at("example-1"));
    let routes = at("example-1");
    let routes = routes.to_str().unwrap();
    let rows = |history: &Path| {
        let query = "SELECT DISTINCT origin FROM routes WHERE origin > 0 ORDER BY origin";
        let answer = json(history, &["sql", query], 0);
        answer["data"]["rows"].as_array().unwrap().iter().map(|row| row[0].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let (whole, some) = (at("whole"), at("some"));
    run(&whole, &["ingest", routes], 0);
    assert_eq!(rows(&whole), [64500, 64510, 64511]);

    let read = json(&some, &["ingest", routes, "--origin", "64510"], 0);
    assert_eq!(read["data"]["filter"], "--origin AS64510");
    assert_eq!(rows(&some), [64510]);
    // Later ingests keep to it without being told, and to no other.
    assert_eq!(json(&some, &["ingest", routes], 0)["data"]["filter"], "--origin AS64510");
    let other = run(&some, &["ingest", routes, "--origin", "64511"], 3);
    assert!(stderr(&other).contains("keeps of MRT files what `--origin AS64510` takes"), "{}", stderr(&other));
    let late = run(&whole, &["ingest", routes, "--prefix", "more:203.0.113.0/24"], 3);
    assert!(stderr(&late).contains("read whole"), "{}", stderr(&late));
    let gaps = json(&some, &["carriers", "AS64510"], 2)["gaps"].to_string();
    assert!(gaps.contains("the filter of this history left out (it keeps `--origin AS64510`)"), "{gaps}");
    assert!(stderr(&run(&some, &["sources"], 0)).contains("--origin AS64510"));
    assert!(!json(&whole, &["carriers", "AS64510"], 2)["gaps"].to_string().contains("filter"));
}
