//! Creating and changing applications.

use std::sync::Arc;

use apimachinery::{object, patch as patches};
use argocd_api::{GROUP, VERSION};
use cluster::Subresource;
use value::{Map, Value};

use super::validation::{existing_project, not_in, validate};
use crate::answer::Answer;
use crate::authentication::Caller;
use crate::control_plane::{ControlPlane, MANAGER};
use crate::error::{ApiError, Code};
use crate::permit::{LoggedIn, OnApplication, Update, project_of, rbac_name, require, sees};
use crate::request::Request;
use crate::shape;

/// What a client may set of an object's metadata; the cluster says the rest.
const METADATA: [&str; 3] = ["labels", "annotations", "finalizers"];

/// So often a change is tried again when the status was written in between.
const ATTEMPTS: usize = 10;

/// `POST /api/v1/applications`. The same application again is no error; another one of the same name needs
/// `upsert=true`.
pub(crate) async fn create(
    control: Arc<ControlPlane>,
    LoggedIn(caller): LoggedIn,
    request: Request,
) -> Result<Answer, ApiError> {
    let mut given = request.json()?;
    let name = object::name(&given).unwrap_or_default().to_owned();
    if name.is_empty() {
        let message = "error while validating and normalizing app: resource name may not be empty";
        return Err(ApiError::new(Code::Unknown, message));
    }
    let namespace = object::namespace(&given).unwrap_or(&control.namespace).to_owned();
    given.set_at(&["metadata", "namespace"], namespace.as_str());
    require(&control, &caller, "create", &rbac_name(&control, &given))?;
    if namespace != control.namespace {
        return Err(not_in(project_of(&given)));
    }
    check(&control, &request, &name, &given).await?;
    let object = writable(&given);
    let target = control.application(&namespace, &name);
    let session = control.session();
    let created = match session.create(&target, MANAGER, &object).await {
        Ok(created) => created,
        Err(error) if error.code() == Some(409) => {
            let existing = session.get(&target).await?.ok_or(error)?;
            again(&control, &caller, &request, (existing, &given)).await?
        }
        Err(error) => {
            let error = ApiError::from(error);
            let message = format!("error creating application: {error}");
            return Err(ApiError::new(error.code, message));
        }
    };
    Ok(Answer::Json(shape::application(&created)))
}

/// `PUT /api/v1/applications/{name}`: labels, annotations, finalizers and the spec become those given.
pub(crate) async fn update(
    control: Arc<ControlPlane>,
    permit: OnApplication<Update>,
    request: Request,
) -> Result<Answer, ApiError> {
    let given = request.json()?;
    let OnApplication { caller, application, .. } = permit;
    let changed = replace(&control, &caller, &request, (&application, &given)).await?;
    Ok(Answer::Json(shape::application(&changed)))
}

/// `PUT /api/v1/applications/{name}/spec`.
pub(crate) async fn update_spec(
    control: Arc<ControlPlane>,
    permit: OnApplication<Update>,
    request: Request,
) -> Result<Answer, ApiError> {
    let mut given = permit.application.clone();
    given.set_at(&["spec"], request.json()?);
    let changed = replace(&control, &permit.caller, &request, (&permit.application, &given)).await?;
    let spec = shape::application(&changed).get("spec").cloned();
    Ok(Answer::Json(spec.unwrap_or_else(Value::map)))
}

/// `PATCH /api/v1/applications/{name}`: a merge patch or a JSON patch as a text in the body. What it says of the
/// status is left out.
pub(crate) async fn patch(
    control: Arc<ControlPlane>,
    permit: OnApplication<Update>,
    request: Request,
) -> Result<Answer, ApiError> {
    let body = request.json()?;
    permit.agrees_with(&body)?;
    let text = body.str_at(&["patch"]).unwrap_or_default();
    let patch = value::from_json(text.as_bytes())
        .map_err(|error| ApiError::invalid(format!("the patch is no JSON: {error}")))?;
    let given = match body.str_at(&["patchType"]).unwrap_or_default() {
        "merge" => patches::merge_patch(&permit.application, &patch),
        "json" | "" => patches::json_patch(&permit.application, &patch)
            .map_err(|error| ApiError::new(Code::Unknown, format!("error applying patch: {error}")))?,
        other => {
            let message = format!("Patch type '{other}' is not supported");
            return Err(ApiError::invalid(message));
        }
    };
    let changed = replace(&control, &permit.caller, &request, (&permit.application, &given)).await?;
    Ok(Answer::Json(shape::application(&changed)))
}

