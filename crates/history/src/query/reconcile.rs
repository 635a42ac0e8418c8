//! What updates led to, held against the dump that follows (methods §2.9).
//!
//! A dump is stored as changes against the one before, so only what changed or was told of has to be looked at. A route that
//! updates spoke of and that the two dumps have alike went and came back, or the updates missed that it did: that cannot be
//! told from changes, and is counted apart. Of large tables evenly spaced slices of the address space are looked at.

use std::collections::HashMap;

use headwater_route::rows::Reconciled;
use headwater_route::{Family, Kind, Prefix, SourceId, Time, Window};

use crate::scan::{Columns, Test};
use crate::table::{Table, join_prefix};
use crate::view::View;
use crate::{Error, History};

/// Routes of a dump that are looked at whole; of more, a part.
const WHOLE_ROUTES: u64 = 4 << 20;
/// Slices of the address space; of IPv6, of what is in use of it (2000::/4).
const SLICES: u64 = 4096;

/// A vantage and prefix.
type Key = (i32, Prefix);

/// What updates said of one route.
#[derive(Default)]
struct Said {
    /// Time and offset of the last before the dump began, and the path; `None` for a withdrawal.
    last: Option<((Time, i64), Option<u64>)>,
    /// Said while the dump was written: it may have one or the other.
    during: Vec<Option<u64>>,
}

impl History {
    /// For each vantage and family in the dump `after`: how many of its routes differ from what updates had led to since the
    /// dump `before`. Sorted by (vantage, family). `None` if `after` is not stored as changes against `before`, or one of them
    /// lost content, or only some observations are kept.
    pub fn reconcile(&self, before: SourceId, after: SourceId) -> Result<Option<Vec<Reconciled>>, Error> {
        let view = self.view()?;
        let whole = view.is_complete(before) && view.is_complete(after) && self.catalogue().selection()?.is_none();
        let (old, new) = (view.detail(before).and_then(|d| d.dump), view.detail(after));
        let (Some((from, _)), Some(new)) = (old, new) else { return Ok(None) };
        let Some((at, until)) = new.dump.filter(|_| whole && new.base == Some(before)) else { return Ok(None) };

        let held = self.catalogue().source_vantages(Window::default())?;
        let counts = |source| held.get(&source).map_or(&[][..], Vec::as_slice);
        let stayed = |id: i32, family: Family| {
            counts(before).iter().any(|(v, f, held, _)| (*v, *f) == (id, family) && *held > 0)
        };
        let there: HashMap<(i32, Family), u64> = counts(after)
            .iter()
            .filter(|(id, family, held, _)| *held > 0 && stayed(*id, *family))
            .map(|(id, family, held, _)| ((*id, *family), *held))
            .collect();
        let every = there.values().sum::<u64>().div_ceil(WHOLE_ROUTES).clamp(1, SLICES);

        let changed = self.changed(&view, after, every)?;
        let said = self.said(&view, after, (from, at, until), every)?;
        let mut found: HashMap<(i32, Family), (u64, u64)> = HashMap::new();
        for ((id, prefix), paths) in &changed {
            let agrees = |path: &Option<u64>| match path {
                Some(path) => paths.contains(path),
                None => paths.is_empty(),
            };
            let told = said.get(&(*id, *prefix));
            let led_to = told.is_some_and(|s| s.last.iter().map(|(_, path)| path).chain(&s.during).any(agrees));
            found.entry((*id, prefix.family())).or_default().0 += u64::from(!led_to);
        }
        for (key, _) in said.iter().filter(|(key, said)| said.last.is_some() && !changed.contains_key(key)) {
            found.entry((key.0, key.1.family())).or_default().1 += 1;
        }
        let row = |((id, family), held): ((i32, Family), u64)| {
            let (differs, untold) = found.get(&(id, family)).copied().unwrap_or_default();
            let vantage = view.vantages.get(&id)?.clone();
            Some(Reconciled { vantage, family, held, differs: differs * every, untold: untold * every, every })
        };
        let mut rows: Vec<Reconciled> = there.into_iter().filter_map(row).collect();
        rows.sort_by(|a, b| (&a.vantage, a.family).cmp(&(&b.vantage, b.family)));
        Ok(Some(rows))
    }

