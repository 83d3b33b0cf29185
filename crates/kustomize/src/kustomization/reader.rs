//! Reading typed fields as Go's `encoding/json` does with unknown fields disallowed.

use thiserror::Error;
use value::{Key, Map, Value};

/// A field that is not of its type, or that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// A field of another type.
    #[error("json: cannot unmarshal {found} into field {field}: it must be {expected}")]
    Type {
        /// The field with the way to it, such as `images[0].newTag`.
        field: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: value::Kind,
    },
    /// A field that does not exist.
    #[error("json: unknown field {name:?}{}; correct the spelling or remove it", .within.as_ref().map(|of| format!(" in {of}")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// The field that it was found in.
        within: Option<String>,
    },
}

/// Fields of one mapping.
pub(crate) struct Reader<'a> {
    map: Option<&'a Map>,
    path: String,
    is_strict: bool,
    known: Vec<&'static str>,
}

type Result<T> = std::result::Result<T, ReadError>;

impl<'a> Reader<'a> {
    /// Of a whole file, in which fields that do not exist are an error.
    ///
    /// # Errors
    /// It is not a mapping.
    pub(crate) fn strict(value: &'a Value) -> Result<Self> {
        Self::new(value, String::new(), true)
    }

    /// Of the configuration of a plugin, in which other fields are ignored.
    ///
    /// # Errors
    /// It is not a mapping.
    pub(crate) fn lenient(value: &'a Value) -> Result<Self> {
        Self::new(value, String::new(), false)
    }

    fn new(value: &'a Value, path: String, is_strict: bool) -> Result<Self> {
        let map = match value {
            Value::Null => None,
            Value::Map(map) => Some(&**map),
            other => return Err(wrong(&path, "a mapping", other)),
        };
        Ok(Self { map, path, is_strict, known: Vec::new() })
    }

    /// The value of a field; null is none. Go matches names whatever their case.
    fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        let map = self.map?;
        let found = map.get(name).or_else(|| {
            let same = |(key, _): &(&Key, &Value)| key.eq_ignore_ascii_case(name);
            map.iter().find(same).map(|(_, value)| value)
        });
        found.filter(|value| !value.is_null())
    }

    /// Whether a field is there, and not null.
    pub(crate) fn has(&mut self, name: &'static str) -> bool {
        self.take(name).is_some()
    }

    fn field(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<String> {
        Ok(self.optional_text(name)?.unwrap_or_default())
    }

    pub(crate) fn optional_text(&mut self, name: &'static str) -> Result<Option<String>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        as_text(value, || self.field(name)).map(Some)
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool> {
        let Some(value) = self.take(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| wrong(&self.field(name), "true or false", value))
    }

    pub(crate) fn integer(&mut self, name: &'static str) -> Result<i64> {
        let Some(value) = self.take(name) else { return Ok(0) };
        value.as_i64().ok_or_else(|| wrong(&self.field(name), "an integer", value))
    }

    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Vec<String>> {
        let Some(value) = self.take(name) else { return Ok(Vec::new()) };
        let list = value.as_list().ok_or_else(|| wrong(&self.field(name), "a list of texts", value))?;
        let text = |(at, item)| match item {
            &Value::Null => Ok(String::new()),
            item => as_text(item, || format!("{}[{at}]", self.field(name))),
        };
        list.iter().enumerate().map(text).collect()
    }

    /// The entries of a map of texts.
    pub(crate) fn pairs(&mut self, name: &'static str) -> Result<Option<Vec<(String, String)>>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let map = value.as_map().ok_or_else(|| wrong(&self.field(name), "a mapping of texts", value))?;
        let pair = |(key, item): (&Key, &Value)| match item {
            Value::Null => Ok((key.to_string(), String::new())),
            item => Ok((key.to_string(), as_text(item, || format!("{}.{key}", self.field(name)))?)),
        };
        map.iter().map(pair).collect::<Result<_>>().map(Some)
    }

    /// A map of anything.
    pub(crate) fn data(&mut self, name: &'static str) -> Result<Option<Value>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match value {
            Value::Map(_) => Ok(Some(value.clone())),
            other => Err(wrong(&self.field(name), "a mapping", other)),
        }
    }

    /// A mapping of its own.
    pub(crate) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        read_one(value, self.field(name), self.is_strict, read).map(Some)
    }

    /// The entries of a map of mappings, each with a reader of its own.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, Reader<'a>)>> {
        let entry = |(key, value): (&'a Key, &'a Value)| {
            Ok((&**key, Self::new(value, self.field(key), self.is_strict)?))
        };
        self.map.into_iter().flatten().map(entry).collect()
    }

    /// All that the reader reads.
    pub(crate) fn value(&self) -> Value {
        self.map.map_or(Value::Null, |map| Value::from(map.clone()))
    }

    /// A text, or nothing where the field is something else.
    pub(crate) fn text_if_any(&mut self, name: &'static str) -> Option<&'a str> {
        self.take(name).and_then(Value::as_str)
    }

    /// A list of mappings; `None` where the field is absent.
    pub(crate) fn optional_items<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let list = value.as_list().ok_or_else(|| wrong(&self.field(name), "a list", value))?;
        let one = |(at, item)| read_one(item, format!("{}[{at}]", self.field(name)), self.is_strict, &read);
        list.iter().enumerate().map(one).collect::<Result<_>>().map(Some)
    }

    /// A list of mappings.
    pub(crate) fn items<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Reader<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        Ok(self.optional_items(name, read)?.unwrap_or_default())
    }

    /// Complains about fields that were not asked for.
    ///
    /// # Errors
    /// There is one, and the reader is strict.
    pub(crate) fn finish(self) -> Result<()> {
        let Some(map) = self.map.filter(|_| self.is_strict) else { return Ok(()) };
        let is_known = |key: &&Key| self.known.iter().any(|known| known.eq_ignore_ascii_case(key));
        match map.keys().find(|key| !is_known(key)) {
            None => Ok(()),
            Some(unknown) => Err(ReadError::Unknown {
                name: unknown.to_string(),
                within: Some(self.path).filter(|path| !path.is_empty()),
            }),
        }
    }
}

/// Reads one mapping of a list in a file of its own.
///
/// # Errors
/// As `read`.
pub(crate) fn read_lenient<'a, T>(
    value: &'a Value,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
) -> Result<T> {
    read_one(value, String::new(), false, read)
}

fn read_one<'a, T>(
    value: &'a Value,
    path: String,
    is_strict: bool,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
) -> Result<T> {
    let mut reader = Reader::new(value, path, is_strict)?;
    let read = read(&mut reader)?;
    reader.finish()?;
    Ok(read)
}

fn as_text(value: &Value, field: impl FnOnce() -> String) -> Result<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        let field = field();
        wrong(&field, "a text; put it in quotes", value)
    })
}

fn wrong(field: &str, expected: &'static str, found: &Value) -> ReadError {
    let field = if field.is_empty() { "the file".to_owned() } else { field.to_owned() };
    ReadError::Type { field, expected, found: found.kind() }
}
