//! Routes the slow way, to compare with: every network looks at all its neighbours, again and again, until nothing changes.

use headwater_route::{Asn, Family};
use proptest::prelude::*;

use super::spread::tie;
use super::{Graph, Learnt, Spread};
use crate::announce::{Announcement, Export, Seed, traits};
use crate::observe::Feed;
use crate::random::Random;
use crate::topology::{AsIndex, Conduct, Exchange, Network, NetworkKind, Relation, Topology};

/// A choice: from whom, over how many networks, and the numbers in the path as received.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Choice {
    learnt: Learnt,
    parent: AsIndex,
    hops: u8,
    /// Networks on the way, for loops.
    way: Vec<AsIndex>,
    path: Vec<u32>,
    seed: usize,
}

fn settle(topology: &Topology, announcement: &Announcement, tie_seed: u64) -> Vec<Option<Choice>> {
    let networks = topology.networks().len();
    let mut chosen: Vec<Option<Choice>> = vec![None; networks];
    for (number, seed) in announcement.seeds.iter().enumerate() {
        chosen[seed.at.at()] = Some(Choice {
            learnt: Learnt::Own,
            parent: seed.at,
            hops: 0,
            way: Vec::new(),
            path: seed.tail.iter().map(|asn| asn.0).collect(),
            seed: number,
        });
    }
    for _round in 0..200 {
        let mut changed = false;
        for number in 0..networks {
            let me = AsIndex(number as u32);
            if chosen[number].as_ref().is_some_and(|choice| choice.learnt == Learnt::Own) {
                continue;
            }
            let offers = topology.neighbours(me, Family::V4).filter_map(|(from, relation, link)| {
                let held = chosen[from.at()].as_ref()?;
                let seed = &announcement.seeds[held.seed];
                let of_customer = held.learnt <= Learnt::Customer;
                let learnt = match relation {
                    Relation::Customer | Relation::Sibling if of_customer => Learnt::Customer,
                    Relation::Peer if of_customer => Learnt::Peer,
                    Relation::Provider | Relation::Sibling => Learnt::Provider,
                    _ => return None,
                };
                let repeats = match (held.learnt, seed.export(me)) {
                    (Learnt::Own, Export::Nothing) => return None,
                    (Learnt::Own, Export::Prepended(more)) => 1 + usize::from(more),
                    _ => {
                        let repeats = &topology.network(from).conduct.repeats;
                        1 + repeats.iter().find(|(who, _)| *who == me).map_or(0, |(_, more)| usize::from(*more))
                    }
                };
                let mine = topology.network(me);
                let refused = mine.conduct.refuses & announcement.traits != 0 || seed.tail.contains(&mine.asn);
                let too_far = announcement.reach.is_some_and(|reach| held.hops + 1 > reach);
                if refused || too_far || held.way.contains(&me) {
                    return None;
                }
                let link = &topology.links()[link.0 as usize];
                let server = link.exchange.map(|id| &topology.exchanges()[id.0 as usize]).filter(|e| e.visible);
                let mut path: Vec<u32> = Vec::new();
                if let (Some(server), Relation::Peer) = (server, relation) {
                    path.push(server.route_server.0);
                }
                path.extend(std::iter::repeat_n(topology.network(from).asn.0, repeats));
                path.extend(&held.path);
                let mut way = held.way.clone();
                way.push(from);
                Some(Choice { learnt, parent: from, hops: held.hops + 1, way, path, seed: held.seed })
            });
            let best = offers.min_by_key(|offer| (offer.learnt, offer.path.len(), tie(tie_seed, me.0, offer.parent.0)));
            if best != chosen[number] {
                chosen[number] = best;
                changed = true;
            }
        }
        if !changed {
            return chosen;
        }
    }
    panic!("the reference does not settle");
}

/// A small topology of chance, with everything that has a part in the choice.
fn topology(random: &mut Random) -> Topology {
    let mut topology = Topology::default();
    let networks = 4 + random.index(20);
    for number in 0..networks as u32 {
        let refuses = if random.permille(150) { traits::INVALID } else { 0 };
        topology.add_network(Network {
            asn: Asn(65536 + number),
            kind: NetworkKind::Stub,
            region: 0,
            organisation: number,
            name: None,
            v6: false,
            conduct: Conduct { refuses, ..Conduct::default() },
        });
    }
    let exchange = topology.add_exchange(Exchange { route_server: Asn(64509), visible: true, region: 0 });
    for _ in 0..networks * 2 {
        let (a, b) = (AsIndex(random.index(networks) as u32), AsIndex(random.index(networks) as u32));
        if topology.link_between(a, b).is_some() {
            continue;
        }
        let relation = match random.below(10) {
            0..6 => Relation::Provider,
            6..9 => Relation::Peer,
            _ => Relation::Sibling,
        };
        // The lower index sells: no cycles.
        topology.relate(a.min(b), a.max(b), Family::V4, Some(relation));
        if random.permille(200) {
            let who = if random.permille(500) { (a, b) } else { (b, a) };
            topology.network_mut(who.0).conduct.repeats.push((who.1, 1 + random.below(3) as u8));
        }
        if relation == Relation::Peer && random.permille(300) {
            topology.meet_at(a, b, exchange);
        }
    }
    topology
}

fn announcement(topology: &Topology, random: &mut Random) -> Announcement {
    let networks = topology.networks().len();
    let seeds = (0..1 + random.index(2)).map(|_| {
        let mut seed = Seed::plain(AsIndex(random.index(networks) as u32));
        if random.permille(300) {
            seed.tail = (0..1 + random.index(3)).map(|_| Asn(65536 + random.below(networks as u64) as u32)).collect();
            seed.tail.retain(|asn| *asn != topology.network(seed.at).asn);
        }
        for (neighbour, ..) in topology.neighbours(seed.at, Family::V4) {
            match random.below(6) {
                0 => seed = seed.with(neighbour, Export::Nothing),
                1 => seed = seed.with(neighbour, Export::Prepended(2)),
                _ => {}
            }
        }
        seed
    });
    let mut announcement = Announcement::of(seeds.collect::<Vec<_>>());
    announcement.traits = if random.permille(300) { traits::INVALID } else { 0 };
    announcement.reach = random.permille(150).then(|| 1 + random.below(3) as u8);
    announcement
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// What watchers hold is what the reference gives: class, path, parent. Watchers are some, so that irrelevant networks
    /// are left out, and several announcements go over one spread, so that nothing of one is left for the next.
    #[test]
    fn routes_are_those_of_the_reference(seed: u64) {
        let mut random = Random::of(seed, "reference");
        let topology = topology(&mut random);
        let networks = topology.networks().len();
        let watchers: Vec<(AsIndex, Feed)> =
            (0..3).map(|_| (AsIndex(random.index(networks) as u32), Feed::Full)).collect();
        let graph = Graph::new(&topology, Family::V4, watchers.clone(), &[], seed);
        let mut spread = Spread::new(&graph);
        for _ in 0..3 {
            let announcement = announcement(&topology, &mut random);
            let expected = settle(&topology, &announcement, seed);
            let held = spread.held(&announcement, &[]);
            for (position, (watcher, _)) in watchers.iter().enumerate() {
                let expected = expected[watcher.at()].as_ref().map(|choice| {
                    let own = topology.network(*watcher).asn.0;
                    (choice.learnt, std::iter::once(own).chain(choice.path.iter().copied()).collect::<Vec<u32>>())
                });
                let found = held.route(position).map(|route| (route.learnt, route.hops.to_vec()));
                prop_assert_eq!(found, expected, "watcher {:?} of {:?}", watcher, announcement);
            }
        }
    }
}
