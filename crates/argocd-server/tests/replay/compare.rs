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
        if kind == "image/svg+xml" {
            let (expected, found) = (drawn(text), drawn(&answer.body));
            return (expected != found).then(|| format!("{found:?} and not {expected:?}"));
        }
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
    let found = with_names_of(&expected, &found);
    (!is_same(&expected, &found)).then(|| format!("\n  {found}\nand not\n  {expected}"))
}

/// What a picture shows: its size, its words and the colours behind them. The drawing itself is each one's own.
fn drawn(svg: &str) -> Vec<&str> {
    let between = |start: &'static str, end: char| {
        svg.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
    };
    let sizes = ["width=\"", "height=\""].into_iter().filter_map(|name| between(name, '"').next());
    let words = between("<text", '<').filter_map(|text| text.split_once('>')).map(|(_, word)| word);
    let colours = between("fill=\"rgb(", ')');
    sizes.chain(words.filter(|word| !word.is_empty())).chain(colours).collect()
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
    map.remove("hosts");
    if let Some(nodes) = map.get_mut("nodes").and_then(Json::as_array_mut) {
        nodes.retain(|node| !is_flux(node));
        nodes.iter_mut().for_each(strip_node);
    }
    if let Some(Json::String(manifest)) = map.get("manifest") {
        let mut manifest: Json = serde_json::from_str(manifest).expect(manifest);
        strip_manifest(&mut manifest);
        map.insert("manifest".to_owned(), manifest);
    }
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

/// Names that the recorded cluster made otherwise: hashes of Pod templates, and the node.
fn with_names_of(expected: &Json, found: &Json) -> Json {
    let (recorded, mut text) = (expected.to_string(), found.to_string());
    let hashes = |text: &str| -> Vec<String> {
        let of_name = |rest: &str| {
            let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
            (end >= 8).then(|| rest[..end].to_owned())
        };
        let mut hashes: Vec<String> = text.split("web-").skip(1).filter_map(of_name).collect();
        hashes.dedup();
        hashes
    };
    for (theirs, ours) in hashes(&recorded).iter().zip(hashes(&text)) {
        text = text.replace(&ours, theirs);
    }
    // Of Jobs that were made by hand, and of their Pods, whose names begin with those of the Jobs.
    for kind in ["Pod", "Job"] {
        if let (Some(theirs), Some(ours)) = (named(expected, kind, "cron-"), named(found, kind, "cron-")) {
            text = text.replace(&ours, &theirs);
        }
    }
    if recorded.contains("fake-0") {
        text = text.replace("\"sandbox\"", "\"fake-0\"");
    }
    serde_json::from_str(&text).unwrap_or_else(|_| found.clone())
}

/// The name of the first object of a kind in a tree that begins so.
fn named(tree: &Json, kind: &str, start: &str) -> Option<String> {
    let nodes = tree["nodes"].as_array()?.iter().filter(|node| node["kind"] == kind);
    nodes.filter_map(|node| node["name"].as_str()).find(|name| name.starts_with(start)).map(str::to_owned)
}

/// Here Flux deploys what upstream's engine did.
fn is_flux(reference: &Json) -> bool {
    reference["group"].as_str().is_some_and(|group| group.ends_with(".toolkit.fluxcd.io"))
}

/// Without what hangs from Flux objects, and the resources of the hosts, which are part of them.
fn strip_node(node: &mut Json) {
    let Some(map) = node.as_object_mut() else { return };
    for (list, is_foreign) in [
        ("parentRefs", &is_flux as &dyn Fn(&Json) -> bool),
        ("info", &|info: &Json| matches!(info["name"].as_str(), Some("cpu" | "memory"))),
    ] {
        let Some(items) = map.get_mut(list).and_then(Json::as_array_mut) else { continue };
        items.retain(|item| !is_foreign(item));
        if items.is_empty() {
            map.remove(list);
        }
    }
}

/// Without the annotations of upstream's engine, and what a cluster says otherwise each time.
fn strip_manifest(manifest: &mut Json) {
    let Some(metadata) = manifest["metadata"].as_object_mut() else { return };
    for field in ["generation", "managedFields", "resourceVersion", "uid", "creationTimestamp"] {
        metadata.remove(field);
    }
    let Some(annotations) = metadata.get_mut("annotations").and_then(Json::as_object_mut) else { return };
    for annotation in ["argocd.argoproj.io/tracking-id", "kubectl.kubernetes.io/last-applied-configuration"] {
        annotations.remove(annotation);
    }
    if annotations.is_empty() {
        metadata.remove("annotations");
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
