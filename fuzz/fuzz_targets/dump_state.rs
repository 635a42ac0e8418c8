//! [`headwater_fuzz::stored::dump_state`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::stored::dump_state(data));
