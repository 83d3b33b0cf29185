//! What a server-side dry run says about an object.

use apimachinery::object;
use value::{Map, Value};

/// What applying did to an object, in the words of Flux's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It did not exist.
    Created,
    /// It existed and differed.
    Configured,
    /// It was already as desired.
    Unchanged,
    /// It was left alone on request.
    Skipped,
    /// It was deleted.
    Deleted,
}

impl Change {
    /// The word in events.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Deleted => "deleted",
        }
    }
}

/// Whether applying would change `live`, of which `dry_run` is what the server would store.
///
/// Both come from the server, so that whatever others own is the same in both: a label that only the live
/// object has is one that nobody wants any more. The rest of `metadata` and `status` are the server's.
///
/// Source: fluxcd/pkg/ssa `manager_diff.go`, `hasDrifted`, and recordings of it.
pub fn has_drifted(live: &Value, dry_run: &Value) -> bool {
    let metadata_differs =
        ["labels", "annotations"].iter().any(|field| entries(live, field) != entries(dry_run, field));
    metadata_differs || desired_part(live) != desired_part(dry_run)
}

/// Labels or annotations; none and an empty map are the same.
fn entries<'a>(object: &'a Value, field: &str) -> Option<&'a Map> {
    object.at(&["metadata", field]).and_then(Value::as_map).filter(|map| !map.is_empty())
}

fn desired_part(object: &Value) -> Option<Map> {
    let mut map = object.as_map()?.clone();
    map.remove("metadata");
    map.remove("status");
    Some(map)
}

/// Whether an API server's refusal means that a field cannot be changed on a live object, so that
/// only deleting and creating it again would help.
///
/// Source: fluxcd/pkg/ssa `errors`, `IsImmutableError`.
pub fn is_immutable(status_code: u16, message: &str) -> bool {
    matches!(status_code, 409 | 422)
        && (message.contains("field is immutable") || message.to_lowercase().contains("immutable"))
}

/// The owner labels that Flux puts on what a Kustomization applies, and by which it knows them again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The controller's API group, such as `kustomize.toolkit.fluxcd.io`.
    pub group: String,
    /// Name of the owning object.
    pub name: String,
    /// Namespace of the owning object.
    pub namespace: String,
}

impl Owner {
    /// The labels: `<group>/name` and `<group>/namespace`.
    pub fn labels(&self) -> [(String, String); 2] {
        [
            (format!("{}/name", self.group), self.name.clone()),
            (format!("{}/namespace", self.group), self.namespace.clone()),
        ]
    }

    /// Whether `object` carries the labels.
    pub fn owns(&self, object: &Value) -> bool {
        self.labels().iter().all(|(key, value)| object::label(object, key) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Value {
        value::from_json(text.as_bytes()).expect(text)
    }

    #[test]
    fn labels_count_and_status_does_not() {
        let live = object(
            r#"{"metadata":{"annotations":{},"labels":{"a":"1"},"resourceVersion":"2"},"spec":{"x":1},"status":{"y":1}}"#,
        );
        let same = object(r#"{"metadata":{"labels":{"a":"1"},"resourceVersion":"3"},"spec":{"x":1}}"#);
        let changed = object(r#"{"metadata":{"labels":{"a":"1"}},"spec":{"x":2}}"#);
        let relabelled = object(r#"{"metadata":{"labels":{"a":"2"}},"spec":{"x":1}}"#);
        let unlabelled = object(r#"{"metadata":{},"spec":{"x":1}}"#);
        assert!(!has_drifted(&live, &same));
        assert!(has_drifted(&live, &unlabelled));
        assert!(has_drifted(&live, &changed));
        assert!(has_drifted(&live, &relabelled));
    }
}
