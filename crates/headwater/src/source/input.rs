//! Files read once, without a history: for `inspect` and `dump`.

use std::io::{self, Read};
use std::path::PathBuf;

use headwater_route::{Fault, Kind};
use headwater_wire::codec::{self, Decoded};
use headwater_wire::sniff::{self, Sniffed};

use super::{names, walk};
use crate::config::Limits;
use crate::error::Error;

/// A file that was opened, or why it was not.
pub enum Input {
    /// A decompressed stream.
    Stream {
        /// File name. Hostile text.
        name: String,
        /// What it is.
        kind: Kind,
        /// All of what was sniffed.
        sniffed: Box<Sniffed>,
        /// The stream, from its start.
        stream: Box<dyn Read + Send>,
        /// The digest of the stored bytes, taken while they are read.
        digest: codec::Digest,
    },
    /// Not to be read.
    Unread {
        /// File name. Hostile text.
        name: String,
        /// Why, in words. Hostile text.
        reason: String,
    },
}

/// The files that `paths` mean, opened one after the other as the iterator goes on; `-` is standard input.
pub fn inputs(paths: &[PathBuf], limits: &Limits) -> Result<impl Iterator<Item = Input>, Error> {
    let (stdin, paths): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let walked = walk(&paths, None, limits.files)?;
    let codec_limits = limits.codec();
    let unreadable = walked.unreadable.into_iter().map(|(path, reason)| Input::Unread { name: names(&path).0, reason });
    let stdin = (!stdin.is_empty()).then(|| open("-".to_owned(), Ok(Box::new(io::stdin())), codec_limits));
    let files = walked.files.into_iter().map(move |found| {
        let file = std::fs::File::open(&found.path).map(|file| Box::new(file) as Box<dyn Read + Send>);
        open(names(&found.path).0, file, codec_limits)
    });
    Ok(unreadable.chain(stdin).chain(files))
}

fn open(name: String, input: io::Result<Box<dyn Read + Send>>, limits: codec::Limits) -> Input {
    let unread = |name, reason: String| Input::Unread { name, reason };
    let input = match input {
        Ok(input) => input,
        Err(e) => return unread(name, e.to_string()),
    };
    let (hashing, digest) = codec::Hashing::new(input);
    let mut decoded = match codec::open(hashing, limits) {
        Ok(decoded) => decoded,
        Err(e) => return unread(name, e.to_string()),
    };
    let (head, fault) = match head(&mut decoded) {
        Ok(found) => found,
        Err(e) => return unread(name, e.to_string()),
    };
    if let (true, Some(fault)) = (head.is_empty(), &fault) {
        return unread(name, format!("{}: {}", fault.kind, fault.detail));
    }
    match sniff::sniff(&head, &name) {
        Ok(sniffed) => {
            let kind = sniffed.kind;
            // An error among the first bytes comes again in its place.
            let stream = Head { head: io::Cursor::new(head), fault, rest: decoded };
            Input::Stream { name, kind, sniffed: Box::new(sniffed), stream: Box::new(stream), digest }
        }
        Err(fault) => unread(name, format!("{}: {}", fault.kind, fault.detail)),
    }
}

/// First bytes, and the fault that came with them.
fn head(decoded: &mut Decoded) -> io::Result<(Vec<u8>, Option<Fault>)> {
    let mut head = vec![0; sniff::HEAD_BYTES];
    let mut len = 0;
    let mut fault = None;
    while len < head.len() {
        match decoded.read(&mut head[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                fault = Some(codec::fault_of(&e, len as u64));
                break;
            }
        }
    }
    head.truncate(len);
    Ok((head, fault))
}

/// The first bytes, the error behind them, and the rest.
struct Head {
    head: io::Cursor<Vec<u8>>,
    fault: Option<Fault>,
    rest: Decoded,
}

impl Read for Head {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.head.read(out)?;
        if len > 0 {
            return Ok(len);
        }
        match self.fault.take() {
            Some(fault) => Err(again(&fault)),
            None => self.rest.read(out),
        }
    }
}

/// The read error that a fault was made from.
fn again(fault: &Fault) -> io::Error {
    let kind = match fault.kind {
        headwater_route::FaultKind::BadCompression => io::ErrorKind::InvalidData,
        _ => io::ErrorKind::UnexpectedEof,
    };
    io::Error::new(kind, fault.detail.clone())
}
