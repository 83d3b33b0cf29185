//! What a real Argo CD was asked and answered by REST, to the wire and back.

use std::path::{Path, PathBuf};

use apimachinery::path_segment;
use argocd_api::proto::{Body, Message, Method, Type};
use value::Value;

use crate::descriptors;

/// Exchanges that do not come back as they were, and why. A star stands for any text.
const DIFFERENCES: &[(&str, &str)] = &[
    ("*/list-fields", "`fields` takes fields out of the JSON"),
    ("*/list-fields-unknown", "`fields` takes fields out of the JSON"),
    ("*/list-fields-exclude", "`fields` takes fields out of the JSON, and writes null for some"),
    ("rbac/01-alice-applications/list-all", "`fields` takes fields out of the JSON"),
    ("*/patch-not-a-string request", "it is refused: the patch is an object"),
    ("*/bad-type request", "it is refused: a flag is a text"),
    ("*/rollback-zero request", "it is refused: it names no deployment"),
    ("*/extra-field request", "unknown fields are ignored"),
    ("*/unknown-field request", "unknown fields are ignored"),
    ("sync-api/04-exclude/sync request", "unknown fields are ignored: a request excludes nothing"),
];

/// Exchanges that no described method has, and why.
const WITHOUT_METHOD: &[(&str, &str)] = &[
    ("GET /api/badge*", "no method: a picture"),
    ("* /api/webhook", "no method: notices of Git servers"),
    ("GET /api/dex/keys", "no method: Dex answers it"),
    ("GET /auth/log*", "no method: pages of the browser"),
    ("GET /healthz*", "no method: for probes"),
    ("GET /metrics", "no method: for Prometheus"),
    ("GET /", "no method: the page"),
    ("GET /swagger-nope", "nothing is there"),
    ("GET /api/v1/nope", "nothing is there"),
    ("GET /api/v1/session", "another verb is meant"),
    ("PUT /api/v1/applications", "another verb is meant"),
    ("GET /api/v1/applicationsets*", "ApplicationSetService is not described yet"),
    ("GET /api/v1/certificates", "CertificateService is not described yet"),
    ("* /api/v1/clusters", "ClusterService is not described yet"),
    ("GET /api/v1/clusters/*", "ClusterService is not described yet"),
    ("GET /api/v1/gpgkeys", "GPGKeyService is not described yet"),
    ("GET /api/v1/notifications/services", "NotificationService is not described yet"),
    ("GET /api/v1/repocreds", "RepoCredsService is not described yet"),
    ("* /api/v1/repositories", "RepositoryService is not described yet"),
    ("GET /api/v1/repositories/*", "RepositoryService is not described yet"),
];

#[test]
fn recorded_bodies_come_back_as_they_were() {
    let (mut equal, mut wrong) = (0, Vec::new());
    let mut seen = vec![false; DIFFERENCES.len()];
    for (name, compared) in exchanges().into_iter().flat_map(|(name, exchange)| bodies(&name, &exchange)) {
        let listed = DIFFERENCES.iter().position(|(pattern, _)| fits(pattern, &name));
        if let Some(at) = listed {
            seen[at] = true;
        }
        match (compared, listed) {
            (None, None) => equal += 1,
            (Some(_), Some(_)) => {}
            (Some(difference), None) => wrong.push(format!("{name}: {difference}")),
            (None, Some(_)) => wrong.push(format!("{name} is listed and is equal")),
        }
    }
    let unseen = DIFFERENCES.iter().zip(seen).filter(|(_, seen)| !seen);
    wrong.extend(unseen.map(|((pattern, _), _)| format!("{pattern} is listed and was not seen")));
    assert!(wrong.is_empty(), "{} bodies:\n{}", wrong.len(), wrong.join("\n"));
    assert!(equal >= 300, "only {equal} bodies were compared");
}

/// The bodies of an exchange, and how they come back otherwise.
fn bodies(name: &str, exchange: &Value) -> Vec<(String, Option<String>)> {
    let text = |field: &str| exchange.str_at(&["request", field]).unwrap_or_default();
    let (path, query) = text("path").split_once('?').unwrap_or((text("path"), ""));
    let Some(method) = descriptors().rest(text("method"), path) else {
        let is_listed =
            WITHOUT_METHOD.iter().any(|(pattern, _)| fits(pattern, &format!("{} {path}", text("method"))));
        let difference = (!is_listed).then(|| format!("no method is called by {} {path}", text("method")));
        return difference.map(|difference| (name.to_owned(), Some(difference))).into_iter().collect();
    };
    let mut all = Vec::new();
    if let Some(request) = exchange.at(&["request", "body"]).and_then(json_of) {
        let request = request_of(method, (path, query), &filled(&request));
        let message = descriptors().of(method.input());
        all.push((format!("{name} request"), read_otherwise(message, &request)));
    }
    let is_answer = exchange.at(&["status"]).and_then(Value::as_i64) == Some(200);
    let answer = descriptors().of(method.output());
    if let Some(body) = exchange.get("body").filter(|body| is_answer && body.as_map().is_some()) {
        all.push((name.to_owned(), difference(answer, &filled(body))));
    }
    let lines = exchange.str_at(&["body_text"]).filter(|_| is_answer).unwrap_or_default().lines();
    for (at, result) in lines.filter_map(|line| value::from_json(line.as_bytes()).ok()).enumerate() {
        let result = result.get("result").expect("a result");
        all.push((format!("{name} {at}"), difference(answer, &filled(result))));
    }
    all
}

