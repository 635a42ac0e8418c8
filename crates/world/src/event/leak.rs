//! Route leaks, by the types of RFC 7908 §3.

use headwater_route::Prefix;
use serde::Deserialize;

use super::{Event, told};
use crate::announce::{Announcement, Export, Seed};
use crate::error::WorldError;
use crate::plan::Plan;
use crate::propagate;
use crate::scenario::Span;
use crate::timeline::What;
use crate::topology::{AsIndex, Relation};
use crate::truth::EventTruth;

/// A network passes on what it should keep. Its twin is [`super::carrier::Related`]: the neighbour becomes a customer, and its
/// routes may go where leaked ones went.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaked {
    /// Who leaks.
    pub leaker: String,
    /// Type of RFC 7908: 1 from provider to provider, 2 from peer to peer, 3 from provider to peer, 4 from peer to provider,
    /// 5 announced as its own, 6 internal more specifics of its own.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Whose routes (types 1 to 4; default: the first such neighbour).
    #[serde(default)]
    pub from: Option<String>,
    /// To whom (default: the first such neighbour that is not `from`).
    #[serde(default)]
    pub to: Option<String>,
    /// Which prefixes (types 5 and 6).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// How long (default `2h`).
    #[serde(default = "two_hours")]
    pub lasts: Span,
    /// In a thousand classes of routes: those that leak (types 1 to 4; default all).
    #[serde(default = "all")]
    pub permille: u16,
}

fn two_hours() -> Span {
    Span::hours(2)
}

fn all() -> u16 {
    1000
}

impl Leaked {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let leaker = plan.network(&self.leaker)?;
        let (source, target) = match self.kind {
            1 => (Some(Relation::Provider), Relation::Provider),
            2 => (Some(Relation::Peer), Relation::Peer),
            3 => (Some(Relation::Provider), Relation::Peer),
            4 => (Some(Relation::Peer), Relation::Provider),
            5 | 6 => (None, Relation::Provider),
            other => return Err(WorldError::scenario(format!("RFC 7908 has types 1 to 6, not {other}"))),
        };
        let from =
            source.map(|relation| self.neighbour(plan, event, leaker, &self.from, relation, None)).transpose()?;
        let to = self.neighbour(plan, event, leaker, &self.to, target, from)?;
        let until = plan.end(event.at, self.lasts);
        let mut parties = vec![("leaker", leaker), ("to", to)];
        match from {
            Some(from) => {
                parties.push(("from", from));
                let mut spared: Vec<AsIndex> = plan
                    .neighbours(leaker, event.at)
                    .into_iter()
                    .filter(|(_, relation)| matches!(relation, Relation::Provider | Relation::Peer))
                    .map(|(who, _)| who)
                    .filter(|who| *who != to)
                    .collect();
                spared.sort();
                let leak = propagate::Leak { by: leaker, from, spared, permille: self.permille.min(1000) };
                plan.change(event.at, What::LeakBegins(leak));
                if let Some(until) = until {
                    plan.change(until, What::LeakEnds { by: leaker });
                }
            }
            None => self.announce(plan, event, leaker, to, until)?,
        }
        let told = told(plan, id, event, &parties);
        let variant = format!("type_{}", self.kind);
        plan.events.push(EventTruth { variant, until, prefixes: self.prefixes.clone(), ..told });
        Ok(())
    }

    fn neighbour(
        &self,
        plan: &Plan,
        event: &Event,
        leaker: AsIndex,
        named: &Option<String>,
        relation: Relation,
        but: Option<AsIndex>,
    ) -> Result<AsIndex, WorldError> {
        let mut of = plan.neighbours_as(leaker, relation, event.at);
        of.retain(|who| Some(*who) != but);
        let found = match named {
            Some(name) => Some(plan.network(name)?).filter(|who| of.contains(who)),
            None => of.first().copied(),
        };
        let missing = || {
            let who = named.as_deref().unwrap_or("no neighbour");
            WorldError::scenario(format!("{who} is {relation:?} of {} then, as type {} needs", self.leaker, self.kind))
        };
        found.ok_or_else(missing)
    }

    /// Types 5 and 6: prefixes announced to one neighbour.
    fn announce(
        &self,
        plan: &mut Plan,
        event: &Event,
        leaker: AsIndex,
        to: AsIndex,
        until: Option<headwater_route::Time>,
    ) -> Result<(), WorldError> {
        if self.prefixes.is_empty() {
            return Err(WorldError::scenario(format!("type {} needs prefixes", self.kind)));
        }
        let seed = Seed { others: Export::Nothing, ..Seed::plain(leaker).with(to, Export::PLAIN) };
        for prefix in &self.prefixes {
            let was = plan.announcement(prefix, event.at);
            let announcement = match self.kind {
                5 => was.clone().and(seed.clone()),
                _ => Announcement::of([seed.clone()]),
            };
            plan.change(event.at, What::Announce { prefixes: vec![*prefix], announcement });
            if let Some(until) = until {
                plan.change(until, What::Announce { prefixes: vec![*prefix], announcement: was });
            }
        }
        Ok(())
    }
}
