//! `flamingo up` as a user meets it: what it says about good and bad input, and how it exits.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that cannot run here says so")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: default}\ndata: {a: first}\n";

/// A repository with the given files, committed.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    commit(folder.path(), files);
    folder
}

fn commit(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    git(folder, &["add", "--all"]);
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    git(folder, &[&identity[..], &["commit", "--quiet", "--allow-empty", "--message", "test"]].concat());
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git").args(arguments).current_dir(folder).status().expect("git is installed");
    assert!(status.success(), "git {arguments:?}");
}

fn flamingo(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flamingo"));
    command.arg("up").arg("--data-dir").arg(data_dir).args(arguments).env_remove("RUST_LOG");
    if !arguments.contains(&"--port") {
        command.args(["--port", "0"]);
    }
    command
}

/// Runs until the deployment is ready or `timeout` is over; gives the exit code and what was said.
fn once(arguments: &[&str], timeout: &str) -> (i32, String) {
    let data_dir = tempfile::tempdir().expect("a folder");
    let data = data_dir.path().join("data");
    let output =
        flamingo(&data, arguments).args(["--once", "--timeout", timeout]).output().expect("it starts");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn check_refusal(files: &[(&str, &str)], more: &[&str], expected: &[&str]) {
    let repository = repository(files);
    let from = repository.path().to_str().expect("UTF-8");
    let (code, said) = once(&[&["--from", from], more].concat(), "4s");
    assert_eq!(code, 1, "{said}");
    for text in expected {
        assert!(said.contains(text), "{text:?} is not in:\n{said}");
    }
}

#[test]
fn the_demo_becomes_ready() {
    let (code, said) = once(&[], "60s");
    assert_eq!(code, 0, "{said}");
    for text in ["simulated", "export KUBECONFIG=", "✓ Ready: main@sha1:"] {
        assert!(said.contains(text), "{text:?} is not in:\n{said}");
    }
}

#[test]
fn a_missing_path_is_named() {
    check_refusal(
        &[("app/one.yaml", CONFIG_MAP)],
        &["--path", "absent"],
        &["the path is not in the source", "stat /absent", "fix:   set --path to a directory"],
    );
}

#[test]
fn a_missing_branch_is_named() {
    check_refusal(
        &[("one.yaml", CONFIG_MAP)],
        &["--ref", "absent"],
        &["Application/argocd/", "unable to resolve 'absent' to a commit SHA", "set --ref to a branch"],
    );
}

#[test]
fn invalid_yaml_is_named_with_file_line_and_column() {
    check_refusal(
        &[("one.yaml", CONFIG_MAP), ("two.yaml", "kind: X\nmetadata:\n  a: b: c\n")],
        &[],
        &["nothing was changed", "(two.yaml:3:7)", "fix:"],
    );
}

#[test]
fn an_object_that_the_cluster_refuses_is_named() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: default}\nspec: {ports: [{port: 70000}]}\n";
    check_refusal(
        &[("one.yaml", CONFIG_MAP), ("service.yaml", service)],
        &[],
        &[
            "the cluster refused an object",
            "Service/default/s dry-run failed",
            "must be between 1 and 65535",
            "fix:",
        ],
    );
}

#[test]
fn an_unknown_kind_is_named() {
    let widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, namespace: default}\n";
    check_refusal(
        &[("widget.yaml", widget)],
        &[],
        &["no matches for kind \"Widget\" in version \"example.com/v1\"", "CustomResourceDefinition"],
    );
}

#[test]
fn an_object_without_namespace_is_named() {
    check_refusal(
        &[("one.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n")],
        &[],
        &["ConfigMap/one namespace not specified", "set --target-namespace"],
    );
}

#[test]
fn an_image_that_does_not_exist_is_explained() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: default}\nspec:\n  selector: \
                      {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: \
                      web, image: \"example.com/web:does-not-exist\"}]}\n";
    let repository = repository(&[("web.yaml", deployment)]);
    let from = repository.path().to_str().expect("UTF-8");
    let (code, said) = once(&["--from", from], "9s");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("example.com/web:does-not-exist"), "{said}");
    assert!(said.contains("cannot be pulled"), "{said}");
}

#[test]
fn once_ends_as_soon_as_it_certainly_does_not_become_ready() {
    let repository = repository(&[("one.yaml", CONFIG_MAP)]);
    let from = repository.path().to_str().expect("UTF-8");
    let started = std::time::Instant::now();
    let (code, said) = once(&["--from", from, "--ref", "absent"], "10m");
    assert_eq!(code, 1, "{said}");
    assert!(started.elapsed() < std::time::Duration::from_secs(120), "{said}");
    assert!(said.contains("does not pass by itself, so --once ends here"), "{said}");
}

