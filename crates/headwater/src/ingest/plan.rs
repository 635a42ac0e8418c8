//! In what order files are read: dumps of one collector one after the other in time, since each is stored as changes against
//! the one before.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::Kind;

use crate::source::Item;

/// Files that one thread reads in order.
pub struct Lane {
    /// The files.
    pub items: Vec<Item>,
}

/// Series of MRT files whose collector nothing names.
pub const UNKNOWN_COLLECTOR: &str = "unknown-collector";

/// Puts items into lanes, the largest lane first. A file that is there twice is taken once; returns how many were left out.
pub fn lanes(items: Vec<Item>, collector: Option<&str>) -> (Vec<Lane>, u64) {
    let mut seen = BTreeSet::new();
    let mut repeated = 0;
    let mut collectors: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let mut lanes: Vec<Lane> = Vec::new();
    for mut item in items {
        if !seen.insert(item.sha256.clone()) {
            repeated += 1;
        } else if item.sniffed.kind == Kind::Mrt {
            let named = collector.map(str::to_owned).or(item.collector.take());
            item.sniffed.series = named.unwrap_or_else(|| UNKNOWN_COLLECTOR.to_owned());
            collectors.entry(item.sniffed.series.clone()).or_default().push(item);
        } else {
            lanes.push(Lane { items: vec![item] });
        }
    }
    for (_, mut items) in collectors {
        items.sort_by(|a, b| (a.first, &a.path).cmp(&(b.first, &b.path)));
        lanes.push(Lane { items });
    }
    let bytes = |lane: &Lane| lane.items.iter().map(|item| item.bytes).sum::<u64>();
    lanes.sort_by_key(|lane| std::cmp::Reverse(bytes(lane)));
    (lanes, repeated)
}
