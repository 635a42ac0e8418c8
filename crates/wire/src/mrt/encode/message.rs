//! BGP messages and state changes, written.

use std::io::Write;
use std::net::IpAddr;

use headwater_route::{Family, Nlri, Session, Time};

use super::attributes::{self, Attributes, Place, Width, put_attribute};
use super::{EncodeError, Writer, put_addr, put_len, put_nlri, put_table};
use crate::mrt::header::kind;

const OPTIONAL: u8 = 0x80;

/// The two ends of a session; both addresses are of one family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// The peer.
    pub peer: Session,
    /// The collector.
    pub local: Session,
}

/// Which of the BGP4MP types to write. The default is BGP4MP_MESSAGE_AS4.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// With microseconds (BGP4MP_ET).
    pub micros: bool,
    /// With two-byte ASNs.
    pub two_byte: bool,
    /// Sent by the collector (LOCAL).
    pub local: bool,
    /// With the types of RFC 8050 where routes have path identifiers; else with the plain types, as BIRD does.
    pub plain_add_path: bool,
}

/// An UPDATE. All routes announced are of one table, and so are all withdrawn.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Update {
    /// Withdrawn routes.
    pub withdrawn: Vec<Nlri>,
    /// Announced routes.
    pub announced: Vec<Nlri>,
    /// Attributes of the announced routes.
    pub attributes: Attributes,
}

/// BGP message types.
const OPEN: u8 = 1;
const UPDATE: u8 = 2;

impl<W: Write> Writer<W> {
    /// An UPDATE as BGP4MP message (RFC 6396 §4.4.2, §4.4.3, RFC 8050 §3).
    pub fn update(&mut self, time: Time, ends: &Ends, style: Style, update: &Update) -> Result<(), EncodeError> {
        let width = if style.two_byte { Width::Two } else { Width::Four };
        let mut body = Vec::new();
        update.put(&mut body, width)?;
        let path_ids = update.withdrawn.iter().chain(&update.announced).any(|nlri| nlri.path_id.is_some());
        self.put_message(time, ends, style, path_ids && !style.plain_add_path, UPDATE, &body)
    }

    /// An OPEN (RFC 4271 §4.2), such as [`open_with_add_path`] makes.
    pub fn open(&mut self, time: Time, ends: &Ends, style: Style, body: &[u8]) -> Result<(), EncodeError> {
        self.put_message(time, ends, style, false, OPEN, body)
    }

    /// Any BGP message; `body` is what follows the BGP header and is not looked at.
    pub fn message(
        &mut self,
        time: Time,
        ends: &Ends,
        style: Style,
        message_type: u8,
        body: &[u8],
    ) -> Result<(), EncodeError> {
        self.put_message(time, ends, style, false, message_type, body)
    }

    fn put_message(
        &mut self,
        time: Time,
        ends: &Ends,
        style: Style,
        path_ids: bool,
        message_type: u8,
        message: &[u8],
    ) -> Result<(), EncodeError> {
        let subtype = match (style.two_byte, style.local) {
            (true, false) => 1,
            (false, false) => 4,
            (true, true) => 6,
            (false, true) => 7,
        };
        let subtype = match (path_ids, subtype) {
            (false, plain) => plain,
            (true, 1) => 8,
            (true, 4) => 9,
            (true, plain) => plain + 4,
        };
        self.put_bgp4mp(time, ends, style, subtype, |body| {
            body.extend([0xff; 16]);
            put_len(body, message.len() + 19, "BGP message")?;
            body.push(message_type);
            body.extend_from_slice(message);
            Ok(())
        })
    }

    /// BGP4MP_STATE_CHANGE (RFC 6396 §4.4.1, §4.4.4).
    pub fn state_change(
        &mut self,
        time: Time,
        ends: &Ends,
        style: Style,
        from: u16,
        to: u16,
    ) -> Result<(), EncodeError> {
        self.put_bgp4mp(time, ends, style, if style.two_byte { 0 } else { 5 }, |body| {
            body.extend(from.to_be_bytes());
            body.extend(to.to_be_bytes());
            Ok(())
        })
    }

