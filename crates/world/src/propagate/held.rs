//! The routes of one class, as watchers hold them.

use headwater_route::Asn;
use serde::Serialize;

/// From whom a route was learnt, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Learnt {
    /// It announces the route itself.
    Own,
    /// From a customer (or a sibling, a customer's route).
    Customer,
    /// From a peer.
    Peer,
    /// From a provider (or a sibling, any other route).
    Provider,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Slot {
    /// Where its hops end; they start where those of the slot before end.
    end: u32,
    only_to_customer: u32,
    learnt: Learnt,
    communities: bool,
}

/// The routes of one class at the watchers of a [`super::Graph`], in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Held {
    slots: Box<[Slot]>,
    hops: Box<[u32]>,
}

/// A route as a watcher sends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RouteRef<'a> {
    /// The path: the watcher first, the origin last, repeats and route servers as they stand in it.
    pub hops: &'a [u32],
    /// The mark of RFC 9234.
    pub only_to_customer: Option<Asn>,
    /// From whom the watcher has it.
    pub learnt: Learnt,
    /// The communities it started with are still on it.
    pub communities: bool,
}

impl Held {
    /// The route of the watcher at a position; `None` if it sends none.
    pub fn route(&self, position: usize) -> Option<RouteRef<'_>> {
        let slot = self.slots.get(position)?;
        let start = position.checked_sub(1).map_or(0, |before| self.slots[before].end);
        let hops = &self.hops[start as usize..slot.end as usize];
        let mark = slot.only_to_customer;
        (!hops.is_empty()).then_some(RouteRef {
            hops,
            only_to_customer: (mark != 0).then_some(Asn(mark)),
            learnt: slot.learnt,
            communities: slot.communities,
        })
    }
}

/// Puts a [`Held`] together.
#[derive(Default)]
pub(super) struct Holding {
    slots: Vec<Slot>,
    hops: Vec<u32>,
}

impl Holding {
    /// The next watcher's route, whose hops `fill` appends.
    pub(super) fn push(&mut self, fill: impl FnOnce(&mut Vec<u32>) -> Option<(Learnt, u32, bool)>) {
        let told = fill(&mut self.hops);
        let (learnt, only_to_customer, communities) = told.unwrap_or((Learnt::Own, 0, false));
        self.slots.push(Slot { end: self.hops.len() as u32, only_to_customer, learnt, communities });
    }

    pub(super) fn take(&mut self) -> Held {
        let held = Held { slots: self.slots.as_slice().into(), hops: self.hops.as_slice().into() };
        self.slots.clear();
        self.hops.clear();
        held
    }
}
