//! Walks the top of a large JSON object: hands out its values, or the elements of its arrays, one at a time with their
//! offsets, whatever the layout. An item is then parsed by itself, so nothing larger than an item is ever held.

use std::borrow::Cow;
use std::io::{self, BufRead};

use headwater_route::FaultKind;

use super::{MAX_LINE_BYTES, Sink, quote};
use crate::codec::fault_of;

/// What to do with the value of a top-level key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Pass over it.
    Nothing,
    /// Hand it out.
    Value,
    /// It is an array: hand out its elements.
    Elements,
}

/// A value or element.
pub(super) struct Item<'a> {
    /// The top-level key it stands under.
    pub(super) key: &'a str,
    /// Offset of its first byte.
    pub(super) offset: u64,
    bytes: &'a [u8],
}

impl Item<'_> {
    /// Its JSON text.
    pub(super) fn text(&self, sink: &mut Sink<'_>) -> Cow<'_, str> {
        let text = String::from_utf8_lossy(self.bytes);
        if let Cow::Owned(replaced) = &text {
            sink.fault(self.offset, FaultKind::BadText, quote(replaced));
        }
        text
    }
}

/// Why a walk cannot go on.
enum Stop {
    /// The stream ended, and nothing has been said about it.
    End,
    /// For a reason that has been stated as a fault.
    Stated,
    /// A damaged bzip2 block was passed over.
    Hole,
}

struct Bytes<'r> {
    reader: &'r mut dyn BufRead,
    buffer: Vec<u8>,
    at: usize,
    offset: u64,
    failed_before: bool,
}

impl Bytes<'_> {
    fn peek(&mut self, sink: &mut Sink<'_>) -> Result<u8, Stop> {
        if self.at == self.buffer.len() {
            self.refill(sink)?;
        }
        Ok(self.buffer[self.at])
    }

    fn refill(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop> {
        loop {
            match self.reader.fill_buf() {
                Ok([]) => return Err(Stop::End),
                Ok(more) => {
                    self.buffer.clear();
                    self.buffer.extend_from_slice(more);
                    self.at = 0;
                    let len = more.len();
                    self.reader.consume(len);
                    self.failed_before = false;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let fault = fault_of(&error, self.offset);
                    sink.summary.whole = false;
                    sink.lose(fault.offset, fault.kind, fault.detail);
                    let goes_on = error.kind() == io::ErrorKind::InvalidData && !self.failed_before;
                    self.failed_before = true;
                    return Err(if goes_on { Stop::Hole } else { Stop::Stated });
                }
            }
        }
    }

    fn skip(&mut self) {
        self.at += 1;
        self.offset += 1;
    }

    /// The next byte that is neither blank nor one of `also`, not yet taken.
    fn peek_past(&mut self, also: &[u8], sink: &mut Sink<'_>) -> Result<u8, Stop> {
        loop {
            let byte = self.peek(sink)?;
            if !byte.is_ascii_whitespace() && !also.contains(&byte) {
                return Ok(byte);
            }
            self.skip();
        }
    }

    /// Takes one whole value, of which at most [`MAX_LINE_BYTES`] go to `item`; true if that was all of it.
    fn take_value(&mut self, item: &mut Vec<u8>, sink: &mut Sink<'_>) -> Result<bool, Stop> {
        item.clear();
        let (mut depth, mut in_string, mut escaped, mut len) = (0u64, false, false, 0usize);
        loop {
            let byte = self.peek(sink)?;
            if depth == 0 && len > 0 && !in_string && matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')
            {
                return Ok(len <= MAX_LINE_BYTES);
            }
            self.skip();
            len += 1;
            if len <= MAX_LINE_BYTES {
                item.push(byte);
            }
            let ends = match byte {
                _ if escaped => {
                    escaped = false;
                    false
                }
                b'\\' if in_string => {
                    escaped = true;
                    false
                }
                b'"' => {
                    in_string = !in_string;
                    !in_string
                }
                _ if in_string => false,
                b'{' | b'[' => {
                    depth += 1;
                    false
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    true
                }
                _ => false,
            };
            if ends && depth == 0 {
                return Ok(len <= MAX_LINE_BYTES);
            }
        }
    }
}

