//! What a history keeps of vantages beside their routes: samples of links, bursts, and tables held against updates.

mod common;

use std::collections::BTreeMap;

use common::{DumpRoutes, draft, ingest_dump, prefix, session, time, with_route};
use headwater_history::{Committed, Error, History, Writer};
use headwater_route::rows::Reconciled;
use headwater_route::{Asn, Event, Family, Kind, Nlri, Observation, SessionId, Time, Window};

fn history() -> (tempfile::TempDir, History) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::open_or_create(dir.path()).unwrap();
    (dir, history)
}

/// `peer prefix path` a line.
fn table(text: &str) -> DumpRoutes {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (peer, net) = (words.next().unwrap().parse().unwrap(), prefix(words.next().unwrap()));
        ((peer, net), words.collect::<Vec<_>>().join(" "))
    };
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(line).collect()
}

/// Updates of the collector of [`ingest_dump`]: (time, peer, prefix, path); no path is a withdrawal.
fn ingest_updates(history: &mut History, name: &str, said: &[(Time, u8, &str, &str)]) -> Result<Committed, Error> {
    let mut writer = history.begin(draft(name, Kind::Mrt, "rrc99"))?;
    let peers: std::collections::BTreeSet<u8> = said.iter().map(|(_, peer, ..)| *peer).collect();
    let ids: BTreeMap<u8, SessionId> = peers.into_iter().zip(0..).map(|(peer, id)| (peer, SessionId(id))).collect();
    for (peer, id) in &ids {
        writer.session(*id, session(*peer));
    }
    let say = |offset: u64, at: Time, peer: u8, event: Event<'_>, writer: &mut Writer<'_>| {
        writer.observation(&Observation { offset, time: at, session: ids[&peer], event });
    };
    for (offset, (at, peer, net, path)) in (0..).zip(said) {
        let nlri = Nlri { prefix: prefix(net), path_id: None, multicast: false };
        match *path {
            "" => say(offset, *at, *peer, Event::Withdrawn(nlri), &mut writer),
            path => with_route(prefix(net), path, |route| {
                say(offset, *at, *peer, Event::Announced(route), &mut writer);
            }),
        }
    }
    writer.commit(Time(0))
}

#[test]
fn a_dump_keeps_who_alone_shows_a_link() {
    let (_dir, mut history) = history();
    let routes = table(
        "0 198.51.100.0/24 64500 64510 64520
         1 198.51.100.0/24 64501 64510 64520
         1 203.0.113.0/24 64501 64511 64521
         1 2001:db8::/32 64501 64511 64521",
    );
    let first = ingest_dump(&mut history, "a", time("2024-01-01"), &routes).unwrap();
    // What did not change is sampled as well.
    let second = ingest_dump(&mut history, "b", time("2024-01-02"), &routes).unwrap();
    let found = history.edge_samples(&[first.source.id, second.source.id]).unwrap();
    let families: Vec<_> = found.iter().map(|s| (s.source, s.family, s.below)).collect();
    let (a, b) = (first.source.id, second.source.id);
    let all = 1u64 << 32;
    assert_eq!(families, [(a, Family::V4, all), (a, Family::V6, all), (b, Family::V4, all), (b, Family::V6, all)]);
    assert_eq!((&found[0].peers, &found[0].edges), (&found[2].peers, &found[2].edges));
    assert_eq!(found[0].peers, [Asn(64500), Asn(64501)]);
    // Of five links three are the peers' own, one is shown by both, and one by the second alone.
    let owners: BTreeMap<Option<u32>, usize> = found[0].edges.iter().fold(BTreeMap::new(), |mut count, (_, owner)| {
        *count.entry(*owner).or_default() += 1;
        count
    });
    assert_eq!(owners, BTreeMap::from([(None, 4), (Some(1), 1)]));
    assert!(found[0].edges.is_sorted());
    let none = ingest_updates(&mut history, "c", &[(time("2024-01-03"), 0, "198.51.100.0/24", "")]).unwrap();
    assert_eq!(history.edge_samples(&[none.source.id]).unwrap(), []);
}

