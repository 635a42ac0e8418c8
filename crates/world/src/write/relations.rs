//! AS relationship files, as a publisher infers them: once a month, of its first five days, with errors.

use std::collections::BTreeMap;
use std::io::Write;

use headwater_route::{Asn, Time};

use super::{Shelf, day_stamp};
use crate::error::WorldError;
use crate::random::mix;
use crate::scenario::Noise;
use crate::topology::{Link, NetworkKind, Relation, Topology};

/// A publisher of relationships. It sees the links there were at any time of the days a file covers; some it leaves out, some
/// it labels wrongly, anew in each file.
#[derive(Clone, Debug)]
pub struct Publisher {
    seed: u64,
    missing_permille: u64,
    wrong_permille: u64,
    /// Links of the file under way.
    seen: BTreeMap<(Asn, Asn), Published>,
}

/// A link as it is published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Published {
    /// The first is provider of the second; else they are peers.
    pub provider: bool,
    /// Seen at a route server only: serial-2 has it, serial-1 has not.
    pub mlp_only: bool,
}

impl Publisher {
    /// With this noise.
    pub fn new(noise: &Noise, seed: u64) -> Publisher {
        Publisher {
            seed: mix(seed, 0x7265_6c61),
            missing_permille: u64::from(noise.relations_missing_permille),
            wrong_permille: u64::from(noise.relations_wrong_permille),
            seen: BTreeMap::new(),
        }
    }

    /// Takes in a topology as it is at some time of the days. What was seen first stays.
    pub fn see(&mut self, topology: &Topology) {
        topology.links().iter().for_each(|link| self.see_link(topology, link));
    }

    /// Takes in one link.
    pub fn see_link(&mut self, topology: &Topology, link: &Link) {
        // Where the families differ, IPv4 decides: most paths are of it.
        let Some(relation) = link.v4.or(link.v6) else { return };
        let (a, b) = (topology.network(link.a).asn, topology.network(link.b).asn);
        let (pair, provider) = match relation {
            Relation::Provider | Relation::Sibling => ((a, b), true),
            Relation::Customer => ((b, a), true),
            Relation::Peer => ((a.min(b), a.max(b)), false),
        };
        let mlp_only = !provider && link.exchange.is_some() && mix(u64::from(a.0), u64::from(b.0)) % 1000 < 500;
        if !self.seen.contains_key(&(pair.1, pair.0)) {
            self.seen.entry(pair).or_insert(Published { provider, mlp_only });
        }
    }
}

/// Writes the two files of the month that begins at `first`, and forgets what they were made of.
pub fn relations(shelf: &Shelf, publisher: &mut Publisher, topology: &Topology, first: Time) -> Result<(), WorldError> {
    let seen = std::mem::take(&mut publisher.seen);
    let month = mix(publisher.seed, first.secs() as u64);
    let mut links: Vec<((Asn, Asn), Published)> = Vec::with_capacity(seen.len());
    for ((a, b), mut published) in seen {
        let drawn = mix(month, u64::from(a.0) << 32 | u64::from(b.0));
        if drawn % 1000 < publisher.missing_permille {
            continue;
        }
        // Peer for provider, or the lower number as provider of the higher.
        published.provider ^= (drawn >> 20) % 1000 < publisher.wrong_permille;
        links.push(((a, b), published));
    }
    let clique = topology.networks().iter().filter(|network| network.kind == NetworkKind::TierOne);
    let clique = clique.map(|network| network.asn.0.to_string()).collect::<Vec<_>>().join(" ");
    let servers = topology.exchanges().iter().filter(|exchange| exchange.visible);
    let servers = servers.map(|exchange| exchange.route_server.0.to_string()).collect::<Vec<_>>().join(" ");
    let head = |out: &mut super::Packed| {
        writeln!(out, "# invented data: no line is about a real network")?;
        for day in 0..5 {
            writeln!(out, "# source:topology|BGP|{}|invented|world", day_stamp(first.plus_days(day)))?;
        }
        writeln!(out, "# input clique: {clique}")?;
        writeln!(out, "# IXP ASes: {servers}")
    };
    let label = |published: &Published| if published.provider { -1 } else { 0 };
    shelf.pack(&format!("snapshots/{}.as-rel.txt.gz", day_stamp(first)), |out, path| {
        let written = head(out).and_then(|()| {
            let of_bgp = links.iter().filter(|(_, published)| !published.mlp_only);
            of_bgp.into_iter().try_for_each(|((a, b), p)| writeln!(out, "{}|{}|{}", a.0, b.0, label(p)))
        });
        written.map_err(WorldError::file(path))
    })?;
    shelf.pack(&format!("snapshots/{}.as-rel2.txt.gz", day_stamp(first)), |out, path| {
        let written = head(out).and_then(|()| {
            links.iter().try_for_each(|((a, b), p)| {
                let source = if p.mlp_only { "mlp" } else { "bgp" };
                writeln!(out, "{}|{}|{}|{source}", a.0, b.0, label(p))
            })
        });
        written.map_err(WorldError::file(path))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use headwater_route::Family;

    use super::*;
    use crate::topology::tests::network;

    fn written(noise: &Noise, see: impl Fn(&mut Publisher, &mut Topology)) -> Vec<String> {
        let mut topology = Topology::default();
        for asn in 64496..64506 {
            topology.add_network(network(asn));
        }
        let of = |n| crate::topology::AsIndex(n);
        topology.relate(of(0), of(1), Family::V4, Some(Relation::Peer));
        topology.relate(of(2), of(0), Family::V4, Some(Relation::Customer));
        topology.relate(of(0), of(3), Family::V6, Some(Relation::Sibling));
        let mut publisher = Publisher::new(noise, 1);
        see(&mut publisher, &mut topology);
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(dir.path()).unwrap();
        relations(&shelf, &mut publisher, &topology, Time::from_date(2024, 3, 1).unwrap()).unwrap();
        let mut text = String::new();
        let file = std::fs::File::open(dir.path().join("snapshots/20240301.as-rel.txt.gz")).unwrap();
        GzDecoder::new(file).read_to_string(&mut text).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    fn noise(missing: u32, wrong: u32) -> Noise {
        Noise { relations_missing_permille: missing, relations_wrong_permille: wrong, ..Noise::default() }
    }

    #[test]
    fn links_of_any_of_the_days_are_published_with_the_label_seen_first() {
        let lines = written(&noise(0, 0), |publisher, topology| {
            publisher.see(topology);
            let of = |n| crate::topology::AsIndex(n);
            topology.relate(of(0), of(1), Family::V4, None);
            topology.relate(of(2), of(0), Family::V4, Some(Relation::Provider));
            topology.relate(of(4), of(5), Family::V4, Some(Relation::Provider));
            publisher.see(topology);
        });
        assert_eq!(lines, ["64496|64497|0", "64496|64498|-1", "64496|64499|-1", "64500|64501|-1"]);
    }

    #[test]
    fn a_publisher_misses_links_and_mislabels_others_as_often_as_it_is_told() {
        let see = |publisher: &mut Publisher, topology: &mut Topology| publisher.see(topology);
        assert_eq!(written(&noise(1000, 0), see), [""; 0]);
        assert_eq!(written(&noise(0, 1000), see), ["64496|64497|-1", "64496|64498|0", "64496|64499|0"]);
    }
}
