//! A world is made, and played.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use headwater_route::Time;

use crate::error::WorldError;
use crate::marker::{self, Marker};
use crate::observe::{CollectorId, VantageId};
use crate::plan::Plan;
use crate::scenario::{Scenario, Span};
use crate::timeline::{Message, Settings, State, What};
use crate::truth::Truth;
use crate::write::{self, Publisher, Shelf};

mod record;

use record::Record;

/// A world before it is played.
pub struct World {
    scenario: Scenario,
    plan: Plan,
}

/// What came of playing a world.
#[derive(Clone, PartialEq, Debug)]
pub struct Ran {
    /// The truth, as in `truth.json`.
    pub truth: Truth,
    /// Tables dumped.
    pub dumps: u64,
    /// Messages written.
    pub messages: u64,
    /// Snapshots written.
    pub snapshots: u64,
}

/// How far a world has been played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Where the world's clock stands.
    pub at: Time,
    /// Steps done.
    pub done: usize,
    /// Steps there are.
    pub all: usize,
}

/// Something due at a time, in the order in which things of one time happen: files are closed before anything changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Due {
    UpdatesEnd,
    RelationsClose(Time),
    Dump,
    Origins,
    Registry,
    Rpki,
    Feeds,
    RelationsOpen,
    Changes,
}

impl World {
    /// Plans a world. Without a seed the scenario's own is taken.
    pub fn new(scenario: Scenario, seed: Option<u64>) -> Result<World, WorldError> {
        let plan = Plan::of(&scenario, seed.unwrap_or(scenario.seed))?;
        Ok(World { scenario, plan })
    }

    /// The plan: topology, announcements, changes.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Plays the world and writes its files below a directory. `threads` changes nothing of the result.
    pub fn run(self, dir: &Path, threads: usize) -> Result<Ran, WorldError> {
        self.run_telling(dir, threads, &mut |_| ())
    }

    /// As [`World::run`], telling of every step how far it is.
    pub fn run_telling(self, dir: &Path, threads: usize, tell: &mut dyn FnMut(Progress)) -> Result<Ran, WorldError> {
        let shelf = Shelf::new(dir)?;
        let World { scenario, plan } = self;
        // Before anything that could be taken for real.
        let marker = Marker::new(&scenario.name, plan.seed).text();
        shelf.put(marker::FILE, |out| std::io::Write::write_all(out, marker.as_bytes()))?;
        let calendar = &scenario.calendar;
        let routes_from = calendar.routes_from.unwrap_or(calendar.from).max(calendar.from);
        let settings = Settings {
            seed: plan.seed,
            threads,
            convergence_micros: scenario.observers.convergence.micros(),
            exploration: scenario.observers.exploration,
        };
        let mut record = Record::new(&scenario, &plan);
        let (changes, register) = (plan.changes, plan.register);
        let mut state = State::new(plan.topology, plan.watch, plan.announced, settings, calendar.from);
        record.look(&state, calendar.from);

        let mut agenda = agenda(&scenario, routes_from);
        agenda.extend(changes.iter().map(|change| (change.at, Due::Changes)));
        agenda.sort_unstable();
        agenda.dedup();
        let dumps: Vec<Time> = agenda.iter().filter(|(_, due)| *due == Due::Dump).map(|(at, _)| *at).collect();

        let collectors: Vec<CollectorId> = (0..state.watch().collectors.len() as u32).map(CollectorId).collect();
        let mut publisher = Publisher::new(&scenario.noise, settings.seed);
        let mut publishing = false;
        let mut under_way: Vec<Message> = Vec::new();
        let mut updates = Updates { from: routes_from, up: ups(&state) };
        let (mut dumps_written, mut messages, mut snapshots) = (0, 0, 0);
        let mut changes = changes.into_iter().peekable();
        let all = agenda.len();
        for (done, (at, due)) in agenda.into_iter().enumerate() {
            tell(Progress { at, done, all });
            match due {
                Due::Changes => {
                    let mut batch: Vec<What> = Vec::new();
                    while let Some(change) = changes.next_if(|change| change.at <= at) {
                        batch.push(change.what);
                    }
                    let limit = dumps[dumps.partition_point(|dump| *dump <= at)..].first();
                    let limit = limit.copied().unwrap_or(Time(i64::MAX));
                    state.apply(at, &batch, limit, &mut under_way);
                    record.changed(&state, at, &batch);
                    if publishing {
                        publisher.see(state.topology());
                    }
                    if at < routes_from {
                        under_way.clear();
                        updates.up = ups(&state);
                    }
                }
                Due::Dump => {
                    dumps_written += dump(&shelf, &state, &collectors, at, threads)?;
                }
                Due::UpdatesEnd => messages += updates.close(&shelf, &state, at, &mut under_way)?,
                Due::RelationsOpen => {
                    publishing = true;
                    publisher.see(state.topology());
                }
                Due::RelationsClose(first) => {
                    publishing = false;
                    write::relations(&shelf, &mut publisher, state.topology(), first)?;
                    snapshots += 2;
                }
                Due::Origins => {
                    write::origins(&shelf, &state, at)?;
                    snapshots += 1;
                }
                Due::Registry => {
                    write::names(&shelf, &register, at)?;
                    write::delegated(&shelf, &register, at)?;
                    write::objects(&shelf, &register, state.topology(), at)?;
                    snapshots += 3;
                }
                Due::Rpki => {
                    write::rpki(&shelf, &register, at)?;
                    snapshots += 1;
                }
                Due::Feeds => {
                    write::feeds(&shelf, &register, at)?;
                    snapshots += 1;
                }
            }
        }
        let truth = record.finish(state.topology());
        write::truth(&shelf, &truth)?;
        Ok(Ran { truth, dumps: dumps_written, messages, snapshots })
    }
}

