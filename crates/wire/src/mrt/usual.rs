//! The attributes that nearly every entry of a table has, read without detours.
//!
//! Place on the way: tried before [`super::attributes`], which decides whatever is not as usual here. Must not know: faults.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use headwater_route::{Asn, Attributes, OriginCode, PathRef};

use super::attributes::{EXTENDED_LENGTH, code};

/// What [`read`] comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Usual {
    /// Everything stands in the attributes, and there is nothing to remark.
    Read,
    /// `wants_path` refused the path.
    Unwanted,
    /// Something is not as usual, right or wrong; the attributes hold nothing of use.
    No,
}

/// Reads the attributes of an entry, four-byte ASNs, into `attributes`, which are empty: those that keep to the order of their
/// codes, as nearly all writers do, with one segment as path. `wants_path` is asked of the path before the rest is looked at.
///
/// Each line looks for one attribute in its place: such branches the processor foresees, and the checks of a fixed length
/// are one comparison.
#[inline]
pub(super) fn read<'a>(
    bytes: &'a [u8],
    attributes: &mut Attributes<'a>,
    wants_path: impl FnOnce(PathRef<'_>) -> bool,
) -> Usual {
    let [flags, code::ORIGIN, 1, origin, rest @ ..] = bytes else { return Usual::No };
    // The flags of all that have a short length by their place here.
    let mut short = *flags;
    attributes.origin = match origin {
        0 => Some(OriginCode::Igp),
        1 => Some(OriginCode::Egp),
        2 => Some(OriginCode::Incomplete),
        _ => return Usual::No,
    };
    let Some((path, mut rest)) = take_path(rest) else { return Usual::No };
    if !wants_path(path) {
        return if short & EXTENDED_LENGTH == 0 { Usual::Unwanted } else { Usual::No };
    }
    attributes.path = path;
    if let [flags, code::NEXT_HOP, 4, a, b, c, d, tail @ ..] = rest {
        attributes.next_hop = Some(IpAddr::V4(Ipv4Addr::from([*a, *b, *c, *d])));
        (short, rest) = (short | flags, tail);
    } else if let Some((flags, next_hop, tail)) = take_reach(rest) {
        attributes.next_hop = Some(next_hop);
        (short, rest) = (short | flags, tail);
    }
    if let [flags, code::MED, 4, a, b, c, d, tail @ ..] = rest {
        attributes.med = Some(u32::from_be_bytes([*a, *b, *c, *d]));
        (short, rest) = (short | flags, tail);
    }
    if let [flags, code::LOCAL_PREF, 4, a, b, c, d, tail @ ..] = rest {
        attributes.local_pref = Some(u32::from_be_bytes([*a, *b, *c, *d]));
        (short, rest) = (short | flags, tail);
    }
    if let [flags, code::ATOMIC_AGGREGATE, 0, tail @ ..] = rest {
        attributes.atomic_aggregate = true;
        (short, rest) = (short | flags, tail);
    }
    if let [flags, code::AGGREGATOR, 8, a, b, c, d, e, f, g, h, tail @ ..] = rest {
        let asn = Asn(u32::from_be_bytes([*a, *b, *c, *d]));
        attributes.aggregator = Some((asn, Ipv4Addr::from([*e, *f, *g, *h])));
        (short, rest) = (short | flags, tail);
    }
    if let Some((value, tail)) = take_list(rest, code::COMMUNITIES, 4) {
        (attributes.communities, rest) = (value, tail);
    }
    if attributes.next_hop.is_none()
        && let Some((flags, next_hop, tail)) = take_reach(rest)
    {
        attributes.next_hop = Some(next_hop);
        (short, rest) = (short | flags, tail);
    }
    if let Some((value, tail)) = take_list(rest, code::EXTENDED_COMMUNITIES, 8) {
        (attributes.extended_communities, rest) = (value, tail);
    }
    if let Some((value, tail)) = take_list(rest, code::LARGE_COMMUNITIES, 12) {
        (attributes.large_communities, rest) = (value, tail);
    }
    if rest.is_empty() && short & EXTENDED_LENGTH == 0 { Usual::Read } else { Usual::No }
}

