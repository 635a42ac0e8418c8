//! gzip, xz and zstd: one stream, decoded step by step so that every byte before an error comes out.

use std::io::{self, Read};

use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation as _, OutBuffer};

use super::{LimitReached, cut, damaged};

/// Compressed bytes held of a long input.
pub(super) const INPUT_BYTES: usize = 256 << 10;
/// The largest preset of xz (-9) needs 65 MiB; longer dictionaries are refused.
const XZ_MEMORY_BYTES: u64 = 256 << 20;

/// What one step of a decoder did.
pub(super) struct Step {
    read: usize,
    written: usize,
    then: Then,
}

enum Then {
    /// Go on; without progress, more input is needed.
    On,
    /// A member, stream or frame ended; another may follow.
    Boundary,
    /// The compressed bytes make no sense.
    Damaged(&'static str),
    /// It would need more memory than is allowed.
    TooLarge,
}

/// A step-by-step decoder of one compression format.
pub(super) trait Steps: Send + 'static {
    /// Decodes some of `input` (all there will ever be, if `last`) into `out`.
    fn step(&mut self, input: &[u8], out: &mut [u8], last: bool) -> Step;

    /// Starts a further member, stream or frame, if `byte` can be its first.
    fn start(&mut self, byte: u8) -> bool;
}

/// A compressed stream being read.
pub(super) struct Stream<R, S> {
    input: R,
    steps: S,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Compressed bytes before `start`.
    offset: u64,
    input_ended: bool,
    at_boundary: bool,
    /// Once set, the stream is over: with this error, then with nothing.
    over: bool,
    failure: Option<io::Error>,
}

impl<R: Read, S: Steps> Stream<R, S> {
    /// Holds up to `capacity` compressed bytes.
    pub(super) fn new(input: R, steps: S, capacity: usize) -> Stream<R, S> {
        Stream {
            input,
            steps,
            buffer: vec![0; capacity],
            start: 0,
            end: 0,
            offset: 0,
            input_ended: false,
            at_boundary: false,
            over: false,
            failure: None,
        }
    }

    /// Reads more input behind what is left; true if some came.
    fn refill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let room = self.buffer.len() - self.end;
        if room == 0 || self.input_ended {
            return Ok(false);
        }
        let len = self.input.read(&mut self.buffer[self.end..])?;
        self.end += len;
        self.input_ended = len == 0;
        Ok(len > 0)
    }

    fn skip(&mut self, len: usize) {
        self.start += len;
        self.offset += len as u64;
    }

    fn fail(&mut self, failure: io::Error) {
        self.over = true;
        self.failure = Some(failure);
    }

    /// After the end of a member: skips zero padding, then starts the next member or ends.
    fn cross_boundary(&mut self) -> io::Result<()> {
        let zeros = self.buffer[self.start..self.end].iter().take_while(|b| **b == 0).count();
        self.skip(zeros);
        match self.buffer[self.start..self.end].first() {
            Some(byte) if self.steps.start(*byte) => self.at_boundary = false,
            Some(_) => self.fail(damaged(self.offset, "bytes that are no compressed stream follow the end of one")),
            None => {
                self.refill()?;
                self.over = self.start == self.end && self.input_ended;
            }
        }
        Ok(())
    }
}

impl<R: Read, S: Steps> Read for Stream<R, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.over && !out.is_empty() {
            if self.at_boundary {
                self.cross_boundary()?;
                continue;
            }
            if self.start == self.end {
                self.refill()?;
            }
            let step = self.steps.step(&self.buffer[self.start..self.end], out, self.input_ended);
            self.skip(step.read);
            match step.then {
                Then::On if step.read == 0 && step.written == 0 => {
                    if !self.refill()? {
                        self.fail(match self.input_ended {
                            true => cut(self.offset, "the compressed stream is cut"),
                            false => damaged(self.offset, "the compressed stream does not go on"),
                        });
                    }
                }
                Then::On => {}
                Then::Boundary => self.at_boundary = true,
                Then::Damaged(what) => self.fail(damaged(self.offset, what)),
                Then::TooLarge => self.fail(LimitReached::Memory(XZ_MEMORY_BYTES).into()),
            }
            if step.written > 0 {
                return Ok(step.written);
            }
        }
        self.failure.take().map_or(Ok(0), Err)
    }
}

