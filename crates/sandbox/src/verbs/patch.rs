//! Patches: JSON, merge, strategic merge, and server-side apply.

use apimachinery::gvk::{GroupKind, GroupVersionKind};
use apimachinery::object;
use apimachinery::patch::{self, JsonPatchError};
use apimachinery::schema::FieldError;
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
    check_uid(target, &live, &patched)?;
    let (mut next, warnings) = decode::object(target, patched.clone(), options).map_err(|refusal| {
        // The real server shows what the patch made; of a strategic one, the patch.
        let shown = if r#type == PatchType::Strategic { patch } else { &patched };
        decode_refusal(refusal, &shown.to_string())
    })?;
    decode::check_namespace(target, &mut next)?;
    decode::check_name(target, &next)?;
    rules::default(&target.kind, &mut next);
    replace(&mut transaction, target, &live, (next, Tracking::Update), (options, warnings))
}

/// What does not fit the kind is the patch's fault.
fn decode_refusal(refusal: Refusal, patched: &str) -> Refusal {
    let Refusal::Status(status) = &refusal else { return refusal };
    let why = ["json: cannot unmarshal", "strict decoding error"]
        .into_iter()
        .find_map(|word| status.message.find(word).map(|at| &status.message[at..]));
    match why {
        Some(why) => status::patched_wrongly(patched, why),
        None => refusal,
    }
}

fn check_uid(target: &Target, live: &Value, patched: &Value) -> Result<(), Refusal> {
    match object::uid(patched) {
        Some(uid) if Some(uid) != object::uid(live) => {
            let error = FieldError::invalid("metadata.uid", &uid.into(), "field is immutable");
            Err(status::invalid(&target.kind.gvk.group_kind(), &target.name, &[error]))
        }
        _ => Ok(()),
    }
}

fn patched(target: &Target, live: &Value, r#type: PatchType, patch: &Value) -> Result<Value, Refusal> {
    match r#type {
        PatchType::Json => patch::json_patch(live, patch).map_err(|error| match error {
            JsonPatchError::Malformed(_) => status::bad_request(format!("error decoding patch: {error}")),
            JsonPatchError::TooMany(_) => Status::new(413, "RequestEntityTooLarge", error.to_string()).into(),
            _ => status::patch_rejected(),
        }),
        PatchType::Strategic => patch::strategic(live, patch, &target.kind.schema)
            .map_err(|error| Status::new(500, "", error.to_string()).into()),
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
            decode::check_namespace(target, &mut next)?;
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
            decode::check_namespace(target, &mut object)?;
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
    let found = GroupVersionKind::from_api_version(
        config.str_at(&["apiVersion"]).unwrap_or_default(),
        config.str_at(&["kind"]).unwrap_or_default(),
    );
    if found != target.kind.gvk {
        return Err(status::bad_request(format!("invalid object type: {found}")));
    }
    if config.at(&["metadata", "managedFields"]).is_some_and(|fields| !fields.is_null()) {
        return Err(status::bad_request("metadata.managedFields must be nil"));
    }
    if object::name(config).is_none_or(str::is_empty) {
        config.set_at(&["metadata", "name"], target.name.as_str());
    }
    decode::check_name(target, config)?;
    // The namespace of the path is set after the apply, whose messages name the one of the configuration.
    decode::check_namespace(target, &mut config.clone())
}
