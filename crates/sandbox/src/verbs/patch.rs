//! Patches: JSON, merge, strategic merge, and server-side apply.

use apimachinery::object;
use apimachinery::schema::FieldError;
use apimachinery::{gvk::GroupKind, patch};
use value::Value;

use super::update::{Tracking, live, replace};
use super::{Part, Target, WriteOptions, Written, create, decode};
use crate::api::Api;
use crate::rules;
use crate::status::{self, Refusal, Status};

/// The forms of a patch, by their media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchType {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl PatchType {
    /// The form of a media type.
    pub(crate) fn of(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "application/json-patch+json" => Self::Json,
            "application/merge-patch+json" => Self::Merge,
            "application/strategic-merge-patch+json" => Self::Strategic,
            "application/apply-patch+yaml" => Self::Apply,
            _ => return None,
        })
    }

    /// The media types that a kind can be patched with.
    pub(crate) fn accepted(custom: bool) -> &'static [&'static str] {
        const ALL: [&str; 4] = [
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/strategic-merge-patch+json",
            "application/apply-patch+yaml",
        ];
        const CUSTOM: [&str; 3] = [ALL[0], ALL[1], ALL[3]];
        if custom { &CUSTOM } else { &ALL }
    }
}

/// Patches an object; a server-side apply creates it where it is absent.
///
/// # Errors
/// What a real server refuses, in its words.
pub(crate) fn patch(
    api: &Api,
    target: &Target,
    (r#type, patch): (PatchType, Value),
    options: &WriteOptions,
) -> Result<Written, Refusal> {
    match r#type {
        PatchType::Apply => apply(api, target, patch, options),
        PatchType::Strategic if target.kind.custom.is_some() => {
            Err(status::unsupported_media_type(PatchType::accepted(true)))
        }
        _ => change(api, target, (r#type, &patch), options),
    }
}

fn change(
    api: &Api,
    target: &Target,
    (r#type, patch): (PatchType, &Value),
    options: &WriteOptions,
) -> Result<Written, Refusal> {
    let mut transaction = api.begin();
    let live = live(&transaction, target)?;
    let patched = patched(target, &live, r#type, patch)?;
    let (mut next, warnings) = decode::object(target, patched, options)?;
    decode::check_namespace(target, &mut next)?;
    decode::check_name(target, &next)?;
    rules::default(&target.kind, &mut next);
    replace(&mut transaction, target, &live, (next, Tracking::Update), (options, warnings))
}

fn patched(target: &Target, live: &Value, r#type: PatchType, patch: &Value) -> Result<Value, Refusal> {
    let refused = |code, message: String| Refusal::from(Status::new(code, "Invalid", message));
    match r#type {
        PatchType::Json => patch::json_patch(live, patch).map_err(|error| refused(422, error.to_string())),
        PatchType::Strategic => patch::strategic(live, patch, &target.kind.schema)
            .map_err(|error| status::bad_request(error.to_string())),
        PatchType::Merge | PatchType::Apply => {
            if patch.as_map().is_none() {
                let message =
                    format!("error decoding patch: a merge patch is an object, not {}", patch.kind());
                return Err(status::bad_request(message));
            }
            Ok(patch::merge_patch(live, patch))
        }
    }
}

fn apply(api: &Api, target: &Target, mut config: Value, options: &WriteOptions) -> Result<Written, Refusal> {
    check_apply(target, &mut config, options)?;
    let kind = &target.kind;
    let mut transaction = api.begin();
    let live = transaction.get(kind, &target.namespace, &target.name);
    let when = (target.part, api.timestamp());
    match live {
        Some(live) => {
            let applied = rules::apply(kind, Some(&live), &config, options, when)?;
            let (mut next, warnings) = decode::object(target, applied, options)?;
            rules::default(kind, &mut next);
            let next = (next, Tracking::Applied);
            replace(&mut transaction, target, &live, next, (options, warnings))
        }
        None if target.part != Part::Main => Err(status::not_found(kind.resource(), &target.name)),
        None => {
            if let Some(uid) = object::uid(&config).filter(|uid| !uid.is_empty()) {
                let why = format!(
                    "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                );
                return Err(status::conflict(kind.resource(), &target.name, &why));
            }
            let applied = rules::apply(kind, None, &config, options, when)?;
            let (mut object, warnings) = decode::object(target, applied, options)?;
            object.remove_at(&["metadata", "resourceVersion"]);
            rules::default(kind, &mut object);
            create::insert(&mut transaction, target, object, options, warnings)
        }
    }
}

fn check_apply(target: &Target, config: &mut Value, options: &WriteOptions) -> Result<(), Refusal> {
    if options.manager.is_empty() {
        let error = FieldError::required("fieldManager", "is required for apply patch");
        return Err(status::invalid(&GroupKind::new("meta.k8s.io", "PatchOptions"), "", &[error]));
    }
    if config.as_map().is_none() {
        return Err(status::bad_request("error decoding YAML: the applied configuration is not an object"));
    }
    for (field, missing) in [("apiVersion", "apiVersion must be set"), ("kind", "kind must be set")] {
        if config.str_at(&[field]).is_none_or(str::is_empty) {
            return Err(status::bad_request(format!("invalid object type: {missing}")));
        }
    }
    if config.at(&["metadata", "managedFields"]).is_some_and(|fields| !fields.is_null()) {
        return Err(status::bad_request("metadata.managedFields must be nil"));
    }
    if object::name(config).is_none_or(str::is_empty) {
        config.set_at(&["metadata", "name"], target.name.as_str());
    }
    decode::check_name(target, config)?;
    decode::check_namespace(target, config)
}
