//! Table dumps: TABLE_DUMP_V2 (RFC 6396 §4.3, with RFC 6397 and RFC 8050) and TABLE_DUMP (§4.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use headwater_route::{Asn, Attributes, Event, Family, FaultKind, Nlri, PathRef, Prefix, Route, SessionId, Time};

use super::Sink;
use super::attributes::{self, Outcome, Parts, Place, Width};
use super::bytes::Bytes;
use super::decode::Decoder;
use super::nlri::{Table, take_prefix};
use super::usual::{self, Usual};

/// A row of a peer table.
#[derive(Clone, Copy)]
pub(super) struct Peer {
    /// `None`: over the limit on sessions.
    id: Option<SessionId>,
    wanted: bool,
}

/// One entry of a table, before its attributes are looked at.
struct Entry<'a> {
    originated: u32,
    path_id: Option<u32>,
    attributes: &'a [u8],
}

/// Bytes of a TABLE_DUMP record before its route: view and sequence number.
const VIEW_BYTES: usize = 4;

impl<S: Sink + ?Sized> Decoder<'_, S> {
    pub(super) fn table_dump_v2(&mut self, body: &[u8]) {
        const V4: Table = Table { family: Family::V4, multicast: false };
        const V4_MULTICAST: Table = Table { family: Family::V4, multicast: true };
        const V6: Table = Table { family: Family::V6, multicast: false };
        const V6_MULTICAST: Table = Table { family: Family::V6, multicast: true };
        match self.record.subtype {
            1 => self.peer_table(body, false),
            7 => self.peer_table(body, true),
            2 => self.rib(body, V4, false),
            3 => self.rib(body, V4_MULTICAST, false),
            4 => self.rib(body, V6, false),
            5 => self.rib(body, V6_MULTICAST, false),
            8 => self.rib(body, V4, true),
            9 => self.rib(body, V4_MULTICAST, true),
            10 => self.rib(body, V6, true),
            11 => self.rib(body, V6_MULTICAST, true),
            6 => self.rib_generic(body, false),
            12 => self.rib_generic(body, true),
            _ => self.unsupported(),
        }
    }

    /// PEER_INDEX_TABLE, or GEO_PEER_TABLE, which lists the same peers with coordinates (RFC 6397 §3). The table it replaces is
    /// gone even if this one is damaged: its numbers no longer hold.
    fn peer_table(&mut self, body: &[u8], geo: bool) {
        let mut rest = Bytes(body);
        let mut peers = Vec::new();
        if self.read_peer_table(&mut rest, geo, &mut peers).is_none() {
            self.bad_record("the peer table ends too early");
        }
        self.peers = Some(peers);
    }

    fn read_peer_table(&mut self, rest: &mut Bytes<'_>, geo: bool, peers: &mut Vec<Peer>) -> Option<()> {
        const COORDINATES: usize = 8;
        let collector = Ipv4Addr::from(rest.array::<4>()?);
        let name_len = usize::from(rest.u16()?);
        let name = String::from_utf8_lossy(rest.take(name_len)?);
        if geo {
            rest.take(COORDINATES)?;
        }
        let count = rest.u16()?;
        self.sink.peer_table(self.record.offset, collector, &name);
        for _ in 0..count {
            let kind = rest.u8()?;
            let _bgp_id = rest.u32()?;
            let addr = take_addr(rest, if kind & 1 == 0 { Family::V4 } else { Family::V6 })?;
            let asn = if kind & 2 == 0 { u32::from(rest.u16()?) } else { rest.u32()? };
            if geo {
                rest.take(COORDINATES)?;
            }
            let id = self.session(Asn(asn), addr);
            let wanted = id.is_some_and(|id| self.wants_session(id));
            peers.push(Peer { id, wanted });
        }
        self.left_over(rest.len());
        Some(())
    }

    /// RIB_IPV4_UNICAST and its like (§4.3.2), or with path identifiers (RFC 8050 §4).
    fn rib(&mut self, body: &[u8], table: Table, path_ids: bool) {
        let mut rest = Bytes(body);
        match rest.u32() {
            Some(_sequence) => self.rib_of(rest, table, path_ids),
            None => self.bad_record("a table record ends before its prefix"),
        }
    }

    /// RIB_GENERIC (§4.3.3). The length of other NLRI than prefixes is not known here.
    fn rib_generic(&mut self, body: &[u8], path_ids: bool) {
        let mut rest = Bytes(body);
        let codes = rest.u32().and_then(|_sequence| Some((rest.u16()?, rest.u8()?)));
        match codes {
            None => self.bad_record("a table record ends before its prefix"),
            Some((afi, safi)) => match Table::from_codes(afi, safi) {
                Some(table) => self.rib_of(rest, table, path_ids),
                None => self.unsupported_table(afi, safi),
            },
        }
    }

    fn rib_of(&mut self, mut rest: Bytes<'_>, table: Table, path_ids: bool) {
        let (prefix, host_bits) = match take_prefix(&mut rest, table.family) {
            Ok(taken) => taken,
            Err(why) => return self.bad_prefix(why),
        };
        if !self.wants_held(&prefix) {
            return;
        }
        let nlri = Nlri { prefix, path_id: None, multicast: table.multicast };
        if host_bits {
            self.host_bits(&nlri);
        }
        // Out of `self` while its entries are handed on.
        let Some(peers) = self.peers.take() else {
            return self.fault(FaultKind::NoPeerTable, format!("routes for {prefix} and no peer table before them"));
        };
        let Some(count) = rest.u16() else {
            self.peers = Some(peers);
            return self.bad_record("a table record ends before its entries");
        };
        for number in 0..count {
            let Some((peer, entry)) = take_entry(&mut rest, path_ids) else {
                self.bad_record(format!("the record ends inside entry {number} of {count}"));
                break;
            };
            match peers.get(usize::from(peer)) {
                Some(Peer { id: Some(id), wanted: true }) => self.held(*id, nlri, &entry),
                Some(_) => {}
                None => self.fault(FaultKind::UnknownPeer, format!("peer {peer} of {}", peers.len())),
            }
        }
        self.peers = Some(peers);
        if self.clean {
            self.left_over(rest.len());
        }
    }

    /// True if routes for this prefix in a table may be wanted.
    pub(super) fn wants_held(&self, prefix: &Prefix) -> bool {
        self.wants_time() && self.filter.is_none_or(|filter| filter.wants_held(prefix))
    }

    /// An entry of a TABLE_DUMP_V2 record.
    #[inline]
    fn held(&mut self, session: SessionId, nlri: Nlri, entry: &Entry<'_>) {
        let (filter, text) = (self.filter, &mut self.text);
        let wants_path = |path: PathRef<'_>| filter.is_none_or(|f| f.wants_path(path, text));
        let mut attributes = attributes::nothing();
        match usual::read(entry.attributes, &mut attributes, wants_path) {
            Usual::Read => self.observe_held(session, nlri, entry, &attributes),
            Usual::Unwanted => {}
            Usual::No => self.held_unusual(session, nlri, entry, Width::Four),
        }
    }

    /// An entry whose attributes need a closer look.
    fn held_unusual(&mut self, session: SessionId, nlri: Nlri, entry: &Entry<'_>, width: Width) {
        // Out of `self` while what borrows from it is handed on.
        let mut path = std::mem::take(&mut self.path);
        let (filter, text) = (self.filter, &mut self.text);
        let wants_path = |path: PathRef<'_>| filter.is_none_or(|f| f.wants_path(path, text));
        let mut parts = Parts::new();
        match parts.read(entry.attributes, width, Place::Table, &mut path, wants_path) {
            Outcome::Read => {
                self.remarks(parts.remarks);
                self.observe_held(session, nlri, entry, &parts.attributes);
            }
            Outcome::Malformed(why) => self.bad_attribute(why),
            Outcome::Unwanted => {}
        }
        self.path = path;
    }

    #[inline]
    fn observe_held(&mut self, session: SessionId, nlri: Nlri, entry: &Entry<'_>, attributes: &Attributes<'_>) {
        // Some writers have no time to give and write 0.
        let originated = (entry.originated != 0).then(|| Time::from_unix(entry.originated));
        let nlri = Nlri { path_id: entry.path_id, ..nlri };
        self.observe(session, Event::Held(Route { nlri, originated, attributes }));
    }

    /// TABLE_DUMP: one route a record; gives the bytes it takes behind its stated length.
    ///
    /// RIS wrote its first tables (1999–2000) with as many routes in a record as fit, and a length that leaves out view and
    /// sequence number. A record is read so only if its routes come out even.
    pub(super) fn table_dump(&mut self, len: usize, ahead: &[u8]) -> usize {
        let family = table_dump_family(self.record.subtype);
        let body = ahead.get(..len).unwrap_or(ahead);
        let Some(routes) = body.get(VIEW_BYTES..) else {
            self.bad_record("a table record ends before its prefix");
            return 0;
        };
        let extra = if self.cut { 0 } else { table_dump_extra(self.record.subtype, len, ahead) };
        if self.wants_time() {
            let routes = ahead.get(VIEW_BYTES..len + extra).unwrap_or(routes);
            self.table_dump_routes(Bytes(routes), family);
        }
        extra
    }

    fn table_dump_routes(&mut self, mut rest: Bytes<'_>, family: Family) {
        while !rest.is_empty() {
            if let Err(why) = self.table_dump_route(&mut rest, family) {
                return self.bad_record(why);
            }
        }
    }

    fn table_dump_route(&mut self, rest: &mut Bytes<'_>, family: Family) -> Result<(), &'static str> {
        const CUT: &str = "a table record ends inside its route";
        let addr = take_addr(rest, family).ok_or(CUT)?;
        let (len, _status, originated) = (|| Some((rest.u8()?, rest.u8()?, rest.u32()?)))().ok_or(CUT)?;
        let peer = take_addr(rest, family).ok_or(CUT)?;
        let asn = rest.u16().ok_or(CUT)?;
        let attributes = rest.u16().and_then(|len| rest.take(usize::from(len))).ok_or(CUT)?;
        let Some(prefix) = Prefix::new(addr, len) else {
            self.bad_prefix(super::nlri::BadNlri::Length(len));
            return Ok(());
        };
        if self.filter.is_some_and(|filter| !filter.wants_held(&prefix)) {
            return Ok(());
        }
        let Some(session) = self.session(Asn(u32::from(asn)), peer) else { return Ok(()) };
        if !self.wants_session(session) {
            return Ok(());
        }
        let nlri = Nlri { prefix, path_id: None, multicast: false };
        if prefix.addr() != addr {
            self.host_bits(&nlri);
        }
        self.held_unusual(session, nlri, &Entry { originated, path_id: None, attributes }, Width::Two);
        Ok(())
    }
}

