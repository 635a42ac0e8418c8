//! routecore, by two of its ways into a table, and by its messages for updates.

use std::error::Error;

use octseq::{Octets, Parser};
use routecore::bgp::aspath::AsPath;
use routecore::bgp::message::{Message, PduParseInfo};
use routecore::bgp::path_attributes::{PathAttributes, WireformatPathAttribute};
use routecore::mrt::{Bgp4Mp, MrtFile, RibEntry};

use crate::Counts;

/// Record by record; attributes are borrowed from the file.
pub fn tables(bytes: &[u8], counts: &mut Counts) -> Result<(), Box<dyn Error>> {
    if is_messages(bytes) {
        return messages(bytes, counts);
    }
    let (file, mut seen) = (MrtFile::new(bytes), Seen::default());
    for (_, mut table) in file.tables().map_err(|e| e.to_string())? {
        let mut entries = table.entries();
        while entries.remaining() > 0 {
            let entry = RibEntry::parse(&mut entries).map_err(|e| e.to_string())?;
            seen.look(PathAttributes::new(entry.attributes, PduParseInfo::modern()), 1, counts);
        }
    }
    Ok(())
}

/// Entry by entry, as its documentation shows; attributes are copied.
pub fn entries(bytes: &[u8], counts: &mut Counts) -> Result<(), Box<dyn Error>> {
    if is_messages(bytes) {
        return messages(bytes, counts);
    }
    let (file, mut seen) = (MrtFile::new(bytes), Seen::default());
    for (_, _, _, _, raw) in file.rib_entries().map_err(|e| e.to_string())? {
        let parser = Parser::from_ref(&raw);
        seen.look(PathAttributes::new(parser, PduParseInfo::modern()), 1, counts);
    }
    Ok(())
}

/// True if the first record is a BGP message.
fn is_messages(bytes: &[u8]) -> bool {
    matches!(bytes, [_, _, _, _, 0, 16 | 17, ..])
}

fn messages(bytes: &[u8], counts: &mut Counts) -> Result<(), Box<dyn Error>> {
    let mut seen = Seen::default();
    for message in MrtFile::new(bytes).messages() {
        let message = match &message {
            Bgp4Mp::MessageAs4(message) => message.bgp_msg(),
            // It has no way into messages with two-byte ASNs; their rows are missing from its count.
            Bgp4Mp::Message(_) | Bgp4Mp::StateChange(_) | Bgp4Mp::StateChangeAs4(_) => continue,
        };
        let Ok(Message::Update(update)) = message else { continue };
        let announced = update.announcements().map_err(|e| e.to_string())?.filter(Result::is_ok).count();
        let withdrawn = update.withdrawals().map_err(|e| e.to_string())?.filter(Result::is_ok).count();
        seen.look(update.path_attributes().map_err(|e| e.to_string())?, announced, counts);
        counts.rows += withdrawn as u64;
    }
    Ok(())
}

/// Hops and communities of one attribute list; kept, so that no list needs memory of its own.
#[derive(Default)]
struct Seen {
    asns: Vec<u32>,
    plain: Vec<u32>,
}

impl Seen {
    /// Looks at what the routes of one attribute list hold.
    fn look<O: Octets>(&mut self, attributes: PathAttributes<'_, O>, routes: usize, counts: &mut Counts) {
        self.asns.clear();
        self.plain.clear();
        for attribute in attributes.flatten() {
            match attribute {
                WireformatPathAttribute::AsPath(path) => {
                    let value = path.value_into_parser();
                    let Ok(path) = AsPath::new(value.peek_all(), true) else { continue };
                    for segment in path.segments() {
                        self.asns.extend(segment.asns().map(|asn| asn.into_u32()));
                    }
                }
                WireformatPathAttribute::StandardCommunities(list) => {
                    let value = list.value_into_parser();
                    self.plain.extend(value.peek_all().as_chunks::<4>().0.iter().map(|c| u32::from_be_bytes(*c)));
                }
                _ => {}
            }
        }
        for _ in 0..routes {
            counts.route(self.asns.iter().copied(), self.plain.iter().copied());
        }
    }
}
