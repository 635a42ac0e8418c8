//! `cargo xtask bench-peers`: ours and every other reader of MRT that is installed, on the same files, in one run.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::contest::{By, Entrant, Standing, compete, table};
use crate::facts;

/// What to run.
pub struct Task {
    files: Vec<PathBuf>,
    rounds: usize,
    prefixes: u32,
    vantages: u16,
    save: bool,
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
        let mut task = Task { files: Vec::new(), rounds: 5, prefixes: 100_000, vantages: 40, save: false };
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
    let place = prepare()?;
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

/// Builds all programs that take part.
fn prepare() -> Result<Place, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no checkout")?.to_owned();
    let programs = std::env::current_exe()?.parent().ok_or("no directory of programs")?.to_owned();
    let target = programs.parent().ok_or("no target directory")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = |arguments: &[&str], target: &Path| {
        let mut command = Command::new(&cargo);
        command.current_dir(&root).args(["build", "--release", "--quiet"]).args(arguments);
        command.arg("--target-dir").arg(target).status()
    };
    if !build(&["-p", "headwater", "-p", "headwater-bench", "--bins"], target)?.success() {
        return Err("our own programs do not build".into());
    }
    let of_peers = target.join("peers");
    let peers = build(&["--locked", "--manifest-path", "bench/peers/Cargo.toml"], &of_peers)?.success();
    let peers = peers.then(|| of_peers.join("release/headwater-bench-peers"));
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
    report.add(&format!(
        "\nOne round to warm up and count, then {} in turns. × first: least time by least time, then the median of the rounds.\n\
         Compare ratios; other work on the machine moves the times. Peak memory is that of the process.\n",
        task.rounds
    ));
    let files = if task.files.is_empty() { generated(task, place)? } else { task.files.clone() };
    for file in &files {
        one_file(task, place, file, &mut report)?;
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

/// A table and updates of the size asked for, plain and compressed.
fn generated(task: &Task, place: &Place) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let size = ["--prefixes".to_owned(), task.prefixes.to_string(), "--vantages".to_owned(), task.vantages.to_string()];
    let make = |what: &str, name: &str, more: &[&str]| -> Result<PathBuf, Box<dyn Error>> {
        let path = place.scratch.join(name);
        let mut command = Command::new(place.program("generate"));
        command.arg(what).args(&size).args(more).arg("-o").arg(&path).stdout(std::process::Stdio::null());
        match command.status()?.success() {
            true => Ok(path),
            false => Err(format!("{name} could not be generated").into()),
        }
    };
    Ok(vec![
        make("rib", "generated-table.mrt.gz", &[])?,
        make("rib", "generated-table.mrt.bz2", &[])?,
        make("updates", "generated-updates.mrt", &["--messages", "300000"])?,
    ])
}

/// All contests on one file.
fn one_file(task: &Task, place: &Place, file: &Path, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut head = [0; 3];
    let head_len = File::open(file)?.read(&mut head)?;
    let packed = matches!(&head[..head_len], [0x1f, 0x8b, ..] | b"BZh");
    let plain = match packed {
        false => file.to_owned(),
        true => {
            let plain = place.scratch.join("plain.mrt");
            if !Command::new(place.program("unpack"))
                .arg(file)
                .arg(&plain)
                .stdout(std::process::Stdio::null())
                .status()?
                .success()
            {
                return Err(format!("{name} could not be unpacked").into());
            }
            plain
        }
    };
    let size = |path: &Path| fs::metadata(path).map(|file| file.len() as f64 / f64::from(1 << 20));
    report.add(&format!("\n== {} ({:.1} MiB, {:.1} MiB unpacked)\n", name.escape_debug(), size(file)?, size(&plain)?));

    report.add("\n  Parse: every hop and community looked at, unpacked file, no output\n");
    let mut parsers =
        vec![Entrant::new("headwater full parse", place.program("full_parse"), &[plain.as_os_str()]).counting()];
    for how in place.peers.iter().flat_map(|peers| PARSERS.iter().map(move |how| (peers, how))) {
        parsers.push(Entrant::new(how.1, how.0, &[how.1.as_ref(), plain.as_os_str()]).counting());
    }
    report.add(&table(&compete(&mut parsers, task.rounds)?));

    report.add("\n  Text: a line a route, thrown away after the first round\n");
    let mut printers =
        vec![Entrant::new("headwater dump", place.program("headwater"), &["dump".as_ref(), file.as_os_str()])];
    for (program, arguments) in PRINTERS.iter().filter(|(program, _)| facts::is_installed(program)) {
        let path = file.to_string_lossy();
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace("FILE", &path)).collect();
        let arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(|argument| argument.as_ref()).collect();
        printers.push(Entrant::new(program, program, &arguments));
    }
    report.add(&table(&compete(&mut printers, task.rounds)?));

    if packed {
        decompression(task, place, file, head[0] == b'B', report)?;
    }
    if packed {
        fs::remove_file(plain)?;
    }
    Ok(())
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
