//! One cluster, and calls to it.

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use kube::client::Body;
use value::Value;

use crate::discovery::RestMapper;
use crate::{ActAs, ClusterId, Deadline, Error, Resource, Status, Target};

/// A cluster and how to reach it. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    id: ClusterId,
    client: kube::Client,
    mapper: Arc<RestMapper>,
}

/// Which part of an object a patch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subresource {
    /// The object itself.
    Main,
    /// Its `status`.
    Status,
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted afterwards.
    Background,
    /// They are deleted first.
    Foreground,
    /// They stay.
    Orphan,
}

/// What an apply left on the server, or would leave (dry run).
#[derive(Clone, Debug)]
pub struct Applied {
    /// The stored object.
    pub object: Value,
    /// Whether it did not exist before.
    pub created: bool,
}

impl Cluster {
    /// A cluster reached through `client`.
    pub fn new(id: ClusterId, client: kube::Client) -> Self {
        Self { id, client, mapper: Arc::new(RestMapper::default()) }
    }

    /// Its name.
    pub fn id(&self) -> &ClusterId {
        &self.id
    }

    /// Calls as somebody, until some time.
    pub fn session(&self, act_as: ActAs, deadline: Deadline) -> Session {
        Session { cluster: self.clone(), act_as, deadline }
    }

    /// Forgets what kinds the cluster serves, as after applying a CustomResourceDefinition.
    pub fn forget_kinds(&self) {
        self.mapper.forget();
    }

    pub(crate) fn client(&self) -> &kube::Client {
        &self.client
    }
}

/// Calls to one cluster with one identity until one deadline.
#[derive(Clone)]
pub struct Session {
    cluster: Cluster,
    act_as: ActAs,
    deadline: Deadline,
}

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
const JSON: &str = "application/json";

impl Session {
    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Until when calls may take.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// The same identity with another deadline.
    pub fn until(&self, deadline: Deadline) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// How the cluster serves `gvk`.
    ///
    /// # Errors
    /// [`Error::NoMatch`] where it does not; [`Error::IncompleteDiscovery`] where that is not certain.
    pub async fn resource(&self, gvk: &GroupVersionKind) -> Result<Resource, Error> {
        self.cluster.mapper.find(self, gvk).await
    }

    /// How the cluster serves the kind of `gvk`, in the version that it prefers, whatever `gvk` says.
    ///
    /// # Errors
    /// As [`Session::resource`].
    pub async fn preferred_resource(&self, gvk: &GroupVersionKind) -> Result<Resource, Error> {
        self.cluster.mapper.find_preferred(self, gvk).await
    }

    /// All kinds whose objects can be listed and watched, each in the version that the cluster prefers.
    ///
    /// # Errors
    /// Discovery failed.
    pub async fn watchable_resources(&self) -> Result<Vec<Resource>, Error> {
        self.cluster.mapper.watchable(self).await
    }

    /// What the API server says of its version.
    ///
    /// # Errors
    /// Any failure.
    pub async fn version(&self) -> Result<Value, Error> {
        Ok(self.call(Method::GET, "/version", None).await?.1)
    }

    /// The address of `object`.
    ///
    /// # Errors
    /// The object lacks apiVersion, kind or name, or its kind is not served.
    pub async fn target(&self, object: &Value) -> Result<Target, Error> {
        let gvk = GroupVersionKind::of(object).ok_or(Error::Incomplete("apiVersion and kind"))?;
        let name = object::name(object).ok_or(Error::Incomplete("metadata.name"))?;
        let resource = self.resource(&gvk).await?;
        Ok(Target::new(&resource, object::namespace(object).unwrap_or_default(), name))
    }

