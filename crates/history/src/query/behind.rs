//! Origins that routes show behind an upstream, from the derived table: no route is read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{BehindAnnounced, BehindRun, OriginsBehind, Reading};
use headwater_route::{Asn, Family, Kind, SourceId, Window};

use super::routes::needed_dumps;
use crate::routes::pairs::{ANNOUNCED, IN_DUMP};
use crate::scan::{Columns, Test};
use crate::table::{Table, family_of};
use crate::view::View;
use crate::{Error, History};

/// Origin and family.
type Key = (Asn, Family);

impl History {
    /// Which origins have `upstream` next to them in a route, in which dumps and update files that touch `window`.
    pub fn origins_behind(&self, upstream: Asn, window: Window) -> Result<OriginsBehind, Error> {
        let view = self.view()?;
        let needed = needed_dumps(&view, window);
        let (dumps, spans) = self.readings(&view, window)?;
        let span_of: BTreeMap<SourceId, usize> = spans.iter().enumerate().map(|(i, s)| (s.source, i)).collect();

        let mut changes: BTreeMap<Key, BTreeMap<SourceId, bool>> = BTreeMap::new();
        let mut announced = BTreeSet::new();
        let number = i64::from(upstream.0);
        let wanted = |source| needed.contains(&source) || span_of.contains_key(&source);
        let tests = [Test::is("upstream", number)];
        let columns = ["origin", "family", "shown", "source"];
        for batch in &self.scan(&view, Table::UpstreamOrigins, Some((number, number)), wanted, &tests, &columns)? {
            let columns = Columns(batch);
            let (origin, family) = (columns.int("origin")?, columns.small("family")?);
            let (shown, source) = (columns.small("shown")?, columns.int("source")?);
            for i in 0..batch.num_rows() {
                let key = (Asn(origin.value(i) as u32), family_of(family.value(i)));
                let source = SourceId(source.value(i));
                if shown.value(i) != ANNOUNCED {
                    changes.entry(key).or_default().insert(source, shown.value(i) == IN_DUMP);
                } else if let Some(span) = span_of.get(&source) {
                    announced.insert(BehindAnnounced { origin: key.0, family: key.1, span: *span });
                }
            }
        }

        let tree = Tree::new(&view, &needed);
        let mut runs = Vec::new();
        let mut of_collector: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, dump) in dumps.iter().enumerate() {
            of_collector.entry(&dump.collector).or_default().push(at);
        }
        for ((origin, family), changes) in changes {
            let shows = tree.shows(&changes);
            for in_a_row in of_collector.values() {
                let mut open: Option<BehindRun> = None;
                for &at in in_a_row {
                    if shows.contains(&dumps[at].source) {
                        open.get_or_insert(BehindRun { origin, family, first: at, last: at }).last = at;
                    } else {
                        runs.extend(open.take());
                    }
                }
                runs.extend(open);
            }
        }
        runs.sort();
        Ok(OriginsBehind { dumps, spans, runs, announced: announced.into_iter().collect() })
    }

    /// Dumps and update files in the window, each sorted by (from, collector).
    fn readings(&self, view: &View, window: Window) -> Result<(Vec<Reading>, Vec<Reading>), Error> {
        // What a choice of observations left out is unknown, not absent.
        let selected = self.catalogue().selection()?.is_some();
        let counts = self.catalogue().source_vantages(window)?;
        let (mut dumps, mut spans) = (Vec::new(), Vec::new());
        for source in view.sources.0.iter().filter(|s| s.kind == Kind::Mrt) {
            let Some(detail) = view.detail(source.id) else { continue };
            let reading = |from, until| Reading {
                source: source.id,
                collector: source.series.clone(),
                from,
                until,
                complete: detail.complete && !selected,
            };
            if let Some((from, until)) = detail.dump {
                dumps.extend(window.touches(from, until).then(|| reading(from, until)));
            }
            // A file may hold both.
            let speaks = counts.get(&source.id).is_some_and(|counts| counts.iter().any(|(.., events)| *events > 0));
            if let (Some(from), Some(until)) = (source.from, source.until)
                && (speaks || detail.dump.is_none())
                && window.touches(from, until)
            {
                spans.push(reading(from, until));
            }
        }
        for readings in [&mut dumps, &mut spans] {
            readings.sort_by_key(|r| (r.from, r.collector.clone(), view.rank(r.source)));
        }
        Ok((dumps, spans))
    }
}

/// The dumps and what each builds on.
struct Tree {
    /// Every dump behind its base: its number, and the place of its base here.
    dumps: Vec<(SourceId, Option<usize>)>,
}

impl Tree {
    fn new(view: &View, needed: &BTreeSet<SourceId>) -> Tree {
        let mut dumps: Vec<(SourceId, Option<usize>)> = Vec::new();
        let mut places: BTreeMap<SourceId, usize> = BTreeMap::new();
        for source in needed {
            let mut way = vec![*source];
            while let Some(base) = way.last().and_then(|id| view.detail(*id)).and_then(|detail| detail.base)
                && !places.contains_key(&base)
            {
                way.push(base);
            }
            for id in way.into_iter().rev() {
                if let Entry::Vacant(place) = places.entry(id) {
                    place.insert(dumps.len());
                    let base = view.detail(id).and_then(|detail| detail.base);
                    dumps.push((id, base.and_then(|base| places.get(&base).copied())));
                }
            }
        }
        Tree { dumps }
    }

    /// The dumps that show what `changes` tell of some of them.
    fn shows(&self, changes: &BTreeMap<SourceId, bool>) -> BTreeSet<SourceId> {
        let mut shown: Vec<bool> = Vec::with_capacity(self.dumps.len());
        for (dump, base) in &self.dumps {
            let before = base.is_some_and(|base| shown[base]);
            shown.push(changes.get(dump).copied().unwrap_or(before));
        }
        self.dumps.iter().zip(shown).filter(|(_, shown)| *shown).map(|((dump, _), _)| *dump).collect()
    }
}
