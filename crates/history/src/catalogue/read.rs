//! Reads of the catalogue.

use std::collections::BTreeMap;

use headwater_route::rows::{EdgeSample, Sources, Vantage};
use headwater_route::{Asn, Family, Fault, FaultKind, Kind, Source, SourceId, Time, Window};
use rusqlite::{OptionalExtension, Row, params};

use super::{AsnList, Catalogue, Detail, FaultCount, Hole, SegmentFile, StoredFault};
use crate::Error;
use crate::routes::edges;
use crate::routes::shifts::Shifts;
use crate::table::Table;
use crate::view::View;

impl Catalogue {
    /// A value kept beside the data, such as the label of an invented world.
    pub fn meta(&self, key: &str) -> Result<Option<String>, Error> {
        self.db
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |r| r.get(0))
            .optional()
            .map_err(|e| self.fail(e))
    }

    /// Every source, sorted by kind, series, time, name and hash: an order that does not depend on the order of ingest.
    pub fn sources(&self) -> Result<Sources, Error> {
        self.rows(
            "SELECT id, name, path, sha256, archive_sha256, bytes, kind, series, from_us, until_us, rows, faults
             FROM sources ORDER BY kind, series, from_us, until_us, name, sha256",
            [],
            source_of,
        )
        .map(Sources)
    }

    /// The source with this sha256.
    pub fn source(&self, sha256: &str) -> Result<Option<Source>, Error> {
        let found = self.rows(
            "SELECT id, name, path, sha256, archive_sha256, bytes, kind, series, from_us, until_us, rows, faults
             FROM sources WHERE sha256 = ?1",
            [sha256],
            source_of,
        )?;
        Ok(found.into_iter().next())
    }

    /// Sources whose sha256 starts with `prefix` (lower-case hex), by sha256, at most 10: an evidence names its source so.
    pub fn source_by_prefix(&self, prefix: &str) -> Result<Vec<Source>, Error> {
        self.rows(
            "SELECT id, name, path, sha256, archive_sha256, bytes, kind, series, from_us, until_us, rows, faults
             FROM sources WHERE substr(sha256, 1, length(?1)) = ?1 ORDER BY sha256 LIMIT 10",
            [prefix],
            source_of,
        )
    }

    /// The sha256 of the source with this number.
    pub(crate) fn sha256(&self, source: SourceId) -> Result<Option<String>, Error> {
        self.db
            .query_row("SELECT sha256 FROM sources WHERE id = ?1", [source.0], |r| r.get(0))
            .optional()
            .map_err(|e| self.fail(e))
    }

    /// ASNs on a list: each source that states it, with the first instant its content speaks about, sorted by (time, series,
    /// sha256); ASNs sorted.
    pub(crate) fn asn_lists(&self, kind: AsnList) -> Result<Vec<(SourceId, Time, Vec<Asn>)>, Error> {
        let rows = self.rows(
            "SELECT s.id, s.from_us, l.asn FROM asn_lists l JOIN sources s ON s.id = l.source
             WHERE l.kind = ?1 AND s.from_us IS NOT NULL ORDER BY s.from_us, s.series, s.sha256, l.asn",
            [kind.code()],
            |r| Ok((SourceId(r.get(0)?), Time(r.get(1)?), Asn(r.get(2)?))),
        )?;
        let mut out: Vec<(SourceId, Time, Vec<Asn>)> = Vec::new();
        for (source, from, asn) in rows {
            match out.last_mut() {
                Some((last, _, asns)) if *last == source => asns.push(asn),
                _ => out.push((source, from, vec![asn])),
            }
        }
        Ok(out)
    }

    /// Every line of every list, by list, source and ASN.
    pub(crate) fn asn_list_rows(&self) -> Result<Vec<(SourceId, AsnList, Asn)>, Error> {
        let rows = self.rows("SELECT source, kind, asn FROM asn_lists ORDER BY kind, source, asn", [], |r| {
            let kind: String = r.get(1)?;
            let kind = AsnList::from_code(&kind).ok_or_else(|| rusqlite::Error::InvalidColumnName(kind))?;
            Ok((SourceId(r.get(0)?), kind, Asn(r.get(2)?)))
        })?;
        Ok(rows)
    }

    /// The shifts of a dump stored as changes; none where it has none.
    pub(crate) fn shifts(&self, source: SourceId) -> Result<Shifts, Error> {
        let body: Option<Vec<u8>> = self
            .db
            .prepare_cached("SELECT body FROM shifts WHERE source = ?1")
            .and_then(|mut each| each.query_row([source.0], |r| r.get(0)).optional())
            .map_err(|e| self.fail(e))?;
        let damaged = || Error::Catalogue(self.path.clone(), format!("the shifts of source {} are damaged", source.0));
        Shifts::from_bytes(&body.unwrap_or_default()).ok_or_else(damaged)
    }

    /// Changes whenever the catalogue does.
    pub(crate) fn version(&self) -> Result<(i64, i64), Error> {
        let others = self.db.pragma_query_value(None, "data_version", |r| r.get(0)).map_err(|e| self.fail(e))?;
        let own = self.db.query_row("SELECT total_changes()", [], |r| r.get(0)).map_err(|e| self.fail(e))?;
        Ok((others, own))
    }

    /// What is visible at one instant, and the version of that.
    pub(crate) fn view(&self) -> Result<((i64, i64), View), Error> {
        let snapshot = self.db.unchecked_transaction().map_err(|e| self.fail(e))?;
        let sources = self.sources()?;
        let version = self.version()?;
        let mut segments = Vec::new();
        for table in Table::ALL {
            segments.extend(self.segments(*table, None)?);
        }
        let view = View::new(sources, self.details()?, segments, self.vantages()?);
        snapshot.commit().map_err(|e| self.fail(e))?;
        Ok((version, view))
    }

    /// What the catalogue knows of every source beyond [`Source`], by id.
    pub(crate) fn details(&self) -> Result<BTreeMap<SourceId, Detail>, Error> {
        let rows = self.rows("SELECT id, complete, base, dump_from_us, dump_until_us FROM sources", [], |r| {
            let dump = r.get::<_, Option<i64>>(3)?.zip(r.get::<_, Option<i64>>(4)?);
            let detail = Detail {
                complete: r.get(1)?,
                base: r.get::<_, Option<i64>>(2)?.map(SourceId),
                dump: dump.map(|(from, until)| (Time(from), Time(until))),
            };
            Ok((SourceId(r.get(0)?), detail))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Visible segments of a table whose leading sort column may hold a value in `keys`, by source and file.
    pub fn segments(&self, table: Table, keys: Option<(i64, i64)>) -> Result<Vec<SegmentFile>, Error> {
        let (low, high) = keys.unwrap_or((i64::MIN, i64::MAX));
        self.rows(
            "SELECT source, file, rows, bytes, key_min, key_max FROM segments
             WHERE tbl = ?1 AND key_min <= ?3 AND key_max >= ?2 ORDER BY source, file",
            params![table.name(), low, high],
            |r| {
                Ok(SegmentFile {
                    source: SourceId(r.get(0)?),
                    table,
                    file: r.get(1)?,
                    rows: r.get::<_, i64>(2)? as u64,
                    bytes: r.get::<_, i64>(3)? as u64,
                    key: (r.get(4)?, r.get(5)?),
                })
            },
        )
    }

    /// Stored faults, by source name, hash and offset; at most `limit`.
    pub fn faults(&self, limit: usize) -> Result<Vec<StoredFault>, Error> {
        self.rows(
            "SELECT s.name, s.sha256, f.position, f.kind, f.detail FROM faults f JOIN sources s ON s.id = f.source
             UNION ALL SELECT name, sha256, 0, kind, detail FROM unread
             ORDER BY 1, 2, 3, 4, 5 LIMIT ?1",
            [i64::try_from(limit).unwrap_or(i64::MAX)],
            |r| {
                Ok(StoredFault {
                    name: r.get(0)?,
                    sha256: r.get(1)?,
                    fault: Fault { offset: r.get::<_, i64>(2)? as u64, kind: fault_kind(r.get(3)?), detail: r.get(4)? },
                })
            },
        )
    }

    /// Faults counted per source and kind, including sources of which nothing was read.
    pub fn fault_counts(&self) -> Result<Vec<FaultCount>, Error> {
        self.rows(
            "SELECT s.name, s.sha256, c.kind, c.count, 0 FROM fault_counts c JOIN sources s ON s.id = c.source
             UNION ALL SELECT name, sha256, kind, 1, 1 FROM unread ORDER BY 1, 2, 3",
            [],
            |r| {
                Ok(FaultCount {
                    name: r.get(0)?,
                    sha256: r.get(1)?,
                    kind: fault_kind(r.get(2)?),
                    count: r.get::<_, i64>(3)? as u64,
                    unread: r.get(4)?,
                })
            },
        )
    }

    /// Every vantage by id.
    pub fn vantages(&self) -> Result<BTreeMap<i32, Vantage>, Error> {
        let rows = self.rows("SELECT id, collector, asn, addr FROM vantages", [], |r| {
            let addr: String = r.get(3)?;
            let addr = addr.parse().map_err(|_| rusqlite::Error::InvalidColumnName(addr))?;
            Ok((r.get(0)?, Vantage { collector: r.get(1)?, asn: Asn(r.get(2)?), addr }))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Routes held and update events per vantage and family, by MRT source whose content touches the window.
    #[allow(clippy::type_complexity)]
    pub(crate) fn source_vantages(
        &self,
        window: Window,
    ) -> Result<BTreeMap<SourceId, Vec<(i32, Family, u64, u64)>>, Error> {
        let (from, to) = bounds(window);
        let rows = self.rows(
            "SELECT v.source, v.vantage, v.family, v.held, v.events
             FROM source_vantages v JOIN sources s ON s.id = v.source WHERE s.until_us >= ?1 AND s.from_us < ?2
             ORDER BY v.source, v.vantage, v.family",
            [from, to],
            |r| {
                let family = crate::table::family_of(r.get(2)?);
                let (held, events) = (r.get::<_, i64>(3)? as u64, r.get::<_, i64>(4)? as u64);
                Ok((SourceId(r.get(0)?), (r.get(1)?, family, held, events)))
            },
        )?;
        let mut out: BTreeMap<SourceId, Vec<_>> = BTreeMap::new();
        for (source, row) in rows {
            out.entry(source).or_default().push(row);
        }
        Ok(out)
    }

    /// Session state changes in the window: (source, vantage, time, from, to, offset).
    #[allow(clippy::type_complexity)]
    pub(crate) fn states(&self, window: Window) -> Result<Vec<(SourceId, i32, Time, u16, u16, u64)>, Error> {
        let (from, to) = bounds(window);
        self.rows(
            "SELECT source, vantage, at_us, from_state, to_state, position FROM states WHERE at_us >= ?1 AND at_us < ?2",
            [from, to],
            |r| {
                let (source, at, position) = (SourceId(r.get(0)?), Time(r.get(2)?), r.get::<_, i64>(5)? as u64);
                Ok((source, r.get(1)?, at, r.get(3)?, r.get(4)?, position))
            },
        )
    }

    /// Bursts of announcements that begin in the window: (source, vantage, family, start, prefixes).
    #[allow(clippy::type_complexity)]
    pub(crate) fn bursts(&self, window: Window) -> Result<Vec<(SourceId, i32, Family, Time, u64)>, Error> {
        let (from, to) = bounds(window);
        self.rows(
            "SELECT source, vantage, family, at_us, prefixes FROM bursts WHERE at_us >= ?1 AND at_us < ?2",
            [from, to],
            |r| {
                let family = crate::table::family_of(r.get(2)?);
                Ok((SourceId(r.get(0)?), r.get(1)?, family, Time(r.get(3)?), r.get::<_, i64>(4)? as u64))
            },
        )
    }

    /// The samples of links of a dump, by family.
    pub(crate) fn edge_samples(&self, source: SourceId) -> Result<Vec<EdgeSample>, Error> {
        let rows = self.rows(
            "SELECT family, below, links FROM edge_samples WHERE source = ?1 ORDER BY family",
            [source.0],
            |r| Ok((crate::table::family_of(r.get(0)?), r.get::<_, i64>(1)? as u64, r.get::<_, Vec<u8>>(2)?)),
        )?;
        let sample = |(family, below, links): (Family, u64, Vec<u8>)| {
            let damaged = || Error::Catalogue(self.path.clone(), "a sample of links is damaged".to_owned());
            let (peers, edges) = edges::decode(&links).ok_or_else(damaged)?;
            Ok(EdgeSample { source, family, below, peers, edges })
        };
        rows.into_iter().map(sample).collect()
    }

    /// Parts of dumps that could not be read.
    pub(crate) fn holes(&self) -> Result<BTreeMap<SourceId, Vec<Hole>>, Error> {
        let rows = self.rows("SELECT source, after_prefix, before_prefix FROM holes", [], |r| {
            let side = |text: Option<String>| text.and_then(|t| t.parse().ok());
            Ok((SourceId(r.get(0)?), Hole { after: side(r.get(1)?), before: side(r.get(2)?) }))
        })?;
        let mut out: BTreeMap<SourceId, Vec<_>> = BTreeMap::new();
        for (source, hole) in rows {
            out.entry(source).or_default().push(hole);
        }
        Ok(out)
    }

    /// Kept findings whose id starts with `prefix`: (id, body), at most 10.
    pub fn findings(&self, prefix: &str) -> Result<Vec<(String, String)>, Error> {
        self.rows(
            "SELECT id, body FROM findings WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 10",
            [prefix],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
    }
}

fn bounds(window: Window) -> (i64, i64) {
    (window.from.map_or(i64::MIN, |t| t.0), window.to.map_or(i64::MAX, |t| t.0))
}

fn fault_kind(code: String) -> FaultKind {
    // Only this program writes the column, and a newer format is refused on opening.
    FaultKind::from_code(&code).unwrap_or(FaultKind::BadRecord)
}

fn source_of(r: &Row<'_>) -> rusqlite::Result<Source> {
    let kind: String = r.get(6)?;
    Ok(Source {
        id: SourceId(r.get(0)?),
        name: r.get(1)?,
        path: r.get(2)?,
        sha256: r.get(3)?,
        archive_sha256: r.get(4)?,
        bytes: r.get::<_, i64>(5)? as u64,
        kind: Kind::from_code(&kind).ok_or_else(|| rusqlite::Error::InvalidColumnName(kind))?,
        series: r.get(7)?,
        from: r.get::<_, Option<i64>>(8)?.map(Time),
        until: r.get::<_, Option<i64>>(9)?.map(Time),
        rows: r.get::<_, i64>(10)? as u64,
        faults: r.get::<_, i64>(11)? as u64,
    })
}
