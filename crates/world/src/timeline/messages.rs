//! What a vantage tells its collector.

use std::borrow::Cow;
use std::sync::Arc;

use headwater_route::{Asn, Prefix, Time};

use crate::observe::VantageId;
use crate::propagate::RouteRef;

/// A route as it is spoken: path and attributes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spoken {
    /// The path: the vantage first, the origin last, repeats and route servers as they stand in it.
    pub hops: Vec<u32>,
    /// The mark of RFC 9234.
    pub only_to_customer: Option<Asn>,
    /// Communities (RFC 1997).
    pub communities: Vec<(u16, u16)>,
}

/// As [`Spoken`], borrowed from the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown<'a> {
    /// The path.
    pub hops: Cow<'a, [u32]>,
    /// The mark of RFC 9234.
    pub only_to_customer: Option<Asn>,
    /// Communities (RFC 1997).
    pub communities: &'a [(u16, u16)],
}

impl<'a> Shown<'a> {
    /// A computed route, and the communities its announcement started with.
    pub(super) fn of(route: RouteRef<'a>, communities: &'a [(u16, u16)]) -> Shown<'a> {
        let communities = if route.communities { communities } else { &[] };
        Shown { hops: Cow::Borrowed(route.hops), only_to_customer: route.only_to_customer, communities }
    }

    /// A copy.
    pub fn spoken(&self) -> Spoken {
        Spoken {
            hops: self.hops.to_vec(),
            only_to_customer: self.only_to_customer,
            communities: self.communities.to_vec(),
        }
    }
}

impl Spoken {
    /// Borrowed.
    pub fn shown(&self) -> Shown<'_> {
        Shown {
            hops: Cow::Borrowed(&self.hops),
            only_to_customer: self.only_to_customer,
            communities: &self.communities,
        }
    }
}

/// One thing a vantage tells its collector.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// When it arrives, by a right clock.
    pub at: Time,
    /// When it arrives by the collector's clock.
    pub stamp: Time,
    /// Number of the message in the world: order among those of one time.
    pub number: u64,
    /// Who tells it.
    pub vantage: VantageId,
    /// What.
    pub body: Body,
}

/// What is told.
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// Routes.
    Announce {
        /// To these prefixes, in ascending order.
        prefixes: Vec<Prefix>,
        /// The route.
        route: Arc<Spoken>,
    },
    /// No more routes to these prefixes, in ascending order.
    Withdraw {
        /// The prefixes.
        prefixes: Vec<Prefix>,
    },
    /// The session went from one state to another (RFC 4271 §8.2.2 codes).
    State {
        /// State before.
        from: u16,
        /// State after.
        to: u16,
    },
}
