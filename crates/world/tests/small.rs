//! The small preset, played and read back through `wire`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use headwater_route::{Asn, Event, Family, Fault, Observation, PathRef, Prefix, Session, SessionId, Time};
use headwater_wire::{codec, mrt, snapshot, sniff};
use headwater_world::World;
use headwater_world::scenario::Scenario;
use headwater_world::topology::Relation;
use headwater_world::truth::Truth;

fn play(dir: &Path, threads: usize) {
    let scenario = Scenario::preset("small").expect("the preset is sound");
    World::new(scenario, None).unwrap().run(dir, threads).unwrap();
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn open(path: &Path) -> impl BufRead {
    BufReader::with_capacity(
        sniff::HEAD_BYTES,
        codec::open(File::open(path).unwrap(), codec::Limits::default()).unwrap(),
    )
}

/// What a collector's sessions hold, by what its files say.
#[derive(Default)]
struct Tables {
    sessions: Vec<Session>,
    routes: BTreeMap<(Session, Prefix), Vec<u8>>,
    faults: Vec<Fault>,
}

impl mrt::Sink for Tables {
    fn session(&mut self, id: SessionId, session: Session) {
        assert_eq!(id.0 as usize, self.sessions.len());
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let session = self.sessions[observation.session.0 as usize];
        match observation.event {
            Event::Held(route) | Event::Announced(route) => {
                let path = route.attributes.path.bytes().to_vec();
                self.routes.insert((session, route.nlri.prefix), path);
            }
            Event::Withdrawn(nlri) => drop(self.routes.remove(&(session, nlri.prefix))),
            Event::State { to: 6, .. } => {}
            Event::State { .. } => self.routes.retain(|(of, _), _| *of != session),
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

impl Tables {
    fn read(&mut self, path: &Path) {
        self.sessions.clear();
        mrt::read(&mut open(path), &mrt::Options::default(), self);
        assert!(self.faults.is_empty(), "{}: {:?}", path.display(), self.faults);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_threads() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    play(one.path(), 1);
    play(two.path(), 2);
    let (first, second) = (files(one.path()), files(two.path()));
    assert!(first.len() > 40, "{first:?}");
    assert_eq!(first.len(), second.len());
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a.strip_prefix(one.path()), b.strip_prefix(two.path()));
        assert!(fs::read(a).unwrap() == fs::read(b).unwrap(), "{} differs", a.display());
    }
}

#[test]
fn tables_are_those_before_with_the_updates_between() {
    let dir = tempfile::tempdir().unwrap();
    play(dir.path(), 2);
    let mut compared = 0;
    for collector in ["rrc00", "rrc01", "rrc02", "rrc03"] {
        let of = |kind: &str| -> Vec<PathBuf> {
            let all = files(&dir.path().join("routes").join(collector));
            all.into_iter().filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(kind)).collect()
        };
        let mut folded = Tables::default();
        folded.read(&of("bview.20240301.0000")[0]);
        assert!(folded.routes.len() > 2000, "{collector}: {}", folded.routes.len());
        for (day, updates) in of("updates.").iter().enumerate() {
            folded.read(updates);
            let mut table = Tables::default();
            table.read(&of(&format!("bview.202403{:02}.0000", day + 2))[0]);
            assert!(folded.routes == table.routes, "{collector}: day {}", day + 2);
            compared += 1;
        }
    }
    assert_eq!(compared, 4 * 7);
}

/// What one network was to another at a time, by the truth.
struct Relations(BTreeMap<(Asn, Asn, Family), Relation>);

impl Relations {
    fn at(truth: &Truth, time: Time) -> Relations {
        let lasted =
            truth.relations.iter().filter(|told| told.from <= time && told.until.is_none_or(|until| time < until));
        let both = lasted.flat_map(|told| {
            let (a, b, family, relation) = (told.a, told.b, told.family, told.relation);
            [((a, b, family), relation), ((b, a, family), relation.reversed())]
        });
        Relations(both.collect())
    }

    /// A path as it was announced, origin first, goes up, then across once at most, then down.
    fn is_valley_free(&self, path: &[Asn], family: Family) -> bool {
        let mut falling = false;
        path.windows(2).all(|hop| match self.0.get(&(hop[1], hop[0], family)) {
            Some(Relation::Provider) => !falling,
            Some(Relation::Peer) => !std::mem::replace(&mut falling, true),
            Some(Relation::Customer) => {
                falling = true;
                true
            }
            Some(Relation::Sibling) => true,
            None => false,
        })
    }
}

#[test]
fn every_path_is_valley_free_by_the_relations_of_its_time() {
    let dir = tempfile::tempdir().unwrap();
    play(dir.path(), 2);
    let text = fs::read_to_string(dir.path().join("truth.json")).unwrap();
    let truth: Truth = serde_json::from_str(&text).unwrap();
    assert_eq!(truth.schema, "headwater.truth/1");
    let servers: BTreeSet<Asn> = truth.relations.iter().filter_map(|told| told.route_server).collect();
    let (mut paths, mut across, mut through_server) = (0, 0, 0);
    for (day, name) in [(1, "bview.20240301.0000.gz"), (6, "bview.20240306.0000.gz")] {
        let relations = Relations::at(&truth, Time::from_date(2024, 3, day).unwrap());
        for collector in ["rrc00", "rrc01", "rrc02", "rrc03"] {
            let mut table = Tables::default();
            table.read(&dir.path().join("routes").join(collector).join(name));
            for ((session, prefix), path) in &table.routes {
                let path = PathRef::new(path).unwrap();
                let mut hops: Vec<Asn> = path.segments().flat_map(|segment| segment.asns()).collect();
                assert_eq!(hops[0], session.asn);
                let all = hops.len();
                hops.retain(|hop| !servers.contains(hop));
                through_server += usize::from(hops.len() < all);
                hops.dedup();
                hops.reverse();
                across += usize::from(
                    hops.windows(2)
                        .any(|hop| relations.0.get(&(hop[0], hop[1], prefix.family())) == Some(&Relation::Peer)),
                );
                assert!(relations.is_valley_free(&hops, prefix.family()), "{prefix} at {session:?}: {hops:?}");
                paths += 1;
            }
        }
    }
    assert!(paths > 10_000 && across > 1000 && through_server > 0, "{paths} {across} {through_server}");
}

#[test]
fn snapshots_are_read_without_faults() {
    let dir = tempfile::tempdir().unwrap();
    play(dir.path(), 2);
    let mut forms = Vec::new();
    for path in files(&dir.path().join("snapshots")) {
        let mut reader = open(&path);
        let head = reader.fill_buf().unwrap().to_vec();
        let sniffed = sniff::sniff(&head, &path.to_string_lossy()).unwrap();
        let mut rows = 0u64;
        let summary = snapshot::read(&mut reader, &sniffed, &mut |_, _| rows += 1, &mut |fault| panic!("{fault:?}"));
        assert!(summary.complete && rows > 100, "{}", path.display());
        forms.push((sniffed.series, summary.date.map(|(from, _)| from)));
    }
    let day = Time::from_date(2024, 3, 1);
    let expected = ["caida-serial1", "caida-serial2", "ipfire-location"].map(|series| (series.to_owned(), day));
    assert!(expected.iter().all(|form| forms.contains(form)), "{forms:?}");
}

/// What a file gives through `wire`: its form's name and rows, or why it is not read.
fn taken(path: &Path) -> Result<(String, u64), String> {
    let mut reader = open(path);
    let head = reader.fill_buf().unwrap().to_vec();
    let sniffed = sniff::sniff(&head, &path.to_string_lossy()).map_err(|fault| fault.detail)?;
    let mut rows = 0u64;
    let summary = snapshot::read(&mut reader, &sniffed, &mut |_, _| rows += 1, &mut |fault| panic!("{fault:?}"));
    assert!(summary.complete && summary.date.is_some(), "{}", path.display());
    Ok((sniffed.series, rows))
}

#[test]
fn what_is_on_record_is_read_or_named() {
    let dir = tempfile::tempdir().unwrap();
    play(dir.path(), 2);
    let mut series = BTreeMap::<String, u64>::new();
    for name in ["names", "registry", "rpki"] {
        for path in files(&dir.path().join(name)) {
            let (of, rows) = taken(&path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
            *series.entry(of).or_default() += rows;
        }
    }
    assert!(series["asn2org"] > 500 && series["rpki-client"] > 1000, "{series:?}");
    assert!(series["delegated-ripencc"] > 100 && series["delegated-afrinic"] > 100, "{series:?}");
    let mut refused = Vec::new();
    for name in ["objects", "feeds"] {
        for path in files(&dir.path().join(name)) {
            refused.push(taken(&path).expect_err("a later version reads it"));
        }
    }
    assert!(refused.len() >= 5 && refused.iter().all(|reason| reason.contains("not read by this version")));
    assert!(refused.iter().any(|reason| reason.contains("RPSL")), "{refused:?}");
}
