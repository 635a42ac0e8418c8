//! One announcement spreads.

use headwater_route::Asn;

use super::graph::{Arc, Graph};
use super::held::{Held, Holding, Learnt};
use super::leak::Leak;
use crate::announce::{Announcement, Export, Seed};
use crate::observe::Feed;
use crate::random::mix;
use crate::topology::AsIndex;

/// What a network has chosen.
#[derive(Clone, Copy, Debug)]
struct Best {
    /// The spread it belongs to; an older one is no choice.
    epoch: u32,
    /// From whom; itself for a seed.
    parent: u32,
    via: u32,
    /// Numbers in the path as received.
    len: u16,
    /// Networks between it and the seed, and the seed.
    hops: u8,
    learnt: Learnt,
    seed: u8,
    /// It has passed the route on: it stays.
    settled: bool,
}

const NONE: Best = Best { epoch: 0, parent: 0, via: 0, len: 0, hops: 0, learnt: Learnt::Own, seed: 0, settled: false };

/// Longest path, in numbers; what would be longer is not passed on.
const MAX_LEN: usize = 250;

/// Networks by the length of their path, shortest first.
struct Buckets(Vec<Vec<u32>>);

/// Computes the spread of announcements over one graph, one after the other.
pub struct Spread<'g> {
    graph: &'g Graph,
    best: Vec<Best>,
    epoch: u32,
    /// Networks that have a route of their own or of a customer.
    reached: Vec<u32>,
    /// Relevant networks that got a route from a peer.
    beside: Vec<u32>,
    buckets: Buckets,
    holding: Holding,
}

