//! One object, and all that is known of it.

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use argocd_core::masking::{Mask, Sign, masked};
use cluster::Target;
use engine::ObjectRef;
use insight::health::{self, Health};
use insight::rows::{key_of, object_of};
use insight::{Terms, diagnose};
use value::{Map, Value};

use crate::answer::Answer;
use crate::applications::events_of;
use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::deployment::{Deployment, finding};
use crate::error::{ApiError, Code};
use crate::permit::{Permit, no_session, sees};
use crate::request::Request;
use crate::sight::Sight;

/// An object of an Application's tree that may be seen, the Application itself, or a Flux object of the list.
pub(crate) struct SeesObject {
    caller: Caller,
    reference: ObjectRef,
    version: String,
    /// In whose tree it is.
    application: Option<Value>,
}

impl SeesObject {
    /// Whether the caller may see a source that the object refers to: not all that it names is theirs.
    fn sees_source(&self, control: &ControlPlane, source: &ObjectRef) -> bool {
        let mut trees = self.application.iter().map(|application| Deployment::of(control, application));
        if trees.any(|deployment| deployment.find(source).is_some()) {
            return true;
        }
        let row = control.list.read().rows().get(&key_of(source)).cloned();
        row.is_some_and(|row| Sight::new(control, &self.caller).sees()(&row))
    }
}

impl Permit for SeesObject {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let key = request.parameter("key").unwrap_or_default();
        let reference = key_in("key", key)?;
        match request.parameter("application").filter(|key| !key.is_empty()) {
            Some(application) => in_tree(control, caller, key_in("application", application)?, reference),
            None => {
                let row = control.list.read().rows().get(key).cloned();
                let is_seen = row.is_some_and(|row| Sight::new(control, &caller).sees()(&row));
                let seen = control.objects.get(&reference).filter(|_| is_seen);
                let version = seen.ok_or_else(ApiError::denied)?.node.version.clone();
                Ok(Self { caller, reference, version, application: None })
            }
        }
    }
}

fn in_tree(
    control: &ControlPlane,
    caller: Caller,
    application: ObjectRef,
    reference: ObjectRef,
) -> Result<SeesObject, ApiError> {
    let found = control.applications.get(&application.namespace, &application.name);
    let found = found.filter(|_| application.kind == "Application");
    let found = found.filter(|found| sees(control, &caller, found)).ok_or_else(ApiError::denied)?;
    if reference == application {
        let version = GroupVersionKind::of(&found).map(|gvk| gvk.version).unwrap_or_default();
        return Ok(SeesObject { caller, reference, version, application: None });
    }
    let deployment = Deployment::of(control, &found);
    let placed = deployment.find(&reference).ok_or_else(|| {
        let name = &application.name;
        ApiError::new(Code::NotFound, format!("{reference} is no part of application {name}"))
    })?;
    let version = placed.version.clone();
    Ok(SeesObject { caller, reference, version, application: Some(found) })
}

/// The object that a key names.
///
/// # Errors
/// The key cannot be read.
pub(super) fn key_in(parameter: &str, key: &str) -> Result<ObjectRef, ApiError> {
    object_of(key).ok_or_else(|| {
        ApiError::invalid(format!("{parameter}: {key:?} is not of the form group/Kind/namespace/name"))
    })
}

/// `GET /api/flamingo/v1/object`.
pub(crate) async fn object(
    control: Arc<ControlPlane>,
    permit: SeesObject,
    _: Request,
) -> Result<Answer, ApiError> {
    let SeesObject { reference, version, .. } = &permit;
    let session = control.session();
    let kind = GroupVersionKind::new(&reference.group, version, &reference.kind);
    let resource = session.resource(&kind).await?;
    let target = Target::new(&resource, &reference.namespace, &reference.name);
    let Some(live) = session.get(&target).await? else {
        return Ok(Answer::Json(missing()));
    };
    let uid = object::uid(&live).unwrap_or_default();
    let events = events_of(&control, &reference.namespace, &reference.name, uid).await?;
    let now = control.clock.now();
    let health = health::of_kind(&live, now);
    let found = diagnose([&live], now, &Terms::FLUX);
    let mut answer = Map::new();
    answer.insert("object", shown(&live, &control.mask(Sign::Asterisk)));
    add_health(&mut answer, health);
    answer.insert("conditions", conditions(&live));
    answer.insert("events", Value::list_of(newest_first(&events)));
    answer.insert("applied", Value::list_of(applied(&live)));
    answer.insert("findings", Value::list_of(found.iter().map(finding)));
    if let Some(source) = source_of(&control, &permit, &live) {
        answer.insert("source", source);
    }
    Ok(Answer::Json(answer.into()))
}

/// It should be there, and is not.
fn missing() -> Value {
    let none = || Value::list_of(Vec::<Value>::new());
    Value::map_of([
        ("health", Value::from("Missing")),
        ("conditions", none()),
        ("events", none()),
        ("applied", none()),
        ("findings", none()),
    ])
}

