//! The metadata that every object has, read from its tree.

use value::Value;

/// `metadata.name`.
pub fn name(object: &Value) -> Option<&str> {
    object.str_at(&["metadata", "name"])
}

/// `metadata.namespace`; an empty one counts as absent.
pub fn namespace(object: &Value) -> Option<&str> {
    object.str_at(&["metadata", "namespace"]).filter(|namespace| !namespace.is_empty())
}

/// `metadata.uid`.
pub fn uid(object: &Value) -> Option<&str> {
    object.str_at(&["metadata", "uid"])
}

/// `metadata.resourceVersion`.
pub fn resource_version(object: &Value) -> Option<&str> {
    object.str_at(&["metadata", "resourceVersion"])
}

/// `metadata.generation`.
pub fn generation(object: &Value) -> Option<i64> {
    object.at(&["metadata", "generation"])?.as_i64()
}

/// `status.observedGeneration`: the generation that the status is about.
pub fn observed_generation(object: &Value) -> Option<i64> {
    object.at(&["status", "observedGeneration"])?.as_i64()
}

/// `spec.suspend`: whether nobody is to work on the object for now.
pub fn is_suspended(object: &Value) -> bool {
    object.at(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true)
}

/// `metadata.labels` in key order. Values that are not text, which no server accepts, are left out.
pub fn labels(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    text_entries(object.at(&["metadata", "labels"]))
}

/// `metadata.annotations` in key order. Values that are not text are left out.
pub fn annotations(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    text_entries(object.at(&["metadata", "annotations"]))
}

/// The label `key`.
pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.str_at(&["metadata", "labels", key])
}

/// The annotation `key`.
pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.str_at(&["metadata", "annotations", key])
}

/// `metadata.deletionTimestamp`: set once somebody asked for the deletion.
pub fn deletion_timestamp(object: &Value) -> Option<&str> {
    object.str_at(&["metadata", "deletionTimestamp"])
}

/// `metadata.finalizers`, in their order.
pub fn finalizers(object: &Value) -> impl Iterator<Item = &str> {
    list(object.at(&["metadata", "finalizers"])).iter().filter_map(Value::as_str)
}

/// `metadata.ownerReferences` as they stand in the object.
pub fn owner_references(object: &Value) -> &[Value] {
    list(object.at(&["metadata", "ownerReferences"]))
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}

/// The entries of a map of texts, such as labels.
pub fn text_entries(map: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    map.and_then(Value::as_map)
        .into_iter()
        .flat_map(|map| map.iter())
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read() {
        let object = value::from_json(
            br#"{"metadata":{"name":"a","namespace":"","generation":3,"labels":{"x":"1","bad":2},
                "finalizers":["f"],"ownerReferences":[{"uid":"u"}]}}"#,
        )
        .unwrap();
        assert_eq!(name(&object), Some("a"));
        assert_eq!(namespace(&object), None);
        assert_eq!(generation(&object), Some(3));
        assert_eq!(labels(&object).collect::<Vec<_>>(), [("x", "1")]);
        assert_eq!(annotations(&object).count(), 0);
        assert_eq!(finalizers(&object).collect::<Vec<_>>(), ["f"]);
        assert_eq!(owner_references(&object).len(), 1);
    }
}
