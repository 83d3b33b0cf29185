//! `flamingo kustomize` as people meet it: what it prints, says and writes.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "kustomize/commands.rs"]
mod commands;
#[path = "kustomize/ours.rs"]
mod ours;
#[path = "kustomize/remote.rs"]
mod remote;

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with files, given as path and text.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        write(&folder.path().join(name), text);
    }
    folder
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

fn flamingo(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flamingo"));
    command.arg("kustomize").args(arguments).current_dir(directory);
    command.env("KUBECONFIG", "/dev/null").env_remove("HELM_NAMESPACE").env_remove("RUST_LOG");
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(variable);
    }
    command
}

/// The exit code, what is printed and what is said.
fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    said(&flamingo(directory, arguments).output().expect("it starts"))
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// What is printed by a command that must succeed.
fn printed(directory: &Path, arguments: &[&str]) -> String {
    let (code, out, err) = run(directory, arguments);
    assert_eq!(code, 0, "{arguments:?}: {err}");
    out
}

/// What is said by a command that must fail, after `error: `.
fn refusal(directory: &Path, arguments: &[&str]) -> String {
    let (code, out, err) = run(directory, arguments);
    assert_eq!(code, 2, "{arguments:?} printed {out}");
    err.trim_start_matches("error: ").trim().to_owned()
}
