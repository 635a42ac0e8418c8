//! gzip, bzip2, xz and zstd in, plain bytes out: whole, cut at every byte, damaged, concatenated, bombs.

use std::io::{self, Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use headwater_route::{Fault, FaultKind};
use headwater_wire::codec::{
    Codec, Decoded, Hashing, LimitReached, Limits, Member, fault_of, members, open, open_on_threads,
};

use sha2::{Digest as _, Sha256};

const CODECS: [Codec; 5] = [Codec::Plain, Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd];

fn compress(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    match codec {
        Codec::Plain => bytes.to_vec(),
        Codec::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Codec::Bzip2 => {
            // Level 1: blocks of 100 kB, so that tests have several.
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(1));
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Codec::Xz => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Codec::Zstd => {
            let mut writer = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
            writer.include_checksum(true).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
    }
}

/// Bytes that compress a little, from a linear congruential generator.
fn noise(len: usize, mut seed: u32) -> Vec<u8> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"0123456789|ASasn\n"[(seed >> 16) as usize % 17]
    };
    (0..len).map(|_| next()).collect()
}

fn opened(bytes: Vec<u8>) -> Decoded {
    open(io::Cursor::new(bytes), Limits::default()).unwrap()
}

/// As [`drain`]: short files are decoded without threads, and nobody can tell.
fn drain_both(bytes: Vec<u8>) -> (Vec<u8>, Vec<io::Error>) {
    let (out, errors) = drain(opened(bytes.clone()));
    let (again, errors_again) = drain(open_on_threads(io::Cursor::new(bytes), Limits::default()).unwrap());
    assert!(out == again);
    // The byte that the message names depends on how many were there when the decoder gave up.
    assert_eq!(kinds(&errors), kinds(&errors_again));
    (out, errors)
}

/// Everything a stream gives, going on after errors, and the errors.
fn drain(mut reader: impl Read) -> (Vec<u8>, Vec<io::Error>) {
    let (mut out, mut errors, mut buffer) = (Vec::new(), Vec::new(), vec![0; 70_000]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (out, errors),
            Ok(len) => out.extend_from_slice(&buffer[..len]),
            Err(error) => errors.push(error),
        }
        assert!(errors.len() < 1000, "errors without end");
    }
}

fn kinds(errors: &[io::Error]) -> Vec<io::ErrorKind> {
    errors.iter().map(io::Error::kind).collect()
}

#[test]
fn whole_streams_come_out_whole() {
    for codec in CODECS {
        for len in [0usize, 1, 1000, 1_300_000] {
            let bytes = noise(len, 7);
            let packed = compress(codec, &bytes);
            assert_eq!(Codec::detect(&packed), codec);
            let stream = opened(packed.clone());
            assert_eq!(stream.codec(), codec);
            let (out, errors) = drain(stream);
            assert!(errors.is_empty(), "{codec:?} {len}: {errors:?}");
            assert_eq!(out, bytes, "{codec:?} {len}");
            if codec != Codec::Plain {
                let twice = [&packed[..], &packed[..], &[0; 12][..]].concat();
                let (out, errors) = drain_both(twice);
                assert!(errors.is_empty(), "{codec:?} {len} twice: {errors:?}");
                assert_eq!(out, [&bytes[..], &bytes[..]].concat(), "{codec:?} {len} twice");
            }
        }
    }
}

