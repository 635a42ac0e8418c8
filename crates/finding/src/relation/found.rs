//! What came of it: the label of every link with the evidence it stands on.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::{Asn, Family};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::count::{Counts, LinkCount};
use super::paths::Sieve;
use super::rank::{Origins, Rank, Ranking};
use super::steps::{Given, Is, Steps};
use super::survey::{Survey, Witnesses};
use crate::rules::Rules;

/// The step that goes by transit degrees alone, and the one that makes peers of what is left.
const RATIO_STEP: u8 = 10;
const LAST_STEP: u8 = 11;

/// What a neighbour is to a network, as inferred from routes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// The neighbour sells transit to it.
    Provider,
    /// They exchange routes of themselves and their customers.
    Peer,
    /// It sells transit to the neighbour.
    Customer,
    /// They belong to one organisation.
    Sibling,
    /// The neighbour is a route server, or the network is one.
    RouteServer,
    /// The paths do not decide it.
    Undetermined,
    /// Paths say different things, or said them at different times.
    Conflicting,
}

impl Label {
    /// The same link from the other end.
    pub fn reversed(self) -> Label {
        match self {
            Label::Provider => Label::Customer,
            Label::Customer => Label::Provider,
            same => same,
        }
    }
}

/// How sure a label is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// A rule of thumb gave it, or paths speak against it.
    Low,
    /// Paths prove it, but not at independent clusters; or, of peers, the link is seen where one of peers would be.
    Medium,
    /// Paths prove it at independent clusters, and none proves the contrary.
    High,
}

/// What a label stands on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Support {
    /// Peer ASNs that show the link.
    pub vantage_asns: usize,
    /// How many of these sightings are independent.
    pub clusters: usize,
    /// Prefixes whose routes run over it.
    pub prefixes: u64,
    /// Origins whose routes run over it.
    pub origins: u32,
    /// Times looked at that show it.
    pub times: usize,
    /// Triplets that prove the label: the seller shows the buyer's routes to its own provider or peer.
    pub proofs: usize,
    /// Independent clusters that show such a triplet.
    pub proof_clusters: usize,
    /// Triplets that prove the contrary.
    pub against: usize,
    /// The step that gave the label, 4 to 11; `None` where none did (siblings, route servers).
    pub step: Option<u8>,
}

/// A neighbour and what it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Neighbour {
    /// The neighbour.
    pub asn: Asn,
    /// What it is.
    pub label: Label,
    /// What the steps gave, where that is not good enough to be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaning: Option<Label>,
    /// How sure the label is.
    pub certainty: Certainty,
    /// One of the two is a stub, which never stands in the middle of a path: a hard case, seen by few and told by little.
    pub stub: bool,
    /// What it stands on.
    pub support: Support,
}

/// Triplets that prove who sells.
#[derive(Clone, Debug, Default)]
struct Proofs {
    triplets: usize,
    seen: Witnesses,
    /// Most origins of one triplet.
    origins: u32,
    only: Only,
}

/// Of which origins the proving triplets are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Only {
    #[default]
    None,
    One(Rank),
    Many,
}

impl Only {
    fn and(self, origins: &Origins) -> Only {
        match (self, origins.only()) {
            (Only::None, Some(one)) => Only::One(one),
            (Only::One(before), Some(one)) if before == one => self,
            _ => Only::Many,
        }
    }
}

/// Organisations of networks at the time, where a source tells them.
pub type Organisations = BTreeMap<Asn, String>;

/// The relationships of one family, inferred from the dumps of one time.
pub struct Relations<'a> {
    survey: &'a Survey<'a>,
    /// Cleans by the clique of these paths.
    pub(super) sieve: Sieve<'a>,
    rules: &'a Rules,
    ranking: Ranking,
    clique: BTreeSet<Rank>,
    links: FxHashMap<(Rank, Rank), LinkCount>,
    served: FxHashMap<(Asn, Asn), LinkCount>,
    given: FxHashMap<(Rank, Rank), Given>,
    /// By (seller, buyer).
    proofs: FxHashMap<(Rank, Rank), Proofs>,
    neighbours: Vec<Vec<Rank>>,
    organisations: Organisations,
}

