//! Hegemony: on whom an origin depends, as most vantages see it (Fontugne, Shah and Aben, arXiv 1711.02805).
//!
//! For each peer AS the weighted part of the origin's prefixes whose path holds a network, averaged over its sessions; over
//! the peers the mean without the highest and lowest part, so that networks near a few vantages do not count. It is a number
//! about dependency, no trigger: what few peers see is trimmed to 0.

use std::collections::BTreeMap;

use headwater_route::Asn;
use headwater_route::rows::OriginPaths;
use serde::Serialize;

use super::paths::is_counted;
use super::survey::Survey;
use crate::cohort::sizes;
use crate::rules::Rules;
use crate::sanitise::{Registry, sanitise};

/// Dependencies of one origin.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Hegemony {
    /// Peer ASNs that had a route; the numbers are over these.
    pub peers: usize,
    /// Peer ASNs in the dumps.
    pub of_peers: usize,
    /// As many peers had one as `adequate_clusters` asks for. A few see their own way only: of them no network is told.
    pub enough: bool,
    /// Networks on its paths with a hegemony above 0, highest first, then by number; the origin itself left out.
    pub networks: Vec<(Asn, f64)>,
}

/// The dependencies of the origin of `group`.
pub fn hegemony(group: &OriginPaths, survey: &Survey<'_>, registry: &Registry, rules: &Rules) -> Hegemony {
    let counted: Vec<bool> = group.prefixes.iter().map(is_counted).collect();
    let sizes = sizes(&group.prefixes, &counted, survey.dumps().family);
    // Of each vantage: the weight of its routes, and of those through each network.
    let mut seen: BTreeMap<usize, (f64, BTreeMap<Asn, f64>)> = BTreeMap::new();
    for path in &group.paths {
        let clean = sanitise(&path.path, registry, rules.path_hops);
        let weight: f64 = path.prefixes.iter().map(|prefix| sizes[*prefix as usize]).sum();
        if clean.origin() != Some(group.origin) || weight <= 0.0 {
            continue;
        }
        let (all, through) = seen.entry(path.vantage).or_default();
        *all += weight;
        for (asn, _) in clean.hops.iter().filter(|(asn, _)| *asn != group.origin) {
            *through.entry(*asn).or_default() += weight;
        }
    }
    let mut of_peer: BTreeMap<Asn, Vec<_>> = BTreeMap::new();
    for (vantage, weights) in &seen {
        of_peer.entry(survey.asn(*vantage)).or_default().push(weights);
    }
    let mut parts: BTreeMap<Asn, Vec<f64>> = BTreeMap::new();
    for sessions in of_peer.values() {
        let mut sums: BTreeMap<Asn, f64> = BTreeMap::new();
        for (all, through) in sessions {
            through.iter().for_each(|(asn, weight)| *sums.entry(*asn).or_default() += weight / all);
        }
        for (asn, sum) in sums {
            parts.entry(asn).or_default().push(sum / sessions.len() as f64);
        }
    }
    let peers = of_peer.len();
    let mean = |(asn, part)| (asn, trimmed_mean(part, peers, rules.hegemony_trim));
    let mut networks: Vec<(Asn, f64)> = parts.into_iter().map(mean).filter(|(_, value)| *value > 0.0).collect();
    networks.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let all: std::collections::BTreeSet<Asn> = survey.dumps().vantages.iter().map(|(vantage, _)| vantage.asn).collect();
    let enough = peers >= rules.adequate_clusters;
    if !enough {
        networks.clear();
    }
    Hegemony { peers, of_peers: all.len(), enough, networks }
}

