//! Path sanitising (methods §1): what a raw AS path says about its origin and the AS next to it.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{AsPath, Asn, SegmentKind};
use serde::Serialize;

/// What is known of numbers beside the paths.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Registry {
    /// Numbers of route servers, which take no part in a path. Empty: none are known, and they may appear as upstreams.
    pub route_servers: BTreeSet<Asn>,
    /// The clique of the relationship core, where one is known.
    pub clique: BTreeSet<Asn>,
    /// The world is invented: numbers of documentation and the long ones of private use stand for networks. Never true of
    /// real data.
    pub invented: bool,
}

impl Registry {
    /// True if no network can have this number.
    pub fn is_bogon(&self, asn: Asn) -> bool {
        asn.is_bogon() && !(self.invented && asn.is_of_invented_worlds())
    }
}

/// What was found while cleaning a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Flags {
    /// An AS_SET of several members (deprecated by RFC 9774): the origin is unknown.
    pub as_set: bool,
    /// A confederation segment left its confederation.
    pub confed_leak: bool,
    /// AS_TRANS at or next to the origin: a hop without identity.
    pub as_trans: bool,
    /// A number comes back after others.
    pub looped: bool,
    /// The origin was a number that no network can have; the first public number on its left announces.
    pub private_origin: bool,
    /// The number next to the origin is one that no network can have.
    pub hidden: bool,
    /// A clique member comes back behind a number outside the clique.
    pub poisoned_or_leak: bool,
    /// More distinct hops than a real path has.
    pub too_long: bool,
}

/// The AS next to the origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Upstream {
    /// It is seen.
    Seen(Asn),
    /// It has no public number; the next public number behind it, if there is one.
    Hidden(Option<Asn>),
    /// The vantage is the origin itself.
    Own,
    /// The path says nothing about it.
    Unknown,
}

/// A clean path: vantage first, origin last, each number once in a row.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Clean {
    /// Numbers with how often each stood in a row.
    pub hops: Vec<(Asn, u32)>,
    /// Route servers taken out: (index in `hops` of the hop that followed, number).
    pub removed: Vec<(usize, Asn)>,
    /// For a hidden upstream, the next public number.
    next_upstream: Option<Asn>,
    /// Something stood left of the first hop and was taken out: the first hop is not the vantage.
    cut: bool,
    /// The path ends inside a confederation: its origin is not told.
    ends_inside: bool,
    /// What was found.
    pub flags: Flags,
}

impl Clean {
    /// The origin, where the path tells one.
    pub fn origin(&self) -> Option<Asn> {
        if self.flags.as_set || self.flags.as_trans || self.flags.too_long || self.ends_inside {
            return None;
        }
        self.hops.last().map(|(asn, _)| *asn)
    }

    /// The AS next to the origin.
    pub fn upstream(&self) -> Upstream {
        if self.origin().is_none() {
            return Upstream::Unknown;
        }
        if self.flags.hidden {
            return Upstream::Hidden(self.next_upstream);
        }
        match self.hops.len().checked_sub(2) {
            Some(at) => Upstream::Seen(self.hops[at].0),
            None if self.cut => Upstream::Unknown,
            None => Upstream::Own,
        }
    }
}

/// Cleans a path. `max_hops` bounds its distinct hops (methods §1.8).
pub fn sanitise(path: &AsPath, registry: &Registry, max_hops: usize) -> Clean {
    let mut clean = Clean::default();
    let raw = clean.flatten(path);
    clean.collapse(&raw, registry);
    clean.flags.too_long = clean.hops.len() > max_hops;
    clean.flags.poisoned_or_leak = reappears(&clean.hops, &registry.clique);
    clean.cut_loop();
    clean.cut_bogons(registry);
    clean
}

impl Clean {
    /// The numbers of a path in order; sets and confederations leave a flag.
    fn flatten(&mut self, path: &AsPath) -> Vec<Asn> {
        let mut raw: Vec<Asn> = Vec::new();
        for segment in path.segments.iter().filter(|s| !s.asns.is_empty()) {
            let confed = matches!(segment.kind, SegmentKind::ConfedSequence | SegmentKind::ConfedSet);
            self.ends_inside = confed;
            match segment.kind {
                _ if confed => self.flags.confed_leak = true,
                SegmentKind::Set if segment.asns.len() > 1 => self.flags.as_set = true,
                _ => raw.extend(&segment.asns),
            }
        }
        raw
    }

