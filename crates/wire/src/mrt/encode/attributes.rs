//! Path attributes, written.

use std::net::{IpAddr, Ipv4Addr};

use headwater_route::{AsPath, Asn, OriginCode, SegmentKind};

use super::{EncodeError, put_addr, put_len};

/// Flags (RFC 4271 §4.3).
const WELL_KNOWN: u8 = 0x40;
const OPTIONAL: u8 = 0x80;
const OPTIONAL_TRANSITIVE: u8 = 0xc0;
const EXTENDED_LENGTH: u8 = 0x10;

/// Path attributes to be written; what is absent or empty is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attributes {
    /// ORIGIN.
    pub origin: Option<OriginCode>,
    /// AS_PATH. In records with two-byte ASNs AS4_PATH comes with it where it is needed.
    pub path: Option<AsPath>,
    /// NEXT_HOP, or MP_REACH_NLRI for an IPv6 address and for routes that are not in the NLRI field.
    pub next_hop: Option<IpAddr>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF.
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE.
    pub atomic_aggregate: bool,
    /// AGGREGATOR. In records with two-byte ASNs AS4_AGGREGATOR comes with it where it is needed.
    pub aggregator: Option<(Asn, Ipv4Addr)>,
    /// COMMUNITIES.
    pub communities: Vec<(u16, u16)>,
    /// EXTENDED COMMUNITIES.
    pub extended_communities: Vec<[u8; 8]>,
    /// LARGE COMMUNITIES.
    pub large_communities: Vec<[u32; 3]>,
    /// ONLY_TO_CUSTOMER.
    pub only_to_customer: Option<Asn>,
    /// Further attributes, as they are.
    pub raw: Vec<RawAttribute>,
}

/// An attribute as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawAttribute {
    /// Flags; the one for a long value is set where it is needed.
    pub flags: u8,
    /// Type code.
    pub code: u8,
    /// Value.
    pub value: Vec<u8>,
}

/// Bytes of an ASN in AS_PATH.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Two,
    Four,
}

/// What becomes of a next hop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// NEXT_HOP, or the short form of MP_REACH_NLRI (RFC 6396 §4.3.4).
    Table,
    /// NEXT_HOP.
    Update,
    /// Nothing: MP_REACH_NLRI holds it.
    UpdateWithReach,
}

impl From<&headwater_route::Attributes<'_>> for Attributes {
    fn from(read: &headwater_route::Attributes<'_>) -> Attributes {
        let word = |c: &[u8]| u32::from_be_bytes([c[0], c[1], c[2], c[3]]);
        Attributes {
            origin: read.origin,
            path: Some(read.path.to_path()),
            next_hop: read.next_hop,
            med: read.med,
            local_pref: read.local_pref,
            atomic_aggregate: read.atomic_aggregate,
            aggregator: read.aggregator,
            communities: read.community_pairs().collect(),
            extended_communities: read.extended_communities.as_chunks::<8>().0.to_vec(),
            large_communities: (read.large_communities.chunks_exact(12))
                .map(|c| [word(&c[..4]), word(&c[4..8]), word(&c[8..])])
                .collect(),
            only_to_customer: read.only_to_customer,
            raw: Vec::new(),
        }
    }
}

impl Attributes {
    pub(super) fn put(&self, out: &mut Vec<u8>, width: Width, place: Place) -> Result<(), EncodeError> {
        if let Some(origin) = self.origin {
            put_short(out, WELL_KNOWN, 1, &[origin as u8]);
        }
        if let Some(path) = &self.path {
            put_attribute(out, WELL_KNOWN, 2, |out| put_path(out, path, width, |_| true))?;
        }
        match (self.next_hop, place) {
            (Some(IpAddr::V4(addr)), Place::Table | Place::Update) => put_short(out, WELL_KNOWN, 3, &addr.octets()),
            (Some(addr @ IpAddr::V6(_)), Place::Table) => put_attribute(out, OPTIONAL, 14, |out| {
                out.push(16);
                put_addr(out, addr);
            })?,
            _ => {}
        }
        if let Some(med) = self.med {
            put_short(out, OPTIONAL, 4, &med.to_be_bytes());
        }
        if let Some(local_pref) = self.local_pref {
            put_short(out, WELL_KNOWN, 5, &local_pref.to_be_bytes());
        }
        if self.atomic_aggregate {
            put_short(out, WELL_KNOWN, 6, &[]);
        }
        if let Some((asn, router)) = self.aggregator {
            put_attribute(out, OPTIONAL_TRANSITIVE, 7, |out| {
                put_asn(out, asn, width);
                out.extend(router.octets());
            })?;
        }
        put_list(out, 8, &self.communities, |out, (high, low)| {
            out.extend(high.to_be_bytes());
            out.extend(low.to_be_bytes());
        })?;
        put_list(out, 16, &self.extended_communities, |out, community| out.extend(community))?;
        if width == Width::Two {
            self.put_four_byte_asns(out)?;
        }
        put_list(out, 32, &self.large_communities, |out, parts| {
            out.extend(parts.iter().flat_map(|part| part.to_be_bytes()));
        })?;
        if let Some(asn) = self.only_to_customer {
            put_short(out, OPTIONAL_TRANSITIVE, 35, &asn.0.to_be_bytes());
        }
        for RawAttribute { flags, code, value } in &self.raw {
            put_attribute(out, *flags, *code, |out| out.extend_from_slice(value))?;
        }
        Ok(())
    }

