//! The CustomResourceDefinitions.
//!
//! Structures are written once (`schema/*.yaml`) though a definition repeats them wherever they are used: the
//! source of an application stands in its spec, its operation, its history and its results.

use thiserror::Error;
use value::{Key, Map, Value};
use yaml::Rules;

use crate::{GROUP, VERSION};

const APPLICATION: &str = include_str!("../schema/application.yaml");
const PROJECT: &str = include_str!("../schema/appproject.yaml");

/// Structures within structures; the deepest are eight levels down.
const MAX_DEPTH: usize = 20;

/// Why a definition cannot be put together.
#[derive(Debug, Error)]
pub enum DefinitionError {
    /// The description is not YAML.
    #[error("the structures of {kind} cannot be read")]
    Yaml {
        /// The kind.
        kind: &'static str,
        /// Why.
        source: yaml::Error,
    },
    /// A field is not of the form `type | what it is for`.
    #[error("{path} is not described as a type and what it is for")]
    Field {
        /// The structure and the field.
        path: String,
    },
    /// The facets of a field are no JSON.
    #[error("the facets of {path} cannot be read")]
    Facets {
        /// The structure and the field.
        path: String,
        /// Why.
        source: value::JsonError,
    },
    /// A type is no structure.
    #[error("{0} is no structure")]
    Unknown(String),
    /// Structures that hold themselves.
    #[error("{0} holds itself")]
    Endless(String),
}

/// The definitions of all kinds, in the order in which they should be applied.
///
/// # Errors
/// None in practice: the descriptions are part of the program, and a test reads them.
pub fn all() -> Result<Vec<Value>, DefinitionError> {
    let column = |name: &str, path: &str, priority: Option<i64>| {
        let mut column = Map::from_iter([("name", name), ("type", "string"), ("jsonPath", path)]);
        column.extend(priority.map(|priority| ("priority", priority)));
        Value::from(column)
    };
    let columns = vec![
        column("Sync Status", ".status.sync.status", None),
        column("Health Status", ".status.health.status", None),
        column("Revision", ".status.sync.revision", Some(10)),
        column("Project", ".spec.project", Some(10)),
    ];
    let application = Kind {
        kind: "Application",
        plural: "applications",
        short_names: ["app", "apps"],
        text: "An Application deploys what a source holds to a cluster.",
        structures: APPLICATION,
    };
    let project = Kind {
        kind: "AppProject",
        plural: "appprojects",
        short_names: ["appproj", "appprojs"],
        text: "An AppProject says what its applications may deploy, from where and to where.",
        structures: PROJECT,
    };
    Ok(vec![application.definition(columns)?, project.definition(Vec::new())?])
}

struct Kind {
    kind: &'static str,
    plural: &'static str,
    short_names: [&'static str; 2],
    text: &'static str,
    structures: &'static str,
}

impl Kind {
    fn definition(&self, columns: Vec<Value>) -> Result<Value, DefinitionError> {
        let structures = yaml::parse(self.structures, Rules::V2)
            .map_err(|source| DefinitionError::Yaml { kind: self.kind, source })?;
        let mut schema = Structures(&structures).schema(self.kind, 0)?;
        let text = |text: &str| Value::map_of([("type", "string"), ("description", text)]);
        schema.set_at(&["description"], self.text);
        schema.set_at(&["properties", "apiVersion"], text("The version of the schema of this object."));
        schema.set_at(&["properties", "kind"], text("The kind of this object."));
        schema.set_at(&["properties", "metadata"], Value::map_of([("type", "object")]));
        schema.set_at(&["required"], Value::list_of(["metadata", "spec"]));
        let mut version = Value::map_of([
            ("name", Value::from(VERSION)),
            ("served", true.into()),
            ("storage", true.into()),
            ("schema", Value::map_of([("openAPIV3Schema", schema)])),
        ]);
        if !columns.is_empty() {
            version.set_at(&["additionalPrinterColumns"], columns);
            // As upstream has it: clients that know it look for the key.
            version.set_at(&["subresources"], Value::map());
        }
        let names = Value::map_of([
            ("kind", Value::from(self.kind)),
            ("listKind", format!("{}List", self.kind).into()),
            ("plural", self.plural.into()),
            ("singular", self.kind.to_lowercase().into()),
            ("shortNames", Value::list_of(self.short_names)),
        ]);
        let name = format!("{}.{GROUP}", self.plural);
        let labels = Value::map_of([
            ("app.kubernetes.io/name", name.as_str()),
            ("app.kubernetes.io/part-of", "argocd"),
        ]);
        Ok(Value::map_of([
            ("apiVersion", Value::from("apiextensions.k8s.io/v1")),
            ("kind", "CustomResourceDefinition".into()),
            ("metadata", Value::map_of([("name", Value::from(name.as_str())), ("labels", labels)])),
            (
                "spec",
                Value::map_of([
                    ("group", Value::from(GROUP)),
                    ("names", names),
                    ("scope", "Namespaced".into()),
                    ("versions", Value::list_of([version])),
                ]),
            ),
        ]))
    }
}

/// Structures by name, each with its fields.
struct Structures<'a>(&'a Value);

