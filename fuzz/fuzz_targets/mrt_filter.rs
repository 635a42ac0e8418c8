//! [`headwater_fuzz::filter::filtered`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::filter::filtered(data));
