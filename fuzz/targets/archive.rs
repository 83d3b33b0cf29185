//! Any bytes are a chart archive or refused, and no path leads out of it.

#![no_main]

use helm::Chart;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(files) = helm::unpack(data) {
        for file in files {
            assert!(!file.name.starts_with('/') && !file.name.split('/').any(|part| part == ".."));
        }
    }
    drop(Chart::from_archive(data, "x.tgz", &helm::Log::default()));
});
