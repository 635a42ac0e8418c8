//! `headwater demo`: the main job on a small invented world.

use std::path::{Path, PathBuf};

use headwater_history::History;

use super::{Context, investigate};
use crate::demo::{COLLECTORS, SUBJECT, WORLD, write_world};
use crate::error::{Error, Exit};
use crate::ingest::{Request, ingest};
use crate::question;

/// Arguments of `demo`.
#[derive(clap::Args)]
#[command(after_help = "\
Writes an invented data set (documentation numbers only), reads it into a history of its own, and investigates one network of \
it. Run it again: nothing changes.")]
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
    write_world(&data)?;
    mark(&history)?;
    for collector in COLLECTORS {
        read(&data.join("routes").join(collector), Some(collector), &history, context)?;
    }
    read(&data.join("snapshots"), None, &history, context)?;

    let context = Context { config: context.config.clone(), output: context.output, history: Some(history.clone()) };
    let exit = investigate::run(&investigate::Args::of(SUBJECT), &context)?;
    let named = |command: &str| format!("`headwater --history {} {command}`", history.display());
    context.output.note(&format!(
        "the files are in {}; ask on with {}",
        data.display(),
        named("carriers 203.0.113.0/24")
    ));
    context.output.note("real archives go into a history of their own: `headwater ingest PATH…`");
    Ok(exit)
}

/// Makes the history one of an invented world, before anything is in it.
fn mark(dir: &Path) -> Result<(), Error> {
    let history = History::open_or_create(dir)?;
    match history.catalogue().meta(question::WORLD)? {
        Some(world) if world == WORLD => Ok(()),
        None if history.catalogue().sources()?.0.is_empty() => {
            Ok(history.catalogue().set_meta(question::WORLD, WORLD)?)
        }
        _ => Err(Error::failed(format!("the history in {} is not that of the demonstration", dir.display()))
            .hint("`--dir DIR` names another place")),
    }
}

fn read(path: &Path, collector: Option<&str>, history: &Path, context: &Context<'_>) -> Result<(), Error> {
    let paths = [path.to_owned()];
    let request = Request {
        paths: &paths,
        collector,
        as_of: None,
        jobs: 1,
        filter: None,
        limits: &context.config.limits,
        progress: false,
        world: Some(WORLD),
    };
    let report = ingest(history, &request)?;
    if !report.is_whole() {
        return Err(Error::failed(format!("the files of the demonstration in {} are not whole", path.display()))
            .hint("remove the directory and run `headwater demo` again"));
    }
    Ok(())
}
