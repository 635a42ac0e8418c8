//! Step 1: of the paths to one origin those that may speak of relationships (methods §1, column "relationship use").

use std::collections::BTreeSet;

use headwater_route::rows::{OriginPaths, PathSeen};
use headwater_route::{Asn, Family, Prefix};

use super::survey::Survey;
use crate::rules::Rules;
use crate::sanitise::{Clean, Registry, sanitise};

/// A clean path, vantage first, origin last, no number twice.
pub(crate) struct Usable<'p> {
    pub seen: &'p PathSeen,
    /// The (collector, peer ASN) that showed it.
    pub witness: u32,
    pub hops: Vec<Asn>,
    /// The first hop is the vantage itself.
    pub whole: bool,
    /// Route servers that stood in it: (index of the hop that followed, number).
    pub route_servers: Vec<(usize, Asn)>,
}

/// How paths are cleaned.
pub(crate) struct Sieve<'a> {
    pub survey: &'a Survey<'a>,
    pub registry: Registry,
    pub path_hops: usize,
}

impl<'a> Sieve<'a> {
    /// Cleans by what is known of numbers, but for the clique: that of our own paths is not known yet.
    pub fn new(survey: &'a Survey<'a>, registry: &Registry, rules: &Rules) -> Sieve<'a> {
        let registry = Registry { clique: BTreeSet::new(), ..registry.clone() };
        Sieve { survey, registry, path_hops: rules.path_hops }
    }

    /// The usable paths of a group, in its order.
    pub fn usable<'p>(&self, group: &'p OriginPaths) -> impl Iterator<Item = Usable<'p>> {
        let counted: Vec<bool> = group.prefixes.iter().map(is_counted).collect();
        group.paths.iter().filter_map(move |seen| {
            let told = seen.prefixes.iter().any(|prefix| counted[*prefix as usize]);
            let clean = told.then(|| sanitise(&seen.path, &self.registry, self.path_hops))?;
            (speaks(&clean) && clean.origin() == Some(group.origin)).then(|| {
                let hops: Vec<Asn> = clean.hops.iter().map(|(asn, _)| *asn).collect();
                let whole = hops.first() == Some(&self.survey.asn(seen.vantage));
                let witness = self.survey.witness(seen.vantage);
                Usable { seen, witness, whole, hops, route_servers: clean.removed }
            })
        })
    }
}

/// True if the mask of methods §1 lets a path speak of relationships.
fn speaks(clean: &Clean) -> bool {
    let flags = &clean.flags;
    !(flags.as_set
        || flags.as_trans
        || flags.looped
        || flags.private_origin
        || flags.hidden
        || flags.poisoned_or_leak
        || flags.too_long)
}

/// True if the length of a prefix lets it count: what is longer is filtered by most, what is shorter is no route (methods
/// §1.8).
pub(crate) fn is_counted(prefix: &Prefix) -> bool {
    match prefix.family() {
        Family::V4 => (8..=24).contains(&prefix.len()),
        Family::V6 => (19..=48).contains(&prefix.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{dumps, group, rules};
    use super::*;

    fn usable(path: &str, prefix: &str, clique: &[u32]) -> Option<(Vec<u32>, bool)> {
        let dumps = dumps(&[("a", 64500, 1)]);
        let rules = rules();
        let survey = Survey::new(&dumps, &rules);
        let registry = Registry {
            invented: true,
            route_servers: BTreeSet::from([Asn(64509)]),
            clique: clique.iter().map(|n| Asn(*n)).collect(),
        };
        let sieve = Sieve { survey: &survey, registry, path_hops: 64 };
        let group = group(64510, prefix, &[(0, path)]);
        sieve.usable(&group).next().map(|u| (u.hops.iter().map(|a| a.0).collect(), u.whole))
    }

    #[test]
    fn paths_that_do_not_tell_their_links_are_set_aside() {
        let p = "192.0.2.0/24";
        assert_eq!(usable("64500 64501 64501 64510", p, &[]), Some((vec![64500, 64501, 64510], true)));
        // A route server stands between two members; a number without a holder hides what lies left of it.
        assert_eq!(usable("64500 64509 64510", p, &[]), Some((vec![64500, 64510], true)));
        assert_eq!(usable("64500 65534 64501 64510", p, &[]), Some((vec![64501, 64510], false)));
        for path in [
            "64500 {64501,64502} 64510",
            "64500 64501 64500 64510",
            "64500 23456 64510",
            "64500 64501 65534 64510",
            "64500 64501 64502",
        ] {
            assert_eq!(usable(path, p, &[]), None, "{path}");
        }
        // A member of the clique behind an outsider behind a member.
        let poisoned = "64500 64501 64502 64503 64510";
        assert_eq!(usable(poisoned, p, &[64501, 64503]), None);
        assert!(usable(poisoned, p, &[64501, 64502, 64503]).is_some());
    }

    #[test]
    fn prefixes_too_long_to_be_carried_do_not_count() {
        for (prefix, counts) in [
            ("192.0.2.0/24", true),
            ("192.0.2.0/25", false),
            ("0.0.0.0/0", false),
            ("2001:db8::/32", true),
            ("2001:db8::/49", false),
        ] {
            assert_eq!(usable("64500 64501 64510", prefix, &[]).is_some(), counts, "{prefix}");
        }
    }
}
