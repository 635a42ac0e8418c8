//! What `changes` tells of one network, against what really changed.
//!
//! Place on the way: between answers and tallies. Pure functions over times. Must not know: where either came from.
//!
//! - A told change is *justified* if something of its kind was so within a day of its bounds: a start or an end for networks
//!   added, lost or replaced; for shares and for being seen, a move of half the size told or more between the bounds.
//! - What *must* be told is a start or an end that was visible and far enough from others and from the ends of the world.
//! - A state is right if what is *resolved* was undone, and what is *confirmed* was not.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Asn, Time};

use super::ask::{Change, Kind};
use super::compare::{DAY_MICROS, Edge, Scale, Stretch};
use super::measures::{Rate, Share};

/// What was so about one network, in one family or by relationship files.
#[derive(Default)]
pub struct So {
    /// When networks stood next to it, in order of time.
    pub stood: BTreeMap<Asn, Vec<Stretch>>,
    /// Changes besides: what routing took from all who showed it, or gave to the first.
    pub shifts: BTreeMap<Asn, Vec<(Edge, Time)>>,
    /// True shares, change by change.
    pub shares: BTreeMap<Asn, Vec<(Time, f64)>>,
    /// The part that had a route, change by change.
    pub reach: Vec<(Time, f64)>,
    /// Days with a cohort that was too small were few: a move of shares can be told.
    pub large_cohorts: bool,
}

/// Everything counted about changes of one sort of source.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Turns {
    /// Changes that must be told, and are, by kind.
    pub told: BTreeMap<Kind, Share>,
    /// Changes told that were so, by kind.
    pub justified: BTreeMap<Kind, Share>,
    /// States that were right.
    pub states: Share,
    /// Moves of a share by three tenths that stayed: those that are told.
    pub moves_told: Share,
    /// The same in cohorts that are too small, in which nothing is told of shares.
    pub moves_untold: u64,
    /// Changes told that were none.
    pub alarms: Rate,
}

/// A change this near to its bounds is meant by them.
const NEAR_MICROS: i64 = DAY_MICROS;
/// A move of a share that must be told, and how long it must stay.
const MOVE: f64 = 0.3;
const STAYS_MICROS: i64 = 2 * DAY_MICROS;
/// A share that moved by this part of what is told did move.
const PART: f64 = 0.5;

impl Turns {
    /// Adds those of another.
    pub fn add(&mut self, other: &Turns) {
        for (mine, theirs) in [(&mut self.told, &other.told), (&mut self.justified, &other.justified)] {
            theirs.iter().for_each(|(kind, share)| mine.entry(*kind).or_default().add(*share));
        }
        self.states.add(other.states);
        self.moves_told.add(other.moves_told);
        self.moves_untold += other.moves_untold;
        self.alarms.add(other.alarms);
    }

    /// Compares the changes told of one network in one family with what was so; gives what was wrong. `whole`: changes of all the
    /// time are told, not of the last holder's alone.
    pub fn compare(&mut self, told: &[&Change], so: &So, whole: bool, scale: &Scale) -> Vec<String> {
        let mut wrong = Vec::new();
        for change in told.iter().filter(|change| change.kind != Kind::ObservationGap) {
            let justified = so.justifies(change, scale);
            self.justified.entry(change.kind).or_default().count(justified);
            if !justified {
                self.alarms.cases += 1;
                wrong.push(format!("{}: was none", shown(change)));
            } else if let Some(right) = so.state(change, scale) {
                self.states.count(right);
                if !right {
                    wrong.push(format!("{}: is not {}", shown(change), change.state));
                }
            }
        }
        if whole {
            wrong.extend(self.recall(told, so, scale));
            wrong.extend(self.moves(told, so, scale));
        }
        wrong
    }

