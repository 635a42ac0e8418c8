//! Table dumps and update files (RFC 6396).

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use headwater_route::{AsPath, Asn, Nlri, OriginCode, PathSegment, Prefix, SegmentKind, Session, Time};
use headwater_wire::mrt::encode::{Attributes, Ends, PeerTable, Rib, RibEntry, Style, Update, Writer};

use super::{Packed, Shelf, minute_stamp};
use crate::error::WorldError;
use crate::observe::{CollectorId, VantageId, Watch};
use crate::timeline::{Body, Message, Shown, State};

/// Most prefixes of one UPDATE: those of IPv6 fill it first (RFC 4271 §4: 4,096 bytes).
const MOST_PREFIXES: usize = 150;
/// A KEEPALIVE (RFC 4271 §4.4).
const KEEPALIVE: u8 = 4;

/// Writes the tables of a collector as of a moment, if it writes at all.
pub fn dump(shelf: &Shelf, state: &State, collector: CollectorId, at: Time) -> Result<(), WorldError> {
    if !state.is_alive(collector) {
        return Ok(());
    }
    let watch = state.watch();
    let this = &watch.collectors[collector.0 as usize];
    let vantages: Vec<VantageId> = watch.of_collector(collector).filter(|vantage| state.is_up(*vantage)).collect();
    // Position in the peer table of each vantage.
    let mut peers = vec![0u16; watch.vantages.len()];
    for (position, vantage) in vantages.iter().enumerate() {
        peers[vantage.0 as usize] = position as u16;
    }
    let sessions: Vec<Session> = vantages.iter().map(|vantage| watch.vantages[vantage.0 as usize].session).collect();
    let local = match this.local.addr {
        IpAddr::V4(addr) => addr,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    let table = PeerTable { collector: local, view: this.name.clone(), peers: sessions.clone() };
    let stamp = state.stamp(collector, at);
    shelf.pack(&format!("routes/{}/bview.{}.gz", this.name, minute_stamp(at)), |out, path| {
        let mut writer = Writer::new(out);
        writer.peer_table(stamp, &table).map_err(WorldError::encode(path))?;
        let mut sequence = 0;
        let mut attributes: Vec<Attributes> = Vec::new();
        state.routes_of(&vantages, |prefix, held| {
            attributes.clear();
            attributes.extend(held.iter().map(|(vantage, _, shown)| {
                let session = &sessions[usize::from(peers[vantage.0 as usize])];
                of_route(shown, session)
            }));
            let entry = |((vantage, since, _), attributes)| {
                let (vantage, since): (&VantageId, &Time) = (vantage, since);
                let peer = peers[vantage.0 as usize];
                RibEntry { peer, originated: Some(state.stamp(collector, *since)), path_id: None, attributes }
            };
            let entries = held.iter().map(|(v, t, s)| (v, t, s)).zip(&attributes).map(entry).collect();
            let rib = Rib { sequence, prefix: *prefix, multicast: false, generic: false, entries };
            sequence += 1;
            writer.rib(stamp, &rib).map_err(WorldError::encode(path))
        })
    })
}

fn of_route(shown: &Shown<'_>, session: &Session) -> Attributes {
    let asns = shown.hops.iter().map(|hop| Asn(*hop)).collect();
    Attributes {
        origin: Some(OriginCode::Igp),
        path: Some(AsPath { segments: vec![PathSegment { kind: SegmentKind::Sequence, asns }] }),
        next_hop: Some(session.addr),
        communities: shown.communities.to_vec(),
        only_to_customer: shown.only_to_customer,
        ..Attributes::default()
    }
}

/// Writes the messages of a collector that arrived in `[from, until)`, in their order. Sessions that are up send a KEEPALIVE
/// at either end: the file shows what it covers. `up` are those at its start and at its end.
pub fn updates(
    shelf: &Shelf,
    watch: &Watch,
    collector: CollectorId,
    covers: (Time, Time),
    messages: &[Message],
    up: (&[VantageId], &[VantageId]),
    stamp: impl Fn(Time) -> Time,
) -> Result<(), WorldError> {
    let this = &watch.collectors[collector.0 as usize];
    let (from, until) = covers;
    shelf.pack(&format!("routes/{}/updates.{}.gz", this.name, minute_stamp(from)), |out, path| {
        let mut writer = Writer::new(out);
        let ends = |vantage: VantageId| {
            let vantage = &watch.vantages[vantage.0 as usize];
            let local = if vantage.session.addr.is_ipv4() { this.local } else { this.local_v6 };
            Ends { peer: vantage.session, local }
        };
        let alive = |writer: &mut Writer<&mut Packed>, vantages: &[VantageId], at: Time| {
            vantages.iter().try_for_each(|vantage| {
                let kept = writer.message(stamp(at), &ends(*vantage), Style::default(), KEEPALIVE, &[]);
                kept.map_err(WorldError::encode(path))
            })
        };
        alive(&mut writer, up.0, from)?;
        for message in messages {
            let vantage = &watch.vantages[message.vantage.0 as usize];
            tell(&mut writer, message, &ends(message.vantage), &vantage.session, path)?;
        }
        alive(&mut writer, up.1, Time(until.0 - 1_000_000))
    })
}

fn tell(
    writer: &mut Writer<&mut Packed>,
    message: &Message,
    ends: &Ends,
    session: &Session,
    path: &Path,
) -> Result<(), WorldError> {
    let (stamp, style) = (message.stamp, Style::default());
    let nlri = |prefix: &Prefix| Nlri { prefix: *prefix, path_id: None, multicast: false };
    match &message.body {
        Body::State { from, to } => {
            writer.state_change(stamp, ends, style, *from, *to).map_err(WorldError::encode(path))
        }
        Body::Announce { prefixes, route } => prefixes.chunks(MOST_PREFIXES).try_for_each(|prefixes| {
            let announced = prefixes.iter().map(nlri).collect();
            let update = Update { announced, attributes: of_route(&route.shown(), session), ..Update::default() };
            writer.update(stamp, ends, style, &update).map_err(WorldError::encode(path))
        }),
        Body::Withdraw { prefixes } => prefixes.chunks(MOST_PREFIXES).try_for_each(|prefixes| {
            let update = Update { withdrawn: prefixes.iter().map(nlri).collect(), ..Update::default() };
            writer.update(stamp, ends, style, &update).map_err(WorldError::encode(path))
        }),
    }
}