    fn put_bgp4mp(
        &mut self,
        time: Time,
        ends: &Ends,
        style: Style,
        subtype: u16,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let kind = if style.micros { kind::BGP4MP_ET } else { kind::BGP4MP };
        self.put(time, kind, subtype, |body| {
            if style.micros {
                body.extend((time.0.rem_euclid(1_000_000) as u32).to_be_bytes());
            }
            let afi: u16 = match (ends.peer.addr, ends.local.addr) {
                (IpAddr::V4(_), IpAddr::V4(_)) => 1,
                (IpAddr::V6(_), IpAddr::V6(_)) => 2,
                _ => return Err(EncodeError::Unwritable("a session between families")),
            };
            for end in [ends.peer, ends.local] {
                put_session_asn(body, end, style.two_byte)?;
            }
            // Interface index.
            body.extend([0; 2]);
            body.extend(afi.to_be_bytes());
            put_addr(body, ends.peer.addr);
            put_addr(body, ends.local.addr);
            fill(body)
        })
    }

    /// An UPDATE of the old type BGP (RFC 6396 Appendix B.2.2): two-byte ASNs and IPv4 peers.
    pub fn old_update(&mut self, time: Time, ends: &Ends, update: &Update) -> Result<(), EncodeError> {
        self.put(time, kind::BGP, 1, |body| {
            put_old_end(body, ends.peer)?;
            put_old_end(body, ends.local)?;
            update.put(body, Width::Two)
        })
    }

    /// A state change of the old type BGP (RFC 6396 Appendix B.2.3).
    pub fn old_state_change(&mut self, time: Time, peer: Session, from: u16, to: u16) -> Result<(), EncodeError> {
        self.put(time, kind::BGP, 3, |body| {
            put_old_end(body, peer)?;
            body.extend(from.to_be_bytes());
            body.extend(to.to_be_bytes());
            Ok(())
        })
    }

    /// BGP4MP_ENTRY, one route of a table in the form of a draft, as OpenBGPD writes it. The peer has a two-byte ASN.
    pub fn entry(
        &mut self,
        time: Time,
        ends: &Ends,
        nlri: &Nlri,
        originated: Option<Time>,
        attributes: &Attributes,
    ) -> Result<(), EncodeError> {
        let next_hop = attributes.next_hop.ok_or(EncodeError::NoNextHop)?;
        let style = Style { two_byte: true, ..Style::default() };
        self.put_bgp4mp(time, ends, style, 2, |body| {
            // View, status.
            body.extend([0, 0, 0, 1]);
            body.extend(super::optional_seconds(originated)?.to_be_bytes());
            put_table(body, nlri.prefix.family(), nlri.multicast);
            body.push(if next_hop.is_ipv4() { 4 } else { 16 });
            put_addr(body, next_hop);
            super::put_prefix(body, &nlri.prefix);
            attributes::put_counted(body, |body| attributes.put(body, Width::Two, Place::UpdateWithReach))
        })
    }
}

