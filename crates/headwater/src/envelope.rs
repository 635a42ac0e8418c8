//! The one shape of every JSON answer.

use headwater_finding::finding::{Finding, Unknown};
use headwater_route::{Kind, Source, Time};
use serde::Serialize;

use crate::escape;

/// How much of the question was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All of it.
    Ok,
    /// Answered from incomplete or faulty input; `messages` and `gaps` say what is missing.
    Partial,
    /// Not answered; `messages` say why.
    Failed,
}

/// Who answers.
#[derive(Serialize)]
pub struct Tool {
    name: &'static str,
    version: &'static str,
}

/// A source the answer rests on. Hostile text in `name`.
#[derive(Clone, Serialize)]
pub struct Input {
    name: String,
    sha256: String,
    kind: Kind,
    series: String,
    from: Option<Time>,
    until: Option<Time>,
}

impl From<&Source> for Input {
    fn from(source: &Source) -> Input {
        Input {
            name: source.name.clone(),
            sha256: source.sha256.clone(),
            kind: source.kind,
            series: source.series.clone(),
            from: source.from,
            until: source.until,
        }
    }
}

/// How grave a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// The answer is weaker for it.
    Warning,
    /// There is no answer.
    Error,
}

/// Something to tell beside the data.
#[derive(Clone, Serialize)]
pub struct Message {
    /// How grave.
    pub level: Level,
    /// One sentence.
    pub text: String,
}

/// A JSON answer.
#[derive(Serialize)]
pub struct Envelope<Q, D> {
    schema: String,
    tool: Tool,
    /// The question as understood.
    pub query: Q,
    /// How much of it was answered.
    pub status: Status,
    /// The answer; its shape is the schema's.
    pub data: D,
    /// Sources it rests on.
    pub inputs: Vec<Input>,
    /// Its statements, each with the bytes it rests on.
    pub findings: Vec<Finding>,
    /// What could not be known, why, and what would settle it.
    pub gaps: Vec<Unknown>,
    /// What to tell beside it.
    pub messages: Vec<Message>,
    /// What it cost; empty unless asked for with `--stats`.
    pub stats: serde_json::Map<String, serde_json::Value>,
}

impl<Q: Serialize, D: Serialize> Envelope<Q, D> {
    /// An answer of a command, complete until said otherwise.
    pub fn new(command: &str, query: Q, data: D) -> Envelope<Q, D> {
        Envelope {
            schema: format!("headwater.{command}/1"),
            tool: Tool { name: "headwater", version: env!("CARGO_PKG_VERSION") },
            query,
            status: Status::Ok,
            data,
            inputs: Vec::new(),
            findings: Vec::new(),
            gaps: Vec::new(),
            messages: Vec::new(),
            stats: serde_json::Map::new(),
        }
    }

    /// The answer as text, safe to print.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(escape::json)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn every_answer_has_one_shape() {
        let mut envelope = Envelope::new("example", "AS64500", "two\n\u{9b}lines");
        envelope.gaps.push(Unknown {
            what: "no dump".into(),
            why: headwater_finding::finding::Why::NoData,
            from: Some(Time(0)),
            until: None,
            settled_by: "one".into(),
        });
        envelope.messages.push(Message { level: Level::Warning, text: "a".into() });
        let text = envelope.to_text().unwrap().replace(env!("CARGO_PKG_VERSION"), "VERSION");
        expect![[r#"
            {
              "schema": "headwater.example/1",
              "tool": {
                "name": "headwater",
                "version": "VERSION"
              },
              "query": "AS64500",
              "status": "ok",
              "data": "two\n\u009blines",
              "inputs": [],
              "findings": [],
              "gaps": [
                {
                  "what": "no dump",
                  "why": "no_data",
                  "from": "1970-01-01T00:00:00Z",
                  "settled_by": "one"
                }
              ],
              "messages": [
                {
                  "level": "warning",
                  "text": "a"
                }
              ],
              "stats": {}
            }"#]]
        .assert_eq(&text);
    }
}
