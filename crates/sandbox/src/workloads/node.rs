//! The one node, which runs nothing: it says of each Pod what a kubelet would say if its containers did
//! what their image and command promise.
//!
//! An image whose reference ends in `:does-not-exist` cannot be pulled. A container whose command is
//! `true`, `false` or `exit N` in a shell ends so. Other containers of Pods that are to end (with a
//! `restartPolicy` other than `Always`) end well after a moment; all others run.

use std::collections::HashMap;
use std::time::Duration;

use apimachinery::object;
use tokio::time::Instant;
use value::Value;

use super::Outcome;
use super::client::{self, Builtins};
use super::events::{self, Event};
use super::owned;
use crate::api::Api;
use crate::config::Timing;
use crate::status::Refusal;
use crate::store::Location;

mod fate;
mod pod_status;

use fate::Fate;
use pod_status::ContainerState;

const NAME: &str = "kubelet";
/// The longest pause between two tries, as a multiple of the first.
const LONGEST_BACK_OFF: u32 = 30;

/// What the node remembers of its Pods: how far each has come in this run.
pub(super) struct Node {
    pods: HashMap<Location, Progress>,
    addresses_given: u32,
}

struct Progress {
    uid: String,
    stage: Stage,
    since: Instant,
    /// How often the containers were started again.
    restarts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The images are pulled.
    Starting,
    /// An image could not be pulled, which is said once more in other words.
    PullFailed,
    /// The containers run until they end.
    Running,
    /// Containers that have ended are started again after a pause.
    BackingOff,
    /// Nothing more will happen by itself.
    Settled,
    /// The Pod was told to end.
    Ending,
}

impl Node {
    pub(super) fn new() -> Self {
        Self { pods: HashMap::new(), addresses_given: 0 }
    }

    /// Takes a Pod one step further.
    pub(super) fn reconcile(
        &mut self,
        api: &Api,
        builtins: &Builtins,
        timing: &Timing,
        at: &Location,
    ) -> Outcome {
        let Some(pod) = client::get(api, &builtins.pods, at) else {
            self.pods.remove(at);
            return Ok(None);
        };
        let Some(uid) = object::uid(&pod).filter(|_| pod.str_at(&["spec", "nodeName"]).is_some()) else {
            return Ok(None);
        };
        let fresh =
            || Progress { uid: uid.to_owned(), stage: first_stage(&pod), since: Instant::now(), restarts: 0 };
        let progress = self.pods.entry(at.clone()).or_insert_with(fresh);
        if progress.uid != uid {
            *progress = fresh();
        }
        if object::deletion_timestamp(&pod).is_some() && progress.stage != Stage::Ending {
            progress.go(Stage::Ending);
        }
        let wait = progress.wait(timing, &pod);
        let waited = progress.since.elapsed();
        if let Some(left) = wait.and_then(|wait| wait.checked_sub(waited)).filter(|left| !left.is_zero()) {
            return Ok(Some(left));
        }
        if wait.is_none() {
            return Ok(None);
        }
        let visit = Visit { api, builtins, pod };
        match progress.stage {
            Stage::Starting => {
                let address = self.free_address(&visit);
                let Some(progress) = self.pods.get_mut(at) else { return Ok(None) };
                visit.start(progress, &address)?;
            }
            Stage::PullFailed => visit.give_up_pulling(progress)?,
            Stage::Running | Stage::BackingOff => visit.end_containers(progress, timing)?,
            Stage::Ending => return visit.finish(),
            Stage::Settled => {}
        }
        let progress = self.pods.get(at);
        Ok(progress.and_then(|progress| progress.wait(timing, &visit.pod)))
    }

    fn free_address(&mut self, visit: &Visit<'_>) -> String {
        let transaction = visit.api.begin();
        let taken: Vec<&str> = transaction
            .stored(&visit.builtins.pods, None)
            .filter_map(|pod| pod.str_at(&["status", "podIP"]))
            .collect();
        loop {
            self.addresses_given = (self.addresses_given + 1) % 0xffff;
            let [_, _, high, low] = self.addresses_given.to_be_bytes();
            let address = format!("10.244.{high}.{low}");
            if !taken.contains(&address.as_str()) {
                return address;
            }
        }
    }
}

