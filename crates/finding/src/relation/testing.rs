//! Dumps and paths for the tests of this module.

use headwater_route::rows::{OriginPaths, PathDump, PathDumps, PathSeen, Vantage};
use headwater_route::{Asn, Evidence, Family, SourceId, Time};

use crate::rules::Rules;

/// Dumps of vantages, told as (collector, peer, routes); each gets an address of its own.
pub fn dumps(vantages: &[(&str, u32, u64)]) -> PathDumps {
    let vantage = |(at, (collector, asn, routes)): (u8, &(&str, u32, u64))| {
        let vantage = Vantage { collector: (*collector).to_owned(), asn: Asn(*asn), addr: [192, 0, 2, at].into() };
        (vantage, *routes)
    };
    let mut vantages: Vec<(Vantage, u64)> = (1..).zip(vantages).map(vantage).collect();
    vantages.sort();
    let dump = |collector: &str| PathDump {
        source: SourceId(1),
        collector: collector.to_owned(),
        at: Time(0),
        until: Time(0),
        complete: true,
    };
    let mut dumps: Vec<PathDump> = vantages.iter().map(|(v, _)| dump(&v.collector)).collect();
    dumps.dedup();
    PathDumps { family: Family::V4, dumps, vantages }
}

/// Paths to one prefix of an origin, told as (vantage, path).
pub fn group(origin: u32, prefix: &str, paths: &[(usize, &str)]) -> OriginPaths {
    let seen = |(at, (vantage, path)): (u64, &(usize, &str))| PathSeen {
        vantage: *vantage,
        path: path.parse().unwrap(),
        prefixes: vec![0],
        evidence: Evidence { source: SourceId(1), offset: at },
    };
    OriginPaths {
        origin: Asn(origin),
        prefixes: vec![prefix.parse().unwrap()],
        paths: (0..).zip(paths).map(seen).collect(),
    }
}

/// One collector is enough, and each peer a cluster, so that a few lines make a test.
pub fn rules() -> Rules {
    Rules { relation_clusters: 1, ..Rules::default() }
}
