//! Taking out of both sides what differs from run to run.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

fn regex(text: &str) -> Regex {
    Regex::new(text).expect(text)
}

static TIME: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"));
static UID: LazyLock<Regex> =
    LazyLock::new(|| regex(r"<uid-\d+>|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));
static PORT: LazyLock<Regex> = LazyLock::new(|| regex(r"127\.0\.0\.1:\d+"));
static RESOLVER: LazyLock<Regex> = LazyLock::new(|| regex(r"(lookup \S+ on) \S+: "));
static DURATION: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(finished in|passed in|failed after) \d[0-9a-zµ.]*"));

/// The object or record without what differs from run to run; `git` is the address of the Git server.
pub(crate) fn normal(object: &Json, git: &str) -> Json {
    field("", object, git)
}

fn field(name: &str, value: &Json, git: &str) -> Json {
    match (name, value) {
        ("resourceVersion", _) => "<rv>".into(),
        ("uid", _) => "<uid>".into(),
        ("reportingInstance", _) => "<host>".into(),
        ("lastReconciledDuration", _) => "<duration>".into(),
        // What Kubernetes adds to a definition is not ours.
        ("acceptedNames" | "storedVersions", _) => Json::Null,
        ("clusterIP" | "clusterIPs", _) => "<cluster-ip>".into(),
        ("artifact", Json::Object(artifact)) => {
            // Another gzip gives another digest and size; the URL has a part that cannot be guessed.
            let kept = artifact.iter().filter(|(key, _)| !["digest", "size", "url"].contains(&key.as_str()));
            Json::Object(kept.map(|(key, value)| (key.clone(), field(key, value, git))).collect())
        }
        ("managedFields", Json::Array(entries)) => {
            let mut entries: Vec<Json> = entries.iter().map(|entry| ownership(entry, git)).collect();
            entries.sort_by_key(Json::to_string);
            entries.into()
        }
        ("conditions", Json::Array(conditions)) => {
            let mut conditions: Vec<Json> = conditions.iter().map(|entry| field("", entry, git)).collect();
            conditions.sort_by_key(|condition| condition["type"].to_string());
            conditions.into()
        }
        (name, Json::String(_)) if name.ends_with(".fluxcd.io/digest") => "<digest>".into(),
        (_, Json::String(value)) => text(value, git).into(),
        (_, Json::Array(values)) => values.iter().map(|value| field("", value, git)).collect(),
        (_, Json::Object(fields)) => {
            // Nothing said and said to be nothing are the same.
            let fields = fields.iter().map(|(key, value)| (text(key, git), field(key, value, git)));
            Json::Object(fields.filter(|(_, value)| !value.is_null()).collect())
        }
        (_, other) => other.clone(),
    }
}

fn ownership(entry: &Json, git: &str) -> Json {
    let kept = ["manager", "operation", "subresource", "fieldsV1"];
    let fields = kept.iter().filter_map(|key| Some((key.to_string(), field("", entry.get(key)?, git))));
    Json::Object(fields.collect())
}

/// Our sources are built in memory, so that there is no temporary folder in front of a path.
fn text(value: &str, git: &str) -> String {
    if TIME.is_match(value) {
        return "<time>".to_owned();
    }
    let value = value.replace(git, "<git>").replace("<dir>", "");
    let value = UID.replace_all(&value, "<uid>");
    let value = RESOLVER.replace_all(&value, "$1 <dns>: ");
    let value = PORT.replace_all(&value, "127.0.0.1:<port>");
    in_order(&DURATION.replace_all(&value, "$1 <duration>"))
}

/// The fields that are wrong in one object come from kube-apiserver in the order of a Go map.
fn in_order(text: &str) -> String {
    let Some((before, fields)) = text.split_once("failed to create typed patch object") else {
        return text.to_owned();
    };
    let mut lines: Vec<&str> = fields.split('\n').collect();
    let is_field = |line: &&str| line.starts_with("  .");
    let mut ordered: Vec<&str> = lines.iter().copied().filter(|line| is_field(line)).collect();
    ordered.sort_unstable();
    let mut ordered = ordered.into_iter();
    for line in &mut lines {
        if is_field(line) {
            *line = ordered.next().unwrap_or_default();
        }
    }
    format!("{before}failed to create typed patch object{}", lines.join("\n"))
}
