//! Properties of the state: what changes step by step is what it would be at once, and messages tell all of it.

use std::collections::BTreeMap;

use headwater_route::{Family, Prefix, Time};
use proptest::prelude::*;

use super::{Body, CollectorChange, Message, Settings, Spoken, State, VantageChange, What};
use crate::announce::{Announcement, Export, Seed};
use crate::observe::{VantageId, Watch};
use crate::propagate::Leak;
use crate::random::Random;
use crate::scenario::{Observers, TopologyPlan};
use crate::topology::{AsIndex, Relation, Topology, generate};

const START: Time = Time(1_700_000_000_000_000);
const HOUR: i64 = 3_600_000_000;

fn small(seed: u64) -> (Topology, Watch) {
    let topology = generate(&TopologyPlan { networks: 120, file: None }, seed);
    let observers = Observers { collectors: 2, vantages: 4, ..Observers::default() };
    let watch = Watch::draw(&topology, &observers, seed);
    (topology, watch)
}

fn settings(seed: u64) -> Settings {
    Settings { seed, threads: 1, convergence_micros: 90_000_000, exploration: true }
}

fn prefixes() -> Vec<Prefix> {
    let of = |number: u32| {
        let v4 = (u128::from(number) + 0x00f0_0000) << 104;
        let v6 = (u128::from(number) + 0x4000_0000) << 96;
        [Prefix::from_bits(Family::V4, v4, 24), Prefix::from_bits(Family::V6, v6, 32)]
    };
    (0..30).flat_map(of).flatten().collect()
}

fn network(random: &mut Random) -> AsIndex {
    AsIndex(random.below(120) as u32)
}

fn announcement(topology: &Topology, random: &mut Random) -> Announcement {
    let mut seed = Seed::plain(network(random));
    for (who, ..) in topology.neighbours(seed.at, Family::V4).take(4) {
        if random.permille(300) {
            seed = seed.with(who, if random.permille(500) { Export::Nothing } else { Export::Prepended(2) });
        }
    }
    let mut announcement = Announcement::of([seed]);
    if random.permille(100) {
        announcement = announcement.and(Seed::plain(network(random)));
    }
    announcement
}

/// A change of chance. Links are mostly existing ones.
fn change(state: &State, random: &mut Random) -> What {
    let topology = state.topology();
    let all = prefixes();
    match random.below(12) {
        0..5 => {
            let link = topology.links()[random.index(topology.links().len())];
            let (a, b) = if random.permille(800) { (link.a, link.b) } else { (network(random), network(random)) };
            let relation = match random.below(5) {
                0 | 1 => None,
                2 => Some(Relation::Peer),
                3 => Some(Relation::Sibling),
                _ => Some(Relation::Provider),
            };
            let family = if random.permille(600) { Family::V4 } else { Family::V6 };
            // The lower index sells: no cycles.
            What::Relate { a: a.min(b), b: a.max(b), family, relation }
        }
        5..9 => {
            let first = random.index(all.len());
            let prefixes = all[first..(first + 1 + random.index(4)).min(all.len())].to_vec();
            let announcement =
                if random.permille(300) { Announcement::default() } else { announcement(topology, random) };
            What::Announce { prefixes, announcement }
        }
        9 => {
            let who = network(random);
            let mut conduct = topology.network(who).conduct.clone();
            conduct.strips_communities ^= true;
            conduct.marks_only_to_customer ^= true;
            What::Conduct { network: who, conduct }
        }
        10 => {
            let by = network(random);
            let from = topology.providers(by, Family::V4).next().unwrap_or(by);
            What::LeakBegins(Leak { by, from, spared: Vec::new(), permille: 700 })
        }
        _ => What::LeakEnds { by: network(random) },
    }
}

fn vantage_change(state: &State, random: &mut Random) -> What {
    let vantage = VantageId(random.index(state.watch().vantages.len()) as u32);
    let all = prefixes();
    let collector = state.watch().vantages[vantage.0 as usize].collector;
    let change = match random.below(8) {
        6 => return What::Collector(collector, CollectorChange::Dies),
        7 => return What::Collector(collector, CollectorChange::Revives),
        0 => VantageChange::Joins,
        1 => VantageChange::Leaves,
        2 => VantageChange::Invents { permille: 500 },
        3 => VantageChange::Honest,
        4 => VantageChange::Sticks { prefixes: all[..1 + random.index(all.len())].to_vec() },
        _ => VantageChange::Unsticks,
    };
    What::Vantage(vantage, change)
}

/// What vantages hold, by what they have told.
#[derive(Default)]
struct Fold(BTreeMap<(VantageId, Prefix), Spoken>);

