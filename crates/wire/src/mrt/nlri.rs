//! Prefixes as BGP writes them: a length in bits, then as many bytes as that needs (RFC 4271 §4.3), behind a path identifier
//! where the session uses ADD-PATH (RFC 7911 §3).

use headwater_route::{Family, Nlri, Prefix};

use super::bytes::Bytes;

/// The tables that are read: a family and whether it is multicast.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Table {
    pub(super) family: Family,
    pub(super) multicast: bool,
}

impl Table {
    pub(super) const V4: Table = Table { family: Family::V4, multicast: false };

    /// From AFI and SAFI. `None` for what has other NLRI than prefixes (VPN, labels, flowspec, EVPN, …).
    pub(super) fn from_codes(afi: u16, safi: u8) -> Option<Table> {
        let family = match afi {
            1 => Family::V4,
            2 => Family::V6,
            _ => return None,
        };
        matches!(safi, 1 | 2).then_some(Table { family, multicast: safi == 2 })
    }

    /// 0 to 3.
    pub(super) fn index(self) -> u8 {
        u8::from(self.family == Family::V6) << 1 | u8::from(self.multicast)
    }
}

/// Why bytes are no prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BadNlri {
    /// The length in bits is more than the family has.
    Length(u8),
    /// The bytes end first.
    Cut,
}

/// Takes one prefix. The flag tells of bits beyond its length, which are dropped.
#[inline]
pub(super) fn take_prefix(bytes: &mut Bytes<'_>, family: Family) -> Result<(Prefix, bool), BadNlri> {
    let len = bytes.u8().ok_or(BadNlri::Cut)?;
    if len > family.max_len() {
        return Err(BadNlri::Length(len));
    }
    let shown = usize::from(len).div_ceil(8);
    // Where more follows, a copy of one length is a load; what is not of the prefix is cut off again.
    let ahead = match family {
        Family::V4 => bytes.0.first_chunk().map(|four| u128::from(u32::from_be_bytes(*four)) << 96),
        Family::V6 => bytes.0.first_chunk().map(|sixteen| u128::from_be_bytes(*sixteen)),
    };
    let of_prefix = bytes.take(shown).ok_or(BadNlri::Cut)?;
    let bits = match ahead {
        Some(bits) => bits & !u128::MAX.checked_shr(shown as u32 * 8).unwrap_or(0),
        None => {
            let mut whole = [0; 16];
            whole[..shown].copy_from_slice(of_prefix);
            u128::from_be_bytes(whole)
        }
    };
    let prefix = Prefix::from_bits(family, bits, len).ok_or(BadNlri::Length(len))?;
    Ok((prefix, prefix.first_bits() != bits))
}

/// A field of NLRI.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) table: Table,
    pub(super) path_ids: bool,
}

impl<'a> Field<'a> {
    /// The routes in order, with the flag of [`take_prefix`]; an error is the last item.
    pub(super) fn routes(self) -> impl Iterator<Item = Result<(Nlri, bool), BadNlri>> + 'a {
        let mut rest = Bytes(self.bytes);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let route = self.take_route(&mut rest);
            if route.is_err() {
                rest = Bytes(&[]);
            }
            Some(route)
        })
    }

    #[inline]
    fn take_route(&self, rest: &mut Bytes<'a>) -> Result<(Nlri, bool), BadNlri> {
        let path_id = match self.path_ids {
            true => Some(rest.u32().ok_or(BadNlri::Cut)?),
            false => None,
        };
        let (prefix, host_bits) = take_prefix(rest, self.table.family)?;
        Ok((Nlri { prefix, path_id, multicast: self.table.multicast }, host_bits))
    }

    /// True if the field reads to its end without stray bits, and not as the default route three times: nobody sends it so
    /// often, but the small path identifiers that writers use begin with three zero bytes, each a default route if it were a
    /// prefix. The last prefix of a `cut` field may lack its end.
    fn is_clean(self, cut: bool) -> bool {
        let mut defaults = 0;
        self.routes().all(|route| match route {
            Ok((nlri, host_bits)) => {
                defaults += u8::from(nlri.prefix.len() == 0 && !self.path_ids);
                !host_bits && defaults < 3
            }
            Err(why) => cut && why == BadNlri::Cut,
        })
    }

    /// True if the field cannot be plain prefixes and reads cleanly with path identifiers.
    pub(super) fn must_have_path_ids(self, cut: bool) -> bool {
        !Field { path_ids: false, ..self }.is_clean(cut) && Field { path_ids: true, ..self }.is_clean(cut)
    }

    /// True if the field cannot have path identifiers and reads cleanly without.
    pub(super) fn cannot_have_path_ids(self, cut: bool) -> bool {
        let broken = |route: Result<_, BadNlri>| route.is_err_and(|why| !(cut && why == BadNlri::Cut));
        Field { path_ids: true, ..self }.routes().any(broken) && Field { path_ids: false, ..self }.is_clean(cut)
    }
}
