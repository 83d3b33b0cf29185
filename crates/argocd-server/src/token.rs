//! Tokens of sessions and of programs: JWT, signed with HMAC-SHA-256.
//!
//! Source of the rules: RFC 7519 and 7515, and Argo CD 3.6, `util/session/sessionmanager.go`. There is one
//! algorithm; what a token says about its own is compared and never obeyed.

use argocd_core::accounts::Capability;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use thiserror::Error;
use value::Value;

const ISSUER: &str = "argocd";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// No token of ours is nearly as long.
const MAX_LENGTH: usize = 16 * 1024;

/// What signs tokens: `server.secretkey` of `argocd-secret`.
#[derive(Clone)]
pub(crate) struct Key(Hmac<Sha256>);

impl Key {
    /// `None` where the secret is empty: everybody could sign with it.
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        if secret.is_empty() { None } else { Hmac::new_from_slice(secret).ok().map(Self) }
    }

    fn of(&self, text: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(text.as_bytes())
    }
}

/// Whether two secrets are the same, in a time that says nothing of where they differ.
pub(crate) fn is_same_secret(ours: &str, given: &str) -> bool {
    let of = |text: &str| Hmac::<Sha256>::new_from_slice(ours.as_bytes()).map(|key| key.chain_update(text));
    match (of(ours), of(given)) {
        (Ok(expected), Ok(found)) => expected.verify(&found.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) account: String,
    pub(crate) capability: Capability,
    /// Under this name it is taken back.
    pub(crate) id: String,
    pub(crate) issued_at: Timestamp,
    /// `None`: it does not end.
    pub(crate) expires_at: Option<Timestamp>,
}

/// Why a token is not accepted, in upstream's words.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum TokenError {
    #[error("token is malformed: token contains an invalid number of segments")]
    Segments,
    #[error("token is malformed")]
    Malformed,
    #[error("token signature is invalid: signature is invalid")]
    Signature,
    #[error("token has invalid claims: token is expired")]
    Expired,
    #[error("token has invalid claims: token is not valid yet")]
    Early,
    #[error("token has invalid claims: token has invalid issuer")]
    Issuer,
}

/// Writes and signs a token.
pub(crate) fn issue(claims: &Claims, key: &Key) -> String {
    let subject = format!("{}:{}", claims.account, claims.capability.name());
    let issued = claims.issued_at.as_second();
    let mut body = Value::map_of([
        ("iss", Value::from(ISSUER)),
        ("sub", subject.as_str().into()),
        ("nbf", issued.into()),
        ("iat", issued.into()),
        ("jti", claims.id.as_str().into()),
    ]);
    if let Some(expires) = claims.expires_at {
        body.set_at(&["exp"], expires.as_second());
    }
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(value::to_json(&body)));
    let signature = key.of(&signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Reads a token that was signed with `key` and is good at `now`.
///
/// # Errors
/// Why it is not accepted; a wrong signature before anything that the token says.
pub(crate) fn verify(token: &str, key: &Key, now: Timestamp) -> Result<Claims, TokenError> {
    let [header, body, signature] = token.splitn(4, '.').collect::<Vec<_>>()[..] else {
        return Err(TokenError::Segments);
    };
    if token.len() > MAX_LENGTH {
        return Err(TokenError::Malformed);
    }
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed);
    let json = |text: &str| value::from_json(&decode(text)?).map_err(|_| TokenError::Malformed);
    if json(header)?.str_at(&["alg"]) != Some("HS256") {
        return Err(TokenError::Signature);
    }
    let signed = token.get(..header.len() + 1 + body.len()).ok_or(TokenError::Malformed)?;
    key.of(signed).verify_slice(&decode(signature)?).map_err(|_| TokenError::Signature)?;
    claims(&json(body)?, now)
}

fn claims(body: &Value, now: Timestamp) -> Result<Claims, TokenError> {
    let time = |field: &str| match body.get(field) {
        None => Ok(None),
        Some(seconds) => {
            let seconds = seconds.as_i64().ok_or(TokenError::Malformed)?;
            Timestamp::from_second(seconds).map(Some).map_err(|_| TokenError::Malformed)
        }
    };
    if body.str_at(&["iss"]) != Some(ISSUER) {
        return Err(TokenError::Issuer);
    }
    let expires_at = time("exp")?;
    if expires_at.is_some_and(|expires| now >= expires) {
        return Err(TokenError::Expired);
    }
    let (issued_at, begins) = (time("iat")?.ok_or(TokenError::Malformed)?, time("nbf")?);
    if now.as_second() < begins.unwrap_or(issued_at).as_second() {
        return Err(TokenError::Early);
    }
    let subject = body.str_at(&["sub"]).ok_or(TokenError::Malformed)?;
    // Old tokens name the account alone; they were all for logins.
    let (account, capability) = match subject.rsplit_once(':') {
        None => (subject, Capability::Login),
        Some((account, capability)) => (account, Capability::of(capability).ok_or(TokenError::Malformed)?),
    };
    let id = body.str_at(&["jti"]).unwrap_or_default().to_owned();
    Ok(Claims { account: account.to_owned(), capability, id, issued_at, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new(b"a key of tests").expect("not empty")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn session() -> Claims {
        let (account, capability) = ("admin".to_owned(), Capability::Login);
        Claims { account, capability, id: "one".to_owned(), issued_at: at(1000), expires_at: Some(at(2000)) }
    }

    fn signed(header: &str, body: &str, key: &Key) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(body));
        let signature = key.of(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn what_was_issued_is_read() {
        for claims in [session(), Claims { expires_at: None, capability: Capability::ApiKey, ..session() }] {
            assert_eq!(verify(&issue(&claims, &key()), &key(), at(1500)), Ok(claims));
        }
    }

    #[test]
    fn time_counts() {
        let token = issue(&session(), &key());
        assert_eq!(verify(&token, &key(), at(2000)), Err(TokenError::Expired));
        assert_eq!(verify(&token, &key(), at(999)), Err(TokenError::Early));
    }

    #[test]
    fn nothing_else_is_accepted() {
        let body = r#"{"iss":"argocd","sub":"admin:login","iat":1000}"#;
        let none =
            format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(body));
        let rows = [
            (signed(HEADER, body, &Key::new(b"another key").expect("not empty")), TokenError::Signature),
            (signed(r#"{"alg":"RS256"}"#, body, &key()), TokenError::Signature),
            (none, TokenError::Signature),
            (signed(HEADER, &body.replace("argocd", "other"), &key()), TokenError::Issuer),
            (signed(HEADER, &body.replace("1000", "\"x\""), &key()), TokenError::Malformed),
            (signed(HEADER, &body.replace("login", "root"), &key()), TokenError::Malformed),
            (signed(HEADER, "[]", &key()), TokenError::Issuer),
            ("a.b".to_owned(), TokenError::Segments),
            ("a.b.c.d".to_owned(), TokenError::Segments),
            ("a.b.c".to_owned(), TokenError::Malformed),
            (String::new(), TokenError::Segments),
        ];
        for (token, expected) in rows {
            assert_eq!(verify(&token, &key(), at(1500)), Err(expected), "{token}");
        }
        let changed = issue(&session(), &key()).replacen('.', ".e", 1);
        assert!(verify(&changed, &key(), at(1500)).is_err());
    }
}
