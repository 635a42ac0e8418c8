//! Who carries what: the path and the other attributes of an origin's routes as a vantage sees them.
//!
//! Large networks stand on top; transit networks buy from one of them or from a regional one, origins from one to four transit
//! networks. A vantage reaches an origin over a transit network it peers with, or over one of its large neighbours.

use std::net::{IpAddr, Ipv4Addr};

use headwater_route::{AsPath, Asn, OriginCode};
use headwater_wire::mrt::encode::Attributes;

use crate::chance::{Chance, What};

/// First ASN of each kind of network, within the range for private use (RFC 6996).
const LARGE: u32 = 4_200_000_000;
const REGIONAL: u32 = 4_200_000_100;
const NEIGHBOUR: u32 = 4_200_000_500;
pub(crate) const VANTAGE: u32 = 4_200_010_000;
const TRANSIT: u32 = 4_200_100_000;
pub(crate) const ORIGIN: u32 = 4_201_000_000;

const LARGE_COUNT: u32 = 16;
const REGIONAL_COUNT: u32 = 60;

/// Ways a vantage has to an origin; they differ in their paths.
pub(crate) const WAYS: u8 = 5;

/// What decides about attributes: routes that agree in this have the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Way {
    pub vantage: u16,
    pub origin: u32,
    pub group: u32,
    pub aggregate: bool,
    /// Which of the [`WAYS`].
    pub choice: u8,
}

/// The networks.
#[derive(Clone, Debug)]
pub(crate) struct Networks {
    pub seed: u64,
    pub transits: u32,
}

/// What a vantage does with all its routes.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// Thousandth of transit networks it peers with.
    peers_with: u32,
    /// Has a provider between itself and the large networks.
    behind_neighbour: bool,
    sends_med: bool,
    /// Takes the communities of others off.
    strips: bool,
    tags: u32,
    /// Routes over several routers.
    next_hops: u32,
}

impl Networks {
    fn habits(&self, vantage: u16) -> Habits {
        let mut chance = Chance::of(self.seed, What::Vantage, [u32::from(vantage), 0, 0, 0]);
        Habits {
            peers_with: [0, 60, 200, 550][chance.weighted(&[2, 3, 3, 1])],
            behind_neighbour: chance.per_mille(120),
            sends_med: chance.per_mille(480),
            strips: chance.per_mille(330),
            tags: [0, 1, 2, 3, 6][chance.weighted(&[6, 2, 2, 2, 1])],
            next_hops: if chance.per_mille(250) { 6 } else { 1 },
        }
    }

    /// The transit network that an origin's group uses first (`nth` 0), second, …; none if it has fewer.
    fn upstream(&self, way: &Way, nth: u32) -> u32 {
        let mut chance = Chance::of(self.seed, What::Upstreams, [way.origin, 0, 0, 0]);
        let count = 1 + chance.weighted(&[30, 38, 20, 12]) as u32;
        let preferred =
            Chance::of(self.seed, What::Upstreams, [way.origin, way.group, 1, u32::from(way.vantage) % 3]).below(count);
        let which = (preferred + nth) % count;
        Chance::of(self.seed, What::Upstreams, [way.origin, which, 2, 0]).skewed(self.transits, 3)
    }

    /// The large network a vantage takes, and whether it takes none because it peers with the transit network.
    fn carrier(&self, way: &Way, transit: u32, habits: &Habits) -> Option<u32> {
        let vantage = u32::from(way.vantage);
        let peers = Chance::of(self.seed, What::Way, [vantage, transit, 0, 0]).per_mille(habits.peers_with);
        if peers && way.choice == 0 {
            return None;
        }
        // Most take the provider that the transit network announces itself through, so vantages share what is behind them.
        let (origin, region) = (way.origin % 4, vantage % 4);
        let first = match Chance::of(self.seed, What::Way, [transit, origin, region, 1]).per_mille(600) {
            true => Chance::of(self.seed, What::Transit, [transit, origin, 3, 0]).below(LARGE_COUNT),
            false => Chance::of(self.seed, What::Vantage, [vantage, 1, 0, 0]).skewed(LARGE_COUNT, 3),
        };
        // 5 and 16 have no common factor: every choice is another network.
        Some((first + u32::from(way.choice) * 5) % LARGE_COUNT)
    }

    /// Path and attributes; the next hop is that of `vantage_addr` or one beside it.
    pub fn attributes(&self, way: &Way, vantage_addr: IpAddr) -> Attributes {
        let habits = self.habits(way.vantage);
        let vantage = u32::from(way.vantage);
        let transit = self.upstream(way, u32::from(way.choice / 2));
        let carrier = self.carrier(way, transit, &habits);
        let mut traits = Chance::of(self.seed, What::Transit, [transit, 0, 0, 0]);
        let regional = traits.per_mille(170).then(|| traits.below(REGIONAL_COUNT));
        // Some origins buy from a large network itself.
        let buys_large = Chance::of(self.seed, What::Origin, [way.origin, 3, 0, 0]).per_mille(130);

        let own = VANTAGE + vantage;
        let mut hops = vec![own];
        if let Some(carrier) = carrier {
            if habits.behind_neighbour {
                hops.push(NEIGHBOUR + vantage % 5 * 4 + carrier % 4);
            }
            hops.push(LARGE + carrier);
            if !buys_large {
                hops.extend(regional.map(|regional| REGIONAL + regional));
            }
        }
        if !(buys_large && carrier.is_some()) {
            hops.push(TRANSIT + transit);
            self.repeat_transit(&mut hops, transit, carrier);
        }
        // Some customers of a transit network resell.
        let mut reseller = Chance::of(self.seed, What::Transit, [transit, way.origin, 1, 0]);
        if reseller.per_mille(90) {
            hops.push(TRANSIT + reseller.below(self.transits));
        }
        let origin = ORIGIN + way.origin;
        let repeats = self.repeats(way, transit);
        hops.extend((0..=repeats).map(|_| origin));

        let mut attributes = Attributes {
            origin: Some(self.origin_code(way)),
            path: Some(AsPath::sequence(hops.iter().copied())),
            next_hop: Some(beside(
                vantage_addr,
                Chance::of(self.seed, What::Way, [vantage, carrier.unwrap_or(transit), 2, 0]).below(habits.next_hops),
            )),
            ..Attributes::default()
        };
        if habits.sends_med {
            let mut chance =
                Chance::of(self.seed, What::Way, [vantage, carrier.unwrap_or(LARGE_COUNT), transit % 16, 3]);
            attributes.med = Some(if chance.per_mille(500) { 0 } else { chance.below(12) * 10 });
        }
        if way.aggregate {
            let mut chance = Chance::of(self.seed, What::Origin, [way.origin, way.group, 1, 0]);
            attributes.aggregator = Some((Asn(origin), Ipv4Addr::from(0xc612_0000 + chance.below(1 << 16))));
            attributes.atomic_aggregate = chance.per_mille(550);
        }
        self.tag(&mut attributes, way, &hops, &habits);
        attributes
    }

