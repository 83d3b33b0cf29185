//! Saying why nothing is deployed.

use argocd_api::Application;
use argocd_api::application::Phase;
use cluster::Error;
use cluster::runtime::Next;
use value::Value;

use crate::application::Reconciliation;
use crate::application::observe::Running;
use crate::names;
use crate::reflect::{self, Condition, Health, HealthStatus, Live, Subject};

impl Reconciliation<'_> {
    /// Writes the conditions. An operation that is asked for, or that runs, ends with them.
    pub(in crate::application) async fn refuse(
        &mut self,
        application: Option<&Application>,
        conditions: Vec<Condition>,
    ) -> Result<Next, Error> {
        let is_comparison = conditions.iter().all(|condition| condition.r#type == "ComparisonError");
        let is_deployed = application.is_some_and(|application| self.has_workload(application));
        let health = match is_comparison {
            true if !is_deployed => Health::new(HealthStatus::Missing, ""),
            // What was compared before still runs.
            true => Health::new(HealthStatus::Healthy, ""),
            false => Health::new(HealthStatus::Unknown, ""),
        };
        let is_known = is_comparison && is_deployed && self.status.stored().get("health").is_some();
        self.say(application, conditions, (!is_known).then_some(health)).await
    }

    /// Whether the Flux object that deploys the Application is there.
    fn has_workload(&self, application: &Application) -> bool {
        let (namespace, name) = (&application.destination.namespace, names::workload_name(&self.object));
        self.controller.views.kustomizations.get(namespace, name).is_some()
    }

    /// As [`Self::refuse`], for Flux objects that do not exist.
    pub(super) async fn missing(
        &mut self,
        application: &Application,
        message: String,
    ) -> Result<Next, Error> {
        let health = Health::new(HealthStatus::Missing, "");
        self.say(Some(application), vec![Condition::comparison(message)], Some(health)).await
    }

    async fn say(
        &mut self,
        application: Option<&Application>,
        conditions: Vec<Condition>,
        health: Option<Health>,
    ) -> Result<Next, Error> {
        let now = self.now_text();
        let why = conditions.first().map(|condition| format!("{}: {}", condition.r#type, condition.message));
        let mut sync = Value::map_of([("status", "Unknown")]);
        self.status.is_compared = conditions.iter().all(|condition| condition.r#type == "ComparisonError");
        if self.status.is_compared {
            for field in ["source", "destination"] {
                if let Some(value) = self.object.at(&["spec", field]) {
                    sync.set_at(&["comparedTo", field], value.clone());
                }
            }
            if let Some(revision) = self.object.str_at(&["spec", "source", "targetRevision"]) {
                sync.set_at(&["revision"], revision);
            }
        }
        let is_compared = self.status.is_compared;
        let status = &mut self.status.status;
        status.set_at(&["sync"], sync);
        if is_compared {
            status.set_at(&["controllerNamespace"], self.name.namespace.as_str());
        }
        if let Some(health) = health {
            let health = health.to_status(self.object.at(&["status", "health"]), &now);
            status.set_at(&["health"], health);
        }
        reflect::with_conditions(status, conditions, &now);
        self.end_operation(application, why.as_deref().unwrap_or_default());
        self.status.refresh_done = application.is_some_and(|application| application.refresh.is_some());
        self.write().await?;
        Ok(self.resync())
    }

    fn end_operation(&mut self, application: Option<&Application>, why: &str) {
        let asked = application.and_then(|application| application.operation.as_ref());
        let running = Running::of(&self.object);
        let Some(operation) = running.as_ref().map(|running| &running.operation).or(asked) else { return };
        let source = application.and_then(|application| application.source.clone()).unwrap_or_default();
        let subject = Subject {
            object: &self.object,
            source: &source,
            history_limit: 0,
            generated: true,
            now: self.controller.clock.now(),
        };
        let started = running.as_ref().map_or_else(|| self.now_text(), |running| running.started.clone());
        let state = reflect::running(&operation.value, "", &started);
        let live = Live { source: None, workload: None, children: &[], rests: false, holds_source: false };
        let state = reflect::completed(&state, (Phase::Error, why), &subject, &live);
        self.status.status.set_at(&["operationState"], state);
        self.status.operation_done = true;
    }
}
