//! Operations: what is asked for, and how far it is.

use std::time::Duration;

use apimachinery::fields;
use value::Value;

use super::Source;
use crate::field::{FieldError, Fields};

/// Upstream's wait before the first new attempt, and what it is multiplied with.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const FACTOR: i64 = 2;
/// Upstream's longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(180);

/// A sync that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Whether it is a sync at all.
    pub is_sync: bool,
    /// The revision; empty for that of the application.
    pub revision: String,
    /// A source in the place of the application's, as a rollback has it.
    pub source: Option<Source>,
    /// Fields that are set and name something that not every engine can do, as paths below `operation`.
    pub demands: Vec<String>,
    /// Options in the place of the application's; empty for those.
    pub options: Vec<String>,
    /// How it is tried again.
    pub retry: Option<Retry>,
    /// The operation as it stands in the object, which the status repeats.
    pub value: Value,
}

/// What only Argo CD's own engine can do in a sync.
const DEMANDS: [&str; 7] = [
    "sync.dryRun",
    "sync.manifests",
    "sync.resources",
    "sync.revisions",
    "sync.sources",
    "sync.syncStrategy.apply.force",
    "sync.syncStrategy.hook.force",
];

/// How a failed sync is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often; negative for without end.
    pub limit: i64,
    /// The wait before the first new attempt.
    pub duration: Duration,
    /// By how much each wait is longer than the one before.
    pub factor: i64,
    /// The longest wait.
    pub max_duration: Duration,
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It runs.
    Running,
    /// It is to be ended.
    Terminating,
    /// It did what was asked for.
    Succeeded,
    /// It was carried out, and what it did failed.
    Failed,
    /// It could not be carried out.
    Error,
}

impl Phase {
    /// Reads `status.operationState.phase`; `None` where there is no operation.
    pub fn of(object: &Value) -> Option<Self> {
        let phases = [Self::Running, Self::Terminating, Self::Succeeded, Self::Failed, Self::Error];
        let text = object.str_at(&["status", "operationState", "phase"])?;
        phases.into_iter().find(|phase| phase.as_str() == text)
    }

    /// As the status has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Terminating => "Terminating",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Error => "Error",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_completed(self) -> bool {
        !matches!(self, Self::Running | Self::Terminating)
    }
}

impl Operation {
    /// `None` where no operation is asked for.
    pub(crate) fn read(operation: &Fields<'_>) -> Result<Option<Self>, FieldError> {
        let Some(value) = operation.value() else { return Ok(None) };
        let sync = operation.at("sync");
        let source = sync.at("source");
        Ok(Some(Self {
            is_sync: sync.value().is_some(),
            revision: sync.text("revision")?,
            source: source.value().map(|_| Source::read(&source)).transpose()?,
            demands: fields::present(value, &DEMANDS).into_iter().map(str::to_owned).collect(),
            options: sync.texts("syncOptions")?,
            retry: Retry::read(&operation.at("retry"))?,
            value: value.clone(),
        }))
    }

    /// The operation that the status of `object` tells of.
    ///
    /// # Errors
    /// A field is not of its type.
    pub fn in_status(object: &Value) -> Result<Option<Self>, FieldError> {
        let state = Fields::of(object, "status").at("operationState");
        Self::read(&state.at("operation"))
    }
}

impl Retry {
    pub(crate) fn read(retry: &Fields<'_>) -> Result<Option<Self>, FieldError> {
        let Some(limit) = retry.number("limit")? else { return Ok(None) };
        let backoff = retry.at("backoff");
        let duration = |field: &str, default| {
            let text = backoff.text(field)?;
            if text.is_empty() {
                return Ok(default);
            }
            apimachinery::duration::parse(&text).map_err(|error| {
                backoff.at(field).error(&format!("{text:?} is not a duration such as 5s ({error})"))
            })
        };
        Ok(Some(Self {
            limit,
            duration: duration("duration", FIRST_WAIT)?,
            factor: backoff.number("factor")?.unwrap_or(FACTOR).max(1),
            max_duration: duration("maxDuration", LONGEST_WAIT)?,
        }))
    }

    /// How long to wait after the given number of attempts that failed before.
    pub fn wait(&self, retried: u32) -> Duration {
        let factor = u32::try_from(self.factor).unwrap_or(u32::MAX);
        let wait = self.duration.saturating_mul(factor.saturating_pow(retried));
        wait.min(self.max_duration)
    }

    /// Whether there may be another attempt after so many.
    pub fn allows(&self, retried: u32) -> bool {
        self.limit < 0 || i64::from(retried) < self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit() {
        let retry = Retry {
            limit: 2,
            duration: Duration::from_secs(5),
            factor: 2,
            max_duration: Duration::from_secs(12),
        };
        assert_eq!([0, 1, 2, 90].map(|retried| retry.wait(retried).as_secs()), [5, 10, 12, 12]);
        assert_eq!([0, 1, 2].map(|retried| retry.allows(retried)), [true, true, false]);
        assert!(Retry { limit: -1, ..retry }.allows(1000));
    }

    #[test]
    fn what_only_argo_cd_can_do_is_named() {
        let text = br#"{"operation":{"sync":{"dryRun":true,"syncStrategy":{"hook":{}},"resources":[{"kind":"A","name":"b"}]}}}"#;
        let object = value::from_json(text).expect("valid");
        let operation = Operation::read(&Fields::of(&object, "operation")).expect("valid").expect("one");
        assert_eq!(operation.demands, ["sync.dryRun", "sync.resources"]);
        assert!(operation.is_sync);
    }
}
