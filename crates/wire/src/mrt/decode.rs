//! What all records share while they are decoded: where observations and faults go, and what earlier records said.

use std::net::IpAddr;

use headwater_route::{Asn, Event, Fault, FaultKind, Nlri, Observation, Session, SessionId, Time};

use super::attributes::{Malformed, Remarks};
use super::header::kind;
use super::message::bgp4mp_et_extra;
use super::nlri::BadNlri;
use super::rib::{Peer, table_dump_extra};
use super::sessions::{MAX_SESSIONS, Sessions};
use super::{Filter, Record, Sink, Summary};

/// Decodes record after record into a [`Sink`].
pub(super) struct Decoder<'s, S: ?Sized> {
    pub(super) sink: &'s mut S,
    /// `None`: everything is wanted.
    pub(super) filter: Option<&'s Filter>,
    pub(super) summary: Summary,
    pub(super) record: Record,
    /// The record's body ends before the record does.
    pub(super) cut: bool,
    /// The record's body was what its header says.
    pub(super) clean: bool,
    pub(super) sessions: Sessions,
    /// The peer table in force (RFC 6396 §4.3.1).
    pub(super) peers: Option<Vec<Peer>>,
    /// Room for the path of a two-byte speaker.
    pub(super) path: Vec<u8>,
    /// Room for a path as text.
    pub(super) text: Vec<u8>,
    /// The limit on sessions has been told.
    too_many_sessions: bool,
}

/// What follows a decoded record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct After {
    /// The body was what the header says.
    pub(super) clean: bool,
    /// Bytes behind the stated length that belonged to the record.
    pub(super) extra: usize,
}

