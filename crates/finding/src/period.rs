//! Since when, until when: looks at a source, folded into periods with bounded ends (methods §3.3).

use headwater_route::{Bounds, Time, Window};
use serde::Serialize;

const DAY_MICROS: i64 = 86_400_000_000;

/// What one look at a source (a file, a day) says about a fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// The fact holds.
    Yes,
    /// It does not, and the look could have shown it: an adequate negative.
    No,
    /// Something stands in its place that neither shows nor denies it (a link under another label).
    Other,
    /// The subject itself is not in the source.
    SubjectAbsent,
    /// The look says nothing.
    Nothing,
}

/// One look at a source.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Look {
    /// First instant it covers.
    pub from: Time,
    /// Last instant it covers.
    pub until: Time,
    /// What it says.
    pub sight: Sight,
    /// The bound it sets to a start: of `Yes`, an instant by which the fact held; of `No`, one at which it did not yet, if
    /// the look could have shown it then to those who saw it later.
    pub start: Option<Time>,
    /// The bound it sets to an end: of `Yes`, an instant at which the fact still held; of `No`, one by which it no longer did,
    /// if the look could have shown it to those who saw it before.
    pub end: Option<Time>,
}

impl Look {
    /// A look that shows what held at any time of `[from, until]`, and denies what held at no time of it.
    pub fn whole(from: Time, until: Time, sight: Sight) -> Look {
        Look { from, until, sight, start: Some(until), end: Some(from) }
    }
}

/// Why an end of a period is where it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Bounded by a look that does not show the fact.
    Bounded,
    /// The data start or end here: it may have begun at any time before, or still hold.
    EndOfData,
    /// The looks are too far apart here: what happened between is not known.
    Gap,
    /// Beyond it the subject itself is not in the source.
    SubjectAbsent,
    /// Beyond it there are looks, and they do not settle it: too few vantages, an extract, a link under another label.
    Unsettled,
}

/// A stretch in which a fact was seen.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Period {
    /// When it began and ended, within bounds.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// What bounds the start.
    pub start: Edge,
    /// What bounds the end.
    pub end: Edge,
    /// Looks that show the fact.
    pub seen: usize,
    /// Looks from the first to the last of these that could have shown it.
    pub of: usize,
}

impl Period {
    /// True if the period may reach into the window.
    pub fn touches(&self, window: &Window) -> bool {
        let first = self.bounds.from_by.min(self.bounds.to_after);
        window.touches(first, self.bounds.to_after.max(self.bounds.from_by))
    }
}

/// What lies between the last look that shows the fact and the present one.
#[derive(Default)]
struct Between {
    /// Looks that could have shown it.
    unseen: usize,
    /// The last instant at which it is known not to have held.
    no: Option<Time>,
    /// A look lacks the subject.
    absent: bool,
    /// A look neither shows nor denies it.
    unsettled: bool,
    /// Two looks that could have shown it lie too far apart.
    gap: bool,
}

impl Between {
    /// Why a stretch without a bound ends here; `otherwise` if there was no look at all.
    fn edge(&self, otherwise: Edge) -> Edge {
        match (self.absent, self.unsettled) {
            (true, _) => Edge::SubjectAbsent,
            (false, true) => Edge::Unsettled,
            (false, false) => otherwise,
        }
    }
}

/// Folds looks, sorted by `from`, into periods. Looks more than `max_gap_days` apart split a period.
pub fn periods(looks: &[Look], max_gap_days: f64) -> Vec<Period> {
    let mut done: Vec<Period> = Vec::new();
    let mut open: Option<Period> = None;
    let mut between = Between::default();
    let mut last_adequate: Option<Time> = None;
    for look in looks {
        let adequate = !matches!(look.sight, Sight::SubjectAbsent | Sight::Nothing);
        between.gap |= adequate && last_adequate.is_some_and(|last| days_between(last, look.from) > max_gap_days);
        match look.sight {
            Sight::Yes => {
                let (by, after) = (look.start.unwrap_or(look.until), look.end.unwrap_or(look.from));
                match open.as_mut().filter(|_| !between.gap) {
                    Some(period) => {
                        period.bounds.to_after = period.bounds.to_after.max(after);
                        period.seen += 1;
                        period.of += between.unseen + 1;
                    }
                    None => {
                        let again = open.is_some();
                        done.extend(open.take().map(|period| Period { end: between.edge(Edge::Gap), ..period }));
                        // A denial from after the instant by which it held is none.
                        let no = between.no.filter(|no| *no < by);
                        let start = match no {
                            Some(_) => Edge::Bounded,
                            None => between.edge(if again { Edge::Gap } else { Edge::EndOfData }),
                        };
                        let bounds = Bounds { from_after: no, from_by: by, to_after: after, to_by: None };
                        open = Some(Period { bounds, start, end: Edge::EndOfData, seen: 1, of: 1 });
                    }
                }
                between = Between::default();
            }
            Sight::No => {
                if let (Some(period), Some(by)) = (&open, look.end) {
                    let mut period = period.clone();
                    period.bounds.to_by = Some(by);
                    period.end = Edge::Bounded;
                    done.push(period);
                    open = None;
                }
                between.unseen += 1;
                between.unsettled |= look.start.is_none() || look.end.is_none();
                between.no = between.no.max(look.start);
            }
            Sight::Other => {
                between.unseen += 1;
                between.unsettled = true;
            }
            Sight::SubjectAbsent => between.absent = true,
            Sight::Nothing => between.unsettled = true,
        }
        if adequate {
            last_adequate = last_adequate.max(Some(look.until));
        }
    }
    done.extend(open.map(|period| Period { end: between.edge(Edge::EndOfData), ..period }));
    done
}

