//! From a `FileDescriptorSet` to what is described. Numbers of fields are those of `descriptor.proto`.
//!
//! Only what methods need is taken, so that types that describe descriptors are none of the API's.

use std::collections::BTreeMap;

use apimachinery::protobuf::Error as WireError;
use apimachinery::protobuf::wire::{Field as Part, Fields, Wire};

use super::MAX_DEPTH;
use super::descriptors::{Descriptors, Field, Form, Message, MessageId, Method, Type};
use super::error::DescriptorError;
use super::http::{Binding, Body};
use super::special::Special;

/// `flamingo.form` of `go.proto`.
const FORM: u32 = 51_000;
/// `google.api.http`.
const HTTP: u32 = 72_295_728;

type Read<T> = Result<T, DescriptorError>;

impl Descriptors {
    /// Reads a `FileDescriptorSet`.
    pub(super) fn read(set: &[u8]) -> Read<Self> {
        let mut files = Files::default();
        for part in parts(set) {
            files.file(part?.1.bytes()?)?;
        }
        let mut read = Self { messages: Vec::new(), methods: Vec::new() };
        let mut known = BTreeMap::new();
        for (service, bytes) in &files.services {
            for part in parts(bytes) {
                if let (2, wire) = part? {
                    let method = read.method_of(&files, &mut known, (service, wire.bytes()?))?;
                    read.methods.push(method);
                }
            }
        }
        Ok(read)
    }

    fn method_of<'a>(
        &mut self,
        files: &Files<'a>,
        known: &mut BTreeMap<String, MessageId>,
        (service, bytes): (&str, &'a [u8]),
    ) -> Read<Method> {
        let mut method = Method {
            service: service.to_owned(),
            name: String::new(),
            input: MessageId(0),
            output: MessageId(0),
            client_streams: false,
            server_streams: false,
            bindings: Vec::new(),
            body: Body::Nothing,
        };
        for part in parts(bytes) {
            match part? {
                (1, wire) => method.name = wire.text()?,
                (2, wire) => method.input = self.message_of(files, known, &wire.text()?, 0)?,
                (3, wire) => method.output = self.message_of(files, known, &wire.text()?, 0)?,
                (4, wire) => {
                    for part in parts(wire.bytes()?) {
                        if let (HTTP, rule) = part? {
                            method.rule(rule.bytes()?, 0)?;
                        }
                    }
                }
                (5, wire) => method.client_streams = wire.number()? != 0,
                (6, wire) => method.server_streams = wire.number()? != 0,
                _ => {}
            }
        }
        Ok(method)
    }

    /// The message of a name that begins with a dot, and all that it needs.
    fn message_of(
        &mut self,
        files: &Files<'_>,
        known: &mut BTreeMap<String, MessageId>,
        name: &str,
        depth: usize,
    ) -> Read<MessageId> {
        let name = name.trim_start_matches('.');
        if let Some(id) = known.get(name) {
            return Ok(*id);
        }
        let source = files.messages.get(name).ok_or_else(|| DescriptorError::Unknown(name.to_owned()))?;
        if depth > MAX_DEPTH {
            return Err(DescriptorError::TooDeep(name.to_owned()));
        }
        let id = MessageId(self.messages.len());
        known.insert(name.to_owned(), id);
        self.messages.push(Message { name: name.to_owned(), fields: Vec::new(), special: Special::of(name) });
        let mut fields = Vec::new();
        for part in parts(source.bytes) {
            if let (2, wire) = part? {
                let described = Described::read(wire.bytes()?, name)?;
                let r#type = match described.message.as_deref() {
                    None => described.scalar(name)?,
                    Some(target) => {
                        let target_id = self.message_of(files, known, target, depth + 1)?;
                        let target = files.messages.get(target.trim_start_matches('.'));
                        match target {
                            Some(target) if target.is_map_entry => Type::Map(target_id),
                            _ => Type::Message(target_id),
                        }
                    }
                };
                fields.push(described.field(r#type, source.is_proto3));
            }
        }
        fields.sort_by_key(|field: &Field| field.number);
        self.messages[id.0].fields = fields;
        Ok(id)
    }
}

impl Method {
    fn rule(&mut self, bytes: &[u8], depth: usize) -> Read<()> {
        if depth > MAX_DEPTH {
            return Err(DescriptorError::TooDeep(self.name.clone()));
        }
        for part in parts(bytes) {
            let (number, wire) = part?;
            let verb = match number {
                2 => "GET",
                3 => "PUT",
                4 => "POST",
                5 => "DELETE",
                6 => "PATCH",
                7 => {
                    let body = wire.text()?;
                    self.body = if body == "*" { Body::Request } else { Body::Field(body) };
                    continue;
                }
                11 => {
                    self.rule(wire.bytes()?, depth + 1)?;
                    continue;
                }
                _ => continue,
            };
            self.bindings.push(Binding { verb, template: wire.text()? });
        }
        Ok(())
    }
}

/// What files hold, by full name.
#[derive(Default)]
struct Files<'a> {
    messages: BTreeMap<String, Source<'a>>,
    services: Vec<(String, &'a [u8])>,
}

struct Source<'a> {
    bytes: &'a [u8],
    is_proto3: bool,
    is_map_entry: bool,
}

