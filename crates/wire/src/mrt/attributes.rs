//! Path attributes (RFC 4271 §4.3 and successors): found, bounds-checked, borrowed. Malformed ones follow RFC 7606.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use headwater_route::{Asn, Attributes, OriginCode, PathRef};

use super::bytes::Bytes;
use super::nlri::Table;
use super::path;

pub(super) const EXTENDED_LENGTH: u8 = 0x10;

pub(super) mod code {
    pub(in crate::mrt) const ORIGIN: u8 = 1;
    pub(in crate::mrt) const AS_PATH: u8 = 2;
    pub(in crate::mrt) const NEXT_HOP: u8 = 3;
    pub(in crate::mrt) const MED: u8 = 4;
    pub(in crate::mrt) const LOCAL_PREF: u8 = 5;
    pub(in crate::mrt) const ATOMIC_AGGREGATE: u8 = 6;
    pub(in crate::mrt) const AGGREGATOR: u8 = 7;
    pub(in crate::mrt) const COMMUNITIES: u8 = 8;
    pub(in crate::mrt) const MP_REACH: u8 = 14;
    pub(in crate::mrt) const MP_UNREACH: u8 = 15;
    pub(in crate::mrt) const EXTENDED_COMMUNITIES: u8 = 16;
    pub(in crate::mrt) const AS4_PATH: u8 = 17;
    pub(in crate::mrt) const AS4_AGGREGATOR: u8 = 18;
    pub(in crate::mrt) const LARGE_COMMUNITIES: u8 = 32;
    pub(in crate::mrt) const ONLY_TO_CUSTOMER: u8 = 35;
}

/// Bytes of an ASN in AS_PATH.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Width {
    Two,
    Four,
}

/// Where the attributes stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// In an UPDATE: MP_REACH_NLRI is whole, and absent mandatory attributes are an error.
    Update,
    /// In an entry of a table: MP_REACH_NLRI holds the next hop alone (RFC 6396 §4.3.4), or, as some write it, is whole.
    Table,
}

/// MP_REACH_NLRI or MP_UNREACH_NLRI of an UPDATE (RFC 4760 §3, §4).
#[derive(Clone, Copy)]
pub(super) struct Multi<'a> {
    pub(super) afi: u16,
    pub(super) safi: u8,
    pub(super) nlri: &'a [u8],
}

/// What was dropped or left, though the routes stand.
#[derive(Clone, Copy, Default)]
pub(super) struct Remarks {
    /// AS_TRANS is still in the path.
    pub(super) as_trans: bool,
    /// An attribute that came again; the first is kept (RFC 7606 §3 (g)).
    pub(super) repeated: Option<u8>,
    /// A malformed attribute that was dropped without its routes (RFC 7606 §7.6, §7.7; RFC 6793 §6).
    pub(super) dropped: Option<u8>,
}

/// Why attributes are not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Malformed {
    /// This attribute is malformed.
    Attribute(u8),
    /// This mandatory attribute is absent (RFC 7606 §3 (d)).
    Absent(u8),
    /// This attribute stands twice and must not (RFC 7606 §3 (g)).
    Twice(u8),
    /// An attribute runs over the end.
    Overrun,
}

/// What [`Parts::read`] comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// Everything stands in the parts.
    Read,
    /// Of the parts only `reach` and `unreach` hold: their routes are withdrawn.
    Malformed(Malformed),
    /// `wants_path` refused the path.
    Unwanted,
}

/// What attributes say. Filled in place: it is large, and there is one for every entry of a table.
pub(super) struct Parts<'a> {
    pub(super) attributes: Attributes<'a>,
    pub(super) reach: Option<Multi<'a>>,
    pub(super) unreach: Option<Multi<'a>>,
    pub(super) remarks: Remarks,
    /// Codes below 64 that are there, a bit each.
    seen: u64,
    /// AS_PATH of a two-byte speaker.
    narrow_path: &'a [u8],
    as4_path: Option<&'a [u8]>,
    as4_aggregator: Option<(Asn, Ipv4Addr)>,
    /// The next hop of MP_REACH_NLRI.
    reach_next_hop: Option<IpAddr>,
}

