#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| konf_fuzz::sms(data));
