//! What a template may learn from outside; all of it is an argument.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The world of a run.
///
/// Strictness is not here but in the set ([`crate::Set::set_missing_key`]).
pub struct Environment<'a> {
    /// What `now` gives.
    pub now: Timestamp,
    /// The local time zone of `date`, `htmlDate`, `toDate` and `now`. Names of zones given by templates are
    /// looked up in the bundled zone data.
    pub zone: TimeZone,
    /// Where random bytes come from.
    pub entropy: &'a dyn Entropy,
    /// The cluster that `lookup` asks; without one it finds nothing.
    pub cluster: Option<&'a dyn Lookup>,
    /// The name resolution of `getHostByName` (`--enable-dns`); without it the answer is empty.
    pub resolver: Option<&'a dyn Resolve>,
    /// Lint mode: `required` and `fail` do not fail; what they would have said is in
    /// [`crate::Run::warnings`].
    pub lint: bool,
}

/// A source of random bytes.
pub trait Entropy {
    /// Fills the buffer with random bytes that are fit for keys.
    fn fill(&self, buffer: &mut [u8]);
}

/// A cluster that can be asked for objects.
pub trait Lookup {
    /// The object of a name, or the list object of all where the name is empty; `None` where there is none.
    ///
    /// # Errors
    /// What the cluster said; the run fails with it.
    fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<value::Value>, LookupError>;
}

/// A cluster could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LookupError(pub String);

/// Name resolution.
pub trait Resolve {
    /// One address of a host, or the empty text.
    fn resolve(&self, host: &str) -> String;
}
