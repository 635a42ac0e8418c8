//! Tasks of the project that are more than a cargo command: `cargo xtask TASK`.

mod accuracy;
mod bench_peers;
mod child;
mod contest;
mod facts;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask bench-peers [FILE…] [--rounds N] [--prefixes N] [--vantages N] [--as-built] [--save]

Runs Headwater and every other reader of MRT that is installed on the same files, in turns, and prints what each took in
relation to ours. Without FILE the files are generated (100,000 prefixes, 40 vantages).
  --rounds N     measured rounds, after one that warms up and counts (default 5)
  --prefixes N   prefixes of the generated table
  --vantages N   vantages of the generated table
  --as-built     build nothing; take the programs of the target directory as they are
  --save         keep the report in bench/results, with the date and facts of the machine

cargo xtask accuracy [--worlds N] [--seed N] [--quick] [--only SORT] [--wrong] [--save] [--program FILE]

Plays invented worlds, reads them with `headwater ingest`, asks, and compares the answers with what was really so. Ends with
exit code 1 if a figure is worse than the kept baseline.
  --worlds N     how many (default 64)
  --seed N       what chance is drawn from (default 1)
  --quick        one world of each sort: what .ci/run runs
  --only SORT    of these worlds, those of one sort, such as \"clock skew\"
  --wrong        list every wrong statement
  --save         keep the tables in docs/accuracy.md
  --program FILE the program to ask (default: headwater beside this one)";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match arguments.next().as_deref() {
        Some("bench-peers") => bench_peers::Task::from_arguments(arguments).and_then(|task| bench_peers::run(&task)),
        Some("accuracy") => accuracy::Task::from_arguments(arguments)
            .and_then(|task| accuracy::run(&task).map_err(|error| -> Box<dyn std::error::Error> { error })),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout that cargo runs this for: checkouts that share a target directory may share this program too.
fn checkout() -> std::path::PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    std::path::Path::new(&xtask).join("..")
}
