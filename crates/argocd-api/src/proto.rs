//! Argo CD's API in protobuf: its messages, its methods, and the one place where a message is turned from JSON to
//! the wire and back.
//!
//! The sources are in `proto/`: names and numbers are upstream's, and the options of `proto/go.proto` say how
//! upstream's Go types hold a field, which is what its JSON follows. `cargo xtask codegen` compiles them.
//!
//! JSON is that of Go's `encoding/json`: fields by the names of their tags, numbers as numbers whatever their
//! width, bytes in base64, lists of nothing left out or null, unknown fields ignored. Times, `IntOrString` and raw
//! JSON have the forms that Kubernetes gives them.

mod decode;
mod descriptors;
mod encode;
mod error;
mod http;
mod place;
mod read;
mod special;
mod writing;

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

pub use descriptors::{Descriptors, Field, Form, Message, MessageId, Method, Type};
pub use error::{DecodeError, DescriptorError, EncodeError};
pub use http::{Binding, Body};

/// A `FileDescriptorSet`, packed with gzip.
static PACKED: &[u8] = include_bytes!("../generated/descriptors.bin.gz");

/// Levels of messages; the deepest of the API has about a dozen.
const MAX_DEPTH: usize = 64;

/// All that is described.
///
/// # Errors
/// None in practice: the descriptors are part of the program, and a test reads them.
pub fn descriptors() -> Result<&'static Descriptors, &'static DescriptorError> {
    static DESCRIPTORS: LazyLock<Result<Descriptors, DescriptorError>> =
        LazyLock::new(|| Descriptors::read(&file_descriptor_set()?));
    DESCRIPTORS.as_ref()
}

/// The descriptors as protobuf has them: a `FileDescriptorSet` with all files that others import.
///
/// # Errors
/// None in practice, as for [`descriptors`].
pub fn file_descriptor_set() -> Result<Vec<u8>, DescriptorError> {
    let mut set = Vec::new();
    GzDecoder::new(PACKED).read_to_end(&mut set).map_err(DescriptorError::Packed)?;
    Ok(set)
}
