//! Trees of a cluster of a few objects.

use std::collections::HashMap;

use jiff::Timestamp;

use super::*;

/// A cluster of a few objects.
#[derive(Default)]
struct Few(HashMap<ObjectRef, Arc<Node>>);

impl Few {
    fn of(objects: &[&str]) -> Self {
        let node = |json: &&str| {
            let object = value::from_json(json.as_bytes()).expect(json);
            let node = Node::of(&object, Timestamp::UNIX_EPOCH).expect(json);
            (node.reference.clone(), Arc::new(node))
        };
        Self(objects.iter().map(node).collect())
    }
}

impl Graph for Few {
    fn get(&self, reference: &ObjectRef) -> Option<Arc<Node>> {
        self.0.get(reference).cloned()
    }

    fn owned_by(&self, node: &Node) -> Vec<Arc<Node>> {
        let owns = |child: &&Arc<Node>| child.owners.iter().any(|owner| owner.uid == node.uid);
        self.0.values().filter(owns).cloned().collect()
    }
}

const KUSTOMIZATION: &str = r#"{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization",
    "metadata":{"name":"app","namespace":"flux-system","uid":"k"},
    "status":{"inventory":{"entries":[{"id":"web_gone__ConfigMap","v":"v1"},{"id":"web_web_apps_Deployment","v":"v1"}]}}}"#;
const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"web","uid":"d","annotations":{"deployment.kubernetes.io/revision":"2"}}}"#;
const REPLICA_SET: &str = r#"{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1","namespace":"web","uid":"r","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d"}]}}"#;
const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1-x","namespace":"web","uid":"p","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"r"}]},
    "spec":{"nodeName":"n","containers":[{"name":"web","image":"x:y"}]},
    "status":{"phase":"Pending","containerStatuses":[{"name":"web","ready":false,"restartCount":0,"image":"x:y","state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off"}}}]}}"#;

fn root() -> Entry {
    Entry::parse("flux-system_app_kustomize.toolkit.fluxcd.io_Kustomization", "v1").expect("an id")
}

fn lines(placed: &[Placed]) -> Vec<String> {
    let line = |placed: &Placed| {
        let parents: Vec<String> = placed.parents.iter().map(ToString::to_string).collect();
        let state = if placed.node.is_some() { "" } else { " (missing)" };
        format!("{}{state} < {}", placed.reference, parents.join(","))
    };
    placed.iter().map(line).collect()
}

#[test]
fn from_the_inventory_to_the_pods() {
    let graph = Few::of(&[KUSTOMIZATION, DEPLOYMENT, REPLICA_SET, POD]);
    let placed = tree(&[root()], &graph);
    assert_eq!(
        lines(&placed),
        [
            "Kustomization/flux-system/app < ",
            "ConfigMap/web/gone (missing) < Kustomization/flux-system/app",
            "Deployment/web/web < Kustomization/flux-system/app",
            "ReplicaSet/web/web-1 < Deployment/web/web",
            "Pod/web/web-1-x < ReplicaSet/web/web-1",
        ]
    );
    let pod = placed[4].node.as_ref().expect("a Pod");
    let info: Vec<String> = pod.info.iter().map(|info| format!("{}={}", info.name, info.value)).collect();
    assert_eq!(info, ["Status Reason=ImagePullBackOff", "Node=n", "Containers=0/1"]);
    assert_eq!(pod.images, ["x:y"]);
    assert!(pod.finding.as_ref().is_some_and(|finding| finding.sentence.contains("cannot be pulled")));
}

#[test]
fn a_cycle_ends() {
    let own = KUSTOMIZATION
        .replace("web_gone__ConfigMap", "flux-system_app_kustomize.toolkit.fluxcd.io_Kustomization");
    let placed = tree(&[root()], &Few::of(&[&own]));
    assert_eq!(
        lines(&placed),
        ["Kustomization/flux-system/app < ", "Deployment/web/web (missing) < Kustomization/flux-system/app"]
    );
}

#[test]
fn what_is_deployed_to_another_cluster_is_not_looked_for_here() {
    let far =
        KUSTOMIZATION.replace(r#""status""#, r#""spec":{"kubeConfig":{"secretRef":{"name":"s"}}},"status""#);
    assert_eq!(tree(&[root()], &Few::of(&[&far, DEPLOYMENT])).len(), 1);
}
