//! The peer sessions a file has shown, numbered in order of appearance, and what their OPENs said of ADD-PATH.

use std::net::{IpAddr, Ipv4Addr};

use headwater_route::{Asn, Session, SessionId};
use rustc_hash::FxHashMap;

use super::bytes::Bytes;
use super::nlri::Table;

/// More sessions than all collectors of the world have; a file that names more is not believed.
pub const MAX_SESSIONS: usize = 1 << 18;

/// The sessions by number.
#[derive(Default)]
pub(super) struct Sessions {
    known: Vec<Known>,
    ids: FxHashMap<Session, SessionId>,
    /// The session asked for last: records of one peer come in runs.
    last: Option<(Session, SessionId)>,
}

struct Known {
    session: Session,
    add_path: AddPath,
}

/// What is known of path identifiers in one session. Each table ([`Table::index`]) has a bit.
#[derive(Clone, Copy, Default)]
pub(super) struct AddPath {
    /// What the peer's OPEN offered.
    peer: Option<Offer>,
    /// What the collector's own OPEN offered.
    local: Option<Offer>,
    /// Tables of which one field of NLRI had identifiers and could have nothing else, and those of which a second had.
    hinted: u8,
    seen: u8,
}

/// ADD-PATH capability (RFC 7911 §4): who can send and receive identifiers in which tables.
#[derive(Clone, Copy, Default)]
pub(super) struct Offer {
    sends: u8,
    receives: u8,
}

/// Who sent an OPEN or an UPDATE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Speaker {
    Peer,
    Local,
}

impl Sessions {
    /// The number of a session; `true` if it is new. `None` if there are too many.
    #[inline]
    pub(super) fn id(&mut self, asn: Asn, addr: IpAddr) -> Option<(SessionId, bool)> {
        let session = Session { asn, addr };
        if let Some((last, id)) = self.last
            && last == session
        {
            return Some((id, false));
        }
        let (id, new) = match self.ids.get(&session) {
            Some(id) => (*id, false),
            None if self.known.len() >= MAX_SESSIONS => return None,
            None => {
                let id = SessionId(self.known.len() as u32);
                self.known.push(Known { session, add_path: AddPath::default() });
                self.ids.insert(session, id);
                (id, true)
            }
        };
        self.last = Some((session, id));
        Some((id, new))
    }

    pub(super) fn session(&self, id: SessionId) -> Option<Session> {
        self.known.get(id.0 as usize).map(|known| known.session)
    }

    /// What is known of path identifiers in a session of this file.
    pub(super) fn add_path(&mut self, id: SessionId) -> Option<&mut AddPath> {
        self.known.get_mut(id.0 as usize).map(|known| &mut known.add_path)
    }
}

impl AddPath {
    /// A new OPEN: what was seen before it is of a session that is gone.
    pub(super) fn open(&mut self, by: Speaker, offer: Offer) {
        (self.hinted, self.seen) = (0, 0);
        match by {
            Speaker::Peer => self.peer = Some(offer),
            Speaker::Local => self.local = Some(offer),
        }
    }

    /// The session went down.
    pub(super) fn close(&mut self) {
        *self = AddPath::default();
    }

    /// Whether what `by` sends for `table` has path identifiers, as the OPENs of both say (RFC 7911 §4). `None` if they do not
    /// decide it, because one of them is not in the file.
    pub(super) fn negotiated(&self, by: Speaker, table: Table) -> Option<bool> {
        let (sender, receiver) = match by {
            Speaker::Peer => (self.peer, self.local),
            Speaker::Local => (self.local, self.peer),
        };
        let bit = 1 << table.index();
        match (sender.map(|offer| offer.sends & bit != 0), receiver.map(|offer| offer.receives & bit != 0)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    /// True if NLRI of this table had identifiers and could have nothing else, twice: one damaged field can look so, and must
    /// not speak for all behind it.
    pub(super) fn has_seen(&self, table: Table) -> bool {
        self.seen & 1 << table.index() != 0
    }

    /// True if NLRI of this table looked so at least once.
    pub(super) fn has_hint(&self, table: Table) -> bool {
        self.hinted & 1 << table.index() != 0
    }

    /// NLRI of this table had identifiers and could have nothing else.
    pub(super) fn saw(&mut self, table: Table) {
        let bit = 1 << table.index();
        self.seen |= self.hinted & bit;
        self.hinted |= bit;
    }

    /// NLRI of this table had none and could not have any.
    pub(super) fn saw_none(&mut self, table: Table) {
        let bit = 1 << table.index();
        self.seen &= !bit;
        self.hinted &= !bit;
    }
}

/// What an OPEN (RFC 4271 §4.2, without the common header) says.
pub(super) struct Open {
    /// The sender's ASN, from the four-byte capability where it has one (RFC 6793 §3).
    pub(super) asn: Asn,
    /// The sender's BGP identifier.
    pub(super) id: Ipv4Addr,
    pub(super) offer: Offer,
}

/// Reads an OPEN; what is malformed in its options is passed over, for no route hangs on it.
pub(super) fn read_open(body: &[u8]) -> Option<Open> {
    let mut rest = Bytes(body);
    let (_version, asn, _hold_time, id) = (rest.u8()?, rest.u16()?, rest.u16()?, rest.array::<4>()?);
    let mut open = Open { asn: Asn(u32::from(asn)), id: Ipv4Addr::from(id), offer: Offer::default() };
    let mut len = usize::from(rest.u8()?);
    // RFC 9072 §2: a first option of type 255 announces the long form.
    let long = len > 0 && rest.0.first() == Some(&255);
    if long {
        rest.u8()?;
        len = usize::from(rest.u16()?);
    }
    let mut options = Bytes(rest.take(len)?);
    while let Some(kind) = options.u8() {
        let len = if long { usize::from(options.u16()?) } else { usize::from(options.u8()?) };
        let Some(value) = options.take(len) else { break };
        if kind == 2 {
            read_capabilities(value, &mut open);
        }
    }
    Some(open)
}

/// RFC 5492 §4.
fn read_capabilities(value: &[u8], open: &mut Open) {
    let mut rest = Bytes(value);
    while let Some([code, len]) = rest.array() {
        let Some(value) = rest.take(usize::from(len)) else { return };
        match (code, value) {
            (65, [a, b, c, d]) => open.asn = Asn(u32::from_be_bytes([*a, *b, *c, *d])),
            (69, _) => {
                for part in value.chunks_exact(4) {
                    let Some(table) = Table::from_codes(u16::from_be_bytes([part[0], part[1]]), part[2]) else {
                        continue;
                    };
                    let bit = 1 << table.index();
                    open.offer.receives |= if matches!(part[3], 1 | 3) { bit } else { 0 };
                    open.offer.sends |= if matches!(part[3], 2 | 3) { bit } else { 0 };
                }
            }
            _ => {}
        }
    }
}
