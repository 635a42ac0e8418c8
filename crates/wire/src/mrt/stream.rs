//! What is ahead in the decompressed stream: records are decoded where their reader holds them, and only those are copied that
//! lie across the end of what it holds.

use std::io::{self, BufRead};

use headwater_route::Fault;

use crate::codec::fault_of;

/// Bytes held where it is in doubt whether a record starts.
const WINDOW_BYTES: usize = 1 << 20;

/// The stream from where reading stands, as far as it has been read.
pub(super) struct Stream<'r, R: ?Sized> {
    reader: &'r mut R,
    /// What is ahead lies in the reader's buffer, from `at`; otherwise in `carry`, from `at`.
    in_place: bool,
    at: usize,
    /// Bytes ahead.
    len: usize,
    /// A copy of bytes that do not lie in the reader's buffer together.
    carry: Vec<u8>,
    /// The last bytes of `carry` that the first of the reader's buffer still are.
    lent: usize,
    /// Offset in the stream of the first byte ahead.
    offset: u64,
    /// Nothing follows the bytes ahead: the stream ended, or bytes are missing here.
    broken_off: bool,
    /// What is missing, not yet told.
    fault: Option<Fault>,
    /// Reading may go on behind what is missing.
    goes_on: bool,
    /// The last read failed too: a reader that only fails has ended.
    failed_before: bool,
}

