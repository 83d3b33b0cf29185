//! Composing documents from libyaml's events.

use std::collections::HashMap;

use libyaml_safer::{EventData, Parser, ScalarStyle};
use value::{Key, Map, Value};

use crate::scalar::{self, Scalar};
use crate::{Error, Mark};

/// Levels of nesting. go-yaml allows 10,000, on a stack that grows; nothing that is deployed comes near.
const MAX_DEPTH: usize = 300;
/// Nodes that aliases may add to a document, whatever its size, before the ratio counts.
const FREE_ALIASED_NODES: usize = 100_000;
/// How many nodes of aliases are allowed for each node that was written out.
const ALIASED_NODES_PER_NODE: usize = 10;

/// Whose rules give plain scalars their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// sigs.k8s.io/yaml on go-yaml v2: YAML 1.1 booleans, also as keys; of duplicate keys the last one
    /// stays. Kubernetes, Helm and Flux read manifests with these.
    V2,
    /// kyaml on go-yaml v3: YAML 1.2 booleans, timestamps, duplicate keys are an error. kustomize reads
    /// its inputs with these.
    V3,
}

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says. A document without content is `Null`.
    pub value: Value,
    /// Where its content starts.
    pub start: Mark,
}

/// Parses a text that holds one document; an empty text is `Null`.
///
/// # Errors
/// The text is not YAML, or holds a second document.
pub fn parse(text: &str, rules: Rules) -> Result<Value, Error> {
    let mut documents = parse_documents(text, rules)?.into_iter();
    let first = documents.next().map_or(Value::Null, |document| document.value);
    match documents.next() {
        None => Ok(first),
        Some(second) => Err(Error::Syntax {
            mark: second.start,
            line: Some(second.start.line),
            problem: "expected a single document in the stream".to_owned(),
        }),
    }
}

/// Parses all documents of a stream.
///
/// # Errors
/// The text is not YAML, or passes a limit of depth or aliasing.
pub fn parse_documents(text: &str, rules: Rules) -> Result<Vec<Document>, Error> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut composer = Composer { parser, rules, anchors: HashMap::new(), nodes: 0, aliased: 0, depth: 0 };
    let mut documents = Vec::new();
    loop {
        let (event, mark) = composer.next()?;
        match event {
            EventData::StreamEnd => return Ok(documents),
            EventData::DocumentStart { .. } => {
                composer.anchors.clear();
                let (first, start) = composer.next()?;
                let node = composer.node(first, start)?;
                documents.push(Document { value: node.value, start });
            }
            EventData::StreamStart { .. } | EventData::DocumentEnd { .. } => {}
            other => return Err(unexpected(mark, &other)),
        }
    }
}

fn unexpected(mark: Mark, event: &EventData) -> Error {
    Error::Syntax { mark, line: Some(mark.line), problem: format!("unexpected event {event:?}") }
}

struct Composer<'a, 'b> {
    parser: Parser<&'a mut &'b [u8]>,
    rules: Rules,
    anchors: HashMap<String, Node>,
    nodes: usize,
    aliased: usize,
    depth: usize,
}

/// A composed value with what merging and limits need to know of it.
#[derive(Clone)]
struct Node {
    value: Value,
    is_merge: bool,
    size: usize,
}

impl Composer<'_, '_> {
    fn next(&mut self) -> Result<(EventData, Mark), Error> {
        let event = self.parser.parse().map_err(|error| syntax(&error))?;
        Ok((event.data, mark_of(event.start_mark)))
    }

