//! The program's one error: what kind, what happened, what to do next. Made anywhere, printed and turned into an exit code
//! in `main` only.

use std::fmt;
use std::io;
use std::process::ExitCode;

use headwater_history as history;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Everything asked for was done.
    Done,
    /// Done, and the input was incomplete or faulty.
    Incomplete,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        match exit {
            Exit::Done => ExitCode::SUCCESS,
            Exit::Incomplete => ExitCode::from(2),
        }
    }
}

/// Why a command did not end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The reader of our output went away; nothing to say.
    BrokenPipe,
    /// It failed.
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
}

impl ErrorKind {
    /// The exit code.
    pub fn exit_code(self) -> ExitCode {
        match self {
            ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            ErrorKind::Failed => ExitCode::FAILURE,
            ErrorKind::Usage => ExitCode::from(3),
        }
    }
}

/// What went wrong. The message and hints may quote hostile text: they are escaped when printed.
#[derive(Debug)]
pub struct Error {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// One sentence.
    pub message: String,
    /// Next steps, each a sentence that names a command or option where there is one.
    pub hints: Vec<String>,
}

impl Error {
    /// A failure.
    pub fn failed(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Failed, message: message.into(), hints: Vec::new() }
    }

    /// A wrong command line or configuration.
    pub fn usage(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Usage, message: message.into(), hints: Vec::new() }
    }

    /// Adds a next step.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }

    /// An error of writing results.
    pub fn output(error: io::Error) -> Error {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Error { kind: ErrorKind::BrokenPipe, message: String::new(), hints: Vec::new() };
        }
        Error::failed(format!("the output cannot be written: {error}"))
    }

    /// An error about a file.
    pub fn file(path: &std::path::Path, error: &io::Error) -> Error {
        Error::failed(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<history::Error> for Error {
    fn from(error: history::Error) -> Error {
        let full = error.is_full();
        let failed = Error::failed(error.to_string());
        if full {
            return failed
                .hint("free some space and run the same command again: what was read stays, the rest is read then");
        }
        match error {
            history::Error::Absent(_) => failed
                .hint("`headwater ingest PATH…` makes one from archives and snapshots")
                .hint("`--history DIR` or HEADWATER_HISTORY names another directory"),
            history::Error::Newer(..) => {
                failed.hint("update headwater, or name another history with `--history DIR`; nothing was changed")
            }
            history::Error::Older(..) => failed
                .hint("read the archives again into a new history, which `--history DIR` names; nothing was changed"),
            history::Error::Catalogue(..) => failed.hint(
                "check that the directory is a history and may be read and written; `--history DIR` names another",
            ),
            history::Error::Segment(..) => failed
                .hint("the history is damaged: read the archives into a new one, which `--history DIR` names")
                .hint("`headwater sources` lists what this one was read from"),
            history::Error::Selection(chosen) => {
                let kept = match chosen {
                    Some(text) => format!(
                        "this history keeps of MRT files what `{}` takes, and no other choice",
                        crate::commands::filter::shown(&text)
                    ),
                    None => {
                        "this history holds MRT files that were read whole; a filter now would hide what it left out"
                            .to_owned()
                    }
                };
                Error::usage(kept)
                    .hint("`--history DIR` names a history of its own for another choice; nothing was read")
            }
            history::Error::Io(..) => failed.hint("check that the history directory may be read and written"),
            history::Error::Sql(_) => {
                Error { kind: ErrorKind::Usage, ..failed }.hint("`headwater sql --tables` lists tables and columns")
            }
            _ => failed,
        }
    }
}