    /// Unicast routes that a dump has otherwise than the one before: their paths now, none for a route that is gone.
    fn changed(&self, view: &View, dump: SourceId, every: u64) -> Result<HashMap<Key, Vec<u64>>, Error> {
        let mut out: HashMap<Key, Vec<u64>> = HashMap::new();
        let columns = ["origin", "vantage", "family", "net", "net_lo", "len", "held", "via", "ends"];
        let tests = tests(every);
        for batch in &self.scan(view, Table::Routes, None, |source| source == dump, &tests, &columns)? {
            let columns = Columns(batch);
            let (origin, vantage, held) = (columns.int("origin")?, columns.small("vantage")?, columns.small("held")?);
            let (via, ends) = (columns.text("via")?, columns.small("ends")?);
            for (i, prefix) in prefixes(&columns, batch.num_rows())?.into_iter().enumerate() {
                let Some(prefix) = prefix else { continue };
                let paths = out.entry((vantage.value(i), prefix)).or_default();
                if held.value(i) == 1 {
                    paths.push(path(origin.value(i), via.value(i), ends.value(i)));
                }
            }
        }
        Ok(out)
    }

    /// What updates of the dump's collector said of unicast routes.
    fn said(
        &self,
        view: &View,
        dump: SourceId,
        (from, at, until): (Time, Time, Time),
        every: u64,
    ) -> Result<HashMap<Key, Said>, Error> {
        let collector = view.source(dump).map_or("", |s| s.series.as_str());
        let wanted = |source: SourceId| {
            view.source(source).is_some_and(|s| {
                let spoken = s.from.zip(s.until).is_some_and(|(first, last)| first <= until && from <= last);
                s.kind == Kind::Mrt && s.series == collector && spoken
            })
        };
        let mut tests = tests(every);
        tests.push(Test::within("at", vec![(from.0, until.0)]));
        let columns =
            ["family", "net", "net_lo", "len", "vantage", "at", "announced", "origin", "via", "ends", "position"];
        let mut out: HashMap<Key, Said> = HashMap::new();
        for batch in &self.scan(view, Table::Updates, None, wanted, &tests, &columns)? {
            let columns = Columns(batch);
            let (vantage, time, position) = (columns.small("vantage")?, columns.int("at")?, columns.int("position")?);
            let (announced, origin) = (columns.small("announced")?, columns.int("origin")?);
            let (via, ends) = (columns.text("via")?, columns.small("ends")?);
            for (i, prefix) in prefixes(&columns, batch.num_rows())?.into_iter().enumerate() {
                let Some(prefix) = prefix else { continue };
                let path = (announced.value(i) == 1).then(|| path(origin.value(i), via.value(i), ends.value(i)));
                let when = (Time(time.value(i)), position.value(i));
                let said = out.entry((vantage.value(i), prefix)).or_default();
                if when.0 >= at {
                    said.during.push(path);
                } else if said.last.is_none_or(|(last, _)| last <= when) {
                    said.last = Some((when, path));
                }
            }
        }
        Ok(out)
    }
}

/// Unicast routes of one in `every` slices of the address space.
fn tests(every: u64) -> Vec<Test> {
    let mut tests = vec![Test::is("safi", 1)];
    if every > 1 {
        let slices = |first: i64, size: i64| {
            let each = move |slice: u64| (first + slice as i64 * size, first + (slice as i64 + 1) * size - 1);
            (0..SLICES).step_by(every as usize).map(each)
        };
        // IPv4 addresses lie far below the halves of IPv6 addresses in use.
        let v4 = slices(0, (1i64 << 32) / SLICES as i64);
        let v6 = slices(0x2000 << 48, (0x1000 << 48) / SLICES as i64);
        tests.push(Test::within("net", v4.chain(v6).collect()));
    }
    tests
}

fn prefixes(columns: &Columns<'_>, rows: usize) -> Result<Vec<Option<Prefix>>, Error> {
    let (family, net) = (columns.small("family")?, columns.int("net")?);
    let (net_lo, len) = (columns.int("net_lo")?, columns.small("len")?);
    Ok((0..rows).map(|i| join_prefix(family.value(i), net.value(i), net_lo.value(i), len.value(i))).collect())
}

/// What tells one path of a vantage from another.
fn path(origin: i64, via: &str, ends: i32) -> u64 {
    let seed = (origin as u64) << 2 | ends as u64 & 3;
    twox_hash::XxHash3_64::oneshot_with_seed(seed, via.as_bytes())
}
