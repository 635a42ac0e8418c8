//! The program, asked as an operator asks it: `ingest`, then questions with `--json`.
//!
//! Place on the way: between the files of a world and the comparison. Nothing reaches a detector by another way than files, and
//! nothing of an answer is read but what is documented. Must not know: the truth.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use headwater_route::{Asn, Family, Prefix, Time};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Failed;

/// The program and a history of its own.
pub struct Asked {
    program: PathBuf,
    history: PathBuf,
}

#[derive(Deserialize)]
struct Envelope<D> {
    data: D,
}

/// When something held, as an answer bounds it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Period {
    /// It began after this,
    pub from_after: Option<Time>,
    /// and by this.
    pub from_by: Time,
    /// It ended at or after this,
    pub to_after: Time,
    /// and before this.
    pub to_by: Option<Time>,
}

impl Period {
    /// From the first to the last time it was seen. Of a monthly file that alone shows it, the bounds lie crosswise: it is not
    /// said on which of its days.
    pub fn seen(&self) -> (Time, Time) {
        (self.from_by.min(self.to_after), self.from_by.max(self.to_after))
    }
}

/// Answer to `carriers`, as far as it is measured.
#[derive(Deserialize)]
pub struct Carriers {
    /// By holder of the number.
    pub eras: Vec<Era>,
}

/// Carriers under one holder.
#[derive(Deserialize)]
pub struct Era {
    /// By relationship files.
    pub published: Published,
    /// By routes, a family each.
    pub observed: Vec<Observed>,
}

/// Carriers by relationship files.
#[derive(Deserialize)]
pub struct Published {
    /// Files for the same days.
    pub publications: Vec<Publication>,
    /// Networks listed as provider.
    pub upstreams: Vec<PublishedUpstream>,
}

/// Relationship files for the same days.
#[derive(Deserialize)]
pub struct Publication {
    /// First instant.
    pub from: Time,
    /// Last instant.
    pub until: Time,
}

/// A network listed as provider.
#[derive(Deserialize)]
pub struct PublishedUpstream {
    /// Its number.
    pub asn: Asn,
    /// Since when, until when.
    pub periods: Vec<Period>,
}

/// Carriers by routes in one family.
#[derive(Deserialize)]
pub struct Observed {
    /// The family.
    pub family: Family,
    /// Networks seen next to the origin.
    pub upstreams: Vec<ObservedUpstream>,
}

/// How well a statement is supported, as it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// One vantage, or shortly.
    Low,
    /// Two independent ones.
    Medium,
    /// Six, for a day.
    High,
}

/// A network seen next to the origin.
#[derive(Deserialize)]
pub struct ObservedUpstream {
    /// Its number.
    pub asn: Asn,
    /// How sure.
    pub grade: Grade,
    /// Since when, until when.
    pub periods: Vec<Period>,
    /// Day by day.
    pub days: Vec<DayShare>,
}

/// An upstream on one day.
#[derive(Deserialize)]
pub struct DayShare {
    /// The day.
    pub day: Time,
    /// Its share of routes.
    pub share: Option<Interval>,
}

/// A value with its interval.
#[derive(Clone, Copy, Deserialize)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// 2.5 % quantile.
    pub low: f64,
    /// 97.5 % quantile.
    pub high: f64,
}

/// Answer to `holders`, as far as it is measured.
#[derive(Deserialize)]
pub struct Holders {
    /// In order of time.
    pub holders: Vec<Holder>,
}

/// A holder of a number.
#[derive(Deserialize)]
pub struct Holder {
    /// Since when, until when.
    #[serde(flatten)]
    pub period: Period,
    /// How its time began.
    pub began: String,
}

/// Answer to `vantages`, as far as it is measured.
#[derive(Deserialize)]
pub struct Vantages {
    /// By vantage and family.
    pub vantages: Vec<Vantage>,
}

