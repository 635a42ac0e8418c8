//! Undoes compression: gzip, bzip2, xz and zstd, told by magic bytes and never by name.
//!
//! Decoding runs on worker threads ahead of the reader (for bzip2 block by block on all cores), so that parsing overlaps
//! it; that of a short file runs where it is read, since it takes less time than a thread to start. Everything that can be
//! decoded comes out before the error that ends the stream; a damaged bzip2 block does not end it.
//! Must not know: what the bytes mean.

mod ahead;
mod bits;
mod bzip2;
mod hash;
mod stream;
mod tar;

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use headwater_route::{Fault, FaultKind};

pub use self::hash::{Digest, Hashed, Hashing};
pub use self::tar::{MAX_MEMBERS, Member, members};

/// A compression format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codec {
    /// Not compressed, as far as the first bytes tell.
    Plain,
    /// RFC 1952, any number of members.
    Gzip,
    /// Any number of streams.
    Bzip2,
    /// Any number of streams, with padding between them.
    Xz,
    /// RFC 8878, any number of frames.
    Zstd,
}

impl Codec {
    /// Tells the format by the first bytes; [`Codec::DETECT_BYTES`] of them are enough.
    pub fn detect(head: &[u8]) -> Codec {
        match head {
            [0x1f, 0x8b, 8, ..] => Codec::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Codec::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Codec::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Codec::Zstd,
            // A skippable frame (RFC 8878 §3.1.2) may come first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Codec::Zstd,
            _ => Codec::Plain,
        }
    }

    /// How many first bytes [`Codec::detect`] looks at.
    pub const DETECT_BYTES: usize = 6;
}

/// What a stream may grow to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Most decompressed bytes. Default 64 GiB.
    pub max_bytes: u64,
    /// Most decompressed bytes per compressed byte, looked at once `ratio_after_bytes` are out. Default 1000.
    pub max_ratio: u64,
    /// Decompressed bytes that are free of the ratio: short files may compress very well. Default 64 MiB.
    pub ratio_after_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { max_bytes: 64 << 30, max_ratio: 1000, ratio_after_bytes: 64 << 20 }
    }
}

/// The error inside the [`io::Error`] of a stream that reached one of its [`Limits`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitReached {
    /// [`Limits::max_bytes`].
    Bytes(u64),
    /// [`Limits::max_ratio`].
    Ratio(u64),
    /// The format asks for more memory than a decoder may use (bytes).
    Memory(u64),
}

impl LimitReached {
    /// The limit behind an error, if that is what it is.
    pub fn of(error: &io::Error) -> Option<LimitReached> {
        let mut error: &(dyn std::error::Error + 'static) = error.get_ref()?;
        // Readers in between (tar) wrap the error of the reader below them.
        loop {
            if let Some(limit) = error.downcast_ref::<LimitReached>() {
                return Some(*limit);
            }
            error = match error.downcast_ref::<io::Error>() {
                Some(wrapped) => wrapped.get_ref()?,
                None => error.source()?,
            };
        }
    }
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitReached::Bytes(bytes) => write!(f, "more than {bytes} decompressed bytes"),
            LimitReached::Ratio(ratio) => write!(f, "more than {ratio} decompressed bytes for each compressed byte"),
            LimitReached::Memory(bytes) => write!(f, "the decoder would need more than {bytes} bytes of memory"),
        }
    }
}

impl std::error::Error for LimitReached {}

impl From<LimitReached> for io::Error {
    fn from(limit: LimitReached) -> io::Error {
        io::Error::other(limit)
    }
}

/// The fault that a read error is, found after `offset` decompressed bytes: `limit` for a [`LimitReached`], `cut_stream`
/// for an unexpected end and for a source that stopped answering, `bad_compression` for damage.
pub fn fault_of(error: &io::Error, offset: u64) -> Fault {
    let kind = match error.kind() {
        _ if LimitReached::of(error).is_some() => FaultKind::Limit,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FaultKind::BadCompression,
        _ => FaultKind::CutStream,
    };
    Fault { offset, kind, detail: error.to_string() }
}

