//! What the Pods of an application say.
//!
//! Source of the rules: Argo CD 3.6, `server/application/application.go` (`PodLogs`) and `logs.go`.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::{rfc3339, rfc3339_micro};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use cluster::{ActAs, Deadline, Logs, Resource, Target};
use engine::ObjectRef;
use futures::stream::{BoxStream, select_all};
use futures::{Stream, StreamExt as _};
use insight::tree::Placed;
use value::Value;

use super::guard::guarded;
use super::tree::PERIOD;
use crate::answer::Answer;
use crate::authentication::Caller;
use crate::control_plane::ControlPlane;
use crate::deployment::Deployment;
use crate::error::{ApiError, Code};
use crate::permit::{ReadsLogs, require_logs, sees};
use crate::request::Request;
use crate::sessions::is_current;

/// Upstream's limit: more are nobody's question.
const MAX_PODS: usize = 10;
/// A line that is longer is cut.
const MAX_LINE: usize = 1024 * 1024;
/// The answer of a Pod has to begin in this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// Parameters that the cluster understands.
const PASSED_ON: [&str; 4] = ["container", "previous", "sinceSeconds", "tailLines"];

/// `GET /api/v1/applications/{name}/logs` and `…/pods/{podName}/logs`: lines with times and Pods; the last entry says
/// that it is the last.
pub(crate) async fn logs(
    control: Arc<ControlPlane>,
    ReadsLogs { caller, application }: ReadsLogs,
    request: Request,
) -> Result<Answer, ApiError> {
    for parameter in ["untilTime", "sinceTime", "download"] {
        if request.parameter(parameter).is_some_and(|text| !text.is_empty() && text != "false") {
            let message = format!("{parameter}: logs cannot be asked for with this parameter yet");
            return Err(ApiError::new(Code::Unimplemented, message));
        }
    }
    let deployment = Deployment::of(&control, &application);
    let pods = pods(&deployment.tree, &request);
    if pods.len() > MAX_PODS {
        let message = "max pods to view logs are reached. Please provide more granular query";
        return Err(ApiError::invalid(message));
    }
    if pods.is_empty() {
        return Ok(Answer::Stream(futures::stream::empty().boxed()));
    }
    let follow = request.switch("follow")? == Some(true);
    let filter = Filter::of(&request)?;
    let mut lines = Vec::new();
    for pod in pods {
        let name = pod.name.clone();
        lines.push(match open(&control, pod, &request, follow).await {
            Ok(logs) => lines_of(logs, name).boxed(),
            // As upstream, in the place of the log.
            Err(error) => futures::stream::iter([Line::plain(error.to_string())]).boxed(),
        });
    }
    let lines = if follow { select_all(lines).boxed() } else { by_time(lines).await };
    let entries = lines.filter(move |line| std::future::ready(filter.takes(line))).map(|line| line.entry());
    let clock = control.clock.clone();
    let end = async move { end(&rfc3339_micro(clock.now())) };
    let entries = entries.chain(futures::stream::once(end)).map(Ok).boxed();
    let check = move || may_go_on(&control, &caller, &application);
    Ok(Answer::Stream(guarded(entries, PERIOD, check)))
}

/// Whether what was permitted when the stream began still is.
fn may_go_on(control: &ControlPlane, caller: &Caller, application: &Value) -> Result<(), ApiError> {
    if !is_current(control, caller) {
        return Err(ApiError::new(Code::Unauthenticated, "the session has ended"));
    }
    let [namespace, name] =
        [object::namespace(application), object::name(application)].map(Option::unwrap_or_default);
    let now = control.applications.get(namespace, name);
    let now = now.filter(|now| sees(control, caller, now)).ok_or_else(ApiError::denied)?;
    require_logs(control, caller, &now)
}