impl<'a> Files<'a> {
    fn file(&mut self, bytes: &'a [u8]) -> Read<()> {
        let (mut package, mut is_proto3) = (String::new(), false);
        let (mut messages, mut services) = (Vec::new(), Vec::new());
        for part in parts(bytes) {
            match part? {
                (2, wire) => package = wire.text()?,
                (4, wire) => messages.push(wire.bytes()?),
                (6, wire) => services.push(wire.bytes()?),
                (12, wire) => is_proto3 = wire.text()? == "proto3",
                _ => {}
            }
        }
        for bytes in messages {
            self.message(bytes, &package, is_proto3, 0)?;
        }
        for bytes in services {
            self.services.push((format!("{package}.{}", name_of(bytes)?), bytes));
        }
        Ok(())
    }

    fn message(&mut self, bytes: &'a [u8], scope: &str, is_proto3: bool, depth: usize) -> Read<()> {
        let name = format!("{scope}.{}", name_of(bytes)?);
        if depth > MAX_DEPTH {
            return Err(DescriptorError::TooDeep(name));
        }
        let mut is_map_entry = false;
        for part in parts(bytes) {
            match part? {
                (3, wire) => self.message(wire.bytes()?, &name, is_proto3, depth + 1)?,
                (7, wire) => {
                    for part in parts(wire.bytes()?) {
                        if let (7, wire) = part? {
                            is_map_entry = wire.number()? != 0;
                        }
                    }
                }
                _ => {}
            }
        }
        self.messages.insert(name, Source { bytes, is_proto3, is_map_entry });
        Ok(())
    }
}

/// A `FieldDescriptorProto`.
struct Described {
    name: String,
    json_name: String,
    number: u32,
    label: u64,
    r#type: u64,
    message: Option<String>,
    form: Form,
}

impl Described {
    fn read(bytes: &[u8], message: &str) -> Read<Self> {
        let mut read = Self {
            name: String::new(),
            json_name: String::new(),
            number: 0,
            label: 0,
            r#type: 0,
            message: None,
            form: Form::Pointer,
        };
        let mut form = 0;
        for part in parts(bytes) {
            match part? {
                (1, wire) => read.name = wire.text()?,
                (3, wire) => read.number = u32::try_from(wire.number()?).unwrap_or_default(),
                (4, wire) => read.label = wire.number()?,
                (5, wire) => read.r#type = wire.number()?,
                (6, wire) => read.message = Some(wire.text()?),
                (8, wire) => {
                    for part in parts(wire.bytes()?) {
                        if let (FORM, wire) = part? {
                            form = wire.number()?;
                        }
                    }
                }
                (10, wire) => read.json_name = wire.text()?,
                _ => {}
            }
        }
        let field = || format!("{message}.{}", read.name);
        read.form = form_of(form).ok_or_else(|| DescriptorError::Form { field: field(), number: form })?;
        Ok(read)
    }

    fn scalar(&self, message: &str) -> Read<Type> {
        Ok(match self.r#type {
            3 => Type::Int64,
            5 => Type::Int32,
            8 => Type::Flag,
            9 => Type::Text,
            12 => Type::Bytes,
            number => {
                return Err(DescriptorError::Type { field: format!("{message}.{}", self.name), number });
            }
        })
    }

    fn field(self, r#type: Type, is_proto3: bool) -> Field {
        let is_repeated = self.label == 3;
        Field {
            name: self.name,
            json_name: self.json_name,
            number: self.number,
            r#type,
            form: self.form,
            is_required: self.label == 2,
            is_repeated,
            is_implicit: is_proto3 && !is_repeated && !matches!(r#type, Type::Message(_)),
        }
    }
}

fn form_of(number: u64) -> Option<Form> {
    const FORMS: [Form; 9] = [
        Form::Pointer,
        Form::Null,
        Form::Value,
        Form::Kept,
        Form::OmitZero,
        Form::Inline,
        Form::InlinePointer,
        Form::Empty,
        Form::Yaml,
    ];
    FORMS.get(usize::try_from(number).ok()?).copied()
}

/// The first field of messages, fields, services and methods.
fn name_of(bytes: &[u8]) -> Read<String> {
    for part in parts(bytes) {
        if let (1, wire) = part? {
            return wire.text();
        }
    }
    Ok(String::new())
}

/// The content of a field of a descriptor.
struct Content<'a> {
    number: u32,
    wire: Wire<'a>,
}

fn parts(bytes: &[u8]) -> impl Iterator<Item = Read<(u32, Content<'_>)>> {
    Fields::of(bytes).map(|part| {
        let Part { number, wire } = part?;
        Ok((number, Content { number, wire }))
    })
}

impl<'a> Content<'a> {
    fn bytes(&self) -> Read<&'a [u8]> {
        match self.wire {
            Wire::Bytes(bytes) => Ok(bytes),
            _ => Err(self.damaged()),
        }
    }

    fn number(&self) -> Read<u64> {
        match self.wire {
            Wire::Varint(number) => Ok(number),
            _ => Err(self.damaged()),
        }
    }

    fn text(&self) -> Read<String> {
        std::str::from_utf8(self.bytes()?).map(str::to_owned).map_err(|_| self.damaged())
    }

    fn damaged(&self) -> DescriptorError {
        WireError::Damaged { field: self.number }.into()
    }
}