/// A decompressed stream, to be read where it was decoded ([`BufRead`]) or copied from there ([`Read`]).
///
/// Errors of a read:
/// - `InvalidData` from bzip2: blocks were damaged (the message says where in the compressed stream). **Reading goes on**:
///   the next call gives the bytes of the next good block.
/// - `InvalidData` otherwise: the stream is damaged and ends here. Every byte before the damage has been given.
/// - `UnexpectedEof`: the compressed stream is cut.
/// - [`LimitReached`] inside: a limit.
/// - Anything else: the source failed.
///
/// After an error that ends the stream the next read gives 0 bytes, so a reader that goes on after any error comes to an
/// end. Dropping it early stops its threads, without waiting for a source that blocks.
pub struct Decoded {
    codec: Codec,
    inner: Inner,
    limits: Limits,
    compressed: Arc<AtomicU64>,
    /// Bytes given so far, with those of `held`.
    given: u64,
    /// Bytes at the front of the decoder's buffer that are within the limits.
    held: usize,
    ended: bool,
}

enum Inner {
    Plain(BufReader<Counting<Box<dyn Read + Send>>>),
    Ahead(ahead::Ahead),
    Bzip2(Box<bzip2::Blocks>),
}

impl Inner {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Inner::Plain(inner) => inner.fill_buf(),
            Inner::Ahead(inner) => inner.fill_buf(),
            Inner::Bzip2(inner) => inner.fill_buf(),
        }
    }
}

/// A compressed file of no more bytes is decoded where it is read.
const SHORT_BYTES: usize = 32 << 10;
/// Bytes held of a file that is not compressed.
const PLAIN_BYTES: usize = 64 << 10;

/// Looks at the first bytes of `input` and undoes its compression. Fails if the first bytes cannot be read; an empty input
/// is an empty [`Codec::Plain`] stream.
pub fn open(input: impl Read + Send + 'static, limits: Limits) -> io::Result<Decoded> {
    open_as(input, limits, SHORT_BYTES)
}

/// As [`open`], with threads however short the input is: for tests of what the threads do.
#[doc(hidden)]
pub fn open_on_threads(input: impl Read + Send + 'static, limits: Limits) -> io::Result<Decoded> {
    open_as(input, limits, 0)
}

fn open_as(mut input: impl Read + Send + 'static, limits: Limits, short_bytes: usize) -> io::Result<Decoded> {
    let mut head = Vec::with_capacity(Codec::DETECT_BYTES);
    input.by_ref().take(Codec::DETECT_BYTES as u64).read_to_end(&mut head)?;
    let codec = Codec::detect(&head);
    let mut failure = None;
    if codec != Codec::Plain && short_bytes > 0 {
        // One byte more tells a short input from one that goes on. An error comes when the bytes before it have been read.
        let rest = (short_bytes + 1).saturating_sub(head.len()) as u64;
        failure = input.by_ref().take(rest).read_to_end(&mut head).err();
    }
    let len = head.len();
    let short = failure.is_none() && len <= short_bytes;
    let compressed = Arc::new(AtomicU64::new(0));
    let whole: Box<dyn Read + Send> = Box::new(io::Cursor::new(head).chain(Failing { failure, behind: input }));
    let counted = Counting { inner: whole, count: Arc::clone(&compressed) };
    let inner = match codec {
        Codec::Plain => Inner::Plain(BufReader::with_capacity(PLAIN_BYTES, counted)),
        Codec::Bzip2 if short => Inner::Bzip2(Box::new(bzip2::Blocks::here(counted, len, limits.max_bytes))),
        Codec::Bzip2 => Inner::Bzip2(Box::new(bzip2::Blocks::spawn(counted, limits.max_bytes)?)),
        Codec::Gzip => Inner::Ahead(ahead(counted, stream::Gzip::new(), short.then_some(len))?),
        Codec::Xz => Inner::Ahead(ahead(counted, stream::Xz::new()?, short.then_some(len))?),
        Codec::Zstd => Inner::Ahead(ahead(counted, stream::Zstd::new()?, short.then_some(len))?),
    };
    Ok(Decoded { codec, inner, limits, compressed, given: 0, held: 0, ended: false })
}

