//! The differences between a recorded step and what ours did.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::recording::identity;

/// What is compared of one side; everything is normal.
pub(crate) struct Seen {
    pub(crate) flux: Vec<Json>,
    pub(crate) objects: Vec<Json>,
    /// Each with how often.
    pub(crate) events: Vec<(Json, u64)>,
    pub(crate) notifications: Vec<Json>,
    /// `Kind namespace/name` → the status after each write.
    pub(crate) writes: BTreeMap<String, Writes>,
    pub(crate) rejected: Vec<String>,
}

/// The writes of the status of one object.
#[derive(Default)]
pub(crate) struct Writes {
    /// The conditions after each write that changed them.
    pub(crate) conditions: Vec<Json>,
    pub(crate) count: usize,
}

/// Differences of objects alone; none means that the step may have come to rest.
pub(crate) fn states(expected: &Seen, got: &Seen) -> Vec<String> {
    let mut out = Vec::new();
    objects(&expected.flux, &got.flux, &mut out);
    objects(&expected.objects, &got.objects, &mut out);
    out
}

/// All differences. `repeats` says that the step goes on trying, so that how often says nothing.
pub(crate) fn all(expected: &Seen, got: &Seen, repeats: bool) -> Vec<String> {
    let mut out = states(expected, got);
    if expected.rejected != got.rejected {
        out.push(format!("rejected: {:?}, not {:?}", got.rejected, expected.rejected));
    }
    events(expected, got, repeats, &mut out);
    notifications(&expected.notifications, &got.notifications, repeats, &mut out);
    let written: BTreeSet<&String> = expected.writes.keys().chain(got.writes.keys()).collect();
    let nothing = Writes::default();
    for object in written {
        let expected = expected.writes.get(object).unwrap_or(&nothing);
        writes(object, expected, got.writes.get(object).unwrap_or(&nothing), repeats, &mut out);
    }
    out
}

fn objects(expected: &[Json], got: &[Json], out: &mut Vec<String>) {
    let named = |objects: &[Json]| -> BTreeMap<_, Json> {
        objects.iter().map(|object| (identity(object), object.clone())).collect()
    };
    let (expected, got) = (named(expected), named(got));
    for ((_, kind, namespace, name), object) in &expected {
        let path = format!("{kind} {namespace}/{name}");
        match got.get(&identity(object)) {
            None => out.push(format!("{path}: missing")),
            Some(found) => difference(&path, object, &comparable(object, found), out),
        }
    }
    for (api_version, kind, namespace, name) in got.keys().filter(|key| !expected.contains_key(*key)) {
        out.push(format!("{kind} {namespace}/{name} ({api_version}): should not exist"));
    }
}

/// Parts that were not recorded are left out, and an inventory written ahead of a failure is accepted.
fn comparable(expected: &Json, got: &Json) -> Json {
    let mut got = got.clone();
    if expected["metadata"].get("managedFields").is_none() {
        got["metadata"].as_object_mut().expect("metadata").remove("managedFields");
    }
    if expected.get("status").is_none() {
        got.as_object_mut().expect("an object").remove("status");
    }
    if expected["kind"] == "Kustomization" && !is_ready(expected) {
        accept_written_ahead(expected, &mut got);
    }
    got
}

/// Before anything is applied, our inventory holds both what was there and what is to come.
fn accept_written_ahead(expected: &Json, got: &mut Json) {
    let entries =
        |object: &Json| object["status"]["inventory"]["entries"].as_array().cloned().unwrap_or_default();
    let known = entries(got);
    if !entries(expected).iter().all(|entry| known.contains(entry)) {
        return;
    }
    let Some(status) = got["status"].as_object_mut() else { return };
    match expected["status"].get("inventory") {
        Some(inventory) => status.insert("inventory".to_owned(), inventory.clone()),
        None => status.remove("inventory"),
    };
}

