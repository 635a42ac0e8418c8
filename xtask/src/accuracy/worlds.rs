//! The worlds that detectors are measured on: sorts of worlds, with sizes, networks and times of chance.
//!
//! Place on the way: first. A sort and a seed give a scenario, as text that the reader of scenarios takes; the same seed gives the
//! same scenario. Must not know: how a world is made, what is asked about it.

mod plots;

use std::fmt::Write;

use headwater_route::{Asn, Time};
use headwater_world::World;
use headwater_world::random::{Random, mix};
use headwater_world::scenario::Scenario;
use headwater_world::topology::NetworkKind;

use super::Failed;

/// A sort of worlds.
pub struct Sort {
    /// Its name in tables.
    pub name: &'static str,
    /// What happens in it.
    pub what: &'static str,
    /// Nothing happens to networks: whatever looks like a change of carriers is none.
    pub innocent: bool,
    /// Of one in so many networks it is asked what changed; of half of these, what is proved of those next to them.
    pub one_in: usize,
    days: (i64, i64),
    routes: Routes,
    /// Who may announce what is published every other day.
    authorisations: bool,
    /// In a thousand links of a relationship file: left out, and labelled wrongly.
    errors_permille: u32,
    happens: fn(&mut Draft),
}

/// What collectors write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Routes {
    /// Tables and updates.
    All,
    /// Tables only.
    Tables,
    /// Nothing: there are relationship files and snapshots only.
    Nothing,
}

/// A world to be.
pub struct Drawn {
    /// Its sort.
    pub sort: &'static Sort,
    /// What chance is drawn from.
    pub seed: u64,
    /// What it is to be.
    pub scenario: Scenario,
    /// The same as text.
    #[cfg(test)]
    text: String,
    /// Networks of the crowd that are asked about beside the cast.
    pub bystanders: Vec<Asn>,
}

/// Every sort, in the order in which worlds are drawn.
pub const SORTS: &[Sort] = &[
    Sort { name: "quiet", what: "nothing but the noise of the crowd", innocent: true, ..Sort::ROUTES },
    Sort {
        name: "carriers",
        what: "carriers are added, lost and replaced",
        happens: |draft| draft.carriers(10),
        ..Sort::ROUTES
    },
    Sort {
        name: "joiners",
        what: "vantages appear, carriers of the cast among them",
        innocent: true,
        happens: |draft| draft.joiners(10),
        ..Sort::ROUTES
    },
    Sort {
        name: "resets",
        what: "sessions of vantages are reset, for seconds and for hours",
        innocent: true,
        happens: |draft| draft.resets(30),
        ..Sort::ROUTES
    },
    Sort {
        name: "leavers and dead collectors",
        what: "vantages go for good, collectors write nothing for hours or for good",
        innocent: true,
        happens: |draft| {
            draft.leavers(8);
            draft.dead(2);
        },
        ..Sort::ROUTES
    },
    Sort {
        name: "zombies",
        what: "a vantage is stuck with its routes to some networks, whose carriers then change",
        happens: |draft| draft.zombies(8),
        ..Sort::ROUTES
    },
    Sort {
        name: "inventing vantages",
        what: "a carrier that is a vantage, and one of the crowd, put networks into their paths that are not there",
        innocent: true,
        happens: |draft| draft.inventors(),
        ..Sort::ROUTES
    },
    Sort {
        name: "clock skew",
        what: "the clocks of two collectors are wrong, by seconds to minutes, and carriers change",
        happens: |draft| {
            draft.skews(2);
            draft.carriers(8);
        },
        ..Sort::ROUTES
    },
    Sort {
        name: "shifts and protection",
        what: "a protector on demand, a carrier that gets a part; as twins: shifts between carriers there are, prepending",
        happens: |draft| draft.shifts(9),
        ..Sort::ROUTES
    },
    Sort {
        name: "protection",
        what: "protectors, always on, on demand with and without a ROA before, and behind a telecom that shows itself or hides; as \
               twins: carriers that are bought in the same ways, ROAs that are left over",
        one_in: 1,
        days: (16, 18),
        authorisations: true,
        happens: |draft| draft.protection(),
        ..Sort::ROUTES
    },
    Sort {
        name: "leaks and forgeries",
        what: "leaks of types 1, 3, 4, 5 and 6 (RFC 7908), forged origins and paths, poisoned paths; as twins: new links, second \
               origins, prepending, a mistyped one, a blackhole",
        one_in: 1,
        authorisations: true,
        happens: |draft| draft.leaks_and_forgeries(),
        ..Sort::ROUTES
    },
    Sort {
        name: "carriers, joiners, resets",
        what: "all of these at once",
        happens: |draft| {
            draft.carriers(8);
            draft.joiners(6);
            draft.resets(12);
        },
        ..Sort::ROUTES
    },
    Sort {
        name: "tables only",
        what: "carriers change, vantages appear and are reset; collectors write tables, no updates",
        routes: Routes::Tables,
        happens: |draft| {
            draft.carriers(10);
            draft.joiners(4);
            draft.resets(8);
        },
        ..Sort::ROUTES
    },
    Sort {
        name: "relationship files",
        what: "carriers change within a year; there are files of each month",
        happens: |draft| draft.carriers(14),
        ..Sort::FILES
    },
    Sort {
        name: "relationship files with errors",
        what: "the same, with links left out and labelled wrongly, 2 % each",
        errors_permille: 20,
        happens: |draft| draft.carriers(14),
        ..Sort::FILES
    },
    Sort {
        name: "numbers and space",
        what: "numbers are re-issued after a silence; prefixes go to another network; as twins: new names, prepending",
        happens: |draft| draft.numbers(4),
        ..Sort::FILES
    },
];