    /// Takes out route servers, which stand between two members or are the vantage, and collapses repeats.
    fn collapse(&mut self, raw: &[Asn], registry: &Registry) {
        let origin = raw.last().copied();
        for &asn in raw {
            if registry.route_servers.contains(&asn) && Some(asn) != origin {
                self.removed.push((self.hops.len(), asn));
                self.cut |= self.hops.is_empty();
                continue;
            }
            match self.hops.last_mut() {
                Some((last, count)) if *last == asn => *count += 1,
                _ => self.hops.push((asn, 1)),
            }
        }
    }

    /// Behind the last number that comes back the path is sound.
    fn cut_loop(&mut self) {
        let mut last: BTreeMap<Asn, usize> = BTreeMap::new();
        let mut start = 0;
        for (i, (asn, _)) in self.hops.iter().enumerate().rev() {
            let at = *last.entry(*asn).or_insert(i);
            if at != i {
                start = start.max(at);
            }
        }
        self.flags.looped = start > 0;
        self.drop_front(start);
    }

    fn cut_bogons(&mut self, registry: &Registry) {
        let trans = |at: usize| self.hops.len().checked_sub(at).is_some_and(|i| self.hops[i].0 == Asn::TRANS);
        self.flags.as_trans = trans(1) || trans(2);
        if self.flags.as_trans {
            return;
        }
        let bogon = |(asn, _): &(Asn, u32)| registry.is_bogon(*asn);
        if let Some(origin) = self.hops.iter().rposition(|hop| !bogon(hop)) {
            self.flags.private_origin = origin + 1 < self.hops.len();
            self.hops.truncate(origin + 1);
            self.removed.retain(|(at, _)| *at <= origin + 1);
        }
        if let Some(at) = self.hops.iter().rposition(bogon) {
            if at + 2 == self.hops.len() {
                self.flags.hidden = true;
                self.next_upstream = self.hops[..at].iter().rev().find(|hop| !bogon(hop)).map(|(asn, _)| *asn);
            }
            self.drop_front(at + 1);
        }
    }

    fn drop_front(&mut self, count: usize) {
        self.cut |= count > 0;
        self.hops.drain(..count.min(self.hops.len()));
        self.removed.retain_mut(|(at, _)| {
            let kept = *at >= count;
            *at = at.saturating_sub(count);
            kept
        });
    }
}

/// True if a clique member stands again behind a hop outside the clique (`T1 x T1'`, methods §1.7).
fn reappears(hops: &[(Asn, u32)], clique: &BTreeSet<Asn>) -> bool {
    let inside: Vec<bool> = hops.iter().map(|(asn, _)| clique.contains(asn)).collect();
    let first = inside.iter().position(|&member| member);
    let last = inside.iter().rposition(|&member| member);
    first.zip(last).is_some_and(|(first, last)| inside[first..last].iter().any(|&member| !member))
}

#[cfg(test)]
mod tests {
    use headwater_route::PathSegment;
    use proptest::prelude::*;

    use super::*;

    fn registry() -> Registry {
        Registry { invented: true, route_servers: BTreeSet::from([Asn(64509)]), ..Registry::default() }
    }

    fn clean(text: &str) -> Clean {
        sanitise(&text.parse().unwrap(), &registry(), 64)
    }

