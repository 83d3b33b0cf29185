//! Kubernetes Events.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::{Clock, rfc3339};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use tokio::sync::mpsc;
use value::Value;

use crate::{ActAs, Cluster, Deadline, Error, Resource, Subresource, Target};

/// Repeated events are counted up for so many different ones; then counting starts anew.
const REMEMBERED: usize = 4096;
const TIMEOUT: Duration = Duration::from_secs(10);

/// How serious an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Nothing is wrong.
    Normal,
    /// Somebody may have to act.
    Warning,
}

/// Something that happened to an object.
#[derive(Clone, Debug)]
pub struct Event {
    /// The object, as far as it identifies itself.
    pub about: Value,
    /// How serious it is.
    pub severity: Severity,
    /// The machine-readable reason, in CamelCase.
    pub reason: String,
    /// The sentence for people.
    pub message: String,
    /// Annotations of the Event object.
    pub annotations: Vec<(String, String)>,
}

/// Writes Events in the background, in order. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(mpsc::UnboundedSender<Event>);

impl Recorder {
    /// A recorder that writes as `component` until all its clones are dropped.
    pub fn start(cluster: &Cluster, component: &'static str, clock: Arc<dyn Clock>) -> Self {
        let (sender, mut events) = mpsc::unbounded_channel();
        let cluster = cluster.clone();
        tokio::spawn(async move {
            let mut writer = Writer { cluster, component, clock, counts: HashMap::new() };
            while let Some(event) = events.recv().await {
                if let Err(error) = writer.write(&event).await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        event.reason,
                        "an Event was not written"
                    );
                }
            }
        });
        Self(sender)
    }

    /// Records an event.
    pub fn record(&self, event: Event) {
        if self.0.send(event).is_err() {
            tracing::warn!("the recorder of Events has ended");
        }
    }
}

struct Writer {
    cluster: Cluster,
    component: &'static str,
    clock: Arc<dyn Clock>,
    counts: HashMap<String, (String, i64)>,
}

impl Writer {
    async fn write(&mut self, event: &Event) -> Result<(), Error> {
        let session = self.cluster.session(ActAs::Component, Deadline::after(TIMEOUT));
        let resource = Resource::new(GroupVersionKind::new("", "v1", "Event"), "events", true);
        let namespace = object::namespace(&event.about).unwrap_or("default");
        let identity = self.identity(event);
        let now = rfc3339(self.clock.now());
        if let Some((name, count)) = self.counts.get_mut(&identity) {
            let patch =
                Value::map_of([("count", Value::from(*count + 1)), ("lastTimestamp", now.clone().into())]);
            let target = Target::new(&resource, namespace, name);
            match session.merge_patch(&target, Subresource::Main, self.component, &patch).await {
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
                Ok(_) => {
                    *count += 1;
                    return Ok(());
                }
            }
        }
        let nanoseconds = self.clock.now().as_nanosecond();
        let name = format!("{}.{nanoseconds:x}", object::name(&event.about).unwrap_or_default());
        let target = Target::new(&resource, namespace, &name);
        session.create(&target, self.component, &self.body(event, &target, &now)).await?;
        if self.counts.len() >= REMEMBERED {
            self.counts.clear();
        }
        self.counts.insert(identity, (name, 1));
        Ok(())
    }

    /// As client-go correlates events: the annotations of the first one stay.
    fn identity(&self, event: &Event) -> String {
        let uid = object::uid(&event.about).unwrap_or_default();
        let Event { severity, reason, message, .. } = event;
        format!("{uid} {severity:?} {reason} {message}")
    }

    fn body(&self, event: &Event, target: &Target, now: &str) -> Value {
        let mut metadata = Value::map_of([("name", target.name.as_str()), ("namespace", &target.namespace)]);
        if !event.annotations.is_empty() {
            metadata.set_at(&["annotations"], Value::map_of(event.annotations.clone()));
        }
        let severity = match event.severity {
            Severity::Normal => "Normal",
            Severity::Warning => "Warning",
        };
        Value::map_of([
            ("apiVersion", Value::from("v1")),
            ("kind", "Event".into()),
            ("metadata", metadata),
            ("involvedObject", involved(&event.about)),
            ("type", severity.into()),
            ("reason", event.reason.as_str().into()),
            ("message", event.message.as_str().into()),
            ("count", 1.into()),
            ("firstTimestamp", now.into()),
            ("lastTimestamp", now.into()),
            ("source", Value::map_of([("component", self.component)])),
            ("reportingComponent", self.component.into()),
            ("reportingInstance", self.component.into()),
        ])
    }
}

/// The reference that Events and notifications carry.
pub fn involved(about: &Value) -> Value {
    let text = |path: &[&str]| Value::from(about.str_at(path).unwrap_or_default());
    Value::map_of([
        ("kind", text(&["kind"])),
        ("namespace", text(&["metadata", "namespace"])),
        ("name", text(&["metadata", "name"])),
        ("uid", text(&["metadata", "uid"])),
        ("apiVersion", text(&["apiVersion"])),
        ("resourceVersion", text(&["metadata", "resourceVersion"])),
    ])
}
