//! `cargo xtask bench-peers`: ours and every other reader of MRT that is installed, on the same files, in one run.

use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{self, Output};
use crate::contest::{By, Entrant, Standing, compete, table};
use crate::facts;

/// What to run.
pub struct Task {
    files: Vec<PathBuf>,
    rounds: usize,
    prefixes: u32,
    vantages: u16,
    save: bool,
    /// Builds nothing: takes the programs that lie beside this one.
    as_built: bool,
}

/// Programs that print a line a route, as far as they are installed: name, then arguments with `FILE` for the file.
const PRINTERS: &[(&str, &[&str])] = &[
    ("bgpdump", &["-m", "FILE"]),
    ("bgpscanner", &["FILE"]),
    ("bgpgrep", &["FILE"]),
    ("bgpreader", &["-d", "singlefile", "-o", "rib-file=FILE", "-m"]),
    ("bgpkit-parser", &["FILE"]),
    ("monocle", &["parse", "FILE"]),
];

/// Ways into the parsers of `bench/peers`; each is told what our full parse is told.
const PARSERS: &[&str] = &["bgpkit-elem", "bgpkit-record", "bgpkit-route", "routecore-tables", "routecore-entries"];

/// Most that `inspect` of a gzip file may take of the time of its inflate back end, and of a bzip2 file of `bzip2 -dc`.
const GZIP_LIMIT: f64 = 1.15;
const BZIP2_LIMIT: f64 = 0.6;

impl Task {
    /// Reads the arguments behind the task's name.
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Task, Box<dyn Error>> {
        let mut task =
            Task { files: Vec::new(), rounds: 5, prefixes: 100_000, vantages: 40, save: false, as_built: false };
        while let Some(argument) = arguments.next() {
            let mut number = || -> Result<u32, Box<dyn Error>> {
                let value = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
                Ok(value.parse().map_err(|_| format!("{argument} {value}: not a number"))?)
            };
            match argument.as_str() {
                "--rounds" => task.rounds = number()?.max(1) as usize,
                "--prefixes" => task.prefixes = number()?,
                "--vantages" => task.vantages = number()?.try_into()?,
                "--save" => task.save = true,
                "--as-built" => task.as_built = true,
                option if option.starts_with('-') => {
                    return Err(format!("{option}: no such option\n{}", crate::USAGE).into());
                }
                _ => task.files.push(PathBuf::from(argument)),
            }
        }
        Ok(task)
    }
}

/// Where things are.
struct Place {
    /// The checkout.
    root: PathBuf,
    /// Our programs, built.
    programs: PathBuf,
    /// The program of `bench/peers`, if it could be built.
    peers: Option<PathBuf>,
    /// For files made here; removed at the end.
    scratch: PathBuf,
}

impl Place {
    fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }
}

/// Runs the task and prints its report.
pub fn run(task: &Task) -> Result<(), Box<dyn Error>> {
    let place = prepare(task.as_built)?;
    let result = report(task, &place);
    fs::remove_dir_all(&place.scratch)?;
    let report = result?;
    if task.save {
        let day = facts::first_line("date", &["-u", "+%Y-%m-%d"]).ok_or("there is no program `date`")?;
        let path = place.root.join("bench/results").join(format!("{day}-peers.txt"));
        fs::create_dir_all(path.parent().ok_or("no directory")?)?;
        fs::write(&path, report)?;
        eprintln!("kept as bench/results/{day}-peers.txt");
    }
    Ok(())
}

