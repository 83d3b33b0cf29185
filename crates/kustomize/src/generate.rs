//! Generated ConfigMaps and Secrets.

pub(crate) mod hash;
mod pairs;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use value::Key;
use yaml::node::{Mapping, Node, Scalar, Style, Tag};

use crate::kustomization::{GeneratorArguments, GeneratorOptions};
use crate::load::{LoadError, Loader};
use crate::resource::{Behavior, Past, Resource, text_map};

/// Base64 is broken into lines of this length.
const LINE: usize = 70;

/// A generator that cannot generate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// A generator without name.
    #[error("a configmap must have a name")]
    NoName,
    /// A literal that is no pair, which is not shown; it may be that of a Secret.
    #[error("invalid literal source literals[{0}], expected key=value")]
    Literal(usize),
    /// A file without key.
    #[error("missing key name for file path {path:?} in source {source_text:?}")]
    NoKey {
        /// The path.
        path: String,
        /// The entry.
        source_text: String,
    },
    /// A key without file.
    #[error("missing file path for key name {key:?} in source {source_text:?}")]
    NoPath {
        /// The key.
        key: String,
        /// The entry.
        source_text: String,
    },
    /// More than one equals sign.
    #[error("source {0:?} key name or file path contains '='")]
    TooManySigns(String),
    /// A key that occurs twice.
    #[error("configmap {name} illegally repeats the key `{key}`")]
    Repeated {
        /// The name of the generator.
        name: String,
        /// The key.
        key: String,
    },
    /// A line of an env file that is not UTF-8.
    #[error("line {line} of {file} has invalid utf8 bytes")]
    Encoding {
        /// The file.
        file: String,
        /// The line.
        line: usize,
    },
    /// A file that cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Which of the two is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ConfigMap,
    Secret,
}

/// Makes the object that a generator describes.
///
/// # Errors
/// [`GenerateError`]
pub(crate) fn generate(
    loader: &Loader<'_>,
    kind: Kind,
    arguments: &GeneratorArguments,
    defaults: Option<&GeneratorOptions>,
) -> Result<Resource, GenerateError> {
    if arguments.name.is_empty() {
        return Err(GenerateError::NoName);
    }
    let options = with_defaults(arguments.options.as_ref(), defaults);
    let data = pairs::collect(loader, arguments)?;
    let mut metadata = Mapping::default();
    metadata.set("name", Node::text(arguments.name.as_str()));
    if !arguments.namespace.is_empty() {
        metadata.set("namespace", Node::text(arguments.namespace.as_str()));
    }
    for (field, texts) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        if !texts.is_empty() {
            metadata.set(field, Node::Map(Arc::new(text_map(&text_entries(texts)))));
        }
    }
    let mut map = Mapping::default();
    map.set("apiVersion", Node::untagged("v1"));
    map.set("kind", Node::untagged(if kind == Kind::Secret { "Secret" } else { "ConfigMap" }));
    map.set("metadata", Node::Map(Arc::new(metadata)));
    match kind {
        Kind::ConfigMap => set_config_map_data(&mut map, &data),
        Kind::Secret => {
            let said = arguments.secret_type.as_str();
            map.set("type", Node::text(if said.is_empty() { "Opaque" } else { said }));
            let entries =
                data.iter().map(|(key, bytes)| (Key::from(key.as_str()), Arc::from(encoded(bytes))));
            map.set("data", Node::Map(Arc::new(text_map(&entries.collect()))));
        }
    }
    if options.immutable {
        let scalar = Scalar { text: Arc::from("true"), tag: Tag::Bool, style: Style::PLAIN, shared: 0 };
        map.set("immutable", Node::Scalar(scalar));
    }
    let mut resource = Resource::new(Node::Map(Arc::new(map)));
    resource.past.needs_hash = !options.disable_name_suffix_hash;
    resource.past.behavior = behavior(&arguments.behavior);
    Ok(resource)
}

fn behavior(text: &str) -> Behavior {
    match text {
        "replace" => Behavior::Replace,
        "merge" => Behavior::Merge,
        // Upstream takes anything else, a misspelling too, for `create`.
        _ => Behavior::Create,
    }
}

fn text_entries(pairs: &[(String, String)]) -> BTreeMap<Key, Arc<str>> {
    pairs.iter().map(|(key, text)| (Key::from(key.as_str()), Arc::from(text.as_str()))).collect()
}