impl Sort {
    /// Relationship files leave links out and label some wrongly.
    pub fn has_errors(&self) -> bool {
        self.errors_permille > 0
    }

    const ROUTES: Sort = Sort {
        name: "",
        what: "",
        innocent: false,
        one_in: 2,
        days: (9, 14),
        routes: Routes::All,
        authorisations: false,
        errors_permille: 0,
        happens: |_| {},
    };
    const FILES: Sort = Sort { days: (250, 400), routes: Routes::Nothing, ..Sort::ROUTES };
}

/// Networks that carry others, and those they carry: numbers of RFC 5398.
const CARRIERS: std::ops::Range<usize> = 0..6;
const SUBJECTS: std::ops::Range<usize> = 6..24;

/// A number of the cast.
fn cast(at: usize) -> Asn {
    let at = at as u32;
    Asn(if at < 16 { 64_496 + at } else { 65_536 + at - 16 })
}

/// A scenario being drawn.
struct Draft {
    random: Random,
    from: Time,
    until: Time,
    collectors: u32,
    /// Vantages there are: collector and network.
    vantages: Vec<(String, Asn)>,
    crowd: Vec<Asn>,
    /// Carriers of each subject at the start.
    bought: Vec<Vec<Asn>>,
    /// What each subject announces at the start, quoted.
    prefixes: Vec<String>,
    events: String,
}

impl Drawn {
    /// Draws a world of a sort.
    pub fn of(sort: &'static Sort, seed: u64) -> Result<Drawn, Failed> {
        let mut random = Random::of(seed, "accuracy");
        let from = Time::from_date(2024, 3, 1).unwrap_or(Time(0));
        let until = from.plus_days(random.between(sort.days.0, sort.days.1));
        let bought: Vec<Vec<Asn>> = SUBJECTS
            .map(|_| {
                let mut carriers: Vec<Asn> = CARRIERS.map(cast).collect();
                random.shuffle(&mut carriers);
                carriers.truncate(1 + random.index(3));
                carriers
            })
            .collect();
        let collectors = random.between(6, 10) as u32;
        let prefixes: Vec<String> = (0..bought.len()).map(|number| prefixes(number, &mut random)).collect();
        let text = start(sort, seed, (from, until), collectors, (&bought, &prefixes), &mut random);
        // Who watches and who there is does not depend on what happens.
        let before = World::new(Scenario::parse(&text)?, None)?;
        let plan = before.plan();
        let peer = |vantage: &headwater_world::observe::Vantage| {
            (plan.watch.collectors[vantage.collector.0 as usize].name.clone(), vantage.session.asn)
        };
        let mut vantages: Vec<(String, Asn)> = plan.watch.vantages.iter().map(peer).collect();
        vantages.sort();
        vantages.dedup();
        let small = plan.topology.networks().iter().filter(|network| {
            network.name.is_none() && matches!(network.kind, NetworkKind::Stub | NetworkKind::Regional)
        });
        let crowd: Vec<Asn> = small.map(|network| network.asn).collect();
        let mut draft =
            Draft { random, from, until, collectors, vantages, crowd, bought, prefixes, events: String::new() };
        (sort.happens)(&mut draft);
        let text = text + &draft.events;
        let scenario = Scenario::parse(&text)?;
        let bystanders = (0..8).filter_map(|_| draft.random.pick(&draft.crowd).copied()).collect();
        Ok(Drawn {
            sort,
            seed,
            scenario,
            #[cfg(test)]
            text,
            bystanders,
        })
    }

