//! Release records: those of helm 3 and helm 4 are read and written again by us, and ours are read by helm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use super::control_plane::ControlPlane;
use super::report::Report;
use crate::command::{cargo_command, output, root};
use crate::flamingo;
use crate::oracles::Oracles;

/// The releases that are made: the program, the name, and the commands.
const RELEASES: [(&str, &str, &[&[&str]]); 2] = [
    (
        "helm3",
        "three",
        &[&["install", "three", "CHART", "--set", "a=1"], &["upgrade", "three", "CHART", "--set", "a=2"]],
    ),
    (
        "helm",
        "four",
        &[
            &["install", "four", "CHART", "--set", "a=1", "--labels", "team=x"],
            &["upgrade", "four", "CHART", "--set", "a=2,b.c=1.5"],
            &["rollback", "four", "1"],
            &["uninstall", "four", "--keep-history"],
        ],
    ),
];

const CHART: [(&str, &str); 6] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.2.3\nappVersion: \"4\"\ndescription: A <chart> & more\n",
    ),
    ("values.yaml", "a: 0\nbig: 1000000\nfloat: 1.5\nlist: [1, x, null]\n"),
    ("values.schema.json", "{\"type\": \"object\"}\n"),
    ("README.md", "# App\n"),
    (
        "templates/cm.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  a: {{ .Values.a | quote }}\n",
    ),
    (
        "templates/hook.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-hook\n  annotations:\n    helm.sh/hook: post-upgrade,test\n    helm.sh/hook-weight: \"-5\"\n    helm.sh/hook-delete-policy: hook-failed\n",
    ),
];

/// Makes releases with real helm, has us rewrite their records, and asks helm about them.
pub(crate) fn run(oracles: &Oracles, remake: bool, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let world = World {
        plane: ControlPlane::start(oracles, &folder.path().join("plane"))?,
        oracles,
        folder: folder.path().to_owned(),
        record: record()?,
    };
    let chart = world.chart()?;
    for (program, name, commands) in RELEASES {
        for command in commands {
            let arguments: Vec<&str> =
                command.iter().map(|word| if *word == "CHART" { chart.as_str() } else { word }).collect();
            world.helm(program, &arguments)?;
        }
        let secrets = world.secrets(name)?;
        if remake {
            let golden = root().join(format!("crates/helm/tests/records/{program}.json"));
            fs::create_dir_all(golden.parent().context("a folder")?)?;
            fs::write(golden, format!("{}\n", serde_json::to_string(&secrets)?))?;
        }
        let before = world.told(program, name)?;
        world.rewrite(&secrets)?;
        let after = world.told(program, name)?;
        report.add(&format!("records/{program}"), &differences(&before, &after));
    }
    world.write(&output(Command::new(&world.record).args(["new", &chart, "ours", "default"]))?)?;
    let listed = world.helm("helm", &["list", "--filter", "ours", "-o", "json"])?;
    let manifest = world.helm("helm", &["get", "manifest", "ours"])?;
    let expected = world.helm("helm", &["template", "ours", &chart, "--no-hooks"])?;
    let mut problems = Vec::new();
    if !listed.contains("\"app-1.2.3\"") || !listed.contains("\"deployed\"") {
        problems.push(format!("helm lists our record as {listed}"));
    }
    if manifest.trim() != expected.trim() {
        problems.push(format!("helm shows as its manifest:\n{manifest}"));
    }
    for part in ["values", "hooks", "notes", "metadata"] {
        if let Err(error) = world.helm("helm", &["get", part, "ours"]) {
            problems.push(format!("{error:#}"));
        }
    }
    report.add("records/ours", &problems);
    Ok(())
}

/// The example of the `cli` crate that reads and makes records.
fn record() -> Result<PathBuf> {
    output(cargo_command().args(["build", "--quiet", "--package", "cli", "--example", "helm_record"]))?;
    Ok(flamingo::built(false)?.join("examples/helm_record"))
}

fn differences(before: &[String], after: &[String]) -> Vec<String> {
    let pairs = before.iter().zip(after).filter(|(before, after)| before != after);
    pairs.map(|(before, after)| format!("helm said:\n{before}\nand of our record:\n{after}")).collect()
}

struct World<'a> {
    plane: ControlPlane,
    oracles: &'a Oracles,
    folder: PathBuf,
    record: PathBuf,
}

impl World<'_> {
    fn chart(&self) -> Result<String> {
        let folder = self.folder.join("chart");
        for (path, text) in CHART {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
            fs::write(path, text)?;
        }
        Ok(folder.display().to_string())
    }

    fn helm(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.oracles.tool(program)?);
        command.args(arguments).env("KUBECONFIG", self.plane.kubeconfig()).env("HOME", &self.folder);
        for name in ["CACHE", "CONFIG", "DATA"] {
            command.env(format!("HELM_{name}_HOME"), self.folder.join(name));
        }
        output(&mut command)
    }

    fn kubectl(&self) -> Result<Command> {
        let mut command = Command::new(self.oracles.tool("kubectl")?);
        command.arg("--kubeconfig").arg(self.plane.kubeconfig());
        Ok(command)
    }

    /// The Secrets of a release as the API server has them, without what is different every time.
    fn secrets(&self, name: &str) -> Result<Vec<serde_json::Value>> {
        let selector = format!("owner=helm,name={name}");
        let list = output(self.kubectl()?.args(["get", "secrets", "-o", "json", "-l", &selector]))?;
        let mut list: serde_json::Value = serde_json::from_str(&list)?;
        let mut secrets = Vec::new();
        for mut secret in list["items"].take().as_array_mut().map(std::mem::take).unwrap_or_default() {
            if let Some(metadata) = secret["metadata"].as_object_mut() {
                metadata.retain(|key, _| ["name", "namespace", "labels"].contains(&key.as_str()));
            }
            secrets.push(secret);
        }
        Ok(secrets)
    }

    /// Replaces each Secret by what we make of it.
    fn rewrite(&self, secrets: &[serde_json::Value]) -> Result<()> {
        for secret in secrets {
            let mut ours = Command::new(&self.record)
                .arg("again")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .context("the example could not be started")?;
            let input = ours.stdin.take().context("no input")?;
            serde_json::to_writer(input, secret)?;
            let made = ours.wait_with_output()?;
            anyhow::ensure!(made.status.success(), "our example refuses a record");
            self.write(&String::from_utf8(made.stdout)?)?;
        }
        Ok(())
    }

    fn write(&self, secret: &str) -> Result<()> {
        let file = self.folder.join("secret.json");
        fs::write(&file, secret)?;
        let parsed: serde_json::Value = serde_json::from_str(secret)?;
        let name = parsed["metadata"]["name"].as_str().context("a name")?;
        output(self.kubectl()?.args(["delete", "secret", name, "--ignore-not-found"]))?;
        output(self.kubectl()?.args(["create", "-f"]).arg(&file))?;
        Ok(())
    }

    /// What helm tells about a release and its history.
    fn told(&self, program: &str, name: &str) -> Result<Vec<String>> {
        let mut told = vec![
            self.helm(program, &["list", "--all", "-o", "json"])
                .or_else(|_| self.helm(program, &["list", "-o", "json"]))?,
            self.helm(program, &["history", name, "-o", "json"])?,
        ];
        for revision in ["1", "2"] {
            for part in ["manifest", "hooks", "values", "notes"] {
                told.push(self.helm(program, &["get", part, name, "--revision", revision])?);
            }
        }
        Ok(told)
    }
}
