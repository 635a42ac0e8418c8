//! [`headwater_fuzz::codec::decompress`] for libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| headwater_fuzz::codec::decompress(data));