/// A Pod that was running before a restart of the sandbox goes on from there.
fn first_stage(pod: &Value) -> Stage {
    match pod.str_at(&["status", "phase"]) {
        Some("Succeeded" | "Failed") => Stage::Settled,
        Some("Running") if owned::is_ready(pod) && !fate::any_exits(pod) => Stage::Settled,
        Some("Running") => Stage::Running,
        _ => Stage::Starting,
    }
}

impl Progress {
    fn go(&mut self, stage: Stage) {
        self.stage = stage;
        self.since = Instant::now();
    }

    /// How long the stage lasts; `None` when it does not end by itself.
    fn wait(&self, timing: &Timing, pod: &Value) -> Option<Duration> {
        match self.stage {
            Stage::Starting => Some(timing.start),
            Stage::PullFailed => Some(timing.back_off / 10),
            Stage::Running => Some(timing.run),
            Stage::BackingOff => Some(back_off(timing, self.restarts)),
            Stage::Settled => None,
            Stage::Ending => {
                let grace = owned::number(pod, &["metadata", "deletionGracePeriodSeconds"]);
                Some(timing.terminate.min(Duration::from_secs(u64::try_from(grace).unwrap_or(0))))
            }
        }
    }
}

fn back_off(timing: &Timing, restarts: u32) -> Duration {
    let factor = 1_u32.checked_shl(restarts.saturating_sub(1)).unwrap_or(LONGEST_BACK_OFF);
    timing.back_off * factor.min(LONGEST_BACK_OFF)
}

/// One step of one Pod.
struct Visit<'a> {
    api: &'a Api,
    builtins: &'a Builtins,
    pod: Value,
}

