//! Telling people: Events in the cluster, and notifications to `--events-addr`.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::{Clock, rfc3339};
use apimachinery::gvk::GroupVersionKind;
use cluster::Cluster;
use cluster::events::{Event, Recorder, Severity as EventSeverity, involved};
use tokio::sync::mpsc;
use url::Url;
use value::Value;

const ATTEMPTS: u32 = 4;
const TIMEOUT: Duration = Duration::from_secs(15);

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// For those who look closely; never leaves the cluster.
    Trace,
    /// Worth knowing.
    Info,
    /// Somebody may have to act.
    Error,
}

/// Says what happened to objects of one controller. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Notifier {
    recorder: Recorder,
    outbox: Option<mpsc::UnboundedSender<Value>>,
    controller: &'static str,
    instance: Arc<str>,
    clock: Arc<dyn Clock>,
}

impl Notifier {
    pub(crate) fn start(
        cluster: &Cluster,
        controller: &'static str,
        events_addr: Option<Url>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        let recorder = Recorder::start(cluster, controller, clock.clone());
        let outbox = events_addr.map(start_sender).transpose()?;
        Ok(Self { recorder, outbox, controller, instance: Arc::from(controller), clock })
    }

    /// Records an event about `object`. `metadata` keys get the group of the object as their prefix.
    pub(crate) fn tell(
        &self,
        object: &Value,
        severity: Severity,
        (reason, message): (&str, &str),
        metadata: &[(&str, &str)],
    ) {
        let group = GroupVersionKind::of(object).map(|gvk| gvk.group).unwrap_or_default();
        let mut annotations: Vec<(String, String)> = apimachinery::object::annotations(object)
            .filter(|(key, _)| key.starts_with(flux_api::annotations::EVENT_PREFIX))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        annotations
            .extend(metadata.iter().map(|(key, value)| (format!("{group}/{key}"), (*value).to_owned())));
        if let (Some(outbox), true) = (&self.outbox, severity != Severity::Trace) {
            let notification = self.notification(object, severity, (reason, message), &annotations);
            if outbox.send(notification).is_err() {
                tracing::warn!("the sender of notifications has ended");
            }
        }
        self.recorder.record(Event {
            about: object.clone(),
            severity: if severity == Severity::Error {
                EventSeverity::Warning
            } else {
                EventSeverity::Normal
            },
            reason: reason.to_owned(),
            message: message.to_owned(),
            annotations,
        });
    }

    fn notification(
        &self,
        object: &Value,
        severity: Severity,
        (reason, message): (&str, &str),
        metadata: &[(String, String)],
    ) -> Value {
        let severity = if severity == Severity::Error { "error" } else { "info" };
        let mut body = Value::map_of([
            ("involvedObject", involved(object)),
            ("severity", severity.into()),
            ("timestamp", rfc3339(self.clock.now()).into()),
            ("message", message.into()),
            ("reason", reason.into()),
            ("reportingController", self.controller.into()),
            ("reportingInstance", (&*self.instance).into()),
        ]);
        if !metadata.is_empty() {
            body.set_at(&["metadata"], Value::map_of(metadata.iter().cloned()));
        }
        body
    }
}

fn start_sender(address: Url) -> Result<mpsc::UnboundedSender<Value>, reqwest::Error> {
    let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
    let (sender, mut outbox) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(notification) = outbox.recv().await {
            deliver(&client, &address, &notification).await;
        }
    });
    Ok(sender)
}

/// Tries a few times. 429 means that the receiver has seen the notification already.
async fn deliver(client: &reqwest::Client, address: &Url, notification: &Value) {
    for attempt in 1..=ATTEMPTS {
        let request = client
            .post(address.clone())
            .header("content-type", "application/json")
            .body(value::to_json(notification));
        match request.send().await {
            Ok(answer) if answer.status().is_success() || answer.status().as_u16() == 429 => return,
            Ok(answer) => tracing::debug!(status = %answer.status(), attempt, "a notification was refused"),
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    attempt,
                    "a notification was not sent"
                );
            }
        }
        tokio::time::sleep(Duration::from_millis(250) * 2u32.pow(attempt)).await;
    }
    tracing::warn!(%address, "a notification was given up");
}
