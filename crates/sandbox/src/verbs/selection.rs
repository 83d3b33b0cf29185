//! Which objects of a kind a list or watch is about.

use apimachinery::object;
use apimachinery::selector::{FieldSelector, LabelSelector};
use value::Value;

use super::Target;
use crate::kinds::{Kind, known_fields};
use crate::status::{self, Refusal};

/// Namespace, name, labels and fields that objects must have.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    namespace: Option<String>,
    name: Option<String>,
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// The objects that a request selects.
    ///
    /// # Errors
    /// A selector cannot be read, or names a field that the kind cannot be selected by.
    pub(crate) fn new(target: &Target, labels: &str, fields: &str) -> Result<Self, Refusal> {
        let labels = LabelSelector::parse(labels).map_err(|error| status::bad_request(error.to_string()))?;
        let fields = FieldSelector::parse(fields).map_err(|error| status::bad_request(error.to_string()))?;
        check_fields(&target.kind, &fields)?;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let name = some(&target.name).or_else(|| fields.exact("metadata.name").map(str::to_owned));
        Ok(Self { namespace: some(&target.namespace), name, labels, fields })
    }

    /// The namespace that a list can be narrowed to.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().or_else(|| self.fields.exact("metadata.namespace"))
    }

    /// Whether anything but the namespace is asked.
    pub(crate) fn is_selective(&self) -> bool {
        self.name.is_some() || !self.labels.is_everything() || !self.fields.is_everything()
    }

    /// Whether an object, in the version of the request, is selected.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.namespace.as_deref().is_none_or(|wanted| object::namespace(object) == Some(wanted))
            && self.name.as_deref().is_none_or(|wanted| object::name(object) == Some(wanted))
            && self.labels.matches(object::labels(object))
            && self.fields.matches(object)
    }
}

fn check_fields(kind: &Kind, fields: &FieldSelector) -> Result<(), Refusal> {
    let known = known_fields(kind);
    match fields
        .fields()
        .find(|field| !matches!(*field, "metadata.name" | "metadata.namespace") && !known.contains(field))
    {
        None => Ok(()),
        Some(unknown) if known.is_empty() && kind.custom.is_none() => Err(status::bad_request(format!(
            "\"{unknown}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ))),
        Some(unknown) => Err(status::bad_request(format!("field label not supported: {unknown}"))),
    }
}
