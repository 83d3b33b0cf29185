//! Durability: what was acknowledged or seen survives the end of the process at any write.

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use http_body_util::Full;
use sandbox::{Faults, Sandbox, StartError};

use crate::harness::{CONFIG_MAPS, World, on_disk};

/// What a client knows: the data of each ConfigMap, `None` once it was deleted.
type Known = BTreeMap<String, Option<String>>;

/// Creates, changes and deletes until the sandbox is gone; returns what was acknowledged, and what was
/// asked for last and not acknowledged.
async fn work(world: &World) -> (Known, Option<String>) {
    let mut known = Known::new();
    for round in 0..4 {
        let name = format!("m{round}");
        let path = format!("{CONFIG_MAPS}/{name}");
        let steps = [
            (
                "POST",
                CONFIG_MAPS.to_owned(),
                format!(r#"{{"metadata":{{"name":"{name}"}},"data":{{"k":"1"}}}}"#),
                Some("1"),
            ),
            ("PATCH", path.clone(), r#"{"data":{"k":"2"}}"#.to_owned(), Some("2")),
            ("DELETE", path, String::new(), None),
        ];
        // Every second one stays.
        for (method, path, body, after) in steps.into_iter().take(if round % 2 == 0 { 2 } else { 3 }) {
            let request = world
                .client
                .request(method, &path)
                .header(
                    "content-type",
                    if method == "PATCH" { "application/merge-patch+json" } else { "application/json" },
                )
                .body(Full::new(Bytes::from(body)))
                .unwrap();
            match world.client.try_call(request).await {
                Ok(answer) => drop(answer.ok()),
                Err(_) => return (known, Some(name)),
            }
            known.insert(name.clone(), after.map(str::to_owned));
        }
    }
    (known, None)
}

async fn state(world: &World) -> BTreeMap<String, String> {
    let list = world.client.get(CONFIG_MAPS).await.ok();
    let items = list.get("items").and_then(value::Value::as_list).unwrap();
    items
        .iter()
        .filter_map(|item| {
            Some((item.str_at(&["metadata", "name"])?.to_owned(), item.str_at(&["data", "k"])?.to_owned()))
        })
        .collect()
}

fn check(known: &Known, pending: Option<&str>, found: &BTreeMap<String, String>, when: &str) {
    for (name, data) in known.iter().filter(|(name, _)| Some(name.as_str()) != pending) {
        assert_eq!(found.get(name), data.as_ref(), "{name}, {when}");
    }
    let unknown = found.keys().filter(|name| !known.contains_key(*name) && Some(name.as_str()) != pending);
    assert_eq!(unknown.count(), 0, "{when}");
    if let Some((name, data)) = pending.and_then(|name| Some((name, known.get(name)?.as_ref()?))) {
        // Not acknowledged: as before or as after, never anything else.
        let now = found.get(name).map(String::as_str);
        assert!(now == Some(data) || now == Some("2") || now.is_none(), "{name}, {when}");
    }
}

/// How many writes a sandbox makes to start, and how many until the work is done.
async fn count_writes() -> (u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let faults = Faults::none();
    let world = World::with(on_disk(dir.path(), faults.clone())).await;
    settle(&world).await;
    let before = faults.writes();
    let (_, pending) = work(&world).await;
    assert!(pending.is_none());
    (before, faults.writes())
}

/// Waits until the first namespaces have what every namespace has.
async fn settle(world: &World) {
    for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        for (collection, name) in [("serviceaccounts", "default"), ("configmaps", "kube-root-ca.crt")] {
            world
                .client
                .until(&format!("/api/v1/namespaces/{namespace}/{collection}/{name}"), |_| true)
                .await;
        }
    }
}

#[tokio::test]
async fn no_acknowledged_write_is_lost_at_any_write() {
    let (first, last) = count_writes().await;
    assert!(last >= first + 10, "{first} {last}");
    for write in first + 1..=last {
        for fault in ["before", "within", "after"] {
            let dir = tempfile::tempdir().unwrap();
            let faults = Faults::none();
            let world = World::with(on_disk(dir.path(), faults.clone())).await;
            settle(&world).await;
            match fault {
                "before" => faults.crash_before_write(write),
                "within" => faults.crash_within_write(write, 40),
                _ => faults.crash_after_write(write),
            }
            let (known, pending) = work(&world).await;
            let when = format!("crash {fault} write {write}");
            assert!(faults.crashed() && pending.is_some(), "{when}");
            drop(world);
            let world = World::with(on_disk(dir.path(), Faults::none())).await;
            check(&known, pending.as_deref(), &state(&world).await, &when);
            // It works on.
            world.client.post(CONFIG_MAPS, "{metadata: {name: after}}").await.ok();
        }
    }
}

#[tokio::test]
async fn no_watcher_sees_what_a_restart_would_lose() {
    let (first, last) = count_writes().await;
    for write in first + 1..=last {
        let dir = tempfile::tempdir().unwrap();
        let faults = Faults::none();
        let world = World::with(on_disk(dir.path(), faults.clone())).await;
        settle(&world).await;
        faults.crash_after_write(write);
        let mut watch = world.client.watch(&format!("{CONFIG_MAPS}?watch=1")).await;
        let (_, seen) = tokio::join!(work(&world), async {
            let mut seen = 0;
            while let Some((_, object)) = watch.next().await {
                let revision = object.str_at(&["metadata", "resourceVersion"]).unwrap();
                seen = seen.max(revision.parse::<u64>().unwrap());
            }
            seen
        });
        drop(world);
        let world = World::with(on_disk(dir.path(), Faults::none())).await;
        let list = world.client.get(CONFIG_MAPS).await.ok();
        let recovered: u64 = list.str_at(&["metadata", "resourceVersion"]).unwrap().parse().unwrap();
        assert!(recovered >= seen, "write {write}: seen {seen}, recovered {recovered}");
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_half_done() {
    let dir = tempfile::tempdir().unwrap();
    let faults = Faults::none();
    let world = World::with(on_disk(dir.path(), faults.clone())).await;
    settle(&world).await;
    faults.no_space_at_write(faults.writes() + 1);
    let refused = world.client.post(CONFIG_MAPS, "{metadata: {name: a}}").await;
    let told = refused.refusal();
    assert!(told.starts_with("500 InternalError") && told.contains("free some space"), "{told}");
    assert_eq!(world.client.get(&format!("{CONFIG_MAPS}/a")).await.code, 404);
    world.client.post(CONFIG_MAPS, "{metadata: {name: a}}").await.ok();
    world.sandbox.stop().await.unwrap();
    let world = World::with(on_disk(dir.path(), Faults::none())).await;
    assert_eq!(world.client.get(&format!("{CONFIG_MAPS}/a")).await.code, 200);
}

#[tokio::test]
async fn a_damaged_journal_is_refused_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    World::with(on_disk(dir.path(), Faults::none())).await.sandbox.stop().await.unwrap();
    let path = dir.path().join("journal");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&path, bytes).unwrap();
    let error = Sandbox::start(on_disk(dir.path(), Faults::none())).await.unwrap_err();
    assert!(matches!(error, StartError::Corrupt { .. }));
    assert!(error.to_string().contains("journal") && error.to_string().contains("--fresh"), "{error}");
}

#[tokio::test]
async fn a_taken_port_and_a_used_folder_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::with(on_disk(dir.path(), Faults::none())).await;
    let used = Sandbox::start(on_disk(dir.path(), Faults::none())).await.unwrap_err();
    assert!(matches!(used, StartError::InUse { .. }), "{used}");
    let mut taken = crate::harness::config();
    taken.port = world.sandbox.port();
    let taken = Sandbox::start(taken).await.unwrap_err();
    assert!(matches!(taken, StartError::Listen { .. }), "{taken}");
}

#[tokio::test]
async fn the_token_and_the_authority_survive() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::with(on_disk(dir.path(), Faults::none())).await;
    let (port, before) = (world.sandbox.port(), world.sandbox.kubeconfig());
    world.sandbox.stop().await.unwrap();
    let mut same = on_disk(dir.path(), Faults::none());
    same.port = port;
    let world = World::with(same).await;
    assert_eq!(world.sandbox.kubeconfig(), before);
    world.client.get("/api/v1/namespaces").await.ok();
}
