//! Decodes one block.

use std::io;

use bzip2::{Decompress, Status};

use super::scan::{Level, Piece, TRAILER_MAGIC};

/// Blocks that decode to more are not held in memory: a block of runs can decode to 46 MB. A usual one gives 0.9 MB.
const HELD_BYTES: usize = 4 << 20;
/// No block is shorter: magic, CRC, flags, maps, and two coding tables.
const MIN_BLOCK_BITS: u64 = 150;
/// Shorter pieces hold no block of more than 100 kB, but for invented ones.
const LEVEL_1_BITS: u64 = 8 << 12;

/// What became of a piece.
pub(super) enum Verdict {
    /// It is no block.
    NoBlock,
    /// Decoded, its CRC right.
    Whole(Vec<u8>),
    /// Decoded, its CRC right, too much to hold: to be decoded again with [`Large`], at this level.
    Large(Level),
    /// It gives more than the whole stream may, intact or not.
    Beyond,
    /// The block is right, and something that is no block follows it in the piece.
    WholeThenDamage(Vec<u8>),
    /// Not decodable.
    Damaged,
}

/// The piece as a stream of one block: the combined CRC of one block is its own.
fn wrap(piece: &Piece, level: Level) -> Vec<u8> {
    let mut stream = vec![b'B', b'Z', b'h', level.0];
    let used = piece.append_to(&mut stream, 0);
    let used = super::bits::append(&mut stream, used, &TRAILER_MAGIC.to_be_bytes(), 16, 48);
    super::bits::append(&mut stream, used, &piece.block_crc().unwrap_or(0).to_be_bytes(), 0, 32);
    stream
}

/// Decodes a piece as a block, of no more than about `most` bytes. The level decides how much the decoder clears before it starts; where it is wrong, for its
/// header is damaged or that of another stream, the block is read all the same.
pub(super) fn decode(piece: &Piece, most: u64) -> Verdict {
    if piece.bits < MIN_BLOCK_BITS {
        return Verdict::Damaged;
    }
    match decode_as(piece, piece.level, most) {
        Verdict::Damaged if piece.level != Level::MAX && piece.bits > LEVEL_1_BITS => {
            decode_as(piece, Level::MAX, most)
        }
        verdict => verdict,
    }
}

fn decode_as(piece: &Piece, level: Level, most: u64) -> Verdict {
    let stream = wrap(piece, level);
    let mut decoder = Decompress::new(false);
    let mut out = Vec::with_capacity(usize::from(level.0 - b'0') << 17);
    let mut large = false;
    loop {
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress_vec(&stream[read as usize..], &mut out);
        let progress = decoder.total_in() > read || decoder.total_out() > written;
        match status {
            Ok(Status::StreamEnd) if large => return Verdict::Large(level),
            Ok(Status::StreamEnd) => return Verdict::Whole(out),
            Ok(_) if decoder.total_out() > most => return Verdict::Beyond,
            Ok(_) if progress && out.len() == out.capacity() => {
                if out.len() >= HELD_BYTES {
                    large = true;
                    out.clear();
                } else {
                    out.reserve(out.len());
                }
            }
            Ok(_) if progress => {}
            // Damaged, or the piece ends inside the block. The block may still have come out whole before that.
            Ok(_) | Err(_) => {
                let whole = !large && !out.is_empty() && Some(crc(&out)) == piece.block_crc();
                return if whole { Verdict::WholeThenDamage(out) } else { Verdict::Damaged };
            }
        }
    }
}

/// bzip2's CRC-32: polynomial 0x04c11db7, most significant bit first. Only needed after damage.
fn crc(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0u32; 256];
        let mut i = 0;
        while i < 256 {
            let mut value = (i as u32) << 24;
            let mut bit = 0;
            while bit < 8 {
                value = value << 1 ^ if value >> 31 == 1 { 0x04c1_1db7 } else { 0 };
                bit += 1;
            }
            table[i] = value;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| crc << 8 ^ TABLE[(crc >> 24) as usize ^ *byte as usize])
}

/// A verified block, decoded as it is read.
pub(super) struct Large {
    decoder: Decompress,
    stream: Vec<u8>,
    ended: bool,
}

impl Large {
    pub(super) fn new(piece: &Piece, level: Level) -> Large {
        Large { decoder: Decompress::new(false), stream: wrap(piece, level), ended: false }
    }

    /// The next bytes; 0 at the end of the block.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.ended {
            let (read, written) = (self.decoder.total_in(), self.decoder.total_out());
            let status = self.decoder.decompress(&self.stream[read as usize..], out);
            let len = (self.decoder.total_out() - written) as usize;
            match status {
                Ok(Status::StreamEnd) => {
                    self.ended = true;
                    return Ok(len);
                }
                Ok(_) if len > 0 => return Ok(len),
                Ok(_) if self.decoder.total_in() > read => {}
                Ok(_) | Err(_) => return Err(io::Error::other("a bzip2 block decoded once and not twice")),
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_bzip2s() {
        // The check value of CRC-32/BZIP2.
        assert_eq!(crc(b"123456789"), 0xfc89_1918);
    }
}
