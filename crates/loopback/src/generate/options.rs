//! Sync options, and what of them Flux can do.

use argocd_api::Application;
use argocd_api::application::Operation;
use argocd_core::sync_options;
use value::Value;

use super::Refusal;

/// The options that cannot be carried over. Unknown ones are accepted, as upstream does.
pub(super) fn refused(application: &Application) -> Vec<Refusal> {
    refused_of(&application.sync_policy.options)
}

fn refused_of(options: &[String]) -> Vec<Refusal> {
    let refusal = |option: sync_options::Refused<'_>| Refusal::with_fix(&option.to_string(), &option.fix());
    sync_options::refused(options).map(refusal).collect()
}

/// What an operation says about options beyond those of the Application.
pub(crate) struct OperationOptions<'a>(pub(crate) &'a Operation);

impl OperationOptions<'_> {
    /// The options of the operation that the Application does not have, as far as they would change anything.
    pub(crate) fn refused(&self, application: &Application) -> Vec<Refusal> {
        let own = &application.sync_policy.options;
        let more: Vec<String> =
            self.0.options.iter().filter(|option| !own.contains(option)).cloned().collect();
        let carried = more.iter().filter(|option| sync_options::is_carried(option));
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
