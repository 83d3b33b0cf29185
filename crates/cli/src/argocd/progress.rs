//! How far an Application is.

use value::Value;

/// What an Application is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) healthy: bool,
    pub(super) synced: bool,
}

/// Whether waiting goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is as it should be.
    Reached,
    /// It is on its way.
    Going,
    /// An operation ended without success.
    Failed(String),
    /// It cannot be deployed before somebody changes it, or its source.
    Refused(String),
}

/// How far `application` is on its way to `goal`.
///
/// While an operation is asked for or runs, nothing is certain.
pub(super) fn of(application: &Value, goal: Goal) -> Progress {
    let state = application.at(&["status", "operationState"]);
    let phase = state.and_then(|state| state.str_at(&["phase"])).unwrap_or_default();
    if application.get("operation").is_some() || matches!(phase, "Running" | "Terminating") {
        return Progress::Going;
    }
    let is = |path: &[&str], wanted: &str| application.str_at(path) == Some(wanted);
    let healthy = !goal.healthy || is(&["status", "health", "status"], "Healthy");
    let synced = !goal.synced || is(&["status", "sync", "status"], "Synced");
    if healthy && synced {
        return Progress::Reached;
    }
    if let Some(why) = refusal(application) {
        return Progress::Refused(why);
    }
    // What is on its way now says more than how an earlier operation ended.
    let moves = is(&["status", "health", "status"], "Progressing");
    if goal.synced && !synced && !moves && matches!(phase, "Failed" | "Error") {
        let message = state.and_then(|state| state.str_at(&["message"])).unwrap_or_default();
        return Progress::Failed(message.to_owned());
    }
    Progress::Going
}

/// Why the Application stays as it is until somebody changes it or its source. Before a comparison that was asked for,
/// nothing is known.
fn refusal(application: &Value) -> Option<String> {
    if application.at(&["metadata", "annotations", super::applications::REFRESH]).is_some() {
        return None;
    }
    let conditions = application.at(&["status", "conditions"])?.as_list()?;
    conditions.iter().find_map(|condition| {
        let is_lasting = matches!(condition.str_at(&["type"])?, "InvalidSpecError" | "ComparisonError");
        let message = condition.str_at(&["message"])?;
        (is_lasting && !insight::goes_on_by_itself(message)).then(|| message.to_owned())
    })
}

/// How the last operation ended.
pub(super) fn of_operation(application: &Value) -> Progress {
    let state = application.at(&["status", "operationState"]);
    let text = |field| state.and_then(|state| state.str_at(&[field])).unwrap_or_default();
    match text("phase") {
        _ if application.get("operation").is_some() => Progress::Going,
        "Succeeded" => Progress::Reached,
        "Failed" | "Error" => Progress::Failed(text("message").to_owned()),
        _ => Progress::Going,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_waiting_ends() {
        let both = Goal { healthy: true, synced: true };
        let health = Goal { healthy: true, synced: false };
        let rows = [
            (
                r#"{"status":{"sync":{"status":"Synced"},"health":{"status":"Healthy"}}}"#,
                both,
                Progress::Reached,
            ),
            (
                r#"{"status":{"sync":{"status":"OutOfSync"},"health":{"status":"Healthy"}}}"#,
                both,
                Progress::Going,
            ),
            (
                r#"{"status":{"sync":{"status":"OutOfSync"},"health":{"status":"Healthy"}}}"#,
                health,
                Progress::Reached,
            ),
            (
                r#"{"operation":{},"status":{"sync":{"status":"Synced"},"health":{"status":"Healthy"}}}"#,
                both,
                Progress::Going,
            ),
            (
                r#"{"status":{"sync":{"status":"OutOfSync"},"operationState":{"phase":"Failed","message":"no"}}}"#,
                both,
                Progress::Failed("no".to_owned()),
            ),
            (
                r#"{"status":{"health":{"status":"Degraded"},"operationState":{"phase":"Failed"}}}"#,
                health,
                Progress::Going,
            ),
            (
                r#"{"status":{"health":{"status":"Progressing"},"operationState":{"phase":"Failed"}}}"#,
                both,
                Progress::Going,
            ),
            ("{}", both, Progress::Going),
            (
                r#"{"status":{"conditions":[{"type":"InvalidSpecError","message":"no"}]}}"#,
                both,
                Progress::Refused("no".to_owned()),
            ),
            (
                r#"{"status":{"conditions":[{"type":"ComparisonError","message":"x. What to do: it is tried again by itself"}]}}"#,
                both,
                Progress::Going,
            ),
            (
                r#"{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}},"status":{"conditions":[{"type":"InvalidSpecError","message":"no"}]}}"#,
                both,
                Progress::Going,
            ),
            (
                r#"{"status":{"conditions":[{"type":"UnknownSyncOptionWarning","message":"no"}]}}"#,
                both,
                Progress::Going,
            ),
        ];
        for (text, goal, expected) in rows {
            let application = value::from_json(text.as_bytes()).expect(text);
            assert_eq!(of(&application, goal), expected, "{text}");
        }
    }
}
