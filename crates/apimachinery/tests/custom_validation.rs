//! Refusals of custom objects against what a real kube-apiserver said of them.

use std::collections::BTreeSet;
use std::fs;

use apimachinery::defaulting;
use apimachinery::gvk::{GroupKind, GroupVersionKind};
use apimachinery::schema::Schema;
use apimachinery::validation::{Scope, invalid_message, prune, validate_create};
use value::Value;

/// The server prints findings in Go's random order of keys.
fn findings(message: &str) -> BTreeSet<String> {
    let list = message.split_once(" is invalid: ").map_or(message, |(_, list)| list);
    let list = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
    list.replace(", spec.", "\nspec.").replace(", <nil>", "\n<nil>").lines().map(str::to_owned).collect()
}

#[test]
fn refusals_are_those_of_the_real_server() {
    let golden = value::from_json(&fs::read("tests/custom_validation.json").unwrap()).unwrap();
    assert_eq!(golden.str_at(&["recorded_from"]), Some("kube-apiserver v1.36.3"));
    let schema = Schema::from_crd(golden.get("schema").unwrap()).unwrap();
    let gvk = GroupVersionKind::new("example.com", "v1", "Check");
    let mut differences = Vec::new();
    let cases = golden.get("cases").and_then(Value::as_list).unwrap();
    for case in cases {
        let mut object = Value::map_of([("apiVersion", "example.com/v1"), ("kind", "Check")]);
        object.set_at(&["metadata", "name"], "x");
        object.set_at(&["metadata", "namespace"], "mf");
        object.set_at(&["spec"], case.get("spec").cloned());
        let object = defaulting::default(&prune(&object, &schema), &gvk, &schema);
        let errors = validate_create(&object, &gvk, &schema, Scope::Namespaced);
        let expected = case.str_at(&["message"]).map(findings).unwrap_or_default();
        let found = if errors.is_empty() {
            BTreeSet::new()
        } else {
            findings(&invalid_message(&GroupKind::new("example.com", "Check"), "x", &errors))
        };
        if expected != found {
            differences.push(format!("{}\n  real {expected:?}\n  ours {found:?}", case.get("spec").unwrap()));
        }
    }
    assert!(cases.len() > 40);
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}
