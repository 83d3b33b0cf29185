//! Refusals of built-in objects against what a real kube-apiserver said of them.

use std::fs;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::validation::{Scope, invalid_message, validate_create, validate_update};
use apimachinery::{builtin, defaulting, object, patch};
use value::Value;

fn scope(gvk: &GroupVersionKind) -> Scope {
    let namespaced = builtin::resource(gvk).is_some_and(|resource| resource.namespaced);
    if namespaced { Scope::Namespaced } else { Scope::Cluster }
}

#[test]
fn refusals_are_those_of_the_real_server() {
    let golden = value::from_json(&fs::read("tests/builtin_validation.json").unwrap()).unwrap();
    assert_eq!(golden.str_at(&["recorded_from"]), Some("kube-apiserver v1.36.3"));
    let mut differences = Vec::new();
    let mut count = 0;
    for (step, key) in [("create", "object"), ("update", "old")] {
        for case in golden.get(step).and_then(Value::as_list).unwrap() {
            let given = case.get(key).unwrap();
            let gvk = GroupVersionKind::of(given).unwrap();
            let schema = builtin::schema(&gvk).unwrap();
            let errors = if step == "create" {
                let created = defaulting::default(given, &gvk, &schema);
                validate_create(&created, &gvk, &schema, scope(&gvk))
            } else {
                let patched = patch::merge_patch(given, case.get("patch").unwrap());
                let updated = defaulting::default(&patched, &gvk, &schema);
                validate_update(&updated, given, &gvk, &schema, scope(&gvk))
            };
            let name = object::name(given).unwrap_or_default();
            let found = if errors.is_empty() {
                Value::Null
            } else {
                Value::from(invalid_message(&gvk.group_kind(), name, &errors))
            };
            let expected = case.get("message").cloned().unwrap_or_default();
            if expected != found {
                differences.push(format!("{step} {gvk}\n  real {expected}\n  ours {found}"));
            }
            count += 1;
        }
    }
    assert!(count > 30);
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}
