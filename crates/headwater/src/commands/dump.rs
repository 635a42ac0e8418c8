//! `headwater dump`: prints the observations of MRT files.

use std::io::{self, Write};
use std::path::PathBuf;

use headwater_route::{Event, Fault, Kind, Observation, OriginCode, Route, Session, SessionId};
use headwater_wire::mrt::{self, text};

use super::Context;
use super::filter::FilterArgs;
use super::inspect::{Counts, tell_faults};
use crate::error::{Error, Exit};
use crate::source::{Input, inputs};

/// Arguments of `dump`.
#[derive(clap::Args)]
#[command(after_help = "\
The bgpdump form is that of `bgpdump -m`, one line an observation, so that it fits existing scripts; the JSON form has one \
object a line. What could not be read is told on stderr, and the exit code is then 2.")]
pub struct Args {
    /// MRT files, directories, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Form of the output (with --json: json)
    #[arg(long, value_name = "FORM", default_value = "bgpdump")]
    format: Format,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Form of the output.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// As `bgpdump -m` prints it.
    Bgpdump,
    /// JSON lines.
    Json,
}

/// Bytes of output that wait before they are written.
const BUFFER_BYTES: usize = 1 << 16;

/// Runs `dump`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let options = mrt::Options { max_record_bytes: context.config.limits.record_bytes, filter: args.filter.filter()? };
    let json = context.output.json || args.format == Format::Json;
    let mut sink = Printer {
        out: io::stdout().lock(),
        json,
        buffer: Vec::with_capacity(BUFFER_BYTES * 2),
        sessions: Vec::new(),
        record: None,
        failed: None,
        faults: Counts::new(),
    };
    let mut exit = Exit::Done;
    for input in inputs(&args.paths, &context.config.limits)? {
        let (name, mut opened) = match input {
            Input::Stream { name, kind: Kind::Mrt, stream, .. } => (name, stream),
            Input::Stream { name, kind, .. } => {
                context
                    .output
                    .note(&format!("{name}: {} is no MRT; `headwater inspect` tells what it holds", kind.code()));
                exit = Exit::Incomplete;
                continue;
            }
            Input::Unread { name, reason } => {
                context.output.note(&format!("{name}: {reason}"));
                exit = Exit::Incomplete;
                continue;
            }
        };
        sink.sessions.clear();
        sink.faults.clear();
        mrt::read(&mut opened, &options, &mut sink);
        sink.flush();
        if let Some(error) = sink.failed.take() {
            return Err(Error::output(error));
        }
        if tell_faults(&name, &sink.faults, context) {
            exit = Exit::Incomplete;
        }
    }
    Ok(exit)
}

struct Printer<W: Write> {
    out: W,
    json: bool,
    buffer: Vec<u8>,
    sessions: Vec<Session>,
    record: Option<mrt::Record>,
    failed: Option<io::Error>,
    faults: Counts,
}

impl<W: Write> Printer<W> {
    fn flush(&mut self) {
        if self.failed.is_none() {
            let written = self.out.write_all(&self.buffer).and_then(|()| self.out.flush());
            self.failed = written.err();
        }
        self.buffer.clear();
    }
}

impl<W: Write> mrt::Sink for Printer<W> {
    fn record(&mut self, record: &mrt::Record) -> mrt::Interest {
        self.record = Some(*record);
        // With the reader of our output gone there is nothing left to do.
        if self.failed.is_some() { mrt::Interest::Stop } else { mrt::Interest::Decode }
    }

    fn session(&mut self, _: SessionId, session: Session) {
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let Some(session) = self.sessions.get(observation.session.0 as usize) else { return };
        if self.json {
            write_json(&mut self.buffer, observation, session);
        } else if let Some(record) = &self.record {
            text::write_bgpdump_m(&mut self.buffer, record, observation, session);
        }
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
    }

    fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault.kind).or_default() += 1;
    }
}

