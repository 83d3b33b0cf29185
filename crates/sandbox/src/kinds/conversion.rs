//! The versions of a kind.
//!
//! Of the built-in kinds only two are served in shapes that differ: events, which the core group and
//! `events.k8s.io` share, and horizontal pod autoscalers. Custom kinds have the conversion strategy
//! `None`, which changes `apiVersion` alone.

use apimachinery::gvk::GroupVersionKind;
use value::{Map, Value};

/// An object of one version as another version shows it.
pub(super) fn convert(object: &Value, from: &GroupVersionKind, to: &GroupVersionKind) -> Value {
    if from == to {
        return object.clone();
    }
    let mut object = object.clone();
    object.set_at(&["apiVersion"], to.api_version());
    let fields = object.as_map_mut();
    match (fields, from.group.as_str(), to.group.as_str(), to.kind.as_str()) {
        (Some(fields), "", "events.k8s.io", "Event") => rename(fields, EVENT_FIELDS, Direction::Forth),
        (Some(fields), "events.k8s.io", "", "Event") => rename(fields, EVENT_FIELDS, Direction::Back),
        (Some(fields), "autoscaling", "autoscaling", "HorizontalPodAutoscaler") => {
            if to.version == "v1" {
                scaler_to_v1(fields)
            } else {
                scaler_to_v2(fields)
            }
        }
        _ => {}
    }
    object
}

/// Fields of core events and what `events.k8s.io` calls them.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

#[derive(Clone, Copy)]
enum Direction {
    Forth,
    Back,
}

fn rename(fields: &mut Map, pairs: &[(&str, &str)], direction: Direction) {
    for (left, right) in pairs {
        let (from, to) = match direction {
            Direction::Forth => (left, right),
            Direction::Back => (right, left),
        };
        if let Some(value) = fields.remove(from) {
            fields.insert(*to, value);
        }
    }
}

/// v1 knows one metric: the processor use of the Pods.
fn scaler_to_v1(fields: &mut Map) {
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_map_mut) else { return };
    let metrics = spec.remove("metrics");
    let target = metrics.as_ref().and_then(Value::as_list).into_iter().flatten().find_map(|metric| {
        let resource = metric.get("resource")?;
        let is_cpu = resource.str_at(&["name"]) == Some("cpu");
        resource.at(&["target", "averageUtilization"]).filter(|_| is_cpu)
    });
    if let Some(target) = target {
        spec.insert("targetCPUUtilizationPercentage", target.clone());
    }
    spec.remove("behavior");
}

fn scaler_to_v2(fields: &mut Map) {
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_map_mut) else { return };
    if let Some(percentage) = spec.remove("targetCPUUtilizationPercentage") {
        let target =
            Value::map_of([("type", Value::from("Utilization")), ("averageUtilization", percentage)]);
        let resource = Value::map_of([("name", Value::from("cpu")), ("target", target)]);
        let metric = Value::map_of([("type", Value::from("Resource")), ("resource", resource)]);
        spec.insert("metrics", Value::list_of([metric]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gvk(api_version: &str, kind: &str) -> GroupVersionKind {
        GroupVersionKind::from_api_version(api_version, kind)
    }

    #[test]
    fn an_event_comes_back_as_it_went() {
        let core = value::from_json(
            br#"{"apiVersion":"v1","kind":"Event","involvedObject":{"name":"a"},"message":"m","count":2,"source":{"component":"c"}}"#,
        )
        .unwrap();
        let (old, new) = (gvk("v1", "Event"), gvk("events.k8s.io/v1", "Event"));
        let shown = convert(&core, &old, &new);
        assert_eq!(shown.str_at(&["regarding", "name"]), Some("a"));
        assert_eq!(shown.str_at(&["note"]), Some("m"));
        assert_eq!(convert(&shown, &new, &old), core);
    }

    #[test]
    fn a_scaler_keeps_its_processor_target() {
        let kind = "HorizontalPodAutoscaler";
        let (one, two) = (gvk("autoscaling/v1", kind), gvk("autoscaling/v2", kind));
        let object = value::from_json(
            br#"{"apiVersion":"autoscaling/v1","spec":{"maxReplicas":3,"targetCPUUtilizationPercentage":80}}"#,
        )
        .unwrap();
        assert_eq!(convert(&convert(&object, &one, &two), &two, &one), object);
    }
}
