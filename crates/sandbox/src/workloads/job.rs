//! Jobs: Pods that are to end well so many times.

use std::time::Duration;

use apimachinery::object;
use jiff::Timestamp;
use value::{Map, Value};

use super::Outcome;
use super::client::{self, Builtins, MANAGER};
use super::events::{self, Event};
use super::owned::{self, is_active, is_ready, number};
use crate::api::Api;
use crate::status::Refusal;
use crate::store::Location;
use crate::verbs::delete::Propagation;

/// The first pause after a failed Pod; it doubles with each, up to six minutes.
const BACK_OFF: u64 = 10;
const LONGEST_BACK_OFF: u64 = 360;

/// What became of a Job's Pods.
struct Pods {
    all: Vec<Value>,
    active: i64,
    ready: i64,
    succeeded: i64,
    failed: i64,
    terminating: i64,
}

/// Why a Job ends.
struct End {
    success: bool,
    reason: &'static str,
    message: &'static str,
}

/// Makes or deletes Pods, and writes the status.
pub(super) fn reconcile(api: &Api, builtins: &Builtins, at: &Location) -> Outcome {
    let Some(job) = client::get(api, &builtins.jobs, at) else { return Ok(None) };
    if object::deletion_timestamp(&job).is_some() {
        return Ok(None);
    }
    if owned::has_condition(&job, "Complete") || owned::has_condition(&job, "Failed") {
        return expire(api, builtins, &job);
    }
    let now = api.timestamp();
    let pods = observe(api, builtins, &job)?;
    let suspended = object::is_suspended(&job);
    let end = end(&job, &pods, now);
    let mut again = None;
    if end.is_some() || suspended {
        delete_active(api, builtins, &job, &pods)?;
    } else {
        again = start_pods(api, builtins, &job, &pods)?;
    }
    let pods = observe(api, builtins, &job)?;
    let status = status(&job, &pods, (end.as_ref(), suspended), &api.now());
    owned::write_status(api, &builtins.jobs, &job, status)?;
    if let Some(end) = end.filter(|_| pods.active + pods.terminating == 0) {
        tell_end(api, builtins, &job, &end)?;
    }
    let deadline = until_deadline(&job, now);
    Ok([again, deadline].into_iter().flatten().min())
}

fn observe(api: &Api, builtins: &Builtins, job: &Value) -> Result<Pods, Refusal> {
    let all = owned::claim(api, &builtins.pods, job)?;
    let count = |test: &dyn Fn(&Value) -> bool| {
        i64::try_from(all.iter().filter(|pod| test(pod)).count()).unwrap_or(i64::MAX)
    };
    let phase = |pod: &Value, wanted: &str| pod.str_at(&["status", "phase"]) == Some(wanted);
    let going = |pod: &Value| object::deletion_timestamp(pod).is_some() && !owned::is_over(pod);
    Ok(Pods {
        active: count(&is_active),
        ready: count(&|pod| is_active(pod) && is_ready(pod)),
        succeeded: count(&|pod| phase(pod, "Succeeded")),
        // A Pod that is taken away before it ended has failed.
        failed: count(&|pod| phase(pod, "Failed")).max(number(job, &["status", "failed"])),
        terminating: count(&going),
        all,
    })
}

/// How many Pods must end well; without a number, one, and the others finish.
fn completions(job: &Value) -> Option<i64> {
    job.at(&["spec", "completions"]).and_then(Value::as_i64)
}

fn end(job: &Value, pods: &Pods, now: Timestamp) -> Option<End> {
    if let Some(known) = known_end(job) {
        return Some(known);
    }
    let limit = job.at(&["spec", "backoffLimit"]).and_then(Value::as_i64).unwrap_or(6);
    if pods.failed + restarts(job, pods) > limit {
        return Some(End {
            success: false,
            reason: "BackoffLimitExceeded",
            message: "Job has reached the specified backoff limit",
        });
    }
    if seconds_active(job, now).zip(deadline(job)).is_some_and(|(active, deadline)| active >= deadline) {
        return Some(DEADLINE_EXCEEDED);
    }
    let complete = match completions(job) {
        Some(wanted) => pods.succeeded >= wanted,
        None => pods.succeeded > 0 && pods.active == 0,
    };
    complete.then_some(COMPLETE)
}