#[test]
fn bursts_are_told_with_the_sessions() {
    let (_dir, mut history) = history();
    let nets: Vec<String> = (0..150).map(|n| format!("198.51.{}.0/28", n)).collect();
    let at = |minute: i64| Time(time("2024-01-01").0 + minute * 60_000_000);
    let mut said: Vec<(Time, u8, &str, &str)> =
        nets.iter().map(|net| (at(6), 0, net.as_str(), "64500 64510")).collect();
    said.extend(nets[..20].iter().map(|net| (at(7), 1, net.as_str(), "64501 64510")));
    ingest_updates(&mut history, "a", &said).unwrap();
    // The next file has the rest of these five minutes.
    let rest: Vec<(Time, u8, &str, &str)> =
        nets[..110].iter().map(|net| (at(9), 0, net.as_str(), "64500 64511")).collect();
    ingest_updates(&mut history, "b", &rest).unwrap();
    let sessions = history.sessions(Window::default()).unwrap();
    let found: Vec<_> = sessions.bursts.iter().map(|b| (b.at, sessions.vantages[b.vantage].asn, b.prefixes)).collect();
    assert_eq!(found, [(at(5), Asn(64500), 260)]);
    assert_eq!((sessions.spans.len(), sessions.runs.len(), sessions.events.len()), (2, 0, 0));
    let later = Window { from: Some(at(10)), to: None };
    assert_eq!(history.sessions(later).unwrap().bursts, []);
}

#[test]
fn a_table_is_held_against_what_updates_led_to() {
    let (_dir, mut history) = history();
    let before = table(
        "0 198.51.100.0/28 64500 64510
         0 198.51.100.16/28 64500 64510
         0 198.51.100.32/28 64500 64510
         0 198.51.100.48/28 64500 64510
         0 198.51.100.64/28 64500 64510
         0 198.51.100.80/28 64500 64510
         1 198.51.100.0/28 64501 64510",
    );
    let after = table(
        "0 198.51.100.0/28 64500 64511 64510
         0 198.51.100.16/28 64500 64511 64510
         0 198.51.100.32/28 64500 64511 64510
         0 198.51.100.64/28 64500 64510
         0 198.51.100.96/28 64500 64510
         0 198.51.100.80/28 64500 64511 64510
         1 198.51.100.0/28 64501 64510
         2 198.51.100.0/28 64502 64510",
    );
    let (old, new) = (time("2024-01-01"), time("2024-01-01T08:00:00Z"));
    let a = ingest_dump(&mut history, "a", old, &before).unwrap().source.id;
    let at = |minute: i64| Time(old.0 + minute * 60_000_000);
    let said = [
        // Led to what the dump has; to something else; nothing said of .32; gone without a word: .48.
        (at(5), 0, "198.51.100.0/28", "64500 64519 64510"),
        (at(6), 0, "198.51.100.0/28", "64500 64511 64510"),
        (at(7), 0, "198.51.100.16/28", "64500 64519 64510"),
        // Went and came back, as far as both dumps tell.
        (at(8), 0, "198.51.100.64/28", "64500 64519 64510"),
        // Announced, as the dump has it; and said in the minute of the dump.
        (at(9), 0, "198.51.100.96/28", "64500 64510"),
        (new, 0, "198.51.100.80/28", "64500 64511 64510"),
    ];
    ingest_updates(&mut history, "u", &said).unwrap();
    let b = ingest_dump(&mut history, "b", new, &after).unwrap().source.id;
    let found = history.reconcile(a, b).unwrap().unwrap();
    let short = |r: &Reconciled| (r.vantage.asn.0, r.family, r.held, r.differs, r.untold, r.every);
    // A vantage that came in between is not compared.
    assert_eq!(
        found.iter().map(short).collect::<Vec<_>>(),
        [(64500, Family::V4, 6, 3, 1, 1), (64501, Family::V4, 1, 0, 0, 1)]
    );
    // The later one does not build on itself, nor the earlier on the later.
    assert_eq!(history.reconcile(b, a).unwrap(), None);
    assert_eq!(history.reconcile(a, a).unwrap(), None);
}
