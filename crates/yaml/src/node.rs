//! YAML as it was written: key order, tags and quoting are kept.
//!
//! kustomize works on such trees: what a scalar means can change when only its text or only its quoting is
//! replaced, and a key that occurs twice is an error only when the tree is turned into data.

mod compose;
mod convert;
mod fold;

use std::sync::{Arc, LazyLock};

use value::Key;

pub use compose::parse_first_node;
pub use convert::{ConvertError, plain_tag};

static NULL: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("null"));

/// A node of a document. `clone` is cheap: lists and maps are shared until one is changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text with what it was tagged as.
    Scalar(Scalar),
    /// A sequence.
    List(Arc<Vec<Node>>),
    /// A mapping.
    Map(Arc<Mapping>),
}

/// A scalar as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text without quotes.
    pub text: Arc<str>,
    /// What it is.
    pub tag: Tag,
    /// How it is written.
    pub style: Style,
    /// Scalars of a tree with the same number, unless it is 0, are one node to kustomize: what is written
    /// to one of them is written to all.
    pub shared: u32,
}

/// What a scalar is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Not said: the text is resolved when the tree becomes data.
    Unset,
    /// `!!str`
    Str,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`, a plain `<<`
    Merge,
    /// A tag of an application; its value is text.
    Other,
}

/// How a scalar is written, as far as that changes what it means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// In quotes, or as a block.
    pub quoted: bool,
    /// As a folded block; go-yaml does not write each of them so that it reads back as it was.
    pub folded: bool,
    /// With its tag.
    pub tagged: bool,
}

impl Style {
    /// Without quotes.
    pub const PLAIN: Self = Self { quoted: false, folded: false, tagged: false };
    /// With quotes.
    pub const QUOTED: Self = Self { quoted: true, folded: false, tagged: false };
}

/// One entry of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: Key,
    /// Whether the key is text whatever it looks like, since it is quoted.
    pub is_text: bool,
    /// The value.
    pub value: Node,
}

/// Entries in the order in which they were written; the same key can occur twice, and then the first one
/// is found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    entries: Vec<Entry>,
}

impl Mapping {
    /// A mapping of the given entries.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of the first entry with this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key.as_str() == key).map(|entry| &entry.value)
    }

    /// The same, to be changed in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key.as_str() == key).map(|entry| &mut entry.value)
    }

    /// Replaces the value of the first entry with this key, or adds an entry at the end.
    pub fn set(&mut self, key: impl Into<Key>, value: Node) {
        let key = key.into();
        match self.get_mut(&key) {
            Some(found) => *found = value,
            None => self.entries.push(Entry { key, is_text: false, value }),
        }
    }

    /// Takes the first entry with this key out.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| entry.key.as_str() == key)?;
        Some(self.entries.remove(at).value)
    }

    /// The entries as they were written.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries, to be changed in place.
    pub fn entries_mut(&mut self) -> &mut Vec<Entry> {
        &mut self.entries
    }
}

impl Scalar {
    /// A text without tag and quotes, which means what it looks like.
    pub fn untagged(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), tag: Tag::Unset, style: Style::PLAIN, shared: 0 }
    }

    /// A text that is one whatever it looks like.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), tag: Tag::Str, style: Style::PLAIN, shared: 0 }
    }

    /// Whether kyaml takes the scalar for text.
    pub fn is_text(&self) -> bool {
        matches!(self.tag, Tag::Str | Tag::Unset)
    }
}

impl Node {
    /// A text that is one whatever it looks like.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Scalar(Scalar::text(text))
    }

    /// A text without tag and quotes, which means what it looks like.
    pub fn untagged(text: impl Into<Arc<str>>) -> Self {
        Self::Scalar(Scalar::untagged(text))
    }

    /// `null`
    pub fn null() -> Self {
        Self::Scalar(Scalar { text: NULL.clone(), tag: Tag::Null, style: Style::PLAIN, shared: 0 })
    }

    /// An empty mapping.
    pub fn map() -> Self {
        Self::Map(Arc::new(Mapping::default()))
    }

    /// An empty sequence.
    pub fn list() -> Self {
        Self::List(Arc::new(Vec::new()))
    }

    /// Whether this is tagged as null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(Scalar { tag: Tag::Null, .. }))
    }

    /// Whether this is null, or a collection without elements.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Scalar(scalar) => scalar.tag == Tag::Null,
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
        }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Mapping> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The mapping to be changed in place (copied first where it is shared), if it is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Mapping> {
        match self {
            Self::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The elements, if it is a sequence.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The elements to be changed in place (copied first where they are shared), if it is a sequence.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::List(list) => Some(Arc::make_mut(list)),
            _ => None,
        }
    }

    /// The value of a key; `None` for what is not a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a scalar as it was written, and an empty one for what is not a scalar, as kyaml reads it.
    pub fn raw_text(&self) -> &str {
        match self {
            Self::Scalar(scalar) => &scalar.text,
            _ => "",
        }
    }

    /// What this is, as go-yaml names it in messages.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "ScalarNode",
            Self::List(_) => "SequenceNode",
            Self::Map(_) => "MappingNode",
        }
    }
}
