//! Cuts a compressed file at its magics.

use std::io::{self, Read};

use super::bits;

const BLOCK_MAGIC: u64 = 0x3141_5926_5359;
pub(super) const TRAILER_MAGIC: u64 = 0x1772_4538_5090;
const MAGIC_BITS: u32 = 48;
/// Bytes of a long input read at once.
pub(super) const READ_BYTES: usize = 256 << 10;
/// No block is longer: 900,000 symbols of at most 20 bits, and tables.
const MAX_PIECE_BYTES: usize = 4 << 20;

/// What a piece starts with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PieceKind {
    /// The start of the file.
    Head,
    /// A block magic.
    Block,
    /// A trailer magic; the header of a further stream may follow inside the piece.
    Trailer,
}

/// The bits from one magic to the next.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    /// Where it starts in the compressed file.
    pub(super) start_bit: u64,
    /// Its length; where it was longer than any block can be, what was kept.
    pub(super) bits: u64,
    /// What the header of its stream says, where there is one.
    pub(super) level: Level,
    bytes: Vec<u8>,
}

/// The size of a stream's blocks, in units of 100 kB as its header has it: `b'1'` to `b'9'`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Level(pub(super) u8);

impl Level {
    /// What no block exceeds.
    pub(super) const MAX: Level = Level(b'9');

    /// That of a header at the front of `bytes`.
    fn of(bytes: &[u8]) -> Option<Level> {
        match bytes {
            [b'B', b'Z', b'h', level @ b'1'..=b'9', ..] => Some(Level(*level)),
            _ => None,
        }
    }
}

impl Piece {
    /// `len` bits at bit `at` of the piece.
    pub(super) fn read(&self, at: u64, len: u32) -> Option<u64> {
        (at + u64::from(len) <= self.bits).then(|| bits::read(&self.bytes, self.start_bit % 8 + at, len)).flatten()
    }

    /// The CRC a block states for itself.
    pub(super) fn block_crc(&self) -> Option<u32> {
        self.read(48, 32).map(|crc| crc as u32)
    }

    /// Appends its bits to `to`; see [`bits::append`].
    pub(super) fn append_to(&self, to: &mut Vec<u8>, used: u32) -> u32 {
        bits::append(to, used, &self.bytes, self.start_bit % 8, self.bits)
    }

    /// The whole bytes from bit `at` on.
    pub(super) fn bytes_from(&self, at: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        if at < self.bits {
            bits::append(&mut bytes, 0, &self.bytes, self.start_bit % 8 + at, (self.bits - at) / 8 * 8);
        }
        bytes
    }

    /// What may be the header of a further stream behind the trailer that this piece starts with. The trailer is padded to a
    /// whole byte of the file.
    pub(super) fn behind_trailer(&self) -> Vec<u8> {
        let padding = (8 - (self.start_bit + 80) % 8) % 8;
        self.bytes_from(80 + padding)
    }

    /// The level of the stream whose header it holds.
    fn header_level(&self) -> Option<Level> {
        match self.kind {
            PieceKind::Head => Level::of(&self.bytes_from(0)),
            PieceKind::Trailer => Level::of(&self.behind_trailer()),
            PieceKind::Block => None,
        }
    }

    /// The piece as two, as if a magic stood at bit `at` of it.
    #[cfg(test)]
    pub(super) fn split(&self, at: u64, kind: PieceKind) -> (Piece, Piece) {
        let Piece { level, start_bit, .. } = *self;
        let first = Piece { kind: self.kind, start_bit, bits: at, level, bytes: self.bytes.clone() };
        let skip = (self.start_bit % 8 + at) / 8;
        let bytes = self.bytes[skip as usize..].to_vec();
        (first, Piece { kind, start_bit: start_bit + at, bits: self.bits - at, level, bytes })
    }

    /// This piece and the one behind it as one.
    pub(super) fn join(&self, behind: &Piece) -> Piece {
        // Aligned as this piece is in the file, so that `start_bit` keeps meaning what it does.
        let lead = (self.start_bit % 8) as u32;
        let mut bytes = Vec::new();
        let used = bits::append(&mut bytes, 0, &[0], 0, u64::from(lead));
        let used = self.append_to(&mut bytes, used);
        behind.append_to(&mut bytes, used);
        let Piece { kind, start_bit, level, .. } = *self;
        Piece { kind, start_bit, bits: self.bits + behind.bits, level, bytes }
    }
}

/// For each byte value, the alignments (low 8 bits: block magic, high 8 bits: trailer magic) at which it can be the second
/// (`0`) or third (`1`) byte that a magic touches.
const TOUCHES: [[u16; 256]; 2] = {
    let mut tables = [[0u16; 256]; 2];
    let mut shift = 0;
    while shift < 8 {
        let mut magic = 0;
        while magic < 2 {
            let value = if magic == 0 { BLOCK_MAGIC } else { TRAILER_MAGIC };
            // Seven bytes, the magic `shift` bits in.
            let seven = value << (8 - shift);
            let bit = 1u16 << (shift + 8 * magic);
            tables[0][(seven >> 40) as usize & 0xff] |= bit;
            tables[1][(seven >> 32) as usize & 0xff] |= bit;
            magic += 1;
        }
        shift += 1;
    }
    tables
};

