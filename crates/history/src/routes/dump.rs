//! One table dump against the collector's previous one.
//!
//! Both come in prefix order, so they are merged as streams. What is the same costs nothing; what is new or different
//! becomes a `held` row; what is missing becomes a `gone` row, unless its absence is not known: the vantage is not in the
//! dump at all, or the dump could not be read there.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Attributes, Family, Nlri, PathRef, Prefix, Time};

use super::edges::{EdgeSamples, Edges};
use super::pairs::{self, PairRow, Pairs};
use super::paths;
use super::rows::{Place, RouteRows};
use crate::Error;
use crate::catalogue::Hole;
use crate::dump_state::{Group, Held, NO_ROOT, StateReader, StateWriter};

/// Routes missing so far of vantages that have not appeared yet. Beyond this they are written as gone; the list of vantages
/// in the dump still says that the vantage was absent.
const MAX_PENDING: usize = 4 << 20;
/// Routes of one prefix held in memory, and bytes of their paths.
const MAX_GROUP: usize = 1 << 20;
const MAX_GROUP_BYTES: usize = 256 << 20;
/// Holes kept apart; further ones widen the last.
const MAX_HOLES: usize = 1000;

/// Routes per vantage and family, looked up for every route.
#[derive(Default)]
struct Present(Vec<[u64; 2]>);

impl Present {
    fn add(&mut self, vantage: i32, family: Family) {
        let at = vantage as usize;
        if self.0.len() <= at {
            self.0.resize(at + 1, [0; 2]);
        }
        self.0[at][family as usize] += 1;
    }

    fn has(&self, (vantage, family): (i32, Family)) -> bool {
        self.0.get(vantage as usize).is_some_and(|counts| counts[family as usize] > 0)
    }

    fn into_map(self) -> BTreeMap<(i32, Family), u64> {
        let each = |(at, counts): (usize, [u64; 2])| {
            [Family::V4, Family::V6].map(|family| ((at as i32, family), counts[family as usize]))
        };
        self.0.into_iter().enumerate().flat_map(each).filter(|(_, count)| *count > 0).collect()
    }
}

struct Entry {
    held: Held,
    /// Where the path's bytes stand in `arena`.
    path: (u32, u32),
    hash: u64,
    marks: i32,
    offset: u64,
}

/// Who holds a route: the vantage and its network.
#[derive(Clone, Copy)]
pub(crate) struct Holder {
    pub vantage: i32,
    pub network: u32,
}

/// A dump being read.
pub(crate) struct Dump {
    base: Option<StateReader>,
    state: Option<StateWriter>,
    at: Option<(Time, Time)>,
    /// The group at hand: all routes of one prefix.
    prefix: Option<Prefix>,
    entries: Vec<Entry>,
    arena: Vec<u8>,
    /// Last prefix that was worked off.
    done: Option<Prefix>,
    /// False once a prefix came after a greater one.
    ordered: bool,
    /// The hole that is open, from the prefix worked off before the fault.
    hole: Option<Option<Prefix>>,
    /// Groups that have begun since the fault. The first may be the damaged one, so the hole ends at the second.
    groups_since_fault: u8,
    holes: Vec<Hole>,
    present: Present,
    edges: EdgeSamples,
    pending: BTreeMap<(i32, Family), Vec<(Prefix, i64)>>,
    pending_rows: usize,
    kept: Vec<Held>,
    pairs: Pairs,
    /// What the base shows, once it was read to its end.
    base_pairs: Pairs,
}

impl Dump {
    /// Starts a dump. `base` is the state of the previous one, `state` takes that of this one.
    pub fn new(base: Option<StateReader>, state: Option<StateWriter>) -> Dump {
        Dump {
            base,
            state,
            at: None,
            prefix: None,
            entries: Vec::new(),
            arena: Vec::new(),
            done: None,
            ordered: true,
            hole: None,
            groups_since_fault: 0,
            holes: Vec::new(),
            present: Present::default(),
            edges: EdgeSamples::default(),
            pending: BTreeMap::new(),
            pending_rows: 0,
            kept: Vec::new(),
            pairs: Pairs::default(),
            base_pairs: Pairs::default(),
        }
    }

