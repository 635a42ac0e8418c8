//! Questions about many networks at once give what the questions about each give.

// What other tests need of it stands there too.
#[allow(dead_code)]
mod common;

use std::collections::BTreeMap;

use common::{draft, time};
use headwater_history::History;
use headwater_route::rows::{Delegated, LinkKind, Neighbour, SnapshotRow};
use headwater_route::{Asn, Kind, Time, Window};

const CARRIER: Asn = Asn(64510);

/// Relationship files of two series with members that come and go, some seen by route servers only; an extract; names,
/// delegations, tags and ASPAs.
fn fill(history: &mut History) {
    for month in 1..=12u32 {
        for (kind, series) in [(Kind::AsRel1, "caida-serial1"), (Kind::AsRel2, "caida-serial2")] {
            let mut writer = history.begin(draft(&format!("{series}.{month:02}"), kind, series)).unwrap();
            let mut link = |offset: u32, a: u32, b: u32, kind, seen_by| {
                let (a, b) = (Asn(a), Asn(b));
                writer.snapshot_row(u64::from(offset), &SnapshotRow::Link { a, b, kind, seen_by, snapshot: None });
            };
            let serial2 = kind == Kind::AsRel2;
            for member in 64496..64504 {
                let bgp = if serial2 { "bgp" } else { "" };
                match (member + month) % 4 {
                    0 => link(member, CARRIER.0, member, LinkKind::Provider, bgp),
                    1 => link(member, 64505, member, LinkKind::Provider, bgp),
                    2 if serial2 => link(member, 64506, member, LinkKind::Peer, "mlp"),
                    _ => {}
                }
            }
            link(9, CARRIER.0, 64507, LinkKind::Peer, if serial2 { "mlp" } else { "" });
            let from = time(&format!("2024-{month:02}-01"));
            writer.set_window(from, from.plus_days(4));
            writer.commit(Time(0)).unwrap();
        }
    }
    let mut writer = history.begin(draft("extract", Kind::AsRelExtract, "")).unwrap();
    for (offset, month) in [(1, "2023-11-01"), (2, "2023-12-01")] {
        let from = time(month);
        let snapshot = Some((from, from.plus_days(4), "caida-serial1"));
        let (a, b, kind) = (CARRIER, Asn(64496 + offset), LinkKind::Provider);
        writer.snapshot_row(u64::from(offset), &SnapshotRow::Link { a, b, kind, seen_by: "", snapshot });
    }
    writer.set_window(time("2023-11-01"), time("2023-12-05"));
    writer.commit(Time(0)).unwrap();
    for (n, day) in ["2024-01-01", "2024-06-01"].into_iter().enumerate() {
        let mut names = draft(&format!("names{n}"), Kind::AsNames, "series");
        names.window = Some((time(day), time(day)));
        let mut writer = history.begin(names).unwrap();
        for asn in 64496..64500 {
            let name = format!("NAME {n}");
            let row = SnapshotRow::Name { asn: Asn(asn), name: &name, country: "", note: "Content" };
            writer.snapshot_row(u64::from(asn), &row);
        }
        writer.commit(Time(0)).unwrap();
    }
    let mut other = |kind, name: &str, rows: &[SnapshotRow<'_>]| {
        let mut draft = draft(name, kind, "series");
        draft.window = Some((time("2024-03-01"), time("2024-03-01")));
        let mut writer = history.begin(draft).unwrap();
        for (offset, row) in (0..).zip(rows) {
            writer.snapshot_row(offset, row);
        }
        writer.commit(Time(0)).unwrap();
    };
    let delegated = |first, count, opaque_id| SnapshotRow::Delegation {
        registry: "registry",
        country: "",
        resource: Delegated::Asns { first: Asn(first), count },
        date: None,
        status: "assigned",
        opaque_id,
    };
    other(
        Kind::Delegated,
        "delegated",
        &[delegated(64490, 8, "a"), delegated(64498, 1, "b"), delegated(64499, 99, "c")],
    );
    let tag = |asn, tag| SnapshotRow::Tag { tag, asn: Asn(asn), name: "" };
    other(Kind::AsTags, "tags", &[tag(64496, "x"), tag(64497, "y"), tag(64497, "a"), tag(64505, "z")]);
    let aspa =
        |customer, provider| SnapshotRow::Aspa { customer: Asn(customer), provider: Asn(provider), expires: None };
    other(Kind::Rpki, "aspas", &[aspa(64496, 64510), aspa(64497, 64505), aspa(64498, 64510)]);
}

