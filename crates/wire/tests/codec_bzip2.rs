//! The block-parallel bzip2 reader against the library's own, and against damage.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use headwater_wire::codec::{Decoded, LimitReached, Limits, open, open_on_threads};

fn compress(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(level));
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let next = |_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 58) as u8
    };
    (0..len).map(next).collect()
}

/// What comes out on threads, which is what comes out of short files without.
fn drain(packed: Vec<u8>) -> (Vec<u8>, Vec<io::Error>) {
    let short = packed.len() <= 64 << 10;
    let (out, errors) = drain_one(open_on_threads(io::Cursor::new(packed.clone()), Limits::default()).unwrap());
    if short {
        let (again, errors_again) = drain_one(open(io::Cursor::new(packed), Limits::default()).unwrap());
        assert!(out == again);
        assert_eq!(format!("{errors:?}"), format!("{errors_again:?}"));
    }
    (out, errors)
}

fn drain_one(mut reader: Decoded) -> (Vec<u8>, Vec<io::Error>) {
    let (mut out, mut errors, mut buffer) = (Vec::new(), Vec::new(), vec![0; 100_000]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (out, errors),
            Ok(len) => out.extend_from_slice(&buffer[..len]),
            Err(error) => errors.push(error),
        }
        assert!(errors.len() < 100_000, "errors without end");
    }
}

fn library(packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    bzip2::read::MultiBzDecoder::new(packed).read_to_end(&mut out).unwrap();
    out
}

/// Every place, in bits, where the 48 bits stand.
fn find_bits(bytes: &[u8], pattern: u64) -> Vec<usize> {
    let mut window = 0u64;
    let mut found = Vec::new();
    for bit in 0..bytes.len() * 8 {
        window = (window << 1 | u64::from(bytes[bit / 8] >> (7 - bit % 8) & 1)) & 0xffff_ffff_ffff;
        if bit >= 47 && window == pattern {
            found.push(bit - 47);
        }
    }
    found
}

const BLOCK: u64 = 0x3141_5926_5359;

#[test]
fn equals_the_library_at_all_levels_and_concatenated() {
    let mut all = (Vec::new(), Vec::new());
    for level in 1..=9 {
        let bytes = noise(150_000 * level as usize + 12_345, u64::from(level));
        let packed = compress(&bytes, level);
        let (out, errors) = drain(packed.clone());
        assert!(errors.is_empty(), "{errors:?}");
        assert!(out == bytes && out == library(&packed), "level {level}");
        all.0.extend_from_slice(&packed);
        all.1.extend_from_slice(&bytes);
        // An empty stream in between.
        all.0.extend_from_slice(&compress(b"", level));
    }
    let (out, errors) = drain(all.0);
    assert!(errors.is_empty(), "{errors:?}");
    assert!(out == all.1);
}

#[test]
fn blocks_of_runs_larger_than_memory_allows_come_out() {
    let bytes = vec![b'A'; 50 << 20];
    let packed = compress(&bytes, 9);
    assert!(packed.len() < 5000);
    let limits = Limits { max_ratio: u64::MAX, ..Limits::default() };
    let mut out = Vec::new();
    open(io::Cursor::new(packed), limits).unwrap().read_to_end(&mut out).unwrap();
    assert!(out == bytes);
}

