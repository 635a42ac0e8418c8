//! `headwater ingest`: reads archives and snapshots into the history.

use std::path::PathBuf;

use headwater_route::Time;
use serde::Serialize;

use super::filter::{self, FilterArgs};
use super::{Context, now};
use crate::envelope::{Envelope, Level, Message, Status};
use crate::error::{Error, Exit};
use crate::ingest::{FileRead, Report, Request, UNKNOWN_COLLECTOR, ingest};
use crate::text::{count, counted, size};

/// Arguments of `ingest`.
#[derive(clap::Args)]
#[command(after_help = "\
Files are known by their sha256: reading one twice changes nothing. A file becomes visible whole or not at all; when an \
ingest is stopped, run it again. Hidden files in directories are left out.

\
A filter belongs to the history: the first ingest of MRT files makes the choice, later ones keep to it, and every answer \
says that the rest is unknown.

\
Files below a directory that `headwater simulate` made are of an invented world. A history holds one such world or real \
data, never both.")]
pub struct Args {
    /// Files, directories, or `-` for standard input; the kind is recognised by content
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Collector of MRT files, instead of what their place says (rrc00, route-views.sg, …)
    #[arg(long, value_name = "NAME")]
    collector: Option<String>,
    /// Date of snapshots that have none, neither inside nor in their name
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Files read at once (default: one per core)
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Serialize)]
struct Query<'a> {
    paths: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collector: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<Time>,
}

/// Runs `ingest`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let as_of = args.as_of.as_deref().map(date).transpose()?;
    if let Some(name) = &args.collector {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(Error::usage(format!("{name:?} is no name of a collector"))
                .hint("use up to 64 letters, digits, dots, dashes and underscores, as in route-views.sg"));
        }
    }
    let wanted = args.filter.filter()?;
    let jobs = match args.jobs.unwrap_or(context.config.ingest.jobs) {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    };
    let request = Request {
        paths: &args.paths,
        collector: args.collector.as_deref(),
        as_of,
        jobs,
        filter: (!wanted.is_empty()).then_some(wanted),
        limits: &context.config.limits,
        progress: !context.output.quiet,
    };
    let dir = context.history_dir()?;
    let report = ingest(&dir, &request)?;
    if context.output.json {
        let query = Query {
            paths: args.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            collector: args.collector.as_deref(),
            as_of: as_of.map(|(from, _)| from),
        };
        context.output.answer(&envelope(&report, query, context))?;
    } else {
        context.output.print(&summary(&report, &dir))?;
        context.output.tell_cost(None);
    }
    if !context.output.json {
        for note in notes(&report) {
            context.output.note(&note);
        }
    }
    Ok(if report.is_whole() { Exit::Done } else { Exit::Incomplete })
}

/// The span of a date: the whole day, or the instant if one is named.
fn date(text: &str) -> Result<(Time, Time), Error> {
    let at = Time::parse(text, Some(now())).map_err(|e| Error::usage(format!("--as-of: {e}")))?;
    Ok(if at.is_midnight() { (at, Time(at.plus_days(1).0 - 1_000_000)) } else { (at, at) })
}

fn summary(report: &Report, dir: &std::path::Path) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: String| {
        out.push_str(&format!("{label:<9} {}\n", crate::escape::terminal(&text)));
    };
    let unread = report.unread.len() as u64;
    line(
        "files",
        format!(
            "{} read, {} already known, {} not read",
            count(report.read.len() as u64),
            count(report.known),
            count(unread)
        ),
    );
    line("rows", format!("{}, {} added to {}", count(report.rows()), size(report.segment_bytes()), dir.display()));
    if let Some(text) = &report.filter {
        line("filter", filter::shown(text));
    }
    for (kind, (faults, files)) in report.faults() {
        let kept = if kind.loses_content() { "" } else { " (nothing lost)" };
        line("faults", format!("{} {kind} in {}{kept}", count(faults), counted(files, "file", "files")));
    }
    for (place, kind, reason, files) in unread_groups(report) {
        let of = if files == 1 { String::new() } else { format!("{} in ", counted(files, "file", "files")) };
        line("not read", format!("{of}{place}: {kind}: {reason}"));
    }
    out
}

