//! A link that logs in, once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::Timestamp;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::Anybody;
use crate::request::Request;
use crate::sessions;
use crate::token::is_same_secret;

/// Where the link leads.
pub(crate) const PATH: &str = "/auth/link";
/// Whom it logs in.
const ACCOUNT: &str = "admin";
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Bytes of its token.
const LENGTH: usize = 32;

/// The link that is good, if there is one.
#[derive(Default)]
pub(crate) struct Link(Mutex<Option<Good>>);

struct Good {
    token: String,
    until: Timestamp,
}

impl Link {
    /// A new token; an earlier one is void.
    pub(crate) fn issue(&self, now: Timestamp) -> Result<String, getrandom::Error> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes)?;
        let token = URL_SAFE_NO_PAD.encode(bytes);
        let until = now.checked_add(LIFETIME).unwrap_or(now);
        *self.lock() = Some(Good { token: token.clone(), until });
        Ok(token)
    }

    /// Whether the token is good. It is void afterwards; a wrong one voids nothing.
    fn take(&self, token: &str, now: Timestamp) -> bool {
        let mut good = self.lock();
        let is_good =
            good.as_ref().is_some_and(|good| is_same_secret(&good.token, token) && now < good.until);
        if is_good {
            *good = None;
        }
        is_good
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Good>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody is told whose link is not good; a browser shows it.
const VOID: &str = "This link was used already, is older than ten minutes, or there is a newer one.\n\
                    Log in with the password of admin, or start flamingo up again for a new link.\n";

/// `GET /auth/link?token=…`: a session for a good token. Only a server that answers this machine alone gives out
/// links, so that on others none is ever good. Who has a session already goes on with it.
pub(crate) async fn log_in(
    control: Arc<ControlPlane>,
    Anybody(caller): Anybody,
    request: Request,
) -> Result<Answer, ApiError> {
    let token = request.parameter("token").unwrap_or_default();
    let cookie = match control.link.take(token, control.clock.now()) {
        true => Some(sessions::begin(&control, ACCOUNT)?.1),
        false if caller.is_some() => None,
        false => return Ok(Answer::Text(StatusCode::UNAUTHORIZED, VOID)),
    };
    Ok(Answer::Redirect { to: "/".to_owned(), cookie })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_once_and_for_ten_minutes() {
        let link = Link::default();
        let at = |second| Timestamp::from_second(second).expect("in range");
        assert!(!link.take("", at(0)));
        let first = link.issue(at(0)).expect("randomness");
        assert!(!link.take("wrong", at(1)));
        assert!(!link.take(&first[1..], at(1)));
        assert!(link.take(&first, at(1)));
        assert!(!link.take(&first, at(1)), "it was used");
        let second = link.issue(at(0)).expect("randomness");
        assert!(!link.take(&second, at(600)), "it is old");
        let third = link.issue(at(0)).expect("randomness");
        link.issue(at(0)).expect("randomness");
        assert!(!link.take(&third, at(1)), "there is a newer one");
    }
}
