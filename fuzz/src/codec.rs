//! Compression and archives.

use std::io::{Cursor, Read};

use headwater_wire::codec::{Codec, Decoded, LimitReached, Limits, Member, members, open, open_on_threads};

const LIMITS: Limits = Limits { max_bytes: 1 << 18, max_ratio: 1000, ratio_after_bytes: 1 << 16 };

/// How a stream ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Well,
    Damaged,
    /// A limit was reached, at which the read that reaches it gives nothing.
    Limit,
}

/// The first byte that has a stream read on threads as well: they are dear, and taken for one sum of the bytes in 32.
pub fn threads_byte(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte)) % 32
}

const AT_ONCE: usize = 4096;

/// What a stream gives and how it ended.
fn drain(mut reader: Decoded, most_errors: usize) -> (Vec<u8>, End) {
    let (mut out, mut buffer, mut errors, mut end) = (Vec::new(), [0; AT_ONCE], 0, End::Well);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (out, end),
            Ok(len) => out.extend_from_slice(&buffer[..len]),
            Err(error) => {
                errors += 1;
                end = if LimitReached::of(&error).is_some() { End::Limit } else { End::Damaged };
                assert!(errors <= most_errors, "errors without end");
            }
        }
        assert!(out.len() as u64 <= LIMITS.max_bytes);
    }
}

/// What a library makes of it, if it reads it whole and within the limits.
fn library(codec: Codec, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let most = LIMITS.max_bytes + 1;
    let read = match codec {
        Codec::Plain => bytes.take(most).read_to_end(&mut out),
        Codec::Gzip => flate2::read::MultiGzDecoder::new(bytes).take(most).read_to_end(&mut out),
        Codec::Bzip2 => bzip2::read::MultiBzDecoder::new(bytes).take(most).read_to_end(&mut out),
        Codec::Xz => liblzma::read::XzDecoder::new_multi_decoder(bytes).take(most).read_to_end(&mut out),
        Codec::Zstd => zstd::stream::read::Decoder::new(bytes).and_then(|d| d.take(most).read_to_end(&mut out)),
    };
    (read.is_ok() && out.len() < most as usize).then_some(out)
}

/// Any bytes as a compressed stream, behind a byte that is only one more in [`threads_byte`]: no panic, an end, limits kept,
/// threads or none; and what a library reads whole comes out the same.
pub fn decompress(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let codec = Codec::detect(bytes);
    let input = || Cursor::new(bytes.to_vec());
    let (out, end) = drain(open(input(), LIMITS).expect("a slice opens"), bytes.len() + 1);
    if end == End::Well
        && let Some(expected) = library(codec, bytes)
    {
        assert!(out == expected, "{codec:?}: {} bytes and not {}", out.len(), expected.len());
    }
    if first % 32 == threads_byte(bytes) {
        let (again, end_again) = drain(open_on_threads(input(), LIMITS).expect("a slice opens"), bytes.len() + 1);
        let both = (out.len(), again.len());
        assert!(end == end_again, "{codec:?}: threads end otherwise: {end:?}, {end_again:?}, {both:?} bytes");
        let common = out.len().min(again.len());
        let apart = out.len().max(again.len()) - common;
        // Where a limit falls depends on how much a read gives.
        let same = apart == 0 || end == End::Limit && apart < AT_ONCE;
        assert!(same && out[..common] == again[..common], "{codec:?}: threads read otherwise: {both:?} bytes");
    }
}

/// Any bytes as an archive: no panic, an end, members inside the bytes and inside their bound.
pub fn tar_members(data: &[u8]) {
    let mut given = 0;
    let mut visit = |member: Member<'_>, reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        // An odd member is left unread.
        if member.name.len() % 2 == 0 {
            reader.read_to_end(&mut bytes).ok();
        }
        assert!(member.size <= 1 << 16 && bytes.len() as u64 <= member.size);
        given += bytes.len();
    };
    let mut faults = 0;
    members(data, 1 << 16, &mut visit, &mut |fault| {
        assert!(fault.offset <= data.len() as u64);
        faults += 1;
    });
    assert!(given <= data.len() && faults <= data.len() / 512 + 1);
}
