//! Reading fields of plain objects.

use thiserror::Error;
use value::Value;

/// A field whose value is not what its kind asks for. The API server's validation lets none through.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{path}: {problem}")]
pub struct FieldError {
    /// The path in the object.
    pub path: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

/// Typed access to the fields below one path of an object.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    value: Option<&'a Value>,
    path: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(object: &'a Value, field: &str) -> Self {
        Self { value: object.get(field).filter(|value| !value.is_null()), path: field.to_owned() }
    }

    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.value
    }

    pub(crate) fn at(&self, field: &str) -> Self {
        let value = self.value.and_then(|value| value.get(field)).filter(|value| !value.is_null());
        Self { value, path: format!("{}.{field}", self.path) }
    }

    pub(crate) fn text(&self, field: &str) -> Result<String, FieldError> {
        self.read(field, "a text", Value::as_str).map(|text| text.map(str::to_owned).unwrap_or_default())
    }

    pub(crate) fn flag(&self, field: &str) -> Result<bool, FieldError> {
        Ok(self.choice(field)?.unwrap_or(false))
    }

    pub(crate) fn choice(&self, field: &str) -> Result<Option<bool>, FieldError> {
        self.read(field, "true or false", Value::as_bool)
    }

    pub(crate) fn number(&self, field: &str) -> Result<Option<i64>, FieldError> {
        self.read(field, "a whole number", Value::as_i64)
    }

    pub(crate) fn texts(&self, field: &str) -> Result<Vec<String>, FieldError> {
        self.each(field, |item| {
            let text = item.value.and_then(Value::as_str).map(str::to_owned);
            text.ok_or_else(|| item.error("is no text"))
        })
    }

    /// Texts by name, in the order of the object.
    pub(crate) fn text_map(&self, field: &str) -> Result<Vec<(String, String)>, FieldError> {
        let Some(map) = self.read(field, "a map of texts", Value::as_map)? else { return Ok(Vec::new()) };
        let entry = |(key, value): (&value::Key, &Value)| {
            let text = value.as_str().map(str::to_owned);
            let text = text.ok_or_else(|| self.at(field).at(key.as_str()).error("is no text"))?;
            Ok((key.to_string(), text))
        };
        map.iter().map(entry).collect()
    }

    pub(crate) fn each<T>(
        &self,
        field: &str,
        read: impl Fn(&Fields<'a>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        let items = self.read(field, "a list", Value::as_list)?.unwrap_or_default();
        let item =
            |(at, value)| read(&Self { value: Some(value), path: format!("{}.{field}[{at}]", self.path) });
        items.iter().enumerate().map(item).collect()
    }

    pub(crate) fn error(&self, problem: &str) -> FieldError {
        FieldError { path: self.path.clone(), problem: problem.to_owned() }
    }

    fn read<T>(
        &self,
        field: &str,
        wanted: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        let field = self.at(field);
        let Some(value) = field.value else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| field.error(&format!("{value} is not {wanted}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_type_is_named() {
        let object = value::from_json(br#"{"spec":{"a":[{"b":1}]}}"#).expect("valid");
        let read = Fields::of(&object, "spec").each("a", |item| item.text("b"));
        assert_eq!(read.expect_err("no text").to_string(), "spec.a[0].b: 1 is not a text");
    }
}
