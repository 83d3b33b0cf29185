//! Who the server is and whom it lets in: a certificate authority, a server certificate, a bearer token.
//!
//! They are made once and kept in the data folder, so that a kubeconfig stays good over restarts.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::chance;
use crate::error::StartError;
use crate::journal::private;

/// The names that the server's certificate is for, and that requests may call it by.
pub(crate) const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The credentials of one sandbox.
pub(crate) struct Credentials {
    /// The certificate that clients trust, in PEM.
    pub(crate) authority: String,
    key: String,
    /// What clients show.
    pub(crate) token: String,
}

impl Credentials {
    /// The credentials of a data folder, made where they are absent; without a folder they last as long
    /// as the process.
    pub(crate) fn load(dir: Option<&Path>) -> Result<Self, StartError> {
        let Some(dir) = dir else { return Self::generate() };
        let read = |name: &str| match fs::read_to_string(dir.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StartError::DataDir { path: dir.join(name), source }),
        };
        if let (Some(authority), Some(key), Some(token)) = (read("ca.crt")?, read("ca.key")?, read("token")?)
        {
            return Ok(Self { authority, key, token });
        }
        let made = Self::generate()?;
        // The token comes last: where it is, the others are whole.
        for (name, text) in [("ca.crt", &made.authority), ("ca.key", &made.key), ("token", &made.token)] {
            write_private(&dir.join(name), text)
                .map_err(|source| StartError::DataDir { path: dir.join(name), source })?;
        }
        Ok(made)
    }

    fn generate() -> Result<Self, StartError> {
        let key = KeyPair::generate().map_err(refused)?;
        let certificate = authority_params().map_err(refused)?.self_signed(&key).map_err(refused)?;
        let token = chance::secret().map_err(refused)?;
        Ok(Self { authority: certificate.pem(), key: key.serialize_pem(), token })
    }

    /// TLS with a certificate for this run. It offers HTTP/2 and HTTP/1.1.
    pub(crate) fn tls(&self) -> Result<ServerConfig, StartError> {
        let authority_key = KeyPair::from_pem(&self.key).map_err(refused)?;
        let issuer = Issuer::new(authority_params().map_err(refused)?, authority_key);
        let key = KeyPair::generate().map_err(refused)?;
        let mut params = CertificateParams::new(HOSTS.map(str::to_owned)).map_err(refused)?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer).map_err(refused)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(refused)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// A kubeconfig with everything in it.
    pub(crate) fn kubeconfig(&self, url: &str) -> String {
        use base64::Engine as _;
        let authority = base64::prelude::BASE64_STANDARD.encode(&self.authority);
        let token = &self.token;
        format!(
            "apiVersion: v1
kind: Config
clusters:
- name: flamingo-sandbox
  cluster:
    server: {url}
    certificate-authority-data: {authority}
users:
- name: flamingo-sandbox
  user:
    token: {token}
contexts:
- name: flamingo-sandbox
  context:
    cluster: flamingo-sandbox
    user: flamingo-sandbox
current-context: flamingo-sandbox
"
        )
    }

    /// Whether a token is the right one. The time that the comparison takes does not depend on where it
    /// differs.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        let (ours, theirs) = (self.token.as_bytes(), token.as_bytes());
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

/// The name and the key make an issuer: with the same ones, certificates made later are trusted too.
fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "flamingo-sandbox-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> StartError {
    StartError::Credentials(Box::new(error))
}

/// Writes a file that only its owner can read; half of it is never there.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut file = private().truncate(true).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_survive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let first = Credentials::load(Some(dir.path())).unwrap();
        let second = Credentials::load(Some(dir.path())).unwrap();
        assert_eq!(first.kubeconfig("u"), second.kubeconfig("u"));
        assert!(second.accepts(&first.token));
        assert!(!second.accepts("x") && !second.accepts(&first.token.replace(['0', '1'], "2")));
        assert!(second.tls().is_ok());
    }
}
