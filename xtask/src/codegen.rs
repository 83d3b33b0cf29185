//! Generated files.

pub(crate) mod builtin;
mod descriptors;
mod kustomize;

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
    let described = descriptors::generate(&command::root().join("crates/argocd-api/proto"))?;
    place("crates/argocd-api/generated/descriptors.bin.gz", &described, check)?;
    let kubernetes = module(&format!("k8s.io/kubernetes@{}", builtin::VERSION))?;
    let facts = builtin::generate(&kubernetes, builtin::DISCOVERY)?;
    place("crates/apimachinery/generated/builtin.json.gz", &facts, check)?;
    for (name, text) in kustomize::generate(&module(kustomize::API)?, &module(kustomize::KYAML)?)? {
        place(&format!("crates/kustomize/generated/{name}"), text.as_bytes(), check)?;
    }
    Ok(())
}

fn place(path: &str, made: &[u8], check: bool) -> Result<()> {
    let target = command::root().join(path);
    let is_current = target.exists()
        && fs::read(&target).with_context(|| target.display().to_string())?.as_slice() == made;
    if is_current {
        println!("codegen: {path} is current");
    } else if check {
        bail!("{path} is not current; run `cargo xtask codegen`");
    } else {
        fs::write(&target, made)?;
        println!("codegen: {path} was made anew");
    }
    Ok(())
}

/// The folder of a Go module.
fn module(module: &str) -> Result<PathBuf> {
    let answer = command::output(Command::new("go").args(["mod", "download", "-json", module]))?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let folder = answer["Dir"].as_str().context("go names no folder for the module")?;
    Ok(PathBuf::from(folder))
}
