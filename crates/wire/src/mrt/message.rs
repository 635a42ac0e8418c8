//! BGP messages and state changes: BGP4MP (RFC 6396 §4.4, RFC 8050 §3) and its forerunner BGP (Appendix B.2).

use std::net::{IpAddr, Ipv4Addr};

use headwater_route::{Asn, Attributes, Event, Family, Nlri, PathRef, Prefix, Route, SessionId, Time};

use super::Sink;
use super::attributes::{self, Malformed, Multi, Outcome, Parts, Place, Width};
use super::bytes::Bytes;
use super::decode::Decoder;
use super::nlri::{BadNlri, Field, Table, take_prefix};
use super::rib::take_addr;
use super::sessions::{Speaker, read_open};

/// BGP header: marker, length, type (RFC 4271 §4.1).
const BGP_HEADER_BYTES: usize = 19;
const MARKER: [u8; 16] = [0xff; 16];

/// Microseconds before the body of a BGP4MP_ET record.
const MICROS_BYTES: usize = 4;

/// BGP message types.
const OPEN: u8 = 1;
const UPDATE: u8 = 2;

/// The two ends of a session, as a record names them.
struct Ends {
    peer: (Asn, IpAddr),
    local: (Asn, IpAddr),
}

/// How a message is written.
#[derive(Clone, Copy)]
struct Manner {
    width: Width,
    path_ids: bool,
    /// The collector sent it.
    local: bool,
    /// The session, by its peer, whose OPENs tell of path identifiers.
    opened: Option<SessionId>,
}

/// An UPDATE in its parts (RFC 4271 §4.3). `cut` parts end too early; what follows them is empty.
struct Update<'a> {
    withdrawn: &'a [u8],
    attributes: Option<&'a [u8]>,
    nlri: &'a [u8],
}