/// Files that were not read for the same reason, by the archive or directory they lie in: (place, kind, reason, how many). A
/// single file is its own place.
fn unread_groups(report: &Report) -> Vec<(String, &'static str, String, u64)> {
    let mut groups: std::collections::BTreeMap<(String, &'static str, &str), Vec<&str>> = Default::default();
    for unread in &report.unread {
        let archive = unread.path.rsplit_once('!').map(|(archive, _)| archive);
        let parent = std::path::Path::new(&unread.path).parent().map(|parent| parent.to_string_lossy());
        let place = archive.map(str::to_owned).or(parent.map(|p| p.into_owned())).unwrap_or_default();
        let kind = unread.kind.map_or("unreadable", |kind| kind.code());
        groups.entry((place, kind, unread.reason.as_str())).or_default().push(&unread.path);
    }
    groups
        .into_iter()
        .map(|((place, kind, reason), paths)| {
            let place = match paths.as_slice() {
                [one] => (*one).to_owned(),
                _ => place,
            };
            (place, kind, reason.to_owned(), paths.len() as u64)
        })
        .collect()
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if report.hidden > 0 {
        notes.push(format!(
            "{} left out",
            counted(report.hidden, "hidden file or directory was", "hidden files or directories were")
        ));
    }
    if report.special > 0 {
        notes.push(format!(
            "{} left out",
            counted(report.special, "pipe, socket or device was", "pipes, sockets or devices were")
        ));
    }
    if let Some(world) = &report.world {
        notes.push(crate::question::invented(world));
    }
    if report.aside > 0 {
        let files = counted(report.aside, "file that describes", "files that describe");
        notes.push(format!("{files} the invented world left out"));
    }
    if report.filter.is_some() {
        notes.push(
            "of MRT files only what the filter takes is kept; what it leaves out is unknown to this history".into(),
        );
    }
    if report.series().contains(UNKNOWN_COLLECTOR) {
        notes.push(
            "the collector of some MRT files is unknown; `--collector NAME` names it when they are first read".into(),
        );
    }
    if report.known_lossy > 0 {
        let files = counted(report.known_lossy, "file lacks", "files lack");
        notes.push(format!("of the known files, {files} content that could not be read"));
    }
    if !report.is_whole() {
        notes.push("`headwater faults` lists what could not be read".into());
    }
    notes
}

#[derive(Serialize)]
struct Data<'a> {
    read: Vec<ReadFile<'a>>,
    already_known: u64,
    not_read: Vec<UnreadFile<'a>>,
    hidden: u64,
    special: u64,
    rows: u64,
    segment_bytes: u64,
    faults: std::collections::BTreeMap<&'static str, u64>,
    /// The filter of the history, as the options that make it; missing where everything is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
}

#[derive(Serialize)]
struct ReadFile<'a> {
    name: &'a str,
    sha256: &'a str,
    kind: headwater_route::Kind,
    series: &'a str,
    from: Option<Time>,
    until: Option<Time>,
    rows: u64,
    faults: std::collections::BTreeMap<&'static str, u64>,
    segment_bytes: u64,
    as_changes: bool,
}

impl<'a> From<&'a FileRead> for ReadFile<'a> {
    fn from(file: &'a FileRead) -> ReadFile<'a> {
        ReadFile {
            name: &file.name,
            sha256: &file.sha256,
            kind: file.kind,
            series: &file.series,
            from: file.from,
            until: file.until,
            rows: file.rows,
            faults: file.faults.iter().map(|(kind, count)| (kind.code(), *count)).collect(),
            segment_bytes: file.segment_bytes,
            as_changes: file.as_changes,
        }
    }
}

#[derive(Serialize)]
struct UnreadFile<'a> {
    name: &'a str,
    path: &'a str,
    sha256: Option<&'a str>,
    kind: Option<headwater_route::FaultKind>,
    reason: &'a str,
}

fn envelope<'a>(report: &'a Report, query: Query<'a>, context: &Context<'_>) -> Envelope<Query<'a>, Data<'a>> {
    let data = Data {
        read: report.read.iter().map(ReadFile::from).collect(),
        already_known: report.known,
        not_read: report
            .unread
            .iter()
            .map(|unread| UnreadFile {
                name: &unread.name,
                path: &unread.path,
                sha256: unread.bytes.as_ref().map(|(sha256, _)| sha256.as_str()),
                kind: unread.kind,
                reason: &unread.reason,
            })
            .collect(),
        hidden: report.hidden,
        special: report.special,
        rows: report.rows(),
        segment_bytes: report.segment_bytes(),
        faults: report.faults().into_iter().map(|(kind, (count, _))| (kind.code(), count)).collect(),
        filter: report.filter.as_deref().map(filter::shown),
    };
    let mut envelope = Envelope::new("ingest", query, data);
    if !report.is_whole() {
        envelope.status = Status::Partial;
    }
    envelope.messages = notes(report).into_iter().map(|text| Message { level: Level::Note, text }).collect();
    envelope.stats = context.output.cost(None);
    envelope
}
