//! bzip2 on all cores: the stream is cut at its block magics, each block is re-wrapped as a stream of its own and decoded on
//! a worker, and the blocks come out in order. A damaged block costs that block only. All files share the workers.
//!
//! Format: a stream is `BZh1`..`BZh9`, blocks, and a trailer; nothing in it is byte-aligned but its two ends. A block starts
//! with the 48 bits 0x314159265359 and its CRC, the trailer with 0x177245385090 and the CRCs of the blocks combined. The
//! magics may by chance occur inside a block, so a piece that does not decode is tried again with the piece behind it.

mod block;
mod scan;

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use self::block::{Verdict, decode};
use self::scan::{Piece, PieceKind, READ_BYTES, scan};
use super::{LimitReached, bits, cores, cut, damaged};

/// Bytes of a large block that are decoded at once.
const LARGE_BYTES: usize = 256 << 10;

/// A piece on its way to a worker, how much it may give, and where its result goes.
type Job = (Piece, u64, SyncSender<Done>);

/// A piece that has been looked at.
struct Done {
    piece: Piece,
    /// `Verdict::None` for what is no block.
    verdict: Verdict,
}

/// Where the pieces come from, in the order of the stream.
enum Order {
    /// Workers decode them.
    Threads(Receiver<Next>),
    /// They are all here, to be decoded as they are asked for, and then comes this end.
    Here(VecDeque<Piece>, io::Result<()>),
}

/// What comes next in the order of the stream.
enum Next {
    Piece(Receiver<Done>),
    End(io::Result<()>),
}

/// Damage that has not been reported yet: it is, once, before the next good block or at the end.
struct Damage {
    from_byte: u64,
    pieces: u64,
    what: &'static str,
}

/// The decoded blocks of a source, in order.
pub(super) struct Blocks {
    order: Order,
    /// Decoded bytes that the whole stream may give.
    most: u64,
    /// Pieces that were looked at too early.
    pushed_back: Option<Done>,
    chunk: Vec<u8>,
    at: usize,
    /// A verified block that is too large to hold, decoded again bit by bit.
    large: Option<block::Large>,
    damage: Option<Damage>,
    /// Errors due before anything else is decoded.
    due: VecDeque<io::Error>,
    /// A header has been seen and its trailer not.
    stream_open: bool,
    /// Nothing of the current stream was lost so far, so its combined CRC can be compared.
    stream_intact: bool,
    combined_crc: u32,
    /// Compressed bytes up to the end of the last piece.
    offset: u64,
    ended: bool,
}

impl Blocks {
    /// Starts the scanner, and the workers if there are none.
    pub(super) fn spawn(input: impl Read + Send + 'static, most: u64) -> io::Result<Blocks> {
        let workers = Workers::shared()?;
        let (order_in, order) = sync_channel(workers.share_of_pieces());
        thread::Builder::new().name("headwater-scan".into()).spawn(move || {
            let hand_out = |piece: Piece| {
                let (result_in, result) = sync_channel(1);
                // Either fails when the reader was dropped; the scan stops then.
                order_in.send(Next::Piece(result)).is_ok() && workers.jobs.send((piece, most, result_in)).is_ok()
            };
            let end = scan(input, READ_BYTES, hand_out);
            order_in.send(Next::End(end)).ok();
        })?;
        Ok(Blocks::over(Order::Threads(order), most))
    }

    /// Decodes here, as it is read, an input of about `len` bytes.
    pub(super) fn here(input: impl Read, len: usize, most: u64) -> Blocks {
        let mut pieces = VecDeque::new();
        let end = scan(input, len + 1, |piece| {
            pieces.push_back(piece);
            true
        });
        Blocks::over(Order::Here(pieces, end), most)
    }

    fn over(order: Order, most: u64) -> Blocks {
        Blocks {
            order,
            most,
            pushed_back: None,
            chunk: Vec::new(),
            at: 0,
            large: None,
            damage: None,
            due: VecDeque::new(),
            stream_open: false,
            stream_intact: true,
            combined_crc: 0,
            offset: 0,
            ended: false,
        }
    }

    fn next(&mut self) -> Option<Done> {
        if let Some(done) = self.pushed_back.take() {
            return Some(done);
        }
        if self.ended {
            return None;
        }
        let stopped = || io::Error::other("a bzip2 thread stopped without a word");
        let end = match &mut self.order {
            Order::Here(pieces, end) => match pieces.pop_front() {
                Some(piece) => return Some(look_at(piece, self.most)),
                None => std::mem::replace(end, Ok(())),
            },
            Order::Threads(order) => match order.recv() {
                Ok(Next::Piece(result)) => match result.recv() {
                    Ok(done) => return Some(done),
                    Err(_) => Err(stopped()),
                },
                Ok(Next::End(end)) => end,
                Err(_) => Err(stopped()),
            },
        };
        self.ended = true;
        if let Err(error) = end {
            self.due.push_back(error);
        }
        None
    }

