//! The real tools that ours are compared with, built from their Go modules into the user's cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command::{output, run};

/// A tool and the version that the comparisons were made with.
struct Tool {
    name: &'static str,
    version: &'static str,
    build: fn(&Path, &Path) -> Result<()>,
}

const KUBERNETES: &str = "1.36.3";
const KUBERNETES_STAGING: &str = "v0.36.3";
const KUBERNETES_TOOLS: [&str; 4] =
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"];

const TOOLS: [Tool; 8] = [
    Tool { name: "kustomize", version: "5.8.2", build: kustomize },
    Tool { name: "helm", version: "4.3.1", build: helm },
    Tool { name: "kubernetes", version: KUBERNETES, build: kubernetes },
    Tool { name: "etcd", version: "3.7.3", build: etcd },
    Tool { name: "kwok", version: "0.8.0", build: kwok },
    Tool { name: "flux", version: "2.9.5", build: flux },
    Tool { name: "flux-definitions", version: "2.9.5", build: flux_definitions },
    Tool { name: "helm3", version: "3.21.0", build: helm3 },
];

/// The folders of the built tools, to be put on the path.
pub(crate) struct Oracles {
    folders: Vec<PathBuf>,
}

impl Oracles {
    /// Builds what the cache does not hold yet.
    ///
    /// # Errors
    /// Go is missing, or a tool does not build.
    pub(crate) fn prepare() -> Result<Self> {
        Self::prepare_only(&[])
    }

    /// As [`Self::prepare`], for some tools only, or all where none is named.
    ///
    /// # Errors
    /// Go is missing, or a tool does not build.
    pub(crate) fn prepare_only(names: &[&str]) -> Result<Self> {
        let cache = cache()?;
        let mut folders = Vec::new();
        for tool in TOOLS.iter().filter(|tool| names.is_empty() || names.contains(&tool.name)) {
            let folder = cache.join(format!("{}-{}", tool.name, tool.version));
            let done = folder.join(".built");
            if !done.exists() {
                println!("building {} {} (once)", tool.name, tool.version);
                let bin = folder.join("bin");
                fs::create_dir_all(&bin)?;
                (tool.build)(&folder, &bin)
                    .with_context(|| format!("{} {} could not be built", tool.name, tool.version))?;
                fs::write(&done, "")?;
            }
            folders.push(folder.join("bin"));
        }
        Ok(Self { folders })
    }

    /// Says in which folders the tools are.
    pub(crate) fn print(&self) {
        for folder in &self.folders {
            println!("{}", folder.display());
        }
    }

    /// Builds a Go program of ours against the modules of a tool, and says where it is.
    ///
    /// # Errors
    /// There is no such tool, or the program does not build.
    pub(crate) fn program(&self, tool: &str, name: &str, source: &Path) -> Result<PathBuf> {
        let bin = self.tool(tool)?.parent().map(Path::to_owned).context("a tool is in a folder")?;
        let folder = bin.parent().context("the folder of binaries is in one")?;
        let program = bin.join(format!("ours-{name}"));
        // What the program uses of the tool's modules need not be what the tool itself uses of them.
        go(folder, &["build", "-mod=mod", "-o", text(&program)?, text(source)?])?;
        Ok(program)
    }

    /// The path of a tool.
    ///
    /// # Errors
    /// There is no such tool.
    pub(crate) fn tool(&self, name: &str) -> Result<PathBuf> {
        let found = self.folders.iter().map(|folder| folder.join(name)).find(|path| path.exists());
        found.with_context(|| format!("{name} was not built"))
    }
}

#[expect(clippy::disallowed_methods, reason = "the cache folder is the user's, and this is the edge")]
fn cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    Ok(base.or(home).context("neither XDG_CACHE_HOME nor HOME is set")?.join("flamingo/oracles"))
}

fn go(folder: &Path, arguments: &[&str]) -> Result<()> {
    run(Command::new("go").args(arguments).current_dir(folder).env("GOFLAGS", "-buildvcs=false"))
}

/// A module of its own in `folder`, so that the tool's own versions are used.
fn module(folder: &Path, name: &str) -> Result<()> {
    for file in ["go.mod", "go.sum"] {
        let path = folder.join(file);
        if path.exists() {
            fs::remove_file(path)?;
        }
    }
    go(folder, &["mod", "init", &format!("oracle.invalid/{name}")])
}

fn downloaded(folder: &Path, module: &str) -> Result<PathBuf> {
    let answer = output(Command::new("go").args(["mod", "download", "-json", module]).current_dir(folder))?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    Ok(PathBuf::from(answer["Dir"].as_str().context("go names no folder for the module")?))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the cache folder has a name that is not UTF-8")
}

fn simple(folder: &Path, bin: &Path, package: &str, version: &str, name: &str) -> Result<()> {
    module(folder, name)?;
    go(folder, &["get", "-tool", &format!("{package}@{version}")])?;
    go(folder, &["build", "-o", text(&bin.join(name))?, package])
}

fn kustomize(folder: &Path, bin: &Path) -> Result<()> {
    simple(folder, bin, "sigs.k8s.io/kustomize/kustomize/v5", "v5.8.2", "kustomize")
}

