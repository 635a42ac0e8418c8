//! The words of Headwater: the values every stage hands to the next.
//!
//! Place on the way: below everything. `wire` makes [`Observation`]s and [`Fault`]s out of bytes, `history` keeps them and
//! gives back the rows of [`rows`], `finding` turns rows into findings.
//!
//! Must not know: files, formats, the query engine, the terminal, the clock. Values only.

mod asn;
mod decimal;
mod fault;
mod observation;
mod path;
mod prefix;
pub mod rows;
mod source;
mod time;

pub use asn::{Asn, AsnError};
pub use decimal::{push_decimal, push_ipv4};
pub use fault::{Fault, FaultKind};
pub use observation::{Attributes, Event, Nlri, Observation, OriginCode, Route, Session, SessionId};
pub use path::{AsPath, PathError, PathRef, PathSegment, SegmentKind, SegmentRef};
pub use prefix::{Family, Prefix, PrefixError};
pub use source::{Evidence, Kind, Source, SourceId};
pub use time::{Bounds, Time, TimeError, Window};
