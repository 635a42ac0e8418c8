//! What stands at a place of a source: its bytes read again, checked against its sha256, and decoded.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use headwater_route::{Fault, Kind, Observation, Session, SessionId, Source};
use headwater_wire::{codec, mrt};
use serde::Serialize;

use crate::config::Limits;

/// Observations of one record that are shown.
const OBSERVATIONS: usize = 20;

/// A place asked for.
pub struct Place<'a> {
    /// Offset in the decompressed stream; `None` for the source as a whole.
    pub offset: Option<u64>,
    /// What the evidence says, which names the vantage where one is meant.
    pub says: &'a str,
}

/// What stands there.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "found")]
pub enum Passage {
    /// A line, or the object that a JSON file has there. Hostile text.
    Line {
        /// Its text.
        line: String,
        /// It is longer than the limit.
        cut: bool,
    },
    /// An MRT record.
    Record {
        /// Its time.
        time: headwater_route::Time,
        /// Type and subtype.
        kind: String,
        /// Length with its header.
        bytes: u64,
        /// What it says, one observation each, as `bgpdump -m` writes them.
        observations: Vec<String>,
        /// Observations beyond these.
        others: usize,
        /// Its first bytes.
        hex: String,
    },
    /// The source was read to its end and is the one cited.
    Whole,
    /// It cannot be shown.
    Missing {
        /// Why.
        why: String,
    },
}

