//! Doing what the recorder did.

use std::path::PathBuf;
use std::time::Duration;

use apimachinery::gvk::GroupVersionKind;
use cluster::{Apply, Error, Propagation, Subresource, Target};
use serde_json::Value as Json;
use value::Value;

use crate::backend::{Behaviour, Server};
use crate::recording::{Recording, list};
use crate::repository::Bare;
use crate::world::{self, World};

const LOGIN: &str = "robot:pass-1";

/// Where a scenario plays: its namespaces and its Git server.
pub(crate) struct Stage<'a> {
    pub(crate) world: &'a World,
    pub(crate) recording: &'a Recording,
    pub(crate) namespaces: Vec<String>,
    /// Host and port of the Git server.
    pub(crate) git: String,
    repositories: PathBuf,
}

impl<'a> Stage<'a> {
    /// Starts the Git server and creates the namespaces.
    pub(crate) async fn set(world: &'a World, recording: &'a Recording) -> Self {
        let root = world.repositories.path().join(&recording.name);
        let repositories = root.join(&recording.name);
        std::fs::create_dir_all(&repositories).expect("a folder");
        let before = list(&recording.steps[0], "before").iter();
        let mut actions = before.chain(list(&recording.steps[0], "actions"));
        let login = actions.any(|action| action.get("basic auth").is_some()).then_some(LOGIN);
        let server = Server::start_with(&root, Behaviour::Backend, login, None).await;
        let namespaces = namespaces(recording);
        let stage = Self { world, recording, namespaces, git: server.address, repositories };
        for namespace in &stage.namespaces {
            stage.create_namespace(namespace).await;
        }
        stage
    }

    async fn create_namespace(&self, name: &str) {
        let metadata = Value::map_of([("name", name)]);
        let namespace = Value::map_of([
            ("apiVersion", "v1".into()),
            ("kind", "Namespace".into()),
            ("metadata", metadata),
        ]);
        let session = self.world.session();
        let target = session.target(&namespace).await.expect("a target");
        session.create(&target, "recorder", &namespace).await.expect("the namespace does not exist yet");
    }

    /// Carries out one action; returns what the API server refused, in the words of the recordings.
    pub(crate) async fn perform(&self, action: &Json) -> Vec<String> {
        let text = |field: &str| action[field].as_str().unwrap_or_default().to_owned();
        let bare = || self.repositories.join(format!("{}.git", text("repo")));
        match text("do").as_str() {
            "git init" => drop(Bare::make(bare()).await),
            "commit" => {
                let recorded = self.recording.input().join("git").join(text("repo"));
                Bare::at(bare()).replay(&recorded, action["n"].as_u64().expect("a number")).await;
            }
            "hide" => std::fs::rename(bare(), bare().with_extension("hidden")).expect("it is there"),
            "show" => std::fs::rename(bare().with_extension("hidden"), bare()).expect("it is hidden"),
            "wait" => {
                tokio::time::sleep(Duration::from_secs(action["seconds"].as_u64().expect("a number"))).await
            }
            "apply" if action.get("object").is_some() => {
                self.apply(&world::value(&action["object"]), &text("manager")).await.expect("an object");
            }
            "apply" => return self.apply_file(&text("from")).await,
            "merge-patch" => return self.merge_patch(action).await,
            "scale" => self.scale(action).await,
            "delete" => return self.delete(&text("object")).await,
            other => {
                let arguments: Vec<&str> = other.strip_prefix("git ").expect(other).split(' ').collect();
                Bare::at(bare()).run(&arguments).await;
            }
        }
        Vec::new()
    }

