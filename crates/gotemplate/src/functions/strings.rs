//! sprig's functions of strings.

use super::arguments::*;
use super::words;
use crate::print;
use crate::runes;
use crate::value::Kind;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "hello", params: &[], call: |_, _| Ok("Hello!".into()) },
    Function { name: "abbrev", params: &[INT, STRING], call: |_, a| abbreviate(0, int(a, 0), text(a, 1)) },
    Function {
        name: "abbrevboth",
        params: &[INT, INT, STRING],
        call: |_, a| {
            let (left, right) = (int(a, 0), int(a, 1));
            if right < 4 || left > 0 && right < 7 {
                Ok(a[2].clone())
            } else {
                abbreviate(left, right, text(a, 2))
            }
        },
    },
    Function { name: "trunc", params: &[INT, STRING], call: |_, a| Ok(truncate(int(a, 0), text(a, 1))) },
    Function {
        name: "trim",
        params: &[STRING],
        call: |_, a| Ok(runes::trim_space(text(a, 0)).to_vec().into()),
    },
    Function { name: "trimAll", params: &[STRING, STRING], call: trim_all },
    Function { name: "trimall", params: &[STRING, STRING], call: trim_all },
    Function {
        name: "trimSuffix",
        params: &[STRING, STRING],
        call: |_, a| Ok(text(a, 1).strip_suffix(text(a, 0)).map_or_else(|| a[1].clone(), bytes)),
    },
    Function {
        name: "trimPrefix",
        params: &[STRING, STRING],
        call: |_, a| Ok(text(a, 1).strip_prefix(text(a, 0)).map_or_else(|| a[1].clone(), bytes)),
    },
    Function {
        name: "upper",
        params: &[STRING],
        call: |run, a| paid(run, cased(text(a, 0), runes::to_upper)),
    },
    Function {
        name: "lower",
        params: &[STRING],
        call: |run, a| paid(run, cased(text(a, 0), runes::to_lower)),
    },
    Function { name: "title", params: &[STRING], call: |run, a| paid(run, title(text(a, 0))) },
    Function {
        name: "untitle",
        params: &[STRING],
        call: |run, a| paid(run, words::uncapitalize(text(a, 0))),
    },
    Function {
        name: "substr",
        params: &[INT, INT, STRING],
        call: |_, a| substring(int(a, 0), int(a, 1), text(a, 2)),
    },
    Function { name: "repeat", params: &[INT, STRING], call: |run, a| repeat(run, int(a, 0), text(a, 1)) },
    Function {
        name: "nospace",
        params: &[STRING],
        call: |run, a| paid(run, words::delete_white_space(text(a, 0))),
    },
    Function { name: "initials", params: &[STRING], call: |run, a| paid(run, words::initials(text(a, 0))) },
    Function { name: "swapcase", params: &[STRING], call: |run, a| paid(run, words::swap_case(text(a, 0))) },
    Function {
        name: "snakecase",
        params: &[STRING],
        call: |run, a| paid(run, words::lower_case(text(a, 0), '_')),
    },
    Function {
        name: "kebabcase",
        params: &[STRING],
        call: |run, a| paid(run, words::lower_case(text(a, 0), '-')),
    },
    Function {
        name: "camelcase",
        params: &[STRING],
        call: |run, a| paid(run, words::pascal_case(text(a, 0))),
    },
    Function {
        name: "wrap",
        params: &[INT, STRING],
        call: |run, a| words::wrap(run, text(a, 1), int(a, 0), b"", false),
    },
    Function {
        name: "wrapWith",
        params: &[INT, STRING, STRING],
        call: |run, a| words::wrap(run, text(a, 2), int(a, 0), text(a, 1), true),
    },
    Function {
        name: "contains",
        params: &[STRING, STRING],
        call: |_, a| Ok(find(text(a, 1), text(a, 0)).is_some().into()),
    },
    Function {
        name: "hasPrefix",
        params: &[STRING, STRING],
        call: |_, a| Ok(text(a, 1).starts_with(text(a, 0)).into()),
    },
    Function {
        name: "hasSuffix",
        params: &[STRING, STRING],
        call: |_, a| Ok(text(a, 1).ends_with(text(a, 0)).into()),
    },
    Function { name: "quote", params: &[ANYS], call: quote },
    Function { name: "squote", params: &[ANYS], call: squote },
    Function { name: "cat", params: &[ANYS], call: cat },
    Function {
        name: "indent",
        params: &[INT, STRING],
        call: |run, a| indent(run, int(a, 0), text(a, 1), b""),
    },
    Function {
        name: "nindent",
        params: &[INT, STRING],
        call: |run, a| indent(run, int(a, 0), text(a, 1), b"\n"),
    },
    Function {
        name: "replace",
        params: &[STRING, STRING, STRING],
        call: |run, a| replace(run, text(a, 2), text(a, 0), text(a, 1)),
    },
    Function {
        name: "plural",
        params: &[STRING, STRING, INT],
        call: |_, a| Ok(a[usize::from(int(a, 2) != 1)].clone()),
    },
    Function { name: "toString", params: &[ANY], call: |_, a| Ok(Value::String(strval(&a[0])?)) },
    Function {
        name: "split",
        params: &[STRING, STRING],
        call: |run, a| split_map(run, text(a, 1), text(a, 0), -1),
    },
    Function {
        name: "splitn",
        params: &[STRING, INT, STRING],
        call: |run, a| split_map(run, text(a, 2), text(a, 0), int(a, 1)),
    },
    Function {
        name: "splitList",
        params: &[STRING, STRING],
        call: |run, a| {
            let parts = split(run, text(a, 1), text(a, 0), -1)?;
            Ok(Value::strings(parts))
        },
    },
    Function { name: "toStrings", params: &[ANY], call: |run, a| to_strings(run, &a[0]) },
    Function { name: "join", params: &[STRING, ANY], call: |run, a| join(run, text(a, 0), &a[1]) },
    Function { name: "sortAlpha", params: &[ANY], call: |run, a| sort_alpha(run, &a[0]) },
];

