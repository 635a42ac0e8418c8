//! `headwater simulate`: writes an invented world as archives, with the truth about it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use headwater_world::scenario::{PRESETS, Scenario};
use headwater_world::{Ran, World, WorldError, marker};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::Context;
use crate::envelope::{Envelope, Level, Message};
use crate::error::{Error, Exit};
use crate::question::invented;
use crate::text::{Align, count, counted, size, table};

/// Arguments of `simulate`.
#[derive(clap::Args)]
#[command(after_help = "\
The same scenario and seed give the same files on every machine. `ingest` reads them like any archive, and every answer from \
them says that they are invented; truth.json, which no other command reads, says what was really so. docs/worlds.md \
describes scenarios.")]
pub struct Args {
    /// A scenario file (TOML), or the name of a scenario that comes with the program
    #[arg(value_name = "SCENARIO", required_unless_present = "list")]
    scenario: Option<String>,
    /// Directory to write to; it must be empty, or not there
    #[arg(long, short, value_name = "DIR", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// Draw chance from this number instead of the scenario's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// List the scenarios that come with the program
    #[arg(long, conflicts_with_all = ["scenario", "output", "seed"])]
    list: bool,
}

#[derive(Serialize)]
struct Query<'a> {
    scenario: &'a str,
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

/// What was written.
#[derive(Serialize)]
pub struct Written {
    /// The scenario's name. Hostile text.
    name: String,
    seed: u64,
    networks: u64,
    vantages: u64,
    relations: u64,
    tables: u64,
    messages: u64,
    snapshots: u64,
    events: u64,
    innocent_events: u64,
    incidents: u64,
    files: u64,
    bytes: u64,
}

/// Runs `simulate`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let (Some(name), Some(dir), false) = (&args.scenario, &args.output, args.list) else {
        return list(context);
    };
    let scenario = scenario(name)?;
    vacant(dir)?;
    let written = write(scenario, args.seed, dir, context)?;
    let label = invented(&headwater_world::marker::Marker::new(&written.name, written.seed).label());
    let note = format!("`headwater --history NEW ingest {}` reads them into a history of their own", dir.display());
    if context.output.json {
        let query = Query { scenario: name, output: dir.to_string_lossy().into_owned(), seed: args.seed };
        let mut envelope = Envelope::new("simulate", query, written);
        envelope.messages.push(Message { level: Level::Warning, text: label });
        envelope.stats = context.output.cost(None);
        context.output.answer(&envelope)?;
        return Ok(Exit::Done);
    }
    context.output.banner(Some(&label))?;
    context.output.print(&summary(&written, dir))?;
    context.output.note(&note);
    context.output.tell_cost(None);
    Ok(Exit::Done)
}

/// Plays a scenario and writes it below a directory.
pub fn write(scenario: Scenario, seed: Option<u64>, dir: &Path, context: &Context<'_>) -> Result<Written, Error> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let bar = bar(!context.output.quiet);
    bar.set_message("making the networks");
    let world = World::new(scenario, seed).map_err(of_world)?;
    let ran = world
        .run_telling(dir, threads, &mut |progress| {
            bar.set_length(progress.all as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(format!("{} in the world", progress.at.date()));
        })
        .map_err(of_world)?;
    bar.finish_and_clear();
    let (files, bytes) = size_below(dir).map_err(|e| Error::file(dir, &e))?;
    Ok(written(&ran, files, bytes))
}

fn written(ran: &Ran, files: u64, bytes: u64) -> Written {
    let truth = &ran.truth;
    let number = |length: usize| length as u64;
    Written {
        name: truth.scenario.clone(),
        seed: truth.seed,
        networks: number(truth.networks.len()),
        vantages: number(truth.vantages.len()),
        relations: number(truth.relations.len()),
        tables: ran.dumps,
        messages: ran.messages,
        snapshots: ran.snapshots,
        events: number(truth.events.len()),
        innocent_events: number(truth.events.iter().filter(|event| event.innocent).count()),
        incidents: number(truth.incidents.len()),
        files,
        bytes,
    }
}

fn summary(written: &Written, dir: &Path) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: String| {
        out.push_str(&format!("{label:<9} {}\n", crate::escape::terminal(&text)));
    };
    line("world", format!("{}, seed {}", written.name, written.seed));
    line("networks", format!("{}, {}", count(written.networks), counted(written.vantages, "vantage", "vantages")));
    line(
        "events",
        format!(
            "{}, of which {} innocent; {} of vantages and collectors",
            count(written.events),
            count(written.innocent_events),
            counted(written.incidents, "incident", "incidents")
        ),
    );
    line(
        "written",
        format!(
            "{}, {}, {}",
            counted(written.tables, "table", "tables"),
            counted(written.messages, "message", "messages"),
            counted(written.snapshots, "snapshot", "snapshots")
        ),
    );
    line("files", format!("{}, {} below {}", count(written.files), size(written.bytes), dir.display()));
    line("truth", dir.join(marker::ASIDE[1]).display().to_string());
    out
}

