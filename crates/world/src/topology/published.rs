//! A published relationship file as the topology: real numbers and links, invented in all else.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use headwater_route::rows::{LinkKind, SnapshotRow};
use headwater_route::{Asn, Family};
use headwater_wire::{codec, snapshot, sniff};

use super::generate::{IPV6, conduct, of_kind};
use super::{AsIndex, Network, NetworkKind, REGIONS, Relation, Topology};
use crate::error::WorldError;
use crate::random::Random;

/// Customers from which on a network counts as selling in several regions.
const TRANSIT_CUSTOMERS: usize = 100;
/// Peers from which on a network without customers counts as content.
const CONTENT_PEERS: usize = 20;

/// Reads a relationship file. Which network has IPv6, where it is, and how it treats routes is drawn.
pub fn published(path: &Path, seed: u64) -> Result<Topology, WorldError> {
    let file = File::open(path).map_err(WorldError::file(path))?;
    let mut opened = codec::open(file, codec::Limits::default()).map_err(WorldError::file(path))?;
    let mut head = Vec::new();
    opened.by_ref().take(sniff::HEAD_BYTES as u64).read_to_end(&mut head).map_err(WorldError::file(path))?;
    let unreadable = |why: String| WorldError::scenario(format!("{}: {why}", path.display()));
    let sniffed = sniff::sniff(&head, &path.to_string_lossy()).map_err(|fault| unreadable(fault.detail))?;
    let mut reader = BufReader::new(Cursor::new(head).chain(opened));
    let mut links: Vec<(Asn, Asn, LinkKind)> = Vec::new();
    let mut bad = None;
    let mut row = |_, row: SnapshotRow<'_>| {
        if let SnapshotRow::Link { a, b, kind, .. } = row {
            links.push((a, b, kind));
        }
    };
    let summary = snapshot::read(&mut reader, &sniffed, &mut row, &mut |fault| bad = bad.take().or(Some(fault)));
    if let Some(fault) = bad {
        return Err(unreadable(format!("at byte {}: {}", fault.offset, fault.detail)));
    }
    if links.is_empty() {
        return Err(unreadable("holds no relationships".to_owned()));
    }
    Ok(arrange(&links, &summary.clique, seed))
}

/// Networks are numbered by their numbers, not by their place in the file: its order says nothing.
fn arrange(links: &[(Asn, Asn, LinkKind)], clique: &[Asn], seed: u64) -> Topology {
    let mut numbers: Vec<Asn> = links.iter().flat_map(|(a, b, _)| [*a, *b]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut random = Random::of(seed, "published");
    let mut topology = Topology::default();
    for (index, asn) in (0..).zip(&numbers) {
        topology.add_network(Network {
            asn: *asn,
            kind: NetworkKind::Stub,
            region: random.below(u64::from(REGIONS)) as u8,
            organisation: index,
            name: None,
            v6: false,
            conduct: Default::default(),
        });
    }
    for (a, b, kind) in links {
        let (Some(a), Some(b)) = (topology.find(*a), topology.find(*b)) else { continue };
        let relation = match kind {
            LinkKind::Provider => Relation::Provider,
            _ => Relation::Peer,
        };
        // The first line about a pair counts.
        if topology.link_between(a, b).is_none() {
            topology.relate(a, b, Family::V4, Some(relation));
        }
    }
    for index in (0..numbers.len() as u32).map(AsIndex) {
        let kind = kind(&topology, index, clique);
        let network = topology.network_mut(index);
        network.kind = kind;
        network.v6 = random.permille(of_kind(&IPV6, kind));
        network.conduct = conduct(&mut random, kind);
    }
    // IPv6 needs a provider that has it.
    for index in (0..numbers.len() as u32).map(AsIndex) {
        let mut providers = topology.providers(index, Family::V4).map(|provider| topology.network(provider).v6);
        let reached = providers.next().is_none_or(|first| first || providers.any(|v6| v6));
        drop(providers);
        topology.network_mut(index).v6 &= reached;
    }
    for number in 0..topology.links().len() {
        let link = topology.links()[number];
        if topology.network(link.a).v6 && topology.network(link.b).v6 {
            topology.relate(link.a, link.b, Family::V6, link.v4);
        }
    }
    topology
}

fn kind(topology: &Topology, index: AsIndex, clique: &[Asn]) -> NetworkKind {
    let (mut customers, mut peers) = (0, 0);
    for (_, relation, _) in topology.neighbours(index, Family::V4) {
        customers += usize::from(relation == Relation::Customer);
        peers += usize::from(relation == Relation::Peer);
    }
    match customers {
        _ if clique.contains(&topology.network(index).asn) => NetworkKind::TierOne,
        TRANSIT_CUSTOMERS.. => NetworkKind::Transit,
        1.. => NetworkKind::Regional,
        0 if peers >= CONTENT_PEERS => NetworkKind::Content,
        0 => NetworkKind::Stub,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_published_file_is_the_topology() {
        let text = "# input clique: 64496 64497\n64496|64497|0\n64496|64500|-1\n64500|64510|-1\n64510|64500|0\n";
        let mut file = tempfile::NamedTempFile::with_prefix("20240301.as-rel.").unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let topology = published(file.path(), 1).unwrap();
        let of = |asn| topology.find(Asn(asn)).unwrap();
        assert_eq!(topology.networks().len(), 4);
        assert_eq!(topology.network(of(64496)).kind, NetworkKind::TierOne);
        assert_eq!(topology.network(of(64500)).kind, NetworkKind::Regional);
        assert_eq!(topology.relation(of(64496), of(64497), Family::V4), Some(Relation::Peer));
        // Of two lines about a pair the first counts.
        assert_eq!(topology.relation(of(64510), of(64500), Family::V4), Some(Relation::Customer));
        file.write_all(b"64496|no\n").unwrap();
        let error = published(file.path(), 1).unwrap_err().to_string();
        assert!(error.contains("at byte"), "{error}");
    }
}
