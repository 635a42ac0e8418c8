//! The defaults of the methods: every number that decides something is a setting.

use serde::Deserialize;

/// Settings of the methods; `defaults.toml` of the program says what each means.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Rules {
    pub path_hops: usize,
    pub full_feed_ratio: f64,
    pub positive_clusters: usize,
    pub adequate_clusters: usize,
    pub adequate_witness_ratio: f64,
    pub route_gap_days: f64,
    pub snapshot_gap_cadences: f64,
    pub update_gap_minutes: f64,
    pub silence_days: f64,
    pub bootstrap_rounds: u32,
    pub evidence_items: usize,
}

impl Default for Rules {
    /// As in methods.md; the program reads its own from its settings, which a test holds equal to these.
    fn default() -> Rules {
        Rules {
            path_hops: 64,
            full_feed_ratio: 0.85,
            positive_clusters: 2,
            adequate_clusters: 6,
            adequate_witness_ratio: 0.5,
            route_gap_days: 7.0,
            snapshot_gap_cadences: 1.5,
            update_gap_minutes: 30.0,
            silence_days: 90.0,
            bootstrap_rounds: 1000,
            evidence_items: 40,
        }
    }
}
