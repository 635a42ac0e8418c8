//! Who holds a number.

use headwater_route::{Prefix, Time};
use serde::Deserialize;

use super::{Event, told};
use crate::announce::Announcement;
use crate::error::WorldError;
use crate::plan::Plan;
use crate::register::{Holder, Term, slug};
use crate::scenario::Span;
use crate::topology::Relation;
use crate::truth::EventTruth;

/// The number of a network of the cast was another's before. What the scenario gives the network it has from this moment on;
/// before there is the earlier holder, and then a silence.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reissued {
    /// The network as it is from now on.
    pub network: String,
    /// Name of the earlier holder.
    pub earlier: String,
    /// Carriers of the earlier holder.
    pub carriers: Vec<String>,
    /// What the earlier holder announced.
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// How long nobody had the number (default `180d`).
    #[serde(default = "half_a_year")]
    pub silent: Span,
    /// Carriers of the network at once (default: those the scenario gives it).
    #[serde(default)]
    pub first_carriers: Vec<String>,
}

fn half_a_year() -> Span {
    Span::days(180)
}

impl Reissued {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let network = plan.network(&self.network)?;
        let asn = plan.asn(network);
        let gone = Time(event.at.0 - self.silent.micros());
        if gone <= plan.from {
            return Err(WorldError::scenario("the silence begins before the world"));
        }
        let named = |names: &[String]| names.iter().map(|name| plan.network(name)).collect::<Result<Vec<_>, _>>();
        let (carriers, first) = (named(&self.carriers)?, named(&self.first_carriers)?);
        let theirs = plan.neighbours(network, plan.from);
        let announced: Vec<_> =
            plan.prefixes_of(network, plan.from).into_iter().map(|p| (p, plan.announcement(&p, plan.from))).collect();
        // Before: the earlier holder.
        for (who, _) in &theirs {
            plan.topology.relate_both(*who, network, None);
        }
        for (prefixes, _) in &mut plan.announced {
            prefixes.retain(|prefix| !announced.iter().any(|(of, _)| of == prefix));
        }
        for carrier in &carriers {
            plan.topology.relate_both(*carrier, network, Some(Relation::Provider));
            plan.relate(gone, *carrier, network, None);
        }
        if !self.prefixes.is_empty() {
            plan.announced.push((self.prefixes.clone(), Announcement::plain(network)));
            plan.announce(gone, &self.prefixes, |_| Announcement::default());
        }
        // From now on: the network.
        let theirs = theirs
            .into_iter()
            .filter(|(who, relation)| first.is_empty() || *relation != Relation::Provider || first.contains(who));
        for (who, relation) in theirs {
            plan.relate(event.at, who, network, Some(relation));
        }
        for (prefix, announcement) in &announced {
            plan.announce(event.at, &[*prefix], |_| announcement.clone());
        }
        let prefixes: Vec<Prefix> = announced.into_iter().map(|(prefix, _)| prefix).collect();
        self.record(plan, asn, gone, event.at, &prefixes);
        let told = told(plan, id, event, &[("network", network)]);
        plan.events.push(EventTruth { prefixes, ..told });
        Ok(())
    }

    /// What registries have of it.
    fn record(&self, plan: &mut Plan, asn: headwater_route::Asn, gone: Time, at: Time, prefixes: &[Prefix]) {
        let register = &mut plan.register;
        let Some(mut holder) = register.holder(asn, gone).cloned() else { return };
        register.holders.retain(|held| held.asn != asn);
        let slug = slug(&self.earlier);
        let created = Time(holder.created.0.min(plan.from.0));
        register.holders.push(Holder {
            name: self.earlier.clone(),
            organisation: format!("{}-EARLIER", holder.organisation),
            maintainer: format!("{}-MNT", slug.to_uppercase()),
            mailbox_domain: format!("{slug}.example"),
            created,
            term: Term { from: created, until: Some(gone) },
            ..holder.clone()
        });
        (holder.created, holder.term) = (at, Term::since(at));
        register.holders.push(holder);
        let theirs = |prefix: &Prefix| prefixes.contains(prefix);
        register.blocks.iter_mut().filter(|block| theirs(&block.prefix)).for_each(|block| {
            (block.term.from, block.created) = (at, at);
        });
        register.roas.iter_mut().filter(|roa| theirs(&roa.prefix)).for_each(|roa| roa.term.from = at);
        register.route_objects.iter_mut().filter(|object| theirs(&object.prefix)).for_each(|object| {
            object.term.from = at;
        });
    }
}

/// A holder changes its name: the same organisation, the same objects, no silence.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// The network.
    pub network: String,
    /// Its new name.
    pub name: String,
}

impl Renamed {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let network = plan.network(&self.network)?;
        if let Some(holder) = plan.register.holder(plan.asn(network), event.at).cloned() {
            plan.register.hand_over(Holder { name: self.name.clone(), term: Term::since(event.at), ..holder });
        }
        plan.events.push(told(plan, id, event, &[("network", network)]));
        Ok(())
    }
}
