//! Interned AS paths of one segment.

use hashbrown::HashTable;
use headwater_route::PathRef;

/// Bytes of text handed to the Parquet writer at once.
const BATCH_TEXT_BYTES: usize = 64 << 20;

/// Distinct paths, in wire form, numbered in order of appearance.
#[derive(Default)]
pub(crate) struct Paths {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hashes: Vec<u64>,
    table: HashTable<u32>,
    /// The path each vantage used last: an origin's prefixes follow each other, so it is usually the next one too.
    last: Vec<u32>,
}

/// Hash of a path, the same in every process.
pub(crate) fn hash(path: PathRef<'_>) -> u64 {
    twox_hash::XxHash3_64::oneshot(path.bytes())
}

impl Paths {
    /// The number of the path; `hash` is [`hash`] of it.
    pub fn intern(&mut self, vantage: i32, hash: u64, path: PathRef<'_>) -> u32 {
        let slot = vantage as usize;
        if let Some(&id) = self.last.get(slot)
            && id != u32::MAX
            && self.hashes[id as usize] == hash
            && self.get(id) == path.bytes()
        {
            return id;
        }
        let Paths { bytes, ends, hashes, table, .. } = self;
        let at = |id: u32| {
            let start = if id == 0 { 0 } else { ends[id as usize - 1] };
            &bytes[start..ends[id as usize]]
        };
        let found = table.find(hash, |&id| hashes[id as usize] == hash && at(id) == path.bytes()).copied();
        let id = match found {
            Some(id) => id,
            None => {
                let id = ends.len() as u32;
                bytes.extend_from_slice(path.bytes());
                ends.push(bytes.len());
                hashes.push(hash);
                table.insert_unique(hash, id, |&id| hashes[id as usize]);
                id
            }
        };
        if self.last.len() <= slot {
            self.last.resize(slot + 1, u32::MAX);
        }
        self.last[slot] = id;
        id
    }

    /// The wire bytes of a path.
    pub fn get(&self, id: u32) -> &[u8] {
        let start = if id == 0 { 0 } else { self.ends[id as usize - 1] };
        &self.bytes[start..self.ends[id as usize]]
    }

    /// Appends the text of a path.
    pub fn write_text(&self, id: u32, out: &mut Vec<u8>) {
        if let Some(path) = PathRef::new(self.get(id)) {
            path.write_text(out);
        }
    }

    /// How many of `ids` (at least one, if there is one) fit a batch: the text of a hostile path is long, and the columns of a
    /// batch count bytes in 31 bits. Ids that are no path count as empty.
    pub fn fit(&self, ids: impl Iterator<Item = u32>) -> usize {
        let mut bytes = 0;
        let mut count = 0;
        for id in ids {
            // Four bytes of an ASN are at most ten digits and a separator.
            bytes += if (id as usize) < self.ends.len() { self.get(id).len() * 3 } else { 0 };
            if bytes > BATCH_TEXT_BYTES && count > 0 {
                break;
            }
            count += 1;
        }
        count
    }

    /// Memory the paths take.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * 24
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.hashes.clear();
        self.table.clear();
        self.last.clear();
    }
}
