//! sprig's functions of lists.

use std::ops::Range;

use super::arguments::*;
use super::numbers::to_int;
use crate::value::Kind;

/// Each function has a `must` twin; the plain one panics with the same message, which ends the same way.
pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "list", params: &[ANYS], call: list },
    Function { name: "tuple", params: &[ANYS], call: list },
    Function { name: "append", params: &[ANY, ANY], call: append },
    Function { name: "push", params: &[ANY, ANY], call: append },
    Function { name: "mustAppend", params: &[ANY, ANY], call: append },
    Function { name: "mustPush", params: &[ANY, ANY], call: append },
    Function { name: "prepend", params: &[ANY, ANY], call: prepend },
    Function { name: "mustPrepend", params: &[ANY, ANY], call: prepend },
    Function { name: "first", params: &[ANY], call: first },
    Function { name: "mustFirst", params: &[ANY], call: first },
    Function { name: "rest", params: &[ANY], call: rest },
    Function { name: "mustRest", params: &[ANY], call: rest },
    Function { name: "last", params: &[ANY], call: last },
    Function { name: "mustLast", params: &[ANY], call: last },
    Function { name: "initial", params: &[ANY], call: initial },
    Function { name: "mustInitial", params: &[ANY], call: initial },
    Function { name: "reverse", params: &[ANY], call: reverse },
    Function { name: "mustReverse", params: &[ANY], call: reverse },
    Function { name: "uniq", params: &[ANY], call: uniq },
    Function { name: "mustUniq", params: &[ANY], call: uniq },
    Function { name: "without", params: &[ANY, ANYS], call: without },
    Function { name: "mustWithout", params: &[ANY, ANYS], call: without },
    Function { name: "has", params: &[ANY, ANY], call: has },
    Function { name: "mustHas", params: &[ANY, ANY], call: has },
    Function { name: "slice", params: &[ANY, ANYS], call: slice },
    Function { name: "mustSlice", params: &[ANY, ANYS], call: slice },
    Function { name: "concat", params: &[ANYS], call: concat },
    Function { name: "chunk", params: &[INT, ANY], call: chunk },
    Function { name: "mustChunk", params: &[INT, ANY], call: chunk },
    Function { name: "compact", params: &[ANY], call: compact },
    Function { name: "mustCompact", params: &[ANY], call: compact },
];

/// What a list of so many elements takes.
fn pay(run: &mut Run<'_>, count: usize) -> Result<(), Failure> {
    Ok(run.charge(count.saturating_mul(size_of::<Value>()))?)
}

fn elements(run: &mut Run<'_>, value: &Value, problem: &str) -> Result<Vec<Value>, Failure> {
    if value.is_nil() {
        return fail(NIL_DEREFERENCE);
    }
    match value.elements() {
        Some(elements) => {
            pay(run, elements.len())?;
            Ok(elements)
        }
        None => fail(format!("{problem} {}", value.kind().name())),
    }
}

fn any_list(items: Vec<Value>) -> Outcome {
    Ok(Value::List(List::new(ListType::Any, items)))
}

fn list(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    pay(run, a.len())?;
    any_list(a.to_vec())
}

fn append(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut items = elements(run, &a[0], "Cannot push on type")?;
    items.push(a[1].clone());
    any_list(items)
}

fn prepend(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut items = elements(run, &a[0], "Cannot prepend on type")?;
    items.insert(0, a[1].clone());
    any_list(items)
}

fn first(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    if let Value::List(list) = &a[0] {
        return Ok(list.get(0).unwrap_or_default());
    }
    let items = elements(run, &a[0], "Cannot find first on type")?;
    Ok(items.first().cloned().unwrap_or_default())
}

fn last(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    if let Value::List(list) = &a[0] {
        return Ok(list.items().last().cloned().unwrap_or_default());
    }
    let items = elements(run, &a[0], "Cannot find last on type")?;
    Ok(items.last().cloned().unwrap_or_default())
}

fn rest(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    part(run, &a[0], "Cannot find rest on type", |length| 1..length)
}

fn initial(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    part(run, &a[0], "Cannot find initial on type", |length| 0..length - 1)
}

