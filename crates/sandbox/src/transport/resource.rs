//! Requests for resources.

use std::sync::Arc;

use apimachinery::gvk::GroupKind;
use apimachinery::schema::FieldError;
use apimachinery::validation::duplicate_fields;
use http::{Method, Response};
use hyper::body::Incoming;
use value::{Map, Value};

use super::answer::{self, Body, RowObject};
use super::body;
use super::dispatch::{Head, Service};
use super::negotiation::Form;
use super::parameters::parse_propagation;
use super::route::ResourcePath;
use super::watch_stream::{self, Encoding};
use crate::authorization::{self, Attributes, User};
use crate::kinds::Kind;
use crate::reviews;
use crate::status::{self, Refusal};
use crate::verbs::delete::{self, DeleteOptions, Deleted};
use crate::verbs::patch::{self, PatchType};
use crate::verbs::selection::Selection;
use crate::verbs::watch::Watch;
use crate::verbs::{Part, Target, Written, create, list, read, scale, update};

/// A request whose resource is known.
pub(super) struct Call<'a> {
    pub(super) service: &'a Service,
    pub(super) head: &'a Head,
    pub(super) path: &'a ResourcePath,
    pub(super) kind: Arc<Kind>,
    pub(super) verb: &'static str,
}

/// What a request does, as authorisation names it.
pub(super) fn verb(head: &Head, path: &ResourcePath) -> &'static str {
    let collection = path.name.is_empty();
    match head.method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if collection => "deletecollection",
        Method::DELETE => "delete",
        Method::GET if head.parameters.flag("watch") => "watch",
        Method::GET | Method::HEAD if collection => "list",
        Method::GET | Method::HEAD => "get",
        _ => "",
    }
}

/// What of an object a request is about.
enum Addressed {
    Part(Part),
    Scale,
}

impl Call<'_> {
    fn addressed(&self) -> Result<Addressed, Refusal> {
        let plural = self.kind.resource();
        let subresource = self.path.subresource.as_str();
        if subresource.is_empty() {
            return Ok(Addressed::Part(Part::Main));
        }
        let known = self.kind.subresource(subresource).ok_or_else(status::no_such_resource)?;
        if !known.verbs.iter().any(|verb| verb == self.verb) {
            return Err(status::method_not_allowed());
        }
        match subresource {
            "status" => Ok(Addressed::Part(Part::Status)),
            "scale" => Ok(Addressed::Scale),
            "finalize" => Ok(Addressed::Part(Part::Finalize)),
            other => Err(status::not_implemented(&format!("the subresource {plural}/{other}"))),
        }
    }

    fn target(&self, part: Part) -> Target {
        Target {
            kind: self.kind.clone(),
            namespace: self.path.namespace.clone(),
            name: self.path.name.clone(),
            part,
        }
    }

    /// The namespace of the path must fit the kind.
    fn check_path(&self) -> Result<(), Refusal> {
        let named = !self.path.namespace.is_empty();
        if (named && !self.kind.namespaced) || (self.kind.namespaced && !named && !self.path.name.is_empty())
        {
            return Err(status::no_such_resource());
        }
        if self.kind.namespaced && !named && matches!(self.verb, "create" | "deletecollection") {
            return Err(status::method_not_allowed());
        }
        let on_collection = matches!(self.verb, "create") && self.path.subresource.is_empty();
        if on_collection && !self.path.name.is_empty() || self.verb.is_empty() {
            return Err(status::method_not_allowed());
        }
        if matches!(self.verb, "update" | "patch") && self.path.name.is_empty() {
            return Err(status::method_not_allowed());
        }
        if self.path.subresource.is_empty() && !self.kind.allows(self.verb) {
            return Err(status::method_not_supported(self.kind.resource(), self.verb));
        }
        Ok(())
    }

    /// A client that acts as somebody else may do what that user may.
    fn authorize(&self, verb: &str, name: &str) -> Result<(), Refusal> {
        let user = self.head.header("impersonate-user");
        if user.is_empty() {
            return Ok(());
        }
        let groups = self.head.headers.get_all("impersonate-group").iter();
        let groups = groups.filter_map(|group| group.to_str().ok().map(str::to_owned)).collect();
        let user = User::impersonated(user, groups);
        let attributes = Attributes {
            verb,
            kind: &self.kind,
            subresource: &self.path.subresource,
            namespace: &self.path.namespace,
            name,
        };
        authorization::check(&self.service.api, &user, &attributes)
    }

    fn rows(&self) -> RowObject {
        match self.head.parameters.get("includeObject") {
            Some("None") => RowObject::Nothing,
            Some("Object") => RowObject::Whole,
            _ => RowObject::Metadata,
        }
    }

    fn selection(&self, target: &Target) -> Result<Selection, Refusal> {
        let get = |name| self.head.parameters.get(name).unwrap_or_default();
        Selection::new(target, get("labelSelector"), get("fieldSelector"))
    }

    fn written(&self, written: &Written) -> Result<Response<Body>, Refusal> {
        let code = if written.created { 201 } else { 200 };
        let mut response = self.object(code, &written.object)?;
        answer::warn(&mut response, &written.warnings);
        Ok(response)
    }

    fn object(&self, code: u16, object: &Value) -> Result<Response<Body>, Refusal> {
        let form = self.head.form(false)?;
        let now = self.service.api.timestamp();
        Ok(answer::json(code, &answer::object(&self.kind, object, form, now, self.rows())))
    }
}