    /// Reads an object; `None` where it does not exist.
    ///
    /// # Errors
    /// Any failure but "not found".
    pub async fn get(&self, target: &Target) -> Result<Option<Value>, Error> {
        match self.call(Method::GET, &target.path(), None).await {
            Ok((_, object)) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lists the objects of a kind in a namespace (all with an empty one) that a label selector picks.
    ///
    /// # Errors
    /// Any failure; a list is never partial.
    pub async fn list(
        &self,
        resource: &Resource,
        namespace: &str,
        labels: &str,
    ) -> Result<Vec<Value>, Error> {
        self.select(resource, namespace, ("labelSelector", labels)).await
    }

    /// All objects of a kind in a namespace whose fields have these values, which the kind must be selectable by.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn list_with(
        &self,
        resource: &Resource,
        namespace: &str,
        fields: &[(&str, &str)],
    ) -> Result<Vec<Value>, Error> {
        let fields: Vec<String> = fields.iter().map(|(field, value)| format!("{field}={value}")).collect();
        self.select(resource, namespace, ("fieldSelector", &fields.join(","))).await
    }

    async fn select(
        &self,
        resource: &Resource,
        namespace: &str,
        selector: (&str, &str),
    ) -> Result<Vec<Value>, Error> {
        let path = resource.collection(namespace);
        let mut objects = Vec::new();
        let mut next = String::new();
        loop {
            let query = query(&[selector, ("limit", "500"), ("continue", &next)]);
            let (_, page) = self.call(Method::GET, &format!("{path}{query}"), None).await?;
            let items = page.get("items").and_then(Value::as_list).unwrap_or_default();
            // Items of a list do not repeat the kind of the list.
            objects.extend(items.iter().map(|item| with_kind(item.clone(), resource)));
            match page.str_at(&["metadata", "continue"]) {
                Some(token) if !token.is_empty() => next = token.to_owned(),
                _ => return Ok(objects),
            }
        }
    }

    /// Server-side apply. `force` takes fields over from other appliers; `dry_run` stores nothing.
    ///
    /// # Errors
    /// Any refusal; conflicts too, without `force`.
    pub async fn apply(&self, target: &Target, object: &Value, how: Apply<'_>) -> Result<Applied, Error> {
        let query = query(&[
            ("dryRun", if how.dry_run { "All" } else { "" }),
            ("fieldManager", how.manager),
            ("force", if how.force { "true" } else { "" }),
        ]);
        let path = format!("{}{query}", target.path());
        let (code, object) = self.call(Method::PATCH, &path, Some((APPLY, object))).await?;
        Ok(Applied { object, created: code == 201 })
    }

    /// JSON merge patch (RFC 7386) of an object or its status.
    ///
    /// # Errors
    /// Any refusal, "not found" too.
    pub async fn merge_patch(
        &self,
        target: &Target,
        part: Subresource,
        manager: &str,
        patch: &Value,
    ) -> Result<Value, Error> {
        self.patch(target, part, manager, (MERGE, patch)).await
    }

    /// JSON patch (RFC 6902) of an object.
    ///
    /// # Errors
    /// Any refusal, "not found" too.
    pub async fn json_patch(&self, target: &Target, manager: &str, patch: &Value) -> Result<Value, Error> {
        self.patch(target, Subresource::Main, manager, (JSON_PATCH, patch)).await
    }

    async fn patch(
        &self,
        target: &Target,
        part: Subresource,
        manager: &str,
        body: (&str, &Value),
    ) -> Result<Value, Error> {
        let suffix = match part {
            Subresource::Main => "",
            Subresource::Status => "/status",
        };
        let path = format!("{}{suffix}{}", target.path(), query(&[("fieldManager", manager)]));
        Ok(self.call(Method::PATCH, &path, Some(body)).await?.1)
    }

    /// Creates an object.
    ///
    /// # Errors
    /// Any refusal, "already exists" too.
    pub async fn create(&self, target: &Target, manager: &str, object: &Value) -> Result<Value, Error> {
        let collection = target.resource.collection(&target.namespace);
        let path = format!("{collection}{}", query(&[("fieldManager", manager)]));
        Ok(self.call(Method::POST, &path, Some((JSON, object))).await?.1)
    }

    /// Deletes the object that has `uid`; an object of the same name with another UID is left alone.
    /// `false` where it was already gone.
    ///
    /// # Errors
    /// Any refusal but "not found"; a conflict where the UID is another one.
    pub async fn delete(&self, target: &Target, uid: &str, propagation: Propagation) -> Result<bool, Error> {
        self.delete_with(target, delete_options(uid, propagation)).await
    }

    /// As [`Session::delete`], without time for what runs to end.
    ///
    /// # Errors
    /// As there.
    pub async fn delete_at_once(
        &self,
        target: &Target,
        uid: &str,
        propagation: Propagation,
    ) -> Result<bool, Error> {
        let mut options = delete_options(uid, propagation);
        options.set_at(&["gracePeriodSeconds"], 0);
        self.delete_with(target, options).await
    }

    async fn delete_with(&self, target: &Target, options: Value) -> Result<bool, Error> {
        match self.call(Method::DELETE, &target.path(), Some((JSON, &options))).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends a request without a body and waits for the beginning of the answer.
    pub(crate) async fn begin(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<http::Response<Body>, Error> {
        let name = format!("GET {path}");
        let mut request = Request::builder().uri(format!("{path}{}", query(parameters)));
        if let ActAs::User(user) = &self.act_as {
            request = request.header("impersonate-user", user);
        }
        let request =
            request.body(Body::empty()).map_err(|source| Error::Request { request: name.clone(), source })?;
        match self.deadline.run(self.cluster.client.send(request)).await {
            None => Err(Error::Deadline { request: name }),
            Some(Err(source)) => Err(Error::Transport { request: name, source: Box::new(source) }),
            Some(Ok(answer)) => Ok(answer),
        }
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<(u16, Value), Error> {
        self.call_accepting(method, path, body, JSON).await
    }

    /// Sends a request and reads the whole answer, all until the deadline.
    pub(crate) async fn call_accepting(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
        accept: &str,
    ) -> Result<(u16, Value), Error> {
        let name = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let mut request = Request::builder().method(method).uri(path).header("accept", accept);
        if let Some((content_type, _)) = body {
            request = request.header("content-type", content_type);
        }
        if let ActAs::User(user) = &self.act_as {
            request = request.header("impersonate-user", user);
        }
        let bytes = body.map(|(_, value)| value::to_json(value).into_bytes()).unwrap_or_default();
        let request = request
            .body(Body::from(bytes))
            .map_err(|source| Error::Request { request: name.clone(), source })?;
        let exchange = async {
            let answer = self.cluster.client.send(request).await?;
            let code = answer.status().as_u16();
            let body = answer.into_body().collect().await?.to_bytes();
            Ok::<_, kube::Error>((code, body))
        };
        let (code, body) = match self.deadline.run(exchange).await {
            None => return Err(Error::Deadline { request: name }),
            Some(Err(source)) => return Err(Error::Transport { request: name, source: Box::new(source) }),
            Some(Ok(answer)) => answer,
        };
        if code >= 300 {
            return Err(Error::Refused(Box::new(Status::from_answer(code, &body))));
        }
        let value = value::from_json(&body).map_err(|source| Error::Answer { request: name, source })?;
        Ok((code, value))
    }
}

fn delete_options(uid: &str, propagation: Propagation) -> Value {
    let policy = match propagation {
        Propagation::Background => "Background",
        Propagation::Foreground => "Foreground",
        Propagation::Orphan => "Orphan",
    };
    Value::map_of([
        ("apiVersion", Value::from("v1")),
        ("kind", "DeleteOptions".into()),
        ("propagationPolicy", policy.into()),
        ("preconditions", Value::map_of([("uid", uid)])),
    ])
}

/// How to apply.
#[derive(Clone, Copy, Debug)]
pub struct Apply<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Whether to take fields over from other managers.
    pub force: bool,
    /// Whether to store nothing.
    pub dry_run: bool,
}

fn with_kind(mut item: Value, resource: &Resource) -> Value {
    item.set_at(&["apiVersion"], resource.gvk().api_version());
    item.set_at(&["kind"], resource.gvk().kind.as_str());
    item
}

/// The query of the parameters that are not empty.
fn query(parameters: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}