/// Days from one instant to a later one.
fn days_between(earlier: Time, later: Time) -> f64 {
    later.0.saturating_sub(earlier.0) as f64 / DAY_MICROS as f64
}

/// Stretches longer than `max_gap_days` between looks, which are sorted by `from`.
pub fn gaps(looks: impl IntoIterator<Item = (Time, Time)>, max_gap_days: f64) -> Vec<(Time, Time)> {
    let mut out = Vec::new();
    let mut last: Option<Time> = None;
    for (from, until) in looks {
        if let Some(last) = last
            && days_between(last, from) > max_gap_days
        {
            out.push((last, from));
        }
        last = Some(last.map_or(until, |last| last.max(until)));
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: i64) -> Time {
        Time(n * DAY_MICROS)
    }

    /// `+` yes, `-` no, `o` other, `a` subject absent, `?` nothing, ` ` no look; one a month of 30 days, each covering 5 days.
    fn looks(text: &str) -> Vec<Look> {
        let sight = |c| match c {
            '+' => Some(Sight::Yes),
            '-' => Some(Sight::No),
            'o' => Some(Sight::Other),
            'a' => Some(Sight::SubjectAbsent),
            '?' => Some(Sight::Nothing),
            _ => None,
        };
        (0..)
            .zip(text.chars())
            .filter_map(|(i, c)| Some(Look::whole(day(i * 30), day(i * 30 + 5), sight(c)?)))
            .collect()
    }

    fn shown(text: &str) -> String {
        let d = |t: Time| t.0 / DAY_MICROS;
        let side = |t: Option<Time>| t.map_or("?".to_owned(), |t| d(t).to_string());
        periods(&looks(text), 45.0)
            .iter()
            .map(|p| {
                let b = p.bounds;
                let (from, to) = (side(b.from_after), side(b.to_by));
                format!(
                    "({from},{}] [{},{to}) {:?}..{:?} {}/{}",
                    d(b.from_by),
                    d(b.to_after),
                    p.start,
                    p.end,
                    p.seen,
                    p.of
                )
            })
            .collect::<Vec<_>>()
            .join(" | ")
    }

    #[test]
    fn negatives_bound_both_ends() {
        assert_eq!(shown("-++-"), "(5,35] [60,90) Bounded..Bounded 2/2");
    }

    #[test]
    fn the_ends_of_the_data_are_no_ends() {
        assert_eq!(shown("+++"), "(?,5] [60,?) EndOfData..EndOfData 3/3");
        assert_eq!(shown("aa+"), "(?,65] [60,?) SubjectAbsent..EndOfData 1/1");
        assert_eq!(shown("-a+a"), "(5,65] [60,?) Bounded..SubjectAbsent 1/1");
        assert_eq!(shown(""), "");
        assert_eq!(shown("--"), "");
    }

    #[test]
    fn a_gap_splits_what_was_seen_on_both_sides_and_widens_what_was_not() {
        assert_eq!(shown("-+   +"), "(5,35] [30,?) Bounded..Gap 1/1 | (?,155] [150,?) Gap..EndOfData 1/1");
        // The founding case: the first file after the gap lacks the link.
        assert_eq!(shown("-+++     -"), "(5,35] [90,270) Bounded..Bounded 3/3");
        // A hole across the start widens it, and never moves it inward.
        assert_eq!(shown("-   +-"), "(5,125] [120,150) Bounded..Bounded 1/1");
        // A month in which the subject is absent is no look at the fact; nor is an extract.
        assert_eq!(
            shown("+a+"),
            "(?,5] [0,?) EndOfData..SubjectAbsent 1/1 | (?,65] [60,?) SubjectAbsent..EndOfData 1/1"
        );
        assert_eq!(shown("+?+"), "(?,5] [0,?) EndOfData..Unsettled 1/1 | (?,65] [60,?) Unsettled..EndOfData 1/1");
        // Exactly the longest allowed distance is no gap.
        assert_eq!(periods(&looks("+ +"), 55.0).len(), 1);
        assert_eq!(periods(&looks("+ +"), 54.9).len(), 2);
    }

    #[test]
    fn another_label_neither_ends_nor_extends() {
        assert_eq!(shown("-+o+-"), "(5,35] [90,120) Bounded..Bounded 2/3");
        assert_eq!(shown("-+oo-"), "(5,35] [30,120) Bounded..Bounded 1/1");
        assert_eq!(shown("oo"), "");
        // The sources do not start or end where the other label stands.
        assert_eq!(shown("o+o"), "(?,35] [30,?) Unsettled..Unsettled 1/1");
        assert_eq!(shown("?+?"), "(?,35] [30,?) Unsettled..Unsettled 1/1");
        // Nor does it span a hole.
        assert_eq!(shown("+  o+"), "(?,5] [0,?) EndOfData..Unsettled 1/1 | (?,125] [120,?) Unsettled..EndOfData 1/1");
        assert_eq!(shown("-o+"), "(5,65] [60,?) Bounded..EndOfData 1/1");
    }

    #[test]
    fn a_denial_bounds_only_the_side_it_could_have_shown() {
        let look = |n: i64, sight, start: bool, end: bool| Look {
            from: day(n),
            until: day(n),
            sight,
            start: start.then_some(day(n)),
            end: end.then_some(day(n)),
        };
        let yes = |n| look(n, Sight::Yes, true, true);
        let start_only = [look(0, Sight::No, true, false), yes(1), look(2, Sight::No, true, false)];
        let found = periods(&start_only, 7.0);
        assert_eq!((found[0].bounds.from_after, found[0].bounds.to_by), (Some(day(0)), None));
        assert_eq!(found[0].end, Edge::Unsettled);
        let end_only = [look(0, Sight::No, false, true), yes(1), look(2, Sight::No, false, true)];
        let found = periods(&end_only, 7.0);
        assert_eq!((found[0].bounds.from_after, found[0].bounds.to_by), (None, Some(day(2))));
        assert_eq!(found[0].start, Edge::Unsettled);
        // Looks between that could not have ended it are counted, and do not part it.
        let found = periods(&[yes(0), look(1, Sight::No, true, false), yes(2)], 7.0);
        assert_eq!((found.len(), found[0].seen, found[0].of), (1, 2, 3));
    }

    #[test]
    fn gaps_are_listed() {
        let spans = looks("+++   +").into_iter().map(|l| (l.from, l.until));
        assert_eq!(gaps(spans, 45.0), [(day(65), day(180))]);
    }

    /// The plain reading of the rules: stretches of `+` without a `-` and without a long hole between, each bounded by the
    /// nearest `-` on either side, if no `+` lies between.
    fn naive(all: &[Look], max_gap_days: f64) -> Vec<Bounds> {
        let yes: Vec<usize> = (0..all.len()).filter(|&i| all[i].sight == Sight::Yes).collect();
        let counts = |i: &usize| !matches!(all[*i].sight, Sight::SubjectAbsent | Sight::Nothing);
        let joined = |a: usize, b: usize| {
            let steps: Vec<usize> = (a..=b).filter(counts).collect();
            all[a..b].iter().all(|l| l.sight != Sight::No)
                && steps.windows(2).all(|w| days_between(all[w[0]].until, all[w[1]].from) <= max_gap_days)
        };
        let mut out = Vec::new();
        let mut at = 0;
        while at < yes.len() {
            let mut to = at;
            while to + 1 < yes.len() && joined(yes[to], yes[to + 1]) {
                to += 1;
            }
            let (first, last) = (yes[at], yes[to]);
            let before = (0..first).rev().take_while(|&i| all[i].sight != Sight::Yes);
            let after = (last + 1..all.len()).take_while(|&i| all[i].sight != Sight::Yes);
            let no = |i: &usize| all[*i].sight == Sight::No;
            out.push(Bounds {
                from_after: before.into_iter().find(no).map(|i| all[i].until),
                from_by: all[first].until,
                to_after: all[last].from,
                to_by: after.into_iter().find(no).map(|i| all[i].from),
            });
            at = to + 1;
        }
        out
    }

    proptest! {
        /// Fewer looks widen bounds or lose periods; they never shift a bound inward.
        #[test]
        fn dropping_looks_never_tightens(text in "[-+]{1,12}", drop in prop::collection::vec(any::<bool>(), 12)) {
            let all = looks(&text);
            let fewer: Vec<Look> = all.iter().zip(&drop).filter(|(_, drop)| !**drop).map(|(l, _)| *l).collect();
            let full = periods(&all, 1e9);
            for p in periods(&fewer, 1e9) {
                // The true change lies in what fewer looks leave open, at either end.
                let start = |q: &Period| {
                    q.bounds.from_by <= p.bounds.from_by
                        && p.bounds.from_after.is_none_or(|a| q.bounds.from_after.is_some_and(|b| a <= b))
                };
                let end = |q: &Period| {
                    q.bounds.to_after >= p.bounds.to_after
                        && p.bounds.to_by.is_none_or(|a| q.bounds.to_by.is_some_and(|b| a >= b))
                };
                prop_assert!(full.iter().any(start) && full.iter().any(end), "{p:?} {full:?}");
            }
        }

        /// The fold agrees with the plain reading.
        #[test]
        fn folding_is_the_naive_reading(text in "[-+oa? ]{0,14}", gap in prop_oneof![Just(45.0), Just(1e9)]) {
            let all = looks(&text);
            let found: Vec<Bounds> = periods(&all, gap).iter().map(|p| p.bounds).collect();
            prop_assert_eq!(found, naive(&all, gap), "{}", text);
        }
    }
}