#[test]
fn what_an_earlier_run_found_is_no_news() {
    let repository = repository(&[("one.yaml", CONFIG_MAP)]);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let run = |more: &[&str], code: i32| {
        let from = ["--from", repository.path().to_str().expect("UTF-8"), "--once", "--timeout", "60s"];
        let output = flamingo(&data, &[&from, more].concat()).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        said
    };
    assert!(run(&["--ref", "absent"], 1).contains("unable to resolve 'absent'"));
    let said = run(&["--path", "nowhere"], 1);
    assert!(!said.contains("absent") && said.contains("stat /nowhere"), "{said}");
    let said = run(&["--path", "elsewhere"], 1);
    assert!(!said.contains("nowhere") && said.contains("stat /elsewhere"), "{said}");
    let said = run(&[], 0);
    assert!(!said.contains('✗'), "{said}");
}

#[test]
fn a_bad_repository_is_refused_before_anything_is_started_or_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let output = flamingo(&data, &["--from", "/no/such/folder", "--fresh"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("/no/such/folder cannot be opened") && !said.contains("simulated"), "{said}");
    assert!(!data.exists());
}

#[test]
fn a_relative_data_folder_is_told_as_it_can_be_used_everywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let output =
        flamingo(Path::new("data"), &["--once", "--timeout", "60s"]).current_dir(folder.path()).output();
    let said = String::from_utf8_lossy(&output.expect("it starts").stderr).into_owned();
    let folder = folder.path().canonicalize().expect("a path");
    assert!(said.contains(&format!("KUBECONFIG={}", folder.join("data/kubeconfig").display())), "{said}");
}

#[test]
fn an_unreachable_repository_is_named() {
    let (code, said) = once(&["--from", "http://127.0.0.1:9/app.git", "--ref", "main"], "4s");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the repository cannot be reached"), "{said}");
    assert!(said.contains("connection refused"), "{said}");
}

/// Answers every request with a page.
fn page_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            if read > 0 {
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<html>Hi</html>";
                drop(stream.write_all(answer.as_bytes()));
            }
        }
    });
    format!("http://{address}/page.git")
}

#[test]
fn a_page_instead_of_a_repository_is_noticed() {
    let (code, said) = once(&["--from", &page_server(), "--ref", "main"], "4s");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("GitRepository/flux-system/page"), "{said}");
    assert!(said.contains("fix:"), "{said}");
}

#[test]
fn credentials_in_the_url_are_refused_and_not_repeated() {
    let (code, said) = once(&["--from", "https://user:hunter2@example.com/app.git"], "4s");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("carries credentials"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_folder_without_commit_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "--quiet"]);
    let (code, said) = once(&["--from", folder.path().to_str().expect("UTF-8")], "4s");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no commit yet"), "{said}");
}

#[test]
fn a_taken_port_is_replaced_by_a_free_one() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (code, said) = once(&["--port", &port], "60s");
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains(&format!("runs at https://127.0.0.1:{port}.")), "{said}");
}

#[test]
fn the_same_failure_of_a_new_commit_is_said_again() {
    let broken = "kind: X\nmetadata:\n  a: b: c\n";
    let repository = repository(&[("one.yaml", CONFIG_MAP)]);
    let mut world = Running::start(&["--from", repository.path().to_str().expect("UTF-8")]);
    world.wait_for("✓ Ready");
    for name in ["two.yaml", "two.yaml"] {
        commit(repository.path(), &[(name, broken)]);
        world.wait_for("New commit");
        world.wait_for("(two.yaml:3:7)");
    }
}

#[test]
fn another_repository_takes_the_place_of_an_earlier_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let run = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).expect("a folder");
        git(&path, &["init", "--quiet", "--initial-branch=main"]);
        commit(&path, &[("one.yaml", &CONFIG_MAP.replace("one", name))]);
        let from = ["--from", path.to_str().expect("UTF-8"), "--once", "--timeout", "60s"];
        let output = flamingo(&data, &from).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    assert!(!run("first").contains("Removing"));
    assert!(run("second").contains("Removing first and its objects"));
}

/// Runs in a file system of so many kilobytes; says nothing where the system does not let us make one.
fn in_small_space(kilobytes: usize, arguments: &[&str]) -> Option<(i32, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let mount = format!(
        "mount -t tmpfs -o size={kilobytes}k tmpfs {0} && exec \"$@\" --data-dir {0}/data",
        folder.path().display()
    );
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount, "sh"])
        .args([env!("CARGO_BIN_EXE_flamingo"), "up", "--port", "0", "--once", "--timeout", "6s"])
        .args(arguments)
        .env_remove("RUST_LOG")
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !said.contains("simulated") {
        println!("skipped: no small file system can be mounted here: {said}");
        return None;
    }
    Some((output.status.code().unwrap_or(-1), said))
}

