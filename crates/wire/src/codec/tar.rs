//! Members of a tar archive. Names are text only: nothing is created, opened or followed.

use std::io::{self, Read};

use headwater_route::{Fault, FaultKind};
use tar::EntryType;

use super::fault_of;

/// A regular file in an archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member<'a> {
    /// Its path in the archive, lossily decoded. Hostile text.
    pub name: &'a str,
    /// Its size as the header states it; the reader handed out gives no more.
    pub size: u64,
}

/// Most members read from one archive.
pub const MAX_MEMBERS: u64 = 1_000_000;
/// Longest name or extended header read.
const MAX_NAME_BYTES: u64 = 64 << 10;
const BLOCK_BYTES: u64 = 512;

/// Calls `visit` for each regular file, in order, with a reader of its bytes; what it does not read is skipped. Links,
/// directories and devices are passed over. Members larger than `max_member_bytes` are faults and passed over; a broken
/// archive gives what comes before the break and a fault, whose offset counts from the start of the archive.
pub fn members(
    reader: impl Read,
    max_member_bytes: u64,
    visit: &mut dyn FnMut(Member<'_>, &mut dyn Read),
    faults: &mut dyn FnMut(Fault),
) {
    let mut archive = tar::Archive::new(Tail { inner: reader, zeros: 0, bytes: 0 });
    if visit_members(&mut archive, max_member_bytes, visit, faults) {
        let tail = archive.into_inner();
        if tail.zeros < BLOCK_BYTES {
            let detail = "the archive has no end mark: members may be missing".to_owned();
            faults(Fault { offset: tail.bytes, kind: FaultKind::CutStream, detail });
        }
    }
}

/// As [`members`]; false if a fault ended it.
fn visit_members<R: Read>(
    archive: &mut tar::Archive<R>,
    max_member_bytes: u64,
    visit: &mut dyn FnMut(Member<'_>, &mut dyn Read),
    faults: &mut dyn FnMut(Fault),
) -> bool {
    let mut offset = 0;
    // Says what is wrong; the value is for when that is the end.
    let mut stop = |fault: Fault| {
        faults(fault);
        false
    };
    let broken = |error: io::Error, offset: u64| match error.kind() {
        // The archive's own errors come as `Other`: they are about its headers.
        io::ErrorKind::Other if super::LimitReached::of(&error).is_none() => {
            Fault { offset, kind: FaultKind::BadFraming, detail: error.to_string() }
        }
        _ => fault_of(&error, offset),
    };
    let entries = match archive.entries() {
        // Raw: long names come as members of their own, which are read here with a bound.
        Ok(entries) => entries.raw(true),
        Err(error) => return stop(broken(error, 0)),
    };
    let mut long_name: Option<Vec<u8>> = None;
    for (count, entry) in (0u64..).zip(entries) {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => return stop(broken(error, offset)),
        };
        offset = entry.raw_header_position();
        if count >= MAX_MEMBERS {
            let detail = format!("more than {MAX_MEMBERS} members");
            return stop(Fault { offset, kind: FaultKind::Limit, detail });
        }
        let size = entry.size();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {}
            kind @ (EntryType::GNULongName | EntryType::XHeader) => {
                let mut text = Vec::new();
                if let Err(error) = entry.by_ref().take(MAX_NAME_BYTES).read_to_end(&mut text) {
                    return stop(broken(error, offset));
                }
                long_name = match kind {
                    EntryType::GNULongName => Some(text.split(|b| *b == 0).next().unwrap_or_default().to_vec()),
                    _ => pax_path(&text).or(long_name),
                };
                continue;
            }
            _ => {
                long_name = None;
                continue;
            }
        }
        let name = match long_name.take() {
            Some(name) => String::from_utf8_lossy(&name).into_owned(),
            None => String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
        };
        if size > max_member_bytes {
            let detail = format!("member {name} of {size} bytes, more than {max_member_bytes}");
            stop(Fault { offset, kind: FaultKind::OversizedRecord, detail });
            continue;
        }
        let mut member = Counted { inner: &mut entry, read: 0 };
        visit(Member { name: &name, size }, &mut member);
        if let Err(error) = io::copy(&mut member, &mut io::sink()) {
            return stop(broken(error, offset));
        }
        if member.read < size {
            let detail = format!("member {name} has {} of {size} bytes", member.read);
            return stop(Fault { offset, kind: FaultKind::CutStream, detail });
        }
    }
    true
}

/// The `path` record of a pax extended header.
fn pax_path(text: &[u8]) -> Option<Vec<u8>> {
    let records = tar::PaxExtensions::new(text);
    records.filter_map(Result::ok).find(|r| r.key_bytes() == b"path").map(|r| r.value_bytes().to_vec())
}

/// Watches for the zero blocks that end an archive.
struct Tail<R> {
    inner: R,
    /// Zero bytes at the end of what was read.
    zeros: u64,
    bytes: u64,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        let zeros = out[..len].iter().rev().take_while(|b| **b == 0).count();
        self.zeros = if zeros == len { self.zeros + len as u64 } else { zeros as u64 };
        self.bytes += len as u64;
        Ok(len)
    }
}

/// Counts what a member gave.
struct Counted<'a, R> {
    inner: &'a mut R,
    read: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        self.read += len as u64;
        Ok(len)
    }
}