/// An application of the name exists: the same one is no error, another one is replaced if that is wanted.
async fn again(
    control: &ControlPlane,
    caller: &Caller,
    request: &Request,
    (existing, given): (Value, &Value),
) -> Result<Value, ApiError> {
    if !sees(control, caller, &existing) {
        return Err(ApiError::denied());
    }
    let same = |field: &str| existing.get(field) == given.get(field);
    let labels = |object: &Value| METADATA.map(|field| object.at(&["metadata", field]).cloned());
    if same("spec") && labels(&existing) == labels(given) {
        return Ok(existing);
    }
    if request.switch("upsert")? != Some(true) {
        let message = "existing application spec is different, use upsert flag to force update";
        return Err(ApiError::invalid(message));
    }
    require(control, caller, "update", &rbac_name(control, &existing))?;
    replace(control, caller, request, (&existing, given)).await
}

/// Writes what differs, if nobody else has changed what was judged; controllers write the status all the time.
/// Whoever moves an application into another project needs the rights to create and to update it there, beside that to
/// update it here.
async fn replace(
    control: &ControlPlane,
    caller: &Caller,
    request: &Request,
    (existing, given): (&Value, &Value),
) -> Result<Value, ApiError> {
    let (name, namespace) = (object::name(existing), object::namespace(existing));
    let (name, namespace) = (name.unwrap_or_default(), namespace.unwrap_or_default());
    let mut wanted = given.clone();
    wanted.set_at(&["metadata", "name"], name);
    wanted.set_at(&["metadata", "namespace"], namespace);
    if project_of(existing) != project_of(&wanted) {
        for action in ["create", "update"] {
            require(control, caller, action, &rbac_name(control, &wanted))?;
        }
    }
    check(control, request, name, &wanted).await?;
    let target = control.application(namespace, name);
    let session = control.session();
    let (judged, mut current) = (writable(existing), existing.clone());
    for _ in 0..ATTEMPTS {
        let Some(mut patch) = patches::difference(&judged, &writable(&wanted)) else {
            return Ok(current);
        };
        patch
            .set_at(&["metadata", "resourceVersion"], object::resource_version(&current).unwrap_or_default());
        match session.merge_patch(&target, Subresource::Main, MANAGER, &patch).await {
            Err(error) if error.is_conflict() => {}
            outcome => return Ok(outcome?),
        }
        current = session.get(&target).await?.ok_or_else(ApiError::denied)?;
        if writable(&current) != judged {
            break;
        }
    }
    let message = format!("application {name} was changed meanwhile; look at it and try again");
    Err(ApiError::new(Code::Aborted, message))
}

/// Validates, unless the client does not want it.
async fn check(
    control: &ControlPlane,
    request: &Request,
    name: &str,
    object: &Value,
) -> Result<(), ApiError> {
    // The project is what lets somebody write at all, so it is looked at in any case.
    if request.switch("validate")? == Some(false) {
        return existing_project(control, project_of(object)).await.map(drop);
    }
    validate(control, name, object).await
}

/// What of an object a client may create.
fn writable(given: &Value) -> Value {
    let mut metadata = Map::new();
    for field in METADATA.into_iter().chain(["name", "namespace"]) {
        if let Some(value) = given.at(&["metadata", field]) {
            metadata.insert(field, value.clone());
        }
    }
    Value::map_of([
        ("apiVersion", Value::from(format!("{GROUP}/{VERSION}"))),
        ("kind", "Application".into()),
        ("metadata", metadata.into()),
        ("spec", given.get("spec").cloned().unwrap_or_else(Value::map)),
    ])
}
