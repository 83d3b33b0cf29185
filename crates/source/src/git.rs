//! Git over HTTP: finding what a reference means, fetching it, and reading the files of a commit.
//!
//! The client is our own and small: one advertisement, one `ls-refs`, one `fetch` (protocol v2, or what
//! servers from before it speak). Packs are indexed and read with gitoxide. Nothing is checked out.

mod checkout;
mod error;
mod fetch;
mod listing;
mod pkt;
mod reference;
mod semver;
mod session;

pub use checkout::{Checkout, CommitTree, ReadError, Signature, SparseError};
pub use error::{GitError, GitErrorKind, Operation, Request};
pub use fetch::{FetchOptions, fetch, parse_url, references, resolve};
pub use reference::{Credentials, Listing, Proxy, Reference, Remote, Resolved, Secret};
pub use semver::{Range, RangeError};