impl<'a> Relations<'a> {
    pub(super) fn new(
        sieve: Sieve<'a>,
        rules: &'a Rules,
        ranking: Ranking,
        clique: BTreeSet<Rank>,
        counts: Counts,
        organisations: Organisations,
    ) -> Relations<'a> {
        let survey = sieve.survey;
        let mut steps = Steps::new(&ranking, &clique, &counts, survey, rules);
        steps.run();
        let mut proofs: FxHashMap<(Rank, Rank), Proofs> = FxHashMap::default();
        for ((x, y, z), triplet) in &counts.triplets {
            if steps.above(*x, *y) {
                let proof = proofs.entry((*y, *z)).or_default();
                proof.triplets += 1;
                proof.seen.join(&triplet.seen);
                proof.origins = proof.origins.max(triplet.origins.count);
                proof.only = proof.only.and(&triplet.origins);
            }
        }
        let (given, neighbours) = steps.finish();
        let Counts { links, served, .. } = counts;
        Relations { survey, sieve, rules, ranking, clique, links, served, given, proofs, neighbours, organisations }
    }

    /// The family.
    pub fn family(&self) -> Family {
        self.survey.dumps().family
    }

    /// Who looked.
    pub fn survey(&self) -> &'a Survey<'a> {
        self.survey
    }

    /// The clique, sorted by number.
    pub fn clique(&self) -> Vec<Asn> {
        let mut clique: Vec<Asn> = self.clique.iter().map(|rank| self.asn(*rank)).collect();
        clique.sort_unstable();
        clique
    }

    /// Links that have a label.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// True if no path shows a link.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Every network that a usable path shows in a link, sorted.
    pub fn networks(&self) -> Vec<Asn> {
        let mut all = self.ranking.asns.clone();
        all.sort_unstable();
        all
    }

    /// Distinct neighbours around it when it is in the middle of a path.
    pub fn transit_degree(&self, asn: Asn) -> u32 {
        self.rank(asn).map_or(0, |rank| self.ranking.transit_degree[rank as usize])
    }

    fn asn(&self, rank: Rank) -> Asn {
        self.ranking.asns[rank as usize]
    }

    pub(super) fn rank(&self, asn: Asn) -> Option<Rank> {
        self.ranking.rank_of.get(&asn).copied()
    }

    /// What `a` is to `b`; `None` if no path shows them next to each other.
    pub fn what(&self, a: Asn, b: Asn) -> Option<Label> {
        let (a, b) = (self.rank(a)?, self.rank(b)?);
        self.links.get(&(a.min(b), a.max(b)))?;
        Some(self.label(a, b))
    }

    /// As [`Relations::what`], where that is known without the paths of one origin and not by a rule of thumb: another origin's
    /// paths show the link, and where it is one of transit, prove it.
    pub fn what_beside(&self, a: Asn, b: Asn, origin: Asn) -> Option<Label> {
        let label = self.what(a, b)?;
        let (a, b) = (self.rank(a)?, self.rank(b)?);
        let origin = self.rank(origin);
        let shown = self.links[&(a.min(b), a.max(b))].origins.beside(origin);
        let proven = |seller, buyer| match self.proofs.get(&(seller, buyer)).map(|proof| proof.only) {
            None | Some(Only::None) => false,
            Some(Only::One(one)) => Some(one) != origin,
            Some(Only::Many) => true,
        };
        let known = match label {
            Label::Provider => proven(a, b),
            Label::Customer => proven(b, a),
            Label::Peer => self.given[&(a.min(b), a.max(b))].1 < LAST_STEP,
            _ => true,
        };
        (shown && known).then_some(label)
    }

    /// Its neighbours, sorted by number; route servers that stood beside it in paths among them.
    pub fn neighbours(&self, asn: Asn) -> Vec<Neighbour> {
        let beside = self.rank(asn).map_or(&[][..], |rank| self.neighbours[rank as usize].as_slice());
        let mut all: Vec<Neighbour> =
            beside.iter().filter_map(|other| Some(self.neighbour(self.rank(asn)?, *other))).collect();
        for ((member, server), link) in &self.served {
            let other = if *member == asn { *server } else { *member };
            if *member == asn || *server == asn {
                let support = self.support(link, None, None, None);
                let certainty = match support.clusters >= self.rules.positive_clusters {
                    true => Certainty::High,
                    false => Certainty::Medium,
                };
                all.push(Neighbour {
                    asn: other,
                    label: Label::RouteServer,
                    leaning: None,
                    certainty,
                    stub: false,
                    support,
                });
            }
        }
        all.sort_by_key(|n| (n.asn, n.label));
        all
    }

    /// What `other` is to `me`.
    fn neighbour(&self, me: Rank, other: Rank) -> Neighbour {
        let label = self.label(other, me);
        let link = &self.links[&(me.min(other), me.max(other))];
        let (selling, buying) = (self.proofs.get(&(other, me)), self.proofs.get(&(me, other)));
        let step = (label != Label::Sibling).then_some(self.given[&(me.min(other), me.max(other))].1);
        let (proof, against) = match self.given(other, me) {
            Is::Provider => (selling, buying),
            Is::Customer => (buying, selling),
            // For peers nothing can be proven but the contrary.
            Is::Peer => (None, selling.or(buying)),
        };
        let support = self.support(link, proof, against, step);
        let stub = [me, other].iter().any(|end| self.ranking.transit_degree[*end as usize] == 0);
        let leaning = matches!(label, Label::Undetermined | Label::Conflicting).then(|| match self.given(other, me) {
            Is::Provider => Label::Provider,
            Is::Peer => Label::Peer,
            Is::Customer => Label::Customer,
        });
        Neighbour { asn: self.asn(other), label, leaning, certainty: self.certainty(label, &support), stub, support }
    }

    fn given(&self, a: Rank, b: Rank) -> Is {
        match self.given[&(a.min(b), a.max(b))].0 {
            None => Is::Peer,
            Some(seller) if seller == a => Is::Provider,
            Some(_) => Is::Customer,
        }
    }

    /// What `a` is to `b`.
    fn label(&self, a: Rank, b: Rank) -> Label {
        let organisation = |rank: Rank| self.organisations.get(&self.asn(rank));
        if organisation(a).is_some() && organisation(a) == organisation(b) {
            return Label::Sibling;
        }
        let step = self.given[&(a.min(b), a.max(b))].1;
        let proven = |seller, buyer| self.proofs.contains_key(&(seller, buyer));
        let (label, seller, buyer) = match self.given(a, b) {
            // What is left is most likely a link of peers where nobody but its ends shows it, for routes of peers go to
            // customers only. Beside the clique it may as well be one of a customer whom no one has a reason to hear there.
            Is::Peer if step == LAST_STEP && !self.only_ends_show(a, b) => return Label::Undetermined,
            Is::Peer => return Label::Peer,
            Is::Provider => (Label::Provider, a, b),
            Is::Customer => (Label::Customer, b, a),
        };
        if self.both_ways(seller, buyer) {
            return Label::Conflicting;
        }
        // The larger of two neighbours is a guess, unless its consequence is borne out.
        if step == RATIO_STEP && !proven(seller, buyer) { Label::Undetermined } else { label }
    }

    /// True if no vantage but those of its ends shows a link, and no end is of the clique.
    fn only_ends_show(&self, a: Rank, b: Rank) -> bool {
        let ends = [self.asn(a), self.asn(b)];
        let peers = self.survey.peers(&self.links[&(a.min(b), a.max(b))].seen);
        peers.iter().all(|peer| ends.contains(peer)) && !self.clique.contains(&a) && !self.clique.contains(&b)
    }

    /// True if paths prove the contrary as well, at independent clusters and for more than a handful of origins beside those
    /// of the label: transit both ways, or another relation elsewhere.
    fn both_ways(&self, seller: Rank, buyer: Rank) -> bool {
        let Some(against) = self.proofs.get(&(buyer, seller)) else { return false };
        let origins = self.proofs.get(&(seller, buyer)).map_or(0, |proof| proof.origins);
        f64::from(against.origins) >= self.rules.relation_conflict_ratio * f64::from(origins)
            && self.survey.has_clusters(&against.seen, self.rules.positive_clusters)
    }

    fn support(&self, link: &LinkCount, proof: Option<&Proofs>, against: Option<&Proofs>, step: Option<u8>) -> Support {
        Support {
            vantage_asns: self.survey.peers(&link.seen).len(),
            clusters: self.survey.clusters(&link.seen),
            prefixes: link.prefixes,
            origins: link.origins.count,
            times: 1,
            proofs: proof.map_or(0, |p| p.triplets),
            proof_clusters: proof.map_or(0, |p| self.survey.clusters(&p.seen)),
            against: against.map_or(0, |p| p.triplets),
            step,
        }
    }

    fn certainty(&self, label: Label, support: &Support) -> Certainty {
        let enough = self.rules.positive_clusters;
        match label {
            Label::Sibling => Certainty::High,
            Label::Provider | Label::Customer if support.proof_clusters >= enough && support.against == 0 => {
                Certainty::High
            }
            Label::Provider | Label::Customer if support.proofs > support.against => Certainty::Medium,
            Label::Peer if support.step == Some(LAST_STEP) => Certainty::Medium,
            _ => Certainty::Low,
        }
    }
}
