//! One network in one account: holders, carriers by class, announced space, and a summary that starts with what matters most.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::rows::{HolderHistory, LinkHistory, Neighbour, RouteHistory, Sources};
use headwater_route::{Asn, Time, Window};
use serde::Serialize;

use crate::finding::{Finding, Unknown};
use crate::holders::{Era, Holders, holders};
use crate::observed::{Observed, Witnessed, observed};
use crate::origins::RangesAt;
use crate::published::{Published, published};
use crate::rules::Rules;
use crate::sanitise::Registry;
use crate::summary::summary;
use crate::vantage::standing::Standing;
use crate::{observed as by_routes, published as by_files};

/// Names of networks for display. Hostile text.
pub type Names = BTreeMap<Asn, String>;

/// Who carried the number in one era.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EraCarriers {
    /// The era.
    pub era: Era,
    /// By published relationships.
    pub published: Published,
    /// By observed routes, per family.
    pub observed: Vec<Observed>,
}

/// Who carried a network, split by holder of the number.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Carriers {
    /// The network.
    pub subject: Asn,
    /// Who held the number.
    pub holders: Holders,
    /// Eras in order of time; the last one is that of the present holder.
    pub eras: Vec<EraCarriers>,
}

impl Carriers {
    /// The era of the present holder.
    pub fn present(&self) -> Option<&EraCarriers> {
        self.eras.last()
    }

    /// The last time that anything of the present era was looked at: names of that time are those to show.
    pub fn last_look(&self) -> Option<Time> {
        let present = self.present()?;
        let published = present.published.publications.iter().map(|p| p.until);
        let observed = present.observed.iter().flat_map(|o| o.days.iter().map(|d| d.day));
        published.chain(observed).max()
    }

    /// Networks that stand in the answer, for naming them.
    pub fn networks(&self) -> Vec<Asn> {
        let published = self.eras.iter().flat_map(|e| e.published.upstreams.iter().map(|u| u.asn));
        let observed = self.eras.iter().flat_map(|e| &e.observed).flat_map(|o| {
            let next = o.upstreams.iter().flat_map(|u| u.next.iter().map(|(asn, _)| *asn));
            o.upstreams.iter().map(|u| u.asn).chain(next).chain(o.other_origins.iter().map(|(asn, _)| *asn))
        });
        let mut all: Vec<Asn> = published.chain(observed).chain([self.subject]).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Rows that the question needs.
pub struct Rows<'a> {
    /// Published links of the network.
    pub links: &'a LinkHistory,
    /// Names and delegations of the number.
    pub holders: &'a HolderHistory,
    /// Routes of the network, or of one prefix.
    pub routes: &'a RouteHistory,
    /// Which vantages are to be believed when.
    pub standing: &'a Standing,
    /// The sources the rows refer to.
    pub sources: &'a Sources,
}

/// Who carried `subject`. Periods that `window` does not touch are left out; bounds from outside it are kept.
pub fn carriers(
    subject: Asn,
    rows: &Rows<'_>,
    registry: &Registry,
    window: &Window,
    rules: &Rules,
) -> (Carriers, Vec<Finding>, Vec<Unknown>) {
    let (holders, mut findings, mut unknowns) =
        holders(subject, rows.holders, rows.links, rows.routes, rows.sources, rules);
    let mut eras = Vec::new();
    let behind = behind(rows.links);
    let witnessed = Witnessed { routes: rows.routes, standing: rows.standing, behind: &behind };
    let last = holders.eras.len().saturating_sub(1);
    for (i, era) in holders.eras.iter().enumerate() {
        let span = era.window();
        let (published, mut listed) = published(subject, rows.links, &span, window, rows.sources, rules);
        let (observed, mut seen) = observed(subject, witnessed, registry, &span, window, rows.sources, rules);
        findings.append(&mut listed);
        findings.append(&mut seen);
        if i == last {
            unknowns.extend(by_files::unknowns(subject, &published, window));
            unknowns.extend(by_routes::unknowns(subject, rows.routes, &observed, rules, registry));
        }
        eras.push(EraCarriers { era: era.clone(), published, observed });
    }
    (Carriers { subject, holders, eras }, findings, unknowns)
}

/// Networks listed under one, seen in routes. Only those next to it are known; of the cone behind them nothing is.
pub(crate) fn behind(links: &LinkHistory) -> BTreeSet<Asn> {
    let customers = links.sightings.iter().filter(|s| s.kind == Neighbour::Customer && s.in_routes());
    customers.map(|s| s.neighbour).collect()
}

/// A network in one account.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Account {
    /// What matters most first.
    pub summary: Vec<String>,
    /// Who carried it, split by holder.
    pub carriers: Carriers,
    /// What published snapshots give it as origin.
    pub ranges: Vec<RangesAt>,
}

impl Account {
    /// Puts together what [`carriers`] and [`ranges`](crate::origins::ranges) found.
    pub fn new(carriers: Carriers, ranges: Vec<RangesAt>, names: &Names, unknowns: &[Unknown]) -> Account {
        Account { summary: summary(&carriers, &ranges, names, unknowns), carriers, ranges }
    }
}
