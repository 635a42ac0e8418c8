//! A finding: one statement, the bytes it rests on, and how sure it is.

use headwater_route::rows::Sources;
use headwater_route::{Asn, Bounds, Evidence, Family, SourceId, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Whether a statement comes from routes or from somebody's conclusion.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Routes seen by vantages.
    Observed,
    /// Published relationships, which somebody inferred from routes.
    Inferred,
    /// Registries, names, lists: what a third party states.
    External,
}

/// Why something is not known (methods §0). The list is closed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing that could tell was read.
    NoData,
    /// This kind of source cannot show it.
    NotObservable,
    /// Too few vantages could have shown it.
    InsufficientCohort,
    /// The sources leave this time out.
    Gap,
    /// The newest source is old.
    Stale,
    /// Sources disagree.
    Conflicting,
    /// The evidence does not decide.
    Undetermined,
}

impl Why {
    /// Every reason.
    pub const ALL: &[Why] = &[
        Why::NoData,
        Why::NotObservable,
        Why::InsufficientCohort,
        Why::Gap,
        Why::Stale,
        Why::Conflicting,
        Why::Undetermined,
    ];

    /// The reason as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Why::NoData => "no source that was read could tell",
            Why::NotObservable => "sources of this kind cannot show it",
            Why::InsufficientCohort => "too few vantages could have shown it",
            Why::Gap => "the sources leave this time out",
            Why::Stale => "the newest source is older than the question",
            Why::Conflicting => "sources disagree",
            Why::Undetermined => "the evidence does not decide it",
        }
    }
}

/// Something that could not be known, and what would settle it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Unknown {
    /// What is not known.
    pub what: String,
    /// Why.
    pub why: Why,
    /// Since when, where it is a matter of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// What would settle it.
    pub settled_by: String,
}

/// Bytes that a finding rests on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Cited {
    /// sha256 of the source.
    pub sha256: String,
    /// Its name. Hostile text.
    pub name: String,
    /// Byte offset of the record or line in the decompressed stream; `None` if the whole source is the evidence, as for
    /// what it lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// What it says there.
    pub says: String,
}

/// Cites the record or line at `at`.
pub fn cite(sources: &Sources, at: Evidence, says: impl Into<String>) -> Cited {
    Cited { offset: Some(at.offset), ..cite_whole(sources, at.source, says) }
}

/// Cites a source as a whole.
pub fn cite_whole(sources: &Sources, source: SourceId, says: impl Into<String>) -> Cited {
    let (sha256, name) = sources.get(source).map_or_else(Default::default, |s| (s.sha256.clone(), s.name.clone()));
    Cited { sha256, name, offset: None, says: says.into() }
}

/// At most `most` items: the first and the last ones; and how many lie between.
pub fn ends<T>(mut items: Vec<T>, most: usize) -> (Vec<T>, usize) {
    let most = most.max(2);
    let over = items.len().saturating_sub(most);
    if over > 0 {
        let tail = items.split_off(items.len() - most / 2);
        items.truncate(most - tail.len());
        items.extend(tail);
    }
    (items, over)
}

/// A statement before it is known to rest on anything.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// The method and its version, such as `upstreams.published/2`.
    pub method: &'static str,
    /// The network it is about.
    pub subject: Asn,
    /// The network it relates the subject to, where there is one.
    pub object: Option<Asn>,
    /// The family, where the source tells families apart.
    pub family: Option<Family>,
    /// Observed, inferred or external.
    pub class: Class,
    /// When it held, where that is what it says.
    pub bounds: Option<Bounds>,
    /// The statement.
    pub statement: String,
    /// What it rests on, in order of time.
    pub evidence: Vec<Cited>,
    /// Evidence there is beyond that.
    pub evidence_unlisted: usize,
}

