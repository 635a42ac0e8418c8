//! Tells MRT (RFC 6396) by its record headers.

use crate::mrt::header::chain;

/// True if the stream starts with a record, or, where its start is damaged, holds a chain of them further on.
pub(super) fn looks_like_mrt(head: &[u8]) -> bool {
    // A type is a small number: its high byte is zero, which no text has.
    chain(head, 0, 1) == 1 || (1..head.len()).any(|at| head[at..].get(4) == Some(&0) && chain(head, at, 4) == 4)
}
