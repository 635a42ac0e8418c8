//! A small invented world, written by the project's own encoders: what the main job does, without any archive at hand.
//!
//! Every network has a documentation number (RFC 5398), every prefix is a documentation prefix (RFC 5737, RFC 3849). The
//! files are the same on every machine. What happens in it:
//!
//! - AS64510 belonged to another holder until 2023, was silent for half a year, and has a new holder since.
//! - Two networks carry it, AS64501 and AS64502. On 2024-03-09 AS64505 takes the place of AS64502 at most vantages.
//! - On 2024-03-13 and -14 every collector fails; nothing changed then.

use std::fs;
use std::io::{BufWriter, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use headwater_route::{AsPath, Asn, Family, Nlri, OriginCode, Prefix, Session, Time};
use headwater_wire::mrt::encode::{Attributes, Ends, PeerTable, Rib, RibEntry, Style, Update, Writer};

use crate::error::Error;

/// The network the demonstration is about.
pub const SUBJECT: &str = "AS64510";
/// What the world is called wherever its data are told.
pub const WORLD: &str = "the demonstration";
/// Names of its collectors; each is a directory below `routes`.
pub const COLLECTORS: [&str; 7] =
    ["example-1", "example-2", "example-3", "example-4", "example-5", "example-6", "example-7"];

const SUBJECT_ASN: u32 = 64510;
/// Days of March 2024 on which tables are dumped.
const DAYS: [i8; 18] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17, 18, 19, 20];
/// The day on which one carrier takes the place of another, at 10:15.
const SWITCH_DAY: i8 = 9;
const SWITCH_MINUTES: i64 = 10 * 60 + 15;

/// Writes the world's files below `dir`: `routes/COLLECTOR/…` and `snapshots/…`.
pub fn write_world(dir: &Path) -> Result<(), Error> {
    for (number, collector) in COLLECTORS.into_iter().enumerate() {
        let home = dir.join("routes").join(collector);
        make(&home)?;
        for day in DAYS {
            let name = format!("bview.202403{day:02}.0000");
            write(&home.join(name), |out| dump(out, number, day))?;
        }
        write(&home.join(format!("updates.202403{SWITCH_DAY:02}.0000")), |out| updates(out, number))?;
    }
    let home = dir.join("snapshots");
    make(&home)?;
    for (month, provider) in RELATIONSHIPS {
        write(&home.join(format!("{month}01.as-rel.txt")), |out| relationships(out, month, provider))?;
    }
    for (date, holder) in NAMES {
        write(&home.join(format!("asns.{date}.csv")), |out| names(out, date, holder))?;
    }
    for (date, origin) in ORIGINS {
        write(&home.join(format!("location.{date}.csv")), |out| origins(out, date, origin))?;
    }
    Ok(())
}

fn make(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(|e| Error::file(dir, &e))
}

type Written = Result<(), Box<dyn std::error::Error>>;

fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Written) -> Result<(), Error> {
    let file = fs::File::create(path).map_err(|e| Error::file(path, &e))?;
    let mut out = BufWriter::new(file);
    fill(&mut out).map_err(|e| Error::failed(format!("{}: {e}", path.display())))?;
    out.flush().map_err(|e| Error::file(path, &e))
}

fn at(day: i8, minutes: i64) -> Time {
    let midnight = Time::from_date(2024, 3, day).unwrap_or(Time(0));
    Time(midnight.0 + minutes * 60_000_000)
}

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap_or(Prefix::host(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

/// The two peers of a collector.
fn peers(collector: usize) -> [Session; 2] {
    [0, 1].map(|i| {
        let number = (collector * 2 + i) as u32;
        let addr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100 + number as u8));
        Session { asn: Asn(65536 + number), addr }
    })
}

/// The network next to the subject as a peer sees it, before and after the switch.
fn carrier(peer: &Session, after: bool) -> u32 {
    let number = peer.asn.0 - 65536;
    match (after, number % 7, number % 2) {
        (true, 0..=4, _) => 64505,
        (true, _, _) => 64501,
        (false, _, 0) => 64501,
        (false, _, _) => 64502,
    }
}

/// A peer's path to the subject, or to a bystander behind AS64501.
fn path(peer: &Session, origin: u32, after: bool) -> Vec<u32> {
    let backbone = 64496 + peer.asn.0 % 2;
    let carrier = if origin == SUBJECT_ASN { carrier(peer, after) } else { 64501 };
    vec![peer.asn.0, backbone, carrier, origin]
}

fn attributes(peer: &Session, family: Family, path: Vec<u32>) -> Attributes {
    let next_hop = match family {
        Family::V4 => peer.addr,
        Family::V6 => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, peer.asn.0 as u16)),
    };
    Attributes {
        origin: Some(OriginCode::Igp),
        path: Some(AsPath::sequence(path)),
        next_hop: Some(next_hop),
        ..Attributes::default()
    }
}

/// Prefixes and their origins: one network of interest, one bystander, and a few others that fill the tables.
fn routes() -> Vec<(Prefix, u32)> {
    let mut routes = vec![(prefix("198.51.100.0/24"), 64511), (prefix("203.0.113.0/24"), SUBJECT_ASN)];
    routes.extend((0..4).map(|i| (prefix(&format!("192.0.2.{}/26", i * 64)), 64500)));
    routes.push((prefix("2001:db8:510::/48"), SUBJECT_ASN));
    routes.push((prefix("2001:db8:511::/48"), 64511));
    routes.sort();
    routes
}

