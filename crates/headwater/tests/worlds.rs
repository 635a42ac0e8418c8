//! Invented worlds as a user meets them: `simulate`, `demo`, and that nothing invented is taken for real.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::tables::write_table;
use common::{headwater, json, run, stderr, stdout};
use sha2::{Digest, Sha256};

/// A world of a day, with a change in it.
const TINY: &str = r#"
name = "tiny"
[calendar]
from = "2024-03-01"
until = "2024-03-02"
relations = false
[topology]
networks = 100
[table]
v4 = 120
v6 = 20
[observers]
collectors = 2
vantages = 2
[[network]]
asn = 64501
kind = "regional"
crowd_providers = 2
[[network]]
asn = 64505
kind = "regional"
crowd_providers = 2
[[network]]
asn = 64510
name = "Sample Hosting LLC"
providers = [64501]
prefixes = ["203.0.113.0/24"]
[[event]]
at = "2024-03-01T10:15:00Z"
what.carrier_added = { network = "AS64510", carrier = "AS64505" }
"#;

fn tiny(dir: &Path) -> PathBuf {
    let path = dir.join("tiny.toml");
    fs::write(&path, TINY).unwrap();
    path
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Digests of all files below a directory, by path.
fn digests(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut digests = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let digest = Sha256::digest(fs::read(&path).unwrap()).to_vec();
                digests.insert(path.strip_prefix(dir).unwrap().to_owned(), digest);
            }
        }
    }
    digests
}

#[test]
fn the_same_seed_gives_the_same_files_and_another_seed_others() {
    let dir = tempfile::tempdir().unwrap();
    let (scenario, history) = (tiny(dir.path()), dir.path().join("unused"));
    let write = |name: &str, more: &[&str]| {
        let to = dir.path().join(name);
        let args: Vec<&str> = ["simulate", shown(&scenario), "-o", shown(&to)].iter().chain(more).copied().collect();
        (stdout(&run(&history, &args, 0)), digests(&to))
    };
    let (text, one) = write("one", &[]);
    assert!(text.starts_with("invented data (tiny, seed 1)"), "{text}");
    assert!(text.contains("1, of which 0 innocent"), "{text}");
    assert!(one.contains_key(Path::new("WORLD.toml")) && one.contains_key(Path::new("truth.json")));
    assert_eq!(one, write("two", &[]).1);
    assert_ne!(one, write("three", &["--seed", "2"]).1);
    let told = json(&history, &["simulate", shown(&scenario), "-o", shown(&dir.path().join("four"))], 0);
    assert_eq!((&told["data"]["files"], &told["data"]["events"]), (&one.len().into(), &1.into()));
    assert_eq!(told["schema"], "headwater.simulate/1");
    assert!(!history.exists());
}

#[test]
fn what_cannot_be_simulated_says_why_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (scenario, history, to) = (tiny(dir.path()), dir.path().join("unused"), dir.path().join("to"));
    let refused = |args: &[&str]| {
        let output = stderr(&run(&history, args, 3));
        assert!(output.contains("hint:"), "{output}");
        output
    };
    fs::create_dir(&to).unwrap();
    fs::write(to.join("mine"), "x").unwrap();
    let told = refused(&["simulate", shown(&scenario), "-o", shown(&to)]);
    assert!(told.contains("is not empty") && told.contains("nothing was written"), "{told}");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
    let told = refused(&["simulate", "no-such", "-o", shown(&dir.path().join("new"))]);
    assert!(told.contains("--list"), "{told}");
    fs::write(&scenario, TINY.replace("carrier_added", "carrier_adored")).unwrap();
    let told = refused(&["simulate", shown(&scenario), "-o", shown(&dir.path().join("new"))]);
    assert!(told.contains("carrier_adored") && told.contains("carrier_added"), "{told}");
    fs::write(&scenario, TINY.replace("\"AS64505\"", "\"Nobody\"")).unwrap();
    let told = refused(&["simulate", shown(&scenario), "-o", shown(&dir.path().join("new"))]);
    assert!(told.contains("event 0 (carrier_added)") && told.contains("Nobody"), "{told}");
    assert!(!dir.path().join("new").exists());
    let listed = stdout(&run(&history, &["simulate", "--list"], 0));
    assert!(listed.contains("founding-case") && listed.contains("small"), "{listed}");
}

