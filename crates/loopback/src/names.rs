//! Names, labels and annotations by which Applications and Flux objects know each other.

use apimachinery::object;
use value::Value;

/// The field manager of everything that is generated, and of the status of Applications.
pub(crate) const MANAGER: &str = "flamingo-loopback";

pub use argocd_core::sync_options::{AUTO_CREATE, FLUX_SUBSYSTEM};

/// What a generated object was applied as, so that it is applied again only when that changes.
pub(crate) const DIGEST: &str = "flamingo/digest";
/// What the spec of a generated workload says, resting aside.
pub(crate) const SPEC: &str = "flamingo/spec";
/// The same when the workload was last asked to deploy.
pub(crate) const SYNCED_SPEC: &str = "flamingo/synced-spec";
/// The label of an Application that names its workload, where it is not called as the Application.
const WORKLOAD_NAME: &str = "flamingo/workload-name";

/// The selector of everything that is generated.
pub(crate) const GENERATED_SELECTOR: &str = "flamingo/generated=true";

/// An Application by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ApplicationName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl ApplicationName {
    pub(crate) fn of(application: &Value) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self { namespace: text(object::namespace(application)), name: text(object::name(application)) }
    }

    /// The Application that `generated` was generated for.
    pub(crate) fn owner_of(generated: &Value) -> Option<Self> {
        let (namespace, name) = insight::generated::owner_of(generated)?;
        Some(Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// Whether `generated` was generated for this Application.
    pub(crate) fn owns(&self, generated: &Value) -> bool {
        Self::owner_of(generated).as_ref() == Some(self)
    }
}

impl std::fmt::Display for ApplicationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The name of the workload: that of the label, else that of the Application.
pub(crate) fn workload_name(application: &Value) -> &str {
    object::label(application, WORKLOAD_NAME).or_else(|| object::name(application)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_generated_for_an_application_belongs_to_it() {
        let application = ApplicationName { namespace: "argocd".to_owned(), name: "demo".to_owned() };
        let rows = [
            (
                r#"{"labels":{"flamingo/generated":"true"},"annotations":{"flamingo/application":"argocd/demo"}}"#,
                true,
            ),
            (
                r#"{"labels":{"flamingo/generated":"true"},"annotations":{"flamingo/application":"team/demo"}}"#,
                false,
            ),
            (r#"{"annotations":{"flamingo/application":"argocd/demo"}}"#, false),
            (r#"{"labels":{"flamingo/generated":"true"}}"#, false),
        ];
        for (metadata, owned) in rows {
            let text = format!(r#"{{"metadata":{metadata}}}"#);
            let object = value::from_json(text.as_bytes()).expect("valid");
            assert_eq!(application.owns(&object), owned, "{metadata}");
        }
    }
}
