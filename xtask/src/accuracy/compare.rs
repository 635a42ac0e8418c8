//! Periods that were stated, against stretches that were so.
//!
//! Place on the way: between answers and tallies. Pure functions over times. Must not know: where either came from.
//!
//! - A stated *period* is true if it touches a stretch.
//! - A bounded edge states a *change*. It is a *false alarm* if nothing of the kind changed within [`NEAR_DAYS`] of its
//!   bounds; else its bounds hold the change or miss it.
//! - An open edge states that it was so by then, or still then, which holds or does not.
//! - A *visible* stretch should be found, and its ends told with bounds, if they lie far enough from the ends of the world and
//!   from the next stretch: looks are days.

use headwater_route::Time;

use super::ask::Period;
use super::measures::{Rate, Share};

/// A stretch of time in which something was really so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// Since when; `None`: since the world began.
    pub from: Option<Time>,
    /// Until when; `None`: until it ended.
    pub until: Option<Time>,
    /// It could be seen by those whose word counts.
    pub visible: bool,
}

/// Which edge of a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edge {
    /// Its start.
    Start,
    /// Its end.
    End,
}

/// First and last time seen.
pub type Seen = (Time, Time);

/// Something an answer had wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// A period touches nothing that was so.
    Period(Seen),
    /// A change that was none.
    Alarm(Edge, Time, Time),
    /// Bounds miss the change.
    Missed(Edge, Time, Time),
    /// It was not yet so, or no longer.
    Open(Edge, Time),
    /// A stretch that could be seen is not told.
    Untold(Option<Time>, Option<Time>),
}

/// How times are compared.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The world begins.
    pub from: Time,
    /// It ends.
    pub until: Time,
    /// What lies apart no further than this may be the same moment: a change takes time to reach a vantage.
    pub slack_micros: i64,
    /// Changes this near to the ends of the world, or to the next stretch, need not be told.
    pub margin_micros: i64,
}

/// One kind of edge.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Edges {
    /// Bounds that hold the change to the second.
    pub exact: Share,
    /// Bounds that hold it with the time it takes to reach a vantage.
    pub held: Share,
    /// Open sides that hold.
    pub open: Share,
    /// Changes that were told with bounds.
    pub told: Share,
    /// Width of bounds, in hours.
    pub width_hours: Vec<f64>,
    /// From a change to the bound by which it is stated to have been (starts), in hours.
    pub delay_hours: Vec<f64>,
}

/// What became of the statements about some pairs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Periods {
    /// Periods that were so.
    pub precision: Share,
    /// Visible stretches that were found.
    pub recall: Share,
    /// Beginnings.
    pub starts: Edges,
    /// Endings.
    pub ends: Edges,
    /// Changes that were none.
    pub alarms: Rate,
}

/// One day.
pub const DAY_MICROS: i64 = 86_400_000_000;
/// A change this near to its bounds is meant by them, though missed.
const NEAR_DAYS: i64 = 1;
const HOUR_MICROS: f64 = 3600e6;

impl Edges {
    fn add(&mut self, other: &Edges) {
        self.exact.add(other.exact);
        self.held.add(other.held);
        self.open.add(other.open);
        self.told.add(other.told);
        self.width_hours.extend(&other.width_hours);
        self.delay_hours.extend(&other.delay_hours);
    }

    /// Both kinds of edges as one.
    pub fn with(&self, other: &Edges) -> Edges {
        let mut all = self.clone();
        all.add(other);
        all
    }
}

impl Periods {
    /// Adds those of other pairs.
    pub fn add(&mut self, other: &Periods) {
        self.precision.add(other.precision);
        self.recall.add(other.recall);
        self.starts.add(&other.starts);
        self.ends.add(&other.ends);
        self.alarms.add(other.alarms);
    }

