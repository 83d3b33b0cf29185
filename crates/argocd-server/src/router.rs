//! From a request on the wire to the handler of its route.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::path_segment;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use crate::answer::{Answer, plain, protect, refusal};
use crate::authentication::Caller;
use crate::compression::{accepts_gzip, pack};
use crate::control_plane::ControlPlane;
use crate::error::{ApiError, Code};
use crate::page::Page;
use crate::permit::{Permit, no_session};
use crate::request::{Request, Variables};
use crate::{applications, badge, link, page, page_api, projects, sessions, settings};

/// No object that Kubernetes stores is nearly as large.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// A body takes no longer to come.
const PATIENCE: Duration = Duration::from_secs(30);

type Handled = Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send>>;
type Handler = Box<dyn Fn(Arc<ControlPlane>, Option<Caller>, Request) -> Handled + Send + Sync>;

/// A method and a path with variables (`/api/v1/applications/{name}`), and what answers it.
struct Route {
    method: Method,
    template: &'static str,
    is_public: bool,
    handler: Handler,
}

impl Route {
    /// Whether its errors have the shape of a stream's.
    fn is_stream(&self) -> bool {
        self.template.contains("/stream/") || self.template.ends_with("/logs")
    }
}

/// Whom the server answers.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// Only requests that were meant for this address of this machine.
    Loopback(SocketAddr),
    /// Everybody who gets here.
    Any,
}

/// All routes.
pub(crate) struct Router {
    control: Arc<ControlPlane>,
    reach: Reach,
    routes: Vec<Route>,
    page: Option<Arc<dyn Page>>,
}

impl Router {
    pub(crate) fn new(control: Arc<ControlPlane>, reach: Reach, page: Option<Arc<dyn Page>>) -> Self {
        let routes = [general(), of_applications(), of_page()].into_iter().flatten().collect();
        Self { control, reach, routes, page }
    }

    /// Answers a request.
    pub(crate) async fn answer(&self, request: http::Request<axum::body::Body>) -> Response {
        let (parts, body) = request.into_parts();
        let is_packed = accepts_gzip(&parts.headers);
        let mut response = match self.refuse(&parts) {
            Some(refusal) => refusal,
            None => self.route(parts, body).await,
        };
        protect(&mut response);
        if is_packed { pack(response).await } else { response }
    }

    /// The route of a request, and the variables of its path.
    fn find(&self, method: &Method, path: &str) -> Result<(&Route, Variables), (StatusCode, &'static str)> {
        let mut is_known = false;
        for route in &self.routes {
            let Some(variables) = matched(route.template, path) else { continue };
            if route.method == method {
                return Ok((route, variables));
            }
            is_known = true;
        }
        if is_known {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n"));
        }
        let text = if path.starts_with("/api/") { "Not Found\n" } else { "404 page not found\n" };
        Err((StatusCode::NOT_FOUND, text))
    }

    async fn route(&self, parts: Parts, body: axum::body::Body) -> Response {
        let (route, variables) = match self.find(&parts.method, parts.uri.path()) {
            Ok(found) => found,
            Err((status, text)) => {
                let file = self.page.as_ref().filter(|_| status == StatusCode::NOT_FOUND);
                return file
                    .and_then(|page| page::answer(page, &parts))
                    .unwrap_or_else(|| plain(status, text));
            }
        };
        let mut request = Request {
            variables,
            query: Request::query_of(parts.uri.query().unwrap_or_default()),
            headers: parts.headers,
            body: bytes::Bytes::new(),
        };
        let (is_stream, events) = (route.is_stream(), request.wants_events());
        let caller = match sessions::authenticate(&self.control, &request.headers) {
            Ok(caller) => caller,
            Err(_) if route.is_public => None,
            Err(error) => return refusal(&error, is_stream, events),
        };
        // Of those who have not logged in nothing is read.
        if caller.is_none() && !route.is_public {
            return refusal(&no_session(), is_stream, events);
        }
        let body = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, MAX_BODY)).await;
        request.body = match body {
            Ok(Ok(body)) => body,
            _ => {
                let message = format!("the body did not come in time, or has more than {MAX_BODY} bytes");
                return refusal(&ApiError::invalid(message), is_stream, events);
            }
        };
        match (route.handler)(self.control.clone(), caller, request).await {
            Ok(answer) => answer.until(self.control.stop.clone()).response(events),
            Err(error) => {
                if error.code == Code::Internal {
                    tracing::error!(path = parts.uri.path(), error = %error, "a request failed");
                }
                refusal(&error, is_stream, events)
            }
        }
    }

    /// What is refused whoever asks: requests that a foreign page or a foreign name brought here.
    fn refuse(&self, parts: &Parts) -> Option<Response> {
        if let Reach::Loopback(address) = self.reach
            && !is_for(&parts.headers, address)
        {
            return Some(plain(
                StatusCode::MISDIRECTED_REQUEST,
                "this server answers for its own address only\n",
            ));
        }
        if parts.method == Method::GET || parts.method == Method::HEAD {
            return None;
        }
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        (kind != Some("application/json"))
            .then(|| plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Invalid content type\n"))
    }
}

