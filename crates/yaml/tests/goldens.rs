//! Reading and writing, held against what Go's libraries answered (`cargo xtask conformance yaml` asks them
//! anew). Each row of `tests/yaml/*.jsonl` has a value that was written or a text that was read.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use value::Value;
use yaml::{Profile, Rules};

#[test]
fn texts_and_values_are_read_and_written_as_in_go() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/yaml");
    let (mut rows, mut differences) = (0, Vec::new());
    for entry in fs::read_dir(folder).expect("the goldens") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for (number, line) in fs::read_to_string(&path).expect("a golden file").lines().enumerate() {
            let row = value::from_json(line.as_bytes()).expect(line);
            rows += 1;
            for (column, found) in answers(&row) {
                let expected = row.str_at(&[column]).expect(line);
                let is_same = if row.get("text").is_some() { is_read_alike } else { is_written_alike };
                if !is_same(expected, &found) {
                    let place = format!("{}:{} {column}", path.display(), number + 1);
                    differences.push(format!("{place}\n{line}\nexpected {expected:?}\nfound    {found:?}"));
                }
            }
        }
    }
    assert!(rows > 300, "only {rows} rows");
    let shown = &differences[..differences.len().min(12)];
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), shown.join("\n\n"));
}

fn answers(row: &Value) -> [(&'static str, String); 2] {
    match row.str_at(&["text"]) {
        Some(text) => [("kubernetes", read(text, Rules::V2)), ("v3", read(text, Rules::V3))],
        None => {
            let value = row.get("value").expect("a row has a value or a text");
            [("kubernetes", write(value, Profile::KUBERNETES)), ("v3", write(value, Profile::V3))]
        }
    }
}

fn read(text: &str, rules: Rules) -> String {
    match yaml::parse(text, rules) {
        Ok(value) => value::to_json(&value),
        Err(error) => format!("error: {error}"),
    }
}

fn write(value: &Value, profile: Profile) -> String {
    match yaml::to_yaml_as(value, profile) {
        Ok(text) => text,
        Err(error) => format!("error: {error}"),
    }
}

/// A text that was written is the same byte for byte; a value that Go refuses to write may be refused otherwise.
fn is_written_alike(expected: &str, found: &str) -> bool {
    expected == found || (expected.starts_with("error: ") && found.starts_with("error: "))
}

/// Go's words about its own types, and its lists of errors, are of no use to anybody; that both refuse counts.
fn is_read_alike(expected: &str, found: &str) -> bool {
    const GO_TYPES: [&str; 9] = [
        "error: yaml: anchor",
        "error: json: unsupported type",
        "error: unsupported map key",
        "error: yaml: invalid map key",
        "error: yaml: unmarshal errors",
        "error: yaml: cannot decode",
        "error: yaml: map merge",
        "error: yaml: !!binary",
        "error: panic",
    ];
    let json = |text: &str| value::from_json(text.as_bytes()).ok();
    // encoding/json escapes characters of HTML; kyaml calls an empty text the end of the file.
    expected == found
        || json(expected).is_some_and(|expected| json(found) == Some(expected))
        || (expected, found) == ("error: EOF", "null")
        || (GO_TYPES.iter().any(|start| expected.starts_with(start)) && found.starts_with("error: "))
}
