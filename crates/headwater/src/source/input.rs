//! Files read once, without a history: for `inspect` and `dump`.

use std::io::{self, BufRead, Read};
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
        stream: Box<dyn BufRead + Send>,
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
    let (head, fault) = head(&mut decoded);
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

/// The first bytes of a stream, and the first error among them as a fault. Behind damage that a decoder reads on from, the
/// first bytes that are there.
pub(super) fn head(decoded: &mut Decoded) -> (Vec<u8>, Option<Fault>) {
    let mut head = vec![0; sniff::HEAD_BYTES];
    let mut len = 0;
    let mut fault = None;
    while len < head.len() {
        match decoded.read(&mut head[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            // The decoder comes to an end of itself after errors.
            Err(e) => {
                fault.get_or_insert_with(|| codec::fault_of(&e, len as u64));
                if len > 0 {
                    break;
                }
            }
        }
    }
    head.truncate(len);
    (head, fault)
}

/// The first bytes, the error before or behind them, and the rest.
struct Head {
    head: io::Cursor<Vec<u8>>,
    fault: Option<Fault>,
    rest: Decoded,
}

impl BufRead for Head {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if let Some(fault) = self.fault.take_if(|fault| fault.offset == self.head.position()) {
            return Err(again(&fault));
        }
        match self.head.fill_buf()? {
            [] => self.rest.fill_buf(),
            head => Ok(head),
        }
    }

    fn consume(&mut self, len: usize) {
        match self.head.position() < self.head.get_ref().len() as u64 {
            true => self.head.consume(len),
            false => self.rest.consume(len),
        }
    }
}

impl Read for Head {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let held = self.fill_buf()?;
        let len = held.len().min(out.len());
        out[..len].copy_from_slice(&held[..len]);
        self.consume(len);
        Ok(len)
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

#[cfg(test)]
mod tests {
    use headwater_route::FaultKind;

    use super::*;

    #[test]
    fn an_error_comes_again_in_its_place() {
        for (offset, expected) in [(0, "!abcrest"), (3, "abc!rest")] {
            let rest = codec::open(&b"rest"[..], codec::Limits::default()).unwrap();
            let fault = Fault { offset, kind: FaultKind::BadCompression, detail: "a damaged block".into() };
            let mut stream = Head { head: io::Cursor::new(b"abc".to_vec()), fault: Some(fault), rest };
            let (mut read, mut buffer) = (String::new(), [0; 8]);
            loop {
                match stream.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(len) => read.push_str(std::str::from_utf8(&buffer[..len]).unwrap()),
                    Err(e) => {
                        assert_eq!(e.kind(), io::ErrorKind::InvalidData);
                        read.push('!');
                    }
                }
            }
            assert_eq!(read, expected);
        }
    }
}
