//! The links between networks that a dump shows, and who alone shows one: a sample that can be compared between dumps.
//!
//! A vantage that invents links shows many that nobody else does. To tell, links of all collectors have to be compared, and
//! no dump may depend on which others were read before. So each keeps the links with the lowest hashes ("bottom k", Bar-Yossef
//! et al. 2002): whatever two dumps show below the lower of their limits stands in both samples. Of a small dump all links
//! stand there.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use headwater_route::{Asn, Family, PathRef, SegmentKind};

/// Links kept of a dump and family.
const MOST: usize = 4096;
/// Peers told apart in one dump; links of further ones count as shown by several.
const MOST_PEERS: usize = 1 << 16;

/// Several peers show the link, or it is one of its peer's own.
const SHARED: u32 = 0;

/// Marks are hashes already.
#[derive(Default)]
struct Marked(u64);

impl Hasher for Marked {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u32(&mut self, mark: u32) {
        self.0 = u64::from(mark).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The mark of the link between two networks: half of the finaliser of SplitMix64 (Steele et al. 2014) over both numbers, the
/// smaller one above. Stored, and the same in every version of the format.
fn mark(a: u32, b: u32) -> u32 {
    let mut z = u64::from(a.min(b)) << 32 | u64::from(a.max(b));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ z >> 31) >> 32) as u32
}

/// The links of one family in a dump being read.
struct Sample {
    /// Marks at or above it are left out.
    below: u64,
    /// By mark: [`SHARED`], or the number of the peer that alone shows it, from 1.
    owners: HashMap<u32, u32, BuildHasherDefault<Marked>>,
    peers: Vec<u32>,
    /// By vantage: the number of its peer, 0 before its first route, and the hash of its last path.
    vantages: Vec<(u32, u64)>,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample { below: 1 << 32, owners: HashMap::default(), peers: Vec::new(), vantages: Vec::new() }
    }
}

impl Sample {
    /// Takes the path of a route, whose hash is `hash`.
    fn path(&mut self, vantage: i32, network: u32, hash: u64, path: PathRef<'_>) {
        let at = vantage as usize;
        if self.vantages.len() <= at {
            self.vantages.resize(at + 1, (0, 0));
        }
        // Prefixes of one origin follow each other, on the same path.
        let (peer, last) = self.vantages[at];
        if peer != 0 && last == hash {
            return;
        }
        let peer = if peer != 0 { peer } else { self.peer(network) };
        self.vantages[at] = (peer, hash);
        let mut before: Option<u32> = None;
        for segment in path.segments() {
            if segment.kind != SegmentKind::Sequence {
                // A set says nothing of who stands next to whom.
                before = None;
                continue;
            }
            for asn in segment.asns().map(|asn| asn.0) {
                if let Some(before) = before.filter(|before| *before != asn) {
                    let own = before == network || asn == network;
                    self.edge(mark(before, asn), if own { SHARED } else { peer });
                }
                before = Some(asn);
            }
        }
    }

    fn peer(&mut self, network: u32) -> u32 {
        if let Some(at) = self.peers.iter().position(|known| *known == network) {
            return at as u32 + 1;
        }
        if self.peers.len() >= MOST_PEERS {
            return SHARED;
        }
        self.peers.push(network);
        self.peers.len() as u32
    }

    fn edge(&mut self, mark: u32, peer: u32) {
        if u64::from(mark) >= self.below {
            return;
        }
        let owner = self.owners.entry(mark).or_insert(peer);
        if *owner != peer {
            *owner = SHARED;
        }
        if self.owners.len() >= 2 * MOST {
            self.lower();
        }
    }

    /// Keeps the lowest marks.
    fn lower(&mut self) {
        if self.owners.len() <= MOST {
            return;
        }
        let mut marks: Vec<u32> = self.owners.keys().copied().collect();
        let (_, limit, _) = marks.select_nth_unstable(MOST);
        self.below = u64::from(*limit);
        self.owners.retain(|mark, _| u64::from(*mark) < self.below);
    }

    fn finish(mut self) -> Edges {
        self.lower();
        let mut owners: Vec<(u32, u32)> = self.owners.into_iter().collect();
        owners.sort_unstable();
        Edges { below: self.below, bytes: encode(&self.peers, &owners) }
    }
}

/// The links of a dump being read, a sample each family.
#[derive(Default)]
pub(crate) struct EdgeSamples([Sample; 2]);

/// A finished sample, as it is stored.
pub(crate) struct Edges {
    /// Every link whose mark is below this is in it.
    pub below: u64,
    /// Peers and links; `docs/format.md` says how.
    pub bytes: Vec<u8>,
}

impl EdgeSamples {
    /// Takes the path of a route that a vantage of `network` holds.
    pub fn path(&mut self, family: Family, vantage: i32, network: u32, hash: u64, path: PathRef<'_>) {
        self.0[family as usize].path(vantage, network, hash, path);
    }

    /// The samples of families that the dump has routes of.
    pub fn finish(self) -> Vec<(Family, Edges)> {
        let families = [Family::V4, Family::V6].into_iter();
        families.zip(self.0).filter(|(_, s)| !s.peers.is_empty()).map(|(family, s)| (family, s.finish())).collect()
    }
}

/// Peers and links of a sample, as read back.
pub(crate) type Decoded = (Vec<Asn>, Vec<(u32, Option<u32>)>);