/// A vantage in one family.
#[derive(Deserialize)]
pub struct Vantage {
    /// Its collector.
    pub collector: String,
    /// Its address.
    pub addr: IpAddr,
    /// When its routes are set aside.
    pub quarantines: Vec<Quarantine>,
    /// When its session began anew.
    pub resets: Vec<Reset>,
}

/// A time in which the routes of a vantage are set aside.
#[derive(Deserialize)]
pub struct Quarantine {
    /// First dump with too many links.
    pub first: Time,
    /// Last one.
    pub last: Time,
}

/// A session that began anew.
#[derive(Deserialize)]
pub struct Reset {
    /// When.
    pub from: Time,
}

/// Answer to `origin` of a prefix, as far as it is measured.
#[derive(Deserialize)]
pub struct Origins {
    /// By published snapshots.
    pub published: Vec<PublishedOrigin>,
    /// By routes.
    pub observed: Vec<ObservedOrigin>,
}

/// An origin by published snapshots.
#[derive(Deserialize)]
pub struct PublishedOrigin {
    /// Its number.
    pub asn: Asn,
    /// Since when, until when.
    pub periods: Vec<Period>,
}

/// An origin by routes.
#[derive(Deserialize)]
pub struct ObservedOrigin {
    /// Its number.
    pub asn: Asn,
    /// First and last seen.
    #[serde(flatten)]
    pub period: Period,
}

/// Answer to `rivals`, as far as it is measured.
#[derive(Deserialize)]
pub struct Rivals {
    /// Tests and explanations.
    pub matrix: Matrix,
    /// How far the evidence carries.
    pub ladder: Ladder,
    /// What the one may be to the other.
    pub roles: Roles,
}

/// Tests and explanations.
#[derive(Deserialize)]
pub struct Matrix {
    /// Least contradicted first; `None` with too few tests that count.
    pub ranking: Option<Vec<Ranked>>,
    /// What came of each test.
    pub outcomes: Vec<Outcome>,
}

/// An explanation.
#[derive(Deserialize)]
pub struct Ranked {
    /// `H1` to `H7`.
    pub id: String,
    /// 1: the least contradicted; equal ones share a rank.
    pub rank: usize,
}

/// What came of a test.
#[derive(Deserialize)]
pub struct Outcome {
    /// `T1` to `T17`.
    pub id: String,
    /// `yes`, `no`, `cannot_tell`, `not_tested`.
    pub state: String,
}

/// How far the evidence carries.
#[derive(Deserialize)]
pub struct Ladder {
    /// The highest rung.
    pub reached: Option<Rung>,
    /// Every rung.
    pub steps: Vec<Step>,
}

/// A rung and whether the evidence reaches it.
#[derive(Deserialize)]
pub struct Step {
    /// The rung.
    pub rung: Rung,
    /// `None`: nothing that was read could tell.
    pub reached: Option<bool>,
}

impl Ladder {
    /// The evidence reaches a rung.
    pub fn reaches(&self, rung: Rung) -> bool {
        self.steps.iter().any(|step| step.rung == rung && step.reached == Some(true))
    }
}

/// A rung.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[allow(missing_docs)]
pub enum Rung {
    L0,
    L1,
    L2,
    L3,
    L4,
    L5,
}

/// What the one may be to the other.
#[derive(Deserialize)]
pub struct Roles {
    /// The role, where one is claimed.
    pub role: Option<String>,
}

/// Answer to `changes`, as far as it is measured.
#[derive(Deserialize)]
pub struct Changes {
    /// In order of time.
    pub changes: Vec<Change>,
    /// Days with routes whose cohort was too small for shares.
    pub small_cohorts: usize,
    /// Days with routes.
    pub days: usize,
}

