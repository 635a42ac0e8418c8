//! Last-mile transit proof (methods §5): paths that show that a network exports an origin's routes upwards or sideways.
//!
//! In `… z u o`, with `z` a provider or peer of `u`, `u` gave `o`'s route to someone to whom one gives the routes of customers
//! only. What `z` is to `u` must be known without the paths of `o`, else the proof would prove itself. That a proof lasted,
//! and so is no leak, is a matter of several times: each call is about one.

use std::collections::BTreeSet;

use headwater_route::rows::OriginPaths;
use headwater_route::{AsPath, Asn, Evidence};

use super::found::{Label, Relations};
use super::survey::Witnesses;

/// A path that proves it.
#[derive(Clone, PartialEq, Debug)]
pub struct Proving {
    /// Index into the vantages of the dumps.
    pub vantage: usize,
    /// Who has the route from the upstream.
    pub above: Asn,
    /// What that one is to the upstream: provider or peer.
    pub label: Label,
    /// Raw path.
    pub path: AsPath,
    /// Prefixes held by it, as indices into those of the origin.
    pub prefixes: Vec<u32>,
    /// The record that states it.
    pub evidence: Evidence,
}

/// What the paths to one origin prove of one upstream at one time.
#[derive(Clone, PartialEq, Debug)]
pub struct Proof {
    /// Independent clusters that show it. Below two it may be one vantage's fault.
    pub clusters: usize,
    /// Peer ASNs that show it.
    pub vantage_asns: usize,
    /// The paths, in the order of the group.
    pub paths: Vec<Proving>,
    /// Peer ASNs in the upstream's cone, or the upstream itself, that show it next to the origin: they prove nothing.
    pub inside: usize,
    /// Independent clusters that could have shown it: full feeds outside the cone with a route to the origin.
    pub opportunity: usize,
}

/// What the paths of `group` prove of `upstream`, whose cone is `cone`.
pub fn proof(upstream: Asn, group: &OriginPaths, relations: &Relations<'_>, cone: &BTreeSet<Asn>) -> Proof {
    let survey = relations.survey();
    let is_inside = |asn: Asn| asn == upstream || asn == group.origin || cone.contains(&asn);
    let (mut proving, mut able) = (Witnesses::default(), Witnesses::default());
    let mut inside = BTreeSet::new();
    let mut paths = Vec::new();
    // A route server carries nobody.
    let serves = relations.sieve.registry.route_servers.contains(&upstream);
    for path in relations.sieve.usable(group) {
        let (vantage, beside) = (path.seen.vantage, path.hops.len().checked_sub(2).map(|at| path.hops[at]));
        let asn = survey.asn(vantage);
        if is_inside(asn) {
            inside.extend((beside == Some(upstream)).then_some(asn));
            continue;
        }
        if survey.is_full(vantage) {
            able.add(path.witness);
        }
        let [.., above, beside, origin] = path.hops[..] else { continue };
        if beside != upstream || serves {
            continue;
        }
        let label = relations.what_beside(above, upstream, origin);
        if let Some(label @ (Label::Provider | Label::Peer)) = label {
            proving.add(path.witness);
            paths.push(Proving {
                vantage,
                above,
                label,
                path: path.seen.path.clone(),
                prefixes: path.seen.prefixes.clone(),
                evidence: path.seen.evidence,
            });
        }
    }
    Proof {
        clusters: survey.clusters(&proving),
        vantage_asns: survey.peers(&proving).len(),
        paths,
        inside: inside.len(),
        opportunity: survey.clusters(&able),
    }
}
