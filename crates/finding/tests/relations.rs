//! Relationships of invented worlds against the truth (methods §6, tests owed). `cargo test --test relations -- --nocapture`
//! prints the figures.

mod worlds;

use std::collections::{BTreeMap, BTreeSet};

use headwater_finding::relation::cone::cones;
use headwater_finding::relation::proof::proof;
use headwater_finding::relation::{Certainty, Label, Neighbour, over_window};
use headwater_finding::rules::Rules;
use headwater_route::rows::PathSeen;
use headwater_route::{Asn, Family};
use headwater_world::propagate::Leak;
use headwater_world::topology::{AsIndex, NetworkKind, Relation};

use worlds::{Heard, Made, all, infer, score};

const WORLDS: [(u64, u32); 3] = [(1, 1000), (2, 1000), (3, 3000)];

#[test]
fn labels_are_those_of_the_truth() {
    for (seed, networks) in WORLDS {
        let made = Made::new(seed, networks);
        for family in [Family::V4, Family::V6] {
            let heard = made.hear(family, &[]);
            let score = score(&heard, &made, &Rules::default(), BTreeMap::new());
            println!("seed {seed}, {networks} networks, {family}: {score}");
            assert!(score.accuracy(|_| true) >= 0.95, "{score}");
            assert!(score.accuracy(|key| key.0) >= 0.965, "{score}");
            let proven = |key: &worlds::Key| key.2 == Certainty::High && key.1 == Label::Provider;
            assert!(score.accuracy(proven) >= 0.97, "{score}");
            assert!(score.coverage() >= 0.7, "{score}");
        }
    }
}

/// Innocents: siblings are told by their organisation, and never as anything else.
#[test]
fn siblings_are_siblings_where_organisations_are_known() {
    let made = Made::new(1, 1000);
    let (heard, rules) = (made.hear(Family::V4, &[]), Rules::default());
    let survey = heard.survey(&rules);
    let relations = infer(&heard, &survey, made.organisations(), &rules).unwrap();
    let mut siblings = 0;
    for (asn, n) in all(&relations).into_iter().filter(|(_, n)| n.label != Label::RouteServer) {
        let organisation = |asn| made.topology.network(made.topology.find(asn).unwrap()).organisation;
        assert_eq!(n.label == Label::Sibling, organisation(asn) == organisation(n.asn), "{asn} {n:?}");
        siblings += usize::from(n.label == Label::Sibling);
    }
    assert!(siblings > 50, "{siblings}");
}

/// Innocents: a link may be another in the other family, and each family is told by its own paths.
#[test]
fn a_family_is_told_by_its_own_paths() {
    let (made, rules) = (Made::new(3, 3000), Rules::default());
    let heard = [Family::V4, Family::V6].map(|family| made.hear(family, &[]));
    let surveys = [heard[0].survey(&rules), heard[1].survey(&rules)];
    let [v4, v6] = [0, 1].map(|i| infer(&heard[i], &surveys[i], BTreeMap::new(), &rules).unwrap());
    let (mut told, mut wrong) = (0, 0);
    for link in made.topology.links() {
        let (Some(a), Some(b)) = (link.v4, link.v6) else { continue };
        if a == b {
            continue;
        }
        let asn = |index| made.topology.network(index).asn;
        let labels = [v4.what(asn(link.a), asn(link.b)), v6.what(asn(link.a), asn(link.b))];
        let settled =
            |l: &Option<Label>| l.is_some_and(|l| matches!(l, Label::Provider | Label::Peer | Label::Customer));
        for (label, truth) in labels.iter().zip([a, b]).filter(|(l, _)| settled(l)) {
            told += 1;
            wrong += usize::from(!worlds::is_right(label.unwrap(), Some(truth)));
        }
    }
    println!("hybrid links: {wrong} of {told} labels wrong");
    assert!(told >= 20 && wrong * 10 <= told, "{wrong} of {told}");
}

/// Networks that buy from two others and pass routes of the one on to the other.
fn leaks(made: &Made, every: usize) -> Vec<Leak> {
    let networks = (0..made.topology.networks().len() as u32).map(AsIndex);
    let leaky = networks.filter(|at| made.topology.network(*at).kind == NetworkKind::Regional).step_by(every);
    let leak = |by: AsIndex| {
        let providers: Vec<AsIndex> = made.topology.providers(by, Family::V4).collect();
        let from = *providers.first().filter(|_| providers.len() > 1)?;
        // By the origin of each class: one in a hundred.
        Some(Leak { by, from, spared: Vec::new(), permille: 10 })
    };
    leaky.filter_map(leak).collect()
}

