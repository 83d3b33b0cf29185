//! Sync options: which there are, and which of them an application that Flux deploys cannot have.

use std::fmt;

/// The option that lets Flux deploy an application.
pub const FLUX_SUBSYSTEM: &str = "FluxSubsystem";
/// The option that generates the Flux objects.
pub const AUTO_CREATE: &str = "AutoCreateFluxResources";

/// Options that ask for what is done anyway, and with which values.
const AS_FLUX_DOES: [(&str, &str); 5] = [
    ("ApplyOutOfSyncOnly", "true"),
    ("ServerSideApply", "true"),
    ("Validate", "true"),
    ("Replace", "false"),
    ("PruneLast", "true"),
];

/// Options that change how Argo CD's own engine works, and that Flux has no word for.
const OF_ARGO_CD: [&str; 12] = [
    "ApplyOutOfSyncOnly",
    "ClientSideApplyMigration",
    "Delete",
    "FailOnSharedResource",
    "Force",
    "PruneLast",
    "PrunePropagationPolicy",
    "Replace",
    "RespectIgnoreDifferences",
    "ServerSideApply",
    "SkipDryRunOnMissingResource",
    "Validate",
];

/// Options that are carried over to Flux; `Prune` not as `confirm`.
const CARRIED: [&str; 4] = [FLUX_SUBSYSTEM, AUTO_CREATE, "CreateNamespace", "Prune"];

/// The name and the value of an option.
fn parts(option: &str) -> (&str, &str) {
    option.split_once('=').unwrap_or((option, ""))
}

/// Whether an option says something to an application that Flux deploys, beyond what is done anyway.
pub fn is_carried(option: &str) -> bool {
    CARRIED.contains(&parts(option).0)
}

/// The options that Flux has no word for.
pub fn refused(options: &[String]) -> impl Iterator<Item = Refused<'_>> {
    let is_refused = |option: &&String| {
        let (name, value) = parts(option);
        (OF_ARGO_CD.contains(&name) && !AS_FLUX_DOES.contains(&(name, value)))
            || (name, value) == ("Prune", "confirm")
    };
    options.iter().filter(is_refused).map(|option| Refused(option))
}

/// The options that nobody knows. Argo CD ignores them, so they keep nothing from being deployed.
pub fn unknown(options: &[String]) -> impl Iterator<Item = Unknown<'_>> {
    let is_known = |option: &&String| {
        let (name, _) = parts(option);
        option.contains('=') && (OF_ARGO_CD.contains(&name) || CARRIED.contains(&name))
    };
    options.iter().filter(move |option| !is_known(option)).map(|option| Unknown(option))
}

/// An option that Flux has no word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused<'a>(&'a str);

impl Refused<'_> {
    /// What to do about it.
    pub fn fix(&self) -> String {
        format!("remove {} from spec.syncPolicy.syncOptions", self.0)
    }
}

impl fmt::Display for Refused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the sync option {} cannot be carried over: Flux has no such option", self.0)
    }
}

/// An option that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown<'a>(&'a str);

impl Unknown<'_> {
    /// What to do about it.
    pub fn fix(&self) -> String {
        let (name, value) = parts(self.0);
        let value = if value.is_empty() { "true" } else { value };
        match nearest(name) {
            Some(known) => {
                format!("write {known}={value} in spec.syncPolicy.syncOptions, or remove it there")
            }
            None => "remove it from spec.syncPolicy.syncOptions".to_owned(),
        }
    }
}

impl fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the sync option {} is not known, and ignored", self.0)
    }
}

/// The known name that `name` is nearest to, if it is near; a different case costs nothing.
fn nearest(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let distance = |known: &str| strsim::levenshtein(&known.to_lowercase(), &lower);
    let all = OF_ARGO_CD.into_iter().chain(CARRIED);
    let (distance, known) =
        all.map(|known| (distance(known), known)).min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + name.len() / 3).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_flux_has_no_word_for() {
        let rows = [
            ("FluxSubsystem=true", false),
            ("ApplyOutOfSyncOnly=true", false),
            ("ServerSideApply=true", false),
            ("ServerSideApply=false", true),
            ("Replace=true", true),
            ("Validate=false", true),
            ("Prune=false", false),
            ("Prune=confirm", true),
            ("PrunePropagationPolicy=orphan", true),
            ("Bogus=true", false),
        ];
        for (option, expected) in rows {
            assert_eq!(refused(&[option.to_owned()]).next().is_some(), expected, "{option}");
        }
    }

    #[test]
    fn options_that_nobody_knows_and_the_nearest_that_somebody_does() {
        let rows = [
            ("CreateNamespace=true", ""),
            ("Replace=true", ""),
            ("CreateNamespce=true", "CreateNamespace=true"),
            ("createnamespace=true", "CreateNamespace=true"),
            ("CreateNamespace", "CreateNamespace=true"),
            ("ServerSideAply=false", "ServerSideApply=false"),
            ("Foo", "remove it from"),
            ("=true", "remove it from"),
        ];
        for (option, expected) in rows {
            let options = [option.to_owned()];
            let fix = unknown(&options).next().map(|unknown| unknown.fix()).unwrap_or_default();
            assert_eq!(fix.is_empty(), expected.is_empty(), "{option}: {fix}");
            assert!(fix.contains(expected), "{option}: {fix}");
        }
    }
}
