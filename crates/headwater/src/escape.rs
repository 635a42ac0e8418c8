//! Hostile text on its way out: names from registries, file names and route attributes, escaped for each output.

use std::borrow::Cow;
use std::fmt::Write as _;

/// True for characters that act on a terminal or hide or reorder what stands beside them: controls (C0, DEL, C1), line and
/// paragraph separators, bidirectional and invisible formatting, tags. (Unicode: categories Cc, Zl, Zp and most of Cf.)
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// For a terminal: hostile characters become visible escapes such as `\u{1b}`; one line stays one line.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hostile(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A text cell of CSV (RFC 4180): as [`terminal`], quoted where it must be, and with `'` before what a spreadsheet would run
/// as a formula.
pub fn csv(text: &str) -> String {
    let shown = terminal(text);
    let formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) || shown.trim_start().starts_with(['=', '@']);
    let shown = if formula { Cow::Owned(format!("'{shown}")) } else { shown };
    if shown.contains([',', '"', ';']) || shown.starts_with(' ') || shown.ends_with(' ') {
        format!("\"{}\"", shown.replace('"', "\"\""))
    } else {
        shown.into_owned()
    }
}

/// JSON text with every hostile character inside its strings written as `\uXXXX`: the same value, harmless on a terminal.
pub fn json(text: String) -> String {
    // JSON's own structure is ASCII, and the serialiser has escaped C0 already; the line breaks left are layout.
    if !text.contains(|c: char| c != '\n' && is_hostile(c)) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c != '\n' && is_hostile(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                write!(out, "\\u{unit:04x}").ok();
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_on_a_terminal_becomes_visible() {
        assert_eq!(terminal("EXAMPLE-NET"), "EXAMPLE-NET");
        assert_eq!(terminal("a\u{1b}]0;owned\u{7}b"), "a\\u{1b}]0;owned\\u{7}b");
        assert_eq!(terminal("a\u{9b}31mb"), "a\\u{9b}31mb");
        assert_eq!(terminal("evil\u{202e}moc.knab"), "evil\\u{202e}moc.knab");
        assert_eq!(terminal("two\nlines"), "two\\nlines");
        assert_eq!(terminal("Zürich 東京 <b>"), "Zürich 東京 <b>");
    }

    #[test]
    fn cells_stay_cells() {
        assert_eq!(csv("plain"), "plain");
        assert_eq!(csv("Example, Inc"), "\"Example, Inc\"");
        assert_eq!(csv("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(csv("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(csv("  =1,2"), "\"'  =1,2\"");
        assert_eq!(csv("-1+2"), "'-1+2");
        assert_eq!(csv("a\nb"), "a\\nb");
    }

    proptest! {
        #[test]
        fn nothing_hostile_passes(text in any::<String>(), nasty in "[\u{0}-\u{20}\u{7f}-\u{a0}\u{2020}-\u{2070}=,\"';]*") {
            for text in [text, nasty] {
                prop_assert!(!terminal(&text).contains(is_hostile));
                let once = terminal(&text).into_owned();
                prop_assert_eq!(terminal(&once), once.as_str());
                let cell = csv(&text);
                prop_assert!(!cell.contains(is_hostile));
                prop_assert!(!cell.starts_with(['=', '+', '-', '@']));
                if cell.contains([',', '"', ';']) {
                    let inner = cell.strip_prefix('"').and_then(|c| c.strip_suffix('"'));
                    prop_assert!(inner.is_some_and(|inner| !inner.replace("\"\"", "").contains('"')));
                }
                let out = json(serde_json::to_string(&text).unwrap());
                prop_assert!(!out.contains(is_hostile));
                prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
            }
        }
    }
}
