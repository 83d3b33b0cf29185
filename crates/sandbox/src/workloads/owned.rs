//! Objects that belong to a controller: which they are, and how new ones are made.

use std::sync::Arc;

use apimachinery::object;
use apimachinery::selector::LabelSelector;
use value::Value;

use super::client::{self, MANAGER};
use crate::api::Api;
use crate::chance;
use crate::kinds::Kind;
use crate::status::{self, Refusal};

/// The reference by which an object says who its controller is.
pub(super) fn reference(owner: &Value) -> Value {
    let text = |path: &[&str]| Value::from(owner.str_at(path).unwrap_or_default());
    Value::map_of([
        ("apiVersion", text(&["apiVersion"])),
        ("kind", text(&["kind"])),
        ("name", text(&["metadata", "name"])),
        ("uid", text(&["metadata", "uid"])),
        ("controller", true.into()),
        ("blockOwnerDeletion", true.into()),
    ])
}

fn controller(object: &Value) -> Option<&str> {
    let references = object::owner_references(object).iter();
    references
        .filter(|owner| owner.get("controller") == Some(&Value::Bool(true)))
        .find_map(|owner| owner.str_at(&["uid"]))
}

/// The objects of a kind that belong to an owner. Selected ones that nobody controls are adopted, and
/// controlled ones that are not selected any more are let go.
pub(super) fn claim(api: &Api, kind: &Arc<Kind>, owner: &Value) -> Result<Vec<Value>, Refusal> {
    let selector = owner.at(&["spec", "selector"]).cloned().unwrap_or_default();
    let selector = LabelSelector::from_value(&selector).map_err(status::internal)?;
    let leaving = object::deletion_timestamp(owner).is_some();
    let namespace = object::namespace(owner).unwrap_or_default();
    let mut claimed = Vec::new();
    for child in client::list(api, kind, namespace) {
        let selected = selector.matches(object::labels(&child));
        let going = object::deletion_timestamp(&child).is_some();
        match controller(&child) {
            Some(uid) if Some(uid) == object::uid(owner) => {
                if selected || leaving || going {
                    claimed.push(child);
                } else {
                    release(api, kind, &child, uid)?;
                }
            }
            None if selected && !leaving && !going => claimed.push(adopt(api, kind, child, owner)?),
            _ => {}
        }
    }
    claimed.sort_by_key(created);
    Ok(claimed)
}

/// When an object was made, then its name: the order in which things are kept and taken away.
pub(super) fn created(object: &Value) -> (String, String) {
    let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default().to_owned();
    (text("creationTimestamp"), text("name"))
}

fn adopt(api: &Api, kind: &Arc<Kind>, child: Value, owner: &Value) -> Result<Value, Refusal> {
    let mut next = child;
    let mut references = object::owner_references(&next).to_vec();
    references.push(reference(owner));
    next.set_at(&["metadata", "ownerReferences"], references);
    client::update(api, kind, next, MANAGER)
}

fn release(api: &Api, kind: &Arc<Kind>, child: &Value, uid: &str) -> Result<(), Refusal> {
    let kept: Vec<Value> = object::owner_references(child)
        .iter()
        .filter(|owner| owner.str_at(&["uid"]) != Some(uid))
        .cloned()
        .collect();
    let mut next = child.clone();
    next.set_at(&["metadata", "ownerReferences"], kept);
    client::update(api, kind, next, MANAGER).map(|_| ())
}

/// A Pod of a template. It has a generated name unless one is given.
pub(super) fn pod(owner: &Value, template: &Value, name: Option<&str>) -> Value {
    let owner_name = object::name(owner).unwrap_or_default();
    let mut pod = Value::map_of([
        ("metadata", template.get("metadata").cloned().unwrap_or_else(Value::map)),
        ("spec", template.get("spec").cloned().unwrap_or_else(Value::map)),
    ]);
    if let Some(name) = name {
        pod.set_at(&["metadata", "name"], name);
    } else {
        pod.remove_at(&["metadata", "name"]);
    }
    pod.set_at(&["metadata", "generateName"], format!("{owner_name}-"));
    pod.set_at(&["metadata", "namespace"], object::namespace(owner).unwrap_or_default());
    pod.set_at(&["metadata", "ownerReferences"], Value::list_of([reference(owner)]));
    pod
}

/// A short name for a template: the same for equal ones. (The real controller hashes a printed form of
/// Go's structs, which nothing else can reproduce.)
pub(super) fn hash(template: &Value, collisions: i64) -> String {
    let text = format!("{template}{}", if collisions > 0 { collisions.to_string() } else { String::new() });
    // FNV-1a with 32 bits.
    let number =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    chance::safe_encode(number)
}

/// Whether a Pod takes requests.
pub(super) fn is_ready(pod: &Value) -> bool {
    has_condition(pod, "Ready")
}

/// Whether a condition of an object's status is `True`.
pub(super) fn has_condition(object: &Value, r#type: &str) -> bool {
    let conditions = object.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    conditions.iter().any(|condition| {
        condition.str_at(&["type"]) == Some(r#type) && condition.str_at(&["status"]) == Some("True")
    })
}

/// Whether a Pod counts as running or about to: neither over nor going.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_over(pod) && object::deletion_timestamp(pod).is_none()
}

/// Whether a Pod's containers have ended for good.
pub(super) fn is_over(pod: &Value) -> bool {
    matches!(pod.str_at(&["status", "phase"]), Some("Succeeded" | "Failed"))
}

/// The number at a path of an object; zero where there is none.
pub(super) fn number(object: &Value, path: &[&str]) -> i64 {
    object.at(path).and_then(Value::as_i64).unwrap_or(0)
}

/// Which way a part of a Pod goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    Up,
    Down,
}

/// The number that a bound gives as it is, or as so many in a hundred `of` something; none where it is neither.
pub(super) fn share(bound: &Value, of: i64, rounding: Rounding) -> Option<i64> {
    let percent = |text: &str| text.strip_suffix('%')?.parse::<i64>().ok();
    bound.as_i64().or_else(|| {
        let hundredfold = percent(bound.as_str()?)? * of;
        Some(if rounding == Rounding::Up { (hundredfold + 99) / 100 } else { hundredfold / 100 })
    })
}

/// Writes a status that differs from the live one.
pub(super) fn write_status(api: &Api, kind: &Arc<Kind>, live: &Value, status: Value) -> Result<(), Refusal> {
    if live.get("status") == Some(&status) {
        return Ok(());
    }
    let mut next = live.clone();
    next.set_at(&["status"], status);
    client::update_status(api, kind, next, MANAGER).map(|_| ())
}
