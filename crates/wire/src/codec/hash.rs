//! Counts and hashes raw bytes on their way to a decoder: of a long file on a thread of its own, so that the decoder does not
//! wait for the hash.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::cores;

/// Bytes that are hashed where they are read: a thread is not worth its start for less.
const HERE_BYTES: u64 = 1 << 20;
/// Bytes handed to the thread at once, and how often that may wait for it.
const BLOCK_BYTES: usize = 256 << 10;
const BLOCKS_AHEAD: usize = 4;

/// A reader that counts and hashes (SHA-256) what passes. The result goes to its [`Digest`] when the reader is dropped, since
/// a decoder moves it to another thread.
pub struct Hashing<R> {
    inner: R,
    work: Work,
    bytes: u64,
    whole: bool,
    done: SyncSender<Hashed>,
}

enum Work {
    Here(Sha256),
    /// A block that is being filled, those on their way to the thread, and their buffers back.
    Thread {
        block: Vec<u8>,
        blocks: SyncSender<Message>,
        spent: Receiver<Vec<u8>>,
    },
}

enum Message {
    Block(Vec<u8>),
    /// Bytes in all, and whether they are the whole.
    End(u64, bool),
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
        // The result is sent when the reader is dropped, which cannot be skipped for one owned by a thread.
        self.0.recv().unwrap_or(Hashed { bytes: 0, sha256: String::new(), whole: false })
    }
}

impl<R: Read> Hashing<R> {
    /// Puts the hash around a reader.
    pub fn new(inner: R) -> (Hashing<R>, Digest) {
        let (done, receiver) = sync_channel(1);
        let work = Work::Here(Sha256::new());
        (Hashing { inner, work, bytes: 0, whole: false, done }, Digest(receiver))
    }
}

impl<R> Hashing<R> {
    /// Takes in what has been read.
    fn hash(&mut self, read: &[u8]) {
        match &mut self.work {
            Work::Here(sha256) => {
                sha256.update(read);
                if self.bytes > HERE_BYTES && cores() > 1 {
                    // Without a thread the hash goes on here.
                    if let Ok(thread) = spawn(sha256.clone(), self.done.clone()) {
                        self.work = thread;
                    }
                }
            }
            Work::Thread { block, blocks, spent } => {
                block.extend_from_slice(read);
                if block.len() >= BLOCK_BYTES {
                    let mut next = spent.try_recv().unwrap_or_default();
                    next.clear();
                    // The thread waits for the end, which comes when this is dropped.
                    blocks.send(Message::Block(std::mem::replace(block, next))).ok();
                }
            }
        }
    }
}

/// Goes on with a hash on a thread.
fn spawn(sha256: Sha256, done: SyncSender<Hashed>) -> io::Result<Work> {
    let (blocks, incoming) = sync_channel(BLOCKS_AHEAD);
    let (give_back, spent) = channel();
    thread::Builder::new()
        .name("headwater-hash".into())
        .spawn(move || take_in(sha256, &incoming, &give_back, &done))?;
    Ok(Work::Thread { block: Vec::new(), blocks, spent })
}

fn take_in(mut sha256: Sha256, blocks: &Receiver<Message>, spent: &Sender<Vec<u8>>, done: &SyncSender<Hashed>) {
    while let Ok(message) = blocks.recv() {
        match message {
            Message::Block(block) => {
                sha256.update(&block);
                // At the end nobody needs the buffer.
                spent.send(block).ok();
            }
            Message::End(bytes, whole) => return finish(sha256, bytes, whole, done),
        }
    }
}

fn finish(sha256: Sha256, bytes: u64, whole: bool, done: &SyncSender<Hashed>) {
    let sha256 = sha256.finalize().iter().map(|b| format!("{b:02x}")).collect();
    // Nobody waiting for the digest is no error.
    done.try_send(Hashed { bytes, sha256, whole }).ok();
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        self.bytes += len as u64;
        self.whole |= len == 0 && !out.is_empty();
        if len > 0 {
            self.hash(&out[..len]);
        }
        Ok(len)
    }
}

impl<R> Drop for Hashing<R> {
    fn drop(&mut self) {
        match &mut self.work {
            Work::Here(sha256) => finish(std::mem::take(sha256), self.bytes, self.whole, &self.done),
            Work::Thread { block, blocks, .. } => {
                blocks.send(Message::Block(std::mem::take(block))).ok();
                blocks.send(Message::End(self.bytes, self.whole)).ok();
            }
        }
    }
}