/// Takes the value of an attribute with this code, and what follows it.
#[inline(always)]
fn take(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    match bytes {
        [flags, code, len, rest @ ..] if *code == wanted && flags & EXTENDED_LENGTH == 0 => {
            rest.split_at_checked(usize::from(*len))
        }
        [_, code, high, low, rest @ ..] if *code == wanted => {
            rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))
        }
        _ => None,
    }
}

/// Takes a value of units of so many bytes.
#[inline(always)]
fn take_list(bytes: &[u8], code: u8, unit: usize) -> Option<(&[u8], &[u8])> {
    take(bytes, code).filter(|(value, _)| value.len().is_multiple_of(unit))
}

/// Takes a path that has one segment, without AS_TRANS, or none.
#[inline(always)]
fn take_path(bytes: &[u8]) -> Option<(PathRef<'_>, &[u8])> {
    const TRANS: [u8; 4] = Asn::TRANS.0.to_be_bytes();
    // As many hops as most paths have: looked at together, with what follows them, they take no branch for each.
    const HOPS: usize = 8;
    let (value, rest) = take(bytes, code::AS_PATH)?;
    let path = PathRef::new(value)?;
    let [_, count, hops @ ..] = value else { return Some((path, rest)) };
    if *count == 0 || hops.len() != usize::from(*count) * 4 {
        return None;
    }
    let from_hops = &bytes[bytes.len() - rest.len() - hops.len()..];
    let found = match from_hops.first_chunk::<{ HOPS * 4 }>() {
        Some(chunk) if hops.len() <= chunk.len() => {
            chunk.as_chunks::<4>().0.iter().fold(false, |found, asn| found | (*asn == TRANS))
        }
        _ => hops.as_chunks::<4>().0.contains(&TRANS),
    };
    (!found).then_some((path, rest))
}

