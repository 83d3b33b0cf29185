//! Rows of Flux objects.

use apimachinery::condition::{self, Status};
use apimachinery::object;
use jiff::Timestamp;
use value::{Map, Value};

use super::row::filled;
use crate::generated::owner_of;
use crate::health;
use crate::{Terms, diagnose};

/// Whether a Flux kind has rows in the list.
pub fn is_shown(group: &str, kind: &str) -> bool {
    match group {
        "kustomize.toolkit.fluxcd.io" => kind == "Kustomization",
        "helm.toolkit.fluxcd.io" => kind == "HelmRelease",
        "source.toolkit.fluxcd.io" => {
            matches!(kind, "GitRepository" | "OCIRepository" | "HelmRepository" | "HelmChart" | "Bucket")
        }
        _ => false,
    }
}

pub(super) fn shown(object: &Value, kind: &str) -> Map {
    let at = |path: &[&str]| object.at(path).cloned();
    let health = health::of_flux(object);
    let is_suspended = object::is_suspended(object);
    filled([
        ("engine", Some("flux".into())),
        ("health", Some(health.status.as_str().into())),
        ("healthMessage", Some(health.message.into())),
        ("sync", Some(sync(object).into())),
        ("revision", revision(object)),
        ("targetRevision", target_revision(object, kind)),
        ("repo", repository(object)),
        ("source", source(object).map(Value::from)),
        ("path", at(&["spec", "path"]).or_else(|| chart(object, "chart"))),
        ("destinationNamespace", at(&["spec", "targetNamespace"])),
        ("isSuspended", Some(is_suspended.into())),
        ("isAutomated", Some((!is_suspended).into())),
        ("synced", synced(object)),
        ("trouble", trouble(object).map(Value::from)),
        ("application", application(object).map(Value::from)),
    ])
}

/// The key of the Application that an object was generated for.
fn application(object: &Value) -> Option<String> {
    let (namespace, name) = owner_of(object)?;
    Some(format!("argoproj.io/Application/{namespace}/{name}"))
}

/// Whether what it last tried is what it last did; of a source, whether it has what its spec wants.
fn sync(object: &Value) -> &'static str {
    let status = |field: &str| object.str_at(&["status", field]);
    if let Some(attempted) = status("lastAttemptedRevision") {
        let applied = status("lastAppliedRevision").or_else(|| deployed(object)?.str_at(&["chartVersion"]));
        return if applied == Some(attempted) { "Synced" } else { "OutOfSync" };
    }
    let Some(ready) = object.at(&["status", "conditions"]).and_then(|all| condition::get(all, "Ready"))
    else {
        return "Unknown";
    };
    let observed = object::observed_generation(object);
    let is_current = observed.is_none() || observed == object::generation(object);
    if ready.status == Status::True && is_current { "Synced" } else { "OutOfSync" }
}

/// The newest entry of the history of a HelmRelease or a Kustomization.
fn deployed(object: &Value) -> Option<&Value> {
    object.at(&["status", "history"])?.as_list()?.first()
}

fn revision(object: &Value) -> Option<Value> {
    let of_status = |path: &[&str]| object.at(&["status"])?.at(path).cloned();
    of_status(&["artifact", "revision"])
        .or_else(|| of_status(&["lastAppliedRevision"]))
        .or_else(|| deployed(object)?.get("chartVersion").cloned())
}

/// What of a reference counts, when there are several, as Flux weighs them.
fn target_revision(object: &Value, kind: &str) -> Option<Value> {
    let order: &[&str] = match kind {
        "OCIRepository" => &["digest", "semver", "tag"],
        "GitRepository" => &["commit", "name", "semver", "tag", "branch"],
        _ => return chart(object, "version"),
    };
    order.iter().find_map(|field| object.at(&["spec", "ref", field]).cloned())
}

fn repository(object: &Value) -> Option<Value> {
    let bucket = || {
        let part = |field| object.str_at(&["spec", field]);
        Some(Value::from(format!("{}/{}", part("endpoint")?, part("bucketName")?)))
    };
    object.at(&["spec", "url"]).cloned().or_else(bucket)
}

/// The source of what has no address of its own, as `Kind/name`.
fn source(object: &Value) -> Option<String> {
    let places: [&[&str]; 3] = [&["sourceRef"], &["chartRef"], &["chart", "spec", "sourceRef"]];
    let spec = object.at(&["spec"])?;
    let source = places.into_iter().find_map(|place| spec.at(place))?;
    Some(format!("{}/{}", source.str_at(&["kind"])?, source.str_at(&["name"])?))
}

/// A field of the chart of a HelmRelease, or of a HelmChart.
fn chart(object: &Value, field: &str) -> Option<Value> {
    let of_release = object.at(&["spec", "chart", "spec", field]);
    let of_chart = object.at(&["spec", field]).filter(|value| value.as_str().is_some());
    of_release.or(of_chart).cloned()
}

fn synced(object: &Value) -> Option<Value> {
    if let Some(fetched) = object.at(&["status", "artifact", "lastUpdateTime"]) {
        return Some(fetched.clone());
    }
    let last = deployed(object)?;
    last.get("lastDeployed").or_else(|| last.get("lastReconciled")).cloned()
}

/// Conditions say the same at any time.
fn trouble(object: &Value) -> Option<String> {
    let found = diagnose([object], Timestamp::UNIX_EPOCH, &Terms::FLUX);
    found.into_iter().next().map(|finding| finding.sentence)
}
