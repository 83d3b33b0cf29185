//! `GET /api/badge`: health and sync status as a picture, for pages about a repository.
//!
//! Source of the rules: Argo CD 3.6, `server/badge`, and recordings: what is asked for, the words, the colours and the
//! sizes. The drawing is ours.

use std::sync::Arc;

use http::StatusCode;
use value::Value;

use crate::answer::Answer;
use crate::control_plane::ControlPlane;
use crate::error::ApiError;
use crate::permit::{Anybody, project_of};
use crate::request::Request;

const GREEN: &str = "rgb(11, 97, 42)";
const ORANGE: &str = "rgb(189, 115, 0)";
const PURPLE: &str = "rgb(115, 31, 77)";
const RED: &str = "rgb(167, 46, 38)";
const GREY: &str = "rgb(41, 52, 61)";
const BLUE: &str = "rgb(16, 61, 102)";
/// Behind the name.
const TITLE: &str = "#29343D";

/// Pixels of the health, and of both together.
const HEALTH: usize = 77;
const BOTH: usize = 131;
/// With a revision that is cut, and with a whole one.
const WITH_REVISION: usize = 192;
const WITH_FULL_REVISION: usize = 400;
/// Digits of a revision that is cut.
const SHORT: usize = 7;
const PER_CHARACTER: usize = 6;
const ROW: usize = 20;
/// No page has room for more.
const MAX_WIDTH: usize = 10_000;

/// What a badge says.
#[derive(Debug, Default)]
struct Badge<'a> {
    title: &'a str,
    health: &'a str,
    sync: &'a str,
    revision: Option<&'a str>,
    width: Option<usize>,
}

/// `GET /api/badge`: of `name`, or of all of `project`s together. Only where `statusbadge.enabled` of `argocd-cm` says
/// so it tells anybody anything.
pub(crate) async fn badge(
    control: Arc<ControlPlane>,
    _: Anybody,
    request: Request,
) -> Result<Answer, ApiError> {
    let unknown = Badge { health: "Unknown", sync: "Unknown", ..Badge::default() };
    if control.config().get("statusbadge.enabled").is_none_or(|text| text != "true") {
        return Ok(Answer::Picture(unknown.draw()));
    }
    let namespace = request.parameter("namespace").unwrap_or(&control.namespace);
    let name = request.parameter("name");
    let is_named = |text: &str| apimachinery::validation::names::dns1123_subdomain(text).is_empty();
    let projects: Vec<&str> = request.parameters("project").collect();
    if !is_named(namespace)
        || name.is_some_and(|name| !is_named(name))
        || projects.iter().any(|project| !project.is_empty() && !is_named(&project.to_lowercase()))
    {
        return Ok(Answer::Text(StatusCode::BAD_REQUEST, ""));
    }
    let found = name.map(|name| control.applications.get(namespace, name));
    if namespace != control.namespace || matches!(found, Some(None)) {
        let missing = Badge { health: "Not Found", ..Badge::default() };
        return Ok(Answer::Picture(missing.draw()));
    }
    let application = found.flatten();
    let is_on = |name| request.parameter(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let mut badge = application.as_ref().map_or(unknown, Badge::of);
    if !projects.is_empty() {
        let all = control.applications.select(|application| projects.contains(&project_of(application)));
        badge = badge.together(&all);
    }
    badge.title = if is_on("showAppName") { badge.title } else { "" };
    badge.revision = badge.revision.filter(|_| is_on("revision"));
    if !is_on("keepFullRevision") {
        badge.revision = badge.revision.map(|revision| revision.get(..SHORT).unwrap_or(revision));
    }
    badge.width = request.parameter("width").and_then(|text| text.parse().ok()).filter(|w| *w <= MAX_WIDTH);
    Ok(Answer::Picture(badge.draw()))
}

impl<'a> Badge<'a> {
    fn of(application: &'a Value) -> Self {
        let text = |path: &[&str]| application.str_at(path).unwrap_or_default();
        let revision = ["status", "operationState", "syncResult", "revision"];
        Self {
            title: text(&["metadata", "name"]),
            health: text(&["status", "health", "status"]),
            sync: text(&["status", "sync", "status"]),
            revision: Some(text(&revision)).filter(|revision| !revision.is_empty()),
            width: None,
        }
    }

    /// Of several Applications it says only whether all is well.
    fn together(mut self, all: &[Value]) -> Self {
        let says = |path: [&str; 3], word: &str| all.iter().all(|of| of.str_at(&path) == Some(word));
        if !all.is_empty() {
            let is_healthy = says(["status", "health", "status"], "Healthy") && self.health != "Degraded";
            let is_synced = says(["status", "sync", "status"], "Synced") && self.sync != "OutOfSync";
            self.health = if is_healthy { "Healthy" } else { "Degraded" };
            self.sync = if is_synced { "Synced" } else { "OutOfSync" };
        }
        self
    }

    fn draw(&self) -> String {
        let health = match self.health {
            "Healthy" => GREEN,
            "Degraded" => RED,
            "Progressing" => BLUE,
            "Missing" | "Unknown" | "Not Found" => PURPLE,
            _ => GREY,
        };
        let sync = match self.sync {
            "Synced" => GREEN,
            "OutOfSync" => ORANGE,
            "Unknown" | "" => PURPLE,
            _ => GREY,
        };
        let revision = self.revision.map(|revision| format!("({revision})"));
        let usual = match &self.revision {
            None => BOTH,
            Some(revision) if revision.len() <= SHORT => WITH_REVISION,
            Some(_) => WITH_FULL_REVISION,
        };
        let width = self.width.unwrap_or(usual).max(self.title.len() * PER_CHARACTER);
        let top = if self.title.is_empty() { 0 } else { ROW };
        let after = if revision.is_some() { BOTH } else { width };
        let mut parts = Vec::new();
        if !self.title.is_empty() {
            parts.push(part((0, 0, width), TITLE, self.title));
        }
        parts.push(part((0, top, HEALTH), health, self.health));
        parts.push(part((HEALTH, top, after.saturating_sub(HEALTH)), sync, self.sync));
        parts.extend(revision.map(|text| part((BOTH, top, width.saturating_sub(BOTH)), sync, &text)));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{}\" font-family=\"DejaVu Sans, \
             Verdana, sans-serif\" font-size=\"11\" text-anchor=\"middle\">{}</svg>\n",
            top + ROW,
            parts.concat()
        )
    }
}

