//! [`headwater_fuzz::stored::segment`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::stored::segment(data));
