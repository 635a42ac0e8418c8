//! From record to record, and on behind damage.

use std::io::BufRead;

use headwater_route::{FaultKind, Time};

use super::decode::{After, Decoder};
use super::header::{HEADER_BYTES, Header, kind, resume_at};
use super::stream::Stream;
use super::{Interest, Options, Record, Sink, Summary};

/// How far behind a place the record after the next is looked for, where it is in doubt whether a record starts there.
const LOOKAHEAD_BYTES: usize = 512 << 10;

/// Reads MRT records to the end of `reader`, whose buffer they are decoded in: one of tens of kilobytes or more spares copies.
///
/// A read error is a fault ([`crate::codec::fault_of`]); after damaged bzip2 blocks reading goes on at the next record. A
/// header that makes no sense is one `bad_framing` fault, and reading goes on at the next place where two records follow
/// each other.
pub fn read<R: BufRead + ?Sized, S: Sink + ?Sized>(reader: &mut R, options: &Options, sink: &mut S) -> Summary {
    let mut decoder = Decoder::new(&options.filter, sink);
    let mut stream = Stream::new(reader);
    while next_record(&mut stream, options.max_record_bytes, &mut decoder) {}
    decoder.summary.bytes = stream.offset();
    decoder.summary
}

/// Reads one record, or passes over what is none; false at the end.
fn next_record<R, S>(stream: &mut Stream<'_, R>, max: u32, decoder: &mut Decoder<'_, S>) -> bool
where
    R: BufRead + ?Sized,
    S: Sink + ?Sized,
{
    stream.fill(HEADER_BYTES);
    let Some(header) = Header::parse(stream.bytes()) else {
        if stream.len() > 0 && !stream.holed() {
            cut(stream, decoder, format!("the stream ends {} bytes into a record header", stream.len()));
        }
        return cross_hole(stream, max, decoder);
    };
    let len = header.len as usize;
    let whole = HEADER_BYTES + len;
    if !header.is_plausible(max) {
        if header.len <= max && header.is_of_age() {
            // A type nobody assigned yet is passed over where a record that is known follows.
            stream.fill(whole + HEADER_BYTES);
            if record_follows(stream, whole, max) && stream.len() >= whole {
                return take(stream, &header, decoder).is_some_and(|_| {
                    stream.skip(whole);
                    true
                });
            }
        }
        let (kind, detail) = match header.is_known() {
            true => (FaultKind::OversizedRecord, format!("a record of {} bytes, more than {max}", header.len)),
            false => (FaultKind::BadFraming, format!("no record starts here: {header}")),
        };
        lose(stream, decoder, kind, detail);
        return resume(stream, 1, max);
    }
    stream.fill(whole + HEADER_BYTES);
    if stream.len() < whole {
        return cut_record(stream, &header, max, decoder);
    }
    let after = match take(stream, &header, decoder) {
        Some(after) => after,
        None => return false,
    };
    let whole = whole + after.extra;
    if !after.clean {
        stream.fill(whole + HEADER_BYTES);
    }
    if !after.clean && !record_follows(stream, whole, max) {
        // The length was wrong, not only the body: the records behind the header are looked for inside.
        lose(stream, decoder, FaultKind::BadFraming, format!("no record follows this one of {len} bytes"));
        return resume(stream, 1, max);
    }
    stream.skip(whole);
    true
}

/// True if a record starts `whole` bytes on, or the stream ends there.
fn record_follows<R: BufRead + ?Sized>(stream: &mut Stream<'_, R>, whole: usize, max: u32) -> bool {
    match stream.bytes().get(whole..).and_then(Header::parse) {
        Some(next) => next.is_plausible(max),
        None => stream.broken_off(),
    }
}

