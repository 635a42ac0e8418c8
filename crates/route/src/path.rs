//! AS paths: borrowed from the wire, owned as values, and their text form.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Asn, push_decimal};

/// AS_PATH segment type (RFC 4271 §4.3, RFC 5065 §3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SegmentKind {
    /// AS_SET: unordered, shown `{64500,64501}`. Deprecated by RFC 9774.
    Set,
    /// AS_SEQUENCE: ordered, shown `64500 64501`.
    Sequence,
    /// AS_CONFED_SEQUENCE, shown `(64512 64513)`.
    ConfedSequence,
    /// AS_CONFED_SET, shown `[64512,64513]`.
    ConfedSet,
}

impl SegmentKind {
    /// From the wire code.
    #[inline]
    pub fn from_code(code: u8) -> Option<SegmentKind> {
        match code {
            1 => Some(SegmentKind::Set),
            2 => Some(SegmentKind::Sequence),
            3 => Some(SegmentKind::ConfedSequence),
            4 => Some(SegmentKind::ConfedSet),
            _ => None,
        }
    }

    /// The wire code.
    pub fn code(self) -> u8 {
        match self {
            SegmentKind::Set => 1,
            SegmentKind::Sequence => 2,
            SegmentKind::ConfedSequence => 3,
            SegmentKind::ConfedSet => 4,
        }
    }

    fn brackets(self) -> (&'static str, u8, &'static str) {
        match self {
            SegmentKind::Set => ("{", b',', "}"),
            SegmentKind::Sequence => ("", b' ', ""),
            SegmentKind::ConfedSequence => ("(", b' ', ")"),
            SegmentKind::ConfedSet => ("[", b',', "]"),
        }
    }
}

/// An AS_PATH as the wire holds it: segments of `type, count, count × 4-byte ASN`, already checked, never malformed. Paths of
/// two-byte speakers have been widened and merged with AS4_PATH (RFC 6793 §4.2.3) before they get this type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PathRef<'a>(&'a [u8]);

/// One segment of a [`PathRef`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentRef<'a> {
    /// Segment type.
    pub kind: SegmentKind,
    asns: &'a [u8],
}

impl<'a> SegmentRef<'a> {
    /// The ASNs in order.
    #[inline]
    pub fn asns(self) -> impl DoubleEndedIterator<Item = Asn> + ExactSizeIterator + 'a {
        self.asns.chunks_exact(4).map(|b| Asn(u32::from_be_bytes([b[0], b[1], b[2], b[3]])))
    }
}

impl<'a> PathRef<'a> {
    /// Checks the framing of a four-byte AS_PATH value. `None` if a segment type is unknown or a count overruns the bytes.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Option<PathRef<'a>> {
        let mut rest = bytes;
        while let [code, count, tail @ ..] = rest {
            SegmentKind::from_code(*code)?;
            rest = tail.get(usize::from(*count) * 4..)?;
        }
        rest.is_empty().then_some(PathRef(bytes))
    }

    /// The checked bytes; equal paths have equal bytes.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The segments in order.
    #[inline]
    pub fn segments(self) -> impl Iterator<Item = SegmentRef<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let [code, count, tail @ ..] = rest else { return None };
            let (asns, after) = tail.split_at_checked(usize::from(*count) * 4)?;
            rest = after;
            Some(SegmentRef { kind: SegmentKind::from_code(*code)?, asns })
        })
    }

    /// The origin AS: the last ASN of a closing sequence, or the member of a closing one-element set. `None` for an empty
    /// path, a larger set, or a path that ends in a confederation segment (methods §1.2).
    pub fn origin(self) -> Option<Asn> {
        let last = self.segments().filter(|s| s.asns().len() > 0).last()?;
        match last.kind {
            SegmentKind::Sequence => last.asns().next_back(),
            SegmentKind::Set if last.asns().len() == 1 => last.asns().next(),
            _ => None,
        }
    }

    /// The AS next to the origin, however often either is repeated. `None` where the path does not tell: it has one network, or
    /// ends in a set or a confederation segment, or one stands between the two.
    pub fn upstream(self) -> Option<Asn> {
        let (mut before, mut last) = (None, None);
        for segment in self.segments() {
            for asn in segment.asns() {
                match segment.kind {
                    SegmentKind::Sequence if last == Some(asn) => {}
                    SegmentKind::Sequence => (before, last) = (last, Some(asn)),
                    _ => (before, last) = (None, None),
                }
            }
        }
        before
    }

    /// An owned copy.
    pub fn to_path(self) -> AsPath {
        AsPath { segments: self.segments().map(|s| PathSegment { kind: s.kind, asns: s.asns().collect() }).collect() }
    }

    /// Appends the text form of [`AsPath`] without building one.
    pub fn write_text(self, out: &mut Vec<u8>) {
        let start = out.len();
        for segment in self.segments() {
            let (open, between, close) = segment.kind.brackets();
            if out.len() > start {
                out.push(b' ');
            }
            out.extend_from_slice(open.as_bytes());
            for (i, asn) in segment.asns().enumerate() {
                if i > 0 {
                    out.push(between);
                }
                push_decimal(out, asn.0);
            }
            out.extend_from_slice(close.as_bytes());
        }
    }
}

