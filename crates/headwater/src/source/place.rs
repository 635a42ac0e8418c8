//! Where the bytes of a source are, and how they are read again and again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use indicatif::ProgressBar;

/// Streams up to this size are kept in memory rather than on disk.
const MEMORY_BYTES: u64 = 16 << 20;

/// Where bytes are.
#[derive(Clone)]
pub enum Place {
    /// A regular file.
    Path(PathBuf),
    /// A stream kept on disk, in a file without a name that goes away with the process.
    Spool(Arc<Mutex<File>>),
    /// A short stream.
    Memory(Arc<[u8]>),
}

impl Place {
    /// Takes a stream of at most `limit` bytes, known to be about `size` bytes long. `Ok(None)` if it is longer.
    pub fn keep(input: &mut dyn Read, size: Option<u64>, limit: u64, tmp: &Path) -> io::Result<Option<(Place, u64)>> {
        let mut input = input.take(limit.saturating_add(1));
        if size.is_some_and(|size| size <= MEMORY_BYTES.min(limit)) {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes)?;
            let len = bytes.len() as u64;
            return Ok((len <= limit).then(|| (Place::Memory(bytes.into()), len)));
        }
        std::fs::create_dir_all(tmp)?;
        let mut file = tempfile::tempfile_in(tmp)?;
        let len = io::copy(&mut input, &mut file)?;
        file.flush()?;
        Ok((len <= limit).then(|| (Place::Spool(Arc::new(Mutex::new(file))), len)))
    }

    /// Opens the bytes at their start.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Place::Path(path) => Box::new(File::open(path)?),
            Place::Spool(file) => Box::new(SpoolReader { file: Arc::clone(file), offset: 0 }),
            Place::Memory(bytes) => Box::new(io::Cursor::new(Arc::clone(bytes))),
        })
    }

    /// Size and time of change of a file, to tell whether it was changed while it was read.
    pub fn stamp(&self) -> io::Result<Option<(u64, Option<SystemTime>)>> {
        match self {
            Place::Path(path) => {
                let meta = std::fs::metadata(path)?;
                Ok(Some((meta.len(), meta.modified().ok())))
            }
            Place::Spool(_) | Place::Memory(_) => Ok(None),
        }
    }
}

/// Reads a shared file from a position of its own: a decoder that was dropped may still be reading on another thread.
struct SpoolReader {
    file: Arc<Mutex<File>>,
    offset: u64,
}

impl Read for SpoolReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut file = locked(&self.file);
        file.seek(SeekFrom::Start(self.offset))?;
        let len = file.read(out)?;
        self.offset += len as u64;
        Ok(len)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The values are whole at every point where a holder could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is noticed of a source while decoders read it on other threads.
#[derive(Clone)]
pub struct Watch {
    bar: ProgressBar,
    state: Arc<Mutex<(u64, Option<String>)>>,
}

impl Watch {
    /// Shows what is read on `bar`.
    pub fn new(bar: ProgressBar) -> Watch {
        Watch { bar, state: Arc::new(Mutex::new((0, None))) }
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        locked(&self.state).0
    }

    /// Why the source itself could not be read on, if so: a failure of the disk, not of the data.
    pub fn failure(&self) -> Option<String> {
        locked(&self.state).1.clone()
    }
}

/// A source being read under watch.
pub struct Feed {
    /// The bytes.
    pub inner: Box<dyn Read + Send>,
    /// Who watches.
    pub watch: Watch,
}

impl Read for Feed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(out) {
            Ok(len) => {
                self.watch.bar.inc(len as u64);
                locked(&self.watch.state).0 += len as u64;
                Ok(len)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    locked(&self.watch.state).1 = Some(error.to_string());
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(place: &Place) -> String {
        let mut text = String::new();
        place.open().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn streams_are_kept_and_read_twice() {
        let tmp = tempfile::tempdir().unwrap();
        for size in [Some(5), None] {
            let (place, len) = Place::keep(&mut &b"hello"[..], size, 5, tmp.path()).unwrap().unwrap();
            assert_eq!((text(&place).as_str(), text(&place).as_str(), len), ("hello", "hello", 5));
            assert!(Place::keep(&mut &b"hello"[..], size, 4, tmp.path()).unwrap().is_none());
        }
    }

    #[test]
    fn a_failing_source_is_told_from_bad_data() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let watch = Watch::new(ProgressBar::hidden());
        let mut feed = Feed { inner: Box::new((&b"abc"[..]).chain(Failing)), watch: watch.clone() };
        assert!(feed.read_to_end(&mut Vec::new()).is_err());
        assert_eq!((watch.bytes(), watch.failure().as_deref()), (3, Some("the disk is gone")));
    }
}
