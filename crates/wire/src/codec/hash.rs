//! Counts and hashes raw bytes on their way to a decoder.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sha2::{Digest as _, Sha256};

/// A reader that counts and hashes (SHA-256) what passes. The result goes to its [`Digest`] when the reader is dropped, since
/// a decoder moves it to another thread.
pub struct Hashing<R> {
    inner: R,
    sha256: Sha256,
    bytes: u64,
    whole: bool,
    done: SyncSender<Hashed>,
}

/// What passed through a [`Hashing`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hashed {
    /// Bytes read.
    pub bytes: u64,
    /// SHA-256 over them, lower-case hex.
    pub sha256: String,
    /// True if the source was read to its end; otherwise the hash is over a part.
    pub whole: bool,
}

/// Receives the result of a [`Hashing`].
pub struct Digest(Receiver<Hashed>);

impl Digest {
    /// Waits until the reader has been dropped. Drop the [`Decoded`](super::Decoded) that holds it first, or this waits for
    /// ever.
    pub fn wait(self) -> Hashed {
        // The sender always sends before it goes: in `drop`, which cannot be skipped for a reader owned by a thread.
        self.0.recv().unwrap_or(Hashed { bytes: 0, sha256: String::new(), whole: false })
    }
}

impl<R: Read> Hashing<R> {
    /// Puts the hash around a reader.
    pub fn new(inner: R) -> (Hashing<R>, Digest) {
        let (done, receiver) = sync_channel(1);
        (Hashing { inner, sha256: Sha256::new(), bytes: 0, whole: false, done }, Digest(receiver))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        self.sha256.update(&out[..len]);
        self.bytes += len as u64;
        self.whole |= len == 0 && !out.is_empty();
        Ok(len)
    }
}

impl<R> Drop for Hashing<R> {
    fn drop(&mut self) {
        let sha256 = std::mem::take(&mut self.sha256).finalize().iter().map(|b| format!("{b:02x}")).collect();
        let hashed = Hashed { bytes: self.bytes, sha256, whole: self.whole };
        // Nobody waiting for the digest is no error.
        self.done.try_send(hashed).ok();
    }
}
