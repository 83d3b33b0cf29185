//! Building, applying, pruning and waiting, with the status that tells of each.

use std::error::Error as StdError;

use apimachinery::condition::Status;
use apimachinery::duration;
use cluster::apply::{self, ChangeSet};
use cluster::runtime::{Cause, Next};
use cluster::{Deadline, Error, prune};
use engine::Inventory;
use engine::inventory::Entry;
use flux_api::Kustomization;
use value::Value;

use super::build::Built;
use super::health::Checked;
use crate::kustomization::observe::Artifact;
use crate::kustomization::{APPLY_MANAGER, Reconciliation, status};
use crate::notify::Severity;
use crate::status::{PROGRESSING, READY, RECONCILING};

/// Why a deployment did not succeed: a reason for programs and a sentence for people.
pub(in crate::kustomization) struct Failure {
    pub(in crate::kustomization) reason: &'static str,
    pub(in crate::kustomization) message: String,
}

impl Failure {
    pub(in crate::kustomization) fn new(reason: &'static str, message: String) -> Self {
        Self { reason, message }
    }

    /// The error with its sources, as one sentence.
    pub(in crate::kustomization) fn because(reason: &'static str, error: &dyn StdError) -> Self {
        let mut message = error.to_string();
        let mut next = error.source();
        while let Some(source) = next {
            let text = source.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            next = source.source();
        }
        Self { reason, message }
    }
}

/// How a deployment ended, short of a failure to write the status itself.
enum End {
    Done,
    Failed(Failure),
    /// Newer input came while waiting, or the process stops.
    Interrupted,
}

/// What the attempt is about.
struct Attempt<'a> {
    spec: &'a Kustomization,
    artifact: &'a Artifact,
    digest: Option<String>,
}

