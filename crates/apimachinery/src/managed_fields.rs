//! Who owns which field of an object, and server-side apply, as kube-apiserver 1.36 does both
//! (structured-merge-diff and the field managers around it).
//!
//! Versions of one kind are not converted: the path of a field is taken to be the same in all versions,
//! which holds for every kind that is served in more than one version here but `autoscaling`, whose
//! entries of another version then keep paths that the object does not have.

mod compare;
mod elements;
mod entries;
mod last_applied;
mod merge;
mod path;
mod resets;
mod set;
mod typed;
mod validate;

use jiff::Timestamp;
use thiserror::Error;
use value::Value;

use crate::clock::rfc3339;
use crate::gvk::GroupVersionKind;
use crate::object;
use crate::schema::Schema;

use entries::{Managers, Owned};
use typed::TypeRef;

pub use entries::{Manager, Operation};
pub use path::{Path, PathElement};
pub use resets::Resets;
pub use set::Set;

/// Fields that nobody owns: the server gives them, or the request names them.
const NEVER_OWNED: [&[&str]; 12] = [
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// How to apply.
#[derive(Clone, Debug)]
pub struct ApplyOptions<'a> {
    /// The name of the field manager.
    pub manager: &'a str,
    /// Whether fields are taken from their other owners.
    pub force: bool,
    /// The subresource that is applied to.
    pub subresource: Option<&'a str>,
    /// The present.
    pub now: Timestamp,
    /// Fields that the server resets whatever the request says, so that nobody comes to own them.
    pub resets: Resets,
}

/// How an update is tracked.
#[derive(Clone, Debug)]
pub struct UpdateOptions<'a> {
    /// The name of the field manager.
    pub manager: &'a str,
    /// The subresource that is written.
    pub subresource: Option<&'a str>,
    /// The present.
    pub now: Timestamp,
    /// Fields that the server resets whatever the request says, so that nobody comes to own them.
    pub resets: Resets,
}

/// A field that another manager owns with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The other manager.
    pub manager: Manager,
    /// The field.
    pub path: Path,
}

/// An apply that is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// Other managers own fields with other values (HTTP 409, reason Conflict).
    #[error("{}", conflict_message(.0))]
    Conflicts(Vec<Conflict>),
    /// The configuration does not fit the schema (HTTP 500 in the API server).
    #[error("failed to create typed patch object ({object}): {problems}", problems = join(.problems))]
    Typed {
        /// `namespace/name; group/version, Kind=kind`.
        object: String,
        /// What does not fit.
        problems: Vec<String>,
    },
    /// The configuration names managed fields (HTTP 400).
    #[error("metadata.managedFields must be nil")]
    ManagedFieldsGiven,
    /// The configuration has no apiVersion or kind (HTTP 400).
    #[error("invalid object type: {0}")]
    NoKind(String),
    /// The live object's managed fields cannot be read (HTTP 500).
    #[error("failed to decode managed fields of the live object")]
    LiveManagedFields,
}

impl ApplyError {
    /// The causes of a conflict as a Status lists them: the message and the field.
    pub fn causes(&self) -> Vec<(String, String)> {
        let Self::Conflicts(conflicts) = self else { return Vec::new() };
        let cause = |one: &Conflict| (format!("conflict with {}", one.manager), one.path.to_string());
        conflicts.iter().map(cause).collect()
    }
}