    /// AS4_PATH and AS4_AGGREGATOR, where two bytes are too short (RFC 6793 §4.2.2).
    fn put_four_byte_asns(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let is_long = |asn: &Asn| asn.0 > 0xffff;
        if let Some(path) = self.path.as_ref().filter(|path| path.segments.iter().any(|s| s.asns.iter().any(is_long))) {
            let plain = |kind| matches!(kind, SegmentKind::Sequence | SegmentKind::Set);
            put_attribute(out, OPTIONAL_TRANSITIVE, 17, |out| put_path(out, path, Width::Four, plain))?;
        }
        if let Some((asn, router)) = self.aggregator.filter(|(asn, _)| is_long(asn)) {
            let value = [asn.0.to_be_bytes(), router.octets()].concat();
            put_short(out, OPTIONAL_TRANSITIVE, 18, &value);
        }
        Ok(())
    }
}

fn put_path(out: &mut Vec<u8>, path: &AsPath, width: Width, wanted: impl Fn(SegmentKind) -> bool) {
    for segment in path.segments.iter().filter(|segment| wanted(segment.kind)) {
        for chunk in segment.asns.chunks(255) {
            out.extend([segment.kind.code(), chunk.len() as u8]);
            for asn in chunk {
                put_asn(out, *asn, width);
            }
        }
    }
}

fn put_asn(out: &mut Vec<u8>, asn: Asn, width: Width) {
    match width {
        Width::Four => out.extend(asn.0.to_be_bytes()),
        Width::Two => out.extend(u16::try_from(asn.0).unwrap_or(Asn::TRANS.0 as u16).to_be_bytes()),
    }
}

fn put_list<T>(out: &mut Vec<u8>, code: u8, list: &[T], put: impl Fn(&mut Vec<u8>, &T)) -> Result<(), EncodeError> {
    if list.is_empty() {
        return Ok(());
    }
    put_attribute(out, OPTIONAL_TRANSITIVE, code, |out| list.iter().for_each(|item| put(out, item)))
}

/// An attribute whose value is short.
fn put_short(out: &mut Vec<u8>, flags: u8, code: u8, value: &[u8]) {
    out.extend([flags, code, value.len() as u8]);
    out.extend_from_slice(value);
}

/// An attribute of any length.
pub(super) fn put_attribute(
    out: &mut Vec<u8>,
    flags: u8,
    code: u8,
    put: impl FnOnce(&mut Vec<u8>),
) -> Result<(), EncodeError> {
    out.extend([flags & !EXTENDED_LENGTH, code, 0]);
    let start = out.len();
    put(out);
    let len = u16::try_from(out.len() - start).map_err(|_| EncodeError::TooLong("attribute"))?;
    let [high, low] = len.to_be_bytes();
    out[start - 1] = low;
    if high > 0 || flags & EXTENDED_LENGTH != 0 {
        out[start - 3] |= EXTENDED_LENGTH;
        out.insert(start - 1, high);
    }
    Ok(())
}

/// What `put` writes, behind its length in two bytes.
pub(super) fn put_counted(
    out: &mut Vec<u8>,
    put: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let start = out.len();
    put_len(out, 0, "")?;
    put(out)?;
    let len = u16::try_from(out.len() - start - 2).map_err(|_| EncodeError::TooLong("attributes"))?;
    out[start..start + 2].copy_from_slice(&len.to_be_bytes());
    Ok(())
}
