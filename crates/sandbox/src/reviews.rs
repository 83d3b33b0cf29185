//! Questions that are asked by creating an object which is not kept.

use value::Value;

use crate::kinds::Kind;
use crate::status::{self, Refusal};

/// The user that the token stands for.
const USER: &str = "flamingo-sandbox-admin";

/// Answers a review: the one user may do everything.
///
/// # Errors
/// The question is one that the sandbox cannot answer.
pub(crate) fn answer(kind: &Kind, mut review: Value) -> Result<Value, Refusal> {
    review.set_at(&["apiVersion"], kind.gvk.api_version());
    review.set_at(&["kind"], kind.gvk.kind.as_str());
    match kind.gvk.kind.as_str() {
        "SelfSubjectReview" => {
            let groups = Value::list_of(["system:masters", "system:authenticated"]);
            let user = Value::map_of([("username", Value::from(USER)), ("groups", groups)]);
            review.set_at(&["status", "userInfo"], user);
            Ok(review)
        }
        "SelfSubjectAccessReview" => {
            review.set_at(&["status", "allowed"], true);
            review.set_at(&["status", "reason"], "the token of the sandbox may do everything");
            Ok(review)
        }
        "SelfSubjectRulesReview" => {
            let all = || Value::list_of(["*"]);
            let resources = Value::map_of([("verbs", all()), ("apiGroups", all()), ("resources", all())]);
            let others = Value::map_of([("verbs", all()), ("nonResourceURLs", all())]);
            review.set_at(&["status", "resourceRules"], Value::list_of([resources]));
            review.set_at(&["status", "nonResourceRules"], Value::list_of([others]));
            review.set_at(&["status", "incomplete"], false);
            Ok(review)
        }
        other => Err(status::not_implemented(other)),
    }
}
