//! What somebody says of a pair of networks, entered as predictions and tested like any other (methods §10). Both sides get the
//! same treatment: a claim that the one carries the other is tested as the denial of it is.

use headwater_route::{Asn, Time};
use serde::{Deserialize, Serialize};

use super::facts::{Facts, Routes, Said};
use super::test::{Outcome, State};
use crate::finding::{Cited, Class, Draft, Finding};
use crate::observed::{Grade, ObservedUpstream};
use crate::period::Period;
use crate::published::Cell;
use crate::rules::Rules;
use crate::words::{self, day, number, quoted};

const METHOD: &str = "claims/1";
const ARCHIVES: &str = "tables and updates of route collectors of the time";
const MONTHLY: &str = "whole relationship files of the time";

/// What somebody says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Who says it. Hostile text.
    pub speaker: String,
    /// When, as written.
    #[serde(default)]
    pub date: String,
    /// Where it stands. Hostile text.
    #[serde(default)]
    pub source: String,
    /// The words. Hostile text.
    #[serde(default)]
    pub words: String,
    /// They are the exact words, read in the primary source.
    #[serde(default)]
    pub verified: bool,
    /// What must be seen if it is true.
    pub predicts: Vec<Predicts>,
}

/// What a claim predicts. A closed list: what is not in it cannot be tested here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Predicts {
    /// The carrier stands next to the network.
    Adjacent,
    /// It does not.
    NotAdjacent,
    /// A third network that deals with the carrier stands between the two: five predictions.
    ThirdPartyBetween,
    /// It began at this time.
    Began {
        /// When.
        #[serde(with = "as_text")]
        at: Time,
    },
    /// It ended by this time.
    Ended {
        /// When.
        #[serde(with = "as_text")]
        at: Time,
    },
    /// The carrier was the only one.
    OnlyCarrier,
}

/// Times as people write them.
mod as_text {
    use headwater_route::Time;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&time.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = String::deserialize(from)?;
        Time::parse(&text, None).map_err(serde::de::Error::custom)
    }
}

impl Predicts {
    /// Reads the short form of the command line: `third-party-between`, `adjacent`, `not-adjacent`, `only-carrier`,
    /// `began=2024-12-01`, `ended=2025-03-01`.
    pub fn parse(text: &str) -> Option<Predicts> {
        let at = |rest: &str| Time::parse(rest, None).ok();
        Some(match text.split_once('=') {
            None => match text {
                "adjacent" => Predicts::Adjacent,
                "not-adjacent" => Predicts::NotAdjacent,
                "third-party-between" => Predicts::ThirdPartyBetween,
                "only-carrier" => Predicts::OnlyCarrier,
                _ => return None,
            },
            Some(("began", rest)) => Predicts::Began { at: at(rest)? },
            Some(("ended", rest)) => Predicts::Ended { at: at(rest)? },
            Some(_) => return None,
        })
    }

    /// The short form, to be written back.
    pub fn short(&self) -> String {
        match self {
            Predicts::Adjacent => "adjacent".to_owned(),
            Predicts::NotAdjacent => "not-adjacent".to_owned(),
            Predicts::ThirdPartyBetween => "third-party-between".to_owned(),
            Predicts::OnlyCarrier => "only-carrier".to_owned(),
            Predicts::Began { at } => format!("began={}", day(*at)),
            Predicts::Ended { at } => format!("ended={}", day(*at)),
        }
    }
}

/// What came of a prediction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What it predicts is seen.
    Fits,
    /// Something else is seen.
    DoesNotFit,
    /// It was looked for and not seen; that is no proof of absence.
    NotSeen,
    /// There is data, which does not decide it.
    CannotTell,
    /// Nothing that was read could tell.
    NotTested,
}

impl Verdict {
    /// In words.
    pub fn says(self) -> &'static str {
        match self {
            Verdict::Fits => "fits",
            Verdict::DoesNotFit => "does not fit",
            Verdict::NotSeen => "not seen",
            Verdict::CannotTell => "cannot tell",
            Verdict::NotTested => "not tested",
        }
    }
}

