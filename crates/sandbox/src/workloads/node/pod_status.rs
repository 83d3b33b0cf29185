//! The status of a Pod, from the states of its containers.

use apimachinery::object;
use value::{Map, Value};

/// The state of one container.
#[derive(Clone, Debug, Default)]
pub(super) struct ContainerState {
    /// `state` as it stands in the status.
    state: Value,
    /// How the container ended the last time.
    pub(super) last: Option<Value>,
    pub(super) restarts: i64,
}

impl ContainerState {
    pub(super) fn running(now: &str) -> Self {
        let running = Value::map_of([("startedAt", now)]);
        Self { state: Value::map_of([("running", running)]), ..Self::default() }
    }

    pub(super) fn waiting(reason: &str, message: impl Into<String>) -> Self {
        let waiting = Value::map_of([("reason", reason.to_owned()), ("message", message.into())]);
        Self { state: Value::map_of([("waiting", waiting)]), ..Self::default() }
    }

    pub(super) fn terminated(code: i64, now: &str) -> Self {
        Self { state: terminated(code, now), ..Self::default() }
    }

    pub(super) fn is_running(&self) -> bool {
        self.state.get("running").is_some()
    }

    pub(super) fn is_absent(&self) -> bool {
        self.state.is_null()
    }

    fn exit_code(&self) -> Option<i64> {
        self.state.at(&["terminated", "exitCode"])?.as_i64()
    }
}

/// The state of a container that has ended.
pub(super) fn terminated(code: i64, now: &str) -> Value {
    let fields = Map::from_iter([
        ("exitCode", Value::from(code)),
        ("reason", if code == 0 { "Completed" } else { "Error" }.into()),
        ("startedAt", now.into()),
        ("finishedAt", now.into()),
    ]);
    Value::map_of([("terminated", fields)])
}

/// The states as the status has them, one for each container of the specification.
pub(super) fn states(pod: &Value) -> Vec<ContainerState> {
    let known = pod.at(&["status", "containerStatuses"]).and_then(Value::as_list).unwrap_or_default();
    let containers = pod.at(&["spec", "containers"]).and_then(Value::as_list).unwrap_or_default();
    containers
        .iter()
        .map(|container| {
            let status = known.iter().find(|status| status.get("name") == container.get("name"));
            status.map(read).unwrap_or_default()
        })
        .collect()
}

fn read(status: &Value) -> ContainerState {
    let last = status.get("lastState").filter(|last| last.as_map().is_some_and(|map| !map.is_empty()));
    ContainerState {
        state: status.get("state").cloned().unwrap_or_default(),
        last: last.cloned(),
        restarts: status.get("restartCount").and_then(Value::as_i64).unwrap_or(0),
    }
}

/// The whole status. The address and what is not the node's to say stay as they are.
pub(super) fn compose(pod: &Value, states: &[ContainerState], address: Option<&str>, now: &str) -> Value {
    let mut status = pod.get("status").and_then(Value::as_map).cloned().unwrap_or_default();
    let containers = pod.at(&["spec", "containers"]).and_then(Value::as_list).unwrap_or_default();
    let uid = object::uid(pod).unwrap_or_default();
    let statuses: Vec<Value> = containers
        .iter()
        .zip(states)
        .map(|(container, state)| container_status(container, state, uid))
        .collect();
    let phase = phase(states);
    status.insert("containerStatuses", statuses);
    status.insert("phase", phase);
    status.insert("observedGeneration", object::generation(pod).unwrap_or(1));
    status.entry_or("startTime", || now.into());
    status.insert("hostIP", "127.0.0.1");
    status.insert("hostIPs", Value::list_of([Value::map_of([("ip", "127.0.0.1")])]));
    if let Some(address) = address {
        status.insert("podIP", address);
        status.insert("podIPs", Value::list_of([Value::map_of([("ip", address)])]));
    }
    let unready: Vec<&str> = containers
        .iter()
        .zip(states)
        .filter(|(_, state)| !state.is_running())
        .filter_map(|(container, _)| container.str_at(&["name"]))
        .collect();
    if let Some(init) = init_statuses(pod, uid, now) {
        status.insert("initContainerStatuses", init);
    }
    let conditions = conditions(pod, (phase, &unready), now);
    status.insert("conditions", conditions);
    status.into()
}

