//! Taking MRT into a history: decoding, interning, sorting, compressing, writing. Items are routes. Times are by the clock,
//! and hold what the disk takes.

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use headwater_bench::looks::FullLook;
use headwater_bench::sample;
use headwater_history::History;
use headwater_wire::mrt::{self, Options};

mod intake;

static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| sample::table(0));
static NEXT: LazyLock<Vec<u8>> = LazyLock::new(|| sample::table(1));
static UPDATES: LazyLock<Vec<u8>> = LazyLock::new(sample::updates);

fn main() {
    divan::main();
}

/// Takes in `bytes`, where the sources `before` are already.
fn bench(bencher: Bencher<'_, '_>, before: &[&[u8]], bytes: &[u8]) {
    let mut look = FullLook::default();
    mrt::read(&mut &*bytes, &Options::default(), &mut look);
    let fresh = || {
        let dir = tempfile::tempdir().expect("a directory");
        let mut history = History::open_or_create(dir.path()).expect("a history");
        for (number, source) in (1..).zip(before) {
            intake::take(&mut history, number, source);
        }
        (dir, history)
    };
    let counted = bencher.counter(ItemsCount::new(look.rows)).with_inputs(fresh);
    // The directory is handed back, so that removing it is not measured.
    counted.bench_local_values(|(dir, mut history)| {
        let committed = intake::take(&mut history, 0, bytes);
        (dir, history, committed)
    });
}

#[divan::bench(sample_count = 10)]
fn first_dump(bencher: Bencher<'_, '_>) {
    bench(bencher, &[], &TABLE);
}

/// A fiftieth of its routes differ from the dump before.
#[divan::bench(sample_count = 10)]
fn second_dump(bencher: Bencher<'_, '_>) {
    bench(bencher, &[&TABLE], &NEXT);
}

#[divan::bench(sample_count = 10)]
fn updates(bencher: Bencher<'_, '_>) {
    bench(bencher, &[&TABLE], &UPDATES);
}