/// A body that is no object was recorded as text.
fn json_of(body: &Value) -> Option<Value> {
    match body.as_str() {
        Some(text) => value::from_json(text.as_bytes()).ok(),
        None => Some(body.clone()),
    }
}

/// The request that a body, the variables of a path and a query make.
fn request_of(method: &Method, (path, query): (&str, &str), body: &Value) -> Value {
    let mut request = match method.body() {
        Body::Field(field) => Value::map_of([(field.as_str(), body.clone())]),
        Body::Request | Body::Nothing => body.clone(),
    };
    let variables = method.bindings().iter().find_map(|binding| binding.variables(path)).expect("a binding");
    for (field, value) in variables {
        request.set_at(&field.split('.').collect::<Vec<_>>(), value);
    }
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    for (field, value) in pairs.filter(|_| matches!(method.body(), Body::Field(_))) {
        let text = path_segment::decode(value).expect("an encoded text");
        let described = descriptors().of(method.input()).field(field).expect(field);
        let value = match described.r#type() {
            Type::Flag => (text == "true").into(),
            _ => Value::from(text),
        };
        request.set_at(&[field], value);
    }
    request
}

fn come_back(message: &Message, json: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(descriptors().to_json(message, &descriptors().to_wire(message, json)?)?)
}

fn difference(message: &Message, json: &Value) -> Option<String> {
    match come_back(message, json) {
        Ok(back) if back == *json => None,
        Ok(back) => Some(format!("\n  {}\n  {}", value::to_json(json), value::to_json(&back))),
        Err(error) => Some(error.to_string()),
    }
}

/// What of a request is not read from it, or is read without being there. What Go's types show always may come on
/// top as long as there is nothing in it; the type of an object is no field of its message.
fn read_otherwise(message: &Message, json: &Value) -> Option<String> {
    let mut json = json.clone();
    for object in ["application", "project"] {
        json.remove_at(&[object, "apiVersion"]);
        json.remove_at(&[object, "kind"]);
    }
    let read = match come_back(message, &json) {
        Ok(read) => read,
        Err(error) => return Some(error.to_string()),
    };
    let is_read = adds_nothing(&json, &read);
    (!is_read).then(|| format!("\n  {}\n  {}", value::to_json(&json), value::to_json(&read)))
}

fn adds_nothing(json: &Value, read: &Value) -> bool {
    match (json, read) {
        (Value::Map(json), Value::Map(read)) => {
            json.iter().all(|(key, json)| read.contains_key(key) || is_nothing(json))
                && read.iter().all(|(key, read)| match json.get(key) {
                    Some(json) => adds_nothing(json, read),
                    None => is_nothing(read),
                })
        }
        (Value::List(json), Value::List(read)) => {
            json.len() == read.len()
                && json.iter().zip(read.iter()).all(|(json, read)| adds_nothing(json, read))
        }
        _ => json == read,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) => true,
        Value::String(text) => text.is_empty(),
        Value::Map(map) => map.values().all(is_nothing),
        _ => false,
    }
}

/// With values for what stands for them: a time, the list of owners of fields.
fn filled(json: &Value) -> Value {
    match json {
        Value::String(text) if &**text == "<time>" => "2024-01-01T00:00:00Z".into(),
        Value::String(text) if &**text == "<managed-fields>" => {
            Value::list_of([Value::map_of([("manager", "kubectl")])])
        }
        Value::String(text) if &**text == "<epoch>" => 1_700_000_000.into(),
        Value::List(list) => Value::list_of(list.iter().map(filled)),
        Value::Map(map) => Value::map_of(map.iter().map(|(key, value)| (key.clone(), filled(value)))),
        other => other.clone(),
    }
}

#[test]
fn recorded_streams_come_back_as_they_were() {
    let (mut frames, mut wrong) = (0, Vec::new());
    for step in steps() {
        for file in below(&step.join("stream")) {
            let text = std::fs::read_to_string(&file).expect("a file");
            // The first line says what was asked: `# GET /api/v1/…?… (Accept: …)`.
            let mut asked = text.lines().next().unwrap_or_default().split([' ', '?']).skip(1);
            let (verb, path) = (asked.next().unwrap_or_default(), asked.next().unwrap_or_default());
            let method =
                descriptors().rest(verb, path).unwrap_or_else(|| panic!("{}: {path}", file.display()));
            assert!(method.server_streams(), "{path} is no stream");
            let answer = descriptors().of(method.output());
            for data in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
                let frame = value::from_json(data.as_bytes()).expect("JSON");
                let result = filled(frame.get("result").expect("a result"));
                wrong.extend(difference(answer, &result).map(|found| format!("{}: {found}", file.display())));
                frames += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} frames:\n{}", wrong.len(), wrong.join("\n"));
    assert!(frames > 0, "no frame was found");
}

/// Scenario, step and file of all exchanges, with what they hold.
fn exchanges() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for step in steps() {
        for file in below(&step.join("api")) {
            let name = file.strip_prefix(root()).expect("below").with_extension("");
            let name = name.to_string_lossy().replace("/api/", "/");
            found.push((name, value::from_json(&std::fs::read(&file).expect("a file")).expect("JSON")));
        }
    }
    assert!(found.len() > 400, "only {} exchanges were found", found.len());
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings/argocd")
}

fn steps() -> Vec<PathBuf> {
    below(&root()).iter().flat_map(|scenario| below(scenario)).collect()
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
    }
}
