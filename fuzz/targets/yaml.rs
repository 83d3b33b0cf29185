//! Any text is YAML or refused, in the rules of both versions; what was read is written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use yaml::Rules;

fuzz_target!(|text: &str| {
    for rules in [Rules::V2, Rules::V3] {
        let Ok(documents) = yaml::parse_documents(text, rules) else { continue };
        for document in documents {
            let Ok(written) = yaml::to_yaml(&document.value) else { continue };
            yaml::parse(&written, Rules::V2).expect("what was written can be read");
        }
    }
});
