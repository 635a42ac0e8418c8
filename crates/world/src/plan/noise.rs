//! What goes on all the time and means nothing: the crowd's routes flap, sessions are reset.
//!
//! Networks and vantages that events have to do with are left alone, so that noise undoes nothing.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Prefix, Time};

use super::Plan;
use crate::announce::{Announcement, Export};
use crate::event::incident;
use crate::observe::VantageId;
use crate::random::Random;
use crate::scenario::Noise;
use crate::timeline::{VantageChange, What};
use crate::topology::AsIndex;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Plans the noise of the time from `from` on.
pub(super) fn plan(plan: &mut Plan, noise: &Noise, crowd: usize, from: Time) {
    flaps(plan, noise, crowd, from);
    resets(plan, noise, from);
}

/// How many of a number of things happen in a time, at a rate a day and thousand things.
fn count(things: usize, permille: u32, micros: i64) -> u64 {
    let things = things as u128 * u128::from(permille) * u128::try_from(micros).unwrap_or(0);
    (things / (1000 * DAY as u128)) as u64
}

/// Times of chance, in order.
fn times(random: &mut Random, count: u64, from: Time, until: Time) -> Vec<Time> {
    let last = (until.0 - SECOND).max(from.0);
    let mut times: Vec<Time> = (0..count).map(|_| Time(random.between(from.0, last) / SECOND * SECOND)).collect();
    times.sort_unstable();
    times
}

/// How long something lasts: one minute to some hours, every order of magnitude as likely.
fn a_while(random: &mut Random) -> i64 {
    ((60 << random.below(9)) + random.between(0, 59)) * SECOND
}

fn flaps(plan: &mut Plan, noise: &Noise, crowd: usize, from: Time) {
    let mut random = Random::of(plan.seed, "flaps");
    let planned = plan.changes.iter().filter_map(|change| match &change.what {
        What::Announce { prefixes, .. } => Some(prefixes),
        _ => None,
    });
    let spoken_for: BTreeSet<Prefix> = planned.flatten().copied().collect();
    let of_crowd = |announcement: &Announcement| announcement.seeds.iter().all(|seed| seed.at.at() < crowd);
    let free: Vec<usize> = (0..plan.announced.len())
        .filter(|at| {
            let (prefixes, announcement) = &plan.announced[*at];
            of_crowd(announcement) && !prefixes.iter().any(|prefix| spoken_for.contains(prefix))
        })
        .collect();
    let mut busy: BTreeMap<usize, Time> = BTreeMap::new();
    for at in times(&mut random, count(crowd, noise.flaps_a_day_permille, plan.until.0 - from.0), from, plan.until) {
        let Some(&class) = random.pick(&free) else { return };
        let back = Time(at.0 + a_while(&mut random));
        if busy.get(&class).is_some_and(|busy| *busy >= at) {
            continue;
        }
        busy.insert(class, back);
        let (prefixes, announcement) = plan.announced[class].clone();
        let (prefixes, meanwhile) = flap(plan, &mut random, prefixes, &announcement);
        plan.change(at, What::Announce { prefixes: prefixes.clone(), announcement: meanwhile });
        if back < plan.until {
            plan.change(back, What::Announce { prefixes, announcement });
        }
    }
}

/// What a flap is of: a neighbour that gets nothing for a while, or repeats; or one prefix that is not announced.
fn flap(
    plan: &Plan,
    random: &mut Random,
    prefixes: Vec<Prefix>,
    announcement: &Announcement,
) -> (Vec<Prefix>, Announcement) {
    let one = |random: &mut Random| vec![prefixes[random.index(prefixes.len())]];
    let (Some(family), [seed]) = (prefixes.first().map(Prefix::family), announcement.seeds.as_slice()) else {
        return (prefixes, announcement.clone());
    };
    let providers: Vec<AsIndex> = plan.topology.providers(seed.at, family).collect();
    match (random.below(20), random.pick(&providers)) {
        (0..3, _) | (_, None) => (one(random), Announcement::default()),
        (_, Some(_)) if providers.len() < 2 => (one(random), Announcement::default()),
        (3..8, Some(who)) => {
            let repeats = Export::Prepended(2 + random.below(3) as u8);
            (prefixes, Announcement::of([seed.clone().with(*who, repeats)]))
        }
        (_, Some(who)) => (prefixes, Announcement::of([seed.clone().with(*who, Export::Nothing)])),
    }
}

