//! Time as an argument, and how Kubernetes writes it.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where the present comes from. The binary has the machine's clock, tests have a [`FixedClock`].
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// A clock that stands until it is set.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock to `now`, which may be earlier than before.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the clock ahead. A time beyond the year 9999 leaves it at the last instant that can be
    /// written.
    pub fn advance(&self, by: std::time::Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As `metav1.Time` is written: UTC, whole seconds, cut off and not rounded (`2026-01-01T00:00:00Z`).
pub fn rfc3339(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As `metav1.MicroTime` is written: six digits of a second (`2026-01-01T00:00:00.000000Z`).
pub fn rfc3339_micro(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_written_as_kubernetes_does() {
        let time: Timestamp = "2026-03-04T05:06:07.999999999Z".parse().unwrap();
        assert_eq!(rfc3339(time), "2026-03-04T05:06:07Z");
        assert_eq!(rfc3339_micro(time), "2026-03-04T05:06:07.999999Z");
        assert_eq!(rfc3339_micro("2026-03-04T05:06:07Z".parse().unwrap()), "2026-03-04T05:06:07.000000Z");
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = FixedClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        clock.advance(Duration::from_millis(61_500));
        assert_eq!(rfc3339(clock.now()), "2026-01-01T00:01:01Z");
        assert_eq!(clock.now(), clock.now());
    }
}