/// gzip (RFC 1952); zlib checks header, CRC-32 and length.
pub(super) struct Gzip(flate2::Decompress);

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip(flate2::Decompress::new_gzip(15))
    }
}

impl Steps for Gzip {
    fn step(&mut self, input: &[u8], out: &mut [u8], _last: bool) -> Step {
        let (total_in, total_out) = (self.0.total_in(), self.0.total_out());
        let result = self.0.decompress(input, out, flate2::FlushDecompress::None);
        Step {
            read: (self.0.total_in() - total_in) as usize,
            written: (self.0.total_out() - total_out) as usize,
            then: match result {
                Ok(flate2::Status::Ok | flate2::Status::BufError) => Then::On,
                Ok(flate2::Status::StreamEnd) => Then::Boundary,
                Err(_) => Then::Damaged("damaged gzip data"),
            },
        }
    }

    fn start(&mut self, byte: u8) -> bool {
        *self = Gzip::new();
        byte == 0x1f
    }
}

/// xz.
pub(super) struct Xz(liblzma::stream::Stream);

impl Xz {
    pub(super) fn new() -> io::Result<Xz> {
        Ok(Xz(liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0)?))
    }
}

impl Steps for Xz {
    fn step(&mut self, input: &[u8], out: &mut [u8], last: bool) -> Step {
        use liblzma::stream::{Action, Error, Status};
        let (total_in, total_out) = (self.0.total_in(), self.0.total_out());
        let action = if last { Action::Finish } else { Action::Run };
        let result = self.0.process(input, out, action);
        Step {
            read: (self.0.total_in() - total_in) as usize,
            written: (self.0.total_out() - total_out) as usize,
            then: match result {
                Ok(Status::StreamEnd) => Then::Boundary,
                Ok(_) => Then::On,
                Err(Error::Mem | Error::MemLimit) => Then::TooLarge,
                Err(_) => Then::Damaged("damaged xz data"),
            },
        }
    }

    fn start(&mut self, byte: u8) -> bool {
        match Xz::new() {
            Ok(fresh) => {
                *self = fresh;
                byte == 0xfd
            }
            Err(_) => false,
        }
    }
}

/// Zstandard (RFC 8878). Input is fed as the decoder asks for it, one block or one header of a block a step, since what it
/// has decoded in a step that fails is lost.
pub(super) struct Zstd {
    decoder: ZstdDecoder<'static>,
    wants: usize,
    /// The last step filled what it was given: more may be decoded already.
    holds: bool,
}

impl Zstd {
    pub(super) fn new() -> io::Result<Zstd> {
        Ok(Zstd { decoder: ZstdDecoder::new()?, wants: Zstd::FIRST, holds: false })
    }

    /// Enough for the start of a frame header (ZSTD_FRAMEHEADERSIZE_MIN).
    const FIRST: usize = 5;
    /// RFC 8878 §3.1.1.2.
    const BLOCK_HEADER: usize = 3;
}

impl Steps for Zstd {
    fn step(&mut self, input: &[u8], out: &mut [u8], _last: bool) -> Step {
        let room = out.len();
        let mut into = OutBuffer::around(out);
        if std::mem::take(&mut self.holds) {
            // Without input, for a failure behind it would take it along.
            let result = self.decoder.run(&mut InBuffer::around(&[]), &mut into);
            if result.is_ok() && into.pos() > 0 {
                self.holds = into.pos() == room;
                return Step { read: 0, written: into.pos(), then: Then::On };
            }
        }
        // Behind a block it asks for the header of the next as well, which may be what fails.
        let most = if self.wants > Zstd::BLOCK_HEADER { self.wants - Zstd::BLOCK_HEADER } else { self.wants };
        let mut from = InBuffer::around(&input[..input.len().min(most)]);
        let result = self.decoder.run(&mut from, &mut into);
        self.holds = into.pos() == room;
        let then = match result {
            Ok(0) => Then::Boundary,
            Ok(wants) => {
                self.wants = wants;
                Then::On
            }
            Err(error) if error.to_string().contains("too much memory") => Then::TooLarge,
            Err(_) => Then::Damaged("damaged zstd data"),
        };
        Step { read: from.pos(), written: into.pos(), then }
    }

    fn start(&mut self, byte: u8) -> bool {
        (self.wants, self.holds) = (Zstd::FIRST, false);
        matches!(byte, 0x28 | 0x50..=0x5f)
    }
}
