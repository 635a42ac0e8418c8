//! Writes what the decoder reads: for tests, for sample data, and for tables as large as one likes.
//!
//! A [`Writer`] takes record after record and holds one. What no record can hold is an [`EncodeError`], and nothing of that
//! record is written.

mod attributes;
mod message;

use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use headwater_route::{Family, Nlri, Prefix, Session, Time};

pub use self::attributes::{Attributes, RawAttribute};
pub use self::message::{Ends, Style, Update, open_with_add_path};

use super::header::kind;
use attributes::{Place, Width};

/// Why a record cannot be written.
#[derive(Debug)]
pub enum EncodeError {
    /// A field is longer than its length can say.
    TooLong(&'static str),
    /// A message or record can hold routes of one table only: one family, unicast or multicast, with or without path
    /// identifiers.
    Mixed,
    /// Routes of this table need a next hop.
    NoNextHop,
    /// An address, ASN or time that the record type has no room for.
    Unwritable(&'static str),
    /// The sink failed.
    Io(io::Error),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::TooLong(what) => write!(f, "{what}: too long for its field"),
            EncodeError::Mixed => f.write_str("routes of several tables in one message"),
            EncodeError::NoNextHop => f.write_str("routes of this table need a next hop"),
            EncodeError::Unwritable(what) => write!(f, "{what}: the record type has no room for it"),
            EncodeError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EncodeError {}

impl From<io::Error> for EncodeError {
    fn from(error: io::Error) -> EncodeError {
        EncodeError::Io(error)
    }
}

/// A table of peers that entries refer to by position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerTable {
    /// BGP identifier of the collector.
    pub collector: Ipv4Addr,
    /// Name of the view; may be empty.
    pub view: String,
    /// The peers in order.
    pub peers: Vec<Session>,
}

/// The routes of several peers to one prefix.
#[derive(Clone, PartialEq, Debug)]
pub struct Rib<'a> {
    /// Number of the record in its table.
    pub sequence: u32,
    /// The prefix.
    pub prefix: Prefix,
    /// True for a multicast table.
    pub multicast: bool,
    /// True for RIB_GENERIC, which names its family; else the type of the family.
    pub generic: bool,
    /// The routes. Either all have a path identifier or none.
    pub entries: Vec<RibEntry<'a>>,
}

/// A peer's route in a [`Rib`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RibEntry<'a> {
    /// Position in the peer table.
    pub peer: u16,
    /// When the peer's route was learnt; whole seconds.
    pub originated: Option<Time>,
    /// ADD-PATH identifier.
    pub path_id: Option<u32>,
    /// Its attributes.
    pub attributes: &'a Attributes,
}

/// A route in a table of the old kind (TABLE_DUMP): two-byte ASNs, one route a record.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TableDumpRoute<'a> {
    /// Who holds it. Its address is of the prefix's family.
    pub session: Session,
    /// The prefix.
    pub prefix: Prefix,
    /// When it was learnt; whole seconds.
    pub originated: Option<Time>,
    /// Its attributes.
    pub attributes: &'a Attributes,
}

/// Writes MRT records. Wrap a file in a [`io::BufWriter`].
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// The record being put together.
    body: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Writer<W> {
        Writer { out, body: Vec::new() }
    }

    /// What has been written to.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Any record, whole or not as it should be: the body is not looked at.
    pub fn record(&mut self, time: Time, kind: u16, subtype: u16, body: &[u8]) -> Result<(), EncodeError> {
        let len = u32::try_from(body.len()).map_err(|_| EncodeError::TooLong("record"))?;
        let mut header = Vec::with_capacity(super::header::HEADER_BYTES);
        header.extend(seconds(time)?.to_be_bytes());
        header.extend(kind.to_be_bytes());
        header.extend(subtype.to_be_bytes());
        header.extend(len.to_be_bytes());
        self.out.write_all(&header)?;
        self.out.write_all(body)?;
        Ok(())
    }

    /// Puts a record together in the writer's buffer and writes it.
    fn put(
        &mut self,
        time: Time,
        kind: u16,
        subtype: u16,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        let written = fill(&mut body).and_then(|()| self.record(time, kind, subtype, &body));
        self.body = body;
        written
    }

    /// PEER_INDEX_TABLE (RFC 6396 §4.3.1).
    pub fn peer_table(&mut self, time: Time, table: &PeerTable) -> Result<(), EncodeError> {
        self.put(time, kind::TABLE_DUMP_V2, 1, |body| put_peer_table(body, table, None))
    }

    /// GEO_PEER_TABLE (RFC 6397 §3), with coordinates that say "private" for the collector and every peer.
    pub fn geo_peer_table(&mut self, time: Time, table: &PeerTable) -> Result<(), EncodeError> {
        let private = f32::NAN.to_be_bytes();
        self.put(time, kind::TABLE_DUMP_V2, 7, |body| put_peer_table(body, table, Some(private)))
    }

    /// A record of TABLE_DUMP_V2 routes (RFC 6396 §4.3.2, §4.3.3, RFC 8050 §4).
    pub fn rib(&mut self, time: Time, rib: &Rib<'_>) -> Result<(), EncodeError> {
        let path_ids = rib.entries.iter().any(|entry| entry.path_id.is_some());
        if path_ids && rib.entries.iter().any(|entry| entry.path_id.is_none()) {
            return Err(EncodeError::Mixed);
        }
        let family = match rib.prefix.family() {
            Family::V4 => 2,
            Family::V6 => 4,
        };
        let subtype = match (rib.generic, path_ids) {
            (true, false) => 6,
            (true, true) => 12,
            (false, path_ids) => family + u16::from(rib.multicast) + if path_ids { 6 } else { 0 },
        };
        self.put(time, kind::TABLE_DUMP_V2, subtype, |body| {
            body.extend(rib.sequence.to_be_bytes());
            if rib.generic {
                put_table(body, rib.prefix.family(), rib.multicast);
            }
            put_prefix(body, &rib.prefix);
            put_len(body, rib.entries.len(), "entries")?;
            for entry in &rib.entries {
                body.extend(entry.peer.to_be_bytes());
                body.extend(optional_seconds(entry.originated)?.to_be_bytes());
                body.extend(entry.path_id.map(u32::to_be_bytes).into_iter().flatten());
                attributes::put_counted(body, |body| entry.attributes.put(body, Width::Four, Place::Table))?;
            }
            Ok(())
        })
    }

    /// TABLE_DUMP (RFC 6396 §4.2).
    pub fn table_dump(
        &mut self,
        time: Time,
        view: u16,
        sequence: u16,
        route: &TableDumpRoute<'_>,
    ) -> Result<(), EncodeError> {
        let subtype = if route.prefix.family() == Family::V4 { 1 } else { 2 };
        if route.session.addr.is_ipv4() != (subtype == 1) {
            return Err(EncodeError::Unwritable("a peer of another family than its prefix"));
        }
        self.put(time, kind::TABLE_DUMP, subtype, |body| {
            body.extend(view.to_be_bytes());
            body.extend(sequence.to_be_bytes());
            put_table_dump_route(body, route)
        })
    }

    /// TABLE_DUMP as RIS wrote its first tables: many routes in a record whose length leaves out view and sequence number.
    pub fn packed_table_dump(
        &mut self,
        time: Time,
        view: u16,
        sequence: u16,
        routes: &[TableDumpRoute<'_>],
    ) -> Result<(), EncodeError> {
        let mut body = Vec::new();
        body.extend(view.to_be_bytes());
        body.extend(sequence.to_be_bytes());
        for route in routes {
            if route.prefix.family() != Family::V4 || !route.session.addr.is_ipv4() {
                return Err(EncodeError::Unwritable("a route of another family than IPv4"));
            }
            put_table_dump_route(&mut body, route)?;
        }
        let mut record = Writer::new(Vec::new());
        record.record(time, kind::TABLE_DUMP, 1, &body[4..])?;
        let mut whole = record.into_inner();
        whole.splice(super::header::HEADER_BYTES..super::header::HEADER_BYTES, body[..4].iter().copied());
        self.out.write_all(&whole)?;
        Ok(())
    }
}

