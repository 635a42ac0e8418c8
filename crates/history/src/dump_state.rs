//! The routes of a collector's latest dump, kept beside the segments so that the next dump can be written as changes.
//!
//! It is a cache, one file a collector: when it is missing or does not fit, the next dump is stored whole and nothing is
//! wrong but the size. It holds, in prefix order, for each route its vantage, origin and 48 bits of the XXH3 hash of its path
//! and marks. A changed route passes for unchanged with probability 2⁻⁴⁸. Of each prefix it also knows the record in the root,
//! the dump stored whole that all changes come back to: the records of later dumps are told by it ([`crate::routes::shifts`]).
//!
//! File: magic, the number of the dump's source and a hash of its sha256, then a zstd frame of groups (family, length,
//! address, record in the root, count, and the vantages, origins and hashes of the group) and of the pairs of upstream and
//! origin, then the absent vantages, the length of that list, and the XXH3 hash of everything before. The last is checked before
//! a state is built on.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use headwater_route::{Family, Prefix, SourceId};
use twox_hash::XxHash3_64;

use crate::Error;
use crate::routes::pairs::Pairs;

/// Directory below the history that holds states.
pub(crate) const HOME: &str = "state";

const MAGIC: &[u8; 8] = b"HWSTATE2";
/// Magic, source, hash of its sha256.
const HEAD: u64 = 24;
/// Bytes written and hashed at once.
const BLOCK: usize = 1 << 18;
/// Length of the list of absent vantages, hash of the file.
const TAIL: u64 = 16;

/// A route in the state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Held {
    pub vantage: i32,
    /// 48 bits of hash.
    pub hash: u64,
    /// Origin AS, -1 for none.
    pub origin: i64,
    /// Not seen in the dump that wrote the state, and kept because its vantage was absent there.
    pub tentative: bool,
    /// The root has the prefix from this origin, in the record that the group names. The same for all of a group and origin.
    pub rooted: bool,
}

/// Bits of the word that holds a vantage: its number takes fewer.
const TENTATIVE: u32 = 1 << 31;
const ROOTED: u32 = 1 << 30;
/// Where the family of a group stands, it says that there is none left.
const NO_FAMILY: u8 = 0;
/// The record in the root of a prefix that the root lacks.
pub(crate) const NO_ROOT: u64 = u64::MAX;

/// The routes of one prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Group<'a> {
    pub prefix: Prefix,
    /// Offset of the record in the root, or [`NO_ROOT`].
    pub root: u64,
    /// Sorted.
    pub routes: &'a [Held],
}

/// Where a collector's state is kept.
pub(crate) fn path_for(dir: &Path, collector: &str) -> PathBuf {
    let safe: String = collector.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let hash = XxHash3_64::oneshot(collector.as_bytes());
    dir.join(HOME).join(format!("{safe:.40}-{hash:016x}.state"))
}

/// Writes a file block by block and hashes each, seeded with the hash of those before.
struct Hashed {
    file: File,
    block: Vec<u8>,
    hash: u64,
}

impl Hashed {
    fn finish_block(&mut self) -> io::Result<()> {
        self.hash = XxHash3_64::oneshot_with_seed(self.hash, &self.block);
        self.file.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(BLOCK - self.block.len())];
        self.block.extend_from_slice(part);
        if self.block.len() == BLOCK {
            self.finish_block()?;
        }
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a state in prefix order.
pub(crate) struct StateWriter {
    path: PathBuf,
    out: zstd::Encoder<'static, Hashed>,
    scratch: Vec<u8>,
}

/// What a state remembers of the sha256 of its source.
pub(crate) fn sha_mark(sha256: &str) -> u64 {
    XxHash3_64::oneshot(sha256.as_bytes())
}

impl StateWriter {
    /// Starts the state of the dump that `source` with this sha256 holds.
    pub fn create(path: &Path, source: SourceId, sha256: &str) -> Result<StateWriter, Error> {
        let fail = |e| Error::io(path, e);
        let mut file = Hashed { file: File::create(path).map_err(fail)?, block: Vec::with_capacity(BLOCK), hash: 0 };
        file.write_all(MAGIC).map_err(fail)?;
        file.write_all(&source.0.to_le_bytes()).map_err(fail)?;
        file.write_all(&sha_mark(sha256).to_le_bytes()).map_err(fail)?;
        let mut out = zstd::Encoder::new(file, 1).map_err(fail)?;
        out.include_checksum(true).map_err(fail)?;
        Ok(StateWriter { path: path.to_owned(), out, scratch: Vec::new() })
    }