#[test]
fn invented_and_real_are_never_in_one_history() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let scenario = tiny(dir.path());
    run(&at("unused"), &["simulate", shown(&scenario), "-o", shown(&at("world"))], 0);
    run(&at("unused"), &["simulate", shown(&scenario), "-o", shown(&at("other")), "--seed", "2"], 0);
    write_table(&at("real"));
    let (routes, world) = (at("world/routes"), at("world"));

    // A part of it, named deep inside, makes the history one of that world.
    let invented = at("invented");
    let read = run(&invented, &["ingest", shown(&routes)], 0);
    assert!(stderr(&read).contains("invented data (tiny, seed 1)"), "{}", stderr(&read));
    let whole = json(&invented, &["ingest", shown(&world)], 2);
    let unread = whole["data"]["not_read"].as_array().unwrap();
    assert!(!unread.is_empty());
    for file in unread {
        let reason = file["reason"].as_str().unwrap();
        assert!(reason.contains("not read by this version"), "{file}");
    }
    for (args, code) in [
        (&["carriers", "64510"][..], 0),
        (&["investigate", "203.0.113.0/24"], 0),
        (&["origin", "203.0.113.0/24"], 0),
        (&["holders", "64510"], 0),
        (&["sources"], 0),
        (&["faults"], 0),
        (&["sql", "SELECT count(*) FROM routes"], 0),
    ] {
        let output = headwater(&invented).args(args).output().unwrap();
        assert_eq!(output.status.code().map(|found| found.min(code)), Some(code), "{args:?}: {}", stderr(&output));
        let told = stdout(&output) + &stderr(&output);
        assert_eq!(told.matches("invented data (tiny, seed 1)").count(), 1, "{args:?}: {told}");
        let answer = headwater(&invented).args(args).arg("--json").output().unwrap();
        assert!(stdout(&answer).contains("invented data (tiny, seed 1)"), "{args:?} --json");
    }
    // Numbers of documentation and of the crowd are networks there.
    let carriers = stdout(&run(&invented, &["carriers", "203.0.113.0/24"], 0));
    assert!(carriers.contains("AS64505"), "{carriers}");

    let real = at("history");
    run(&real, &["ingest", shown(&at("real"))], 0);
    let refused = |history: &Path, args: &[&str], what: &str| {
        let rows = |history: &Path| json(history, &["sources"], 0)["data"].as_array().unwrap().len();
        let before = history.exists().then(|| rows(history));
        let told = stderr(&run(history, args, 3));
        assert!(told.contains(what) && told.contains("nothing was read"), "{told}");
        assert_eq!(history.exists().then(|| rows(history)), before);
    };
    refused(&invented, &["ingest", shown(&at("real"))], "is of an invented world (tiny, seed 1)");
    refused(&invented, &["ingest", shown(&at("other"))], "of another invented world");
    refused(&real, &["ingest", shown(&routes)], "of real data, and the files of an invented world");
    refused(&at("new"), &["ingest", shown(&at("real")), shown(&routes)], "others are of none");
    refused(&at("new"), &["ingest", shown(&world), shown(&at("other"))], "several invented worlds");
    assert!(!stdout(&run(&real, &["sources"], 0)).contains("invented"));
}

/// Words of a command line as a shell takes them: quotes hold words together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

#[test]
fn the_demonstration_shows_the_main_job_and_where_to_look_next() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("demo");
    let args = ["demo", "--dir", shown(&home)];
    let text = stdout(&run(dir.path(), &args, 0));
    assert!(text.starts_with("invented data (founding-case, seed"), "{text}");
    for part in
        ["Summary", "AS64505", "Sample Hosting LLC", "re-issued", "What could not be known", "Where to look next"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(stdout(&run(dir.path(), &args, 0)), text, "run again, nothing changes");

    // An unfinished world is made again; another's directory is not touched.
    fs::remove_file(home.join("data/truth.json")).unwrap();
    assert_eq!(stdout(&run(dir.path(), &args, 0)), text);
    let taken = dir.path().join("taken");
    fs::create_dir_all(taken.join("data")).unwrap();
    run(dir.path(), &["demo", "--dir", shown(&taken)], 1);

    // Every command it names works, and says that the data are invented.
    let next = text.split_once("Where to look next").unwrap().1;
    let commands: Vec<Vec<String>> =
        next.lines().filter_map(|line| line.trim().split_once("headwater ")).map(|(_, rest)| words(rest)).collect();
    let commands: Vec<Vec<String>> =
        commands.into_iter().filter(|c| c.first().is_some_and(|w| w == "--history")).collect();
    assert!(commands.len() >= 6, "{next}");
    for command in &commands {
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let output = run(dir.path(), &args, 0);
        assert!((stdout(&output) + &stderr(&output)).contains("invented data"), "{command:?}");
    }
    let explained = commands.iter().find(|command| command.contains(&"explain".to_owned())).unwrap();
    let explained: Vec<&str> = explained.iter().map(String::as_str).collect();
    assert!(stdout(&run(dir.path(), &explained, 0)).contains("64505 64510"));

    // What the truth says: the carrier came on the 18th, and the answer's bounds hold it.
    let history = home.join("history");
    let answer = json(&history, &["carriers", "203.0.113.0/24"], 0);
    let era = answer["data"]["eras"].as_array().unwrap().last().unwrap();
    let upstreams = era["observed"][0]["upstreams"].as_array().unwrap();
    let of = |asn: u64| upstreams.iter().find(|upstream| upstream["asn"] == asn);
    let period = &of(64505).unwrap()["periods"][0];
    let (after, by) = (period["from_after"].as_str().unwrap(), period["from_by"].as_str().unwrap());
    assert!(after < "2024-06-18T10:15:00Z" && "2024-06-18T10:15:00Z" <= by, "{period}");
    assert!(of(64501).is_some() && of(64502).is_some(), "the others stay");
    // The sister never has it, and the other host is not next to it.
    for resource in ["AS64511", "AS65537"] {
        let text = stdout(&run(&history, &["carriers", resource], 0));
        let beside = text.lines().filter(|line| line.starts_with("AS64505")).count();
        assert_eq!(beside, 0, "{resource}: {text}");
    }
}
