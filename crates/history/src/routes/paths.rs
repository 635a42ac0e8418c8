//! Interned AS paths of one segment, and their way into its columns.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, Int32Array};
use headwater_route::PathRef;

use super::via::shorten;

/// Bytes of text handed to the Parquet writer at once.
const BATCH_TEXT_BYTES: usize = 64 << 20;
/// Slots of the table of paths to begin with, a power of two.
const FIRST_SLOTS: usize = 1 << 12;

/// Distinct paths, in wire form, numbered in order of appearance.
#[derive(Default)]
pub(crate) struct Paths {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// Open addressing, a power of two, at most half full: low half of the hash, then number of the path plus one; 0 for free.
    slots: Vec<u64>,
    /// The path each vantage used last: an origin's prefixes follow each other, so it is usually the next one too.
    last: Vec<u32>,
    /// What [`Paths::look_ahead`] touched, kept so that it is touched at all.
    touched: u64,
}

/// Where a path stands in the bytes of all.
#[derive(Clone, Copy)]
struct Span {
    hash: u64,
    start: u32,
    len: u32,
}

/// Hash of a path, the same in every process.
pub(crate) fn hash(path: PathRef<'_>) -> u64 {
    twox_hash::XxHash3_64::oneshot(path.bytes())
}

impl Paths {
    /// The number of the path; `hash` is [`hash`] of it.
    pub fn intern(&mut self, vantage: i32, hash: u64, path: PathRef<'_>) -> u32 {
        let of_vantage = vantage as usize;
        if let Some(&id) = self.last.get(of_vantage)
            && id != u32::MAX
            && self.is(id, hash, path)
        {
            return id;
        }
        if self.spans.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mut at = self.home(hash);
        let id = loop {
            match self.slots[at] {
                0 => {
                    let id = self.spans.len() as u32;
                    let (start, len) = (self.bytes.len() as u32, path.bytes().len() as u32);
                    self.bytes.extend_from_slice(path.bytes());
                    self.spans.push(Span { hash, start, len });
                    self.slots[at] = slot(hash, id);
                    break id;
                }
                taken if (taken >> 32) as u32 == hash as u32 && self.is(taken as u32 - 1, hash, path) => {
                    break taken as u32 - 1;
                }
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        };
        if self.last.len() <= of_vantage {
            self.last.resize(of_vantage + 1, u32::MAX);
        }
        self.last[of_vantage] = id;
        id
    }

    /// Fetches what [`Paths::intern`] will look at. One path after another, each would wait for memory three times; here the
    /// waits of all overlap.
    pub fn look_ahead(&mut self, hashes: impl Iterator<Item = u64> + Clone) {
        if self.slots.is_empty() {
            return;
        }
        let id = |hash| (self.slots[self.home(hash)] as u32).checked_sub(1);
        let slots = hashes.clone().filter_map(id).fold(0, |sum: u64, id| sum ^ u64::from(id));
        let span = |hash| id(hash).map(|id| self.spans[id as usize]);
        let spans = hashes.clone().filter_map(span).fold(0, |sum, span| sum ^ span.hash);
        let byte = |hash| span(hash).and_then(|span| self.bytes.get(span.start as usize));
        let bytes = hashes.filter_map(byte).fold(0, |sum, byte| sum ^ u64::from(*byte));
        self.touched ^= slots ^ spans ^ bytes;
    }

    fn is(&self, id: u32, hash: u64, path: PathRef<'_>) -> bool {
        self.spans[id as usize].hash == hash && self.get(id) == path.bytes()
    }

    fn home(&self, hash: u64) -> usize {
        // The low half stands in the slot; the high half chooses it.
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 2).max(FIRST_SLOTS)];
        for (id, span) in self.spans.iter().enumerate() {
            let mut at = self.home(span.hash);
            while self.slots[at] != 0 {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = slot(span.hash, id as u32);
        }
    }

    /// The wire bytes of a path.
    fn get(&self, id: u32) -> &[u8] {
        let Span { start, len, .. } = self.spans[id as usize];
        &self.bytes[start as usize..][..len as usize]
    }

    /// How many of `ids` (at least one, if there is one) fit a batch: the text of a hostile path is long, and the columns of a
    /// batch count bytes in 31 bits. Ids that are no path count as empty.
    pub fn fit(&self, ids: impl Iterator<Item = u32>) -> usize {
        let mut bytes = 0;
        let mut count = 0;
        for id in ids {
            // Four bytes of an ASN are at most ten digits and a separator.
            bytes += self.spans.get(id as usize).map_or(0, |span| span.len as usize * 3);
            if bytes > BATCH_TEXT_BYTES && count > 0 {
                break;
            }
            count += 1;
        }
        count
    }

    /// Memory the paths take.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.spans.len() * size_of::<Span>() + self.slots.len() * size_of::<u64>()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        self.slots.clear();
        self.last.clear();
    }
}

fn slot(hash: u64, id: u32) -> u64 {
    hash << 32 | u64::from(id + 1)
}

/// The columns `via` and `ends` of a batch.
pub(crate) struct PathColumns<'a> {
    paths: &'a Paths,
    via: StringBuilder,
    ends: Vec<i32>,
    /// Path, network of the vantage and origin of the row before: rows that follow each other often share them.
    shown: Option<(u32, u32, i64)>,
    /// `via` of that row.
    text: String,
    wire_text: Vec<u8>,
}

impl<'a> PathColumns<'a> {
    pub fn new(paths: &'a Paths, rows: usize) -> PathColumns<'a> {
        let via = StringBuilder::with_capacity(rows, rows * 24);
        let ends = Vec::with_capacity(rows);
        PathColumns { paths, via, ends, shown: None, text: String::new(), wire_text: Vec::new() }
    }

    /// Adds a path as seen by a vantage of the network `own`.
    pub fn push(&mut self, path: u32, own: u32, origin: i64) {
        let ends = match self.ends.last() {
            Some(ends) if self.shown == Some((path, own, origin)) => *ends,
            _ => {
                self.shown = Some((path, own, origin));
                self.wire_text.clear();
                if let Some(path) = PathRef::new(self.paths.get(path)) {
                    path.write_text(&mut self.wire_text);
                }
                let (via, ends) = shorten(std::str::from_utf8(&self.wire_text).unwrap_or(""), own, origin);
                self.text.clear();
                self.text.push_str(via);
                ends
            }
        };
        self.via.append_value(&self.text);
        self.ends.push(ends);
    }

    /// Adds a row without a path.
    pub fn push_none(&mut self) {
        self.shown = None;
        self.via.append_value("");
        self.ends.push(0);
    }

    pub fn finish(mut self) -> [ArrayRef; 2] {
        [Arc::new(self.via.finish()), Arc::new(Int32Array::from(self.ends))]
    }
}
