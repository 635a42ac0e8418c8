//! Who held the number when (methods §3.4). A number that changed hands is several networks: nothing of one is told of another.

use headwater_route::rows::{DelegationSighting, HolderHistory, LinkHistory, NameSighting, RouteHistory, Sources};
use headwater_route::{Asn, Bounds, Time, Window};
use serde::Serialize;

use crate::finding::{Cited, Class, Draft, Finding, Unknown, Why, cite, cite_whole};
use crate::names::{Group, groups, lacking_after, lacking_before};
use crate::period::Edge;
use crate::rules::Rules;
pub use crate::silence::Silence;
use crate::silence::{Heard, LACKING_FILES, Quiet, days, heard, silences};
use crate::words::{self, day};

const METHOD: &str = "holders/2";

/// How a holder's time began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Began {
    /// The first name in the data.
    FirstSeen,
    /// The registry shows the number free, or under another holder's key, in between.
    Reissued,
    /// Another name, after a time without routes.
    ProbablyReissued,
    /// Another name, without such a time.
    RenamedOrTransferred,
    /// Names of both were published for the same time.
    Conflicting,
}

/// A name as published.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PublishedName {
    /// The name. Hostile text.
    pub name: String,
    /// Series that publish it.
    pub series: Vec<String>,
    /// Date of the first file with it.
    pub first: Time,
    /// Date of the last file with it.
    pub last: Time,
    /// Files with it.
    pub files: usize,
}

/// One holder of the number.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Holder {
    /// Its names, the most used first.
    pub names: Vec<PublishedName>,
    /// When it held the number, within bounds.
    #[serde(flatten)]
    pub bounds: Bounds,
    /// What bounds the start.
    pub start: Edge,
    /// What bounds the end.
    pub end: Edge,
    /// How its time began.
    pub began: Began,
    /// Id of the finding.
    pub finding: String,
}

/// A registry line about the number.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct RegistryLine {
    /// Date of the file.
    pub at: Time,
    /// Registry.
    pub registry: String,
    /// Status.
    pub status: String,
    /// Country or empty.
    pub country: String,
    /// Date of the delegation as the registry states it.
    pub delegated: Option<Time>,
    /// Key of the holder within registry and day.
    pub opaque_id: String,
}

/// A stretch of time in which the number belongs to one holder, or to nobody known.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Era {
    /// After this instant; `None` for the first era.
    pub after: Option<Time>,
    /// Up to this instant; `None` for the last era.
    pub up_to: Option<Time>,
    /// Index of its holder, where one is known.
    pub holder: Option<usize>,
}

impl Era {
    /// The era as a window of instants.
    pub fn window(&self) -> Window {
        let next = |t: Time| Time(t.0.saturating_add(1));
        Window { from: self.after.map(next), to: self.up_to.map(next) }
    }
}

/// Everything known of who held a number.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Holders {
    /// Holders in order of time.
    pub holders: Vec<Holder>,
    /// Eras in order of time; the last one is the present.
    pub eras: Vec<Era>,
    /// Long times without routes.
    pub silences: Vec<Silence>,
    /// What registries say, in order of time.
    pub registry: Vec<RegistryLine>,
    /// Name files that were looked through.
    pub name_files: usize,
}

impl Holders {
    /// The present era.
    pub fn present(&self) -> Window {
        self.eras.last().map_or_else(Window::default, Era::window)
    }

    /// The most used name of the holder of an era. Hostile text.
    pub fn name_of(&self, era: &Era) -> Option<&str> {
        let holder = self.holders.get(era.holder?)?;
        holder.names.first().map(|name| name.name.as_str())
    }
}

