//! Whether a configuration fits the schema, in structured-merge-diff's words.

use std::collections::BTreeSet;

use value::{Map, Value};

use super::elements::path_element;
use super::path::PathElement;
use super::typed::{ListAtom, MapAtom, Relation, Scalar, TypeRef};
use crate::go_print;

/// What does not fit, one `PATH: PROBLEM` each.
pub(super) fn validate(value: &Value, r#type: TypeRef<'_>) -> Vec<String> {
    let mut walk = Validating { path: String::new(), problems: Vec::new() };
    walk.place(value, r#type);
    walk.problems
}

struct Validating {
    path: String,
    problems: Vec<String>,
}

impl Validating {
    fn report(&mut self, problem: impl AsRef<str>) {
        let problem = problem.as_ref();
        let colon = if self.path.is_empty() { "" } else { ": " };
        self.problems.push(format!("{}{colon}{problem}", self.path));
    }

    fn below(&mut self, step: &PathElement, walk: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(&step.to_string());
        walk(self);
        self.path.truncate(length);
    }

    fn place(&mut self, value: &Value, r#type: TypeRef<'_>) {
        let atom = r#type.atom_for(Some(value));
        if let Some(map) = &atom.map {
            match value {
                Value::Null => {}
                Value::Map(entries) => self.entries(entries, map),
                other => self.report(format!("expected map, got {}", go_print::pointer(other))),
            }
        } else if let Some(scalar) = atom.scalar {
            self.scalar(value, scalar);
        } else if let Some(list) = &atom.list {
            match value {
                Value::Null => {}
                Value::List(elements) => self.elements(elements, list),
                other => self.report(format!("expected list, got {}", go_print::pointer(other))),
            }
        }
    }

    fn scalar(&mut self, value: &Value, scalar: Scalar) {
        let is_number = matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_));
        let is_scalar = is_number || matches!(value, Value::String(_) | Value::Bool(_));
        match scalar {
            _ if value.is_null() => {}
            Scalar::Numeric if !is_number => {
                self.report(format!("expected numeric (int or float), got {}", go_print::type_name(value)));
            }
            Scalar::Text if !matches!(value, Value::String(_)) => {
                let text = go_print::syntax(value);
                self.report(format!("expected string, got &value.valueUnstructured{{Value:{text}}}"));
            }
            Scalar::Boolean if !matches!(value, Value::Bool(_)) => {
                self.report(format!("expected boolean, got {}", go_print::pointer(value)));
            }
            Scalar::Untyped if !is_scalar => {
                self.report(format!("expected any scalar, got {}", go_print::pointer(value)));
            }
            _ => {}
        }
    }

    /// The first field that the schema does not declare ends the walk through its map.
    fn entries(&mut self, entries: &Map, map: &MapAtom<'_>) {
        for (key, value) in entries {
            let step = PathElement::Field(key.clone());
            let field = map.field(key);
            if field.is_undeclared() {
                self.below(&step, |walk| walk.report("field not declared in schema"));
                return;
            }
            self.below(&step, |walk| walk.place(value, field));
        }
    }

    fn elements(&mut self, elements: &[Value], list: &ListAtom<'_>) {
        let mut seen = BTreeSet::new();
        for (index, element) in elements.iter().enumerate() {
            let step = if matches!(list.relation, Relation::Atomic) {
                PathElement::Index(i64::try_from(index).unwrap_or(i64::MAX))
            } else {
                match path_element(list, element) {
                    Ok(step) => step,
                    Err(problem) => return self.report(format!("element {index}: {problem}")),
                }
            };
            if !seen.insert(step.clone()) {
                self.report(format!("duplicate entries for key {step}"));
            }
            self.below(&step, |walk| walk.place(element, list.element));
        }
    }
}