#[test]
fn many_are_told_as_each_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::open_or_create(dir.path()).unwrap();
    fill(&mut history);
    let links = history.links(CARRIER, Window::default()).unwrap();
    let presence = history.presence(&links).unwrap();
    let members: Vec<Asn> = presence.iter().map(|p| p.asn).collect();
    // Peers are no members.
    assert_eq!(members, (64496..64504).map(Asn).collect::<Vec<_>>());
    let mut absent = 0;
    for found in &presence {
        let own = history.links(found.asn, Window::default()).unwrap();
        let mut expected: BTreeMap<usize, bool> = BTreeMap::new();
        for sighting in &own.sightings {
            let file = &own.snapshots[sighting.snapshot];
            let at = links.snapshots.iter().position(|s| (s.source, s.from) == (file.source, file.from));
            if let Some(at) = at {
                *expected.entry(at).or_default() |= sighting.in_routes();
            }
        }
        absent += links.snapshots.len() - expected.len();
        assert_eq!(found.snapshots, expected.into_iter().collect::<Vec<_>>(), "{}", found.asn);
    }
    assert!(absent > 0 && presence.iter().any(|p| p.snapshots.iter().any(|(_, in_routes)| !in_routes)));

    let (files, held) = history.holders_of(&members).unwrap();
    for asn in &members {
        let own = history.holders(*asn).unwrap();
        let of_all = held.get(asn).cloned().unwrap_or_default();
        assert_eq!((&own.snapshots, &own.names, &own.delegations), (&files, &of_all.names, &of_all.delegations));
        assert_eq!((own.names.len(), own.delegations.len()), (if asn.0 < 64500 { 2 } else { 0 }, 1), "{asn}");
    }

    // Of an extract, the days asked for only.
    let extract = links.snapshots.iter().find(|s| !s.complete).unwrap();
    let told = history.links_at(&members, &[extract]).unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    let two: Vec<_> = links.snapshots.iter().filter(|s| s.complete).take(2).collect();
    let told = history.links_at(&members, &two).unwrap();
    let own = |asn: Asn| history.links(asn, Window::default()).unwrap();
    let expected: usize = members
        .iter()
        .map(|asn| {
            let own = own(*asn);
            own.sightings.iter().filter(|s| two.iter().any(|t| t.source == own.snapshots[s.snapshot].source)).count()
        })
        .sum();
    assert_eq!(told.len(), expected);
    assert!(told.is_sorted_by_key(|l| (l.asn, l.kind, l.neighbour)));
    assert!(told.iter().any(|l| l.kind == Neighbour::Provider && l.neighbour == CARRIER));

    let tags: Vec<(u32, String)> = history.tags(&members).unwrap().into_iter().map(|t| (t.asn.0, t.tag)).collect();
    assert_eq!(tags, [(64496, "x".to_owned()), (64497, "a".to_owned()), (64497, "y".to_owned())]);
    let aspas = history.aspas_listing(CARRIER).unwrap();
    assert_eq!(aspas.iter().map(|a| a.customer.map(|c| c.0)).collect::<Vec<_>>(), [None, Some(64496), Some(64498)]);
    assert!(history.links_at(&[], &two).unwrap().is_empty() && history.tags(&[]).unwrap().is_empty());
}
