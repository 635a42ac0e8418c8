//! How many distinct prefixes a stream holds, up to a limit.
//!
//! Tables come in the order of their prefixes, so that a prefix beyond all before it is new without a look at any of them;
//! only what comes out of order is looked up.

use headwater_route::{Family, Prefix};
use rustc_hash::FxHashSet;

/// Distinct prefixes.
pub struct Prefixes {
    /// Those that came in ascending order, packed: an IPv4 prefix takes 8 bytes instead of 32.
    v4: Vec<u64>,
    v6: Vec<Prefix>,
    /// Those that came later than a greater one.
    late: FxHashSet<Prefix>,
    last: Option<Prefix>,
    limit: usize,
    /// Some were met that are not counted.
    pub at_least: bool,
}

fn packed(prefix: &Prefix) -> u64 {
    ((prefix.first_bits() >> 96) as u64) << 8 | u64::from(prefix.len())
}

impl Prefixes {
    /// Keeps at most `limit`.
    pub fn new(limit: usize) -> Prefixes {
        Prefixes { v4: Vec::new(), v6: Vec::new(), late: FxHashSet::default(), last: None, limit, at_least: false }
    }

    /// Counts a prefix, if it is a new one.
    #[inline]
    pub fn add(&mut self, prefix: &Prefix) {
        // The entries of one table record share their prefix.
        if self.last != Some(*prefix) {
            self.last = Some(*prefix);
            self.add_other(prefix);
        }
    }

    fn add_other(&mut self, prefix: &Prefix) {
        let full = self.len() >= self.limit;
        let ascends = match prefix.family() {
            Family::V4 => {
                let packed = packed(prefix);
                let ascends = self.v4.last().is_none_or(|last| packed > *last);
                if ascends && !full {
                    self.v4.push(packed);
                } else if !ascends && self.v4.binary_search(&packed).is_ok() {
                    return;
                }
                ascends
            }
            Family::V6 => {
                let ascends = self.v6.last().is_none_or(|last| prefix > last);
                if ascends && !full {
                    self.v6.push(*prefix);
                } else if !ascends && self.v6.binary_search(prefix).is_ok() {
                    return;
                }
                ascends
            }
        };
        if full {
            self.at_least |= !self.late.contains(prefix);
        } else if !ascends {
            self.late.insert(*prefix);
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len() + self.late.len()
    }

    /// How many of them are IPv6.
    pub fn len_v6(&self) -> usize {
        self.v6.len() + self.late.iter().filter(|p| p.family() == Family::V6).count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn some_prefix() -> impl Strategy<Value = Prefix> {
        (any::<bool>(), 0u8..16, 28u8..31).prop_map(|(v4, n, len)| {
            let text =
                if v4 { format!("192.0.2.{}/{len}", n * 16) } else { format!("2001:db8:{n:x}00::/{}", len + 10) };
            text.parse().unwrap()
        })
    }

    proptest! {
        #[test]
        fn counts_as_a_set_does(mut list in prop::collection::vec(some_prefix(), 0..60), limit in 0usize..40, sorted: bool) {
            if sorted {
                list.sort();
            }
            let mut prefixes = Prefixes::new(limit);
            let mut naive = BTreeSet::new();
            let mut at_least = false;
            for prefix in &list {
                prefixes.add(prefix);
                if naive.len() < limit {
                    naive.insert(*prefix);
                } else {
                    at_least |= !naive.contains(prefix);
                }
            }
            prop_assert_eq!(prefixes.len(), naive.len());
            prop_assert_eq!(prefixes.len_v6(), naive.iter().filter(|p| p.family() == Family::V6).count());
            prop_assert_eq!(prefixes.at_least, at_least);
        }
    }
}