/// Carries a request out. `record` receives the body where requests are recorded.
///
/// # Errors
/// What the client is told instead of an answer.
pub(super) async fn carry_out(
    call: &Call<'_>,
    incoming: Incoming,
    record: &mut Value,
) -> Result<Response<Body>, Refusal> {
    call.check_path()?;
    let addressed = call.addressed()?;
    call.authorize(call.verb, &call.path.name)?;
    // What cannot be answered is not carried out.
    call.head.form(false)?;
    let has_body = matches!(call.verb, "create" | "update" | "patch" | "delete" | "deletecollection");
    let bytes = if has_body { body::read(incoming).await? } else { bytes::Bytes::new() };
    if call.service.log.is_recording() && !bytes.is_empty() {
        *record = body::yaml(&bytes).unwrap_or_default();
    }
    if call.service.api.store.has_crashed() {
        return Err(Refusal::Crashed);
    }
    match (call.verb, addressed) {
        ("get", Addressed::Part(part)) => {
            call.object(200, &read::get(&call.service.api, &call.target(part))?)
        }
        ("get", Addressed::Scale) => {
            Ok(answer::json(200, &scale::get(&call.service.api, &call.target(Part::Main))?))
        }
        ("list", _) => list_objects(call),
        ("watch", _) => watch_objects(call),
        ("create", _) => create_object(call, &bytes),
        ("update", addressed) => update_object(call, &bytes, &addressed),
        ("patch", addressed) => patch_object(call, &bytes, &addressed),
        ("delete", _) => delete_object(call, &bytes),
        ("deletecollection", _) => delete_objects(call, &bytes),
        _ => Err(status::method_not_allowed()),
    }
}

fn list_objects(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let target = call.target(Part::Main);
    let selection = call.selection(&target)?;
    let options = call.head.parameters.list_options()?;
    let page = list::list(&call.service.api, &target, &selection, &options)?;
    let form = call.head.form(false)?;
    let mut response =
        answer::json(200, &answer::list(&call.kind, &page, form, call.service.api.timestamp(), call.rows()));
    if let Some(warning) = call.kind.custom.as_ref().and_then(|custom| custom.deprecation.clone()) {
        answer::warn(&mut response, &[warning]);
    }
    Ok(response)
}

fn watch_objects(call: &Call<'_>) -> Result<Response<Body>, Refusal> {
    let target = call.target(Part::Main);
    let selection = call.selection(&target)?;
    let options = call.head.parameters.watch_options()?;
    let api = &call.service.api;
    let watch = Watch::new(api.clone(), target, selection, &options)?;
    let encoding = Encoding {
        api: api.clone(),
        kind: call.kind.clone(),
        form: call.head.form(false)?,
        rows: call.rows(),
    };
    Ok(watch_stream::response(watch, encoding, call.service.stop.clone()))
}

fn create_object(call: &Call<'_>, bytes: &[u8]) -> Result<Response<Body>, Refusal> {
    let object = body::object(bytes, call.head.content_type())?;
    let mut options = call.head.parameters.write_options(call.head.user_agent(), "CreateOptions")?;
    options.duplicates = duplicate_fields(bytes);
    if !call.kind.allows("get") {
        return Ok(answer::json(201, &reviews::answer(&call.kind, object)?));
    }
    call.written(&create::create(&call.service.api, &call.target(Part::Main), object, &options)?)
}

fn update_object(call: &Call<'_>, bytes: &[u8], addressed: &Addressed) -> Result<Response<Body>, Refusal> {
    let object = body::object(bytes, call.head.content_type())?;
    let mut options = call.head.parameters.write_options(call.head.user_agent(), "UpdateOptions")?;
    options.duplicates = duplicate_fields(bytes);
    let api = &call.service.api;
    match addressed {
        Addressed::Part(part) => call.written(&update::update(api, &call.target(*part), object, &options)?),
        Addressed::Scale => {
            let written = scale::update(api, &call.target(Part::Scale), &object, &options)?;
            Ok(answer::json(200, &written.object))
        }
    }
}

