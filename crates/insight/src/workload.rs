//! What the status of workloads says.

use engine::ObjectRef;
use engine::health::{self, State};
use jiff::Timestamp;
use value::Value;

use crate::{Code, Finding};

/// The first container that cannot start, or a Pod that no node takes.
pub(crate) fn pod(object: &Value, reference: &ObjectRef) -> Option<Finding> {
    let finding = |code, sentence: String, evidence: &str, fix: &str| Finding {
        code,
        object: reference.clone(),
        sentence,
        evidence: evidence.to_owned(),
        fix: fix.to_owned(),
    };
    for status in ["initContainerStatuses", "containerStatuses"] {
        let containers = object.at(&["status", status]).and_then(Value::as_list).unwrap_or_default();
        for container in containers {
            let text = |path: &[&str]| container.str_at(path).unwrap_or_default();
            let (name, image) = (text(&["name"]), text(&["image"]));
            let message = text(&["state", "waiting", "message"]);
            match text(&["state", "waiting", "reason"]) {
                "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" => {
                    let sentence = format!("the image {image:?} of container {name} cannot be pulled");
                    let fix = "correct the image name or tag, push the image, or add an imagePullSecret";
                    return Some(finding(Code::ImagePull, sentence, message, fix));
                }
                "CrashLoopBackOff" => {
                    let sentence = format!("container {name} ends again and again");
                    let fix = "see its logs: kubectl logs --previous";
                    return Some(finding(Code::CrashLoop, sentence, message, fix));
                }
                _ => {}
            }
        }
    }
    let conditions = object.at(&["status", "conditions"])?;
    let scheduled = apimachinery::condition::get(conditions, "PodScheduled")?;
    (scheduled.reason == "Unschedulable").then(|| {
        let fix = "relax nodeSelector, affinity or resource requests, or add a node that fits";
        finding(Code::Unschedulable, "no node takes the Pod".to_owned(), &scheduled.message, fix)
    })
}

pub(crate) fn job(object: &Value, reference: &ObjectRef, now: Timestamp) -> Option<Finding> {
    let health = health::assess(object, now);
    (health.state == State::Failed).then(|| Finding {
        code: Code::JobFailed,
        object: reference.clone(),
        sentence: "the Job failed".to_owned(),
        evidence: health.message,
        fix: "see the logs of its Pods; a finished Job has to be deleted, or renamed, to run again"
            .to_owned(),
    })
}
