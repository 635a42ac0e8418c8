//! A window that slides over the decompressed stream: large reads into one buffer, no copy of what is read.

use std::io::{self, Read};

use headwater_route::Fault;

use crate::codec::fault_of;

/// Bytes held where it is in doubt whether a record starts.
const WINDOW_BYTES: usize = 1 << 20;
/// Bytes held of a long stream: few enough to stay near the processor. A longer record makes the buffer grow.
const STEADY_BYTES: usize = 256 << 10;
/// Bytes held at first: most files of updates are short, and room that nobody fills is cleared for nothing.
const FIRST_BYTES: usize = 64 << 10;

/// The stream from where reading stands, as far as it has been read.
pub(super) struct Stream<'r, R: ?Sized> {
    reader: &'r mut R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the stream of `buffer[start]`.
    offset: u64,
    /// Nothing follows what is in the buffer: the stream ended, or bytes are missing here.
    broken_off: bool,
    /// What is missing, not yet told.
    fault: Option<Fault>,
    /// Reading may go on behind what is missing.
    goes_on: bool,
    /// The last read failed too: a reader that only fails has ended.
    failed_before: bool,
}

impl<'r, R: Read + ?Sized> Stream<'r, R> {
    pub(super) fn new(reader: &'r mut R) -> Stream<'r, R> {
        Stream {
            reader,
            buffer: vec![0; FIRST_BYTES],
            start: 0,
            end: 0,
            offset: 0,
            broken_off: false,
            fault: None,
            goes_on: false,
            failed_before: false,
        }
    }

    /// What has been read and not been passed over.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Offset of the first of [`Stream::bytes`].
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// True if nothing follows [`Stream::bytes`].
    pub(super) fn broken_off(&self) -> bool {
        self.broken_off
    }

    /// True if [`Stream::bytes`] end because bytes are missing, not because the stream ended.
    pub(super) fn holed(&self) -> bool {
        self.fault.is_some()
    }

    /// Passes over the first `len` of [`Stream::bytes`].
    pub(super) fn skip(&mut self, len: usize) {
        let len = len.min(self.end - self.start);
        self.start += len;
        self.offset += len as u64;
    }

    /// Reads until [`Stream::bytes`] are at least `need`, if the stream has as many.
    #[inline]
    pub(super) fn fill(&mut self, need: usize) {
        if self.end - self.start < need && !self.broken_off {
            self.fill_slowly(need);
        }
    }

    /// Reads until [`Stream::bytes`] are a window, if the stream has as many.
    pub(super) fn fill_window(&mut self) {
        self.fill(WINDOW_BYTES);
    }

    fn fill_slowly(&mut self, need: usize) {
        while self.end - self.start < need && !self.broken_off {
            if self.end == self.buffer.len() {
                self.make_room(need);
            }
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.broken_off = true,
                Ok(len) => {
                    self.end += len;
                    self.failed_before = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fault = Some(fault_of(&error, self.offset + (self.end - self.start) as u64));
                    self.goes_on = error.kind() == io::ErrorKind::InvalidData && !self.failed_before;
                    self.failed_before = true;
                    self.broken_off = true;
                }
            }
        }
    }

    /// Moves what is held to the front of a full buffer, and doubles the buffer where that frees less than half of it, or
    /// where it is not yet what a long stream gets. So a byte is moved about once, whatever lengths the records claim and
    /// however little a read gives; and memory follows what has come, not what was claimed: it is at most twice `need`.
    fn make_room(&mut self, need: usize) {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let len = self.buffer.len();
        if len < STEADY_BYTES || 2 * self.end > len {
            let most = need.saturating_mul(2).max(STEADY_BYTES);
            self.buffer.resize(len.saturating_mul(2).min(most).max(len), 0);
        }
    }

    /// Passes over what is left before a hole. Gives the fault that tells of it, if there is one, and whether the stream goes
    /// on behind it.
    pub(super) fn cross_hole(&mut self) -> (Option<Fault>, bool) {
        self.skip(usize::MAX);
        let fault = self.fault.take();
        self.broken_off = !(fault.is_some() && self.goes_on);
        (fault, !self.broken_off)
    }
}
