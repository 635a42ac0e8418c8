//! [`headwater_fuzz::mrt::round_trip`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::mrt::round_trip(data));