    fn lose(&mut self, piece: &Piece, what: &'static str) {
        self.stream_intact = false;
        let from_byte = piece.start_bit / 8;
        self.damage.get_or_insert(Damage { from_byte, pieces: 0, what }).pieces += 1;
    }

    fn report_damage(&mut self) {
        if let Some(damage) = self.damage.take() {
            let what = match damage.pieces {
                1 => damage.what.to_owned(),
                more => format!("{}, {more} pieces in a row", damage.what),
            };
            self.due.push_back(damaged(damage.from_byte, &what));
        }
    }

    /// Gets something to give out or to report; false at the end.
    fn advance(&mut self) -> bool {
        let Some(done) = self.next() else {
            if self.stream_open {
                // What could not be decoded at the very end is the cut, not damage of its own.
                self.stream_open = false;
                let at_cut = self.damage.take().map_or(self.offset, |damage| damage.from_byte);
                if self.due.is_empty() {
                    self.due.push_back(cut(at_cut, "the compressed stream is cut"));
                }
            }
            self.report_damage();
            return !self.due.is_empty();
        };
        self.offset = (done.piece.start_bit + done.piece.bits).div_ceil(8);
        match done.piece.kind {
            PieceKind::Head => {
                self.stream_open = true;
                if done.piece.bits != 32 {
                    self.lose(&done.piece, "no bzip2 block where the first should start");
                }
            }
            PieceKind::Block => self.take_block(done),
            PieceKind::Trailer => self.take_trailer(&done.piece),
        }
        true
    }

    fn take_block(&mut self, mut done: Done) {
        if matches!(done.verdict, Verdict::Damaged)
            && let Some(behind) = self.next()
        {
            let joined = done.piece.join(&behind.piece);
            match decode(&joined, self.most) {
                Verdict::Damaged => self.pushed_back = Some(behind),
                verdict => done = Done { piece: joined, verdict },
            }
        }
        if matches!(done.verdict, Verdict::Damaged) {
            return self.lose(&done.piece, "damaged bzip2 block");
        }
        self.report_damage();
        if !self.stream_open {
            // A block without a header before it; what stood in its place has been reported.
            self.stream_open = true;
            self.stream_intact = false;
        }
        self.combined_crc = self.combined_crc.rotate_left(1) ^ done.piece.block_crc().unwrap_or(0);
        match done.verdict {
            Verdict::Whole(bytes) => self.give(bytes),
            Verdict::Large(level) => self.large = Some(block::Large::new(&done.piece, level)),
            Verdict::Beyond => self.due.push_back(LimitReached::Bytes(self.most).into()),
            Verdict::WholeThenDamage(bytes) => {
                self.give(bytes);
                self.lose(&done.piece, "bytes that are no bzip2 block follow a block");
            }
            Verdict::Damaged | Verdict::NoBlock => {}
        }
    }

    fn give(&mut self, bytes: Vec<u8>) {
        self.chunk = bytes;
        self.at = 0;
    }

    fn take_trailer(&mut self, piece: &Piece) {
        let Some(stated) = piece.read(48, 32) else {
            return;
        };
        if self.stream_intact && stated as u32 != self.combined_crc {
            self.lose(piece, "the checksum over the whole bzip2 stream does not match");
        }
        self.stream_open = false;
        self.stream_intact = true;
        self.combined_crc = 0;
        // Then the file ends, or a further stream starts.
        let rest = piece.behind_trailer();
        match rest.as_slice() {
            rest if rest.iter().all(|b| *b == 0) => {}
            [b'B'] | [b'B', b'Z'] | [b'B', b'Z', b'h'] | [b'B', b'Z', b'h', b'1'..=b'9', ..] if rest.len() < 10 => {
                self.stream_open = true;
            }
            _ => self.lose(piece, "bytes that are no bzip2 stream follow the end of one"),
        }
    }
}