/// One observation as a JSON object. Nothing in it is text from outside but numbers and addresses, so nothing needs escapes.
fn write_json(out: &mut Vec<u8>, observation: &Observation<'_>, session: &Session) {
    let Observation { offset, time, event, .. } = observation;
    let kind = match event {
        Event::Held(_) => "held",
        Event::Announced(_) => "announced",
        Event::Withdrawn(_) => "withdrawn",
        Event::State { .. } => "state",
    };
    // Writing to a Vec does not fail.
    let mut put = |text: std::fmt::Arguments<'_>| out.write_fmt(text).unwrap_or_default();
    put(format_args!(
        r#"{{"type":"{kind}","time":"{time}","peer_asn":{},"peer":"{}","offset":{offset}"#,
        session.asn.0, session.addr
    ));
    let nlri = match event {
        Event::Held(route) | Event::Announced(route) => Some(route.nlri),
        Event::Withdrawn(nlri) => Some(*nlri),
        Event::State { from, to } => {
            put(format_args!(r#","from_state":{from},"to_state":{to}"#));
            None
        }
    };
    if let Some(nlri) = nlri {
        put(format_args!(r#","prefix":"{}""#, nlri.prefix));
        if let Some(id) = nlri.path_id {
            put(format_args!(r#","path_id":{id}"#));
        }
        if nlri.multicast {
            put(format_args!(r#","multicast":true"#));
        }
    }
    if let Event::Held(route) | Event::Announced(route) = event {
        write_route(out, route);
    }
    out.push(b'}');
}

fn write_route(out: &mut Vec<u8>, route: &Route<'_>) {
    let attributes = route.attributes;
    out.extend_from_slice(br#","path":""#);
    attributes.path.write_text(out);
    out.push(b'"');
    let mut put = |text: std::fmt::Arguments<'_>| out.write_fmt(text).unwrap_or_default();
    if let Some(origin) = attributes.path.origin() {
        put(format_args!(r#","origin_asn":{}"#, origin.0));
    }
    if let Some(origin) = attributes.origin {
        let origin = match origin {
            OriginCode::Igp => "igp",
            OriginCode::Egp => "egp",
            OriginCode::Incomplete => "incomplete",
        };
        put(format_args!(r#","origin":"{origin}""#));
    }
    if let Some(next_hop) = attributes.next_hop {
        put(format_args!(r#","next_hop":"{next_hop}""#));
    }
    if let Some(med) = attributes.med {
        put(format_args!(r#","med":{med}"#));
    }
    if let Some(local_pref) = attributes.local_pref {
        put(format_args!(r#","local_pref":{local_pref}"#));
    }
    if attributes.atomic_aggregate {
        put(format_args!(r#","atomic_aggregate":true"#));
    }
    if let Some((asn, addr)) = attributes.aggregator {
        put(format_args!(r#","aggregator":{{"asn":{},"addr":"{addr}"}}"#, asn.0));
    }
    let lists = [
        ("communities", attributes.communities, 4),
        ("extended_communities", attributes.extended_communities, 8),
        ("large_communities", attributes.large_communities, 12),
    ];
    for (name, bytes, size) in lists.into_iter().filter(|(_, bytes, _)| !bytes.is_empty()) {
        put(format_args!(r#","{name}":["#));
        for (i, value) in bytes.chunks_exact(size).enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match value {
                [a, b, c, d] => {
                    put(format_args!(r#"{comma}"{}:{}""#, u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
                }
                value if size == 12 => {
                    let part = |i: usize| u32::from_be_bytes([value[i], value[i + 1], value[i + 2], value[i + 3]]);
                    put(format_args!(r#"{comma}"{}:{}:{}""#, part(0), part(4), part(8)));
                }
                value => {
                    put(format_args!("{comma}\""));
                    value.iter().for_each(|b| put(format_args!("{b:02x}")));
                    put(format_args!("\""));
                }
            }
        }
        put(format_args!("]"));
    }
    if let Some(asn) = attributes.only_to_customer {
        put(format_args!(r#","only_to_customer":{}"#, asn.0));
    }
    if let Some(originated) = route.originated {
        put(format_args!(r#","originated":"{originated}""#));
    }
}
