//! Paths into objects with list indices and element matches, as kyaml's `PathGetter` and `PathMatcher`.

use regex::Regex;
use thiserror::Error;
use yaml::node::{Node, Scalar, Tag};

use crate::field_spec::FieldError;

/// A path that does not fit.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LookupError {
    /// A value of another kind.
    #[error(transparent)]
    Kind(FieldError),
    /// A negative index.
    #[error("array index {0} cannot be negative")]
    Negative(i64),
    /// `*` where one place is meant.
    #[error("wildcard is not supported in PathGetter")]
    Wildcard,
    /// `[name]` without a value.
    #[error("list path element must contain fieldName=fieldValue for element to match")]
    Match,
    /// An index behind the end.
    #[error("index {index} specified but only {length} elements found")]
    Index {
        /// The index.
        index: usize,
        /// How many there are.
        length: usize,
    },
    /// A value that is no regular expression.
    #[error("error parsing regexp: `{pattern}`")]
    Pattern {
        /// The value.
        pattern: String,
        /// Why.
        source: regex::Error,
    },
    /// The text of a field is no YAML.
    #[error(transparent)]
    Text(yaml::Error),
}

impl Eq for LookupError {}

fn kind(expected: &'static str, node: &Node) -> LookupError {
    LookupError::Kind(FieldError::kind(expected, node))
}

/// `[field=value]` or `[=value]`
fn element_match(part: &str) -> Result<Option<(&str, &str)>, LookupError> {
    let Some(inner) = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return Ok(None) };
    inner.split_once('=').map(Some).ok_or(LookupError::Match)
}

/// The one place that a path names.
///
/// # Errors
/// The path does not fit the object.
pub(crate) fn get<'a>(node: &'a Node, parts: &[String]) -> Result<Option<&'a Node>, LookupError> {
    let mut node = node;
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match step(node, part)? {
            Some(next) => node = next,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn step<'a>(node: &'a Node, part: &str) -> Result<Option<&'a Node>, LookupError> {
    let part = Part::of(part)?;
    match (&part, node) {
        (Part::Field(name), Node::Map(map)) => Ok(map.get(name)),
        (_, node) if node.is_null() => Ok(None),
        (Part::Field(_), node) => Err(kind("MappingNode", node)),
        (part, Node::List(list)) => Ok(part.index_in(list).and_then(|at| list.get(at))),
        (_, node) => Err(kind("SequenceNode", node)),
    }
}

/// A part of a path that names one place.
enum Part<'a> {
    Field(&'a str),
    Index(usize),
    Last,
    /// The first element with this field, or this value where the field is empty.
    Matching(&'a str, &'a str),
}

impl<'a> Part<'a> {
    fn of(part: &'a str) -> Result<Self, LookupError> {
        if let Ok(index) = part.parse::<i64>() {
            return usize::try_from(index).map(Self::Index).map_err(|_| LookupError::Negative(index));
        }
        match part {
            "-" => Ok(Self::Last),
            "*" => Err(LookupError::Wildcard),
            part => Ok(match element_match(part)? {
                Some((field, text)) => Self::Matching(field, text),
                None => Self::Field(part),
            }),
        }
    }

    /// The place in a list, which may be behind its end.
    fn index_in(&self, list: &[Node]) -> Option<usize> {
        match self {
            Self::Field(_) => None,
            Self::Index(at) => Some(*at),
            Self::Last => list.len().checked_sub(1),
            Self::Matching("", text) => list.iter().position(|element| element.raw_text() == *text),
            Self::Matching(field, text) => list
                .iter()
                .position(|element| element.get(field).is_some_and(|node| node.raw_text() == *text)),
        }
    }
}

/// What is made where a path ends in nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Create {
    /// Nothing is made.
    Nothing,
    /// A scalar.
    Scalar,
    /// A sequence.
    List,
    /// A mapping.
    Map,
}

impl Create {
    /// The kind of a value.
    pub(crate) fn like(node: &Node) -> Self {
        match node {
            Node::Scalar(_) => Self::Scalar,
            Node::List(_) => Self::List,
            Node::Map(_) => Self::Map,
        }
    }

    fn made(self) -> Node {
        match self {
            Self::List => Node::list(),
            Self::Map => Node::map(),
            Self::Scalar | Self::Nothing => Node::untagged(""),
        }
    }

    /// What must stand before the part `next` of a path.
    fn before(self, next: Option<&String>) -> Self {
        match next.map(String::as_str) {
            None | Some("") => self,
            Some(next) if next.starts_with('[') && next.ends_with(']') => Self::List,
            Some(next) if next.parse::<i64>().is_ok_and(|index| index >= 0) => Self::List,
            Some(_) => Self::Map,
        }
    }
}

/// What is done at a place.
pub(crate) type Visit<'a, E> = &'a mut dyn FnMut(&mut Node) -> Result<(), E>;