impl Blocks {
    /// As [`io::BufRead::fill_buf`]. Behind an error it may go on.
    pub(super) fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.chunk.len() {
            if let Some(error) = self.due.pop_front() {
                return Err(error);
            }
            if let Some(large) = &mut self.large {
                self.at = 0;
                self.chunk.resize(LARGE_BYTES, 0);
                let got = large.read(&mut self.chunk);
                self.chunk.truncate(*got.as_ref().unwrap_or(&0));
                if got? == 0 {
                    self.large = None;
                }
            } else if !self.advance() {
                break;
            }
        }
        Ok(&self.chunk[self.at..])
    }

    /// As [`io::BufRead::consume`].
    pub(super) fn consume(&mut self, len: usize) {
        self.at = (self.at + len).min(self.chunk.len());
    }
}

/// The threads that decode pieces: one for each core, shared by all files that are open, so that many files read at once start
/// no more of them than one. They wait for nothing but pieces, so no file can hold up another for good; they end when no file
/// has pieces left to send.
struct Workers {
    jobs: SyncSender<Job>,
}

impl Workers {
    fn shared() -> io::Result<Arc<Workers>> {
        static SHARED: Mutex<Weak<Workers>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(workers) = shared.upgrade() {
            return Ok(workers);
        }
        let (jobs_in, jobs) = sync_channel(cores());
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..cores() {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new().name("headwater-bzip2".into()).spawn(move || work(&jobs))?;
        }
        let workers = Arc::new(Workers { jobs: jobs_in });
        *shared = Arc::downgrade(&workers);
        Ok(workers)
    }

    /// How many pieces of a further file may wait to be read: a file alone keeps all workers busy, and of many each needs
    /// little more than the next, so that what is held decoded grows little with their number.
    fn share_of_pieces(self: &Arc<Workers>) -> usize {
        ((2 * cores() + 2) / Arc::strong_count(self)).max(2)
    }
}

/// A worker: decodes pieces until nobody can send any.
fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => return,
        };
        let Ok((piece, most, result)) = job else { return };
        // Nobody waits for it when the reader was dropped.
        result.send(look_at(piece, most)).ok();
    }
}

fn look_at(piece: Piece, most: u64) -> Done {
    let verdict = match piece.kind {
        PieceKind::Block => decode(&piece, most),
        PieceKind::Head | PieceKind::Trailer => Verdict::NoBlock,
    };
    Done { piece, verdict }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// Reads what the pieces give, decoded as a worker would.
    fn read_pieces(pieces: Vec<Piece>) -> (Vec<u8>, Vec<io::Error>) {
        let (order_in, order) = sync_channel(pieces.len() + 1);
        for piece in pieces {
            let (result_in, result) = sync_channel(1);
            order_in.send(Next::Piece(result)).unwrap();
            let verdict = if piece.kind == PieceKind::Block { decode(&piece, u64::MAX) } else { Verdict::NoBlock };
            assert!(result_in.send(Done { piece, verdict }).is_ok());
        }
        order_in.send(Next::End(Ok(()))).unwrap();
        let (mut blocks, mut out, mut errors) = (Blocks::over(Order::Threads(order), u64::MAX), Vec::new(), Vec::new());
        loop {
            match blocks.fill_buf() {
                Ok([]) => return (out, errors),
                Ok(bytes) => {
                    let len = bytes.len();
                    out.extend_from_slice(bytes);
                    blocks.consume(len);
                }
                Err(error) => errors.push(error),
            }
        }
    }

    #[test]
    fn a_magic_inside_a_block_is_no_boundary() {
        let mut seed = 1u64;
        let mut noise = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 58) as u8
        };
        let bytes: Vec<u8> = (0..250_000).map(|_| noise()).collect();
        let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
        packed.write_all(&bytes).unwrap();
        let packed = packed.finish().unwrap();
        let pieces = |split: Option<(usize, u64, PieceKind)>| {
            let mut pieces = Vec::new();
            let mut hand_out = |piece: Piece| {
                match split {
                    Some((victim, at, kind)) if victim == pieces.len() => {
                        let (first, second) = piece.split(at, kind);
                        pieces.extend([first, second]);
                    }
                    _ => pieces.push(piece),
                }
                true
            };
            scan(packed.as_slice(), READ_BYTES, &mut hand_out).unwrap();
            pieces
        };
        let whole = read_pieces(pieces(None));
        assert!(whole.0 == bytes && whole.1.is_empty(), "{:?}", whole.1);
        for victim in [1, 2, 3] {
            for at in [60, 100, 1_001, 100_007] {
                for kind in [PieceKind::Block, PieceKind::Trailer] {
                    let (out, errors) = read_pieces(pieces(Some((victim, at, kind))));
                    assert!(errors.is_empty(), "{victim} {at} {kind:?}: {errors:?}");
                    assert!(out == bytes, "{victim} {at} {kind:?}");
                }
            }
        }
    }
}
