//! `headwater sources`: lists what was read.

use headwater_route::Kind;

use super::Context;
use crate::envelope::{Envelope, Input, Level, Message};
use crate::error::{Error, Exit};
use crate::question::label;
use crate::text::{Align, count, size, table};

/// Arguments of `sources`.
#[derive(clap::Args)]
pub struct Args {
    /// Only sources of this kind, such as mrt or as_rel_serial2
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

#[derive(serde::Serialize)]
struct Query {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
}

/// Runs `sources`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let kind = args.kind.as_deref().map(kind_of).transpose()?;
    let history = context.open_history()?;
    let selection = history.catalogue().selection()?.map(|selection| super::filter::shown(&selection.text));
    let label = label(&history)?;
    let mut sources = history.catalogue().sources()?.0;
    sources.retain(|source| kind.is_none_or(|kind| source.kind == kind));
    if context.output.json {
        let mut envelope = Envelope::new("sources", Query { kind }, &sources);
        envelope.inputs = sources.iter().map(Input::from).collect();
        envelope.messages.extend(label.map(|text| Message { level: Level::Warning, text }));
        envelope.messages.extend(selection.as_deref().map(|filter| Message { level: Level::Note, text: kept(filter) }));
        envelope.stats = context.output.cost(None);
        context.output.answer(&envelope)?;
        return Ok(Exit::Done);
    }
    context.output.banner(label.as_deref())?;
    let headings = [
        ("kind", Align::Left),
        ("series", Align::Left),
        ("from", Align::Left),
        ("until", Align::Left),
        ("rows", Align::Right),
        ("faults", Align::Right),
        ("size", Align::Right),
        ("sha256", Align::Left),
        ("name", Align::Left),
    ];
    let time = |time: Option<headwater_route::Time>| time.map_or("-".to_owned(), |time| time.to_string());
    let rows: Vec<Vec<String>> = sources
        .iter()
        .map(|s| {
            vec![
                s.kind.code().to_owned(),
                if s.series.is_empty() { "-".to_owned() } else { s.series.clone() },
                time(s.from),
                time(s.until),
                count(s.rows),
                count(s.faults),
                size(s.bytes),
                s.sha256.chars().take(12).collect(),
                s.name.clone(),
            ]
        })
        .collect();
    if rows.is_empty() {
        context.output.note("the history holds no such source; `headwater ingest PATH…` reads some");
    } else {
        context.output.print(&table(&headings, &rows))?;
    }
    if let Some(filter) = selection {
        context.output.note(&kept(&filter));
    }
    context.output.tell_cost(None);
    Ok(Exit::Done)
}

/// What a history keeps of MRT files, in words.
pub fn kept(filter: &str) -> String {
    format!("of MRT files this history keeps what `{filter}` takes")
}

fn kind_of(code: &str) -> Result<Kind, Error> {
    Kind::from_code(code).ok_or_else(|| {
        let codes: Vec<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        Error::usage(format!("there is no kind {code:?}")).hint(format!("kinds are {}", codes.join(", ")))
    })
}
