//! Rows: what snapshot files say line by line ([`SnapshotRow`], `wire` → `history`), and what `history` hands to `finding`
//! for a question (the `…History` types). Plain data; the order of the vectors is stated and does not depend on the order of
//! ingest.

use serde::Serialize;

use crate::{AsPath, Asn, Evidence, Family, Prefix, Source, SourceId, Time};

// ---------------------------------------------------------------------------------------------------------------------
// wire → history

/// One line of a published snapshot.
#[derive(Clone, PartialEq, Debug)]
pub enum SnapshotRow<'a> {
    /// An AS relationship.
    Link {
        /// First AS; the provider if `kind` says so.
        a: Asn,
        /// Second AS.
        b: Asn,
        /// The label.
        kind: LinkKind,
        /// How the publisher saw it: `bgp`, `mlp`, `ark`, or a comma list; empty in serial-1, where it is `bgp` by definition.
        seen_by: &'a str,
        /// For an extract, the snapshot the line was taken from: first and last day covered, and the series.
        snapshot: Option<(Time, Time, &'a str)>,
    },
    /// A range of addresses and the AS the source gives as its origin. The range need not be one prefix, nor announced as
    /// such.
    Origin {
        /// Family of the range.
        family: Family,
        /// First address, left-aligned in 128 bits.
        first: u128,
        /// Last address, left-aligned; bits below the family's width are ones.
        last: u128,
        /// The origin; `None` where the source has the range without an AS.
        asn: Option<Asn>,
        /// Two-letter country, or empty.
        country: &'a str,
        /// The source's flags (`drop;` …), or empty.
        flags: &'a str,
    },
    /// A name of an ASN.
    Name {
        /// The number.
        asn: Asn,
        /// Its name: a handle, an organisation, or both, by source.
        name: &'a str,
        /// Two-letter country, or empty.
        country: &'a str,
        /// The registry or other origin the source itself names, or its class of network; or empty.
        note: &'a str,
    },
    /// A tag of an ASN.
    Tag {
        /// The tag.
        tag: &'a str,
        /// The number.
        asn: Asn,
        /// The name beside it.
        name: &'a str,
    },
    /// A line of RIR delegated-extended statistics.
    Delegation {
        /// Registry.
        registry: &'a str,
        /// Two-letter country; empty for `available` and `reserved`.
        country: &'a str,
        /// What was delegated.
        resource: Delegated,
        /// Date of the delegation; `None` if the source writes none or `00000000`.
        date: Option<Time>,
        /// `allocated`, `assigned`, `available`, `reserved`.
        status: &'a str,
        /// Groups the resources of one holder within one registry and day; or empty.
        opaque_id: &'a str,
    },
    /// A validated ROA payload.
    Vrp {
        /// Authorised origin.
        asn: Asn,
        /// Prefix.
        prefix: Prefix,
        /// Longest announcement allowed.
        max_len: u8,
        /// Trust anchor.
        ta: &'a str,
        /// End of the validity of the chain.
        expires: Option<Time>,
    },
    /// One provider of a validated ASPA.
    Aspa {
        /// The customer who signed.
        customer: Asn,
        /// A provider it lists.
        provider: Asn,
        /// End of the validity of the chain.
        expires: Option<Time>,
    },
}

/// The published label of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LinkKind {
    /// `-1`: the first AS is provider of the second.
    Provider,
    /// `0`: peers; the order of the pair means nothing.
    Peer,
}

/// A delegated resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Delegated {
    /// `count` numbers from `first`.
    Asns {
        /// First number.
        first: Asn,
        /// How many.
        count: u32,
    },
    /// A range of addresses, not always one prefix.
    Addresses {
        /// Family.
        family: Family,
        /// First address, left-aligned.
        first: u128,
        /// Last address, left-aligned, bits below the width ones.
        last: u128,
    },
}

// ---------------------------------------------------------------------------------------------------------------------
// history → finding

/// What a neighbour is to the AS asked about, as published.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Neighbour {
    /// The neighbour is its provider.
    Provider,
    /// The neighbour is its peer.
    Peer,
    /// The neighbour is its customer.
    Customer,
}