/// A box with a text in its middle. The text may be anything: whoever may write an Application writes its status.
fn part((x, y, width): (usize, usize, usize), colour: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let (middle, line) = (x + width / 2, y + 14);
    format!(
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{ROW}\" fill=\"{colour}\"/><text x=\"{middle}\" y=\"{line}\" \
         fill=\"#fff\">{text}</text>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(health: &str, sync: &str) -> Value {
        let mut object = Value::map();
        object.set_at(&["status", "health", "status"], health);
        object.set_at(&["status", "sync", "status"], sync);
        object
    }

    #[test]
    fn several_applications_are_as_bad_as_the_worst() {
        let (good, bad) = (application("Healthy", "Synced"), application("Progressing", "OutOfSync"));
        let unknown = || Badge { health: "Unknown", sync: "Unknown", ..Badge::default() };
        let told = |all: &[Value]| {
            let badge = unknown().together(all);
            (badge.health, badge.sync)
        };
        assert_eq!(told(&[]), ("Unknown", "Unknown"));
        assert_eq!(told(&[good.clone(), good.clone()]), ("Healthy", "Synced"));
        assert_eq!(told(&[good, bad]), ("Degraded", "OutOfSync"));
    }

    #[test]
    fn a_badge_is_as_wide_as_it_is_asked_to_be() {
        let of = |revision, title, width| {
            let badge = Badge { title, health: "Healthy", sync: "Synced", revision, width };
            let svg = badge.draw();
            svg.split('"').skip_while(|part| !part.ends_with("width=")).nth(1).map(str::to_owned)
        };
        let rows = [
            (None, "", None, "131"),
            (Some("93af1b1"), "", None, "192"),
            (Some("93af1b1950244d1a28fea3fbf56ea8f7984309df"), "", None, "400"),
            (None, "", Some(60), "60"),
            (None, "a-name-that-needs-more-room-than-that", None, "222"),
        ];
        for (revision, title, width, expected) in rows {
            assert_eq!(
                of(revision, title, width).as_deref(),
                Some(expected),
                "{revision:?} {title} {width:?}"
            );
        }
    }

    #[test]
    fn what_a_status_says_stays_a_text() {
        let svg = Badge { health: "<script>&", ..Badge::default() }.draw();
        assert!(svg.contains("&lt;script>&amp;") && !svg.contains("<script"), "{svg}");
    }
}
