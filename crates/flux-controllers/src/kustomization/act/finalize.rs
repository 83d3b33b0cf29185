//! Deleting a Kustomization and, where it says so, what it applied.

use apimachinery::duration;
use cluster::runtime::Next;
use cluster::{Deadline, Error, prune};
use engine::Inventory;
use flux_api::Kustomization;
use flux_api::kustomization::DeletionPolicy;

use crate::kustomization::{Reconciliation, status};
use crate::notify::Severity;
use crate::status::READY;

impl Reconciliation<'_> {
    /// Prunes as the deletion policy says, then lets the object go. A failure keeps the finalizer.
    pub(in crate::kustomization) async fn finalize(&mut self) -> Result<Next, Error> {
        let spec = match Kustomization::parse(self.object()) {
            Ok(spec) => spec,
            Err(error) => return self.stall("InvalidSpec", &error.to_string()).await,
        };
        if spec.suspend {
            self.set_finalizer(false).await?;
            return Ok(Next::Settled);
        }
        let reason = self
            .status
            .condition(READY)
            .map_or(status::RECONCILIATION_SUCCEEDED.to_owned(), |ready| ready.reason);
        let revision = self.status.text("lastAppliedRevision").map(str::to_owned);
        if spec.deletes_objects()
            && let Some(next) = self.delete_objects(&spec, &reason, revision.as_deref()).await?
        {
            return Ok(next);
        }
        self.set_finalizer(false).await?;
        let message = format!(
            "Reconciliation finished in {}, next run in {}",
            duration::format(status::whole_milliseconds(self.started.elapsed())),
            duration::format(spec.interval)
        );
        let mut metadata = vec![("commit_status", "update")];
        metadata.extend(revision.as_deref().map(|revision| ("revision", revision)));
        self.tell(Severity::Info, (&reason, &message), &metadata);
        Ok(Next::Settled)
    }

    /// `Some` where the objects are not gone yet.
    async fn delete_objects(
        &mut self,
        spec: &Kustomization,
        reason: &str,
        revision: Option<&str>,
    ) -> Result<Option<Next>, Error> {
        let owned = match Inventory::from_status(self.status.field("inventory")) {
            Ok(owned) => owned,
            Err(id) => {
                let failure = status::unreadable_inventory(&id);
                return Ok(Some(self.keep(failure.reason, &failure.message, revision).await?));
            }
        };
        let session = self.session.until(Deadline::after(spec.timeout));
        let outcome = prune::prune(&session, owned.entries, &self.owner()).await;
        let log = outcome.log();
        if !log.is_empty() {
            self.tell_of(Severity::Info, (reason, &log.join("\n")), revision);
        }
        if !outcome.failed.is_empty() {
            let failure = status::prune_failure(&outcome.failed);
            return Ok(Some(self.keep(failure.reason, &failure.message, revision).await?));
        }
        if spec.deletion_policy != DeletionPolicy::WaitForTermination {
            return Ok(None);
        }
        let gone = prune::until_gone(&session, &outcome.done);
        match self.run.waiting("the end of the deleted objects", gone).await {
            Ok(Ok(())) => Ok(None),
            Ok(Err((entry, error))) => {
                let message = format!("timeout waiting for the end of {}: {error}", entry.reference);
                Ok(Some(self.keep(status::PRUNE_FAILED, &message, revision).await?))
            }
            Err(_) => Ok(Some(Next::Settled)),
        }
    }

    async fn keep(
        &mut self,
        reason: &'static str,
        message: &str,
        revision: Option<&str>,
    ) -> Result<Next, Error> {
        self.status.fail(reason, message);
        self.status.write(&self.session).await?;
        self.tell_of(Severity::Error, (reason, message), revision);
        Ok(Next::BackOff)
    }
}
