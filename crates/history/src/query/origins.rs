//! Published prefix→origin ranges.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{OriginHistory, OriginSighting, OriginSnapshot};
use headwater_route::{Asn, Family, Kind, Prefix, SourceId, Window};

use super::evidence;
use crate::scan::{Columns, Test};
use crate::table::{Table, family_code, family_of, join_bits, join_last_bits, split_bits};
use crate::{Error, History};

const COLUMNS: [&str; 9] = ["family", "first", "first_lo", "last", "last_lo", "asn", "flags", "source", "position"];

impl History {
    /// Every published range that overlaps `prefix`, and every prefix→origin snapshot in the window.
    pub fn origins_of(&self, prefix: &Prefix, window: Window) -> Result<OriginHistory, Error> {
        let code = family_code(prefix.family());
        let (first, _) = split_bits(prefix.family(), prefix.first_bits());
        let (last, _) = split_bits(prefix.family(), prefix.last_bits());
        let code = i64::from(code);
        // The upper halves decide all but IPv6 ranges within one /64; those are checked below. They are stored signed: the
        // upper half of the address space is below zero, and above the lower half all the same.
        let tests = [
            Test::is("family", code),
            Test::within("first", if last < 0 { vec![(0, i64::MAX), (i64::MIN, last)] } else { vec![(0, last)] }),
            Test::within("last", if first < 0 { vec![(first, -1)] } else { vec![(first, i64::MAX), (i64::MIN, -1)] }),
        ];
        let mut history = self.origin_rows(Some((code, code)), &tests, window)?;
        history.sightings.retain(|s| s.first <= prefix.last_bits() && s.last >= prefix.first_bits());
        Ok(history)
    }

    /// Every published range given to `asn`, and every prefix→origin snapshot in the window.
    pub fn origins_by(&self, asn: Asn, window: Window) -> Result<OriginHistory, Error> {
        self.origin_rows(None, &[Test::is("asn", i64::from(asn.0))], window)
    }

    fn origin_rows(&self, keys: Option<(i64, i64)>, tests: &[Test], window: Window) -> Result<OriginHistory, Error> {
        let view = self.view()?;
        // The table is sorted by family, so the catalogue knows which families a source has.
        let mut families: BTreeMap<SourceId, BTreeSet<Family>> = BTreeMap::new();
        for segment in view.segments(Table::Origins) {
            let has = |family| (segment.key.0..=segment.key.1).contains(&i64::from(family_code(family)));
            let held = [Family::V4, Family::V6].into_iter().filter(|family| has(*family));
            families.entry(segment.source).or_default().extend(held);
        }
        let mut snapshots: Vec<OriginSnapshot> = Vec::new();
        for source in &view.sources.0 {
            if let (Kind::PrefixOrigin, Some(at)) = (source.kind, source.from)
                && window.touches(at, source.until.unwrap_or(at))
            {
                let (series, complete) = (source.series.clone(), view.is_complete(source.id));
                let families = families.remove(&source.id).unwrap_or_default().into_iter().collect();
                snapshots.push(OriginSnapshot { source: source.id, series, at, complete, families });
            }
        }
        snapshots.sort_by_key(|s| (s.at, s.series.clone(), view.rank(s.source)));
        let index: BTreeMap<SourceId, usize> = snapshots.iter().enumerate().map(|(i, s)| (s.source, i)).collect();

        let mut sightings = Vec::new();
        let wanted = |source| index.contains_key(&source);
        for batch in &self.scan(&view, Table::Origins, keys, wanted, tests, &COLUMNS)? {
            let columns = Columns(batch);
            let family = columns.small("family")?;
            let (first, first_lo) = (columns.int("first")?, columns.int("first_lo")?);
            let (last, last_lo) = (columns.int("last")?, columns.int("last_lo")?);
            let (asn, flags) = (columns.int("asn")?, columns.text("flags")?);
            let (source, position) = (columns.int("source")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                let Some(&snapshot) = index.get(&SourceId(source.value(i))) else { continue };
                let family = family_of(family.value(i));
                sightings.push(OriginSighting {
                    snapshot,
                    family,
                    first: join_bits(family, first.value(i), first_lo.value(i)),
                    last: join_last_bits(family, last.value(i), last_lo.value(i)),
                    asn: u32::try_from(asn.value(i)).ok().map(Asn),
                    flags: flags.value(i).to_owned(),
                    evidence: evidence(source.value(i), position.value(i)),
                });
            }
        }
        sightings.sort_by(|a, b| {
            (a.snapshot, a.family, a.first, a.last, a.asn, a.evidence.offset).cmp(&(
                b.snapshot,
                b.family,
                b.first,
                b.last,
                b.asn,
                b.evidence.offset,
            ))
        });
        Ok(OriginHistory { snapshots, sightings })
    }
}