    fn origin_code(&self, way: &Way) -> OriginCode {
        match Chance::of(self.seed, What::Origin, [way.origin, way.group / 4, 0, 0]).below(1000) {
            0..10 => OriginCode::Egp,
            10..110 => OriginCode::Incomplete,
            _ => OriginCode::Igp,
        }
    }

    /// How often the origin stands again in its paths over a transit network.
    fn repeats(&self, way: &Way, transit: u32) -> u32 {
        let mut chance = Chance::of(self.seed, What::Origin, [way.origin, way.group, transit, 2]);
        match chance.below(1000) {
            0..820 => 0,
            820..980 => 1 + chance.skewed(5, 2),
            980..997 => 4 + chance.below(5),
            _ => 8 + chance.below(16),
        }
    }

    fn repeat_transit(&self, hops: &mut Vec<u32>, transit: u32, carrier: Option<u32>) {
        let Some(carrier) = carrier else { return };
        let mut chance = Chance::of(self.seed, What::Transit, [transit, carrier, 2, 0]);
        if chance.per_mille(40) {
            hops.extend((0..=chance.below(3)).map(|_| TRANSIT + transit));
        }
    }

    /// Communities: each network on the way may say where it learnt the route, nearest first; sorted, as routers send them.
    fn tag(&self, attributes: &mut Attributes, way: &Way, hops: &[u32], habits: &Habits) {
        let own = u32::from(way.vantage);
        let behind = hops.get(1).copied().unwrap_or(hops[0]);
        put_tags(
            &mut attributes.communities,
            hops[0],
            habits.tags,
            &mut Chance::of(self.seed, What::Communities, [own, behind, 0, 0]),
        );
        if habits.strips {
            return;
        }
        let mut pairs: Vec<(u32, u32)> = hops.windows(2).skip(1).map(|pair| (pair[0], pair[1])).collect();
        pairs.dedup();
        for (network, behind) in pairs.into_iter().filter(|(network, behind)| network != behind) {
            // What a network says of all its routes, then of this neighbour's.
            let mut traits = Chance::of(self.seed, What::Communities, [network, 0, 1, 0]);
            // The few large ones stand in most paths: their habits are not left to chance.
            let tags = match network.checked_sub(LARGE) {
                Some(large @ 0..LARGE_COUNT) => [2, 0, 3, 1, 5, 2, 0, 2][large as usize % 8],
                _ => [0, 1, 2, 5, 12][traits.weighted(&[48, 17, 17, 13, 5])],
            };
            let region = if traits.per_mille(300) { own % 3 } else { 0 };
            put_tags(
                &mut attributes.communities,
                network,
                tags,
                &mut Chance::of(self.seed, What::Communities, [network, behind, region, 2]),
            );
        }
        let mut chance = Chance::of(self.seed, What::Communities, [way.origin, way.group, 3, 0]);
        if chance.per_mille(140) {
            let tags = 1 + chance.skewed(6, 2);
            put_tags(&mut attributes.communities, ORIGIN + way.origin, tags, &mut chance);
        }
        if chance.per_mille(60) {
            let tags = 1 + chance.skewed(6, 2);
            let origin = ORIGIN + way.origin;
            attributes.large_communities.extend((0..tags).map(|_| [origin, 1 + chance.below(4), chance.below(400)]));
            attributes.large_communities.sort_unstable();
            attributes.large_communities.dedup();
        }
        attributes.communities.sort_unstable();
        attributes.communities.dedup();
    }
}

/// Adds communities of a network, under a number for private use of two bytes (RFC 6996).
fn put_tags(communities: &mut Vec<(u16, u16)>, network: u32, count: u32, chance: &mut Chance) {
    let high = 64_512 + (network.wrapping_mul(0x9e37_79b9) >> 22) as u16;
    // A network uses few values, and counts them in hundreds by what they mean.
    communities.extend((0..count).map(|nth| (high, (nth as u16 * 1000) + chance.skewed(40, 2) as u16)));
}

/// The address `nth` behind another one.
fn beside(addr: IpAddr, nth: u32) -> IpAddr {
    match addr {
        IpAddr::V4(addr) => IpAddr::V4(Ipv4Addr::from(u32::from(addr) + nth)),
        IpAddr::V6(addr) => IpAddr::V6((u128::from(addr) + u128::from(nth)).into()),
    }
}
