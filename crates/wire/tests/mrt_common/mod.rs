//! What the tests of MRT share.

#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};

/// The folder of real MRT files, where it is there.
pub fn shared_mrt() -> Option<PathBuf> {
    let data = std::env::var_os("HEADWATER_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let dir = data.join("mrt");
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: shared data not found at {}", dir.display());
    None
}

/// The files in a folder, in order.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

use headwater_route::{
    AsPath, Asn, Event, Fault, FaultKind, Nlri, Observation, OriginCode, Prefix, Session, SessionId, Time,
};
use headwater_wire::mrt::encode::{Attributes, Ends, PeerTable};
use headwater_wire::mrt::{self, Interest, Options, Record, Sink, Summary};

/// Keeps all that a stream says.
#[derive(Default)]
pub struct Heard {
    pub records: Vec<Record>,
    pub sessions: Vec<Session>,
    pub tables: Vec<(u64, std::net::Ipv4Addr, String)>,
    pub said: Vec<Said>,
    pub faults: Vec<Fault>,
    /// What to answer for each record; then `Decode`.
    pub interests: Vec<Interest>,
}

/// An observation as a value.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    pub offset: u64,
    pub time: Time,
    pub session: Session,
    pub event: Happened,
}

/// An event as a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Happened {
    Held(Nlri, Option<Time>, Attributes),
    Announced(Nlri, Attributes),
    Withdrawn(Nlri),
    State(u16, u16),
}

impl Sink for Heard {
    fn record(&mut self, record: &Record) -> Interest {
        self.records.push(*record);
        self.interests.get(self.records.len() - 1).copied().unwrap_or(Interest::Decode)
    }

    fn session(&mut self, id: SessionId, session: Session) {
        assert_eq!(id.0 as usize, self.sessions.len(), "ids count from 0");
        self.sessions.push(session);
    }

    fn peer_table(&mut self, offset: u64, collector: std::net::Ipv4Addr, view: &str) {
        self.tables.push((offset, collector, view.to_owned()));
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let event = match observation.event {
            Event::Held(route) => Happened::Held(route.nlri, route.originated, route.attributes.into()),
            Event::Announced(route) => Happened::Announced(route.nlri, route.attributes.into()),
            Event::Withdrawn(nlri) => Happened::Withdrawn(nlri),
            Event::State { from, to } => Happened::State(from, to),
        };
        let session = self.sessions[observation.session.0 as usize];
        self.said.push(Said { offset: observation.offset, time: observation.time, session, event });
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

impl Heard {
    pub fn fault_kinds(&self) -> Vec<FaultKind> {
        self.faults.iter().map(|fault| fault.kind).collect()
    }

    /// Each event in short: `+` announced or held, `-` withdrawn, and the path.
    pub fn events(&self) -> Vec<String> {
        let shown = |nlri: &Nlri| {
            let id = nlri.path_id.map(|id| format!("#{id}")).unwrap_or_default();
            format!("{}{id}{}", nlri.prefix, if nlri.multicast { " multicast" } else { "" })
        };
        let path = |attributes: &Attributes| attributes.path.as_ref().unwrap().to_string();
        self.said
            .iter()
            .map(|said| match &said.event {
                Happened::Held(nlri, _, attributes) => format!("= {} {}", shown(nlri), path(attributes)),
                Happened::Announced(nlri, attributes) => format!("+ {} {}", shown(nlri), path(attributes)),
                Happened::Withdrawn(nlri) => format!("- {}", shown(nlri)),
                Happened::State(from, to) => format!("{from} → {to}"),
            })
            .collect()
    }

    /// The attributes of the only route.
    pub fn attributes(&self) -> &Attributes {
        match &self.said[..] {
            [Said { event: Happened::Held(_, _, attributes) | Happened::Announced(_, attributes), .. }] => attributes,
            said => panic!("not one route: {said:?}"),
        }
    }
}

pub fn read(bytes: &[u8]) -> (Heard, Summary) {
    read_with(bytes, &Options::default())
}

pub fn read_with(bytes: &[u8], options: &Options) -> (Heard, Summary) {
    let mut heard = Heard::default();
    let summary = mrt::read(&mut &*bytes, options, &mut heard);
    assert_eq!(summary.observations, heard.said.len() as u64);
    assert_eq!(summary.faults, heard.faults.len() as u64);
    assert_eq!(summary.records, heard.records.len() as u64);
    (heard, summary)
}

pub const TIME: Time = Time(1_700_000_000_000_000);

pub fn session(asn: u32, addr: &str) -> Session {
    Session { asn: Asn(asn), addr: addr.parse().unwrap() }
}

pub fn ends() -> Ends {
    Ends { peer: session(64500, "192.0.2.1"), local: session(64999, "192.0.2.254") }
}

pub fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

pub fn nlri(text: &str) -> Nlri {
    Nlri { prefix: prefix(text), path_id: None, multicast: false }
}

pub fn nlri_id(text: &str, path_id: u32) -> Nlri {
    Nlri { path_id: Some(path_id), ..nlri(text) }
}

/// What a plain route has.
pub fn attributes(path: &str) -> Attributes {
    Attributes {
        origin: Some(OriginCode::Igp),
        path: Some(path.parse::<AsPath>().unwrap()),
        next_hop: Some("192.0.2.1".parse().unwrap()),
        ..Attributes::default()
    }
}

pub fn peer_table(peers: &[Session]) -> PeerTable {
    PeerTable { collector: [192, 0, 2, 254].into(), view: "view".to_owned(), peers: peers.to_vec() }
}
