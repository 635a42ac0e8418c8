//! MRT in, observations out; and back.

use std::io::{BufRead, Read};

use headwater_route::{Asn, Event, Fault, Nlri, Observation, Session, SessionId, Time};
use headwater_wire::mrt::encode::{Attributes, EncodeError, Ends, PeerTable, Rib, RibEntry, Style, Update, Writer};
use headwater_wire::mrt::text::write_bgpdump_m;
use headwater_wire::mrt::{Interest, Options, Record, Sink, Summary, read};

/// Longest record read: claims beyond it are cheap to make.
const MAX_RECORD_BYTES: u32 = 1 << 16;

/// Everything a stream says, as text, and where it says it.
#[derive(Default, PartialEq, Debug)]
struct Heard {
    record: Option<Record>,
    sessions: Vec<Session>,
    /// One line an observation.
    said: Vec<u8>,
    observations: u64,
    faults: Vec<Fault>,
    last: u64,
}

impl Sink for Heard {
    fn record(&mut self, record: &Record) -> Interest {
        assert!(self.record.is_none_or(|before| before.offset < record.offset));
        self.record = Some(*record);
        Interest::Decode
    }

    fn session(&mut self, id: SessionId, session: Session) {
        assert_eq!(id.0 as usize, self.sessions.len());
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        assert!(observation.offset >= self.last);
        self.last = observation.offset;
        self.observations += 1;
        if let Event::Held(route) | Event::Announced(route) = observation.event {
            assert!(route.attributes.communities.len() % 4 == 0);
            assert!(route.attributes.path.segments().all(|segment| segment.asns().len() > 0));
        }
        let session = &self.sessions[observation.session.0 as usize];
        if let Some(record) = &self.record {
            write_bgpdump_m(&mut self.said, record, observation, session);
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

/// Gives `step` bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl BufRead for Slow<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        Ok(&self.0[..self.1.min(self.0.len())])
    }

    fn consume(&mut self, len: usize) {
        self.0 = &self.0[len..];
    }
}

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(out.len()).min(self.0.len());
        out[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

fn read_steps(bytes: &[u8], step: usize) -> (Heard, Summary) {
    let mut heard = Heard::default();
    let options = Options { max_record_bytes: MAX_RECORD_BYTES, ..Options::default() };
    let summary = read(&mut Slow(bytes, step), &options, &mut heard);
    assert_eq!(summary.observations, heard.observations);
    assert_eq!(summary.faults, heard.faults.len() as u64);
    assert!(summary.bytes <= bytes.len() as u64);
    assert!(heard.faults.iter().all(|fault| fault.offset <= bytes.len() as u64));
    assert!(heard.last <= bytes.len() as u64);
    (heard, summary)
}

/// A stream made of the input: behind a zero byte as it stands; else a peer table and a record of the type and subtype that
/// the first two bytes name, with the rest as its body.
pub fn stream_of(data: &[u8]) -> Option<Vec<u8>> {
    let (kind, subtype, body) = match data {
        [0, stream @ ..] => return Some(stream.to_vec()),
        [kind, subtype, body @ ..] => (*kind, *subtype, body),
        _ => return None,
    };
    let time = Time::from_unix(1_700_000_000);
    let mut writer = Writer::new(Vec::with_capacity(body.len() + 128));
    let peers = vec![
        Session { asn: Asn(64500), addr: [192, 0, 2, 1].into() },
        Session { asn: Asn(65536), addr: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into() },
    ];
    let table = PeerTable { collector: [192, 0, 2, 254].into(), view: String::new(), peers };
    writer.peer_table(time, &table).ok()?;
    writer.record(time, u16::from(kind), u16::from(subtype), body).ok()?;
    Some(writer.into_inner())
}

/// Any bytes, as a stream and as the body of a record: no panic, an end, offsets inside the input and never going back,
/// counts that match what was handed out, and the same result however the reads fall.
pub fn read_any(data: &[u8]) {
    let Some(bytes) = stream_of(data) else { return };
    let whole = read_steps(&bytes, usize::MAX);
    assert_eq!(whole, read_steps(&bytes, 1 + bytes.len() % 13));
}

#[derive(Clone, PartialEq, Debug)]
enum Happened {
    Held(Nlri, Option<Time>, Attributes),
    Announced(Nlri, Attributes),
    Withdrawn(Nlri),
    State(u16, u16),
}

#[derive(Default)]
struct Values {
    sessions: Vec<Session>,
    said: Vec<(Time, Session, Happened)>,
    faults: Vec<Fault>,
}

impl Sink for Values {
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

fn hear(bytes: &[u8]) -> Values {
    let mut heard = Values::default();
    let options = Options { max_record_bytes: MAX_RECORD_BYTES, ..Options::default() };
    read(&mut &*bytes, &options, &mut heard);
    heard
}

/// Writes one observation as a record of its own, in the types with microseconds and four-byte ASNs.
fn write(writer: &mut Writer<Vec<u8>>, time: Time, session: Session, happened: &Happened) -> Result<(), EncodeError> {
    let local = Session { asn: Asn(64499), ..session };
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

/// Observations of one input that are written again.
const MOST_WRITTEN: usize = 8;

/// What is read of any bytes, written again, reads the same.
pub fn round_trip(data: &[u8]) {
    let Some(bytes) = stream_of(data) else { return };
    for (time, session, happened) in hear(&bytes).said.into_iter().take(MOST_WRITTEN) {
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
}