fn dump(out: &mut dyn Write, collector: usize, day: i8) -> Written {
    let mut writer = Writer::new(out);
    let peers = peers(collector);
    let table = PeerTable {
        collector: Ipv4Addr::new(192, 0, 2, collector as u8 + 1),
        view: COLLECTORS[collector].to_owned(),
        peers: peers.to_vec(),
    };
    let time = at(day, 0);
    writer.peer_table(time, &table)?;
    for (sequence, (prefix, origin)) in routes().into_iter().enumerate() {
        // The table of the day itself is dumped before the switch.
        let held: Vec<Attributes> =
            peers.iter().map(|p| attributes(p, prefix.family(), path(p, origin, day > SWITCH_DAY))).collect();
        let entry =
            |(i, attributes)| RibEntry { peer: i as u16, originated: Some(at(1, 0)), path_id: None, attributes };
        let entries = held.iter().enumerate().map(entry).collect();
        writer.rib(time, &Rib { sequence: sequence as u32, prefix, multicast: false, generic: false, entries })?;
    }
    Ok(())
}

/// The updates of the day of the switch; every ten minutes the bystander is announced again, so that the file shows that the
/// sessions were up all day.
fn updates(out: &mut dyn Write, collector: usize) -> Written {
    let mut writer = Writer::new(out);
    let local = Session { asn: Asn(64509), addr: IpAddr::V4(Ipv4Addr::new(192, 0, 2, collector as u8 + 1)) };
    let nlri = |prefix| Nlri { prefix, path_id: None, multicast: false };
    let mut announce = |minutes, peer: &Session, prefix: Prefix, origin, after| {
        let update = Update {
            announced: vec![nlri(prefix)],
            attributes: attributes(peer, prefix.family(), path(peer, origin, after)),
            ..Update::default()
        };
        writer.update(at(SWITCH_DAY, minutes), &Ends { peer: *peer, local }, Style::default(), &update)
    };
    for minutes in (5..24 * 60).step_by(10) {
        for peer in &peers(collector) {
            if minutes == SWITCH_MINUTES {
                for (prefix, origin) in routes().into_iter().filter(|(_, origin)| *origin == SUBJECT_ASN) {
                    announce(minutes, peer, prefix, origin, true)?;
                }
            }
            announce(minutes, peer, prefix("198.51.100.0/24"), 64511, false)?;
        }
    }
    Ok(())
}

/// Months and the providers of the subject in their relationship file; December 2023 is missing.
const RELATIONSHIPS: [(&str, &[u32]); 13] = [
    ("202302", &[64499]),
    ("202303", &[64499]),
    ("202304", &[64499]),
    ("202305", &[]),
    ("202306", &[]),
    ("202307", &[]),
    ("202308", &[]),
    ("202309", &[]),
    ("202310", &[]),
    ("202311", &[64501]),
    ("202401", &[64501, 64502]),
    ("202402", &[64501, 64502]),
    ("202403", &[64501, 64502]),
];

fn relationships(out: &mut dyn Write, month: &str, providers: &[u32]) -> Written {
    writeln!(out, "# invented data: documentation numbers only")?;
    writeln!(out, "# input clique: 64496 64497")?;
    for day in 1..=5 {
        writeln!(out, "# source:topology|BGP|{month}{day:02}|example|example-1")?;
    }
    writeln!(out, "64496|64497|0")?;
    for carrier in [64499, 64501, 64502, 64505] {
        writeln!(out, "64496|{carrier}|-1")?;
        writeln!(out, "64497|{carrier}|-1")?;
    }
    writeln!(out, "64501|64511|-1")?;
    for provider in providers {
        writeln!(out, "{provider}|{SUBJECT_ASN}|-1")?;
    }
    Ok(())
}

/// Dates and the subject's name in the name file of that date, where it has one.
const NAMES: [(&str, Option<&str>); 5] = [
    ("2023-01-01", Some("Earlier Example Ltd")),
    ("2023-04-01", Some("Earlier Example Ltd")),
    ("2023-07-01", None),
    ("2023-10-01", None),
    ("2024-01-01", Some("Sample Hosting LLC")),
];

fn names(out: &mut dyn Write, date: &str, holder: Option<&str>) -> Written {
    writeln!(out, "\"asn\",\"name\",\"source\"")?;
    writeln!(out, "# invented data of {date}: documentation numbers only")?;
    let others = [
        (64496, "Backbone One (invented)"),
        (64497, "Backbone Two (invented)"),
        (64499, "Old Carrier (invented)"),
        (64501, "Carrier One (invented)"),
        (64502, "Carrier Two (invented)"),
        (64505, "Shield (invented)"),
        (64511, "Bystander (invented)"),
    ];
    for (asn, name) in others.into_iter().chain(holder.map(|name| (SUBJECT_ASN, name))) {
        writeln!(out, "{asn},\"{name}\",\"EXAMPLE\"")?;
    }
    Ok(())
}

/// Dates and the origin of the subject's prefix in the snapshot of that date.
const ORIGINS: [(&str, u32); 3] = [("20230201", 64499), ("20240201", SUBJECT_ASN), ("20240320", SUBJECT_ASN)];

fn origins(out: &mut dyn Write, date: &str, origin: u32) -> Written {
    writeln!(out, "prefix,asn,country,flags")?;
    writeln!(out, "# invented data of {date}: documentation prefixes only")?;
    writeln!(out, "192.0.2.0/24,64500,ZZ,")?;
    writeln!(out, "198.51.100.0/24,64511,ZZ,")?;
    writeln!(out, "203.0.113.0/24,{origin},ZZ,")?;
    Ok(())
}