/// Takes an MP_REACH_NLRI in the short form of a table, with one global address: its flags and the address.
#[inline(always)]
fn take_reach(bytes: &[u8]) -> Option<(u8, IpAddr, &[u8])> {
    let [flags, code::MP_REACH, 17, 16, rest @ ..] = bytes else { return None };
    let (addr, tail) = rest.split_first_chunk::<16>()?;
    Some((*flags, IpAddr::V6(Ipv6Addr::from(*addr)), tail))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::attributes::{Outcome, Parts, Place, Width, nothing};
    use super::*;

    fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
        let len = match flags & EXTENDED_LENGTH {
            0 => vec![value.len() as u8],
            _ => (value.len() as u16).to_be_bytes().to_vec(),
        };
        [&[flags, code], &len[..], value].concat()
    }

    /// A segment of `hops` ASNs, the one at `at` AS_TRANS.
    fn path(kind: u8, hops: u8, at: u8) -> Vec<u8> {
        let asn = |hop| if hop == at { Asn::TRANS.0 } else { 64500 + u32::from(hop) };
        [kind, hops].into_iter().chain((0..hops).flat_map(|hop| asn(hop).to_be_bytes())).collect()
    }

    /// What the reader that decides makes of them: attributes that call for no remark.
    fn closely(bytes: &[u8], wanted: bool) -> Option<String> {
        let (mut scratch, mut parts) = (Vec::new(), Parts::new());
        match parts.read(bytes, Width::Four, Place::Table, &mut scratch, |_| wanted) {
            Outcome::Read if !parts.remarks.any() => Some(format!("{:?}", parts.attributes)),
            Outcome::Unwanted => Some("unwanted".to_owned()),
            _ => None,
        }
    }

    fn usually(bytes: &[u8], wanted: bool) -> Option<String> {
        let mut attributes = nothing();
        match read(bytes, &mut attributes, |_| wanted) {
            Usual::Read => Some(format!("{attributes:?}")),
            Usual::Unwanted => Some("unwanted".to_owned()),
            Usual::No => None,
        }
    }

    #[test]
    fn what_collectors_write_is_usual() {
        let v4 = [
            attribute(0x40, code::ORIGIN, &[0]),
            attribute(0x50, code::AS_PATH, &path(2, 5, 255)),
            attribute(0x40, code::NEXT_HOP, &[192, 0, 2, 1]),
            attribute(0x80, code::MED, &[0, 0, 0, 7]),
            attribute(0x40, code::LOCAL_PREF, &[0, 0, 0, 100]),
            attribute(0x40, code::ATOMIC_AGGREGATE, &[]),
            attribute(0xc0, code::AGGREGATOR, &[0, 0, 251, 244, 192, 0, 2, 9]),
            attribute(0xc0, code::COMMUNITIES, &[251, 244, 0, 1, 251, 244, 0, 2]),
            attribute(0xc0, code::EXTENDED_COMMUNITIES, &[0, 2, 251, 244, 0, 0, 0, 1]),
            attribute(0xc0, code::LARGE_COMMUNITIES, &[7; 24]),
        ];
        let reach = attribute(0x80, code::MP_REACH, &[&[16, 0x20, 1, 0xd, 0xb8][..], &[0; 12]].concat());
        let v6 = [v4[0].clone(), attribute(0x40, code::AS_PATH, &path(2, 40, 255)), reach];
        for entry in [&v4[..], &v4[..3], &v6] {
            let bytes = entry.concat();
            assert!(usually(&bytes, true).is_some_and(|read| read.contains("next_hop: Some")), "{bytes:?}");
            assert_eq!(usually(&bytes, true), closely(&bytes, true));
            assert_eq!(usually(&bytes, false), Some("unwanted".to_owned()));
        }
    }

    fn any_attribute() -> impl Strategy<Value = (u8, Vec<u8>)> {
        let flags = prop_oneof![4 => Just(0x40u8), 1 => Just(0x50u8), 1 => any::<u8>()];
        let bytes = |len| prop::collection::vec(0u8..3, len);
        let value = prop_oneof![
            1 => (Just(code::ORIGIN), bytes(1..2)),
            2 => (Just(code::AS_PATH), (1u8..4, 0u8..12, 0u8..20).prop_map(|(kind, hops, at)| path(kind, hops, at))),
            1 => (Just(code::NEXT_HOP), bytes(4..5)),
            1 => (Just(code::MED), bytes(4..5)),
            1 => (Just(code::ATOMIC_AGGREGATE), bytes(0..1)),
            1 => (Just(code::AGGREGATOR), bytes(8..9)),
            1 => (Just(code::COMMUNITIES), bytes(8..9)),
            1 => (Just(code::MP_REACH), bytes(16..17).prop_map(|addr| [&[16], &addr[..]].concat())),
            1 => (Just(code::LARGE_COMMUNITIES), bytes(12..13)),
            1 => (0u8..40, bytes(0..14)),
        ];
        (flags, value).prop_map(|(flags, (code, value))| (code, attribute(flags, code, &value)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn what_is_read_here_is_what_a_closer_look_gives(
            mut list in prop::collection::vec(any_attribute(), 0..8),
            in_order in prop::bool::weighted(0.8),
            damage in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
            wanted: bool,
        ) {
            if in_order {
                list.push((code::ORIGIN, attribute(0x40, code::ORIGIN, &[0])));
                list.push((code::AS_PATH, attribute(0x40, code::AS_PATH, &path(2, 3, 255))));
                list.sort_by_key(|(code, _)| *code);
                list.dedup_by_key(|(code, _)| *code);
            }
            let mut bytes: Vec<u8> = list.into_iter().flat_map(|(_, bytes)| bytes).collect();
            if let Some((at, byte)) = damage && !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(read) = usually(&bytes, wanted) {
                prop_assert_eq!(Some(read), closely(&bytes, wanted));
            }
        }
    }
}
