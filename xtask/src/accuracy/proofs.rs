//! What `rivals` proves, ranks and claims of pairs of networks, against what was so between them.
//!
//! Place on the way: between answers and tallies. What a world planned of a pair is its explanation; links and their times are
//! the truth of rungs and roles. Must not know: how an answer was come by.

use std::collections::{BTreeMap, BTreeSet};

use headwater_route::Asn;
use headwater_world::topology::Relation;
use headwater_world::truth::{EventTruth, Truth};

use super::ask::{Rivals, Rung};
use super::measures::Share;

/// A network and the one next to it.
pub type Pair = (Asn, Asn);

/// What a world planned of a pair.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plant {
    /// The explanation: `H1` to `H7`.
    pub explanation: &'static str,
    /// The event, with its variant.
    pub event: String,
    /// It only looks like what a detector is after.
    pub innocent: bool,
}

/// What a pair was to each other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bond {
    /// A link was there.
    pub linked: bool,
    /// By it the one carried the other: as its provider, or as a sibling.
    pub carried: bool,
    /// Roles that may rightly be claimed.
    pub roles: BTreeSet<&'static str>,
    /// Two independent sessions showed it for long enough.
    pub visible: bool,
    /// They showed it from some time within the world on for so long that it can be proved.
    pub provable: bool,
}

/// Roles that routing does not tell apart.
const SERVICES: [&str; 2] = ["transit", "protection_always_on"];

/// What came of the answers about pairs that were planted alike.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Planted {
    /// Answers that rank explanations.
    pub ranked: Share,
    /// Of these, those that rank the planted one first, alone or with others.
    pub first: Share,
    /// Those that rank it last, behind another.
    pub last: Share,
    /// Answers by highest rung; none first.
    pub rungs: [u64; 7],
    /// Roles that were claimed.
    pub roles: BTreeMap<String, u64>,
}

/// Everything counted about proofs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Proofs {
    /// L1 that was told where there was a link.
    pub adjacent: Share,
    /// Visible links that reach L1.
    pub adjacent_told: Share,
    /// L2 that was told where one carried the other.
    pub carries: Share,
    /// Provable pairs that reach L2.
    pub carries_told: Share,
    /// Pairs with a telecom in sight between them: those told as adjacent.
    pub indirect: Share,
    /// The same with a telecom that hides.
    pub hidden: Share,
    /// Answers in which transit or protection that is always on is claimed, and so told from the other.
    pub services_apart: Share,
    /// Answers that claim a role.
    pub claimed: Share,
    /// Roles claimed that were so, by role.
    pub roles: BTreeMap<String, Share>,
    /// By explanation, innocence and event.
    pub planted: BTreeMap<(&'static str, bool, String), Planted>,
}

impl Planted {
    fn add(&mut self, other: &Planted) {
        self.ranked.add(other.ranked);
        self.first.add(other.first);
        self.last.add(other.last);
        self.rungs.iter_mut().zip(other.rungs).for_each(|(mine, theirs)| *mine += theirs);
        other.roles.iter().for_each(|(role, many)| *self.roles.entry(role.clone()).or_default() += many);
    }
}

impl Proofs {
    /// Adds those of another.
    pub fn add(&mut self, other: &Proofs) {
        self.adjacent.add(other.adjacent);
        self.adjacent_told.add(other.adjacent_told);
        self.carries.add(other.carries);
        self.carries_told.add(other.carries_told);
        self.indirect.add(other.indirect);
        self.hidden.add(other.hidden);
        self.services_apart.add(other.services_apart);
        self.claimed.add(other.claimed);
        other.roles.iter().for_each(|(role, share)| self.roles.entry(role.clone()).or_default().add(*share));
        other.planted.iter().for_each(|(key, planted)| self.planted.entry(key.clone()).or_default().add(planted));
    }

    /// Those planted as one explanation, twins apart.
    pub fn of(&self, explanation: &str, innocent: bool) -> Planted {
        let mut all = Planted::default();
        let like = self.planted.iter().filter(|((of, twin, _), _)| *of == explanation && *twin == innocent);
        like.for_each(|(_, planted)| all.add(planted));
        all
    }