const COMPLETE: End =
    End { success: true, reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
const DEADLINE_EXCEEDED: End = End {
    success: false,
    reason: "DeadlineExceeded",
    message: "Job was active longer than specified deadline",
};

/// The end that was decided before and waits for Pods to go.
fn known_end(job: &Value) -> Option<End> {
    if owned::has_condition(job, "SuccessCriteriaMet") {
        return Some(COMPLETE);
    }
    if !owned::has_condition(job, "FailureTarget") {
        return None;
    }
    let conditions = job.at(&["status", "conditions"])?.as_list()?;
    let target = conditions.iter().find(|one| one.str_at(&["type"]) == Some("FailureTarget"))?;
    Some(if target.str_at(&["reason"]) == Some("DeadlineExceeded") {
        DEADLINE_EXCEEDED
    } else {
        End {
            success: false,
            reason: "BackoffLimitExceeded",
            message: "Job has reached the specified backoff limit",
        }
    })
}

/// With `restartPolicy: OnFailure` a Pod tries again by itself.
fn restarts(job: &Value, pods: &Pods) -> i64 {
    if job.str_at(&["spec", "template", "spec", "restartPolicy"]) != Some("OnFailure") {
        return 0;
    }
    let statuses = pods.all.iter().filter(|pod| is_active(pod)).flat_map(|pod| {
        pod.at(&["status", "containerStatuses"]).and_then(Value::as_list).unwrap_or_default()
    });
    statuses.map(|status| number(status, &["restartCount"])).sum()
}

fn deadline(job: &Value) -> Option<i64> {
    job.at(&["spec", "activeDeadlineSeconds"])?.as_i64()
}

fn seconds_active(job: &Value, now: Timestamp) -> Option<i64> {
    let start: Timestamp = job.str_at(&["status", "startTime"])?.parse().ok()?;
    Some(now.duration_since(start).as_secs())
}

fn until_deadline(job: &Value, now: Timestamp) -> Option<Duration> {
    let left = deadline(job)? - seconds_active(job, now).unwrap_or(0);
    Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)).max(Duration::from_millis(200)))
}

/// Makes the Pods that are missing; after failures, when the pause is over.
fn start_pods(api: &Api, builtins: &Builtins, job: &Value, pods: &Pods) -> Result<Option<Duration>, Refusal> {
    let parallelism = job.at(&["spec", "parallelism"]).and_then(Value::as_i64).unwrap_or(1);
    let wanted = match completions(job) {
        Some(completions) => (completions - pods.succeeded).min(parallelism),
        None if pods.succeeded > 0 => pods.active,
        None => parallelism,
    };
    let missing = wanted - pods.active - pods.terminating;
    if missing <= 0 {
        return Ok(None);
    }
    if let Some(pause) = pause(pods, api.timestamp()) {
        return Ok(Some(pause));
    }
    let template = job.at(&["spec", "template"]).cloned().unwrap_or_default();
    for index in free_indices(job, pods).into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        let mut pod = owned::pod(job, &template, None);
        if let Some(index) = index {
            let text = index.to_string();
            pod.set_at(&["metadata", "labels", "batch.kubernetes.io/job-completion-index"], text.as_str());
            pod.set_at(&["metadata", "annotations", "batch.kubernetes.io/job-completion-index"], text);
            let name = object::name(job).unwrap_or_default();
            pod.set_at(&["metadata", "generateName"], format!("{name}-{index}-"));
        }
        let pod = client::create(api, &builtins.pods, pod, MANAGER)?;
        let message = format!("Created pod: {}", object::name(&pod).unwrap_or_default());
        tell(api, builtins, job, (false, "SuccessfulCreate", &message))?;
    }
    Ok(None)
}

/// The completion indices that are still to be done; without indices, as many nothings as needed.
fn free_indices(job: &Value, pods: &Pods) -> Vec<Option<i64>> {
    if job.str_at(&["spec", "completionMode"]) != Some("Indexed") {
        return vec![None; usize::try_from(number(job, &["spec", "parallelism"]).max(1)).unwrap_or(1)];
    }
    let index = |pod: &Value| {
        object::annotation(pod, "batch.kubernetes.io/job-completion-index")?.parse::<i64>().ok()
    };
    let taken: Vec<i64> = pods
        .all
        .iter()
        .filter(|pod| pod.str_at(&["status", "phase"]) != Some("Failed"))
        .filter_map(index)
        .collect();
    (0..completions(job).unwrap_or(1)).filter(|index| !taken.contains(index)).map(Some).collect()
}

fn pause(pods: &Pods, now: Timestamp) -> Option<Duration> {
    let failures = pods.all.iter().filter(|pod| pod.str_at(&["status", "phase"]) == Some("Failed"));
    let last: Timestamp = failures.filter_map(ended_at).max()?;
    let doublings = u32::try_from(pods.failed - 1).unwrap_or(0).min(6);
    let pause = Duration::from_secs((BACK_OFF << doublings).min(LONGEST_BACK_OFF));
    let passed = now.duration_since(last).unsigned_abs();
    pause.checked_sub(passed).filter(|left| !left.is_zero())
}

fn ended_at(pod: &Value) -> Option<Timestamp> {
    let statuses = pod.at(&["status", "containerStatuses"])?.as_list()?;
    let times = statuses.iter().filter_map(|status| status.str_at(&["state", "terminated", "finishedAt"]));
    times.filter_map(|text| text.parse().ok()).max()
}

fn delete_active(api: &Api, builtins: &Builtins, job: &Value, pods: &Pods) -> Result<(), Refusal> {
    for pod in pods.all.iter().filter(|pod| is_active(pod)) {
        client::delete(api, &builtins.pods, pod, Propagation::Background)?;
        let message = format!("Deleted pod: {}", object::name(pod).unwrap_or_default());
        tell(api, builtins, job, (false, "SuccessfulDelete", &message))?;
    }
    Ok(())
}