impl Visit<'_> {
    fn tell(&self, warning: bool, reason: &str, message: &str) -> Result<(), Refusal> {
        let event = Event { warning, reason, message, component: NAME };
        events::record(self.api, self.builtins, &self.pod, &event)
    }

    fn write(&self, states: &[ContainerState], address: Option<&str>) -> Result<(), Refusal> {
        let status = pod_status::compose(&self.pod, states, address, &self.api.now());
        if self.pod.get("status") == Some(&status) {
            return Ok(());
        }
        let mut next = self.pod.clone();
        next.set_at(&["status"], status);
        client::update_status(self.api, &self.builtins.pods, next, NAME).map(|_| ())
    }

    fn start(&self, progress: &mut Progress, address: &str) -> Result<(), Refusal> {
        let now = self.api.now();
        let mut states = Vec::new();
        let mut next = Stage::Settled;
        for container in fate::containers(&self.pod) {
            let state = match container.fate {
                Fate::NoImage => {
                    self.tell(false, "Pulling", &format!("Pulling image \"{}\"", container.image))?;
                    let why = pull_error(container.image);
                    let message = format!("Failed to pull image \"{}\": {why}", container.image);
                    self.tell(true, "Failed", &message)?;
                    self.tell(true, "Failed", "Error: ErrImagePull")?;
                    next = Stage::PullFailed;
                    ContainerState::waiting("ErrImagePull", why)
                }
                fate => {
                    self.tell_started(container.name, container.image)?;
                    if fate != Fate::Runs && next == Stage::Settled {
                        next = Stage::Running;
                    }
                    match fate {
                        Fate::Exits { code, at_once: true } => ContainerState::terminated(code, &now),
                        _ => ContainerState::running(&now),
                    }
                }
            };
            states.push(state);
        }
        // What ends at once is never seen running.
        if fate::all_at_once(&self.pod) && next == Stage::Running {
            progress.go(Stage::Running);
            return self.end(progress, Some(address), None);
        }
        self.write(&states, Some(address))?;
        progress.go(next);
        Ok(())
    }

    fn tell_started(&self, name: &str, image: &str) -> Result<(), Refusal> {
        self.tell(false, "Pulled", &format!("Container image \"{image}\" already present on machine"))?;
        self.tell(false, "Created", &format!("Container created: {name}"))?;
        self.tell(false, "Started", &format!("Container started: {name}"))
    }

    fn give_up_pulling(&self, progress: &mut Progress) -> Result<(), Refusal> {
        let mut states = pod_status::states(&self.pod);
        for (state, container) in states.iter_mut().zip(fate::containers(&self.pod)) {
            if container.fate == Fate::NoImage {
                let image = container.image;
                self.tell(false, "BackOff", &format!("Back-off pulling image \"{image}\""))?;
                self.tell(true, "Failed", "Error: ImagePullBackOff")?;
                let message =
                    format!("Back-off pulling image \"{image}\": ErrImagePull: {}", pull_error(image));
                *state = ContainerState::waiting("ImagePullBackOff", message);
            }
        }
        self.write(&states, None)?;
        progress.go(Stage::Settled);
        Ok(())
    }

    fn end_containers(&self, progress: &mut Progress, timing: &Timing) -> Result<(), Refusal> {
        self.end(progress, None, Some(timing))
    }

    /// The containers that end have ended: for good, or to be started again.
    fn end(
        &self,
        progress: &mut Progress,
        address: Option<&str>,
        timing: Option<&Timing>,
    ) -> Result<(), Refusal> {
        let now = self.api.now();
        let policy = self.pod.str_at(&["spec", "restartPolicy"]).unwrap_or("Always").to_owned();
        let mut states = pod_status::states(&self.pod);
        let mut again = false;
        for (state, container) in states.iter_mut().zip(fate::containers(&self.pod)) {
            let Fate::Exits { code, .. } = container.fate else {
                if state.is_absent() {
                    *state = ContainerState::running(&now);
                }
                continue;
            };
            let restarts = match policy.as_str() {
                "Always" => true,
                "OnFailure" => code != 0,
                _ => false,
            };
            if restarts {
                again = true;
                let pause =
                    timing.map_or(Duration::from_secs(10), |timing| back_off(timing, progress.restarts + 1));
                *state = self.crash_loop(container.name, (code, pause), state.restarts + 1, &now);
                self.tell(
                    true,
                    "BackOff",
                    &format!(
                        "Back-off restarting failed container {} in pod {}",
                        container.name,
                        self.full_name()
                    ),
                )?;
            } else {
                *state = ContainerState::terminated(code, &now);
            }
        }
        self.write(&states, address)?;
        if again {
            progress.restarts += 1;
        }
        progress.go(if again { Stage::BackingOff } else { Stage::Settled });
        Ok(())
    }

    fn full_name(&self) -> String {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let (name, namespace) = (text(object::name(&self.pod)), text(object::namespace(&self.pod)));
        format!("{name}_{namespace}({})", text(object::uid(&self.pod)))
    }

    fn crash_loop(
        &self,
        name: &str,
        (code, pause): (i64, Duration),
        restarts: i64,
        now: &str,
    ) -> ContainerState {
        let pause = apimachinery::duration::format(pause);
        let message = format!("back-off {pause} restarting failed container={name} pod={}", self.full_name());
        let mut state = ContainerState::waiting("CrashLoopBackOff", message);
        state.last = Some(pod_status::terminated(code, now));
        state.restarts = restarts;
        state
    }

    fn finish(&self) -> Outcome {
        self.tell_killing()?;
        client::delete_now(self.api, &self.builtins.pods, &self.pod)?;
        Ok(None)
    }

    fn tell_killing(&self) -> Result<(), Refusal> {
        let running = pod_status::states(&self.pod);
        for (state, container) in running.iter().zip(fate::containers(&self.pod)) {
            if state.is_running() {
                self.tell(false, "Killing", &format!("Stopping container {}", container.name))?;
            }
        }
        Ok(())
    }
}

fn pull_error(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found"
    )
}
