//! sprig's functions of regular expressions.

mod translate;

use std::ops::Range;
use std::rc::Rc;

use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

use super::arguments::*;
use crate::error::Limit;
use crate::print;
use crate::runes;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function {
        name: "regexMatch",
        params: &[STRING, STRING],
        call: |run, a| {
            let pattern = pattern(run, text(a, 0))?;
            Ok(pattern.map_or(false.into(), |pattern| is_match(&pattern, text(a, 1))))
        },
    },
    Function {
        name: "mustRegexMatch",
        params: &[STRING, STRING],
        call: |run, a| Ok(is_match(&*compiled(run, text(a, 0), false)?, text(a, 1))),
    },
    Function { name: "regexFindAll", params: &[STRING, STRING, INT], call: |run, a| find_all(run, a, true) },
    Function {
        name: "mustRegexFindAll",
        params: &[STRING, STRING, INT],
        call: |run, a| find_all(run, a, false),
    },
    Function { name: "regexFind", params: &[STRING, STRING], call: |run, a| find(run, a, true) },
    Function { name: "mustRegexFind", params: &[STRING, STRING], call: |run, a| find(run, a, false) },
    Function {
        name: "regexReplaceAll",
        params: &[STRING; 3],
        call: |run, a| replace_all(run, a, true, false),
    },
    Function {
        name: "mustRegexReplaceAll",
        params: &[STRING; 3],
        call: |run, a| replace_all(run, a, false, false),
    },
    Function {
        name: "regexReplaceAllLiteral",
        params: &[STRING; 3],
        call: |run, a| replace_all(run, a, true, true),
    },
    Function {
        name: "mustRegexReplaceAllLiteral",
        params: &[STRING; 3],
        call: |run, a| replace_all(run, a, false, true),
    },
    Function { name: "regexSplit", params: &[STRING, STRING, INT], call: |run, a| split(run, a, true) },
    Function { name: "mustRegexSplit", params: &[STRING, STRING, INT], call: |run, a| split(run, a, false) },
    Function { name: "regexQuoteMeta", params: &[STRING], call: quote_meta },
];

/// What a compiled pattern may take.
const MAX_COMPILED: usize = 8 << 20;
/// Patterns that are kept compiled; charts have far fewer.
const MAX_KEPT: usize = 32;
/// Steps that compiling costs, and each byte of a pattern.
const COMPILING: u64 = 100;

/// A pattern and the names of its groups (by number; empty where a group has none).
pub(crate) struct Pattern {
    regex: Regex,
    names: Vec<Vec<u8>>,
}

/// Compiles, or finds among what the run compiled before. The error is Go's text.
fn pattern(run: &mut Run<'_>, source: &[u8]) -> Result<Result<Rc<Pattern>, String>, Limit> {
    if let Some(known) = run.patterns.get(source) {
        return Ok(Ok(known.clone()));
    }
    run.steps_at_once(COMPILING * (source.len() as u64 + 1))?;
    let compiled = compile(source);
    if let Ok(pattern) = &compiled {
        if run.patterns.len() >= MAX_KEPT {
            run.patterns.clear();
        }
        run.patterns.insert(source.into(), pattern.clone());
    }
    Ok(compiled)
}

fn compile(source: &[u8]) -> Result<Rc<Pattern>, String> {
    let (translated, names) = translate::translate(source)?;
    let regex = RegexBuilder::new(&translated)
        .size_limit(MAX_COMPILED)
        .nest_limit(1_000)
        .build()
        .map_err(|_| problem("expression too large", source))?;
    Ok(Rc::new(Pattern { regex, names }))
}

/// `regexp/syntax.Error`
fn problem(code: &str, place: &[u8]) -> String {
    format!("error parsing regexp: {code}: `{}`", String::from_utf8_lossy(place))
}

/// `MustCompile` says more than `Compile`.
fn compiled(run: &mut Run<'_>, source: &[u8], panics: bool) -> Result<Rc<Pattern>, Failure> {
    pattern(run, source)?.map_err(|problem| {
        if !panics {
            return Failure::Message(problem);
        }
        let shown = if print::can_backquote(source) {
            format!("`{}`", String::from_utf8_lossy(source))
        } else {
            print::quote(source)
        };
        Failure::Message(format!("regexp: Compile({shown}): {problem}"))
    })
}

/// A text to be searched. Go takes a byte that is not UTF-8 for the replacement character, which the crate
/// does not; such a text is searched in a copy, and places in it are those of the original.
struct Subject<'a> {
    original: &'a [u8],
    copy: Option<(Vec<u8>, Vec<usize>)>,
}

impl<'a> Subject<'a> {
    fn new(original: &'a [u8]) -> Self {
        if std::str::from_utf8(original).is_ok() {
            return Self { original, copy: None };
        }
        let (mut text, mut places, mut at) = (Vec::new(), Vec::new(), 0);
        for (rune, width) in runes::iter(original) {
            runes::push(&mut text, runes::to_char(rune));
            places.resize(text.len(), at);
            at += width;
        }
        places.push(at);
        Self { original, copy: Some((text, places)) }
    }

    fn text(&self) -> &[u8] {
        self.copy.as_ref().map_or(self.original, |(text, _)| text)
    }

    /// The part of the original at places of the text.
    fn part(&self, range: Range<usize>) -> &'a [u8] {
        match &self.copy {
            None => &self.original[range],
            Some((_, places)) => &self.original[places[range.start]..places[range.end]],
        }
    }
}

