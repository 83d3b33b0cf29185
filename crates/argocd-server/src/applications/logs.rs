//! What the Pods of an application say.
//!
//! Source of the rules: Argo CD 3.6, `server/application/application.go` (`PodLogs`) and `logs.go`.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::clock::{rfc3339, rfc3339_micro};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::validation::names::dns1123_subdomain;
use bytes::{Buf as _, Bytes, BytesMut};
use cluster::{ActAs, Deadline, Logs, Resource, Target};
use engine::ObjectRef;
use futures::stream::{BoxStream, select_all};
use futures::{Stream, StreamExt as _};
use insight::tree::Placed;
use jiff::Timestamp;
use value::Value;

use super::guard::{Messages, guarded};
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
const PASSED_ON: [&str; 5] = ["container", "previous", "sinceSeconds", "sinceTime", "tailLines"];

/// `GET /api/v1/applications/{name}/logs` and `…/pods/{podName}/logs`: lines with times and Pods; the last entry says
/// that it is the last.
pub(crate) async fn logs(
    control: Arc<ControlPlane>,
    ReadsLogs { caller, application }: ReadsLogs,
    request: Request,
) -> Result<Answer, ApiError> {
    let until = until(&request)?;
    let deployment = Deployment::of(&control, &application);
    let pods = pods(&deployment.tree, &request);
    if pods.len() > MAX_PODS {
        let message = "max pods to view logs are reached. Please provide more granular query";
        return Err(ApiError::invalid(message));
    }
    let file = (request.parameter("download") == Some("true")).then(|| file_name(&request));
    if pods.is_empty() {
        return Ok(match file {
            Some(name) => Answer::File { name, lines: futures::stream::empty().boxed() },
            None => Answer::Stream(futures::stream::empty().boxed()),
        });
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
    let lines = lines.filter(move |line| std::future::ready(filter.takes(line))).boxed();
    let clock = control.clock.clone();
    let end = async move { end(&rfc3339_micro(clock.now())) };
    let entries = entries_until(lines, until).chain(futures::stream::once(end));
    let check = move || may_go_on(&control, &caller, &application);
    let entries = guarded(up_to_the_last(entries).map(Ok).boxed(), PERIOD, check);
    Ok(match file {
        Some(name) => Answer::File { name, lines: contents(entries).boxed() },
        None => Answer::Stream(entries),
    })
}

/// Lines that are later than this are not wanted.
///
/// # Errors
/// It is no time.
fn until(request: &Request) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = request.parameter("untilTime").filter(|text| !text.is_empty()) else { return Ok(None) };
    let time = text.parse().map(Some);
    time.map_err(|error| {
        let message = format!("invalid untilTime parameter value: {error}");
        ApiError::new(Code::Unknown, message)
    })
}

/// `<namespace>-<pod>-<container>.log`, where all of them are named as Kubernetes has it.
fn file_name(request: &Request) -> String {
    let parts = ["namespace", "podName", "container"].map(|name| request.parameter(name).unwrap_or_default());
    let is_named = |part: &&str| dns1123_subdomain(part).is_empty();
    if parts.iter().all(is_named) { format!("{}.log", parts.join("-")) } else { "log.log".to_owned() }
}

/// The entries of lines; the first that is later than `until` is the last entry.
fn entries_until(
    lines: BoxStream<'static, Line>,
    until: Option<Timestamp>,
) -> impl Stream<Item = Value> + Send {
    lines.map(move |line| {
        let is_late = until.is_some_and(|until| line.time.parse().is_ok_and(|time: Timestamp| time > until));
        line.entry(is_late)
    })
}

fn is_last(entry: &Value) -> bool {
    entry.get("last").and_then(Value::as_bool) == Some(true)
}

/// Entries up to the one that says that it is the last; nothing is waited for after it.
fn up_to_the_last(entries: impl Stream<Item = Value> + Send + 'static) -> impl Stream<Item = Value> + Send {
    futures::stream::unfold(Some(Box::pin(entries)), async |entries| {
        let mut entries = entries?;
        let entry = entries.next().await?;
        let rest = (!is_last(&entry)).then_some(entries);
        Some((entry, rest))
    })
}

