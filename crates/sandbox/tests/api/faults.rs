//! Faults that are injected into requests, and what the request log tells.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::Full;
use sandbox::{Effect, Fault};

use crate::harness::{Answer, CONFIG_MAPS, Gone, World};

fn fault(verb: &str, resource: &str, effect: Effect) -> Fault {
    Fault { verb: Some(verb.into()), resource: Some(resource.into()), requests: 2..=2, effect }
}

async fn create(world: &World, name: &str) -> Result<Answer, Gone> {
    let body = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
    let request = world.client.request("POST", CONFIG_MAPS).body(Full::new(Bytes::from(body))).unwrap();
    world.client.try_call(request).await
}

#[tokio::test]
async fn a_code_is_answered_and_nothing_done() {
    let world = World::new().await;
    let effect = Effect::Status(StatusCode::TOO_MANY_REQUESTS, None);
    world.sandbox.faults().add(fault("create", "configmaps", effect));
    create(&world, "a").await.unwrap().ok();
    assert_eq!(create(&world, "b").await.unwrap().code, 429);
    assert_eq!(world.client.get(&format!("{CONFIG_MAPS}/b")).await.code, 404);
    create(&world, "b").await.unwrap().ok();
}

#[tokio::test]
async fn a_reset_does_nothing_and_answers_nothing() {
    let world = World::new().await;
    world.sandbox.faults().add(fault("create", "ConfigMap", Effect::Reset));
    create(&world, "a").await.unwrap().ok();
    assert!(create(&world, "b").await.is_err());
    assert_eq!(world.client.get(&format!("{CONFIG_MAPS}/b")).await.code, 404);
}

#[tokio::test]
async fn a_lost_answer_is_done_all_the_same() {
    let world = World::new().await;
    world.sandbox.faults().add(fault("create", "configmaps", Effect::LostAnswer));
    create(&world, "a").await.unwrap().ok();
    assert!(create(&world, "b").await.is_err());
    assert_eq!(world.client.get(&format!("{CONFIG_MAPS}/b")).await.code, 200);
}

#[tokio::test]
async fn a_delay_delays() {
    let world = World::new().await;
    let wait = Duration::from_millis(150);
    world.sandbox.faults().add(fault("create", "configmaps", Effect::Delay(wait)));
    create(&world, "a").await.unwrap().ok();
    let start = Instant::now();
    create(&world, "b").await.unwrap().ok();
    assert!(start.elapsed() >= wait);
}

#[tokio::test]
async fn requests_are_counted_and_recorded() {
    let world = World::new().await;
    let log = world.sandbox.requests();
    log.record();
    create(&world, "a").await.unwrap().ok();
    world.client.merge(&format!("{CONFIG_MAPS}/a?fieldManager=m"), "{data: {x: y}}").await.ok();
    world.client.get(&format!("{CONFIG_MAPS}/nope")).await.refusal();
    assert_eq!(log.count("create", "configmaps"), 1);
    let lines: Vec<String> = log
        .take()
        .into_iter()
        .map(|one| {
            let (verb, resource, namespace, name) = (one.verb, one.resource, one.namespace, one.name);
            format!(
                "{verb} {resource} {namespace}/{name} ?{} {} {} {}",
                one.query, one.status, one.user_agent, one.body
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"create configmaps default/ ? 201 tester/1.0 {"metadata":{"name":"a"}}"#,
            r#"patch configmaps default/a ?fieldManager=m 200 tester/1.0 {"data":{"x":"y"}}"#,
            "get configmaps default/nope ? 404 tester/1.0 null",
        ]
    );
}