    /// Whom to ask about.
    pub fn subjects() -> impl Iterator<Item = Asn> {
        SUBJECTS.map(cast)
    }
}

/// The world of number `number` of a run.
pub fn draw(number: u64, seed: u64) -> Result<Drawn, Failed> {
    Drawn::of(&SORTS[(number % SORTS.len() as u64) as usize], mix(seed, number))
}

/// What a subject announces: an eighth of a documentation block (RFC 5737), whole or in halves, and a /48 (RFC 3849).
fn prefixes(number: usize, random: &mut Random) -> String {
    let block = ["192.0.2", "198.51.100", "203.0.113"][number / 8];
    let first = number % 8 * 32;
    let v4 = match random.permille(500) {
        true => format!("\"{block}.{first}/27\""),
        false => format!("\"{block}.{first}/28\", \"{block}.{}/28\"", first + 16),
    };
    format!("{v4}, \"2001:db8:{number:x}::/48\"")
}

/// A scenario without events.
fn start(
    sort: &Sort,
    seed: u64,
    (from, until): (Time, Time),
    collectors: u32,
    (bought, prefixes): (&[Vec<Asn>], &[String]),
    random: &mut Random,
) -> String {
    let (dumps, updates) = match sort.routes {
        Routes::All => ("8h", "1d"),
        Routes::Tables => ("8h", "0"),
        Routes::Nothing => ("0", "0"),
    };
    let (networks, vantages) = (random.between(250, 900), random.between(3, 6));
    let errors = sort.errors_permille;
    let mut text = format!(
        "name = \"accuracy: {}\"\nseed = {}\n\n[calendar]\nfrom = \"{from}\"\nuntil = \"{until}\"\n\
         dumps_every = \"{dumps}\"\nupdates_every = \"{updates}\"\norigins_every = \"7d\"\nregistry_every = \"30d\"\n\
         rpki_every = \"{}\"\nfeeds_every = \"0\"\n\n\
         [topology]\nnetworks = {networks}\n\n[table]\nv4 = {}\nv6 = {}\n\n\
         [observers]\ncollectors = {collectors}\nvantages = {vantages}\n\n\
         [noise]\nrelations_missing_permille = {errors}\nrelations_wrong_permille = {errors}\n",
        sort.name,
        // A scenario's numbers are signed.
        seed >> 1,
        if sort.authorisations { "2d" } else { "0" },
        networks * 2,
        networks / 2,
    );
    for carrier in CARRIERS.map(cast) {
        let upstreams = random.between(2, 4);
        _ = write!(
            text,
            "\n[[network]]\nasn = {}\nname = \"Carrier {}\"\nkind = \"regional\"\ncrowd_providers = {upstreams}\n",
            carrier.0, carrier.0
        );
    }
    for ((subject, carriers), prefixes) in SUBJECTS.map(cast).zip(bought).zip(prefixes) {
        let carriers: Vec<String> = carriers.iter().map(|carrier| carrier.0.to_string()).collect();
        _ = write!(
            text,
            "\n[[network]]\nasn = {}\nname = \"Subject {}\"\nproviders = [{}]\nprefixes = [{prefixes}]\n",
            subject.0,
            subject.0,
            carriers.join(", ")
        );
    }
    text
}

impl Draft {
    /// A time of the world but for its first and last days, to the second.
    fn time(&mut self) -> Time {
        let edge = 2 * 86_400;
        let secs = (self.until.0 - self.from.0) / 1_000_000;
        Time(self.from.0 + self.random.between(edge, secs - edge) * 1_000_000)
    }