/// What the registry says of a change between two times.
enum Register<'a> {
    /// The number was free.
    Free(&'a DelegationSighting),
    /// It was delegated anew.
    Anew(&'a DelegationSighting),
    /// It stood under another key of the same registry.
    OtherKey(&'a DelegationSighting),
    /// It stood under the same key before and after.
    SameKey,
    /// Nothing.
    Silent,
}

fn register(history: &HolderHistory, after: Time, before: Time) -> Register<'_> {
    let free = |d: &&DelegationSighting| matches!(d.status.as_str(), "available" | "reserved");
    let between = |d: &&DelegationSighting| d.at >= after && d.at <= before;
    if let Some(line) = history.delegations.iter().filter(between).rfind(free) {
        return Register::Free(line);
    }
    let anew = |d: &&DelegationSighting| d.at >= after && d.date.is_some_and(|date| date > after && date <= before);
    if let Some(line) = history.delegations.iter().filter(|d| !free(d)).find(anew) {
        return Register::Anew(line);
    }
    let keyed = || history.delegations.iter().filter(|d| !d.opaque_id.is_empty());
    match keyed().rfind(|d| d.at <= after).zip(keyed().find(|d| d.at >= before)) {
        Some((old, new)) if old.registry == new.registry && old.opaque_id == new.opaque_id => Register::SameKey,
        Some((old, new)) if old.registry == new.registry => Register::OtherKey(new),
        _ => Register::Silent,
    }
}

/// How one holder's time began.
struct Change<'a> {
    began: Began,
    from_after: Option<Time>,
    from_by: Time,
    /// Name files in a row that lack the number before.
    lacking: Vec<usize>,
    register: Register<'a>,
    /// The silence before, where it decides.
    quiet: Option<&'a Quiet>,
    /// Where the number passed on, for what is told of carriers.
    cut: Option<Time>,
}

/// Everything a change is judged by.
struct Look<'a> {
    history: &'a HolderHistory,
    heard: &'a [Heard],
    quiets: &'a [Quiet],
    rules: &'a Rules,
}

impl<'a> Look<'a> {
    fn change(&self, before: Option<&Group<'_>>, group: &Group<'_>) -> Change<'a> {
        let apart = before.filter(|before| before.last < group.first);
        let lacking = lacking_before(self.history, group, apart.map(|before| before.last));
        let lacked = lacking.last().map(|i| self.history.snapshots[*i].at);
        let (began, register) = match (before, apart) {
            (None, _) => (Began::FirstSeen, Register::Silent),
            (Some(_), None) => (Began::Conflicting, Register::Silent),
            (Some(_), Some(before)) => self.judge(before, group),
        };
        let passed = matches!(began, Began::Reissued | Began::ProbablyReissued);
        let quiet = apart.filter(|_| passed).and_then(|before| self.silence(before, group));
        // A holder that is heard before its name is published held the number then already.
        let heard = quiet.and_then(|q| q.silence.heard_again);
        let from_by = heard.map_or(group.first, |heard| heard.min(group.first));
        let freed = match &register {
            Register::Free(line) => Some(line.at),
            _ => None,
        };
        let bounds = [lacked, apart.map(|before| before.last), freed];
        let from_after = bounds.into_iter().flatten().filter(|at| *at < from_by).max();
        let cut = match quiet {
            // Within the silence, so that what lies on either side stays there.
            Some(Quiet { silence: s, .. }) => Some(from_after.unwrap_or(s.until).clamp(s.from, s.until)),
            None if passed => from_after,
            // Absent from the files between two names, and not heard of in that time: nothing joins the two.
            None if began == Began::RenamedOrTransferred && !matches!(register, Register::SameKey) => {
                from_after.filter(|_| self.unheard(&lacking))
            }
            None => None,
        };
        Change { began, from_after, from_by, lacking, register, quiet, cut }
    }

    fn judge(&self, before: &Group<'_>, group: &Group<'_>) -> (Began, Register<'a>) {
        let register = register(self.history, before.last, group.first);
        let began = match register {
            Register::Free(_) | Register::Anew(_) | Register::OtherKey(_) => Began::Reissued,
            Register::SameKey => Began::RenamedOrTransferred,
            Register::Silent if self.silence(before, group).is_some() => Began::ProbablyReissued,
            Register::Silent => Began::RenamedOrTransferred,
        };
        (began, register)
    }

    /// The silence that lies between two names: it lasts beyond the last file with the old one, and long enough before the
    /// first file with the new one.
    fn silence(&self, before: &Group<'_>, group: &Group<'_>) -> Option<&'a Quiet> {
        self.quiets.iter().rev().find(|quiet| {
            let s = &quiet.silence;
            s.until >= before.last && days(s.from, s.until.min(group.first)) >= self.rules.silence_days
        })
    }

    /// True if there are lacking files, and no route or link of the number was seen between the first and the last of them.
    fn unheard(&self, lacking: &[usize]) -> bool {
        let at = |i: &usize| self.history.snapshots[*i].at;
        let span = lacking.first().map(at).zip(lacking.last().map(at));
        let inside =
            |(from, until): (Time, Time)| self.heard.iter().any(|h| h.present && h.from <= until && h.until >= from);
        span.is_some_and(|span| !inside(span))
    }
}

