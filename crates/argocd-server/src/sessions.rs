//! Sessions: begun with a password, proved by a token, ended by taking the token back.
//!
//! Source of the rules: Argo CD 3.6, `util/session` and `server/session`, and recordings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apimachinery::clock::rfc3339;
use apimachinery::duration;
use argocd_core::accounts::{Account, Capability, Unusable};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cluster::{Subresource, Target};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use value::{Map, Value};

use crate::answer::Answer;
use crate::authentication::{COOKIE_NAME, Caller, token};
use crate::control_plane::{ControlPlane, MANAGER, SECRET, SIGNING_KEY, data_of_secret};
use crate::error::{ApiError, Code};
use crate::limiter::Limiter;
use crate::permit::Anybody;
use crate::request::Request;
use crate::token::{self, Claims, Key};

/// The Secret of tokens that were taken back: their ids, and when they would have ended.
pub(crate) const REVOKED: &str = "argocd-revoked-tokens";
const DEFAULT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Checking a password costs a tenth of a second, so few are checked at once.
const CONCURRENT: usize = 50;
/// A login waits no longer for its turn.
const TURN: Duration = Duration::from_secs(10);
const MAX_NAME: usize = 32;
/// Between these many milliseconds a refused login waits for its answer, as upstream's does.
const DELAY: std::ops::Range<u64> = 500..1000;
/// As upstream hashes passwords.
pub(crate) const COST: u32 = 10;

/// What logins need beside the objects of the cluster.
pub(crate) struct Sessions {
    limiter: Limiter,
    checks: Semaphore,
    /// Tokens that this process took back; the Secret may not have been seen yet.
    revoked: Mutex<HashMap<String, Timestamp>>,
}

impl Default for Sessions {
    fn default() -> Self {
        let (limiter, revoked) = (Limiter::default(), Mutex::default());
        Self { limiter, checks: Semaphore::new(CONCURRENT), revoked }
    }
}

/// Who sent a request: `None` where it has no token.
///
/// # Errors
/// A token that is not accepted.
pub(crate) fn authenticate(
    control: &ControlPlane,
    headers: &http::HeaderMap,
) -> Result<Option<Caller>, ApiError> {
    let Some(token) = token(headers) else { return Ok(None) };
    let refuse = |why: String| ApiError::new(Code::Unauthenticated, format!("invalid session: {why}"));
    let key = key(control)?;
    let claims =
        token::verify(&token, &key, control.clock.now()).map_err(|error| refuse(error.to_string()))?;
    let account = control.account(&claims.account);
    let account = account.ok_or_else(|| refuse(Unusable::Unknown(claims.account.clone()).to_string()))?;
    let admitted = account.admits(claims.capability, &claims.id, claims.issued_at);
    admitted.map_err(|error| refuse(error.to_string()))?;
    if is_revoked(control, &claims.id) {
        return Err(refuse("token is revoked, please re-login".to_owned()));
    }
    let Claims { account, capability, id, issued_at, expires_at } = claims;
    Ok(Some(Caller { account, capability, token: id, issued_at, expires_at }))
}

/// Whether somebody who has logged in still is: streams outlive their tokens otherwise.
pub(crate) fn is_current(control: &ControlPlane, caller: &Caller) -> bool {
    let has_ended = caller.expires_at.is_some_and(|end| control.clock.now() >= end);
    let account = control.account(&caller.account);
    let admits =
        |account: Account| account.admits(caller.capability, &caller.token, caller.issued_at).is_ok();
    !has_ended && account.is_some_and(admits) && !is_revoked(control, &caller.token)
}

