//! Nodes to data and back, as kyaml does by writing a tree with go-yaml v3 and reading it again.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use value::{Key, Map, Value};

use super::{Entry, Mapping, Node, Scalar, Style, Tag};
use crate::Rules;
use crate::scalar;

/// A tree that is no data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConvertError {
    /// A scalar is not what its tag says.
    #[error("yaml: cannot decode {found} as a {tag}")]
    Tag {
        /// What the text looks like.
        found: &'static str,
        /// What it is said to be.
        tag: &'static str,
    },
    /// A key occurs twice.
    #[error("yaml: mapping key {0:?} already defined")]
    Twice(String),
    /// A key of an inner mapping that is no text.
    #[error("yaml: the key `{0}` is not text; put it in quotes")]
    Key(String),
    /// `!!binary` with something else.
    #[error("yaml: !!binary value contains invalid base64 data")]
    Binary,
}

/// What go-yaml v3 takes a plain scalar for.
pub fn plain_tag(text: &str) -> Tag {
    let Some(first) = text.bytes().next() else { return Tag::Null };
    let can_be_more = first.is_ascii_digit()
        || matches!(first, b'+' | b'-' | b'.' | b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F');
    if !can_be_more {
        return Tag::Str;
    }
    match scalar::resolve(text, Rules::V3) {
        scalar::Scalar::Merge => Tag::Str,
        scalar::Scalar::Value(value) => match value {
            Value::Null => Tag::Null,
            Value::Bool(_) => Tag::Bool,
            // A float without fraction is an integer of JSON, but a float of YAML.
            Value::Int(_) | Value::UInt(_) if !looks_like_float(text) => Tag::Int,
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => Tag::Float,
            Value::String(resolved) if &*resolved != text || scalar::is_timestamp(text) => Tag::Timestamp,
            _ => Tag::Str,
        },
    }
}

fn looks_like_float(text: &str) -> bool {
    let is_radix = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let has_prefix = ["0x", "0o", "0b"].iter().any(|prefix| is_radix.starts_with(prefix));
    !has_prefix && text.contains(['.', 'e', 'E'])
}

impl Tag {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unset => "",
            Self::Str | Self::Other => "!!str",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Bool => "!!bool",
            Self::Null => "!!null",
            Self::Timestamp => "!!timestamp",
            Self::Binary => "!!binary",
            Self::Merge => "!!merge",
        }
    }
}

impl Scalar {
    /// What the scalar is once it was written and read again.
    ///
    /// # Errors
    /// The text is not of the kind that the tag says.
    pub fn to_value(&self) -> Result<Value, ConvertError> {
        let text = || {
            if self.style.folded {
                Value::from(super::fold::refolded(&self.text))
            } else {
                Value::String(self.text.clone())
            }
        };
        let tag = if self.style.tagged || matches!(self.tag, Tag::Unset | Tag::Other | Tag::Binary) {
            self.tag
        } else if self.tag == Tag::Str || self.tag == Tag::Merge {
            return Ok(text());
        } else if plain_tag(&self.text) == self.tag {
            // The tag goes without saying, and with it what kept quotes from making this a text.
            Tag::Unset
        } else {
            self.tag
        };
        match tag {
            Tag::Str | Tag::Merge | Tag::Other => Ok(text()),
            Tag::Unset if self.style.quoted || self.text.contains('\n') => Ok(text()),
            Tag::Unset => Ok(self.resolved()),
            Tag::Binary => {
                let bytes = STANDARD.decode(self.text.as_bytes()).map_err(|_| ConvertError::Binary)?;
                Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
            }
            said => self.as_said(said),
        }
    }

    fn as_said(&self, said: Tag) -> Result<Value, ConvertError> {
        let found = plain_tag(&self.text);
        if found == said || (said == Tag::Float && found == Tag::Int) {
            return Ok(self.resolved());
        }
        Err(ConvertError::Tag { found: found.name(), tag: said.name() })
    }

    fn resolved(&self) -> Value {
        if plain_tag(&self.text) == Tag::Str {
            return Value::String(self.text.clone());
        }
        match scalar::resolve(&self.text, Rules::V3) {
            scalar::Scalar::Value(value) => value,
            scalar::Scalar::Merge => Value::String(self.text.clone()),
        }
    }
}

