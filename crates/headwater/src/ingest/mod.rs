//! From paths into the history: find, identify, plan, read.

mod plan;
mod read;
mod report;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use headwater_history::{History, Selection};
use headwater_route::Time;
use headwater_wire::mrt::Filter;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use self::plan::UNKNOWN_COLLECTOR;
pub use self::report::{FileRead, Report};
use crate::commands::filter;
use crate::config::Limits;
use crate::error::Error;
use crate::source::{self, Identified, Place, Unread};

/// What to read, and how.
pub struct Request<'a> {
    /// Files and directories; `-` is standard input.
    pub paths: &'a [PathBuf],
    /// Collector of MRT files, instead of what their place says.
    pub collector: Option<&'a str>,
    /// Date of snapshots that have none of their own.
    pub as_of: Option<(Time, Time)>,
    /// Files read at once.
    pub jobs: usize,
    /// What to take from MRT files; `None`: what the history was made with, which is everything unless said otherwise.
    pub filter: Option<Filter>,
    /// Limits.
    pub limits: &'a Limits,
    /// Show progress if stderr is a terminal.
    pub progress: bool,
}

/// Reads everything asked for into the history at `dir`, which is made if it is not there. An error means that the history
/// itself failed; what had been read until then stays.
pub fn ingest(dir: &Path, request: &Request<'_>) -> Result<Report, Error> {
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        request.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    // Before a history is made for a path that is not there.
    let walked = source::walk(&paths, Some(dir), request.limits.files)?;

    let world = one_world(&walked, !stdin.is_empty())?;
    let mut history = History::open_or_create(dir)?;
    keep_apart(&history, dir, world.as_deref())?;
    history.sweep()?;
    let chosen = chosen(&history, request)?;
    let known = Known::of(&history)?;
    let tmp = history.dir().join("tmp");
    drop(history);

    let mut report =
        Report { hidden: walked.hidden, special: walked.special, aside: walked.aside, world, ..Report::default() };
    for (path, reason) in &walked.unreadable {
        report.unread.push(unreadable(path, reason.clone()));
    }
    let (mut files, mut streams) = (Vec::new(), Vec::new());
    for found in walked.files {
        if found.stream { streams.push(found.path) } else { files.push(found) }
    }

    let bar = bar(request.progress);
    let mut identified = identify_streams(!stdin.is_empty(), &streams, &tmp, &known, request, &bar);
    identified.extend(in_parallel(request.jobs, files, |found| {
        bar.set_message(format!("looking at {}", crate::escape::terminal(&found.path.to_string_lossy())));
        source::identify(&found, &|sha256| known.all.contains(sha256), request.limits.codec())
    }));

    let mut items = Vec::new();
    for outcome in identified {
        match outcome {
            Identified::New(item) => items.push(*item),
            Identified::Known(sha256) => report.known(&sha256, &known),
            Identified::Unread(unread) => report.unread.push(unread),
        }
    }
    bar.set_length(items.iter().map(|item| item.bytes).sum());
    bar.reset_eta();
    let (lanes, repeated) = plan::lanes(items, request.collector);
    report.known += repeated;
    let reading = read::Reading { request, chosen: chosen.as_ref(), known: &known, tmp: &tmp, bar: &bar };
    read_lanes(dir, lanes, &reading, &mut report)?;
    bar.finish_and_clear();

    let history = History::open(dir)?;
    report.note_unread(&history)?;
    report.sort();
    report.filter = chosen.map(|(_, selection)| selection.text);
    Ok(report)
}

/// The invented world that all files are of; `None`: all count as real, as standard input does.
fn one_world(walked: &source::Walked, stdin: bool) -> Result<Option<String>, Error> {
    let mut worlds = walked.worlds.clone();
    if stdin {
        worlds.insert(None);
    }
    let refuse = |what: String| Error::usage(what).hint("read them into histories of their own; nothing was read");
    match (worlds.pop_first(), worlds.pop_first()) {
        (world, None) => Ok(world.flatten()),
        (Some(Some(one)), Some(Some(other))) => {
            Err(refuse(format!("the files are of several invented worlds ({one}; {other})")))
        }
        (_, other) => {
            let world = other.flatten().unwrap_or_default();
            Err(refuse(format!("some files are of an invented world ({world}), others are of none")))
        }
    }
}

/// A history is of one invented world or of real data. A new one becomes what is read into it.
fn keep_apart(history: &History, dir: &Path, world: Option<&str>) -> Result<(), Error> {
    let dir = dir.display();
    let held = history.catalogue().meta(crate::question::WORLD)?;
    let refuse = |what: String, whose: &str| {
        let hint = format!("{whose} a history of their own: name one with `--history DIR`; nothing was read");
        Err(Error::usage(what).hint(hint))
    };
    match (held.as_deref(), world) {
        (None, None) => Ok(()),
        (Some(held), Some(world)) if held == world => Ok(()),
        (Some(held), None) => {
            refuse(format!("the history in {dir} is of an invented world ({held})"), "real data go into")
        }
        (Some(held), Some(world)) => refuse(
            format!("the history in {dir} is of another invented world ({held}) than the files ({world})"),
            "the files need",
        ),
        (None, Some(world)) if history.catalogue().sources()?.0.is_empty() => {
            Ok(history.catalogue().set_meta(crate::question::WORLD, world)?)
        }
        (None, Some(world)) => refuse(
            format!("the history in {dir} is of real data, and the files of an invented world ({world})"),
            "the files need",
        ),
    }
}