impl<'s, S: Sink + ?Sized> Decoder<'s, S> {
    pub(super) fn new(filter: &'s Filter, sink: &'s mut S) -> Decoder<'s, S> {
        Decoder {
            sink,
            filter: (!filter.is_empty()).then_some(filter),
            summary: Summary { whole: true, ..Summary::default() },
            record: Record { offset: 0, time: Time(0), kind: 0, subtype: 0, len: 0 },
            cut: false,
            clean: true,
            sessions: Sessions::default(),
            peers: None,
            path: Vec::new(),
            text: Vec::new(),
            too_many_sessions: false,
        }
    }

    /// Decodes the record that stands in `self`, whose body is the first `len` bytes of `ahead`, or all of it if that is less.
    pub(super) fn decode(&mut self, len: usize, ahead: &[u8]) -> After {
        let body = ahead.get(..len).unwrap_or(ahead);
        self.cut = ahead.len() < len;
        self.clean = true;
        let mut extra = 0;
        let Record { kind, subtype, .. } = self.record;
        match kind {
            kind::TABLE_DUMP_V2 => self.table_dump_v2(body),
            kind::TABLE_DUMP if matches!(subtype, 1 | 2) => extra = self.table_dump(len, ahead),
            kind::BGP4MP => self.bgp4mp(body),
            kind::BGP4MP_ET => extra = self.bgp4mp_et(len, ahead),
            kind::BGP => self.bgp(body),
            _ => self.unsupported(),
        }
        After { clean: self.clean, extra }
    }

    /// Passes over a record.
    pub(super) fn pass(&mut self, len: usize, ahead: &[u8]) -> After {
        let Record { kind, subtype, .. } = self.record;
        let extra = match kind {
            kind::TABLE_DUMP if matches!(subtype, 1 | 2) => table_dump_extra(subtype, len, ahead),
            kind::BGP4MP_ET => bgp4mp_et_extra(subtype, len, ahead),
            _ => 0,
        };
        After { clean: true, extra }
    }

    /// True if a record of this time may hold something that is wanted.
    pub(super) fn wants_time(&self) -> bool {
        self.filter.is_none_or(|filter| filter.wants_time(self.record.time))
    }

    /// The number of a session, told to the sink if it is new. `None`: over the limit, or not wanted.
    pub(super) fn session(&mut self, asn: Asn, addr: IpAddr) -> Option<SessionId> {
        match self.sessions.id(asn, addr) {
            Some((id, new)) => {
                if new {
                    self.sink.session(id, Session { asn, addr });
                }
                Some(id)
            }
            None => {
                if !std::mem::replace(&mut self.too_many_sessions, true) {
                    let detail = format!("more than {MAX_SESSIONS} sessions: routes of further ones are not read");
                    self.fault(FaultKind::Limit, detail);
                }
                None
            }
        }
    }

    /// True if routes of this session may be wanted.
    pub(super) fn wants_session(&self, id: SessionId) -> bool {
        self.filter.is_none_or(|filter| self.sessions.session(id).is_some_and(|session| filter.wants_session(&session)))
    }

    #[inline]
    pub(super) fn observe(&mut self, session: SessionId, event: Event<'_>) {
        self.summary.observations += 1;
        let (offset, time) = (self.record.offset, self.record.time);
        self.sink.observation(&Observation { offset, time, session, event });
    }

    pub(super) fn withdraw(&mut self, session: SessionId, nlri: Nlri, host_bits: bool) {
        if self.filter.is_some_and(|filter| !filter.wants_withdrawn(&nlri.prefix)) {
            return;
        }
        if host_bits {
            self.host_bits(&nlri);
        }
        self.observe(session, Event::Withdrawn(nlri));
    }

    pub(super) fn state(&mut self, session: SessionId, from: u16, to: u16) {
        let wanted = self.wants_time() && self.wants_session(session);
        if wanted && self.filter.is_none_or(Filter::wants_state) {
            self.observe(session, Event::State { from, to });
        }
    }

    #[cold]
    pub(super) fn fault(&mut self, kind: FaultKind, detail: impl Into<String>) {
        self.fault_at(self.record.offset, kind, detail);
    }

    #[cold]
    pub(super) fn fault_at(&mut self, offset: u64, kind: FaultKind, detail: impl Into<String>) {
        self.summary.faults += 1;
        self.sink.fault(Fault { offset, kind, detail: detail.into() });
    }

    /// The body does not follow its format. That of a cut record ends too early, which is told once for all.
    #[cold]
    pub(super) fn bad_record(&mut self, detail: impl Into<String>) {
        if !self.cut {
            self.clean = false;
            self.fault(FaultKind::BadRecord, detail);
        }
    }

    /// A record that ends behind what it should hold.
    pub(super) fn left_over(&mut self, bytes: usize) {
        if bytes > 0 {
            self.bad_record(format!("{bytes} bytes left over"));
        }
    }

    #[cold]
    pub(super) fn bad_prefix(&mut self, why: BadNlri) {
        if !self.cut || why != BadNlri::Cut {
            self.clean = false;
            let detail = match why {
                BadNlri::Length(len) => format!("a length of {len} bits"),
                BadNlri::Cut => "a prefix runs over the end of its field".to_owned(),
            };
            self.fault(FaultKind::BadPrefix, detail);
        }
    }

    #[cold]
    pub(super) fn host_bits(&mut self, nlri: &Nlri) {
        self.fault(FaultKind::HostBits, format!("bits beyond the length of {}", nlri.prefix));
    }

    #[cold]
    pub(super) fn bad_attribute(&mut self, why: Malformed) {
        let detail = match why {
            Malformed::Attribute(code) => format!("attribute {code} is malformed"),
            Malformed::Absent(code) => format!("attribute {code} is absent"),
            Malformed::Twice(code) => format!("attribute {code} stands twice"),
            Malformed::Overrun => "an attribute runs over the end".to_owned(),
        };
        self.fault(FaultKind::BadAttribute, detail);
    }

    #[inline]
    pub(super) fn remarks(&mut self, remarks: Remarks) {
        if remarks.any() {
            self.tell_remarks(remarks);
        }
    }

    #[cold]
    fn tell_remarks(&mut self, remarks: Remarks) {
        if remarks.as_trans {
            self.fault(FaultKind::UnresolvedAsTrans, "AS23456 stays in a path");
        }
        if let Some(code) = remarks.repeated {
            self.fault(FaultKind::BadAttribute, format!("attribute {code} comes again; the first is kept"));
        }
        if let Some(code) = remarks.dropped {
            self.fault(FaultKind::BadAttribute, format!("attribute {code} is malformed; the route is kept without it"));
        }
    }

    #[cold]
    pub(super) fn unsupported(&mut self) {
        let Record { kind, subtype, .. } = self.record;
        self.fault(FaultKind::UnsupportedRecord, format!("record type {kind}, subtype {subtype}"));
    }

    #[cold]
    pub(super) fn unsupported_table(&mut self, afi: u16, safi: u8) {
        self.fault(FaultKind::UnsupportedRecord, format!("routes of AFI {afi}, SAFI {safi}"));
    }
}
