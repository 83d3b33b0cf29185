//! Sync options, and what of them Flux can do.

use argocd_api::Application;
use argocd_api::application::Operation;
use value::Value;

use super::Refusal;
use crate::names::{AUTO_CREATE, FLUX_SUBSYSTEM};

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

/// Options that are carried over; `Prune` as `false` only.
const CARRIED: [&str; 4] = [FLUX_SUBSYSTEM, AUTO_CREATE, "CreateNamespace", "Prune"];

/// The options that cannot be carried over. Unknown ones are accepted, as upstream does.
pub(super) fn refused(application: &Application) -> Vec<Refusal> {
    refused_of(&application.sync_policy.options)
}

fn refused_of(options: &[String]) -> Vec<Refusal> {
    let refused = options.iter().filter(|option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        (OF_ARGO_CD.contains(&name) && !AS_FLUX_DOES.contains(&(name, value)))
            || (name, value) == ("Prune", "confirm")
    });
    refused
        .map(|option| {
            Refusal(format!(
                "the sync option {option} cannot be carried over: Flux has no such option; remove it"
            ))
        })
        .collect()
}

/// What an operation says about options beyond those of the Application.
pub(crate) struct OperationOptions<'a>(pub(crate) &'a Operation);

impl OperationOptions<'_> {
    /// The options of the operation that the Application does not have, as far as they would change anything.
    pub(crate) fn refused(&self, application: &Application) -> Vec<Refusal> {
        let own = &application.sync_policy.options;
        let more: Vec<String> =
            self.0.options.iter().filter(|option| !own.contains(option)).cloned().collect();
        let carried = more.iter().filter(|option| {
            let (name, _) = option.split_once('=').unwrap_or((option, ""));
            CARRIED.contains(&name)
        });
        let carried = carried.map(|option| {
            Refusal(format!(
                "the sync option {option} has to be set in the Application, not in one sync of it"
            ))
        });
        refused_of(&more).into_iter().chain(carried).collect()
    }
}

/// Whether objects that leave the source are deleted: yes, as Flux does it, unless the Application says no.
pub(super) fn prunes(application: &Application) -> bool {
    let policy = &application.sync_policy;
    policy.option("Prune") != Some("false")
        && policy.automated.is_none_or(|automated| automated.prune != Some(false))
}

/// The destination namespace, where `CreateNamespace=true` asks for it.
pub(super) fn namespace(application: &Application) -> Option<Value> {
    let policy = &application.sync_policy;
    if !policy.has("CreateNamespace") {
        return None;
    }
    let mut metadata = Value::map_of([("name", application.destination.namespace.as_str())]);
    for (field, texts) in
        [("labels", &policy.namespace_labels), ("annotations", &policy.namespace_annotations)]
    {
        if !texts.is_empty() {
            metadata.set_at(&[field], Value::map_of(texts.clone()));
        }
    }
    Some(Value::map_of([
        ("apiVersion", Value::from("v1")),
        ("kind", "Namespace".into()),
        ("metadata", metadata),
    ]))
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
        for (option, refused) in rows {
            assert_eq!(!refused_of(&[option.to_owned()]).is_empty(), refused, "{option}");
        }
    }
}
