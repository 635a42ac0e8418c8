//! Looks at one upstream, a look a day: what the vantages of that day show, and whether they could have shown it.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Asn, Time};

use crate::observed::Judge;
use crate::period::{Look, Sight};
use crate::sanitise::Upstream;
use crate::sweep::{DAY_MICROS, Seen, Sighting};

/// The vantages that show one upstream, by day.
pub(crate) type Showing<'a> = BTreeMap<usize, Vec<&'a Seen>>;

/// True if the vantage had a route, and every route it had tells its upstream.
pub(crate) fn clear(seen: &Seen) -> bool {
    let told = |upstream: Upstream| matches!(upstream, Upstream::Seen(_) | Upstream::Own);
    !seen.any.is_empty() && seen.any.iter().all(|via| told(via.upstream))
}

/// The looks at one upstream, a look a day.
pub(crate) struct Looks<'j, 'a> {
    judge: &'j Judge<'a>,
    asn: Asn,
    showing: &'j Showing<'a>,
    /// Prefixes that each vantage ever showed through the upstream.
    prefixes: BTreeMap<usize, BTreeSet<u32>>,
    /// Independent clusters that show it on its best day.
    pub best: usize,
    pub looks: Vec<Look>,
}

impl<'j, 'a> Looks<'j, 'a> {
    pub fn new(judge: &'j Judge<'a>, asn: Asn, showing: &'j Showing<'a>, sightings: &[&Sighting]) -> Looks<'j, 'a> {
        let counts: BTreeMap<usize, usize> = showing.iter().map(|(at, seen)| (*at, judge.independent(seen))).collect();
        let best = counts.values().copied().max().unwrap_or(0);
        let mut prefixes: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        for s in sightings {
            let index = judge.sweep.prefixes.binary_search(&s.prefix).unwrap_or_default() as u32;
            prefixes.entry(s.vantage).or_default().insert(index);
        }
        let mut found = Looks { judge, asn, showing, prefixes, best, looks: Vec::new() };
        // Without two independent clusters on any day the sightings are shown for what they are.
        let enough = judge.rules.positive_clusters.min(best).max(1);
        let yes: Vec<usize> = counts.iter().filter(|(_, count)| **count >= enough).map(|(at, _)| *at).collect();
        let mut cache = Cohorts::default();
        for at in 0..judge.days.len() {
            let look = match counts.get(&at) {
                Some(count) if *count >= enough => found.positive(at, enough),
                Some(_) => found.look(at, Sight::Other, None, None),
                None => found.negative(at, &yes, &mut cache),
            };
            found.looks.push(look);
        }
        found
    }

    fn look(&self, at: usize, sight: Sight, start: Option<Time>, end: Option<Time>) -> Look {
        let seen = &self.judge.days[at].seen;
        let day = self.judge.days[at].start;
        let from = seen.iter().map(|s| s.by.min(s.to)).min().unwrap_or(day);
        let until = seen.iter().map(|s| s.to.max(s.by)).max().unwrap_or(day);
        Look { from, until, sight, start, end }
    }

    /// A day that shows it: by when, and until when, enough independent clusters had shown it.
    fn positive(&self, at: usize, enough: usize) -> Look {
        let via = |s: &&Seen| s.via(self.asn).map(|via| (via.by, via.to));
        let mut order: Vec<&Seen> = self.showing.get(&at).cloned().unwrap_or_default();
        order.sort_by_key(|s| via(s).map(|(by, _)| by));
        let start = self.reached(&order, enough).and_then(|s| via(&s)).map(|(by, _)| by);
        order.sort_by_key(|s| std::cmp::Reverse(via(s).map(|(_, to)| to)));
        let end = self.reached(&order, enough).and_then(|s| via(&s)).map(|(_, to)| to);
        self.look(at, Sight::Yes, start, end)
    }

