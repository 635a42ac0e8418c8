//! `headwater changes --all`: changes of every network, a line each, as they are found. Memory is bounded by the networks looked at
//! at once.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use headwater_finding::account::Rows;
use headwater_finding::changes::{Change, Changes, Kind, changes};
use headwater_finding::vantage::standing::Standing;
use headwater_history::History;
use headwater_route::rows::{HolderHistory, HolderRows, LinkHistory, RouteHistory};
use headwater_route::{Asn, Window};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::Context;
use super::changes::Args;
use crate::error::{Error, Exit};
use crate::present;
use crate::question::Question;

/// Networks read at once.
const AT_ONCE: usize = 1024;

#[derive(Serialize)]
struct Line<'a> {
    subject: Asn,
    #[serde(flatten)]
    change: &'a Change,
}

/// The rows of one network.
struct Asked {
    asn: Asn,
    links: LinkHistory,
    holders: HolderHistory,
}

/// Runs it.
pub fn run(args: &Args, window: &Window, context: &Context<'_>) -> Result<Exit, Error> {
    let question = Question::open(context)?;
    let history = &question.history;
    let asns = history.linked_asns()?;
    let output = context.output;
    let bar = bar(asns.len() as u64, !output.quiet);
    let mut out = BufWriter::new(io::stdout().lock());
    if !output.json {
        question.announce()?;
        writeln!(out, "{}", present::changes::LINE_HEAD).map_err(Error::output)?;
    }
    // Times without data are much the same for all: they are told where they are asked for.
    let wanted = |kind: Kind| match args.kinds.as_slice() {
        [] => kind != Kind::ObservationGap,
        kinds => kinds.contains(&kind),
    };
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut changed = 0;
    for chunk in asns.chunks(AT_ONCE) {
        let asked = rows(history, chunk)?;
        for (asn, found) in answers(&asked, &question, window, context) {
            let told: Vec<&Change> = found.changes.iter().filter(|c| wanted(c.kind)).collect();
            changed += usize::from(told.iter().any(|c| c.kind != Kind::ObservationGap));
            for change in told {
                *counts.entry(change.kind).or_default() += 1;
                let line = match output.json {
                    true => serde_json::to_string(&Line { subject: asn, change })
                        .map_err(|e| Error::failed(format!("a change is not JSON: {e}")))?,
                    false => present::changes::line(asn, change),
                };
                writeln!(out, "{line}").map_err(Error::output)?;
            }
            bar.inc(1);
        }
    }
    out.flush().map_err(Error::output)?;
    bar.finish_and_clear();
    let told: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {}", kind.code())).collect();
    let told = if told.is_empty() { "no changes".to_owned() } else { told.join(", ") };
    output.note(&format!("{changed} of {} networks changed, by published relationships: {told}", asns.len()));
    if args.kinds.is_empty() {
        output.note("times without data are not listed; `--kind observation_gap` lists them");
    }
    output.note(
        "observed routes were not looked at: `headwater changes RES` tells what they show of one network, with the bytes it rests \
         on, and what could not be known",
    );
    output.tell_cost(Some(history.scan_stats()));
    Ok(if asns.is_empty() { Exit::Incomplete } else { Exit::Done })
}

/// Rows of some networks, sorted by number.
fn rows(history: &History, asns: &[Asn]) -> Result<Vec<Asked>, Error> {
    let (Some(&first), Some(&last)) = (asns.first(), asns.last()) else { return Ok(Vec::new()) };
    let all = Window::default();
    let mut links = history.links_between(first, last, all)?;
    let (files, mut held) = history.holders_of(asns)?;
    let asked = asns.iter().map(|asn| {
        let HolderRows { names, delegations } = held.remove(asn).unwrap_or_default();
        Asked {
            asn: *asn,
            links: links.remove(asn).unwrap_or_default(),
            holders: HolderHistory { snapshots: files.clone(), names, delegations },
        }
    });
    Ok(asked.collect())
}

/// The changes of each, in their order, found on all cores.
fn answers(asked: &[Asked], question: &Question<'_>, window: &Window, context: &Context<'_>) -> Vec<(Asn, Changes)> {
    let (registry, sources, rules) = (&question.registry, &question.sources, &context.config.methods);
    let (no_routes, no_standing) = (RouteHistory::default(), Standing::default());
    let answer = |asked: &Asked| {
        let (links, holders) = (&asked.links, &asked.holders);
        let rows = Rows { links, holders, routes: &no_routes, standing: &no_standing, sources };
        (asked.asn, changes(asked.asn, &rows, registry, window, rules).0)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = asked.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            asked.chunks(part).map(|part| scope.spawn(move || part.iter().map(answer).collect::<Vec<_>>())).collect();
        // A worker that panicked is a defect: it is not hidden.
        workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
    })
}

fn bar(networks: u64, shown: bool) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(networks), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} networks, {elapsed}") {
        bar.set_style(style);
    }
    bar
}
