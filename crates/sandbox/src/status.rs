//! What the server answers when it does not do what was asked: `metav1.Status`.

use apimachinery::gvk::{GroupKind, GroupVersionKind};
use apimachinery::schema::FieldError;
use thiserror::Error;
use value::{Map, Value};

use crate::journal::JournalError;

/// A request that is not carried out.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// The client is told why.
    #[error("{}", .0.message)]
    Status(Box<Status>),
    /// A simulated crash: the client is told nothing, as by a process that is gone.
    #[error("the sandbox has crashed, as a fault asked for")]
    Crashed,
}

/// The content of a `metav1.Status`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Status {
    /// The HTTP status code.
    pub(crate) code: u16,
    /// The word for programs.
    pub(crate) reason: &'static str,
    /// The sentence for people.
    pub(crate) message: String,
    /// What it is about. Some refusals of the real server have details that say nothing.
    pub(crate) details: Option<Map>,
}

/// A resource as messages name it: `deployments.apps`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceName<'a> {
    /// The API group.
    pub(crate) group: &'a str,
    /// The plural name.
    pub(crate) plural: &'a str,
}

impl std::fmt::Display for ResourceName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.plural)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

impl Status {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    /// See [`no_such_resource`].
    pub(crate) fn no_such_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource").about("", "", "")
    }

    fn about(mut self, group: &str, kind: &str, name: &str) -> Self {
        let details = self.details.get_or_insert_default();
        for (key, text) in [("group", group), ("kind", kind), ("name", name)] {
            if !text.is_empty() {
                details.insert(key, text);
            }
        }
        self
    }

    fn with_causes(mut self, causes: impl IntoIterator<Item = Value>) -> Self {
        let causes: Vec<Value> = causes.into_iter().collect();
        if !causes.is_empty() {
            self.details.get_or_insert_default().insert("causes", causes);
        }
        self
    }

    /// The object that is sent.
    pub(crate) fn to_value(&self) -> Value {
        let mut status = Map::from_iter([
            ("apiVersion", Value::from("v1")),
            ("kind", "Status".into()),
            ("metadata", Value::map()),
            ("status", "Failure".into()),
            ("message", self.message.as_str().into()),
            ("code", u32::from(self.code).into()),
        ]);
        if !self.reason.is_empty() {
            status.insert("reason", self.reason);
        }
        if let Some(details) = &self.details {
            status.insert("details", details.clone());
        }
        status.into()
    }
}

fn cause(reason: &str, message: &str, field: &str) -> Value {
    let mut cause = Map::from_iter([("reason", reason), ("message", message)]);
    if !field.is_empty() {
        cause.insert("field", field);
    }
    cause.into()
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Crashed => Self::Crashed,
            JournalError::Write { path, source } => {
                let message = format!(
                    "Internal error occurred: the write was not kept, cannot write to {}: {source}; free some space",
                    path.display()
                );
                Status::new(500, "InternalError", message).into()
            }
        }
    }
}

pub(crate) fn not_found(resource: ResourceName<'_>, name: &str) -> Refusal {
    Status::new(404, "NotFound", format!("{resource} \"{name}\" not found"))
        .about(resource.group, resource.plural, name)
        .into()
}

/// A path that leads nowhere; client-go words it so for every 404 that is not a Status.
pub(crate) fn no_such_resource() -> Refusal {
    Status::no_such_resource().into()
}

pub(crate) fn already_exists(resource: ResourceName<'_>, name: &str) -> Refusal {
    Status::new(409, "AlreadyExists", format!("{resource} \"{name}\" already exists"))
        .about(resource.group, resource.plural, name)
        .into()
}

pub(crate) fn conflict(resource: ResourceName<'_>, name: &str, why: &str) -> Refusal {
    let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
    Status::new(409, "Conflict", message).about(resource.group, resource.plural, name).into()
}

/// The object is not the one that the client had read.
pub(crate) fn modified(resource: ResourceName<'_>, name: &str) -> Refusal {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    conflict(resource, name, why)
}

/// Fields of a server-side apply that others own, with one cause each.
pub(crate) fn apply_conflict(message: String, causes: impl IntoIterator<Item = (String, String)>) -> Refusal {
    let causes = causes.into_iter().map(|(message, field)| cause("FieldManagerConflict", &message, &field));
    Status::new(409, "Conflict", message).with_causes(causes).into()
}

pub(crate) fn bad_request(message: impl Into<String>) -> Refusal {
    Status::new(400, "BadRequest", message).into()
}

pub(crate) fn forbidden(resource: ResourceName<'_>, name: &str, why: &str) -> Refusal {
    let message = if name.is_empty() {
        format!("{resource} is forbidden: {why}")
    } else {
        format!("{resource} \"{name}\" is forbidden: {why}")
    };
    Status::new(403, "Forbidden", message).about(resource.group, resource.plural, name).into()
}

pub(crate) fn namespace_terminating(resource: ResourceName<'_>, name: &str, namespace: &str) -> Refusal {
    let message = format!(
        "{resource} \"{name}\" is forbidden: unable to create new content in namespace {namespace} because it is being terminated"
    );
    let because = cause(
        "NamespaceTerminating",
        &format!("namespace {namespace} is being terminated"),
        "metadata.namespace",
    );
    Status::new(403, "Forbidden", message)
        .about(resource.group, resource.plural, name)
        .with_causes([because])
        .into()
}