impl Update {
    /// The body of the message: withdrawn routes, attributes, NLRI (RFC 4271 §4.3).
    fn put(&self, out: &mut Vec<u8>, width: Width) -> Result<(), EncodeError> {
        let next_hop = self.attributes.next_hop;
        let in_nlri_field =
            table_of(&self.announced)? == Some((Family::V4, false)) && !next_hop.is_some_and(|addr| addr.is_ipv6());
        let in_withdrawn_field = table_of(&self.withdrawn)? == Some((Family::V4, false));
        let both = self.announced.first().zip(self.withdrawn.first());
        if both.is_some_and(|(a, b)| a.path_id.is_some() != b.path_id.is_some()) {
            return Err(EncodeError::Mixed);
        }
        let put_all = |out: &mut Vec<u8>, routes: &[Nlri]| routes.iter().for_each(|nlri| put_nlri(out, nlri));
        attributes::put_counted(out, |out| {
            if in_withdrawn_field {
                put_all(out, &self.withdrawn);
            }
            Ok(())
        })?;
        attributes::put_counted(out, |out| {
            let place = if self.announced.is_empty() || in_nlri_field { Place::Update } else { Place::UpdateWithReach };
            self.attributes.put(out, width, place)?;
            if let (Some((family, multicast)), false) = (table_of(&self.announced)?, in_nlri_field) {
                let next_hop = next_hop.ok_or(EncodeError::NoNextHop)?;
                put_attribute(out, OPTIONAL, 14, |out| {
                    put_table(out, family, multicast);
                    out.push(if next_hop.is_ipv4() { 4 } else { 16 });
                    put_addr(out, next_hop);
                    // Reserved (RFC 4760 §3).
                    out.push(0);
                    put_all(out, &self.announced);
                })?;
            }
            if let (Some((family, multicast)), false) = (table_of(&self.withdrawn)?, in_withdrawn_field) {
                put_attribute(out, OPTIONAL, 15, |out| {
                    put_table(out, family, multicast);
                    put_all(out, &self.withdrawn);
                })?;
            }
            Ok(())
        })?;
        if in_nlri_field {
            put_all(out, &self.announced);
        }
        Ok(())
    }
}

/// The one table that routes are of; `None` if there are none.
fn table_of(routes: &[Nlri]) -> Result<Option<(Family, bool)>, EncodeError> {
    let Some(first) = routes.first() else { return Ok(None) };
    let alike = |nlri: &Nlri| {
        nlri.prefix.family() == first.prefix.family()
            && nlri.multicast == first.multicast
            && nlri.path_id.is_some() == first.path_id.is_some()
    };
    match routes.iter().all(alike) {
        true => Ok(Some((first.prefix.family(), first.multicast))),
        false => Err(EncodeError::Mixed),
    }
}

fn put_session_asn(body: &mut Vec<u8>, session: Session, two_byte: bool) -> Result<(), EncodeError> {
    match two_byte {
        true => {
            let asn = u16::try_from(session.asn.0).map_err(|_| EncodeError::Unwritable("a four-byte peer"))?;
            body.extend(asn.to_be_bytes());
        }
        false => body.extend(session.asn.0.to_be_bytes()),
    }
    Ok(())
}

fn put_old_end(body: &mut Vec<u8>, session: Session) -> Result<(), EncodeError> {
    if session.addr.is_ipv6() {
        return Err(EncodeError::Unwritable("an IPv6 peer"));
    }
    put_session_asn(body, session, true)?;
    put_addr(body, session.addr);
    Ok(())
}

/// The body of an OPEN by `asn` that offers path identifiers (RFC 7911 §4) in each `(family, multicast, mode)`; mode 1 is to
/// receive, 2 to send, 3 both.
pub fn open_with_add_path(speaker: Session, tables: &[(Family, bool, u8)]) -> Result<Vec<u8>, EncodeError> {
    let short = u16::try_from(speaker.asn.0).unwrap_or(headwater_route::Asn::TRANS.0 as u16);
    let mut capabilities = vec![65, 4];
    capabilities.extend(speaker.asn.0.to_be_bytes());
    // The parameters and what wraps them have a byte each for their length.
    const MOST_TABLES: usize = 60;
    if tables.len() > MOST_TABLES {
        return Err(EncodeError::TooLong("ADD-PATH capability"));
    }
    capabilities.extend([69, (tables.len() * 4) as u8]);
    for (family, multicast, mode) in tables {
        put_table(&mut capabilities, *family, *multicast);
        capabilities.push(*mode);
    }
    let mut body = vec![4];
    body.extend(short.to_be_bytes());
    // Hold time.
    body.extend([0, 90]);
    match speaker.addr {
        IpAddr::V4(addr) => body.extend(addr.octets()),
        IpAddr::V6(_) => body.extend([0; 4]),
    }
    body.extend([capabilities.len() as u8 + 2, 2, capabilities.len() as u8]);
    body.extend(capabilities);
    Ok(body)
}
