//! `values.schema.json`: JSON schemas of draft 4 to 2020-12, with the error texts of santhosh-tekuri.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gotemplate::{Map, Value};
use jsonschema::{PatternOptions, Uri, Validator};
use thiserror::Error;

use crate::resolve::Node;

mod report;

/// Values that schemas forbid, for all charts of a tree; the text is helm's.
#[derive(Debug, Error)]
#[error("{text}")]
pub struct SchemaError {
    /// What helm prints.
    pub text: String,
    /// Each place that is wrong, as the path of names below the root chart's values.
    pub places: Vec<Vec<String>>,
}

/// Compiled schemas, by the bytes that they were compiled from.
#[derive(Default)]
pub(crate) struct Schemas {
    compiled: Mutex<BTreeMap<usize, Compiled>>,
}

/// The bytes of a schema, with what was made of them.
type Compiled = (Arc<[u8]>, Verdict);

/// A compiled schema, or why it is none.
type Verdict = Result<Arc<Validator>, String>;

impl Schemas {
    fn get(&self, schema: &Arc<[u8]>) -> Verdict {
        let mut known = self.compiled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = schema.as_ptr() as usize;
        // The bytes are kept, so the address cannot come to mean something else.
        let (_, compiled) =
            known.entry(key).or_insert_with(|| (schema.clone(), compile(schema).map(Arc::new)));
        compiled.clone()
    }
}

/// Levels of nesting of a schema or of the values it is applied to.
const MAX_DEPTH: usize = 200;
/// The largest schema that is compiled.
const MAX_SIZE: usize = 16 * 1024 * 1024;

/// Validates the values of a chart and of its subcharts.
pub(crate) fn validate(node: &Node, values: &Map, schemas: &Schemas) -> Result<(), SchemaError> {
    let mut error = SchemaError { text: String::new(), places: Vec::new() };
    chart(node, values, schemas, &mut Vec::new(), &mut error);
    if error.text.is_empty() { Ok(()) } else { Err(error) }
}

fn chart(node: &Node, values: &Map, schemas: &Schemas, path: &mut Vec<String>, error: &mut SchemaError) {
    if let Some(schema) = &node.chart.schema
        && let Err(failure) = single(schemas, &schema.data, values)
    {
        error.text.push_str(&format!("{}:\n{}", node.name(), failure.text));
        let inside = failure.places.into_iter().map(|place| path.iter().cloned().chain(place).collect());
        error.places.extend(inside);
    }
    for child in &node.dependencies {
        match values.get(child.name()) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(section)) => {
                path.push(child.name().to_owned());
                chart(child, &section, schemas, path, error);
                path.pop();
            }
            Some(other) => error.text.push_str(&format!(
                "{}:\ninvalid type for values: expected object (map), got {}\n",
                child.name(),
                other.type_name()
            )),
        }
    }
}

/// Validates values against one schema, as lint does for a chart alone.
pub(crate) fn single(schemas: &Schemas, schema: &Arc<[u8]>, values: &Map) -> Result<(), SchemaError> {
    let broken = |text: String| SchemaError { text, places: Vec::new() };
    let validator = schemas.get(schema).map_err(broken)?;
    let values = Value::Map(values.clone()).to_tree().map_err(|error| broken(error.to_string()))?;
    if depth(&values) > MAX_DEPTH {
        return Err(broken(format!("values are nested more than {MAX_DEPTH} levels deep\n")));
    }
    let json = serde_json::to_value(&values).map_err(|error| broken(error.to_string()))?;
    if validator.is_valid(&json) {
        return Ok(());
    }
    let (text, places) = report::report(validator.iter_errors(&json));
    Err(SchemaError { text: format!("{text}\n"), places })
}

fn depth(value: &value::Value) -> usize {
    let inner: usize = match value {
        value::Value::List(list) => list.iter().map(depth).max().unwrap_or(0),
        value::Value::Map(map) => map.values().map(depth).max().unwrap_or(0),
        _ => return 0,
    };
    inner + 1
}

fn compile(schema: &[u8]) -> Result<Validator, String> {
    if schema.len() > MAX_SIZE {
        return Err(format!("values.schema.json is larger than {MAX_SIZE} bytes\n"));
    }
    // The parser refuses nesting beyond 128 levels.
    let schema: serde_json::Value =
        serde_json::from_slice(schema).map_err(|error| format!("invalid JSON: {error}\n"))?;
    jsonschema::options()
        .with_base_uri("file:///values.schema.json")
        .with_retriever(Refuse)
        .with_pattern_options(PatternOptions::regex().size_limit(8 << 20).dfa_size_limit(8 << 20))
        .should_ignore_unknown_formats(true)
        .build(&schema)
        .map_err(|error| format!("\"file:///values.schema.json#\" is not valid: {error}\n"))
}

/// Schemas from elsewhere are refused: rendering neither leaves the chart nor uses the network. As in
/// helm, a URN that nobody resolves allows everything.
struct Refuse;

impl jsonschema::Retrieve for Refuse {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str().eq_ignore_ascii_case("urn") {
            return Ok(serde_json::Value::Bool(true));
        }
        Err(format!("$ref to {uri} is refused: a schema reads nothing but its own file; copy what it refers to into values.schema.json").into())
    }
}
