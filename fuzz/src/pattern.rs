//! Path patterns against a regular expression that says the same.

use std::fmt::Write as _;

use headwater_route::PathRef;
use headwater_wire::mrt::PathPattern;
use regex::bytes::RegexBuilder;

/// Stand for `START` and `END`, two of which frame a path's text.
const FRAME: &str = r"\x02\x03";

/// The pattern as a regular expression over the framed text. Only for patterns that parse.
fn translate(pattern: &[u8]) -> String {
    let (mut out, mut rest) = (String::new(), pattern);
    // Where what a mark would repeat begins, and where the open brackets do.
    let (mut atom, mut open) = (0, Vec::new());
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'*' | b'+' | b'?' => {
                out.insert_str(atom, "(?:");
                out.push(')');
                out.push(char::from(*byte));
                // A further mark repeats all of this.
                continue;
            }
            b'|' => out.push('|'),
            b'(' => {
                open.push(out.len());
                out.push_str("(?:");
            }
            b')' => {
                atom = open.pop().unwrap_or(0);
                out.push(')');
            }
            _ => {
                atom = out.len();
                match byte {
                    b'_' => write!(out, r"[{FRAME} ,{{}}()\[\]]"),
                    b'^' => write!(out, r"\x02"),
                    b'$' => write!(out, r"\x03"),
                    b'.' => write!(out, "[^{FRAME}]"),
                    b'[' => {
                        let (set, behind) = translate_set(rest);
                        rest = behind;
                        write!(out, "{set}")
                    }
                    b'\\' => {
                        let (byte, behind) = rest.split_first().unwrap_or((&0, &[]));
                        rest = behind;
                        write!(out, r"\x{byte:02x}")
                    }
                    byte => write!(out, r"\x{byte:02x}"),
                }
                .expect("a string takes it");
            }
        }
    }
    out
}

/// What stands behind a `[`, and what stands behind its `]`.
fn translate_set(mut rest: &[u8]) -> (String, &[u8]) {
    let negated = rest.first() == Some(&b'^');
    rest = if negated { &rest[1..] } else { rest };
    let mut set = String::from(if negated { "[^" } else { "[" });
    let mut first = true;
    loop {
        let (low, behind) = match rest {
            [b']', behind @ ..] if !first => {
                rest = behind;
                break;
            }
            [b'\\', byte, behind @ ..] | [byte, behind @ ..] => (byte, behind),
            [] => break,
        };
        first = false;
        let (high, behind) = match behind {
            [b'-', high, behind @ ..] if *high != b']' => (high, behind),
            _ => (low, behind),
        };
        rest = behind;
        write!(set, r"\x{low:02x}-\x{high:02x}").expect("a string takes it");
    }
    set.push(']');
    (format!("[{set}&&[^{FRAME}]]"), rest)
}

/// A pattern of any text, up to a zero byte, and a path of the bytes behind it: no panic, and what a regular expression says
/// of the path's text the pattern says.
pub fn matches(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let Ok(text) = std::str::from_utf8(&data[..end]) else { return };
    let pattern = match text.parse::<PathPattern>() {
        Ok(pattern) => pattern,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(pattern.to_string(), text);
    let bytes = data.get(end + 1..).unwrap_or_default();
    // Whole ASNs of what is there, small ones so that patterns have something to match.
    let Some(path) = PathRef::new(bytes) else { return };
    let mut room = Vec::new();
    let got = pattern.matches(path, &mut room);
    let framed = [&[2, 2][..], &room, &[3, 3]].concat();
    let mut wide = RegexBuilder::new(&translate(text.as_bytes()));
    let Ok(regex) = wide.unicode(false).size_limit(1 << 20).nest_limit(200).build() else { return };
    path_text_is_ascii(&room);
    assert_eq!(got, regex.is_match(&framed), "{text:?} on {:?}", String::from_utf8_lossy(&room));
}

fn path_text_is_ascii(text: &[u8]) {
    assert!(text.is_ascii());
}