/// Decodes the record at the front of the stream, as far as it is there. `None`: the sink wants to stop.
fn take<R, S>(stream: &mut Stream<'_, R>, header: &Header, decoder: &mut Decoder<'_, S>) -> Option<After>
where
    R: BufRead + ?Sized,
    S: Sink + ?Sized,
{
    let offset = stream.offset();
    let ahead = stream.bytes().get(HEADER_BYTES..).unwrap_or_default();
    let time = header.time_with_micros(ahead);
    let Header { kind, subtype, len, .. } = *header;
    decoder.record = Record { offset, time, kind, subtype, len };
    let summary = &mut decoder.summary;
    summary.records += 1;
    summary.first = Some(summary.first.map_or(time, |first: Time| first.min(time)));
    summary.last = Some(summary.last.map_or(time, |last: Time| last.max(time)));
    let is_peer_table = kind == kind::TABLE_DUMP_V2 && matches!(subtype, 1 | 7);
    match decoder.sink.record(&decoder.record) {
        Interest::Skip if !is_peer_table => Some(decoder.pass(len as usize, ahead)),
        Interest::Stop => {
            decoder.summary.whole = false;
            None
        }
        _ => Some(decoder.decode(len as usize, ahead)),
    }
}

/// A record that is not there to its end: at a wrong length reading goes on inside it, else what is certain of it is kept.
fn cut_record<R, S>(stream: &mut Stream<'_, R>, header: &Header, max: u32, decoder: &mut Decoder<'_, S>) -> bool
where
    R: BufRead + ?Sized,
    S: Sink + ?Sized,
{
    let there = stream.len();
    let at_end = !stream.holed();
    if let Some(at) = resume_at(stream.bytes(), 1, there, max, at_end) {
        lose(
            stream,
            decoder,
            FaultKind::BadFraming,
            format!("the stream ends inside a record of {} bytes", header.len),
        );
        stream.skip(at);
        return true;
    }
    if take(stream, header, decoder).is_none() {
        return false;
    }
    if !stream.holed() {
        let body = there - HEADER_BYTES;
        cut(stream, decoder, format!("the stream ends {body} bytes into a record of {}", header.len));
    }
    cross_hole(stream, max, decoder)
}

/// Goes on behind what is missing, if the stream does.
fn cross_hole<R, S>(stream: &mut Stream<'_, R>, max: u32, decoder: &mut Decoder<'_, S>) -> bool
where
    R: BufRead + ?Sized,
    S: Sink + ?Sized,
{
    let (fault, goes_on) = stream.cross_hole();
    if let Some(fault) = fault {
        decoder.summary.whole = false;
        decoder.fault_at(fault.offset, fault.kind, fault.detail);
    }
    goes_on && resume(stream, 0, max)
}

/// Passes over at least `skip` bytes and on to the next place where a record starts; false if there is none before the
/// stream ends or breaks off.
fn resume<R: BufRead + ?Sized>(stream: &mut Stream<'_, R>, skip: usize, max: u32) -> bool {
    stream.skip(skip);
    loop {
        stream.fill_window();
        let len = stream.len();
        // Behind this place too little has been read to tell; there is more, or the stream has ended.
        let until = if stream.broken_off() { len } else { len.saturating_sub(LOOKAHEAD_BYTES) };
        let at_end = stream.broken_off() && !stream.holed();
        match resume_at(stream.bytes(), 0, until, max, at_end) {
            Some(at) => {
                stream.skip(at);
                return true;
            }
            None => stream.skip(until),
        }
        if stream.broken_off() {
            // What is left, if anything, is told by whoever reads on.
            return true;
        }
    }
}

fn lose<R, S>(stream: &Stream<'_, R>, decoder: &mut Decoder<'_, S>, kind: FaultKind, detail: String)
where
    R: BufRead + ?Sized,
    S: Sink + ?Sized,
{
    decoder.summary.whole = false;
    decoder.fault_at(stream.offset(), kind, detail);
}

fn cut<R, S>(stream: &Stream<'_, R>, decoder: &mut Decoder<'_, S>, detail: String)
where
    R: BufRead + ?Sized,
    S: Sink + ?Sized,
{
    lose(stream, decoder, FaultKind::CutStream, detail);
}