impl Reconciliation<'_> {
    pub(in crate::kustomization) async fn deploy(
        &mut self,
        spec: &Kustomization,
        artifact: Artifact,
    ) -> Result<Next, Error> {
        let mut attempt = Attempt { spec, artifact: &artifact, digest: None };
        let end = self.attempt(&mut attempt).await?;
        self.status.handle_request();
        match end {
            End::Done => self.succeed(&attempt).await,
            End::Failed(failure) => self.fail(&attempt, failure).await,
            End::Interrupted => {
                self.status.write(&self.session).await?;
                Ok(Next::Settled)
            }
        }
    }

    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<End, Error> {
        let (spec, artifact) = (attempt.spec, attempt.artifact);
        self.progress(attempt, "Fetching manifests").await?;
        let tree = match self.fetch(spec, artifact).await {
            Ok(Ok(tree)) => tree,
            Ok(Err(failure)) => return Ok(End::Failed(failure)),
            Err(_) => return Ok(End::Interrupted),
        };
        self.status.set_field("lastAttemptedRevision", artifact.revision.as_str());
        self.progress(attempt, "Building manifests").await?;
        let built = match self.build(spec, tree).await {
            Ok(built) => built,
            Err(failure) => return Ok(End::Failed(failure)),
        };
        attempt.digest = Some(built.digest.clone());
        let owned = match Inventory::from_status(self.status.field("inventory")) {
            Ok(owned) => owned,
            Err(id) => return Ok(End::Failed(status::unreadable_inventory(&id))),
        };
        self.roll_out(attempt, built, &owned).await
    }

    /// Apply, prune, wait. The inventory is written ahead, so that an interrupted apply is known.
    async fn roll_out(
        &mut self,
        attempt: &Attempt<'_>,
        built: Built,
        owned: &Inventory,
    ) -> Result<End, Error> {
        let planned = Inventory { entries: built.objects.iter().filter_map(entry_of).collect() };
        self.status.set_field("inventory", owned.union(&planned).to_status());
        self.progress(attempt, "Detecting drift").await?;
        let changes = match self.apply(attempt, built.objects).await {
            Ok(changes) => changes,
            Err((failure, done)) => {
                self.status.set_field("inventory", owned.union(&inventory_of(&done)).to_status());
                if owned.entries.is_empty() && done.entries.is_empty() {
                    self.status.remove_field("inventory");
                }
                return Ok(failure.map_or(End::Interrupted, End::Failed));
            }
        };
        let applied = inventory_of(&changes);
        self.status.set_field("inventory", applied.to_status());
        let pruned = self.prune(attempt, owned.stale(&applied), &applied).await;
        if let Err(failure) = pruned {
            return Ok(End::Failed(failure));
        }
        match self.check_health(attempt.spec, attempt.artifact, &changes).await? {
            Checked::Passed => Ok(End::Done),
            Checked::Failed(failure) => Ok(End::Failed(failure)),
            Checked::Interrupted => Ok(End::Interrupted),
        }
    }

    /// What was done, with the failure where there was one; without, where the apply was interrupted.
    async fn apply(
        &self,
        attempt: &Attempt<'_>,
        objects: Vec<Value>,
    ) -> Result<ChangeSet, (Option<Failure>, ChangeSet)> {
        let session = self.session.until(Deadline::after(attempt.spec.timeout));
        let concurrency = self.controller.parts.settings.concurrent_ssa;
        let options = apply::Options { manager: APPLY_MANAGER, force: attempt.spec.force, concurrency };
        match apply::apply(&session, self.run, objects, options).await {
            Ok(changes) => {
                self.tell_log(&changes.log(), &attempt.artifact.revision);
                Ok(changes)
            }
            Err(failed) if matches!(*failed.cause, apply::Cause::Interrupted(_)) => Err((None, failed.done)),
            Err(failed) => {
                let mut message = format!("{}\n", failed.cause);
                failed.done.log().iter().for_each(|line| message += &format!("{line}\n"));
                Err((Some(Failure::new(status::RECONCILIATION_FAILED, message)), failed.done))
            }
        }
    }

    /// Deletes what the revision no longer holds. What could not be deleted stays in the inventory.
    async fn prune(
        &mut self,
        attempt: &Attempt<'_>,
        stale: Vec<Entry>,
        applied: &Inventory,
    ) -> Result<(), Failure> {
        if stale.is_empty() || !attempt.spec.prune {
            return Ok(());
        }
        let session = self.session.until(Deadline::after(attempt.spec.timeout));
        let outcome = prune::prune(&session, stale, &self.owner()).await;
        self.tell_log(&outcome.log(), &attempt.artifact.revision);
        if outcome.failed.is_empty() {
            return Ok(());
        }
        let survivors = outcome.failed.iter().map(|(entry, _)| entry.clone()).collect();
        let kept = applied.union(&Inventory { entries: survivors });
        self.status.set_field("inventory", kept.to_status());
        Err(status::prune_failure(&outcome.failed))
    }

    fn tell_log(&self, lines: &[String], revision: &str) {
        if !lines.is_empty() {
            let reason = self.status.condition(READY).map_or(PROGRESSING.to_owned(), |ready| ready.reason);
            self.tell_of(Severity::Info, (&reason, &lines.join("\n")), Some(revision));
        }
    }

    async fn progress(&mut self, attempt: &Attempt<'_>, doing: &str) -> Result<(), Error> {
        let message = status::progress(doing, &attempt.artifact.revision, attempt.spec.timeout);
        self.status.progress(&message);
        self.status.set(READY, Status::Unknown, PROGRESSING, "Reconciliation in progress");
        self.status.write(&self.session).await
    }

    async fn succeed(&mut self, attempt: &Attempt<'_>) -> Result<Next, Error> {
        let (spec, revision) = (attempt.spec, &attempt.artifact.revision);
        self.status.remove(RECONCILING);
        self.status.set(
            READY,
            Status::True,
            status::RECONCILIATION_SUCCEEDED,
            &format!("Applied revision: {revision}"),
        );
        self.status.set_field("lastAppliedRevision", revision.as_str());
        self.status.observe_generation();
        self.note_in_history(attempt, status::RECONCILIATION_SUCCEEDED);
        self.status.write(&self.session).await?;
        let message = format!(
            "Reconciliation finished in {}, next run in {}",
            duration::format(status::whole_milliseconds(self.started.elapsed())),
            duration::format(spec.interval)
        );
        let metadata = [("revision", revision.as_str()), ("commit_status", "update")];
        self.tell(Severity::Info, (status::RECONCILIATION_SUCCEEDED, &message), &metadata);
        Ok(self.next_interval(spec.interval))
    }

    async fn fail(&mut self, attempt: &Attempt<'_>, failure: Failure) -> Result<Next, Error> {
        self.status.fail(failure.reason, &failure.message);
        self.note_in_history(attempt, failure.reason);
        self.status.write(&self.session).await?;
        self.tell_of(Severity::Error, (failure.reason, &failure.message), Some(&attempt.artifact.revision));
        Ok(Next::After(attempt.spec.retry_interval, Cause::Retry))
    }

    fn note_in_history(&mut self, attempt: &Attempt<'_>, outcome: &str) {
        let Some(digest) = &attempt.digest else { return };
        let snapshot = status::Snapshot {
            digest,
            revision: &attempt.artifact.revision,
            outcome,
            now: &self.status.now(),
            took: self.started.elapsed(),
        };
        let history = status::history(self.status.field("history"), &snapshot);
        self.status.set_field("history", history);
    }

    pub(in crate::kustomization) async fn await_source(
        &mut self,
        message: &str,
        after: std::time::Duration,
    ) -> Result<Next, Error> {
        self.status.set(READY, Status::False, status::ARTIFACT_FAILED, message);
        self.status.handle_request();
        self.status.write(&self.session).await?;
        Ok(Next::After(after, Cause::Retry))
    }

    pub(in crate::kustomization) async fn await_dependency(
        &mut self,
        message: &str,
        revision: &str,
    ) -> Result<Next, Error> {
        self.status.set(READY, Status::False, status::DEPENDENCY_NOT_READY, message);
        self.status.handle_request();
        self.status.write(&self.session).await?;
        let after = self.controller.parts.settings.requeue_dependency;
        let shown = duration::format(after);
        let event = format!("Dependencies do not meet ready condition, retrying in {shown}");
        self.tell_of(Severity::Info, (status::DEPENDENCY_NOT_READY, &event), Some(revision));
        Ok(Next::After(after, Cause::Retry))
    }
}

fn entry_of(object: &Value) -> Option<Entry> {
    let reference = engine::ObjectRef::of(object)?;
    let version = apimachinery::gvk::GroupVersionKind::of(object)?.version;
    Some(Entry { reference, version })
}

fn inventory_of(changes: &ChangeSet) -> Inventory {
    Inventory { entries: changes.entries.iter().map(|entered| entered.entry.clone()).collect() }
}
