//! What operators and files write in words: numbers, prefixes, paths, times, parts of a filter.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use headwater_route::{AsPath, Asn, PathRef, Prefix, Time};
use headwater_wire::mrt::{EventKind, PrefixTest};

/// What parses shows as text that parses to the same.
fn round_trip<T: FromStr + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let value = text.parse::<T>().ok()?;
    let shown = value.to_string();
    assert_eq!(Some(&value), shown.parse::<T>().ok().as_ref(), "{text:?} shows as {shown:?}");
    Some(value)
}

/// Any text as each kind of word: no panic, and what parses reads back as shown.
pub fn parse_and_show(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    round_trip::<Asn>(text);
    round_trip::<Prefix>(text);
    // Longer segments become several.
    if let Ok(path) = text.parse::<AsPath>()
        && path.segments.iter().all(|segment| segment.asns.len() < 256)
    {
        let bytes = path.to_bytes();
        let wire = PathRef::new(&bytes).expect("what is written is framed");
        let mut shown = Vec::new();
        wire.write_text(&mut shown);
        assert_eq!(String::from_utf8_lossy(&shown).parse::<AsPath>().map(|p| p.to_string()), Ok(path.to_string()));
    }
    let now = Time::from_unix(1_700_000_000);
    if let Ok(time) = Time::parse(text, Some(now)) {
        let shown = time.to_string();
        assert_eq!(Time::parse(&shown, None), Ok(time), "{text:?} shows as {shown:?}");
    }
    text.parse::<PrefixTest>().map_err(|error| error.to_string()).ok();
    text.parse::<EventKind>().map_err(|error| error.to_string()).ok();
}