impl<S: Sink + ?Sized> Decoder<'_, S> {
    pub(super) fn bgp4mp(&mut self, body: &[u8]) {
        let manner = |width, path_ids, local| Manner { width, path_ids, local, opened: None };
        match self.record.subtype {
            0 => self.state_change(body, Width::Two),
            5 => self.state_change(body, Width::Four),
            1 => self.message(body, manner(Width::Two, false, false)),
            4 => self.message(body, manner(Width::Four, false, false)),
            6 => self.message(body, manner(Width::Two, false, true)),
            7 => self.message(body, manner(Width::Four, false, true)),
            8 => self.message(body, manner(Width::Two, true, false)),
            9 => self.message(body, manner(Width::Four, true, false)),
            10 => self.message(body, manner(Width::Two, true, true)),
            11 => self.message(body, manner(Width::Four, true, true)),
            2 => self.entry(body),
            _ => self.unsupported(),
        }
    }

    /// BGP4MP_ET; gives the bytes it takes behind its stated length. The microseconds are inside that length (RFC 6396 §3), but
    /// some writers (PCH, 2015) left them out: it is read so only if the message then ends where the length says.
    pub(super) fn bgp4mp_et(&mut self, len: usize, ahead: &[u8]) -> usize {
        let extra = bgp4mp_et_extra(self.record.subtype, len, ahead);
        match ahead.get(..len + extra).unwrap_or(ahead).get(MICROS_BYTES..) {
            Some(body) => self.bgp4mp(body),
            None => self.bad_record("a record with microseconds has none"),
        }
        extra
    }

    fn state_change(&mut self, body: &[u8], width: Width) {
        let mut rest = Bytes(body);
        const STATES_BYTES: usize = 4;
        let ends = take_ends_or_none(&mut rest, width, |after| after.len() == STATES_BYTES);
        let read = ends.and_then(|ends| Some((ends, rest.u16()?, rest.u16()?)));
        let Some((ends, from, to)) = read else { return self.bad_record("a state change ends too early") };
        self.change_state(ends.peer, from, to);
        self.left_over(rest.len());
    }

    fn change_state(&mut self, (asn, addr): (Asn, IpAddr), from: u16, to: u16) {
        const IDLE: u16 = 1;
        let Some(session) = self.session(asn, addr) else { return };
        if let Some(add_path) = self.sessions.add_path(session).filter(|_| to == IDLE) {
            add_path.close();
        }
        self.state(session, from, to);
    }

    /// BGP4MP_MESSAGE and its like.
    fn message(&mut self, body: &[u8], manner: Manner) {
        let mut rest = Bytes(body);
        let Some(ends) = take_ends_or_none(&mut rest, manner.width, |after| after.starts_with(&MARKER)) else {
            return self.bad_record("a message record ends before its message");
        };
        // The marker says nothing today (RFC 4271 §4.1).
        let header = rest.take(MARKER.len()).and_then(|_| Some((rest.u16()?, rest.u8()?)));
        let Some((len, kind)) = header else { return self.bad_record("a message record ends inside the BGP header") };
        let Some(len) = usize::from(len).checked_sub(BGP_HEADER_BYTES) else {
            return self.bad_record(format!("a BGP message of {len} bytes"));
        };
        match kind {
            OPEN => self.open(&ends, manner, rest.0),
            // What the collector sent is its own word, not the peer's.
            UPDATE => {
                let body = rest.0.get(..len);
                if body.is_none() {
                    self.bad_record(format!("a BGP message lacks {} of its bytes", len - rest.len()));
                }
                let Some(peer) = self.session(ends.peer.0, ends.peer.1) else { return };
                let manner = Manner { opened: Some(peer), ..manner };
                let speaker = if manner.local { self.session(ends.local.0, ends.local.1) } else { Some(peer) };
                let Some(session) = speaker else { return };
                self.update(session, body.unwrap_or(rest.0), manner, body.is_none());
                if body.is_some() {
                    self.left_over(rest.len() - len);
                }
            }
            // KEEPALIVE, NOTIFICATION and ROUTE-REFRESH hold no routes.
            _ => {}
        }
    }

    /// An OPEN tells whether the NLRI of later messages have path identifiers. Some collectors write those of both sides
    /// without telling them apart: then the ASN, and between equal ASNs the BGP identifier, tells.
    fn open(&mut self, ends: &Ends, manner: Manner, body: &[u8]) {
        let Some(open) = read_open(body) else { return self.bad_record("an OPEN ends too early") };
        let ours = match (open.asn == ends.peer.0, open.asn == ends.local.0) {
            (false, true) => true,
            (true, false) => false,
            _ => ends.local.1 == IpAddr::V4(open.id),
        };
        let by = if ours || manner.local { Speaker::Local } else { Speaker::Peer };
        // A record with two-byte ASNs has no room for the peer's; messages in other records have.
        let asn = if by == Speaker::Peer && ends.peer.0 == Asn::TRANS { open.asn } else { ends.peer.0 };
        let Some(session) = self.session(asn, ends.peer.1) else { return };
        if let Some(add_path) = self.sessions.add_path(session) {
            add_path.open(by, open.offer);
        }
    }

    /// The body of an UPDATE. Of one that is cut, prefixes before the cut are certain: attributes precede what they belong to.
    fn update(&mut self, session: SessionId, body: &[u8], manner: Manner, cut: bool) {
        if !self.wants_time() || !self.wants_session(session) {
            return;
        }
        let Some(update) = split_update(body, cut) else {
            return self.bad_record("the parts of an UPDATE overrun it");
        };
        let in_withdrawn = cut && update.attributes.is_none();
        self.withdraw_field(session, manner, Table::V4, update.withdrawn, in_withdrawn);
        let Some(attributes) = update.attributes else { return };
        if attributes.is_empty() && update.nlri.is_empty() {
            return;
        }
        let mut path = std::mem::take(&mut self.path);
        let mut parts = Parts::new();
        match parts.read(attributes, manner.width, Place::Update, &mut path, |_| true) {
            Outcome::Read => self.apply(session, &parts, update.nlri, manner, cut),
            Outcome::Malformed(why) => self.treat_as_withdraw(session, why, &parts, update.nlri, manner, cut),
            Outcome::Unwanted => {}
        }
        self.path = path;
    }

    /// Withdrawals first: a message that withdraws and announces the same prefix announces it (RFC 4271 §4.3).
    fn apply(&mut self, session: SessionId, parts: &Parts<'_>, nlri: &[u8], manner: Manner, cut: bool) {
        let reach = parts.reach.filter(|reach| !reach.nlri.is_empty());
        let absent = match (nlri, reach) {
            ([], None) => None,
            ([], Some(_)) => parts.absent_in_update(false),
            _ => parts.absent_in_update(true),
        };
        if let Some(why) = absent {
            return self.treat_as_withdraw(session, why, parts, nlri, manner, cut);
        }
        self.withdraw_multi(session, manner, parts.unreach);
        if nlri.is_empty() && reach.is_none() {
            return;
        }
        // What a field shows of path identifiers holds for later messages, be this one wanted or not.
        let table_of_reach = reach.and_then(|reach| Table::from_codes(reach.afi, reach.safi));
        let reached = reach.zip(table_of_reach).map(|(reach, table)| self.field(manner, table, reach.nlri, false));
        let field = self.field(manner, Table::V4, nlri, cut);
        let mut text = std::mem::take(&mut self.text);
        let wanted = self.filter.is_none_or(|f| f.wants_announced() && f.wants_path(parts.attributes.path, &mut text));
        self.text = text;
        if !wanted {
            return;
        }
        self.remarks(parts.remarks);
        match (reach, reached) {
            (_, Some(field)) => self.announce(session, field, &parts.attributes_of_reach(), false),
            (Some(reach), None) => self.unsupported_table(reach.afi, reach.safi),
            (None, None) => {}
        }
        self.announce(session, field, &parts.attributes, cut);
    }

    /// RFC 7606 §2: the routes of a message with malformed attributes are gone.
    fn treat_as_withdraw(
        &mut self,
        session: SessionId,
        why: Malformed,
        parts: &Parts<'_>,
        nlri: &[u8],
        manner: Manner,
        cut: bool,
    ) {
        self.bad_attribute(why);
        for multi in [parts.unreach, parts.reach] {
            self.withdraw_multi(session, manner, multi);
        }
        self.withdraw_field(session, manner, Table::V4, nlri, cut);
    }

    fn withdraw_multi(&mut self, session: SessionId, manner: Manner, multi: Option<Multi<'_>>) {
        // Without routes it is an End-of-RIB marker (RFC 4724 §2).
        let Some(multi) = multi.filter(|multi| !multi.nlri.is_empty()) else { return };
        match Table::from_codes(multi.afi, multi.safi) {
            Some(table) => self.withdraw_field(session, manner, table, multi.nlri, false),
            None => self.unsupported_table(multi.afi, multi.safi),
        }
    }

    fn withdraw_field(&mut self, session: SessionId, manner: Manner, table: Table, bytes: &[u8], cut: bool) {
        for route in self.field(manner, table, bytes, cut).routes() {
            match route {
                Ok((nlri, host_bits)) => self.withdraw(session, nlri, host_bits),
                Err(why) => self.end_of_field(why, cut),
            }
        }
    }

    fn announce(&mut self, session: SessionId, field: Field<'_>, attributes: &Attributes<'_>, cut: bool) {
        for route in field.routes() {
            let (nlri, host_bits) = match route {
                Ok(route) => route,
                Err(why) => return self.end_of_field(why, cut),
            };
            if self.filter.is_some_and(|filter| !filter.wants_prefix(&nlri.prefix)) {
                continue;
            }
            if host_bits {
                self.host_bits(&nlri);
            }
            self.observe(session, Event::Announced(Route { nlri, originated: None, attributes }));
        }
    }

    /// A field that ends in what is no prefix: those before it are kept. The last prefix of a cut field may lack its end.
    fn end_of_field(&mut self, why: BadNlri, cut: bool) {
        if !(cut && why == BadNlri::Cut) {
            self.bad_prefix(why);
        }
    }

    /// A field of NLRI, once it is known whether it has path identifiers.
    fn field<'a>(&mut self, manner: Manner, table: Table, bytes: &'a [u8], cut: bool) -> Field<'a> {
        let plain = Field { bytes, table, path_ids: false };
        Field { path_ids: !bytes.is_empty() && self.has_path_ids(manner, plain, cut), ..plain }
    }

    /// Whether a field has path identifiers: what the OPENs agreed on where both are in the file, else what the bytes leave
    /// open as the record type says.
    fn has_path_ids(&mut self, manner: Manner, plain: Field<'_>, cut: bool) -> bool {
        if manner.path_ids {
            // Where a record type promises identifiers, a message of another table may still lack them.
            return !plain.cannot_have_path_ids(cut);
        }
        let by = if manner.local { Speaker::Local } else { Speaker::Peer };
        let Some(add_path) = manner.opened.and_then(|peer| self.sessions.add_path(peer)) else { return false };
        if let Some(negotiated) = add_path.negotiated(by, plain.table) {
            return negotiated;
        }
        if add_path.has_hint(plain.table) && plain.cannot_have_path_ids(cut) {
            add_path.saw_none(plain.table);
            return false;
        }
        if add_path.has_seen(plain.table) {
            return true;
        }
        let certain = plain.must_have_path_ids(cut);
        if certain {
            add_path.saw(plain.table);
        }
        certain
    }

    /// BGP4MP_ENTRY: one route of a table, from a draft of RFC 6396 (draft-ietf-grow-mrt-04 §2.9.2), as OpenBGPD writes it.
    fn entry(&mut self, body: &[u8]) {
        let mut rest = Bytes(body);
        let read = take_ends(&mut rest, Width::Two).and_then(|ends| {
            let (_view, _status, originated) = (rest.u16()?, rest.u16()?, rest.u32()?);
            let (afi, safi, len) = (rest.u16()?, rest.u8()?, rest.u8()?);
            Some((ends, originated, afi, safi, rest.take(usize::from(len))?))
        });
        let Some((ends, originated, afi, safi, next_hop)) = read else {
            return self.bad_record("a table entry ends before its prefix");
        };
        let Some(table) = Table::from_codes(afi, safi) else { return self.unsupported_table(afi, safi) };
        let (prefix, host_bits) = match take_prefix(&mut rest, table.family) {
            Ok(taken) => taken,
            Err(why) => return self.bad_prefix(why),
        };
        let Some(attributes) = rest.u16().and_then(|len| rest.take(usize::from(len))) else {
            return self.bad_record("a table entry ends inside its attributes");
        };
        self.left_over(rest.len());
        self.held_entry(ends.peer, table, (prefix, host_bits), originated, attributes, next_hop);
    }

    fn held_entry(
        &mut self,
        (asn, addr): (Asn, IpAddr),
        table: Table,
        (prefix, host_bits): (Prefix, bool),
        originated: u32,
        attributes: &[u8],
        next_hop: &[u8],
    ) {
        let Some(session) = self.session(asn, addr) else { return };
        if !self.wants_held(&prefix) || !self.wants_session(session) {
            return;
        }
        let nlri = Nlri { prefix, path_id: None, multicast: table.multicast };
        if host_bits {
            self.host_bits(&nlri);
        }
        let mut path = std::mem::take(&mut self.path);
        let mut text = std::mem::take(&mut self.text);
        let filter = self.filter;
        let wants_path = |path: PathRef<'_>| filter.is_none_or(|f| f.wants_path(path, &mut text));
        let mut parts = Parts::new();
        match parts.read(attributes, Width::Two, Place::Table, &mut path, wants_path) {
            Outcome::Read => {
                self.remarks(parts.remarks);
                let stated = parts.attributes.next_hop.or_else(|| attributes::next_hop(next_hop));
                let attributes = Attributes { next_hop: stated, ..parts.attributes };
                let originated = (originated != 0).then(|| Time::from_unix(originated));
                let route = Route { nlri, originated, attributes: &attributes };
                self.observe(session, Event::Held(route));
            }
            Outcome::Malformed(why) => self.bad_attribute(why),
            Outcome::Unwanted => {}
        }
        (self.path, self.text) = (path, text);
    }

    /// Type BGP: two-byte ASNs, IPv4 peers, an UPDATE without the BGP header.
    pub(super) fn bgp(&mut self, body: &[u8]) {
        match self.record.subtype {
            1 => {
                let mut rest = Bytes(body);
                let peer = take_end(&mut rest, Width::Two, Family::V4);
                let local = take_end(&mut rest, Width::Two, Family::V4);
                let (Some((asn, addr)), Some(_)) = (peer, local) else {
                    return self.bad_record("an UPDATE record ends before its message");
                };
                let Some(session) = self.session(asn, addr) else { return };
                // The type is older than ADD-PATH: no OPEN decides anything.
                let manner = Manner { width: Width::Two, path_ids: false, local: false, opened: None };
                self.update(session, rest.0, manner, self.cut);
            }
            3 => {
                let mut rest = Bytes(body);
                let read =
                    take_end(&mut rest, Width::Two, Family::V4).and_then(|peer| Some((peer, rest.u16()?, rest.u16()?)));
                let Some((peer, from, to)) = read else { return self.bad_record("a state change ends too early") };
                self.change_state(peer, from, to);
                self.left_over(rest.len());
            }
            // NULL, OPEN, NOTIFY and KEEPALIVE hold no routes; PREF_UPDATE and SYNC nobody wrote.
            0 | 5 | 6 | 7 => {}
            _ => self.unsupported(),
        }
    }
}

