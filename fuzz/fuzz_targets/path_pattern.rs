//! [`headwater_fuzz::pattern::matches`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::pattern::matches(data));
