//! MRT observations on their way into segments.
//!
//! A dump's routes are compared with the collector's previous dump ([`crate::dump_state`]) prefix by prefix, as both come in
//! prefix order, and only what changed is kept ([`dump`]). Rows wait in memory ([`rows`]) until a segment's worth is there,
//! then they are sorted and written. Updates are kept as they are ([`updates`]). Records are told by those of an earlier dump
//! ([`shifts`]). Beside them goes who stands next to whom ([`pairs`]). On the way it is noted what tells a faulty vantage from a
//! sound one: links that it alone shows ([`edges`]), and bursts of announcements ([`bursts`]).

pub(crate) mod bursts;
pub(crate) mod dump;
pub(crate) mod edges;
pub(crate) mod pairs;
pub(crate) mod paths;
pub(crate) mod rows;
pub(crate) mod shifts;
pub(crate) mod updates;
pub(crate) mod via;

use headwater_route::Attributes;

/// Community 65535:666 (RFC 7999).
pub(crate) const MARK_BLACKHOLE: i32 = 1;
/// Community 65535:65281 (RFC 1997).
pub(crate) const MARK_NO_EXPORT: i32 = 2;
/// Attribute 35 present (RFC 9234).
pub(crate) const MARK_ONLY_TO_CUSTOMER: i32 = 4;
/// ATOMIC_AGGREGATE present.
pub(crate) const MARK_ATOMIC_AGGREGATE: i32 = 8;

/// The bits of the `marks` column.
pub(crate) fn marks(attributes: &Attributes<'_>) -> i32 {
    let mut marks = 0;
    for pair in attributes.community_pairs() {
        match pair {
            (65535, 666) => marks |= MARK_BLACKHOLE,
            (65535, 65281) => marks |= MARK_NO_EXPORT,
            _ => {}
        }
    }
    if attributes.only_to_customer.is_some() {
        marks |= MARK_ONLY_TO_CUSTOMER;
    }
    if attributes.atomic_aggregate {
        marks |= MARK_ATOMIC_AGGREGATE;
    }
    marks
}
