//! What source-controller reported in the recordings is what the client finds and says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use source::archive;
use source::git::{self, Checkout, FetchOptions, GitError, Range, Reference, Remote};
use source::ignore::Ignore;
use tokio::time::Instant;

use crate::backend::{Behaviour, Server};
use crate::repository::Bare;

const PREFIX: &str = "failed to checkout and determine revision: ";

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[tokio::test]
async fn every_recorded_scenario_comes_out_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/git/recordings");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let scenario = entry.unwrap().path();
        if scenario.is_dir() {
            checked += Replay::start(scenario).await.run().await;
        }
    }
    assert!(checked > 45, "only {checked} states were compared");
}

/// One scenario on a server of its own.
struct Replay {
    scenario: PathBuf,
    name: String,
    root: tempfile::TempDir,
    server: Server,
}

impl Replay {
    async fn start(scenario: PathBuf) -> Self {
        let root = tempfile::tempdir().unwrap();
        let server = Server::start(root.path(), Behaviour::Backend).await;
        let name = scenario.file_name().unwrap().to_str().unwrap().to_owned();
        Replay { scenario, name, root, server }
    }

    /// Replays all steps, and returns how many states were compared.
    async fn run(&self) -> usize {
        let text = std::fs::read_to_string(self.scenario.join("steps.json")).unwrap();
        let steps: Vec<Value> = serde_json::from_str(&text).unwrap();
        let mut checked = 0;
        let mut had_artifact = false;
        for (number, step) in steps.iter().enumerate() {
            for action in step["actions"].as_array().unwrap() {
                self.act(action).await;
            }
            self.outage(number + 1);
            for recorded in step["repositories"].as_array().unwrap() {
                if recorded["spec"]["suspend"] != true && recorded["spec"]["include"].is_null() {
                    self.compare(recorded, number + 1, had_artifact).await;
                    checked += 1;
                }
                had_artifact |= recorded["revision"].is_string();
            }
        }
        checked
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.root.path().join(&self.name).join(format!("{name}.git"))
    }

    async fn act(&self, action: &Value) {
        let name = action["repo"].as_str().unwrap();
        let path = self.repository(name);
        let words: Vec<&str> = action["do"].as_str().unwrap().split(' ').collect();
        match words.as_slice() {
            ["git", "init"] => {
                Bare::make(path).await;
            }
            ["commit"] => {
                let recorded = self.scenario.join("git").join(name);
                Bare::at(path).replay(&recorded, action["n"].as_u64().unwrap()).await;
            }
            ["git", arguments @ ..] => {
                Bare::at(path).run(arguments).await;
            }
            other => panic!("unknown action {other:?}"),
        }
    }

    /// In one scenario the repository disappears for one step, which no action says.
    fn outage(&self, step: usize) {
        if self.name == "git-server-down-after-success" {
            let (here, away) = (self.repository("app"), self.repository("away"));
            match step {
                2 => std::fs::rename(here, away).unwrap(),
                3 => std::fs::rename(away, here).unwrap(),
                _ => {}
            }
        }
    }

    async fn compare(&self, recorded: &Value, step: usize, had_artifact: bool) {
        let at = format!("{} step {step}", self.name);
        let spec = &recorded["spec"];
        let url = spec["url"].as_str().unwrap().replace("<git>", &self.server.address);
        let message = recorded["message"].as_str().unwrap().replace("<git>", &self.server.address);
        let reference = match reference(&spec["ref"]) {
            Ok(reference) => reference,
            Err(error) => {
                assert_eq!(message, format!("{PREFIX}semver parse error: {error}"), "{at}");
                return;
            }
        };
        let scratch = tempfile::tempdir().unwrap();
        let result = observe(&url, &reference, scratch.path(), had_artifact).await;
        match recorded["reason"].as_str().unwrap() {
            "Succeeded" => {
                let checkout = result.unwrap_or_else(|error| panic!("{at}: {}", error.upstream_text()));
                assert_eq!(Some(checkout.revision.as_str()), recorded["revision"].as_str(), "{at}");
                if let Some(expected) = recorded["archive"].as_array() {
                    assert_eq!(listing(&checkout, spec), *expected, "{at}");
                }
            }
            "EmptyGitRepository" => {
                assert_eq!(result.unwrap_err().upstream_text(), message, "{at}");
            }
            _ if !spec["sparseCheckout"].is_null() => {
                let error = sparse(&result.unwrap(), spec).unwrap_err();
                assert!(message.contains(&format!(": {error}: lstat ")), "{at}: {error}");
            }
            _ => assert_eq!(format!("{PREFIX}{}", result.unwrap_err().upstream_text()), message, "{at}"),
        }
    }
}

/// As the controller does it: with an artifact it lists first, and fetches only what changed.
async fn observe(
    url: &str,
    reference: &Reference,
    scratch: &Path,
    had_artifact: bool,
) -> Result<Checkout, GitError> {
    let remote = Remote::anonymous(git::parse_url(url)?);
    let resolved = match had_artifact {
        true => git::resolve(&remote, reference, deadline()).await?,
        false => None,
    };
    let checkout = git::fetch(&remote, reference, &FetchOptions::default(), scratch, deadline()).await?;
    if let Some(resolved) = resolved {
        assert_eq!(
            (resolved.revision, resolved.commit),
            (checkout.revision.clone(), checkout.commit.clone())
        );
    }
    Ok(checkout)
}

fn reference(spec: &Value) -> Result<Reference, git::RangeError> {
    let text = |field: &str| spec[field].as_str().map(str::to_owned);
    Ok(if let Some(sha) = text("commit") {
        Reference::Commit { sha, branch: text("branch") }
    } else if let Some(name) = text("name") {
        Reference::Name(name)
    } else if let Some(range) = text("semver") {
        Reference::Semver(Range::parse(&range)?)
    } else if let Some(tag) = text("tag") {
        Reference::Tag(tag)
    } else {
        Reference::Branch(text("branch").unwrap_or_else(|| "master".to_owned()))
    })
}

fn sparse(checkout: &Checkout, spec: &Value) -> Result<git::CommitTree, git::SparseError> {
    match spec["sparseCheckout"].as_array() {
        None => Ok(checkout.tree().clone()),
        Some(folders) => {
            let folders: Vec<String> = folders.iter().map(|f| f.as_str().unwrap().to_owned()).collect();
            checkout.tree().sparse(&folders)
        }
    }
}

/// The archive's entries in the form of the recordings.
fn listing(checkout: &Checkout, spec: &Value) -> Vec<Value> {
    let tree = sparse(checkout, spec).unwrap();
    let ignore = Ignore::of_tree(&tree, spec["ignore"].as_str()).unwrap();
    let mut packed = Vec::new();
    archive::pack(&tree, &ignore, &mut packed).unwrap();
    let mut again = Vec::new();
    archive::pack(&tree, &ignore, &mut again).unwrap();
    assert_eq!(packed, again);
    archive::unpack(packed.as_slice(), &archive::Limits::default()).unwrap();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
    let entries = tar.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        let kind = if header.entry_type().is_dir() { 'd' } else { '-' };
        let mode = header.mode().unwrap();
        let (uid, gid) = (header.uid().unwrap(), header.gid().unwrap());
        let (time, size) = (header.mtime().unwrap(), header.size().unwrap());
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        Value::from(format!("{kind} 0o{mode:o} {uid}:{gid} {time} {size} {path}"))
    });
    entries.collect()
}
