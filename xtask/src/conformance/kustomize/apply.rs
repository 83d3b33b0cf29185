//! What `flamingo kustomize build` prints is what `kubectl apply` takes: on the simulated cluster, twice, the second
//! time without a change of what is stored.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::Tools;
use crate::command::{output, root};
use crate::flamingo;

/// The overlays that are applied where none are named.
const OVERLAYS: [&str; 3] = ["shop/overlay", "settings", "workers"];

/// Applies overlays.
///
/// # Errors
/// The cluster cannot be started, or kubectl does not take what was built.
pub(super) fn run(tools: &Tools<'_>, overlays: &[PathBuf]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let up = flamingo::up(&tools.flamingo, folder.path(), None)?;
    up.line("✓ Ready", 0).context("the simulated cluster does not start")?;
    let kubeconfig = flamingo::kubeconfig(folder.path());
    let own: Vec<PathBuf> =
        OVERLAYS.iter().map(|name| root().join("tests/kustomize/apply").join(name)).collect();
    let overlays = if overlays.is_empty() { &own } else { overlays };
    let mut wrong = 0;
    for overlay in overlays {
        match apply(tools, overlay, &kubeconfig) {
            Ok(objects) => println!("applied {objects} objects of {}", overlay.display()),
            Err(error) => {
                println!("{}: {error:#}", overlay.display());
                wrong += 1;
            }
        }
    }
    drop(up);
    if wrong > 0 {
        bail!("{wrong} overlays cannot be applied");
    }
    Ok(())
}

fn apply(tools: &Tools<'_>, overlay: &Path, kubeconfig: &Path) -> Result<usize> {
    let built = output(Command::new(&tools.flamingo).args(["kustomize", "build", "--offline"]).arg(overlay))?;
    let first = kubectl(tools, kubeconfig, &["apply", "-f", "-"], &built)?;
    let before = versions(tools, kubeconfig, &built)?;
    let second = kubectl(tools, kubeconfig, &["apply", "-f", "-"], &built)?;
    let after = versions(tools, kubeconfig, &built)?;
    // kubectl says `configured` whenever it sends a patch, and it sends one each time where the server completes the
    // items of a list that is replaced as a whole, such as the protocol of a NetworkPolicy's ports.
    let objects = first.lines().count();
    ensure!(objects > 0, "nothing is applied");
    if let Some(line) = changed(objects, &second, (&before, &after))? {
        bail!("applied again, and it changes: {line}");
    }
    Ok(objects)
}

/// What `kubectl apply` says of the first object that it changed, by what it says of each and the versions of each
/// before and after.
///
/// # Errors
/// One of the texts does not have a line for each object.
fn changed<'a>(objects: usize, said: &'a str, (before, after): (&str, &str)) -> Result<Option<&'a str>> {
    for (what, text) in [("applied again", said), ("versions before", before), ("versions after", after)] {
        let lines = text.lines().count();
        ensure!(lines == objects, "{what}: {lines} lines for {objects} objects");
    }
    let mut each = said.lines().zip(before.lines().zip(after.lines()));
    let found = each.find(|(line, (before, after))| !line.ends_with(" unchanged") && before != after);
    Ok(found.map(|(line, _)| line))
}

/// The resource versions of what was built, one a line, in the order in which `kubectl apply` names the objects.
fn versions(tools: &Tools<'_>, kubeconfig: &Path, built: &str) -> Result<String> {
    let columns = "custom-columns=VERSION:.metadata.resourceVersion";
    kubectl(tools, kubeconfig, &["get", "-f", "-", "--no-headers", "-o", columns], built)
}

fn kubectl(tools: &Tools<'_>, kubeconfig: &Path, arguments: &[&str], input: &str) -> Result<String> {
    let mut command = Command::new(tools.oracles.tool("kubectl")?);
    command.args(arguments).env("KUBECONFIG", kubeconfig).env("HOME", kubeconfig.with_file_name("home"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let text = input.to_owned();
    // Written beside the reading, so that neither side waits for the other.
    let writing = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let done = child.wait_with_output()?;
    match writing.join() {
        Ok(written) => written?,
        Err(_) => bail!("the input could not be written"),
    }
    if !done.status.success() {
        bail!("kubectl {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(String::from_utf8(done.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::changed;

    #[test]
    fn a_change_is_seen_and_so_is_a_line_that_is_missing() {
        let said = "configmap/a unchanged\ndeployment.apps/b configured\n";
        assert_eq!(changed(2, said, ("1\n2\n", "1\n2\n")).expect("lines"), None);
        let found = changed(2, said, ("1\n2\n", "1\n3\n")).expect("lines");
        assert_eq!(found, Some("deployment.apps/b configured"));
        for (said, before, after) in
            [("", "", ""), (said, "", ""), (said, "1\n2\n", "1\n"), ("x\n", "1\n2\n", "1\n2\n")]
        {
            assert!(changed(2, said, (before, after)).is_err(), "{said:?} {before:?} {after:?}");
        }
    }
}
