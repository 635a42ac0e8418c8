//! Published links of an AS, and the lists of ASNs that stand beside links.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{LinkHistory, LinkSighting, LinkSnapshot, Neighbour};
use headwater_route::{Asn, Evidence, Kind, SourceId, Time, Window};

use super::evidence;
use crate::catalogue::AsnList;
use crate::scan::{Columns, Test};
use crate::table::Table;
use crate::view::View;
use crate::{Error, History};

impl History {
    /// Every published link of `asn` in snapshots that touch `window`, and every such snapshot.
    pub fn links(&self, asn: Asn, window: Window) -> Result<LinkHistory, Error> {
        let mut found = self.links_between(asn, asn, window)?;
        match found.remove(&asn) {
            Some(history) => Ok(history),
            None => Ok(LinkHistory { snapshots: whole_files(self.view()?.as_ref(), window), sightings: Vec::new() }),
        }
    }

    /// As [`links`](History::links) of every AS from `first` to `last` that has any.
    pub fn links_between(&self, first: Asn, last: Asn, window: Window) -> Result<BTreeMap<Asn, LinkHistory>, Error> {
        let view = self.view()?;
        let files = whole_files(&view, window);
        let (low, high) = (i64::from(first.0), i64::from(last.0));
        let test = if low == high { Test::is("asn", low) } else { Test::within("asn", vec![(low, high)]) };
        let batches = self.scan(
            &view,
            Table::Links,
            Some((low, high)),
            |_| true,
            &[test],
            &["asn", "kind", "neighbour", "seen_by", "day_from", "day_until", "series", "source", "position"],
        )?;
        let mut rows: BTreeMap<Asn, Vec<Row>> = BTreeMap::new();
        for batch in &batches {
            let columns = Columns(batch);
            let (asn, kind, neighbour) = (columns.int("asn")?, columns.small("kind")?, columns.int("neighbour")?);
            let seen_by = columns.text("seen_by")?;
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
                    let at = evidence(source.value(i), position.value(i));
                    rows.entry(Asn(asn.value(i) as u32)).or_default().push((key, kind, neighbour, seen_by, at));
                }
            }
        }
        Ok(rows.into_iter().map(|(asn, rows)| (asn, assemble(&view, &files, rows))).collect())
    }

    /// Every AS that has a published link, sorted.
    pub fn linked_asns(&self) -> Result<Vec<Asn>, Error> {
        let view = self.view()?;
        let mut out: BTreeSet<Asn> = BTreeSet::new();
        // A file at a time: one file names nearly all there are.
        for segment in view.segments(Table::Links) {
            let source = segment.source;
            for batch in &self.scan(&view, Table::Links, None, |of| of == source, &[], &["asn"])? {
                let asn = Columns(batch).int("asn")?;
                out.extend((0..batch.num_rows()).map(|i| Asn(asn.value(i) as u32)));
            }
        }
        Ok(out.into_iter().collect())
    }

    /// A list of ASNs beside relationships: for each source that states it, the first instant the source speaks about and
    /// the ASNs, sorted. The sources are sorted by (time, series, sha256).
    pub fn asn_lists(&self, kind: AsnList) -> Result<Vec<(SourceId, Time, Vec<Asn>)>, Error> {
        self.catalogue().asn_lists(kind)
    }
}

/// A stored link: days and series of its snapshot, what the neighbour is, the neighbour, how it was seen, the line.
type Row = ((Time, Time, String), Neighbour, Asn, String, Evidence);

/// Whole files that touch the window.
fn whole_files(view: &View, window: Window) -> Vec<LinkSnapshot> {
    let mut snapshots: Vec<LinkSnapshot> = Vec::new();
    for source in &view.sources.0 {
        if let (Kind::AsRel1 | Kind::AsRel2, Some(from), Some(until)) = (source.kind, source.from, source.until)
            && window.touches(from, until)
        {
            let (series, complete) = (source.series.clone(), view.is_complete(source.id));
            snapshots.push(LinkSnapshot { source: source.id, series, from, until, complete });
        }
    }
    snapshots.sort_by_key(|s| (s.from, s.series.clone(), s.until, view.rank(s.source)));
    snapshots
}

/// The links of one AS, and every snapshot. An extract's lines belong to snapshots of their own, one for each day and series it
/// names.
fn assemble(view: &View, files: &[LinkSnapshot], rows: Vec<Row>) -> LinkHistory {
    let mut snapshots = files.to_vec();
    let whole: BTreeSet<SourceId> = files.iter().map(|s| s.source).collect();
    for ((from, until, series), _, _, _, at) in &rows {
        if !whole.contains(&at.source) {
            let (from, until) = (*from, *until);
            snapshots.push(LinkSnapshot { source: at.source, series: series.clone(), from, until, complete: false });
        }
    }
    snapshots.sort_by_key(|s| (s.from, s.series.clone(), s.until, view.rank(s.source)));
    snapshots.dedup();
    let index: BTreeMap<(SourceId, Time, Time, &str), usize> =
        snapshots.iter().enumerate().map(|(i, s)| ((s.source, s.from, s.until, s.series.as_str()), i)).collect();
    let mut sightings: Vec<LinkSighting> = rows
        .into_iter()
        .filter_map(|((from, until, series), kind, neighbour, seen_by, at)| {
            let snapshot = *index.get(&(at.source, from, until, series.as_str()))?;
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
    LinkHistory { snapshots, sightings }
}
