//! Patterns over the text of an AS path, in the regular-expression habit of network operators.
//!
//! `_` stands for a boundary: the start, the end, a blank, a comma or a bracket. `^`, `$`, `.`, `[0-9]`, `*`, `+`, `?`, `|` and
//! `(…)` mean what they mean elsewhere; a backslash takes the next character as it is. The pattern may match anywhere.
//!
//! A pattern becomes the set of its positions (Glushkov), a bit each; matching keeps the set of positions that can be
//! current, so it takes time linear in the text whatever the pattern. Where such sets are few, as with all patterns that
//! people write, they are worked out beforehand, and matching is a look-up a byte.

use std::fmt;
use std::str::FromStr;

use headwater_route::PathRef;
use rustc_hash::FxHashMap;

/// Positions a pattern may have; a set of them is one machine word pair.
const MAX_POSITIONS: usize = 127;
const MAX_DEPTH: usize = 32;
/// The text of a path stands between two of each, so that `^` and `$` may have `_` beside them.
const START: u8 = 2;
const END: u8 = 3;

/// A pattern over the text of an AS path, such as `^64500 .* 64510$` or `_64500_64501_`.
#[derive(Clone)]
pub struct PathPattern {
    text: String,
    /// The empty text matches: everything does.
    everything: bool,
    first: u128,
    last: u128,
    /// For each position, those that may follow it.
    follow: Vec<u128>,
    /// For each byte, the positions that take it.
    takes: Box<[u128; 256]>,
    automaton: Option<Automaton>,
}

/// The sets of positions that can be current, numbered, and which follows which.
#[derive(Clone)]
struct Automaton {
    /// Bytes that the same positions take are of one class.
    classes: Box<[u8; 256]>,
    width: usize,
    /// By set and class.
    next: Vec<u16>,
}

/// Most sets that are worked out beforehand; a pattern with more keeps to its positions.
const MAX_SETS: usize = 1024;
/// No further byte is needed.
const MATCHED: u16 = u16::MAX;

impl Automaton {
    fn new(pattern: &PathPattern) -> Option<Automaton> {
        let mut classes = Box::new([0; 256]);
        let mut members: Vec<u8> = Vec::new();
        for byte in 0..=u8::MAX {
            let same = |other: &u8| pattern.takes[usize::from(*other)] == pattern.takes[usize::from(byte)];
            let class = members.iter().position(same).unwrap_or(members.len());
            if class == members.len() {
                members.push(byte);
            }
            classes[usize::from(byte)] = class as u8;
        }
        let mut sets = vec![0u128];
        let mut number = FxHashMap::from_iter([(0u128, 0u16)]);
        let mut next = Vec::new();
        while let Some(&set) = sets.get(next.len() / members.len()) {
            for byte in &members {
                let then = pattern.step(set, *byte);
                next.push(if then & pattern.last != 0 {
                    MATCHED
                } else {
                    *number.entry(then).or_insert_with(|| {
                        sets.push(then);
                        (sets.len() - 1) as u16
                    })
                });
            }
            if sets.len() > MAX_SETS {
                return None;
            }
        }
        Some(Automaton { classes, width: members.len(), next })
    }

    fn matches(&self, framed: impl Iterator<Item = u8>) -> bool {
        let mut set = 0;
        for byte in framed {
            let class = usize::from(self.classes[usize::from(byte)]);
            match self.next.get(usize::from(set) * self.width + class) {
                Some(&MATCHED) => return true,
                Some(then) => set = *then,
                None => return false,
            }
        }
        false
    }
}

/// Why a text is not a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternError {
    pattern: String,
    why: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a path pattern: {} (write ^64500 .* 64510$ or _64500_64501_)", self.pattern, self.why)
    }
}

impl std::error::Error for PatternError {}

impl PathPattern {
    /// True if the path's text matches. `text` is room for it.
    pub fn matches(&self, path: PathRef<'_>, text: &mut Vec<u8>) -> bool {
        text.clear();
        path.write_text(text);
        self.matches_text(text)
    }

    fn matches_text(&self, text: &[u8]) -> bool {
        if self.everything {
            return true;
        }
        let framed = [START, START].iter().chain(text).chain(&[END, END]).copied();
        match &self.automaton {
            Some(automaton) => automaton.matches(framed),
            None => self.matches_by_positions(framed),
        }
    }

    fn matches_by_positions(&self, framed: impl Iterator<Item = u8>) -> bool {
        let mut current = 0u128;
        for byte in framed {
            current = self.step(current, byte);
            if current & self.last != 0 {
                return true;
            }
        }
        false
    }