    /// Takes one entry of the dump.
    pub fn held(
        &mut self,
        rows: &mut RouteRows,
        holder: Holder,
        time: Time,
        offset: u64,
        nlri: Nlri,
        attributes: &Attributes<'_>,
    ) -> Result<(), Error> {
        self.at = Some(self.at.map_or((time, time), |(from, until)| (from.min(time), until.max(time))));
        let origin = attributes.path.origin().map_or(-1, |asn| i64::from(asn.0));
        let marks = super::marks(attributes);
        let hash = paths::hash(attributes.path);
        let Holder { vantage, network } = holder;
        if nlri.multicast {
            // Multicast tables are small and asked for rarely: kept whole, beside the unicast merge.
            let path = rows.paths.intern(vantage, hash, attributes.path);
            rows.place(Place { prefix: nlri.prefix, offset, root: NO_ROOT });
            rows.held(Held { vantage, hash, origin, tentative: false, rooted: false }, path, marks, true);
            return Ok(());
        }
        self.edges.path(nlri.prefix.family(), vantage, network, hash, attributes.path);
        self.pairs.add(nlri.prefix.family(), hash, attributes.path);
        // A prefix that comes without end is worked off in parts, which then count as out of order.
        let too_long = self.entries.len() >= MAX_GROUP || self.arena.len() >= MAX_GROUP_BYTES;
        if self.prefix != Some(nlri.prefix) || too_long {
            self.finish_group(rows)?;
            self.prefix = Some(nlri.prefix);
            self.groups_since_fault = self.groups_since_fault.saturating_add(1);
        }
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(attributes.path.bytes());
        let mixed = (hash ^ (marks as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)) & 0xffff_ffff_ffff;
        self.entries.push(Entry {
            held: Held { vantage, hash: mixed, origin, tentative: false, rooted: false },
            path: (start, self.arena.len() as u32),
            hash,
            marks,
            offset,
        });
        Ok(())
    }

    /// A fault lost routes here.
    pub fn lost(&mut self) {
        self.hole.get_or_insert(self.done);
        self.groups_since_fault = 0;
    }

    /// Works off the group at hand.
    fn finish_group(&mut self, rows: &mut RouteRows) -> Result<(), Error> {
        let Some(prefix) = self.prefix.take() else { return Ok(()) };
        let family = prefix.family();
        if self.done.is_some_and(|done| prefix <= done) {
            self.forget_order(rows)?;
        }
        for entry in &self.entries {
            self.present.add(entry.held.vantage, family);
        }
        self.catch_up(rows, Some(&prefix))?;
        if self.groups_since_fault >= 2 {
            self.close_hole(Some(prefix));
        }

        self.kept.clear();
        let group = self.base.as_ref().and_then(StateReader::peek).filter(|group| group.prefix == prefix);
        let base: &[Held] = group.map_or(&[], |group| group.routes);
        let root = group.map_or(NO_ROOT, |group| group.root);
        let mut root_to_be = root;
        if self.base.is_none() {
            // Everything is stored, and this is the root of what builds on it.
            rows.paths.look_ahead(self.entries.iter().map(|e| e.hash));
            root_to_be = set_root(&mut self.entries);
        } else {
            set_rooted(&mut self.entries, base);
        }
        self.entries.sort_by_key(|e| e.held);
        let (mut new, mut old) = (self.entries.as_slice(), base);
        let mut missing: Vec<Held> = Vec::new();
        loop {
            let vantage = match (new.first(), old.first()) {
                (Some(entry), Some(held)) => entry.held.vantage.min(held.vantage),
                (Some(entry), None) => entry.held.vantage,
                (None, Some(held)) => held.vantage,
                (None, None) => break,
            };
            let (new_here, new_rest) = new.split_at(new.partition_point(|e| e.held.vantage <= vantage));
            let (old_here, old_rest) = old.split_at(old.partition_point(|h| h.vantage <= vantage));
            (new, old) = (new_rest, old_rest);
            if new_here.is_empty() {
                missing.extend_from_slice(old_here);
                continue;
            }
            self.kept.extend(new_here.iter().map(|e| e.held));
            if new_here.iter().map(|e| e.held).eq(old_here.iter().copied()) {
                continue;
            }
            for entry in new_here {
                let (start, end) = entry.path;
                if let Some(path) = PathRef::new(&self.arena[start as usize..end as usize]) {
                    let path = rows.paths.intern(vantage, entry.hash, path);
                    rows.place(Place { prefix, offset: entry.offset, root });
                    rows.held(entry.held, path, entry.marks, false);
                    // What the base holds is in the index of a dump that it builds on.
                    if base.iter().all(|held| held.origin != entry.held.origin) {
                        rows.index(entry.held.origin);
                    }
                }
            }
            let origins: BTreeSet<(i64, bool)> = old_here.iter().map(|h| (h.origin, h.rooted)).collect();
            for (origin, rooted) in origins {
                if new_here.iter().all(|e| e.held.origin != origin) {
                    rows.gone(origin, vantage, rooted);
                }
            }
        }
        if !base.is_empty()
            && let Some(base) = &mut self.base
        {
            base.advance().map_err(|e| Error::Engine(e.to_string()))?;
        }
        let offset = self.entries.first().map_or(0, |e| e.offset);
        for held in missing {
            self.miss(rows, Place { prefix, offset, root }, held);
        }
        self.write_state(prefix, root_to_be)?;
        self.release_pending(rows, offset);
        self.entries.clear();
        self.arena.clear();
        self.done = Some(self.done.map_or(prefix, |done| done.max(prefix)));
        Ok(())
    }