#[test]
fn cut_streams_give_a_prefix_and_say_so() {
    for codec in [Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd] {
        let bytes = noise(250_000, 3);
        let packed = compress(codec, &bytes);
        let cuts =
            (6..40).chain((40..packed.len() - 40).step_by(packed.len() / 60)).chain(packed.len() - 40..packed.len());
        for at in cuts {
            let (out, errors) = drain_both(packed[..at].to_vec());
            assert_eq!(kinds(&errors), [io::ErrorKind::UnexpectedEof], "{codec:?} cut at {at}: {errors:?}");
            assert!(bytes.starts_with(&out), "{codec:?} cut at {at}: not a prefix");
            if codec == Codec::Bzip2 && at > packed.len() - 10 {
                assert_eq!(out, bytes, "only the trailer is cut at {at}");
            }
        }
        // Everything before the cut comes out: most of the data is there when most of the stream is.
        let (out, _) = drain(opened(packed[..packed.len() * 9 / 10].to_vec()));
        assert!(out.len() > bytes.len() / 2, "{codec:?}: {} of {}", out.len(), bytes.len());
        assert_eq!(fault_of(&drain(opened(packed[..200].to_vec())).1[0], 5).kind, FaultKind::CutStream);
    }
}

#[test]
fn garbage_behind_a_stream_is_damage_after_the_data() {
    for codec in [Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd] {
        let bytes = noise(150_000, 9);
        let packed = [&compress(codec, &bytes)[..], b"\0\0\0\0this is no compressed stream at all"].concat();
        let (out, errors) = drain_both(packed);
        assert_eq!(out, bytes, "{codec:?}");
        assert_eq!(kinds(&errors), [io::ErrorKind::InvalidData], "{codec:?}: {errors:?}");
        assert_eq!(fault_of(&errors[0], 0).kind, FaultKind::BadCompression);
    }
}

#[test]
fn damage_gives_what_is_before_it() {
    for codec in [Codec::Gzip, Codec::Xz, Codec::Zstd] {
        let bytes = noise(2_000_000, 11);
        let mut packed = compress(codec, &bytes);
        let middle = packed.len() / 2;
        packed[middle..middle + 16].fill(0xff);
        let (out, errors) = drain_both(packed);
        assert_eq!(kinds(&errors), [io::ErrorKind::InvalidData], "{codec:?}: {errors:?}");
        // zlib may decode a little nonsense before it notices.
        let same = out.iter().zip(&bytes).take_while(|(a, b)| a == b).count();
        assert!(same > bytes.len() * 2 / 5, "{codec:?}: {same} of {}", bytes.len());
        assert!(errors[0].to_string().starts_with("compressed byte "), "{}", errors[0]);
    }
}

/// What was decoded before the damage comes out, whatever the reader asks for at once.
#[test]
fn a_wrong_checksum_takes_nothing_along() {
    for codec in [Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd] {
        for bytes in [vec![b'a'; 5_600], noise(50_000, 12)] {
            let mut packed = compress(codec, &bytes);
            // A check over all the content stands close to the end, in xz before the index and the footer.
            let from_end = if codec == Codec::Xz { 12 + 12 + 4 } else { 4 };
            let at = packed.len() - from_end;
            packed[at] ^= 0x10;
            for step in [7, 4096, 100_000] {
                let mut stream = opened(packed.clone());
                let (mut out, mut errors, mut buffer) = (Vec::new(), 0, vec![0; step]);
                loop {
                    match stream.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(len) => out.extend_from_slice(&buffer[..len]),
                        Err(_) => errors += 1,
                    }
                }
                assert_eq!((out.len(), errors), (bytes.len(), 1), "{codec:?} by {step}");
                assert!(out == bytes);
            }
        }
    }
}

/// A block that repeats one byte, and behind it one of a reserved kind: found by fuzzing, in what a long read lost.
#[test]
fn a_damaged_block_takes_nothing_of_the_one_before_along() {
    const LEN: u32 = 11_815;
    let block = |len: u32, kind: u32| (len << 3 | kind << 1).to_le_bytes()[..3].to_vec();
    let head = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58].to_vec();
    let (out, errors) = drain_both([head, block(LEN, 1), vec![b'|'], block(0, 3)].concat());
    assert_eq!(out, vec![b'|'; LEN as usize]);
    assert_eq!(kinds(&errors), [io::ErrorKind::InvalidData]);
}