fn tell(
    api: &Api,
    builtins: &Builtins,
    job: &Value,
    (warning, reason, message): (bool, &str, &str),
) -> Result<(), Refusal> {
    let event = Event { warning, reason, message, component: "job-controller" };
    events::record(api, builtins, job, &event)
}

fn tell_end(api: &Api, builtins: &Builtins, job: &Value, end: &End) -> Result<(), Refusal> {
    if end.success {
        tell(api, builtins, job, (false, "Completed", "Job completed"))
    } else {
        tell(api, builtins, job, (true, end.reason, end.message))
    }
}

fn status(job: &Value, pods: &Pods, (end, suspended): (Option<&End>, bool), now: &str) -> Value {
    let mut status = Map::from_iter([
        ("ready", Value::from(pods.ready)),
        ("terminating", pods.terminating.into()),
        ("uncountedTerminatedPods", Value::map()),
    ]);
    let known_start = job.at(&["status", "startTime"]).cloned();
    if !suspended {
        status.insert("startTime", known_start.unwrap_or_else(|| now.into()));
    }
    // What an ended Job takes away has failed.
    let cut_off = end.filter(|end| !end.success).map_or(0, |_| pods.terminating);
    for (field, count) in
        [("active", pods.active), ("succeeded", pods.succeeded), ("failed", pods.failed + cut_off)]
    {
        if count > 0 {
            status.insert(field, count);
        }
    }
    if let Some(done) = indexed(job, pods) {
        status.insert("completedIndexes", done);
    }
    let mut conditions =
        job.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default().to_vec();
    if let Some(end) = end {
        let first = if end.success { "SuccessCriteriaMet" } else { "FailureTarget" };
        add(&mut conditions, first, end, now);
        if pods.active + pods.terminating == 0 {
            add(&mut conditions, if end.success { "Complete" } else { "Failed" }, end, now);
            if end.success {
                status.insert("completionTime", now);
            }
        }
    } else {
        set_suspended(&mut conditions, suspended, now);
    }
    if !conditions.is_empty() {
        status.insert("conditions", conditions);
    }
    status.into()
}

fn indexed(job: &Value, pods: &Pods) -> Option<String> {
    if job.str_at(&["spec", "completionMode"]) != Some("Indexed") {
        return None;
    }
    let mut done: Vec<i64> = pods
        .all
        .iter()
        .filter(|pod| pod.str_at(&["status", "phase"]) == Some("Succeeded"))
        .filter_map(|pod| object::annotation(pod, "batch.kubernetes.io/job-completion-index")?.parse().ok())
        .collect();
    done.sort_unstable();
    done.dedup();
    (!done.is_empty()).then(|| done.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
}

fn add(conditions: &mut Vec<Value>, r#type: &str, end: &End, now: &str) {
    push(conditions, (r#type, true), (end.reason, end.message), now);
}

fn push(
    conditions: &mut Vec<Value>,
    (r#type, holds): (&str, bool),
    (reason, message): (&str, &str),
    now: &str,
) {
    let status = if holds { "True" } else { "False" };
    let place = conditions.iter().position(|one| one.str_at(&["type"]) == Some(r#type));
    if place.is_some_and(|place| conditions[place].str_at(&["status"]) == Some(status)) {
        return;
    }
    let condition = Value::map_of([
        ("type", r#type),
        ("status", status),
        ("reason", reason),
        ("message", message),
        ("lastProbeTime", now),
        ("lastTransitionTime", now),
    ]);
    match place {
        Some(place) => conditions[place] = condition,
        None => conditions.push(condition),
    }
}

fn set_suspended(conditions: &mut Vec<Value>, suspended: bool, now: &str) {
    let known = conditions.iter().any(|one| one.str_at(&["type"]) == Some("Suspended"));
    if suspended {
        push(conditions, ("Suspended", true), ("JobSuspended", "Job suspended"), now);
    } else if known {
        push(conditions, ("Suspended", false), ("JobResumed", "Job resumed"), now);
    }
}

/// Deletes a Job that has ended when its time to live is over.
fn expire(api: &Api, builtins: &Builtins, job: &Value) -> Outcome {
    let Some(keep) = job.at(&["spec", "ttlSecondsAfterFinished"]).and_then(Value::as_i64) else {
        return Ok(None);
    };
    let conditions = job.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
    let end = conditions
        .iter()
        .filter(|one| matches!(one.str_at(&["type"]), Some("Complete" | "Failed")))
        .filter_map(|one| one.str_at(&["lastTransitionTime"])?.parse::<Timestamp>().ok())
        .max();
    let Some(end) = end else { return Ok(None) };
    let left = keep - api.timestamp().duration_since(end).as_secs();
    if left > 0 {
        return Ok(Some(Duration::from_secs(u64::try_from(left).unwrap_or(0))));
    }
    client::delete(api, &builtins.jobs, job, Propagation::Foreground)?;
    Ok(None)
}