/// Go's order of matches: an empty match right behind another is none, and each search begins at a rune.
fn matches(
    run: &mut Run<'_>,
    pattern: &Pattern,
    text: &[u8],
    count: i64,
) -> Result<Vec<Range<usize>>, Failure> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut at = 0;
    let mut previous_end = None;
    while found.len() < most && at <= text.len() {
        run.step()?;
        let Some(hit) = pattern.regex.find_at(text, at) else { break };
        let is_accepted = hit.end() != at || Some(hit.start()) != previous_end;
        at = if hit.end() == at { at + runes::decode(&text[at..]).1.max(1) } else { hit.end() };
        previous_end = Some(hit.end());
        if is_accepted {
            found.push(hit.range());
        }
    }
    Ok(found)
}

fn is_match(pattern: &Pattern, text: &[u8]) -> Value {
    pattern.regex.is_match(Subject::new(text).text()).into()
}

fn find_all(run: &mut Run<'_>, a: &[Value], panics: bool) -> Outcome {
    let pattern = compiled(run, text(a, 0), panics)?;
    let subject = Subject::new(text(a, 1));
    let found = matches(run, &pattern, subject.text(), int(a, 2))?;
    if found.is_empty() {
        return Ok(Value::List(List::nil(ListType::Strings)));
    }
    run.charge(found.len() * size_of::<Value>() + subject.original.len())?;
    Ok(Value::strings(found.into_iter().map(|range| subject.part(range))))
}

fn find(run: &mut Run<'_>, a: &[Value], panics: bool) -> Outcome {
    let pattern = compiled(run, text(a, 0), panics)?;
    let subject = Subject::new(text(a, 1));
    let found = pattern.regex.find(subject.text());
    Ok(found.map_or_else(|| "".into(), |found| Value::String(subject.part(found.range()).into())))
}

fn split(run: &mut Run<'_>, a: &[Value], panics: bool) -> Outcome {
    let (source, subject, count) = (text(a, 0), Subject::new(text(a, 1)), int(a, 2));
    let pattern = compiled(run, source, panics)?;
    if count == 0 {
        return Ok(Value::List(List::nil(ListType::Strings)));
    }
    if !source.is_empty() && subject.original.is_empty() {
        return Ok(Value::strings([""]));
    }
    let mut parts: Vec<Str> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in matches(run, &pattern, subject.text(), count)? {
        if count > 0 && parts.len() as i64 == count - 1 {
            break;
        }
        end = found.start;
        if found.end != 0 {
            parts.push(subject.part(begin..end).into());
        }
        begin = found.end;
    }
    let length = subject.text().len();
    if end != length {
        parts.push(subject.part(begin..length).into());
    }
    run.charge(parts.len() * size_of::<Value>() + length)?;
    Ok(Value::strings(parts))
}

fn replace_all(run: &mut Run<'_>, a: &[Value], panics: bool, is_literal: bool) -> Outcome {
    let pattern = compiled(run, text(a, 0), panics)?;
    let (subject, replacement) = (Subject::new(text(a, 1)), text(a, 2));
    let searched = subject.text();
    let mut locations = pattern.regex.capture_locations();
    let mut out = Vec::new();
    let (mut last_end, mut at, mut paid_for) = (0, 0, 0);
    while at <= searched.len() {
        run.step()?;
        let Some(hit) = pattern.regex.captures_read_at(&mut locations, searched, at) else { break };
        let (start, end) = (hit.start(), hit.end());
        out.extend_from_slice(subject.part(last_end..start));
        if end > last_end || start == 0 {
            if is_literal {
                out.extend_from_slice(replacement);
            } else {
                expand(&mut out, replacement, &subject, &pattern, &locations);
            }
        }
        run.charge(out.len() - paid_for)?;
        paid_for = out.len();
        last_end = end;
        let width = runes::decode(&searched[at..]).1;
        at = if at + width > end { at + width } else { end.max(at + usize::from(end < at + 1)) };
    }
    out.extend_from_slice(subject.part(last_end..searched.len()));
    Ok(out.into())
}

/// `Regexp.Expand`: `$1`, `$name`, `${name}` and `$$`.
fn expand(
    out: &mut Vec<u8>,
    template: &[u8],
    subject: &Subject<'_>,
    pattern: &Pattern,
    locations: &CaptureLocations,
) {
    let mut rest = template;
    while let Some(at) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = after;
            continue;
        }
        let Some((name, after)) = reference(rest) else {
            out.push(b'$');
            continue;
        };
        rest = after;
        let number = name.iter().all(u8::is_ascii_digit).then(|| String::from_utf8_lossy(name).parse().ok());
        let group = match number {
            Some(number) => number.and_then(|number: usize| {
                (number < locations.len()).then(|| locations.get(number)).flatten()
            }),
            None => pattern
                .names
                .iter()
                .enumerate()
                .filter(|(_, known)| *known == name)
                .find_map(|(number, _)| locations.get(number)),
        };
        if let Some((start, end)) = group {
            out.extend_from_slice(subject.part(start..end));
        }
    }
    out.extend_from_slice(rest);
}

/// The name behind a `$`, and what follows it.
fn reference(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inner, is_braced) = match text.strip_prefix(b"{") {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let is_word = |rune: i32| rune == i32::from(b'_') || runes::is_letter(rune) || runes::is_digit(rune);
    let length = runes::iter(inner).take_while(|(rune, _)| is_word(*rune)).map(|(_, width)| width).sum();
    let (name, after) = inner.split_at(length);
    if name.is_empty() {
        return None;
    }
    if is_braced { Some((name, after.strip_prefix(b"}")?)) } else { Some((name, after)) }
}

fn quote_meta(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut out = Vec::with_capacity(text(a, 0).len());
    for byte in text(a, 0) {
        if br"\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    paid(run, out)
}
