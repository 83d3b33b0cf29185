//! CustomResourceDefinitions: what the server fills in, what it refuses, and how they come and go.

use apimachinery::condition::{self, Condition, Status};
use apimachinery::object;
use apimachinery::schema::{FieldError, Schema};
use value::Value;

use crate::api::{Api, DEFINITIONS, Transaction};
use crate::expressions;
use crate::kinds::storage_version;
use crate::status::Refusal;
use crate::verbs::delete::{self, CLEANUP, DeleteOptions};
use crate::verbs::{Target, WriteOptions, update};

/// Fills in the names and the version that a definition leaves open.
pub(crate) fn on_write(definition: &mut Value) {
    let kind = definition.str_at(&["spec", "names", "kind"]).unwrap_or_default().to_owned();
    let absent = |definition: &Value, name: &str| {
        definition.str_at(&["spec", "names", name]).is_none_or(str::is_empty)
    };
    if absent(definition, "singular") {
        definition.set_at(&["spec", "names", "singular"], kind.to_lowercase());
    }
    if absent(definition, "listKind") {
        definition.set_at(&["spec", "names", "listKind"], format!("{kind}List"));
    }
    if definition.at(&["spec", "conversion"]).is_none() {
        definition.set_at(&["spec", "conversion"], Value::map_of([("strategy", "None")]));
    }
    if definition.at(&["status", "acceptedNames"]).is_none() {
        let names = Value::map_of([("kind", ""), ("plural", "")]);
        definition.set_at(&["status", "acceptedNames"], names);
        definition.set_at(&["status", "conditions"], Vec::<Value>::new());
    }
    let mut stored =
        definition.at(&["status", "storedVersions"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    if let Some(version) = storage_version(definition).map(Value::from)
        && !stored.contains(&version)
    {
        stored.push(version);
    }
    definition.set_at(&["status", "storedVersions"], stored);
}

/// What is wrong with a definition.
pub(crate) fn validate(definition: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = |path: &[&str]| definition.str_at(path).unwrap_or_default();
    let (plural, group) = (text(&["spec", "names", "plural"]), text(&["spec", "group"]));
    let expected = format!("{plural}.{group}");
    let name = object::name(definition).unwrap_or_default();
    if name != expected {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", &name.into(), why));
    }
    let scope = text(&["spec", "scope"]);
    if !matches!(scope, "Namespaced" | "Cluster") {
        errors.push(FieldError::not_supported("spec.scope", &scope.into(), &["Cluster", "Namespaced"]));
    }
    let versions = definition.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    let storages =
        versions.iter().filter(|version| version.get("storage") == Some(&Value::Bool(true))).count();
    if storages != 1 {
        let why = "must have exactly one version marked as storage version";
        let value = definition.at(&["spec", "versions"]).cloned().unwrap_or_default();
        errors.push(FieldError::invalid("spec.versions", &value, why));
    }
    for (index, version) in versions.iter().enumerate() {
        let place = format!("spec.versions[{index}].schema");
        match version.at(&["schema", "openAPIV3Schema"]) {
            None => {
                errors.push(FieldError::required(format!("{place}.openAPIV3Schema"), "schemas are required"))
            }
            Some(schema) => errors.extend(
                Schema::from_crd(schema)
                    .err()
                    .into_iter()
                    .flatten()
                    .map(|error| FieldError::new(format!("{place}.{}", error.field), error.detail)),
            ),
        }
    }
    if text(&["spec", "conversion", "strategy"]) == "Webhook" {
        let why = "the sandbox converts by strategy None only";
        errors.push(FieldError::invalid("spec.conversion.strategy", &"Webhook".into(), why));
    }
    errors
}

/// What of a definition is not enforced.
pub(crate) fn warnings(definition: &Value) -> Vec<String> {
    let versions = definition.at(&["spec", "versions"]).and_then(Value::as_list).unwrap_or_default();
    versions
        .iter()
        .filter_map(|version| Schema::from_crd(version.at(&["schema", "openAPIV3Schema"])?).ok())
        .flat_map(|schema| expressions::warnings(&schema))
        .collect()
}

/// Brings a definition forward: accepts its names, establishes it, or removes its objects when it goes.
///
/// # Errors
/// A write is refused.
pub(crate) fn reconcile(api: &Api, name: &str) -> Result<(), Refusal> {
    let kind = api.builtin("apiextensions.k8s.io/v1", "CustomResourceDefinition")?;
    let mut transaction = api.begin();
    let Some(live) = transaction.get(&kind, "", name) else { return Ok(()) };
    if object::deletion_timestamp(&live).is_some() {
        drop(transaction);
        return remove_objects(api, &live);
    }
    let mut next = live.clone();
    accept(&transaction, &mut next, &api.now());
    if next != live {
        let target = Target::new(&kind, "", name).status();
        let options = WriteOptions::of("kube-apiserver");
        update::write(&mut transaction, &target, &live, next, &options)?;
    }
    Ok(())
}

fn accept(transaction: &Transaction<'_>, definition: &mut Value, now: &str) {
    let conflict = conflicting_name(transaction, definition);
    let mut conditions = definition.at(&["status", "conditions"]).cloned().unwrap_or_default();
    let (accepted, established) = match &conflict {
        None => {
            let names = definition.at(&["spec", "names"]).cloned().unwrap_or_default();
            definition.set_at(&["status", "acceptedNames"], names);
            (
                Condition::new("NamesAccepted", Status::True, "NoConflicts", "no conflicts found"),
                Condition::new(
                    "Established",
                    Status::True,
                    "InitialNamesAccepted",
                    "the initial names have been accepted",
                ),
            )
        }
        Some((reason, message)) => (
            Condition::new("NamesAccepted", Status::False, *reason, message.as_str()),
            Condition::new("Established", Status::False, "NotAccepted", "not all names are accepted"),
        ),
    };
    condition::set(&mut conditions, &accepted, now);
    let is_established = condition::get(&conditions, "Established")
        .is_some_and(|established| established.status == Status::True);
    // What was established once stays so.
    if !is_established {
        condition::set(&mut conditions, &established, now);
    }
    definition.set_at(&["status", "conditions"], conditions);
}

/// A name that another definition of the group has already.
fn conflicting_name(transaction: &Transaction<'_>, definition: &Value) -> Option<(&'static str, String)> {
    let group = definition.str_at(&["spec", "group"])?;
    let own = object::uid(definition);
    let others = transaction
        .writer()
        .list(DEFINITIONS, None, None)
        .filter(|other| other.str_at(&["spec", "group"]) == Some(group) && object::uid(other) != own);
    for other in others {
        for (key, reason) in [
            ("plural", "PluralConflict"),
            ("singular", "SingularConflict"),
            ("kind", "KindConflict"),
            ("listKind", "ListKindConflict"),
        ] {
            let wanted = definition.str_at(&["spec", "names", key])?;
            if other.str_at(&["status", "acceptedNames", key]) == Some(wanted) {
                return Some((reason, format!("\"{wanted}\" is already in use")));
            }
        }
    }
    None
}

/// Deletes the objects of a definition that is going; when there are none left, it may go.
fn remove_objects(api: &Api, definition: &Value) -> Result<(), Refusal> {
    let name = object::name(definition).unwrap_or_default();
    let kinds = api.kinds().of_definition(name).to_vec();
    let Some(kind) = kinds.first() else { return finish(api, name) };
    let mut left = 0;
    let objects: Vec<Value> = api.begin().stored(kind, None).cloned().collect();
    for object in &objects {
        let namespace = object::namespace(object).unwrap_or_default();
        let target = Target::new(kind, namespace, object::name(object).unwrap_or_default());
        match delete::delete(api, &target, &DeleteOptions::default()) {
            Ok(delete::Deleted::Pending(_)) => left += 1,
            Ok(delete::Deleted::Gone(_)) => {}
            Err(Refusal::Status(status)) if status.code == 404 => {}
            Err(refusal) => return Err(refusal),
        }
    }
    if left == 0 { finish(api, name) } else { Ok(()) }
}

fn finish(api: &Api, name: &str) -> Result<(), Refusal> {
    let kind = api.builtin("apiextensions.k8s.io/v1", "CustomResourceDefinition")?;
    let mut transaction = api.begin();
    let Some(live) = transaction.get(&kind, "", name) else { return Ok(()) };
    if !object::finalizers(&live).any(|finalizer| finalizer == CLEANUP) {
        return Ok(());
    }
    let mut next = live.clone();
    let mut conditions = next.at(&["status", "conditions"]).cloned().unwrap_or_default();
    let done =
        Condition::new("Terminating", Status::False, "InstanceDeletionCompleted", "removed all instances");
    condition::set(&mut conditions, &done, &api.now());
    next.set_at(&["status", "conditions"], conditions);
    delete::remove_finalizer(&mut next, CLEANUP);
    if delete::is_finished(&kind, &next) {
        transaction.remove(&kind, &next)?;
    } else {
        transaction.put(&kind, &next)?;
    }
    Ok(())
}