    /// The positions that can be current behind a byte, if these were before it.
    fn step(&self, current: u128, byte: u8) -> u128 {
        let mut next = self.first;
        let mut left = current;
        while left != 0 {
            next |= self.follow[left.trailing_zeros() as usize];
            left &= left - 1;
        }
        next & self.takes[usize::from(byte)]
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathPattern({:?})", self.text)
    }
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &PathPattern) -> bool {
        self.text == other.text
    }
}

impl FromStr for PathPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<PathPattern, PatternError> {
        let mut parser = Parser { rest: text.as_bytes(), follow: Vec::new(), takes: Box::new([0; 256]) };
        let whole = parser.alternatives(0).and_then(|whole| match parser.rest {
            [] => Ok(whole),
            _ => Err("a ) without its (".to_owned()),
        });
        let whole = whole.map_err(|why| PatternError { pattern: text.to_owned(), why })?;
        let mut pattern = PathPattern {
            text: text.to_owned(),
            everything: whole.empty,
            first: whole.first,
            last: whole.last,
            follow: parser.follow,
            takes: parser.takes,
            automaton: None,
        };
        pattern.automaton = Automaton::new(&pattern);
        Ok(pattern)
    }
}

/// What a part of a pattern may start with, end with, and whether it may be empty.
#[derive(Clone, Copy)]
struct Part {
    empty: bool,
    first: u128,
    last: u128,
}

impl Part {
    const NOTHING: Part = Part { empty: true, first: 0, last: 0 };
}

