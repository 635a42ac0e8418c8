//! A topology of chance, shaped like the real one.
//!
//! Networks that sell transit stand in an order; each buys from networks before it only, so there are no cycles. Customers and
//! peers spread as 1/(rank + c) over ranks that are drawn apart from that order, because a network with many customers may
//! well buy from one with few: that is what the published relationships of 2024 show (docs/method/worlds.md compares). Regions bias both. Counts below were read off CAIDA's file of 2024-08.

use headwater_route::{Asn, Family};

use super::{AsIndex, Conduct, Exchange, Network, NetworkKind, REGIONS, Relation, Topology};
use crate::announce::traits;
use crate::random::Random;
use crate::scenario::TopologyPlan;

/// First number of the crowd (RFC 6996).
pub const FIRST_CROWD_ASN: u32 = 4_200_000_000;
/// First number of route servers that show themselves (RFC 6996 too, behind the crowd).
pub const FIRST_EXCHANGE_ASN: u32 = 4_210_000_000;

/// Networks of each kind in a thousand; the rest are stubs.
const TRANSIT_PERMILLE: u32 = 12;
const REGIONAL_PERMILLE: u32 = 210;
const CONTENT_PERMILLE: u32 = 20;
/// Weight of a provider by rank r is 1/(r + PROVIDER_HEAD), of a peer 1/(r + PEER_HEAD), bent down from rank PEER_BEND on.
const PROVIDER_HEAD: u64 = 3;
const PEER_HEAD: u64 = 4;
const PEER_BEND: u64 = 4000;
/// How many in a thousand buy from 1, 2, … providers (cumulative; the last has one more).
const STUB_PROVIDERS: [u64; 6] = [455, 812, 927, 968, 983, 1000];
const TRANSIT_PROVIDERS: [u64; 9] = [205, 490, 700, 825, 895, 935, 960, 980, 1000];
/// Weights of a provider, in a thousand.
#[derive(Clone, Copy)]
struct Taste {
    tier_one: u64,
    transit: u64,
    far_transit: u64,
    regional: u64,
    far_regional: u64,
}
/// Stubs buy in their region.
const STUB_TASTE: Taste = Taste { tier_one: 1000, transit: 1000, far_transit: 350, regional: 1700, far_regional: 25 };
/// Those who sell buy higher up: real paths are four networks long, not six.
const SELLER_TASTE: Taste = Taste { tier_one: 2500, transit: 1000, far_transit: 400, regional: 300, far_regional: 2 };
const FAR_PEER: u64 = 250;
/// Peer links per thousand networks.
const PEER_LINKS_PERMILLE: u64 = 4350;
/// How many in a thousand of a kind peer at all.
const PEERING: [(NetworkKind, u32); 5] = [
    (NetworkKind::TierOne, 1000),
    (NetworkKind::Transit, 950),
    (NetworkKind::Regional, 480),
    (NetworkKind::Content, 1000),
    (NetworkKind::Stub, 130),
];
/// How many in a thousand of a kind have IPv6, if a provider has.
pub(super) const IPV6: [(NetworkKind, u32); 5] = [
    (NetworkKind::TierOne, 1000),
    (NetworkKind::Transit, 970),
    (NetworkKind::Regional, 750),
    (NetworkKind::Content, 850),
    (NetworkKind::Stub, 350),
];
/// Of links that could be in both families: in IPv4 only, and of another relation in IPv6.
const V4_ONLY_PERMILLE: u32 = 60;
const HYBRID_PERMILLE: u32 = 15;
/// Stubs that are siblings of their provider, and how many of those are linked as siblings.
const SIBLING_PERMILLE: u32 = 60;
const SIBLING_LINK_PERMILLE: u32 = 600;
/// Of peer links within a region: at a route server. Of route servers: visible.
const ROUTE_SERVER_PERMILLE: u32 = 450;
const VISIBLE_PERMILLE: u32 = 120;
/// Conduct.
const REPEATS_PERMILLE: u32 = 300;
const STRIPS_COMMUNITIES_PERMILLE: u32 = 350;
const REFUSES_INVALID_PERMILLE: u32 = 300;
const ACCEPTS_LONG_PERMILLE: u32 = 60;

