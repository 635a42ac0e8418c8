//! Every event: what it plans can be seen in the files, read back through `wire`; what its twin plans cannot, or looks otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use headwater_route::{Event, Fault, Observation, Prefix, Session, SessionId, Time};
use headwater_wire::{codec, mrt, snapshot, sniff};
use headwater_world::World;
use headwater_world::event::What;
use headwater_world::scenario::Scenario;
use headwater_world::truth::{EventTruth, Truth};

/// A crowd of a hundred networks, and everyone that events need.
const BASE: &str = r#"
name = "events"
[calendar]
from = "2024-03-01"
until = "2024-03-05"
origins_every = "1d"
registry_every = "1d"
rpki_every = "1d"
feeds_every = "1d"
relations = false
[topology]
networks = 120
[table]
v4 = 150
v6 = 30
[observers]
collectors = 4
vantages = 4
partial_permille = 0
[noise]
flaps_a_day_permille = 0
resets_a_day_permille = 0
[[network]]
asn = 64501
name = "Carrier One"
kind = "regional"
crowd_providers = 2
[[network]]
asn = 64502
name = "Carrier Two"
kind = "regional"
crowd_providers = 2
[[network]]
asn = 64505
name = "Shield"
kind = "regional"
crowd_providers = 3
[[network]]
asn = 64500
name = "Telecom"
kind = "regional"
providers = [64501, 64502]
[[network]]
asn = 64503
name = "Client"
providers = [64500]
prefixes = ["192.0.2.0/25"]
[[network]]
asn = 64504
name = "Fresh Number"
[[network]]
asn = 64506
name = "Buyer"
providers = [64502]
prefixes = ["2001:db8:506::/48", "192.0.2.128/25"]
[[network]]
asn = 64510
name = "Host"
providers = [64501, 64502]
prefixes = ["203.0.113.0/24", "2001:db8:510::/48"]
[[network]]
asn = 64511
name = "Bystander"
providers = [64501, 64502]
prefixes = ["198.51.100.0/24"]
[[network]]
asn = 64508
name = "Leaker"
providers = [64501, 64505]
peers = [64502, 64500]
prefixes = ["2001:db8:508::/48"]
"#;

const HOST: &str = "203.0.113.0/24";
const CLIENT: &str = "192.0.2.0/25";
const BEFORE: &str = "2024-03-02T08:00:00Z";
/// Within three hours of it the tests' events begin; those that last two hours are over before the next dump.
const AT: &str = "2024-03-02T15:00:00Z";
const DURING: &str = "2024-03-02T16:00:00Z";
const LATER: &str = "2024-03-04T00:00:00Z";

