//! `headwater explain`: the bytes behind a finding, read again from the sources.

use std::collections::BTreeMap;

use headwater_finding::finding::Cited;
use headwater_route::Source;
use serde::{Deserialize, Serialize};

use super::Context;
use crate::envelope::{Envelope, Input, Level, Message, Status};
use crate::error::{Error, Exit};
use crate::passage::{Passage, Place, passages};
use crate::question::label;

/// Arguments of `explain`.
#[derive(clap::Args)]
#[command(after_help = "\
Each source is read again: its sha256 is taken anew and compared, then the record or line is printed as it stands in the \
(decompressed) stream at that offset. Findings are kept when a question is answered; ask it again if one is not known.")]
pub struct Args {
    /// Id of a finding (f-…), or the start of one
    #[arg(value_name = "ID")]
    id: String,
    /// Every item of evidence, not the first ones only
    #[arg(long)]
    all: bool,
}

/// Items shown without `--all`.
const SHOWN: usize = 5;

#[derive(Serialize)]
struct Query<'a> {
    id: &'a str,
    all: bool,
}

/// A finding as it was kept.
#[derive(Deserialize)]
struct Kept {
    query: serde_json::Value,
    finding: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Data {
    /// The question it answered.
    question: serde_json::Value,
    /// The finding as it was kept.
    finding: serde_json::Map<String, serde_json::Value>,
    /// The bytes, in the order of the evidence.
    evidence: Vec<Shown>,
    /// Items of evidence not shown here.
    unshown: usize,
}

/// A piece of evidence and what stands there now.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    cited: Cited,
    /// Where the source was read from.
    path: String,
    /// What was found there.
    #[serde(flatten)]
    passage: Passage,
}

/// Runs `explain`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let history = context.open_history()?;
    let found = history.catalogue().findings(args.id.trim())?;
    let (id, body) = match found.as_slice() {
        [] => {
            return Err(Error::failed(format!("no finding {:?} is kept in this history", args.id)).hint(
                "ask the question again (`headwater carriers`, `origin`, `holders`, `investigate`): it is kept then",
            ));
        }
        [one] => one,
        many => {
            let ids: Vec<&str> = many.iter().map(|(id, _)| id.as_str()).collect();
            return Err(Error::usage(format!("several findings start with {:?}: {}", args.id, ids.join(", ")))
                .hint("write more of the id"));
        }
    };
    let broken = |e: serde_json::Error| Error::failed(format!("the kept finding {id} cannot be read: {e}"));
    let Kept { query, mut finding } = serde_json::from_str(body).map_err(broken)?;
    let cited: Vec<Cited> = match finding.remove("evidence") {
        Some(evidence) => serde_json::from_value(evidence).map_err(broken)?,
        None => Vec::new(),
    };
    let shown = if args.all { cited.len() } else { SHOWN.min(cited.len()) };
    let unshown = cited.len() - shown;

    let sources = history.catalogue().sources()?;
    let by_hash: BTreeMap<&str, &Source> = sources.0.iter().map(|s| (s.sha256.as_str(), s)).collect();
    let mut wanted: BTreeMap<&str, Vec<(usize, &Cited)>> = BTreeMap::new();
    for (i, item) in cited.iter().take(shown).enumerate() {
        wanted.entry(&item.sha256).or_default().push((i, item));
    }
    let mut evidence: BTreeMap<usize, Shown> = BTreeMap::new();
    for (sha256, items) in &wanted {
        let Some(source) = by_hash.get(sha256) else {
            for (i, item) in items {
                let passage = Passage::Missing { why: "the history no longer holds this source".to_owned() };
                evidence.insert(*i, Shown { cited: (*item).clone(), path: String::new(), passage });
            }
            continue;
        };
        let places: Vec<Place<'_>> = items.iter().map(|(_, c)| Place { offset: c.offset, says: &c.says }).collect();
        let found = passages(source, &places, &context.config.limits);
        for ((i, item), passage) in items.iter().zip(found) {
            evidence.insert(*i, Shown { cited: (*item).clone(), path: source.path.clone(), passage });
        }
    }
    let inputs = wanted.keys().filter_map(|sha256| by_hash.get(sha256)).map(|s| Input::from(*s)).collect();
    let missing = evidence.values().filter(|s| matches!(s.passage, Passage::Missing { .. })).count();
    let data = Data { question: query, finding, evidence: evidence.into_values().collect(), unshown };
    let mut envelope = Envelope::new("explain", Query { id, all: args.all }, data);
    envelope.inputs = inputs;
    let label = label(&history)?;
    if context.output.json {
        envelope.messages.extend(label.clone().map(|text| Message { level: Level::Warning, text }));
    }
    if missing > 0 {
        envelope.status = Status::Partial;
        let text = format!("{missing} of {shown} pieces of evidence cannot be read again");
        envelope.messages.push(Message { level: Level::Warning, text });
    }
    if unshown > 0 {
        let text = format!("{unshown} further pieces of evidence; `--all` shows them");
        envelope.messages.push(Message { level: Level::Note, text });
    }
    envelope.stats = context.output.cost(None);
    if context.output.json {
        context.output.answer(&envelope)?;
    } else {
        context.output.banner(label.as_deref())?;
        context.output.print(&text(id, &envelope.data, context))?;
        for message in &envelope.messages {
            context.output.note(&message.text);
        }
    }
    Ok(if missing > 0 { Exit::Incomplete } else { Exit::Done })
}

fn text(id: &str, data: &Data, context: &Context<'_>) -> String {
    let style = context.output.style();
    let word = |key: &str| data.finding.get(key).and_then(serde_json::Value::as_str).unwrap_or("");
    let mut out = style.heading(&format!("{id}  {}, {}", word("method"), word("class")));
    out.push_str(&style.wrap(word("statement"), ""));
    for shown in &data.evidence {
        out.push('\n');
        out.push_str(&style.heading(&shown.cited.says));
        let offset = shown.cited.offset.map_or("the whole source".to_owned(), |offset| format!("offset {offset}"));
        let mut line = |label: &str, text: &str| {
            out.push_str(&format!("  {label:<8} {}\n", crate::escape::terminal(text)));
        };
        line("source", &format!("{}, {offset}", shown.cited.name));
        line("sha256", &shown.cited.sha256);
        line("path", &shown.path);
        match &shown.passage {
            Passage::Line { line: text, cut } => {
                line("line", text);
                if *cut {
                    line("", "(cut; `limits.explain_bytes` sets the limit)");
                }
            }
            Passage::Record { time, kind, bytes, observations, others, hex } => {
                line("record", &format!("MRT type {kind}, {time}, {bytes} bytes"));
                for observation in observations {
                    line("decoded", observation);
                }
                if *others > 0 {
                    line("", &format!("and {others} further observations of other vantages in the record"));
                }
                line("bytes", hex);
            }
            Passage::Whole => line("checked", "sha256 is that of the source as read; the evidence is what it lacks"),
            Passage::Missing { why } => line("missing", why),
        }
    }
    out
}
