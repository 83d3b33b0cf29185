//! Decisions, one for each route, made before its handler runs.
//!
//! Source of the rules: Argo CD 3.6, `server/application/application.go`
//! (`getAppEnforceRBAC`), and the recording `rbac`.

use std::future::Future;
use std::marker::PhantomData;

use apimachinery::clock::rfc3339;
use apimachinery::object;
use argocd_core::policy;
use value::Value;

use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::request::Request;

/// A decision in favour of a request, and what it found on the way.
pub(crate) trait Permit: Sized + Send + 'static {
    /// Whether somebody whose token is no good counts as nobody. Otherwise that is refused at once.
    const IS_PUBLIC: bool = false;

    /// Decides.
    ///
    /// # Errors
    /// The refusal, which says no more than the caller may know.
    fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;
}

/// The route is for everybody; who logged in is known all the same.
pub(crate) struct Anybody(pub(crate) Option<Caller>);

/// The route is for those who have logged in; what it shows is filtered by what they may see.
pub(crate) struct LoggedIn(pub(crate) Caller);

/// Something may be done with one application.
pub(crate) struct OnApplication<A> {
    pub(crate) caller: Caller,
    pub(crate) application: Value,
    action: PhantomData<fn() -> A>,
}

/// What is done with an application.
pub(crate) trait Action: 'static {
    const NAME: &'static str;
    /// Whether who sees the application is told what exactly is denied; upstream does so in some routes only.
    const IS_EXPLAINED: bool = true;
}

pub(crate) struct Get;
pub(crate) struct Update;
pub(crate) struct Delete;
pub(crate) struct Sync;
pub(crate) struct Terminate;

impl Action for Get {
    const NAME: &'static str = "get";
}

impl Action for Update {
    const NAME: &'static str = "update";
}

impl Action for Delete {
    const NAME: &'static str = "delete";
}

impl Action for Sync {
    const NAME: &'static str = "sync";
}

impl Action for Terminate {
    const NAME: &'static str = "sync";
    const IS_EXPLAINED: bool = false;
}

/// Something may be done with one object of an application.
pub(crate) struct OnResource<A> {
    pub(crate) application: Value,
    action: PhantomData<fn() -> A>,
}

/// What is done with an object.
pub(crate) trait ResourceAction: 'static {
    /// The action on applications that upstream lets stand for it where it is told to.
    const WHOLE: Option<&'static str>;

    /// The action of policies, such as `delete/apps/Deployment/web/front`.
    ///
    /// # Errors
    /// The request cannot be read.
    fn name(request: &Request) -> Result<String, ApiError>;
}

pub(crate) struct UpdateResource;
pub(crate) struct RemoveResource;

/// Whether `update` and `delete` on an application stand for its objects too: only where settings say so.
const INHERITANCE: &str = "server.rbac.disableApplicationFineGrainedRBACInheritance";

impl ResourceAction for UpdateResource {
    const WHOLE: Option<&'static str> = Some("update");

    fn name(request: &Request) -> Result<String, ApiError> {
        Ok(fine_grained("update", request))
    }
}

impl ResourceAction for RemoveResource {
    const WHOLE: Option<&'static str> = Some("delete");

    fn name(request: &Request) -> Result<String, ApiError> {
        Ok(fine_grained("delete", request))
    }
}

fn fine_grained(action: &str, request: &Request) -> String {
    let [group, kind, namespace, name] = ["group", "kind", "namespace", "resourceName"]
        .map(|field| request.parameter(field).unwrap_or_default());
    format!("{action}/{group}/{kind}/{namespace}/{name}")
}

impl<A: ResourceAction> Permit for OnResource<A> {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let application = visible(control, &caller, request).await?;
        let object = rbac_name(control, &application);
        let may = |action: &str| require(control, &caller, action, &object).is_ok();
        let inherits = control.config().get(INHERITANCE).is_some_and(|text| text == "false");
        let whole = A::WHOLE.filter(|_| inherits);
        if !may(&A::name(request)?) && !whole.is_some_and(may) {
            return Err(ApiError::denied());
        }
        Ok(Self { application, action: PhantomData })
    }
}

/// The logs of an application may be read.
pub(crate) struct ReadsLogs {
    pub(crate) caller: Caller,
    pub(crate) application: Value,
}

impl Permit for ReadsLogs {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let application = visible(control, &caller, request).await?;
        require_logs(control, &caller, &application)?;
        Ok(Self { caller, application })
    }
}

/// Refuses the logs of an application that the caller may see.
///
/// # Errors
/// The caller may not read them.
pub(crate) fn require_logs(
    control: &ControlPlane,
    caller: &Caller,
    application: &Value,
) -> Result<(), ApiError> {
    let object = rbac_name(control, application);
    let asked = policy::Request { resource: "logs", action: "get", object: &object };
    if control.permits(caller, &asked) { Ok(()) } else { Err(denial(caller, &asked)) }
}

/// The application of the body may be created, in the namespace of the control plane.
pub(crate) struct Creates(pub(crate) Value);

impl Permit for Creates {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let mut application = request.json()?;
        application.set_at(&["metadata", "namespace"], control.namespace.as_str());
        require(control, &caller, "create", &rbac_name(control, &application))?;
        Ok(Self(application))
    }
}

/// One project may be seen.
pub(crate) struct SeesProject(pub(crate) Value);

impl Permit for Anybody {
    const IS_PUBLIC: bool = true;

    async fn decide(_: &ControlPlane, caller: Option<Caller>, _: &Request) -> Result<Self, ApiError> {
        Ok(Self(caller))
    }
}

