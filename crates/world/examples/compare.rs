//! Holds topologies of chance against published relationship files: `compare NETWORKS SEED FILE…`. Prints a Markdown table.

use std::path::Path;
use std::process::ExitCode;

use headwater_route::Family;
use headwater_world::scenario::TopologyPlan;
use headwater_world::topology::{Shape, generate, published};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [networks, seed, files @ ..] = args.as_slice() else {
        eprintln!("compare NETWORKS SEED FILE…");
        return ExitCode::from(3);
    };
    let (Ok(networks), Ok(seed)) = (networks.parse(), seed.parse()) else {
        eprintln!("compare: {networks:?} or {seed:?} is no number");
        return ExitCode::from(3);
    };
    let drawn = generate(&TopologyPlan { networks, file: None }, seed);
    let mut shapes = vec![(format!("drawn, seed {seed}"), Shape::of(&drawn, Family::V4))];
    for file in files {
        match published(Path::new(file), seed) {
            Ok(topology) => {
                let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
                shapes.push((name, Shape::of(&topology, Family::V4)));
            }
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    let head: String = shapes.iter().map(|(name, _)| format!(" {name} |")).collect();
    println!("| |{head}\n|---|{}", "--:|".repeat(shapes.len()));
    let columns: Vec<Vec<(String, String)>> = shapes.iter().map(|(_, shape)| shape.rows()).collect();
    for (row, (what, _)) in columns[0].iter().enumerate() {
        let values: String = columns.iter().map(|column| format!(" {} |", column[row].1)).collect();
        println!("| {what} |{values}");
    }
    ExitCode::SUCCESS
}
