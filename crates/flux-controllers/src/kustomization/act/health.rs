//! Waiting for what was applied.

use std::time::Instant;

use apimachinery::condition::Status;
use apimachinery::duration;
use apimachinery::gvk::GroupVersionKind;
use cluster::apply::ChangeSet;
use cluster::runtime::Interrupted;
use cluster::wait::{self, Awaited};
use cluster::{Deadline, Error};
use engine::ObjectRef;
use engine::change::Change;
use flux_api::Kustomization;
use flux_api::kustomization::Reference;

use super::deploy::Failure;
use crate::kustomization::observe::Artifact;
use crate::kustomization::{Reconciliation, status};
use crate::notify::Severity;
use crate::status::{PROGRESSING, RECONCILING};

/// How the health check ended.
pub(super) enum Checked {
    Passed,
    Failed(Failure),
    Interrupted,
}

impl Reconciliation<'_> {
    /// Waits for all applied objects (`wait`) or for those of `healthChecks`.
    pub(super) async fn check_health(
        &mut self,
        spec: &Kustomization,
        artifact: &Artifact,
        changes: &ChangeSet,
    ) -> Result<Checked, Error> {
        let awaited = self.awaited(spec, changes);
        if awaited.is_empty() {
            self.status.remove(status::HEALTHY);
            return Ok(Checked::Passed);
        }
        let was_healthy = self.status.is_true(status::HEALTHY);
        let is_news = self.status.text("lastAppliedRevision") != Some(&artifact.revision);
        let message = status::progress("Running health checks", &artifact.revision, spec.timeout);
        self.status.progress(&message);
        self.status.set(status::HEALTHY, Status::Unknown, PROGRESSING, &message);
        self.status.write(&self.session).await?;
        let started = Instant::now();
        let session = self.session.until(Deadline::after(spec.timeout));
        let outcome = self.run.waiting("health checks", wait::until_all_current(&session, awaited)).await;
        let took = duration::format(status::whole_milliseconds(started.elapsed()));
        match outcome {
            Ok(Ok(())) => {
                let message = format!("Health check passed in {took}");
                self.status.set(status::HEALTHY, Status::True, "Succeeded", &message);
                self.status.write(&self.session).await?;
                if !was_healthy || (is_news && !changes.log().is_empty()) {
                    self.tell_of(Severity::Info, (PROGRESSING, &message), Some(&artifact.revision));
                }
                Ok(Checked::Passed)
            }
            Ok(Err(failure)) => {
                let reason = status::HEALTH_CHECK_FAILED;
                self.status.set(status::HEALTHY, Status::False, reason, &failure.to_string());
                let message = format!("health check failed after {took}: {failure}");
                Ok(Checked::Failed(Failure::new(reason, message)))
            }
            Err(Interrupted::Superseded) => {
                let message = "the health check was canceled: newer input is being reconciled";
                self.status.set(status::HEALTHY, Status::False, status::HEALTH_CHECK_CANCELED, message);
                self.status.fail(status::HEALTH_CHECK_CANCELED, message);
                Ok(Checked::Interrupted)
            }
            Err(Interrupted::Stopping) => {
                self.status.remove(RECONCILING);
                Ok(Checked::Interrupted)
            }
        }
    }

    fn awaited(&self, spec: &Kustomization, changes: &ChangeSet) -> Vec<Awaited> {
        if spec.wait {
            let applied = changes.entries.iter().filter(|entered| entered.change != Change::Skipped);
            return applied.map(Awaited::from).collect();
        }
        let is_itself = |reference: &&Reference| {
            reference.kind == "Kustomization"
                && reference.name == self.run.key.name
                && reference.namespace == self.run.key.namespace
        };
        let checks = spec.health_checks.iter().filter(|reference| !is_itself(reference));
        checks.map(|reference| awaited_of(reference, changes)).collect()
    }
}

fn awaited_of(reference: &Reference, changes: &ChangeSet) -> Awaited {
    let gvk = GroupVersionKind::from_api_version(&reference.api_version, &reference.kind);
    let object = ObjectRef {
        group: gvk.group,
        kind: gvk.kind,
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
    };
    let applied = changes.entries.iter().find(|entered| entered.entry.reference == object);
    let known = applied.and_then(|entered| entered.live.clone());
    Awaited { reference: object, version: gvk.version, known }
}