/// Who held `subject` when.
pub fn holders(
    subject: Asn,
    history: &HolderHistory,
    links: &LinkHistory,
    routes: &RouteHistory,
    sources: &Sources,
    rules: &Rules,
) -> (Holders, Vec<Finding>, Vec<Unknown>) {
    let heard = heard(subject, links, routes);
    let quiets = silences(&heard, rules);
    let groups = groups(history);
    let look = Look { history, heard: &heard, quiets: &quiets, rules };
    let before = |i: usize| i.checked_sub(1).map(|i| &groups[i]);
    let changes: Vec<Change<'_>> = groups.iter().enumerate().map(|(i, group)| look.change(before(i), group)).collect();

    let mut holders = Vec::new();
    let mut findings = Vec::new();
    for (i, (group, change)) in groups.iter().zip(&changes).enumerate() {
        let lacking = lacking_after(history, group);
        let (to_by, end) = end(history, &lacking, changes.get(i + 1));
        let bounds = Bounds { from_after: change.from_after, from_by: change.from_by, to_after: group.last, to_by };
        let start = match change.from_after {
            Some(_) => Edge::Bounded,
            None if starts(history, group) => Edge::EndOfData,
            None => Edge::Unsettled,
        };
        let names = published_names(history, group);
        let mut holder = Holder { names, bounds, start, end, began: change.began, finding: String::new() };
        let told = Told { subject, history, sources, group, change, lacking: &lacking };
        // Every holder has at least one line with its name.
        if let Some(finding) = told.finding(&holder).seal(rules.evidence_items) {
            holder.finding = finding.id.clone();
            findings.push(finding);
        }
        holders.push(holder);
    }
    let cuts: Vec<Time> = changes.iter().filter_map(|c| c.cut).collect();
    let silences: Vec<Silence> = quiets.iter().map(|q| q.silence).collect();
    let eras = eras(&groups, &cuts, &silences);
    let unknowns = unknowns(subject, history, &holders, &eras);
    let registry = registry(history);
    (Holders { holders, eras, silences, registry, name_files: history.snapshots.len() }, findings, unknowns)
}

/// True if no file is older than the first with the name.
fn starts(history: &HolderHistory, group: &Group<'_>) -> bool {
    history.snapshots.iter().all(|s| s.at >= group.first)
}

/// How a holder's time ended: by the first of at least two files in a row that lack the number, or by the next holder.
fn end(history: &HolderHistory, lacking: &[usize], next: Option<&Change<'_>>) -> (Option<Time>, Edge) {
    let gone = lacking.first().filter(|_| lacking.len() >= LACKING_FILES).map(|i| history.snapshots[*i].at);
    let followed = next.filter(|next| next.began != Began::Conflicting).map(|next| next.from_by);
    match gone.into_iter().chain(followed).min() {
        Some(by) => (Some(by), Edge::Bounded),
        None if next.is_some() || !lacking.is_empty() => (None, Edge::Unsettled),
        None => (None, Edge::EndOfData),
    }
}

fn registry(history: &HolderHistory) -> Vec<RegistryLine> {
    let line = |d: &DelegationSighting| RegistryLine {
        at: d.at,
        registry: d.registry.clone(),
        status: d.status.clone(),
        country: d.country.clone(),
        delegated: d.date,
        opaque_id: d.opaque_id.clone(),
    };
    history.delegations.iter().map(line).collect()
}