/// Calls `visit` for all places that a path names, and says how many there were. Places below a text that
/// holds YAML are not written back, as upstream does not either.
///
/// # Errors
/// The path does not fit the object, or `visit` fails.
pub(crate) fn visit<E: From<LookupError>>(
    node: &mut Node,
    parts: &[String],
    create: Create,
    visit_one: Visit<'_, E>,
) -> Result<usize, E> {
    let Some((part, rest)) = parts.split_first() else {
        visit_one(node)?;
        return Ok(1);
    };
    if part.parse::<i64>().is_ok_and(|index| index >= 0) {
        return visit_index(node, (part, rest), create, visit_one);
    }
    if let Some((field, text)) = element_match(part)? {
        return visit_matching(node, (field, text, rest), create, visit_one);
    }
    if part == "*" {
        let found = node.clone();
        let list = match node {
            node if node.is_null() => return Ok(0),
            node => node.as_list_mut().ok_or_else(|| kind("SequenceNode", &found))?,
        };
        return list.iter_mut().try_fold(0, |count, item| Ok(count + visit(item, rest, create, visit_one)?));
    }
    visit_field(node, (part, rest), create, visit_one)
}

/// Calls `visit` for the one place that a path names; whether there is one.
pub(crate) fn visit_one<E>(node: &mut Node, parts: &[String], visit: Visit<'_, E>) -> bool {
    let mut node = node;
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        let next = match (Part::of(part), &*node) {
            (Ok(Part::Field(name)), Node::Map(_)) => node.as_map_mut().and_then(|map| map.get_mut(name)),
            (Ok(part), Node::List(list)) => {
                part.index_in(list).and_then(|at| node.as_list_mut()?.get_mut(at))
            }
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return false,
        }
    }
    visit(node).is_ok()
}

fn visit_field<E: From<LookupError>>(
    node: &mut Node,
    (part, rest): (&str, &[String]),
    create: Create,
    visit_one: Visit<'_, E>,
) -> Result<usize, E> {
    if node.is_null() {
        return Ok(0);
    }
    let found = node.clone();
    let map = node.as_map_mut().ok_or_else(|| kind("MappingNode", &found))?;
    if map.get(part).is_none() {
        if create == Create::Nothing {
            return Ok(0);
        }
        map.set(part, create.before(rest.first()).made());
    }
    let Some(field) = map.get_mut(part) else { return Ok(0) };
    if let (Node::Scalar(scalar), false) = (&*field, rest.is_empty()) {
        let first = yaml::parse_first_node(&scalar.text).map_err(LookupError::Text)?;
        let mut inner = first.map_or_else(Node::null, |(node, _)| node);
        return visit(&mut inner, rest, create, visit_one);
    }
    visit(field, rest, create, visit_one)
}

fn visit_index<E: From<LookupError>>(
    node: &mut Node,
    (part, rest): (&str, &[String]),
    create: Create,
    visit_one: Visit<'_, E>,
) -> Result<usize, E> {
    let index: usize = part.parse().unwrap_or(usize::MAX);
    let found = node.clone();
    let list = node.as_list_mut().ok_or_else(|| kind("SequenceNode", &found))?;
    if list.len() == index && create != Create::Nothing {
        list.push(create.before(rest.first()).made());
    }
    let length = list.len();
    let element = list.get_mut(index).ok_or(LookupError::Index { index, length })?;
    visit(element, rest, create, visit_one)
}

/// Elements are matched by regular expressions that need not match the whole text.
fn visit_matching<E: From<LookupError>>(
    node: &mut Node,
    (field, text, rest): (&str, &str, &[String]),
    create: Create,
    visit_one: Visit<'_, E>,
) -> Result<usize, E> {
    let pattern =
        Regex::new(text).map_err(|source| LookupError::Pattern { pattern: text.to_owned(), source })?;
    let found = node.clone();
    let list = match node {
        node if node.is_null() => return Ok(0),
        node => node.as_list_mut().ok_or_else(|| kind("SequenceNode", &found))?,
    };
    let matches = |element: &Node| match field {
        "" => pattern.is_match(written(element).trim()),
        field => element.get(field).is_some_and(|node| pattern.is_match(written(node).trim())),
    };
    let mut count = 0;
    for element in list.iter_mut().filter(|element| matches(element)) {
        // What follows the match of a bare value in a path is not looked at.
        count += if field.is_empty() {
            visit_one(element)?;
            1
        } else {
            visit(element, rest, create, visit_one)?
        };
    }
    if count > 0 || create == Create::Nothing {
        return Ok(count);
    }
    list.push(made_element(field, text));
    let Some(element) = list.last_mut() else { return Ok(0) };
    if !matches(element) {
        return Ok(0);
    }
    if field.is_empty() {
        visit_one(element)?;
        return Ok(1);
    }
    visit(element, rest, create, visit_one)
}

fn made_element(field: &str, text: &str) -> Node {
    if field.is_empty() {
        return Node::untagged(text);
    }
    let mut element = Node::map();
    if let Some(map) = element.as_map_mut() {
        map.set(field, Node::untagged(text));
    }
    element
}

/// A scalar as YAML writes it, which is what matches are compared with.
pub(crate) fn written(node: &Node) -> String {
    match node {
        Node::Scalar(scalar) => written_scalar(scalar),
        node => node.to_value().ok().and_then(|value| yaml::to_yaml(&value).ok()).unwrap_or_default(),
    }
}

fn written_scalar(scalar: &Scalar) -> String {
    let needs_quotes = scalar.tag == Tag::Str && yaml::node::plain_tag(&scalar.text) != Tag::Str;
    if scalar.style.quoted || needs_quotes {
        // Whether single or double quotes were written is not kept; a match hardly asks for it.
        return format!("{:?}", &*scalar.text);
    }
    scalar.text.to_string()
}
