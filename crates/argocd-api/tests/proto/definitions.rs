//! The messages of our kinds against their CustomResourceDefinitions.

use std::collections::BTreeSet;

use argocd_api::proto::{Form, Message, Type};
use value::Value;

use crate::{V1ALPHA1, descriptors};

/// Paths of fields that only one of the two has, and why.
const DIFFERENCES: [(&str, &str); 0] = [];

#[test]
fn kinds_have_the_same_fields_in_both() {
    for definition in argocd_api::definitions::all().expect("definitions") {
        let kind = definition.str_at(&["spec", "names", "kind"]).expect("a kind");
        let versions = definition.at(&["spec", "versions"]).and_then(Value::as_list).expect("versions");
        let schema = versions[0].at(&["schema", "openAPIV3Schema"]).expect("a schema");
        let mut defined = BTreeSet::new();
        of_schema(schema, "", &mut defined);
        // The type of an object is no field of its message.
        defined.retain(|path| !matches!(path.as_str(), ".apiVersion:string" | ".kind:string"));
        let message = descriptors().message(&format!("{V1ALPHA1}.{kind}")).expect(kind);
        let mut described = BTreeSet::new();
        of_message(message, "", &mut described);
        // A definition says of metadata that it is there.
        described.retain(|path| !path.starts_with(".metadata."));
        described.insert(".metadata:object".to_owned());
        for (path, reason) in DIFFERENCES {
            let is_one = defined.remove(path) != described.remove(path);
            assert!(is_one, "{path} is listed ({reason}) and does not differ");
        }
        let difference: Vec<_> = defined.symmetric_difference(&described).collect();
        assert!(difference.is_empty(), "{kind}: {difference:#?}");
        assert!(described.len() >= 50, "{kind} has {} fields", described.len());
    }
}

/// The leaves of a schema with their types.
fn of_schema(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
    if let Some(items) = schema.get("items") {
        return of_schema(items, &format!("{path}[]"), out);
    }
    if let Some(values) = schema.get("additionalProperties") {
        return of_schema(values, &format!("{path}{{}}"), out);
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_map) {
        for (name, field) in properties {
            of_schema(field, &format!("{path}.{name}"), out);
        }
        // A structure without fields is one all the same.
        if !properties.is_empty() {
            return;
        }
    }
    let r#type = match (schema.str_at(&["type"]), schema.str_at(&["format"])) {
        (Some("string"), Some("date-time")) => "time",
        (None, _) => "int-or-string",
        (Some(r#type), _) => r#type,
    };
    out.insert(format!("{path}:{type}"));
}

/// The leaves of a message with their types, in the words of a schema.
fn of_message(message: &Message, path: &str, out: &mut BTreeSet<String>) {
    for field in message.fields() {
        let list = if field.is_list() { "[]" } else { "" };
        let here = match field.form() {
            Form::Inline | Form::InlinePointer => path.to_owned(),
            _ => format!("{path}.{}{list}", field.json_name()),
        };
        of_type(field.r#type(), &here, out);
    }
}

fn of_type(r#type: Type, path: &str, out: &mut BTreeSet<String>) {
    let leaf = match r#type {
        Type::Text | Type::Bytes => "string",
        Type::Flag => "boolean",
        Type::Int32 | Type::Int64 => "integer",
        Type::Map(entry) => {
            let value = descriptors().of(entry).field("value").expect("a value");
            return of_type(value.r#type(), &format!("{path}{{}}"), out);
        }
        Type::Message(id) => {
            let message = descriptors().of(id);
            match message.name().rsplit('.').next() {
                Some("Time") => "time",
                Some("IntOrString") => "int-or-string",
                _ if message.is_special() => "object",
                _ => return of_message(message, path, out),
            }
        }
    };
    out.insert(format!("{path}:{leaf}"));
}
