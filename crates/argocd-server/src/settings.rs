//! What clients ask before anything else.

use std::sync::Arc;

use http::StatusCode;
use value::Value;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::{Anybody, LoggedIn};
use crate::request::Request;

/// The version whose API this is; clients compare it with theirs.
const API_VERSION: &str = "v3.6.0";
/// Upstream's label of what an application owns.
const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";

/// Upstream's rule for passwords.
const PASSWORD_PATTERN: &str = "^.{8,32}$";
/// What is rendered as these versions render it.
const ENGINES: [(&str, &str); 2] = [("HelmVersion", "v4.3.1"), ("KustomizeVersion", "v5.8.2")];

/// `GET /healthz`.
pub(crate) async fn health(_: Arc<ControlPlane>, _: Anybody, _: Request) -> Result<Answer, ApiError> {
    Ok(Answer::Text(StatusCode::OK, "ok\n"))
}

/// `GET /api/version`. Who has not logged in learns no more than the version.
pub(crate) async fn version(
    _: Arc<ControlPlane>,
    Anybody(caller): Anybody,
    _: Request,
) -> Result<Answer, ApiError> {
    let version = format!("{API_VERSION}+flamingo.{}", env!("CARGO_PKG_VERSION"));
    let mut answer = Value::map_of([("Version", version.as_str())]);
    if caller.is_some() {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        answer.set_at(&["Platform"], format!("{}/{architecture}", std::env::consts::OS));
        for (engine, version) in ENGINES {
            answer.set_at(&[engine], version);
        }
    }
    Ok(Answer::Json(answer))
}

/// `GET /api/v1/settings`.
pub(crate) async fn get(
    control: Arc<ControlPlane>,
    Anybody(caller): Anybody,
    _: Request,
) -> Result<Answer, ApiError> {
    let config = control.config();
    let text = |key: &str| config.get(key).filter(|text| !text.is_empty()).map(String::as_str);
    let is_on = |key: &str| text(key) == Some("true");
    let is_off = |key: &str| text(key) == Some("false");
    let mut answer = Value::map_of([
        ("appLabelKey", text("application.instanceLabelKey").unwrap_or(INSTANCE_LABEL)),
        ("trackingMethod", text("application.resourceTrackingMethod").unwrap_or("annotation")),
    ]);
    answer.set_at(&["googleAnalytics", "anonymizeUsers"], true);
    answer.set_at(&["syncWithReplaceAllowed"], !is_off("application.sync.options.replace.allowed"));
    answer.set_at(&["kustomizeOptions"], kustomize_options());
    for (key, path) in [
        ("url", &["url"][..]),
        ("statusbadge.url", &["statusBadgeRootUrl"]),
        ("help.chatUrl", &["help", "chatUrl"]),
        ("help.chatText", &["help", "chatText"]),
    ] {
        if let Some(text) = text(key) {
            answer.set_at(path, text);
        }
    }
    if is_on("statusbadge.enabled") {
        answer.set_at(&["statusBadgeEnabled"], true);
    }
    if caller.is_some() {
        answer.set_at(&["controllerNamespace"], control.namespace.as_str());
        answer.set_at(&["passwordPattern"], text("passwordPattern").unwrap_or(PASSWORD_PATTERN));
    }
    Ok(Answer::Json(answer))
}

/// `GET /api/v1/settings/plugins`: there are none.
pub(crate) async fn plugins(_: Arc<ControlPlane>, _: LoggedIn, _: Request) -> Result<Answer, ApiError> {
    Ok(Answer::Json(Value::map()))
}

/// kustomize is part of the program: it has no path and takes no options.
fn kustomize_options() -> Value {
    let text = Value::from("");
    Value::map_of([("BuildOptions", text.clone()), ("BinaryPath", text), ("Versions", Value::Null)])
}
