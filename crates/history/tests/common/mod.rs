//! A small way to write dumps and updates into a history without MRT.

use std::collections::BTreeMap;

use headwater_history::{Committed, Draft, Error, History, Step, Writer};
use headwater_route::{
    AsPath, Asn, Attributes, Event, Kind, Nlri, Observation, OriginCode, PathRef, Prefix, Route, Session, SessionId,
    Time,
};

/// Routes of a dump: (peer number, prefix) → path. Peer n is AS 64500+n at 192.0.2.n.
pub type DumpRoutes = BTreeMap<(u8, Prefix), String>;

pub fn draft(name: &str, kind: Kind, series: &str) -> Draft {
    Draft {
        name: name.to_owned(),
        path: format!("/nowhere/{name}"),
        sha256: format!("{:0>64}", name.bytes().map(|b| format!("{b:02x}")).collect::<String>()),
        archive_sha256: None,
        bytes: 1,
        kind,
        series: series.to_owned(),
        window: None,
    }
}

pub fn session(peer: u8) -> Session {
    Session { asn: Asn(64500 + u32::from(peer)), addr: std::net::Ipv4Addr::new(192, 0, 2, peer).into() }
}

pub fn with_route<T>(prefix: Prefix, path: &str, use_route: impl FnOnce(Route<'_>) -> T) -> T {
    let bytes = path.parse::<AsPath>().unwrap().to_bytes();
    let attributes = Attributes {
        path: PathRef::new(&bytes).unwrap(),
        origin: Some(OriginCode::Igp),
        next_hop: None,
        med: None,
        local_pref: None,
        atomic_aggregate: false,
        aggregator: None,
        communities: &[],
        extended_communities: &[],
        large_communities: &[],
        only_to_customer: None,
    };
    let nlri = Nlri { prefix, path_id: None, multicast: false };
    use_route(Route { nlri, originated: None, attributes: &attributes })
}

/// Where the records of a dump lie: each takes as long as its paths.
pub fn records(routes: &DumpRoutes) -> BTreeMap<Prefix, u64> {
    let mut bytes: BTreeMap<Prefix, u64> = BTreeMap::new();
    for ((_, prefix), path) in routes {
        *bytes.entry(*prefix).or_insert(12) += path.len() as u64;
    }
    let mut next = 99;
    let mut place = |bytes| {
        next += bytes;
        next - bytes
    };
    bytes.into_iter().map(|(prefix, bytes)| (prefix, place(bytes))).collect()
}

/// Feeds a dump in prefix order, as collectors write it.
pub fn feed_dump(writer: &mut Writer<'_>, at: Time, routes: &DumpRoutes) {
    let peers: std::collections::BTreeSet<u8> = routes.keys().map(|(peer, _)| *peer).collect();
    let ids: BTreeMap<u8, u32> = peers.into_iter().zip(0..).collect();
    for (peer, id) in &ids {
        writer.session(SessionId(*id), session(*peer));
    }
    let mut by_prefix: Vec<(&(u8, Prefix), &String)> = routes.iter().collect();
    by_prefix.sort_by_key(|((peer, prefix), _)| (*prefix, *peer));
    let records = records(routes);
    for ((peer, prefix), path) in by_prefix {
        with_route(*prefix, path, |route| {
            let (offset, session) = (records[prefix], SessionId(ids[peer]));
            writer.observation(&Observation { offset, time: at, session, event: Event::Held(route) });
        });
    }
}

pub fn ingest_dump(history: &mut History, name: &str, at: Time, routes: &DumpRoutes) -> Result<Committed, Error> {
    ingest_dump_until(history, name, at, routes, None)
}

pub fn ingest_dump_until(
    history: &mut History,
    name: &str,
    at: Time,
    routes: &DumpRoutes,
    step: Option<Step>,
) -> Result<Committed, Error> {
    let mut writer = history.begin(draft(name, Kind::Mrt, "rrc99"))?;
    if let Some(step) = step {
        writer.interrupt_at(step);
    }
    feed_dump(&mut writer, at, routes);
    writer.commit(Time(0))
}

pub fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

pub fn time(text: &str) -> Time {
    Time::parse(text, None).unwrap()
}