#[test]
fn any_single_damage_ends_without_panic() {
    for codec in [Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd] {
        let bytes = noise(3_000, 5);
        let packed = compress(codec, &bytes);
        for at in 0..packed.len() {
            let mut bad = packed.clone();
            bad[at] ^= 0x55;
            let (out, _) = drain_both(bad);
            assert!(out.len() <= 1 << 20);
        }
    }
}

#[test]
fn bombs_stop_at_the_limit() {
    let zeros = vec![0u8; 3 << 20];
    for codec in [Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd] {
        let packed = compress(codec, &zeros).repeat(40);
        let limits = Limits { max_ratio: 100, ratio_after_bytes: 10 << 20, ..Limits::default() };
        let (out, errors) = drain(open(io::Cursor::new(packed.clone()), limits).unwrap());
        assert_eq!(errors.len(), 1, "{codec:?}: {errors:?}");
        assert_eq!(LimitReached::of(&errors[0]), Some(LimitReached::Ratio(100)));
        assert_eq!(fault_of(&errors[0], 1).kind, FaultKind::Limit);
        // The worker reads ahead, so the ratio is against what it has read.
        assert!(out.len() <= (packed.len() * 100).max(10 << 20), "{codec:?}: {}", out.len());
        let limits = Limits { max_bytes: 1_000_000, ..Limits::default() };
        let (out, errors) = drain(open(io::Cursor::new(packed), limits).unwrap());
        assert_eq!(LimitReached::of(&errors[0]), Some(LimitReached::Bytes(1_000_000)));
        assert!(out.len() <= 1_000_000);
    }
    // A stream exactly at the limit is whole.
    let limits = Limits { max_bytes: 1000, ..Limits::default() };
    let (out, errors) = drain(open(io::Cursor::new(compress(Codec::Gzip, &[1; 1000])), limits).unwrap());
    assert_eq!((out.len(), errors.len()), (1000, 0));
}

/// A long file is hashed on a thread, from somewhere inside it on.
#[test]
fn the_hash_of_a_long_file_is_that_of_its_bytes() {
    let bytes = noise(5_000_000, 61);
    for (most, read) in [(u64::MAX, 4_100), (u64::MAX, 300_000), (3_000_000, 7_777), (900_000, 100_000)] {
        let (mut hashing, digest) = Hashing::new(io::Cursor::new(bytes.clone()));
        let (mut buffer, mut seen) = (vec![0; read], 0u64);
        while seen < most {
            match hashing.read(&mut buffer).unwrap() {
                0 => break,
                len => seen += len as u64,
            }
        }
        drop(hashing);
        let hashed = digest.wait();
        assert_eq!((hashed.bytes, hashed.whole), (seen, most == u64::MAX));
        let expected: String =
            Sha256::digest(&bytes[..seen as usize]).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hashed.sha256, expected, "{most} {read}");
    }
}

#[test]
fn the_hash_is_over_the_raw_bytes() {
    for codec in CODECS {
        let packed = compress(codec, b"192.0.2.0/24\n");
        let (hashing, digest) = Hashing::new(io::Cursor::new(packed.clone()));
        let stream = open(hashing, Limits::default()).unwrap();
        assert_eq!(drain(stream).0, b"192.0.2.0/24\n");
        let hashed = digest.wait();
        assert_eq!((hashed.bytes, hashed.whole), (packed.len() as u64, true), "{codec:?}");
        if codec == Codec::Plain {
            // `printf '192.0.2.0/24\n' | sha256sum`
            assert_eq!(hashed.sha256, "7c05f476485b46ce90b613f8e594ed25245cacfc0337ffb25c47b4771807f6a4");
        }
    }
}

/// A source that gives some bytes, then blocks until told, then ends; and tells when it is dropped.
struct Blocking(io::Cursor<Vec<u8>>, std::sync::mpsc::Receiver<()>);

impl Read for Blocking {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Ok(self.1.recv().map_or(0, |()| 0)),
            len => Ok(len),
        }
    }
}