    fn node(&mut self, event: EventData, mark: Mark) -> Result<Node, Error> {
        self.nodes += 1;
        match event {
            EventData::Alias { anchor } => self.alias(anchor, mark),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let node = self.scalar(tag.as_deref(), value, style, mark)?;
                Ok(self.remember(anchor, node))
            }
            EventData::SequenceStart { anchor, .. } => {
                let node = self.nested(mark, Self::sequence)?;
                Ok(self.remember(anchor, node))
            }
            EventData::MappingStart { anchor, .. } => {
                let node = self.nested(mark, Self::mapping)?;
                Ok(self.remember(anchor, node))
            }
            other => Err(unexpected(mark, &other)),
        }
    }

    fn nested(&mut self, mark: Mark, compose: fn(&mut Self) -> Result<Node, Error>) -> Result<Node, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::TooDeep { mark, limit: MAX_DEPTH });
        }
        let node = compose(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn remember(&mut self, anchor: Option<String>, node: Node) -> Node {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn alias(&mut self, anchor: String, mark: Mark) -> Result<Node, Error> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Error::UnknownAnchor { mark, anchor });
        };
        self.aliased = self.aliased.saturating_add(node.size);
        if self.aliased > FREE_ALIASED_NODES + ALIASED_NODES_PER_NODE * self.nodes {
            return Err(Error::ExcessiveAliasing { mark });
        }
        Ok(node.clone())
    }

    fn scalar(&self, tag: Option<&str>, text: String, style: ScalarStyle, mark: Mark) -> Result<Node, Error> {
        let node = |value| Node { value, is_merge: false, size: 1 };
        match tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag)) {
            None if style == ScalarStyle::Plain => Ok(match scalar::resolve(&text, self.rules) {
                Scalar::Value(value) => node(value),
                Scalar::Merge => Node { is_merge: true, ..node(text.into()) },
            }),
            None | Some("str" | "!" | "binary") => Ok(node(text.into())),
            Some(tag @ ("int" | "float" | "bool" | "null")) => {
                let Scalar::Value(value) = scalar::resolve(&text, self.rules) else {
                    return Ok(node(text.into()));
                };
                if is_of_tag(&value, tag) {
                    return Ok(node(value));
                }
                let found = match value.kind() {
                    value::Kind::String => "str".to_owned(),
                    kind => kind.to_string(),
                };
                let problem = format!("cannot decode !!{found} `{text}` as a !!{tag}");
                Err(Error::Key { mark, problem })
            }
            Some(_) => Ok(node(text.into())),
        }
    }

    fn sequence(&mut self) -> Result<Node, Error> {
        let mut list = Vec::new();
        let mut size = 1;
        loop {
            match self.next()? {
                (EventData::SequenceEnd, _) => {
                    return Ok(Node { value: list.into(), is_merge: false, size });
                }
                (event, mark) => {
                    let node = self.node(event, mark)?;
                    size += node.size;
                    list.push(node.value);
                }
            }
        }
    }

    fn mapping(&mut self) -> Result<Node, Error> {
        let mut entries: Vec<(Key, Value)> = Vec::new();
        let mut lines: HashMap<Key, u64> = HashMap::new();
        let mut merges = Vec::new();
        let mut size = 1;
        loop {
            let (event, mark) = self.next()?;
            if event == EventData::MappingEnd {
                break;
            }
            let key = self.node(event, mark)?;
            let (event, value_mark) = self.next()?;
            let node = self.node(event, value_mark)?;
            size += 1 + node.size;
            if key.is_merge {
                merges.push((node.value, value_mark));
                continue;
            }
            let key = key_of(&key.value, mark)?;
            if let Some(line) = lines.insert(key.clone(), mark.line)
                && self.rules == Rules::V3
            {
                let problem = format!("mapping key {:?} already defined at line {line}", key.as_str());
                return Err(Error::Key { mark, problem });
            }
            entries.push((key, node.value));
        }
        let mut map: Map = entries.into_iter().collect();
        for (value, mark) in merges {
            merge(&mut map, &value, mark)?;
        }
        Ok(Node { value: map.into(), is_merge: false, size })
    }
}

fn is_of_tag(value: &Value, tag: &str) -> bool {
    match tag {
        "int" => matches!(value, Value::Int(_) | Value::UInt(_)),
        "float" => matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_)),
        "bool" => matches!(value, Value::Bool(_)),
        _ => value.is_null(),
    }
}