    /// Roles claimed that were so, of all.
    pub fn right(&self) -> Share {
        self.roles.values().fold(Share::default(), |mut all, share| {
            all.add(*share);
            all
        })
    }

    /// Compares an answer with what was so; gives what was wrong.
    pub fn compare(&mut self, answer: &Rivals, bond: &Bond, plant: Option<&Plant>) -> Vec<String> {
        let mut wrong = Vec::new();
        let (adjacent, carries) = (answer.ladder.reaches(Rung::L1), answer.ladder.reaches(Rung::L2));
        let between = plant.filter(|plant| plant.explanation == "H4" && !bond.linked);
        let hidden = between.is_some_and(|plant| !plant.event.ends_with("visible"));
        match between {
            Some(_) if hidden => self.hidden.count(adjacent),
            Some(_) => self.indirect.count(adjacent),
            None => {}
        }
        // Behind a telecom that hides the paths are those of a link.
        if adjacent && !hidden {
            self.adjacent.count(bond.linked);
            if !bond.linked {
                wrong.push("L1, and there was no link".to_owned());
            }
        }
        if bond.linked && bond.visible {
            self.adjacent_told.count(adjacent);
            if !adjacent {
                wrong.push("a visible link without L1".to_owned());
            }
        }
        if carries && !hidden {
            self.carries.count(bond.carried);
            if !bond.carried {
                wrong.push("L2, and it did not carry".to_owned());
            }
        }
        if bond.carried && bond.provable {
            self.carries_told.count(carries);
            if !carries {
                wrong.push("a provable carrier without L2".to_owned());
            }
        }
        let role = answer.roles.role.as_deref();
        self.claimed.count(role.is_some());
        self.services_apart.count(role.is_some_and(|role| SERVICES.contains(&role)));
        if let Some(role) = role {
            let so = bond.roles.contains(role);
            self.roles.entry(role.to_owned()).or_default().count(so);
            if !so {
                wrong.push(format!("role {role}, it was {:?}", bond.roles));
            }
        }
        if let Some(plant) = plant {
            wrong.extend(self.place(answer, plant));
        }
        wrong
    }

    /// Where an answer ranks what was planted.
    fn place(&mut self, answer: &Rivals, plant: &Plant) -> Option<String> {
        let key = (plant.explanation, plant.innocent, plant.event.clone());
        let planted = self.planted.entry(key).or_default();
        planted.rungs[answer.ladder.reached.map_or(0, |rung| rung as usize + 1)] += 1;
        if let Some(role) = &answer.roles.role {
            *planted.roles.entry(role.clone()).or_default() += 1;
        }
        planted.ranked.count(answer.matrix.ranking.is_some());
        let ranking = answer.matrix.ranking.as_ref()?;
        let rank = ranking.iter().find(|ranked| ranked.id == plant.explanation)?.rank;
        let last = ranking.iter().map(|ranked| ranked.rank).max().unwrap_or(1);
        planted.first.count(rank == 1);
        planted.last.count(rank == last && last > 1);
        let held: Vec<&str> = answer
            .matrix
            .outcomes
            .iter()
            .filter(|outcome| outcome.state == "yes")
            .map(|outcome| &*outcome.id)
            .collect();
        let place = if rank == last && last > 1 { "last" } else { "not first" };
        (rank > 1)
            .then(|| format!("{} ({}) is ranked {place}; held: {}", plant.explanation, plant.event, held.join(" ")))
    }
}

/// What the events of a world planned of pairs.
pub fn planted(truth: &Truth) -> BTreeMap<Pair, Plant> {
    let mut out: BTreeMap<Pair, Plant> = BTreeMap::new();
    let standing: BTreeSet<Pair> = truth
        .events
        .iter()
        .filter(|event| event.kind == "protection_standby")
        .filter_map(|e| pair(e, "network", "protector"))
        .collect();
    for event in &truth.events {
        for (pair, explanation) in explained(event, truth) {
            let mut name = event.kind.clone();
            if !event.variant.is_empty() {
                name = format!("{name}, {}", event.variant);
            }
            if explanation == "H3" && standing.contains(&pair) {
                name += ", ROA before";
            }
            out.insert(pair, Plant { explanation, event: name, innocent: event.innocent });
        }
    }
    out
}

