//! Paths of two-byte speakers: widened, and merged with AS4_PATH (RFC 6793 §4.2.3).

use headwater_route::{Asn, PathRef, SegmentKind};

use super::bytes::Bytes;

/// Checks a path of `width`-byte ASNs: known segment types, no empty segment, no overrun (RFC 7606 §7.2).
#[inline]
pub(super) fn is_well_formed(bytes: &[u8], width: usize) -> bool {
    let mut rest = bytes;
    while let [1..=4, count, tail @ ..] = rest {
        match tail.get(usize::from(*count) * width..) {
            Some(after) if *count > 0 => rest = after,
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Checks a four-byte path as [`is_well_formed`] does; the flag tells of AS_TRANS in it, a number that was not resolved.
#[inline]
pub(super) fn check(bytes: &[u8]) -> Option<(PathRef<'_>, bool)> {
    const TRANS: [u8; 4] = Asn::TRANS.0.to_be_bytes();
    let path = PathRef::new(bytes)?;
    let mut as_trans = false;
    let mut rest = bytes;
    while let [_, count, tail @ ..] = rest {
        let (asns, after) = tail.split_at_checked(usize::from(*count) * 4)?;
        if asns.is_empty() {
            return None;
        }
        as_trans |= asns.as_chunks::<4>().0.contains(&TRANS);
        rest = after;
    }
    Some((path, as_trans))
}

/// Segments of a well-formed path of two-byte ASNs.
fn narrow_segments(bytes: &[u8]) -> impl Iterator<Item = (SegmentKind, &[u8])> {
    let mut rest = Bytes(bytes);
    std::iter::from_fn(move || {
        let kind = SegmentKind::from_code(rest.u8()?)?;
        let count = rest.u8()?;
        Some((kind, rest.take(usize::from(count) * 2)?))
    })
}

/// How much a segment counts in the length of a path (RFC 4271 §9.1.2.2, RFC 5065 §5.3).
fn weight(kind: SegmentKind, count: usize) -> usize {
    match kind {
        SegmentKind::Sequence => count,
        SegmentKind::Set => 1,
        SegmentKind::ConfedSequence | SegmentKind::ConfedSet => 0,
    }
}

/// Writes a well-formed two-byte path in four-byte form to `out`. Where an AS4_PATH comes with it that is well-formed and
/// not longer, its ASNs take the place of as many at the end of the path; what stands before them, confederation segments
/// included, stays.
pub(super) fn widen(two: &[u8], four: Option<&[u8]>, out: &mut Vec<u8>) {
    out.clear();
    let total: usize = narrow_segments(two).map(|(kind, asns)| weight(kind, asns.len() / 2)).sum();
    let known: Option<PathRef<'_>> = four.filter(|four| is_well_formed(four, 4)).and_then(PathRef::new);
    let replaced = known.map(|path| path.segments().map(|s| weight(s.kind, s.asns().len())).sum::<usize>());
    let (Some(known), Some(replaced)) = (known, replaced.filter(|count| *count > 0 && *count <= total)) else {
        for (kind, asns) in narrow_segments(two) {
            push_segment(out, kind, narrow_asns(asns));
        }
        return;
    };
    let mut kept = total - replaced;
    let mut open = None;
    for (kind, asns) in narrow_segments(two) {
        let weight = weight(kind, asns.len() / 2);
        if weight > kept && kind != SegmentKind::Sequence || weight > 0 && kept == 0 {
            break;
        }
        let taken = if weight > kept { &asns[..kept * 2] } else { asns };
        kept -= weight.min(kept);
        open = (kind == SegmentKind::Sequence).then_some(out.len());
        push_segment(out, kind, narrow_asns(taken));
    }
    // RFC 6793 §6: confederation segments have no place in AS4_PATH.
    let known = known.segments().filter(|s| matches!(s.kind, SegmentKind::Sequence | SegmentKind::Set));
    for segment in known {
        let count = segment.asns().len();
        match open.take() {
            // One sequence, so that equal paths have equal bytes however they came.
            Some(at) if segment.kind == SegmentKind::Sequence && usize::from(out[at + 1]) + count <= 255 => {
                out[at + 1] += count as u8;
                out.extend(segment.asns().flat_map(|asn| asn.0.to_be_bytes()));
            }
            _ => push_segment(out, segment.kind, segment.asns()),
        }
    }
}

fn narrow_asns(asns: &[u8]) -> impl ExactSizeIterator<Item = Asn> + '_ {
    asns.chunks_exact(2).map(|pair| Asn(u32::from(u16::from_be_bytes([pair[0], pair[1]]))))
}

/// `asns` are at most 255: they come from one segment.
fn push_segment(out: &mut Vec<u8>, kind: SegmentKind, asns: impl ExactSizeIterator<Item = Asn>) {
    out.extend([kind.code(), asns.len() as u8]);
    for asn in asns {
        out.extend(asn.0.to_be_bytes());
    }
}