impl Draft {
    /// Makes it a finding: at most `most` items of evidence stay listed (the first and the last ones), and the id is made.
    /// Without evidence in a source that is known there is no finding (methods §0).
    pub fn seal(self, most: usize) -> Option<Finding> {
        let Draft { method, subject, object, family, class, bounds, statement, mut evidence, evidence_unlisted } = self;
        evidence.retain(|cited| !cited.sha256.is_empty());
        if evidence.is_empty() {
            return None;
        }
        let (evidence, over) = ends(evidence, most);
        let evidence_unlisted = evidence_unlisted + over;
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        part(method);
        part(&subject.to_string());
        part(&object.map_or(String::new(), |asn| asn.to_string()));
        part(&family.map_or(String::new(), |family| family.to_string()));
        part(&statement);
        for cited in &evidence {
            part(&cited.sha256);
            part(&cited.offset.map_or(String::new(), |offset| offset.to_string()));
            part(&cited.says);
        }
        part(&evidence_unlisted.to_string());
        let id = format!("f-{}", hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect::<String>());
        Some(Finding {
            id,
            method,
            subject,
            object,
            family,
            class,
            bounds,
            statement,
            evidence,
            evidence_unlisted,
            sealed: Sealed,
        })
    }
}

/// One statement and what it rests on; only [`Draft::seal`] makes one, so there is none without evidence. Its id is a hash of
/// what it says and rests on: the same rows give the same id.
// Not `non_exhaustive`: this crate itself must not build one past `Draft::seal` either.
#[allow(clippy::manual_non_exhaustive)]
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Finding {
    /// `f-` and 16 hex digits.
    pub id: String,
    /// The method and its version, such as `upstreams.published/2`.
    pub method: &'static str,
    /// The network it is about.
    pub subject: Asn,
    /// The network it relates the subject to, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Asn>,
    /// The family, where the source tells families apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// Observed, inferred or external.
    pub class: Class,
    /// When it held, where that is what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// The statement.
    pub statement: String,
    /// What it rests on, in order of time; never empty.
    pub evidence: Vec<Cited>,
    /// Evidence there is beyond what is listed here.
    pub evidence_unlisted: usize,
    #[serde(skip)]
    sealed: Sealed,
}

/// Proof that there is evidence: nothing outside this module makes one.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Sealed;

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(evidence: usize) -> Draft {
        let cited =
            |i: usize| Cited { sha256: "00".into(), name: "n".into(), offset: Some(i as u64), says: String::new() };
        Draft {
            method: "example/1",
            subject: Asn(64500),
            object: None,
            family: None,
            class: Class::External,
            bounds: None,
            statement: "it is so".into(),
            evidence: (0..evidence).map(cited).collect(),
            evidence_unlisted: 0,
        }
    }

    fn sealed(draft: Draft, most: usize) -> Finding {
        draft.seal(most).unwrap()
    }

    #[test]
    fn an_id_follows_content() {
        assert_eq!(sealed(draft(3), 10).id, sealed(draft(3), 10).id);
        assert_ne!(sealed(draft(3), 10).id, sealed(draft(4), 10).id);
        assert_ne!(sealed(draft(30), 10).id, sealed(Draft { evidence_unlisted: 1, ..draft(30) }, 10).id);
        let other = Draft { statement: "it is not".into(), ..draft(3) };
        assert_ne!(sealed(other, 10).id, sealed(draft(3), 10).id);
    }

    #[test]
    fn what_rests_on_nothing_is_no_finding() {
        assert_eq!(draft(0).seal(10), None);
        // Nor does what rests on a source that nobody knows.
        let mut unknown = draft(1);
        unknown.evidence = vec![cite(&Sources::default(), Evidence { source: SourceId(1), offset: 3 }, "a line")];
        assert_eq!(unknown.seal(10), None);
    }

    #[test]
    fn long_evidence_keeps_both_ends_and_counts_the_rest() {
        let long = sealed(draft(100), 5);
        let offsets: Vec<u64> = long.evidence.iter().filter_map(|c| c.offset).collect();
        assert_eq!((offsets, long.evidence_unlisted), (vec![0, 1, 2, 98, 99], 95));
        assert_eq!(sealed(draft(5), 5).evidence_unlisted, 0);
    }

    #[test]
    fn every_reason_has_its_sentence() {
        let sentences: std::collections::BTreeSet<&str> = Why::ALL.iter().map(|why| why.sentence()).collect();
        assert_eq!(sentences.len(), Why::ALL.len());
    }
}
