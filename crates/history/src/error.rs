//! What can go wrong with a history. Bad *input* is never an error here: it is a stored fault.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a history operation failed.
#[derive(Debug)]
pub enum Error {
    /// There is no history in this directory.
    Absent(PathBuf),
    /// A newer Headwater wrote this history: (path, its format version).
    Newer(PathBuf, u32),
    /// An older Headwater wrote this history, in a format that is no longer read: (path, its format version).
    Older(PathBuf, u32),
    /// The catalogue cannot be read or written.
    Catalogue(PathBuf, String),
    /// A file cannot be read or written.
    Io(PathBuf, std::io::Error),
    /// A segment that the catalogue lists is missing or damaged: (path, what is wrong).
    Segment(PathBuf, String),
    /// MRT sources are read into this history through another choice of observations, or through none: its text.
    Selection(Option<String>),
    /// A query failed in the engine.
    Engine(String),
    /// The user's SQL is refused or wrong.
    Sql(String),
    /// A test's fault injection stopped the operation.
    Interrupted,
}

impl Error {
    pub(crate) fn io(path: &Path, error: std::io::Error) -> Error {
        Error::Io(path.to_owned(), error)
    }

    /// A failure to write or read the segment at `path`.
    pub(crate) fn parquet(path: &Path, error: parquet::errors::ParquetError) -> Error {
        match error {
            parquet::errors::ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
                Ok(io) => Error::io(path, *io),
                Err(other) => Error::Segment(path.to_owned(), other.to_string()),
            },
            other => Error::Segment(path.to_owned(), other.to_string()),
        }
    }

    /// True if the disk or quota is full.
    pub fn is_full(&self) -> bool {
        match self {
            Error::Io(_, e) => {
                matches!(e.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
            }
            Error::Catalogue(_, text) | Error::Engine(text) | Error::Segment(_, text) | Error::Sql(text) => {
                ["No space left", "quota exceeded", "database or disk is full"].iter().any(|full| text.contains(full))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Absent(dir) => write!(f, "there is no history in {}", dir.display()),
            Error::Newer(path, version) => write!(
                f,
                "{} has format version {version}; this program reads up to {}",
                path.display(),
                crate::FORMAT_VERSION
            ),
            Error::Older(path, version) => write!(
                f,
                "{} has format version {version}; this program reads {} only",
                path.display(),
                crate::FORMAT_VERSION
            ),
            Error::Catalogue(path, text) => write!(f, "catalogue {}: {text}", path.display()),
            Error::Io(path, e) => write!(f, "{}: {e}", path.display()),
            Error::Segment(path, text) => write!(f, "segment {}: {text}", path.display()),
            Error::Selection(Some(text)) => {
                write!(f, "of MRT files this history keeps only what this choice takes: {text}")
            }
            Error::Selection(None) => write!(f, "this history holds MRT files that were read whole"),
            Error::Engine(text) => write!(f, "query engine: {text}"),
            Error::Sql(text) => write!(f, "{text}"),
            Error::Interrupted => write!(f, "interrupted by fault injection"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(feature = "sql")]
impl From<datafusion::error::DataFusionError> for Error {
    fn from(e: datafusion::error::DataFusionError) -> Error {
        Error::Engine(e.strip_backtrace())
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(e: arrow_schema::ArrowError) -> Error {
        Error::Engine(e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_full_disk_is_recognised_whoever_reports_it() {
        let path = Path::new("x");
        // ENOSPC and EDQUOT.
        for code in [28, 122] {
            let full = || io::Error::from_raw_os_error(code);
            assert!(Error::io(path, full()).is_full());
            assert!(Error::parquet(path, parquet::errors::ParquetError::from(full())).is_full());
            let text = parquet::errors::ParquetError::General(full().to_string());
            assert!(Error::parquet(path, text).is_full());
            #[cfg(feature = "sql")]
            assert!(Error::from(datafusion::error::DataFusionError::from(full())).is_full());
        }
        let code = rusqlite::ffi::Error { code: rusqlite::ErrorCode::DiskFull, extended_code: 13 };
        let full = rusqlite::Error::SqliteFailure(code, None);
        assert!(Error::Catalogue(path.to_owned(), full.to_string()).is_full());
        assert!(!Error::io(path, io::Error::from_raw_os_error(5)).is_full());
    }
}
