//! From a request's body to an object of the expected kind.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use value::Value;

use super::{FieldValidation, Target, WriteOptions};
use crate::kinds::Kind;
use crate::rules;
use crate::status::{self, Refusal};

/// Reads an object and drops, reports or refuses what its kind does not have.
///
/// # Errors
/// It is of another kind, or its fields do not have the types of the kind.
pub(crate) fn object(
    target: &Target,
    mut body: Value,
    options: &WriteOptions,
) -> Result<(Value, Vec<String>), Refusal> {
    let kind = &target.kind;
    check_kind(kind, &mut body)?;
    if !matches!(body.get("metadata"), Some(Value::Map(_))) {
        body.set_at(&["metadata"], Value::map());
    }
    let mut findings = options.duplicates.clone();
    findings.extend(rules::prune(kind, &mut body)?);
    let mut warnings = Vec::new();
    match options.field_validation {
        FieldValidation::Strict => {
            if let Some(refusal) = rules::strict_refusal(kind, &findings) {
                return Err(refusal);
            }
        }
        FieldValidation::Warn => warnings = findings,
        FieldValidation::Ignore => {}
    }
    if let Some(warning) = kind.custom.as_ref().and_then(|custom| custom.deprecation.clone()) {
        warnings.push(warning);
    }
    if kind.is("", "Endpoints") {
        warnings
            .push("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned());
    }
    Ok((body, warnings))
}

/// An absent kind is the one of the path, as a decoder with defaults has it.
fn check_kind(kind: &Kind, body: &mut Value) -> Result<(), Refusal> {
    if body.as_map().is_none() {
        return Err(status::bad_request(format!(
            "couldn't get version/kind; json parse error: the body is {} and not an object",
            body.kind()
        )));
    }
    let text = |key: &str| body.str_at(&[key]).unwrap_or_default().to_owned();
    let (api_version, kind_name) = (text("apiVersion"), text("kind"));
    if (api_version.is_empty() || kind_name.is_empty()) && kind.custom.is_some() {
        let missing = if kind_name.is_empty() { "Kind" } else { "apiVersion" };
        return Err(status::bad_request(format!("Object '{missing}' is missing in '{body}'")));
    }
    let expected = kind.gvk.api_version();
    if !api_version.is_empty() && api_version != expected {
        return Err(status::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        )));
    }
    if !kind_name.is_empty() && kind_name != kind.gvk.kind {
        let found = GroupVersionKind::from_api_version(&expected, &kind_name);
        let message = format!(
            "{} in version \"{}\" cannot be handled as a {}: the kind in the data is another one",
            found.kind, found.version, kind.gvk.kind
        );
        return Err(status::bad_request(message));
    }
    body.set_at(&["apiVersion"], expected);
    body.set_at(&["kind"], kind.gvk.kind.as_str());
    Ok(())
}

/// The namespace of the path is the object's.
pub(super) fn check_namespace(target: &Target, object: &mut Value) -> Result<(), Refusal> {
    if !target.kind.namespaced {
        object.remove_at(&["metadata", "namespace"]);
        return Ok(());
    }
    match object::namespace(object) {
        Some(namespace) if namespace != target.namespace => Err(status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        )),
        _ => {
            object.set_at(&["metadata", "namespace"], target.namespace.as_str());
            Ok(())
        }
    }
}

/// The name of the path is the object's.
pub(super) fn check_name(target: &Target, object: &Value) -> Result<(), Refusal> {
    let name = object::name(object).unwrap_or_default();
    if name == target.name {
        return Ok(());
    }
    Err(status::bad_request(if name.is_empty() {
        "name must be provided".to_owned()
    } else {
        format!("the name of the object ({name}) does not match the name on the URL ({})", target.name)
    }))
}
