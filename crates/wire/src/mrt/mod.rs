//! MRT (RFC 6396).
