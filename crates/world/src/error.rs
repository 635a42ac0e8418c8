//! What can go wrong while a world is made.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use headwater_wire::mrt::encode::EncodeError;

/// Why a world cannot be made or written.
#[derive(Debug)]
pub enum WorldError {
    /// The scenario asks for something that cannot be; the text says what and where.
    Scenario(String),
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
    /// A route that the format has no room for.
    Encode(PathBuf, EncodeError),
}

impl WorldError {
    /// For an I/O error on one file.
    pub fn file(path: &Path) -> impl FnOnce(io::Error) -> WorldError {
        move |error| WorldError::File(path.to_owned(), error)
    }

    /// For a record that cannot be written to one file.
    pub fn encode(path: &Path) -> impl FnOnce(EncodeError) -> WorldError {
        move |error| match error {
            EncodeError::Io(error) => WorldError::File(path.to_owned(), error),
            error => WorldError::Encode(path.to_owned(), error),
        }
    }

    /// For something a scenario gets wrong.
    pub fn scenario(what: impl Into<String>) -> WorldError {
        WorldError::Scenario(what.into())
    }
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorldError::Scenario(what) => f.write_str(what),
            WorldError::File(path, error) => write!(f, "{}: {error}", path.display()),
            WorldError::Encode(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for WorldError {}
