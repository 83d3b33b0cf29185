//! `flamingo why` and `flamingo app tree`: what the page shows, in a terminal.

use std::collections::{BTreeMap, HashSet};

use value::Value;

use super::applications::{CommandError, Outcome};
use super::client::Client;
use super::show::{Column, name, table, text};
use crate::arguments::argocd::{Output, Tree, Why};

const DETAILS: [&str; 4] = ["api", "flamingo", "v1", "applications"];

/// The chain from the commit to the Pods, the first link that does not hold, and what to do.
///
/// # Errors
/// The API refused, or the answer cannot be written as YAML.
pub async fn why(client: &Client, arguments: &Why) -> Result<Outcome, CommandError> {
    let answer = details(client, &arguments.name).await?;
    let broken = list(&answer, "chain").iter().find(|step| text(step, &["state"]) != "done");
    let all_holds = broken.is_none() && list(&answer, "findings").is_empty();
    let out = match arguments.output {
        Output::Json => value::to_json_pretty(&chain_of(&answer), 2) + "\n",
        Output::Yaml => yaml::to_yaml(&chain_of(&answer))?,
        Output::Name => broken.map(|step| format!("{}\n", text(step, &["name"]))).unwrap_or_default(),
        Output::Table => told(&arguments.name, &answer, &STEPS),
        Output::Wide => told(&arguments.name, &answer, &WIDE_STEPS),
    };
    Ok(if all_holds { Outcome::Done(out) } else { Outcome::Wrong(out) })
}

/// What an Application consists of.
///
/// # Errors
/// As [`why`].
pub(super) async fn tree(client: &Client, arguments: &Tree) -> Result<Outcome, CommandError> {
    let answer = details(client, &arguments.name).await?;
    let nodes = answer.at(&["tree", "nodes"]).and_then(Value::as_list).unwrap_or_default();
    Ok(Outcome::Done(match arguments.output {
        Output::Json => value::to_json_pretty(&Value::from(nodes.to_vec()), 2) + "\n",
        Output::Yaml => yaml::to_yaml(&Value::from(nodes.to_vec()))?,
        Output::Name => nodes.iter().map(|node| format!("{}\n", text(node, &["key"]))).collect(),
        Output::Table => drawn(&answer, nodes, &NODES),
        Output::Wide => drawn(&answer, nodes, &WIDE_NODES),
    }))
}

async fn details(client: &Client, name: &str) -> Result<Value, CommandError> {
    Ok(client.get(&[&DETAILS[..], &[name]].concat(), &[]).await?)
}

fn list<'a>(answer: &'a Value, field: &str) -> &'a [Value] {
    answer.get(field).and_then(Value::as_list).unwrap_or_default()
}

/// What `why` is about, without the tree and the object.
fn chain_of(answer: &Value) -> Value {
    let part = |field| (field, answer.get(field).cloned().unwrap_or_default());
    Value::map_of([part("row"), part("chain"), part("findings")])
}

const STEPS: [Column; 3] = [("", mark), ("LINK", |step| text(step, &["name"])), ("", what_holds)];
const WIDE_STEPS: [Column; 4] = [STEPS[0], STEPS[1], ("SINCE", |step| text(step, &["since"])), STEPS[2]];

/// A commit says when it was fetched: there may be newer ones.
fn what_holds(step: &Value) -> String {
    let (what, since) = (text(step, &["text"]), text(step, &["since"]));
    let is_fetched = text(step, &["name"]) == "commit" && text(step, &["state"]) == "done";
    if is_fetched && !since.is_empty() { format!("{what}, fetched at {since}") } else { what }
}

fn mark(step: &Value) -> String {
    match text(step, &["state"]).as_str() {
        "done" => "✓",
        "active" => "●",
        "failed" => "✗",
        _ => "·",
    }
    .to_owned()
}

fn told(name: &str, answer: &Value, columns: &[Column]) -> String {
    let row = |field: &str| answer.str_at(&["row", field]).unwrap_or("Unknown");
    let mut out = format!("{name}: {}, {}\n\n", row("health"), row("sync"));
    out += &table(columns, list(answer, "chain"));
    for finding in list(answer, "findings") {
        let of = |field: &str| finding.str_at(&[field]).unwrap_or_default();
        let key = finding.str_at(&["object", "key"]).unwrap_or_default();
        out += &format!("\n{}\n", insight::told(&short(key), of("sentence"), of("evidence"), of("fix")));
    }
    out
}

