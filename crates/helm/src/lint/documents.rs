//! The objects of a rendered file, as apimachinery's `YAMLOrJSONDecoder` reads them.

use thiserror::Error;
use value::Value;

use crate::decode::{self, DecodeError, Decoder, Struct};
use crate::values::SeparatorError;

/// Why a stream of documents cannot be read on.
#[derive(Debug, Error)]
pub(super) enum DocumentError {
    #[error(transparent)]
    Separator(#[from] SeparatorError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// What starts like JSON is read as that first, and its error is told.
    #[error("json: offset {offset}: {problem}")]
    Json { offset: usize, problem: String },
    #[error("unexpected EOF")]
    JsonEnd,
}

/// What lint looks at.
#[derive(Default)]
pub(super) struct Object {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

#[derive(Default)]
struct Meta {
    name: String,
    namespace: String,
}

impl Struct for Object {
    const NAME: &'static str = "k8sYamlStruct";
    const TYPE: &'static str = "rules.k8sYamlStruct";
    const FIELDS: &'static [&'static str] = &["apiVersion", "Kind", "Metadata"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "apiVersion" => at.text(value, &mut self.api_version),
            "Kind" => at.text(value, &mut self.kind),
            _ => {
                let mut meta = Meta::default();
                at.object(value, &mut meta);
                self.name = meta.name;
            }
        }
    }
}

impl Struct for Meta {
    const NAME: &'static str = "k8sYamlMetadata";
    const TYPE: &'static str = "rules.k8sYamlMetadata";
    const FIELDS: &'static [&'static str] = &["Namespace", "Name"];

    fn set(&mut self, field: &'static str, value: &Value, at: &mut Decoder) {
        match field {
            "Namespace" => at.text(value, &mut self.namespace),
            _ => at.text(value, &mut self.name),
        }
    }
}

/// Each document: nothing where it is empty. After an error nothing follows.
pub(super) fn read(text: &[u8]) -> Vec<Result<Option<Object>, DocumentError>> {
    let documents = match crate::values::documents(text) {
        Ok(documents) => documents,
        Err(error) => return vec![Err(error.into())],
    };
    let mut objects = Vec::new();
    for document in documents {
        let object = object(document);
        let failed = object.is_err();
        objects.push(object.map_err(|error| match json_error(text) {
            Some(json) if objects.is_empty() => json,
            _ => error.into(),
        }));
        if failed {
            break;
        }
    }
    objects
}

/// Why the first value of a text that starts like JSON is none.
fn json_error(text: &[u8]) -> Option<DocumentError> {
    const END: &str = "unexpected end of JSON input";
    if !text.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let problem = gotemplate::json_problem(text)?;
    if problem == END {
        return Some(DocumentError::JsonEnd);
    }
    // Each part of the text that ends before the place only ends too early.
    let (mut early, mut late) = (0, text.len());
    while early + 1 < late {
        let middle = early.midpoint(late);
        let part = &text[..middle];
        // A word or number that is cut off is told like white space inside of it.
        let is_cut = |problem: &str| problem.contains("' ' in ") && !part.ends_with(b" ");
        let is_early =
            gotemplate::json_problem(part).is_some_and(|problem| problem == END || is_cut(&problem));
        if is_early { early = middle } else { late = middle }
    }
    (!problem.ends_with(" after top-level value")).then_some(DocumentError::Json { offset: late, problem })
}

fn object(document: &[u8]) -> Result<Option<Object>, DecodeError> {
    match decode::parse(document)? {
        Value::Null => Ok(None),
        value => decode::from_value(&value, Object::default(), false).map(Some),
    }
}
