//! The page: building it, and its tests. Needs Node; the tests in a browser need one of the machine's.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;

use crate::command::{root, run};
use crate::flamingo;

/// The oldest Node that the tools of the page run on.
const NODE: (u32, u32) = (20, 19);
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// What the built page is made of.
const SOURCES: [&str; 6] =
    ["src", "public", "index.html", "vite.config.ts", "tsconfig.json", "package-lock.json"];

/// The folder of the page.
pub(crate) fn folder() -> PathBuf {
    root().join("ui")
}

/// Why there is no Node for the page, where there is none.
fn missing_node() -> Option<String> {
    let Ok(output) = Command::new("node").arg("--version").output() else {
        return Some(String::from("Node.js is not installed"));
    };
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = text.trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    let found = numbers.next().zip(numbers.next());
    let is_enough = found.is_some_and(|version| version >= NODE);
    (!is_enough).then(|| format!("Node.js {text} is older than {}.{}", NODE.0, NODE.1))
}

/// Where the browser of this machine is.
pub(crate) fn browser() -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one who runs the tests says which browser, and where tools are"
    )]
    let (named, path) = (env::var_os("CHROMIUM"), env::var_os("PATH"));
    named.map(PathBuf::from).or_else(|| {
        env::split_paths(&path?)
            .flat_map(|folder| BROWSERS.map(|name| folder.join(name)))
            .find(|candidate| candidate.is_file())
    })
}

/// Builds the page, as far as something changed.
///
/// # Errors
/// Node is missing, or the page does not build.
pub(crate) fn build() -> Result<()> {
    if let Some(reason) = missing_node() {
        anyhow::bail!("the page cannot be built: {reason}");
    }
    install()?;
    let built = modified(&folder().join("dist/page/index.html"));
    let newest = SOURCES.iter().map(|source| newest(&folder().join(source))).max().flatten();
    if built.is_some() && built >= newest {
        return Ok(());
    }
    npm(&["run", "--silent", "build", "--", "--logLevel", "warn"])
}

/// Builds the page where Node is there; says so where it is not.
///
/// # Errors
/// The page does not build.
pub(crate) fn build_if_possible() -> Result<()> {
    match missing_node() {
        Some(reason) => {
            println!("page: not built, since {reason}; the binary goes without it");
            Ok(())
        }
        None => build(),
    }
}

/// Types, style, texts, units, size; and the journeys, where there is a browser.
///
/// # Errors
/// A test fails.
pub(crate) fn test() -> Result<()> {
    if let Some(reason) = missing_node() {
        println!("page: its tests are skipped, since {reason}");
        return Ok(());
    }
    build()?;
    for task in ["check", "test", "size"] {
        npm(&["run", "--silent", task])?;
    }
    match browser() {
        Some(browser) => {
            run(npm_command(&["run", "--silent", "journeys"]).env("CHROMIUM", &browser))?;
            // The binary is built after the page, so that it holds it.
            let binary = flamingo::build(false)?;
            let mut live = npm_command(&["run", "--silent", "live"]);
            run(live.env("CHROMIUM", browser).env("FLAMINGO", binary))
        }
        None => {
            println!(
                "page: its journeys are skipped, since none of {} is installed and CHROMIUM is not set",
                BROWSERS.join(", ")
            );
            Ok(())
        }
    }
}

/// Measures in a browser, and leaves the figures in `test-results/bench.json`.
///
/// # Errors
/// Something could not be measured.
pub(crate) fn bench(browser: &Path, binary: &Path) -> Result<()> {
    run(npm_command(&["run", "--silent", "bench"]).env("CHROMIUM", browser).env("FLAMINGO", binary))
}

/// Installs what the lock file names, unless that was done since it changed.
fn install() -> Result<()> {
    // npm writes this file last.
    let done = modified(&folder().join("node_modules/.package-lock.json"));
    if done.is_some() && done >= modified(&folder().join("package-lock.json")) {
        return Ok(());
    }
    npm(&["ci", "--no-fund", "--no-audit"])
}

fn npm(arguments: &[&str]) -> Result<()> {
    run(&mut npm_command(arguments))
}

fn npm_command(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    // A browser is never downloaded, whatever a package would like.
    command.args(arguments).current_dir(folder()).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    command
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// When the newest file below a path was written.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = modified(path);
    let Ok(entries) = fs::read_dir(path) else { return own };
    entries.flatten().map(|entry| newest(&entry.path())).max().flatten().max(own)
}
