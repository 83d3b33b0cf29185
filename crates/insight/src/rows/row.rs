//! One row.

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use engine::ObjectRef;
use value::{Map, Value};

use super::query::Facet;
use super::{application, flux, key_of};

/// The Application that something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Its project.
    pub project: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// What the list shows of an Application or a Flux object.
#[derive(Clone, Debug)]
pub struct Row {
    key: Arc<str>,
    name: Arc<str>,
    json: Value,
    /// In the order of [`Facet::ALL`]; what has none is empty. The namespace is the one that it deploys to; its own
    /// where it does not say.
    facets: [Arc<str>; Facet::ALL.len()],
    created: Arc<str>,
    synced: Arc<str>,
    application: Option<Arc<str>>,
    namespace: Arc<str>,
    is_application: bool,
    /// What words are looked for in, in small letters: a line for each field.
    pub(super) text: Box<str>,
    pub(super) repository: Box<str>,
    pub(super) images: Box<str>,
}

/// Everything else follows from what is shown.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Row {
    /// The row of an Application or a Flux object; `None` for anything else.
    pub fn of(object: &Value) -> Option<Self> {
        let (gvk, reference) = (GroupVersionKind::of(object)?, ObjectRef::of(object)?);
        let shown = match (gvk.group.as_str(), gvk.kind.as_str()) {
            ("argoproj.io", "Application") => application::shown(object),
            (group, kind) if flux::is_shown(group, kind) => flux::shown(object, kind),
            _ => return None,
        };
        Some(Self::new(&reference, object, shown))
    }

    fn new(reference: &ObjectRef, object: &Value, mut shown: Map) -> Self {
        shown.insert("key", key_of(reference));
        shown.insert("kind", reference.kind.as_str());
        shown.insert("group", reference.group.as_str());
        shown.insert("namespace", reference.namespace.as_str());
        shown.insert("name", reference.name.as_str());
        for (field, path) in [("uid", "uid"), ("created", "creationTimestamp")] {
            if let Some(value) = object.at(&["metadata", path]) {
                shown.insert(field, value.clone());
            }
        }
        if object.at(&["metadata", "deletionTimestamp"]).is_some() {
            shown.insert("isDeleting", true);
        }
        Self::indexed(Value::from(shown))
    }

    fn indexed(json: Value) -> Self {
        let text = |field: &str| json.str_at(&[field]).unwrap_or_default();
        let lower = |field: &str| text(field).to_lowercase();
        let searched = ["name", "namespace", "project", "repo", "path", "revision", "targetRevision"];
        let images = json.get("images").and_then(Value::as_list).unwrap_or_default();
        let images: Vec<String> = images.iter().filter_map(Value::as_str).map(str::to_lowercase).collect();
        let namespace = shared(&json, "namespace");
        let facet = |facet: Facet| match facet {
            Facet::Namespace => {
                let destination = shared(&json, "destinationNamespace");
                if destination.is_empty() { namespace.clone() } else { destination }
            }
            _ => shared(&json, facet.name()),
        };
        Self {
            key: shared(&json, "key"),
            name: shared(&json, "name"),
            facets: Facet::ALL.map(facet),
            namespace: namespace.clone(),
            created: shared(&json, "created"),
            synced: shared(&json, "synced"),
            application: json.get("application").map(|_| shared(&json, "application")),
            is_application: text("kind") == "Application",
            text: searched.map(lower).join("\n").into(),
            repository: lower("repo").into(),
            images: images.join("\n").into(),
            json,
        }
    }

    /// The same row in another project.
    pub(super) fn with_project(&self, project: Option<&str>) -> Self {
        let mut json = self.json.clone();
        match project {
            Some(project) => json.set_at(&["project"], project),
            None => drop(json.remove_at(&["project"])),
        }
        Self::indexed(json)
    }

    /// `group/Kind/namespace/name`.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// The name of the object.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What is shown, as the API writes it.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Whether it is an Application's.
    pub fn is_application(&self) -> bool {
        self.is_application
    }

    /// The key of the Application that a Flux object was generated for.
    pub fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// The project of the Application.
    pub fn project(&self) -> Option<&str> {
        Some(&**self.facet(Facet::Project)).filter(|project| !project.is_empty())
    }

    /// The Application itself, or the one that a Flux object was generated for; `None` where there is none.
    pub fn owner(&self) -> Option<Owner<'_>> {
        let key = if self.is_application { &self.key } else { self.application.as_ref()? };
        let mut parts = key.splitn(4, '/').skip(2);
        Some(Owner { project: self.project()?, namespace: parts.next()?, name: parts.next()? })
    }

    /// The namespace that it is in.
    pub(super) fn namespace(&self) -> &Arc<str> {
        &self.namespace
    }

    /// The namespace that it deploys to; its own where it does not say.
    pub fn destination_namespace(&self) -> &str {
        self.facet(Facet::Namespace)
    }

    pub(super) fn facet(&self, facet: Facet) -> &Arc<str> {
        let at = Facet::ALL.iter().position(|known| *known == facet).unwrap_or_default();
        &self.facets[at]
    }

    pub(super) fn facets(&self) -> &[Arc<str>; Facet::ALL.len()] {
        &self.facets
    }

    pub(super) fn created(&self) -> &str {
        &self.created
    }

    pub(super) fn synced(&self) -> &str {
        &self.synced
    }
}

/// The text of a field, with the bytes that the row has already.
fn shared(json: &Value, field: &str) -> Arc<str> {
    match json.get(field) {
        Some(Value::String(text)) => text.clone(),
        _ => Arc::from(""),
    }
}

/// The fields of a row that have a value.
pub(super) fn filled<const LENGTH: usize>(fields: [(&'static str, Option<Value>); LENGTH]) -> Map {
    let mut map = Map::new();
    for (field, value) in fields {
        if let Some(value) = value.filter(|value| value.as_str() != Some("")) {
            map.insert(field, value);
        }
    }
    map
}