/// Takes one end of a session, where its address follows its ASN.
fn take_end(rest: &mut Bytes<'_>, width: Width, family: Family) -> Option<(Asn, IpAddr)> {
    Some((take_asn(rest, width)?, take_addr(rest, family)?))
}

fn take_asn(rest: &mut Bytes<'_>, width: Width) -> Option<Asn> {
    Some(Asn(if width == Width::Two { u32::from(rest.u16()?) } else { rest.u32()? }))
}

/// Takes what precedes every BGP4MP message: both ASNs, the interface, and both addresses.
///
/// Of a session that RIS could not name yet (2000) it wrote four zero bytes instead; `rest_is_all` tells by what must
/// follow whether that is so. Its peer is AS0 at 0.0.0.0.
fn take_ends_or_none(rest: &mut Bytes<'_>, width: Width, rest_is_all: impl Fn(&[u8]) -> bool) -> Option<Ends> {
    if let Some(after) = rest.0.strip_prefix(&[0; 4]).filter(|after| rest_is_all(after)) {
        *rest = Bytes(after);
        let nobody = (Asn(0), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        return Some(Ends { peer: nobody, local: nobody });
    }
    take_ends(rest, width)
}

/// As [`take_ends_or_none`], of sessions that have a name.
fn take_ends(rest: &mut Bytes<'_>, width: Width) -> Option<Ends> {
    let (peer, local) = (take_asn(rest, width)?, take_asn(rest, width)?);
    let (_interface, afi) = (rest.u16()?, rest.u16()?);
    let family = match afi {
        1 => Family::V4,
        2 => Family::V6,
        _ => return None,
    };
    Some(Ends { peer: (peer, take_addr(rest, family)?), local: (local, take_addr(rest, family)?) })
}

/// Splits the body of an UPDATE; `None` if its lengths overrun it. A body that is `cut` gives what is there.
fn split_update(body: &[u8], cut: bool) -> Option<Update<'_>> {
    let mut rest = Bytes(body);
    let nothing = Update { withdrawn: &[], attributes: None, nlri: &[] };
    let Some(len) = rest.u16() else { return cut.then_some(nothing) };
    let Some(withdrawn) = rest.take(usize::from(len)) else {
        return cut.then_some(Update { withdrawn: rest.0, ..nothing });
    };
    let attributes = rest.u16().and_then(|len| rest.take(usize::from(len)));
    if attributes.is_none() && !cut {
        return None;
    }
    let nlri = if attributes.is_some() { rest.0 } else { &[] };
    Some(Update { withdrawn, attributes, nlri })
}

/// Bytes that a BGP4MP_ET record has behind its stated length.
pub(super) fn bgp4mp_et_extra(subtype: u16, len: usize, ahead: &[u8]) -> usize {
    let width = if matches!(subtype, 0 | 1 | 6 | 8 | 10) { Width::Two } else { Width::Four };
    // Where the record ends by what it holds.
    let end = || {
        let body = ahead.get(MICROS_BYTES..)?;
        let mut rest = Bytes(body);
        take_ends(&mut rest, width)?;
        let message = match subtype {
            0 | 5 => 4,
            1 | 4 | 6..=11 => {
                rest.take(MARKER.len()).filter(|marker| **marker == MARKER).and_then(|_| rest.u16())?.into()
            }
            _ => return None,
        };
        let head = body.len() - rest.len() - if matches!(subtype, 0 | 5) { 0 } else { MARKER.len() + 2 };
        Some(MICROS_BYTES + head + message)
    };
    if len >= MICROS_BYTES && end() == Some(len + MICROS_BYTES) { MICROS_BYTES } else { 0 }
}
