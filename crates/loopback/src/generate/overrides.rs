//! Overrides and replaces of generated objects, by annotations of the Application.

use apimachinery::object;
use apimachinery::patch::merge_patch;
use value::Value;
use yaml::Rules;

use super::Refusal;

/// Objects that can be generated for Applications; the last three for Helm and OCI sources.
const OBJECTS: [&str; 5] = ["kustomize", "gitrepository", "helmrelease", "helmrepository", "ocirepository"];
/// Those that are generated for a Git source.
const OF_GIT: [&str; 2] = ["kustomize", "gitrepository"];

/// The object with the spec of `flamingo/<of>-override` merged over its own, and then with the whole spec of
/// `flamingo/<of>-replace`.
pub(super) fn apply(application: &Value, of: &str, mut generated: Value) -> Result<Value, Refusal> {
    if let Some(spec) = spec(application, &format!("flamingo/{of}-override"))? {
        let merged = merge_patch(generated.get("spec").unwrap_or(&Value::Null), &spec);
        generated.set_at(&["spec"], merged);
    }
    if let Some(spec) = spec(application, &format!("flamingo/{of}-replace"))? {
        generated.set_at(&["spec"], spec);
    }
    Ok(generated)
}

/// Annotations for objects that are not generated for this Application.
pub(super) fn misplaced(application: &Value) -> Vec<Refusal> {
    let others = OBJECTS.into_iter().filter(|of| !OF_GIT.contains(of));
    let names = others.flat_map(|of| [format!("flamingo/{of}-override"), format!("flamingo/{of}-replace")]);
    names
        .filter(|name| object::annotation(application, name).is_some())
        .map(|name| {
            Refusal(format!(
                "the annotation {name} is about an object that is not generated for this Application: from a Git \
                 repository come a GitRepository and a Kustomization"
            ))
        })
        .collect()
}

fn spec(application: &Value, name: &str) -> Result<Option<Value>, Refusal> {
    let Some(text) = object::annotation(application, name) else { return Ok(None) };
    let refuse = |problem: String| Refusal(format!("the annotation {name} cannot be used: {problem}"));
    let document = yaml::parse(text, Rules::V2).map_err(|error| refuse(error.to_string()))?;
    let Some(map) = document.as_map() else {
        return Err(refuse("it is not of the form `spec: {…}`".to_owned()));
    };
    if let Some(other) = map.keys().find(|key| key.as_str() != "spec") {
        return Err(refuse(format!("only spec can be overridden, and it has {:?}", other.as_str())));
    }
    match map.get("spec") {
        Some(spec) if spec.as_map().is_some() => Ok(Some(spec.clone())),
        _ => Err(refuse("spec is no map".to_owned())),
    }
}
