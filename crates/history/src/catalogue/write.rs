//! Changes to the catalogue, each in one transaction.

use std::collections::BTreeSet;

use headwater_route::rows::Vantage;
use headwater_route::{Fault, Kind, Prefix, SourceId, Time};
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Catalogue, Entry, selection};
use crate::Error;

impl Catalogue {
    /// Sets a value kept beside the data.
    pub fn set_meta(&self, key: &str, value: &str) -> Result<(), Error> {
        self.db
            .execute("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", [key, value])
            .map(drop)
            .map_err(|e| self.fail(e))
    }

    /// Notes a file of which nothing could be read, so that `faults` shows it. It is tried again at the next ingest.
    pub fn note_unread(
        &self,
        name: &str,
        path: &str,
        sha256: &str,
        bytes: u64,
        fault: &Fault,
        now: Time,
    ) -> Result<(), Error> {
        self.db
            .execute(
                "INSERT INTO unread VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (sha256) DO UPDATE SET kind = ?5, detail = ?6, seen_us = ?7",
                params![sha256, name, path, bytes as i64, fault.kind.code(), fault.detail, now.0],
            )
            .map(drop)
            .map_err(|e| self.fail(e))
    }

    /// Reserves a number for a source that is about to be read, and runs `prepare` with it, excluding every other writer
    /// meanwhile. A stopped ingest leaves a number unused.
    pub(crate) fn reserve_source<T>(
        &self,
        prepare: impl FnOnce(SourceId) -> Result<T, Error>,
    ) -> Result<(SourceId, T), Error> {
        let tx = self.write()?;
        let id = tx
            .query_row(
                "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'next_source'
                 RETURNING CAST(value AS INTEGER) - 1",
                [],
                |r| r.get(0),
            )
            .map(SourceId)
            .map_err(|e| self.fail(e))?;
        let prepared = prepare(id)?;
        tx.commit().map_err(|e| self.fail(e))?;
        Ok((id, prepared))
    }

    /// The ids of vantages, given to those that are new.
    pub(crate) fn vantage_ids(&self, vantages: &[Vantage]) -> Result<Vec<i32>, Error> {
        let find = |vantage: &Vantage| {
            let key = params![vantage.collector, i64::from(vantage.asn.0), vantage.addr.to_string()];
            self.db
                .prepare_cached("SELECT id FROM vantages WHERE collector = ?1 AND asn = ?2 AND addr = ?3")?
                .query_row(key, |r| r.get(0))
                .optional()
        };
        let known = vantages.iter().map(find).collect::<rusqlite::Result<Option<Vec<i32>>>>();
        if let Some(ids) = known.map_err(|e| self.fail(e))? {
            return Ok(ids);
        }
        let tx = self.write()?;
        let mut ids = Vec::with_capacity(vantages.len());
        for vantage in vantages {
            let id = match find(vantage).map_err(|e| self.fail(e))? {
                Some(id) => id,
                None => tx
                    .query_row(
                        "INSERT INTO vantages (collector, asn, addr) VALUES (?1, ?2, ?3) RETURNING id",
                        params![vantage.collector, i64::from(vantage.asn.0), vantage.addr.to_string()],
                        |r| r.get(0),
                    )
                    .map_err(|e| self.fail(e))?,
            };
            ids.push(id);
        }
        tx.commit().map_err(|e| self.fail(e))?;
        Ok(ids)
    }