/// `POST /api/v1/session`: a name and a password for a token.
pub(crate) async fn create(
    control: Arc<ControlPlane>,
    _: Anybody,
    request: Request,
) -> Result<Answer, ApiError> {
    let body = request.json()?;
    let text = |field: &str| body.str_at(&[field]).unwrap_or_default();
    if !text("token").is_empty() {
        return Err(ApiError::new(
            Code::Unauthenticated,
            "token-based session creation no longer supported. please upgrade argocd cli to v0.7+",
        ));
    }
    let (name, password) = (text("username"), text("password"));
    if name.is_empty() || password.is_empty() {
        return Err(ApiError::new(Code::Unauthenticated, "no credentials supplied"));
    }
    if let Err(refusal) = check_password(&control, name, password).await {
        tokio::time::sleep(delay()?).await;
        return Err(refusal);
    }
    let (token, cookie) = begin(&control, name)?;
    Ok(Answer::JsonWithCookie(Value::map_of([("token", token.as_str())]), cookie))
}

/// A token for an account that has proved itself, and the cookie that holds it.
pub(crate) fn begin(control: &ControlPlane, account: &str) -> Result<(String, String), ApiError> {
    let config = control.config();
    let lifetime = config.get("users.session.duration").and_then(|text| duration::parse(text).ok());
    let now = control.clock.now();
    let claims = Claims {
        account: account.to_owned(),
        capability: Capability::Login,
        id: new_id()?,
        issued_at: now,
        expires_at: now.checked_add(lifetime.unwrap_or(DEFAULT_LIFETIME)).ok(),
    };
    let token = token::issue(&claims, &key(control)?);
    let cookie = format!("{COOKIE_NAME}={token}; path=/; SameSite=lax; httpOnly");
    Ok((token, cookie))
}

/// `DELETE /api/v1/session`: the cookie goes; the token itself stays good, as upstream has it.
pub(crate) async fn forget(_: Arc<ControlPlane>, _: Anybody, _: Request) -> Result<Answer, ApiError> {
    Ok(Answer::JsonWithCookie(
        Value::map(),
        format!("{COOKIE_NAME}=; path=/; SameSite=lax; httpOnly; max-age=0"),
    ))
}

/// `GET /auth/logout`: the token is taken back.
pub(crate) async fn log_out(
    control: Arc<ControlPlane>,
    Anybody(caller): Anybody,
    _: Request,
) -> Result<Answer, ApiError> {
    if let Some(caller) = caller {
        revoke(&control, &caller).await?;
    }
    let config = control.config();
    let to = config.get("url").filter(|url| !url.is_empty()).cloned().unwrap_or_else(|| "/".to_owned());
    Ok(Answer::Redirect { to, cookie: Some(format!("{COOKIE_NAME}=; Path=/")) })
}

/// `GET /api/v1/session/userinfo`.
pub(crate) async fn user_info(
    _: Arc<ControlPlane>,
    Anybody(caller): Anybody,
    _: Request,
) -> Result<Answer, ApiError> {
    Ok(Answer::Json(match caller {
        None => Value::map(),
        Some(caller) => Value::map_of([
            ("loggedIn", Value::from(true)),
            ("username", caller.account.as_str().into()),
            ("iss", "argocd".into()),
        ]),
    }))
}

async fn check_password(control: &ControlPlane, name: &str, password: &str) -> Result<(), ApiError> {
    let sessions = &control.sessions;
    let wrong = || ApiError::new(Code::Unauthenticated, "Invalid username or password");
    if name.len() > MAX_NAME {
        let message = format!("Username is too long. Max length is {MAX_NAME} characters");
        return Err(ApiError::new(Code::InvalidArgument, message));
    }
    let turn = tokio::time::timeout(TURN, sessions.checks.acquire()).await;
    let _turn = turn.ok().and_then(Result::ok).ok_or_else(|| {
        ApiError::new(Code::Unavailable, "too many logins are being checked; try again in a moment")
    })?;
    let now = control.clock.now();
    let account = control.account(name);
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let is_right = verify(password.to_owned(), hash).await?;
    // The answer to a locked account is that to a wrong password: whoever guesses learns nothing.
    if sessions.limiter.is_locked(name, now) {
        return Err(wrong());
    }
    if !is_right {
        sessions.limiter.failed(name, now);
        return Err(wrong());
    }
    let account = account.ok_or_else(wrong)?;
    if !account.enabled {
        return Err(ApiError::new(Code::Unauthenticated, format!("Account {name} is disabled")));
    }
    account
        .admits(Capability::Login, "", now)
        .map_err(|error| ApiError::new(Code::Unauthenticated, error.to_string()))?;
    sessions.limiter.succeeded(name);
    Ok(())
}

