//! Any bytes as a compressed stream, and as the payload of one: no panic, an end, limits kept; a stream that one of the
//! libraries reads whole reads the same here; an archive ends.
//!
//! Run with `-detect_leaks=0`: the readers' threads may still be going when the leak check looks.

#![no_main]

use std::io::{Cursor, Read, Write};

use headwater_wire::codec::{Codec, Limits, Member, members, open};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_ratio: 1000, ratio_after_bytes: 1 << 16 };

/// What a stream gives and whether it ended well.
fn drain(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut reader = open(Cursor::new(bytes.to_vec()), LIMITS).expect("a slice opens");
    let (mut out, mut well, mut buffer, mut errors) = (Vec::new(), true, vec![0; 4096], 0);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (out, well),
            Ok(len) => out.extend_from_slice(&buffer[..len]),
            Err(_) => {
                (well, errors) = (false, errors + 1);
                assert!(errors <= bytes.len(), "errors without end");
            }
        }
        assert!(out.len() as u64 <= LIMITS.max_bytes);
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let (out, well) = drain(bytes);
    if well && Codec::detect(bytes) == Codec::Bzip2 && !bytes.ends_with(&[0]) {
        let mut expected = Vec::new();
        if bzip2::read::MultiBzDecoder::new(bytes).read_to_end(&mut expected).is_ok() {
            assert_eq!(out, expected);
        }
    }
    let mut visit = |_: Member<'_>, reader: &mut dyn Read| {
        reader.take(1 << 16).read_to_end(&mut Vec::new()).ok();
    };
    members(bytes, 1 << 20, &mut visit, &mut |_| ());

    // What is packed comes out, and a flipped byte gives no more than what is there.
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
    packer.write_all(bytes).expect("a vector takes it");
    let mut packed = packer.finish().expect("a vector takes it");
    assert_eq!(drain(&packed), (bytes.to_vec(), true));
    let at = usize::from(*first) % packed.len();
    packed[at] ^= 0x24;
    drain(&packed);
});
