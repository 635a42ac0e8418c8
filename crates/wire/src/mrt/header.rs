//! The common header of a record (RFC 6396 §2), and whether one makes sense where bytes are in doubt.

use std::fmt;

use headwater_route::Time;

use super::bytes::Bytes;

/// Bytes of the common header.
pub(crate) const HEADER_BYTES: usize = 12;
/// Longer than any real record: a table record of thousands of peers has a few hundred kilobytes.
pub(crate) const MAX_RECORD_BYTES: u32 = 16 << 20;
/// 1990-01-01T00:00:00Z; MRT is younger.
const OLDEST: u32 = 631_152_000;
/// Neighbouring records of one file lie closer together than this.
const NEIGHBOUR_SECS: u32 = 2 * 86_400;

/// Record types (RFC 6396 §4, Appendix B).
pub(super) mod kind {
    pub(crate) const BGP: u16 = 5;
    pub(crate) const OSPFV2: u16 = 11;
    pub(crate) const TABLE_DUMP: u16 = 12;
    pub(crate) const TABLE_DUMP_V2: u16 = 13;
    pub(crate) const BGP4MP: u16 = 16;
    pub(crate) const BGP4MP_ET: u16 = 17;
    pub(crate) const ISIS: u16 = 32;
    pub(crate) const ISIS_ET: u16 = 33;
    pub(crate) const OSPFV3: u16 = 48;
    pub(crate) const OSPFV3_ET: u16 = 49;
}

/// The four fields as they stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Header {
    pub(crate) secs: u32,
    pub(crate) kind: u16,
    pub(crate) subtype: u16,
    pub(crate) len: u32,
}

impl Header {
    /// The header at the start of `bytes`, whatever it says.
    #[inline]
    pub(crate) fn parse(bytes: &[u8]) -> Option<Header> {
        let mut bytes = Bytes(bytes);
        Some(Header { secs: bytes.u32()?, kind: bytes.u16()?, subtype: bytes.u16()?, len: bytes.u32()? })
    }

    /// True for a type and subtype that RFC 6396, 6397 or 8050 assign, at a time when MRT existed. Says nothing of the length.
    #[inline]
    pub(crate) fn is_known(&self) -> bool {
        let known = match self.kind {
            kind::BGP => self.subtype <= 7,
            kind::TABLE_DUMP => matches!(self.subtype, 1 | 2),
            kind::TABLE_DUMP_V2 => matches!(self.subtype, 1..=12),
            kind::BGP4MP | kind::BGP4MP_ET => self.subtype <= 11,
            kind::OSPFV2 | kind::ISIS | kind::ISIS_ET | kind::OSPFV3 | kind::OSPFV3_ET => self.subtype <= 1,
            _ => false,
        };
        known && self.is_of_age()
    }

    /// True for a time when MRT existed.
    #[inline]
    pub(super) fn is_of_age(&self) -> bool {
        self.secs >= OLDEST
    }

    /// The time, with the microseconds that types with them have at the start of the body.
    #[inline]
    pub(super) fn time_with_micros(&self, body: &[u8]) -> Time {
        let micros = match self.kind {
            kind::BGP4MP_ET | kind::ISIS_ET | kind::OSPFV3_ET if self.len >= 4 => Bytes(body).u32(),
            _ => None,
        };
        Time(Time::from_unix(self.secs).0 + i64::from(micros.unwrap_or(0)))
    }

    /// True if a record of at most `max` bytes may start so.
    #[inline]
    pub(crate) fn is_plausible(&self, max: u32) -> bool {
        self.is_known() && self.len <= max
    }

    fn bytes(&self) -> usize {
        HEADER_BYTES + self.len as usize
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { secs, kind, subtype, len } = self;
        write!(f, "time {secs}, type {kind}, subtype {subtype}, length {len}")
    }
}

/// Records that follow each other from `at`, up to `most`; the last may run out of the bytes.
pub(crate) fn chain(bytes: &[u8], mut at: usize, most: usize) -> usize {
    for count in 0..most {
        match bytes.get(at..).and_then(Header::parse).filter(|header| header.is_plausible(MAX_RECORD_BYTES)) {
            Some(header) => at += header.bytes(),
            None => return count,
        }
    }
    most
}

/// The first place at or after `from`, and before `until`, where reading may go on: a header that makes sense, confirmed by
/// the one that follows its record, or by the end of the stream where the record ends exactly there.
pub(super) fn resume_at(bytes: &[u8], from: usize, until: usize, max: u32, at_end: bool) -> Option<usize> {
    let plausible = |at: usize| {
        // A type is a small number: this looks at one byte where most places fail.
        if *bytes.get(at + 4)? != 0 {
            return None;
        }
        Header::parse(bytes.get(at..)?).filter(|header| header.is_plausible(max))
    };
    (from..until.min(bytes.len())).find(|at| {
        let Some(first) = plausible(*at) else { return false };
        let next = at + first.bytes();
        match plausible(next) {
            Some(second) => first.secs.abs_diff(second.secs) <= NEIGHBOUR_SECS,
            None => at_end && next == bytes.len(),
        }
    })
}
