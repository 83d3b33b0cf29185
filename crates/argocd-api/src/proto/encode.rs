//! From JSON to the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use value::{Map, Value};
use yaml::Rules;

use super::descriptors::{Descriptors, Field, Form, Message, Type};
use super::error::EncodeError;
use super::place::Place;
use super::special::mismatch;
use super::{MAX_DEPTH, writing};

impl Descriptors {
    /// The bytes of a message, as upstream's Go code writes them: fields by number, entries of maps by key.
    ///
    /// A name that no field has is taken for that of a field that differs in case only, as by Go; other unknown
    /// names are ignored.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn to_wire(&self, message: &Message, json: &Value) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        Encoder(self).message(Place::root(&message.name), message, json, &mut out)?;
        Ok(out)
    }
}

struct Encoder<'a>(&'a Descriptors);

impl Encoder<'_> {
    fn message(
        &self,
        place: Place<'_>,
        message: &Message,
        json: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        if place.depth > MAX_DEPTH {
            return Err(EncodeError::TooDeep { path: place.to_string() });
        }
        if let Some(special) = message.special {
            return special.write(place, json, out);
        }
        match json {
            Value::Null => self.fields(place, message, &Map::new(), out),
            Value::Map(map) => self.fields(place, message, map, out),
            other => Err(mismatch(place, "an object", other)),
        }
    }

    fn fields(
        &self,
        place: Place<'_>,
        message: &Message,
        map: &Map,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        message.fields.iter().try_for_each(|field| self.field(place, field, map, out))
    }

    fn field(
        &self,
        place: Place<'_>,
        field: &Field,
        map: &Map,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let place = place.name(&field.json_name);
        if let (Form::Inline | Form::InlinePointer, Type::Message(id)) = (field.form, field.r#type) {
            let inner = self.0.of(id);
            let is_given = inner.fields.iter().any(|field| lookup(map, &field.json_name).is_some());
            if is_given || field.form == Form::Inline {
                let mut bytes = Vec::new();
                self.fields(place, inner, map, &mut bytes)?;
                writing::bytes(out, field.number, &bytes);
            }
            return Ok(());
        }
        let given = lookup(map, &field.json_name);
        match (field.r#type, given.filter(|json| !json.is_null())) {
            (Type::Map(_), None) => Ok(()),
            (Type::Map(id), Some(Value::Map(entries))) => {
                let entry = self.0.of(id);
                entries.iter().try_for_each(|(key, value)| {
                    let mut bytes = Vec::new();
                    self.entry(place.name(key), entry, (key, value), &mut bytes)?;
                    writing::bytes(out, field.number, &bytes);
                    Ok(())
                })
            }
            (Type::Map(_), Some(other)) => Err(mismatch(place, "an object", other)),
            (_, None) if field.is_repeated => Ok(()),
            (_, Some(json)) if field.is_repeated => self.list(place, field, json, out),
            // A zero time is null in JSON though it is there.
            (Type::Message(id), None)
                if field.is_required && given.is_some() && self.0.of(id).is_special() =>
            {
                self.item(place, field, &Value::Null, out)
            }
            (_, None) if field.is_required => Err(EncodeError::Required { path: place.to_string() }),
            (_, None) if !field.form.is_always_written() => Ok(()),
            (_, json) => self.value(place, field, json.unwrap_or(&Value::Null), out),
        }
    }

    /// Key and value are written whatever they hold.
    fn entry(
        &self,
        place: Place<'_>,
        entry: &Message,
        (key, value): (&str, &Value),
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        for field in &entry.fields {
            match field.number {
                1 => writing::bytes(out, 1, key.as_bytes()),
                _ => self.item(place, field, value, out)?,
            }
        }
        Ok(())
    }

    fn list(
        &self,
        place: Place<'_>,
        field: &Field,
        json: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let items = json.as_list().ok_or_else(|| mismatch(place, "an array", json))?;
        for (index, item) in items.iter().enumerate() {
            self.item(place.at(index), field, item, out)?;
        }
        Ok(())
    }

    /// A field that is no list; of proto3 it is not written without a value.
    fn value(
        &self,
        place: Place<'_>,
        field: &Field,
        json: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        if field.form == Form::Yaml {
            return self.yaml(place, field, json, out);
        }
        let start = out.len();
        self.item(place, field, json, out)?;
        let is_zero = match field.r#type {
            Type::Text | Type::Bytes => json.as_str() == Some(""),
            Type::Flag => json.as_bool() == Some(false),
            Type::Int32 | Type::Int64 => json.as_i64() == Some(0),
            Type::Message(_) | Type::Map(_) => false,
        };
        if field.is_implicit && is_zero {
            out.truncate(start);
        }
        Ok(())
    }

    fn item(
        &self,
        place: Place<'_>,
        field: &Field,
        json: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let number = field.number;
        match (field.r#type, json) {
            (Type::Text | Type::Bytes, Value::Null) => writing::bytes(out, number, b""),
            (Type::Text, Value::String(text)) => writing::bytes(out, number, text.as_bytes()),
            (Type::Text, other) => return Err(mismatch(place, "a text", other)),
            (Type::Bytes, Value::String(text)) => {
                let bytes = BASE64.decode(text.as_bytes()).map_err(|_| EncodeError::Content {
                    path: place.to_string(),
                    expected: "base64",
                    found: json.kind(),
                })?;
                writing::bytes(out, number, &bytes);
            }
            (Type::Bytes, other) => return Err(mismatch(place, "a text", other)),
            (Type::Flag | Type::Int32 | Type::Int64, Value::Null) => writing::number(out, number, 0),
            (Type::Flag, Value::Bool(flag)) => writing::number(out, number, i64::from(*flag)),
            (Type::Flag, other) => return Err(mismatch(place, "true or false", other)),
            (Type::Int64, Value::Int(value)) => writing::number(out, number, *value),
            (Type::Int64, other) => return Err(mismatch(place, "a whole number of 64 bits", other)),
            (Type::Int32, Value::Int(value)) if i32::try_from(*value).is_ok() => {
                writing::number(out, number, *value);
            }
            (Type::Int32, other) => return Err(mismatch(place, "a whole number of 32 bits", other)),
            (Type::Message(id) | Type::Map(id), json) => {
                let mut bytes = Vec::new();
                self.message(place, self.0.of(id), json, &mut bytes)?;
                writing::bytes(out, number, &bytes);
            }
        }
        Ok(())
    }

    fn yaml(
        &self,
        place: Place<'_>,
        field: &Field,
        json: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let inner = match json {
            Value::Null => Value::Null,
            Value::String(text) => yaml::parse(text, Rules::V2)
                .map_err(|source| EncodeError::Yaml { path: place.to_string(), source })?,
            other => return Err(mismatch(place, "a text with YAML", other)),
        };
        self.item(place, field, &inner, out)
    }
}

fn lookup<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    map.get(name).or_else(|| {
        map.iter().find(|(key, _)| key.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}