/// Mean of `values` and as many zeros as make `count`, without the part `trim` of them at either end.
fn trimmed_mean(mut values: Vec<f64>, count: usize, trim: f64) -> f64 {
    values.resize(count.max(values.len()), 0.0);
    values.sort_by(f64::total_cmp);
    let cut = (trim * values.len() as f64) as usize;
    let kept = values.get(cut..values.len() - cut).unwrap_or_default();
    if kept.is_empty() { 0.0 } else { kept.iter().sum::<f64>() / kept.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{dumps, group, rules};
    use super::*;
    use headwater_route::rows::PathSeen;

    /// Of however few peers.
    fn of(vantages: &[(&str, u32, u64)], paths: &OriginPaths) -> Hegemony {
        asking(1, vantages, paths)
    }

    fn asking(clusters: usize, vantages: &[(&str, u32, u64)], paths: &OriginPaths) -> Hegemony {
        let (dumps, rules) = (dumps(vantages), Rules { adequate_clusters: clusters, ..rules() });
        let registry = Registry { invented: true, ..Registry::default() };
        hegemony(paths, &Survey::new(&dumps, &rules), &registry, &rules)
    }

    #[test]
    fn a_network_on_every_path_has_all_and_one_near_a_vantage_nothing() {
        let vantages: Vec<(&str, u32, u64)> = (0..10).map(|n| ("a", 65536 + n, 9)).collect();
        let texts: Vec<String> = (0..10)
            .map(|n| match n {
                // Half of the peers reach it through AS64501, all through AS64502; each through itself.
                0..5 => format!("{} 64501 64502 64510", 65536 + n),
                _ => format!("{} 64502 64510", 65536 + n),
            })
            .collect();
        let paths: Vec<(usize, &str)> = texts.iter().enumerate().map(|(at, text)| (at, text.as_str())).collect();
        let found = of(&vantages, &group(64510, "192.0.2.0/24", &paths));
        assert_eq!((found.peers, found.of_peers), (10, 10));
        assert_eq!(found.networks, [(Asn(64502), 1.0), (Asn(64501), 0.5)]);
        // Peers without a route do not count as if they did not depend on anyone.
        let found = of(&vantages, &group(64510, "192.0.2.0/24", &paths[..6]));
        assert_eq!((found.peers, found.of_peers, found.networks[0]), (6, 10, (Asn(64502), 1.0)));
    }

    #[test]
    fn sessions_of_a_peer_are_averaged_and_addresses_weigh() {
        let vantages = [("a", 65536, 9), ("b", 65536, 9)];
        let mut paths = group(64510, "192.0.2.0/24", &[(0, "65536 64501 64510"), (1, "65536 64502 64510")]);
        let found = of(&vantages, &paths);
        assert_eq!(found.networks, [(Asn(65536), 1.0), (Asn(64501), 0.5), (Asn(64502), 0.5)]);
        // A second prefix, of three times the size of the rest of the first, by another way at the first session.
        paths.prefixes = vec!["10.0.0.0/22".parse().unwrap(), "10.0.1.0/24".parse().unwrap()];
        let more = PathSeen { prefixes: vec![1], path: "65536 64503 64510".parse().unwrap(), ..paths.paths[0].clone() };
        paths.paths.push(more);
        let found =
            of(&vantages[..1], &OriginPaths { paths: vec![paths.paths[0].clone(), paths.paths[2].clone()], ..paths });
        assert_eq!(found.networks, [(Asn(65536), 1.0), (Asn(64501), 0.75), (Asn(64503), 0.25)]);
    }

    #[test]
    fn a_few_peers_tell_of_nobody() {
        let vantages: Vec<(&str, u32, u64)> = (0..8).map(|n| ("a", 65536 + n, 9)).collect();
        let texts: Vec<String> = (0..6).map(|n| format!("{} 64502 64510", 65536 + n)).collect();
        let paths: Vec<(usize, &str)> = texts.iter().enumerate().map(|(at, text)| (at, text.as_str())).collect();
        let told = |paths: &[(usize, &str)]| asking(6, &vantages, &group(64510, "192.0.2.0/24", paths));
        let (few, enough) = (told(&paths[..5]), told(&paths));
        assert_eq!((few.peers, few.of_peers, few.enough, few.networks.len()), (5, 8, false, 0));
        assert_eq!((enough.enough, enough.networks[0]), (true, (Asn(64502), 1.0)));
    }

    #[test]
    fn ends_are_trimmed() {
        assert_eq!(trimmed_mean(vec![1.0], 10, 0.1), 0.0);
        assert_eq!(trimmed_mean(vec![1.0; 2], 10, 0.1), 0.125);
        assert_eq!(trimmed_mean(vec![1.0; 9], 9, 0.1), 1.0);
        assert_eq!(trimmed_mean(Vec::new(), 0, 0.1), 0.0);
    }
}
