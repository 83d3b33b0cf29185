//! `values.schema.json`: JSON schemas of draft 4 to 2020-12, with the error texts of santhosh-tekuri.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use boon::CompileError;
use gotemplate::{Map, Value};
use thiserror::Error;

use crate::log::Log;
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
    /// Schemas that are no JSON.
    pub broken: Vec<BrokenSchema>,
}

/// A schema that is no JSON.
#[derive(Clone, Debug)]
pub struct BrokenSchema {
    /// The charts that it is inside of, below the root chart.
    pub charts: Vec<String>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 is the end of the line before.
    pub column: usize,
}

/// Compiled schemas, by the bytes that they were compiled from.
#[derive(Default)]
pub(crate) struct Schemas {
    compiled: Mutex<BTreeMap<usize, Compiled>>,
}

/// The bytes of a schema, with what was made of them.
type Compiled = (Arc<[u8]>, Verdict);

/// A compiled schema, or why it is none.
type Verdict = Result<Arc<Schema>, Broken>;

/// Why a schema is none, and the line and column where it is no JSON.
#[derive(Clone)]
struct Broken {
    text: String,
    place: Option<(usize, usize)>,
}

impl From<String> for Broken {
    fn from(text: String) -> Self {
        Self { text, place: None }
    }
}

struct Schema {
    compiled: boon::Schemas,
    root: boon::SchemaIndex,
    /// How many references it has.
    references: usize,
    /// The references that nobody resolves.
    unresolved: Vec<String>,
}

