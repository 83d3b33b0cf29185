//! Flux objects are asked to do something.

use crate::list::{fill, kustomization};
use crate::world::{Answer, World, read};

pub(crate) async fn act(world: &World, token: &str, key: &str, action: &str) -> Answer {
    let body = format!(r#"{{"key":"{key}","action":"{action}"}}"#);
    let request = world.client.post(world.url("/api/flamingo/v1/object/actions")).bearer_auth(token);
    read(request.header("content-type", "application/json").body(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flux_objects_are_suspended_and_resumed() {
    let world = World::start(true, None).await;
    fill(&world).await;
    let (admin, alice) = (world.log_in("admin").await, world.log_in("alice").await);
    let all = "Kustomization/batch Kustomization/infra Kustomization/shop";
    world.until_rows(&admin, "show=flux", all).await;
    world.until_rows(&alice, "show=flux", "Kustomization/shop").await;
    let key = |name: &str| format!("kustomize.toolkit.fluxcd.io/Kustomization/flux-system/{name}");

    assert_eq!(act(&world, &admin, &key("infra"), "suspend").await.status, 200);
    world.until_rows(&admin, "show=flux&health=Suspended", "Kustomization/infra").await;
    assert_eq!(act(&world, &admin, &key("infra"), "resume").await.status, 200);
    world.until_rows(&admin, "show=flux&health=Suspended", "").await;
    let object = yaml::parse(&kustomization("infra", None), yaml::Rules::V2).expect("an object");
    let target = world.session.target(&object).await.expect("a kind");
    let object = world.session.get(&target).await.expect("an answer").expect("an object");
    let requested = apimachinery::object::annotation(&object, "reconcile.fluxcd.io/requestedAt");
    assert!(requested.is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()), "{requested:?}");

    for (token, key, action, status, message) in [
        (
            &admin,
            key("infra"),
            "explode",
            400,
            "action: \"explode\" is not one of reconcile, suspend, resume",
        ),
        (&admin, "x".to_owned(), "suspend", 400, "key: \"x\" is not of the form group/Kind/namespace/name"),
        (&admin, key("nothing"), "suspend", 403, "permission denied"),
        (&alice, key("infra"), "suspend", 403, "permission denied"),
        (
            &alice,
            key("shop"),
            "suspend",
            403,
            "permission denied: applications, action/kustomize.toolkit.fluxcd.io/Kustomization/suspend, web/shop",
        ),
        (
            &admin,
            "argoproj.io/Application/argocd/shop".to_owned(),
            "reconcile",
            400,
            "argoproj.io/Application",
        ),
    ] {
        let answer = act(&world, token, &key, action).await;
        assert_eq!(answer.status, status, "{key} {action}");
        let said = answer.json()["message"].as_str().expect("a message").to_owned();
        assert!(said.starts_with(message), "{said}");
    }
    let policy = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-rbac-cm, namespace: argocd}\ndata:\n  \
                  policy.csv: |\n    p, alice, applications, *, web/*, allow\n";
    world.apply(policy).await;
    for _ in 0..100 {
        if act(&world, &alice, &key("shop"), "reconcile").await.status == 200 {
            return world.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("alice may do everything with the Application and not reconcile its Kustomization");
}