    /// Appends the routes of one prefix.
    pub fn group(&mut self, group: Group<'_>) -> Result<(), Error> {
        let Group { prefix, root, routes } = group;
        if routes.is_empty() {
            return Ok(());
        }
        let out = &mut self.scratch;
        out.clear();
        let family = prefix.family();
        out.extend([crate::table::family_code(family) as u8, prefix.len()]);
        let bits = prefix.first_bits().to_be_bytes();
        out.extend_from_slice(if family == Family::V4 { &bits[..4] } else { &bits });
        out.extend(root.to_le_bytes());
        out.extend((routes.len() as u32).to_le_bytes());
        for route in routes {
            let bit = |is: bool, bit: u32| if is { bit } else { 0 };
            let bits = bit(route.tentative, TENTATIVE) | bit(route.rooted, ROOTED);
            out.extend((route.vantage as u32 | bits).to_le_bytes());
        }
        for route in routes {
            // One above, so that "none" is 0; five bytes hold every AS number plus one.
            out.extend(&((route.origin + 1) as u64).to_le_bytes()[..5]);
        }
        for route in routes {
            out.extend(&route.hash.to_le_bytes()[..6]);
        }
        self.out.write_all(out).map_err(|e| Error::io(&self.path, e))
    }

    /// Closes the file; `pairs` are those that the dump shows, `absent` the vantages (per family) that it did not hold at all.
    pub fn finish(mut self, pairs: &Pairs, absent: &BTreeSet<(i32, Family)>) -> Result<(), Error> {
        let fail = |e| Error::io(&self.path, e);
        self.out.write_all(&[NO_FAMILY]).map_err(fail)?;
        for family in [Family::V4, Family::V6] {
            let pairs = pairs.sorted(family);
            let bytes: Vec<u8> = std::iter::once(pairs.len() as u64).chain(pairs).flat_map(u64::to_le_bytes).collect();
            self.out.write_all(&bytes).map_err(fail)?;
        }
        let mut file = self.out.finish().map_err(fail)?;
        for (vantage, family) in absent {
            file.write_all(&vantage.to_le_bytes()).map_err(fail)?;
            file.write_all(&crate::table::family_code(*family).to_le_bytes()).map_err(fail)?;
        }
        file.write_all(&(absent.len() as u64).to_le_bytes()).map_err(fail)?;
        file.finish_block().map_err(fail)?;
        let Hashed { mut file, hash, .. } = file;
        file.write_all(&hash.to_le_bytes()).map_err(fail)?;
        file.sync_all().map_err(fail)
    }
}

/// Reads a state in prefix order.
pub(crate) struct StateReader<F = File> {
    pub source: SourceId,
    /// [`sha_mark`] of the source's sha256.
    pub sha_mark: u64,
    input: BufReader<zstd::Decoder<'static, BufReader<io::Take<F>>>>,
    absent: BTreeSet<(i32, Family)>,
    prefix: Option<Prefix>,
    root: u64,
    routes: Vec<Held>,
    scratch: Vec<u8>,
}

impl StateReader {
    /// Opens a state; `Ok(None)` if there is none, or what is there is not one or is damaged.
    pub fn open(path: &Path) -> io::Result<Option<StateReader>> {
        match File::open(path) {
            Ok(file) => {
                let len = file.metadata()?.len();
                StateReader::read(file, len)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl<F: Read + Seek> StateReader<F> {
    /// As [`StateReader::open`], of a file of `len` bytes.
    pub fn read(mut file: F, len: u64) -> io::Result<Option<StateReader<F>>> {
        if len < HEAD + TAIL || !is_whole(&mut file, len)? {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(0))?;
        let mut words = [[0u8; 8]; 3];
        for word in &mut words {
            file.read_exact(word)?;
        }
        if words[0] != *MAGIC {
            return Ok(None);
        }
        let (source, sha_mark) = (SourceId(i64::from_le_bytes(words[1])), u64::from_le_bytes(words[2]));
        file.seek(SeekFrom::Start(len - TAIL))?;
        let mut count = [0u8; 8];
        file.read_exact(&mut count)?;
        let list = u64::from_le_bytes(count).saturating_mul(8);
        let Some(body) = (len - HEAD - TAIL).checked_sub(list) else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(HEAD + body))?;
        let mut absent = BTreeSet::new();
        for _ in 0..list / 8 {
            let mut pair = [0u8; 8];
            file.read_exact(&mut pair)?;
            let [a, b, c, d, e, f, g, h] = pair;
            let family = crate::table::family_of(i32::from_le_bytes([e, f, g, h]));
            absent.insert((i32::from_le_bytes([a, b, c, d]), family));
        }
        file.seek(SeekFrom::Start(HEAD))?;
        // A short state decodes to little.
        let room = body.saturating_mul(8).clamp(1 << 12, 1 << 20) as usize;
        let input = BufReader::with_capacity(room, zstd::Decoder::new(file.take(body))?);
        let (routes, scratch) = (Vec::new(), Vec::new());
        let mut reader = StateReader { source, sha_mark, input, absent, prefix: None, root: NO_ROOT, routes, scratch };
        reader.advance()?;
        Ok(Some(reader))
    }

    /// The group at hand; `None` at the end.
    pub fn peek(&self) -> Option<Group<'_>> {
        self.prefix.map(|prefix| Group { prefix, root: self.root, routes: &self.routes })
    }

    /// The pairs of upstream and origin of the dump, once the groups are at their end.
    pub fn pairs(&mut self) -> io::Result<Pairs> {
        let mut pairs = Pairs::default();
        for family in [Family::V4, Family::V6] {
            let mut word = [0u8; 8];
            self.input.read_exact(&mut word)?;
            for _ in 0..u64::from_le_bytes(word) {
                self.input.read_exact(&mut word)?;
                pairs.insert(family, u64::from_le_bytes(word));
            }
        }
        Ok(pairs)
    }

    /// Goes to the next group. At the end of the groups it must not be called again.
    pub fn advance(&mut self) -> io::Result<()> {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "the dump state is damaged");
        loop {
            let mut head = [0u8; 2];
            self.input.read_exact(&mut head[..1])?;
            if head[0] == NO_FAMILY {
                self.prefix = None;
                return Ok(());
            }
            self.input.read_exact(&mut head[1..])?;
            let family = crate::table::family_of(i32::from(head[0]));
            let mut bits = [0u8; 16];
            self.input.read_exact(&mut bits[..if family == Family::V4 { 4 } else { 16 }])?;
            let prefix = Prefix::from_bits(family, u128::from_be_bytes(bits), head[1]).ok_or_else(bad)?;
            let mut root = [0u8; 8];
            self.input.read_exact(&mut root)?;
            self.root = u64::from_le_bytes(root);
            let mut count = [0u8; 4];
            self.input.read_exact(&mut count)?;
            let count = u32::from_le_bytes(count) as usize;
            if count > 1 << 24 {
                return Err(bad());
            }
            // Memory follows what comes, not what was claimed.
            self.scratch.clear();
            self.input.by_ref().take(count as u64 * 15).read_to_end(&mut self.scratch)?;
            if self.scratch.len() < count * 15 {
                return Err(bad());
            }
            let (vantages, rest) = self.scratch.split_at(count * 4);
            let (origins, hashes) = rest.split_at(count * 5);
            self.routes.clear();
            for ((v, o), h) in vantages.chunks_exact(4).zip(origins.chunks_exact(5)).zip(hashes.chunks_exact(6)) {
                let word = u32::from_le_bytes([v[0], v[1], v[2], v[3]]);
                let vantage = (word & !(TENTATIVE | ROOTED)) as i32;
                let (tentative, rooted) = (word & TENTATIVE != 0, word & ROOTED != 0);
                if tentative && !self.absent.contains(&(vantage, family)) {
                    continue;
                }
                self.routes.push(Held {
                    vantage,
                    hash: u64::from_le_bytes([h[0], h[1], h[2], h[3], h[4], h[5], 0, 0]),
                    origin: u64::from_le_bytes([o[0], o[1], o[2], o[3], o[4], 0, 0, 0]) as i64 - 1,
                    tentative: false,
                    rooted,
                });
            }
            if !self.routes.is_empty() {
                self.prefix = Some(prefix);
                return Ok(());
            }
        }
    }
}

/// True if the hash at the end is that of the rest.
fn is_whole(file: &mut (impl Read + Seek), len: u64) -> io::Result<bool> {
    let mut hash = 0;
    let mut left = usize::try_from(len - 8).unwrap_or(usize::MAX);
    let mut block = vec![0u8; left.min(BLOCK)];
    file.seek(SeekFrom::Start(0))?;
    // The writer hashes the rest of the file as a last block, be it empty.
    loop {
        let part = left.min(BLOCK);
        file.read_exact(&mut block[..part])?;
        hash = XxHash3_64::oneshot_with_seed(hash, &block[..part]);
        left -= part;
        if part < BLOCK {
            break;
        }
    }
    let mut stated = [0u8; 8];
    file.read_exact(&mut stated)?;
    Ok(u64::from_le_bytes(stated) == hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_reads_back_and_forgets_tentative_routes_of_present_vantages() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.state");
        let p4: Prefix = "192.0.2.0/24".parse().unwrap();
        let p6: Prefix = "2001:db8::/32".parse().unwrap();
        let held = |vantage, origin, tentative| {
            let rooted = origin == 64500;
            Held { vantage, hash: 0x0000_1234_5678_9abc, origin, tentative, rooted }
        };
        let mut writer = StateWriter::create(&path, SourceId(7), "5a").unwrap();
        let routes = &[held(1, 64500, false), held(2, -1, true), held(3, 4_294_967_295, true)];
        writer.group(Group { prefix: p4, root: 77, routes }).unwrap();
        writer.group(Group { prefix: p6, root: NO_ROOT, routes: &[held(3, 64501, true)] }).unwrap();
        let mut pairs = Pairs::default();
        pairs.insert(Family::V6, 7 << 32 | 8);
        writer.finish(&pairs, &BTreeSet::from([(2, Family::V4)])).unwrap();

        let mut reader = StateReader::open(&path).unwrap().unwrap();
        assert_eq!((reader.source, reader.sha_mark), (SourceId(7), sha_mark("5a")));
        let routes = &[held(1, 64500, false), held(2, -1, false)];
        assert_eq!(reader.peek(), Some(Group { prefix: p4, root: 77, routes }));
        reader.advance().unwrap();
        assert_eq!(reader.peek(), None);
        let pairs = reader.pairs().unwrap();
        assert_eq!((pairs.sorted(Family::V4), pairs.sorted(Family::V6)), (vec![], vec![7 << 32 | 8]));
    }

    #[test]
    fn a_foreign_cut_or_damaged_file_is_no_state() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.state");
        assert!(StateReader::open(&path).unwrap().is_none());
        std::fs::write(&path, b"something else, long enough to be read as a state, were it one").unwrap();
        assert!(StateReader::open(&path).unwrap().is_none());

        let mut writer = StateWriter::create(&path, SourceId(7), "5a").unwrap();
        for i in 0..5000u32 {
            let prefix = Prefix::from_bits(Family::V4, u128::from(i << 8) << 96, 24).unwrap();
            let hash = u64::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
            let routes = &[Held { vantage: 1, hash, origin: 5, tentative: false, rooted: true }];
            writer.group(Group { prefix, root: u64::from(i), routes }).unwrap();
        }
        writer.finish(&Pairs::default(), &BTreeSet::new()).unwrap();
        let good = std::fs::read(&path).unwrap();
        assert!(StateReader::open(&path).unwrap().is_some());
        for at in [0, 9, 17, good.len() / 2, good.len() - 12, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            std::fs::write(&path, &bad).unwrap();
            assert!(StateReader::open(&path).unwrap().is_none(), "byte {at}");
        }
        for len in [0, 8, 24, 39, 40, good.len() - 1] {
            std::fs::write(&path, &good[..len]).unwrap();
            assert!(StateReader::open(&path).unwrap().is_none(), "{len} bytes");
        }
        // What a file system may leave of a file that was not brought to disk.
        std::fs::write(&path, vec![0; good.len()]).unwrap();
        assert!(StateReader::open(&path).unwrap().is_none());
    }
}
