//! Compression and archives.

use std::io::{Cursor, Read};

use headwater_wire::codec::{Codec, Decoded, Limits, Member, members, open, open_on_threads};

const LIMITS: Limits = Limits { max_bytes: 1 << 18, max_ratio: 1000, ratio_after_bytes: 1 << 16 };

/// The first byte of inputs that are read on threads as well.
pub const THREADS: u8 = 0x77;

/// What a stream gives and whether it ended well.
fn drain(mut reader: Decoded, most_errors: usize) -> (Vec<u8>, bool) {
    let (mut out, mut buffer, mut errors) = (Vec::new(), [0; 4096], 0);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (out, errors == 0),
            Ok(len) => out.extend_from_slice(&buffer[..len]),
            Err(_) => {
                errors += 1;
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

/// Any bytes as a compressed stream, behind a byte that says how to read them: no panic, an end, limits kept, threads or
/// none; and what a library reads whole comes out the same.
pub fn decompress(data: &[u8]) {
    let Some((how, bytes)) = data.split_first() else { return };
    let codec = Codec::detect(bytes);
    let input = || Cursor::new(bytes.to_vec());
    let (out, well) = drain(open(input(), LIMITS).expect("a slice opens"), bytes.len() + 1);
    if well && let Some(expected) = library(codec, bytes) {
        assert!(out == expected, "{codec:?}: {} bytes and not {}", out.len(), expected.len());
    }
    // Threads are dear: for one input in 256.
    if *how == THREADS {
        let again = drain(open_on_threads(input(), LIMITS).expect("a slice opens"), bytes.len() + 1);
        let both = (out.len(), again.0.len());
        assert!(again == (out, well), "{codec:?}: threads read otherwise: {both:?} bytes");
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
