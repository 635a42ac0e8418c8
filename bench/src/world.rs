//! The invented collector: its peers, what each holds at every dump, and what it would hold after a change.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use headwater_route::{Asn, Family, Session, Time};
use headwater_wire::mrt::encode::Attributes;

use crate::chance::{Chance, What};
use crate::space::{MAX_V4, Placed, Space};
use crate::ways::{Networks, VANTAGE, WAYS, Way};

/// How large, and from which seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Everything follows from it and from the sizes.
    pub seed: u64,
    /// Prefixes of both families, up to [`Size::MAX_PREFIXES`]. About a fifth are IPv6, if there is an IPv6 vantage.
    pub prefixes: u32,
    /// Peer sessions, up to [`Size::MAX_VANTAGES`]; two of five are IPv6. A route is held by about half of them.
    pub vantages: u16,
    /// Thousandth of all routes that differ between a dump and the next.
    pub changed_per_mille: u32,
}

/// A size that cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SizeError;

impl std::fmt::Display for SizeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (prefixes, vantages) = (Size::MAX_PREFIXES, Size::MAX_VANTAGES);
        write!(f, "a table has 1 to {prefixes} prefixes and 1 to {vantages} vantages")
    }
}

impl std::error::Error for SizeError {}

impl Size {
    /// Most prefixes: more than a full table had in 2026.
    pub const MAX_PREFIXES: u32 = 1_500_000;
    /// Most vantages.
    pub const MAX_VANTAGES: u16 = 2000;
}

/// Time of the first dump: 2026-01-01.
const FIRST_DUMP: u32 = 1_767_225_600;
/// Between dumps, as RIS makes them.
pub(crate) const DUMP_INTERVAL_SECS: u32 = 8 * 3600;

/// The choice of a vantage that does not hold the route.
pub(crate) const ABSENT: u8 = WAYS;

/// How often each way is taken that is not the first.
const AWAY: [u32; WAYS as usize - 1] = [80, 12, 5, 3];

/// The collector.
#[derive(Clone, Debug)]
pub struct World {
    size: Size,
    networks: Networks,
    sessions: Vec<Session>,
    spaces: [Space; 2],
}

