//! What a build does to its resources, step by step, for those who ask why a field is as it is.

use std::collections::HashMap;

use value::Value;

use crate::lookup::{self, LookupError};
use crate::resource::Resource;

/// One step of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The file that asks for it, from the root of the tree.
    pub file: String,
    /// What is done: `file` for a manifest that is read, or else the field of the kustomization.
    pub what: String,
}

/// Is shown the resources after each step.
pub trait Observer {
    /// A step was made.
    fn saw(&mut self, step: &Step, resources: &mut dyn Iterator<Item = &Resource>);
}

/// A change of a field of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The step that made it.
    pub step: Step,
    /// The value after it; `None` where the field was taken out.
    pub value: Option<Value>,
}

/// Follows one resource, or a field of it, through a build.
#[derive(Debug)]
pub struct Explanation {
    kind: String,
    readings: Vec<Reading>,
}

/// One way to read a question: names hold dots, and so do paths.
#[derive(Debug)]
struct Reading {
    name: String,
    path: Vec<String>,
    found: Vec<Followed>,
    /// Where each resource is among those found, by its serial number.
    places: HashMap<u32, usize>,
}

/// A resource that has, or will have, the name.
#[derive(Debug)]
struct Followed {
    id: String,
    is_meant: bool,
    changes: Vec<Change>,
    /// Why the path does not fit.
    problem: Option<LookupError>,
}

impl Explanation {
    /// Of `KIND/NAME` or `KIND/NAME.path.to.field`; `None` for what is neither. The name is one that the
    /// resource has at any time, and lists are entered by `.0`, `[0]` or `[name=value]`.
    pub fn of(question: &str) -> Option<Self> {
        let (kind, rest) = question.split_once('/')?;
        let dots = rest.char_indices().filter(|(_, char)| *char == '.').map(|(at, _)| at);
        let readings: Vec<Reading> = dots
            .take_while(|at| !rest[..*at].contains('['))
            .map(|at| (&rest[..at], &rest[at + 1..]))
            .chain([(rest, "")])
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, path)| Reading::new(name, path))
            .collect();
        if kind.is_empty() || readings.is_empty() {
            return None;
        }
        Some(Self { kind: kind.to_owned(), readings })
    }

    /// The changes of each resource that is meant, by its id.
    pub fn changes(&self) -> impl Iterator<Item = (&str, &[Change])> {
        self.readings
            .iter()
            .flat_map(|reading| &reading.found)
            .filter(|followed| followed.is_meant && !followed.changes.is_empty())
            .map(|followed| (followed.id.as_str(), followed.changes.as_slice()))
    }

    /// Why the path does not fit a resource that is meant.
    pub fn problem(&self) -> Option<&LookupError> {
        let mut found = self.readings.iter().flat_map(|reading| &reading.found);
        found.find_map(|followed| followed.problem.as_ref().filter(|_| followed.is_meant))
    }
}

impl Observer for Explanation {
    fn saw(&mut self, step: &Step, resources: &mut dyn Iterator<Item = &Resource>) {
        for resource in resources.filter(|resource| resource.kind().eq_ignore_ascii_case(&self.kind)) {
            for reading in &mut self.readings {
                reading.saw(step, resource);
            }
        }
    }
}

impl Reading {
    fn new(name: &str, path: &str) -> Self {
        let path = match path {
            "" => Vec::new(),
            path => crate::field_spec::split_bracketed_path(&dotted(path), '.'),
        };
        Self { name: name.to_owned(), path, found: Vec::new(), places: HashMap::new() }
    }

    fn value(&self, resource: &Resource) -> Result<Option<Value>, LookupError> {
        let found = lookup::get(resource.node(), &self.path)?;
        Ok(found.and_then(|node| node.to_value().ok()))
    }

    fn saw(&mut self, step: &Step, resource: &Resource) {
        let (value, problem) = match self.value(resource) {
            Ok(value) => (value, None),
            Err(problem) => (None, Some(problem)),
        };
        let id = resource.id();
        let has_name = *id.name == *self.name || resource.previous_ids().any(|id| *id.name == *self.name);
        let step = step.clone();
        match self.places.get(&resource.serial).and_then(|at| self.found.get_mut(*at)) {
            Some(followed) => {
                followed.is_meant |= has_name;
                followed.problem = problem;
                followed.id = id.to_string();
                let known = followed.changes.last().and_then(|change| change.value.as_ref());
                if known != value.as_ref() {
                    followed.changes.push(Change { step, value });
                }
            }
            None => {
                self.places.insert(resource.serial, self.found.len());
                self.found.push(Followed {
                    id: id.to_string(),
                    is_meant: has_name,
                    changes: if value.is_some() { vec![Change { step, value }] } else { Vec::new() },
                    problem,
                });
            }
        }
    }
}

/// A path with dots alone before the items of lists, as kustomize writes it.
fn dotted(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, (inside, after))) =
        rest.split_once('[').and_then(|(before, rest)| Some((before, rest.split_once(']')?)))
    {
        out.push_str(before);
        if !out.is_empty() && !out.ends_with('.') {
            out.push('.');
        }
        let is_index = inside.bytes().all(|byte| byte.is_ascii_digit());
        out.push_str(&if is_index { inside.to_owned() } else { format!("[{inside}]") });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use yaml::node::Node;

    use super::*;

    #[test]
    fn items_of_lists_are_written_in_several_ways() {
        for path in ["a.0.b", "a[0].b", "a.[0].b"] {
            assert_eq!(dotted(path), "a.0.b", "{path}");
        }
        assert_eq!(dotted("a[n=x.y].b"), "a.[n=x.y].b");
        assert_eq!(dotted("a.[n=x.y]"), "a.[n=x.y]");
        assert_eq!(dotted("a[0"), "a[0");
    }

    #[test]
    fn a_path_that_does_not_fit_says_why() {
        let object = value::from_json(br#"{"kind":"Widget","metadata":{"name":"w"},"spec":{"a":1}}"#);
        let resource = Resource::new(Node::from_value(&object.expect("an object")));
        let step = Step { file: "k/w.yaml".to_owned(), what: "file".to_owned() };
        for (question, expected) in [
            ("Widget/w.spec.*", Some(LookupError::Wildcard)),
            ("Widget/other.spec.*", None),
            ("Widget/w.spec.b", None),
        ] {
            let mut explanation = Explanation::of(question).expect(question);
            explanation.saw(&step, &mut std::iter::once(&resource));
            assert_eq!(explanation.problem(), expected.as_ref(), "{question}");
        }
    }
}