/// The lines of entries, without the last, which is none.
fn contents(entries: Messages) -> impl Stream<Item = Bytes> + Send {
    entries.filter_map(|entry| {
        let line = match &entry {
            Ok(entry) if is_last(entry) => None,
            Ok(entry) => Some(entry.str_at(&["content"]).unwrap_or_default().to_owned()),
            Err(error) => Some(error.to_string()),
        };
        std::future::ready(line.map(|line| Bytes::from(line + "\n")))
    })
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
            Some((time, content)) if time.parse::<Timestamp>().is_ok() => {
                Self { content: content.to_owned(), time: time.to_owned(), pod: pod.to_owned() }
            }
            _ => Self { pod: pod.to_owned(), ..Self::plain(text.to_owned()) },
        }
    }

    fn entry(&self, is_last: bool) -> Value {
        let time = Some(self.time.as_str()).filter(|time| !time.is_empty());
        entry(&self.content, time, is_last, &self.pod)
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

/// A log that is read, and what of it has come and is no whole line yet.
struct Reading {
    logs: Logs,
    pod: String,
    buffer: BytesMut,
    /// So much of the buffer has no end of a line.
    searched: usize,
    is_over: bool,
}

impl Reading {
    /// The next line of what has come; the rest where no more comes.
    fn line(&mut self) -> Option<Line> {
        let end = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
        let end = end.map(|at| self.searched + at);
        let cut = match end {
            Some(end) => end,
            None if self.buffer.len() > MAX_LINE => MAX_LINE,
            None if self.is_over && !self.buffer.is_empty() => self.buffer.len(),
            None => {
                self.searched = self.buffer.len();
                return None;
            }
        };
        let line = self.buffer.split_to(cut);
        self.buffer.advance(usize::from(end.is_some()));
        self.searched = 0;
        Some(Line::of(String::from_utf8_lossy(&line).trim_end_matches('\r'), &self.pod))
    }
}

fn lines_of(logs: Logs, pod: String) -> impl Stream<Item = Line> {
    let reading = Reading { logs, pod, buffer: BytesMut::new(), searched: 0, is_over: false };
    futures::stream::unfold(reading, async |mut reading: Reading| {
        loop {
            if let Some(line) = reading.line() {
                return Some((line, reading));
            }
            if reading.is_over {
                return None;
            }
            match reading.logs.next().await {
                Some(Ok(part)) => reading.buffer.extend_from_slice(&part),
                Some(Err(error)) => {
                    let line = Line::plain(format!("the log of {} broke off: {error}", reading.pod));
                    reading.buffer.clear();
                    (reading.searched, reading.is_over) = (0, true);
                    return Some((line, reading));
                }
                None => reading.is_over = true,
            }
        }
    })
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
        futures::stream::iter(parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes())))).boxed()
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

    #[tokio::test]
    async fn a_line_that_never_ends_is_cut() {
        let part: &'static str = "x".repeat(MAX_LINE / 2 + 1).leak();
        let logs = futures::stream::iter([part, part, "\n"].map(|part| Ok(part.into()))).boxed();
        let lengths: Vec<usize> =
            lines_of(logs, "one".to_owned()).map(|line| line.content.len()).collect().await;
        assert_eq!(lengths, [MAX_LINE, 2]);
    }

    #[tokio::test]
    async fn what_is_later_than_wanted_ends_the_log() {
        let log = log(&["2026-01-01T00:00:01Z a\n2026-01-01T00:00:02Z b\n2026-01-01T00:00:03.5Z c\nlate\n"]);
        let until = "2026-01-01T00:00:02Z".parse().ok();
        let entries = up_to_the_last(entries_until(lines_of(log, "one".to_owned()).boxed(), until));
        let entries: Vec<Value> = entries.collect().await;
        let told: Vec<(&str, bool)> = entries
            .iter()
            .map(|entry| (entry.str_at(&["content"]).unwrap_or_default(), is_last(entry)))
            .collect();
        assert_eq!(told, [("a", false), ("b", false), ("c", true)]);
        let entries = futures::stream::iter(entries.into_iter().map(Ok)).boxed();
        assert_eq!(contents(entries).collect::<Vec<_>>().await, ["a\n", "b\n"]);
    }

    #[test]
    fn a_file_is_named_after_its_pod() {
        let name = |query: &str| {
            let query = Request::query_of(query);
            let headers = http::HeaderMap::new();
            file_name(&Request { variables: Vec::new(), query, headers, body: Bytes::new() })
        };
        assert_eq!(name("namespace=ns&podName=web&container=main"), "ns-web-main.log");
        assert_eq!(name("namespace=ns&podName=web"), "log.log");
        assert_eq!(name("namespace=ns&podName=a%22%0Ab&container=main"), "log.log");
    }
}