/// Takes one entry of a TABLE_DUMP_V2 record and the number of its peer (§4.3.4, RFC 8050 §4.1).
#[inline]
fn take_entry<'a>(rest: &mut Bytes<'a>, path_ids: bool) -> Option<(u16, Entry<'a>)> {
    let (peer, originated, path_id, len) = if path_ids {
        (rest.u16()?, rest.u32()?, Some(rest.u32()?), rest.u16()?)
    } else {
        let [a, b, c, d, e, f, g, h] = rest.array()?;
        (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]), None, u16::from_be_bytes([g, h]))
    };
    Some((peer, Entry { originated, path_id, attributes: rest.take(usize::from(len))? }))
}

fn table_dump_family(subtype: u16) -> Family {
    if subtype == 1 { Family::V4 } else { Family::V6 }
}

/// Bytes that a TABLE_DUMP record has behind its stated length: those of view and sequence number, if its routes come out
/// even so and not otherwise.
pub(super) fn table_dump_extra(subtype: u16, len: usize, ahead: &[u8]) -> usize {
    let family = table_dump_family(subtype);
    let even = |end: usize| ahead.get(VIEW_BYTES..end).is_some_and(|routes| comes_out_even(routes, family));
    if !even(len) && even(len + VIEW_BYTES) { VIEW_BYTES } else { 0 }
}

/// True if TABLE_DUMP routes fill these bytes exactly.
fn comes_out_even(routes: &[u8], family: Family) -> bool {
    // Prefix, length, status, time, peer, its ASN.
    let fixed = if family == Family::V4 { 16 } else { 40 };
    let mut rest = Bytes(routes);
    while !rest.is_empty() {
        let route = rest.take(fixed).and_then(|_| rest.u16()).and_then(|len| rest.take(usize::from(len)));
        if route.is_none() {
            return false;
        }
    }
    true
}

/// Takes an address.
pub(super) fn take_addr(rest: &mut Bytes<'_>, family: Family) -> Option<IpAddr> {
    Some(match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(rest.array::<4>()?)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(rest.array::<16>()?)),
    })
}
