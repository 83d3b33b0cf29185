//! Which source of values says what, and on which line.

use std::sync::Arc;

use helm::Chart;
use value::Value;

use super::user_values::UserValues;

/// A place that sets a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    /// The file or flag, with the line where there is one.
    pub(crate) place: String,
    /// What it says.
    pub(crate) value: Value,
}

/// All places that set the value at a path below the root chart's values, the one that wins first.
///
/// A `global` value of the root reaches subcharts too, so it is looked up there as well.
pub(crate) fn settings(chart: &Arc<Chart>, user: &UserValues, path: &[String]) -> Vec<Setting> {
    let mut found = Vec::new();
    let global = path.iter().position(|name| name == "global").map(|at| &path[at..]);
    let mut look = |place: &str, values: &Value, text: Option<&str>, path: &[String]| {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        if let Some(value) = at(values, &names) {
            let line = text.and_then(|text| line_of(text, &names));
            let place = line.map_or_else(|| place.to_owned(), |line| format!("{place}:{line}"));
            found.push(Setting { place, value: value.clone() });
        }
    };
    for layer in user.layers.iter().rev() {
        look(&layer.name, &layer.values, layer.text.as_deref(), path);
        if let Some(global) = global.filter(|global| global.len() < path.len()) {
            look(&layer.name, &layer.values, layer.text.as_deref(), global);
        }
    }
    let mut at = Some((chart.clone(), String::new()));
    let mut rest = path;
    while let Some((current, folder)) = at.take() {
        if let Some(values) = &current.values {
            let text =
                current.raw("values.yaml").map(|file| String::from_utf8_lossy(&file.data).into_owned());
            look(&format!("{folder}values.yaml"), values, text.as_deref(), rest);
        }
        let Some((first, inner)) = rest.split_first() else { break };
        let child = child(&current, first);
        at = child.map(|child| (child.clone(), format!("{folder}charts/{}/", child.name())));
        rest = inner;
    }
    found
}

/// The value at a path of map keys and list indexes.
fn at<'a>(values: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(values, |value, name| match value {
        Value::List(list) => list.get(name.parse::<usize>().ok()?),
        _ => value.get(name),
    })
}

/// The subchart that has this name, or this alias, for its parent.
pub(crate) fn child(chart: &Chart, name: &str) -> Option<Arc<Chart>> {
    let declared = chart.metadata.dependencies().find(|dependency| dependency.alias == name);
    let name = declared.map_or(name, |dependency| dependency.name.as_str());
    chart.dependencies.iter().find(|child| child.name() == name).cloned()
}

/// The line, from 1, on which a path of map keys and list indexes is set; that of its nearest parent
/// where it stands inside of brackets. Only the layout is read, so any text has an answer.
pub(crate) fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let mut from = 0;
    let mut until = lines.len();
    let mut least = 0;
    let mut found = None;
    for name in path {
        let next = match name.parse::<usize>() {
            Ok(index) => item(&lines, (from, until), index),
            Err(_) => key(&lines, (from, until), least, name),
        };
        let Some((at, indent)) = next else { break };
        found = Some(at + 1);
        from = at + usize::from(name.parse::<usize>().is_err());
        least = indent + 1;
        until = block_end(&lines, at, indent, until);
    }
    found
}

/// How far the content of a line is indented; items of lists count as deeper than their dash.
fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn key(lines: &[&str], (from, until): (usize, usize), least: usize, name: &str) -> Option<(usize, usize)> {
    let mut level = None;
    for (at, line) in lines.iter().enumerate().take(until).skip(from) {
        let (indent, content) = unlisted(line);
        if content.is_empty() || content.starts_with('#') || indent < least {
            continue;
        }
        if indent > *level.get_or_insert(indent) {
            continue;
        }
        level = Some(indent);
        let rest = content.strip_prefix(name).or_else(|| {
            let quoted = content.strip_prefix(['"', '\'']).and_then(|content| content.strip_prefix(name));
            quoted.and_then(|rest| rest.strip_prefix(['"', '\'']))
        });
        if rest.is_some_and(|rest| rest.trim_start().starts_with(':')) {
            return Some((at, indent));
        }
    }
    None
}

/// The content behind the dashes of list items, and its indentation.
fn unlisted(line: &str) -> (usize, &str) {
    let mut indent = indent_of(line);
    let mut content = line.trim_start();
    while let Some(rest) = content.strip_prefix("- ") {
        let trimmed = rest.trim_start();
        indent += content.len() - trimmed.len();
        content = trimmed;
    }
    (indent, content)
}

fn item(lines: &[&str], (from, until): (usize, usize), index: usize) -> Option<(usize, usize)> {
    let is_item = |line: &str| line.trim_start().starts_with("- ") || line.trim() == "-";
    let first = (from..until).find(|at| is_item(lines[*at]))?;
    let level = indent_of(lines[first]);
    let items = (first..until).filter(|at| is_item(lines[*at]) && indent_of(lines[*at]) == level);
    items.into_iter().nth(index).map(|at| (at, level))
}

/// The first line after a block that starts at `at`.
fn block_end(lines: &[&str], at: usize, indent: usize, until: usize) -> usize {
    (at + 1..until)
        .find(|next| {
            let line = lines[*next];
            let content = line.trim_start();
            let is_item_of_key = indent_of(line) == indent
                && content.starts_with('-')
                && !lines[at].trim_start().starts_with('-');
            !content.is_empty() && !content.starts_with('#') && indent_of(line) <= indent && !is_item_of_key
        })
        .unwrap_or(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_the_layout() {
        let text = "a:\n  b: 1\n  c:\n    d: 2\n# x\nl:\n- n: 1\n  m: 2\n- n: 3\n  m: 4\n\"q\": 1\nf: {x: {y: 1}}\nb: 5\n";
        let line = |path: &str| line_of(text, &path.split('.').collect::<Vec<_>>());
        assert_eq!(line("a.b"), Some(2));
        assert_eq!(line("a.c.d"), Some(4));
        assert_eq!(line("b"), Some(13));
        assert_eq!(line("l.1.m"), Some(10));
        assert_eq!(line("l.0.n"), Some(7));
        assert_eq!(line("q"), Some(11));
        assert_eq!(line("f.x.y"), Some(12));
        assert_eq!(line("nothing"), None);
    }
}