/// A prediction and what came of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Prediction {
    /// If the claim is true, this is so.
    pub predicts: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was found.
    pub says: String,
    /// What would settle it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// Id of the finding; empty where no file is cited.
    pub finding: String,
    #[serde(skip)]
    class: Option<Class>,
    #[serde(skip)]
    evidence: Vec<Cited>,
}

/// A claim and its predictions.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Tested {
    /// The claim.
    #[serde(flatten)]
    pub claim: Claim,
    /// What it predicts, one by one.
    pub predictions: Vec<Prediction>,
}

impl Tested {
    /// The predictions as findings.
    pub(super) fn seal(&mut self, facts: &Facts, rules: &Rules) -> Vec<Finding> {
        let speaker = quoted(&self.claim.speaker);
        let mut out = Vec::new();
        for prediction in &mut self.predictions {
            let Some(class) = prediction.class else { continue };
            let mut evidence = std::mem::take(&mut prediction.evidence);
            evidence.dedup();
            let draft = Draft {
                method: METHOD,
                subject: facts.subject,
                object: Some(facts.carrier),
                family: None,
                class,
                bounds: None,
                statement: format!(
                    "a prediction of what {speaker} says, that {}: {}; {}",
                    prediction.predicts,
                    prediction.verdict.says(),
                    prediction.says
                ),
                evidence,
                evidence_unlisted: 0,
            };
            if let Some(finding) = draft.seal(rules.evidence_items) {
                prediction.finding = finding.id.clone();
                out.push(finding);
            }
        }
        out
    }
}

/// Tests a claim.
pub(super) fn tested(claim: &Claim, facts: &Facts, outcomes: &[Outcome]) -> Tested {
    let tester = Tester { facts, outcomes };
    let predictions = claim.predicts.iter().flat_map(|p| tester.predictions(p)).collect();
    Tested { claim: claim.clone(), predictions }
}

struct Tester<'a> {
    facts: &'a Facts,
    outcomes: &'a [Outcome],
}

/// A period of the pair, and the routes that told it; `None`: publications did.
struct Dated<'a> {
    period: &'a Period,
    routes: Option<&'a Routes>,
}

impl Dated<'_> {
    fn verb(&self) -> &'static str {
        if self.routes.is_some() { "seen" } else { "listed" }
    }

    fn start(&self) -> String {
        words::start(&self.period.bounds, self.period.start, self.verb())
    }

    fn end(&self) -> String {
        words::end(&self.period.bounds, self.period.end, self.verb())
    }
}