fn time(text: &str) -> Time {
    Time::parse(text, None).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten() {
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

/// Something a collector's file says.
#[derive(Clone, Debug)]
struct Said {
    at: Time,
    collector: String,
    session: Session,
    /// Held, announced (true) or withdrawn; a state has no prefix.
    prefix: Option<Prefix>,
    path: Option<Vec<u32>>,
    communities: bool,
    dump: bool,
}

#[derive(Default)]
struct Reader {
    collector: String,
    sessions: Vec<Session>,
    said: Vec<Said>,
}

impl mrt::Sink for Reader {
    fn session(&mut self, _: SessionId, session: Session) {
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let session = self.sessions[observation.session.0 as usize];
        let mut said = Said {
            at: observation.time,
            collector: self.collector.clone(),
            session,
            prefix: None,
            path: None,
            communities: false,
            dump: false,
        };
        match &observation.event {
            Event::Held(route) | Event::Announced(route) => {
                let path = route.attributes.path.to_path();
                let hops = path.segments.iter().flat_map(|segment| segment.asns.iter().map(|asn| asn.0)).collect();
                said.prefix = Some(route.nlri.prefix);
                said.path = Some(hops);
                said.communities = !route.attributes.communities.is_empty();
                said.dump = matches!(observation.event, Event::Held(_));
            }
            Event::Withdrawn(nlri) => said.prefix = Some(nlri.prefix),
            Event::State { .. } => {}
        }
        self.said.push(said);
    }

    fn fault(&mut self, fault: Fault) {
        panic!("{fault:?}");
    }
}

/// A world that was played, and what its files say.
struct Played {
    dir: tempfile::TempDir,
    truth: Truth,
    said: Vec<Said>,
}

/// Plays the base with events; each is `name = { … }`, at [`AT`] unless it begins with a time and `|`.
fn play(events: &[&str]) -> Played {
    let dir = tempfile::tempdir().unwrap();
    let mut text = BASE.to_owned();
    for event in events {
        let (at, what) = event.split_once('|').unwrap_or((AT, event));
        let innocent = what.contains("#innocent");
        text.push_str(&format!("[[event]]\nat = \"{at}\"\ninnocent = {innocent}\nwhat.{what}\n"));
    }
    let scenario = Scenario::parse(&text).unwrap();
    let ran = World::new(scenario, Some(7)).unwrap().run(dir.path(), 2).unwrap();
    let mut said = Vec::new();
    for path in files(&dir.path().join("routes")) {
        let collector = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let mut reader = Reader { collector, ..Reader::default() };
        mrt::read(&mut open(&path), &mrt::Options::default(), &mut reader);
        said.extend(reader.said);
    }
    Played { dir, truth: ran.truth, said }
}

impl Played {
    /// Paths to a prefix in the tables of a moment.
    fn paths(&self, at: &str, prefix: &str) -> Vec<Vec<u32>> {
        let (at, prefix) = (time(at), prefix.parse().unwrap());
        let held = self.said.iter().filter(|said| said.dump && said.at == at && said.prefix == Some(prefix));
        held.filter_map(|said| said.path.clone()).collect()
    }

    /// Numbers next to the last one, and how many tables' routes have each.
    fn upstreams(&self, at: &str, prefix: &str) -> BTreeMap<u32, usize> {
        let mut upstreams = BTreeMap::new();
        for path in self.paths(at, prefix) {
            let origin = *path.last().unwrap();
            let upstream = path.iter().rev().find(|hop| **hop != origin);
            *upstreams.entry(upstream.copied().unwrap_or(0)).or_default() += 1;
        }
        upstreams
    }

    fn carriers(&self, at: &str, prefix: &str) -> Vec<u32> {
        self.upstreams(at, prefix).into_keys().collect()
    }

    fn origins(&self, at: &str, prefix: &str) -> BTreeSet<u32> {
        self.paths(at, prefix).iter().map(|path| *path.last().unwrap()).collect()
    }

    /// Rows of a published file, as `wire` reads them.
    fn rows(&self, name: &str) -> String {
        let found = files(self.dir.path()).into_iter().find(|path| path.to_string_lossy().contains(name));
        let path = found.unwrap_or_else(|| panic!("no file {name}"));
        let mut reader = open(&path);
        let sniffed = sniff::sniff(reader.fill_buf().unwrap(), &path.to_string_lossy()).unwrap();
        let mut rows = String::new();
        let summary =
            snapshot::read(&mut reader, &sniffed, &mut |_, row| rows.push_str(&format!("{row:?}\n")), &mut |fault| {
                panic!("{fault:?}")
            });
        assert!(summary.complete, "{name}");
        rows
    }

    /// Text of a file that this version does not read.
    fn text(&self, name: &str) -> String {
        let mut text = String::new();
        if let Some(path) = files(self.dir.path()).into_iter().find(|path| path.to_string_lossy().contains(name)) {
            open(&path).read_to_string(&mut text).unwrap();
        }
        text
    }

    fn event(&self) -> &EventTruth {
        let [event] = self.truth.events.as_slice() else { panic!("{:?}", self.truth.events) };
        assert!(What::NAMES.contains(&event.kind.as_str()));
        event
    }

    fn parties(&self) -> Vec<(String, u32)> {
        self.event().parties.iter().map(|party| (party.part.clone(), party.asn.0)).collect()
    }
}

#[test]
fn carriers_come_go_and_change_places() {
    let played = play(&["carrier_added = { network = 'Host', carrier = 'Shield' }"]);
    assert_eq!(played.carriers(BEFORE, HOST), [64501, 64502]);
    assert_eq!(played.carriers(DURING, HOST), [64501, 64502, 64505]);
    assert_eq!(played.parties(), [("network".to_owned(), 64510), ("carrier".to_owned(), 64505)]);
    assert!(!played.event().innocent && played.event().from == time(AT));

    let v6 = "2001:db8:510::/48";
    let played = play(&["carrier_added = { network = 'Host', carrier = 'Shield', family = 'ipv6' }"]);
    assert_eq!(played.carriers(DURING, HOST), [64501, 64502]);
    assert!(played.carriers(DURING, v6).contains(&64505));

    let played = play(&["carrier_lost = { network = 'Host', carrier = 'Carrier Two' }"]);
    assert_eq!(played.carriers(DURING, HOST), [64501]);

    let played = play(&["carrier_replaced = { network = 'Host', old = 'Carrier Two', new = 'Shield' }"]);
    assert_eq!(played.carriers(DURING, HOST), [64501, 64505]);
    let told = played.said.iter().filter(|said| !said.dump && said.prefix == Some(HOST.parse().unwrap()));
    let told: Vec<_> = told.filter(|said| said.path.as_ref().is_some_and(|path| path.contains(&64505))).collect();
    assert!(!told.is_empty() && told.iter().all(|said| said.at >= time(AT) && said.at < time(DURING)));
}

#[test]
fn a_part_is_shifted_by_prefix_or_by_vantage() {
    let played = play(&["carrier_shifted = { network = 'Host', carrier = 'Shield', prefixes = ['203.0.113.0/24'] }"]);
    assert_eq!(played.carriers(DURING, HOST), [64505]);
    assert_eq!(played.event().variant, "prefixes");
    let played = play(&["carrier_shifted = { network = 'Host', carrier = 'Carrier One' } #innocent"]);
    let (before, during) = (played.upstreams(BEFORE, HOST), played.upstreams(DURING, HOST));
    assert!(during[&64501] > before[&64501], "{before:?} {during:?}");
    assert!(played.carriers(DURING, HOST).iter().all(|carrier| [64501, 64502].contains(carrier)), "no new carrier");
    assert!(played.event().innocent && played.event().variant == "vantages");
}

#[test]
fn a_peer_becomes_a_customer() {
    let played = play(&["relation_changed = { a = 'Carrier Two', b = 'Leaker', a_is = 'provider' }"]);
    let v6 = "2001:db8:508::/48";
    assert!(!played.carriers(BEFORE, v6).contains(&64502), "{:?}", played.upstreams(BEFORE, v6));
    assert!(played.event().innocent);
    let relation = played.truth.relations.iter().find(|r| (r.a.0, r.b.0) == (64502, 64508) && r.from == time(AT));
    assert!(relation.is_some());
}

#[test]
fn protection_is_always_on() {
    let played = play(&["protection_always_on = { network = 'Host', protector = 'Shield' }"]);
    assert_eq!((played.carriers(DURING, HOST), played.carriers(LATER, HOST)), (vec![64505], vec![64505]));
    assert_eq!(played.origins(LATER, HOST), [64510].into());
    let played = play(&["protection_always_on = { network = 'Host', protector = 'Shield', origin = true }"]);
    assert_eq!((played.origins(BEFORE, HOST), played.origins(LATER, HOST)), ([64510].into(), [64505].into()));
    assert!(played.rows("rpki-client.20240302").contains("asn: Asn(64505), prefix: 203.0.113.0/24"));
    assert!(played.text("invented.db.20240304").contains("203.0.113.0 - 203.0.113.255\nnetname:        INV-HOST"));
    // The twin: an ordinary carrier takes all, which routes cannot tell from it.
    let played = play(&["protection_always_on = { network = 'Host', protector = 'Telecom' } #innocent"]);
    assert_eq!(played.carriers(DURING, HOST), [64500]);
    assert!(played.event().innocent);
}

#[test]
fn protection_on_demand_ends_as_it_began() {
    let half = "203.0.113.0/25";
    for (event, origin) in [
        (
            "protection_on_demand = { network = 'Host', protector = 'Shield', lasts = '5h', prefixes = ['203.0.113.0/25'] }",
            64510,
        ),
        (
            "protection_on_demand = { network = 'Host', protector = 'Shield', lasts = '5h', prefixes = ['203.0.113.0/25'], origin = true }",
            64505,
        ),
    ] {
        let played = play(&[event]);
        assert!(played.paths(BEFORE, half).is_empty() && played.paths(LATER, half).is_empty(), "{event}");
        assert_eq!(played.origins(DURING, half), [origin].into(), "{event}");
        assert!(played.paths(DURING, half).iter().all(|path| path.contains(&64505)), "{event}");
        assert!(played.carriers(DURING, HOST).contains(&64501), "the wide prefix stays as it was");
        assert_eq!(played.event().until, Some(time("2024-03-02T20:00:00Z")));
        let roa = format!("asn: Asn({origin}), prefix: 203.0.113.0/25");
        assert!(played.rows("rpki-client.20240302").contains(&roa), "the ROA is there before");
    }
    let played = play(&["protection_on_demand = { network = 'Host', protector = 'Shield', lasts = '5h' }"]);
    assert_eq!(played.carriers(DURING, HOST), [64505]);
    assert_eq!(played.paths(LATER, HOST), played.paths(BEFORE, HOST));
    // The twin: a night on the other carrier.
    let played =
        play(&["protection_on_demand = { network = 'Host', protector = 'Carrier Two', lasts = '5h' } #innocent"]);
    assert_eq!(played.carriers(DURING, HOST), [64502]);
    assert_eq!(played.paths(LATER, HOST), played.paths(BEFORE, HOST));
}

#[test]
fn protection_stands_by_in_roas_only() {
    let played =
        play(&["protection_standby = { network = 'Host', protector = 'Shield', max_len = 25, lasts = '24h' }"]);
    assert_eq!(played.carriers(LATER, HOST), [64501, 64502]);
    let roa = "asn: Asn(64505), prefix: 203.0.113.0/24, max_len: 25";
    let of = |day: &str| played.rows(&format!("rpki-client.{day}")).contains(roa);
    assert_eq!((of("20240302"), of("20240303"), of("20240304")), (false, true, false));
    assert!(played.text("invented.db.20240303").contains("route:          203.0.113.0/24\norigin:         AS64505"));
}

#[test]
fn a_telecom_moves_with_its_customers() {
    for (hides, telecom_shows) in [("nothing", true), ("itself", false), ("stripped", false)] {
        let event = format!("protection_indirect = {{ telecom = 'Telecom', protector = 'Shield', hides = '{hides}' }}");
        let played = play(&[&event]);
        let through = |at: &str| played.paths(at, CLIENT).iter().filter(|path| path.contains(&64505)).count();
        assert_eq!(through(BEFORE), 0, "{hides}");
        assert!(through(DURING) > 0, "{hides}");
        let upstreams = played.carriers(DURING, CLIENT);
        assert_eq!(upstreams.contains(&64500), telecom_shows, "{hides}: {upstreams:?}");
        assert_eq!(upstreams.contains(&64505), !telecom_shows, "{hides}: {upstreams:?}");
        assert!(played.parties().contains(&("customer".to_owned(), 64503)));
        let relation = |a: u32, b: u32| played.truth.relations.iter().any(|r| (r.a.0, r.b.0) == (a, b));
        assert!(relation(64505, 64500) && !relation(64505, 64503), "the protector does not deal with the client");
    }
}

#[test]
fn prefixes_go_to_other_numbers() {
    let carriers = |played: &Played| (played.carriers(BEFORE, HOST), played.carriers(LATER, HOST));
    let played = play(&["prefixes_reoriginated = { from = 'Host', to = 'Fresh Number' }"]);
    assert_eq!((played.origins(BEFORE, HOST), played.origins(LATER, HOST)), ([64510].into(), [64504].into()));
    let (before, after) = carriers(&played);
    assert_eq!(before, after, "the carriers follow");
    assert!(
        played.rows("rpki-client.20240302").contains("asn: Asn(64504), prefix: 203.0.113.0/24"),
        "the ROA is first"
    );
    let objects = played.text("invented.db.20240304");
    let mut numbers = objects.split("\n\n").filter(|object| object.starts_with("aut-num:        AS64504\n"));
    assert!(numbers.next().is_some_and(|object| object.contains("mnt-by:         HOST-MNT")), "the maintainer stays");
    assert_eq!(played.event().prefixes.len(), 2);

    let played = play(&["prefixes_sold = { from = 'Host', to = 'Buyer' }"]);
    assert_eq!((played.origins(LATER, HOST), played.carriers(LATER, HOST)), ([64506].into(), vec![64502]));
    assert!(played.text("invented.db.20240304").contains("203.0.113.255\nnetname:        INV-BUYER"), "another holder");
    assert!(played.event().innocent);

    let played = play(&["lease_ended = { from = 'Host', to = 'Buyer', gap = '30h' }"]);
    assert!(played.paths(DURING, HOST).is_empty() && played.paths("2024-03-03T16:00:00Z", HOST).is_empty());
    assert_eq!(played.origins(LATER, HOST), [64506].into());

    let played = play(&["networks_merged = { from = 'Host', to = 'Buyer', over = '30h' }"]);
    assert_eq!(played.origins(LATER, HOST), [64506].into());
    assert!(played.rows("asns.2024-03-03").contains("asn: Asn(64510), name: \"Buyer\""), "renamed first");
    assert!(!played.rows("asns.2024-03-04").contains("asn: Asn(64510)"), "then given back");
}

#[test]
fn a_number_changes_hands_or_its_holder_its_name() {
    let event = "2024-03-03T12:00:00Z|number_reissued = { network = 'Host', earlier = 'Old Holder', carriers = ['Shield'], \
                 prefixes = ['203.0.113.128/25'], silent = '24h' }";
    let played = play(&[event]);
    assert_eq!(played.carriers(BEFORE, "203.0.113.128/25"), [64505]);
    assert!(played.paths(BEFORE, HOST).is_empty());
    assert!(played.paths("2024-03-03T00:00:00Z", "203.0.113.128/25").is_empty(), "silence");
    assert_eq!(played.carriers(LATER, HOST), [64501, 64502]);
    let names: Vec<String> = [1, 2, 3, 4].map(|day| played.rows(&format!("asns.2024-03-0{day}"))).into();
    let of = |day: usize, name: &str| names[day - 1].contains(&format!("asn: Asn(64510), name: \"{name}\""));
    assert!(of(1, "Old Holder") && of(2, "Old Holder") && !names[2].contains("Asn(64510)") && of(4, "Host"));
    let key = |day: &str| {
        let rows = played.rows(&format!("delegated-ripencc-extended-{day}"));
        rows.lines().find(|row| row.contains("first: Asn(64510)")).unwrap_or_default().to_owned()
    };
    let (old, free, new) = (key("20240301"), key("20240303"), key("20240304"));
    assert!(free.contains("\"available\"") && old.contains("\"assigned\"") && new.contains("\"assigned\""), "{free}");
    assert_ne!(old.split("opaque_id").nth(1), new.split("opaque_id").nth(1));

    let played = play(&["holder_renamed = { network = 'Host', name = 'New Name' }"]);
    assert!(
        played.rows("asns.2024-03-02").contains("\"Host\"") && played.rows("asns.2024-03-03").contains("\"New Name\"")
    );
    let row = |day: &str| {
        let rows = played.rows(&format!("delegated-ripencc-extended-{day}"));
        rows.lines().find(|row| row.contains("first: Asn(64510)")).map(str::to_owned)
    };
    assert_eq!(row("20240302"), row("20240304"), "the registry's key stays");
    assert_eq!(played.paths(BEFORE, HOST), played.paths(LATER, HOST));
}

#[test]
fn one_operator_shares_what_few_share() {
    let played = play(&[
        "one_operator = { networks = ['Host', 'Bystander'], maintainer = 'RARE-MNT', mailbox_domain = 'rare.example' }",
    ]);
    let objects = played.text("invented.db.20240304");
    let blocks: Vec<&str> = objects.split("\n\n").filter(|object| object.starts_with("inet")).collect();
    let shared: Vec<&&str> = blocks.iter().filter(|block| block.contains("RARE-MNT")).collect();
    assert_eq!(shared.len(), 3);
    assert!(
        shared
            .iter()
            .all(|block| block.contains("created:        2024-03-02T15:00:00Z") && block.contains("rare.example"))
    );
    assert!(!played.text("invented.db.20240302").contains("RARE-MNT"));

    let played = play(&["shared_broker = { networks = ['Host', 'Bystander'] }"]);
    let objects = played.text("invented.db.20240304");
    let of_broker = |kind: &str| {
        let objects = objects.split("\n\n").filter(|object| object.starts_with(kind));
        objects.filter(|object| object.contains("BROKER0-MNT")).count()
    };
    assert!(of_broker("aut-num") > 2, "others have that broker too");
    assert!(objects.contains("abuse@host.example") && objects.contains("abuse@bystander.example"));
}

/// A network of the cast becomes a vantage: what it is told is seen, whomever the other vantages follow.
fn asked(network: &str) -> String {
    format!("2024-03-01T12:00:00Z|vantage_joins = {{ collector = 'rrc00', network = '{network}' }}")
}

#[test]
fn leaks_of_every_type() {
    let seen = |played: &Played, at: &str, part: &[u32]| {
        let held = played.said.iter().filter(|said| said.dump && said.at == time(at));
        held.filter_map(|said| said.path.as_ref()).filter(|path| path.windows(part.len()).any(|w| w == part)).count()
    };
    let mut told = BTreeSet::new();
    for (kind, from, to, valley) in [
        (1, "Carrier One", "Shield", [64505, 64508, 64501]),
        (2, "Carrier Two", "Telecom", [64500, 64508, 64502]),
        (3, "Shield", "Carrier Two", [64502, 64508, 64505]),
        (4, "Carrier Two", "Shield", [64505, 64508, 64502]),
    ] {
        let event = format!(
            "route_leaked = {{ leaker = 'Leaker', type = {kind}, from = '{from}', to = '{to}', lasts = '3h' }}"
        );
        let played = play(&[&asked(to), &event]);
        let counts = [BEFORE, DURING, LATER].map(|at| seen(&played, at, &valley));
        assert!(counts[0] == 0 && counts[1] > 0 && counts[2] == 0, "type {kind}: {counts:?}");
        told.insert(played.event().variant.clone());
    }
    let event = "route_leaked = { leaker = 'Leaker', type = 5, to = 'Shield', prefixes = ['203.0.113.0/24'] }";
    let played = play(&[&asked("Shield"), event]);
    assert_eq!(played.origins(DURING, HOST), [64508, 64510].into());
    assert_eq!(played.origins(LATER, HOST), [64510].into());
    let event = "route_leaked = { leaker = 'Leaker', type = 6, to = 'Shield', prefixes = ['2001:db8:508:1::/64'] }";
    let played = play(&[&asked("Shield"), event]);
    let counts = [BEFORE, DURING, LATER].map(|at| played.paths(at, "2001:db8:508:1::/64").len());
    assert!(counts[0] == 0 && counts[1] > 0 && counts[2] == 0, "{counts:?}");
    assert_eq!(told.len(), 4);
}

#[test]
fn forged_origins_and_rightful_ones() {
    let played = play(&["origin_forged = { by = 'Bystander', prefixes = ['203.0.113.0/24'] }"]);
    assert_eq!(played.origins(DURING, HOST), [64510, 64511].into());
    assert_eq!((played.event().variant.as_str(), played.origins(LATER, HOST)), ("same_prefix", [64510].into()));
    assert!(played.parties().contains(&("victim".to_owned(), 64510)));
    assert!(!played.rows("rpki-client.20240303").contains("asn: Asn(64511), prefix: 203.0.113.0/24"));

    let played = play(&["origin_forged = { by = 'Bystander', prefixes = ['203.0.113.128/25'] }"]);
    let more = played.paths(DURING, "203.0.113.128/25");
    assert!(!more.is_empty() && more.len() < played.paths(DURING, HOST).len(), "some refuse what is invalid");
    assert_eq!(played.event().variant, "more_specific");

    let played = play(&["second_origin = { by = 'Bystander', prefixes = ['203.0.113.0/24'] }"]);
    assert_eq!(played.origins(LATER, HOST), [64510, 64511].into());
    assert!(played.rows("rpki-client.20240303").contains("asn: Asn(64511), prefix: 203.0.113.0/24"));
    assert!(played.event().innocent);
}

#[test]
fn paths_that_do_not_exist_and_odd_ones_that_do() {
    let contains =
        |paths: &[Vec<u32>], part: &[u32]| paths.iter().any(|path| path.windows(part.len()).any(|w| w == part));
    let played =
        play(&[&asked("Shield"), "path_forged = { by = 'Leaker', prefixes = ['203.0.113.0/24'], path = [64510] }"]);
    assert!(contains(&played.paths(DURING, HOST), &[64508, 64510]));
    assert!(!contains(&played.paths(LATER, HOST), &[64508, 64510]));
    assert_eq!(played.origins(DURING, HOST), [64510].into(), "the origin is the true one");

    let played = play(&["path_poisoned = { network = 'Host', against = [64502] }"]);
    let paths = played.paths(DURING, HOST);
    assert!(contains(&paths, &[64510, 64502, 64510]));
    assert!(!contains(&paths, &[64502, 64510, 64502]), "it does not take them");

    let played = play(&["prepended = { network = 'Host', times = 3, to = 'Carrier Two' }"]);
    let paths = played.paths(LATER, HOST);
    assert!(paths.iter().filter(|path| path.contains(&64502)).all(|path| path.ends_with(&[64510; 4])));
    assert!(contains(&paths, &[64501, 64510]) && played.event().innocent);

    let played = play(&["prepend_typo = { network = 'Host', number = 65536 }"]);
    assert_eq!((played.origins(DURING, HOST), played.carriers(DURING, HOST)), ([65536].into(), vec![64510]));
    assert_eq!(played.origins(LATER, HOST), [64510].into());
}

#[test]
fn a_host_is_given_up() {
    // Most networks refuse what is so long: a carrier itself must be asked.
    let played = play(&[&asked("Carrier One"), "blackholed = { network = 'Host', addr = '203.0.113.7' }"]);
    let of_host = |said: &&Said| said.prefix == Some("203.0.113.7/32".parse().unwrap());
    let told: Vec<&Said> = played.said.iter().filter(of_host).collect();
    assert!(!told.is_empty(), "nobody passes it on");
    assert!(told.iter().filter(|said| said.path.is_some()).all(|said| said.at >= time(AT)));
    assert!(told.iter().any(|said| said.communities), "the community arrives somewhere");
    assert!(played.paths(LATER, "203.0.113.7/32").is_empty());
}

/// A vantage of the base world with IPv4 at the first collector that shows a prefix.
fn vantage(of: &Played, prefix: &str) -> (String, u32) {
    let prefix = prefix.parse().unwrap();
    let said = of.said.iter().find(|said| said.dump && said.prefix == Some(prefix)).unwrap();
    (said.collector.clone(), said.session.asn.0)
}

#[test]
fn vantages_come_go_and_err() {
    let base = play(&[]);
    let (collector, peer) = vantage(&base, HOST);
    let with = |what: &str, more: &str| {
        play(&[&format!("{what} = {{ collector = '{collector}', network = 'AS{peer}'{more} }}")])
    };
    let speaks = |played: &Played, at: &str| {
        let of = |said: &&Said| said.dump && said.at == time(at) && said.collector == collector;
        played.said.iter().filter(of).filter(|said| said.session.asn.0 == peer).count()
    };
    let played = with("vantage_leaves", "");
    assert!(speaks(&played, BEFORE) > 0 && speaks(&played, LATER) == 0);
    assert!(played.truth.events.is_empty() && played.truth.incidents[0].kind == "leaves");

    let played = with("vantage_resets", ", down = '2m'");
    let states = played.said.iter().filter(|said| said.prefix.is_none() && said.session.asn.0 == peer).count();
    assert!(states >= 2 && speaks(&played, LATER) == speaks(&played, BEFORE));

    let played = play(&[&format!("vantage_joins = {{ collector = '{collector}', network = 'Bystander' }}")]);
    let joined = |at: &str| {
        let of = |said: &&Said| said.dump && said.at == time(at) && said.session.asn.0 == 64511;
        played.said.iter().filter(of).count()
    };
    assert!(joined(BEFORE) == 0 && joined(DURING) > 100);

    let played = with("vantage_invents", ", permille = 500, lasts = '5h'");
    let differ = |at: &str| {
        let of = |played: &Played| -> BTreeMap<Prefix, Vec<u32>> {
            let of = played.said.iter().filter(|said| said.dump && said.at == time(at) && said.collector == collector);
            let of = of.filter(|said| said.session.asn.0 == peer);
            of.filter_map(|said| Some((said.prefix?, said.path.clone()?))).collect()
        };
        let (honest, told) = (of(&base), of(&played));
        told.iter().filter(|(prefix, path)| honest.get(prefix).is_some_and(|honest| honest != *path)).count()
    };
    assert!(differ(BEFORE) == 0 && differ(DURING) > 20 && differ(LATER) == 0);

    // Withdrawn everywhere, and still told by one.
    let zombie = format!(
        "2024-03-02T14:00:00Z|vantage_sticks = {{ collector = '{collector}', network = 'AS{peer}', prefixes = ['{HOST}'] }}"
    );
    let played = play(&[&zombie, "lease_ended = { from = 'Host', to = 'Buyer', gap = '50d' }"]);
    let held: Vec<u32> = played.paths(LATER, HOST).iter().map(|path| path[0]).collect();
    assert_eq!(held, [peer]);
}

#[test]
fn collectors_fail() {
    let base = play(&[]);
    let played = play(&["collector_dies = { collector = 'rrc01', lasts = '20h' }"]);
    let speaks = |played: &Played, at: &str| {
        played.said.iter().any(|said| said.dump && said.at == time(at) && said.collector == "rrc01")
    };
    let days = ["2024-03-02T08:00:00Z", "2024-03-02T16:00:00Z", "2024-03-03T16:00:00Z"];
    assert_eq!(days.map(|at| speaks(&played, at)), [true, false, true]);
    assert_eq!(days.map(|at| speaks(&base, at)), [true; 3]);
    assert_eq!((played.truth.incidents[0].kind.as_str(), played.truth.incidents[0].asn), ("dead", None));

    let played = play(&["clock_skews = { collector = 'rrc01', secs = 600 }"]);
    let wrong = |said: &&Said| said.dump && said.at == time("2024-03-02T16:10:00Z");
    let wrong: Vec<&Said> = played.said.iter().filter(wrong).collect();
    assert!(!wrong.is_empty() && wrong.iter().all(|said| said.collector == "rrc01"));
}

#[test]
fn hosts_are_listed_rightly_and_not() {
    let event = "2024-03-01T06:00:00Z|abuse_hosted = { network = 'Host', sort = 'control', hosts = 60, over = '6h', \
                 follow_to = 'Bystander', follow_after = '24h' }";
    let played = play(&[event]);
    let truth = |part: &str| played.truth.hosts.iter().filter(|host| host.addr.to_string().starts_with(part)).count();
    assert_eq!((truth("203.0.113."), truth("198.51.100.")), (60, 60));
    let listed = |day: &str, part: &str| {
        let text = played.text(&format!("scanned_first_last.{day}"));
        text.lines().filter(|line| line.contains(part)).count()
    };
    assert!(listed("20240302", "203.0.113.") > 0 && listed("20240302", "198.51.100.") == 0);
    assert!(listed("20240304", "198.51.100.") > 0);
    assert_eq!(played.event().variant, "follows");

    let event = "2024-03-01T06:00:00Z|abuse_misreported = { network = 'Bystander', why = 'parking', hosts = 40, lasts = '48h' }";
    let played = play(&[event]);
    let posted = played.text("posted.20240304");
    let (addresses, names) = (posted.matches(",ip,").count(), posted.matches(",url,").count());
    assert!(addresses > 0 && names > 50 * addresses, "{addresses} {names}");
    assert!(played.truth.hosts.iter().all(|host| host.operator.is_none()) && played.event().innocent);

    let event = "network_listed = { network = 'Host' }";
    let played = play(&[event]);
    assert!(played.text("/drop.20240302").is_empty());
    assert!(played.text("/drop.20240303").contains("203.0.113.0/24 ; SBL"));
    assert!(played.text("asndrop.20240303").contains("\"asn\":64510"));

    let hosts = "2024-03-01T00:00:00Z|abuse_hosted = { network = 'Host', sort = 'control', hosts = 90, over = '1h' }";
    let played = play(&[hosts, "2024-03-03T12:00:00Z|feed_purged = { feed = 'submitted' }"]);
    let ended = |day: &str| {
        let text = played.text(&format!("submitted_first_last.{day}"));
        text.lines().filter(|line| line.contains("2024-03-03T12:00:00Z\t")).count()
    };
    assert!(ended("20240303") == 0 && ended("20240304") > 5, "{}", ended("20240304"));
    assert!(played.truth.hosts.iter().all(|host| host.term.until.is_none()), "the hosts are still there");
}

#[test]
fn every_event_is_tested() {
    let this = include_str!("events.rs");
    let missing: Vec<&&str> = What::NAMES.iter().filter(|name| !this.contains(&format!("{name} = {{"))).collect();
    assert!(missing.iter().all(|name| BY_ARGUMENT.contains(*name)), "{missing:?}");
}

/// Events whose name [`vantages_come_go_and_err`] puts in.
const BY_ARGUMENT: [&str; 3] = ["vantage_leaves", "vantage_resets", "vantage_invents"];

#[test]
fn the_document_names_every_event_and_its_examples_are_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/worlds.md");
    let text = fs::read_to_string(path).unwrap();
    let (before, events) = text.split_once("\n## Events\n").unwrap();
    let named: BTreeSet<&str> = events
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| *name != "event")
        .collect();
    assert_eq!(named, What::NAMES.iter().copied().collect());
    let example = before.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let scenario = Scenario::parse(example).unwrap();
    World::new(scenario, None).unwrap();
    let mut examples = 0;
    for line in events.lines().filter_map(|line| line.strip_prefix("`what.")?.strip_suffix('`')) {
        let text = format!("{BASE}[[event]]\nat = \"{AT}\"\nwhat.{line}\n");
        World::new(Scenario::parse(&text).unwrap(), None).unwrap_or_else(|error| panic!("{line}: {error}"));
        examples += 1;
    }
    assert_eq!(examples, events.matches("\n### ").count(), "one of each sort");
}

#[test]
fn no_two_files_are_alike() {
    // Files of equal bytes are one source to a history, with one date.
    let played = play(&["network_listed = { network = 'Host' }"]);
    let mut seen = BTreeMap::<Vec<u8>, PathBuf>::new();
    for path in files(played.dir.path()) {
        if let Some(other) = seen.insert(fs::read(&path).unwrap(), path.clone()) {
            panic!("{} is {}", path.display(), other.display());
        }
    }
}

#[test]
fn every_scenario_that_comes_along_can_be_played() {
    for (name, _) in headwater_world::scenario::PRESETS {
        let scenario = Scenario::preset(name).unwrap_or_else(|| panic!("{name} is not sound"));
        assert_eq!(scenario.name, name);
        World::new(scenario, None).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
