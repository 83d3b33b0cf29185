//! Whether an answer is the recorded one.

use serde_json::{Map, Value as Json};

use crate::exchange::Exchange;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) cookie: Option<String>,
    pub(crate) body: String,
}

/// How an answer differs from the recorded one.
pub(crate) fn difference(exchange: &Exchange, answer: &Answer) -> Option<String> {
    let recorded = &exchange.json;
    if recorded["status"].as_u64() != Some(answer.status.into()) {
        return Some(format!("status {} and not {}: {}", answer.status, recorded["status"], answer.body));
    }
    let kind = recorded["headers"]["Content-Type"].as_str().unwrap_or_default();
    if !kind.is_empty() && kind != answer.content_type {
        return Some(format!("content type {:?} and not {kind:?}", answer.content_type));
    }
    let cookie = |text: &str| text.split('=').next().map(str::to_owned);
    let recorded_cookie = recorded["headers"]["Set-Cookie"].as_str().and_then(cookie);
    if recorded_cookie.is_some() && recorded_cookie != answer.cookie.as_deref().and_then(cookie) {
        return Some(format!("cookie {:?} and not {recorded_cookie:?}", answer.cookie));
    }
    if let Some(text) = recorded["body_text"].as_str() {
        // The keys of an event have no order.
        if let (Some(expected), Some(found)) = (event(text), event(&answer.body)) {
            return (!is_same(&expected, &found)).then(|| format!("{found} and not {expected}"));
        }
        return (text != answer.body).then(|| format!("{:?} and not {text:?}", answer.body));
    }
    let Ok(found) = serde_json::from_str::<Json>(&answer.body) else {
        return Some(format!("no JSON: {:?}", answer.body));
    };
    let (expected, found) = (comparable(&recorded["body"]), comparable(&found));
    (!is_same(&expected, &found)).then(|| format!("\n  {found}\nand not\n  {expected}"))
}

fn event(text: &str) -> Option<Json> {
    serde_json::from_str(text.strip_prefix("data: ")?.strip_suffix(" \n\n")?).ok()
}

/// Without what differs from run to run, and what controllers write.
fn comparable(body: &Json) -> Json {
    let mut body = body.clone();
    if let Some(items) = body.get_mut("items").and_then(Json::as_array_mut) {
        items.iter_mut().for_each(strip);
    }
    strip(&mut body);
    body
}

fn strip(object: &mut Json) {
    let Some(map) = object.as_object_mut() else { return };
    if map.contains_key("spec") {
        map.remove("status");
    }
    // Upstream resolves the revision before it writes the operation; our controllers do.
    if let Some(sync) = map.get_mut("operation").and_then(|operation| operation.get_mut("sync")) {
        sync.as_object_mut().and_then(|sync| sync.remove("revision"));
    }
    let Some(metadata) = map.get_mut("metadata").and_then(Json::as_object_mut) else { return };
    for field in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] {
        metadata.remove(field);
    }
}

/// Equal, where a recorded `<time>` stands for any text without spaces, and other placeholders for anything.
fn is_same(expected: &Json, found: &Json) -> bool {
    match (expected, found) {
        (Json::String(expected), Json::String(found)) => is_same_text(expected, found),
        (Json::Object(expected), Json::Object(found)) => are_same(expected, found),
        (Json::Array(expected), Json::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(a, b)| is_same(a, b))
        }
        _ => expected == found,
    }
}

fn are_same(expected: &Map<String, Json>, found: &Map<String, Json>) -> bool {
    expected.len() == found.len()
        && expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| is_same(value, found)))
}

fn is_same_text(expected: &str, found: &str) -> bool {
    let Some((before, rest)) = expected.split_once('<') else { return expected == found };
    let Some((_, after)) = rest.split_once('>') else { return expected == found };
    found.starts_with(before)
        && found.ends_with(after)
        && found.len() > before.len() + after.len()
        && !found[before.len()..found.len() - after.len()].contains(' ')
}
