//! Artifacts, fetched once and shared by all who build from them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use kustomize::TreeError;
use source::archive::{self, Limits, UnpackError};
use source::artifact::{Digest, DigestError, DownloadError, DownloadLimits, Downloader};
use source::tree::{FileTree, Kind};
use thiserror::Error;
use tokio::time::Instant;
use url::Url;

/// So many trees are kept for the next reconciliation.
const KEPT: usize = 32;

/// Why an artifact is not to be had.
#[derive(Debug, Error)]
pub enum ArtifactError {
    /// The address cannot be read.
    #[error("the artifact URL {url:?} is not valid")]
    Url {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: url::ParseError,
    },
    /// The digest cannot be read.
    #[error("the artifact digest is not valid")]
    Digest(#[source] DigestError),
    /// It could not be fetched.
    #[error("failed to download archive")]
    Download(#[source] DownloadError),
    /// It could not be unpacked.
    #[error("failed to untar artifact {url}")]
    Unpack {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: UnpackError,
    },
}

type Slot = Arc<tokio::sync::Mutex<Option<Arc<FileTree>>>>;

/// A cache of unpacked artifacts by digest. Cheap to clone.
#[derive(Clone)]
pub struct Artifacts {
    downloader: Arc<Downloader>,
    slots: Arc<Mutex<Slots>>,
}

#[derive(Default)]
struct Slots {
    by_digest: HashMap<String, (u64, Slot)>,
    uses: u64,
}

impl Artifacts {
    /// An empty cache that fetches with `downloader`.
    pub fn new(downloader: Downloader) -> Self {
        Self { downloader: Arc::new(downloader), slots: Arc::default() }
    }

    /// The files of an artifact. Whoever comes while another fetches the same one waits for it.
    ///
    /// # Errors
    /// See [`ArtifactError`].
    pub async fn get(&self, url: &str, digest: &str, until: Instant) -> Result<Arc<FileTree>, ArtifactError> {
        let slot = self.slot(digest);
        let mut held = slot.lock().await;
        if let Some(tree) = &*held {
            return Ok(tree.clone());
        }
        let tree = Arc::new(self.fetch(url, digest, until).await?);
        *held = Some(tree.clone());
        Ok(tree)
    }

    async fn fetch(&self, url: &str, digest: &str, until: Instant) -> Result<FileTree, ArtifactError> {
        let parsed = Url::parse(url).map_err(|source| ArtifactError::Url { url: url.to_owned(), source })?;
        let digest: Digest = digest.parse().map_err(ArtifactError::Digest)?;
        let bytes = self
            .downloader
            .download(&parsed, &digest, DownloadLimits::default(), until)
            .await
            .map_err(ArtifactError::Download)?;
        archive::unpack(bytes.as_slice(), &Limits::default())
            .map_err(|source| ArtifactError::Unpack { url: url.to_owned(), source })
    }

    fn slot(&self, digest: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        slots.uses += 1;
        let now = slots.uses;
        let (used, slot) = slots.by_digest.entry(digest.to_owned()).or_default();
        *used = now;
        let slot = slot.clone();
        if slots.by_digest.len() > KEPT {
            let oldest =
                slots.by_digest.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.map(|oldest| slots.by_digest.remove(&oldest));
        }
        slot
    }
}

/// An unpacked artifact as kustomize reads it.
pub(crate) struct Files(pub(crate) Arc<FileTree>);

impl kustomize::Tree for Files {
    fn kind(&self, path: &str) -> Result<Option<kustomize::Kind>, TreeError> {
        if path.is_empty() {
            return Ok(Some(kustomize::Kind::Directory));
        }
        Ok(self.0.kind(path).map(kind_of))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        Ok(self.0.read(path).map(|bytes| Arc::from(&bytes[..])))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, kustomize::Kind)>>, TreeError> {
        let entry = |(name, kind): (&str, Kind)| (name.to_owned(), kind_of(kind));
        Ok(self.0.list(path).map(|entries| entries.into_iter().map(entry).collect()))
    }
}

fn kind_of(kind: Kind) -> kustomize::Kind {
    match kind {
        Kind::Directory => kustomize::Kind::Directory,
        Kind::File { .. } => kustomize::Kind::File,
    }
}
