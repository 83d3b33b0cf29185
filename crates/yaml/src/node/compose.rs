//! Composing nodes from libyaml's events.

use std::collections::HashMap;
use std::sync::Arc;

use libyaml_safer::{EventData, Parser, ScalarStyle};
use value::Key;

use super::{Entry, Mapping, Node, Scalar, Style, Tag, plain_tag};
use crate::Rules;
use crate::document::{Ended, MAX_DEPTH, guarded, is_excessive, syntax};
use crate::reader::{self, Chunks};
use crate::{Error, Mark};

/// The first document of a text with the place where its content starts; what follows may be anything. Aliases
/// are replaced by copies of what they name, and merge keys by the entries that they merge, as kyaml's `DeAnchor`.
///
/// # Errors
/// The document is not YAML, passes a limit of depth or aliasing, or merges what cannot be merged.
pub fn parse_first_node(text: &str) -> Result<Option<(Node, Mark)>, Error> {
    guarded(text, compose)
}

fn compose(ended: Ended<'_>) -> Result<Option<(Node, Mark)>, Error> {
    let parser = reader::parser(ended.text);
    let mut composer = Composer { parser, ended, anchors: HashMap::new(), nodes: 0, aliased: 0, depth: 0 };
    let mut document = None;
    loop {
        let (event, mark) = composer.next()?;
        match event {
            EventData::StreamEnd | EventData::DocumentEnd { .. } => return Ok(document),
            EventData::DocumentStart { .. } => {
                let (first, start) = composer.next()?;
                document = Some((composer.node(first, start)?.0, start));
            }
            EventData::StreamStart { .. } => {}
            other => return Err(unexpected(mark, &other)),
        }
    }
}

fn unexpected(mark: Mark, event: &EventData) -> Error {
    Error::Syntax { mark, line: Some(mark.line), problem: format!("unexpected event {event:?}") }
}

struct Composer<'a> {
    parser: Parser<Chunks<'a>>,
    ended: Ended<'a>,
    anchors: HashMap<String, Sized>,
    nodes: usize,
    aliased: usize,
    depth: usize,
}

/// A node and the number of nodes that it consists of.
type Sized = (Node, usize);

impl Composer<'_> {
    fn next(&mut self) -> Result<(EventData, Mark), Error> {
        let event = self.parser.parse().map_err(|error| syntax(&error, Rules::V3))?;
        self.ended.read(event, Rules::V3)
    }

    fn node(&mut self, event: EventData, mark: Mark) -> Result<Sized, Error> {
        self.nodes += 1;
        match event {
            EventData::Alias { anchor } => self.alias(anchor, mark),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let node = Node::Scalar(scalar(tag.as_deref(), value, style));
                Ok(self.remember(anchor, (node, 1)))
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

    fn nested(&mut self, mark: Mark, compose: fn(&mut Self) -> Result<Sized, Error>) -> Result<Sized, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::TooDeep { mark, limit: MAX_DEPTH });
        }
        let node = compose(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn remember(&mut self, anchor: Option<String>, node: Sized) -> Sized {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn alias(&mut self, anchor: String, mark: Mark) -> Result<Sized, Error> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Error::UnknownAnchor { mark, anchor });
        };
        self.aliased = self.aliased.saturating_add(node.1);
        if is_excessive(self.aliased, self.nodes.saturating_add(self.aliased)) {
            return Err(Error::ExcessiveAliasing { mark });
        }
        Ok(node.clone())
    }

    fn sequence(&mut self) -> Result<Sized, Error> {
        let (mut list, mut size) = (Vec::new(), 1_usize);
        loop {
            match self.next()? {
                (EventData::SequenceEnd, _) => return Ok((Node::List(Arc::new(list)), size)),
                (event, mark) => {
                    let (node, nodes) = self.node(event, mark)?;
                    size = size.saturating_add(nodes);
                    list.push(node);
                }
            }
        }
    }

    fn mapping(&mut self) -> Result<Sized, Error> {
        let (mut entries, mut merged, mut size) = (Vec::new(), None, 1_usize);
        loop {
            let (event, mark) = self.next()?;
            if event == EventData::MappingEnd {
                break;
            }
            let (key, _) = self.node(event, mark)?;
            let (event, value_mark) = self.next()?;
            let (value, nodes) = self.node(event, value_mark)?;
            size = size.saturating_add(nodes + 1);
            let Node::Scalar(key) = key else {
                return Err(Error::Key {
                    mark,
                    problem: "invalid map key: only text can be a key".to_owned(),
                });
            };
            if key.tag == Tag::Merge {
                if merged.replace((value, value_mark)).is_some() {
                    return Err(Error::Key { mark, problem: "duplicate merge key".to_owned() });
                }
                continue;
            }
            let is_text = key.style.quoted || (key.style.tagged && key.tag == Tag::Str);
            entries.push(Entry { key: Key::from(&*key.text), is_text, value });
        }
        let mut map = Mapping::new(entries);
        if let Some((value, mark)) = merged {
            merge(&mut map, &value, mark)?;
        }
        Ok((Node::Map(Arc::new(map)), size))
    }
}

/// Keys that the mapping itself has win over merged ones, and earlier merged mappings over later ones.
fn merge(map: &mut Mapping, merged: &Node, mark: Mark) -> Result<(), Error> {
    let refused = |problem: &str| Error::Key { mark, problem: problem.to_owned() };
    let add = |map: &mut Mapping, other: &Mapping| {
        for entry in other.entries() {
            if map.get(&entry.key).is_none() {
                map.entries_mut().push(entry.clone());
            }
        }
    };
    match merged {
        Node::Map(other) => add(map, other),
        Node::List(list) => {
            for item in list.iter() {
                match item {
                    Node::Map(other) => add(map, other),
                    Node::List(_) => return Err(refused("invalid map merge: received a nested sequence")),
                    Node::Scalar(_) => {
                        return Err(refused("map merge requires map or sequence of maps as the value"));
                    }
                }
            }
        }
        Node::Scalar(_) => {
            return Err(refused("map merge requires map or sequence of maps as the value"));
        }
    }
    Ok(())
}

fn scalar(tag: Option<&str>, text: String, style: ScalarStyle) -> Scalar {
    let (quoted, folded) = (style != ScalarStyle::Plain, style == ScalarStyle::Folded);
    let named =
        tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag)).filter(|tag| *tag != "!");
    let tag = match named {
        None if quoted => Tag::Str,
        None if text == "<<" => Tag::Merge,
        None => plain_tag(&text),
        Some("str") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        Some(_) => Tag::Other,
    };
    Scalar { text: text.into(), tag, style: Style { quoted, folded, tagged: named.is_some() }, shared: 0 }
}