/// What a generator says itself wins over `generatorOptions`.
fn with_defaults(own: Option<&GeneratorOptions>, defaults: Option<&GeneratorOptions>) -> GeneratorOptions {
    let mut options = own.cloned().unwrap_or_default();
    let Some(defaults) = defaults else { return options };
    let add = |own: &mut Vec<(String, String)>, defaults: &[(String, String)]| {
        for (key, text) in defaults {
            if own.iter().all(|(known, _)| known != key) {
                own.push((key.clone(), text.clone()));
            }
        }
    };
    add(&mut options.labels, &defaults.labels);
    add(&mut options.annotations, &defaults.annotations);
    options.disable_name_suffix_hash |= defaults.disable_name_suffix_hash;
    options.immutable |= defaults.immutable;
    options
}

/// Data that is not UTF-8 goes to `binaryData`.
fn set_config_map_data(map: &mut Mapping, data: &BTreeMap<String, Vec<u8>>) {
    let (mut texts, mut binaries) = (BTreeMap::new(), BTreeMap::new());
    for (key, bytes) in data {
        match std::str::from_utf8(bytes) {
            Ok(text) => texts.insert(Key::from(key.as_str()), Arc::from(text)),
            Err(_) => binaries.insert(Key::from(key.as_str()), Arc::from(encoded(bytes))),
        };
    }
    for (field, entries) in [("data", texts), ("binaryData", binaries)] {
        if !entries.is_empty() {
            map.set(field, Node::Map(Arc::new(text_map(&entries))));
        }
    }
}

/// Base64, in lines where it is long.
fn encoded(bytes: &[u8]) -> String {
    let whole = STANDARD.encode(bytes);
    if whole.len() < LINE {
        return whole;
    }
    let mut lines = String::with_capacity(whole.len() + whole.len() / LINE + 1);
    let mut rest = whole.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = more;
    }
    lines
}

/// The object that `resource` becomes when it is merged with `old`, or takes its place.
///
/// Source: kustomize `resWrangler.appendReplaceOrMerge`.
pub(crate) fn merged(old: &Resource, mut resource: Resource) -> Resource {
    let behavior = resource.past.behavior;
    for field in ["labels", "annotations"] {
        let mut texts = old.texts(field);
        texts.extend(resource.texts(field));
        resource.set_texts(field, &texts);
    }
    let origin = old.annotation(crate::origin::ANNOTATION).map(str::to_owned);
    resource.set_name(old.name());
    resource.set_namespace(old.namespace());
    let needs_hash = resource.past.needs_hash && old.past.needs_hash;
    resource.past = Past { needs_hash, ..old.past.clone() };
    resource.variables.clone_from(&old.variables);
    resource.serial = old.serial;
    if behavior == Behavior::Merge {
        merge_data(old, &mut resource);
        if let Some(origin) = origin {
            crate::origin::set(&mut resource, &origin);
        }
    }
    resource
}

fn merge_data(old: &Resource, resource: &mut Resource) {
    let mut data = data_texts(old, "data");
    if resource.kind() == "Secret" && resource.api_version() == "v1" {
        // As the API server does it: stringData wins over data.
        for (key, text) in data_texts(old, "stringData") {
            data.insert(key, Arc::from(encoded(text.as_bytes())));
        }
    }
    data.extend(data_texts(resource, "data"));
    let mut binary = data_texts(old, "binaryData");
    binary.extend(data_texts(resource, "binaryData"));
    let Some(map) = resource.node_mut().as_map_mut() else { return };
    for (field, entries) in [("data", data), ("binaryData", binary)] {
        map.remove(field);
        if !entries.is_empty() {
            map.set(field, Node::Map(Arc::new(text_map(&entries))));
        }
    }
}

/// Null is an empty text here.
fn data_texts(resource: &Resource, field: &str) -> BTreeMap<Key, Arc<str>> {
    let entries = resource.node().get(field).and_then(Node::as_map).map_or(&[][..], Mapping::entries);
    let text = |node: &Node| match node {
        Node::Scalar(scalar) if scalar.tag != Tag::Null => scalar.text.clone(),
        _ => Arc::from(""),
    };
    entries.iter().map(|entry| (entry.key.clone(), text(&entry.value))).collect()
}
