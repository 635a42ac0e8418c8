//! Routes in a handful of networks, worked out by hand.
//!
//! ```text
//!  64496 ======== 64497        the clique
//!   /   \        /    \
//! 64500  64501 ==(ix)== 64502  64501 and 64502 meet at a visible route server
//!   \    /          \
//!   64510           64511
//! ```

use headwater_route::{Asn, Family};

use super::{Graph, Leak, Learnt, Spread};
use crate::announce::{Announcement, Export, Seed, traits};
use crate::observe::Feed;
use crate::topology::tests::network;
use crate::topology::{AsIndex, Exchange, Relation, Topology};

const NUMBERS: [u32; 7] = [64496, 64497, 64500, 64501, 64502, 64510, 64511];

fn drawn() -> Topology {
    let mut topology = Topology::default();
    for asn in NUMBERS {
        topology.add_network(network(asn));
    }
    let of = |asn| of(&topology, asn);
    let links = [
        (64496, 64500),
        (64496, 64501),
        (64497, 64501),
        (64497, 64502),
        (64500, 64510),
        (64501, 64510),
        (64502, 64511),
    ];
    let sells = links.map(|(a, b)| (of(a), of(b)));
    let beside = [(of(64496), of(64497)), (of(64501), of(64502))];
    sells.iter().for_each(|(a, b)| topology.relate_both(*a, *b, Some(Relation::Provider)));
    beside.iter().for_each(|(a, b)| topology.relate_both(*a, *b, Some(Relation::Peer)));
    let exchange = topology.add_exchange(Exchange { route_server: Asn(64509), visible: true, region: 0 });
    topology.meet_at(beside[1].0, beside[1].1, exchange);
    topology
}

fn of(topology: &Topology, asn: u32) -> AsIndex {
    topology.find(Asn(asn)).expect("it is drawn")
}

/// Paths of all networks, as full feeds.
fn paths(topology: &Topology, announcement: &Announcement, leaks: &[Leak]) -> Vec<String> {
    let watchers = (0..NUMBERS.len() as u32).map(|index| (AsIndex(index), Feed::Full)).collect();
    let graph = Graph::new(topology, Family::V4, watchers, &[], 1);
    let held = Spread::new(&graph).held(announcement, leaks);
    let text = |hops: &[u32]| hops.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    (0..NUMBERS.len()).filter_map(|at| held.route(at)).map(|route| text(route.hops)).collect()
}

#[test]
fn a_prefix_goes_up_across_and_down() {
    let topology = drawn();
    let announcement = Announcement::plain(of(&topology, 64511));
    assert_eq!(
        paths(&topology, &announcement, &[]),
        [
            "64496 64497 64502 64511",
            "64497 64502 64511",
            "64500 64496 64497 64502 64511",
            "64501 64509 64502 64511",
            "64502 64511",
            "64510 64501 64509 64502 64511",
            "64511",
        ]
    );
}

#[test]
fn neighbours_get_what_the_seed_exports() {
    let topology = drawn();
    let (me, left, right) = (of(&topology, 64510), of(&topology, 64500), of(&topology, 64501));
    let seed = Seed::plain(me).with(left, Export::Nothing).with(right, Export::Prepended(2));
    let found = paths(&topology, &Announcement::of([seed]), &[]);
    assert!(found.contains(&"64496 64501 64510 64510 64510".to_owned()), "{found:?}");
    assert!(found.contains(&"64500 64496 64501 64510 64510 64510".to_owned()), "{found:?}");
}

#[test]
fn feeds_hold_back_what_is_not_theirs_to_give() {
    let topology = drawn();
    let announcement = Announcement::plain(of(&topology, 64511));
    let feeds = [Feed::Full, Feed::Customers, Feed::Own];
    let routes = |asn| {
        let watchers = feeds.map(|feed| (of(&topology, asn), feed)).to_vec();
        let graph = Graph::new(&topology, Family::V4, watchers, &[], 1);
        let held = Spread::new(&graph).held(&announcement, &[]);
        (0..3).map(|at| held.route(at).map(|route| route.learnt)).collect::<Vec<_>>()
    };
    assert_eq!(routes(64500), [Some(Learnt::Provider), None, None]);
    assert_eq!(routes(64502), [Some(Learnt::Customer), Some(Learnt::Customer), None]);
    assert_eq!(routes(64511), [Some(Learnt::Own); 3]);
}

