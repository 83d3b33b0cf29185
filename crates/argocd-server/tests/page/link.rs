//! The link that logs in.

use std::time::Duration;

use crate::world::{World, read};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_logs_in_once() {
    let world = World::start(false, None).await;
    let link = world.server.login_link().expect("a link");
    let token = link.strip_prefix(&world.url("/auth/link?token=")).expect("where it leads");
    assert!(token.len() >= 43, "256 bits");
    let answer = read(world.client.get(&link)).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let cookie = answer.header("set-cookie");
    assert!(cookie.ends_with("; path=/; SameSite=lax; httpOnly"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair");
    let who = world.client.get(world.url("/api/flamingo/v1/session")).header("cookie", pair);
    assert_eq!(read(who).await.json()["user"], "admin");

    let again = read(world.client.get(&link)).await;
    assert_eq!((again.status, again.header("set-cookie")), (401, ""));
    assert!(String::from_utf8_lossy(&again.body).starts_with("This link was used already"));
    let with_session = read(world.client.get(&link).header("cookie", pair)).await;
    assert_eq!((with_session.status, with_session.header("set-cookie")), (303, ""));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_link_is_void() {
    let world = World::start(false, None).await;
    let link = world.server.login_link().expect("a link");
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(read(world.client.get(&link)).await.status, 401);
    assert_eq!(read(world.client.get(world.url("/auth/link"))).await.status, 401);
    world.stop().await;
}
