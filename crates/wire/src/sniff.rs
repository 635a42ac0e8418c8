//! Recognition by content.
