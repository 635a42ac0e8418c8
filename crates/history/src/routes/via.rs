//! Paths without the ends that other columns state.
//!
//! A path nearly always begins with the vantage's own network and ends with the origin, and a row has columns for both. What
//! is left, the way between the two, is the same for many vantages and origins: it takes half the room or less.
//! `ends` says which ends were there, so that every path is written back as it was.

/// The path begins with the network of the vantage, which `via` leaves out.
pub(crate) const STARTS_AT_VANTAGE: i32 = 1;
/// The path ends with the origin, which `via` leaves out.
pub(crate) const ENDS_AT_ORIGIN: i32 = 2;

/// Takes the ends off the text of a path: (`via`, `ends`). `own` is the vantage's network, `origin` is below 0 for none.
pub(crate) fn shorten(path: &str, own: u32, origin: i64) -> (&str, i32) {
    let (mut via, mut ends) = (path, 0);
    if let Some(rest) = without_first(via, own) {
        (via, ends) = (rest, ends | STARTS_AT_VANTAGE);
    }
    if let Ok(origin) = u32::try_from(origin)
        && let Some(rest) = without_last(via, origin)
    {
        (via, ends) = (rest, ends | ENDS_AT_ORIGIN);
    }
    (via, ends)
}

/// Writes the text that [`shorten`] took the ends off.
pub(crate) fn restore(via: &str, ends: i32, own: u32, origin: i64, out: &mut String) {
    use std::fmt::Write;
    let mut part = |text: std::fmt::Arguments<'_>| {
        let between = if out.is_empty() { "" } else { " " };
        // Writing to a string does not fail.
        let _ = write!(out, "{between}{text}");
    };
    if ends & STARTS_AT_VANTAGE != 0 {
        part(format_args!("{own}"));
    }
    if !via.is_empty() {
        part(format_args!("{via}"));
    }
    if ends & ENDS_AT_ORIGIN != 0 {
        part(format_args!("{origin}"));
    }
}

fn without_first(path: &str, asn: u32) -> Option<&str> {
    let mut digits = [0; 10];
    let rest = path.strip_prefix(decimal(asn, &mut digits))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

fn without_last(path: &str, asn: u32) -> Option<&str> {
    let mut digits = [0; 10];
    let rest = path.strip_suffix(decimal(asn, &mut digits))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_suffix(' ') }
}

fn decimal(mut n: u32, digits: &mut [u8; 10]) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[at..]).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use headwater_route::AsPath;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ends_are_left_out_only_where_they_are_hops_of_their_own() {
        let cases = [
            ("64500 64501 64510", "64501", 3),
            ("64500 64510", "", 3),
            ("64500 64500 64510 64510", "64500 64510", 3),
            ("64501 64510", "64501", 2),
            ("645001 64510", "645001", 2),
            ("64500 64510 {64502,64503}", "64510 {64502,64503}", 1),
            ("64500 164510", "164510", 1),
            ("(64500 64501) 64510", "(64500 64501)", 2),
            ("64510", "", 2),
            ("64500", "", 1),
            ("", "", 0),
        ];
        for (path, via, ends) in cases {
            assert_eq!(shorten(path, 64500, 64510), (via, ends), "{path}");
            let mut back = String::new();
            restore(via, ends, 64500, 64510, &mut back);
            assert_eq!(back, path);
        }
        // The origin of a one-member set is known, and the set stays as it was written.
        assert_eq!(shorten("64500 {64510}", 64500, 64510), ("{64510}", 1));
        assert_eq!(shorten("64500 64501", 64500, -1), ("64501", 1));
    }

    proptest! {
        #[test]
        fn every_path_reads_back(
            segments in prop::collection::vec((1u8..5, prop::collection::vec(64500u32..64503, 0..4)), 0..4),
            own in 64500u32..64503,
            origin in prop_oneof![Just(-1), 64500i64..64503],
        ) {
            let mut bytes = Vec::new();
            for (kind, asns) in &segments {
                bytes.extend([*kind, asns.len() as u8]);
                bytes.extend(asns.iter().flat_map(|asn| asn.to_be_bytes()));
            }
            let mut text = Vec::new();
            headwater_route::PathRef::new(&bytes).unwrap().write_text(&mut text);
            let text = String::from_utf8(text).unwrap();
            let (via, ends) = shorten(&text, own, origin);
            let mut back = String::new();
            restore(via, ends, own, origin, &mut back);
            prop_assert_eq!(back.parse::<AsPath>().unwrap(), text.parse::<AsPath>().unwrap());
        }
    }
}
