//! [`headwater_fuzz::stored::segment`] for libFuzzer.

#![no_main]

// The reader of Parquet panics on some damaged files, which the code under test catches: libFuzzer's hook would abort before.
// A panic that nothing catches still ends the run.
libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |data: &[u8]| headwater_fuzz::stored::segment(data));