impl Fold {
    fn hear(&mut self, message: &Message) {
        match &message.body {
            Body::Announce { prefixes, route } => {
                self.0.extend(prefixes.iter().map(|prefix| ((message.vantage, *prefix), (**route).clone())));
            }
            Body::Withdraw { prefixes } => {
                prefixes.iter().for_each(|prefix| drop(self.0.remove(&(message.vantage, *prefix))));
            }
            Body::State { .. } => self.0.retain(|(vantage, _), _| *vantage != message.vantage),
        }
    }
}

/// What vantages hold, by the state itself.
fn held(state: &State) -> BTreeMap<(VantageId, Prefix), Spoken> {
    let mut held = BTreeMap::new();
    let all = (0..state.watch().vantages.len() as u32).map(VantageId);
    let up: Vec<VantageId> = all.filter(|vantage| state.is_up(*vantage)).collect();
    let mut previous = None;
    state
        .routes_of(&up, |prefix, routes| {
            assert!(previous < Some(*prefix), "prefixes come in order");
            previous = Some(*prefix);
            held.extend(routes.iter().map(|(vantage, _, shown)| ((*vantage, *prefix), shown.spoken())));
            Ok(())
        })
        .expect("nothing fails");
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// After every batch of changes the routes are those of a world that begins with what there is now.
    #[test]
    fn only_what_is_affected_is_computed_and_that_is_enough(seed: u64) {
        let mut random = Random::of(seed, "changes");
        let (topology, watch) = small(seed);
        let announced = prefixes().into_iter().map(|p| (vec![p], announcement(&topology, &mut random))).collect();
        let mut state = State::new(topology, watch.clone(), announced, settings(seed), START);
        let mut leaks: Vec<Leak> = Vec::new();
        for hour in 1..12 {
            let batch: Vec<What> = (0..1 + random.index(3)).map(|_| change(&state, &mut random)).collect();
            for what in &batch {
                match what {
                    What::LeakBegins(leak) => leaks.push(leak.clone()),
                    What::LeakEnds { by } => leaks.retain(|leak| leak.by != *by),
                    _ => {}
                }
            }
            state.apply(Time(START.0 + hour * HOUR), &batch, Time(i64::MAX), &mut Vec::new());
            let table = state.table().map(|(prefix, announcement)| (vec![*prefix], announcement.clone())).collect();
            let mut anew = State::new(state.topology().clone(), watch.clone(), table, settings(seed), START);
            let begin: Vec<What> = leaks.iter().cloned().map(What::LeakBegins).collect();
            anew.apply(START, &begin, Time(i64::MAX), &mut Vec::new());
            for (vantage, prefix) in (0..watch.vantages.len() as u32).flat_map(|v| prefixes().into_iter().map(move |p| (VantageId(v), p))) {
                if watch.vantages[vantage.0 as usize].family == prefix.family() {
                    prop_assert_eq!(state.path(vantage, &prefix), anew.path(vantage, &prefix), "{:?} after {:?}", prefix, batch);
                }
            }
        }
    }

    /// Messages, heard in the order of their arrival, tell all that changes, whatever happens to vantages and collectors
    /// meanwhile and however close the changes follow each other.
    #[test]
    fn messages_tell_what_the_state_holds(seed: u64) {
        let mut random = Random::of(seed, "messages");
        let (topology, watch) = small(seed);
        let announced = prefixes().into_iter().map(|p| (vec![p], announcement(&topology, &mut random))).collect();
        let mut state = State::new(topology, watch, announced, settings(seed), START);
        let mut fold = Fold(held(&state));
        let mut at = START;
        for _round in 0..8 {
            let mut under_way = Vec::new();
            let dump = Time(at.0 + HOUR);
            for _ in 0..6 {
                at = Time(at.0 + random.between(1, HOUR / 7));
                let batch: Vec<What> = (0..1 + random.index(3))
                    .map(|_| match random.permille(600) {
                        true => change(&state, &mut random),
                        false => vantage_change(&state, &mut random),
                    })
                    .collect();
                let sent = under_way.iter().map(|message: &Message| message.number).max();
                state.apply(at, &batch, dump, &mut under_way);
                let mut new = under_way.iter().filter(|message| Some(message.number) > sent);
                prop_assert!(new.all(|message| message.at >= at && message.at < dump));
            }
            under_way.sort_by_key(|message| (message.at, message.number));
            under_way.iter().for_each(|message| fold.hear(message));
            // A dead collector heard nothing of the end of its sessions.
            let mut heard = fold.0.clone();
            heard.retain(|(vantage, _), _| state.is_up(*vantage));
            prop_assert!(heard == held(&state));
            at = dump;
        }
    }
}
