//! Who held an ASN: names and delegations; and the tags it has.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use headwater_route::rows::{DelegationSighting, HolderHistory, HolderRows, NameSighting, NameSnapshot, TagSighting};
use headwater_route::{Asn, Kind, Source, SourceId, Time};

use super::evidence;
use crate::scan::{Columns, Test};
use crate::table::Table;
use crate::{Error, History};

impl History {
    /// Every name and delegation of `asn`, and every name snapshot.
    pub fn holders(&self, asn: Asn) -> Result<HolderHistory, Error> {
        let (snapshots, mut found) = self.holders_of(&[asn])?;
        let HolderRows { names, delegations } = found.remove(&asn).unwrap_or_default();
        Ok(HolderHistory { snapshots, names, delegations })
    }

    /// As [`History::holders`] for many networks at once: every name snapshot, and the names and delegations of each network
    /// that has any, in the order of a [`HolderHistory`].
    pub fn holders_of(&self, asns: &[Asn]) -> Result<(Vec<NameSnapshot>, BTreeMap<Asn, HolderRows>), Error> {
        let view = self.view()?;
        let mut snapshots: Vec<NameSnapshot> = view
            .sources
            .0
            .iter()
            .filter(|s| s.kind == Kind::AsNames)
            .filter_map(|s| Some(NameSnapshot { source: s.id, series: s.series.clone(), at: s.from? }))
            .collect();
        snapshots.sort_by_key(|s| (s.at, s.series.clone(), view.rank(s.source)));
        let index: BTreeMap<SourceId, usize> = snapshots.iter().enumerate().map(|(i, s)| (s.source, i)).collect();

        let mut wanted: Vec<i64> = asns.iter().map(|a| i64::from(a.0)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut found: BTreeMap<Asn, HolderRows> = BTreeMap::new();
        let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { return Ok((snapshots, found)) };
        let tests = [Test::one_of("asn", wanted.iter().copied())];
        let columns = ["asn", "name", "country", "note", "source", "position"];
        for batch in &self.scan(&view, Table::Names, Some((low, high)), |_| true, &tests, &columns)? {
            let columns = Columns(batch);
            let (asn, name, country) = (columns.int("asn")?, columns.text("name")?, columns.text("country")?);
            let (note, source, position) = (columns.text("note")?, columns.int("source")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                if let Some(&snapshot) = index.get(&SourceId(source.value(i))) {
                    found.entry(Asn(asn.value(i) as u32)).or_default().names.push(NameSighting {
                        snapshot,
                        name: name.value(i).to_owned(),
                        country: country.value(i).to_owned(),
                        note: note.value(i).to_owned(),
                        evidence: evidence(source.value(i), position.value(i)),
                    });
                }
            }
        }

        let tests = [
            Test::is("resource", 0),
            Test::within("first", vec![(0, high)]),
            Test::within("last", vec![(low, i64::MAX)]),
        ];
        let columns = ["first", "last", "registry", "country", "date", "status", "opaque_id", "source", "position"];
        for batch in &self.scan(&view, Table::Delegations, Some((0, 0)), |_| true, &tests, &columns)? {
            use arrow_array::Array;
            let columns = Columns(batch);
            let (first, last) = (columns.int("first")?, columns.int("last")?);
            let (registry, country) = (columns.text("registry")?, columns.text("country")?);
            let (date, status, opaque) = (columns.int("date")?, columns.text("status")?, columns.text("opaque_id")?);
            let (source, position) = (columns.int("source")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                let id = SourceId(source.value(i));
                let Some(at) = view.source(id).and_then(|s| s.until) else { continue };
                let from = wanted.partition_point(|asn| *asn < first.value(i));
                for asn in wanted[from..].iter().take_while(|asn| **asn <= last.value(i)) {
                    found.entry(Asn(*asn as u32)).or_default().delegations.push(DelegationSighting {
                        source: id,
                        at,
                        registry: registry.value(i).to_owned(),
                        country: country.value(i).to_owned(),
                        date: date.is_valid(i).then(|| Time(date.value(i))),
                        status: status.value(i).to_owned(),
                        opaque_id: opaque.value(i).to_owned(),
                        evidence: evidence(source.value(i), position.value(i)),
                    });
                }
            }
        }
        for HolderRows { names, delegations } in found.values_mut() {
            names.sort_by(|a, b| {
                let key = |n: &NameSighting| (n.snapshot, n.evidence.offset);
                (a.snapshot, &a.name, &a.country, key(a)).cmp(&(b.snapshot, &b.name, &b.country, key(b)))
            });
            delegations.sort_by(|a, b| {
                let key = |d: &DelegationSighting| (view.rank(d.source), d.evidence.offset);
                (a.at, &a.registry, &a.status, key(a)).cmp(&(b.at, &b.registry, &b.status, key(b)))
            });
        }
        Ok((snapshots, found))
    }

    /// Every tag of these networks, sorted by (ASN, date, series, tag, offset).
    pub fn tags(&self, asns: &[Asn]) -> Result<Vec<TagSighting>, Error> {
        let mut wanted: Vec<i64> = asns.iter().map(|a| i64::from(a.0)).collect();
        wanted.sort_unstable();
        let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
        let view = self.view()?;
        let mut out = Vec::new();
        let tests = [Test::one_of("asn", wanted)];
        let columns = ["asn", "tag", "source", "position"];
        for batch in &self.scan(&view, Table::Tags, Some((low, high)), |_| true, &tests, &columns)? {
            let columns = Columns(batch);
            let (asn, tag) = (columns.int("asn")?, columns.text("tag")?);
            let (source, position) = (columns.int("source")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                let Some(file) = view.source(SourceId(source.value(i))) else { continue };
                let Some(at) = file.from else { continue };
                out.push(TagSighting {
                    asn: Asn(asn.value(i) as u32),
                    series: file.series.clone(),
                    at,
                    tag: tag.value(i).to_owned(),
                    evidence: evidence(source.value(i), position.value(i)),
                });
            }
        }
        out.sort_by(|a, b| {
            let key = |t: &TagSighting| (view.rank(t.evidence.source), t.evidence.offset);
            (a.asn, a.at, &a.series, &a.tag, key(a)).cmp(&(b.asn, b.at, &b.series, &b.tag, key(b)))
        });
        Ok(out)
    }

    /// A name for each ASN, for display beside numbers: from the name snapshot nearest to `at` (or the newest), the first in
    /// series order where several are as near. Hostile text.
    pub fn display_names(&self, asns: &[Asn], at: Option<Time>) -> Result<BTreeMap<Asn, String>, Error> {
        let mut wanted: Vec<i64> = asns.iter().map(|a| i64::from(a.0)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { return Ok(BTreeMap::new()) };
        let view = self.view()?;
        // Nearest in time, then first in the order of sources, then first in the file.
        let mut best: BTreeMap<Asn, ((u64, usize, i64), String)> = BTreeMap::new();
        let tests = [Test::one_of("asn", wanted)];
        let columns = ["asn", "name", "source", "position"];
        for batch in &self.scan(&view, Table::Names, Some((low, high)), |_| true, &tests, &columns)? {
            let columns = Columns(batch);
            let (asn, name) = (columns.int("asn")?, columns.text("name")?);
            let (source, position) = (columns.int("source")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                let id = SourceId(source.value(i));
                let Some(time) = view.source(id).and_then(|s| s.from) else { continue };
                let distance = at.map_or(i64::MAX.abs_diff(time.0), |at| at.0.abs_diff(time.0));
                let key = (distance, view.rank(id), position.value(i));
                let asn = Asn(asn.value(i) as u32);
                if best.get(&asn).is_none_or(|(found, _)| key < *found) {
                    best.insert(asn, (key, name.value(i).to_owned()));
                }
            }
        }
        Ok(best.into_iter().map(|(asn, (_, name))| (asn, name)).collect())
    }

    /// ASNs with a name that contains `text`, whatever its case: (ASN, the newest such name, when it was last seen), the most
    /// recently seen first, then by ASN; at most `limit`. Hostile text.
    pub fn asns_named(&self, text: &str, limit: usize) -> Result<Vec<(Asn, String, Time)>, Error> {
        let wanted = text.to_lowercase();
        let view = self.view()?;
        // Newest first, then first in the order of sources, then first in the file.
        type Place = (Reverse<Time>, usize, i64);
        let mut best: BTreeMap<Asn, (Place, String)> = BTreeMap::new();
        let mut sources: Vec<(Time, &Source)> =
            view.sources.0.iter().filter(|s| s.kind == Kind::AsNames).filter_map(|s| Some((s.from?, s))).collect();
        sources.sort_by_key(|(at, source)| (Reverse(*at), view.rank(source.id)));
        // One snapshot at a time, so that memory does not grow with the number of snapshots.
        for (time, file) in sources {
            let columns = ["asn", "name", "position"];
            for batch in &self.scan(&view, Table::Names, None, |source| source == file.id, &[], &columns)? {
                let columns = Columns(batch);
                let (asn, name, position) = (columns.int("asn")?, columns.text("name")?, columns.int("position")?);
                for i in 0..batch.num_rows() {
                    if !contains_ignoring_case(name.value(i), &wanted) {
                        continue;
                    }
                    let key = (Reverse(time), view.rank(file.id), position.value(i));
                    let asn = Asn(asn.value(i) as u32);
                    if best.get(&asn).is_none_or(|(found, _)| key < *found) {
                        best.insert(asn, (key, name.value(i).to_owned()));
                    }
                }
            }
        }
        let mut found: Vec<(Asn, String, Time)> =
            best.into_iter().map(|(asn, ((Reverse(time), ..), name))| (asn, name, time)).collect();
        found.sort_by_key(|(asn, _, time)| (Reverse(*time), *asn));
        found.truncate(limit);
        Ok(found)
    }
}

/// True if `text` contains `wanted`, which is in lower case.
fn contains_ignoring_case(text: &str, wanted: &str) -> bool {
    if text.is_ascii() && wanted.is_ascii() {
        return wanted.is_empty()
            || text.as_bytes().windows(wanted.len()).any(|w| w.eq_ignore_ascii_case(wanted.as_bytes()));
    }
    text.to_lowercase().contains(wanted)
}