    /// Works off what the base holds before `upto` (or to its end) and this dump does not.
    fn catch_up(&mut self, rows: &mut RouteRows, upto: Option<&Prefix>) -> Result<(), Error> {
        let offset = self.entries.first().map_or(0, |e| e.offset);
        while let Some(Group { prefix, root, routes }) = self.base.as_ref().and_then(StateReader::peek) {
            if upto.is_some_and(|upto| prefix >= *upto) {
                break;
            }
            let routes = routes.to_vec();
            self.kept.clear();
            for held in routes {
                self.miss(rows, Place { prefix, offset, root }, held);
            }
            self.write_state(prefix, root)?;
            if let Some(base) = &mut self.base {
                base.advance().map_err(|e| Error::Engine(e.to_string()))?;
            }
        }
        Ok(())
    }

    /// A route of the base that this dump does not show.
    fn miss(&mut self, rows: &mut RouteRows, place: Place, held: Held) {
        let key = (held.vantage, place.prefix.family());
        if self.hole.is_some() {
            self.kept.push(held);
        } else if self.present.has(key) || self.pending_rows >= MAX_PENDING {
            rows.place(place);
            rows.gone(held.origin, held.vantage, held.rooted);
        } else {
            self.kept.push(Held { tentative: true, ..held });
            self.pending.entry(key).or_default().push((place.prefix, held.origin));
            self.pending_rows += 1;
        }
    }

    /// Vantages that have appeared by now were not absent: what they missed before is gone.
    fn release_pending(&mut self, rows: &mut RouteRows, offset: u64) {
        if self.pending.is_empty() {
            return;
        }
        let present = &self.present;
        let appeared: Vec<_> = self.pending.extract_if(.., |key, _| present.has(*key)).collect();
        for ((vantage, _), routes) in appeared {
            self.pending_rows -= routes.len();
            for (prefix, origin) in routes {
                // The record is that of another prefix, wherever this one stood in the root.
                rows.place(Place { prefix, offset, root: NO_ROOT });
                rows.gone(origin, vantage, false);
            }
        }
    }

    fn write_state(&mut self, prefix: Prefix, root: u64) -> Result<(), Error> {
        self.kept.sort_unstable();
        match &mut self.state {
            Some(state) => state.group(Group { prefix, root, routes: &self.kept }),
            None => Ok(()),
        }
    }