/// A part of a list that is not empty. Nothing changes the elements of a `[]interface {}`, so they are shared
/// where sprig copies them.
fn part(run: &mut Run<'_>, value: &Value, problem: &str, of: fn(usize) -> Range<usize>) -> Outcome {
    let list = match value {
        Value::List(list) if list.list_type() == ListType::Any => list.clone(),
        other => List::new(ListType::Any, elements(run, other, problem)?),
    };
    if list.is_empty() {
        return Ok(Value::List(List::nil(ListType::Any)));
    }
    pay(run, 1)?;
    Ok(Value::List(list.part(of(list.len()))))
}

fn reverse(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut items = elements(run, &a[0], "Cannot find reverse on type")?;
    items.reverse();
    any_list(items)
}

fn compact(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut items = elements(run, &a[0], "Cannot compact on type")?;
    items.retain(|item| !super::defaults::is_empty(item));
    any_list(items)
}

/// Whether one of the values is deeply equal; each comparison is a step.
fn contains(run: &mut Run<'_>, haystack: &[Value], needle: &Value) -> Result<bool, Failure> {
    for value in haystack {
        if run.deep_equal(needle, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let items = elements(run, &a[0], "Cannot find uniq on type")?;
    let mut out: Vec<Value> = Vec::new();
    for item in items {
        if !contains(run, &out, &item)? {
            out.push(item);
        }
    }
    any_list(out)
}

fn without(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let items = elements(run, &a[0], "Cannot find without on type")?;
    let mut out = Vec::new();
    for item in items {
        if !contains(run, &a[1..], &item)? {
            out.push(item);
        }
    }
    any_list(out)
}

fn has(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    if a[1].is_nil() {
        return Ok(false.into());
    }
    let items = elements(run, &a[1], "Cannot find has on type")?;
    Ok(contains(run, &items, &a[0])?.into())
}

/// Shares the elements, as Go's slices do.
fn slice(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let length = match &a[0] {
        Value::Nil => return fail(NIL_DEREFERENCE),
        Value::List(list) => list.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Object(object) if object.kind() == Kind::Slice => object.entries().len(),
        other => return fail(format!("list should be type of slice or array but {}", other.kind().name())),
    };
    if length == 0 {
        return Ok(Value::Nil);
    }
    let start = a.get(1).map_or(0, to_int);
    let end = a.get(2).map_or(length as i64, to_int);
    let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let Some((start, end)) = bounds.filter(|(start, end)| start <= end && *end <= length) else {
        return fail("reflect.Value.Slice: slice index out of bounds");
    };
    pay(run, 1)?;
    match &a[0] {
        Value::Bytes(bytes) => {
            run.charge(end - start)?;
            Ok(Value::Bytes(Str::from(&bytes[start..end])))
        }
        Value::List(list) => Ok(Value::List(list.part(start..end))),
        other => {
            let items = elements(run, other, "")?;
            any_list(items[start..end].to_vec())
        }
    }
}

fn concat(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let mut out = Vec::new();
    for value in a {
        if value.is_nil() {
            return fail(NIL_DEREFERENCE);
        }
        let Some(items) = value.elements() else {
            return fail(format!("Cannot concat type {} as list", value.kind().name()));
        };
        pay(run, items.len())?;
        out.extend(items);
    }
    if out.is_empty() {
        return Ok(Value::List(List::nil(ListType::Any)));
    }
    any_list(out)
}

/// The number of chunks is reckoned in floating point, as sprig does, with what follows for odd sizes.
fn chunk(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let items = elements(run, &a[1], "Cannot chunk type")?;
    let size = int(a, 0);
    let length = items.len() as f64;
    let chunks = ((length - 1.0) / size as f64).floor() + 1.0;
    if size == 0 || chunks < 0.0 || (chunks > 0.0 && size < 0) {
        return fail("runtime error: makeslice: len out of range");
    }
    if chunks == 0.0 {
        return Ok(Value::List(List::new(ListType::Lists, Vec::new())));
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let chunks =
        items.chunks(size).map(|chunk| Value::List(List::new(ListType::Any, chunk.to_vec()))).collect();
    Ok(Value::List(List::new(ListType::Lists, chunks)))
}