/// The Pods that are asked for: one by name, or those below an object, or all.
fn pods<'a>(tree: &'a [Placed], request: &Request) -> Vec<&'a ObjectRef> {
    let given = |name: &'static str| request.parameter(name).filter(|text| !text.is_empty());
    let path = Some(request.variable("podName")).filter(|name| !name.is_empty());
    let name = path.or_else(|| given("podName"));
    let is_named = |of: &ObjectRef, name: Option<&str>| name.is_none_or(|name| of.name == name);
    let is_in = |of: &ObjectRef| given("namespace").is_none_or(|namespace| of.namespace == namespace);
    let is_pod = |of: &ObjectRef| of.group.is_empty() && of.kind == "Pod";
    let top = given("kind").filter(|kind| *kind != "Pod").map(|kind| {
        let is_top = |of: &ObjectRef| {
            of.kind == kind
                && is_in(of)
                && is_named(of, given("resourceName"))
                && given("group").is_none_or(|group| of.group == group)
        };
        let found = tree.iter().map(|placed| &placed.reference).filter(|of| is_top(of));
        below(tree, found.cloned().collect())
    });
    let name = name.or_else(|| given("resourceName").filter(|_| given("kind") == Some("Pod")));
    let of_tree = tree.iter().filter(|placed| placed.node.is_some()).map(|placed| &placed.reference);
    of_tree
        .filter(|of| is_pod(of) && is_in(of) && is_named(of, name))
        .filter(|of| top.as_ref().is_none_or(|top| top.contains(of)))
        .collect()
}

/// Objects and all that hangs from them; parents stand before their children.
fn below(tree: &[Placed], mut found: Vec<ObjectRef>) -> Vec<ObjectRef> {
    for placed in tree {
        if placed.parents.iter().any(|parent| found.contains(parent)) {
            found.push(placed.reference.clone());
        }
    }
    found
}

async fn open(
    control: &ControlPlane,
    pod: &ObjectRef,
    request: &Request,
    follow: bool,
) -> Result<Logs, cluster::Error> {
    let pods = Resource::new(GroupVersionKind::new("", "v1", "Pod"), "pods", true);
    let target = Target::new(&pods, &pod.namespace, &pod.name);
    let mut parameters = vec![("timestamps", "true")];
    parameters.extend(follow.then_some(("follow", "true")));
    for name in PASSED_ON {
        parameters.extend(request.parameter(name).map(|text| (name, text)));
    }
    let session = control.cluster.session(ActAs::Component, Deadline::after(PATIENCE));
    session.logs(&target, &parameters).await
}

/// A line of a log.
struct Line {
    content: String,
    /// As the cluster wrote it; empty for what is no line of a log.
    time: String,
    pod: String,
}

impl Line {
    fn plain(content: String) -> Self {
        Self { content, time: String::new(), pod: String::new() }
    }

    /// The time stands in front of the line.
    fn of(text: &str, pod: &str) -> Self {
        match text.split_once(' ') {
            Some((time, content)) if time.parse::<jiff::Timestamp>().is_ok() => {
                Self { content: content.to_owned(), time: time.to_owned(), pod: pod.to_owned() }
            }
            _ => Self { pod: pod.to_owned(), ..Self::plain(text.to_owned()) },
        }
    }

    fn entry(&self) -> Value {
        let time = Some(self.time.as_str()).filter(|time| !time.is_empty());
        entry(&self.content, time, false, &self.pod)
    }
}

fn entry(content: &str, time: Option<&str>, is_last: bool, pod: &str) -> Value {
    // Kubernetes' own times are whole seconds.
    let second = time.and_then(|time| time.parse().ok()).map(rfc3339);
    Value::map_of([
        ("content", Value::from(content)),
        ("timeStamp", second.map_or(Value::Null, Value::from)),
        ("last", is_last.into()),
        ("timeStampStr", time.unwrap_or("0001-01-01T00:00:00Z").into()),
        ("podName", pod.into()),
    ])
}

fn end(now: &str) -> Value {
    entry("", Some(now), true, "")
}