    fn recall(&mut self, told: &[&Change], so: &So, scale: &Scale) -> Vec<String> {
        let mut wrong = Vec::new();
        let must: Vec<(Asn, Edge, Time)> = so.must(scale);
        let holds = |change: &Change, at: Time| {
            change.after.is_some_and(|after| after.0 - scale.slack_micros <= at.0)
                && at.0 <= change.by.0 + scale.slack_micros
        };
        for (asn, edge, at) in &must {
            let (kind, found) = match edge {
                Edge::Start => (Kind::UpstreamAdded, told.iter().any(|c| starts(c, *asn) && holds(c, *at))),
                Edge::End => (Kind::UpstreamLost, told.iter().any(|c| ends(c, *asn) && holds(c, *at))),
            };
            self.told.entry(kind).or_default().count(found);
            if !found {
                wrong.push(format!("{asn}: {edge:?} at {at} is not told"));
            }
        }
        // One came as one went, and nothing else that day: the one took the other's place.
        let near = |a: Time, b: Time, micros: i64| (a.0 - b.0).abs() <= micros;
        let mut edges: Vec<(Asn, Edge, Time)> = Vec::new();
        // Most shifts are starts and ends as well.
        for edge in so.edges() {
            if !edges.contains(&edge) {
                edges.push(edge);
            }
        }
        for (new, _, at) in must.iter().filter(|(_, edge, _)| *edge == Edge::Start) {
            let about: Vec<_> = edges.iter().filter(|(_, _, of)| near(*at, *of, NEAR_MICROS)).collect();
            let old = must.iter().find(|(_, edge, of)| *edge == Edge::End && near(*at, *of, 0)).map(|(asn, ..)| *asn);
            let Some(old) = old.filter(|_| about.len() == 2) else { continue };
            let found = told
                .iter()
                .any(|c| (c.kind, c.upstream, c.replaced) == (Kind::UpstreamReplaced, Some(*new), Some(old)));
            self.told.entry(Kind::UpstreamReplaced).or_default().count(found);
            if !found {
                wrong.push(format!("{new} for {old} at {at} is not told as one in the other's place"));
            }
        }
        wrong
    }

    fn moves(&mut self, told: &[&Change], so: &So, scale: &Scale) -> Vec<String> {
        let mut wrong = Vec::new();
        for (asn, shares) in &so.shares {
            for at in risen(shares, scale) {
                if !so.large_cohorts {
                    self.moves_untold += 1;
                    continue;
                }
                let near = |c: &Change| {
                    c.after.is_none_or(|after| after.0 - NEAR_MICROS <= at.0) && at.0 <= c.by.0 + NEAR_MICROS
                };
                let of =
                    |c: &Change| c.upstream == Some(*asn) && !matches!(c.kind, Kind::UpstreamLost | Kind::SingleHomed);
                let found = told.iter().any(|c| of(c) && near(c));
                self.moves_told.count(found);
                if !found {
                    wrong.push(format!("{asn}: its share went up at {at}, which is not told"));
                }
            }
        }
        wrong
    }
}

fn shown(change: &Change) -> String {
    let name = |asn: Option<Asn>| asn.map_or(String::new(), |asn| format!(" {asn}"));
    let size = change.size.map_or(String::new(), |size| format!(" ({:.2} to {:.2})", size.before, size.after));
    let after = change.after.map_or("?".to_owned(), |after| after.to_string());
    format!("{:?}{}{}{size}, {after} to {}", change.kind, name(change.upstream), name(change.replaced), change.by)
}

/// It tells that a network came.
fn starts(change: &Change, asn: Asn) -> bool {
    matches!(change.kind, Kind::UpstreamAdded | Kind::UpstreamReplaced | Kind::UpstreamFlap)
        && change.upstream == Some(asn)
}

/// It tells that a network went.
fn ends(change: &Change, asn: Asn) -> bool {
    change.kind == Kind::UpstreamLost && change.upstream == Some(asn)
        || change.kind == Kind::UpstreamReplaced && change.replaced == Some(asn)
}

/// The value from a time on.
fn value_at(moments: &[(Time, f64)], at: Time) -> Option<f64> {
    moments[..moments.partition_point(|(since, _)| *since <= at)].last().map(|(_, value)| *value)
}

/// The values between two times, the one it begins with first.
fn values(moments: &[(Time, f64)], after: Time, by: Time) -> Vec<f64> {
    let inside = moments.iter().filter(|(at, _)| after < *at && *at <= by).map(|(_, value)| *value);
    // Who was not there at all had nothing.
    [value_at(moments, after).unwrap_or(0.0)].into_iter().chain(inside).collect()
}