/// No attributes.
#[inline]
pub(super) fn nothing<'a>() -> Attributes<'a> {
    Attributes {
        path: PathRef::new(&[]).expect("no segments are well-formed"),
        origin: None,
        next_hop: None,
        med: None,
        local_pref: None,
        atomic_aggregate: false,
        aggregator: None,
        communities: &[],
        extended_communities: &[],
        large_communities: &[],
        only_to_customer: None,
    }
}

impl Remarks {
    #[inline]
    pub(super) fn any(&self) -> bool {
        self.as_trans || self.repeated.is_some() || self.dropped.is_some()
    }
}

impl<'a> Parts<'a> {
    #[inline]
    pub(super) fn new() -> Parts<'a> {
        Parts {
            attributes: nothing(),
            reach: None,
            unreach: None,
            remarks: Remarks::default(),
            seen: 0,
            narrow_path: &[],
            as4_path: None,
            as4_aggregator: None,
            reach_next_hop: None,
        }
    }

    /// Reads the attributes in `bytes`. `scratch` holds the path of a two-byte speaker. `wants_path` is asked of a table's path
    /// as soon as it is known; what stands behind an unwanted one is not looked at.
    #[inline]
    pub(super) fn read(
        &mut self,
        bytes: &'a [u8],
        width: Width,
        place: Place,
        scratch: &'a mut Vec<u8>,
        mut wants_path: impl FnMut(PathRef<'_>) -> bool,
    ) -> Outcome {
        // The first thing wrong; reading goes on for the NLRI that may follow (RFC 7606 §3 (h)).
        let mut wrong = None;
        let mut rest = Bytes(bytes);
        while !rest.is_empty() {
            let Some((code, value)) = take_attribute(&mut rest) else {
                wrong = wrong.or(Some(Malformed::Overrun));
                break;
            };
            if let Err(why) = self.take(code, value, width, place) {
                wrong = wrong.or(Some(why));
                continue;
            }
            let known = code == code::AS_PATH && width == Width::Four && place == Place::Table;
            if known && !wants_path(self.attributes.path) {
                return Outcome::Unwanted;
            }
        }
        if let Some(why) = wrong.or_else(|| self.absent_in_table(place)) {
            return Outcome::Malformed(why);
        }
        // A router's own route, without attributes: its path is empty, and nobody has been asked about it yet.
        if place == Place::Table && !self.has(code::AS_PATH) && !wants_path(self.attributes.path) {
            return Outcome::Unwanted;
        }
        if width == Width::Two && self.has(code::AS_PATH) {
            self.resolve_aggregator();
            path::widen(self.narrow_path, self.as4_path, scratch);
            let Some((path, as_trans)) = path::check(scratch) else {
                return Outcome::Malformed(Malformed::Attribute(code::AS_PATH));
            };
            self.attributes.path = path;
            self.remarks.as_trans = as_trans;
            if place == Place::Table && !wants_path(path) {
                return Outcome::Unwanted;
            }
        }
        if place == Place::Table && self.attributes.next_hop.is_none() {
            self.attributes.next_hop = self.reach_next_hop;
        }
        Outcome::Read
    }

    #[inline(always)]
    fn take(&mut self, code: u8, value: &'a [u8], width: Width, place: Place) -> Result<(), Malformed> {
        if code < 64 {
            let bit = 1 << code;
            if self.seen & bit != 0 {
                return self.take_again(code);
            }
            self.seen |= bit;
        }
        let malformed = Malformed::Attribute(code);
        let attributes = &mut self.attributes;
        match code {
            code::ORIGIN => {
                attributes.origin = Some(match value {
                    [0] => OriginCode::Igp,
                    [1] => OriginCode::Egp,
                    [2] => OriginCode::Incomplete,
                    _ => return Err(malformed),
                });
            }
            code::AS_PATH if width == Width::Four => {
                (attributes.path, self.remarks.as_trans) = path::check(value).ok_or(malformed)?;
            }
            code::AS_PATH => match path::is_well_formed(value, 2) {
                true => self.narrow_path = value,
                false => return Err(malformed),
            },
            code::NEXT_HOP => {
                attributes.next_hop = Some(IpAddr::V4(Ipv4Addr::from(exactly::<4>(value).ok_or(malformed)?)));
            }
            code::MED => attributes.med = Some(u32::from_be_bytes(exactly(value).ok_or(malformed)?)),
            code::LOCAL_PREF => attributes.local_pref = Some(u32::from_be_bytes(exactly(value).ok_or(malformed)?)),
            code::ATOMIC_AGGREGATE => match value {
                [] => attributes.atomic_aggregate = true,
                _ => self.remarks.dropped = Some(code),
            },
            code::AGGREGATOR => match aggregator(value) {
                Some(by) => attributes.aggregator = Some(by),
                None => self.remarks.dropped = Some(code),
            },
            code::COMMUNITIES => attributes.communities = multiple(value, 4).ok_or(malformed)?,
            code::EXTENDED_COMMUNITIES => attributes.extended_communities = multiple(value, 8).ok_or(malformed)?,
            code::LARGE_COMMUNITIES => attributes.large_communities = multiple(value, 12).ok_or(malformed)?,
            code::ONLY_TO_CUSTOMER => {
                attributes.only_to_customer = Some(Asn(u32::from_be_bytes(exactly(value).ok_or(malformed)?)));
            }
            code::MP_REACH => self.take_reach(value, place).ok_or(malformed)?,
            code::MP_UNREACH if place == Place::Update => self.take_unreach(value).ok_or(malformed)?,
            // RFC 6793 §4.1: a four-byte speaker discards what is meant for two-byte ones.
            code::AS4_PATH if width == Width::Two => match path::is_well_formed(value, 4) {
                true => self.as4_path = Some(value),
                false => self.remarks.dropped = Some(code),
            },
            code::AS4_AGGREGATOR if width == Width::Two => match exactly::<8>(value).and_then(|v| aggregator(&v)) {
                Some(by) => self.as4_aggregator = Some(by),
                None => self.remarks.dropped = Some(code),
            },
            _ => {}
        }
        Ok(())
    }

    #[cold]
    fn take_again(&mut self, code: u8) -> Result<(), Malformed> {
        if matches!(code, code::MP_REACH | code::MP_UNREACH) {
            return Err(Malformed::Twice(code));
        }
        self.remarks.repeated = Some(code);
        Ok(())
    }

    /// MP_REACH_NLRI. A table's short form starts with the length of a next hop, the whole one with an AFI, whose high byte is
    /// zero.
    fn take_reach(&mut self, value: &'a [u8], place: Place) -> Option<()> {
        let mut rest = Bytes(value);
        if place == Place::Table && (value.first() != Some(&0) || value.len() == 1) {
            let len = usize::from(rest.u8()?);
            self.reach_next_hop = next_hop(rest.take(len)?);
            return rest.is_empty().then_some(());
        }
        let (afi, safi, len) = (rest.u16()?, rest.u8()?, usize::from(rest.u8()?));
        self.reach_next_hop = next_hop(rest.take(len)?);
        if place == Place::Table {
            return Some(());
        }
        // One reserved byte (RFC 4760 §3), once a count of SNPAs, which nobody sent.
        rest.u8()?;
        self.reach = Some(Multi { afi, safi, nlri: rest.0 });
        // RFC 7606 §7.11. Other families have other next hops.
        let ours = Table::from_codes(afi, safi).is_some();
        (!ours || self.reach_next_hop.is_some()).then_some(())
    }

    fn take_unreach(&mut self, value: &'a [u8]) -> Option<()> {
        let mut rest = Bytes(value);
        let (afi, safi) = (rest.u16()?, rest.u8()?);
        self.unreach = Some(Multi { afi, safi, nlri: rest.0 });
        Some(())
    }

    /// RFC 6793 §4.2.3: an AGGREGATOR that is not AS_TRANS tells that the four-byte attributes are stale.
    fn resolve_aggregator(&mut self) {
        match (self.attributes.aggregator, self.as4_aggregator) {
            (Some((Asn::TRANS, _)), Some(by)) => self.attributes.aggregator = Some(by),
            (Some(_), Some(_)) => self.as4_path = None,
            _ => {}
        }
    }

    #[inline]
    fn has(&self, code: u8) -> bool {
        self.seen & 1 << code != 0
    }

    /// In a table: a path that is not given is not known to be empty, except that a router's own routes may have no attributes
    /// at all (BIRD). An UPDATE may hold withdrawals alone.
    #[inline]
    fn absent_in_table(&self, place: Place) -> Option<Malformed> {
        let absent = place == Place::Table && !self.has(code::AS_PATH) && self.seen != 0;
        absent.then_some(Malformed::Absent(code::AS_PATH))
    }

    /// The mandatory attribute that an UPDATE lacks which announces routes, by MP_REACH_NLRI or else in the NLRI field
    /// (RFC 7606 §3 (d)).
    pub(super) fn absent_in_update(&self, in_nlri_field: bool) -> Option<Malformed> {
        let needed = [code::ORIGIN, code::AS_PATH, code::NEXT_HOP];
        let needed = if in_nlri_field { &needed[..] } else { &needed[..2] };
        needed.iter().copied().find(|code| !self.has(*code)).map(Malformed::Absent)
    }

    /// The attributes of the routes in MP_REACH_NLRI. A NEXT_HOP beside it is not theirs (RFC 4760 §3).
    pub(super) fn attributes_of_reach(&self) -> Attributes<'a> {
        Attributes { next_hop: self.reach_next_hop, ..self.attributes }
    }
}

