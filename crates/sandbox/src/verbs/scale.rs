//! The `scale` subresource: the number of replicas of whatever kind.

use apimachinery::gvk::GroupKind;
use apimachinery::object;
use apimachinery::schema::FieldError;
use apimachinery::selector::LabelSelector;
use value::{Map, Value};

use super::patch::PatchType;
use super::update::{Tracking, live, replace};
use super::{Target, WriteOptions, Written};
use crate::api::Api;
use crate::kinds::{Kind, ScalePaths};
use crate::status::{self, Refusal};

/// The scale of an object (`autoscaling/v1, Kind=Scale`).
///
/// # Errors
/// The object does not exist, or its kind has no scale.
pub(crate) fn get(api: &Api, target: &Target) -> Result<Value, Refusal> {
    let live = live(&api.begin(), target)?;
    scale_of(&target.kind, &live)
}

/// Replaces the scale.
///
/// # Errors
/// As [`get`], and what an update of the object is refused for.
pub(crate) fn update(
    api: &Api,
    target: &Target,
    scale: &Value,
    options: &WriteOptions,
) -> Result<Written, Refusal> {
    write(api, target, options, |_| Ok(scale.clone()))
}

/// Patches the scale by a JSON or merge patch.
///
/// # Errors
/// As [`update`]; a server-side apply of a scale is not supported.
pub(crate) fn patch(
    api: &Api,
    target: &Target,
    (r#type, patch): (PatchType, &Value),
    options: &WriteOptions,
) -> Result<Written, Refusal> {
    write(api, target, options, |scale| match r#type {
        PatchType::Json => apimachinery::patch::json_patch(scale, patch)
            .map_err(|error| status::bad_request(error.to_string())),
        // A Scale has no lists, so that both merges are one.
        PatchType::Merge | PatchType::Strategic => Ok(apimachinery::patch::merge_patch(scale, patch)),
        PatchType::Apply => Err(status::not_implemented("server-side apply of the scale subresource")),
    })
}

fn write(
    api: &Api,
    target: &Target,
    options: &WriteOptions,
    change: impl FnOnce(&Value) -> Result<Value, Refusal>,
) -> Result<Written, Refusal> {
    let mut transaction = api.begin();
    let live = live(&transaction, target)?;
    let wanted = change(&scale_of(&target.kind, &live)?)?;
    let replicas = wanted.at(&["spec", "replicas"]).cloned().unwrap_or(Value::Int(0));
    if replicas.as_i64().is_none_or(|replicas| replicas < 0) {
        let error = FieldError::invalid("spec.replicas", &replicas, "must be greater than or equal to 0");
        return Err(status::invalid(&GroupKind::new("autoscaling", "Scale"), &target.name, &[error]));
    }
    let paths = paths(&target.kind)?;
    let mut next = live.clone();
    next.set_at(&path(&paths.spec), replicas);
    if let Some(version) = object::resource_version(&wanted).filter(|version| !version.is_empty()) {
        next.set_at(&["metadata", "resourceVersion"], version);
    }
    let written = replace(&mut transaction, target, &live, (next, Tracking::Update), (options, Vec::new()))?;
    Ok(Written { object: scale_of(&target.kind, &written.object)?, ..written })
}

fn paths(kind: &Kind) -> Result<ScalePaths, Refusal> {
    let split = |path: &str| path.split('.').map(str::to_owned).collect();
    match &kind.custom {
        Some(custom) => custom.scale.clone().ok_or_else(status::no_such_resource),
        None => Ok(ScalePaths {
            spec: split("spec.replicas"),
            status: split("status.replicas"),
            selector: Some(split("spec.selector")),
        }),
    }
}

fn path(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn scale_of(kind: &Kind, object: &Value) -> Result<Value, Refusal> {
    let paths = paths(kind)?;
    let number = |at: &[String]| object.at(&path(at)).cloned().unwrap_or(Value::Int(0));
    let mut status = Map::from_iter([("replicas", number(&paths.status))]);
    if let Some(selector) = paths.selector.and_then(|at| object.at(&path(&at)).cloned()) {
        status.insert("selector", selector_text(&selector)?);
    }
    // Go leaves a zero out of the specification and writes it in the status.
    let wanted = number(&paths.spec);
    let spec: Map =
        Some(("replicas", wanted)).filter(|(_, wanted)| *wanted != Value::Int(0)).into_iter().collect();
    let metadata: Map = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        .into_iter()
        .filter_map(|field| Some((field, object.at(&["metadata", field])?.clone())))
        .collect();
    Ok(Value::map_of([
        ("apiVersion", Value::from("autoscaling/v1")),
        ("kind", "Scale".into()),
        ("metadata", metadata.into()),
        ("spec", spec.into()),
        ("status", status.into()),
    ]))
}

/// A custom kind names its selector as text, built-in ones have a structure.
fn selector_text(selector: &Value) -> Result<String, Refusal> {
    if let Some(text) = selector.as_str() {
        return Ok(text.to_owned());
    }
    let labels = selector.get("matchLabels").and_then(Value::as_map);
    if selector.get("matchExpressions").is_none()
        && let Some(labels) = labels
    {
        let pairs = labels.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
        return Ok(pairs.collect::<Vec<_>>().join(","));
    }
    let parsed = LabelSelector::from_value(selector).map_err(status::internal)?;
    Ok(parsed.to_string())
}