fn join(problems: &[String]) -> String {
    match problems {
        [only] => only.clone(),
        all => {
            format!("errors:\n{}", all.iter().map(|one| format!("  {one}")).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        return format!("Apply failed with 1 conflict: conflict with {}: {}", only.manager, only.path);
    }
    let mut lines = Vec::new();
    let mut manager = None;
    for conflict in conflicts {
        if manager != Some(&conflict.manager) {
            lines.push(format!("conflicts with {}:", conflict.manager));
            manager = Some(&conflict.manager);
        }
        lines.push(format!("- {}", conflict.path));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

/// Applies `config` to `live`, or makes the object that it describes when there is none yet.
///
/// **Guarantees.** Fields that `config` names have its values and are owned by the manager; fields that
/// the manager applied before and `config` does not name any more are gone, unless somebody else owns
/// them; everything else is as in `live`. An apply that changes nothing gives back `live` with its
/// times.
///
/// **Assumptions.** `live` is as the server stores it: pruned and without nulls. Defaulting, validation,
/// generation and resourceVersion are the caller's.
///
/// # Errors
/// See [`ApplyError`]. Without `force`, conflicts refuse the apply; a field with an equal value does not
/// conflict.
pub fn apply(
    live: Option<&Value>,
    config: &Value,
    schema: &Schema,
    options: &ApplyOptions<'_>,
) -> Result<Value, ApplyError> {
    let Some(gvk) = GroupVersionKind::of(config) else {
        return Err(ApplyError::NoKind(format!(
            "{}, Kind={}",
            config.str_at(&["apiVersion"]).unwrap_or_default(),
            config.str_at(&["kind"]).unwrap_or_default()
        )));
    };
    if config.at(&["metadata", "managedFields"]).is_some_and(|fields| !fields.is_null()) {
        return Err(ApplyError::ManagedFieldsGiven);
    }
    let problems = validate::validate(config, TypeRef::root(schema));
    if !problems.is_empty() {
        let namespace = object::namespace(config).unwrap_or_default();
        let name = object::name(config).unwrap_or_default();
        return Err(ApplyError::Typed { object: format!("{namespace}/{name}; {gvk}"), problems });
    }
    let applying = Applying { schema, options, gvk: &gvk };
    let applied = match applying.run(live, config, options.force) {
        Err(ApplyError::Conflicts(conflicts)) if options.manager == last_applied::MANAGER => {
            let left = last_applied::not_allowed(live, schema, conflicts);
            if left.is_empty() {
                applying.run(live, config, true)?
            } else {
                return Err(ApplyError::Conflicts(left));
            }
        }
        other => other?,
    };
    Ok(match live {
        Some(live) => keep_times(live, applied),
        None => applied,
    })
}

struct Applying<'a> {
    schema: &'a Schema,
    options: &'a ApplyOptions<'a>,
    gvk: &'a GroupVersionKind,
}

impl Applying<'_> {
    fn run(&self, live: Option<&Value>, config: &Value, force: bool) -> Result<Value, ApplyError> {
        let api_version = self.gvk.api_version();
        let mut managers = match live {
            Some(live) => Managers::decode(live.at(&["metadata", "managedFields"]))
                .ok_or(ApplyError::LiveManagedFields)?,
            None => Managers::default(),
        };
        let blank = blank(self.gvk);
        let live = without_managed_fields(live.unwrap_or(&blank));
        if managers.0.is_empty() {
            self.own_before_first_apply(&live, &mut managers);
        }
        let r#type = TypeRef::root(self.schema);
        let manager =
            Manager::new(Operation::Apply, self.options.manager, &api_version, self.options.subresource);
        let last = managers.0.get(&manager).map(|owned| owned.fields.clone());
        let last_time = managers.0.get(&manager).and_then(|owned| owned.time.clone());
        let fields = self.options.resets.filter(compare::field_set(config, r#type));
        managers.0.insert(manager.clone(), Owned { fields, api_version, time: last_time });
        let merged = merge::merge(Some(&live), Some(config), r#type).unwrap_or_else(|| live.clone());
        let mut applied = prune(&merged, &managers, last, r#type);
        let comparison = self.options.resets.filter_comparison(compare::compare(&live, &applied, r#type));
        settle(&mut managers, &manager, &comparison, force)?;
        let never_owned = Set::of(&NEVER_OWNED);
        if let Some(owned) = managers.0.get_mut(&manager) {
            owned.fields = owned.fields.difference(&never_owned);
            if applied != live {
                owned.time = Some(rfc3339(self.options.now));
            }
        }
        managers.0.retain(|_, owned| !owned.fields.is_empty());
        if self.options.manager == last_applied::MANAGER {
            last_applied::refresh(&mut applied, config);
        }
        managers.put(&mut applied);
        Ok(applied)
    }

    /// What was there before anybody's fields were tracked belongs to a manager of its own, so that
    /// the first apply does not silently take or remove it.
    fn own_before_first_apply(&self, live: &Value, managers: &mut Managers) {
        let version = self.gvk.api_version();
        let manager =
            Manager::new(Operation::Update, "before-first-apply", &version, self.options.subresource);
        let (schema, resets, now) = (self.schema, &self.options.resets, self.options.now);
        let tracked = Tracked { manager, schema, resets, now };
        track(&zero(self.gvk, schema), live, &tracked, managers);
    }
}

/// Takes out what the manager applied before, does not apply any more, and nobody else owns.
fn prune(merged: &Value, managers: &Managers, last: Option<Set>, r#type: TypeRef<'_>) -> Value {
    let Some(last) = last.filter(|last| !last.is_empty()) else { return merged.clone() };
    let named = |set: &Set| set.with_named_parents(r#type);
    let remove = |set: &Set| merge::remove(merged, set, r#type).unwrap_or_else(Value::map);
    let pruned = remove(&named(&last));
    let owned = managers.0.values().fold(Set::default(), |all, owned| all.union(&owned.fields));
    let merged_fields = named(&compare::field_set(merged, r#type));
    let kept = named(&compare::field_set(&pruned, r#type)).union(&named(&owned));
    let pruned = remove(&merged_fields.difference(&kept));
    // Removing an element takes all of it; what of it was not applied by this manager comes back.
    let pruned_fields = named(&compare::field_set(&pruned, r#type));
    remove(&merged_fields.difference(&pruned_fields).intersection(&named(&last)))
}

/// Takes written fields from other managers, or refuses to; removed fields belong to nobody.
fn settle(
    managers: &mut Managers,
    writer: &Manager,
    comparison: &compare::Comparison,
    force: bool,
) -> Result<(), ApplyError> {
    let written = comparison.written();
    let mut conflicts = Vec::new();
    for (manager, owned) in managers.0.iter_mut().filter(|(manager, _)| *manager != writer) {
        let taken = owned.fields.intersection(&written);
        if !taken.is_empty() && !force {
            let conflict = |path| Conflict { manager: manager.clone(), path };
            conflicts.extend(taken.paths().into_iter().map(conflict));
        }
        owned.fields = owned.fields.difference(&taken).difference(&comparison.removed);
    }
    if !conflicts.is_empty() {
        conflicts.sort_by(|a, b| (&a.manager.name, &a.path).cmp(&(&b.manager.name, &b.path)));
        return Err(ApplyError::Conflicts(conflicts));
    }
    managers.0.retain(|manager, owned| manager == writer || !owned.fields.is_empty());
    Ok(())
}

/// Tracks who wrote what when an object was created, updated or patched: `new` with its managed fields.
///
/// **Flow.** The managers are those that `new` brings (an empty list, or one of one empty entry, forgets
/// them all) or else those of `live`. What differs from `live` goes to the writing manager. An object
/// whose fields are not tracked stays so until the first apply; a created one is tracked.
///
/// **Assumptions.** `new` is defaulted and pruned, but admission and the registry have not added their
/// own fields yet (`spec.priority` of a Pod, `spec.finalizers` of a Namespace): nobody owns those.
pub fn update(live: Option<&Value>, new: Value, schema: &Schema, options: &UpdateOptions<'_>) -> Value {
    let Some(gvk) = GroupVersionKind::of(&new) else { return new };
    let mut managers = managers_of_update(live, &new, options.subresource.is_some());
    let mut new = without_managed_fields(&new);
    if managers.0.is_empty() && live.is_some_and(|live| object::uid(live).is_some()) {
        return new;
    }
    let version = gvk.api_version();
    let before = live.map_or_else(|| zero(&gvk, schema), without_managed_fields);
    let manager = Manager::new(Operation::Update, options.manager, &version, options.subresource);
    let tracked = Tracked { manager, schema, resets: &options.resets, now: options.now };
    track(&before, &new, &tracked, &mut managers);
    managers.cap();
    managers.put(&mut new);
    match live {
        Some(live) => keep_times(live, new),
        None => new,
    }
}

fn blank(gvk: &GroupVersionKind) -> Value {
    Value::map_of([("apiVersion", gvk.api_version().as_str()), ("kind", &gvk.kind)])
}

/// The object that a created one is compared with. Of a built-in kind it is Go's zero value: structs that
/// are always written are there, and so nobody comes to own them; of a custom kind there is nothing.
fn zero(gvk: &GroupVersionKind, schema: &Schema) -> Value {
    let mut zero = blank(gvk);
    if schema.definition.is_some()
        && let Some(map) = zero.as_map_mut()
    {
        add_zero_fields(map, schema, 0);
    }
    zero
}

/// Structs are nested by value, so their nesting ends; the limit is for schemas that lie.
fn add_zero_fields(map: &mut value::Map, schema: &Schema, depth: usize) {
    for (key, field) in schema.properties.iter().filter(|_| depth < 32) {
        match &field.default {
            Some(Value::Map(default)) if default.is_empty() => {
                let mut below = value::Map::new();
                add_zero_fields(&mut below, field, depth + 1);
                map.insert(key.clone(), below);
            }
            Some(default) if is_zero(default) => {
                map.entry_or(key, || default.clone());
            }
            None if schema.required.contains(key) => {
                map.entry_or(key, || Value::Null);
            }
            _ => {}
        }
    }
}

fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Int(0) | Value::Bool(false)) || value.as_str() == Some("")
}

fn managers_of_update(live: Option<&Value>, new: &Value, is_subresource: bool) -> Managers {
    let of_live = || live.map(Managers::of).unwrap_or_default();
    let given = new.at(&["metadata", "managedFields"]).filter(|given| !given.is_null());
    let Some(given) = given.filter(|_| !is_subresource) else { return of_live() };
    let forgets = match given.as_list() {
        Some([]) => true,
        Some([only]) => only.as_map().is_some_and(value::Map::is_empty),
        _ => false,
    };
    if forgets {
        return Managers::default();
    }
    Managers::decode(Some(given)).filter(|managers| !managers.0.is_empty()).unwrap_or_else(of_live)
}

struct Tracked<'a> {
    manager: Manager,
    schema: &'a Schema,
    resets: &'a Resets,
    now: Timestamp,
}

fn track(before: &Value, after: &Value, tracked: &Tracked<'_>, managers: &mut Managers) {
    let comparison = compare::compare(before, after, TypeRef::root(tracked.schema));
    let comparison = tracked.resets.filter_comparison(comparison);
    let written = comparison.written();
    for owned in managers.0.values_mut() {
        owned.fields = owned.fields.difference(&written).difference(&comparison.removed);
    }
    // The writer is compared as a manager of its own, so what it owned before is kept beside.
    let written = written.difference(&Set::of(&NEVER_OWNED));
    if !written.is_empty() {
        let api_version = tracked.manager.api_version.clone();
        let owned = managers.0.entry(tracked.manager.clone()).or_insert_with(|| Owned {
            fields: Set::default(),
            api_version,
            time: None,
        });
        owned.fields = std::mem::take(&mut owned.fields).union(&written);
        owned.time = Some(rfc3339(tracked.now));
    }
    managers.0.retain(|_, owned| !owned.fields.is_empty());
}

/// Gives `new` the managed fields of `live` where nothing but their times differs, so that a write that
/// changes nothing changes nothing. A server calls it again after defaulting and admission.
pub fn keep_times(live: &Value, mut new: Value) -> Value {
    let old_fields = live.at(&["metadata", "managedFields"]);
    let same_but_times = match (old_fields.and_then(Value::as_list), managed_fields_list(&new)) {
        (Some(old), Some(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(a, b)| without_time(a) == without_time(b))
        }
        _ => false,
    };
    if same_but_times
        && without_managed_fields(live) == without_managed_fields(&new)
        && let Some(old_fields) = old_fields
    {
        new.set_at(&["metadata", "managedFields"], old_fields.clone());
    }
    new
}

fn managed_fields_list(object: &Value) -> Option<&[Value]> {
    object.at(&["metadata", "managedFields"])?.as_list()
}

fn without_time(entry: &Value) -> Value {
    let mut entry = entry.clone();
    entry.remove_at(&["time"]);
    entry
}

fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    object.remove_at(&["metadata", "managedFields"]);
    object
}
