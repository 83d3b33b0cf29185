//! ControllerRevisions: the templates that a StatefulSet or DaemonSet has had.

use apimachinery::object;
use value::Value;

use super::client::{self, Builtins, MANAGER};
use super::owned::{self, number};
use crate::api::Api;
use crate::status::Refusal;
use crate::verbs::delete::Propagation;

/// The revision of the present template, made where it is absent. Old ones beyond the limit go, except
/// those that are in use.
pub(super) fn current(
    api: &Api,
    builtins: &Builtins,
    owner: &Value,
    (label, in_use): (&str, &[String]),
) -> Result<Value, Refusal> {
    let mut template = owner.at(&["spec", "template"]).cloned().unwrap_or_default();
    let hash = owned::hash(&template, number(owner, &["status", "collisionCount"]));
    template.set_at(&["$patch"], "replace");
    let mut data = Value::map();
    data.set_at(&["spec", "template"], template);
    let mut revisions = owned::claim(api, &builtins.revisions, owner)?;
    revisions.sort_by_key(|revision| number(revision, &["revision"]));
    let newest = revisions.last().map_or(0, |last| number(last, &["revision"]));
    let found = revisions.iter().find(|revision| revision.get("data") == Some(&data)).cloned();
    let current = match found {
        // A template that comes back is the newest again.
        Some(mut known) if number(&known, &["revision"]) < newest => {
            known.set_at(&["revision"], newest + 1);
            client::update(api, &builtins.revisions, known, MANAGER)?
        }
        Some(known) => known,
        None => {
            let revision = describe(owner, data, (label, &hash), newest + 1);
            client::create(api, &builtins.revisions, revision, MANAGER)?
        }
    };
    forget(api, builtins, owner, (&revisions, &current, in_use))?;
    Ok(current)
}

fn describe(owner: &Value, data: Value, (label, hash): (&str, &str), number: i64) -> Value {
    let name = format!("{}-{hash}", object::name(owner).unwrap_or_default());
    let mut revision = Value::map_of([("data", data)]);
    let labels = owner.at(&["spec", "template", "metadata", "labels"]).cloned();
    revision.set_at(&["metadata", "name"], name);
    revision.set_at(&["metadata", "namespace"], object::namespace(owner).unwrap_or_default());
    revision.set_at(&["metadata", "labels"], labels.unwrap_or_else(Value::map));
    revision.set_at(&["metadata", "labels", label], hash);
    if let Some(annotations) = owner.at(&["metadata", "annotations"]) {
        revision.set_at(&["metadata", "annotations"], annotations.clone());
    }
    revision.set_at(&["metadata", "ownerReferences"], Value::list_of([owned::reference(owner)]));
    revision.set_at(&["revision"], number);
    revision
}

fn forget(
    api: &Api,
    builtins: &Builtins,
    owner: &Value,
    (revisions, current, in_use): (&[Value], &Value, &[String]),
) -> Result<(), Refusal> {
    let limit = owner.at(&["spec", "revisionHistoryLimit"]).and_then(Value::as_i64).unwrap_or(10);
    let old: Vec<&Value> = revisions
        .iter()
        .filter(|revision| object::uid(revision) != object::uid(current))
        .filter(|revision| !in_use.iter().any(|name| Some(name.as_str()) == object::name(revision)))
        .collect();
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    for revision in &old[..surplus] {
        client::delete(api, &builtins.revisions, revision, Propagation::Background)?;
    }
    Ok(())
}
