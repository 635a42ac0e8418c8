//! Autonomous system numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An autonomous system number (RFC 6793: four bytes). Serialised as a plain integer, shown as `AS64500`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Asn(pub u32);

/// Why a text is not an ASN.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AsnError(pub String);

impl fmt::Display for AsnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an AS number (write AS64500, 64500 or 1.10)", self.0)
    }
}

impl std::error::Error for AsnError {}

impl Asn {
    /// AS_TRANS (RFC 6793): stands for a four-byte number that a two-byte speaker could not show.
    pub const TRANS: Asn = Asn(23456);

    /// True for numbers that no holder can have: 0, AS_TRANS, documentation (RFC 5398), private use (RFC 6996), last ASNs
    /// (RFC 7300) and IANA-reserved numbers. The list is the IANA registry's; it holds none of the "reserved" ranges of
    /// 2013–2017 that have been allocated since.
    pub fn is_bogon(self) -> bool {
        matches!(self.0, 0 | 23456 | 64496..=131071 | 4_200_000_000..=u32::MAX)
    }

    /// True for the numbers that networks of an invented world have: those of documentation (RFC 5398), which are too few, and
    /// the long ones of private use (RFC 6996). The short ones (64512–65534) are private there too.
    pub fn is_of_invented_worlds(self) -> bool {
        self.is_documentation() || matches!(self.0, 4_200_000_000..=4_294_967_294)
    }

    /// True for the documentation numbers of RFC 5398.
    pub fn is_documentation(self) -> bool {
        matches!(self.0, 64496..=64511 | 65536..=65551)
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("AS{}", self.0))
    }
}

impl FromStr for Asn {
    type Err = AsnError;

    /// Reads `64500`, `AS64500` (any case) and asdot (`3.3985`, RFC 5396).
    fn from_str(text: &str) -> Result<Self, AsnError> {
        let err = || AsnError(text.to_owned());
        let digits = match text.get(..2) {
            Some(head) if head.eq_ignore_ascii_case("AS") => &text[2..],
            _ => text,
        };
        let number = |part: &str| -> Result<u32, AsnError> {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(err());
            }
            part.parse().map_err(|_| err())
        };
        match digits.split_once('.') {
            None => number(digits).map(Asn),
            Some((high, low)) => {
                let (high, low) = (number(high)?, number(low)?);
                if high > 0xffff || low > 0xffff {
                    return Err(err());
                }
                Ok(Asn(high << 16 | low))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_written_forms() {
        for text in ["200593", "AS200593", "as200593", "3.3985"] {
            assert_eq!(text.parse(), Ok(Asn(200593)), "{text}");
        }
        for text in ["", "AS", "AS-1", "1.2.3", "65536.0", "4294967296", "+5", "AS 5", "ÅS5"] {
            assert!(text.parse::<Asn>().is_err(), "{text}");
        }
    }

    #[test]
    fn founding_case_numbers_are_not_reserved() {
        // Published relationship code drops 199680–262143 as "reserved"; both were allocated long ago.
        assert!(!Asn(200593).is_bogon());
        assert!(!Asn(209030).is_bogon());
        assert!(!Asn(394240).is_bogon());
    }

    #[test]
    fn invented_worlds_have_numbers_that_nobody_holds() {
        for n in [64496, 65551, 4_200_000_000, 4_294_967_294] {
            assert!(Asn(n).is_of_invented_worlds() && Asn(n).is_bogon(), "{n}");
        }
        for n in [0, 1, 23456, 64512, 65534, 65535, 65552, 4_199_999_999, u32::MAX] {
            assert!(!Asn(n).is_of_invented_worlds(), "{n}");
        }
    }

    #[test]
    fn bogons_follow_the_registry() {
        for n in [0, 23456, 64496, 64512, 65534, 65535, 65536, 65551, 131071, 4_200_000_000, u32::MAX] {
            assert!(Asn(n).is_bogon(), "{n}");
        }
        for n in [1, 23455, 23457, 64495, 131072, 4_199_999_999] {
            assert!(!Asn(n).is_bogon(), "{n}");
        }
    }
}
