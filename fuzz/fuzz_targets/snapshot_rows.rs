//! [`headwater_fuzz::text::snapshot_rows`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::text::snapshot_rows(data));
