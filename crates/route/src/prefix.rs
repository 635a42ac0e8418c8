//! Address families and prefixes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Address family. Answers are given per family and never summed over both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Family {
    /// IPv4.
    #[serde(rename = "ipv4")]
    V4,
    /// IPv6.
    #[serde(rename = "ipv6")]
    V6,
}

impl Family {
    /// Address bits: 32 or 128.
    #[inline]
    pub fn max_len(self) -> u8 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        })
    }
}

/// A network prefix: host bits are always zero. Orders by family, address, length, so a covering prefix precedes its
/// more-specifics.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    family: Family,
    /// The address, left-aligned: an IPv4 address fills the top 32 bits.
    bits: u128,
    len: u8,
}

/// Why a text or a pair of address and length is not a prefix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrefixError(pub String);

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a prefix (write 192.0.2.0/24 or 2001:db8::/32)", self.0)
    }
}

impl std::error::Error for PrefixError {}

#[inline]
fn mask(len: u8) -> u128 {
    if len == 0 { 0 } else { u128::MAX << (128 - u32::from(len)) }
}

impl Prefix {
    /// The prefix that holds `addr` at `len` bits; host bits are dropped. `None` if `len` exceeds the family's bits.
    pub fn new(addr: IpAddr, len: u8) -> Option<Prefix> {
        let (family, bits) = match addr {
            IpAddr::V4(a) => (Family::V4, u128::from(a.to_bits()) << 96),
            IpAddr::V6(a) => (Family::V6, a.to_bits()),
        };
        Prefix::from_bits(family, bits, len)
    }

    /// As [`Prefix::new`], from left-aligned address bits.
    #[inline]
    pub fn from_bits(family: Family, bits: u128, len: u8) -> Option<Prefix> {
        (len <= family.max_len()).then(|| Prefix { family, bits: bits & mask(len), len })
    }

    /// The host prefix of one address (/32 or /128).
    pub fn host(addr: IpAddr) -> Prefix {
        let len = if addr.is_ipv4() { 32 } else { 128 };
        Prefix::new(addr, len).expect("a host length fits its family")
    }

    /// Address family.
    #[inline]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Length in bits.
    #[allow(clippy::len_without_is_empty)]
    #[inline]
    pub fn len(&self) -> u8 {
        self.len
    }

    /// First address, left-aligned in 128 bits (an IPv4 address fills the top 32).
    #[inline]
    pub fn first_bits(&self) -> u128 {
        self.bits
    }

    /// Last address, left-aligned; bits below the family's width are ones for IPv4.
    pub fn last_bits(&self) -> u128 {
        self.bits | !mask(self.len)
    }

    /// First address.
    #[inline]
    pub fn addr(&self) -> IpAddr {
        match self.family {
            Family::V4 => IpAddr::V4(Ipv4Addr::from_bits((self.bits >> 96) as u32)),
            Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(self.bits)),
        }
    }

    /// True if `other` is this prefix or lies inside it.
    #[inline]
    pub fn covers(&self, other: &Prefix) -> bool {
        self.family == other.family && self.len <= other.len && other.bits & mask(self.len) == self.bits
    }

    /// Number of IPv4 addresses; `None` for IPv6, whose addresses are never counted.
    pub fn v4_addresses(&self) -> Option<u64> {
        (self.family == Family::V4).then(|| 1u64 << (32 - self.len))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.addr(), self.len))
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    /// Reads `address/length`. Host bits are accepted and dropped; a caller that counts them compares [`Prefix::addr`].
    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let err = || PrefixError(text.to_owned());
        let (addr, len) = text.split_once('/').ok_or_else(err)?;
        if len.is_empty() || len.len() > 3 || !len.bytes().all(|b| b.is_ascii_digit()) {
            return Err(err());
        }
        let addr: IpAddr = addr.parse().map_err(|_| err())?;
        let len: u8 = len.parse().map_err(|_| err())?;
        Prefix::new(addr, len).ok_or_else(err)
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prefix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn masks_host_bits() {
        assert_eq!("192.0.2.77/24".parse::<Prefix>().unwrap().to_string(), "192.0.2.0/24");
        assert_eq!("2001:db8::1/32".parse::<Prefix>().unwrap().to_string(), "2001:db8::/32");
        assert_eq!("0.0.0.0/0".parse::<Prefix>().unwrap().last_bits(), u128::MAX);
    }

    #[test]
    fn refuses_what_is_not_a_prefix() {
        for text in ["192.0.2.0", "192.0.2.0/33", "192.0.2/24", "::/129", "/8", "192.0.2.0/", "192.0.2.0/+8"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(v4: bool, bits: u128, len in 0u8..=128) {
            let family = if v4 { Family::V4 } else { Family::V6 };
            let bits = if v4 { bits << 96 } else { bits };
            if let Some(prefix) = Prefix::from_bits(family, bits, len) {
                // `::ffff:0:0/96` and its like print with a dotted quad; the parser reads them back as IPv6.
                prop_assert_eq!(prefix.to_string().parse::<Prefix>().unwrap(), prefix);
            }
        }

        #[test]
        fn covering_is_containment_of_ranges(a: u32, la in 0u8..=32, b: u32, lb in 0u8..=32) {
            let p = Prefix::from_bits(Family::V4, u128::from(a) << 96, la).unwrap();
            let q = Prefix::from_bits(Family::V4, u128::from(b) << 96, lb).unwrap();
            let contained = p.first_bits() <= q.first_bits() && q.last_bits() <= p.last_bits();
            prop_assert_eq!(p.covers(&q), contained && la <= lb);
        }
    }
}
