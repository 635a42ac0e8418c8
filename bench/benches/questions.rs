//! Asking a history of generated dumps. Each round opens the history, as a process does that asks one question; files are
//! warm. The argument is the number of dumps: a question's cost should follow its answer, not the history.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use divan::Bencher;
use headwater_bench::sample;
use headwater_history::History;
use headwater_route::{Asn, Event, Fault, Observation, Prefix, Session, SessionId, Window};
use headwater_wire::mrt::{self, Options, Sink};
use tempfile::TempDir;

mod intake;

const DUMPS: [u32; 3] = [1, 4, 12];

static HISTORIES: LazyLock<Mutex<BTreeMap<u32, TempDir>>> = LazyLock::new(Mutex::default);
static ORIGINS: LazyLock<Origins> = LazyLock::new(|| {
    let mut origins = Origins::default();
    mrt::read(&mut sample::table(0).as_slice(), &Options::default(), &mut origins);
    origins
});

fn main() {
    divan::main();
    // Statics are never dropped: the directories are removed here.
    HISTORIES.lock().expect("nobody panicked").clear();
}

/// Origins by their routes in the first dump, with one prefix each.
#[derive(Default)]
struct Origins(BTreeMap<Asn, (u64, Option<Prefix>)>);

impl Sink for Origins {
    fn session(&mut self, _: SessionId, _: Session) {}

    fn observation(&mut self, observation: &Observation<'_>) {
        let Event::Held(route) = observation.event else { return };
        if let Some(origin) = route.attributes.path.origin() {
            let known = self.0.entry(origin).or_default();
            *known = (known.0 + 1, Some(route.nlri.prefix));
        }
    }

    fn fault(&mut self, _: Fault) {}
}

impl Origins {
    /// The origin that `share` of them (0 to 1) do not exceed in routes, and a prefix of it.
    fn at(&self, share: f64) -> (Asn, Prefix) {
        let mut all: Vec<_> = self.0.iter().map(|(asn, (routes, prefix))| (*routes, *asn, *prefix)).collect();
        all.sort();
        let (_, asn, prefix) = all[((all.len() - 1) as f64 * share) as usize];
        (asn, prefix.expect("one was met"))
    }
}

/// Asks a question of a history with that many dumps.
fn bench<T>(bencher: Bencher<'_, '_>, dumps: u32, ask: impl Fn(&History) -> T) {
    let dir = {
        let mut histories = HISTORIES.lock().expect("nobody panicked");
        let dir = histories.entry(dumps).or_insert_with(|| {
            let dir = tempfile::tempdir().expect("a directory");
            let mut history = History::open_or_create(dir.path()).expect("a history");
            for number in 0..dumps {
                intake::take(&mut history, number, &sample::table(number));
            }
            dir
        });
        dir.path().to_owned()
    };
    bencher.bench_local(|| ask(&History::open(&dir).expect("a history")));
}

#[divan::bench(args = DUMPS)]
fn routes_of_a_common_origin(bencher: Bencher<'_, '_>, dumps: u32) {
    let (origin, _) = ORIGINS.at(0.5);
    bench(bencher, dumps, |history| history.routes_of_origin(origin, Window::default()).expect("an answer"));
}

#[divan::bench(args = DUMPS)]
fn routes_of_the_largest_origin(bencher: Bencher<'_, '_>, dumps: u32) {
    let (origin, _) = ORIGINS.at(1.0);
    bench(bencher, dumps, |history| history.routes_of_origin(origin, Window::default()).expect("an answer"));
}

#[divan::bench(args = DUMPS)]
fn routes_of_a_prefix(bencher: Bencher<'_, '_>, dumps: u32) {
    let (_, prefix) = ORIGINS.at(0.5);
    bench(bencher, dumps, |history| history.routes_of_prefix(prefix, Window::default()).expect("an answer"));
}

#[divan::bench(args = DUMPS)]
fn origins_of_a_prefix(bencher: Bencher<'_, '_>, dumps: u32) {
    let (_, prefix) = ORIGINS.at(0.5);
    bench(bencher, dumps, |history| history.origins_of(&prefix, Window::default()).expect("an answer"));
}
