//! Objects of an Application's tree, through Argo CD's routes.

use serde_json::{Value as Json, json};

use crate::actions::act;
use crate::application::deployed;
use crate::list::{application, kustomization};
use crate::world::{Answer, World, read};

const KUSTOMIZATION: &str = r#""namespace":"flux-system","resourceName":"shop","version":"v1","group":"kustomize.toolkit.fluxcd.io","kind":"Kustomization""#;
const DEPLOYMENT: &str =
    r#""namespace":"shop","resourceName":"web","version":"v1","group":"apps","kind":"Deployment""#;

async fn run(world: &World, token: &str, of: &str, action: &str) -> Answer {
    let url = world.url("/api/v1/applications/shop/resource/actions/v2");
    let request = world.client.post(url).bearer_auth(token).header("content-type", "application/json");
    read(request.body(format!(r#"{{{of},"action":"{action}"}}"#))).await
}

async fn get(world: &World, token: &str, path: &str) -> Answer {
    read(world.client.get(world.url(&format!("/api/v1/applications/shop{path}"))).bearer_auth(token)).await
}

async fn live(world: &World, text: &str) -> value::Value {
    let target =
        world.session.target(&yaml::parse(text, yaml::Rules::V2).expect(text)).await.expect("a kind");
    world.session.get(&target).await.expect("an answer").expect("an object")
}

/// A world in which the tree is known, and the token of `admin`.
pub(crate) async fn settled() -> (World, String) {
    let world = deployed().await;
    let admin = world.log_in("admin").await;
    for _ in 0..100 {
        let tree = get(&world, &admin, "/resource-tree").await.json();
        if tree["nodes"].as_array().is_some_and(|nodes| nodes.iter().any(|node| node["kind"] == "Pod")) {
            return (world, admin);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("there is no Pod");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn actions_are_offered_and_run() {
    let (world, admin) = settled().await;
    world.apply(&kustomization("shop", None)).await;
    let query = "?namespace=flux-system&resourceName=shop&version=v1&group=kustomize.toolkit.fluxcd.io&kind=Kustomization";
    let names = |answer: Json| -> Vec<String> {
        let actions = answer["actions"].as_array().expect("actions").clone();
        let shown = |action: &Json| {
            let mark = if action["disabled"] == true { "-" } else { "" };
            format!("{mark}{}", action["name"].as_str().expect("a name"))
        };
        actions.iter().map(shown).collect()
    };
    let offered = get(&world, &admin, &format!("/resource/actions{query}")).await.json();
    assert_eq!(names(offered), ["reconcile", "-resume", "suspend"]);
    assert_eq!(run(&world, &admin, KUSTOMIZATION, "suspend").await.json(), json!({}));
    let offered = get(&world, &admin, &format!("/resource/actions{query}")).await.json();
    assert_eq!(names(offered), ["reconcile", "resume", "-suspend"]);
    assert_eq!(run(&world, &admin, KUSTOMIZATION, "resume").await.status, 200);
    let suspended = live(&world, &kustomization("shop", None)).await.at(&["spec", "suspend"]).cloned();
    assert_eq!(suspended, Some(false.into()));

    assert_eq!(run(&world, &admin, DEPLOYMENT, "restart").await.status, 200);
    let deployment =
        live(&world, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}").await;
    let at = ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];
    assert!(deployment.str_at(&at).is_some());
    let unknown = run(&world, &admin, DEPLOYMENT, "explode").await;
    let message = "error getting Lua resource action: built-in script does not exist";
    assert_eq!((unknown.status, &unknown.json()["message"]), (500, &message.into()));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_are_those_of_the_object() {
    let (world, _) = settled().await;
    let alice = world.log_in("alice").await;
    let allow = async |rules: &str| {
        let policy = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-rbac-cm, namespace: argocd}}\ndata:\n  policy.csv: |\n    \
             p, alice, applications, get, web/*, allow\n    {rules}\n"
        );
        world.apply(&policy).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    };
    let delete = async || {
        let query =
            "/resource?namespace=shop&resourceName=web&version=v1&group=apps&kind=Deployment&orphan=true";
        let url = world.url(&format!("/api/v1/applications/shop{query}"));
        read(world.client.delete(url).bearer_auth(&alice).header("content-type", "application/json"))
            .await
            .status
    };
    allow("p, alice, applications, delete, web/*, allow").await;
    assert_eq!(delete().await, 403, "the right to delete an Application is none on its objects");
    allow("p, alice, applications, action/apps/Deployment/restart, web/shop, allow").await;
    assert_eq!(run(&world, &alice, DEPLOYMENT, "restart").await.status, 200);
    assert_eq!(run(&world, &alice, DEPLOYMENT, "pause").await.status, 403);
    assert_eq!(get(&world, &alice, "/logs").await.status, 403);
    allow("p, alice, applications, delete/apps/Deployment/shop/*, web/*, allow").await;
    assert_eq!(delete().await, 200);
    world.stop().await;
}

const KEY: &str = "kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop";

/// The status and the sentence of an action on the Kustomization, which both routes answer alike.
async fn both(world: &World, token: &str, action: &str) -> (u16, String) {
    let (page, upstream) =
        (act(world, token, KEY, action).await, run(world, token, KUSTOMIZATION, action).await);
    assert_eq!(page.status, upstream.status, "{action}: {} {}", page.json(), upstream.json());
    (page.status, page.json()["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_generated_deploys_with_syncs_alone() {
    let (world, admin) = settled().await;
    world.until_rows(&admin, "show=flux", "Kustomization/shop").await;
    assert_eq!(both(&world, &admin, "reconcile").await, (200, String::new()));
    let (status, message) = both(&world, &admin, "suspend").await;
    assert_eq!(status, 400);
    assert!(
        message.contains("Application argocd/shop") && message.contains("syncPolicy.automated"),
        "{message}"
    );
    let suspended = kustomization("shop", Some("shop")).replace("prune: true", "prune: true, suspend: true");
    let resting = suspended.replace("annotations: {", "annotations: {flamingo/rests: \"true\", ");
    assert_ne!(resting, suspended);
    for (object, advice) in [(&resting, "sync the Application"), (&suspended, "resume it with flux")] {
        world.apply(object).await;
        for action in ["resume", "reconcile"] {
            let (status, message) = both(&world, &admin, action).await;
            assert_eq!(status, 400, "{action}");
            assert!(message.contains(advice), "{message}");
        }
    }
    let object = live(&world, &suspended).await;
    assert_eq!(object.at(&["spec", "suspend"]), Some(&true.into()));
    world.apply(&suspended.replace("prune: true, suspend: true", "prune: true")).await;

    let alice = world.log_in("alice").await;
    let policy = |rules: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: argocd-rbac-cm, namespace: argocd}}\ndata:\n  policy.csv: |\n    \
             p, alice, applications, *, web/*, allow\n    {rules}\n"
        )
    };
    for (rules, status) in [("", 200), ("p, alice, applications, action/*, web/*, deny", 403)] {
        world.apply(&policy(rules)).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(both(&world, &alice, "reconcile").await.0, status, "{rules}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flux_objects_are_what_is_managed() {
    let (world, admin) = settled().await;
    let answer = get(&world, &admin, "/managed-resources").await.json();
    let items = answer["items"].as_array().expect("items");
    assert_eq!((items.len(), &items[0]["kind"]), (1, &json!("Kustomization")));
    let state =
        |field: &str| -> Json { serde_json::from_str(items[0][field].as_str().expect(field)).expect("JSON") };
    assert!(state("liveState").get("status").is_some());
    assert!(state("targetState").get("status").is_none());
    assert_eq!(state("targetState")["spec"], state("liveState")["spec"]);
    assert_eq!(get(&world, &admin, "/managed-resources?kind=Pod").await.json(), json!({}));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_say_why_there_are_none() {
    let (world, admin) = settled().await;
    let answer = get(&world, &admin, "/logs?kind=Deployment&group=apps&resourceName=web").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let text = String::from_utf8(answer.body).expect("text");
    let entries: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(entries.len(), 2, "{text}");
    assert!(entries[0]["result"]["content"].as_str().expect("content").contains("log"), "{text}");
    assert_eq!((&entries[0]["result"]["last"], &entries[1]["result"]["last"]), (&json!(false), &json!(true)));
    assert!(get(&world, &admin, "/logs?podName=nothing").await.body.is_empty());
    let query = "/logs?download=true&namespace=shop&podName=web&container=main";
    let file = get(&world, &admin, query).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/octet-stream"));
    assert_eq!(file.header("content-disposition"), "attachment;filename=\"shop-web-main.log\"");
    let refused = get(&world, &admin, "/logs?untilTime=tomorrow").await;
    assert!(refused.json()["error"]["message"].as_str().expect("a message").starts_with("invalid untilTime"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_is_watched() {
    let (world, admin) = settled().await;
    let url = world.url("/api/v1/stream/applications/shop/resource-tree");
    let request = world.client.get(url).bearer_auth(&admin).header("accept", "text/event-stream");
    let mut body = request.send().await.expect("an answer");
    let mut text = String::new();
    let mut next = async |body: &mut reqwest::Response| -> Option<Json> {
        loop {
            if let Some((event, rest)) = text.split_once("\n\n\n") {
                let json = event.trim().strip_prefix("data: ").expect(event).to_owned();
                text = rest.to_owned();
                return Some(serde_json::from_str(&json).expect(&json));
            }
            let part = tokio::time::timeout(std::time::Duration::from_secs(20), body.chunk());
            let part = part.await.expect("something in time").expect("a part")?;
            text.push_str(&String::from_utf8_lossy(&part));
        }
    };
    let kinds = |tree: &Json| -> Vec<String> {
        let nodes = tree["result"]["nodes"].as_array().expect("nodes").clone();
        nodes.iter().map(|node| node["kind"].as_str().expect("a kind").to_owned()).collect()
    };
    let first = next(&mut body).await.expect("a tree");
    assert!(kinds(&first).contains(&"Pod".to_owned()));
    world.delete("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}").await;
    while kinds(&next(&mut body).await.expect("a tree")).contains(&"Pod".to_owned()) {}
    world.delete(&application("shop", "web")).await;
    let mut last = next(&mut body).await;
    while last.as_ref().is_some_and(|tree| tree.get("result").is_some()) {
        last = next(&mut body).await;
    }
    assert_eq!(last.expect("an error")["error"]["message"], "permission denied");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_made_where_the_project_allows_it() {
    const CRON_JOB: &str =
        r#""namespace":"shop","resourceName":"nightly","version":"v1","group":"batch","kind":"CronJob""#;
    let (world, admin) = settled().await;
    let cron_job = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly, namespace: shop}, spec: {schedule: '0 3 * * *', \
                    jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: m, image: 'i:1'}]}}}}}}";
    world.apply(cron_job).await;
    let inventory = "inventory: {entries: [{id: shop_nightly_batch_CronJob, v: v1}]}";
    world.report(&kustomization("shop", None), &format!("{{{inventory}}}")).await;
    let project = async |spec: &str| {
        let metadata = "metadata: {name: web, namespace: argocd}";
        world
            .apply(&format!(
                "{{apiVersion: argoproj.io/v1alpha1, kind: AppProject, {metadata}, spec: {spec}}}"
            ))
            .await;
    };
    let everywhere = "destinations: [{server: '*', namespace: '*'}]";
    project(&format!("{{{everywhere}, namespaceResourceBlacklist: [{{group: batch, kind: Job}}]}}")).await;
    let made = async || {
        let mut last = run(&world, &admin, CRON_JOB, "create-job").await;
        // The tree follows the inventory a moment later.
        for _ in 0..100 {
            let message = String::from_utf8_lossy(&last.body).into_owned();
            if !message.contains("not found as part") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            last = run(&world, &admin, CRON_JOB, "create-job").await;
        }
        last
    };
    let refused = made().await;
    let message = refused.json()["message"].as_str().expect("a message").to_owned();
    assert!(message.starts_with("application is not permitted to manage batch/Job/nightly-"), "{message}");
    project(&format!("{{{everywhere}}}")).await;
    assert_eq!(made().await.json(), json!({}));
    assert_eq!(run(&world, &admin, CRON_JOB, "suspend").await.json(), json!({}));
    assert_eq!(live(&world, cron_job).await.at(&["spec", "suspend"]), Some(&true.into()));
    let query = "?namespace=shop&resourceName=nightly&version=v1&group=batch&kind=CronJob";
    let offered = get(&world, &admin, &format!("/resource/actions{query}")).await.json();
    assert_eq!(offered["actions"][0]["name"], "resume");
    world.stop().await;
}
