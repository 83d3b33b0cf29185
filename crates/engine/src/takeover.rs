//! Taking over what other tools left in an object's metadata.

use value::{Map, Value};

use crate::controls;

/// Annotations that make other tools fight over an object once Flux owns it.
const ANNOTATIONS: [&str; 3] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/checksum",
    "fluxcd.io/sync-checksum",
];
const LABELS: [&str; 1] = ["fluxcd.io/sync-gc-mark"];

/// The JSON patch (RFC 6902) that makes `manager` the owner of what kubectl and earlier versions of
/// the manager itself own in `live`, and removes the marks of client-side apply. `None` where there is
/// nothing to do, or the object is to be shared (`ssa: Merge`).
///
/// Source: fluxcd/pkg/ssa `manager_apply.go` `cleanupMetadata`, `patch.go` `PatchReplaceFieldsManagers`.
pub fn patch(desired: &Value, live: &Value, manager: &str) -> Option<Value> {
    if controls::either_says(desired, Some(live), controls::SSA, "Merge") {
        return None;
    }
    let mut operations: Vec<Value> = Vec::new();
    operations.extend(removals(live, "annotations", &ANNOTATIONS));
    operations.extend(removals(live, "labels", &LABELS));
    operations.extend(managers(live, manager));
    (!operations.is_empty()).then(|| operations.into())
}

fn removals(live: &Value, field: &'static str, keys: &[&str]) -> Vec<Value> {
    let held = live.at(&["metadata", field]);
    let is_held = |key: &&&str| held.is_some_and(|held| held.get(key).is_some());
    let removal = |key: &&str| {
        let path = format!("/metadata/{field}/{}", key.replace('~', "~0").replace('/', "~1"));
        Value::map_of([("op", "remove".to_owned()), ("path", path)])
    };
    keys.iter().filter(is_held).map(removal).collect()
}

fn managers(live: &Value, manager: &str) -> Option<Value> {
    let entries = live.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    let is_own = |entry: &Value| {
        entry.str_at(&["manager"]) == Some(manager) && entry.str_at(&["operation"]) == Some("Apply")
    };
    let mut own = entries.iter().find(|entry| is_own(entry)).cloned();
    let mut edited = false;
    let mut kept = Vec::new();
    for entry in entries.iter().filter(|entry| !is_own(entry)) {
        if !is_taken_over(entry, manager) {
            kept.push(entry.clone());
            continue;
        }
        edited = true;
        own = Some(match own {
            Some(own) => with_fields_of(own, entry),
            None => renamed(entry.clone(), manager),
        });
    }
    kept.extend(own);
    edited.then(|| {
        Value::map_of([
            ("op", Value::from("replace")),
            ("path", "/metadata/managedFields".into()),
            ("value", kept.into()),
        ])
    })
}

fn is_taken_over(entry: &Value, own: &str) -> bool {
    let manager = entry.str_at(&["manager"]).unwrap_or_default();
    let operation = entry.str_at(&["operation"]).unwrap_or_default();
    if entry.str_at(&["subresource"]).is_some_and(|subresource| !subresource.is_empty()) {
        return false;
    }
    match operation {
        "Apply" => manager.starts_with("kubectl"),
        "Update" => {
            manager.starts_with("kubectl")
                || manager.starts_with("before-first-apply")
                || manager.starts_with(own)
        }
        _ => false,
    }
}

fn renamed(mut entry: Value, manager: &str) -> Value {
    entry.set_at(&["manager"], manager);
    entry.set_at(&["operation"], "Apply");
    entry
}

fn with_fields_of(mut own: Value, other: &Value) -> Value {
    if let Some(fields) = other.get("fieldsV1") {
        let mut merged = own.get("fieldsV1").cloned().unwrap_or_else(Value::map);
        merge(&mut merged, fields);
        own.set_at(&["fieldsV1"], merged);
    }
    own
}

fn merge(into: &mut Value, from: &Value) {
    let Some(from) = from.as_map() else { return };
    if let Some(into) = into.as_map_mut() {
        for (key, value) in from {
            merge(into.entry_or(key, || Value::from(Map::new())), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(managed: &str) -> Value {
        let text = format!(r#"{{"metadata":{{"managedFields":{managed}}}}}"#);
        value::from_json(text.as_bytes()).expect(managed)
    }

    fn check(managed: &str, expected: &str) {
        let patch = patch(&Value::map(), &live(managed), "kustomize-controller");
        assert_eq!(patch.map(|patch| patch.to_string()).unwrap_or_default(), expected);
    }

    #[test]
    fn other_appliers_keep_their_fields() {
        check(r#"[{"manager":"helm","operation":"Apply","fieldsV1":{"f:data":{}}}]"#, "");
    }

    #[test]
    fn an_edit_with_kubectl_is_merged_into_the_own_entry() {
        check(
            r#"[{"manager":"kustomize-controller","operation":"Apply","fieldsV1":{"f:data":{"f:a":{}}}},
                {"manager":"kubectl-edit","operation":"Update","fieldsV1":{"f:data":{"f:b":{}}}}]"#,
            r#"[{"op":"replace","path":"/metadata/managedFields","value":[{"fieldsV1":{"f:data":{"f:a":{},"f:b":{}}},"manager":"kustomize-controller","operation":"Apply"}]}]"#,
        );
    }

    #[test]
    fn status_managers_are_left_alone() {
        check(r#"[{"manager":"kubectl","operation":"Update","subresource":"status","fieldsV1":{}}]"#, "");
    }
}
