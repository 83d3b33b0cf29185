//! Facts that kustomize has built in, for `crates/kustomize/generated/`.
//!
//! The inputs are the Go modules of kustomize: kyaml's OpenAPI document of Kubernetes and its table of kinds
//! that live in no namespace, and the default field specs of the transformers. Of the document stays what
//! strategic merges ask for: which lists are merged, by which keys, and how they are reached.

mod fields;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

/// The module with the transformers.
pub(crate) const API: &str = "sigs.k8s.io/kustomize/api@v0.21.2";
/// The module with the OpenAPI document.
pub(crate) const KYAML: &str = "sigs.k8s.io/kustomize/kyaml@v0.21.2";

const BUNDLE: &str = "openapi/kubernetesapi/data/kubernetes-openapi-union-v1.21.2.bundle-v1.json.gz";
const STRATEGY: &str = "x-kubernetes-patch-strategy";
const KINDS: &str = "x-kubernetes-group-version-kind";
const KEPT: [&str; 3] = [STRATEGY, "x-kubernetes-patch-merge-key", "x-kubernetes-list-map-keys"];

/// The files by name.
///
/// # Errors
/// A module does not hold what is read from it.
pub(crate) fn generate(api: &Path, kyaml: &Path) -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("openapi.json", openapi(kyaml)?),
        ("cluster-scoped.txt", cluster_scoped(kyaml)?),
        ("field-specs.txt", field_specs(api)?),
        ("fields.txt", fields::fields(api, kyaml)?),
    ])
}

fn openapi(kyaml: &Path) -> Result<String> {
    let mut text = String::new();
    let file = kyaml.join(BUNDLE);
    let packed = fs::File::open(&file).with_context(|| file.display().to_string())?;
    GzDecoder::new(packed).read_to_string(&mut text)?;
    let bundle: Value = serde_json::from_str(&text)?;
    let all = bundle["definitions"].as_object().context("the bundle has no definitions")?;
    let useful = useful(all);
    let mut kept = Map::new();
    for (name, definition) in all {
        if useful.contains(name.as_str()) {
            kept.insert(name.clone(), pruned(definition, &useful));
        }
    }
    // One definition a line, so that a change can be read.
    let lines: Vec<String> =
        kept.iter().map(|(name, definition)| format!("\"{name}\":{definition}")).collect();
    Ok(format!("{{\"definitions\":{{\n{}\n}}}}\n", lines.join(",\n")))
}

/// Definitions from which a merged list is reached.
fn useful(all: &Map<String, Value>) -> BTreeSet<&str> {
    let mut useful = BTreeSet::new();
    loop {
        let before = useful.len();
        for (name, definition) in all {
            if !useful.contains(name.as_str()) && reaches(definition, &useful) {
                useful.insert(name.as_str());
            }
        }
        if useful.len() == before {
            return useful;
        }
    }
}

fn is_merged(schema: &Value) -> bool {
    schema[STRATEGY].as_str().is_some_and(|strategy| strategy.split(',').any(|one| one == "merge"))
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/definitions/")
}

fn reaches(schema: &Value, useful: &BTreeSet<&str>) -> bool {
    if schema.is_null() {
        return false;
    }
    let inner = [&schema["items"], &schema["additionalProperties"]];
    let fields = schema["properties"].as_object().into_iter().flat_map(Map::values);
    (is_merged(schema) && schema["type"] == "array")
        || reference(schema).is_some_and(|name| useful.contains(name))
        || inner.into_iter().chain(fields).any(|schema| reaches(schema, useful))
}

