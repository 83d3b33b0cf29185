//! HTTP clients: what they trust, whom they ask for addresses, and through which proxy they speak.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::git::Proxy;

/// Why no client could be made from what was given.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The additional authorities are no PEM certificates.
    #[error("the certificate authority (ca.crt) is not valid PEM")]
    Authority(#[source] Invalid),
    /// The client certificate or its key is unusable.
    #[error("the client certificate (tls.crt, tls.key) is not usable")]
    ClientCertificate(#[source] Invalid),
    /// The proxy's address is unusable.
    #[error("the proxy address is not usable")]
    Proxy(#[source] reqwest::Error),
    /// The TLS library refused its settings.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The HTTP library refused its settings.
    #[error("no HTTP client can be made")]
    Build(#[source] reqwest::Error),
}

/// What is wrong with certificates that were given.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// The text is not PEM.
    #[error("not PEM")]
    Pem(#[source] rustls_pki_types::pem::Error),
    /// There is PEM, but no certificate in it.
    #[error("no certificate found")]
    Empty,
    /// The certificate or key is of no use to TLS.
    #[error("refused by TLS")]
    Tls(#[source] rustls::Error),
}

/// What a client is made from.
#[derive(Debug, Default)]
pub(crate) struct Settings<'a> {
    pub(crate) ca: Option<&'a [u8]>,
    pub(crate) certificate: Option<(&'a [u8], &'a [u8])>,
    pub(crate) proxy: Option<&'a Proxy>,
}

/// A client that follows no redirect by itself, and remembers the addresses that it was told.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) addresses: Arc<Addresses>,
}

impl Client {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, ClientError> {
        let addresses = Arc::new(Addresses::default());
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(settings)?)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("flamingo/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::clone(&addresses))
            .no_proxy();
        if let Some(proxy) = settings.proxy {
            let mut through = reqwest::Proxy::all(proxy.url.as_str()).map_err(ClientError::Proxy)?;
            if let Some((user, password)) = &proxy.credentials {
                through = through.basic_auth(user, password.expose());
            }
            builder = builder.proxy(through);
        }
        Ok(Client { http: builder.build().map_err(ClientError::Build)?, addresses })
    }
}

fn tls(settings: &Settings<'_>) -> Result<rustls::ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?
        .with_root_certificates(roots(settings.ca)?);
    let Some((chain, key)) = settings.certificate else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(chain).map_err(ClientError::ClientCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| ClientError::ClientCertificate(Invalid::Pem(error)))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| ClientError::ClientCertificate(Invalid::Tls(error)))
}

/// The system's authorities, read once per process, and those given.
fn roots(ca: Option<&[u8]>) -> Result<Arc<RootCertStore>, ClientError> {
    static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let system = SYSTEM.get_or_init(|| {
        let mut store = RootCertStore::empty();
        let loaded = rustls_native_certs::load_native_certs();
        let (_, unusable) = store.add_parsable_certificates(loaded.certs);
        for error in &loaded.errors {
            tracing::debug!(error = error as &dyn std::error::Error, "system certificates");
        }
        if unusable > 0 {
            tracing::debug!(unusable, "system certificates that TLS cannot use");
        }
        Arc::new(store)
    });
    let Some(ca) = ca else { return Ok(Arc::clone(system)) };
    let mut store = RootCertStore::clone(system);
    for certificate in certificates(ca).map_err(ClientError::Authority)? {
        store.add(certificate).map_err(|error| ClientError::Authority(Invalid::Tls(error)))?;
    }
    Ok(Arc::new(store))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Invalid> {
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(Invalid::Pem)?;
    if found.is_empty() { Err(Invalid::Empty) } else { Ok(found) }
}

/// The system's resolver, with a memory for error messages.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    known: Arc<Mutex<HashMap<String, SocketAddr>>>,
}

impl Addresses {
    /// The address that was last found for the host.
    pub(crate) fn of(&self, host: &str) -> Option<SocketAddr> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(host).copied()
    }
}

/// The host has no address.
#[derive(Debug, thiserror::Error)]
#[error("no such host: {host}")]
pub struct LookupFailed {
    /// The host.
    pub host: String,
    #[source]
    source: io::Error,
}

impl Resolve for Addresses {
    fn resolve(&self, name: Name) -> Resolving {
        let known = Arc::clone(&self.known);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let looked_up = tokio::net::lookup_host((host.as_str(), 0)).await.map(Vec::from_iter);
            let found = match looked_up {
                Ok(found) => found,
                Err(source) => return Err(LookupFailed { host, source }.into()),
            };
            if let Some(first) = found.first() {
                known.lock().unwrap_or_else(PoisonError::into_inner).insert(host, *first);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
