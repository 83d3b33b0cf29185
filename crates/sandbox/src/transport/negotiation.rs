//! In which form a client wants its answer.

use crate::status::{self, Refusal};

/// The forms of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The object itself.
    Object,
    /// Rows and columns.
    Table,
    /// Metadata only.
    Metadata,
    /// Aggregated discovery.
    Discovery,
}

/// The first form that the client accepts and the server has.
///
/// # Errors
/// There is none: protobuf, for one, is not spoken here.
pub(super) fn form(accept: Option<&str>, discovery: bool) -> Result<Form, Refusal> {
    let accept = accept.filter(|accept| !accept.trim().is_empty()).unwrap_or("*/*");
    accept
        .split(',')
        .find_map(|clause| of_clause(clause, discovery))
        .ok_or_else(|| status::not_acceptable(&["application/json"]))
}

fn of_clause(clause: &str, discovery: bool) -> Option<Form> {
    let mut parts = clause.split(';').map(str::trim);
    let media_type = parts.next()?;
    if !matches!(media_type, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let get = |name: &str| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    match (get("as"), get("g"), get("v")) {
        (None, ..) => Some(Form::Object),
        (Some("Table"), Some("meta.k8s.io"), Some("v1")) if !discovery => Some(Form::Table),
        (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("meta.k8s.io"), Some("v1"))
            if !discovery =>
        {
            Some(Form::Metadata)
        }
        (Some("APIGroupDiscoveryList"), Some("apidiscovery.k8s.io"), Some("v2")) if discovery => {
            Some(Form::Discovery)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_exists_is_taken() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(form(Some(kubectl), false).unwrap(), Form::Table);
        assert_eq!(
            form(Some("application/vnd.kubernetes.protobuf,application/json"), false).unwrap(),
            Form::Object
        );
        assert_eq!(form(None, false).unwrap(), Form::Object);
        assert!(form(Some("application/vnd.kubernetes.protobuf"), false).is_err());
        let discovery =
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
        assert_eq!(form(Some(discovery), true).unwrap(), Form::Discovery);
    }
}
