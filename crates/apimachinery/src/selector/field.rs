//! Field selectors.

use std::fmt;

use thiserror::Error;
use value::Value;

/// A conjunction of comparisons of fields with texts, such as `metadata.name=x,status.phase!=Running`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: String,
    equal: bool,
    value: String,
}

/// A field selector that the API server refuses.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FieldSelectorError {
    /// A term without `=`, `==` or `!=`.
    #[error("invalid selector: '{selector}'; can't understand '{term}'")]
    Term {
        /// The whole text.
        selector: String,
        /// The term.
        term: String,
    },
    /// A backslash before a character that needs none.
    #[error("invalid field selector: invalid escape sequence: {0}")]
    Escape(String),
}

impl FieldSelector {
    /// Parses a field selector. Empty text selects everything; `\`, `,` and `=` in a value are escaped
    /// with a backslash.
    ///
    /// # Errors
    /// Terms without an operator, and unknown escapes.
    pub fn parse(text: &str) -> Result<Self, FieldSelectorError> {
        let mut terms = Vec::new();
        for term in split_terms(text).into_iter().filter(|term| !term.is_empty()) {
            let refused = || FieldSelectorError::Term { selector: text.to_owned(), term: term.to_owned() };
            let (field, equal, value) = split_term(term).ok_or_else(refused)?;
            terms.push(Term { field: field.to_owned(), equal, value: unescape(value)? });
        }
        Ok(Self { terms })
    }

    /// Whether everything is selected.
    pub fn is_everything(&self) -> bool {
        self.terms.is_empty()
    }

    /// The fields that are compared, so that a server can refuse those that it does not index.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| term.field.as_str())
    }

    /// The text that a field must equal, if the selector says so. Lists and watches use it to look up
    /// `metadata.name` and `metadata.namespace`.
    pub fn exact(&self, field: &str) -> Option<&str> {
        self.terms.iter().find(|term| term.equal && term.field == field).map(|term| term.value.as_str())
    }

    /// Whether an object is selected. An absent field is the empty text, booleans and numbers compare
    /// with their JSON form, as in the field sets of the API server.
    pub fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|term| {
            let found = term.field.split('.').try_fold(object, |value, key| value.get(key));
            let text = match found {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.to_string(),
                Some(other) => other.to_string(),
            };
            (text == term.value) == term.equal
        })
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            let value = term.value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
            let (comma, operator) = (if at == 0 { "" } else { "," }, if term.equal { "=" } else { "!=" });
            write!(f, "{comma}{}{operator}{value}", term.field)?;
        }
        Ok(())
    }
}

fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == ',' {
            terms.push(&text[start..at]);
            start = at + 1;
        }
    }
    terms.push(&text[start..]);
    terms
}

/// The first operator of the term splits it.
fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    (0..term.len()).filter(|at| term.is_char_boundary(*at)).find_map(|at| {
        let rest = &term[at..];
        let (operator, equal) = [("!=", false), ("==", true), ("=", true)]
            .into_iter()
            .find(|(operator, _)| rest.starts_with(operator))?;
        Some((&term[..at], equal, &rest[operator.len()..]))
    })
}

fn unescape(value: &str) -> Result<String, FieldSelectorError> {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some(c @ ('\\' | ',' | '=')) => text.push(c),
                other => {
                    let sequence = other.map_or_else(|| "\\".to_owned(), |c| format!("\\{c}"));
                    return Err(FieldSelectorError::Escape(sequence));
                }
            },
            ',' | '=' => return Err(FieldSelectorError::Escape(format!("unescaped {c} in {value}"))),
            c => text.push(c),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_select() {
        let object =
            value::from_json(br#"{"metadata":{"name":"a,b"},"spec":{"unschedulable":true}}"#).unwrap();
        for selector in ["", r"metadata.name=a\,b", "metadata.name!=x", "spec.unschedulable==true", "x.y="] {
            assert!(FieldSelector::parse(selector).unwrap().matches(&object), "{selector}");
        }
        for selector in ["metadata.name=a", "metadata.name!=a\\,b", "x.y!="] {
            assert!(!FieldSelector::parse(selector).unwrap().matches(&object), "{selector}");
        }
        let selector = FieldSelector::parse(r"metadata.name=a\,b,x!=y").unwrap();
        assert_eq!(selector.exact("metadata.name"), Some("a,b"));
        assert_eq!(selector.to_string(), r"metadata.name=a\,b,x!=y");
        assert_eq!(selector.fields().collect::<Vec<_>>(), ["metadata.name", "x"]);
    }

    #[test]
    fn refusals_have_the_servers_words() {
        let error = FieldSelector::parse("a=b,c").unwrap_err();
        assert_eq!(error.to_string(), "invalid selector: 'a=b,c'; can't understand 'c'");
        assert!(FieldSelector::parse(r"a=\x").is_err());
    }
}
