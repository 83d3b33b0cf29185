//! Helm's functions of YAML, as sigs.k8s.io/yaml (through JSON) and go-yaml v3 write and read it.

use ::value::Value as Tree;
use yaml::{Profile, Rules, to_yaml, to_yaml_as};

use super::arguments::*;
use super::json;
use crate::value::{ConvertError, Numbers};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "toYaml", params: &[ANY], call: |run, a| json::limited(written(run, &a[0])) },
    Function { name: "mustToYaml", params: &[ANY], call: |run, a| written(run, &a[0]) },
    Function { name: "toYamlPretty", params: &[ANY], call: pretty },
    Function {
        name: "fromYaml",
        params: &[STRING],
        call: |run, a| Ok(json::as_map(read(run, a)?, DECODING)),
    },
    Function {
        name: "fromYamlArray",
        params: &[STRING],
        call: |run, a| Ok(json::as_array(read(run, a)?, DECODING)),
    },
];

/// What sigs.k8s.io/yaml says before the error of the JSON decoder.
const DECODING: &str = "error unmarshaling JSON: while decoding JSON: ";

/// `toYaml` with the line break that ends a document.
pub(super) fn document(run: &mut Run<'_>, value: &Value) -> Outcome {
    let text = written(run, value)?;
    let text = text.as_str().map_or(&b""[..], |text| text.as_bytes());
    Ok([text, b"\n"].concat().into())
}

fn written(run: &mut Run<'_>, value: &Value) -> Outcome {
    let tree = value.to_json_tree(run.memory_left()).map_err(converted)?;
    let mut text = to_yaml(&tree).map_err(|error| Failure::message(error.to_string()))?;
    if text.ends_with('\n') {
        text.pop();
    }
    paid(run, text.into_bytes())
}

fn converted(error: ConvertError) -> Failure {
    match error {
        ConvertError::Limit(limit) => Failure::Limit(limit),
        other => Failure::message(format!("error marshaling into JSON: {other}")),
    }
}

/// go-yaml v3 sees Go's values themselves: whole floats stay floats.
fn pretty(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let tree = match a[0].to_exact_tree(run.memory_left()) {
        Ok(tree) => tree,
        Err(ConvertError::Limit(limit)) => return Err(Failure::Limit(limit)),
        Err(ConvertError::Type(name)) => return fail(format!("cannot marshal type: {name}")),
        Err(_) => return Ok("".into()),
    };
    let mut text = to_yaml_as(&tree, Profile::V3).unwrap_or_default();
    if text.ends_with('\n') {
        text.pop();
    }
    paid(run, text.into_bytes())
}

fn read(run: &mut Run<'_>, a: &[Value]) -> Result<Result<Value, String>, Failure> {
    let source = utf8(a, 0);
    run.charge(source.len().saturating_mul(8))?;
    let tree: Result<Tree, String> = yaml::parse_first(&source, Rules::V2).map_err(|error| error.to_string());
    Ok(match tree {
        // An empty document leaves Go's map or list as it is: empty.
        Ok(Tree::Null) => return Ok(Err(String::new())),
        Ok(tree) => Ok(Value::from_tree(&tree, Numbers::Floats)),
        Err(problem) => Err(format!("error converting YAML to JSON: {problem}")),
    })
}
