//! Helm's functions that need the run: templates, messages, the cluster.

use std::rc::Rc;

use super::arguments::*;
use crate::error::{Error, Limit};
use crate::exec;
use crate::parse;
use crate::print::quote;
use crate::record::{Included, Recorder};
use crate::run::Warning;
use crate::trace;
use crate::value::Numbers;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "include", params: &[STRING, ANY], call: include },
    Function { name: "tpl", params: &[STRING, ANY], call: tpl },
    Function { name: "required", params: &[STRING, ANY], call: required },
    Function { name: "fail", params: &[STRING], call: fail_with },
    Function { name: "lookup", params: &[STRING, STRING, STRING, STRING], call: lookup },
    Function { name: "getHostByName", params: &[STRING], call: host_by_name },
];

/// `include`: the output of a template as text. Nesting of one name is limited.
fn include(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let Some(name) = a[0].as_str() else { return Ok("".into()) };
    let limit = run.limits.includes;
    let count = run.includes.entry(name.clone()).or_insert(0);
    if *count > limit {
        let name = name.to_text();
        return fail(format!(
            "rendering template has a nested reference name: {name}: unable to execute template"
        ));
    }
    *count += 1;
    let text = captured(run, Some(name), |run| {
        let Some(set) = run.set.clone() else {
            return Err(Error::NoTemplate(name.to_string(), String::new()));
        };
        exec::execute_included(&set, name, &a[1], run)
    });
    if let Some(count) = run.includes.get_mut(name) {
        *count -= 1;
    }
    match text {
        Ok(text) => Ok(Value::String(text?)),
        Err(error) => Err(Failure::Template { context: String::new(), error: Box::new(error) }),
    }
}

/// What a template writes, taken from the output again.
fn captured(
    run: &mut Run<'_>,
    name: Option<&Str>,
    execute: impl FnOnce(&mut Run<'_>) -> Result<(), Error>,
) -> Result<Result<Str, Limit>, Error> {
    let start = run.out.len();
    let base = std::mem::replace(&mut run.base, start);
    let inner = run.recorder.as_ref().map(Recorder::inner);
    let outer = std::mem::replace(&mut run.recorder, inner);
    let outcome = execute(run);
    run.base = base;
    let inner = run.recorder.take();
    let text = Str::from(&run.out[start..]);
    run.out.truncate(start);
    if let (Some(mut outer), Some(inner)) = (outer, inner) {
        outer.included.push(Included {
            name: name.map(Str::to_string),
            text: text.to_vec(),
            writes: inner.writes,
        });
        run.recorder = Some(outer);
    }
    outcome?;
    Ok(run.charge(text.len()).map(|()| text))
}

/// `tpl`: a text executed as a template that sees the templates of its caller; what it defines is seen by
/// itself only.
fn tpl(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let Some(source) = a[0].as_str() else { return Ok("".into()) };
    let Some(set) = run.set.clone() else { return Ok("".into()) };
    let templates = match run.parsed.get(source) {
        Some(known) => known.clone(),
        None => {
            // The nodes of a template take more than its text.
            run.charge(source.len().saturating_mul(16))?;
            let parsed = parse::parse(set.name(), source.as_bytes().into(), &set.functions);
            let parsed = Rc::new(parsed.map_err(|error| in_tpl("cannot parse template", source, error))?);
            run.parsed.insert(source.clone(), parsed.clone());
            parsed
        }
    };
    let text = captured(run, None, |run| {
        let Some(main) = templates.first() else { return Ok(()) };
        exec::execute_template(&set.with_added(&templates), main, &a[1], run)
    });
    let text = text.map_err(|error| in_tpl("error during tpl function execution for", source, error))??;
    Ok(Value::String(without_no_value(text)))
}

fn in_tpl(what: &str, source: &Str, error: Error) -> Failure {
    Failure::Template { context: format!("{what} {}: ", quote(source)), error: Box::new(error) }
}

/// Helm takes every `<no value>` out of what was rendered.
fn without_no_value(text: Str) -> Str {
    const NO_VALUE: &[u8] = b"<no value>";
    if memchr::memmem::find(&text, NO_VALUE).is_none() {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(&text, NO_VALUE) {
        out.extend_from_slice(&text[from..at]);
        from = at + NO_VALUE.len();
    }
    out.extend_from_slice(&text[from..]);
    out.into()
}

fn required(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let what = match &a[1] {
        value if value.is_nil() => "missing required value",
        value if value.as_str().is_some_and(|text| text.is_empty()) => "missing required values",
        value => return Ok(value.clone()),
    };
    complain(run, Warning { what, message: utf8(a, 0), is_asked_for: false })
}

fn fail_with(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    complain(run, Warning { what: "funcMap fail", message: utf8(a, 0), is_asked_for: true })
}

fn complain(run: &mut Run<'_>, warning: Warning) -> Outcome {
    if run.environment().lint {
        run.charge(warning.message.len() + size_of::<Warning>())?;
        run.warnings.push(warning);
        return Ok("".into());
    }
    fail(trace::marked(&warning.message))
}

fn lookup(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    let environment = run.environment();
    let Some(cluster) = environment.cluster.filter(|_| !environment.lint) else { return Ok(Value::map()) };
    let found = cluster.lookup(&utf8(a, 0), &utf8(a, 1), &utf8(a, 2), &utf8(a, 3));
    match found.map_err(|error| Failure::message(error.to_string()))? {
        Some(object) => Ok(Value::from_tree(&object, Numbers::Integers)),
        None => Ok(Value::map()),
    }
}

fn host_by_name(run: &mut Run<'_>, a: &[Value]) -> Outcome {
    match run.environment().resolver {
        Some(resolver) => Ok(resolver.resolve(&utf8(a, 0)).into()),
        None => Ok("".into()),
    }
}
