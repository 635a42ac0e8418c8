//! What happens in the worlds of protectors, and in those of leaks and forgeries.
//!
//! Place on the way: a part of the draft. Each plot has its twin beside it, in which the same is done for an ordinary reason.
//! Must not know: what is asked about it.

use headwater_route::{Asn, Time};

use super::{Draft, SUBJECTS, cast};

/// Carriers that protect, and those that are telecoms with customers of their own.
const PROTECTORS: std::ops::Range<usize> = 0..4;
const TELECOMS: std::ops::Range<usize> = 4..6;

impl Draft {
    /// A time of so many first days of the world, but for the first two: what begins then can last a week.
    fn early(&mut self, days: i64) -> Time {
        let secs = self.random.between(2 * 86_400, days * 86_400);
        Time(self.from.0 + secs * 1_000_000)
    }

    /// A protector that a subject does not buy from. It has three carriers at most.
    fn protector(&mut self, subject: usize) -> Asn {
        let free: Vec<Asn> = PROTECTORS.map(cast).filter(|asn| !self.bought[subject].contains(asn)).collect();
        self.random.pick(&free).copied().unwrap_or(cast(0))
    }

    /// Of eighteen subjects: protected always (3), on demand (5, of which 2 with a ROA from before), at rest (2), and twins.
    pub(super) fn protection(&mut self) {
        for number in 0..SUBJECTS.len().min(16) {
            let (network, protector) = (cast(SUBJECTS.start + number), self.protector(number));
            let old = self.bought[number][0];
            let pair = format!("network = \"{network}\", protector = \"{protector}\"");
            let (early, hours) = (self.early(7), self.random.between(20, 70));
            let episode = Time(early.0 + 3 * 86_400 * 1_000_000);
            let on_demand =
                |roas: bool| format!("protection_on_demand = {{ {pair}, lasts = \"{hours}h\", roas = {roas} }}");
            match number {
                0..=2 => self.event(early, &format!("protection_always_on = {{ {pair} }}")),
                3 => self.twin(early, &format!("protection_always_on = {{ {pair} }}")),
                4 => self
                    .event(early, &format!("carrier_added = {{ network = \"{network}\", carrier = \"{protector}\" }}")),
                5 => self.event(
                    early,
                    &format!(
                        "carrier_replaced = {{ network = \"{network}\", old = \"{old}\", new = \"{protector}\" }}"
                    ),
                ),
                6..=8 => self.event(episode, &on_demand(false)),
                9 | 10 => {
                    self.event(early, &format!("protection_standby = {{ {pair} }}"));
                    self.event(episode, &on_demand(true));
                }
                11 | 12 => self.twin(episode, &on_demand(false)),
                13 => self.event(early, &format!("protection_standby = {{ {pair} }}")),
                _ => self.twin(early, &format!("protection_standby = {{ {pair} }}")),
            }
        }
        for (telecom, hides) in TELECOMS.zip(["nothing", "itself"]) {
            let at = self.early(6);
            let protector = cast(telecom - TELECOMS.start);
            let what = format!(
                "protection_indirect = {{ telecom = \"{}\", protector = \"{protector}\", hides = \"{hides}\" }}",
                cast(telecom)
            );
            self.event(at, &what);
        }
    }

    /// A plot or a twin for each subject.
    pub(super) fn leaks_and_forgeries(&mut self) {
        let peers_from = Time(self.from.0 + 86_400 * 1_000_000);
        for number in 0..SUBJECTS.len() {
            let (at, network) = (self.time(), cast(SUBJECTS.start + number));
            let prefixes = self.prefixes[number].clone();
            let lasts = ["3h", "20h", "40h"][self.random.index(3)];
            let (Some(other), Some(stranger)) = (self.another(number), self.random.pick(&self.crowd).copied()) else {
                continue;
            };
            let forged = |path: String| {
                format!(
                    "path_forged = {{ by = \"{stranger}\", prefixes = [{prefixes}], path = [{path}], lasts = \"{lasts}\" }}"
                )
            };
            match number {
                0..=2 => {
                    self.event(
                        peers_from,
                        &format!("relation_changed = {{ a = \"{other}\", b = \"{network}\", a_is = \"peer\" }}"),
                    );
                    self.leak(at, other, 4, &format!(", from = \"{network}\", lasts = \"{lasts}\""));
                }
                3 | 4 if self.bought[number].len() > 1 => self.leak(at, network, 1, &format!(", lasts = \"{lasts}\"")),
                3..=5 => {
                    self.event(
                        peers_from,
                        &format!("relation_changed = {{ a = \"{other}\", b = \"{network}\", a_is = \"peer\" }}"),
                    );
                    self.leak(at, network, 3, &format!(", to = \"{other}\", lasts = \"{lasts}\""));
                }
                6 => {
                    let theirs = self.prefixes[number + 1].clone();
                    self.leak(at, network, 5, &format!(", prefixes = [{theirs}], lasts = \"{lasts}\""));
                }
                7 => self.leak(
                    at,
                    network,
                    6,
                    &format!(", prefixes = [\"2001:db8:{number:x}:1::/64\"], lasts = \"{lasts}\""),
                ),
                8 => self.event(
                    at,
                    &format!("origin_forged = {{ by = \"{stranger}\", prefixes = [{prefixes}], lasts = \"{lasts}\" }}"),
                ),
                9 => self.event(at, &format!("second_origin = {{ by = \"{stranger}\", prefixes = [{prefixes}] }}")),
                10 | 11 => self.event(at, &forged(network.0.to_string())),
                12 => self.event(at, &forged(format!("{}, {}", other.0, network.0))),
                13 => self.event(
                    at,
                    &format!(
                        "path_poisoned = {{ network = \"{network}\", against = [{}], lasts = \"{lasts}\" }}",
                        other.0
                    ),
                ),
                14 => self.event(at, &format!("prepend_typo = {{ network = \"{network}\", lasts = \"{lasts}\" }}")),
                15 => self
                    .event(at, &format!("prepended = {{ network = \"{network}\", times = 2, lasts = \"{lasts}\" }}")),
                16 => {
                    let addr = format!("203.0.113.{}", (number - 16) * 32 + 7);
                    self.event(
                        at,
                        &format!("blackholed = {{ network = \"{network}\", addr = \"{addr}\", lasts = \"{lasts}\" }}"),
                    );
                }
                _ => self.event(
                    at,
                    &format!("relation_changed = {{ a = \"{other}\", b = \"{network}\", a_is = \"provider\" }}"),
                ),
            }
        }
    }

    fn leak(&mut self, at: Time, leaker: Asn, kind: u8, more: &str) {
        self.event(at, &format!("route_leaked = {{ leaker = \"{leaker}\", type = {kind}{more} }}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::CARRIERS;
    use super::*;

    #[test]
    fn protectors_and_telecoms_are_the_carriers() {
        assert_eq!((PROTECTORS.start, TELECOMS.end), (CARRIERS.start, CARRIERS.end));
        assert_eq!(PROTECTORS.end, TELECOMS.start);
        // However many carriers a subject has at the start, one protector is free.
        assert!(PROTECTORS.len() > 3);
    }
}
