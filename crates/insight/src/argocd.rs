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

/// The first condition of an error, if there is one.
pub(crate) fn application(object: &Value, reference: &ObjectRef) -> Option<Finding> {
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
