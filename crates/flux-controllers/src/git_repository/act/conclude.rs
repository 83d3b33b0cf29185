//! The summary of a run.

use apimachinery::condition::Status;
use cluster::Error;
use cluster::runtime::Next;
use flux_api::GitRepository;

use super::Done;
use crate::git_repository::Reconciliation;
use crate::git_repository::status::{self, Failure};
use crate::notify::Severity;
use crate::status::{READY, RECONCILING};

impl Reconciliation<'_> {
    /// Whether the run before this one failed, so that a success is news.
    pub(in crate::git_repository) fn had_failed(&self) -> bool {
        self.status.is_true(status::FETCH_FAILED)
            || self.status.is_true(status::STORAGE_FAILED)
            || self.status.condition(READY).is_some_and(|ready| ready.status == Status::False)
    }

    /// Writes the status that follows from `done`, tells about it, and says when to look again.
    pub(in crate::git_repository) async fn conclude(
        &mut self,
        spec: &GitRepository,
        done: Done,
        had_failed: bool,
    ) -> Result<Next, Error> {
        match done {
            Done::Failed(failure) => self.fail(failure).await,
            Done::Unchanged(revision) => {
                self.succeed().await?;
                if had_failed {
                    self.tell_of_artifact("Succeeded", &format!("stored artifact for commit '{revision}'"));
                }
                let message = format!("no changes since last reconciliation: observed revision '{revision}'");
                self.tell(Severity::Trace, ("GitOperationSucceeded", &message), &[]);
                Ok(self.next_interval(spec.interval))
            }
            Done::Stored { message, new_content } => {
                self.succeed().await?;
                let message = format!("stored artifact for commit '{message}'");
                if new_content {
                    self.tell_of_artifact("NewArtifact", &message);
                } else if had_failed {
                    self.tell_of_artifact("Succeeded", &message);
                }
                Ok(self.next_interval(spec.interval))
            }
        }
    }

    async fn succeed(&mut self) -> Result<(), Error> {
        let artifact = self.status.field("artifact");
        let revision = artifact.and_then(|artifact| artifact.str_at(&["revision"])).unwrap_or_default();
        let message = format!("stored artifact for revision '{revision}'");
        for gone in [RECONCILING, status::FETCH_FAILED, status::STORAGE_FAILED, status::ARTIFACT_OUTDATED] {
            self.status.remove(gone);
        }
        self.status.set(status::ARTIFACT_IN_STORAGE, Status::True, "Succeeded", &message);
        self.status.set(READY, Status::True, "Succeeded", &message);
        self.status.observe_generation();
        self.status.handle_request();
        self.status.write(&self.session).await
    }

    async fn fail(&mut self, failure: Failure) -> Result<Next, Error> {
        self.status.set(failure.condition, Status::True, failure.reason, &failure.message);
        if failure.stalls {
            return self.stall(failure.reason, &failure.message).await;
        }
        self.status.fail(failure.reason, &failure.message);
        self.status.handle_request();
        self.status.write(&self.session).await?;
        let (reason, message) = (failure.reason, failure.message.as_str());
        self.tell(Severity::Error, (reason, message), &[]);
        Ok(Next::BackOff)
    }

    fn tell_of_artifact(&self, reason: &str, message: &str) {
        let text = |field| {
            let artifact = self.status.field("artifact");
            artifact.and_then(|artifact| artifact.str_at(&[field])).unwrap_or_default()
        };
        let metadata = [("revision", text("revision")), ("digest", text("digest"))];
        self.tell(Severity::Info, (reason, message), &metadata);
    }
}
