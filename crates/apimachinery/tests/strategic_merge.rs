//! Strategic merge patches against what a real kube-apiserver made of them.

use std::fs;

use apimachinery::builtin;
use apimachinery::defaulting;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::patch;
use value::Value;

/// What the server itself writes on the way.
fn without_bookkeeping(object: &Value) -> Value {
    let mut object = object.clone();
    for field in ["managedFields", "resourceVersion", "generation"] {
        object.remove_at(&["metadata", field]);
    }
    object
}

#[test]
fn patched_objects_are_those_of_the_real_server() {
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir("tests/strategic_merge").unwrap() {
        let path = entry.unwrap().path();
        let golden = value::from_json(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(golden.str_at(&["recorded_from"]), Some("kube-apiserver v1.36.3"));
        let live = golden.get("live").unwrap();
        let gvk = GroupVersionKind::of(live).unwrap();
        let schema = builtin::schema(&gvk).unwrap();
        let result = patch::strategic(live, golden.get("patch").unwrap(), &schema);
        let (expected, found) = match (golden.get("after"), result) {
            (Some(after), Ok(patched)) => {
                let defaulted = defaulting::default(&patched, &gvk, &schema);
                (without_bookkeeping(after), without_bookkeeping(&defaulted))
            }
            (after, result) => (
                after.or(golden.get("message")).cloned().unwrap(),
                Value::from(result.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())),
            ),
        };
        if expected != found {
            failures.push(format!("{}\n  real {expected}\n  ours {found}", path.display()));
        }
        count += 1;
    }
    assert!(count >= 20, "only {count} recordings");
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