/// An owned AS path. Text form: `64500 64501 {64502,64503}`, confederations as `(…)` and `[…]`; it reads back as written
/// except that neighbouring sequences merge, and segments without ASNs are left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct AsPath {
    /// Segments, nearest AS first.
    pub segments: Vec<PathSegment>,
}

/// One segment of an [`AsPath`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PathSegment {
    /// Segment type.
    pub kind: SegmentKind,
    /// ASNs in order.
    pub asns: Vec<Asn>,
}

/// Why a text is not a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathError(pub String);

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an AS path (write 64500 64501 {{64502,64503}})", self.0)
    }
}

impl std::error::Error for PathError {}

impl AsPath {
    /// A path of one sequence.
    pub fn sequence(asns: impl IntoIterator<Item = u32>) -> AsPath {
        let asns: Vec<Asn> = asns.into_iter().map(Asn).collect();
        AsPath { segments: vec![PathSegment { kind: SegmentKind::Sequence, asns }] }
    }

    /// The four-byte wire form; segments of more than 255 ASNs are split, empty ones left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for segment in &self.segments {
            for chunk in segment.asns.chunks(255) {
                out.extend([segment.kind.code(), chunk.len() as u8]);
                out.extend(chunk.iter().flat_map(|a| a.0.to_be_bytes()));
            }
        }
        out
    }
}

impl fmt::Display for AsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.segments.iter().enumerate() {
            let (open, between, close) = segment.kind.brackets();
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(open)?;
            for (j, asn) in segment.asns.iter().enumerate() {
                if j > 0 {
                    f.write_char(char::from(between))?;
                }
                write!(f, "{}", asn.0)?;
            }
            f.write_str(close)?;
        }
        Ok(())
    }
}

impl FromStr for AsPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let err = || PathError(text.to_owned());
        let mut segments: Vec<PathSegment> = Vec::new();
        let mut rest = text.trim();
        while let Some(first) = rest.chars().next() {
            let bracketed = match first {
                '{' => Some((SegmentKind::Set, '}')),
                '(' => Some((SegmentKind::ConfedSequence, ')')),
                '[' => Some((SegmentKind::ConfedSet, ']')),
                _ => None,
            };
            let (kind, body, tail) = match bracketed {
                Some((kind, close)) => {
                    let end = rest.find(close).ok_or_else(err)?;
                    (kind, &rest[1..end], &rest[end + 1..])
                }
                None => {
                    let end = rest.find(['{', '(', '[']).unwrap_or(rest.len());
                    (SegmentKind::Sequence, &rest[..end], &rest[end..])
                }
            };
            let asns = body
                .split([' ', ','])
                .filter(|w| !w.is_empty())
                .map(|w| w.parse::<u32>().map(Asn).map_err(|_| err()))
                .collect::<Result<Vec<_>, _>>()?;
            if !asns.is_empty() {
                segments.push(PathSegment { kind, asns });
            }
            rest = tail.trim_start();
        }
        Ok(AsPath { segments })
    }
}

