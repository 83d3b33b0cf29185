//! The rules of kinds, built-in and custom, in one place: what is dropped, defaulted, refused and owned.

use apimachinery::defaulting;
use apimachinery::managed_fields::{self, ApplyError, ApplyOptions, Resets, UpdateOptions};
use apimachinery::schema::FieldError;
use apimachinery::validation::{self, Scope};
use jiff::Timestamp;
use value::Value;

use crate::crd;
use crate::expressions;
use crate::kinds::Kind;
use crate::status::{self, Refusal, Status};
use crate::verbs::{Part, WriteOptions};

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Takes out what the kind does not have, and says what that was.
///
/// # Errors
/// A value is of another type than its field.
pub(crate) fn prune(kind: &Kind, object: &mut Value) -> Result<Vec<String>, Refusal> {
    let unknown = validation::unknown_fields(object, &kind.schema);
    if kind.custom.is_none()
        && let Some(why) = validation::decode_error(object, &kind.schema)
    {
        return Err(status::not_decodable(&kind.gvk, &why));
    }
    if !unknown.is_empty() {
        *object = validation::prune(object, &kind.schema);
    }
    Ok(unknown)
}

/// The refusal of a strict request, if there is anything to refuse.
pub(crate) fn strict_refusal(kind: &Kind, findings: &[String]) -> Option<Refusal> {
    let why = validation::strict_decoding_error(findings)?;
    Some(if kind.custom.is_some() {
        status::bad_request(why)
    } else {
        status::not_decodable(&kind.gvk, &why)
    })
}

/// Sets what is absent and has a default.
pub(crate) fn default(kind: &Kind, object: &mut Value) {
    *object = defaulting::default(object, &kind.gvk, &kind.schema);
    if kind.is("apps", "DaemonSet") && object.at(&["metadata", "annotations", TEMPLATE_GENERATION]).is_none()
    {
        // The count goes on with each change of the template in a real server; here nobody reads it.
        object.set_at(&["metadata", "annotations", TEMPLATE_GENERATION], "1");
    }
}

fn scope(kind: &Kind) -> Scope {
    if kind.namespaced { Scope::Namespaced } else { Scope::Cluster }
}

fn is_definition(kind: &Kind) -> bool {
    kind.is("apiextensions.k8s.io", "CustomResourceDefinition")
}

/// What is wrong with a new object.
pub(crate) fn validate_new(kind: &Kind, object: &Value) -> Vec<FieldError> {
    let mut errors = validation::validate_create(object, &kind.gvk, &kind.schema, scope(kind));
    if is_definition(kind) {
        errors.extend(crd::validate(object));
    }
    if kind.custom.is_some() && errors.is_empty() {
        errors.extend(expressions::validate(object, None, &kind.schema));
    }
    errors
}

/// What is wrong with an object in the place of another.
pub(crate) fn validate_change(kind: &Kind, live: &Value, next: &Value, part: Part) -> Vec<FieldError> {
    let mut errors = validation::validate_update(next, live, &kind.gvk, &kind.schema, scope(kind));
    if matches!(part, Part::Status | Part::Finalize) {
        // The rest of the object is the live one's, and is not judged again.
        errors.retain(|error| error.field.starts_with("status"));
    }
    if is_definition(kind) && part == Part::Main {
        errors.extend(crd::validate(next));
    }
    if kind.custom.is_some() && errors.is_empty() {
        errors.extend(expressions::validate(next, Some(live), &kind.schema));
    }
    errors
}

/// An object with its field managers after a write that is not a server-side apply.
pub(crate) fn track(
    kind: &Kind,
    live: Option<&Value>,
    next: Value,
    options: &WriteOptions,
    (part, now): (Part, Timestamp),
) -> Value {
    let subresource = part.subresource();
    let update =
        UpdateOptions { manager: &options.manager, subresource, now, resets: resets(kind, subresource) };
    managed_fields::update(live, next, &kind.schema, &update)
}

/// A server-side apply.
///
/// # Errors
/// Conflicts, and configurations that do not fit the kind.
pub(crate) fn apply(
    kind: &Kind,
    live: Option<&Value>,
    config: &Value,
    options: &WriteOptions,
    (part, now): (Part, Timestamp),
) -> Result<Value, Refusal> {
    let subresource = part.subresource();
    let apply = ApplyOptions {
        manager: &options.manager,
        force: options.force,
        subresource,
        now,
        resets: resets(kind, subresource),
    };
    managed_fields::apply(live, config, &kind.schema, &apply).map_err(|error| match &error {
        ApplyError::Conflicts(_) => status::apply_conflict(error.to_string(), error.causes()),
        ApplyError::ManagedFieldsGiven | ApplyError::NoKind(_) => status::bad_request(error.to_string()),
        ApplyError::Typed { .. } => Status::new(500, "", error.to_string()).into(),
        ApplyError::LiveManagedFields => status::internal(&error),
    })
}

fn resets(kind: &Kind, subresource: Option<&str>) -> Resets {
    match kind.custom {
        Some(_) => Resets::of_custom(kind.has_status(), subresource),
        None => Resets::of_builtin(&kind.gvk, subresource),
    }
}
