//! [`headwater_fuzz::text::sniff_any`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::text::sniff_any(data));
