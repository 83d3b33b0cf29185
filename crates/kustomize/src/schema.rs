//! What is known about kinds: whether they live in namespaces, and which lists a patch merges.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use thiserror::Error;
use value::Value;
use yaml::Rules;

use crate::id::{Gvk, split_api_version};
use crate::kustomization::ReadError;
use crate::kustomization::reader::Reader;

static OPENAPI: &str = include_str!("../generated/openapi.json");
static CLUSTER_SCOPED: &str = include_str!("../generated/cluster-scoped.txt");

// The document is generated and tested; without it no list would be merged, which the tests notice.
static BUILTIN: LazyLock<Schema> = LazyLock::new(|| Schema::parse(OPENAPI).unwrap_or_default());

/// Group, version and kind.
static CLUSTER_KINDS: LazyLock<HashSet<(&'static str, &'static str, &'static str)>> = LazyLock::new(|| {
    let kinds = CLUSTER_SCOPED.lines().filter_map(|line| line.split_once(' '));
    let split = |(api_version, kind)| {
        let (group, version) = split_api_version(api_version);
        (group, version, kind)
    };
    kinds.map(split).collect()
});

/// An OpenAPI document that is not right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// Not YAML.
    #[error(transparent)]
    Yaml(yaml::Error),
    /// A field of another type.
    #[error(transparent)]
    Field(#[from] ReadError),
}

/// Whether objects of the kind certainly live in no namespace. Kinds that are not built in, such as those
/// of a CustomResourceDefinition, are not looked at.
pub(crate) fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    CLUSTER_KINDS.contains(&(group, version, kind))
}

/// The types of an OpenAPI document, as far as patches need them.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    definitions: HashMap<String, Arc<Type>>,
    by_kind: HashMap<(String, String), Arc<Type>>,
    /// Whether objects of a kind live in namespaces, as far as the paths of the document say it.
    is_namespaced: HashMap<(String, String), bool>,
}

/// A type of an OpenAPI document.
#[derive(Debug, Default)]
pub(crate) struct Type {
    reference: Option<String>,
    is_list: bool,
    fields: HashMap<String, Arc<Type>>,
    additional: Option<Arc<Type>>,
    items: Option<Arc<Type>>,
    strategy: Option<String>,
    keys: Vec<String>,
}

impl Type {
    /// Whether a list of this type is merged by its elements.
    pub(crate) fn is_merged(&self) -> bool {
        self.strategy.as_deref().is_some_and(|strategy| strategy.split(',').any(|one| one == "merge"))
    }

    /// The fields by which elements of a list are the same.
    pub(crate) fn merge_keys(&self) -> &[String] {
        if self.strategy.is_some() { &self.keys } else { &[] }
    }
}

impl Schema {
    /// The document that kustomize embeds.
    pub(crate) fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Reads a document of the user, JSON or YAML.
    ///
    /// # Errors
    /// It is no such document.
    pub(crate) fn parse(text: &str) -> Result<Self, SchemaError> {
        let document = match value::from_json(text.as_bytes()) {
            Ok(document) => document,
            Err(_) => yaml::parse_first(text, Rules::V2).map_err(SchemaError::Yaml)?,
        };
        let mut reader = Reader::lenient(&document)?;
        let mut schema = Self::default();
        for (name, definition) in reader.object("definitions", |reader| reader.entries())?.unwrap_or_default()
        {
            let definition = definition.value();
            let read = Arc::new(read(&definition, 0));
            for kind in kinds(&definition) {
                schema.by_kind.insert(kind, read.clone());
            }
            schema.definitions.insert(name.to_owned(), read);
        }
        for (path, mut methods) in reader.object("paths", |reader| reader.entries())?.unwrap_or_default() {
            let get = methods.object("get", |reader| reader.data("x-kubernetes-group-version-kind"))?;
            let is_namespaced = path.contains("namespaces/{namespace}");
            if let Some(kind) = get.flatten().as_ref().and_then(kind_of) {
                *schema.is_namespaced.entry(kind).or_default() |= is_namespaced;
            }
        }
        Ok(schema)
    }

    /// Whether objects of the kind certainly live in no namespace. What is built in cannot be changed.
    pub(crate) fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        let kind = (gvk.api_version(), gvk.kind.to_string());
        gvk.is_cluster_scoped()
            || (self.is_namespaced.get(&kind) == Some(&false) && !BUILTIN.by_kind.contains_key(&kind))
    }

    /// The type of objects of a kind.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Arc<Type>> {
        self.by_kind.get(&(api_version.to_owned(), kind.to_owned())).cloned()
    }

    /// The type of a field.
    pub(crate) fn field(&self, of: &Type, name: &str) -> Option<Arc<Type>> {
        self.resolved(of.fields.get(name).or(of.additional.as_ref())?)
    }

    /// The type of the elements of a list.
    pub(crate) fn elements(&self, of: &Type) -> Option<Arc<Type>> {
        if of.is_list { self.resolved(of.items.as_ref()?) } else { None }
    }

    fn resolved(&self, found: &Arc<Type>) -> Option<Arc<Type>> {
        let mut found = found.clone();
        // A document can refer in circles.
        for _ in 0..MAX_REFERENCES {
            match &found.reference {
                Some(name) => found = self.definitions.get(name)?.clone(),
                None => return Some(found),
            }
        }
        None
    }
}

const MAX_REFERENCES: usize = 32;
/// Types within types that are written out rather than referred to.
const MAX_NESTING: usize = 64;

fn kinds(definition: &Value) -> impl Iterator<Item = (String, String)> {
    let list = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(kind_of)
}

/// `apiVersion` and `kind`.
fn kind_of(kind: &Value) -> Option<(String, String)> {
    let (version, name) = (kind.str_at(&["version"])?, kind.str_at(&["kind"])?);
    let api_version = match kind.str_at(&["group"]).unwrap_or_default() {
        "" => version.to_owned(),
        group => format!("{group}/{version}"),
    };
    Some((api_version, name.to_owned()))
}

fn read(schema: &Value, depth: usize) -> Type {
    if depth > MAX_NESTING {
        return Type::default();
    }
    let inner = |schema: &Value| Arc::new(read(schema, depth + 1));
    let text = |name: &str| schema.str_at(&[name]).map(str::to_owned);
    let texts = |name: &str| -> Option<Vec<String>> {
        let list = schema.get(name)?.as_list()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let fields = schema.get("properties").and_then(Value::as_map).into_iter().flatten();
    Type {
        reference: text("$ref").and_then(|name| name.strip_prefix("#/definitions/").map(str::to_owned)),
        is_list: text("type").as_deref() == Some("array"),
        fields: fields.map(|(name, field)| (name.to_string(), inner(field))).collect(),
        additional: schema.get("additionalProperties").filter(|value| value.as_map().is_some()).map(inner),
        items: schema.get("items").map(inner),
        strategy: text("x-kubernetes-patch-strategy"),
        keys: texts("x-kubernetes-list-map-keys")
            .or_else(|| text("x-kubernetes-patch-merge-key").map(|key| vec![key]))
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_document_is_refused_with_the_field() {
        let shown = |text: &str| Schema::parse(text).expect_err(text).to_string();
        assert_eq!(shown("- 1"), "json: cannot unmarshal array into field the file: it must be a mapping");
        assert!(shown("definitions: [1]").contains("definitions"));
        assert!(shown("definitions: {a: 1}").contains("definitions.a"));
        assert!(shown("paths: {/a: {get: 1}}").contains("paths./a.get"));
    }
}
