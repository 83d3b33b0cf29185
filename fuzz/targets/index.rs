//! Any bytes are an index of a repository or refused, and versions are found in it or not.

#![no_main]

use helm::repository::Index;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(index) = Index::parse(data) else { return };
    for (name, versions) in &index.entries {
        for version in ["", "1.x", ">0.0.0-0"] {
            if let Ok(found) = index.get(name, version) {
                assert!(versions.iter().any(|known| known.metadata.version == found.metadata.version));
            }
        }
    }
});