    /// Compares the periods stated of one pair with what was so.
    ///
    /// `shifts` are changes besides: moments at which routing, and no vantage, took it from all who showed it, or gave it to the
    /// first, while somebody whose session was not up had it before and after.
    pub fn compare(
        &mut self,
        periods: &[Period],
        truth: &[Stretch],
        shifts: &[(Edge, Time)],
        scale: &Scale,
    ) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for period in periods {
            let seen = period.seen();
            let so = truth.iter().any(|stretch| touches(stretch, seen, scale));
            self.precision.count(so);
            if !so {
                wrong.push(Wrong::Period(seen));
            }
            let start = period.from_after.map(|after| (after, period.from_by));
            let end = period.to_by.map(|by| (period.to_after, by));
            wrong.extend(self.edge(Edge::Start, start, period, (truth, shifts), scale));
            wrong.extend(self.edge(Edge::End, end, period, (truth, shifts), scale));
        }
        for stretch in truth.iter().filter(|stretch| stretch.visible) {
            let found = periods.iter().any(|period| touches(stretch, period.seen(), scale));
            self.recall.count(found);
            if !found {
                wrong.push(Wrong::Untold(stretch.from, stretch.until));
            }
        }
        self.changes(periods, truth, scale);
        wrong
    }

    fn edge(
        &mut self,
        edge: Edge,
        bounds: Option<(Time, Time)>,
        period: &Period,
        (truth, shifts): (&[Stretch], &[(Edge, Time)]),
        scale: &Scale,
    ) -> Option<Wrong> {
        let (edges, certain) = match edge {
            Edge::Start => (&mut self.starts, period.from_by),
            Edge::End => (&mut self.ends, period.to_after),
        };
        let slack = scale.slack_micros;
        let Some((after, by)) = bounds else {
            // It began by then, or ended at or after it; that it was so at that very moment is not said.
            let holds =
                truth.iter().filter(|stretch| touches(stretch, period.seen(), scale)).any(|stretch| match edge {
                    Edge::Start => stretch.from.is_none_or(|from| from.0 <= certain.0 + slack),
                    Edge::End => stretch.until.is_none_or(|until| until.0 >= certain.0 - slack),
                });
            edges.open.count(holds);
            return (!holds).then_some(Wrong::Open(edge, certain));
        };
        let within = |micros: i64| {
            let shifts = shifts.iter().filter(|(of, _)| *of == edge).map(|(_, at)| *at);
            let of = truth.iter().filter_map(|stretch| stretch.edge(edge)).chain(shifts);
            of.filter(move |at| after.0 - micros <= at.0 && at.0 <= by.0 + micros)
        };
        if within(NEAR_DAYS * DAY_MICROS).next().is_none() {
            self.alarms.cases += 1;
            return Some(Wrong::Alarm(edge, after, by));
        }
        edges.exact.count(within(0).next().is_some());
        let held = within(slack).next();
        edges.held.count(held.is_some());
        edges.width_hours.push((by.0 - after.0) as f64 / HOUR_MICROS);
        match held {
            Some(at) => {
                edges.delay_hours.push((certain.0 - at.0).abs() as f64 / HOUR_MICROS);
                None
            }
            None => Some(Wrong::Missed(edge, after, by)),
        }
    }

    /// Counts the changes that should have been told with bounds, and those that were.
    fn changes(&mut self, periods: &[Period], truth: &[Stretch], scale: &Scale) {
        let (slack, margin) = (scale.slack_micros, scale.margin_micros);
        let inside = |at: Time| at.0 - scale.from.0 >= margin && scale.until.0 - at.0 >= margin;
        for (number, stretch) in truth.iter().enumerate().filter(|(_, stretch)| stretch.visible) {
            let apart = |earlier: Option<&Stretch>, later: Option<&Stretch>| {
                let between = earlier.and_then(|s| s.until).zip(later.and_then(|s| s.from));
                between.is_none_or(|(until, from)| from.0 - until.0 >= margin)
            };
            let before = number.checked_sub(1).and_then(|at| truth.get(at));
            if let Some(at) = stretch.from.filter(|at| inside(*at) && apart(before, Some(stretch))) {
                let told =
                    |p: &Period| p.from_after.is_some_and(|a| a.0 - slack <= at.0 && at.0 <= p.from_by.0 + slack);
                self.starts.told.count(periods.iter().any(told));
            }
            if let Some(at) = stretch.until.filter(|at| inside(*at) && apart(Some(stretch), truth.get(number + 1))) {
                let told = |p: &Period| p.to_by.is_some_and(|b| p.to_after.0 - slack <= at.0 && at.0 <= b.0 + slack);
                self.ends.told.count(periods.iter().any(told));
            }
        }
    }
}

impl Stretch {
    fn edge(&self, edge: Edge) -> Option<Time> {
        match edge {
            Edge::Start => self.from,
            Edge::End => self.until,
        }
    }
}