/// Whether the Ready condition of a Flux object is true.
pub(crate) fn is_ready(object: &Json) -> bool {
    let conditions = object["status"]["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn events(expected: &Seen, got: &Seen, repeats: bool, out: &mut Vec<String>) {
    let counted = |events: &[(Json, u64)]| {
        let mut counted = BTreeMap::new();
        for (event, count) in events {
            *counted.entry(event.to_string()).or_insert(0) += count;
        }
        counted
    };
    let (expected, got) = (counted(&expected.events), counted(&got.events));
    for (event, count) in &expected {
        match got.get(event) {
            None => out.push(format!("event missing: {event}")),
            Some(other) if other != count && !repeats => {
                out.push(format!("event {other} times, not {count}: {event}"));
            }
            Some(_) => {}
        }
    }
    out.extend(
        got.keys()
            .filter(|event| !expected.contains_key(*event))
            .map(|event| format!("event too many: {event}")),
    );
}

fn notifications(expected: &[Json], got: &[Json], repeats: bool, out: &mut Vec<String>) {
    let by_object = |all: &[Json]| {
        let mut found: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for body in all {
            let about = &body["involvedObject"];
            let list = found
                .entry(format!("{} {}/{}", about["kind"], about["namespace"], about["name"]))
                .or_default();
            if !repeats || !list.contains(body) {
                list.push(body.clone());
            }
        }
        found
    };
    let (expected, got) = (by_object(expected), by_object(got));
    let about: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    for object in about {
        let list =
            |all: &BTreeMap<String, Vec<Json>>| Json::Array(all.get(object).cloned().unwrap_or_default());
        difference(&format!("notifications of {object}"), &list(&expected), &list(&got), out);
    }
}

fn writes(object: &str, expected: &Writes, got: &Writes, repeats: bool, out: &mut Vec<String>) {
    let sequence = |writes: &Writes| {
        let mut kept: Vec<String> = Vec::new();
        for conditions in writes.conditions.iter().map(summary) {
            if !repeats || !kept.contains(&conditions) {
                kept.push(conditions);
            }
        }
        kept
    };
    let (wanted, found) = (sequence(expected), sequence(got));
    if wanted != found {
        let lines = |list: &[String]| list.join("\n          ");
        out.push(format!(
            "writes of {object}:\n        not {}\n        but {}",
            lines(&wanted),
            lines(&found)
        ));
    } else if !repeats && expected.count != got.count {
        out.push(format!("{object}: {} writes of the status, not {}", got.count, expected.count));
    }
}

/// `Ready=True Succeeded "…" @1`
fn summary(conditions: &Json) -> String {
    let conditions = conditions.as_array().map_or(&[][..], Vec::as_slice);
    let shown = conditions.iter().map(|condition| {
        let text = |field: &str| condition[field].as_str().unwrap_or_default();
        let (name, status) = (text("type"), text("status"));
        format!(
            "{name}={status} {} {:?} @{}",
            text("reason"),
            text("message"),
            condition["observedGeneration"]
        )
    });
    shown.collect::<Vec<_>>().join(" | ")
}

fn difference(path: &str, expected: &Json, got: &Json, out: &mut Vec<String>) {
    match (expected, got) {
        (Json::Object(expected), Json::Object(got)) => {
            let keys: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
            for key in keys {
                let path = format!("{path}.{key}");
                match (expected.get(key), got.get(key)) {
                    (Some(expected), Some(got)) => difference(&path, expected, got, out),
                    (Some(expected), None) => out.push(format!("{path}: missing, not {expected}")),
                    (None, got) => {
                        out.push(format!("{path}: should not be, but is {}", got.unwrap_or(&Json::Null)))
                    }
                }
            }
        }
        (Json::Array(expected), Json::Array(got)) if expected.len() == got.len() => {
            for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
                difference(&format!("{path}[{at}]"), expected, got, out);
            }
        }
        _ if expected == got => {}
        _ => out.push(format!("{path}:\n        not {expected}\n        but {got}")),
    }
}