fn patch_object(call: &Call<'_>, bytes: &[u8], addressed: &Addressed) -> Result<Response<Body>, Refusal> {
    let r#type =
        PatchType::of(body::media_type(call.head.content_type())).ok_or_else(status::unsupported_patch)?;
    let is_apply = r#type == PatchType::Apply;
    let content = if is_apply { body::yaml(bytes)? } else { body::patch(bytes)? };
    let mut options = call.head.parameters.write_options(call.head.user_agent(), "PatchOptions")?;
    if is_apply {
        // An apply has no default manager.
        options.manager = call.head.parameters.get("fieldManager").unwrap_or_default().to_owned();
    } else if call.head.parameters.get("force").is_some() {
        let error = FieldError::forbidden("force", "may not be specified for non-apply patch");
        return Err(status::invalid(&GroupKind::new("meta.k8s.io", "PatchOptions"), "", &[error]));
    }
    let api = &call.service.api;
    if is_apply && read::get(api, &call.target(Part::Main)).is_err() {
        // What an apply creates must be allowed to be created.
        call.authorize("create", "")?;
    }
    match addressed {
        Addressed::Part(part) => {
            call.written(&patch::patch(api, &call.target(*part), (r#type, content), &options)?)
        }
        Addressed::Scale => {
            let written = scale::patch(api, &call.target(Part::Scale), (r#type, &content), &options)?;
            Ok(answer::json(200, &written.object))
        }
    }
}

fn delete_object(call: &Call<'_>, bytes: &[u8]) -> Result<Response<Body>, Refusal> {
    let options = delete_options(call, bytes)?;
    let target = call.target(Part::Main);
    let deleted = delete::delete(&call.service.api, &target, &options)?;
    let returned_when_gone = matches!(
        (call.kind.gvk.group.as_str(), call.kind.gvk.kind.as_str()),
        (
            "",
            "Pod"
                | "Service"
                | "ServiceAccount"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "PodTemplate"
                | "ResourceQuota"
        )
    );
    match &deleted {
        Deleted::Gone(object) if !returned_when_gone => Ok(answer::json(200, &success(&call.kind, object))),
        deleted => call.object(200, deleted.object()),
    }
}

fn success(kind: &Kind, object: &Value) -> Value {
    let text = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default().to_owned();
    let mut details =
        Map::from_iter([("name", text("name")), ("kind", kind.plural.clone()), ("uid", text("uid"))]);
    if !kind.gvk.group.is_empty() {
        details.insert("group", kind.gvk.group.as_str());
    }
    Value::map_of([
        ("apiVersion", Value::from("v1")),
        ("kind", "Status".into()),
        ("metadata", Value::map()),
        ("status", "Success".into()),
        ("details", details.into()),
    ])
}

fn delete_objects(call: &Call<'_>, bytes: &[u8]) -> Result<Response<Body>, Refusal> {
    let options = delete_options(call, bytes)?;
    let target = call.target(Part::Main);
    let selection = call.selection(&target)?;
    let api = &call.service.api;
    let mut page = list::list(api, &target, &selection, &call.head.parameters.list_options()?)?;
    for object in &mut page.items {
        let name = apimachinery::object::name(object).unwrap_or_default();
        let one = Target::new(&call.kind, &call.path.namespace, name);
        match delete::delete(api, &one, &options) {
            Ok(deleted) => *object = deleted.object().clone(),
            // Somebody else was faster.
            Err(Refusal::Status(status)) if status.code == 404 => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let now = api.timestamp();
    let form: Form = call.head.form(false)?;
    Ok(answer::json(200, &answer::list(&call.kind, &page, form, now, call.rows())))
}

/// `metav1.DeleteOptions`, from the body or else, without one, from the query.
fn delete_options(call: &Call<'_>, bytes: &[u8]) -> Result<DeleteOptions, Refusal> {
    let parameters = &call.head.parameters;
    if bytes.is_empty() {
        return Ok(DeleteOptions {
            dry_run: parameters.dry_run("DeleteOptions")?,
            grace: parameters.grace()?,
            propagation: parameters.propagation()?,
            ..DeleteOptions::default()
        });
    }
    let body = body::object(bytes, call.head.content_type())?;
    let text = |path: &[&str]| body.str_at(path).filter(|text| !text.is_empty()).map(str::to_owned);
    let orphans = match body.get("orphanDependents").and_then(Value::as_bool) {
        Some(true) => Some(delete::Propagation::Orphan),
        Some(false) => Some(delete::Propagation::Background),
        None => None,
    };
    let dry_run = body.at(&["dryRun"]).and_then(Value::as_list).unwrap_or_default();
    if dry_run.iter().any(|stage| stage.as_str() != Some("All")) {
        let value = Value::list_of(dry_run.iter().cloned());
        let error = FieldError::not_supported("dryRun", &value, &["All"]);
        return Err(status::invalid(&GroupKind::new("meta.k8s.io", "DeleteOptions"), "", &[error]));
    }
    let propagation = text(&["propagationPolicy"]).as_deref().map(parse_propagation).transpose()?;
    Ok(DeleteOptions {
        dry_run: !dry_run.is_empty(),
        grace: body.get("gracePeriodSeconds").and_then(Value::as_i64),
        uid: text(&["preconditions", "uid"]),
        resource_version: text(&["preconditions", "resourceVersion"]),
        propagation: propagation.or(orphans),
    })
}