fn phase(states: &[ContainerState]) -> &'static str {
    let never_ran = |state: &ContainerState| state.state.get("waiting").is_some() && state.last.is_none();
    let codes: Vec<i64> = states.iter().filter_map(ContainerState::exit_code).collect();
    match () {
        () if !states.is_empty() && codes.len() == states.len() => {
            if codes.iter().all(|code| *code == 0) {
                "Succeeded"
            } else {
                "Failed"
            }
        }
        () if states.iter().any(never_ran) => "Pending",
        () => "Running",
    }
}

fn container_status(container: &Value, state: &ContainerState, uid: &str) -> Value {
    let text = |key: &str| Value::from(container.str_at(&[key]).unwrap_or_default());
    let mut status = Map::from_iter([
        ("name", text("name")),
        ("image", text("image")),
        ("imageID", "".into()),
        ("ready", state.is_running().into()),
        ("started", state.is_running().into()),
        ("restartCount", state.restarts.into()),
        ("state", state.state.clone()),
        ("lastState", state.last.clone().unwrap_or_else(Value::map)),
    ]);
    if state.state.get("waiting").is_none() {
        let name = container.str_at(&["name"]).unwrap_or_default();
        status.insert("containerID", format!("simulated://{uid}/{name}/{}", state.restarts));
    }
    status.into()
}

fn init_statuses(pod: &Value, uid: &str, now: &str) -> Option<Value> {
    let containers = pod.at(&["spec", "initContainers"])?.as_list()?;
    let known = pod.at(&["status", "initContainerStatuses"]);
    if let Some(known) =
        known.filter(|known| known.as_list().is_some_and(|list| list.len() == containers.len()))
    {
        return Some(known.clone());
    }
    let done = ContainerState::terminated(0, now);
    let statuses = containers.iter().map(|container| {
        let mut status = container_status(container, &done, uid);
        status.set_at(&["ready"], true);
        status
    });
    Some(Value::list_of(statuses))
}

/// The conditions that a kubelet sets, after those of others.
fn conditions(pod: &Value, (phase, unready): (&str, &[&str]), now: &str) -> Vec<Value> {
    let mut conditions =
        pod.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    let over = matches!(phase, "Succeeded" | "Failed");
    let why_not = match phase {
        _ if unready.is_empty() => None,
        "Succeeded" => Some(("PodCompleted", String::new())),
        "Failed" => Some(("PodFailed", String::new())),
        _ => Some(("ContainersNotReady", format!("containers with unready status: [{}]", unready.join(" ")))),
    };
    let initialized = if phase == "Succeeded" { Some("PodCompleted") } else { None };
    let generation = object::generation(pod).unwrap_or(1);
    let mut set = |r#type: &str, holds: bool, reason: Option<&str>, message: &str| {
        let place = conditions.iter().position(|one| one.str_at(&["type"]) == Some(r#type));
        let status = if holds { "True" } else { "False" };
        let old = place.map(|place| conditions[place].clone()).unwrap_or_default();
        let since = old.str_at(&["lastTransitionTime"]).filter(|_| old.str_at(&["status"]) == Some(status));
        let mut next = Map::from_iter([
            ("type", Value::from(r#type)),
            ("status", status.into()),
            ("lastProbeTime", Value::Null),
            ("lastTransitionTime", since.unwrap_or(now).into()),
            ("observedGeneration", generation.into()),
        ]);
        if let Some(reason) = reason {
            next.insert("reason", reason);
        }
        if !message.is_empty() {
            next.insert("message", message);
        }
        match place {
            Some(place) => conditions[place] = next.into(),
            None => conditions.push(next.into()),
        }
    };
    set("PodReadyToStartContainers", !over, None, "");
    set("Initialized", true, initialized, "");
    let (reason, message) =
        why_not.as_ref().map_or((None, ""), |(reason, message)| (Some(*reason), message.as_str()));
    set("Ready", unready.is_empty(), reason, message);
    set("ContainersReady", unready.is_empty(), reason, message);
    conditions
}
