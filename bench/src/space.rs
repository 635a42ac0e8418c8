//! Address space: which prefixes there are, in order, and who originates them.
//!
//! Space is cut into stretches of one size (IPv4 /19, IPv6 /32); each holds a few prefixes, mostly of one origin, and the
//! first of eight may hold a prefix that covers all eight. Lengths, prefixes of an origin and runs of one origin were fitted
//! to full tables of 2014, 2022 and 2026.

use headwater_route::{Family, Prefix};

use crate::chance::{Chance, What};

/// Most IPv4 prefixes that surely find room.
pub(crate) const MAX_V4: u32 = 1_300_000;

/// A prefix and what its routes have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Placed {
    pub prefix: Prefix,
    /// Number of its origin, from 0.
    pub origin: u32,
    /// Prefixes of an origin with the same group go the same ways.
    pub group: u32,
    /// Announced as an aggregate.
    pub aggregate: bool,
    /// Number that no other prefix of its family has.
    pub key: u32,
}

/// First octets that are given out: not those of private, shared, loopback, link-local, benchmarking or documentation space,
/// so that no prefix is taken for a bogon.
const TAKEN: [u32; 8] = [10, 100, 127, 169, 172, 192, 198, 203];
const STRETCHES_AN_OCTET: u32 = 1 << 11;

/// Lengths of a stretch's prefixes with their weights.
const LENGTHS_V4: &[(u8, u32)] = &[(24, 600), (23, 112), (22, 120), (21, 56), (20, 48), (19, 27)];
const LENGTHS_V6: &[(u8, u32)] = &[
    (48, 440),
    (32, 110),
    (44, 104),
    (40, 97),
    (36, 40),
    (47, 37),
    (46, 24),
    (33, 23),
    (34, 22),
    (45, 19),
    (42, 13),
    (38, 12),
    (35, 8),
    (41, 8),
];
/// Lengths of covers with their weights.
const COVERS_V4: &[(u8, u32)] = &[(16, 34), (18, 36), (17, 20), (15, 4), (14, 3), (13, 1), (12, 1), (11, 1)];
const COVERS_V6: &[(u8, u32)] = &[(29, 76), (30, 12), (31, 5), (28, 4), (26, 2), (24, 1)];

/// The prefixes of one family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    pub seed: u64,
    pub family: Family,
    /// Networks that originate.
    pub origins: u32,
    /// Prefixes in all.
    pub prefixes: u32,
}