/// Reads `places` of one source. The answer has one passage for each, in order.
pub fn passages(source: &Source, places: &[Place<'_>], limits: &Limits) -> Vec<Passage> {
    let found = with_stream(source, limits, &mut |stream| match source.kind {
        Kind::Mrt => records(stream, places, limits),
        kind => lines(stream, places, kind, limits),
    });
    match found {
        Ok(found) => found,
        Err(why) => places.iter().map(|_| Passage::Missing { why: why.clone() }).collect(),
    }
}

/// Opens a source, or the member of its archive, checks the sha256 of all of it, and hands its decompressed stream to `read`.
fn with_stream<T>(
    source: &Source,
    limits: &Limits,
    read: &mut dyn FnMut(&mut dyn Read) -> io::Result<T>,
) -> Result<T, String> {
    let gone =
        |path: &str, e: io::Error| format!("{path}: {e}; put the file with this sha256 back there to have it shown");
    if source.path == "-" {
        return Err("it was read from standard input, which is not kept".to_owned());
    }
    let member = source.archive_sha256.as_ref().and_then(|_| Some(source.name.split_once('!')?.1.to_owned()));
    let Some(member) = member else {
        let hash = hash(&mut std::fs::File::open(&source.path).map_err(|e| gone(&source.path, e))?);
        check(&hash.map_err(|e| gone(&source.path, e))?, source)?;
        let file = std::fs::File::open(&source.path).map_err(|e| gone(&source.path, e))?;
        let mut stream = codec::open(file, limits.codec()).map_err(|e| gone(&source.path, e))?;
        return read(&mut stream).map_err(|e| format!("{}: {e}", source.path));
    };
    let archive = source.path.strip_suffix(&format!("!{member}")).unwrap_or(&source.path);
    let file = std::fs::File::open(Path::new(archive)).map_err(|e| gone(archive, e))?;
    let mut stream = codec::open(file, limits.codec()).map_err(|e| gone(archive, e))?;
    let mut found: Option<Result<Vec<u8>, io::Error>> = None;
    codec::members(
        &mut stream,
        limits.member_bytes,
        &mut |here, bytes| {
            if found.is_none() && here.name == member {
                let mut kept = Vec::new();
                found = Some(bytes.read_to_end(&mut kept).map(|_| kept));
            }
        },
        // Damage elsewhere in the archive was told when it was read; the member is checked by its own sha256.
        &mut |_| {},
    );
    let kept = match found {
        Some(Ok(kept)) => kept,
        Some(Err(e)) => return Err(format!("{archive}: {e}")),
        None => return Err(format!("{archive} no longer holds {member}")),
    };
    check(&hash(&mut kept.as_slice()).map_err(|e| e.to_string())?, source)?;
    let mut stream = codec::open(io::Cursor::new(kept), limits.codec()).map_err(|e| e.to_string())?;
    read(&mut stream).map_err(|e| e.to_string())
}

fn hash(input: &mut dyn Read) -> io::Result<String> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => hash.update(&buffer[..len]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

fn check(sha256: &str, source: &Source) -> Result<(), String> {
    if sha256 == source.sha256 {
        return Ok(());
    }
    Err(format!("{} has sha256 {sha256} now: it is not the source that was read", source.path))
}

/// Places sorted by offset, with their index in the question.
fn in_order(places: &[Place<'_>]) -> Vec<(u64, usize)> {
    let mut order: Vec<(u64, usize)> =
        places.iter().enumerate().filter_map(|(i, place)| Some((place.offset?, i))).collect();
    order.sort_unstable();
    order
}

fn lines(stream: &mut dyn Read, places: &[Place<'_>], kind: Kind, limits: &Limits) -> io::Result<Vec<Passage>> {
    let mut out: Vec<Passage> = places.iter().map(|_| Passage::Whole).collect();
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    let mut at = 0;
    // The line read last: several places may share it.
    let mut last: Option<(u64, Passage)> = None;
    for (offset, index) in in_order(places) {
        if let Some((_, passage)) = last.as_ref().filter(|(shown, _)| *shown == offset) {
            out[index] = passage.clone();
            continue;
        }
        skip(&mut reader, offset.saturating_sub(at))?;
        let (text, cut, read) = line(&mut reader, limits.explain_bytes)?;
        at = offset.max(at) + read;
        let passage = match (offset, text.is_empty()) {
            (_, true) => Passage::Missing { why: "the source ends before this offset".to_owned() },
            _ => {
                let text = String::from_utf8_lossy(&text).trim_end().to_owned();
                let (line, cut) =
                    if kind == Kind::Rpki || text.starts_with(['{', '"']) { item(&text, cut) } else { (text, cut) };
                Passage::Line { line, cut }
            }
        };
        out[index] = passage.clone();
        last = Some((offset, passage));
    }
    Ok(out)
}

fn skip(reader: &mut dyn BufRead, mut bytes: u64) -> io::Result<()> {
    while bytes > 0 {
        let have = match reader.fill_buf() {
            Ok(have) => have.len(),
            // A damaged block was told when the source was read; what follows it stands where it stood then.
            Err(e) if matches!(e.kind(), io::ErrorKind::Interrupted | io::ErrorKind::InvalidData) => continue,
            Err(e) => return Err(e),
        };
        if have == 0 {
            return Ok(());
        }
        let step = usize::try_from(bytes).unwrap_or(usize::MAX).min(have);
        reader.consume(step);
        bytes -= step as u64;
    }
    Ok(())
}

/// The rest of a line up to `most` bytes: (bytes, longer than that, bytes read).
fn line(reader: &mut dyn BufRead, most: usize) -> io::Result<(Vec<u8>, bool, u64)> {
    let mut text = Vec::new();
    let read = reader.take(most as u64).read_until(b'\n', &mut text)? as u64;
    let cut = !text.ends_with(b"\n") && text.len() == most;
    Ok((text, cut, read))
}

/// The first JSON object or member of a text: a file may be one long line.
fn item(text: &str, cut: bool) -> (String, bool) {
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => depth += 1,
            '}' | ']' if depth <= 1 => {
                return (text[..i + usize::from(depth == 1)].to_owned(), false);
            }
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => return (text[..i].to_owned(), false),
            _ => {}
        }
    }
    (text.to_owned(), cut)
}

fn records(stream: &mut dyn Read, places: &[Place<'_>], limits: &Limits) -> io::Result<Vec<Passage>> {
    let order = in_order(places);
    let mut sink =
        Wanted { places, order: &order, next: 0, found: vec![None; places.len()], sessions: Vec::new(), record: None };
    // The peer table comes first and the records wanted may be far behind it; what lies between is passed over.
    let mut kept =
        Keeping { inner: stream, at: 0, wanted: order.iter().map(|(offset, _)| *offset).collect(), bytes: Vec::new() };
    let options = mrt::Options { max_record_bytes: limits.record_bytes, ..Default::default() };
    mrt::read(&mut BufReader::new(&mut kept), &options, &mut sink);
    let missing = || Passage::Missing { why: "no record that can be read stands at this offset".to_owned() };
    Ok(places
        .iter()
        .zip(sink.found)
        .map(|(place, found)| match (place.offset, found) {
            (None, _) => Passage::Whole,
            (Some(_), None) => missing(),
            (Some(offset), Some(mut found)) => {
                if let Passage::Record { hex, bytes, .. } = &mut found {
                    *hex = kept.hex(offset, *bytes);
                }
                found
            }
        })
        .collect())
}

/// Bytes of each record kept for showing.
const HEX_BYTES: usize = 64;

/// Passes a stream on and keeps the first bytes at each wanted offset.
struct Keeping<'a> {
    inner: &'a mut dyn Read,
    at: u64,
    wanted: Vec<u64>,
    bytes: Vec<(u64, Vec<u8>)>,
}

impl Keeping<'_> {
    fn hex(&self, offset: u64, len: u64) -> String {
        let Some((_, bytes)) = self.bytes.iter().find(|(at, _)| *at == offset) else { return String::new() };
        let shown = &bytes[..bytes.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
        let hex: String = shown.iter().map(|b| format!("{b:02x}")).collect();
        if (shown.len() as u64) < len { format!("{hex}…") } else { hex }
    }
}

impl Read for Keeping<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        let end = self.at + len as u64;
        for &offset in &self.wanted {
            let until = offset + HEX_BYTES as u64;
            if offset < end && until > self.at {
                let from = offset.max(self.at) - self.at;
                let to = until.min(end) - self.at;
                let part = &out[from as usize..to as usize];
                match self.bytes.iter_mut().find(|(at, _)| *at == offset) {
                    Some((_, bytes)) => bytes.extend_from_slice(part),
                    None => self.bytes.push((offset, part.to_vec())),
                }
            }
        }
        self.wanted.retain(|offset| offset + HEX_BYTES as u64 > end);
        self.at = end;
        Ok(len)
    }
}

