//! What a question is about: an AS, a prefix, an address or a name, told by form.

use std::net::IpAddr;

use headwater_route::{Asn, Prefix};

use crate::error::Error;

/// A resource as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resource {
    /// `AS64500`, `64500`, `1.10`.
    Asn(Asn),
    /// `192.0.2.0/24`.
    Prefix(Prefix),
    /// `192.0.2.1`.
    Addr(IpAddr),
    /// Anything else: part of a name.
    Name(String),
}

/// Reads a resource. What looks like a number, a prefix or an address and is none is refused rather than taken for a name.
pub fn parse(text: &str) -> Result<Resource, Error> {
    let text = text.trim();
    if let Ok(asn) = text.parse() {
        return Ok(Resource::Asn(asn));
    }
    if let Ok(addr) = text.parse() {
        return Ok(Resource::Addr(addr));
    }
    if let Ok(prefix) = text.parse() {
        return Ok(Resource::Prefix(prefix));
    }
    let numeric = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_hexdigit() || b".:/".contains(&b));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let as_number = text.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("AS")) && digits(&text[2..]);
    let looks_numeric = numeric(text) && text.contains(['.', ':', '/']) || digits(text) || as_number;
    if text.is_empty() || looks_numeric {
        let shown = crate::escape::terminal(text).into_owned();
        return Err(Error::usage(format!("{shown:?} is no network, prefix, address or name"))
            .hint("write AS64500, 64500, 192.0.2.0/24, 2001:db8::/32, 192.0.2.1 or part of a name"));
    }
    Ok(Resource::Name(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_tells() {
        for text in ["AS200593", "as200593", "200593", "3.3985", " 200593 "] {
            assert_eq!(parse(text).unwrap(), Resource::Asn(Asn(200593)), "{text}");
        }
        assert_eq!(parse("192.0.2.77/24").unwrap(), Resource::Prefix("192.0.2.0/24".parse().unwrap()));
        assert_eq!(parse("2001:db8::/32").unwrap(), Resource::Prefix("2001:db8::/32".parse().unwrap()));
        assert_eq!(parse("192.0.2.1").unwrap(), Resource::Addr("192.0.2.1".parse().unwrap()));
        assert_eq!(parse("Example Net").unwrap(), Resource::Name("Example Net".into()));
        assert_eq!(parse("Assembly").unwrap(), Resource::Name("Assembly".into()));
        assert_eq!(parse("cafe").unwrap(), Resource::Name("cafe".into()));
    }

    #[test]
    fn broken_numbers_are_no_names() {
        for text in
            ["", "AS4294967296", "4294967296", "192.0.2.0/33", "192.0.2", "192.0.2.256", "2001:db8::/129", "::g/3x"]
        {
            let refused = parse(text).is_err();
            assert_eq!(refused, text != "::g/3x", "{text}");
        }
    }
}