/// A change.
#[derive(Clone, Deserialize)]
pub struct Change {
    /// What changed.
    pub kind: Kind,
    /// `observed` or `inferred`.
    pub class: String,
    /// In which family, where the source tells.
    pub family: Option<Family>,
    /// The network that was added or lost, or whose share went up.
    pub upstream: Option<Asn>,
    /// The network that it replaced.
    pub replaced: Option<Asn>,
    /// It happened after this,
    pub after: Option<Time>,
    /// and by this.
    pub by: Time,
    /// `preliminary`, `confirmed` or `resolved`.
    pub state: String,
    /// How large it is, where the cohort tells.
    pub size: Option<Size>,
}

/// How large a change is.
#[derive(Clone, Copy, Deserialize)]
pub struct Size {
    /// Share in the cohort before.
    pub before: f64,
    /// Share in the cohort after.
    pub after: f64,
}

/// What changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Kind {
    UpstreamAdded,
    UpstreamLost,
    UpstreamReplaced,
    UpstreamFlap,
    ShareShift,
    SingleHomed,
    VisibilityDrop,
    ObservationGap,
}

impl Asked {
    /// Reads the files of a world into a new history.
    pub fn reading(program: &Path, world: &Path, history: &Path) -> Result<Asked, Failed> {
        let asked = Asked { program: program.to_owned(), history: history.to_owned() };
        let dirs = ["routes", "snapshots", "names", "registry", "rpki"].map(|dir| world.join(dir).into_os_string());
        let there = dirs.iter().filter(|dir| Path::new(dir).is_dir());
        asked.run(["ingest".into(), "--jobs".into(), "1".into()].into_iter().chain(there.cloned()))?;
        Ok(asked)
    }

    /// Who carried a network.
    pub fn carriers(&self, asn: Asn) -> Result<Carriers, Failed> {
        self.answer("carriers", &[&asn.to_string()])
    }

    /// What changed about the carriers of a network.
    pub fn changes(&self, asn: Asn) -> Result<Changes, Failed> {
        self.answer("changes", &[&asn.to_string()])
    }

    /// What one network next to another proves.
    pub fn rivals(&self, asn: Asn, carrier: Asn) -> Result<Rivals, Failed> {
        self.answer("rivals", &[&asn.to_string(), &carrier.to_string()])
    }

    /// Who held a number.
    pub fn holders(&self, asn: Asn) -> Result<Holders, Failed> {
        self.answer("holders", &[&asn.to_string()])
    }

    /// Who announced a prefix.
    pub fn origins(&self, prefix: &Prefix) -> Result<Origins, Failed> {
        self.answer("origin", &[&prefix.to_string()])
    }

    /// Whose routes are set aside, and whose sessions began anew.
    pub fn vantages(&self) -> Result<Vantages, Failed> {
        self.answer("vantages", &[])
    }

    fn answer<D: DeserializeOwned>(&self, question: &str, about: &[&str]) -> Result<D, Failed> {
        let words = [&[question], about, &["--json"]].concat();
        let out = self.run(words.iter().map(Into::into))?;
        let envelope: Envelope<D> = serde_json::from_slice(&out)
            .map_err(|error| Failed::from(format!("the answer to `{}`: {error}", words.join(" "))))?;
        Ok(envelope.data)
    }

    /// Runs one command. What ends incomplete has answered.
    fn run(&self, args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Vec<u8>, Failed> {
        let args: Vec<std::ffi::OsString> = args.into_iter().collect();
        let mut command = Command::new(&self.program);
        command.arg("--history").arg(&self.history).args(&args).stdin(Stdio::null());
        // The operator's own settings are not those that are measured.
        command.env_remove("HEADWATER_CONFIG").env("XDG_CONFIG_HOME", &self.history);
        let out = command.output().map_err(|error| Failed::from(format!("{}: {error}", self.program.display())))?;
        match out.status.code() {
            Some(0 | 2) => Ok(out.stdout),
            _ => Err(Failed::from(format!(
                "{args:?} ended with {}: {}",
                out.status,
                String::from_utf8_lossy(&out.stderr)
            ))),
        }
    }
}
