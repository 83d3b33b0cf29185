//! Replacement of an object, which updates and patches end in.

use apimachinery::managed_fields;
use apimachinery::object;
use apimachinery::schema::FieldError;
use value::Value;

use super::{Part, Target, WriteOptions, Written, decode, delete, generation};
use crate::admission;
use crate::api::{Api, Transaction};
use crate::rules;
use crate::status::{self, Refusal};

/// Replaces an object by a request's body. Kinds that allow it are created where they are absent; like
/// the real server with its default kinds, none here does.
///
/// # Errors
/// What a real server refuses, in its words.
pub(crate) fn update(
    api: &Api,
    target: &Target,
    body: Value,
    options: &WriteOptions,
) -> Result<Written, Refusal> {
    let (mut object, warnings) = decode::object(target, body, options)?;
    decode::check_namespace(target, &mut object)?;
    decode::check_name(target, &object)?;
    rules::default(&target.kind, &mut object);
    let mut transaction = api.begin();
    let live = live(&transaction, target)?;
    let must_name_version = target.kind.custom.is_some() && object::resource_version(&object).is_none();
    if must_name_version {
        let error =
            FieldError::new("metadata.resourceVersion", "Invalid value: 0: must be specified for an update");
        return Err(status::invalid(&target.kind.gvk.group_kind(), &target.name, &[error]));
    }
    let tracked = Tracking::Update;
    replace(&mut transaction, target, &live, (object, tracked), (options, warnings))
}

/// The object that a request is about.
///
/// # Errors
/// It does not exist.
pub(super) fn live(transaction: &Transaction<'_>, target: &Target) -> Result<Value, Refusal> {
    transaction
        .get(&target.kind, &target.namespace, &target.name)
        .ok_or_else(|| status::not_found(target.kind.resource(), &target.name))
}

/// Who keeps the field managers of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracking {
    /// What changes becomes the manager's.
    Update,
    /// A server-side apply has done it.
    Applied,
}

/// Puts an object into the place of the live one.
///
/// # Errors
/// What a real server refuses, in its words.
pub(super) fn replace(
    transaction: &mut Transaction<'_>,
    target: &Target,
    live: &Value,
    (mut next, tracking): (Value, Tracking),
    (options, warnings): (&WriteOptions, Vec<String>),
) -> Result<Written, Refusal> {
    let kind = &target.kind;
    check_preconditions(target, live, &next)?;
    keep_system_metadata(live, &mut next);
    separate(target, live, &mut next);
    if tracking == Tracking::Update {
        let when = transaction.api.timestamp();
        next = rules::track(kind, Some(live), next, options, (target.part, when));
    }
    admission::on_update(transaction, target, live, &mut next)?;
    admission::allocate(transaction, target, &mut next, Some(live))?;
    next = managed_fields::keep_times(live, next);
    generation::advance(target, live, &mut next);
    let errors = rules::validate_change(kind, live, &next, target.part);
    if !errors.is_empty() {
        return Err(status::invalid(&kind.gvk.group_kind(), &target.name, &errors));
    }
    if next == *live && !delete::is_finished(kind, &next) {
        return Ok(Written { object: next, created: false, warnings });
    }
    if delete::is_finished(kind, &next) {
        if !options.dry_run {
            next = transaction.remove(kind, &next)?;
        }
    } else if !options.dry_run {
        next = transaction.put(kind, &next)?;
    }
    Ok(Written { object: next, created: false, warnings })
}

fn check_preconditions(target: &Target, live: &Value, next: &Value) -> Result<(), Refusal> {
    let resource = target.kind.resource();
    if let (Some(wanted), Some(found)) = (object::uid(next).filter(|uid| !uid.is_empty()), object::uid(live))
        && wanted != found
    {
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}",
            storage_key(target)
        );
        return Err(status::conflict(resource, &target.name, &why));
    }
    let wanted = object::resource_version(next).filter(|version| !version.is_empty());
    if let Some(text) = wanted
        && text.parse::<u64>().is_err()
    {
        let message = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
        return Err(status::Status::new(500, "", message).into());
    }
    if wanted.is_some() && wanted != object::resource_version(live) {
        return Err(status::modified(resource, &target.name));
    }
    Ok(())
}

/// Where a real server would keep the object: part of a message.
fn storage_key(target: &Target) -> String {
    let kind = &target.kind;
    let group = if kind.custom.is_some() { format!("/{}", kind.gvk.group) } else { String::new() };
    let namespace =
        if target.namespace.is_empty() { String::new() } else { format!("/{}", target.namespace) };
    format!("/registry{group}/{}{namespace}/{}", kind.plural, target.name)
}

/// What clients cannot change.
fn keep_system_metadata(live: &Value, next: &mut Value) {
    const FIELDS: [&str; 7] = [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ];
    for field in FIELDS.into_iter().chain(["generation", "generateName", "selfLink"]) {
        match live.at(&["metadata", field]) {
            Some(value) => next.set_at(&["metadata", field], value.clone()),
            None => drop(next.remove_at(&["metadata", field])),
        }
    }
}

/// Of the other parts of the object the live one's stays.
fn separate(target: &Target, live: &Value, next: &mut Value) {
    match target.part {
        Part::Main | Part::Scale => {
            if target.kind.has_status() {
                keep(live, next, &["status"]);
            }
            if target.kind.is("", "Namespace") {
                keep(live, next, &["spec", "finalizers"]);
            }
        }
        Part::Status if target.kind.custom.is_none() => separate_builtin_status(target, live, next),
        Part::Status => {
            let mut only = live.clone();
            keep(next, &mut only, &["status"]);
            keep(next, &mut only, &["metadata", "managedFields"]);
            *next = only;
        }
        Part::Finalize => {
            let mut only = live.clone();
            keep(next, &mut only, &["spec", "finalizers"]);
            keep(next, &mut only, &["metadata", "managedFields"]);
            *next = only;
        }
    }
}

/// The strategies of most built-in kinds let a status write change the metadata too: the revision of a
/// Deployment, for one, is written so.
fn separate_builtin_status(target: &Target, live: &Value, next: &mut Value) {
    keep(live, next, &["spec"]);
    match (target.kind.gvk.group.as_str(), target.kind.gvk.kind.as_str()) {
        ("apps", "Deployment") => keep(live, next, &["metadata", "labels"]),
        ("", "Pod") => keep(live, next, &["metadata", "ownerReferences"]),
        (
            "apiextensions.k8s.io" | "apiregistration.k8s.io" | "networking.k8s.io" | "scheduling.k8s.io",
            _,
        ) => {
            let managed = next.at(&["metadata", "managedFields"]).cloned();
            keep(live, next, &["metadata"]);
            if let Some(managed) = managed {
                next.set_at(&["metadata", "managedFields"], managed);
            }
        }
        _ => {}
    }
}

fn keep(from: &Value, to: &mut Value, path: &[&str]) {
    match from.at(path) {
        Some(value) => to.set_at(path, value.clone()),
        None => drop(to.remove_at(path)),
    }
}

/// Writes what one of the sandbox's own controllers made of an object that it has read in the same
/// transaction.
///
/// # Errors
/// As for a client.
pub(crate) fn write(
    transaction: &mut Transaction<'_>,
    target: &Target,
    live: &Value,
    next: Value,
    options: &WriteOptions,
) -> Result<Written, Refusal> {
    replace(transaction, target, live, (next, Tracking::Update), (options, Vec::new()))
}
