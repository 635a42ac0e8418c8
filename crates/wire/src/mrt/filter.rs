//! Which observations are wanted: typed, parsed once, asked before what it can rule out is decoded.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use headwater_route::{Asn, Family, PathRef, Prefix, PrefixError, Session, Time, Window};

use super::pattern::PathPattern;

/// What is wanted. Every list that is not empty must have one member that holds; the default wants everything.
///
/// A withdrawal has no path and a state change has neither path nor prefix: where a test asks for one, they are left out,
/// unless [`Filter::events`] names them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    /// Tests of the prefix.
    pub prefixes: Vec<PrefixTest>,
    /// Address family.
    pub family: Option<Family>,
    /// Origin AS ([`PathRef::origin`]).
    pub origins: Vec<Asn>,
    /// An AS anywhere in the path.
    pub through: Vec<Asn>,
    /// Patterns of the path's text.
    pub paths: Vec<PathPattern>,
    /// The vantage's ASN.
    pub peer_asns: Vec<Asn>,
    /// The vantage's address.
    pub peer_addrs: Vec<IpAddr>,
    /// Time of the record.
    pub window: Window,
    /// Kinds of event; empty: all.
    pub events: Vec<EventKind>,
    /// State changes of the wanted vantages are wanted whatever the tests of routes say: else a route would seem to outlive
    /// the session it came by.
    pub keep_states: bool,
}

/// A kind of [`headwater_route::Event`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventKind {
    /// A route in a table dump.
    Held,
    /// An announcement.
    Announced,
    /// A withdrawal.
    Withdrawn,
    /// A change of the session's state.
    State,
}

/// How a route's prefix must lie to the one asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum PrefixMatch {
    /// It is that prefix.
    #[default]
    Exact,
    /// It is that prefix or lies inside it.
    MoreSpecific,
    /// It is that prefix or covers it.
    LessSpecific,
    /// Either of the two: they share addresses.
    Overlap,
}

/// A test of a route's prefix. Written `192.0.2.0/24` (exact), `more:192.0.2.0/24`, `less:…`, `overlap:…` or `exact:…`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PrefixTest {
    /// The prefix asked for.
    pub prefix: Prefix,
    /// How the route's must lie to it.
    pub by: PrefixMatch,
}

/// Why a text is not part of a filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FilterError {
    /// No such kind of event.
    Event(String),
    /// No such match.
    Match(String),
    /// Not a prefix.
    Prefix(PrefixError),
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilterError::Event(text) => {
                write!(f, "{text:?} is not a kind of event (write held, announced, withdrawn or state)")
            }
            FilterError::Match(text) => {
                write!(f, "{text:?} is not a way to match a prefix (write exact, more, less or overlap)")
            }
            FilterError::Prefix(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FilterError {}

impl FromStr for EventKind {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<EventKind, FilterError> {
        match text.to_ascii_lowercase().as_str() {
            "held" => Ok(EventKind::Held),
            "announced" => Ok(EventKind::Announced),
            "withdrawn" => Ok(EventKind::Withdrawn),
            "state" => Ok(EventKind::State),
            _ => Err(FilterError::Event(text.to_owned())),
        }
    }
}

impl FromStr for PrefixMatch {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<PrefixMatch, FilterError> {
        match text.to_ascii_lowercase().as_str() {
            "exact" => Ok(PrefixMatch::Exact),
            "more" => Ok(PrefixMatch::MoreSpecific),
            "less" => Ok(PrefixMatch::LessSpecific),
            "overlap" => Ok(PrefixMatch::Overlap),
            _ => Err(FilterError::Match(text.to_owned())),
        }
    }
}

impl FromStr for PrefixTest {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<PrefixTest, FilterError> {
        // An IPv6 address has colons of its own, and no letter beyond f before its first one.
        let (by, prefix) = match text.split_once(':') {
            Some((word, prefix)) if word.bytes().any(|b| b.is_ascii_alphabetic() && !b.is_ascii_hexdigit()) => {
                (word.parse()?, prefix)
            }
            _ => (PrefixMatch::Exact, text),
        };
        Ok(PrefixTest { prefix: prefix.trim().parse().map_err(FilterError::Prefix)?, by })
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            EventKind::Held => "held",
            EventKind::Announced => "announced",
            EventKind::Withdrawn => "withdrawn",
            EventKind::State => "state",
        })
    }
}

impl fmt::Display for PrefixTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            PrefixMatch::Exact => "",
            PrefixMatch::MoreSpecific => "more:",
            PrefixMatch::LessSpecific => "less:",
            PrefixMatch::Overlap => "overlap:",
        };
        write!(f, "{by}{}", self.prefix)
    }
}

impl PrefixTest {
    /// True if a route for this prefix is asked for.
    pub fn holds(&self, prefix: &Prefix) -> bool {
        match self.by {
            PrefixMatch::Exact => *prefix == self.prefix,
            PrefixMatch::MoreSpecific => self.prefix.covers(prefix),
            PrefixMatch::LessSpecific => prefix.covers(&self.prefix),
            PrefixMatch::Overlap => self.prefix.covers(prefix) || prefix.covers(&self.prefix),
        }
    }
}

/// True if the list asks for nothing, or a member of it holds.
fn any<T>(list: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(holds)
}

impl Filter {
    /// True if everything is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    pub(super) fn wants_time(&self, time: Time) -> bool {
        self.window.touches(time, time)
    }

    pub(super) fn wants_session(&self, session: &Session) -> bool {
        any(&self.peer_asns, |asn| *asn == session.asn) && any(&self.peer_addrs, |addr| *addr == session.addr)
    }

    pub(super) fn wants_prefix(&self, prefix: &Prefix) -> bool {
        self.family.is_none_or(|family| family == prefix.family()) && any(&self.prefixes, |test| test.holds(prefix))
    }

    pub(super) fn wants_path(&self, path: PathRef<'_>, text: &mut Vec<u8>) -> bool {
        if !any(&self.origins, |asn| path.origin() == Some(*asn)) {
            return false;
        }
        let passes = |wanted: &Asn| path.segments().any(|segment| segment.asns().any(|asn| asn == *wanted));
        any(&self.through, passes) && any(&self.paths, |pattern| pattern.matches(path, text))
    }

    /// True if a route of a table is wanted as far as its prefix tells.
    pub(super) fn wants_held(&self, prefix: &Prefix) -> bool {
        any(&self.events, |kind| *kind == EventKind::Held) && self.wants_prefix(prefix)
    }

    pub(super) fn wants_announced(&self) -> bool {
        any(&self.events, |kind| *kind == EventKind::Announced)
    }

    pub(super) fn wants_withdrawn(&self, prefix: &Prefix) -> bool {
        let named = self.events.contains(&EventKind::Withdrawn);
        (named || self.events.is_empty() && !self.tests_path()) && self.wants_prefix(prefix)
    }

    pub(super) fn wants_state(&self) -> bool {
        if self.keep_states {
            return true;
        }
        let tested = self.tests_path() || !self.prefixes.is_empty() || self.family.is_some();
        self.events.contains(&EventKind::State) || self.events.is_empty() && !tested
    }

    /// True if it may take a route and leave out what ends it: then what is taken does not tell how long a route was held.
    pub fn severs(&self) -> bool {
        self.tests_path() || !self.events.is_empty()
    }

    fn tests_path(&self) -> bool {
        !(self.origins.is_empty() && self.through.is_empty() && self.paths.is_empty())
    }
}