fn helm(folder: &Path, bin: &Path) -> Result<()> {
    simple(folder, bin, "helm.sh/helm/v4/cmd/helm", "v4.3.1", "helm")
}

/// Only for the release records that helm 3 writes.
fn helm3(folder: &Path, bin: &Path) -> Result<()> {
    simple(folder, bin, "helm.sh/helm/v3/cmd/helm", "v3.21.0", "helm3")
}

fn etcd(folder: &Path, bin: &Path) -> Result<()> {
    module(folder, "etcd")?;
    go(folder, &["get", "go.etcd.io/etcd/server/v3@v3.7.3"])?;
    go(folder, &["build", "-o", text(&bin.join("etcd"))?, "go.etcd.io/etcd/server/v3"])
}

/// kwok's behaviour of nodes and Pods is not in the binary; its stage files lie in the module.
fn kwok(folder: &Path, bin: &Path) -> Result<()> {
    simple(folder, bin, "sigs.k8s.io/kwok/cmd/kwok", "v0.8.0", "kwok")?;
    let stages = downloaded(folder, "sigs.k8s.io/kwok@v0.8.0")?.join("kustomize/stage");
    let files = [
        "node/fast/node-initialize.yaml",
        "node/heartbeat/node-heartbeat.yaml",
        "pod/fast/pod-ready.yaml",
        "pod/fast/pod-complete.yaml",
        "pod/fast/pod-delete.yaml",
    ];
    let mut all = String::new();
    for file in files {
        all += &fs::read_to_string(stages.join(file))?;
        all += "\n---\n";
    }
    fs::write(bin.join("kwok-stages.yaml"), all)?;
    Ok(())
}

/// k8s.io/kubernetes needs each of its staging modules replaced by the published one.
fn kubernetes(folder: &Path, bin: &Path) -> Result<()> {
    module(folder, "kubernetes")?;
    let kubernetes = format!("k8s.io/kubernetes@v{KUBERNETES}");
    let source = downloaded(folder, &kubernetes)?;
    let manifest = fs::read_to_string(source.join("go.mod"))?;
    for line in manifest.lines().filter(|line| line.contains("=> ./staging")) {
        let name = line.split_whitespace().next().unwrap_or_default();
        go(folder, &["mod", "edit", "-replace", &format!("{name}={name}@{KUBERNETES_STAGING}")])?;
    }
    go(folder, &["mod", "edit", "-require", &kubernetes])?;
    for tool in KUBERNETES_TOOLS {
        go(folder, &["mod", "edit", "-tool", &format!("k8s.io/kubernetes/cmd/{tool}")])?;
    }
    go(folder, &["mod", "tidy"])?;
    let version = "k8s.io/component-base/version";
    let flags = format!(
        "-s -w -X {version}.gitVersion=v{KUBERNETES} -X {version}.gitMajor=1 -X {version}.gitMinor=36"
    );
    for tool in KUBERNETES_TOOLS {
        let package = format!("k8s.io/kubernetes/cmd/{tool}");
        go(folder, &["build", "-ldflags", &flags, "-o", text(&bin.join(tool))?, &package])?;
    }
    Ok(())
}

/// The CustomResourceDefinitions that Flux installs, of the versions of its controllers that it names.
fn flux_definitions(folder: &Path, bin: &Path) -> Result<()> {
    module(folder, "flux-definitions")?;
    let source = downloaded(folder, "github.com/fluxcd/flux2/v2@v2.9.5")?;
    let manifest = fs::read_to_string(source.join("go.mod"))?;
    let definitions = bin.join("definitions");
    fs::create_dir_all(&definitions)?;
    for controller in ["source-controller", "kustomize-controller", "helm-controller"] {
        let module = format!("github.com/fluxcd/{controller}");
        let api = format!("{module}/api ");
        let version = manifest.lines().find_map(|line| line.trim().strip_prefix(&api));
        let version = version.with_context(|| format!("flux2 names no version of {controller}"))?;
        let bases = downloaded(folder, &format!("{module}@{version}"))?.join("config/crd/bases");
        for file in fs::read_dir(bases)? {
            let file = file?;
            fs::copy(file.path(), definitions.join(file.file_name()))?;
        }
    }
    Ok(())
}

/// The module lacks the install manifests that the binary embeds; all but `flux install` works without.
fn flux(folder: &Path, bin: &Path) -> Result<()> {
    module(folder, "flux")?;
    let source = downloaded(folder, "github.com/fluxcd/flux2/v2@v2.9.5")?;
    let copy = folder.join("source");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    run(Command::new("cp").args(["-r", text(&source)?, text(&copy)?]))?;
    run(Command::new("chmod").args(["-R", "u+w", text(&copy)?]))?;
    let manifests = copy.join("cmd/flux/manifests");
    fs::create_dir_all(&manifests)?;
    fs::write(manifests.join("none.yaml"), "# none\n")?;
    go(
        &copy,
        &["build", "-ldflags", "-s -w -X main.VERSION=2.9.5", "-o", text(&bin.join("flux"))?, "./cmd/flux"],
    )
}
