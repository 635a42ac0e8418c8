//! Runs a reader on its own thread, a few chunks ahead of whoever reads.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::cores;

const CHUNK_BYTES: usize = 512 << 10;
const CHUNKS_AHEAD: usize = 3;
/// Decoded bytes held where there is no other thread.
const HERE_BYTES: usize = 64 << 10;

pub(super) enum Message {
    Chunk(Vec<u8>),
    /// The end, or the error that is the end. A channel that closes without it lost its thread.
    End(io::Result<()>),
}

/// A reader whose work is done on another thread, or, on a single core, here.
pub(super) enum Ahead {
    Threaded { chunks: Receiver<Message>, spent: Sender<Vec<u8>>, chunk: Vec<u8>, at: usize, ended: bool },
    Here(BufReader<Box<dyn Read + Send>>),
}

/// Starts reading `reader` ahead.
pub(super) fn spawn(reader: impl Read + Send + 'static) -> io::Result<Ahead> {
    if cores() < 2 {
        return Ok(Ahead::here(reader));
    }
    let (send, chunks) = sync_channel(CHUNKS_AHEAD);
    let (spent, recycled) = channel();
    thread::Builder::new().name("headwater-decode".into()).spawn(move || fill(reader, &send, &recycled))?;
    Ok(Ahead::Threaded { chunks, spent, chunk: Vec::new(), at: 0, ended: false })
}

fn fill(mut reader: impl Read, send: &SyncSender<Message>, recycled: &Receiver<Vec<u8>>) {
    loop {
        let mut chunk = recycled.try_recv().unwrap_or_default();
        chunk.resize(CHUNK_BYTES, 0);
        let mut len = 0;
        let mut end = None;
        while len < chunk.len() && end.is_none() {
            match reader.read(&mut chunk[len..]) {
                Ok(0) => end = Some(Ok(())),
                Ok(more) => len += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => end = Some(Err(error)),
            }
        }
        chunk.truncate(len);
        // A send fails when the other side is gone: then the work is over.
        if len > 0 && send.send(Message::Chunk(chunk)).is_err() {
            return;
        }
        if let Some(end) = end {
            send.send(Message::End(end)).ok();
            return;
        }
    }
}

impl Ahead {
    /// Decodes `reader` where it is read.
    pub(super) fn here(reader: impl Read + Send + 'static) -> Ahead {
        Ahead::Here(BufReader::with_capacity(HERE_BYTES, Box::new(reader)))
    }

    /// As [`BufRead::fill_buf`].
    pub(super) fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let (chunks, spent, chunk, at, ended) = match self {
            Ahead::Here(reader) => return reader.fill_buf(),
            Ahead::Threaded { chunks, spent, chunk, at, ended } => (chunks, spent, chunk, at, ended),
        };
        if *at == chunk.len() && !*ended {
            match chunks.recv() {
                Ok(Message::Chunk(next)) => {
                    // The worker may have ended already; then nobody needs the buffer.
                    spent.send(std::mem::replace(chunk, next)).ok();
                    *at = 0;
                }
                Ok(Message::End(end)) => {
                    *ended = true;
                    end?;
                }
                Err(_) => {
                    *ended = true;
                    return Err(io::Error::other("the decoder thread stopped without a word"));
                }
            }
        }
        Ok(&chunk[*at..])
    }

    /// As [`BufRead::consume`].
    pub(super) fn consume(&mut self, len: usize) {
        match self {
            Ahead::Here(reader) => reader.consume(len),
            Ahead::Threaded { chunk, at, .. } => *at = (*at + len).min(chunk.len()),
        }
    }
}
