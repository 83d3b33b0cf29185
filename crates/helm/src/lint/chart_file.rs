//! Rules about `Chart.yaml`.

use value::Value;

use super::addresses::{is_email, is_request_url, is_url};
use super::{Linter, Severity};
use crate::decode;
use crate::go;
use crate::metadata::Metadata;
use crate::tree::{EntryKind, Tree};
use go_semver::{Constraints, Version};

const FILE: &str = "Chart.yaml";

pub(super) fn lint(tree: &dyn Tree, linter: &mut Linter) {
    let is_folder = tree.kind(FILE) == Some(EntryKind::Directory);
    let outcome = if is_folder { Err("should be a file, not a directory".to_owned()) } else { Ok(()) };
    linter.rule(Severity::Error, FILE, outcome);
    let text = tree.read(FILE).map_err(|error| error.to_string());
    let parsed = text
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|text| decode::from_yaml::<Metadata>(text).map_err(|error| error.to_string()));
    let (text, chart) = match (text, parsed) {
        (Ok(text), Ok(chart)) => (text, chart),
        (_, Err(error)) | (Err(error), _) => {
            linter.rule(Severity::Error, FILE, Err(format!("unable to parse YAML\n\t{error}")));
            return;
        }
    };
    let strict = decode::from_yaml_strict::<Metadata>(&text).map(|_| ());
    let strict = strict.map_err(|error| format!("failed to strictly parse chart metadata file\n\t{error}"));
    linter.rule(Severity::Warning, FILE, strict);
    let raw = decode::parse(&text).unwrap_or(Value::Null);
    linter.rule(Severity::Error, FILE, name(&chart));
    linter.rule(Severity::Error, FILE, api_version(&chart));
    linter.rule(Severity::Error, FILE, is_text(&raw, "version"));
    linter.rule(Severity::Error, FILE, version(&chart));
    linter.rule(Severity::Error, FILE, is_text(&raw, "appVersion"));
    linter.rule(Severity::Error, FILE, maintainers(&chart));
    linter.rule(Severity::Error, FILE, sources(&chart));
    let icon = if chart.icon.is_empty() { Err("icon is recommended".to_owned()) } else { Ok(()) };
    linter.rule(Severity::Info, FILE, icon);
    linter.rule(Severity::Error, FILE, icon_url(&chart));
    linter.rule(Severity::Error, FILE, chart_type(&chart));
    linter.rule(Severity::Error, FILE, dependencies(&chart));
    let strict = Version::parse_strict(&chart.version).map(|_| ());
    let strict = strict.map_err(|_| format!("version '{}' is not a valid SemVerV2", chart.version));
    linter.rule(Severity::Warning, FILE, strict);
}

type Outcome = Result<(), String>;

fn name(chart: &Metadata) -> Outcome {
    if chart.name.is_empty() {
        return Err("name is required".to_owned());
    }
    if go::base(&chart.name) != chart.name {
        return Err(format!("chart name {} is invalid", go::quote(&chart.name)));
    }
    Ok(())
}

fn api_version(chart: &Metadata) -> Outcome {
    match chart.api_version.as_str() {
        "" => Err("apiVersion is required. The value must be either \"v1\" or \"v2\"".to_owned()),
        "v1" | "v2" => Ok(()),
        other => Err(format!("apiVersion '{other}' is not valid. The value must be either \"v1\" or \"v2\"")),
    }
}

fn is_text(raw: &Value, field: &str) -> Outcome {
    let found = match raw.get(field) {
        None | Some(Value::String(_)) => return Ok(()),
        Some(Value::Null) => "<nil>",
        Some(Value::Bool(_)) => "bool",
        Some(Value::Int(_) | Value::UInt(_) | Value::Float(_)) => "float64",
        Some(Value::List(_)) => "[]interface {}",
        Some(Value::Map(_)) => "map[string]interface {}",
    };
    Err(format!("{field} should be of type string but it's of type {found}"))
}

fn version(chart: &Metadata) -> Outcome {
    if chart.version.is_empty() {
        return Err("version is required".to_owned());
    }
    let version = Version::parse(&chart.version)
        .map_err(|_| format!("version '{}' is not a valid SemVer", chart.version))?;
    let constraint = Constraints::parse(">0.0.0-0").map_err(|error| error.to_string())?;
    match constraint.refusals(&version).first() {
        Some(refusal) => Err(format!("version {refusal}")),
        None => Ok(()),
    }
}

fn maintainers(chart: &Metadata) -> Outcome {
    for maintainer in &chart.maintainers {
        let Some(maintainer) = maintainer else { return Err("a maintainer entry is empty".to_owned()) };
        let name = &maintainer.name;
        if name.is_empty() {
            return Err("each maintainer requires a name".to_owned());
        }
        if !maintainer.email.is_empty() && !is_email(&maintainer.email) {
            return Err(format!("invalid email '{}' for maintainer '{name}'", maintainer.email));
        }
        if !maintainer.url.is_empty() && !is_url(&maintainer.url) {
            return Err(format!("invalid url '{}' for maintainer '{name}'", maintainer.url));
        }
    }
    Ok(())
}

fn sources(chart: &Metadata) -> Outcome {
    match chart.sources.iter().find(|source| !is_request_url(source)) {
        Some(source) => Err(format!("invalid source URL '{source}'")),
        None => Ok(()),
    }
}

fn icon_url(chart: &Metadata) -> Outcome {
    if chart.icon.is_empty() || is_request_url(&chart.icon) {
        return Ok(());
    }
    Err(format!("invalid icon URL '{}'", chart.icon))
}

fn dependencies(chart: &Metadata) -> Outcome {
    let has_any = chart.dependencies.as_ref().is_some_and(|declared| !declared.is_empty());
    if has_any && chart.api_version != "v2" {
        return Err(format!(
            "dependencies are not valid in the Chart file with apiVersion '{}'. They are valid in apiVersion 'v2'",
            chart.api_version
        ));
    }
    Ok(())
}

fn chart_type(chart: &Metadata) -> Outcome {
    if !chart.kind.is_empty() && chart.api_version != "v2" {
        return Err(format!(
            "chart type is not valid in apiVersion '{}'. It is valid in apiVersion 'v2'",
            chart.api_version
        ));
    }
    Ok(())
}