/// Builds all programs that take part, unless they are to be taken as they are.
fn prepare(as_built: bool) -> Result<Place, Box<dyn Error>> {
    let root = crate::checkout();
    let programs = std::env::current_exe()?.parent().ok_or("no directory of programs")?.to_owned();
    let target = programs.parent().ok_or("no target directory")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = |arguments: &[&str], target: &Path| {
        let mut command = Command::new(&cargo);
        command.current_dir(&root).args(["build", "--release", "--quiet"]).args(arguments);
        command.arg("--target-dir").arg(target).status()
    };
    if !as_built && !build(&["-p", "headwater", "-p", "headwater-bench", "--bins"], target)?.success() {
        return Err("our own programs do not build".into());
    }
    let of_peers = target.join("peers");
    let peers = of_peers.join("release/headwater-bench-peers");
    let built = match as_built {
        true => peers.is_file(),
        false => build(&["--locked", "--manifest-path", "bench/peers/Cargo.toml"], &of_peers)?.success(),
    };
    let peers = built.then_some(peers);
    let scratch = target.join(format!("bench-peers-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    Ok(Place { root, programs, peers, scratch })
}

/// Prints as it goes, and keeps all that was printed.
struct Report(String);

impl Report {
    fn add(&mut self, text: &str) {
        print!("{text}");
        self.0.push_str(text);
    }
}

fn report(task: &Task, place: &Place) -> Result<String, Box<dyn Error>> {
    let mut report = Report(String::new());
    report.add(&format!("{}load       {} at the start\n", facts::machine(), facts::load()));
    report.add(&versions(place));
    if task.as_built {
        report.add("programs   as they were built before, perhaps from an earlier commit\n");
    }
    report.add(&format!(
        "\nOne round to warm up and count, then {} in turns. × first: least time by least time, then the median of the rounds.\n\
         Compare ratios; other work on the machine moves the times. Peak memory is that of the process.\n",
        task.rounds
    ));
    let inputs = match task.files.is_empty() {
        true => generated(task, place)?.into_iter().chain(real(place)).collect(),
        false => task.files.iter().map(|file| Input { file: file.clone(), parsed: true }).collect::<Vec<_>>(),
    };
    for input in &inputs {
        one_file(task, place, input, &mut report)?;
    }
    report.add(&format!("\nload       {} at the end\n", facts::load()));
    Ok(report.0)
}

/// The peers that take part, with versions, and those that are missing.
fn versions(place: &Place) -> String {
    let lock = place.root.join("bench/peers/Cargo.lock");
    let of = |package| facts::locked_version(&lock, package).unwrap_or_else(|| "version unknown".to_owned());
    let mut present = Vec::new();
    let mut missing = Vec::new();
    match place.peers {
        Some(_) => present.extend(["bgpkit-parser", "routecore"].map(|name| format!("{name} {}", of(name)))),
        None => missing.push("bench/peers (does not build)"),
    }
    for name in PRINTERS.iter().map(|(name, _)| *name).chain(["gzip", "bzip2"]) {
        match facts::is_installed(name) {
            true => present.push(format!("{name} {}", facts::version(name))),
            false => missing.push(name),
        }
    }
    format!(
        "peers      {}\nmissing    {}\n",
        present.join(", "),
        if missing.is_empty() { "none".to_owned() } else { missing.join(", ") }
    )
}

/// A file to read.
struct Input {
    file: PathBuf,
    /// Whether it is parsed and printed too, and not only unpacked.
    parsed: bool,
}

/// Large files of the shared archives, where they are there: `$HEADWATER_SHARED_DATA/mrt`, else `../shared/data/mrt` beside
/// the checkout.
fn real(place: &Place) -> Vec<Input> {
    const LARGE_BYTES: u64 = 1_000_000;
    let data =
        std::env::var_os("HEADWATER_SHARED_DATA").map_or_else(|| place.root.join("../shared/data"), PathBuf::from);
    let entries = fs::read_dir(data.join("mrt")).into_iter().flatten().flatten();
    let is_large = |path: &PathBuf| fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() >= LARGE_BYTES);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_large).collect();
    files.sort();
    files.into_iter().map(|file| Input { file, parsed: true }).collect()
}

/// A table and updates of the size asked for. The table is there in two compressions; it is parsed from one of them.
fn generated(task: &Task, place: &Place) -> Result<Vec<Input>, Box<dyn Error>> {
    let size = ["--prefixes".to_owned(), task.prefixes.to_string(), "--vantages".to_owned(), task.vantages.to_string()];
    let make = |what: &str, name: &str, more: &[&str]| -> Result<Input, Box<dyn Error>> {
        let path = place.scratch.join(name);
        let mut command = Command::new(place.program("generate"));
        command.arg(what).args(&size).args(more).arg("-o").arg(&path).stdout(std::process::Stdio::null());
        match command.status()?.success() {
            true => Ok(Input { file: path, parsed: name != BZIP2_TABLE }),
            false => Err(format!("{name} could not be generated").into()),
        }
    };
    const BZIP2_TABLE: &str = "generated-table.mrt.bz2";
    Ok(vec![
        make("rib", "generated-table.mrt.gz", &[])?,
        make("rib", BZIP2_TABLE, &[])?,
        make("updates", "generated-updates.mrt", &["--messages", "300000"])?,
    ])
}

