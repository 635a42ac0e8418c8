//! Any bytes, as a stream and as the body of a record: no panic, an end, offsets inside the input and never going back,
//! counts that match what was handed out, the same result however the reads fall, and a filter that only leaves out.

#![no_main]

use std::io::Read;

use headwater_route::{Event, Fault, Observation, Session, SessionId, Time};
use headwater_wire::mrt::encode::{PeerTable, Writer};
use headwater_wire::mrt::text::write_bgpdump_m;
use headwater_wire::mrt::{Interest, Options, Record, Sink, Summary, read};
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Heard {
    record: Option<Record>,
    sessions: Vec<Session>,
    said: Vec<String>,
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
        let session = &self.sessions[observation.session.0 as usize];
        let mut line = Vec::new();
        write_bgpdump_m(&mut line, self.record.as_ref().unwrap(), observation, session);
        if let Event::Held(route) | Event::Announced(route) = observation.event {
            assert!(route.attributes.communities.len() % 4 == 0);
            assert!(route.attributes.path.segments().all(|segment| segment.asns().len() > 0));
        }
        self.said.push(String::from_utf8(line).unwrap());
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

/// Gives `step` bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(out.len()).min(self.0.len());
        out[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

fn read_all(bytes: &[u8], step: usize, options: &Options) -> (Heard, Summary) {
    let mut heard = Heard::default();
    let summary = read(&mut Slow(bytes, step), options, &mut heard);
    assert_eq!(summary.observations, heard.said.len() as u64);
    assert_eq!(summary.faults, heard.faults.len() as u64);
    assert!(heard.faults.iter().all(|fault| fault.offset <= bytes.len() as u64));
    assert!(heard.last <= bytes.len() as u64);
    (heard, summary)
}

fn check(bytes: &[u8]) {
    let options = Options { max_record_bytes: 1 << 16, ..Options::default() };
    let (heard, summary) = read_all(bytes, usize::MAX, &options);
    let (again, summary_again) = read_all(bytes, 3, &options);
    assert_eq!((&heard.said, &heard.faults, &summary), (&again.said, &again.faults, &summary_again));
    let mut narrow = options;
    narrow.filter.prefixes = vec!["more:0.0.0.0/1".parse().unwrap()];
    narrow.filter.paths = vec!["_1_".parse().unwrap()];
    let (fewer, _) = read_all(bytes, usize::MAX, &narrow);
    let mut rest = heard.said.iter();
    assert!(fewer.said.iter().all(|said| rest.any(|other| other == said)));
}

fuzz_target!(|data: &[u8]| {
    check(data);
    let [kind, subtype, body @ ..] = data else { return };
    let time = Time::from_unix(1_700_000_000);
    let session = |asn, addr: &str| Session { asn: headwater_route::Asn(asn), addr: addr.parse().unwrap() };
    let peers = vec![session(64500, "192.0.2.1"), session(64501, "2001:db8::1")];
    let table = PeerTable { collector: [192, 0, 2, 254].into(), view: String::new(), peers };
    let mut writer = Writer::new(Vec::new());
    writer.peer_table(time, &table).unwrap();
    writer.record(time, u16::from(*kind), u16::from(*subtype), body).unwrap();
    check(&writer.into_inner());
});
