//! Processes that are killed, that write at once, and that read while others write.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{DumpRoutes, draft, feed_dump, ingest_dump, prefix, time};
use headwater_history::table::Table;
use headwater_history::{History, Step};
use headwater_route::{Asn, Kind, Time, Window};

/// Names the history directory for a child; without it the child's test does nothing.
const DIR: &str = "HEADWATER_TEST_DIR";
/// What the child does: `abort N` or `dumps FIRST COUNT`.
const JOB: &str = "HEADWATER_TEST_JOB";

/// A dump whose routes differ a little from day to day.
fn routes(day: u8) -> DumpRoutes {
    (0..40u8)
        .flat_map(|i| {
            let via = if i % 8 == day % 8 { 64511 } else { 64510 };
            (1..4u8).map(move |peer| {
                ((peer, prefix(&format!("198.51.{i}.0/24"))), format!("{} {via} 64508", 64500 + u32::from(peer)))
            })
        })
        .collect()
}

fn day(n: u8) -> Time {
    time("2024-01-01").plus_days(i64::from(n))
}

fn child(dir: &Path, job: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_child_does_its_job", "--test-threads=1"]).env(DIR, dir).env(JOB, job);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_child_does_its_job() {
    let (Some(dir), Ok(job)) = (std::env::var_os(DIR), std::env::var(JOB)) else { return };
    let words: Vec<&str> = job.split(' ').collect();
    let number = |i: usize| words[i].parse::<u8>().unwrap();
    let mut history = History::open_or_create(Path::new(&dir)).unwrap();
    match words[0] {
        "abort" => {
            let mut writer = history.begin(draft("crashed", Kind::Mrt, "rrc99")).unwrap();
            writer.abort_at(Step::ALL[usize::from(number(1))]);
            feed_dump(&mut writer, day(1), &routes(1));
            writer.commit(Time(0)).unwrap();
            unreachable!("the process was to die");
        }
        _ => {
            for n in number(1)..number(1) + number(2) {
                history.sweep().unwrap();
                ingest_dump(&mut history, &format!("d{n:03}"), day(n), &routes(n)).unwrap();
            }
        }
    }
}

/// Every run of the origin, without numbers given at ingest.
fn runs(history: &History) -> BTreeSet<(u32, String, String, String, String)> {
    let answer = history.routes_of_origin(Asn(64508), Window::default()).unwrap();
    let run = |r: &headwater_route::rows::RouteRun| {
        let (first, last) = (answer.tables[r.first].at.date(), answer.tables[r.last].at.date());
        (answer.vantages[r.vantage].asn.0, r.prefix.to_string(), r.path.to_string(), first, last)
    };
    answer.runs.iter().map(run).collect()
}

/// The runs of whole dumps of these days.
fn expected(days: impl IntoIterator<Item = u8>) -> BTreeSet<(u32, String, String, String, String)> {
    let mut out = BTreeSet::new();
    let mut open: BTreeMap<(u8, String), (String, String, String)> = BTreeMap::new();
    for n in days {
        let date = day(n).date();
        for ((peer, prefix), path) in routes(n) {
            let slot = open.entry((peer, prefix.to_string())).or_insert((path.clone(), date.clone(), date.clone()));
            if slot.0 != path {
                let (path, first, last) = std::mem::replace(slot, (path, date.clone(), date.clone()));
                out.insert((64500 + u32::from(peer), prefix.to_string(), path, first, last));
            }
            slot.2 = date.clone();
        }
    }
    out.extend(
        open.into_iter()
            .map(|((peer, prefix), (path, first, last))| (64500 + u32::from(peer), prefix, path, first, last)),
    );
    out
}

#[test]
fn a_process_killed_at_any_step_leaves_a_readable_history() {
    for (n, step) in Step::ALL.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        ingest_dump(&mut History::open_or_create(dir.path()).unwrap(), "d000", day(0), &routes(0)).unwrap();
        let status = child(dir.path(), &format!("abort {n}")).status().unwrap();
        assert!(!status.success(), "{step:?}");

        let mut history = History::open(dir.path()).unwrap();
        let entered = matches!(step, Step::Committed | Step::StatePlaced);
        assert_eq!(runs(&history), expected(0..=u8::from(entered)), "{step:?}");
        history.sweep().unwrap();
        let listed: usize = Table::ALL.iter().map(|t| history.catalogue().segments(*t, None).unwrap().len()).sum();
        let count = |dir: std::path::PathBuf| std::fs::read_dir(dir).map_or(0, Iterator::count);
        let there: usize = Table::ALL.iter().map(|t| count(dir.path().join("segments").join(t.name()))).sum();
        assert_eq!((there, count(dir.path().join("incoming"))), (listed, 0), "{step:?}");
        assert_eq!(ingest_dump(&mut history, "crashed", day(1), &routes(1)).unwrap().new, !entered, "{step:?}");
        ingest_dump(&mut history, "d002", day(2), &routes(2)).unwrap();
        assert_eq!(runs(&history), expected(0..3), "{step:?}");
    }
}

#[test]
fn processes_that_write_at_once_lose_nothing_and_a_reader_sees_only_whole_dumps() {
    let dir = tempfile::tempdir().unwrap();
    ingest_dump(&mut History::open_or_create(dir.path()).unwrap(), "d000", day(0), &routes(0)).unwrap();
    // Two of them read the same files; all of them the same collector.
    let jobs = ["dumps 1 8", "dumps 1 8", "dumps 9 8"];
    let mut children: Vec<_> = jobs.iter().map(|job| child(dir.path(), job).spawn().unwrap()).collect();
    let reader = History::open(dir.path()).unwrap();
    let mut looks = 0;
    loop {
        let done = children.iter_mut().all(|c| c.try_wait().unwrap().is_some());
        let answer = reader.routes_of_origin(Asn(64508), Window::default()).unwrap();
        for (table, dump) in answer.tables.iter().enumerate() {
            let shown = answer.runs.iter().filter(|r| r.first <= table && table <= r.last).count() as u64;
            let held: u64 = dump.vantages.iter().map(|(_, v4, v6)| v4 + v6).sum();
            assert_eq!((shown, held), (120, 120), "dump {table} of {}", answer.tables.len());
        }
        looks += 1;
        if done {
            break;
        }
    }
    assert!(looks > 1);
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(reader.catalogue().sources().unwrap().0.len(), 17);
    assert_eq!(runs(&reader), expected(0..17));
}
