//! `headwater faults`: lists what was wrong with what was read.

use headwater_route::FaultKind;
use serde::Serialize;

use super::Context;
use crate::envelope::{Envelope, Level, Message};
use crate::error::{Error, Exit};
use crate::question::label;
use crate::text::{Align, count, table};

/// Arguments of `faults`.
#[derive(clap::Args)]
#[command(after_help = "\
Offsets count in the decompressed stream. Of each kind the first 1,000 faults of a file are kept one by one; all are \
counted.")]
pub struct Args {
    /// Each fault with its place, instead of counts
    #[arg(long)]
    all: bool,
    /// Tell what the kinds of faults mean
    #[arg(long, conflicts_with = "all")]
    kinds: bool,
}

#[derive(Serialize)]
struct Query {
    all: bool,
}

#[derive(Serialize)]
struct Counted<'a> {
    name: &'a str,
    sha256: &'a str,
    kind: FaultKind,
    count: u64,
    nothing_read: bool,
    loses_content: bool,
    meaning: &'a str,
}

#[derive(Serialize)]
struct Placed<'a> {
    name: &'a str,
    sha256: &'a str,
    offset: u64,
    kind: FaultKind,
    detail: &'a str,
}

/// Runs `faults`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    if args.kinds {
        return list_kinds(context);
    }
    let history = context.open_history()?;
    if args.all { list_all(&history, context) } else { list_counts(&history, context) }
}

fn list_kinds(context: &Context<'_>) -> Result<Exit, Error> {
    let meaning = |kind: &FaultKind| kind.meaning().trim().to_owned();
    if context.output.json {
        let data: std::collections::BTreeMap<&str, String> =
            FaultKind::ALL.iter().map(|kind| (kind.code(), meaning(kind))).collect();
        context.output.answer(&Envelope::new("fault_kinds", (), data))?;
    } else {
        let rows: Vec<Vec<String>> =
            FaultKind::ALL.iter().map(|kind| vec![kind.code().to_owned(), meaning(kind)]).collect();
        context.output.print(&table(&[("kind", Align::Left), ("meaning", Align::Left)], &rows))?;
    }
    Ok(Exit::Done)
}

fn list_counts(history: &headwater_history::History, context: &Context<'_>) -> Result<Exit, Error> {
    let counts = history.catalogue().fault_counts()?;
    if context.output.json {
        let data: Vec<Counted<'_>> = counts
            .iter()
            .map(|c| Counted {
                name: &c.name,
                sha256: &c.sha256,
                kind: c.kind,
                count: c.count,
                nothing_read: c.unread,
                loses_content: c.unread || c.kind.loses_content(),
                meaning: c.kind.meaning().trim(),
            })
            .collect();
        let mut envelope = Envelope::new("faults", Query { all: false }, data);
        envelope.messages.extend(label(history)?.map(|text| Message { level: Level::Warning, text }));
        envelope.stats = context.output.cost(None);
        context.output.answer(&envelope)?;
        return Ok(Exit::Done);
    }
    context.output.banner(label(history)?.as_deref())?;
    if counts.is_empty() {
        context.output.print("no faults\n")?;
        return Ok(Exit::Done);
    }
    let headings = [
        ("count", Align::Right),
        ("kind", Align::Left),
        ("lost", Align::Left),
        ("sha256", Align::Left),
        ("name", Align::Left),
    ];
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|c| {
            let lost = match (c.unread, c.kind.loses_content()) {
                (true, _) => "the file",
                (false, true) => "content",
                (false, false) => "nothing",
            };
            let sha256 = c.sha256.chars().take(12).collect();
            vec![count(c.count), c.kind.code().to_owned(), lost.to_owned(), sha256, c.name.clone()]
        })
        .collect();
    context.output.print(&table(&headings, &rows))?;
    context.output.note("`headwater faults --all` shows each with its place, `--kinds` what they mean");
    Ok(Exit::Done)
}

fn list_all(history: &headwater_history::History, context: &Context<'_>) -> Result<Exit, Error> {
    let limit = context.config.limits.faults;
    let mut faults = history.catalogue().faults(limit.saturating_add(1))?;
    let cut = faults.len() > limit;
    faults.truncate(limit);
    let told = format!("cut after {} faults; `limits.faults` in the configuration sets the limit", count(limit as u64));
    if context.output.json {
        let data: Vec<Placed<'_>> = faults
            .iter()
            .map(|f| Placed {
                name: &f.name,
                sha256: &f.sha256,
                offset: f.fault.offset,
                kind: f.fault.kind,
                detail: &f.fault.detail,
            })
            .collect();
        let mut envelope = Envelope::new("faults", Query { all: true }, data);
        envelope.messages.extend(label(history)?.map(|text| Message { level: Level::Warning, text }));
        if cut {
            envelope.messages.push(Message { level: Level::Warning, text: told });
        }
        envelope.stats = context.output.cost(None);
        context.output.answer(&envelope)?;
        return Ok(Exit::Done);
    }
    context.output.banner(label(history)?.as_deref())?;
    if faults.is_empty() {
        context.output.print("no faults\n")?;
        return Ok(Exit::Done);
    }
    let headings = [
        ("name", Align::Left),
        ("sha256", Align::Left),
        ("offset", Align::Right),
        ("kind", Align::Left),
        ("detail", Align::Left),
    ];
    let rows: Vec<Vec<String>> = faults
        .iter()
        .map(|f| {
            vec![
                f.name.clone(),
                f.sha256.chars().take(12).collect(),
                f.fault.offset.to_string(),
                f.fault.kind.code().to_owned(),
                f.fault.detail.clone(),
            ]
        })
        .collect();
    context.output.print(&table(&headings, &rows))?;
    if cut {
        context.output.note(&told);
    }
    Ok(Exit::Done)
}
