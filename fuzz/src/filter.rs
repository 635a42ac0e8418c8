//! A filter against its definition.

use headwater_route::{Event, Fault, Nlri, Observation, PathRef, Session, SessionId, Time, Window};
use headwater_wire::mrt::text::write_bgpdump_m;
use headwater_wire::mrt::{EventKind, Filter, Interest, Options, PrefixMatch, PrefixTest, Record, Sink, read};

use crate::mrt::stream_of;

/// An observation with what a filter may ask for.
#[derive(Debug)]
struct Seen {
    line: String,
    time: Time,
    session: Session,
    kind: EventKind,
    nlri: Option<Nlri>,
    path: Option<Vec<u8>>,
}

#[derive(Default)]
struct Seer {
    record: Option<Record>,
    sessions: Vec<Session>,
    seen: Vec<Seen>,
}

impl Sink for Seer {
    fn record(&mut self, record: &Record) -> Interest {
        self.record = Some(*record);
        Interest::Decode
    }

    fn session(&mut self, _: SessionId, session: Session) {
        self.sessions.push(session);
    }

    fn observation(&mut self, observation: &Observation<'_>) {
        let session = self.sessions[observation.session.0 as usize];
        let (kind, nlri, path) = match observation.event {
            Event::Held(route) => (EventKind::Held, Some(route.nlri), Some(route.attributes.path)),
            Event::Announced(route) => (EventKind::Announced, Some(route.nlri), Some(route.attributes.path)),
            Event::Withdrawn(nlri) => (EventKind::Withdrawn, Some(nlri), None),
            Event::State { .. } => (EventKind::State, None, None),
        };
        let mut line = Vec::new();
        if let Some(record) = &self.record {
            write_bgpdump_m(&mut line, record, observation, &session);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let path = path.map(|path| path.bytes().to_vec());
        self.seen.push(Seen { line, time: observation.time, session, kind, nlri, path });
    }

    fn fault(&mut self, _: Fault) {}
}

/// What is read, and whether the records followed each other to the end.
fn see(bytes: &[u8], filter: Filter) -> (Vec<Seen>, bool) {
    let mut seer = Seer::default();
    let summary = read(&mut &*bytes, &Options { max_record_bytes: 1 << 16, filter }, &mut seer);
    (seer.seen, summary.whole)
}

/// A filter that asks for what some observation has: what else it asks for follows from `wishes`.
fn filter_for(wishes: [u8; 3], seen: &[Seen]) -> Filter {
    let mut filter = Filter::default();
    let [tests, more, pick] = wishes;
    let Some(one) = seen.get(usize::from(pick) % seen.len().max(1)) else { return filter };
    if let Some(nlri) = one.nlri {
        let by = [PrefixMatch::Exact, PrefixMatch::MoreSpecific, PrefixMatch::LessSpecific, PrefixMatch::Overlap];
        if tests & 1 != 0 {
            filter.prefixes.push(PrefixTest { prefix: nlri.prefix, by: by[usize::from(more & 3)] });
        }
        if tests & 2 != 0 {
            filter.family = Some(nlri.prefix.family());
        }
    }
    if let Some(path) = one.path.as_deref().and_then(PathRef::new) {
        let origin = path.origin();
        filter.origins.extend(origin.filter(|_| tests & 4 != 0));
        let first = path.segments().flat_map(|segment| segment.asns()).next();
        filter.through.extend(first.filter(|_| tests & 8 != 0));
        if tests & 16 != 0 {
            let pattern = match origin {
                Some(origin) => format!("_{}$", origin.0),
                None => "[({[]".to_owned(),
            };
            filter.paths.extend(pattern.parse());
        }
    }
    if tests & 32 != 0 {
        filter.peer_asns.push(one.session.asn);
    }
    if tests & 64 != 0 {
        filter.peer_addrs.push(one.session.addr);
    }
    if tests & 128 != 0 {
        filter.window = Window { from: Some(one.time), to: (more & 4 != 0).then_some(Time(one.time.0 + 1)) };
    }
    let kinds = [EventKind::Held, EventKind::Announced, EventKind::Withdrawn, EventKind::State];
    filter.events.extend(kinds.into_iter().enumerate().filter(|(at, _)| more & 16 << at != 0).map(|(_, kind)| kind));
    filter
}

/// The definition of [`Filter`], test by test.
fn is_wanted(filter: &Filter, seen: &Seen) -> bool {
    let named = filter.events.contains(&seen.kind);
    let of_prefix = !filter.prefixes.is_empty() || filter.family.is_some();
    let of_path = !(filter.origins.is_empty() && filter.through.is_empty() && filter.paths.is_empty());
    let prefix_ok = seen.nlri.is_none_or(|nlri| {
        let holds = |test: &PrefixTest| match test.by {
            PrefixMatch::Exact => nlri.prefix == test.prefix,
            PrefixMatch::MoreSpecific => test.prefix.covers(&nlri.prefix),
            PrefixMatch::LessSpecific => nlri.prefix.covers(&test.prefix),
            PrefixMatch::Overlap => test.prefix.covers(&nlri.prefix) || nlri.prefix.covers(&test.prefix),
        };
        filter.family.is_none_or(|family| nlri.prefix.family() == family)
            && (filter.prefixes.is_empty() || filter.prefixes.iter().any(holds))
    });
    let path_ok = seen.path.as_deref().and_then(PathRef::new).is_none_or(|path| {
        let all: Vec<_> = path.segments().flat_map(|segment| segment.asns()).collect();
        (filter.origins.is_empty() || filter.origins.iter().any(|asn| path.origin() == Some(*asn)))
            && (filter.through.is_empty() || filter.through.iter().any(|asn| all.contains(asn)))
            && (filter.paths.is_empty() || filter.paths.iter().any(|p| p.matches(path, &mut Vec::new())))
    });
    let has_what_is_asked = match seen.kind {
        EventKind::Held | EventKind::Announced => true,
        EventKind::Withdrawn => !of_path,
        EventKind::State => !of_path && !of_prefix,
    };
    (filter.events.is_empty() || named)
        && (has_what_is_asked || named)
        && prefix_ok
        && path_ok
        && filter.window.from.is_none_or(|from| seen.time >= from)
        && filter.window.to.is_none_or(|to| seen.time < to)
        && (filter.peer_asns.is_empty() || filter.peer_asns.contains(&seen.session.asn))
        && (filter.peer_addrs.is_empty() || filter.peer_addrs.contains(&seen.session.addr))
}

/// A filtered read gives exactly what an unfiltered one gives and the filter wants. The first three bytes wish for a filter.
///
/// Where a record's length is wrong the two may differ: that is noticed by what the record holds, and what a filter rules
/// out is not looked at.
pub fn filtered(data: &[u8]) {
    let [tests, more, pick, rest @ ..] = data else { return };
    let Some(bytes) = stream_of(rest) else { return };
    let (all, whole) = see(&bytes, Filter::default());
    let filter = filter_for([*tests, *more, *pick], &all);
    let (got, _) = see(&bytes, filter.clone());
    if !whole {
        return;
    }
    let wanted: Vec<&Seen> = all.iter().filter(|seen| is_wanted(&filter, seen)).collect();
    let same = got.len() == wanted.len() && got.iter().zip(&wanted).all(|(got, wanted)| got.line == wanted.line);
    let lines = |seen: &mut dyn Iterator<Item = &Seen>| seen.map(|seen| seen.line.clone()).collect::<Vec<_>>();
    assert!(same, "{filter:?} gave {:#?}, not {:#?}", lines(&mut got.iter()), lines(&mut wanted.iter().copied()));
}
