//! The Secret that a generated source reads, derived from the repository Secrets of Argo CD.
//!
//! Source of the rules: Argo CD 3.6, `pkg/apis/application/v1alpha1/repository_types.go`; Flux,
//! `docs/spec/v1/gitrepositories.md`, "Secret reference".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use value::{Map, Value};

use super::{Inputs, Refusal};
use crate::names::ApplicationName;

/// The user name that goes with a password alone, as upstream has it.
const TOKEN_USER: &str = "x-access-token";

/// Keys of a repository Secret, and those of the Secret that Flux reads.
const KEYS: [(&str, &str); 5] = [
    ("username", "username"),
    ("password", "password"),
    ("bearerToken", "bearerToken"),
    ("tlsClientCertData", "tls.crt"),
    ("tlsClientCertKey", "tls.key"),
];

/// Keys that let somebody in, or say how to connect, and that cannot be carried over.
const REFUSED: [&str; 10] = [
    "gcpServiceAccountKey",
    "githubAppEnterpriseBaseUrl",
    "githubAppID",
    "githubAppInstallationID",
    "githubAppPrivateKey",
    "insecure",
    "noProxy",
    "proxy",
    "sshPrivateKey",
    "useAzureWorkloadIdentity",
];

/// What a source needs to be let in, still encoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Credentials {
    data: Map,
}

impl Credentials {
    /// From the Secret whose credentials are used, and the certificates that are trusted for the host.
    pub(crate) fn of(secret: Option<&Value>, ca: Option<&str>) -> Result<Option<Self>, Refusal> {
        let mut data = Map::new();
        if let Some(secret) = secret {
            let stored = |key: &str| secret.str_at(&["data", key]).filter(|text| !text.is_empty());
            let is_false = |key: &str| stored(key) == Some(STANDARD.encode("false").as_str());
            if let Some(key) = REFUSED.into_iter().find(|key| stored(key).is_some() && !is_false(key)) {
                let name = ApplicationName::of(secret);
                return Err(Refusal(format!(
                    "the repository Secret {name} has {key}, which cannot be carried over to Flux by this version \
                     of Flamingo; make a GitRepository by hand, or use a user name and a password"
                )));
            }
            for (from, to) in KEYS {
                if let Some(text) = stored(from) {
                    data.insert(to, text);
                }
            }
            if data.contains_key("password") && !data.contains_key("username") {
                data.insert("username", STANDARD.encode(TOKEN_USER));
            }
        }
        if let Some(ca) = ca {
            data.insert("ca.crt", STANDARD.encode(ca));
        }
        Ok((!data.is_empty()).then_some(Self { data }))
    }

    /// The Secret of the generated source.
    pub(super) fn secret(&self, inputs: &Inputs<'_>) -> Value {
        let namespace = inputs.application.destination.namespace.as_str();
        let name = name(inputs);
        Value::map_of([
            ("apiVersion", Value::from("v1")),
            ("kind", "Secret".into()),
            ("metadata", Value::map_of([("name", name.as_str()), ("namespace", namespace)])),
            ("type", "Opaque".into()),
            ("data", self.data.clone().into()),
        ])
    }

    /// The parts by which a Git client is let in, decoded.
    pub(crate) fn decoded(&self, key: &str) -> Option<Vec<u8>> {
        STANDARD.decode(self.data.get(key)?.as_str()?).ok()
    }
}

/// The name of the derived Secret.
pub(super) fn name(inputs: &Inputs<'_>) -> String {
    format!("{}-repository", ApplicationName::of(inputs.object).name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(data: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        let data = Value::map_of(data.iter().map(|(key, text)| (*key, STANDARD.encode(text))));
        let metadata = Value::map_of([("name", "creds"), ("namespace", "argocd")]);
        let secret = Value::map_of([("metadata", metadata), ("data", data)]);
        let credentials = Credentials::of(Some(&secret), None).map_err(|refusal| refusal.to_string())?;
        let credentials = credentials.unwrap_or_default();
        let decode = |key: &value::Key| {
            let bytes = credentials.decoded(key.as_str()).expect("encoded");
            (key.to_string(), String::from_utf8(bytes).expect("text"))
        };
        let mut derived: Vec<(String, String)> = credentials.data.keys().map(decode).collect();
        derived.sort();
        Ok(derived)
    }

    #[test]
    fn what_flux_reads() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
        };
        assert_eq!(
            derived(&[("username", "u"), ("password", "p"), ("url", "x")]).as_deref(),
            Ok(&pairs(&[("password", "p"), ("username", "u")])[..])
        );
        assert_eq!(
            derived(&[("password", "p")]).as_deref(),
            Ok(&pairs(&[("password", "p"), ("username", "x-access-token")])[..])
        );
        assert_eq!(
            derived(&[("tlsClientCertData", "c"), ("tlsClientCertKey", "k"), ("insecure", "false")])
                .as_deref(),
            Ok(&pairs(&[("tls.crt", "c"), ("tls.key", "k")])[..])
        );
        assert_eq!(derived(&[("type", "git")]).as_deref(), Ok(&[][..]));
    }

    #[test]
    fn what_cannot_be_carried_over_is_named() {
        let refusal = derived(&[("sshPrivateKey", "k")]).expect_err("refused");
        assert!(refusal.starts_with("the repository Secret argocd/creds has sshPrivateKey"), "{refusal}");
        assert!(!refusal.contains("\"k\""));
    }
}