impl Schemas {
    fn get(&self, schema: &Arc<[u8]>) -> Verdict {
        let mut known = locked(&self.compiled);
        let key = schema.as_ptr() as usize;
        // The bytes are kept, so the address cannot come to mean something else.
        let (_, compiled) =
            known.entry(key).or_insert_with(|| (schema.clone(), compile(schema).map(Arc::new)));
        compiled.clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Levels of nesting of a schema or of the values it is applied to.
const MAX_DEPTH: usize = 200;
/// The largest schema that is compiled.
const MAX_SIZE: usize = 16 * 1024 * 1024;

/// Validates the values of a chart and of its subcharts.
pub(crate) fn validate(node: &Node, values: &Map, schemas: &Schemas, log: &Log) -> Result<(), SchemaError> {
    let mut error = SchemaError { text: String::new(), places: Vec::new(), broken: Vec::new() };
    chart(node, values, (schemas, log), &mut Vec::new(), &mut error);
    if error.text.is_empty() { Ok(()) } else { Err(error) }
}

fn chart(
    node: &Node,
    values: &Map,
    (schemas, log): (&Schemas, &Log),
    path: &mut Vec<String>,
    error: &mut SchemaError,
) {
    if let Some(schema) = &node.chart.schema
        && let Err(failure) = single(schemas, &schema.data, values, log)
    {
        error.text.push_str(&format!("{}:\n{}", node.name(), failure.text));
        let inside = failure.places.into_iter().map(|place| path.iter().cloned().chain(place).collect());
        error.places.extend(inside);
        let inside = failure.broken.into_iter().map(|broken| BrokenSchema { charts: path.clone(), ..broken });
        error.broken.extend(inside);
    }
    for child in &node.dependencies {
        match values.get(child.name()) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(section)) => {
                path.push(child.name().to_owned());
                chart(child, &section, (schemas, log), path, error);
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
pub(crate) fn single(
    schemas: &Schemas,
    schema: &Arc<[u8]>,
    values: &Map,
    log: &Log,
) -> Result<(), SchemaError> {
    let broken = |text: String| SchemaError { text, places: Vec::new(), broken: Vec::new() };
    let schema = schemas.get(schema).map_err(|Broken { text, place }| {
        let at = place.map(|(line, column)| BrokenSchema { charts: Vec::new(), line, column });
        SchemaError { broken: at.into_iter().collect(), ..broken(text) }
    })?;
    for urn in &schema.unresolved {
        log.warn_once("unresolved URN reference ignored; using permissive schema", &[("urn", urn)]);
    }
    let values = Value::Map(values.clone()).to_tree().map_err(|error| broken(error.to_string()))?;
    let depth = depth(&values);
    if depth > MAX_DEPTH {
        return Err(broken(format!("values are nested more than {MAX_DEPTH} levels deep")));
    }
    // Each level of the values may go through every reference once.
    let frames = (depth + 1).saturating_mul(schema.references + SCHEMA_DEPTH);
    if frames > MAX_FRAMES {
        return Err(broken(format!(
            "{} references within values.schema.json are too many for values that are nested {depth} levels deep",
            schema.references
        )));
    }
    let json = serde_json::to_value(&values).map_err(|error| broken(error.to_string()))?;
    with_stack(frames, || match schema.compiled.validate(&json, schema.root) {
        Ok(()) => Ok(()),
        Err(error) => {
            let (text, places) = report::report(&error);
            Err(SchemaError { text: format!("{text}\n"), places, broken: Vec::new() })
        }
    })
}

/// Levels of nesting that the parser of JSON allows.
const SCHEMA_DEPTH: usize = 128;
/// Calls of the validator inside of each other, and the stack that one takes.
const MAX_FRAMES: usize = 60_000;
const FRAME: usize = if cfg!(debug_assertions) { 32 * 1024 } else { 8 * 1024 };

/// Runs something with a stack for so many calls of the validator. What is not used costs nothing.
fn with_stack<T>(frames: usize, run: impl FnOnce() -> T) -> T {
    let bytes = frames * FRAME;
    stacker::maybe_grow(bytes, bytes, run)
}

fn depth(value: &value::Value) -> usize {
    let inner: usize = match value {
        value::Value::List(list) => list.iter().map(depth).max().unwrap_or(0),
        value::Value::Map(map) => map.values().map(depth).max().unwrap_or(0),
        _ => return 0,
    };
    inner + 1
}

fn compile(schema: &[u8]) -> Result<Schema, Broken> {
    if schema.len() > MAX_SIZE {
        return Err(format!("values.schema.json is larger than {MAX_SIZE} bytes").into());
    }
    let schema: serde_json::Value = serde_json::from_slice(schema).map_err(|error| {
        // Go's parser goes deeper than ours.
        let text = no_json(schema).unwrap_or_else(|| error.to_string());
        Broken { text, place: Some((error.line(), error.column())) }
    })?;
    let references = references(&schema);
    let mut compiler = boon::Compiler::new();
    let unresolved = Arc::new(Mutex::new(Vec::new()));
    compiler.use_loader(Box::new(Refuse(unresolved.clone())));
    let mut compiled = boon::Schemas::new();
    let root = with_stack(4 * SCHEMA_DEPTH, || {
        compiler.add_resource(URL, schema).map_err(|error| why(&error))?;
        compiler.compile(URL, &mut compiled).map_err(|error| why(&error))
    })?;
    let unresolved = std::mem::take(&mut *locked(&unresolved));
    Ok(Schema { compiled, root, references, unresolved })
}

/// Why a text is no JSON, as the decoder says that reads it from a stream.
fn no_json(text: &[u8]) -> Option<String> {
    if text.trim_ascii().is_empty() {
        return Some("EOF".to_owned());
    }
    let problem = gotemplate::json_problem(text)?;
    // A word that is cut off is told like white space inside of it.
    let more = || gotemplate::json_problem(&[text.trim_ascii_end(), b"?"].concat());
    Some(match problem.as_str() {
        "unexpected end of JSON input" => "unexpected EOF".to_owned(),
        cut if cut.contains("' ' in literal") && more().is_some_and(|more| more.contains("'?'")) => {
            "unexpected EOF".to_owned()
        }
        after if after.ends_with(" after top-level value") => {
            "invalid character after top-level value".to_owned()
        }
        _ => problem,
    })
}

/// The name that helm gives the schema.
const URL: &str = "file:///values.schema.json";

/// How many references a schema has.
fn references(schema: &serde_json::Value) -> usize {
    match schema {
        serde_json::Value::Array(items) => items.iter().map(references).sum(),
        serde_json::Value::Object(map) => {
            let own = ["$ref", "$dynamicRef", "$recursiveRef"];
            let own = own.iter().filter(|keyword| map.contains_key(**keyword)).count();
            own + map.values().map(references).sum::<usize>()
        }
        _ => 0,
    }
}

/// Why a schema is none, in santhosh-tekuri's words for what people meet.
fn why(error: &CompileError) -> String {
    let quote = crate::go::quote;
    match error {
        CompileError::LoadUrlError { url, src } => format!("failing loading {}: {src}", quote(url)),
        CompileError::UnsupportedDraft { url } => format!("draft {} is not supported", quote(url)),
        CompileError::ValidationError { url, src } => {
            format!("{} is not valid against metaschema: {}", quote(url), report::whole(src))
        }
        CompileError::JsonPointerNotFound(url) => format!("json-pointer in {} not found", quote(url)),
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {} not found in schema {}", quote(reference), quote(url))
        }
        CompileError::InvalidRegex { url, regex, src } => {
            format!("invalid regex {} at {}: {src}", quote(regex), quote(url))
        }
        other => other.to_string(),
    }
}

/// Schemas from elsewhere are refused: rendering neither leaves the chart nor uses the network. As in
/// helm, a URN that nobody resolves allows everything.
struct Refuse(Arc<Mutex<Vec<String>>>);

impl boon::UrlLoader for Refuse {
    fn load(&self, url: &str) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
        if url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:")) {
            locked(&self.0).push(url.to_owned());
            return Ok(serde_json::Value::Bool(true));
        }
        Err(format!("$ref to {url} is refused: a schema reads nothing but its own file; copy what it refers to into values.schema.json").into())
    }
}