/// Keys that the map itself has win over merged ones, and earlier merged maps over later ones.
fn merge(map: &mut Map, merged: &Value, mark: Mark) -> Result<(), Error> {
    match merged {
        Value::Map(entries) => {
            for (key, value) in entries.iter() {
                if !map.contains_key(key) {
                    map.insert(key.clone(), value.clone());
                }
            }
            Ok(())
        }
        Value::List(maps) if maps.iter().all(|map| map.as_map().is_some()) => {
            maps.iter().try_for_each(|each| merge(map, each, mark))
        }
        _ => Err(Error::Key {
            mark,
            problem: "map merge requires map or sequence of maps as the value".into(),
        }),
    }
}

/// As sigs.k8s.io/yaml turns keys into JSON keys.
fn key_of(value: &Value, mark: Mark) -> Result<Key, Error> {
    Ok(match value {
        Value::String(text) => Key::from(&**text),
        Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => Key::from(value.to_string()),
        other => {
            let problem = format!("invalid map key: {} cannot be a JSON key", other.kind());
            return Err(Error::Key { mark, problem });
        }
    })
}

fn mark_of(mark: libyaml_safer::Mark) -> Mark {
    Mark { line: mark.line + 1, column: mark.column + 1 }
}

/// go-yaml names the line of the context rather than that of the problem, counts from zero, adds one
/// for scanner errors, and names none when that gives zero (`yaml.go`, `parser.fail`).
fn syntax(error: &libyaml_safer::Error) -> Error {
    let scanner = u64::from(error.kind() == libyaml_safer::ErrorKind::Scanner);
    let line_of = |mark: Option<libyaml_safer::Mark>| mark.map(|mark| mark.line).filter(|line| *line > 0);
    let line = line_of(error.context_mark()).or_else(|| line_of(error.problem_mark()));
    Error::Syntax {
        mark: error.problem_mark().or(error.context_mark()).map_or_else(Mark::default, mark_of),
        line: line.map(|line| line + scanner),
        problem: error.problem().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, rules: Rules) -> String {
        match parse(text, rules) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn duplicate_keys_differ_by_rules() {
        assert_eq!(shown("a: 1\na: 2\n", Rules::V2), r#"{"a":2}"#);
        assert_eq!(
            shown("a: 1\na: 2\n", Rules::V3),
            "yaml: line 2: mapping key \"a\" already defined at line 1"
        );
    }

    #[test]
    fn merge_keys_give_way_to_own_keys() {
        assert_eq!(
            shown("b: &b {x: 1, y: 2}\nc:\n  y: 3\n  <<: *b\n", Rules::V2),
            r#"{"b":{"x":1,"true":2},"c":{"true":3,"x":1}}"#
                .replace(r#"{"x":1,"true":2}"#, r#"{"true":2,"x":1}"#)
        );
    }

    #[test]
    fn errors_name_the_line_that_go_names() {
        assert_eq!(
            shown("apiVersion: v1\nkind: X\na: b: c\n", Rules::V2),
            "yaml: line 3: mapping values are not allowed in this context"
        );
    }

    #[test]
    fn a_billion_laughs_end_at_once() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(",");
            text += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        assert_eq!(shown(&text, Rules::V2), "yaml: document contains excessive aliasing");
    }

    #[test]
    fn deep_nesting_ends_as_an_error() {
        let error = parse(&"[".repeat(100_000), Rules::V2).expect_err("too deep");
        assert!(matches!(error, Error::TooDeep { .. } | Error::Syntax { .. }), "{error}");
    }

    #[test]
    fn documents_know_where_they_start() {
        let documents =
            parse_documents("a: 1\n---\n# only a comment\n---\nb: 2\n", Rules::V2).expect("valid");
        let shown: Vec<_> = documents.iter().map(|d| (d.value.to_string(), d.start.line)).collect();
        assert_eq!(shown, [("{\"a\":1}".to_owned(), 1), ("null".to_owned(), 4), ("{\"b\":2}".to_owned(), 5)]);
    }
}