fn pruned(schema: &Value, useful: &BTreeSet<&str>) -> Value {
    let mut kept = Map::new();
    for name in ["$ref", "type"].into_iter().chain(KEPT) {
        if !schema[name].is_null() {
            kept.insert(name.to_owned(), schema[name].clone());
        }
    }
    for name in ["items", "additionalProperties"] {
        // The elements of a merged list are looked up even where there is nothing to know about them.
        if reaches(&schema[name], useful) || (name == "items" && is_merged(schema)) {
            kept.insert(name.to_owned(), pruned(&schema[name], useful));
        }
    }
    if let Some(fields) = schema["properties"].as_object() {
        let fields: Map<String, Value> = fields
            .iter()
            .filter(|(_, field)| reaches(field, useful))
            .map(|(name, field)| (name.clone(), pruned(field, useful)))
            .collect();
        if !fields.is_empty() {
            kept.insert("properties".to_owned(), Value::Object(fields));
        }
    }
    if let Some(kinds) = schema[KINDS].as_array() {
        let kinds = kinds
            .iter()
            .map(|kind| json!({"group": kind["group"], "version": kind["version"], "kind": kind["kind"]}));
        kept.insert(KINDS.to_owned(), kinds.collect());
    }
    // An element without anything to know keeps its place as an empty schema.
    if reference(schema).is_some_and(|name| !useful.contains(name)) {
        kept.remove("$ref");
    }
    Value::Object(kept)
}

fn cluster_scoped(kyaml: &Path) -> Result<String> {
    let source = fs::read_to_string(kyaml.join("openapi/openapi.go"))?;
    let mut kinds = BTreeSet::new();
    for line in source.lines().filter(|line| line.contains("{APIVersion: \"") && line.contains("false,")) {
        let parts: Vec<&str> = line.split('"').collect();
        if let [_, version, _, kind, ..] = parts.as_slice() {
            kinds.insert(format!("{version} {kind}\n"));
        }
    }
    Ok(kinds.into_iter().collect())
}

/// One line for each spec: section, referenced kind, kind of the object, path, whether it is created.
fn field_specs(api: &Path) -> Result<String> {
    let folder = api.join("internal/konfig/builtinpluginconsts");
    let mut constants = BTreeMap::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "go") {
            collect(&fs::read_to_string(&path)?, &mut constants);
        }
    }
    let shared = |name: &str| constants.get(name).cloned().with_context(|| format!("no constant {name}"));
    let mut lines = String::new();
    for (name, text) in &constants {
        let mut text = text.clone();
        if name == "commonLabelFieldSpecs" {
            text += &shared("metadataLabelsFieldSpecs")?;
            text += &shared("volumeClaimTemplatesMetadataLabels")?;
        } else if name == "templateLabelFieldSpecs" {
            text += &shared("metadataLabelsFieldSpecs")?;
        } else if name == "volumeClaimTemplateLabelFieldSpecs" {
            text += &shared("volumeClaimTemplatesMetadataLabels")?;
        }
        let value = yaml::parse(&text, yaml::Rules::V2).with_context(|| name.clone())?;
        for (section, specs) in value.as_map().into_iter().flatten() {
            for spec in specs.as_list().unwrap_or_default() {
                match spec.get("fieldSpecs").and_then(value::Value::as_list) {
                    Some(inner) => inner.iter().for_each(|one| lines += &line(section, &kind(spec), one)),
                    None => lines += &line(section, "-", spec),
                }
            }
        }
    }
    Ok(lines)
}

fn kind(spec: &value::Value) -> String {
    let part = |name: &str| spec.str_at(&[name]).unwrap_or_default().to_owned();
    format!("{}/{}/{}", part("group"), part("version"), part("kind"))
}

fn line(section: &str, target: &str, spec: &value::Value) -> String {
    let create = if spec.get("create") == Some(&value::Value::Bool(true)) { "create" } else { "-" };
    format!("{section} {target} {} {} {create}\n", kind(spec), spec.str_at(&["path"]).unwrap_or_default())
}

/// The constants of a Go file that are one text in back quotes, possibly with more behind it.
fn collect(source: &str, constants: &mut BTreeMap<String, String>) {
    let mut parts = source.split('`');
    let mut before = parts.next().unwrap_or_default();
    while let (Some(text), Some(after)) = (parts.next(), parts.next()) {
        let line = before.lines().last().unwrap_or_default();
        if let Some((name, _)) = line.split_once('=') {
            let name = name.trim().trim_start_matches("const ").trim().to_owned();
            constants.insert(name, text.to_owned());
        }
        before = after;
    }
}