/// Walks one JSON object. `want` says what to do with each top-level key, `visit` gets the items.
pub(super) fn walk(
    reader: &mut dyn BufRead,
    sink: &mut Sink<'_>,
    want: fn(&str) -> Want,
    visit: &mut dyn FnMut(&mut Sink<'_>, Item<'_>),
) {
    let mut bytes = Bytes { reader, buffer: Vec::new(), at: 0, offset: 0, failed_before: false };
    match walk_object(&mut bytes, sink, want, visit) {
        Ok(()) | Err(Stop::Stated) => {}
        Err(Stop::End) => {
            sink.summary.whole = false;
            sink.lose(bytes.offset, FaultKind::CutStream, "the stream ends inside the JSON object".into());
        }
        Err(Stop::Hole) => {
            let detail = "the damage lies outside the lists, so the rest was not read".into();
            sink.lose(bytes.offset, FaultKind::BadFraming, detail);
        }
    }
}

fn walk_object(
    bytes: &mut Bytes<'_>,
    sink: &mut Sink<'_>,
    want: fn(&str) -> Want,
    visit: &mut dyn FnMut(&mut Sink<'_>, Item<'_>),
) -> Result<(), Stop> {
    let (mut key, mut item) = (String::new(), Vec::new());
    // A BOM before the object.
    if bytes.peek_past(b"\xef\xbb\xbf", sink)? != b'{' {
        return unexpected(bytes, sink);
    }
    bytes.skip();
    loop {
        match bytes.peek_past(b",", sink)? {
            b'}' => {
                bytes.skip();
                return match bytes.peek_past(b"", sink) {
                    Err(Stop::End) => Ok(()),
                    Err(stop) => Err(stop),
                    Ok(_) => unexpected(bytes, sink),
                };
            }
            b'"' => {}
            _ => return unexpected(bytes, sink),
        }
        bytes.take_value(&mut item, sink)?;
        key = serde_json::from_slice(&item).unwrap_or_else(|_| {
            key.clear();
            String::from_utf8_lossy(&item).into_owned()
        });
        if bytes.peek_past(b"", sink)? != b':' {
            return unexpected(bytes, sink);
        }
        bytes.skip();
        let first = bytes.peek_past(b"", sink)?;
        let wanted = want(&key);
        if wanted == Want::Elements && first == b'[' {
            bytes.skip();
            walk_elements(bytes, sink, &key, &mut item, visit)?;
            continue;
        }
        if matches!(first, b',' | b']' | b'}' | b':') {
            return unexpected(bytes, sink);
        }
        let offset = bytes.offset;
        let fits = bytes.take_value(&mut item, sink)?;
        if wanted == Want::Value {
            hand_out(sink, &key, offset, fits, &item, visit);
        }
    }
}

fn walk_elements(
    bytes: &mut Bytes<'_>,
    sink: &mut Sink<'_>,
    key: &str,
    item: &mut Vec<u8>,
    visit: &mut dyn FnMut(&mut Sink<'_>, Item<'_>),
) -> Result<(), Stop> {
    loop {
        let taken = match bytes.peek_past(b",", sink) {
            Ok(b']') => {
                bytes.skip();
                return Ok(());
            }
            // No element starts so; what follows would be taken for elements without end.
            Ok(b'}' | b':') => return unexpected(bytes, sink),
            Ok(_) => {
                let offset = bytes.offset;
                bytes.take_value(item, sink).map(|fits| hand_out(sink, key, offset, fits, item, visit))
            }
            Err(stop) => Err(stop),
        };
        if let Err(Stop::Hole) = taken {
            // The list goes on behind the hole with the next object that starts.
            while bytes.peek(sink)? != b'{' {
                bytes.skip();
            }
        } else {
            taken?;
        }
    }
}

fn hand_out(
    sink: &mut Sink<'_>,
    key: &str,
    offset: u64,
    fits: bool,
    item: &[u8],
    visit: &mut dyn FnMut(&mut Sink<'_>, Item<'_>),
) {
    match fits {
        true => visit(sink, Item { key, offset, bytes: item }),
        false => {
            let detail = format!("an item under {} of more than {MAX_LINE_BYTES} bytes", quote(key));
            sink.lose(offset, FaultKind::OversizedRecord, detail);
        }
    }
}

fn unexpected(bytes: &Bytes<'_>, sink: &mut Sink<'_>) -> Result<(), Stop> {
    let shown: Vec<u8> = bytes.buffer[bytes.at..].iter().copied().take(40).collect();
    let detail = format!("the JSON object breaks here, the rest was not read: {}", String::from_utf8_lossy(&shown));
    sink.summary.whole = false;
    sink.lose(bytes.offset, FaultKind::BadFraming, detail);
    Err(Stop::Stated)
}
