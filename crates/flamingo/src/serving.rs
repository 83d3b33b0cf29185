//! What the API serves besides itself: the page, and what the controllers of Applications tell.

use std::sync::Arc;

use argocd_server::{Asset, Page, PreviewError, Previewed};
use bytes::Bytes;
use loopback::{Preview, SourceError};
use value::Value;

/// The page that is packed into the binary.
pub(crate) fn packed() -> Arc<dyn Page> {
    Arc::new(Packed)
}

struct Packed;

impl Page for Packed {
    fn find(&self, path: &str) -> Option<Asset> {
        page::find(path.trim_start_matches('/')).map(asset)
    }

    fn index(&self) -> Asset {
        asset(page::index())
    }
}

fn asset(file: page::Asset) -> Asset {
    Asset {
        content_type: file.content_type,
        etag: file.etag.to_owned(),
        is_immutable: file.is_immutable,
        body: Bytes::from_static(file.bytes),
        is_gzipped: file.encoding == Some("gzip"),
    }
}

/// What the controllers tell, as the API asks for it.
pub(crate) fn previews(preview: Preview) -> Arc<dyn argocd_server::Preview> {
    Arc::new(Told(preview))
}

struct Told(Preview);

impl argocd_server::Preview for Told {
    fn application<'a>(&'a self, application: &'a Value) -> Previewed<'a> {
        Box::pin(async move { Ok(self.0.application(application).await) })
    }

    fn sync<'a>(&'a self, application: &'a Value) -> Previewed<'a> {
        Box::pin(async move { Ok(self.0.sync(application).await) })
    }

    fn removal<'a>(&'a self, application: &'a Value, cascade: bool) -> Previewed<'a> {
        let removal = self.0.removal(application, cascade);
        Box::pin(async move { removal.await.map_err(|error| PreviewError::Failed(told(error))) })
    }

    fn manifests<'a>(&'a self, application: &'a Value, revision: Option<&'a str>) -> Previewed<'a> {
        Box::pin(
            async move { Ok(Value::from(self.0.manifests(application, revision).await.map_err(refusal)?)) },
        )
    }

    fn revision<'a>(&'a self, application: &'a Value, revision: &'a str) -> Previewed<'a> {
        Box::pin(async move { self.0.revision(application, revision).await.map_err(refusal) })
    }
}

/// The error, and what caused it.
fn told(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

fn refusal(error: SourceError) -> PreviewError {
    match error {
        SourceError::Refused(message) => PreviewError::Invalid(message),
        SourceError::Unsupported(message) => PreviewError::Unsupported(message),
        SourceError::Failed(message) => PreviewError::Failed(message),
        SourceError::Commit(error) if error.is_missing() => PreviewError::Invalid(told(error)),
        SourceError::Commit(error) => PreviewError::Failed(told(error)),
    }
}
