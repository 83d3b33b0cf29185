//! Who asks.
//!
//! Source of the rules: Argo CD 3.6, `server/server.go` (`getToken`) and `util/http/http.go`.

use argocd_core::accounts::Capability;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use jiff::Timestamp;

/// The cookie of the page's sessions.
pub(crate) const COOKIE_NAME: &str = "argocd.token";
/// A longer token is spread over so many cookies at most.
const MAX_COOKIES: usize = 20;

/// Somebody who has logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) capability: Capability,
    /// The id of the token.
    pub(crate) token: String,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

/// The token of a request, wherever clients put it.
pub(crate) fn token(headers: &HeaderMap) -> Option<String> {
    let text = |name: &http::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let metadata = http::HeaderName::from_static("grpc-metadata-token");
    let bearer = || text(&AUTHORIZATION).and_then(|text| text.strip_prefix("Bearer "));
    let given = text(&metadata).or_else(bearer).map(str::to_owned);
    given.or_else(|| of_cookies(headers)).filter(|token| !token.is_empty())
}

/// The first cookie says how many there are, if there are several: `2:<first part>`.
fn of_cookies(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs: Vec<(&str, &str)> =
        pairs.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('=')).collect();
    let cookie = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let first = cookie(COOKIE_NAME)?;
    let Some((count, part)) = first.split_once(':') else { return Some(first.to_owned()) };
    let count = count.parse().ok().filter(|count| (1..=MAX_COOKIES).contains(count))?;
    let mut token = part.to_owned();
    for number in 1..count {
        token.push_str(cookie(&format!("{COOKIE_NAME}-{number}"))?);
    }
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn headers(pairs: Pairs<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: http::HeaderName = name.parse().expect(name);
            headers.append(name, value.parse().expect(value));
        }
        headers
    }

    #[test]
    fn where_tokens_are() {
        let rows: [(Pairs<'_>, Option<&str>); 9] = [
            (&[], None),
            (&[("authorization", "Bearer abc")], Some("abc")),
            (&[("authorization", "Basic abc")], None),
            (&[("grpc-metadata-token", "m"), ("authorization", "Bearer abc")], Some("m")),
            (&[("token", "abc")], None),
            (&[("cookie", "a=b; argocd.token=abc")], Some("abc")),
            (&[("cookie", "argocd.token=2:ab; argocd.token-1=cd")], Some("abcd")),
            (&[("cookie", "argocd.token=2:ab")], None),
            (&[("cookie", "argocd.token=99:ab")], None),
        ];
        for (pairs, expected) in rows {
            assert_eq!(token(&headers(pairs)).as_deref(), expected, "{pairs:?}");
        }
    }
}