/// All contests on one file.
fn one_file(task: &Task, place: &Place, input: &Input, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let file = &input.file;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut head = [0; 3];
    let head_len = File::open(file)?.read(&mut head)?;
    let packed = matches!(&head[..head_len], [0x1f, 0x8b, ..] | b"BZh");
    let mut plain = file.clone();
    if packed {
        plain = place.scratch.join("plain.mrt");
        let (took, _) = child::run(Command::new(place.program("unpack")).arg(file).arg(&plain), &Output::Null)?;
        if !took.ended_well {
            return Err(format!("{name} could not be unpacked: {}", took.end).into());
        }
    }
    let size = |path: &Path| fs::metadata(path).map(|file| file.len() as f64 / f64::from(1 << 20));
    report.add(&format!("\n== {} ({:.1} MiB, {:.1} MiB unpacked)\n", name.escape_debug(), size(file)?, size(&plain)?));
    if input.parsed {
        report.add("\n  Parse: every hop and community looked at, unpacked file, no output\n");
        report.add(&table(&compete(&mut parsers(place, &plain), task.rounds)?));
        report.add("\n  Text: a line a route, thrown away after the first round\n");
        report.add(&table(&compete(&mut printers(place, file), task.rounds)?));
    }
    if packed {
        fs::remove_file(plain)?;
        decompression(task, place, file, head[0] == b'B', report)?;
    }
    Ok(())
}

/// Parsers of an unpacked file, ours first.
fn parsers(place: &Place, plain: &Path) -> Vec<Entrant> {
    let ours = Entrant::new("headwater full parse", place.program("full_parse"), &[plain.as_os_str()]);
    let peers = place.peers.iter().flat_map(|program| PARSERS.iter().map(move |how| (program, how)));
    let peers = peers.map(|(program, how)| Entrant::new(how, program, &[how.as_ref(), plain.as_os_str()]));
    [ours].into_iter().chain(peers).map(Entrant::counting).collect()
}

/// Programs that print a file's routes, ours first.
fn printers(place: &Place, file: &Path) -> Vec<Entrant> {
    let ours = Entrant::new("headwater dump", place.program("headwater"), &["dump".as_ref(), file.as_os_str()]);
    let path = file.to_string_lossy();
    let peers = PRINTERS.iter().filter(|(program, _)| facts::is_installed(program)).map(|(program, arguments)| {
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace("FILE", &path)).collect();
        let arguments: Vec<&OsStr> = arguments.iter().map(|argument| argument.as_ref()).collect();
        Entrant::new(program, program, &arguments)
    });
    [ours].into_iter().chain(peers).collect()
}

/// The whole of `inspect` against undoing the compression alone.
fn decompression(
    task: &Task,
    place: &Place,
    file: &Path,
    bzip2: bool,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    report.add("\n  Decompression: the whole of inspect, and undoing the compression alone\n");
    let inspect =
        Entrant::new("headwater inspect", place.program("headwater"), &["inspect".as_ref(), file.as_os_str()]);
    let inflate = Entrant::new("inflate back end alone", place.program("inflate_only"), &[file.as_os_str()]);
    let tool = if bzip2 { "bzip2" } else { "gzip" };
    let installed = facts::is_installed(tool)
        .then(|| Entrant::new(&format!("{tool} -dc"), tool, &["-dc".as_ref(), file.as_os_str()]));
    let unpack = Entrant::new("headwater unpacks only", place.program("unpack"), &[file.as_os_str()]);
    let mut entrants: Vec<Entrant> = match bzip2 {
        true => [Some(inspect), Some(unpack), installed].into_iter().flatten().collect(),
        false => [Some(inspect), Some(inflate), Some(unpack), installed].into_iter().flatten().collect(),
    };
    let standings = compete(&mut entrants, task.rounds)?;
    // What they print has no rows to compare.
    report.add(&table(&standings.iter().map(Standing::without_rows).collect::<Vec<_>>()));
    let (yardstick, limit, what) = match bzip2 {
        true => (standings.get(2), BZIP2_LIMIT, "bzip2 -dc, one thread"),
        false => (standings.get(1), GZIP_LIMIT, "the inflate back end alone"),
    };
    let Some(yardstick) = yardstick else { return Ok(()) };
    let (inspect, of) = (&standings[0], |by| standings[0].ratio(yardstick, by));
    if let (Some((wall, wall_median)), Some((cpu, cpu_median))) = (of(By::Wall), of(By::Cpu)) {
        let best = inspect.best_ratio(yardstick, By::Wall).unwrap_or(f64::NAN);
        report.add(&format!(
            "  inspect takes of {what}: by the clock {best:.2} best by best, rounds {wall:.2} least, {wall_median:.2} median \
             (limit {limit}); CPU {cpu:.2} least, {cpu_median:.2} median\n"
        ));
    }
    Ok(())
}
