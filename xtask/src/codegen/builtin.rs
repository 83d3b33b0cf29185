//! Facts of Kubernetes' built-in kinds, for `crates/apimachinery/generated/builtin.json.gz`.
//!
//! The input is the OpenAPI v3 documents that the Go module `k8s.io/kubernetes` carries
//! (`api/openapi-spec/v3`) and the aggregated discovery of a kube-apiserver of the same version with
//! default flags, which `discovery.json.gz` beside this file is a recording of: one array of the `items`
//! of `/api` and of `/apis`. Descriptions are left out; they are upstream's text and most of the size.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};

/// The recorded discovery of kube-apiserver v1.36.3.
pub static DISCOVERY: &[u8] = include_bytes!("discovery.json.gz");

/// The version of the module and of the recording.
pub const VERSION: &str = "v1.36.3";

/// Makes the compressed facts from the module's folder and a discovery recording (JSON, compressed or
/// not). The same input gives the same bytes.
///
/// # Errors
/// A folder without the documents of a group and version that the discovery names, and malformed JSON.
pub fn generate(module_dir: &Path, discovery_json: &[u8]) -> Result<Vec<u8>> {
    let discovery = read_discovery(discovery_json)?;
    let mut definitions = Map::new();
    for (group, version) in group_versions(&discovery) {
        collect(module_dir, &group, &version, &mut definitions)?;
    }
    let facts = json!({"version": VERSION, "groups": discovery, "definitions": definitions});
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    serde_json::to_writer(&mut encoder, &facts).context("writing the facts")?;
    encoder.flush().context("compressing the facts")?;
    encoder.finish().context("compressing the facts")
}

fn read_discovery(bytes: &[u8]) -> Result<Value> {
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(bytes).read_to_end(&mut plain).context("decompressing the discovery")?;
    } else {
        plain.extend_from_slice(bytes);
    }
    serde_json::from_slice(&plain).context("parsing the discovery")
}

fn group_versions(discovery: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let groups = discovery.as_array().map(Vec::as_slice).unwrap_or_default();
    groups
        .iter()
        .flat_map(|group| {
            let versions = group["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
            versions.iter().map(move |version| (text(&group["metadata"]["name"]), text(&version["version"])))
        })
        .collect()
}

fn collect(module_dir: &Path, group: &str, version: &str, into: &mut Map<String, Value>) -> Result<()> {
    let root = if group.is_empty() { "api".to_owned() } else { format!("apis__{group}") };
    let file = module_dir.join("api/openapi-spec/v3").join(format!("{root}__{version}_openapi.json"));
    let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    let document: Value =
        serde_json::from_slice(&bytes).with_context(|| format!("parsing {}", file.display()))?;
    let Some(schemas) = document["components"]["schemas"].as_object() else {
        bail!("{} has no components.schemas", file.display());
    };
    for (name, schema) in schemas {
        let schema = without_descriptions(schema);
        match into.get(name) {
            Some(known) if kinds(known).is_superset(&kinds(&schema)) => {}
            // DeleteOptions and WatchEvent list the kinds of the groups that know them.
            _ => {
                into.insert(name.clone(), schema);
            }
        }
    }
    Ok(())
}

fn kinds(schema: &Value) -> BTreeSet<String> {
    let list = schema["x-kubernetes-group-version-kind"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(ToString::to_string).collect()
}

/// A property may be called `description`; its schema is a map and stays.
fn without_descriptions(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, value)| !(*key == "description" && value.is_string()))
            .map(|(key, value)| (key.clone(), without_descriptions(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(without_descriptions).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}
