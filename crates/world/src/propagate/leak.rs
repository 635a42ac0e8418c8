//! Route leaks (RFC 7908): a network passes on what it should keep.

use super::{Learnt, Spread};
use crate::announce::{Announcement, Export, Seed};
use crate::random::mix;
use crate::topology::AsIndex;
use headwater_route::Asn;

/// A network passes routes of one neighbour, a peer or provider, on to providers or peers.
///
/// The leaker chooses as if there were no leak, and what it has chosen it announces as a customer's route. Networks in its
/// path do not take it back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leak {
    /// Who leaks.
    pub by: AsIndex,
    /// Whose routes.
    pub from: AsIndex,
    /// Whom it must still not reach: the leaker's providers and peers that are not leaked to, in ascending order.
    pub spared: Vec<AsIndex>,
    /// In a thousand classes: those that leak.
    pub permille: u16,
}

impl Leak {
    /// The seed that a spread without leaks gives the leak; `None` if the leaker has the route from someone else.
    pub(super) fn seed(&self, spread: &Spread<'_>, announcement: &Announcement) -> Option<Seed> {
        let learnt = spread.learnt(self.by)?;
        if learnt < Learnt::Peer || spread.parent(self.by) != Some(self.from) {
            return None;
        }
        // By origin, so that a network's prefixes leak or do not leak together.
        let origin = announcement.seeds.first().map_or(0, |seed| seed.at.0);
        if mix(u64::from(self.by.0), u64::from(origin)) % 1000 >= u64::from(self.permille) {
            return None;
        }
        let mut path = Vec::new();
        let (_, mark, _) = spread.path(self.by, announcement, &mut path);
        let seed = Seed {
            at: self.by,
            tail: path.into_iter().skip(1).map(Asn).collect(),
            only_to_customer: (mark != 0).then_some(Asn(mark)),
            others: Export::PLAIN,
            to: self.spared.iter().map(|who| (*who, Export::Nothing)).collect(),
        };
        Some(seed)
    }
}
