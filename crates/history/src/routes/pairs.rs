//! Which origins stand behind which upstreams: the distinct pairs that the routes of a source show, and the way into
//! `upstream_origins`. A dump's are compared with those of its base, so that only what came and went is stored.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array, RecordBatch};
use headwater_route::{Family, PathRef, SourceId};
use rustc_hash::FxHashSet;

use crate::Error;
use crate::segment::{Finished, SegmentWriter};
use crate::table::{Table, family_code};

/// Pairs of a family kept; what further ones say is lost, with a fault.
pub(crate) const MAX_PAIRS: usize = 4 << 20;
/// Slots for paths met lately, a power of two.
const RECENT: usize = 1 << 14;
const BATCH_ROWS: usize = 32 * 1024;

/// `shown` of a pair that the base of a dump shows and the dump does not.
pub(crate) const NO_LONGER: i32 = 0;
/// `shown` of a pair that a dump shows and its base does not.
pub(crate) const IN_DUMP: i32 = 1;
/// `shown` of a pair that an announcement shows.
pub(crate) const ANNOUNCED: i32 = 2;

/// Distinct pairs, by family.
#[derive(Default)]
pub(crate) struct Pairs {
    /// Upstream in the upper half, origin in the lower.
    known: [FxHashSet<u64>; 2],
    /// Hashes of paths whose pairs are known: most paths come many times.
    recent: Vec<u64>,
    /// True if there were more than fit.
    pub cut: bool,
}

impl Pairs {
    /// Takes a path; `hash` is [`super::paths::hash`] of it.
    pub fn add(&mut self, family: Family, hash: u64, path: PathRef<'_>) {
        if self.recent.is_empty() {
            self.recent = vec![0; RECENT];
        }
        let hash = hash ^ family as u64;
        let slot = &mut self.recent[hash as usize >> 8 & (RECENT - 1)];
        if *slot == hash {
            return;
        }
        *slot = hash;
        if let Some((upstream, origin)) = path.upstream().zip(path.origin()) {
            self.insert(family, u64::from(upstream.0) << 32 | u64::from(origin.0));
        }
    }

    /// Takes a pair as [`Pairs::sorted`] gives it.
    pub fn insert(&mut self, family: Family, pair: u64) {
        let known = &mut self.known[family as usize];
        if known.len() < MAX_PAIRS {
            known.insert(pair);
        } else {
            self.cut |= !known.contains(&pair);
        }
    }

    /// The pairs of a family: upstream in the upper half, origin in the lower.
    pub fn sorted(&self, family: Family) -> Vec<u64> {
        let mut pairs: Vec<u64> = self.known[family as usize].iter().copied().collect();
        pairs.sort_unstable();
        pairs
    }

    fn has(&self, family: Family, pair: u64) -> bool {
        self.known[family as usize].contains(&pair)
    }
}

/// A row of `upstream_origins`: pair, family, `shown`.
pub(crate) type PairRow = (u64, Family, i32);

/// Rows for what a dump shows and `base` does not, and for the reverse.
pub(crate) fn changes(dump: &Pairs, base: &Pairs, out: &mut Vec<PairRow>) {
    for family in [Family::V4, Family::V6] {
        let lacks = |other: &Pairs, of: &Pairs, shown| {
            let only: Vec<u64> = of.sorted(family).into_iter().filter(|pair| !other.has(family, *pair)).collect();
            only.into_iter().map(move |pair| (pair, family, shown))
        };
        out.extend(lacks(base, dump, IN_DUMP));
        out.extend(lacks(dump, base, NO_LONGER));
    }
}

/// Rows for what announcements show.
pub(crate) fn announced(pairs: &Pairs, out: &mut Vec<PairRow>) {
    for family in [Family::V4, Family::V6] {
        out.extend(pairs.sorted(family).into_iter().map(|pair| (pair, family, ANNOUNCED)));
    }
}

/// Writes rows as a segment.
pub(crate) fn write(source: SourceId, mut rows: Vec<PairRow>, path: &Path) -> Result<Finished, Error> {
    rows.sort_unstable();
    let mut writer = SegmentWriter::create(Table::UpstreamOrigins, path, rows.len())?;
    for chunk in rows.chunks(BATCH_ROWS) {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(chunk.iter().map(|(pair, ..)| (pair >> 32) as i64).collect::<Int64Array>()),
            Arc::new(chunk.iter().map(|(pair, ..)| i64::from(*pair as u32)).collect::<Int64Array>()),
            Arc::new(chunk.iter().map(|(_, family, _)| family_code(*family)).collect::<Int32Array>()),
            Arc::new(chunk.iter().map(|(.., shown)| *shown).collect::<Int32Array>()),
            Arc::new(Int64Array::from_value(source.0, chunk.len())),
        ];
        writer.write(&RecordBatch::try_new(Table::UpstreamOrigins.schema(), columns)?)?;
    }
    writer.finish()
}