/// A published relationship snapshot.
#[derive(Clone, PartialEq, Debug)]
pub struct LinkSnapshot {
    /// The file.
    pub source: SourceId,
    /// `caida-serial1` or `caida-serial2`.
    pub series: String,
    /// First instant of the routes it was built from.
    pub from: Time,
    /// Last instant of the routes it was built from (end of its last day).
    pub until: Time,
    /// True if the file was read whole and is a whole publication, so that what it lacks it says is absent. False for
    /// extracts and faulty files.
    pub complete: bool,
}

/// A published link of the AS asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct LinkSighting {
    /// Index into [`LinkHistory::snapshots`].
    pub snapshot: usize,
    /// The other AS.
    pub neighbour: Asn,
    /// What it is.
    pub kind: Neighbour,
    /// How the publisher saw it (`bgp`, `bgp,mlp`, `mlp` …).
    pub seen_by: String,
    /// The line.
    pub evidence: Evidence,
}

impl LinkSighting {
    /// True if the publisher saw the link in routes.
    pub fn in_routes(&self) -> bool {
        in_routes(&self.seen_by)
    }
}

/// True if what a publisher says of how it saw a link names routes: serial-1 says nothing, and it is routes by definition. A
/// link seen in route-server communities only (`mlp`) is none.
pub fn in_routes(seen_by: &str) -> bool {
    seen_by.is_empty() || seen_by.split(',').any(|by| by.trim() == "bgp")
}

/// In which relationship files of a [`LinkHistory`] another network has links.
#[derive(Clone, PartialEq, Debug)]
pub struct LinkPresence {
    /// The network.
    pub asn: Asn,
    /// Index into [`LinkHistory::snapshots`], and whether one of its links there was seen in routes; sorted.
    pub snapshots: Vec<(usize, bool)>,
}

/// A published link of one of several networks, in a choice of files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkAt {
    /// The network.
    pub asn: Asn,
    /// What the neighbour is to it.
    pub kind: Neighbour,
    /// The other AS.
    pub neighbour: Asn,
    /// The file.
    pub source: SourceId,
}

/// All published links of one AS.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LinkHistory {
    /// Every snapshot in the window, sorted by (from, series, until), whether or not it holds the AS.
    pub snapshots: Vec<LinkSnapshot>,
    /// Sorted by (snapshot, kind, neighbour).
    pub sightings: Vec<LinkSighting>,
}

/// A snapshot of names.
#[derive(Clone, PartialEq, Debug)]
pub struct NameSnapshot {
    /// The file.
    pub source: SourceId,
    /// The publisher's series (`asn2org`, `ipfire-asnames`, `bgptools-asns`, `pyasn-asnames`).
    pub series: String,
    /// Its date.
    pub at: Time,
}

/// A name of the ASN asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct NameSighting {
    /// Index into [`HolderHistory::snapshots`].
    pub snapshot: usize,
    /// Name as published. Hostile text.
    pub name: String,
    /// Country or empty. Hostile text.
    pub country: String,
    /// The registry or the class of network that the source states, or empty. Hostile text.
    pub note: String,
    /// The line.
    pub evidence: Evidence,
}

/// A tag that a source gives a network.
#[derive(Clone, PartialEq, Debug)]
pub struct TagSighting {
    /// The network.
    pub asn: Asn,
    /// The publisher's series (`bgptools-tags`).
    pub series: String,
    /// Date of the file.
    pub at: Time,
    /// Tag as published. Hostile text.
    pub tag: String,
    /// The line.
    pub evidence: Evidence,
}

/// An ASPA file, or one of its lines that lists the network asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct AspaSighting {
    /// Date of the file.
    pub at: Time,
    /// Who lists it as provider; `None` for the file itself.
    pub customer: Option<Asn>,
    /// The line; of a file, its start.
    pub evidence: Evidence,
}

/// A file of validated RPKI objects.
#[derive(Clone, PartialEq, Debug)]
pub struct RpkiFile {
    /// The file.
    pub source: SourceId,
    /// Its date.
    pub at: Time,
    /// True if it was read whole, so that what it lacks was not authorised then.
    pub complete: bool,
}

