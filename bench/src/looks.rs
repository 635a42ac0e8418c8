//! What benches do with what they read: the least that a reader must do who wants it all.

use headwater_route::{Event, Fault, Observation, Session, SessionId};
use headwater_wire::mrt::{Interest, Record, Sink};

/// Looks at every hop and every community.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FullLook {
    /// Routes held, announced and withdrawn.
    pub rows: u64,
    /// Hops of their paths.
    pub hops: u64,
    /// Their communities (RFC 1997).
    pub communities: u64,
    /// Of ASNs and communities, so that no work is left out.
    pub sum: u64,
    /// Faults met.
    pub faults: u64,
}

impl Sink for FullLook {
    fn session(&mut self, _: SessionId, _: Session) {}

    fn observation(&mut self, observation: &Observation<'_>) {
        let route = match observation.event {
            Event::Held(route) | Event::Announced(route) => route,
            Event::Withdrawn(_) => {
                self.rows += 1;
                return;
            }
            Event::State { .. } => return,
        };
        self.rows += 1;
        for asn in route.attributes.path.segments().flat_map(|segment| segment.asns()) {
            self.hops += 1;
            self.sum = self.sum.wrapping_add(u64::from(asn.0));
        }
        for (high, low) in route.attributes.community_pairs() {
            self.communities += 1;
            self.sum ^= u64::from(high) << 16 | u64::from(low);
        }
    }

    fn fault(&mut self, _: Fault) {
        self.faults += 1;
    }
}

/// Counts records and decodes none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HeaderWalk {
    /// Records met.
    pub records: u64,
}

impl Sink for HeaderWalk {
    fn record(&mut self, _: &Record) -> Interest {
        self.records += 1;
        Interest::Skip
    }

    fn session(&mut self, _: SessionId, _: Session) {}

    fn observation(&mut self, _: &Observation<'_>) {}

    fn fault(&mut self, _: Fault) {}
}