/// A block of runs that alone gives more than the whole stream may is not decoded to its end, where its checksum is found wrong.
#[test]
fn a_block_beyond_the_limit_is_given_up_early() {
    let mut packed = compress(&vec![0; 40 << 20], 9);
    packed[10] ^= 1;
    let limits = Limits { max_bytes: 1 << 20, ..Limits::default() };
    for reader in [open, open_on_threads] {
        let (out, errors) = drain_one(reader(io::Cursor::new(packed.clone()), limits).unwrap());
        assert_eq!((out.len(), errors.len()), (0, 1), "{errors:?}");
        assert_eq!(LimitReached::of(&errors[0]), Some(LimitReached::Bytes(1 << 20)));
    }
    let (out, errors) = drain(packed);
    assert_eq!((out.len(), errors.len()), (0, 1));
    assert_eq!(errors[0].kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_damaged_block_costs_that_block_only() {
    let bytes = noise(1_000_000, 42);
    let packed = compress(&bytes, 1);
    let blocks = find_bits(&packed, BLOCK);
    assert!(blocks.len() >= 9);
    for victim in [0, 1, 4, blocks.len() - 1] {
        let mut bad = packed.clone();
        let at = blocks[victim] / 8;
        let at = at + ((packed.len() - at) / 2).min(5_000);
        bad[at..at + 3].iter_mut().for_each(|b| *b ^= 0xff);
        let (out, errors) = drain(bad);
        assert_eq!(errors.len(), 1, "block {victim}: {errors:?}");
        assert_eq!(errors[0].kind(), io::ErrorKind::InvalidData);
        let place = format!("compressed byte {}:", blocks[victim] / 8);
        assert!(errors[0].to_string().starts_with(&place), "{} is not at {place}", errors[0]);
        // About one block of 100 kB is missing, and what is left is the start and the end of the data.
        let missing = bytes.len() - out.len();
        assert!((1..101_000).contains(&missing), "block {victim}: {missing} missing");
        let start = out.iter().zip(&bytes).take_while(|(a, b)| a == b).count();
        let end = out.iter().rev().zip(bytes.iter().rev()).take_while(|(a, b)| a == b).count();
        assert!(start + end >= out.len(), "block {victim}: {start} + {end} of {}", out.len());
    }
}

#[test]
fn two_damages_apart_are_two_errors_and_neighbours_one() {
    let bytes = noise(1_000_000, 43);
    let packed = compress(&bytes, 1);
    let blocks = find_bits(&packed, BLOCK);
    let hit = |victims: &[usize]| {
        let mut bad = packed.clone();
        for victim in victims {
            bad[blocks[*victim] / 8 + 3_000] ^= 0xff;
        }
        let (out, errors) = drain(bad);
        (out.len(), errors.len())
    };
    assert_eq!(hit(&[2, 6]).1, 2);
    let (len, errors) = hit(&[2, 3]);
    assert_eq!(errors, 1);
    assert!(len > bytes.len() - 205_000 && len < bytes.len() - 150_000);
}

#[test]
fn a_damaged_magic_loses_its_block_and_keeps_the_one_before() {
    let bytes = noise(1_000_000, 44);
    let packed = compress(&bytes, 1);
    let blocks = find_bits(&packed, BLOCK);
    let mut bad = packed.clone();
    bad[blocks[3] / 8 + 2] ^= 0x10;
    let (out, errors) = drain(bad);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let missing = bytes.len() - out.len();
    assert!((1..101_000).contains(&missing), "{missing} missing");
}

/// Blocks are decoded at the level of their header, which does not have to be right.
#[test]
fn a_header_with_too_low_a_level_loses_nothing() {
    let bytes = noise(700_000, 53);
    let mut packed = compress(&bytes, 9);
    packed[3] = b'1';
    let (out, errors) = drain(packed.clone());
    assert!(out == bytes && errors.is_empty(), "{errors:?}");
    // Behind a stream of a lower level whose trailer is lost, and with it the header of the next.
    let mut first = compress(&noise(50_000, 59), 1);
    let trailer = find_bits(&first, 0x1772_4538_5090)[0];
    first[trailer / 8 + 2] ^= 0x10;
    let (out, errors) = drain([first, packed].concat());
    assert!(out.ends_with(&bytes), "{} bytes, {errors:?}", out.len());
}

#[test]
fn a_wrong_stream_checksum_is_said_after_the_data() {
    let bytes = noise(300_000, 46);
    let packed = compress(&bytes, 1);
    let trailer = find_bits(&packed, 0x1772_4538_5090)[0];
    let mut bad = packed.clone();
    bad[(trailer + 48 + 10) / 8] ^= 0x01;
    let (out, errors) = drain(bad);
    assert!(out == bytes);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].to_string().contains("checksum"), "{}", errors[0]);
}