struct Parser<'p> {
    rest: &'p [u8],
    follow: Vec<u128>,
    takes: Box<[u128; 256]>,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn alternatives(&mut self, depth: usize) -> Result<Part, String> {
        if depth > MAX_DEPTH {
            return Err("brackets nested too deeply".to_owned());
        }
        let mut whole = self.sequence(depth)?;
        while self.rest.first() == Some(&b'|') {
            self.next();
            let other = self.sequence(depth)?;
            whole = Part {
                empty: whole.empty || other.empty,
                first: whole.first | other.first,
                last: whole.last | other.last,
            };
        }
        Ok(whole)
    }

    fn sequence(&mut self, depth: usize) -> Result<Part, String> {
        let mut whole = Part::NOTHING;
        while !matches!(self.rest.first(), None | Some(b'|' | b')')) {
            let part = self.repeated(depth)?;
            self.join(whole.last, part.first);
            whole = Part {
                empty: whole.empty && part.empty,
                first: if whole.empty { whole.first | part.first } else { whole.first },
                last: if part.empty { whole.last | part.last } else { part.last },
            };
        }
        Ok(whole)
    }

    /// Lets each of the positions `after` follow each of those `before`.
    fn join(&mut self, before: u128, after: u128) {
        for (at, follow) in self.follow.iter_mut().enumerate() {
            if before >> at & 1 == 1 {
                *follow |= after;
            }
        }
    }

    fn repeated(&mut self, depth: usize) -> Result<Part, String> {
        let mut part = self.single(depth)?;
        while let Some(mark @ (b'*' | b'+' | b'?')) = self.rest.first().copied() {
            self.next();
            part.empty |= mark != b'+';
            if mark != b'?' {
                self.join(part.last, part.first);
            }
        }
        Ok(part)
    }

    fn single(&mut self, depth: usize) -> Result<Part, String> {
        const BOUNDARIES: &[u8] = &[START, END, b' ', b',', b'{', b'}', b'(', b')', b'[', b']'];
        let visible = |byte: &u8| !matches!(*byte, START | END);
        match self.next() {
            Some(b'(') => {
                let part = self.alternatives(depth + 1)?;
                match self.next() {
                    Some(b')') => Ok(part),
                    _ => Err("a ( without its )".to_owned()),
                }
            }
            Some(b'[') => {
                let set = self.set()?;
                self.position((0..=255).filter(visible).filter(|byte| set(*byte)))
            }
            Some(b'.') => self.position((0..=255).filter(visible)),
            Some(b'_') => self.position(BOUNDARIES.iter().copied()),
            Some(b'^') => self.position([START]),
            Some(b'$') => self.position([END]),
            Some(b'\\') => match self.next() {
                Some(byte) if visible(&byte) => self.position([byte]),
                _ => Err("a \\ with nothing behind it".to_owned()),
            },
            Some(mark @ (b'*' | b'+' | b'?')) => Err(format!("a {} with nothing before it", char::from(mark))),
            Some(byte @ (b'0'..=b'9' | b' ' | b',' | b'{' | b'}')) => self.position([byte]),
            Some(byte) => {
                let shown = if byte.is_ascii_graphic() { char::from(byte) } else { '\u{fffd}' };
                Err(format!("no path contains {shown:?}"))
            }
            None => Err("it ends too early".to_owned()),
        }
    }

    /// What stands between `[` and `]`.
    fn set(&mut self) -> Result<impl Fn(u8) -> bool + use<>, String> {
        let unclosed = || "a [ without its ]".to_owned();
        let negated = self.rest.first() == Some(&b'^');
        if negated {
            self.next();
        }
        let mut members = [false; 256];
        let mut first = true;
        loop {
            let low = match self.next().ok_or_else(unclosed)? {
                b']' if !first => break,
                b'\\' => self.next().ok_or_else(unclosed)?,
                byte => byte,
            };
            first = false;
            let high = match self.rest {
                [b'-', high, ..] if *high != b']' => {
                    let high = *high;
                    self.rest = &self.rest[2..];
                    high
                }
                _ => low,
            };
            if low > high {
                return Err("a range that runs backwards".to_owned());
            }
            members[usize::from(low)..=usize::from(high)].fill(true);
        }
        Ok(move |byte: u8| members[usize::from(byte)] != negated)
    }

    fn position(&mut self, bytes: impl IntoIterator<Item = u8>) -> Result<Part, String> {
        let at = self.follow.len();
        if at >= MAX_POSITIONS {
            return Err(format!("more than {MAX_POSITIONS} characters"));
        }
        self.follow.push(0);
        let bit = 1 << at;
        for byte in bytes {
            self.takes[usize::from(byte)] |= bit;
        }
        Ok(Part { empty: false, first: bit, last: bit })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        pattern.parse::<PathPattern>().unwrap().matches_text(text.as_bytes())
    }

    #[test]
    fn operators_patterns_mean_what_they_mean_on_routers() {
        let path = "64500 64501 64501 {64502,64503}";
        for pattern in [
            "_64501_",
            "^64500_",
            "^64500 .* 64501",
            "_64502_",
            "_64503_$",
            "64500_64501",
            "_(64501|64999)_",
            "^_64500",
            "_64501_64501_",
            "6450[0-1]",
            "^[0-9]+ 64501",
            r"\{64502,",
            "(64501 )+",
            "^64500( 64501)*_",
            "",
            ".*",
            "{64502",
            "^(64500|64501|_)+",
            "[^0-9]64501",
            "645?0?0 ",
        ] {
            assert!(matches(pattern, path), "{pattern}");
        }
        for pattern in ["_6450_", "^64501", "_64500_$", "64500$", "64500_64502", "^$", "[a-z]", "6450[4-9]", "^.64500"]
        {
            assert!(!matches(pattern, path), "{pattern}");
        }
        assert!(matches("^$", ""));
        assert!(matches("^64500$", "64500"));
        assert!(matches("_64500_", "64500"));
    }

    #[test]
    fn bad_patterns_say_why() {
        for (pattern, why) in [
            ("(64500", "a ( without its )"),
            ("64500)", "a ) without its ("),
            ("[0-9", "a [ without its ]"),
            ("*", "a * with nothing before it"),
            ("AS64500", "no path contains 'A'"),
            ("\\", "a \\ with nothing behind it"),
            ("[9-0]", "a range that runs backwards"),
        ] {
            let error = pattern.parse::<PathPattern>().unwrap_err();
            assert_eq!(error.why, why, "{pattern}");
        }
        assert!("1".repeat(128).parse::<PathPattern>().is_err());
        assert!("(".repeat(100_000).parse::<PathPattern>().is_err());
    }

    #[test]
    fn time_is_linear_in_the_text() {
        let text = "1 ".repeat(100_000);
        assert!(!matches("(1* *)*(1* *)*(1* *)*2", &text));
    }

    #[test]
    fn a_pattern_with_too_many_sets_still_matches() {
        // Which of the last twelve characters are 1: 4096 sets.
        let pattern: PathPattern = format!("1{}2$", ".".repeat(12)).parse().unwrap();
        assert!(pattern.automaton.is_none());
        assert!(matches(&pattern.text, "1 64500 645002") && !matches(&pattern.text, "3 64500 645002"));
        assert!("^64500 .* 64510$".parse::<PathPattern>().unwrap().automaton.is_some());
    }

    proptest! {
        #[test]
        fn sets_worked_out_beforehand_match_as_positions_do(
            pattern in "[12 _^$.*+?|()]{1,12}",
            texts in prop::collection::vec("[12 {},]{0,12}", 1..8),
        ) {
            if let Ok(pattern) = pattern.parse::<PathPattern>() {
                for text in &texts {
                    let framed = [START, START].into_iter().chain(text.bytes()).chain([END, END]);
                    let naive = pattern.everything || pattern.matches_by_positions(framed);
                    prop_assert_eq!(pattern.matches_text(text.as_bytes()), naive, "{:?} {:?}", pattern, text);
                }
            }
        }
    }
}
