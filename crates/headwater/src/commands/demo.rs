//! `headwater demo`: the main job on a small invented world.

use std::fs;
use std::path::{Path, PathBuf};

use headwater_finding::finding::{Class, Finding};
use headwater_route::Asn;
use headwater_world::marker::Marker;
use headwater_world::scenario::Scenario;

use super::{Context, investigate, simulate};
use crate::error::{Error, Exit};
use crate::ingest::{Request, ingest};

/// The scenario that is shown.
const SCENARIO: &str = "founding-case";
/// The network it is about.
const SUBJECT: &str = "AS64510";
/// The carrier that appears.
const CARRIER: Asn = Asn(64505);
/// A prefix of the network.
const PREFIX: &str = "203.0.113.0/24";
/// The sister network, which does not get that carrier.
const SISTER: &str = "AS64511";
/// A network that comes behind the carrier through a telecom.
const INDIRECT: &str = "AS65537";
/// What is read of the world; this version reads no registry objects and no feeds.
const READ: [&str; 5] = ["routes", "snapshots", "names", "registry", "rpki"];

/// Arguments of `demo`.
#[derive(clap::Args)]
#[command(after_help = "\
Simulates the scenario `founding-case` (documentation numbers only), reads its files into a history of their own, and \
investigates one network of it. Run it again: nothing changes.")]
pub struct Args {
    /// Where the files and their history go (default: headwater-demo beside the history)
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs `demo`.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => {
            let mut name = context.history_dir()?.into_os_string();
            name.push("-demo");
            PathBuf::from(name)
        }
    };
    let (data, history) = (dir.join("data"), dir.join("history"));
    simulated(&data, context)?;
    read(&data, &history, context)?;

    let context = Context { config: context.config.clone(), output: context.output, history: Some(history.clone()) };
    let (exit, findings) = investigate::answer(&investigate::Args::of(SUBJECT), &context)?;
    let next = next(&data, &history, &findings);
    if context.output.json {
        // Stdout holds the answer alone.
        next.iter().for_each(|(why, command)| context.output.note(&format!("{why}: {command}")));
    } else {
        let style = context.output.style();
        let mut text = format!("\n{}", style.heading("Where to look next"));
        for (why, command) in &next {
            text.push_str(&format!("{}  {command}\n", style.wrap(&format!("{why}:"), "")));
        }
        context.output.print(&text)?;
        context.output.note("real archives go into a history of their own: `headwater ingest PATH…`");
    }
    Ok(exit)
}

/// Makes the world, unless it is there whole. One that an earlier run left unfinished is made again.
fn simulated(data: &Path, context: &Context<'_>) -> Result<(), Error> {
    let scenario = Scenario::preset(SCENARIO)
        .ok_or_else(|| Error::failed(format!("the scenario {SCENARIO} of this program cannot be read")))?;
    let wanted = Marker::new(&scenario.name, scenario.seed);
    if let Some(found) = Marker::of_dir(data) {
        if found != wanted {
            let what = format!("{} holds another invented world ({})", data.display(), found.label());
            return Err(Error::failed(what).hint("`--dir DIR` names another place"));
        }
        // The truth is written last.
        if data.join("truth.json").exists() {
            return Ok(());
        }
        fs::remove_dir_all(data).map_err(|e| Error::file(data, &e))?;
    } else if data.exists() {
        return Err(Error::failed(format!("{} holds something else than the demonstration", data.display()))
            .hint("`--dir DIR` names another place"));
    }
    simulate::write(scenario, None, data, context).map(drop)
}

fn read(data: &Path, history: &Path, context: &Context<'_>) -> Result<(), Error> {
    let paths = READ.map(|name| data.join(name));
    let request = Request {
        paths: &paths,
        collector: None,
        as_of: None,
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        filter: None,
        limits: &context.config.limits,
        progress: !context.output.quiet,
    };
    if !ingest(history, &request)?.is_whole() {
        return Err(Error::failed(format!("the files of the demonstration in {} are not whole", data.display()))
            .hint("remove the directory and run `headwater demo` again"));
    }
    Ok(())
}

/// What one would ask next, with the command to type.
fn next(data: &Path, history: &Path, findings: &[Finding]) -> Vec<(&'static str, String)> {
    let history = shell_word(&history.display().to_string());
    let ask = |command: &str| format!("{} --history {history} {command}", program());
    let mut next = Vec::new();
    let of_carrier = |finding: &&Finding| finding.class == Class::Observed && finding.object == Some(CARRIER);
    if let Some(finding) = findings.iter().find(of_carrier) {
        next.push((
            "The bytes behind the new carrier: the last routes without it, and the first with it",
            ask(&format!("explain {} --all", finding.id)),
        ));
    }
    next.extend([
        ("Who carries one prefix of it", ask(&format!("carriers {PREFIX}"))),
        (
            "Its sister network, which has some carriers in common with it, and not the new one",
            ask(&format!("investigate {SISTER}")),
        ),
        (
            "What the new carrier proves, which explanations it leaves, and what a denial would have to show",
            ask(&format!("rivals {SUBJECT} {CARRIER} --claim third-party-between")),
        ),
        (
            "The same of another host, which stands behind that carrier through a telecom only",
            ask(&format!("rivals {INDIRECT} {CARRIER} --claim third-party-between")),
        ),
        ("Whom else that carrier carries, who joined and left", ask(&format!("carried-by {CARRIER}"))),
        ("What changed when, between which looks", ask(&format!("changes {SUBJECT}"))),
        ("Who held the number before", ask(&format!("holders {SUBJECT}"))),
        ("What was really so: no answer may use it", format!("less {}", data.join("truth.json").display())),
    ]);
    next
}

/// The program as it was called, for commands to copy.
fn program() -> String {
    let called = std::env::args().next().filter(|called| called.contains(std::path::MAIN_SEPARATOR));
    shell_word(&called.unwrap_or_else(|| "headwater".to_owned()))
}

/// A word of a shell, quoted where it has to be.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    match text.chars().all(plain) && !text.is_empty() {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(shell_word("/tmp/a-b"), "/tmp/a-b");
        assert_eq!(shell_word("/tmp/my demo"), "'/tmp/my demo'");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
    }
}