/// Sessions, settings, projects.
fn general() -> Vec<Route> {
    vec![
        route(Method::POST, "/api/v1/session", sessions::create),
        route(Method::DELETE, "/api/v1/session", sessions::forget),
        route(Method::GET, "/api/v1/session/userinfo", sessions::user_info),
        route(Method::GET, "/auth/logout", sessions::log_out),
        route(Method::GET, link::PATH, link::log_in),
        route(Method::GET, "/api/version", settings::version),
        route(Method::GET, "/api/v1/settings", settings::get),
        route(Method::GET, "/api/v1/settings/plugins", settings::plugins),
        route(Method::GET, "/healthz", settings::health),
        route(Method::GET, "/api/badge", badge::badge),
        route(Method::GET, "/api/v1/projects", projects::list),
        route(Method::GET, "/api/v1/projects/{name}", projects::get),
    ]
}

/// Applications, as upstream has them.
fn of_applications() -> Vec<Route> {
    vec![
        route(Method::GET, "/api/v1/applications", applications::list),
        route(Method::POST, "/api/v1/applications", applications::create),
        route(Method::GET, "/api/v1/applications/{name}", applications::get),
        route(Method::PUT, "/api/v1/applications/{name}", applications::update),
        route(Method::PATCH, "/api/v1/applications/{name}", applications::patch),
        route(Method::DELETE, "/api/v1/applications/{name}", applications::delete),
        route(Method::PUT, "/api/v1/applications/{name}/spec", applications::update_spec),
        route(Method::POST, "/api/v1/applications/{name}/sync", applications::sync),
        route(Method::DELETE, "/api/v1/applications/{name}/operation", applications::terminate),
        route(Method::GET, "/api/v1/stream/applications", applications::watch),
        route(Method::GET, "/api/v1/applications/{name}/syncwindows", applications::sync_windows),
        route(Method::GET, "/api/v1/applications/{name}/events", applications::events),
        route(Method::GET, "/api/v1/applications/{name}/links", applications::links),
        route(Method::GET, "/api/v1/applications/{name}/logs", applications::logs),
        route(Method::GET, "/api/v1/applications/{name}/pods/{podName}/logs", applications::logs),
        route(Method::GET, "/api/v1/applications/{name}/managed-resources", applications::managed_resources),
        route(Method::GET, "/api/v1/applications/{name}/manifests", applications::manifests),
        route(
            Method::GET,
            "/api/v1/applications/{name}/revisions/{revision}/metadata",
            applications::metadata,
        ),
        route(Method::GET, "/api/v1/applications/{name}/resource", applications::resource),
        route(Method::POST, "/api/v1/applications/{name}/resource", applications::patch_resource),
        route(Method::DELETE, "/api/v1/applications/{name}/resource", applications::delete_resource),
        route(Method::GET, "/api/v1/applications/{name}/resource/links", applications::resource_links),
        route(Method::GET, "/api/v1/applications/{name}/resource/actions", applications::actions),
        route(Method::POST, "/api/v1/applications/{name}/resource/actions", applications::run_action),
        route(Method::POST, "/api/v1/applications/{name}/resource/actions/v2", applications::run_action),
        route(Method::GET, "/api/v1/applications/{name}/resource-tree", applications::resource_tree),
        route(Method::GET, "/api/v1/stream/applications/{name}/resource-tree", applications::watch_tree),
        route(Method::POST, "/api/v1/applications/{name}/rollback", applications::roll_back),
    ]
}

