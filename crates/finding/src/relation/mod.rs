//! Relationships inferred from our own routes at one time (methods §6, class `inferred`): who sells to whom, who peers.
//!
//! Place on the way: after the paths of the dumps nearest to a time ([`PathDumps`], [`OriginPaths`]), before roles. Paths are
//! read more than once, because what a path says depends on who stands at the top, and memory must not grow with the routes:
//! the caller hands in a function that goes through all origins.
//!
//! | module | step |
//! |---|---|
//! | `paths` | 1: which paths may speak |
//! | `rank`, `clique` | 2 and 3: the order of networks and the clique |
//! | `count` | 4: links and triplets of unpoisoned paths |
//! | `steps` | 5 to 11: labels |
//! | `found`, `halves` | labels with their evidence; two times side by side |
//! | [`cone`], [`hegemony`], [`proof`] | what rests on them: customer cone, dependency, last-mile transit proof |
//! | [`account`] | the neighbours of one network as findings, publishers' labels beside them |
//! | `survey` | who looks, and what counts as one witness |
//!
//! Must not know: published relationships. Those are other people's conclusions, and are shown beside these, never merged.

pub mod account;
mod clique;
pub mod cone;
mod count;
mod found;
mod halves;
pub mod hegemony;
mod paths;
pub mod proof;
mod rank;
mod steps;
mod survey;
#[cfg(test)]
mod testing;

use std::collections::BTreeSet;

use headwater_route::Asn;
use headwater_route::rows::OriginPaths;
#[cfg(doc)]
use headwater_route::rows::PathDumps;

pub use found::{Certainty, Label, Neighbour, Organisations, Relations, Support};
pub use halves::over_window;
pub use survey::Survey;

use crate::rules::Rules;
use crate::sanitise::Registry;
use count::Counts;
use paths::Sieve;
use rank::{FirstLook, Ranking};

/// Goes through the paths to all origins, each origin once, in any order; `E` is why it could not.
pub type Replay<'r, E> = dyn FnMut(&mut dyn FnMut(&OriginPaths)) -> Result<(), E> + 'r;

/// Infers the relationships in all paths that `replay` goes through, twice. `None` with fewer full-feed clusters than the rules
/// ask for: then there are none. The registry's clique is not used.
pub fn infer<'a, E>(
    survey: &'a Survey<'a>,
    registry: &Registry,
    organisations: Organisations,
    rules: &'a Rules,
    replay: &mut Replay<'_, E>,
) -> Result<Option<Relations<'a>>, E> {
    if survey.full_feed_clusters() < rules.relation_clusters {
        return Ok(None);
    }
    let mut sieve = Sieve::new(survey, registry, rules);
    let mut look = FirstLook::default();
    replay(&mut |group| look.see(group, &sieve))?;
    let ranking = look.rank();
    let clique = clique::clique(&ranking, rules);
    sieve.registry.clique = clique.iter().map(|rank| ranking.asns[*rank as usize]).collect();
    let few = few(&ranking, rules);
    let mut counts = Counts::default();
    replay(&mut |group| counts.see(group, &sieve, &ranking, &few))?;
    Ok(Some(Relations::new(sieve, rules, ranking, clique, counts, organisations)))
}

/// Peer ASNs that show so few of all origins that they cannot show routes of providers.
fn few(ranking: &Ranking, rules: &Rules) -> BTreeSet<Asn> {
    let most = rules.relation_partial_ratio * f64::from(ranking.origins);
    ranking.shown.iter().filter(|(_, count)| f64::from(**count) <= most).map(|(asn, _)| *asn).collect()
}
