//! Table dumps, written.

use std::hash::{Hash, Hasher};
use std::io::Write;
use std::net::Ipv4Addr;
use std::rc::Rc;

use headwater_wire::mrt::encode::{Attributes, EncodeError, PeerTable, Rib, RibEntry, Writer};
use rustc_hash::FxHasher;

use crate::output::Counted;
use crate::ways::Way;
use crate::world::{ABSENT, World};

/// What was written of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TableWritten {
    /// Table records, one a prefix.
    pub prefixes: u64,
    /// Entries in them.
    pub entries: u64,
    /// Bytes, before any compression.
    pub bytes: u64,
}

/// BGP identifier of the collector (RFC 5737).
pub(crate) const COLLECTOR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Writes the dump with a number, from 0, as TABLE_DUMP_V2 in the order of prefixes. Holds one record, and the attributes of
/// a fixed number of routes; the later the dump, the longer a route takes, since its changes are counted from the first.
pub fn write_table(world: &World, dump: u32, out: impl Write) -> Result<TableWritten, EncodeError> {
    let time = World::dump_time(dump);
    let vantages = world.sessions().len() as u16;
    let mut writer = Writer::new(Counted::new(out));
    let peers = world.sessions().to_vec();
    writer.peer_table(time, &PeerTable { collector: COLLECTOR, view: String::new(), peers })?;
    let mut known = Known::new();
    let mut written = TableWritten::default();
    let mut routes = Vec::new();
    for space in world.spaces() {
        for stretch in space.stretches() {
            for placed in &stretch {
                routes.clear();
                for vantage in 0..vantages {
                    let (choice, since) = world.choice(placed, vantage, dump);
                    if choice != ABSENT {
                        let attributes = known.attributes(world, &world.way(placed, vantage, choice));
                        routes.push((vantage, world.learnt(placed, vantage, choice, since), attributes));
                    }
                }
                let entries = routes.iter().map(|(peer, learnt, attributes)| RibEntry {
                    peer: *peer,
                    originated: Some(*learnt),
                    path_id: None,
                    attributes,
                });
                let (sequence, prefix) = (written.prefixes as u32, placed.prefix);
                let rib = Rib { sequence, prefix, multicast: false, generic: false, entries: entries.collect() };
                written.prefixes += 1;
                written.entries += rib.entries.len() as u64;
                writer.rib(time, &rib)?;
            }
        }
    }
    written.bytes = writer.into_inner().bytes();
    Ok(written)
}

/// Attributes made lately: neighbours in a table share them.
struct Known(Vec<Option<(Way, Rc<Attributes>)>>);

impl Known {
    const SLOTS: usize = 1 << 14;

    fn new() -> Known {
        Known(vec![None; Known::SLOTS])
    }

    fn attributes(&mut self, world: &World, way: &Way) -> Rc<Attributes> {
        let mut hasher = FxHasher::default();
        way.hash(&mut hasher);
        let slot = &mut self.0[hasher.finish() as usize % Known::SLOTS];
        match slot {
            Some((known, attributes)) if known == way => Rc::clone(attributes),
            _ => {
                let attributes = Rc::new(world.attributes(way));
                *slot = Some((*way, Rc::clone(&attributes)));
                attributes
            }
        }
    }
}
