//! The tables of a history: columns and sort order. Every column is a signed integer or text, so that any Parquet reader can
//! use the files.
//!
//! Addresses are split so that they sort and compare as integers: `net` holds an IPv4 address (0 … 2³²−1) or the upper 64
//! bits of an IPv6 address (as two's complement), `net_lo` the lower 64 bits of an IPv6 address, 0 for IPv4.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use headwater_route::{Family, Prefix};

/// A table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// Routes in table dumps, as changes against the dump they build on.
    Routes,
    /// Which origins a dump's `routes` rows give a prefix: the way from a prefix to its origins.
    PrefixOrigins,
    /// Announcements and withdrawals from update files.
    Updates,
    /// Which origins a source shows behind an upstream; a dump's as changes against the one it builds on.
    UpstreamOrigins,
    /// Which prefixes an update file shows from an origin: the way from an origin to its updates.
    OriginPrefixes,
    /// Published AS relationships, each from both sides.
    Links,
    /// Published prefix→origin ranges.
    Origins,
    /// ASN names.
    Names,
    /// ASN tags.
    Tags,
    /// RIR delegations.
    Delegations,
    /// Validated ROA payloads.
    Vrps,
    /// Validated ASPAs, one row a provider.
    Aspas,
}

const INT: DataType = DataType::Int64;
const SMALL: DataType = DataType::Int32;
const TEXT: DataType = DataType::Utf8;

/// A column: name, type, what it holds.
type Column = (&'static str, DataType, &'static str);

impl Table {
    /// Every table.
    pub const ALL: &[Table] = &[
        Table::Routes,
        Table::PrefixOrigins,
        Table::UpstreamOrigins,
        Table::Updates,
        Table::OriginPrefixes,
        Table::Links,
        Table::Origins,
        Table::Names,
        Table::Tags,
        Table::Delegations,
        Table::Vrps,
        Table::Aspas,
    ];

    /// Its name in SQL and in the directory.
    pub fn name(self) -> &'static str {
        match self {
            Table::Routes => "routes",
            Table::PrefixOrigins => "prefix_origins",
            Table::UpstreamOrigins => "upstream_origins",
            Table::Updates => "updates",
            Table::OriginPrefixes => "origin_prefixes",
            Table::Links => "links",
            Table::Origins => "origins",
            Table::Names => "names",
            Table::Tags => "tags",
            Table::Delegations => "delegations",
            Table::Vrps => "vrps",
            Table::Aspas => "aspas",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Table> {
        Table::ALL.iter().copied().find(|t| t.name() == name)
    }

    /// Its columns, in order; rows are sorted as [`Table::sorted_by`] says.
    pub fn columns(self) -> Vec<Column> {
        let mut columns: Vec<Column> = match self {
            Table::Routes => vec![
                ("origin", INT, "origin AS; -1 where the path gives none"),
                ("vantage", SMALL, "vantages.id"),
                ("family", SMALL, "4 or 6"),
                ("net", INT, "IPv4 address, or upper half of an IPv6 address"),
                ("net_lo", INT, "lower half of an IPv6 address, else 0"),
                ("len", SMALL, "prefix length"),
                ("safi", SMALL, "1 unicast, 2 multicast"),
                (
                    "held",
                    SMALL,
                    "1: the vantage holds this route as of the dump; 0: it no longer holds one from this origin",
                ),
                ("via", TEXT, "raw AS path without the ends that `ends` names; empty where held is 0"),
                ("ends", SMALL, "bits: 1 the path begins with the vantage's AS, 2 it ends with the origin"),
                ("marks", SMALL, "bits: 1 blackhole community, 2 no-export, 4 ONLY_TO_CUSTOMER, 8 atomic aggregate"),
            ],
            Table::PrefixOrigins => prefix_columns(&[("origin", INT, "origin AS; -1 where the path gives none")]),
            Table::UpstreamOrigins => vec![
                ("upstream", INT, "the AS next to the origin"),
                ("origin", INT, "origin AS"),
                ("family", SMALL, "4 or 6"),
                ("shown", SMALL, "1 by the dump and not by its base; 0 the other way round; 2 by announcements"),
            ],
            Table::Updates => {
                let mut columns = prefix_columns(&[]);
                columns.extend([
                    ("vantage", SMALL, "vantages.id"),
                    ("at", INT, "time of receipt, microseconds since 1970 UTC"),
                    ("safi", SMALL, "1 unicast, 2 multicast"),
                    ("announced", SMALL, "1 announcement, 0 withdrawal"),
                    ("origin", INT, "origin AS; -1 for withdrawals and where the path gives none"),
                    ("via", TEXT, "raw AS path without the ends that `ends` names; empty for withdrawals"),
                    ("ends", SMALL, "as in routes"),
                    ("marks", SMALL, "as in routes"),
                ]);
                columns
            }
            Table::OriginPrefixes => {
                let mut columns = vec![("origin", INT, "origin AS")];
                columns.extend(prefix_columns(&[]));
                columns
            }
            Table::Links => vec![
                ("asn", INT, "the AS from whose side the link is told"),
                ("kind", SMALL, "what the neighbour is to it: 0 provider, 1 peer, 2 customer"),
                ("neighbour", INT, "the other AS"),
                ("seen_by", TEXT, "how the publisher saw it: bgp, mlp, ark"),
                ("day_from", INT, "first instant the snapshot covers, microseconds"),
                ("day_until", INT, "last instant the snapshot covers, microseconds"),
                ("series", TEXT, "caida-serial1 or caida-serial2"),
            ],
            Table::Origins => vec![
                ("family", SMALL, "4 or 6"),
                ("first", INT, "first address: as net"),
                ("first_lo", INT, "as net_lo"),
                ("last", INT, "last address: as net"),
                ("last_lo", INT, "as net_lo"),
                ("asn", INT, "origin; -1 where the source gives none"),
                ("country", TEXT, "as published"),
                ("flags", TEXT, "as published"),
            ],
            Table::Names => vec![
                ("asn", INT, "AS number"),
                ("name", TEXT, "as published"),
                ("country", TEXT, "as published"),
                ("note", TEXT, "registry or class as published"),
            ],
            Table::Tags => {
                vec![("asn", INT, "AS number"), ("tag", TEXT, "as published"), ("name", TEXT, "as published")]
            }
            Table::Delegations => vec![
                ("resource", SMALL, "0 ASNs, 4 IPv4, 6 IPv6"),
                ("first", INT, "first ASN or address: as net"),
                ("first_lo", INT, "as net_lo"),
                ("last", INT, "last ASN or address: as net"),
                ("last_lo", INT, "as net_lo"),
                ("registry", TEXT, "as published"),
                ("country", TEXT, "as published"),
                ("date", INT, "date of delegation, microseconds; null where unknown"),
                ("status", TEXT, "as published"),
                ("opaque_id", TEXT, "as published"),
            ],
            Table::Vrps => prefix_columns(&[
                ("max_len", SMALL, "longest announcement allowed"),
                ("asn", INT, "authorised origin"),
                ("ta", TEXT, "trust anchor"),
                ("expires", INT, "end of validity of the chain, microseconds; null where unknown"),
            ]),
            Table::Aspas => vec![
                ("customer", INT, "who signed"),
                ("provider", INT, "whom it lists"),
                ("expires", INT, "end of validity of the chain, microseconds; null where unknown"),
            ],
        };
        columns.push(("source", INT, "sources.id"));
        if self == Table::Routes {
            columns.push(("near", SMALL, "1: position is the distance from where the record was expected"));
        }
        if !matches!(self, Table::PrefixOrigins | Table::UpstreamOrigins | Table::OriginPrefixes) {
            columns.push(("position", INT, "byte offset of the record or line in the decompressed stream"));
        }
        columns
    }

    /// Leading columns that its segments are sorted by.
    pub fn sorted_by(self) -> &'static [&'static str] {
        match self {
            // Within an origin: by vantage in a whole dump, by prefix among changes.
            Table::Routes => &["origin"],
            Table::PrefixOrigins | Table::Vrps => &["family", "net", "net_lo", "len"],
            Table::Updates => &["family", "net", "net_lo", "len", "vantage", "at"],
            Table::UpstreamOrigins => &["upstream", "origin", "family"],
            Table::OriginPrefixes => &["origin", "family", "net", "net_lo", "len"],
            Table::Links => &["asn", "kind", "neighbour"],
            Table::Origins => &["family", "first", "first_lo"],
            Table::Names | Table::Tags => &["asn"],
            Table::Delegations => &["resource", "first", "first_lo"],
            Table::Aspas => &["customer", "provider"],
        }
    }