impl Node {
    /// The tree as data.
    ///
    /// # Errors
    /// A scalar is not what its tag says, a key occurs twice, or a key of an inner mapping is no text.
    pub fn to_value(&self) -> Result<Value, ConvertError> {
        self.convert(true)
    }

    fn convert(&self, is_top: bool) -> Result<Value, ConvertError> {
        match self {
            Self::Scalar(scalar) => scalar.to_value(),
            Self::List(list) => {
                let items: Result<Vec<Value>, _> = list.iter().map(|item| item.convert(false)).collect();
                Ok(Value::from(items?))
            }
            Self::Map(map) => {
                let mut entries: Vec<(Key, Value)> = Vec::with_capacity(map.len());
                for entry in map.entries() {
                    if !is_top && !entry.is_text && !matches!(plain_tag(&entry.key), Tag::Str) {
                        return Err(ConvertError::Key(entry.key.to_string()));
                    }
                    entries.push((entry.key.clone(), entry.value.convert(false)?));
                }
                entries.sort_by(|(one, _), (other, _)| one.cmp(other));
                if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    return Err(ConvertError::Twice(pair[0].0.to_string()));
                }
                Ok(Value::from(entries.into_iter().collect::<Map>()))
            }
        }
    }

    /// The node that kyaml reads from the JSON of `value`.
    pub fn from_value(value: &Value) -> Self {
        let plain = |text: &str, tag| Scalar { text: Arc::from(text), tag, style: Style::PLAIN, shared: 0 };
        match value {
            Value::Null => Self::null(),
            Value::Bool(flag) => Self::Scalar(plain(if *flag { "true" } else { "false" }, Tag::Bool)),
            Value::Int(_) | Value::UInt(_) => Self::Scalar(plain(&value.to_string(), Tag::Int)),
            Value::Float(_) => Self::Scalar(plain(&value.to_string(), Tag::Float)),
            Value::String(text) => {
                Self::Scalar(Scalar { text: text.clone(), tag: Tag::Str, style: Style::QUOTED, shared: 0 })
            }
            Value::List(list) => Self::List(Arc::new(list.iter().map(Self::from_value).collect())),
            Value::Map(map) => {
                let entry = |(key, value): (&Key, &Value)| Entry {
                    key: key.clone(),
                    is_text: true,
                    value: Self::from_value(value),
                };
                Self::Map(Arc::new(Mapping::new(map.iter().map(entry).collect())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse_first_node;

    fn shown(text: &str) -> String {
        let (node, _) = parse_first_node(text).expect(text).expect(text);
        match node.to_value() {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn scalars_mean_what_go_yaml_reads() {
        assert_eq!(shown("[1, '1', yes, 1.0, 1e3, 0x10, ~, '', 2020-01-01, !!str 5, !!float 3]"), {
            r#"[1,"1","yes",1,1000,16,null,"","2020-01-01T00:00:00Z","5",3]"#
        });
        assert_eq!(shown("!!int abc"), "yaml: cannot decode !!str as a !!int");
    }

    #[test]
    fn keys_that_are_no_text_are_refused_below_the_top() {
        assert_eq!(shown("1: {a: b}"), r#"{"1":{"a":"b"}}"#);
        assert_eq!(shown("a: {1: b}"), "yaml: the key `1` is not text; put it in quotes");
        assert_eq!(shown("a: {'1': b}"), r#"{"a":{"1":"b"}}"#);
    }

    #[test]
    fn a_key_that_occurs_twice_is_found_when_the_tree_becomes_data() {
        assert_eq!(shown("a: 1\na: 2\n"), "yaml: mapping key \"a\" already defined");
    }

    #[test]
    fn merged_entries_give_way_to_own_ones() {
        assert_eq!(
            shown("b: &b {x: 1, z: 2}\nc: {z: 3, <<: *b}\n"),
            r#"{"b":{"x":1,"z":2},"c":{"x":1,"z":3}}"#
        );
    }
}
