//! Defaults against what a real kube-apiserver made of the same manifests (dry-run create).

use std::fs;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::{builtin, defaulting, object};
use value::Value;

/// What the registry of a kind assigns when it stores an object, which is no defaulting.
fn without_assigned(object: &Value) -> Value {
    let mut object = object.clone();
    match object.str_at(&["kind"]) {
        Some("Service") => {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                object.remove_at(&["spec", field]);
            }
            if let Some(ports) = object.at(&["spec", "ports"]).and_then(Value::as_list) {
                let mut ports = ports.to_vec();
                ports.iter_mut().for_each(|port| drop(port.remove_at(&["nodePort"])));
                object.set_at(&["spec", "ports"], ports);
            }
        }
        Some("Job") => {
            let uids = [
                "controller-uid",
                "batch.kubernetes.io/controller-uid",
                "job-name",
                "batch.kubernetes.io/job-name",
            ];
            for path in [&["metadata"][..], &["spec", "template", "metadata"]] {
                for label in uids {
                    object.remove_at(&[path, &["labels", label]].concat());
                }
                let labels = [path, &["labels"]].concat();
                if object.at(&labels).and_then(Value::as_map).is_some_and(value::Map::is_empty) {
                    object.remove_at(&labels);
                }
            }
            object.remove_at(&["spec", "selector"]);
        }
        Some("DaemonSet") => drop(object.remove_at(&["metadata", "annotations"])),
        Some("PersistentVolume" | "PersistentVolumeClaim") => {
            object.remove_at(&["metadata", "finalizers"]);
            object.remove_at(&["status", "lastPhaseTransitionTime"]);
        }
        Some("Pod") => drop(object.remove_at(&["status"])),
        Some("Namespace") => drop(object.remove_at(&["spec"])),
        Some("CustomResourceDefinition") => drop(object.remove_at(&["status"])),
        Some("PodDisruptionBudget") => drop(object.remove_at(&["status"])),
        _ => {}
    }
    object
}

#[test]
fn defaults_are_those_of_the_real_server() {
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir("tests/defaulting").unwrap() {
        let path = entry.unwrap().path();
        let golden = value::from_json(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(golden.str_at(&["recorded_from"]), Some("kube-apiserver v1.36.3"));
        let input = golden.get("input").unwrap();
        let gvk = GroupVersionKind::of(input).unwrap();
        let schema = builtin::schema(&gvk).unwrap();
        let mut found = defaulting::default(input, &gvk, &schema);
        defaulting::admit(&mut found, &gvk);
        let (expected, found) = (without_assigned(golden.get("output").unwrap()), without_assigned(&found));
        if expected != found {
            let name = object::name(input).unwrap();
            failures.push(format!("{name}\n  real {expected}\n  ours {found}"));
        }
        let again = defaulting::default(&found, &gvk, &schema);
        assert_eq!(without_assigned(&again), found, "defaults change nothing the second time");
        count += 1;
    }
    assert!(count >= 40, "only {count} recordings");
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
