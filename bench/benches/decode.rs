//! Decoding uncompressed MRT from memory, and the text of what was decoded. Items are the routes of the whole stream, whatever
//! a filter leaves of them.

use std::sync::LazyLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use headwater_bench::looks::{FullLook, HeaderWalk};
use headwater_bench::sample;
use headwater_route::{Asn, Event, Fault, Observation, Session, SessionId};
use headwater_wire::mrt::{self, Filter, Options, Record, Sink, text};

static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| sample::table(0));
static UPDATES: LazyLock<Vec<u8>> = LazyLock::new(sample::updates);

fn main() {
    divan::main();
}

/// Reads all of a stream into a new sink.
fn read<S: Sink + Default>(bytes: &[u8], filter: &Filter) -> S {
    let mut sink = S::default();
    mrt::read(&mut &*bytes, &Options { filter: filter.clone(), ..Options::default() }, &mut sink);
    sink
}

fn bench<S: Sink + Default>(bencher: Bencher<'_, '_>, bytes: &[u8], filter: Filter) {
    let all: FullLook = read(bytes, &Filter::default());
    assert_eq!(all.faults, 0);
    let counted = bencher.counter(ItemsCount::new(all.rows)).counter(BytesCount::new(bytes.len()));
    counted.bench_local(|| read::<S>(black_box(bytes), &filter));
}

#[divan::bench]
fn full(bencher: Bencher<'_, '_>) {
    bench::<FullLook>(bencher, &TABLE, Filter::default());
}

#[divan::bench]
fn full_updates(bencher: Bencher<'_, '_>) {
    bench::<FullLook>(bencher, &UPDATES, Filter::default());
}

#[divan::bench]
fn header_walk(bencher: Bencher<'_, '_>) {
    bench::<HeaderWalk>(bencher, &TABLE, Filter::default());
}

#[divan::bench]
fn one_prefix(bencher: Bencher<'_, '_>) {
    let prefixes = vec![Middle::of(&TABLE).prefix.parse().expect("a prefix")];
    bench::<FullLook>(bencher, &TABLE, Filter { prefixes, ..Filter::default() });
}

#[divan::bench]
fn one_origin(bencher: Bencher<'_, '_>) {
    let origins = Vec::from_iter(Middle::of(&TABLE).origin);
    bench::<FullLook>(bencher, &TABLE, Filter { origins, ..Filter::default() });
}

#[divan::bench]
fn path_pattern(bencher: Bencher<'_, '_>) {
    let origin = Middle::of(&TABLE).origin.map_or(0, |origin| origin.0);
    let paths = vec![format!("^.* {origin}$").parse().expect("a pattern")];
    bench::<FullLook>(bencher, &TABLE, Filter { paths, ..Filter::default() });
}

#[divan::bench]
fn bgpdump_text(bencher: Bencher<'_, '_>) {
    bench::<Text>(bencher, &TABLE, Filter::default());
}

/// A route out of the middle of a table, for filters to find.
#[derive(Default)]
struct Middle {
    prefix: String,
    origin: Option<Asn>,
    routes_left: u64,
}

impl Middle {
    fn of(bytes: &[u8]) -> Middle {
        let all: FullLook = read(bytes, &Filter::default());
        let mut middle = Middle { routes_left: all.rows / 2, ..Middle::default() };
        mrt::read(&mut &*bytes, &Options::default(), &mut middle);
        middle
    }
}

impl Sink for Middle {
    fn session(&mut self, _: SessionId, _: Session) {}

    fn observation(&mut self, observation: &Observation<'_>) {
        let Event::Held(route) = observation.event else { return };
        if self.routes_left > 0 {
            self.routes_left -= 1;
            self.prefix = route.nlri.prefix.to_string();
            self.origin = route.attributes.path.origin();
        }
    }

    fn fault(&mut self, _: Fault) {}
}

/// Makes the lines of `bgpdump -m` and throws them away, as `dump` does into /dev/null.
#[derive(Default)]
struct Text {
    line: Vec<u8>,
    bytes: u64,
    sessions: Vec<Session>,
    record: Option<Record>,
}

impl Sink for Text {
    fn record(&mut self, record: &Record) -> mrt::Interest {
        self.record = Some(*record);
        mrt::Interest::Decode
    }

    fn session(&mut self, _: SessionId, session: Session) {
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let (Some(record), Some(session)) = (&self.record, self.sessions.get(observation.session.0 as usize)) else {
            return;
        };
        self.line.clear();
        text::write_bgpdump_m(&mut self.line, record, observation, session);
        self.bytes += black_box(&self.line).len() as u64;
    }

    fn fault(&mut self, _: Fault) {}
}