    async fn apply_file(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.recording.input().join(file)).expect(file);
        let text = text.replace("<git>", &self.git);
        let mut rejected = Vec::new();
        for document in yaml::parse_documents(&text, yaml::Rules::V3).expect(file) {
            let object = document.value;
            if object.is_null() {
                continue;
            }
            if let Err(error) = self.apply(&object, "recorder").await {
                let part = |path: &[&str]| object.str_at(path).unwrap_or_default().to_owned();
                let code = error.code().map(|code| code.to_string()).unwrap_or_default();
                let name = part(&["metadata", "name"]);
                rejected.push(format!("{}/{name}: {code} {error}", part(&["kind"])));
            }
        }
        rejected
    }

    async fn apply(&self, object: &Value, manager: &str) -> Result<(), Error> {
        let session = self.world.session();
        let target = match session.target(object).await {
            Err(Error::NoMatch(_)) => {
                self.world.cluster.forget_kinds();
                session.target(object).await?
            }
            found => found?,
        };
        session.apply(&target, object, Apply { manager, force: true, dry_run: false }).await?;
        Ok(())
    }

    async fn merge_patch(&self, action: &Json) -> Vec<String> {
        let object = action["object"].as_str().expect("an object");
        let (target, part) = match object.strip_suffix("/status") {
            Some(object) => (self.target(object).await, Subresource::Status),
            None => (self.target(object).await, Subresource::Main),
        };
        let manager = action["manager"].as_str().expect("a manager");
        let patch = world::value(&action["patch"]);
        let patched = self.world.session().merge_patch(&target, part, manager, &patch).await;
        patched.err().map(|error| format!("{object}: {error}")).into_iter().collect()
    }

    /// `kubectl scale`
    async fn scale(&self, action: &Json) {
        let object = action["object"].as_str().expect("an object").strip_prefix("Deployment/");
        let (namespace, name) = object.and_then(|object| object.split_once('/')).expect("a Deployment");
        let path =
            format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale?fieldManager=kubectl");
        let body = serde_json::json!({"spec": {"replicas": action["replicas"]}});
        let request = http::Request::patch(path)
            .header("content-type", "application/merge-patch+json")
            .body(body.to_string().into_bytes())
            .expect("a request");
        self.world.client.request::<Json>(request).await.expect("a scaled object");
    }

    async fn delete(&self, object: &str) -> Vec<String> {
        let target = self.target(object).await;
        let session = self.world.session();
        let Some(live) = session.get(&target).await.expect(object) else {
            return vec![format!("{object}: does not exist")];
        };
        session.delete(&target, &world::uid(&live), Propagation::Background).await.expect(object);
        Vec::new()
    }

    /// The target of `Kind/namespace/name`.
    pub(crate) async fn target(&self, object: &str) -> Target {
        let parts: Vec<&str> = object.split('/').collect();
        let (kind, namespace, name) = (parts[0], parts[1], parts[2]);
        let recorded = self.recording.objects().into_iter().find(|(_, other, ..)| other == kind);
        let gvk = match (kind, recorded) {
            ("GitRepository", _) => flux_api::git_repository::kind(),
            ("Kustomization", _) => flux_api::kustomization::kind(),
            (_, Some((api_version, ..))) => GroupVersionKind::from_api_version(&api_version, kind),
            (_, None) => GroupVersionKind::new("", "v1", kind),
        };
        let resource = self.world.session().resource(&gvk).await.expect("a served kind");
        Target::new(&resource, namespace, name)
    }
}

/// The namespace of the scenario, and others with its name in front that its inputs mention. One that is
/// said to be absent stays so.
fn namespaces(recording: &Recording) -> Vec<String> {
    let mut found = vec![recording.name.clone()];
    let objects = recording.input().join("objects");
    for entry in std::fs::read_dir(objects).expect("inputs") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a readable file");
        let named = text.lines().filter_map(|line| {
            line.strip_prefix("  namespace: ").or_else(|| line.strip_prefix("  targetNamespace: "))
        });
        found.extend(
            named
                .filter(|name| name.starts_with(&recording.name) && !name.ends_with("-absent"))
                .map(str::to_owned),
        );
    }
    found.sort();
    found.dedup();
    found
}
