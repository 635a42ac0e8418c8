//! Where a fact came from.

use serde::Serialize;

use crate::Time;

/// A source's number in one history. It depends on the order of ingest, so it never reaches an output: outputs name the
/// sha256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceId(pub i64);

/// What a stream of bytes was recognised as, by content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// MRT (RFC 6396): table dumps, updates, or both.
    Mrt,
    /// CAIDA AS relationships, serial-1 (`a|b|rel`).
    AsRel1,
    /// CAIDA AS relationships, serial-2 (`a|b|rel|source`).
    AsRel2,
    /// An extract of CAIDA relationship files as CSV (`snapshot,series,a,b,rel,source`): it can show links, never absence.
    AsRelExtract,
    /// A prefix→origin snapshot.
    PrefixOrigin,
    /// ASN names or holders.
    AsNames,
    /// ASN tags (`tag,asn,name`).
    AsTags,
    /// RIR delegated-extended statistics.
    Delegated,
    /// rpki-client JSON output.
    Rpki,
    /// A tar archive, read member by member.
    Tar,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Kind] = &[
        Kind::Mrt,
        Kind::AsRel1,
        Kind::AsRel2,
        Kind::AsRelExtract,
        Kind::PrefixOrigin,
        Kind::AsNames,
        Kind::AsTags,
        Kind::Delegated,
        Kind::Rpki,
        Kind::Tar,
    ];

    /// The stable code, stored and shown.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Mrt => "mrt",
            Kind::AsRel1 => "as_rel_serial1",
            Kind::AsRel2 => "as_rel_serial2",
            Kind::AsRelExtract => "as_rel_extract",
            Kind::PrefixOrigin => "prefix_origin",
            Kind::AsNames => "as_names",
            Kind::AsTags => "as_tags",
            Kind::Delegated => "delegated",
            Kind::Rpki => "rpki",
            Kind::Tar => "tar",
        }
    }

    /// From the stable code.
    pub fn from_code(code: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|k| k.code() == code)
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// One file (or archive member) the history has read whole.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Source {
    /// Its number in this history.
    #[serde(skip)]
    pub id: SourceId,
    /// File name, with the member after `!` for an archive member. Hostile text.
    pub name: String,
    /// Where it was read from: absolute path, or `-`. Hostile text.
    #[serde(skip)]
    pub path: String,
    /// sha256 of the bytes as stored (compressed, if they are), lower-case hex; for an archive member, of the member's bytes.
    pub sha256: String,
    /// For an archive member, the sha256 of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_sha256: Option<String>,
    /// Size of the bytes that `sha256` is over.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
    /// The publisher's series, such as `caida-serial1`, `ipfire-location`, `asn2org`, or the collector for MRT. Sightings
    /// are compared within a series; across series only where the method says so.
    pub series: String,
    /// First instant its content speaks about.
    pub from: Option<Time>,
    /// Last instant its content speaks about.
    pub until: Option<Time>,
    /// Rows read from it.
    pub rows: u64,
    /// Faults found in it.
    pub faults: u64,
}

/// The bytes behind a fact: a source and the offset of the record or line in its decompressed stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Evidence {
    /// The source.
    pub source: SourceId,
    /// Byte offset in the decompressed stream.
    pub offset: u64,
}