/// Where the number passed to another holder. A long silence of which no name tells that the holder stayed the same divides
/// too: what lies before it is not told of who came after.
fn eras(groups: &[Group<'_>], cuts: &[Time], silences: &[Silence]) -> Vec<Era> {
    let mut bounds: Vec<Time> = cuts.to_vec();
    for silence in silences {
        let divided =
            cuts.iter().any(|cut| *cut >= silence.from && *cut <= silence.heard_again.unwrap_or(silence.until));
        let same = groups.iter().any(|g| g.first <= silence.from && g.last >= silence.until);
        let named_after = groups.iter().any(|g| g.last >= silence.until);
        if !divided && !same && (silence.heard_again.is_some() || named_after) {
            bounds.push(silence.until);
        }
    }
    bounds.sort();
    bounds.dedup();
    let starts = std::iter::once(None).chain(bounds.iter().copied().map(Some));
    let ends = bounds.iter().copied().map(Some).chain(std::iter::once(None));
    starts
        .zip(ends)
        .map(|(after, up_to)| {
            let named =
                |g: &Group<'_>| up_to.is_none_or(|end| g.first <= end) && after.is_none_or(|start| g.last > start);
            Era { after, up_to, holder: groups.iter().rposition(named) }
        })
        .collect()
}

fn published_names(history: &HolderHistory, group: &Group<'_>) -> Vec<PublishedName> {
    let mut names: Vec<PublishedName> = Vec::new();
    for sighting in &group.sightings {
        let NameAt { at, series } = name_at(history, sighting);
        match names.iter_mut().find(|n| n.name == sighting.name) {
            Some(name) => {
                name.last = name.last.max(at);
                name.files += 1;
                if !name.series.iter().any(|s| s == series) {
                    name.series.push(series.to_owned());
                }
            }
            None => names.push(PublishedName {
                name: sighting.name.clone(),
                series: vec![series.to_owned()],
                first: at,
                last: at,
                files: 1,
            }),
        }
    }
    names.sort_by(|a, b| b.files.cmp(&a.files).then_with(|| a.name.cmp(&b.name)));
    names
}

struct NameAt<'a> {
    at: Time,
    series: &'a str,
}

fn name_at<'a>(history: &'a HolderHistory, sighting: &NameSighting) -> NameAt<'a> {
    let snapshot = &history.snapshots[sighting.snapshot];
    NameAt { at: snapshot.at, series: &snapshot.series }
}

/// A holder as it is told.
struct Told<'a> {
    subject: Asn,
    history: &'a HolderHistory,
    sources: &'a Sources,
    group: &'a Group<'a>,
    change: &'a Change<'a>,
    /// Files after the last one with the name that lack the number.
    lacking: &'a [usize],
}