#[test]
fn leaks_of_one_in_a_hundred_origins_do_not_turn_relations_round() {
    let made = Made::new(3, 3000);
    let leaks = leaks(&made, 40);
    assert!(leaks.len() > 5);
    let rules = Rules::default();
    let without = score(&made.hear(Family::V4, &[]), &made, &rules, BTreeMap::new());
    let heard = made.hear(Family::V4, &leaks);
    let with = score(&heard, &made, &rules, BTreeMap::new());
    println!("{} leakers: {with}", leaks.len());
    assert!(with.accuracy(|_| true) >= without.accuracy(|_| true) - 0.01, "{without}\n{with}");
    let survey = heard.survey(&rules);
    let relations = infer(&heard, &survey, BTreeMap::new(), &rules).unwrap();
    let asn = |at: AsIndex| made.topology.network(at).asn;
    for leak in &leaks {
        let told = relations.what(asn(leak.by), asn(leak.from));
        assert_ne!(told, Some(Label::Provider), "{} sells to {}", asn(leak.by), asn(leak.from));
    }
}

#[test]
fn a_region_that_nobody_watches_gets_fewer_labels_not_worse_ones() {
    let rules = Rules::default();
    let whole = Made::new(3, 3000);
    let blind = Made::new(3, 3000).without_region(0);
    let score = |made: &Made| score(&made.hear(Family::V4, &[]), made, &rules, BTreeMap::new());
    let (all, less) = (score(&whole), score(&blind));
    println!("a region without vantages: {less}");
    assert!(less.sum(|_| true).1 < all.sum(|_| true).1);
    assert!(less.accuracy(|_| true) >= all.accuracy(|_| true) - 0.02, "{all}\n{less}");
}

#[test]
fn five_clusters_are_too_few() {
    let rules = Rules { relation_clusters: 11, ..Rules::default() };
    let heard = Made::new(1, 1000).hear(Family::V4, &[]);
    let survey = heard.survey(&rules);
    assert!(survey.full_feed_clusters() <= 10);
    assert!(infer(&heard, &survey, BTreeMap::new(), &rules).is_none());
}

fn told(heard: &Heard, rules: &Rules) -> (Vec<Asn>, Vec<(Asn, Neighbour)>) {
    let survey = heard.survey(rules);
    let relations = infer(heard, &survey, BTreeMap::new(), rules).unwrap();
    (relations.clique(), all(&relations))
}

#[test]
fn neither_order_nor_duplicates_of_paths_matter() {
    let rules = Rules::default();
    let mut heard = Made::new(2, 1000).hear(Family::V4, &[]);
    let first = told(&heard, &rules);
    heard.groups.reverse();
    for group in &mut heard.groups {
        let again: Vec<PathSeen> = group.paths.iter().step_by(3).cloned().collect();
        group.paths.reverse();
        group.paths.extend(again);
    }
    assert!(first == told(&heard, &rules));
}

/// Peers become providers: their links are conflicting over the window, and those that did not change are not.
#[test]
fn what_changes_within_a_window_is_conflicting() {
    let rules = Rules::default();
    let mut made = Made::new(3, 3000);
    let before = made.hear(Family::V4, &[]);
    let survey = before.survey(&rules);
    let earlier = infer(&before, &survey, BTreeMap::new(), &rules).unwrap();
    let links = |label| -> Vec<(Asn, Asn)> {
        let told = |(asn, n): &(Asn, Neighbour)| n.label == label && n.certainty > Certainty::Low && *asn != n.asn;
        all(&earlier).into_iter().filter(told).map(|(asn, n)| (asn, n.asn)).collect()
    };
    let sold = links(Label::Customer);
    let mut turned = Vec::new();
    for (seller, buyer) in links(Label::Peer) {
        let (a, b) = (made.topology.find(seller).unwrap(), made.topology.find(buyer).unwrap());
        let larger = earlier.transit_degree(seller) > 10 * earlier.transit_degree(buyer).max(1);
        if larger && turned.len() < 40 && made.topology.relation(a, b, Family::V4) == Some(Relation::Peer) {
            made.topology.relate(a, b, Family::V4, Some(Relation::Provider));
            turned.push((seller, buyer));
        }
    }
    assert!(turned.len() >= 20, "{}", turned.len());
    let after = made.hear(Family::V4, &[]);
    let survey = after.survey(&rules);
    let later = infer(&after, &survey, BTreeMap::new(), &rules).unwrap();
    let (mut conflicting, mut settled) = (0, 0);
    for (seller, buyer) in &turned {
        let window = over_window(&earlier.neighbours(*buyer), &later.neighbours(*buyer));
        let label = window.iter().find(|n| n.asn == *seller).map(|n| n.label);
        conflicting += usize::from(label == Some(Label::Conflicting));
        // Where the second half does not tell, only the first speaks.
        settled += usize::from(later.what(*seller, *buyer) == Some(Label::Provider));
    }
    println!("{} peers began to sell: {settled} seen to, {conflicting} conflicting", turned.len());
    assert!(settled >= 10 && conflicting >= settled, "{conflicting} {settled}");
    let unchanged: BTreeSet<Asn> = turned.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let others = sold.iter().filter(|(a, b)| !unchanged.contains(a) && !unchanged.contains(b)).step_by(7);
    let (mut all, mut false_alarms) = (0, 0);
    for (seller, buyer) in others {
        let window = over_window(&earlier.neighbours(*buyer), &later.neighbours(*buyer));
        all += 1;
        false_alarms += usize::from(window.iter().any(|n| n.asn == *seller && n.label == Label::Conflicting));
    }
    assert!(false_alarms * 50 <= all, "{false_alarms} of {all} links that did not change");
}

