//! What the conditions of Applications say.

use engine::ObjectRef;
use value::Value;

use crate::{Code, Finding};

/// Stands in front of what to do, in the condition of an Application, which is one text.
const ADVICE: &str = " What to do: ";
/// What to do where the condition does not say it: by what the message contains, the first that fits.
const FIXES: [(&str, &str); 9] = [
    (
        " is not permitted in project ",
        "set spec.source.repoURL to a repository that the project allows, or let the project allow it",
    ),
    (
        "allowed destinations in project",
        "set spec.destination to one that the project allows, or let the project allow it",
    ),
    ("not permitted to use project", "set spec.project to a project that allows this namespace"),
    ("Application referencing project", "set spec.project to a project that exists, or create it"),
    ("both name and server", "remove one of spec.destination.name and spec.destination.server"),
    ("Destination server missing", "set spec.destination.server to https://kubernetes.default.svc"),
    ("no clusters with this name", "set spec.destination.name to in-cluster"),
    ("error getting cluster", "set spec.destination.server to https://kubernetes.default.svc"),
    ("spec.source.repoURL and either", "set spec.source.repoURL and spec.source.path"),
];
/// What to do where the message names what is to be corrected.
const DEFAULT_FIX: &str = "correct the field of the Application that the cause names";

/// The text of a condition: what is wrong, and what to do.
pub fn with_advice(problem: &str, fix: &str) -> String {
    format!("{}.{ADVICE}{fix}", problem.trim_end_matches('.'))
}

/// Whether a condition says that what is wrong is tried again without anybody's doing.
pub fn goes_on_by_itself(message: &str) -> bool {
    message.split_once(ADVICE).is_some_and(|(_, fix)| fix.contains("by itself"))
}

/// The first condition of an error, else a sync that failed.
pub(crate) fn application(object: &Value, reference: &ObjectRef) -> Option<Finding> {
    condition(object, reference).or_else(|| {
        let (_, message) = failed_sync(object)?;
        let fix = match message {
            _ if message.contains(" is not permitted in project ") => {
                "take what is denied out of the source, or let the project allow it; then sync again"
            }
            _ => "correct what the cause names, and sync again",
        };
        Some(Finding {
            code: Code::ApplyRefused,
            object: reference.clone(),
            sentence: "the last sync failed".to_owned(),
            evidence: message.to_owned(),
            fix: fix.to_owned(),
        })
    })
}

/// The revision of the last sync, if it is known, and why that failed, if it did.
pub(crate) fn failed_sync(application: &Value) -> Option<(Option<&str>, &str)> {
    let state = application.at(&["status", "operationState"])?;
    matches!(state.str_at(&["phase"])?, "Failed" | "Error").then(|| {
        let revision = state.str_at(&["syncResult", "revision"]).filter(|revision| !revision.is_empty());
        (revision, state.str_at(&["message"]).unwrap_or_default())
    })
}

/// The first condition that is an error; warnings keep nothing from being deployed.
fn error_of(object: &Value) -> Option<&Value> {
    let conditions = object.at(&["status", "conditions"])?.as_list()?;
    let is_error =
        |condition: &&Value| condition.str_at(&["type"]).is_some_and(|r#type| r#type.ends_with("Error"));
    conditions.iter().find(is_error)
}

/// Since when the Application says what is wrong.
pub(crate) fn since(object: &Value) -> Option<String> {
    error_of(object)?.str_at(&["lastTransitionTime"]).map(str::to_owned)
}

fn fix_of(message: &str) -> &'static str {
    if message.contains("namespaces \"") && message.contains("not found") {
        return "create the namespace, or add CreateNamespace=true to spec.syncPolicy.syncOptions";
    }
    FIXES.iter().find(|(part, _)| message.contains(part)).map_or(DEFAULT_FIX, |(_, fix)| fix)
}

/// What the first condition of an error says.
pub(crate) fn condition(object: &Value, reference: &ObjectRef) -> Option<Finding> {
    let condition = error_of(object)?;
    let r#type = condition.str_at(&["type"])?;
    let message = condition.str_at(&["message"])?;
    let (evidence, fix) = message.split_once(ADVICE).unwrap_or_else(|| (message, fix_of(message)));
    let (code, sentence) = match r#type {
        "ComparisonError" => (Code::SourceContent, "the source cannot be compared with the cluster"),
        "SyncError" => (Code::ApplyRefused, "the source could not be deployed"),
        "DeletionError" => (Code::PruneFailed, "what was deployed could not be deleted"),
        _ => (Code::InvalidApplication, "it cannot be deployed as it is"),
    };
    Some(Finding {
        code,
        object: reference.clone(),
        sentence: sentence.to_owned(),
        evidence: evidence.to_owned(),
        fix: fix.to_owned(),
    })
}
