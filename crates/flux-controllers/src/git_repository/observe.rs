//! Facts about a GitRepository.

use apimachinery::fields;
use apimachinery::object;
use cluster::{Error, Session, Target};
use flux_api::{FINALIZER, GitRepository, git_repository};
use source::git::{Credentials, Reference, Remote, Secret};
use value::Value;

use super::decide::{self, Stored};
use super::status::Failure;
use super::{Controller, status};
use crate::lifecycle;
use crate::status::ObjectStatus;

pub(crate) fn lifecycle(object: &Value) -> lifecycle::Facts {
    let mut refused: Vec<String> =
        fields::present_in_spec(object, git_repository::REFUSED).into_iter().map(str::to_owned).collect();
    if let Ok(GitRepository { foreign_provider: Some(provider), .. }) = GitRepository::parse(object) {
        refused.push(format!("provider {provider}"));
    }
    lifecycle::Facts {
        deleting: object::deletion_timestamp(object).is_some(),
        has_finalizer: object::finalizers(object).any(|finalizer| finalizer == FINALIZER),
        suspended: object::is_suspended(object),
        refused,
    }
}

/// The artifact that the status describes, and whether it was made from the same content settings.
pub(crate) fn stored(status: &ObjectStatus, spec: &GitRepository) -> Option<Stored> {
    let artifact = status.field("artifact")?;
    let text = |field| artifact.str_at(&[field]).map(str::to_owned);
    Some(Stored {
        revision: text("revision")?,
        path: text("path")?,
        digest: text("digest")?,
        same_content_settings: status.text("observedIgnore") == spec.ignore.as_deref(),
    })
}

/// The address and credentials.
///
/// # Errors
/// Outside: the Secret could not be read. Inside: it is missing, or what it says is not usable.
pub(crate) async fn remote(
    controller: &Controller,
    session: &Session,
    spec: &GitRepository,
    namespace: &str,
) -> Result<Result<Remote, Failure>, Error> {
    let secret = match &spec.secret {
        None => None,
        Some(name) => {
            let target = Target::new(&controller.secrets, namespace, name);
            match session.get(&target).await? {
                Some(secret) => Some(secret),
                None => return Ok(Err(status::secret_missing(namespace, name))),
            }
        }
    };
    let url = match source::git::parse_url(&spec.url) {
        Ok(url) => url,
        Err(error) => return Ok(Err(Failure::of_git(&error))),
    };
    let mut remote = Remote::anonymous(url);
    if let Some(secret) = secret {
        match credentials(&secret) {
            Ok(credentials) => remote.credentials = credentials,
            Err(problem) => {
                let name = object::name(&secret).unwrap_or_default();
                return Ok(Err(status::secret_unusable(namespace, name, &problem)));
            }
        }
        remote.ca = bytes(&secret, "ca.crt").or_else(|| bytes(&secret, "caFile"));
        let pair = |certificate, key| Some((bytes(&secret, certificate)?, bytes(&secret, key)?));
        remote.client_certificate = pair("tls.crt", "tls.key").or_else(|| pair("certFile", "keyFile"));
    }
    Ok(Ok(remote))
}

fn credentials(secret: &Value) -> Result<Credentials, String> {
    let text = |key: &str| match bytes(secret, key) {
        None => Ok(None),
        Some(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| format!("{key:?} is not UTF-8 text")),
    };
    if let Some(token) = text("bearerToken")? {
        return Ok(Credentials::Bearer(Secret::new(token)));
    }
    match (text("username")?, text("password")?) {
        (Some(user), password) => {
            Ok(Credentials::Basic { user, password: Secret::new(password.unwrap_or_default()) })
        }
        (None, Some(_)) => Err("it has a password without a username".to_owned()),
        (None, None) => Ok(Credentials::None),
    }
}

fn bytes(secret: &Value, key: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let encoded = secret.at(&["data", key])?.as_str()?;
    base64::engine::general_purpose::STANDARD.decode(encoded).ok()
}

/// The reference by Flux's precedence; the range of `semver` can be wrong.
pub(crate) fn reference(spec: &GitRepository) -> Result<Reference, Failure> {
    let wanted = &spec.reference;
    Ok(match decide::precedence(wanted) {
        decide::Form::Commit(sha) => Reference::Commit { sha, branch: wanted.branch.clone() },
        decide::Form::Name(name) => Reference::Name(name),
        decide::Form::Semver(range) => match source::git::Range::parse(&range) {
            Ok(range) => Reference::Semver(range),
            Err(error) => return Err(status::bad_range(&error)),
        },
        decide::Form::Tag(tag) => Reference::Tag(tag),
        decide::Form::Branch(branch) => Reference::Branch(branch),
    })
}
