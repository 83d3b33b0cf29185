//! Applications move between projects.

use crate::list::application;
use crate::world::{World, read};

const PROJECT: &str = "spec: {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_moves_an_application_needs_rights_on_both_sides() {
    let world = World::start(false, None).await;
    for name in ["web", "data"] {
        let head = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\n";
        world.apply(&format!("{head}metadata: {{name: {name}, namespace: argocd}}\n{PROJECT}\n")).await;
    }
    world.apply(&application("shop", "web")).await;
    let alice = world.log_in("alice").await;
    let patch = r#"{"patchType":"merge","patch":"{\"spec\":{\"project\":\"data\"}}"}"#;
    let moved = async || {
        let url = world.url("/api/v1/applications/shop");
        let request = world.client.patch(url).bearer_auth(&alice).header("content-type", "application/json");
        let answer = read(request.body(patch)).await;
        (answer.status, answer.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    let rows = [
        ("get web/*", 403, "update, web/shop"),
        ("update web/*", 403, "create, data/shop"),
        ("create data/*", 403, "update, data/shop"),
        ("update data/*", 200, ""),
    ];
    let mut rules = String::new();
    for (rule, status, denied) in rows {
        let (action, object) = rule.split_once(' ').expect("two words");
        rules += &format!("    p, alice, applications, {action}, {object}, allow\n");
        world
            .apply(&format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-rbac-cm, namespace: argocd}}\ndata:\n  policy.csv: |\n{rules}"
            ))
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let (found, message) = moved().await;
        assert_eq!(found, status, "{rule}: {message}");
        assert!(message.contains(denied), "{rule}: {message}");
    }
    world.stop().await;
}
