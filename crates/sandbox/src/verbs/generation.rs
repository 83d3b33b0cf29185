//! When `metadata.generation` grows.

use value::Value;

use super::{Part, Target};
use crate::kinds::{Kind, has_generation};

/// Gives a changed object the generation that follows from what changed.
pub(super) fn advance(target: &Target, live: &Value, next: &mut Value) {
    let kind = &target.kind;
    let Some(generation) = live.at(&["metadata", "generation"]).and_then(Value::as_i64) else {
        if let Some(metadata) = next.as_map_mut().and_then(|map| map.get_mut("metadata"))
            && let Some(metadata) = metadata.as_map_mut()
        {
            metadata.remove("generation");
        }
        return;
    };
    // Annotations of a Deployment go into its ReplicaSets.
    let annotations = |object: &Value| object.at(&["metadata", "annotations"]).cloned();
    let has_new_annotations =
        kind.is("apps", "Deployment") && target.part == Part::Main && annotations(live) != annotations(next);
    let changed = has_generation(kind) && (has_new_annotations || intent_differs(kind, live, next));
    next.set_at(&["metadata", "generation"], generation + i64::from(changed));
}

/// Whether anything but metadata and status differs; where the status is no part of its own, it counts.
fn intent_differs(kind: &Kind, live: &Value, next: &Value) -> bool {
    let (Some(live), Some(next)) = (live.as_map(), next.as_map()) else { return live != next };
    let counts = |key: &str| {
        !(matches!(key, "apiVersion" | "kind" | "metadata") || key == "status" && kind.has_status())
    };
    let keys = live.keys().chain(next.keys()).filter(|key| counts(key));
    keys.into_iter().any(|key| live.get(key) != next.get(key))
}
