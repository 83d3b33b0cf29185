//! Any line of `--set` is read or refused, and values stay a map.

#![no_main]

use helm::strvals;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for parse in [strvals::parse, strvals::parse_string, strvals::parse_json, strvals::parse_literal] {
        let mut values = value::from_json(br#"{"a":{"b":[1,{"c":2}]},"b":[[1]],"c":"text"}"#).expect("JSON");
        drop(parse(text, &mut values));
        assert!(values.as_map().is_some());
    }
});
