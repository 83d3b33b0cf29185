//! From the Flux objects of an Application to its status.
//!
//! Shapes are those of recordings of Argo CD. What an Application says of itself (its spec) is not looked
//! at here beyond what its status repeats.

mod conditions;
mod health;
mod history;
mod operation;
mod resources;

use apimachinery::object;
use argocd_api::application::Source;
use jiff::Timestamp;
use value::Value;

use crate::names::{SPEC, SYNCED_SPEC};

pub(crate) use conditions::{Condition, with_conditions};
pub(crate) use health::of_children;
pub(crate) use insight::health::{Health, HealthStatus, of_flux, waits};
pub(crate) use operation::{automated, by_flux, completed, denied, running};

/// What is known of the Flux objects and of what they deployed.
pub(crate) struct Live<'a> {
    pub(crate) source: Option<&'a Value>,
    pub(crate) workload: Option<&'a Value>,
    /// Objects of the inventory; those that could not be found are missing.
    pub(crate) children: &'a [Value],
    /// Whether the workload rests because Flamingo wants it to.
    pub(crate) rests: bool,
    /// Whether the source stays as it is because Flamingo wants it to.
    pub(crate) holds_source: bool,
}

/// What an Application's status repeats of its spec.
pub(crate) struct Subject<'a> {
    pub(crate) object: &'a Value,
    pub(crate) source: &'a Source,
    pub(crate) history_limit: usize,
    /// Whether the objects were generated, so that fixes are said in fields of the Application.
    pub(crate) generated: bool,
    pub(crate) now: Timestamp,
}

/// Whether the cluster is as the source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyncCode {
    Synced,
    OutOfSync,
    Unknown,
}

impl SyncCode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
        }
    }
}

/// The status with everything that the Flux objects tell. `more` are conditions that do not come from them.
pub(crate) fn reflect(stored: &Value, subject: &Subject<'_>, live: &Live<'_>, more: Vec<Condition>) -> Value {
    let mut status = stored.clone();
    let now = apimachinery::clock::rfc3339(subject.now);
    let sync = sync_code(live);
    let revision = live.source.and_then(artifact_revision).map(commit_of);
    let spec = |field: &str| subject.object.at(&["spec", field]).cloned();
    let mut compared = Value::map();
    for field in ["source", "destination"] {
        if let Some(value) = spec(field) {
            compared.set_at(&[field], value);
        }
    }
    let target = Some(subject.source.target_revision.as_str()).filter(|revision| !revision.is_empty());
    let mut written = Value::map_of([("comparedTo", compared), ("status", sync.as_str().into())]);
    // A revision that is not to be had is named as it was asked for.
    if let Some(revision) = revision.filter(|_| sync != SyncCode::Unknown).or(target) {
        written.set_at(&["revision"], revision);
    }
    status.set_at(&["sync"], written);
    let health = health::of_application(live, subject.now);
    status.set_at(&["health"], health.to_status(stored.get("health"), &now));
    status.set_at(&["resources"], resources::resources(live, sync));
    status.set_at(&["summary"], resources::summary(live.children));
    status.set_at(&["sourceType"], resources::source_type(subject.source));
    status.set_at(
        &["controllerNamespace"],
        subject.object.str_at(&["metadata", "namespace"]).unwrap_or_default(),
    );
    status.set_at(&["sourceHydrator"], Value::map());
    let mut found = conditions::of(live, subject);
    found.extend(more);
    with_conditions(&mut status, found, &now);
    if let Some(history) = history::history(&status, subject, live) {
        status.set_at(&["history"], history);
    }
    status
}

/// Whether the workload's last applied revision is the source's newest artifact.
pub(crate) fn sync_code(live: &Live<'_>) -> SyncCode {
    let (Some(source), Some(workload)) = (live.source, live.workload) else { return SyncCode::Unknown };
    if health::of_source(source, live.holds_source).status == HealthStatus::Degraded {
        return SyncCode::Unknown;
    }
    // A workload that rests does not deploy a change of its own spec by itself.
    let is_changed =
        live.rests && object::annotation(workload, SPEC) != object::annotation(workload, SYNCED_SPEC);
    match artifact_revision(source) {
        None => SyncCode::Unknown,
        Some(_) if is_changed => SyncCode::OutOfSync,
        Some(revision) if workload.str_at(&["status", "lastAppliedRevision"]) == Some(revision) => {
            SyncCode::Synced
        }
        Some(_) => SyncCode::OutOfSync,
    }
}

/// The revision of the artifact that a source offers.
pub(crate) fn artifact_revision(source: &Value) -> Option<&str> {
    source.str_at(&["status", "artifact", "revision"])
}

/// The commit of a revision in Flux's form, `main@sha1:…` or `sha1:…`.
pub(crate) fn commit_of(revision: &str) -> &str {
    revision.rsplit_once("sha1:").map_or(revision, |(_, commit)| commit)
}

/// The objects that a Kustomization lists.
pub(crate) fn children_of(workload: &Value) -> Vec<engine::inventory::Entry> {
    match engine::Inventory::from_status(workload.at(&["status", "inventory"])) {
        Ok(inventory) => inventory.entries,
        Err(id) => {
            // The workload says the same in its own condition, which is reflected.
            tracing::debug!(id, "the inventory of a workload cannot be read");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests;
