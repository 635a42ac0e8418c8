//! MRT (RFC 6396, with RFC 6397, RFC 8050 and the obsolete types of its drafts): table dumps, BGP messages and state changes
//! into [`Observation`]s and [`Fault`]s.
//!
//! Place on the way: after [`crate::codec`] and [`crate::sniff`]. Streams: holds one record at a time, and what earlier
//! records said of peers. Tables (`rib`) and messages (`message`) have a module each; [`read`] finds the records and goes on
//! behind damage. Must not know: what observations are for, collectors' names, other files.

mod attributes;
mod bytes;
mod decode;
pub mod encode;
mod filter;
pub(crate) mod header;
mod message;
mod nlri;
mod path;
mod pattern;
mod read;
mod rib;
mod sessions;
mod stream;
pub mod text;
mod usual;

use std::net::Ipv4Addr;

use headwater_route::{Fault, Observation, Session, SessionId, Time};

pub use self::filter::{EventKind, Filter, FilterError, PrefixMatch, PrefixTest};
pub use self::pattern::{PathPattern, PatternError};
pub use self::read::read;
pub use self::sessions::MAX_SESSIONS;

/// Where what is read goes, in the order of the stream.
pub trait Sink {
    /// Asked before a record's body is decoded. A peer table is decoded whatever the answer, unless it is
    /// [`Interest::Stop`]; what a skipped OPEN says of path identifiers is not remembered.
    fn record(&mut self, _record: &Record) -> Interest {
        Interest::Decode
    }

    /// A session the file has not shown before. Ids count from 0 in order of appearance; a session keeps its id when a later
    /// peer table lists it again.
    fn session(&mut self, id: SessionId, session: Session);

    /// A peer table begins: `offset` of its record, BGP identifier of the collector, and name of its view (may be empty).
    fn peer_table(&mut self, _offset: u64, _collector: Ipv4Addr, _view: &str) {}

    /// One observation.
    fn observation(&mut self, observation: &Observation<'_>);

    /// One piece of bad data. The offset is that of its record, or for what is damaged between records, of the damage.
    fn fault(&mut self, fault: Fault);
}

/// What the header of a record says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// Offset of the header in the decompressed stream.
    pub offset: u64,
    /// Its time, with microseconds where the type has them.
    pub time: Time,
    /// MRT type.
    pub kind: u16,
    /// MRT subtype.
    pub subtype: u16,
    /// Bytes behind the header.
    pub len: u32,
}

impl Record {
    /// True for what a session said: a BGP message or a change of state.
    pub fn is_message(&self) -> bool {
        matches!(self.kind, header::kind::BGP | header::kind::BGP4MP | header::kind::BGP4MP_ET)
    }
}

/// What to do with a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interest {
    /// Decode it.
    Decode,
    /// Pass over it.
    Skip,
    /// Read no further.
    Stop,
}

/// How to read.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// Longest record that is read; a longer one is an `oversized_record`. Default 16 MiB. Memory is up to twice that.
    pub max_record_bytes: u32,
    /// Which observations are wanted.
    pub filter: Filter,
}

impl Default for Options {
    fn default() -> Options {
        Options { max_record_bytes: header::MAX_RECORD_BYTES, filter: Filter::default() }
    }
}

/// What a stream turned out to be, once read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Records with a header that makes sense, read or not.
    pub records: u64,
    /// Earliest time of a record.
    pub first: Option<Time>,
    /// Latest time of a record.
    pub last: Option<Time>,
    /// Observations handed on.
    pub observations: u64,
    /// Faults handed on.
    pub faults: u64,
    /// Decompressed bytes read.
    pub bytes: u64,
    /// True if the stream came to its own end: not cut, damaged, or stopped.
    pub whole: bool,
}
