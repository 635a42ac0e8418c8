//! Clearing away what stopped processes left behind.

use std::fs;
use std::path::{Path, PathBuf};

use crate::table::Table;
use crate::workspace::{INCOMING, Workspace};
use crate::{Error, History};

impl History {
    /// Removes what stopped ingests and queries left behind: directories below `incoming/` that no living process holds, and
    /// segment files that the catalogue does not list. Returns how many.
    pub fn sweep(&mut self) -> Result<u64, Error> {
        let dir = &self.dir;
        // Writers make their directories and move their segments under the lock that is held here.
        self.catalogue.exclusively(|visible| {
            let mut removed = 0;
            for workspace in read_dir(&dir.join(INCOMING))? {
                if !Workspace::is_busy(&workspace) {
                    remove(&workspace)?;
                    removed += 1;
                }
            }
            for table in Table::ALL {
                for file in read_dir(&dir.join("segments").join(table.name()))? {
                    if !visible.contains(&relative(dir, &file)) {
                        remove(&file)?;
                        removed += 1;
                    }
                }
            }
            Ok(removed)
        })
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        // Its owner was quicker.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(|e| Error::io(path, e)),
    }
}

fn read_dir(path: &Path) -> Result<Vec<PathBuf>, Error> {
    match fs::read_dir(path) {
        Ok(entries) => {
            entries.map(|e| e.map(|e| e.path()).map_err(|e| Error::io(path, e))).collect::<Result<Vec<_>, _>>()
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io(path, e)),
    }
}

/// Path below the history directory, with `/` whatever the system writes.
pub(crate) fn relative(dir: &Path, file: &Path) -> String {
    let below = file.strip_prefix(dir).unwrap_or(file);
    below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}
