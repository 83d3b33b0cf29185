//! The cases below `tests/kustomize/cases` come out as kustomize 5.8.2 builds them.
//!
//! `cargo xtask conformance kustomize` makes the expectations with the real tool and compares them.

#![expect(clippy::expect_used, reason = "a test that cannot read its cases must fail")]
#![expect(clippy::result_large_err, reason = "an error says all that it knows, and ends the build")]

mod bad;
mod case;
mod flux;
mod fuzz;
mod steps;
mod unreadable;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use case::Case;
use kustomize::Options;

fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/kustomize/cases");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("cases").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("name").to_string_lossy().into_owned();
        (name, Case::parse(&std::fs::read_to_string(&path).expect("text")))
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn each_case_comes_out_as_kustomize_builds_it() {
    let mut failures = Vec::new();
    for (name, case) in cases() {
        let built = kustomize::build(&case, &case.directory, Options::default());
        let built = built.and_then(|built| built.to_yaml());
        match (&case.output, &case.refusal, built) {
            (Some(expected), _, Ok(output)) if *expected == output => {}
            (None, Some(expected), Err(error)) if expected.trim_end() == error.to_string().trim_end() => {}
            (Some(expected), _, Ok(output)) => {
                let line = expected.lines().zip(output.lines()).position(|(one, other)| one != other);
                failures.push(format!("{name}: another output from line {line:?}:\n{output}"));
            }
            (_, _, Ok(output)) => failures.push(format!("{name}: must fail, but gives\n{output}")),
            (_, _, Err(error)) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_field_of_a_kustomization_has_cases() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, case) in cases() {
        let files = case.files.iter().filter(|(path, _)| {
            kustomize::kustomization::FILE_NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
        });
        let texts: Vec<value::Value> =
            files.filter_map(|(_, text)| yaml::parse(text, yaml::Rules::V2).ok()).collect();
        for field in kustomize::kustomization::FIELDS {
            if texts.iter().any(|value| value.get(field).is_some()) {
                *counts.entry(field).or_default() += 1;
            }
        }
    }
    let few: Vec<String> = kustomize::kustomization::FIELDS
        .iter()
        .filter(|field| counts.get(*field).is_none_or(|count| *count < 3))
        .map(|field| format!("{field}: {}", counts.get(field).copied().unwrap_or_default()))
        .collect();
    assert!(few.is_empty(), "fields with less than three cases: {few:?}");
    assert!(cases().len() >= 250, "{} cases", cases().len());
}

/// The fields of kustomize's own types, taken from its module: the type and the name.
const UPSTREAM: &str = include_str!("../../generated/fields.txt");

/// What stands in a field, or in each entry of its list: the type, the field, and the type of its content.
const CONTENTS: [(&str, &str, &str); 31] = [
    ("ConfigMapArgs", "options", "GeneratorOptions"),
    ("Kustomization", "configMapGenerator", "ConfigMapArgs"),
    ("Kustomization", "generatorOptions", "GeneratorOptions"),
    ("Kustomization", "helmChartInflationGenerator", "HelmChartArgs"),
    ("Kustomization", "helmCharts", "HelmChart"),
    ("Kustomization", "helmGlobals", "HelmGlobals"),
    ("Kustomization", "imageTags", "Image"),
    ("Kustomization", "images", "Image"),
    ("Kustomization", "labels", "Label"),
    ("Kustomization", "metadata", "ObjectMeta"),
    ("Kustomization", "patches", "Patch"),
    ("Kustomization", "patchesJson6902", "Patch"),
    ("Kustomization", "replacements", "ReplacementField"),
    ("Kustomization", "replicas", "Replica"),
    ("Kustomization", "secretGenerator", "SecretArgs"),
    ("Kustomization", "sortOptions", "SortOptions"),
    ("Kustomization", "vars", "Var"),
    ("Label", "fields", "FieldSpec"),
    ("Patch", "options", "PatchArgs"),
    ("Patch", "target", "Selector"),
    ("ReplacementField", "source", "SourceSelector"),
    ("ReplacementField", "targets", "TargetSelector"),
    ("SecretArgs", "options", "GeneratorOptions"),
    ("SortOptions", "legacySortOptions", "LegacySortOptions"),
    ("SourceSelector", "options", "FieldOptions"),
    ("TargetSelector", "options", "FieldOptions"),
    ("TargetSelector", "reject", "Selector"),
    ("TargetSelector", "select", "Selector"),
    ("Var", "fieldref", "FieldSelector"),
    ("Var", "objref", "Target"),
    ("", "", "Kustomization"),
];

/// The fields in a value of a type of kustomize's, with the types that they are of.
fn note_fields(of: &str, value: &value::Value, found: &mut BTreeSet<String>) {
    for (key, inner) in value.as_map().into_iter().flatten() {
        found.insert(format!("{of} {key}"));
        if let Some((.., content)) =
            CONTENTS.iter().find(|(known, field, _)| *known == of && **key == **field)
        {
            note_fields(content, inner, found);
        }
    }
    value.as_list().into_iter().flatten().for_each(|item| note_fields(of, item, found));
}

#[test]
fn the_fields_are_those_of_kustomize() {
    let upstream: BTreeSet<&str> =
        UPSTREAM.lines().filter_map(|line| line.strip_prefix("Kustomization ")).collect();
    assert_eq!(upstream, kustomize::kustomization::FIELDS.into_iter().collect());
}

#[test]
fn every_field_within_a_kustomization_has_a_case() {
    let mut found = BTreeSet::new();
    let commands = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/kustomize/commands");
    let texts = std::fs::read_dir(commands)
        .expect("commands")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a text"));
    let all = texts.map(|text| Case::parse(&text)).chain(cases().into_iter().map(|(_, case)| case));
    let is_kustomization = |path: &str| {
        path.rsplit('/').next().is_some_and(|name| kustomize::kustomization::FILE_NAMES.contains(&name))
    };
    for (path, text) in all.flat_map(|case| case.files) {
        if is_kustomization(&path) {
            for document in yaml::parse_documents(&text, yaml::Rules::V2).unwrap_or_default() {
                note_fields("Kustomization", &document.value, &mut found);
            }
        }
    }
    let without: Vec<&str> = UPSTREAM.lines().filter(|line| !found.contains(*line)).collect();
    assert!(without.is_empty(), "fields without a case: {without:?}");
}

#[test]
fn the_types_of_contents_are_those_of_kustomize() {
    let types: BTreeSet<&str> = UPSTREAM.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(types, CONTENTS.iter().map(|(.., content)| *content).collect());
    for (of, field, _) in CONTENTS.iter().filter(|(of, ..)| !of.is_empty()) {
        assert!(UPSTREAM.lines().any(|line| line == format!("{of} {field}")), "{of} {field}");
    }
}

#[test]
fn the_fields_are_those_that_are_read() {
    let all = kustomize::kustomization::FIELDS.map(|field| (field, value::Value::Null));
    assert_eq!(all.len(), 34);
    let read = kustomize::Kustomization::read(&value::Value::map_of(all));
    assert!(read.is_ok(), "{read:?}");
    let unknown = kustomize::Kustomization::read(&value::Value::map_of([("inventory", value::Value::Null)]));
    assert!(unknown.is_err());
}