struct Wanted<'a> {
    places: &'a [Place<'a>],
    order: &'a [(u64, usize)],
    next: usize,
    found: Vec<Option<Passage>>,
    sessions: Vec<Session>,
    record: Option<mrt::Record>,
}

impl mrt::Sink for Wanted<'_> {
    fn record(&mut self, record: &mrt::Record) -> mrt::Interest {
        self.record = None;
        while self.order.get(self.next).is_some_and(|(offset, _)| *offset < record.offset) {
            self.next += 1;
        }
        match self.order.get(self.next) {
            None => mrt::Interest::Stop,
            Some((offset, _)) if *offset == record.offset => {
                self.record = Some(*record);
                for (_, index) in self.order[self.next..].iter().take_while(|(at, _)| at == offset) {
                    self.found[*index] = Some(Passage::Record {
                        time: record.time,
                        kind: format!("{}/{}", record.kind, record.subtype),
                        bytes: u64::from(record.len) + 12,
                        observations: Vec::new(),
                        others: 0,
                        hex: String::new(),
                    });
                }
                mrt::Interest::Decode
            }
            // A message may open a session or tell what the next one means; it is decoded, what it says is not kept.
            Some(_) if record.kind == 16 || record.kind == 17 => mrt::Interest::Decode,
            Some(_) => mrt::Interest::Skip,
        }
    }

    fn session(&mut self, id: SessionId, session: Session) {
        debug_assert_eq!(id.0 as usize, self.sessions.len());
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let Some(record) = self.record.filter(|r| r.offset == observation.offset) else { return };
        let Some(session) = self.sessions.get(observation.session.0 as usize) else { return };
        let named = format!("({}, {})", session.asn, session.addr);
        for (_, index) in self.order[self.next..].iter().take_while(|(at, _)| *at == record.offset) {
            if let Some(Passage::Record { observations, others, .. }) = &mut self.found[*index] {
                let says = self.places[*index].says;
                // Evidence names its vantage as `collector (AS64500, 192.0.2.1)`.
                let meant = !says.contains(" (AS") || says.contains(&named);
                if meant && observations.len() < OBSERVATIONS {
                    let mut line = Vec::new();
                    mrt::text::write_bgpdump_m(&mut line, &record, observation, session);
                    observations.push(String::from_utf8_lossy(&line).into_owned());
                } else {
                    *others += 1;
                }
            }
        }
    }

    fn fault(&mut self, _: Fault) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        crate::config::Config::defaults().limits
    }

    #[test]
    fn lines_stand_at_their_offsets() {
        let text = "first\nsecond\nthird";
        let place = |offset| Place { offset, says: "" };
        let places = [place(Some(6)), place(Some(0)), place(None), place(Some(13)), place(Some(99)), place(Some(6))];
        let found = lines(&mut text.as_bytes(), &places, Kind::AsRel1, &limits()).unwrap();
        let line = |text: &str| Passage::Line { line: text.into(), cut: false };
        assert_eq!(found[..4], [line("second"), line("first"), Passage::Whole, line("third")]);
        assert!(matches!(found[4], Passage::Missing { .. }));
        assert_eq!(found[5], line("second"));
    }

    #[test]
    fn of_one_long_json_line_the_object_is_shown() {
        let text = r#"{"roas":[{"asn":64500,"prefix":"192.0.2.0/24"},{"asn":64501}],"x":1}"#;
        assert_eq!(item(&text[9..], false), (r#"{"asn":64500,"prefix":"192.0.2.0/24"}"#.to_owned(), false));
        assert_eq!(item(r#""64500": "A \" , {B", "1": "x""#, false).0, r#""64500": "A \" , {B""#);
        assert_eq!(item("{\"a\": 1", true), ("{\"a\": 1".to_owned(), true));
    }
}
