//! Many networks in relationship files at once: where they have links at all, and their links in a choice of files.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{LinkAt, LinkHistory, LinkPresence, LinkSnapshot, Neighbour, in_routes};
use headwater_route::{Asn, Kind, SourceId};

use crate::scan::{Columns, Test};
use crate::table::Table;
use crate::{Error, History};

/// Files read at once: what they give is folded before the next are read, so that memory does not grow with their number.
const FILES: usize = 8;

impl History {
    /// In which whole relationship files of `links` each network that is ever listed under its network has a link, with
    /// whomever; sorted by ASN. Extracts count only as far as they link it to the network of `links`.
    pub fn presence(&self, links: &LinkHistory) -> Result<Vec<LinkPresence>, Error> {
        let view = self.view()?;
        let listed = links.sightings.iter().filter(|s| s.kind == Neighbour::Customer).map(|s| s.neighbour);
        let asns: Vec<Asn> = listed.collect::<BTreeSet<Asn>>().into_iter().collect();
        let place = |asn: Asn| asns.binary_search(&asn).ok();
        // By network and snapshot: absent, listed, seen in routes.
        const LISTED: u8 = 1;
        const IN_ROUTES: u8 = 2;
        let mut found: Vec<Vec<u8>> = vec![vec![0; links.snapshots.len()]; asns.len()];
        for sighting in &links.sightings {
            if let Some(at) = place(sighting.neighbour) {
                found[at][sighting.snapshot] |= LISTED | if sighting.in_routes() { IN_ROUTES } else { 0 };
            }
        }

        let is_file = |s: &LinkSnapshot| {
            view.source(s.source).is_some_and(|file| matches!(file.kind, Kind::AsRel1 | Kind::AsRel2))
        };
        // Files of one series in a row lack about the same networks.
        let mut order: Vec<usize> = (0..links.snapshots.len()).filter(|i| is_file(&links.snapshots[*i])).collect();
        order.sort_by_key(|i| (&links.snapshots[*i].series, links.snapshots[*i].from, *i));
        for chunk in order.chunks(FILES) {
            let of_source: BTreeMap<i64, usize> = chunk.iter().map(|i| (links.snapshots[*i].source.0, *i)).collect();
            let open = |at: &usize| chunk.iter().any(|i| found[*at][*i] & IN_ROUTES == 0);
            let wanted: Vec<i64> = (0..asns.len()).filter(open).map(|at| i64::from(asns[at].0)).collect();
            let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { continue };
            let batches = self.scan(
                &view,
                Table::Links,
                Some((low, high)),
                |source| of_source.contains_key(&source.0),
                &[Test::one_of("asn", wanted)],
                &["asn", "seen_by", "source"],
            )?;
            for batch in &batches {
                let columns = Columns(batch);
                let (asn, seen_by, source) = (columns.int("asn")?, columns.text("seen_by")?, columns.int("source")?);
                // Rows are sorted by ASN: the place of the one before serves most of them.
                let mut last = (None, None);
                for i in 0..batch.num_rows() {
                    let number = asn.value(i);
                    if last.0 != Some(number) {
                        last = (Some(number), place(Asn(number as u32)));
                    }
                    let (Some(at), Some(snapshot)) = (last.1, of_source.get(&source.value(i))) else { continue };
                    let cell = &mut found[at][*snapshot];
                    if *cell & IN_ROUTES == 0 {
                        *cell |= LISTED | if in_routes(seen_by.value(i)) { IN_ROUTES } else { 0 };
                    }
                }
            }
        }
        let presence = asns.iter().zip(found).map(|(asn, cells)| LinkPresence {
            asn: *asn,
            snapshots: cells
                .into_iter()
                .enumerate()
                .filter(|(_, cell)| *cell != 0)
                .map(|(i, cell)| (i, cell & IN_ROUTES != 0))
                .collect(),
        });
        Ok(presence.collect())
    }

    /// Every link of these networks in these relationship snapshots, sorted.
    pub fn links_at(&self, asns: &[Asn], snapshots: &[&LinkSnapshot]) -> Result<Vec<LinkAt>, Error> {
        let mut wanted: Vec<i64> = asns.iter().map(|a| i64::from(a.0)).collect();
        wanted.sort_unstable();
        let (Some(&low), Some(&high)) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
        let view = self.view()?;
        let files: BTreeSet<SourceId> = snapshots.iter().map(|s| s.source).collect();
        // An extract holds lines of many snapshots, each of which names its days and its series.
        let whole = |source| view.source(source).is_some_and(|s| matches!(s.kind, Kind::AsRel1 | Kind::AsRel2));
        let extracts: BTreeSet<(SourceId, i64, i64, &str)> =
            snapshots.iter().map(|s| (s.source, s.from.0, s.until.0, s.series.as_str())).collect();
        let batches = self.scan(
            &view,
            Table::Links,
            Some((low, high)),
            |source| files.contains(&source),
            &[Test::one_of("asn", wanted)],
            &["asn", "kind", "neighbour", "day_from", "day_until", "series", "source"],
        )?;
        let mut out = Vec::new();
        for batch in &batches {
            let columns = Columns(batch);
            let (asn, kind) = (columns.int("asn")?, columns.small("kind")?);
            let (neighbour, source) = (columns.int("neighbour")?, columns.int("source")?);
            let (from, until, series) = (columns.int("day_from")?, columns.int("day_until")?, columns.text("series")?);
            for i in 0..batch.num_rows() {
                let file = SourceId(source.value(i));
                if !whole(file) && !extracts.contains(&(file, from.value(i), until.value(i), series.value(i))) {
                    continue;
                }
                out.push(LinkAt {
                    asn: Asn(asn.value(i) as u32),
                    kind: match kind.value(i) {
                        0 => Neighbour::Provider,
                        1 => Neighbour::Peer,
                        _ => Neighbour::Customer,
                    },
                    neighbour: Asn(neighbour.value(i) as u32),
                    source: file,
                });
            }
        }
        // The numbers of sources depend on the order of ingest; their ranks do not.
        out.sort_by_key(|l| (l.asn, l.kind, l.neighbour, view.rank(l.source)));
        out.dedup();
        Ok(out)
    }
}
