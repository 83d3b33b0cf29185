//! The way from client-side apply to server-side apply: the manager `kubectl` may take fields that still
//! have the value of the annotation in which client-side apply remembers what it applied.

use value::Value;

use super::typed::TypeRef;
use super::{Conflict, compare};
use crate::object;
use crate::schema::Schema;

/// The manager that this is for.
pub(super) const MANAGER: &str = "kubectl";
const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// All annotations of an object together.
const LARGEST_ANNOTATIONS: usize = 256 * 1024;

/// The conflicts that the annotation does not allow.
pub(super) fn not_allowed(live: Option<&Value>, schema: &Schema, conflicts: Vec<Conflict>) -> Vec<Conflict> {
    let Some(allowed) = live.and_then(|live| allowed(live, schema)) else { return conflicts };
    conflicts.into_iter().filter(|conflict| !allowed.contains(&conflict.path.0)).collect()
}

fn allowed(live: &Value, schema: &Schema) -> Option<super::Set> {
    let text = object::annotation(live, ANNOTATION).filter(|text| !text.is_empty())?;
    let last = value::from_json(text.as_bytes()).ok()?;
    if last.get("apiVersion") != live.get("apiVersion") {
        return None;
    }
    let r#type = TypeRef::root(schema);
    let differs = compare::compare(&last, live, r#type);
    let fields = compare::field_set(&last, r#type);
    Some(fields.difference(&differs.modified).difference(&differs.added).difference(&differs.removed))
}

/// Keeps the annotation, where there is one, in step with what was applied; one that would be too large
/// is dropped.
pub(super) fn refresh(applied: &mut Value, config: &Value) {
    if object::annotation(applied, ANNOTATION).is_none_or(str::is_empty) {
        return;
    }
    let mut remembered = config.clone();
    remembered.remove_at(&["metadata", "annotations", ANNOTATION]);
    let text = format!("{}\n", html_escaped(&value::to_json(&remembered)));
    applied.set_at(&["metadata", "annotations", ANNOTATION], text);
    let size: usize = object::annotations(applied).map(|(key, value)| key.len() + value.len()).sum();
    if size > LARGEST_ANNOTATIONS {
        applied.remove_at(&["metadata", "annotations", ANNOTATION]);
    }
}

/// Go's encoder escapes these three in texts, and outside of texts JSON has none of them.
fn html_escaped(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
