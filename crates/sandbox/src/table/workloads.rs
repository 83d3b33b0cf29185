//! Tables of Pods and what makes Pods.

use apimachinery::object;
use jiff::Timestamp;
use value::Value;

use super::age::{since, words};
use super::{
    Columns, Normal, Wide, age, containers, count, list, name, number, or_none, selector, text, text_at,
};

const TEMPLATE: &[&str] = &["spec", "template", "spec"];

pub(super) const KINDS: &[Columns] = &[
    Columns {
        kind: ("", "Pod"),
        columns: &[
            ("Name", "string", Normal),
            ("Ready", "string", Normal),
            ("Status", "string", Normal),
            ("Restarts", "string", Normal),
            ("Age", "string", Normal),
            ("IP", "string", Wide),
            ("Node", "string", Wide),
            ("Nominated Node", "string", Wide),
            ("Readiness Gates", "string", Wide),
        ],
        cells: pod,
    },
    Columns {
        kind: ("apps", "Deployment"),
        columns: &[
            ("Name", "string", Normal),
            ("Ready", "string", Normal),
            ("Up-to-date", "string", Normal),
            ("Available", "string", Normal),
            ("Age", "string", Normal),
            ("Containers", "string", Wide),
            ("Images", "string", Wide),
            ("Selector", "string", Wide),
        ],
        cells: deployment,
    },
    Columns { kind: ("apps", "ReplicaSet"), columns: REPLICAS, cells: replica_set },
    Columns { kind: ("", "ReplicationController"), columns: REPLICAS, cells: replica_set },
    Columns {
        kind: ("apps", "StatefulSet"),
        columns: &[
            ("Name", "string", Normal),
            ("Ready", "string", Normal),
            ("Age", "string", Normal),
            ("Containers", "string", Wide),
            ("Images", "string", Wide),
        ],
        cells: stateful_set,
    },
    Columns {
        kind: ("apps", "DaemonSet"),
        columns: &[
            ("Name", "string", Normal),
            ("Desired", "integer", Normal),
            ("Current", "integer", Normal),
            ("Ready", "integer", Normal),
            ("Up-to-date", "integer", Normal),
            ("Available", "integer", Normal),
            ("Node Selector", "string", Normal),
            ("Age", "string", Normal),
            ("Containers", "string", Wide),
            ("Images", "string", Wide),
            ("Selector", "string", Wide),
        ],
        cells: daemon_set,
    },
    Columns {
        kind: ("apps", "ControllerRevision"),
        columns: &[
            ("Name", "string", Normal),
            ("Controller", "string", Normal),
            ("Revision", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: controller_revision,
    },
    Columns {
        kind: ("batch", "Job"),
        columns: &[
            ("Name", "string", Normal),
            ("Status", "string", Normal),
            ("Completions", "string", Normal),
            ("Duration", "string", Normal),
            ("Age", "string", Normal),
            ("Containers", "string", Wide),
            ("Images", "string", Wide),
            ("Selector", "string", Wide),
        ],
        cells: job,
    },
    Columns {
        kind: ("batch", "CronJob"),
        columns: &[
            ("Name", "string", Normal),
            ("Schedule", "string", Normal),
            ("Timezone", "string", Normal),
            ("Suspend", "boolean", Normal),
            ("Active", "integer", Normal),
            ("Last Schedule", "string", Normal),
            ("Age", "string", Normal),
            ("Containers", "string", Wide),
            ("Images", "string", Wide),
            ("Selector", "string", Wide),
        ],
        cells: cron_job,
    },
    Columns {
        kind: ("autoscaling", "HorizontalPodAutoscaler"),
        columns: &[
            ("Name", "string", Normal),
            ("Reference", "string", Normal),
            ("Targets", "string", Normal),
            ("MinPods", "string", Normal),
            ("MaxPods", "string", Normal),
            ("Replicas", "string", Normal),
            ("Age", "string", Normal),
        ],
        cells: scaler,
    },
    Columns {
        kind: ("policy", "PodDisruptionBudget"),
        columns: &[
            ("Name", "string", Normal),
            ("Min Available", "string", Normal),
            ("Max Unavailable", "string", Normal),
            ("Allowed Disruptions", "integer", Normal),
            ("Age", "string", Normal),
        ],
        cells: disruption_budget,
    },
];

const REPLICAS: &[super::Heading] = &[
    ("Name", "string", Normal),
    ("Desired", "integer", Normal),
    ("Current", "integer", Normal),
    ("Ready", "integer", Normal),
    ("Age", "string", Normal),
    ("Containers", "string", Wide),
    ("Images", "string", Wide),
    ("Selector", "string", Wide),
];

fn pod(pod: &Value, now: Timestamp) -> Vec<Value> {
    let statuses = list(pod, &["status", "containerStatuses"]);
    let ready = statuses.iter().filter(|status| status.get("ready") == Some(&Value::Bool(true))).count();
    let restarts: i64 = statuses.iter().map(|status| number(status, &["restartCount"])).sum();
    let last_restart =
        statuses.iter().filter_map(|status| status.str_at(&["lastState", "terminated", "finishedAt"])).max();
    let restarts = match last_restart {
        Some(time) if restarts > 0 => format!("{restarts} ({} ago)", since(time, now)),
        _ => restarts.to_string(),
    };
    vec![
        name(pod),
        format!("{ready}/{}", count(pod, &["spec", "containers"])).into(),
        pod_status(pod).into(),
        restarts.into(),
        age(pod, now),
        or_none(text(pod, &["status", "podIP"])),
        or_none(text(pod, &["spec", "nodeName"])),
        or_none(text(pod, &["status", "nominatedNodeName"])),
        "<none>".into(),
    ]
}

/// The word that tells best how a Pod is: a container's trouble before the phase.
fn pod_status(pod: &Value) -> String {
    let mut status = text(pod, &["status", "phase"]).to_owned();
    if let Some(reason) = pod.str_at(&["status", "reason"]) {
        status = reason.to_owned();
    }
    let mut running = false;
    for container in list(pod, &["status", "containerStatuses"]).iter().rev() {
        let state = |path: &[&str]| text(container, path);
        let (waiting, terminated) =
            (state(&["state", "waiting", "reason"]), state(&["state", "terminated", "reason"]));
        if !waiting.is_empty() {
            waiting.clone_into(&mut status);
        } else if !terminated.is_empty() {
            terminated.clone_into(&mut status);
        } else if container.at(&["state", "terminated"]).is_some() {
            status = format!("ExitCode:{}", number(container, &["state", "terminated", "exitCode"]));
        } else if container.at(&["state", "running"]).is_some() {
            running = true;
        }
    }
    if status == "Completed" && running {
        status = "Running".to_owned();
    }
    if pod.at(&["metadata", "deletionTimestamp"]).is_some() {
        status = "Terminating".to_owned();
    }
    status
}

fn deployment(deployment: &Value, now: Timestamp) -> Vec<Value> {
    let ready = number(deployment, &["status", "readyReplicas"]);
    let [names, images] = containers(deployment.at(TEMPLATE));
    vec![
        name(deployment),
        format!("{ready}/{}", number(deployment, &["spec", "replicas"])).into(),
        number(deployment, &["status", "updatedReplicas"]).into(),
        number(deployment, &["status", "availableReplicas"]).into(),
        age(deployment, now),
        names,
        images,
        selector(deployment.at(&["spec", "selector"])),
    ]
}

fn replica_set(set: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(set.at(TEMPLATE));
    let selected = set.at(&["spec", "selector"]);
    let selected = match selected.and_then(|selected| selected.get("matchLabels")) {
        None if set.str_at(&["kind"]) == Some("ReplicationController") => {
            or_none(&super::labels_text(selected))
        }
        _ => selector(selected),
    };
    vec![
        name(set),
        number(set, &["spec", "replicas"]).into(),
        number(set, &["status", "replicas"]).into(),
        number(set, &["status", "readyReplicas"]).into(),
        age(set, now),
        names,
        images,
        selected,
    ]
}

fn stateful_set(set: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(set.at(TEMPLATE));
    let ready = number(set, &["status", "readyReplicas"]);
    let ready = format!("{ready}/{}", number(set, &["spec", "replicas"]));
    vec![name(set), ready.into(), age(set, now), names, images]
}

fn daemon_set(set: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(set.at(TEMPLATE));
    let nodes = super::labels_text(set.at(&["spec", "template", "spec", "nodeSelector"]));
    let status = |field: &str| Value::from(number(set, &["status", field]));
    vec![
        name(set),
        status("desiredNumberScheduled"),
        status("currentNumberScheduled"),
        status("numberReady"),
        status("updatedNumberScheduled"),
        status("numberAvailable"),
        or_none(&nodes),
        age(set, now),
        names,
        images,
        selector(set.at(&["spec", "selector"])),
    ]
}

fn controller_revision(revision: &Value, now: Timestamp) -> Vec<Value> {
    let owner = list(revision, &["metadata", "ownerReferences"]).first();
    let owner = owner.map(|owner| {
        let (group, _) = text(owner, &["apiVersion"]).split_once('/').unwrap_or_default();
        let kind = text(owner, &["kind"]).to_lowercase();
        let dot = if group.is_empty() { "" } else { "." };
        format!("{kind}{dot}{group}/{}", text(owner, &["name"]))
    });
    let number = number(revision, &["revision"]);
    vec![name(revision), or_none(&owner.unwrap_or_default()), number.into(), age(revision, now)]
}

fn job(job: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(job.at(TEMPLATE));
    let succeeded = number(job, &["status", "succeeded"]);
    let completions = match job.at(&["spec", "completions"]).and_then(Value::as_i64) {
        Some(completions) => format!("{succeeded}/{completions}"),
        None => match number(job, &["spec", "parallelism"]) {
            parallel if parallel > 1 => format!("{succeeded}/1 of {parallel}"),
            _ => format!("{succeeded}/1"),
        },
    };
    vec![
        name(job),
        job_status(job).into(),
        completions.into(),
        job_duration(job, now).into(),
        age(job, now),
        names,
        images,
        selector(job.at(&["spec", "selector"])),
    ]
}

fn job_status(job: &Value) -> &'static str {
    let conditions = job.at(&["status", "conditions"]).cloned().unwrap_or_default();
    let has = |r#type: &str| {
        apimachinery::condition::get(&conditions, r#type)
            .is_some_and(|condition| condition.status == apimachinery::condition::Status::True)
    };
    match () {
        () if has("Complete") => "Complete",
        () if has("Failed") => "Failed",
        () if job.at(&["metadata", "deletionTimestamp"]).is_some() => "Terminating",
        () if has("Suspended") => "Suspended",
        () if has("FailureTarget") => "FailureTarget",
        () if has("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn job_duration(job: &Value, now: Timestamp) -> String {
    let time = |field: &str| text(job, &["status", field]).parse::<Timestamp>().ok();
    match (time("startTime"), time("completionTime")) {
        (None, _) => String::new(),
        (Some(start), None) => words(now.duration_since(start).as_secs()),
        (Some(start), Some(end)) => words(end.duration_since(start).as_secs()),
    }
}

fn cron_job(job: &Value, now: Timestamp) -> Vec<Value> {
    let [names, images] = containers(job.at(&["spec", "jobTemplate", "spec", "template", "spec"]));
    let last = text(job, &["status", "lastScheduleTime"]);
    let last = if last.is_empty() { "<none>".to_owned() } else { since(last, now) };
    vec![
        name(job),
        text_at(job, &["spec", "schedule"]),
        or_none(text(job, &["spec", "timeZone"])),
        if object::is_suspended(job) { "True" } else { "False" }.into(),
        count(job, &["status", "active"]).into(),
        last.into(),
        age(job, now),
        names,
        images,
        "<none>".into(),
    ]
}

fn scaler(scaler: &Value, now: Timestamp) -> Vec<Value> {
    let target = |field: &str| text(scaler, &["spec", "scaleTargetRef", field]);
    let targets: Vec<String> = list(scaler, &["spec", "metrics"])
        .iter()
        .map(|metric| {
            let resource = text(metric, &["resource", "name"]);
            let wanted = &["resource", "target", "averageUtilization"];
            match metric.at(wanted).and_then(Value::as_i64) {
                Some(percent) => format!("{resource}: <unknown>/{percent}%"),
                None => "<unknown>".to_owned(),
            }
        })
        .collect();
    let least = scaler.at(&["spec", "minReplicas"]).and_then(Value::as_i64);
    vec![
        name(scaler),
        format!("{}/{}", target("kind"), target("name")).into(),
        or_none(&targets.join(", ")),
        least.map_or_else(|| "<unset>".into(), |least| least.to_string().into()),
        number(scaler, &["spec", "maxReplicas"]).into(),
        number(scaler, &["status", "currentReplicas"]).into(),
        age(scaler, now),
    ]
}

fn disruption_budget(budget: &Value, now: Timestamp) -> Vec<Value> {
    let bound = |field: &str| match budget.at(&["spec", field]) {
        None => "N/A".into(),
        Some(Value::String(text)) => Value::String(text.clone()),
        Some(other) => other.to_string().into(),
    };
    vec![
        name(budget),
        bound("minAvailable"),
        bound("maxUnavailable"),
        number(budget, &["status", "disruptionsAllowed"]).into(),
        age(budget, now),
    ]
}