/// The page's own, which `docs/page-api.md` describes.
fn of_page() -> Vec<Route> {
    vec![
        route(Method::GET, "/api/flamingo/v1/session", page_api::session),
        route(Method::GET, "/api/flamingo/v1/rows", page_api::rows),
        route(Method::GET, "/api/flamingo/v1/names", page_api::names),
        route(Method::GET, "/api/flamingo/v1/applications/{name}", page_api::application),
        route(Method::GET, "/api/flamingo/v1/applications/{name}/preview", page_api::preview_sync),
        route(Method::GET, "/api/flamingo/v1/applications/{name}/removal", page_api::preview_removal),
        route(Method::POST, "/api/flamingo/v1/preview/application", page_api::preview_application),
        route(Method::GET, "/api/flamingo/v1/object", page_api::object),
        route(Method::GET, "/api/flamingo/v1/stream", page_api::stream),
        route(Method::POST, "/api/flamingo/v1/object/actions", page_api::act),
    ]
}

fn route<P, F>(
    method: Method,
    template: &'static str,
    handler: impl Fn(Arc<ControlPlane>, P, Request) -> F + Send + Sync + Copy + 'static,
) -> Route
where
    P: Permit,
    F: Future<Output = Result<Answer, ApiError>> + Send + 'static,
{
    let handler: Handler = Box::new(move |control, caller, request| {
        Box::pin(async move {
            let permit = P::decide(&control, caller, &request).await?;
            handler(control, permit, request).await
        })
    });
    Route { method, template, is_public: P::IS_PUBLIC, handler }
}

/// The variables of a template, decoded, if the path fits it.
fn matched(template: &'static str, path: &str) -> Option<Variables> {
    let mut variables = Vec::new();
    let mut parts = path.split('/');
    for expected in template.split('/') {
        let part = parts.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if part.is_empty() => return None,
            Some(name) => variables.push((name, path_segment::decode(part)?)),
            None if part == expected => {}
            None => return None,
        }
    }
    parts.next().is_none().then_some(variables)
}

/// Whether a request names the address that it came to, and comes from no page of somebody else's.
fn is_for(headers: &HeaderMap, address: SocketAddr) -> bool {
    let is_here = |authority: &str| {
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        is_loopback && port == address.port().to_string()
    };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin_is_here = match headers.get(ORIGIN) {
        None => true,
        Some(_) => text(ORIGIN).and_then(|origin| origin.strip_prefix("http://")).is_some_and(is_here),
    };
    text(HOST).is_some_and(is_here) && origin_is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let template = "/api/v1/applications/{name}/spec";
        let name = |path| matched(template, path).map(|variables| variables[0].1.clone());
        assert_eq!(name("/api/v1/applications/a/spec").as_deref(), Some("a"));
        assert_eq!(name("/api/v1/applications/a%2Fb/spec").as_deref(), Some("a/b"));
        for path in [
            "/api/v1/applications//spec",
            "/api/v1/applications/a",
            "/api/v1/applications/%zz/spec",
            "/api/v1/applications/%+f/spec",
            "/",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
    }

    /// Routes that Argo CD has beside its methods, and what they are.
    const NO_METHODS: [(&str, &str); 4] = [
        ("/api/badge", "a picture"),
        ("/auth/logout", "leads the browser away"),
        (link::PATH, "ours: logs in who was shown the link"),
        ("/healthz", "for probes"),
    ];

    #[test]
    fn routes_of_argo_cd_are_methods() {
        let descriptors = argocd_api::proto::descriptors().expect("descriptors");
        for route in general().iter().chain(&of_applications()) {
            let (verb, template) = (route.method.as_str(), route.template);
            let is_listed = NO_METHODS.iter().any(|(listed, _)| *listed == template);
            let method = descriptors.rest(verb, template);
            assert_eq!(method.is_some(), !is_listed, "{verb} {template}");
            let is_stream = method.is_some_and(argocd_api::proto::Method::server_streams);
            assert_eq!(is_stream, route.is_stream(), "{verb} {template}");
        }
        for route in of_page() {
            assert!(route.template.starts_with("/api/flamingo/v1/"), "{}", route.template);
        }
    }

    #[test]
    fn only_requests_for_this_address() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        let rows: [(&[(&str, &str)], bool); 8] = [
            (&[("host", "127.0.0.1:8080")], true),
            (&[("host", "localhost:8080")], true),
            (&[("host", "[::1]:8080")], true),
            (&[("host", "127.0.0.1:9090")], false),
            (&[("host", "evil.example.com:8080")], false),
            (&[], false),
            (&[("host", "localhost:8080"), ("origin", "http://localhost:8080")], true),
            (&[("host", "localhost:8080"), ("origin", "https://evil.example.com")], false),
        ];
        for (pairs, expected) in rows {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                let name: http::HeaderName = name.parse().expect(name);
                headers.insert(name, value.parse().expect(value));
            }
            assert_eq!(is_for(&headers, address), expected, "{pairs:?}");
        }
    }
}
