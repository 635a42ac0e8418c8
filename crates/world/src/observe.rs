//! Who watches: collectors and their vantages.
//!
//! Must not know: routes, files.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use headwater_route::{Asn, Family, Session};
use serde::{Deserialize, Serialize};

use crate::random::Random;
use crate::scenario::Observers;
use crate::topology::{AsIndex, NetworkKind, Topology};

/// A vantage's place in [`Watch::vantages`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VantageId(pub u32);

/// A collector's place in [`Watch::collectors`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CollectorId(pub u32);

/// A machine that archives what its peers tell it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collector {
    /// Its name, which is a directory too: `rrc00`.
    pub name: String,
    /// Its own end of the sessions.
    pub local: Session,
    /// Its end of IPv6 sessions.
    pub local_v6: Session,
}

/// A collector's peer session, of one family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vantage {
    /// Whose.
    pub collector: CollectorId,
    /// The peer.
    pub network: AsIndex,
    /// Number and address.
    pub session: Session,
    /// Which family's routes it sends.
    pub family: Family,
    /// What it sends of its table.
    pub feed: Feed,
    /// It is up when the collectors begin.
    pub from_start: bool,
}

/// What a peer sends a collector.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// Its whole table.
    Full,
    /// Its own routes and those of its customers, as to a peer.
    Customers,
    /// Its own routes.
    Own,
}

/// All collectors and vantages.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Collectors.
    pub collectors: Vec<Collector>,
    /// Vantages, in the order they were made.
    pub vantages: Vec<Vantage>,
}

impl Watch {
    /// Draws collectors and their peers: mostly networks that sell transit, as real ones are.
    pub fn draw(topology: &Topology, observers: &Observers, seed: u64) -> Watch {
        let mut random = Random::of(seed, "vantages");
        let mut watch = Watch::default();
        let mut count = random.below(1000);
        let candidates: Vec<AsIndex> = (0..topology.networks().len() as u32).map(AsIndex).collect();
        let of_kind = |kinds: &[NetworkKind]| -> Vec<AsIndex> {
            candidates.iter().copied().filter(|index| kinds.contains(&topology.network(*index).kind)).collect()
        };
        let neighbours = |index: AsIndex| topology.neighbours(index, Family::V4).count();
        let large = of_kind(&[NetworkKind::TierOne, NetworkKind::Transit]);
        let middle = of_kind(&[NetworkKind::Regional, NetworkKind::Content]);
        for number in 0..observers.collectors {
            let id = CollectorId(number);
            watch.add_collector(&format!("rrc{number:02}"));
            let mut taken: Vec<AsIndex> = Vec::new();
            for _ in 0..observers.vantages {
                let pool = match random.below(100) {
                    0..40 => &large,
                    40..90 => &middle,
                    _ => &candidates,
                };
                // Of three, the one with most neighbours: those who feed collectors are well connected.
                let drawn: Vec<AsIndex> = (0..3).filter_map(|_| random.pick(pool).copied()).collect();
                let free = drawn.into_iter().filter(|index| !taken.contains(index));
                let Some(network) = free.max_by_key(|index| (neighbours(*index), *index)) else { continue };
                taken.push(network);
                // Partial feeds come evenly: a collector of nothing else would be an accident of the draw.
                let share = u64::from(observers.partial_permille);
                count += 1;
                let feed = match count * share / 1000 > (count - 1) * share / 1000 {
                    false => Feed::Full,
                    true if random.permille(800) => Feed::Customers,
                    true => Feed::Own,
                };
                watch.add_vantage(topology, id, network, Family::V4, feed);
                if topology.network(network).v6 && random.permille(observers.v6_permille) {
                    watch.add_vantage(topology, id, network, Family::V6, feed);
                }
            }
        }
        watch
    }

    /// Adds a collector. Its addresses are documentation addresses.
    pub fn add_collector(&mut self, name: &str) -> CollectorId {
        let number = self.collectors.len() as u32;
        let session = |addr| Session { asn: COLLECTOR_ASN, addr };
        self.collectors.push(Collector {
            name: name.to_owned(),
            local: session(IpAddr::V4(Ipv4Addr::from_bits(LOCAL_V4 + number % 250 + 1))),
            local_v6: session(IpAddr::V6(Ipv6Addr::from_bits(SESSIONS_V6 + u128::from(number % 250) + 1))),
        });
        CollectorId(number)
    }

    /// Adds a vantage, up from the start. Its address is of the exchange LAN of its collector.
    pub fn add_vantage(
        &mut self,
        topology: &Topology,
        collector: CollectorId,
        network: AsIndex,
        family: Family,
        feed: Feed,
    ) -> VantageId {
        let id = VantageId(self.vantages.len() as u32);
        // Sessions of one network at several collectors differ in address.
        let addr = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(SESSIONS_V4 + id.0 % 0xffff)),
            Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(SESSIONS_V6 + 0x1_0000 + u128::from(id.0))),
        };
        let session = Session { asn: topology.network(network).asn, addr };
        self.vantages.push(Vantage { collector, network, session, family, feed, from_start: true });
        id
    }

    /// Vantages of a collector.
    pub fn of_collector(&self, collector: CollectorId) -> impl Iterator<Item = VantageId> + '_ {
        let ids = (0..self.vantages.len() as u32).map(VantageId);
        ids.filter(move |id| self.vantages[id.0 as usize].collector == collector)
    }
}

/// The number of every collector (RFC 5398).
pub const COLLECTOR_ASN: Asn = Asn(65551);
/// 192.0.2.0 (RFC 5737).
const LOCAL_V4: u32 = 0xc000_0200;
/// 255.0.0.0, of the reserved class E: exchange LANs.
const SESSIONS_V4: u32 = 0xff00_0001;
/// 2001:db8:ffff:: (RFC 3849).
const SESSIONS_V6: u128 = 0x2001_0db8_ffff << 80;