impl World {
    /// A collector of that size.
    pub fn new(size: Size) -> Result<World, SizeError> {
        let sizes =
            (1..=Size::MAX_PREFIXES).contains(&size.prefixes) && (1..=Size::MAX_VANTAGES).contains(&size.vantages);
        if !sizes {
            return Err(SizeError);
        }
        let v6 = if size.vantages > 1 { size.prefixes * 19 / 100 } else { 0 };
        let v6 = v6.max(size.prefixes.saturating_sub(MAX_V4));
        let origins = (size.prefixes / 6).max(4);
        let space = |family, origins, prefixes| Space { seed: size.seed, family, origins, prefixes };
        // Fewer networks have IPv6, and they hold fewer prefixes there.
        let spaces = [space(Family::V4, origins, size.prefixes - v6), space(Family::V6, origins / 2 + 1, v6)];
        let sessions = (0..size.vantages).map(|n| session(size.seed, n)).collect();
        let networks = Networks { seed: size.seed, transits: (origins / 32).max(12) };
        Ok(World { size, networks, sessions, spaces })
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Its peers.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// Time of the dump with a number, from 0.
    pub fn dump_time(dump: u32) -> Time {
        Time::from_unix(FIRST_DUMP + dump * DUMP_INTERVAL_SECS)
    }

    /// IPv4, IPv6.
    pub(crate) fn spaces(&self) -> &[Space; 2] {
        &self.spaces
    }

    /// True if the vantage's session is of that family.
    pub(crate) fn carries(&self, vantage: u16, family: Family) -> bool {
        self.sessions[usize::from(vantage)].addr.is_ipv6() == (family == Family::V6)
    }

    /// How a vantage reaches a prefix in the dump with a number: one of [`WAYS`], or [`ABSENT`]. And since which dump.
    pub(crate) fn choice(&self, placed: &Placed, vantage: u16, dump: u32) -> (u8, u32) {
        if !self.carries(vantage, placed.prefix.family()) || !self.reaches(placed, vantage) {
            return (ABSENT, 0);
        }
        let (seed, v) = (self.size.seed, u32::from(vantage));
        let whole = |n| Chance::of(seed, What::GroupChange, [placed.origin, placed.group, v, n]);
        let single = |n| Chance::of(seed, What::PrefixChange, [placed.prefix.family() as u32, placed.key, v, n]);
        // The first dump finds some away from home already.
        let (mut choice, mut since) = (0, 0);
        for mut change in [whole(0), single(0)] {
            if change.per_mille(40) {
                choice = 1 + change.weighted(&AWAY) as u8;
            }
        }
        // Most changes move an origin's group as a whole. A change of both is one.
        let share = self.size.changed_per_mille;
        for n in 1..=dump {
            let (mut whole, mut single) = (whole(n), single(n));
            let moved = match (whole.per_mille(share - share / 5), single.per_mille(share / 5)) {
                (true, _) => &mut whole,
                (false, true) => &mut single,
                (false, false) => continue,
            };
            (choice, since) = (next_choice(choice, moved), n);
        }
        // The first two vantages hold everything, so that no record of a table is empty.
        let held = if choice == ABSENT && vantage < 2 { 0 } else { choice };
        (held, since)
    }

    /// True if the route gets as far as the vantage at all.
    fn reaches(&self, placed: &Placed, vantage: u16) -> bool {
        if vantage < 2 {
            return true;
        }
        let (seed, v) = (self.size.seed, u32::from(vantage));
        let family = placed.prefix.family() as u32;
        let spread = match Chance::of(seed, What::Held, [family, placed.key, 0, 0]).below(1000) {
            0..45 => 150,
            45..90 => 700,
            _ => 985,
        };
        // One peer in six sends only its customers' routes.
        let feed = match vantage % 6 {
            4 => 20 + Chance::of(seed, What::Vantage, [v, 2, 0, 0]).skewed(300, 2),
            _ => 1000,
        };
        Chance::of(seed, What::Held, [family, placed.key, v, 1]).per_mille(spread)
            && (feed == 1000 || Chance::of(seed, What::Held, [placed.origin, placed.group, v, 2]).per_mille(feed))
    }

    /// When the vantage learnt the route, at least a dump's age ago unless it changed since.
    pub(crate) fn learnt(&self, placed: &Placed, vantage: u16, choice: u8, since: u32) -> Time {
        let (seed, v) = (self.size.seed, u32::from(vantage));
        let of_its_own = Chance::of(seed, What::Age, [placed.key, v, 0, 0]).per_mille(60);
        let key = if of_its_own { placed.key } else { placed.group };
        let mut chance = Chance::of(seed, What::Age, [placed.origin, key, v, u32::from(choice) << 24 | since]);
        let ago_secs = match since {
            // From a minute to two months, each doubling alike.
            0 => {
                let doubling = 6 + chance.below(17);
                (1 << doubling) + chance.below(1 << doubling)
            }
            _ => chance.below(DUMP_INTERVAL_SECS),
        };
        Time::from_unix(FIRST_DUMP + since * DUMP_INTERVAL_SECS - ago_secs)
    }

    /// What decides about the attributes of a route.
    pub(crate) fn way(&self, placed: &Placed, vantage: u16, choice: u8) -> Way {
        Way { vantage, origin: placed.origin, group: placed.group, aggregate: placed.aggregate, choice }
    }

    /// The attributes of all routes that go one way.
    pub(crate) fn attributes(&self, way: &Way) -> Attributes {
        self.networks.attributes(way, self.sessions[usize::from(way.vantage)].addr)
    }
}

/// The choice after a change. Most go back to where they came from.
pub(crate) fn next_choice(choice: u8, chance: &mut Chance) -> u8 {
    let fresh = |chance: &mut Chance| 1 + chance.weighted(&AWAY) as u8;
    match choice {
        0 if chance.per_mille(30) => ABSENT,
        0 => fresh(chance),
        ABSENT => 0,
        _ if chance.per_mille(750) => 0,
        old => match fresh(chance) {
            new if new == old => 0,
            new => new,
        },
    }
}

/// Peers in the networks for benchmarks (RFC 2544, RFC 5180); neighbours of one family are eight addresses apart.
fn session(seed: u64, n: u16) -> Session {
    let is_v6 = matches!(n % 5, 1 | 3);
    // A router often has a session of each family.
    let asn = if is_v6 && Chance::of(seed, What::Vantage, [u32::from(n), 3, 0, 0]).per_mille(700) { n - 1 } else { n };
    let addr = match is_v6 {
        false => IpAddr::V4(Ipv4Addr::from(0xc612_0001 + u32::from(n) * 8)),
        true => IpAddr::V6(Ipv6Addr::from(0x2001_0002_u128 << 96 | u128::from(n) << 64 | 1)),
    };
    Session { asn: Asn(VANTAGE + u32::from(asn)), addr }
}