fn shown(live: &Value, mask: &Mask) -> Value {
    let mut shown = masked(live, mask);
    shown.remove_at(&["metadata", "managedFields"]);
    shown
}

fn add_health(answer: &mut Map, health: Option<Health>) {
    let Some(health) = health else { return };
    answer.insert("health", health.status.as_str());
    if !health.message.is_empty() {
        answer.insert("healthMessage", health.message);
    }
}

fn picked(of: &Value, fields: &[(&'static str, &str)]) -> Value {
    let mut picked = Map::new();
    for (field, from) in fields {
        if let Some(value) = of.get(from) {
            picked.insert(*field, value.clone());
        }
    }
    picked.into()
}

fn conditions(live: &Value) -> Value {
    const FIELDS: [&str; 5] = ["type", "status", "reason", "message", "lastTransitionTime"];
    let conditions = live.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    let fields = FIELDS.map(|field| (field, field));
    Value::list_of(conditions.iter().map(|condition| picked(condition, &fields)))
}

fn newest_first(events: &[Value]) -> Vec<Value> {
    let shown = |event: &Value| {
        let mut shown = picked(event, &[("type", "type"), ("reason", "reason"), ("message", "message")]);
        let series = event.at(&["series", "count"]).or_else(|| event.get("count"));
        shown.set_at(&["count"], series.cloned().unwrap_or_else(|| 1.into()));
        let times = [&["series", "lastObservedTime"][..], &["lastTimestamp"], &["eventTime"]];
        let last = times.iter().find_map(|path| event.str_at(path)).unwrap_or_default();
        shown.set_at(&["last"], last);
        shown
    };
    let mut shown: Vec<Value> = events.iter().map(shown).collect();
    let last = |event: &Value| event.str_at(&["last"]).map(str::to_owned);
    shown.sort_by_key(|event| std::cmp::Reverse(last(event)));
    shown
}

/// Who wrote which parts, the last one first.
fn applied(live: &Value) -> Vec<Value> {
    const FIELDS: [(&str, &str); 4] =
        [("manager", "manager"), ("operation", "operation"), ("time", "time"), ("part", "subresource")];
    let entries = live.at(&["metadata", "managedFields"]).and_then(Value::as_list).unwrap_or_default();
    let mut applied: Vec<Value> = entries.iter().map(|entry| picked(entry, &FIELDS)).collect();
    applied.sort_by_key(|entry| std::cmp::Reverse(entry.str_at(&["time"]).map(str::to_owned)));
    applied
}

/// What a source has, or the source that a Flux object refers to, if that may be seen.
fn source_of(control: &ControlPlane, permit: &SeesObject, live: &Value) -> Option<Value> {
    if live.at(&["status", "artifact"]).is_some() {
        return Some(artifact(live));
    }
    let direct = ["sourceRef", "chartRef"].iter().find_map(|field| live.at(&["spec", field]));
    let named = direct.or_else(|| live.at(&["spec", "chart", "spec", "sourceRef"]))?;
    let own = object::namespace(live).unwrap_or_default();
    let reference = ObjectRef {
        group: "source.toolkit.fluxcd.io".to_owned(),
        kind: named.str_at(&["kind"])?.to_owned(),
        namespace: named.str_at(&["namespace"]).unwrap_or(own).to_owned(),
        name: named.str_at(&["name"])?.to_owned(),
    };
    let seen = control.objects.get(&reference).filter(|_| permit.sees_source(control, &reference))?;
    Some(artifact(seen.flux.as_ref()?))
}

fn artifact(source: &Value) -> Value {
    let mut shown = picked(
        source.at(&["status", "artifact"]).unwrap_or(&Value::Null),
        &[("revision", "revision"), ("digest", "digest"), ("fetched", "lastUpdateTime")],
    );
    if let Some(url) = source.str_at(&["spec", "url"]) {
        shown.set_at(&["url"], without_credentials(url));
    }
    shown
}

/// An address without the name and password of who reads it; with SSH, the name is part of the address.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let Some((user, host)) = authority.rsplit_once('@') else { return url.to_owned() };
    let name = user.split_once(':').map_or(user, |(name, _)| name);
    match scheme {
        "ssh" => format!("{scheme}://{name}@{host}{path}"),
        _ => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn addresses_tell_no_credentials() {
        for (url, shown) in [
            ("https://me:secret@git.example.com/a@b", "https://git.example.com/a@b"),
            ("https://token@git.example.com", "https://git.example.com"),
            ("https://me:a@b@git.example.com?x", "https://git.example.com?x"),
            ("ssh://git:secret@git.example.com/a", "ssh://git@git.example.com/a"),
            ("oci://registry.example.com/a", "oci://registry.example.com/a"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }
}