/// Dumps the tables of all collectors, several at once; gives how many were written.
fn dump(shelf: &Shelf, state: &State, collectors: &[CollectorId], at: Time, threads: usize) -> Result<u64, WorldError> {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(collector) = collectors.get(next.fetch_add(1, Ordering::Relaxed)) {
            write::dump(shelf, state, *collector, at)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads.clamp(1, collectors.len().max(1))).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
    })?;
    Ok(collectors.iter().filter(|collector| state.is_alive(**collector)).count() as u64)
}

/// Everything a calendar prescribes.
fn agenda(scenario: &Scenario, routes_from: Time) -> Vec<(Time, Due)> {
    let calendar = &scenario.calendar;
    let mut agenda = Vec::new();
    let mut every = |span: Span, from: Time, until: Time, due: Due| {
        if !span.is_zero() {
            let times = (0..).map(|n| Time(from.0.saturating_add(span.micros().saturating_mul(n))));
            agenda.extend(times.take_while(|at| *at <= until).map(|at| (at, due)));
        }
    };
    every(calendar.dumps_every, routes_from, calendar.until, Due::Dump);
    every(
        calendar.updates_every,
        Time(routes_from.0 + calendar.updates_every.micros()),
        calendar.until,
        Due::UpdatesEnd,
    );
    every(calendar.origins_every, calendar.from, calendar.until, Due::Origins);
    every(calendar.registry_every, calendar.from, calendar.until, Due::Registry);
    every(calendar.rpki_every, calendar.from, calendar.until, Due::Rpki);
    every(calendar.feeds_every, calendar.from, calendar.until, Due::Feeds);
    if calendar.relations {
        let (year, month) = calendar.from.year_month();
        for months in 0.. {
            let month = i32::from(month) - 1 + months;
            let first = Time::from_date(year + (month / 12) as i16, (month % 12 + 1) as i8, 1);
            let Some(first) = first.filter(|first| first.plus_days(5) <= calendar.until) else { break };
            if first >= calendar.from && !calendar.relations_except.contains(&first) {
                agenda.push((first, Due::RelationsOpen));
                agenda.push((first.plus_days(5), Due::RelationsClose(first)));
            }
        }
    }
    agenda
}

/// Vantages that are up.
fn ups(state: &State) -> Vec<VantageId> {
    (0..state.watch().vantages.len() as u32).map(VantageId).filter(|vantage| state.is_up(*vantage)).collect()
}

/// The update files under way.
struct Updates {
    from: Time,
    /// Vantages that were up when they began.
    up: Vec<VantageId>,
}

impl Updates {
    /// Closes the files of all collectors that write; gives the number of messages in them.
    fn close(
        &mut self,
        shelf: &Shelf,
        state: &State,
        at: Time,
        under_way: &mut Vec<Message>,
    ) -> Result<u64, WorldError> {
        under_way.sort_by_key(|message| (message.at, message.number));
        let later = under_way.split_off(under_way.partition_point(|message| message.at < at));
        let arrived = std::mem::replace(under_way, later);
        let up = ups(state);
        let watch = state.watch();
        for number in 0..watch.collectors.len() as u32 {
            let collector = CollectorId(number);
            let of = |vantage: &VantageId| watch.vantages[vantage.0 as usize].collector == collector;
            let messages: Vec<Message> = arrived.iter().filter(|message| of(&message.vantage)).cloned().collect();
            let before: Vec<VantageId> = self.up.iter().copied().filter(of).collect();
            let after: Vec<VantageId> = up.iter().copied().filter(of).collect();
            if messages.is_empty() && before.is_empty() && after.is_empty() {
                continue;
            }
            let stamp = |time| state.stamp(collector, time);
            write::updates(shelf, watch, collector, (self.from, at), &messages, (&before, &after), stamp)?;
        }
        (self.from, self.up) = (at, up);
        Ok(arrived.len() as u64)
    }
}