pub(super) fn of_kind(table: &[(NetworkKind, u32)], kind: NetworkKind) -> u32 {
    table.iter().find(|(of, _)| *of == kind).map_or(0, |(_, permille)| *permille)
}

/// Makes a topology of `plan.networks` networks. The first networks sell transit, best rank first.
pub fn generate(plan: &TopologyPlan, seed: u64) -> Topology {
    let mut topology = Topology::default();
    let mut making = Making { plan, random: Random::of(seed, "topology"), transit: 0, ranks: Vec::new() };
    making.networks(&mut topology);
    making.transit_links(&mut topology);
    making.siblings(&mut topology);
    making.peers(&mut topology);
    topology
}

struct Making<'a> {
    plan: &'a TopologyPlan,
    random: Random,
    /// Networks that sell transit come first: how many they are.
    transit: usize,
    /// Their ranks by customers, 0 the most.
    ranks: Vec<u64>,
}

impl Making<'_> {
    fn networks(&mut self, topology: &mut Topology) {
        let all = self.plan.networks;
        let share = |permille: u32| (u64::from(all) * u64::from(permille) / 1000) as u32;
        let tier_one = (5 + all / 5000).min(19);
        let transit = share(TRANSIT_PERMILLE).max(6);
        let regional = share(REGIONAL_PERMILLE);
        let content = share(CONTENT_PERMILLE);
        self.transit = (tier_one + transit + regional).min(all) as usize;
        for number in 0..all {
            let kind = match number {
                n if n < tier_one => NetworkKind::TierOne,
                n if n < tier_one + transit => NetworkKind::Transit,
                n if n < tier_one + transit + regional => NetworkKind::Regional,
                n if n < tier_one + transit + regional + content => NetworkKind::Content,
                _ => NetworkKind::Stub,
            };
            topology.add_network(Network {
                asn: Asn(FIRST_CROWD_ASN + number),
                kind,
                region: self.random.below(u64::from(REGIONS)) as u8,
                organisation: number,
                name: None,
                v6: self.random.permille(of_kind(&IPV6, kind)),
                conduct: conduct(&mut self.random, kind),
            });
        }
    }

    /// Ranks are drawn among networks of one kind, and the clique stands among large transit networks.
    fn rank(&mut self, topology: &Topology) {
        let mut drawn: Vec<(u64, usize)> = (0..self.transit)
            .map(|at| match topology.networks()[at].kind {
                NetworkKind::Regional => (1000 + self.random.below(1 << 20), at),
                _ => (self.random.below(1000), at),
            })
            .collect();
        drawn.sort_unstable();
        self.ranks = vec![0; self.transit];
        for (rank, (_, at)) in (0..).zip(drawn) {
            self.ranks[at] = rank;
        }
    }

    /// Running sums of providers' weights for a customer of each region.
    fn provider_weights(&self, topology: &Topology, taste: Taste) -> Vec<Vec<u64>> {
        let weight = |at: usize, region: u8| {
            let network = &topology.networks()[at];
            let near = network.region == region;
            let permille = match network.kind {
                NetworkKind::TierOne => taste.tier_one,
                NetworkKind::Regional if near => taste.regional,
                NetworkKind::Regional => taste.far_regional,
                _ if near => taste.transit,
                _ => taste.far_transit,
            };
            (1u64 << 32) / (self.ranks[at] + PROVIDER_HEAD) * permille
        };
        let running = |region| {
            let mut sum = 0;
            (0..self.transit).map(|at| (sum += weight(at, region), sum).1).collect()
        };
        (0..REGIONS).map(running).collect()
    }

    fn transit_links(&mut self, topology: &mut Topology) {
        self.rank(topology);
        let (of_stubs, of_sellers) =
            (self.provider_weights(topology, STUB_TASTE), self.provider_weights(topology, SELLER_TASTE));
        for index in 0..topology.networks().len() {
            let me = AsIndex(index as u32);
            let (kind, region) = (topology.network(me).kind, topology.network(me).region);
            if kind == NetworkKind::TierOne {
                (0..index).for_each(|other| self.link(topology, AsIndex(other as u32), me, Relation::Peer));
                continue;
            }
            let (table, weights): (&[u64], _) = match index < self.transit {
                true => (&TRANSIT_PROVIDERS, &of_sellers),
                false => (&STUB_PROVIDERS, &of_stubs),
            };
            let wanted = self.random.weighted(table) + 1;
            let better = &weights[usize::from(region)][..index.min(self.transit)];
            let mut providers: Vec<AsIndex> = Vec::new();
            for _ in 0..wanted * 4 {
                let provider = AsIndex(self.random.weighted(better) as u32);
                if providers.len() < wanted && !providers.contains(&provider) {
                    providers.push(provider);
                }
            }
            // IPv6 needs a provider that has it.
            if !providers.iter().any(|provider| topology.network(*provider).v6) {
                topology.network_mut(me).v6 = false;
            }
            for provider in &providers {
                self.link(topology, *provider, me, Relation::Provider);
            }
            if providers.len() > 1 && index < self.transit && self.random.permille(REPEATS_PERMILLE) {
                let many = 1 + self.random.below(3) as u8;
                topology.network_mut(me).conduct.repeats = vec![(providers[0], many)];
            }
            let in_v6 = topology.providers(me, Family::V6).count();
            let first = providers.iter().find(|provider| topology.network(**provider).v6);
            if let (true, 0, Some(provider)) = (topology.network(me).v6, in_v6, first) {
                topology.relate(*provider, me, Family::V6, Some(Relation::Provider));
            }
        }
    }

    /// A link in both families as far as both have them, with the exceptions there are.
    fn link(&mut self, topology: &mut Topology, a: AsIndex, b: AsIndex, relation: Relation) {
        topology.relate(a, b, Family::V4, Some(relation));
        if !topology.network(a).v6 || !topology.network(b).v6 || self.random.permille(V4_ONLY_PERMILLE) {
            return;
        }
        // In the clique everyone peers.
        let top = topology.network(a).kind == NetworkKind::TierOne && topology.network(b).kind == NetworkKind::TierOne;
        let other = match relation {
            Relation::Provider => Relation::Peer,
            Relation::Peer => Relation::Provider,
            same => same,
        };
        // `a` has the better rank where it sells.
        let hybrid = !top && self.random.permille(HYBRID_PERMILLE) && (a < b || other == Relation::Peer);
        topology.relate(a, b, Family::V6, Some(if hybrid { other } else { relation }));
    }

    /// Some stubs belong to the organisation they buy from; most of these buy from no one else.
    fn siblings(&mut self, topology: &mut Topology) {
        for index in self.transit..topology.networks().len() {
            let me = AsIndex(index as u32);
            if !self.random.permille(SIBLING_PERMILLE) {
                continue;
            }
            let Some(parent) = topology.providers(me, Family::V4).find(|p| sells(topology, *p)) else { continue };
            topology.network_mut(me).organisation = topology.network(parent).organisation;
            if !self.random.permille(SIBLING_LINK_PERMILLE) {
                continue;
            }
            // A sibling with providers of its own would carry its whole organisation.
            for family in [Family::V4, Family::V6] {
                let providers: Vec<AsIndex> = topology.providers(me, family).collect();
                providers.into_iter().for_each(|provider| topology.relate(provider, me, family, None));
            }
            topology.network_mut(me).v6 &= topology.network(parent).v6;
            topology.relate_both(parent, me, Some(Relation::Sibling));
        }
    }

    fn peers(&mut self, topology: &mut Topology) {
        let exchanges = self.exchanges(topology);
        let mut ranked = self.peering(topology);
        let wanted = u64::from(self.plan.networks) * PEER_LINKS_PERMILLE / 1000;
        ranked.truncate(topology.networks().len());
        let weight = |rank: usize, region: Option<u8>| {
            let base = (1u64 << 40) / (rank as u64 + PEER_HEAD) * PEER_BEND / (PEER_BEND + rank as u64);
            match region {
                Some(region) if topology.network(ranked[rank]).region != region => base * FAR_PEER / 1000,
                _ => base,
            }
        };
        let running = |region: Option<u8>| -> Vec<u64> {
            let mut sum = 0;
            (0..ranked.len()).map(|rank| (sum += weight(rank, region), sum).1).collect()
        };
        let anyone = running(None);
        let near: Vec<Vec<u64>> = (0..REGIONS).map(|region| running(Some(region))).collect();
        let mut made = 0;
        // Heads of the ranking are soon linked with each other; the bound ends a small world's search.
        for _ in 0..wanted * 4 {
            if made == wanted || ranked.len() < 2 {
                break;
            }
            let a = ranked[self.random.weighted(&anyone)];
            let region = topology.network(a).region;
            let b = ranked[self.random.weighted(&near[usize::from(region)])];
            if a == b || topology.link_between(a, b).is_some() || sibling_stub(topology, a) || sibling_stub(topology, b)
            {
                continue;
            }
            self.link(topology, a.min(b), a.max(b), Relation::Peer);
            made += 1;
            if topology.network(b).region == region && self.random.permille(ROUTE_SERVER_PERMILLE) {
                let here = &exchanges[usize::from(region)];
                if let Some(exchange) = self.random.pick(here) {
                    topology.meet_at(a, b, *exchange);
                }
            }
        }
    }

    /// Networks that peer, those with most peers first: content and open transit, then the rest; a clique member peers with
    /// few.
    fn peering(&mut self, topology: &Topology) -> Vec<AsIndex> {
        let mut ranked: Vec<(u64, AsIndex)> = Vec::new();
        for (index, network) in topology.networks().iter().enumerate() {
            if !self.random.permille(of_kind(&PEERING, network.kind)) {
                continue;
            }
            let place = match network.kind {
                NetworkKind::Content => 0,
                NetworkKind::Transit => 200,
                NetworkKind::TierOne => 900,
                NetworkKind::Regional => 1000,
                NetworkKind::Stub => 2000,
            };
            ranked.push((place + self.random.below(3000), AsIndex(index as u32)));
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, index)| index).collect()
    }

    /// Route servers of each region: more in a larger world.
    fn exchanges(&mut self, topology: &mut Topology) -> Vec<Vec<super::ExchangeId>> {
        let each = 1 + self.plan.networks / 4000;
        let mut number = 0;
        let mut of_region = |region: u8| {
            let make = |_| {
                let route_server = Asn(FIRST_EXCHANGE_ASN + number);
                number += 1;
                // One of the first shows itself, so that every world has both sorts.
                let visible = number == 1 || self.random.permille(VISIBLE_PERMILLE);
                topology.add_exchange(Exchange { route_server, visible, region })
            };
            (0..each).map(make).collect()
        };
        (0..REGIONS).map(&mut of_region).collect()
    }
}

fn sells(topology: &Topology, index: AsIndex) -> bool {
    matches!(topology.network(index).kind, NetworkKind::Transit | NetworkKind::Regional)
}

/// Stubs that hang on a sibling have no peers either.
fn sibling_stub(topology: &Topology, index: AsIndex) -> bool {
    topology.network(index).kind == NetworkKind::Stub && topology.providers(index, Family::V4).next().is_none()
}

/// Draws how a network treats routes.
pub(super) fn conduct(random: &mut Random, kind: NetworkKind) -> Conduct {
    let stub = kind == NetworkKind::Stub;
    let mut refuses = 0;
    if random.permille(REFUSES_INVALID_PERMILLE) {
        refuses |= traits::INVALID;
    }
    if !random.permille(ACCEPTS_LONG_PERMILLE) {
        refuses |= traits::TOO_LONG;
    }
    Conduct {
        strips_communities: random.permille(STRIPS_COMMUNITIES_PERMILLE),
        marks_only_to_customer: !stub && random.permille(80),
        refuses,
        ..Conduct::default()
    }
}
