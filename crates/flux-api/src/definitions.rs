//! The CustomResourceDefinitions.

use value::Value;
use yaml::Rules;

const GIT_REPOSITORY: &str = include_str!("../crds/gitrepositories.yaml");
const KUSTOMIZATION: &str = include_str!("../crds/kustomizations.yaml");

/// The definitions of all kinds that are served, in the order in which they should be applied.
///
/// # Errors
/// None in practice: the texts are part of the binary, and a test reads them.
pub fn all() -> Result<Vec<Value>, yaml::Error> {
    [GIT_REPOSITORY, KUSTOMIZATION].into_iter().map(|text| yaml::parse(text, Rules::V2)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The paths of all fields below `schema` that hold no further fields, in the notation of
    /// [`apimachinery::fields::present`].
    fn leaves(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
        if let Some(items) = schema.get("items") {
            return leaves(items, &format!("{path}[]"), out);
        }
        match schema.get("properties").and_then(Value::as_map) {
            Some(properties) => {
                for (name, field) in properties {
                    leaves(field, &format!("{path}.{name}"), out);
                }
            }
            None => {
                out.insert(path.trim_start_matches('.').to_owned());
            }
        }
    }

    fn check(kind: &str, handled: &[&str], refused: &[&str]) {
        let definitions = all().expect("the definitions are valid YAML");
        let definition = definitions
            .iter()
            .find(|definition| definition.str_at(&["spec", "names", "kind"]) == Some(kind))
            .expect(kind);
        let version = &definition.at(&["spec", "versions"]).and_then(Value::as_list).expect("versions")[0];
        let spec = version.at(&["schema", "openAPIV3Schema", "properties", "spec"]).expect("spec");
        let mut fields = BTreeSet::new();
        leaves(spec, "", &mut fields);
        let covers = |list: &[&str], field: &str| {
            list.iter().any(|known| {
                field == *known
                    || field
                        .strip_prefix(known)
                        .is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['))
            })
        };
        for field in &fields {
            assert!(
                covers(handled, field) != covers(refused, field),
                "spec.{field} of {kind} must be handled or refused, and not both"
            );
        }
    }

    #[test]
    fn every_field_is_handled_or_refused() {
        use crate::{git_repository, kustomization};
        check("GitRepository", git_repository::HANDLED, git_repository::REFUSED);
        check("Kustomization", kustomization::HANDLED, kustomization::REFUSED);
    }
}
