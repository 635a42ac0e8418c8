//! Which record states a stored route: offsets of changes, told by the record of the same prefix in the root of their dump.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Prefix, SourceId};
use rustc_hash::FxHashMap;

use super::fold::StoredRow;
use crate::view::View;
use crate::{Error, History};

impl History {
    /// Turns distances into offsets. `rows` are those of one origin, by source: of dumps and of all that they build on.
    pub(super) fn settle_records(
        &self,
        view: &View,
        rows: &mut BTreeMap<SourceId, Vec<StoredRow>>,
    ) -> Result<(), Error> {
        let told = rows.iter().filter(|(_, rows)| rows.iter().any(|row| row.near));
        let roots: BTreeMap<SourceId, SourceId> = told.map(|(source, _)| (*source, view.root(*source))).collect();
        let mut records: FxHashMap<(SourceId, Prefix), u64> = FxHashMap::default();
        for root in roots.values().collect::<BTreeSet<_>>() {
            for row in rows.get(root).into_iter().flatten() {
                let record = records.entry((*root, row.prefix)).or_insert(row.at.offset);
                *record = row.at.offset.min(*record);
            }
        }
        for (source, root) in roots {
            let shifts = self.catalogue().shifts(source)?;
            for row in rows.get_mut(&source).into_iter().flatten().filter(|row| row.near) {
                let record = records.get(&(root, row.prefix)).ok_or_else(|| {
                    Error::Engine(format!("a change to {}, which the dump at the root does not hold", row.prefix))
                })?;
                row.at.offset = shifts.expected(*record).wrapping_add(row.at.offset);
            }
        }
        Ok(())
    }
}
