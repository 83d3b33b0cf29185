//! `flamingo login`, `app` and `why` against the API of `flamingo up`.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod why;
mod world;

use world::World;

fn check(world: &World, arguments: &[&str], code: i32, parts: &[&str]) {
    let (found, said) = world.run(arguments);
    assert_eq!(found, code, "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?}: {part:?} is missing from\n{said}");
    }
}

#[test]
fn an_application_is_listed_synced_created_and_deleted() {
    let world = World::start(&[]);
    check(&world, &["app", "list"], 2, &["nobody has logged in yet", "flamingo login SERVER"]);
    check(&world, &["login", &world.api, "--password", "wrong"], 2, &["Invalid username or password"]);
    check(&world, &["login", &world.api], 2, &["no password was given"]);
    check(&world, &["login", &world.api, "--password", &world.password()], 0, &["'admin' is logged in"]);

    check(&world, &["app", "list"], 0, &["NAME", "demo", "default", "Synced", "Healthy"]);
    check(&world, &["app", "list", "-p", "other", "-o", "name"], 0, &[]);
    check(&world, &["app", "wait", "demo", "--timeout", "30s"], 0, &["Sync:       Synced"]);
    check(&world, &["app", "sync", "demo", "--timeout", "60s"], 0, &["Last sync:  Succeeded"]);
    check(&world, &["app", "get", "demo", "-o", "yaml"], 0, &["  name: demo\n", "FluxSubsystem=true"]);
    check(&world, &["why", "demo"], 0, &["demo: Healthy, Synced", "✓   healthy"]);
    check(&world, &["app", "tree", "demo"], 0, &["─ Kustomization/flux-system/demo", "Pod/"]);
    check(&world, &["app", "get", "absent"], 2, &["permission denied"]);
    check(&world, &["why", "absent"], 2, &["applications.argoproj.io \"absent\" not found"]);
    let without_scheme = world.api.trim_start_matches("http://");
    check(
        &world,
        &["login", without_scheme, "--password", "x"],
        2,
        &["does not speak HTTPS; try http://127.0.0.1"],
    );

    let create =
        ["app", "create", "second", "--repo", "http://127.0.0.1:9/x.git", "--dest-namespace", "second"];
    check(&world, &create, 0, &["application 'second' created", "flamingo app sync second"]);
    check(&world, &[&create[..], &["--path", "other"]].concat(), 2, &["use upsert flag"]);
    check(&world, &["app", "wait", "second", "--timeout", "1s"], 1, &["did not get there within 1s"]);
    let changed = [&create[..], &["--path", "other", "--upsert"]].concat();
    check(&world, &changed, 0, &["application 'second' changed", "flamingo app sync second"]);
    let refused = [&create[..], &["--upsert", "--sync-option", "Replace=true"]].concat();
    check(
        &world,
        &refused,
        2,
        &["the sync option Replace=true cannot be carried over", "remove Replace=true from"],
    );
    check(&world, &["app", "delete", "second"], 2, &["repeat with --yes"]);
    check(&world, &["app", "delete", "second", "--yes"], 0, &["is being deleted"]);
    check(&world, &["app", "list", "-o", "name"], 0, &["demo"]);
    check(&world, &["app", "delete", "demo", "--cascade=false"], 0, &["what they deployed stay"]);
}
