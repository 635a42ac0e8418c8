//! What registries, certificate authorities and feeds have on record, with times.
//!
//! Place on the way: made from topology and announcements, changed by events, read by the writers. Nothing here changes a route.
//! An entry holds for a [`Term`]; what is published at a moment is what holds then. Must not know: routes, vantages, files.

mod listings;

use headwater_route::{Asn, Prefix, Time};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub use self::listings::{Bulk, Feed, Host, Listing, Sort, Why};
use crate::announce::Announcement;
use crate::random::{Random, mix};
use crate::topology::{AsIndex, Network, Relation, Topology};

/// A stretch of time, half open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Term {
    /// From when.
    pub from: Time,
    /// Until when; absent: to the end of the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Term {
    /// Without an end.
    pub fn since(from: Time) -> Term {
        Term { from, until: None }
    }

    /// True at a moment of it.
    pub fn holds(&self, at: Time) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Ends it at a moment, if it holds then.
    pub fn end(&mut self, at: Time) {
        if self.holds(at) {
            self.until = Some(at);
        }
    }
}

/// Whoever holds an AS number, as a registry has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holder {
    /// The number.
    pub asn: Asn,
    /// The holder's name.
    pub name: String,
    /// The registry's key of the organisation: its resources bear the same.
    pub organisation: String,
    /// Which of [`REGISTRIES`].
    pub registry: usize,
    /// When the number was given to it.
    pub created: Time,
    /// Who may change the objects.
    pub maintainer: String,
    /// Domain of the mailbox for abuse.
    pub mailbox_domain: String,
    /// When it holds.
    pub term: Term,
}

/// A block of addresses, as a registry has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The block.
    pub prefix: Prefix,
    /// What it is called.
    pub netname: String,
    /// The registry's key of the organisation that uses it.
    pub organisation: String,
    /// Name of that organisation.
    pub name: String,
    /// Which of [`REGISTRIES`].
    pub registry: usize,
    /// When the object was made.
    pub created: Time,
    /// Who may change it.
    pub maintainer: String,
    /// Domain of the mailbox for abuse.
    pub mailbox_domain: String,
    /// When it holds.
    pub term: Term,
}

/// A validated ROA payload (RFC 6482).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Roa {
    /// Who may announce.
    pub asn: Asn,
    /// What.
    pub prefix: Prefix,
    /// And what is more specific, up to this length.
    pub max_len: u8,
    /// When it holds.
    pub term: Term,
}

/// An ASPA: whom a network calls its providers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Aspa {
    /// The network.
    pub customer: Asn,
    /// Its providers.
    pub providers: Vec<Asn>,
    /// When it holds.
    pub term: Term,
}

/// A route object (RFC 2622 §4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteObject {
    /// What.
    pub prefix: Prefix,
    /// By whom.
    pub origin: Asn,
    /// Who may change it.
    pub maintainer: String,
    /// When it holds.
    pub term: Term,
}

/// An entry of a list of bad networks or blocks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DropEntry {
    /// A block; absent for a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
    /// A number; for a block: who announced it when it was listed.
    pub asn: Asn,
    /// Number of the entry.
    pub number: u32,
    /// When it is listed.
    pub term: Term,
}

/// Names that the formats know registries by; everything said under them is invented.
pub const REGISTRIES: [&str; 5] = ["ripencc", "arin", "apnic", "lacnic", "afrinic"];

/// All that is on record.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// What chance is drawn from.
    pub seed: u64,
    /// Holders of numbers; of one number in order of time.
    pub holders: Vec<Holder>,
    /// Blocks of addresses.
    pub blocks: Vec<Block>,
    /// ROA payloads.
    pub roas: Vec<Roa>,
    /// ASPAs.
    pub aspas: Vec<Aspa>,
    /// Route objects.
    pub route_objects: Vec<RouteObject>,
    /// Listed networks and blocks.
    pub drops: Vec<DropEntry>,
    /// Addresses that feeds list, rightly or not.
    pub hosts: Vec<Host>,
    /// Mass removals.
    pub bulks: Vec<Bulk>,
}

/// In a thousand networks of the crowd: their prefixes have ROAs; they have an ASPA; they keep their objects under the
/// maintainer of a broker, of which there is one for [`CLIENTS`] of them.
const ROA_PERMILLE: u64 = 500;
const ASPA_PERMILLE: u64 = 30;
const BROKERED_PERMILLE: u64 = 250;
const CLIENTS: u64 = 40;
/// Longest time from the giving of a number to the start of the world, in seconds.
const AGE_SECS: u64 = 15 * 365 * 86_400;