fn party(event: &EventTruth, part: &str) -> Option<Asn> {
    event.parties.iter().find(|party| party.part == part).map(|party| party.asn)
}

fn pair(event: &EventTruth, network: &str, carrier: &str) -> Option<Pair> {
    party(event, network).zip(party(event, carrier))
}

/// Pairs of an event, each with what explains it. A twin in which an ordinary carrier does the same is plain transit.
fn explained(event: &EventTruth, truth: &Truth) -> Vec<(Pair, &'static str)> {
    let as_own = event.variant.starts_with("origin");
    let one = |pair: Option<Pair>, explanation| pair.map(|pair| (pair, explanation)).into_iter().collect();
    let or_plain = |explanation| if event.innocent { "H1" } else { explanation };
    match event.kind.as_str() {
        "carrier_added" | "carrier_shifted" => one(pair(event, "network", "carrier"), "H1"),
        "carrier_replaced" => one(pair(event, "network", "new"), "H1"),
        "protection_always_on" if !as_own => one(pair(event, "network", "protector"), or_plain("H2")),
        "protection_on_demand" if !as_own => one(pair(event, "network", "protector"), or_plain("H3")),
        "protection_indirect" => {
            let customers = event.parties.iter().filter(|party| party.part == "customer").map(|party| party.asn);
            let of = customers.filter_map(|customer| Some((customer, party(event, "protector")?)));
            of.filter(|pair| !links(truth, *pair).any(|_| true)).map(|pair| (pair, "H4")).collect()
        }
        "route_leaked" => one(pair(event, "from", "leaker"), "H5"),
        "path_forged" => {
            let named: Vec<Asn> =
                event.parties.iter().filter(|p| matches!(&*p.part, "by" | "named")).map(|party| party.asn).collect();
            match named.as_slice() {
                [.., next, origin] => vec![((*origin, *next), "H6")],
                _ => Vec::new(),
            }
        }
        // It names AS2 as its origin.
        "prepend_typo" => one(party(event, "network").map(|network| (Asn(2), network)), "H6"),
        "path_poisoned" => one(pair(event, "network", "against"), "H6"),
        "relation_changed" => {
            let pair = pair(event, "b", "a").filter(|pair| links(truth, *pair).any(|link| link == Link::Provider));
            one(pair, "H1")
        }
        _ => Vec::new(),
    }
}

/// What the other of a pair was to the one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Link {
    Provider,
    Customer,
    Peer,
    Sibling,
}

fn links(truth: &Truth, (network, carrier): Pair) -> impl Iterator<Item = Link> + '_ {
    truth.relations.iter().filter_map(move |told| match (told.a == carrier && told.b == network, told.relation) {
        _ if (told.a, told.b) != (network, carrier) && (told.a, told.b) != (carrier, network) => None,
        (_, Relation::Peer) => Some(Link::Peer),
        (_, Relation::Sibling) => Some(Link::Sibling),
        (true, _) => Some(Link::Provider),
        (false, _) => Some(Link::Customer),
    })
}

/// What a pair was to each other, and whether one could see it.
pub fn bond(truth: &Truth, pair: Pair, plant: Option<&Plant>, visible: bool, provable: bool) -> Bond {
    let mut bond = Bond { visible, provable, ..Bond::default() };
    for link in links(truth, pair) {
        bond.linked = true;
        bond.carried |= matches!(link, Link::Provider | Link::Sibling);
        bond.roles.extend(match link {
            Link::Provider => Some("transit"),
            Link::Peer => Some("peer"),
            Link::Sibling => Some("sibling"),
            Link::Customer => None,
        });
    }
    let body = |asn: Asn| truth.networks.iter().find(|network| network.asn == asn).map(|network| network.organisation);
    if body(pair.0).is_some() && body(pair.0) == body(pair.1) {
        bond.roles.insert("sibling");
    }
    match plant.map(|plant| plant.explanation) {
        Some("H2") => bond.roles = BTreeSet::from(["protection_always_on"]),
        Some("H3") => bond.roles = BTreeSet::from(["protection_on_demand"]),
        Some("H5") => _ = bond.roles.insert("leak"),
        Some("H6" | "H7") => _ = bond.roles.insert("forged"),
        _ => {}
    }
    bond
}

