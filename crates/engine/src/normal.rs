//! The form in which objects are applied.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::{builtin, defaulting, validation};
use value::Value;

/// Rewrites what the server would store in another form than it was written, since such a field would
/// differ from the stored object for ever: `stringData` of a Secret becomes `data`, and an object of a
/// built-in kind is written as Go's types write it, without fields that they do not know.
///
/// Source: fluxcd/pkg/ssa `normalize`.
pub fn normalise(mut object: Value) -> Value {
    if object.str_at(&["apiVersion"]) == Some("v1") && object.str_at(&["kind"]) == Some("Secret") {
        encode_string_data(&mut object);
    }
    typed(&object).unwrap_or(object)
}

/// Definitions of kinds hold schemas, which types and defaults must not touch.
const DEFINITIONS: &str = "apiextensions.k8s.io";

/// `None` where the kind is not built in, or where its types cannot hold a value: that one is left for the
/// server to refuse, with its own words.
fn typed(object: &Value) -> Option<Value> {
    let gvk = GroupVersionKind::of(object)?;
    let schema = builtin::schema(&gvk).filter(|_| gvk.group != DEFINITIONS)?;
    if validation::decode_error(object, &schema).is_some() {
        return None;
    }
    let mut typed = defaulting::through_types(&validation::prune(object, &schema), &schema);
    typed.remove_at(&["status"]);
    typed.remove_at(&["metadata", "creationTimestamp"]);
    if gvk.group.is_empty() && gvk.kind == "Service" {
        write_target_ports(&mut typed);
    }
    Some(typed)
}

/// `targetPort` is the one optional `IntOrString` that is no pointer, so Go writes it as 0 where it is not
/// set, and whoever applies that owns the field.
fn write_target_ports(service: &mut Value) {
    let spec = service.as_map_mut().and_then(|service| service.get_mut("spec")).and_then(Value::as_map_mut);
    let ports = spec.and_then(|spec| spec.get_mut("ports")).and_then(Value::as_list_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_map_mut) {
        port.entry_or("targetPort", || Value::from(0));
    }
}

fn encode_string_data(secret: &mut Value) {
    let texts = secret.get("stringData").and_then(Value::as_map);
    // A value that is not text is left for the server to refuse, with its own words.
    if !texts.is_some_and(|texts| texts.values().all(|value| value.as_str().is_some())) {
        return;
    }
    let Some(Value::Map(texts)) = secret.remove_at(&["stringData"]) else { return };
    for (key, text) in texts.iter() {
        secret.set_at(&["data", key], base64(text.as_str().unwrap_or_default().as_bytes()));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_data_wins_over_data() {
        let text = br#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"a":"eA=="},
            "stringData":{"a":"y","b":"z"}}"#;
        let secret = normalise(value::from_json(text).expect("valid"));
        assert_eq!(
            secret.to_string(),
            r#"{"apiVersion":"v1","data":{"a":"eQ==","b":"eg=="},"kind":"Secret","metadata":{"name":"s"}}"#
        );
    }

    #[test]
    fn built_in_kinds_are_written_as_go_writes_them() {
        let text = br#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","annotations":{}},
            "spec":{"replicsa":3,"template":{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}]}]}}},
            "status":{"replicas":1}}"#;
        let deployment = normalise(value::from_json(text).expect("valid"));
        assert_eq!(deployment.at(&["spec", "strategy"]).map(Value::to_string).as_deref(), Some("{}"));
        assert_eq!(deployment.at(&["spec", "replicsa"]), None);
        assert_eq!(deployment.at(&["status"]), None);
        assert_eq!(deployment.at(&["metadata"]).map(Value::to_string).as_deref(), Some(r#"{"name":"d"}"#));
        let containers = deployment.at(&["spec", "template", "spec", "containers"]).map(Value::to_string);
        let expected = r#"[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{}}]"#;
        assert_eq!(containers.as_deref(), Some(expected));
    }

    #[test]
    fn ports_of_a_service_have_a_target() {
        let text = br#"{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80},{"port":81,"targetPort":"a"}]}}"#;
        let service = normalise(value::from_json(text).expect("valid"));
        assert_eq!(
            service.at(&["spec", "ports"]).map(Value::to_string).as_deref(),
            Some(
                r#"[{"port":80,"protocol":"TCP","targetPort":0},{"port":81,"protocol":"TCP","targetPort":"a"}]"#
            )
        );
    }

    #[test]
    fn what_types_cannot_hold_is_left_for_the_server() {
        let text = br#"{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":"3","typo":1}}"#;
        let deployment = value::from_json(text).expect("valid");
        assert_eq!(normalise(deployment.clone()), deployment);
    }

    #[test]
    fn kinds_that_are_not_built_in_stay_as_they_are() {
        let text = br#"{"apiVersion":"example.com/v1","kind":"Widget","spec":{"list":[],"text":""}}"#;
        let widget = value::from_json(text).expect("valid");
        assert_eq!(normalise(widget.clone()), widget);
    }
}
