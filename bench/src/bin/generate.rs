//! `cargo run --release -p headwater-bench --bin generate`: writes invented MRT, and measures the shape of any.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use headwater_bench::output::{Output, codec_of};
use headwater_bench::shape::Shape;
use headwater_bench::{Size, Traffic, World, write_table, write_updates};
use headwater_wire::codec;

#[derive(Parser)]
#[command(about = "Writes invented MRT of realistic shape, and measures the shape of any")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a table dump
    Rib {
        #[command(flatten)]
        size: SizeArgs,
        /// Number of the dump in its series; each differs from the one before
        #[arg(long, default_value_t = 0)]
        dump: u32,
        /// File; the end of its name says how to compress: .gz, .bz2, .xz, .zst
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Write the updates that follow a table dump
    Updates {
        #[command(flatten)]
        size: SizeArgs,
        /// Number of the dump they follow
        #[arg(long, default_value_t = 0)]
        dump: u32,
        /// UPDATE messages
        #[arg(long, default_value_t = 100_000)]
        messages: u32,
        /// Seconds they are spread over
        #[arg(long, default_value_t = 900)]
        secs: u32,
        /// Write BGP4MP_ET, with microseconds
        #[arg(long)]
        micros: bool,
        /// File; the end of its name says how to compress: .gz, .bz2, .xz, .zst
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Print the shape of MRT files beside that of generated ones
    Shape {
        /// MRT files, plain or compressed
        files: Vec<PathBuf>,
        #[command(flatten)]
        size: SizeArgs,
        /// UPDATE messages of the generated updates
        #[arg(long, default_value_t = 20_000)]
        messages: u32,
    },
}

#[derive(Args)]
struct SizeArgs {
    /// Everything follows from it and from the sizes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Prefixes, IPv4 and IPv6
    #[arg(long, default_value_t = 20_000)]
    prefixes: u32,
    /// Peer sessions; a route is held by about half of them
    #[arg(long, default_value_t = 40)]
    vantages: u16,
    /// Thousandth of the routes that differ between a dump and the next
    #[arg(long, default_value_t = 20)]
    changed: u32,
}

impl SizeArgs {
    fn world(&self) -> Result<World, Box<dyn Error>> {
        let SizeArgs { seed, prefixes, vantages, changed } = *self;
        Ok(World::new(Size { seed, prefixes, vantages, changed_per_mille: changed })?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Rib { size, dump, output } => {
            let world = size.world()?;
            let mut out = create(&output)?;
            let written = write_table(&world, dump, &mut out)?;
            out.finish()?.into_inner()?;
            println!("{} prefixes, {} entries, {} bytes", written.prefixes, written.entries, written.bytes);
        }
        Command::Updates { size, dump, messages, secs, micros, output } => {
            let world = size.world()?;
            let mut out = create(&output)?;
            let written = write_updates(&world, &Traffic { dump, messages, secs, micros }, &mut out)?;
            out.finish()?.into_inner()?;
            println!(
                "{} messages, {} announced, {} withdrawn, {} states, {} bytes",
                written.messages, written.announced, written.withdrawn, written.states, written.bytes
            );
        }
        Command::Shape { files, size, messages } => shapes(&files, &size.world()?, messages)?,
    }
    Ok(())
}

fn create(path: &Path) -> Result<Output<BufWriter<File>>, Box<dyn Error>> {
    Ok(Output::new(codec_of(path), BufWriter::with_capacity(1 << 18, File::create(path)?))?)
}

/// A table with a column for each stream.
fn shapes(files: &[PathBuf], world: &World, messages: u32) -> Result<(), Box<dyn Error>> {
    let mut columns = Vec::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut stream = codec::open(File::open(path)?, codec::Limits::default())?;
        columns.push((name, Shape::of(&mut stream).rows()));
    }
    let mut bytes = Vec::new();
    write_table(world, 0, &mut bytes)?;
    columns.push(("generated table".to_owned(), Shape::of(&mut bytes.as_slice()).rows()));
    bytes.clear();
    write_updates(world, &Traffic { dump: 0, messages, secs: 900, micros: false }, &mut bytes)?;
    columns.push(("generated updates".to_owned(), Shape::of(&mut bytes.as_slice()).rows()));
    for (n, (name, _)) in columns.iter().enumerate() {
        println!("[{}] {}", n + 1, name.escape_debug());
    }
    println!("a spread is: mean (median, 90 %, 99 %, greatest)\n");
    let heads = (1..=columns.len()).map(|n| format!("{:>28}", format!("[{n}]"))).collect::<String>();
    println!("{:<32}{heads}", "");
    for row in 0..columns[0].1.len() {
        let cells = columns.iter().map(|(_, rows)| format!("{:>28}", rows[row].1)).collect::<String>();
        println!("{:<32}{cells}", columns[0].1[row].0);
    }
    Ok(())
}
