//! Prefixes come under another origin: one operator under a new number, and what looks like it.

use headwater_route::{Prefix, Time};
use serde::Deserialize;

use super::{Event, prefixes_or_all, told};
use crate::announce::Announcement;
use crate::error::WorldError;
use crate::plan::Plan;
use crate::register::{Holder, Term};
use crate::scenario::Span;
use crate::topology::{AsIndex, Relation};
use crate::truth::EventTruth;

/// One after the other, over a span, prefixes come under another origin, with a ROA two days before. Gives the last moment.
fn hand_over(plan: &mut Plan, prefixes: &[Prefix], from: AsIndex, to: AsIndex, at: Time, over: Span) -> Time {
    let (old, new) = (plan.asn(from), plan.asn(to));
    let mut last = at;
    for (number, prefix) in prefixes.iter().enumerate() {
        last = Time(at.0 + over.micros() / prefixes.len() as i64 * number as i64);
        plan.register.authorise(new, *prefix, prefix.len(), Term::since(last.plus_days(-2).max(plan.from)));
        plan.register.revoke(old, prefix, last);
        plan.announce(last, &[*prefix], |_| Announcement::plain(to));
    }
    last
}

/// An operator announces its prefixes under another number: same carriers, same maintainer, same mailbox.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reoriginated {
    /// The number until then.
    pub from: String,
    /// The number from then on.
    pub to: String,
    /// Which prefixes (default: all).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// They go one by one within this (default: at once).
    #[serde(default = "at_once")]
    pub over: Span,
    /// How long before the new number was given out (default `10d`).
    #[serde(default = "ten_days")]
    pub age: Span,
}

fn at_once() -> Span {
    Span::secs(0)
}

fn ten_days() -> Span {
    Span::days(10)
}

impl Reoriginated {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (from, to) = (plan.network(&self.from)?, plan.network(&self.to)?);
        let prefixes = prefixes_or_all(plan, &self.prefixes, from, event.at)?;
        for carrier in plan.neighbours_as(from, Relation::Provider, event.at) {
            plan.relate(event.at, carrier, to, Some(Relation::Provider));
        }
        let asn = plan.asn(to);
        let given = Time(event.at.0 - self.age.micros()).max(plan.from);
        let old = plan.register.holder(plan.asn(from), event.at).cloned();
        let held = plan.register.holders.iter_mut().filter(|holder| holder.asn == asn);
        for holder in held {
            // The number was nobody's before.
            (holder.term.from, holder.created) = (given, given);
            if let Some(Holder { maintainer, mailbox_domain, .. }) = &old {
                (holder.maintainer, holder.mailbox_domain) = (maintainer.clone(), mailbox_domain.clone());
            }
        }
        let last = hand_over(plan, &prefixes, from, to, event.at, self.over);
        let told = told(plan, id, event, &[("from", from), ("to", to)]);
        plan.events.push(EventTruth { until: Some(last).filter(|last| *last > event.at), prefixes, ..told });
        Ok(())
    }
}

/// Prefixes are sold: other contacts, other carriers, no break.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sold {
    /// The seller.
    pub from: String,
    /// The buyer.
    pub to: String,
    /// Which prefixes (default: all).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
}

impl Sold {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (from, to) = (plan.network(&self.from)?, plan.network(&self.to)?);
        let prefixes = prefixes_or_all(plan, &self.prefixes, from, event.at)?;
        for prefix in &prefixes {
            plan.register.assign(*prefix, plan.asn(to), event.at);
        }
        hand_over(plan, &prefixes, from, to, event.at, Span::secs(0));
        let told = told(plan, id, event, &[("from", from), ("to", to)]);
        plan.events.push(EventTruth { prefixes, ..told });
        Ok(())
    }
}

/// A lease ends: the prefixes are gone for a while, then somebody else announces them.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseEnded {
    /// Who leased them.
    pub from: String,
    /// Who has them next.
    pub to: String,
    /// Which prefixes (default: all).
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
    /// How long nobody announces them (default `10d`).
    #[serde(default = "ten_days")]
    pub gap: Span,
}

impl LeaseEnded {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (from, to) = (plan.network(&self.from)?, plan.network(&self.to)?);
        let prefixes = prefixes_or_all(plan, &self.prefixes, from, event.at)?;
        plan.announce(event.at, &prefixes, |_| Announcement::default());
        for prefix in &prefixes {
            plan.register.revoke(plan.asn(from), prefix, event.at);
        }
        let until = plan.end(event.at, self.gap);
        if let Some(until) = until {
            for prefix in &prefixes {
                plan.register.assign(*prefix, plan.asn(to), until);
            }
            hand_over(plan, &prefixes, from, to, until, Span::secs(0));
        }
        let told = told(plan, id, event, &[("from", from), ("to", to)]);
        plan.events.push(EventTruth { until, prefixes, ..told });
        Ok(())
    }
}

/// A network is merged into another: its number is renamed first, its prefixes follow one by one, and the number is given back.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merged {
    /// Who is taken over.
    pub from: String,
    /// Who takes over.
    pub to: String,
    /// The prefixes go one by one within this (default `30d`).
    #[serde(default = "a_month")]
    pub over: Span,
}

fn a_month() -> Span {
    Span::days(30)
}

impl Merged {
    pub(super) fn plan(&self, plan: &mut Plan, id: usize, event: &Event) -> Result<(), WorldError> {
        let (from, to) = (plan.network(&self.from)?, plan.network(&self.to)?);
        let prefixes = prefixes_or_all(plan, &[], from, event.at)?;
        let (old, new) = (plan.asn(from), plan.asn(to));
        let created = plan.register.holder(old, event.at).map(|holder| holder.created);
        if let (Some(created), Some(holder)) = (created, plan.register.holder(new, event.at).cloned()) {
            plan.register.hand_over(Holder { asn: old, created, term: Term::since(event.at), ..holder });
        }
        for prefix in &prefixes {
            plan.register.assign(*prefix, new, event.at);
        }
        let until = plan.end(event.at, self.over);
        hand_over(plan, &prefixes, from, to, event.at, self.over);
        if let Some(until) = until {
            for carrier in plan.neighbours_as(from, Relation::Provider, until) {
                plan.relate(until, carrier, from, None);
            }
            let held = plan.register.holders.iter_mut().filter(|holder| holder.asn == old);
            held.for_each(|holder| holder.term.end(until));
        }
        let told = told(plan, id, event, &[("from", from), ("to", to)]);
        plan.events.push(EventTruth { until, prefixes, ..told });
        Ok(())
    }
}