#[test]
fn dropping_early_neither_hangs_nor_leaks_the_source() {
    for codec in [Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd] {
        // More than fits ahead, so the worker is stuck sending when the reader goes.
        let (hashing, digest) = Hashing::new(io::Cursor::new(compress(codec, &noise(9_000_000, 1))));
        let mut stream = open(hashing, Limits::default()).unwrap();
        stream.read_exact(&mut [0; 10]).unwrap();
        drop(stream);
        let (done_in, done) = channel();
        std::thread::spawn(move || done_in.send(digest.wait()));
        let hashed = done.recv_timeout(Duration::from_secs(20)).expect("the worker lets go of its source");
        assert!(!hashed.whole, "{codec:?}: read to the end although nobody read");
        // A source that blocks does not block the drop.
        let (free, gate) = channel();
        let mut packed = compress(codec, &noise(300_000, 2));
        packed.truncate(packed.len() - 20);
        let stream = open(Blocking(io::Cursor::new(packed), gate), Limits::default()).unwrap();
        drop(stream);
        drop(free);
    }
}

#[test]
fn errors_of_the_source_pass_through() {
    struct Failing(io::Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone")),
                len => Ok(len),
            }
        }
    }
    for (codec, len) in CODECS.into_iter().flat_map(|codec| [(codec, 400_000), (codec, 2_000)]) {
        let bytes = noise(len, 4);
        let packed = compress(codec, &bytes);
        let source = Failing(io::Cursor::new(packed[..packed.len() - 10].to_vec()));
        let (out, errors) = drain(open(source, Limits::default()).unwrap());
        assert!(bytes.starts_with(&out));
        assert_eq!(errors[0].kind(), io::ErrorKind::ConnectionReset, "{codec:?}: {errors:?}");
        assert_eq!(errors.len(), 1, "{codec:?}: {errors:?}");
    }
}

fn tarball(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let field = &mut header.as_old_mut().name;
        if name.len() <= field.len() {
            // `set_path` refuses hostile names.
            field[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        } else {
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

/// Name, stated size and bytes of a member.
type Seen = (String, u64, Vec<u8>);

fn list(archive: &[u8], max: u64) -> (Vec<Seen>, Vec<FaultKind>) {
    let (mut seen, mut faults) = (Vec::new(), Vec::new());
    let mut visit = |member: Member<'_>, reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).ok();
        seen.push((member.name.to_owned(), member.size, bytes));
    };
    members(archive, max, &mut visit, &mut |fault: Fault| faults.push(fault.kind));
    (seen, faults)
}

#[test]
fn tar_members_are_text_and_bounded() {
    let long = format!("{}/asns.2024-06-01.csv", "d".repeat(150));
    let files: &[(&str, &[u8])] =
        &[("../../etc/passwd", b"one"), ("/abs", &[7; 5000]), (&long, b"three"), ("\x1b[31m", b"four")];
    let archive = tarball(files);
    let (seen, faults) = list(&archive, 1 << 20);
    let expected: Vec<_> = files.iter().map(|(n, b)| (n.to_string(), b.len() as u64, b.to_vec())).collect();
    assert_eq!((seen, faults.as_slice()), (expected, &[][..]));
    let (seen, faults) = list(&archive, 1000);
    assert_eq!((seen.len(), faults.as_slice()), (3, &[FaultKind::OversizedRecord][..]));
    // Cut anywhere: members before the cut, and a fault, unless only a part of the two closing blocks is missing.
    for at in 0..archive.len() {
        let (seen, faults) = list(&archive[..at], 1 << 20);
        assert!(seen.len() <= 4);
        assert!(!faults.is_empty() || at >= archive.len() - 512, "cut at {at} of {}", archive.len());
    }
    // Damaged anywhere: no panic, an end.
    for at in (0..archive.len()).step_by(7) {
        let mut bad = archive.clone();
        bad[at] ^= 0xff;
        list(&bad, 1 << 20);
    }
}