#[test]
fn hostile_magics_without_blocks_end() {
    let mut file = b"BZh9".to_vec();
    for i in 0..50_000u32 {
        file.extend_from_slice(&BLOCK.to_be_bytes()[2..]);
        file.extend_from_slice(&i.to_be_bytes()[..(i % 5) as usize]);
    }
    let (out, errors) = drain(file);
    assert!(out.is_empty());
    assert_eq!(errors.len(), 1, "{errors:?}");
    // Five megabytes without any magic: longer than a block can be.
    let (out, errors) = drain([b"BZh9", &noise(5 << 20, 47)[..]].concat());
    assert!(out.is_empty());
    assert_eq!(errors.len(), 1, "{errors:?}");
}

/// Read to the end, dropped early, cut or hostile: in the end every thread is gone.
#[test]
#[cfg(target_os = "linux")]
fn no_thread_stays_behind() {
    // Other tests of this process have threads of their own: count those of the readers by name.
    let readers = || threads().iter().filter(|name| name.starts_with("headwater")).count();
    let bytes = noise(500_000, 48);
    let packed = compress(&bytes, 1);
    for i in 0..200usize {
        let mut reader = open(io::Cursor::new(packed[..packed.len() - i * 100].to_vec()), Limits::default()).unwrap();
        let mut buffer = vec![0; 1000 * i];
        let given = reader.read(&mut buffer).unwrap();
        assert!(given <= buffer.len());
    }
    let patience = Instant::now();
    // The other tests' readers come and go; a leak here would be hundreds.
    while readers() > 60 {
        assert!(patience.elapsed().as_secs() < 20, "{} threads stay behind", readers());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// The names that threads of this process have.
#[cfg(target_os = "linux")]
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok()).collect()
}

/// Files read in turns, and one that nobody reads beside them: each gives its own, and they share the workers.
#[test]
#[cfg(target_os = "linux")]
fn many_files_at_once_share_the_workers() {
    let files: Vec<Vec<u8>> = (0..12).map(|seed| noise(700_000, seed + 1)).collect();
    let mut readers: Vec<Decoded> =
        files.iter().map(|file| open(io::Cursor::new(compress(file, 1)), Limits::default()).unwrap()).collect();
    let mut unread = open(io::Cursor::new(compress(&files[0], 1)), Limits::default()).unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    let workers = threads().iter().filter(|name| name.trim_end() == "headwater-bzip2").count();
    // Those of an earlier test may be about to end.
    assert!((1..=2 * cores).contains(&workers), "{workers} workers for {} files on {cores} cores", files.len());
    let mut out = vec![Vec::new(); files.len()];
    let mut buffer = vec![0; 50_000];
    for _ in 0..700_000 / buffer.len() {
        for (reader, out) in readers.iter_mut().zip(&mut out) {
            reader.read_exact(&mut buffer).unwrap();
            out.extend_from_slice(&buffer);
        }
    }
    assert!(out == files);
    assert!(readers.iter_mut().all(|reader| reader.read(&mut buffer).unwrap() == 0));
    let mut last = Vec::new();
    unread.read_to_end(&mut last).unwrap();
    assert!(last == files[0]);
}

/// A real table of a collector, block by block, is what the library makes of it in one piece.
#[test]
fn a_real_table_in_blocks_is_the_table() {
    let dir = std::env::var_os("HEADWATER_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), Into::into);
    let file = dir.join("mrt/libbgpstream.routeviews.route-views.jinx.ribs.1401487200.bz2");
    let Ok(packed) = std::fs::read(&file) else {
        println!("skipped: shared data not found at {}", dir.display());
        return;
    };
    assert!(drain(packed.clone()).0 == library(&packed));
}
