//! What kind of network one may be, by its published name and tags: a guess, told with the word and the line it rests on.

use headwater_route::rows::{NameSighting, NameSnapshot, Sources, TagSighting};
use headwater_route::{Asn, Evidence, Time};
use serde::Serialize;

use crate::finding::{Class, Draft, Finding, cite};
use crate::names::{alike, telling};
use crate::rules::Rules;
use crate::words::{self, day};

const METHOD: &str = "kinds/1";

/// A kind of network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Kind {
    /// Its name is like that of the network asked about.
    OwnBody,
    Bank,
    Insurance,
    Government,
    Education,
    Health,
    Energy,
    Media,
    Protection,
    Cdn,
    Hosting,
    Vpn,
    Tor,
    Mobile,
    Access,
    Telecom,
    Content,
    Business,
    Personal,
}

impl Kind {
    /// What the kind is called in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::OwnBody => "a network of the same body",
            Kind::Bank => "a bank or lender",
            Kind::Insurance => "an insurer",
            Kind::Government => "a public authority",
            Kind::Education => "a school, university or research body",
            Kind::Health => "a health body",
            Kind::Energy => "an energy company",
            Kind::Media => "a media company",
            Kind::Protection => "a DDoS protection network",
            Kind::Cdn => "a content delivery network",
            Kind::Hosting => "a hosting network",
            Kind::Vpn => "a VPN network",
            Kind::Tor => "a network with Tor relays",
            Kind::Mobile => "a mobile network",
            Kind::Access => "an access network",
            Kind::Telecom => "a telecom network",
            Kind::Content => "a content network",
            Kind::Business => "a business network",
            Kind::Personal => "a personal network",
        }
    }

    /// The kind in a column: one or two words.
    pub fn short(self) -> &'static str {
        match self {
            Kind::OwnBody => "same body",
            Kind::Bank => "bank",
            Kind::Insurance => "insurer",
            Kind::Government => "government",
            Kind::Education => "education",
            Kind::Health => "health",
            Kind::Energy => "energy",
            Kind::Media => "media",
            Kind::Protection => "protection",
            Kind::Cdn => "CDN",
            Kind::Hosting => "hosting",
            Kind::Vpn => "VPN",
            Kind::Tor => "Tor",
            Kind::Mobile => "mobile",
            Kind::Access => "access",
            Kind::Telecom => "telecom",
            Kind::Content => "content",
            Kind::Business => "business",
            Kind::Personal => "personal",
        }
    }
}

/// Words of names, in lower case; a word that starts with `-` stands at the end of a longer one (`-bank` in `examplebank`).
/// The first kind that fits is given, so the tellingest come first.
const WORDS: &[(Kind, &[&str])] = &[
    (
        Kind::Bank,
        &[
            "bank",
            "banka",
            "banco",
            "banque",
            "banca",
            "bankasi",
            "bankas",
            "banken",
            "banking",
            "credit",
            "kredit",
            "sparkasse",
            "-bank",
            "банк",
        ],
    ),
    (Kind::Insurance, &["insurance", "assurance", "versicherung", "seguros", "-versicherung"]),
    (
        Kind::Education,
        &[
            "university",
            "universitet",
            "universitaet",
            "universidad",
            "universidade",
            "universite",
            "universita",
            "college",
            "school",
            "academy",
            "institute",
        ],
    ),
    (
        Kind::Government,
        &["ministry", "government", "municipality", "parliament", "county", "agencia", "gup", "ministerstvo"],
    ),
    (Kind::Health, &["hospital", "medical", "clinic", "health", "healthcare", "klinikum"]),
    (Kind::Energy, &["energy", "oil", "gas", "petroleum", "nuclear", "electric", "energo", "-energo"]),
    (Kind::Media, &["television", "broadcasting", "newspaper", "tv", "radio"]),
    (Kind::Hosting, &["hosting", "host", "vps", "cloud", "datacenter", "servers", "-host", "-hosting", "-cloud"]),
    (
        Kind::Telecom,
        &[
            "telecom",
            "telekom",
            "telecommunications",
            "telecomunicacoes",
            "telecomunicaciones",
            "telefonica",
            "telephone",
            "broadband",
            "isp",
            "internet",
            "provedor",
            "-telecom",
            "-telekom",
            "-tel",
        ],
    ),
];

/// Words that end like one of [`WORDS`] and mean something else.
const NOT_WORDS: &[&str] = &["databank", "riverbank", "foodbank", "bloodbank", "hotel", "motel", "intel", "cartel"];

/// Tags of bgp.tools, the tellingest first.
const TAGS: &[(&str, Kind)] = &[
    ("uni", Kind::Education),
    ("gov", Kind::Government),
    ("ddosm", Kind::Protection),
    ("cdn", Kind::Cdn),
    ("mobile", Kind::Mobile),
    ("dsl", Kind::Access),
    ("satnet", Kind::Access),
    ("vpsh", Kind::Hosting),
    ("biznet", Kind::Business),
    ("corp", Kind::Business),
    ("perso", Kind::Personal),
    ("vpn", Kind::Vpn),
    ("tor", Kind::Tor),
];

/// Classes that bgp.tools states beside a name.
const CLASSES: &[(&str, Kind)] =
    &[("Eyeball", Kind::Access), ("Content", Kind::Content), ("Carrier", Kind::Telecom), ("T1", Kind::Telecom)];

/// What a guess rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A word of a published name.
    Name,
    /// A published tag.
    Tag,
    /// A class published beside the name.
    Class,
}

