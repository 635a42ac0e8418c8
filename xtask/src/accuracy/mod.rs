//! `cargo xtask accuracy`: how often the program is right, on worlds in which it is known what was so.
//!
//! The way of a world: [`worlds`] draws its scenario, `headwater-world` writes its files, [`ask`] has the program read them and
//! answer, [`witness`] follows what was really so, [`compare`], [`proofs`] and [`turns`] hold the one against the other, [`tally`] counts, [`table`] shows,
//! and [`baseline`] fails where a figure became worse. [`mod@judge`] is the loop over one world. Must not know: the library. Nothing
//! reaches a detector but through files and the command line.

mod ask;
mod baseline;
mod compare;
mod judge;
mod measures;
mod proofs;
mod table;
mod tally;
mod turns;
mod witness;
mod worlds;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use self::baseline::Baseline;
use self::judge::{Judged, judge};
use self::table::Tallies;
use self::tally::Tally;

/// Why a run stopped. It crosses threads.
pub type Failed = Box<dyn Error + Send + Sync>;

/// What to run.
pub struct Task {
    worlds: u64,
    seed: u64,
    wrong: bool,
    save: bool,
    /// Only worlds of the sort of this name.
    only: Option<String>,
    program: PathBuf,
}

/// The kept figures.
const BASELINE: &str = include_str!("baseline.toml");
/// Worlds of a full run.
const WORLDS: u64 = 64;

impl Task {
    /// Reads the arguments behind the task's name.
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Task, Box<dyn Error>> {
        let program = std::env::current_exe()?.with_file_name("headwater");
        let mut task = Task { worlds: WORLDS, seed: 1, wrong: false, save: false, only: None, program };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--worlds" => task.worlds = value()?.parse().map_err(|_| "--worlds: not a number")?,
                "--seed" => task.seed = value()?.parse().map_err(|_| "--seed: not a number")?,
                "--quick" => task.worlds = worlds::SORTS.len() as u64,
                "--wrong" => task.wrong = true,
                "--save" => task.save = true,
                "--only" => task.only = Some(value()?),
                "--program" => task.program = value()?.into(),
                other => return Err(format!("{other}: no such option\n{}", crate::USAGE).into()),
            }
        }
        Ok(task)
    }
}

/// Runs the task.
pub fn run(task: &Task) -> Result<(), Failed> {
    if !task.program.is_file() {
        let program = task.program.display();
        return Err(format!("there is no {program}; `cargo build --release -p headwater` makes it").into());
    }
    let judged = judge_all(task)?;
    let (mut tallies, mut all) = (Tallies::new(), Tally::default());
    for (sort, judged) in &judged {
        for (lot, tally) in &judged.tallies {
            tallies.entry((sort, *lot)).or_default().add(tally);
            all.add(tally);
        }
        if task.wrong {
            judged.wrong.iter().for_each(|line| println!("{line}"));
        }
    }
    let figures = all.figures();
    let tables = format!("{}{}{}", table::figures(&figures), table::planted(&all.proofs), table::sorts(&tallies));
    println!("{tables}");
    if task.save {
        save(task, &all, &tables)?;
    }
    // What is kept is kept for all sorts together.
    if task.only.is_some() {
        return Ok(());
    }
    match Baseline::parse(BASELINE)?.broken_by(&figures).as_slice() {
        [] => Ok(()),
        broken => Err(format!("worse than the kept baseline:\n{}", broken.join("\n")).into()),
    }
}

/// Judges all worlds on all cores; gives them in their order, each with the name of its sort.
fn judge_all(task: &Task) -> Result<Vec<(&'static str, Judged)>, Failed> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, done) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || -> Result<(), Failed> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= task.worlds {
                return Ok(());
            }
            let sort = worlds::SORTS[(number % worlds::SORTS.len() as u64) as usize].name;
            if task.only.as_ref().is_some_and(|only| only != sort) {
                continue;
            }
            let drawn = worlds::draw(number, task.seed)?;
            let judged = judge(&drawn, &task.program)
                .map_err(|error| Failed::from(format!("{} (seed {}): {error}", drawn.sort.name, drawn.seed)));
            // Nobody waits for worlds behind one that failed.
            let judged = judged.inspect_err(|_| next.store(u64::MAX / 2, Ordering::Relaxed))?;
            let Ok(mut done) = done.lock() else { return Ok(()) };
            done.push((number, drawn.sort.name, judged));
            eprintln!("world {} of {}: {}", done.len(), task.worlds, drawn.sort.name);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| Failed::from("a worker panicked"))?)
    })?;
    let mut done = done.into_inner().map_err(|_| Failed::from("a worker panicked"))?;
    done.sort_by_key(|(number, ..)| *number);
    Ok(done.into_iter().map(|(_, sort, judged)| (sort, judged)).collect())
}

/// Keeps the tables, with what it takes to repeat them.
fn save(task: &Task, all: &Tally, tables: &str) -> Result<(), Failed> {
    let path = crate::checkout().join("docs/accuracy.md");
    let old = fs::read_to_string(&path)?;
    // What stands above the mark is written by hand.
    const MARK: &str = "<!-- Below: `cargo xtask accuracy --save`. -->";
    let (kept, _) = old.split_once(MARK).ok_or("docs/accuracy.md has lost its mark")?;
    let sorts: String = worlds::SORTS.iter().map(|sort| format!("- *{}*: {}.\n", sort.name, sort.what)).collect();
    let made = format!(
        "{kept}{MARK}\n\n## Figures of {}\n\n{} worlds, {} networks asked about; `cargo xtask accuracy --worlds {} --seed {}` with \
         Headwater {}.\n\nSorts of worlds, in turns:\n\n{sorts}{tables}",
        crate::facts::first_line("date", &["-u", "+%Y-%m-%d"]).ok_or("there is no program `date`")?,
        all.worlds,
        all.networks,
        task.worlds,
        task.seed,
        env!("CARGO_PKG_VERSION"),
    );
    Ok(fs::write(path, made)?)
}
