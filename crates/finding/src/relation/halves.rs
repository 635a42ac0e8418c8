//! Two times side by side: what a network's neighbours were at the start of a window and at its end.

use std::collections::BTreeMap;

use headwater_route::Asn;

use super::found::{Certainty, Label, Neighbour};

/// Neighbours over a window, from those in its first and in its second half; sorted by (number, label). A link that had one
/// label first and another one then is `conflicting`. Links that only one half shows stay; a link of a stub that only the
/// second shows is new, and its label of low certainty.
pub fn over_window(earlier: &[Neighbour], later: &[Neighbour]) -> Vec<Neighbour> {
    let key = |n: &Neighbour| (n.asn, n.label == Label::RouteServer);
    let mut before: BTreeMap<(Asn, bool), &Neighbour> = earlier.iter().map(|n| (key(n), n)).collect();
    let mut all: Vec<Neighbour> = later.iter().map(|now| joined(before.remove(&key(now)), now)).collect();
    all.extend(before.into_values().cloned());
    all.sort_by_key(|n| (n.asn, n.label));
    all
}

fn joined(before: Option<&Neighbour>, now: &Neighbour) -> Neighbour {
    let mut joined = now.clone();
    let Some(before) = before else {
        if now.stub {
            joined.certainty = Certainty::Low;
        }
        return joined;
    };
    joined.support.times += before.support.times;
    match (before.label, now.label) {
        (a, b) if a == b => joined.certainty = before.certainty.max(now.certainty),
        (_, Label::Undetermined) => {
            (joined.label, joined.leaning, joined.certainty) = (before.label, before.leaning, before.certainty);
        }
        (Label::Undetermined, _) => {}
        _ => {
            joined.leaning = Some(now.label);
            (joined.label, joined.certainty) = (Label::Conflicting, Certainty::Low);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::found::Support;
    use super::*;

    fn neighbour(asn: u32, label: Label, stub: bool) -> Neighbour {
        let support = Support {
            vantage_asns: 3,
            clusters: 2,
            prefixes: 1,
            origins: 1,
            times: 1,
            proofs: 1,
            proof_clusters: 2,
            against: 0,
            step: Some(5),
        };
        Neighbour { asn: Asn(asn), label, leaning: None, certainty: Certainty::High, stub, support }
    }

    #[test]
    fn what_changed_in_between_is_conflicting_and_a_new_link_of_a_stub_unsure() {
        let told = |list: &[Neighbour]| -> Vec<(u32, Label, Certainty, usize)> {
            list.iter().map(|n| (n.asn.0, n.label, n.certainty, n.support.times)).collect()
        };
        let earlier = [
            neighbour(64501, Label::Provider, false),
            neighbour(64502, Label::Peer, false),
            neighbour(64503, Label::Customer, false),
            neighbour(64504, Label::Undetermined, false),
        ];
        let later = [
            neighbour(64501, Label::Provider, false),
            neighbour(64502, Label::Provider, false),
            neighbour(64504, Label::Peer, false),
            neighbour(64505, Label::Provider, true),
            neighbour(64506, Label::Provider, false),
        ];
        let found = over_window(&earlier, &later);
        assert_eq!(
            told(&found),
            [
                (64501, Label::Provider, Certainty::High, 2),
                (64502, Label::Conflicting, Certainty::Low, 2),
                (64503, Label::Customer, Certainty::High, 1),
                (64504, Label::Peer, Certainty::High, 2),
                (64505, Label::Provider, Certainty::Low, 1),
                (64506, Label::Provider, Certainty::High, 1),
            ]
        );
    }
}