#[test]
fn a_network_hides_itself_or_a_customer() {
    let mut topology = drawn();
    let announcement = Announcement::plain(of(&topology, 64511));
    let telecom = of(&topology, 64502);
    topology.network_mut(telecom).conduct.hides_itself = true;
    let found = paths(&topology, &announcement, &[]);
    assert!(found.contains(&"64497 64511".to_owned()) && found.contains(&"64501 64509 64511".to_owned()), "{found:?}");
    topology.network_mut(telecom).conduct.hides_itself = false;
    topology.network_mut(telecom).conduct.strips = vec![Asn(64511)];
    let found = paths(&topology, &announcement, &[]);
    assert!(found.contains(&"64496 64497 64502".to_owned()), "{found:?}");
}

#[test]
fn a_leaked_route_is_announced_as_a_customers() {
    let topology = drawn();
    let announcement = Announcement::plain(of(&topology, 64511));
    let leak = Leak { by: of(&topology, 64510), from: of(&topology, 64501), spared: Vec::new(), permille: 1000 };
    let found = paths(&topology, &announcement, std::slice::from_ref(&leak));
    // A customer's route wins however long; 64501 stands in it and does not take it.
    assert!(found.contains(&"64496 64500 64510 64501 64509 64502 64511".to_owned()), "{found:?}");
    assert!(found.contains(&"64500 64510 64501 64509 64502 64511".to_owned()), "{found:?}");
    assert!(found.contains(&"64501 64509 64502 64511".to_owned()), "{found:?}");
    let spared = Leak { spared: vec![of(&topology, 64500)], ..leak };
    assert_eq!(paths(&topology, &announcement, &[spared]), paths(&topology, &announcement, &[]));
}

#[test]
fn what_is_refused_goes_round_and_what_is_near_stays_near() {
    let mut topology = drawn();
    topology.network_mut(of(&topology, 64502)).conduct.refuses = traits::INVALID;
    let mut announcement = Announcement::plain(of(&topology, 64511));
    announcement.traits = traits::INVALID;
    assert_eq!(paths(&topology, &announcement, &[]), ["64511"]);
    announcement.traits = traits::TOO_LONG;
    announcement.reach = Some(1);
    assert_eq!(paths(&topology, &announcement, &[]), ["64502 64511", "64511"]);
}

#[test]
fn a_named_network_does_not_take_the_route() {
    let topology = drawn();
    let seed = Seed { tail: vec![Asn(64502), Asn(64511)], ..Seed::plain(of(&topology, 64510)) };
    let found = paths(&topology, &Announcement::of([seed]), &[]);
    assert!(!found.iter().any(|path| path.starts_with("64502") || path.starts_with("64511")), "{found:?}");
    assert!(found.contains(&"64497 64501 64510 64502 64511".to_owned()), "{found:?}");
}

#[test]
fn the_mark_of_the_first_who_passes_it_down_or_across_stays() {
    let mut topology = drawn();
    let announcement = Announcement::plain(of(&topology, 64511));
    let marks = |topology: &Topology, asn| {
        let watchers = vec![(of(topology, asn), Feed::Full)];
        let graph = Graph::new(topology, Family::V4, watchers, &[], 1);
        Spread::new(&graph).held(&announcement, &[]).route(0).and_then(|route| route.only_to_customer)
    };
    assert_eq!(marks(&topology, 64500), None);
    for asn in [64496, 64497] {
        let who = of(&topology, asn);
        topology.network_mut(who).conduct.marks_only_to_customer = true;
    }
    assert_eq!(marks(&topology, 64500), Some(Asn(64497)));
    assert_eq!(marks(&topology, 64502), None);
}
