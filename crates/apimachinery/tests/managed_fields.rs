//! Replays what a real kube-apiserver did to objects, step by step: who owns what afterwards, which
//! conflicts there are, and what an apply makes of an object.
//!
//! Each file in `tests/managed_fields` names the version that it was recorded from.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot read its recordings has failed"
)]

use std::fs;
use std::path::Path;

use apimachinery::builtin;
use apimachinery::defaulting;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::managed_fields::{self, ApplyOptions, Resets, UpdateOptions};
use apimachinery::patch;
use apimachinery::schema::Schema;
use jiff::{Timestamp, ToSpan};
use value::Value;

fn read(path: &Path) -> Value {
    value::from_json(&fs::read(path).unwrap()).unwrap()
}

struct World {
    schema: Schema,
    gvk: GroupVersionKind,
}

impl World {
    fn of(gvk: GroupVersionKind) -> Self {
        let schema = builtin::schema(&gvk).unwrap_or_else(|| {
            Schema::from_crd(&read(Path::new("tests/widget-schema.json"))).expect("the schema is structural")
        });
        Self { schema, gvk }
    }

    fn resets(&self, subresource: Option<&str>) -> Resets {
        match self.gvk.kind.as_str() {
            "Widget" => Resets::of_custom(true, subresource),
            _ => Resets::of_builtin(&self.gvk, subresource),
        }
    }

    fn patched(&self, live: &Value, verb: &str, body: &Value) -> Value {
        match verb {
            "json" => patch::json_patch(live, body).unwrap(),
            "merge" => patch::merge_patch(live, body),
            "strategic" => patch::strategic(live, body, &self.schema).unwrap(),
            other => panic!("unknown verb {other}"),
        }
    }
}

fn times(object: Option<&Value>) -> Vec<Timestamp> {
    let entries = object.and_then(|object| object.at(&["metadata", "managedFields"]));
    let entries = entries.and_then(Value::as_list).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.str_at(&["time"])?.parse().ok()).collect()
}

/// The time of the step: that of the newest entry, or a later one when the step left no mark.
fn now(live: Option<&Value>, after: &Value) -> Timestamp {
    let before = times(live).into_iter().max();
    match (times(Some(after)).into_iter().max(), before) {
        (Some(after), Some(before)) if after <= before => before + 7.seconds(),
        (Some(after), _) => after,
        (None, before) => before.unwrap_or_default() + 7.seconds(),
    }
}

fn managed(object: &Value) -> Value {
    object.at(&["metadata", "managedFields"]).cloned().unwrap_or_default()
}

/// What admission and the registry put into a created object after its fields were tracked.
fn added_after_tracking(object: &mut Value) {
    match object.str_at(&["kind"]) {
        Some("Pod") => {
            object.remove_at(&["spec", "priority"]);
            object.remove_at(&["spec", "preemptionPolicy"]);
        }
        Some("Namespace") => drop(object.remove_at(&["spec", "finalizers"])),
        _ => {}
    }
}

/// The object without what only a server gives it.
fn content(object: &Value) -> Value {
    let mut object = object.clone();
    for field in ["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"] {
        object.remove_at(&["metadata", field]);
    }
    if object.str_at(&["kind"]) == Some("Service") {
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            object.remove_at(&["spec", field]);
        }
    }
    // Writes to the object leave the status alone, and the other way round; that is the registry's.
    object.remove_at(&["status"]);
    object
}

/// The server walks its managers in Go's random order.
fn by_field(causes: &Value) -> Value {
    let mut causes = causes.as_list().unwrap().to_vec();
    causes.sort_by_key(|cause| cause.str_at(&["field"]).map(str::to_owned));
    Value::from(causes)
}

fn replay(name: &str, golden: &Value, failures: &mut Vec<String>) {
    let mut live: Option<Value> = None;
    for (at, step) in golden.get("steps").and_then(Value::as_list).unwrap().iter().enumerate() {
        let verb = step.str_at(&["verb"]).unwrap();
        let subresource = step.str_at(&["subresource"]);
        let manager = step.str_at(&["manager"]).unwrap();
        let body = step.get("body").unwrap();
        let reference = step.get("after").or(live.as_ref()).unwrap_or(body);
        let world = World::of(GroupVersionKind::of(reference).unwrap());
        let now = now(live.as_ref(), reference);
        let resets = world.resets(subresource);
        let mut check = |what: &str, expected: &Value, found: &Value| {
            if expected != found {
                failures.push(format!("{name}[{at}] {verb}: {what}\n  real {expected}\n  ours {found}"));
            }
        };
        if verb == "apply" {
            let force = step.get("force").is_some();
            let options = ApplyOptions { manager, force, subresource, now, resets };
            let result = managed_fields::apply(live.as_ref(), body, &world.schema, &options);
            match (step.get("after"), result) {
                (Some(after), Ok(applied)) => {
                    check("managedFields", &managed(after), &managed(&applied));
                    let defaulted = defaulting::default(&applied, &world.gvk, &world.schema);
                    check("object", &content(after), &content(&defaulted));
                }
                (Some(_), Err(error)) => check("refused", &Value::Null, &Value::from(error.to_string())),
                // What validation refuses after a successful apply is not for here.
                (None, _) if step.get("code") == Some(&Value::from(422)) => {}
                (None, Ok(_)) => check("not refused", step.get("error").unwrap(), &Value::Null),
                (None, Err(error)) => {
                    let expected = step.at(&["error", "message"]).unwrap();
                    check("message", expected, &Value::from(error.to_string()));
                    let causes = error.causes();
                    if !causes.is_empty() {
                        let causes = causes.into_iter().map(|(message, field)| {
                            Value::map_of([
                                ("field", field),
                                ("message", message),
                                ("reason", "FieldManagerConflict".to_owned()),
                            ])
                        });
                        let causes = Value::list_of(causes);
                        check(
                            "causes",
                            &by_field(step.at(&["error", "causes"]).unwrap()),
                            &by_field(&causes),
                        );
                    }
                }
            }
        } else if let Some(after) = step.get("after") {
            let given = match verb {
                "create" | "update" => body.at(&["metadata", "managedFields"]).cloned(),
                _ => world
                    .patched(live.as_ref().unwrap(), verb, body)
                    .at(&["metadata", "managedFields"])
                    .cloned(),
            };
            let mut new = after.clone();
            new.remove_at(&["metadata", "managedFields"]);
            if verb == "create" {
                added_after_tracking(&mut new);
            }
            if let Some(given) = given {
                new.set_at(&["metadata", "managedFields"], given);
            }
            let options = UpdateOptions { manager, subresource, now, resets };
            let updated = managed_fields::update(live.as_ref(), new, &world.schema, &options);
            check("managedFields", &managed(after), &managed(&updated));
        }
        if let Some(after) = step.get("after") {
            live = Some(after.clone());
        }
    }
}

#[test]
fn ownership_is_that_of_the_real_server() {
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir("tests/managed_fields").unwrap() {
        let path = entry.unwrap().path();
        let golden = read(&path);
        assert_eq!(golden.str_at(&["recorded_from"]), Some("kube-apiserver v1.36.3"));
        replay(path.file_stem().unwrap().to_str().unwrap(), &golden, &mut failures);
        count += 1;
    }
    assert!(count >= 25, "only {count} recordings");
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
