//! From a remote to an artifact in the store.

use apimachinery::condition::Status;
use cluster::Error;
use flux_api::GitRepository;
use source::archive;
use source::artifact::{Location, Stored as Written, WriteError};
use source::git::{Checkout, FetchOptions, Reference, Remote};
use source::ignore::Ignore;
use tokio::time::Instant;
use value::Value;

use crate::git_repository::decide::{self, News, Stored};
use crate::git_repository::status::{self, Failure};
use crate::git_repository::{Reconciliation, observe};
use crate::notify::Severity;
use crate::status::{PROGRESSING, READY};

/// How the attempt to make an artifact ended.
pub(in crate::git_repository) enum Done {
    /// The stored artifact is current; its revision.
    Unchanged(String),
    /// A new artifact is stored; the first line of the commit's message.
    Stored { message: String, new_content: bool },
    /// Nothing changed in the store.
    Failed(Failure),
}

/// Folder in the store for packs that are being fetched.
const SCRATCH: &str = ".scratch";

impl Reconciliation<'_> {
    /// Fetches when there is news, and stores the artifact.
    ///
    /// # Errors
    /// The status could not be written, or a Secret not be read.
    pub(in crate::git_repository) async fn make_artifact(
        &mut self,
        spec: &GitRepository,
    ) -> Result<Done, Error> {
        self.announce().await?;
        let stored = self.verified_artifact(spec).await?;
        let namespace = self.run.key.namespace.clone();
        let remote = match observe::remote(self.controller, &self.session, spec, &namespace).await? {
            Ok(remote) => remote,
            Err(failure) => return Ok(Done::Failed(failure)),
        };
        let reference = match observe::reference(spec) {
            Ok(reference) => reference,
            Err(failure) => return Ok(Done::Failed(failure)),
        };
        match self.current(spec, stored.as_ref(), &remote, &reference).await {
            Ok(Some(revision)) => return Ok(Done::Unchanged(revision)),
            Ok(None) => {}
            Err(failure) => return Ok(Done::Failed(failure)),
        }
        let checkout = match self.fetch(spec, &remote, &reference).await {
            Ok(checkout) => checkout,
            Err(failure) => return Ok(Done::Failed(failure)),
        };
        match decide::news(stored.as_ref(), &checkout.revision) {
            News::Nothing => return Ok(Done::Unchanged(checkout.revision)),
            News::Content => {}
            News::Revision => self.announce_revision(stored.is_some(), &checkout.revision).await?,
        }
        Ok(match self.store(spec, &checkout).await {
            Ok(written) => self.adopt(spec, &checkout, &written, stored.as_ref()),
            Err(failure) => Done::Failed(failure),
        })
    }

    /// Progress is written when there is something new to do, not on every poll.
    async fn announce(&mut self) -> Result<(), Error> {
        let (observed, generation) = (self.status.observed_generation(), self.status.generation());
        let message = if observed != generation {
            format!("processing object: new generation {observed} -> {generation}")
        } else {
            "reconciliation in progress".to_owned()
        };
        let pending = self.status.pending_request().is_some();
        self.status.progress(&message);
        if self.status.condition(READY).is_none_or(|ready| ready.status == Status::Unknown) {
            self.status.set(READY, Status::Unknown, PROGRESSING, &message);
        }
        if observed != generation || pending {
            self.status.write(&self.session).await?;
        }
        Ok(())
    }

    /// The artifact of the status, if the store still holds it undamaged.
    async fn verified_artifact(&mut self, spec: &GitRepository) -> Result<Option<Stored>, Error> {
        let described = observe::stored(&self.status, spec);
        let is_whole = described.as_ref().is_some_and(|stored| self.is_whole(stored));
        if is_whole {
            if let Some(stored) = &described {
                self.collect_garbage(stored);
            }
            let url = described.as_ref().map(|stored| self.controller.server.url_of(&stored.path));
            let mut artifact = self.status.field("artifact").cloned().unwrap_or_default();
            artifact.set_at(&["url"], url.unwrap_or_default());
            self.status.set_field("artifact", artifact);
            return Ok(described);
        }
        let message = match described {
            Some(_) => "building artifact: disappeared from storage",
            None => "building artifact",
        };
        self.status.remove_field("artifact");
        self.status.remove(status::ARTIFACT_IN_STORAGE);
        self.status.progress(message);
        self.status.set(READY, Status::Unknown, PROGRESSING, message);
        self.status.write(&self.session).await?;
        Ok(None)
    }

    /// Removes artifacts that are neither current nor recent.
    fn collect_garbage(&self, current: &Stored) {
        let settings = &self.controller.parts.settings;
        let retention = source::artifact::Retention {
            ttl: settings.artifact_retention_ttl,
            records: settings.artifact_retention_records,
        };
        let Ok(location) = Location::new("GitRepository", &self.run.key.namespace, &self.run.key.name) else {
            return;
        };
        let file = current.path.rsplit('/').next().unwrap_or(&current.path);
        match self.controller.store.collect(&location, file, retention, std::time::SystemTime::now()) {
            Ok(removed) if removed.is_empty() => {}
            Ok(removed) => {
                let message = format!("garbage collected {} artifacts", removed.len());
                let about = ("GarbageCollectionSucceeded", message.as_str());
                self.tell(Severity::Trace, about, &[]);
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "old artifacts were not removed");
            }
        }
    }

    fn is_whole(&self, stored: &Stored) -> bool {
        let Ok(digest) = stored.digest.parse() else { return false };
        self.controller.store.verify(&stored.path, &digest).unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "an artifact could not be verified");
            false
        })
    }

    /// The revision, if one look at the remote's references shows that it is already stored.
    async fn current(
        &self,
        spec: &GitRepository,
        stored: Option<&Stored>,
        remote: &Remote,
        reference: &Reference,
    ) -> Result<Option<String>, Failure> {
        if !decide::lists_first(stored, &decide::precedence(&spec.reference)) {
            return Ok(None);
        }
        let deadline = Instant::now() + spec.timeout;
        let resolved = source::git::resolve(remote, reference, deadline).await;
        let resolved = resolved.map_err(|error| Failure::of_git(&error))?;
        let revision = resolved.map(|resolved| resolved.revision);
        Ok(revision.filter(|revision| decide::news(stored, revision) == News::Nothing))
    }

    async fn fetch(
        &self,
        spec: &GitRepository,
        remote: &Remote,
        reference: &Reference,
    ) -> Result<Checkout, Failure> {
        let deadline = Instant::now() + spec.timeout;
        let scratch = self.controller.store.root().join(SCRATCH);
        tokio::fs::create_dir_all(&scratch).await.map_err(|error| Failure::of_storage(&error))?;
        source::git::fetch(remote, reference, &FetchOptions::default(), &scratch, deadline)
            .await
            .map_err(|error| Failure::of_git(&error))
    }

    async fn announce_revision(&mut self, had_artifact: bool, revision: &str) -> Result<(), Error> {
        let news = format!("new upstream revision '{revision}'");
        if had_artifact {
            self.status.set(status::ARTIFACT_OUTDATED, Status::True, "NewRevision", &news);
        }
        self.status.remove(status::FETCH_FAILED);
        let message = format!("building artifact: {news}");
        self.status.progress(&message);
        self.status.set(READY, Status::Unknown, PROGRESSING, &message);
        self.status.write(&self.session).await
    }

    /// Packs on a thread that may block.
    async fn store(&self, spec: &GitRepository, checkout: &Checkout) -> Result<Written, Failure> {
        let location = Location::new("GitRepository", &self.run.key.namespace, &self.run.key.name)
            .map_err(|error| Failure::of_storage(&error))?;
        let (store, checkout, ignored) =
            (self.controller.store.clone(), checkout.clone(), spec.ignore.clone());
        let packed = tokio::task::spawn_blocking(move || {
            let ignore = Ignore::of_tree(checkout.tree(), ignored.as_deref())
                .map_err(|error| Failure::of_archive(&error))?;
            let file = format!("{}.tar.gz", checkout.commit);
            let written = store
                .write(&location, &file, |out| archive::pack(checkout.tree(), &ignore, out))
                .map_err(|error| match error {
                WriteError::Store(error) => Failure::of_storage(&error),
                WriteError::Content(error) => Failure::of_archive(&error),
            })?;
            Ok(written)
        });
        packed.await.unwrap_or_else(|panic| Err(Failure::of_archive(&panic)))
    }

    fn adopt(
        &mut self,
        spec: &GitRepository,
        checkout: &Checkout,
        written: &Written,
        before: Option<&Stored>,
    ) -> Done {
        let digest = written.digest.to_string();
        let size = i64::try_from(written.size).unwrap_or(i64::MAX);
        let artifact = Value::map_of([
            ("digest", Value::from(digest.as_str())),
            ("lastUpdateTime", self.status.now().into()),
            ("path", written.path.as_str().into()),
            ("revision", checkout.revision.as_str().into()),
            ("size", size.into()),
            ("url", self.controller.server.url_of(&written.path).into()),
        ]);
        self.status.set_field("artifact", artifact);
        match &spec.ignore {
            Some(ignore) => self.status.set_field("observedIgnore", ignore.as_str()),
            None => self.status.remove_field("observedIgnore"),
        }
        let new_content = before.is_none_or(|before| before.digest != digest);
        Done::Stored { message: status::short_message(&checkout.message), new_content }
    }
}