fn resets(plan: &mut Plan, noise: &Noise, from: Time) {
    let mut random = Random::of(plan.seed, "resets");
    let touched: BTreeSet<VantageId> = plan
        .changes
        .iter()
        .filter_map(|change| match &change.what {
            What::Vantage(vantage, _) => Some(*vantage),
            _ => None,
        })
        .collect();
    let all = (0..plan.watch.vantages.len() as u32).map(VantageId);
    let free: Vec<VantageId> =
        all.filter(|id| plan.watch.vantages[id.0 as usize].from_start && !touched.contains(id)).collect();
    let mut busy: BTreeMap<VantageId, Time> = BTreeMap::new();
    for at in
        times(&mut random, count(free.len(), noise.resets_a_day_permille, plan.until.0 - from.0), from, plan.until)
    {
        let Some(&vantage) = random.pick(&free) else { return };
        let back = Time(at.0 + a_while(&mut random) / 4);
        if busy.get(&vantage).is_some_and(|busy| *busy >= at) {
            continue;
        }
        busy.insert(vantage, back);
        plan.change(at, What::Vantage(vantage, VantageChange::Leaves));
        plan.change(back.min(Time(plan.until.0 - SECOND)), What::Vantage(vantage, VantageChange::Joins));
        let told = incident(plan, "reset", vantage, at, Some(back));
        plan.incidents.push(told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    fn planned(flaps: u32, resets: u32) -> Plan {
        let mut scenario = Scenario::preset("small").unwrap();
        scenario.noise.flaps_a_day_permille = flaps;
        scenario.noise.resets_a_day_permille = resets;
        Plan::of(&scenario, 1).unwrap()
    }

    #[test]
    fn flaps_come_at_their_rate_and_undo_themselves() {
        let (quiet, plan) = (planned(0, 0), planned(100, 0));
        let announces =
            |plan: &Plan| plan.changes.iter().filter(|change| matches!(change.what, What::Announce { .. })).count();
        // 500 networks for a week: 350 flaps, each there and back, but for those still going on and those that met another.
        assert_eq!(announces(&quiet), 0);
        assert!((500..=700).contains(&announces(&plan)), "{}", announces(&plan));
        let mut now: BTreeMap<Prefix, (&Announcement, Time)> = BTreeMap::new();
        let mut away = 0;
        for change in &plan.changes {
            if let What::Announce { prefixes, announcement } = &change.what {
                now.extend(prefixes.iter().map(|prefix| (*prefix, (announcement, change.at))));
            }
        }
        for (prefixes, announcement) in &plan.announced {
            for prefix in prefixes {
                if let Some((last, at)) = now.get(prefix).filter(|(last, _)| *last != announcement) {
                    away += 1;
                    assert!(plan.until.0 - at.0 < DAY / 4, "{prefix} never comes back from {last:?}");
                }
            }
        }
        assert!(away < now.len() / 4);
    }

    #[test]
    fn resets_leave_alone_what_events_have_to_do_with() {
        let plan = planned(0, 500);
        let resets: Vec<_> = plan.incidents.iter().filter(|incident| incident.kind == "reset").collect();
        assert!(resets.len() > 30, "{}", resets.len());
        let joins = plan.incidents.iter().filter(|incident| incident.kind == "joins");
        assert!(joins.into_iter().all(|joins| resets.iter().all(|reset| reset.addr != joins.addr)));
        for (a, b) in resets.iter().zip(&resets[1..]) {
            assert!(a.addr != b.addr || a.until <= Some(b.from), "{a:?} {b:?}");
        }
    }
}
