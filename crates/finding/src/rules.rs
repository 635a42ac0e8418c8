//! The defaults of the methods: every number that decides something is a setting.

use serde::Deserialize;

/// Settings of the methods; `defaults.toml` of the program says what each means.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Rules {
    pub path_hops: usize,
    pub full_feed_ratio: f64,
    pub quarantine_ratio: f64,
    pub quarantine_links: u64,
    pub quarantine_share: f64,
    pub quarantine_peers: usize,
    pub transfer_ratio: f64,
    pub transfer_minutes: f64,
    pub zombie_minutes: f64,
    pub mismatch_ratio: f64,
    pub positive_clusters: usize,
    pub adequate_clusters: usize,
    pub adequate_witness_ratio: f64,
    pub route_gap_days: f64,
    pub snapshot_gap_cadences: f64,
    pub update_gap_minutes: f64,
    pub silence_days: f64,
    pub bootstrap_rounds: u32,
    pub evidence_items: usize,
    pub relation_clusters: usize,
    pub relation_collector_clusters: bool,
    pub relation_clique_seeds: usize,
    pub relation_clique_behind: u32,
    pub relation_partial_ratio: f64,
    pub relation_occurrences: usize,
    pub relation_provider_free_degree: u32,
    pub relation_conflict_ratio: f64,
    pub relation_dump_days: f64,
    pub relation_published_days: f64,
    pub hegemony_trim: f64,
    pub carriage: Carriage,
    pub changes: Changes,
}

/// Settings of [`mod@crate::changes`].
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Changes {
    pub open_gain: f64,
    pub close_gain: f64,
    pub sign_p: f64,
    pub baseline_days: usize,
    pub baseline_mode: f64,
    pub cohort_vantages: usize,
}

/// Settings of [`crate::carriage`].
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Carriage {
    pub proof_days: f64,
    pub lasting_days: f64,
    pub lasting_clusters: usize,
    pub episode_days: f64,
    pub same_prefix_share: f64,
    pub switch_days: f64,
    pub dependence_share: f64,
    pub exclusive_share: f64,
    pub exclusive_days: f64,
    pub opportunity_clusters: usize,
    pub authorisation_days: f64,
    pub ranked_tests: usize,
    pub weight_observed: f64,
    pub weight_inferred: f64,
    pub weight_external: f64,
    pub role_margin: f64,
    pub role_strong_margin: f64,
}

impl Default for Rules {
    /// As in methods.md; the program reads its own from its settings, which a test holds equal to these.
    fn default() -> Rules {
        Rules {
            path_hops: 64,
            full_feed_ratio: 0.85,
            quarantine_ratio: 10.0,
            quarantine_links: 20,
            quarantine_share: 0.05,
            quarantine_peers: 6,
            transfer_ratio: 0.2,
            transfer_minutes: 5.0,
            zombie_minutes: 90.0,
            mismatch_ratio: 0.01,
            positive_clusters: 2,
            adequate_clusters: 6,
            adequate_witness_ratio: 0.5,
            route_gap_days: 7.0,
            snapshot_gap_cadences: 1.5,
            update_gap_minutes: 30.0,
            silence_days: 90.0,
            bootstrap_rounds: 1000,
            evidence_items: 40,
            relation_clusters: 6,
            relation_collector_clusters: true,
            relation_clique_seeds: 10,
            relation_clique_behind: 5,
            relation_partial_ratio: 0.025,
            relation_occurrences: 3,
            relation_provider_free_degree: 10,
            relation_conflict_ratio: 0.1,
            relation_dump_days: 7.0,
            relation_published_days: 45.0,
            hegemony_trim: 0.1,
            carriage: Carriage {
                proof_days: 7.0,
                lasting_days: 30.0,
                lasting_clusters: 3,
                episode_days: 7.0,
                same_prefix_share: 0.2,
                switch_days: 7.0,
                dependence_share: 0.5,
                exclusive_share: 0.95,
                exclusive_days: 14.0,
                opportunity_clusters: 10,
                authorisation_days: 31.0,
                ranked_tests: 3,
                weight_observed: 1.0,
                weight_inferred: 0.5,
                weight_external: 0.5,
                role_margin: 1.0,
                role_strong_margin: 3.0,
            },
            changes: Changes {
                open_gain: 0.2,
                close_gain: 0.05,
                sign_p: 0.05,
                baseline_days: 7,
                baseline_mode: 0.6,
                cohort_vantages: 20,
            },
        }
    }
}
