//! Plays a scenario: `play SCENARIO.toml|PRESET DIR [THREADS]`. Prints what came of it and what it cost.

use std::path::Path;
use std::process::ExitCode;

use headwater_world::World;
use headwater_world::scenario::Scenario;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, dir, rest @ ..] = args.as_slice() else {
        eprintln!("play SCENARIO.toml|PRESET DIR [THREADS]");
        return ExitCode::from(3);
    };
    let threads = rest.first().and_then(|threads| threads.parse().ok()).unwrap_or(2);
    match play(scenario, Path::new(dir), threads) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(scenario: &str, dir: &Path, threads: usize) -> Result<(), Box<dyn std::error::Error>> {
    let scenario = match Scenario::preset(scenario) {
        Some(scenario) => scenario,
        None => Scenario::parse(&std::fs::read_to_string(scenario)?)?,
    };
    let world = World::new(scenario, None)?;
    println!("{} networks, {} links", world.plan().topology.networks().len(), world.plan().topology.links().len());
    let ran = world.run(dir, threads)?;
    println!("{} tables, {} messages, {} snapshots", ran.dumps, ran.messages, ran.snapshots);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    Ok(())
}
