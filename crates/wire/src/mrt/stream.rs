//! A window that slides over the decompressed stream: large reads into one buffer, no copy of what is read.

use std::io::{self, Read};

use headwater_route::Fault;

use crate::codec::fault_of;

/// Bytes held at least; a longer record makes the buffer grow.
const WINDOW_BYTES: usize = 1 << 20;

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
            buffer: vec![0; WINDOW_BYTES],
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

    /// Reads as much as the buffer holds.
    pub(super) fn fill_up(&mut self) {
        self.fill(self.buffer.len());
    }

    fn fill_slowly(&mut self, need: usize) {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if need > self.buffer.len() {
            // Twice what is needed: else records that each claim to be large would move it all for each of them.
            self.buffer.resize(need.saturating_mul(2), 0);
        }
        while self.end < need && !self.broken_off {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.broken_off = true,
                Ok(len) => {
                    self.end += len;
                    self.failed_before = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.fault = Some(fault_of(&error, self.offset + self.end as u64));
                    self.goes_on = error.kind() == io::ErrorKind::InvalidData && !self.failed_before;
                    self.failed_before = true;
                    self.broken_off = true;
                }
            }
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
