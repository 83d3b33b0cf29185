//! `--explain`: which action of which template wrote a line, and where its values come from.

use std::sync::Arc;

use gotemplate::Write;
use helm::output::{Part, Stream};
use helm::{Chart, Rendering};
use value::Value;

use super::failure::Failure;
use super::origin::{self, line_of};
use super::user_values::UserValues;

/// Everything that an explanation draws on.
pub(crate) struct Explained<'a> {
    pub(crate) chart: &'a Arc<Chart>,
    pub(crate) user: &'a UserValues,
    pub(crate) rendering: &'a Rendering,
    pub(crate) stream: &'a Stream,
}

/// Explains a line of the stream, given by its number or as `KIND/NAME[.path]`.
pub(crate) fn explain(what: &str, explained: &Explained<'_>) -> Result<String, Failure> {
    let line = match what.parse::<usize>() {
        Ok(line) => line,
        Err(_) => line_of_object(what, explained.stream)?,
    };
    explained.line(line)
}

fn line_of_object(what: &str, stream: &Stream) -> Result<usize, Failure> {
    let (kind, rest) = what.split_once('/').ok_or_else(|| {
        Failure::new(format!(
            "--explain {what}: give the number of a line, or KIND/NAME, or KIND/NAME.path.to.field"
        ))
    })?;
    let of_kind: Vec<&Part> =
        stream.parts.iter().filter(|part| part.object.0.eq_ignore_ascii_case(kind)).collect();
    // A name may hold dots, so the longest one that fits is meant.
    let part = of_kind
        .iter()
        .filter(|part| {
            rest.strip_prefix(&part.object.1)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
        .max_by_key(|part| part.object.1.len())
        .ok_or_else(|| {
            let known: Vec<String> =
                stream.parts.iter().map(|part| format!("{}/{}", part.object.0, part.object.1)).collect();
            Failure::new(format!("--explain {what}: no such object is rendered"))
                .with(format!("  rendered are: {}", known.join(", ")))
        })?;
    let path = &rest[part.object.1.len()..];
    let names = names(path);
    let text = &stream.text[part.range.clone()];
    let line = if names.is_empty() {
        1
    } else {
        let found = yaml::parse(text, yaml::Rules::V2).ok().and_then(|object| keys(&object, &names));
        let keys = found.ok_or_else(|| {
            let (kind, name) = &part.object;
            Failure::new(format!("--explain {what}: {kind} {name} has no {}", path.trim_start_matches('.')))
        })?;
        line_of(text, &keys.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_or(1)
    };
    Ok(stream.text[..part.range.start].matches('\n').count() + line)
}

/// The names of a path: items of lists are `.0`, `[0]` or `[key=value]`, with or without a dot before.
fn names(path: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut is_inside = false;
    for char in path.chars() {
        match char {
            '.' if !is_inside => names.push(String::new()),
            '[' if !is_inside => {
                is_inside = true;
                names.push("[".to_owned());
            }
            ']' if is_inside => {
                is_inside = false;
                names.push(String::new());
            }
            other => names.iter_mut().next_back().into_iter().for_each(|name| name.push(other)),
        }
    }
    let selects = |name: &String| name.contains('=');
    names.retain(|name| !name.is_empty());
    names.into_iter().map(|name| if selects(&name) { name } else { name.replace('[', "") }).collect()
}

/// The place of the item of a list that a name means.
fn item(list: &[Value], name: &str) -> Option<usize> {
    let Some((field, wanted)) = name.strip_prefix('[').and_then(|name| name.split_once('=')) else {
        return name.parse().ok();
    };
    list.iter().position(|item| {
        let found = item.get(field);
        found.is_some_and(|found| found.as_str().map_or_else(|| found.to_string(), str::to_owned) == wanted)
    })
}

/// The keys and places that lead to a field. A key may hold dots, so the longest one that fits is meant.
fn keys(value: &Value, names: &[String]) -> Option<Vec<String>> {
    if names.is_empty() {
        return Some(Vec::new());
    }
    (1..=names.len()).rev().find_map(|length| {
        let (first, rest) = names.split_at(length);
        let mut key = first.join(".");
        let inner = match value {
            Value::Map(map) => map.get(&key)?,
            Value::List(list) => {
                let at = item(list, &key)?;
                key = at.to_string();
                list.get(at)?
            }
            _ => return None,
        };
        let mut found = keys(inner, rest)?;
        found.insert(0, key);
        Some(found)
    })
}

impl Explained<'_> {
    fn line(&self, line: usize) -> Result<String, Failure> {
        let text = &self.stream.text;
        let start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
        let content = text[start..].split('\n').next().unwrap_or_default();
        if line == 0 || start >= text.len() {
            let lines = text.lines().count();
            return Err(Failure::new(format!("--explain {line}: the output has {lines} lines")));
        }
        let part = self.stream.parts.iter().find(|part| part.range.contains(&start));
        let Some(part) = part else {
            return Ok(format!("line {line}: {content}\n  written by helm itself, not by a template\n"));
        };
        let mut out = format!("line {line}: {content}\n  object    {}/{}\n", part.object.0, part.object.1);
        let Some(origin) = &part.origin else {
            out.push_str(&format!("  file      {} (printed as it is)\n", part.path));
            return Ok(out);
        };
        let Some(rendered) = self.rendering.origins.get(&part.path) else {
            out.push_str(&format!("  template  {}\n", part.path));
            return Ok(out);
        };
        let first = origin.start + (start - part.range.start);
        let at = with_no_values(&rendered.content, first);
        let end = with_no_values(&rendered.content, first + content.len());
        let mut written: Vec<Written<'_>> = Vec::new();
        describe(&rendered.writes, &rendered.content, (at, end.max(at + 1)), &mut written);
        // Literal text around an action goes without saying.
        let has_action: Vec<String> = written
            .iter()
            .filter(|written| written.action.is_some())
            .map(|written| written.place.clone())
            .collect();
        written.retain(|written| written.action.is_some() || !has_action.contains(&written.place));
        written.dedup();
        for Written { place, action, .. } in &written {
            let action = action.map(|action| format!(": {action}")).unwrap_or_default();
            out.push_str(&format!("  template  {place}{action}\n"));
        }
        for (place, way) in values(&written) {
            out.push_str(&self.value(place, way));
        }
        Ok(out)
    }

    /// Where a value that a template reads comes from.
    fn value(&self, place: &str, way: &[String]) -> String {
        // The values of a subchart are named as its templates name them.
        let mut names = way;
        let mut parts = place.split('/').skip(1);
        while let (Some("charts"), Some(chart)) = (parts.next(), parts.next()) {
            names = names.strip_prefix(&[chart.to_owned()]).unwrap_or(names);
        }
        let name = format!(".Values.{}", names.join("."));
        let settings = origin::settings(self.chart, self.user, way);
        let mut out = String::new();
        match settings.split_first() {
            None => out.push_str(&format!("  value     {name} is set by nobody\n")),
            Some((winner, losers)) => {
                out.push_str(&format!(
                    "  value     {name} = {}, set by {}\n",
                    short(&winner.value),
                    winner.place
                ));
                for loser in losers {
                    out.push_str(&format!("            {} says {}\n", loser.place, short(&loser.value)));
                }
            }
        }
        out
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        format!("{}…", text.chars().take(60).collect::<String>())
    }
}

/// The place in what a template wrote that is at `clean` once every `<no value>` is gone.
fn with_no_values(content: &[u8], clean: usize) -> usize {
    const NO_VALUE: &[u8] = b"<no value>";
    let (mut at, mut seen) = (0, 0);
    while at < content.len() {
        if content[at..].starts_with(NO_VALUE) {
            at += NO_VALUE.len();
        } else if seen == clean {
            break;
        } else {
            at += 1;
            seen += 1;
        }
    }
    at
}

/// What wrote a part of a line.
#[derive(PartialEq)]
struct Written<'a> {
    place: String,
    action: Option<&'a str>,
    values: &'a [Vec<String>],
}

/// What was read, each value once, with the place that read it first; of a table only what was read inside of
/// it, if anything was.
fn values<'a>(written: &'a [Written<'_>]) -> Vec<(&'a str, &'a [String])> {
    let all = || written.iter().flat_map(|written| written.values.iter().map(|way| (&*written.place, way)));
    let mut found: Vec<(&str, &[String])> = Vec::new();
    for (place, way) in all() {
        let is_inside = |other: &Vec<String>| other.len() > way.len() && other.starts_with(way);
        if !all().any(|(_, other)| is_inside(other)) && !found.iter().any(|(_, known)| known == way) {
            found.push((place, way));
        }
    }
    found
}

/// Levels of includes that are followed.
const MAX_DEPTH: usize = 20;

/// Finds out what wrote the bytes of a span, and what was included there.
fn describe<'a>(writes: &'a [Write], content: &[u8], span: (usize, usize), into: &mut Vec<Written<'a>>) {
    let line = String::from_utf8_lossy(&content[span.0.min(content.len())..span.1.min(content.len())])
        .trim()
        .to_owned();
    inner(writes, content, (span, &line), 0, into);
}

fn inner<'a>(
    writes: &'a [Write],
    content: &[u8],
    (span, line): ((usize, usize), &str),
    depth: usize,
    into: &mut Vec<Written<'a>>,
) {
    for write in writes.iter().filter(|write| write.range.start < span.1 && write.range.end > span.0) {
        let is_blank =
            content[write.range.start.max(span.0)..write.range.end.min(span.1)].trim_ascii().is_empty();
        if is_blank {
            continue;
        }
        let more = match write.action {
            Some(_) => 0,
            None => content[write.range.start..span.0.max(write.range.start)]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count(),
        };
        into.push(Written {
            place: format!("{}:{}", write.name, write.line + more),
            action: write.action.as_deref(),
            values: &write.values,
        });
        if depth >= MAX_DEPTH {
            continue;
        }
        for included in &write.included {
            let text = String::from_utf8_lossy(&included.text);
            let Some(at) = text.find(line).filter(|_| !line.is_empty()) else { continue };
            inner(&included.writes, &included.text, ((at, at + line.len()), line), depth + 1, into);
        }
    }
}
