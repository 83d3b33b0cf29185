//! Rows in, windows and changes out.

use super::*;

fn object(text: &str) -> Value {
    value::from_json(text.as_bytes()).expect(text)
}

fn application(name: &str, project: &str, health: &str, more: &str) -> Value {
    object(&format!(
        r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{{"name":"{name}","namespace":"argocd"}},
        "spec":{{"project":"{project}","destination":{{"namespace":"{name}"}},"source":{{"repoURL":"https://git.example.com/{name}","path":"deploy","targetRevision":"main"}}}},
        "status":{{"health":{{"status":"{health}"}},"sync":{{"status":"Synced","revision":"8c4d6f"}}{more}}}}}"#
    ))
}

fn generated(name: &str, owner: &str) -> Value {
    object(&format!(
        r#"{{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{{"name":"{name}","namespace":"flux-system",
        "generation":1,"labels":{{"flamingo/generated":"true"}},"annotations":{{"flamingo/application":"argocd/{owner}"}}}},"spec":{{"path":"./deploy","sourceRef":{{"kind":"GitRepository","name":"{name}"}}}},
        "status":{{"observedGeneration":1,"lastAppliedRevision":"main@sha1:1","lastAttemptedRevision":"main@sha1:1",
        "conditions":[{{"type":"Ready","status":"True","reason":"ReconciliationSucceeded","message":"Applied revision: main@sha1:1","lastTransitionTime":"2026-01-01T00:00:00Z"}}]}}}}"#
    ))
}

fn reference(object: &Value) -> ObjectRef {
    ObjectRef::of(object).expect("a reference")
}

fn filled() -> Rows {
    let mut rows = Rows::default();
    let images = r#","summary":{"images":["nginx:1.29"]}"#;
    let error =
        r#","conditions":[{"type":"ComparisonError","message":"there is no branch x. What to do: push it"}]"#;
    for object in [
        application("shop", "web", "Healthy", images),
        application("api", "web", "Degraded", error),
        application("batch", "data", "Healthy", ""),
        generated("shop", "shop"),
    ] {
        rows.put(&object);
    }
    rows
}

fn names(rows: &Rows, query: &str) -> String {
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let query = Query::parse(pairs).expect(query);
    let window = rows.window(&query, |_| true);
    let names: Vec<&str> = window.rows.iter().map(|row| &**row.name()).collect();
    format!("{} of {}/{}", names.join(" "), window.matching, window.total)
}

#[test]
fn what_is_searched_and_sorted() {
    let rows = filled();
    for (query, expected) in [
        ("", "api batch shop of 3/3"),
        ("order=desc", "shop batch api of 3/3"),
        ("show=flux", "shop of 1/1"),
        ("show=all", "api batch shop shop of 4/4"),
        ("q=SHOP", "shop of 1/3"),
        ("q=git.example.com deploy", "api batch shop of 3/3"),
        ("q=8c4d", "api batch shop of 3/3"),
        ("q=https://git.example.com/api", "api of 1/3"),
        ("q=health:degraded", "api of 1/3"),
        ("q=-health:degraded project:web", "shop of 1/3"),
        ("q=image:nginx", "shop of 1/3"),
        ("q=name:a", "api batch of 2/3"),
        ("q=\"shop api\"", " of 0/3"),
        ("q=ns:shop", "shop of 1/3"),
        ("q=ns:argocd", "api batch shop of 3/3"),
        ("q=-ns:shop", "api batch of 2/3"),
        ("show=flux&q=ns:flux", "shop of 1/1"),
        ("namespace=shop", "shop of 1/3"),
        ("namespace=argocd", " of 0/3"),
        ("show=flux&namespace=flux-system", "shop of 1/1"),
        ("sort=namespace&order=desc", "shop batch api of 3/3"),
        ("q=health:", "api batch shop of 3/3"),
        ("health=Healthy", "batch shop of 2/3"),
        ("health=Healthy&health=Degraded&project=web", "api shop of 2/3"),
        ("sort=health", "batch shop api of 3/3"),
        ("sort=health&order=desc", "api batch shop of 3/3"),
        ("sort=project", "batch api shop of 3/3"),
        ("offset=1&limit=1", "batch of 3/3"),
        ("limit=0", " of 3/3"),
        ("offset=9", " of 3/3"),
    ] {
        assert_eq!(names(&rows, query), expected, "{query}");
    }
}