    /// Arrow schema.
    pub fn schema(self) -> SchemaRef {
        let nullable = |name: &str| matches!(name, "date" | "expires");
        let fields: Vec<Field> =
            self.columns().into_iter().map(|(name, kind, _)| Field::new(name, kind, nullable(name))).collect();
        Arc::new(Schema::new(fields))
    }
}

fn prefix_columns(more: &[Column]) -> Vec<Column> {
    let mut columns = vec![
        ("family", SMALL, "4 or 6"),
        ("net", INT, "IPv4 address, or upper half of an IPv6 address"),
        ("net_lo", INT, "lower half of an IPv6 address, else 0"),
        ("len", SMALL, "prefix length"),
    ];
    columns.extend_from_slice(more);
    columns
}

/// `family` column of a family.
pub fn family_code(family: Family) -> i32 {
    match family {
        Family::V4 => 4,
        Family::V6 => 6,
    }
}

/// Family of a `family` column.
pub fn family_of(code: i32) -> Family {
    if code == 6 { Family::V6 } else { Family::V4 }
}

/// (`net`, `net_lo`) of left-aligned address bits.
pub fn split_bits(family: Family, bits: u128) -> (i64, i64) {
    match family {
        Family::V4 => ((bits >> 96) as i64, 0),
        Family::V6 => ((bits >> 64) as i64, bits as u64 as i64),
    }
}

/// Left-aligned address bits of (`net`, `net_lo`); the inverse of [`split_bits`] on first addresses.
pub fn join_bits(family: Family, net: i64, net_lo: i64) -> u128 {
    match family {
        Family::V4 => u128::from(net as u32) << 96,
        Family::V6 => u128::from(net as u64) << 64 | u128::from(net_lo as u64),
    }
}

/// As [`join_bits`] for the last address of a range: the bits below the family's width are ones.
pub fn join_last_bits(family: Family, net: i64, net_lo: i64) -> u128 {
    let low = if family == Family::V4 { (1u128 << 96) - 1 } else { 0 };
    join_bits(family, net, net_lo) | low
}

/// The prefix of a row.
pub fn join_prefix(family: i32, net: i64, net_lo: i64, len: i32) -> Option<Prefix> {
    let family = family_of(family);
    Prefix::from_bits(family, join_bits(family, net, net_lo), u8::try_from(len).ok()?)
}
