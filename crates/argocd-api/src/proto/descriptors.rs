//! What messages and methods there are.

use super::http::{Binding, Body};

/// The messages and methods of the API.
#[derive(Debug)]
pub struct Descriptors {
    pub(super) messages: Vec<Message>,
    pub(super) methods: Vec<Method>,
}

/// A message.
#[derive(Debug)]
pub struct Message {
    pub(super) name: String,
    /// By number.
    pub(super) fields: Vec<Field>,
    pub(super) special: Option<super::special::Special>,
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    pub(super) name: String,
    pub(super) json_name: String,
    pub(super) number: u32,
    pub(super) r#type: Type,
    pub(super) form: Form,
    pub(super) is_required: bool,
    pub(super) is_repeated: bool,
    /// Of proto3: without a value it is not written.
    pub(super) is_implicit: bool,
}

/// What a field, or an item of it, holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A text in UTF-8.
    Text,
    /// A truth value.
    Flag,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// Bytes; base64 in JSON.
    Bytes,
    /// A message.
    Message(MessageId),
    /// Entries by text; the message is that of an entry, with key and value.
    Map(MessageId),
}

/// A message of [`Descriptors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId(pub(super) usize);

/// How upstream's Go type holds a field; `proto/go.proto` says what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A pointer.
    Pointer,
    /// A pointer that is null in JSON where there is nothing.
    Null,
    /// No pointer; a zero is not in JSON.
    Value,
    /// Always in JSON.
    Kept,
    /// A message that is in JSON where there is something in it.
    OmitZero,
    /// Its fields stand among those around it in JSON.
    Inline,
    /// The same by pointer.
    InlinePointer,
    /// A list or map that is written in JSON though nothing is in it.
    Empty,
    /// A text with YAML in JSON.
    Yaml,
}

impl Form {
    /// Whether the field is on the wire whatever it holds.
    pub(super) fn is_always_written(self) -> bool {
        matches!(self, Self::Value | Self::Kept | Self::OmitZero | Self::Inline | Self::Yaml)
    }
}

/// A method of a service.
#[derive(Debug)]
pub struct Method {
    pub(super) service: String,
    pub(super) name: String,
    pub(super) input: MessageId,
    pub(super) output: MessageId,
    pub(super) client_streams: bool,
    pub(super) server_streams: bool,
    pub(super) bindings: Vec<Binding>,
    pub(super) body: Body,
}

impl Descriptors {
    /// All methods, service by service.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The method that gRPC calls by a path (`/application.ApplicationService/Get`).
    pub fn method(&self, path: &str) -> Option<&Method> {
        let (service, name) = path.strip_prefix('/')?.split_once('/')?;
        self.methods.iter().find(|method| method.service == service && method.name == name)
    }

    /// The method that REST calls by a verb and a path, or by the template of a path.
    pub fn rest(&self, verb: &str, path: &str) -> Option<&Method> {
        let is_called = |method: &&Method| {
            method.bindings.iter().any(|binding| binding.verb == verb && binding.variables(path).is_some())
        };
        self.methods.iter().find(is_called)
    }

    /// All messages that a method needs.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// A message by its full name.
    pub fn message(&self, name: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.name == name)
    }

    /// A message that a field or method names.
    pub fn of(&self, id: MessageId) -> &Message {
        &self.messages[id.0]
    }
}

impl Message {
    /// With its package (`application.ApplicationQuery`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its fields, by number.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether JSON has another form for it than an object of its fields.
    pub fn is_special(&self) -> bool {
        self.special.is_some()
    }

    /// A field by its name in JSON.
    pub fn field(&self, json_name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.json_name == json_name)
    }
}

impl Field {
    /// The name in protobuf.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name in JSON; without meaning where the fields of the message stand among those around it.
    pub fn json_name(&self) -> &str {
        &self.json_name
    }

    /// What it, or an item of it, holds.
    pub fn r#type(&self) -> Type {
        self.r#type
    }

    /// How Go holds it.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        self.is_repeated && !matches!(self.r#type, Type::Map(_))
    }
}

impl Method {
    /// The service with its package (`application.ApplicationService`).
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The name within the service.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The request.
    pub fn input(&self) -> MessageId {
        self.input
    }

    /// The answer, or each of a stream.
    pub fn output(&self) -> MessageId {
        self.output
    }

    /// Whether requests are a stream.
    pub fn client_streams(&self) -> bool {
        self.client_streams
    }

    /// Whether answers are a stream.
    pub fn server_streams(&self) -> bool {
        self.server_streams
    }

    /// How REST calls it, the usual way first.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What the body of a REST request is.
    pub fn body(&self) -> &Body {
        &self.body
    }
}