/// Takes one attribute: its code and value.
#[inline]
fn take_attribute<'a>(rest: &mut Bytes<'a>) -> Option<(u8, &'a [u8])> {
    let [flags, code] = rest.array()?;
    let len = match flags & EXTENDED_LENGTH {
        0 => usize::from(rest.u8()?),
        _ => usize::from(rest.u16()?),
    };
    Some((code, rest.take(len)?))
}

#[inline]
fn exactly<const N: usize>(value: &[u8]) -> Option<[u8; N]> {
    value.try_into().ok()
}

/// RFC 7606 §7.8 and its successors want a nonzero multiple; an empty value says nothing and hurts nobody.
#[inline]
fn multiple(value: &[u8], unit: usize) -> Option<&[u8]> {
    value.len().is_multiple_of(unit).then_some(value)
}

/// AGGREGATOR with an ASN of two or four bytes, whatever the session: the length tells.
fn aggregator(value: &[u8]) -> Option<(Asn, Ipv4Addr)> {
    let mut rest = Bytes(value);
    let asn = match value.len() {
        6 => u32::from(rest.u16()?),
        8 => rest.u32()?,
        _ => return None,
    };
    Some((Asn(asn), Ipv4Addr::from(rest.array::<4>()?)))
}

/// The global address of an MP_REACH_NLRI next hop: IPv4, IPv6, IPv6 with a link-local address behind it (RFC 2545 §3), or
/// the same behind a route distinguisher of eight bytes (RFC 4364 §4.3.2, RFC 4659 §3.2.1).
pub(super) fn next_hop(value: &[u8]) -> Option<IpAddr> {
    let mut rest = Bytes(value);
    if matches!(value.len(), 12 | 24 | 48) {
        rest.take(8)?;
    }
    match value.len() {
        4 | 12 => rest.array().map(|octets: [u8; 4]| IpAddr::V4(Ipv4Addr::from(octets))),
        16 | 24 | 32 | 48 => rest.array().map(|octets: [u8; 16]| IpAddr::V6(Ipv6Addr::from(octets))),
        _ => None,
    }
}
