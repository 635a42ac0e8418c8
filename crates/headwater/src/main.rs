//! The program: sources, commands, configuration, the terminal, the clock.
//!
//! Place on the way: around everything. [`cli`] says what can be asked, [`config`] what can be set; each command is a file
//! of [`commands`]; [`source`] turns paths into streams with an identity, [`ingest`] hands them through `wire` to `history`.
//! A question is a [`resource`] looked up in the history ([`question`]), answered by `finding`, and shown by [`present`] or
//! as an [`envelope`].
//! Errors are printed and become exit codes here and nowhere else.

mod cli;
mod commands;
mod config;
mod envelope;
mod error;
mod escape;
mod ingest;
mod output;
mod page;
mod passage;
mod prefixes;
mod present;
mod question;
mod resource;
mod source;
mod text;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::commands::Context;
use crate::config::Config;
use crate::envelope::{Envelope, Level, Message, Status};
use crate::error::{Error, ErrorKind, Exit};
use crate::output::Output;

fn main() -> ExitCode {
    let started = Instant::now();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => {
            // Help and version come this way too.
            told.print().ok();
            return if told.use_stderr() { ErrorKind::Usage.exit_code() } else { ExitCode::SUCCESS };
        }
    };
    let global = &cli.global;
    let output = Output { json: global.json, quiet: global.quiet, stats: global.stats, color: global.color, started };
    match run(&cli, &output) {
        Ok(exit) => exit.into(),
        Err(error) => {
            if error.kind != ErrorKind::BrokenPipe {
                output.error(&error);
                if output.json {
                    refuse_in_json(&output, &error);
                }
            }
            error.kind.exit_code()
        }
    }
}

fn run(cli: &Cli, output: &Output) -> Result<Exit, Error> {
    let config = Config::load(cli.global.config.as_deref())?;
    let context = Context { config, output, history: cli.global.history.clone() };
    match &cli.command {
        Command::Investigate(args) => commands::investigate::run(args, &context),
        Command::Carriers(args) => commands::carriers::run(args, &context),
        Command::CarriedBy(args) => commands::carried_by::run(args, &context),
        Command::Changes(args) => commands::changes::run(args, &context),
        Command::Rivals(args) => commands::rivals::run(args, &context),
        Command::Relations(args) => commands::relations::run(args, &context),
        Command::Origin(args) => commands::origin::run(args, &context),
        Command::Holders(args) => commands::holders::run(args, &context),
        Command::Vantages(args) => commands::vantages::run(args, &context),
        Command::Explain(args) => commands::explain::run(args, &context),
        Command::Ingest(args) => commands::ingest::run(args, &context),
        Command::Inspect(args) => commands::inspect::run(args, &context),
        Command::Dump(args) => commands::dump::run(args, &context),
        Command::Sources(args) => commands::sources::run(args, &context),
        Command::Faults(args) => commands::faults::run(args, &context),
        Command::Sql(args) => commands::sql::run(args, &context),
        Command::Simulate(args) => commands::simulate::run(args, &context),
        Command::Demo(args) => commands::demo::run(args, &context),
        Command::Config => output.print(config::DEFAULTS).map(|()| Exit::Done),
    }
}

/// The error as a JSON answer, for programs that read stdout.
fn refuse_in_json(output: &Output, error: &Error) {
    let mut envelope = Envelope::new("error", (), ());
    envelope.status = Status::Failed;
    envelope.messages.push(Message { level: Level::Error, text: error.message.clone() });
    envelope.messages.extend(error.hints.iter().map(|hint| Message { level: Level::Note, text: hint.clone() }));
    // It was told on stderr already.
    output.answer(&envelope).ok();
}
