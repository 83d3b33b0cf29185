//! `status.conditions`.

use insight::{Code, Finding, Terms};
use value::Value;

use super::{Live, Subject};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) r#type: &'static str,
    pub(crate) message: String,
}

impl Condition {
    pub(crate) fn invalid_spec(message: impl Into<String>) -> Self {
        Self { r#type: "InvalidSpecError", message: message.into() }
    }

    pub(crate) fn comparison(message: impl Into<String>) -> Self {
        Self { r#type: "ComparisonError", message: message.into() }
    }

    pub(crate) fn sync(message: impl Into<String>) -> Self {
        Self { r#type: "SyncError", message: message.into() }
    }

    pub(crate) fn deletion(message: impl Into<String>) -> Self {
        Self { r#type: "DeletionError", message: message.into() }
    }

    /// A warning: what is said here keeps nothing from being deployed.
    pub(crate) fn unknown_option(message: impl Into<String>) -> Self {
        Self { r#type: "UnknownSyncOptionWarning", message: message.into() }
    }

    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self { r#type: "UnknownError", message: message.into() }
    }
}

/// What is wrong with the Flux objects: the source cannot be compared with, or a sync of it failed.
pub(super) fn of(live: &Live<'_>, subject: &Subject<'_>) -> Vec<Condition> {
    let objects = live.source.into_iter().chain(live.workload);
    let mut conditions: Vec<Condition> = Vec::new();
    let terms = if subject.generated { Terms::APPLICATION } else { Terms::FLUX };
    for finding in insight::diagnose(objects, subject.now, &terms) {
        let r#type = match (finding.object.kind.as_str(), finding.code) {
            (_, Code::Waiting) => continue,
            ("Kustomization", Code::SourceContent | Code::BuildFailed) => "ComparisonError",
            ("Kustomization", _) => "SyncError",
            _ => "ComparisonError",
        };
        conditions.push(Condition { r#type, message: sentence(&finding) });
    }
    conditions
}

/// One line: what, where, why, and what to do.
fn sentence(finding: &Finding) -> String {
    let evidence = finding.evidence.trim_end();
    insight::with_advice(&format!("{}: {}: {evidence}", finding.object, finding.sentence), &finding.fix)
}

/// Sets the conditions; one that says the same as before keeps its time.
pub(crate) fn with_conditions(status: &mut Value, conditions: Vec<Condition>, now: &str) {
    if conditions.is_empty() {
        status.remove_at(&["conditions"]);
        return;
    }
    let stored = status.get("conditions").and_then(Value::as_list).unwrap_or_default().to_vec();
    let written = conditions.into_iter().map(|condition| {
        let is_it = |stored: &&Value| {
            stored.str_at(&["type"]) == Some(condition.r#type)
                && stored.str_at(&["message"]) == Some(condition.message.as_str())
        };
        let since = stored.iter().find(is_it).and_then(|stored| stored.str_at(&["lastTransitionTime"]));
        Value::map_of([
            ("lastTransitionTime", since.unwrap_or(now)),
            ("message", condition.message.as_str()),
            ("type", condition.r#type),
        ])
    });
    let written: Vec<Value> = written.collect();
    status.set_at(&["conditions"], written);
}