    fn event(&mut self, at: Time, what: &str) {
        _ = write!(self.events, "\n[[event]]\nat = \"{at}\"\nwhat.{what}\n");
    }

    /// An event that only looks like what a detector is after.
    fn twin(&mut self, at: Time, what: &str) {
        _ = write!(self.events, "\n[[event]]\nat = \"{at}\"\ninnocent = true\nwhat.{what}\n");
    }

    /// A carrier that a subject has not.
    fn another(&mut self, subject: usize) -> Option<Asn> {
        let free: Vec<Asn> = CARRIERS.map(cast).filter(|carrier| !self.bought[subject].contains(carrier)).collect();
        self.random.pick(&free).copied()
    }

    /// Carriers of so many subjects change, once each.
    fn carriers(&mut self, subjects: usize) {
        for number in 0..subjects.min(self.bought.len()) {
            let (at, network) = (self.time(), cast(SUBJECTS.start + number));
            let Some(new) = self.another(number) else { continue };
            let old = self.bought[number][0];
            let what = match self.random.below(3) {
                0 => format!("carrier_added = {{ network = \"{network}\", carrier = \"{new}\" }}"),
                1 if self.bought[number].len() > 1 => {
                    format!("carrier_lost = {{ network = \"{network}\", carrier = \"{old}\" }}")
                }
                _ => format!("carrier_replaced = {{ network = \"{network}\", old = \"{old}\", new = \"{new}\" }}"),
            };
            self.event(at, &what);
        }
    }

    /// So many vantages appear: networks of the crowd, and two carriers.
    fn joiners(&mut self, many: usize) {
        for number in 0..many {
            let at = self.time();
            let network = if number < 2 { Some(cast(number)) } else { self.random.pick(&self.crowd).copied() };
            let collector = self.random.below(u64::from(self.collectors));
            if let Some(network) = network {
                self.event(
                    at,
                    &format!("vantage_joins = {{ collector = \"rrc{collector:02}\", network = \"{network}\" }}"),
                );
            }
        }
    }

    /// So many sessions go for good.
    fn leavers(&mut self, many: usize) {
        for _ in 0..many {
            let at = self.time();
            if let Some((collector, network)) = self.random.pick(&self.vantages).cloned() {
                self.event(at, &format!("vantage_leaves = {{ collector = \"{collector}\", network = \"{network}\" }}"));
            }
        }
    }

    /// So many collectors fall silent, the last for good.
    fn dead(&mut self, many: u64) {
        for number in 0..many {
            let at = self.time();
            let lasts = if number + 1 == many { String::new() } else { ", lasts = \"20h\"".to_owned() };
            self.event(at, &format!("collector_dies = {{ collector = \"rrc{number:02}\"{lasts} }}"));
        }
    }

    /// Carriers of so many subjects are replaced, and one vantage misses it for hours, days or for good.
    fn zombies(&mut self, subjects: usize) {
        for number in 0..subjects {
            let (at, network, old) = (self.time(), cast(SUBJECTS.start + number), self.bought[number][0]);
            let stuck = Time(at.0 - 3600 * 1_000_000);
            let (Some(new), Some((collector, vantage))) =
                (self.another(number), self.random.pick(&self.vantages).cloned())
            else {
                continue;
            };
            let lasts = ["", ", lasts = \"5h\"", ", lasts = \"3d\""][self.random.index(3)];
            let prefixes = self.prefixes[number].clone();
            self.event(
                stuck,
                &format!(
                    "vantage_sticks = {{ collector = \"{collector}\", network = \"{vantage}\", prefixes = [{prefixes}]{lasts} }}"
                ),
            );
            self.event(
                at,
                &format!("carrier_replaced = {{ network = \"{network}\", old = \"{old}\", new = \"{new}\" }}"),
            );
        }
    }

    /// Two carriers become vantages and invent, and so does one of the crowd.
    fn inventors(&mut self) {
        let joins = Time(self.from.0 + 3600 * 1_000_000);
        for number in 0..2 {
            let (collector, network) = (format!("rrc{number:02}"), cast(number));
            self.event(joins, &format!("vantage_joins = {{ collector = \"{collector}\", network = \"{network}\" }}"));
            self.invents(&collector, network, 1000);
        }
        if let Some((collector, network)) = self.random.pick(&self.vantages).cloned() {
            self.invents(&collector, network, 500);
        }
    }