fn list(context: &Context<'_>) -> Result<Exit, Error> {
    let about = |text: &str| {
        let lines = text.lines().map_while(|line| line.strip_prefix('#'));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    };
    if context.output.json {
        let data: std::collections::BTreeMap<&str, String> =
            PRESETS.iter().map(|(name, text)| (*name, about(text))).collect();
        context.output.answer(&Envelope::new("scenarios", (), data))?;
    } else {
        let rows: Vec<Vec<String>> = PRESETS.iter().map(|(name, text)| vec![(*name).to_owned(), about(text)]).collect();
        context.output.print(&table(&[("scenario", Align::Left), ("what happens", Align::Left)], &rows))?;
    }
    Ok(Exit::Done)
}

/// A scenario by the name of a preset, else by path.
fn scenario(name: &str) -> Result<Scenario, Error> {
    /// A longer file is no scenario.
    const MAX_BYTES: u64 = 4 << 20;
    if let Some(scenario) = Scenario::preset(name) {
        return Ok(scenario);
    }
    let path = Path::new(name);
    let meta = fs::metadata(path).map_err(|e| {
        Error::usage(format!("{name:?} is no scenario that comes with the program, nor a file: {e}"))
            .hint("`headwater simulate --list` lists those that come with it; docs/worlds.md tells how to write one")
    })?;
    if meta.len() > MAX_BYTES {
        return Err(Error::usage(format!("{name} is too long for a scenario ({} bytes)", meta.len())));
    }
    let text = fs::read_to_string(path).map_err(|e| Error::usage(format!("{name}: {e}")))?;
    Scenario::parse(&text).map_err(|e| Error { message: format!("{name}: {e}"), ..of_world(e) })
}

/// Refuses a directory that holds anything.
fn vacant(dir: &Path) -> Result<(), Error> {
    let taken = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_some(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(Error::usage(format!("{}: {e}", dir.display())).hint("name a directory")),
    };
    match taken {
        false => Ok(()),
        true => Err(Error::usage(format!("{} is not empty", dir.display()))
            .hint("name a directory that is empty or not there, or remove what is in it; nothing was written")),
    }
}

/// Files below a directory, and their bytes.
fn size_below(dir: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        if meta.is_dir() {
            let (more, larger) = size_below(&entry.path())?;
            (files, bytes) = (files + more, bytes + larger);
        } else {
            (files, bytes) = (files + 1, bytes + meta.len());
        }
    }
    Ok((files, bytes))
}

fn of_world(error: WorldError) -> Error {
    match error {
        WorldError::Scenario(_) => {
            Error::usage(error.to_string()).hint("docs/worlds.md describes every key of a scenario")
        }
        WorldError::File(..) | WorldError::Encode(..) => Error::failed(error.to_string())
            .hint("what was written is not whole: remove the directory, and simulate again"),
    }
}

fn bar(shown: bool) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent}% {eta} left  {wide_msg}") {
        bar.set_style(style);
    }
    bar
}