fn touches(stretch: &Stretch, (first, last): (Time, Time), scale: &Scale) -> bool {
    stretch.from.is_none_or(|from| from.0 <= last.0 + scale.slack_micros)
        && stretch.until.is_none_or(|until| until.0 >= first.0 - scale.slack_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours of a world of ten days.
    fn hour(n: i64) -> Time {
        Time(n * 3_600_000_000)
    }

    const SCALE: Scale =
        Scale { from: Time(0), until: Time(10 * DAY_MICROS), slack_micros: 60_000_000, margin_micros: DAY_MICROS };

    fn so(from: i64, until: i64) -> Stretch {
        let side = |n: i64| (n >= 0).then(|| hour(n));
        Stretch { from: side(from), until: side(until), visible: true }
    }

    /// `[from_after, from_by, to_after, to_by]` in hours, −1: open.
    fn said(hours: [i64; 4]) -> Period {
        let side = |n: i64| (n >= 0).then(|| hour(n));
        let [from_after, from_by, to_after, to_by] = hours;
        Period { from_after: side(from_after), from_by: hour(from_by), to_after: hour(to_after), to_by: side(to_by) }
    }

    fn judged(said: &[Period], truth: &[Stretch]) -> (Periods, Vec<Wrong>) {
        let mut periods = Periods::default();
        let wrong = periods.compare(said, truth, &[], &SCALE);
        (periods, wrong)
    }

    fn share(hits: u64, of: u64) -> Share {
        Share { of, hits }
    }

    #[test]
    fn what_was_so_and_is_bounded_is_right() {
        let (found, wrong) = judged(&[said([24, 49, 100, 120])], &[so(48, 110)]);
        assert_eq!(wrong, []);
        assert_eq!((found.precision, found.recall), (share(1, 1), share(1, 1)));
        assert_eq!((found.starts.exact, found.starts.held, found.starts.told), (share(1, 1), share(1, 1), share(1, 1)));
        assert_eq!((found.ends.exact, found.ends.told), (share(1, 1), share(1, 1)));
        assert_eq!((found.starts.width_hours, found.starts.delay_hours), (vec![25.0], vec![1.0]));
        assert_eq!(found.alarms.cases, 0);
    }

    #[test]
    fn what_never_was_is_a_false_period_and_its_bounds_are_alarms() {
        let (found, wrong) = judged(&[said([24, 49, 100, 120])], &[]);
        assert_eq!((found.precision, found.alarms.cases), (share(0, 1), 2));
        assert_eq!(wrong.len(), 3);
        // It was so all the time: the period is right, the changes are none.
        let (found, wrong) = judged(&[said([24, 49, 100, 120])], &[so(-1, -1)]);
        assert_eq!((found.precision, found.alarms.cases, found.starts.held), (share(1, 1), 2, share(0, 0)));
        assert_eq!(wrong[0], Wrong::Alarm(Edge::Start, hour(24), hour(49)));
    }

    #[test]
    fn what_routing_took_from_all_who_showed_it_is_a_change() {
        let mut periods = Periods::default();
        let said = [said([-1, 49, 100, 120])];
        let wrong = periods.compare(&said, &[so(-1, -1)], &[(Edge::End, hour(110))], &SCALE);
        assert_eq!((periods.alarms.cases, periods.ends.held, wrong.len()), (0, share(1, 1), 0));
        let wrong = periods.compare(&said, &[so(-1, -1)], &[(Edge::Start, hour(110))], &SCALE);
        assert_eq!((periods.alarms.cases, wrong.len()), (1, 1));
    }

    #[test]
    fn bounds_beside_the_change_miss_it() {
        let (found, wrong) = judged(&[said([50, 60, 100, 120])], &[so(48, 110)]);
        assert_eq!((found.starts.exact, found.starts.held, found.ends.held), (share(0, 1), share(0, 1), share(1, 1)));
        assert_eq!((found.alarms.cases, found.starts.told), (0, share(0, 1)));
        assert_eq!(wrong, [Wrong::Missed(Edge::Start, hour(50), hour(60))]);
        // Half a minute beside it is the time it took.
        let early = Stretch { from: Some(Time(hour(50).0 - 30_000_000)), ..so(0, 110) };
        let (found, wrong) = judged(&[said([50, 60, 100, 120])], &[early]);
        assert_eq!((found.starts.exact, found.starts.held, wrong.len()), (share(0, 1), share(1, 1), 0));
    }

    #[test]
    fn open_sides_say_by_when() {
        let (found, wrong) = judged(&[said([-1, 30, 100, -1])], &[so(20, -1)]);
        assert_eq!((found.starts.open, found.ends.open, wrong.len()), (share(1, 1), share(1, 1), 0));
        // A change that could be seen and is not bounded is not told.
        assert_eq!((found.starts.told, found.ends.told), (share(0, 0), share(0, 0)));
        let (found, _) = judged(&[said([-1, 60, 100, -1])], &[so(50, -1)]);
        assert_eq!(found.starts.told, share(0, 1));
        let (_, wrong) = judged(&[said([-1, 30, 100, -1])], &[so(40, -1)]);
        assert_eq!(wrong, [Wrong::Open(Edge::Start, hour(30))]);
    }

    #[test]
    fn only_what_is_visible_and_far_from_other_changes_must_be_told() {
        let hidden = Stretch { visible: false, ..so(48, 110) };
        let (found, wrong) = judged(&[], &[hidden]);
        assert_eq!((found.recall, found.starts.told, wrong.len()), (share(0, 0), share(0, 0), 0));
        let (found, wrong) = judged(&[], &[so(48, 110)]);
        assert_eq!((found.recall, found.starts.told, found.ends.told), (share(0, 1), share(0, 1), share(0, 1)));
        assert_eq!(wrong, [Wrong::Untold(Some(hour(48)), Some(hour(110)))]);
        // A pause of two hours, and the first and last day.
        let (found, _) = judged(&[], &[so(5, 100), so(102, 239)]);
        assert_eq!((found.starts.told, found.ends.told), (share(0, 0), share(0, 0)));
    }
}