/// The first magic that starts at bit `from` of `bytes` or later, if it lies in them whole.
fn find_magic(bytes: &[u8], from: u64) -> Option<(u64, PieceKind)> {
    let first = (from / 8) as usize;
    for (i, pair) in bytes.get(first + 1..)?.windows(2).enumerate() {
        let mut hits = TOUCHES[0][pair[0] as usize] & TOUCHES[1][pair[1] as usize];
        while hits != 0 {
            let hit = hits.trailing_zeros();
            hits &= hits - 1;
            let start = (first + i) as u64 * 8 + u64::from(hit % 8);
            let (magic, kind) = match hit {
                0..8 => (BLOCK_MAGIC, PieceKind::Block),
                _ => (TRAILER_MAGIC, PieceKind::Trailer),
            };
            if start >= from && bits::read(bytes, start, MAGIC_BITS) == Some(magic) {
                return Some((start, kind));
            }
        }
    }
    None
}

/// Reads `input` to its end, `at_once` bytes at a time, and gives every piece to `hand_out`, until that says false.
pub(super) fn scan(mut input: impl Read, at_once: usize, mut hand_out: impl FnMut(Piece) -> bool) -> io::Result<()> {
    let mut window: Vec<u8> = Vec::new();
    // Compressed bytes before the window.
    let mut base = 0u64;
    let (mut kind, mut start) = (PieceKind::Head, 0u64);
    // Bits of the window in which a magic may still start.
    let mut unseen = 0u64;
    // The piece was too long and has been given out; its rest is passed over.
    let mut passing = false;
    let mut level = Level::MAX;
    let mut piece = |window: &[u8], base: u64, kind, start: u64, end: u64| {
        let bytes = window[(start / 8) as usize..end.div_ceil(8) as usize].to_vec();
        let piece = Piece { kind, start_bit: base * 8 + start, bits: end - start, level, bytes };
        level = piece.header_level().unwrap_or(level);
        hand_out(piece)
    };
    let mut ended = Ok(());
    loop {
        let len = window.len();
        window.resize(len + at_once, 0);
        let got = match input.read(&mut window[len..]) {
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                window.truncate(len);
                continue;
            }
            Err(error) => {
                ended = Err(error);
                0
            }
        };
        window.truncate(len + got);
        while let Some((found, next)) = find_magic(&window, unseen) {
            if !passing && !piece(&window, base, kind, start, found) {
                return Ok(());
            }
            (kind, start, passing) = (next, found, false);
            unseen = found + u64::from(MAGIC_BITS);
        }
        if got == 0 {
            if !passing {
                piece(&window, base, kind, start, window.len() as u64 * 8);
            }
            return ended;
        }
        // A magic may start in the last six bytes and end in what is read next.
        unseen = unseen.max((window.len() as u64 * 8).saturating_sub(u64::from(MAGIC_BITS) - 1));
        if !passing && window.len() - (start / 8) as usize > MAX_PIECE_BYTES {
            if !piece(&window, base, kind, start, start + MAX_PIECE_BYTES as u64 * 8) {
                return Ok(());
            }
            passing = true;
        }
        let keep = if passing { unseen / 8 } else { start / 8 };
        window.drain(..keep as usize);
        base += keep;
        start = start.saturating_sub(keep * 8);
        unseen -= keep * 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_magic_at_each_alignment() {
        for (magic, kind) in [(BLOCK_MAGIC, PieceKind::Block), (TRAILER_MAGIC, PieceKind::Trailer)] {
            for lead in 0..40u64 {
                let mut bytes = Vec::new();
                let used = bits::append(&mut bytes, 0, &[0x5a; 5], 0, lead);
                let used = bits::append(&mut bytes, used, &magic.to_be_bytes(), 16, 48);
                assert_eq!(find_magic(&bytes, 0), Some((lead, kind)), "{lead}");
                bits::append(&mut bytes, used, &[0xff; 5], 0, 37);
                assert_eq!(find_magic(&bytes, lead), Some((lead, kind)), "{lead}");
                assert_eq!(find_magic(&bytes, lead + 1), None);
                assert_eq!(find_magic(&bytes[..bytes.len() - 6], 0), None);
            }
        }
    }

    #[test]
    fn the_pieces_are_the_file() {
        let file: Vec<u8> =
            [&b"BZh9"[..], &BLOCK_MAGIC.to_be_bytes()[2..], &[7; 700_001], &TRAILER_MAGIC.to_be_bytes()[2..]].concat();
        // One byte at a time, too: magics across reads.
        for step in [1usize, 5, 200_000] {
            let mut seen = Vec::new();
            let mut reader = &file[if step == 1 { 600_000 } else { 0 }..];
            let steps = std::iter::from_fn(|| {
                let (now, later) = reader.split_at(step.min(reader.len()));
                reader = later;
                (!now.is_empty()).then(|| now.to_vec())
            });
            scan(Chunks(steps), READ_BYTES, |piece| {
                seen.push((piece.kind, piece.start_bit, piece.bits, piece.bytes_from(0).len()));
                true
            })
            .unwrap();
            let total: u64 = seen.iter().map(|p| p.2).sum();
            if step == 1 {
                assert_eq!(seen.len(), 2);
            } else {
                assert_eq!(
                    seen.iter().map(|p| p.0).collect::<Vec<_>>(),
                    [PieceKind::Head, PieceKind::Block, PieceKind::Trailer]
                );
                assert_eq!(total, file.len() as u64 * 8);
            }
        }
    }

    struct Chunks<I>(I);

    impl<I: Iterator<Item = Vec<u8>>> Read for Chunks<I> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let chunk = self.0.next().unwrap_or_default();
            out[..chunk.len()].copy_from_slice(&chunk);
            Ok(chunk.len())
        }
    }
}
