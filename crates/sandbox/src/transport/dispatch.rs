//! From a request to the function that carries it out.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;
use value::Value;

use super::answer::{self, Body, Dropped};
use super::negotiation::{self, Form};
use super::parameters::Parameters;
use super::route::{ResourcePath, Route};
use super::{auth, resource};
use crate::api::Api;
use crate::credentials::Credentials;
use crate::faults::{Effect, Faults};
use crate::requests::{self, RequestLog};
use crate::status::{self, Refusal};
use crate::{discovery, openapi};

/// What all connections share.
pub(crate) struct Service {
    pub(crate) api: Arc<Api>,
    pub(crate) credentials: Credentials,
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
    /// Cancelled when the server stops: watches end.
    pub(crate) stop: CancellationToken,
    /// Cancelled when a simulated crash has ended everything.
    pub(crate) crash: CancellationToken,
}

/// A request without its body.
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) query: String,
    pub(super) parameters: Parameters,
}

impl Head {
    pub(super) fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn form(&self, discovery: bool) -> Result<Form, Refusal> {
        negotiation::form(self.headers.get(ACCEPT).and_then(|value| value.to_str().ok()), discovery)
    }

    pub(super) fn user_agent(&self) -> &str {
        self.header(USER_AGENT)
    }

    pub(super) fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE)
    }
}

impl Service {
    /// Cancelled when a simulated crash has ended everything.
    pub(super) fn crashed(&self) -> &CancellationToken {
        &self.crash
    }

    /// Answers a request.
    ///
    /// # Errors
    /// The client is to see its connection end.
    pub(super) async fn handle(&self, request: Request<Incoming>) -> Result<Response<Body>, Dropped> {
        let (parts, body) = request.into_parts();
        let head = Head {
            method: parts.method,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            parameters: Parameters::parse(parts.uri.query()),
            headers: parts.headers,
        };
        let route = Route::parse(parts.uri.path());
        let allowed = auth::check_host(&parts.uri, &head.headers).and_then(|()| match route {
            // Load balancers and people ask these without a token, as they may a real server.
            Route::Health | Route::Version => Ok(()),
            _ => auth::check_token(&head.headers, &self.credentials),
        });
        let answered = match (allowed, route) {
            (Err(refusal), _) => Err(refusal),
            (Ok(()), Route::Resource(path)) => return self.resource(head, path, body).await,
            (Ok(()), route) => self.document(&head, route),
        };
        self.finish(answered)
    }

    fn finish(&self, answered: Result<Response<Body>, Refusal>) -> Result<Response<Body>, Dropped> {
        match answered {
            Ok(response) => Ok(response),
            Err(Refusal::Status(status)) => Ok(answer::refusal(&status)),
            Err(Refusal::Crashed) => {
                self.crash.cancel();
                Err(Dropped)
            }
        }
    }

    /// What is read and not stored.
    fn document(&self, head: &Head, route: Route) -> Result<Response<Body>, Refusal> {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return Err(status::method_not_allowed());
        }
        let kinds = self.api.kinds();
        let json = |value: Value| Ok(answer::json(200, &value));
        match route {
            Route::Health => Ok(answer::text(200, "ok")),
            Route::Version => json(discovery::version()),
            Route::Root => json(discovery::paths(&kinds)),
            Route::LegacyGroup if head.form(true)? == Form::Discovery => Ok(answer::typed(
                200,
                discovery::AGGREGATED,
                value::to_json(&discovery::aggregated_core(&kinds)),
            )),
            Route::Groups if head.form(true)? == Form::Discovery => {
                Ok(answer::typed(200, discovery::AGGREGATED, value::to_json(&discovery::aggregated(&kinds))))
            }
            Route::LegacyGroup => json(discovery::legacy_versions()),
            Route::Groups => json(discovery::group_list(&kinds)),
            Route::Group(group) => match discovery::group(&kinds, &group) {
                Some(group) => json(group),
                None => Ok(answer::text(404, "404 page not found\n")),
            },
            Route::Resources { group, version } => json(
                discovery::resource_list(&kinds, &group, &version).ok_or_else(status::no_such_resource)?,
            ),
            Route::OpenApiV3 => json(openapi::index(&kinds)),
            Route::OpenApiV3Document(path) => {
                let document = openapi::document(&kinds, &path).ok_or_else(status::no_such_resource)?;
                Ok(answer::typed(200, "application/json", document))
            }
            Route::OpenApiV2 => Err(status::not_implemented("OpenAPI v2; OpenAPI v3 is served")),
            Route::Unknown | Route::Resource(_) => Ok(answer::text(404, "404 page not found\n")),
        }
    }

    /// An unknown resource of a known version is told by a Status, as the real server does; anything else
    /// by plain text.
    fn nothing_there(&self, path: &ResourcePath) -> Response<Body> {
        let kinds = self.api.kinds();
        if kinds.all().any(|kind| kind.gvk.group == path.group && kind.gvk.version == path.version) {
            answer::refusal(&status::Status::no_such_resource())
        } else {
            answer::text(404, "404 page not found\n")
        }
    }

    /// A request for a resource, with the faults that it meets, counted.
    async fn resource(
        &self,
        head: Head,
        path: ResourcePath,
        body: Incoming,
    ) -> Result<Response<Body>, Dropped> {
        let Some(kind) = self.api.kinds().find(&path.group, &path.version, &path.plural) else {
            return Ok(self.nothing_there(&path));
        };
        let verb = resource::verb(&head, &path);
        let name = match path.subresource.as_str() {
            "" => path.plural.clone(),
            subresource => format!("{}/{subresource}", path.plural),
        };
        let mut record = self.record(&head, &path, (verb, name.as_str()));
        let effects = self.faults.of_request(verb, &name, &kind.gvk.kind);
        let mut lost = false;
        for effect in effects {
            match effect {
                Effect::Status(code, body) => {
                    record.status = code.as_u16();
                    self.log.add(record);
                    return Ok(injected(code, body));
                }
                Effect::Reset => {
                    self.log.add(record);
                    return Err(Dropped);
                }
                Effect::Delay(time) => tokio::time::sleep(time).await,
                Effect::LostAnswer => lost = true,
            }
        }
        let call = resource::Call { service: self, head: &head, path: &path, kind, verb };
        let answered = self.finish(resource::carry_out(&call, body, &mut record.body).await);
        record.status = answered.as_ref().map_or(0, |response| response.status().as_u16());
        if lost {
            record.status = 0;
        }
        self.log.add(record);
        if lost { Err(Dropped) } else { answered }
    }

    fn record(&self, head: &Head, path: &ResourcePath, (verb, resource): (&str, &str)) -> requests::Request {
        let impersonated = head.header("impersonate-user");
        requests::Request {
            verb: verb.to_owned(),
            group: path.group.clone(),
            version: path.version.clone(),
            resource: resource.to_owned(),
            namespace: path.namespace.clone(),
            name: path.name.clone(),
            query: head.query.clone(),
            content_type: head.content_type().to_owned(),
            body: Value::Null,
            user_agent: head.user_agent().to_owned(),
            impersonated: (!impersonated.is_empty()).then(|| impersonated.to_owned()),
            status: 0,
        }
    }
}

fn injected(code: http::StatusCode, body: Option<Value>) -> Response<Body> {
    let body = body.unwrap_or_else(|| {
        let message = format!("a fault of the sandbox: {code}");
        status::Status::new(code.as_u16(), "InternalError", message).to_value()
    });
    answer::json(code.as_u16(), &body)
}
