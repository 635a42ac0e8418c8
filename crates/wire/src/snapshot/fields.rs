//! Fields of a line.

use std::borrow::Cow;
use std::net::IpAddr;

use headwater_route::{Asn, Family, FaultKind, Prefix, Time};

use super::{Bad, Sink};

/// Splits a CSV line (RFC 4180, but a field cannot hold a line end: a stray quote must not swallow the file) into exactly `N`
/// fields. A blank before a quoted field is dropped.
pub(super) fn csv<const N: usize>(line: &str) -> Result<[Cow<'_, str>; N], Bad> {
    let bad = || Bad::line(&format!("not {N} fields"), line);
    let mut fields = [const { Cow::Borrowed("") }; N];
    let mut rest = Some(line);
    for field in &mut fields {
        let text = rest.ok_or_else(bad)?;
        if let Some(quoted) = text.trim_start().strip_prefix('"') {
            let mut value = Cow::Borrowed("");
            let mut left = quoted;
            loop {
                let (part, after) = left.split_once('"').ok_or_else(bad)?;
                match value.is_empty() {
                    true => value = Cow::Borrowed(part),
                    false => value.to_mut().push_str(part),
                }
                match after.strip_prefix('"') {
                    Some(more) => {
                        value.to_mut().push('"');
                        left = more;
                    }
                    None => {
                        left = after;
                        break;
                    }
                }
            }
            rest = match left.strip_prefix(',') {
                None if left.is_empty() => None,
                None => return Err(bad()),
                more => more,
            };
            *field = value;
        } else {
            let (value, more) = match text.split_once(',') {
                Some((value, more)) => (value, Some(more)),
                None => (text, None),
            };
            *field = Cow::Borrowed(value);
            rest = more;
        }
    }
    rest.map_or(Ok(fields), |_| Err(bad()))
}

pub(super) fn asn(text: &str, line: &str) -> Result<Asn, Bad> {
    text.trim().parse().map_err(|_| Bad::line("no AS number", line))
}

pub(super) fn number<T: std::str::FromStr>(text: &str, what: &str, line: &str) -> Result<T, Bad> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or_else(|| Bad::line(what, line))
}

pub(super) fn address(text: &str, line: &str) -> Result<IpAddr, Bad> {
    text.trim().parse().map_err(|_| Bad::line("no address", line))
}

/// First address of a family, left-aligned in 128 bits.
pub(super) fn bits(addr: IpAddr) -> (Family, u128) {
    let host = Prefix::host(addr);
    (host.family(), host.first_bits())
}

/// The prefix of an address and a length; host bits are dropped and stated.
pub(super) fn prefix(addr: IpAddr, len: u8, offset: u64, sink: &mut Sink<'_>) -> Result<Prefix, Bad> {
    let prefix =
        Prefix::new(addr, len).ok_or_else(|| Bad(FaultKind::BadPrefix, format!("{addr} has no length {len}")))?;
    if prefix.addr() != addr {
        sink.fault(offset, FaultKind::HostBits, format!("{addr}/{len}"));
    }
    Ok(prefix)
}

/// A prefix in text form.
pub(super) fn prefix_text(text: &str, line: &str, offset: u64, sink: &mut Sink<'_>) -> Result<Prefix, Bad> {
    let (addr, len) = text.trim().split_once('/').ok_or_else(|| Bad::line("no prefix", line))?;
    prefix(address(addr, line)?, number(len, "no prefix length", line)?, offset, sink)
}

/// Midnight of `YYYYMMDD`.
pub(super) fn day(text: &str) -> Option<Time> {
    crate::sniff::day(text.as_bytes()).map(|(first, _)| first)
}
