//! Prefixes of the crowd, and how they are announced.
//!
//! Addresses are of 240.0.0.0/4 (reserved, RFC 1112) and 4000::/4 (never allocated): nobody holds them.

use headwater_route::{Family, Prefix};

use crate::announce::{Announcement, Export, Seed};
use crate::random::Random;
use crate::scenario::TablePlan;
use crate::topology::{AsIndex, NetworkKind, Topology};

/// 240.0.0.0.
const FIRST_V4: u32 = 0xf000_0000;
/// /24s from there on that are given out; the last /8 is left to exchange LANs.
const SLASH24S: u32 = 15 << 16;
/// 4000::.
const FIRST_V6: u128 = 0x4000 << 112;

/// Prefixes of every network, in classes.
pub(super) fn crowd(topology: &Topology, plan: &TablePlan, seed: u64) -> Vec<(Vec<Prefix>, Announcement)> {
    let mut random = Random::of(seed, "prefixes");
    let networks = topology.networks().len();
    let v6: Vec<bool> = topology.networks().iter().map(|network| network.v6).collect();
    let counts_v4 = counts(topology, plan.v4, &mut random, |_| true);
    let counts_v6 = counts(topology, plan.v6, &mut random, |at| v6[at]);
    // Blocks as small as they can be, and wider ones where there is room.
    let tight: u64 = counts_v4.iter().map(|count| 1u64 << order(*count)).sum();
    let spare = (u64::from(SLASH24S) / tight.max(1)).max(1).ilog2().min(4);
    let mut next = 0u32;
    let mut classes = Vec::new();
    for at in 0..networks {
        let me = AsIndex(at as u32);
        let mut prefixes = Vec::new();
        if counts_v4[at] > 0 {
            let order = order(counts_v4[at]) + spare;
            next = next.next_multiple_of(1 << order);
            if next + (1 << order) <= SLASH24S {
                let base = u128::from(FIRST_V4 + (next << 8)) << 96;
                prefixes.push(tree(Family::V4, base, 24 - order as u8, 24, counts_v4[at], &mut random));
                next += 1 << order;
            }
        }
        if counts_v6[at] > 0 {
            let base = FIRST_V6 + ((at as u128) << 96);
            prefixes.push(tree(Family::V6, base, 32, 48, counts_v6[at], &mut random));
        }
        for prefixes in prefixes {
            classes.extend(announced(topology, me, prefixes, plan.engineered_permille, &mut random));
        }
    }
    classes
}

/// The smallest number of halvings whose tree has so many prefixes.
fn order(count: u32) -> u32 {
    (count + 1).div_ceil(2).next_power_of_two().ilog2()
}

/// How many prefixes each network has: one each, the rest spread as 1/(rank + 4) over an order of chance in which those who
/// sell transit come early.
fn counts(topology: &Topology, total: u32, random: &mut Random, has: impl Fn(usize) -> bool) -> Vec<u32> {
    let networks = topology.networks();
    let mut ranked: Vec<(u64, usize)> = (0..networks.len())
        .filter(|at| has(*at))
        .map(|at| {
            let place = match networks[at].kind {
                NetworkKind::TierOne | NetworkKind::Transit => 0,
                NetworkKind::Content => 200,
                NetworkKind::Regional => 300,
                NetworkKind::Stub => 600,
            };
            (place + random.below(2000), at)
        })
        .collect();
    ranked.sort_unstable();
    let mut counts = vec![0; networks.len()];
    let mut left = total;
    for (_, at) in &ranked {
        if left > 0 {
            counts[*at] = 1;
            left -= 1;
        }
    }
    let weights: u64 = (0..ranked.len() as u64).map(|rank| (1 << 32) / (rank + 4)).sum();
    let spread = left;
    for (rank, (_, at)) in ranked.iter().enumerate() {
        let share = u128::from(spread) * ((1 << 32) / (rank as u128 + 4)) / u128::from(weights.max(1));
        let share = (share as u32 + u32::from(random.permille(500))).min(left).min(MOST_OF_ONE);
        counts[*at] += share;
        left -= share;
    }
    counts
}

/// Networks in a thousand that repeat their number to all neighbours.
const REPEATERS_PERMILLE: u32 = 50;
/// Most prefixes of one network.
const MOST_OF_ONE: u32 = 12_000;

/// So many prefixes of one block: the block, then longer ones of it, more of the longest.
fn tree(family: Family, base: u128, shortest: u8, longest: u8, count: u32, random: &mut Random) -> Vec<Prefix> {
    let mut prefixes: Vec<Prefix> = Prefix::from_bits(family, base, shortest).into_iter().collect();
    // The longest lengths fill first: real tables hold 60 % /24.
    let mut length = longest;
    while (prefixes.len() as u32) < count && length > shortest {
        let all = 1u64 << u32::from(length - shortest).min(40);
        let wanted = u64::from(count) - prefixes.len() as u64;
        let start = if wanted < all { random.below(all - wanted + 1) } else { 0 };
        for number in start..all.min(start + wanted) {
            let bits = base | u128::from(number) << (128 - u32::from(length));
            prefixes.extend(Prefix::from_bits(family, bits, length));
        }
        length -= 1;
    }
    prefixes.sort();
    prefixes
}

/// Divides a network's prefixes into classes: most networks announce all alike; some split them over their providers.
fn announced(
    topology: &Topology,
    me: AsIndex,
    prefixes: Vec<Prefix>,
    engineered_permille: u32,
    random: &mut Random,
) -> Vec<(Vec<Prefix>, Announcement)> {
    let Some(family) = prefixes.first().map(Prefix::family) else { return Vec::new() };
    let providers: Vec<AsIndex> = topology.providers(me, family).collect();
    // Some repeat their number to everyone, for no reason that shows.
    let habit = match random.permille(REPEATERS_PERMILLE) {
        true => Export::Prepended(1 + random.below(3) as u8),
        false => Export::PLAIN,
    };
    let plain = Seed { others: habit, ..Seed::plain(me) };
    if providers.len() < 2 || !random.permille(engineered_permille) {
        return vec![(prefixes, Announcement::of([plain]))];
    }
    let mut parts: Vec<(Vec<Prefix>, Announcement)> = Vec::new();
    let mut seeds: Vec<Seed> = vec![plain];
    for &other in providers.iter().take(4) {
        seeds.push(match random.below(4) {
            0 => Seed::plain(me).with(other, Export::Nothing),
            1 | 2 => Seed::plain(me).with(other, Export::Prepended(1 + random.below(3) as u8)),
            _ => Seed { others: Export::Prepended(2), ..Seed::plain(me).with(other, Export::PLAIN) },
        });
    }
    // The covering prefix goes to everyone.
    parts.extend(seeds.into_iter().map(|seed| (Vec::new(), Announcement::of([seed]))));
    for (number, prefix) in prefixes.into_iter().enumerate() {
        let part = if number == 0 { 0 } else { random.index(parts.len()) };
        parts[part].0.push(prefix);
    }
    parts.retain(|(prefixes, _)| !prefixes.is_empty());
    parts
}
