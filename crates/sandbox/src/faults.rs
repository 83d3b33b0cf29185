//! Faults that tests inject: answers that fail, arrive late or never, and a process that ends at a
//! chosen write.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use value::Value;

use crate::journal::JournalError;

/// The faults of one sandbox. Clones share them, so that a test can add some while it runs.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    requests: Arc<Mutex<Vec<Counted>>>,
    journal: JournalFaults,
}

/// One fault of requests.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Only requests with this verb (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
    /// `deletecollection`); `None` for every verb.
    pub verb: Option<String>,
    /// Only requests for this resource (`pods`) or kind (`Pod`); `None` for all.
    pub resource: Option<String>,
    /// Which of the matching requests, the first being 1.
    pub requests: RangeInclusive<u64>,
    /// What happens to them.
    pub effect: Effect,
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Effect {
    /// It is not carried out, and answered with this code and a Status (a plain one if none is given).
    Status(StatusCode, Option<Value>),
    /// It is not carried out, and the connection ends.
    Reset,
    /// It is carried out after this time.
    Delay(Duration),
    /// It is carried out, and the connection ends instead of an answer.
    LostAnswer,
}

#[derive(Debug)]
struct Counted {
    fault: Fault,
    seen: u64,
}

impl Faults {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a fault; its count of matching requests begins now.
    pub fn add(&self, fault: Fault) {
        self.lock().push(Counted { fault, seen: 0 });
    }

    /// Removes all faults of requests.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Ends the sandbox just before its `write`th write to the journal, counted from 1 since the start.
    pub fn crash_before_write(&self, write: u64) {
        self.journal.at(write, JournalFault::Torn(0));
    }

    /// Ends the sandbox after its `write`th write reached the journal and before anybody learns of it.
    pub fn crash_after_write(&self, write: u64) {
        self.journal.at(write, JournalFault::CrashAfter);
    }

    /// Ends the sandbox when `bytes` bytes of its `write`th write have reached the journal.
    pub fn crash_within_write(&self, write: u64, bytes: usize) {
        self.journal.at(write, JournalFault::Torn(bytes));
    }

    /// Refuses the `write`th write as a full disk does.
    pub fn no_space_at_write(&self, write: u64) {
        self.journal.at(write, JournalFault::NoSpace);
    }

    /// How many writes the sandbox has tried since it was started.
    pub fn writes(&self) -> u64 {
        self.journal.lock().written
    }

    /// Whether a simulated crash has happened.
    pub fn crashed(&self) -> bool {
        self.journal.lock().crashed
    }

    pub(crate) fn journal(&self) -> &JournalFaults {
        &self.journal
    }

    /// The effects on a request. Every matching fault counts it.
    pub(crate) fn of_request(&self, verb: &str, resource: &str, kind: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for counted in self.lock().iter_mut() {
            let fault = &counted.fault;
            let verb_fits = fault.verb.as_deref().is_none_or(|wanted| wanted == verb);
            let resource_fits =
                fault.resource.as_deref().is_none_or(|wanted| wanted == resource || wanted == kind);
            if verb_fits && resource_fits {
                counted.seen += 1;
                if fault.requests.contains(&counted.seen) {
                    effects.push(fault.effect.clone());
                }
            }
        }
        effects
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Counted>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happens at one write to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JournalFault {
    /// The record is written, then the process counts as ended.
    CrashAfter,
    /// So many bytes of the record are written, then the process counts as ended.
    Torn(usize),
    /// The disk is full.
    NoSpace,
}

/// The faults of one journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct JournalFaults(Arc<Mutex<JournalState>>);

#[derive(Debug, Default)]
struct JournalState {
    planned: Vec<(u64, JournalFault)>,
    written: u64,
    crashed: bool,
}

impl JournalFaults {
    pub(crate) fn at(&self, write: u64, fault: JournalFault) {
        self.lock().planned.push((write, fault));
    }

    /// Counts a write and says what happens to it.
    ///
    /// # Errors
    /// The process counts as ended already.
    pub(crate) fn next_write(&self) -> Result<Option<JournalFault>, JournalError> {
        let mut state = self.lock();
        if state.crashed {
            return Err(JournalError::Crashed);
        }
        state.written += 1;
        let written = state.written;
        let fault = state.planned.iter().find(|(write, _)| *write == written).map(|(_, fault)| *fault);
        state.crashed = matches!(fault, Some(JournalFault::CrashAfter | JournalFault::Torn(_)));
        Ok(fault)
    }

    pub(crate) fn crash(&self) {
        self.lock().crashed = true;
    }

    pub(crate) fn crashed(&self) -> bool {
        self.lock().crashed
    }

    fn lock(&self) -> MutexGuard<'_, JournalState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_counts_only_the_requests_that_it_concerns() {
        let faults = Faults::none();
        faults.add(Fault {
            verb: Some("patch".into()),
            resource: Some("Pod".into()),
            requests: 2..=2,
            effect: Effect::Reset,
        });
        assert!(faults.of_request("patch", "pods", "Pod").is_empty());
        assert!(faults.of_request("get", "pods", "Pod").is_empty());
        assert!(matches!(faults.of_request("patch", "pods", "Pod")[..], [Effect::Reset]));
        assert!(faults.of_request("patch", "pods", "Pod").is_empty());
    }

    #[test]
    fn nothing_is_written_after_a_crash() {
        let faults = Faults::none();
        faults.crash_after_write(1);
        assert_eq!(faults.journal().next_write().unwrap(), Some(JournalFault::CrashAfter));
        assert!(faults.crashed());
        assert!(faults.journal().next_write().is_err());
    }
}
