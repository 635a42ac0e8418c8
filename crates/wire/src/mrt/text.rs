//! Observations as lines in the form of `bgpdump -m`, which every tool of the trade reads.

use std::net::{IpAddr, Ipv4Addr};

use headwater_route::{
    Attributes, Event, Nlri, Observation, OriginCode, Prefix, Route, Session, push_decimal, push_ipv4,
};

use super::Record;
use super::header::kind;

/// Appends the line, without line end, that `bgpdump -m` 1.6.2 prints for an observation of `record`.
///
/// It differs where that program errs, in old type BGP records: there it prints the peer's address for the prefix of a
/// withdrawal, and no bar before communities. What has no place in the form is left out: large and extended communities, the time a route was learnt,
/// multicast.
pub fn write_bgpdump_m(out: &mut Vec<u8>, record: &Record, observation: &Observation<'_>, session: &Session) {
    let path_id = match &observation.event {
        Event::Held(route) | Event::Announced(route) => route.nlri.path_id,
        Event::Withdrawn(nlri) => nlri.path_id,
        Event::State { .. } => None,
    };
    out.extend_from_slice(match (record.kind, &observation.event) {
        (kind::TABLE_DUMP_V2, _) => b"TABLE_DUMP2",
        (kind::TABLE_DUMP, _) | (_, Event::Held(_)) => b"TABLE_DUMP",
        (kind::BGP4MP_ET, _) => b"BGP4MP_ET",
        (kind::BGP, _) => b"BGP",
        _ => b"BGP4MP",
    });
    if path_id.is_some() {
        out.extend_from_slice(b"_AP");
    }
    out.push(b'|');
    push_time(out, record, observation);
    match &observation.event {
        Event::Held(route) => push_route(out, b"|B|", route, record, session),
        Event::Announced(route) => push_route(out, b"|A|", route, record, session),
        Event::Withdrawn(nlri) => push_key(out, b"|W|", nlri, session),
        Event::State { from, to } => {
            out.extend_from_slice(b"|STATE|");
            push_session(out, session);
            out.push(b'|');
            push_decimal(out, (*from).into());
            out.push(b'|');
            push_decimal(out, (*to).into());
        }
    }
}

/// Seconds, with microseconds for the types that have them.
fn push_time(out: &mut Vec<u8>, record: &Record, observation: &Observation<'_>) {
    let time = observation.time;
    push_decimal(out, u32::try_from(time.secs()).unwrap_or(0));
    if record.kind == kind::BGP4MP_ET {
        let mut micros = time.0.rem_euclid(1_000_000);
        let mut digits = *b".000000";
        for digit in digits[1..].iter_mut().rev() {
            *digit = b'0' + (micros % 10) as u8;
            micros /= 10;
        }
        out.extend_from_slice(&digits);
    }
}

fn push_session(out: &mut Vec<u8>, session: &Session) {
    push_addr(out, session.addr);
    out.push(b'|');
    push_decimal(out, session.asn.0);
}

fn push_key(out: &mut Vec<u8>, kind: &[u8], nlri: &Nlri, session: &Session) {
    out.extend_from_slice(kind);
    push_session(out, session);
    out.push(b'|');
    push_prefix(out, &nlri.prefix);
    if let Some(path_id) = nlri.path_id {
        out.push(b'|');
        push_decimal(out, path_id);
    }
}

fn push_route(out: &mut Vec<u8>, kind: &[u8], route: &Route<'_>, record: &Record, session: &Session) {
    push_key(out, kind, &route.nlri, session);
    let attributes = route.attributes;
    out.push(b'|');
    attributes.path.write_text(out);
    out.extend_from_slice(match attributes.origin {
        Some(OriginCode::Igp) => b"|IGP|",
        Some(OriginCode::Egp) => b"|EGP|",
        // bgpdump's word for none, too.
        Some(OriginCode::Incomplete) | None => b"|INCOMPLETE|",
    });
    // bgpdump's word for none.
    push_addr(out, attributes.next_hop.unwrap_or(IpAddr::V4(Ipv4Addr::BROADCAST)));
    out.push(b'|');
    push_decimal(out, attributes.local_pref.unwrap_or(0));
    out.push(b'|');
    push_decimal(out, attributes.med.unwrap_or(0));
    out.push(b'|');
    // For type BGP bgpdump has this column not at all, or runs it into the one before.
    if record.kind != kind::BGP || !attributes.communities.is_empty() {
        push_communities(out, attributes);
        out.push(b'|');
    }
    out.extend_from_slice(if attributes.atomic_aggregate { b"AG|" } else { b"NAG|" });
    if let Some((asn, router)) = attributes.aggregator {
        push_decimal(out, asn.0);
        out.push(b' ');
        push_addr(out, IpAddr::V4(router));
    }
    out.push(b'|');
}

