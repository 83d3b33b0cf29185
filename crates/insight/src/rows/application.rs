//! Rows of Applications.

use apimachinery::object;
use engine::ObjectRef;
use value::{Map, Value};

use super::row::filled;
use crate::argocd;

/// What lets Flux deploy an Application.
const FLUX_SUBSYSTEM: &str = "FluxSubsystem=true";
/// Keeps controllers from touching it.
const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";

pub(super) fn shown(application: &Value) -> Map {
    let at = |path: &[&str]| application.at(path).cloned();
    let text = |path: &[&str]| application.str_at(path).filter(|text| !text.is_empty());
    let or = |path: &[&str], other: &str| Some(Value::from(text(path).unwrap_or(other)));
    let source = |field: &str| first_source(application)?.get(field).cloned();
    let destination = ["server", "name"].into_iter().find_map(|field| text(&["spec", "destination", field]));
    filled([
        ("project", or(&["spec", "project"], "default")),
        ("engine", Some(engine(application).into())),
        ("health", or(&["status", "health", "status"], "Unknown")),
        ("healthMessage", at(&["status", "health", "message"])),
        ("sync", or(&["status", "sync", "status"], "Unknown")),
        ("revision", revision(application)),
        ("targetRevision", source("targetRevision")),
        ("repo", source("repoURL")),
        ("path", source("path").or_else(|| source("chart"))),
        ("destination", destination.map(Value::from)),
        ("destinationNamespace", at(&["spec", "destination", "namespace"])),
        ("operation", operation(application).map(Value::from)),
        ("isSuspended", Some((object::annotation(application, SKIP_RECONCILE) == Some("true")).into())),
        ("isAutomated", Some(is_automated(application).into())),
        ("synced", synced(application)),
        ("images", at(&["status", "summary", "images"])),
        ("trouble", trouble(application).map(Value::from)),
    ])
}

fn first_source(application: &Value) -> Option<&Value> {
    application
        .at(&["spec", "sources"])
        .and_then(Value::as_list)
        .and_then(<[Value]>::first)
        .or_else(|| application.at(&["spec", "source"]))
}

fn engine(application: &Value) -> &'static str {
    let options = application.at(&["spec", "syncPolicy", "syncOptions"]).and_then(Value::as_list);
    let is_flux = options.unwrap_or_default().iter().any(|option| option.as_str() == Some(FLUX_SUBSYSTEM));
    if is_flux { "flux" } else { "argo" }
}

fn revision(application: &Value) -> Option<Value> {
    let sync = application.at(&["status", "sync"])?;
    let first = || sync.get("revisions")?.as_list()?.first().cloned();
    sync.get("revision").cloned().or_else(first)
}

/// An operation that is asked for counts as one that runs.
fn operation(application: &Value) -> Option<&str> {
    if application.get("operation").is_some() {
        return Some("Running");
    }
    application.str_at(&["status", "operationState", "phase"])
}

fn is_automated(application: &Value) -> bool {
    application
        .at(&["spec", "syncPolicy", "automated"])
        .is_some_and(|automated| automated.get("enabled").and_then(Value::as_bool) != Some(false))
}

/// When it was last deployed.
fn synced(application: &Value) -> Option<Value> {
    let history = application.at(&["status", "history"]).and_then(Value::as_list).unwrap_or_default();
    if let Some(deployed) = history.last().and_then(|last| last.get("deployedAt")) {
        return Some(deployed.clone());
    }
    let operation = application.at(&["status", "operationState"])?;
    let has_succeeded = operation.str_at(&["phase"]) == Some("Succeeded");
    operation.get("finishedAt").filter(|_| has_succeeded).cloned()
}

/// The condition of an error, else why the last operation failed.
fn trouble(application: &Value) -> Option<String> {
    let reference = ObjectRef::of(application)?;
    if let Some(finding) = argocd::application(application, &reference) {
        return Some(finding.evidence);
    }
    let operation = application.at(&["status", "operationState"])?;
    let has_failed = matches!(operation.str_at(&["phase"]), Some("Failed" | "Error"));
    operation.str_at(&["message"]).filter(|_| has_failed).map(str::to_owned)
}