    /// The dump is not in prefix order. From here on every route is stored, so the rest of the base is written off (a `held`
    /// row outweighs a `gone` row of the same dump), and no state is left for the next dump.
    fn forget_order(&mut self, rows: &mut RouteRows) -> Result<(), Error> {
        if std::mem::replace(&mut self.ordered, false) && !self.holes.is_empty() {
            self.holes = vec![Hole { after: None, before: None }];
        }
        self.state = None;
        self.end_base(rows)
    }

    /// Works off the rest of the base.
    fn end_base(&mut self, rows: &mut RouteRows) -> Result<(), Error> {
        self.catch_up(rows, None)?;
        if let Some(mut base) = self.base.take() {
            self.base_pairs = base.pairs().map_err(|e| Error::Engine(e.to_string()))?;
        }
        Ok(())
    }

    fn close_hole(&mut self, before: Option<Prefix>) {
        let Some(after) = self.hole.take() else { return };
        // Without order, what was read before and after a fault says nothing about what it hid.
        let (after, before) = if self.ordered { (after, before) } else { (None, None) };
        let full = self.holes.len() >= MAX_HOLES;
        match self.holes.last_mut() {
            Some(last) if full || !self.ordered || (after.is_some() && last.before == after) => {
                last.before = before;
            }
            _ => self.holes.push(Hole { after, before }),
        }
    }

    /// Ends the dump: the rest of the base is missing, unless the file was cut.
    pub fn finish(mut self, rows: &mut RouteRows) -> Result<Outcome, Error> {
        self.finish_group(rows)?;
        self.end_base(rows)?;
        self.close_hole(None);
        let absent: BTreeSet<(i32, Family)> = self.pending.into_keys().collect();
        let state_written = match self.state {
            Some(state) => {
                state.finish(&self.pairs, &absent)?;
                true
            }
            None => false,
        };
        let mut pairs = Vec::new();
        pairs::changes(&self.pairs, &self.base_pairs, &mut pairs);
        Ok(Outcome {
            at: self.at,
            holes: self.holes,
            present: self.present.into_map(),
            edges: self.edges.finish(),
            pairs,
            pairs_cut: self.pairs.cut,
            state_written,
        })
    }
}

/// Marks the routes of a prefix in a dump stored whole, as those that build on it will find them: the root is the first record
/// of the prefix, and holds the origins that stand in it.
fn set_root(entries: &mut [Entry]) -> u64 {
    let root = entries.iter().map(|entry| entry.offset).min().unwrap_or(NO_ROOT);
    // Hardly ever is there a second record; an origin may stand in both.
    let here: BTreeSet<i64> = if entries.iter().all(|entry| entry.offset == root) {
        BTreeSet::new()
    } else {
        entries.iter().filter(|entry| entry.offset == root).map(|entry| entry.held.origin).collect()
    };
    for entry in entries {
        entry.held.rooted = here.is_empty() || here.contains(&entry.held.origin);
    }
    root
}

/// Marks the routes whose origin the root has for the prefix, as far as the base remembers.
fn set_rooted(entries: &mut [Entry], base: &[Held]) {
    let origins: BTreeSet<i64> = base.iter().filter(|held| held.rooted).map(|held| held.origin).collect();
    for entry in entries {
        entry.held.rooted = origins.contains(&entry.held.origin);
    }
}

/// What a dump turned out to be.
pub(crate) struct Outcome {
    /// Times of its first and last record.
    pub at: Option<(Time, Time)>,
    pub holes: Vec<Hole>,
    /// Routes per vantage and family.
    pub present: BTreeMap<(i32, Family), u64>,
    /// Samples of the links it shows.
    pub edges: Vec<(Family, Edges)>,
    /// Rows of `upstream_origins`.
    pub pairs: Vec<PairRow>,
    /// True if more were shown than fit.
    pub pairs_cut: bool,
    /// False if no state is left for the next dump.
    pub state_written: bool,
}