impl<'r, R: BufRead + ?Sized> Stream<'r, R> {
    pub(super) fn new(reader: &'r mut R) -> Stream<'r, R> {
        Stream {
            reader,
            in_place: true,
            at: 0,
            len: 0,
            carry: Vec::new(),
            lent: 0,
            offset: 0,
            broken_off: false,
            fault: None,
            goes_on: false,
            failed_before: false,
        }
    }

    /// What has been read and not been passed over.
    #[inline]
    pub(super) fn bytes(&mut self) -> &[u8] {
        let held = match self.in_place {
            // With bytes in it the reader gives its buffer and reads nothing.
            true if self.len > 0 => self.reader.fill_buf().unwrap_or_default(),
            true => &[],
            false => &self.carry,
        };
        held.get(self.at..self.at + self.len).unwrap_or_default()
    }

    /// How many [`Stream::bytes`] there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
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
    #[inline]
    pub(super) fn skip(&mut self, len: usize) {
        let len = len.min(self.len);
        self.at += len;
        self.len -= len;
        self.offset += len as u64;
        // Back to the reader's buffer once it holds all that is ahead and half of the copy has served: then a byte is copied
        // about once, whatever lengths the records claim.
        if !self.in_place && self.len <= self.lent && self.at >= self.len {
            self.reader.consume(self.lent - self.len);
            (self.in_place, self.at, self.lent) = (true, 0, 0);
            self.carry.clear();
        }
    }

    /// Reads until [`Stream::bytes`] are at least `need`, if the stream has as many.
    #[inline]
    pub(super) fn fill(&mut self, need: usize) {
        if self.len < need && !self.broken_off {
            self.fill_slowly(need);
        }
    }

    /// Reads until [`Stream::bytes`] are a window, if the stream has as many.
    pub(super) fn fill_window(&mut self) {
        self.fill(WINDOW_BYTES);
    }

    fn fill_slowly(&mut self, need: usize) {
        if self.in_place {
            self.reader.consume(std::mem::take(&mut self.at));
            if self.len == 0 {
                self.len = self.next_piece();
                if self.len >= need {
                    return;
                }
            }
            self.in_place = false;
            self.lent = self.len;
            if self.len > 0 {
                self.carry.extend_from_slice(&self.reader.fill_buf().unwrap_or_default()[..self.len]);
            }
        }
        while self.len < need && !self.broken_off {
            self.reader.consume(std::mem::take(&mut self.lent));
            let more = self.next_piece().min(need - self.len);
            if more > 0 {
                self.make_room(more, need);
                self.carry.extend_from_slice(&self.reader.fill_buf().unwrap_or_default()[..more]);
                (self.lent, self.len) = (more, self.len + more);
            }
        }
    }

    /// Has the reader hold bytes behind those ahead, and tells how many: none where the stream breaks off.
    fn next_piece(&mut self) -> usize {
        loop {
            match self.reader.fill_buf() {
                Ok([]) => {}
                Ok(piece) => {
                    self.failed_before = false;
                    return piece.len();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.fault = Some(fault_of(&error, self.offset + self.len as u64));
                    self.goes_on = error.kind() == io::ErrorKind::InvalidData && !self.failed_before;
                    self.failed_before = true;
                }
            }
            self.broken_off = true;
            return 0;
        }
    }

    /// Makes room for `more` bytes in the copy: what has been passed over goes where it is half of it, else the room doubles. So
    /// memory follows what has come, not what was claimed: it is at most twice `need`.
    fn make_room(&mut self, more: usize, need: usize) {
        if self.carry.len() + more > self.carry.capacity() && self.at >= self.len {
            self.carry.drain(..self.at);
            self.at = 0;
        }
        let wanted = self.carry.len() + more;
        if wanted > self.carry.capacity() {
            let room = self.carry.capacity().saturating_mul(2).min(need.saturating_mul(2)).max(wanted);
            self.carry.reserve_exact(room - self.carry.len());
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

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor};

    use super::*;

    /// Bytes that tell where they stood.
    fn numbers(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
    }

    #[test]
    fn every_byte_comes_in_its_place_however_much_a_read_gives() {
        let bytes = numbers(200_000);
        for held in [1, 7, 100, 1 << 10, 64 << 10, 1 << 20] {
            let mut reader = BufReader::with_capacity(held, Cursor::new(&bytes));
            let mut stream = Stream::new(&mut reader);
            let mut seed = held as u64;
            while stream.offset() < bytes.len() as u64 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (need, skip) = ((seed >> 40) as usize % 3000, (seed >> 20) as usize % 2000);
                stream.fill(need);
                let at = stream.offset() as usize;
                let len = stream.len();
                assert!(len >= need || at + len == bytes.len() && stream.broken_off());
                assert!(stream.bytes() == &bytes[at..at + len], "{held} {at}");
                stream.skip(skip);
                assert_eq!(stream.offset() as usize, at + skip.min(len));
                if len == 0 {
                    stream.fill(1);
                }
            }
        }
    }

    /// Thousands of short files are opened one after the other, and a length is a claim.
    #[test]
    fn memory_follows_what_comes_and_not_what_is_claimed() {
        let bytes = numbers(100_000);
        let mut reader = BufReader::with_capacity(8 << 10, Cursor::new(&bytes));
        let mut stream = Stream::new(&mut reader);
        stream.fill(100);
        assert_eq!(stream.carry.capacity(), 0);
        stream.fill(16 << 20);
        assert!(stream.broken_off() && stream.len() == bytes.len());
        assert!(stream.carry.capacity() <= 2 * bytes.len(), "{}", stream.carry.capacity());
        // A stream of records that are each a bit longer than what the reader holds.
        let mut reader = BufReader::with_capacity(1 << 10, Cursor::new(&bytes));
        let mut stream = Stream::new(&mut reader);
        while stream.len() > 0 || !stream.broken_off() {
            stream.fill(1500 + 12);
            stream.skip(1500);
        }
        assert!(stream.carry.capacity() <= 2 * 1512, "{}", stream.carry.capacity());
    }

    #[test]
    fn what_lies_whole_in_the_readers_buffer_is_not_copied() {
        let bytes = numbers(100_000);
        let mut reader = bytes.as_slice();
        let mut stream = Stream::new(&mut reader);
        for _ in 0..99 {
            stream.fill(1012);
            assert!(stream.in_place && stream.bytes().as_ptr() == bytes[stream.offset() as usize..].as_ptr());
            stream.skip(1000);
        }
        assert_eq!(stream.carry.capacity(), 0);
    }
}
