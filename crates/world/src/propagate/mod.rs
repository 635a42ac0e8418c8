//! Routes: who prefers which, and what vantages see of it.
//!
//! Place on the way: after topology and announcements, before the timeline. Policies are those of Gao and Rexford: routes of
//! customers go to everyone, routes of peers and providers to customers only; a network prefers routes of customers over
//! those of peers over those of providers, then the shorter path, then a neighbour by a draw that stays the same. Under them
//! routes settle in three passes (up, across, down), each in order of path length.
//!
//! Only what vantages see is computed. A network's choice depends on its neighbours above it and beside it; so the *relevant*
//! networks are the vantages, their providers, theirs, and so on: a few hundred of 80,000. Routes go up everywhere, but
//! across and down to relevant networks only, which leaves the result for these exact. Must not know: prefixes, time, files.

mod graph;
mod held;
mod leak;
#[cfg(test)]
mod reference;
mod spread;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};

pub use self::graph::Graph;
pub use self::held::{Held, Learnt, RouteRef};
pub use self::leak::Leak;
pub use self::spread::Spread;
use crate::announce::Announcement;

/// Computes the routes of several announcements, in parallel. The result is in order of the announcements and does not
/// depend on the number of threads.
pub fn routes(graph: &Graph, announcements: &[&Announcement], leaks: &[Leak], threads: usize) -> Vec<Held> {
    /// Announcements that one thread takes at a time.
    const CHUNK: usize = 64;
    if announcements.is_empty() {
        return Vec::new();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut spread = Spread::new(graph);
        let mut done: Vec<(usize, Vec<Held>)> = Vec::new();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            let Some(chunk) = announcements.get(start..announcements.len().min(start + CHUNK)) else { break };
            if chunk.is_empty() {
                break;
            }
            done.push((start, chunk.iter().map(|announcement| spread.held(announcement, leaks)).collect()));
        }
        done
    };
    let threads = threads.clamp(1, announcements.len().div_ceil(CHUNK).max(1));
    let mut parts = match threads {
        1 => work(),
        _ => std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            // A panic of a thread is one of ours: it goes on here.
            running
                .into_iter()
                .flat_map(|thread| thread.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
                .collect()
        }),
    };
    parts.sort_by_key(|(start, _)| *start);
    parts.into_iter().flat_map(|(_, held)| held).collect()
}
