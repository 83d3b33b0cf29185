//! The source of an application.

use value::Value;

use crate::field::{FieldError, Fields};

/// What is deployed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// The address of the repository.
    pub repo_url: String,
    /// The directory.
    pub path: String,
    /// The branch, tag, commit or version, or a range of versions; empty for `HEAD`.
    pub target_revision: String,
    /// The chart of a Helm repository.
    pub chart: String,
    /// Whether there is anything in `helm`.
    pub has_helm: bool,
    /// Changes of the kustomization.
    pub kustomize: Option<Kustomize>,
    /// Whether there is anything in `directory`.
    pub has_directory: bool,
    /// The source as it stands in the object, which statuses repeat.
    pub value: Value,
}

/// Changes of the kustomization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kustomize {
    /// Put in front of names.
    pub name_prefix: String,
    /// Put behind names.
    pub name_suffix: String,
    /// The namespace of all objects.
    pub namespace: String,
    /// Images, as `old=new:tag@digest`.
    pub images: Vec<String>,
    /// Numbers of replicas.
    pub replicas: Vec<Replica>,
    /// Patches.
    pub patches: Vec<Patch>,
    /// Components.
    pub components: Vec<String>,
    /// Whether components that do not exist are left out.
    pub ignore_missing_components: bool,
    /// Labels of all objects.
    pub common_labels: Vec<(String, String)>,
    /// Whether selectors go without the common labels.
    pub label_without_selector: bool,
    /// Annotations of all objects.
    pub common_annotations: Vec<(String, String)>,
}

/// A number of replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The name of the workload.
    pub name: String,
    /// The number, which may have been written as text.
    pub count: i64,
}

/// A patch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// The patch.
    pub patch: String,
    /// The objects that are patched, as the object has it.
    pub target: Option<Value>,
}

impl Source {
    pub(crate) fn read(source: &Fields<'_>) -> Result<Self, FieldError> {
        let part =
            |field: &str| Some(source.at(field)).filter(|part| part.value().is_some_and(|v| !is_empty(v)));
        Ok(Self {
            repo_url: source.text("repoURL")?,
            path: source.text("path")?,
            target_revision: source.text("targetRevision")?,
            chart: source.text("chart")?,
            has_helm: part("helm").is_some(),
            kustomize: part("kustomize").map(|part| kustomize(&part)).transpose()?,
            has_directory: part("directory").is_some(),
            value: source.value().cloned().unwrap_or_default(),
        })
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_map().is_some_and(value::Map::is_empty)
}

fn kustomize(part: &Fields<'_>) -> Result<Kustomize, FieldError> {
    Ok(Kustomize {
        name_prefix: part.text("namePrefix")?,
        name_suffix: part.text("nameSuffix")?,
        namespace: part.text("namespace")?,
        images: part.texts("images")?,
        replicas: part
            .each("replicas", |item| Ok(Replica { name: item.text("name")?, count: count(item)? }))?,
        patches: part.each("patches", |item| {
            Ok(Patch { patch: item.text("patch")?, target: item.at("target").value().cloned() })
        })?,
        components: part.texts("components")?,
        ignore_missing_components: part.flag("ignoreMissingComponents")?,
        common_labels: part.text_map("commonLabels")?,
        label_without_selector: part.flag("labelWithoutSelector")?,
        common_annotations: part.text_map("commonAnnotations")?,
    })
}

fn count(item: &Fields<'_>) -> Result<i64, FieldError> {
    let count = item.at("count");
    let number = count.value().and_then(|value| match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_i64(),
    });
    number.ok_or_else(|| count.error("is no number of replicas"))
}
