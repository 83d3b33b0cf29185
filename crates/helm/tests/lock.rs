//! A lock file that helm 4.3.1 wrote (`helm dependency update`).

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up is to end there")]

use helm::lock::{LockState, ResolveError, Sources, digest, resolve};
use helm::repository::Index;
use helm::{Chart, File};

const CHART: &str = include_str!("lock/Chart.yaml");
const LOCK: &str = include_str!("lock/Chart.lock");

fn chart(files: &[(&str, &str)]) -> Chart {
    let file = |(name, text): &(&str, &str)| File {
        name: (*name).into(),
        data: text.as_bytes().into(),
        modified: None,
    };
    Chart::from_files(files.iter().map(file).collect(), &helm::Log::default()).unwrap()
}

struct Beside(&'static str, Index);

impl Sources for Beside {
    fn folder(&self, path: &str) -> Result<Chart, ResolveError> {
        if path != "../sub" {
            return Err(ResolveError::NoFolder(path.to_owned()));
        }
        Ok(chart(&[("Chart.yaml", &format!("apiVersion: v2\nname: sub\nversion: {}\n", self.0))]))
    }

    fn index(&self, url: &str) -> Option<&Index> {
        (url == "https://example.com").then_some(&self.1)
    }
}

#[test]
fn the_digest_is_helm_s() {
    let chart = chart(&[("Chart.yaml", CHART), ("Chart.lock", LOCK)]);
    assert_eq!(chart.lock_state(), Some(LockState::InSync));
    let lock = chart.lock.as_ref().unwrap();
    let declared = chart.metadata.dependencies.as_ref().unwrap();
    assert_eq!(digest(declared, &lock.dependencies), lock.digest);
    let changed = CHART.replace("<2", "<3");
    let changed = self::chart(&[("Chart.yaml", &changed), ("Chart.lock", LOCK)]);
    assert_eq!(changed.lock_state(), Some(LockState::OutOfSync));
    assert_eq!(self::chart(&[("Chart.yaml", CHART)]).lock_state(), Some(LockState::Missing));
}

#[test]
fn dependencies_beside_the_chart_are_resolved() {
    let chart = chart(&[("Chart.yaml", CHART), ("Chart.lock", LOCK)]);
    let declared = chart.metadata.dependencies.as_ref().unwrap();
    let now = "2026-01-02T03:04:05Z".parse().unwrap();
    let lock = resolve(declared, &Beside("1.2.3", Index::default()), now).unwrap();
    assert_eq!(lock.digest, chart.lock.as_ref().unwrap().digest);
    let error = resolve(declared, &Beside("2.0.0", Index::default()), now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "can't get a valid version for 2 subchart(s): \"sub\" (repository \"file://../sub\", version \">=1.0.0 <2\"), \"sub\" (repository \"file://../sub\", version \"^1\"). Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml"
    );
}

#[test]
fn dependencies_of_a_repository_are_resolved_by_its_index() {
    let text = "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n- {name: x, version: ~1.1, repository: 'https://example.com'}\n";
    let chart = chart(&[("Chart.yaml", text)]);
    let index = Index::parse(b"apiVersion: v1\nentries:\n  x:\n  - {name: x, version: 1.2.0, urls: [a]}\n  - {name: x, version: 1.1.7, urls: [b]}\n").unwrap();
    let declared = chart.metadata.dependencies.as_ref().unwrap();
    let lock = resolve(declared, &Beside("", index), jiff::Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(lock.dependencies[0].as_ref().unwrap().version, "1.1.7");
}
