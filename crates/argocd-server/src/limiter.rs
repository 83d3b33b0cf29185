//! Guessing of passwords is slowed down.
//!
//! Source of the rules: Argo CD 3.6, `util/session/sessionmanager.go`: five failures of an account within 300
//! seconds lock it for the rest of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

const MAX_FAILURES: usize = 5;
const WINDOW: Duration = Duration::from_secs(300);
/// So many names are remembered; a flood of invented ones drops the oldest, never the one being guessed.
const MAX_NAMES: usize = 1000;

/// Counts failed logins by account.
#[derive(Default)]
pub(crate) struct Limiter(Mutex<HashMap<String, Failures>>);

#[derive(Clone, Copy)]
struct Failures {
    count: usize,
    last: Timestamp,
}

impl Limiter {
    /// Whether the account is locked at `now`.
    pub(crate) fn is_locked(&self, account: &str, now: Timestamp) -> bool {
        let failures = self.lock().get(account).copied();
        failures.is_some_and(|failures| failures.is_recent(now) && failures.count >= MAX_FAILURES)
    }

    pub(crate) fn failed(&self, account: &str, now: Timestamp) {
        let mut all = self.lock();
        if all.len() >= MAX_NAMES && !all.contains_key(account) {
            all.retain(|_, failures| failures.is_recent(now));
            let oldest = all.iter().min_by_key(|(_, failures)| (failures.count, failures.last));
            let oldest = oldest.map(|(name, _)| name.clone());
            if let Some(oldest) = oldest.filter(|_| all.len() >= MAX_NAMES) {
                all.remove(&oldest);
            }
        }
        let failures = all.entry(account.to_owned()).or_insert(Failures { count: 0, last: now });
        if !failures.is_recent(now) {
            failures.count = 0;
        }
        failures.count += 1;
        failures.last = now;
    }

    pub(crate) fn succeeded(&self, account: &str) {
        self.lock().remove(account);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn is_recent(&self, now: Timestamp) -> bool {
        now.duration_since(self.last).unsigned_abs() < WINDOW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn the_fifth_failure_locks_for_a_while() {
        let limiter = Limiter::default();
        for second in 0..5 {
            assert!(!limiter.is_locked("admin", at(second)));
            limiter.failed("admin", at(second));
        }
        assert!(limiter.is_locked("admin", at(5)));
        assert!(!limiter.is_locked("alice", at(5)));
        assert!(!limiter.is_locked("admin", at(304)));
        limiter.failed("admin", at(304));
        assert!(!limiter.is_locked("admin", at(305)), "counting begins anew");
    }

    #[test]
    fn success_forgets_failures() {
        let limiter = Limiter::default();
        (0..4).for_each(|second| limiter.failed("admin", at(second)));
        limiter.succeeded("admin");
        limiter.failed("admin", at(5));
        assert!(!limiter.is_locked("admin", at(6)));
    }

    #[test]
    fn invented_names_do_not_unlock_an_account() {
        let limiter = Limiter::default();
        (0..5).for_each(|second| limiter.failed("admin", at(second)));
        (0..5000).for_each(|number| limiter.failed(&format!("x{number}"), at(6)));
        assert!(limiter.is_locked("admin", at(7)));
        assert!(limiter.lock().len() <= MAX_NAMES);
    }
}
