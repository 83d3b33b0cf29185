//! Facts of Kubernetes' built-in kinds, for `crates/apimachinery/generated/builtin.json.gz`.
//!
//! The input is the OpenAPI v3 documents that the Go module `k8s.io/kubernetes` carries
//! (`api/openapi-spec/v3`) and the aggregated discovery of a kube-apiserver of the same version with
//! default flags, which `discovery.json.gz` beside this file is a recording of: one array of the `items`
//! of `/api` and of `/apis`. Descriptions are left out; they are upstream's text and most of the size.
//!
//! What the documents do not tell is read from Go's types in the sibling modules of the module cache: which
//! fields are held by pointer, so that their zero is written (`x-go-pointer`), which are written as null when
//! there is nothing in them (`x-go-null`), and the numbers that fields have in protobuf (`x-go-protobuf`: from
//! number to name, or to the numbers within a message whose fields JSON shows one level up).

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};

/// The recorded discovery of kube-apiserver v1.36.3.
pub(crate) static DISCOVERY: &[u8] = include_bytes!("discovery.json.gz");

/// The version of the module and of the recording.
pub(crate) const VERSION: &str = "v1.36.3";

/// Makes the compressed facts from the module's folder and a discovery recording (JSON, compressed or
/// not). The same input gives the same bytes.
///
/// # Errors
/// A folder without the documents of a group and version that the discovery names, and malformed JSON.
pub(crate) fn generate(module_dir: &Path, discovery_json: &[u8]) -> Result<Vec<u8>> {
    let discovery = read_discovery(discovery_json)?;
    let mut definitions = Map::new();
    for (group, version) in group_versions(&discovery) {
        collect(module_dir, &group, &version, &mut definitions)?;
    }
    mark_fields(module_dir, &mut definitions)?;
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

/// The sibling modules with types, and how the names of their definitions start.
const TYPES: [(&str, &str, &str); 4] = [
    ("api", "", "io.k8s.api"),
    ("apimachinery", "pkg/apis", "io.k8s.apimachinery.pkg.apis"),
    ("apiextensions-apiserver", "pkg/apis", "io.k8s.apiextensions-apiserver.pkg.apis"),
    ("kube-aggregator", "pkg/apis", "io.k8s.kube-aggregator.pkg.apis"),
];

fn mark_fields(module_dir: &Path, definitions: &mut Map<String, Value>) -> Result<()> {
    let siblings = module_dir.parent().context("the module has no folder around it")?;
    let version = VERSION.replacen("v1.", "v0.", 1);
    for (module, folder, prefix) in TYPES {
        let root = siblings.join(format!("{module}@{version}")).join(folder);
        for (name, definition) in definitions.iter_mut() {
            let Some((package, kind)) =
                name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')?.rsplit_once('.'))
            else {
                continue;
            };
            let package = root.join(package.replace('.', "/"));
            let numbers = protobuf_fields(&package, kind)?;
            if !numbers.is_empty()
                && let Some(definition) = definition.as_object_mut()
            {
                definition.insert("x-go-protobuf".to_owned(), numbers.into());
            }
            for field in struct_fields(&package, kind)? {
                if let Some(property) =
                    definition["properties"].get_mut(&field.name).and_then(Value::as_object_mut)
                {
                    field.mark(property);
                }
            }
        }
    }
    Ok(())
}

/// A field of a Go struct.
struct Field {
    name: String,
    kind: String,
    omits_empty: bool,
    omits_zero: bool,
}

impl Field {
    fn mark(&self, property: &mut Map<String, Value>) {
        let is_collection = self.kind.starts_with("[]") || self.kind.starts_with("map[");
        let is_time = matches!(self.kind.as_str(), "metav1.Time" | "metav1.MicroTime" | "Time" | "MicroTime");
        if self.kind.starts_with('*') {
            property.insert("x-go-pointer".to_owned(), Value::Bool(true));
        } else if (is_collection && !self.omits_empty) || (is_time && !self.omits_zero) {
            property.insert("x-go-null".to_owned(), Value::Bool(true));
        }
        // A zero that is left out when it is written is no default.
        let is_zero = property
            .get("default")
            .is_some_and(|default| [json!(0), json!(false), json!("")].contains(default));
        if self.omits_empty && !self.kind.starts_with('*') && is_zero {
            property.remove("default");
        }
    }
}

fn struct_fields(package: &Path, kind: &str) -> Result<Vec<Field>> {
    Ok(struct_lines(package, kind)?.iter().filter_map(|line| struct_field(line)).collect())
}

/// The numbers of the fields that the protobuf form of a struct has.
fn protobuf_fields(package: &Path, kind: &str) -> Result<Map<String, Value>> {
    let mut numbers = Map::new();
    for line in struct_lines(package, kind)? {
        let tag = |name: &str| line.split_once(&format!("{name}:\""))?.1.split('"').next();
        let Some(number) = tag("protobuf").and_then(|tag| tag.split(',').nth(1)) else { continue };
        let name = tag("json").and_then(|tag| tag.split(',').next()).unwrap_or_default();
        let meaning = if name.is_empty() {
            let embedded = line.split_whitespace().next().unwrap_or_default();
            protobuf_fields(package, embedded)?.into()
        } else {
            Value::from(name)
        };
        numbers.insert(number.to_owned(), meaning);
    }
    Ok(numbers)
}

/// The lines between the braces of a struct.
fn struct_lines(package: &Path, kind: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for file in fs::read_dir(package).with_context(|| format!("reading {}", package.display()))? {
        let path = file.with_context(|| format!("reading {}", package.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_source = name.ends_with(".go") && !name.ends_with("_test.go");
        if !is_source || name.starts_with("zz_") || name.contains("generated") {
            continue;
        }
        let source = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let Some((_, body)) = source.split_once(&format!("\ntype {kind} struct {{")) else { continue };
        found.extend(body.split("\n}").next().unwrap_or_default().lines().map(str::to_owned));
    }
    Ok(found)
}

fn struct_field(line: &str) -> Option<Field> {
    let (before, tag) = line.split_once("`json:\"")?;
    let tag = tag.split('"').next()?;
    let options: Vec<_> = tag.split(',').collect();
    Some(Field {
        name: options.first().copied().filter(|name| !name.is_empty())?.to_owned(),
        kind: before.split_whitespace().nth(1)?.to_owned(),
        omits_empty: options.contains(&"omitempty"),
        omits_zero: options.contains(&"omitzero"),
    })
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
