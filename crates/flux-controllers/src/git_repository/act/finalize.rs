//! Deleting a GitRepository and its artifacts.

use cluster::Error;
use cluster::runtime::Next;
use source::artifact::Location;

use crate::git_repository::Reconciliation;
use crate::git_repository::status::Failure;
use crate::notify::Severity;
use crate::status::READY;

impl Reconciliation<'_> {
    /// Removes the artifacts, then lets the object go.
    pub(in crate::git_repository) async fn finalize(&mut self) -> Result<Next, Error> {
        let location = Location::new("GitRepository", &self.run.key.namespace, &self.run.key.name);
        let store = &self.controller.store;
        let removed = match location {
            Ok(location) => store.remove(&location).map_err(|error| Failure::of_storage(&error)),
            // No artifact can have been stored under a name that the store refuses.
            Err(_) => Ok(false),
        };
        match removed {
            Ok(removed) => {
                if removed {
                    let message = "garbage collected artifacts for deleted resource";
                    let reason = "GarbageCollectionSucceeded";
                    self.tell(Severity::Trace, (reason, message), &[]);
                }
                self.status.renew(READY);
                self.status.write(&self.session).await?;
                self.set_finalizer(false).await?;
                Ok(Next::Settled)
            }
            Err(failure) => {
                let message = (failure.reason, failure.message.as_str());
                self.tell(Severity::Error, message, &[]);
                Ok(Next::BackOff)
            }
        }
    }
}