/// Well-known communities have their names (RFC 1997, RFC 3765).
fn push_communities(out: &mut Vec<u8>, attributes: &Attributes<'_>) {
    for (i, (high, low)) in attributes.community_pairs().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        let name: &[u8] = match (high, low) {
            (0xffff, 0xff01) => b"no-export",
            (0xffff, 0xff02) => b"no-advertise",
            (0xffff, 0xff03) => b"local-AS",
            _ => {
                push_decimal(out, high.into());
                out.push(b':');
                push_decimal(out, low.into());
                continue;
            }
        };
        out.extend_from_slice(name);
    }
}

fn push_prefix(out: &mut Vec<u8>, prefix: &Prefix) {
    push_addr(out, prefix.addr());
    out.push(b'/');
    push_decimal(out, prefix.len().into());
}

fn push_addr(out: &mut Vec<u8>, addr: IpAddr) {
    match addr {
        IpAddr::V4(addr) => push_ipv4(out, addr),
        IpAddr::V6(addr) => push_v6(out, addr.segments()),
    }
}

/// As the C library once wrote IPv6 addresses: unlike RFC 5952 §4.2.2 a single zero group is shortened too.
fn push_v6(out: &mut Vec<u8>, groups: [u16; 8]) {
    let (mut shortened, mut zeros) = (0..0, 0);
    for (at, group) in groups.into_iter().enumerate() {
        zeros = if group == 0 { zeros + 1 } else { 0 };
        if zeros > shortened.len() {
            shortened = at + 1 - zeros..at + 1;
        }
    }
    // IPv4-compatible and IPv4-mapped addresses.
    let dotted = match (shortened.start, shortened.end) {
        (0, 6) => true,
        (0, 7) => groups[7] != 1,
        (0, 5) => groups[5] == 0xffff,
        _ => false,
    };
    for (at, group) in groups.into_iter().enumerate() {
        if dotted && at == 6 {
            if shortened.end == 5 {
                out.push(b':');
            }
            let [a, b] = groups[6].to_be_bytes();
            let [c, d] = groups[7].to_be_bytes();
            return push_addr(out, IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
        }
        if shortened.contains(&at) {
            if at == shortened.start {
                out.extend_from_slice(if at == 0 || shortened.end == 8 { b"::" } else { b":" });
            }
            continue;
        }
        let behind_leading_zeros = shortened == (0..at);
        if at > 0 && !behind_leading_zeros {
            out.push(b':');
        }
        push_hex(out, group);
    }
}

fn push_hex(out: &mut Vec<u8>, number: u16) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (4 - number.leading_zeros() / 4).max(1);
    for digit in (0..digits).rev() {
        out.push(DIGITS[usize::from(number >> (digit * 4) & 0xf)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_written_as_bgpdump_writes_it() {
        // Each was printed by bgpdump 1.6.2.
        for text in [
            "::",
            "::1",
            "::0.2.0.3",
            "1:0:2::3:4:5",
            "1:0:0:2::3",
            "::1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7::",
            "1:2:3:4:5:6::",
            "::ffff:1.2.3.4",
            "::ffff:0.0.0.0",
            "::1.2.3.4",
            "::ffff:0:102:304",
            "64:ff9b::102:304",
            "::0.0.255.255",
            "0:0:1::2:3",
            "1::2",
            "2001:db8::1:1:1:1:1",
            "::ffff:0.0.0.1",
            "1::2:0:0:3:4",
            "::1:2:3",
            "::1:2:3:4",
        ] {
            let mut out = Vec::new();
            push_addr(&mut out, IpAddr::V6(text.parse().unwrap()));
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
