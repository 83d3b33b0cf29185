//! What the conditions of Applications say.

use engine::ObjectRef;
use value::Value;

use crate::{Code, Finding};

/// Stands in front of what to do, in the condition of an Application, which is one text.
const ADVICE: &str = " What to do: ";
/// What to do where the condition does not say it.
const DEFAULT_FIX: &str = "correct the Application as the cause says";

/// The text of a condition: what is wrong, and what to do.
pub fn with_advice(problem: &str, fix: &str) -> String {
    format!("{}.{ADVICE}{fix}", problem.trim_end_matches('.'))
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

fn condition(object: &Value, reference: &ObjectRef) -> Option<Finding> {
    let conditions = object.at(&["status", "conditions"])?.as_list()?;
    let (r#type, message) = conditions.iter().find_map(|condition| {
        let r#type = condition.str_at(&["type"]).filter(|r#type| r#type.ends_with("Error"))?;
        Some((r#type, condition.str_at(&["message"])?))
    })?;
    let (evidence, fix) = message.split_once(ADVICE).unwrap_or((message, DEFAULT_FIX));
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
