//! What the wire says: one vantage, one moment, one route held, announced or withdrawn.

use std::net::{IpAddr, Ipv4Addr};

use crate::{Asn, PathRef, Prefix, Time};

/// A peer session as a file numbers it: an index into the sessions the file has shown so far, in order of appearance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub u32);

/// A collector's peer session as a file names it. With the collector it makes a *vantage*.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Session {
    /// The peer's ASN.
    pub asn: Asn,
    /// The peer's address.
    pub addr: IpAddr,
}

/// One thing a file says about one vantage.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Observation<'a> {
    /// Byte offset, in the decompressed stream, of the record that says so.
    pub offset: u64,
    /// Time of the record: the time of the dump for table dumps, of receipt for updates.
    pub time: Time,
    /// Who said it.
    pub session: SessionId,
    /// What was said.
    pub event: Event<'a>,
}

/// What was said.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event<'a> {
    /// The route stands in a dump of the vantage's table.
    Held(Route<'a>),
    /// The vantage announced the route; it replaces an earlier one for the same [`Nlri`].
    Announced(Route<'a>),
    /// The vantage withdrew its route.
    Withdrawn(Nlri),
    /// The session went from one BGP state to another (RFC 4271 §8.2.2 codes: 1 Idle … 6 Established).
    State {
        /// State before.
        from: u16,
        /// State after.
        to: u16,
    },
}

/// The key of a route within a vantage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Nlri {
    /// The prefix.
    pub prefix: Prefix,
    /// ADD-PATH identifier (RFC 7911), where the session uses it.
    pub path_id: Option<u32>,
    /// True for a multicast table (SAFI 2), which is kept apart.
    pub multicast: bool,
}

/// A route with its attributes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Route<'a> {
    /// Its key.
    pub nlri: Nlri,
    /// When the vantage learnt it, where a table dump says so.
    pub originated: Option<Time>,
    /// Its attributes, shared by all routes of one message.
    pub attributes: &'a Attributes<'a>,
}

/// ORIGIN attribute (RFC 4271 §4.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OriginCode {
    /// 0.
    Igp,
    /// 1.
    Egp,
    /// 2.
    Incomplete,
}

/// Path attributes, bounds-checked, borrowed from the message.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Attributes<'a> {
    /// AS_PATH, four-byte, merged with AS4_PATH where the session was two-byte.
    pub path: PathRef<'a>,
    /// ORIGIN.
    pub origin: Option<OriginCode>,
    /// NEXT_HOP, or the global address of MP_REACH_NLRI.
    pub next_hop: Option<IpAddr>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF.
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE present.
    pub atomic_aggregate: bool,
    /// AGGREGATOR, merged with AS4_AGGREGATOR.
    pub aggregator: Option<(Asn, Ipv4Addr)>,
    /// COMMUNITIES value (RFC 1997): 4 bytes each.
    pub communities: &'a [u8],
    /// EXTENDED COMMUNITIES value (RFC 4360): 8 bytes each.
    pub extended_communities: &'a [u8],
    /// LARGE COMMUNITIES value (RFC 8092): 12 bytes each.
    pub large_communities: &'a [u8],
    /// ONLY_TO_CUSTOMER (RFC 9234).
    pub only_to_customer: Option<Asn>,
}

impl Attributes<'_> {
    /// The RFC 1997 communities as (high, low) halves.
    #[inline]
    pub fn community_pairs(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.communities.chunks_exact(4).map(|c| (u16::from_be_bytes([c[0], c[1]]), u16::from_be_bytes([c[2], c[3]])))
    }
}
