//! Programs that do the same work on the same file, run in turns, and what each took.

use std::ffi::OsStr;
use std::io;
use std::process::Command;
use std::time::Duration;

use crate::child::{self, Output, Printed, Took};

/// A program that takes part.
pub struct Entrant {
    /// Its name in the report.
    pub name: String,
    command: Command,
    /// It prints `rows=N …` and not a line a row.
    counts_itself: bool,
}

impl Entrant {
    /// One that prints a line a row.
    pub fn new(name: &str, program: impl AsRef<OsStr>, arguments: &[&OsStr]) -> Entrant {
        let mut command = Command::new(program);
        command.args(arguments);
        Entrant { name: name.to_owned(), command, counts_itself: false }
    }

    /// One that prints `rows=N …`.
    pub fn counting(self) -> Entrant {
        Entrant { counts_itself: true, ..self }
    }
}

/// What an entrant took and printed over all rounds.
#[derive(Clone)]
pub struct Standing {
    name: String,
    printed: Printed,
    rows: Option<u64>,
    took: Vec<Took>,
}

/// What is compared.
#[derive(Clone, Copy)]
pub enum By {
    /// User and system time.
    Cpu,
    /// Time by the clock.
    Wall,
}

/// Runs all once to warm up and to count what they print, then `rounds` times in turns with their output thrown away. One
/// that fails in the first round is out.
pub fn compete(entrants: &mut [Entrant], rounds: usize) -> io::Result<Vec<Standing>> {
    let mut standings = Vec::new();
    for entrant in entrants.iter_mut() {
        let (took, printed) = child::run(&mut entrant.command, &Output::Counted)?;
        let rows = match entrant.counts_itself {
            true => field(&printed.first, "rows"),
            false => Some(printed.lines),
        };
        let ended_well = took.ended_well;
        standings.push(Standing { name: entrant.name.clone(), printed, rows, took: vec![took] });
        if !ended_well {
            eprintln!("  {}: failed", entrant.name);
        }
    }
    for _ in 0..rounds {
        for (entrant, standing) in entrants.iter_mut().zip(&mut standings) {
            if standing.ended_well() {
                standing.took.push(child::run(&mut entrant.command, &Output::Null)?.0);
            }
        }
    }
    Ok(standings)
}

