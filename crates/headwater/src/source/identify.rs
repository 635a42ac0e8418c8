//! Which bytes a source is (sha256) and what they are (by content).

use std::io;
use std::path::Path;
use std::time::SystemTime;

use headwater_route::{Fault, FaultKind, Kind, Time};
use headwater_wire::{codec, sniff};

use super::input::head;
use super::{Found, Place, collector};

/// A source that can be read.
pub struct Item {
    /// Where its bytes are.
    pub place: Place,
    /// File name, with the member after `!` for an archive member. Hostile text.
    pub name: String,
    /// Absolute path, or `-`. Hostile text.
    pub path: String,
    /// sha256 of the stored bytes.
    pub sha256: String,
    /// sha256 of the archive, for a member.
    pub archive_sha256: Option<String>,
    /// Size of the stored bytes.
    pub bytes: u64,
    /// What it is.
    pub sniffed: sniff::Sniffed,
    /// Time of its first record, for MRT.
    pub first: Option<Time>,
    /// Its collector, for MRT, where its path or its peer table names it.
    pub collector: Option<String>,
    stamp: Option<(u64, Option<SystemTime>)>,
}

impl Item {
    /// True if the file is as it was when its sha256 was taken.
    pub fn unchanged(&self) -> bool {
        self.place.stamp().is_ok_and(|stamp| stamp == self.stamp)
    }
}

/// A source of which nothing was read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unread {
    /// File name. Hostile text.
    pub name: String,
    /// Absolute path, or `-`. Hostile text.
    pub path: String,
    /// sha256 and size, where they could be taken.
    pub bytes: Option<(String, u64)>,
    /// What is wrong with the content; `None` if it could not be read at all.
    pub kind: Option<FaultKind>,
    /// In words. Hostile text.
    pub reason: String,
}

/// What a source turned out to be.
pub enum Identified {
    /// To be read.
    New(Box<Item>),
    /// Read before: its sha256.
    Known(String),
    /// Not to be read.
    Unread(Unread),
}

/// File name and absolute path of a file as text.
pub fn names(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    (name, absolute.to_string_lossy().into_owned())
}

/// Identifies a file found.
pub fn identify(found: &Found, known: &dyn Fn(&str) -> bool, limits: codec::Limits) -> Identified {
    let (name, path) = names(&found.path);
    identify_place(Place::Path(found.path.clone()), name, path, None, known, limits)
}

/// Identifies bytes at a place: hashes all of them and, unless they are known, looks at the first.
pub fn identify_place(
    place: Place,
    name: String,
    path: String,
    archive_sha256: Option<String>,
    known: &dyn Fn(&str) -> bool,
    limits: codec::Limits,
) -> Identified {
    let stamped = place.stamp().and_then(|stamp| Ok((stamp, hash(&place)?)));
    let (stamp, hashed) = match stamped {
        Ok(found) => found,
        Err(e) => return Identified::Unread(Unread { name, path, bytes: None, kind: None, reason: e.to_string() }),
    };
    if known(&hashed.sha256) {
        return Identified::Known(hashed.sha256);
    }
    let (sha256, bytes) = (hashed.sha256, hashed.bytes);
    let head = match peek(&place, limits) {
        Ok(head) => head,
        Err(e) => return Identified::Unread(Unread { name, path, bytes: None, kind: None, reason: e.to_string() }),
    };
    match head.and_then(|head| sniff::sniff(&head, &name).map(|sniffed| (head, sniffed))) {
        Ok((head, sniffed)) => {
            let mrt = sniffed.kind == Kind::Mrt;
            let first = head.first_chunk::<4>().filter(|_| mrt).map(|secs| Time::from_unix(u32::from_be_bytes(*secs)));
            // A member's name tells more than the place of its archive.
            let collector = [name.as_str(), path.as_str()].into_iter().filter(|_| mrt).find_map(collector::of_path);
            let collector = collector.or_else(|| if mrt { collector::of_head(&head) } else { None });
            let item = Item { place, name, path, sha256, archive_sha256, bytes, sniffed, first, collector, stamp };
            Identified::New(Box::new(item))
        }
        Err(Fault { kind, detail, .. }) => {
            Identified::Unread(Unread { name, path, bytes: Some((sha256, bytes)), kind: Some(kind), reason: detail })
        }
    }
}

fn hash(place: &Place) -> io::Result<codec::Hashed> {
    let (mut hashing, digest) = codec::Hashing::new(place.open()?);
    io::copy(&mut hashing, &mut io::sink())?;
    drop(hashing);
    Ok(digest.wait())
}

/// The first decompressed bytes; a fault if there are none for a reason that lies in the data.
fn peek(place: &Place, limits: codec::Limits) -> io::Result<Result<Vec<u8>, Fault>> {
    let mut decoded = codec::open(place.open()?, limits)?;
    let (head, fault) = head(&mut decoded);
    Ok(match fault {
        Some(fault) if head.is_empty() => Err(fault),
        _ => Ok(head),
    })
}