/// `Kind/namespace/name` of a key.
fn short(key: &str) -> String {
    let parts: Vec<&str> = key.split('/').skip(1).filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

const NODES: [Column; 3] = [
    ("RESOURCE", |node| text(node, &["drawn"])),
    ("SYNC", |node| text(node, &["sync"])),
    ("HEALTH", |node| text(node, &["health"])),
];
const WIDE_NODES: [Column; 5] = [
    NODES[0],
    NODES[1],
    NODES[2],
    ("CREATED", |node| text(node, &["created"])),
    ("MESSAGE", |node| text(node, &["healthMessage"])),
];

/// The tree with lines in front of its nodes; a node with several parents stands below the first of them.
fn drawn(answer: &Value, nodes: &[Value], columns: &[Column]) -> String {
    let mut below: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for node in nodes {
        let parents = node.get("parents").and_then(Value::as_list).unwrap_or_default();
        let parent = parents.first().and_then(Value::as_str).unwrap_or_default();
        below.entry(parent).or_default().push(node);
    }
    let mut root = answer.get("row").cloned().unwrap_or_default();
    root.set_at(&["drawn"], format!("Application/{}", name_of(answer)));
    let mut rows = vec![root];
    let mut seen = HashSet::new();
    draw("", "", &below, (&mut rows, &mut seen));
    table(columns, &rows)
}

fn name_of(answer: &Value) -> String {
    answer.get("application").map(|application| name(application).to_owned()).unwrap_or_default()
}

fn draw<'a>(
    parent: &str,
    indent: &str,
    below: &BTreeMap<&str, Vec<&'a Value>>,
    (rows, seen): (&mut Vec<Value>, &mut HashSet<&'a str>),
) {
    let nodes = below.get(parent).map(Vec::as_slice).unwrap_or_default();
    for (index, node) in nodes.iter().enumerate() {
        let key = node.str_at(&["key"]).unwrap_or_default();
        if !seen.insert(key) {
            continue;
        }
        let (branch, deeper) =
            if index + 1 == nodes.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let mut row = (*node).clone();
        row.set_at(&["drawn"], format!("{indent}{branch}{}", short(key)));
        rows.push(row);
        draw(key, &format!("{indent}{deeper}"), below, (rows, seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{
        "row": {"health": "Degraded", "sync": "Synced"},
        "application": {"metadata": {"name": "web"}},
        "chain": [
            {"name": "commit", "state": "done", "text": "main@sha1:abc", "since": "2026-01-01T00:00:00Z"},
            {"name": "fetched", "state": "done", "text": "main@sha1:abc"},
            {"name": "built", "state": "failed", "text": "no such file"},
            {"name": "applied", "state": "waiting", "text": ""},
            {"name": "healthy", "state": "waiting", "text": ""}],
        "findings": [{"code": "BuildFailed", "object": {"key": "kustomize.toolkit.fluxcd.io/Kustomization/ns/web"},
            "sentence": "the manifests could not be built", "evidence": "no such file", "fix": "commit it"}],
        "tree": {"nodes": [
            {"key": "g/GitRepository/ns/web", "parents": [], "sync": "Synced", "health": "Healthy"},
            {"key": "k/Kustomization/ns/web", "parents": [], "health": "Degraded"},
            {"key": "/Namespace//web", "parents": ["k/Kustomization/ns/web"]},
            {"key": "apps/Deployment/web/web", "parents": ["k/Kustomization/ns/web"], "health": "Healthy"}]}}"#;

    fn answer() -> Value {
        value::from_json(ANSWER.as_bytes()).expect("JSON")
    }

    #[test]
    fn the_chain_and_its_first_broken_link() {
        let found = told("web", &answer(), &STEPS);
        for part in [
            "web: Degraded, Synced\n\n    LINK\n",
            "✓   commit    main@sha1:abc, fetched at 2026-01-01T00:00:00Z\n",
            "✗   built     no such file\n",
            "·   applied\n",
            "Kustomization/ns/web: the manifests could not be built\n  cause: no such file\n  fix:   commit it\n",
        ] {
            assert!(found.contains(part), "{part} is missing from\n{found}");
        }
    }

    #[test]
    fn the_tree() {
        let answer = answer();
        let nodes = answer.at(&["tree", "nodes"]).and_then(Value::as_list).expect("nodes");
        let expected = "RESOURCE                   SYNC     HEALTH\n\
                        Application/web            Synced   Degraded\n\
                        ├─ GitRepository/ns/web    Synced   Healthy\n\
                        └─ Kustomization/ns/web             Degraded\n\
                        \u{20}  ├─ Namespace/web\n\
                        \u{20}  └─ Deployment/web/web            Healthy\n";
        assert_eq!(drawn(&answer, nodes, &NODES), expected);
    }
}