/// What is taken from MRT files, where it is not everything. A history has one such choice, made before its first MRT file.
fn chosen(history: &History, request: &Request<'_>) -> Result<Option<(Filter, Selection)>, Error> {
    let (mut filter, selection) = match &request.filter {
        Some(filter) => {
            let selection = filter::selection(filter);
            history.catalogue().select(&selection)?;
            (filter.clone(), selection)
        }
        None => match history.catalogue().selection()? {
            Some(selection) => (filter::filter_of(&selection)?, selection),
            None => return Ok(None),
        },
    };
    // Who lost a session lost its routes: that must not be left out with what the filter leaves out.
    filter.keep_states = true;
    Ok(Some((filter, selection)))
}

/// The sources the history holds.
struct Known {
    all: BTreeSet<String>,
    /// Those of which content is missing.
    lossy: BTreeSet<String>,
}

impl Known {
    fn of(history: &History) -> Result<Known, Error> {
        let catalogue = history.catalogue();
        let counts = catalogue.fault_counts()?;
        let lossy = counts.into_iter().filter(|count| !count.unread && count.kind.loses_content());
        Ok(Known {
            all: catalogue.sources()?.0.into_iter().map(|source| source.sha256).collect(),
            lossy: lossy.map(|count| count.sha256).collect(),
        })
    }
}

fn unreadable(path: &Path, reason: String) -> Unread {
    let (name, path) = source::names(path);
    Unread { name, path, bytes: None, kind: None, reason }
}

/// Standard input and pipes: kept on disk first, since they can be read only once.
fn identify_streams(
    stdin: bool,
    streams: &[PathBuf],
    tmp: &Path,
    known: &Known,
    request: &Request<'_>,
    bar: &ProgressBar,
) -> Vec<Identified> {
    let limit = request.limits.stdin_bytes;
    let keep = |input: io::Result<Box<dyn io::Read>>, name: String, path: String| {
        bar.set_message(format!("taking {}", crate::escape::terminal(&name)));
        let unread = |name, path, kind, reason| Identified::Unread(Unread { name, path, bytes: None, kind, reason });
        match input.and_then(|mut input| Place::keep(&mut input, None, limit, tmp)) {
            Ok(Some((place, _))) => source::identify_place(
                place,
                name,
                path,
                None,
                &|sha256| known.all.contains(sha256),
                request.limits.codec(),
            ),
            Ok(None) => {
                let reason = format!("more than {limit} bytes; `limits.stdin_bytes` sets the limit");
                unread(name, path, Some(headwater_route::FaultKind::Limit), reason)
            }
            Err(e) => unread(name, path, None, e.to_string()),
        }
    };
    let stdin = stdin.then(|| keep(Ok(Box::new(io::stdin().lock())), "-".into(), "-".into()));
    let opened = streams.iter().map(|path| {
        let (name, shown) = source::names(path);
        let input = std::fs::File::open(path).map(|file| Box::new(file) as Box<dyn io::Read>);
        keep(input, name, shown)
    });
    stdin.into_iter().chain(opened).collect()
}

/// Reads lanes on several threads, the largest first; within a lane in order.
fn read_lanes(
    dir: &Path,
    lanes: Vec<plan::Lane>,
    reading: &read::Reading<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let stop = AtomicBool::new(false);
    let reports = in_parallel(reading.request.jobs.min(lanes.len()), lanes, |lane| -> Result<Report, Error> {
        let mut report = Report::default();
        if stop.load(Ordering::Relaxed) {
            return Ok(report);
        }
        let mut history = History::open(dir)?;
        for item in lane.items {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            reading.bar.set_message(crate::escape::terminal(&item.name).into_owned());
            reading.read(&mut history, item, &mut report).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
        }
        Ok(report)
    });
    for lane in reports {
        report.absorb(lane?);
    }
    Ok(())
}

/// Applies `work` to every task on up to `jobs` threads; results in the order of the tasks.
fn in_parallel<T: Send, R: Send>(jobs: usize, tasks: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let slots: Vec<Mutex<(Option<T>, Option<R>)>> =
        tasks.into_iter().map(|task| Mutex::new((Some(task), None))).collect();
    let next = AtomicUsize::new(0);
    let lock = |i: usize| slots[i].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, slots.len().max(1)) {
            scope.spawn(|| {
                while let i = next.fetch_add(1, Ordering::Relaxed)
                    && i < slots.len()
                {
                    let task = lock(i).0.take();
                    if let Some(task) = task {
                        let done = work(task);
                        lock(i).1 = Some(done);
                    }
                }
            });
        }
    });
    slots
        .into_iter()
        .filter_map(|slot| slot.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).1)
        .collect()
}

fn bar(shown: bool) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let template = "{bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta} left  {wide_msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