/// Checks on a thread of its own, and takes as long where there is nothing to check against.
async fn verify(password: String, hash: Option<String>) -> Result<bool, ApiError> {
    let check = move || match hash {
        Some(hash) => bcrypt::verify(&password, &hash),
        None => bcrypt::hash_with_salt(&password, COST, [0; 16]).map(|_| false),
    };
    let checked = tokio::task::spawn_blocking(check).await;
    let checked = checked.map_err(|_| ApiError::new(Code::Internal, "the password could not be checked"))?;
    // A hash that cannot be read fits no password.
    Ok(checked.unwrap_or(false))
}

fn key(control: &ControlPlane) -> Result<Key, ApiError> {
    let key = control.signing_key().and_then(|secret| Key::new(&secret));
    key.ok_or_else(|| ApiError::new(Code::Internal, format!("{SIGNING_KEY} is missing from {SECRET}")))
}

fn new_id() -> Result<String, ApiError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<18>()?))
}

/// By chance, so that the time of an answer tells nothing of how far the check came.
fn delay() -> Result<Duration, ApiError> {
    let spread = u64::from_be_bytes(random()?) % (DELAY.end - DELAY.start);
    Ok(Duration::from_millis(DELAY.start + spread))
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], ApiError> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)
        .map_err(|error| ApiError::new(Code::Internal, format!("no randomness is to be had: {error}")))?;
    Ok(bytes)
}

fn is_revoked(control: &ControlPlane, id: &str) -> bool {
    let here = control.sessions.revoked.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id);
    let stored = || control.secrets.get(&control.namespace, REVOKED);
    here || stored().is_some_and(|object| object.at(&["data", id]).is_some())
}

/// Takes a token back. It is written down before the answer, so that no restart brings it to life again;
/// what would have ended by now is forgotten in the same write.
async fn revoke(control: &ControlPlane, caller: &Caller) -> Result<(), ApiError> {
    if caller.token.is_empty() {
        return Ok(());
    }
    let now = control.clock.now();
    let ends = caller.expires_at.unwrap_or(Timestamp::MAX);
    {
        let mut revoked = control.sessions.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        revoked.retain(|_, end| *end >= now);
        revoked.insert(caller.token.clone(), ends);
    }
    let target = Target::new(&control.kinds().secrets, &control.namespace, REVOKED);
    let session = control.session();
    let mut data = Map::new();
    data.insert(caller.token.as_str(), STANDARD.encode(rfc3339(ends)));
    let stored = session.get(&target).await?;
    for (id, end) in stored.iter().flat_map(data_of_secret) {
        if end.parse().is_ok_and(|end: Timestamp| end < now) {
            data.insert(id, Value::Null);
        }
    }
    let data = Value::from(data);
    if stored.is_none() {
        match session.create(&target, MANAGER, &list_of_revoked(&control.namespace, data.clone())).await {
            // Somebody else has made it meanwhile.
            Err(error) if error.code() == Some(409) => {}
            outcome => return Ok(outcome.map(drop)?),
        }
    }
    let patch = Value::map_of([("data", data)]);
    session.merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    Ok(())
}

fn list_of_revoked(namespace: &str, data: Value) -> Value {
    let mut object = Value::map_of([("apiVersion", "v1"), ("kind", "Secret")]);
    object.set_at(&["metadata", "name"], REVOKED);
    object.set_at(&["metadata", "namespace"], namespace);
    object.set_at(&["metadata", "labels", "app.kubernetes.io/part-of"], "argocd");
    object.set_at(&["data"], data);
    object
}
