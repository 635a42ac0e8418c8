//! What is known of vantages beside their routes: when they were heard, what they held, how their sessions fared, which links
//! they showed.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{Burst, EdgeSample, RouteHistory};
use headwater_route::{SourceId, Window};

use crate::view::View;
use crate::{Error, History};

impl History {
    /// Vantages, dumps, update files, states and bursts that touch the window; no route.
    pub fn sessions(&self, window: Window) -> Result<RouteHistory, Error> {
        let view = self.view()?;
        self.route_history(&view, BTreeMap::new(), &BTreeSet::new(), window)
    }

    /// The samples of the links that some dumps show, in the order of the dumps, by family.
    pub fn edge_samples(&self, dumps: &[SourceId]) -> Result<Vec<EdgeSample>, Error> {
        let mut out = Vec::new();
        for dump in dumps {
            out.extend(self.catalogue().edge_samples(*dump)?);
        }
        Ok(out)
    }

    /// Bursts in the window, of vantages that have a number there. Five minutes that two files share are one burst.
    pub(super) fn bursts(
        &self,
        view: &View,
        number: &BTreeMap<i32, usize>,
        window: Window,
    ) -> Result<Vec<Burst>, Error> {
        let stored = self.catalogue().bursts(window)?;
        let mut found: Vec<Burst> = stored
            .into_iter()
            .filter(|(source, ..)| view.source(*source).is_some())
            .filter_map(|(source, id, family, at, prefixes)| {
                Some(Burst { at, vantage: *number.get(&id)?, family, prefixes, source })
            })
            .collect();
        found.sort_by_key(|b| (b.at, b.vantage, b.family, view.rank(b.source)));
        found.dedup_by(|later, first| {
            let same = (later.at, later.vantage, later.family) == (first.at, first.vantage, first.family);
            first.prefixes += if same { later.prefixes } else { 0 };
            same
        });
        Ok(found)
    }
}
