//! What is read of any bytes, written again, reads the same.

#![no_main]

use headwater_route::{Asn, Event, Fault, Nlri, Observation, Session, SessionId, Time};
use headwater_wire::mrt::encode::{Attributes, EncodeError, Ends, PeerTable, Rib, RibEntry, Style, Update, Writer};
use headwater_wire::mrt::{Options, Sink, read};
use libfuzzer_sys::fuzz_target;

#[derive(Clone, PartialEq, Debug)]
enum Happened {
    Held(Nlri, Option<Time>, Attributes),
    Announced(Nlri, Attributes),
    Withdrawn(Nlri),
    State(u16, u16),
}

#[derive(Default)]
struct Heard {
    sessions: Vec<Session>,
    said: Vec<(Time, Session, Happened)>,
    faults: Vec<Fault>,
}

impl Sink for Heard {
    fn session(&mut self, _: SessionId, session: Session) {
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let event = match observation.event {
            Event::Held(route) => Happened::Held(route.nlri, route.originated, route.attributes.into()),
            Event::Announced(route) => Happened::Announced(route.nlri, route.attributes.into()),
            Event::Withdrawn(nlri) => Happened::Withdrawn(nlri),
            Event::State { from, to } => Happened::State(from, to),
        };
        self.said.push((observation.time, self.sessions[observation.session.0 as usize], event));
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

fn hear(bytes: &[u8]) -> Heard {
    let mut heard = Heard::default();
    read(&mut &*bytes, &Options::default(), &mut heard);
    heard
}

/// Writes one observation as a record of its own, in the types with microseconds and four-byte ASNs.
fn write(writer: &mut Writer<Vec<u8>>, time: Time, session: Session, happened: &Happened) -> Result<(), EncodeError> {
    let local = Session { asn: Asn(64999), ..session };
    let ends = Ends { peer: session, local };
    let style = Style { micros: true, ..Style::default() };
    match happened {
        Happened::Held(nlri, originated, attributes) => {
            let peers = vec![session];
            writer.peer_table(time, &PeerTable { collector: [0; 4].into(), view: String::new(), peers })?;
            let Nlri { prefix, path_id, multicast } = *nlri;
            let entries = vec![RibEntry { peer: 0, originated: *originated, path_id, attributes }];
            writer.rib(time, &Rib { sequence: 0, prefix, multicast, generic: multicast, entries })
        }
        Happened::Announced(nlri, attributes) => {
            let update = Update { announced: vec![*nlri], attributes: attributes.clone(), ..Update::default() };
            writer.update(time, &ends, style, &update)
        }
        Happened::Withdrawn(nlri) => {
            writer.update(time, &ends, style, &Update { withdrawn: vec![*nlri], ..Update::default() })
        }
        Happened::State(from, to) => writer.state_change(time, &ends, style, *from, *to),
    }
}

fuzz_target!(|data: &[u8]| {
    for (time, session, happened) in hear(data).said {
        let mut writer = Writer::new(Vec::new());
        // Some is too long once it is whole, or lacks the next hop that its table needs.
        if write(&mut writer, time, session, &happened).is_err() {
            continue;
        }
        let heard = hear(&writer.into_inner());
        // Microseconds beyond a second and times before MRT existed are not written so.
        let [(_, session_again, happened_again)] = &heard.said[..] else {
            panic!("{happened:?} gave {:?} and {:?}", heard.said, heard.faults)
        };
        assert_eq!((&session, &happened), (session_again, happened_again));
    }
});
