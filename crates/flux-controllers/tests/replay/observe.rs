//! What is there after a step, in the form of the recordings.

use std::collections::BTreeMap;

use apimachinery::gvk::GroupVersionKind;
use cluster::{Error, Resource, Target};
use serde_json::{Value as Json, json};

use crate::actions::Stage;
use crate::recording::identity;
use crate::world;

/// Kinds of which everything in a namespace is recorded.
const LISTED: &[(&str, &str, &str)] = &[
    ("v1", "ConfigMap", "configmaps"),
    ("v1", "Secret", "secrets"),
    ("v1", "Service", "services"),
    ("v1", "ServiceAccount", "serviceaccounts"),
    ("apps/v1", "Deployment", "deployments"),
    ("batch/v1", "Job", "jobs"),
    ("rbac.authorization.k8s.io/v1", "Role", "roles"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
];

/// What every namespace has.
const EVERYWHERE: &[(&str, &str)] = &[("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")];

impl Stage<'_> {
    /// GitRepositories and Kustomizations.
    pub(crate) async fn flux(&self) -> Vec<Json> {
        let mut found = Vec::new();
        for (gvk, plural) in [
            (flux_api::git_repository::kind(), "gitrepositories"),
            (flux_api::kustomization::kind(), "kustomizations"),
        ] {
            found.extend(self.list(&Resource::new(gvk, plural, true)).await);
        }
        found
    }

    /// Everything else: all objects of the recorded kinds, and those that appear in any recorded step.
    pub(crate) async fn objects(&self) -> Vec<Json> {
        let mut found = BTreeMap::new();
        for (api_version, kind, plural) in LISTED {
            let gvk = GroupVersionKind::from_api_version(api_version, kind);
            for object in self.list(&Resource::new(gvk, plural, true)).await {
                let (_, kind, _, name) = identity(&object);
                if !EVERYWHERE.contains(&(&kind, &name)) {
                    found.insert(identity(&object), object);
                }
            }
        }
        for (api_version, kind, namespace, name) in self.recording.objects() {
            let is_listed = LISTED.iter().any(|(_, listed, _)| *listed == kind);
            if is_listed && self.namespaces.contains(&namespace) {
                continue;
            }
            let gvk = GroupVersionKind::from_api_version(&api_version, &kind);
            if let Some(object) = self.get(&gvk, &namespace, &name).await {
                found.insert(identity(&object), object);
            }
        }
        found.into_values().collect()
    }

    async fn get(&self, gvk: &GroupVersionKind, namespace: &str, name: &str) -> Option<Json> {
        let session = self.world.session();
        let resource = match session.resource(gvk).await {
            Ok(resource) => resource,
            Err(Error::NoMatch(_)) => return None,
            Err(error) => panic!("{gvk}: {error}"),
        };
        let found = session.get(&Target::new(&resource, namespace, name)).await.expect("an answer");
        found.map(|object| world::json(&object))
    }

    async fn list(&self, resource: &Resource) -> Vec<Json> {
        let session = self.world.session();
        let mut found = Vec::new();
        for namespace in &self.namespaces {
            let objects = session.list(resource, namespace, "").await.expect("a list");
            found.extend(objects.iter().map(world::json));
        }
        found
    }

    /// Events about Flux objects by UID, with their counts, in the form of the recordings.
    pub(crate) async fn events(&self) -> BTreeMap<String, (u64, Json)> {
        let resource = Resource::new(GroupVersionKind::new("", "v1", "Event"), "events", true);
        let events = self.list(&resource).await;
        let about_flux = events.iter().filter(|event| {
            ["GitRepository", "Kustomization"].contains(&text(&event["involvedObject"]["kind"]))
        });
        about_flux.map(|event| (text(&event["metadata"]["uid"]).to_owned(), recorded(event))).collect()
    }
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

fn recorded(event: &Json) -> (u64, Json) {
    let about = &event["involvedObject"];
    let object = format!("{}/{}/{}", text(&about["kind"]), text(&about["namespace"]), text(&about["name"]));
    let mut recorded = json!({
        "object": object, "type": event["type"], "reason": event["reason"], "message": event["message"],
        "reportingController": event["reportingComponent"],
    });
    if let Some(annotations) = event["metadata"].get("annotations") {
        recorded["annotations"] = annotations.clone();
    }
    (event["count"].as_u64().unwrap_or(1), recorded)
}