/// The number behind `name=` in a line.
fn field(line: &str, name: &str) -> Option<u64> {
    line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

impl Standing {
    /// Without its count of rows, where lines are no rows.
    pub fn without_rows(&self) -> Standing {
        Standing { rows: None, ..self.clone() }
    }

    fn ended_well(&self) -> bool {
        self.took.iter().all(|took| took.ended_well)
    }

    fn measured(&self, by: By) -> Vec<Duration> {
        let measured = self.took.iter().skip(1);
        measured.map(|took| if let By::Cpu = by { took.cpu } else { took.wall }).collect()
    }

    /// What it took in relation to another, round by round: the least and the median.
    pub fn ratio(&self, other: &Standing, by: By) -> Option<(f64, f64)> {
        let pairs = self.measured(by).into_iter().zip(other.measured(by));
        let mut ratios: Vec<f64> = pairs.map(|(own, other)| own.as_secs_f64() / other.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        Some((*ratios.first()?, ratios[ratios.len() / 2]))
    }

    /// Its best time in relation to another's best.
    pub fn best_ratio(&self, other: &Standing, by: By) -> Option<f64> {
        let best = |standing: &Standing| standing.measured(by).into_iter().min();
        Some(best(self)?.as_secs_f64() / best(other)?.as_secs_f64())
    }
}

/// A table of standings in relation to the first of them.
pub fn table(standings: &[Standing]) -> String {
    let mut text = format!(
        "  {:<26}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>12}{:>11}\n",
        "", "CPU s", "median", "× first", "median", "wall s", "× first", "peak MiB", "rows"
    );
    let Some(first) = standings.first() else { return text };
    for standing in standings {
        if !standing.ended_well() {
            let end = standing.took.iter().find(|took| !took.ended_well).map_or("", |took| &took.end);
            let rows = standing.rows.map_or("no count".to_owned(), |rows| format!("{rows} rows"));
            text.push_str(&format!("  {:<26} failed: {end}, {rows}\n", standing.name));
            continue;
        }
        let secs = |by| {
            let mut all = standing.measured(by);
            all.sort();
            all.first()
                .zip(all.get(all.len() / 2))
                .map_or((f64::NAN, f64::NAN), |(least, median)| (least.as_secs_f64(), median.as_secs_f64()))
        };
        let ((cpu, cpu_median), (wall, _)) = (secs(By::Cpu), secs(By::Wall));
        let peak = standing.took.iter().map(|took| took.peak_bytes).max().unwrap_or(0);
        let rows = standing.rows.map_or("-".to_owned(), |rows| rows.to_string());
        text.push_str(&format!(
            "  {:<26}{cpu:>9.3}{cpu_median:>9.3}{:>9.2}{:>9.2}{wall:>9.3}{:>9.2}{:>12.1}{rows:>11}{}\n",
            standing.name,
            standing.best_ratio(first, By::Cpu).unwrap_or(f64::NAN),
            standing.ratio(first, By::Cpu).map_or(f64::NAN, |(_, median)| median),
            standing.best_ratio(first, By::Wall).unwrap_or(f64::NAN),
            peak as f64 / f64::from(1 << 20),
            difference(standing, first),
        ));
    }
    text
}

/// Says so if one counted other rows than the first, or looked at less of them.
fn difference(standing: &Standing, first: &Standing) -> String {
    let mut text = match (standing.rows, first.rows) {
        (Some(rows), Some(ours)) if rows != ours => format!("  {:+} rows", rows as i128 - i128::from(ours)),
        _ => String::new(),
    };
    for what in ["hops", "communities"] {
        if let (Some(theirs), Some(ours)) = (field(&standing.printed.first, what), field(&first.printed.first, what))
            && theirs != ours
        {
            text.push_str(&format!("  {:+} {what}", theirs as i128 - i128::from(ours)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(name: &str, script: &str) -> Entrant {
        Entrant::new(name, "sh", &["-c".as_ref(), script.as_ref()])
    }

    #[test]
    fn rows_that_are_lost_and_entrants_that_fail_are_named() {
        let mut entrants = [
            shell("ours", "echo rows=12 hops=40 communities=3").counting(),
            shell("short", "echo rows=10 hops=40 communities=0").counting(),
            shell("broken", "echo rows=1; exit 1").counting(),
        ];
        let standings = compete(&mut entrants, 2).unwrap();
        let rounds: Vec<usize> = standings.iter().map(|standing| standing.took.len()).collect();
        assert_eq!(rounds, [3, 3, 1]);
        let text = table(&standings);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].ends_with("12"), "{text}");
        assert!(lines[2].ends_with("10  -2 rows  -3 communities"), "{text}");
        assert!(lines[3].contains("failed: exit code 1, 1 rows"), "{text}");
    }

    #[test]
    fn lines_are_rows_of_those_that_do_not_count() {
        let standings = compete(&mut [shell("lines", "echo a; echo b")], 1).unwrap();
        assert_eq!(standings[0].rows, Some(2));
    }

    #[test]
    fn ratios_are_of_rounds_and_of_the_best() {
        let standing = |secs: [u64; 4]| Standing {
            name: String::new(),
            printed: Printed::default(),
            rows: None,
            took: secs
                .map(|secs| Took {
                    cpu: Duration::from_secs(secs),
                    wall: Duration::from_secs(2 * secs),
                    peak_bytes: 0,
                    ended_well: true,
                    end: String::new(),
                })
                .to_vec(),
        };
        // The first round does not count.
        let (ours, theirs) = (standing([99, 1, 2, 4]), standing([1, 4, 4, 4]));
        assert_eq!(theirs.ratio(&ours, By::Cpu), Some((1.0, 2.0)));
        assert_eq!(theirs.best_ratio(&ours, By::Wall), Some(4.0));
    }
}