fn lines_of(logs: Logs, pod: String) -> impl Stream<Item = Line> {
    let state = (logs, Vec::new(), pod, false);
    futures::stream::unfold(
        state,
        async |(mut logs, mut buffer, pod, mut is_over): (Logs, Vec<u8>, String, bool)| {
            loop {
                let end = buffer.iter().position(|byte| *byte == b'\n');
                let cut = end.or((buffer.len() > MAX_LINE).then_some(MAX_LINE));
                if let Some(cut) = cut.or((is_over && !buffer.is_empty()).then_some(buffer.len())) {
                    let rest = buffer.split_off((cut + usize::from(end.is_some())).min(buffer.len()));
                    let text = String::from_utf8_lossy(&buffer[..cut]).into_owned();
                    let line = Line::of(text.trim_end_matches('\r'), &pod);
                    return Some((line, (logs, rest, pod, is_over)));
                }
                if is_over {
                    return None;
                }
                match logs.next().await {
                    Some(Ok(part)) => buffer.extend_from_slice(&part),
                    Some(Err(error)) => {
                        let line = Line::plain(format!("the log of {pod} broke off: {error}"));
                        return Some((line, (logs, Vec::new(), pod, true)));
                    }
                    None => is_over = true,
                }
            }
        },
    )
}

/// The lines of several logs that end, in the order of their times.
async fn by_time(mut logs: Vec<BoxStream<'static, Line>>) -> BoxStream<'static, Line> {
    let mut heads = Vec::new();
    for log in &mut logs {
        heads.push(log.next().await);
    }
    futures::stream::unfold((logs, heads), async |(mut logs, mut heads)| {
        let times = heads.iter().enumerate().filter_map(|(at, head)| Some((&head.as_ref()?.time, at)));
        let (_, at) = times.min()?;
        let next = logs[at].next().await;
        let line = std::mem::replace(&mut heads[at], next)?;
        Some((line, (logs, heads)))
    })
    .boxed()
}

/// What lines have to contain, or, after `!`, must not.
struct Filter {
    text: String,
    is_inverted: bool,
    matches_case: bool,
}

impl Filter {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let given = request.parameter("filter").unwrap_or_default();
        let (text, is_inverted) = match given.strip_prefix('!') {
            Some(text) => (text, true),
            None => (given, false),
        };
        let matches_case = request.switch("matchCase")? == Some(true);
        let text = if matches_case { text.to_owned() } else { text.to_lowercase() };
        Ok(Self { text, is_inverted, matches_case })
    }

    fn takes(&self, line: &Line) -> bool {
        let has = match self.matches_case {
            _ if self.text.is_empty() => return true,
            true => line.content.contains(&self.text),
            false => line.content.to_lowercase().contains(&self.text),
        };
        has != self.is_inverted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(parts: &'static [&'static str]) -> Logs {
        futures::stream::iter(parts.iter().map(|part| Ok(bytes::Bytes::from_static(part.as_bytes())))).boxed()
    }

    #[test]
    fn an_entry_has_the_second_and_the_exact_time() {
        let rows = [
            (
                Some("2026-01-01T00:00:01.987654321Z"),
                r#""2026-01-01T00:00:01Z""#,
                "2026-01-01T00:00:01.987654321Z",
            ),
            (None, "null", "0001-01-01T00:00:00Z"),
        ];
        for (time, second, exact) in rows {
            let entry = entry("a", time, false, "web");
            assert_eq!(entry.get("timeStamp").map(value::to_json).as_deref(), Some(second));
            assert_eq!(entry.str_at(&["timeStampStr"]), Some(exact));
        }
    }

    #[tokio::test]
    async fn lines_come_in_the_order_of_their_times() {
        let one = log(&["2026-01-01T00:00:01Z a", "b\n2026-01-01T00:00:03Z c\r\n2026-01-01T00:00:04Z end"]);
        let two = log(&["2026-01-01T00:00:02Z x\nno time\n"]);
        let logs = vec![lines_of(one, "one".to_owned()).boxed(), lines_of(two, "two".to_owned()).boxed()];
        let lines: Vec<String> =
            by_time(logs).await.map(|line| format!("{} {}", line.pod, line.content)).collect().await;
        assert_eq!(lines, ["one ab", "two x", "two no time", "one c", "one end"]);
    }
}