    /// A transaction that excludes every other writer from the start.
    pub(super) fn write(&self) -> Result<Transaction<'_>, Error> {
        Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate).map_err(|e| self.fail(e))
    }

    /// Keeps a finding, so that `explain` can show its evidence later.
    pub fn keep_finding(&self, id: &str, body: &str, now: Time) -> Result<(), Error> {
        self.db
            .execute(
                "INSERT INTO findings VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET made_us = ?2, body = ?3",
                params![id, now.0, body],
            )
            .map(drop)
            .map_err(|e| self.fail(e))
    }

    /// Runs `prepare` and enters the source in one transaction that excludes every other writer; `Ok(false)` if the
    /// source is there already.
    pub(crate) fn enter(
        &mut self,
        entry: &Entry<'_>,
        prepare: impl FnOnce() -> Result<(), Error>,
        before_commit: impl FnOnce() -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let path = self.path.clone();
        let fail = move |e: rusqlite::Error| Error::Catalogue(path.clone(), e.to_string());
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&fail)?;
        let s = entry.source;
        let known: bool = tx
            .query_row("SELECT count(*) > 0 FROM sources WHERE sha256 = ?1", [&s.sha256], |r| r.get(0))
            .map_err(&fail)?;
        if known {
            return Ok(false);
        }
        // Another process may have made a choice since this source was begun.
        let chosen = selection::stored(&tx).map_err(&fail)?;
        if s.kind == Kind::Mrt && chosen.as_ref() != entry.selection {
            return Err(Error::Selection(chosen.map(|chosen| chosen.text)));
        }
        prepare()?;
        tx.execute(
            "INSERT INTO sources VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
                ?16, ?17)",
            params![
                s.id.0,
                s.name,
                s.path,
                s.sha256,
                s.archive_sha256,
                s.bytes as i64,
                s.kind.code(),
                s.series,
                s.from.map(|t| t.0),
                s.until.map(|t| t.0),
                entry.complete,
                entry.base.map(|b| b.0),
                entry.dump.map(|d| d.0.0),
                entry.dump.map(|d| d.1.0),
                s.rows as i64,
                s.faults as i64,
                entry.ingested.0
            ],
        )
        .map_err(&fail)?;
        let id = s.id.0;
        for g in entry.segments {
            tx.execute(
                "INSERT INTO segments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![id, g.table.name(), g.file, g.rows as i64, g.bytes as i64, g.key.0, g.key.1],
            )
            .map_err(&fail)?;
        }
        let mut each = tx.prepare_cached("INSERT INTO faults VALUES (?1, ?2, ?3, ?4)").map_err(&fail)?;
        for f in entry.faults {
            each.execute(params![id, f.offset as i64, f.kind.code(), f.detail]).map_err(&fail)?;
        }
        drop(each);
        for (kind, count) in entry.fault_counts {
            tx.execute("INSERT INTO fault_counts VALUES (?1, ?2, ?3)", params![id, kind.code(), *count as i64])
                .map_err(&fail)?;
        }
        for ((vantage, family), (held, events)) in entry.vantages {
            tx.execute(
                "INSERT INTO source_vantages VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, vantage, crate::table::family_code(*family), *held as i64, *events as i64],
            )
            .map_err(&fail)?;
        }
        let mut each = tx.prepare_cached("INSERT INTO states VALUES (?1, ?2, ?3, ?4, ?5, ?6)").map_err(&fail)?;
        for (vantage, at, from, to, offset) in entry.states {
            each.execute(params![id, vantage, at.0, from, to, *offset as i64]).map_err(&fail)?;
        }
        drop(each);
        for (family, edges) in entry.edges {
            tx.execute(
                "INSERT INTO edge_samples VALUES (?1, ?2, ?3, ?4)",
                params![id, crate::table::family_code(*family), edges.below as i64, edges.bytes],
            )
            .map_err(&fail)?;
        }
        let mut each = tx.prepare_cached("INSERT INTO bursts VALUES (?1, ?2, ?3, ?4, ?5)").map_err(&fail)?;
        for b in entry.bursts {
            let family = crate::table::family_code(b.family);
            each.execute(params![id, b.vantage, family, b.at.0, b.prefixes as i64]).map_err(&fail)?;
        }
        drop(each);
        for hole in entry.holes {
            let side = |p: Option<Prefix>| p.map(|p| p.to_string());
            tx.execute("INSERT INTO holes VALUES (?1, ?2, ?3)", params![id, side(hole.after), side(hole.before)])
                .map_err(&fail)?;
        }
        for (kind, asns) in entry.asn_lists {
            for asn in asns {
                tx.execute("INSERT INTO asn_lists VALUES (?1, ?2, ?3)", params![id, kind.code(), i64::from(asn.0)])
                    .map_err(&fail)?;
            }
        }
        if entry.shifts.last().is_some() {
            tx.execute("INSERT INTO shifts VALUES (?1, ?2)", params![id, entry.shifts.to_bytes()]).map_err(&fail)?;
        }
        tx.execute("DELETE FROM unread WHERE sha256 = ?1", [&s.sha256]).map_err(&fail)?;
        before_commit()?;
        tx.commit().map_err(&fail)?;
        Ok(true)
    }

    /// Runs `sweep` with the set of visible segment files, excluding every other writer meanwhile.
    pub(crate) fn exclusively<T>(
        &mut self,
        sweep: impl FnOnce(&BTreeSet<String>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let path = self.path.clone();
        let fail = move |e: rusqlite::Error| Error::Catalogue(path.clone(), e.to_string());
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&fail)?;
        let visible = {
            let mut statement = tx.prepare("SELECT file FROM segments").map_err(&fail)?;
            let rows = statement.query_map([], |r| r.get(0)).map_err(&fail)?;
            rows.collect::<rusqlite::Result<_>>().map_err(&fail)?
        };
        let out = sweep(&visible)?;
        tx.commit().map_err(&fail)?;
        Ok(out)
    }
}