    fn shown(clean: &Clean) -> String {
        clean.hops.iter().map(|(asn, count)| format!("{}x{count}", asn.0)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn prepends_collapse_and_are_counted() {
        let path = clean("64500 64501 64501 64510 64510 64510");
        assert_eq!(shown(&path), "64500x1 64501x2 64510x3");
        assert_eq!((path.origin(), path.upstream()), (Some(Asn(64510)), Upstream::Seen(Asn(64501))));
        assert_eq!(path.flags, Flags::default());
    }

    #[test]
    fn two_route_servers_in_a_row_are_both_removed() {
        let path = clean("64500 64509 64509 64501 64510");
        assert_eq!(shown(&path), "64500x1 64501x1 64510x1");
        assert_eq!(path.removed, [(1, Asn(64509)), (1, Asn(64509))]);
        // Between two members: an RS next to the origin hides nobody.
        assert_eq!(clean("64500 64501 64509 64510").upstream(), Upstream::Seen(Asn(64501)));
        // Nor is one that is itself the vantage an upstream, or the origin its own.
        assert_eq!(clean("64509 64509 64510").upstream(), Upstream::Unknown);
        assert_eq!(clean("64509 64501 64510").upstream(), Upstream::Seen(Asn(64501)));
        assert_eq!(clean("64501 64509 64509").origin(), Some(Asn(64509)));
    }

    #[test]
    fn sets_give_an_origin_only_when_they_have_one_member() {
        assert_eq!(clean("64500 64501 {64510}").upstream(), Upstream::Seen(Asn(64501)));
        let path = clean("64500 64501 {64510,64511}");
        assert_eq!((path.origin(), path.upstream()), (None, Upstream::Unknown));
        assert!(path.flags.as_set);
        let path = clean("64500 (64512 64513) 64510");
        assert!(path.flags.confed_leak);
        assert_eq!(path.upstream(), Upstream::Seen(Asn(64500)));
        // Who announces from inside a confederation is not told.
        assert_eq!(clean("64500 64501 (64512)").origin(), None);
    }

    #[test]
    fn of_a_loop_the_end_is_kept() {
        let path = clean("64500 64501 64502 64501 64503 64510");
        assert!(path.flags.looped);
        assert_eq!(shown(&path), "64501x1 64503x1 64510x1");
        let path = clean("64500 64510 64501 64510");
        assert_eq!((path.origin(), path.upstream()), (Some(Asn(64510)), Upstream::Unknown));
    }

    #[test]
    fn numbers_without_a_holder_hide_what_they_stand_for() {
        let path = clean("64500 64501 65534");
        assert!(path.flags.private_origin);
        assert_eq!((path.origin(), path.upstream()), (Some(Asn(64501)), Upstream::Seen(Asn(64500))));
        let path = clean("64500 64501 65534 64510");
        assert_eq!(path.upstream(), Upstream::Hidden(Some(Asn(64501))));
        let path = clean("64500 65534 64501 64510");
        assert_eq!((shown(&path).as_str(), path.upstream()), ("64501x1 64510x1", Upstream::Seen(Asn(64501))));
        for text in ["64500 64501 23456", "64500 23456 64510"] {
            let path = clean(text);
            assert_eq!((path.origin(), path.upstream()), (None, Upstream::Unknown), "{text}");
        }
        assert_eq!(clean("64500 23456 64501 64510").upstream(), Upstream::Seen(Asn(64501)));
    }

    #[test]
    fn documentation_numbers_are_networks_in_an_invented_world_only() {
        let path: AsPath = "3333 64501 64510".parse().unwrap();
        let real = sanitise(&path, &Registry::default(), 64);
        assert_eq!((real.origin(), real.flags.private_origin), (Some(Asn(3333)), true));
        // The two numbers of the founding case lie in ranges that old code calls reserved.
        let path: AsPath = "3333 209030 200593".parse().unwrap();
        let real = sanitise(&path, &Registry::default(), 64);
        assert_eq!((real.origin(), real.upstream()), (Some(Asn(200593)), Upstream::Seen(Asn(209030))));
    }

    #[test]
    fn a_clique_member_behind_an_outsider_is_flagged() {
        let registry = Registry { clique: BTreeSet::from([Asn(64501), Asn(64503)]), ..registry() };
        let flagged = |text: &str| sanitise(&text.parse().unwrap(), &registry, 64).flags.poisoned_or_leak;
        assert!(flagged("64500 64501 64502 64503 64510"));
        assert!(!flagged("64500 64501 64503 64510"));
        assert!(!flagged("64500 64501 64502 64510"));
    }

    #[test]
    fn the_vantage_may_be_the_origin() {
        assert_eq!(clean("64510 64510").upstream(), Upstream::Own);
        assert_eq!(clean("").upstream(), Upstream::Unknown);
        let long = AsPath::sequence(1..=70);
        assert!(sanitise(&long, &Registry::default(), 64).flags.too_long);
        // A hostile path of the greatest size is read in no time.
        let hostile = AsPath::sequence((0..16_000).flat_map(|n| [n % 7000, 65000 + n % 500]));
        assert_eq!(sanitise(&hostile, &Registry::default(), 64).origin(), None);
    }

    fn any_path() -> impl Strategy<Value = AsPath> {
        let asn = prop_oneof![64500u32..64512, Just(23456), Just(65534), Just(0)];
        prop::collection::vec((1u8..=4, prop::collection::vec(asn.prop_map(Asn), 0..5)), 0..4).prop_map(|segments| {
            let kind = |code| SegmentKind::from_code(code).unwrap();
            AsPath { segments: segments.into_iter().map(|(c, asns)| PathSegment { kind: kind(c), asns }).collect() }
        })
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(path in any_path()) {
            let once = sanitise(&path, &registry(), 64);
            let again = AsPath::sequence(once.hops.iter().flat_map(|(asn, n)| std::iter::repeat_n(asn.0, *n as usize)));
            let twice = sanitise(&again, &registry(), 64);
            prop_assert_eq!(&once.hops, &twice.hops);
        }
    }
}