fn encode(peers: &[u32], owners: &[(u32, u32)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(owners.len() * 4);
    put(&mut out, peers.len() as u64);
    peers.iter().for_each(|peer| put(&mut out, u64::from(*peer)));
    put(&mut out, owners.len() as u64);
    let mut before = 0;
    for (mark, owner) in owners {
        put(&mut out, u64::from(mark - before));
        put(&mut out, u64::from(*owner));
        before = *mark;
    }
    out
}

/// Reads what [`encode`] wrote; `None` if it did not.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Decoded> {
    let rest = &mut bytes;
    let count = take(rest)?;
    let peers: Vec<Asn> =
        (0..count).map(|_| take(rest).and_then(|asn| u32::try_from(asn).ok()).map(Asn)).collect::<Option<_>>()?;
    let count = take(rest)?;
    let mut before = 0u64;
    let mut edge = || {
        before += take(rest)?;
        let owner = take(rest)?;
        if owner > peers.len() as u64 {
            return None;
        }
        Some((u32::try_from(before).ok()?, (owner as u32).checked_sub(1)))
    };
    let edges = (0..count).map(|_| edge()).collect::<Option<_>>()?;
    Some((peers, edges))
}

/// Appends a number, seven bits a byte, the lowest first (LEB128).
fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in (0..35).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use headwater_route::AsPath;

    use super::super::paths;
    use super::*;

    /// A sample of (vantage, network, path).
    fn sample(paths: &[(i32, u32, &str)]) -> Decoded {
        let mut samples = EdgeSamples::default();
        for (vantage, network, text) in paths {
            let bytes = text.parse::<AsPath>().unwrap().to_bytes();
            let path = PathRef::new(&bytes).unwrap();
            samples.path(Family::V4, *vantage, *network, paths::hash(path), path);
        }
        let mut families = samples.finish();
        let (_, edges) = families.pop().unwrap();
        assert!(families.is_empty());
        decode(&edges.bytes).unwrap()
    }

    fn owner(of: &Decoded, a: u32, b: u32) -> Option<Option<u32>> {
        let found = of.1.iter().find(|(found, _)| *found == mark(a, b));
        found.map(|(_, peer)| peer.map(|peer| of.0[peer as usize].0))
    }

    #[test]
    fn a_link_belongs_to_the_peer_that_alone_shows_it() {
        let found = sample(&[
            (1, 64500, "64500 64501 64510 64510"),
            (2, 64502, "64502 64501 64510"),
            (2, 64502, "64502 64503 64511"),
            // A second session of the same peer is no second peer.
            (3, 64502, "64502 64503 64511"),
        ]);
        assert_eq!(found.0, [Asn(64500), Asn(64502)]);
        assert_eq!(owner(&found, 64501, 64510), Some(None));
        assert_eq!(owner(&found, 64511, 64503), Some(Some(64502)));
        // Its own links are nobody's, whoever else shows them, and a prepended number has none with itself.
        assert_eq!((owner(&found, 64502, 64503), owner(&found, 64500, 64501)), (Some(None), Some(None)));
        assert_eq!(owner(&found, 64510, 64510), None);
        assert_eq!(found.1.len(), 5);
        let through = sample(&[(1, 64500, "64500 64501 64510"), (2, 64501, "64501 64510")]);
        assert_eq!(owner(&through, 64501, 64510), Some(None));
    }

    #[test]
    fn sets_part_a_path() {
        let found = sample(&[(1, 64500, "64501 64502 {64503,64504} 64505")]);
        assert_eq!(found.1.len(), 1);
        assert_eq!(owner(&found, 64501, 64502), Some(Some(64500)));
    }

    /// Whatever the order, the same links are kept, and those of two samples can be compared below the lower limit.
    #[test]
    fn a_large_table_is_sampled_by_its_lowest_marks() {
        let links: Vec<(u32, u32)> = (0..20_000).map(|n| (70_000 + n, 90_000 + n % 977)).collect();
        let take = |order: &mut dyn Iterator<Item = &(u32, u32)>| {
            let mut sample = Sample::default();
            let peer = sample.peer(64500);
            order.for_each(|(a, b)| sample.edge(mark(*a, *b), peer));
            sample.finish()
        };
        let (forth, back) = (take(&mut links.iter()), take(&mut links.iter().rev()));
        assert_eq!((forth.below, &forth.bytes), (back.below, &back.bytes));
        let (_, edges) = decode(&forth.bytes).unwrap();
        assert!((MOST - 1..=MOST).contains(&edges.len()), "{}", edges.len());
        let mut marks: Vec<u32> =
            links.iter().map(|(a, b)| mark(*a, *b)).filter(|m| u64::from(*m) < forth.below).collect();
        marks.sort();
        assert_eq!(edges.iter().map(|(mark, _)| *mark).collect::<Vec<_>>(), marks);
        // The sample tells how many there are.
        let all = edges.len() as f64 * (1u64 << 32) as f64 / forth.below as f64;
        assert!((all / 20_000.0 - 1.0).abs() < 0.1, "{all}");
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        let good = encode(&[64500], &[(7, 1), (9, 0)]);
        assert_eq!(decode(&good), Some((vec![Asn(64500)], vec![(7, Some(0)), (9, None)])));
        for cut in 0..good.len() {
            assert_eq!(decode(&good[..cut]), None);
        }
        // A peer that is not there, and a mark beyond 32 bits.
        assert_eq!(decode(&encode(&[64500], &[(7, 2)])), None);
        assert_eq!(decode(&[0, 1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]), None);
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
