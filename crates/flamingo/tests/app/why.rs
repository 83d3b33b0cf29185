//! Failures as people meet them: `flamingo why` names cause and fix of each. They are in `tests/failures`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use value::Value;

use crate::world::World;

/// So long a failure may take to show.
const PATIENCE: Duration = Duration::from_secs(60);
/// Fewer were not found.
const LEAST: usize = 10;
const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n";

/// A way to fail.
struct Failure {
    name: String,
    folder: PathBuf,
    told: Value,
}

impl Failure {
    fn all() -> Vec<Self> {
        let entries =
            fs::read_dir(root()).expect("the failures").map(|entry| entry.expect("an entry").path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Self {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        Self { name, told: json(&folder.join("failure.json")), folder }
    }

    /// What `why` says of the cause, and of the fix.
    fn says(&self) -> [&str; 2] {
        ["cause", "fix"].map(|part| self.told.str_at(&[part]).expect("a part of a sentence"))
    }

    /// A manifest of it, where there is one.
    fn manifest(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }

    /// An automated Application of the path that is called as it is, in a namespace of that name.
    fn application(&self, url: &str) -> Value {
        let text = fs::read_to_string(root().join("application.json")).expect("the usual Application");
        let text = text.replace("$NAME", &self.name).replace("$URL", url);
        let mut application = value::from_json(text.as_bytes()).expect("JSON");
        let fields = self.told.get("application").and_then(Value::as_map);
        for (path, text) in fields.into_iter().flatten() {
            application.set_at(&path.split('.').collect::<Vec<_>>(), text.clone());
        }
        application
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/failures")
}

fn json(file: &Path) -> Value {
    value::from_json(&fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
        .expect("JSON")
}

/// An Application that is refused after it was deployed is no success, though its Flux objects are as before.
fn a_refusal_is_the_broken_link(world: &World, failure: &Failure, url: &str) {
    let mut refused = failure.application(url);
    refused.set_at(&["spec", "source", "kustomize", "commonLabels", "a"], "b");
    world.apply(&refused);
    until_said(
        world,
        "immutable",
        [
            "✗   application   spec.source.kustomize.commonLabels cannot be carried over",
            "labelWithoutSelector: true",
        ],
    );
    let (code, said) = world.run(&["why", "immutable", "-o", "name"]);
    assert_eq!((code, said.as_str()), (1, "application\n"));
    let (code, said) = world.run(&["app", "wait", "immutable", "--timeout", "60s"]);
    assert!(code == 1 && said.contains("does not get there by itself"), "{said}");
    world.apply(&failure.application(url));
    let (code, said) = world.run(&["app", "wait", "immutable", "--timeout", "60s"]);
    assert_eq!(code, 0, "{said}");
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(folder).status().expect("git is installed");
    assert!(status.success(), "git {arguments:?}");
}

/// Commits manifests: the folder of each, and its text.
fn commit(folder: &Path, manifests: &[(&str, String)]) {
    for (name, text) in manifests {
        fs::create_dir_all(folder.join(name)).expect("a folder");
        fs::write(folder.join(name).join("all.yaml"), text).expect("a file");
    }
    git(folder, &["add", "--all"]);
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    git(folder, &[&identity[..], &["commit", "--quiet", "--message", "test"]].concat());
}

/// Waits until `why` says all of `parts`.
fn until_said(world: &World, name: &str, parts: [&str; 2]) {
    let started = Instant::now();
    loop {
        let (code, said) = world.run(&["why", name]);
        if code == 1 && parts.iter().all(|part| said.contains(part)) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{name}: {parts:?} is not all in (exit code {code})\n{said}");
        world.pause();
    }
}

#[test]
fn why_names_cause_and_fix() {
    let failures = Failure::all();
    assert!(failures.len() >= LEAST, "{} in {}", failures.len(), root().display());
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    let mut manifests = vec![("demo", CONFIG_MAP.to_owned())];
    manifests
        .extend(failures.iter().filter_map(|failure| Some((&*failure.name, failure.manifest("all.yaml")?))));
    commit(folder.path(), &manifests);
    let from = folder.path().to_str().expect("UTF-8");
    let world = World::start(&["--from", from, "--path", "demo", "--target-namespace", "default"]);
    world.run(&["login", &world.api, "--password", &world.password()]);
    let (_, listed) = world.run(&["app", "list", "-o", "name"]);
    let demo = world.application(listed.trim()).unwrap_or_else(|| panic!("{from}: {listed}"));
    let url = demo.str_at(&["spec", "source", "repoURL"]).expect("a URL").to_owned();
    for failure in &failures {
        failure.manifest("project.json").into_iter().for_each(|text| {
            world.apply(&value::from_json(text.as_bytes()).expect("JSON"));
        });
        world.apply(&failure.application(&url));
    }
    let (later, at_once): (Vec<_>, Vec<_>) =
        failures.iter().partition(|failure| failure.manifest("then.yaml").is_some());
    for failure in at_once {
        until_said(&world, &failure.name, failure.says());
    }
    for failure in later {
        let (code, said) = world.run(&["app", "wait", &failure.name, "--timeout", "60s"]);
        assert_eq!(code, 0, "{said}");
        a_refusal_is_the_broken_link(&world, failure, &url);
        let then = failure.manifest("then.yaml").expect("a second manifest");
        // All sources of the repository that `up` serves are told of the commit.
        commit(folder.path(), &[(&failure.name, then)]);
        until_said(&world, &failure.name, failure.says());
    }
}
