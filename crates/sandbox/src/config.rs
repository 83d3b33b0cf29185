//! How a sandbox is to be.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::Clock;

use crate::faults::Faults;

/// How a sandbox is to be.
#[derive(Clone)]
pub struct Config {
    /// Where objects, credentials and the journal are kept; `None` for memory only.
    pub data_dir: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 for any.
    pub port: u16,
    /// Faults to inject.
    pub faults: Faults,
    /// Where the time in objects comes from.
    pub clock: Arc<dyn Clock>,
    /// How long things take.
    pub timing: Timing,
    /// How many changes of each resource watchers can catch up on; beyond, they are told to start anew.
    pub watch_history: usize,
}

impl Config {
    /// A sandbox in memory, on any port, without faults.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self {
            data_dir: None,
            port: 0,
            faults: Faults::none(),
            clock,
            timing: Timing::default(),
            watch_history: 1000,
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("data_dir", &self.data_dir)
            .field("port", &self.port)
            .field("timing", &self.timing)
            .field("watch_history", &self.watch_history)
            .finish_non_exhaustive()
    }
}

/// How long the simulated node takes for things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From a Pod's creation to its being on a node.
    pub schedule: Duration,
    /// From there to its containers running and ready.
    pub start: Duration,
    /// How long the containers of a Job run.
    pub run: Duration,
    /// The first pause before a failed container or image is tried again; it doubles each time, up to
    /// thirty times this.
    pub back_off: Duration,
    /// How long a Pod takes to end, at most its grace.
    pub terminate: Duration,
    /// How long events are kept.
    pub keep_events: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            schedule: Duration::from_millis(5),
            start: Duration::from_millis(100),
            run: Duration::from_millis(150),
            back_off: Duration::from_secs(10),
            terminate: Duration::from_millis(50),
            keep_events: Duration::from_secs(3600),
        }
    }
}
