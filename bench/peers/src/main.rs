//! `headwater-bench-peers HOW FILE`: reads an uncompressed MRT file with another parser, looks at every hop and community as
//! our full parse does, and prints what it counted in one line.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;

mod bgpkit;
mod routecore_forms;

/// What a parser showed.
#[derive(Default)]
struct Counts {
    /// Routes held, announced and withdrawn.
    rows: u64,
    hops: u64,
    communities: u64,
    /// Of the ASNs, so that nobody leaves out the work.
    sum: u64,
}

impl Counts {
    /// A route with its path's hops and its RFC 1997 communities, however it came to be.
    fn route(&mut self, hops: impl Iterator<Item = u32>, communities: impl Iterator<Item = u32>) {
        self.rows += 1;
        for asn in hops {
            self.hops += 1;
            self.sum = self.sum.wrapping_add(u64::from(asn));
        }
        for community in communities {
            self.communities += 1;
            self.sum ^= u64::from(community);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [how, path] = arguments.as_slice() else { return Err("usage: headwater-bench-peers HOW FILE".into()) };
    let reader = || File::open(path).map(|file| BufReader::with_capacity(1 << 18, file));
    let mut counts = Counts::default();
    match how.as_str() {
        "bgpkit-elem" => bgpkit::elements(reader()?, &mut counts),
        "bgpkit-route" => bgpkit::routes(reader()?, &mut counts),
        "bgpkit-record" => bgpkit::records(reader()?, &mut counts),
        "routecore-tables" => routecore_forms::tables(&std::fs::read(path)?, &mut counts)?,
        "routecore-entries" => routecore_forms::entries(&std::fs::read(path)?, &mut counts)?,
        other => return Err(format!("no parser is called {other}").into()),
    }
    println!("rows={} hops={} communities={} sum={}", counts.rows, counts.hops, counts.communities, counts.sum);
    Ok(())
}
