//! Published links of an AS, and the lists of ASNs that stand beside links.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{LinkHistory, LinkSighting, LinkSnapshot, Neighbour};
use headwater_route::{Asn, Kind, SourceId, Time, Window};

use super::evidence;
use crate::catalogue::AsnList;
use crate::scan::{Columns, Test};
use crate::table::Table;
use crate::{Error, History};

impl History {
    /// Every published link of `asn` in snapshots that touch `window`, and every such snapshot.
    pub fn links(&self, asn: Asn, window: Window) -> Result<LinkHistory, Error> {
        let view = self.view()?;
        let mut snapshots: Vec<LinkSnapshot> = Vec::new();
        for source in &view.sources.0 {
            if let (Kind::AsRel1 | Kind::AsRel2, Some(from), Some(until)) = (source.kind, source.from, source.until)
                && window.touches(from, until)
            {
                let (series, complete) = (source.series.clone(), view.is_complete(source.id));
                snapshots.push(LinkSnapshot { source: source.id, series, from, until, complete });
            }
        }

        // An extract's lines belong to snapshots of their own, one for each day and series it names.
        let mut rows = Vec::new();
        let number = i64::from(asn.0);
        let batches = self.scan(
            &view,
            Table::Links,
            Some((number, number)),
            |_| true,
            &[Test::is("asn", number)],
            &["kind", "neighbour", "seen_by", "day_from", "day_until", "series", "source", "position"],
        )?;
        for batch in &batches {
            let columns = Columns(batch);
            let (kind, neighbour, seen_by) =
                (columns.small("kind")?, columns.int("neighbour")?, columns.text("seen_by")?);
            let (from, until, series) = (columns.int("day_from")?, columns.int("day_until")?, columns.text("series")?);
            let (source, position) = (columns.int("source")?, columns.int("position")?);
            for i in 0..batch.num_rows() {
                let kind = match kind.value(i) {
                    0 => Neighbour::Provider,
                    1 => Neighbour::Peer,
                    _ => Neighbour::Customer,
                };
                // A whole file speaks of its own time, which it may have stated only after its lines.
                let Some(file) = view.source(SourceId(source.value(i))) else { continue };
                let key = match (file.kind, file.from, file.until) {
                    (Kind::AsRel1 | Kind::AsRel2, Some(from), Some(until)) => (from, until, file.series.clone()),
                    (Kind::AsRel1 | Kind::AsRel2, ..) => continue,
                    _ => (Time(from.value(i)), Time(until.value(i)), series.value(i).to_owned()),
                };
                if window.touches(key.0, key.1) {
                    let neighbour = Asn(neighbour.value(i) as u32);
                    let seen_by = seen_by.value(i).to_owned();
                    rows.push((key, kind, neighbour, seen_by, evidence(source.value(i), position.value(i))));
                }
            }
        }
        let whole: BTreeSet<SourceId> = snapshots.iter().map(|s| s.source).collect();
        for ((from, until, series), _, _, _, at) in &rows {
            if !whole.contains(&at.source) {
                snapshots.push(LinkSnapshot {
                    source: at.source,
                    series: series.clone(),
                    from: *from,
                    until: *until,
                    complete: false,
                });
            }
        }
        snapshots.sort_by_key(|s| (s.from, s.series.clone(), s.until, view.rank(s.source)));
        snapshots.dedup();

        let index: BTreeMap<(SourceId, Time, Time, String), usize> =
            snapshots.iter().enumerate().map(|(i, s)| ((s.source, s.from, s.until, s.series.clone()), i)).collect();
        let mut sightings: Vec<LinkSighting> = rows
            .into_iter()
            .filter_map(|((from, until, series), kind, neighbour, seen_by, at)| {
                let snapshot = *index.get(&(at.source, from, until, series))?;
                Some(LinkSighting { snapshot, neighbour, kind, seen_by, evidence: at })
            })
            .collect();
        sightings.sort_by(|a, b| {
            (a.snapshot, a.kind, a.neighbour, &a.seen_by, a.evidence.offset).cmp(&(
                b.snapshot,
                b.kind,
                b.neighbour,
                &b.seen_by,
                b.evidence.offset,
            ))
        });
        Ok(LinkHistory { snapshots, sightings })
    }

    /// A list of ASNs beside relationships: for each source that states it, the first instant the source speaks about and
    /// the ASNs, sorted. The sources are sorted by (time, series, sha256).
    pub fn asn_lists(&self, kind: AsnList) -> Result<Vec<(SourceId, Time, Vec<Asn>)>, Error> {
        self.catalogue().asn_lists(kind)
    }
}