    fn invents(&mut self, collector: &str, network: Asn, permille: u32) {
        let at = self.time();
        let what = format!(
            "vantage_invents = {{ collector = \"{collector}\", network = \"{network}\", permille = {permille}, lasts = \"2d\" }}"
        );
        self.event(at, &what);
    }

    /// Clocks of so many collectors are wrong for a time.
    fn skews(&mut self, many: u64) {
        for number in 0..many {
            let at = self.time();
            let secs = [-600, -30, 20, 300][self.random.index(4)];
            self.event(
                at,
                &format!("clock_skews = {{ collector = \"rrc{number:02}\", secs = {secs}, lasts = \"3d\" }}"),
            );
        }
    }

    /// Traffic of so many subjects goes other ways for a time, or in part; of a third the carriers stay who they are.
    fn shifts(&mut self, subjects: usize) {
        for number in 0..subjects {
            let (at, network) = (self.time(), cast(SUBJECTS.start + number));
            let (old, new) = (self.bought[number][0], self.another(number));
            let (what, innocent) = match (number % 4, new) {
                (0, Some(new)) => (
                    format!(
                        "protection_on_demand = {{ network = \"{network}\", protector = \"{new}\", lasts = \"30h\" }}"
                    ),
                    false,
                ),
                (1, Some(new)) => {
                    (format!("carrier_shifted = {{ network = \"{network}\", carrier = \"{new}\" }}"), false)
                }
                (2, _) => (format!("carrier_shifted = {{ network = \"{network}\", carrier = \"{old}\" }}"), true),
                _ => (format!("prepended = {{ network = \"{network}\", times = 3, lasts = \"40h\" }}"), true),
            };
            match innocent {
                true => self.twin(at, &what),
                false => self.event(at, &what),
            }
        }
    }

    /// So many numbers are re-issued, so many holders get a new name, and so many networks give their prefixes away.
    fn numbers(&mut self, each: usize) {
        for number in 0..each {
            let (network, carrier) = (cast(SUBJECTS.start + number), cast(number));
            let day = self.random.between(215, 235);
            let (at, silent) = (self.from.plus_days(day), self.random.between(120, 190));
            self.event(
                at,
                &format!(
                    "number_reissued = {{ network = \"{network}\", earlier = \"Elder Telephone {number}\", \
                     carriers = [\"{carrier}\"], silent = \"{silent}d\" }}"
                ),
            );
        }
        for number in each..2 * each {
            let (at, network) = (self.time(), cast(SUBJECTS.start + number));
            self.event(
                at,
                &format!("holder_renamed = {{ network = \"{network}\", name = \"Renamed Hosting {number}\" }}"),
            );
        }
        for number in 2 * each..3 * each {
            let (at, from, to) = (self.time(), cast(SUBJECTS.start + number), cast(SUBJECTS.start + number + each));
            let what = ["prefixes_sold", "prefixes_reoriginated"][number % 2];
            self.event(at, &format!("{what} = {{ from = \"{from}\", to = \"{to}\" }}"));
        }
    }

    /// So many sessions are reset.
    fn resets(&mut self, many: usize) {
        for _ in 0..many {
            let at = self.time();
            let down = [30, 60, 600, 7200, 40_000][self.random.index(5)];
            if let Some((collector, network)) = self.random.pick(&self.vantages).cloned() {
                let what = format!(
                    "vantage_resets = {{ collector = \"{collector}\", network = \"{network}\", down = \"{down}s\" }}"
                );
                self.event(at, &what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_gives_a_world_that_can_be_planned_and_the_same_seed_the_same() {
        for sort in SORTS {
            let (one, two, other) = (Drawn::of(sort, 7), Drawn::of(sort, 7), Drawn::of(sort, 8));
            let [one, two, other] =
                [one, two, other].map(|drawn| drawn.unwrap_or_else(|e| panic!("{}: {e}", sort.name)));
            assert_eq!((&one.text, &one.bystanders), (&two.text, &two.bystanders), "{}", sort.name);
            assert_ne!(one.text, other.text, "{}", sort.name);
            assert!(World::new(one.scenario, None).is_ok(), "{}", sort.name);
        }
    }
}
