//! `--check-values`: values of the user that nothing uses, and the names that were probably meant.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use helm::{Chart, Compiled};
use regex::Regex;
use value::Value;

use super::origin::{child, line_of};
use super::user_values::UserValues;

/// One line for each value that no template, condition, schema or default knows.
pub(crate) fn check(chart: &Arc<Chart>, user: &UserValues, compiled: &Compiled) -> Vec<String> {
    let known = Known::of(chart, compiled);
    let mut findings = Vec::new();
    for layer in &user.layers {
        let mut leaves = Vec::new();
        collect(&layer.values, &mut Vec::new(), &mut leaves);
        for path in leaves {
            let Some(problem) = known.problem(&path) else { continue };
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            let line = layer.text.as_deref().and_then(|text| line_of(text, &names));
            let place = line.map_or_else(|| layer.name.clone(), |line| format!("{}:{line}", layer.name));
            findings.push(format!("{place}: {}: {problem}", path.join(".")));
        }
    }
    findings
}

fn collect(values: &Value, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    match values {
        Value::Map(map) if !map.is_empty() => {
            for (key, item) in map.iter() {
                path.push(key.to_string());
                collect(item, path, leaves);
                path.pop();
            }
        }
        _ if path.is_empty() => {}
        _ => leaves.push(path.clone()),
    }
}

/// What a chart and its subcharts know of values; paths start at the root chart.
#[derive(Default)]
struct Known {
    /// What templates, conditions and tags read.
    read: BTreeSet<Vec<String>>,
    /// What defaults and schemas have.
    declared: BTreeSet<Vec<String>>,
    /// Charts of which some template takes all values at once.
    whole: BTreeSet<Vec<String>>,
}

impl Known {
    fn of(chart: &Arc<Chart>, compiled: &Compiled) -> Self {
        let mut known = Self::default();
        known.chart(chart, &mut Vec::new(), 0);
        for path in compiled.paths() {
            let Some(text) = compiled.source(&path) else { continue };
            known.template(&path, &String::from_utf8_lossy(&text));
        }
        known
    }

    fn chart(&mut self, chart: &Chart, prefix: &mut Vec<String>, depth: usize) {
        self.read.insert(with(prefix, ["global"]));
        self.read.insert(vec!["tags".to_owned()]);
        if let Some(values) = &chart.values {
            let mut leaves = Vec::new();
            collect(values, &mut prefix.clone(), &mut leaves);
            self.declared.extend(leaves);
        }
        if let Some(schema) = &chart.schema
            && let Ok(schema) = value::from_json(&schema.data)
        {
            self.schema(&schema, &mut prefix.clone(), 0);
        }
        for dependency in chart.metadata.dependencies() {
            for condition in dependency.condition.split(',').filter(|condition| !condition.is_empty()) {
                self.read.insert(with(prefix, condition.trim().split('.')));
            }
            let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if let Some(child) = child(chart, name).filter(|_| depth < 20) {
                prefix.push(name.clone());
                self.chart(&child, prefix, depth + 1);
                prefix.pop();
            }
        }
        let is_declared =
            |name: &str| chart.metadata.dependencies().any(|dependency| dependency.name == name);
        for child in chart.dependencies.iter().filter(|child| !is_declared(child.name()) && depth < 20) {
            prefix.push(child.name().to_owned());
            self.chart(child, prefix, depth + 1);
            prefix.pop();
        }
    }

    fn schema(&mut self, schema: &Value, prefix: &mut Vec<String>, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_map);
        for (name, inner) in properties.into_iter().flat_map(value::Map::iter).filter(|_| depth < 30) {
            prefix.push(name.to_string());
            self.declared.insert(prefix.clone());
            self.schema(inner, prefix, depth + 1);
            prefix.pop();
        }
    }

    fn template(&mut self, path: &str, text: &str) {
        let mut prefix = Vec::new();
        let mut parts = path.split('/').skip(1);
        while parts.next() == Some("charts") {
            prefix.extend(parts.next().map(str::to_owned));
        }
        self.read.extend(paths(text).into_iter().map(|path| with(&prefix, path)));
        let takes_all = text.match_indices(".Values").any(|(at, found)| {
            !text[at + found.len()..].starts_with(|char: char| char == '.' || char.is_ascii_alphanumeric())
        });
        if takes_all {
            self.whole.insert(prefix);
        }
    }

    fn problem(&self, path: &[String]) -> Option<String> {
        let covers = |known: &Vec<String>| {
            let common = known.len().min(path.len());
            known[..common] == path[..common]
        };
        if self.read.iter().any(covers) {
            return None;
        }
        if self.declared.iter().any(|known| known.starts_with(path) || path.starts_with(known)) {
            let is_whole = self.whole.iter().any(|whole| path.starts_with(whole));
            return (!is_whole).then(|| "no template uses it".to_owned());
        }
        // Within a table that the chart leaves empty, users decide on the names.
        if (1..path.len()).any(|at| self.declared.contains(&path[..at])) {
            return None;
        }
        let advice = self.nearest(path).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        Some(format!("the chart does not know it{advice}"))
    }

    /// The known path that is closest, with the same parent where there is one.
    fn nearest(&self, path: &[String]) -> Option<String> {
        let all = || self.read.iter().chain(&self.declared);
        let depth = (1..=path.len()).find(|at| !all().any(|known| known.starts_with(&path[..*at])))?;
        let (parent, name) = (&path[..depth - 1], &path[depth - 1]);
        let siblings: BTreeSet<&String> = all()
            .filter(|known| known.starts_with(parent))
            .filter_map(|known| known.get(depth - 1))
            .collect();
        // A different case costs nothing.
        let distance = |known: &str| strsim::levenshtein(&known.to_lowercase(), &name.to_lowercase());
        let (nearest, distance) = siblings
            .into_iter()
            .map(|known| (known, distance(known)))
            .min_by_key(|(_, distance)| *distance)?;
        let is_close = distance <= 1 + name.chars().count() / 3;
        is_close.then(|| with(parent, [nearest.as_str()]).join("."))
    }
}

fn with<S: Into<String>>(prefix: &[String], path: impl IntoIterator<Item = S>) -> Vec<String> {
    prefix.iter().cloned().chain(path.into_iter().map(Into::into)).collect()
}

static VALUES: LazyLock<Regex> = LazyLock::new(|| compiled(r"\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)"));
static INDEX: LazyLock<Regex> =
    LazyLock::new(|| compiled(r#"index\s+\$?\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)*)((?:\s+"[^"]+")+)"#));

/// Both patterns are fixed, and the tests compile them.
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("{pattern}: {error}"))
}

/// The paths of values that a text of a template names.
fn paths(text: &str) -> Vec<Vec<String>> {
    let names = |text: &str| -> Vec<String> {
        text.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let mut found: Vec<Vec<String>> = Vec::new();
    for capture in VALUES.captures_iter(text) {
        found.push(names(&capture[1]));
    }
    for capture in INDEX.captures_iter(text) {
        let mut path = names(&capture[1]);
        path.extend(capture[2].split('"').skip(1).step_by(2).map(str::to_owned));
        found.push(path);
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_templates() {
        assert_eq!(paths("{{ $.Values.a.b | default .Values.c }}"), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(paths(r#"{{ index .Values "x-y" "z" }}"#), [vec!["x-y", "z"]]);
        assert!(paths("{{ .Release.Name }}").is_empty());
    }
}
