//! Generated files.

pub(crate) mod builtin;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command;

/// Makes the generated files anew, or says whether they are current.
///
/// # Errors
/// The inputs cannot be had, or (with `check`) a file is not current.
pub(crate) fn codegen(check: bool) -> Result<()> {
    let target = command::root().join("crates/apimachinery/generated/builtin.json.gz");
    let made = builtin::generate(&kubernetes_module()?, builtin::DISCOVERY)?;
    let current = fs::read(&target).with_context(|| target.display().to_string())?;
    if made == current {
        println!("codegen: {} is current", target.display());
    } else if check {
        bail!("{} is not current; run `cargo xtask codegen`", target.display());
    } else {
        fs::write(&target, made)?;
        println!("codegen: {} was made anew", target.display());
    }
    Ok(())
}

/// The folder of the Go module that carries the OpenAPI documents of Kubernetes.
fn kubernetes_module() -> Result<PathBuf> {
    let module = format!("k8s.io/kubernetes@{}", builtin::VERSION);
    let answer = command::output(Command::new("go").args(["mod", "download", "-json", &module]))?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let folder = answer["Dir"].as_str().context("go names no folder for the module")?;
    Ok(PathBuf::from(folder))
}