/// What kind of network one may be.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Guess {
    /// The kind.
    pub kind: Kind,
    /// What it rests on.
    pub by: By,
    /// The word, tag or class.
    pub word: String,
    /// The name, tag or class as published. Hostile text.
    pub published: String,
    /// The publisher's series.
    pub series: String,
    /// Date of the file.
    pub at: Time,
    #[serde(skip)]
    evidence: Evidence,
}

/// Guesses of a network from the name nearest to `at` among those of its holder, the classes and the tags; at most one of each
/// kind, those by name first.
pub fn guesses(
    names: &[&NameSighting],
    files: &[NameSnapshot],
    tags: &[&TagSighting],
    at: Time,
    own: Option<&str>,
) -> Vec<Guess> {
    let near = |n: &&&NameSighting| (files[n.snapshot].at.0.abs_diff(at.0), n.snapshot);
    let mut out: Vec<Guess> = Vec::new();
    let mut put = |guess: Guess| {
        if out.iter().all(|g| g.kind != guess.kind) {
            out.push(guess);
        }
    };
    let of_name = |n: &NameSighting, kind, by, word: &str, published: &str| Guess {
        kind,
        by,
        word: word.to_owned(),
        published: published.to_owned(),
        series: files[n.snapshot].series.clone(),
        at: files[n.snapshot].at,
        evidence: n.evidence,
    };
    if let Some(name) = names.iter().min_by_key(near) {
        if let Some(own) = own {
            let (mine, theirs) = (telling(&name.name), telling(own));
            if alike(&mine, &theirs) {
                let shared: Vec<&str> = mine.intersection(&theirs).map(String::as_str).collect();
                put(of_name(name, Kind::OwnBody, By::Name, &shared.join(" "), &name.name));
            }
        }
        if let Some((kind, word)) = by_name(&name.name) {
            put(of_name(name, kind, By::Name, &word, &name.name));
        }
    }
    for (word, kind) in TAGS {
        let same = tags.iter().filter(|tag| tag.tag == *word);
        if let Some(tag) = same.min_by_key(|t| (t.at.0.abs_diff(at.0), t.evidence.offset)) {
            put(Guess {
                kind: *kind,
                by: By::Tag,
                word: tag.tag.clone(),
                published: tag.tag.clone(),
                series: tag.series.clone(),
                at: tag.at,
                evidence: tag.evidence,
            });
        }
    }
    let class = |n: &&&NameSighting| CLASSES.iter().any(|(class, _)| *class == n.note);
    if let Some(name) = names.iter().filter(class).min_by_key(near)
        && let Some((class, kind)) = CLASSES.iter().find(|(class, _)| *class == name.note)
    {
        put(of_name(name, *kind, By::Class, class, &name.note));
    }
    out
}

/// The first kind that a word of a name tells, and the word.
fn by_name(name: &str) -> Option<(Kind, String)> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let told = |word: &str, pattern: &str| match pattern.strip_prefix('-') {
        Some(end) => word.len() > end.len() && word.ends_with(end) && !NOT_WORDS.contains(&word),
        None => word == pattern,
    };
    WORDS.iter().find_map(|(kind, patterns)| {
        let word = words.iter().find(|word| patterns.iter().any(|pattern| told(word, pattern)))?;
        Some((*kind, (*word).to_owned()))
    })
}

impl Guess {
    /// The guess as a finding of its own.
    pub fn finding(&self, subject: Asn, own: Asn, sources: &Sources, rules: &Rules) -> Option<Finding> {
        let rests = match self.by {
            By::Name if self.kind == Kind::OwnBody => {
                format!(
                    "its published name {} shares {} with that of {own}",
                    words::quoted(&self.published),
                    words::quoted(&self.word)
                )
            }
            By::Name => format!(
                "its published name {} has the word {}",
                words::quoted(&self.published),
                words::quoted(&self.word)
            ),
            By::Tag => format!("it is published under the tag {}", words::quoted(&self.published)),
            By::Class => format!("its class is published as {}", words::quoted(&self.published)),
        };
        let statement = format!(
            "{subject} may be {}, a guess: {rests} ({}, file of {})",
            self.kind.noun(),
            self.series,
            day(self.at)
        );
        let says = match self.by {
            By::Name => format!("{subject} is {}", words::quoted(&self.published)),
            By::Tag | By::Class => format!("{subject} is marked {}", words::quoted(&self.published)),
        };
        Draft {
            method: METHOD,
            subject,
            object: (self.kind == Kind::OwnBody).then_some(own),
            family: None,
            class: Class::External,
            bounds: None,
            statement,
            evidence: vec![cite(sources, self.evidence, says)],
            evidence_unlisted: 0,
        }
        .seal(rules.evidence_items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_tells_a_kind_and_its_likeness_does_not() {
        let kind = |name| by_name(name).map(|(kind, _)| kind);
        for name in
            ["JSC \"Example-Bank\"", "EXAMPLEBANK (LLC)", "CB Example Credit LLC", "Joint Stock Company \"Bank EX.RF\""]
        {
            assert_eq!(kind(name), Some(Kind::Bank), "{name}");
        }
        assert_eq!(kind("Example Databank Inc"), None);
        assert_eq!(kind("Bankside Example"), None);
        assert_eq!(kind("Grand Hotel Example"), None);
        assert_eq!(kind("EXAMPLE-TELECOM"), Some(Kind::Telecom));
        assert_eq!(kind("Bank of Example Telecom"), Some(Kind::Bank));
        assert_eq!(kind(""), None);
    }
}