/// Decodes on a thread, or here an input of a known short length.
fn ahead(
    input: impl Read + Send + 'static,
    steps: impl stream::Steps,
    short: Option<usize>,
) -> io::Result<ahead::Ahead> {
    match short {
        Some(len) => Ok(ahead::Ahead::here(stream::Stream::new(input, steps, len + 1))),
        None => ahead::spawn(stream::Stream::new(input, steps, stream::INPUT_BYTES)),
    }
}

/// An input whose next read fails, if it has failed before.
struct Failing<R> {
    failure: Option<io::Error>,
    behind: R,
}

impl<R: Read> Read for Failing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.behind.read(out),
        }
    }
}

impl Decoded {
    /// The compression found.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Compressed bytes read from the source so far; runs ahead of what has been given out.
    pub fn compressed_bytes(&self) -> u64 {
        self.compressed.load(Ordering::Relaxed)
    }

    /// How many more bytes may be given, and the limit that is reached then.
    fn room(&self) -> (u64, LimitReached) {
        let Limits { max_bytes, max_ratio, ratio_after_bytes } = self.limits;
        let by_ratio = match self.codec {
            Codec::Plain => u64::MAX,
            _ => self.compressed_bytes().saturating_mul(max_ratio).max(ratio_after_bytes),
        };
        let (most, limit) = match max_bytes <= by_ratio {
            true => (max_bytes, LimitReached::Bytes(max_bytes)),
            false => (by_ratio, LimitReached::Ratio(max_ratio)),
        };
        (most.saturating_sub(self.given), limit)
    }

    /// Has the decoder hold more bytes, and counts those that are within the limits; none at the end.
    fn hold_more(&mut self) -> io::Result<()> {
        let got = self.inner.fill_buf().map(<[u8]>::len);
        let (room, limit) = self.room();
        match got {
            Ok(0) => self.ended = true,
            // At a limit, that more follows tells from a stream that ends there.
            Ok(_) if room == 0 => {
                self.ended = true;
                return Err(limit.into());
            }
            Ok(len) => {
                self.held = usize::try_from(room).unwrap_or(usize::MAX).min(len);
                self.given += self.held as u64;
            }
            Err(error) => {
                let goes_on = error.kind() == io::ErrorKind::Interrupted
                    || (self.codec == Codec::Bzip2 && error.kind() == io::ErrorKind::InvalidData);
                self.ended = !goes_on;
                return Err(error);
            }
        }
        Ok(())
    }
}

impl BufRead for Decoded {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.held == 0 && !self.ended {
            self.hold_more()?;
        }
        match self.held {
            0 => Ok(&[]),
            held => self.inner.fill_buf().map(|bytes| &bytes[..held]),
        }
    }

    #[inline]
    fn consume(&mut self, len: usize) {
        let len = len.min(self.held);
        self.held -= len;
        match &mut self.inner {
            Inner::Plain(inner) => inner.consume(len),
            Inner::Ahead(inner) => inner.consume(len),
            Inner::Bzip2(inner) => inner.consume(len),
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let held = self.fill_buf()?;
        let len = held.len().min(out.len());
        out[..len].copy_from_slice(&held[..len]);
        self.consume(len);
        Ok(len)
    }
}

/// Counts what is read, where another thread can see it.
struct Counting<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        self.count.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// Damage at a place in the compressed stream.
fn damaged(offset: u64, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("compressed byte {offset}: {what}"))
}

/// The compressed stream stops too early.
fn cut(offset: u64, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("compressed byte {offset}: {what}"))
}

/// Worker threads worth starting.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