fn bytes(text: &[u8]) -> Value {
    Value::String(text.into())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    if what.is_empty() {
        return Some(0);
    }
    memchr::memmem::find(text, what)
}

fn cased(text: &[u8], change: fn(char) -> char) -> Vec<u8> {
    runes::map(text, change)
}

/// `goutils.AbbreviateFull`
fn abbreviate(offset: i64, width: i64, text: &[u8]) -> Outcome {
    if width < 4 || text.len() as i64 <= width {
        return Ok(bytes(text));
    }
    let length = text.len() as i64;
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        let end = (width - 3) as usize;
        return Ok([&text[..end], b"..."].concat().into());
    }
    if width < 7 {
        return Ok("".into());
    }
    if offset + width - 3 < length {
        let inner = abbreviate(0, width - 3, &text[offset as usize..])?;
        let inner = inner.as_str().map_or(&b""[..], |text| text.as_bytes());
        // Goutils drops the error of a width that is too small for the rest.
        let inner = if width - 3 < 4 { b"" } else { inner };
        return Ok([b"...", inner].concat().into());
    }
    Ok([b"...", &text[(length - (width - 3)) as usize..]].concat().into())
}

fn truncate(count: i64, text: &[u8]) -> Value {
    let length = text.len() as i64;
    if count < 0 && length.saturating_add(count) > 0 {
        return bytes(&text[(length + count) as usize..]);
    }
    if count >= 0 && length > count {
        return bytes(&text[..count as usize]);
    }
    bytes(text)
}

fn trim_all(_: &mut Run<'_>, a: &[Value]) -> Outcome {
    let cutset = runes::chars(text(a, 0));
    let mut rest = text(a, 1);
    while let (rune, width @ 1..) = runes::decode(rest)
        && cutset.contains(&runes::to_char(rune))
    {
        rest = &rest[width..];
    }
    while let (rune, width @ 1..) = runes::decode_last(rest)
        && cutset.contains(&runes::to_char(rune))
    {
        rest = &rest[..rest.len() - width];
    }
    Ok(bytes(rest))
}

/// `strings.Title`: letters that follow what is neither letter, digit nor underscore.
fn title(text: &[u8]) -> Vec<u8> {
    let is_separator = |char: char| {
        let rune = u32::from(char).cast_signed();
        if char.is_ascii() {
            !(char.is_ascii_alphanumeric() || char == '_')
        } else {
            !(runes::is_letter(rune) || runes::is_digit(rune)) && runes::is_space(rune)
        }
    };
    let mut before = ' ';
    runes::map(text, |char| {
        let follows = is_separator(std::mem::replace(&mut before, char));
        if follows { runes::to_title(char) } else { char }
    })
}

fn substring(start: i64, end: i64, text: &[u8]) -> Outcome {
    let length = text.len() as i64;
    if start < 0 {
        return Ok(bytes(&text[slice_bounds(0, end, text.len())?]));
    }
    if end < 0 || end > length {
        if start > length {
            return fail(format!("runtime error: slice bounds out of range [{start}:{length}]"));
        }
        return Ok(bytes(&text[start as usize..]));
    }
    Ok(bytes(&text[slice_bounds(start, end, text.len())?]))
}

/// `strings.Repeat`, paid for before it is made.
pub(crate) fn repeated(run: &mut Run<'_>, count: i64, text: &[u8]) -> Result<Vec<u8>, Failure> {
    let Ok(count) = usize::try_from(count) else { return fail("strings: negative Repeat count") };
    match text.len().checked_mul(count) {
        Some(length) if i64::try_from(length).is_ok() => run.charge(length)?,
        _ => return fail("strings: Repeat output length overflow"),
    }
    Ok(text.repeat(count))
}

