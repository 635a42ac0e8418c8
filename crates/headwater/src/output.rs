//! Where results and messages go: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use headwater_history::ScanStats;
use serde::Serialize;
use serde_json::json;

use crate::envelope::Envelope;
use crate::error::Error;
use crate::present::Style;
use crate::{escape, text};

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn on(self, terminal: bool) -> bool {
        match self {
            Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
            Color::Always => true,
            Color::Never => false,
        }
    }
}

/// How a command talks.
pub struct Output {
    /// JSON instead of text.
    pub json: bool,
    /// No messages and no progress.
    pub quiet: bool,
    /// Tell what the command cost.
    pub stats: bool,
    /// When to colour.
    pub color: Color,
    /// When the program started.
    pub started: Instant,
}

impl Output {
    /// How answers for people look: colour, and the width of the terminal (100 columns where there is none).
    pub fn style(&self) -> Style {
        let terminal = io::stdout().is_terminal();
        let width = terminal_size::terminal_size().filter(|_| terminal).map_or(100, |(width, _)| usize::from(width.0));
        Style { color: self.color.on(terminal), width: width.clamp(40, 200) }
    }

    /// Prints text for people to stdout.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::output)
    }

    /// Prints above an answer for people what it must never be read without.
    pub fn banner(&self, text: Option<&str>) -> Result<(), Error> {
        let Some(text) = text else { return Ok(()) };
        self.print(&format!("{}\n", self.style().wrap(text, "")))
    }

    /// Prints a JSON answer.
    pub fn answer<Q: Serialize, D: Serialize>(&self, envelope: &Envelope<Q, D>) -> Result<(), Error> {
        let text = envelope.to_text().map_err(|e| Error::failed(format!("the answer is not JSON: {e}")))?;
        self.print(&format!("{text}\n"))
    }

    /// Tells something beside the results, unless quiet.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say("note", "1", text);
        }
    }

    /// Prints an error and its hints to stderr.
    pub fn error(&self, error: &Error) {
        self.say("error", "1;31", &error.message);
        for hint in &error.hints {
            self.say("hint", "1;36", hint);
        }
    }

    fn say(&self, label: &str, sgr: &str, text: &str) {
        let mut err = io::stderr().lock();
        // Messages of the TOML reader have several lines, which show the place.
        let text: Vec<_> = text.lines().map(escape::terminal).collect();
        let text = text.join("\n");
        let written = match self.color.on(err.is_terminal()) {
            true => writeln!(err, "\u{1b}[{sgr}m{label}:\u{1b}[0m {text}"),
            false => writeln!(err, "{label}: {text}"),
        };
        // With stderr gone there is nobody left to tell.
        written.ok();
    }

    /// What the command cost, for `--stats`; empty without it.
    pub fn cost(&self, scanned: Option<ScanStats>) -> serde_json::Map<String, serde_json::Value> {
        let mut stats = serde_json::Map::new();
        if self.stats {
            stats.insert("elapsed_ms".into(), json!(self.started.elapsed().as_millis() as u64));
            stats.insert("peak_memory_bytes".into(), json!(peak_memory_bytes()));
            if let Some(scanned) = scanned {
                stats.insert("segments".into(), json!(scanned.segments));
                stats.insert("segment_bytes".into(), json!(scanned.segment_bytes));
                stats.insert("bytes_read".into(), json!(scanned.bytes_read));
                stats.insert("rows".into(), json!(scanned.rows));
            }
        }
        stats
    }

    /// As [`Output::cost`], told on stderr; for answers that are not JSON.
    pub fn tell_cost(&self, scanned: Option<ScanStats>) {
        let cost = self.cost(scanned);
        if !cost.is_empty() {
            let parts: Vec<String> = cost
                .iter()
                .map(|(key, value)| {
                    let shown = match value.as_u64() {
                        Some(bytes) if key.contains("bytes") => text::size(bytes),
                        Some(number) => text::count(number),
                        None => "unknown".to_owned(),
                    };
                    format!("{} {shown}", key.trim_end_matches("_bytes").replace('_', " "))
                })
                .collect();
            self.say("stats", "1", &parts.join(", "));
        }
    }
}

/// The most memory this process has held, where the system tells (Linux).
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}