#[cfg(test)]
mod tests {
    use super::super::ask::{Ladder, Matrix, Ranked, Roles, Step};
    use super::*;

    fn answer(rungs: &[Rung], role: Option<&str>, ranks: &[usize]) -> Rivals {
        let steps = rungs.iter().map(|rung| Step { rung: *rung, reached: Some(true) }).collect();
        let ranked = |(i, rank): (usize, &usize)| Ranked { id: format!("H{}", i + 1), rank: *rank };
        Rivals {
            matrix: Matrix {
                ranking: (!ranks.is_empty()).then(|| ranks.iter().enumerate().map(ranked).collect()),
                outcomes: Vec::new(),
            },
            ladder: Ladder { reached: rungs.iter().max().copied(), steps },
            roles: Roles { role: role.map(str::to_owned) },
        }
    }

    fn plant(explanation: &'static str, event: &str) -> Plant {
        Plant { explanation, event: event.to_owned(), innocent: false }
    }

    fn share(hits: u64, of: u64) -> Share {
        Share { of, hits }
    }

    #[test]
    fn a_rung_without_a_link_is_wrong_and_one_behind_a_telecom_is_counted_apart() {
        let told = answer(&[Rung::L0, Rung::L1, Rung::L2], None, &[]);
        let mut proofs = Proofs::default();
        assert_eq!(proofs.compare(&told, &Bond::default(), None).len(), 2);
        assert_eq!((proofs.adjacent, proofs.carries), (share(0, 1), share(0, 1)));
        let visible = plant("H4", "protection_indirect, visible");
        proofs.compare(&told, &Bond::default(), Some(&visible));
        assert_eq!((proofs.indirect, proofs.hidden, proofs.adjacent), (share(1, 1), share(0, 0), share(0, 2)));
        let hides = plant("H4", "protection_indirect, hides_itself");
        proofs.compare(&told, &Bond::default(), Some(&hides));
        assert_eq!((proofs.indirect, proofs.hidden, proofs.adjacent), (share(1, 1), share(1, 1), share(0, 2)));
    }

    #[test]
    fn a_provable_carrier_must_reach_l2_and_a_visible_link_l1() {
        let bond = Bond { linked: true, carried: true, visible: true, provable: true, ..Bond::default() };
        let mut proofs = Proofs::default();
        assert_eq!(proofs.compare(&answer(&[Rung::L0, Rung::L1], None, &[]), &bond, None).len(), 1);
        assert_eq!((proofs.adjacent_told, proofs.carries_told), (share(1, 1), share(0, 1)));
        assert_eq!(proofs.compare(&answer(&[Rung::L1, Rung::L2], None, &[]), &bond, None), Vec::<String>::new());
        assert_eq!((proofs.carries, proofs.carries_told), (share(1, 1), share(1, 2)));
    }

    #[test]
    fn a_role_is_right_or_wrong_and_no_role_is_neither() {
        let bond = Bond { roles: BTreeSet::from(["transit"]), ..Bond::default() };
        let mut proofs = Proofs::default();
        for role in [None, Some("peer"), Some("transit")] {
            proofs.compare(&answer(&[], role, &[]), &bond, None);
        }
        assert_eq!((proofs.claimed, proofs.right(), proofs.services_apart), (share(2, 3), share(1, 2), share(1, 3)));
    }

    #[test]
    fn what_was_planted_is_first_last_or_between_and_equal_ones_are_not_last() {
        let mut proofs = Proofs::default();
        for ranks in [&[1, 1, 3, 4, 4, 4, 4][..], &[4, 4, 4, 1, 1, 1, 4], &[2, 1, 3, 3, 3, 3, 3], &[1; 7], &[]] {
            proofs.compare(&answer(&[], None, ranks), &Bond::default(), Some(&plant("H1", "carrier_added")));
        }
        let of = proofs.of("H1", false);
        assert_eq!((of.ranked, of.first, of.last), (share(4, 5), share(2, 4), share(1, 4)));
        assert_eq!(proofs.of("H1", true), Planted::default());
    }
}