impl Space {
    /// The stretches in order, until the prefixes are used up.
    pub fn stretches(&self) -> impl Iterator<Item = Vec<Placed>> {
        let (space, mut left, mut number) = (*self, self.prefixes as usize, 0);
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let mut stretch = space.stretch(number)?;
            stretch.truncate(left);
            left -= stretch.len();
            number += 1;
            Some(stretch)
        })
    }

    /// The prefixes of a stretch in order. `None` if there is no such stretch. The last one in use is cut, which only
    /// [`Space::stretches`] knows.
    pub fn stretch(&self, number: u32) -> Option<Vec<Placed>> {
        let mut out: Vec<Placed> = Vec::new();
        let (base, top_len) = self.base(number)?;
        let mut chance = Chance::of(self.seed, What::Space, [self.family as u32, number, 0, 0]);
        let origin = self.owner(number);
        let group = match chance.per_mille(720) {
            true => 0,
            false => 1 + chance.below(6),
        };
        let (lengths, covers) = match self.family {
            Family::V4 => (LENGTHS_V4, COVERS_V4),
            Family::V6 => (LENGTHS_V6, COVERS_V6),
        };
        let mut place = |addr: u128, len: u8, origin: u32, group: u32, aggregate: bool| {
            let Some(prefix) = Prefix::from_bits(self.family, addr, len) else { return };
            if out.iter().all(|placed| placed.prefix != prefix) {
                let key = number << 6 | out.len() as u32;
                out.push(Placed { prefix, origin, group, aggregate, key });
            }
        };
        if number.is_multiple_of(8) && chance.per_mille(800) {
            let wanted = picked(&mut chance, covers);
            // A cover starts where its length allows.
            let len = (wanted..top_len).find(|len| base << *len == 0).unwrap_or(top_len);
            place(base, len, origin, group, chance.per_mille(200));
        }
        let start = chance.below(1 << 16);
        for n in 0..run(&mut chance) {
            let len = picked(&mut chance, lengths);
            let step = if chance.per_mille(700) { n } else { chance.below(1 << 16) };
            let slots = 1u32 << (len - top_len).min(16);
            let slot = (start.wrapping_add(step)) % slots;
            let addr = base | u128::from(slot) << (128 - u32::from(len));
            let (origin, group) = match chance.below(1000) {
                // A customer's prefix out of its provider's space.
                0..90 => (self.any_origin(&mut chance), 0),
                // One that is engineered apart.
                90..250 => (origin, 7 + chance.below(3)),
                _ => (origin, group),
            };
            place(addr, len, origin, group, chance.per_mille(50));
        }
        out.sort_by_key(|placed| placed.prefix);
        Some(out)
    }

    /// First bits of a stretch, and its length as a prefix.
    fn base(&self, number: u32) -> Option<(u128, u8)> {
        match self.family {
            Family::V4 => {
                let octet =
                    (1..=223).filter(|octet| !TAKEN.contains(octet)).nth((number / STRETCHES_AN_OCTET) as usize)?;
                let addr = octet << 24 | (number % STRETCHES_AN_OCTET) << 13;
                Some((u128::from(addr) << 96, 19))
            }
            // From 2400::/16 on, where most of real space begins.
            Family::V6 => (number < 1 << 26).then(|| (u128::from(0x2400_0000 + number) << 96, 32)),
        }
    }

    /// Who holds a stretch; runs of neighbours have one holder.
    fn owner(&self, number: u32) -> u32 {
        let chance = |number| Chance::of(self.seed, What::Space, [self.family as u32, number, 1, 0]);
        // The chain is cut, so that this ends soon; few are that long.
        let first = (number.saturating_sub(16)..=number).rev().find(|n| !chance(*n).per_mille(380));
        let mut chance = chance(first.unwrap_or(number));
        chance.below(1);
        self.any_origin(&mut chance)
    }

    /// An origin; a few hold much, most hold little.
    fn any_origin(&self, chance: &mut Chance) -> u32 {
        let large = (self.origins / 500).max(40).min(self.origins);
        match chance.skewed(self.origins, 6) {
            // The skew would give a tenth of all prefixes to one network.
            n if n < large / 4 + 1 => chance.skewed(large, 2),
            n => n,
        }
    }
}

fn picked(chance: &mut Chance, from: &[(u8, u32)]) -> u8 {
    let mut left = chance.below(from.iter().map(|(_, weight)| weight).sum());
    for (len, weight) in from {
        match left.checked_sub(*weight) {
            Some(rest) => left = rest,
            None => return *len,
        }
    }
    from[0].0
}

/// Prefixes of a stretch: one or two, seldom many.
fn run(chance: &mut Chance) -> u32 {
    match chance.below(1000) {
        0..440 => 1,
        440..650 => 2,
        650..780 => 3,
        780..850 => 4,
        850..905 => 5 + chance.below(2),
        905..950 => 7 + chance.below(6),
        950..985 => 13 + chance.below(12),
        _ => 25 + chance.below(16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(seed: u64, family: Family, prefixes: u32) -> Space {
        Space { seed, family, origins: prefixes / 6, prefixes }
    }

    #[test]
    fn there_is_room_for_all_prefixes_promised() {
        for seed in 0..3 {
            let room = |family, prefixes| space(seed, family, prefixes).stretches().map(|s| s.len()).sum::<usize>();
            assert_eq!(room(Family::V4, MAX_V4), MAX_V4 as usize);
            assert_eq!(room(Family::V6, 400_000), 400_000);
        }
    }

    #[test]
    fn prefixes_are_in_order_and_keys_are_their_own() {
        for family in [Family::V4, Family::V6] {
            let all: Vec<Placed> = space(1, family, 50_000).stretches().flatten().collect();
            assert!(all.windows(2).all(|pair| pair[0].prefix < pair[1].prefix));
            let keys: std::collections::HashSet<u32> = all.iter().map(|placed| placed.key).collect();
            assert_eq!(keys.len(), all.len());
        }
    }
}
