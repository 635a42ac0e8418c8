//! Lines of a stream, with their offsets.

use std::borrow::Cow;
use std::io::{self, BufRead};

use headwater_route::FaultKind;

use super::{Bad, MAX_LINE_BYTES, Sink, quote};
use crate::codec::fault_of;

/// Reads line after line, one held at a time.
pub(super) struct Lines<'r> {
    reader: &'r mut dyn BufRead,
    line: Vec<u8>,
    /// Decompressed bytes before what is read next.
    offset: u64,
}

/// A line that has been read.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// Where it starts.
    pub(super) offset: u64,
    /// False for a last line without a line end: it may be cut.
    pub(super) ended: bool,
}

impl<'r> Lines<'r> {
    pub(super) fn new(reader: &'r mut dyn BufRead) -> Lines<'r> {
        Lines { reader, line: Vec::new(), offset: 0 }
    }

    /// The next line; its text is [`Lines::text`].
    pub(super) fn next(&mut self, sink: &mut Sink<'_>) -> Option<Line> {
        let mut start = self.offset;
        // Something of this line is missing: it is passed over.
        let mut oversized = false;
        let mut holed = false;
        let mut stuck = false;
        self.line.clear();
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let fault = fault_of(&error, self.offset);
                    sink.summary.whole = false;
                    sink.lose(fault.offset, fault.kind, fault.detail);
                    // After a damaged bzip2 block the stream goes on, somewhere inside a line.
                    if error.kind() != io::ErrorKind::InvalidData || stuck {
                        return None;
                    }
                    (holed, stuck) = (true, true);
                    self.line.clear();
                    continue;
                }
            };
            stuck = false;
            let newline = memchr::memchr(b'\n', buffer);
            let len = newline.map_or(buffer.len(), |at| at + 1);
            if !holed && !oversized {
                if self.line.len() + len > MAX_LINE_BYTES {
                    oversized = true;
                    self.line.clear();
                } else {
                    self.line.extend_from_slice(&buffer[..len]);
                }
            }
            self.reader.consume(len);
            self.offset += len as u64;
            let at_end = len == 0;
            if !at_end && newline.is_none() {
                continue;
            }
            if oversized {
                let detail = format!("a line of {} bytes, more than {MAX_LINE_BYTES}", self.offset - start);
                sink.lose(start, FaultKind::OversizedRecord, detail);
            } else if !holed && !self.line.is_empty() {
                return Some(Line { offset: start, ended: newline.is_some() });
            }
            if at_end {
                return None;
            }
            (start, oversized, holed) = (self.offset, false, false);
        }
    }

    /// The text of the line just read, without BOM, line end and trailing blanks.
    pub(super) fn text(&self, line: Line, sink: &mut Sink<'_>) -> Cow<'_, str> {
        let bytes = match line.offset {
            0 => self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line),
            _ => &self.line,
        };
        let text = String::from_utf8_lossy(bytes.trim_ascii_end());
        if let Cow::Owned(replaced) = &text {
            sink.fault(line.offset, FaultKind::BadText, quote(replaced));
        }
        text
    }
}

/// Reads a file whose lines stand for themselves: comments and the `header` are passed over, each other line goes to `parse`.
pub(super) fn read(
    reader: &mut dyn BufRead,
    sink: &mut Sink<'_>,
    header: Option<&str>,
    parse: fn(&str, u64, &mut Sink<'_>) -> Result<(), Bad>,
) {
    let mut lines = Lines::new(reader);
    while let Some(line) = lines.next(sink) {
        let text = lines.text(line, sink);
        if is_comment(&text) || header.is_some_and(|header| is_header(&text, header)) {
            continue;
        }
        take(line, &text, sink, parse);
    }
}

/// Gives one line to `parse` and states what is wrong with it.
pub(super) fn take(
    line: Line,
    text: &str,
    sink: &mut Sink<'_>,
    parse: impl FnOnce(&str, u64, &mut Sink<'_>) -> Result<(), Bad>,
) {
    if !line.ended {
        sink.summary.whole = false;
        let detail = format!("the last line has no line end and may be cut: {}", quote(text));
        // A cut number is another number: such a line is not believed. Elsewhere a cut shows, or costs a part of a name.
        if text.ends_with(|c: char| c.is_ascii_digit()) {
            return sink.lose(line.offset, FaultKind::CutStream, detail);
        }
        sink.fault(line.offset, FaultKind::CutStream, detail);
    }
    if let Err(Bad(kind, detail)) = parse(text, line.offset, sink) {
        sink.lose(line.offset, kind, detail);
    }
}

pub(super) fn is_comment(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || text.starts_with(['#', ';'])
}

/// True if the line is this header, quoted or not.
pub(super) fn is_header(text: &str, header: &str) -> bool {
    text.len() >= header.len() && text.bytes().filter(|b| *b != b'"').map(|b| b.to_ascii_lowercase()).eq(header.bytes())
}
