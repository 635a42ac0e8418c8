//! Customer cone: everyone whose routes a network carries for others (methods §6).
//!
//! A network is in the cone if it stands behind the owner of the cone in a path that enters the owner from its provider or
//! peer: that neighbour has the route because the owner sells transit. (The provider/peer-observed variant of Luckie et al.:
//! the recursive one counts what a customer sends elsewhere.)

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::OriginPaths;
use headwater_route::{Asn, Family, Prefix};
use serde::Serialize;

use super::Replay;
use super::found::{Label, Relations};
use super::paths::{Usable, is_counted};

/// A customer cone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Cone {
    /// Its networks, the owner among them.
    #[serde(skip)]
    pub networks: BTreeSet<Asn>,
    /// How many these are.
    #[serde(rename = "networks")]
    pub size: usize,
    /// Prefixes that they originate.
    pub prefixes: usize,
    /// Addresses in these, in /24; `None` in IPv6.
    pub slash24s: Option<u64>,
}

/// The cones of some networks; reads all paths once. Memory grows with the prefixes there are.
pub fn cones<E>(of: &[Asn], relations: &Relations<'_>, replay: &mut Replay<'_, E>) -> Result<BTreeMap<Asn, Cone>, E> {
    let mut growing = Growing::new(of);
    replay(&mut |group| {
        growing.prefixes(group);
        relations.sieve.usable(group).for_each(|path| growing.path(&path, relations));
    })?;
    Ok(growing.cones(relations.family()))
}

/// Cones while paths come in.
pub(super) struct Growing {
    networks: BTreeMap<Asn, BTreeSet<Asn>>,
    originated: BTreeMap<Asn, Vec<Prefix>>,
}

impl Growing {
    pub fn new(of: &[Asn]) -> Growing {
        let networks = of.iter().map(|asn| (*asn, BTreeSet::from([*asn]))).collect();
        Growing { networks, originated: BTreeMap::new() }
    }

    pub fn prefixes(&mut self, group: &OriginPaths) {
        let counted = group.prefixes.iter().filter(|prefix| is_counted(prefix));
        self.originated.insert(group.origin, counted.copied().collect());
    }

    pub fn path(&mut self, path: &Usable<'_>, relations: &Relations<'_>) {
        for (at, pair) in path.hops.windows(2).enumerate() {
            if let Some(cone) = self.networks.get_mut(&pair[1])
                && matches!(relations.what(pair[0], pair[1]), Some(Label::Provider | Label::Peer))
            {
                cone.extend(&path.hops[at + 2..]);
            }
        }
    }

    pub fn cones(self, family: Family) -> BTreeMap<Asn, Cone> {
        let Growing { networks, originated } = self;
        let sized = |(owner, networks): (Asn, BTreeSet<Asn>)| {
            let mut prefixes: Vec<Prefix> =
                networks.iter().filter_map(|asn| originated.get(asn)).flatten().copied().collect();
            prefixes.sort_unstable();
            prefixes.dedup();
            let slash24s = (family == Family::V4).then(|| slash24s(&prefixes));
            (owner, Cone { size: networks.len(), prefixes: prefixes.len(), slash24s, networks })
        };
        networks.into_iter().map(sized).collect()
    }
}

/// Addresses in some IPv4 prefixes of /24 and shorter, sorted, in /24.
fn slash24s(prefixes: &[Prefix]) -> u64 {
    let mut sum = 0;
    let mut last: Option<&Prefix> = None;
    for prefix in prefixes {
        // A covering prefix precedes what lies inside it.
        if last.is_none_or(|last| !last.covers(prefix)) {
            sum += prefix.v4_addresses().unwrap_or(0) >> 8;
            last = Some(prefix);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_once() {
        let prefixes: Vec<Prefix> = ["10.0.0.0/22", "10.0.1.0/24", "10.0.4.0/24", "10.0.4.0/23"]
            .map(|p| p.parse().unwrap())
            .into_iter()
            .collect::<BTreeSet<Prefix>>()
            .into_iter()
            .collect();
        assert_eq!(slash24s(&prefixes), 6);
        assert_eq!(slash24s(&[]), 0);
    }
}
