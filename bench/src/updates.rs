//! Update files, written: what a collector's peers say after a dump.
//!
//! A few routes are restless and make most of the noise. They are announced by other ways and mostly come back, are
//! withdrawn, and are announced again unchanged. What is withdrawn was held: at the dump, or by an announcement since.

use std::io::Write;
use std::net::{IpAddr, Ipv6Addr};

use headwater_route::{Asn, Nlri, Session, Time};
use headwater_wire::mrt::encode::{Attributes, EncodeError, Ends, Style, Update, Writer};
use rustc_hash::FxHashSet;

use crate::chance::{Chance, What};
use crate::output::Counted;
use crate::space::Placed;
use crate::table::COLLECTOR;
use crate::world::{ABSENT, World, next_choice};

/// An update file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traffic {
    /// The dump whose routes change. The file starts at its time.
    pub dump: u32,
    /// UPDATE messages.
    pub messages: u32,
    /// Seconds they are spread over.
    pub secs: u32,
    /// With microseconds (BGP4MP_ET).
    pub micros: bool,
}

/// What was written of updates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UpdatesWritten {
    /// UPDATE messages.
    pub messages: u64,
    /// Routes announced.
    pub announced: u64,
    /// Routes withdrawn.
    pub withdrawn: u64,
    /// State changes.
    pub states: u64,
    /// Bytes, before any compression.
    pub bytes: u64,
}

/// Most sets of routes that make noise, which bounds the memory.
const MOST_RESTLESS: u32 = 1 << 16;

/// Routes of one vantage that change together.
struct Restless {
    vantage: u16,
    routes: Vec<Placed>,
    /// Their way at the dump.
    home: u8,
    now: u8,
}

/// Writes updates as BGP4MP messages.
pub fn write_updates(world: &World, traffic: &Traffic, out: impl Write) -> Result<UpdatesWritten, EncodeError> {
    let mut restless = restless(world, traffic);
    let style = Style { micros: traffic.micros, ..Style::default() };
    let mut writer = Writer::new(Counted::new(out));
    let mut written = UpdatesWritten::default();
    let mut chance = Chance::of(world.size().seed, What::Updates, [traffic.dump, 0, 0, 0]);
    let mut at = 0;
    // The session that goes down once, with all its routes.
    let flapping = world.sessions().len() as u16 - 1;
    let down_at = traffic.messages / 3;
    for n in 0..traffic.messages {
        let micros = i64::from(traffic.secs) * 1_000_000 * i64::from(n) / i64::from(traffic.messages);
        let time = Time(World::dump_time(traffic.dump).0 + micros);
        if n == down_at {
            for (from, to) in [(6, 1), (1, 3), (3, 4), (4, 5), (5, 6)] {
                writer.state_change(time, &ends(world, flapping), style, from, to)?;
                written.states += 1;
            }
            restless.iter_mut().filter(|set| set.vantage == flapping).for_each(|set| set.now = ABSENT);
        }
        if restless.is_empty() {
            continue;
        }
        // One change draws others after it.
        if n == 0 || chance.per_mille(400) {
            at = chance.skewed(restless.len() as u32, 3) as usize;
        }
        let set = &mut restless[at];
        let next = match set.now {
            ABSENT if chance.per_mille(850) => set.home,
            ABSENT => away(set.home, 1 + chance.below(2) as u8),
            now => match chance.below(1000) {
                0..170 => now,
                170..235 => ABSENT,
                // Ways are numbered from home, where most changes lead back to.
                _ => away(set.home, next_choice(away(set.home, now), &mut chance)),
            },
        };
        set.now = next;
        let nlri = |placed: &Placed| Nlri { prefix: placed.prefix, path_id: None, multicast: false };
        let routes: Vec<Nlri> = set.routes.iter().map(nlri).collect();
        written.messages += 1;
        let update = match next {
            ABSENT => {
                written.withdrawn += routes.len() as u64;
                Update { withdrawn: routes, announced: Vec::new(), attributes: Attributes::default() }
            }
            choice => {
                written.announced += routes.len() as u64;
                let attributes = world.attributes(&world.way(&set.routes[0], set.vantage, choice));
                Update { withdrawn: Vec::new(), announced: routes, attributes }
            }
        };
        writer.update(time, &ends(world, set.vantage), style, &update)?;
    }
    written.bytes = writer.into_inner().bytes();
    Ok(written)
}

/// The way seen from `home`, which counts as 0; seen twice it is itself.
fn away(home: u8, choice: u8) -> u8 {
    match choice {
        0 => home,
        choice if choice == home => 0,
        choice => choice,
    }
}

/// The routes that make noise. No route is in two sets.
fn restless(world: &World, traffic: &Traffic) -> Vec<Restless> {
    let seed = world.size().seed;
    let wanted = (traffic.messages / 10).clamp(4, MOST_RESTLESS);
    // The last stretch may be cut short, which only who counts from the first knows.
    let stretches = world.spaces().map(|space| space.stretches().count() as u32);
    let mut taken = FxHashSet::default();
    let mut sets = Vec::new();
    for n in 0..wanted {
        let mut chance = Chance::of(seed, What::Updates, [traffic.dump, n, 1, 0]);
        let vantage = chance.skewed(world.sessions().len() as u32, 2) as u16;
        let of = world.spaces().iter().zip(stretches).find(|(space, _)| world.carries(vantage, space.family));
        let Some((space, stretches)) = of else { continue };
        let number = chance.below(stretches.saturating_sub(1));
        let mut stretch = space.stretch(number).unwrap_or_default();
        if stretches == 1 {
            stretch.truncate(space.prefixes as usize);
        }
        let Some(first) = stretch.get(chance.below(stretch.len() as u32) as usize).copied() else { continue };
        let (home, _) = world.choice(&first, vantage, traffic.dump);
        if home == ABSENT {
            continue;
        }
        let way = world.way(&first, vantage, home);
        stretch.retain(|placed| {
            let (choice, _) = world.choice(placed, vantage, traffic.dump);
            choice == home
                && world.way(placed, vantage, choice) == way
                && taken.insert((vantage, space.family, placed.key))
        });
        if !stretch.is_empty() {
            sets.push(Restless { vantage, routes: stretch, home, now: home });
        }
    }
    sets
}

/// The session of a vantage with the collector (RFC 5398, RFC 3849).
fn ends(world: &World, vantage: u16) -> Ends {
    let peer = world.sessions()[usize::from(vantage)];
    let addr = match peer.addr {
        IpAddr::V4(_) => IpAddr::V4(COLLECTOR),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    };
    Ends { peer, local: Session { asn: Asn(64496), addr } }
}
