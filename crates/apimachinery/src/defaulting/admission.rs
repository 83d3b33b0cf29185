//! What kube-apiserver's default admission plugins put into created objects.

use value::{Map, Value};

use super::set_default;
use crate::gvk::GroupVersionKind;

/// Fills in what admission does: the priority of a Pod and the tolerations that let it stay for five
/// minutes on a node that went away. Nobody owns these fields, so this comes after
/// [`crate::managed_fields::update`]. Priority classes are not looked up; a Pod that names one keeps the
/// priority that it has.
pub fn admit(object: &mut Value, gvk: &GroupVersionKind) {
    if (gvk.group.as_str(), gvk.kind.as_str()) != ("", "Pod") {
        return;
    }
    let Some(spec) = object.as_map_mut().and_then(|pod| pod.get_mut("spec")).and_then(Value::as_map_mut)
    else {
        return;
    };
    if spec.get("priorityClassName").is_none() {
        set_default(spec, "priority", 0);
    }
    set_default(spec, "preemptionPolicy", "PreemptLowerPriority");
    for taint in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        tolerate(spec, taint);
    }
}

fn tolerate(spec: &mut Map, taint: &str) {
    let tolerations = spec.entry_or("tolerations", || Value::from(Vec::new()));
    let Some(list) = tolerations.as_list_mut() else { return };
    let matches = |one: &Value| {
        let text = |key: &str| one.str_at(&[key]).unwrap_or_default();
        let key = text("key");
        (key == taint || (key.is_empty() && text("operator") == "Exists"))
            && matches!(text("effect"), "" | "NoExecute")
    };
    if !list.iter().any(matches) {
        list.push(Value::map_of([
            ("key", Value::from(taint)),
            ("operator", Value::from("Exists")),
            ("effect", Value::from("NoExecute")),
            ("tolerationSeconds", Value::from(300)),
        ]));
    }
}
