//! `--explain`: which action of which template wrote a line, and where its values come from.

use std::sync::{Arc, LazyLock};

use gotemplate::Write;
use helm::output::{Part, Stream};
use helm::{Chart, Rendering};
use regex::Regex;

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
    let path = rest[part.object.1.len()..].replace('[', ".").replace(']', "");
    let names: Vec<&str> = path.split('.').filter(|name| !name.is_empty()).collect();
    let text = &stream.text[part.range.clone()];
    let line = if names.is_empty() {
        1
    } else {
        line_of(text, &names).ok_or_else(|| {
            Failure::new(format!("--explain {what}: {} {} has no {path}", part.object.0, part.object.1))
        })?
    };
    Ok(stream.text[..part.range.start].matches('\n').count() + line)
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
        let at = with_no_values(&rendered.content, origin.start + (start - part.range.start));
        let end =
            with_no_values(&rendered.content, origin.start + (start - part.range.start) + content.len());
        let mut written: Vec<(String, Option<String>)> = Vec::new();
        let span = (at, end.max(at + 1));
        describe(&rendered.writes, &rendered.content, span, &mut |place, action| {
            written.push((place.to_owned(), action.map(str::to_owned)));
        });
        // Literal text around an action goes without saying.
        let has_action: Vec<String> =
            written.iter().filter(|(_, action)| action.is_some()).map(|(place, _)| place.clone()).collect();
        written.retain(|(place, action)| action.is_some() || !has_action.contains(place));
        written.dedup();
        for (place, action) in &written {
            let action = action.as_ref().map(|action| format!(": {action}")).unwrap_or_default();
            out.push_str(&format!("  template  {place}{action}\n"));
        }
        let mut said = Vec::new();
        for (place, action) in &written {
            for path in action.iter().flat_map(|action| paths(action)) {
                let value = self.value(place, &path);
                if !said.contains(&value) {
                    out.push_str(&value);
                    said.push(value);
                }
            }
        }
        Ok(out)
    }

    /// Where a value that a template reads comes from.
    fn value(&self, place: &str, path: &[String]) -> String {
        let mut full: Vec<String> = Vec::new();
        let mut parts = place.split('/').skip(1);
        while parts.next() == Some("charts") {
            full.extend(parts.next().map(str::to_owned));
        }
        full.extend(path.iter().cloned());
        let name = format!(".Values.{}", path.join("."));
        let settings = origin::settings(self.chart, self.user, &full);
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

fn short(value: &value::Value) -> String {
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

/// Levels of includes that are followed.
const MAX_DEPTH: usize = 20;

/// Says what wrote the bytes of a span, and what was included there.
fn describe(writes: &[Write], content: &[u8], span: (usize, usize), say: &mut dyn FnMut(&str, Option<&str>)) {
    let line = String::from_utf8_lossy(&content[span.0.min(content.len())..span.1.min(content.len())])
        .trim()
        .to_owned();
    inner(writes, content, (span, &line), 0, say);
}

fn inner(
    writes: &[Write],
    content: &[u8],
    (span, line): ((usize, usize), &str),
    depth: usize,
    say: &mut dyn FnMut(&str, Option<&str>),
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
        say(&format!("{}:{}", write.name, write.line + more), write.action.as_deref());
        if depth >= MAX_DEPTH {
            continue;
        }
        for included in &write.included {
            let text = String::from_utf8_lossy(&included.text);
            let Some(at) = text.find(line).filter(|_| !line.is_empty()) else { continue };
            inner(&included.writes, &included.text, ((at, at + line.len()), line), depth + 1, say);
        }
    }
}

static VALUES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)").ok());
static INDEX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"index\s+\$?\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)*)((?:\s+"[^"]+")+)"#).ok()
});

/// The paths of values that a text of a template names.
pub(crate) fn paths(text: &str) -> Vec<Vec<String>> {
    let names = |text: &str| -> Vec<String> {
        text.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let mut found: Vec<Vec<String>> = Vec::new();
    for capture in VALUES.iter().flat_map(|values| values.captures_iter(text)) {
        found.push(names(&capture[1]));
    }
    for capture in INDEX.iter().flat_map(|index| index.captures_iter(text)) {
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
    fn values_are_found_in_actions() {
        assert_eq!(paths("{{ $.Values.a.b | default .Values.c }}"), [vec!["a", "b"], vec!["c"]]);
        assert_eq!(paths(r#"{{ index .Values "x-y" "z" }}"#), [vec!["x-y", "z"]]);
        assert!(paths("{{ .Release.Name }}").is_empty());
    }
}
