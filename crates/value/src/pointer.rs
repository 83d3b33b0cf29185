//! JSON pointers (RFC 6901).

use std::fmt;

use thiserror::Error;

use crate::Value;

/// A parsed JSON pointer: the reference tokens, unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(pub Vec<String>);

/// A text that is not a JSON pointer.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PointerError {
    /// A non-empty pointer starts with a slash.
    #[error("JSON pointer {0:?} does not start with '/'")]
    NoLeadingSlash(String),
}

impl Pointer {
    /// Parses a pointer such as `/metadata/annotations/a~1b`.
    ///
    /// # Errors
    /// [`PointerError::NoLeadingSlash`] for a non-empty text that does not start with `/`.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let rest = text.strip_prefix('/').ok_or_else(|| PointerError::NoLeadingSlash(text.to_owned()))?;
        Ok(Self(rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect()))
    }

    /// The value that the pointer names in `root`.
    pub fn get<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(root, |value, token| match value {
            Value::Map(map) => map.get(token),
            Value::List(list) => list.get(index(token)?),
            _ => None,
        })
    }

    /// Takes the value out of `root`; `None`, and no change, where it does not exist.
    pub fn remove(&self, root: &mut Value) -> Option<Value> {
        self.get(root)?;
        let (last, parents) = self.0.split_last()?;
        let mut at = root;
        for token in parents {
            at = match at {
                Value::Map(_) => at.as_map_mut()?.get_mut(token)?,
                Value::List(_) => at.as_list_mut()?.get_mut(index(token)?)?,
                _ => return None,
            };
        }
        match at {
            Value::Map(_) => at.as_map_mut()?.remove(last),
            Value::List(_) => Some(at.as_list_mut()?.remove(index(last)?)),
            _ => None,
        }
    }
}

/// RFC 6901 §4: digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || (!token.starts_with('0') && !token.is_empty());
    (canonical && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok())?
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_only_what_exists() {
        let mut root = Value::map_of([("a", Value::list_of([1, 2, 3]))]);
        let pointer = |text: &str| Pointer::parse(text).expect(text);
        assert_eq!(pointer("/a/1").remove(&mut root), Some(Value::Int(2)));
        assert_eq!(pointer("/a/7").remove(&mut root), None);
        assert_eq!(pointer("/b/c").remove(&mut root), None);
        assert_eq!(root.to_string(), r#"{"a":[1,3]}"#);
    }
}