    /// The vantage with which those before it make enough independent clusters.
    fn reached<'s>(&self, order: &[&'s Seen], enough: usize) -> Option<&'s Seen> {
        let counts: Vec<usize> = (1..=order.len()).collect();
        let few = |n: &usize| self.judge.independent(&order[..*n]) < enough;
        order.get(counts.partition_point(few)).copied()
    }

    /// A day that does not show it: whether it could have (methods §3.3).
    fn negative(&self, at: usize, yes: &[usize], cohorts: &mut Cohorts) -> Look {
        let (day, rules) = (&self.judge.days[at], self.judge.rules);
        if day.clusters == 0 && day.awake >= rules.adequate_clusters {
            return self.look(at, Sight::SubjectAbsent, None, None);
        }
        if day.clusters < rules.adequate_clusters {
            return self.look(at, Sight::Nothing, None, None);
        }
        let next = yes.partition_point(|day| *day < at);
        let adequate = |cohort: &[BTreeSet<usize>; 2]| cohort.iter().all(|c| self.awake_elsewhere(at, c));
        let after = yes.get(next).map(|first| cohorts.after(*first, self)).is_some_and(adequate);
        let before = next.checked_sub(1).map(|i| cohorts.before(yes[i], self)).is_some_and(adequate);
        if !after && !before {
            return self.look(at, Sight::Nothing, None, None);
        }
        // Whoever had it before the first of these was last looked at, and kept it, would have shown it.
        let with = || day.seen.iter().filter(|s| !s.any.is_empty());
        let start = with().map(|s| s.to).min().filter(|_| after);
        let end = with().map(|s| s.by).max().filter(|_| before);
        self.look(at, Sight::No, start, end)
    }

    /// True if enough of a cohort had routes on a day, all of them known, and none through the upstream.
    fn awake_elsewhere(&self, at: usize, cohort: &BTreeSet<usize>) -> bool {
        let seen = &self.judge.days[at].seen;
        let knows = |s: &Seen| !s.partial || self.knows(s);
        let witness = |v: &&usize| {
            let found = seen.binary_search_by_key(*v, |s| s.vantage).ok().map(|i| seen[i]);
            found.is_some_and(|s| clear(s) && knows(s))
        };
        let witnesses = cohort.iter().filter(witness).count();
        witnesses as f64 >= self.judge.rules.adequate_witness_ratio * cohort.len() as f64 && witnesses > 0
    }

    /// True if a vantage of which only some prefixes are known has another route for each prefix it ever showed here.
    fn knows(&self, seen: &Seen) -> bool {
        let held = &self.judge.sweep.tables[seen.held];
        let has = |prefix: &u32| held.binary_search_by_key(prefix, |(p, _)| *p).is_ok();
        self.prefixes.get(&seen.vantage).is_some_and(|prefixes| prefixes.iter().all(has))
    }

    /// The day whose look denies it at that bound.
    pub fn denying(&self, bound: Time) -> Option<usize> {
        self.looks.iter().position(|l| l.sight == Sight::No && (l.start == Some(bound) || l.end == Some(bound)))
    }

    /// The vantages that show it on one day, and those that show it on any of some days.
    fn cohort(&self, one: usize, days: impl Fn(i64) -> bool) -> [BTreeSet<usize>; 2] {
        let origin = self.judge.days[one].start;
        let vantages = |at: usize| self.showing.get(&at).into_iter().flatten().map(|s| s.vantage);
        let near = |at: &&usize| days(self.judge.days[**at].start.0.saturating_sub(origin.0));
        let all = self.showing.keys().filter(near).flat_map(|at| vantages(*at)).collect();
        [vantages(one).collect(), all]
    }
}

/// The vantages that must have been awake for a denial to count: those that show the upstream on the nearest day that shows
/// it, and those that do within the time that does not part a period.
#[derive(Default)]
struct Cohorts {
    after: Option<(usize, [BTreeSet<usize>; 2])>,
    before: Option<(usize, [BTreeSet<usize>; 2])>,
}

impl Cohorts {
    fn after(&mut self, first: usize, looks: &Looks<'_, '_>) -> &[BTreeSet<usize>; 2] {
        let horizon = (looks.judge.rules.route_gap_days * DAY_MICROS as f64) as i64;
        if self.after.as_ref().is_none_or(|(at, _)| *at != first) {
            self.after = Some((first, looks.cohort(first, |apart| (0..=horizon).contains(&apart))));
        }
        &self.after.get_or_insert_default().1
    }

    fn before(&mut self, last: usize, looks: &Looks<'_, '_>) -> &[BTreeSet<usize>; 2] {
        let horizon = (looks.judge.rules.route_gap_days * DAY_MICROS as f64) as i64;
        if self.before.as_ref().is_none_or(|(at, _)| *at != last) {
            self.before = Some((last, looks.cohort(last, |apart| (-horizon..=0).contains(&apart))));
        }
        &self.before.get_or_insert_default().1
    }
}
