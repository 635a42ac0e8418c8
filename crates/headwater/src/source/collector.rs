//! The collector of an MRT file, by where it lies: the bytes of most files do not say.

use std::net::Ipv4Addr;

use headwater_route::{Fault, Observation, Session, SessionId};
use headwater_wire::mrt;

/// The collector that a path names: a RIPE RIS `rrcNN`, a `route-views…` name, or the place in a RouteViews archive
/// (`…/bgpdata/YYYY.MM/RIBS/…`, where the tree without a collector is `route-views2`). The part nearest to the file decides.
/// For a member of an archive give `archive!member`.
pub fn of_path(path: &str) -> Option<String> {
    let parts: Vec<String> =
        path.split(['/', '\\', '!']).filter(|part| !part.is_empty()).map(|part| part.to_ascii_lowercase()).collect();
    let (file, dirs) = parts.split_last()?;
    if let Some(name) = in_name(file, false) {
        return Some(name);
    }
    for (i, dir) in dirs.iter().enumerate().rev() {
        if let Some(name) = in_name(dir, true) {
            return Some(name);
        }
        if dir == "bgpdata" {
            let above = i.checked_sub(1).map(|i| dirs[i].as_str());
            let named = above.and_then(|above| in_name(above, true).or_else(|| exchange_name(above)));
            return Some(named.unwrap_or_else(|| "route-views2".to_owned()));
        }
    }
    None
}

/// The collector that the view name of a peer table names, which stands in the first record of some table dumps.
pub fn of_head(head: &[u8]) -> Option<String> {
    struct View(Option<String>, bool);
    impl mrt::Sink for View {
        fn record(&mut self, _: &mrt::Record) -> mrt::Interest {
            if std::mem::replace(&mut self.1, true) { mrt::Interest::Stop } else { mrt::Interest::Decode }
        }
        fn session(&mut self, _: SessionId, _: Session) {}
        fn peer_table(&mut self, _: u64, _: Ipv4Addr, view: &str) {
            self.0 = Some(view.to_owned());
        }
        fn observation(&mut self, _: &Observation<'_>) {}
        fn fault(&mut self, _: Fault) {}
    }
    let mut found = View(None, false);
    mrt::read(&mut &head[..], &mrt::Options::default(), &mut found);
    of_path(&found.0?)
}

/// Collectors of RouteViews that carry no `route-views`: exchange and airport, as `amsix.ams`.
fn exchange_name(dir: &str) -> Option<String> {
    let (exchange, airport) = dir.split_once('.')?;
    let plain = !exchange.is_empty() && exchange.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let airport = airport.len() == 3 && airport.bytes().all(|b| b.is_ascii_lowercase());
    // A host name is not a collector.
    let host = matches!(dir.rsplit('.').next(), Some("org" | "net" | "com" | "edu" | "gov" | "int"));
    (plain && airport && !host).then(|| dir.to_owned())
}

fn in_name(name: &str, directory: bool) -> Option<String> {
    rrc(name).or_else(|| route_views(name, directory))
}

/// `rrc` and two digits that stand alone.
fn rrc(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    let edge = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
    name.match_indices("rrc").map(|(at, _)| at).find_map(|at| {
        let digits = bytes.get(at + 3..at + 5).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
        let alone = edge(at.checked_sub(1).map(|i| &bytes[i])) && edge(bytes.get(at + 5));
        (digits && alone).then(|| name[at..at + 5].to_owned())
    })
}

/// `route-views`, its number and its place: `route-views2`, `route-views.sg`, `route-views2.saopaulo`.
fn route_views(name: &str, directory: bool) -> Option<String> {
    const STEM: &str = "route-views";
    let at = name.find(STEM)?;
    let rest = &name[at + STEM.len()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = rest.split_at(digits);
    if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let place = rest.strip_prefix(['.', '-']).and_then(|rest| {
        // In a directory all that follows is the place; in a file name what follows it is kind and time.
        let end = if directory { rest.len() } else { rest.find(['.', '_']).unwrap_or(rest.len()) };
        let place = &rest[..end];
        let plain = place.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
        let kind = matches!(
            place,
            "rib"
                | "ribs"
                | "updates"
                | "update"
                | "bview"
                | "mrt"
                | "gz"
                | "bz2"
                | "xz"
                | "org"
                | "oregon-ix"
                | "oregon-ix.net"
        );
        (plain && !kind && place.starts_with(|c: char| c.is_ascii_lowercase())).then_some(place)
    });
    Some(match (number, place) {
        // The oldest collector has the plain name of the project.
        ("", None) => "route-views2".to_owned(),
        (number, None) => format!("{STEM}{number}"),
        (number, Some(place)) => format!("{STEM}{number}.{place}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_archives_and_copies() {
        for (path, expected) in [
            ("libbgpstream.ris.rrc06.updates.1401488100.gz", Some("rrc06")),
            ("/data/rrc00/2024.05/bview.20240501.0000.gz", Some("rrc00")),
            ("bgpkit.ripe.rrc00.2000.01.bview.20000111.0032.gz", Some("rrc00")),
            ("libbgpstream.routeviews.route-views.jinx.ribs.1401487200.bz2", Some("route-views.jinx")),
            ("/a/route-views.sg/bgpdata/2024.05/RIBS/rib.20240501.0000.bz2", Some("route-views.sg")),
            (
                "/a/route-views2.saopaulo/bgpdata/2024.05/UPDATES/updates.20240501.0000.bz2",
                Some("route-views2.saopaulo"),
            ),
            ("/a/amsix.ams/bgpdata/2024.05/RIBS/rib.20240501.0000.bz2", Some("amsix.ams")),
            ("/a/archive.routeviews.org/bgpdata/2024.05/RIBS/rib.20240501.0000.bz2", Some("route-views2")),
            ("/a/routeviews.org/bgpdata/2024.05/RIBS/rib.20240501.0000.bz2", Some("route-views2")),
            ("bgpdata/2024.05/RIBS/rib.20240501.0000.bz2", Some("route-views2")),
            ("/a/route-views3/2024.05/rib.bz2", Some("route-views3")),
            ("route-views6.updates.20240501.bz2", Some("route-views6")),
            ("route-views.oregon-ix.net/rib.bz2", Some("route-views2")),
            ("RRC12_bview.gz", Some("rrc12")),
            ("dumps.tar.xz!rrc01/updates.gz", Some("rrc01")),
            ("rrc0/bview.gz", None),
            ("xrrc001/bview.gz", None),
            ("/home/someone/routes/bview.gz", None),
            ("", None),
        ] {
            assert_eq!(of_path(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_peer_table_may_name_the_collector() {
        use headwater_wire::mrt::encode::{PeerTable, Writer};
        let head = |view: &str| {
            let mut writer = Writer::new(Vec::new());
            let table = PeerTable { collector: Ipv4Addr::new(192, 0, 2, 1), view: view.to_owned(), peers: Vec::new() };
            writer.peer_table(headwater_route::Time::from_unix(1_700_000_000), &table).unwrap();
            writer.into_inner()
        };
        assert_eq!(of_head(&head("rrc06")).as_deref(), Some("rrc06"));
        assert_eq!(of_head(&head("")), None);
        assert_eq!(of_head(b"no record"), None);
    }

    #[test]
    fn the_nearest_part_decides() {
        assert_eq!(of_path("/rrc00/x/rrc01.bview.gz").as_deref(), Some("rrc01"));
        assert_eq!(of_path("/rrc00/route-views.wide/rib.bz2").as_deref(), Some("route-views.wide"));
    }
}