impl Told<'_> {
    fn finding(&self, holder: &Holder) -> Draft {
        let name = holder.names.first().map_or("", |n| n.name.as_str());
        let statement = format!(
            "{} was published under the name {} {}, {}{}",
            self.subject,
            words::quoted(name),
            self.since(),
            self.until(),
            self.began()
        );
        Draft {
            method: METHOD,
            subject: self.subject,
            object: None,
            family: None,
            class: Class::External,
            bounds: Some(holder.bounds),
            statement,
            evidence: self.evidence(),
            evidence_unlisted: 0,
        }
    }

    fn since(&self) -> String {
        let first = day(self.group.first);
        match self.change.from_after {
            Some(after) => format!("since a day after {} and by {first}", day(after)),
            None if starts(self.history, self.group) => format!("at or before {first}, where the sources start"),
            None => format!("by {first}"),
        }
    }

    fn until(&self) -> String {
        let last = day(self.group.last);
        match self.lacking {
            [] => format!("last in the file of {last}"),
            [one] => format!(
                "last in the file of {last}; that of {} lacks the number, which alone is no deletion",
                day(self.history.snapshots[*one].at)
            ),
            [first, ..] => {
                let by = day(self.history.snapshots[*first].at);
                let files = self.lacking.len();
                format!("last in the file of {last}; from {by} on, {files} files in a row lack the number")
            }
        }
    }

    fn began(&self) -> String {
        let mut text = match (self.change.began, &self.change.register) {
            (Began::FirstSeen, _) => return String::new(),
            (Began::Conflicting, _) => {
                return "; another name was published for the same time: the sources disagree".to_owned();
            }
            (_, Register::Free(d)) => {
                format!(
                    "; another name stood before, and {} gives the number as {} on {}: re-issued",
                    d.registry,
                    d.status,
                    day(d.at)
                )
            }
            (_, Register::Anew(d)) => {
                let date = d.date.map_or(String::new(), day);
                format!(
                    "; another name stood before, and {} delegated the number anew on {date}: re-issued",
                    d.registry
                )
            }
            (_, Register::OtherKey(d)) => {
                format!(
                    "; another name stood before, and {} has the number under another key by {}: re-issued",
                    d.registry,
                    day(d.at)
                )
            }
            (_, Register::SameKey) => "; another name stood before, under the same registry key: renamed".to_owned(),
            (Began::ProbablyReissued, Register::Silent) => "; another name stood before: probably re-issued".to_owned(),
            (_, Register::Silent) => {
                "; another name stood before: renamed or transferred, the sources do not tell which".to_owned()
            }
        };
        if let Some(Quiet { silence, .. }) = self.change.quiet {
            let (from, until) = (day(silence.from), day(silence.until));
            text.push_str(&format!(
                "; {} whole publications from {from} to {until} have no route or link of the number",
                silence.sources
            ));
        }
        if self.change.from_by < self.group.first {
            let by = day(self.change.from_by);
            text.push_str(&format!("; it is heard of again by {by}, which is counted to this holder"));
        }
        text
    }

    /// In order of time.
    fn evidence(&self) -> Vec<Cited> {
        let Told { subject, history, sources, .. } = *self;
        let names = self.group.sightings.iter().map(|s| {
            let says = format!("{subject} is {}", words::quoted(&s.name));
            (name_at(history, s).at, cite(sources, s.evidence, says))
        });
        let mut evidence: Vec<(Time, Cited)> = names.collect();
        for at in self.change.lacking.iter().chain(self.lacking) {
            let snapshot = &history.snapshots[*at];
            evidence.push((snapshot.at, cite_whole(sources, snapshot.source, format!("no name of {subject}"))));
        }
        if let Some(Quiet { silence, first, last }) = self.change.quiet {
            let says = format!("no link of {subject}");
            let ends = first.iter().map(|s| (silence.from, *s)).chain(last.iter().map(|s| (silence.until, *s)));
            evidence.extend(ends.map(|(at, source)| (at, cite_whole(sources, source, says.clone()))));
        }
        if let Register::Free(d) | Register::Anew(d) | Register::OtherKey(d) = &self.change.register {
            let says = format!("{subject} {} {}", words::quoted(&d.status), words::quoted(&d.opaque_id));
            evidence.push((d.at, cite(sources, d.evidence, says)));
        }
        evidence.sort();
        evidence.dedup();
        evidence.into_iter().map(|(_, cited)| cited).collect()
    }
}

fn unknowns(subject: Asn, history: &HolderHistory, holders: &[Holder], eras: &[Era]) -> Vec<Unknown> {
    let names = "dated name files or registry object history of the time".to_owned();
    let mut out = Vec::new();
    match holders.first() {
        None => out.push(Unknown {
            what: format!("who holds or held {subject}"),
            why: if history.snapshots.is_empty() { Why::NoData } else { Why::Undetermined },
            from: None,
            until: None,
            settled_by: names.clone(),
        }),
        Some(first) if first.bounds.from_after.is_none() => out.push(Unknown {
            what: format!("who held {subject} before {}", day(first.bounds.from_by)),
            why: Why::NoData,
            from: None,
            until: Some(first.bounds.from_by),
            settled_by: names.clone(),
        }),
        Some(_) => {}
    }
    if holders.is_empty() && eras.len() > 1 {
        out.push(Unknown {
            what: format!(
                "whether {subject} changed hands in a long time without routes or links; it divides the answer"
            ),
            why: Why::Undetermined,
            from: eras.first().and_then(|era| era.up_to),
            until: None,
            settled_by: names.clone(),
        });
    }
    for era in eras.iter().filter(|era| era.holder.is_none() && !holders.is_empty()) {
        out.push(Unknown {
            what: format!("who held {subject} in an era that is divided from its neighbours by a time without routes"),
            why: Why::Undetermined,
            from: era.after,
            until: era.up_to,
            settled_by: names.clone(),
        });
    }
    for holder in holders.iter().filter(|h| matches!(h.began, Began::RenamedOrTransferred | Began::Conflicting)) {
        out.push(Unknown {
            what: format!("whether {subject} changed hands or only its name by {}", day(holder.bounds.from_by)),
            why: if holder.began == Began::Conflicting { Why::Conflicting } else { Why::Undetermined },
            from: holder.bounds.from_after,
            until: Some(holder.bounds.from_by),
            settled_by: "registry object history (organisation, created) or a transfer log".to_owned(),
        });
    }
    out
}
