//! One file a command: arguments in, results out.

pub mod carried_by;
pub mod carriers;
pub mod changes;
mod changes_all;
pub mod demo;
pub mod dump;
pub mod explain;
pub mod faults;
pub mod filter;
pub mod holders;
pub mod ingest;
pub mod inspect;
pub mod investigate;
pub mod origin;
pub mod relations;
pub mod rivals;
pub mod simulate;
pub mod sources;
pub mod sql;
pub mod vantages;

use std::path::PathBuf;

use headwater_history::History;
use headwater_route::Time;

use crate::config::Config;
use crate::error::Error;
use crate::output::Output;

/// What every command has at hand.
pub struct Context<'a> {
    /// Settings.
    pub config: Config,
    /// Where results and messages go.
    pub output: &'a Output,
    /// The history directory named on the command line or in the environment.
    pub history: Option<PathBuf>,
}

impl Context<'_> {
    /// Directory of the history.
    pub fn history_dir(&self) -> Result<PathBuf, Error> {
        let dir = self.config.history_dir(self.history.as_deref())?;
        if dir.exists() && !dir.is_dir() {
            return Err(Error::usage(format!("{} is a file; a history is a directory", dir.display()))
                .hint("`--history DIR` or HEADWATER_HISTORY names another place"));
        }
        Ok(dir)
    }

    /// Opens the history, which must exist.
    pub fn open_history(&self) -> Result<History, Error> {
        Ok(History::open(&self.history_dir()?)?)
    }
}

/// The clock.
pub fn now() -> Time {
    Time(jiff::Timestamp::now().as_microsecond())
}
