//! [`headwater_fuzz::words::parse_and_show`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::words::parse_and_show(data));