#[test]
fn cones_hold_those_who_are_carried() {
    let (made, rules) = (Made::new(3, 3000), Rules::default());
    let heard = made.hear(Family::V4, &[]);
    let survey = heard.survey(&rules);
    let relations = infer(&heard, &survey, BTreeMap::new(), &rules).unwrap();
    let sellers: Vec<Asn> = made
        .topology
        .networks()
        .iter()
        .filter(|n| matches!(n.kind, NetworkKind::TierOne | NetworkKind::Transit))
        .map(|n| n.asn)
        .collect();
    let found = cones(&sellers, &relations, &mut |see| heard.replay(see)).unwrap();
    let (mut inside, mut all) = (0, 0);
    for (owner, cone) in &found {
        let below = below(&made, *owner);
        assert!(cone.networks.contains(owner) && cone.prefixes > 0 && cone.slash24s > Some(0));
        all += cone.networks.len();
        inside += cone.networks.iter().filter(|asn| below.contains(asn)).count();
    }
    println!("{} cones, {all} places, {inside} of them below the owner in the truth", found.len());
    // What is too much stands behind networks of the clique that in truth buy from another.
    assert!(inside as f64 >= 0.9 * all as f64 && all > 3 * found.len(), "{inside} of {all}");
}

/// Everyone below a network, by the truth.
fn below(made: &Made, owner: Asn) -> BTreeSet<Asn> {
    let mut open = vec![made.topology.find(owner).unwrap()];
    let mut known: BTreeSet<AsIndex> = open.iter().copied().collect();
    while let Some(at) = open.pop() {
        let down = made.topology.neighbours(at, Family::V4);
        let down = down.filter(|(_, is, _)| matches!(is, Relation::Customer | Relation::Sibling));
        open.extend(down.map(|(who, ..)| who).filter(|who| known.insert(*who)));
    }
    known.into_iter().map(|at| made.topology.network(at).asn).collect()
}

/// A proof at two clusters is one of carriage: whoever is proven to carry sells to the origin, or is its sibling.
#[test]
fn proofs_of_the_last_mile_prove_carriage() {
    for leaks in [false, true] {
        let (made, rules) = (Made::new(3, 3000), Rules::default());
        let leaks = if leaks { self::leaks(&made, 40) } else { Vec::new() };
        let heard = made.hear(Family::V4, &leaks);
        let survey = heard.survey(&rules);
        let relations = infer(&heard, &survey, BTreeMap::new(), &rules).unwrap();
        let groups: Vec<_> = heard.groups.iter().step_by(5).collect();
        let mut pairs: Vec<(usize, Asn)> = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            pairs.extend(relations.neighbours(group.origin).iter().map(|n| (at, n.asn)));
        }
        let owners: Vec<Asn> = pairs.iter().map(|(_, asn)| *asn).collect::<BTreeSet<_>>().into_iter().collect();
        let cones = cones(&owners, &relations, &mut |see| heard.replay(see)).unwrap();
        let (mut proven, mut right, mut sold) = (0, 0, 0);
        for (at, upstream) in pairs {
            let origin = groups[at].origin;
            let truth = made.truth(upstream, origin, Family::V4);
            let carries = matches!(truth, Some(Relation::Provider | Relation::Sibling));
            sold += usize::from(carries);
            let found = proof(upstream, groups[at], &relations, &cones[&upstream].networks);
            if found.clusters >= rules.positive_clusters {
                proven += 1;
                right += usize::from(carries);
                assert!(found.vantage_asns >= found.clusters && !found.paths.is_empty());
            }
        }
        println!("{} leakers: {right} of {proven} proofs right, of {sold} that carry", leaks.len());
        assert!(right as f64 >= 0.98 * f64::from(proven) && proven as usize * 2 > sold, "{right} {proven} {sold}");
    }
}
