//! Routes of a network that another stands in: where it stands, what stands between and what stands behind it.

use headwater_route::rows::RouteHistory;
use headwater_route::{AsPath, Asn, Evidence, Family, Prefix, Time, Window};

use crate::rules::Rules;
use crate::sanitise::{Registry, sanitise};

/// Where the carrier stands in a route of the subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Next to the origin. With the network behind it, unless the vantage is the carrier's own.
    Next(Option<Asn>),
    /// Behind one other network.
    Beyond(Asn),
    /// Farther away.
    Far,
}

/// A route of the subject that the carrier stands in.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    pub vantage: usize,
    pub prefix: Prefix,
    pub place: Place,
    /// A route server was taken out between the carrier and the origin.
    pub route_server: Option<Asn>,
    /// First and last time it is stated.
    pub first: Time,
    pub last: Time,
    pub evidence: Evidence,
}

/// Every route of `subject` in a family, within a window, that `carrier` stands in; in the order of the history.
pub(super) fn passing(
    subject: Asn,
    carrier: Asn,
    family: Family,
    history: &RouteHistory,
    registry: &Registry,
    window: &Window,
    rules: &Rules,
) -> Vec<Passing> {
    let mut out = Vec::new();
    let mut read = |path: &AsPath, vantage, prefix: Prefix, first, last, evidence| {
        if prefix.family() != family || !window.touches(first, last) {
            return;
        }
        let clean = sanitise(path, registry, rules.path_hops);
        // A poisoned or hidden place next to the origin tells nothing about who stands there.
        if clean.origin() != Some(subject) || clean.flags.hidden {
            return;
        }
        let Some(at) = clean.hops.iter().rposition(|(asn, _)| *asn == carrier) else { return };
        let distance = clean.hops.len() - 1 - at;
        let place = match distance {
            0 => return,
            1 => Place::Next(at.checked_sub(1).map(|behind| clean.hops[behind].0)),
            2 => Place::Beyond(clean.hops[at + 1].0),
            _ => Place::Far,
        };
        let route_server = clean.removed.iter().find(|(place, _)| *place == at + 1).map(|(_, asn)| *asn);
        out.push(Passing { vantage, prefix, place, route_server, first, last, evidence });
    };
    for run in &history.runs {
        let (first, last) = (history.tables[run.first].at, history.tables[run.last].at);
        read(&run.path, run.vantage, run.prefix, first, last, run.evidence);
    }
    for event in &history.events {
        if let Some(path) = &event.path {
            read(path, event.vantage, event.prefix, event.at, event.at, event.evidence);
        }
    }
    out
}