fn put_table_dump_route(body: &mut Vec<u8>, route: &TableDumpRoute<'_>) -> Result<(), EncodeError> {
    put_addr(body, route.prefix.addr());
    body.push(route.prefix.len());
    // Status: always 1 (RFC 6396 §4.2).
    body.push(1);
    body.extend(optional_seconds(route.originated)?.to_be_bytes());
    put_addr(body, route.session.addr);
    let asn = u16::try_from(route.session.asn.0).map_err(|_| EncodeError::Unwritable("a four-byte peer"))?;
    body.extend(asn.to_be_bytes());
    attributes::put_counted(body, |body| route.attributes.put(body, Width::Two, Place::Table))
}

fn put_peer_table(body: &mut Vec<u8>, table: &PeerTable, geo: Option<[u8; 4]>) -> Result<(), EncodeError> {
    let coordinates = geo.map(|each| [each, each].concat()).unwrap_or_default();
    body.extend(table.collector.octets());
    put_len(body, table.view.len(), "name of the view")?;
    body.extend(table.view.bytes());
    body.extend(&coordinates);
    put_len(body, table.peers.len(), "peer table")?;
    for peer in &table.peers {
        let short = u16::try_from(peer.asn.0);
        body.push(u8::from(peer.addr.is_ipv6()) | u8::from(short.is_err()) << 1);
        // The peer's BGP identifier, which nothing here knows.
        body.extend([0; 4]);
        put_addr(body, peer.addr);
        match short {
            Ok(asn) => body.extend(asn.to_be_bytes()),
            Err(_) => body.extend(peer.asn.0.to_be_bytes()),
        }
        body.extend(&coordinates);
    }
    Ok(())
}

/// AFI and SAFI.
fn put_table(out: &mut Vec<u8>, family: Family, multicast: bool) {
    let afi: u8 = if family == Family::V4 { 1 } else { 2 };
    out.extend([0, afi, 1 + u8::from(multicast)]);
}

fn put_nlri(out: &mut Vec<u8>, nlri: &Nlri) {
    out.extend(nlri.path_id.map(u32::to_be_bytes).into_iter().flatten());
    put_prefix(out, &nlri.prefix);
}

fn put_prefix(out: &mut Vec<u8>, prefix: &Prefix) {
    out.push(prefix.len());
    out.extend_from_slice(&prefix.first_bits().to_be_bytes()[..usize::from(prefix.len()).div_ceil(8)]);
}

fn put_addr(out: &mut Vec<u8>, addr: IpAddr) {
    match addr {
        IpAddr::V4(addr) => out.extend(addr.octets()),
        IpAddr::V6(addr) => out.extend(addr.octets()),
    }
}

fn put_len(out: &mut Vec<u8>, len: usize, what: &'static str) -> Result<(), EncodeError> {
    out.extend(u16::try_from(len).map_err(|_| EncodeError::TooLong(what))?.to_be_bytes());
    Ok(())
}

fn seconds(time: Time) -> Result<u32, EncodeError> {
    u32::try_from(time.secs()).map_err(|_| EncodeError::Unwritable("a time outside 1970 to 2106"))
}

/// 0 stands for a time that is not known.
fn optional_seconds(time: Option<Time>) -> Result<u32, EncodeError> {
    time.map_or(Ok(0), seconds)
}