impl<'g> Spread<'g> {
    /// A spread over a graph.
    pub fn new(graph: &'g Graph) -> Spread<'g> {
        Spread {
            graph,
            best: vec![NONE; graph.networks()],
            epoch: 0,
            reached: Vec::new(),
            beside: Vec::new(),
            buckets: Buckets(vec![Vec::new(); MAX_LEN + 1]),
            holding: Holding::default(),
        }
    }

    /// The routes of an announcement at the watchers, with the leaks there are.
    pub fn held(&mut self, announcement: &Announcement, leaks: &[Leak]) -> Held {
        self.spread(announcement);
        let leaked: Vec<Seed> = leaks.iter().filter_map(|leak| leak.seed(self, announcement)).collect();
        let with_leaks;
        let mut spread = announcement;
        if !leaked.is_empty() {
            with_leaks = leaked.into_iter().fold(announcement.clone(), Announcement::and);
            spread = &with_leaks;
            self.spread(spread);
        }
        let graph = self.graph;
        let mut holding = std::mem::take(&mut self.holding);
        for (watcher, feed) in &graph.watchers {
            holding.push(|hops| {
                let learnt = self.learnt(*watcher)?;
                let sent = match feed {
                    Feed::Full => true,
                    Feed::Customers => learnt <= Learnt::Customer,
                    Feed::Own => learnt == Learnt::Own,
                };
                sent.then(|| self.path(*watcher, spread, hops))
            });
        }
        let held = holding.take();
        self.holding = holding;
        held
    }

    /// How a network has its route; `None` if it has none.
    pub fn learnt(&self, network: AsIndex) -> Option<Learnt> {
        let best = self.best[network.at()];
        (best.epoch == self.epoch).then_some(best.learnt)
    }

    /// From whom a network has its route; `None` if it has none or announces it.
    pub fn parent(&self, network: AsIndex) -> Option<AsIndex> {
        let best = self.best[network.at()];
        (best.epoch == self.epoch && best.learnt != Learnt::Own).then_some(AsIndex(best.parent))
    }

    /// Lets an announcement settle: up, across, down.
    pub fn spread(&mut self, announcement: &Announcement) {
        if self.epoch == u32::MAX {
            self.best.fill(NONE);
            self.epoch = 0;
        }
        self.epoch += 1;
        self.reached.clear();
        self.beside.clear();
        for (number, seed) in announcement.seeds.iter().enumerate().take(usize::from(u8::MAX)) {
            let len = seed.tail.len().min(MAX_LEN) as u16;
            let at = seed.at.0;
            self.best[seed.at.at()] = Best { epoch: self.epoch, parent: at, len, seed: number as u8, ..NONE };
            self.buckets.0[usize::from(len)].push(at);
        }
        self.go_up(announcement);
        self.go_across(announcement);
        self.go_down(announcement);
    }

    fn go_up(&mut self, announcement: &Announcement) {
        let graph = self.graph;
        for len in 0..=MAX_LEN {
            // Where an arc adds nothing to the length the bucket grows while it is emptied.
            let mut at = 0;
            while let Some(&from) = self.buckets.0[len].get(at) {
                at += 1;
                if !self.settle(from, len) {
                    continue;
                }
                self.reached.push(from);
                for arc in graph.up(from) {
                    if let Some(offer) = self.offer(from, *arc, Learnt::Customer, announcement) {
                        self.take(arc.to, offer);
                    }
                }
            }
            self.buckets.0[len].clear();
        }
    }

    fn go_across(&mut self, announcement: &Announcement) {
        let graph = self.graph;
        let reached = std::mem::take(&mut self.reached);
        for &from in &reached {
            for arc in graph.across(from) {
                let Some(offer) = self.offer(from, *arc, Learnt::Peer, announcement) else { continue };
                let fresh = self.best[arc.to as usize].epoch != self.epoch;
                if self.better(arc.to, &offer) {
                    self.best[arc.to as usize] = offer;
                    if fresh {
                        self.beside.push(arc.to);
                    }
                }
            }
        }
        self.reached = reached;
    }

    fn go_down(&mut self, announcement: &Announcement) {
        let graph = self.graph;
        for &network in self.reached.iter().chain(&self.beside) {
            if graph.is_relevant(AsIndex(network)) {
                let best = &mut self.best[network as usize];
                best.settled = false;
                self.buckets.0[usize::from(best.len)].push(network);
            }
        }
        for len in 0..=MAX_LEN {
            let mut at = 0;
            while let Some(&from) = self.buckets.0[len].get(at) {
                at += 1;
                if !self.settle(from, len) {
                    continue;
                }
                for arc in graph.down(from) {
                    if let Some(offer) = self.offer(from, *arc, Learnt::Provider, announcement) {
                        self.take(arc.to, offer);
                    }
                }
            }
            self.buckets.0[len].clear();
        }
    }

    /// True if the network's choice is of this length and has not been passed on.
    fn settle(&mut self, network: u32, len: usize) -> bool {
        let best = &mut self.best[network as usize];
        let due = usize::from(best.len) == len && !best.settled;
        best.settled |= due;
        due
    }

    /// Takes an offer if it is better, and queues the network.
    fn take(&mut self, network: u32, offer: Best) {
        if self.better(network, &offer) {
            self.best[network as usize] = offer;
            self.buckets.0[usize::from(offer.len)].push(network);
        }
    }

    fn better(&self, network: u32, offer: &Best) -> bool {
        let held = &self.best[network as usize];
        if held.epoch != self.epoch {
            return true;
        }
        if held.settled || held.learnt != offer.learnt {
            return !held.settled && offer.learnt < held.learnt;
        }
        let tie = |parent: u32| tie(self.graph.tie_seed, network, parent);
        offer.len < held.len || (offer.len == held.len && tie(offer.parent) < tie(held.parent))
    }

    /// What a network offers over an arc; `None` if it does not export the route there, or it is not accepted.
    fn offer(&self, from: u32, arc: Arc, learnt: Learnt, announcement: &Announcement) -> Option<Best> {
        let graph = self.graph;
        let best = &self.best[from as usize];
        let to = &graph.habits[arc.to as usize];
        let seed = announcement.seeds.get(usize::from(best.seed))?;
        let own = self.repeats(from, arc.to, announcement)?;
        if to.refuses & announcement.traits != 0 || seed.tail.contains(&Asn(to.asn)) {
            return None;
        }
        let hops = best.hops.saturating_add(1);
        if announcement.reach.is_some_and(|reach| hops > reach) {
            return None;
        }
        // Where numbers are taken out the length counts as not shorter than before, so that routes settle in order.
        let len = usize::from(best.len) + own + usize::from(arc.via != 0) - self.stripped(from, announcement);
        let len = len.max(usize::from(best.len));
        (len <= MAX_LEN).then_some(Best {
            epoch: self.epoch,
            parent: from,
            via: arc.via,
            len: len as u16,
            hops,
            learnt,
            seed: best.seed,
            settled: false,
        })
    }

    /// How often a network's number stands in what it passes to a neighbour; `None` if it passes nothing.
    fn repeats(&self, from: u32, to: u32, announcement: &Announcement) -> Option<usize> {
        let best = &self.best[from as usize];
        match best.learnt {
            Learnt::Own => match announcement.seeds.get(usize::from(best.seed))?.export(AsIndex(to)) {
                Export::Nothing => None,
                Export::Prepended(more) => Some(1 + usize::from(more)),
            },
            _ => {
                let habits = &self.graph.habits[from as usize];
                let more = habits.repeats.iter().find(|(who, _)| who.0 == to).map_or(0, |(_, more)| *more);
                Some(if habits.hides_itself { 0 } else { 1 + usize::from(more) })
            }
        }
    }

    /// How many numbers a network takes out of the path: those of the neighbour it has it from.
    fn stripped(&self, from: u32, announcement: &Announcement) -> usize {
        let (habits, best) = (&self.graph.habits[from as usize], &self.best[from as usize]);
        if habits.strips.is_empty() || best.learnt == Learnt::Own {
            return 0;
        }
        let parent = Asn(self.graph.habits[best.parent as usize].asn);
        match habits.strips.contains(&parent) {
            true => self.repeats(best.parent, from, announcement).unwrap_or(0).min(usize::from(best.len)),
            false => 0,
        }
    }

    /// Appends the path of a network that has a route, and tells how it has it, the mark on it, and whether communities are.
    pub(super) fn path(
        &self,
        network: AsIndex,
        announcement: &Announcement,
        out: &mut Vec<u32>,
    ) -> (Learnt, u32, bool) {
        let habits = &self.graph.habits;
        let mut at = network.0;
        let (mut mark, mut communities) = (0, true);
        let mut stripped: Vec<Asn> = Vec::new();
        let me = &habits[network.at()];
        if !me.hides_itself || self.best[network.at()].learnt == Learnt::Own {
            out.push(me.asn);
        }
        loop {
            let (best, mine) = (&self.best[at as usize], &habits[at as usize]);
            if best.learnt == Learnt::Own {
                if let Some(seed) = announcement.seeds.get(usize::from(best.seed)) {
                    out.extend(seed.tail.iter().filter(|asn| !stripped.contains(asn)).map(|asn| asn.0));
                    mark = seed.only_to_customer.map_or(mark, |asn| asn.0);
                }
                break;
            }
            communities &= !mine.strips_communities;
            stripped.extend(&mine.strips);
            let theirs = &habits[best.parent as usize];
            if best.learnt >= Learnt::Peer && (mine.marks || theirs.marks) {
                mark = theirs.asn;
            }
            if best.via != 0 {
                out.push(best.via);
            }
            if !stripped.contains(&Asn(theirs.asn)) {
                let repeats = self.repeats(best.parent, at, announcement).unwrap_or(1);
                out.extend(std::iter::repeat_n(theirs.asn, repeats));
            }
            at = best.parent;
        }
        (self.best[network.at()].learnt, mark, communities)
    }
}

/// The draw between equally good neighbours; the lower is taken.
pub(super) fn tie(seed: u64, network: u32, neighbour: u32) -> u64 {
    mix(seed, u64::from(network) << 32 | u64::from(neighbour))
}