/// When a share went up by so much within a day, and stayed there.
fn risen(shares: &[(Time, f64)], scale: &Scale) -> Vec<Time> {
    let mut out: Vec<Time> = Vec::new();
    for (at, _) in shares {
        let inside = at.0 - scale.from.0 >= scale.margin_micros && scale.until.0 - at.0 >= scale.margin_micros;
        let Some(before) = value_at(shares, Time(at.0 - DAY_MICROS)).filter(|_| inside) else { continue };
        let later = values(shares, *at, Time(at.0 + STAYS_MICROS));
        let apart = out.last().is_none_or(|last| at.0 - last.0 > STAYS_MICROS);
        if apart && later.iter().all(|share| share - before >= MOVE) {
            out.push(*at);
        }
    }
    out
}

impl So {
    fn edges(&self) -> impl Iterator<Item = (Asn, Edge, Time)> + '_ {
        let of = |stretch: &Stretch| [(Edge::Start, stretch.from), (Edge::End, stretch.until)];
        let stood = self
            .stood
            .iter()
            .flat_map(move |(asn, all)| all.iter().flat_map(of).filter_map(|(edge, at)| Some((*asn, edge, at?))));
        stood.chain(self.shifts.iter().flat_map(|(asn, all)| all.iter().map(|(edge, at)| (*asn, *edge, *at))))
    }

    /// Starts and ends that were visible, far from the ends of the world and from the next of the same network.
    fn must(&self, scale: &Scale) -> Vec<(Asn, Edge, Time)> {
        let margin = scale.margin_micros;
        let inside = |at: &Time| at.0 - scale.from.0 >= margin && scale.until.0 - at.0 >= margin;
        let mut out = Vec::new();
        for (asn, all) in &self.stood {
            for (number, stretch) in all.iter().enumerate().filter(|(_, stretch)| stretch.visible) {
                let apart = |until: Option<Time>, from: Option<Time>| {
                    until.zip(from).is_none_or(|(until, from)| from.0 - until.0 >= margin)
                };
                let before = number.checked_sub(1).and_then(|at| all[at].until);
                let after = all.get(number + 1).and_then(|next| next.from);
                out.extend(
                    stretch.from.filter(inside).filter(|at| apart(before, Some(*at))).map(|at| (*asn, Edge::Start, at)),
                );
                out.extend(
                    stretch.until.filter(inside).filter(|at| apart(Some(*at), after)).map(|at| (*asn, Edge::End, at)),
                );
            }
        }
        out
    }

    fn near(&self, asn: Option<Asn>, edge: Edge, change: &Change) -> bool {
        self.edges().any(|(of, is, at)| {
            Some(of) == asn
                && is == edge
                && change.after.is_none_or(|after| after.0 - NEAR_MICROS <= at.0)
                && at.0 <= change.by.0 + NEAR_MICROS
        })
    }

    /// How many networks stood there at a time.
    fn many(&self, at: Time) -> usize {
        let stands = |s: &Stretch| s.from.is_none_or(|from| from <= at) && s.until.is_none_or(|until| at < until);
        self.stood.values().filter(|all| all.iter().any(stands)).count()
    }

    fn justifies(&self, change: &Change, scale: &Scale) -> bool {
        let after = change.after.unwrap_or(scale.from);
        let told = change.size.map_or(0.0, |size| size.after - size.before);
        let rose = |asn: Asn| {
            let shares = self.shares.get(&asn).map(|all| values(all, after, change.by)).unwrap_or_default();
            let first = shares.first().copied().unwrap_or(0.0);
            shares.iter().copied().fold(first, f64::max) - first >= PART * told
        };
        match change.kind {
            Kind::UpstreamAdded => self.near(change.upstream, Edge::Start, change),
            Kind::UpstreamLost => self.near(change.upstream, Edge::End, change),
            Kind::UpstreamReplaced => {
                self.near(change.upstream, Edge::Start, change) && self.near(change.replaced, Edge::End, change)
            }
            Kind::UpstreamFlap | Kind::ShareShift => change.upstream.is_some_and(rose),
            Kind::SingleHomed => {
                // Right after what went within the bounds, or at their end: with files a look is days long.
                let ends = self.edges().filter(|(_, edge, at)| *edge == Edge::End && after <= *at && *at <= change.by);
                let moments: BTreeSet<Time> = ends.map(|(.., at)| at).chain([change.by]).collect();
                // What went is known to have stood there until `after`, when the last vantage had not heard of it.
                self.many(Time(after.0 - scale.slack_micros)) > 1 && moments.into_iter().any(|at| self.many(at) == 1)
            }
            Kind::VisibilityDrop => {
                let reach = values(&self.reach, after, change.by);
                let first = reach.first().copied().unwrap_or(0.0);
                first - reach.iter().copied().fold(first, f64::min) >= PART * told
            }
            Kind::ObservationGap => true,
        }
    }

    /// True if the state of a change is right; `None` where it says nothing, or what would tell is too near to the end.
    fn state(&self, change: &Change, scale: &Scale) -> Option<bool> {
        let stretches = self.stood.get(&change.upstream?)?;
        let undone = match change.kind {
            Kind::UpstreamAdded | Kind::UpstreamReplaced => {
                let last = Time(change.by.0 + NEAR_MICROS);
                let of = stretches.iter().filter(|s| s.from.is_some_and(|from| from <= last));
                of.max_by_key(|s| s.from)?.until
            }
            Kind::UpstreamLost => {
                let first = Time(change.after?.0 - NEAR_MICROS);
                let ended = stretches.iter().position(|s| s.until.is_some_and(|until| until >= first))?;
                stretches.get(ended + 1).and_then(|next| next.from)
            }
            _ => return None,
        };
        if undone.is_some_and(|at| scale.until.0 - at.0 < scale.margin_micros) {
            return None;
        }
        match change.state.as_str() {
            "resolved" => Some(undone.is_some()),
            "confirmed" => Some(undone.is_none()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ask::Size;
    use super::*;

    const A: Asn = Asn(64_501);
    const B: Asn = Asn(64_502);
    const SCALE: Scale =
        Scale { from: Time(0), until: Time(20 * DAY_MICROS), slack_micros: 60_000_000, margin_micros: 2 * DAY_MICROS };

    fn day(n: f64) -> Time {
        Time((n * DAY_MICROS as f64) as i64)
    }

    fn stood(from: Option<f64>, until: Option<f64>) -> Stretch {
        Stretch { from: from.map(day), until: until.map(day), visible: true }
    }

    fn change(kind: Kind, upstream: Option<Asn>, after: f64, by: f64) -> Change {
        Change {
            kind,
            class: "observed".to_owned(),
            family: None,
            upstream,
            replaced: None,
            after: Some(day(after)),
            by: day(by),
            state: "confirmed".to_owned(),
            size: None,
        }
    }

    fn judged(told: &[Change], so: &So) -> (Turns, Vec<String>) {
        let mut turns = Turns::default();
        let wrong = turns.compare(&told.iter().collect::<Vec<_>>(), so, true, &SCALE);
        (turns, wrong)
    }

    fn share(hits: u64, of: u64) -> Share {
        Share { of, hits }
    }

    #[test]
    fn one_in_the_place_of_the_other_is_told_as_both_and_as_that() {
        let so = So {
            stood: BTreeMap::from([(A, vec![stood(None, Some(8.0))]), (B, vec![stood(Some(8.0), None)])]),
            ..So::default()
        };
        let replaced = Change { replaced: Some(A), ..change(Kind::UpstreamReplaced, Some(B), 7.5, 8.2) };
        let (turns, wrong) = judged(&[replaced], &so);
        assert_eq!(wrong, Vec::<String>::new());
        for kind in [Kind::UpstreamAdded, Kind::UpstreamLost, Kind::UpstreamReplaced] {
            assert_eq!(turns.told.get(&kind), Some(&share(1, 1)), "{kind:?}");
        }
        assert_eq!((turns.alarms.cases, turns.states), (0, share(1, 1)));
        // Told apart it is told, but not as that.
        let (turns, wrong) = judged(
            &[change(Kind::UpstreamAdded, Some(B), 7.5, 8.2), change(Kind::UpstreamLost, Some(A), 7.5, 8.2)],
            &so,
        );
        assert_eq!((turns.told.get(&Kind::UpstreamReplaced), wrong.len()), (Some(&share(0, 1)), 1));
        // Untold it is missed thrice.
        assert_eq!(judged(&[], &so).1.len(), 3);
    }

    #[test]
    fn a_change_of_nothing_is_an_alarm() {
        let so = So { stood: BTreeMap::from([(A, vec![stood(None, None)])]), ..So::default() };
        for kind in [Kind::UpstreamAdded, Kind::UpstreamLost, Kind::SingleHomed] {
            let (turns, wrong) = judged(&[change(kind, Some(A), 7.5, 8.2)], &so);
            assert_eq!((turns.alarms.cases, wrong.len()), (1, 1), "{kind:?}");
        }
    }

    #[test]
    fn a_share_moved_by_half_of_what_is_told_or_it_did_not() {
        let so = |to: f64| So {
            stood: BTreeMap::from([(A, vec![stood(None, None)])]),
            shares: BTreeMap::from([(A, vec![(day(0.0), 0.2), (day(8.0), to)])]),
            reach: vec![(day(0.0), 1.0), (day(8.0), 1.0 - to)],
            large_cohorts: true,
            ..So::default()
        };
        let size = Some(Size { before: 0.2, after: 0.8 });
        let told = Change { size, ..change(Kind::ShareShift, Some(A), 7.5, 8.2) };
        assert_eq!(judged(std::slice::from_ref(&told), &so(0.55)).0.alarms.cases, 0);
        assert_eq!(judged(&[told], &so(0.45)).0.alarms.cases, 1);
        let told = Change { size, ..change(Kind::VisibilityDrop, None, 7.5, 8.2) };
        assert_eq!(judged(std::slice::from_ref(&told), &so(0.55)).0.alarms.cases, 0);
        assert_eq!(judged(&[told], &so(0.2)).0.alarms.cases, 1);
        // A move that stays must be told, where the cohort is large enough.
        assert_eq!(judged(&[], &so(0.6)).0.moves_told, share(0, 1));
        assert_eq!(judged(&[], &so(0.4)).0.moves_told, share(0, 0));
        assert_eq!(judged(&[], &So { large_cohorts: false, ..so(0.6) }).0.moves_untold, 1);
    }

    #[test]
    fn what_is_resolved_was_undone() {
        let so = |until| So { stood: BTreeMap::from([(A, vec![stood(Some(8.0), until)])]), ..So::default() };
        let told = change(Kind::UpstreamAdded, Some(A), 7.5, 8.2);
        assert_eq!(judged(std::slice::from_ref(&told), &so(None)).0.states, share(1, 1));
        assert_eq!(judged(std::slice::from_ref(&told), &so(Some(12.0))).0.states, share(0, 1));
        // What was undone on the last day need not be known.
        assert_eq!(judged(std::slice::from_ref(&told), &so(Some(19.0))).0.states, share(0, 0));
        let resolved = Change { state: "resolved".to_owned(), ..told };
        assert_eq!(judged(&[resolved], &so(Some(12.0))).0.states, share(1, 1));
    }

    #[test]
    fn the_only_one_left_is_alone_after_it_and_was_not_before() {
        let so = So {
            stood: BTreeMap::from([(A, vec![stood(None, Some(8.0))]), (B, vec![stood(None, None)])]),
            ..So::default()
        };
        let told = change(Kind::SingleHomed, Some(B), 7.5, 8.2);
        let lost = change(Kind::UpstreamLost, Some(A), 7.5, 8.2);
        assert_eq!(judged(&[told.clone(), lost.clone()], &so).1, Vec::<String>::new());
        let third = So {
            stood: so.stood.into_iter().chain([(Asn(64_503), vec![stood(None, None)])]).collect(),
            ..So::default()
        };
        assert_eq!(judged(&[told, lost], &third).0.alarms.cases, 1);
    }
}