impl Register {
    /// What is on record of the world as it starts. `authorised` tells which networks of the cast have ROAs.
    pub fn of(
        topology: &Topology,
        announced: &[(Vec<Prefix>, Announcement)],
        from: Time,
        seed: u64,
        authorised: impl Fn(AsIndex) -> Option<bool>,
    ) -> Register {
        let mut register = Register { seed, ..Register::default() };
        let key = mix(seed, 0x7265_6769);
        let mut organisations: FxHashMap<u32, usize> = FxHashMap::default();
        for network in topology.networks() {
            // Siblings are one organisation: they share what its first network has.
            let first = *organisations.entry(network.organisation).or_insert(register.holders.len());
            let like = register.holders.get(first).cloned();
            register.holders.push(holder(network, like, from, key));
        }
        for (prefixes, announcement) in announced {
            let Some(seed) = announcement.seeds.first() else { continue };
            let holder = &register.holders[seed.at.at()];
            let of = mix(key, u64::from(holder.asn.0));
            let with_roa = authorised(seed.at).unwrap_or((of >> 10) % 1000 < ROA_PERMILLE);
            for prefix in prefixes {
                register.blocks.push(block(holder, *prefix, Term::since(from)));
                let (asn, max_len) = (holder.asn, prefix.len());
                if with_roa {
                    register.roas.push(Roa { asn, prefix: *prefix, max_len, term: Term::since(from) });
                }
                if (of >> 20) % 1000 < 800 {
                    let (maintainer, term) = (holder.maintainer.clone(), Term::since(from));
                    register.route_objects.push(RouteObject { prefix: *prefix, origin: asn, maintainer, term });
                }
            }
        }
        // Of a network's blocks the widest are registered.
        register.blocks.sort_by_key(|block| block.prefix);
        let mut widest: Option<Prefix> = None;
        register.blocks.retain(|block| {
            let inside = widest.is_some_and(|widest| widest.covers(&block.prefix));
            if !inside {
                widest = Some(block.prefix);
            }
            !inside
        });
        for number in 0..topology.networks().len() as u32 {
            let network = topology.network(AsIndex(number));
            if network.name.is_none() && mix(key, u64::from(network.asn.0)) >> 30 & 1023 < ASPA_PERMILLE {
                let providers = topology.neighbours(AsIndex(number), headwater_route::Family::V4);
                let providers = providers.filter(|(_, relation, _)| *relation == Relation::Provider);
                let mut providers: Vec<Asn> = providers.map(|(who, ..)| topology.network(who).asn).collect();
                providers.sort();
                if !providers.is_empty() {
                    register.aspas.push(Aspa { customer: network.asn, providers, term: Term::since(from) });
                }
            }
        }
        register
    }

    /// The holder of a number at a moment.
    pub fn holder(&self, asn: Asn, at: Time) -> Option<&Holder> {
        self.holders.iter().rfind(|holder| holder.asn == asn && holder.term.holds(at))
    }

    /// What the registry has of a number from a moment on; what it had ends then.
    pub fn hand_over(&mut self, holder: Holder) {
        let at = holder.term.from;
        self.holders.iter_mut().filter(|held| held.asn == holder.asn).for_each(|held| held.term.end(at));
        self.holders.push(holder);
    }

    /// Registers a block anew, under the holder of a number at that moment; what is registered of it ends.
    pub fn assign(&mut self, prefix: Prefix, asn: Asn, at: Time) {
        let blocks = self.blocks.iter_mut().filter(|block| block.prefix == prefix);
        blocks.for_each(|block| block.term.end(at));
        if let Some(holder) = self.holder(asn, at) {
            let new = Block { created: at, ..block(holder, prefix, Term::since(at)) };
            self.blocks.push(new);
        }
    }

    /// Publishes a ROA payload.
    pub fn authorise(&mut self, asn: Asn, prefix: Prefix, max_len: u8, term: Term) {
        self.roas.push(Roa { asn, prefix, max_len: max_len.max(prefix.len()), term });
    }

    /// Withdraws the ROA payloads of a number for a prefix.
    pub fn revoke(&mut self, asn: Asn, prefix: &Prefix, at: Time) {
        self.roas.iter_mut().filter(|roa| roa.asn == asn && roa.prefix == *prefix).for_each(|roa| roa.term.end(at));
    }

