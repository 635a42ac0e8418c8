//! The words on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::output::Color;

/// Who carries this network, since when, and how sure are we: answers from public routing data, with evidence.
#[derive(Parser)]
#[command(name = "headwater", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 done but the input was incomplete or faulty, 3 usage or configuration.

Start with `headwater ingest PATH…`: archives of RIPE RIS and RouteViews (MRT), CAIDA relationships, prefix origins, \
names, delegations and RPKI, plain or compressed, recognised by content.";

/// Options of every command.
#[derive(Args)]
pub struct Global {
    /// Directory of the history
    #[arg(long, global = true, value_name = "DIR", env = "HEADWATER_HISTORY", hide_env_values = true)]
    pub history: Option<PathBuf>,
    /// Configuration file (`headwater config` prints every key)
    #[arg(long, global = true, value_name = "FILE", env = "HEADWATER_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress and no notes
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Tell what the command cost
    #[arg(long, global = true)]
    pub stats: bool,
}

/// A command.
#[derive(Subcommand)]
pub enum Command {
    /// All that is known of a network as one account: holders, carriers, announced space
    Investigate(commands::investigate::Args),
    /// Who carries a network, since when
    Carriers(commands::carriers::Args),
    /// Whom a network carries, who joined and left
    CarriedBy(commands::carried_by::Args),
    /// What one network next to another proves, and which explanations it leaves
    Rivals(commands::rivals::Args),
    /// Which carriers a network gained, lost or exchanged, and when at the earliest and the latest
    Changes(commands::changes::Args),
    /// What a network's neighbours are to it by our own routes, beside published relationships
    Relations(commands::relations::Args),
    /// Who announced a prefix when, or what a network announces
    Origin(commands::origin::Args),
    /// Who held an AS number when
    Holders(commands::holders::Args),
    /// Which vantages see what, how well, and whose routes are set aside
    Vantages(commands::vantages::Args),
    /// The bytes behind a finding
    Explain(commands::explain::Args),
    /// Read archives and snapshots into the history
    Ingest(commands::ingest::Args),
    /// Tell what a file holds, without a history
    Inspect(commands::inspect::Args),
    /// Print the observations of MRT files
    Dump(commands::dump::Args),
    /// List what was read
    Sources(commands::sources::Args),
    /// List what was wrong with it
    Faults(commands::faults::Args),
    /// Ask the history in SQL, read-only
    Sql(commands::sql::Args),
    /// Write an invented world as archives, with the truth about it
    Simulate(commands::simulate::Args),
    /// Show the main job on a small invented world
    Demo(commands::demo::Args),
    /// Print every setting with its default
    Config,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
