//! What has to be there before anybody can log in.
//!
//! Source of the rules: Argo CD 3.6, `util/settings/settings.go` (`InitializeSettings`).

use apimachinery::clock::{Clock, rfc3339};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cluster::{Session, Subresource, Target};
use thiserror::Error;
use value::{Map, Value};

use crate::control_plane::{CONFIG, Kinds, MANAGER, POLICY, SECRET, SIGNING_KEY, data_of_secret};
use crate::sessions::COST;

/// Where the first password of `admin` is, until somebody deletes it.
pub const INITIAL_PASSWORD: &str = "argocd-initial-admin-secret";
/// Bytes of the key that signs tokens.
const KEY_LENGTH: usize = 32;
/// Bytes of a first password; 16 characters.
const PASSWORD_LENGTH: usize = 12;

/// Why the control plane could not be set up.
#[derive(Debug, Error)]
pub enum BootstrapError {
    /// The cluster refused.
    #[error("the objects of the control plane cannot be written")]
    Cluster(#[from] cluster::Error),
    /// The system has no randomness.
    #[error("no randomness is to be had")]
    Randomness(#[from] getrandom::Error),
    /// The password could not be hashed.
    #[error("the first password cannot be hashed")]
    Hash(#[from] bcrypt::BcryptError),
}

/// Makes what is missing of the objects that logins need: settings, policy, the key that signs tokens, and a
/// first password for `admin`. What is there stays as it is.
///
/// # Errors
/// Something could not be written; what was written is used by the next attempt.
pub async fn bootstrap(session: &Session, namespace: &str, clock: &dyn Clock) -> Result<(), BootstrapError> {
    let kinds = Kinds::new();
    for name in [CONFIG, POLICY] {
        let target = Target::new(&kinds.config_maps, namespace, name);
        create_missing(session, &target, object("ConfigMap", namespace, name)).await?;
    }
    let target = Target::new(&kinds.secrets, namespace, SECRET);
    create_missing(session, &target, object("Secret", namespace, SECRET)).await?;
    let stored = session.get(&target).await?.unwrap_or_default();
    let has = |key: &str| stored.at(&["data", key]).is_some();
    let mut data = Map::new();
    if !has(SIGNING_KEY) {
        data.insert(SIGNING_KEY, STANDARD.encode(random::<KEY_LENGTH>()?));
    }
    if !has("admin.password") {
        let password = URL_SAFE_NO_PAD.encode(random::<PASSWORD_LENGTH>()?);
        // Known before it counts: a crash in between leaves a password that the next start replaces.
        write_initial(session, &kinds, namespace, &password).await?;
        let hash =
            bcrypt::hash_with_salt(&password, COST, random()?)?.format_for_version(bcrypt::Version::TwoA);
        data.insert("admin.password", STANDARD.encode(hash));
        data.insert("admin.passwordMtime", STANDARD.encode(rfc3339(clock.now())));
    }
    if !data.is_empty() {
        let patch = Value::map_of([("data", Value::from(data))]);
        session.merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    }
    Ok(())
}

/// The password in the Secret [`INITIAL_PASSWORD`].
pub fn initial_password(secret: &Value) -> Option<String> {
    data_of_secret(secret).remove("password")
}

async fn write_initial(
    session: &Session,
    kinds: &Kinds,
    namespace: &str,
    password: &str,
) -> Result<(), BootstrapError> {
    let target = Target::new(&kinds.secrets, namespace, INITIAL_PASSWORD);
    let data = Value::map_of([("password", STANDARD.encode(password))]);
    let mut initial = object("Secret", namespace, INITIAL_PASSWORD);
    initial.set_at(&["type"], "Opaque");
    initial.set_at(&["data"], data.clone());
    if !create_missing(session, &target, initial).await? {
        let patch = Value::map_of([("data", data)]);
        session.merge_patch(&target, Subresource::Main, MANAGER, &patch).await?;
    }
    Ok(())
}

/// Whether it was missing.
async fn create_missing(session: &Session, target: &Target, object: Value) -> Result<bool, cluster::Error> {
    if session.get(target).await?.is_some() {
        return Ok(false);
    }
    match session.create(target, MANAGER, &object).await {
        Ok(_) => Ok(true),
        // Somebody else made it in between.
        Err(error) if error.code() == Some(409) => Ok(false),
        Err(error) => Err(error),
    }
}

fn object(kind: &str, namespace: &str, name: &str) -> Value {
    let labels = Value::map_of([("app.kubernetes.io/name", name), ("app.kubernetes.io/part-of", "argocd")]);
    let mut metadata = Value::map_of([("name", name), ("namespace", namespace)]);
    metadata.set_at(&["labels"], labels);
    Value::map_of([("apiVersion", Value::from("v1")), ("kind", kind.into()), ("metadata", metadata)])
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], getrandom::Error> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