    /// True if by the ROAs of a moment a route is invalid (RFC 6811 §2): some cover it, and none fits.
    pub fn is_invalid(&self, prefix: &Prefix, origin: Asn, at: Time) -> bool {
        let mut covering = self.roas.iter().filter(|roa| roa.prefix.covers(prefix) && roa.term.holds(at)).peekable();
        covering.peek().is_some() && !covering.any(|roa| roa.asn == origin && prefix.len() <= roa.max_len)
    }

    /// A stream of chance of the register.
    pub fn random(&self, label: &str) -> Random {
        Random::of(self.seed, label)
    }
}

/// The registry's record of a network, like that of an organisation it belongs to.
fn holder(network: &Network, like: Option<Holder>, from: Time, key: u64) -> Holder {
    let asn = network.asn;
    let drawn = mix(key, u64::from(asn.0));
    let created = Time(from.0 - (1 + drawn % AGE_SECS) as i64 * 1_000_000);
    let name = network.name.as_deref().map_or_else(|| format!("Invented Network {}", asn.0), str::to_owned);
    if let Some(like) = like {
        return Holder { asn, name, created, ..like };
    }
    let slug = match &network.name {
        Some(name) => slug(name),
        None => format!("net{}", asn.0),
    };
    let maintainer = match network.name.is_none() && (drawn >> 40) % 1000 < BROKERED_PERMILLE {
        true => format!("BROKER{}-MNT", drawn % (BROKERS_PER_WORLD * CLIENTS) / CLIENTS),
        false => format!("{}-MNT", slug.to_uppercase()),
    };
    Holder {
        asn,
        name,
        organisation: format!("ORG-INV{}", asn.0),
        registry: usize::from(network.region) % REGISTRIES.len(),
        created,
        maintainer,
        mailbox_domain: format!("{slug}.example"),
        term: Term::since(created.min(from)),
    }
}

/// Brokers there are.
const BROKERS_PER_WORLD: u64 = 12;

/// A block of a holder.
fn block(holder: &Holder, prefix: Prefix, term: Term) -> Block {
    Block {
        prefix,
        netname: format!("INV-{}", slug(&holder.name).to_uppercase()),
        organisation: holder.organisation.clone(),
        name: holder.name.clone(),
        registry: holder.registry,
        created: holder.created,
        maintainer: holder.maintainer.clone(),
        mailbox_domain: holder.mailbox_domain.clone(),
        term,
    }
}

/// A name as a part of other names: `Sample Hosting LLC` is `sample-hosting-llc`.
pub fn slug(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i8) -> Time {
        Time::from_date(2024, 3, day).unwrap()
    }

    #[test]
    fn routes_are_invalid_by_the_roas_of_their_time() {
        let (owner, other) = (Asn(64500), Asn(64501));
        let (wide, long): (Prefix, Prefix) = ("203.0.113.0/24".parse().unwrap(), "203.0.113.0/25".parse().unwrap());
        let mut register = Register::default();
        assert!(!register.is_invalid(&wide, other, day(1)), "nothing covers it");
        register.authorise(owner, wide, 24, Term::since(day(2)));
        assert!(!register.is_invalid(&wide, other, day(1)), "not yet");
        assert!(register.is_invalid(&wide, other, day(2)));
        assert!(!register.is_invalid(&wide, owner, day(2)));
        assert!(register.is_invalid(&long, owner, day(2)), "longer than it may be");
        register.authorise(other, long, 25, Term::since(day(3)));
        assert!(!register.is_invalid(&long, other, day(3)));
        register.revoke(owner, &wide, day(4));
        assert!(!register.is_invalid(&wide, other, day(4)));
    }

    #[test]
    fn a_number_has_one_holder_at_a_time() {
        let mut register = Register::default();
        let first = Holder {
            asn: Asn(64500),
            name: "First".to_owned(),
            organisation: "ORG-1".to_owned(),
            registry: 0,
            created: day(1),
            maintainer: "FIRST-MNT".to_owned(),
            mailbox_domain: "first.example".to_owned(),
            term: Term::since(day(1)),
        };
        register.hand_over(first.clone());
        register.hand_over(Holder { name: "Second".to_owned(), term: Term::since(day(5)), ..first });
        assert_eq!(register.holder(Asn(64500), day(4)).unwrap().name, "First");
        assert_eq!(register.holder(Asn(64500), day(5)).unwrap().name, "Second");
        assert_eq!(slug("Sample Hosting, LLC."), "sample-hosting-llc");
    }
}
