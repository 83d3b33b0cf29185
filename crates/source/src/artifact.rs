//! Artifacts: what a source was packed into, kept on disk and handed on by URL and digest.

mod digest;
mod download;
mod server;
mod store;

pub use digest::{Digest, DigestError, Digested};
pub use download::{DownloadError, DownloadLimits, Downloader};
pub use server::{Server, ServerError};
pub use store::{Location, LocationError, Retention, Store, StoreError, Stored, WriteError};
