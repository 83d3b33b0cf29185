//! The objects of `tests/recordings/argocd/*/*/health.json`.

use std::path::{Path, PathBuf};

use insight::health::{Health, HealthStatus, of_kind, together};
use jiff::Timestamp;
use value::Value;

use crate::parse;

/// Kinds that a script in `argocd-cm` judged; scripts are not run.
const BY_SCRIPT: &str = "Gauge";
/// Here the Application's health is older than the objects: those that it blames are not all that are as bad now.
const OUTDATED: [&str; 4] =
    ["health-job/01-running", "health-lb/01-pending", "health-workloads/01-synced", "kind-order/02-synced"];

#[test]
fn objects_are_what_argo_cd_said_they_are() {
    let (mut compared, mut wrong) = (0, Vec::new());
    for (step, recording) in recordings() {
        for entry in recording.get("objects").and_then(Value::as_list).expect("objects") {
            let live = entry.get("live").expect("an object");
            for place in ["node", "resource"] {
                let Some(recorded) = entry.get(place) else { continue };
                let ours = of_kind(live, Timestamp::UNIX_EPOCH);
                let ours = ours.map_or(Value::Null, |health| health.to_value());
                let is_foreign = live.str_at(&["kind"]) == Some(BY_SCRIPT);
                if is_same(recorded, &ours) == is_foreign {
                    wrong.push(format!("{step} {place}: {ours} and not {recorded}, of {live}"));
                }
                compared += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 100, "only {compared} were compared");
}

#[test]
fn applications_are_as_argo_cd_said() {
    let mut wrong = Vec::new();
    for (step, recording) in recordings() {
        let objects = recording.get("objects").and_then(Value::as_list).expect("objects");
        // Those alone that the application consists of, and with the health that was recorded.
        let parts = objects.iter().filter_map(|entry| {
            let recorded = entry.get("resource")?;
            let live = entry.get("live").expect("an object");
            let is_foreign = live.str_at(&["kind"]) == Some(BY_SCRIPT);
            let by_script = is_foreign.then(|| Health::new(status(recorded), ""));
            Some((live, by_script.or_else(|| of_kind(live, Timestamp::UNIX_EPOCH))?))
        });
        let (ours, recorded) = (together(parts).to_value(), recording.get("application").expect("a health"));
        let has_same_causes = causes(&ours) == causes(recorded);
        let is_outdated = OUTDATED.contains(&step.as_str());
        if ours.get("status") != recorded.get("status") || has_same_causes == is_outdated {
            wrong.push(format!("{step}: {ours} and not {recorded}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Equal; where Argo CD does not say why something is not healthy, it may be said.
fn is_same(recorded: &Value, ours: &Value) -> bool {
    let is_explained =
        recorded.get("message").is_none() && status(recorded) > HealthStatus::Healthy && !recorded.is_null();
    recorded == ours || (is_explained && recorded.get("status") == ours.get("status"))
}

fn status(health: &Value) -> HealthStatus {
    use HealthStatus::{Degraded, Healthy, Missing, Progressing, Suspended, Unknown};
    let word = health.str_at(&["status"]).unwrap_or_default();
    let all = [Healthy, Suspended, Progressing, Missing, Degraded];
    all.into_iter().find(|status| status.as_str() == word).unwrap_or(Unknown)
}

/// Whom a health blames; the order is that of the manifests.
fn causes(health: &Value) -> Vec<&str> {
    let message = health.str_at(&["message"]).unwrap_or_default();
    let mut causes: Vec<&str> = message.trim_start_matches("Caused by ").split(", ").collect();
    causes.sort_unstable();
    causes
}

/// All recordings, by `<scenario>/<step>`.
fn recordings() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings/argocd");
    let steps = entries(&folder).into_iter().flat_map(|scenario| entries(&scenario));
    let files: Vec<PathBuf> =
        steps.map(|step| step.join("health.json")).filter(|file| file.is_file()).collect();
    assert!(files.len() >= 17, "only {files:?}");
    let read = |file: &PathBuf| {
        let step = file.parent().and_then(|step| step.strip_prefix(&folder).ok()).expect("a step");
        (step.display().to_string(), parse(&std::fs::read_to_string(file).expect("a file")))
    };
    files.iter().map(read).collect()
}

/// The entries of a folder; none of what is no folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