impl Serialize for AsPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn origin(text: &str) -> Option<Asn> {
        let path: AsPath = text.parse().unwrap();
        let bytes = path.to_bytes();
        PathRef::new(&bytes).unwrap().origin()
    }

    #[test]
    fn origin_follows_the_rules_for_sets() {
        assert_eq!(origin("64500 64501 64510"), Some(Asn(64510)));
        assert_eq!(origin("64500 {64510}"), Some(Asn(64510)));
        assert_eq!(origin("64500 {64510,64511}"), None);
        assert_eq!(origin("64500 (64512 64513)"), None);
        assert_eq!(origin(""), None);
    }

    #[test]
    fn the_upstream_is_the_next_other_network() {
        let upstream = |text: &str| {
            let bytes = text.parse::<AsPath>().unwrap().to_bytes();
            PathRef::new(&bytes).unwrap().upstream()
        };
        for text in
            ["64500 64501 64510", "64500 64501 64501 64510 64510", "{64502,64503} 64501 64510", "(64512) 64501 64510"]
        {
            assert_eq!(upstream(text), Some(Asn(64501)), "{text}");
        }
        for text in
            ["", "64510", "64510 64510", "64501 {64510}", "64501 {64510,64511}", "64501 {64502} 64510", "64501 (64510)"]
        {
            assert_eq!(upstream(text), None, "{text}");
        }
        // A sequence longer than a segment goes on in the next; segments without networks do not part it.
        let split = [2, 1, 0, 0, 0xfb, 0xf5, 1, 0, 2, 1, 0, 0, 0xfb, 0xfe];
        assert_eq!(PathRef::new(&split).unwrap().upstream(), Some(Asn(64501)));
    }

    #[test]
    fn brackets_around_nothing_are_no_segment() {
        for (text, path) in [("() 64500 [64501]", "64500 [64501]"), ("64500 {}", "64500"), ("{}", "")] {
            assert_eq!(text.parse::<AsPath>().unwrap().to_string(), path);
        }
    }

    #[test]
    fn framing_is_checked() {
        assert!(PathRef::new(&[2, 1, 0, 0, 0, 1]).is_some());
        assert!(PathRef::new(&[]).is_some());
        for bad in [&[2][..], &[2, 1, 0, 0, 0], &[9, 0], &[2, 1, 0, 0, 0, 1, 2], &[0, 0]] {
            assert!(PathRef::new(bad).is_none(), "{bad:?}");
        }
    }

    fn any_path() -> impl Strategy<Value = AsPath> {
        let segment = (1u8..=4, prop::collection::vec(any::<u32>().prop_map(Asn), 1..6))
            .prop_map(|(code, asns)| PathSegment { kind: SegmentKind::from_code(code).unwrap(), asns });
        prop::collection::vec(segment, 0..4).prop_map(|mut segments: Vec<PathSegment>| {
            segments.dedup_by(|b, a| {
                let merge = a.kind == SegmentKind::Sequence && b.kind == SegmentKind::Sequence;
                if merge {
                    a.asns.append(&mut b.asns);
                }
                merge
            });
            AsPath { segments }
        })
    }

    proptest! {
        #[test]
        fn bytes_and_text_round_trip(path in any_path()) {
            let bytes = path.to_bytes();
            let borrowed = PathRef::new(&bytes).unwrap();
            prop_assert_eq!(&borrowed.to_path(), &path);
            let mut text = Vec::new();
            borrowed.write_text(&mut text);
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(&text, &path.to_string());
            prop_assert_eq!(text.parse::<AsPath>().unwrap(), path);
        }

        #[test]
        fn any_bytes_are_refused_or_walked(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(path) = PathRef::new(&bytes) {
                let walked: usize = path.segments().map(|s| 2 + 4 * s.asns().len()).sum();
                prop_assert_eq!(walked, bytes.len());
            }
        }
    }
}
