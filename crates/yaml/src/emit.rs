//! Writing YAML as Go's libraries do, byte for byte.
//!
//! go-yaml is a port of libyaml whose emitter keeps a column, an indentation and three flags that decide
//! where a blank or a line break goes; the same state is kept here, so that folded lines, nested lists and
//! long keys come out alike.

mod layout;
mod nodes;
mod order;
mod scalar;

use value::{Map, Value};

pub use layout::Profile;
use layout::{Layout, Place};
pub use nodes::node_to_yaml;

/// Levels of nesting that are written.
const MAX_DEPTH: usize = 1_000;

/// Why a value cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// A text holds a character that YAML cannot read back. The words are go-yaml's, which stumbles over
    /// it when it reads the JSON form of the value.
    #[error("yaml: control characters are not allowed")]
    ControlCharacter,
    /// A value is nested deeper than anything that is deployed.
    #[error("yaml: exceeded max depth of {MAX_DEPTH}")]
    TooDeep,
}

/// One document as `sigs.k8s.io/yaml` writes it ([`Profile::KUBERNETES`]): keys in natural order, lists at
/// the level of their key, long plain texts folded at 80 columns, and a final line break.
///
/// This is also how kustomize writes the objects that it built.
///
/// # Errors
/// See [`EmitError`].
pub fn to_yaml(value: &Value) -> Result<String, EmitError> {
    to_yaml_as(value, Profile::KUBERNETES)
}

/// One document in the style of `profile`.
///
/// # Errors
/// See [`EmitError`].
pub fn to_yaml_as(value: &Value, profile: Profile) -> Result<String, EmitError> {
    let mut out = String::new();
    append_yaml(value, profile, &mut out)?;
    Ok(out)
}

/// Appends one document to `out`, which is empty or ends with a line break.
///
/// # Errors
/// See [`EmitError`]; `out` can hold a part of the document then.
pub fn append_yaml(value: &Value, profile: Profile, out: &mut String) -> Result<(), EmitError> {
    let mut emitter = Emitter { layout: Layout::new(out, profile), depth: 0 };
    emitter.node(value, Place::Root)?;
    emitter.layout.end_of_document();
    Ok(())
}

struct Emitter<'a> {
    layout: Layout<'a>,
    depth: usize,
}

impl Emitter<'_> {
    fn node(&mut self, value: &Value, place: Place) -> Result<(), EmitError> {
        match value {
            Value::List(list) if list.is_empty() => self.layout.empty_collection("[]"),
            Value::Map(map) if map.is_empty() => self.layout.empty_collection("{}"),
            Value::List(list) => return self.nested(|emitter| emitter.list(list, place)),
            Value::Map(map) => return self.nested(|emitter| emitter.map(map, place)),
            Value::String(text) => return self.layout.text(text, place),
            Value::Null => self.layout.word("null", place),
            Value::Bool(truth) => self.layout.word(if *truth { "true" } else { "false" }, place),
            Value::Int(number) => self.layout.word(&number.to_string(), place),
            Value::UInt(number) => self.layout.word(&number.to_string(), place),
            Value::Float(number) => {
                let text = scalar::float(*number, self.layout.profile());
                self.layout.word(&text, place);
            }
        }
        Ok(())
    }

    fn nested(&mut self, emit: impl FnOnce(&mut Self) -> Result<(), EmitError>) -> Result<(), EmitError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(EmitError::TooDeep);
        }
        emit(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn list(&mut self, list: &[Value], place: Place) -> Result<(), EmitError> {
        let outer = self.layout.enter_list(place);
        for item in list {
            self.layout.line("-");
            self.node(item, Place::Item)?;
        }
        self.layout.leave(outer);
        Ok(())
    }

    fn map(&mut self, map: &Map, place: Place) -> Result<(), EmitError> {
        let outer = self.layout.enter_map(place);
        for (key, value) in order::natural(map, self.layout.profile()) {
            if scalar::is_simple_key(key) {
                self.layout.indent();
                self.layout.text(key, Place::SimpleKey)?;
                self.layout.indicator(":", false, false);
            } else {
                self.layout.line("?");
                self.layout.text(key, Place::Key)?;
                self.layout.line(":");
            }
            self.node(value, Place::Value)?;
        }
        self.layout.leave(outer);
        Ok(())
    }
}
