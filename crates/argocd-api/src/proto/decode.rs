//! From the wire to JSON.

use apimachinery::protobuf::Error as WireError;
use apimachinery::protobuf::wire::{self, Field as Part, Fields, Wire};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use value::{Key, Map, Value};

use super::MAX_DEPTH;
use super::descriptors::{Descriptors, Field, Form, Message, Type};
use super::error::DecodeError;
use super::place::Place;

/// So many values a message may have beyond one for each of its bytes. Whatever is written takes two bytes at
/// least; only what is not written and shown all the same costs none.
const UNWRITTEN: usize = 1024;

impl Descriptors {
    /// The JSON of a message.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn to_json(&self, message: &Message, bytes: &[u8]) -> Result<Value, DecodeError> {
        let mut decoder = Decoder { all: self, bytes: bytes.len(), left: bytes.len() + UNWRITTEN };
        decoder.message(Place::root(&message.name), message, bytes)
    }
}

struct Decoder<'a> {
    all: &'a Descriptors,
    bytes: usize,
    /// Values that may still be made.
    left: usize,
}

/// What was found of a field so far.
enum Held {
    Nothing,
    Value(Value),
    /// A message that comes in several parts is what the parts say together.
    Message(Vec<u8>),
    List(Vec<Value>),
    /// Entries in the order of the message; of equal keys the last one counts.
    Map(Vec<(Key, Value)>),
}

