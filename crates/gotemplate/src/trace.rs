//! How Helm rewrites the errors of `text/template` (`pkg/engine/engine.go`).

use crate::error::{Cause, Error};
use crate::function::Failure;

const WARN_START: &str = "HELM_ERR_START";
const WARN_END: &str = "HELM_ERR_END";

/// A message of `required` or `fail`, marked so that [`helm_exec_message`] finds it.
pub(crate) fn marked(message: &str) -> String {
    format!("{WARN_START}{message}{WARN_END}")
}

/// What helm says of a text that is no template.
pub fn helm_parse_message(name: &str, error: &Error) -> String {
    let text = error.to_string();
    let parts: Vec<&str> = text.split(": ").collect();
    match parts.as_slice() {
        [_] => format!("parse error in ({name}): {text}"),
        [_, location, .., last] => format!("parse error at ({location}): {last}"),
        [_, location] => format!("parse error at ({location}): {location}"),
        [] => text,
    }
}

/// What helm says of a template that failed: one line for `required` and `fail`, else the chain of places.
pub fn helm_exec_message(name: &str, error: &Error) -> String {
    let text = error.to_string();
    if !matches!(error, Error::Exec(_)) {
        return text;
    }
    let mut parts = text.splitn(3, ": ");
    let (Some(_), Some(location), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return format!("execution error in ({name}): {text}");
    };
    if let Some(start) = rest.find(WARN_START)
        && let Some(end) = rest.rfind(WARN_END)
        && start + WARN_START.len() <= end
    {
        let message = &rest[start + WARN_START.len()..end];
        return format!("execution error at ({location}): {message}");
    }
    let mut locations: Vec<Trace> = Vec::new();
    for layer in layers(error) {
        let Some(trace) = Trace::read(&layer) else { return text };
        if locations.last() != Some(&trace) {
            locations.push(trace);
        }
    }
    let printed: String = locations.iter().map(Trace::print).collect();
    printed.trim().to_owned()
}

/// The texts that unwrapping the error in Go gives one after another.
fn layers(error: &Error) -> Vec<String> {
    let mut layers = vec![error.to_string()];
    let mut at = error;
    while let Error::Exec(failed) = at {
        match &failed.cause {
            Cause::Call { failure: Failure::Template { context, error }, .. } if context.is_empty() => {
                layers.push(error.to_string());
                at = error;
            }
            Cause::Call { failure, .. } => {
                layers.push(failure.to_string());
                break;
            }
            _ => break,
        }
    }
    layers
}

#[derive(PartialEq)]
struct Trace {
    location: String,
    message: String,
    executing: String,
}

impl Trace {
    fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self {
                location: String::new(),
                message: text.to_owned(),
                executing: String::new(),
            });
        }
        Self::executing(rest).or_else(|| {
            let (location, message) = rest.rsplit_once(": ")?;
            Some(Self { location: location.to_owned(), message: cut(message), executing: String::new() })
        })
    }

    fn executing(rest: &str) -> Option<Self> {
        let (location, after) = rest.split_once(": executing ")?;
        let after = after.strip_prefix('"')?;
        let (function, after) = after.split_once('"')?;
        let (place, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            location: location.to_owned(),
            message: cut(message),
            executing: format!("executing \"{function}\" at <{place}>:"),
        })
    }

    fn print(&self) -> String {
        let mut out = String::new();
        if !self.location.is_empty() {
            out.push_str(&format!("{}\n  ", self.location));
        }
        if !self.executing.is_empty() {
            out.push_str(&format!("{}\n    ", self.executing));
        }
        if !self.message.is_empty() {
            out.push_str(&format!("{}\n", self.message));
        }
        out
    }
}

/// What follows with an inner template's error is printed by itself.
fn cut(message: &str) -> String {
    message.split(" template:").next().unwrap_or(message).to_owned()
}