#[test]
fn no_space_for_the_cluster_is_named() {
    let many: Vec<(String, String)> =
        (0..300).map(|n| (format!("{n}.yaml"), CONFIG_MAP.replace("one", &format!("one-{n}")))).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|(name, text)| (&**name, &**text)).collect();
    let repository = repository(&files);
    let from = repository.path().to_str().expect("UTF-8");
    let Some((code, said)) = in_small_space(580, &["--from", from]) else { return };
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the simulated cluster cannot keep what is written"), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    assert!(said.contains("fix:   free some space"), "{said}");
}

#[test]
fn no_space_for_the_artifact_is_named() {
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(600_000)
    .collect();
    let repository = repository(&[("one.yaml", CONFIG_MAP)]);
    std::fs::write(repository.path().join("noise.bin"), noise).expect("a file");
    commit(repository.path(), &[]);
    let from = repository.path().to_str().expect("UTF-8");
    let Some((code, said)) = in_small_space(900, &["--from", from]) else { return };
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("GitRepository/flux-system/"), "{said}");
    assert!(said.contains("there is no space left for what is fetched"), "{said}");
    assert!(said.contains("fix:   free some space"), "{said}");
}

#[test]
fn a_damaged_data_folder_is_named_with_the_way_out() {
    let data_dir = tempfile::tempdir().expect("a folder");
    let data = data_dir.path().join("data");
    let run = |more: &[&str]| {
        flamingo(&data, more).args(["--once", "--timeout", "60s"]).output().expect("it starts")
    };
    assert!(run(&[]).status.success());
    let journal = largest_file(&data.join("cluster"));
    let mut bytes = std::fs::read(&journal).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&journal, bytes).expect("a damaged journal");
    let damaged = run(&[]);
    let said = String::from_utf8_lossy(&damaged.stderr).into_owned();
    assert_eq!(damaged.status.code(), Some(2), "{said}");
    assert!(said.contains("--fresh"), "{said}");
    assert!(run(&["--fresh"]).status.success());
}

fn largest_file(folder: &Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    let size =
        |path: &std::path::PathBuf| std::fs::metadata(path).map(|metadata| metadata.len()).unwrap_or(0);
    files.map(|entry| entry.path()).max_by_key(size).expect("a file")
}

#[test]
fn a_foreign_folder_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mine.txt"), "mine").expect("a file");
    let up = flamingo(folder.path(), &["--fresh", "--once"]).output().expect("it starts");
    assert_eq!(up.status.code(), Some(2));
    let down = Command::new(env!("CARGO_BIN_EXE_flamingo"))
        .args(["down", "--data-dir"])
        .arg(folder.path())
        .output()
        .expect("it starts");
    assert_eq!(down.status.code(), Some(2));
    assert!(folder.path().join("mine.txt").exists());
}

/// A running `flamingo up`, killed at the end of the test.
struct Running {
    child: Child,
    lines: Box<dyn Iterator<Item = String>>,
    _data_dir: Option<TempDir>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let data_dir = tempfile::tempdir().expect("a folder");
        let mut running = Self::start_in(&data_dir.path().join("data"), arguments);
        running._data_dir = Some(data_dir);
        running
    }

    fn start_in(data: &Path, arguments: &[&str]) -> Self {
        let mut child = flamingo(data, arguments).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        Self { child, lines: Box::new(lines), _data_dir: None }
    }

    /// Reads on to the next line that contains `text`.
    fn wait_for(&mut self, text: &str) {
        assert!(self.lines.any(|line| line.contains(text)), "it ended without {text:?}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_commit_is_deployed_while_it_runs_and_the_state_survives_a_kill() {
    let repository = repository(&[("one.yaml", CONFIG_MAP)]);
    let data_dir = tempfile::tempdir().expect("a folder");
    let data = data_dir.path().join("data");
    let from = repository.path().to_str().expect("UTF-8").to_owned();
    let mut running = Running::start_in(&data, &["--from", &from]);
    running.wait_for("✓ Ready");
    commit(repository.path(), &[("two.yaml", &CONFIG_MAP.replace("one", "two"))]);
    running.wait_for("New commit");
    running.wait_for("✓ Ready");
    drop(running);
    let again =
        flamingo(&data, &["--from", &from, "--once", "--timeout", "60s"]).output().expect("it starts");
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
}