impl Decoder<'_> {
    fn message(&mut self, place: Place<'_>, message: &Message, bytes: &[u8]) -> Result<Value, DecodeError> {
        if place.depth > MAX_DEPTH {
            return Err(WireError::TooDeep.into());
        }
        match message.special {
            Some(special) => Ok(special.read(bytes, place)?),
            None => self.fields(place, message, bytes).map(Value::from),
        }
    }

    fn fields(&mut self, place: Place<'_>, message: &Message, bytes: &[u8]) -> Result<Map, DecodeError> {
        let all = self.held(message, bytes, |field| place.name(&field.json_name))?;
        let mut map = Map::new();
        for (field, held) in message.fields.iter().zip(all) {
            self.show(place.name(&field.json_name), field, held, &mut map)?;
        }
        Ok(map)
    }

    /// What is found of each field, in the order of the fields.
    fn held<'p>(
        &mut self,
        message: &'p Message,
        bytes: &[u8],
        place: impl Fn(&'p Field) -> Place<'p>,
    ) -> Result<Vec<Held>, DecodeError> {
        let mut all: Vec<Held> = message.fields.iter().map(|_| Held::Nothing).collect();
        for part in Fields::of(bytes) {
            let Part { number, wire } = part?;
            // A client may know fields that came later.
            let Ok(at) = message.fields.binary_search_by_key(&number, |field| field.number) else { continue };
            let field = &message.fields[at];
            self.collect(place(field), field, wire, &mut all[at])?;
        }
        Ok(all)
    }

    fn collect(
        &mut self,
        place: Place<'_>,
        field: &Field,
        wire: Wire<'_>,
        held: &mut Held,
    ) -> Result<(), DecodeError> {
        match (field.r#type, &wire) {
            (Type::Map(id), Wire::Bytes(bytes)) => {
                let entry = self.entry(place, self.all.of(id), bytes)?;
                match held {
                    Held::Map(entries) => entries.push(entry),
                    held => *held = Held::Map(vec![entry]),
                }
            }
            (Type::Flag | Type::Int32 | Type::Int64, Wire::Bytes(packed)) if field.is_repeated => {
                for number in wire::packed(packed) {
                    let value = self.scalar(place, field.r#type, &Wire::Varint(number?))?;
                    push(held, value);
                }
            }
            (Type::Message(id), Wire::Bytes(bytes)) if field.is_repeated => {
                self.count(place)?;
                let index = if let Held::List(list) = held { list.len() } else { 0 };
                push(held, self.message(place.at(index), self.all.of(id), bytes)?);
            }
            (Type::Message(_), Wire::Bytes(bytes)) => match held {
                Held::Message(parts) => parts.extend_from_slice(bytes),
                held => *held = Held::Message(bytes.to_vec()),
            },
            (r#type, wire) => {
                let value = self.scalar(place, r#type, wire)?;
                match field.is_repeated {
                    true => push(held, value),
                    false => *held = Held::Value(value),
                }
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        place: Place<'_>,
        entry: &Message,
        bytes: &[u8],
    ) -> Result<(Key, Value), DecodeError> {
        let all = self.held(entry, bytes, |_| place)?;
        let (mut key, mut value) = (Value::Null, Value::Null);
        for (field, held) in entry.fields.iter().zip(all) {
            let target = if field.number == 1 { &mut key } else { &mut value };
            *target = self.value(place, field, held)?;
        }
        Ok((Key::from(key.as_str().unwrap_or_default()), value))
    }

    fn scalar(&mut self, place: Place<'_>, r#type: Type, wire: &Wire<'_>) -> Result<Value, DecodeError> {
        self.count(place)?;
        let content = || WireError::Content { path: place.to_string() };
        Ok(match (r#type, wire) {
            (Type::Text, Wire::Bytes(bytes)) => std::str::from_utf8(bytes).map_err(|_| content())?.into(),
            (Type::Bytes, Wire::Bytes(bytes)) => BASE64.encode(bytes).into(),
            (Type::Flag, Wire::Varint(number)) => (*number != 0).into(),
            (Type::Int64, Wire::Varint(number)) => number.cast_signed().into(),
            // What does not fit is cut off, as by Go.
            (Type::Int32, Wire::Varint(number)) => i64::from(*number as i32).into(),
            _ => return Err(content().into()),
        })
    }

    /// What a field that is no list holds, or its zero.
    fn value(&mut self, place: Place<'_>, field: &Field, held: Held) -> Result<Value, DecodeError> {
        self.count(place)?;
        match (field.r#type, held) {
            (Type::Message(id), Held::Message(bytes)) => self.message(place, self.all.of(id), &bytes),
            (Type::Message(id), _) => self.message(place, self.all.of(id), &[]),
            (_, Held::Value(value)) => Ok(value),
            (Type::Text | Type::Bytes, _) => Ok("".into()),
            (Type::Flag, _) => Ok(false.into()),
            (Type::Int32 | Type::Int64, _) => Ok(0.into()),
            (Type::Map(_), _) => Ok(Value::map()),
        }
    }

    /// Puts a field where JSON has it.
    fn show(
        &mut self,
        place: Place<'_>,
        field: &Field,
        held: Held,
        map: &mut Map,
    ) -> Result<(), DecodeError> {
        let name = field.json_name.as_str();
        let is_there = !matches!(held, Held::Nothing);
        if field.is_repeated {
            let value = match (held, field.form) {
                (Held::List(list), _) => list.into(),
                (Held::Map(entries), _) => Value::map_of(entries),
                (_, Form::Kept) => Value::Null,
                (_, Form::Empty) if field.is_list() => Vec::new().into(),
                (_, Form::Empty) => Value::map(),
                _ => return Ok(()),
            };
            map.insert(name, value);
            return Ok(());
        }
        if field.is_required && !is_there {
            return Err(DecodeError::Required { path: place.to_string() });
        }
        match (field.form, is_there) {
            (Form::Null, false) => drop(map.insert(name, Value::Null)),
            (Form::Inline, _) | (Form::InlinePointer, true) => {
                let Type::Message(id) = field.r#type else { return Ok(()) };
                let bytes = if let Held::Message(bytes) = held { bytes } else { Vec::new() };
                map.extend(self.fields(place, self.all.of(id), &bytes)?);
            }
            (Form::Pointer | Form::InlinePointer | Form::Empty, false) => {}
            (form, _) => {
                let value = self.value(place, field, held)?;
                if let Some(value) = shown(place, field, form, value)? {
                    map.insert(name, value);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, place: Place<'_>) -> Result<(), DecodeError> {
        let too_large = || DecodeError::TooLarge { path: place.to_string(), bytes: self.bytes };
        self.left = self.left.checked_sub(1).ok_or_else(too_large)?;
        Ok(())
    }
}

/// The JSON of a value, where it has any.
fn shown(place: Place<'_>, field: &Field, form: Form, value: Value) -> Result<Option<Value>, DecodeError> {
    let is_zero = match &value {
        Value::Null | Value::Int(0) | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    };
    let is_message = matches!(field.r#type, Type::Message(_));
    Ok(match form {
        Form::Yaml => {
            let text = yaml::to_yaml(&value)
                .map_err(|source| DecodeError::Yaml { path: place.to_string(), source })?;
            Some(text.into())
        }
        Form::OmitZero if is_zero => None,
        Form::Value if is_zero && !is_message => None,
        // Bytes are a slice to Go, and a number or text of proto3 is no pointer.
        Form::Pointer if is_zero && (field.is_implicit || field.r#type == Type::Bytes) => None,
        _ => Some(value),
    })
}

fn push(held: &mut Held, value: Value) {
    match held {
        Held::List(list) => list.push(value),
        held => *held = Held::List(vec![value]),
    }
}