/// A ROA payload of one of the networks asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct VrpSighting {
    /// Index into [`Authorisations::files`].
    pub file: usize,
    /// The prefix.
    pub prefix: Prefix,
    /// Who may announce it.
    pub asn: Asn,
    /// Longest announcement allowed.
    pub max_len: u8,
    /// The line.
    pub evidence: Evidence,
}

/// A provider that the ASPA of the network asked about lists.
#[derive(Clone, PartialEq, Debug)]
pub struct AspaLine {
    /// Index into [`Authorisations::files`].
    pub file: usize,
    /// The provider.
    pub provider: Asn,
    /// The line.
    pub evidence: Evidence,
}

/// What networks have signed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Authorisations {
    /// Every RPKI file, sorted by date.
    pub files: Vec<RpkiFile>,
    /// Sorted by (file, prefix, asn, longest announcement).
    pub vrps: Vec<VrpSighting>,
    /// Sorted by (file, provider).
    pub aspas: Vec<AspaLine>,
}

/// A delegated-extended row that holds the ASN asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct DelegationSighting {
    /// The file.
    pub source: SourceId,
    /// Date of the file.
    pub at: Time,
    /// Registry.
    pub registry: String,
    /// Country or empty.
    pub country: String,
    /// Date of the delegation.
    pub date: Option<Time>,
    /// Status.
    pub status: String,
    /// Holder key within registry and day.
    pub opaque_id: String,
    /// The line.
    pub evidence: Evidence,
}

/// Names and delegations of one of several networks, in the order of a [`HolderHistory`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HolderRows {
    /// Sorted by (snapshot, name).
    pub names: Vec<NameSighting>,
    /// Sorted by (at, registry).
    pub delegations: Vec<DelegationSighting>,
}

/// Everything known of who held an ASN.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HolderHistory {
    /// Every name snapshot, sorted by (at, series), whether or not it holds the ASN.
    pub snapshots: Vec<NameSnapshot>,
    /// Sorted by (snapshot, name).
    pub names: Vec<NameSighting>,
    /// Sorted by (at, registry).
    pub delegations: Vec<DelegationSighting>,
}

/// A prefix→origin snapshot.
#[derive(Clone, PartialEq, Debug)]
pub struct OriginSnapshot {
    /// The file.
    pub source: SourceId,
    /// Series.
    pub series: String,
    /// Its date.
    pub at: Time,
    /// True if it was read whole.
    pub complete: bool,
    /// Families it has ranges of; it says nothing of the other one.
    pub families: Vec<Family>,
}

/// A range that a prefix→origin snapshot gives to an AS.
#[derive(Clone, PartialEq, Debug)]
pub struct OriginSighting {
    /// Index into [`OriginHistory::snapshots`].
    pub snapshot: usize,
    /// Family.
    pub family: Family,
    /// First address, left-aligned.
    pub first: u128,
    /// Last address, left-aligned, low bits ones.
    pub last: u128,
    /// The origin; `None` where the source holds the range without one.
    pub asn: Option<Asn>,
    /// Flags as published.
    pub flags: String,
    /// The line.
    pub evidence: Evidence,
}

/// Prefix→origin sightings for a prefix (every range that overlaps it) or for an AS (every range it is given).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OriginHistory {
    /// Every snapshot in the window, sorted by (at, series, source text).
    pub snapshots: Vec<OriginSnapshot>,
    /// Sorted by (snapshot, family, first, last, asn).
    pub sightings: Vec<OriginSighting>,
}

/// A collector's peer session.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Vantage {
    /// Collector, such as `rrc00`.
    pub collector: String,
    /// The peer's ASN.
    pub asn: Asn,
    /// The peer's address.
    pub addr: std::net::IpAddr,
}

/// A dump of a collector's tables.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// The file.
    pub source: SourceId,
    /// Collector.
    pub collector: String,
    /// Time of its first record.
    pub at: Time,
    /// Time of its last record.
    pub until: Time,
    /// True if it was read without a fault that lost routes.
    pub complete: bool,
    /// Vantages in it and how many routes each held: (index into [`RouteHistory::vantages`], IPv4 routes, IPv6 routes).
    pub vantages: Vec<(usize, u64, u64)>,
}