impl Permit for LoggedIn {
    async fn decide(_: &ControlPlane, caller: Option<Caller>, _: &Request) -> Result<Self, ApiError> {
        caller.map(Self).ok_or_else(no_session)
    }
}

impl<A: Action> Permit for OnApplication<A> {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let application = visible(control, &caller, request).await?;
        if A::NAME != Get::NAME {
            let required = require(control, &caller, A::NAME, &rbac_name(control, &application));
            required.map_err(|denial| if A::IS_EXPLAINED { denial } else { ApiError::denied() })?;
        }
        Ok(Self { caller, application, action: PhantomData })
    }
}

/// An application that the page shows. Whoever may see all applications is told that there is none of the name; Argo
/// CD's own routes tell nobody.
pub(crate) struct Shown {
    pub(crate) caller: Caller,
    pub(crate) application: Value,
}

impl Permit for Shown {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let everything = policy::Request { resource: "applications", action: "get", object: "*/*" };
        match visible(control, &caller, request).await {
            Ok(application) => Ok(Self { caller, application }),
            Err(error) if error.code == Code::PermissionDenied && control.permits(&caller, &everything) => {
                Err(not_found("applications", request.variable("name")))
            }
            Err(error) => Err(error),
        }
    }
}

impl<A> OnApplication<A> {
    /// Refuses a body that names another application than the path and the query did.
    ///
    /// # Errors
    /// It names another project or namespace.
    pub(crate) fn agrees_with(&self, body: &Value) -> Result<(), ApiError> {
        let name = object::name(&self.application).unwrap_or_default();
        let is_other = |field: &str, own: &str| {
            body.str_at(&[field]).is_some_and(|given| !given.is_empty() && given != own)
        };
        let namespace = object::namespace(&self.application).unwrap_or_default();
        if is_other("project", project_of(&self.application)) || is_other("appNamespace", namespace) {
            return Err(not_found("applications", name));
        }
        Ok(())
    }
}

impl Permit for SeesProject {
    async fn decide(
        control: &ControlPlane,
        caller: Option<Caller>,
        request: &Request,
    ) -> Result<Self, ApiError> {
        let caller = caller.ok_or_else(no_session)?;
        let name = request.variable("name");
        let asked = policy::Request { resource: "projects", action: "get", object: name };
        if !control.permits(&caller, &asked) {
            return Err(denial(&caller, &asked));
        }
        let found = control.session().get(&control.project(name)).await?;
        found.map(Self).ok_or_else(|| not_found("appprojects", name))
    }
}

/// The name of an application in policies.
pub(crate) fn rbac_name(control: &ControlPlane, application: &Value) -> String {
    let name = object::name(application).unwrap_or_default();
    let namespace = object::namespace(application).unwrap_or_default();
    rbac_name_of(control, project_of(application), namespace, name)
}

/// The project of an application.
pub(crate) fn project_of(application: &Value) -> &str {
    application.str_at(&["spec", "project"]).filter(|project| !project.is_empty()).unwrap_or("default")
}

/// Whether an application may be seen.
pub(crate) fn sees(control: &ControlPlane, caller: &Caller, application: &Value) -> bool {
    let object = rbac_name(control, application);
    control.permits(caller, &policy::Request { resource: "applications", action: "get", object: &object })
}

/// Refuses an action on an application that the caller may see.
///
/// # Errors
/// The caller may not do it.
pub(crate) fn require(
    control: &ControlPlane,
    caller: &Caller,
    action: &str,
    object: &str,
) -> Result<(), ApiError> {
    let asked = policy::Request { resource: "applications", action, object };
    if control.permits(caller, &asked) { Ok(()) } else { Err(denial(caller, &asked)) }
}

/// The application, if the caller may see it.
///
/// Without its project, one that does not exist is answered like one that may not be seen. With a project, whoever
/// sees an application of that name in it may know that there is none.
async fn visible(control: &ControlPlane, caller: &Caller, request: &Request) -> Result<Value, ApiError> {
    let name = request.variable("name");
    let given = request.parameter("appNamespace").filter(|namespace| !namespace.is_empty());
    let namespace = given.unwrap_or(&control.namespace);
    if namespace != control.namespace {
        return Err(ApiError::denied());
    }
    let found = control.session().get(&control.application(namespace, name)).await?;
    let project = request.parameter("project").filter(|project| !project.is_empty());
    if let Some(project) = project {
        let object = rbac_name_of(control, project, namespace, name);
        let asked = policy::Request { resource: "applications", action: "get", object: &object };
        if !control.permits(caller, &asked) {
            return Err(ApiError::denied());
        }
        let found = found.filter(|application| project_of(application) == project);
        return found.ok_or_else(|| not_found("applications", name));
    }
    found.filter(|application| sees(control, caller, application)).ok_or_else(ApiError::denied)
}

pub(crate) fn rbac_name_of(control: &ControlPlane, project: &str, namespace: &str, name: &str) -> String {
    if namespace == control.namespace || namespace.is_empty() {
        return format!("{project}/{name}");
    }
    format!("{project}/{namespace}/{name}")
}

fn denial(caller: &Caller, asked: &policy::Request<'_>) -> ApiError {
    let policy::Request { resource, action, object } = asked;
    let (account, issued) = (&caller.account, rfc3339(caller.issued_at));
    let message = format!("permission denied: {resource}, {action}, {object}, sub: {account}, iat: {issued}");
    ApiError::new(Code::PermissionDenied, message)
}

fn not_found(plural: &str, name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("{plural}.argoproj.io {name:?} not found"))
}

/// The answer to nobody.
pub(crate) fn no_session() -> ApiError {
    ApiError::new(Code::Unauthenticated, "no session information")
}
