//! Why a message cannot be had. No error tells a value, which may be a password.

use apimachinery::protobuf;
use thiserror::Error;
use value::Kind;

/// Why the descriptors cannot be read.
#[derive(Debug, Error)]
pub enum DescriptorError {
    /// They cannot be unpacked.
    #[error("the descriptors cannot be unpacked")]
    Packed(#[source] std::io::Error),
    /// They are no protobuf message.
    #[error("the descriptors cannot be read")]
    Wire(#[from] protobuf::Error),
    /// A method or field refers to a message that no file has.
    #[error("no message {0} is described")]
    Unknown(String),
    /// A field is of a type that no message of the API has.
    #[error("{field} is of type {number} of FieldDescriptorProto, which is not supported")]
    Type {
        /// The message and the field.
        field: String,
        /// The number of the type.
        number: u64,
    },
    /// The form of a field is none of `go.proto`.
    #[error("{field} has form {number}, which go.proto does not have")]
    Form {
        /// The message and the field.
        field: String,
        /// The number of the form.
        number: u64,
    },
    /// Messages within messages without end.
    #[error("{0} is nested too deep")]
    TooDeep(String),
}

/// Why JSON is no message.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// A value is of another type than its field.
    #[error("{path}: expected {expected}, found {found}")]
    Type {
        /// The field.
        path: String,
        /// What it holds.
        expected: &'static str,
        /// What was there.
        found: Kind,
    },
    /// A value is of the right type, and is no value of the field.
    #[error("{path}: the {found} is not {expected}")]
    Content {
        /// The field.
        path: String,
        /// What it holds.
        expected: &'static str,
        /// What was there.
        found: Kind,
    },
    /// A field that must be there is not.
    #[error("required field \"{path}\" not set")]
    Required {
        /// The field.
        path: String,
    },
    /// A field that holds a text with YAML holds something else.
    #[error("{path}: the text is not YAML")]
    Yaml {
        /// The field.
        path: String,
        /// Why.
        source: yaml::Error,
    },
    /// More levels than any message has.
    #[error("{path} is nested too deep")]
    TooDeep {
        /// The field.
        path: String,
    },
}

/// Why bytes are no message.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// The bytes are damaged, or a field is of another type.
    #[error("the message cannot be read")]
    Wire(#[from] protobuf::Error),
    /// A field that must be there is not.
    #[error("required field \"{path}\" not set")]
    Required {
        /// The field.
        path: String,
    },
    /// A message of empty messages, whose JSON would be many times as long.
    #[error("{path}: the message says far more than its {bytes} bytes hold")]
    TooLarge {
        /// The field.
        path: String,
        /// The length of the message.
        bytes: usize,
    },
    /// A field whose JSON is a text with YAML cannot be written as such.
    #[error("{path} cannot be written as YAML")]
    Yaml {
        /// The field.
        path: String,
        /// Why.
        source: yaml::EmitError,
    },
}