impl Structures<'_> {
    fn schema(&self, name: &str, depth: usize) -> Result<Value, DefinitionError> {
        if depth > MAX_DEPTH {
            return Err(DefinitionError::Endless(name.to_owned()));
        }
        let fields = self.0.get(name).and_then(Value::as_map);
        let fields = fields.ok_or_else(|| DefinitionError::Unknown(name.to_owned()))?;
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (field, described) in fields {
            let path = || format!("{name}.{field}");
            let described = described.as_str().and_then(|described| described.split_once(" | "));
            let (r#type, text) = described.ok_or_else(|| DefinitionError::Field { path: path() })?;
            let (r#type, facets) = match r#type.split_once(" {") {
                Some((r#type, facets)) => (r#type, Some(format!("{{{facets}"))),
                None => (r#type, None),
            };
            if r#type.ends_with('!') {
                required.push(Value::from(field.as_str()));
            }
            let mut schema = self.of_type(r#type.trim_end_matches('!'), depth + 1)?;
            if let Some(facets) = facets {
                let facets = value::from_json(facets.as_bytes())
                    .map_err(|source| DefinitionError::Facets { path: path(), source })?;
                for (facet, value) in facets.as_map().into_iter().flatten() {
                    schema.set_at(&[facet.as_str()], value.clone());
                }
            }
            schema.set_at(&["description"], text);
            properties.insert(Key::clone(field), schema);
        }
        let mut schema = Value::map_of([("type", Value::from("object")), ("properties", properties.into())]);
        if !required.is_empty() {
            schema.set_at(&["required"], required);
        }
        Ok(schema)
    }

    fn of_type(&self, r#type: &str, depth: usize) -> Result<Value, DefinitionError> {
        let typed = |name: &str| Value::map_of([("type", name)]);
        let formatted = |name: &str, format: &str| Value::map_of([("type", name), ("format", format)]);
        if let Some(items) = r#type.strip_prefix("[]") {
            let items = self.of_type(items, depth)?;
            return Ok(Value::map_of([("type", Value::from("array")), ("items", items)]));
        }
        if let Some(values) = r#type.strip_prefix("map ") {
            let values = self.of_type(values, depth)?;
            return Ok(Value::map_of([("type", Value::from("object")), ("additionalProperties", values)]));
        }
        Ok(match r#type {
            "string" | "boolean" => typed(r#type),
            "int64" => formatted("integer", "int64"),
            "time" => formatted("string", "date-time"),
            "any" => Value::map_of([
                ("type", Value::from("object")),
                ("x-kubernetes-preserve-unknown-fields", true.into()),
            ]),
            "int-or-string" => Value::map_of([
                ("anyOf", Value::list_of([typed("integer"), typed("string")])),
                ("x-kubernetes-int-or-string", true.into()),
            ]),
            structure => self.schema(structure, depth)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_definitions_can_be_put_together() {
        let definitions = all().expect("the descriptions are complete");
        let schema = |at: usize, path: &[&str]| {
            let versions = definitions[at].at(&["spec", "versions"]).and_then(Value::as_list);
            let version = &versions.expect("versions")[0];
            version.at(&[&["schema", "openAPIV3Schema"], path].concat()).cloned()
        };
        let source = ["properties", "spec", "properties", "source"];
        assert_eq!(schema(0, &[&source[..], &["required"]].concat()), Some(Value::list_of(["repoURL"])));
        let history = ["properties", "status", "properties", "history", "items", "properties", "source"];
        let properties = |path: &[&str]| schema(0, &[path, &["properties"]].concat());
        assert_eq!(properties(&history), properties(&source));
        assert!(schema(1, &["properties", "spec", "properties", "syncWindows"]).is_some());
    }

    #[test]
    fn all_structures_are_used() {
        for (text, root) in [(APPLICATION, "Application"), (PROJECT, "AppProject")] {
            let structures = yaml::parse(text, Rules::V2).expect("valid");
            let structures = structures.as_map().expect("a map");
            let types = structures.values().flat_map(|fields| fields.as_map().expect("fields").values());
            let used: BTreeSet<&str> = types
                .filter_map(|described| described.as_str()?.split_once(" | "))
                .map(|(r#type, _)| r#type.split_once(" {").map_or(r#type, |(r#type, _)| r#type))
                .map(|r#type| {
                    r#type.trim_end_matches('!').trim_start_matches("[]").trim_start_matches("map ")
                })
                .map(|r#type| r#type.trim_end_matches('!'))
                .chain([root])
                .collect();
            let unused: Vec<&str> =
                structures.keys().map(Key::as_str).filter(|name| !used.contains(name)).collect();
            assert!(unused.is_empty(), "nothing is of the structures {unused:?}");
        }
    }

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

    fn check(at: usize, lists: [&[&str]; 3]) {
        let definitions = all().expect("the descriptions are complete");
        let version =
            &definitions[at].at(&["spec", "versions"]).and_then(Value::as_list).expect("versions")[0];
        let spec = version.at(&["schema", "openAPIV3Schema", "properties", "spec"]).expect("spec");
        let mut fields = BTreeSet::new();
        leaves(spec, "", &mut fields);
        let covers = |known: &str, field: &str| {
            let rest = field.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
        };
        for field in &fields {
            let named = lists.iter().filter(|list| list.iter().any(|known| covers(known, field))).count();
            assert_eq!(named, 1, "spec.{field} must be in exactly one of the lists");
        }
        for known in lists.into_iter().flatten() {
            assert!(fields.iter().any(|field| covers(known, field)), "there is no field spec.{known}");
        }
    }

    #[test]
    fn every_field_is_handled_or_refused() {
        use crate::{application, project};
        check(0, [application::HANDLED, application::REFUSED, &[]]);
        check(1, [project::HANDLED, project::REFUSED, project::OF_USERS]);
    }
}
