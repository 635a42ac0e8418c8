//! What is announced: by whom, to which neighbours, with which path.
//!
//! Place on the way: between the topology and the routes. Prefixes with equal [`Announcement`]s travel alike: they are a
//! *class*, whose routes are computed once. Hijacks, leaks, poisoned paths and several origins are announcements with more or
//! other seeds than the ordinary one. Must not know: prefixes, links, time.

use headwater_route::Asn;

use crate::topology::AsIndex;

/// Traits of an announcement that networks may refuse: bits of [`Announcement::traits`] and of
/// [`crate::topology::Conduct::refuses`].
pub mod traits {
    /// Invalid by the ROAs of its time.
    pub const INVALID: u8 = 1;
    /// More specific than most accept (/25 and longer, in IPv6 /49 and longer).
    pub const TOO_LONG: u8 = 2;
    /// Carries the blackhole community (RFC 7999).
    pub const BLACKHOLE: u8 = 4;
}

/// What becomes known of a prefix, and from where. The default announces nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Announcement {
    /// Where it enters, in ascending order of the network, each at most once.
    pub seeds: Vec<Seed>,
    /// Bits of [`traits`].
    pub traits: u8,
    /// How many networks behind the seed it reaches, 1 for NO_EXPORT; `None`: no limit.
    pub reach: Option<u8>,
    /// Communities (RFC 1997) it starts with.
    pub communities: Vec<(u16, u16)>,
}

/// A network that announces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Seed {
    /// The network.
    pub at: AsIndex,
    /// What stands behind its own number in the path it announces; empty for the true origin. A network whose number stands
    /// here does not accept the route.
    pub tail: Vec<Asn>,
    /// The mark of RFC 9234 that the route bears already; a leaked route brings it along.
    pub only_to_customer: Option<Asn>,
    /// What neighbours get that are not named in `to`.
    pub others: Export,
    /// What named neighbours get, in ascending order.
    pub to: Vec<(AsIndex, Export)>,
}

/// What a neighbour gets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Export {
    /// Nothing.
    Nothing,
    /// The route, the announcing number repeated this many times more (0: once in all).
    Prepended(u8),
}

impl Export {
    /// The route as it is.
    pub const PLAIN: Export = Export::Prepended(0);
}

impl Seed {
    /// The true origin, announcing to everyone.
    pub fn plain(at: AsIndex) -> Seed {
        Seed { at, tail: Vec::new(), only_to_customer: None, others: Export::PLAIN, to: Vec::new() }
    }

    /// What a neighbour gets.
    pub fn export(&self, neighbour: AsIndex) -> Export {
        match self.to.binary_search_by_key(&neighbour, |(who, _)| *who) {
            Ok(at) => self.to[at].1,
            Err(_) => self.others,
        }
    }

    /// The same, with another export to one neighbour.
    #[must_use]
    pub fn with(mut self, neighbour: AsIndex, export: Export) -> Seed {
        match self.to.binary_search_by_key(&neighbour, |(who, _)| *who) {
            Ok(at) => self.to[at].1 = export,
            Err(at) => self.to.insert(at, (neighbour, export)),
        }
        self
    }
}

impl Announcement {
    /// The ordinary case: one origin announces to all its neighbours.
    pub fn plain(origin: AsIndex) -> Announcement {
        Announcement::of([Seed::plain(origin)])
    }

    /// By several seeds. Of seeds at one network the first stays.
    pub fn of(seeds: impl IntoIterator<Item = Seed>) -> Announcement {
        let mut seeds: Vec<Seed> = seeds.into_iter().collect();
        seeds.sort_by_key(|seed| seed.at);
        seeds.dedup_by_key(|seed| seed.at);
        Announcement { seeds, ..Announcement::default() }
    }

    /// The same with another seed beside; it takes the place of one at the same network.
    #[must_use]
    pub fn and(mut self, seed: Seed) -> Announcement {
        self.seeds.retain(|other| other.at != seed.at);
        self.seeds.push(seed);
        self.seeds.sort_by_key(|seed| seed.at);
        self
    }

    /// The same without what a network announces.
    #[must_use]
    pub fn without(mut self, at: AsIndex) -> Announcement {
        self.seeds.retain(|seed| seed.at != at);
        self
    }
}