#[test]
fn a_facet_is_counted_without_its_own_choice() {
    let query = Query::parse([("health", "Healthy"), ("project", "web")]).expect("a query");
    let facets = filled().window(&query, |_| true).facets;
    assert_eq!(facets.at(&["health"]), Some(&object(r#"{"Degraded":1,"Healthy":1}"#)));
    assert_eq!(facets.at(&["project"]), Some(&object(r#"{"data":1,"web":1}"#)));
    assert_eq!(facets.at(&["kind"]), Some(&object(r#"{"Application":1}"#)));
}

#[test]
fn what_may_not_be_seen_is_not_counted() {
    let query = Query::parse([("show", "all")]).expect("a query");
    let window = filled().window(&query, |row| row.project() == Some("web"));
    assert_eq!((window.total, window.matching), (3, 3));
    assert_eq!(window.facets.at(&["project"]), Some(&object(r#"{"web":3}"#)));
}

#[test]
fn what_cannot_be_asked_is_refused_by_name() {
    for (pair, expected) in [
        (("show", "some"), "parameter show: \"some\" is not one of applications, flux, all"),
        (("order", "up"), "parameter order: \"up\" is not one of asc, desc"),
        (("limit", "501"), "parameter limit: \"501\" is not a number up to 500"),
        (("offset", "-1"), "parameter offset: \"-1\" is not a number"),
    ] {
        assert_eq!(Query::parse([pair]).expect_err(expected).to_string(), expected);
    }
}

#[test]
fn a_row_says_what_its_object_says() {
    let rows = filled();
    let row = |key: &str| rows.get(key).expect(key).json().clone();
    let expected = r#"{"destinationNamespace":"api","engine":"argo","group":"argoproj.io","health":"Degraded","isAutomated":false,"isSuspended":false,
        "key":"argoproj.io/Application/argocd/api","kind":"Application","name":"api","namespace":"argocd","path":"deploy","project":"web",
        "repo":"https://git.example.com/api","revision":"8c4d6f","sync":"Synced","targetRevision":"main","trouble":"there is no branch x."}"#;
    assert_eq!(row("argoproj.io/Application/argocd/api"), object(expected));
    let expected = r#"{"application":"argoproj.io/Application/argocd/shop","engine":"flux","group":"kustomize.toolkit.fluxcd.io","health":"Healthy",
        "healthMessage":"Applied revision: main@sha1:1","isAutomated":true,"isSuspended":false,
        "key":"kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop","kind":"Kustomization","name":"shop","namespace":"flux-system",
        "path":"./deploy","project":"web","revision":"main@sha1:1","source":"GitRepository/shop","sync":"Synced"}"#;
    assert_eq!(row("kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop"), object(expected));
}

#[test]
fn a_flux_object_follows_its_application_into_another_project() {
    let mut rows = filled();
    let changes = rows.put(&application("shop", "data", "Healthy", ""));
    let keys: Vec<&str> = changes.iter().map(|change| &*change.key).collect();
    let flux = "kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop";
    assert_eq!(keys, ["argoproj.io/Application/argocd/shop", flux]);
    assert_eq!(rows.get(flux).expect("a row").project(), Some("data"));
    assert!(rows.put(&application("shop", "data", "Healthy", "")).is_empty(), "the same again is no change");

    let changes = rows.remove(&reference(&application("shop", "data", "Healthy", "")));
    assert_eq!(changes.len(), 2);
    assert_eq!(rows.get(flux).expect("a row").owner(), None);
    assert_eq!(rows.remove(&reference(&generated("shop", "shop"))).len(), 1);
    assert!(rows.generated.is_empty());
}

#[test]
fn a_change_that_moves_nothing() {
    let mut rows = filled();
    let by_health = Query::parse([("sort", "health")]).expect("a query");
    let mut change = |object| {
        let change = rows.put(&object).remove(0);
        let by_name = Query::default().is_moved(change.before.as_deref(), change.now.as_deref());
        (by_name, by_health.is_moved(change.before.as_deref(), change.now.as_deref()))
    };
    let message = r#","summary":{"images":["nginx:1.30"]}"#;
    assert_eq!(change(application("shop", "web", "Healthy", message)), (false, false));
    assert_eq!(change(application("shop", "web", "Degraded", message)), (true, true), "counts change");
    assert_eq!(change(application("new", "web", "Healthy", "")), (true, true));
}

#[test]
fn keys_name_objects() {
    let reference = reference(&generated("shop", "shop"));
    assert_eq!(object_of(&key_of(&reference)), Some(reference));
    assert_eq!(object_of("/Pod/ns"), None);
    assert_eq!(object_of("/Pod/ns/"), None);
    assert_eq!(object_of("/Namespace//x").map(|found| found.name), Some("x".to_owned()));
}
