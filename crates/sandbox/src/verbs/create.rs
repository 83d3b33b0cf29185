//! Creation.

use apimachinery::object;
use value::Value;

use super::{Target, WriteOptions, Written, decode};
use crate::admission;
use crate::api::{Api, Transaction};
use crate::chance;
use crate::kinds::{has_generation, is_inert, status_is_writable_on_create};
use crate::rules;
use crate::status::{self, Refusal};

/// How often a generated name is tried: a collision is rare, eight of them do not happen.
const GENERATED_NAMES: usize = 8;

/// Creates an object from a request's body.
///
/// # Errors
/// What a real server refuses, in its words.
pub(crate) fn create(
    api: &Api,
    target: &Target,
    body: Value,
    options: &WriteOptions,
) -> Result<Written, Refusal> {
    let (mut object, warnings) = decode::object(target, body, options)?;
    decode::check_namespace(target, &mut object)?;
    if !target.name.is_empty() {
        decode::check_name(target, &object)?;
    }
    rules::default(&target.kind, &mut object);
    if !status_is_writable_on_create(&target.kind) {
        drop_status(&mut object);
    }
    let mut transaction = api.begin();
    generate_name(&transaction, target, &mut object)?;
    let object = rules::track(&target.kind, None, object, options, (target.part, api.timestamp()));
    insert(&mut transaction, target, object, options, warnings)
}

/// Puts a new object, whose field managers are known, into the store.
///
/// # Errors
/// What a real server refuses, in its words.
pub(super) fn insert(
    transaction: &mut Transaction<'_>,
    target: &Target,
    mut object: Value,
    options: &WriteOptions,
    mut warnings: Vec<String>,
) -> Result<Written, Refusal> {
    let kind = &target.kind;
    give_identity(transaction.api, target, &mut object)?;
    admission::on_create(transaction, target, &mut object)?;
    let name = object::name(&object).unwrap_or_default().to_owned();
    let errors = rules::validate_new(kind, &object);
    if !errors.is_empty() {
        return Err(status::invalid(&kind.gvk.group_kind(), &name, &errors));
    }
    if transaction.get(kind, &target.namespace, &name).is_some() {
        return Err(status::already_exists(kind.resource(), &name));
    }
    admission::allocate(transaction, target, &mut object, None)?;
    if is_inert(kind) {
        warnings.push(format!("the sandbox keeps {} and does not act on them", kind.resource()));
    }
    if kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        warnings.extend(crate::crd::warnings(&object));
    }
    if !options.dry_run {
        object = transaction.put(kind, &object)?;
    }
    Ok(Written { object, created: true, warnings })
}

fn give_identity(api: &Api, target: &Target, object: &mut Value) -> Result<(), Refusal> {
    for field in ["resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if field == "resourceVersion"
            && object::resource_version(object).is_some_and(|version| !version.is_empty())
        {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(status::Status::new(500, "", message).into());
        }
        object.remove_at(&["metadata", field]);
    }
    object.set_at(&["metadata", "uid"], chance::uid()?);
    object.set_at(&["metadata", "creationTimestamp"], api.now());
    if has_generation(&target.kind) {
        object.set_at(&["metadata", "generation"], 1);
    } else {
        object.remove_at(&["metadata", "generation"]);
    }
    Ok(())
}

fn generate_name(transaction: &Transaction<'_>, target: &Target, object: &mut Value) -> Result<(), Refusal> {
    if object::name(object).is_some_and(|name| !name.is_empty()) {
        return Ok(());
    }
    let Some(prefix) = object.str_at(&["metadata", "generateName"]).filter(|prefix| !prefix.is_empty())
    else {
        return Ok(());
    };
    // A generated name has at most 63 characters, five of which are the suffix.
    let prefix: String = prefix.chars().take(58).collect();
    for _ in 0..GENERATED_NAMES {
        let name = format!("{prefix}{}", chance::suffix()?);
        if transaction.get(&target.kind, &target.namespace, &name).is_none() {
            object.set_at(&["metadata", "name"], name);
            return Ok(());
        }
    }
    Err(status::already_exists(target.kind.resource(), &prefix))
}

fn drop_status(object: &mut Value) {
    if let Some(map) = object.as_map_mut() {
        map.remove("status");
    }
}
