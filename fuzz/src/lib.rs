//! What each fuzz target does with its bytes: one function a target, which panics where the code under test breaks a promise.
//!
//! libFuzzer calls them (`fuzz_targets/`), and `replay` does over kept inputs without it. `corpus` writes the inputs to start
//! from, from the project's own encoders. Must not know: libFuzzer.

#![forbid(unsafe_code)]

pub mod codec;
pub mod filter;
pub mod mrt;
pub mod pattern;
#[cfg(feature = "stored")]
pub mod stored;
pub mod text;
pub mod words;

/// A target's name and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("mrt_read", mrt::read_any),
    ("mrt_roundtrip", mrt::round_trip),
    ("mrt_filter", filter::filtered),
    ("path_pattern", pattern::matches),
    ("words", words::parse_and_show),
    ("codec", codec::decompress),
    ("tar_members", codec::tar_members),
    ("sniff", text::sniff_any),
    ("snapshot_rows", text::snapshot_rows),
    #[cfg(feature = "stored")]
    ("segment", stored::segment),
    #[cfg(feature = "stored")]
    ("dump_state", stored::dump_state),
];