/// A span covered by an update file.
#[derive(Clone, PartialEq, Debug)]
pub struct UpdateSpan {
    /// The file.
    pub source: SourceId,
    /// Collector.
    pub collector: String,
    /// Time of its first record.
    pub from: Time,
    /// Time of its last record.
    pub until: Time,
    /// True if read without a fault that lost records.
    pub complete: bool,
    /// Vantages that spoke in it.
    pub vantages: Vec<usize>,
}

/// A route that a vantage held in one dump, or unchanged in several dumps of its collector that follow each other. A dump
/// that lacks the vantage ends the run: what happened there is unknown, not "withdrawn".
#[derive(Clone, PartialEq, Debug)]
pub struct RouteRun {
    /// Index into [`RouteHistory::vantages`].
    pub vantage: usize,
    /// Prefix.
    pub prefix: Prefix,
    /// Raw path.
    pub path: AsPath,
    /// Index into [`RouteHistory::tables`] of the first dump that holds it.
    pub first: usize,
    /// Index into [`RouteHistory::tables`] of the last dump that holds it.
    pub last: usize,
    /// The record that states it, in the first dump.
    pub evidence: Evidence,
}

/// What an update message said about one prefix.
#[derive(Clone, PartialEq, Debug)]
pub struct RouteEvent {
    /// Time of receipt.
    pub at: Time,
    /// Index into [`RouteHistory::vantages`].
    pub vantage: usize,
    /// Prefix.
    pub prefix: Prefix,
    /// The path announced; `None` for a withdrawal.
    pub path: Option<AsPath>,
    /// The record.
    pub evidence: Evidence,
}

/// A session state change.
#[derive(Clone, PartialEq, Debug)]
pub struct StateChange {
    /// When.
    pub at: Time,
    /// Index into [`RouteHistory::vantages`].
    pub vantage: usize,
    /// RFC 4271 state before.
    pub from: u16,
    /// RFC 4271 state after; 6 is Established.
    pub to: u16,
    /// The record.
    pub evidence: Evidence,
}

/// Five minutes in which a vantage announced many prefixes: at least half of all that its collector heard of then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Burst {
    /// Start of the five minutes.
    pub at: Time,
    /// Index into [`RouteHistory::vantages`].
    pub vantage: usize,
    /// Family of the prefixes.
    pub family: Family,
    /// Distinct prefixes announced.
    pub prefixes: u64,
    /// The update file that has them; of several, the first.
    pub source: SourceId,
}

/// Length of a [`Burst`].
pub const BURST_MICROS: i64 = 5 * 60 * 1_000_000;

/// A sample of the links between networks that one dump shows in one family. A link is kept for its mark, a hash, so samples
/// of several dumps hold the same links, down to the mark below which both are whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EdgeSample {
    /// The dump.
    pub source: SourceId,
    /// Family.
    pub family: Family,
    /// Every link whose mark is below this is here; 2^32: all links.
    pub below: u64,
    /// Peer ASNs that hold routes, in order of their first one.
    pub peers: Vec<Asn>,
    /// Sorted by mark: the mark, and the peer that alone shows the link (index into `peers`), if one does. Of links that touch
    /// the number of a peer which shows them it is not told: they are its own.
    pub edges: Vec<(u32, Option<u32>)>,
}

/// A table in a dump, held against what updates since the dump before had led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reconciled {
    /// The vantage.
    pub vantage: Vantage,
    /// Family.
    pub family: Family,
    /// Routes in the dump.
    pub held: u64,
    /// Routes that updates had not led to, or had led elsewhere.
    pub differs: u64,
    /// Routes that updates spoke of and that both dumps have alike: whether these agree is not told.
    pub untold: u64,
    /// One in so many slices of the address space was looked at, and the two counts made as many times larger; 1: all of it.
    pub every: u64,
}