/// Values that validation refuses.
pub(crate) fn invalid(kind: &GroupKind, name: &str, errors: &[FieldError]) -> Refusal {
    let listed = match errors {
        [one] => one.to_string(),
        many => {
            // As `utilerrors.Aggregate`: equal findings are said once.
            let mut texts: Vec<String> = Vec::new();
            for text in many.iter().map(FieldError::to_string) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            if let [one] = &texts[..] { one.clone() } else { format!("[{}]", texts.join(", ")) }
        }
    };
    let causes = errors.iter().map(|error| cause(cause_reason(&error.detail), &error.detail, &error.field));
    Status::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {listed}"))
        .about(&kind.group, &kind.kind, name)
        .with_causes(causes)
        .into()
}

/// The reasons of `field.ErrorType`, by the words that each begins with.
fn cause_reason(detail: &str) -> &'static str {
    const REASONS: [(&str, &str); 7] = [
        ("Required value", "FieldValueRequired"),
        ("Duplicate value", "FieldValueDuplicate"),
        ("Not found", "FieldValueNotFound"),
        ("Unsupported value", "FieldValueNotSupported"),
        ("Forbidden", "FieldValueForbidden"),
        ("Too long", "FieldValueTooLong"),
        ("Too many", "FieldValueTooMany"),
    ];
    REASONS
        .iter()
        .find(|(word, _)| detail.starts_with(word))
        .map_or("FieldValueInvalid", |(_, reason)| reason)
}

/// The body does not fit the strict decoder of a kind.
pub(crate) fn not_decodable(gvk: &GroupVersionKind, why: &str) -> Refusal {
    let GroupVersionKind { version, kind, .. } = gvk;
    bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"))
}

pub(crate) fn method_not_supported(resource: ResourceName<'_>, verb: &str) -> Refusal {
    let message = format!("{verb} is not supported on resources of kind \"{resource}\"");
    Status::new(405, "MethodNotAllowed", message).about(resource.group, resource.plural, "").into()
}

pub(crate) fn method_not_allowed() -> Refusal {
    let message = "the server does not allow this method on the requested resource";
    Status::new(405, "MethodNotAllowed", message).about("", "", "").into()
}

/// A patch of a form that the resource does not take.
pub(crate) fn unsupported_patch() -> Refusal {
    Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type").about("", "", "").into()
}

/// A JSON patch that does not apply.
pub(crate) fn patch_rejected() -> Refusal {
    let message = "the server rejected our request due to an error in our request";
    Status::new(422, "Invalid", message).about("", "", "").into()
}

/// A patch whose result is not an object of the kind.
pub(crate) fn patched_wrongly(patched: &str, why: &str) -> Refusal {
    let error = FieldError::invalid("patch", &patched.into(), why);
    invalid(&GroupKind::default(), "", &[error])
}

/// An object that is not the one that the client means to delete.
pub(crate) fn not_the_same(kind: &GroupKind, name: &str, why: &str) -> Refusal {
    let message = format!("Operation cannot be fulfilled on {kind} \"{name}\": {why}");
    Status::new(409, "Conflict", message).about(&kind.group, &kind.kind, name).into()
}

/// Something that a real server does and this one does not.
pub(crate) fn not_implemented(what: &str) -> Refusal {
    let message = format!("the sandbox does not support {what}; a real cluster does");
    Status::new(501, "NotImplemented", message).into()
}

pub(crate) fn unsupported_media_type(accepted: &[&str]) -> Refusal {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        accepted.join(", ")
    );
    Status::new(415, "UnsupportedMediaType", message).into()
}

pub(crate) fn not_acceptable(available: &[&str]) -> Refusal {
    let message = format!("only the following media types are accepted: {}", available.join(", "));
    Status::new(406, "NotAcceptable", message).into()
}

pub(crate) fn too_large() -> Refusal {
    Status::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728").into()
}

pub(crate) fn unauthorized() -> Refusal {
    Status::new(401, "Unauthorized", "Unauthorized").into()
}

pub(crate) fn wrong_host(host: &str) -> Refusal {
    let message =
        format!("the sandbox answers to localhost, 127.0.0.1 and [::1] only, not to host \"{host}\"");
    Status::new(403, "Forbidden", message).into()
}

/// A revision whose successors are no longer known.
pub(crate) fn expired(revision: u64, oldest: u64) -> Status {
    Status::new(410, "Expired", format!("too old resource version: {revision} ({oldest})"))
}

/// A list that cannot be continued consistently.
pub(crate) fn continue_expired() -> Refusal {
    let message = "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.";
    Status::new(410, "Expired", message).into()
}

/// A revision that does not exist yet.
pub(crate) fn too_large_revision(wanted: u64, current: u64) -> Refusal {
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    let mut status = Status::new(504, "Timeout", message).with_causes([cause(
        "ResourceVersionTooLarge",
        "Too large resource version",
        "",
    )]);
    status.details.get_or_insert_default().insert("retryAfterSeconds", 1);
    status.into()
}

pub(crate) fn internal(message: impl std::fmt::Display) -> Refusal {
    let text = message.to_string();
    Status::new(500, "InternalError", format!("Internal error occurred: {text}"))
        .with_causes([cause("", &text, "")])
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_listed_once_and_are_all_causes() {
        let kind = GroupKind::new("apps", "Deployment");
        let errors = [FieldError::required("spec.selector", ""), FieldError::required("spec.selector", "")];
        let Refusal::Status(status) = invalid(&kind, "a", &errors) else { panic!("a status") };
        assert_eq!(status.message, "Deployment.apps \"a\" is invalid: spec.selector: Required value");
        assert_eq!(
            status.to_value().at(&["details"]).unwrap().to_string(),
            concat!(
                r#"{"causes":[{"field":"spec.selector","message":"Required value","reason":"FieldValueRequired"},"#,
                r#"{"field":"spec.selector","message":"Required value","reason":"FieldValueRequired"}],"#,
                r#""group":"apps","kind":"Deployment","name":"a"}"#
            )
        );
    }
}