fn repeat(run: &mut Run<'_>, count: i64, text: &[u8]) -> Outcome {
    Ok(repeated(run, count, text)?.into())
}

fn indent(run: &mut Run<'_>, spaces: i64, text: &[u8], before: &[u8]) -> Outcome {
    let pad = repeated(run, spaces, b" ")?;
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    let length = before.len() + text.len() + pad.len().saturating_mul(lines);
    run.charge(length)?;
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(before);
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if at > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(&pad);
        out.extend_from_slice(line);
    }
    Ok(out.into())
}

/// `strings.Replace` of all; an empty text to be replaced stands before each rune and at the end.
fn replace(run: &mut Run<'_>, text: &[u8], old: &[u8], new: &[u8]) -> Outcome {
    let mut out = Vec::new();
    if old.is_empty() {
        run.charge(text.len() + new.len().saturating_mul(runes::count(text) + 1))?;
        let mut at = 0;
        for (_, width) in runes::iter(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(&text[at..at + width]);
            at += width;
        }
        out.extend_from_slice(new);
        return Ok(out.into());
    }
    let count = memchr::memmem::find_iter(text, old).count();
    run.charge(text.len().saturating_add(new.len().saturating_mul(count)))?;
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, old) {
        out.extend_from_slice(&text[from..at]);
        out.extend_from_slice(new);
        from = at + old.len();
    }
    out.extend_from_slice(&text[from..]);
    Ok(out.into())
}

fn quote(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut out = Vec::new();
    for (at, value) in a.iter().filter(|value| !value.is_nil()).enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        print::quote_bytes(&mut out, &strval(value)?, b'"', false);
    }
    paid(run, out)
}

fn squote(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut out = Vec::new();
    for (at, value) in a.iter().filter(|value| !value.is_nil()).enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.push(b'\'');
        out.extend_from_slice(&printed(value)?);
        out.push(b'\'');
    }
    paid(run, out)
}

fn cat(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut out = Vec::new();
    for (at, value) in a.iter().filter(|value| !value.is_nil()).enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(&printed(value)?);
    }
    paid(run, out)
}

/// `strings.SplitN`
fn split(run: &mut Run<'_>, text: &[u8], separator: &[u8], count: i64) -> Result<Vec<Str>, Failure> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let mut parts: Vec<Str> = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < most {
        let cut = if separator.is_empty() {
            let (_, width) = runes::decode(rest);
            // The last rune is what remains.
            (width < rest.len()).then_some((width, width))
        } else {
            find(rest, separator).map(|at| (at, at + separator.len()))
        };
        let Some((end, next)) = cut else { break };
        run.charge(end + 64)?;
        parts.push(rest[..end].into());
        rest = &rest[next..];
    }
    if !(separator.is_empty() && text.is_empty()) {
        parts.push(rest.into());
    }
    Ok(parts)
}

fn split_map(run: &mut Run<'_>, text: &[u8], separator: &[u8], count: i64) -> Outcome {
    let parts = split(run, text, separator, count)?;
    let entries = parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| (Str::from(format!("_{at}")), Value::String(part)))
        .collect();
    Ok(Value::Map(Map::of(MapType::Strings, entries)))
}

/// sprig's `strslice`: a `[]string` is given back itself.
pub(crate) fn strings_of(value: &Value) -> Result<List, Failure> {
    if let Value::List(list) = value
        && list.list_type() == ListType::Strings
    {
        return Ok(list.clone());
    }
    let mut items = Vec::new();
    match value.elements() {
        Some(elements) => {
            for element in elements.iter().filter(|element| !element.is_nil()) {
                items.push(Value::String(strval(element)?));
            }
        }
        None if value.is_nil() => {}
        None => items.push(Value::String(strval(value)?)),
    }
    Ok(List::new(ListType::Strings, items))
}

/// What an element of a list of texts takes at least.
const ELEMENT: usize = 64;

fn to_strings(run: &mut Run<'_>, value: &Value) -> Outcome {
    let list = strings_of(value)?;
    run.charge(list.items().len() * ELEMENT)?;
    Ok(Value::List(list))
}

fn join(run: &mut Run<'_>, separator: &[u8], value: &Value) -> Outcome {
    let list = strings_of(value)?;
    let items = list.items();
    let length: usize = items.iter().filter_map(Value::as_str).map(|item| item.len()).sum();
    run.charge(length.saturating_add(separator.len().saturating_mul(items.len())))?;
    let mut out = Vec::with_capacity(length);
    for (at, item) in items.iter().filter_map(Value::as_str).enumerate() {
        if at > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(item);
    }
    Ok(out.into())
}

/// A `[]string` is sorted in place, for everybody who holds it.
fn sort_alpha(run: &mut Run<'_>, value: &Value) -> Outcome {
    if value.kind() != Kind::Slice {
        return Ok(Value::strings([strval(value)?]));
    }
    let list = strings_of(value)?;
    run.charge(list.items().len() * ELEMENT)?;
    list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(Value::List(list))
}
