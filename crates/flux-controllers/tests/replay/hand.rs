//! What the recorder did by other means than its own: runs of kubectl, outages, waiting.

use serde_json::{Value as Json, json};

/// The actions that only the title of a step tells of.
pub(crate) fn actions(scenario: &str, step: usize, title: &str) -> Vec<Json> {
    let mut actions = match (scenario, step) {
        ("git-server-down-after-success", 2) => vec![json!({"do": "hide", "repo": "app"})],
        ("git-server-down-after-success", 3) => vec![json!({"do": "show", "repo": "app"})],
        ("ks-conflict", 2) => vec![json!({
            "do": "apply", "manager": "other-team", "object": {
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "ks-conflict"},
                "data": {"a": "other", "x": "other"},
            },
        })],
        ("ks-conflict", 4) => vec![
            kubectl_patch("ks-conflict", "c", &json!({"b": "hand", "y": "hand"})),
            json!({"do": "scale", "object": "Deployment/ks-conflict/d", "replicas": 5}),
        ],
        ("ks-conflict", 6) => vec![kubectl_apply()],
        ("ks-ssa", 2) => ["merge", "ifnotpresent", "override"]
            .map(|name| kubectl_patch("ks-ssa", name, &json!({"hand": "yes", "v": "hand"})))
            .to_vec(),
        _ => Vec::new(),
    };
    let words: Vec<&str> = title.split([' ', ';']).collect();
    actions.extend(words.windows(3).filter_map(|words| match words {
        ["wait" | "after", seconds, "seconds"] => Some(json!({"do": "wait", "seconds": number(seconds)})),
        _ => None,
    }));
    actions
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number of seconds")
}

fn kubectl_patch(namespace: &str, name: &str, data: &Json) -> Json {
    let object = format!("ConfigMap/{namespace}/{name}");
    json!({"do": "merge-patch", "object": object, "manager": "kubectl-patch", "patch": {"data": data}})
}

/// What client-side apply sends: a patch with what is new, and the annotation.
fn kubectl_apply() -> Json {
    let applied = r#"{"apiVersion":"v1","data":{"a":"git","b":"git","z":"kubectl"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"c","namespace":"ks-conflict"}}"#;
    let annotation = json!({"kubectl.kubernetes.io/last-applied-configuration": format!("{applied}\n")});
    json!({
        "do": "merge-patch", "object": "ConfigMap/ks-conflict/c", "manager": "kubectl-client-side-apply",
        "patch": {"metadata": {"annotations": annotation}, "data": {"z": "kubectl"}},
    })
}
