//! Who may ask.

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Uri};

use crate::credentials::{Credentials, HOSTS};
use crate::status::{self, Refusal};

/// The server must have been called by a local name: a page in a browser that has made a name of its own
/// point here is refused.
///
/// # Errors
/// The name is another one, or there is none.
pub(super) fn check_host(uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let header = headers.get(HOST).and_then(|host| host.to_str().ok());
    let called = uri.authority().map(http::uri::Authority::as_str).or(header).unwrap_or_default();
    let name = match called.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => called.rsplit_once(':').map_or(called, |(name, _)| name),
    };
    if HOSTS.contains(&name) { Ok(()) } else { Err(status::wrong_host(called)) }
}

/// The client must show the token.
///
/// # Errors
/// There is none, or it is another one.
pub(super) fn check_token(headers: &HeaderMap, credentials: &Credentials) -> Result<(), Refusal> {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = shown.and_then(|text| text.strip_prefix("Bearer "));
    if token.is_some_and(|token| credentials.accepts(token.trim())) {
        Ok(())
    } else {
        Err(status::unauthorized())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        check_host(&Uri::from_static("/api"), &headers).is_ok()
    }

    #[test]
    fn only_local_names_are_answered_to() {
        for host in ["localhost", "localhost:6443", "127.0.0.1:1", "[::1]:1", "[::1]"] {
            assert!(checked(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org:80", "10.0.0.1:1", ""] {
            assert!(!checked(host), "{host}");
        }
    }
}