fn list(asns: &[Asn]) -> String {
    let shown: Vec<String> = asns.iter().map(ToString::to_string).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

/// Networks named one by one in a sentence; of more, how many.
const SHOWN: usize = 6;

fn first_of(asns: &[Asn]) -> String {
    let more = asns.len().saturating_sub(SHOWN);
    let shown = list(&asns[..asns.len() - more]);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

impl Tester<'_> {
    fn predictions(&self, predicts: &Predicts) -> Vec<Prediction> {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        match predicts {
            Predicts::Adjacent => {
                vec![self.adjacent(format!("{carrier} stands next to {subject}"), true)]
            }
            Predicts::NotAdjacent => {
                vec![self.adjacent(format!("{carrier} does not stand next to {subject}"), false)]
            }
            Predicts::ThirdPartyBetween => {
                vec![self.between(), self.both(), self.reseller(), self.cohort(), self.registry()]
            }
            Predicts::Began { at } => vec![self.began(*at)],
            Predicts::Ended { at } => vec![self.ended(*at)],
            Predicts::OnlyCarrier => vec![self.only()],
        }
    }

    fn prediction(&self, predicts: impl Into<String>, verdict: Verdict, says: impl Into<String>) -> Prediction {
        Prediction {
            predicts: predicts.into(),
            verdict,
            says: says.into(),
            needs: None,
            finding: String::new(),
            class: None,
            evidence: Vec::new(),
        }
    }

    /// What came of T1.
    fn adjacency(&self) -> Option<State> {
        self.outcomes.iter().find(|o| o.id == "T1").map(|o| o.state)
    }

    /// Publications that list the pair, and their lines.
    fn listing(&self) -> (Vec<&Said>, Vec<Cited>) {
        let listing: Vec<&Said> = self.facts.listing().collect();
        let lines = listing.iter().filter_map(|p| p.line.clone()).collect();
        (listing, lines)
    }

    /// Publications of the time: those that list the pair, or, where none does, all that have the network.
    fn of_the_time(&self) -> Vec<&Said> {
        let listing = self.listing().0;
        match listing.is_empty() {
            true => self.facts.publications.iter().filter(|p| p.can_deny).collect(),
            false => listing,
        }
    }

    fn dates(listing: &[&Said]) -> String {
        let dates: Vec<String> = listing.iter().map(|p| day(p.from)).collect();
        match dates.as_slice() {
            [] => "no publication".to_owned(),
            [one] => format!("the publication of {one}"),
            [first, .., last] => format!("{} publications of {first} to {last}", dates.len()),
        }
    }

    fn by_files(prediction: Prediction, evidence: Vec<Cited>) -> Prediction {
        Prediction { class: Some(Class::Inferred), evidence, ..prediction }
    }

    fn by_routes(prediction: Prediction, evidence: &[Cited]) -> Prediction {
        Prediction { class: Some(Class::Observed), evidence: evidence.iter().take(20).cloned().collect(), ..prediction }
    }

    fn needs(prediction: Prediction, needs: &str) -> Prediction {
        Prediction { needs: Some(needs.to_owned()), ..prediction }
    }

    fn adjacent(&self, predicts: String, wanted: bool) -> Prediction {
        let best = self.facts.routes.iter().max_by_key(|r| r.adjacent_vantages).filter(|r| r.adjacent_vantages > 0);
        let verdict = |seen: bool| if seen == wanted { Verdict::Fits } else { Verdict::DoesNotFit };
        let t1 = self.adjacency();
        if let Some(routes) = best {
            let says = format!(
                "{} of routes ({}) had {} next to {}",
                number(routes.adjacent_vantages, "vantage", "vantages"),
                routes.family,
                self.facts.carrier,
                self.facts.subject
            );
            // One cluster alone proves no adjacency (T1).
            if t1 != Some(State::Yes) {
                let says = format!("{says}, at one cluster only");
                let open =
                    Self::by_routes(self.prediction(predicts, Verdict::CannotTell, says), &routes.records.adjacent);
                return Self::needs(open, ARCHIVES);
            }
            return Self::by_routes(self.prediction(predicts, verdict(true), says), &routes.records.adjacent);
        }
        let (listing, lines) = self.listing();
        if !listing.is_empty() {
            let says = format!("{} list it as a provider, by inference and without paths", Self::dates(&listing));
            return Self::needs(Self::by_files(self.prediction(predicts, verdict(true), says), lines), ARCHIVES);
        }
        let denying = self.facts.publications.iter().filter(|p| p.cell == Cell::NotListed).count();
        let looked = self.facts.routes.iter().any(|r| r.days.iter().any(|d| d.vantages > 0));
        if denying == 0 && !looked {
            return Self::needs(
                self.prediction(predicts, Verdict::NotTested, "nothing that was read could tell"),
                ARCHIVES,
            );
        }
        let says = format!(
            "not seen: {} of the time lack it{}",
            number(denying, "publication", "publications"),
            if looked { ", and no route that was read shows it" } else { "" }
        );
        // Not seen is neither here nor there, whoever claims what; only enough clusters with another route deny it (T1).
        let verdict = if t1 == Some(State::No) { verdict(false) } else { Verdict::NotSeen };
        let files = self.facts.publications.iter().flat_map(|p| p.files.clone()).collect();
        Self::needs(Self::by_files(self.prediction(predicts, verdict, says), files), ARCHIVES)
    }

    fn between(&self) -> Prediction {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let predicts = format!("a third network is seen between {carrier} and {subject}");
        let unless =
            "unless the third network hides its number (a private number, local-as, a transparent route server)";
        let most = self.facts.routes.iter().max_by_key(|r| r.adjacent_vantages + r.between_vantages);
        if let Some(routes) = most.filter(|r| r.adjacent_vantages + r.between_vantages > 0) {
            let names: Vec<String> =
                routes.between.iter().take(4).map(|b| format!("{} at {}", b.asn, b.vantages)).collect();
            let says = format!(
                "{} directly next to it, {} with one network between ({}){}",
                number(routes.adjacent_vantages, "vantage has it", "vantages have it"),
                routes.between_vantages,
                routes.family,
                if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
            );
            let (verdict, evidence) = match (routes.adjacent_vantages, routes.between_vantages) {
                (0, _) => (Verdict::Fits, &routes.records.between),
                (_, 0) => (Verdict::DoesNotFit, &routes.records.adjacent),
                (_, _) => (Verdict::CannotTell, &routes.records.adjacent),
            };
            let says = if verdict == Verdict::DoesNotFit { format!("{says}, {unless}") } else { says };
            return Self::by_routes(self.prediction(predicts, verdict, says), evidence);
        }
        let (listing, lines) = self.listing();
        if listing.is_empty() {
            return self.never_together(predicts);
        }
        let says = format!(
            "{} list {carrier} directly as a provider of {subject}, {unless}; the files hold no paths",
            Self::dates(&listing)
        );
        Self::needs(Self::by_files(self.prediction(predicts, Verdict::DoesNotFit, says), lines), ARCHIVES)
    }

    fn both(&self) -> Prediction {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let predicts = format!("some network is listed under {carrier} and as a provider of {subject}");
        let (listing, lines) = (self.of_the_time(), self.listing().1);
        if listing.is_empty() {
            return Self::needs(
                self.prediction(predicts, Verdict::NotTested, "no publication of the time has the network"),
                MONTHLY,
            );
        }
        let mut found: Vec<Asn> = listing.iter().flat_map(|p| p.between.iter().copied()).collect();
        found.sort();
        found.dedup();
        let evidence = lines.into_iter().chain(listing.iter().flat_map(|p| p.files.clone())).collect();
        match found.is_empty() {
            true => {
                let says = format!("no network is both in any of {}", Self::dates(&listing));
                Self::by_files(self.prediction(predicts, Verdict::NotSeen, says), evidence)
            }
            false => {
                let times = |asn: &Asn| listing.iter().filter(|p| p.between.contains(asn)).count();
                let told: Vec<String> =
                    found.iter().map(|asn| format!("{asn} in {} of {}", times(asn), listing.len())).collect();
                let says = format!(
                    "in {}: {}; a network with several carriers under a large one has such neighbours as a rule",
                    Self::dates(&listing),
                    told.join(", ")
                );
                Self::by_files(self.prediction(predicts, Verdict::Fits, says), evidence)
            }
        }
    }

    fn reseller(&self) -> Prediction {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let predicts = format!("a network under {carrier} that has networks of its own lists {subject} among them");
        let (listing, lines) = (self.of_the_time(), self.listing().1);
        if listing.is_empty() {
            return Self::needs(
                self.prediction(predicts, Verdict::NotTested, "no publication of the time has the network"),
                MONTHLY,
            );
        }
        let mut all: Vec<&(Asn, Vec<Asn>)> = listing.iter().flat_map(|p| &p.resellers).collect();
        let holds = all.iter().any(|(_, own)| own.contains(&subject));
        // One that has the network among its own comes first; of many, the first are told.
        all.sort_by_key(|(asn, own)| (!own.contains(&subject), *asn, std::cmp::Reverse(own.len())));
        // A network once, with its longest list.
        all.dedup_by_key(|(asn, _)| *asn);
        let text = |(asn, own): &&(Asn, Vec<Asn>)| format!("{asn} has {} ({})", own.len(), first_of(own));
        let mut told: Vec<String> = all.iter().take(SHOWN).map(text).collect();
        if all.len() > SHOWN {
            told.push(format!("{} more such lists", all.len() - SHOWN));
        }
        let says = match told.is_empty() {
            true => format!("no network under {carrier} has any of its own in {}", Self::dates(&listing)),
            false => format!(
                "in {}: {}; {subject} is {}among them",
                Self::dates(&listing),
                told.join("; "),
                if holds { "" } else { "not " }
            ),
        };
        let verdict = if holds { Verdict::Fits } else { Verdict::NotSeen };
        let evidence = lines.into_iter().chain(listing.iter().flat_map(|p| p.files.clone())).collect();
        Self::by_files(self.prediction(predicts, verdict, says), evidence)
    }

    fn cohort(&self) -> Prediction {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let predicts = format!("other networks of the third one appear under {carrier} at the same time");
        let (listing, lines) = self.listing();
        let told: Vec<String> = listing
            .iter()
            .filter_map(|p| {
                let others: Vec<Asn> = p.joined.as_ref()?.iter().filter(|asn| **asn != subject).copied().collect();
                Some(format!("{}: {}", day(p.from), first_of(&others)))
            })
            .collect();
        if told.is_empty() {
            return Self::needs(
                self.prediction(predicts, Verdict::NotTested, "nothing that was read tells who else appeared then"),
                ARCHIVES,
            );
        }
        let says = format!(
            "new under {carrier} beside it, by publication: {}; files a month apart cannot show hours",
            told.join("; ")
        );
        let first =
            listing.first().and_then(|p| p.joined.as_ref()).is_some_and(|j| j.iter().all(|asn| *asn == subject));
        let verdict = if first { Verdict::NotSeen } else { Verdict::CannotTell };
        let evidence = lines.into_iter().chain(listing.iter().flat_map(|p| p.files.clone())).collect();
        Self::needs(Self::by_files(self.prediction(predicts, verdict, says), evidence), ARCHIVES)
    }

    fn registry(&self) -> Prediction {
        let predicts = "a registry entry names the third network".to_owned();
        Self::needs(
            self.prediction(predicts, Verdict::NotTested, "no registry objects were read"),
            "aut-num, as-set and route objects of the time, with their history",
        )
    }

    /// Every period of the pair, by routes of two clusters or more and by publications.
    fn dated(&self) -> Vec<Dated<'_>> {
        let by_routes = self.facts.routes.iter().filter_map(|r| Some((r, r.upstream.as_ref()?)));
        let believed = by_routes.filter(|(_, upstream)| upstream.grade != Grade::Low);
        let observed =
            believed.flat_map(|(r, u)| u.periods.iter().map(move |period| Dated { period, routes: Some(r) }));
        observed.chain(self.facts.listed.iter().map(|period| Dated { period, routes: None })).collect()
    }

    /// A prediction about a date, resting on what told the period that decides it.
    fn about_date(&self, predicts: String, verdict: Verdict, says: String, of: &Dated<'_>) -> Prediction {
        let prediction = self.prediction(predicts, verdict, says);
        let prediction = match of.routes {
            Some(routes) => Self::by_routes(prediction, &routes.records.adjacent),
            None => Self::by_files(prediction, self.listing().1),
        };
        if verdict == Verdict::Fits { prediction } else { Self::needs(prediction, ARCHIVES) }
    }

    fn never_together(&self, predicts: String) -> Prediction {
        let says = "nothing that was read shows the two together";
        Self::needs(self.prediction(predicts, Verdict::NotTested, says), ARCHIVES)
    }

    /// A date beside what bounds the starts.
    fn began(&self, at: Time) -> Prediction {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let predicts = format!("{carrier} stands next to {subject} from {} on", day(at));
        let dated = self.dated();
        let inside = |d: &&Dated<'_>| {
            let bounds = d.period.bounds;
            bounds.from_after.is_some_and(|after| after <= at) && at <= bounds.from_by
        };
        if let Some(of) = dated.iter().find(inside) {
            let says = format!("{}: the date lies inside these bounds", of.start());
            return self.about_date(predicts, Verdict::Fits, says, of);
        }
        let Some(first) = dated.iter().min_by_key(|d| d.period.bounds.from_by) else {
            return self.never_together(predicts);
        };
        let bounds = first.period.bounds;
        let start = first.start();
        // The last that began before the date: whether it held on until then may be open.
        let before = dated.iter().filter(|d| d.period.bounds.from_by <= at).max_by_key(|d| d.period.bounds.to_after);
        let open =
            before.filter(|d| d.period.bounds.to_after < at && d.period.bounds.to_by.is_none_or(|gone| at < gone));
        let (verdict, says) = if bounds.from_after.is_some_and(|after| at < after) {
            (Verdict::DoesNotFit, format!("{start}: later than the date"))
        } else if at <= bounds.from_by {
            (Verdict::CannotTell, format!("{start}: nothing tells whether it had begun by the date"))
        } else if let Some(before) = open {
            let says = format!(
                "{start}, {}: earlier than the date; whether it held on until then is not known, and a second start then is possible",
                before.end()
            );
            (Verdict::CannotTell, says)
        } else {
            (Verdict::DoesNotFit, format!("{start}: earlier than the date"))
        };
        self.about_date(predicts, verdict, says, first)
    }

    fn ended(&self, at: Time) -> Prediction {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let predicts = format!("{carrier} no longer stands next to {subject} from {} on", day(at));
        let dated = self.dated();
        let Some(last) = dated.iter().max_by_key(|d| d.period.bounds.to_after) else {
            return self.never_together(predicts);
        };
        let (bounds, end) = (last.period.bounds, last.end());
        let (verdict, says) = if bounds.to_after >= at {
            (Verdict::DoesNotFit, format!("{end}: later than the date"))
        } else if bounds.to_by.is_some_and(|by| by <= at) {
            (Verdict::Fits, format!("{end}: before the date"))
        } else {
            (Verdict::CannotTell, format!("{end}: what held on the date is not known"))
        };
        self.about_date(predicts, verdict, says, last)
    }

    fn only(&self) -> Prediction {
        let (subject, carrier) = (self.facts.subject, self.facts.carrier);
        let predicts = format!("{carrier} is the only carrier of {subject}");
        let with: Vec<&Routes> = self.facts.routes.iter().filter(|r| r.upstream.is_some()).collect();
        if let Some(first) = with.first() {
            // Others that stand there while it does, in whichever family.
            let overlap =
                |a: &Period, b: &Period| a.bounds.from_by <= b.bounds.to_after && b.bounds.from_by <= a.bounds.to_after;
            let mut beside: Vec<Asn> = Vec::new();
            for routes in &with {
                let mine = routes.upstream.iter().flat_map(|u| &u.periods).collect::<Vec<_>>();
                let there = |u: &&ObservedUpstream| u.periods.iter().any(|p| mine.iter().any(|m| overlap(m, p)));
                beside.extend(routes.others.iter().filter(there).map(|u| u.asn));
            }
            beside.sort();
            beside.dedup();
            let (verdict, says) = match beside.is_empty() {
                true if self.adjacency() == Some(State::Yes) => (
                    Verdict::Fits,
                    "no other network was seen next to it at the same time, in the routes read".to_owned(),
                ),
                true => (Verdict::CannotTell, "too few vantages show the two to tell who else stands there".to_owned()),
                false => (Verdict::DoesNotFit, format!("also seen next to it at the same time: {}", first_of(&beside))),
            };
            return Self::by_routes(self.prediction(predicts, verdict, says), &first.records.adjacent);
        }
        let (listing, lines) = self.listing();
        if listing.is_empty() {
            return self.never_together(predicts);
        }
        let beside: Vec<String> = listing
            .iter()
            .map(|p| {
                let others: Vec<Asn> = p.providers.iter().filter(|asn| **asn != carrier).copied().collect();
                format!("{}: {}", day(p.from), list(&others))
            })
            .collect();
        let alone = listing.iter().all(|p| p.providers.as_slice() == [carrier]);
        let says =
            format!("other listed providers, by publication: {}; for which prefixes is not known", beside.join("; "));
        let verdict = if alone { Verdict::Fits } else { Verdict::DoesNotFit };
        Self::needs(Self::by_files(self.prediction(predicts, verdict, says), lines), ARCHIVES)
    }
}
