//! Events: what the controllers tell people.

use std::time::Duration;

use apimachinery::object;
use value::{Map, Value};

use super::Outcome;
use super::client::{self, Builtins};
use crate::api::Api;
use crate::chance;
use crate::status::Refusal;
use crate::store::Location;

/// What happened.
pub(super) struct Event<'a> {
    /// Whether it is a warning.
    pub(super) warning: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    /// Who tells it, such as `deployment-controller`.
    pub(super) component: &'a str,
}

/// Records an event about an object. The same one told again is counted.
pub(super) fn record(
    api: &Api,
    builtins: &Builtins,
    about: &Value,
    event: &Event<'_>,
) -> Result<(), Refusal> {
    let namespace = object::namespace(about).unwrap_or("default").to_owned();
    let known = client::list(api, &builtins.events, &namespace).into_iter().find(|known| {
        let same = |path: &[&str], text: Option<&str>| known.str_at(path) == text;
        same(&["involvedObject", "uid"], object::uid(about))
            && same(&["reason"], Some(event.reason))
            && same(&["message"], Some(event.message))
            && same(&["source", "component"], Some(event.component))
    });
    let written = match known {
        Some(mut known) => {
            let count = known.get("count").and_then(Value::as_i64).unwrap_or(1);
            known.set_at(&["count"], count + 1);
            known.set_at(&["lastTimestamp"], api.now());
            client::update(api, &builtins.events, known, event.component)
        }
        None => {
            let object = describe(api, about, event, &namespace)?;
            client::create(api, &builtins.events, object, event.component)
        }
    };
    match written {
        // A namespace that is going takes no more events.
        Err(Refusal::Status(status)) if matches!(status.code, 403 | 404) => {
            tracing::debug!(reason = event.reason, message = status.message, "an event was not kept");
            Ok(())
        }
        other => other.map(|_| ()),
    }
}

fn describe(api: &Api, about: &Value, event: &Event<'_>, namespace: &str) -> Result<Value, Refusal> {
    let name = object::name(about).unwrap_or_default();
    let mut involved = Map::new();
    for field in ["apiVersion", "kind"] {
        involved.insert(field, about.str_at(&[field]).unwrap_or_default());
    }
    for field in ["name", "namespace", "uid", "resourceVersion"] {
        if let Some(text) = about.str_at(&["metadata", field]) {
            involved.insert(field, text);
        }
    }
    let own_name = format!("{name}.{}", chance::event_suffix()?);
    let metadata = Value::map_of([("name", own_name.as_str()), ("namespace", namespace)]);
    let now = api.now();
    Ok(Value::map_of([
        ("metadata", metadata),
        ("involvedObject", involved.into()),
        ("type", if event.warning { "Warning" } else { "Normal" }.into()),
        ("reason", event.reason.into()),
        ("message", event.message.into()),
        ("source", Value::map_of([("component", event.component)])),
        ("reportingComponent", event.component.into()),
        ("reportingInstance", "".into()),
        ("firstTimestamp", now.as_str().into()),
        ("lastTimestamp", now.into()),
        ("count", 1.into()),
    ]))
}

/// Forgets an event whose time is over.
pub(super) fn expire(api: &Api, builtins: &Builtins, at: &Location, keep: Duration) -> Outcome {
    let Some(event) = client::get(api, &builtins.events, at) else { return Ok(None) };
    let last = ["lastTimestamp", "eventTime"]
        .into_iter()
        .filter_map(|field| event.str_at(&[field]))
        .chain(event.str_at(&["series", "lastObservedTime"]))
        .chain(event.str_at(&["metadata", "creationTimestamp"]))
        .filter_map(|text| text.parse::<jiff::Timestamp>().ok())
        .max();
    let Some(last) = last else { return Ok(None) };
    let age = api.timestamp().duration_since(last).unsigned_abs();
    if age < keep {
        return Ok(Some(keep - age));
    }
    client::delete_now(api, &builtins.events, &event)?;
    Ok(None)
}
