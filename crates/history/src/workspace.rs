//! A directory for the files of work in progress, told from debris by a lock.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// Directory below the history that holds workspaces.
pub(crate) const INCOMING: &str = "incoming";
/// Name of the lock file in a workspace.
pub(crate) const LOCK: &str = "lock";

/// A directory under `incoming/`, removed when dropped.
pub(crate) struct Workspace {
    path: PathBuf,
    /// Locked while this process lives.
    _lock: fs::File,
    keep: bool,
}

impl Workspace {
    /// Makes and locks `incoming/name` in the history `dir`. Between the two a sweep would take it for debris: whoever can
    /// meet one holds the catalogue's write lock meanwhile.
    pub fn create(dir: &Path, name: &str) -> Result<Workspace, Error> {
        let path = dir.join(INCOMING).join(name);
        fs::create_dir_all(&path).map_err(|e| Error::io(&path, e))?;
        let lock_path = path.join(LOCK);
        let lock = fs::File::create(&lock_path).map_err(|e| Error::io(&lock_path, e))?;
        lock.lock().map_err(|e| Error::io(&lock_path, e))?;
        Ok(Workspace { path, _lock: lock, keep: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the directory for a sweep, as a crash would.
    pub fn abandon(&mut self) {
        self.keep = true;
    }

    /// True if a living process holds the lock of the workspace at `path`.
    pub fn is_busy(path: &Path) -> bool {
        fs::File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_err())
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if !self.keep {
            // Nothing more can be done about a failure here; the next sweep tries again.
            drop(fs::remove_dir_all(&self.path));
        }
    }
}
