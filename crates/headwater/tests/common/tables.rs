//! A table dump of a few documentation networks, written by the project's own encoder.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use headwater_route::{AsPath, Asn, Family, OriginCode, Prefix, Session, Time};
use headwater_wire::mrt::encode::{Attributes, PeerTable, Rib, RibEntry, Writer};

/// Writes `bview.20240310.0000` below a directory: two vantages, eight prefixes, of which two are of AS64510.
pub fn write_table(dir: &Path) {
    let peers = [0, 1].map(|number| Session {
        asn: Asn(65536 + number),
        addr: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100 + number as u8)),
    });
    let mut routes: Vec<(Prefix, u32)> =
        ["198.51.100.0/24", "2001:db8:511::/48"].map(|prefix| (prefix.parse().unwrap(), 64511)).into();
    routes.extend(["203.0.113.0/24", "2001:db8:510::/48"].map(|prefix| (prefix.parse().unwrap(), 64510)));
    routes.extend((0..4).map(|i| (format!("192.0.2.{}/26", i * 64).parse().unwrap(), 64500)));
    routes.sort();
    let time = Time::from_date(2024, 3, 10).unwrap();
    let mut writer = Writer::new(Vec::new());
    let (collector, view) = (Ipv4Addr::new(192, 0, 2, 1), "example-1".to_owned());
    writer.peer_table(time, &PeerTable { collector, view, peers: peers.to_vec() }).unwrap();
    for (sequence, (prefix, origin)) in (0..).zip(routes) {
        let held = peers.map(|peer| {
            let carrier = if origin == 64510 { 64505 } else { 64501 };
            let next_hop = match prefix.family() {
                Family::V4 => peer.addr,
                Family::V6 => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
            };
            Attributes {
                origin: Some(OriginCode::Igp),
                path: Some(AsPath::sequence([peer.asn.0, 64496 + peer.asn.0 % 2, carrier, origin])),
                next_hop: Some(next_hop),
                ..Attributes::default()
            }
        });
        let entries = (0..).zip(&held);
        let entries = entries
            .map(|(peer, attributes)| RibEntry { peer, originated: Some(time), path_id: None, attributes })
            .collect();
        writer.rib(time, &Rib { sequence, prefix, multicast: false, generic: false, entries }).unwrap();
    }
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("bview.20240310.0000"), writer.into_inner()).unwrap();
}