/// Observed routes for an origin or a prefix.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RouteHistory {
    /// Every vantage that appears, sorted.
    pub vantages: Vec<Vantage>,
    /// Every dump in the window, sorted by (at, collector), whether or not it holds a route asked for.
    pub tables: Vec<Table>,
    /// Every update file in the window, sorted by (from, collector).
    pub spans: Vec<UpdateSpan>,
    /// Sorted by (first, vantage, prefix, path).
    pub runs: Vec<RouteRun>,
    /// Sorted by (at, vantage, prefix); within one instant and key in the order of the file.
    pub events: Vec<RouteEvent>,
    /// Sorted by (at, vantage).
    pub states: Vec<StateChange>,
    /// Sorted by (at, vantage, family).
    pub bursts: Vec<Burst>,
}

/// A dump or an update file, as far as it tells who stands next to whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The file.
    pub source: SourceId,
    /// Collector.
    pub collector: String,
    /// Time of its first record.
    pub from: Time,
    /// Time of its last record.
    pub until: Time,
    /// True if what it lacks is absent: it was read without a fault that lost content, and whole.
    pub complete: bool,
}

/// An origin with a route over the upstream in one dump, or in several of a collector that follow each other. A dump that lacks
/// it ends the run, also where the vantages that showed it were away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BehindRun {
    /// The origin.
    pub origin: Asn,
    /// Family of the routes.
    pub family: Family,
    /// Index into [`OriginsBehind::dumps`] of the first dump that shows it.
    pub first: usize,
    /// Index into [`OriginsBehind::dumps`] of the last dump that shows it.
    pub last: usize,
}

/// An origin that an update file announces over the upstream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BehindAnnounced {
    /// The origin.
    pub origin: Asn,
    /// Family of the routes.
    pub family: Family,
    /// Index into [`OriginsBehind::spans`].
    pub span: usize,
}

/// Origins whose routes have one upstream next to them: the last AS left of the origin that is another ([`crate::PathRef::upstream`]).
/// Unicast; by raw paths. Which routes these are, [`RouteHistory`] of the origin tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OriginsBehind {
    /// Every dump in the window, sorted by (from, collector).
    pub dumps: Vec<Reading>,
    /// Every update file in the window, sorted by (from, collector).
    pub spans: Vec<Reading>,
    /// Sorted by (origin, family, first).
    pub runs: Vec<BehindRun>,
    /// Sorted by (origin, family, span).
    pub announced: Vec<BehindAnnounced>,
}

/// A dump that a question about all routes at one time looks at: of each collector the one nearest to that time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathDump {
    /// The file.
    pub source: SourceId,
    /// Collector.
    pub collector: String,
    /// Time of its first record.
    pub at: Time,
    /// Time of its last record.
    pub until: Time,
    /// True if it was read without a fault that lost routes.
    pub complete: bool,
}

/// Dumps nearest to one time and who held how many routes of one family in them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathDumps {
    /// The family.
    pub family: Family,
    /// One a collector, sorted by (at, collector).
    pub dumps: Vec<PathDump>,
    /// Vantages that held routes, sorted, each with the number of its routes.
    pub vantages: Vec<(Vantage, u64)>,
}

/// Everything those dumps hold from one origin.
#[derive(Clone, PartialEq, Debug)]
pub struct OriginPaths {
    /// The last number of every path.
    pub origin: Asn,
    /// Its prefixes, sorted.
    pub prefixes: Vec<Prefix>,
    /// Distinct paths, sorted by (vantage, path).
    pub paths: Vec<PathSeen>,
}

/// A path as one vantage held it.
#[derive(Clone, PartialEq, Debug)]
pub struct PathSeen {
    /// Index into [`PathDumps::vantages`].
    pub vantage: usize,
    /// Raw path.
    pub path: AsPath,
    /// Indices into [`OriginPaths::prefixes`] of the prefixes held by this path, sorted; never empty.
    pub prefixes: Vec<u32>,
    /// The record that states it of the first of them.
    pub evidence: Evidence,
}

/// The sources that rows refer to, by id.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sources(pub Vec<Source>);

impl Sources {
    /// The source with this number. Rows only refer to sources that exist.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.iter().find(|s| s.id == id)
    }
}
